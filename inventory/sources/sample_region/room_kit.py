"""What stands in a room beside the servers: storage, tape, security modules, network gear, power kit, and what belongs
to the building itself.

Sibelga's storage is large (meter data and grid models); everything else goes by the number of servers in a room.
"""

from __future__ import annotations

from inventory.sources.sample_region.fleet import add_gear
from inventory.sources.sample_region.region import Gear, Region, Room, shares

BOUND = {
    "access-control": "it opens the doors of this building",
    "camera-encoder": "it digitises the cameras of this building",
    "telephone-exchange": "the telephones of this building hang on it",
    "distribution-frame": "the copper and fibre of this building end on it",
    "irisnet-termination": "the IRISnet fibre ends here",
    "fire-detection": "it watches this room",
}
EXCHANGES = ("avaya-ip-office-500-v2", "audiocodes-mediant-1000", "cisco-vg204xm")
STORAGE_SETS = (
    ("netapp-fas2720", "netapp-ds224c"),
    ("netapp-fas2750", "netapp-ds4246"),
    ("hpe-3par-storeserv-8200-2node-base", "hpe-3par-storeserv-8000-sff-enclosure"),
    ("netapp-e2824", "netapp-ds4246"),
    ("ibm-flashsystem-5035", None),
    ("dell-powervault-me4024", None),
    ("dell-unity-xt-880f", None),
)
NAS = ("synology-rs2418rp-plus", "synology-rs2418-plus", "ts-1263u-rp")
SERVERS_PER_SET = {"cirb": 16, "others": 14, "stib": 24, "sibelga": 9}
SHELVES = {"cirb": 1, "others": 1, "stib": 1, "sibelga": 3}


def equip(region: Region) -> None:
    """Put the kit of every room into it."""
    for partner in dict.fromkeys(room.building.partner for room in region.rooms):
        _storage(region, partner, [room for room in region.rooms if room.building.partner == partner])
    for room in region.rooms:
        _appliances(region, room)
        _network(region, room)
        _building(region, room)
        _power(region, room)


def _add(region: Region, room: Room, slug: str, role: str, group: str = "kit") -> Gear:
    return add_gear(region, room, group, region.types[slug], role)


def _storage(region: Region, partner: str, rooms: list[Room]) -> None:
    """A partner's arrays with their shelves, in its rooms by the servers there; here and there a small NAS."""
    rng, servers = region.rng, [room.servers for room in rooms]
    total = round(sum(servers) / SERVERS_PER_SET[partner])
    kinds = STORAGE_SETS[:4] if partner == "sibelga" else STORAGE_SETS
    sets = region.dealt(dict.fromkeys(kinds, 1.0), total)
    for room, count in zip(rooms, shares(total, servers), strict=True):
        for _ in range(count):
            _add_set(region, room, *next(sets), SHELVES[partner])
        if room.servers >= 8 and rng.random() < 0.5:
            _add(region, room, rng.choice(NAS), "nas", "storage")


def _add_set(region: Region, room: Room, head: str, shelf: str | None, shelves: int) -> None:
    array = _add(region, room, head, "storage", "storage")
    if head == "netapp-fas2750":
        for bay in array.type.device_bays:
            controller = _add(region, room, "netapp-fas2750-ctrl", "storage-controller", "storage")
            controller.parent, controller.bay = array, bay
    if shelf is not None:
        for _ in range(shelves):
            _add(region, room, shelf, "storage-shelf", "storage")


def _appliances(region: Region, room: Room) -> None:
    rng, kind = region.rng, room.building.kind
    if kind in ("data-room", "headquarters", "control-centre", "police", "agency") and room.servers:
        if rng.random() < 0.6:
            _add(
                region,
                room,
                rng.choice(("quantum-superloader-3", "quantum-scalar-i3")),
                "tape-library",
                "special",
            )
        if rng.random() < 0.4:
            for _ in range(2):
                _add(
                    region,
                    room,
                    rng.choice(("thales-luna-t7", "thales-luna-t7", "thales-luna-k6")),
                    "hsm",
                    "special",
                )
    if kind in ("data-room", "headquarters", "control-centre") and room.servers:
        _add(region, room, "lantime-m300", "time-server", "special")
        for _ in range(2):
            _add(region, room, "f5-big-ip-i2600", "load-balancer")
        _add(region, room, "infoblox-ib-825", "dns-appliance")


def _network(region: Region, room: Room) -> None:
    rng = region.rng
    access = ("cisco-ws-c2960x-48ts-l", "hpe-aruba-2530-24g", "ex3400-24t", "c9300-48t")
    large = (
        "c9300-48t",
        "n9k-c93180yc-fx",
        "hpe-ff-5900af-48g-4xg-2qsfpp",
        "dcs-7050tx-48",
        "cisco-c9500-16x",
    )
    for _ in range(2 + room.servers // 24):
        _add(region, room, rng.choice(large if room.servers >= 20 else access), "switch", "network")
    if room.servers >= 20:
        _add(region, room, rng.choice(("arista-dcs-7050s-52-r", "n9k-c93180yc-fx")), "switch", "network")
        for _ in range(2):
            _add(region, room, rng.choice(("brocade-300", "ibm-san24b-6")), "san-switch", "network")
    _add(region, room, "cisco-isr4331" if room.servers < 30 else "juniper-mx80", "router", "network")
    if room.servers >= 12:
        slug = rng.choice(
            (
                "fortinet-fg-200f",
                "pa-850",
                "juniper-srx4100-ac",
                "asa5525-x",
                "cpap-sg23800",
                "fortinet-fg-300d",
            )
        )
        for _ in range(2):
            _add(region, room, slug, "firewall", "firewall")
    elif rng.random() < 0.4:
        _add(region, room, "fortinet-fg-61f", "firewall", "firewall")
    if room.servers >= 20:
        _add(region, room, rng.choice(("avocent-acs5016-001", "cm7116-2-sac-us")), "console-server", "house")
        _add(region, room, "rt-dsx2-16", "kvm", "house")


def _building(region: Region, room: Room) -> None:
    """What stays: it serves the building, not the region."""
    rng, is_first = region.rng, room.key.endswith("-1")
    parts = [
        ("generic-lc-12-port-fiber-patch-panel", "distribution-frame"),
        ("sys-510d-8c-fn6p", "access-control"),
    ]
    if is_first:
        large = room.servers >= 30
        parts.append(
            (
                "juniper-mx80" if large else rng.choice(("ex3400-24t", "fs-ies3110-8tf-r")),
                "irisnet-termination",
            )
        )
        parts += [("axis-fa54-main-unit", "camera-encoder")] * rng.randint(1, 3)
        if room.building.kind not in ("substation", "hub", "branch"):
            parts.append((rng.choice(EXCHANGES), "telephone-exchange"))
    if rng.random() < 0.3:
        parts.append(("bosch-fcs-8000-vfd-i", "fire-detection"))
    for slug, role in parts:
        gear = _add(region, room, slug, role, "bound")
        gear.is_bound = True


def _power(region: Region, room: Room) -> None:
    rng = region.rng
    models = ("apc-smart-ups-rt-5000va-230v", "apc-smart-ups-srt-6000va-rm-230v", "eaton-5px3000irt2u",
              "vertiv-gxt5-3000irt2uxl", "riello-sdu-5000", "apc-smt3000rmi2uc")  # fmt: skip
    for _ in range(max(1, min(6, room.servers // 12))):
        _add(region, room, rng.choice(models), "ups", "house")
    if rng.random() < 0.4:
        _add(region, room, "apc-ap4423", "pdu", "transfer")
