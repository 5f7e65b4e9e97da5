"""The compiled greedy of the rack solver: fill the open bins of a group, then open new ones until all is in.

A bin is filled item by item: each time the item goes in whose demand points most along what the bin has left (the
dot-product rule of Panigrahy, Talwar, Uyeda, Wieder 2011), scarce dimensions counting more. `rack_moves` makes the
moves; `racks` chooses weights, orders and what to tear down again.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from capacity.solvers.rack_moves import (
    DIMENSIONS,
    EPSILON,
    FITS,
    UNPLACED,
    Arrays,
    State,
    close_bin,
    may_open,
    open_bin,
    place,
)


@njit(cache=True)
def power_left(a: Arrays, s: State, b: int) -> float:
    """W the bin's feeds may still carry in the pattern that leaves least."""
    cluster = a.bin_cluster[b]
    least = np.inf
    for w in range(a.pattern_count[cluster]):
        left = 0.0
        is_any = False
        for own in range(a.bin_feeds.shape[1]):
            feed = a.bin_feeds[b, own]
            if feed >= 0 and a.alive[cluster, w, feed]:
                is_any = True
                left += a.feed_cap[cluster, feed]
                for leg in range(3):
                    left -= s.legs[cluster, w, feed, leg]
        if is_any:
            least = min(least, left)
    return 0.0 if least == np.inf else max(least, 0.0)


@njit(cache=True)
def left_over(a: Arrays, s: State, b: int, left: np.ndarray) -> None:
    """Write what a bin has left, in the dimensions of a demand vector, into `left`."""
    free = low = 0
    for side in range(2):
        for slot in range(s.occupied.shape[2]):
            if not s.occupied[b, side, slot]:
                free += 1
                if slot < a.bin_low[b]:
                    low += 1
    left[0] = free
    left[1] = power_left(a, s, b)
    left[2] = max(s.kg_left[b], 0.0)
    left[3] = max(s.ports_left[b], 0.0)
    left[4] = low


@njit(cache=True)
def runs_of(a: Arrays, order: np.ndarray) -> np.ndarray:
    """Where each run of one kind starts in `order`, and its end: [runs + 1]."""
    starts = np.empty(len(order) + 1, dtype=np.int64)
    count = 0
    for k in range(len(order)):
        if k == 0 or a.item_type[order[k]] != a.item_type[order[k - 1]]:
            starts[count] = k
            count += 1
    starts[count] = len(order)
    return starts[: count + 1]


@njit(cache=True)
def fill_bin(
    a: Arrays,
    s: State,
    b: int,
    order: np.ndarray,
    runs: np.ndarray,
    heads: np.ndarray,
    weights: np.ndarray,
    caps: np.ndarray,
    noise: np.ndarray,
) -> int:
    """Fill one open bin from the unplaced items of `order`, one kind a run; returns how many went in.

    `heads` [runs] are where unplaced items may begin in each run; moved on here, never back.
    """
    waiting = np.arange(len(heads))
    length = len(heads)
    left = np.zeros(DIMENSIONS)
    count = 0
    left_over(a, s, b, left)
    while True:
        best, best_score, kept = -1, -1.0, 0
        for w in range(length):
            run = waiting[w]
            while heads[run] < runs[run + 1] and s.item_bin[order[heads[run]]] != UNPLACED:
                heads[run] += 1
            if heads[run] == runs[run + 1]:
                continue
            i = order[heads[run]]
            score = 0.0
            fits = True
            for d in range(DIMENSIONS):
                # Power is left to the move itself: a lone cord may find room that no shared load would.
                if d != 1 and a.item_demand[i, d] > left[d] + EPSILON:
                    fits = False
                score += weights[d] * a.item_demand[i, d] / caps[d] * left[d] / caps[d]
            if not fits:
                continue
            waiting[kept] = run  # what is refused or used up drops out: a bin only gets fuller
            score *= noise[i]
            if score > best_score:
                best, best_score = kept, score
            kept += 1
        length = kept
        if best < 0:
            return count
        if place(a, s, order[heads[waiting[best]]], b) == FITS:
            count += 1
            left_over(a, s, b, left)
        else:
            for w in range(best, length - 1):
                waiting[w] = waiting[w + 1]
            length -= 1


@njit(cache=True)
def headroom(a: Arrays, s: State, b: int, enough: float) -> float:
    """W of shared load the graph above a closed bin's feeds may still take (at most `enough`), and its cooling."""
    cluster = a.bin_cluster[b]
    least: float = min(enough, s.cooling_left[a.bin_zone[b]])
    alive = np.zeros(a.alive.shape[1])
    for own in range(a.bin_feeds.shape[1]):
        if a.bin_feeds[b, own] >= 0:
            alive += a.alive[cluster, :, a.bin_feeds[b, own]]
    for k in range(a.entry_ptr[cluster], a.entry_ptr[cluster + 1]):
        is_own = False
        for own in range(a.bin_feeds.shape[1]):
            is_own = is_own or a.bin_feeds[b, own] == a.entry_feed[k]
        if is_own:
            row = a.entry_row[k]
            left = a.node_cap[a.row_node[row]] - s.row_load[row]
            least = min(least, left * alive[a.entry_pattern[k]] / max(a.entry_share[k], 1e-9))
    return least


@njit(cache=True)
def _next_bin(a: Arrays, s: State, group: int, target_w: float, is_skipped: np.ndarray) -> int:
    """The first closed bin, in the group's order, whose graph and cooling leave `target_w`, or all its own feeds carry;
    else the one with most.
    """
    best, most = -1, -np.inf
    for k in range(a.bins_ptr[group], a.bins_ptr[group + 1]):
        b = a.bins_ids[k]
        if s.bin_group[b] >= 0 or is_skipped[b] or may_open(a, s, b, group) != FITS:
            continue
        enough = min(target_w, power_left(a, s, b)) + a.kit_w[b]
        left = headroom(a, s, b, enough)
        if left >= enough - EPSILON:
            return int(b)
        if left > most:
            best, most = int(b), left
    return best


@njit(cache=True)
def fill_group(
    a: Arrays,
    s: State,
    group: int,
    order: np.ndarray,
    weights: np.ndarray,
    caps: np.ndarray,
    noise: np.ndarray,
    most_new: int,
) -> int:
    """Fill the group's open bins, then at most `most_new` new ones; returns how many were opened.

    A new bin is asked to have room above it for the mean draw the items left would bring it.
    """
    runs = runs_of(a, order)
    heads = runs[:-1].copy()
    for k in range(a.bins_ptr[group], a.bins_ptr[group + 1]):
        if s.bin_group[a.bins_ids[k]] == group:
            fill_bin(a, s, a.bins_ids[k], order, runs, heads, weights, caps, noise)
    waiting = order.copy()
    length = len(waiting)
    is_skipped = np.zeros(a.bin_place.shape[0], dtype=np.uint8)
    opened = 0
    while opened < most_new:
        total = np.zeros(DIMENSIONS)
        watts = 0.0
        kept = 0
        for k in range(length):
            i = waiting[k]
            if s.item_bin[i] == UNPLACED:
                waiting[kept] = i
                kept += 1
                for d in range(DIMENSIONS):
                    total[d] += a.item_demand[i, d]
                for part in range(a.item_ptr[i], a.item_ptr[i + 1]):
                    watts += a.part_w[part]
        length = kept
        if length == 0:
            return opened
        needed = max(1.0, np.max(np.ceil(total / caps)))
        b = _next_bin(a, s, group, watts / needed, is_skipped)
        if b < 0:
            return opened
        if open_bin(a, s, b, group) != FITS:
            is_skipped[b] = 1
        elif fill_bin(a, s, b, order, runs, heads, weights, caps, noise) == 0:
            close_bin(a, s, b)
            is_skipped[b] = 1
        else:
            opened += 1
    return opened


@njit(cache=True)
def insert_each(a: Arrays, s: State, group: int, order: np.ndarray) -> int:
    """Try each unplaced item of `order`, in that order, in every open bin of the group; returns how many went in."""
    count = 0
    for i in order:
        if s.item_bin[i] != UNPLACED:
            continue
        for k in range(a.bins_ptr[group], a.bins_ptr[group + 1]):
            b = a.bins_ids[k]
            if s.bin_group[b] == group and place(a, s, i, b) == FITS:
                count += 1
                break
    return count


@njit(cache=True)
def put_back(a: Arrays, s: State, order: np.ndarray, item_bin: np.ndarray) -> None:
    """Put each item of `order` into its bin of `item_bin`, opened for its group if need be, as far as it fits there."""
    for i in order:
        b = item_bin[i]
        if s.bin_group[b] < 0 and open_bin(a, s, b, a.item_group[i]) != FITS:
            continue
        if s.bin_group[b] == a.item_group[i]:
            place(a, s, i, b)
    for k in range(len(s.bin_group)):
        if s.bin_group[k] >= 0 and a.bin_model[k] >= 0 and not (s.item_bin == k).any():
            close_bin(a, s, k)
