"""The Estate: every asset at one revision, read-only, with no database session behind it.

What it answers: what exists, where it is, what is known and what isn't. Lists carry NetBox's plural names; the rows are
defined in `rows` and `planning_rows` and may be imported from here. The snapshot is taken from the database by
`inventory.snapshot`; what follows from the values (a demand, a strategy) is for capacity/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

from inventory.documents import content_hash
from inventory.planning_rows import (
    Application,
    ApplicationMember,
    ChangeWindow,
    Constraint,
    Flow,
    MaintenanceContract,
    Observation,
    SpecialNeed,
    StrategyOverride,
)
from inventory.rows import (
    Cable,
    Circuit,
    Cluster,
    Device,
    DeviceRole,
    DeviceType,
    FrontPort,
    FrontPortTemplate,
    Interface,
    IPAddress,
    Location,
    Manufacturer,
    Platform,
    PowerFeed,
    PowerOutlet,
    PowerPanel,
    PowerPort,
    PowerPortTemplate,
    Prefix,
    Provider,
    Rack,
    RackReservation,
    RearPort,
    Ref,
    Region,
    Site,
    Tag,
    TagAssignment,
    Tenant,
    TenantGroup,
    VirtualDisk,
    VirtualMachine,
)

__all__ = [
    "LISTS",
    "SCHEMA_VERSION",
    "Application",
    "ApplicationMember",
    "Cable",
    "ChangeWindow",
    "Circuit",
    "Cluster",
    "Constraint",
    "Device",
    "DeviceRole",
    "DeviceType",
    "Estate",
    "Flow",
    "FrontPort",
    "FrontPortTemplate",
    "IPAddress",
    "Interface",
    "Location",
    "MaintenanceContract",
    "Manufacturer",
    "Observation",
    "Platform",
    "PowerFeed",
    "PowerOutlet",
    "PowerPanel",
    "PowerPort",
    "PowerPortTemplate",
    "Prefix",
    "Provider",
    "Rack",
    "RackReservation",
    "RearPort",
    "Ref",
    "Region",
    "Site",
    "SpecialNeed",
    "StrategyOverride",
    "Tag",
    "TagAssignment",
    "Tenant",
    "TenantGroup",
    "VirtualDisk",
    "VirtualMachine",
    "sealed",
]

SCHEMA_VERSION = "1"


@dataclass(frozen=True)
class Estate:
    """Everything that exists at one revision. Lists are in ascending id; hand-made ones may be shorter."""

    revision: int = 0
    schema_version: str = SCHEMA_VERSION
    content_hash: str = ""
    regions: tuple[Region, ...] = ()
    tenant_groups: tuple[TenantGroup, ...] = ()
    tenants: tuple[Tenant, ...] = ()
    tags: tuple[Tag, ...] = ()
    tag_assignments: tuple[TagAssignment, ...] = ()
    sites: tuple[Site, ...] = ()
    locations: tuple[Location, ...] = ()
    manufacturers: tuple[Manufacturer, ...] = ()
    device_roles: tuple[DeviceRole, ...] = ()
    platforms: tuple[Platform, ...] = ()
    device_types: tuple[DeviceType, ...] = ()
    power_port_templates: tuple[PowerPortTemplate, ...] = ()
    front_port_templates: tuple[FrontPortTemplate, ...] = ()
    racks: tuple[Rack, ...] = ()
    rack_reservations: tuple[RackReservation, ...] = ()
    devices: tuple[Device, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    front_ports: tuple[FrontPort, ...] = ()
    rear_ports: tuple[RearPort, ...] = ()
    cables: tuple[Cable, ...] = ()
    power_panels: tuple[PowerPanel, ...] = ()
    power_feeds: tuple[PowerFeed, ...] = ()
    power_ports: tuple[PowerPort, ...] = ()
    power_outlets: tuple[PowerOutlet, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    virtual_machines: tuple[VirtualMachine, ...] = ()
    virtual_disks: tuple[VirtualDisk, ...] = ()
    prefixes: tuple[Prefix, ...] = ()
    ip_addresses: tuple[IPAddress, ...] = ()
    providers: tuple[Provider, ...] = ()
    circuits: tuple[Circuit, ...] = ()
    applications: tuple[Application, ...] = ()
    application_members: tuple[ApplicationMember, ...] = ()
    flows: tuple[Flow, ...] = ()
    change_windows: tuple[ChangeWindow, ...] = ()
    observations: tuple[Observation, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    special_needs: tuple[SpecialNeed, ...] = ()
    maintenance_contracts: tuple[MaintenanceContract, ...] = ()
    strategy_overrides: tuple[StrategyOverride, ...] = ()

    def by_id(self, kind: str) -> dict[int, Any]:
        """The rows of one list by their id; built once per list."""
        index = self._indexes.get(kind)
        if index is None:
            index = {row.id: row for row in getattr(self, kind)}
            self._indexes[kind] = index
        return index

    def find(self, ref: Ref) -> Any | None:
        """The row a reference names, or None when it isn't in this snapshot."""
        return self.by_id(ref.kind).get(ref.id)

    def column(self, kind: str, name: str) -> tuple[Any, ...]:
        """One field of every row of a list, in the list's order."""
        return tuple(getattr(row, name) for row in getattr(self, kind))

    def assets(self) -> Iterator[Ref]:
        """What a plan must decide on: every device, then every virtual machine, in ascending id."""
        for device in self.devices:
            yield Ref("devices", device.id)
        for machine in self.virtual_machines:
            yield Ref("virtual_machines", machine.id)

    @cached_property
    def _indexes(self) -> dict[str, dict[int, Any]]:
        return {}


LISTS: tuple[str, ...] = tuple(
    f.name for f in fields(Estate) if f.name not in {"revision", "schema_version", "content_hash"}
)


def sealed(estate: Estate) -> Estate:
    """The same estate with lists in ascending id and its content hash set. The revision is outside the hash."""
    ordered: dict[str, Any] = {
        name: tuple(sorted(getattr(estate, name), key=lambda row: row.id))
        for name in LISTS
        if getattr(estate, name) and hasattr(getattr(estate, name)[0], "id")
    }
    bare = replace(estate, **ordered, content_hash="")
    return replace(bare, content_hash=content_hash(replace(bare, revision=0)))
