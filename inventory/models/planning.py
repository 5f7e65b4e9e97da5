"""Tables of what planning adds to NetBox's: applications, flows, windows, observations, constraints, decisions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index

from inventory.models.columns import (
    Table,
    data,
    key,
    link,
    maybe_text,
    moment,
    needed_text,
    needed_whole,
    text,
    whole,
)


class Application(Table, table=True):
    __tablename__ = "applications"

    id: int | None = key()
    name: str = needed_text()
    slug: str = needed_text()
    tenant_id: int | None = link("tenants")
    criticality: int | None = whole()
    rpo_minutes: int | None = whole()
    rto_minutes: int | None = whole()
    downtime_budget_minutes: int | None = whole()
    is_shared_service: bool = False
    platform_target: str | None = maybe_text()
    owner: str | None = maybe_text()


class ApplicationMember(Table, table=True):
    __tablename__ = "application_members"
    __table_args__ = (Index(None, "object_kind", "object_id"),)

    id: int | None = key()
    application_id: int = link("applications", optional=False)
    object_kind: str = needed_text()
    object_id: int = needed_whole()


class Flow(Table, table=True):
    __tablename__ = "flows"
    __table_args__ = (Index(None, "source_kind", "source_id"), Index(None, "target_kind", "target_id"))

    id: int | None = key()
    source_kind: str = needed_text()
    source_id: int = needed_whole()
    target_kind: str = needed_text()
    target_id: int = needed_whole()
    rate_mbps: float | None = None
    latency_ms: float | None = None
    description: str = text()


class ChangeWindow(Table, table=True):
    __tablename__ = "change_windows"
    __table_args__ = (Index(None, "object_kind", "object_id"),)

    id: int | None = key()
    object_kind: str = needed_text()
    object_id: int = needed_whole()
    weekday: int = needed_whole()
    start_minute: int = needed_whole()
    duration_minutes: int = needed_whole()
    valid_from: date | None = None
    valid_until: date | None = None


class Observation(Table, table=True):
    __tablename__ = "observations"
    __table_args__ = (Index(None, "object_kind", "object_id"),)

    id: int | None = key()
    object_kind: str = needed_text()
    object_id: int = needed_whole()
    metric: str = needed_text()
    value: float
    unit: str = needed_text()
    basis: str = needed_text()
    statistic: str = needed_text()
    observed_at: datetime | None = moment()
    interval_start: datetime | None = moment()
    interval_end: datetime | None = moment()
    source: str = text()


class Constraint(Table, table=True):
    __tablename__ = "constraints"

    id: int | None = key()
    kind: str = needed_text()
    name: str = text()
    members: list[Any] = data()
    scope: str | None = maybe_text()
    value: str | None = maybe_text()
    start: datetime | None = moment()
    end: datetime | None = moment()
    reason: str = text()


class SpecialNeed(Table, table=True):
    __tablename__ = "special_needs"
    __table_args__ = (Index(None, "object_kind", "object_id"),)

    id: int | None = key()
    object_kind: str = needed_text()
    object_id: int = needed_whole()
    need: str = needed_text()
    detail: str = text()


class MaintenanceContract(Table, table=True):
    __tablename__ = "maintenance_contracts"
    __table_args__ = (Index(None, "object_kind", "object_id"),)

    id: int | None = key()
    object_kind: str = needed_text()
    object_id: int = needed_whole()
    provider: str = text()
    reference: str = text()
    ends_on: date | None = None


class StrategyOverride(Table, table=True):
    __tablename__ = "strategy_overrides"
    __table_args__ = (Index(None, "object_kind", "object_id"),)

    id: int | None = key()
    object_kind: str = needed_text()
    object_id: int = needed_whole()
    strategy: str = needed_text()
    reason: str = text()
    decided_by: str = text()
