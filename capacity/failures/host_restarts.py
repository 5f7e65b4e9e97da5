"""Which workloads start again elsewhere when cloud hosts are gone, and what their pool's storage has left.

Only the surviving hosts of the same pool take them, within overcommit, members kept apart still apart, members of one
host still together; what already runs there stays. Whether there is room is a bin packing, solved by
`solvers.restarting`. Answers are kept: many losses take the same hosts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.facility import CloudPool
from capacity.failures.application_states import APART_SCOPES
from capacity.failures.standing import Standing, host_type
from capacity.placing.cloud_storage import storable_mb
from capacity.plan import CloudHost
from capacity.resources import TOLERANCE
from capacity.solvers import restarting
from inventory.estate import Constraint, Ref

Floats = NDArray[np.float64]
DIMENSIONS = ("vcpus", "memory_mb")


@dataclass(frozen=True, slots=True)
class TierEffect:
    """One storage tier: `stored_mb` of data, `storable_mb` with all its copies apart on what is left. `domains` (hosts
    or racks) that lost hosts; `may_lose_data`: they are as many as the copies.
    """

    tier: str
    stored_mb: float
    storable_mb: float
    replicas: int
    domains: int

    @property
    def is_short(self) -> bool:
        """What is left can't hold every copy; where nothing is left there is nothing to hold."""
        return self.storable_mb > 0 and self.stored_mb > self.storable_mb + TOLERANCE

    @property
    def may_lose_data(self) -> bool:
        return self.stored_mb > 0 and self.domains >= self.replicas


@dataclass(frozen=True, slots=True)
class PoolEffect:
    """A pool with hosts gone. `moved`: where each workload starts again; `stranded`: no room for these, and it is
    proven that not all of them fit; `undecided`: no room found, which proves nothing. `tiers`: storage of each tier in
    use; every copy of what is on one that may lose data may have stood on what is gone.
    """

    pool: str
    hosts: tuple[str, ...]
    moved: tuple[tuple[Ref, str], ...]
    stranded: tuple[Ref, ...]
    undecided: tuple[Ref, ...]
    tiers: tuple[TierEffect, ...]


class HostRestarts:
    """The pools of one moment. Hosts are numbered as in `standing.hosts`."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self.pool_of = np.array([list(standing.pools).index(h.pool) for h in standing.hosts], dtype=np.int64)
        number = {host.id: n for n, host in enumerate(standing.hosts)}
        self.running: dict[int, list[Ref]] = defaultdict(list)
        for ref, host in standing.host_of.items():
            self.running[number[host]].append(ref)
        self._held: dict[int, list[Ref]] = defaultdict(list)
        for ref, host in standing.held.items():
            self._held[number[host]].append(ref)
        self._apart_of: dict[Ref, list[Constraint]] = defaultdict(list)
        self._together_of: dict[Ref, list[Constraint]] = defaultdict(list)
        for constraint in standing.estate.constraints:
            for member in dict.fromkeys(constraint.members):
                if constraint.kind == "apart" and constraint.scope in APART_SCOPES:
                    self._apart_of[member].append(constraint)
                if constraint.kind == "together" and constraint.scope == "host":
                    self._together_of[member].append(constraint)
        self._racks = {rack: n for n, rack in enumerate(standing.zone_of)}
        self._rack_of = {placed.asset: placed.rack for placed in standing.plan.devices}
        self._host_number = number
        self._known: dict[tuple[int, ...], PoolEffect] = {}
        self._sizes = {ref: self._size(ref) for ref in standing.held}
        self._rooms = np.array([self._room(n) for n in range(len(standing.hosts))]).reshape(-1, 2)
        self._tier_asked = {
            member: constraint.value
            for constraint in standing.estate.constraints
            if constraint.kind == "tier" and constraint.value is not None
            for member in constraint.members
        }
        self._stored_mb = [self._stored(n) for n in range(len(standing.hosts))]
        self.on_tier: dict[tuple[str, str], list[Ref]] = defaultdict(list)
        for n, one in enumerate(standing.hosts):
            for ref in self.running[n]:
                self.on_tier[one.pool, self.tier_of(ref, standing.pools[one.pool])].append(ref)

    def _stored(self, host: int) -> dict[str, float]:
        """MB of data of the workloads on a host, by storage tier."""
        pool = self._standing.pools[self._standing.hosts[host].pool]
        stored: dict[str, float] = defaultdict(float)
        for ref in self._held[host]:
            stored[self.tier_of(ref, pool)] += self._disk(ref)
        return stored

    def effects(self, down: Iterable[int]) -> list[PoolEffect]:
        """One effect for each pool that has hosts among these."""
        by_pool: dict[int, list[int]] = defaultdict(list)
        for host in sorted(down):
            by_pool[int(self.pool_of[host])].append(host)
        return [self._effect(tuple(hosts)) for _, hosts in sorted(by_pool.items())]

    def _effect(self, down: tuple[int, ...]) -> PoolEffect:
        if down not in self._known:
            self._known[down] = self._work_out(down)
        return self._known[down]

    def _work_out(self, down: tuple[int, ...]) -> PoolEffect:
        hosts = self._standing.hosts
        pool = self._standing.pools[hosts[down[0]].pool]
        mates = [n for n in range(len(hosts)) if self.pool_of[n] == self.pool_of[down[0]]]
        left = [n for n in mates if n not in down]
        packs = self._packs([ref for n in down for ref in self.running[n]])
        sizes = np.array([self._size_of(pack) for pack in packs], dtype=float).reshape(-1, len(DIMENSIONS))
        found = restarting.place(sizes, self._rooms[left].reshape(-1, 2), *self._conflicts(packs, left))
        moved = [
            (ref, hosts[left[b]].id)
            for pack, b in zip(packs, found.bin_of.tolist(), strict=True)
            if b >= 0
            for ref in pack
        ]
        rest = tuple(
            sorted(ref for pack, b in zip(packs, found.bin_of.tolist(), strict=True) if b < 0 for ref in pack)
        )
        tiers = self._tiers(pool, mates, down)
        return PoolEffect(
            pool.name,
            tuple(hosts[n].id for n in down),
            tuple(sorted(moved)),
            rest if found.is_proven else (),
            () if found.is_proven else rest,
            tiers,
        )

    def _tiers(self, pool: CloudPool, mates: list[int], down: tuple[int, ...]) -> tuple[TierEffect, ...]:
        """Each tier with data in it; copies stand in different failure domains of the pool."""
        by_rack = pool.failure_domain == "rack"
        domains = {n: self._standing.hosts[n].rack if by_rack else str(n) for n in mates}
        hit = {domains[n] for n in down}
        stored: dict[str, float] = defaultdict(float)
        for n in mates:
            for name, amount_mb in self._stored_mb[n].items():
                stored[name] += amount_mb
        found = []
        for tier in pool.all_tiers:
            shares: dict[str, float] = defaultdict(float)
            for n in mates:
                if n not in down:
                    raw = pool.raw_mb(host_type(pool, self._standing.hosts[n]), tier.name)
                    shares[domains[n]] += raw * tier.storage_fill
            if stored.get(tier.name):
                left = storable_mb(list(shares.values()), tier.replicas)
                found.append(TierEffect(tier.name, stored[tier.name], left, tier.replicas, len(hit)))
        return tuple(found)

    def tier_of(self, ref: Ref, pool: CloudPool) -> str:
        """The storage tier a workload asks for, else its pool's default one."""
        asked = self._tier_asked.get(ref)
        return asked if asked in {tier.name for tier in pool.all_tiers} else pool.tier

    def _size(self, ref: Ref) -> Floats:
        demand = self._standing.demands.get(ref)
        quantities = demand.quantities if demand else {}
        return np.array([quantities[d].planning if d in quantities else 0.0 for d in DIMENSIONS])

    def _size_of(self, pack: list[Ref]) -> Floats:
        return self._sizes[pack[0]] if len(pack) == 1 else np.sum([self._sizes[ref] for ref in pack], axis=0)

    def _disk(self, ref: Ref) -> float:
        demand = self._standing.demands.get(ref)
        quantity = demand.quantities.get("disk_mb") if demand else None
        return quantity.planning if quantity else 0.0

    def _room(self, host: int) -> Floats:
        """What a host has left, in the order of `DIMENSIONS`."""
        pool: CloudPool = self._standing.pools[self._standing.hosts[host].pool]
        kind = host_type(pool, self._standing.hosts[host])
        whole = np.array([kind.vcpus * pool.cpu_overcommit, kind.memory_mb * pool.memory_overcommit])
        held: Floats = np.sum([np.zeros(2), *(self._sizes[ref] for ref in self._held[host])], axis=0)
        return whole - held

    def _packs(self, refs: list[Ref]) -> list[list[Ref]]:
        """Workloads that must share a host start again together; the others each for itself."""
        pack_of: dict[Ref, list[Ref]] = {ref: [ref] for ref in refs}
        for ref in refs:
            for constraint in self._together_of.get(ref, ()):
                for mate in constraint.members:
                    if mate in pack_of and pack_of[mate] is not pack_of[ref]:
                        joined = [*pack_of[ref], *pack_of[mate]]
                        pack_of |= dict.fromkeys(joined, joined)
        return list({id(pack): pack for pack in pack_of.values()}.values())

    def _conflicts(
        self, packs: list[list[Ref]], left: list[int]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Classes of each pack, the place of each bin in each class, and the places taken by what stands still."""
        hosts = self._standing.hosts
        moving = {ref for pack in packs for ref in pack}
        apart = {c.id: c for pack in packs for ref in pack for c in self._apart_of.get(ref, ())}
        number = {constraint_id: n for n, constraint_id in enumerate(apart)}
        of_pack = [
            sorted({number[c.id] for ref in pack for c in self._apart_of.get(ref, ())}) for pack in packs
        ]
        width = max((len(classes) for classes in of_pack), default=0)
        classes = np.full((len(packs), width), -1, dtype=np.int64)
        for row, mine in enumerate(of_pack):
            classes[row, : len(mine)] = mine
        places = np.zeros((len(apart), len(left)), dtype=np.int64)
        taken = np.zeros((len(apart), max(len(hosts), len(self._racks)) + 1), dtype=np.bool_)
        for n, constraint in enumerate(apart.values()):
            by_host = (
                constraint.scope == "host"
            )  # things in one rack share its feeds: scope feed keeps to racks too
            places[n] = [h if by_host else self._racks.get(hosts[h].rack, 0) for h in left]
            for member in constraint.members:
                place = self._place_of(member, by_host=by_host)
                if place is not None and member not in moving:
                    taken[n, place] = True
        return classes, places, taken

    def _place_of(self, ref: Ref, *, by_host: bool) -> int | None:
        host = self._standing.held.get(ref)
        if by_host:
            return None if host is None else self._host_number[host]
        rack = self._rack_of.get(ref) if host is None else self._hosts_rack(host)
        return None if rack is None else self._racks.get(rack)

    def _hosts_rack(self, host: str) -> str:
        found: CloudHost = self._standing.hosts[self._host_number[host]]
        return found.rack
