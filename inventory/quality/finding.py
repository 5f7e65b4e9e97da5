"""One thing about the data that someone should look at, and the list of all that can be found.

Every code stands here once with its severity and its remedy; the checks of each subject say which object it is and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from inventory.rows import Ref

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means: how bad it is and what to do. error: contradicts itself; warning: missing or implausible."""

    severity: Severity
    title: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`message` says what was found, in one clause; `others` are further objects it is about."""

    code: str
    severity: Severity
    object: Ref
    message: str
    remedy: str
    others: tuple[Ref, ...] = ()


RULES: dict[str, Rule] = {
    # Space
    "units-double-booked": Rule(
        "error", "Two devices in the same rack units", "correct the position or face of one"
    ),
    "outside-rack": Rule(
        "error", "Device sticks out of its rack", "correct its position, its type's height or the rack"
    ),
    "position-without-rack": Rule("error", "Position without a rack", "name the rack, or clear the position"),
    "rack-elsewhere": Rule(
        "error", "Device and rack in different places", "correct the device's site or room, or its rack"
    ),
    "in-reserved-units": Rule(
        "note", "Device in units reserved for another tenant", "lift the reservation or move it"
    ),
    "rack-height-implausible": Rule("warning", "Implausible rack height", "measure the rack"),
    "device-without-rack": Rule("warning", "Device without a rack", "say in which rack it stands"),
    "device-without-position": Rule(
        "warning", "Device without a position in its rack", "say in which unit it hangs"
    ),
    "position-uneven": Rule("warning", "Position is not on a half unit", "correct the position"),
    # Places
    "rack-without-location": Rule("warning", "Rack without a room", "say in which room it stands"),
    "room-without-plan": Rule("warning", "Room without a plan", "survey the room"),
    "room-without-area": Rule("note", "Room of unknown area", "survey the room"),
    "site-without-circuit": Rule("warning", "Site without a circuit", "record the line and its rate"),
    "site-without-coordinates": Rule("warning", "Site without coordinates", "look its address up"),
    "coordinates-implausible": Rule(
        "error", "Impossible coordinates", "correct latitude and longitude (degrees, WGS 84)"
    ),
    "circuit-without-rate": Rule(
        "warning", "Circuit of unknown rate", "ask the provider what the line gives"
    ),
    # Hardware
    "weight-unknown": Rule(
        "warning", "Device type of unknown weight", "take it from the maker's sheet, or weigh one"
    ),
    "weight-implausible": Rule("warning", "Implausible weight", "check the maker's sheet"),
    "height-implausible": Rule("warning", "Implausible height", "check the maker's sheet"),
    "duplicate-serial": Rule(
        "error", "Same serial number more than once", "read the numbers off the devices"
    ),
    "duplicate-asset-tag": Rule("error", "Same asset tag more than once", "read the tags off the devices"),
    "redundancy-unreadable": Rule(
        "error", "Supply redundancy that can't be read", "write it as k+m, such as 1+1"
    ),
    # Power
    "draw-unknown": Rule(
        "warning", "Devices of unknown draw", "measure it, or enter the ports' maximum draw"
    ),
    "power-ports-unknown": Rule(
        "note", "Devices without power ports", "record their power ports, if they have any"
    ),
    "draw-implausible": Rule("warning", "Implausible draw", "check the nameplate"),
    "draw-above-feed": Rule(
        "error", "A port draws more than its feed gives", "check the nameplate and the feed"
    ),
    "feed-without-cable": Rule("warning", "Power feed without a cable", "record what hangs on the feed"),
    "feed-without-rating": Rule(
        "warning", "Power feed of unknown rating", "read voltage and amperage off the breaker"
    ),
    "feed-implausible": Rule(
        "error", "Impossible power feed", "correct its voltage, amperage and utilization"
    ),
    # Workloads and planning
    "vm-without-sizes": Rule(
        "warning", "Virtual machine of unknown size", "take the sizes from the hypervisor"
    ),
    "vm-size-implausible": Rule(
        "warning", "Implausible size of a virtual machine", "check it at the hypervisor"
    ),
    "vm-without-place": Rule("warning", "Virtual machine without cluster, host or site", "say where it runs"),
    "criticality-unknown": Rule(
        "warning", "Application of unknown criticality", "ask its owner (1 highest to 4)"
    ),
    "criticality-implausible": Rule("error", "Criticality outside 1 to 4", "correct it"),
    "application-without-members": Rule(
        "warning", "Application without members", "say which assets it runs on"
    ),
    "window-missing": Rule("warning", "Application without a change window", "agree a window with its owner"),
    "window-implausible": Rule("error", "Impossible change window", "correct weekday, start or duration"),
    "flow-without-rate": Rule("warning", "Flow of unknown rate", "measure it at peak"),
    "constraint-without-members": Rule(
        "warning", "Constraint on too few objects", "name its members, or remove it"
    ),
    "reference-broken": Rule("error", "Reference to something that isn't there", "correct or remove it"),
    "observation-implausible": Rule("warning", "Implausible observation", "measure it again"),
}


def found(code: str, ref: Ref, message: str, others: tuple[Ref, ...] = ()) -> Finding:
    """A finding with its rule's severity and remedy."""
    rule = RULES[code]
    return Finding(code, rule.severity, ref, message, rule.remedy, others)


def called(row: Any, ref: Ref) -> str:
    """What a person calls an object in a message: its name, or its kind and id."""
    name = getattr(row, "name", None) or getattr(row, "model", None)
    return str(name)[:80] if name else f"{ref.kind} {ref.id}"
