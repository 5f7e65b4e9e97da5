"""A packing problem as the solvers like it: whole numbers, one item for what stays together, conflicts as bits.

Items asked together become one; items fixed in the same bin too, and those fixed in different bins conflict, so that
nothing needs to be held in place: `unfold` gives items their bins back, the fixed ones theirs. Which sizes and limits
there are is `packing`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.solvers.packing_search import Bits, Items

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FACTORS = (1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 1000, 10_000, 100_000, 1_000_000)
WHOLE = 1e-9  # how far from a whole number, as a share of it, still is one
UNITS = 10**12  # a bin has so many where no factor makes the sizes whole
MOST_CONFLICTING = 20_000  # items; their bits take 50 MB


@dataclass(frozen=True, slots=True)
class Reduced:
    """`items` to pack, the `group_of` each of the caller's items [its items], a `value` [items] for each.

    `kinds` [items] numbers items that may be swapped for each other; `pairs` [conflicts × 2] of items, each once;
    `fixed` [items] is a bin, -1 for any.
    """

    items: Items
    group_of: Ints
    value: Floats
    kinds: Ints
    pairs: Ints
    fixed: Ints

    def unfold(self, packing: Ints) -> Ints:
        """The bin of each of the caller's items, from the bin of each reduced one (-1 for out)."""
        return fix_numbers(packing, self.fixed)[self.group_of] if len(packing) else packing


def reduced(
    sizes: Floats,
    capacity: Floats,
    value: Floats,
    pairs: Ints,
    together: tuple[Ints, ...],
    fixed: Ints | None,
) -> Reduced:
    """Sizes [items × dimensions], pairs that conflict, classes kept together, bins that items are fixed in (-1: none).

    Raises `ValueError` when what is to be together conflicts or is fixed in two bins.
    """
    count = len(sizes)
    place = np.full(count, -1, dtype=np.int64) if fixed is None else np.asarray(fixed, dtype=np.int64)
    group_of = _groups(count, together, place)
    groups = int(group_of.max(initial=-1)) + 1
    summed = np.zeros((groups, sizes.shape[1]))
    np.add.at(summed, group_of, sizes)
    worth = np.zeros(groups)
    np.add.at(worth, group_of, value)
    where = np.full(groups, -1, dtype=np.int64)
    held = np.flatnonzero(place >= 0)
    where[group_of[held]] = place[held]
    moved = np.flatnonzero(where[group_of[held]] != place[held])
    if len(moved):
        raise ValueError(
            f"item {int(held[moved[0]])} is fixed in a bin other than an item it is together with"
        )
    between = group_of[pairs.reshape(-1, 2)] if count else np.zeros((0, 2), dtype=np.int64)
    inner = np.flatnonzero(between[:, 0] == between[:, 1])
    if len(inner):
        one, other = pairs.reshape(-1, 2)[inner[0]]
        raise ValueError(
            f"items {int(one)} and {int(other)} conflict and are to be together or fixed in one bin"
        )
    between = np.concatenate([between, _all_pairs(np.flatnonzero(where >= 0))])
    between = np.unique(np.sort(between, axis=1), axis=0)
    whole, room = whole_numbers(summed, capacity)
    row, bits = _bits(groups, between)
    weight: Floats = (
        np.ascontiguousarray((whole / np.maximum(room, 1)).mean(axis=1)) if whole.shape[1] else worth * 0
    )
    items = Items(whole, room, weight, row, bits)
    return Reduced(items, group_of, worth, _kinds(whole, between), between, where)


def whole_numbers(sizes: Floats, capacity: Floats) -> tuple[Ints, Ints]:
    """Sizes and capacity by dimension as whole numbers that add up to a bin exactly when the given ones do.

    Where no common factor makes them whole, in units of 1e-12 of a bin, with a unit of slack for each item.
    """
    whole, room = np.zeros(sizes.shape, dtype=np.int64), np.zeros(len(capacity), dtype=np.int64)
    for d, limit in enumerate(capacity):
        whole[:, d], room[d] = _whole(sizes[:, d], float(limit))
    return np.ascontiguousarray(whole), room


def _whole(sizes: Floats, capacity: float) -> tuple[Ints, int]:
    largest = max(float(sizes.max(initial=0.0)), capacity)
    if largest <= 0:
        return np.zeros(len(sizes), dtype=np.int64), 0
    for factor in FACTORS:
        scaled = sizes * factor
        nearest = np.rint(scaled)
        is_whole = np.abs(scaled - nearest) <= WHOLE * np.maximum(np.abs(scaled), 1)
        if largest * factor < UNITS and bool(is_whole.all()) and bool((nearest[sizes != 0] != 0).all()):
            whole = nearest.astype(np.int64)
            divisor = max(int(np.gcd.reduce(whole)), 1)
            return whole // divisor, math.floor(capacity * factor * (1 + WHOLE) + WHOLE) // divisor
    if capacity <= 0:
        return (sizes > 0).astype(np.int64), 0
    shares = np.minimum(sizes / capacity, 2.0)  # what exceeds a bin twice over exceeds it once
    return np.rint(shares * UNITS).astype(np.int64), UNITS + len(sizes)


def class_pairs(classes: tuple[Ints, ...]) -> Ints:
    """Pairs [pairs × 2] of the members of each class."""
    parts = [_all_pairs(np.unique(members)) for members in classes]
    return np.concatenate(parts) if parts else np.zeros((0, 2), dtype=np.int64)


def fix_numbers(packing: Ints, fixed: Ints) -> Ints:
    """Number the bins without gaps, those of fixed items as they ask."""
    used = np.unique(packing[packing >= 0])
    renamed = np.full(int(packing.max(initial=-1)) + 2, -1, dtype=np.int64)  # the last for what is out
    held = np.flatnonzero((fixed >= 0) & (packing >= 0))
    renamed[packing[held]] = fixed[held]
    taken = set(fixed[held].tolist())
    free = (number for number in range(len(used) + len(taken)) if number not in taken)
    for b in used.tolist():
        if renamed[b] < 0:
            renamed[b] = next(free)
    return renamed[packing]


def _groups(count: int, together: tuple[Ints, ...], fixed: Ints) -> Ints:
    leader = list(range(count))

    def top(item: int) -> int:
        while leader[item] != item:
            leader[item] = leader[leader[item]]
            item = leader[item]
        return item

    in_bin = [np.flatnonzero(fixed == b) for b in np.unique(fixed[fixed >= 0])]
    for members in (*together, *in_bin):
        for member in members[1:]:
            one, other = sorted((top(int(members[0])), top(int(member))))
            leader[other] = one
    tops = np.array([top(item) for item in range(count)], dtype=np.int64)
    numbers: Ints = np.unique(tops, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return numbers


def _all_pairs(members: Ints) -> Ints:
    one, other = np.triu_indices(len(members), 1)
    return np.column_stack([members[one], members[other]]).astype(np.int64)


def _bits(count: int, pairs: Ints) -> tuple[Ints, Bits]:
    row = np.full(count, -1, dtype=np.int64)
    bound = np.unique(pairs)
    if len(bound) > MOST_CONFLICTING:
        raise ValueError(f"{len(bound)} items conflict; {MOST_CONFLICTING} at most can be packed")
    row[bound] = np.arange(len(bound))
    bits = np.zeros((len(bound), (len(bound) + 63) // 64), dtype=np.uint64)
    for one, other in ((pairs[:, 0], pairs[:, 1]), (pairs[:, 1], pairs[:, 0])):
        column = row[other]
        np.bitwise_or.at(bits, (row[one], column >> 6), np.uint64(1) << (column & 63).astype(np.uint64))
    return row, bits


def _kinds(sizes: Ints, pairs: Ints) -> Ints:
    """Items of the same sizes and the same conflicts."""
    count = len(sizes)
    sets: list[list[int]] = [[] for _ in range(count)]
    for one, other in pairs.tolist():
        sets[one].append(other)
        sets[other].append(one)
    numbers: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
    found = [
        numbers.setdefault((tuple(row), tuple(sorted(conflicts))), len(numbers))
        for row, conflicts in zip(sizes.tolist(), sets, strict=True)
    ]
    return np.array(found, dtype=np.int64)
