"""A group on the move over the timeline, in words: how far, what the checker says of it, and what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tui.group_moves import pin_command
from tui.loaded import Loaded
from tui.quantities import lasting, some
from tui.views.spans import Line, Span, line, moment_text, span
from tui.views.timeline import Bar

if TYPE_CHECKING:
    from capacity.group_changes import GroupChanges
    from capacity.moved_group import MovedGroup
    from capacity.verify import Violation

# How far one key moves a group at each zoom.
PUSHES = (
    timedelta(days=28),
    timedelta(days=7),
    timedelta(days=1),
    timedelta(hours=6),
    timedelta(minutes=15),
)
SHOWN = 20


@dataclass(frozen=True)
class Moving:
    """The group, how much later it is tried, and what that breaks: None while the checker is at it."""

    group: MovedGroup
    by: timedelta
    broken: tuple[Violation, ...] | None = None


def group_of(loaded: Loaded, bar: Bar | None) -> str | None:
    """The move group that a bar is, or that its step belongs to."""
    if bar is None or loaded.plan is None:
        return None
    if bar.kind == "step":
        name = bar.id.removeprefix("step:")
        return next((step.group for step in loaded.plan.steps if step.id == name), None)
    found = bar.id.split(":", 2)[2] if bar.kind == "group" and bar.id.startswith("wave:") else None
    return found if any(group.id == found for group in loaded.plan.groups) else None


def shift_text(by: timedelta) -> str:
    """Like "7 d later", "6 h earlier", "where it was"."""
    if not by:
        return "where it was"
    return f"{lasting(abs(by))} {'later' if by > timedelta() else 'earlier'}"


def headline(moving: Moving) -> Line:
    """The line under the screens while a group moves."""
    broken = moving.broken
    if broken is None:
        said = Span("the checker is at it …", "muted")
    elif broken:
        said = Span(f"breaks {some(len({v.code for v in broken}), 'more rule')}", "bad!")
    else:
        said = Span("breaks nothing", "good")
    return line(
        Span("moving ", "warn"),
        span(moving.group.group.id, "strong"),
        span(f" {shift_text(moving.by)}: "),
        said,
        Span("   ←→[] on, enter pins, esc undoes", "muted"),
    )


def lines(moving: Moving) -> tuple[Line, ...]:
    """Old and new dates, and what is newly broken, rule by rule."""
    first, last = moving.group.span(moving.by)
    old = moving.group.span()[0]
    found = [
        line(span(moving.group.group.name, "strong"), span(f"  {moving.group.group.id}", "muted")),
        line(Span("was  ", "muted"), moment_text(old)),
        line(Span("now  ", "muted"), Span(f"{moment_text(first)} – {moment_text(last)}", "accent")),
    ]
    if moving.broken is None:
        return (*found, line(Span("the checker is at it …", "muted")))
    if not moving.broken:
        return (*found, line(Span("breaks nothing that the plan didn't break before", "good")))
    for violation in moving.broken[:SHOWN]:
        found += [line(Span(f"{violation.code}  ", "bad!"), span(violation.message))]
    if len(moving.broken) > SHOWN:
        found.append(line(Span(f"and {len(moving.broken) - SHOWN} more", "muted")))
    return tuple(found)


def question(moving: Moving) -> tuple[Line, ...]:
    """What a yes would write."""
    broken = moving.broken
    if broken is None:
        doubt = line(Span("The checker has not said yet what these dates break.", "warn"))
    elif broken:
        codes = ", ".join(sorted({violation.code for violation in broken}))
        doubt = line(
            Span("These dates alone break: ", "warn"), span(codes, "bad"), span(". Planning moves others.")
        )
    else:
        doubt = line(Span("These dates alone break no rule.", "good"))
    return (
        line(
            span(f"Pin {moving.group.group.name} to the days of "),
            span(moment_text(moving.group.span(moving.by)[0]), "accent"),
        ),
        line(Span("The plan stays as it is, and no longer fits; the next one (m) keeps the pin.", "muted")),
        doubt,
        line(span(pin_command(moving.group, moving.by), "accent")),
    )


# --- since an earlier plan -------------------------------------------------------------------------------------------


def approved_name(loaded: Loaded) -> str:
    """What the approved plan is called among those to compare with."""
    newest = loaded.approvals[0]
    return f"the approved plan ({newest.by}, {newest.at:%Y-%m-%d})"


def change_headline(name: str, changes: GroupChanges | None) -> Line:
    """The line under the screens while a plan is compared with."""
    if changes is None:
        return line(Span("reading ", "muted"), span(name, "muted"), Span(" …", "muted"))
    return line(
        Span("░ as ", "warn"),
        span(name, "strong"),
        span(
            f" had it: {some(len(changes.moved), 'group')} moved, {len(changes.new)} new, "
            f"{len(changes.gone)} gone"
        ),
    )


def change_lines(loaded: Loaded, bar: Bar, changes: GroupChanges) -> tuple[Line, ...]:
    """What has changed of a bar's groups; of a wave also what came into it, and what is gone altogether."""
    group = group_of(loaded, bar)
    if group in changes.moved:
        return (line(Span("before   ", "muted"), Span(moment_text(changes.moved[group][0]), "warn")),)
    if group in changes.new:
        return (line(Span("new: its assets did not move before", "warn")),)
    if bar.kind != "wave" or loaded.plan is None:
        return ()
    number = bar.id.removeprefix("wave:")
    own = {g.id: g for g in loaded.plan.groups if str(g.wave) == number}
    found = [
        line(span(f"moved  {own[name].name}", "warn"), span(f"  before {moment_text(stretch[0])}", "muted"))
        for name, stretch in changes.moved.items()
        if name in own
    ]
    found += [line(span(f"new    {own[name].name}", "good")) for name in changes.new if name in own]
    found += [
        line(span(f"gone   {gone.name}", "bad"), span(f"  {gone.id}", "muted"))
        for gone in changes.gone[:SHOWN]
    ]
    return tuple(found)


def ghosts(loaded: Loaded, changes: GroupChanges) -> dict[str, tuple[datetime, datetime]]:
    """By bar: where groups were before."""
    waves = {group.id: group.wave for group in loaded.plan.groups} if loaded.plan else {}
    return {f"wave:{waves[name]}:{name}": stretch for name, stretch in changes.moved.items() if name in waves}
