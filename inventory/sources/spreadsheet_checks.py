"""Whether the values of a row fit each other and other rows: units in a rack, windows, zones, coordinates,
duplicates.

One cell alone is judged in `spreadsheet_columns`. What is merely unlikely becomes a warning; what can't be
true, or can't be read in one way only, an error. Contradictions of reality (two devices on one unit) are
`quality`'s to judge.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime

from inventory.sources.contract import SourceRef
from inventory.sources.spreadsheet_cells import Findings, folded, shown
from inventory.sources.spreadsheet_references import Directory, Entry
from inventory.sources.spreadsheet_sheets import METRICS, ROLES
from inventory.sources.spreadsheet_table import Row, Table

BELGIUM_LATITUDE, BELGIUM_LONGITUDE = (
    (49.4, 51.6),
    (2.4, 6.5),
)  # degrees; the country's extent, rounded outwards
SMALLEST_MEMORY_MB = 64  # no server system of today runs in less; such a value was meant in GB
SMALLEST_DISK_MB = 64
UNIT_WORDS = {
    "w": "w",
    "watt": "w",
    "kg": "kg",
    "mb": "mb",
    "mbit/s": "mbit/s",
    "mbps": "mbit/s",
    "%": "%",
    "vcpu": "vcpu",
    "vcpus": "vcpu",
}


def check_all(tables: dict[str, Table], directory: Directory, findings: Findings) -> None:
    """Every check over every row."""
    per_row: dict[str, Callable[[Row, Findings], None]] = {
        "Sites": _site,
        "Rooms": _room,
        "Device types": _type,
        "Devices": _device,
        "Virtual machines": _machine,
        "Windows": _window,
        "Constraints": _constraint,
        "Observations": _observation,
    }
    for sheet, check in per_row.items():
        for row in tables[sheet].rows:
            check(row, findings)
    _positions(directory, findings)
    _unique(tables["Sites"].rows, findings, "name")
    _unique(tables["Rooms"].rows, findings, "name", "site_id")
    _unique(tables["Tenants"].rows, findings, "name")
    _unique(tables["Applications"].rows, findings, "name")
    _unique(tables["Device types"].rows, findings, "model", "manufacturer_id")
    _unique(tables["Devices"].rows, findings, "serial")
    _unique(tables["Devices"].rows, findings, "asset_tag")
    _parents(directory, findings)
    _roles(tables["Devices"].rows, findings)


def _unique(rows: Iterable[Row], findings: Findings, field: str, *scope: str) -> None:
    """No two rows with the same text in `field`, within the same `scope`; the keys are the directory's to guard."""
    said = {(error.place.sheet, error.place.row) for error in findings.errors if "repeats" in error.what}
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        if not row.text(field):
            continue
        key = (folded(row.text(field)), *(folded(row.text(name)) for name in scope))
        first = seen.setdefault(key, row.number)
        if first != row.number and (row.sheet.name, row.number) not in said:
            header = row.sheet.column(field).header
            findings.error(
                row.place(field),
                f"{header} {shown(row.text(field))} repeats row {first}",
                "correct one of the two",
                row.get(field),
            )


# --- one row ---------------------------------------------------------------------------------------------------------


def _site(row: Row, findings: Findings) -> None:
    latitude, longitude = row.number_of("latitude"), row.number_of("longitude")
    if latitude is None or longitude is None:
        if latitude is not longitude and not {"latitude", "longitude"} & row.bad:
            empty = "latitude" if latitude is None else "longitude"
            findings.error(
                row.place(empty), "only one of latitude and longitude is given", "fill in both, or neither"
            )
        return
    if _in(latitude, BELGIUM_LONGITUDE) and _in(longitude, BELGIUM_LATITUDE):
        findings.error(
            row.place("latitude"),
            f"latitude {shown(latitude)} and longitude {shown(longitude)} are swapped",
            "exchange the two cells",
            latitude,
        )
    elif not (_in(latitude, BELGIUM_LATITUDE) and _in(longitude, BELGIUM_LONGITUDE)):
        findings.warn(
            row.place("latitude"), f"{latitude:g}, {longitude:g} is outside Belgium; was it meant so?"
        )


def _in(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _room(row: Row, findings: Findings) -> None:
    if row.text("parent_id") and folded(row.text("parent_id")) in {
        folded(row.text("name")),
        folded(row.text("slug")),
    }:
        findings.error(
            row.place("parent_id"),
            "the room is its own parent",
            "name another room, or none",
            row.get("parent_id"),
        )


def _type(row: Row, findings: Findings) -> None:
    supplies, draw = row.number_of("power_supplies"), row.number_of("maximum_draw_w")
    if draw is not None and not supplies and "power_supplies" not in row.bad:
        findings.error(
            row.place("power_supplies"),
            f"a draw of {draw:g} W per supply, but no supplies",
            "fill in the number of supplies",
            row.get("power_supplies"),
        )


def _device(row: Row, findings: Findings) -> None:
    position = row.number_of("position")
    if position is not None and not row.text("rack_id") and "rack_id" not in row.bad:
        findings.error(
            row.place("rack_id"),
            f"position {position:g}, but no rack",
            "name the rack, or empty the position",
            position,
        )
    if row.text("face") and not row.text("rack_id") and "rack_id" not in row.bad:
        findings.error(
            row.place("rack_id"),
            f"face {row.text('face')}, but no rack",
            "name the rack, or empty the face",
            row.get("face"),
        )
    if row.text("parent_bay") and not row.text("parent_device_id") and "parent_device_id" not in row.bad:
        findings.error(
            row.place("parent_device_id"),
            f"bay {shown(row.text('parent_bay'))}, but no parent device",
            "name the chassis, or empty the bay",
            row.get("parent_bay"),
        )


def _machine(row: Row, findings: Findings) -> None:
    for field, smallest, gigabyte in (
        ("memory_mb", SMALLEST_MEMORY_MB, 1024),
        ("disk_mb", SMALLEST_DISK_MB, 1000),
    ):
        value = row.number_of(field)
        if value is not None and 0 < value < smallest:
            findings.error(
                row.place(field),
                f"{value:g} MB is too little; it looks like GB",
                f"write {value * gigabyte:g} for {value:g} GB",
                value,
            )
    if not {"cluster_id", "site_id"} & row.bad and not row.text("cluster_id") and not row.text("site_id"):
        findings.error(
            row.place(), "the machine has neither a cluster nor a site", "name at least one of the two"
        )


def _window(row: Row, findings: Findings) -> None:
    _ordered(row, "valid_from", "valid_until", findings, may_equal=True)


def _ordered(row: Row, start: str, end: str, findings: Findings, *, may_equal: bool = False) -> None:
    first, last = row.get(start), row.get(end)
    if not isinstance(first, date | datetime) or not isinstance(last, date | datetime):
        return
    if last < first or (last == first and not may_equal):
        header = row.sheet.column(start).header
        findings.error(
            row.place(end), f"{last} is not after {header} ({first})", "correct one of the two", last
        )


def _constraint(row: Row, findings: Findings) -> None:
    kind = row.text("kind")
    _ordered(row, "start", "end", findings)
    needed: dict[str, tuple[str, ...]] = {
        "zone": ("value",),
        "tier": ("value",),
        "freeze": ("start", "end"),
        "together": ("scope",),
        "apart": ("scope",),
        "building_bound": ("reason",),
        "keep": ("reason",),
    }
    for field in needed.get(kind, ()):
        if row.get(field) is None and field not in row.bad:
            header = row.sheet.column(field).header
            findings.error(
                row.place(field),
                f"a constraint of kind {kind} needs {header}, and it is empty",
                f"fill in {header}",
            )
    if kind == "pin" and not any(row.get(f) is not None or f in row.bad for f in ("start", "end")):
        findings.error(
            row.place("start"),
            "a constraint of kind pin needs Start or End, and both are empty",
            "fill in Start, End or both",
        )
    if kind == "together" and row.text("scope") == "feed":
        findings.error(
            row.place("scope"),
            "only apart has scope feed: what is together shares a rack, a host or a move group",
            "write rack, host or group, or kind apart",
            row.get("scope"),
        )


def _observation(row: Row, findings: Findings) -> None:
    _ordered(row, "interval_start", "interval_end", findings)
    metric, value = row.text("metric"), row.number_of("value")
    if not metric:
        return
    unit, largest = METRICS[metric]
    if value is not None and value > largest:
        findings.error(
            row.place("value"),
            f"{value:g} {unit} is above {largest:g}, the most one object can have",
            f"write the value in {unit}",
            value,
        )
    said = row.text("unit")
    if said and UNIT_WORDS.get(folded(said)) != UNIT_WORDS[folded(unit)]:
        findings.error(
            row.place("unit"),
            f"{shown(said)} is not the unit of {metric}",
            f"write the value in {unit}",
            said,
        )


def _roles(rows: Iterable[Row], findings: Findings) -> None:
    """Roles are free, but one that is nearly a known one was probably meant to be it."""
    known = {folded(role): role for role in ROLES}
    judged: set[str] = set()
    for row in rows:
        word = folded(row.text("role_id"))
        if not word or word in known or word in judged:
            continue
        judged.add(word)
        near = difflib.get_close_matches(word, list(known), 1, 0.85)
        if near:
            findings.warn(
                row.place("role_id"),
                f"{shown(row.text('role_id'))} is a new role; was {known[near[0]]} meant?",
            )


# --- several rows ----------------------------------------------------------------------------------------------------


def _parents(directory: Directory, findings: Findings) -> None:
    """No room or device within itself, through any number of parents."""
    for sheet, field in (("Rooms", "parent_id"), ("Devices", "parent_device_id")):
        parents: dict[SourceRef, SourceRef] = {}
        entries = directory.entries(sheet)
        for entry in entries:
            parent = directory.resolve(entry.row, field, site=entry.site)
            if parent is not None:
                parents[entry.ref] = parent
        for entry in entries:
            seen, at = {entry.ref}, parents.get(entry.ref)
            while at is not None and at not in seen:
                seen.add(at)
                at = parents.get(at)
            if at == entry.ref and not (sheet == "Rooms" and parents[entry.ref] == entry.ref):
                header = entry.row.sheet.column(field).header
                findings.error(
                    entry.row.place(field),
                    f"{header} leads back to the row itself",
                    "correct the parents",
                    entry.row.get(field),
                )


def _positions(directory: Directory, findings: Findings) -> None:
    """Devices below, above or on top of each other in their racks."""
    taken: dict[SourceRef, list[tuple[float, float, str | None, Row]]] = defaultdict(list)
    for entry in directory.entries("Devices"):
        row = entry.row
        position = row.number_of("position")
        if position is None or not row.text("rack_id"):
            continue
        room = directory.resolve(row, "location_id", site=entry.site)
        rack = directory.entry(directory.resolve(row, "rack_id", site=entry.site, room=room))
        kind = directory.entry(directory.resolve(row, "device_type_id"))
        if rack is None:
            continue
        height = kind.row.number_of("height_u") if kind else None
        if _is_inside(row, position, height, rack, findings) and height:
            full = kind is None or kind.row.get("is_full_depth") is not False
            taken[rack.ref].append(
                (position, position + height, None if full else row.text("face") or None, row)
            )
    for rack_ref, spans in taken.items():
        _overlaps(directory, rack_ref, spans, findings)


def _is_inside(row: Row, position: float, height: float | None, rack: Entry, findings: Findings) -> bool:
    lowest = rack.row.number_of("starting_unit") or 1
    units = rack.row.number_of("height_u")
    if position < lowest:
        findings.error(
            row.place("position"),
            f"position {position:g} is below the rack's starting unit {lowest:g}",
            "correct the position, or the rack",
            position,
        )
        return False
    top = position + (height or 0)
    if units is not None and (top > lowest + units or position >= lowest + units):
        findings.error(
            row.place("position"),
            f"position {position:g} with {height or 0:g} U reaches above the rack: its top is {lowest + units - 1:g}",
            "correct the position, the rack's height or the type's height",
            position,
        )
        return False
    return True


def _overlaps(
    directory: Directory,
    rack_ref: SourceRef,
    spans: list[tuple[float, float, str | None, Row]],
    findings: Findings,
) -> None:
    rack = directory.entry(rack_ref)
    spans.sort(key=lambda span: (span[0], span[3].number))
    for index, (_, high, face, row) in enumerate(spans):
        for other_low, _, other_face, other in spans[index + 1 :]:
            if other_low >= high:
                break
            if face is None or other_face is None or face == other_face:
                name = rack.row.text("name") if rack else ""
                findings.warn(
                    other.place("position"),
                    f"{shown(other.text('name'))} and {shown(row.text('name'))} (row {row.number}) share units of rack "
                    f"{shown(name)} from {other_low:g}",
                )
