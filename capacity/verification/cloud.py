"""Rules on partners and the community cloud: entitlements, hosts, pools, tenancy."""

from __future__ import annotations

from collections import defaultdict

from capacity.facility import CloudPool, Entitlement
from capacity.resources import UNITS
from capacity.verification.contents import Thing
from capacity.verification.moments import exceeded_by_arrivals
from capacity.verification.view import View
from capacity.verification.violations import Findings, number
from inventory.estate import Ref

Arrivals = list[tuple[float, float]]


def check(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    _entitlements(view, things, findings)
    on_host: dict[str, list[Ref]] = defaultdict(list)
    in_pool: dict[str, list[Ref]] = defaultdict(list)
    for ref, placement in view.placed_workloads.items():
        host = view.hosts.get(placement.host)
        if host is not None and host.pool != placement.pool:
            findings.add(
                "TENANCY",
                view.label(ref),
                f"{view.label(ref)} is in pool {placement.pool}, its host {host.id} in pool {host.pool}",
                "name the pool of its host",
                asset=ref,
            )
        on_host[placement.host].append(ref)
        in_pool[host.pool if host else placement.pool].append(ref)
    for name in view.hosts:
        _host(view, name, on_host.get(name, []), findings)
    for pool in view.pools.values():
        _pool(view, pool, in_pool.get(pool.name, []), on_host, findings)
        _tenancy(view, pool, in_pool.get(pool.name, []), findings)


# --- entitlements ------------------------------------------------------------------------------------------------


def _entitlements(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    use: dict[str, dict[str, Arrivals]] = defaultdict(lambda: defaultdict(list))
    used_by_plan: set[str] = set()
    for rack_id, inside in things.items():
        rack = view.racks[rack_id]
        is_new = rack_id in view.new_racks
        position = view.positions.get(rack.position)
        if position is not None:
            since = view.rack_arrival(rack_id) if is_new else view.start
            use[rack.owner]["area_m2"].append((since, position.area_m2))
        for thing in inside:
            use[rack.owner]["power_w"].append((thing.since, thing.power_w))
            if thing.kind != "kit":
                use[rack.owner]["units_u"].append((thing.since, thing.height_u))
        if is_new or any(t.kind in {"device", "host"} for t in inside):
            used_by_plan.add(rack.owner)
    entitled = {e.partner: e for e in view.facility.entitlements}
    for owner, by_dimension in use.items():
        entitlement = entitled.get(owner)
        if entitlement is not None:
            _entitlement(view, entitlement, by_dimension, findings)
        elif owner in used_by_plan:
            findings.add(
                "ENTITLEMENT",
                f"partner {owner}",
                f"partner {owner} has racks at the target and no entitlement",
                "list its entitlement in the facility, or place its assets elsewhere",
            )


def _entitlement(view: View, entitlement: Entitlement, use: dict[str, Arrivals], findings: Findings) -> None:
    for dimension, limit in (
        ("area_m2", entitlement.area_m2),
        ("power_w", entitlement.power_w),
        ("units_u", entitlement.units_u),
    ):
        found = exceeded_by_arrivals(use.get(dimension, []), limit) if limit is not None else None
        if found and limit is not None:
            unit = UNITS.get(dimension, "U")
            findings.add(
                "ENTITLEMENT",
                f"partner {entitlement.partner}, {dimension}",
                f"partner {entitlement.partner} uses {number(limit + found.over)} {unit} of the {number(limit)} {unit} "
                "it is entitled to",
                "place less for it, or agree on more",
                moment=view.moment(found.since),
                over=(found.over, unit),
            )


# --- hosts and pools -----------------------------------------------------------------------------------------------


def _host(view: View, name: str, workloads: list[Ref], findings: Findings) -> None:
    pool = view.pools.get(view.hosts[name].pool)
    if pool is None:
        return
    for dimension, limit in (
        ("vcpus", pool.host_type.vcpus * pool.cpu_overcommit),
        ("memory_mb", pool.host_type.memory_mb * pool.memory_overcommit),
    ):
        found = exceeded_by_arrivals(_arrivals(view, workloads, dimension), limit)
        if found:
            unit = UNITS[dimension]
            findings.add(
                "HOST-CAPACITY",
                f"host {name}, {dimension}",
                f"host {name} promises {number(limit + found.over)} {unit} and may promise {number(limit)}",
                "move a workload to another host",
                moment=view.moment(found.since),
                over=(found.over, unit),
            )


def _arrivals(view: View, workloads: list[Ref], dimension: str) -> Arrivals:
    return [(view.arrival(ref), view.amount(ref, dimension)) for ref in workloads]


def _pool(
    view: View, pool: CloudPool, workloads: list[Ref], on_host: dict[str, list[Ref]], findings: Findings
) -> None:
    hosts = [host.id for host in view.hosts.values() if host.pool == pool.name]
    if pool.max_hosts is not None and len(hosts) > pool.max_hosts:
        findings.add(
            "POOL-RESERVE",
            f"pool {pool.name}",
            f"pool {pool.name} has {len(hosts)} hosts and may have {pool.max_hosts}",
            "use fewer hosts, or raise max_hosts",
            over=(float(len(hosts) - pool.max_hosts), "hosts"),
        )
    if not workloads:
        return
    empty = sum(1 for host in hosts if not on_host.get(host))
    if empty < pool.reserve_hosts:
        findings.add(
            "POOL-RESERVE",
            f"pool {pool.name}",
            f"pool {pool.name} keeps {empty} hosts empty and has to keep {pool.reserve_hosts}",
            "add a host, or empty one",
            over=(float(pool.reserve_hosts - empty), "hosts"),
        )
    storage_mb = max(0, len(hosts) - pool.reserve_hosts) * pool.host_type.storage_mb * pool.storage_fill
    limit = storage_mb / pool.replicas if pool.replicas > 0 else storage_mb
    found = exceeded_by_arrivals(_arrivals(view, workloads, "disk_mb"), limit)
    if found:
        findings.add(
            "POOL-STORAGE",
            f"pool {pool.name}",
            f"pool {pool.name} stores {number(limit + found.over)} MB and may store {number(limit)} MB",
            "add a host, or move a workload to another pool",
            moment=view.moment(found.since),
            over=(found.over, "MB"),
        )


def _tenancy(view: View, pool: CloudPool, workloads: list[Ref], findings: Findings) -> None:
    for ref in workloads:
        zones = view.zones_of.get(ref, [])
        strange = [zone for zone in zones if zone not in pool.zones]
        if strange or (not zones and not pool.is_default):
            said = f"belongs in zone {strange[0]}" if strange else "has no zone"
            serves = f"serves {', '.join(pool.zones)}" if strange else "is not a default pool"
            findings.add(
                "TENANCY",
                view.label(ref),
                f"{view.label(ref)} {said}, its pool {pool.name} {serves}",
                "place it in a pool for its zone",
                asset=ref,
                moment=view.moment(view.arrival(ref)),
            )
