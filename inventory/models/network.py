"""Tables of what connects: interfaces, patch panels, cables, prefixes, addresses and the lines between buildings."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index

from inventory.models.columns import (
    Table,
    data,
    key,
    link,
    maybe_text,
    needed_text,
    text,
    whole,
)


class Interface(Table, table=True):
    __tablename__ = "interfaces"

    id: int | None = key()
    device_id: int = link("devices", optional=False)
    name: str = needed_text()
    type: str = text("other")
    enabled: bool = True
    mgmt_only: bool = False
    speed_kbps: int | None = whole()
    mac_address: str | None = maybe_text()
    cable_id: int | None = link("cables")


class FrontPort(Table, table=True):
    __tablename__ = "front_ports"

    id: int | None = key()
    device_id: int = link("devices", optional=False)
    name: str = needed_text()
    type: str = text()
    rear_port_id: int | None = link("rear_ports")
    cable_id: int | None = link("cables")


class RearPort(Table, table=True):
    __tablename__ = "rear_ports"

    id: int | None = key()
    device_id: int = link("devices", optional=False)
    name: str = needed_text()
    type: str = text()
    positions: int = whole(1)
    cable_id: int | None = link("cables")


class Cable(Table, table=True):
    __tablename__ = "cables"

    id: int | None = key()
    type: str | None = maybe_text()
    status: str = text("connected")
    label: str = text()
    a_terminations: list[Any] = data()
    b_terminations: list[Any] = data()


class Prefix(Table, table=True):
    __tablename__ = "prefixes"
    __table_args__ = (Index(None, "scope_kind", "scope_id"),)

    id: int | None = key()
    prefix: str = needed_text()
    status: str = text("active")
    tenant_id: int | None = link("tenants")
    scope_kind: str | None = maybe_text()
    scope_id: int | None = whole()
    vlan_vid: int | None = whole()


class IPAddress(Table, table=True):
    __tablename__ = "ip_addresses"
    __table_args__ = (Index(None, "assigned_object_kind", "assigned_object_id"),)

    id: int | None = key()
    address: str = needed_text()
    status: str = text("active")
    tenant_id: int | None = link("tenants")
    dns_name: str = text()
    assigned_object_kind: str | None = maybe_text()
    assigned_object_id: int | None = whole()


class Provider(Table, table=True):
    __tablename__ = "providers"

    id: int | None = key()
    name: str = needed_text()
    slug: str = needed_text()


class Circuit(Table, table=True):
    __tablename__ = "circuits"

    id: int | None = key()
    cid: str = needed_text()
    provider_id: int = link("providers", optional=False)
    type: str = text()
    status: str = text("active")
    tenant_id: int | None = link("tenants")
    rate_mbps: float | None = None
    site_ids: list[Any] = data()
