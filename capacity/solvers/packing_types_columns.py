"""Bins of several types: a bound on their cost by column generation, and a packing from the columns met.

The master asks for the cheapest contents of bins that cover every kind's copies within each type's stock; HiGHS solves
it, `packing_pricing` finds contents worth more than they cost. Whatever the duals, a bound follows (Lagrange): what
all copies are worth, less for every bin in stock what its best content is worth above its cost. In whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import highspy
import numpy as np
from numpy.typing import NDArray

from capacity.solvers import packing_pricing
from capacity.solvers.packing_completion import Quiet

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

ONE = 1 << 26  # the dearest bin's cost in whole duals, or more
FIRST_NODES = 3_000  # of one search for a content; more once it finds none
MOST_NODES = 200_000
ROWS = 400  # contents that a search keeps
MOST_ROUNDS = 300
SOLVE_WORK = 2.0  # effort of a solve of the master, for each of its rows and columns
STEP_WORK = 1000.0  # of a step of the mixed-integer program

Column = tuple[int, tuple[int, ...]]  # a type, and the kinds in one bin of it, with repetition


@dataclass(frozen=True, slots=True)
class Offer:
    """Kinds to cover: `sizes` [shapes × kinds × dimensions], `copies` [kinds], `apart` [kinds × kinds],
    `eligible` [kinds × types]; types of `shape`, `room` [types × dimensions], `cost` and `stock` [types], whole.
    """

    sizes: Ints
    copies: Ints
    apart: Bytes
    eligible: NDArray[np.bool_]
    shape: Ints
    room: Ints
    cost: Ints
    stock: Ints


class Columns:
    """Column generation over several types; `bound` is a whole cost that no packing is below."""

    def __init__(self, offer: Offer, effort: float, seconds_left: Callable[[], float]) -> None:
        self.offer, self.work, self.seconds_left = offer, effort, seconds_left
        self.scale = max(1, ONE // max(int(offer.cost.max(initial=1)), 1))
        self.bound = 0
        self.best_duals: Ints = np.zeros(len(offer.copies), dtype=np.int64)
        self._best_value = Fraction(0)
        self.nodes, self._is_complete = FIRST_NODES, True
        self.columns: dict[Column, None] = {}
        kinds = len(offer.copies)
        dims = offer.room.shape[1]
        self.weights: list[Floats] = [np.full(max(dims, 1), 1.0 / max(dims, 1)) for _ in offer.cost]
        self.halt: Bytes = np.zeros(1, dtype=np.uint8)
        self.found: Ints = np.empty((ROWS, packing_pricing.LONGEST), dtype=np.int64)
        self.lengths: Ints = np.empty(ROWS, dtype=np.int64)
        for kind in range(kinds):
            allowed = np.flatnonzero(offer.eligible[kind])
            if len(allowed):
                self.columns[(int(allowed[np.argmin(offer.cost[allowed])]), (kind,))] = None

    def add(self, columns: Iterable[tuple[int, Sequence[int]]]) -> None:
        """Contents known from elsewhere."""
        for kind, inside in columns:
            self.columns[(kind, tuple(sorted(inside)))] = None

    def is_over(self) -> bool:
        """Whether effort or clock have ended."""
        return self.work <= 0 or self.seconds_left() <= 0

    def generate(self, enough: int) -> None:
        """Add columns until the bound is `enough`, no column is worth more than it costs, or the effort is spent."""
        for _ in range(MOST_ROUNDS):
            if self.is_over() or self.bound >= enough:
                return
            duals, of_stock = self._duals()
            # Halfway to the duals of the best bound first, as simplex's jump about (Wentges 1997).
            has_best = self._best_value > 0
            if has_best and self._price((duals + self.best_duals) // 2, of_stock):
                continue
            if self._price(duals, of_stock):
                continue
            if self._is_complete or self.nodes >= MOST_NODES:
                return
            self.nodes *= 8

    def _duals(self) -> tuple[Ints, Floats]:
        solver, _ = self._master(is_whole=False)
        solver.run()
        duals = np.asarray(solver.getSolution().row_dual)
        kinds = len(self.offer.copies)
        self.work -= SOLVE_WORK * (len(self.columns) + len(duals))
        whole = np.floor(np.maximum(duals[:kinds], 0.0) * self.scale).astype(np.int64)
        return whole, np.maximum(-duals[kinds:], 0.0)

    def _price(self, duals: Ints, of_stock: Floats) -> int:
        """Columns of every type under the duals, and the bound that follows; how many are new."""
        offer, before = self.offer, len(self.columns)
        most = np.zeros(len(offer.cost), dtype=np.int64)
        self._is_complete = True
        for kind in range(len(offer.cost)):
            values = np.where(offer.eligible[:, kind], duals, 0)
            cutoff = math.floor((int(offer.cost[kind]) + float(of_stock[kind])) * self.scale * (1 + 1e-7))
            sizes, room = offer.sizes[offer.shape[kind]], offer.room[kind]
            shares = np.ascontiguousarray((sizes / np.maximum(room, 1)).T)
            weights = packing_pricing.surrogate(shares, values, offer.copies, self.weights[kind], 30)
            self.weights[kind] = weights
            rows, _, most[kind], nodes, is_complete = packing_pricing.search(
                values,
                sizes,
                room,
                np.zeros(len(room), dtype=np.int64),
                offer.copies,
                offer.apart,
                shares.T @ weights,
                max(cutoff, 0),
                3,
                self.nodes,
                self.halt,
                self.found,
                self.lengths,
            )
            self.work -= nodes * 1.5 + 30 * len(values)
            self._is_complete = self._is_complete and is_complete
            self.add((kind, self.found[row, : self.lengths[row]].tolist()) for row in range(rows))
        self._lift(duals, most)
        return len(self.columns) - before

    def _lift(self, duals: Ints, most: Ints) -> None:
        """Lagrange's bound at the best multiple of the duals up to 1: it is concave and breaks where a type pays."""
        offer = self.offer
        total = int(duals @ offer.copies)
        types = list(zip(offer.cost.tolist(), offer.stock.tolist(), most.tolist(), strict=True))
        shares = {Fraction(1)}
        shares |= {
            Fraction(cost * self.scale, worth) for cost, _, worth in types if worth > cost * self.scale
        }
        for share in shares:
            lost = sum(
                stock * max(Fraction(0), share * worth - cost * self.scale) for cost, stock, worth in types
            )
            value = (share * total - lost) / self.scale
            if value > self._best_value:
                self._best_value, self.best_duals = value, duals
                self.bound = max(self.bound, math.ceil(value))

    def complete(self) -> list[Column] | None:
        """The cheapest packing out of the columns met, as far as the effort goes; None if none is found."""
        if self.is_over():
            return None
        solver, columns = self._master(is_whole=True)
        if math.isfinite(self.seconds_left()):
            solver.setOptionValue("time_limit", max(0.01, self.seconds_left()))
        allowed, spent = self.work, 0.0

        def watch(event: highspy.HighsCallbackEvent) -> None:
            nonlocal spent
            spent += STEP_WORK
            if spent > allowed:
                event.interrupt()

        solver.cbSimplexInterrupt.subscribe(watch)
        solver.cbMipInterrupt.subscribe(watch)
        solver.run()
        self.work -= spent
        solution = solver.getSolution()
        if not solution.value_valid:
            return None
        times = np.rint(np.asarray(solution.col_value)[: len(columns)]).astype(np.int64)
        return self._unfolded(columns, times)

    def _unfolded(self, columns: list[Column], times: Ints) -> list[Column] | None:
        """Bins of a cover, each copy in one of them only; None if something is left."""
        left = self.offer.copies.copy()
        bins: list[Column] = []
        for number in np.flatnonzero(times > 0).tolist():
            kind, inside = columns[number]
            for _ in range(int(times[number])):
                kept = []
                for item in inside:
                    if left[item] > 0:
                        left[item] -= 1
                        kept.append(item)
                if kept:
                    bins.append((kind, tuple(kept)))
        return None if left.any() else bins

    def _master(self, *, is_whole: bool) -> tuple[Quiet, list[Column]]:
        """Rows: kinds, then types; a column for each content, then one that covers a kind at a price beyond all."""
        offer, columns = self.offer, list(self.columns)
        kinds, types = len(offer.copies), len(offer.cost)
        starts, ids, amounts = [0], [], []
        for kind, inside in columns:
            for item in sorted(set(inside)):
                ids.append(item)
                amounts.append(float(inside.count(item)))
            ids.append(kinds + kind)
            amounts.append(1.0)
            starts.append(len(ids))
        many = 0 if is_whole else kinds
        ids += range(many)
        amounts += [1.0] * many
        starts += range(starts[-1] + 1, starts[-1] + 1 + many)
        dear = float(offer.cost.max(initial=1)) * 3 + 1
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(columns) + many, kinds + types
        model.col_cost_ = np.array([float(offer.cost[kind]) for kind, _ in columns] + [dear] * many)
        model.col_lower_ = np.zeros(len(columns) + many)
        model.col_upper_ = np.full(len(columns) + many, highspy.kHighsInf)
        model.row_lower_ = np.append(offer.copies.astype(np.float64), np.full(types, -highspy.kHighsInf))
        model.row_upper_ = np.append(np.full(kinds, highspy.kHighsInf), offer.stock.astype(np.float64))
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.array(starts, dtype=np.int32)
        model.a_matrix_.index_ = np.array(ids, dtype=np.int32)
        model.a_matrix_.value_ = np.array(amounts)
        if is_whole:
            model.integrality_ = [highspy.HighsVarType.kInteger] * len(columns)
        solver = Quiet()
        solver.silent()
        solver.setOptionValue("threads", 1)
        solver.passModel(model)
        return solver, columns
