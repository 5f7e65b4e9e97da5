"""Workloads on cloud hosts: which pool, how many hosts, and which workload on which host.

Between the domain and the packing solver. Tenancy zones choose the pool; vCPUs and memory fill hosts, disk fills the
pool; reserve hosts stay empty; hosts kept apart by rack are dealt to as many sectors as the largest such constraint
needs. Where the hosts are mounted is `placement`'s, over `rack_items`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from capacity.belonging import NO_PARTNER, Belonging
from capacity.facility import CloudPool, Facility
from capacity.placing.rack_items import Refusal, name_of, unproven
from capacity.plan import AssetDemand
from capacity.resources import TOLERANCE
from capacity.solvers import packing
from inventory.estate import Estate, Ref

WORKLOAD_DIMENSIONS = ("vcpus", "memory_mb", "disk_mb")


@dataclass(frozen=True, slots=True)
class HostLayout:
    """A host to buy: the workloads on it (none on a reserve host) and the rack-apart constraints they bring."""

    id: str
    pool: CloudPool
    workloads: tuple[Ref, ...]
    apart: tuple[int, ...]


@dataclass(slots=True)
class CloudLayout:
    hosts: list[HostLayout] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    crowded: list[tuple[Ref, tuple[str, ...]]] = field(default_factory=list)  # left out, and the pools tried


@dataclass(frozen=True, slots=True)
class Bundle:
    """Workloads that share a host: their sums in WORKLOAD_DIMENSIONS, pools they may use, what they are apart by."""

    refs: tuple[Ref, ...]
    sizes: tuple[float, float, float]
    pools: tuple[int, ...]
    host_apart: tuple[int, ...]
    rack_apart: tuple[int, ...]


def usable_storage_mb(pool: CloudPool, hosts: int) -> float:
    """Usable disk of a pool of so many hosts, reserve included in the number."""
    return max(0, hosts - pool.reserve_hosts) * pool.host_type.storage_mb * pool.storage_fill / pool.replicas


def host_capacity(pool: CloudPool) -> tuple[float, float]:
    """What may be promised on one host: vCPUs, and MB of memory."""
    kind = pool.host_type
    return kind.vcpus * pool.cpu_overcommit, kind.memory_mb * pool.memory_overcommit


def storage_hosts(pool: CloudPool, disk_mb: float) -> int:
    """Hosts, reserve apart, whose storage holds so much disk."""
    each = pool.host_type.storage_mb * pool.storage_fill / pool.replicas
    return math.ceil(disk_mb / each - 1e-9) if each > 0 else (0 if disk_mb <= 0 else 10**9)


class CloudPlacer:
    """Lays out the cloud of one estate and facility; `lay_out` may be asked again with fewer hosts."""

    def __init__(
        self, estate: Estate, facility: Facility, demands: Mapping[Ref, AssetDemand], workloads: Iterable[Ref]
    ) -> None:
        self.estate, self.facility, self.demands = estate, facility, demands
        self.belonging = Belonging(estate)
        self.refusals: list[Refusal] = []
        proven = [ref for ref in sorted(workloads) if self._is_proven(ref)]
        self.bundles: tuple[Bundle, ...] = tuple(self._bundles(proven))

    def _is_proven(self, ref: Ref) -> bool:
        name = name_of(self.estate, ref)
        if missing := unproven(self.demands.get(ref), WORKLOAD_DIMENSIONS):
            text = f"{name} is unproven: {', '.join(missing)} unknown"
            self.refusals.append(Refusal(ref, missing[0], name, text, is_unproven=True))
            return False
        if not self._pools(ref):
            zones = self._zones(ref)
            asked = f"zone {' and '.join(sorted(zones))}" if zones else "workloads without a zone"
            whose = (
                ""
                if self.belonging.partner_of(ref)
                else f" and is owned by {NO_PARTNER}, as {name} has no partner"
            )
            self.refusals.append(Refusal(ref, "zone", name, f"no pool serves {asked}{whose}"))
            return False
        return True

    def _zones(self, ref: Ref) -> set[str]:
        constraints = self.estate.by_id("constraints")
        ids = self.belonging.constraints_of.get(ref, ())
        return {
            constraints[i].value
            for i in ids
            if constraints[i].kind == "zone" and constraints[i].value is not None
        }

    def _pools(self, ref: Ref) -> tuple[int, ...]:
        zones = self._zones(ref)
        has_partner = self.belonging.partner_of(ref) is not None
        return tuple(
            i
            for i, pool in enumerate(self.facility.pools)
            if (zones <= set(pool.zones) if zones else pool.is_default)
            and (has_partner or pool.owner == NO_PARTNER)
        )

    def _bundles(self, refs: Sequence[Ref]) -> Iterable[Bundle]:
        present = set(refs)
        leader = {ref: ref for ref in refs}

        def top(ref: Ref) -> Ref:
            while leader[ref] != ref:
                ref = leader[ref]
            return ref

        apart: dict[str, dict[Ref, list[int]]] = {"host": {}, "rack": {}}
        for constraint in self.estate.constraints:
            if constraint.scope not in ("rack", "host") or constraint.kind not in ("together", "apart"):
                continue
            members = sorted({m for m in constraint.members if m in present})
            for member in members:
                if constraint.kind == "apart":
                    apart[constraint.scope].setdefault(member, []).append(constraint.id)
                else:  # one host is one rack: the same host serves both scopes
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
        pools = set(self._pools(refs[0])).intersection(*(self._pools(ref) for ref in refs))
        lists = {scope: [i for ref in refs for i in apart[scope].get(ref, ())] for scope in ("host", "rack")}
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
        return Bundle(
            tuple(refs),
            (vcpus, memory_mb, disk_mb),
            tuple(sorted(pools)),
            tuple(sorted(lists["host"])),
            tuple(sorted(lists["rack"])),
        )

    def lay_out(self, most_hosts: Mapping[str, int], *, seed: int = 0) -> CloudLayout:
        """Hosts and who runs on them, with at most `most_hosts` hosts of a pool (those not named: as the pool says)."""
        layout = CloudLayout(refusals=list(self.refusals))
        waiting = list(range(len(self.bundles)))
        for number, pool in enumerate(self.facility.pools):
            mine = [b for b in waiting if number in self.bundles[b].pools]
            limit = min(most_hosts.get(pool.name, 10**9), 10**9 if pool.max_hosts is None else pool.max_hosts)
            host_of = self._pack(pool, mine, max(0, limit - pool.reserve_hosts), seed)
            self._add_hosts(layout, pool, mine, host_of, limit)
            placed = {b for b, host in zip(mine, host_of, strict=True) if host >= 0}
            waiting = [b for b in waiting if b not in placed]
        for b in waiting:
            tried = tuple(self.facility.pools[i].name for i in self.bundles[b].pools)
            layout.crowded += [(ref, tried) for ref in self.bundles[b].refs]
        return layout

    def _pack(self, pool: CloudPool, mine: Sequence[int], most: int, seed: int) -> list[int]:
        """The host number of each bundle, -1 for none."""
        host_of = [-1] * len(mine)
        if not mine or most == 0:
            return host_of
        kept = self._within_storage(pool, mine, most)
        bundles = [self.bundles[mine[i]] for i in kept]
        solution = packing.solve(
            packing.Problem(
                sizes=np.array([b.sizes[:2] for b in bundles], dtype=np.float64).reshape(-1, 2),
                capacity=np.array(host_capacity(pool), dtype=np.float64),
                value=np.array([len(b.refs) for b in bundles], dtype=np.float64),
                most_bins=min(most, len(bundles)),
                apart=_classes([b.host_apart for b in bundles]),
                sector_apart=(racked := _classes([b.rack_apart for b in bundles])),
                sectors=max([1, *(len(members) for members in racked)]),
            ),
            seed=seed,
        )
        used = {old: new for new, old in enumerate(sorted({int(h) for h in solution.bin if h >= 0}))}
        for i, host in zip(kept, solution.bin, strict=True):
            host_of[i] = used.get(int(host), -1)
        return host_of

    def _within_storage(self, pool: CloudPool, mine: Sequence[int], most: int) -> list[int]:
        """Which bundles the pool's storage holds; the largest disks for what they hold stay out first."""
        room = usable_storage_mb(pool, most + pool.reserve_hosts) if most < 10**8 else math.inf
        total = sum(self.bundles[b].sizes[2] for b in mine)
        kept = set(range(len(mine)))
        for i in sorted(
            kept, key=lambda i: (-self.bundles[mine[i]].sizes[2] / len(self.bundles[mine[i]].refs), i)
        ):
            if total <= room + TOLERANCE:
                break
            total -= self.bundles[mine[i]].sizes[2]
            kept.discard(i)
        return sorted(kept)

    def _add_hosts(
        self, layout: CloudLayout, pool: CloudPool, mine: Sequence[int], host_of: Sequence[int], limit: int
    ) -> None:
        inside = [b for b, host in zip(mine, host_of, strict=True) if host >= 0]
        if not inside:
            return
        disk_mb = sum(self.bundles[b].sizes[2] for b in inside)
        working = max(max(host_of) + 1, storage_hosts(pool, disk_mb))
        for number in range(min(working + pool.reserve_hosts, limit)):
            bundles = [self.bundles[b] for b, host in zip(mine, host_of, strict=True) if host == number]
            refs = tuple(sorted(ref for b in bundles for ref in b.refs))
            apart = tuple(sorted(i for b in bundles for i in b.rack_apart))
            layout.hosts.append(HostLayout(f"{pool.name}-host-{number + 1:03d}", pool, refs, apart))


def _classes(lists: Sequence[Sequence[int]]) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]:
    """Numbers of the bundles under each constraint that names at least two."""
    members: dict[int, list[int]] = {}
    for i, ids in enumerate(lists):
        for constraint in ids:
            members.setdefault(constraint, []).append(i)
    return tuple(np.array(found, dtype=np.int64) for _, found in sorted(members.items()) if len(found) > 1)
