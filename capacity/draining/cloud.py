"""The cloud of a plan carried out, as draining sees it: hosts with what they may promise, and groups that move as one.

Which workloads share a host, which pools may run them and what they are kept apart by comes from `cloud_placement`;
which hosts stand empty for the reserve is chosen here. Who goes where is `reassigning`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from capacity.facility import CloudPool, Facility, HostType
from capacity.placing.cloud_placement import WORKLOAD_DIMENSIONS, Bundle, CloudPlacer
from capacity.placing.cloud_storage import host_capacity, tier_storage_mb
from capacity.plan import Plan
from inventory.estate import Constraint, Estate, Ref

FIXED = "it belongs together with what runs on another host"


@dataclass(frozen=True, slots=True)
class Host:
    """A host: what may be promised on it, in vCPUs and MB; `is_open`: whether it takes work."""

    id: str
    pool: str
    rack: str
    vcpus: float
    memory_mb: float
    is_open: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Workloads that move at once, from `host`. `pools` they may run in; `apart` the constraints they're under.

    `racks`: only these (None: any), `barred` none of these, for devices they belong to or are kept apart from.
    `is_fixed`: it can't move at all.
    """

    refs: tuple[Ref, ...]
    host: str
    vcpus: float
    memory_mb: float
    disks_mb: tuple[tuple[str | None, float], ...]
    pools: tuple[str, ...]
    apart: tuple[int, ...]
    racks: frozenset[str] | None
    barred: frozenset[str]
    is_fixed: bool


@dataclass(frozen=True, slots=True)
class Cloud:
    """`leaving` the hosts to empty, `reserve` those that stand empty for a loss. `pool_of` says where each group goes:
    its own pool while that has hosts left, else the first other one that serves it and stores its disks.
    """

    hosts: tuple[Host, ...]
    groups: tuple[Group, ...]
    leaving: frozenset[str]
    reserve: frozenset[str]
    constraints: Mapping[int, Constraint]
    pool_of: tuple[str, ...]

    def host(self, name: str) -> Host:
        return next(host for host in self.hosts if host.id == name)


def cloud_of(
    estate: Estate,
    facility: Facility,
    plan: Plan,
    leaving: Collection[str],
    *,
    is_reserve_kept: bool,
    is_storage_leaving: bool,
) -> Cloud:
    """The cloud of a plan with hosts to be emptied."""
    groups = _groups(estate, facility, plan)
    used: dict[str, float] = {}
    for group in groups:
        used[group.host] = used.get(group.host, 0.0) + group.memory_mb
    limits = _limits(facility, plan)
    reserve: set[str] = set()
    for pool in facility.pools:
        mine = [host for host in plan.hosts if host.pool == pool.name and host.id not in leaving]
        if is_reserve_kept:
            order = sorted(mine, key=lambda h: (used.get(h.id, 0.0), *(-x for x in limits[h.id]), h.id))
            reserve |= set(_in_reserve(pool, [(host.id, host.rack) for host in order]))
    hosts = tuple(
        Host(
            host.id,
            host.pool,
            host.rack,
            *_taken_over(limits, host.id, [r for r in reserve if _pool(plan, r) == host.pool]),
            host.id not in leaving and host.id not in reserve,
        )
        for host in plan.hosts
    )
    kept = [host for host in plan.hosts if not is_storage_leaving or host.id not in leaving]
    kinds = {
        pool.name: [pool.type_named(h.model) or pool.host_type for h in kept if h.pool == pool.name]
        for pool in facility.pools
    }
    constraints = {c.id: c for c in estate.constraints}
    pool_of = _pools_of(facility, groups, hosts, kinds)
    return Cloud(hosts, groups, frozenset(leaving), frozenset(reserve), constraints, pool_of)


def _pool(plan: Plan, host: str) -> str:
    return next(h.pool for h in plan.hosts if h.id == host)


def _limits(facility: Facility, plan: Plan) -> dict[str, tuple[float, float]]:
    pools = {pool.name: pool for pool in facility.pools}
    return {
        host.id: host_capacity(
            pools[host.pool], pools[host.pool].type_named(host.model) or pools[host.pool].host_type
        )
        for host in plan.hosts
    }


def _in_reserve(pool: CloudPool, order: Sequence[tuple[str, str]]) -> list[str]:
    """The first hosts of an order, each in another rack where whole racks may go."""
    if pool.failure_domain == "rack":
        first = {rack: host for host, rack in reversed(order)}
        order = [*((h, r) for h, r in order if first[r] == h), *((h, r) for h, r in order if first[r] != h)]
    return [host for host, _ in order[: pool.reserve_hosts]]


def _taken_over(
    limits: Mapping[str, tuple[float, float]], host: str, reserve: Sequence[str]
) -> tuple[float, float]:
    """How full a host may get so that every host in reserve could take it over."""
    rooms = [limits[host], *(limits[name] for name in reserve)]
    return min(room[0] for room in rooms), min(room[1] for room in rooms)


# --- groups ----------------------------------------------------------------------------------------------------------


def _groups(estate: Estate, facility: Facility, plan: Plan) -> tuple[Group, ...]:
    host_of = {placed.asset: placed.host for placed in plan.workloads}
    pool_of = {placed.asset: placed.pool for placed in plan.workloads}
    demands = {demand.asset: demand for demand in plan.demands}
    rack_of = {placed.asset: placed.rack for placed in plan.devices}
    placer = CloudPlacer(estate, facility, demands, host_of)
    bundled = {ref for bundle in placer.bundles for ref in bundle.refs}
    alone = [
        Bundle((ref,), sizes, (), (), (), (), ((None, sizes[2]),))
        for ref in sorted(host_of.keys() - bundled)
        for sizes in [_sizes(demands[ref].quantities)]
    ]
    found = []
    for bundle in (*placer.bundles, *alone):
        hosts = sorted({host_of[ref] for ref in bundle.refs})
        for host in hosts:
            refs = tuple(ref for ref in bundle.refs if host_of[ref] == host)
            sizes = [_sizes(demands[ref].quantities) for ref in refs]
            racks, barred = _racks(estate, refs, rack_of)
            pools = tuple(dict.fromkeys([pool_of[refs[0]], *(facility.pools[i].name for i in bundle.pools)]))
            apart = (*bundle.host_apart, *bundle.rack_apart, *bundle.feed_apart)
            disks = bundle.disks_mb if len(hosts) == 1 else ((None, sum(size[2] for size in sizes)),)
            found.append(
                Group(
                    refs,
                    host,
                    sum(size[0] for size in sizes),
                    sum(size[1] for size in sizes),
                    disks,
                    pools,
                    apart,
                    racks,
                    barred,
                    len(hosts) > 1 or refs[0] not in bundled,
                )
            )
    return tuple(found)


def _sizes(quantities: Mapping[str, object]) -> tuple[float, float, float]:
    vcpus, memory_mb, disk_mb = (quantities[d].planning for d in WORKLOAD_DIMENSIONS)  # type: ignore[attr-defined]
    return vcpus, memory_mb, disk_mb


def _racks(
    estate: Estate, refs: Sequence[Ref], rack_of: Mapping[Ref, str]
) -> tuple[frozenset[str] | None, frozenset[str]]:
    only: frozenset[str] | None = None
    barred: frozenset[str] = frozenset()
    for constraint in estate.constraints:
        if constraint.scope != "rack" or not set(constraint.members) & set(refs):
            continue
        there = frozenset(rack_of[member] for member in constraint.members if member in rack_of)
        if constraint.kind == "apart":
            barred |= there
        elif constraint.kind == "together" and there:
            only = there if only is None else only & there
    return only, barred


def _pools_of(
    facility: Facility,
    groups: Sequence[Group],
    hosts: Sequence[Host],
    kinds: Mapping[str, Sequence[HostType]],
) -> tuple[str, ...]:
    """Where each group goes; what changes pools, the largest disks first, as long as the other pool stores them."""
    pools = {pool.name: pool for pool in facility.pools}
    has_hosts = {host.pool for host in hosts if host.is_open}
    stored: dict[tuple[str, str], float] = {}
    chosen = {n: group.pools[0] for n, group in enumerate(groups)}

    def add(group: Group, name: str) -> None:
        for tier, disk_mb in group.disks_mb:
            key = (name, tier or pools[name].tier)
            stored[key] = stored.get(key, 0.0) + disk_mb

    def has_room(group: Group, name: str) -> bool:
        tiers = {tier.name: i for i, tier in enumerate(pools[name].all_tiers)}
        return all(
            stored.get((name, tier or pools[name].tier), 0.0) + disk_mb
            <= tier_storage_mb(pools[name], tiers[tier or pools[name].tier], kinds[name])
            for tier, disk_mb in group.disks_mb
        )

    homeless = []
    for n, group in enumerate(groups):
        if group.pools[0] in has_hosts:
            add(group, group.pools[0])
        else:
            homeless.append(n)
    for n in sorted(homeless, key=lambda n: (-sum(d for _, d in groups[n].disks_mb), n)):
        for name in groups[n].pools[1:]:
            if name in has_hosts and has_room(groups[n], name):
                chosen[n] = name
                add(groups[n], name)
                break
    return tuple(chosen[n] for n in range(len(groups)))
