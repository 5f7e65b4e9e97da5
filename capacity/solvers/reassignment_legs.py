"""The walks of a search, on two threads: legs from the start, as many as the budget is worth.

Where a walk settles is decided in its middle, by luck; once it is long enough, one twice as long hardly settles lower
than the lower of two. So a budget is walked in legs of at least so many rounds a process: each style once, then a crowd
of the best's. While it is being decided the higher half of a crowd goes on from where the lower is, again and again,
and the two that are lowest then walk on to the end. The best of all goes through the cold end of a walk once more, at
leisure, beside a walk from home that moves as little as it may. A single leg's walks meet towards its end, and the
better assignment goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count, pairwise
from statistics import fmean

from capacity.solvers.reassignment_model import Ints, opened
from capacity.solvers.reassignment_pace import Search
from capacity.solvers.reassignment_walk import ROUNDS, STYLES, Walk

THREADS = 2
WALKING = 0.88  # the share of the budget for walks; what is left is for refining
MEETINGS = (0.0, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
"""Shares of a single leg at which its walks compare."""
TRIALS = 2  # legs in which every style is tried
SORTING = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65)
"""Shares between which a crowd's walks are compared."""
ENOUGH = 1.2e5  # rounds a process of one leg
MOST_LEGS = 8
COLD_END, SETTLING = 0.85, 0.14
"""The share of a walk from which the best of several is walked again, and the share of the budget for it."""
TRIAL = 20  # chunks that tell the pace

Key = tuple[int, int]
Span = tuple[float, float]


def walked(search: Search) -> tuple[Ints, int, int]:
    """The best assignment of all walks, the chunks spent on each thread, what staying on a leaving machine costs."""
    legs = _Legs(search)
    with ThreadPoolExecutor(THREADS) as pool:
        legs.begin()
        chunks = search.pace.all_chunks(lambda: legs.tried(pool))
        rounds = chunks * WALKING * ROUNDS / search.problem.processes
        how_many = int(min(MOST_LEGS, max(1, rounds // ENOUGH)))
        if how_many == 1:
            legs.walk(pool, (0.0, WALKING), MEETINGS)
        else:
            last = WALKING - SETTLING
            a_leg = last / how_many
            trials = min(TRIALS, how_many)
            for number in range(trials):
                if number:
                    legs.begin()
                legs.walk(pool, (a_leg * number, a_leg * (number + 1)), (0.0, 1.0))
            if how_many > trials:
                legs.crowd(pool, (a_leg * trials, last), how_many - trials)
            legs.settle(pool)
    return legs.best.best, legs.spent, legs.best.staying


def _key(walk: Walk) -> Key:
    return int(walk.best_key[0]), int(walk.best_key[1])


def _between(span: Span, share: float) -> float:
    return span[0] + (span[1] - span[0]) * share


class _Legs:
    """The walks under way, and the best of all."""

    def __init__(self, search: Search) -> None:
        self._search, self._pace, self._home = search, search.pace, search.problem.home
        self._streams = count(search.seed * 4 * THREADS * (MOST_LEGS + 2))
        self._untried = list(range(len(STYLES)))
        self._walks: list[Walk] = []
        self._styled: list[int] = []
        self._spent = [0] * THREADS
        self.best = self._walk(0, self._home)
        self._best_style = 0

    @property
    def spent(self) -> int:
        """Chunks walked on the busier thread."""
        return max(self._spent)

    def _walk(self, style: int, start: Ints, share: float = 0.0, *, is_gentle: bool = False) -> Walk:
        problem, inst = self._search.problem, self._search.inst
        state = opened(problem, inst, start)
        return Walk(problem, inst, state, STYLES[style], next(self._streams), share, is_gentle=is_gentle)

    def begin(self) -> None:
        """Start the walks of a leg anew: every style once, then the best's."""
        self._styled = [self._untried.pop(0) if self._untried else self._best_style for _ in range(THREADS)]
        self._walks = [self._walk(style, self._home) for style in self._styled]

    def tried(self, pool: ThreadPoolExecutor) -> int:
        """Walk a little on all threads; how many chunks each."""

        def some(walk: Walk) -> None:
            for _ in range(TRIAL):
                walk.chunk(0.0)

        list(pool.map(some, self._walks))
        return TRIAL

    def is_over(self) -> bool:
        """Whether nobody wants more, or nothing can be better."""
        least = min(_key(walk) for walk in (self.best, *self._walks))
        return self._pace.is_truncated or least == (0, self._search.bound)

    def walk(self, pool: ThreadPoolExecutor, span: Span, meetings: Sequence[float]) -> None:
        """Walk one leg in the budget's `span`; where several `meetings` are, the better goes on from each."""
        for meeting, following in pairwise(meetings):
            if not self.is_over():
                self._on(pool, span, (meeting, following), (meeting, following))
                if len(meetings) > 2:
                    self._meet()
        self._end()

    def crowd(self, pool: ThreadPoolExecutor, span: Span, legs: int) -> None:
        """Walk in the budget's `span`, worth so many `legs`, as many as may be until it is decided who is best."""
        decided = SORTING[-1]
        each = max(1, int((legs - (1 - decided)) / decided))
        self._styled = [self._best_style] * (THREADS * each)
        self._walks = [self._walk(style, self._home) for style in self._styled]
        whole = each * decided + 1 - decided
        done = 0.0
        for share, following in pairwise((0.0, *SORTING)):
            if self.is_over():
                break
            part = (done, done + each * (following - share) / whole)
            levels = self._on(pool, span, part, (share, following))
            done = part[1]
            if share:
                self._sort(levels)
        self._styled, self._walks = self._styled[:THREADS], self._walks[:THREADS]
        if not self.is_over():
            self._on(pool, span, (done, 1.0), (decided, 1.0))
        self._end()

    def settle(self, pool: ThreadPoolExecutor) -> None:
        """Walk the cold end again from the best, and beside it gently from home."""
        if self.is_over():
            return
        self._styled = [self._best_style] * THREADS
        again = self._walk(self._best_style, self.best.best, COLD_END)
        self._walks = [again, self._walk(self._best_style, self._home, COLD_END, is_gentle=True)]
        self._on(pool, (WALKING - SETTLING, WALKING), (0.0, 1.0), (COLD_END, 1.0))
        self._end()

    def _on(self, pool: ThreadPoolExecutor, span: Span, part: Span, shares: Span) -> list[float]:
        """Take all walks on through `shares` of a walk, in `part` of the budget's `span`; what each weighs."""
        each = len(self._walks) // THREADS
        first, last = (_between(span, at) for at in part)
        turns = [
            (first + (last - first) * k / each, first + (last - first) * (k + 1) / each) for k in range(each)
        ]

        def one_after_the_other(thread: int) -> list[float]:
            mine = self._walks[thread::THREADS]
            return [self._onward(walk, thread, turn, shares) for walk, turn in zip(mine, turns, strict=True)]

        others = [pool.submit(one_after_the_other, thread) for thread in range(1, THREADS)]
        found = [one_after_the_other(0), *(other.result() for other in others)]
        return [level for levels in zip(*found, strict=True) for level in levels]

    def _onward(self, walk: Walk, thread: int, turn: Span, shares: Span) -> float:
        """Take a walk on through its `shares` in its `turn` of the budget; what it weighs meanwhile."""
        weighed = []
        while self._pace.is_before(turn[1], self._spent[thread]):
            done = (self._pace.share(self._spent[thread]) - turn[0]) / (turn[1] - turn[0])
            walk.chunk(_between(shares, max(0.0, done)))
            self._spent[thread] += 1
            weighed.append(walk.energy(walk.prices))
            if thread == 0:
                self._pace.ask()
                least = min(_key(walk), _key(self.best))
                self._search.told(self._pace.share(self._spent[thread]), least[1])
        return fmean(weighed or [walk.energy(walk.prices)])

    def _sort(self, levels: list[float]) -> None:
        """The lowest first; the higher half goes on from where the lower is."""
        order = sorted(range(len(levels)), key=levels.__getitem__)
        self._walks = [self._walks[k] for k in order]
        for lower, higher in zip(self._walks, self._walks[(len(order) + 1) // 2 :], strict=False):
            higher.follow(lower)

    def _meet(self) -> None:
        """The worst goes on from where the best is."""
        prices = self._walks[0].prices
        best, *_, worst = sorted(self._walks, key=lambda walk: (not walk.is_whole, walk.energy(prices)))
        worst.follow(best)

    def _end(self) -> None:
        for style, walk in zip(self._styled, self._walks, strict=True):
            if _key(walk) < _key(self.best):
                self.best, self._best_style = walk, style
