"""One annealing walk: its temperature, its tolls and its prices as the budget runs down, chunk by chunk.

Transient resources are a budget that early, hot moves would use up on trifles. A toll on every process away from home,
dearer the less room is left, keeps it for moves that are worth it. Broken dependencies are priced while it's hot.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from capacity.solvers.reassignment_annealing import anneal
from capacity.solvers.reassignment_model import BROKEN, COST, Compiled, Ints, Problem, State
from capacity.solvers.reassignment_moves import full_cost

ROUNDS = 50_000  # of a chunk
NEVER = 1e17
HARD_FROM = 0.85


class Pace:
    """How much of the budget is spent: chunks, or seconds of a clock."""

    def __init__(
        self,
        work: int,
        seconds: float | None,
        clock: Callable[[], float] | None,
        cancelled: Callable[[], bool],
    ) -> None:
        self._work, self._seconds, self._clock, self._cancelled = work, seconds, clock, cancelled
        self._start = clock() if clock else 0.0
        self._done = 0
        self.is_truncated = False

    def tick(self) -> None:
        """A chunk is done."""
        self._done += 1

    @property
    def share(self) -> float:
        """The part of the budget that is spent, from 0 to 1."""
        if self._seconds is not None and self._clock is not None:
            return min(1.0, (self._clock() - self._start) / max(self._seconds, 1e-9))
        return min(1.0, self._done / max(1, self._work))

    @property
    def is_over(self) -> bool:
        """Whether the search must end."""
        if self._cancelled() or (self._seconds is not None and self.share >= 1):
            self.is_truncated = True
            return True
        return self._seconds is None and self._done >= self._work


class Walk:
    """A state under way and the best assignment it has passed."""

    def __init__(self, problem: Problem, inst: Compiled, state: State, seed: int) -> None:
        self._inst, self._state = inst, state
        self._seed = np.array([seed * 0x9E3779B97F4A7C15 % 2**64 or 1], np.uint64)
        self.best = state.at.copy()
        self.best_cost = int(full_cost(inst, state))
        self._transient = np.flatnonzero(problem.transient)
        self._need = problem.need[:, self._transient]
        self._capacity = np.maximum(1, problem.capacity.sum(axis=0)[self._transient])
        self._first_room = self._room()
        self._hot = 1e7
        self._cold = 10.0
        self._rate = self._hot / np.maximum(1, self._need.mean(axis=0))

    def _room(self) -> np.ndarray:
        room: np.ndarray = self._state.room[:, self._transient].sum(axis=0) / self._capacity
        return room

    def _toll(self, share: float) -> Ints:
        if not self._transient.size:
            return np.zeros(self._need.shape[0], np.int64)
        wanted = self._first_room * 0.6 * (1 - share)
        self._rate *= np.where(self._room() < wanted, 1.03, 0.97)
        return np.asarray((self._need * self._rate).sum(axis=1), np.int64)

    def chunk(self, share: float) -> None:
        """Walk on as befits `share` of the budget."""
        temperature = self._hot * (self._cold / self._hot) ** share
        price = 1e5 if share < HARD_FROM else NEVER
        anneal(
            self._inst,
            self._state,
            temperature,
            temperature,
            ROUNDS,
            self._toll(share),
            price,
            0.5,
            5,
            self._seed,
        )
        scalars = self._state.scalars
        if scalars[BROKEN] == 0 and scalars[COST] < self.best_cost:
            self.best_cost = int(scalars[COST])
            self.best = self._state.at.copy()
