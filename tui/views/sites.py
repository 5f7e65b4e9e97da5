"""Every site as one row: where it is, whose, what stands there, what it draws, and when it will be empty."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from capacity.timetable.lines import summed_rates
from inventory.rows import Ref
from tui.loaded import Loaded
from tui.views.spans import UNKNOWN, Column, Rows, count, day, kilowatts, rows

COLUMNS = (
    Column("site", width=34, narrow=18),
    Column("emptied on", tones={"stays": "warn"}),
    Column("partner", width=14),
    Column("rooms", right=True),
    Column("racks", right=True),
    Column("devices", right=True),
    Column("VMs", right=True),
    Column("U used", right=True),
    Column("kW", right=True),
    Column("kW unknown", right=True),
    Column("Mbit/s", right=True, tones={UNKNOWN: "warn"}),
    Column("municipality", width=34),
)


@dataclass
class _Load:
    low_w: float = 0.0
    high_w: float = 0.0
    unknown: int = 0
    units_u: float = 0.0
    devices: int = 0
    rooms: set[int] = field(default_factory=set)


def sites(loaded: Loaded) -> Rows:
    """One row per site; the key is the site's id."""
    estate, belonging = loaded.estate, loaded.belonging
    regions = estate.by_id("regions")
    loads = _loads(loaded)
    racks = Counter(rack.site_id for rack in estate.racks)
    rooms = Counter(room.site_id for room in estate.locations)
    machines = Counter(belonging.site_of(Ref("virtual_machines", m.id)) for m in estate.virtual_machines)
    rates = summed_rates(estate)
    lined = {site for circuit in estate.circuits for site in circuit.site_ids}
    empty = _emptied(loaded)
    items = []
    for site in estate.sites:
        load = loads[site.id]
        region = regions.get(site.region_id) if site.region_id is not None else None
        rate = rates.get(site.id)
        items.append(
            (
                site.id,
                (
                    site.name,
                    empty.get(site.id, ""),
                    belonging.partner_of_tenant(site.tenant_id) or "",
                    count(rooms[site.id]),
                    count(racks[site.id]),
                    count(load.devices),
                    count(machines[site.id]),
                    count(load.units_u),
                    kilowatts(load.low_w, load.high_w),
                    count(load.unknown) if load.unknown else "",
                    count(rate) if rate is not None else UNKNOWN if site.id in lined else "none",
                    region.name if region else "",
                ),
            )
        )
    return rows(COLUMNS, items)


def _loads(loaded: Loaded) -> dict[int, _Load]:
    types = loaded.estate.by_id("device_types")
    found: dict[int, _Load] = defaultdict(_Load)
    for device in loaded.estate.devices:
        load = found[device.site_id]
        load.devices += 1
        if device.rack_id is not None and device.position is not None and device.device_type_id in types:
            load.units_u += types[device.device_type_id].height_u
        demand = loaded.demands.get(Ref("devices", device.id))
        power = demand.quantities.get("power_w") if demand else None
        if power is None:
            load.unknown += 1
        else:
            load.low_w, load.high_w = load.low_w + power.low, load.high_w + power.high
    return found


def _emptied(loaded: Loaded) -> dict[int, str]:
    """By site: the day its last room is empty, "stays" when a room never is."""
    found: dict[int, str] = {}
    last: dict[int, object] = {}
    for room in loaded.plan.rooms if loaded.plan else ():
        if room.emptied_at is None:
            found[room.site_id] = "stays"
        elif found.get(room.site_id) != "stays":
            known = last.get(room.site_id)
            if known is None or room.emptied_at > known:  # type: ignore[operator]
                last[room.site_id] = room.emptied_at
                found[room.site_id] = day(room.emptied_at)
    return found
