"""When things happen in a wave: T-minus, the nights it falls into, and until when a step can be turned back.

A step can be undone within its window only when the way back begins early enough: no later than the window's end less
the time the way back takes. The plan's rollback deadline is another thing: until then the source stays reserved, and
going back takes a window of its own. Times on the sheet are local; everything is computed on instants.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from operator import itemgetter
from zoneinfo import ZoneInfo

from capacity.addresses import Addresses, address_ranges
from capacity.plan import Plan, Step
from capacity.timetable.cut_flows import CutFlow, cut_flows
from capacity.timetable.windows import Windows
from inventory.estate import Estate
from playbooks.scope import WaveScope

TURNABLE = ("cutover", "relocate")
# Assumptions about how a night is led; a preflight may be this old at most (role `cutover`).
PREFLIGHT_BEFORE = timedelta(hours=24)
DECIDE_BEFORE = timedelta(hours=1)
NIGHT_GAP = timedelta(hours=4)  # so long without a step under way, and another night begins
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """Until when one step can be turned back.

    `window_end`: the end of the stretch in which every asset of the step may be touched; None: no window of the plan
    holds the step, and the wave's end stands in for it. `back_minutes`: the way back, taken to last as long as the
    way there with the same hands, waiting for a van with data left out. `by`: the last moment at which the way back
    may begin and still end in the window.
    """

    step: Step
    window_end: datetime | None
    ends_by: datetime
    back_minutes: float

    @property
    def by(self) -> datetime:
        # In UTC: within one zone a difference is wall-clock time, and wrong in the night the clocks change.
        last = self.ends_by.astimezone(UTC) - timedelta(minutes=self.back_minutes)
        deadline = self.step.rollback_deadline
        return last if deadline is None else min(last, deadline.astimezone(UTC))

    @property
    def spare_minutes(self) -> float:
        """Minutes between the planned end of the step and the last moment; negative: it comes while the step runs."""
        return minutes_between(self.step.end, self.by)

    @property
    def is_final(self) -> bool:
        """Whether the whole way back no longer fits the window once the step has begun."""
        return self.by.astimezone(UTC) <= self.step.start.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Night:
    """Steps that leave their sources in one stretch of work; counted from 1 within the wave."""

    number: int
    turns: tuple[Turn, ...]

    @property
    def start(self) -> datetime:
        return min(turn.step.start for turn in self.turns)

    @property
    def end(self) -> datetime:
        return max(turn.step.end for turn in self.turns)

    @property
    def preflight_from(self) -> datetime:
        """Before this, a preflight is too old for the night's first step."""
        return self.start.astimezone(UTC) - PREFLIGHT_BEFORE

    @property
    def decide_at(self) -> datetime:
        return self.start.astimezone(UTC) - DECIDE_BEFORE

    @property
    def no_return(self) -> datetime:
        """The first moment after which something of this night can no longer go back within its window."""
        return min(turn.by for turn in self.turns)


@dataclass(frozen=True)
class Timing:
    """Answers for one estate and one plan; built once and asked for every wave."""

    estate: Estate
    plan: Plan

    def turn(self, step: Step, scope: WaveScope) -> Turn:
        """Until when a cutover or relocation of the wave can be turned back."""
        end = self.window_end(step)
        return Turn(step, end, end or scope.end or step.end, self._back_minutes(step))

    def _back_minutes(self, step: Step) -> float:
        """As long as the way there; where a van brought data, only as long as the engineers work: none go back."""
        there = minutes_between(step.start, step.end)
        if step.kind != "cutover" or not step.by:
            return there
        engineers = max((use.amount for use in step.uses if use.resource == "engineer"), default=1.0)
        return min(there, len(step.moves) * self.plan.calendar.work.cutover_minutes / engineers)

    def turns(self, scope: WaveScope) -> tuple[Turn, ...]:
        """Of every cutover and relocation of the wave, in order."""
        return tuple(self.turn(step, scope) for step in scope.steps if step.kind in TURNABLE)

    def nights(self, scope: WaveScope) -> tuple[Night, ...]:
        """The wave's cutovers and relocations by stretches of work."""
        groups: list[list[Turn]] = []
        until: datetime | None = None
        for turn in self.turns(scope):
            if until is None or minutes_between(until, turn.step.start) >= NIGHT_GAP / _MINUTE:
                groups.append([])
            groups[-1].append(turn)
            until = max(until, turn.step.end) if until else turn.step.end
        return tuple(Night(number, tuple(turns)) for number, turns in enumerate(groups, start=1))

    def window_end(self, step: Step) -> datetime | None:
        """The end of the stretch that suits all assets of the step and holds it whole, in the planning zone."""
        grid = self.windows.grid
        allowed = self.windows.of_all(move.asset for move in step.moves)
        begin, end = grid.floor(step.start), grid.ceil(step.end)
        place = bisect_right(allowed, begin, key=itemgetter(0)) - 1
        return grid.moment(allowed[place][1]) if place >= 0 and end <= allowed[place][1] else None

    @cached_property
    def cut_flows(self) -> dict[str, tuple[CutFlow, ...]]:
        """By group the flows between it and assets elsewhere, and when they cross sites."""
        return cut_flows(self.estate, self.plan)

    @cached_property
    def addresses(self) -> Addresses:
        """The prefixes that move, stretch or lose members."""
        return address_ranges(self.estate, self.plan)

    @cached_property
    def windows(self) -> Windows:
        return Windows(self.estate, self.plan.calendar)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.plan.calendar.time_zone)

    def local(self, moment: datetime) -> datetime:
        """A moment on the clocks of the planning zone."""
        return moment.astimezone(self.zone)


def minutes_between(first: datetime, second: datetime) -> float:
    """Real minutes from one moment to another, whatever zones they carry."""
    return (second.astimezone(UTC) - first.astimezone(UTC)) / _MINUTE
