"""Builders of small targets and of what is to be placed there: a facility with plain numbers, stated demands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from capacity import evidence
from capacity.calendar import Calendar, WorkRates
from capacity.facility import (
    CloudPool,
    CoolingZone,
    Entitlement,
    Facility,
    FloorLimit,
    Hall,
    HostType,
    KitItem,
    Phase,
    PlacementRules,
    Position,
    RackModel,
    SupplyNode,
    sealed,
)
from capacity.placement import Placement, at_positions, filled
from capacity.plan import AssetDemand, Decision, Inputs, Plan
from capacity.resources import Quantity
from inventory.estate import Constraint, Device, Estate, Ref, Site, Tenant, VirtualMachine

MOMENT = datetime(2027, 1, 4, tzinfo=UTC)

WITHOUT_KIT = KitItem("panel", None, 0.0, None, False, 0.0, 0.0, ports_provided=1000)


def arranged(
    estate: Estate,
    facility: Facility,
    decisions: Sequence[Decision],
    demands: Mapping[Ref, AssetDemand],
    *,
    seed: int = 0,
) -> Placement:
    """What is placed, its new racks at better positions of the floor, as a plan without dates would have it."""
    found = filled(estate, facility, decisions, demands, seed=seed)
    return at_positions(estate, facility, demands, found, seed=seed)[0]


def a_target(
    *,
    positions: int = 4,
    height_u: int = 10,
    feed_w: float = 10_000.0,
    row_w: float = 1e6,
    three_phase: bool = False,
    max_weight_kg: float = 1000.0,
    kit: tuple[KitItem, ...] = (WITHOUT_KIT,),
    cooling_w: float = 1e6,
    restricted: int = 0,
    **changes: Any,
) -> Facility:
    """One hall, one row with busbars A and B, `positions` positions of which the last `restricted` are in that zone."""
    names = [f"P{n}" for n in range(1, positions + 1)]
    busbars = [SupplyNode(f"row-{side}", "panel", row_w, sources=("grid",)) for side in "AB"]
    feeds = [
        SupplyNode(f"{name}-{side}", "feed", feed_w, 1.0, (f"row-{side}",), is_three_phase=three_phase)
        for name in names
        for side in "AB"
    ]
    floor = FloorLimit("footprint", limit_kg_m2=2000.0, rolling_kg=900.0)
    facility = Facility(
        name="Target",
        site="target",
        latitude=50.8,
        longitude=4.3,
        gross_area_m2=100.0,
        useful_area_m2=80.0,
        pue=1.5,
        phases=(Phase("one", date(2027, 1, 1)),),
        halls=(Hall("H", 80.0, ((0, 0), (9, 0), (9, 9), (0, 9)), floor, "one"),),
        supply=(SupplyNode("grid", "utility", 1e7, can_fail=False), *busbars, *feeds),
        cooling_zones=(CoolingZone("C", cooling_w, 2, 1, "one"),),
        security_zones=("general", "restricted"),
        positions=tuple(
            Position(
                name,
                "H",
                "R",
                n,
                float(n),
                1.0,
                0.8,
                1.2,
                "cold",
                "hot",
                "C",
                "restricted" if n >= positions - restricted else "general",
                (f"{name}-A", f"{name}-B"),
                4.0,
                "one",
            )
            for n, name in enumerate(names)
        ),
        racks=(),
        rack_models=(RackModel("rack", height_u, 800, 1200, 100.0, max_weight_kg, kit, 30),),
        pools=(),
        entitlements=(Entitlement("ours", None, None, None), Entitlement("theirs", None, None, None)),
        rules=PlacementRules(1e6, 99.0, "general"),
    )
    for name, value in changes.items():
        object.__setattr__(facility, name, value)
    return sealed(facility)


def a_cloud(*, vcpus: int = 8, memory_mb: int = 8000, storage_mb: int = 10**7, **changes: Any) -> CloudPool:
    """A pool of one-unit hosts, one of them in reserve."""
    host = HostType(
        "host", 1.0, True, "front-to-rear", 10.0, 100.0, "1+1", 1, vcpus, memory_mb, storage_mb, 30
    )
    values: dict[str, Any] = {
        "name": "cloud",
        "host_type": host,
        "owner": "ours",
        "cpu_overcommit": 1.0,
        "memory_overcommit": 1.0,
        "reserve_hosts": 1,
        "replicas": 1,
        "storage_fill": 1.0,
        "zones": ("general",),
        "is_default": True,
        "security_zone": "general",
        "phase": "one",
    }
    return CloudPool(**(values | changes))


@dataclass
class Wanted:
    """What is to be placed: grown by `device` and `machine`, then read as estate, decisions and demands."""

    devices: list[Device] = field(default_factory=list)
    machines: list[VirtualMachine] = field(default_factory=list)
    demands: dict[Ref, AssetDemand] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def device(
        self,
        *,
        height_u: float | None = 1.0,
        power_w: float | None = 100.0,
        weight_kg: float = 10.0,
        ports: float = 1.0,
        redundancy: str | None = "1+1",
        is_full_depth: bool = True,
        airflow: str | None = "front-to-rear",
        owner: str = "ours",
        name: str | None = None,
        chassis: Ref | None = None,
    ) -> Ref:
        ref = Ref("devices", len(self.devices) + 1)
        tenant = {"ours": 1, "theirs": 2, "strangers": 3}[owner]
        bay = {} if chassis is None else {"parent_device_id": chassis.id, "parent_bay": f"bay {ref.id}"}
        self.devices.append(Device(ref.id, name or f"d{ref.id}", 1, 1, 1, tenant_id=tenant, **bay))
        amounts = {"power_w": power_w, "weight_kg": weight_kg, "ports": ports}
        self.demands[ref] = AssetDemand(
            ref,
            {d: Quantity.exact(v, "test") for d, v in amounts.items() if v is not None},
            height_u,
            is_full_depth,
            airflow,
            redundancy,
            "redundancy.stated" if redundancy else "redundancy.passive",
        )
        self._decide(ref, "relocate")
        return ref

    def machine(
        self,
        *,
        vcpus: float = 1.0,
        memory_mb: float = 1000.0,
        disk_mb: float = 1000.0,
        owner: str | None = "ours",
        name: str | None = None,
    ) -> Ref:
        ref = Ref("virtual_machines", len(self.machines) + 1)
        tenant = None if owner is None else {"ours": 1, "theirs": 2}[owner]
        self.machines.append(VirtualMachine(ref.id, name or f"v{ref.id}", tenant_id=tenant))
        amounts = {"vcpus": vcpus, "memory_mb": memory_mb, "disk_mb": disk_mb}
        self.demands[ref] = AssetDemand(ref, {d: Quantity.exact(v, "test") for d, v in amounts.items()})
        self._decide(ref, "rehost")
        return ref

    def _decide(self, ref: Ref, strategy: str) -> None:
        self.decisions.append(Decision(ref, "x", strategy, strategy, "test", "because", ()))

    def bind(
        self, kind: str, members: Iterable[Ref], *, scope: str | None = None, value: str | None = None
    ) -> None:
        self.constraints.append(
            Constraint(len(self.constraints) + 1, kind, members=tuple(members), scope=scope, value=value)
        )

    @property
    def estate(self) -> Estate:
        return Estate(
            tenants=(
                Tenant(1, "Ours", "ours"),
                Tenant(2, "Theirs", "theirs"),
                Tenant(3, "Strangers", "strangers"),
            ),
            sites=(Site(1, "Here", "here"),),
            devices=tuple(self.devices),
            virtual_machines=tuple(self.machines),
            constraints=tuple(self.constraints),
        )

    def place(self, facility: Facility, *, seed: int = 0) -> Placement:
        return arranged(self.estate, facility, self.decisions, self.demands, seed=seed)

    def plan(self, facility: Facility, placement: Placement | None = None) -> Plan:
        """A plan of the placement, without steps, with its evidence."""
        found = placement or self.place(facility)
        rates = WorkRates(1, 1, 1, 1, 1, 1, 1, 1, 0.5, 1)
        parts = Plan(
            "test",
            "complete",
            Inputs("", 0, facility.content_hash, 0, MOMENT),
            Calendar("Europe/Brussels", MOMENT, MOMENT, (), (), (), rates, 7, 1.0),
            tuple(self.decisions),
            tuple(self.demands[ref] for ref in sorted(self.demands)),
            found.racks,
            found.hosts,
            found.devices,
            found.workloads,
            found.unplaced,
            (),
            (),
            (),
            (),
            evidence.EMPTY,
        )
        object.__setattr__(parts, "evidence", evidence.assess(self.estate, facility, parts))
        return parts
