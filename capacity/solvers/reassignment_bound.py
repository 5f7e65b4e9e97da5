"""A lower bound on the cost of the machine reassignment problem, valid for every assignment that its rules allow.

Load and balance cost are convex in what a machine uses, so the whole can cost no less than all usage spread as the
safety capacities would have it (the bound of the challenge's own papers). What can never leave its machine weighs there
whatever else moves, and only the rest is spread over what it leaves of the safety capacities. Move costs are at least
nothing.
"""

from __future__ import annotations

import numpy as np

from capacity.solvers.reassignment_model import Compiled, Problem


def lower_bound(problem: Problem, inst: Compiled) -> int:
    """What any assignment costs at least."""
    p = problem
    moves = np.zeros(p.processes, np.bool_)
    moves[inst.by_size] = True
    fixed = np.zeros(p.capacity.shape, np.int64)
    np.add.at(fixed, p.home[~moves], p.need[~moves])
    below = p.safety - fixed
    spread = p.need[moves].sum(axis=0) - np.maximum(below, 0).sum(axis=0)
    over = np.maximum(-below, 0).sum(axis=0) + np.maximum(spread, 0)
    bound = sum(int(weight) * int(amount) for weight, amount in zip(p.load_weight, over, strict=True))
    free = p.capacity.sum(axis=0) - p.need.sum(axis=0)
    for first, second, target, weight in p.balance.reshape(-1, 4).tolist():
        bound += weight * max(0, target * int(free[first]) - int(free[second]))
    return bound
