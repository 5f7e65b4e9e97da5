"""What no list of moves can do without when hosts are to be emptied: room, places apart, storage, hosts in reserve.

Totals of what has to stay in a pool over what its hosts then offer; each entry is a proof that something stays.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from capacity.draining.cloud import Cloud, Host
from capacity.facility import CloudPool, Facility
from capacity.placing.cloud_storage import host_capacity, tier_storage_mb
from capacity.plan import Plan


@dataclass(frozen=True, slots=True)
class Missing:
    """What no list of moves can do without: `needs` and `available` of a dimension in a pool; `hosts` more would do."""

    pool: str
    dimension: str
    needs: float
    available: float
    hosts: int
    explanation: str


def missing(
    facility: Facility, plan: Plan, cloud: Cloud, *, is_reserve_kept: bool, is_storage_leaving: bool
) -> Iterator[Missing]:
    """What no moves can mend: totals of what has to stay in a pool over what its hosts then offer."""
    for pool in facility.pools:
        mine = [group for n, group in enumerate(cloud.groups) if cloud.pool_of[n] == pool.name]
        hosts = [host for host in cloud.hosts if host.pool == pool.name]
        if not any(group.host in cloud.leaving for group in mine):
            continue
        is_open = [host for host in hosts if host.is_open]
        if not is_open:
            needed = pool.reserve_hosts if is_reserve_kept else 0
            left = sum(host.id not in cloud.leaving for host in hosts)
            why = f"no host of pool {pool.name} is left to take work, and no other pool serves it"
            if left:
                why = f"the {left} hosts left of pool {pool.name} have to stand in reserve"
            yield Missing(pool.name, "hosts", needed + 1.0, float(left), needed + 1 - left, why)
            continue
        each = host_capacity(pool)
        for d, dimension in enumerate(("vcpus", "memory_mb")):
            needs = sum((group.vcpus, group.memory_mb)[d] for group in mine)
            available = sum((host.vcpus, host.memory_mb)[d] for host in is_open)
            if needs > available + 1e-6:
                more = math.ceil((needs - available) / each[d] - 1e-9)
                why = f"all that runs in pool {pool.name} asks more than the hosts that are left may promise"
                yield Missing(pool.name, dimension, needs, available, more, why)
        yield from _apart(pool, cloud, is_open)
        if is_storage_leaving:
            yield from _storage(pool, plan, cloud)


def _apart(pool: CloudPool, cloud: Cloud, is_open: Sequence[Host]) -> Iterator[Missing]:
    """Constraints that keep more apart than there are hosts, or racks, left to keep it apart on."""
    members: Counter[int] = Counter()
    for n, group in enumerate(cloud.groups):
        if cloud.pool_of[n] == pool.name:
            members.update(set(group.apart))
    worst: tuple[int, int, str] | None = None
    for constraint, count in sorted(members.items()):
        is_host = cloud.constraints[constraint].scope == "host"
        places = len({host.id if is_host else host.rack for host in is_open})
        if count > places and (worst is None or count - places > worst[0] - worst[1]):
            worst = count, places, "hosts" if is_host else "racks"
    if worst is not None:
        count, places, what = worst
        why = f"{count} workloads of pool {pool.name} are kept apart, and {places} {what} are left that take work"
        yield Missing(pool.name, "apart", float(count), float(places), count - places, why)


def _storage(pool: CloudPool, plan: Plan, cloud: Cloud) -> Iterator[Missing]:
    kinds = [
        pool.type_named(host.model) or pool.host_type
        for host in plan.hosts
        if host.pool == pool.name and host.id not in cloud.leaving
    ]
    for number, tier in enumerate(pool.all_tiers):
        needs = sum(
            disk_mb
            for n, group in enumerate(cloud.groups)
            if cloud.pool_of[n] == pool.name
            for asked, disk_mb in group.disks_mb
            if (asked or pool.tier) == tier.name
        )
        available = tier_storage_mb(pool, number, kinds)
        if needs > available + 1e-6:
            more = 1
            while more < 10_000 and tier_storage_mb(pool, number, [*kinds, *[pool.host_type] * more]) < needs:
                more += 1
            why = f"pool {pool.name} stores more on {tier.name} than the hosts that are left may"
            yield Missing(pool.name, "disk_mb", needs, available, more, why)
