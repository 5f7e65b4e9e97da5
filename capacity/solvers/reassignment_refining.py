"""The end of a search: parts of the best assignment made anew, exactly, again and again.

First every location of which the solver can bear the whole, once and at leisure: moves are cheap inside one, so that
the last units of cost are decided there. Then parts, each what runs on a few machines, or some of it; how much grows
while it is solved to the end and shrinks where it isn't. Two refiners work on machines of their own halves of the
whole, so that what both find mostly holds together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from capacity.solvers.reassignment_model import (
    BROKEN,
    COST,
    EXCESS,
    LEFT,
    Bools,
    Compiled,
    Ints,
    Problem,
    State,
    opened,
)
from capacity.solvers.reassignment_moves import full_cost
from capacity.solvers.reassignment_pace import Pace, Search
from capacity.solvers.reassignment_part import anew

WORK = 0.1  # deterministic time of the exact solver for one part
FIRST, FEWEST, MOST = 24.0, 6.0, 300.0  # processes of a part
LARGER, SMALLER = 1.04, 0.85
MACHINES = 6  # of a part, at most
REFINERS = 2
SEVERAL = 8  # machines that are worth halving
ROUNDS = 12  # times they compare
CHUNKS_A_PART = 4.0  # what a part counts when work is counted
LOCATIONS = 0.06  # the share of the budget for whole locations


def refined(search: Search, machine: Ints, spent: float, staying: int) -> Ints:
    """`machine` [processes], which breaks no rule, or better, after what is left of the budget on two threads.

    `spent`: chunks so far. `staying`: price of a process on a leaving machine. An assignment that leaves nothing behind
    and costs the bound ends it.
    """
    problem, inst, pace, seed = search.problem, search.inst, search.pace, search.seed
    refiners = [Refiner(problem, inst, staying, seed * REFINERS + k) for k in range(REFINERS)]
    random = np.random.default_rng(seed)
    with ThreadPoolExecutor(REFINERS) as pool:
        machine, spent = _each_location(search, machine, spent, refiners, pool)
        for number in range(ROUNDS):
            st = costed(problem, inst, machine)
            search.told(pace.share(spent), int(st.scalars[COST]))
            if pace.is_truncated or key(st) == (0, search.bound):
                break
            share = pace.share(spent)
            until = share + (1 - share) / (ROUNDS - number)
            machines = random.permutation(problem.machines)
            halves = np.array_split(machines, REFINERS) if machines.size >= SEVERAL else [machines] * REFINERS
            others = [
                pool.submit(refiner.refine, machine, half, pace, spent, until)
                for refiner, half in zip(refiners[1:], halves[1:], strict=True)
            ]
            found = [refiners[0].refine(machine, halves[0], pace, spent, until, pace.ask)]
            found += [other.result() for other in others]
            while pace.is_before(until, spent):
                spent += CHUNKS_A_PART
            machine = better(problem, inst, machine, found)
    return machine


def _each_location(
    search: Search, machine: Ints, spent: float, refiners: list[Refiner], pool: ThreadPoolExecutor
) -> tuple[Ints, float]:
    """`machine` or better after every location that is small enough was made anew as a whole; chunks spent."""
    problem, pace = search.problem, search.pace
    if key(costed(problem, search.inst, machine)) == (0, search.bound):
        return machine, spent
    hosts = np.bincount(problem.location)
    runs = np.bincount(problem.location[machine], minlength=hosts.size)
    places = np.flatnonzero((hosts > 1) & (runs > 1) & (runs <= MOST))
    until = pace.share(spent) + LOCATIONS
    shares = [places[k::REFINERS] for k in range(REFINERS)]
    others = [
        pool.submit(refiner.refine_locations, machine, share, pace, spent, until)
        for refiner, share in zip(refiners[1:], shares[1:], strict=True)
    ]
    found = [refiners[0].refine_locations(machine, shares[0], pace, spent, until, pace.ask)]
    found += [other.result() for other in others]
    spent = max(chunks for _, chunks in found)
    return better(problem, search.inst, machine, [one for one, _ in found]), spent


class Refiner:
    """One stream of parts and how large they may be by now."""

    def __init__(self, problem: Problem, inst: Compiled, staying: int, seed: int) -> None:
        self._problem, self._inst, self._staying = problem, inst, staying
        self._random = np.random.default_rng(seed)
        self._size = FIRST
        self._a_machine = max(1.0, problem.processes / problem.machines)

    def refine(
        self,
        machine: Ints,
        among: Ints,
        pace: Pace,
        spent: float,
        until: float,
        ask: Callable[[], None] | None = None,
    ) -> Ints:
        """`machine` [processes] or better, changed on machines `among` alone; ends at share `until` of the budget.

        `spent`: chunks so far; `ask` is called between parts.
        """
        st = costed(self._problem, self._inst, machine)
        while pace.is_before(until, spent):
            spent += CHUNKS_A_PART
            part = self._drawn(st, among)
            if part[0].size > 1:
                st, is_best = self._improved(st, part, WORK, pace.seconds_left())
                self._size = float(np.clip(self._size * (LARGER if is_best else SMALLER), FEWEST, MOST))
            if ask:
                ask()
        return st.at

    def refine_locations(
        self,
        machine: Ints,
        locations: Ints,
        pace: Pace,
        spent: float,
        until: float,
        ask: Callable[[], None] | None = None,
    ) -> tuple[Ints, float]:
        """`machine` [processes] or better, changed inside `locations` alone, and the chunks spent.

        Each has its share of what is left until `until`; what one doesn't need, the next have. One that is neither
        better nor solved to the end ends it: the others are mostly like it.
        """
        st = costed(self._problem, self._inst, machine)
        for number, location in enumerate(locations.tolist()):
            if not pace.is_before(until, spent):
                break
            left = pace.left(until, spent) / (locations.size - number)
            is_timed = pace.seconds_left() is not None
            machines = np.flatnonzero(self._problem.location == location)
            part = np.flatnonzero(np.isin(st.at, machines)), machines
            if is_timed:
                then, is_best = self._improved(st, part, math.inf, left)
            else:
                then, is_best = self._improved(st, part, WORK * left / CHUNKS_A_PART, None)
                spent += left
            if ask:
                ask()
            if not is_best and key(then) == key(st):
                break
            st = then
        return st.at, spent

    def _improved(
        self, st: State, part: tuple[Ints, Ints], work: float, seconds: float | None
    ) -> tuple[State, bool]:
        """`st` or better after `part` is made anew, and whether no other of the part costs less."""
        answer = anew(
            self._problem,
            self._inst,
            st,
            part,
            staying=self._staying,
            work=work,
            seconds=seconds,
            seed=int(self._random.integers(2**31)),
        )
        is_best = answer is not None and answer.is_best
        if answer is None or (answer.machine == st.at).all():
            return st, is_best
        then = costed(self._problem, self._inst, answer.machine)
        return (then if key(then) <= key(st) else st), is_best

    def _drawn(self, st: State, among: Ints) -> tuple[Ints, Ints]:
        """Processes and machines of the next part."""
        most = int(np.clip(self._size / self._a_machine, 2, MACHINES))
        count = min(int(self._random.integers(2, most + 1)), among.size)
        machines = np.sort(self._random.choice(among, count, replace=False))
        processes = np.flatnonzero(np.isin(st.at, machines))
        if processes.size > self._size:
            processes = np.sort(self._random.choice(processes, int(self._size), replace=False))
        return processes, machines


def costed(problem: Problem, inst: Compiled, machine: Ints) -> State:
    """The state of an assignment, its cost counted."""
    st = opened(problem, inst, machine)
    full_cost(inst, st)
    return st


def key(st: State) -> tuple[int, int]:
    """What an assignment leaves on leaving machines, and its cost: the less, the better."""
    return int(st.scalars[LEFT]), int(st.scalars[COST])


def better(problem: Problem, inst: Compiled, base: Ints, found: list[Ints]) -> Ints:
    """The best of what refiners made of `base`: their changes together where that breaks no rule, or one's alone."""
    together = base.copy()
    for one in found:
        together[one != base] = one[one != base]
    best, best_key = base, None
    present = np.diff(inst.members_at) > 0
    for one in (*found, together):
        st = costed(problem, inst, one)
        if _is_whole(inst, st, present) and (best_key is None or key(st) < best_key):
            best, best_key = one, key(st)
    return best


def _is_whole(inst: Compiled, st: State, present: Bools) -> bool:
    return bool(
        st.scalars[EXCESS] == 0 and st.scalars[BROKEN] == 0 and (st.spread_now >= inst.spread)[present].all()
    )
