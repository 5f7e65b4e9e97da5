"""Which steps decide when a plan ends, what holds each of them, and how much longer a step may take meanwhile.

The order comes from `uncertainty.network`: predecessors, rollback deadlines, what hands and lines are free, windows.
The chain is followed backwards from the step that ends last; a step's slack is found by making it longer and dating
everything anew. Times are as the simulation has them: nothing here proves a plan or changes one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from capacity.plan import Plan, Step
from capacity.solvers.simulation import NEVER, Course, Draws, Ints, followed, simulate
from capacity.timetable.windows import SLOT_MINUTES
from capacity.uncertainty.network import dated
from inventory.errors import InputError
from inventory.estate import Estate

SCHEMA_VERSION = "1"
SLOT = SLOT_MINUTES * 60
# How many quarters of an hour longer a step is tried to take: each half as long again as the one before.
LADDER = tuple(dict.fromkeys(int(1.5**n) for n in range(34)))


@dataclass(frozen=True, slots=True)
class Link:
    """A step of the chain. `held_by`: "step", it waits for step `after` to end (and `wait` more, a deadline); "hands",
    for what `after` holds (`resources`); "date", the plan dates it so and nothing before it on the plan holds it.

    `ready` is when that let it begin; where `start` is later, its window opened only then. `slack`: see `Slack`.
    """

    step: str
    kind: str
    group: str | None
    wave: int | None
    start: datetime
    end: datetime
    held_by: str
    after: str | None
    resources: tuple[str, ...]
    wait: timedelta
    ready: datetime
    slack: timedelta

    @property
    def waits_for_window(self) -> bool:
        return self.ready < self.start


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The chain from its first step to the one that ends last (`end`).

    `deciding`: every step that lies on such a chain where there are several, in the order of the plan's dates.
    """

    plan_hash: str
    end: datetime
    chain: tuple[Link, ...]
    deciding: tuple[str, ...]
    schema_version: str = SCHEMA_VERSION


class CriticalPaths:
    """The dated plan, read once, to ask for its chain and for the slack of any steps.

    Raises InputError for a plan without steps or out of order. The estate must be the one the plan was made from.
    """

    def __init__(self, estate: Estate, plan: Plan) -> None:
        if not plan.steps:
            raise InputError("the plan has no steps", remedy="nothing moves, so nothing decides its end")
        self._plan = plan
        self._dated = dated(estate, plan, keeps_date=(), expected={}, over={})
        self._index = {step.id: j for j, step in enumerate(self._dated.steps)}
        self._last = int(self._dated.end.max())
        self._slack: dict[int, int] = {}

    @cached_property
    def _course(self) -> Course:
        return followed(self._dated.network)

    @cached_property
    def path(self) -> CriticalPath:
        """The chain, with each step's slack."""
        links = self._backwards()
        self._find_slack([j for j, _, _ in links])
        chain = [self._link(j, before, by_hands=by_hands) for j, before, by_hands in reversed(links)]
        deciding = [self._dated.steps[j].id for j in np.flatnonzero(self._course.decides)]
        return CriticalPath(self._plan.content_hash, self._moment(self._last), tuple(chain), tuple(deciding))

    def slack(self, steps: Iterable[str]) -> dict[str, timedelta]:
        """How much longer each of these steps alone may take before the plan ends later, in whole quarters of an hour.

        A step that takes longer runs on past the end of its window; everything else waits and keeps its own windows.
        Delays are tried along a ladder, then ever finer below the first that moves the end: not every single one.
        Raises InputError for a step that the plan hasn't got.
        """
        wanted = list(dict.fromkeys(steps))
        for name in wanted:
            if name not in self._index:
                raise InputError(
                    f"the plan has no step {name!r:.60}", remedy="its steps have ids such as G0001-cutover"
                )
        self._find_slack([self._index[name] for name in wanted])
        return {name: timedelta(seconds=self._slack[self._index[name]] * SLOT) for name in wanted}

    # --- the chain ---------------------------------------------------------------------------------------------------

    def _backwards(self) -> list[tuple[int, int | None, bool]]:
        """From the step that ends last: each step, the one it waits for, and whether for what that holds."""
        course, found = self._course, []
        j: int | None = int(np.flatnonzero(self._dated.end == self._last)[-1])
        while j is not None:
            before, by_hands = self._before(j, course)
            found.append((j, before, by_hands))
            j = before
        return found

    def _before(self, j: int, course: Course) -> tuple[int | None, bool]:
        if course.blocker[j] >= 0:
            return int(course.blocker[j]), True
        own = self._arcs(j)
        held = [(ready, i) for i, ready in own if ready >= course.reason[j]]
        return (max(held)[1], False) if held else (None, False)

    def _arcs(self, j: int) -> list[tuple[int, int]]:
        """The steps one waits for, and when each lets it begin."""
        network, end = self._dated.network, self._dated.end
        arcs = range(int(network.before_at[j]), int(network.before_at[j + 1]))
        return [(int(network.before[e]), int(end[network.before[e]] + network.lag[e])) for e in arcs]

    def _link(self, j: int, before: int | None, *, by_hands: bool) -> Link:
        step, start = self._dated.steps[j], int(self._dated.start[j])
        after: Step | None = None
        resources: tuple[str, ...] = ()
        wait, ready = 0, start
        if before is not None:
            after = self._dated.steps[before]
            if by_hands:
                resources = _shared(after, step)
            else:
                ready = dict(self._arcs(j))[before]
                wait = ready - int(self._dated.end[before])
        return Link(
            step=step.id,
            kind=step.kind,
            group=step.group,
            wave=step.wave,
            start=step.start,
            end=step.end,
            held_by="date" if after is None else "hands" if by_hands else "step",
            after=after.id if after is not None else None,
            resources=resources,
            wait=timedelta(seconds=wait),
            ready=self._moment(min(ready, start)),
            slack=timedelta(seconds=self._slack[j] * SLOT),
        )

    def _moment(self, seconds: int) -> datetime:
        begin, zone = self._plan.calendar.start.timestamp(), ZoneInfo(self._plan.calendar.time_zone)
        return datetime.fromtimestamp(begin + seconds, zone)

    # --- slack -------------------------------------------------------------------------------------------------------

    def _find_slack(self, steps: list[int]) -> None:
        for j in sorted({j for j in steps if j not in self._slack}):
            # What a step holds up may let others pass: a longer delay sometimes moves the end less, so climb first.
            # Ending after all others moves the end itself.
            most = (self._last - int(self._dated.end[j])) // SLOT + 1
            rungs = np.array([*(rung for rung in LADDER if rung < most), most], dtype=np.int64)
            is_late = self._ends(np.full(rungs.size, j), rungs * SLOT) > self._last
            first = int(is_late.argmax())
            self._slack[j] = self._bisected(j, int(rungs[first - 1]) if first else 0, int(rungs[first]))

    def _bisected(self, j: int, stays: int, moves: int) -> int:
        """The quarters with which the end stays, one more moving it."""
        while moves - stays > 1:
            tried = np.unique(np.linspace(stays, moves, 10).astype(np.int64)[1:-1])
            tried = tried[(tried > stays) & (tried < moves)]
            is_late = self._ends(np.full(tried.size, j), tried * SLOT) > self._last
            first = int(is_late.argmax()) if is_late.any() else tried.size
            stays, moves = (
                int(tried[first - 1]) if first else stays,
                int(tried[first]) if first < tried.size else moves,
            )
        return stays

    def _ends(self, steps: Ints, longer: Ints) -> Ints:
        """When the plan ends, with one step so many seconds longer in each sample; NEVER beyond the horizon."""
        length = np.repeat(
            (self._dated.end - self._dated.start).astype(np.float64)[None, :], steps.size, axis=0
        )
        length[np.arange(steps.size), steps] += longer
        draws = Draws(length, np.zeros_like(length), np.zeros(length.shape[1]), 0.0, 0)
        ends: Ints = np.minimum(simulate(self._dated.network, draws).end.max(axis=1), NEVER)
        return ends


def _shared(before: Step, after: Step) -> tuple[str, ...]:
    """What one held until the other began and then holds: the one waited for what is in both, let go last."""
    wanted = {use.resource for use in after.uses}
    shared = [use for use in before.uses if use.resource in wanted and use.end <= after.start]
    last = max((use.end for use in shared), default=None)
    return tuple(sorted({use.resource for use in shared if use.end == last}))
