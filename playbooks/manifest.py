"""The manifest of a wave: what travels, from where to where, with serials, positions, weights, feeds and cables.

It is the list the crew ticks off, as data (JSON); the runbook shows the same as tables. Unknown is null.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from capacity.plan import CloudHost
from inventory.rows import Device, Ref
from playbooks.host_variables import HostVariables, instant
from playbooks.scope import WaveScope, host_of
from playbooks.wiring import Plug, Wiring


def wave_manifest(variables: HostVariables, wiring: Wiring, scope: WaveScope) -> dict[str, Any]:
    """The manifest as JSON data; texts of the inventory are values only."""
    return {
        "wave": scope.number,
        "plan_hash": variables.plan.content_hash,
        "start": instant(scope.start),
        "end": instant(scope.end),
        "devices": [
            {**device_entry(variables, asset), "cables": [_plug(plug) for plug in wiring.of(asset)]}
            for asset in scope.devices
        ],
        "workloads": [workload_entry(variables, asset) for asset in scope.workloads],
        "retired": [_source_entry(variables, asset) for asset in scope.retired],
    }


def device_entry(variables: HostVariables, asset: Ref) -> dict[str, Any]:
    """A relocated device: its source, its place at the target, what it weighs, draws and plugs into."""
    placed = variables.devices.get(asset)
    demand = variables.demands.get(asset)
    quantities = demand.quantities if demand else {}
    return {
        **_source_entry(variables, asset),
        "target": {
            "rack": placed.rack if placed else None,
            "position": placed.position if placed else None,
            "face": placed.face if placed else None,
            "parent": host_of(Ref("devices", placed.parent_device_id))
            if placed and placed.parent_device_id is not None
            else None,
            "bay": placed.parent_bay if placed else None,
        },
        "supplies": [{"feed": supply.feed, "leg": supply.leg} for supply in placed.supplies]
        if placed
        else [],
        "height_u": demand.height_u if demand else None,
        "redundancy": demand.redundancy if demand else None,
        **{
            name: {"planning": quantities[name].planning, "estimate": quantities[name].is_estimate}
            if name in quantities
            else None
            for name in ("weight_kg", "power_w", "ports")
        },
        "ports_now": port_names(variables, asset),
    }


def workload_entry(variables: HostVariables, asset: Ref) -> dict[str, Any]:
    """A workload: its source, its cloud host (with that host's rack), what it asks for."""
    placed = variables.workloads.get(asset)
    host = cloud_hosts(variables).get(placed.host) if placed else None
    demand = variables.demands.get(asset)
    quantities = demand.quantities if demand else {}
    return {
        **_source_entry(variables, asset),
        "target": {
            "pool": placed.pool if placed else None,
            "host": placed.host if placed else None,
            "rack": host.rack if host else None,
            "position": host.position if host else None,
        },
        **{
            name: quantities[name].planning if name in quantities else None
            for name in ("vcpus", "memory_mb", "disk_mb")
        },
        "rate_mbps": variables.rate_mbps(asset),
    }


def cloud_hosts(variables: HostVariables) -> dict[str, CloudHost]:
    return {host.id: host for host in variables.plan.hosts}


def port_names(variables: HostVariables, asset: Ref) -> list[str]:
    """Names of the device's cabled interfaces, which have to be cabled again."""
    return (
        [row.name for row in variables.cabled_interfaces.get(asset.id, ())] if asset.kind == "devices" else []
    )


def _plug(plug: Plug) -> dict[str, Any]:
    return {
        "port": plug.port,
        "kind": plug.kind,
        "label": plug.label,
        "type": plug.type,
        "source": [asdict(end) for end in plug.ends],
        "target": asdict(plug.target) if plug.target else None,
    }


def _source_entry(variables: HostVariables, asset: Ref) -> dict[str, Any]:
    estate = variables.estate
    row: Any = estate.find(asset)
    site_id = variables.belonging.site_of(asset)
    site = estate.by_id("sites").get(site_id) if site_id is not None else None
    rack_id = getattr(row, "rack_id", None)
    rack = estate.by_id("racks").get(rack_id) if rack_id is not None else None
    room_id = variables.belonging.room_of(row) if isinstance(row, Device) else None
    room = estate.by_id("locations").get(room_id) if room_id is not None else None
    decision = variables.decisions.get(asset)
    return {
        "host": host_of(asset),
        "asset": {"kind": asset.kind, "id": asset.id},
        "name": getattr(row, "name", None),
        "strategy": decision.strategy if decision else None,
        "serial": getattr(row, "serial", None) or None,
        "asset_tag": getattr(row, "asset_tag", None),
        "type": _type_of(variables, row),
        "source": {
            "site": site.name if site else None,
            "room": room.name if room else None,
            "rack": rack.name if rack else None,
            "position": getattr(row, "position", None),
            "face": getattr(row, "face", None) or None,
        },
    }


def _type_of(variables: HostVariables, row: Any) -> str | None:
    type_id = getattr(row, "device_type_id", None)
    found = variables.estate.by_id("device_types").get(type_id) if type_id is not None else None
    return found.model if found else None
