"""What the runner reports, as typed events: its raw dictionaries are read once, here, and go no further.

It answers what happened to which host in which task. What that makes of a run is `results`' to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

_LONGEST_MESSAGE = 2000
# Reported, and of no use to a record: progress of items, includes, warnings and the like.
_IGNORED = frozenset(
    {
        "debug",
        "deprecated",
        "playbook_on_import_for_host",
        "playbook_on_include",
        "playbook_on_no_hosts_matched",
        "playbook_on_no_hosts_remaining",
        "playbook_on_not_import_for_host",
        "playbook_on_notify",
        "playbook_on_setup",
        "playbook_on_start",
        "runner_item_on_ok",
        "runner_item_on_skipped",
        "runner_on_async_ok",
        "runner_on_async_poll",
        "runner_on_file_diff",
        "runner_on_no_hosts",
        "runner_retry",
        "system_warning",
        "warning",
    }
)


@dataclass(frozen=True, slots=True)
class PlayStarted:
    play: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskStarted:
    task: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HostStarted:
    """A host began a task."""

    host: str
    task: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskOk:
    """`facts` are those of ours that the task set: what was copied, who took the host on."""

    host: str
    task: str
    at: datetime
    changed: bool = False
    transferred_bytes: int | None = None
    transfer_seconds: float | None = None
    is_manual: bool = False


@dataclass(frozen=True, slots=True)
class TaskSkipped:
    host: str
    task: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """A task failed on a host; `ignored` when the play goes on regardless. `item`: in one pass of a loop."""

    host: str
    task: str
    at: datetime
    message: str
    ignored: bool = False
    item: bool = False


@dataclass(frozen=True, slots=True)
class HostUnreachable:
    host: str
    task: str
    at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class HostTotals:
    """What Ansible counted for a host over the whole run; a failure that was rescued isn't in `failures`."""

    host: str
    ok: int
    changed: int
    skipped: int
    failures: int
    unreachable: int


@dataclass(frozen=True, slots=True)
class RunTotals:
    hosts: tuple[HostTotals, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Output:
    """Text of no event: what Ansible says of itself, and its errors before any host is reached."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    name: str


RunEvent = (
    PlayStarted
    | TaskStarted
    | HostStarted
    | TaskOk
    | TaskSkipped
    | TaskFailed
    | HostUnreachable
    | RunTotals
    | Output
    | UnknownEvent
)


def parse(raw: dict[str, Any]) -> RunEvent | None:
    """One raw event as a typed one; None for those of no interest, UnknownEvent for those nobody knows."""
    name = raw.get("event")
    data = raw.get("event_data")
    data = data if isinstance(data, dict) else {}
    at = _moment(raw)
    if name in _IGNORED:
        return None
    if name == "playbook_on_play_start":
        return PlayStarted(str(data.get("play") or data.get("name") or ""), at)
    if name in {"playbook_on_task_start", "playbook_on_handler_task_start"}:
        return TaskStarted(str(data.get("task") or data.get("name") or ""), at)
    if name == "playbook_on_stats":
        return RunTotals(_totals(data), at)
    if name in {"verbose", "error"}:
        text = str(raw.get("stdout") or "").strip()
        return Output(text[:_LONGEST_MESSAGE], at) if text else None
    return _of_host(str(name), data, at)


def line_of(event: RunEvent) -> str:
    """One line for a person who follows a run; empty for what only the record needs."""
    match event:
        case PlayStarted():
            return f"{event.play}"
        case TaskStarted():
            return f"  {event.task}"
        case TaskFailed(item=False):
            return f"    {event.host}: failed{', ignored' if event.ignored else ''}: {event.message}"
        case HostUnreachable():
            return f"    {event.host}: unreachable: {event.message}"
        case TaskOk(is_manual=True):
            return f"    {event.host}: left to the person who took it on"
        case TaskOk(changed=True):
            return f"    {event.host}: changed"
        case Output():
            return event.text
        case _:
            return ""


def _of_host(name: str, data: dict[str, Any], at: datetime) -> RunEvent:
    host, task = str(data.get("host") or ""), str(data.get("task") or "")
    result = data.get("res") if isinstance(data.get("res"), dict) else {}
    if name == "runner_on_start":
        return HostStarted(host, task, at)
    if name == "runner_on_ok":
        return _ok(host, task, at, result or {})
    if name == "runner_on_skipped":
        return TaskSkipped(host, task, at)
    if name == "runner_on_unreachable":
        return HostUnreachable(host, task, at, _message(result or {}))
    if name in {"runner_on_failed", "runner_on_async_failed"}:
        return TaskFailed(host, task, at, _message(result or {}), ignored=bool(data.get("ignore_errors")))
    if name == "runner_item_on_failed":
        return TaskFailed(
            host, task, at, _message(result or {}), ignored=bool(data.get("ignore_errors")), item=True
        )
    return UnknownEvent(name)


def _ok(host: str, task: str, at: datetime, result: dict[str, Any]) -> TaskOk:
    facts = result.get("ansible_facts")
    facts = facts if isinstance(facts, dict) else {}
    measured = facts.get("sync_measured")
    measured = measured if isinstance(measured, dict) else {}
    return TaskOk(
        host,
        task,
        at,
        changed=bool(result.get("changed")),
        transferred_bytes=int(measured["bytes"]) if "bytes" in measured else None,
        transfer_seconds=float(measured["seconds"]) if "seconds" in measured else None,
        is_manual=bool(facts.get("record_is_manual")),
    )


def _totals(data: dict[str, Any]) -> tuple[HostTotals, ...]:
    def count(kind: str, host: str) -> int:
        counts = data.get(kind)
        return int(counts.get(host, 0)) if isinstance(counts, dict) else 0

    hosts = {
        host
        for kind in ("ok", "changed", "skipped", "failures", "dark", "processed")
        for host in (data.get(kind) or {})
    }
    return tuple(
        HostTotals(
            host,
            ok=count("ok", host),
            changed=count("changed", host),
            skipped=count("skipped", host),
            failures=count("failures", host),
            unreachable=count("dark", host),
        )
        for host in sorted(hosts)
    )


def _message(result: dict[str, Any]) -> str:
    """What the task said; for a loop, what its failed passes said."""
    parts = [str(result.get("msg") or result.get("stderr") or result.get("exception") or "")]
    parts += [
        str(item.get("msg") or item.get("stderr") or "")
        for item in result.get("results") or ()
        if isinstance(item, dict) and (item.get("failed") or item.get("unreachable"))
    ]
    stderr = str(result.get("stderr") or "")
    if stderr and stderr not in parts:
        parts.append(stderr)
    return "; ".join(part.strip() for part in parts if part.strip())[:_LONGEST_MESSAGE]


def _moment(raw: dict[str, Any]) -> datetime:
    """When the event was made; the runner writes it with every event."""
    return datetime.fromisoformat(str(raw["created"]))
