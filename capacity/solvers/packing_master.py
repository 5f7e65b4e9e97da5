"""The linear relaxation of packing by column generation: a bound that always holds, and columns worth packing with.

Master: fewest columns (contents of a bin) that cover every kind's copies. Its duals come from `packing_interior`,
new columns from `packing_pricing`. Every complete search of the pricing gives a bound by Farley (1990): duals scaled
down by the best column's value are feasible, so their total bounds the bins. All of it in whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from capacity.solvers import packing_interior, packing_pricing
from capacity.solvers.packing_pool import Pool

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

ONE = 1 << 26  # a dual of 1 in whole numbers
HAIR = ONE >> 14  # columns worth less than this above 1 don't move the relaxation
FINEST = 1e-6  # relative gap of the last solves
FIRST_NODES = 100_000  # of a search for columns; more once it finds hardly any


@dataclass(slots=True)
class Budget:
    """Work left (about microseconds, counted the same on every machine), and a `halt` [1] that ends it at once."""

    work: float
    halt: Bytes = field(default_factory=lambda: np.zeros(1, dtype=np.uint8))

    def over(self) -> bool:
        """Whether to stop."""
        return self.work <= 0 or bool(self.halt[0])


@dataclass(frozen=True, slots=True)
class Bin:
    """What fits in one bin: `sizes` [kinds × dimensions] under `capacity`, `copies` [kinds], `apart` [kinds × kinds].

    `least` [dimensions]: how full a bin must be; `shares` [rows × kinds]: knapsack rows of room 1 for bounds.
    """

    sizes: Ints
    capacity: Ints
    copies: Ints
    apart: Bytes
    least: Ints
    shares: Floats


@dataclass(slots=True)
class Relaxation:
    """Where column generation stands.

    `value`: of the master, infinite at first. No packing has fewer bins than `bound_over / bound_under`, from whole
    `duals` under which no column is worth more than `bound_under`. `weights` [rows]: the surrogate's.
    """

    pool: Pool
    weights: Floats
    duals: Ints
    bound_over: int = 0
    bound_under: int = 1
    value: float = np.inf
    primal: Floats = field(default_factory=lambda: np.zeros(0))
    rounds: int = 0

    def bound(self) -> int:
        """Whole bins that every packing needs."""
        return -(-self.bound_over // self.bound_under)

    def fraction(self) -> float:
        """The same before rounding up."""
        return self.bound_over / self.bound_under


class Master:
    """Column generation over one kind of bin."""

    def __init__(self, holds: Bin, budget: Budget) -> None:
        self.holds, self.budget = holds, budget
        kinds = len(holds.copies)
        self.columns: Ints = np.empty((2 * kinds + 500, packing_pricing.LONGEST), dtype=np.int64)
        self.lengths: Ints = np.empty(len(self.columns), dtype=np.int64)
        rows = len(holds.shares)
        self.state = Relaxation(Pool(), np.full(rows, 1.0 / rows), np.zeros(kinds, dtype=np.int64))
        self.demand: Floats = holds.copies.astype(np.float64)
        self.nodes = FIRST_NODES
        self.state.pool.add([kind] for kind in range(kinds))

    def seed(self, turns: int) -> list[list[int]] | None:
        """Fill the pool by packing again and again, correcting the values; the packing of fewest bins met, None
        where there was no time for one.

        Sequential value correction (Mukhacheva et al. 2000; Belov, Scheithauer 2007): a kind's value moves toward
        its part of the bin it came to lie in, so that what fits badly is packed early.
        """
        holds, dims = self.holds, len(self.holds.capacity)
        total = holds.shares[:dims] @ self.demand
        scarcity = total / max(float(total.sum()), 1e-12)
        value = holds.shares[:dims].T @ scarcity + 1e-6
        best: list[list[int]] | None = None
        room = np.empty((int(holds.copies.sum()), packing_pricing.LONGEST), dtype=np.int64)
        lengths = np.empty(len(room), dtype=np.int64)
        for turn in range(turns):
            if self.budget.over():
                break
            scaled = np.maximum(1, np.floor(value * ONE)).astype(np.int64)
            power = (0.0, 1.0, 0.5)[turn % 3]
            rows = packing_pricing.pack(
                scaled,
                holds.sizes,
                holds.capacity,
                holds.copies,
                holds.apart,
                scarcity,
                power,
                room,
                lengths,
            )
            self.budget.work -= rows * len(value) * dims * 0.02
            self.state.pool.add_rows(room, lengths, rows)
            part = np.zeros(len(value))
            for row in range(rows):
                content = room[row, : lengths[row]]
                share = value[content] / value[content].sum()
                np.add.at(part, content, share / holds.copies[content])
            value = 0.6 * value + 0.4 * part
            if best is None or rows < len(best):
                best = [room[row, : lengths[row]].tolist() for row in range(rows)]
        return best

    def centre(self) -> Floats:
        """The duals of the last solve."""
        return self._duals

    def generate(self, enough: Callable[[int], bool], *, is_fine: bool = False, known: int = 0) -> None:
        """Add columns till `enough` says so of the bound so far, or the budget is over, or the relaxation is solved:
        as far as its value rounded up, or (`is_fine`) to the last column. A bound `known` from elsewhere that equals
        the value rounded up is enough too.
        """
        state, tolerance = self.state, 0.03 if not is_fine else 1e-3
        while not self.budget.over():
            self.solve(tolerance)
            if not is_fine and state.value <= known + 1e-6 * known:
                break
            new = self.price_quickly()
            if new < max(8, len(self.demand) // 5):
                new += self.price_exactly(self.nodes)
            state.rounds += 1
            if enough(state.bound()) or (not is_fine and self._is_settled(tolerance)):
                break
            distance = (state.value - state.fraction()) / state.value
            if new == 0:
                if tolerance <= FINEST:
                    break
                tolerance = max(tolerance * 0.1, FINEST)
            else:
                tolerance = min(tolerance, max(FINEST, distance * 0.2))

    def _is_settled(self, tolerance: float) -> bool:
        """Whether the bound is the relaxation's value rounded up; near a whole number only the last digits tell."""
        state = self.state
        is_near = state.value - np.floor(state.value) < 1e-3 * state.value
        slack = 1e-5 if tolerance <= 10 * FINEST or not is_near else 0.0
        return bool(state.bound() >= np.ceil(state.value - slack))

    def forget(self, most: int) -> None:
        """Keep the `most` valuable columns by the last duals, and those of one kind."""
        pool = self.state.pool
        order = np.argsort(-pool.values(self._whole), kind="stable")[:most]
        singles = np.array([pool.index([kind]) for kind in range(len(self.demand))], dtype=np.int64)
        pool.keep(np.union1d(order, singles))

    def solve(self, tolerance: float) -> None:
        """The master over the pool's columns, to a relative gap of `tolerance`."""
        state = self.state
        pointers, ids, amounts = state.pool.arrays()
        costs = np.ones(len(pointers) - 1)
        state.primal, duals, state.value = self.cover(pointers, ids, amounts, costs, tolerance)
        self._duals: Floats = duals
        self._whole: Ints = np.maximum(np.floor(duals * ONE), 1.0).astype(np.int64)

    def cover(
        self, pointers: Ints, ids: Ints, amounts: Floats, costs: Floats, tolerance: float
    ) -> tuple[Floats, Floats, float]:
        """Column values, duals and value of covering the copies by such columns, paid from the budget."""
        values, duals, value, _, steps = packing_interior.cover(
            pointers, ids, amounts, costs, self.demand, tolerance, self.budget.halt
        )
        self.budget.work -= steps * (len(duals) ** 3 / 2e4 + len(ids) / 20)
        return values, duals, value

    def price_quickly(self) -> int:
        """Columns by greedy filling from every kind; how many are new."""
        holds, state, duals = self.holds, self.state, self._whole
        dims = len(holds.capacity)
        rounds = 40 if state.rounds == 0 else 15
        state.weights = packing_pricing.surrogate(holds.shares, duals, holds.copies, state.weights, rounds)
        weights = np.maximum(state.weights[:dims], 1e-3)
        everyone = np.arange(len(duals))
        new = 0
        for power in (0.0, 1.0):
            rows = packing_pricing.greedy(
                duals,
                holds.sizes,
                holds.capacity,
                holds.copies,
                holds.apart,
                everyone,
                weights,
                power,
                ONE + HAIR,
                self.columns,
                self.lengths,
                0,
            )
            new += state.pool.add_rows(self.columns, self.lengths, rows)
            self.budget.work -= len(duals) ** 2 * dims * 0.01
        return new

    def price_exactly(self, most_nodes: int) -> int:
        """Columns by branch and bound, and the bound that follows; how many are new."""
        holds, state, duals = self.holds, self.state, self._whole
        state.weights = packing_pricing.surrogate(holds.shares, duals, holds.copies, state.weights, 60)
        weights = holds.shares.T @ state.weights
        rows, _, most, nodes, complete = packing_pricing.search(
            duals,
            holds.sizes,
            holds.capacity,
            holds.least,
            holds.copies,
            holds.apart,
            weights,
            ONE + HAIR,
            3,
            most_nodes,
            self.budget.halt,
            self.columns,
            self.lengths,
        )
        self.budget.work -= nodes * 1.5
        new = state.pool.add_rows(self.columns, self.lengths, rows)
        over = int(duals @ holds.copies)
        if over * state.bound_under > state.bound_over * most:
            state.bound_over, state.bound_under, state.duals = over, most, duals
        if not complete and new < len(duals) // 10:
            self.nodes *= 4
        return new


def bin_of(sizes: Ints, capacity: Ints, copies: Ints, pointers: Ints, ids: Ints) -> Bin:
    """The pricing's view of kinds and conflicts in rows; kinds too big for one bin together are apart too.

    Arrays are copied, so that the compiled kernels meet one layout only.
    """
    kinds = len(copies)
    if len(capacity) == 0:  # a bin without limits: one limit that nothing reaches
        sizes, capacity = np.zeros((kinds, 1), dtype=np.int64), np.zeros(1, dtype=np.int64)
    apart = np.zeros((kinds, kinds), dtype=np.uint8)
    for d in range(len(capacity)):
        apart |= np.add.outer(sizes[:, d], sizes[:, d]) > capacity[d]
    for kind in range(kinds):
        apart[kind, ids[pointers[kind] : pointers[kind + 1]]] = 1
    return Bin(
        np.array(sizes, dtype=np.int64, order="C"),
        np.array(capacity, dtype=np.int64),
        np.array(copies, dtype=np.int64),
        apart,
        np.zeros(len(capacity), dtype=np.int64),
        np.array((sizes / np.maximum(capacity, 1)).T, dtype=np.float64, order="C"),
    )
