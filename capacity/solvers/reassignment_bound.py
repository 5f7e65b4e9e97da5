"""A lower bound on the cost of the machine reassignment problem, valid for every assignment that its rules allow.

Load and balance cost are convex in what a machine uses, so the whole can cost no less than all usage spread as the
safety capacities would have it (the bound of the challenge's own papers). Move costs are at least nothing.
"""

from __future__ import annotations

import numpy as np

from capacity.solvers.reassignment_model import Problem


def lower_bound(problem: Problem) -> int:
    """What any assignment costs at least."""
    p = problem
    used = p.need.sum(axis=0)
    over = np.maximum(used - p.safety.sum(axis=0), 0)
    bound = sum(int(weight) * int(amount) for weight, amount in zip(p.load_weight, over, strict=True))
    free = p.capacity.sum(axis=0) - used
    for first, second, target, weight in p.balance.reshape(-1, 4).tolist():
        bound += weight * max(0, target * int(free[first]) - int(free[second]))
    return bound
