"""The tables of the inventory: one per list of the Estate, under the same name, and those of provenance.

`TABLES` names the former by their kind ("devices"), in an order in which what is referred to mostly comes first. What a
column may hold is said by the rows of the Estate; where a value came from by `provenance`.
"""

from __future__ import annotations

from inventory.models.columns import Table
from inventory.models.hardware import (
    Device,
    DeviceRole,
    DeviceType,
    FrontPortTemplate,
    Manufacturer,
    Platform,
    PowerPortTemplate,
    Rack,
    RackReservation,
)
from inventory.models.network import (
    Cable,
    Circuit,
    FrontPort,
    Interface,
    IPAddress,
    Prefix,
    Provider,
    RearPort,
)
from inventory.models.organisation import Location, Region, Site, Tag, TagAssignment, Tenant, TenantGroup
from inventory.models.planning import (
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
from inventory.models.power import PowerFeed, PowerOutlet, PowerPanel, PowerPort
from inventory.models.provenance import (
    HistoryEntry,
    LastIdentifier,
    Override,
    SourceRecord,
    StoredRun,
    WorkspaceMeta,
)
from inventory.models.virtual import Cluster, VirtualDisk, VirtualMachine

__all__ = [
    "TABLES",
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
    "Flow",
    "FrontPort",
    "FrontPortTemplate",
    "HistoryEntry",
    "IPAddress",
    "Interface",
    "LastIdentifier",
    "Location",
    "MaintenanceContract",
    "Manufacturer",
    "Observation",
    "Override",
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
    "Region",
    "Site",
    "SourceRecord",
    "SpecialNeed",
    "StoredRun",
    "StrategyOverride",
    "Table",
    "Tag",
    "TagAssignment",
    "Tenant",
    "TenantGroup",
    "VirtualDisk",
    "VirtualMachine",
    "WorkspaceMeta",
]

TABLES: dict[str, type[Table]] = {
    table.__tablename__: table
    for table in (
        Region,
        TenantGroup,
        Tenant,
        Tag,
        Site,
        Location,
        Manufacturer,
        DeviceRole,
        Platform,
        DeviceType,
        PowerPortTemplate,
        FrontPortTemplate,
        Rack,
        RackReservation,
        Cluster,
        Device,
        PowerPanel,
        PowerFeed,
        PowerPort,
        PowerOutlet,
        RearPort,
        FrontPort,
        Interface,
        Provider,
        Circuit,
        Cable,
        VirtualMachine,
        VirtualDisk,
        Prefix,
        IPAddress,
        Application,
        ApplicationMember,
        Flow,
        ChangeWindow,
        Observation,
        Constraint,
        SpecialNeed,
        MaintenanceContract,
        StrategyOverride,
        TagAssignment,
    )
}
