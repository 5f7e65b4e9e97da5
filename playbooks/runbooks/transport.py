"""How a crew carries a wave: loads, vans and dock slots, the floors, lifts and routes on the way out and in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from capacity.facility import Hall, Route
from capacity.plan import Step
from inventory.rows import Ref
from playbooks.runbooks.document import (
    NONE,
    UNKNOWN,
    Blank,
    Block,
    Bullets,
    Paragraph,
    Strong,
    Table,
    Text,
    columns,
    lines,
    number,
    shown,
)
from playbooks.runbooks.facts import WaveFacts, counted, hands, listed
from playbooks.scope import host_of

# The reference mass for lifting by one adult in good conditions (EN 1005-2); an assumption about this crew.
ONE_PERSON_KG = 25.0
_MB_OF_GB = 1000


def transport(facts: WaveFacts) -> tuple[Block, ...]:
    """Loads with their crews, vans and dock slots; then the ways out and in with their limits."""
    carried = (_loads(facts), *_ways(facts), *_needs(facts)) if facts.scope.devices else ()
    data = _data(facts)
    if not carried and not data:
        return (_held(facts), Paragraph("Nothing to carry."))
    return (
        *carried,
        *data,
        _held(facts),
        Table(
            columns(("confirmed", 2), ("slot, from and to (fill in)", 1.8), ("by (fill in)", 1.4)),
            tuple((text, Blank(), Blank()) for text in ("dock at the target", "loading at each source", "vans")),
            tall=True,
        ),
    )  # fmt: skip


def _loads(facts: WaveFacts) -> Table:
    work = facts.variables.plan.calendar.work
    rows = []
    for step in carrying(facts):
        vans = sum(use.amount for use in step.uses if use.resource == "van")
        entries = [facts.devices[move.asset] for move in step.moves if move.asset in facts.devices]
        units = [entry["height_u"] for entry in entries if entry["height_u"] is not None]
        rows.append(
            (
                step.id,
                lines((facts.local(step.start), f"to {facts.local(step.end)}")),
                listed(entry["source"]["site"] for entry in entries),
                hands(step),
                str(len(entries)),
                lines((weight_of(entries), f"vans: {number(vans * work.van_kg, 'kg') if vans else UNKNOWN}")),
                lines(
                    (
                        number(sum(units), "U"),
                        f"vans: {number(vans * work.van_units_u, 'U') if vans else UNKNOWN}",
                    )
                ),
            )
        )
    head = columns(
        ("load", 1.4), ("when: crew, van and dock slot held", 1.6), ("from", 1.6), ("hands", 1.1),
        ("pieces", 0.6, True), ("weight", 1.3), ("rack units", 1),
    )  # fmt: skip
    return Table(head, tuple(rows))


def _data(facts: WaveFacts) -> tuple[Block, ...]:
    """Copies that no line brings in time: what goes on appliances in a van, when, and who answers for the media."""
    rows = tuple(
        (
            step.id,
            lines(
                [f"{facts.local(u.start)} to {facts.local(u.end)}" for u in step.uses if u.resource == "van"]
            )
            or lines((facts.local(step.start), f"to {facts.local(step.end)}")),
            hands(step),
            _disks(facts, step),
            Blank(),
            Blank(),
        )
        for step in facts.scope.steps
        if step.by
    )
    head = columns(
        ("data of", 1.3), ("van held", 1.6), ("hands", 1.2), ("workloads", 1.4), ("media, escorted by (fill in)", 1.5),
        ("wiped afterwards (fill in)", 1.4),
    )  # fmt: skip
    return (Table(head, rows, tall=True, caption="Data that travel by van."),) if rows else ()


def _disks(facts: WaveFacts, step: Step) -> Text:
    demands = (facts.variables.demands.get(move.asset) for move in step.moves)
    disks = [demand.quantities.get("disk_mb") if demand else None for demand in demands]
    known = [disk.planning for disk in disks if disk is not None]
    size = number(sum(known) / _MB_OF_GB, "GB") if known else f"{UNKNOWN} size"
    missing = len(disks) - len(known)
    return lines(
        (
            counted(len(disks), "workload"),
            size,
            *([f"{missing} of unknown size"] if known and missing else []),
        )
    )


def carrying(facts: WaveFacts) -> list[Step]:
    """The steps in which devices travel."""
    return [step for step in facts.scope.steps if step.kind == "relocate"]


def _held(facts: WaveFacts) -> Table:
    uses: dict[str, float] = {}
    for step in facts.scope.steps:
        for use in step.uses:
            uses[use.resource] = max(uses.get(use.resource, 0.0), use.amount)
    rows = tuple(
        (_resource(facts, name), number(amount, "Mbit/s" if name.startswith("circuit:") else ""))
        for name, amount in sorted(uses.items())
    )
    return Table(
        columns(("resource", 3), ("most held by one step", 1, True)), rows, caption="Crews, vans and lines."
    )


def _resource(facts: WaveFacts, name: str) -> str:
    kind, _, key = name.partition(":")
    circuit = (
        facts.variables.estate.by_id("circuits").get(int(key))
        if kind == "circuit" and key.isdigit()
        else None
    )
    return f"{name}: line {circuit.cid}" if circuit else name


def weight_of(entries: Iterable[dict[str, Any]]) -> str:
    """The pieces' weight together; what is unknown or estimated is said, not added up in silence."""
    weights = [entry["weight_kg"] for entry in entries]
    known = [weight for weight in weights if weight is not None]
    parts = [number(sum(weight["planning"] for weight in known), "kg") if known else UNKNOWN]
    estimated = sum(weight["estimate"] for weight in known)
    parts += [f"{estimated} estimated"] if estimated else []
    parts += [f"{len(weights) - len(known)} unknown"] if known and len(known) < len(weights) else []
    return parts[0] + (f" ({', '.join(parts[1:])})" if parts[1:] else "")


# --- the way out and the way in ---------------------------------------------------------------------------------


def _ways(facts: WaveFacts) -> tuple[Block, ...]:
    out: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    into: dict[str, list[dict[str, Any]]] = defaultdict(list)
    limits: dict[tuple[str, str], float | None] = {}
    halls = _halls(facts)
    for asset, entry in facts.devices.items():
        key = (shown(entry["source"]["site"]), shown(entry["source"]["room"]))
        out[key].append(entry)
        limits[key] = _floor_at_source(facts, asset)
        into[halls.get(entry["target"]["rack"], UNKNOWN)].append(entry)
    sources = tuple(
        (
            *key,
            str(len(entries)),
            weight_of(entries),
            heaviest(entries),
            number(limits[key], "kg/m²"),
            Blank(),
        )
        for key, entries in sorted(out.items())
    )
    known = {hall.name: hall for hall in facts.facility.halls}
    targets = tuple(
        (name, str(len(entries)), weight_of(entries), heaviest(entries), _floor(known.get(name)),
         _routes(known.get(name), entries), Blank())
        for name, entries in sorted(into.items())
    )  # fmt: skip
    return (
        Table(
            columns(("source", 1.6), ("room", 1.2), ("pieces", 0.6, True), ("weight", 1), ("heaviest", 1.1),
                    ("floor bears", 0.8), ("lift and doors, measured (fill in)", 1.5)),
            sources, tall=True, caption="The way out.",
        ),
        Table(
            columns(("hall", 0.6), ("pieces", 0.6, True), ("weight", 0.9), ("heaviest", 1.1), ("floor", 1.5),
                    ("ways in", 1.6), ("lift and doors, measured (fill in)", 1.5)),
            targets, tall=True, caption=f"The way in at {facts.facility.name}.",
        ),
        Bullets(_heavy(facts)),
    )  # fmt: skip


def _halls(facts: WaveFacts) -> dict[str, str]:
    """The hall of every rack at the target."""
    hall_of = {position.name: position.hall for position in facts.facility.positions}
    racks = (*facts.facility.racks, *facts.variables.plan.racks)
    return {rack.id: hall_of[rack.position] for rack in racks if rack.position in hall_of}


def _floor_at_source(facts: WaveFacts, asset: Ref) -> float | None:
    row: Any = facts.variables.estate.find(asset)
    room_id = facts.variables.belonging.room_of(row) if row else None
    room = facts.variables.estate.by_id("locations").get(room_id) if room_id is not None else None
    return room.floor_limit_kg_m2 if room else None


def heaviest(entries: Iterable[dict[str, Any]]) -> Text:
    """The heaviest piece of known weight, by name."""
    known = [entry for entry in entries if entry["weight_kg"] is not None]
    if not known:
        return UNKNOWN
    entry = max(known, key=lambda entry: (entry["weight_kg"]["planning"], entry["host"]))
    return lines((weighed(entry), f"{entry['host']} {shown(entry['name'])}"))


def weighed(entry: dict[str, Any]) -> str:
    """A piece's weight, estimates marked."""
    weight = entry["weight_kg"]
    if weight is None:
        return f"{UNKNOWN} weight"
    return number(weight["planning"], "kg") + (" est." if weight["estimate"] else "")


def _floor(hall: Hall | None) -> Text:
    if hall is None:
        return UNKNOWN
    floor = hall.floor
    parts = []
    if floor.basis == "point":
        parts.append(f"{_limit(floor.point_kg, 'kg')} on a foot")
    else:
        parts.append(f"{_limit(floor.limit_kg_m2, 'kg/m²')} over the {floor.basis}")
    parts.append(f"rolling: {_limit(floor.rolling_kg, 'kg')}")
    return lines(parts)


def _limit(value: float | None, unit: str) -> str:
    """The facility states on purpose where something isn't limited."""
    return "not limited" if value is None else number(value, unit)


def _routes(hall: Hall | None, entries: list[dict[str, Any]]) -> Text:
    if hall is None or not hall.routes:
        return "none listed in the facility: not limited there"
    weights = [entry["weight_kg"]["planning"] for entry in entries if entry["weight_kg"] is not None]
    most = max(weights, default=0.0)
    return lines([_route(route, most) for route in hall.routes])


def _route(route: Route, most_kg: float) -> Text:
    text = (
        f"{route.name}: rolling {_limit(route.rolling_kg, 'kg')}, opening {_limit(route.width_mm, 'mm')} wide, "
        f"{_limit(route.height_mm, 'mm')} high"
    )
    return Strong(f"{text}; not for the heaviest") if (route.rolling_kg or most_kg) < most_kg else text


def _heavy(facts: WaveFacts) -> tuple[Text, ...]:
    heavy = [
        f"{entry['host']} ({weighed(entry)})"
        for entry in facts.devices.values()
        if entry["weight_kg"] is not None and entry["weight_kg"]["planning"] > ONE_PERSON_KG
    ]
    unknown = [entry["host"] for entry in facts.devices.values() if entry["weight_kg"] is None]
    found: list[Text] = [
        f"More than {ONE_PERSON_KG:g} kg, not for one person (EN 1005-2, an assumption): {', '.join(heavy) or NONE}"
    ]
    if unknown:
        found.append(Strong(f"Weight unknown, weigh before lifting: {', '.join(unknown)}"))
    return tuple(found)


def _needs(facts: WaveFacts) -> tuple[Block, ...]:
    moved = set(facts.scope.devices)
    needs = tuple(
        (host_of(need.object), facts.name(need.object), need.need, need.detail or UNKNOWN)
        for need in facts.variables.estate.special_needs
        if need.object in moved
    )
    contracts = listed(
        f"{contract.provider} {contract.reference}".strip()
        for contract in facts.variables.estate.maintenance_contracts
        if contract.object in moved
    )
    head = columns(("host", 0.8), ("name", 2), ("need", 1), ("what exactly", 3))
    return (
        Table(head, needs, caption="Special needs.", empty="No special needs are recorded."),
        Paragraph(f"Maintenance contracts to be told of the move: {contracts}."),
    )
