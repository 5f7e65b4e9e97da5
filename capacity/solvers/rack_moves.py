"""The compiled moves of the rack solver: put an item into a bin, take it out, open a bin, close it.

A bin has slots on two sides, a weight, ports, and feeds whose legs are loaded in every *pattern* (which feeds of the
bin's cluster are alive); above the feeds stands a graph of nodes, loaded in every scenario. A move is made only if
every limit still holds, and undone otherwise. `rack_filling` chains moves, `racks` decides which to try.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

EPSILON = 5e-7  # absolute slack of every limit: half of what a checker allows, room for sums in another order

# Why an item does not go into a bin.
(
    FITS,
    UNITS,
    WEIGHT,
    PORTS,
    FEED,
    NODE,
    COOLING,
    OWNER_POWER,
    OWNER_UNITS,
    APART,
    CORDS,
    AREA,
    STOCK,
    TAKEN,
) = range(14)

# Sides a part may take: both (mounted in front, or at the back), front only, back only, either one.
FULL_FRONT, FULL_REAR, HALF_FRONT, HALF_REAR, HALF_EITHER = range(5)

DIMENSIONS = 5  # of a demand vector: slot sides, power, weight, ports, slot sides in the low region
THREE_LEGS = 3  # leg code of a cord that loads all three legs equally
UNPLACED, LEFT_OUT = -1, -2


class Arrays(NamedTuple):
    """What never changes; shapes in brackets. Built by `racks.Problem`."""

    part_slots: np.ndarray  # [parts]
    part_step: np.ndarray
    part_face: np.ndarray
    part_top: np.ndarray
    part_w: np.ndarray
    part_kg: np.ndarray
    part_ports: np.ndarray
    part_units: np.ndarray
    part_cord: np.ndarray  # template, -1 for none
    item_ptr: np.ndarray  # [items + 1]
    item_group: np.ndarray  # [items]
    item_type: np.ndarray
    item_demand: np.ndarray  # [items, DIMENSIONS]
    class_ptr: np.ndarray  # [items + 1]
    class_ids: np.ndarray
    member_ptr: np.ndarray  # [classes + 1]
    member_ids: np.ndarray  # items of each class
    bin_place: np.ndarray  # [bins]
    bin_model: np.ndarray
    bin_area: np.ndarray
    bin_zone: np.ndarray
    bin_kind: np.ndarray
    bin_cluster: np.ndarray
    bin_feeds: np.ndarray  # [bins, feeds of a bin] index within the cluster, -1 for none
    bin_low: np.ndarray  # [bins] slots in the low region
    kit_w: np.ndarray
    kit_leg: np.ndarray  # [bins, patterns, feeds of a bin, 3]
    empty_occupied: np.ndarray  # [bins, 2, slots]
    empty_kg: np.ndarray
    empty_ports: np.ndarray
    alive: np.ndarray  # [clusters, patterns, feeds of a cluster]
    pattern_count: np.ndarray  # [clusters]
    feed_cap: np.ndarray  # [clusters, feeds]
    leg_cap: np.ndarray
    leg_count: np.ndarray
    feed_route: np.ndarray  # [clusters, feeds]
    pattern_of: np.ndarray  # [scenarios, clusters]
    options: np.ndarray  # [kinds, templates, options, feeds of a bin]
    option_count: np.ndarray  # [kinds, templates]
    cord_needed: np.ndarray  # [templates]
    cord_spare: np.ndarray
    cord_three: np.ndarray
    route_ptr: np.ndarray  # [scenarios × routes + 1]
    route_node: np.ndarray
    route_share: np.ndarray
    node_cap: np.ndarray  # [nodes]
    row_scenario: np.ndarray  # [rows] a row is a node in one scenario: those that no other row says already
    row_node: np.ndarray
    entry_ptr: np.ndarray  # [clusters + 1] the rows a cluster's feeds load
    entry_row: np.ndarray
    entry_pattern: np.ndarray
    entry_feed: np.ndarray  # index within the cluster
    entry_share: np.ndarray
    group_owner: np.ndarray  # [groups]
    bins_ptr: np.ndarray  # [groups + 1]
    bins_ids: np.ndarray


class State(NamedTuple):
    """What moves change. `*_left` are what is still free."""

    occupied: np.ndarray  # [bins, 2, slots]
    kg_left: np.ndarray
    ports_left: np.ndarray
    legs: np.ndarray  # [clusters, patterns, feeds, 3]
    nodes: np.ndarray  # [scenarios, nodes] at the start: moves follow `row_load`
    row_load: np.ndarray  # [rows]
    cooling_left: np.ndarray  # [zones]
    owner_w_left: np.ndarray  # [owners]
    owner_units_left: np.ndarray
    owner_area_left: np.ndarray
    stock_left: np.ndarray  # [models]
    place_taken: np.ndarray  # [places]
    bin_group: np.ndarray  # [bins] -1: closed
    item_bin: np.ndarray  # [items]
    part_slot: np.ndarray  # [parts]
    part_side: np.ndarray
    cord_feed: np.ndarray  # [parts, cords] index within the bin's feeds, -1 for none
    cord_leg: np.ndarray


@njit(cache=True)
def _is_free(occupied: np.ndarray, side: int, slot: int, slots: int) -> bool:
    for k in range(slot, slot + slots):
        if occupied[side, k]:
            return False
    return True


@njit(cache=True)
def _is_taken(occupied: np.ndarray, side: int, slot: int, slots: int) -> bool:
    for k in range(slot, slot + slots):
        if not occupied[side, k]:
            return False
    return True


@njit(cache=True)
def find_slot(occupied: np.ndarray, slots: int, step: int, face: int, top: int) -> tuple[int, int]:
    """Lowest free place for a part bound to the low region, else the highest; slot -1 when there is none.

    A part on one side looks first for a place whose other side is taken, to keep whole places whole.
    """
    height = min(top, occupied.shape[1])
    last = (height - slots) // step
    is_low = top < occupied.shape[1]
    if face <= FULL_REAR:
        for k in range(last + 1):
            slot = (k if is_low else last - k) * step
            if _is_free(occupied, 0, slot, slots) and _is_free(occupied, 1, slot, slots):
                return slot, face
        return -1, 0
    for beside in (True, False):
        for side in (1, 0):
            if (face == HALF_FRONT and side == 1) or (face == HALF_REAR and side == 0):
                continue
            for k in range(last + 1):
                slot = (k if is_low else last - k) * step
                if beside and not _is_taken(occupied, 1 - side, slot, slots):
                    continue
                if _is_free(occupied, side, slot, slots):
                    return slot, side
    return -1, 0


@njit(cache=True)
def mark(occupied: np.ndarray, face: int, side: int, slot: int, slots: int, value: int) -> None:
    """Take (1) or free (0) the slots of a part."""
    for k in range(slot, slot + slots):
        if face <= FULL_REAR:
            occupied[0, k] = value
            occupied[1, k] = value
        else:
            occupied[side, k] = value


@njit(cache=True)
def _admits(a: Arrays, s: State, item: int, b: int) -> int:
    kg = ports = watts = units = 0.0
    for part in range(a.item_ptr[item], a.item_ptr[item + 1]):
        kg += a.part_kg[part]
        ports += a.part_ports[part]
        watts += a.part_w[part]
        units += a.part_units[part]
    owner = a.group_owner[a.item_group[item]]
    for k in range(a.class_ptr[item], a.class_ptr[item + 1]):
        for m in range(a.member_ptr[a.class_ids[k]], a.member_ptr[a.class_ids[k] + 1]):
            if s.item_bin[a.member_ids[m]] == b and a.member_ids[m] != item:
                return APART
    if kg > s.kg_left[b] + EPSILON:
        return WEIGHT
    if ports > s.ports_left[b] + EPSILON:
        return PORTS
    if watts > s.owner_w_left[owner] + EPSILON:
        return OWNER_POWER
    if units > s.owner_units_left[owner] + EPSILON:
        return OWNER_UNITS
    if watts > s.cooling_left[a.bin_zone[b]] + EPSILON:
        return COOLING
    return FITS


@njit(cache=True)
def _book(a: Arrays, s: State, item: int, b: int, sign: int) -> None:
    owner = a.group_owner[a.item_group[item]]
    zone = a.bin_zone[b]
    for part in range(a.item_ptr[item], a.item_ptr[item + 1]):
        s.kg_left[b] -= sign * a.part_kg[part]
        s.ports_left[b] -= sign * a.part_ports[part]
        s.owner_w_left[owner] -= sign * a.part_w[part]
        s.owner_units_left[owner] -= sign * a.part_units[part]
        s.cooling_left[zone] -= sign * a.part_w[part]
    s.item_bin[item] = b if sign > 0 else UNPLACED


@njit(cache=True)
def _unmount(a: Arrays, s: State, first: int, last: int, b: int) -> None:
    for part in range(first, last):
        mark(s.occupied[b], a.part_face[part], s.part_side[part], s.part_slot[part], a.part_slots[part], 0)


@njit(cache=True)
def _mount(a: Arrays, s: State, first: int, last: int, b: int) -> int:
    for part in range(first, last):
        slot, side = 0, 0
        if a.part_slots[part] > 0:
            slot, side = find_slot(
                s.occupied[b], a.part_slots[part], a.part_step[part], a.part_face[part], a.part_top[part]
            )
        if slot < 0:
            _unmount(a, s, first, part, b)
            return UNITS
        s.part_slot[part] = slot
        s.part_side[part] = side
        mark(s.occupied[b], a.part_face[part], side, slot, a.part_slots[part], 1)
    return FITS


@njit(cache=True)
def _shares(a: Arrays, s: State, part: int, b: int, share: np.ndarray) -> None:
    """What each alive cord of a part draws, by pattern: draw ÷ alive cords, 0 when too few are alive."""
    cluster = a.bin_cluster[b]
    needed = a.cord_needed[a.part_cord[part]]
    for w in range(a.pattern_count[cluster]):
        alive = 0
        for k in range(s.cord_feed.shape[1]):
            feed = s.cord_feed[part, k]
            if feed >= 0 and a.alive[cluster, w, a.bin_feeds[b, feed]]:
                alive += 1
        share[w] = a.part_w[part] / alive if alive >= needed else 0.0


@njit(cache=True)
def _load_cord(
    a: Arrays, s: State, part: int, k: int, b: int, share: np.ndarray, sign: float, delta: np.ndarray
) -> None:
    cluster = a.bin_cluster[b]
    own = s.cord_feed[part, k]
    feed = a.bin_feeds[b, own]
    leg = s.cord_leg[part, k]
    for w in range(a.pattern_count[cluster]):
        if not a.alive[cluster, w, feed]:
            continue
        delta[w, feed] += sign * share[w]
        if leg == THREE_LEGS:
            for each in range(3):
                s.legs[cluster, w, feed, each] += sign * share[w] / 3
        else:
            s.legs[cluster, w, feed, leg] += sign * share[w]


@njit(cache=True)
def _best_leg(a: Arrays, s: State, b: int, own: int) -> int:
    cluster = a.bin_cluster[b]
    feed = a.bin_feeds[b, own]
    best, least = 0, np.inf
    for leg in range(a.leg_count[cluster, feed]):
        worst = 0.0
        for w in range(a.pattern_count[cluster]):
            worst = max(worst, s.legs[cluster, w, feed, leg])
        if worst < least - EPSILON:
            best, least = leg, worst
    return best


@njit(cache=True)
def _cord(a: Arrays, s: State, part: int, b: int, option: int, share: np.ndarray, delta: np.ndarray) -> None:
    """Plug a part by one option (how many cords on each feed), each cord on the leg least loaded so far."""
    template = a.part_cord[part]
    k = 0
    for own in range(a.options.shape[3]):
        for _ in range(a.options[a.bin_kind[b], template, option, own]):
            s.cord_feed[part, k] = own
            k += 1
    _shares(a, s, part, b, share)
    for j in range(k):
        own = s.cord_feed[part, j]
        s.cord_leg[part, j] = THREE_LEGS if a.cord_three[template] else _best_leg(a, s, b, own)
        _load_cord(a, s, part, j, b, share, 1.0, delta)


@njit(cache=True)
def _uncord(a: Arrays, s: State, part: int, b: int, share: np.ndarray, delta: np.ndarray) -> None:
    if a.part_cord[part] < 0:
        return
    _shares(a, s, part, b, share)
    for k in range(s.cord_feed.shape[1]):
        if s.cord_feed[part, k] >= 0:
            _load_cord(a, s, part, k, b, share, -1.0, delta)
    for k in range(s.cord_feed.shape[1]):
        s.cord_feed[part, k] = -1


@njit(cache=True)
def _strain(a: Arrays, s: State, b: int) -> float:
    """The worst load over limit of the bin's feeds and legs in any pattern; infinite beyond the limit."""
    cluster = a.bin_cluster[b]
    worst = 0.0
    for own in range(a.bin_feeds.shape[1]):
        feed = a.bin_feeds[b, own]
        if feed < 0:
            continue
        for w in range(a.pattern_count[cluster]):
            total = 0.0
            for leg in range(3):
                load = s.legs[cluster, w, feed, leg]
                total += load
                if load > a.leg_cap[cluster, feed] + EPSILON:
                    return np.inf
                worst = max(worst, load / a.leg_cap[cluster, feed])
            if total > a.feed_cap[cluster, feed] + EPSILON:
                return np.inf
            worst = max(worst, total / a.feed_cap[cluster, feed])
    return worst


@njit(cache=True)
def _plug(a: Arrays, s: State, part: int, b: int, share: np.ndarray, delta: np.ndarray) -> int:
    """Plug one part by the option that strains its bin least."""
    template = a.part_cord[part]
    if template < 0:
        return FITS
    count = a.option_count[a.bin_kind[b], template]
    if count == 0:
        return CORDS
    best, least = -1, np.inf
    for option in range(count):
        _cord(a, s, part, b, option, share, delta)
        strain = _strain(a, s, b)
        if count == 1 and strain < np.inf:
            return FITS
        _uncord(a, s, part, b, share, delta)
        if strain < least - 1e-9:
            best, least = option, strain
    if best < 0:
        return FEED
    _cord(a, s, part, b, best, share, delta)
    return FITS


@njit(cache=True)
def _carry(a: Arrays, s: State, b: int, delta: np.ndarray, sign: float) -> bool:
    """Put the feeds' change (by pattern) on every row above them; False if a limit is passed."""
    cluster = a.bin_cluster[b]
    holds = True
    for k in range(a.entry_ptr[cluster], a.entry_ptr[cluster + 1]):
        change = sign * delta[a.entry_pattern[k], a.entry_feed[k]]
        if change != 0.0:
            row = a.entry_row[k]
            s.row_load[row] += change * a.entry_share[k]
            if change > 0 and s.row_load[row] > a.node_cap[a.row_node[row]] + EPSILON:
                holds = False
    return holds


@njit(cache=True)
def place(a: Arrays, s: State, item: int, b: int) -> int:
    """Put an item into an open bin; returns FITS, or the first limit that refuses it and nothing is changed."""
    code = _admits(a, s, item, b)
    if code != FITS:
        return code
    first, last = a.item_ptr[item], a.item_ptr[item + 1]
    code = _mount(a, s, first, last, b)
    if code != FITS:
        return code
    share = np.zeros(a.alive.shape[1])
    delta = np.zeros((a.alive.shape[1], a.alive.shape[2]))
    plugged = first
    while plugged < last and code == FITS:
        code = _plug(a, s, plugged, b, share, delta)
        if code == FITS:
            plugged += 1
    if code == FITS and not _carry(a, s, b, delta, 1.0):
        _carry(a, s, b, delta, -1.0)
        code = NODE
    if code != FITS:
        for part in range(first, plugged):
            _uncord(a, s, part, b, share, delta)
        _unmount(a, s, first, last, b)
        return code
    _book(a, s, item, b, 1)
    return FITS


@njit(cache=True)
def take_out(a: Arrays, s: State, item: int) -> None:
    """Take a placed item out of its bin."""
    b = s.item_bin[item]
    first, last = a.item_ptr[item], a.item_ptr[item + 1]
    share = np.zeros(a.alive.shape[1])
    delta = np.zeros((a.alive.shape[1], a.alive.shape[2]))
    for part in range(first, last):
        _uncord(a, s, part, b, share, delta)
    _carry(a, s, b, delta, 1.0)  # the change is negative already
    _unmount(a, s, first, last, b)
    _book(a, s, item, b, -1)


@njit(cache=True)
def _kit(a: Arrays, s: State, b: int, sign: float) -> bool:
    cluster = a.bin_cluster[b]
    delta = np.zeros((a.alive.shape[1], a.alive.shape[2]))
    for w in range(a.pattern_count[cluster]):
        for own in range(a.bin_feeds.shape[1]):
            feed = a.bin_feeds[b, own]
            for leg in range(3 if feed >= 0 else 0):
                delta[w, feed] += a.kit_leg[b, w, own, leg]
                s.legs[cluster, w, feed, leg] += sign * a.kit_leg[b, w, own, leg]
    return _carry(a, s, b, delta, sign)


@njit(cache=True)
def may_open(a: Arrays, s: State, b: int, group: int) -> int:
    """Whether the simple limits let this closed bin be opened for a group."""
    owner = a.group_owner[group]
    if s.place_taken[a.bin_place[b]]:
        return TAKEN
    if s.stock_left[a.bin_model[b]] <= 0:
        return STOCK
    if a.bin_area[b] > s.owner_area_left[owner] + EPSILON:
        return AREA
    if a.kit_w[b] > s.owner_w_left[owner] + EPSILON:
        return OWNER_POWER
    if a.kit_w[b] > s.cooling_left[a.bin_zone[b]] + EPSILON:
        return COOLING
    return FITS


@njit(cache=True)
def open_bin(a: Arrays, s: State, b: int, group: int) -> int:
    """Open a closed bin for a group, with its fixed kit; returns FITS or why not, and then nothing is changed."""
    code = may_open(a, s, b, group)
    if code != FITS:
        return code
    holds = _kit(a, s, b, 1.0)
    if not holds or _strain(a, s, b) == np.inf:
        _kit(a, s, b, -1.0)
        return NODE if not holds else FEED
    owner = a.group_owner[group]
    s.place_taken[a.bin_place[b]] = 1
    s.stock_left[a.bin_model[b]] -= 1
    s.owner_area_left[owner] -= a.bin_area[b]
    s.owner_w_left[owner] -= a.kit_w[b]
    s.cooling_left[a.bin_zone[b]] -= a.kit_w[b]
    s.bin_group[b] = group
    return FITS


@njit(cache=True)
def close_bin(a: Arrays, s: State, b: int) -> None:
    """Close a new bin that holds nothing but its kit."""
    owner = a.group_owner[s.bin_group[b]]
    _kit(a, s, b, -1.0)
    s.place_taken[a.bin_place[b]] = 0
    s.stock_left[a.bin_model[b]] += 1
    s.owner_area_left[owner] += a.bin_area[b]
    s.owner_w_left[owner] += a.kit_w[b]
    s.cooling_left[a.bin_zone[b]] += a.kit_w[b]
    s.bin_group[b] = -1
