"""Resource-constrained project scheduling: when each activity starts, how soon all are done, and a bound on that.

A population search over compiled schedule generation finds short schedules; CP-SAT proves how short they can be, or
finds a shorter one. By default work is counted and one follows the other, so that the same project and seed give the
same answer; with `seconds` both run beside each other, by the caller's clock, and what is best then is the answer.

That is for the plain project: constant capacities, each activity after its predecessors, done soon. What has calendars,
modes, lags or costs is a `CalendarProject`, solved by `solve_calendar`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass

from capacity.solvers.scheduling_calendar import END, NEVER, NO_LEAST, NO_MOST, START, CalendarProject
from capacity.solvers.scheduling_draft import Draft, Mode, plain
from capacity.solvers.scheduling_general import CalendarSchedule, nobody_cancels, solve_calendar
from capacity.solvers.scheduling_project import Compiled, Ints, Project, ProjectError, compiled
from capacity.solvers.scheduling_proof import Budget, prove, simple_bound
from capacity.solvers.scheduling_search import WIDER, WIDEST, Search

__all__ = [
    "END",
    "NEVER",
    "NO_LEAST",
    "NO_MOST",
    "START",
    "CalendarProject",
    "CalendarSchedule",
    "Draft",
    "Mode",
    "Project",
    "ProjectError",
    "Schedule",
    "plain",
    "solve",
    "solve_calendar",
]

WORK = 20_000
"""Children of the search when no other budget is given."""
CHUNK = 250  # children between looks at the clock
PROOF_PER_CHILD = 1e-4  # deterministic seconds of the proof for each child of the search
PROOF_SHARE = 0.4  # of the seconds: the proof's; what is left of its core's time goes to a second search
FIRST_LIFE = 10_000  # children of the first population of the second search
FIRST_ROUND_S = 0.5  # a proof is begun anew with what the search has found since, each time for twice as long


@dataclass(frozen=True, slots=True)
class Schedule:
    """`start` [activities], when the last has ended (`makespan`), and the `bound`: no schedule is shorter than that.

    `status`: optimal when both meet, truncated when time or the caller ended the search, else feasible.
    """

    start: Ints
    makespan: int
    bound: int
    status: str


def solve(
    project: Project,
    *,
    seed: int = 0,
    work: int = WORK,
    seconds: float | None = None,
    clock: Callable[[], float] | None = None,
    cancelled: Callable[[], bool] = nobody_cancels,
    progress: Callable[[int, int], None] | None = None,
) -> Schedule:
    """A short schedule with a bound. `work` counts children of the search; `seconds` by `clock` replaces it.

    `cancelled` is asked and `progress` told (makespan, bound) now and then. Raises ProjectError, naming the activity,
    when no schedule is possible at all.
    """
    if seconds is not None and clock is None:
        raise ValueError("a budget in seconds needs a clock to read them from")
    packed = compiled(project)
    if project.activities == 0:
        return Schedule(project.duration.copy(), 0, 0, "optimal")
    race = _Race(project, packed, seed, cancelled, progress)
    if seconds is None or clock is None:
        race.count(work)
    else:
        race.run(seconds, clock)
    status = "optimal" if race.makespan <= race.bound else "truncated" if race.is_truncated else "feasible"
    return Schedule(race.start, race.makespan, race.bound, status)


class _Race:
    """What the search and the proof know together: the best schedule and the best bound."""

    def __init__(
        self,
        project: Project,
        packed: Compiled,
        seed: int,
        cancelled: Callable[[], bool],
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._project, self._packed, self._seed = project, packed, seed
        self._cancelled, self._progress = cancelled, progress
        self._lock = threading.Lock()
        self._search = Search(packed, seed)
        self.start, self.makespan = self._search.best, self._search.makespan
        self.bound = simple_bound(project, packed)
        self.is_truncated = False
        self._gains = 0  # how often the proof found or proved something

    def count(self, work: int) -> None:
        """The search, then the proof, each for its share of work."""
        done = 0
        while done < work and not self._is_over():
            self._search.advance(min(CHUNK, work - done), done / work, self.bound)
            self._found(self._search.best, self._search.makespan)
            done += CHUNK
        if not self._is_over():
            self._prove(Budget(work=work * PROOF_PER_CHILD), self._is_over)

    def run(self, seconds: float, clock: Callable[[], float]) -> None:
        """The search and beside it the proof, whose core searches too when it takes too long."""
        begun = clock()

        def share() -> float:
            return (clock() - begun) / seconds if seconds > 0 else 1.0

        failures: list[BaseException] = []

        def beside() -> None:
            try:
                self._prove_in_rounds(seconds, share)
                self._search_anew(share)
            except BaseException as error:  # noqa: BLE001 (told in the thread that waits)
                failures.append(error)

        thread = threading.Thread(target=beside, daemon=True)
        if not self._is_over():
            thread.start()
            self._search_on(share)
            thread.join()
        if failures:
            raise failures[0]
        self.is_truncated |= share() >= 1

    def _search_on(self, share: Callable[[], float]) -> None:
        """One population for all the time there is."""
        while not self._is_over() and (now := share()) < 1:
            self._search.advance(CHUNK, now, self.bound)
            self._found(self._search.best, self._search.makespan)

    def _search_anew(self, share: Callable[[], float]) -> None:
        """Population after population, each for twice as long, for what a single one has settled away from."""
        length, seed = FIRST_LIFE, self._seed + 1
        widths = itertools.cycle((WIDER, WIDEST))
        while not self._is_over() and share() < 1:
            search, done = Search(self._packed, seed, next(widths)), 0
            while done < length and not self._is_over() and share() < 1:
                search.advance(CHUNK, done / length, self.bound)
                self._found(search.best, search.makespan)
                done += CHUNK
            length, seed = 2 * length, seed + 1

    def _prove_in_rounds(self, seconds: float, share: Callable[[], float]) -> None:
        """As long as each round finds or proves something, and its share of the time lasts."""
        length = FIRST_ROUND_S
        while not self._is_over() and (left := (PROOF_SHARE - share()) * seconds) > 0:
            known = self._gains
            self._prove(Budget(seconds=min(length, left)), lambda: self._is_over() or share() >= PROOF_SHARE)
            if self._gains == known:
                return
            length *= 2

    def _prove(self, budget: Budget, is_over: Callable[[], bool]) -> None:
        with self._lock:
            start, bound = self.start.copy(), self.bound
        prove(
            self._project,
            self._packed,
            start,
            bound,
            budget=budget,
            seed=self._seed,
            found=self._found_by_proof,
            raised=self._raised,
            is_over=is_over,
        )

    def _is_over(self) -> bool:
        if self._cancelled():
            self.is_truncated = True
        return self.makespan <= self.bound or self.is_truncated

    def _found(self, start: Ints, makespan: int) -> None:
        with self._lock:
            if makespan < self.makespan:
                self.start, self.makespan = start, makespan
                self._tell()

    def _found_by_proof(self, start: Ints, makespan: int) -> None:
        self._gains += makespan < self.makespan
        self._found(start, makespan)

    def _raised(self, bound: int) -> None:
        with self._lock:
            if bound > self.bound:
                self.bound = bound
                self._gains += 1
                self._tell()

    def _tell(self) -> None:
        if self._progress:
            self._progress(self.makespan, self.bound)
