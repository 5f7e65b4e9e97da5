"""Items that must find room beside what is already placed: best fit in several orders, then single exchanges.

Takes arrays and returns arrays. `place` answers which bin each item goes to, and whether what is left over is proven
not to fit; what items and bins are, and what it means that one is left over, is for the caller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SLACK = 1e-6  # sums of many floats differ in the last places
EXCHANGES = 2000  # how many single exchanges one order may try in all


@dataclass(frozen=True)
class Restart:
    """`bin_of` [n], -1 for items without room; `is_proven`: no arrangement gives room to all of them.

    Nothing left over is proven too. Items already in the bins stay where they are.
    """

    bin_of: Ints
    is_proven: bool


def place(sizes: Floats, room: Floats, classes: Ints, places: Ints, taken: NDArray[np.bool_]) -> Restart:
    """Find room for items.

    Args:
        sizes: [n × d] what each item takes.
        room: [m × d] what each bin has left.
        classes: [n × c] numbers of the conflict classes each item is in, -1 where it has fewer.
        places: [g × m] for each class, the place a bin counts as: two of a class never share one.
        taken: [g × p] the places of each class that items already in the bins take.
    """
    if not len(sizes):
        return Restart(np.empty(0, dtype=np.int64), is_proven=True)
    if not len(room):
        return Restart(np.full(len(sizes), -1, dtype=np.int64), is_proven=True)
    scale = np.maximum(room.sum(axis=0), 1e-9)
    shares = sizes / scale
    largest = shares.max(axis=1)
    if _cannot_all_fit(sizes, room):
        # Some stay out whatever is done; the smallest first lets the fewest stay out.
        order = np.argsort(largest, kind="stable").astype(np.int64)
        found = _fit(sizes, room.copy(), scale, order, classes, places, taken.copy(), True, 0)
        return Restart(found, is_proven=True)
    best: Ints | None = None
    for key in (largest, shares.sum(axis=1), *(shares[:, d] for d in range(shares.shape[1]))):
        order = np.argsort(-key, kind="stable").astype(np.int64)
        for tightest in (True, False):
            found = _fit(sizes, room.copy(), scale, order, classes, places, taken.copy(), tightest, EXCHANGES)
            if best is None or (found < 0).sum() < (best < 0).sum():
                best = found
            if (found >= 0).all():
                return Restart(found, is_proven=True)
    assert best is not None  # noqa: S101 - there is at least one order
    return Restart(best, is_proven=False)


def _cannot_all_fit(sizes: Floats, room: Floats) -> bool:
    """In some dimension the sum is more than the room, or an item is larger than the largest room."""
    if (sizes.sum(axis=0) > np.maximum(room, 0).sum(axis=0) + SLACK).any():
        return True
    fits = np.all(sizes[:, None, :] <= room[None, :, :] + SLACK, axis=2)
    return not bool(np.all(np.any(fits, axis=1)))


@njit(cache=True)
def _fit(
    sizes: Floats,
    room: Floats,
    scale: Floats,
    order: Ints,
    classes: Ints,
    places: Ints,
    taken: NDArray[np.bool_],
    tightest: bool,  # noqa: FBT001 - Numba takes no keywords
    exchanges: int,
) -> Ints:
    """Each item in turn into the bin it leaves tightest (or widest); one that fits none pushes another aside once."""
    bin_of = np.full(sizes.shape[0], -1, dtype=np.int64)
    for item in order:
        chosen = _choose(item, sizes, room, scale, classes, places, taken, tightest)
        _put(item, chosen, bin_of, sizes, room, classes, places, taken)
        if bin_of[item] >= 0:
            continue
        for other in order:
            old = bin_of[other]
            if old < 0 or exchanges <= 0:
                continue
            exchanges -= 1
            _take(other, bin_of, sizes, room, classes, places, taken)
            if _fits(item, old, sizes, room, classes, places, taken):
                _put(item, old, bin_of, sizes, room, classes, places, taken)
                new = _choose(other, sizes, room, scale, classes, places, taken, tightest)
                if new >= 0:
                    _put(other, new, bin_of, sizes, room, classes, places, taken)
                    break
                _take(item, bin_of, sizes, room, classes, places, taken)
            _put(other, old, bin_of, sizes, room, classes, places, taken)
    return bin_of


@njit(cache=True)
def _fits(
    item: int, b: int, sizes: Floats, room: Floats, classes: Ints, places: Ints, taken: NDArray[np.bool_]
) -> bool:
    for k in range(sizes.shape[1]):
        if sizes[item, k] > room[b, k] + SLACK:
            return False
    for c in classes[item]:
        if c >= 0 and taken[c, places[c, b]]:
            return False
    return True


@njit(cache=True)
def _choose(
    item: int,
    sizes: Floats,
    room: Floats,
    scale: Floats,
    classes: Ints,
    places: Ints,
    taken: NDArray[np.bool_],
    tightest: bool,  # noqa: FBT001 - Numba takes no keywords
) -> int:
    best, best_left = -1, 0.0
    for b in range(room.shape[0]):
        if not _fits(item, b, sizes, room, classes, places, taken):
            continue
        left = 0.0
        for k in range(sizes.shape[1]):
            left += (room[b, k] - sizes[item, k]) / scale[k]
        if best < 0 or (left < best_left) == tightest:
            best, best_left = b, left
    return best


@njit(cache=True)
def _put(
    item: int,
    b: int,
    bin_of: Ints,
    sizes: Floats,
    room: Floats,
    classes: Ints,
    places: Ints,
    taken: NDArray[np.bool_],
) -> None:
    if b < 0:
        return
    bin_of[item] = b
    for k in range(sizes.shape[1]):
        room[b, k] -= sizes[item, k]
    for c in classes[item]:
        if c >= 0:
            taken[c, places[c, b]] = True


@njit(cache=True)
def _take(
    item: int,
    bin_of: Ints,
    sizes: Floats,
    room: Floats,
    classes: Ints,
    places: Ints,
    taken: NDArray[np.bool_],
) -> None:
    b = bin_of[item]
    bin_of[item] = -1
    for k in range(sizes.shape[1]):
        room[b, k] += sizes[item, k]
    for c in classes[item]:
        if c >= 0:
            taken[c, places[c, b]] = False
