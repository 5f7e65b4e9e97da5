"""Machine reassignment: processes to machines at little cost, from where they are, while they run.

The model is Google's of the ROADEF/EURO challenge 2012 (several resources with hard and safety limits, transient use
while a process moves, spread over locations, dependencies within neighbourhoods, move costs), plus machines that should
end empty. Two threads anneal on their own streams, as often from the start as the budget is worth, and at last both
make parts of the best assignment anew, exactly. By default work is counted, so the same problem and seed give the same
answer; with `seconds`, time is, by the caller's clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from capacity.solvers.reassignment_bound import lower_bound
from capacity.solvers.reassignment_check import refuse_broken
from capacity.solvers.reassignment_exhaustive import best_of_all, is_tiny
from capacity.solvers.reassignment_legs import walked
from capacity.solvers.reassignment_model import Ints, Problem, compiled, opened
from capacity.solvers.reassignment_moves import full_cost
from capacity.solvers.reassignment_pace import Pace, Search
from capacity.solvers.reassignment_refining import refined

WORK = 200
"""Chunks each thread walks when no other budget is given."""


@dataclass(frozen=True, slots=True)
class Solution:
    """`machine` [processes]; its whole `cost` and the parts; `bound`, what any assignment costs at least.

    `left` are the processes still on machines that should end empty. `status`: optimal when no other leaves less and
    costs less (tried all, none may move, or at the bound), truncated when time or the caller ended the search, else
    feasible.
    """

    machine: Ints
    cost: int
    bound: int
    status: str
    left: tuple[int, ...] = ()


def nobody_cancels() -> bool:
    """The default of `cancelled`."""
    return False


def nobody_listens(share: float, cost: int) -> None:
    """The default of `progress`."""


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

    `cancelled` is asked between chunks; `progress` is told the share done and the best cost so far. Raises
    BrokenProblem when arrays don't fit together or `home` breaks a rule.
    """
    if seconds is not None and clock is None:
        raise ValueError("a budget in seconds needs a clock to read them from")
    pace = Pace(work, seconds, clock, cancelled)
    refuse_broken(problem)
    inst = compiled(problem)
    bound = lower_bound(problem, inst)
    pace.ask()
    is_fixed = inst.by_size.size == 0
    is_proven = is_fixed or (is_tiny(problem) and not pace.is_truncated)
    if is_fixed:
        machine = problem.home
    elif is_proven:
        start = opened(problem, inst, problem.home)
        full_cost(inst, start)
        machine = best_of_all(problem, inst, start)
    else:
        search = Search(problem, inst, pace, bound, seed, progress or nobody_listens)
        machine, spent, staying = walked(search)
        machine = refined(search, machine, spent, staying)
        pace.end()
    cost = int(full_cost(inst, opened(problem, inst, machine)))
    if is_proven:
        bound = cost
        if progress:
            progress(1.0, cost)
    left = () if problem.leaving is None else tuple(np.flatnonzero(problem.leaving[machine]).tolist())
    is_best = is_proven or (cost == bound and not left)
    status = "optimal" if is_best else "truncated" if pace.is_truncated else "feasible"
    return Solution(machine, cost, bound, status, left)
