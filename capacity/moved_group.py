"""A plan in which one move group has other dates, and what `verify` says of it that it didn't say before.

All steps of the group go together and keep their hours on the clock; nothing else is dated anew. What comes of it is
shown to a person, never written as a plan: a person's wish is pinned, and the next planning keeps to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from capacity.facility import Facility
from capacity.plan import MoveGroup, Plan, Step, Use, sealed
from capacity.timetable.windows import Windows
from capacity.verify import Violation, check
from inventory.errors import InputError
from inventory.estate import Estate

TOUCHING = ("cutover", "relocate")


class MovedGroup:
    """One group of a plan, to be tried on other dates. Raises InputError for one that is not there, or undated."""

    def __init__(
        self,
        estate: Estate,
        facility: Facility,
        plan: Plan,
        group: str,
        before: Iterable[Violation] | None = None,
    ) -> None:
        """`before`: what the plan itself is known to break; None where nobody has checked it yet."""
        self._estate, self._facility, self._plan = estate, facility, plan
        self._before = before
        self.steps = tuple(step for step in plan.steps if step.group == group)
        self.touching = tuple(step for step in self.steps if step.kind in TOUCHING)
        found: MoveGroup | None = next((g for g in plan.groups if g.id == group), None)
        if found is None or not self.touching:
            raise InputError(
                f"the plan has no dated group {group!r:.40}", remedy="choose one of the plan's groups"
            )
        self.group = found
        self._zone = ZoneInfo(plan.calendar.time_zone)

    @cached_property
    def before(self) -> frozenset[Violation]:
        """What the plan itself breaks."""
        known = self._before
        return frozenset(check(self._estate, self._facility, self._plan) if known is None else known)

    @cached_property
    def _windows(self) -> Windows:
        return Windows(self._estate, self._plan.calendar)

    def plan(self, by: timedelta) -> Plan:
        """The plan with the group's steps so much later (or earlier) on the clock."""
        moved = {step.id: self._moved(step, by) for step in self.steps}
        steps = sorted((moved.get(s.id, s) for s in self._plan.steps), key=lambda s: (s.start, s.id))
        return sealed(replace(self._plan, steps=tuple(steps)))

    def span(self, by: timedelta = timedelta()) -> tuple[datetime, datetime]:
        """From when until when its assets are touched."""
        first = min(step.start for step in self.touching)
        last = max(step.end for step in self.touching)
        return self._later(first, by), self._later(last, by)

    def broken(self, by: timedelta) -> tuple[Violation, ...]:
        """The rules that are broken with these dates and weren't without."""
        before = self.before
        return tuple(v for v in check(self._estate, self._facility, self.plan(by)) if v not in before)

    def window(self, by: timedelta, direction: int) -> timedelta | None:
        """The shift to the next (or, below 0, the last) beginning of a window in which all of it may be touched."""
        grid, windows = self._windows.grid, self._windows
        first = min(self.touching, key=lambda step: (step.start, step.id))
        begin = self._later(first.start, by)
        opens = [
            grid.moment(left)
            for left, _ in windows.of_all([move.asset for step in self.touching for move in step.moves])
        ]
        later = [moment for moment in opens if (moment > begin if direction > 0 else moment < begin)]
        for moment in later if direction > 0 else reversed(later):
            shift = moment.replace(tzinfo=None) - first.start.astimezone(self._zone).replace(tzinfo=None)
            if all(self._fits(step, shift) for step in self.touching):
                return shift
        return None

    def _fits(self, step: Step, by: timedelta) -> bool:
        grid = self._windows.grid
        first, last = grid.floor(self._later(step.start, by)), grid.ceil(self._later(step.end, by))
        allowed = self._windows.of_all([move.asset for move in step.moves])
        return any(begin <= first and last <= end for begin, end in allowed)

    def _moved(self, step: Step, by: timedelta) -> Step:
        uses = tuple(
            Use(use.resource, use.amount, self._later(use.start, by), self._later(use.end, by))
            for use in step.uses
        )
        deadline = step.rollback_deadline
        return replace(
            step,
            start=self._later(step.start, by),
            end=self._later(step.end, by),
            uses=uses,
            rollback_deadline=self._later(deadline, by) if deadline is not None else None,
        )

    def _later(self, moment: datetime, by: timedelta) -> datetime:
        """So much later on the clock: 22:00 stays 22:00 when days pass, whether or not the clocks change between."""
        return moment.astimezone(self._zone) + by if by else moment
