"""Rules on partners and tenancy: entitlements, and which pool a workload may run in. Hosts are in `pools`."""

from __future__ import annotations

from collections import defaultdict

from capacity.facility import CloudPool, Entitlement
from capacity.resources import UNITS
from capacity.verification import reservations
from capacity.verification.contents import Thing
from capacity.verification.moments import exceeded_by_arrivals
from capacity.verification.view import View
from capacity.verification.violations import Findings, number
from inventory.estate import Ref

Arrivals = list[tuple[float, float]]


def check(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    _entitlements(view, things, findings)
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
        in_pool[host.pool if host else placement.pool].append(ref)
    for pool in view.pools.values():
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
    for cage in view.facility.cages:
        if cage.owner is not None:
            use[cage.owner]["area_m2"].append((view.start, cage.area_m2))
    reservations.check(view, use, findings)
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


# --- tenancy --------------------------------------------------------------------------------------------------------


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
