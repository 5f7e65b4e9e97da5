"""The facility of the small world in `plan_builders`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from capacity.facility import (
    CloudPool,
    CoolingZone,
    Entitlement,
    Facility,
    FloorLimit,
    Hall,
    HostType,
    KitItem,
    Mounted,
    Phase,
    PlacementRules,
    Position,
    RackModel,
    Supply,
    SupplyNode,
    TargetRack,
)
from capacity.facility import sealed as sealed_facility


def a_facility(**changes: Any) -> Facility:
    """The facility of this module, sealed; `changes` replace whole fields."""
    facility = Facility(
        name="Target",
        site="target",
        latitude=50.8,
        longitude=4.3,
        gross_area_m2=100.0,
        useful_area_m2=50.0,
        pue=1.3,
        phases=(Phase("one", date(2027, 1, 4)), Phase("two", date(2027, 3, 1))),
        halls=(
            Hall(
                "H1",
                50.0,
                ((0, 0), (10, 0), (10, 5), (0, 5)),
                FloorLimit("footprint", limit_kg_m2=1200.0, rolling_kg=600.0),
                "one",
            ),
        ),
        supply=_supply(),
        cooling_zones=(CoolingZone("C1", 5000.0, 2, 1, "one"), CoolingZone("C2", 2000.0, 3, 1, "one")),
        security_zones=("general", "restricted"),
        positions=(
            _position(1, "C1", "general", None),
            _position(2, "C1", "general", "cirb"),
            _position(3, "C2", "restricted", "cirb"),
            _position(4, "C2", "general", None),
        ),
        racks=(_standing_rack(),),
        rack_models=(_rack_model(),),
        pools=(a_pool(),),
        entitlements=(
            Entitlement("stib", 8.0, 4000.0, 40.0),
            Entitlement("cirb", 8.0, 5000.0, 40.0),
        ),
        rules=PlacementRules(40.0, 20.0, "general"),
    )
    return sealed_facility(replace(facility, **changes))


def _supply() -> tuple[SupplyNode, ...]:
    """Utility before generator; two sides, A over two UPS in parallel; side B is held to 6.2 kW."""
    feeds = [
        SupplyNode(
            f"P{n}-{side}",
            "feed",
            3600.0 if n != 3 else 2000.0,
            1.0,
            (f"lv-{side.lower()}",),
            is_three_phase=n != 3,
            phase="one" if n != 4 else "two",
        )
        for n in (1, 2, 3, 4)
        for side in ("A", "B")
    ]
    return (
        SupplyNode("utility", "utility", 20_000.0, phase="one"),
        SupplyNode("generator", "generator", 20_000.0, 0.9, phase="one"),
        SupplyNode("msb-a", "distribution", 10_000.0, 0.9, ("utility", "generator")),
        SupplyNode("msb-b", "distribution", 10_000.0, 0.9, ("utility", "generator")),
        SupplyNode("ups-a1", "ups", 7000.0, 1.0, ("msb-a",)),
        SupplyNode("ups-a2", "ups", 7000.0, 1.0, ("msb-a",)),
        SupplyNode("lv-a", "distribution", 8000.0, 1.0, ("ups-a1", "ups-a2"), "parallel"),
        # Everything with a spare supply is 6170 W; the single-corded switch (100 W) hangs on side A.
        SupplyNode("lv-b", "distribution", 6220.0, 1.0, ("msb-b",)),
        *feeds,
    )


def _position(number: int, cooling_zone: str, security_zone: str, owner: str | None) -> Position:
    return Position(
        name=f"P{number}",
        hall="H1",
        row="R1",
        index=number,
        x_m=float(number),
        y_m=1.0,
        width_m=0.8,
        depth_m=1.2,
        cold_aisle="CA",
        hot_aisle="HA",
        cooling_zone=cooling_zone,
        security_zone=security_zone,
        feeds=(f"P{number}-A", f"P{number}-B"),
        area_m2=3.9,
        phase="one" if number != 4 else "two",
        cage="cage" if owner else None,
        owner=owner,
    )


def _rack_model() -> RackModel:
    switch = KitItem("top", 42.0, 1.0, "rear", False, 9.0, 150.0, (0, 1), "1+1", ports_provided=24)
    pdu = KitItem("pdu", None, 0.0, None, False, 8.0, 0.0)
    return RackModel("rack", 42, 800, 1200, 140.0, 1100.0, (switch, pdu), lead_days=28, stock=2)


def kit_at(position: int) -> tuple[Mounted, ...]:
    cords = (Supply(f"P{position}-A", "L1"), Supply(f"P{position}-B", "L1"))
    return (
        Mounted("top", "kit", 42.0, 1.0, "rear", False, 9.0, 150.0, cords, "1+1", ports_provided=24),
        Mounted("pdu", "kit", None, 0.0, None, False, 8.0, 0.0),
    )


def rack_at(name: str, position: int, owner: str, contents: tuple[Mounted, ...]) -> TargetRack:
    return TargetRack(name, "rack", f"P{position}", owner, 42, 1, 800, 1200, 140.0, 1100.0, contents)


def _standing_rack() -> TargetRack:
    cords = (Supply("P3-A", "L1"), Supply("P3-B", "L1"))
    core = Mounted("core", "occupant", 20.0, 4.0, "front", True, 50.0, 700.0, cords, "1+1", ports_used=8)
    return replace(rack_at("S1", 3, "cirb", (*kit_at(3), core)), reserved_units=(30.0, 31.0))


def a_pool(**changes: Any) -> CloudPool:
    """A pool of three hosts of which one is kept in reserve."""
    host = HostType(
        model="host-2u",
        height_u=2.0,
        is_full_depth=True,
        airflow="front-to-rear",
        weight_kg=30.0,
        power_w=600.0,
        redundancy="1+1",
        ports_used=4,
        vcpus=8,
        memory_mb=64_000,
        storage_mb=700_000,
        lead_days=35,
    )
    pool = CloudPool(
        name="cloud",
        host_type=host,
        owner="cirb",
        cpu_overcommit=2.0,
        memory_overcommit=1.0,
        reserve_hosts=1,
        replicas=2,
        storage_fill=0.8,
        zones=("general", "shared"),
        is_default=True,
        security_zone="general",
        phase="one",
        max_hosts=3,
    )
    return replace(pool, **changes)
