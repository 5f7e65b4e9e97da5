"""Bins of several types: a bound on their cost by column generation, and columns worth packing with.

The master asks for the cheapest contents of bins that cover every kind's copies within each type's stock;
`packing_interior` solves it, `packing_pricing` finds contents worth more than they cost, type by type. Whatever the
duals, a bound follows (Lagrange): what all copies are worth, less for every bin in stock what its best content is worth
above its cost. In whole numbers. Packings out of the columns are `packing_types_dive`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from capacity.solvers import packing_interior, packing_pricing
from capacity.solvers.packing_master import Budget
from capacity.solvers.packing_pool import Pool

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

ONE = 1 << 26  # the dearest bin's cost in whole duals, or more
HAIR = 1e-5  # of a bin's cost: what a content is worth above it that doesn't move the relaxation
CHEAPEST = 1e-5  # of the dearest bin: what one at no cost costs in the master
DEAR = 4.0  # dearest bins: what leaving a copy uncovered costs in the master at first
DEAREST = 1e4
FIRST_NODES = 10_000  # of one search for a content; more once it finds none
MOST_NODES = 3_000_000
DIVING_NODES = 3_000
NODE_WORK = 0.3  # effort of a node
COLUMN_WORK = 5.0  # effort of taking in a column
MOST_COLUMNS = 24  # of the pool for each kind, and that many hundred; beyond it the worse half is forgotten
ROWS = 1_000  # contents that a search keeps
FIRST_TOLERANCE, LAST_TOLERANCE = 0.03, 1e-6  # of the master's gap
LEAST_GAIN = 0.005  # of the value: a round that wins less is followed by an exact one
SETTLED = 2e-4  # of the value: the bound is as near as is worth waiting for
NEARLY = 2e-3  # the same, where it would take many more nodes

Column = tuple[int, tuple[int, ...]]  # a type, and the kinds in one bin of it, with repetition


@dataclass(frozen=True, slots=True)
class Offer:
    """Kinds to cover: `sizes` [shapes × kinds × dimensions], `copies` [kinds], `apart` [kinds × kinds],
    `eligible` [kinds × types]; types of `shape`, `room` [types × dimensions], `cost` and `stock` [types], whole;
    `most_bins` of all types together.
    """

    sizes: Ints
    copies: Ints
    apart: Bytes
    eligible: NDArray[np.bool_]
    shape: Ints
    room: Ints
    cost: Ints
    stock: Ints
    most_bins: int

    def part(self, kinds: Ints, copies: Ints, used: Ints) -> Offer:
        """What is left of it: some kinds, `copies` of those, and all bins but those `used` [types]."""
        return Offer(
            np.ascontiguousarray(self.sizes[:, kinds]),
            copies,
            np.ascontiguousarray(self.apart[np.ix_(kinds, kinds)]),
            np.ascontiguousarray(self.eligible[kinds]),
            self.shape,
            self.room,
            self.cost,
            np.maximum(self.stock - used, 0),
            max(self.most_bins - int(used.sum()), 0),
        )


class Columns:
    """Column generation over several types; `bound` is a whole cost that no packing of all copies is below.

    A column of the pool lists its kinds and, behind them, the number of kinds plus its type.
    """

    def __init__(self, offer: Offer, budget: Budget) -> None:
        self.offer, self.budget = offer, budget
        self.scale = max(1, ONE // max(int(offer.cost.max(initial=1)), 1))
        self.unit = max(float(offer.cost.max(initial=1)), 1.0)
        self.pool = Pool()
        self.value, self.bound, self._best = np.inf, 0, Fraction(0)
        self.dear, self.nodes = DEAR, FIRST_NODES
        self.missing = 0.0  # copies that the master leaves uncovered
        self.duals: Floats = self._first_duals()
        self.is_complete = False
        self.of_bin: Floats = np.zeros(len(offer.cost))
        dims = max(offer.room.shape[1], 1)
        self.weights: list[Floats] = [np.full(dims, 1.0 / dims) for _ in offer.cost]
        self.shares = [
            np.ascontiguousarray((offer.sizes[shape] / np.maximum(room, 1)).T)
            for shape, room in zip(offer.shape, offer.room, strict=True)
        ]
        self._rows: Ints = np.empty((ROWS, packing_pricing.LONGEST), dtype=np.int64)
        self._lengths: Ints = np.empty(ROWS, dtype=np.int64)

    def _first_duals(self) -> Floats:
        """Of each kind its largest share of a bin, of the type where that costs least."""
        offer = self.offer
        share = (offer.sizes[offer.shape] / np.maximum(offer.room, 1)[:, None, :]).max(axis=2, initial=1e-3)
        price = np.where(offer.eligible.T, share * offer.cost[:, None], np.inf).min(axis=0, initial=np.inf)
        return np.where(np.isfinite(price), price, 0.0) / self.unit

    def add(self, columns: Iterable[tuple[int, Sequence[int]]]) -> None:
        """Contents known from elsewhere."""
        kinds = len(self.offer.copies)
        self.pool.add([*inside, kinds + kind] for kind, inside in columns)

    def column(self, number: int) -> Column:
        """One of the pool."""
        content = self.pool.content(number)
        return int(content[-1]) - len(self.offer.copies), tuple(content[:-1].tolist())

    def gains(self) -> Floats:
        """What each column of the pool is worth above its cost under the duals, in dearest bins."""
        pointers, ids, amounts = self.pool.arrays()
        worth = np.append(self.duals, -self.of_bin - self.offer.cost / self.unit)
        return np.add.reduceat(worth[ids] * amounts, pointers[:-1]) if len(ids) else np.zeros(0)

    def generate(self, enough: int) -> None:
        """Add columns until the bound is `enough`, no column is worth more than it costs, or the budget is spent."""
        if len(self.offer.copies) == 0:
            return
        self.price_quickly()
        self._to_bound(enough)
        if self._best == 0 and not self.budget.halt[0]:
            self.price_exactly(DIVING_NODES)

    def _to_bound(self, enough: int) -> None:
        tolerance, least = FIRST_TOLERANCE, np.inf
        few = max(8, len(self.offer.copies) // 5)
        while not self.budget.over() and self.bound < enough:
            self.solve(tolerance)
            self._forget()
            new = self.price_quickly()
            # Greedy columns go on being new long after they have stopped being of use.
            is_late = new < few or self.value > least * (1 - LEAST_GAIN)
            least = min(least, self.value)
            if is_late:
                new += self.price_exactly(self.nodes)
            distance = (self.value - float(self._best) / self.unit) / max(self.value, 1e-12)
            if self.missing > 1e-3 and new < few and self.dear < DEAREST:
                self.dear *= 5
            elif self.missing < 1e-3 and (distance < SETTLED or self._is_rounded()):
                return
            elif new == 0:
                is_last = tolerance <= LAST_TOLERANCE and (self.is_complete or self.nodes >= MOST_NODES)
                if is_last or (not self.is_complete and tolerance < NEARLY / 20 and distance < NEARLY):
                    return
                tolerance = max(tolerance * 0.1, LAST_TOLERANCE)
            elif is_late:
                tolerance = min(tolerance, max(LAST_TOLERANCE, distance * 0.2))

    def _is_rounded(self) -> bool:
        """Whether the bound is the relaxation's value rounded up."""
        return bool(self.bound >= np.ceil(self.value * self.unit * (1 - 1e-7) - 1e-6))

    def _forget(self) -> None:
        """The worse half of the columns, once they are many."""
        if len(self.pool) > MOST_COLUMNS * (len(self.offer.copies) + 100):
            best = np.argsort(-self.gains(), kind="stable")[: len(self.pool) // 2]
            self.pool.keep(np.sort(best))

    def solve(self, tolerance: float) -> None:
        """The master over the pool's columns, to a relative gap of `tolerance`."""
        values, duals, value = self.cover(np.ones(len(self.pool)), tolerance)
        kinds, types = len(self.offer.copies), len(self.offer.cost)
        self.missing = float(values[len(self.pool) :].sum())
        self.value = value
        self.duals = duals[:kinds]
        self.of_bin = duals[kinds : kinds + types] + duals[kinds + types]

    def cover(self, factor: Floats, tolerance: float) -> tuple[Floats, Floats, float]:
        """Values of the columns (those that leave a kind uncovered behind), duals and value, each column's cost times
        its `factor` [columns].
        """
        offer = self.offer
        kinds, types, count = len(offer.copies), len(offer.cost), len(self.pool)
        pointers, ids, amounts = self.pool.arrays()
        # Rows: kinds, then the stock of types and all bins, both turned round, as the master knows "at least" only.
        kind_of = ids[pointers[1:] - 1] - kinds
        wide = np.repeat(np.arange(count), np.diff(pointers))
        rows = np.empty(len(ids) + count + kinds, dtype=np.int64)
        much = np.empty(len(rows))
        rows[np.arange(len(ids)) + wide] = ids
        much[np.arange(len(ids)) + wide] = np.where(ids < kinds, amounts, -1.0)
        starts = pointers + np.arange(count + 1)
        rows[starts[1:] - 1], much[starts[1:] - 1] = kinds + types, -1.0
        rows[len(ids) + count :], much[len(ids) + count :] = np.arange(kinds), 1.0
        starts = np.append(starts, starts[-1] + 1 + np.arange(kinds))
        costs = np.maximum(offer.cost / self.unit, CHEAPEST)[kind_of] * factor
        demand = np.concatenate([offer.copies, -offer.stock, [-offer.most_bins]]).astype(np.float64)
        values, duals, value, _, steps = packing_interior.cover(
            starts.astype(np.int64),
            rows,
            much,
            np.append(costs, np.full(kinds, self.dear)),
            demand,
            tolerance,
            self.budget.halt,
        )
        self.budget.work -= steps * (len(demand) ** 3 / 2e4 + len(rows) / 20)
        return values, duals, value

    def _worth(self) -> Ints:
        return np.maximum(np.floor(self.duals * self.unit * self.scale), 0.0).astype(np.int64)

    def _cutoff(self, kind: int) -> int:
        cost = (float(self.offer.cost[kind]) + float(self.of_bin[kind]) * self.unit) * self.scale
        return max(0, int(cost + HAIR * self.unit * self.scale))

    def price_quickly(self) -> int:
        """Columns of every type by greedy filling from every kind; how many are new."""
        offer, worth, new = self.offer, self._worth(), 0
        is_first = len(self.pool) == 0
        everyone = np.arange(len(worth))
        for kind in self._open_types():
            values = np.where(offer.eligible[:, kind], worth, 0)
            self._weigh(kind, values, 40 if is_first else 15)
            weights = np.maximum(self.weights[kind], 1e-3)
            cutoff = -1 if is_first else self._cutoff(kind)
            for power in (0.0, 1.0):
                rows = packing_pricing.greedy(
                    values,
                    offer.sizes[offer.shape[kind]],
                    offer.room[kind],
                    offer.copies,
                    offer.apart,
                    everyone,
                    weights,
                    power,
                    cutoff,
                    self._rows,
                    self._lengths,
                    0,
                )
                new += self._take_rows(kind, rows)
                self.budget.work -= len(values) ** 2 * offer.room.shape[1] * 0.01
        return new

    def price_exactly(self, most_nodes: int) -> int:
        """Columns of every type by branch and bound, and the bound that follows; how many are new."""
        offer, worth, new = self.offer, self._worth(), 0
        affordable = self.budget.work / NODE_WORK / (2 * len(offer.cost))
        most_nodes = int(min(most_nodes, max(affordable, DIVING_NODES)))
        most = np.zeros(len(offer.cost), dtype=np.int64)
        self.is_complete = True
        for kind in self._open_types():
            values = np.where(offer.eligible[:, kind], worth, 0)
            self._weigh(kind, values, 60)
            room = offer.room[kind]
            rows, _, most[kind], nodes, is_complete = packing_pricing.search(
                values,
                offer.sizes[offer.shape[kind]],
                room,
                np.zeros(len(room), dtype=np.int64),
                offer.copies,
                offer.apart,
                self.shares[kind].T @ self.weights[kind],
                self._cutoff(kind),
                3,
                most_nodes,
                self.budget.halt,
                self._rows,
                self._lengths,
            )
            self.budget.work -= nodes * NODE_WORK
            self.is_complete = self.is_complete and is_complete
            new += self._take_rows(kind, rows)
        self._lift(worth, most)
        if not self.is_complete and new < len(worth) // 10:
            self.nodes = min(self.nodes * 4, MOST_NODES)
        return new

    def _open_types(self) -> list[int]:
        is_open = (self.offer.stock > 0) & self.offer.eligible.any(axis=0)
        return [int(kind) for kind in np.flatnonzero(is_open)]

    def _weigh(self, kind: int, values: Ints, rounds: int) -> None:
        self.weights[kind] = packing_pricing.surrogate(
            self.shares[kind], values, self.offer.copies, self.weights[kind], rounds
        )
        self.budget.work -= rounds * len(values) * 0.1

    def _take_rows(self, kind: int, rows: int) -> int:
        mark = len(self.offer.copies) + kind
        self.budget.work -= rows * COLUMN_WORK
        return self.pool.add(np.append(self._rows[row, : self._lengths[row]], mark) for row in range(rows))

    def _lift(self, worth: Ints, most: Ints) -> None:
        """Lagrange's bound at the best multiple of the duals up to 1: it is concave and breaks where a type pays."""
        offer = self.offer
        total = int(worth @ offer.copies)
        types = list(zip(offer.cost.tolist(), offer.stock.tolist(), most.tolist(), strict=True))
        shares = {Fraction(1)}
        shares |= {Fraction(cost * self.scale, best) for cost, _, best in types if best > cost * self.scale}
        for share in shares:
            gains = sorted(
                ((share * best - cost * self.scale, stock) for cost, stock, best in types), reverse=True
            )
            lost, bins = Fraction(0), offer.most_bins
            for gain, stock in gains:
                if gain > 0:
                    lost += gain * min(stock, bins)
                    bins -= min(stock, bins)
            value = (share * total - lost) / self.scale
            if value > self._best:
                self._best = value
                self.bound = max(self.bound, -(-value.numerator // value.denominator))
