"""What an earlier plan had otherwise about move groups: whose assets moved on other dates, which are new or gone.

Groups are matched by their assets, since ids are given anew with each plan. Everything else that two plans have
otherwise is `plan_diff`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from capacity.plan import MoveGroup, Plan
from capacity.plan_diff import MEANS_MOVING
from inventory.rows import Ref

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True)
class GroupChanges:
    """`moved`: by the group's id, from when until when its assets moved before, where one moved at another time.

    `new`: ids of groups none of whose assets moved before; `gone`: earlier groups none of whose assets move now.
    """

    moved: dict[str, Stretch]
    new: tuple[str, ...]
    gone: tuple[MoveGroup, ...]


def group_changes(before: Plan, after: Plan) -> GroupChanges:
    """What has changed from `before` to `after`."""
    was, now = _dates(before), _dates(after)
    moved: dict[str, Stretch] = {}
    new: list[str] = []
    for group in after.groups:
        earlier = [was[asset] for asset in group.assets if asset in was]
        if not earlier:
            new.append(group.id)
        elif any(was[asset] != now.get(asset) for asset in group.assets if asset in was):
            moved[group.id] = (min(start for start, _ in earlier), max(end for _, end in earlier))
    gone = tuple(group for group in before.groups if not any(asset in now for asset in group.assets))
    return GroupChanges(moved, tuple(new), gone)


def _dates(plan: Plan) -> dict[Ref, Stretch]:
    """When each asset is cut over or relocated."""
    return {
        move.asset: (step.start, step.end)
        for step in plan.steps
        if step.kind in MEANS_MOVING
        for move in step.moves
    }
