"""Waves against phases: what ran, how it ended, and what the last run of each did host by host."""

from __future__ import annotations

from dataclasses import dataclass

from inventory.records import RunRecord
from playbooks.events import (
    HostStarted,
    HostUnreachable,
    Output,
    PlayStarted,
    RunEvent,
    RunTotals,
    TaskFailed,
    TaskOk,
    TaskSkipped,
    TaskStarted,
)
from playbooks.scope import NAMED_PHASES, PHASES, wave_scopes
from tui.loaded import Loaded
from tui.views.spans import Column, Line, Rows, Span, day, line, rows, span
from tui.views.timeline import wave_title

MARKS = {"done": "✓ done", "failed": "✗ failed", "cancelled": "… cancelled"}
STATE_TONES = {
    "✓ done": "good",
    "✗ failed": "bad",
    "… cancelled": "warn",
    "check ✓ done": "accent",
    "check ✗ failed": "bad",
    "check … cancelled": "warn",
    "not run": "muted",
}
COLUMNS = (
    Column("wave", width=22),
    Column("start"),
    *(Column(phase, tones=STATE_TONES) for phase in PHASES),
)


@dataclass(frozen=True, slots=True)
class WaveKey:
    number: int


def matrix(loaded: Loaded) -> Rows:
    """One row per wave; the key is its number. A real run counts before a check."""
    items = []
    for scope in wave_scopes(loaded.plan) if loaded.plan else ():
        states = [state(loaded, scope.number, phase) for phase in PHASES]
        items.append(
            (WaveKey(scope.number), (wave_title(scope.number, scope.name), day(scope.start), *states))
        )
    return rows(COLUMNS, items)


def last_run(loaded: Loaded, wave: int, phase: str) -> RunRecord | None:
    """The newest run of a phase; a real one if there is any."""
    those = [r for r in loaded.runs if (r.wave, r.phase) == (wave, phase)]
    real = [r for r in those if not r.check]
    newest = real or those
    return newest[-1] if newest else None


def state(loaded: Loaded, wave: int, phase: str) -> str:
    record = last_run(loaded, wave, phase)
    if record is None:
        return "not run"
    return ("check " if record.check else "") + MARKS[record.outcome]


def detail(loaded: Loaded, wave: int, phase: str) -> tuple[Line, ...]:
    """The last run of a phase, and the command that does what the key does."""
    command = f"vorst run playbooks --wave {wave} --phase {phase} --check"
    head = line(
        Span(f"wave {wave}, {phase}", "strong"),
        Span("  reached only when named" if phase in NAMED_PHASES else "", "warn"),
    )
    record = last_run(loaded, wave, phase)
    if record is None:
        return head, line(
            Span("never ran; ", "muted"),
            Span("c", "accent!"),
            Span(" runs its check: ", "muted"),
            span(command),
        )
    found: list[Line] = [
        head,
        line(
            span(MARKS[record.outcome], STATE_TONES[MARKS[record.outcome]]),
            Span("  check mode" if record.check else "", "accent"),
            Span(f"  {record.started_at:%Y-%m-%d %H:%M} UTC, {record.duration_s:.0f} s", "muted"),
        ),
    ]
    if record.plan_hash != (loaded.plan.content_hash if loaded.plan else ""):
        found.append(line(Span("of another plan than the one shown", "warn")))
    for step in record.steps:
        for host in step.hosts:
            tone = "good" if host.outcome == "done" else "muted" if host.outcome == "skipped" else "bad"
            found.append(
                line(
                    "  ",
                    span(f"{host.host:<12}", "accent"),
                    Span(f"{host.outcome:<12}", tone),
                    span(step.step_id, "muted"),
                )
            )
            found.extend(line(span(f"      {f.task}: {f.message}", "muted")) for f in host.failures[:2])
    return tuple(found[:60])


def event_line(event: RunEvent) -> Line | None:
    """One event of a run as a line of the live log; None for those that say nothing new."""
    if isinstance(event, PlayStarted):
        return line(span(f"play {event.play}", "strong"))
    if isinstance(event, TaskStarted):
        return line(span(f"  {event.task}"))
    if isinstance(event, TaskOk):
        return line(
            "    ",
            Span("changed " if event.changed else "ok      ", "warn" if event.changed else "good"),
            span(event.host),
        )
    if isinstance(event, TaskSkipped):
        return line("    ", Span("skipped ", "muted"), span(event.host, "muted"))
    if isinstance(event, TaskFailed):
        tone = "warn" if event.ignored else "bad"
        return line("    ", Span("failed  ", tone), span(f"{event.host}: {event.message}"))
    if isinstance(event, HostUnreachable):
        return line("    ", Span("unreachable ", "bad"), span(f"{event.host}: {event.message}"))
    if isinstance(event, Output):
        return line(span(event.text, "muted"))
    if isinstance(event, RunTotals):
        failed = sum(1 for h in event.hosts if h.failures or h.unreachable)
        return line(span(f"{len(event.hosts)} hosts, {failed} with failures", "bad" if failed else "good"))
    return None if isinstance(event, HostStarted) else line(span(str(event), "muted"))
