"""When and how each activity of a project with calendars runs, what that costs, and a bound on it.

A compiled local search finds schedules; CP-SAT proves small projects and makes stretches of larger ones better; prices
of resources bound what they can't prove. By default work is counted and one follows the other, so that the same project
and seed give the same answer; with `seconds` they run beside each other, by the caller's clock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.solvers.scheduling_bound import Prices, simple_bound
from capacity.solvers.scheduling_calendar import CalendarProject, tidy
from capacity.solvers.scheduling_ground import Ground, ground
from capacity.solvers.scheduling_improving import costs
from capacity.solvers.scheduling_local import LocalSearch
from capacity.solvers.scheduling_model import ask
from capacity.solvers.scheduling_project import Ints
from capacity.solvers.scheduling_proof import Budget

WORK = 16_000
"""Steps of the local search when no other budget is given."""
CHUNK = 50  # steps between looks at the clock
PRICING = 90  # steps of the prices; a third of them when they bring nothing
PRICE_SHARE = 0.3  # of the seconds, that they may take
PROOF_PER_STEP, MOST_PROOF = (
    1e-3,
    2.0,
)  # deterministic seconds of the whole model for each step of the search, at most
PARTS_PER_STEP = 1 / 4_000  # models of a part for each step of the search
PART_WORK, PART_S = 0.2, 2.0  # the budget of one
FIRST_SHARE = 0.2  # of the seconds, after which no further rule of priority is tried
PROOF_SHARE = 0.4  # of the seconds: the whole model's
FEWEST, MOST = 6, 200  # bundles in a part
WHOLE = 1_500  # modes up to which the whole project is asked at once
LARGE = 400_000  # and starts, window by window


@dataclass(frozen=True, slots=True)
class CalendarSchedule:
    """`start`, `end` [activities], −1 where left out; `mode` [activities]: the number among all modes, −1 too.

    `skipped`, `tardiness`, `completion` and `makespan` are the parts of the `cost`; no schedule costs less than
    `bound`. `status`: optimal when both meet; truncated when time or the caller ended the search; infeasible when it is
    proven that not all that must be placed can be, unknown when no schedule was found that does (in both, `start` has
    what found a place, and what `missing` counts of the bundles has none); else feasible.
    """

    start: Ints
    end: Ints
    mode: Ints
    skipped: int
    tardiness: int
    completion: int
    makespan: int
    cost: int
    bound: int
    status: str
    missing: int


def nobody_cancels() -> bool:
    """The default of `cancelled`."""
    return False


def solve_calendar(
    project: CalendarProject,
    *,
    seed: int = 0,
    work: int = WORK,
    is_proving: bool = True,
    seconds: float | None = None,
    clock: Callable[[], float] | None = None,
    cancelled: Callable[[], bool] = nobody_cancels,
    progress: Callable[[int, int], None] | None = None,
) -> CalendarSchedule:
    """A schedule of low cost with a bound. `work` counts steps of the search; `seconds` by `clock` replaces it.

    Without `is_proving` counted work is all the search's: for who wants a schedule soon and no bound but the simplest.

    `cancelled` is asked and `progress` told (cost, bound) now and then. Raises ProjectError, naming the activity and a
    remedy, on nonsense and where something that must be placed has no place even alone.
    """
    if seconds is not None and clock is None:
        raise ValueError("a budget in seconds needs a clock to read them from")
    begun = clock() if clock is not None else 0.0

    def is_enough() -> bool:
        is_late = seconds is not None and clock is not None and clock() - begun > FIRST_SHARE * seconds
        return is_late or cancelled()

    project = tidy(project)
    race = _Race(project, ground(project), seed, cancelled, progress, is_enough)
    if seconds is not None and clock is not None:
        race.run(seconds, begun, clock)
    elif is_proving:
        race.count(work)
    else:
        race.search(work)
    return race.answer()


class _Race:
    """What search, model and prices know together: the best schedule and the best bound."""

    def __init__(
        self,
        project: CalendarProject,
        g: Ground,
        seed: int,
        cancelled: Callable[[], bool],
        progress: Callable[[int, int], None] | None,
        is_enough: Callable[[], bool],
    ) -> None:
        self._project, self._ground, self._seed = project, g, seed
        self._cancelled, self._progress = cancelled, progress
        self._lock = threading.Lock()
        self._bound = simple_bound(project, g)
        self._is_truncated = self._is_infeasible = False
        self._search = LocalSearch(project, g, seed, is_enough)
        self._start, self._mode = self._search.start.copy(), self._search.mode.copy()
        self._cost, self._missing = self._priced(self._start, self._mode)
        self._chance = np.random.default_rng(seed)
        self._size = 2.0 * FEWEST
        starts = int((g.slot_end - g.slot_at).sum())
        self._is_small = project.modes <= WHOLE and starts <= LARGE
        self._tell()

    # --- budgets --------------------------------------------------------------------------------------------------

    def search(self, work: int) -> None:
        """Nothing but the search."""
        self._search_for(work, 0.0, 1.0)

    def count(self, work: int) -> None:
        """Half of the search, prices, the whole model, the other half with models of parts in between."""
        if not work:
            return
        self._search_for(work // 2, 0.0, 0.5)
        self._price(self._is_over)
        if self._is_small and not self._is_over():
            self._ask_whole(Budget(work=min(work * PROOF_PER_STEP, MOST_PROOF)), self._is_over)
        parts = 0 if self._is_small else max(1, round(work * PARTS_PER_STEP))
        self._hand_over()
        for part in range(parts):
            if self._is_over():
                return
            self._ask_part(Budget(work=PART_WORK), self._is_over)
            self._hand_over()
            self._search_for(work // 2 // parts, 0.5 + 0.5 * part / parts, 0.5 / parts)
        if not parts:
            self._search_for(work - work // 2, 0.5, 0.5)

    def _search_for(self, steps: int, share: float, more: float) -> None:
        done = 0
        while done < steps and not self._is_over():
            self._search.advance(min(CHUNK, steps - done), share + more * done / steps)
            self._found(self._search.start, self._search.mode)
            done += CHUNK

    def run(self, seconds: float, begun: float, clock: Callable[[], float]) -> None:
        """The search, and beside it the prices and the models."""

        def share() -> float:
            return (clock() - begun) / seconds if seconds > 0 else 1.0

        def is_late() -> bool:
            return self._is_over() or share() >= 1

        failures: list[BaseException] = []

        def beside() -> None:
            try:
                self._price(lambda: self._is_over() or share() >= PRICE_SHARE)
                if self._is_small and not is_late():
                    left = max(PROOF_SHARE - share(), 0.05) * seconds
                    self._ask_whole(Budget(seconds=left), is_late)
                while not is_late():
                    self._ask_part(Budget(seconds=min(PART_S, (1 - share()) * seconds)), is_late)
            except BaseException as error:  # noqa: BLE001 (told in the thread that waits)
                failures.append(error)

        if not is_late():
            thread = threading.Thread(target=beside, daemon=True)
            thread.start()
            while not is_late() and not failures:
                self._hand_over()
                self._search.advance(CHUNK, share())
                self._found(self._search.start, self._search.mode)
            thread.join()
        if failures:
            raise failures[0]
        self._is_truncated |= share() >= 1

    # --- the three ------------------------------------------------------------------------------------------------

    def _price(self, is_over: Callable[[], bool]) -> None:
        if is_over() or self._missing:
            return
        last = int((self._start + self._project.duration[self._mode]).max(initial=1))
        prices, before = Prices(self._project, self._ground, last), self._bound
        for done in range(0, PRICING, 10):
            prices.raise_bound(10, self._cost)
            self._raised(prices.bound)
            if is_over() or (done >= PRICING // 3 and self._bound == before):
                return

    def _ask_whole(self, budget: Budget, is_over: Callable[[], bool]) -> None:
        every = np.ones(self._ground.skip.size, dtype=np.bool_)
        self._ask(every, budget, is_over, self._raised)

    def _ask_part(self, budget: Budget, is_over: Callable[[], bool]) -> None:
        """A part of so many bundles that most are answered, but not at once."""
        part = self._part(int(self._size))
        if self._ask(part, budget, is_over, lambda _: None):
            self._size = min(self._size * 1.1, MOST)
        else:
            self._size = max(self._size * 0.8, FEWEST)

    def _ask(
        self,
        free: NDArray[np.bool_],
        budget: Budget,
        is_over: Callable[[], bool],
        raised: Callable[[int], None],
    ) -> bool:
        with self._lock:
            start, mode, cost, missing = self._start.copy(), self._mode.copy(), self._cost, self._missing
        if missing and not free.all():
            free = free | (self._ground.must == 1)
        answer = ask(
            self._project,
            self._ground,
            start,
            mode,
            free,
            below=None if missing else cost,
            budget=budget,
            seed=self._seed,
            found=self._found,
            raised=raised,
            is_over=is_over,
        )
        if free.all():
            if answer.is_exhausted and missing and self._missing:
                self._is_infeasible = True
            elif answer.bound is not None:
                raised(answer.bound)
        return answer.is_exhausted

    def _part(self, size: int) -> NDArray[np.bool_]:
        """Bundles near each other in time, half of the time on one resource, with some that are left out."""
        g, chance = self._ground, self._chance
        free = np.zeros(g.skip.size, dtype=np.bool_)
        is_possible = (g.never == 0) & (np.diff(g.member_at) > 0)
        with self._lock:
            start = self._start.copy()
        first = np.full(g.skip.size, -1, dtype=np.int64)
        first[is_possible] = start[g.member[g.member_at[:-1][is_possible]]]
        candidates = np.flatnonzero(first >= 0)
        if self._project.resources and chance.random() < 0.5:
            users = self._users(int(chance.integers(self._project.resources)))
            candidates = candidates[users[candidates]]
        out = np.flatnonzero(is_possible & (first < 0))
        free[chance.permutation(out)[: max(2, size // 4)]] = True
        if candidates.size:
            centre = first[chance.choice(candidates)]
            near = np.argsort(np.abs(first[candidates] - centre), kind="stable")[:size]
            free[candidates[near]] = True
        return free

    def _users(self, resource: int) -> NDArray[np.bool_]:
        project = self._project
        whose = project.activity_of_mode()[np.repeat(np.arange(project.modes), np.diff(project.need_at))]
        users = np.zeros(self._ground.skip.size, dtype=np.bool_)
        users[project.bundle[whose[project.need_resource == resource]]] = True
        return users

    # --- what is known --------------------------------------------------------------------------------------------

    def _priced(self, start: Ints, mode: Ints) -> tuple[int, int]:
        *parts, missing = costs(self._ground, start, mode)
        return int(sum(parts)), int(missing)

    def _is_over(self) -> bool:
        if self._cancelled():
            self._is_truncated = True
        is_proven = not self._missing and self._cost <= self._bound
        return is_proven or self._is_infeasible or self._is_truncated

    def _hand_over(self) -> None:
        """Let the search go on from what a model found."""
        with self._lock:
            start, mode = self._start.copy(), self._mode.copy()
        self._search.take(start, mode)

    def _found(self, start: Ints, mode: Ints) -> None:
        cost, missing = self._priced(start, mode)
        with self._lock:
            if (missing, cost) < (self._missing, self._cost):
                self._start, self._mode = start.copy(), mode.copy()
                self._cost, self._missing = cost, missing
                self._tell()

    def _raised(self, bound: int) -> None:
        with self._lock:
            if bound > self._bound:
                self._bound = bound if self._missing else min(bound, self._cost)
                self._tell()

    def _tell(self) -> None:
        if self._progress and not self._missing:
            self._progress(self._cost, self._bound)

    def answer(self) -> CalendarSchedule:
        """The best there is, and what is known of it."""
        skipped, tardy, ended, last, missing = costs(self._ground, self._start, self._mode)
        if missing:
            status = "infeasible" if self._is_infeasible else "unknown"
        elif self._cost <= self._bound:
            status = "optimal"
        else:
            status = "truncated" if self._is_truncated else "feasible"
        end = np.where(self._start >= 0, self._start + self._project.duration[self._mode], -1)
        return CalendarSchedule(
            self._start,
            end,
            self._mode,
            int(skipped),
            int(tardy),
            int(ended),
            int(last),
            self._cost,
            self._bound,
            status,
            int(missing),
        )
