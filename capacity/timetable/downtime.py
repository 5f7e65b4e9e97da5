"""How long applications are down whose parts move in several groups, one straight after another.

Each group keeps within the budgets of its applications (`group_work`). Two groups of one application that overlap or
follow each other without a break keep it down for the time of both. The rule is DOWNTIME of docs/reference/rules.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from capacity.belonging import Belonging
from capacity.timetable.windows import SLOT_MINUTES, Interval
from inventory.estate import Estate, Ref


class Downtimes:
    """When applications with a budget are down; slots, half-open."""

    def __init__(self, estate: Estate, belonging: Belonging) -> None:
        self._belonging = belonging
        self._budgets = {
            a.id: a.downtime_budget_minutes
            for a in estate.applications
            if a.downtime_budget_minutes is not None
        }
        self._down: dict[int, list[Interval]] = defaultdict(list)

    def is_within(self, assets: Iterable[Ref], start: int, end: int) -> bool:
        """Whether moving assets from `start` to `end` keeps none of their applications down for too long.

        Only where another group keeps one down right before, meanwhile or right after; for a group by itself
        `group_work` has seen to it.
        """
        return all(
            (last - first) * SLOT_MINUTES <= self._budgets[number]
            for number in self._budgeted(assets)
            if number in self._down
            for first, last in [self._around(number, start, end)]
            if (first, last) != (start, end)
        )

    def take(self, assets: Iterable[Ref], start: int, end: int) -> None:
        """Note that assets move from `start` to `end`."""
        for number in self._budgeted(assets):
            self._down[number].append((start, end))

    def _around(self, number: int, start: int, end: int) -> Interval:
        """How long without a break an application is down around a time at which it is."""
        left = list(self._down[number])
        while near := [span for span in left if span[0] <= end and span[1] >= start]:
            left = [span for span in left if span not in near]
            start, end = min(start, *(a for a, _ in near)), max(end, *(b for _, b in near))
        return start, end

    def _budgeted(self, assets: Iterable[Ref]) -> set[int]:
        known = self._belonging.applications_of
        return {number for ref in assets for number in known.get(ref, ()) if number in self._budgets}
