"""How the scenarios of a workspace stand: planned, planned for what is no more, never planned, or not to be applied.

A scenario is planned when what its inputs come to is kept (`scenario_store`). Where other inputs were planned under its
name, it is stale, and what has changed since is told. Nothing is planned here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.errors import VorstError
from tui.scenario_store import ScenarioStore
from tui.scenario_work import SCENARIO_FILE, present_inputs, scenario_file
from tui.workspace import Progress, Workspace

if TYPE_CHECKING:
    from capacity.scenarios import Outcome, Patched, PlanningInputs, ScenarioFile
    from capacity.whatif.changes import Change

PLANNED, STALE, UNPLANNED, WRONG = "planned", "stale", "not planned", "wrong"


@dataclass(frozen=True)
class ScenarioState:
    """One scenario, the present included. `outcome`: of its inputs as they are now; where it's stale, the last one.

    `since`: what has changed since that was planned. `error`: why the scenario can't be applied to the present.
    """

    name: str
    description: str = ""
    based_on: str = ""
    changes: tuple[Change, ...] = ()
    state: str = UNPLANNED
    outcome: Outcome | None = None
    since: tuple[str, ...] = ()
    error: VorstError | None = None

    @property
    def is_broken(self) -> bool:
        """Whether its plan breaks a rule."""
        return self.state == PLANNED and self.outcome is not None and bool(self.outcome.broken)


@dataclass(frozen=True)
class ScenarioStates:
    """The present and the file's scenarios, in the file's order; `sweep` is the name of its sweep."""

    file: ScenarioFile
    states: tuple[ScenarioState, ...]
    sweep: str = ""

    def named(self, name: str) -> ScenarioState | None:
        return next((state for state in self.states if state.name == name), None)

    @property
    def present(self) -> ScenarioState:
        return self.states[0]


def has_scenarios(workspace: Workspace) -> bool:
    """Whether there is a file of scenarios at all."""
    return workspace.path(SCENARIO_FILE).is_file()


def scenario_states(
    workspace: Workspace, progress: Progress, is_wanted: Callable[[], bool] = lambda: True
) -> ScenarioStates | None:
    """How each scenario of the workspace's file stands; None once it is wanted no more.

    Raises VorstError for what is wrong with the workspace or the file; a scenario that can't be applied is told.
    """
    from capacity.scenarios import PRESENT, scenario_inputs

    file = scenario_file(workspace)
    store = ScenarioStore(workspace.folder)
    present = present_inputs(workspace)
    found: list[ScenarioState] = []
    names = (PRESENT, *(scenario.name for scenario in file.scenarios))
    for number, name in enumerate(names):
        if not is_wanted():
            return None
        progress(name, number, len(names))
        written = None if name == PRESENT else file.named(name)
        description = written.description if written else "what exists, as `vorst plan` plans it"
        based_on = (written.based_on or PRESENT) if written else ""
        try:
            patched = scenario_inputs(present, file, name)
        except VorstError as error:
            found.append(ScenarioState(name, description, based_on, state=WRONG, error=error))
            continue
        found.append(_state(store, name, description, based_on, patched))
    return ScenarioStates(file, tuple(found), file.sweep.name if file.sweep else "")


def _state(
    store: ScenarioStore, name: str, description: str, based_on: str, patched: Patched
) -> ScenarioState:
    outcome = store.outcome(patched.inputs.content_hash)
    if outcome is not None:
        return ScenarioState(name, description, based_on, patched.changes, PLANNED, outcome)
    last = store.last(name)
    if last is None:
        return ScenarioState(name, description, based_on, patched.changes)
    since = tuple(_since(last, patched.inputs))
    return ScenarioState(name, description, based_on, patched.changes, STALE, last, since)


def _since(last: Outcome, inputs: PlanningInputs) -> Iterable[str]:
    """What is no more as it was: of the scenario's own inputs, its patch included."""
    if last.inputs_hash == inputs.content_hash:
        yield "vorst itself"
        return
    if last.estate_hash != inputs.estate.content_hash:
        yield "the inventory"
    if last.facility_hash != inputs.facility.content_hash:
        yield "the facility"
    if (last.estate_hash, last.facility_hash) == (inputs.estate.content_hash, inputs.facility.content_hash):
        yield "the calendar or a setting"
