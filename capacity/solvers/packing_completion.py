"""Whether so many bins are enough, answered for good where the relaxation leaves little room.

Under duals that bound the bins by z, a packing into K bins uses only columns whose reduced cost is K - z at most. If
those can all be listed, rows of cuts tighten the relaxation over the list (Baldacci, Christofides, Mingozzi 2008), the
list shrinks, and either no K bins are left or few enough columns for a mixed-integer program to decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from capacity.solvers import packing_cuts, packing_interior, packing_pricing
from capacity.solvers.packing_master import ONE, Budget, Master
from capacity.solvers.packing_pool import compressed

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_LISTED = 60_000
MOST_NODES = 4_000_000
LONGEST_LISTED = 24  # items of a column
CUTS_A_ROUND = 80
CUTS_A_KIND = 6
MOST_CUTS = 700
MOST_ROUNDS = 25
FEW = 2500  # columns that a mixed-integer program may take on
LEAST_GAIN = 0.02  # share of the distance to K that two rounds of cuts must win
ITERATION_WORK = 150.0  # of a simplex step in the mixed-integer program
INTEGER_SHARE = 0.5  # of the work left


@dataclass(frozen=True, slots=True)
class Listed:
    """All columns that a packing into few enough bins may use, in compressed rows, with rows of cuts behind."""

    pointers: Ints
    ids: Ints
    amounts: Floats

    def __len__(self) -> int:
        return len(self.pointers) - 1

    def only(self, keep: NDArray[np.bool_]) -> Listed:
        """The columns marked."""
        lengths = np.diff(self.pointers)
        inside = np.repeat(keep, lengths)
        pointers = np.concatenate([[0], np.cumsum(lengths[keep])]).astype(np.int64)
        return Listed(pointers, self.ids[inside], self.amounts[inside])


@dataclass(frozen=True, slots=True)
class Verdict:
    """`is_impossible`: no such packing. `bins`: one such packing. Neither: undecided."""

    is_impossible: bool = False
    bins: list[list[int]] | None = None


UNDECIDED = Verdict()


@dataclass(frozen=True, slots=True)
class Pains:
    """How far to go: columns and nodes of a listing, rounds of cuts, columns of an integer program and its work."""

    listed: int = MOST_LISTED
    nodes: int = MOST_NODES
    rounds: int = MOST_ROUNDS
    few: int = FEW
    integer_work: float = math.inf


ALL_PAINS = Pains()


def decide(master: Master, bins: int, seconds_left: Callable[[], float], pains: Pains = ALL_PAINS) -> Verdict:
    """Whether everything fits in so many `bins`, from the master's relaxation (solved before)."""
    listed = listing(master, bins, pains)
    if listed is None:
        return UNDECIDED
    kinds = len(master.holds.copies)
    if not np.isin(np.arange(kinds), listed.ids).all():
        return Verdict(is_impossible=True)
    narrowed = _narrow(master, listed, bins, pains.rounds)
    if narrowed is None or not np.isin(np.arange(kinds), narrowed[0].ids).all():
        return Verdict(is_impossible=True)
    columns, demand = narrowed
    if len(columns) > pains.few or master.budget.over():
        return UNDECIDED
    allowed = min(master.budget.work * INTEGER_SHARE, pains.integer_work)
    return _integer(columns, demand, bins, kinds, master.budget, allowed, seconds_left)


def listing(master: Master, bins: int, pains: Pains = ALL_PAINS) -> Listed | None:
    """Every column, but such as are part of another, that a packing into `bins` may use; None if too many."""
    holds, state = master.holds, master.state
    duals, most, over = state.duals, state.bound_under, state.bound_over
    if over == 0:
        return None
    # A column worth v costs `most - v` of the `bins * most - over` there are to lose.
    cutoff = most - (bins * most - over) - 1
    longest = min(LONGEST_LISTED, packing_pricing.LONGEST)
    columns = np.empty((pains.listed, longest), dtype=np.int64)
    lengths = np.empty(pains.listed, dtype=np.int64)
    weights = packing_pricing.surrogate(holds.shares, duals, holds.copies, state.weights, 100)
    rows, _, _, nodes, is_complete = packing_pricing.search(
        duals,
        holds.sizes,
        holds.capacity,
        holds.least,
        holds.copies,
        holds.apart,
        holds.shares.T @ weights,
        cutoff,
        1 << 60,
        pains.nodes,
        master.budget.halt,
        columns,
        lengths,
    )
    master.budget.work -= nodes * 1.5
    if not is_complete or rows == pains.listed:
        return None
    is_whole = packing_pricing.maximal(
        holds.sizes, holds.capacity, holds.copies, holds.apart, columns[:rows], lengths[:rows]
    )
    kept = np.flatnonzero(is_whole)
    return Listed(*compressed([np.sort(columns[row, : lengths[row]]) for row in kept]))


def _narrow(master: Master, listed: Listed, bins: int, rounds: int) -> tuple[Listed, Floats] | None:
    """Cut and drop columns in turn; None once no packing into `bins` is left, else columns and what rows ask."""
    copies = master.holds.copies
    kinds, columns = len(copies), listed
    cuts = np.zeros((0, 3), dtype=np.int64)
    is_single = copies == 1
    best, waited = -math.inf, 0
    for _ in range(rounds):
        rows = Listed(*packing_cuts.extended(columns.pointers, columns.ids, columns.amounts, kinds, cuts))
        demand = np.concatenate([copies.astype(np.float64), np.full(len(cuts), 2.0)])
        values, duals, _, _, steps = packing_interior.cover(
            rows.pointers, rows.ids, rows.amounts, np.ones(len(rows)), demand, 1e-5, master.budget.halt
        )
        master.budget.work -= steps * (len(demand) ** 3 / 2e4 + len(rows.ids) / 10)
        whole = np.maximum(np.floor(duals * ONE), 0.0).astype(np.int64)
        worth = packing_cuts.worths(rows.pointers, rows.ids, rows.amounts, whole)
        most = max(1, int(worth.max(initial=1)))
        spare = bins * most - int(whole @ demand.astype(np.int64))
        if spare < 0:
            return None
        if master.budget.over():
            break
        gap = spare / most
        waited = 0 if gap < best - LEAST_GAIN or best == -math.inf else waited + 1
        best = gap if best == -math.inf else min(best, gap)
        keep = most - worth <= spare
        values = values[keep]
        columns = columns.only(keep)
        if not np.isin(np.arange(kinds), columns.ids).all():
            return None
        if waited >= 3 or len(cuts) >= MOST_CUTS:
            break
        # Cuts that bind stay, and the worst broken ones join.
        binding = whole[kinds:] > ONE >> 12
        fresh = packing_cuts.separate(
            columns.pointers, columns.ids, columns.amounts, values, is_single, CUTS_A_ROUND, CUTS_A_KIND
        )
        joined = np.unique(np.sort(np.concatenate([cuts[binding], fresh]), axis=1), axis=0)
        if len(fresh) == 0:
            break
        cuts = joined
    final = Listed(*packing_cuts.extended(columns.pointers, columns.ids, columns.amounts, kinds, cuts))
    return final, np.concatenate([copies.astype(np.float64), np.full(len(cuts), 2.0)])


class Quiet(highspy.Highs):
    """HiGHS greets on standard output when its callbacks are switched on, which is where data goes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def enableCallbacks(self) -> None:  # noqa: N802 (HiGHS's name)
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def _integer(
    columns: Listed,
    demand: Floats,
    bins: int,
    kinds: int,
    budget: Budget,
    allowed: float,
    seconds_left: Callable[[], float],
) -> Verdict:
    """HiGHS's answer over columns that are known to be all there are."""
    solver = Quiet()
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_max_improving_sols", 1)
    if math.isfinite(seconds_left()):
        solver.setOptionValue("time_limit", max(0.0, seconds_left()))
    count, rows = len(columns), len(demand)
    everywhere = np.append(columns.ids, np.full(count, rows))
    order = np.argsort(
        np.append(np.repeat(np.arange(count), np.diff(columns.pointers)), np.arange(count)), kind="stable"
    )
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = count, rows + 1
    model.col_cost_ = np.ones(count)
    model.col_lower_, model.col_upper_ = np.zeros(count), np.full(count, float(bins))
    model.row_lower_ = np.append(demand, 0.0)
    model.row_upper_ = np.append(np.full(rows, highspy.kHighsInf), float(bins))
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = (columns.pointers + np.arange(count + 1)).astype(np.int32)
    model.a_matrix_.index_ = everywhere[order].astype(np.int32)
    model.a_matrix_.value_ = np.append(columns.amounts, np.ones(count))[order]
    model.integrality_ = [highspy.HighsVarType.kInteger] * count
    solver.passModel(model)
    spent = 0.0

    def watch(event: highspy.HighsCallbackEvent) -> None:
        nonlocal spent
        spent += ITERATION_WORK
        if spent > allowed or budget.halt[0]:
            event.interrupt()

    solver.cbSimplexInterrupt.subscribe(watch)
    solver.cbMipInterrupt.subscribe(watch)
    solver.run()
    budget.work -= spent
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return Verdict(is_impossible=True)
    values = np.asarray(solver.getSolution().col_value)
    if len(values) != count or not solver.getSolution().value_valid:
        return UNDECIDED
    return Verdict(bins=_unfolded(columns, np.rint(values).astype(np.int64), demand, kinds, bins))


def _unfolded(columns: Listed, times: Ints, demand: Floats, kinds: int, bins: int) -> list[list[int]] | None:
    """The bins of a cover, each copy in one of them only; None if that isn't a packing after all."""
    left = demand[:kinds].astype(np.int64)
    packed: list[list[int]] = []
    for column in np.flatnonzero(times > 0).tolist():
        span = slice(columns.pointers[column], columns.pointers[column + 1])
        for _ in range(int(times[column])):
            inside: list[int] = []
            for kind, amount in zip(columns.ids[span].tolist(), columns.amounts[span].tolist(), strict=True):
                if kind < kinds:
                    taken = min(int(amount), int(left[kind]))
                    left[kind] -= taken
                    inside += [kind] * taken
            if inside:
                packed.append(inside)
    return packed if len(packed) <= bins and not left.any() else None
