"""What holds each group of a plan together, and how strongly: the must first, then by weight.

Found again from estate and plan, so that a plan made elsewhere, or read back from a file, can be asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from capacity.belonging import Belonging
from capacity.calendar import Grouping
from capacity.plan import Plan
from capacity.timetable.move_groups import FlowEnds, tight_flows
from capacity.timetable.move_groups_hard import parts_of
from capacity.timetable.move_groups_ties import strongest, ties
from inventory.estate import Estate


@dataclass(frozen=True, slots=True)
class GroupTie:
    """One tie within a group; `weight_mbps` None: it may not be parted, whatever else it costs."""

    text: str
    weight_mbps: float | None


def group_ties(estate: Estate, plan: Plan) -> dict[str, tuple[GroupTie, ...]]:
    """By the id of each group of the plan its ties; none for one that is only a bundle of a room, or alone."""
    belonging = Belonging(estate)
    calendar = plan.calendar
    group_of_asset = {asset: number for number, group in enumerate(plan.groups) for asset in group.assets}
    known = {asset for asset in group_of_asset if estate.find(asset) is not None}
    movers = {asset: belonging.site_of(asset) for asset in sorted(known)}
    gone = {decision.asset for decision in plan.decisions if decision.strategy == "retire"}
    standing = {
        ref: site
        for ref in estate.assets()
        if ref not in gone and (site := belonging.site_of(ref)) is not None
    }
    ends = FlowEnds(estate)
    parts = parts_of(estate, belonging, movers, tight_flows(ends, standing, calendar.intersite_latency_ms))
    part_of = {asset: number for number, part in enumerate(parts) for asset in part.assets}
    group_of = {number: group_of_asset[part.assets[0]] for number, part in enumerate(parts)}
    found = ties(estate, movers, ends, calendar.grouping or Grouping(), calendar.intersite_latency_ms)
    must: dict[int, dict[str, None]] = {}
    for number, part in enumerate(parts):
        must.setdefault(group_of[number], {}).update(dict.fromkeys(part.reasons))
    weighed = strongest(found, part_of, group_of)
    return {
        group.id: (
            *(GroupTie(text, None) for text in must.get(number, ())),
            *(GroupTie(text, weight) for text, weight in weighed.get(number, ())),
        )
        for number, group in enumerate(plan.groups)
    }
