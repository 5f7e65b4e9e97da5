"""What the terminal UI shows: the documents of a workspace, read once into one immutable value.

Screens read it and never change it; a reload makes a new one. Whether the plan holds is proven later, beside the
screens, and put into a copy (`violations`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.errors import InputError, VorstError
from inventory.rows import Ref
from tui.fitting_plan import stands_on
from tui.workspace import PROJECT_FOLDER, Progress, Workspace

if TYPE_CHECKING:
    from capacity.approval import Standing
    from capacity.belonging import Belonging
    from capacity.calendar import Calendar
    from capacity.facility import Facility, TargetRack
    from capacity.plan import AssetDemand, Decision, DevicePlacement, Plan, Unplaced, WorkloadPlacement
    from capacity.uncertainty.settings import RiskSettings
    from capacity.verify import Violation
    from inventory.estate import Estate
    from inventory.history import HistoryLine
    from inventory.quality import Finding
    from inventory.records import Approval, RunRecord

HISTORY_LINES = 2000
STAGES = ("inventory", "facility", "plan", "demands", "findings", "history")


@dataclass(frozen=True)
class Loaded:
    """The documents and what was derived from them. `plan` is None where none was made yet, `plan_error` says why one
    that is there can't be read; `violations` None until the proof has run.
    """

    folder: Path
    plan_file: Path
    estate: Estate
    facility: Facility
    plan: Plan | None
    demands: Mapping[Ref, AssetDemand]
    findings: tuple[Finding, ...] = ()
    history: tuple[HistoryLine, ...] = ()
    approvals: tuple[Approval, ...] = ()
    runs: tuple[RunRecord, ...] = ()
    has_project: bool = False
    plan_error: VorstError | None = None
    violations: tuple[Violation, ...] | None = None
    trip_share: float = 1.0  # of a breaker's rating, as the settings have it
    risk: RiskSettings | None = None  # likewise; None: the defaults
    seed: int = 0
    calendar: Calendar | None = None  # likewise, from the plan's first day

    @property
    def project_dir(self) -> Path:
        return self.folder / PROJECT_FOLDER

    @cached_property
    def belonging(self) -> Belonging:
        from capacity.belonging import Belonging

        return Belonging(self.estate)

    @cached_property
    def standing(self) -> Standing | None:
        """Whether the plan is the approved one; None where there is no plan."""
        from capacity.approval import standing

        return standing(self.plan, self.approvals) if self.plan else None

    @cached_property
    def decisions(self) -> dict[Ref, Decision]:
        return {decision.asset: decision for decision in self.plan.decisions} if self.plan else {}

    @cached_property
    def devices(self) -> dict[Ref, DevicePlacement]:
        return {placed.asset: placed for placed in self.plan.devices} if self.plan else {}

    @cached_property
    def workloads(self) -> dict[Ref, WorkloadPlacement]:
        return {placed.asset: placed for placed in self.plan.workloads} if self.plan else {}

    @cached_property
    def unplaced(self) -> dict[Ref, Unplaced]:
        return {entry.asset: entry for entry in self.plan.unplaced} if self.plan else {}

    @cached_property
    def devices_in_rack(self) -> dict[str, tuple[DevicePlacement, ...]]:
        """What the plan puts into each rack at the target, by the rack's id."""
        found: dict[str, list[DevicePlacement]] = defaultdict(list)
        for placed in self.plan.devices if self.plan else ():
            found[placed.rack].append(placed)
        return {rack: tuple(devices) for rack, devices in found.items()}

    @cached_property
    def planned_demands(self) -> dict[Ref, AssetDemand]:
        return {demand.asset: demand for demand in self.plan.demands} if self.plan else {}

    @cached_property
    def target_racks(self) -> dict[str, TargetRack]:
        """The racks at the target by id: those that stand there, and those the plan buys."""
        bought = self.plan.racks if self.plan else ()
        return {rack.id: rack for rack in (*self.facility.racks, *bought)}

    @cached_property
    def standing_plan(self) -> Plan | None:
        """The plan where this facility has everything it stands on; None for a plan of another facility, whose loads
        can't be put on this one's floor.
        """
        return self.plan if self.plan is not None and stands_on(self.plan, self.facility) else None

    def name_of(self, ref: Ref) -> str:
        """What a person calls an asset; the text is as the source gave it."""
        row = self.estate.find(ref)
        name = getattr(row, "name", None) or getattr(row, "model", None) or getattr(row, "cid", None)
        if not name:
            return f"{ref.kind} {ref.id}"
        holder = getattr(row, "device_id", None)
        if holder is not None and ref.kind != "virtual_machines":
            return f"{self.name_of(Ref('devices', holder))}, {name}"
        return str(name)


def load(workspace: Workspace, plan_file: Path, progress: Progress) -> Loaded:
    """Read the workspace. Raises VorstError for what a person can mend; a missing or unreadable plan is no error."""
    from capacity.demand import derive
    from inventory.quality import findings

    def tell(stage: str) -> None:
        progress(stage, STAGES.index(stage), len(STAGES))

    tell("inventory")
    estate = workspace.estate()
    tell("facility")
    facility = workspace.facility()
    tell("plan")
    plan, plan_error = None, None
    if workspace.path(plan_file).is_file():
        try:
            plan = workspace.plan(plan_file)
        except VorstError as error:
            plan_error = error
    tell("demands")
    demands = derive(estate)
    tell("findings")
    found = findings(estate)
    tell("history")
    changes, approved = _recorded(workspace)
    runs, has_project = read_runs(workspace.path(PROJECT_FOLDER))
    loaded = Loaded(
        folder=workspace.folder,
        plan_file=plan_file,
        estate=estate,
        facility=facility,
        plan=plan,
        demands=demands,
        findings=found,
        history=changes,
        approvals=approved,
        runs=runs,
        has_project=has_project,
        plan_error=plan_error,
        trip_share=workspace.settings.resilience.trip_share,
        risk=workspace.settings.risk,
        seed=workspace.settings.plan.seed,
        calendar=workspace.calendar_of(plan) if plan else None,
    )
    progress("ready", len(STAGES), len(STAGES))
    return loaded


def _recorded(workspace: Workspace) -> tuple[tuple[HistoryLine, ...], tuple[Approval, ...]]:
    from inventory.approvals import approvals
    from inventory.history import history

    with workspace.open_database() as database:
        return history(database, limit=HISTORY_LINES), approvals(database)


def no_project(folder: Path, option: str) -> InputError:
    """What is said when somebody names a project that is none: its runs would silently be missing."""
    return InputError(
        f"{folder} is no generated project",
        where=option,
        remedy="name the folder that `vorst playbooks` made, or leave the option out",
    )


def read_runs(project_dir: Path) -> tuple[tuple[RunRecord, ...], bool]:
    """The run records of the generated project, and whether there is a project at all."""
    from playbooks.project import MARKER
    from playbooks.results import load_runs

    if not (project_dir / MARKER).is_file():
        return (), False
    return load_runs(project_dir), True
