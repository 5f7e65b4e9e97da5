"""What happened and who says so: the lines of history, the sources of an object, and the records of runs.

It reads what transactions wrote and keeps RunRecords whole. What a change does is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from inventory.database import Database
from inventory.documents import from_data, to_data
from inventory.errors import InputError
from inventory.models.provenance import HistoryEntry, SourceRecord, StoredRun
from inventory.models.tables import sql
from inventory.records import RunRecord, sealed_run
from inventory.rows import Ref


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One object changed at one revision. `before` and `after` hold the fields that changed, as plain JSON data.

    `operation` is create, update, delete, override, "override removed", run or approve; `source` is empty when a person
    decided.
    """

    revision: int
    at: datetime
    who: str
    source: str
    operation: str
    object: Ref
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """What one source says of an object: under which id, where a person finds it, when last seen, since when gone."""

    source: str
    external_id: str
    where: str
    last_seen: datetime | None
    gone_since: datetime | None
    base_values: dict[str, Any]


def history(
    database: Database, ref: Ref | None = None, *, since_revision: int = 0, limit: int = 1000
) -> tuple[HistoryLine, ...]:
    """The newest lines first: of one object or of all, made after `since_revision`, at most `limit`."""
    table = sql(HistoryEntry)
    statement = (
        select(table).where(table.c.revision > since_revision).order_by(table.c.id.desc()).limit(limit)
    )
    if ref is not None:
        statement = statement.where(table.c.object_kind == ref.kind, table.c.object_id == ref.id)
    with database.reading() as connection:
        return tuple(
            HistoryLine(
                row.revision,
                row.at,
                row.who,
                row.source,
                row.operation,
                Ref(row.object_kind, row.object_id),
                row.before,
                row.after,
                row.reason or "",
            )
            for row in connection.execute(statement)
        )


def sources_of(database: Database, ref: Ref) -> tuple[SourceLine, ...]:
    """Every source that knows an object, by name."""
    table = sql(SourceRecord)
    these = (table.c.object_kind == ref.kind) & (table.c.object_id == ref.id)
    with database.reading() as connection:
        found = connection.execute(select(table).where(these).order_by(table.c.source, table.c.external_id))
        return tuple(
            SourceLine(
                row.source, row.external_id, row.found_at, row.last_seen, row.gone_since, row.base_values
            )
            for row in found
        )


def keep_run(database: Database, run: RunRecord, *, who: str) -> RunRecord:
    """Keep what a run did; returns it sealed. Keeping the same record twice changes nothing.

    Raises
    ------
    InputError
        Its content hash isn't that of its content.
    """
    sealed = sealed_run(run)
    if run.content_hash not in {"", sealed.content_hash}:
        raise InputError(
            "the run record was altered after it was sealed", where=f"wave {run.wave}, {run.phase}"
        )
    table = sql(StoredRun)
    with database.transaction(who, "run") as transaction:
        known = transaction.connection.scalar(
            select(table.c.id).where(table.c.content_hash == sealed.content_hash)
        )
        if known is not None:
            return sealed
        row = {
            "content_hash": sealed.content_hash,
            "plan_hash": run.plan_hash,
            "wave": run.wave,
            "phase": run.phase,
            "outcome": run.outcome,
            "started_at": run.started_at,
            "document": to_data(sealed),
        }
        number = transaction.connection.execute(
            insert(table).values(**row).returning(table.c.id)
        ).scalar_one()
        summary = {
            "wave": run.wave,
            "phase": run.phase,
            "outcome": run.outcome,
            "content_hash": sealed.content_hash,
        }
        transaction.note("run", Ref("runs", number), None, summary)
    return sealed


def runs(database: Database, *, plan_hash: str = "") -> tuple[RunRecord, ...]:
    """The kept records, oldest first: all, or those of one plan."""
    table = sql(StoredRun)
    statement = select(table.c.document).order_by(table.c.started_at, table.c.id)
    if plan_hash:
        statement = statement.where(table.c.plan_hash == plan_hash)
    with database.reading() as connection:
        return tuple(from_data(RunRecord, document) for (document,) in connection.execute(statement))
