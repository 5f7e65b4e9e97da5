"""Tables of what stands in the rooms: makers, types and their templates, racks and devices, in NetBox's vocabulary."""

from __future__ import annotations

from typing import Any

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


class Manufacturer(Table, table=True):
    __tablename__ = "manufacturers"

    id: int | None = key()
    name: str = needed_text()
    slug: str = needed_text()


class DeviceRole(Table, table=True):
    __tablename__ = "device_roles"

    id: int | None = key()
    name: str = needed_text()
    slug: str = needed_text()


class Platform(Table, table=True):
    __tablename__ = "platforms"

    id: int | None = key()
    name: str = needed_text()
    slug: str = needed_text()
    manufacturer_id: int | None = link("manufacturers")


class DeviceType(Table, table=True):
    __tablename__ = "device_types"

    id: int | None = key()
    manufacturer_id: int = link("manufacturers", optional=False)
    model: str = needed_text()
    slug: str = needed_text()
    part_number: str = text()
    height_u: float = 1.0
    is_full_depth: bool = True
    airflow: str | None = maybe_text()
    weight_kg: float | None = None
    subdevice_role: str | None = maybe_text()


class PowerPortTemplate(Table, table=True):
    __tablename__ = "power_port_templates"

    id: int | None = key()
    device_type_id: int = link("device_types", optional=False)
    name: str = needed_text()
    type: str | None = maybe_text()
    maximum_draw_w: int | None = whole()
    allocated_draw_w: int | None = whole()


class FrontPortTemplate(Table, table=True):
    __tablename__ = "front_port_templates"

    id: int | None = key()
    device_type_id: int = link("device_types", optional=False)
    name: str = needed_text()


class Rack(Table, table=True):
    __tablename__ = "racks"

    id: int | None = key()
    name: str = needed_text()
    site_id: int = link("sites", optional=False)
    location_id: int | None = link("locations")
    tenant_id: int | None = link("tenants")
    status: str = text("active")
    height_u: int = whole(42)
    starting_unit: int = whole(1)
    desc_units: bool = False
    outer_width_mm: int | None = whole()
    outer_depth_mm: int | None = whole()
    weight_kg: float | None = None
    max_weight_kg: float | None = None


class RackReservation(Table, table=True):
    __tablename__ = "rack_reservations"

    id: int | None = key()
    rack_id: int = link("racks", optional=False)
    units: list[Any] = data()
    tenant_id: int | None = link("tenants")
    description: str = text()


class Device(Table, table=True):
    __tablename__ = "devices"

    id: int | None = key()
    name: str | None = maybe_text()
    device_type_id: int = link("device_types", optional=False)
    role_id: int = link("device_roles", optional=False)
    site_id: int = link("sites", optional=False)
    platform_id: int | None = link("platforms")
    tenant_id: int | None = link("tenants")
    location_id: int | None = link("locations")
    rack_id: int | None = link("racks")
    position: float | None = None
    face: str | None = maybe_text()
    status: str = text("active")
    serial: str = text()
    asset_tag: str | None = maybe_text()
    airflow: str | None = maybe_text()
    parent_device_id: int | None = link("devices")
    parent_bay: str | None = maybe_text()
    cluster_id: int | None = link("clusters")
    supply_redundancy: str | None = maybe_text()
    primary_ip: str | None = maybe_text()
