"""What cloud hosts of given types hold: promises on one host, storage of a pool by tier with its copies kept apart.

Arithmetic of a pool, for the placer and the bounds. Which workload runs on which host is `cloud_placement`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from capacity.facility import CloudPool, HostType
from capacity.resources import TOLERANCE

NO_LIMIT = 10**9  # hosts


def host_capacity(pool: CloudPool, kind: HostType | None = None) -> tuple[float, float]:
    """What may be promised on one host: vCPUs, and MB of memory; without a type, the most of any in each."""
    kinds = pool.host_types if kind is None else (kind,)
    return (
        max(k.vcpus for k in kinds) * pool.cpu_overcommit,
        max(k.memory_mb for k in kinds) * pool.memory_overcommit,
    )


def storable_mb(shares_mb: Sequence[float], replicas: int) -> float:
    """The most data of which these domains hold `replicas` copies, no two of anything in one domain; cut at will.

    The L largest domains may each hold a copy of everything; the other copies have to fit the rest.
    """
    ordered = sorted(shares_mb, reverse=True)
    rest, least = math.fsum(ordered), math.inf
    for full in range(replicas):
        least = min(least, rest / (replicas - full))
        rest -= ordered[full] if full < len(ordered) else 0.0
    return max(least, 0.0)


def tier_storage_mb(pool: CloudPool, tier_number: int, kinds: Sequence[HostType]) -> float:
    """What a pool of hosts of these types, the reserve included, stores in a tier when its reserve is gone."""
    tier = pool.all_tiers[tier_number]
    shares = sorted((pool.raw_mb(kind, tier.name) * tier.storage_fill for kind in kinds), reverse=True)
    if pool.failure_domain == "rack" and pool.reserve_hosts > 1:
        # The least there may be: racks as full of hosts as they may be, those that bring most together.
        width = pool.reserve_hosts
        racks = [math.fsum(shares[i : i + width]) for i in range(0, len(shares), width)]
        return storable_mb(racks[1:], tier.replicas)
    return storable_mb(shares[pool.reserve_hosts :], tier.replicas)


def usable_storage_mb(pool: CloudPool, hosts: int) -> float:
    """Usable disk of a pool of so many hosts over all tiers, reserve included in the number: at most."""
    return max(0, hosts - _surely_lost(pool)) * _most_per_host(pool)


def _surely_lost(pool: CloudPool) -> int:
    """Hosts whose storage goes in any case with what may go at once; a lost rack may hold but one."""
    return min(pool.reserve_hosts, 1) if pool.failure_domain == "rack" else pool.reserve_hosts


def _most_per_host(pool: CloudPool) -> float:
    return sum(
        max(pool.raw_mb(kind, tier.name) for kind in pool.host_types) * tier.storage_fill / tier.replicas
        for tier in pool.all_tiers
    )


def storage_hosts(pool: CloudPool, disk_mb: float) -> int:
    """Hosts besides `reserve_hosts` that so much disk takes at least: for its size, and each copy on its own."""
    if disk_mb <= 0:
        return 0
    each = _most_per_host(pool)
    if each <= 0:
        return NO_LIMIT
    fewest = min(tier.replicas for tier in pool.all_tiers)
    hosts = max(fewest, math.ceil(disk_mb / each - 1e-9))
    return max(0, hosts + _surely_lost(pool) - pool.reserve_hosts)


def stores(pool: CloudPool, kinds: Sequence[HostType], disks_mb: Mapping[int, float]) -> bool:
    """Whether a pool of hosts of these types stores what each tier (by its number) is asked to."""
    return all(
        disk_mb <= tier_storage_mb(pool, tier, kinds) + TOLERANCE for tier, disk_mb in disks_mb.items()
    )


def hosts_for_storage(
    pool: CloudPool,
    kinds: Sequence[HostType],
    more: HostType,
    disks_mb: Mapping[int, float],
    limit: int,
) -> int:
    """How many hosts of a type, at most `limit`, have to join hosts of these types until the pool stores everything.

    `limit` + 1 when so many don't do.
    """
    low, high = 0, 1
    if stores(pool, kinds, disks_mb):
        return 0
    short = [tier for tier, disk_mb in disks_mb.items() if not stores(pool, kinds, {tier: disk_mb})]
    if any(pool.raw_mb(more, pool.all_tiers[tier].name) <= 0 for tier in short):
        return limit + 1
    while high < limit and not stores(pool, [*kinds, *[more] * high], disks_mb):
        low, high = high, high * 2
    high = min(high, limit)
    if not stores(pool, [*kinds, *[more] * high], disks_mb):
        return limit + 1
    while high - low > 1:
        middle = (low + high) // 2
        if stores(pool, [*kinds, *[more] * middle], disks_mb):
            high = middle
        else:
            low = middle
    return high
