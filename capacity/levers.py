"""Limits by their path: what one is now, the facility with another value there, and how a person calls it.

A path is what evidence says: `facility.supply[H1-R2-A].rating_w`, `facility.pools[0].host_type.vcpus`; what stands in
brackets is a place in the list or the name of its entry. Whether a change is wise is for `sensitivity`; nothing is
planned here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from typing import Any

from capacity.facility import Facility, sealed
from capacity.plan import LimitChange
from inventory.errors import InputError

KEYS = ("name", "partner", "id", "model")  # by which entries of lists are called
UNITS = {
    "w": "W", "kg": "kg", "u": "U", "m2": "m²", "mb": "MB", "mbps": "Mbit/s", "minutes": "minutes",
    "days": "days",
}  # fmt: skip


def parts_of(path: str) -> list[tuple[str, str | None]]:
    """The steps of a path without its document: field, and what stands in brackets."""
    steps = [(name, inside or None) for name, inside in re.findall(r"([A-Za-z_0-9]+)(?:\[([^\]]*)\])?", path)]
    return steps[1:]


def value_of(facility: Facility, path: str) -> Any:
    """What stands at a path of the facility. Raises InputError where nothing does."""
    node: Any = facility
    for name, inside in parts_of(path):
        node = _member(node, name, path)
        if inside is not None:
            node = node[_index(node, inside, path)]
    return node


def with_value(facility: Facility, path: str, value: object) -> Facility:
    """The facility, sealed again, with another value at a path. Raises InputError where nothing stands there."""
    return with_values(facility, {path: value})


def with_values(facility: Facility, values: Mapping[str, object]) -> Facility:
    """The facility, sealed once, with other values at several paths. Raises InputError where nothing stands there."""
    for path, value in values.items():
        facility = _with(facility, parts_of(path), value, path)
    return sealed(facility)


def changed(facility: Facility, *changes: LimitChange) -> Facility:
    """The facility after changes of limits; whole numbers stay whole."""
    for change in changes:
        now = value_of(facility, change.limit_path)
        new = (now or 0) + change.by
        facility = with_value(facility, change.limit_path, int(new) if isinstance(now, int) else new)
    return facility


def _member(node: Any, name: str, path: str) -> Any:
    if not is_dataclass(node) or not hasattr(node, name):
        raise InputError(f"the facility has no {path}", remedy="use a path that `vorst plan` names")
    return getattr(node, name)


def _index(entries: Any, inside: str, path: str) -> int:
    """The place of an entry: by name first, as names may be numbers too."""
    for number, entry in enumerate(entries):
        if any(getattr(entry, key, None) == inside for key in KEYS):
            return number
    if inside.isdigit() and int(inside) < len(entries):
        return int(inside)
    raise InputError(f"the facility has no {path}", remedy="use a path that `vorst plan` names")


def _with(node: Any, steps: list[tuple[str, str | None]], value: object, path: str) -> Any:
    if not steps:
        return value
    (name, inside), rest = steps[0], steps[1:]
    member = _member(node, name, path)
    if inside is None:
        return replace(node, **{name: _with(member, rest, value, path)})
    index = _index(member, inside, path)
    entry = _with(member[index], rest, value, path)
    return replace(node, **{name: (*member[:index], entry, *member[index + 1 :])})


# --- words -----------------------------------------------------------------------------------------------------------


def in_words(facility: Facility, path: str) -> str:
    """A limit as a person calls it; the path itself where it is none of the facility's."""
    steps = parts_of(path)
    field = steps[-1][0]
    if not path.startswith("facility."):
        return path
    if steps[0][0] == "supply":
        node = next((n for n in facility.supply if n.name == steps[0][1]), None)
        return f"the rating of {node.kind if node else 'node'} {steps[0][1]}"
    if steps[0][0] == "entitlements":
        return f"{steps[0][1]}'s entitled {NOUNS.get(field, field)}"
    if steps[0][0] == "cooling_zones":
        zone = facility.cooling_zones[_index(facility.cooling_zones, steps[0][1] or "", path)]
        return f"what each of the {zone.units} units of {zone.name} cools"
    if steps[0][0] == "rack_models":
        model = facility.rack_models[_index(facility.rack_models, steps[0][1] or "", path)].model
        return f"{NOUNS.get(field, field)} of rack model {model}"
    if steps[0][0] == "racks":
        return f"{NOUNS.get(field, field)} of rack {steps[0][1]}"
    if steps[0][0] == "pools":
        pool = facility.pools[_index(facility.pools, steps[0][1] or "", path)]
        return f"{NOUNS.get(field, field)} of pool {pool.name}"
    if steps[0][0] == "halls":
        hall = facility.halls[_index(facility.halls, steps[0][1] or "", path)]
        return f"what the floor of hall {hall.name} bears"
    return {"heavy_max_top_u": "how high a heavy thing may reach"}.get(field, path)


NOUNS = {
    "area_m2": "area", "power_w": "power", "units_u": "units", "height_u": "the height",
    "max_weight_kg": "the most weight",
    "stock": "the stock", "ports_provided": "the ports", "max_hosts": "the most hosts", "vcpus": "the vCPUs of a host",
    "memory_mb": "the memory of a host", "storage_mb": "the storage of a host", "cpu_overcommit": "the vCPU overcommit",
    "memory_overcommit": "the memory overcommit", "reserve_hosts": "the hosts in reserve",
}  # fmt: skip


def unit_of(path: str) -> str:
    """The unit a limit's field is in; nothing for mere counts and shares."""
    field = parts_of(path)[-1][0] if parts_of(path) else path
    if field == "limit_kg_m2":
        return "kg/m²"
    return UNITS.get(field.rsplit("_", 1)[-1], "") if "_" in field else ""


def amount_text(path: str, value: float) -> str:
    """An amount of a limit for people: 350 W, 1.2 kW, 0.4 m², 2 hosts."""
    unit = unit_of(path)
    if unit == "W" and abs(value) >= 1000:
        value, unit = value / 1000, "kW"
    if unit == "MB" and abs(value) >= 1000:
        value, unit = value / 1000, "GB"
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return f"{text} {unit}".rstrip()
