"""How one value of NetBox's REST API reads: nested objects, choices, numbers, units of weight and length, relations.

It answers with plain values and source references. Which field of which object they belong to is `netbox_fields`' part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inventory.sources.contract import SourceRef

Row = Mapping[str, Any]

KG_PER_UNIT = {"kg": 1.0, "g": 0.001, "lb": 0.45359237, "oz": 0.028349523125}
"""Kilograms in one of NetBox's weight units; pound and ounce avoirdupois by the international definition of 1959."""

MM_PER_UNIT = {"mm": 1.0, "in": 25.4}

KIND_OF_TYPE = {
    "circuits.circuit": "circuits",
    "circuits.circuittermination": "circuit_terminations",
    "circuits.provider": "providers",
    "circuits.providernetwork": "provider_networks",
    "dcim.cable": "cables",
    "dcim.consoleport": "console_ports",
    "dcim.consoleserverport": "console_server_ports",
    "dcim.device": "devices",
    "dcim.frontport": "front_ports",
    "dcim.interface": "interfaces",
    "dcim.location": "locations",
    "dcim.powerfeed": "power_feeds",
    "dcim.poweroutlet": "power_outlets",
    "dcim.powerport": "power_ports",
    "dcim.rack": "racks",
    "dcim.rearport": "rear_ports",
    "dcim.region": "regions",
    "dcim.site": "sites",
    "dcim.sitegroup": "site_groups",
    "ipam.fhrpgroup": "fhrp_groups",
    "virtualization.cluster": "clusters",
    "virtualization.virtualmachine": "virtual_machines",
    "virtualization.vminterface": "vm_interfaces",
}
"""NetBox's object types and the plural list name; the Estate lacks some of these lists, a reference keeps the name."""


def reference(kind: str, nested: Any) -> SourceRef | None:
    """A nested object (or a bare id) as a reference; None stays None."""
    if nested is None:
        return None
    number = nested["id"] if isinstance(nested, Mapping) else nested
    return SourceRef(kind, str(int(number)))


def choice(value: Any) -> str | None:
    """The value of a choice field, which NetBox writes as `{"value": …, "label": …}`, a bare string or an empty one."""
    if isinstance(value, Mapping):
        value = value.get("value")
    return str(value) if value not in (None, "") else None


def text(value: Any) -> str:
    """Free text; NetBox's null means empty where the row says text."""
    return "" if value is None else str(value)


def number(value: Any) -> float | None:
    return None if value is None or value == "" else float(value)


def integer(value: Any) -> int | None:
    return None if value is None or value == "" else int(value)


def weight_kg(value: Any, unit: Any) -> float | None:
    """A weight in kilograms; None when the weight or its unit isn't known."""
    factor = KG_PER_UNIT.get(choice(unit) or "")
    amount = number(value)
    return None if amount is None or factor is None else round(amount * factor, 6)


def length_mm(value: Any, unit: Any) -> int | None:
    """An outer dimension in whole millimetres; None when the length or its unit isn't known."""
    factor = MM_PER_UNIT.get(choice(unit) or "")
    amount = number(value)
    return None if amount is None or factor is None else round(amount * factor)


def typed_reference(type_name: Any, object_id: Any) -> SourceRef | None:
    """A generic relation ("dcim.site", 7); a type nobody listed keeps NetBox's model name with an s."""
    if not type_name or object_id is None:
        return None
    kind = KIND_OF_TYPE.get(str(type_name)) or str(type_name).rpartition(".")[2] + "s"
    return SourceRef(kind, str(int(object_id)))


def scope(row: Row) -> SourceRef | None:
    """The scope of a cluster or prefix: generic since NetBox 4.2, a site before."""
    if "scope_type" in row:
        return typed_reference(row["scope_type"], row.get("scope_id"))
    return reference("sites", row.get("site"))
