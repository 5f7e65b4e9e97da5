"""A packing out of a relaxation: fix what it is surest of, solve again what is left, and so on (diving).

Once little is left, whether it fits in the bins left is decided outright, so that a dive doesn't miss by a last bin.
Columns are generated anew for what is left at every step, so that the last bins are as well filled as the first
(Sadykov, Vanderbeck, Tahiri, Pessoa, Uchoa 2019). Costs are perturbed to reach another vertex at every dive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from capacity.solvers.packing_completion import Pains, Verdict, decide
from capacity.solvers.packing_master import Bin, Budget, Master
from capacity.solvers.packing_pool import Pool

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CARRIED = 12  # columns per kind that a step hands to the next
SURE = 0.75  # of a column: fix it along with the step's first
SHARE = 0.12  # of a step's bins to fix at most
REFINING = 3  # rounds of columns at a step
DIVING_NODES = 20_000  # of exact pricing in such a round
LITTLE = 220  # kinds left, from which on to decide
SHRUNK = 0.85  # of the kinds left when it was last tried
LITTLE_PAINS = Pains(listed=8000, nodes=100_000, rounds=4, few=2000, integer_work=100_000.0)
LITTLE_SECONDS = 1.5  # where the clock limits


def dive(
    master: Master, fewer_than: int, rng: np.random.Generator, seconds_left: Callable[[], float]
) -> list[list[int]] | None:
    """A packing into `fewer_than` so many bins, or None where this dive found none. New columns join the pool."""
    kinds, step = np.arange(len(master.holds.copies)), master
    packed: list[list[int]] = []
    copies = master.holds.copies.copy()
    tried = LITTLE / SHRUNK
    while True:
        values = vertex(step, rng)
        for column in _surest(step, values, copies[kinds]):
            kept = []
            for kind in kinds[step.state.pool.content(column)].tolist():
                if copies[kind] > 0:
                    copies[kind] -= 1
                    kept.append(kind)
            if kept:
                packed.append(kept)
        left = np.flatnonzero(copies > 0)
        if len(left) == 0:
            return packed if len(packed) < fewer_than else None
        if len(packed) + 1 >= fewer_than or master.budget.over():
            return None
        carried = _carried(step, kinds, left, copies)
        kinds = left
        step = Master(_part(master.holds, left, copies[left]), master.budget)
        step.state.pool.add(carried)
        refine(step, len(left), DIVING_NODES)
        for column in range(len(step.state.pool)):
            content = step.state.pool.content(column)
            if len(content) > 1:
                master.state.pool.add([kinds[content]])
        if len(packed) + step.state.bound() >= fewer_than:
            return None
        bins = fewer_than - 1 - len(packed)
        # With a bin to spare a dive rarely misses, and deciding would only hold it up.
        if len(left) <= tried * SHRUNK and step.state.value > bins - 1 + 1e-6:
            tried = len(left)
            verdict = _decide(step, bins, seconds_left)
            if verdict.bins is not None:
                return packed + [kinds[inside].tolist() for inside in verdict.bins]
            if verdict.is_impossible:
                return None


def _decide(step: Master, bins: int, seconds_left: Callable[[], float]) -> Verdict:
    """Whether what is left fits in so many bins, as far as that is quickly told."""
    step.generate(lambda bound: bound > bins, is_fine=True)
    if step.state.bound() > bins:
        return Verdict(is_impossible=True)

    def left() -> float:
        seconds = seconds_left()
        return seconds if math.isinf(seconds) else min(seconds, LITTLE_SECONDS)

    return decide(step, bins, left, LITTLE_PAINS)


def vertex(master: Master, rng: np.random.Generator) -> Floats:
    """Column values at a vertex of the master's optimal face, or near it, another one at every call."""
    pointers, ids, amounts = master.state.pool.arrays()
    value = master.state.value
    spare = max(1e-3, min(0.5, float(np.ceil(value - 1e-6)) - value)) / max(value, 1.0)
    costs = 1.0 + spare * rng.random(len(pointers) - 1)
    return master.cover(pointers, ids, amounts, costs, 1e-7)[0]


def _surest(master: Master, values: Floats, copies: Ints) -> list[int]:
    """The columns to fix, of bins that never run out."""
    all_bins = np.array([copies.sum() + 1])
    pool = master.state.pool
    return surest(values, lambda column: (0, pool.content(column)), copies, all_bins, int(all_bins[0]))


def surest(
    values: Floats,
    column: Callable[[int], tuple[int, Ints | Sequence[int]]],
    copies: Ints,
    stock: Ints,
    bins: int,
) -> list[int]:
    """The columns to fix: the largest of `values`, and others nearly as sure, as far as copies, stock and bins go.

    `column` tells a column's type of bin, of which `stock` [types] has so many, and the kinds in it.
    """
    left, stock = copies.copy(), stock.copy()
    most = max(1, int(SHARE * values.sum()))
    chosen: list[int] = []
    for number in np.argsort(-values, kind="stable").tolist():
        value = values[number]
        if chosen and (value < SURE or (len(chosen) >= most and value < 0.98)):
            break
        of_bin, inside = column(number)
        kinds, amounts = np.unique(inside, return_counts=True)
        for _ in range(max(1, int(value + 0.02))):
            if stock[of_bin] <= 0 or len(chosen) >= bins or (chosen and (left[kinds] < amounts).any()):
                break
            left[kinds] -= amounts
            stock[of_bin] -= 1
            chosen.append(number)
    return chosen


class Priced(Protocol):
    """A relaxation that solves its master and prices columns for it."""

    budget: Budget

    def solve(self, tolerance: float) -> None: ...

    def price_quickly(self) -> int: ...

    def price_exactly(self, most_nodes: int) -> int: ...


def refine(step: Priced, kinds: int, nodes: int) -> None:
    """A few rounds of columns for what a dive has left, so many `kinds`, without looking for a bound."""
    few = kinds // 5
    for _ in range(REFINING):
        step.solve(1e-2)
        new = step.price_quickly()
        if new < few:
            new += step.price_exactly(nodes)
        if new <= few or step.budget.over():
            return


def _carried(master: Master, kinds: Ints, left: Ints, copies: Ints) -> list[Ints]:
    """The best columns of this step, without what is packed, numbered as the next step numbers kinds."""
    pool: Pool = master.state.pool
    number = np.full(len(copies), -1, dtype=np.int64)
    number[left] = np.arange(len(left))
    duals = np.floor(np.maximum(master.centre(), 0.0) * (1 << 26)).astype(np.int64)
    values = pool.values(duals)
    best = np.argsort(-values, kind="stable")[: CARRIED * len(left) + 100]
    carried = []
    for column in best.tolist():
        content = number[kinds[pool.content(column)]]
        content = content[content >= 0]
        if len(content) > 1:
            carried.append(content)
    return carried


def _part(holds: Bin, kinds: Ints, copies: Ints) -> Bin:
    return Bin(
        np.ascontiguousarray(holds.sizes[kinds]),
        holds.capacity,
        copies,
        np.ascontiguousarray(holds.apart[np.ix_(kinds, kinds)]),
        holds.least,
        np.ascontiguousarray(holds.shares[:, kinds]),
    )
