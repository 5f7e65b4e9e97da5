"""How a move group and its cut flows are put into words: when it moves, how long they are cut, whether they bear it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capacity.plan import MoveGroup, Plan
    from capacity.timetable.cut_flows import CutFlow

MOVING = ("cutover", "relocate")


def moves_at(plan: Plan, group: MoveGroup) -> datetime | None:
    """When it first moves; None in a plan that has no step for it."""
    return min((s.start for s in plan.steps if s.group == group.id and s.kind in MOVING), default=None)


def days_cut(flows: Sequence[CutFlow]) -> str:
    """How long the longest of some cut flows is cut."""
    if any(flow.is_for_good for flow in flows):
        return "always"
    longest = max((flow.days or 0.0 for flow in flows), default=0.0)
    return f"{longest:,.0f}" if longest >= 1 else "< 1" if longest else ""


def borne(flows: Sequence[CutFlow]) -> str:
    """Whether all of some cut flows bear it; the worst word counts."""
    told = {borne_by(flow) for flow in flows}
    return next((word for word in ("no", "unknown", "yes") if word in told), "")


def borne_by(flow: CutFlow) -> str:
    """Whether a flow bears being cut: the way between sites and the lines' rates."""
    asked = (flow.stands_latency, flow.is_carried)
    if False in asked:
        return "no"
    return "unknown" if None in asked else "yes"
