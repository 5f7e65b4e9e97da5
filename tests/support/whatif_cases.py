"""Scenarios for tests: a small estate, the facility that `vorst init` writes, and patches written as a person would."""

from __future__ import annotations

from datetime import datetime

from plan_builders import an_estate

from capacity.calendar_settings import CalendarSettings
from capacity.facility_file import default_text
from capacity.scenarios import Patched, PlanningInputs, inputs_of, read_scenarios, scenario_inputs
from inventory.estate import Estate

START = datetime(2027, 1, 4)


def the_present(estate: Estate | None = None, **settings: object) -> PlanningInputs:
    """What a workspace with these assets and all defaults plans with."""
    return inputs_of(
        an_estate() if estate is None else estate,
        default_text(),
        CalendarSettings(),
        START,
        **settings,  # type: ignore[arg-type]
    )


def a_file(section: str, *operations: str, name: str = "x") -> str:
    """A file with one scenario that has these operations in one section."""
    return f"scenarios:\n  - name: {name}\n    {section}:\n" + "".join(f"      - {o}\n" for o in operations)


def with_patch(section: str, *operations: str, present: PlanningInputs | None = None) -> Patched:
    """The inputs after operations of one section, and what they changed."""
    file = read_scenarios(a_file(section, *operations), where="s.yaml")
    return scenario_inputs(the_present() if present is None else present, file, "x")


def lines(patched: Patched) -> list[str]:
    """Every line that tells of a change."""
    return [line for change in patched.changes for line in change.lines]
