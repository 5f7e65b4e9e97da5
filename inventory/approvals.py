"""Who approved which plan, when, and on which inventory; and the approved plan itself, so that it can't be lost.

A plan's file may be overwritten by the next plan, so an approval keeps the document whole. The newest approval is the
one that counts: approving another plan takes its place. Approving changes nothing that exists; it leaves a line of
history. What a plan is, and whether one may be approved, is decided above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from inventory.database import Database
from inventory.errors import InputError
from inventory.fields import clean_text
from inventory.models.provenance import StoredApproval
from inventory.models.tables import sql
from inventory.records import Approval
from inventory.rows import Ref

MOST_NAME = 200  # characters of a name: it stands in a line of a report


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """What of a plan is approved: its name and content hash, the inventory and facility it stands on, its document."""

    name: str
    content_hash: str
    estate_hash: str
    estate_revision: int
    facility_hash: str
    document: Mapping[str, Any]


_COLUMNS = tuple(
    sql(StoredApproval).c[name]
    for name in (
        "id",
        "at",
        "approved_by",
        "recorded_by",
        "note",
        "plan_name",
        "plan_hash",
        "estate_hash",
        "estate_revision",
        "facility_hash",
    )
)


def approve(
    database: Database, plan: ApprovedPlan, *, by: str, who: str, note: str = "", at: datetime | None = None
) -> Approval:
    """Record that a person approved a plan; the same person's approval of the plan that counts already is returned.

    Raises InputError where no name is given, or one that is too long.
    """
    name, words = clean_text(" ".join(by.split())), clean_text(note.strip())
    if not name or len(name) > MOST_NAME:
        raise InputError(
            "who approves?" if not name else "this is too long for a name",
            where="--by",
            remedy="name the person who approved it: --by NAME",
        )
    table = sql(StoredApproval)
    with database.transaction(who, "", reason=words, at=at) as transaction:
        newest = transaction.connection.execute(
            select(*_COLUMNS).order_by(table.c.id.desc()).limit(1)
        ).one_or_none()
        if newest is not None and (newest.plan_hash, newest.approved_by) == (plan.content_hash, name):
            return _approval(newest)
        row = {
            "at": transaction.at,
            "approved_by": name,
            "recorded_by": who,
            "note": words,
            "plan_name": plan.name,
            "plan_hash": plan.content_hash,
            "estate_hash": plan.estate_hash,
            "estate_revision": plan.estate_revision,
            "facility_hash": plan.facility_hash,
        }
        number = transaction.connection.execute(
            insert(table).values(**row, document=plan.document).returning(table.c.id)
        ).scalar_one()
        summary = {"plan": plan.name, "approved_by": name, "content_hash": plan.content_hash, "note": words}
        transaction.note("approve", Ref("approvals", number), None, summary)
        return _approval(transaction.connection.execute(select(*_COLUMNS).where(table.c.id == number)).one())


def approvals(database: Database) -> tuple[Approval, ...]:
    """Every approval, the newest first: that one counts."""
    table = sql(StoredApproval)
    with database.reading() as connection:
        found = connection.execute(select(*_COLUMNS).order_by(table.c.id.desc()))
        return tuple(_approval(row) for row in found)


def approved_document(database: Database, approval: Approval) -> dict[str, Any]:
    """The plan of an approval, as plain data."""
    table = sql(StoredApproval)
    with database.reading() as connection:
        found: dict[str, Any] = connection.execute(
            select(table.c.document).where(table.c.id == approval.id)
        ).scalar_one()
        return found


def _approval(row: Row[Any]) -> Approval:
    return Approval(
        id=row.id,
        at=row.at,
        by=row.approved_by,
        recorded_by=row.recorded_by,
        note=row.note,
        plan_name=row.plan_name,
        plan_hash=row.plan_hash,
        estate_hash=row.estate_hash,
        estate_revision=row.estate_revision,
        facility_hash=row.facility_hash,
    )
