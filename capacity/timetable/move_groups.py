"""Which assets move in one go, and why: from constraints, chassis, tight flows, applications and rooms.

Hard ties come first (a chassis and its blades, `together`, flows whose latency bound the way between sites would
break); then applications and heavy flows join what still fits the size limit; what is left is bundled by site and
partner. When a group moves is for `waves`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from capacity.belonging import Belonging
from inventory.estate import Estate, Flow, Ref

SPLIT = "; split to fit its windows"
MAX_ASSETS = 40  # soft limit of a group: what a crew can move and test in one night; an assumption


@dataclass(frozen=True, slots=True)
class Group:
    """Assets in ascending order and why they go together; `is_shared_service` groups go first.

    `parts` are what hard ties hold together: the group may be split between them, never within one.
    """

    id: str
    name: str
    assets: tuple[Ref, ...]
    reason: str
    is_shared_service: bool
    parts: tuple[tuple[Ref, ...], ...]


def halves(group: Group, likeness: Callable[[Ref], Any]) -> tuple[Group, Group]:
    """A group as two, cut between its parts; parts that are alike stay on one side where that is possible."""
    ordered = sorted(group.parts, key=lambda part: (likeness(part[0]), part))
    middle = len(ordered) // 2
    where = group.name.rsplit(", ", 1)[0]
    first, second = (
        replace(
            group,
            id=f"{group.id}-{number}",
            name=f"{where}, {sum(map(len, parts))} assets",
            assets=tuple(sorted(asset for part in parts for asset in part)),
            reason=group.reason if group.reason.endswith(SPLIT) else group.reason + SPLIT,
            parts=tuple(parts),
        )
        for number, parts in enumerate((ordered[:middle], ordered[middle:]), start=1)
    )
    return first, second


class FlowEnds:
    """The assets at both ends of every flow: an application stands for all its members."""

    def __init__(self, estate: Estate) -> None:
        members: dict[int, list[Ref]] = defaultdict(list)
        for member in estate.application_members:
            members[member.application_id].append(member.object)
        self._members = members
        self.flows: tuple[tuple[Flow, tuple[Ref, ...], tuple[Ref, ...]], ...] = tuple(
            (flow, self._assets(flow.source), self._assets(flow.target)) for flow in estate.flows
        )

    def _assets(self, end: Ref) -> tuple[Ref, ...]:
        if end.kind == "applications":
            return tuple(self._members.get(end.id, ()))
        return (end,)


TightFlow = tuple[Flow, tuple[Ref, ...], float]
"""A flow, the assets at both its ends, and the way between sites in ms that it does not stand."""


def tight_flows(
    ends: FlowEnds, standing: Mapping[Ref, int], intersite_latency_ms: float
) -> tuple[TightFlow, ...]:
    """Flows that stand less than the way between sites, and whose ends all stand at one site today.

    `standing`: asset → site, without retired assets and those of unknown site, which count for no flow.
    """
    found: list[TightFlow] = []
    for flow, sources, targets in ends.flows:
        if flow.latency_ms is None or flow.latency_ms >= intersite_latency_ms:
            continue
        both = [tuple(dict.fromkeys(a for a in end if a in standing)) for end in (sources, targets)]
        if all(both) and len({standing[a] for end in both for a in end}) == 1:
            assets = tuple(sorted({a for end in both for a in end}))
            found.append((flow, assets, intersite_latency_ms))
    return tuple(found)


class _Ties:
    """Union-find over the moving assets, with sizes and the reasons of each join."""

    def __init__(self, assets: Iterable[Ref]) -> None:
        self._parent = {asset: asset for asset in assets}
        self._size = dict.fromkeys(self._parent, 1)
        self.reasons: dict[Ref, dict[str, None]] = defaultdict(dict)

    def __contains__(self, asset: Ref) -> bool:
        return asset in self._parent

    def root(self, asset: Ref) -> Ref:
        while self._parent[asset] != asset:
            self._parent[asset] = self._parent[self._parent[asset]]
            asset = self._parent[asset]
        return asset

    def size(self, asset: Ref) -> int:
        return self._size[self.root(asset)]

    def join(self, assets: Iterable[Ref], reason: str, limit: int | None = None) -> bool:
        """Tie assets together; with a limit only if the whole stays within it. Says whether they are one group now."""
        roots = sorted({self.root(asset) for asset in assets if asset in self._parent})
        if len(roots) < 2:
            return True
        if limit is not None and sum(self._size[root] for root in roots) > limit:
            return False
        first = roots[0]
        for other in roots[1:]:
            self._parent[other] = first
            self._size[first] += self._size[other]
            self.reasons[first] |= self.reasons.pop(other, {})
        self.reasons[first][reason] = None
        return True


def form(
    estate: Estate, movers: Mapping[Ref, int | None], ends: FlowEnds, tight: Iterable[TightFlow]
) -> tuple[Group, ...]:
    """Group the moving assets (`movers`: asset → its site, or None).

    Every mover is in exactly one group; groups are numbered by their first asset. `tight` flows tie their ends.
    """
    belonging = Belonging(estate)
    ties = _Ties(sorted(movers))
    _tie_hard(estate, belonging, ties, tight)
    held = {asset: ties.root(asset) for asset in movers}
    _tie_applications(estate, ties)
    _tie_heavy_flows(ties, movers, ends)
    _bundle_rest(belonging, ties, movers)
    return _numbered(estate, belonging, ties, movers, held)


def _tie_hard(estate: Estate, belonging: Belonging, ties: _Ties, tight: Iterable[TightFlow]) -> None:
    for parent, children in sorted(belonging.children.items()):
        moving = [Ref("devices", parent), *(Ref("devices", child.id) for child in children)]
        if moving[0] in ties:
            ties.join(moving, "a chassis and what sits in it")
    for constraint in estate.constraints:
        if constraint.kind == "together":
            ties.join(
                constraint.members, f"together: {constraint.name or constraint.reason or constraint.id}"
            )
    for flow, assets, _ in tight:
        ties.join(assets, f"flow {flow.id} stands {flow.latency_ms:g} ms, the way between sites takes longer")


def _tie_applications(estate: Estate, ties: _Ties) -> None:
    members: dict[int, list[Ref]] = defaultdict(list)
    for member in estate.application_members:
        if member.object in ties:
            members[member.application_id].append(member.object)
    for application in sorted(estate.applications, key=lambda a: (len(members[a.id]), a.id)):
        if not application.is_shared_service:
            ties.join(members[application.id], f"application {application.name}", MAX_ASSETS)


def _tie_heavy_flows(ties: _Ties, movers: Mapping[Ref, int | None], ends: FlowEnds) -> None:
    heavy = [entry for entry in ends.flows if entry[0].rate_mbps]
    for flow, sources, targets in sorted(heavy, key=lambda entry: (-(entry[0].rate_mbps or 0), entry[0].id)):
        tied = [asset for asset in (*sources, *targets) if asset in ties]
        if tied and len({movers[asset] for asset in tied}) == 1:
            ties.join(tied, f"flow {flow.id} of {flow.rate_mbps:g} Mbit/s", MAX_ASSETS)


def _bundle_rest(belonging: Belonging, ties: _Ties, movers: Mapping[Ref, int | None]) -> None:
    """Fill small groups of one site, partner and kind up to the limit, so that a room empties in few visits."""
    bundles: dict[tuple[int, str, str], Ref] = {}
    sites: dict[Ref, set[int | None]] = defaultdict(set)
    for asset, site in movers.items():
        sites[ties.root(asset)].add(site)
    for root in sorted(sites, key=lambda r: (-ties.size(r), r)):
        (site, *more) = sites[root]
        if more or site is None:
            continue
        key = (site, belonging.partner_of(root) or "", root.kind)
        open_bundle = bundles.get(key)
        if open_bundle is None or not ties.join([open_bundle, root], "the same room and partner", MAX_ASSETS):
            bundles[key] = root


def _numbered(
    estate: Estate,
    belonging: Belonging,
    ties: _Ties,
    movers: Mapping[Ref, int | None],
    held: Mapping[Ref, Ref],
) -> tuple[Group, ...]:
    members: dict[Ref, list[Ref]] = defaultdict(list)
    for asset in movers:
        members[ties.root(asset)].append(asset)
    shared = {a.id for a in estate.applications if a.is_shared_service}
    groups: list[Group] = []
    for number, root in enumerate(sorted(members, key=lambda r: min(members[r])), start=1):
        assets = tuple(sorted(members[root]))
        parts: dict[Ref, list[Ref]] = defaultdict(list)
        for asset in assets:
            parts[held[asset]].append(asset)
        reasons = list(ties.reasons.get(root, {})) or ["alone"]
        more = f" and {len(reasons) - 3} more ties" if len(reasons) > 3 else ""
        site = estate.by_id("sites").get(movers[assets[0]] or 0)
        groups.append(
            Group(
                id=f"G{number:04d}",
                name=f"{site.name if site else 'no site'}, {len(assets)} assets",
                assets=assets,
                reason="; ".join(reasons[:3]) + more,
                is_shared_service=any(
                    a in shared for asset in assets for a in belonging.applications_of.get(asset, ())
                ),
                parts=tuple(tuple(part) for part in parts.values()),
            )
        )
    return tuple(groups)
