"""Packings from nothing, fast: items in turn into the first or best bin, or bins in turn filled with the best item.

Many sizes of an item in one number and many weights of the dimensions (Panigrahy, Talwar, Uyeda, Wieder 2011;
Mommessin, Erlebach, Shakhlevich 2024), permutation pack (Leinberger, Karypis, Kumar 1999), and for conflicts the item
with the fewest bins left to it first (DSATUR, Brélaz 1979). `best_of` makes pass after pass until a bound is met.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numba import njit
from numpy.typing import NDArray

from capacity.solvers.packing_search import Items, clash

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FIRST, TIGHTEST, ALIGNED = 0, 1, 2  # which bin an item goes into
DOT, NEAREST, COSINE, PERMUTED = 0, 1, 2, 3  # which item goes into a bin
QUADRATIC = 60_000_000  # items × kinds beyond which only passes in turn are made
EXPONENT = 0.01  # of the paper's exponential weights, per hundredth of a bin of mean demand


def passes(items: Items, kinds: Ints) -> Iterator[Callable[[], Ints]]:
    """Every pass, the quickest and most often best first; each gives the bin of every item, numbered without gaps.

    `kinds` [items]: alike items share a number, so that a scan passes over them at once. Every item must fit a bin.
    """
    scaled: Floats = items.sizes / np.maximum(items.capacity, 1)
    mean = scaled.mean(axis=0)
    weights = {
        "even": np.ones(len(mean)),
        "mean": mean / max(float(mean.max(initial=0.0)), 1e-12),
        "exponential": np.exp(mean * 100 * EXPONENT),
        "steep": (mean / max(float(mean.max(initial=0.0)), 1e-12)) ** 2,
    }
    neighbours = _neighbours(items)
    burden = neighbours / max(len(items.row), 1)
    norms = {
        "mean": scaled @ weights["mean"],
        "largest": scaled.max(axis=1, initial=0.0),
        "even": scaled @ weights["even"],
        "squares": (scaled**2) @ weights["exponential"],
        "product": np.log(np.maximum(scaled, 1e-3)).sum(axis=1),
    }
    has_conflicts = bool(neighbours.any())
    orders = [_order(size, kinds) for size in norms.values()]
    for order, weight in zip(orders, ("mean", "even", "even", "exponential", "even"), strict=True):
        for rule in (TIGHTEST, FIRST):
            yield _in_turn(items, order, weights[weight], rule)
    yield _in_turn(items, orders[0], weights["mean"], ALIGNED)
    if has_conflicts:
        for share in (1.0, 3.0, 0.3):
            order = _order(norms["mean"] / max(norms["mean"].max(), 1e-12) + share * burden, kinds)
            yield _in_turn(items, order, weights["mean"], TIGHTEST)
        if len(items.row) ** 2 <= QUADRATIC:
            yield lambda: _saturated(items, norms["mean"])
    if len(kinds) * (int(kinds.max(initial=0)) + 1) > QUADRATIC:
        return
    for weight in ("mean", "exponential", "even", "steep"):
        for rule in (DOT, NEAREST, COSINE):
            yield _bin_by_bin(items, kinds, orders[0], scaled, weights[weight], rule)
    yield _bin_by_bin(items, kinds, orders[1], scaled, weights["even"], PERMUTED)


def best_of(items: Items, kinds: Ints, bound: int, *, is_stopped: Callable[[], bool]) -> Ints:
    """The packing of fewest bins over the passes, which end once `bound` is met or `is_stopped`."""
    best: Ints | None = None
    for make in passes(items, kinds):
        found = make()
        if best is None or found.max(initial=-1) < best.max(initial=-1):
            best = found
        if best.max(initial=-1) + 1 <= bound or is_stopped():
            break
    return np.zeros(0, dtype=np.int64) if best is None else best


def _in_turn(items: Items, order: Ints, weights: Floats, rule: int) -> Callable[[], Ints]:
    return lambda: _pack_items(items, order, weights, rule)


def _bin_by_bin(
    items: Items, kinds: Ints, order: Ints, scaled: Floats, weights: Floats, rule: int
) -> Callable[[], Ints]:
    return lambda: _pack_bins(items, kinds, order, scaled, weights, rule)


def _order(size: Floats, kinds: Ints) -> Ints:
    order: Ints = np.lexsort((np.arange(len(size)), kinds, -size)).astype(np.int64)
    return order


def _neighbours(items: Items) -> Floats:
    counts = np.zeros(len(items.row))
    if len(items.bits):
        bound = items.row >= 0
        counts[bound] = np.bitwise_count(items.bits).sum(axis=1)[items.row[bound]]
    return counts


@njit(cache=True, nogil=True)
def _clashes(items: Items, last: Ints, before: Ints, item: int, b: int) -> bool:
    if items.row[item] < 0:
        return False
    other = last[b]
    while other >= 0:
        if clash(items, item, other):
            return True
        other = before[other]
    return False


@njit(cache=True, nogil=True)
def _pack_items(items: Items, order: Ints, weights: Floats, rule: int) -> Ints:
    """Each item of `order` in turn into a bin that holds it: the first, the tightest, or the one most alike."""
    sizes, capacity = items.sizes, items.capacity
    n, dims = sizes.shape
    bin_of, before = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    last = np.full(n, -1, dtype=np.int64)
    left = np.empty((n, dims), dtype=np.int64)
    scale = np.empty(dims)
    for d in range(dims):
        scale[d] = weights[d] / max(capacity[d], 1)
    room = np.zeros(n)
    bins = 0
    for i in order:
        best, best_score = -1, math.inf
        for b in range(bins):
            if rule == TIGHTEST and room[b] >= best_score:
                continue
            fits = True
            for d in range(dims):
                if sizes[i, d] > left[b, d]:
                    fits = False
                    break
            if not fits or _clashes(items, last, before, i, b):
                continue
            if rule == FIRST:
                best = b
                break
            score = room[b]
            if rule == ALIGNED:
                score = 0.0
                for d in range(dims):
                    score -= scale[d] * sizes[i, d] * left[b, d] / max(capacity[d], 1)
            if score < best_score:
                best, best_score = b, score
        if best < 0:
            best = bins
            bins += 1
            left[best] = capacity
            room[best] = weights.sum()
        bin_of[i] = best
        before[i] = last[best]
        last[best] = i
        for d in range(dims):
            left[best, d] -= sizes[i, d]
            room[best] -= scale[d] * sizes[i, d]
    return bin_of


@njit(cache=True, nogil=True)
def _score(size: Floats, free: Floats, weights: Floats, rule: int) -> float:
    """How well an item fills what is free; the largest wins. The sizes are shares of a bin."""
    score, norm = 0.0, 0.0
    if rule == NEAREST:
        for d in range(len(weights)):
            score -= weights[d] * (free[d] - size[d]) ** 2
        return score
    if (
        rule == PERMUTED
    ):  # as many pairs of dimensions as can be in the order of what is free, then the largest
        for d in range(len(weights)):
            norm += size[d]
            for e in range(d):
                if (size[d] - size[e]) * (free[d] - free[e]) > 0:
                    score += 1.0
        return score + norm / (len(weights) + 1)
    for d in range(len(weights)):
        score += weights[d] * size[d] * free[d]
        norm += size[d] * size[d]
    return score if rule == DOT else score / max(math.sqrt(norm), 1e-12) + 1e-3 * norm


@njit(cache=True, nogil=True)
def _pack_bins(items: Items, kinds: Ints, order: Ints, scaled: Floats, weights: Floats, rule: int) -> Ints:
    """Bins in turn, each filled with the item that scores best until none fits."""
    sizes = items.sizes
    n, dims = sizes.shape
    bin_of, before = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    last = np.full(n, -1, dtype=np.int64)
    waiting = order.copy()
    many, b = n, 0
    left, free = items.capacity.copy(), np.ones(dims)
    while many > 0:
        best, best_score, last_kind = -1, -math.inf, -1
        for k in range(many):
            i = waiting[k]
            if kinds[i] == last_kind:
                continue
            last_kind = kinds[i]
            fits = True
            for d in range(dims):
                if sizes[i, d] > left[d]:
                    fits = False
                    break
            if not fits:
                continue
            score = _score(scaled[i], free, weights, rule)
            if score > best_score and not _clashes(items, last, before, i, b):
                best, best_score = k, score
        if best < 0:
            b += 1
            left[:] = items.capacity
            free[:] = 1.0
            continue
        i = waiting[best]
        for k in range(best, many - 1):
            waiting[k] = waiting[k + 1]
        many -= 1
        bin_of[i] = b
        before[i] = last[b]
        last[b] = i
        for d in range(dims):
            left[d] -= sizes[i, d]
            free[d] -= scaled[i, d]
    return bin_of


@njit(cache=True, nogil=True)
def _saturated(items: Items, size: Floats) -> Ints:
    """Always the item with the most bins closed to it by conflicts (then the largest), into its tightest bin."""
    sizes = items.sizes
    n, dims = sizes.shape
    bin_of, before = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    last = np.full(n, -1, dtype=np.int64)
    left = np.empty((n, dims), dtype=np.int64)
    room = np.zeros(n)
    closed = np.zeros((n, n), dtype=np.bool_)
    closed_count = np.zeros(n, dtype=np.int64)
    bins = 0
    for _ in range(n):
        i = -1
        for k in range(n):
            if bin_of[k] < 0 and (
                i < 0
                or closed_count[k] > closed_count[i]
                or (closed_count[k] == closed_count[i] and size[k] > size[i])
            ):
                i = k
        best, best_room = -1, math.inf
        for b in range(bins):
            fits = not closed[i, b] and room[b] < best_room
            for d in range(dims):
                fits = fits and sizes[i, d] <= left[b, d]
            if fits:
                best, best_room = b, room[b]
        if best < 0:
            best = bins
            bins += 1
            left[best] = items.capacity
            room[best] = 1e9
        bin_of[i] = best
        before[i] = last[best]
        last[best] = i
        room[best] -= size[i]
        for d in range(dims):
            left[best, d] -= sizes[i, d]
        for k in range(n):
            if bin_of[k] < 0 and not closed[k, best] and clash(items, i, k):
                closed[k, best] = True
                closed_count[k] += 1
    return bin_of


def complete(items: Items, start: Ints) -> Ints:
    """A packing of everything from one of some items: what doesn't hold leaves, what is out goes into its tightest bin.

    `start` [items] holds bin numbers of any size, -1 for out.
    """
    used, numbers = np.unique(np.append(start, -1), return_inverse=True)
    wanted = numbers.reshape(-1)[:-1].astype(np.int64) - int(used[0] < 0)
    order = np.lexsort((np.arange(len(start)), -items.weight, wanted < 0)).astype(np.int64)
    packing = _pack_around(items, wanted, order)
    gaps: Ints = np.unique(packing, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return gaps


@njit(cache=True, nogil=True)
def _pack_around(items: Items, wanted: Ints, order: Ints) -> Ints:
    """Each item of `order` where it is wanted if it holds there, else into its tightest bin."""
    sizes, capacity = items.sizes, items.capacity
    n, dims = sizes.shape
    bin_of, before = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    last = np.full(2 * n + 1, -1, dtype=np.int64)
    left = np.empty((2 * n + 1, dims), dtype=np.int64)
    bins = 0
    for i in range(n):
        bins = max(bins, wanted[i] + 1)
    for b in range(bins):
        left[b] = capacity
    for turn in range(2):
        for i in order:
            if bin_of[i] >= 0 or (turn == 0 and wanted[i] < 0):
                continue
            best, best_room = -1, math.inf
            for b in range(bins):
                if turn == 0 and b != wanted[i]:
                    continue
                fits, room = True, 0.0
                for d in range(dims):
                    fits = fits and sizes[i, d] <= left[b, d]
                    room += left[b, d] / max(capacity[d], 1)
                if fits and room < best_room and not _clashes(items, last, before, i, b):
                    best, best_room = b, room
            if best < 0 and turn == 0:
                continue
            if best < 0:
                best = bins
                bins += 1
                left[best] = capacity
            bin_of[i] = best
            before[i] = last[best]
            last[best] = i
            for d in range(dims):
                left[best, d] -= sizes[i, d]
    return bin_of
