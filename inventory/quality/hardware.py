"""Findings about types and devices: weight and height, serial numbers and tags, supply redundancy."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from inventory.estate import DeviceType, Estate, Ref
from inventory.quality.finding import Finding, called, found

HEAVIEST_KG_PER_U = 100  # the densest published storage shelves stay below 40; a threshold for typing errors
TALLEST_DEVICE_U = 60
REDUNDANCY = re.compile(r"\s*0*[1-9][0-9]?\s*\+\s*[0-9]{1,2}\s*", re.ASCII)


def hardware(estate: Estate) -> Iterator[Finding]:
    """Findings about device types and devices."""
    yield from _weights(estate)
    for device_type in estate.device_types:
        yield from _sizes(device_type)
    yield from _duplicates(estate, "serial", "duplicate-serial")
    yield from _duplicates(estate, "asset_tag", "duplicate-asset-tag")
    for device in estate.devices:
        if device.supply_redundancy is not None and not REDUNDANCY.fullmatch(device.supply_redundancy):
            ref = Ref("devices", device.id)
            message = f"{called(device, ref)} has supply redundancy {device.supply_redundancy[:40]!r}"
            yield found("redundancy-unreadable", ref, message)


def _weights(estate: Estate) -> Iterator[Finding]:
    weighed = {item.object for item in estate.observations if item.metric == "weight_kg"}
    unweighed: dict[int, list[Ref]] = defaultdict(list)
    for device in estate.devices:
        if Ref("devices", device.id) not in weighed:
            unweighed[device.device_type_id].append(Ref("devices", device.id))
    for device_type in estate.device_types:
        ref = Ref("device_types", device_type.id)
        devices = unweighed.get(device_type.id, [])
        if device_type.weight_kg is None and devices and ref not in weighed:
            counted = f"{len(devices)} devices without one of their own"
            message = f"nobody knows the weight of {called(device_type, ref)} ({counted})"
            yield found("weight-unknown", ref, message, tuple(devices))


def _sizes(device_type: DeviceType) -> Iterator[Finding]:
    ref = Ref("device_types", device_type.id)
    name = called(device_type, ref)
    height_u = device_type.height_u
    if not 0 <= height_u <= TALLEST_DEVICE_U or not (height_u * 2).is_integer():
        yield found("height-implausible", ref, f"{name} is {height_u:g} U high")
    weight_kg = device_type.weight_kg
    if weight_kg is not None and not 0 < weight_kg <= HEAVIEST_KG_PER_U * max(height_u, 1):
        yield found("weight-implausible", ref, f"{name} weighs {weight_kg:g} kg at {height_u:g} U")


def _duplicates(estate: Estate, field: str, code: str) -> Iterator[Finding]:
    groups: dict[str, list[Ref]] = defaultdict(list)
    for device in estate.devices:
        value = getattr(device, field)
        if value:
            groups[value].append(Ref("devices", device.id))
    for value, refs in groups.items():
        if len(refs) > 1:
            yield found(code, refs[0], f"{len(refs)} devices have {field} {value[:80]!r}", tuple(refs[1:]))
