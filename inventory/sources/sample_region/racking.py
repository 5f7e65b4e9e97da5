"""Racks of every room, and where in them each device hangs, as the people who filled them over fifteen years did.

Heavy things at the bottom, switches and panels on top, gaps in between, two power strips to a rack. What is in
no rack stands on a shelf or the wall. Faults in the records are planted afterwards, by `mess`.
"""

from __future__ import annotations

from inventory.sources.sample_region.fleet import add_gear
from inventory.sources.sample_region.region import Gear, RackFill, Region, Room

ON_TOP = (
    "switch",
    "san-switch",
    "patch-panel",
    "distribution-frame",
    "router",
    "irisnet-termination",
    "cable-management",
)
AT_BOTTOM = ("ups", "storage-shelf", "storage", "chassis")
STRIPS = ("apc-ap8959eu3", "px2-5205r", "ap8853")
FILL = 0.8  # share of a rack's units that is filled before people start the next


def mount(region: Region) -> None:
    """Rack the gear of every room; new racks come with their power strips and a patch panel."""
    for room in region.rooms:
        for gear in _in_order(room):
            _place(region, room, gear)


def _in_order(room: Room) -> list[Gear]:
    """Sets of storage stay together as they were made; enclosures and supplies go in first."""
    racked = [g for g in room.gear if g.parent is None and g.type.u_height > 0]
    first = [g for g in racked if g.role in AT_BOTTOM]
    last = [g for g in racked if g.role in ON_TOP]
    middle = [g for g in racked if g.role not in (*AT_BOTTOM, *ON_TOP)]
    return [*first, *middle, *last]


def _place(region: Region, room: Room, gear: Gear) -> None:
    height = gear.type.u_height
    whole = height if height % 1 else float(int(height))
    for rack in room.racks:
        if gear.role in ON_TOP:
            if rack.next_high - whole >= rack.next_low:
                rack.next_high -= whole
                _hang(
                    gear,
                    rack,
                    rack.next_high,
                    "rear" if gear.role == "switch" and not gear.type.is_full_depth else "front",
                )
                return
        elif rack.next_low + whole <= min(rack.next_high, rack.lowest + rack.height_u * FILL):
            position = float(int(rack.next_low)) if height == int(height) else rack.next_low
            position = position if position >= rack.next_low else position + 1
            if position + whole > rack.next_high:
                continue
            _hang(gear, rack, position, "rear" if gear.type.airflow == "rear-to-front" else "front")
            rack.next_low = position + whole + (1 if region.rng.random() < 0.12 else 0)
            return
    _new_rack(region, room, least_u=int(height) + 4)
    _place(region, room, gear)


def _hang(gear: Gear, rack: RackFill, position: float, face: str) -> None:
    gear.rack, gear.position, gear.face = rack, position, face


def _new_rack(region: Region, room: Room, *, least_u: int) -> None:
    rng = region.rng
    heights = {42: 70, 47: 18, 24: 12} if room.servers >= 6 else {42: 35, 24: 65}
    height = region.pick({u: w for u, w in heights.items() if u * FILL >= least_u} or {42: 1})
    start = 5 if rng.random() < 0.03 else 1
    number = len(room.racks) + 1
    ref = region.register.add(
        "racks",
        f"{room.key}/R{number:02d}",
        name=f"R{number:02d}",
        site_id=room.site,
        location_id=room.location,
        tenant_id=room.tenant,
        status="active",
        height_u=height,
        starting_unit=start,
        desc_units=rng.random() < 0.05,
        outer_width_mm=rng.choice((600, 800)),
        outer_depth_mm=rng.choice((1000, 1070, 1200)),
        weight_kg=float(rng.choice((95, 115, 130, 150))) if rng.random() < 0.6 else None,
        max_weight_kg=float(rng.choice((800, 1000, 1300))) if rng.random() < 0.5 else None,
    )
    rack = RackFill(ref, room, height, float(start), float(start), float(start + height))
    room.racks.append(rack)
    for _ in range(2):
        strip = add_gear(region, room, "strip", region.types[rng.choice(STRIPS)], "pdu")
        strip.rack, strip.draw_w = rack, 0.0
    panel = add_gear(
        region, room, "house", region.types["generic-lc-12-port-fiber-patch-panel"], "patch-panel"
    )
    rack.next_high -= 1
    _hang(panel, rack, rack.next_high, "front")
