"""Which assets may share a group at all: by when they may be touched, how long they may be down, and what is split.

Each part belongs to one class of windows (the intervals that suit all its assets, and their least downtime budget) and
to the sides of the splits it is on. Classes get on when the windows have enough in common and no split is between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from capacity.belonging import Belonging
from capacity.timetable.move_groups_hard import Part, Side, is_one_sided
from capacity.timetable.windows import SLOT_MINUTES, Interval, Windows, intersected
from inventory.estate import Estate, Ref

KEPT = 0.75  # share of the time there is that a bundle's windows keep, so that it isn't dated late: an assumption
_Class = tuple[tuple[Interval, ...], int | None]
"""Intervals of slots, and the longest downtime in minutes (None: nobody said)."""


class Meeting:
    """Answers for the parts of one estate; a class is known by a number, windows from 0 up, sides below 0."""

    def __init__(self, estate: Estate, belonging: Belonging, windows: Windows, common_minutes: int) -> None:
        self._belonging, self._windows = belonging, windows
        self._budgets = {a.id: a.downtime_budget_minutes for a in estate.applications}
        self._common_minutes = common_minutes
        self._numbers: dict[_Class, int] = {}
        self._classes: list[_Class] = []
        self._sides: dict[Side, int] = {}
        self._side_of: dict[int, Side] = {}
        self._known: dict[frozenset[int], bool] = {}
        self._times: dict[frozenset[int], int] = {}

    def classes_of(self, part: Part, sides: Iterable[Side]) -> frozenset[int]:
        """The numbers of a part's windows and of the sides it is on."""
        intervals = tuple(self._windows.of_all(part.assets))
        found = self._number((intervals, self._budget(part.assets)))
        for side in sides:
            number = self._sides.setdefault(side, -1 - len(self._sides))
            self._side_of[number] = side
        return frozenset({found, *(self._sides[side] for side in sides)})

    def _number(self, found: _Class) -> int:
        if found not in self._numbers:
            self._numbers[found] = len(self._classes)
            self._classes.append(found)
        return self._numbers[found]

    def _budget(self, assets: Sequence[Ref]) -> int | None:
        budgets = {
            self._budgets.get(application)
            for asset in assets
            for application in self._belonging.applications_of.get(asset, ())
        }
        return min((budget for budget in budgets if budget is not None), default=None)

    def is_allowed(self, classes: frozenset[int]) -> bool:
        """Whether parts of these classes may share a group."""
        if classes not in self._known:
            self._known[classes] = self._judged(classes)
        return self._known[classes]

    def keeps_dates(self, one: frozenset[int], other: frozenset[int]) -> bool:
        """Whether a group of both has nearly as much time left as each: for what nothing holds together."""
        both = one | other
        if not self.is_allowed(both):
            return False
        least = KEPT * max(self._open(one), self._open(other))
        return self._open(both) >= least

    def _open(self, classes: frozenset[int]) -> int:
        """Slots within the horizon at which parts of all these classes may be touched."""
        if classes not in self._times:
            self._times[classes] = sum(end - begin for begin, end in self._common(classes))
        return self._times[classes]

    def _common(self, classes: frozenset[int]) -> list[Interval]:
        first, *others = [self._classes[number][0] for number in sorted(classes) if number >= 0] or [()]
        common = list(first)
        for intervals in others:
            common = intersected(common, list(intervals))
        return common

    def _judged(self, classes: frozenset[int]) -> bool:
        if not is_one_sided(self._side_of[number] for number in classes if number < 0):
            return False
        known = [self._classes[number] for number in classes if number >= 0]
        if len(known) < 2:
            return True  # alike: whether their windows are long enough is for the one who dates them
        budgets = [budget for _, budget in known if budget is not None]
        longest = max((end - begin for begin, end in self._common(classes)), default=0) * SLOT_MINUTES
        return min([longest, *budgets]) >= self._common_minutes
