"""The portfolio for identical bins: constructive passes, the search for one bin less, and the proof, until they meet.

With an effort that ends they work in turn, each on a share of it, and give the same answer each time; with an endless
one the proof runs in a thread of its own beside the search and each tells the other what it found, until the caller's
clock says stop. Which rules the items obey, and what to do when the bins are too few, is `packing`'s.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from capacity.solvers.packing_columns import Bins, Kinds, prove
from capacity.solvers.packing_construct import best_of, complete
from capacity.solvers.packing_reduction import Reduced
from capacity.solvers.packing_search import Search
from capacity.solvers.packing_tight import tight_contents, tight_packing

Ints = NDArray[np.int64]

SLICE = 20_000.0  # effort between looks at the clock and at what the other found
TIGHT = 0.3  # share of the effort for filling bins exactly
MOST_TOLD = 20_000  # tight contents that the proof begins with
TURNS = ((0.0, 0.05), (0.3, 0.45), (0.2, 0.0))  # shares of the effort: of the search, then of the proof


def forever() -> float:
    """Seconds left where only the effort limits."""
    return math.inf


def tell_nobody(_bins: int, _bound: int) -> None:
    """No progress is shown."""


class Race:
    """`run` it once; then `packing` [items], its `bins` and the `bound` stand; `is_truncated` if the clock struck."""

    def __init__(
        self,
        small: Reduced,
        *,
        seed: int,
        effort: float,
        seconds_left: Callable[[], float],
        progress: Callable[[int, int], None],
    ) -> None:
        self.small, self.effort, self.seconds_left, self.progress = small, effort, seconds_left, progress
        self.search = Search(small.items, small.value, seed)
        self.members = _members(small.kinds)
        self.bound = _volume(small)
        self.packing: Ints = np.arange(len(small.value), dtype=np.int64)
        self.is_truncated = False
        self.seed = seed
        self.contents: Ints = np.zeros((0, 1), dtype=np.int64)  # of bins that waste nearly nothing
        self._lock = threading.Lock()

    @property
    def bins(self) -> int:
        """How many bins the best packing has."""
        return int(self.packing.max(initial=-1)) + 1

    def run(self, most_bins: int, warm: Ints | None) -> None:
        """Find few bins and prove it; bins beyond `most_bins` are no concern of the proof."""
        if warm is not None:
            self._take(complete(self.small.items, warm))
        if self.bins > self.bound:
            self._take(best_of(self.small.items, self.small.kinds, self.bound, is_stopped=self._is_struck))
        if self._is_over():
            return
        self.contents, spent = tight_contents(self.small.items, self.bound, effort=self.effort * TIGHT)
        self.effort -= spent
        if math.isinf(self.effort):
            self._run_beside()
        else:
            self._fill_exactly()
            for search, proof in TURNS:
                self._search_for(search * self.effort)
                if self.bins > self.bound and proof > 0 and not self._is_struck():
                    self._prove(proof * self.effort)

    def _fill_exactly(self) -> None:
        """Where the bound leaves nearly nothing to spare, until the proof beside has raised or met it."""
        target = self.bound
        packing = tight_packing(
            self.contents,
            len(self.small.value),
            target,
            seed=self.seed,
            effort=self.effort * TIGHT,
            seconds_left=lambda: 0.0 if self.bound > target or self.bins <= target else self.seconds_left(),
        )
        if len(self.contents) and math.isfinite(self.effort):
            self.effort -= self.effort * TIGHT
        if packing is not None:
            self._take(packing)

    def _run_beside(self) -> None:
        failure: list[BaseException] = []

        def proof() -> None:
            try:
                self._prove(math.inf)
            except BaseException as error:  # noqa: BLE001 (told in the thread that waits)
                failure.append(error)

        thread = threading.Thread(target=proof, daemon=True)
        thread.start()
        self._fill_exactly()
        self._search_for(math.inf)
        thread.join()
        if failure:
            raise failure[0]

    def _is_struck(self) -> bool:
        if self.seconds_left() > 0:
            return False
        self.is_truncated = True
        return True

    def _is_over(self) -> bool:
        return self.bins <= self.bound or self._is_struck()

    def _take(self, packing: Ints) -> None:
        """Keep a packing of everything if it has fewer bins; bins left empty don't count, nor what is incomplete."""
        if (packing < 0).any():
            return
        numbered = np.unique(packing, return_inverse=True)[1].reshape(-1).astype(np.int64)
        with self._lock:
            if len(packing) and numbered.max() < self.packing.max():
                self.packing = numbered
                self.progress(self.bins, self.bound)

    def _raise(self, bound: int) -> None:
        with self._lock:
            if bound > self.bound:
                self.bound = bound
                self.progress(self.bins, self.bound)

    def _search_for(self, effort: float) -> None:
        """One bin less, again and again, until the bound or the effort is reached."""
        spent, aimed = 0.0, 0
        while spent < effort and not self._is_over():
            target = self.bins - 1
            if not self.search.can_hold(target):
                return
            if target != aimed:
                self.search.aim(self.packing, target)
                aimed = target
            spent += self.search.advance(min(SLICE, effort - spent))
            if self.search.pooled == 0:
                self._take(self.search.layout.bin_of.copy())

    # The proof speaks of kinds of items

    def _prove(self, effort: float) -> None:
        if (self.small.items.sizes < 0).any():
            return  # columns are priced for what only takes room
        proof = prove(
            _kinds(self.small, self.members),
            self._as_kinds(),
            effort=effort,
            seconds_left=lambda: 0.0 if self.bins <= self.bound else self.seconds_left(),
            offer=self._as_kinds if math.isinf(effort) else lambda: None,
            found=lambda bins: self._take(self._as_packing(bins)),
            raised=self._raise,
            known=[self.small.kinds[content[content >= 0]] for content in self.contents[:MOST_TOLD]],
        )
        self._take(self._as_packing(proof.bins))
        self._raise(proof.lower_bound)

    def _as_kinds(self) -> Bins:
        packing = self.packing
        order = np.argsort(packing, kind="stable")
        cuts = np.flatnonzero(np.diff(packing[order])) + 1
        return tuple(tuple(part.tolist()) for part in np.split(self.small.kinds[order], cuts))

    def _as_packing(self, bins: Bins) -> Ints:
        waiting = [list(items) for items in self.members]
        packing = np.full(len(self.small.value), -1, dtype=np.int64)
        for b, inside in enumerate(bins):
            for kind in inside:
                packing[waiting[kind].pop()] = b
        return packing


def _volume(small: Reduced) -> int:
    """Total over capacity, by dimension; one bin at least where there are items."""
    capacity = small.items.capacity
    total = small.items.sizes.sum(axis=0)
    used = capacity > 0
    return max(int((-(-total[used] // capacity[used])).max(initial=0)), int(len(small.value) > 0))


def _members(kinds: Ints) -> list[list[int]]:
    members: list[list[int]] = [[] for _ in range(int(kinds.max(initial=-1)) + 1)]
    for item, kind in enumerate(kinds.tolist()):
        members[kind].append(item)
    return members


def _kinds(small: Reduced, members: list[list[int]]) -> Kinds:
    first = np.array([items[0] for items in members], dtype=np.int64)
    between = np.unique(small.kinds[np.concatenate([small.pairs, small.pairs[:, ::-1]])], axis=0)
    pointers = np.searchsorted(between[:, 0], np.arange(len(members) + 1))
    return Kinds(
        np.ascontiguousarray(small.items.sizes[first]),
        small.items.capacity,
        np.array([len(items) for items in members], dtype=np.int64),
        pointers.astype(np.int64),
        np.ascontiguousarray(between[:, 1]),
    )
