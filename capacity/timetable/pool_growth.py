"""From when each host of a pool may run its work: the reserve is up, and enough hosts for what the pool then stores.

A pool grows host by host. Those that stay empty for the loss of others come first, and no host takes work while what
all of them hold would not survive that loss. Arithmetic of storage is `placing.cloud_storage`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from capacity.facility import CloudPool, Facility
from capacity.placing.cloud_storage import storable_mb
from capacity.plan import AssetDemand, CloudHost, WorkloadPlacement
from capacity.resources import TOLERANCE
from inventory.estate import Estate, Ref


def usable_from(
    pool: CloudPool,
    hosts: Sequence[CloudHost],
    up: Mapping[str, int],
    disks_mb: Mapping[str, Mapping[str, float]],
) -> dict[str, int]:
    """The slot from which each host that has work may run it.

    `up`: the slot at which each host is commissioned; one that never is has none. `disks_mb`: what each host with work
    stores, in MB by tier; a host without work has no entry. Hosts whose work can never start are left out.
    """
    working = [host for host in hosts if host.id in disks_mb and host.id in up]
    reserve = [host for host in hosts if host.id not in disks_mb]
    if any(host.id not in up for host in reserve):
        return {}
    first = max((up[host.id] for host in reserve), default=0)
    ready = {host.id: max(up[host.id], first) for host in working}
    found: dict[str, int] = {}
    for slot in sorted(set(ready.values())):
        running = [name for name, since in ready.items() if since <= slot]
        there = [host for host in hosts if host.id in up and up[host.id] <= slot]
        if _stores(pool, there, _summed(disks_mb, running)):
            for name in running:
                found.setdefault(name, slot)
    return found


def disks_by_host(
    workloads: Iterable[WorkloadPlacement],
    facility: Facility,
    estate: Estate,
    demands: Mapping[Ref, AssetDemand],
) -> dict[str, dict[str, float]]:
    """What each host with work stores, in MB by tier: the one a constraint asks for, else its pool's own."""
    default = {pool.name: pool.tier for pool in facility.pools}
    asked = {
        member: constraint.value
        for constraint in estate.constraints
        if constraint.kind == "tier" and constraint.value is not None
        for member in constraint.members
    }
    found: dict[str, dict[str, float]] = {}
    for placement in workloads:
        on_host = found.setdefault(placement.host, defaultdict(float))
        quantity = demands[placement.asset].quantities.get("disk_mb")
        if quantity is not None:
            on_host[asked.get(placement.asset) or default[placement.pool]] += quantity.planning
    return found


def _summed(disks_mb: Mapping[str, Mapping[str, float]], hosts: Collection[str]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for host in hosts:
        for tier, disk_mb in disks_mb[host].items():
            total[tier] += disk_mb
    return total


def _stores(pool: CloudPool, hosts: Sequence[CloudHost], disks_mb: Mapping[str, float]) -> bool:
    """Whether these hosts store that much of each tier, those that may go at once gone."""
    is_by_rack = pool.failure_domain == "rack"
    lost = min(pool.reserve_hosts, 1) if is_by_rack else pool.reserve_hosts
    for tier in pool.all_tiers:
        shares: dict[str, float] = defaultdict(float)
        for host in hosts:
            kind = pool.type_named(host.model) or pool.host_type
            shares[host.rack if is_by_rack else host.id] += pool.raw_mb(kind, tier.name) * tier.storage_fill
        left = sorted(shares.values(), reverse=True)[lost:]
        if disks_mb.get(tier.name, 0.0) > storable_mb(left, tier.replicas) + TOLERANCE:
            return False
    return True
