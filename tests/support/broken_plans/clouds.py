"""Broken plans: entitlements, cloud hosts and pools, tenancy."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from plan_builders import a_pool, at, device, machine
from world_facility import rack_at

from broken_plans.case import Broken, World, changed, hosted
from capacity.facility import (
    Cage,
    Facility,
    HostType,
    Mounted,
    Reservation,
    StorageTier,
    Supply,
    TierStorage,
)
from capacity.plan import Plan
from inventory.estate import Constraint, Estate

WORKLOADS_COME, TOWN_COMES, DEPOT_COMES = at(3, 10, 20), at(3, 21, 8), at(3, 20, 22)


def _entitled(partner: str, **changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        entitlements = changed(facility.entitlements, "partner", partner, **changes)
        return estate, replace(facility, entitlements=entitlements), plan

    return breaks


def _unlisted(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, replace(facility, entitlements=facility.entitlements[1:]), plan


def _caged(estate: Estate, facility: Facility, plan: Plan) -> World:
    """A cage that cirb owns and that holds none of its racks; they count besides."""
    cage = Cage("cage", "H1", "cirb", (), 3.0, ())
    return estate, replace(facility, cages=(cage,)), plan


def _reserving(**changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, replace(facility, reservations=(Reservation("later", "stib", **changes),)), plan

    return breaks


def _pool(**changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, replace(facility, pools=(a_pool(**changes),)), plan

    return breaks


def _crowded(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, hosted(hosted(plan, machine(3), "cloud-1"), machine(4), "cloud-1")


def _reserve_used(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, hosted(plan, machine(5), "cloud-3")


def _strange_zone(estate: Estate, facility: Facility, plan: Plan) -> World:
    zone = Constraint(20, "zone", members=(machine(2),), value="police")
    return replace(estate, constraints=(*estate.constraints, zone)), facility, plan


def _cautious(estate: Estate, facility: Facility, plan: Plan) -> World:
    """A pool that is no default one; the only workload without a zone is the database, the others get one."""
    zone = Constraint(20, "zone", members=tuple(map(machine, (1, 2, 3, 4))), value="general")
    facility = replace(facility, pools=(a_pool(is_default=False),))
    return replace(estate, constraints=(*estate.constraints, zone)), facility, plan


def _other_type(**changes: Any) -> HostType:
    return replace(a_pool().host_type, **({"model": "small"} | changes))


def _of_type(kind: HostType, host: str, model: str | None = None) -> Any:
    """One host of the pool's second type."""

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        facility = replace(facility, pools=(a_pool(other_host_types=(kind,)),))
        return (
            estate,
            facility,
            replace(plan, hosts=changed(plan.hosts, "id", host, model=model or kind.model)),
        )

    return breaks


def _no_stock(estate: Estate, facility: Facility, plan: Plan) -> World:
    kind = replace(a_pool().host_type, stock=2)
    return estate, replace(facility, pools=(a_pool(host_type=kind),)), plan


def _with_second_rack(facility: Facility) -> Facility:
    """A further rack of the pool's owner, with ports and without any draw."""
    ports = Mounted("panel", "kit", None, 0.0, None, False, 0.0, 0.0, ports_provided=24)
    entitlements = changed(facility.entitlements, "partner", "cirb", area_m2=None)
    return replace(
        facility, racks=(*facility.racks, rack_at("S2", 4, "cirb", (ports,))), entitlements=entitlements
    )


def _moved(plan: Plan, host: str) -> Plan:
    cords = (Supply("P4-A", "L1"), Supply("P4-B", "L1"))
    return replace(plan, hosts=changed(plan.hosts, "id", host, rack="S2", position=20.0, supplies=cords))


def _kept_apart(scope: str) -> Any:
    """Two machines on hosts of different racks, the reserve in the rack of the first."""

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        apart = Constraint(20, "apart", members=(machine(1), machine(2)), scope=scope, name="pair")
        estate = replace(estate, constraints=(*estate.constraints, apart))
        return estate, _with_second_rack(facility), _moved(plan, "cloud-2")

    return breaks


def _late_host(**changes: Any) -> Any:
    """The third host, which carries nothing, comes two days after the workloads."""

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        step = next(s for s in plan.steps if s.id == "hosts")
        start, end = at(3, 12, 8), at(3, 12, 11)
        uses = tuple(replace(use, start=start, end=end) for use in step.uses)
        late = replace(step, id="host-3", start=start, end=end, uses=uses, commissions=("cloud-3",))
        plan = replace(
            plan, steps=(*changed(plan.steps, "id", "hosts", commissions=("cloud-1", "cloud-2")), late)
        )
        return estate, replace(facility, pools=(a_pool(**changes),)), plan

    return breaks


def _rack_lost(estate: Estate, facility: Facility, plan: Plan) -> World:
    """Both hosts with work stand in one rack of a pool that says any one rack may go."""
    facility = replace(_with_second_rack(facility), pools=(a_pool(failure_domain="rack", replicas=1),))
    return estate, facility, _moved(plan, "cloud-3")


def _no_copy(estate: Estate, facility: Facility, plan: Plan) -> World:
    """Three copies, and two hosts left when the reserve is gone."""
    kind = replace(a_pool().host_type, storage_mb=10**8)
    return estate, replace(facility, pools=(a_pool(host_type=kind, replicas=3),)), plan


def _on_tier(tier: str, *offered: StorageTier, storage_mb: int = 10**6) -> Any:
    """The second machine asks for a storage tier."""

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        brought = tuple(TierStorage(one.name, storage_mb) for one in offered)
        pool = a_pool(host_type=replace(a_pool().host_type, tiers=brought), tiers=offered)
        asked = Constraint(20, "tier", members=(machine(2),), value=tier)
        estate = replace(estate, constraints=(*estate.constraints, asked))
        return estate, replace(facility, pools=(pool,)), plan

    return breaks


CASES = (
    Broken(
        "ENTITLEMENT",
        "too much area",
        _entitled("cirb", area_m2=7.0),
        "partner cirb, area_m2",
        None,
        at(3, 8, 8),
        0.8,
    ),
    Broken(
        "ENTITLEMENT",
        "too much power",
        _entitled("cirb", power_w=3600.0),
        "partner cirb, power_w",
        None,
        TOWN_COMES,
        100.0,
    ),
    Broken(
        "ENTITLEMENT",
        "too many units",
        _entitled("cirb", units_u=11.0),
        "partner cirb, units_u",
        None,
        TOWN_COMES,
        1.0,
    ),
    Broken("ENTITLEMENT", "no entitlement", _unlisted, "partner stib"),
    Broken(
        "ENTITLEMENT",
        "a cage counts whole",
        _caged,
        "partner cirb, area_m2",
        None,
        at(3, 8, 8),
        3.0 + 7.8 - 8,
    ),
    Broken(
        "RESERVATION",
        "a rack where one is kept free later",
        _reserving(positions=("P1",), since=date(2027, 5, 1), until=date(2027, 6, 1)),
        "reservation later",
        None,
        at(5, 1),
    ),
    Broken(
        "RESERVATION",
        "a rack before the release",
        _reserving(positions=("P1",), until=date(2027, 3, 9)),
        "reservation later",
        None,
        at(3, 8, 8),
    ),
    Broken(
        "RESERVATION",
        "area that is kept free",
        _reserving(area_m2=5.0, until=date(2027, 3, 10)),
        "partner stib, area_m2",
        None,
        at(3, 8, 8),
        5.0 + 3.9 - 8.0,
    ),
    Broken(
        "RESERVATION",
        "a position kept free counts as area",
        _reserving(positions=("P4",), area_m2=1.0),
        "partner stib, area_m2",
        None,
        at(3, 8, 8),
        4.9 + 3.9 - 8.0,
    ),
    Broken(
        "RESERVATION",
        "power kept free from a day on",
        _reserving(power_w=2000.0, since=date(2027, 5, 1)),
        "partner stib, power_w",
        None,
        at(5, 1),
        2000.0 + 2570.0 - 4000.0,
    ),
    Broken(
        "RESERVATION",
        "units kept free",
        _reserving(units_u=35.0),
        "partner stib, units_u",
        None,
        DEPOT_COMES,
        35.0 + 9.0 - 40.0,
    ),
    Broken("HOST-CAPACITY", "too many vCPUs", _crowded, "host cloud-1, vcpus", None, WORKLOADS_COME, 4.0),
    Broken(
        "POOL-STORAGE",
        "fuller than it may be",
        _pool(storage_fill=0.7),
        "pool cloud",
        None,
        WORKLOADS_COME,
        30_000.0,
    ),
    Broken("POOL-RESERVE", "the reserve is used", _reserve_used, "pool cloud", None, None, 1.0),
    Broken(
        "POOL-STORAGE", "copies that share a host", _no_copy, "pool cloud", None, WORKLOADS_COME, 520_000.0
    ),
    Broken(
        "POOL-STORAGE",
        "a tier fuller than it may be",
        _on_tier("fast", StorageTier("fast", 2, 0.5), storage_mb=150_000),
        "pool cloud, tier fast",
        None,
        WORKLOADS_COME,
        25_000.0,
    ),
    Broken(
        "STORAGE-TIER",
        "a tier the pool has not",
        _on_tier("tape"),
        "virtual machine vm-2",
        machine(2),
        WORKLOADS_COME,
    ),
    Broken(
        "HOST-TYPE", "a type the pool has not", _of_type(_other_type(), "cloud-3", "large"), "host cloud-3"
    ),
    Broken("HOST-TYPE", "more than there are", _no_stock, "host type host-2u", None, None, 1.0),
    Broken(
        "POOL-RESERVE",
        "a reserve too small for what it stands in for",
        _of_type(_other_type(vcpus=5), "cloud-3"),
        "pool cloud, host cloud-1",
        None,
        None,
        1.0,
    ),
    Broken(
        "POOL-RESERVE",
        "a reserve that comes after the work",
        _late_host(host_type=replace(a_pool().host_type, storage_mb=10**8), replicas=1),
        "pool cloud",
        None,
        WORKLOADS_COME,
        1.0,
    ),
    Broken(
        "POOL-STORAGE",
        "full before its last host comes",
        _late_host(reserve_hosts=0, storage_fill=0.7),
        "pool cloud",
        None,
        WORKLOADS_COME,
        30_000.0,
    ),
    Broken(
        "POOL-RESERVE",
        "a rack lost with its reserve",
        _rack_lost,
        "pool cloud, rack N2",
        None,
        None,
        1.0,
    ),
    *(
        Broken(
            "POOL-RESERVE",
            f"a restart beside what is kept apart by {scope}",
            _kept_apart(scope),
            "pool cloud, host cloud-2",
            None,
            None,
            1.0,
        )
        for scope in ("rack", "feed")
    ),
    Broken("POOL-RESERVE", "one host too many", _pool(max_hosts=2), "pool cloud", None, None, 1.0),
    Broken(
        "TENANCY",
        "a zone the pool serves not",
        _strange_zone,
        "virtual machine vm-2",
        machine(2),
        WORKLOADS_COME,
    ),
    Broken("TENANCY", "no zone, no default pool", _cautious, "device ticket-db", device(6), WORKLOADS_COME),
)
