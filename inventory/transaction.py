"""One change of the inventory in progress: rows written in bulk, each with its line of history, under a new revision.

`Database.transaction` opens and closes it. Everything that writes an object of the Estate writes through it, so that no
change can be without who, when, why, before and after. Which change to make is for `sync` and `corrections`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy import Table as SqlTable

from inventory.errors import InputError, StaleError
from inventory.estate import LISTS
from inventory.fields import WIDEST_INTEGER, Field, fields_of, from_record, plain_values, to_columns
from inventory.models.provenance import HistoryEntry, LastIdentifier, Override, SourceRecord, WorkspaceMeta
from inventory.models.tables import sql
from inventory.rows import Ref

BATCH = 5000  # rows in one executemany
FEW = 500  # ids in one statement


class Transaction:
    """Writes objects by their Estate fields. References in values are the inventory's: ids and `Ref`s."""

    def __init__(
        self, connection: Connection, *, who: str, source: str, reason: str, base_revision: int, at: datetime
    ) -> None:
        self.connection = connection
        self.who = who
        self.source = source
        self.reason = reason
        self.base_revision = base_revision
        self.at = at
        self.dirty = False
        self._history: list[dict[str, Any]] = []

    @property
    def revision(self) -> int:
        """The revision this transaction makes if it changes anything."""
        return self.base_revision + 1

    # --- objects -----------------------------------------------------------------------------------------------------

    def create(self, kind: str, values: Mapping[str, Any]) -> Ref:
        """Add one object; fields not given take the row's default. Raises InputError for a missing or unknown field."""
        (number,) = self.create_many(kind, [values])
        return Ref(kind, number)

    def create_many(
        self, kind: str, objects: Sequence[Mapping[str, Any]], ids: Sequence[int] = ()
    ) -> list[int]:
        """Add objects of one kind in bulk; `ids` were reserved with `reserve`, else they are handed out here."""
        if not objects:
            return []
        specs = specs_of(kind)
        numbers = list(ids) or self.reserve(kind, len(objects))
        defaults = {name: spec.default for name, spec in specs.items() if not spec.required}
        rows: list[dict[str, Any]] = []
        for number, given in zip(numbers, objects, strict=True):
            values = {**defaults, **given}
            if len(values) != len(specs):
                _complain(kind, specs, values)
            rows.append({"id": number, **to_columns(kind, values)})
            self.note("create", Ref(kind, number), None, plain_values(kind, values))
        self.insert(sql(kind), rows)
        self._advance_sequence(kind)
        return numbers

    def update(
        self, ref: Ref, values: Mapping[str, Any], *, expected: Mapping[str, Any] | None = None
    ) -> None:
        """Change fields of one object.

        Raises
        ------
        InputError
            there is no such object or field.
        StaleError
            a field named in `expected` no longer has that value.
        """
        before = self.read(ref, tuple({**values, **(expected or {})}))
        for name, value in (expected or {}).items():
            if before[name] != value:
                raise StaleError(
                    f"{name} has become {before[name]!r:.80}; it was {value!r:.80} when this was decided",
                    where=f"{ref.kind} {ref.id}",
                    remedy="look at it again",
                )
        changed = {name: value for name, value in values.items() if before[name] != value}
        if not changed:
            return
        target = sql(ref.kind)
        self.connection.execute(
            update(target).where(target.c.id == ref.id).values(**to_columns(ref.kind, changed))
        )
        old = {name: before[name] for name in changed}
        self.note("update", ref, plain_values(ref.kind, old), plain_values(ref.kind, changed))

    def delete(self, ref: Ref) -> None:
        """Remove one object, what sources said of it, and corrections of it; the history stays."""
        self.delete_many(ref.kind, [ref.id])

    def delete_many(self, kind: str, ids: Sequence[int]) -> None:
        """`delete` for many objects of one kind. Raises InputError when one of them isn't there."""
        names = tuple(specs_of(kind))
        target = sql(kind)
        for start in range(0, len(ids), FEW):
            batch = ids[start : start + FEW]
            before = self.read_many(self.connection, kind, batch, names)
            self.connection.execute(delete(target).where(target.c.id.in_(batch)))
            for model in (SourceRecord, Override):
                part = sql(model)
                its = (part.c.object_kind == kind) & part.c.object_id.in_(batch)
                self.connection.execute(delete(part).where(its))
            for number in batch:
                self.note("delete", Ref(kind, number), plain_values(kind, before[number]), None)

    def read(self, ref: Ref, names: Iterable[str]) -> dict[str, Any]:
        """Fields of one object as they stand (without corrections). Raises InputError when there is no such object."""
        return self.read_many(self.connection, ref.kind, [ref.id], names)[ref.id]

    @staticmethod
    def read_many(
        connection: Connection, kind: str, ids: Sequence[int], names: Iterable[str]
    ) -> dict[int, dict[str, Any]]:
        """`read` for a few hundred objects of one kind, over any connection."""
        specs = specs_of(kind)
        wanted = list(names)
        unknown = [name for name in wanted if name not in specs]
        if unknown:
            raise InputError(
                f"{kind} have no field {unknown[0]!r:.60}", remedy=f"choose of {', '.join(specs)}"
            )
        target = sql(kind)
        chosen = [specs[name] for name in wanted]
        columns = [target.c[column] for spec in chosen for column in spec.columns]
        records = connection.execute(
            select(target.c.id, *columns).where(
                target.c.id.in_([number for number in ids if abs(number) <= WIDEST_INTEGER])
            )
        )
        found = {record[0]: dict(zip(wanted, from_record(chosen, record), strict=True)) for record in records}
        for number in ids:
            if number not in found:
                raise InputError(
                    "there is no such object in the inventory",
                    where=f"{kind} {number}",
                    remedy="check its kind and id",
                )
        return found

    # --- bookkeeping -------------------------------------------------------------------------------------------------

    def reserve(self, kind: str, count: int) -> list[int]:
        """`count` ids of a kind that no object has or ever had."""
        target = sql(kind)
        counters = sql(LastIdentifier)
        known = self.connection.scalar(select(counters.c.last_id).where(counters.c.object_kind == kind))
        present = self.connection.scalar(select(func.max(target.c.id))) or 0
        first = max(known or 0, present) + 1
        last = first + count - 1
        if known is None:
            self.connection.execute(insert(counters).values(object_kind=kind, last_id=last))
        else:
            self.connection.execute(
                update(counters).where(counters.c.object_kind == kind).values(last_id=last)
            )
        return list(range(first, last + 1))

    def insert(self, target: SqlTable, rows: list[dict[str, Any]]) -> None:
        """Insert rows in bulk; every row has the same keys."""
        for start in range(0, len(rows), BATCH):
            self.connection.execute(insert(target), rows[start : start + BATCH])
        self.dirty = self.dirty or bool(rows)

    def note(self, operation: str, ref: Ref, before: Any, after: Any, *, reason: str | None = None) -> None:
        """Add a line of history; the revision will be raised."""
        self.dirty = True
        self._history.append(
            {
                "revision": self.revision,
                "at": self.at,
                "who": self.who,
                "source": self.source,
                "operation": operation,
                "object_kind": ref.kind,
                "object_id": ref.id,
                "before": before,
                "after": after,
                "reason": reason or self.reason or None,
            }
        )

    def finish(self) -> None:
        """Write the history and raise the revision, if anything changed. `Database.transaction` calls it."""
        if not self.dirty:
            return
        self.insert(sql(HistoryEntry), self._history)
        self._history = []
        meta = sql(WorkspaceMeta)
        self.connection.execute(update(meta).values(revision=self.revision, changed_at=self.at))

    def _advance_sequence(self, kind: str) -> None:
        if self.connection.dialect.name == "postgresql":
            highest = select(func.max(sql(kind).c.id)).scalar_subquery()
            self.connection.execute(select(func.setval(func.pg_get_serial_sequence(kind, "id"), highest)))


def specs_of(kind: str) -> dict[str, Field]:
    """The fields of a kind. Raises InputError when the inventory has no such list."""
    if kind not in LISTS:
        raise InputError(f"the inventory has no list {kind!r:.60}", remedy="see `vorst schema estate`")
    return fields_of(kind)


def _complain(kind: str, specs: Mapping[str, Field], values: Mapping[str, Any]) -> None:
    for name in values:
        if name not in specs:
            raise InputError(f"{kind} have no field {name!r:.60}", remedy=f"choose of {', '.join(specs)}")
    missing = [name for name in specs if name not in values]
    raise InputError(f"{', '.join(missing)} must be given", where=f"new object in {kind}")
