"""The most valuable content of one bin: what column generation asks again and again, with other values each time.

A knapsack in several dimensions with few items to a bin and conflicts between kinds. `surrogate` looks for weights
of the dimensions under which the one-dimensional relaxation is tightest; `greedy` fills a bin from every kind in
turn; `search` branches over what still fits, depth first, and bounds by the fractional knapsack of the surrogate.
Values are whole numbers, so that the answer is exact; the masters that turn duals into values stand elsewhere.
Compiled, and free of Python's lock, so that another thread may search meanwhile.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

LONGEST = 64  # most items of a bin that a column can hold; fuller bins are left to the heuristics
SLACK = 1e-3  # of a value: floating-point bounds err by far less


@njit(cache=True, nogil=True)
def ratio_order(values: Ints, weights: Floats) -> Ints:
    """Kinds of some value, the most value per weight first."""
    count = 0
    for k in range(len(values)):
        if values[k] > 0:
            count += 1
    kinds = np.empty(count, np.int64)
    ratios = np.empty(count)
    at = 0
    for k in range(len(values)):
        if values[k] > 0:
            kinds[at] = k
            ratios[at] = -values[k] / max(weights[k], 1e-12)
            at += 1
    return kinds[np.argsort(ratios, kind="mergesort")]


@njit(cache=True, nogil=True)
def surrogate(shares: Floats, values: Ints, copies: Ints, start: Floats, rounds: int) -> Floats:
    """Weights of the rows, adding up to 1, whose aggregated knapsack (room 1) bounds the value well.

    `shares` [rows × kinds]: every row is a knapsack of room 1. A subgradient walk on the Lagrangian dual of the
    knapsack's linear relaxation, from `start`; the tightest weights it meets.
    """
    rows, kinds = shares.shape
    current = start.copy()
    best = start.copy()
    best_bound = np.inf
    weights = np.empty(kinds)
    step = 0.5
    for turn in range(rounds):
        weights[:] = 0.0
        for r in range(rows):
            if current[r] > 0:
                for k in range(kinds):
                    weights[k] += current[r] * shares[r, k]
        order = ratio_order(values, weights)
        bound = 0.0
        room = 1.0
        used = np.zeros(rows)
        for k in order:
            part = float(copies[k])
            if weights[k] * part > room:
                part = room / weights[k]
            room -= weights[k] * part
            bound += values[k] * part
            for r in range(rows):
                used[r] += shares[r, k] * part
            if room <= 0:
                break
        if bound < best_bound - 1e-9:
            best_bound = bound
            best[:] = current
        elif turn % 4 == 3:
            step *= 0.7
        total = 0.0
        for r in range(rows):
            current[r] *= np.exp(step * (used[r] - 1.0))
            current[r] = max(current[r], 1e-7)
            total += current[r]
        for r in range(rows):
            current[r] /= total
    return best


@njit(cache=True, nogil=True)
def greedy(
    values: Ints,
    sizes: Ints,
    capacity: Ints,
    copies: Ints,
    apart: Bytes,
    starts: Ints,
    weights: Floats,
    power: float,
    cutoff: int,
    columns: Ints,
    lengths: Ints,
    found: int,
) -> int:
    """From every kind of `starts`, fill a bin by value per weighted size; keep what is worth more than `cutoff`.

    Writes kinds (with repetition) to rows of `columns` from row `found` on; gives the number of rows then in use.
    `power` tells how fast a dimension's weight grows as its room runs out.
    """
    kinds, dims = sizes.shape
    room = np.empty(dims, np.int64)
    price = np.empty(dims)
    content = np.empty(LONGEST, np.int64)
    for first in starts:
        if found >= len(columns):
            break
        if values[first] <= 0:
            continue
        allowed = np.empty(kinds, np.int64)
        open_kinds = 0
        for k in range(kinds):
            if values[k] > 0:
                allowed[open_kinds] = k
                open_kinds += 1
        left = copies.copy()
        for d in range(dims):
            room[d] = capacity[d]
        worth = 0
        length = 0
        item = first
        while True:
            content[length] = item
            length += 1
            worth += values[item]
            left[item] -= 1
            for d in range(dims):
                room[d] -= sizes[item, d]
            if length >= LONGEST:
                break
            for d in range(dims):
                price[d] = 0.0
                if capacity[d] > 0:
                    share = max(room[d] / capacity[d], 1e-3)
                    price[d] = weights[d] / capacity[d] / share**power
            kept = 0
            best, best_score = -1, -1.0
            for at in range(open_kinds):
                k = allowed[at]
                if left[k] <= 0 or apart[item, k]:
                    continue
                size = 1e-9
                fits = True
                for d in range(dims):
                    if sizes[k, d] > room[d]:
                        fits = False
                        break
                    size += price[d] * sizes[k, d]
                if not fits:
                    continue
                allowed[kept] = k
                kept += 1
                score = values[k] / size
                if score > best_score:
                    best, best_score = k, score
            open_kinds = kept
            if best < 0:
                break
            item = best
        if worth > cutoff:
            columns[found, :length] = content[:length]
            lengths[found] = length
            found += 1
    return found


@njit(cache=True, nogil=True)
def pack(
    values: Ints,
    sizes: Ints,
    capacity: Ints,
    copies: Ints,
    apart: Bytes,
    weights: Floats,
    power: float,
    columns: Ints,
    lengths: Ints,
) -> int:
    """A whole packing, bin by bin, each around the most valuable kind left; gives how many rows of `columns` it took.

    -1 when there are not rows enough.
    """
    left = copies.copy()
    worth = np.zeros(len(values), np.int64)
    start = np.empty(1, np.int64)
    rows = 0
    while True:
        start[0] = -1
        for k in range(len(values)):
            worth[k] = values[k] if left[k] > 0 else 0
            if left[k] > 0 and (start[0] < 0 or values[k] > worth[start[0]]):
                start[0] = k
        if start[0] < 0:
            return rows
        if rows >= len(columns):
            return -1
        rows = greedy(worth, sizes, capacity, left, apart, start, weights, power, -1, columns, lengths, rows)
        for at in range(lengths[rows - 1]):
            left[columns[rows - 1, at]] -= 1


@njit(cache=True, nogil=True)
def search(
    values: Ints,
    sizes: Ints,
    capacity: Ints,
    least: Ints,
    copies: Ints,
    apart: Bytes,
    weights: Floats,
    cutoff: int,
    each: int,
    most_nodes: int,
    halt: Bytes,
    columns: Ints,
    lengths: Ints,
) -> tuple[int, int, int, int, bool]:
    """The most valuable content of a bin that fills every dimension to `least` or more, and others worth keeping.

    `weights` [kinds]: the surrogate's, room 1. From each first kind up to `each` contents worth more than `cutoff`
    go to rows of `columns`; beyond that only better ones than the best so far. Stops after `most_nodes`, or when
    another thread sets `halt` [1]. Gives (rows in use, best value, a bound on the value of any content, nodes,
    whether the search is complete). When complete, the bound is the largest of best value and cutoff.
    """
    dims = sizes.shape[1]
    order = ratio_order(values, weights)
    count = len(order)
    depth_most = min(LONGEST, len(columns[0]))
    candidates = np.empty((depth_most + 1, count), np.int64)
    ends = np.zeros(depth_most + 1, np.int64)
    at = np.zeros(depth_most + 1, np.int64)
    room = np.empty((depth_most + 1, dims), np.int64)
    light = np.empty(depth_most + 1)
    worth = np.zeros(depth_most + 1, np.int64)
    content = np.empty(depth_most + 1, np.int64)
    left = copies.copy()
    candidates[0, :count] = order
    ends[0] = count
    room[0] = capacity
    light[0] = 1.0
    depth = 0
    best = 0
    rows = 0
    of_first = 0
    nodes = 0
    beyond = 0
    complete = True
    stopped = False
    bound = 0.0
    while depth >= 0:
        if depth == 0:
            of_first = 0
        level = cutoff if of_first < each and rows < len(columns) else max(cutoff, best)
        here = at[depth]
        going = here < ends[depth]
        if going:
            bound = float(worth[depth])
            free = light[depth]
            for j in range(here, ends[depth]):
                k = candidates[depth, j]
                need = weights[k] * left[k]
                if need <= free:
                    free -= need
                    bound += values[k] * left[k]
                else:
                    if free > 0:
                        bound += values[k] * (free / weights[k])
                    break
            going = bound + SLACK >= level + 1
            if going and stopped:
                beyond = max(beyond, int(bound + SLACK))
                going = False
        if not going:
            depth -= 1
            if depth >= 0:
                left[content[depth]] += 1
            continue
        if nodes >= most_nodes or halt[0]:
            stopped = True
            complete = False
            beyond = max(beyond, int(bound + SLACK))
            depth -= 1
            if depth >= 0:
                left[content[depth]] += 1
            continue
        nodes += 1
        item = candidates[depth, here]
        at[depth] = here + 1
        content[depth] = item
        left[item] -= 1
        value = worth[depth] + values[item]
        fewest = True
        for d in range(dims):
            room[depth + 1, d] = room[depth, d] - sizes[item, d]
            if capacity[d] - room[depth + 1, d] < least[d]:
                fewest = False
        if fewest and value > level:
            if rows < len(columns):
                columns[rows, : depth + 1] = content[: depth + 1]
                lengths[rows] = depth + 1
                rows += 1
            elif value > best:
                columns[rows - 1, : depth + 1] = content[: depth + 1]
                lengths[rows - 1] = depth + 1
            of_first += 1
            best = max(best, value)
        if depth + 1 >= depth_most:
            # A bin of more items than a column holds: no bound can be claimed.
            complete = False
            beyond = max(beyond, int(bound + SLACK))
            left[item] += 1
            continue
        kept = 0
        start = here if left[item] > 0 else here + 1
        for j in range(start, ends[depth]):
            k = candidates[depth, j]
            if apart[item, k]:
                continue
            fits = True
            for d in range(dims):
                if sizes[k, d] > room[depth + 1, d]:
                    fits = False
                    break
            if fits:
                candidates[depth + 1, kept] = k
                kept += 1
        if kept == 0:
            left[item] += 1
            continue
        depth += 1
        ends[depth] = kept
        at[depth] = 0
        light[depth] = light[depth - 1] - weights[item]
        worth[depth] = value
    return rows, best, max(beyond, best, cutoff), nodes, complete


@njit(cache=True, nogil=True)
def maximal(
    sizes: Ints, capacity: Ints, copies: Ints, apart: Bytes, columns: Ints, lengths: Ints
) -> NDArray[np.bool_]:
    """Which contents take not one item more."""
    kinds, dims = sizes.shape
    answer = np.ones(len(columns), np.bool_)
    inside = np.zeros(kinds, np.int64)
    room = np.empty(dims, np.int64)
    for row in range(len(columns)):
        room[:] = capacity
        for at in range(lengths[row]):
            inside[columns[row, at]] += 1
            for d in range(dims):
                room[d] -= sizes[columns[row, at], d]
        for k in range(kinds):
            takes = inside[k] < copies[k]
            for d in range(dims):
                if sizes[k, d] > room[d]:
                    takes = False
                    break
            if takes:
                for at in range(lengths[row]):
                    if apart[k, columns[row, at]]:
                        takes = False
                        break
            if takes:
                answer[row] = False
                break
        for at in range(lengths[row]):
            inside[columns[row, at]] = 0
    return answer
