"""The servers of every room: how many are hypervisors, known, unknown, special or gone, and of which types.

*Known* servers have an agent that reported their workload, so they can be rehosted; of *unknown* ones nobody knows it;
*special* ones need their hardware; *gone* ones are switched off or being taken down. Storage and kit are `room_kit`'s.
"""

from __future__ import annotations

from inventory.sources.device_types import DeviceTypeSpec
from inventory.sources.sample_region.hardware import ENCLOSURES, HYPERVISORS, SERVERS, draw_w
from inventory.sources.sample_region.region import Gear, Region, Room, shares

# Shares of a partner's servers: hypervisor, known, unknown, special, gone.
MIX = {
    "cirb": (0.24, 0.36, 0.28, 0.04, 0.08),
    "others": (0.22, 0.38, 0.30, 0.04, 0.06),
    "stib": (0.12, 0.22, 0.55, 0.06, 0.05),
    "sibelga": (0.06, 0.08, 0.72, 0.10, 0.04),
}
GROUPS = ("hypervisor", "known", "unknown", "special", "gone")
# Buildings that IRISnet doesn't reach yet: what stands there can be carried away, not copied.
UNCONNECTED = ("station-elisabeth", "poste-elan", "siamu-delta")
WITHOUT_CLUSTERS = ("depot", "station", "substation", "branch", "hub")
BLADES_FROM = 14  # hypervisors in a room from which some are blades

SHORT = {"server": "srv", "hypervisor": "esx", "blade": "bl", "chassis": "enc"}


def stock(region: Region) -> None:
    """Put the servers of every partner into its rooms."""
    for partner in dict.fromkeys(room.building.partner for room in region.rooms):
        rooms = [room for room in region.rooms if room.building.partner == partner]
        count = sum(room.servers for room in rooms)
        parts = dict(zip(GROUPS, shares(count, MIX[partner]), strict=True))
        hosts = _hosts(rooms, parts["hypervisor"])
        rest = [group for group in GROUPS[1:] for _ in range(parts[group])]
        region.rng.shuffle(rest)
        types = region.dealt(SERVERS[partner], count)
        enclosures = region.scaled(1, least=1 if region.servers >= 100 else 0)
        for room, hypervisors in zip(rooms, hosts, strict=True):
            _add_hypervisors(region, room, hypervisors)
            left = room.servers - hypervisors
            mine, rest = rest[:left], rest[left:]
            if room.building.slug in UNCONNECTED:
                mine = ["unknown" if group == "known" else group for group in mine]
            if enclosures and partner != "stib" and mine.count("unknown") >= 8:
                enclosures -= 1
                _add_enclosure(region, room, 8, "unknown")
                for _ in range(8):
                    mine.remove("unknown")
            for group in mine:
                add_server(region, room, group, region.types[next(types)])


def _hosts(rooms: list[Room], total: int) -> list[int]:
    """How many of a room's servers are hypervisors: none in small technical rooms, half of the others' at most."""
    weights = [
        0
        if room.building.kind in WITHOUT_CLUSTERS or room.servers < 2 or room.building.slug in UNCONNECTED
        else room.servers
        for room in rooms
    ]
    if not sum(weights):
        weights = [room.servers for room in rooms]
    return [min(part, room.servers) for part, room in zip(shares(total, weights), rooms, strict=True)]


def _add_hypervisors(region: Region, room: Room, count: int) -> None:
    if count >= BLADES_FROM:
        slots = next(slots for _, _, slots, _ in ENCLOSURES[2:3])
        for _ in range(count // (2 * slots) or 1):
            blades = min(slots, count - 2)
            _add_enclosure(region, room, blades, "hypervisor")
            count -= blades
    for _ in range(count):
        add_server(region, room, "hypervisor", region.types[region.pick(HYPERVISORS)], role="hypervisor")


def _add_enclosure(region: Region, room: Room, blades: int, group: str) -> None:
    fitting = [entry for entry in ENCLOSURES if entry[2] >= blades]
    slug, blade, slots, _ = region.rng.choice(fitting)
    chassis = add_server(region, room, f"chassis-{group}", region.types[slug], role="chassis")
    chassis.redundancy = "2+2" if slug in ("cisco-ucsb-5108-ac2", "ibm-bladecenter-h") else "3+3"
    bays = chassis.type.device_bays[:slots]
    for number in range(min(blades, len(bays))):
        server = add_server(region, room, group, region.types[blade], role="blade")
        server.parent, server.bay = chassis, bays[number]


def add_server(region: Region, room: Room, group: str, spec: DeviceTypeSpec, *, role: str = "server") -> Gear:
    """Put one server, blade or enclosure into a room."""
    gear = add_gear(region, room, group, spec, role)
    if group == "gone":
        gear.status = region.rng.choice(("offline", "offline", "decommissioning", "inventory"))
    if group == "known":
        gear.workload = region.rng.choices(
            (
                (4, 16384, 200_000),
                (8, 32768, 400_000),
                (8, 65536, 600_000),
                (16, 65536, 900_000),
                (24, 131072, 1_200_000),
            ),
            weights=(20, 30, 25, 18, 7),
        )[0]
    if group == "gone":
        gear.draw_w = 0.0
    return gear


def add_gear(region: Region, room: Room, group: str, spec: DeviceTypeSpec, role: str) -> Gear:
    """Put any device into a room; its name says the building, what it is and its number there."""
    rng = region.rng
    number = sum(1 for other in room.gear if other.role == role) + 1
    word = SHORT.get(role, role)
    gear = Gear(
        key=f"{room.key}/{word}-{number:03d}",
        name=f"{room.key}-{word}-{number:03d}",
        type=spec,
        role=role,
        room=room,
        tenant=room.tenant,
        group=group,
        draw_w=draw_w(spec, role, rng),
        serial="".join(rng.choices("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", k=10)),
        asset_tag=f"BXL{rng.randrange(10**8):08d}" if rng.random() < 0.8 else None,
    )
    room.gear.append(gear)
    return gear
