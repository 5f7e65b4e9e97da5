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
from capacity.solvers.packing_types_columns import Column, Columns
from capacity.solvers.packing_types_dive import dive
from capacity.solvers.packing_types_exact import booleans, exact
from capacity.solvers.packing_types_model import Fleet, as_columns, in_whole_numbers, offer_of, volume
from capacity.solvers.packing_types_search import (
    OPERATIONS_PER_EFFORT,
    Filled,
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
SEARCHES, COLUMNS, DIVES, EXACT = (0.1, 0.15), 0.35, 0.3, 0.1  # shares of an effort that ends
BOUNDING = 0.5  # share of the seconds given after which the bound is good enough to pack by
MOST_DIVES = 6  # with an effort that ends
FEW_BOOLEANS = 1500  # of the exact model, so that it goes first
MOST_KINDS = 1500  # beyond that no columns


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
        self.typed = in_whole_numbers(self.small, sizes, fleet, most_bins)
        whole, _ = whole_numbers(
            fleet.cost[:, None], np.array([max(float(fleet.cost.max(initial=0.0)), 1e-12)])
        )
        self.unit = float(fleet.cost.sum()) / max(int(whole.sum()), 1)
        self.typed = self.typed._replace(cost=np.ascontiguousarray(whole[:, 0]))
        self.best = nothing_filled(self.typed)
        self.bound = 0
        if self.typed.eligible.any(axis=1).all():
            self.bound = volume(self.typed, np.ones(len(self.typed.weight), dtype=bool))
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
        columns = Columns(offer_of(self.typed, self.small.pairs, kinds, members), budget)
        if (self.best.bin_of >= 0).all():
            columns.add(as_columns(self.best, kinds))
        rng = np.random.default_rng(0)
        given = self.seconds_left() if math.isinf(effort) else 0.0
        reserved = 0.0 if math.isinf(given) else given * (1 - BOUNDING)
        with watched(lambda: self._unmet_seconds() - reserved, lambda: budget.halt.fill(1)):
            out, cost = price(self.typed, self.best)
            columns.generate(cost if out == 0 else 1 << 62)
        self._raise(columns.bound)
        budget.work = max(budget.work, 0.0) + diving
        budget.halt.fill(0)
        dives = 0
        with watched(self._unmet_seconds, lambda: budget.halt.fill(1)):
            while not budget.over() and not self._is_over() and (dives < MOST_DIVES or math.isinf(effort)):
                self._take(dive(columns, rng), members)
                dives += 1
                if dives == MOST_DIVES and math.isinf(effort):
                    self._exactly(effort)

    def _unmet_seconds(self) -> float:
        return 0.0 if self._is_met() else self.seconds_left()

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
        self.bound = volume(self.typed, self.best.bin_of >= 0)
        if not any(inside) or len(members) > MOST_KINDS:
            return
        kept = [number for number, items in enumerate(inside) if items]
        renumbered = np.full(len(members), OUT, dtype=np.int64)
        renumbered[kept] = np.arange(len(kept))
        offer = offer_of(self.typed, self.small.pairs, renumbered[kinds], [inside[number] for number in kept])
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
