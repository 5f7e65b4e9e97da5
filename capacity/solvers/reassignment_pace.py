"""One search: what is sought, how much of its budget is spent, and whether it must stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from capacity.solvers.reassignment_model import Compiled, Problem


class Pace:
    """Work in chunks, or seconds of a clock."""

    def __init__(
        self,
        work: int,
        seconds: float | None,
        clock: Callable[[], float] | None,
        cancelled: Callable[[], bool],
    ) -> None:
        self._work, self._seconds, self._clock, self._cancelled = work, seconds, clock, cancelled
        self._start = clock() if clock else 0.0
        self.is_truncated = False

    def share(self, chunks: float) -> float:
        """The part of the budget that is spent after so many chunks of a walk, from 0 to 1."""
        if self._seconds is not None and self._clock is not None:
            return min(1.0, (self._clock() - self._start) / max(self._seconds, 1e-9))
        return min(1.0, chunks / max(1, self._work))

    def is_before(self, share: float, chunks: float) -> bool:
        """Whether less than `share` of the budget is spent and nobody has stopped it."""
        return not self.is_truncated and self.share(chunks) < share

    def all_chunks(self, attempt: Callable[[], int]) -> float:
        """How many chunks the whole budget is for; where seconds are, as many are walked by `attempt` to see."""
        if self._seconds is None or self._clock is None or self.is_truncated:
            return float(self._work)
        before = self._clock()
        chunks = attempt()
        return chunks * self._seconds / max(self._clock() - before, 1e-9)

    def left(self, until: float, chunks: float) -> float:
        """What is left until share `until` of the budget: seconds where these count, else chunks."""
        whole = self._work if self._seconds is None else self._seconds
        return max(0.0, until - self.share(chunks)) * whole

    def seconds_left(self) -> float | None:
        """Seconds until the budget is spent; None when work is counted."""
        return None if self._seconds is None else self.left(1.0, 0.0)

    def ask(self) -> None:
        """Ask whether the caller has had enough."""
        if self._cancelled():
            self.is_truncated = True

    def end(self) -> None:
        """The budget is spent; seconds leave a search truncated."""
        self.is_truncated = self.is_truncated or self._seconds is not None


@dataclass(frozen=True, slots=True)
class Search:
    """`bound`: what any assignment costs at least; `told` hears the share of the budget and the best cost so far."""

    problem: Problem
    inst: Compiled
    pace: Pace
    bound: int
    seed: int
    told: Callable[[float, int], None]
