"""How a crew carries a wave: loads, vans and dock slots, the floors, lifts and routes on the way out and in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from capacity.facility import Hall, Route
from capacity.plan import Step
from inventory.rows import Ref
from playbooks.runbooks.document import (
    Blank,
    Block,
    Bullets,
    Paragraph,
    Strong,
    Table,
    Text,
    lines,
)
from playbooks.runbooks.facts import WaveFacts
from playbooks.runbooks.words import Words, message
from playbooks.scope import host_of

# The reference mass for lifting by one adult in good conditions (EN 1005-2); an assumption about this crew.
ONE_PERSON_KG = 25.0
_MB_OF_GB = 1000

_TO_CONFIRM = (message("dock at the target"), message("loading at each source"), message("vans"))
# What a floor's limit is over.
_BASES = {"footprint": message("the footprint"), "bay": message("the bay")}
# Kinds of special needs, as the inventory knows them.
_NEEDS = {
    "plug_type": message("type of plug"),
    "rail": message("rail"),
    "licence": message("licence"),
    "tape": message("tape"),
    "hsm": message("HSM"),
    "dongle": message("dongle"),
    "not_x86": message("not x86"),
}


def transport(facts: WaveFacts) -> tuple[Block, ...]:
    """Loads with their crews, vans and dock slots; then the ways out and in with their limits."""
    words = facts.words
    carried = (_loads(facts), *_ways(facts), *_needs(facts)) if facts.scope.devices else ()
    data = _data(facts)
    if not carried and not data:
        return (_held(facts), Paragraph(words("Nothing to carry.")))
    return (
        *carried,
        *data,
        _held(facts),
        Table(
            words.columns(("confirmed", 2), ("slot, from and to (fill in)", 1.8), ("by (fill in)", 1.4)),
            tuple((words(text), Blank(), Blank()) for text in _TO_CONFIRM),
            tall=True,
        ),
    )  # fmt: skip


def _loads(facts: WaveFacts) -> Table:
    work, words = facts.variables.plan.calendar.work, facts.words
    rows = []
    for step in carrying(facts):
        vans = sum(use.amount for use in step.uses if use.resource == "van")
        entries = [facts.devices[move.asset] for move in step.moves if move.asset in facts.devices]
        units = [entry["height_u"] for entry in entries if entry["height_u"] is not None]
        rows.append(
            (
                step.id,
                lines((facts.local(step.start), words("to %(moment)s", moment=facts.local(step.end)))),
                words.listed(entry["source"]["site"] for entry in entries),
                facts.hands(step),
                words.number(len(entries)),
                lines((weight_of(words, entries), _of_vans(words, vans * work.van_kg, "kg"))),
                lines((words.number(sum(units), "U"), _of_vans(words, vans * work.van_units_u, "U"))),
            )
        )
    head = words.columns(
        ("load", 1.4), ("when: crew, van and dock slot held", 1.6), ("from", 1.6), ("hands", 1.1),
        ("pieces", 0.6, True), ("weight", 1.3), ("rack units", 1),
    )  # fmt: skip
    return Table(head, tuple(rows))


def _of_vans(words: Words, held: float, unit: str) -> str:
    return words("vans: %(room)s", room=words.number(held or None, unit) if held else words.unknown)


def _data(facts: WaveFacts) -> tuple[Block, ...]:
    """Copies that no line brings in time: what goes on appliances in a van, when, and who answers for the media."""
    words = facts.words
    rows = tuple(
        (
            step.id,
            lines([facts.span(u.start, u.end) for u in step.uses if u.resource == "van"])
            or facts.span(step.start, step.end),
            facts.hands(step),
            _disks(facts, step),
            Blank(),
            Blank(),
        )
        for step in facts.scope.steps
        if step.by
    )
    head = words.columns(
        ("data of", 1.3), ("van held", 1.6), ("hands", 1.2), ("workloads", 1.4), ("media, escorted by (fill in)", 1.5),
        ("wiped afterwards (fill in)", 1.4),
    )  # fmt: skip
    return (Table(head, rows, tall=True, caption=words("Data that travel by van.")),) if rows else ()


def _disks(facts: WaveFacts, step: Step) -> Text:
    words = facts.words
    demands = (facts.variables.demands.get(move.asset) for move in step.moves)
    disks = [demand.quantities.get("disk_mb") if demand else None for demand in demands]
    known = [disk.planning for disk in disks if disk is not None]
    size = words.number(sum(known) / _MB_OF_GB, "GB") if known else words("unknown size")
    missing = len(disks) - len(known)
    return lines(
        (
            words.counted("%(n)s workload", "%(n)s workloads", len(disks)),
            size,
            *([words("%(n)s of unknown size", n=missing)] if known and missing else []),
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
    rows = tuple(_resource(facts, name, amount) for name, amount in sorted(uses.items()))
    words = facts.words
    return Table(
        words.columns(("resource", 3), ("most held by one step", 1, True)),
        rows,
        empty=words("This wave holds no crew, van or line."),
        caption=words("Crews, vans and lines."),
    )


def _resource(facts: WaveFacts, name: str, amount: float) -> tuple[Text, ...]:
    words = facts.words
    kind, _, key = name.partition(":")
    circuit = (
        facts.variables.estate.by_id("circuits").get(int(key))
        if kind == "circuit" and key.isdigit()
        else None
    )
    if kind == "circuit":
        text = words("%(name)s: line %(line)s", name=name, line=circuit.cid) if circuit else name
        return (text, words.number(amount, "Mbit/s"))
    return (words.resource(name), words.number(amount))


def weight_of(words: Words, entries: Iterable[dict[str, Any]]) -> str:
    """The pieces' weight together; what is unknown or estimated is said, not added up in silence."""
    weights = [entry["weight_kg"] for entry in entries]
    known = [weight for weight in weights if weight is not None]
    total = words.number(sum(weight["planning"] for weight in known), "kg") if known else words.unknown
    estimated = sum(weight["estimate"] for weight in known)
    unknown = len(weights) - len(known) if known else 0
    parts = [words.counted("%(n)s estimated", "%(n)s estimated", estimated)] if estimated else []
    parts += [words.counted("%(n)s unknown", "%(n)s unknown", unknown)] if unknown else []
    return total + (f" ({', '.join(parts)})" if parts else "")


# --- the way out and the way in ---------------------------------------------------------------------------------


def _ways(facts: WaveFacts) -> tuple[Block, ...]:
    out: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    into: dict[str, list[dict[str, Any]]] = defaultdict(list)
    limits: dict[tuple[str, str], float | None] = {}
    halls, words = _halls(facts), facts.words
    for asset, entry in facts.devices.items():
        key = (words.shown(entry["source"]["site"]), words.shown(entry["source"]["room"]))
        out[key].append(entry)
        limits[key] = _floor_at_source(facts, asset)
        into[halls.get(entry["target"]["rack"], words.unknown)].append(entry)
    sources = tuple(
        (
            *key,
            words.number(len(entries)),
            weight_of(words, entries),
            heaviest(words, entries),
            words.number(limits[key], "kg/m²"),
            Blank(),
        )
        for key, entries in sorted(out.items())
    )
    known = {hall.name: hall for hall in facts.facility.halls}
    targets = tuple(
        (name, words.number(len(entries)), weight_of(words, entries), heaviest(words, entries),
         _floor(words, known.get(name)), _routes(words, known.get(name), entries), Blank())
        for name, entries in sorted(into.items())
    )  # fmt: skip
    return (
        Table(
            words.columns(("source", 1.6), ("room", 1.2), ("pieces", 0.6, True), ("weight", 1), ("heaviest", 1.1),
                    ("floor bears", 0.8), ("lift and doors, measured (fill in)", 1.5)),
            sources, tall=True, caption=words("The way out."),
        ),
        Table(
            words.columns(("hall", 0.6), ("pieces", 0.6, True), ("weight", 0.9), ("heaviest", 1.1), ("floor", 1.5),
                    ("ways in", 1.6), ("lift and doors, measured (fill in)", 1.5)),
            targets, tall=True, caption=words("The way in at %(name)s.", name=facts.facility.name),
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


def heaviest(words: Words, entries: Iterable[dict[str, Any]]) -> Text:
    """The heaviest piece of known weight, by name."""
    known = [entry for entry in entries if entry["weight_kg"] is not None]
    if not known:
        return words.unknown
    entry = max(known, key=lambda entry: (entry["weight_kg"]["planning"], entry["host"]))
    return lines((_kg(words, entry), f"{entry['host']} {words.shown(entry['name'])}"))


def weighed(facts: WaveFacts, entry: dict[str, Any]) -> str:
    """A piece's weight, estimates marked."""
    return _kg(facts.words, entry)


def _kg(words: Words, entry: dict[str, Any]) -> str:
    weight = entry["weight_kg"]
    if weight is None:
        return words("unknown weight")
    value = words.number(weight["planning"], "kg")
    return words("%(value)s est.", value=value) if weight["estimate"] else value


def _floor(words: Words, hall: Hall | None) -> Text:
    if hall is None:
        return words.unknown
    floor = hall.floor
    if floor.basis == "point":
        borne = words("%(limit)s on a foot", limit=_limit(words, floor.point_kg, "kg"))
    else:
        basis = _BASES.get(floor.basis)
        borne = words(
            "%(limit)s over %(basis)s",
            limit=_limit(words, floor.limit_kg_m2, "kg/m²"),
            basis=words(basis) if basis else floor.basis,
        )
    return lines((borne, words("rolling: %(limit)s", limit=_limit(words, floor.rolling_kg, "kg"))))


def _limit(words: Words, value: float | None, unit: str) -> str:
    """The facility states on purpose where something isn't limited."""
    return words("not limited") if value is None else words.number(value, unit)


def _routes(words: Words, hall: Hall | None, entries: list[dict[str, Any]]) -> Text:
    if hall is None or not hall.routes:
        return words("none listed in the facility: not limited there")
    weights = [entry["weight_kg"]["planning"] for entry in entries if entry["weight_kg"] is not None]
    most = max(weights, default=0.0)
    return lines([_route(words, route, most) for route in hall.routes])


def _route(words: Words, route: Route, most_kg: float) -> Text:
    text = words(
        "%(name)s: rolling %(rolling)s, opening %(width)s wide, %(height)s high",
        name=route.name,
        rolling=_limit(words, route.rolling_kg, "kg"),
        width=_limit(words, route.width_mm, "mm"),
        height=_limit(words, route.height_mm, "mm"),
    )
    if (route.rolling_kg or most_kg) < most_kg:
        return Strong(words("%(route)s; not for the heaviest", route=text))
    return text


def _heavy(facts: WaveFacts) -> tuple[Text, ...]:
    words = facts.words
    heavy = [
        f"{entry['host']} ({_kg(words, entry)})"
        for entry in facts.devices.values()
        if entry["weight_kg"] is not None and entry["weight_kg"]["planning"] > ONE_PERSON_KG
    ]
    unknown = [entry["host"] for entry in facts.devices.values() if entry["weight_kg"] is None]
    found: list[Text] = [
        words(
            "More than %(limit)s, not for one person (EN 1005-2, an assumption): %(hosts)s",
            limit=words.number(ONE_PERSON_KG, "kg"),
            hosts=", ".join(heavy) or words.none,
        )
    ]
    if unknown:
        found.append(
            Strong(words("Weight unknown, weigh before lifting: %(hosts)s", hosts=", ".join(unknown)))
        )
    return tuple(found)


def _needs(facts: WaveFacts) -> tuple[Block, ...]:
    moved, words = set(facts.scope.devices), facts.words
    needs = tuple(
        (host_of(need.object), facts.name(need.object), _need(words, need.need), need.detail or words.unknown)
        for need in facts.variables.estate.special_needs
        if need.object in moved
    )
    contracts = words.listed(
        f"{contract.provider} {contract.reference}".strip()
        for contract in facts.variables.estate.maintenance_contracts
        if contract.object in moved
    )
    head = words.columns(("host", 0.8), ("name", 2), ("need", 1), ("what exactly", 3))
    return (
        Table(head, needs, caption=words("Special needs."), empty=words("No special needs are recorded.")),
        Paragraph(words("Maintenance contracts to be told of the move: %(contracts)s.", contracts=contracts)),
    )


def _need(words: Words, kind: str) -> str:
    return words(_NEEDS[kind]) if kind in _NEEDS else kind
