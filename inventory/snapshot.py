"""The database as an Estate: every asset at one revision, with people's corrections laid on top.

It reads all tables in one consistent view and hands out rows that need no session. What the values mean for a plan is
for capacity/; the raw rows, without corrections, are what `sync` compares a source with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from inventory.collector import paused_collector
from inventory.database import Database
from inventory.estate import LISTS, Estate, sealed
from inventory.fields import fields_of, from_plain, from_record, has_id, row_class
from inventory.models.provenance import Override, WorkspaceMeta
from inventory.models.tables import sql


@paused_collector()
def take_snapshot(database: Database) -> Estate:
    """The Estate at the database's present revision, sealed with its content hash."""
    with database.reading() as connection:
        return snapshot(connection)


def snapshot(connection: Connection) -> Estate:
    """The Estate as this connection's transaction sees it."""
    revision: int = connection.scalar(select(sql(WorkspaceMeta).c.revision)) or 0
    corrections = _corrections(connection)
    lists: dict[str, Any] = {}
    for kind in LISTS:
        found = read_rows(connection, kind)
        for object_id, changed in corrections.get(kind, {}).items():
            if object_id in found:
                found[object_id] = replace(found[object_id], **changed)
        rows = found.values()
        # Rows without an id of their own are ordered by what they say, so that equal inventories give equal documents.
        lists[kind] = tuple(rows) if has_id(kind) else tuple(sorted(rows, key=_content_order))
    return sealed(Estate(revision=revision, **lists))


def read_rows(connection: Connection, kind: str) -> dict[int, Any]:
    """The rows of one kind by their id, in ascending id, as the sources gave them (no corrections)."""
    table = sql(kind)
    specs = list(fields_of(kind).values())
    names = [name for spec in specs for name in spec.columns]
    statement = select(table.c.id, *(table.c[name] for name in names)).order_by(table.c.id)
    build = row_class(kind)
    takes_id = has_id(kind)
    if all(spec.sort not in {"ref", "refs", "links", "numbers"} for spec in specs) and takes_id:
        return {record[0]: build(*record) for record in connection.execute(statement)}
    found: dict[int, Any] = {}
    for record in connection.execute(statement):
        values = from_record(specs, record)
        found[record[0]] = build(record[0], *values) if takes_id else build(*values)
    return found


def _content_order(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in type(row).__slots__)


def _corrections(connection: Connection) -> dict[str, dict[int, dict[str, Any]]]:
    found: dict[str, dict[int, dict[str, Any]]] = {}
    table = sql(Override)
    columns = (table.c.object_kind, table.c.object_id, table.c.field, table.c.value)
    for kind, object_id, name, value in connection.execute(select(*columns)):
        field = fields_of(kind).get(name) if kind in LISTS else None
        if field is not None:
            found.setdefault(kind, {}).setdefault(object_id, {})[name] = from_plain(field, value)
    return found
