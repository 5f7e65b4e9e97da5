"""What people decide against the sources: a corrected field, and a strategy other than the recommended one.

A correction stands apart from what sources say: it is laid on top in the snapshot, survives every sync, and can be
taken back. Both carry their reason and who decided, and leave a line in the history. What sources change is `sync`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from inventory.database import Database
from inventory.errors import InputError
from inventory.fields import Field, clean, clean_text, fields_of, from_plain, to_plain
from inventory.models.provenance import Override
from inventory.models.tables import sql
from inventory.rows import Ref
from inventory.transaction import Transaction

_STRATEGIES = "strategy_overrides"


@dataclass(frozen=True, slots=True)
class FieldOverride:
    """A correction and what it stands in for: `value` is shown, `instead_of` is what the sources say."""

    object: Ref
    field: str
    value: Any
    instead_of: Any
    reason: str
    who: str
    at: datetime


MAY_BE_NEGATIVE = frozenset({"latitude", "longitude", "voltage_v"})  # a DC feed's voltage is, in NetBox


def set_override(
    database: Database, ref: Ref, field: str, value: Any, *, reason: str, who: str, at: datetime | None = None
) -> None:
    """Correct one field of one object, replacing an earlier correction of it.

    `value` is as the Estate's row has it: text, a number, a date, an id, a `Ref`, or None for unknown.

    Raises
    ------
    InputError
        There is no such object or field, the value doesn't fit it, or no reason is given.
    """
    if not reason.strip():
        raise InputError("a correction needs a reason", where=f"{ref.kind} {ref.id}, {field}")
    if isinstance(value, int | float) and value < 0 and field not in MAY_BE_NEGATIVE:
        raise InputError(
            f"{value:g} is less than nothing", where=f"{ref.kind} {ref.id}, {field}", remedy="give 0 or more"
        )
    with database.transaction(who, reason=clean_text(reason), at=at) as transaction:
        present = transaction.read(ref, (field,))[field]
        spec = fields_of(ref.kind)[field]
        plain = to_plain(spec, _fitting(transaction, ref, spec, value))
        table = sql(Override)
        this = _this(ref, field)
        found = transaction.connection.execute(select(table.c.id, table.c.value).where(this)).one_or_none()
        row = {"value": plain, "reason": clean_text(reason), "who": clean_text(who), "at": transaction.at}
        if found is None:
            place = {"object_kind": ref.kind, "object_id": ref.id, "field": field}
            transaction.connection.execute(insert(table).values(**place, **row))
        else:
            transaction.connection.execute(update(table).where(this).values(**row))
        before = to_plain(spec, present) if found is None else found.value
        transaction.note("override", ref, {field: before}, {field: plain})


def remove_override(
    database: Database, ref: Ref, field: str, *, who: str, at: datetime | None = None
) -> None:
    """Take a correction back, so that the sources' value shows again. Raises InputError when there is none."""
    with database.transaction(who, at=at) as transaction:
        table = sql(Override)
        this = _this(ref, field)
        found = transaction.connection.execute(select(table.c.value).where(this)).one_or_none()
        if found is None:
            raise InputError("there is no correction of this field", where=f"{ref.kind} {ref.id}, {field}")
        present = transaction.read(ref, (field,))[field]
        transaction.connection.execute(delete(table).where(this))
        spec = fields_of(ref.kind)[field]
        transaction.note("override removed", ref, {field: found.value}, {field: to_plain(spec, present)})


def overrides(database: Database, ref: Ref | None = None) -> tuple[FieldOverride, ...]:
    """The corrections in force, of one object or of all, in the order of object and field."""
    table = sql(Override)
    statement = select(table).order_by(table.c.object_kind, table.c.object_id, table.c.field)
    if ref is not None:
        statement = statement.where(table.c.object_kind == ref.kind, table.c.object_id == ref.id)
    found: list[FieldOverride] = []
    with database.reading() as connection:
        for row in connection.execute(statement):
            this = Ref(row.object_kind, row.object_id)
            spec = fields_of(this.kind)[row.field]
            ours = Transaction.read_many(connection, this.kind, [this.id], (row.field,))[this.id][row.field]
            value = from_plain(spec, row.value)
            found.append(FieldOverride(this, row.field, value, ours, row.reason, row.who, row.at))
    return tuple(found)


def set_strategy_override(
    database: Database, ref: Ref, strategy: str, *, reason: str, who: str, at: datetime | None = None
) -> Ref:
    """Decide the strategy of one asset, replacing an earlier decision; returns the decision's own reference.

    Which strategies exist is for capacity/ to say; an unknown one is refused when a plan is made.

    Raises
    ------
    InputError
        There is no such asset, or no reason or strategy is given.
    """
    if not reason.strip() or not strategy.strip():
        raise InputError("a decision needs a strategy and a reason", where=f"{ref.kind} {ref.id}")
    values = {"strategy": clean_text(strategy), "reason": clean_text(reason), "decided_by": clean_text(who)}
    with database.transaction(who, reason=clean_text(reason), at=at) as transaction:
        transaction.read(ref, ())
        decided = _decisions(transaction, ref)
        for surplus in decided[1:]:
            transaction.delete(surplus)
        if decided:
            transaction.update(decided[0], values)
            return decided[0]
        return transaction.create(_STRATEGIES, {"object": ref, **values})


def remove_strategy_override(database: Database, ref: Ref, *, who: str, at: datetime | None = None) -> None:
    """Take a decision back, so that the recommendation holds again. Raises InputError when there is none."""
    with database.transaction(who, at=at) as transaction:
        decided = _decisions(transaction, ref)
        if not decided:
            raise InputError("no strategy was decided for it", where=f"{ref.kind} {ref.id}")
        for decision in decided:
            transaction.delete(decision)


def _decisions(transaction: Transaction, ref: Ref) -> Sequence[Ref]:
    table = sql(_STRATEGIES)
    these = (table.c.object_kind == ref.kind) & (table.c.object_id == ref.id)
    found = transaction.connection.execute(select(table.c.id).where(these).order_by(table.c.id))
    return [Ref(_STRATEGIES, number) for (number,) in found]


def _this(ref: Ref, field: str) -> Any:
    table = sql(Override)
    return (table.c.object_kind == ref.kind) & (table.c.object_id == ref.id) & (table.c.field == field)


def _fitting(transaction: Transaction, ref: Ref, spec: Field, value: Any) -> Any:
    """The value as the field has it; every object it names must exist."""
    try:
        if value is None or not spec.refers:
            return clean(spec, value)
        many = spec.sort in {"links", "refs"}
        for part in value if many else (value,):
            _check_named(transaction, spec, part)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{spec.name} {error}", where=f"{ref.kind} {ref.id}", remedy="give another value"
        ) from None
    return tuple(value) if many else value


def _check_named(transaction: Transaction, spec: Field, part: Any) -> None:
    named = part if isinstance(part, Ref) else Ref(spec.target or "", part)
    if spec.target not in {None, named.kind} or not isinstance(named.id, int):
        raise ValueError(f"should name one of {spec.target or 'the objects'}, not {part!r:.60}")
    transaction.read(named, ())
