"""What holds things together without being a must, and how strongly: flows, applications, clusters, licences.

All is weighed in Mbit/s by `capacity.calendar.Grouping`, whose figures are assumptions a person may set. Of flows only
those within one site count: one between sites crosses them today already. A cluster stands for the storage its machines
share: the estate has no finer word for it, and as it stays behind, its machines are held to each other by little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from capacity.calendar import Grouping
from capacity.timetable.move_groups import FlowEnds
from inventory.estate import Estate, Flow, Ref

LICENSED = ("licence", "dongle")  # special needs that several assets may share


@dataclass(frozen=True, slots=True)
class Tie:
    """`weight_mbps` is lost by each member parted from the rest; for a flow, when its two ends are parted.

    `sides`: one tuple of assets that share something; for a flow the assets at each end. An end that is an application
    is also in `applications`, so that the flow holds to the application rather than to each of its members.
    """

    text: str
    weight_mbps: float
    sides: tuple[tuple[Ref, ...], ...]
    applications: tuple[int | None, ...] = (None,)


def ties(
    estate: Estate,
    movers: Mapping[Ref, int | None],
    ends: FlowEnds,
    grouping: Grouping,
    intersite_latency_ms: float,
) -> tuple[Tie, ...]:
    """The ties between moving assets (`movers`: asset → its site), those of weight 0 left out."""
    found = [
        *_applications(estate, movers, grouping.application_mbps),
        *_clusters(estate, movers, grouping.cluster_mbps),
        *_licences(estate, movers, grouping.licence_mbps),
        *_flows(movers, ends, grouping, intersite_latency_ms),
    ]
    return tuple(tie for tie in found if tie.weight_mbps > 0)


def _applications(estate: Estate, movers: Mapping[Ref, int | None], weight_mbps: float) -> Iterator[Tie]:
    members: dict[int, list[Ref]] = defaultdict(list)
    for member in estate.application_members:
        if member.object in movers:
            members[member.application_id].append(member.object)
    for application in estate.applications:
        if len(members[application.id]) > 1:
            assets = tuple(sorted(set(members[application.id])))
            yield Tie(f"application {application.name}", weight_mbps, (assets,), (application.id,))


def _clusters(estate: Estate, movers: Mapping[Ref, int | None], weight_mbps: float) -> Iterator[Tie]:
    members: dict[tuple[int, int | None], list[Ref]] = defaultdict(list)
    for machine in estate.virtual_machines:
        ref = Ref("virtual_machines", machine.id)
        if machine.cluster_id is not None and ref in movers:
            members[machine.cluster_id, movers[ref]].append(ref)
    clusters = estate.by_id("clusters")
    for (cluster_id, _), assets in members.items():
        if len(assets) > 1 and cluster_id in clusters:
            yield Tie(f"cluster {clusters[cluster_id].name}", weight_mbps, (tuple(assets),))


def _licences(estate: Estate, movers: Mapping[Ref, int | None], weight_mbps: float) -> Iterator[Tie]:
    members: dict[tuple[str, str, int | None], dict[Ref, None]] = defaultdict(dict)
    for need in estate.special_needs:
        if need.need in LICENSED and need.detail and need.object in movers:
            members[need.need, need.detail, movers[need.object]][need.object] = None
    for (what, detail, _), assets in members.items():
        if len(assets) > 1:
            yield Tie(f"{what} {detail}", weight_mbps, (tuple(sorted(assets)),))


def _flows(
    movers: Mapping[Ref, int | None],
    ends: FlowEnds,
    grouping: Grouping,
    intersite_latency_ms: float,
) -> Iterator[Tie]:
    for flow, sources, targets in ends.flows:
        named = [end.id if end.kind == "applications" else None for end in (flow.source, flow.target)]
        moving = [tuple(dict.fromkeys(a for a in end if a in movers)) for end in (sources, targets)]
        if all(moving) and len({movers[asset] for end in moving for asset in end}) == 1:
            weight = _weight(flow, grouping, intersite_latency_ms)
            rate = "unknown rate" if flow.rate_mbps is None else f"{flow.rate_mbps:g} Mbit/s"
            yield Tie(f"flow {flow.id} of {rate}", weight, tuple(moving), tuple(named))


def _weight(flow: Flow, grouping: Grouping, intersite_latency_ms: float) -> float:
    rate_mbps = grouping.unknown_rate_mbps if flow.rate_mbps is None else flow.rate_mbps
    if flow.latency_ms is None:
        return rate_mbps
    near = intersite_latency_ms / flow.latency_ms if flow.latency_ms > intersite_latency_ms else 1.0
    return rate_mbps + grouping.latency_mbps * near


def strongest(
    found: Iterable[Tie], part_of: Mapping[Ref, int], group_of: Mapping[int, int]
) -> dict[int, list[tuple[str, float]]]:
    """By group what joins its parts and how strongly in Mbit/s, the strongest first.

    `part_of`: asset → number of its part; `group_of`: part → its group. What lies within one part joins nothing.
    """
    within: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for tie in found:
        inside: dict[int, list[set[int]]] = {}
        for side, assets in enumerate(tie.sides):
            for asset in assets:
                part = part_of.get(asset)
                if part is not None:
                    sides = inside.setdefault(group_of[part], [set() for _ in tie.sides])
                    sides[side].add(part)
        for group, sides in inside.items():
            parts = set[int]().union(*sides)
            if len(parts) > 1 and all(sides):
                times = 1 if len(tie.sides) > 1 else len(parts) - 1
                within[group].append((tie.text, tie.weight_mbps * times))
    return {
        group: sorted(joined, key=lambda entry: (-entry[1], entry[0])) for group, joined in within.items()
    }
