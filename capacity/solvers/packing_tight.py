"""Where bins must be all but full: the contents that waste no more than there is to waste, and an exact cover by them.

If all items are to go into so many bins, what those bins have to spare in all is all that any of them may waste. With
little to spare and few items a bin the contents can be listed, and `packing_cover` chooses bins that hold each item
once. Takes sizes below zero as well (an item that makes room). Anything longer than `most` items is left to the other
solvers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from capacity.solvers.packing_cover import CoverSearch
from capacity.solvers.packing_search import Items, clash

Ints = NDArray[np.int64]

MOST_ITEMS_A_BIN = 4
MOST_NODES = 20_000_000
MOST_CONTENTS = 1_000_000
MOST_SPARE = 0.002  # of all bins, in one dimension at least
NODES_PER_EFFORT = 50
SLICE = 20_000.0  # effort between looks at the clock
MOST_EFFORT = 2e7  # of one cover where effort has no end: then other ways are likelier


def tight_contents(items: Items, bins: int, *, effort: float) -> tuple[Ints, float]:
    """The contents that packing all into `bins` nearly full ones may use [contents × most], -1 behind the items; none
    where bins aren't that full or contents are too many; and the effort spent.

    Only contents of as many items as there are to a bin on average, rounded up, are looked at.
    """
    count = len(items.weight)
    spare = bins * items.capacity - items.sizes.sum(axis=0)
    most = -(-count // max(bins, 1))
    is_tight = (items.capacity > 0) & (spare <= MOST_SPARE * bins * items.capacity)
    if bool((spare < 0).any()) or most > MOST_ITEMS_A_BIN or not is_tight.any():
        return np.zeros((0, most), dtype=np.int64), 0.0
    key = items.sizes[:, is_tight].sum(axis=1)
    order = np.argsort(-key, kind="stable").astype(np.int64)
    budget = int(min(MOST_NODES, effort * NODES_PER_EFFORT))
    whole, slack = int(items.capacity[is_tight].sum()), int(spare[is_tight].sum())
    found, number, nodes = _contents(
        items, order, key[order], spare, (whole, slack), most, budget, MOST_CONTENTS
    )
    return found[: max(number, 0)].copy(), nodes / NODES_PER_EFFORT


def tight_packing(
    contents: Ints, count: int, bins: int, *, seed: int, effort: float, seconds_left: Callable[[], float]
) -> Ints | None:
    """The bin of each of `count` items where `bins` of the contents hold each once; None where that isn't found.

    `seconds_left` is asked often, and ends it.
    """
    search = CoverSearch(contents, count, bins, seed)
    if search.is_hopeless:
        return None
    spent = 0.0
    while spent < min(effort, MOST_EFFORT) and seconds_left() > 0:
        spent += search.advance(min(SLICE, effort - spent))
        if search.packing is not None:
            return search.packing
    return None


@njit(cache=True, nogil=True)
def _contents(
    items: Items,
    order: Ints,
    key: Ints,
    spare: Ints,
    limits: tuple[int, int],
    most: int,
    budget: int,
    room: int,
) -> tuple[Ints, int, int]:
    """Every content of at most `most` items that wastes at most `spare` in each dimension: rows of items, -1 behind.

    `order` [items] has the largest `key` (sum of the sizes that are tight) first; `limits` are the key of a full bin
    and what a bin may lack of it. Returns rows, how many (-1: more than `room`, or more
    than `budget` nodes), nodes visited. The last item of a content is looked up by its key, not searched for.
    """
    sizes, capacity = items.sizes, items.capacity
    n, dims = sizes.shape
    found = np.full((room, most), -1, dtype=np.int64)
    below = np.zeros(dims, dtype=np.int64)  # what one more item can make room for
    whole, slack = limits
    for d in range(dims):
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
