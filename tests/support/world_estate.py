"""The estate of the small world in `plan_builders`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from world_times import SATURDAY, SUNDAY, at, device, machine

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
