"""From a run's events to its RunRecord, and RunRecords on disk: in the project's `runs/`, one JSON file each.

The plan's steps of the wave stand in vorst-project.json; each host's outcome is put under the step it belongs to, with
measured durations and rates. A host of the phase that no event speaks of has failed, not vanished.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from inventory.documents import from_json, to_json
from inventory.errors import InputError
from inventory.records import (
    HostRun,
    RunOutcome,
    RunRecord,
    StepOutcome,
    StepRun,
    TaskFailure,
    sealed_run,
)
from inventory.rows import Ref
from playbooks.events import (
    HostStarted,
    HostTotals,
    HostUnreachable,
    RunEvent,
    RunTotals,
    TaskFailed,
    TaskOk,
    TaskSkipped,
    UnknownEvent,
)
from playbooks.scope import asset_of, folder_of, host_of, target_host_of

RUNS = "runs"
BITS_PER_BYTE = 8
BYTES_PER_MB = 1_000_000
# Kinds of steps each phase works on; those it carries out, and whose duration it measures, in _CARRIED.
_KINDS_OF_PHASE = {
    "preflight": ("cutover", "relocate", "retire"),
    "replicate": ("replicate",),
    "cutover": ("cutover", "relocate"),
    "verify": ("cutover", "relocate"),
    "rollback": ("cutover", "relocate"),
    "decommission": ("decommission", "retire"),
}
_CARRIED = {"replicate", "cutover", "decommission"}
_WORST: tuple[StepOutcome, ...] = ("unreachable", "failed", "cancelled", "skipped", "done")


@dataclass(frozen=True, slots=True)
class PhaseStep:
    """A step of the plan as a phase sees it: host names by asset, and the plan's estimate where it has one."""

    id: str
    hosts: dict[str, Ref]
    planned_duration_s: float | None


@dataclass
class _Seen:
    """What the events said of one host so far."""

    ok: int = 0
    changed: int = 0
    skipped: int = 0
    first: datetime | None = None
    last: datetime | None = None
    transferred_bytes: int = 0
    transfer_seconds: float = 0.0
    is_manual: bool = False
    is_unreachable: bool = False
    failures: list[TaskFailure] = field(default_factory=list)
    totals: HostTotals | None = None


def phase_steps(about: dict[str, Any], wave: int, phase: str) -> tuple[PhaseStep, ...]:
    """The steps a phase of a wave works on, from what the project says of itself."""
    for entry in about["waves"]:
        if entry["number"] == wave:
            return tuple(
                PhaseStep(
                    step["id"],
                    _hosts(step, phase),
                    float(step["planned_s"]) if phase in _CARRIED else None,
                )
                for step in entry["steps"]
                if step["kind"] in _KINDS_OF_PHASE[phase]
            )
    return ()


def _hosts(step: dict[str, Any], phase: str) -> dict[str, Ref]:
    assets = [Ref(asset["kind"], asset["id"]) for asset in step["assets"]]
    at_target = phase == "verify" and step["kind"] == "cutover"
    return {(target_host_of(asset) if at_target else host_of(asset)): asset for asset in assets}


def run_record(
    events: Iterable[RunEvent],
    steps: tuple[PhaseStep, ...],
    record: RunRecord,
    *,
    hosts: frozenset[str] | None = None,
) -> RunRecord:
    """The record with its steps, its outcome and its hash; `record` gives the rest.

    `hosts`: those the run was limited to; None for all. A record that says "cancelled" stays cancelled.
    """
    seen, unknown = _read(events)
    runs: list[StepRun] = []
    for step in steps:
        wanted = {host: asset for host, asset in step.hosts.items() if hosts is None or host in hosts}
        if wanted:
            was_cancelled = record.outcome == "cancelled"
            runs.append(
                _step_run(step, [_host_run(host, seen.pop(host, None), was_cancelled) for host in wanted])
            )
    if seen:
        runs.append(
            _step_run(
                PhaseStep("", {}, None),
                [_host_run(host, found, False) for host, found in sorted(seen.items())],
            )
        )
    return sealed_run(
        RunRecord(
            plan_hash=record.plan_hash,
            wave=record.wave,
            phase=record.phase,
            started_at=record.started_at,
            ended_at=record.ended_at,
            outcome=_outcome(record.outcome, runs),
            check=record.check,
            steps=tuple(runs),
            unknown_events=unknown or None,
        )
    )


def failed_hosts(record: RunRecord) -> tuple[str, ...]:
    """Hosts a run has to be resumed on: failed, unreachable or never reached."""
    return tuple(
        host.host
        for step in record.steps
        for host in step.hosts
        if host.outcome in {"failed", "unreachable", "cancelled"}
    )


def exit_code(record: RunRecord) -> int:
    """0 when every host did what it had to, 2 when one failed, was unreachable or was left out by a cancel."""
    return 0 if record.outcome == "done" else 2


def save_run(project_dir: Path, record: RunRecord) -> Path:
    """Write a record to the project's runs/ and return the file."""
    folder = project_dir / RUNS
    folder.mkdir(exist_ok=True)
    stamp = record.started_at.strftime("%Y%m%dT%H%M%S%fZ")
    suffix = "-check" if record.check else ""
    path = folder / f"{stamp}-{folder_of(record.wave)}-{record.phase}{suffix}.json"
    draft = path.with_suffix(".part")
    draft.write_text(to_json(record, indent=1) + "\n", encoding="utf-8")
    draft.rename(path)
    return path


def load_runs(project_dir: Path) -> tuple[RunRecord, ...]:
    """The records of a project, oldest first; none where nothing ran. InputError for a file that is none."""
    return tuple(load_run(path) for path in sorted((project_dir / RUNS).glob("*.json")))


def load_run(path: Path) -> RunRecord:
    """One record; raises InputError when the file can't be read or isn't one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the record can't be read: {error}", where=str(path), remedy="remove it, or mend it"
        ) from None
    return from_json(RunRecord, text, where=str(path))


# --- reading the events ------------------------------------------------------------------------------------------


def _read(events: Iterable[RunEvent]) -> tuple[dict[str, _Seen], dict[str, int]]:
    seen: dict[str, _Seen] = {}
    unknown: dict[str, int] = {}
    for event in events:
        if isinstance(event, UnknownEvent):
            unknown[event.name] = unknown.get(event.name, 0) + 1
        elif isinstance(event, RunTotals):
            for totals in event.hosts:
                if asset_of(totals.host) is not None:
                    seen.setdefault(totals.host, _Seen()).totals = totals
        elif isinstance(event, HostStarted | TaskOk | TaskSkipped | TaskFailed | HostUnreachable):
            _note(seen.setdefault(event.host, _Seen()), event)
    return seen, unknown


def _note(host: _Seen, event: HostStarted | TaskOk | TaskSkipped | TaskFailed | HostUnreachable) -> None:
    host.first = host.first or event.at
    host.last = event.at
    if isinstance(event, TaskOk):
        host.ok += 1
        host.changed += event.changed
        host.is_manual = host.is_manual or event.is_manual
        host.transferred_bytes += event.transferred_bytes or 0
        host.transfer_seconds += event.transfer_seconds or 0.0
    elif isinstance(event, TaskSkipped):
        host.skipped += 1
    elif isinstance(event, HostUnreachable):
        host.is_unreachable = True
        host.failures.append(TaskFailure(event.task, event.message))
    elif isinstance(event, TaskFailed) and not event.item:
        host.failures.append(TaskFailure(event.task, event.message, event.ignored))


def _host_run(name: str, seen: _Seen | None, was_cancelled: bool) -> HostRun:  # noqa: FBT001 - one flag, one caller
    asset = asset_of(name)
    if seen is None:
        outcome: StepOutcome = "cancelled" if was_cancelled else "failed"
        return HostRun(name, outcome, asset, failures=(TaskFailure("", "the run never came to this host"),))
    seconds = seen.transfer_seconds
    return HostRun(
        host=name,
        outcome=_host_outcome(seen, was_cancelled),
        object=asset,
        ok=seen.totals.ok if seen.totals else seen.ok,
        changed=seen.totals.changed if seen.totals else seen.changed,
        skipped=seen.totals.skipped if seen.totals else seen.skipped,
        started_at=seen.first,
        duration_s=(seen.last - seen.first).total_seconds() if seen.first and seen.last else None,
        transferred_mb=seen.transferred_bytes / BYTES_PER_MB if seconds else None,
        rate_mbps=seen.transferred_bytes * BITS_PER_BYTE / BYTES_PER_MB / seconds if seconds else None,
        failures=tuple(seen.failures),
    )


def _host_outcome(seen: _Seen, was_cancelled: bool) -> StepOutcome:  # noqa: FBT001 - one flag, one caller
    totals = seen.totals
    if seen.is_unreachable or (totals and totals.unreachable):
        return "unreachable"
    if totals.failures if totals else any(not failure.ignored for failure in seen.failures):
        return "failed"
    if totals is None:
        return "cancelled" if was_cancelled else "failed"
    return "skipped" if seen.is_manual else "done"


def _step_run(step: PhaseStep, hosts: list[HostRun]) -> StepRun:
    starts = [host.started_at for host in hosts if host.started_at]
    ends = [
        host.started_at.timestamp() + host.duration_s
        for host in hosts
        if host.started_at and host.duration_s is not None
    ]
    outcomes = {host.outcome for host in hosts}
    return StepRun(
        step_id=step.id,
        outcome=next(outcome for outcome in _WORST if outcome in outcomes),
        hosts=tuple(hosts),
        assets=tuple(host.object for host in hosts if host.object),
        started_at=min(starts, default=None),
        duration_s=max(ends) - min(starts).timestamp() if starts and ends else None,
        planned_duration_s=step.planned_duration_s,
    )


def _outcome(known: RunOutcome, steps: list[StepRun]) -> RunOutcome:
    if known != "done":
        return known
    return "done" if all(step.outcome in {"done", "skipped"} for step in steps) else "failed"


_SAFE_LIMIT = re.compile(r"[A-Za-z0-9_,:!&-]+\Z")


def checked_limit(limit: str) -> str:
    """A host pattern of host and group names; raises InputError for anything that could be an option or a file."""
    if not _SAFE_LIMIT.match(limit) or limit.startswith("-"):
        raise InputError(
            f"{limit!r} is no pattern of hosts", remedy="name hosts such as vm-34, separated by commas"
        )
    return limit
