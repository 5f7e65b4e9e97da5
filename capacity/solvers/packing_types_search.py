"""Bins of several types, each with a cost and a stock: what a greedy and a search by ruin and recreation find.

A bin is opened for the largest item left, of the type that costs least for what it then holds; bins are emptied at
random and filled again, and what is no dearer, or hardly, is kept (Schrimpf, Schneider, Stamm-Wilbrandt, Dueck 2000).
Compiled, resumable, counted in operations. What the items are to a caller, and how good this is, stand elsewhere.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from capacity.solvers.packing_search import Bits, draw

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

OUT = -1
OPERATIONS_PER_EFFORT = 20  # about as many in a microsecond
MOST_EMPTIED = 6  # bins at a time
HOT = 0.05  # of a bin's mean cost: how much dearer a step may be at first


class Typed(NamedTuple):
    """What is packed, for compiled code.

    `sizes` [shapes × items × dimensions] whole, `room` [types × dimensions] in the units of the type's `shape` [types];
    `cost` [types] whole; `stock` [types] of bins; `most_bins` of all types together; `eligible` [items × types] where
    an item fits an empty bin and may be; `weight` [items] its size in one number; `value` [items] the cost of leaving
    it out; `row` and `bits` say which items conflict, as for identical bins.
    """

    sizes: Ints
    shape: Ints
    room: Ints
    cost: Ints
    stock: Ints
    most_bins: int
    eligible: Bools
    weight: Floats
    value: Floats
    row: Ints
    bits: Bits


class Filled(NamedTuple):
    """A packing: `bin_of` [items], -1 out; `type_of` [bins], -1 for a bin not used; what is `left`; rows `inside`."""

    bin_of: Ints
    type_of: Ints
    left: Ints
    inside: Bits
    used: Ints  # [types]: how many bins


def nothing_filled(typed: Typed) -> Filled:
    """No item in any bin; as many bins as items, as no more are ever used."""
    items, dims = len(typed.weight), typed.room.shape[1]
    return Filled(
        np.full(items, OUT, dtype=np.int64),
        np.full(items, OUT, dtype=np.int64),
        np.zeros((items, dims), dtype=np.int64),
        np.zeros((items, typed.bits.shape[1]), dtype=np.uint64),
        np.zeros(len(typed.cost), dtype=np.int64),
    )


@njit(cache=True, nogil=True)
def copied(filled: Filled) -> Filled:
    """The same packing in arrays of its own."""
    return Filled(
        filled.bin_of.copy(),
        filled.type_of.copy(),
        filled.left.copy(),
        filled.inside.copy(),
        filled.used.copy(),
    )


def price(typed: Typed, filled: Filled) -> tuple[float, int]:
    """Value left out, and cost of the bins used."""
    return float(typed.value[filled.bin_of < 0].sum()), int(typed.cost @ filled.used)


@njit(cache=True, nogil=True)
def holds(typed: Typed, filled: Filled, item: int, b: int) -> bool:
    """Whether an item may join what is in a bin that is used."""
    kind = filled.type_of[b]
    if not typed.eligible[item, kind]:
        return False
    size = typed.sizes[typed.shape[kind], item]
    for d in range(len(size)):
        if size[d] > filled.left[b, d]:
            return False
    row = typed.row[item]
    if row >= 0:
        for w in range(typed.bits.shape[1]):
            if typed.bits[row, w] & filled.inside[b, w]:
                return False
    return True


@njit(cache=True, nogil=True)
def move(typed: Typed, filled: Filled, item: int, b: int, sign: int) -> None:
    """Put an item into a used bin (`sign` 1) or take it out (-1)."""
    size = typed.sizes[typed.shape[filled.type_of[b]], item]
    for d in range(len(size)):
        filled.left[b, d] -= sign * size[d]
    row = typed.row[item]
    if row >= 0:
        filled.inside[b, row >> 6] ^= np.uint64(1) << np.uint64(row & 63)
    filled.bin_of[item] = b if sign > 0 else OUT


@njit(cache=True, nogil=True)
def open_bin(typed: Typed, filled: Filled, b: int, kind: int) -> None:
    """Begin to use an empty bin as one of a type."""
    filled.type_of[b] = kind
    filled.used[kind] += 1
    filled.left[b] = typed.room[kind]
    filled.inside[b] = np.uint64(0)


@njit(cache=True, nogil=True)
def retype(typed: Typed, filled: Filled, b: int, members: Ints) -> None:
    """Let a bin be of the cheapest type in stock that holds its members."""
    kind = filled.type_of[b]
    dims = typed.room.shape[1]
    best = kind
    for other in range(len(typed.cost)):
        if typed.cost[other] >= typed.cost[best] or filled.used[other] >= typed.stock[other]:
            continue
        is_fine = True
        for item in members:
            is_fine = is_fine and typed.eligible[item, other]
        for d in range(dims):
            left = typed.room[other, d]
            if is_fine:
                for item in members:
                    left -= typed.sizes[typed.shape[other], item, d]
            is_fine = is_fine and left >= 0
        if is_fine:
            best = other
    if best == kind:
        return
    filled.used[kind] -= 1
    filled.used[best] += 1
    filled.type_of[b] = best
    for d in range(dims):
        filled.left[b, d] = typed.room[best, d]
        for item in members:
            filled.left[b, d] -= typed.sizes[typed.shape[best], item, d]


@njit(cache=True, nogil=True)
def _join(typed: Typed, filled: Filled, order: Ints) -> int:
    """Each item of `order` that is out into the used bin it leaves fullest, where one holds it; operations."""
    items, dims = len(typed.weight), typed.room.shape[1]
    spent = 0
    for item in order:
        if filled.bin_of[item] >= 0:
            continue
        best, least = -1, math.inf
        for b in range(items):
            if filled.type_of[b] < 0:
                continue
            spent += dims
            if not holds(typed, filled, item, b):
                continue
            kind = filled.type_of[b]
            left = 0.0
            for d in range(dims):
                room = max(typed.room[kind, d], 1)
                left += (filled.left[b, d] - typed.sizes[typed.shape[kind], item, d]) / room
            if left < least:
                best, least = b, left
        if best >= 0:
            move(typed, filled, item, best, 1)
    return spent


@njit(cache=True, nogil=True)
def _fill_bin(
    typed: Typed, filled: Filled, b: int, order: Ints, start: int, members: Ints
) -> tuple[int, float]:
    """Into bin b the items of `order` from `start` on that are out and fit, in turn: how many, and their weight."""
    many, weight = 0, 0.0
    for at in range(start, len(order)):
        item = order[at]
        if filled.bin_of[item] < 0 and holds(typed, filled, item, b):
            move(typed, filled, item, b, 1)
            members[many] = item
            many += 1
            weight += typed.weight[item]
    return many, weight


@njit(cache=True, nogil=True)
def _open_for(typed: Typed, filled: Filled, order: Ints, at: int, noise: Floats, members: Ints) -> int:
    """A new bin for the item at `at` of `order`, of the type that costs least for what it holds; operations."""
    used = 0
    for kind in range(len(typed.cost)):
        used += filled.used[kind]
    if used >= typed.most_bins:
        return 1
    b = 0
    while filled.type_of[b] >= 0:
        b += 1
    item = order[at]
    best, least, spent = -1, math.inf, b
    for kind in range(len(typed.cost)):
        if not typed.eligible[item, kind] or filled.used[kind] >= typed.stock[kind]:
            continue
        open_bin(typed, filled, b, kind)
        many, weight = _fill_bin(typed, filled, b, order, at, members)
        spent += (len(order) - at) * typed.room.shape[1]
        for k in range(many):
            move(typed, filled, members[k], b, -1)
        filled.used[kind] -= 1
        filled.type_of[b] = OUT
        score = noise[kind] * (typed.cost[kind] + 1e-9) / max(weight, 1e-9)
        if score < least:
            best, least = kind, score
    if best >= 0:
        open_bin(typed, filled, b, best)
        many, _ = _fill_bin(typed, filled, b, order, at, members)
        retype(typed, filled, b, members[:many])
    return spent


@njit(cache=True, nogil=True)
def fill(typed: Typed, filled: Filled, order: Ints, noise: Floats) -> int:
    """Put what is out into bins, used ones first, as far as stock goes; operations spent."""
    members = np.empty(len(typed.weight), dtype=np.int64)
    spent = _join(typed, filled, order)
    for at in range(len(order)):
        if filled.bin_of[order[at]] < 0:
            spent += _open_for(typed, filled, order, at, noise, members)
    return spent


@njit(cache=True, nogil=True)
def _empty_some(typed: Typed, filled: Filled, many: int, state: Bits) -> None:
    """Take all items out of up to `many` used bins, drawn at random."""
    items = len(typed.weight)
    for _ in range(many):
        b = filled.bin_of[draw(state, items)]
        if b < 0:
            continue
        for item in range(items):
            if filled.bin_of[item] == b:
                move(typed, filled, item, b, -1)
        filled.used[filled.type_of[b]] -= 1
        filled.type_of[b] = OUT


@njit(cache=True, nogil=True)
def _value(typed: Typed, filled: Filled, dear: float) -> float:
    total = 0.0
    for item in range(len(typed.weight)):
        if filled.bin_of[item] < 0:
            total += typed.value[item] * dear
    for kind in range(len(typed.cost)):
        total += float(typed.cost[kind] * filled.used[kind])
    return total


@njit(cache=True, nogil=True)
def _copy(source: Filled, target: Filled) -> None:
    target.bin_of[:] = source.bin_of
    target.type_of[:] = source.type_of
    target.left[:] = source.left
    target.inside[:] = source.inside
    target.used[:] = source.used


@njit(cache=True, nogil=True)
def improve(
    typed: Typed, best: Filled, dear: float, hard: Floats, goal: float, state: Bits, budget: int
) -> tuple[float, int]:
    """Ruin and recreate `best` until it is worth `goal` or `budget` operations are spent: (worth, operations).

    `dear` is the cost of a unit of value left out; `hard` [items] grows for what stays out and lets it go first.
    """
    items = len(typed.weight)
    current, trial = copied(best), copied(best)
    least = _value(typed, best, dear)
    now = least
    heat = HOT * now / max(best.used.sum(), 1)
    key = np.empty(items)
    noise = np.empty(len(typed.cost))
    spent = 0
    while least > goal and spent < budget:
        _copy(current, trial)
        _empty_some(typed, trial, 1 + draw(state, MOST_EMPTIED), state)
        spread = draw(state, 4) * 0.15
        waiting = 0
        for item in range(items):
            if trial.bin_of[item] < 0:
                waiting += 1
        out = np.empty(waiting, dtype=np.int64)
        at = 0
        for item in range(items):
            if trial.bin_of[item] < 0:
                out[at] = item
                key[at] = -typed.weight[item] * hard[item] * (1.0 + spread * draw(state, 1000) * 1e-3)
                at += 1
        order = out[np.argsort(key[:waiting], kind="mergesort")]
        for kind in range(len(noise)):
            noise[kind] = 1.0 + 0.3 * draw(state, 1000) * 1e-3
        spent += items * 4 + fill(typed, trial, order, noise)
        worth = _value(typed, trial, dear)
        for k in range(waiting):
            if trial.bin_of[out[k]] < 0:
                hard[out[k]] *= 1.05
        if worth <= now - heat * math.log(max(draw(state, 1 << 20), 1) / (1 << 20)) * (1.0 - spent / budget):
            _copy(trial, current)
            now = worth
        if worth < least - 1e-9:
            least = worth
            _copy(trial, best)
    return least, spent
