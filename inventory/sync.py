"""Taking a source's word: show what would change (`diff`), then do exactly what was shown (`apply`).

`apply` refuses a ChangeSet whose content was altered or whose inventory has moved on; it never recomputes one.
Objects go in and change in bulk, in one transaction with their history. How values are compared is `comparison`'s
matter, who is who `identity`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, not_, select, update

from inventory.collector import paused_collector
from inventory.comparison import Policy, diff
from inventory.database import Database
from inventory.errors import StaleError
from inventory.fields import Field, fields_of, from_plain, plain_values, to_columns
from inventory.models import TABLES
from inventory.models.provenance import SourceRecord
from inventory.models.tables import sql
from inventory.records import Change, ChangeSet, changes_hash
from inventory.rows import Ref
from inventory.source_values import outside_ref
from inventory.transaction import BATCH, FEW, Transaction

__all__ = ["Applied", "Policy", "apply", "diff"]

Resolver = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did: the revision it made (or left), and how many objects it created, updated and deleted."""

    revision: int
    created: int
    updated: int
    deleted: int


@paused_collector()
def apply(
    database: Database, changes: ChangeSet, *, who: str, reason: str = "", at: datetime | None = None
) -> Applied:
    """Carry out a ChangeSet: all of it, or nothing. Conflicts in it stay as they are.

    Parameters
    ----------
    database
        the inventory it was made for.
    changes
        what `diff` showed.
    who
        the person who approved it, for the history.
    reason
        why, for the history.
    at
        the moment to record; now when absent.

    Raises
    ------
    StaleError
        its content is not what its hash says, or the inventory has changed since.
    WorkspaceError
        the database can't be written; nothing was changed.
    """
    if changes_hash(changes) != changes.content_hash:
        raise StaleError(
            "the changes are not the ones that were shown",
            where=changes.source,
            remedy="compare again and approve anew",
        )
    with database.transaction(
        who, changes.source, reason=reason, expected_revision=changes.inventory_revision, at=at
    ) as transaction:
        return _Apply(transaction, changes).run()


class _Apply:
    def __init__(self, transaction: Transaction, changes: ChangeSet) -> None:
        self._tx = transaction
        self._changes = changes
        self._ids: Resolver = {}

    def run(self) -> Applied:
        records = sql(SourceRecord)
        columns = (records.c.object_kind, records.c.external_id, records.c.object_id)
        known = self._tx.connection.execute(select(*columns).where(records.c.source == self._changes.source))
        self._ids = {(kind, external_id): object_id for kind, external_id, object_id in known}
        stored = set(self._ids)
        for record in self._changes.records:
            if record.object_id is not None:
                self._ids[record.object_kind, record.external_id] = record.object_id
        created = self._grouped("create")
        reserved = {kind: self._reserve(kind, items) for kind, items in created.items()}
        for kind in TABLES:
            if kind in created:
                self._create(kind, created[kind], reserved[kind])
        for kind, items in self._grouped("update").items():
            self._update(kind, items)
        deleted = self._grouped("delete")
        for kind in reversed(TABLES):
            self._tx.delete_many(kind, [change.object_id or 0 for change in deleted.get(kind, ())])
        self._remember(stored, created)
        self._mark_seen()
        revision = self._tx.revision if self._tx.dirty else self._tx.base_revision
        counts = self._changes.counts()
        return Applied(revision, counts.get("create", 0), counts.get("update", 0), counts.get("delete", 0))

    def _grouped(self, kind: str) -> dict[str, list[Change]]:
        found: dict[str, list[Change]] = defaultdict(list)
        for change in self._changes.changes:
            if change.kind == kind:
                found[change.object_kind].append(change)
        return found

    # --- objects -----------------------------------------------------------------------------------------------------

    def _reserve(self, kind: str, items: list[Change]) -> list[int]:
        """Ids before any row is written, so that objects may refer to each other in any order and in circles."""
        numbers = self._tx.reserve(kind, len(items))
        for change, number in zip(items, numbers, strict=True):
            self._ids[kind, change.external_id] = number
        return numbers

    def _create(self, kind: str, items: list[Change], numbers: list[int]) -> None:
        specs = fields_of(kind)
        objects = [
            {name: self._native(specs[name], plain) for name, plain in (change.values or {}).items()}
            for change in items
        ]
        self._tx.create_many(kind, objects, numbers)

    def _update(self, kind: str, items: list[Change]) -> None:
        specs = fields_of(kind)
        batches: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for change in items:
            ref = Ref(kind, change.object_id or 0)
            values = {item.field: self._native(specs[item.field], item.after) for item in change.fields}
            row = {f"new_{name}": value for name, value in to_columns(kind, values).items()}
            batches[tuple(row)].append({"row_id": ref.id, **row})
            before = {item.field: item.before for item in change.fields}
            self._tx.note("update", ref, before, plain_values(kind, values))
        target = sql(kind)
        for names, rows in batches.items():
            settings: dict[str, Any] = {name.removeprefix("new_"): bindparam(name) for name in names}
            statement = update(target).where(target.c.id == bindparam("row_id")).values(settings)
            for batch in _batches(rows):
                self._tx.connection.execute(statement, batch)

    def _native(self, spec: Field, plain: Any) -> Any:
        """A value in the source's terms as the inventory keeps it."""
        if plain is None or not spec.refers:
            return from_plain(spec, plain)
        if isinstance(plain, list):
            return tuple(self._one(spec, part) for part in plain)
        return self._one(spec, plain)

    def _one(self, spec: Field, plain: dict[str, Any]) -> Any:
        kind, external_id = plain["kind"], plain["external_id"]
        outside = outside_ref(kind, external_id)
        if outside is not None:
            return outside
        number = self._ids[kind, external_id]
        return Ref(kind, number) if spec.target is None else number

    # --- the source's records ----------------------------------------------------------------------------------------

    def _remember(self, stored: set[tuple[str, str]], created: dict[str, list[Change]]) -> None:
        said = {
            (kind, change.external_id): change.values for kind, items in created.items() for change in items
        }
        fresh: list[dict[str, Any]] = []
        known: list[dict[str, Any]] = []
        gone: list[dict[str, Any]] = []
        for change in self._changes.records:
            key = (change.object_kind, change.external_id)
            place = {"record_kind": key[0], "record_external_id": key[1]}
            if change.gone:
                gone.append(place)
                continue
            base = change.base if change.base is not None else said[key]
            if key in stored:
                known.append(
                    {**place, "new_base": base, "new_found_at": change.where, "new_object": self._ids[key]}
                )
            else:
                fresh.append(
                    {
                        "source": self._changes.source,
                        "object_kind": key[0],
                        "external_id": key[1],
                        "object_id": self._ids[key],
                        "found_at": change.where,
                        "last_seen": self._seen_at,
                        "gone_since": None,
                        "base_values": base,
                    }
                )
        records = sql(SourceRecord)
        self._tx.insert(records, fresh)
        this = (
            (records.c.source == self._changes.source)
            & (records.c.object_kind == bindparam("record_kind"))
            & (records.c.external_id == bindparam("record_external_id"))
        )
        renewed = (
            update(records)
            .where(this)
            .values(
                base_values=bindparam("new_base", type_=records.c.base_values.type),
                found_at=bindparam("new_found_at"),
                object_id=bindparam("new_object"),
                gone_since=None,
            )
        )
        self._many(renewed, known)
        self._many(update(records).where(this).values(gone_since=self._seen_at), gone)
        self._tx.dirty = self._tx.dirty or bool(known or gone)

    def _mark_seen(self) -> None:
        """When each record was last met. It isn't a change of the inventory: the revision stays."""
        records = sql(SourceRecord)
        missed: dict[str, list[str]] = defaultdict(list)
        for kind, external_id in self._changes.unseen:
            missed[kind].append(external_id)
        for kind in self._changes.seen_kinds:
            these = (records.c.source == self._changes.source) & (records.c.object_kind == kind)
            if len(missed[kind]) <= FEW:
                met = these & not_(records.c.external_id.in_(missed[kind]))
                self._tx.connection.execute(update(records).where(met).values(last_seen=self._seen_at))
                continue
            absent = set(missed[kind])
            found = self._tx.connection.execute(select(records.c.id, records.c.external_id).where(these))
            rows = [{"record_id": number} for number, external_id in found if external_id not in absent]
            by_id = (
                update(records).where(records.c.id == bindparam("record_id")).values(last_seen=self._seen_at)
            )
            self._many(by_id, rows)

    @property
    def _seen_at(self) -> datetime:
        return self._changes.read_at or self._tx.at

    def _many(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        for batch in _batches(rows):
            self._tx.connection.execute(statement, batch)


def _batches(rows: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
