"""Where bins must be all but full: the contents that waste no more than there is to waste, and an exact cover by them.

If all items are to go into so many bins, what those bins have to spare in all is all that any of them may waste. With
little to spare and few items a bin the contents can be listed, and CP-SAT chooses bins that hold each item once. Takes
sizes below zero as well (an item that makes room). Anything longer than `most` items is left to the other solvers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from capacity.solvers.packing_clock import watched
from capacity.solvers.packing_search import Items, clash

Ints = NDArray[np.int64]

MOST_ITEMS_A_BIN = 4
MOST_NODES = 20_000_000
MOST_CONTENTS = 30_000
MOST_SPARE = 0.002  # of all bins, in every dimension
NODES_PER_EFFORT = 50
DETERMINISTIC_SECONDS = 1e-6  # of CP-SAT's count, for each of effort


def tight_contents(items: Items, bins: int, *, effort: float) -> tuple[list[list[int]], float]:
    """The contents that packing all into `bins` nearly full ones may use, none where bins aren't that full or they are
    too many; and the effort spent.

    Only contents of as many items as there are to a bin on average, rounded up, are looked at.
    """
    count = len(items.weight)
    spare = bins * items.capacity - items.sizes.sum(axis=0)
    most = -(-count // max(bins, 1))
    share = (spare[items.capacity > 0] / (bins * items.capacity[items.capacity > 0])).max(initial=0.0)
    if bool((spare < 0).any()) or most > MOST_ITEMS_A_BIN or share > MOST_SPARE or len(items.capacity) == 0:
        return [], 0.0
    key = items.sizes.sum(axis=1)
    order = np.argsort(-key, kind="stable").astype(np.int64)
    budget = int(min(MOST_NODES, effort * NODES_PER_EFFORT))
    found, number, nodes = _contents(items, order, key[order], spare, most, budget, MOST_CONTENTS)
    return [[int(i) for i in row if i >= 0] for row in found[: max(number, 0)]], nodes / NODES_PER_EFFORT


def tight_packing(
    contents: list[list[int]], count: int, bins: int, *, effort: float, seconds_left: Callable[[], float]
) -> Ints | None:
    """The bin of each of `count` items where `bins` of the contents hold each once; None where that isn't found.

    With an endless effort `seconds_left` ends it.
    """
    if not contents or seconds_left() <= 0:
        return None
    return _exact_cover(contents, count, bins, effort * DETERMINISTIC_SECONDS, seconds_left)


def _exact_cover(
    contents: list[list[int]], count: int, bins: int, limit: float, seconds_left: Callable[[], float]
) -> Ints | None:
    """Contents that hold each item once, as the bin of each item."""
    holding: list[list[int]] = [[] for _ in range(count)]
    for number, content in enumerate(contents):
        for item in content:
            holding[item].append(number)
    if not all(holding):
        return None
    model = cp_model.CpModel()
    is_chosen = [model.new_bool_var("") for _ in contents]
    for numbers in holding:
        model.add_exactly_one(is_chosen[number] for number in numbers)
    model.add(sum(is_chosen) <= bins)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    if math.isfinite(limit):
        solver.parameters.max_deterministic_time = max(limit, 0.0)
    with watched(seconds_left, solver.stop_search):
        status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return None
    packing = np.full(count, -1, dtype=np.int64)
    chosen = [
        content for content, is_in in zip(contents, is_chosen, strict=True) if solver.boolean_value(is_in)
    ]
    for b, content in enumerate(chosen):
        packing[content] = b
    return packing


@njit(cache=True, nogil=True)
def _contents(
    items: Items, order: Ints, key: Ints, spare: Ints, most: int, budget: int, room: int
) -> tuple[Ints, int, int]:
    """Every content of at most `most` items that wastes at most `spare` in each dimension: rows of items, -1 behind.

    `order` [items] has the largest `key` (sum of sizes) first. Returns rows, how many (-1: more than `room`, or more
    than `budget` nodes), nodes visited. The last item of a content is looked up by its key, not searched for.
    """
    sizes, capacity = items.sizes, items.capacity
    n, dims = sizes.shape
    found = np.full((room, most), -1, dtype=np.int64)
    below = np.zeros(dims, dtype=np.int64)  # what one more item can make room for
    whole, slack = 0, 0
    for d in range(dims):
        whole += capacity[d]
        slack += spare[d]
        for i in range(n):
            below[d] = min(below[d], sizes[i, d])
    used = np.zeros((most + 1, dims), dtype=np.int64)
    used_key = np.zeros(most + 1, dtype=np.int64)
    at = np.zeros(most + 1, dtype=np.int64)
    chosen = np.zeros(most, dtype=np.int64)
    number, nodes, level = 0, 0, 0
    while level >= 0:
        k = at[level]
        if level == most - 1 and k < n:  # skip what is too large to be the last
            low, high = k, n
            while low < high:
                middle = (low + high) >> 1
                if key[middle] > whole - used_key[level]:
                    low = middle + 1
                else:
                    high = middle
            k = low
        if k >= n or (level == most - 1 and key[k] < whole - slack - used_key[level]):
            level -= 1
            continue
        at[level] = k + 1
        nodes += 1
        if nodes > budget:
            return found, -1, nodes
        item = order[k]
        holds, is_full = True, True
        for d in range(dims):
            total = used[level, d] + sizes[item, d]
            used[level + 1, d] = total
            if total + (most - 1 - level) * below[d] > capacity[d]:
                holds = False
                break
            is_full = is_full and capacity[d] - spare[d] <= total <= capacity[d]
        if not holds:
            continue
        for j in range(level):
            if clash(items, item, chosen[j]):
                holds = False
                break
        if not holds:
            continue
        chosen[level] = item
        if is_full:
            if number == room:
                return found, -1, nodes
            for j in range(level + 1):
                found[number, j] = chosen[j]
            number += 1
        if level < most - 1:
            used_key[level + 1] = used_key[level] + key[k]
            at[level + 1] = k + 1
            level += 1
    return found, number, nodes
