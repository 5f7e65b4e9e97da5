"""What is wrong in the records, as it is in every real estate: planted on purpose, in known numbers.

Some faults are in what is told of devices (`spoil_gear`, before they are told), some in other records
(`spoil_records`, after). Unknown draws and weights are `measurements`'; rooms without a plan are `places`'.
"""

from __future__ import annotations

from collections.abc import Sequence

from inventory.sources.contract import SourceRef
from inventory.sources.sample_region.applications import Application
from inventory.sources.sample_region.measurements import publishes_draw
from inventory.sources.sample_region.region import Gear, Region

HOSTILE_NAMES = (
    "{{ 7*7 }}",
    '=HYPERLINK("http://evil.example","x")',
    "<b>x</b>",
    "[bold]x",
    "../x",
    "{% raw %}x",
    "!unsafe x: [1",
    "x\u202etxt.exe",
    "'; DROP TABLE devices; --",
    "<script>alert(1)</script>",
)
SERIALS_MISSING = 0.04
# How many of each fault a region of 2,600 servers has; smaller ones have at least one where they can.
UNMEASURED, DOUBLE_BOOKED, SAME_TAG, SAME_SERIAL, NO_POSITION, OUTSIDE = 8, 6, 5, 2, 4, 1


def spoil_gear(region: Region) -> set[str]:
    """Plant the faults of devices; returns the keys of those whose draw nobody is to know."""
    rng = region.rng
    for gear in region.gear():
        if rng.random() < SERIALS_MISSING:
            gear.serial = ""
    servers = [g for g in region.gear("unknown", "known") if g.role == "server" and not g.is_restricted]
    _name_hostile(region, servers)
    _repeat(region, "asset_tag", SAME_TAG)
    _repeat(region, "serial", SAME_SERIAL)
    _double_book(region)
    # What moves must be found again: only what is switched off has lost its place.
    gone = [g for g in region.gear("gone") if g.rack is not None and g.parent is None]
    for gear in gone[: region.scaled(NO_POSITION, least=1)]:
        gear.position = gear.face = None
    for gear in gone[-region.scaled(OUTSIDE, least=1) :]:
        if gear.rack is not None and gear.position is not None:
            gear.position = gear.rack.lowest + gear.rack.height_u
    unknowable = [
        g
        for g in servers
        if g.group == "unknown"
        and not publishes_draw(g)
        and g.type.u_height in (2, 4)
        and g.room.building.partner != "stib"
    ]
    rng.shuffle(unknowable)
    return {g.key for g in unknowable[: region.scaled(UNMEASURED, least=1)]}


def _name_hostile(region: Region, servers: Sequence[Gear]) -> None:
    some = list(servers)
    region.rng.shuffle(some)
    for name, gear in zip(HOSTILE_NAMES, some, strict=False):
        gear.name = name


def _repeat(region: Region, field: str, at_default: int) -> None:
    known = [g for g in region.gear() if getattr(g, field)]
    region.rng.shuffle(known)
    pairs = min(region.scaled(at_default, least=1), len(known) // 2)
    for one, other in zip(known[:pairs], known[pairs : 2 * pairs], strict=True):
        setattr(other, field, getattr(one, field))


def _double_book(region: Region) -> None:
    """Move the record of a device onto its neighbour in the same rack."""
    left = region.scaled(DOUBLE_BOOKED, least=1)
    for room in region.rooms:
        for rack in room.racks:
            hung = [g for g in room.gear if g.rack is rack and g.position is not None and g.role == "server"]
            if left and len(hung) >= 4:
                hung[1].position, hung[1].face = hung[0].position, hung[0].face
                left -= 1
                break


def spoil_records(region: Region, applications: Sequence[Application]) -> None:
    """Plant the faults of everything else."""
    register, rng = region.register, region.rng
    machines = [m for m in region.machines if m.is_sized and not m.is_restricted]
    for name, machine in zip(HOSTILE_NAMES[:4], rng.sample(machines, min(4, len(machines))), strict=False):
        register.fields(machine.ref)["name"] = name
    for name, application in zip(HOSTILE_NAMES[2:5], applications[-3:], strict=False):
        register.fields(application.ref)["name"] = name
    room = region.rooms[-1]
    for number in range(region.scaled(3, least=1)):
        name = f"lost-{number + 1:02d}"
        register.add("virtual_machines", name, name=name, cluster_id=None, tenant_id=room.tenant, status="active",
                     vcpus=2.0, memory_mb=4096, disk_mb=60_000)  # fmt: skip
    register.add("applications", "A-forgotten", name="Forgotten application", slug="forgotten", tenant_id=room.tenant,
                 criticality=None, is_shared_service=False)  # fmt: skip
    flows = register.refs("flows")
    # Sign-on is small whatever it is: a rate nobody measured there does no harm.
    light = [f for f in flows if register.fields(f)["description"] == "name look-ups"]
    for flow in light[: region.scaled(4, least=1)]:
        register.fields(flow)["rate_mbps"] = None
    circuits = register.refs("circuits")
    if circuits:
        like = register.fields(circuits[0])
        register.add(
            "circuits", "VDSL-UNKNOWN", **{**like, "cid": "VDSL-UNKNOWN", "type": "vdsl", "rate_mbps": None}
        )
    _spare_feed(region)
    _reserve(region)
    for site in _quiet_sites(region)[:1]:
        register.fields(site)["latitude"] = register.fields(site)["longitude"] = None


def _spare_feed(region: Region) -> None:
    for panel in region.register.refs("power_panels")[:2]:
        region.register.add(
            "power_feeds",
            f"{panel.external_id}/spare",
            name=f"{panel.external_id} spare",
            power_panel_id=panel,
            status="planned",
            voltage_v=230,
            amperage_a=None,
            max_utilization_pct=80,
        )


def _reserve(region: Region) -> None:
    """Units reserved for a tenant and filled by another long ago, and one reservation that is kept."""
    tenants = list(region.tenants.values())
    for number, room in enumerate([r for r in region.rooms if r.racks][:2]):
        rack = room.racks[0]
        units = (rack.lowest, rack.lowest + 1) if number == 0 else (rack.lowest + rack.height_u / 2 // 1,)
        other = next((t for t in tenants if t != room.tenant), room.tenant)
        region.register.numbered(
            "rack_reservations",
            rack_id=rack.ref,
            units=tuple(float(u) for u in units),
            tenant_id=other,
            description="promised",
        )


def _quiet_sites(region: Region) -> list[SourceRef]:
    return [room.site for room in region.rooms if room.building.kind in ("station", "branch")]
