"""Contents of bins that hold each item exactly once, by local search: for bins that must be all but full.

An item that waits, rather one that is in few contents, draws in the content that throws out least weight of others; it
grows heavier each time, so that what is hard to cover is given up last (weights as of Morris' breakout, 1993, forgotten
by half from time to time). Compiled, resumable, counted in operations. Which contents there are is `packing_tight`'s.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from capacity.solvers.packing_search import Bits, draw

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NOBODY = -1
DRAWN = 3  # of the items that wait: one of them is next; with 1 it takes thirty times as many steps, with 10 as well
MEMORY = 100_000  # steps until weights are halved
OPERATIONS_PER_EFFORT = 50  # contents looked at in about a microsecond


class Cover(NamedTuple):
    """The search's state, for compiled code.

    `contents` [contents × most] of items, -1 behind; those of item i are `of_item[pointers[i]:pointers[i + 1]]`.
    `owner` [items]: the chosen content it is in, -1 for none; `waiting` [items] lists those first, `place` [items]
    says where. `weight` [items], `worth` [contents] their sum. `counts`: items waiting, contents chosen, steps so far.
    """

    contents: Ints
    pointers: Ints
    of_item: Ints
    owner: Ints
    waiting: Ints
    place: Ints
    weight: Floats
    worth: Floats
    counts: Ints


class CoverSearch:
    """The search for `bins` contents at most that hold each of `count` items once; `advance` goes on for a while."""

    def __init__(self, contents: Ints, count: int, bins: int, seed: int) -> None:
        flat = contents.reshape(-1)
        real = np.flatnonzero(flat >= 0)
        order = real[np.argsort(flat[real], kind="stable")]
        pointers = np.cumsum(np.append(0, np.bincount(flat[real], minlength=count))).astype(np.int64)
        numbers = np.arange(count, dtype=np.int64)
        self.bins = bins
        self.is_hopeless = len(contents) == 0 or bool((np.diff(pointers) == 0).any())
        self.state: Bits = np.array([(seed + 1) * 0x9E3779B97F4A7C15 & (1 << 64) - 1], dtype=np.uint64)
        self.cover = Cover(
            np.ascontiguousarray(contents),
            pointers,
            (order // max(contents.shape[1], 1)).astype(np.int64),
            np.full(count, NOBODY, dtype=np.int64),
            numbers.copy(),
            numbers.copy(),
            np.ones(count),
            (contents >= 0).sum(axis=1).astype(np.float64),
            np.array([count, 0, 0], dtype=np.int64),
        )

    @property
    def packing(self) -> Ints | None:
        """The bin of each item, numbered by content; None as long as an item waits, or bins are too many."""
        waiting, chosen, _ = self.cover.counts
        return self.cover.owner.copy() if waiting == 0 and chosen <= self.bins else None

    def advance(self, effort: float) -> float:
        """Go on for about `effort` microseconds of work; returns what was spent."""
        spent = _advance(self.cover, self.bins, self.state, int(effort * OPERATIONS_PER_EFFORT))
        return float(spent) / OPERATIONS_PER_EFFORT


@njit(cache=True, nogil=True)
def _advance(cover: Cover, bins: int, state: Bits, budget: int) -> int:
    """Choose contents until no item waits or `budget` operations are spent: operations."""
    spent = 0
    while spent < budget:
        if cover.counts[0] == 0:
            if cover.counts[1] <= bins:
                break
            _drop(cover, cover.owner[draw(state, len(cover.owner))])
        item = _next(cover, state)
        spent += 4 + cover.pointers[item + 1] - cover.pointers[item]
        best = _cheapest(cover, item, state)
        cover.weight[item] += 1.0
        for at in range(cover.pointers[item], cover.pointers[item + 1]):
            cover.worth[cover.of_item[at]] += 1.0
        _choose(cover, best)
        cover.counts[2] += 1
        if cover.counts[2] % MEMORY == 0:
            _forget(cover)
    return spent


@njit(cache=True, nogil=True)
def _next(cover: Cover, state: Bits) -> int:
    """Of a few items that wait, drawn at random, the one that is in fewest contents."""
    best, least = -1, 0
    for _ in range(DRAWN):
        item = cover.waiting[draw(state, cover.counts[0])]
        many = cover.pointers[item + 1] - cover.pointers[item]
        if best < 0 or many < least:
            best, least = item, many
    return best


@njit(cache=True, nogil=True)
def _cheapest(cover: Cover, item: int, state: Bits) -> int:
    """The content of an item that throws out the least weight for its own; among equals one at random.

    A content of a few items has a few others to throw out: each is counted once by looking back over the items before.
    """
    contents, owner = cover.contents, cover.owner
    most = contents.shape[1]
    best, least, ties = -1, np.inf, 0
    for at in range(cover.pointers[item], cover.pointers[item + 1]):
        number = cover.of_item[at]
        cost = -cover.worth[number]
        for k in range(most):
            member = contents[number, k]
            if member < 0:
                break
            other = owner[member]
            if other < 0:
                continue
            is_new = True
            for before in range(k):
                is_new = is_new and owner[contents[number, before]] != other
            if is_new:
                cost += cover.worth[other]
                if cost > least:
                    break
        if cost < least:
            best, least, ties = number, cost, 1
        elif cost == least:
            ties += 1
            if draw(state, ties) == 0:
                best = number
    return best


@njit(cache=True, nogil=True)
def _choose(cover: Cover, number: int) -> None:
    """Take a content in, and out what shares an item with it."""
    for member in cover.contents[number]:
        if member < 0:
            break
        if cover.owner[member] >= 0:
            _drop(cover, cover.owner[member])
    for member in cover.contents[number]:
        if member < 0:
            break
        cover.owner[member] = number
        cover.counts[0] -= 1
        last = cover.waiting[cover.counts[0]]
        cover.waiting[cover.place[member]] = last
        cover.place[last] = cover.place[member]
    cover.counts[1] += 1


@njit(cache=True, nogil=True)
def _drop(cover: Cover, number: int) -> None:
    """Let the items of a chosen content wait."""
    for member in cover.contents[number]:
        if member < 0:
            break
        cover.owner[member] = NOBODY
        cover.waiting[cover.counts[0]] = member
        cover.place[member] = cover.counts[0]
        cover.counts[0] += 1
    cover.counts[1] -= 1


@njit(cache=True, nogil=True)
def _forget(cover: Cover) -> None:
    """Halve what weights have grown by."""
    for item in range(len(cover.weight)):
        cover.weight[item] = 1.0 + np.floor(0.5 * (cover.weight[item] - 1.0))
    for number in range(len(cover.contents)):
        cover.worth[number] = 0.0
        for member in cover.contents[number]:
            if member >= 0:
                cover.worth[number] += cover.weight[member]
