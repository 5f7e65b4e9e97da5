"""The target's racks and supply graph as the rack solver's arrays, and its answer as racks and supplies again.

Standing racks and every rack that could be bought, each at each free position, are bins; `rack_items` are the items.
A bin's limits are those of docs/reference/rules.md: units by face, weight by rack and floor, ports, feeds and legs in
every loss, the graph above, cooling zone, entitlement, stock, position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from capacity.facility import Facility, Mounted, Position, RackModel, Supply, TargetRack
from capacity.facility_file import mount_kit
from capacity.power import THREE_PHASE, Load, SupplyModel
from capacity.rack_items import Item, Thing
from capacity.resources import LEGS, Redundancy
from capacity.solvers.rack_moves import (
    FULL_FRONT,
    FULL_REAR,
    HALF_EITHER,
    HALF_FRONT,
    HALF_REAR,
    THREE_LEGS,
    Arrays,
    State,
)
from capacity.solvers.racks import Problem

UNLIMITED = 1e15
SLOTS_PER_UNIT = 2


@dataclass(frozen=True, slots=True)
class Bin:
    """A rack that stands, or one of `model` that could be bought at `position` (`rack` is then as delivered)."""

    rack: TargetRack
    position: Position
    model: int  # index in the facility's rack models; -1: stands already
    floor_kg: float  # what the floor bears here, the rack included


@dataclass(frozen=True, slots=True)
class RackProblem:
    """The arrays with what their numbers mean."""

    problem: Problem
    items: tuple[Item, ...]
    bins: tuple[Bin, ...]
    groups: tuple[tuple[str, str], ...]
    owners: tuple[str, ...]
    supply: SupplyModel


def floor_limit_kg(facility: Facility, position: Position, width_mm: float, depth_mm: float) -> float:
    """What a loaded rack may weigh at a position by the hall's floor limit, its own weight included."""
    floor = next(hall.floor for hall in facility.halls if hall.name == position.hall)
    if floor.basis == "point":
        return UNLIMITED if floor.point_kg is None else 4 * floor.point_kg
    if floor.limit_kg_m2 is None:
        return UNLIMITED
    if floor.basis == "bay":
        return floor.limit_kg_m2 * position.width_m * position.depth_m
    return floor.limit_kg_m2 * width_mm * depth_mm / 1e6


def fits_position(facility: Facility, model: RackModel, position: Position) -> bool:
    """Whether a rack model may stand at a position: footprint within the bay, light enough to roll in, feeds enough."""
    floor = next(hall.floor for hall in facility.halls if hall.name == position.hall)
    rolling_kg = model.tare_kg + sum(item.weight_kg for item in model.kit)
    cords = [cord for item in model.kit for cord in item.cords]
    return (
        model.width_mm <= position.width_m * 1000 + 1e-6
        and model.depth_mm <= position.depth_m * 1000 + 1e-6
        and (floor.rolling_kg is None or rolling_kg <= floor.rolling_kg)
        and max(cords, default=-1) < len(position.feeds)
    )


def new_rack(model: RackModel, position: Position, rack_id: str, supply: SupplyModel) -> TargetRack:
    """A rack of a model as delivered to a position, with its fixed kit; its owner is still open."""
    is_three_phase = all(supply.legs[supply.feed(feed)] == 3 for feed in position.feeds)
    return TargetRack(
        id=rack_id,
        model=model.model,
        position=position.name,
        owner="",
        height_u=model.height_u,
        starting_unit=1,
        width_mm=model.width_mm,
        depth_mm=model.depth_mm,
        tare_kg=model.tare_kg,
        max_weight_kg=model.max_weight_kg,
        contents=mount_kit(model, position, is_three_phase=is_three_phase),
    )


def bins_of(facility: Facility, supply: SupplyModel) -> tuple[Bin, ...]:
    """Standing racks, then every rack that could be bought at a free position: early phases first, big models first."""
    positions = {position.name: position for position in facility.positions}
    ready = {phase.name: phase.ready_on for phase in facility.phases}
    found = []
    for rack in facility.racks:
        position = positions[rack.position]
        floor_kg = floor_limit_kg(facility, position, rack.width_mm, rack.depth_mm)
        found.append(Bin(rack, position, -1, floor_kg))
    taken = {rack.position for rack in facility.racks}
    names = {rack.id for rack in facility.racks}
    free = [p for p in facility.positions if p.name not in taken]
    models = sorted(
        range(len(facility.rack_models)),
        key=lambda i: (-facility.rack_models[i].height_u, -facility.rack_models[i].max_weight_kg, i),
    )
    for position in sorted(free, key=lambda p: (ready[p.phase], p.owner is None)):
        for model in models:
            kind = facility.rack_models[model]
            if fits_position(facility, kind, position):
                rack_id = position.name if position.name not in names else f"{position.name}-new"
                floor_kg = floor_limit_kg(facility, position, kind.width_mm, kind.depth_mm)
                found.append(Bin(new_rack(kind, position, rack_id, supply), position, model, floor_kg))
    return tuple(found)


def groups_of(facility: Facility) -> tuple[tuple[str, str], ...]:
    """Owner and security zone of every group: narrow zones first, owners in the order of their entitlements."""
    zones = sorted(
        {p.security_zone for p in facility.positions},
        key=lambda zone: (sum(p.security_zone == zone for p in facility.positions), zone),
    )
    return tuple((entry.partner, zone) for zone in zones for entry in facility.entitlements)


def mounted_load(item: Mounted) -> Load:
    """A mounted thing as a load of the supply graph."""
    return Load(item.name, item.power_w, Redundancy.parse(item.redundancy), item.supplies)


def build(facility: Facility, items: Sequence[Item], supply: SupplyModel) -> RackProblem:
    """Everything the rack solver needs. Items of a group without any bin are left to the caller's refusals."""
    bins = bins_of(facility, supply)
    groups = groups_of(facility)
    owners = tuple(entry.partner for entry in facility.entitlements)
    parts: dict[str, Any] = {}
    parts |= _bins(facility, bins)
    parts |= _feeds(supply, bins)
    templates = _templates(items)
    feeds_least = min((len(b.position.feeds) for b in bins if b.position.feeds), default=1)
    parts |= _items(facility, items, groups, templates, feeds_least, parts["slots"])
    parts |= _cords(templates, bins, supply, parts)
    parts |= _routes(supply, parts["feed_classes"])
    parts |= _kit(bins, supply, parts)
    parts["group_owner"] = np.array([owners.index(owner) for owner, _ in groups], dtype=np.int32)
    parts |= _group_bins(bins, groups)
    arrays = Arrays(**{name: parts[name] for name in Arrays._fields})
    start = _start(facility, bins, groups, supply, arrays, parts)
    value = np.array([item.value for item in items], dtype=np.float64)
    order = np.arange(len(groups), dtype=np.int64)
    return RackProblem(Problem(arrays, start, value, order), tuple(items), bins, groups, owners, supply)


# --- items -------------------------------------------------------------------------------------------------------

Template = tuple[int, int, bool]


def _template(thing: Thing) -> Template | None:
    if thing.redundancy is None:
        return None
    return thing.redundancy.needed, thing.redundancy.spare, thing.is_three_phase


def _templates(items: Sequence[Item]) -> dict[Template, int]:
    found = sorted({t for item in items for thing in item.things if (t := _template(thing)) is not None})
    return {template: i for i, template in enumerate(found or [(1, 0, False)])}


def _face(thing: Thing) -> int:
    front, rear = thing.airflow == "front-to-rear", thing.airflow == "rear-to-front"
    if thing.is_full_depth:
        return FULL_REAR if rear else FULL_FRONT
    return HALF_FRONT if front else HALF_REAR if rear else HALF_EITHER


def _shared_weight(template: Template | None, feeds: int) -> float:
    """How much of a draw counts against the mean, over the losses of one feed each, of what is left: see `racks`."""
    if template is None:
        return 0.0
    needed, spare, _ = template
    if spare or feeds < 2:
        return 1.0
    return max(0, feeds - min(needed, feeds)) / feeds


def _items(
    facility: Facility,
    items: Sequence[Item],
    groups: Sequence[tuple[str, str]],
    templates: dict[Template, int],
    feeds_least: int,
    slots: int,
) -> dict[str, Any]:
    rules = facility.rules
    things = [thing for item in items for thing in item.things]
    heavy_top = int(rules.heavy_max_top_u * SLOTS_PER_UNIT)
    rows = []
    for thing in things:
        template = _template(thing)
        taken = round(thing.height_u * SLOTS_PER_UNIT)
        is_heavy = thing.weight_kg >= rules.heavy_kg
        sides = taken * (2 if thing.is_full_depth else 1)
        rows.append(
            (
                taken,
                2 if taken % 2 == 0 else 1,
                _face(thing),
                min(heavy_top, slots) if is_heavy else slots,
                thing.power_w,
                thing.weight_kg,
                thing.ports,
                thing.height_u,
                -1 if template is None else templates[template],
                sides,
                thing.power_w * _shared_weight(template, feeds_least),
                sides if is_heavy else 0,
            )
        )
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 12)
    ptr = np.concatenate([[0], np.cumsum([len(item.things) for item in items], dtype=np.int64)]).astype(
        np.int64
    )
    demand = np.zeros((len(items), 5))
    of_item = np.repeat(np.arange(len(items)), np.diff(ptr))
    np.add.at(demand, of_item, table[:, [9, 10, 5, 6, 11]])
    classes = sorted({c for item in items for c in item.apart})
    number = {c: i for i, c in enumerate(classes)}
    group_of = {group: i for i, group in enumerate(groups)}
    group = np.array([group_of.get((item.owner, item.zone), -1) for item in items], dtype=np.int32)
    keys: dict[tuple[object, ...], int] = {}
    kinds = []
    for i, item in enumerate(items):
        own = tuple(map(tuple, table[ptr[i] : ptr[i + 1], :9].tolist()))
        key = (int(group[i]), own, item.value, item.apart, i if item.apart else -1)
        kinds.append(keys.setdefault(key, len(keys)))
    ints = table.astype(np.int32)
    return {
        "part_slots": ints[:, 0].copy(),
        "part_step": ints[:, 1].copy(),
        "part_face": ints[:, 2].copy(),
        "part_top": ints[:, 3].copy(),
        "part_w": table[:, 4].copy(),
        "part_kg": table[:, 5].copy(),
        "part_ports": table[:, 6].copy(),
        "part_units": table[:, 7].copy(),
        "part_cord": ints[:, 8].copy(),
        "item_ptr": ptr,
        "item_group": group,
        "item_type": np.array(kinds, dtype=np.int32),
        "item_demand": demand,
        "class_ptr": np.concatenate(
            [[0], np.cumsum([len(item.apart) for item in items], dtype=np.int64)]
        ).astype(np.int64),
        "class_ids": np.array([number[c] for item in items for c in item.apart], dtype=np.int32),
        "classes": len(classes),
        "most_cords": max(needed + spare for needed, spare, _ in templates),
    }


# --- bins --------------------------------------------------------------------------------------------------------


def _occupied(rack: TargetRack, slots: int) -> np.ndarray[Any, Any]:
    taken = np.zeros((2, slots), dtype=np.uint8)
    taken[:, rack.height_u * SLOTS_PER_UNIT :] = 1
    for item in rack.contents:
        if item.position is not None:
            first = int(np.floor((item.position - rack.starting_unit) * SLOTS_PER_UNIT))
            last = int(np.ceil((item.position - rack.starting_unit + item.height_u) * SLOTS_PER_UNIT))
            side = slice(0, 2) if item.is_full_depth else (1 if item.face == "rear" else 0)
            taken[side, max(first, 0) : last] = 1
    for unit in rack.reserved_units:
        first = int(np.floor((unit - rack.starting_unit) * SLOTS_PER_UNIT))
        taken[:, max(first, 0) : max(first, 0) + SLOTS_PER_UNIT] = 1
    return taken


def _bins(facility: Facility, bins: Sequence[Bin]) -> dict[str, Any]:
    slots = max((b.rack.height_u for b in bins), default=1) * SLOTS_PER_UNIT
    zones = {zone.name: i for i, zone in enumerate(facility.cooling_zones)}
    places = {position.name: i for i, position in enumerate(facility.positions)}
    contents = [b.rack.contents for b in bins]
    return {
        "slots": slots,
        "places": len(places),
        "bin_place": np.array([places[b.position.name] for b in bins], dtype=np.int32),
        "bin_model": np.array([b.model for b in bins], dtype=np.int32),
        "bin_area": np.array([b.position.area_m2 for b in bins], dtype=np.float64),
        "bin_zone": np.array([zones[b.position.cooling_zone] for b in bins], dtype=np.int32),
        "bin_low": np.full(
            len(bins), min(int(facility.rules.heavy_max_top_u * SLOTS_PER_UNIT), slots), dtype=np.int32
        ),
        "kit_w": np.array([sum(m.power_w for m in c) for c in contents], dtype=np.float64),
        "empty_occupied": np.array([_occupied(b.rack, slots) for b in bins], dtype=np.uint8).reshape(
            -1, 2, slots
        ),
        "empty_kg": np.array(
            [
                min(b.rack.max_weight_kg, b.floor_kg)
                - b.rack.tare_kg
                - sum(m.weight_kg for m in b.rack.contents)
                for b in bins
            ],
            dtype=np.float64,
        ),
        "empty_ports": np.array(
            [sum(m.ports_provided - m.ports_used for m in c) for c in contents], dtype=np.float64
        ),
    }


def _group_bins(bins: Sequence[Bin], groups: Sequence[tuple[str, str]]) -> dict[str, Any]:
    lists = [
        [
            i
            for i, b in enumerate(bins)
            if b.position.security_zone == zone
            and (b.rack.owner == owner if b.model < 0 else b.position.owner in (None, owner))
        ]
        for owner, zone in groups
    ]
    return {
        "bins_ptr": np.concatenate([[0], np.cumsum([len(ids) for ids in lists], dtype=np.int64)]).astype(
            np.int64
        ),
        "bins_ids": np.array([i for ids in lists for i in ids], dtype=np.int32),
    }


# --- feeds -------------------------------------------------------------------------------------------------------


def _clusters(bins: Sequence[Bin]) -> list[list[str]]:
    """Feeds that some position has in common stand in one cluster."""
    leader: dict[str, str] = {}

    def top(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for b in bins:
        mounted = [s.feed for m in b.rack.contents for s in m.supplies]
        names = [*b.position.feeds, *mounted]
        for name in names:
            leader.setdefault(name, name)
        for name in names[1:]:
            leader[top(name)] = top(names[0])
    found: dict[str, list[str]] = {}
    for name in leader:
        found.setdefault(top(name), []).append(name)
    return list(found.values()) or [[]]


def _feeds(supply: SupplyModel, bins: Sequence[Bin]) -> dict[str, Any]:
    clusters = _clusters(bins)
    place_of = {name: (c, i) for c, names in enumerate(clusters) for i, name in enumerate(names)}
    alive, pattern_of = [], []
    for names in clusters:
        state = supply.alive[:, [supply.feed(name) for name in names]]
        rows, which = np.unique(state, axis=0, return_inverse=True)
        alive.append(rows)
        pattern_of.append(which.reshape(-1))
    widest, most = max(len(c) for c in clusters), max(len(rows) for rows in alive)
    width = max(1, widest)
    shape = (len(clusters), width)
    out: dict[str, Any] = {
        "alive": np.zeros((len(clusters), most, width), dtype=np.uint8),
        "pattern_count": np.array([len(rows) for rows in alive], dtype=np.int32),
        "pattern_of": np.array(pattern_of, dtype=np.int32).T.copy(),
        "feed_cap": np.full(shape, 1e-12),
        "leg_cap": np.full(shape, 1e-12),
        "leg_count": np.ones(shape, dtype=np.int32),
        "feed_route": np.zeros(shape, dtype=np.int32),
        "clusters": clusters,
        "place_of": place_of,
    }
    classes: dict[tuple[object, ...], int] = {}
    is_source = {source for sources in supply.sources for source in sources}
    for c, names in enumerate(clusters):
        out["alive"][c, : len(alive[c]), : len(names)] = alive[c]
        for i, name in enumerate(names):
            feed = supply.feed(name)
            out["feed_cap"][c, i] = max(supply.usable_w[feed], 1e-12)
            out["leg_cap"][c, i] = max(supply.leg_usable_w[feed], 1e-12)
            out["leg_count"][c, i] = supply.legs[feed]
            key = (supply.sources[feed], supply.nodes[feed].mode, feed if feed in is_source else -1)
            out["feed_route"][c, i] = classes.setdefault(key, len(classes))
    out["feed_classes"] = list(classes)
    own = max([1, *(len(b.position.feeds) for b in bins)])
    out["bin_feeds"] = np.full((len(bins), own), -1, dtype=np.int32)
    out["bin_cluster"] = np.zeros(len(bins), dtype=np.int32)
    for i, b in enumerate(bins):
        names = b.position.feeds or tuple(s.feed for m in b.rack.contents for s in m.supplies)
        if names:
            out["bin_cluster"][i] = place_of[names[0]][0]
        for k, name in enumerate(b.position.feeds):
            out["bin_feeds"][i, k] = place_of[name][1]
    return out


def _cords(
    templates: dict[Template, int], bins: Sequence[Bin], supply: SupplyModel, parts: dict[str, Any]
) -> dict[str, Any]:
    """How many cords of a template may go on each feed of a kind of bin: diverse whatever single loss there is."""
    kinds: dict[tuple[object, ...], int] = {}
    kind_of = []
    for b in bins:
        feeds = b.position.feeds
        patterns = tuple(sorted(set(supply.patterns(feeds).tolist())))
        legs = tuple(int(supply.legs[supply.feed(feed)]) for feed in feeds)
        kind_of.append(kinds.setdefault((patterns, legs), len(kinds)))
    width = parts["bin_feeds"].shape[1]
    lists = {
        (kind, t): _options(template, patterns, legs)
        for (patterns, legs), kind in kinds.items()  # type: ignore[misc]
        for template, t in templates.items()
    }
    most = max([1, *(len(options) for options in lists.values())])
    options = np.zeros((max(1, len(kinds)), len(templates), most, width), dtype=np.int8)
    count = np.zeros((max(1, len(kinds)), len(templates)), dtype=np.int32)
    for (kind, t), found in lists.items():
        count[kind, t] = len(found)
        for o, counts in enumerate(found):
            options[kind, t, o, : len(counts)] = counts
    return {
        "bin_kind": np.array(kind_of, dtype=np.int32),
        "options": options,
        "option_count": count,
        "cord_needed": np.array([needed for needed, _, _ in templates], dtype=np.int32),
        "cord_spare": np.array([spare for _, spare, _ in templates], dtype=np.int32),
        "cord_three": np.array([is_three for _, _, is_three in templates], dtype=np.uint8),
    }


def _options(template: Template, patterns: Sequence[int], legs: Sequence[int]) -> list[tuple[int, ...]]:
    needed, spare, is_three = template
    cords = needed + spare
    usable = [count == 3 or not is_three for count in legs]
    ranges = [range(cords + 1) if ok else range(1) for ok in usable]
    if spare:
        # One pattern of all feeds lost leaves no diverse option at all.
        least = [counts for counts in product(*ranges) if sum(counts) == cords]
        return [
            counts
            for counts in least
            if all(sum(n for i, n in enumerate(counts) if pattern >> i & 1) >= needed for pattern in patterns)
        ]
    return [counts for counts in product(*ranges) if sum(counts) == cords]


def _routes(supply: SupplyModel, classes: Sequence[Any]) -> dict[str, Any]:
    """For every scenario and class of feeds, the nodes its load reaches and with what share."""
    scenarios, nodes = len(supply.scenarios), len(supply.names)
    shares = {node: supply.shares(node) for node in range(nodes) if supply.sources[node]}
    table = np.zeros((scenarios, len(classes), nodes))
    for c, (sources, mode, own) in enumerate(classes):
        feed = next(
            n for n in range(nodes)
            if supply.sources[n] == sources and supply.nodes[n].mode == mode and own in (-1, n) and supply.legs[n]
        )  # fmt: skip
        # Another feed of the class may be the lost one: take the sources as the class sees them, not this feed's life.
        carried = table[:, c]
        alive = supply.alive[:, list(sources)] if sources else np.zeros((scenarios, 0), dtype=np.bool_)
        if supply.nodes[feed].mode == "parallel":
            first = alive / np.maximum(alive.sum(axis=1, keepdims=True), 1)
        else:
            first = np.zeros(alive.shape)
            rows = alive.any(axis=1)
            if alive.shape[1]:
                first[rows, alive[rows].argmax(axis=1)] = 1.0
        for column, source in enumerate(sources):
            carried[:, source] += first[:, column]
        for node in reversed(supply.order):
            if node in shares and carried[:, node].any():
                carried[:, list(supply.sources[node])] += carried[:, node, None] * shares[node]
        if own >= 0:
            carried[:, own] += supply.alive[:, own]
    filled = table.reshape(scenarios * len(classes), nodes)
    row, node = np.nonzero(filled)
    return {
        "route_ptr": np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(filled)))]).astype(
            np.int64
        ),
        "route_node": node.astype(np.int32),
        "route_share": filled[row, node],
        "node_cap": supply.usable_w.copy(),
    }


def _kit(bins: Sequence[Bin], supply: SupplyModel, parts: dict[str, Any]) -> dict[str, Any]:
    """What each bin's contents draw of its own feeds' legs, by pattern."""
    alive, own_feeds = parts["alive"], parts["bin_feeds"]
    legs = np.zeros((len(bins), alive.shape[1], own_feeds.shape[1], 3))
    for i, b in enumerate(bins):
        cluster = parts["bin_cluster"][i]
        column = {name: k for k, name in enumerate(b.position.feeds)}
        for item in b.rack.contents:
            places = [parts["place_of"][s.feed][1] for s in item.supplies]
            needed = Redundancy.parse(item.redundancy).needed
            for w in range(parts["pattern_count"][cluster] if places and item.power_w else 0):
                up = [bool(alive[cluster, w, place]) for place in places]
                if sum(up) < needed:
                    continue
                for is_up, cord in zip(up, item.supplies, strict=True):
                    if is_up and cord.feed in column:
                        _add_cord(legs[i, w, column[cord.feed]], cord.leg, item.power_w / sum(up))
    return {"kit_leg": legs}


def _add_cord(legs: np.ndarray[Any, Any], leg: str, watts: float) -> None:
    if leg == THREE_PHASE:
        legs += watts / 3
    else:
        legs[LEGS.index(leg)] += watts


# --- the start, and the answer -----------------------------------------------------------------------------------


def _start(
    facility: Facility,
    bins: Sequence[Bin],
    groups: Sequence[tuple[str, str]],
    supply: SupplyModel,
    a: Arrays,
    parts: dict[str, Any],
) -> State:
    standing = [b for b in bins if b.model < 0]
    there = supply.evaluate([mounted_load(m) for b in standing for m in b.rack.contents])
    legs = np.zeros((*a.alive.shape, 3))
    for c, names in enumerate(parts["clusters"]):
        for w in range(a.pattern_count[c]):
            scenario = int(np.argmax(a.pattern_of[:, c] == w))
            for i, name in enumerate(names):
                legs[c, w, i] = there.legs[scenario, supply.feed(name)]
    is_source = {source for sources in supply.sources for source in sources}
    nodes = there.nodes.copy()
    nodes[:, [n for n in range(len(supply.names)) if supply.legs[n] and n not in is_source]] = 0.0
    cooling = np.array([zone.usable_w for zone in facility.cooling_zones], dtype=np.float64)
    left = {entry.partner: [entry.power_w, entry.units_u, entry.area_m2] for entry in facility.entitlements}
    for i, b in enumerate(standing):
        cooling[a.bin_zone[i]] -= a.kit_w[i]
        used_u = sum(m.height_u for m in b.rack.contents if m.role != "kit")
        if (mine := left.get(b.rack.owner)) is not None:
            for k, used in enumerate((a.kit_w[i], used_u, b.position.area_m2)):
                mine[k] = None if (limit := mine[k]) is None else limit - used
    owners = np.array([[UNLIMITED if v is None else v for v in row] for row in left.values()]).reshape(-1, 3)
    group_of = {group: i for i, group in enumerate(groups)}
    taken = np.zeros(parts["places"], dtype=np.uint8)
    taken[a.bin_place[: len(standing)]] = 1
    bin_group = np.full(len(bins), -1, dtype=np.int32)
    for i, b in enumerate(standing):
        bin_group[i] = group_of.get((b.rack.owner, b.position.security_zone), len(groups))
    stock = [len(facility.positions) if m.stock is None else m.stock for m in facility.rack_models]
    things = len(a.part_slots)
    return State(
        occupied=a.empty_occupied.copy(),
        kg_left=a.empty_kg.copy(),
        ports_left=a.empty_ports.copy(),
        legs=legs,
        nodes=nodes,
        cooling_left=cooling,
        owner_w_left=owners[:, 0].copy(),
        owner_units_left=owners[:, 1].copy(),
        owner_area_left=owners[:, 2].copy(),
        stock_left=np.array(stock, dtype=np.int32),
        place_taken=taken,
        bin_group=bin_group,
        class_used=np.zeros((len(bins), max(1, parts["classes"])), dtype=np.int16),
        item_bin=np.full(len(a.item_group), -1, dtype=np.int32),
        part_slot=np.zeros(things, dtype=np.int32),
        part_side=np.zeros(things, dtype=np.int32),
        cord_feed=np.full((things, parts["most_cords"]), -1, dtype=np.int8),
        cord_leg=np.zeros((things, parts["most_cords"]), dtype=np.int8),
    )


def supplies_at(state: State, part: int, position: Position) -> tuple[Supply, ...]:
    """The cords of a placed part: feed and leg of each."""
    return tuple(
        Supply(position.feeds[feed], THREE_PHASE if leg == THREE_LEGS else LEGS[leg])
        for feed, leg in zip(state.cord_feed[part], state.cord_leg[part], strict=True)
        if feed >= 0
    )
