"""What a person decides about move groups: what moves together, what not, and when; kept as constraints.

`together` with scope group merges, `apart` with scope group splits (the constraints of one split carry its name in
`value`, one for each side), `pin` holds its members' move between two moments. Each decision has a name, a reason and
a line in the history; it is an input of every later plan, which `check` proves to keep it. What sources tell, `sync`
brings in; such constraints are not touched here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from inventory.database import Database
from inventory.errors import InputError
from inventory.fields import clean_text
from inventory.models.provenance import SourceRecord
from inventory.models.tables import sql
from inventory.planning_rows import Constraint
from inventory.rows import Ref
from inventory.transaction import Transaction

KIND = "constraints"
GROUP = "group"


def is_decision(constraint: Constraint) -> bool:
    """Whether a constraint speaks of move groups, whoever told it."""
    return constraint.kind == "pin" or (
        constraint.kind in {"together", "apart"} and constraint.scope == GROUP
    )


def name_of(constraint: Constraint) -> str:
    """What a decision is called: of a split's sides the split's name."""
    split = constraint.value if constraint.kind == "apart" else None
    return split or constraint.name or f"{constraint.kind} {constraint.id}"


def merge(
    database: Database,
    members: Sequence[Ref],
    *,
    reason: str,
    who: str,
    name: str = "",
    at: datetime | None = None,
) -> str:
    """Let assets move in one group; returns the decision's name. Raises InputError for fewer than two, or no reason."""
    _at_least(2, members, "a merge")
    rows = [{"kind": "together", "scope": GROUP, "members": _each(members)}]
    return _write(database, "merge", name, rows, reason=reason, who=who, at=at)


def split(
    database: Database,
    sides: Sequence[Sequence[Ref]],
    *,
    reason: str,
    who: str,
    name: str = "",
    at: datetime | None = None,
) -> str:
    """Let no group hold assets of two sides; returns the decision's name.

    Raises InputError for fewer than two sides, an empty one, an asset on two of them, or no reason.
    """
    if len(sides) < 2 or not all(sides):
        raise InputError(
            "a split needs two sides with an asset each", remedy="name what is to move on its own"
        )
    met: set[Ref] = set()
    for side in sides:
        for ref in _each(side):
            if ref in met:
                raise InputError(
                    "this asset is on two sides of the split",
                    where=f"{ref.kind}:{ref.id}",
                    remedy="leave one",
                )
            met.add(ref)
    if all(len(_each(side)) == 1 for side in sides):
        rows: list[dict[str, Any]] = [
            {"kind": "apart", "scope": GROUP, "members": tuple(ref for side in sides for ref in _each(side))}
        ]
    else:
        rows = [{"kind": "apart", "scope": GROUP, "members": _each(side)} for side in sides]
    return _write(database, "split", name, rows, reason=reason, who=who, at=at)


def pin(
    database: Database,
    members: Sequence[Ref],
    *,
    not_before: datetime | None,
    not_after: datetime | None,
    reason: str,
    who: str,
    name: str = "",
    at: datetime | None = None,
) -> str:
    """Let assets move between two aware moments, open where None; returns the decision's name.

    Raises InputError without members, moments or a reason, or when the second moment is not after the first.
    """
    _at_least(1, members, "a pin")
    if not_before is None and not_after is None:
        raise InputError("a pin needs a moment", remedy="say not before, not after, or which week")
    if not_before is not None and not_after is not None and not_after <= not_before:
        raise InputError(f"{not_after} is not after {not_before}", remedy="correct one of the two")
    rows = [{"kind": "pin", "members": _each(members), "start": not_before, "end": not_after}]
    return _write(database, "pin", name, rows, reason=reason, who=who, at=at)


def forget(database: Database, name: str, *, who: str, at: datetime | None = None) -> int:
    """Take a decision back; returns how many constraints it was.

    Raises InputError when there is none of that name, or a source tells it (the next sync would bring it again).
    """
    with database.transaction(who, at=at) as transaction:
        found = [c.id for c in _decisions(transaction) if name_of(c) == name]
        if not found:
            known = sorted({name_of(c) for c in _decisions(transaction)})
            raise InputError(
                f"no decision about groups is called {name!r:.60}",
                remedy=f"there are: {', '.join(known[:8])}" if known else "there is none at all",
            )
        records = sql(SourceRecord)
        told = transaction.connection.execute(
            select(records.c.source).where((records.c.object_kind == KIND) & records.c.object_id.in_(found))
        ).first()
        if told is not None:
            raise InputError(
                f"{name} comes from {told.source}, which would bring it again", remedy="remove it there"
            )
        transaction.delete_many(KIND, found)
        return len(found)


def _write(
    database: Database,
    what: str,
    name: str,
    rows: Sequence[dict[str, Any]],
    *,
    reason: str,
    who: str,
    at: datetime | None,
) -> str:
    if not reason.strip():
        raise InputError("a decision needs a reason", remedy='add --reason "why"')
    with database.transaction(who, reason=clean_text(reason), at=at) as transaction:
        for ref in dict.fromkeys(ref for row in rows for ref in row["members"]):
            transaction.read(ref, ())
        taken = {label for c in _decisions(transaction) for label in (name_of(c), c.name)}
        wanted = clean_text(name).strip()
        if wanted in taken:
            raise InputError(
                f"there is a decision called {wanted!r:.60} already",
                remedy="choose another name, or take that one back first",
            )
        number = 1
        while not wanted:
            wanted = "" if f"{what} {number}" in taken else f"{what} {number}"
            number += 1
        for side, row in enumerate(rows, start=1):
            several = len(rows) > 1
            label = f"{wanted}, side {side}" if several else wanted
            value = wanted if several else None
            transaction.create(KIND, {**row, "name": label, "value": value, "reason": clean_text(reason)})
    return wanted


def _decisions(transaction: Transaction) -> list[Constraint]:
    table = sql(KIND)
    kinds = table.c.kind.in_(("together", "apart", "pin"))
    numbers = [row.id for row in transaction.connection.execute(select(table.c.id).where(kinds))]
    names = ("kind", "name", "scope", "value")
    found: list[Constraint] = []
    for start in range(0, len(numbers), 500):
        batch = numbers[start : start + 500]
        read = transaction.read_many(transaction.connection, KIND, batch, names)
        found += [Constraint(id=number, **values) for number, values in read.items()]
    return [c for c in found if is_decision(c)]


def _each(members: Iterable[Ref]) -> tuple[Ref, ...]:
    return tuple(dict.fromkeys(members))


def _at_least(number: int, members: Sequence[Ref], what: str) -> None:
    if len(_each(members)) < number:
        raise InputError(
            f"{what} needs {number} asset{'s' if number > 1 else ''} at least", remedy="name them, or a group"
        )
