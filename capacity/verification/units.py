"""Rules on the units of a rack: overlaps, ranges, airflow, heavy things low, and devices in bays."""

from __future__ import annotations

import math
from collections import defaultdict

from capacity.facility import TargetRack
from capacity.resources import TOLERANCE
from capacity.verification.contents import Thing
from capacity.verification.view import View
from capacity.verification.violations import Findings, number
from inventory.estate import Ref

FACES = ("front", "rear")
FACE_OF_AIRFLOW = {"front-to-rear": "front", "rear-to-front": "rear"}
HALF = 0.5


def check(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    for rack_id, inside in things.items():
        rack = view.racks[rack_id]
        _overlaps(view, rack, inside, findings)
        for thing in inside:
            if thing.kind in {"device", "host"} and not thing.in_bay:
                _range(view, rack, thing, findings)
                _airflow(view, thing, findings)
                _heavy(view, rack, thing, findings)
    _bays(view, findings)


# --- overlaps ----------------------------------------------------------------------------------------------------


def _faces(thing: Thing) -> tuple[str, ...]:
    return (thing.face,) if thing.face in FACES and not thing.is_full_depth else FACES


def _overlaps(view: View, rack: TargetRack, inside: list[Thing], findings: Findings) -> None:
    """Sweep upwards over what is mounted, face by face; report each pair once, at the later one's arrival."""
    mounted = sorted(
        ((t.interval, i, t) for i, t in enumerate(inside) if t.interval is not None and not t.in_bay),
        key=lambda entry: (entry[0], entry[1]),
    )
    standing: list[tuple[tuple[float, float], Thing]] = []
    for interval, _, thing in mounted:
        standing = [entry for entry in standing if entry[0][1] > interval[0] + TOLERANCE]
        for other_interval, other in standing:
            if set(_faces(thing)) & set(_faces(other)):
                _report_overlap(view, rack, (thing, other), (interval, other_interval), findings)
        standing.append((interval, thing))
    _reserved(view, rack, [(interval, thing) for interval, _, thing in mounted], findings)


def _report_overlap(
    view: View,
    rack: TargetRack,
    pair: tuple[Thing, Thing],
    intervals: tuple[tuple[float, float], tuple[float, float]],
    findings: Findings,
) -> None:
    later, earlier = sorted(pair, key=lambda t: (t.kind in {"device", "host"}, t.since), reverse=True)
    low = max(intervals[0][0], intervals[1][0])
    height = min(intervals[0][1], intervals[1][1]) - low
    findings.add(
        "UNIT-OVERLAP",
        f"rack {rack.id}",
        f"{later.label} and {earlier.label} both take {number(height)} U from unit {number(low)} of rack {rack.id}",
        "move one of them to free units",
        asset=later.asset,
        moment=view.moment(max(later.since, earlier.since)),
        over=(height, "U"),
    )


def _reserved(
    view: View, rack: TargetRack, mounted: list[tuple[tuple[float, float], Thing]], findings: Findings
) -> None:
    for unit in rack.reserved_units:
        # A whole unit is reserved whole, a half one (12.5) is its half.
        top = unit + (1.0 if float(unit).is_integer() else HALF)
        for (low, high), thing in mounted:
            shared = min(high, top) - max(low, unit)
            if shared > TOLERANCE and thing.kind in {"device", "host"}:
                findings.add(
                    "UNIT-OVERLAP",
                    f"rack {rack.id}",
                    f"{thing.label} takes unit {number(unit)} of rack {rack.id}, which is reserved",
                    "move it to free units",
                    asset=thing.asset,
                    moment=view.moment(thing.since),
                    over=(shared, "U"),
                )


# --- ranges, airflow, weight ---------------------------------------------------------------------------------------


def _range(view: View, rack: TargetRack, thing: Thing, findings: Findings) -> None:
    if thing.height_u <= 0:
        return
    problem = _out_of_range(rack, thing)
    if problem is not None:
        what, amount = problem
        findings.add(
            "UNIT-RANGE",
            f"rack {rack.id}",
            f"{thing.label} in rack {rack.id} {what}",
            f"place it on units {rack.starting_unit} to {rack.starting_unit + rack.height_u - 1}",
            asset=thing.asset,
            moment=view.moment(thing.since),
            over=None if amount is None else (amount, "U"),
        )


def _out_of_range(rack: TargetRack, thing: Thing) -> tuple[str, float | None] | None:
    if thing.position is None or not math.isfinite(thing.position):
        return "has a height but no position", None
    if thing.face not in FACES:
        return "has a height but no face", None
    low, top = rack.starting_unit - thing.position, thing.position + thing.height_u
    if low > TOLERANCE:
        return f"starts at unit {number(thing.position)}, {number(low)} U below the lowest", low
    above = top - rack.starting_unit - rack.height_u
    if above > TOLERANCE:
        return f"ends {number(above)} U above the top", above
    grid = 1.0 if float(thing.height_u).is_integer() else HALF
    off = abs(thing.position / grid - round(thing.position / grid)) * grid
    if off > TOLERANCE:
        return (
            f"starts at {number(thing.position)}, which is not on a {'whole' if grid > HALF else 'half'} unit",
            off,
        )
    return None


def _airflow(view: View, thing: Thing, findings: Findings) -> None:
    wanted = FACE_OF_AIRFLOW.get(thing.airflow or "")
    if wanted is not None and thing.height_u > 0 and thing.face in FACES and thing.face != wanted:
        findings.add(
            "AIRFLOW",
            f"rack {thing.rack}",
            f"{thing.label} blows {thing.airflow} and stands on the {thing.face} face of rack {thing.rack}",
            f"mount it on the {wanted} face",
            asset=thing.asset,
            moment=view.moment(thing.since),
        )


def _heavy(view: View, rack: TargetRack, thing: Thing, findings: Findings) -> None:
    rules = view.facility.rules
    if thing.interval is None or thing.weight_kg < rules.heavy_kg:
        return
    over = thing.interval[1] - rack.starting_unit - rules.heavy_max_top_u
    if over > TOLERANCE:
        findings.add(
            "HEAVY-LOW",
            f"rack {rack.id}",
            f"{thing.label} weighs {number(thing.weight_kg)} kg and ends {number(over)} U too high in rack {rack.id}",
            f"place its top at most {number(rules.heavy_max_top_u)} U above the rack's lowest edge",
            asset=thing.asset,
            moment=view.moment(thing.since),
            over=(over, "U"),
        )


# --- bays --------------------------------------------------------------------------------------------------------


def _bays(view: View, findings: Findings) -> None:
    taken: dict[tuple[int, str], list[Ref]] = defaultdict(list)
    for device in view.estate.devices:
        parent_id = device.parent_device_id
        ref = Ref("devices", device.id)
        placement = view.placed_devices.get(ref)
        if (
            placement is not None
            and placement.parent_bay is not None
            and placement.parent_device_id is not None
        ):
            taken[placement.parent_device_id, placement.parent_bay].append(ref)
        wrong = _bay_problem(view, ref, parent_id)
        if wrong:
            findings.add(
                "BAY",
                view.label(ref),
                f"{view.label(ref)} {wrong}",
                "let it go with its chassis: same rack, same bay, same strategy",
                asset=ref,
                moment=view.moment(view.arrival(ref)) if placement else None,
            )
    for (parent_id, bay), refs in taken.items():
        for ref in sorted(refs)[1:]:
            findings.add(
                "BAY",
                view.label(ref),
                f"{view.label(ref)} goes into bay {bay} of {view.label(Ref('devices', parent_id))}, which is taken",
                "give each device a bay of its own",
                asset=ref,
                moment=view.moment(view.arrival(ref)),
            )


def _bay_problem(view: View, ref: Ref, parent_id: int | None) -> str | None:
    placement = view.placed_devices.get(ref)
    if parent_id is None:
        if placement is not None and placement.parent_device_id is not None:
            return "is placed in a bay, but sits in none"
        return None
    parent = Ref("devices", parent_id)
    strategy, parent_strategy = view.strategy(ref), view.strategy(parent)
    if strategy in {"relocate", "retain"} and parent_strategy not in {None, strategy}:
        return f"is to {strategy}, its chassis {view.label(parent)} to {parent_strategy}"
    if placement is None:
        return None
    chassis = view.placed_devices.get(parent)
    if chassis is None:
        return f"is placed, its chassis {view.label(parent)} is not"
    if placement.rack != chassis.rack:
        return f"goes to rack {placement.rack}, its chassis to rack {chassis.rack}"
    if placement.parent_device_id != parent_id or placement.parent_bay != view.devices[ref.id].parent_bay:
        return f"does not stay in its bay {view.devices[ref.id].parent_bay} of {view.label(parent)}"
    if placement.position is not None:
        return f"sits in a bay and is placed on unit {number(placement.position)} as well"
    return None
