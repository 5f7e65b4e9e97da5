"""What commands and screens ask of scenarios: the present's inputs, a scenario's plan, many outcomes side by side.

Reads the workspace's files and keeps results there; what a scenario means is capacity's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.errors import InputError, VorstError
from tui.quantities import some
from tui.scenario_store import ScenarioStore
from tui.workspace import FACILITY_FILE, Progress, Workspace, read_text

if TYPE_CHECKING:
    from capacity.plan import Plan
    from capacity.plan_diff import PlanDiff
    from capacity.scenarios import Outcome, Patched, PlanningInputs, ScenarioFile
    from capacity.verify import Violation
    from capacity.whatif.sweep import Cell, Weighed
    from capacity.whatif.sweep_effects import Effect
    from tui.sweep_runs import Runner

SCENARIO_FILE = "scenarios.yaml"

Start = Callable[[int], AbstractContextManager["Runner"]]


@dataclass(frozen=True)
class Compared:
    """One scenario of a comparison, with what it comes to; `was_known` when that had been planned before."""

    name: str
    description: str
    patched: Patched
    outcome: Outcome
    was_known: bool


def present_inputs(workspace: Workspace) -> PlanningInputs:
    """What `vorst plan` would plan with now."""
    from capacity.scenarios import inputs_of

    settings = workspace.settings
    text = read_text(workspace.path(FACILITY_FILE), remedy="run `vorst init` first")
    workspace.calendar()  # refuses a first day that no calendar reaches
    start = settings.plan.start
    return inputs_of(
        workspace.estate(),
        text,
        settings.calendar,
        start if isinstance(start, datetime) else datetime.combine(start, time()),
        seed=settings.plan.seed,
        planning_value=settings.plan.planning_value,
    )


def scenario_file(workspace: Workspace, name: str | Path = SCENARIO_FILE) -> ScenarioFile:
    """The file of scenarios; raises InputError when there is none, or for what is wrong in it."""
    from capacity.scenarios import read_scenarios

    remedy = "write one: `vorst scenario example` shows how"
    return read_scenarios(read_text(workspace.path(name), remedy=remedy), where=str(name))


def planned(
    workspace: Workspace, inputs: PlanningInputs, name: str, progress: Progress, *, fresh: bool = False
) -> tuple[Plan, tuple[Violation, ...], Outcome]:
    """The plan of these inputs, proven now; planned only where it isn't kept from before, and kept then."""
    from capacity.scenarios import outcome_of, plan_of
    from capacity.verify import check

    store = ScenarioStore(workspace.folder)
    known = None if fresh else store.outcome(inputs.content_hash)
    kept = store.plan(known) if known else None
    if kept is not None and known is not None:
        store.keep_last(name, known)
        return kept, check(inputs.estate, inputs.facility, kept), known
    plan, violations = plan_of(inputs, name=name, progress=progress)
    outcome = outcome_of(inputs, plan, violations)
    store.keep(outcome)
    store.keep_plan(inputs.content_hash, plan)
    store.keep_last(name, outcome)
    return plan, violations, outcome


def compared(
    workspace: Workspace,
    file: ScenarioFile,
    names: Sequence[str],
    progress: Progress,
    *,
    fresh: bool = False,
) -> tuple[Compared, ...]:
    """These scenarios, the present before them; what was planned before isn't planned again unless `fresh`."""
    from capacity.scenarios import PRESENT, scenario_inputs

    store = ScenarioStore(workspace.folder)
    present = present_inputs(workspace)
    wanted = (PRESENT, *(name for name in dict.fromkeys(names) if name != PRESENT))
    patched = {
        name: scenario_inputs(present, file, name) for name in wanted
    }  # every mistake before any planning
    found: list[Compared] = []
    for number, name in enumerate(wanted):
        progress("scenarios", number, len(wanted))
        inputs = patched[name].inputs
        outcome = None if fresh else store.outcome(inputs.content_hash)
        was_known = outcome is not None
        if outcome is None:
            outcome = planned(workspace, inputs, name, progress, fresh=True)[2]
        store.keep_last(name, outcome)
        description = "" if name == PRESENT else file.named(name).description
        found.append(Compared(name, description, patched[name], outcome, was_known))
    progress("scenarios", len(wanted), len(wanted))
    return tuple(found)


def set_apart(
    workspace: Workspace, file: ScenarioFile, first: str, second: str, progress: Progress
) -> PlanDiff:
    """What the plan of one scenario has otherwise than that of another; what was planned before isn't planned again.

    Raises InputError for a plan that breaks a rule: it is none to compare.
    """
    from capacity.plan_diff import diff
    from capacity.scenarios import scenario_inputs

    present = present_inputs(workspace)
    inputs = {name: scenario_inputs(present, file, name).inputs for name in (first, second)}
    plans = []
    for number, (name, found) in enumerate(inputs.items()):
        progress("scenarios", number, len(inputs))
        plan, violations, _ = planned(workspace, found, name, progress)
        if violations:
            raise InputError(
                f"its plan breaks {some(len(violations), 'rule')}, first {violations[0].code}: {violations[0].message}",
                where=f"scenario {name}",
                remedy=f"`vorst scenario plan {name}` shows all of them",
            )
        plans.append(plan)
    progress("comparing", 0, 1)
    return diff(*plans)


def idle_lines(name: str, patched: Patched) -> Iterable[str]:
    """What to tell of operations that changed nothing."""
    for change in patched.idle:
        yield f"{change.where}: this changes nothing: it is so already"
    if name != "present" and not any(not change.is_nothing for change in patched.changes):
        yield f"scenario {name} is the present: nothing in it changes anything"


# --- sweeps ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Swept:
    """A sweep that ran: its cells in their order with what became of each, and how many were known before."""

    name: str
    scenario: str
    parameters: tuple[str, ...]
    weighed: tuple[Weighed, ...]
    effects: tuple[Effect, ...]
    known: int


def sweep_cells(
    workspace: Workspace,
    file: ScenarioFile,
    *,
    start: Start,
    fresh: bool,
    progress: Progress,
    say: Callable[[str], None],
) -> Swept:
    """Run the file's sweep: cells known from before are read, the others planned and kept as each is done.

    `start` opens what plans so many cells, and is called only where some are missing. A stop (Ctrl-C) is passed on,
    after saying how far it came; what is done stays done.
    """
    from capacity.scenarios import PRESENT, scenario_inputs
    from capacity.whatif.sweep import Weighed, cell_inputs, cells_of
    from capacity.whatif.sweep_effects import effects

    cells = cells_of(file)
    sweep = file.sweep
    assert sweep is not None  # noqa: S101 - `cells_of` refuses a file without one
    store = ScenarioStore(workspace.folder)
    base = scenario_inputs(present_inputs(workspace), file, sweep.scenario or PRESENT).inputs
    found: dict[int, Weighed] = {}
    missing: dict[str, list[Cell]] = {}
    for cell in cells:
        progress("cells known", cell.number, len(cells))
        try:
            key = cell_inputs(base, cell).inputs.content_hash
        except VorstError as error:
            found[cell.number] = Weighed(cell, None, str(error))
            continue
        outcome = None if fresh else store.outcome(key)
        if outcome is not None:
            found[cell.number] = Weighed(cell, outcome)
        else:
            missing.setdefault(key, []).append(cell)
    progress("cells known", len(cells), len(cells))
    known = sum(entry.outcome is not None for entry in found.values())
    _plan_missing(store, base, missing, found, start, progress, say)
    weighed = tuple(found[number] for number in sorted(found))
    names = tuple(parameter.name for parameter in sweep.parameters)
    return Swept(sweep.name, sweep.scenario or PRESENT, names, weighed, effects(weighed, names), known)


def _plan_missing(
    store: ScenarioStore,
    base: PlanningInputs,
    missing: Mapping[str, Sequence[Cell]],
    found: dict[int, Weighed],
    start: Start,
    progress: Progress,
    say: Callable[[str], None],
) -> None:
    """Plan one cell for each inputs that are missing; the others with the same inputs have the same outcome."""
    from capacity.whatif.sweep import Weighed

    if not missing:
        return
    twins = {cells[0].number: cells for cells in missing.values()}
    wanted = [cells[0] for cells in missing.values()]
    done = 0
    progress("cells planned", done, len(wanted))
    try:
        with start(len(wanted)) as running:
            for entry in running.run(base, wanted):
                if entry.outcome is not None:
                    store.keep(entry.outcome)
                for cell in twins[entry.cell.number]:
                    found[cell.number] = Weighed(cell, entry.outcome, entry.error)
                done += 1
                progress("cells planned", done, len(wanted))
    except KeyboardInterrupt:
        say(f"stopped: {done} of {len(wanted)} cells are planned and kept; run it again to go on")
        raise
