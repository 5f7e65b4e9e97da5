"""What decides a plan's end, in words: the chain that the timeline marks, and the slack of what is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from tui.quantities import lasting, some
from tui.views.spans import Line, Span, day, line, span

if TYPE_CHECKING:
    from capacity.critical_path import CriticalPath, Link

SHOWN = 12


def held(link: Link, *, before: str = "") -> str:
    """Why a step of the chain begins when it does; `before` calls the step it waits for otherwise than by its id."""
    if link.held_by == "date":
        return "dated so by the plan; nothing holds it"
    after = before or link.after
    window = "; its window opens then" if link.waits_for_window else ""
    if link.held_by == "hands":
        return f"{after} lets go of {' and '.join(link.resources) or 'what it needs'}{window}"
    waited = f" for {lasting(link.wait)}" if link.wait > timedelta() else ""
    return f"{after} has ended{waited}{window}"


def headline(path: CriticalPath | None) -> Line:
    """The line under the screens while the chain is marked."""
    if path is None:
        return line(Span("working out what decides the end …", "muted"))
    return line(
        Span("━ decides the end", "critical"),
        span(f"  {day(path.end)}: {some(len(path.chain), 'step')} in a chain", "strong"),
    )


def chain_lines(path: CriticalPath, chosen: Sequence[str]) -> tuple[Line, ...]:
    """What holds the chosen steps that are on the chain; without any, the chain itself."""
    own = [link for link in path.chain if link.step in chosen]
    if own:
        return tuple(
            line(
                Span("decides the end: ", "warn"),
                span(link.step, "accent"),
                span(f" begins when {held(link)}"),
            )
            if link.after
            else line(Span("decides the end: ", "warn"), span(link.step, "accent"), span(f" is {held(link)}"))
            for link in own[:SHOWN]
        )
    also = [step for step in chosen if step in path.deciding]
    return (line(Span("decides the end beside others: ", "warn"), span(", ".join(also[:6]))),) if also else ()


def slack_lines(slack: Mapping[str, timedelta]) -> tuple[Line, ...]:
    """How much longer each step may take, the least first."""
    found = sorted(slack.items(), key=lambda entry: (entry[1], entry[0]))
    return tuple(
        line(
            Span("slack    ", "muted"),
            Span(f"{lasting(time):>10}", "warn" if not time else ""),
            span(f"  {name}", "muted"),
        )
        for name, time in found[:SHOWN]
    )
