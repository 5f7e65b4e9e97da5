"""A step on other dates: as long as wanted, with what it holds, and with more hands where it may not last longer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from capacity.plan import Step, Use
from capacity.timetable.windows import SLOT_MINUTES, Grid

HANDS = ("crew", "engineer")
SLOT_SECONDS = SLOT_MINUTES * 60


class Retiming:
    """Steps of one plan on one grid of slots."""

    def __init__(self, grid: Grid, most: Mapping[str, float]) -> None:
        """`most`: the most there ever is of each resource."""
        self.grid = grid
        self._most = most

    def span(self, step: Step) -> tuple[int, int]:
        """The slots a step touches."""
        return self.grid.floor(step.start), self.grid.ceil(step.end)

    def slots(self, step: Step, factor: float = 1.0) -> int:
        """How many slots a step lasts when it takes `factor` times its planned duration."""
        seconds = step.end.timestamp() - step.start.timestamp()
        return max(1, math.ceil(seconds * factor / SLOT_SECONDS - 1e-9))

    def variants(self, step: Step, factor: float) -> list[tuple[Step, int]]:
        """The step as it may be given `factor` times its work: with its hands and the slots it then lasts; else as
        long as planned with more of the same hands, where that shortens it and there ever are so many.
        """
        planned = self.slots(step)
        longer = self.slots(step, factor) if factor > 1.0 else planned
        found = [(step, longer)]
        times = self._hands(step, planned * SLOT_MINUTES, factor)
        if longer == planned or times is None:
            return found
        uses = []
        for use in step.uses:
            amount = math.ceil(use.amount * times - 1e-9) if use.resource in HANDS else use.amount
            if amount > self._most.get(use.resource, amount):
                return found
            uses.append(replace(use, amount=float(amount)))
        if tuple(uses) != step.uses:
            found.append((replace(step, uses=tuple(uses)), planned))
        return found

    def _hands(self, step: Step, minutes: int, factor: float) -> float | None:
        """How many times its hands a step needs to take as long as planned with `factor` times the work; None where no
        hands would do. What is driven takes its time whatever the hands.
        """
        if step.kind == "replicate":
            return None
        driven = self.grid.calendar.work.transport_minutes if step.kind == "relocate" else 0.0
        left = minutes / factor - driven
        return (minutes - driven) / left if left > 0 else None

    def at(self, step: Step, start: int, slots: int, *, hold_until: int | None = None) -> Step:
        """The step from a slot on, so long. What it holds after its end it holds until slot `hold_until`, or as long
        after its end as before. A step that stays where it is stays as it is, to the byte.
        """
        first, last = self.span(step)
        begins = step.start if start == first else self.grid.moment(start)
        ends = step.end if (start, slots) == (first, last - first) else self.grid.moment(start + slots)
        uses = tuple(
            use
            for old in step.uses
            if (use := self._use(step, old, (first, last), (start, start + slots), hold_until)) is not None
        )
        deadline = step.rollback_deadline
        if deadline is not None and ends != step.end:
            kept = math.ceil((deadline.timestamp() - step.end.timestamp()) / SLOT_SECONDS - 1e-9)
            deadline = self.grid.moment(start + slots + kept)
        return replace(step, start=begins, end=ends, uses=uses, rollback_deadline=deadline)

    def _use(
        self, step: Step, use: Use, was: tuple[int, int], now: tuple[int, int], hold_until: int | None
    ) -> Use | None:
        """What is held after the end goes on until then; a part of the step's time is the same part of the new one."""
        first, last = self.grid.floor(use.start), self.grid.ceil(use.end)
        begin, end = self._mapped(first, was, now), self._mapped(last, was, now)
        if use.start >= step.end:
            begin = now[1]
        if use.end > step.end:
            end = hold_until if hold_until is not None else end
        if end <= begin:
            return None
        start = use.start if begin == first else self.grid.moment(begin)
        until = use.end if end == last else self.grid.moment(end)
        return use if (start, until) == (use.start, use.end) else replace(use, start=start, end=until)

    @staticmethod
    def _mapped(slot: int, was: tuple[int, int], now: tuple[int, int]) -> int:
        """A slot within the old span as the same share of the new one; after it, so long after the new one."""
        if slot >= was[1]:
            return now[1] + slot - was[1]
        if slot <= was[0]:
            return now[0]
        return now[0] + math.ceil((slot - was[0]) * (now[1] - now[0]) / (was[1] - was[0]))
