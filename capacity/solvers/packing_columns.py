"""How few identical bins hold everything, proven: bounds, column generation and exact completion.

Takes kinds of items as plain integer arrays and the best packing a heuristic has; gives back a lower bound that
always holds and, if it came upon one, a better packing. What a bin, an item or a group is to a caller, scaling
fractions to integers, and constructive heuristics and local search are left to `packing` and `packing_search`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.solvers import packing_bounds
from capacity.solvers.packing_clock import watched
from capacity.solvers.packing_completion import decide
from capacity.solvers.packing_dive import dive
from capacity.solvers.packing_master import Budget, Master, bin_of

Ints = NDArray[np.int64]
Bins = tuple[tuple[int, ...], ...]  # for each bin the kinds in it, a kind once for every copy

MOST_KINDS = 1500  # beyond that only the quick bounds: the masters would take minutes
MOST_COLUMNS = 24_000
DIVES_FIRST = 2  # before asking whether the bound can be reached
SEEDING = 40  # packings to begin with


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
    known: Sequence[Ints] = (),
) -> Proof:
    """Raise the lower bound, and look for packings of fewer bins than `incumbent` (which must hold everything).

    `effort` counts deterministic work (about a microsecond each): same kinds, incumbent and effort, same answer, as
    long as `offer` is left out. `seconds_left` is asked often, from another thread: seconds until a deadline, 0 once
    cancelled. `offer` gives the best packing a search running beside has by now; `found` is told every better packing
    at once, and `raised` every better lower bound (so that the search beside may stop). `known` are contents of a bin
    worth beginning with.
    Raises `ValueError` when an item fits no empty bin.
    """
    largest = (kinds.sizes > kinds.capacity).any(axis=1)
    if largest.any():
        raise ValueError(f"kind {int(np.argmax(largest))} fits no empty bin")
    race = _Race(tuple(tuple(inside) for inside in incumbent), offer, found, raised)
    race.lift(packing_bounds.quick(kinds.sizes, kinds.capacity, kinds.copies))
    if not race.is_over() and len(kinds.copies) <= MOST_KINDS:
        budget = Budget(effort)
        with watched(seconds_left, lambda: budget.halt.fill(1)):
            _raise_and_dive(kinds, race, budget, seconds_left, known)
    return Proof(race.bound, race.bins, "optimal" if race.is_over() else "feasible")


def compile_kernels() -> None:
    """Compile, or load from the cache, all that `prove` may call: for whoever measures seconds."""
    rng = np.random.default_rng(0)
    nothing = np.zeros(0, dtype=np.int64)
    sizes = rng.integers(20, 60, (24, 2))
    kinds = Kinds(
        sizes, np.array([100, 100]), np.ones(24, dtype=np.int64), np.zeros(25, dtype=np.int64), nothing
    )
    race = _Race(tuple((kind,) for kind in range(24)), nothing_new, ignore, ignore)
    budget = Budget(math.inf)
    race.lift(packing_bounds.quick(kinds.sizes, kinds.capacity, kinds.copies))
    master = Master(bin_of(kinds.sizes, kinds.capacity, kinds.copies, kinds.conflict_ptr, nothing), budget)
    packing_bounds.clique(master.holds.apart, kinds.copies)
    race.take(master.seed(2))
    master.generate(lambda _: False, is_fine=True)
    dive(master, len(race.bins), rng, forever)
    decide(master, master.state.bound(), forever)


class _Race:
    """The best packing and the best bound so far, and who is told."""

    def __init__(
        self,
        bins: Bins,
        offer: Callable[[], Bins | None],
        found: Callable[[Bins], None],
        raised: Callable[[int], None],
    ) -> None:
        self.bins, self.bound = bins, 0
        self._offer, self._found, self._raised = offer, found, raised

    def is_over(self) -> bool:
        """Whether packing and bound meet, after a look at what the search beside has."""
        offered = self._offer()
        if offered is not None and len(offered) < len(self.bins):
            self.bins = offered
        return self.bound >= len(self.bins)

    def lift(self, bound: int) -> bool:
        """Take a bound if it is better; whether the race is over."""
        if bound > self.bound:
            self.bound = bound
            self._raised(bound)
        return self.is_over()

    def take(self, bins: Iterable[Sequence[int]] | None) -> bool:
        """Take a packing if it is better; whether the race is over."""
        packing = None if bins is None else tuple(tuple(inside) for inside in bins)
        if packing is not None and len(packing) < len(self.bins):
            self.bins = packing
            self._found(packing)
        return self.is_over()


def _raise_and_dive(
    kinds: Kinds, race: _Race, budget: Budget, seconds_left: Callable[[], float], known: Sequence[Ints]
) -> None:
    holds = bin_of(kinds.sizes, kinds.capacity, kinds.copies, kinds.conflict_ptr, kinds.conflict_ids)
    race.lift(packing_bounds.clique(holds.apart, holds.copies))
    master = Master(holds, budget)
    if race.take(master.seed(SEEDING)) or budget.over():
        return
    master.state.pool.add(race.bins)
    master.state.pool.add(known)
    master.generate(race.lift, known=race.bound)
    rng = np.random.default_rng(0)
    dives, asked = 0, 0
    while not budget.over() and not race.lift(master.state.bound()):
        master.state.pool.add(race.bins)
        if len(master.state.pool) > MOST_COLUMNS:
            master.forget(MOST_COLUMNS // 2)
        master.solve(1e-4)
        race.take(dive(master, len(race.bins), rng, seconds_left))
        dives += 1
        if dives >= DIVES_FIRST and race.bound == len(race.bins) - 1 and race.bound > asked:
            asked = race.bound
            if not budget.over():
                _decide(master, race, seconds_left)


def _decide(master: Master, race: _Race, seconds_left: Callable[[], float]) -> None:
    """Whether the bound can be reached at all, once dives have missed it."""
    bins = race.bound
    master.generate(race.lift, is_fine=True)
    if race.bound > bins or race.is_over():
        return
    verdict = decide(master, bins, seconds_left)
    if verdict.is_impossible:
        race.lift(bins + 1)
    race.take(verdict.bins)
