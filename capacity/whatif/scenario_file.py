"""Reads a file of scenarios: each named patch, what it is based on, and the sweep where there is one.

Every defect is reported with file, line and path, several at once, with the nearest word that would be right. Whether
a path or a selection finds anything is known only on the inputs, when a patch is applied (`capacity.scenarios`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from capacity.whatif.scenario_input import PRESENT, VERBS, ScenarioFileInput, ScenarioInput, SweepInput
from capacity.whatif.written_errors import near, written_error
from capacity.whatif.yaml_text import YamlText, read_yaml
from inventory.errors import InputError

EXAMPLE = """\
# What-if: small patches on the present. `vorst scenario compare` plans each and sets them side by side.
scenarios:
  - name: two-more-crews
    description: How much sooner are the rooms empty with two more crews?
    calendar:
      - {add: resources.crew.capacity, by: 2}
  - name: dense-rows
    description: Row R1 of each hall gets the dense feeds and 50 kW more.
    facility:
      - {set: "halls[*].rows[R1].feed_type", to: dense}
      - {add: "halls[*].rows[R1].busbar_kw", by: 50}
"""


@dataclass(frozen=True)
class ScenarioFile:
    """What a file of scenarios says; scenarios in the file's order."""

    scenarios: tuple[ScenarioInput, ...]
    sweep: SweepInput | None
    text: YamlText

    def named(self, name: str) -> ScenarioInput:
        """The scenario of a name; raises InputError with the nearest name."""
        for scenario in self.scenarios:
            if scenario.name == name:
                return scenario
        known = [PRESENT, *(scenario.name for scenario in self.scenarios)]
        raise InputError(f"no scenario {name!r}", where=self.text.where, remedy=near(name, known))

    def chain(self, name: str) -> tuple[ScenarioInput, ...]:
        """The scenario and those it is based on, the first of them first; none for the present."""
        found: list[ScenarioInput] = []
        current: str | None = name
        while current is not None and current != PRESENT:
            scenario = self.named(current)
            found.append(scenario)
            current = scenario.based_on
        return tuple(reversed(found))


def read_scenarios(text: str, *, where: str) -> ScenarioFile:
    """Read the text of a file of scenarios; raises InputError or SeveralErrors with line and path of each defect."""
    source = read_yaml(text, where=where)
    try:
        written = ScenarioFileInput.model_validate(source.data)
    except ValidationError as error:
        raise written_error(error, ScenarioFileInput, source.place, verbs=VERBS) from None
    found = ScenarioFile(written.scenarios, written.sweep, source)
    if not written.scenarios and written.sweep is None:
        raise InputError("holds no scenario and no sweep", where=where, remedy="add one under `scenarios:`")
    _check_names(found)
    return found


def _check_names(file: ScenarioFile) -> None:
    names = [scenario.name for scenario in file.scenarios]
    for index, name in enumerate(names):
        place = file.text.place(("scenarios", index, "name"))
        if name == PRESENT:
            raise InputError(
                f"{PRESENT!r} is the name of the present itself", where=place, remedy="choose another name"
            )
        if name in names[:index]:
            raise InputError(f"two scenarios are named {name!r}", where=place, remedy="rename one")
    for index, scenario in enumerate(file.scenarios):
        place = file.text.place(("scenarios", index, "based_on"))
        _known(scenario.based_on, [PRESENT, *names], place, "based_on")
        _no_circle(file, scenario, place)
    if file.sweep is not None:
        _known(file.sweep.scenario, [PRESENT, *names], file.text.place(("sweep", "scenario")), "scenario")


def _known(name: str | None, names: Iterable[str], place: str, key: str) -> None:
    if name is not None and name not in names:
        raise InputError(f"{key}: no scenario {name!r}", where=place, remedy=near(name, names))


def _no_circle(file: ScenarioFile, scenario: ScenarioInput, place: str) -> None:
    based_on = {s.name: s.based_on for s in file.scenarios}
    seen = [scenario.name]
    current = scenario.based_on
    while current is not None and current in based_on:
        if current in seen:
            raise InputError(
                f"scenarios are based on each other in a circle: {' → '.join([*seen, current])}",
                where=place,
                remedy="base one of them on the present",
            )
        seen.append(current)
        current = based_on[current]
