"""Broken plans: entitlements, cloud hosts and pools, tenancy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plan_builders import a_pool, at, device, machine

from broken_plans.case import Broken, World, changed, hosted
from capacity.facility import Facility
from capacity.plan import Plan
from inventory.estate import Constraint, Estate

WORKLOADS_COME, TOWN_COMES = at(3, 10, 20), at(3, 21, 8)


def _entitled(partner: str, **changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        entitlements = changed(facility.entitlements, "partner", partner, **changes)
        return estate, replace(facility, entitlements=entitlements), plan

    return breaks


def _unlisted(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, replace(facility, entitlements=facility.entitlements[1:]), plan


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
