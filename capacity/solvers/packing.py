"""Vector bin packing: as few bins as possible, or as few items out as a limit on bins allows, with a lower bound.

Bins are identical, or of several types with a cost and a stock each, and the cost is least. Items may be kept apart
bin-wise (no two of a class, or of a pair, in one bin) or sector-wise (bins are dealt to sectors in turn; no two of a
class in one sector), kept together, fixed in a bin, or barred from types of bins. Constructive passes, then a compiled
search for one bin less, and a proof by columns that runs beside it or in turn with it. Work is counted: the same
problem, seed and effort give the same answer; with an endless effort the caller's clock ends it, and the best so far is
given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.solvers.packing_race import Race, forever, tell_nobody
from capacity.solvers.packing_reduction import Reduced, class_pairs, reduced
from capacity.solvers.packing_sectors import Dealt, pack_dealt
from capacity.solvers.packing_types import Packer
from capacity.solvers.packing_types_model import Fleet, refuse_nonsense_of_types

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EFFORT = 200_000.0  # about a fifth of a second
EFFORT_OF_TYPES = 30_000.0  # for each item, where bins are of several types: the bound needs so much
MOST_EFFORT = 1e7  # by default
ROUNDS = 60  # of tearing down and filling again, where sectors or values ask for it
OUT = -1


@dataclass(frozen=True, slots=True)
class Problem:
    """`sizes` [items × dimensions] in the units of `capacity` [dimensions]; `value` [items]: the cost of one left out.
    A size below zero makes room.

    `apart` and `sector_apart` are classes of item numbers; `most_bins` is how many bins there are, dealt to `sectors`.
    `pairs` [pairs × 2] of items that may share no bin, `together` classes that must share one, `fixed` [items] the bin
    an item must be in, -1 for any.

    With bins of several types `capacity` is [types × dimensions], `stock` [types] says how many of each there are
    (None: `most_bins` of each), `cost` [types] ≥ 0 what one costs that is used (None: 1). Bins are numbered type by
    type: first the stock of type 0. `eligible` [items × types]: whether an item may be in bins of a type (None: in
    all); a bin of its own is a type with a stock of 1.
    """

    sizes: Floats
    capacity: Floats
    value: Floats
    most_bins: int
    apart: tuple[Ints, ...] = ()
    sector_apart: tuple[Ints, ...] = ()
    sectors: int = 1
    pairs: Ints | None = None
    together: tuple[Ints, ...] = ()
    fixed: Ints | None = None
    cost: Floats | None = None
    stock: Ints | None = None
    eligible: NDArray[np.bool_] | None = None

    @property
    def has_types(self) -> bool:
        """Whether bins differ, in what they hold, in cost, or in who may be in them."""
        given = (self.cost, self.stock, self.eligible)
        return self.capacity.ndim == 2 or any(array is not None for array in given)

    def fleet(self) -> Fleet:
        """The types of bins, everything given."""
        capacity = np.atleast_2d(np.asarray(self.capacity, dtype=np.float64))
        types = len(capacity)
        return Fleet(
            capacity,
            np.ones(types) if self.cost is None else np.asarray(self.cost, dtype=np.float64),
            np.full(types, self.most_bins) if self.stock is None else np.asarray(self.stock, dtype=np.int64),
            np.ones((len(self.value), types), dtype=bool) if self.eligible is None else self.eligible,
        )

    def conflicts(self) -> Ints:
        """Every pair of items that may share no bin."""
        named = np.zeros((0, 2), dtype=np.int64) if self.pairs is None else self.pairs.reshape(-1, 2)
        return np.concatenate([named, class_pairs(self.apart), class_pairs(self.sector_apart)])


@dataclass(frozen=True, slots=True)
class Solution:
    """`bin` [items], -1 for out; `bins` used, numbered without gaps unless there are sectors or fixed items; `bound` on
    the bins of what is in. With bins of several types the bins keep their numbers, and `cost` and `cost_bound` say what
    the bins used cost and must cost at least; `bound` is then 1 where anything is in.

    `status`: optimal when nothing is out and `bins` equals `bound` (with types: `cost` its bound), else feasible.
    `is_truncated` when the clock ended the search, outside the promise that the same problem gives the same answer.
    """

    bin: Ints
    bins: int
    bound: int
    status: str
    is_truncated: bool = False
    cost: float | None = None
    cost_bound: float | None = None


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    effort: float | None = None,
    warm: Ints | None = None,
    seconds_left: Callable[[], float] = forever,
    progress: Callable[[int, int], None] = tell_nobody,
) -> Solution:
    """Pack every item if the bins suffice, into few of them; else leave out little value.

    `effort` counts deterministic work, about a microsecond each (None: `EFFORT`, with bins of several types
    `EFFORT_OF_TYPES` for each item); `math.inf` leaves the end to `seconds_left`, which is asked often (0: stop now).
    `warm` [items] is a packing to start from (-1: none), as far as it holds. `progress` is told the bins (with types:
    the cost, rounded up) and the bound whenever either gets better. Raises `ValueError` for what contradicts itself,
    and where fixed items are more than their bin holds.
    """
    _refuse_nonsense(problem)
    if effort is None:
        each = EFFORT_OF_TYPES * len(problem.value) if problem.has_types else 0.0
        effort = max(EFFORT, min(each, MOST_EFFORT))
    if problem.has_types:
        return _of_types(problem, seed, effort, warm, seconds_left, progress)
    small = reduced(
        problem.sizes,
        problem.capacity,
        problem.value,
        problem.conflicts(),
        problem.together,
        problem.fixed,
    )
    fits: NDArray[np.bool_] = np.all(small.items.sizes <= small.items.capacity, axis=1)
    if problem.most_bins > 0 and bool(fits.all()) and len(fits):
        race = Race(small, seed=seed, effort=effort, seconds_left=seconds_left, progress=progress)
        race.run(problem.most_bins, None if warm is None else _of_groups(small, warm))
        packing = _in_sectors(problem, small, race.packing)
        if packing is not None and race.bins <= problem.most_bins:
            return _solution(packing, race.bound, is_truncated=race.is_truncated)
    return _crowded(problem, small, seed)


def lower_bound(problem: Problem, inside: NDArray[np.bool_]) -> int:
    """Bins that the items inside need at least: total over capacity by dimension, and the largest class kept apart."""
    if not inside.any():
        return 0
    total = problem.sizes[inside].sum(axis=0)
    ratio = np.divide(
        total, problem.capacity, out=np.where(total > 0, np.inf, 0.0), where=problem.capacity > 0
    )
    least = max(1, math.ceil(float(ratio.max(initial=0.0)) - 1e-9))
    classes = (*problem.apart, *problem.sector_apart)
    return max([least, *(int(inside[members].sum()) for members in classes)])


def _refuse_nonsense(problem: Problem) -> None:
    if not np.isfinite(problem.sizes).all():
        raise ValueError("sizes must be finite")
    if not (np.isfinite(problem.capacity).all() and (problem.capacity >= 0).all()):
        raise ValueError("capacities must be finite and not negative")
    if problem.has_types:
        refuse_nonsense_of_types(problem.sizes, problem.fleet())
        if problem.sector_apart:
            raise ValueError("bins of several types can't be dealt to sectors")
    if problem.fixed is None:
        return
    bins = int(problem.fleet().stock.sum()) if problem.has_types else problem.most_bins
    if problem.fixed.max(initial=-1) >= bins:
        raise ValueError(f"an item is fixed in bin {int(problem.fixed.max())}, there are {bins}")
    for b in np.unique(problem.fixed[problem.fixed >= 0]).tolist():
        room = problem.capacity
        if problem.has_types:
            fleet = problem.fleet()
            room = fleet.capacity[int(fleet.type_of(np.array([b]))[0])]
        held = problem.sizes[problem.fixed == b].sum(axis=0)
        over = np.flatnonzero(held > room * (1 + 1e-9) + 1e-9)
        if len(over):
            d = int(over[0])
            raise ValueError(
                f"the items fixed in bin {b} need {held[d]:g} in dimension {d}, the bin has {room[d]:g}"
            )


def _of_types(
    problem: Problem,
    seed: int,
    effort: float,
    warm: Ints | None,
    seconds_left: Callable[[], float],
    progress: Callable[[int, int], None],
) -> Solution:
    packer = Packer(
        problem.sizes,
        problem.fleet(),
        problem.value,
        problem.conflicts(),
        problem.together,
        problem.fixed,
        most_bins=problem.most_bins,
    )
    found = packer.run(seed=seed, effort=effort, seconds_left=seconds_left, progress=progress, warm=warm)
    inside = found.bin[found.bin >= 0]
    return Solution(
        found.bin,
        len(np.unique(inside)),
        int(len(inside) > 0),
        "optimal" if found.is_optimal else "feasible",
        found.is_truncated,
        found.cost,
        found.bound,
    )


def _of_groups(small: Reduced, warm: Ints) -> Ints:
    """A packing of groups from one of items: that of a group's last item."""
    packing = np.full(len(small.value), OUT, dtype=np.int64)
    packing[small.group_of] = warm
    return packing


def _solution(packing: Ints, bound: int, *, is_truncated: bool = False) -> Solution:
    inside = packing >= 0
    bins = len(np.unique(packing[inside]))
    status = "optimal" if bool(inside.all()) and bins == bound else "feasible"
    return Solution(packing, bins, bound, status, is_truncated and status != "optimal")


def _crowded(problem: Problem, small: Reduced, seed: int) -> Solution:
    """Where bins are too few or dealt to sectors: tear down and fill again."""
    groups = len(small.value)
    sizes = np.zeros((groups, problem.sizes.shape[1]))
    np.add.at(sizes, small.group_of, problem.sizes)
    named = () if problem.pairs is None else tuple(small.group_of[problem.pairs.reshape(-1, 2)])
    dealt = Dealt(
        sizes,
        problem.capacity,
        small.value,
        problem.most_bins,
        (*(np.unique(small.group_of[members]) for members in problem.apart), *named),
        tuple(np.unique(small.group_of[members]) for members in problem.sector_apart),
        problem.sectors,
        small.fixed,
    )
    enough = lower_bound(problem, np.ones(len(problem.value), dtype=bool))
    packing = pack_dealt(dealt, enough, seed=seed, rounds=ROUNDS)[small.group_of]
    if problem.sectors == 1 and problem.fixed is None:
        packing = np.unique(np.append(packing, OUT), return_inverse=True)[1].reshape(-1)[:-1] - 1
    return _solution(packing, lower_bound(problem, packing >= 0))


def _in_sectors(problem: Problem, small: Reduced, packing: Ints) -> Ints | None:
    """Number the bins so that classes are apart by sector, each bin in the sector that has most numbers left.

    None where that greedy finds no way, or where fixed items hold numbers already.
    """
    unfolded = small.unfold(packing)
    if not problem.sector_apart:
        return unfolded
    if problem.fixed is not None and bool((problem.fixed >= 0).any()):
        return None
    bins = int(unfolded.max(initial=-1)) + 1
    classes: list[set[int]] = [set() for _ in range(bins)]
    for number, members in enumerate(problem.sector_apart):
        for b in unfolded[members].tolist():
            classes[b].add(number)
    taken: list[set[int]] = [set() for _ in range(problem.sectors)]
    numbers = [list(range(s, problem.most_bins, problem.sectors))[::-1] for s in range(problem.sectors)]
    renamed = np.full(bins, OUT, dtype=np.int64)
    waiting = set(range(bins))
    while waiting:
        open_to = {
            b: [s for s in range(problem.sectors) if numbers[s] and not taken[s] & classes[b]]
            for b in waiting
        }
        b = min(waiting, key=lambda b: (len(open_to[b]), -len(classes[b]), b))
        if not open_to[b]:
            return None
        sector = min(open_to[b], key=lambda s: (-len(numbers[s]), s))
        renamed[b] = numbers[sector].pop()
        taken[sector] |= classes[b]
        waiting.discard(b)
    return renamed[unfolded]
