"""The rows of the Estate that NetBox knows too: sites, racks, devices, power, cables, machines, addresses, circuits.

Field names and meanings are NetBox's; a field that NetBox keeps in MB stays `_mb`; `None` is unknown, never zero or
empty. What planning adds (applications, flows, constraints…) is in `planning_rows`; the document is `estate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Which object: `kind` is the plural list name in the Estate ("devices"), `id` its id there."""

    kind: str
    id: int


# --- organisation ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Region:
    id: int
    name: str
    slug: str
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class TenantGroup:
    """A tenant group is a *partner* of the programme: its slug is the key of entitlements and reports."""

    id: int
    name: str
    slug: str
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    id: int
    name: str
    slug: str
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    id: int
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class TagAssignment:
    tag_id: int
    object: Ref


@dataclass(frozen=True, slots=True)
class Site:
    """A building. Coordinates in degrees (WGS 84); `landlord` and `lease_end` where known."""

    id: int
    name: str
    slug: str
    status: str = "active"
    region_id: int | None = None
    tenant_id: int | None = None
    physical_address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str | None = None
    landlord: str | None = None
    lease_end: date | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A server room (or a part of one, under `parent_id`). `area_m2` and `cooling_w` where a survey knows them."""

    id: int
    name: str
    slug: str
    site_id: int
    parent_id: int | None = None
    status: str = "active"
    tenant_id: int | None = None
    area_m2: float | None = None
    cooling_w: float | None = None
    floor_limit_kg_m2: float | None = None
    has_plan: bool | None = None


# --- hardware ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Manufacturer:
    id: int
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class DeviceRole:
    id: int
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Platform:
    id: int
    name: str
    slug: str
    manufacturer_id: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceType:
    """`height_u` in half units; `airflow` as NetBox writes it; `subdevice_role` parent, child or None."""

    id: int
    manufacturer_id: int
    model: str
    slug: str
    part_number: str = ""
    height_u: float = 1.0
    is_full_depth: bool = True
    airflow: str | None = None
    weight_kg: float | None = None
    subdevice_role: str | None = None


@dataclass(frozen=True, slots=True)
class PowerPortTemplate:
    id: int
    device_type_id: int
    name: str
    type: str | None = None
    maximum_draw_w: int | None = None
    allocated_draw_w: int | None = None


@dataclass(frozen=True, slots=True)
class FrontPortTemplate:
    id: int
    device_type_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Rack:
    """Positions are NetBox's: the lowest-numbered unit is `starting_unit`; `desc_units` numbers from the top."""

    id: int
    name: str
    site_id: int
    location_id: int | None = None
    tenant_id: int | None = None
    status: str = "active"
    height_u: int = 42
    starting_unit: int = 1
    desc_units: bool = False
    outer_width_mm: int | None = None
    outer_depth_mm: int | None = None
    weight_kg: float | None = None
    max_weight_kg: float | None = None


@dataclass(frozen=True, slots=True)
class RackReservation:
    id: int
    rack_id: int
    units: tuple[float, ...]
    tenant_id: int | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """`supply_redundancy` is "k+m" (load carried by k supplies, m spare) where a person knows it."""

    id: int
    name: str | None
    device_type_id: int
    role_id: int
    site_id: int
    platform_id: int | None = None
    tenant_id: int | None = None
    location_id: int | None = None
    rack_id: int | None = None
    position: float | None = None
    face: str | None = None
    status: str = "active"
    serial: str = ""
    asset_tag: str | None = None
    airflow: str | None = None
    parent_device_id: int | None = None
    parent_bay: str | None = None
    cluster_id: int | None = None
    supply_redundancy: str | None = None
    primary_ip: str | None = None


@dataclass(frozen=True, slots=True)
class Interface:
    id: int
    device_id: int
    name: str
    type: str = "other"
    enabled: bool = True
    mgmt_only: bool = False
    speed_kbps: int | None = None
    mac_address: str | None = None
    cable_id: int | None = None


@dataclass(frozen=True, slots=True)
class FrontPort:
    id: int
    device_id: int
    name: str
    type: str = ""
    rear_port_id: int | None = None
    cable_id: int | None = None


@dataclass(frozen=True, slots=True)
class RearPort:
    id: int
    device_id: int
    name: str
    type: str = ""
    positions: int = 1
    cable_id: int | None = None


@dataclass(frozen=True, slots=True)
class Cable:
    id: int
    type: str | None = None
    status: str = "connected"
    label: str = ""
    a_terminations: tuple[Ref, ...] = ()
    b_terminations: tuple[Ref, ...] = ()


# --- power -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PowerPanel:
    id: int
    name: str
    site_id: int
    location_id: int | None = None


@dataclass(frozen=True, slots=True)
class PowerFeed:
    """`rating_w` of the feed is voltage × amperage (× √3 when three-phase) × `max_utilization_pct` / 100."""

    id: int
    name: str
    power_panel_id: int
    rack_id: int | None = None
    status: str = "active"
    type: str = "primary"
    supply: str = "ac"
    phase: str = "single-phase"
    voltage_v: int | None = None
    amperage_a: int | None = None
    max_utilization_pct: int | None = None
    cable_id: int | None = None


@dataclass(frozen=True, slots=True)
class PowerPort:
    """`maximum_draw_w` is per port (NetBox), not per device."""

    id: int
    device_id: int
    name: str
    type: str | None = None
    maximum_draw_w: int | None = None
    allocated_draw_w: int | None = None
    cable_id: int | None = None


@dataclass(frozen=True, slots=True)
class PowerOutlet:
    id: int
    device_id: int
    name: str
    type: str | None = None
    power_port_id: int | None = None
    feed_leg: str | None = None
    cable_id: int | None = None


# --- virtualisation ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cluster:
    """`scope` is the site, location, region or site group the cluster belongs to, where NetBox knows it."""

    id: int
    name: str
    type: str = ""
    group: str | None = None
    status: str = "active"
    tenant_id: int | None = None
    scope: Ref | None = None


@dataclass(frozen=True, slots=True)
class VirtualMachine:
    id: int
    name: str
    cluster_id: int | None = None
    site_id: int | None = None
    device_id: int | None = None
    role_id: int | None = None
    platform_id: int | None = None
    tenant_id: int | None = None
    status: str = "active"
    vcpus: float | None = None
    memory_mb: int | None = None
    disk_mb: int | None = None
    primary_ip: str | None = None


@dataclass(frozen=True, slots=True)
class VirtualDisk:
    id: int
    virtual_machine_id: int
    name: str
    size_mb: int


# --- addresses and circuits --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prefix:
    id: int
    prefix: str
    status: str = "active"
    tenant_id: int | None = None
    scope: Ref | None = None
    vlan_vid: int | None = None


@dataclass(frozen=True, slots=True)
class IPAddress:
    id: int
    address: str
    status: str = "active"
    tenant_id: int | None = None
    dns_name: str = ""
    assigned_object: Ref | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    id: int
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Circuit:
    """`rate_mbps` is what the line really gives: the commit rate, or the port speed where only that is known."""

    id: int
    cid: str
    provider_id: int
    type: str = ""
    status: str = "active"
    tenant_id: int | None = None
    rate_mbps: float | None = None
    site_ids: tuple[int, ...] = ()
