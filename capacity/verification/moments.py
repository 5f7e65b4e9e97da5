"""Time for the checker: instants as seconds, local days and weekly hours, and what adds up moment by moment.

Instants are seconds since 1970 (UTC), so that intervals are plain numbers and no date a document may hold overflows.
Weekly hours keep their wall-clock hour when the clocks change. Which windows hold for whom is for `windows`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from capacity.calendar import WeeklySlot
from capacity.resources import TOLERANCE

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_SECONDS = 86_400
MINUTE_SECONDS = 60
LONGEST_DAYS = 400  # no step worth finding a window for is longer; keeps the search for windows finite
TIME_TOLERANCE = 1e-3  # seconds: instants are kept to the microsecond

Interval = tuple[float, float]


def zone_named(name: str) -> tzinfo | None:
    """The time zone of that name; None when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@dataclass(frozen=True)
class Clock:
    """Instants and local days of one time zone."""

    zone: tzinfo
    _midnights: dict[int, float] = field(default_factory=dict)
    _walls: dict[tuple[int, int], float] = field(default_factory=dict)

    def seconds(self, moment: datetime) -> float:
        """Seconds since 1970; a time without zone is taken as local."""
        aware = moment if moment.utcoffset() is not None else moment.replace(tzinfo=self.zone)
        return (aware - EPOCH).total_seconds()

    def moment(self, seconds: float) -> datetime | None:
        """The instant in local time; None when no date can hold it."""
        try:
            instant = EPOCH + timedelta(seconds=seconds)
        except (OverflowError, ValueError):
            return None
        with contextlib.suppress(OverflowError, ValueError):
            return instant.astimezone(self.zone)
        return instant

    def ordinal(self, seconds: float) -> int:
        """The local date an instant lies in, as a day number."""
        moment = self.moment(seconds)
        return moment.toordinal() if moment else 1

    def wall(self, ordinal: int, minute: int) -> float:
        """When it is `minute` minutes (by the wall clock) after the midnight that starts a local day."""
        day, minute = ordinal + minute // 1440, minute % 1440
        key = (day, minute)
        if key not in self._walls:
            self._walls[key] = self._wall(day, minute)
        return self._walls[key]

    def _wall(self, day: int, minute: int) -> float:
        clamped = min(max(day, date.min.toordinal() + 1), date.max.toordinal() - 1)
        local = datetime.fromordinal(clamped).replace(hour=minute // 60, minute=minute % 60, tzinfo=self.zone)
        return (local - EPOCH).total_seconds()

    def midnight(self, day: date) -> float:
        return self.wall(day.toordinal(), 0)

    def weekly(
        self,
        slots: Iterable[WeeklySlot],
        start: float,
        end: float,
        valid: tuple[date | None, date | None] = (None, None),
    ) -> list[Interval]:
        """The weekly hours that touch [start, end), unsorted; those that begin outside `valid` days left out."""
        if end - start > LONGEST_DAYS * DAY_SECONDS:
            end = start + LONGEST_DAYS * DAY_SECONDS
        first, last = self.ordinal(start), self.ordinal(end)
        low = valid[0].toordinal() if valid[0] else 0
        high = valid[1].toordinal() if valid[1] else date.max.toordinal()
        found = []
        for slot in slots:
            length = min(slot.duration_minutes, LONGEST_DAYS * 1440)
            reach = (slot.start_minute + length) // 1440 + 1
            if not 0 <= slot.weekday <= 6 or length <= 0 or not 0 <= slot.start_minute < 100 * 1440:
                continue
            for day in range(max(first - reach, low, 1), min(last, high) + 1):
                if (day - 1) % 7 == slot.weekday:
                    interval = (self.wall(day, slot.start_minute), self.wall(day, slot.start_minute + length))
                    if interval[0] < end and interval[1] > start:
                        found.append(interval)
        return found


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """Intervals in order, touching and overlapping ones joined."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1] + TIME_TOLERANCE:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def overlap(a: Interval, b: Interval) -> float:
    """Seconds two intervals share."""
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))


def beyond(value: float, limit: float) -> bool:
    """Whether a sum of floats passes a limit, and not only in its last places."""
    return value > limit + max(TOLERANCE, abs(limit) * 1e-9)


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit that was passed: since when, and by how much at the worst moment."""

    since: float
    over: float


def exceeded_by_arrivals(arrivals: Sequence[tuple[float, float]], limit: float) -> Exceeded | None:
    """Replay things that arrive and stay, as (moment, amount): since when they pass the limit, and by how much."""
    total, since, worst = 0.0, None, 0.0
    ordered = sorted(arrivals)
    for index, (moment, amount) in enumerate(ordered):
        total += amount
        at_once = index + 1 < len(ordered) and ordered[index + 1][0] == moment
        if not at_once and beyond(total, limit):
            since = moment if since is None else since
            worst = max(worst, total - limit)
    return None if since is None else Exceeded(since, worst)
