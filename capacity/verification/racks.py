"""Rules on whole racks and the floor under them: positions, stock, weight, ports, zones, owners, together, apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

from capacity.facility import KitItem, Mounted, Position, RackModel, TargetRack
from capacity.resources import TOLERANCE
from capacity.verification.contents import Thing
from capacity.verification.moments import exceeded_by_arrivals
from capacity.verification.parting import Parting
from capacity.verification.view import OTHERS, View
from capacity.verification.violations import Findings, number
from inventory.estate import Constraint, Ref

MM_PER_M = 1000
FEET = 4
FIRST_UNIT = 1  # of a new rack: positions of its model's kit are counted from there


def check(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    _positions(view, findings)
    _stock(view, findings)
    for rack_id, inside in things.items():
        rack = view.racks[rack_id]
        _weight(view, rack, inside, findings)
        _ports(view, rack, inside, findings)
        _zone_and_owner(view, rack, inside, findings)
    _together(view, findings)
    _apart_by_feed(view, things, findings)


# --- positions and stock -------------------------------------------------------------------------------------------


def _positions(view: View, findings: Findings) -> None:
    standing = Counter(rack.position for rack in view.facility.racks)
    for rack in view.plan.racks:
        standing[rack.position] += 1
        position = view.positions.get(rack.position)
        if position is None:
            continue
        if standing[rack.position] > 1:
            findings.add(
                "RACK-POSITION",
                f"rack {rack.id}",
                f"rack {rack.id} is to stand at position {position.name}, where another rack stands",
                "give it a free position",
                moment=view.moment(view.rack_arrival(rack.id)),
            )
        for side, rack_m, bay_m in (
            ("wide", rack.width_mm / MM_PER_M, position.width_m),
            ("deep", rack.depth_mm / MM_PER_M, position.depth_m),
        ):
            if rack_m > bay_m + TOLERANCE:
                findings.add(
                    "RACK-POSITION",
                    f"rack {rack.id}",
                    f"rack {rack.id} is {number(rack_m)} m {side}, position {position.name} only {number(bay_m)} m",
                    "give it a larger position, or use a smaller model",
                    moment=view.moment(view.rack_arrival(rack.id)),
                    over=(rack_m - bay_m, "m"),
                )


def _stock(view: View, findings: Findings) -> None:
    bought = Counter(rack.model for rack in view.plan.racks)
    for model in view.rack_models.values():
        if model.stock is not None and bought[model.model] > model.stock:
            findings.add(
                "RACK-STOCK",
                f"rack model {model.model}",
                f"the plan buys {bought[model.model]} racks {model.model}, {model.stock} are to be had",
                "use fewer, another model, or raise the stock",
                over=(float(bought[model.model] - model.stock), "racks"),
            )
    for rack in view.plan.racks:
        known = view.rack_models.get(rack.model)
        wrong = _unlike(rack, known, view.positions.get(rack.position)) if known else None
        if wrong:
            findings.add(
                "RACK-STOCK",
                f"rack {rack.id}",
                f"rack {rack.id} is not as its model {rack.model} says: {wrong}",
                "take it as the model says, with all its kit",
            )


def _unlike(rack: TargetRack, model: RackModel, position: Position | None) -> str | None:
    """The first way in which a new rack differs from its model."""
    for name in ("height_u", "width_mm", "depth_mm", "tare_kg", "max_weight_kg"):
        given, right = getattr(rack, name), getattr(model, name)
        if given != right:
            return f"{name} is {number(given)}, not {number(right)}"
    if rack.starting_unit != FIRST_UNIT:
        return f"its units are counted from {rack.starting_unit}, those of its kit from {FIRST_UNIT}"
    kit = {item.name: item for item in model.kit}
    inside = Counter(mounted.name for mounted in rack.contents)
    if inside != Counter(item.name for item in model.kit):
        missing = sorted(set(kit) - set(inside))
        extra = sorted(set(inside) - set(kit)) or sorted(n for n, count in inside.items() if count > 1)
        return f"kit {', '.join(missing)} is missing" if missing else f"{', '.join(extra)} is not of its kit"
    for mounted in rack.contents:
        wrong = _unlike_kit(mounted, kit[mounted.name], position)
        if wrong:
            return f"{mounted.name}: {wrong}"
    return None


def _unlike_kit(mounted: Mounted, item: KitItem, position: Position | None) -> str | None:
    for name in (
        "position",
        "height_u",
        "face",
        "is_full_depth",
        "weight_kg",
        "power_w",
        "redundancy",
        "ports_provided",
        "ports_used",
    ):
        if getattr(mounted, name) != getattr(item, name):
            return f"{name} is {getattr(mounted, name)}, not {getattr(item, name)}"
    if mounted.role != "kit":
        return f"its role is {mounted.role}, not kit"
    if position is not None:
        feeds = [position.feeds[i] for i in item.cords if 0 <= i < len(position.feeds)]
        if [supply.feed for supply in mounted.supplies] != feeds:
            return f"its cords are not on {', '.join(feeds) or 'no feed'}"
    return None


# --- weight, floor, ports ------------------------------------------------------------------------------------------


def _weight(view: View, rack: TargetRack, inside: list[Thing], findings: Findings) -> None:
    is_new = rack.id in view.new_racks
    since = view.rack_arrival(rack.id) if is_new else view.start
    arrivals = [(since, rack.tare_kg), *((t.since, t.weight_kg) for t in inside)]
    heavy = exceeded_by_arrivals(arrivals, rack.max_weight_kg)
    if heavy:
        findings.add(
            "RACK-WEIGHT",
            f"rack {rack.id}",
            f"rack {rack.id} carries {number(rack.max_weight_kg + heavy.over)} kg, "
            f"{number(heavy.over)} kg more than it may",
            "move something heavy to another rack",
            moment=view.moment(heavy.since),
            over=(heavy.over, "kg"),
        )
    position = view.positions.get(rack.position)
    hall = next((h for h in view.facility.halls if position and h.name == position.hall), None)
    if hall is None or position is None:
        return
    limit_kg, what = _floor_limit(view, rack, position)
    pressed = exceeded_by_arrivals(arrivals, limit_kg) if limit_kg is not None else None
    if pressed:
        findings.add(
            "FLOOR",
            f"rack {rack.id}",
            f"rack {rack.id} loads the floor of hall {hall.name} {number(pressed.over)} kg beyond {what}",
            "move something heavy to another rack",
            moment=view.moment(pressed.since),
            over=(pressed.over, "kg"),
        )
    rolling_kg = rack.tare_kg + sum(t.weight_kg for t in inside if t.kind == "kit")
    if is_new and hall.floor.rolling_kg is not None and rolling_kg > hall.floor.rolling_kg + TOLERANCE:
        findings.add(
            "FLOOR",
            f"rack {rack.id}",
            f"rack {rack.id} rolls in with {number(rolling_kg)} kg, "
            f"the way to hall {hall.name} bears {number(hall.floor.rolling_kg)} kg",
            "bring its kit separately, or use a lighter model",
            moment=view.moment(since),
            over=(rolling_kg - hall.floor.rolling_kg, "kg"),
        )


def _floor_limit(view: View, rack: TargetRack, position: Position) -> tuple[float | None, str]:
    """How many kg the floor bears under a loaded rack, and how that is said; None: not limited."""
    floor = next(h.floor for h in view.facility.halls if h.name == position.hall)
    if floor.basis == "point":
        limit = floor.point_kg
        return (None, "") if limit is None else (FEET * limit, f"{number(limit)} kg on each of four feet")
    if floor.limit_kg_m2 is None:
        return None, ""
    area_m2 = position.width_m * position.depth_m
    if floor.basis == "footprint":
        area_m2 = rack.width_mm * rack.depth_mm / MM_PER_M**2
    return floor.limit_kg_m2 * area_m2, f"{number(floor.limit_kg_m2)} kg/m² over its {floor.basis}"


def _ports(view: View, rack: TargetRack, inside: list[Thing], findings: Findings) -> None:
    provided = sum(t.ports_provided for t in inside)
    short = exceeded_by_arrivals([(t.since, t.ports_used) for t in inside], provided)
    if short:
        findings.add(
            "PORTS",
            f"rack {rack.id}",
            f"rack {rack.id} needs {number(provided + short.over)} network ports and provides {number(provided)}",
            "move something to a rack with free ports",
            moment=view.moment(short.since),
            over=(short.over, "ports"),
        )


# --- zone and owner ------------------------------------------------------------------------------------------------


def _zone_and_owner(view: View, rack: TargetRack, inside: list[Thing], findings: Findings) -> None:
    position = view.positions.get(rack.position)
    if position is not None and position.owner is not None and position.owner != rack.owner:
        findings.add(
            "OWNER",
            f"rack {rack.id}",
            f"rack {rack.id} is {rack.owner}'s and stands at position {position.name}, which is {position.owner}'s",
            "stand it elsewhere",
            moment=view.moment(view.rack_arrival(rack.id)),
        )
    for thing in inside:
        if thing.kind not in {"device", "host"}:
            continue
        owner = _owner(view, thing)
        if owner is not None and owner != rack.owner:
            findings.add(
                "OWNER",
                f"rack {rack.id}",
                f"{thing.label} is {owner}'s and stands in rack {rack.id}, which is {rack.owner}'s",
                f"place it in a rack of {owner}",
                asset=thing.asset,
                moment=view.moment(thing.since),
            )
        for zone in _zones(view, thing) if position is not None else ():
            if position is not None and zone != position.security_zone:
                findings.add(
                    "ZONE",
                    f"rack {rack.id}",
                    f"{thing.label} belongs in zone {zone}, rack {rack.id} stands in {position.security_zone}",
                    f"place it in a rack of zone {zone}",
                    asset=thing.asset,
                    moment=view.moment(thing.since),
                )


def _owner(view: View, thing: Thing) -> str | None:
    """Whose the thing is; None for a device in a bay, which counts as its chassis."""
    if thing.asset is not None:
        return None if thing.in_bay else view.partner_of(thing.asset) or OTHERS
    pool = view.pools.get(thing.pool or "")
    return pool.owner if pool else None


def _zones(view: View, thing: Thing) -> list[str]:
    if thing.asset is not None:
        default = [] if thing.in_bay else [view.facility.rules.default_security_zone]
        return view.zones_of.get(thing.asset) or default
    pool = view.pools.get(thing.pool or "")
    return [pool.security_zone] if pool else []


# --- together and apart --------------------------------------------------------------------------------------------


def _together(view: View, findings: Findings) -> None:
    for constraint in view.constraints("together", "apart"):
        if constraint.scope == "rack":
            _check_scope(view, constraint, view.rack_of, findings)
        elif constraint.scope == "host":
            _check_scope(view, constraint, lambda ref: _host_of(view, ref), findings)


def _host_of(view: View, ref: Ref) -> str | None:
    workload = view.placed_workloads.get(ref)
    return workload.host if workload else None


def _check_scope(
    view: View, constraint: Constraint, place_of: Callable[[Ref], str | None], findings: Findings
) -> None:
    """Together: every placed member where the first is. Apart: no two at one place."""
    held: dict[str, list[Ref]] = defaultdict(list)
    for ref in dict.fromkeys(constraint.members):
        place = place_of(ref)
        if place is not None:
            held[place].append(ref)
    name = constraint.name or f"{constraint.kind} {constraint.id}"
    if constraint.kind == "together":
        first = next(iter(held), None)
        wrong = [(ref, place) for place, refs in held.items() if place != first for ref in refs]
        code, said, remedy = "TOGETHER", "away from the rest", "place all of it at one"
    else:
        wrong = [(ref, place) for place, refs in held.items() for ref in refs[1:]]
        code, said, remedy = "APART", "with another of them", "place each at another"
    for ref, place in wrong:
        findings.add(
            code,
            name,
            f"{view.label(ref)} is in {constraint.scope} {place}, {said} of {name}",
            f"{remedy} {constraint.scope}, or lift the constraint",
            asset=ref,
            moment=view.moment(view.arrival(ref)),
        )


def _apart_by_feed(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    """No two members share a feed, or a node whose single loss takes both down."""
    parting: Parting | None = None
    for constraint in view.constraints("apart"):
        if constraint.scope != "feed":
            continue
        parting = parting or Parting(view, things)
        behind = [(ref, parting.behind(ref)) for ref in dict.fromkeys(constraint.members)]
        earlier: list[Thing] = []
        for ref, thing in behind:
            if thing is None:
                continue
            tie = next((found for other in earlier if (found := parting.tie(thing, other)) is not None), None)
            if tie is not None:
                name = constraint.name or f"{constraint.kind} {constraint.id}"
                findings.add(
                    "APART",
                    name,
                    f"{view.label(ref)} hangs on {tie}, with another of {name}",
                    "put each behind another feed, or lift the constraint",
                    asset=ref,
                    moment=view.moment(view.arrival(ref)),
                )
            earlier.append(thing)
