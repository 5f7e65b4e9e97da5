"""What is to be mounted at the target, as items: devices, chassis, groups kept together, and cloud hosts.

Between the domain and the rack solver: gathers what a thing asks of a rack, whose rack and which security zone it has
to be in, and what it may not share a rack with. `rack_problem` turns items and the facility into arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from capacity.belonging import Belonging
from capacity.facility import CloudPool, Facility, HostType
from capacity.plan import AssetDemand
from capacity.resources import Redundancy
from inventory.estate import Device, Estate, Ref

DEVICE_DIMENSIONS = ("power_w", "weight_kg", "ports")
PASSIVE_RULE = "redundancy.passive"  # the demand rule of things without supplies
RACK_BINDING = {("together", "rack"), ("apart", "rack"), ("apart", "feed")}  # another rack is another feed
HOST_VALUE = 1000  # a host carries many workloads: it is left out last


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing to mount. `asset` of a device, `host` the id of a cloud host; `redundancy` None: no supplies.

    `side`: the feed of its position that all its cords take, counted from 0; None: any.
    """

    name: str
    height_u: float
    is_full_depth: bool
    airflow: str | None
    power_w: float
    weight_kg: float
    ports: float
    redundancy: Redundancy | None
    is_three_phase: bool = False
    asset: Ref | None = None
    host: str | None = None
    children: tuple[Device, ...] = ()
    side: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """Things that go into one rack together. `apart` are ids of constraints that keep items in different racks."""

    things: tuple[Thing, ...]
    owner: str
    zone: str
    apart: tuple[int, ...] = ()
    value: float = 1.0

    @property
    def name(self) -> str:
        return ", ".join(thing.name for thing in self.things[:3]) + (" …" if len(self.things) > 3 else "")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An asset that can't even be tried: `dimension`, `where` and the sentence of its lack."""

    asset: Ref
    dimension: str
    where: str
    explanation: str
    is_unproven: bool = False
    depends_on: Ref | None = None  # the chassis whose place this asset shares


@dataclass(slots=True)
class RackItems:
    """What goes to the solver, and what can't."""

    items: list[Item] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def name_of(estate: Estate, ref: Ref) -> str:
    """A name to show: the asset's, or kind and id where it has none."""
    row = estate.find(ref)
    return (row.name if row is not None else None) or f"{ref.kind} {ref.id}"


def is_single(thing: Thing) -> bool:
    """Whether one loss on a cord takes the thing down."""
    return thing.redundancy is not None and thing.redundancy.spare == 0


def unproven(demand: AssetDemand | None, dimensions: Iterable[str]) -> tuple[str, ...]:
    """The dimensions of a demand nobody can bound."""
    if demand is None:
        return tuple(dimensions)
    return tuple(d for d in dimensions if d not in demand.quantities)


def unknown_of_device(demand: AssetDemand | None) -> tuple[str, ...]:
    """What has to be known of a device before it gets a place, and isn't."""
    missing = list(unproven(demand, DEVICE_DIMENSIONS))
    if demand is not None:
        missing += [d for d in ("height_u", "is_full_depth") if getattr(demand, d) is None]
        if demand.redundancy is None and demand.redundancy_rule != PASSIVE_RULE:
            missing.append("redundancy")
    return tuple(missing)


class Gatherer:
    """Collects the items of the relocated devices of one estate."""

    def __init__(self, estate: Estate, facility: Facility, demands: Mapping[Ref, AssetDemand]) -> None:
        self.estate, self.facility, self.demands = estate, facility, demands
        self.belonging = Belonging(estate)
        self.entitled = {entry.partner for entry in facility.entitlements}
        self.three_phase = {
            port.device_id for port in estate.power_ports if port.type is not None and "-3p-" in port.type
        }

    def devices(self, relocated: Iterable[Ref]) -> RackItems:
        """Items of the relocated devices; devices in bays go with their chassis."""
        found = RackItems()
        refs = sorted(relocated)
        moving = set(refs)
        things: dict[Ref, Thing] = {}
        for ref in refs:
            device: Device = self.estate.by_id("devices")[ref.id]
            if device.parent_device_id is None:
                refusal = self._refusal(ref)
                if refusal is None:
                    things[ref] = self._thing(ref, device)
                else:
                    found.refusals.append(refusal)
        chassis_of = self._with_children(refs, moving, things, found)
        self._bundle(things, chassis_of, found)
        return found

    def _refusal(self, ref: Ref) -> Refusal | None:
        name = name_of(self.estate, ref)
        if missing := unknown_of_device(self.demands.get(ref)):
            return Refusal(
                ref, missing[0], name, f"{name} is unproven: {', '.join(missing)} unknown", is_unproven=True
            )
        zones = self._zones(ref)
        if len(zones) > 1:
            return Refusal(
                ref, "zone", name, f"{name} is asked to be in {' and '.join(sorted(zones))} at once"
            )
        owner = self.belonging.owner_of(ref)
        if owner not in self.entitled:
            return Refusal(ref, "area_m2", owner, f"{owner} has no entitlement at {self.facility.name}")
        return None

    def _zones(self, ref: Ref) -> set[str]:
        constraints = self.estate.by_id("constraints")
        ids = self.belonging.constraints_of.get(ref, ())
        return {
            constraints[i].value
            for i in ids
            if constraints[i].kind == "zone" and constraints[i].value is not None
        }

    def zone_of(self, ref: Ref) -> str:
        return min(self._zones(ref), default=self.facility.rules.default_security_zone)

    def _thing(self, ref: Ref, device: Device) -> Thing:
        demand = self.demands[ref]
        redundancy = demand.redundancy
        return Thing(
            name=name_of(self.estate, ref),
            height_u=demand.height_u or 0.0,
            is_full_depth=bool(demand.is_full_depth),
            airflow=demand.airflow,
            power_w=demand.quantities["power_w"].planning,
            weight_kg=demand.quantities["weight_kg"].planning,
            ports=demand.quantities["ports"].planning,
            redundancy=None if redundancy is None else Redundancy.parse(redundancy),
            is_three_phase=device.id in self.three_phase,
            asset=ref,
        )

    def _with_children(
        self, refs: list[Ref], moving: set[Ref], things: dict[Ref, Thing], found: RackItems
    ) -> dict[Ref, Ref]:
        """Give every chassis its moving children; returns the chassis of each child that goes with one."""
        chassis_of: dict[Ref, Ref] = {}
        children: dict[Ref, list[Device]] = {}
        for ref in refs:
            device: Device = self.estate.by_id("devices")[ref.id]
            if device.parent_device_id is None:
                continue
            parent = Ref("devices", device.parent_device_id)
            problem = self._bay_refusal(ref, parent, is_moving=parent in moving, things=things)
            if problem is not None:
                found.refusals.append(problem)
                continue
            bay = device.parent_bay
            twin = next(
                (d for d in children.get(parent, ()) if bay is not None and d.parent_bay == bay), None
            )
            if twin is not None:
                found.refusals.append(self._bay_taken(ref, parent, twin))
                continue
            chassis_of[ref] = parent
            children.setdefault(parent, []).append(device)
        for parent, inside in children.items():
            thing = things[parent]
            things[parent] = replace(thing, children=tuple(inside))
        return chassis_of

    def _bay_taken(self, ref: Ref, parent: Ref, twin: Device) -> Refusal:
        chassis = name_of(self.estate, parent)
        other = name_of(self.estate, Ref("devices", twin.id))
        text = f"{name_of(self.estate, ref)} sits in bay {twin.parent_bay} of {chassis}, and so does {other}"
        return Refusal(ref, "bay", chassis, text)

    def _bay_refusal(
        self, ref: Ref, parent: Ref, *, is_moving: bool, things: dict[Ref, Thing]
    ) -> Refusal | None:
        name, chassis = name_of(self.estate, ref), name_of(self.estate, parent)
        missing = unproven(self.demands.get(ref), DEVICE_DIMENSIONS)
        if missing:
            text = f"{name} is unproven: {', '.join(missing)} unknown"
            return Refusal(ref, missing[0], chassis, text, is_unproven=True)
        if parent not in things:
            why = "has no place either" if is_moving else "is not relocated"
            text = f"{name} sits in a bay of {chassis}, which {why}"
            return Refusal(ref, "chassis", chassis, text, depends_on=parent)
        if self.zone_of(ref) != self.zone_of(parent):
            text = f"{name} is to be in zone {self.zone_of(ref)}, its chassis {chassis} in {self.zone_of(parent)}"
            return Refusal(ref, "zone", chassis, text)
        if self.belonging.owner_of(ref) != self.belonging.owner_of(parent):
            text = f"{name} is of {self.belonging.owner_of(ref)}, its chassis {chassis} of another partner"
            return Refusal(ref, "owner", chassis, text)
        return None

    def _bundle(self, things: dict[Ref, Thing], chassis_of: dict[Ref, Ref], found: RackItems) -> None:
        """Merge what has to share a rack; give items their zones, owners and what they are kept apart by."""
        leader = {ref: ref for ref in things}

        def top(ref: Ref) -> Ref:
            while leader[ref] != ref:
                ref = leader[ref]
            return ref

        apart: dict[Ref, list[int]] = {ref: [] for ref in things}
        self._take_sides(things, chassis_of)
        for constraint in self.estate.constraints:
            if (constraint.kind, constraint.scope) not in RACK_BINDING:
                continue
            members = sorted({chassis_of.get(m, m) for m in constraint.members})
            present = [m for m in members if m in things]
            if constraint.kind == "apart":
                for member in present:
                    apart[member].append(constraint.id)
                twice = len({m for m in constraint.members if chassis_of.get(m, m) in things}) > len(present)
                if twice:
                    self._refuse_apart(constraint.id, present, chassis_of, found, things)
            for member in present[1:]:
                if constraint.kind == "together":
                    one, other = sorted((top(present[0]), top(member)))
                    leader[other] = one
        bundles: dict[Ref, list[Ref]] = {}
        for ref in sorted(things):
            bundles.setdefault(top(ref), []).append(ref)
        for refs in bundles.values():
            self._add_bundle(refs, things, apart, found)

    def _take_sides(self, things: dict[Ref, Thing], chassis_of: dict[Ref, Ref]) -> None:
        """Give things without a spare supply that are kept apart by feed each another feed of their position."""
        feeds = max([1, *(len(position.feeds) for position in self.facility.positions)])
        for constraint in self.estate.constraints:
            if (constraint.kind, constraint.scope) != ("apart", "feed"):
                continue
            members = dict.fromkeys(chassis_of.get(m, m) for m in constraint.members)
            single = [m for m in members if m in things and is_single(things[m])]
            taken = [things[m].side for m in single]
            for member in single:
                if things[member].side is None:
                    side = min(range(feeds), key=lambda feed: (taken.count(feed), feed))
                    taken.append(side)
                    things[member] = replace(things[member], side=side)

    def _refuse_apart(
        self,
        constraint: int,
        present: list[Ref],
        chassis_of: dict[Ref, Ref],
        found: RackItems,
        things: dict[Ref, Thing],
    ) -> None:
        """Devices of one chassis that are to be in different racks: all but the first stay out."""
        members = set(self.estate.by_id("constraints")[constraint].members)
        for parent in present:
            thing = things[parent]
            inside = [d for d in thing.children if Ref("devices", d.id) in members]
            for device in inside[0 if parent in members else 1 :]:
                ref = Ref("devices", device.id)
                text = f"{name_of(self.estate, ref)} is to be in another rack than what shares its chassis {thing.name}"
                found.refusals.append(Refusal(ref, "apart", thing.name, text))
            out = {r.asset.id for r in found.refusals if r.dimension == "apart"}
            kept = tuple(d for d in thing.children if d.id not in out)
            things[parent] = replace(thing, children=kept)

    def _add_bundle(
        self, refs: list[Ref], things: dict[Ref, Thing], apart: dict[Ref, list[int]], found: RackItems
    ) -> None:
        owners = sorted({self.belonging.owner_of(ref) for ref in refs})
        zones = sorted({self.zone_of(ref) for ref in refs})
        constraints = [i for ref in refs for i in apart[ref]]
        clash = (
            f"of {' and '.join(owners)}" if len(owners) > 1
            else f"in zones {' and '.join(zones)}" if len(zones) > 1
            else "asked to be apart" if len(set(constraints)) < len(constraints)
            else None
        )  # fmt: skip
        if clash is not None:
            for ref in refs:
                for asset in (ref, *(Ref("devices", d.id) for d in things[ref].children)):
                    name = name_of(self.estate, asset)
                    found.refusals.append(
                        Refusal(
                            asset,
                            "together",
                            name,
                            f"{name} is to share a rack with devices that are {clash}",
                        )
                    )
            return
        # Tall and heavy first: they have the fewest places.
        parts = sorted((things[ref] for ref in refs), key=lambda t: (-t.weight_kg, -t.height_u, t.asset))
        value = sum(1 + len(part.children) for part in parts)
        found.items.append(Item(tuple(parts), owners[0], zones[0], tuple(sorted(constraints)), float(value)))


def host_item(
    pool: CloudPool, kind: HostType, host: str, apart: tuple[int, ...], side: int | None = None
) -> Item:
    """A cloud host as an item of the pool's owner."""
    thing = Thing(
        name=host,
        height_u=kind.height_u,
        is_full_depth=kind.is_full_depth,
        airflow=kind.airflow,
        power_w=kind.power_w,
        weight_kg=kind.weight_kg,
        ports=kind.ports_used,
        redundancy=Redundancy.parse(kind.redundancy),
        host=host,
        side=side,
    )
    return Item((thing,), pool.owner, pool.security_zone, apart, float(HOST_VALUE))
