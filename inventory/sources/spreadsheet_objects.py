"""From typed rows to the objects of a snapshot: fields under the Estate's names, references resolved.

One row may make several objects (a device type and its power ports, a power feed and its panel), and a name
in a cell may make one (a manufacturer). Whether values fit each other is for `spreadsheet_checks`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inventory.fields import fields_of
from inventory.sources.contract import SourceObject, SourceRef
from inventory.sources.spreadsheet_cells import Findings, external_id, folded, shown, slug_of
from inventory.sources.spreadsheet_references import Directory, Entry
from inventory.sources.spreadsheet_sheets import METRICS
from inventory.sources.spreadsheet_table import Row, Table

NAMED_SHEETS = {  # list of objects made by a name in a cell -> first part of their ids
    "regions": "Regions",
    "tenant_groups": "Partners",
    "manufacturers": "Manufacturers",
    "device_roles": "Roles",
    "platforms": "Platforms",
    "providers": "Providers",
}
_IN_SITE = {"location_id", "rack_id", "parent_id", "parent_device_id"}


class ObjectBuilder:
    """Builds the objects of all tables; `objects` has them in the order of dependence of their kinds."""

    def __init__(
        self, tables: dict[str, Table], directory: Directory, findings: Findings, source: str
    ) -> None:
        self._tables = tables
        self._directory = directory
        self._findings = findings
        self._source = source
        self._objects: dict[tuple[str, str], SourceObject] = {}
        self._places: dict[tuple[str, str], Row] = {}
        self._spellings: set[tuple[str, str]] = set()

    def build(self) -> tuple[SourceObject, ...]:
        """Every object, or what could be built while errors are in `findings`."""
        for sheet in ("Tenants", "Sites", "Rooms", "Racks", "Clusters", "Virtual machines", "Applications"):
            self._registered(sheet)
        self._registered("Device types")
        self._registered("Devices", self._inherit_room)
        for row in self._tables["Power"].rows:
            self._power(row)
        makers: dict[str, Callable[[Row], None]] = {
            "Members": self._member,
            "Flows": self._flow,
            "Windows": self._window,
            "Constraints": self._constraint,
            "Special needs": self._special_need,
            "Observations": self._observation,
            "Circuits": self._circuit,
        }
        for sheet, make in makers.items():
            for row in self._tables[sheet].rows:
                if not row.bad:
                    make(row)
        for table in self._tables.values():
            for row in table.rows:
                if row.bad:
                    self._look_up(row)
        return tuple(self._objects.values())

    def _look_up(self, row: Row) -> None:
        """Look up what a row with a bad cell refers to: its other defects are said in the same reading."""
        for column in row.sheet.columns:
            if column.kind == "reference":
                self._reference(row, column.field)
            elif column.kind == "object":
                self._directory.resolve(row, column.field)
            elif column.kind == "objects":
                self._directory.resolve_list(row, column.field)

    # --- fields ------------------------------------------------------------------------------------------------------

    def _fields(self, row: Row, kind: str = "") -> dict[str, Any]:
        """The Estate's fields that the row tells. An empty cell is None, "" for text that can't be unknown; it is left
        out where the Estate has a default of its own (a status).
        """
        specs = fields_of(kind or row.sheet.kind)
        found: dict[str, Any] = {}
        for column in row.sheet.columns:
            name = column.field
            if name not in row.values or name not in specs:
                continue
            value = row.values[name]
            if value is None:
                if specs[name].nullable or specs[name].default == "":
                    found[name] = specs[name].default
            elif column.kind == "reference":
                found[name] = self._reference(row, name)
            elif column.kind == "naming":
                found[name] = self._naming(row, name)
            elif column.kind not in {"object", "objects"}:
                found[name] = value
        return found

    def _reference(self, row: Row, name: str) -> SourceRef | None:
        site = (
            self._directory.resolve(row, "site_id") if "site_id" in row.values and name in _IN_SITE else None
        )
        room = (
            self._directory.resolve(row, "location_id", site=site)
            if name == "rack_id" and row.text("location_id")
            else None
        )
        return self._directory.resolve(row, name, site=site, room=room)

    def _naming(self, row: Row, name: str) -> SourceRef | None:
        text = row.text(name)
        if not text:
            return None
        kind = row.sheet.column(name).makes
        slug = slug_of(text)
        ref = SourceRef(kind, external_id(NAMED_SHEETS[kind], slug))
        known = self._objects.get((ref.kind, ref.external_id))
        if known is None:
            self._put(ref, {"name": text, "slug": slug}, row)
        elif known.fields["name"] != text and (kind, text) not in self._spellings:
            self._spellings.add((kind, text))
            self._findings.warn(row.place(name), f"{shown(text)} is taken for {shown(known.fields['name'])}")
        return ref

    def _put(self, ref: SourceRef, values: dict[str, Any], row: Row) -> bool:
        """Keep an object; False when its key is there already."""
        key = (ref.kind, ref.external_id)
        if key in self._objects:
            return False
        self._objects[key] = SourceObject(ref.kind, ref.external_id, values, str(row.place()))
        self._places[key] = row
        return True

    def _put_unique(
        self, row: Row, kind: str, parts: tuple[str, ...], values: dict[str, Any], *, field: str = ""
    ) -> None:
        """Keep an object; an error, at `field` or for the whole row, when its key is there already."""
        ref = SourceRef(kind, external_id(row.sheet.name, *parts))
        if not self._put(ref, values, row):
            other = self._places[ref.kind, ref.external_id]
            what = shown(row.text(field)) if field else "the row"
            self._findings.error(
                row.place(field),
                f"{what} repeats row {other.number}",
                "delete one of the two",
                row.get(field),
            )

    # --- sheets whose rows others can name ---------------------------------------------------------------------------

    def _registered(self, sheet: str, more: Callable[[Entry, dict[str, Any]], None] | None = None) -> None:
        for entry in self._directory.entries(sheet):
            values = self._fields(entry.row)
            if "slug" in fields_of(entry.ref.kind):
                values["slug"] = entry.path[-1]
            if sheet == "Clusters":
                self._scope(entry.row, values)
            if more is not None:
                more(entry, values)
            self._put(entry.ref, values, entry.row)
            if sheet == "Device types":
                self._ports(entry)

    def _scope(self, row: Row, values: dict[str, Any]) -> None:
        if {"site_id", "location_id"} & set(row.values):
            values["scope"] = self._reference(row, "location_id") or self._reference(row, "site_id")

    def _ports(self, entry: Entry) -> None:
        row = entry.row
        supplies, fronts = row.number_of("power_supplies"), row.number_of("front_ports")
        for number in range(1, int(supplies or 0) + 1):
            name = f"PSU{number}"
            ref = SourceRef("power_port_templates", external_id(row.sheet.name, *entry.path, name))
            values: dict[str, Any] = {"device_type_id": entry.ref, "name": name}
            for field, target in (("power_port_type", "type"), ("maximum_draw_w", "maximum_draw_w")):
                if field in row.values:
                    values[target] = row.values[field]
            self._put(ref, values, row)
        for number in range(1, int(fronts or 0) + 1):
            name = f"Port {number}"
            ref = SourceRef("front_port_templates", external_id(row.sheet.name, *entry.path, name))
            self._put(ref, {"device_type_id": entry.ref, "name": name}, row)

    def _inherit_room(self, entry: Entry, values: dict[str, Any]) -> None:
        """The room of a device whose row has none: its rack's, or its chassis'."""
        if values.get("location_id") is not None:
            return
        place = entry
        if values.get("parent_device_id") is not None:
            place = self._directory.entry(values["parent_device_id"]) or entry
        rack = self._directory.entry(
            self._reference(place.row, "rack_id") if place.row.text("rack_id") else None
        )
        room = rack.room if rack is not None else None
        room = room or (self._reference(place.row, "location_id") if place is not entry else None)
        if room is not None:
            values["location_id"] = room

    # --- other sheets ------------------------------------------------------------------------------------------------

    def _power(self, row: Row) -> None:
        site = self._directory.entry(self._directory.resolve(row, "site_id"))
        panel = row.text("panel")
        if site is None or not panel:
            self._fields(row)  # so that its other references are looked up all the same
            return
        ref = SourceRef("power_panels", external_id("Power", site.path[0], panel))
        values: dict[str, Any] = {"name": panel, "site_id": site.ref}
        if "location_id" in row.values:
            values["location_id"] = self._reference(row, "location_id")
        if not self._put(ref, values, row):
            self._same_panel(ref, values, row)
        if row.text("name"):
            feed = {**self._fields(row, "power_feeds"), "name": row.text("name"), "power_panel_id": ref}
            self._put_unique(row, "power_feeds", (site.path[0], panel, row.text("name")), feed, field="name")

    def _same_panel(self, ref: SourceRef, values: dict[str, Any], row: Row) -> None:
        known = self._objects[ref.kind, ref.external_id]
        room, other = values.get("location_id"), known.fields.get("location_id")
        if room is not None and other is not None and room != other:
            first = self._places[ref.kind, ref.external_id].number
            self._findings.error(
                row.place("location_id"),
                f"the panel {shown(values['name'])} is in another room on row {first}",
                "write one room for the panel",
                row.get("location_id"),
            )
        elif room is not None and other is None:
            merged = {**known.fields, "location_id": room}
            self._objects[ref.kind, ref.external_id] = SourceObject(
                ref.kind, ref.external_id, merged, known.where
            )

    def _member(self, row: Row) -> None:
        application, target = self._reference(row, "application_id"), self._directory.resolve(row, "object")
        if application and target:
            parts = (_key(application), _key(target))
            self._put_unique(
                row, "application_members", parts, {"application_id": application, "object": target}
            )

    def _flow(self, row: Row) -> None:
        source, target = self._directory.resolve(row, "source"), self._directory.resolve(row, "target")
        if source is None or target is None:
            return
        if source == target:
            self._findings.error(
                row.place("target"),
                f"the flow goes from {shown(row.text('source'))} to itself",
                "name another target",
                row.get("target"),
            )
            return
        values = {**self._fields(row), "source": source, "target": target}
        self._put_unique(row, "flows", (_key(source), _key(target), row.text("description")), values)

    def _window(self, row: Row) -> None:
        target = self._directory.resolve(row, "object")
        if target:
            parts = (
                _key(target),
                *(
                    str(row.get(name) if row.get(name) is not None else "")
                    for name in ("weekday", "start_minute", "valid_from")
                ),
            )
            self._put_unique(row, "change_windows", parts, {**self._fields(row), "object": target})

    def _constraint(self, row: Row) -> None:
        members = self._directory.resolve_list(row, "members")
        is_side = row.text("kind") == "apart" and row.text("scope") == "group" and row.text("value")
        is_several = row.text("kind") in {"together", "apart"} and not is_side
        if is_several and row.text("members") and len(members) < 2:
            self._findings.error(
                row.place("members"),
                f"{row.text('kind')} needs at least two members, {shown(row.text('members'))} names {len(members)}",
                "name two or more, separated by ;",
                row.get("members"),
            )
        self._put_unique(
            row, "constraints", (row.text("name"),), {**self._fields(row), "members": members}, field="name"
        )

    def _special_need(self, row: Row) -> None:
        target = self._directory.resolve(row, "object")
        if target:
            parts = (_key(target), row.text("need"), row.text("detail"))
            self._put_unique(row, "special_needs", parts, {**self._fields(row), "object": target})

    def _observation(self, row: Row) -> None:
        target = self._directory.resolve(row, "object")
        if target is None:
            return
        values = {**self._fields(row), "object": target, "unit": METRICS[row.text("metric")][0]}
        values["source"] = values.get("source") or self._source
        when = (str(row.get(name) or "") for name in ("observed_at", "interval_start", "interval_end"))
        parts = (
            _key(target),
            row.text("metric"),
            row.text("basis"),
            row.text("statistic"),
            *when,
            row.text("source"),
        )
        self._put_unique(row, "observations", parts, values)

    def _circuit(self, row: Row) -> None:
        values = self._fields(row)
        if "site_ids" in row.values:
            values["site_ids"] = self._directory.resolve_list(row, "site_ids")
        self._put_unique(
            row, "circuits", (slug_of(row.text("provider_id")), row.text("cid")), values, field="cid"
        )


def _key(ref: SourceRef) -> str:
    return folded(ref.external_id)
