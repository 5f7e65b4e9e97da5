"""Tables of what runs without a box of its own: clusters, virtual machines and their disks."""

from __future__ import annotations

from sqlalchemy import Index

from inventory.models.columns import (
    Table,
    key,
    link,
    maybe_text,
    needed_text,
    needed_whole,
    text,
    whole,
)


class Cluster(Table, table=True):
    __tablename__ = "clusters"
    __table_args__ = (Index(None, "scope_kind", "scope_id"),)

    id: int | None = key()
    name: str = needed_text()
    type: str = text()
    group: str | None = maybe_text()
    status: str = text("active")
    tenant_id: int | None = link("tenants")
    scope_kind: str | None = maybe_text()
    scope_id: int | None = whole()


class VirtualMachine(Table, table=True):
    __tablename__ = "virtual_machines"

    id: int | None = key()
    name: str = needed_text()
    cluster_id: int | None = link("clusters")
    site_id: int | None = link("sites")
    device_id: int | None = link("devices")
    role_id: int | None = link("device_roles")
    platform_id: int | None = link("platforms")
    tenant_id: int | None = link("tenants")
    status: str = text("active")
    vcpus: float | None = None
    memory_mb: int | None = whole()
    disk_mb: int | None = whole()
    primary_ip: str | None = maybe_text()


class VirtualDisk(Table, table=True):
    __tablename__ = "virtual_disks"

    id: int | None = key()
    virtual_machine_id: int = link("virtual_machines", optional=False)
    name: str = needed_text()
    size_mb: int = needed_whole()
