"""Workloads on cloud hosts: which pool, how many hosts of which type, and which workload on which host.

Between the domain and the packing solver. Tenancy zones and storage tiers choose the pool; `cloud_hosts` fills its
hosts; what is kept apart by rack or feed is dealt to as many sectors as the largest such constraint needs. Where the
hosts are mounted is `placement`'s, over `rack_items`; whether the reserve holds there, `cloud_reserve`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from capacity.belonging import NO_PARTNER, Belonging
from capacity.facility import CloudPool, Facility, HostType
from capacity.placing.cloud_hosts import Fleet, Piece, fleet
from capacity.placing.cloud_storage import NO_LIMIT
from capacity.placing.rack_items import Refusal, name_of, unproven
from capacity.plan import AssetDemand
from capacity.solvers import packing
from inventory.estate import Estate, Ref

WORKLOAD_DIMENSIONS = ("vcpus", "memory_mb", "disk_mb")
APART_SCOPES = ("host", "rack", "feed")
EFFORT_EACH = 250.0  # of packing for each bundle: a larger pool's hosts are searched as long, piece by piece
COLOURS = 1_000_000  # of a pool at most: hosts of one colour stand in different racks


@dataclass(frozen=True, slots=True)
class HostLayout:
    """A host to buy: the workloads on it (none on a reserve host) and what it is kept apart by, rack by rack.

    `apart` are ids of constraints, or negative numbers of colours: no two hosts of a colour in one rack. `side`: the
    feed of its position that a host with a single cord takes, counted from 0; None: any.
    """

    id: str
    pool: CloudPool
    kind: HostType
    workloads: tuple[Ref, ...]
    apart: tuple[int, ...]
    side: int | None = None


@dataclass(slots=True)
class CloudLayout:
    hosts: list[HostLayout] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    crowded: list[tuple[Ref, tuple[str, ...]]] = field(default_factory=list)  # left out, and the pools tried
    tier_of: dict[Ref, str] = field(default_factory=dict)  # of workloads that ask for a storage tier


@dataclass(frozen=True, slots=True)
class Bundle:
    """Workloads that share a host: their sums in WORKLOAD_DIMENSIONS, pools they may use, what they are apart by.

    `disks_mb`: storage tier asked for (None: the pool's default) and MB.
    """

    refs: tuple[Ref, ...]
    sizes: tuple[float, float, float]
    pools: tuple[int, ...]
    host_apart: tuple[int, ...]
    rack_apart: tuple[int, ...]
    feed_apart: tuple[int, ...] = ()
    disks_mb: tuple[tuple[str | None, float], ...] = ()


class CloudPlacer:
    """Lays out the cloud of one estate and facility; `lay_out` may be asked again with fewer hosts."""

    def __init__(
        self, estate: Estate, facility: Facility, demands: Mapping[Ref, AssetDemand], workloads: Iterable[Ref]
    ) -> None:
        self.estate, self.facility, self.demands = estate, facility, demands
        self.belonging = Belonging(estate)
        self.refusals: list[Refusal] = []
        self._open_to: dict[tuple[frozenset[str], bool], tuple[int, ...]] = {}
        self._feeds = max([1, *(len(position.feeds) for position in facility.positions)])
        proven = [ref for ref in sorted(workloads) if self._is_proven(ref)]
        self.bundles: tuple[Bundle, ...] = tuple(self._bundles(proven))
        self._tier_of = {ref: min(tiers) for ref in proven if (tiers := self.tiers_of(ref))}

    def _is_proven(self, ref: Ref) -> bool:
        name = name_of(self.estate, ref)
        if missing := unproven(self.demands.get(ref), WORKLOAD_DIMENSIONS):
            text = f"{name} is unproven: {', '.join(missing)} unknown"
            self.refusals.append(Refusal(ref, missing[0], name, text, is_unproven=True))
            return False
        if not self._serving(ref):
            zones = self._zones(ref)
            asked = f"zone {' and '.join(sorted(zones))}" if zones else "workloads without a zone"
            whose = (
                ""
                if self.belonging.partner_of(ref)
                else f" and is owned by {NO_PARTNER}, as {name} has no partner"
            )
            self.refusals.append(Refusal(ref, "zone", name, f"no pool serves {asked}{whose}"))
            return False
        tiers = self.tiers_of(ref)
        if len(tiers) > 1:
            text = f"{name} is asked to be on storage {' and '.join(sorted(tiers))} at once"
            self.refusals.append(Refusal(ref, "tier", name, text))
            return False
        if not self._pools(ref):
            (tier,) = tiers
            text = f"no pool that serves {name} has storage {tier}"
            self.refusals.append(Refusal(ref, "tier", name, text))
            return False
        return True

    def _zones(self, ref: Ref) -> set[str]:
        return self._asked("zone", ref)

    def tiers_of(self, ref: Ref) -> set[str]:
        """The storage tiers that constraints ask for; more than one can't be had."""
        return self._asked("tier", ref)

    def _asked(self, kind: str, ref: Ref) -> set[str]:
        ids = self.belonging.constraints_of.get(ref)
        if not ids:
            return set()
        constraints = self.estate.by_id("constraints")
        asked = (constraints[i] for i in ids)
        return {c.value for c in asked if c.kind == kind and c.value is not None}

    def _serving(self, ref: Ref) -> tuple[int, ...]:
        """Pools whose tenancy a workload fits."""
        zones = frozenset(self._zones(ref))
        has_partner = self.belonging.partner_of(ref) is not None
        if (zones, has_partner) not in self._open_to:
            self._open_to[zones, has_partner] = tuple(
                i
                for i, pool in enumerate(self.facility.pools)
                if (zones <= set(pool.zones) if zones else pool.is_default)
                and (has_partner or pool.owner == NO_PARTNER)
            )
        return self._open_to[zones, has_partner]

    def _pools(self, ref: Ref) -> tuple[int, ...]:
        """Pools a workload may run in: those that serve it and have the storage tier it asks for."""
        tiers = self.tiers_of(ref)
        if not tiers:
            return self._serving(ref)
        offered = self.facility.pools
        return tuple(i for i in self._serving(ref) if tiers <= {tier.name for tier in offered[i].all_tiers})

    def _bundles(self, refs: Sequence[Ref]) -> Iterable[Bundle]:
        present = set(refs)
        leader = {ref: ref for ref in refs}

        def top(ref: Ref) -> Ref:
            while leader[ref] != ref:
                ref = leader[ref]
            return ref

        apart: dict[str, dict[Ref, list[int]]] = {scope: {} for scope in APART_SCOPES}
        for constraint in self.estate.constraints:
            if constraint.scope not in APART_SCOPES or constraint.kind not in ("together", "apart"):
                continue
            members = sorted({m for m in constraint.members if m in present})
            for member in members:
                if constraint.kind == "apart":
                    apart[constraint.scope].setdefault(member, []).append(constraint.id)
                elif constraint.scope != "feed":  # one host is one rack: the same host serves both scopes
                    one, other = sorted((top(members[0]), top(member)))
                    leader[other] = one
        groups: dict[Ref, list[Ref]] = {}
        for ref in refs:
            groups.setdefault(top(ref), []).append(ref)
        for members in groups.values():
            bundle = self._bundle(members, apart)
            if bundle is not None:
                yield bundle

    def _bundle(self, refs: Sequence[Ref], apart: Mapping[str, Mapping[Ref, list[int]]]) -> Bundle | None:
        pools = set(self._pools(refs[0])).intersection(*(self._pools(ref) for ref in refs[1:]))
        lists = {scope: [i for ref in refs for i in apart[scope].get(ref, ())] for scope in APART_SCOPES}
        clash = (
            "served by no common pool" if not pools
            else "asked to be apart" if any(len(set(ids)) < len(ids) for ids in lists.values())
            else None
        )  # fmt: skip
        if clash is not None:
            for ref in refs:
                name = name_of(self.estate, ref)
                text = f"{name} is to share a host with workloads that are {clash}"
                self.refusals.append(Refusal(ref, "together", name, text))
            return None
        amounts = [[self.demands[ref].quantities[d].planning for d in WORKLOAD_DIMENSIONS] for ref in refs]
        vcpus, memory_mb, disk_mb = (sum(column) for column in zip(*amounts, strict=True))
        disks: Counter[str | None] = Counter()
        for ref, sizes in zip(refs, amounts, strict=True):
            disks[next(iter(self.tiers_of(ref)), None)] += sizes[2]  # type: ignore[assignment]
        return Bundle(
            tuple(refs),
            (vcpus, memory_mb, disk_mb),
            tuple(sorted(pools)),
            tuple(sorted(lists["host"])),
            tuple(sorted(lists["rack"])),
            tuple(sorted(lists["feed"])),
            tuple(disks.items()),
        )

    def lay_out(
        self,
        most_hosts: Mapping[str, int],
        *,
        seed: int = 0,
        barred: Collection[Ref] = (),
        spread: Mapping[str, int] | None = None,
    ) -> CloudLayout:
        """Hosts and who runs on them, with at most `most_hosts` hosts of a pool (those not named: as the pool says).

        `barred`: workloads that stay out. `spread` says by pool how its reserve is kept clear of what is kept apart:
        0, in a rack with none of it; 1, twice the hosts, each in another rack; 2, anywhere.
        """
        layout = CloudLayout(refusals=list(self.refusals), tier_of=dict(self._tier_of))
        waiting = [b for b, bundle in enumerate(self.bundles) if not set(bundle.refs) & set(barred)]
        stock = self._stock()
        for number, pool in enumerate(self.facility.pools):
            mine = [b for b in waiting if number in self.bundles[b].pools]
            limit = min(
                most_hosts.get(pool.name, NO_LIMIT), NO_LIMIT if pool.max_hosts is None else pool.max_hosts
            )
            level = (spread or {}).get(pool.name, 0)
            is_racked = any(self.bundles[b].rack_apart or self.bundles[b].feed_apart for b in mine)
            empty = pool.reserve_hosts * (2 if level == 1 and is_racked else 1)
            pieces = [self._piece(pool, b) for b in mine]
            found = fleet(pool, pieces, limit, stock, partial(self._pack, mine, seed), empty)
            self._add_hosts(layout, number, mine, found, level)
            for kind in found.kinds:
                if kind.model in stock:
                    stock[kind.model] -= 1
            placed = {b for b, host in zip(mine, found.host, strict=True) if host >= 0}
            waiting = [b for b in waiting if b not in placed]
        for b in waiting:
            tried = tuple(self.facility.pools[i].name for i in self.bundles[b].pools)
            layout.crowded += [(ref, tried) for ref in self.bundles[b].refs]
        return layout

    def _stock(self) -> dict[str, int]:
        kinds = [kind for pool in self.facility.pools for kind in pool.host_types]
        return {kind.model: kind.stock for kind in kinds if kind.stock is not None}

    def _piece(self, pool: CloudPool, number: int) -> Piece:
        bundle = self.bundles[number]
        tiers = {tier.name: i for i, tier in enumerate(pool.all_tiers)}
        disks: Counter[int] = Counter()
        for tier, disk_mb in bundle.disks_mb:
            disks[tiers[tier or pool.tier]] += disk_mb  # type: ignore[assignment]
        return Piece(bundle.sizes[0], bundle.sizes[1], disks, len(bundle.refs))

    def _pack(
        self, mine: Sequence[int], seed: int, kept: Sequence[int], room: tuple[float, float], most: int
    ) -> list[int]:
        """The host number of each piece `kept`, -1 for none; equal hosts with so much room."""
        bundles = [self.bundles[mine[i]] for i in kept]
        racked = _classes([(*b.rack_apart, *b.feed_apart) for b in bundles])
        solution = packing.solve(
            packing.Problem(
                sizes=np.array([b.sizes[:2] for b in bundles], dtype=np.float64).reshape(-1, 2),
                capacity=np.array(room, dtype=np.float64),
                value=np.array([len(b.refs) for b in bundles], dtype=np.float64),
                most_bins=most,
                apart=_classes([b.host_apart for b in bundles]),
                sector_apart=racked,
                sectors=max([1, *(len(members) for members in racked)]),
            ),
            seed=seed,
            effort=max(packing.EFFORT, EFFORT_EACH * len(bundles)),
        )
        return [int(host) for host in solution.bin]

    def _add_hosts(
        self, layout: CloudLayout, number: int, mine: Sequence[int], found: Fleet, level: int
    ) -> None:
        pool = self.facility.pools[number]
        inside: list[list[Bundle]] = [[] for _ in found.kinds]
        for b, host in zip(mine, found.host, strict=True):
            if host >= 0:
                inside[host].append(self.bundles[b])
        racked = sorted({i for bundles in inside for b in bundles for i in (*b.rack_apart, *b.feed_apart)})
        sides: dict[int, list[int]] = {}
        for host, (kind, bundles) in enumerate(zip(found.kinds, inside, strict=True)):
            apart = sorted({i for b in bundles for i in (*b.rack_apart, *b.feed_apart)})
            if host >= found.working and racked:
                apart = racked if level == 0 else [-1 - COLOURS * number - COLOURS // 2] if level == 1 else []
            if pool.failure_domain == "rack" and pool.reserve_hosts:
                apart = [*apart, -1 - COLOURS * number - host % pool.reserve_hosts]
            bound = {i for b in bundles for i in b.feed_apart}
            side = _side(sides, bound, self._feeds) if kind.redundancy.strip().endswith("+0") else None
            refs = tuple(sorted(ref for b in bundles for ref in b.refs))
            name = f"{pool.name}-host-{host + 1:03d}"
            layout.hosts.append(HostLayout(name, pool, kind, refs, tuple(apart), side))


def _side(taken: dict[int, list[int]], constraints: Collection[int], feeds: int) -> int | None:
    """The feed of a position least used by others under one of these constraints; None without any constraint."""
    if not constraints:
        return None
    used = [side for constraint in constraints for side in taken.get(constraint, ())]
    side = min(range(feeds), key=lambda feed: (used.count(feed), feed))
    for constraint in constraints:
        taken.setdefault(constraint, []).append(side)
    return side


def _classes(lists: Sequence[Sequence[int]]) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]:
    """Numbers of the bundles under each constraint that names at least two."""
    members: dict[int, list[int]] = {}
    for i, ids in enumerate(lists):
        for constraint in ids:
            members.setdefault(constraint, []).append(i)
    return tuple(np.array(found, dtype=np.int64) for _, found in sorted(members.items()) if len(found) > 1)
