"""Which row a name in a cell means: every row that can be named, by all its names, and the errors when none
or several fit.

Names are compared without case and superfluous blanks. A name that fits several rows is ambiguous, never
guessed: a person writes the longer form, "site / name". What the rows are made into is for
`spreadsheet_objects`.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inventory.sources.contract import SourceRef
from inventory.sources.spreadsheet_cells import Findings, Place, external_id, folded, shown, slug_of
from inventory.sources.spreadsheet_columns import KIND_SHEETS
from inventory.sources.spreadsheet_table import Row, Table

MOST_SUGGESTIONS = 40  # looking for the nearest name is slow; after so many misses the pattern is clear


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that others can name. `path` is its key from the outside in ("brussels-city-hall", "b1", "r07")."""

    ref: SourceRef
    path: tuple[str, ...]
    row: Row
    site: SourceRef | None = None
    room: SourceRef | None = None


class Directory:
    """All rows that can be named. `add` them in the order of dependence: sites before rooms before racks."""

    def __init__(self, tables: dict[str, Table], findings: Findings) -> None:
        self._tables = tables
        self._findings = findings
        self._by_name: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        self._by_ref: dict[SourceRef, Entry] = {}
        self._resolved: dict[tuple[str, int, str], SourceRef | None] = {}  # an error is said once
        self._said_missing: set[tuple[str, str]] = set()
        self._misses = 0

    def add(
        self, row: Row, path: Sequence[str], names: Iterable[str], *, site: SourceRef | None = None,
        room: SourceRef | None = None, field: str = "name",
    ) -> Entry | None:  # fmt: skip
        """Register a row under its names; None, and an error, when its key repeats another row's."""
        ref = SourceRef(row.sheet.kind, external_id(row.sheet.name, *path))
        known = self._by_ref.get(ref)
        if known is not None:
            self._findings.error(
                row.place(field if field in row.columns else ""),
                f"{shown(row.text(field) or path[-1])} repeats the key of row {known.row.number}",
                "delete one of the two rows, or give it another name",
                row.get(field),
            )
            return None
        entry = Entry(ref, tuple(path), row, site, room)
        self._by_ref[ref] = entry
        index = self._by_name[row.sheet.name]
        for name in {folded(name) for name in names if name}:
            index[name].append(entry)
        return entry

    def entry(self, ref: SourceRef | None) -> Entry | None:
        """The row behind a reference."""
        return self._by_ref.get(ref) if ref is not None else None

    def entries(self, sheet: str) -> list[Entry]:
        """The registered rows of a sheet, in its order."""
        return [entry for entry in self._by_ref.values() if entry.row.sheet.name == sheet]

    def resolve(
        self, row: Row, field: str, *, site: SourceRef | None = None, room: SourceRef | None = None
    ) -> SourceRef | None:
        """The row that the cell of a reference column means; None when empty, bad or (with an error) not found."""
        text = row.text(field)
        if not text:
            return None
        key = (row.sheet.name, row.number, field)
        if key not in self._resolved:
            self._resolved[key] = self._resolve_text(row, field, text, site, room)
        return self._resolved[key]

    def resolve_list(self, row: Row, field: str) -> tuple[SourceRef, ...]:
        """The rows that a list of names means; the whole cell is taken as one name when it is one."""
        text = row.text(field)
        if not text:
            return ()
        if self._candidates(self._sheets(row, field), text):
            names = [text]
        else:
            names = [part.strip() for part in text.replace("\n", ";").split(";") if part.strip()]
        if not names:
            self._findings.error(
                row.place(field), f"{shown(text)} names nothing", "write names between the ;", text
            )
        found = [self._resolve_text(row, field, name, None, None) for name in names]
        refs = [ref for ref in found if ref is not None]
        if len(set(refs)) < len(refs):
            self._findings.error(
                row.place(field), f"{shown(text)} names one object twice", "name it once", text
            )
        return tuple(dict.fromkeys(refs))

    def _sheets(self, row: Row, field: str) -> tuple[str, ...]:
        column = row.sheet.column(field)
        kind = row.text(column.kind_field) if column.kind_field else ""
        return (KIND_SHEETS[kind],) if kind else column.refers_to

    def _candidates(self, sheets: Iterable[str], text: str) -> list[Entry]:
        name = folded(text)
        found = [entry for sheet in sheets for entry in self._by_name[sheet].get(name, ())]
        return list({entry.ref: entry for entry in found}.values())

    def _resolve_text(
        self, row: Row, field: str, text: str, site: SourceRef | None, room: SourceRef | None
    ) -> SourceRef | None:
        column = row.sheet.column(field)
        if column.kind_field in row.bad:
            return None
        sheets = self._sheets(row, field)
        if not any(self._tables[sheet].is_present for sheet in sheets):
            self._missing_sheet(row, sheets)
            return None
        everywhere = self._candidates(sheets, text)
        found = [entry for entry in everywhere if _fits(site, entry.site)]
        if room is not None:
            found = [entry for entry in found if _fits(room, entry.room)]
        if len(found) == 1:
            return found[0].ref
        place = row.place(field)
        if len(found) > 1:
            options = ", ".join(_described(entry) for entry in found[:4])
            remedy = (
                "write it in full (site / name), or say the kind" if column.kind_field else "write it in full"
            )
            self._findings.error(
                place,
                f"{shown(text)} is ambiguous: it fits {options}",
                f"{remedy}, as in {self._full(found[0])}",
                text,
            )
        elif everywhere:
            where = ", ".join(_described(entry) for entry in everywhere[:4])
            self._findings.error(
                place,
                f"{shown(text)} is not in the site or room of this row, but is {where}",
                "correct one of the two",
                text,
            )
        else:
            self._not_found(place, text, sheets)
        return None

    def _full(self, entry: Entry) -> str:
        """The longer name of an entry, as a person would write it."""
        row = entry.row
        site = self.entry(entry.site)
        outer = {"Device types": "manufacturer_id", "Virtual machines": "cluster_id"}.get(row.sheet.name, "")
        first = row.text(outer) or (site.row.text("name") if site else "")
        own = row.text("name") or row.text("model")
        return shown(f"{first} / {own}" if first else own)

    def _not_found(self, place: Place, text: str, sheets: Sequence[str]) -> None:
        where = " or ".join(sheets)
        hint = ""
        self._misses += 1
        if self._misses <= MOST_SUGGESTIONS:
            names = [name for sheet in sheets for name in self._by_name[sheet]]
            near = difflib.get_close_matches(folded(text), names, 1, 0.75)
            hint = f"; the nearest is {shown(near[0])}" if near else ""
        self._findings.error(
            place,
            f"{shown(text)} is not on the sheet {where}",
            f"add it there, or correct the name{hint}",
            text,
        )

    def _missing_sheet(self, row: Row, sheets: Sequence[str]) -> None:
        name = " or ".join(sheets)
        if (row.sheet.name, name) not in self._said_missing:
            self._said_missing.add((row.sheet.name, name))
            self._findings.error(
                Place(row.file, sheets[0]),
                f"the sheet is missing, and {row.sheet.name} refers to it (row {row.number})",
                f"add the sheet {name} with those rows (CSV: put all files in one folder and import that)",
            )


def _fits(wanted: SourceRef | None, actual: SourceRef | None) -> bool:
    """Whether a scope allows an entry; what isn't known excludes nothing."""
    return wanted is None or actual is None or wanted == actual


def _described(entry: Entry) -> str:
    return f"{'/'.join(entry.path)} ({entry.row.sheet.name} row {entry.row.number})"


# --- registering the rows --------------------------------------------------------------------------------------------


def register_all(directory: Directory, tables: dict[str, Table]) -> None:
    """Add every row that others can name, in the order of dependence."""
    for name in ("Sites", "Tenants", "Applications"):
        for row in tables[name].rows:
            _register_slugged(directory, row)
    for row in tables["Rooms"].rows:
        _register_room(directory, row)
    for row in tables["Racks"].rows:
        _register_in_site(directory, row, with_room=True)
    for row in tables["Device types"].rows:
        _register_type(directory, row)
    for row in tables["Clusters"].rows:
        if row.text("name"):
            directory.add(row, (row.text("name"),), (row.text("name"),))
    for row in tables["Devices"].rows:
        _register_in_site(directory, row, with_room=False)
    for row in tables["Virtual machines"].rows:
        _register_machine(directory, row)


def row_slug(row: Row, *parts: str) -> str:
    """The slug a person wrote, else the one made from the name (or from `parts`)."""
    return row.text("slug") or slug_of(" ".join(parts) if parts else row.text("name"))


def _register_slugged(directory: Directory, row: Row) -> None:
    if row.text("name"):
        slug = row_slug(row)
        field = "slug" if row.text("slug") else "name"
        directory.add(row, (slug,), (row.text("name"), slug), field=field)


def _site_of(directory: Directory, row: Row) -> tuple[SourceRef | None, tuple[str, ...], list[str]]:
    """The row's site, the start of its path, and the names the site goes by."""
    site = directory.resolve(row, "site_id")
    entry = directory.entry(site)
    if entry is None:
        return None, (slug_of(row.text("site_id")),), [row.text("site_id")]
    return site, entry.path, [entry.row.text("name"), entry.path[0]]


def _register_room(directory: Directory, row: Row) -> None:
    name = row.text("name")
    if not name:
        return
    site, path, site_names = _site_of(directory, row)
    slug = row_slug(row)
    own = {name, slug}
    names = [*own, *(f"{site_name}/{one}" for site_name in site_names for one in own)]
    field = "slug" if row.text("slug") else "name"
    directory.add(row, (*path, slug), names, site=site, field=field)


def _register_in_site(directory: Directory, row: Row, *, with_room: bool) -> None:
    name = row.text("name")
    if not name:
        return
    site, path, site_names = _site_of(directory, row)
    room = directory.resolve(row, "location_id", site=site) if with_room else None
    names = [name, *(f"{site_name}/{name}" for site_name in site_names)]
    if with_room:
        entry = directory.entry(room)
        path = (*path, entry.path[-1] if entry else row.text("location_id"))
        room_names = [entry.row.text("name"), entry.path[-1]] if entry else []
        names += [f"{room_name}/{name}" for room_name in room_names]
        names += [f"{site_name}/{room_name}/{name}" for site_name in site_names for room_name in room_names]
    directory.add(row, (*path, name), names, site=site, room=room)


def _register_type(directory: Directory, row: Row) -> None:
    maker, model = row.text("manufacturer_id"), row.text("model")
    if maker and model:
        slug = row_slug(row, maker, model)
        names = (model, slug, f"{maker}/{model}", f"{maker} {model}")
        field = "slug" if row.text("slug") else "model"
        directory.add(row, (slug_of(maker), slug), names, field=field)


def _register_machine(directory: Directory, row: Row) -> None:
    name = row.text("name")
    if not name:
        return
    cluster, site = directory.resolve(row, "cluster_id"), directory.resolve(row, "site_id")
    home = directory.entry(cluster) or directory.entry(site)
    home_names = [home.row.text("name"), home.path[0]] if home else []
    start = (
        (("c" if cluster else "s"), home.path[0])
        if home
        else ("-", row.text("cluster_id") or row.text("site_id"))
    )
    names = [name, *(f"{home_name}/{name}" for home_name in home_names)]
    directory.add(row, (*start, name), names, site=site)
