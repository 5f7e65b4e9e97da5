"""A person's wish for a move group's date, as a pin that the next planning keeps to: what `vorst group pin` writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tui.quantities import some
from tui.workspace import Workspace, user_name

if TYPE_CHECKING:
    from capacity.moved_group import MovedGroup


def days_of(moved: MovedGroup, by: timedelta) -> tuple[datetime, datetime]:
    """The whole days in which the group is touched on the new dates: from midnight to midnight."""
    first, last = moved.span(by)
    begin = first.replace(hour=0, minute=0, second=0, microsecond=0)
    end = (last - timedelta(seconds=1)).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return begin, end


def pin_command(moved: MovedGroup, by: timedelta) -> str:
    """The command that writes the same pin."""
    first, last = days_of(moved, by)
    return (
        f"vorst group pin {moved.group.id} --not-before {first:%Y-%m-%d} "
        f"--not-after {last - timedelta(days=1):%Y-%m-%d} --reason …"
    )


def pin_group(workspace: Workspace, moved: MovedGroup, by: timedelta, zone: str) -> str:
    """Pin the group's assets to the days of its new dates; returns what to tell. Raises VorstError."""
    from inventory import group_decisions

    first, last = days_of(moved, by)
    old = moved.span()[0]
    with workspace.open_database() as database:
        name = group_decisions.pin(
            database,
            moved.group.assets,
            not_before=first.astimezone(ZoneInfo(zone)),
            not_after=last.astimezone(ZoneInfo(zone)),
            reason=f"moved from {old:%Y-%m-%d} to {moved.span(by)[0]:%Y-%m-%d} on the timeline",
            who=user_name(),
        )
    return f"{name}: {some(len(moved.group.assets), 'asset')} pinned to {first:%Y-%m-%d}; make a plan (m) to follow"


def other_plans(workspace: Workspace, plan_file: Path) -> tuple[str, ...]:
    """The JSON files of the workspace that begin as a plan does, but for the one that is shown; the newest first."""
    shown = workspace.path(plan_file)
    found = [path for path in workspace.folder.glob("*.json") if path != shown and _begins_as_plan(path)]
    return tuple(path.name for path in sorted(found, key=lambda path: (-path.stat().st_mtime, path.name)))


def _begins_as_plan(path: Path) -> bool:
    """Plans have their status among their first fields; no other document does."""
    try:
        with path.open(encoding="utf-8") as file:
            return '"status"' in file.read(400)
    except (OSError, UnicodeError):
        return False
