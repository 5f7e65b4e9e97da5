"""Small sources by hand, and one of everything: what tests of the inventory arrange, before they read or change it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from inventory.database import Database
from inventory.fields import Field, fields_of
from inventory.models import TABLES
from inventory.models.provenance import SourceRecord
from inventory.models.tables import sql
from inventory.rows import Ref
from inventory.snapshot import read_rows
from inventory.sources.contract import SourceObject, SourceRef, SourceSnapshot
from inventory.sync import Applied, apply, diff

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def a_site(external_id: str = "1", **fields: Any) -> SourceObject:
    values = {"name": f"Site {external_id}", "slug": f"site-{external_id}", **fields}
    return SourceObject("sites", external_id, values, where=f"sheet Sites, row {external_id}")


def a_device(external_id: str = "1", *, site: str = "1", **fields: Any) -> SourceObject:
    """A device of site `site`; `its_type` must be in the same snapshot."""
    values = {
        "name": f"srv-{external_id}",
        "device_type_id": SourceRef("device_types", "r650"),
        "role_id": SourceRef("device_roles", "server"),
        "site_id": SourceRef("sites", site),
        **fields,
    }
    return SourceObject("devices", external_id, values)


def its_type() -> tuple[SourceObject, ...]:
    """What every device needs: a maker, a type and a role."""
    maker = SourceRef("manufacturers", "dell")
    return (
        SourceObject("manufacturers", "dell", {"name": "Dell", "slug": "dell"}),
        SourceObject("device_types", "r650", {"manufacturer_id": maker, "model": "R650", "slug": "r650"}),
        SourceObject("device_roles", "server", {"name": "Server", "slug": "server"}),
    )


def reading(
    *objects: SourceObject, source: str = "netbox:test", complete: Iterable[str] | None = None
) -> SourceSnapshot:
    """A reading that saw every list to its end, unless `complete` says which."""
    kinds = frozenset(TABLES) if complete is None else frozenset(complete)
    return SourceSnapshot(source, tuple(objects), complete_kinds=kinds, read_at=NOW)


def take(database: Database, snapshot: SourceSnapshot, **options: Any) -> Applied:
    """Compare and apply at once."""
    return apply(database, diff(database, snapshot, **options), who="test")


def as_told(database: Database, source: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The inventory read back in a source's own terms: its objects by its ids, references as its `SourceRef`s."""
    table = sql(SourceRecord)
    with database.reading() as connection:
        columns = (table.c.object_kind, table.c.external_id, table.c.object_id)
        known = select(*columns).where(table.c.source == source, table.c.gone_since.is_(None))
        ids = {Ref(kind, number): external_id for kind, external_id, number in connection.execute(known)}
        rows = {kind: read_rows(connection, kind) for kind in TABLES}
    found = {}
    for kind, numbered in rows.items():
        for number, row in numbered.items():
            values = {name: _told(spec, getattr(row, name), ids) for name, spec in fields_of(kind).items()}
            found[kind, ids.get(Ref(kind, number), f"not of this source: {number}")] = values
    return found


def _told(spec: Field, value: Any, ids: dict[Ref, str]) -> Any:
    if value is None or not spec.refers:
        return value
    if isinstance(value, tuple):
        return tuple(_told_ref(spec, part, ids) for part in value)
    return _told_ref(spec, value, ids)


def _told_ref(spec: Field, value: Any, ids: dict[Ref, str]) -> SourceRef:
    ref = value if isinstance(value, Ref) else Ref(spec.target or "", value)
    return SourceRef(ref.kind, ids[ref] if ref.kind in TABLES else str(ref.id))


def one_of_everything(per_kind: int = 2) -> tuple[SourceObject, ...]:
    """Objects of every kind with every field filled, last kind first; references run in circles where they can."""
    objects = []
    for kind in reversed(TABLES):
        for number in range(1, per_kind + 1):
            values = {name: _some(spec, number, per_kind) for name, spec in fields_of(kind).items()}
            objects.append(SourceObject(kind, str(number), values))
    return tuple(objects)


def _some(spec: Field, number: int, per_kind: int) -> Any:
    other = str(number % per_kind + 1)
    many = tuple(SourceRef("devices", str(n)) for n in range(per_kind, 0, -1))
    values: dict[str, Any] = {
        "text": f"{spec.name} {number} ✓ {{{{ 7*7 }}}}",
        "int": number * 5_000_000_000,
        "float": number + 0.1,
        "bool": number % 2 == 0,
        "date": date(2027, 1, number),
        "datetime": datetime(2027, 1, number, 3, 4, 5, 678901, tzinfo=UTC),
        "link": SourceRef(spec.target or "", other),
        "ref": SourceRef("virtual_machines", other),
        "links": tuple(SourceRef(spec.target or "", ref.external_id) for ref in many),
        "refs": many,
        "numbers": (number + 0.5, float(number)),
    }
    return values[spec.sort]
