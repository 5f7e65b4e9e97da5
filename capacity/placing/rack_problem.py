"""The target's racks and supply graph as the rack solver's arrays, and its answer as racks and supplies again.

Standing racks and every rack that could be bought, each at each free position, are bins; `rack_items` are the items.
A bin's limits are those of docs/reference/rules.md: units by face, weight by rack and floor, ports, feeds and legs in
every loss, the graph above, cooling zone, entitlement, stock, position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from capacity.facility import Entitlement, Facility, Mounted, Position, Supply, TargetRack
from capacity.holding import DIMENSIONS, cage_area_m2, kept_after
from capacity.placing.rack_bins import UNLIMITED, Bin, bins_of, groups_of, is_usable
from capacity.placing.rack_items import Item, Thing
from capacity.placing.rack_losses import row_arrays
from capacity.placing.rack_supply import (
    ANY,
    Template,
    cord_arrays,
    feed_arrays,
    inner_nodes,
    kit_arrays,
    route_arrays,
)
from capacity.power import THREE_PHASE, Load, SupplyModel
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

SLOTS_PER_UNIT = 2
Period = tuple[date, date]


@dataclass(frozen=True, slots=True)
class RackProblem:
    """The arrays with what their numbers mean."""

    problem: Problem
    items: tuple[Item, ...]
    bins: tuple[Bin, ...]
    groups: tuple[tuple[str, str], ...]
    owners: tuple[str, ...]
    supply: SupplyModel
    nodes: tuple[int, ...]  # of the supply model, by the solver's node number


def mounted_load(item: Mounted) -> Load:
    """A mounted thing as a load of the supply graph."""
    return Load(item.name, item.power_w, Redundancy.parse(item.redundancy), item.supplies)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a rack problem is whatever the items: bins, groups, and their part of the arrays and of the start."""

    facility: Facility
    supply: SupplyModel
    period: Period | None
    bins: tuple[Bin, ...]
    groups: tuple[tuple[str, str], ...]
    owners: tuple[str, ...]
    parts: dict[str, Any]
    legs: np.ndarray[Any, Any]  # of the feeds' clusters, what stands there on them
    nodes: np.ndarray[Any, Any]

    @classmethod
    def of(cls, facility: Facility, supply: SupplyModel, period: Period | None = None) -> Frame:
        """`period`: the first day of the plan and the last on which something can move in; where some racks of a group
        can be used by then, those that can't are left out.
        """
        bins = bins_of(facility, supply)
        groups = groups_of(facility)
        owners = tuple(entry.partner for entry in facility.entitlements)
        parts: dict[str, Any] = {}
        parts |= _bins(facility, bins)
        parts |= feed_arrays(supply, bins)
        parts |= route_arrays(supply, parts["feed_classes"])
        parts |= kit_arrays(bins, parts)
        parts["group_owner"] = np.array([owners.index(owner) for owner, _ in groups], dtype=np.int64)
        parts |= _group_bins(facility, bins, groups, period)
        there = supply.evaluate([mounted_load(m) for b in bins if b.model < 0 for m in b.rack.contents])
        legs = np.zeros((*parts["alive"].shape, 3))
        for c, names in enumerate(parts["clusters"]):
            feeds = [supply.feed(name) for name in names]
            for w in range(parts["pattern_count"][c] if there.parts else 0):
                scenario = int(np.argmax(parts["pattern_of"][:, c] == w))
                for i, feed in enumerate(feeds):
                    legs[c, w, i] = there.legs_at(scenario, feed)
        nodes = there.nodes_at(np.array(inner_nodes(supply), dtype=np.int64))
        return cls(facility, supply, period, bins, groups, owners, parts, legs, nodes)


def build(
    facility: Facility, items: Sequence[Item], supply: SupplyModel, period: Period | None = None
) -> RackProblem:
    """Everything the rack solver needs. Items of a group without any bin are left to the caller's refusals."""
    return framed(Frame.of(facility, supply, period), items)


def framed(frame: Frame, items: Sequence[Item]) -> RackProblem:
    """The rack problem of these items in a frame."""
    facility, supply, bins, groups = frame.facility, frame.supply, frame.bins, frame.groups
    parts = dict(frame.parts)
    templates = _templates(items)
    feeds_least = min((len(b.position.feeds) for b in bins if b.position.feeds), default=1)
    parts |= _items(facility, items, groups, templates, feeds_least, parts["slots"])
    parts |= cord_arrays(templates, bins, supply, parts)
    parts |= row_arrays(supply, bins, templates, parts)
    arrays = Arrays(**{name: parts[name] for name in Arrays._fields})
    start = _start(frame, arrays, parts)
    value = np.array([item.value for item in items], dtype=np.float64)
    order = np.arange(len(groups), dtype=np.int64)
    return RackProblem(
        Problem(arrays, start, value, order),
        tuple(items),
        bins,
        groups,
        frame.owners,
        supply,
        inner_nodes(supply),
    )


# --- items -------------------------------------------------------------------------------------------------------


def _template(thing: Thing) -> Template | None:
    if thing.redundancy is None:
        return None
    side = ANY if thing.side is None else thing.side
    return thing.redundancy.needed, thing.redundancy.spare, thing.is_three_phase, side


def _templates(items: Sequence[Item]) -> dict[Template, int]:
    found = sorted({t for item in items for thing in item.things if (t := _template(thing)) is not None})
    return {template: i for i, template in enumerate(found or [(1, 0, False, ANY)])}


def _face(thing: Thing) -> int:
    front, rear = thing.airflow == "front-to-rear", thing.airflow == "rear-to-front"
    if thing.is_full_depth:
        return FULL_REAR if rear else FULL_FRONT
    return HALF_FRONT if front else HALF_REAR if rear else HALF_EITHER


def _shared_weight(template: Template | None, feeds: int) -> float:
    """How much of a draw counts against the mean, over the losses of one feed each, of what is left: see `racks`."""
    if template is None:
        return 0.0
    needed, spare, _, _ = template
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
    members: list[list[int]] = [[] for _ in classes]
    for i, item in enumerate(items):
        for c in dict.fromkeys(item.apart):
            members[number[c]].append(i)
    group_of = {group: i for i, group in enumerate(groups)}
    group = np.array([group_of.get((item.owner, item.zone), -1) for item in items], dtype=np.int64)
    keys: dict[tuple[object, ...], int] = {}
    kinds = []
    for i, item in enumerate(items):
        own = tuple(map(tuple, table[ptr[i] : ptr[i + 1], :9].tolist()))
        key = (int(group[i]), own, item.value, item.apart, i if item.apart else -1)
        kinds.append(keys.setdefault(key, len(keys)))
    ints = table.astype(np.int64)
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
        "item_type": np.array(kinds, dtype=np.int64),
        "item_demand": demand,
        "class_ptr": np.concatenate(
            [[0], np.cumsum([len(item.apart) for item in items], dtype=np.int64)]
        ).astype(np.int64),
        "class_ids": np.array([number[c] for item in items for c in item.apart], dtype=np.int64),
        "member_ptr": np.concatenate([[0], np.cumsum([len(m) for m in members], dtype=np.int64)]).astype(
            np.int64
        ),
        "member_ids": np.array([i for m in members for i in m], dtype=np.int64),
        "most_cords": max(needed + spare for needed, spare, _, _ in templates),
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
        "bin_place": np.array([places[b.position.name] for b in bins], dtype=np.int64),
        "bin_model": np.array([b.model for b in bins], dtype=np.int64),
        "bin_area": np.array([b.position.area_m2 for b in bins], dtype=np.float64),
        "bin_zone": np.array([zones[b.position.cooling_zone] for b in bins], dtype=np.int64),
        "bin_low": np.full(
            len(bins), min(int(facility.rules.heavy_max_top_u * SLOTS_PER_UNIT), slots), dtype=np.int64
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


def _group_bins(
    facility: Facility, bins: Sequence[Bin], groups: Sequence[tuple[str, str]], period: Period | None
) -> dict[str, Any]:
    usable = {i for i, b in enumerate(bins) if period is None or is_usable(facility, b, *period)}
    lists = [
        [
            i
            for i, b in enumerate(bins)
            if b.position.security_zone == zone
            and (b.rack.owner == owner if b.model < 0 else b.position.owner in (None, owner))
        ]
        for owner, zone in groups
    ]
    lists = [[i for i in ids if i in usable] or ids for ids in lists]
    return {
        "bins_ptr": np.concatenate([[0], np.cumsum([len(ids) for ids in lists], dtype=np.int64)]).astype(
            np.int64
        ),
        "bins_ids": np.array([i for ids in lists for i in ids], dtype=np.int64),
    }


# --- the start, and the answer -----------------------------------------------------------------------------------


def _entitled(facility: Facility, entry: Entitlement, start: date | None) -> list[float | None]:
    """W, units and m² a partner may use by entitlement, less its cages and what it keeps reserved after `start`."""
    taken = {dimension: kept_after(facility, entry.partner, dimension, start) for dimension in DIMENSIONS}
    taken["area_m2"] += cage_area_m2(facility, entry.partner)
    limits = {"power_w": entry.power_w, "units_u": entry.units_u, "area_m2": entry.area_m2}
    return [None if limit is None else limit - taken[dimension] for dimension, limit in limits.items()]


def _start(frame: Frame, a: Arrays, parts: dict[str, Any]) -> State:
    facility, bins, groups, nodes = frame.facility, frame.bins, frame.groups, frame.nodes
    start = frame.period[0] if frame.period else None
    standing = [b for b in bins if b.model < 0]
    cooling = np.array([zone.usable_w for zone in facility.cooling_zones], dtype=np.float64)
    left = {entry.partner: _entitled(facility, entry, start) for entry in facility.entitlements}
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
    bin_group = np.full(len(bins), -1, dtype=np.int64)
    for i, b in enumerate(standing):
        bin_group[i] = group_of.get((b.rack.owner, b.position.security_zone), len(groups))
    stock = [len(facility.positions) if m.stock is None else m.stock for m in facility.rack_models]
    things = len(a.part_slots)
    return State(
        occupied=a.empty_occupied.copy(),
        kg_left=a.empty_kg.copy(),
        ports_left=a.empty_ports.copy(),
        legs=frame.legs.copy(),
        nodes=nodes,
        row_load=nodes[a.row_scenario, a.row_node],
        cooling_left=cooling,
        owner_w_left=owners[:, 0].copy(),
        owner_units_left=owners[:, 1].copy(),
        owner_area_left=owners[:, 2].copy(),
        stock_left=np.array(stock, dtype=np.int64),
        place_taken=taken,
        bin_group=bin_group,
        item_bin=np.full(len(a.item_group), -1, dtype=np.int64),
        part_slot=np.zeros(things, dtype=np.int64),
        part_side=np.zeros(things, dtype=np.int64),
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
