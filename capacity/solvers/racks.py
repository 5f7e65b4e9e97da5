"""Packing items into bins with slots, weight, ports and feeds under a graph of nodes: as few new bins as possible.

`solve` takes groups one after another: a portfolio of greedy fills (`rack_filling`), then tearing down the emptiest bin
with a few others and filling again. What can't all go in is chosen so that few items stay out. Work is counted in
rounds, never in seconds, so the same problem and seed give the same answer. Items and bins are only numbers here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from capacity.solvers.rack_filling import put_back
from capacity.solvers.rack_group import RULES, Group, Problem, copy_state
from capacity.solvers.rack_moves import FITS, State, close_bin, open_bin, place, take_out
from capacity.solvers.rack_program import empty_left
from capacity.solvers.rack_relaxation import Relaxation, relax

__all__ = ["Before", "Problem", "Solution", "copy_state", "refusals", "solve"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MANY_IN_ALL = 5000  # items: with more the whole is not solved a third time
DEEP_ROUNDS, FEWEST_BINS = 4, 20  # of rebuilding at last, for each new bin of a group, that counts as so many


@dataclass(frozen=True, slots=True)
class Solution:
    """`state` tells each item's bin (-1: out), each part's slot, side and cords, each bin's group (-1: closed).

    `opened` and `bound` [groups] are the new bins and a number no packing of the placed items goes below; `status` is
    optimal when nothing is out and the two agree, else feasible. `bins_ids` are the arrays' in the order in which
    groups took their bins.
    """

    state: State
    opened: Ints
    bound: Ints
    status: str
    bins_ids: Ints


@dataclass(frozen=True, slots=True)
class Before:
    """Where the items of a problem were that differs little, over the same bins: their bins (-1: nowhere), the order in
    which they are put back, and the order of the groups' bins.
    """

    item_bin: Ints
    order: Ints
    bins_ids: Ints


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    rounds: int = 60,
    before: Before | None = None,
    progress: Callable[[float], None] | None = None,
) -> Solution:
    """Place every item, opening few bins; see the module for how. `progress` hears the share of groups done.

    With `before` the search goes on from there instead of from nothing.
    """
    everything = np.flatnonzero(problem.arrays.item_group >= 0)
    tell = progress or (lambda _share: None)
    if before is not None:
        best = _put_back(problem, before)
    else:
        found = [_pass(problem, everything, seed, rounds, lambda share: tell(share / 4), by_largest=False)]
        kept = np.flatnonzero(found[0].state.item_bin >= 0)
        if len(kept) < len(everything):
            # The relaxation of what did find a place gives a better mix of bins for it than that of everything.
            found.append(
                _pass(problem, kept, seed, rounds, lambda share: tell((1 + share) / 4), by_largest=False)
            )
        if len(everything) <= MANY_IN_ALL and all(solution.status != "optimal" for solution in found):
            found.append(
                _pass(problem, kept, seed, rounds, lambda share: tell((2 + share) / 4), by_largest=True)
            )
        best = min(
            found, key=lambda solution: (_value_out(problem, solution.state), int(solution.opened.sum()))
        )
    best = _deepened(problem, best, seed, lambda share: tell((3 + share) / 4))
    tell(1.0)
    return best


def _put_back(problem: Problem, before: Before) -> Solution:
    """The items where they were, as far as they fit there, and the others where there is room."""
    problem = replace(problem, arrays=problem.arrays._replace(bins_ids=before.bins_ids))
    state = copy_state(problem.start)
    put_back(problem.arrays, state, before.order, before.item_bin)
    left = empty_left(problem.arrays)
    none = np.empty(0, dtype=np.int64)
    for group in problem.groups:
        work = Group(problem, int(group), None, none, left, np.random.default_rng(int(group)))
        if len(work.items) and work.out(state) > 0:
            state = work.fill(state, RULES[1], none)
    return _solution(problem, state, left)


def _deepened(problem: Problem, found: Solution, seed: int, progress: Callable[[float], None]) -> Solution:
    """A solution with its groups rebuilt once more, in as many rounds as they have bins.

    What was set aside for other groups and they didn't take is free by now: a group that is short of power before all
    else takes the bins that have most of it first.
    """
    problem = replace(problem, arrays=problem.arrays._replace(bins_ids=found.bins_ids))
    left, state = empty_left(problem.arrays), found.state
    everything = np.arange(len(problem.value))
    for done, group in enumerate(problem.groups):
        rng = np.random.default_rng([seed, int(group), DEEP_ROUNDS])
        work = Group(problem, int(group), None, everything, left, rng)
        rounds = 0 if work.is_best(state) else DEEP_ROUNDS * max(work.opened_in(state), FEWEST_BINS)
        if rounds and work.is_short_of_power(state):
            problem = _with_power_first(problem, int(group), left)
            work = Group(problem, int(group), None, everything, left, rng)
        state = work.rebuild(state, rounds)  # in no round it is compiled all the same, by the smallest plan
        progress((done + 1) / len(problem.groups))
    return _solution(problem, state, left)


def _with_power_first(problem: Problem, group: int, left: Floats) -> Problem:
    """The problem with a group's new bins in another order: those with most power first, else as they were."""
    a = problem.arrays
    ids = a.bins_ids.copy()
    part = slice(a.bins_ptr[group], a.bins_ptr[group + 1])
    bins = ids[part]
    power = np.where(problem.start.bin_group[bins] >= 0, -np.inf, -left[bins, 1].round(3))
    ids[part] = bins[np.argsort(power, kind="stable")]
    return replace(problem, arrays=a._replace(bins_ids=ids))


def _solution(problem: Problem, state: State, left: Floats) -> Solution:
    """A state as a solution of the problem, whose groups took their bins in the order they now have."""
    groups = len(problem.arrays.group_owner)
    opened, bound = np.zeros(groups, dtype=np.int64), np.zeros(groups, dtype=np.int64)
    none = np.empty(0, dtype=np.int64)
    for group in problem.groups:
        work = Group(problem, int(group), None, none, left, np.random.default_rng(0))
        opened[group], bound[group] = work.opened_in(state), work.bound(state)
    is_optimal = bool((state.item_bin >= 0).all() and (opened == bound).all())
    return Solution(state, opened, bound, "optimal" if is_optimal else "feasible", problem.arrays.bins_ids)


def _value_out(problem: Problem, state: State) -> float:
    return float(problem.value[state.item_bin < 0].sum())


def _pass(
    problem: Problem,
    kept: Ints,
    seed: int,
    rounds: int,
    progress: Callable[[float], None],
    *,
    by_largest: bool,
) -> Solution:
    """One solution, group by group, led by the relaxation of the items `kept`; the others are tried last."""
    state = copy_state(problem.start)
    relaxation = relax(problem.arrays, problem.start, kept, by_largest=by_largest)
    left = empty_left(problem.arrays)
    problem = _with_mix(problem, relaxation, left)
    for done, group in enumerate(problem.groups):
        work = Group(problem, int(group), relaxation, kept, left, np.random.default_rng([seed, int(group)]))
        state = work.solve(state, rounds)
        progress((done + 1) / len(problem.groups))
    return _solution(problem, state, left)


def _with_mix(problem: Problem, relaxation: Relaxation, left: Floats) -> Problem:
    """Every group's bins with those first that the relaxation gives it, and those it gives to others last."""
    a = problem.arrays
    given = np.full(len(a.bin_place), -1, dtype=np.int64)
    place_given: dict[int, int] = {}
    for (group, number), count in sorted(relaxation.mix.items()):
        free = [b for b in relaxation.members[number] if int(a.bin_place[b]) not in place_given]
        for b in free[:count]:
            given[b] = group
            place_given[int(a.bin_place[b])] = group
    ids = a.bins_ids.copy()
    for group in range(len(a.group_owner)):
        part = slice(a.bins_ptr[group], a.bins_ptr[group + 1])
        bins = ids[part]
        holder = np.array([place_given.get(int(a.bin_place[b]), -1) for b in bins])
        rank = np.where(given[bins] == group, 0, np.where(holder < 0, 1, 2))
        rank[problem.start.bin_group[bins] >= 0] = -1
        # Bins with much power first: what needs it goes there.
        power = np.where(rank == 0, -left[bins, 1].round(3), 0.0)
        ids[part] = bins[np.lexsort((np.arange(len(bins)), power, rank))]
    return replace(problem, arrays=a._replace(bins_ids=ids))


def refusals(problem: Problem, state: State, item: int) -> list[tuple[int, bool, int]]:
    """For each bin of the item's group, open or closed and free: (bin, is new, why it doesn't take the item)."""
    a = problem.arrays
    group = int(a.item_group[item])
    found = []
    for b in a.bins_ids[a.bins_ptr[group] : a.bins_ptr[group + 1]]:
        if state.bin_group[b] == group:
            code = place(a, state, item, b)
            if code == FITS:
                take_out(a, state, item)
            found.append((int(b), False, int(code)))
        elif state.bin_group[b] < 0:
            code = open_bin(a, state, b, group)
            if code == FITS:
                code = place(a, state, item, b)
                if code == FITS:
                    take_out(a, state, item)
                close_bin(a, state, b)
            found.append((int(b), True, int(code)))
    return found
