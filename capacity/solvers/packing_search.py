"""Local search for a packing into one bin less: compiled, resumable, counted in operations.

Takes items as whole numbers and a packing that leaves a few of them in a pool; moves items until the pool is empty or
the operations are spent. A pooled item goes into the bin where what it throws out is the least hard to place; an item
grows harder each time it finds no place (the ejection pool of Nagata and Bräysy 2009, on the partial packings of
Buljubašić and Vasquez 2016). Which bins to try for and when to stop is left to `packing`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bits = NDArray[np.uint64]

POOLED = -1
MOST_OUT = 2  # items thrown out for one that comes in
SHAKES = 100  # random moves tried after an item that came in at a cost, or not at all
MOST_PLACES = 40_000_000  # of the table of bins and what is in them; beyond it the search is left out
OPERATIONS_PER_EFFORT = 20  # about as many in a microsecond


class Items(NamedTuple):
    """What is packed, for compiled code.

    `sizes` [items × dimensions] and `capacity` [dimensions] whole; a size below zero makes room. `weight` [items] is a
    size in one number;
    `row` [items] is an item's row of `bits`, -1 where it conflicts with nothing; bit b of row a: a and b conflict.
    """

    sizes: Ints
    capacity: Ints
    weight: Floats
    row: Ints
    bits: Bits


class Layout(NamedTuple):
    """Which items are in which bin, both ways round, and what is left in each bin."""

    bin_of: Ints  # [items]
    place: Ints  # [items]: where in its bin's row
    inside: Ints  # [bins × most in a bin]
    held: Ints  # [bins]: how many items
    left: Ints  # [bins × dimensions]
    fill: Floats  # [bins]: sum of weights


@njit(cache=True, nogil=True)
def draw(state: Bits, below: int) -> int:
    """A number in [0, below) by xorshift64*; `state` [1] moves on."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return int(np.int64(((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % np.uint64(below)))


@njit(cache=True, nogil=True)
def clash(items: Items, one: int, other: int) -> bool:
    """Whether two items conflict."""
    a, b = items.row[one], items.row[other]
    if a < 0 or b < 0:
        return False
    return bool((items.bits[a, b >> 6] >> np.uint64(b & 63)) & np.uint64(1))


@njit(cache=True, nogil=True)
def _clashes(items: Items, layout: Layout, one: int, b: int, but: int) -> bool:
    """Whether an item conflicts with what is in bin b, `but` left out of account."""
    if items.row[one] < 0:
        return False
    for k in range(layout.held[b]):
        other = layout.inside[b, k]
        if other != but and clash(items, one, other):
            return True
    return False


@njit(cache=True, nogil=True)
def put(items: Items, layout: Layout, item: int, b: int) -> None:
    """Move an item from the pool into bin b."""
    layout.bin_of[item] = b
    layout.place[item] = layout.held[b]
    layout.inside[b, layout.held[b]] = item
    layout.held[b] += 1
    layout.fill[b] += items.weight[item]
    for d in range(items.sizes.shape[1]):
        layout.left[b, d] -= items.sizes[item, d]


@njit(cache=True, nogil=True)
def take(items: Items, layout: Layout, item: int) -> None:
    """Move an item from its bin into the pool."""
    b = layout.bin_of[item]
    layout.held[b] -= 1
    last = layout.inside[b, layout.held[b]]
    layout.inside[b, layout.place[item]] = last
    layout.place[last] = layout.place[item]
    layout.bin_of[item] = POOLED
    layout.fill[b] -= items.weight[item]
    for d in range(items.sizes.shape[1]):
        layout.left[b, d] += items.sizes[item, d]


@njit(cache=True, nogil=True)
def _note(best: Ints, cost: int, b: int, thrown: int, out: Ints, state: Bits) -> None:
    """Keep the cheapest way in; among equals one at random. `best`: cost, bin, how many leave, equals, who leaves."""
    if cost > best[0] or (cost == best[0] and best[1] < 0):
        return
    if cost < best[0]:
        best[3] = 0
    best[3] += 1
    if best[3] == 1 or draw(state, best[3]) == 0:
        best[0], best[1], best[2] = cost, b, thrown
        for k in range(thrown):
            best[4 + k] = out[k]


@njit(cache=True, nogil=True)
def _ways_in(
    items: Items,
    layout: Layout,
    v: int,
    b: int,
    hard: Ints,
    most_out: int,
    best: Ints,
    room: Ints,
    state: Bits,
) -> int:
    """Note the ways of `v` into bin b by throwing out at most `most_out`, cheaper than the best; returns operations."""
    sizes, dims = items.sizes, items.sizes.shape[1]
    out, need, stay = room[:4], room[4 : 4 + dims], room[4 + dims :]
    forced, cost, n = 0, 0, 0
    for d in range(dims):
        need[d] = sizes[v, d] - layout.left[b, d]
    for k in range(layout.held[b]):
        j = layout.inside[b, k]
        if items.row[v] >= 0 and clash(items, v, j):
            if forced == most_out:
                return k
            out[forced] = j
            forced += 1
            cost += hard[j]
            if cost > best[0]:
                return k
            for d in range(dims):
                need[d] -= sizes[j, d]
        else:
            stay[n] = j
            n += 1
    lacks = False
    for d in range(dims):
        lacks = lacks or need[d] > 0
    if not lacks:
        _note(best, cost, b, forced, out, state)
        return n
    ops = n
    free = most_out - forced
    if free == 0:
        return ops
    for x in range(n):
        i = stay[x]
        cost_i = cost + hard[i]
        if cost_i > best[0]:
            continue
        fits = True
        for d in range(dims):
            if need[d] > sizes[i, d]:
                fits = False
                break
        ops += 1
        out[forced] = i
        if fits:
            _note(best, cost_i, b, forced + 1, out, state)
            continue
        if free == 1:
            continue
        for y in range(x + 1, n):
            j = stay[y]
            cost_j = cost_i + hard[j]
            if cost_j > best[0]:
                continue
            fits = True
            for d in range(dims):
                if need[d] > sizes[i, d] + sizes[j, d]:
                    fits = False
                    break
            ops += 1
            if fits:
                out[forced + 1] = j
                _note(best, cost_j, b, forced + 2, out, state)
    return ops


@njit(cache=True, nogil=True)
def _shake(items: Items, layout: Layout, tries: int, state: Bits) -> None:
    """Random shifts and swaps between bins that hold and that make full bins fuller, empty ones emptier."""
    sizes, weight, fill, left = items.sizes, items.weight, layout.fill, layout.left
    n, dims = sizes.shape
    for _ in range(tries):
        i, j = draw(state, n), draw(state, n)
        a, b = layout.bin_of[i], layout.bin_of[j]
        if a < 0 or b < 0 or a == b:
            continue
        if fill[b] + weight[i] >= fill[a]:
            fits = True
            for d in range(dims):
                if sizes[i, d] > left[b, d] or -sizes[i, d] > left[a, d]:
                    fits = False
                    break
            if fits and not _clashes(items, layout, i, b, -1):
                take(items, layout, i)
                put(items, layout, i, b)
                continue
        gain = weight[j] - weight[i]  # of bin a
        if gain * (fill[a] - fill[b] + gain) < 0:
            continue
        fits = True
        for d in range(dims):
            more = sizes[i, d] - sizes[j, d]
            if more > left[b, d] or -more > left[a, d]:
                fits = False
                break
        if not fits or _clashes(items, layout, i, b, j) or _clashes(items, layout, j, a, i):
            continue
        take(items, layout, i)
        take(items, layout, j)
        put(items, layout, i, b)
        put(items, layout, j, a)


@njit(cache=True, nogil=True)
def empty_pool(
    items: Items,
    layout: Layout,
    hard: Ints,
    pool: Ints,
    pooled: int,
    value: Floats,
    least: Floats,
    best_bin_of: Ints,
    state: Bits,
    settings: tuple[int, int],
    budget: int,
) -> tuple[int, int]:
    """Move until nothing is pooled or `budget` operations are spent: (items pooled, operations spent).

    `pool` [items + a few]: the items pooled, the next one last. `hard` [items] ≥ 1: how hard each is to place.
    `value` [items]: what leaving one out costs; `least` [1] and `best_bin_of` keep the packing with least
    out.
    `settings`: most thrown out for one, random moves tried between.
    """
    bins = len(layout.held)
    most_out, shakes = settings
    best = np.zeros(8, dtype=np.int64)
    room = np.zeros(4 + items.sizes.shape[1] + layout.inside.shape[1], dtype=np.int64)
    spent = 0
    out_value = 0.0
    for k in range(pooled):
        out_value += value[pool[k]]
    while pooled > 0 and spent < budget:
        v = pool[pooled - 1]
        best[0], best[1] = hard[v], -1
        b = draw(state, bins)
        for _ in range(bins):
            b = b + 1 if b + 1 < bins else 0
            spent += 1 + _ways_in(items, layout, v, b, hard, most_out, best, room, state)
        thrown = best[2]
        if best[1] >= 0:
            for k in range(thrown):
                take(items, layout, best[4 + k])
                out_value += value[best[4 + k]]
            put(items, layout, v, best[1])
            out_value -= value[v]
            pooled -= 1
            for k in range(thrown):
                pool[pooled] = best[4 + k]
                pooled += 1
            if out_value < least[0] - 1e-9:
                least[0] = out_value
                best_bin_of[:] = layout.bin_of
        else:
            hard[v] += 1
        if pooled > 0:
            x = draw(state, pooled)
            pool[pooled - 1], pool[x] = pool[x], pool[pooled - 1]
        if best[1] < 0 or thrown > 0:
            _shake(items, layout, shakes, state)
            spent += 20 + shakes
    return pooled, spent


class Search:
    """The search for one problem; `aim` sets how many bins to pack into, `advance` goes on for a while.

    `value` [items] is what leaving one out costs, equal for all when nothing is to be left out in the end.
    """

    def __init__(self, items: Items, value: Floats, seed: int) -> None:
        self.items, self.value = items, value
        self.most_in_bin = most_in_bin(items)
        self.state: Bits = np.array([(seed + 1) * 0x9E3779B97F4A7C15 & (1 << 64) - 1], dtype=np.uint64)
        self.hard: Ints = np.ones(len(value), dtype=np.int64)
        self.pool: Ints = np.zeros(len(value) + 4, dtype=np.int64)
        self.pooled = 0
        self.least: Floats = np.zeros(1)
        self.best: Ints = np.zeros(0, dtype=np.int64)

    def can_hold(self, bins: int) -> bool:
        """Whether the table of so many bins is of a sensible size."""
        return bins * self.most_in_bin <= MOST_PLACES

    def aim(self, packing: Ints, bins: int) -> None:
        """Start from `packing` [items] (bin numbers below any number, -1 out) with only `bins` ≥ 1 bins.

        The bins of the least weight are emptied into the pool.
        """
        items, count = self.items, len(packing)
        inside = packing >= 0
        weight = np.bincount(packing[inside], weights=items.weight[inside], minlength=bins)
        used = np.unique(packing[inside])
        kept = np.sort(used[np.argsort(-weight[used], kind="stable")][:bins])
        renamed = np.full(int(packing.max(initial=0)) + 1, POOLED, dtype=np.int64)
        renamed[kept] = np.arange(len(kept))
        start = np.where(inside, renamed[np.maximum(packing, 0)], POOLED)
        self.layout = Layout(
            np.full(count, POOLED, dtype=np.int64),
            np.zeros(count, dtype=np.int64),
            np.zeros((bins, self.most_in_bin), dtype=np.int64),
            np.zeros(bins, dtype=np.int64),
            np.tile(items.capacity, (bins, 1)),
            np.zeros(bins),
        )
        _put_all(items, self.layout, start)
        waiting = np.flatnonzero(start < 0)
        self.pooled = len(waiting)
        self.pool[: self.pooled] = waiting[np.argsort(items.weight[waiting], kind="stable")]
        self.hard[:] = np.maximum(1, np.rint(self.value / max(float(self.value.min(initial=np.inf)), 1e-9)))
        self.least[0] = float(self.value[waiting].sum())
        self.best = self.layout.bin_of.copy()

    def advance(self, effort: float) -> float:
        """Go on for about `effort` microseconds of work; returns what was spent. `pooled` 0 means all is packed."""
        budget = int(effort * OPERATIONS_PER_EFFORT)
        self.pooled, spent = empty_pool(
            self.items,
            self.layout,
            self.hard,
            self.pool,
            self.pooled,
            self.value,
            self.least,
            self.best,
            self.state,
            (MOST_OUT, SHAKES),
            budget,
        )
        return spent / OPERATIONS_PER_EFFORT


@njit(cache=True, nogil=True)
def _put_all(items: Items, layout: Layout, start: Ints) -> None:
    for item in range(len(start)):
        if start[item] >= 0:
            put(items, layout, item, start[item])


def most_in_bin(items: Items) -> int:
    """No bin holds more items than this: in each dimension so many of the smallest fit."""
    count = len(items.weight)
    for d, capacity in enumerate(items.capacity):
        fitting = np.flatnonzero(np.cumsum(np.sort(items.sizes[:, d])) <= capacity)
        count = min(count, int(fitting.max(initial=-1)) + 1)
    return max(count, 1)
