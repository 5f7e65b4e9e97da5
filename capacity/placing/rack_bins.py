"""Every rack that could hold something at the target: those that stand there, and any model at any free position.

Answers which racks there are for whom, and what floor and bay allow; what goes into them is the rack solver's, over
`rack_problem`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from capacity.facility import Facility, Hall, Position, RackModel, Route, TargetRack
from capacity.facility_file import mount_kit
from capacity.holding import free_from
from capacity.power import SupplyModel
from capacity.resources import Redundancy

UNLIMITED = 1e15
UNIT_MM, FRAME_MM = 44.45, 200.0  # a unit, and what base and roof add where the outer height is unknown


@dataclass(frozen=True, slots=True)
class Bin:
    """A rack that stands, or one of `model` that could be bought at `position` (`rack` is then as delivered)."""

    rack: TargetRack
    position: Position
    model: int  # index in the facility's rack models; -1: stands already
    floor_kg: float  # what the floor bears here, the rack included


def floor_limit_kg(facility: Facility, position: Position, width_mm: float, depth_mm: float) -> float:
    """What a loaded rack may weigh at a position by the hall's floor limit, its own weight included."""
    floor = next(hall.floor for hall in facility.halls if hall.name == position.hall)
    if floor.basis == "point":
        return UNLIMITED if floor.point_kg is None else 4 * floor.point_kg
    if floor.limit_kg_m2 is None:
        return UNLIMITED
    if floor.basis == "bay":
        return floor.limit_kg_m2 * position.width_m * position.depth_m
    return floor.limit_kg_m2 * width_mm * depth_mm / 1e6


def lets_through(route: Route, model: RackModel, rolling_kg: float) -> bool:
    """Whether a rack with its kit gets in by a route: upright, its narrow side ahead."""
    height_mm = (
        model.height_u * UNIT_MM + FRAME_MM if model.outer_height_mm is None else model.outer_height_mm
    )
    return (
        (route.rolling_kg is None or rolling_kg <= route.rolling_kg)
        and (route.width_mm is None or min(model.width_mm, model.depth_mm) <= route.width_mm)
        and (route.height_mm is None or height_mm <= route.height_mm)
    )


def bears_kg(hall: Hall) -> float:
    """The heaviest thing that some way into a hall bears."""
    return max(
        (UNLIMITED if route.rolling_kg is None else route.rolling_kg for route in hall.routes),
        default=UNLIMITED,
    )


def fits_position(facility: Facility, model: RackModel, position: Position) -> bool:
    """Whether a rack model may stand at a position: footprint within the bay, light enough to roll in, feeds enough."""
    hall = next(hall for hall in facility.halls if hall.name == position.hall)
    floor = hall.floor
    rolling_kg = model.tare_kg + sum(item.weight_kg for item in model.kit)
    cords = [cord for item in model.kit for cord in item.cords]
    return (
        model.width_mm <= position.width_m * 1000 + 1e-6
        and model.depth_mm <= position.depth_m * 1000 + 1e-6
        and (floor.rolling_kg is None or rolling_kg <= floor.rolling_kg)
        and (not hall.routes or any(lets_through(route, model, rolling_kg) for route in hall.routes))
        and max(cords, default=-1) < len(position.feeds)
    )


def new_rack(model: RackModel, position: Position, rack_id: str, supply: SupplyModel) -> TargetRack:
    """A rack of a model as delivered to a position, with its fixed kit; its owner is still open."""
    is_three_phase = all(supply.legs[supply.feed(feed)] == 3 for feed in position.feeds)
    return TargetRack(
        id=rack_id,
        model=model.model,
        position=position.name,
        owner="",
        height_u=model.height_u,
        starting_unit=1,
        width_mm=model.width_mm,
        depth_mm=model.depth_mm,
        tare_kg=model.tare_kg,
        max_weight_kg=model.max_weight_kg,
        contents=mount_kit(model, position, is_three_phase=is_three_phase),
    )


def keeps_its_kit_up(rack: TargetRack, supply: SupplyModel) -> bool:
    """Whether no single loss takes down kit with a spare supply: not where two lines of a row have a node in common."""
    for item in rack.contents:
        redundancy = Redundancy.parse(item.redundancy)
        if redundancy.spare and item.supplies:
            alive = supply.lives([cord.feed for cord in item.supplies]).sum(axis=1)
            if alive[0] >= redundancy.needed > alive.min():
                return False
    return True


def bins_of(facility: Facility, supply: SupplyModel) -> tuple[Bin, ...]:
    """Standing racks, then every rack that could be bought at a free position: early phases first, big models first."""
    positions = {position.name: position for position in facility.positions}
    ready = {phase.name: phase.ready_on for phase in facility.phases}
    found = []
    for rack in facility.racks:
        position = positions[rack.position]
        floor_kg = floor_limit_kg(facility, position, rack.width_mm, rack.depth_mm)
        found.append(Bin(rack, position, -1, floor_kg))
    taken = {rack.position for rack in facility.racks}
    names = {rack.id for rack in facility.racks}
    released = {p.name: free_from(facility, p.name) for p in facility.positions}
    free = [p for p in facility.positions if p.name not in taken and released[p.name] != date.max]
    models = sorted(
        range(len(facility.rack_models)),
        key=lambda i: (-facility.rack_models[i].height_u, -facility.rack_models[i].max_weight_kg, i),
    )
    days = {p.name: max(ready[p.phase], released[p.name] or date.min) for p in free}
    for position in sorted(free, key=lambda p: (days[p.name], p.owner is None)):
        for model in models:
            kind = facility.rack_models[model]
            if fits_position(facility, kind, position):
                rack_id = position.name if position.name not in names else f"{position.name}-new"
                rack = replace(
                    new_rack(kind, position, rack_id, supply), available_on=released[position.name]
                )
                if keeps_its_kit_up(rack, supply):
                    floor_kg = floor_limit_kg(facility, position, kind.width_mm, kind.depth_mm)
                    found.append(Bin(rack, position, model, floor_kg))
    return tuple(found)


def is_usable(facility: Facility, candidate: Bin, start: date, last: date) -> bool:
    """Whether a rack is there, ready and delivered (ordered on `start`) by the `last` day of moves."""
    ready = {phase.name: phase.ready_on for phase in facility.phases}
    hall = next(hall for hall in facility.halls if hall.name == candidate.position.hall)
    zone = next(zone for zone in facility.cooling_zones if zone.name == candidate.position.cooling_zone)
    days = [ready[candidate.position.phase], ready[hall.phase], ready[zone.phase]]
    if candidate.rack.available_on is not None:
        days.append(candidate.rack.available_on)
    if candidate.model >= 0:
        days.append(start + timedelta(days=facility.rack_models[candidate.model].days_to_deliver))
    return max(days) <= last


def groups_of(facility: Facility) -> tuple[tuple[str, str], ...]:
    """Owner and security zone of every group: narrow zones first, owners in the order of their entitlements."""
    zones = sorted(
        {p.security_zone for p in facility.positions},
        key=lambda zone: (sum(p.security_zone == zone for p in facility.positions), zone),
    )
    return tuple((entry.partner, zone) for zone in zones for entry in facility.entitlements)
