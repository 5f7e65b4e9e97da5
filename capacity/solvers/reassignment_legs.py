"""The walks of a search, on two threads: legs from the start, as many as the budget is worth.

Where a walk settles is decided early, by luck; once it is long enough, one twice as long hardly settles lower than the
lower of two. So a budget is walked in legs of at least so many rounds a process, and the best of all goes through the
cold end of a walk once more, at leisure, beside a walk from home that moves as little as it may. A single leg's walks
meet towards its end, and the better assignment goes on.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count

from capacity.solvers.reassignment_model import Ints, opened
from capacity.solvers.reassignment_pace import Search
from capacity.solvers.reassignment_walk import ROUNDS, STYLES, Walk

THREADS = 2
WALKING = 0.88  # the share of the budget for walks; what is left is for refining
MEETINGS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
"""Shares of a single leg at which its walks compare."""
ENOUGH = 1.3e5  # rounds a process of one leg
MOST_LEGS = 8
COLD_END, SETTLING = 0.85, 0.14
"""The share of a walk from which the best of several is walked again, and the share of the budget for it."""
TRIAL = 20  # chunks that tell the pace

Key = tuple[int, int]


def walked(search: Search) -> tuple[Ints, int, int]:
    """The best assignment of all walks, the chunks spent on each thread, what staying on a leaving machine costs."""
    legs = _Legs(search)
    with ThreadPoolExecutor(THREADS) as pool:
        number, how_many = 0, 1
        while number < how_many:
            legs.begin()
            if number == 0:
                chunks = search.pace.all_chunks(lambda: legs.tried(pool))
                rounds = chunks * WALKING * ROUNDS / search.problem.processes
                how_many = int(min(MOST_LEGS, max(1, rounds // ENOUGH)))
            legs.walk(pool, number, how_many)
            number = how_many if legs.is_over() else number + 1
        if how_many > 1 and not legs.is_over():
            legs.settle(pool)
    return legs.best.best, legs.spent, legs.best.staying


def _key(walk: Walk) -> Key:
    return int(walk.best_key[0]), int(walk.best_key[1])


class _Legs:
    """The walks of one leg after the other, and the best of all."""

    def __init__(self, search: Search) -> None:
        self._search, self._pace, self._home = search, search.pace, search.problem.home
        self._streams, self._styles = count(search.seed * (THREADS * (MOST_LEGS + 1) + 1)), count()
        self._walks: list[Walk] = []
        self._styled: list[int] = []
        self.best = self._walk(0, self._home)
        self._best_style = 0
        self.spent = 0

    def _walk(self, style: int, start: Ints, share: float = 0.0, *, is_gentle: bool = False) -> Walk:
        problem, inst = self._search.problem, self._search.inst
        state = opened(problem, inst, start)
        return Walk(problem, inst, state, STYLES[style], next(self._streams), share, is_gentle=is_gentle)

    def begin(self) -> None:
        """Start the walks of a leg anew: every style in its turn, but one of them of the best's once all have been."""
        numbers = [next(self._styles) for _ in range(THREADS)]
        self._styled = [number % len(STYLES) for number in numbers]
        if numbers[0] >= len(STYLES):
            self._styled[0] = self._best_style
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
        return self._pace.is_truncated or any(_key(walk) == (0, self._search.bound) for walk in self._walks)

    def walk(self, pool: ThreadPoolExecutor, number: int, how_many: int) -> None:
        """Walk one leg of so many to its end."""
        all_legs = WALKING if how_many == 1 else WALKING - SETTLING
        leg = (all_legs * number / how_many, all_legs * (number + 1) / how_many)
        for meeting in MEETINGS if how_many == 1 else (1.0,):
            if self.is_over():
                break
            self._to(pool, leg, meeting)
            if how_many == 1:
                self._meet()
        self._end()

    def settle(self, pool: ThreadPoolExecutor) -> None:
        """Walk the cold end again from the best, and beside it gently from home."""
        self._styled = [self._best_style] * THREADS
        again = self._walk(self._best_style, self.best.best, COLD_END)
        self._walks = [again, self._walk(self._best_style, self._home, COLD_END, is_gentle=True)]
        self._to(pool, (WALKING - SETTLING, WALKING), 1.0)
        self._end()

    def _to(self, pool: ThreadPoolExecutor, leg: tuple[float, float], meeting: float) -> None:
        others = [pool.submit(self._onward, walk, leg, meeting) for walk in self._walks[1:]]
        self._onward(self._walks[0], leg, meeting)
        for other in others:
            other.result()

    def _end(self) -> None:
        self.spent += max(walk.chunks for walk in self._walks)
        for style, walk in zip(self._styled, self._walks, strict=True):
            if _key(walk) < _key(self.best):
                self.best, self._best_style = walk, style

    def _onward(self, walk: Walk, leg: tuple[float, float], meeting: float) -> None:
        """Walk on to a meeting (0 to 1) of the leg between two shares of the budget."""
        first, last = leg
        while self._pace.is_before(first + (last - first) * meeting, self.spent + walk.chunks):
            done = (self._pace.share(self.spent + walk.chunks) - first) / (last - first)
            walk.chunk(walk.first + done * (1 - walk.first))
            if walk is self._walks[0]:
                self._pace.ask()
                least = min(_key(walk), _key(self.best))
                self._search.told(self._pace.share(self.spent + walk.chunks), least[1])

    def _meet(self) -> None:
        """The worst goes on from where the best is."""
        prices = self._walks[0].prices
        best, *_, worst = sorted(self._walks, key=lambda walk: (not walk.is_whole, walk.energy(prices)))
        worst.follow(best)
