"""Applications of every room and what they run on, the shared services of each partner, and what may not be parted.

Members of an application are of one room, but for shared services nobody has to move with. Traffic between them is
`traffic`'s, when they may be touched `agreements`'.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from inventory.sources.contract import SourceRef
from inventory.sources.sample_region.geography import TENANTS
from inventory.sources.sample_region.region import Gear, Machine, Region, Room
from inventory.sources.sample_region.room_kit import BOUND

IRISBOX, NOVA, BOS = "irisbox-regional", "nova-regional", "bos-regional"


@dataclass(frozen=True, slots=True)
class Template:
    """What an application of a kind of building is. `rto_minutes` and `rpo_minutes` None: nobody said."""

    name: str
    criticality: int | None
    rto_minutes: int | None = None
    rpo_minutes: int | None = None
    platform: str | None = None
    is_restricted: bool = False


COMMON = (
    Template("Files and print", 3, 1440, 1440),
    Template("Human resources", 3, 1440, 240),
    Template("Finance", 2, 480, 60),
    Template("Intranet", 4),
    Template("Document management", 3, 1440, 240),
    Template("Mail relay", 2, 240, 60),
)
BY_KIND: dict[str, tuple[Template, ...]] = {
    "town-hall": (
        Template("Population register", 1, 120, 15),
        Template("IRISbox counter", 2, 240, 60, IRISBOX),
        Template("NOVA town planning", 2, 480, 60, NOVA),
        Template("BOS meetings", 3, 1440, 240, BOS),
        Template("Taxes", 3, 1440, 240),
    ),
    "welfare": (Template("Social files", 2, 240, 60), Template("Benefit payments", 1, 240, 15)),
    "police": (
        Template("Video recording", 1, 60, 15, is_restricted=True),
        Template("Dispatching", 1, 30, 5, is_restricted=True),
        Template("Case files", 2, 240, 60),
    ),
    "fire": (Template("Emergency dispatch", 1, 30, 5), Template("Fleet", 3, 1440, 240)),
    "school-service": (Template("Schools: pupils and marks", 3, 1440, 240), Template("Schools: virtual desks", 4)),
    "depot": (Template("Fleet maintenance", 2, 480, 60), Template("Depot gates and video", 2, 240, 60)),
    "station": (Template("Ticketing gates", 1, 120, 15), Template("Station video", 2, 240, 60)),
    "control-centre": (
        Template("Grid and traffic control", 1, 30, 5, is_restricted=True),
        Template("Control room archive", 2, 480, 60),
        Template("Traveller and outage information", 2, 240, 60),
    ),
    "substation": (
        Template("Remote control SCADA", 1, 60, 5, is_restricted=True),
        Template("Metering gateway", 2, 480, 60),
    ),
    "data-room": (
        Template("IRISbox", 1, 120, 15, IRISBOX),
        Template("NOVA", 2, 240, 60, NOVA),
        Template("BOS", 3, 480, 240, BOS),
        Template("UrbIS maps", 2, 480, 60),
        Template("Service integrator", 1, 60, 15),
        Template("Regional websites", 2, 240, 60),
    ),
    "hub": (Template("IRISnet supervision", 1, 60, 15), Template("Urbizone wifi", 3, 480, 240)),
    "headquarters": (Template("Ticketing back office", 1, 120, 15), Template("Customer files", 2, 480, 60),
                     Template("Data warehouse", 3, 1440, 1440), Template("GIS", 2, 480, 60)),
    "agency": (Template("Case management", 2, 480, 60), Template("Open data", 4), Template("Field work", 3, 480, 240)),
    "archive": (Template("Scans of the registers", 3, 4320, 1440), Template("Maps and plans", 3, 4320, 1440)),
    "branch": (Template("Branch services", 3, 1440, 240),),
}  # fmt: skip
# Restricted hardware of each partner in the default region: the caged positions are few.
RESTRICTED_SERVERS = {"sibelga": 34, "stib": 16, "others": 26}
RESTRICTED_KINDS = ("police", "control-centre", "substation")
IN_APPLICATIONS = 0.75  # share of a room's assets of which somebody knows what they are for
BUDGETS = (360, 480, 600, 720, None, None)


@dataclass(slots=True)
class Application:
    """An application told, with what it runs on."""

    ref: SourceRef
    name: str
    template: Template
    room: Room
    machines: list[Machine] = field(default_factory=list)
    gear: list[Gear] = field(default_factory=list)


def slug_of(text: str) -> str:
    """A slug in NetBox's sense: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def settle(region: Region) -> list[Application]:
    """Tell the applications with their members, and the constraints between members. Shared services come first."""
    _restrict(region)
    found: list[Application] = []
    taken: set[SourceRef] = set()
    for partner in dict.fromkeys(room.building.partner for room in region.rooms):
        found += _shared_services(region, partner, taken)
    for room in region.rooms:
        found += _of_room(region, room, taken)
    _bound(region)
    _pairs(region, found)
    _storage_sets(region)
    _zones(region)
    return found


def _restrict(region: Region) -> None:
    for partner, at_default in RESTRICTED_SERVERS.items():
        left = region.scaled(at_default)
        for gear in region.gear("unknown", "special"):
            is_one = gear.role == "server" and gear.room.building.kind in RESTRICTED_KINDS
            if left and is_one and gear.room.building.partner == partner:
                gear.is_restricted = True
                left -= 1


def _shared_services(region: Region, partner: str, taken: set[SourceRef]) -> list[Application]:
    """Directory and name services, in the partner's first room that has machines."""
    room = next((r for r in region.rooms if r.building.partner == partner and r.machines >= 6), None)
    if room is None:
        return []
    machines = [m for m in region.machines if m.room is room and not m.is_restricted and m.is_sized]
    found = []
    for number, name in enumerate(("Directory", "DNS and DHCP")):
        some = machines[number * 3 : number * 3 + 3]
        boxes = [g for g in room.gear if g.role == "dns-appliance"] if number else []
        application = _tell(region, room, Template(name, 1, 60, 15), some, boxes, is_shared=True)
        taken.update(m.ref for m in some)
        found.append(application)
    return found


def _of_room(region: Region, room: Room, taken: set[SourceRef]) -> list[Application]:
    """Divide most of a room's servers and machines among the applications of its kind of building."""
    rng = region.rng
    machines = [m for m in region.machines if m.room is room and m.ref not in taken]
    gear = [g for g in room.gear if g.group in ("known", "unknown", "special") and g.role == "server"]
    special = BY_KIND[room.building.kind]
    found: list[Application] = []
    for is_restricted in (True, False):
        templates = [t for t in (*special, *COMMON) if t.is_restricted == is_restricted]
        everything: list[Machine | Gear] = [*machines, *gear]
        mine = [x for x in everything if x.is_restricted == is_restricted]
        if not templates:
            templates = [special[0]]
        if room.building.kind != "archive":
            rng.shuffle(mine)
            mine = mine[: round(len(mine) * (1.0 if is_restricted else IN_APPLICATIONS))]
        for number, members in enumerate(_divided(region, room, mine)):
            template = templates[number % len(templates)]
            found.append(
                _tell(
                    region,
                    room,
                    template,
                    [m for m in members if isinstance(m, Machine)],
                    [g for g in members if isinstance(g, Gear)],
                )
            )
    return found


def _divided(region: Region, room: Room, members: Sequence[Machine | Gear]) -> list[list[Machine | Gear]]:
    if room.building.kind == "archive":
        machines = [m for m in members if isinstance(m, Machine)]
        largest = max((m.disk_mb or 0 for m in machines), default=0)
        parts = [[m for m in machines if (m.disk_mb == largest) == big] for big in (True, False)]
        return [list(part) for part in parts if part]
    found: list[list[Machine | Gear]] = []
    rest = list(members)
    while rest:
        size = region.rng.randint(8, 24)
        found.append(rest[:size])
        rest = rest[size:]
    return found


def _tell(
    region: Region,
    room: Room,
    template: Template,
    machines: list[Machine],
    gear: list[Gear],
    *,
    is_shared: bool = False,
) -> Application:
    rng, register = region.rng, region.register
    body = TENANTS[room.building.tenant][0]
    number = register.count("applications") + 1
    name = f"{template.name}, {body}"
    ref = register.add(
        "applications",
        f"A{number:04d}",
        name=name,
        slug=f"{slug_of(name)}-{number}",
        tenant_id=room.tenant,
        criticality=template.criticality if rng.random() < 0.93 else None,
        rpo_minutes=template.rpo_minutes,
        rto_minutes=template.rto_minutes,
        downtime_budget_minutes=rng.choice(BUDGETS),
        is_shared_service=is_shared,
        platform_target=template.platform,
        owner=f"{body}, {template.name.lower()}" if rng.random() < 0.7 else None,
    )
    members: list[Machine | Gear] = [*machines, *gear]
    for member in members:
        register.add(
            "application_members",
            f"{ref.external_id}/{member.ref.kind}/{member.ref.external_id}",
            application_id=ref,
            object=member.ref,
        )
    return Application(ref, name, template, room, machines, gear)


# --- what stays, goes together, keeps apart --------------------------------------------------------------------------


def constrain(region: Region, kind: str, name: str, members: Sequence[SourceRef], **fields: object) -> None:
    """Tell one constraint."""
    region.register.numbered("constraints", kind=kind, name=name, members=tuple(members), **fields)


def _bound(region: Region) -> None:
    for room in region.rooms:
        for role, reason in BOUND.items():
            members = [g.ref for g in room.gear if g.is_bound and g.role == role]
            if members:
                constrain(region, "building_bound", f"{role} of {room.key}", members, reason=reason)
    stations = [g for g in region.gear("special") if g.room.building.kind == "station" and g.role == "server"]
    for gear in stations[:2]:
        constrain(
            region,
            "keep",
            f"interlocking of {gear.room.key}",
            [gear.ref],
            reason="it drives the signals beside it",
        )


def _pairs(region: Region, applications: Sequence[Application]) -> None:
    """Nodes of one service on different hosts; pairs of boxes in different racks."""
    for application in applications:
        sized = [m.ref for m in application.machines if m.is_sized]
        is_paired = application.ref.external_id.endswith(("1", "4", "7")) or application.name.startswith(
            ("Directory", "DNS")
        )
        if is_paired and len(sized) >= 2:
            constrain(region, "apart", f"nodes of {application.ref.external_id}", sized[:3], scope="host",
                      reason="one host may fail")  # fmt: skip
    for room in region.rooms:
        for role in ("firewall", "load-balancer", "hsm"):
            pair = [g.ref for g in room.gear if g.role == role][:2]
            if len(pair) == 2:
                constrain(
                    region,
                    "apart",
                    f"{role} pair of {room.key}",
                    pair,
                    scope="rack",
                    reason="one rack may lose power",
                )


def _storage_sets(region: Region) -> None:
    """A head and the shelves behind it hang on short cables."""
    for room in region.rooms:
        current: list[SourceRef] = []
        sets: list[list[SourceRef]] = []
        for gear in room.gear:
            if gear.role == "storage":
                current = [gear.ref]
                sets.append(current)
            elif gear.role == "storage-shelf":
                current.append(gear.ref)
        for number, members in enumerate(sets, start=1):
            if len(members) > 1:
                constrain(region, "together", f"storage {number} of {room.key}", members, scope="rack",
                          reason="shelves hang on short cables")  # fmt: skip


def _zones(region: Region) -> None:
    for room in region.rooms:
        members = [m.ref for m in region.machines if m.room is room and m.is_restricted]
        members += [g.ref for g in room.gear if g.is_restricted]
        if members:
            constrain(region, "zone", f"restricted of {room.key}", members, value="restricted",
                      reason="police, video and grid control are kept apart")  # fmt: skip
