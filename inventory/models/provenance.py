"""Tables of where values come from: sources, corrections, the history, runs, and the workspace's own row.

`WorkspaceMeta` has exactly one row; whoever writes takes it first, so that writers queue on any database.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint

from inventory.models.columns import (
    Table,
    data,
    key,
    maybe_text,
    moment,
    needed_text,
    needed_whole,
    text,
    whole,
)


class WorkspaceMeta(Table, table=True):
    """The one row that says this is a vorst database, and at which revision it stands."""

    __tablename__ = "workspace_meta"

    id: int | None = key()
    revision: int = whole(0)
    created_at: datetime = moment(optional=False)
    changed_at: datetime = moment(optional=False)


class LastIdentifier(Table, table=True):
    """The highest id ever handed out per kind, so that the history of a deleted object never becomes another's."""

    __tablename__ = "last_identifiers"

    id: int | None = key()
    object_kind: str = needed_text()
    last_id: int = needed_whole()


class SourceRecord(Table, table=True):
    """One object as one source knows it. `base_values` is what that source said when the inventory last took its word.

    `gone_since` is set while a source that was read to the end no longer has the object.
    """

    __tablename__ = "source_records"
    __table_args__ = (
        UniqueConstraint("source", "object_kind", "external_id"),
        Index(None, "object_kind", "object_id"),
    )

    id: int | None = key()
    source: str = needed_text()
    object_kind: str = needed_text()
    external_id: str = needed_text()
    object_id: int = needed_whole()
    found_at: str = text()
    last_seen: datetime | None = moment()
    gone_since: datetime | None = moment()
    base_values: dict[str, Any] = data()


class Override(Table, table=True):
    """A person's correction of one field; it stands apart from the sources and is laid on top in the snapshot."""

    __tablename__ = "overrides"
    __table_args__ = (UniqueConstraint("object_kind", "object_id", "field"),)

    id: int | None = key()
    object_kind: str = needed_text()
    object_id: int = needed_whole()
    field: str = needed_text()
    value: Any = data(optional=True)
    reason: str = text()
    who: str = needed_text()
    at: datetime = moment(optional=False)


class HistoryEntry(Table, table=True):
    """One object changed in one transaction: the fields as they were before and after (None where there was none)."""

    __tablename__ = "changes"
    __table_args__ = (Index(None, "object_kind", "object_id"), Index(None, "revision"))

    id: int | None = key()
    revision: int = needed_whole()
    at: datetime = moment(optional=False)
    who: str = needed_text()
    source: str = text()
    operation: str = needed_text()
    object_kind: str = needed_text()
    object_id: int = needed_whole()
    before: dict[str, Any] | None = data(optional=True)
    after: dict[str, Any] | None = data(optional=True)
    reason: str | None = maybe_text()


class StoredRun(Table, table=True):
    """A RunRecord, kept whole as its JSON document."""

    __tablename__ = "runs"
    __table_args__ = (UniqueConstraint("content_hash"),)

    id: int | None = key()
    content_hash: str = needed_text()
    plan_hash: str = needed_text()
    wave: int = needed_whole()
    phase: str = needed_text()
    outcome: str = needed_text()
    started_at: datetime = moment(optional=False)
    document: dict[str, Any] = data()


class StoredApproval(Table, table=True):
    """A plan that somebody approved: who, when, on which inventory; and the plan itself, kept whole as its document."""

    __tablename__ = "approvals"
    __table_args__ = (Index(None, "plan_hash"),)

    id: int | None = key()
    at: datetime = moment(optional=False)
    approved_by: str = needed_text()
    recorded_by: str = needed_text()
    note: str = text()
    plan_name: str = needed_text()
    plan_hash: str = needed_text()
    estate_hash: str = needed_text()
    estate_revision: int = needed_whole()
    facility_hash: str = needed_text()
    document: dict[str, Any] = data()
