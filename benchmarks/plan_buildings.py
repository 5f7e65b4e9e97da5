"""The sample's facility, several times over: buildings side by side, each with its own supply, cooling and two halls.

What partners are entitled to grows with it. One building is the facility that `vorst init` writes, unchanged.
"""

from __future__ import annotations

from typing import Any

import yaml

from capacity.facility import Facility
from capacity.facility_file import default_text, read_facility


def facility_of(buildings: int) -> Facility:
    """So many of the sample's buildings as one facility."""
    text = default_text()
    if buildings == 1:
        return read_facility(text)
    one: dict[str, Any] = yaml.safe_load(text)
    many = dict(one)
    every = range(1, buildings + 1)
    many["supply"] = [_node(node, b) for b in every for node in one["supply"]]
    many["cooling_zones"] = [
        {**zone, "name": _named(zone["name"], b)} for b in every for zone in one["cooling_zones"]
    ]
    many["halls"] = [_hall(hall, b) for b in every for hall in one["halls"]]
    many["position_overrides"] = [
        {**cage, "hall": _named(cage["hall"], b), "cage": _named(cage["cage"], b)}
        for b in every
        for cage in one["position_overrides"]
    ]
    many["area"] = {**one["area"], **{k: one["area"][k] * buildings for k in ("gross_m2", "useful_m2")}}
    amounts = ("area_m2", "power_kw", "units_u")
    many["entitlements"] = [
        {**entry, **{amount: entry[amount] * buildings for amount in amounts}}
        for entry in one["entitlements"]
    ]
    many["sources"], many["assumptions"] = [], []  # they name values by their place in the file of one
    return read_facility(yaml.safe_dump(many, sort_keys=False))


def _named(name: str, building: int) -> str:
    return name if building == 1 else f"{name}x{building}"


def _node(node: dict[str, Any], building: int) -> dict[str, Any]:
    sources = [_named(source, building) for source in node.get("sources", ())]
    return {**node, "name": _named(node["name"], building)} | ({"sources": sources} if sources else {})


def _hall(hall: dict[str, Any], building: int) -> dict[str, Any]:
    defaults = hall["defaults"]
    defaults = {
        **defaults,
        "cooling_zone": _named(defaults["cooling_zone"], building),
        "upstream": [_named(node, building) for node in defaults["upstream"]],
    }
    return {**hall, "name": _named(hall["name"], building), "defaults": defaults}
