"""How the rows of the Estate hang together: which field links to which list, and what goes when something else goes.

A row goes with what it can't be without: a device with its rack, room, site and chassis, a port with its device, a
cable with either end. Elsewhere a link to something gone becomes unknown, and lists of links lose it.
"""

from __future__ import annotations

import types
import typing
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from capacity.belonging import Belonging
from inventory import estate as estate_module
from inventory.estate import LISTS, Estate, Ref, sealed

OWN = ""  # a link into the row's own list
TARGETS = {
    "application_id": "applications",
    "cable_id": "cables",
    "cluster_id": "clusters",
    "device_id": "devices",
    "device_type_id": "device_types",
    "group_id": "tenant_groups",
    "location_id": "locations",
    "manufacturer_id": "manufacturers",
    "parent_device_id": "devices",
    "parent_id": OWN,
    "platform_id": "platforms",
    "power_panel_id": "power_panels",
    "power_port_id": "power_ports",
    "provider_id": "providers",
    "rack_id": "racks",
    "rear_port_id": "rear_ports",
    "region_id": "regions",
    "role_id": "device_roles",
    "site_id": "sites",
    "site_ids": "sites",
    "tag_id": "tags",
    "tenant_id": "tenants",
    "virtual_machine_id": "virtual_machines",
}
GOES_WITH = {
    ("devices", "location_id"),
    ("devices", "parent_device_id"),
    ("devices", "rack_id"),
    ("locations", "parent_id"),
    ("racks", "location_id"),
    ("power_panels", "location_id"),
    ("virtual_machines", "cluster_id"),
    ("virtual_machines", "site_id"),
    ("clusters", "scope"),
    ("ip_addresses", "assigned_object"),
    ("cables", "a_terminations"),
    ("cables", "b_terminations"),
}
REMOVABLE = (
    "sites", "locations", "racks", "rack_reservations", "devices", "virtual_machines", "clusters", "circuits",
    "applications", "flows", "constraints", "special_needs", "change_windows", "maintenance_contracts",
    "strategy_overrides", "observations", "power_feeds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """A field that names other rows. `target` None: the references say their list themselves."""

    name: str
    target: str | None
    is_many: bool
    goes: bool


@cache
def _hints(kind: str) -> dict[str, Any]:
    annotation = typing.get_type_hints(Estate, vars(estate_module))[kind]
    return typing.get_type_hints(typing.get_args(annotation)[0])


def row_hints(kind: str) -> dict[str, Any]:
    """The fields of the rows of a list with their types, without the id."""
    return {name: hint for name, hint in _hints(kind).items() if name != "id"}


def has_id(kind: str) -> bool:
    """Whether the rows of a list have an id (who is a member of what, and what is tagged, have none)."""
    return "id" in _hints(kind)


@cache
def links_of(kind: str) -> tuple[Link, ...]:
    """The links of the rows of a list."""
    found: list[Link] = []
    for name, hint in row_hints(kind).items():
        parts = typing.get_args(hint)
        is_optional = isinstance(hint, types.UnionType) and type(None) in parts
        is_many = typing.get_origin(hint) is tuple
        if hint is Ref or Ref in parts:
            target = None
        elif name in TARGETS:
            target = TARGETS[name] or kind
        else:
            continue
        goes = (not is_optional and not is_many) or (kind, name) in GOES_WITH
        found.append(Link(name, target, is_many, goes))
    return tuple(found)


def without(estate: Estate, refs: set[Ref]) -> tuple[Estate, dict[str, int]]:
    """The estate without these rows and what goes with them, sealed; and how many rows went, by list."""
    gone = _with_machines_of_sites(estate, refs)
    while True:
        more = {
            Ref(kind, row.id)
            for kind in LISTS
            for row in getattr(estate, kind)
            if hasattr(row, "id") and Ref(kind, row.id) not in gone and _goes(kind, row, gone)
        }
        if not more:
            break
        gone |= more
    kept: dict[str, Any] = {}
    counts: dict[str, int] = defaultdict(int)
    for kind in LISTS:
        rows = getattr(estate, kind)
        left = tuple(
            _forgetting(kind, row, gone)
            for row in rows
            if Ref(kind, getattr(row, "id", -1)) not in gone and not _goes(kind, row, gone)
        )
        if len(left) != len(rows):
            counts[kind] = len(rows) - len(left)
        kept[kind] = left
    return sealed(replace(estate, **kept)), dict(counts)


def _with_machines_of_sites(estate: Estate, refs: set[Ref]) -> set[Ref]:
    """With the machines at a site that goes, however the estate says that they are there."""
    sites = {ref.id for ref in refs if ref.kind == "sites"}
    if not sites:
        return set(refs)
    belonging = Belonging(estate)
    machines = (Ref("virtual_machines", machine.id) for machine in estate.virtual_machines)
    return set(refs) | {ref for ref in machines if belonging.site_of(ref) in sites}


def _targets(link: Link, row: Any) -> tuple[Ref, ...]:
    value = getattr(row, link.name)
    if value is None:
        return ()
    values = value if link.is_many else (value,)
    return tuple(v if isinstance(v, Ref) else Ref(link.target or "", v) for v in values)


def _goes(kind: str, row: Any, gone: set[Ref]) -> bool:
    """Whether a row can't be without what is gone: one link it hangs on, or the last of a list of links."""
    for link in links_of(kind):
        targets = _targets(link, row)
        lost = sum(target in gone for target in targets)
        if lost and (link.goes or (link.is_many and lost == len(targets))):
            return True
    return False


def _forgetting(kind: str, row: Any, gone: set[Ref]) -> Any:
    changed: dict[str, Any] = {}
    for link in links_of(kind):
        targets = _targets(link, row)
        if not any(target in gone for target in targets):
            continue
        if link.is_many:
            values = getattr(row, link.name)
            changed[link.name] = tuple(v for v, t in zip(values, targets, strict=True) if t not in gone)
        else:
            changed[link.name] = None
    return replace(row, **changed) if changed else row
