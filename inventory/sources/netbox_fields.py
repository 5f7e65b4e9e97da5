"""What one object of NetBox's REST API says in the terms of the Estate's rows.

It answers which endpoint holds which list, and which of NetBox's fields become which row fields, for NetBox 4.0
to 4.6. How a single value reads is in `netbox_values`; reading pages over HTTP is `netbox_pages`' part; which
objects are handed over in the end is `netbox`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from inventory.sources.contract import SourceRef
from inventory.sources.netbox_values import (
    Row,
    choice,
    integer,
    length_mm,
    number,
    reference,
    scope,
    text,
    typed_reference,
    weight_kg,
)

Fields = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """What an object's fields depend on besides the object: NetBox's version and where each location is."""

    version: tuple[int, int] = (4, 6)
    site_of_location: Mapping[int, int] = field(default_factory=dict)


def _named(row: Row) -> Fields:
    return {"name": row["name"], "slug": row["slug"]}


def _port(row: Row) -> Fields:
    return {
        "device_id": reference("devices", row["device"]),
        "name": row["name"],
        "cable_id": reference("cables", row.get("cable")),
    }


def _address(nested: Any) -> str | None:
    return str(nested["address"]) if nested else None


# --- organisation ------------------------------------------------------------------------------------------------


def _region(row: Row, _: Context) -> Fields:
    return {**_named(row), "parent_id": reference("regions", row.get("parent"))}


def _tenant_group(row: Row, _: Context) -> Fields:
    return {**_named(row), "parent_id": reference("tenant_groups", row.get("parent"))}


def _tenant(row: Row, _: Context) -> Fields:
    return {**_named(row), "group_id": reference("tenant_groups", row.get("group"))}


def _plain(row: Row, _: Context) -> Fields:
    return _named(row)


def _site(row: Row, _: Context) -> Fields:
    return {
        **_named(row),
        "status": choice(row["status"]),
        "region_id": reference("regions", row.get("region")),
        "tenant_id": reference("tenants", row.get("tenant")),
        "physical_address": text(row.get("physical_address")),
        "latitude": number(row.get("latitude")),
        "longitude": number(row.get("longitude")),
        "time_zone": choice(row.get("time_zone")),
    }


def _location(row: Row, _: Context) -> Fields:
    return {
        **_named(row),
        "site_id": reference("sites", row["site"]),
        "parent_id": reference("locations", row.get("parent")),
        "status": choice(row.get("status")) or "active",
        "tenant_id": reference("tenants", row.get("tenant")),
    }


# --- hardware ----------------------------------------------------------------------------------------------------


def _platform(row: Row, _: Context) -> Fields:
    return {**_named(row), "manufacturer_id": reference("manufacturers", row.get("manufacturer"))}


def _device_type(row: Row, _: Context) -> Fields:
    return {
        "manufacturer_id": reference("manufacturers", row["manufacturer"]),
        "model": row["model"],
        "slug": row["slug"],
        "part_number": text(row.get("part_number")),
        "height_u": number(row["u_height"]),
        "is_full_depth": bool(row["is_full_depth"]),
        "airflow": choice(row.get("airflow")),
        "weight_kg": weight_kg(row.get("weight"), row.get("weight_unit")),
        "subdevice_role": choice(row.get("subdevice_role")),
    }


def _power_port_template(row: Row, _: Context) -> Fields:
    return {
        "device_type_id": reference("device_types", row["device_type"]),
        "name": row["name"],
        "type": choice(row.get("type")),
        "maximum_draw_w": integer(row.get("maximum_draw")),
        "allocated_draw_w": integer(row.get("allocated_draw")),
    }


def _front_port_template(row: Row, _: Context) -> Fields:
    return {"device_type_id": reference("device_types", row["device_type"]), "name": row["name"]}


def _rack(row: Row, _: Context) -> Fields:
    return {
        "name": row["name"],
        "site_id": reference("sites", row["site"]),
        "location_id": reference("locations", row.get("location")),
        "tenant_id": reference("tenants", row.get("tenant")),
        "status": choice(row["status"]),
        "height_u": integer(row["u_height"]),
        "starting_unit": integer(row.get("starting_unit", 1)),
        "desc_units": bool(row["desc_units"]),
        "outer_width_mm": length_mm(row.get("outer_width"), row.get("outer_unit")),
        "outer_depth_mm": length_mm(row.get("outer_depth"), row.get("outer_unit")),
        "weight_kg": weight_kg(row.get("weight"), row.get("weight_unit")),
        "max_weight_kg": weight_kg(row.get("max_weight"), row.get("weight_unit")),
    }


def _rack_reservation(row: Row, _: Context) -> Fields:
    return {
        "rack_id": reference("racks", row["rack"]),
        "units": tuple(float(unit) for unit in row["units"]),
        "tenant_id": reference("tenants", row.get("tenant")),
        "description": text(row.get("description")),
    }


def _device(row: Row, _: Context) -> Fields:
    parent = row.get("parent_device")
    bay = parent.get("device_bay") if parent else None
    return {
        "name": row["name"],
        "device_type_id": reference("device_types", row["device_type"]),
        "role_id": reference("device_roles", row["role"] if "role" in row else row["device_role"]),
        "site_id": reference("sites", row["site"]),
        "platform_id": reference("platforms", row.get("platform")),
        "tenant_id": reference("tenants", row.get("tenant")),
        "location_id": reference("locations", row.get("location")),
        "rack_id": reference("racks", row.get("rack")),
        "position": number(row.get("position")),
        "face": choice(row.get("face")),
        "status": choice(row["status"]),
        "serial": text(row.get("serial")),
        "asset_tag": row.get("asset_tag"),
        "airflow": choice(row.get("airflow")),
        "parent_device_id": reference("devices", parent),
        "parent_bay": str(bay["name"]) if bay else None,
        "cluster_id": reference("clusters", row.get("cluster")),
        "primary_ip": _address(row.get("primary_ip")),
    }


def _interface(row: Row, _: Context) -> Fields:
    mac = row.get("mac_address") or (row.get("primary_mac_address") or {}).get("mac_address")
    return {
        **_port(row),
        "type": choice(row["type"]),
        "enabled": bool(row["enabled"]),
        "mgmt_only": bool(row.get("mgmt_only")),
        "speed_kbps": integer(row.get("speed")),
        "mac_address": mac or None,
    }


def _front_port(row: Row, _: Context) -> Fields:
    """Since NetBox 4.5 a front port maps to several rear ports; the row holds that of its first position."""
    if "rear_ports" in row:
        mappings = sorted(row["rear_ports"], key=lambda mapping: mapping["position"])
        rear = mappings[0]["rear_port"] if mappings else None
    else:
        rear = row.get("rear_port")
    return {
        **_port(row),
        "type": choice(row.get("type")) or "",
        "rear_port_id": reference("rear_ports", rear),
    }


def _rear_port(row: Row, _: Context) -> Fields:
    return {**_port(row), "type": choice(row.get("type")) or "", "positions": integer(row["positions"])}


def _cable(row: Row, _: Context) -> Fields:
    ends = {
        f"{side}_terminations": tuple(
            ref
            for end in row[f"{side}_terminations"] or ()
            if (ref := typed_reference(end["object_type"], end["object_id"])) is not None
        )
        for side in ("a", "b")
    }
    return {
        "type": choice(row.get("type")),
        "status": choice(row.get("status")) or "connected",
        "label": text(row.get("label")),
        **ends,
    }


# --- power -------------------------------------------------------------------------------------------------------


def _power_panel(row: Row, _: Context) -> Fields:
    return {
        "name": row["name"],
        "site_id": reference("sites", row["site"]),
        "location_id": reference("locations", row.get("location")),
    }


def _power_feed(row: Row, _: Context) -> Fields:
    return {
        "name": row["name"],
        "power_panel_id": reference("power_panels", row["power_panel"]),
        "rack_id": reference("racks", row.get("rack")),
        "status": choice(row["status"]),
        "type": choice(row["type"]),
        "supply": choice(row["supply"]),
        "phase": choice(row["phase"]),
        "voltage_v": integer(row.get("voltage")),
        "amperage_a": integer(row.get("amperage")),
        "max_utilization_pct": integer(row.get("max_utilization")),
        "cable_id": reference("cables", row.get("cable")),
    }


def _power_port(row: Row, _: Context) -> Fields:
    return {
        **_port(row),
        "type": choice(row.get("type")),
        "maximum_draw_w": integer(row.get("maximum_draw")),
        "allocated_draw_w": integer(row.get("allocated_draw")),
    }


def _power_outlet(row: Row, _: Context) -> Fields:
    return {
        **_port(row),
        "type": choice(row.get("type")),
        "power_port_id": reference("power_ports", row.get("power_port")),
        "feed_leg": choice(row.get("feed_leg")),
    }


# --- virtualisation ----------------------------------------------------------------------------------------------


def _cluster(row: Row, _: Context) -> Fields:
    group = row.get("group")
    return {
        "name": row["name"],
        "type": text(row["type"]["slug"]),
        "group": text(group["slug"]) if group else None,
        "status": choice(row.get("status")) or "active",
        "tenant_id": reference("tenants", row.get("tenant")),
        "scope": scope(row),
    }


def _disk_mb(size: Any, context: Context) -> int | None:
    """NetBox 4.0 kept disks in GB; 4.1 changed to MB and multiplied what it had by 1000."""
    amount = integer(size)
    return amount * 1000 if amount is not None and context.version < (4, 1) else amount


def _virtual_machine(row: Row, context: Context) -> Fields:
    return {
        "name": row["name"],
        "cluster_id": reference("clusters", row.get("cluster")),
        "site_id": reference("sites", row.get("site")),
        "device_id": reference("devices", row.get("device")),
        "role_id": reference("device_roles", row.get("role")),
        "platform_id": reference("platforms", row.get("platform")),
        "tenant_id": reference("tenants", row.get("tenant")),
        "status": choice(row["status"]),
        "vcpus": number(row.get("vcpus")),
        "memory_mb": integer(row.get("memory")),
        "disk_mb": _disk_mb(row.get("disk"), context),
        "primary_ip": _address(row.get("primary_ip")),
    }


def _virtual_disk(row: Row, context: Context) -> Fields:
    return {
        "virtual_machine_id": reference("virtual_machines", row["virtual_machine"]),
        "name": row["name"],
        "size_mb": _disk_mb(row["size"], context),
    }


# --- addresses and circuits --------------------------------------------------------------------------------------


def _prefix(row: Row, _: Context) -> Fields:
    vlan = row.get("vlan")
    return {
        "prefix": row["prefix"],
        "status": choice(row["status"]),
        "tenant_id": reference("tenants", row.get("tenant")),
        "scope": scope(row),
        "vlan_vid": integer(vlan["vid"]) if vlan else None,
    }


def _ip_address(row: Row, _: Context) -> Fields:
    """An address on an interface of a virtual machine belongs to the machine: the Estate has no such interfaces."""
    assigned = typed_reference(row.get("assigned_object_type"), row.get("assigned_object_id"))
    if assigned is not None and assigned.kind == "vm_interfaces":
        machine = (row.get("assigned_object") or {}).get("virtual_machine")
        assigned = reference("virtual_machines", machine) or assigned
    return {
        "address": row["address"],
        "status": choice(row["status"]),
        "tenant_id": reference("tenants", row.get("tenant")),
        "dns_name": text(row.get("dns_name")),
        "assigned_object": assigned,
    }


def _circuit(row: Row, context: Context) -> Fields:
    ends = [end for end in (row.get("termination_a"), row.get("termination_z")) if end]
    sites = dict.fromkeys(site for end in ends if (site := _site_of_end(end, context)) is not None)
    return {
        "cid": row["cid"],
        "provider_id": reference("providers", row["provider"]),
        "type": text(row["type"]["slug"]),
        "status": choice(row["status"]),
        "tenant_id": reference("tenants", row.get("tenant")),
        "rate_mbps": _rate_mbps(row.get("commit_rate"), ends),
        "site_ids": tuple(sites),
    }


def _rate_mbps(commit_rate_kbps: Any, ends: list[Row]) -> float | None:
    """The commit rate, else what the slower end's port gives; NetBox keeps all of them in kbit/s."""
    commit = number(commit_rate_kbps)
    if commit is not None:
        return commit / 1000
    speeds = [speed for end in ends if (speed := number(end.get("port_speed"))) is not None]
    return min(speeds) / 1000 if speeds else None


def _site_of_end(end: Row, context: Context) -> SourceRef | None:
    """The site of a circuit's end: a site, or a location's site, since NetBox 4.2; its own field before."""
    if "termination_type" not in end:
        return reference("sites", end.get("site"))
    where = typed_reference(end["termination_type"], end.get("termination_id"))
    if where is None:
        return None
    if where.kind == "locations":
        return reference("sites", context.site_of_location.get(int(where.external_id)))
    return where if where.kind == "sites" else None


# --- the lists ---------------------------------------------------------------------------------------------------


def _of_device_type(row: Row) -> bool:
    """Templates of a module type belong to no device type; the devices' real ports carry what a module brings."""
    return row.get("device_type") is not None


@dataclass(frozen=True)
class NetBoxList:
    """One list of the Estate: NetBox's application and endpoint, how its objects read, and which of them count."""

    kind: str
    app: str
    endpoint: str
    fields: Callable[[Row, Context], Fields]
    counts: Callable[[Row], bool] = lambda _: True
    has_config_context: bool = False
    has_tags: bool = True


NETBOX_LISTS: tuple[NetBoxList, ...] = (
    NetBoxList("regions", "dcim", "regions", _region),
    NetBoxList("tenant_groups", "tenancy", "tenant-groups", _tenant_group),
    NetBoxList("tenants", "tenancy", "tenants", _tenant),
    NetBoxList("tags", "extras", "tags", _plain, has_tags=False),
    NetBoxList("sites", "dcim", "sites", _site),
    NetBoxList("locations", "dcim", "locations", _location),
    NetBoxList("manufacturers", "dcim", "manufacturers", _plain),
    NetBoxList("device_roles", "dcim", "device-roles", _plain),
    NetBoxList("platforms", "dcim", "platforms", _platform),
    NetBoxList("device_types", "dcim", "device-types", _device_type),
    NetBoxList(
        "power_port_templates",
        "dcim",
        "power-port-templates",
        _power_port_template,
        _of_device_type,
        has_tags=False,
    ),
    NetBoxList(
        "front_port_templates",
        "dcim",
        "front-port-templates",
        _front_port_template,
        _of_device_type,
        has_tags=False,
    ),
    NetBoxList("racks", "dcim", "racks", _rack),
    NetBoxList("rack_reservations", "dcim", "rack-reservations", _rack_reservation),
    NetBoxList("devices", "dcim", "devices", _device, has_config_context=True),
    NetBoxList("interfaces", "dcim", "interfaces", _interface),
    NetBoxList("front_ports", "dcim", "front-ports", _front_port),
    NetBoxList("rear_ports", "dcim", "rear-ports", _rear_port),
    NetBoxList("cables", "dcim", "cables", _cable),
    NetBoxList("power_panels", "dcim", "power-panels", _power_panel),
    NetBoxList("power_feeds", "dcim", "power-feeds", _power_feed),
    NetBoxList("power_ports", "dcim", "power-ports", _power_port),
    NetBoxList("power_outlets", "dcim", "power-outlets", _power_outlet),
    NetBoxList("clusters", "virtualization", "clusters", _cluster),
    NetBoxList(
        "virtual_machines", "virtualization", "virtual-machines", _virtual_machine, has_config_context=True
    ),
    NetBoxList("virtual_disks", "virtualization", "virtual-disks", _virtual_disk),
    NetBoxList("prefixes", "ipam", "prefixes", _prefix),
    NetBoxList("ip_addresses", "ipam", "ip-addresses", _ip_address),
    NetBoxList("providers", "circuits", "providers", _plain),
    NetBoxList("circuits", "circuits", "circuits", _circuit),
)
