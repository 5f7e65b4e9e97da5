"""Machine reassignment: processes to machines at little cost, from where they are, while they run.

The model is Google's of the ROADEF/EURO challenge 2012 (several resources with hard and safety limits, transient use
while a process moves, spread over locations, dependencies within neighbourhoods, move costs), plus machines that should
end empty. Two threads anneal on their own streams and meet between cycles; the better assignment goes on. By default
work is counted, so the same problem and seed give the same answer; with `seconds`, time is, by the caller's clock.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from capacity.solvers.reassignment_bound import lower_bound
from capacity.solvers.reassignment_model import Ints, Problem, compiled, opened
from capacity.solvers.reassignment_moves import full_cost
from capacity.solvers.reassignment_walk import Pace, Walk

THREADS = 2
WORK = 200  # chunks a walk by default
"""Chunks each thread walks when no other budget is given."""


@dataclass(frozen=True, slots=True)
class Solution:
    """`machine` [processes]; its whole `cost` and the parts; `bound`, what any assignment costs at least.

    `left` are the processes still on machines that should end empty. `status`: optimal when the cost equals the bound
    and nothing is left, truncated when time or the caller ended the search, infeasible when the assignment given broke
    rules that the search couldn't mend, else feasible.
    """

    machine: Ints
    cost: int
    bound: int
    status: str
    left: tuple[int, ...] = ()


def nobody_cancels() -> bool:
    """The default of `cancelled`."""
    return False


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    work: int = WORK,
    seconds: float | None = None,
    clock: Callable[[], float] | None = None,
    cancelled: Callable[[], bool] = nobody_cancels,
    progress: Callable[[float, int], None] | None = None,
) -> Solution:
    """A cheap assignment. `work` counts chunks a thread; `seconds` by `clock` replaces it and marks it truncated.

    `cancelled` is asked between chunks; `progress` is told the share done and the best cost so far.
    """
    if seconds is not None and clock is None:
        raise ValueError("a budget in seconds needs a clock to read them from")
    inst = compiled(problem)
    bound = lower_bound(problem)
    pace = Pace(work, seconds, clock, cancelled)
    walks = [
        Walk(problem, inst, opened(problem, inst, problem.home), seed * THREADS + k + 1)
        for k in range(THREADS)
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        while not pace.is_over and min(walk.best_cost for walk in walks) > bound:
            share = pace.share
            for _ in pool.map(lambda walk: walk.chunk(share), walks):  # noqa: B023
                pass
            pace.tick()
            if progress:
                progress(share, min(walk.best_cost for walk in walks))
    best = min(walks, key=lambda walk: walk.best_cost)
    machine = best.best
    state = opened(problem, inst, machine)
    cost = int(full_cost(inst, state))
    left = () if problem.leaving is None else tuple(np.flatnonzero(problem.leaving[machine]).tolist())
    is_whole = not left and not state.scalars[3] and bool((state.room >= 0).all())
    status = "optimal" if cost == bound and is_whole else "truncated" if pace.is_truncated else "feasible"
    return Solution(machine, cost, bound, status if is_whole or left else "infeasible", left)
