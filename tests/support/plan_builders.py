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
from datetime import date, datetime
from typing import Any

from world_estate import an_estate
from world_facility import a_facility, a_pool, kit_at, rack_at
from world_times import BRUSSELS, SATURDAY, SUNDAY, at, days_after, device, machine

from capacity.calendar import Calendar, CalendarResource, WeeklySlot, WorkRates
from capacity.facility import (
    Facility,
    Supply,
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
    UsedAssumption,
    Wave,
    WorkloadPlacement,
)
from capacity.plan import sealed as sealed_plan
from capacity.resources import Quantity
from inventory.estate import (
    Estate,
    Ref,
)
from inventory.estate import sealed as sealed_estate

__all__ = [
    "BRUSSELS",
    "SATURDAY",
    "SUNDAY",
    "a_calendar",
    "a_facility",
    "a_plan",
    "a_pool",
    "a_step",
    "a_world",
    "an_estate",
    "at",
    "days_after",
    "device",
    "machine",
    "resealed",
    "source_of",
    "target_of",
]


# --- calendar ----------------------------------------------------------------------------------------------------


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


# --- plan --------------------------------------------------------------------------------------------------------

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
                "stib" if source_of(ref).site_id == 1 else "cirb",
            )
            for ref, strategy in sorted(STRATEGY.items())
        ),
        demands=_demands(),
        racks=(rack_at("N1", 1, "stib", kit_at(1)), rack_at("N2", 2, "cirb", kit_at(2))),
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
                (4, 6),
                1,
            ),
            MoveGroup("G2", "Depot kit", tuple(map(device, (1, 2, 3, 4, 5))), "one room", (6,), 2),
            MoveGroup("G3", "Town", (device(10), device(11), machine(5)), "one room", (4, 5), 2),
        ),
        waves=(
            Wave(1, "Wave 1", at(3, 13, 20), at(3, 14, 8), at(2, 27), ("G1",)),
            Wave(2, "Wave 2", at(3, 20, 20), at(3, 21, 18), at(3, 6), ("G2", "G3")),
        ),
        steps=_steps(),
        rooms=(
            RoomOutcome(1, 1, "Room D", at(4, 13, 10), (device(8),)),
            RoomOutcome(
                2,
                2,
                "Room T",
                None,
                (device(9), device(12), device(13)),
                "two devices have no place, and the telephone exchange stays",
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
        (
            UsedAssumption("ports.assumed", "high", "ports estimated", 6),
            UsedAssumption("calendar.core_mbps", "unknown", "not proven", 6),
        ),
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


# --- the three together ------------------------------------------------------------------------------------------


def a_world() -> tuple[Estate, Facility, Plan]:
    """Estate, facility and the plan made from them; the plan keeps every rule."""
    return an_estate(), a_facility(), a_plan()


def resealed(estate: Estate, facility: Facility, plan: Plan) -> tuple[Estate, Facility, Plan]:
    """The same three with every hash set again, the plan naming the hashes of the other two."""
    estate, facility = sealed_estate(estate), sealed_facility(facility)
    inputs = replace(plan.inputs, estate_hash=estate.content_hash, facility_hash=facility.content_hash)
    return estate, facility, sealed_plan(replace(plan, inputs=inputs))
