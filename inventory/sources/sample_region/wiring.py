"""Tells the devices, and what they are plugged into: supplies to strips, strips to feeds, interfaces to switches.

A realistic share is recorded; what isn't cabled here is cabled in the rooms all the same, and nobody wrote it down.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from inventory.sources.contract import SourceRef
from inventory.sources.sample_region.hardware import inlets
from inventory.sources.sample_region.region import Gear, RackFill, Region, Room

RECORDED_POWER = 0.85  # share of racked devices whose power cables are recorded
RECORDED_NETWORK = 0.8
NETWORKED = ("server", "hypervisor", "storage", "nas", "firewall", "load-balancer", "dns-appliance", "hsm",
             "tape-library", "time-server", "kvm", "console-server", "access-control", "camera-encoder")  # fmt: skip
MOST_ON_16_A_W = 2500
MOST_OUTLETS = 24  # strips with more are recorded as far as they are used


@dataclass
class _Strips:
    """Free outlets of each rack, side A and side B."""

    free: dict[str, list[list[SourceRef]]] = field(default_factory=lambda: defaultdict(lambda: [[], []]))


def wire(region: Region) -> None:
    """Tell every device of the region with its ports and cables."""
    strips = _Strips()
    for room in region.rooms:
        panel = region.register.add(
            "power_panels",
            room.key,
            name=f"TGBT {room.key}",
            site_id=room.site,
            location_id=room.location,
        )
        for gear in room.gear:
            _tell_device(region, gear)
        feeds = _feeds(region, room, panel)
        for gear in room.gear:
            if gear.group == "strip":
                _tell_strip(region, gear, feeds, strips)
        for gear in room.gear:
            if gear.group != "strip":
                _tell_supplies(region, gear, strips)
        _network(region, room)


def _tell_device(region: Region, gear: Gear) -> None:
    rng = region.rng
    has_platform = gear.role in ("server", "blade", "hypervisor") and gear.group != "gone"
    platforms = ("vmware-esxi-8", "vmware-esxi-6-7") if gear.group == "hypervisor" else (
        "windows-server-2012-r2", "windows-server-2019", "debian-12", "rhel-8", "ubuntu-22-04")  # fmt: skip
    region.register.add(
        "devices",
        gear.key,
        name=gear.name,
        device_type_id=SourceRef("device_types", gear.type.slug),
        role_id=SourceRef("device_roles", gear.role),
        platform_id=SourceRef("platforms", rng.choice(platforms)) if has_platform else None,
        tenant_id=gear.tenant,
        site_id=gear.room.site,
        location_id=gear.room.location,
        rack_id=gear.rack.ref
        if gear.rack
        else (gear.parent.rack.ref if gear.parent and gear.parent.rack else None),
        position=gear.position,
        face=gear.face,
        status=gear.status,
        serial=gear.serial,
        asset_tag=gear.asset_tag,
        parent_device_id=gear.parent.ref if gear.parent else None,
        parent_bay=gear.bay,
        cluster_id=gear.cluster,
        supply_redundancy=gear.redundancy,
        primary_ip=gear.primary_ip,
    )


def _feeds(region: Region, room: Room, panel: SourceRef) -> dict[str, list[SourceRef]]:
    """Two feeds for each rack; in large rooms three-phase."""
    is_large = room.servers >= 30
    feeds: dict[str, list[SourceRef]] = {}
    heavy = [
        g.rack for g in room.gear if any((draw or 0) > MOST_ON_16_A_W for *_, draw in inlets(g.type, g.role))
    ]
    for rack in room.racks:
        feeds[rack.ref.external_id] = [
            region.register.add(
                "power_feeds",
                f"{rack.ref.external_id}/{side}",
                name=f"{rack.ref.external_id} {side}",
                power_panel_id=panel,
                rack_id=rack.ref,
                status="active",
                type="primary" if side == "A" else "redundant",
                supply="ac",
                phase="three-phase" if is_large else "single-phase",
                voltage_v=400 if is_large else 230,
                amperage_a=32 if is_large or rack in heavy else region.rng.choice((16, 32)),
                max_utilization_pct=80,
            )
            for side in "AB"
        ]
    return feeds


def _tell_strip(region: Region, strip: Gear, feeds: dict[str, list[SourceRef]], strips: _Strips) -> None:
    rack = _rack_of(strip)
    sides = strips.free[rack.ref.external_id]
    side = 0 if not sides[0] else 1
    spec = strip.type
    (inlet,) = [
        region.register.add(
            "power_ports",
            f"{strip.key}/{name}",
            device_id=strip.ref,
            name=name,
            type=kind,
            maximum_draw_w=draw,
        )
        for name, kind, draw in inlets(spec, strip.role)[:1]
    ]
    _cable(region, "power", inlet, feeds[rack.ref.external_id][side])
    # The library repeats some names; a name is told once.
    outlets = {outlet.name: outlet for outlet in spec.power_outlets}
    for outlet in list(outlets.values())[:MOST_OUTLETS]:
        sides[side].append(
            region.register.add(
                "power_outlets",
                f"{strip.key}/{outlet.name}",
                device_id=strip.ref,
                name=outlet.name,
                type=outlet.type,
                power_port_id=inlet,
                feed_leg=outlet.feed_leg,
            )
        )


def _rack_of(gear: Gear) -> RackFill:
    if gear.rack is None:
        raise ValueError(f"{gear.key} is in no rack")
    return gear.rack


def _tell_supplies(region: Region, gear: Gear, strips: _Strips) -> None:
    """The device's inlets, and for most devices the outlets they hang on, in turn from both sides."""
    if gear.parent is not None:
        return
    is_recorded = gear.rack is not None and region.rng.random() < RECORDED_POWER
    for number, (name, kind, draw) in enumerate(inlets(gear.type, gear.role)):
        port = region.register.add(
            "power_ports", f"{gear.key}/{name}", device_id=gear.ref, name=name, type=kind, maximum_draw_w=draw
        )
        if is_recorded and gear.rack is not None:
            free = strips.free[gear.rack.ref.external_id][number % 2]
            if free:
                _cable(region, "power", port, free.pop(0))


def _cable(region: Region, kind: str, one: SourceRef, other: SourceRef) -> None:
    number = region.register.count("cables") + 1
    cable = region.register.add(
        "cables",
        str(number),
        type=kind,
        status="connected",
        label=f"{kind[0].upper()}{number:06d}",
        a_terminations=(one,),
        b_terminations=(other,),
    )
    for end in (one, other):
        if end.kind != "power_feeds" or "cable_id" not in region.register.fields(end):
            region.register.fields(end)["cable_id"] = cable


# --- network ---------------------------------------------------------------------------------------------------------


class _Switchboard:
    """Free interfaces of a room's switches; an interface is told when something is plugged into it."""

    def __init__(self, region: Region, room: Room) -> None:
        self._region = region
        self._free = [
            (switch, interface)
            for switch in room.gear
            if switch.role == "switch"
            for interface in switch.type.interfaces
            if not interface.mgmt_only
        ]
        self._next = 0
        self._told: set[str] = set()

    def plug(self, end: SourceRef, kind: str) -> None:
        while self._next < len(self._free):
            switch, interface = self._free[self._next]
            self._next += 1
            external_id = f"{switch.key}/{interface.name}"
            if external_id in self._told:
                continue  # the library repeats some names
            self._told.add(external_id)
            port = self._region.register.add(
                "interfaces",
                external_id,
                device_id=switch.ref,
                name=interface.name,
                type=interface.type,
                enabled=True,
            )
            _cable(self._region, kind, end, port)
            return


def _network(region: Region, room: Room) -> None:
    board = _Switchboard(region, room)
    for gear in room.gear:
        if gear.role == "blade":
            _interface(region, gear, "NIC 1", "10gbase-kr", mgmt_only=False)
        elif gear.role in ("patch-panel", "distribution-frame"):
            _panel(region, gear)
        elif gear.role in NETWORKED:
            _interfaces(region, gear, board)
        elif gear.role in ("router", "irisnet-termination", "san-switch"):
            for interface in {i.name: i for i in gear.type.interfaces[:2]}.values():
                _interface(region, gear, interface.name, interface.type, mgmt_only=interface.mgmt_only)


def _interfaces(region: Region, gear: Gear, board: _Switchboard) -> None:
    rng = region.rng
    known = list({i.name: i for i in gear.type.interfaces}.values())
    data = [i for i in known if not i.mgmt_only][:2]
    told = [(i.name, i.type, i.mgmt_only) for i in (*data, *[i for i in known if i.mgmt_only][:1])]
    # Rack servers whose network cards are modules: two ports of a usual card.
    if not data and gear.role in ("server", "hypervisor", "storage"):
        told = [("NIC 1", "10gbase-x-sfpp", False), ("NIC 2", "10gbase-x-sfpp", False), *told]
    is_recorded = rng.random() < RECORDED_NETWORK and gear.group != "gone"
    for name, kind, mgmt_only in told:
        port = _interface(region, gear, name, kind, mgmt_only=mgmt_only)
        if is_recorded and not mgmt_only:
            board.plug(port, "cat6" if kind.endswith("-t") else "mmf-om4")


def _interface(region: Region, gear: Gear, name: str, kind: str, *, mgmt_only: bool) -> SourceRef:
    octets = [0x02, *(region.rng.randrange(256) for _ in range(5))]
    return region.register.add(
        "interfaces",
        f"{gear.key}/{name}",
        device_id=gear.ref,
        name=name,
        type=kind,
        enabled=True,
        mgmt_only=mgmt_only,
        mac_address=":".join(f"{octet:02X}" for octet in octets),
    )


def _panel(region: Region, panel: Gear) -> None:
    for front, rear in zip(panel.type.front_ports[:4], panel.type.rear_ports[:4], strict=True):
        back = region.register.add(
            "rear_ports", f"{panel.key}/{rear}", device_id=panel.ref, name=rear, type="lc", positions=1
        )
        region.register.add(
            "front_ports",
            f"{panel.key}/{front}",
            device_id=panel.ref,
            name=front,
            type="lc",
            rear_port_id=back,
        )
