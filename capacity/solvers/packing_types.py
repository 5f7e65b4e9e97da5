"""Bins of several types, each with its cost and how many there are: everything in at the least cost, with a bound.

Which type an item may be in is told by item and type, so that a bin of its own is a type with a stock of one. Where
not everything fits, the least value stays out. A greedy, a search, columns and, for what is small, CP-SAT take turns
(`packing_types_search`, `packing_types_columns`, `packing_types_exact`); identical bins are `packing_race`'s.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.solvers.packing_clock import watched
from capacity.solvers.packing_master import Budget
from capacity.solvers.packing_reduction import Reduced, reduced, whole_numbers
from capacity.solvers.packing_types_columns import Column, Columns, Offer
from capacity.solvers.packing_types_dive import dive
from capacity.solvers.packing_types_exact import booleans, exact
from capacity.solvers.packing_types_search import (
    OPERATIONS_PER_EFFORT,
    Filled,
    Typed,
    copied,
    fill,
    holds,
    improve,
    move,
    nothing_filled,
    open_bin,
    price,
    retype,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

OUT = -1
SLICE = 20_000.0  # effort between looks at the clock
SEARCHES, COLUMNS, DIVES, EXACT = (0.05, 0.1), 0.4, 0.35, 0.1  # shares of an effort that ends
MOST_DIVES = 6  # with an effort that ends
FEW_BOOLEANS = 1500  # of the exact model, so that it goes first
MOST_KINDS = 1500  # beyond that no columns


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


@dataclass(frozen=True, slots=True)
class Packed:
    """`bin` [items], -1 for out; `cost` of the bins used and a `bound` on it for what is in."""

    bin: Ints
    cost: float
    bound: float
    is_optimal: bool
    is_truncated: bool


class Packer:
    """One problem with bins of several types; `run` it once."""

    def __init__(
        self,
        sizes: Floats,
        fleet: Fleet,
        value: Floats,
        pairs: Ints,
        together: tuple[Ints, ...],
        fixed: Ints | None,
        *,
        most_bins: int,
    ) -> None:
        self.fleet = fleet
        self.small: Reduced = reduced(sizes, fleet.capacity.max(axis=0), value, pairs, together, fixed)
        self.typed = _typed(self.small, sizes, fleet, most_bins)
        whole, _ = whole_numbers(
            fleet.cost[:, None], np.array([max(float(fleet.cost.max(initial=0.0)), 1e-12)])
        )
        self.unit = float(fleet.cost.sum()) / max(int(whole.sum()), 1)
        self.typed = self.typed._replace(cost=np.ascontiguousarray(whole[:, 0]))
        self.best = nothing_filled(self.typed)
        self.bound = 0
        if self.typed.eligible.any(axis=1).all():
            self.bound = _volume(self.typed, np.ones(len(self.typed.weight), dtype=bool))
        self._lock = threading.Lock()
        self.is_truncated = False
        self.is_settled = False  # no packing has less out, or as little at less cost
        highest = int(self.typed.cost.max(initial=0)) * (len(self.typed.weight) + 1)
        self.dear = (highest + 1) / max(float(self.typed.value.min(initial=np.inf)), 1e-9)

    def run(
        self,
        *,
        seed: int,
        effort: float,
        seconds_left: Callable[[], float],
        progress: Callable[[int, int], None],
        warm: Ints | None,
    ) -> Packed:
        """The best packing within the effort, or until the clock strikes."""
        self.seconds_left, self.progress = seconds_left, progress
        self.state = np.array([(seed + 1) * 0x9E3779B97F4A7C15 & (1 << 64) - 1], dtype=np.uint64)
        self.hard: Floats = np.ones(len(self.typed.weight))
        if warm is not None:
            self._start_from(warm)
        order = np.argsort(-self.typed.weight, kind="stable").astype(np.int64)
        fill(self.typed, self.best, order, np.ones(len(self.typed.cost)))
        if booleans(self.typed) <= FEW_BOOLEANS:
            self._exactly(EXACT * effort)
        if math.isinf(effort):
            self._run_beside()
        else:
            self._search(SEARCHES[0] * effort)
            self._columns(COLUMNS * effort, DIVES * effort)
            self._search(SEARCHES[1] * effort)
            self._exactly(EXACT * effort)
        if (self.best.bin_of < 0).any():
            self._bound_of_inside(COLUMNS * effort)
        cost = price(self.typed, self.best)[1]
        is_optimal = bool((self.best.bin_of >= 0).all()) and cost == self.bound
        return Packed(
            self._numbered(),
            cost * self.unit,
            self.bound * self.unit,
            is_optimal,
            self.is_truncated and not is_optimal,
        )

    def _is_over(self) -> bool:
        if self.seconds_left() <= 0:
            self.is_truncated = True
            return True
        return self._is_met()

    def _start_from(self, warm: Ints) -> None:
        """Put items where a packing has them, as far as it holds."""
        typed, filled = self.typed, self.best
        wanted = np.full(len(typed.weight), OUT, dtype=np.int64)
        wanted[self.small.group_of] = warm
        known: dict[int, int] = {}
        for item in np.flatnonzero((wanted >= 0) & (wanted < int(self.fleet.stock.sum()))).tolist():
            number = int(wanted[item])
            kind = int(self.fleet.type_of(np.array([number]))[0])
            if number not in known:
                is_full = filled.used[kind] >= typed.stock[kind] or filled.used.sum() >= typed.most_bins
                if is_full or not typed.eligible[item, kind]:
                    continue
                known[number] = len(known)
                open_bin(typed, filled, known[number], kind)
            if holds(typed, filled, item, known[number]):
                move(typed, filled, item, known[number], 1)

    def _run_beside(self) -> None:
        """Search, and columns in a thread of its own, until the clock strikes or the two meet."""
        failure: list[BaseException] = []

        def prove() -> None:
            try:
                self._columns(math.inf, math.inf)
            except BaseException as error:  # noqa: BLE001 (told in the thread that waits)
                failure.append(error)

        thread = threading.Thread(target=prove, daemon=True)
        thread.start()
        self._search(math.inf)
        thread.join()
        if failure:
            raise failure[0]

    def _search(self, effort: float) -> None:
        """Ruin and recreate, for so much effort or until the clock strikes."""
        spent = 0.0
        while spent < effort and not self._is_over() and len(self.typed.weight):
            budget = int(min(SLICE * 10, effort - spent) * OPERATIONS_PER_EFFORT)
            filled = copied(self.best)
            _, operations = improve(
                self.typed, filled, self.dear, self.hard, float(self.bound), self.state, budget
            )
            spent += max(operations / OPERATIONS_PER_EFFORT, 1.0)
            self._keep(filled)

    def _keep(self, filled: Filled) -> None:
        """Take a packing if it is better."""
        with self._lock:
            if price(self.typed, filled) < price(self.typed, self.best):
                self.best = filled
                self._tell()

    def _tell(self) -> None:
        self.progress(
            math.ceil(price(self.typed, self.best)[1] * self.unit - 1e-9),
            math.ceil(self.bound * self.unit - 1e-9),
        )

    def _columns(self, effort: float, diving: float) -> None:
        """A bound by columns, and the packings they make; what the bound leaves of its effort goes into those."""
        kinds, members = self._kinds()
        if self._is_over() or len(members) > MOST_KINDS or not self.typed.eligible.any(axis=1).all():
            return
        budget = Budget(effort)
        columns = Columns(_offer(self.typed, self.small.pairs, kinds, members), budget)
        if (self.best.bin_of >= 0).all():
            columns.add(_as_columns(self.best, kinds))
        rng = np.random.default_rng(0)
        with watched(lambda: 0.0 if self._is_met() else self.seconds_left(), lambda: budget.halt.fill(1)):
            out, cost = price(self.typed, self.best)
            columns.generate(cost if out == 0 else 1 << 62)
            self._raise(columns.bound)
            budget.work = max(budget.work, 0.0) + diving
            dives = 0
            while not budget.over() and (dives < MOST_DIVES or math.isinf(effort)):
                self._take(dive(columns, rng), members)
                dives += 1
                if dives == MOST_DIVES and math.isinf(effort):
                    self._exactly(effort)

    def _is_met(self) -> bool:
        out, cost = price(self.typed, self.best)
        return self.is_settled or (out == 0 and cost <= self.bound)

    def _raise(self, bound: int) -> None:
        if bound > self.bound:
            self.bound = bound
            self._tell()

    def _take(self, bins: list[Column], members: list[list[int]]) -> None:
        """A packing of kinds as one of items; what it leaves out goes where it fits."""
        waiting = [list(items) for items in members]
        filled = nothing_filled(self.typed)
        for b, (kind, inside) in enumerate(bins[: self.typed.most_bins]):
            open_bin(self.typed, filled, b, kind)
            items = [waiting[number].pop() for number in inside]
            for item in items:
                move(self.typed, filled, item, b, 1)
            retype(self.typed, filled, b, np.array(items, dtype=np.int64))
        if (filled.bin_of < 0).any():
            order = np.argsort(-self.typed.weight, kind="stable").astype(np.int64)
            fill(self.typed, filled, order, np.ones(len(self.typed.cost)))
        self._keep(filled)

    def _exactly(self, effort: float) -> None:
        if self._is_over():
            return
        found, is_proven = exact(
            self.typed, self.small.pairs, copied(self.best), self.bound, effort, self.seconds_left()
        )
        if found is not None:
            self._keep(found)
        out, cost = price(self.typed, self.best)
        self.is_settled = is_proven
        if is_proven and out == 0:
            self.bound = cost
        self._tell()
        self._is_over()  # notes whether the clock struck

    def _bound_of_inside(self, effort: float) -> None:
        """What stays out needs no bin: a bound for the rest."""
        kinds, members = self._kinds()
        inside = [[item for item in items if self.best.bin_of[item] >= 0] for items in members]
        self.bound = _volume(self.typed, self.best.bin_of >= 0)
        if not any(inside) or len(members) > MOST_KINDS:
            return
        kept = [number for number, items in enumerate(inside) if items]
        renumbered = np.full(len(members), OUT, dtype=np.int64)
        renumbered[kept] = np.arange(len(kept))
        offer = _offer(self.typed, self.small.pairs, renumbered[kinds], [inside[number] for number in kept])
        budget = Budget(effort)
        columns = Columns(offer, budget)
        with watched(self.seconds_left, lambda: budget.halt.fill(1)):
            columns.generate(price(self.typed, self.best)[1])
        self.bound = max(self.bound, columns.bound)

    def _kinds(self) -> tuple[Ints, list[list[int]]]:
        """Items that may be swapped for each other: the kind of each, and the items of each kind."""
        rows = np.column_stack([self.small.kinds, self.typed.eligible])
        kinds = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
        members: list[list[int]] = [[] for _ in range(int(kinds.max(initial=-1)) + 1)]
        for item, kind in enumerate(kinds.tolist()):
            members[kind].append(item)
        return kinds, members

    def _numbered(self) -> Ints:
        """The number of the bin of each of the caller's items: of a type's, the lowest that no fixed item has."""
        filled, fixed = self.best, self.small.fixed
        numbers = np.full(len(filled.type_of) + 1, OUT, dtype=np.int64)
        held = np.flatnonzero((fixed >= 0) & (filled.bin_of >= 0))
        numbers[filled.bin_of[held]] = fixed[held]
        taken = set(fixed[held].tolist())
        following = self.fleet.first().tolist()
        for b in np.flatnonzero((filled.type_of >= 0) & (numbers[:-1] < 0)).tolist():
            kind = int(filled.type_of[b])
            while following[kind] in taken:
                following[kind] += 1
            numbers[b] = following[kind]
            following[kind] += 1
        return numbers[filled.bin_of][self.small.group_of]


def _volume(typed: Typed, inside: NDArray[np.bool_]) -> int:
    """What the items inside must cost at least: each its share of a bin, dimension by dimension, of its best type."""
    if not inside.any():
        return 0
    shares = typed.sizes[typed.shape][:, inside] / np.maximum(typed.room, 1)[:, None, :]
    costs = np.where(typed.eligible[inside].T[:, :, None], typed.cost[:, None, None] * shares, np.inf)
    least = float(costs.min(axis=0).sum(axis=0).max(initial=0.0))
    return math.ceil(least * (1 - 1e-9) - 1e-6)


def _typed(small: Reduced, sizes: Floats, fleet: Fleet, most_bins: int) -> Typed:
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


def _offer(typed: Typed, pairs: Ints, kinds: Ints, members: list[list[int]]) -> Offer:
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


def _as_columns(filled: Filled, kinds: Ints) -> list[Column]:
    return [
        (int(filled.type_of[b]), tuple(kinds[filled.bin_of == b].tolist()))
        for b in np.flatnonzero(filled.type_of >= 0).tolist()
    ]
