"""Bins of several types, small enough to be decided outright: a Boolean for each item and bin, in CP-SAT."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from capacity.solvers.packing_types_search import Filled, Typed, move, nothing_filled, open_bin, price

Ints = NDArray[np.int64]

MOST_BOOLEANS = 40_000
DETERMINISTIC_SECONDS = 1e-6  # of CP-SAT's count, for each of effort
LARGEST = 1 << 55  # of an objective
VALUES = 1000  # in how many parts the least value left out is counted, where values are no whole numbers


def booleans(typed: Typed) -> int:
    """How many the model needs at most."""
    return len(typed.weight) * sum(_limits(typed, None))


def exact(
    typed: Typed, pairs: Ints, start: Filled, bound: int, effort: float, seconds: float
) -> tuple[Filled | None, bool]:
    """A packing of least value out, then of least cost, and whether it is proven; None where none was found.

    `start` is where the search begins, `bound` a cost that no packing of everything is below.
    """
    items = len(typed.weight)
    out, cost = price(typed, start)
    limits = _limits(typed, cost if out == 0 else None)
    bins = [kind for kind, many in enumerate(limits) for _ in range(many)]
    worth = _whole_values(typed)
    dear = int(typed.cost.max(initial=0)) * min(items, len(bins)) + 1
    if items * len(bins) > MOST_BOOLEANS or dear * int(worth.sum()) > LARGEST:
        return None, False
    model = cp_model.CpModel()
    is_used = [model.new_bool_var("") for _ in bins]
    is_out = [model.new_bool_var("") for _ in range(items)]
    is_in: list[dict[int, cp_model.IntVar]] = []
    for item in range(items):
        places = {b: model.new_bool_var("") for b, kind in enumerate(bins) if typed.eligible[item, kind]}
        model.add_exactly_one([*places.values(), is_out[item]])
        for b, is_here in places.items():
            model.add_implication(is_here, is_used[b])
        is_in.append(places)
    for b, kind in enumerate(bins):
        sizes = typed.sizes[typed.shape[kind]]
        here = [(item, places[b]) for item, places in enumerate(is_in) if b in places]
        for d, room in enumerate(typed.room[kind].tolist()):
            model.add(sum(int(sizes[item, d]) * variable for item, variable in here) <= room * is_used[b])
        if b and bins[b - 1] == kind:
            model.add_implication(is_used[b], is_used[b - 1])
    for one, other in pairs.tolist():
        for b in is_in[one].keys() & is_in[other].keys():
            model.add_at_most_one(is_in[one][b], is_in[other][b])
    model.add(sum(is_used) <= typed.most_bins)
    total = sum(int(typed.cost[kind]) * used for kind, used in zip(bins, is_used, strict=True))
    lost = sum(dear * int(worth[item]) * variable for item, variable in enumerate(is_out))
    if out == 0:
        model.add(total >= bound)
        for variable in is_out:
            model.add(variable == 0)
    model.minimize(total + lost)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    if math.isfinite(effort):
        solver.parameters.max_deterministic_time = max(effort * DETERMINISTIC_SECONDS, 0.0)
    if math.isfinite(seconds):
        solver.parameters.max_time_in_seconds = max(seconds, 0.0)
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return None, False
    filled = nothing_filled(typed)
    opened: dict[int, int] = {}
    for item, places in enumerate(is_in):
        for b, variable in places.items():
            if solver.boolean_value(variable):
                if b not in opened:
                    opened[b] = len(opened)
                    open_bin(typed, filled, opened[b], bins[b])
                move(typed, filled, item, opened[b], 1)
    return filled, status == cp_model.OPTIMAL


def _limits(typed: Typed, cost: int | None) -> list[int]:
    """How many bins of each type a packing may use that costs no more than `cost`."""
    items = len(typed.weight)
    limits = []
    for kind, stock in enumerate(typed.stock.tolist()):
        many = min(stock, items, int(typed.eligible[:, kind].sum()), typed.most_bins)
        if cost is not None and typed.cost[kind] > 0:
            many = min(many, cost // int(typed.cost[kind]))
        limits.append(many)
    return limits


def _whole_values(typed: Typed) -> Ints:
    least = max(float(typed.value.min(initial=np.inf)), 1e-9) if len(typed.value) else 1.0
    parts = 1 if bool((typed.value == np.rint(typed.value)).all()) else VALUES / least
    return np.maximum(np.rint(typed.value * parts), 1).astype(np.int64)
