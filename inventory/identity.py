"""Which object of the inventory a source means when it names one for the first time.

Each kind has natural keys in NetBox's sense (a site's slug, a rack's site, location and name, a device's asset tag,
serial, or site and name). A key that fits several objects, or keys that fit different ones, name nobody: that is a
conflict to show, never a guess. An object met before is known by its source record, and doesn't come here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from inventory.fields import fields_of

SLUG = (("slug",),)

# Per kind: keys from the surest to the weakest. The last field of a key must be known and not empty.
KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "regions": SLUG,
    "tenant_groups": SLUG,
    "tenants": SLUG,
    "tags": SLUG,
    "sites": SLUG,
    "locations": (("site_id", "slug"),),
    "manufacturers": SLUG,
    "device_roles": SLUG,
    "platforms": SLUG,
    "device_types": (("manufacturer_id", "slug"),),
    "power_port_templates": (("device_type_id", "name"),),
    "front_port_templates": (("device_type_id", "name"),),
    "racks": (("site_id", "location_id", "name"),),
    "rack_reservations": (("rack_id", "units"),),
    "devices": (("asset_tag",), ("serial",), ("site_id", "name")),
    "interfaces": (("device_id", "name"),),
    "front_ports": (("device_id", "name"),),
    "rear_ports": (("device_id", "name"),),
    "cables": (("b_terminations", "a_terminations"),),
    "power_panels": (("site_id", "name"),),
    "power_feeds": (("power_panel_id", "name"),),
    "power_ports": (("device_id", "name"),),
    "power_outlets": (("device_id", "name"),),
    "clusters": (("name",),),
    "virtual_machines": (("cluster_id", "name"),),
    "virtual_disks": (("virtual_machine_id", "name"),),
    "prefixes": (("prefix",),),
    "ip_addresses": (("address",),),
    "providers": SLUG,
    "circuits": (("provider_id", "cid"),),
    "applications": SLUG,
    "application_members": (("application_id", "object"),),
    "flows": (("source", "description", "target"),),
    "change_windows": (("object", "weekday", "start_minute", "valid_from", "duration_minutes"),),
    "observations": (("object", "basis", "statistic", "source", "observed_at", "interval_start", "metric"),),
    "constraints": (("kind", "name"),),
    "special_needs": (("object", "detail", "need"),),
    "maintenance_contracts": (("object", "provider", "reference"),),
    "strategy_overrides": (("object",),),
    "tag_assignments": (("tag_id", "object"),),
}

# Two objects with different known values here are different objects, whatever else they share.
MARKS: dict[str, tuple[str, ...]] = {"devices": ("serial", "asset_tag")}


class NaturalKey(NamedTuple):
    """The values of some fields that together name an object of a kind."""

    kind: str
    fields: tuple[str, ...]
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """`object_id` when exactly one object is meant; `reason` says why nobody could be named; neither means new."""

    object_id: int | None = None
    reason: str = ""


class Matcher:
    """The natural keys of one kind's objects in the inventory, for the objects a source may still claim."""

    def __init__(self, kind: str, rows: Mapping[int, Any], claimed: set[int]) -> None:
        self._kind = kind
        self._rows = rows
        self._index: dict[NaturalKey, list[int]] = defaultdict(list)
        for object_id, row in rows.items():
            if object_id not in claimed:
                values = {name: getattr(row, name) for key in KEYS[kind] for name in key}
                for key in natural_keys(kind, values):
                    self._index[key].append(object_id)

    def match(self, values: Mapping[str, Any]) -> Match:
        """Which object has these field values (in the inventory's terms)."""
        if not self._index:
            return Match()
        named: dict[int, NaturalKey] = {}
        doubtful = ""
        for key in natural_keys(self._kind, values):
            found = [number for number in self._index.get(key, ()) if not self._other(number, values)]
            if len(found) == 1:
                named.setdefault(found[0], key)
            elif len(found) > 1:
                shown = ", ".join(str(number) for number in found[:5])
                doubtful = (
                    doubtful or f"{len(found)} {self._kind} have this {' and '.join(key.fields)}: {shown}"
                )
            elif found != self._index.get(key, []):
                other = self._index[key][0]
                doubtful = doubtful or (
                    f"{self._kind} {other} has this {' and '.join(key.fields)}, but another serial or asset tag"
                )
        if len(named) > 1:
            shown = "; ".join(
                f"{self._kind} {number} by {' and '.join(key.fields)}" for number, key in named.items()
            )
            return Match(reason=f"it fits several: {shown}")
        if named:
            return Match(object_id=next(iter(named)))
        return Match(reason=doubtful)

    def _other(self, object_id: int, values: Mapping[str, Any]) -> bool:
        row = self._rows[object_id]
        marks = MARKS.get(self._kind, ())
        return any(
            values.get(mark) and getattr(row, mark) and values[mark] != getattr(row, mark) for mark in marks
        )


def natural_keys(kind: str, values: Mapping[str, Any]) -> list[NaturalKey]:
    """The keys these values can form. An optional field that isn't given counts as its default; without a required
    one, or with an empty last one, there is no key.
    """
    specs = fields_of(kind)
    found: list[NaturalKey] = []
    for fields in KEYS[kind]:
        if values.get(fields[-1]) in (None, "", ()):
            continue
        if all(name in values or not specs[name].required for name in fields):
            found.append(
                NaturalKey(kind, fields, tuple(values.get(name, specs[name].default) for name in fields))
            )
    return found
