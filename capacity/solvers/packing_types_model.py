"""Bins of several types as a caller tells them, and the same in whole numbers as search and columns need it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.solvers.packing_reduction import Reduced, whole_numbers
from capacity.solvers.packing_types_columns import Column, Offer
from capacity.solvers.packing_types_search import Filled, Typed

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fleet:
    """`capacity` [types × dimensions], `cost` [types] of a bin used, `stock` [types], `eligible` [items × types].

    Bins are numbered type by type: type t has `stock[t]` numbers from `first()[t]` on.
    """

    capacity: Floats
    cost: Floats
    stock: Ints
    eligible: NDArray[np.bool_]

    def first(self) -> Ints:
        """The number of each type's first bin."""
        return np.cumsum(np.append(0, self.stock))[:-1].astype(np.int64)

    def type_of(self, bins: Ints) -> Ints:
        """The type of bins given by number."""
        return (np.searchsorted(self.first(), bins, side="right") - 1).astype(np.int64)


def refuse_nonsense_of_types(sizes: Floats, fleet: Fleet) -> None:
    """Raise `ValueError` where arrays don't belong together, or hold what means nothing."""
    types, dimensions = fleet.capacity.shape
    if dimensions != sizes.shape[1]:
        raise ValueError(f"bins have {dimensions} dimensions, items {sizes.shape[1]}")
    if fleet.cost.shape != (types,) or fleet.stock.shape != (types,):
        raise ValueError(f"each of {types} types of bins needs a cost and a stock")
    if fleet.eligible.shape != (len(sizes), types):
        raise ValueError(f"eligibility must be told for {len(sizes)} items and {types} types of bins")
    if not (np.isfinite(fleet.cost).all() and (fleet.cost >= 0).all()):
        raise ValueError("costs must be finite and not negative")
    if (fleet.stock < 0).any():
        raise ValueError("a stock must not be negative")
    if (sizes < 0).any():
        raise ValueError("sizes below zero are for identical bins only")


def volume(typed: Typed, inside: NDArray[np.bool_]) -> int:
    """What the items inside must cost at least: each its share of a bin, dimension by dimension, of its best type."""
    if not inside.any():
        return 0
    shares = typed.sizes[typed.shape][:, inside] / np.maximum(typed.room, 1)[:, None, :]
    costs = np.where(typed.eligible[inside].T[:, :, None], typed.cost[:, None, None] * shares, np.inf)
    least = float(costs.min(axis=0).sum(axis=0).max(initial=0.0))
    return math.ceil(least * (1 - 1e-9) - 1e-6)


def in_whole_numbers(small: Reduced, sizes: Floats, fleet: Fleet, most_bins: int) -> Typed:
    """The problem in whole numbers. Raises `ValueError` for fixed items that their bin can't hold."""
    groups, dims = len(small.value), sizes.shape[1]
    summed = np.zeros((groups, dims))
    np.add.at(summed, small.group_of, sizes)
    rows, shape = np.unique(fleet.capacity, axis=0, return_inverse=True)
    whole = [whole_numbers(summed, row) for row in rows]
    shape = shape.reshape(-1).astype(np.int64)
    eligible = np.ones((groups, len(fleet.cost)), dtype=bool)
    np.logical_and.at(eligible, small.group_of, fleet.eligible)
    for kind, number in enumerate(shape.tolist()):
        eligible[:, kind] &= (whole[number][0] <= whole[number][1]).all(axis=1)
    eligible[:, fleet.stock <= 0] = False
    held = np.flatnonzero(small.fixed >= 0)
    kinds = fleet.type_of(small.fixed[held])
    only = np.zeros((len(held), len(fleet.cost)), dtype=bool)
    only[np.arange(len(held)), kinds] = True
    eligible[held] &= only
    barred = held[~eligible[held].any(axis=1)]
    if len(barred):
        raise ValueError(f"bin {int(small.fixed[barred[0]])} can't hold what is fixed in it")
    weight = np.stack(
        [(part / np.maximum(room, 1)).mean(axis=1) if dims else np.ones(groups) for part, room in whole]
    )
    return Typed(
        np.stack([part for part, _ in whole]),
        shape,
        np.stack([whole[number][1] for number in shape.tolist()]),
        np.zeros(len(fleet.cost), dtype=np.int64),
        np.minimum(fleet.stock, groups).astype(np.int64),
        most_bins,
        eligible,
        np.ascontiguousarray(weight.mean(axis=0) + 1e-9),
        small.value,
        small.items.row,
        small.items.bits if len(small.items.bits) else np.zeros((1, 1), dtype=np.uint64),
    )


def offer_of(typed: Typed, pairs: Ints, kinds: Ints, members: list[list[int]]) -> Offer:
    """Kinds as columns see them; items of kind -1 are left out of account."""
    first = np.array([items[0] for items in members], dtype=np.int64)
    apart = np.zeros((len(members), len(members)), dtype=np.uint8)
    between = kinds[pairs]
    between = between[(between >= 0).all(axis=1)]
    apart[between[:, 0], between[:, 1]] = 1
    apart[between[:, 1], between[:, 0]] = 1
    return Offer(
        np.ascontiguousarray(typed.sizes[:, first]),
        np.array([len(items) for items in members], dtype=np.int64),
        apart,
        np.ascontiguousarray(typed.eligible[first]),
        typed.shape,
        typed.room,
        typed.cost,
        typed.stock,
        typed.most_bins,
    )


def as_columns(filled: Filled, kinds: Ints) -> list[Column]:
    """The bins of a packing as columns of kinds."""
    return [
        (int(filled.type_of[b]), tuple(kinds[filled.bin_of == b].tolist()))
        for b in np.flatnonzero(filled.type_of >= 0).tolist()
    ]
