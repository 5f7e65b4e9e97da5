"""Tiny estates whose demands follow from their own rows, planned without dates, and a stranger that tries every place.

`Room` grows devices and machines; `placed` is the plan of its placement with evidence and changes; `places_for` puts an
asset everywhere a rack, a face, a unit and cords allow and asks only the checker, so it shares nothing with planners
but the rack as it is delivered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product

from target_builders import MOMENT, arranged

from capacity import evidence
from capacity.calendar import Calendar, WorkRates
from capacity.demand import derive
from capacity.facility import Facility, Supply, TargetRack, sealed
from capacity.facility_file import mount_kit
from capacity.plan import CloudHost, Decision, DevicePlacement, Inputs, Plan, WorkloadPlacement
from capacity.smallest_change import with_changes
from capacity.verify import check
from inventory.estate import (
    Constraint,
    Device,
    DeviceRole,
    DeviceType,
    Estate,
    Manufacturer,
    Observation,
    Ref,
    Site,
    Tenant,
    VirtualMachine,
)
from inventory.estate import sealed as sealed_estate

# What the checker says of racks, power, entitlements and the cloud; the plans here have no dates.
CODES = {
    "RACK-POSITION", "RACK-STOCK", "UNIT-OVERLAP", "UNIT-RANGE", "BAY", "AIRFLOW", "HEAVY-LOW", "RACK-WEIGHT", "FLOOR",
    "PORTS", "ZONE", "OWNER", "TOGETHER", "APART", "POWER-CORDS", "POWER-NODE", "POWER-LEG", "POWER-DIVERSE", "COOLING",
    "ENTITLEMENT", "RESERVATION", "HOST-CAPACITY", "POOL-STORAGE", "POOL-RESERVE", "TENANCY", "DEMAND", "UNPROVEN",
    "REF-UNKNOWN",
}  # fmt: skip


@dataclass
class Room:
    """What is to be placed."""

    devices: list[Device] = field(default_factory=list)
    types: list[DeviceType] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    machines: list[VirtualMachine] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)

    def device(
        self, *, height_u: float = 1.0, power_w: float | None = 100.0, weight_kg: float = 10.0,
        redundancy: str = "1+1", owner: str = "ours",
    ) -> Ref:  # fmt: skip
        number = len(self.devices) + 1
        tenant = {"ours": 1, "theirs": 2}[owner]
        name = f"t{number}"
        self.types.append(
            DeviceType(number, 1, name, name, height_u=height_u, airflow="front-to-rear", weight_kg=weight_kg)
        )
        self.devices.append(
            Device(number, f"d{number}", number, 1, 1, tenant_id=tenant, supply_redundancy=redundancy)
        )
        if power_w is not None:
            self.observations.append(
                Observation(
                    number,
                    Ref("devices", number),
                    "power_w",
                    power_w,
                    unit="W",
                    basis="measured",
                    statistic="peak",
                )
            )
        return Ref("devices", number)

    def machine(self, *, vcpus: float = 1.0, memory_mb: int = 1000, disk_mb: int = 1000) -> Ref:
        number = len(self.machines) + 1
        self.machines.append(
            VirtualMachine(
                number,
                f"v{number}",
                tenant_id=1,
                site_id=1,
                vcpus=vcpus,
                memory_mb=memory_mb,
                disk_mb=disk_mb,
            )
        )
        return Ref("virtual_machines", number)

    def bind(self, kind: str, *members: Ref, scope: str = "rack") -> None:
        self.constraints.append(Constraint(len(self.constraints) + 1, kind, members=members, scope=scope))

    @property
    def estate(self) -> Estate:
        return sealed_estate(
            Estate(
                manufacturers=(Manufacturer(1, "Maker", "maker"),),
                device_roles=(DeviceRole(1, "Server", "server"),),
                device_types=tuple(self.types),
                tenants=(Tenant(1, "Ours", "ours"), Tenant(2, "Theirs", "theirs")),
                sites=(Site(1, "Here", "here"),),
                devices=tuple(self.devices),
                virtual_machines=tuple(self.machines),
                observations=tuple(self.observations),
                constraints=tuple(self.constraints),
            )
        )

    def placed(self, facility: Facility) -> Plan:
        """The plan of the placement, without steps, with its evidence and with what would place what is left out."""
        estate, demands = self.estate, derive(self.estate)
        decisions = tuple(
            Decision(ref, str(ref.id), kind, kind, "test", "because", ())
            for ref in sorted(estate.assets())
            for kind in ["relocate" if ref.kind == "devices" else "rehost"]
        )
        found = arranged(estate, facility, decisions, demands)
        calendar = Calendar(
            "Europe/Brussels", MOMENT, MOMENT, (), (), (), WorkRates(1, 1, 1, 1, 1, 1, 1, 1, 0.5, 1), 7, 1.0
        )
        inputs = Inputs(estate.content_hash, 0, facility.content_hash, 0, MOMENT)
        stated = tuple(demands[ref] for ref in sorted(demands))
        lists = (found.racks, found.hosts, found.devices, found.workloads, found.unplaced, (), (), (), ())
        plan = Plan("test", "complete", inputs, calendar, decisions, stated, *lists, evidence.EMPTY)
        plan = replace(plan, unplaced=with_changes(estate, facility, plan))
        return replace(plan, evidence=evidence.assess(estate, facility, plan))


def broken(estate: Estate, facility: Facility, plan: Plan) -> set[str]:
    """The codes of what a plan without dates breaks."""
    return {v.code for v in check(estate, facility, plan)} & CODES


def redelivered(facility: Facility, plan: Plan) -> Plan:
    """The plan with its new racks as their models now say."""
    return replace(
        plan, racks=tuple(delivered(facility, r.model, r.position, r.owner, r.id) for r in plan.racks)
    )


def delivered(facility: Facility, model_name: str, position_name: str, owner: str, name: str) -> TargetRack:
    model = next(m for m in facility.rack_models if m.model == model_name)
    position = next(p for p in facility.positions if p.name == position_name)
    is_three = all(n.is_three_phase for n in facility.supply if n.name in position.feeds)
    kit = mount_kit(model, position, is_three_phase=is_three)
    return TargetRack(
        name, model.model, position.name, owner, model.height_u, 1, model.width_mm, model.depth_mm, model.tare_kg,
        model.max_weight_kg, kit,
    )  # fmt: skip


def fits(estate: Estate, facility: Facility, plan: Plan, ref: Ref) -> bool:
    """Whether some place for one more asset breaks nothing, everything else left as it is."""
    facility = sealed(facility)
    plan = redelivered(facility, plan)
    plan = replace(plan, unplaced=tuple(u for u in plan.unplaced if u.asset != ref))
    return any(not broken(estate, facility, trial) for trial in places_for(estate, facility, plan, ref))


def places_for(estate: Estate, facility: Facility, plan: Plan, ref: Ref) -> Iterator[Plan]:
    """Plans with the asset everywhere it might go: in a rack that stands, or in a new one at a free position."""
    for world in (plan, *_with_a_rack(facility, plan)):
        if ref.kind == "devices":
            yield from _device_places(estate, facility, world, ref)
        else:
            yield from (_hosted(world, ref, host) for host in world.hosts)
            for more in _with_a_host(facility, world):
                yield from (_hosted(more, ref, host) for host in more.hosts)


def _with_a_rack(facility: Facility, plan: Plan) -> Iterator[Plan]:
    taken = {rack.position for rack in (*facility.racks, *plan.racks)}
    for position in facility.positions:
        for model in facility.rack_models if position.name not in taken else ():
            for owner in {entry.partner for entry in facility.entitlements}:
                rack = delivered(facility, model.model, position.name, owner, f"new-{position.name}")
                yield replace(plan, racks=(*plan.racks, rack))


def _device_places(estate: Estate, facility: Facility, plan: Plan, ref: Ref) -> Iterator[Plan]:
    device = estate.by_id("devices")[ref.id]
    kind = estate.by_id("device_types")[device.device_type_id]
    needed, _, spare = (device.supply_redundancy or "1+1").partition("+")
    for rack in (*facility.racks, *plan.racks):
        for unit in range(1, int(rack.height_u - kind.height_u) + 2):
            for cords in _cords(facility, rack, int(needed) + int(spare)):
                there = DevicePlacement(ref, rack.id, float(unit), "front", cords)
                yield replace(plan, devices=(*plan.devices, there))


def _cords(facility: Facility, rack: TargetRack, count: int) -> Iterator[tuple[Supply, ...]]:
    position = next(p for p in facility.positions if p.name == rack.position)
    nodes = {node.name: node for node in facility.supply}
    ends = [
        Supply(feed, leg)
        for feed in position.feeds
        for leg in (("L1", "L2", "L3") if nodes[feed].is_three_phase else ("L1",))
    ]
    yield from product(ends, repeat=count)


def _hosted(plan: Plan, ref: Ref, host: CloudHost) -> Plan:
    return replace(plan, workloads=(*plan.workloads, WorkloadPlacement(ref, host.pool, host.id)))


def _with_a_host(facility: Facility, plan: Plan) -> Iterator[Plan]:
    for pool in facility.pools:
        for rack in (*facility.racks, *plan.racks):
            for unit in range(1, int(rack.height_u - pool.host_type.height_u) + 2):
                for cords in _cords(facility, rack, 2):
                    host = CloudHost("one-more", pool.name, rack.id, float(unit), "front", cords)
                    yield replace(plan, hosts=(*plan.hosts, host))
