"""Which movers can't leave: their site is unknown, or a tight flow or a chassis ties them to something that stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from capacity.belonging import Belonging
from capacity.calendar import Calendar
from capacity.plan import Decision, Lack, Unplaced
from capacity.timetable.move_groups import FlowEnds, TightFlow, tight_flows
from inventory.estate import Estate, Ref

STAYING = ("retire", "retain")


def anchored_whatever_is_placed(
    estate: Estate, calendar: Calendar, decisions: Sequence[Decision]
) -> dict[Ref, Unplaced]:
    """What could not leave even if all that should move had a place: known before places are looked for."""
    belonging = Belonging(estate)
    sites = {ref: belonging.site_of(ref) for ref in estate.assets()}
    gone = {d.asset for d in decisions if d.strategy == "retire"}
    standing = {ref: site for ref, site in sites.items() if site is not None and ref not in gone}
    tight = tight_flows(FlowEnds(estate), standing, calendar.intersite_latency_ms)
    movers = {d.asset: sites[d.asset] for d in decisions if d.strategy not in STAYING}
    names = {d.asset: d.name for d in decisions}
    stuck = anchored(belonging, sites, tight, movers)
    return {ref: Unplaced(ref, names[ref], lack.dimension == "site", (lack,)) for ref, lack in stuck.items()}


def anchored(
    belonging: Belonging,
    sites: Mapping[Ref, int | None],
    tight: Sequence[TightFlow],
    movers: Mapping[Ref, int | None],
) -> dict[Ref, Lack]:
    """The movers that have to stay, each with what it lacks; whoever is tied to one of them stays too."""
    stuck: dict[Ref, Lack] = {}
    for ref in movers:
        if sites.get(ref) is None:
            stuck[ref] = Lack("site", None, None, "estate", "the estate does not say at which site it runs")
    while True:
        more = _by_flows(tight, movers, stuck) | _by_chassis(belonging, movers, stuck)
        if not more:
            return stuck
        stuck |= more


def _by_flows(
    tight: Sequence[TightFlow], movers: Mapping[Ref, int | None], stuck: Mapping[Ref, Lack]
) -> dict[Ref, Lack]:
    found: dict[Ref, Lack] = {}
    for flow, ends, needed_ms in tight:
        staying = [end for end in ends if end not in movers or end in stuck]
        leaving = [end for end in ends if end in movers and end not in stuck]
        for end in leaving if staying else ():
            why = f"its flow {flow.id} stands {flow.latency_ms:g} ms and {staying[0].kind} {staying[0].id} stays behind"
            found[end] = Lack("latency_ms", flow.latency_ms, needed_ms, f"flows[{flow.id}]", why)
    return found


def _by_chassis(
    belonging: Belonging, movers: Mapping[Ref, int | None], stuck: Mapping[Ref, Lack]
) -> dict[Ref, Lack]:
    found: dict[Ref, Lack] = {}
    for parent, children in belonging.children.items():
        chassis = Ref("devices", parent)
        moving = [ref for ref in (chassis, *(Ref("devices", c.id) for c in children)) if ref in movers]
        if chassis in movers and any(ref in stuck for ref in moving):
            for ref in moving:
                if ref not in stuck:
                    found[ref] = Lack("bay", None, None, f"devices[{parent}]", "it goes with its chassis")
    return found
