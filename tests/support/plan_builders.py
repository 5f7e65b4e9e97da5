"""A small world by hand: two source sites, a target with four positions, and a complete plan that keeps every rule.

`an_estate()`, `a_facility()` and `a_plan()` belong together; `a_world()` gives the three. Change a part with
`dataclasses.replace` and pass the result to `resealed`, which sets the hashes again. Nothing here is computed by the
code under test: every demand, time and objective is written down.

Depot (site 1, of stib), room 1: a chassis (1) with a blade (2), a single-corded switch (3) and a passive panel (4)
that share a unit, a server (5), a server that becomes a workload (6), a retired cluster host (7), a building-bound
reader (8); machines 1 to 4. Town hall (site 2, of cirb), room 2: an unproven device (9), two servers (10, 11), one too
high for any rack (12), a cluster host that stays (13); machine 5, and machine 6 that is kept.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from capacity.calendar import Calendar, CalendarResource, WeeklySlot, WorkRates
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
from capacity.plan import (
    AssetDemand,
    CloudHost,
    Decision,
    DevicePlacement,
    Evidence,
    Inputs,
    Lack,
    Move,
    MoveGroup,
    Objective,
    Place,
    Plan,
    RoomOutcome,
    Step,
    Unplaced,
    Use,
    Wave,
    WorkloadPlacement,
)
from capacity.plan import sealed as sealed_plan
from capacity.resources import Quantity
from inventory.estate import (
    Application,
    ApplicationMember,
    ChangeWindow,
    Circuit,
    Cluster,
    Constraint,
    Device,
    DeviceRole,
    DeviceType,
    Estate,
    Flow,
    FrontPortTemplate,
    Interface,
    Location,
    Manufacturer,
    Observation,
    PowerPortTemplate,
    Provider,
    Rack,
    Ref,
    Site,
    SpecialNeed,
    StrategyOverride,
    Tenant,
    TenantGroup,
    VirtualDisk,
    VirtualMachine,
)
from inventory.estate import sealed as sealed_estate

BRUSSELS = ZoneInfo("Europe/Brussels")
SATURDAY, SUNDAY = 5, 6


def device(number: int) -> Ref:
    return Ref("devices", number)


def machine(number: int) -> Ref:
    return Ref("virtual_machines", number)


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A local time in 2027."""
    return datetime(2027, month, day, hour, minute, tzinfo=BRUSSELS)


def days_after(moment: datetime, days: float) -> datetime:
    """So many times 24 hours later."""
    return (moment.astimezone(UTC) + timedelta(days=days)).astimezone(BRUSSELS)


# --- estate --------------------------------------------------------------------------------------------------------


def an_estate(**changes: Any) -> Estate:
    """The estate of this module, sealed; `changes` replace whole lists."""
    return sealed_estate(replace(_organisation(_hardware(_planning(Estate(revision=7)))), **changes))


def _organisation(estate: Estate) -> Estate:
    return replace(
        estate,
        tenant_groups=(TenantGroup(1, "STIB", "stib"), TenantGroup(2, "CIRB", "cirb")),
        tenants=(Tenant(1, "Depots", "depots", 1), Tenant(2, "Town", "town", 2)),
        sites=(Site(1, "Depot", "depot", tenant_id=1), Site(2, "Town hall", "town-hall", tenant_id=2)),
        locations=(Location(1, "Room D", "room-d", 1), Location(2, "Room T", "room-t", 2)),
        racks=(Rack(1, "D-1", 1, 1), Rack(2, "T-1", 2, 2)),
        providers=(Provider(1, "IRISnet", "irisnet"),),
        circuits=(
            Circuit(1, "IRIS-1", 1, rate_mbps=1000.0, site_ids=(1,)),
            Circuit(2, "IRIS-2", 1, rate_mbps=100.0, site_ids=(2,)),
        ),
        clusters=(
            Cluster(1, "cl-depot", scope=Ref("sites", 1)),
            Cluster(2, "cl-town", scope=Ref("locations", 2)),
        ),
    )


def _hardware(estate: Estate) -> Estate:
    ports = [(1, 2, 400), (2, 1, 100), (4, 4, 1000), (6, 2, 500), (8, 2, 300)]
    templates = [
        PowerPortTemplate(10 * type_id + n, type_id, f"PSU{n}", maximum_draw_w=draw)
        for type_id, count, draw in ports
        for n in range(count)
    ]
    here = {"site_id": 1, "location_id": 1, "rack_id": 1}
    there = {"site_id": 2, "location_id": 2, "rack_id": 2}
    return replace(
        estate,
        manufacturers=(Manufacturer(1, "Maker", "maker"),),
        device_roles=(
            DeviceRole(1, "Server", "server"),
            DeviceRole(2, "Access switch", "access-switch"),
            DeviceRole(3, "Patch panel", "patch-panel"),
            DeviceRole(4, "Chassis", "chassis"),
            DeviceRole(5, "Blade", "blade"),
            DeviceRole(6, "Access control", "access-control"),
        ),
        device_types=(
            DeviceType(1, 1, "srv-1u", "srv-1u", airflow="front-to-rear", weight_kg=15.0),
            DeviceType(2, 1, "switch", "switch", is_full_depth=False, airflow="rear-to-front", weight_kg=5.0),
            DeviceType(3, 1, "panel", "panel", is_full_depth=False, airflow="passive", weight_kg=2.0),
            DeviceType(4, 1, "chassis", "chassis", height_u=6.0, airflow="front-to-rear", weight_kg=60.0),
            DeviceType(5, 1, "blade", "blade", height_u=0.0, weight_kg=6.0, subdevice_role="child"),
            DeviceType(6, 1, "old-2u", "old-2u", height_u=2.0, weight_kg=20.0),
            DeviceType(7, 1, "mystery", "mystery"),
            DeviceType(8, 1, "tower", "tower", height_u=48.0, airflow="front-to-rear", weight_kg=30.0),
        ),
        power_port_templates=tuple(templates),
        front_port_templates=(FrontPortTemplate(1, 3, "P1"),),
        devices=(
            Device(1, "chassis", 4, 4, tenant_id=1, position=1.0, face="front", **here),
            Device(2, "blade", 5, 5, 1, tenant_id=1, location_id=1, parent_device_id=1, parent_bay="Bay 1"),
            Device(3, "switch", 2, 2, tenant_id=1, position=20.0, face="rear", **here),
            Device(4, "panel", 3, 3, tenant_id=1, position=20.0, face="front", **here),
            Device(5, "signal", 1, 1, position=22.0, face="front", **here),
            Device(6, "ticket-db", 1, 1, tenant_id=1, position=23.0, face="front", **here),
            Device(7, "esx-depot", 6, 1, tenant_id=1, position=24.0, face="front", cluster_id=1, **here),
            Device(8, "badge", 1, 6, tenant_id=1, position=26.0, face="front", **here),
            Device(9, "mystery", 7, 1, tenant_id=2, position=5.0, face="front", **there),
            Device(10, "vault", 1, 1, tenant_id=2, position=6.0, face="front", **there),
            Device(11, "files", 1, 1, tenant_id=2, position=7.0, face="front", **there),
            Device(12, "tower", 8, 1, 2, tenant_id=2, location_id=2),
            Device(13, "esx-town", 6, 1, tenant_id=2, position=9.0, face="front", cluster_id=2, **there),
        ),
        interfaces=tuple(Interface(n, 3, f"ge-{n}", cable_id=n) for n in range(1, 31)),
        virtual_machines=(
            *(
                VirtualMachine(
                    n, f"vm-{n}", cluster_id=1, tenant_id=1, vcpus=4, memory_mb=8000, disk_mb=100_000
                )
                for n in (1, 2, 3)
            ),
            VirtualMachine(4, "vm-4", cluster_id=1, tenant_id=1, vcpus=2, memory_mb=4000),
            VirtualMachine(5, "vm-5", cluster_id=2, tenant_id=2, vcpus=2, memory_mb=4000, disk_mb=20_000),
            VirtualMachine(6, "vm-6", cluster_id=2, tenant_id=2),
        ),
        virtual_disks=(VirtualDisk(1, 4, "a", 60_000), VirtualDisk(2, 4, "b", 40_000)),
    )


def _planning(estate: Estate) -> Estate:
    def seen(number: int, ref: Ref, metric: str, value: float, statistic: str = "value") -> Observation:
        basis = "measured" if statistic in {"peak", "p95"} else "nameplate"
        return Observation(number, ref, metric, value, "", basis, statistic)

    return replace(
        estate,
        observations=(
            seen(1, device(5), "power_w", 250.0, "p95"),
            seen(2, device(5), "power_w", 320.0, "peak"),
            seen(3, device(10), "power_w", 500.0),
            seen(4, device(6), "vcpus", 8.0),
            seen(5, device(6), "memory_mb", 16_000.0),
            seen(6, device(6), "disk_mb", 100_000.0),
        ),
        applications=(
            Application(1, "Ticketing", "ticketing", tenant_id=1, downtime_budget_minutes=240),
            Application(2, "Signalling", "signalling", tenant_id=1, downtime_budget_minutes=480),
        ),
        application_members=(
            ApplicationMember(1, machine(1)),
            ApplicationMember(1, machine(2)),
            ApplicationMember(1, device(6)),
            ApplicationMember(2, device(5)),
        ),
        flows=(
            Flow(1, machine(1), machine(2), rate_mbps=50.0, latency_ms=1.0),
            Flow(2, Ref("applications", 1), machine(3), rate_mbps=100.0),
            Flow(3, device(10), machine(5), latency_ms=0.5),
            Flow(4, machine(3), device(10), rate_mbps=20.0, latency_ms=50.0),
            Flow(5, machine(6), machine(5), rate_mbps=10.0, latency_ms=20.0),
            Flow(6, Ref("applications", 2), machine(4), rate_mbps=30.0),
        ),
        change_windows=(
            ChangeWindow(1, Ref("applications", 1), SATURDAY, 22 * 60, 480),
            ChangeWindow(2, Ref("sites", 1), SATURDAY, 21 * 60, 600),
            ChangeWindow(3, Ref("tenants", 2), SUNDAY, 6 * 60, 720),
        ),
        constraints=(
            Constraint(1, "together", "switch and panel", (device(3), device(4)), scope="rack"),
            Constraint(2, "apart", "vault and files", (device(10), device(11)), scope="rack"),
            Constraint(3, "apart", "ticketing pair", (machine(1), machine(2)), scope="host"),
            Constraint(4, "together", "ticketing", (machine(1), machine(2)), scope="group"),
            Constraint(5, "together", "batch", (machine(3), machine(4)), scope="host"),
            Constraint(6, "zone", "secret", (device(10),), value="restricted"),
            Constraint(7, "zone", "shared", (machine(5),), value="shared"),
            Constraint(8, "keep", "phones", (machine(6),), reason="the telephone exchange"),
            Constraint(9, "building_bound", "doors", (device(8),), reason="access control"),
            Constraint(10, "freeze", "fares", (Ref("applications", 1),), start=at(4, 1), end=at(4, 15)),
        ),
        special_needs=(SpecialNeed(1, device(10), "hsm"), SpecialNeed(2, device(5), "rail")),
        strategy_overrides=(StrategyOverride(1, device(11), "relocate", "it is new", "Ann"),),
    )


# --- facility --------------------------------------------------------------------------------------------------------


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


def _kit(position: int) -> tuple[Mounted, ...]:
    cords = (Supply(f"P{position}-A", "L1"), Supply(f"P{position}-B", "L1"))
    return (
        Mounted("top", "kit", 42.0, 1.0, "rear", False, 9.0, 150.0, cords, "1+1", ports_provided=24),
        Mounted("pdu", "kit", None, 0.0, None, False, 8.0, 0.0),
    )


def _rack(name: str, position: int, owner: str, contents: tuple[Mounted, ...]) -> TargetRack:
    return TargetRack(name, "rack", f"P{position}", owner, 42, 1, 800, 1200, 140.0, 1100.0, contents)


def _standing_rack() -> TargetRack:
    cords = (Supply("P3-A", "L1"), Supply("P3-B", "L1"))
    core = Mounted("core", "occupant", 20.0, 4.0, "front", True, 50.0, 700.0, cords, "1+1", ports_used=8)
    return replace(_rack("S1", 3, "cirb", (*_kit(3), core)), reserved_units=(30.0, 31.0))


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


# --- calendar --------------------------------------------------------------------------------------------------------


def a_calendar(**changes: Any) -> Calendar:
    calendar = Calendar(
        time_zone="Europe/Brussels",
        start=at(2, 1),
        horizon_end=at(12, 31),
        default_windows=(WeeklySlot(SUNDAY, 8 * 60, 600),),
        holidays=(date(2027, 4, 5), date(2027, 5, 6)),
        resources=(
            CalendarResource("crew", 3.0, "people"),
            CalendarResource("engineer", 3.0, "people"),
            CalendarResource("van", 2.0, "vans"),
            CalendarResource("dock", 1.0, "slots", (WeeklySlot(SATURDAY, 20 * 60, 2160),)),
        ),
        work=WorkRates(
            relocate_minutes=60.0,
            transport_minutes=120.0,
            van_kg=800.0,
            van_units_u=40.0,
            cutover_minutes=30.0,
            decommission_minutes=20.0,
            rack_minutes=120.0,
            host_minutes=60.0,
            replication_share=0.5,
            replication_factor=1.2,
        ),
        rollback_days=14,
        intersite_latency_ms=2.0,
    )
    return replace(calendar, **changes)


# --- plan ------------------------------------------------------------------------------------------------------------

STRATEGY: dict[Ref, str] = {
    **dict.fromkeys(map(device, (1, 2, 3, 4, 5, 9, 10, 11, 12)), "relocate"),
    device(6): "rehost",
    device(7): "retire",
    device(8): "retain",
    device(13): "retain",
    **dict.fromkeys(map(machine, (1, 2, 3, 5)), "rehost"),
    machine(4): "replatform",
    machine(6): "retain",
}

UNITS_OF = {1: (1.0, "front"), 3: (40.0, "rear"), 4: (40.0, "front"), 5: (10.0, "front")}
LEGS_OF = {1: ("L1", "L2"), 5: ("L3",)}


def a_plan(**changes: Any) -> Plan:
    """The plan of this module for `an_estate()` and `a_facility()`, sealed; `changes` replace whole fields."""
    estate, facility = an_estate(), a_facility()
    names = {device(d.id): d.name for d in estate.devices} | {
        machine(m.id): m.name for m in estate.virtual_machines
    }
    plan = Plan(
        name="small",
        status="complete",
        inputs=Inputs(estate.content_hash, 7, facility.content_hash, 1, at(2, 1)),
        calendar=a_calendar(),
        decisions=tuple(
            Decision(
                ref,
                str(names[ref]),
                strategy,
                "rehost" if ref == device(11) else strategy,
                "override" if ref == device(11) else "strategy.rule",
                "because",
                (),
            )
            for ref, strategy in sorted(STRATEGY.items())
        ),
        demands=_demands(),
        racks=(_rack("N1", 1, "stib", _kit(1)), _rack("N2", 2, "cirb", _kit(2))),
        hosts=tuple(
            CloudHost(
                f"cloud-{n}", "cloud", "N2", 8.0 + 2 * n, "front", (Supply("P2-A", leg), Supply("P2-B", leg))
            )
            for n, leg in ((1, "L1"), (2, "L2"), (3, "L3"))
        ),
        devices=_placements(),
        workloads=(
            *(WorkloadPlacement(machine(n), "cloud", f"cloud-{n}") for n in (1, 2)),
            *(WorkloadPlacement(machine(n), "cloud", "cloud-2") for n in (3, 4)),
            WorkloadPlacement(machine(5), "cloud", "cloud-1"),
            WorkloadPlacement(device(6), "cloud", "cloud-1"),
        ),
        unplaced=(
            Unplaced(device(9), "mystery", True, (Lack("power_w", None, None, "", "nothing known"),)),
            Unplaced(device(12), "tower", False, (Lack("height_u", 48.0, 41.0, "any rack", "too high"),)),
        ),
        groups=(
            MoveGroup(
                "G1",
                "Ticketing",
                (device(6), *map(machine, (1, 2, 3, 4))),
                "one application",
                (6,),
                1,
            ),
            MoveGroup("G2", "Depot kit", tuple(map(device, (1, 2, 3, 4, 5))), "one room", (), 2),
            MoveGroup("G3", "Town", (device(10), device(11), machine(5)), "one room", (5,), 2),
        ),
        waves=(
            Wave(1, "Wave 1", at(3, 13, 20), at(3, 14, 8), at(2, 27), ("G1",)),
            Wave(2, "Wave 2", at(3, 20, 20), at(3, 21, 18), at(3, 6), ("G2", "G3")),
        ),
        steps=_steps(),
        rooms=(
            RoomOutcome(1, 1, "Room D", at(4, 13, 10), (device(8),)),
            RoomOutcome(
                2, 2, "Room T", None, (), "two devices have no place, and the telephone exchange stays"
            ),
        ),
        evidence=_evidence(),
    )
    return sealed_plan(replace(plan, **changes))


def _placements() -> tuple[DevicePlacement, ...]:
    def cords(position: int, *legs: str) -> tuple[Supply, ...]:
        return tuple(Supply(f"P{position}-{side}", leg) for side in "AB" for leg in legs)

    return (
        DevicePlacement(device(1), "N1", 1.0, "front", cords(1, "L1", "L2")),
        DevicePlacement(device(2), "N1", None, None, (), 1, "Bay 1"),
        DevicePlacement(device(3), "N1", 40.0, "rear", (Supply("P1-A", "L3"),)),
        DevicePlacement(device(4), "N1", 40.0, "front"),
        DevicePlacement(device(5), "N1", 10.0, "front", cords(1, "L3")),
        DevicePlacement(device(10), "S1", 5.0, "front", cords(3, "L1")),
        DevicePlacement(device(11), "N2", 5.0, "front", cords(2, "3P")),
    )


def _demands() -> tuple[AssetDemand, ...]:
    def q(low: float, high: float, rule: str, *, is_estimate: bool = False) -> Quantity:
        return Quantity(low, high, high, rule, is_estimate)

    assumed = q(0, 2, "ports.assumed", is_estimate=True)

    def server(number: int, power: Quantity) -> AssetDemand:
        quantities = {"power_w": power, "weight_kg": q(15, 15, "weight.type"), "ports": assumed}
        return AssetDemand(device(number), quantities, 1.0, True, "front-to-rear", "1+1", "redundancy.ports")

    def workload(ref: Ref, vcpus: float, memory_mb: float, disk_mb: float) -> AssetDemand:
        return AssetDemand(
            ref,
            {
                "vcpus": q(vcpus, vcpus, "vcpus.recorded"),
                "memory_mb": q(memory_mb, memory_mb, "memory.recorded"),
                "disk_mb": q(disk_mb, disk_mb, "disk.recorded"),
            },
        )

    chassis = {
        "power_w": q(600, 2000, "power.type_ports"),
        "weight_kg": q(66, 66, "weight.type"),
        "ports": assumed,
    }
    blade = {
        "power_w": q(0, 0, "power.in_chassis"),
        "weight_kg": q(0, 0, "weight.in_chassis"),
        "ports": q(0, 0, "ports.in_chassis"),
    }
    switch = {
        "power_w": q(30, 100, "power.type_ports"),
        "weight_kg": q(5, 5, "weight.type"),
        "ports": q(4, 4, "ports.cabled"),
    }
    panel = {
        "power_w": q(0, 0, "power.passive"),
        "weight_kg": q(2, 2, "weight.type"),
        "ports": q(0, 0, "ports.assumed", is_estimate=True),
    }
    return (
        AssetDemand(device(1), chassis, 6.0, True, "front-to-rear", "2+2", "redundancy.ports"),
        AssetDemand(device(2), blade, 0.0, True, None, None, "redundancy.in_chassis"),
        AssetDemand(device(3), switch, 1.0, False, "rear-to-front", "1+0", "redundancy.ports"),
        AssetDemand(device(4), panel, 1.0, False, "passive", None, "redundancy.passive"),
        server(5, q(250, 320, "power.measured_peak")),
        workload(device(6), 8, 16_000, 100_000),
        AssetDemand(device(9), {"ports": assumed}, 1.0, True),
        server(10, q(150, 500, "power.nameplate")),
        server(11, q(120, 400, "power.type_ports")),
        *(workload(machine(n), 4, 8000, 100_000) for n in (1, 2, 3)),
        workload(machine(4), 2, 4000, 100_000),
        workload(machine(5), 2, 4000, 20_000),
    )


def _evidence() -> Evidence:
    energy_kwh = (3320 + 3 * 600 + 2 * 150) * 8.76 * 1.3

    def objective(name: str, value: float, bound: float) -> Objective:
        return Objective(name, value, bound, (value - bound) / max(bound, 1), "total over capacity")

    return Evidence(
        (
            objective("unplaced", 2.0, 2.0),
            objective("new_racks", 2.0, 1.0),
            objective("cloud_hosts", 3.0, 3.0),
            objective("energy_kwh", energy_kwh, 50_000.0),
        ),
        (),
        (),
        (),
    )


# --- steps -----------------------------------------------------------------------------------------------------------


def source_of(ref: Ref) -> Place:
    """Where an asset of this module stands before the plan."""
    if ref.kind == "virtual_machines":
        return Place(site_id=1 if ref.id <= 4 else 2, cluster_id=1 if ref.id <= 4 else 2)
    site = 1 if ref.id <= 8 else 2
    return Place(site_id=site, rack_id=None if ref.id in {2, 12} else site)


def target_of(ref: Ref) -> Place:
    """Where the plan of this module places an asset."""
    hosts = {machine(1): 1, machine(2): 2, machine(3): 2, machine(4): 2, machine(5): 1, device(6): 1}
    if ref in hosts:
        return Place(pool="cloud", host=f"cloud-{hosts[ref]}")
    placement = next(p for p in _placements() if p.asset == ref)
    return Place(rack=placement.rack, position=placement.position, face=placement.face)


def _steps() -> tuple[Step, ...]:
    ticketing, kit = [device(6), *map(machine, (1, 2, 3, 4))], list(map(device, (1, 2, 3, 4, 5)))
    return (
        a_step(
            "racks", "commission_rack", at(3, 8, 8), at(3, 8, 12), [], {"crew": 1}, commissions=("N1", "N2")
        ),
        a_step(
            "hosts",
            "commission_host",
            at(3, 9, 8),
            at(3, 9, 11),
            [],
            {"crew": 1},
            commissions=("cloud-1", "cloud-2", "cloud-3"),
            predecessors=("racks",),
        ),
        a_step("copy-1", "replicate", at(3, 10, 20), at(3, 11), ticketing, {"circuit:1": 500}, after="hosts"),
        a_step(
            "copy-2",
            "replicate",
            at(3, 10, 20),
            at(3, 10, 22),
            [machine(5)],
            {"circuit:2": 50},
            after="hosts",
        ),
        a_step(
            "cut-1", "cutover", at(3, 13, 22), at(3, 14), ticketing, {"engineer": 2}, "G1", 1, after="copy-1"
        ),
        a_step(
            "move-2",
            "relocate",
            at(3, 20, 22),
            at(3, 21, 4),
            kit,
            {"crew": 2, "van": 1, "dock": 1},
            "G2",
            2,
            after="racks",
        ),
        a_step(
            "cut-3",
            "cutover",
            at(3, 21, 8),
            at(3, 21, 9),
            [machine(5)],
            {"engineer": 1},
            "G3",
            2,
            after="copy-2",
        ),
        a_step(
            "move-3",
            "relocate",
            at(3, 21, 8),
            at(3, 21, 12),
            [device(10), device(11)],
            {"crew": 1, "van": 1, "dock": 1},
            "G3",
            2,
            after="racks",
        ),
        a_step(
            "clear-1",
            "decommission",
            at(4, 12, 9),
            at(4, 12, 13),
            ticketing,
            {"engineer": 1, "crew": 1},
            after="cut-1",
        ),
        a_step(
            "clear-3",
            "decommission",
            at(4, 12, 9),
            at(4, 12, 10),
            [machine(5)],
            {"engineer": 1},
            after="cut-3",
        ),
        a_step("retire-7", "retire", at(4, 13, 9), at(4, 13, 10), [device(7)], {"crew": 1}, after="cut-1"),
    )


def a_step(
    name: str,
    kind: str,
    start: datetime,
    end: datetime,
    assets: list[Ref],
    holds: dict[str, float],
    group: str | None = None,
    wave: int | None = None,
    *,
    commissions: tuple[str, ...] = (),
    predecessors: tuple[str, ...] = (),
    after: str | None = None,
) -> Step:
    """A step with a move of each asset from where it stands to where this module's plan places it."""
    is_end = kind in {"retire", "decommission"}
    return Step(
        id=name,
        kind=kind,
        start=start,
        end=end,
        predecessors=(after,) if after else predecessors,
        moves=tuple(Move(ref, source_of(ref), None if is_end else target_of(ref)) for ref in assets),
        commissions=commissions,
        uses=tuple(Use(resource, float(amount), start, end) for resource, amount in holds.items()),
        group=group,
        wave=wave,
        rollback_deadline=days_after(end, 14) if kind in {"cutover", "relocate"} else None,
    )


# --- the three together ----------------------------------------------------------------------------------------------


def a_world() -> tuple[Estate, Facility, Plan]:
    """Estate, facility and the plan made from them; the plan keeps every rule."""
    return an_estate(), a_facility(), a_plan()


def resealed(estate: Estate, facility: Facility, plan: Plan) -> tuple[Estate, Facility, Plan]:
    """The same three with every hash set again, the plan naming the hashes of the other two."""
    estate, facility = sealed_estate(estate), sealed_facility(facility)
    inputs = replace(plan.inputs, estate_hash=estate.content_hash, facility_hash=facility.content_hash)
    return estate, facility, sealed_plan(replace(plan, inputs=inputs))
