"""A shrinking population of schedules, improved window by window; compiled, and told when to stop by its caller.

A child keeps its parent's order but for one stretch of time, where it takes another schedule's order or a disturbed
one; justified, it replaces its parent when it is no longer. Many schedules at first, for variety, few in the end, for
depth.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from capacity.solvers.scheduling_generation import Floats, Room, justify, room
from capacity.solvers.scheduling_project import Compiled, Ints

MOST, FEWEST = 100, 10  # schedules in the population at first and in the end
SPREAD = 0.5  # how much chance there is in the first schedules, as a share of the longest path
MIXED = 0.5  # share of children that take an order from another schedule
DISTURBED = 0.5  # share of these that are disturbed besides
TOLERATED = 0.3  # share of children longer by one that replace their parent all the same
NARROWEST, WIDEST = 0.05, 0.3  # length of the stretch, as a share of the makespan
WIDER = 0.6  # the widest of searches for other valleys; small projects need it, large ones don't
NOISE = 0.25  # how far an end moves in it, as a share of the stretch


@njit(cache=True, nogil=True)
def uniform(state: np.ndarray) -> float:
    """A number in [0, 1) from a stream of its own (xorshift64*), so that threads don't meet in one."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True, nogil=True)
def _breed(
    project: Compiled,
    room: Room,
    starts: Ints,
    makespans: Ints,
    children: int,
    target: int,
    widest: float,
    key: Floats,
    start: Ints,
    state: np.ndarray,
) -> None:
    """So many children, unless one is as short as `target` before."""
    n, size = project.duration.size, makespans.size
    best = makespans.min()
    for _ in range(children):
        if best <= target:
            return
        i = int(uniform(state) * size)
        makespan = makespans[i]
        width = (NARROWEST + (widest - NARROWEST) * uniform(state)) * makespan
        low = uniform(state) * (makespan + width) - width
        high = low + width
        j = i
        if size > 1 and uniform(state) < MIXED:
            j = (i + 1 + int(uniform(state) * (size - 1))) % size
        scale = makespan / max(makespans[j], 1)
        noise = NOISE * width if j == i or uniform(state) < DISTURBED else 0.0
        for a in range(n):
            key[a] = starts[i, a] + project.duration[a]
            if low <= key[a] <= high:
                if j != i:
                    key[a] = (starts[j, a] + project.duration[a]) * scale
                key[a] += (2.0 * uniform(state) - 1.0) * noise
        found = justify(project, room, key, start)
        is_tolerated = found == makespan + 1 and makespan > best and uniform(state) < TOLERATED
        if found <= makespan or is_tolerated:
            makespans[i] = found
            starts[i] = start
            best = min(best, found)


class Search:
    """A population and its stream of chance; `advance` it, and `best` is the shortest schedule there is."""

    def __init__(self, project: Compiled, seed: int, widest: float = WIDEST) -> None:
        n = project.duration.size
        self._widest = widest
        self._project, self._room = project, room(project)
        self._key, self._start = np.zeros(n), np.zeros(n, dtype=np.int64)
        chance = np.random.default_rng(seed)
        self._state = chance.integers(1, 2**63, size=1, dtype=np.uint64)
        self._starts = np.zeros((MOST, n), dtype=np.int64)
        self._makespans = np.zeros(MOST, dtype=np.int64)
        longest_path = float((project.tail + project.duration).max(initial=0))
        for i in range(MOST):
            # The first by the longest tail alone; ends fall as tails grow.
            key = chance.random(n) * SPREAD * longest_path * (i > 0) - project.tail
            self._makespans[i] = justify(project, self._room, key, self._start)
            self._starts[i] = self._start

    @property
    def makespan(self) -> int:
        """Of the best schedule."""
        return int(self._makespans.min())

    @property
    def best(self) -> Ints:
        """The starts of the best schedule [activities]."""
        found: Ints = self._starts[int(self._makespans.argmin())].copy()
        return found

    def advance(self, children: int, share: float, target: int) -> None:
        """So many children; `share` of the whole search is then done. Stops early at a makespan of `target`."""
        size = max(FEWEST, round(MOST * math.exp(math.log(FEWEST / MOST) * min(share, 1.0))))
        if size < self._makespans.size:
            kept = np.argsort(self._makespans, kind="stable")[:size]
            self._makespans, self._starts = self._makespans[kept].copy(), self._starts[kept].copy()
        _breed(
            self._project,
            self._room,
            self._starts,
            self._makespans,
            children,
            target,
            self._widest,
            self._key,
            self._start,
            self._state,
        )

    def take(self, start: Ints, makespan: int) -> None:
        """Put a schedule found elsewhere in the place of the longest, if it is shorter than all here."""
        if makespan < self.makespan:
            worst = int(self._makespans.argmax())
            self._starts[worst], self._makespans[worst] = start, makespan
