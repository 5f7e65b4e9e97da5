"""One server room: its racks as elevations, its devices as a table, and what the plan makes of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from inventory.estate import Device
from inventory.rows import Ref
from tui.loaded import Loaded
from tui.views.elevations import Elevation, source_rack
from tui.views.spans import Column, Line, Rows, Span, day, kilowatts, line, rows, some, span

STRATEGY_TONES = {name: name for name in ("retire", "retain", "relocate", "rehost", "replatform")}
COLUMNS = (
    Column("device", width=30, narrow=24),
    Column("rack", width=14),
    Column("U", right=True),
    Column("face"),
    Column("type", width=24),
    Column("role", width=18),
    Column("status"),
    Column("kW", right=True),
    Column("strategy", tones=STRATEGY_TONES),
    Column("target", width=24),
)


@dataclass(frozen=True, slots=True)
class RoomKey:
    """A room: a location of a site, or (`location_id` None) what stands at the site in no location."""

    site_id: int
    location_id: int | None


def rooms_of(loaded: Loaded, site_id: int) -> tuple[RoomKey, ...]:
    """The rooms of a site: its locations, and the rest where devices or racks are in none."""
    estate = loaded.estate
    found = [RoomKey(site_id, room.id) for room in estate.locations if room.site_id == site_id]
    loose = any(d.site_id == site_id and loaded.belonging.room_of(d) is None for d in estate.devices) or any(
        r.site_id == site_id and r.location_id is None for r in estate.racks
    )
    if loose or not found:
        found.append(RoomKey(site_id, None))
    return tuple(found)


def first_room(loaded: Loaded) -> RoomKey | None:
    """The first room that holds a device; None in an empty estate."""
    for device in loaded.estate.devices:
        return RoomKey(device.site_id, loaded.belonging.room_of(device))
    for site in loaded.estate.sites:
        return rooms_of(loaded, site.id)[0]
    return None


def devices_in(loaded: Loaded, room: RoomKey) -> tuple[Device, ...]:
    return tuple(
        d
        for d in loaded.estate.devices
        if d.site_id == room.site_id and loaded.belonging.room_of(d) == room.location_id
    )


def title(loaded: Loaded, room: RoomKey) -> str:
    site = loaded.estate.by_id("sites").get(room.site_id)
    location = (
        loaded.estate.by_id("locations").get(room.location_id) if room.location_id is not None else None
    )
    names = [getattr(site, "name", f"site {room.site_id}")]
    names.append(location.name if location else "in no room")
    return " / ".join(names)


def state(loaded: Loaded, room: RoomKey) -> Line:
    """How much stands in the room, and when it will be empty or why it won't."""
    devices = devices_in(loaded, room)
    racks = [
        r for r in loaded.estate.racks if r.site_id == room.site_id and r.location_id == room.location_id
    ]
    counts = f"{some(len(racks), 'rack')}, {some(len(devices), 'device')}"
    if loaded.plan is None:
        return line(counts)
    for outcome in loaded.plan.rooms:
        if (outcome.site_id, outcome.location_id) == (room.site_id, room.location_id):
            if outcome.emptied_at is not None:
                return line(counts, "  ", Span(f"empty on {day(outcome.emptied_at)}", "good"))
            return line(counts, "  ", span(f"stays: {outcome.why_not}", "warn"))
    return line(counts)


def elevations(loaded: Loaded, room: RoomKey, *, view: str = "both") -> tuple[Elevation, ...]:
    """The room's racks; `view` now, planned or both (the plan's beside what stands there)."""
    in_rack: dict[int, list[Device]] = defaultdict(list)
    for device in loaded.estate.devices:
        if device.rack_id is not None:
            in_rack[device.rack_id].append(device)
    found = []
    for rack in loaded.estate.racks:
        if (rack.site_id, rack.location_id) != (room.site_id, room.location_id):
            continue
        for planned in {"now": (False,), "planned": (True,), "both": (False, True)}[view]:
            if planned and loaded.plan is None:
                continue
            found.append(source_rack(loaded, rack, in_rack[rack.id], planned=planned))
    return tuple(found)


def devices(loaded: Loaded, room: RoomKey) -> Rows:
    """The room's devices; keys are their references."""
    estate = loaded.estate
    types, roles, racks = (estate.by_id(name) for name in ("device_types", "device_roles", "racks"))
    items = []
    for device in devices_in(loaded, room):
        ref = Ref("devices", device.id)
        demand = loaded.demands.get(ref)
        power = demand.quantities.get("power_w") if demand else None
        rack = racks.get(device.rack_id) if device.rack_id is not None else None
        decision = loaded.decisions.get(ref)
        items.append(
            (
                ref,
                (
                    loaded.name_of(ref),
                    rack.name if rack else device.parent_bay and f"bay {device.parent_bay}",
                    f"{device.position:g}" if device.position is not None else "",
                    device.face,
                    getattr(types.get(device.device_type_id), "model", ""),
                    getattr(roles.get(device.role_id), "name", ""),
                    device.status,
                    kilowatts(power.low, power.high) if power else "unknown",
                    decision.strategy if decision else "",
                    target_of(loaded, ref),
                ),
            )
        )
    return rows(COLUMNS, items)


def target_of(loaded: Loaded, ref: Ref) -> str:
    """Where the plan puts an asset, in a few words."""
    placed = loaded.devices.get(ref)
    if placed is not None:
        if placed.parent_device_id is not None:
            return f"{placed.rack}, bay {placed.parent_bay}"
        return f"{placed.rack} U{placed.position:g}" if placed.position is not None else placed.rack
    workload = loaded.workloads.get(ref)
    if workload is not None:
        return f"{workload.pool}, {workload.host}"
    return "no place" if ref in loaded.unplaced else ""
