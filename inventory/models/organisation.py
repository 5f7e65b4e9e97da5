"""Tables of who and where: regions, partners, tenants, tags, buildings and server rooms, in NetBox's vocabulary."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index

from inventory.models.columns import (
    Table,
    key,
    link,
    maybe_text,
    needed_text,
    needed_whole,
    text,
)


class Region(Table, table=True):
    __tablename__ = "regions"

    id: int | None = key()
    name: str = needed_text()
    slug: str = needed_text()
    parent_id: int | None = link("regions")


class TenantGroup(Table, table=True):
    __tablename__ = "tenant_groups"

    id: int | None = key()
    name: str = needed_text()
    slug: str = needed_text()
    parent_id: int | None = link("tenant_groups")


class Tenant(Table, table=True):
    __tablename__ = "tenants"

    id: int | None = key()
    name: str = needed_text()
    slug: str = needed_text()
    group_id: int | None = link("tenant_groups")


class Tag(Table, table=True):
    __tablename__ = "tags"

    id: int | None = key()
    name: str = needed_text()
    slug: str = needed_text()


class TagAssignment(Table, table=True):
    __tablename__ = "tag_assignments"
    __table_args__ = (Index(None, "object_kind", "object_id"),)

    id: int | None = key()
    tag_id: int = link("tags", optional=False)
    object_kind: str = needed_text()
    object_id: int = needed_whole()


class Site(Table, table=True):
    __tablename__ = "sites"

    id: int | None = key()
    name: str = needed_text()
    slug: str = needed_text()
    status: str = text("active")
    region_id: int | None = link("regions")
    tenant_id: int | None = link("tenants")
    physical_address: str = text()
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str | None = maybe_text()
    landlord: str | None = maybe_text()
    lease_end: date | None = None


class Location(Table, table=True):
    __tablename__ = "locations"

    id: int | None = key()
    name: str = needed_text()
    slug: str = needed_text()
    site_id: int = link("sites", optional=False)
    parent_id: int | None = link("locations")
    status: str = text("active")
    tenant_id: int | None = link("tenants")
    area_m2: float | None = None
    cooling_w: float | None = None
    floor_limit_kg_m2: float | None = None
    has_plan: bool | None = None
