"""Which of several alternatives each owner gets, so that what they hold fits and as little as possible is paid.

A multidimensional choice: at most one alternative of each owner, each holding amounts on some rows of limited room; an
owner without any costs too. CP-SAT, on one thread and with a budget in deterministic work, so that equal inputs give
equal answers. What an alternative, a row or an owner stands for is the caller's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FINE = 1000  # amounts are counted in thousandths, rounded up; room is rounded down
WORK = 10.0  # deterministic seconds


@dataclass(frozen=True)
class Choices:
    """`owner` and `cost` of each alternative; `without` [owners]: what an owner without one costs.

    `row`, `which`, `amount`: entries of what alternatives hold on rows; `room` [rows].
    """

    owner: Ints
    cost: Ints
    without: Ints
    row: Ints
    which: Ints
    amount: Floats
    room: Floats


@dataclass(frozen=True)
class Choice:
    """`chosen` [owners]: an alternative or -1. No choice costs less than `bound`; "optimal": this one costs as much."""

    chosen: Ints
    cost: int
    bound: int
    status: Literal["optimal", "feasible"]


def choose(choices: Choices) -> Choice:
    """The cheapest choice found: always one, since nobody has to get anything."""
    model = cp_model.CpModel()
    taken = [model.new_bool_var("") for _ in range(choices.owner.size)]
    of_owner: list[list[int]] = [[] for _ in range(choices.without.size)]
    for index, owner in enumerate(choices.owner.tolist()):
        of_owner[owner].append(index)
    left = [model.new_bool_var("") for _ in of_owner]
    for mine, nothing in zip(of_owner, left, strict=True):
        model.add_exactly_one([*(taken[i] for i in mine), nothing])
    for entries, room in _rows(choices):
        model.add(sum(amount * taken[i] for i, amount in entries) <= room)
    model.minimize(
        sum(cost * x for cost, x in zip(choices.cost.tolist(), taken, strict=True))
        + sum(cost * x for cost, x in zip(choices.without.tolist(), left, strict=True))
    )
    for index, x in enumerate(taken):  # the cheapest of each, as far as it goes
        mine = of_owner[int(choices.owner[index])]
        model.add_hint(x, index == min(mine, key=lambda i: (int(choices.cost[i]), i)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = WORK
    status = solver.solve(model)
    if status not in {
        cp_model.OPTIMAL,
        cp_model.FEASIBLE,
    }:  # out of budget before the first: nobody gets anything
        none = np.full(choices.without.size, -1, dtype=np.int64)
        return Choice(none, int(choices.without.sum()), 0, "feasible")
    chosen = np.array(
        [next((i for i in mine if solver.value(taken[i])), -1) for mine in of_owner], dtype=np.int64
    )
    return Choice(
        chosen,
        round(solver.objective_value),
        max(0, math.ceil(solver.best_objective_bound - 1e-6)),
        "optimal" if status == cp_model.OPTIMAL else "feasible",
    )


def _rows(choices: Choices) -> list[tuple[list[tuple[int, int]], int]]:
    """Each row once, as whole numbers; rows that everything fits on are left out."""
    of_row: list[dict[int, float]] = [{} for _ in range(choices.room.size)]
    entries = zip(choices.row.tolist(), choices.which.tolist(), choices.amount.tolist(), strict=True)
    for row, index, amount in entries:
        of_row[row][index] = of_row[row].get(index, 0.0) + amount
    found: dict[tuple[tuple[int, int], ...], int] = {}
    for held, room in zip(of_row, choices.room.tolist(), strict=True):
        most: dict[int, float] = {}
        for index, amount in held.items():
            owner = int(choices.owner[index])
            most[owner] = max(most.get(owner, 0.0), amount)
        if sum(most.values()) <= room + 1e-9:
            continue
        key = tuple(
            (index, math.ceil(amount * FINE - 1e-6)) for index, amount in sorted(held.items()) if amount > 0
        )
        whole = math.floor(max(room, 0.0) * FINE + 1e-6)
        found[key] = min(found.get(key, whole), whole)
    return [(list(key), room) for key, room in found.items()]
