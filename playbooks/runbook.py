"""The runbook of a wave: one Markdown file a crew can work from on the night, and a manager can sign before it.

Its contents are those that migration practice asks for: scope, owners, window, method, ordered tasks with T-minus, go
or no-go, rollback, crew and transport, manifest, acceptance, hypercare, estimate against actual. All comes from the
Plan, the Estate and the Facility; what none of them knows is a line for a person to fill in, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from capacity.facility import Facility
from capacity.plan import MoveGroup
from inventory.planning_rows import Application
from inventory.records import RunRecord
from inventory.rows import Ref
from playbooks.host_variables import HostVariables
from playbooks.manifest import device_entry, workload_entry
from playbooks.markdown import UNKNOWN, bullets, number, plain, table
from playbooks.playbook_files import phases_of
from playbooks.runbook_cells import flows, hosts, minutes, owner, planning, t_minus
from playbooks.scope import WaveScope, host_of

_KINDS = {
    "replicate": "copy the data",
    "cutover": "cut over",
    "relocate": "move the devices",
    "decommission": "decommission the sources",
    "retire": "retire",
    "commission_rack": "bring up racks",
    "commission_host": "bring up cloud hosts",
}
_EVER = datetime.min.replace(tzinfo=UTC)
_NEAR = timedelta(days=90)
_TO_SIGN = "to be filled in: ______________________"


@dataclass(frozen=True)
class Runbook:
    """Writes the runbook of one wave. `runs` are the recorded runs of the wave so far."""

    variables: HostVariables
    facility: Facility
    scope: WaveScope
    runs: tuple[RunRecord, ...] = ()

    def text(self) -> str:
        """The whole file."""
        sections: tuple[tuple[str, Callable[[], str]], ...] = (
            ("Scope and move groups", self._scope),
            ("Shared services first", self._shared),
            ("Owner and approver", self._owners),
            ("Window and freezes", self._window),
            ("Applications: RTO, RPO and downtime budget", self._applications),
            ("Method, target position, power and ports", self._methods),
            ("Proof of backup", self._backup),
            ("Ordered tasks", self._tasks),
            ("Go or no-go", self._go),
            ("Rollback", self._rollback),
            ("Rehearsal", self._rehearsal),
            ("Crew, transport and the way in", self._transport),
            ("Manifest", self._manifest),
            ("Acceptance tests", self._acceptance),
            ("Hypercare", self._hypercare),
            ("What a person has to declare or do by hand", self._missing),
            ("Estimate against actual", self._actual),
        )
        plan_hash = self.variables.plan.content_hash
        head = f"# Runbook of {self.scope.folder}: {plain(self.scope.name)}\n\nPlan `{plan_hash}`.\n"
        return head + "".join(f"\n## {title}\n\n{section()}\n" for title, section in sections)

    # --- what and whose ---------------------------------------------------------------------------------------------

    def _scope(self) -> str:
        scope = self.scope
        counts = (
            f"{len(scope.workloads)} workloads to the community cloud, {len(scope.devices)} devices to racks at "
            f"{plain(self.facility.name)}, {len(scope.retired)} assets retired."
        )
        rows = [
            (plain(group.id), plain(group.name), str(len(group.assets)), plain(group.reason), flows(group))
            for group in self._groups
        ]
        return f"{counts}\n\n" + table(
            ("group", "name", "assets", "why together", "flows it cuts meanwhile"), rows
        )

    def _shared(self) -> str:
        needed = {
            flow.target for asset in self.scope.assets for flow in self.variables.flows_from.get(asset, ())
        }
        shared = [
            application
            for application in self.variables.estate.applications
            if application.is_shared_service
            and (application in self._in_scope or Ref("applications", application.id) in needed)
        ]
        rows = [(plain(application.name), self._where(application)) for application in shared]
        return (
            "Directory, names and time have to answer at the target before anything that needs them.\n\n"
            + table(("shared service", "stands at the target"), rows)
        )

    def _where(self, application: Application) -> str:
        members = self.variables.members.get(application.id, ())
        waves = sorted(
            {self.variables.wave_of[asset] for asset in members if asset in self.variables.wave_of}
        )
        stays = sum(asset not in self.variables.wave_of for asset in members)
        parts = [f"from wave {', '.join(str(wave) for wave in waves)}"] if waves else []
        return (
            "; ".join(
                [*parts, *([f"{stays} of {len(members)} members stay at their source"] if stays else [])]
            )
            or UNKNOWN
        )

    def _owners(self) -> str:
        owners = sorted({application.owner for application in self._in_scope if application.owner})
        partners = sorted(
            {
                decision.partner
                for asset in self.scope.assets
                if (decision := self.variables.decisions.get(asset)) and decision.partner
            }
        )
        return bullets(
            (
                f"Owners of the applications: {', '.join(plain(owner) for owner in owners) or UNKNOWN}",
                f"Partners: {', '.join(plain(partner) for partner in partners) or UNKNOWN}",
                f"Wave owner, {_TO_SIGN}",
                f"Approver, {_TO_SIGN} date ____________",
            )
        )

    def _window(self) -> str:
        scope = self.scope
        zone = plain(self.variables.plan.calendar.time_zone)
        lines = [
            f"Window: {self._local(scope.start)} to {self._local(scope.end)} ({zone})",
        ]
        if scope.wave is not None:
            lines.append(f"Content frozen on {self._local(scope.wave.frozen_on)}")
        return bullets([*lines, *self._freezes()])

    def _freezes(self) -> list[str]:
        """Freezes of the estate that touch the wave or an asset of it, within a quarter of it, in order."""
        start, end = self.scope.start, self.scope.end
        if start is None or end is None:
            return []
        assets = set(self.scope.assets)
        found = [
            freeze
            for freeze in self.variables.estate.constraints
            if freeze.kind == "freeze"
            and (freeze.start is None or freeze.start <= end + _NEAR)
            and (freeze.end is None or freeze.end >= start - _NEAR)
            and any(
                ref in assets or ref.kind not in {"devices", "virtual_machines"} for ref in freeze.members
            )
        ]
        return [
            f"Freeze {plain(freeze.name or freeze.id)}: {self._local(freeze.start)} to {self._local(freeze.end)}"
            for freeze in sorted(found, key=lambda freeze: (freeze.start or _EVER, freeze.id))
        ]

    def _applications(self) -> str:
        rows = [
            (
                plain(application.name),
                number(application.criticality),
                number(application.rto_minutes, "min"),
                number(application.rpo_minutes, "min"),
                number(application.downtime_budget_minutes, "min"),
                number(self._downtime_minutes(application), "min"),
            )
            for application in self._in_scope
        ]
        return table(
            ("application", "criticality", "RTO", "RPO", "downtime budget", "planned downtime"), rows
        )

    def _downtime_minutes(self, application: Application) -> float | None:
        steps = [
            step
            for asset in self.variables.members.get(application.id, ())
            if (step := self.variables.moving_step(asset)) is not None
            and step.kind != "retire"
            and step in self.scope.steps
        ]
        return max((minutes(step) for step in steps), default=None)

    # --- how --------------------------------------------------------------------------------------------------------

    def _methods(self) -> str:
        rows = [self._device_row(asset) for asset in self.scope.devices]
        rows += [self._workload_row(asset) for asset in self.scope.workloads]
        rows += [
            (host_of(asset), self._name(asset), "retire", "none", "none", "none")
            for asset in self.scope.retired
        ]
        return table(("host", "name", "method", "target", "power", "ports"), rows)

    def _device_row(self, asset: Ref) -> tuple[str, ...]:
        entry = device_entry(self.variables, asset)
        target = entry["target"]
        place = f"rack {plain(target['rack'])}, U {number(target['position'])}, {plain(target['face'])}"
        if target["parent"]:
            place = f"rack {plain(target['rack'])}, in {target['parent']}, bay {plain(target['bay'])}"
        feeds = (
            ", ".join(f"{plain(supply['feed'])} {supply['leg']}" for supply in entry["supplies"]) or "none"
        )
        ports = ", ".join(plain(name) for name in entry["ports_now"]) or number(planning(entry["ports"]))
        return host_of(asset), self._name(asset), plain(entry["strategy"]), place, feeds, ports

    def _workload_row(self, asset: Ref) -> tuple[str, ...]:
        entry = workload_entry(self.variables, asset)
        place = f"pool {plain(entry['target']['pool'])}, host {plain(entry['target']['host'])}"
        units = {"vcpus": "vCPU", "memory_mb": "MB", "disk_mb": "MB disk"}
        size = ", ".join(number(entry[name], unit) for name, unit in units.items())
        return host_of(asset), self._name(asset), plain(entry["strategy"]), place, "the cloud host's", size

    def _backup(self) -> str:
        return (
            "Each host names the file its last backup touched (`vorst_backup_stamp`); preflight fails when it is "
            "missing or older than `vorst_backup_max_age_h` hours (26). The time preflight saw stands in `records/`."
        )

    def _tasks(self) -> str:
        start = self.scope.start
        rows = [
            (
                t_minus(step.start - start) if start else UNKNOWN,
                plain(step.id),
                _KINDS.get(step.kind, plain(step.kind)),
                hosts(step),
                self._local(step.start),
                number(minutes(step), "min"),
                owner(step),
                ", ".join(plain(name) for name in step.predecessors) or "none",
            )
            for step in self.scope.steps
        ]
        commands = bullets(
            f"{self._command(phase)}, or `ansible-playbook {self.scope.folder}/{phase}.yml`"
            for phase in phases_of(self.scope)
        )
        head = ("T", "step", "task", "hosts", "start", "duration", "owner", "after")
        return f"{table(head, rows)}\n\nThe phases, each run by its own command:\n\n{commands}"

    def _go(self) -> str:
        return bullets(
            (
                "Preflight passed on every host under this plan, at most 24 h before the cutover",
                "It saw: connection, rights, serial, platform, clock, names, backup, dependencies, room at the target",
                "Every dependency answers; one that doesn't stops the cutover of its host",
                "Replication is recorded for every workload",
                "The window is open, no freeze has begun, nobody is logged in",
                "Crew, vans and dock slot are confirmed; racks and cloud hosts of the wave are commissioned",
                f"Go decided by, {_TO_SIGN}",
            )
        )

    def _rollback(self) -> str:
        deadlines = sorted({step.rollback_deadline for step in self.scope.steps if step.rollback_deadline})
        span = (
            f"Deadlines: {self._local(deadlines[0])} to {self._local(deadlines[-1])}. "
            "After its deadline a host can't go back."
            if deadlines
            else "No step of this wave can be rolled back."
        )
        return f"{span}\n\n" + bullets(
            (
                "Trigger: verify fails and can't be mended within the downtime budget, or the owner says so",
                f"{self._command('rollback')}: stop at the target, start at the source, switch the names back",
                "Data written at the target since the cutover stay there, unless `vorst_rollback_data: copy_back`",
                "A device is taken down, carried back and recorded in `racked/HOST-back.yml` before it is started",
                f"Rollback decided by, {_TO_SIGN}",
            )
        )

    def _rehearsal(self) -> str:
        return (
            f"Before the window: {self._command('cutover --check')} runs every gate and copies nothing. "
            f"Rehearsed by, {_TO_SIGN}"
        )

    def _transport(self) -> str:
        uses: dict[str, float] = {}
        for step in self.scope.steps:
            for use in step.uses:
                uses[use.resource] = max(uses.get(use.resource, 0.0), use.amount)
        held = table(
            ("resource", "most held by one step"),
            [
                (plain(name), number(amount, "Mbit/s" if name.startswith("circuit:") else ""))
                for name, amount in sorted(uses.items())
            ],
        )
        return f"{held}\n\n{bullets(self._way_in())}"

    def _way_in(self) -> list[str]:
        weights = [planning(device_entry(self.variables, asset)["weight_kg"]) for asset in self.scope.devices]
        known = [weight for weight in weights if weight is not None]
        lines = (
            [
                f"Weight to carry: {number(sum(known), 'kg')}, heaviest piece {number(max(known, default=None), 'kg')}"
                + (f"; {len(weights) - len(known)} of unknown weight" if len(known) < len(weights) else "")
            ]
            if weights
            else ["Nothing to carry."]
        )
        for hall in self.facility.halls:
            limit = hall.floor
            lines.append(
                f"Floor of {plain(hall.name)}: {number(limit.limit_kg_m2, 'kg/m²')} over the {plain(limit.basis)}, "
                f"rolling {number(limit.rolling_kg, 'kg')}, point {number(limit.point_kg, 'kg')}"
            )
        return [
            *lines,
            f"Lift and doors on the way measured by, {_TO_SIGN}",
            f"Dock slot confirmed by, {_TO_SIGN}",
        ]

    def _manifest(self) -> str:
        rows = [self._manifest_row(asset) for asset in self.scope.devices]
        head = ("host", "name", "type", "serial", "asset tag", "from", "to", "weight", "draw", "feeds")
        return f"As data: `{self.scope.folder}/manifest.json`.\n\n{table(head, rows)}"

    def _manifest_row(self, asset: Ref) -> tuple[str, ...]:
        entry = device_entry(self.variables, asset)
        source, target = entry["source"], entry["target"]
        return (
            host_of(asset),
            self._name(asset),
            plain(entry["type"]),
            plain(entry["serial"]),
            plain(entry["asset_tag"]),
            f"{plain(source['site'])}, {plain(source['rack'])}, U {number(source['position'])}",
            f"{plain(target['rack'])}, U {number(target['position'])}",
            number(planning(entry["weight_kg"]), "kg"),
            number(planning(entry["power_w"]), "W"),
            ", ".join(f"{plain(supply['feed'])} {supply['leg']}" for supply in entry["supplies"]) or "none",
        )

    # --- afterwards -------------------------------------------------------------------------------------------------

    def _acceptance(self) -> str:
        return bullets(
            (
                f"{self._command('verify')} passes",
                "It compares services, ports, checksums and size, and asks the application (`vorst_checks`)",
                f"The owner writes `acceptance/{self.scope.folder}.yml` with `by`, `at` (date) and `what`",
                "Decommission refuses without it, and before the rollback deadline",
            )
        )

    def _hypercare(self) -> str:
        deadlines = [step.rollback_deadline for step in self.scope.steps if step.rollback_deadline]
        until = self._local(max(deadlines)) if deadlines else UNKNOWN
        return f"Until {until}: verify runs every day, its records stay in `runs/`. On call, {_TO_SIGN}"

    def _missing(self) -> str:
        rows = [
            (host_of(asset), self._name(asset), "; ".join(lacks))
            for asset in self.scope.assets
            if (lacks := self.variables.lacks(asset, self.scope))
        ]
        return (
            "Preflight stops these hosts until somebody declares what is missing (`declared/`), or takes them on by "
            "name (`vorst_manual`). Not counted: data paths, backup proofs and target addresses, which nobody can know "
            "from here.\n\n" + table(("host", "name", "missing in the inventory or the plan"), rows)
        )

    def _actual(self) -> str:
        actual = {
            step.step_id: step.duration_s / 60
            for run in self.runs
            if not run.check and run.wave == self.scope.number
            for step in run.steps
            if step.duration_s is not None
        }
        rows = [
            (
                plain(step.id),
                _KINDS.get(step.kind, plain(step.kind)),
                number(minutes(step), "min"),
                number(actual.get(step.id), "min"),
            )
            for step in self.scope.steps
        ]
        return table(("step", "task", "planned", "actual"), rows)

    # --- names and times --------------------------------------------------------------------------------------------

    @cached_property
    def _groups(self) -> tuple[MoveGroup, ...]:
        names = set(self.scope.wave.groups) if self.scope.wave else set()
        return tuple(group for group in self.variables.plan.groups if group.id in names)

    @cached_property
    def _in_scope(self) -> tuple[Application, ...]:
        applications = self.variables.belonging.applications_of
        ids = {number for asset in self.scope.assets for number in applications.get(asset, ())}
        rows = self.variables.estate.by_id("applications")
        return tuple(rows[number] for number in sorted(ids) if number in rows)

    def _command(self, phase: str) -> str:
        return f"`vorst run . --wave {self.scope.number} --phase {phase}`"

    def _name(self, asset: Ref) -> str:
        row: Any = self.variables.estate.find(asset)
        return plain(row.name if row else None)

    def _local(self, moment: datetime | None) -> str:
        if moment is None:
            return UNKNOWN
        return moment.astimezone(ZoneInfo(self.variables.plan.calendar.time_zone)).strftime(
            "%a %d %b %Y %H:%M"
        )
