"""Broken plans: cords, nodes and legs of the supply graph, diversity, cooling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plan_builders import at, device

from broken_plans.case import Broken, World, changed, placed
from capacity.facility import Facility, Supply
from capacity.plan import Plan
from inventory.estate import Estate

DEPOT_COMES, TOWN_COMES = at(3, 20, 22), at(3, 21, 8)


def _corded(number: int, *cords: tuple[str, str]) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, placed(plan, device(number), supplies=tuple(Supply(*cord) for cord in cords))

    return breaks


def _node(name: str, **changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, replace(facility, supply=changed(facility.supply, "name", name, **changes)), plan

    return breaks


def _warm(estate: Estate, facility: Facility, plan: Plan) -> World:
    zones = changed(facility.cooling_zones, "name", "C1", unit_w=4900.0)
    return estate, replace(facility, cooling_zones=zones), plan


CASES = (
    Broken(
        "POWER-CORDS",
        "a passive panel with a cord",
        _corded(4, ("P1-A", "L3")),
        "device panel",
        device(4),
        DEPOT_COMES,
        1.0,
    ),
    Broken(
        "POWER-CORDS",
        "a feed of another position",
        _corded(3, ("P4-A", "L3")),
        "device switch",
        device(3),
        DEPOT_COMES,
    ),
    Broken(
        "POWER-CORDS",
        "a leg that a single-phase feed lacks",
        _corded(10, ("P3-A", "L2"), ("P3-B", "L1")),
        "device vault",
        device(10),
        TOWN_COMES,
    ),
    # The switch does not transfer; on side B it comes on top of what side B takes over when A is lost.
    Broken(
        "POWER-NODE",
        "the single-corded switch on the full side",
        _corded(3, ("P1-B", "L3")),
        "distribution lv-b",
        None,
        TOWN_COMES,
        50.0,
    ),
    Broken(
        "POWER-NODE",
        "a generator too small for the whole",
        _node("generator", derating=0.3),
        "generator generator",
        None,
        TOWN_COMES,
        270.0,
    ),
    Broken(
        "POWER-NODE",
        "one of two parallel UPS alone",
        _node("ups-a1", rating_w=3000.0),
        "ups ups-a1",
        None,
        TOWN_COMES,
        185.0,
    ),
    Broken(
        "POWER-LEG",
        "two cords of the chassis on one leg",
        _corded(1, ("P1-A", "L2"), ("P1-A", "L2"), ("P1-B", "L1"), ("P1-B", "L2")),
        "leg P1-A L2",
        None,
        DEPOT_COMES,
        800.0,
    ),
    Broken(
        "POWER-DIVERSE",
        "both cords on one feed",
        _corded(5, ("P1-A", "L2"), ("P1-A", "L3")),
        "device signal",
        device(5),
        DEPOT_COMES,
        320.0,
    ),
    Broken("COOLING", "a zone cooled a little less", _warm, "cooling zone C1", None, TOWN_COMES, 20.0),
)
