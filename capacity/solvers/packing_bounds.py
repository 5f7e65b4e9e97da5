"""Lower bounds on identical bins in milliseconds: what closes easy cases, and all there is for very many kinds.

Total over capacity by dimension, dual feasible functions of the sizes (Fekete, Schepers 2001), and items of which no
two fit together. Whole numbers throughout. Bounds that need columns are `packing_master`'s.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

MOST_THRESHOLDS = 64
STARTS = 200  # of the greedy clique


def quick(sizes: Ints, capacity: Ints, copies: Ints) -> int:
    """Bins that `copies` [kinds] of `sizes` [kinds × dimensions] need at least."""
    best = int(len(copies) > 0)
    for d in range(len(capacity)):
        if capacity[d] > 0:
            best = max(best, _in_one_dimension(sizes[:, d], int(capacity[d]), copies))
    return best


def _in_one_dimension(sizes: Ints, capacity: int, copies: Ints) -> int:
    """Fekete and Schepers' u(k) and U(ε), and the total."""
    best = -(-int(copies @ sizes) // capacity)
    for k in range(1, 6):
        scaled = sizes * (k + 1)
        # u(k): what divides evenly counts its exact share, all else is rounded down to a k-th.
        exact = scaled % capacity == 0
        worth = np.where(exact, sizes * k, scaled // capacity * capacity)
        best = max(best, -(-int(copies @ worth) // (capacity * k)))
    small = np.unique(sizes[sizes * 2 <= capacity])
    if len(small) > MOST_THRESHOLDS:
        small = small[np.linspace(0, len(small) - 1, MOST_THRESHOLDS).astype(np.int64)]
    for least in small.tolist():
        # U(ε): what leaves less than `least` counts as a whole bin, what is less than `least` not at all.
        worth = np.where(sizes > capacity - least, capacity, np.where(sizes < least, 0, sizes))
        best = max(best, -(-int(copies @ worth) // capacity))
    return best


def clique(apart: Bytes, copies: Ints) -> int:
    """Items no two of which may share a bin: a greedy clique from the kinds with most conflicts.

    `apart` [kinds × kinds]; all copies of a kind count when the kind is apart from itself, else one.
    """
    if len(copies) == 0:
        return 0
    weights = np.where(np.diag(apart) > 0, copies, 1).astype(np.int64)
    degrees = apart.astype(np.int64) @ weights
    order = np.argsort(-degrees, kind="stable").astype(np.int64)
    return int(_greedy_clique(apart, weights, order, min(len(order), STARTS)))


@njit(cache=True, nogil=True)
def _greedy_clique(apart: Bytes, weights: Ints, order: Ints, starts: int) -> int:
    best = 0
    members = np.empty(len(order), np.int64)
    for first in range(starts):
        members[0] = order[first]
        size = 1
        total = weights[order[first]]
        for kind in order:
            if kind == order[first]:
                continue
            joins = True
            for at in range(size):
                if not apart[kind, members[at]]:
                    joins = False
                    break
            if joins:
                members[size] = kind
                size += 1
                total += weights[kind]
        best = max(best, total)
    return best
