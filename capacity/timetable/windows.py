"""When an asset may be touched: its windows, minus freezes, holidays and what lies outside its pins, on one grid.

Windows are those of the asset's applications, else of its tenant, else of its site, else the calendar's default
(docs/reference/rules.md, Time). The grid starts at the calendar's start; a slot is `SLOT_MINUTES` long. Weekly times
are local, so that a window keeps its hour when the clocks change.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from operator import itemgetter
from zoneinfo import ZoneInfo

from capacity.belonging import Belonging
from capacity.calendar import Calendar, CalendarResource, WeeklySlot
from inventory.estate import ChangeWindow, Constraint, Estate, Ref

SLOT_MINUTES = 15
EARLIEST_YEAR, LATEST_YEAR = 1904, 2996  # leap years, far beyond any horizon
Interval = tuple[int, int]


@dataclass(frozen=True)
class Grid:
    """The slots of a calendar: slot 0 starts at `calendar.start`."""

    calendar: Calendar

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.calendar.time_zone)

    @cached_property
    def slots(self) -> int:
        return self.floor(self.calendar.horizon_end)

    def floor(self, moment: datetime) -> int:
        """The slot a moment lies in; negative before the start."""
        return int(self._seconds(moment) // (SLOT_MINUTES * 60))

    def ceil(self, moment: datetime) -> int:
        """The first slot that starts at or after a moment."""
        return -int(-self._seconds(moment) // (SLOT_MINUTES * 60))

    def _seconds(self, moment: datetime) -> float:
        """Real seconds since the start; a difference within one zone would be wall-clock time."""
        year = min(max(moment.year, EARLIEST_YEAR), LATEST_YEAR)  # so that no zone shifts it off the calendar
        if year != moment.year:
            moment = moment.replace(year=year)
        return (moment.astimezone(UTC) - self.calendar.start.astimezone(UTC)).total_seconds()

    def moment(self, slot: int) -> datetime:
        """When a slot starts, in the planning zone."""
        utc = self.calendar.start.astimezone(UTC) + timedelta(minutes=SLOT_MINUTES * slot)
        return utc.astimezone(self.zone)

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone)

    def weekly(
        self, slots: Iterable[WeeklySlot], first: date | None = None, last: date | None = None
    ) -> list[Interval]:
        """The intervals of weekly slots within the horizon, between two days (inclusive), merged."""
        day = self.calendar.start.date() - timedelta(days=7)
        final = self.calendar.horizon_end.date()
        by_weekday: dict[int, list[WeeklySlot]] = defaultdict(list)
        for slot in slots:
            by_weekday[slot.weekday].append(slot)
        found: list[Interval] = []
        while day <= final:
            if (first is None or day >= first) and (last is None or day <= last):
                found.extend(self._on_day(day, by_weekday.get(day.weekday(), [])))
            day += timedelta(days=1)
        return merged(found, self.slots)

    def _on_day(self, day: date, slots: list[WeeklySlot]) -> Iterable[Interval]:
        for slot in slots:
            # Wall-clock arithmetic: 22:00 to 06:00 stays that when the clocks change in between.
            start = self.midnight(day) + timedelta(minutes=slot.start_minute)
            end = start + timedelta(minutes=slot.duration_minutes)
            yield self.ceil(start), self.floor(end)

    @cached_property
    def holidays(self) -> list[Interval]:
        days = (self.midnight(day) for day in self.calendar.holidays)
        return merged(
            [(self.floor(d), self.ceil(self.midnight(d.date() + timedelta(days=1)))) for d in days],
            self.slots,
        )

    def availability(self, resource: CalendarResource) -> list[Interval]:
        """Where the resource's usual slots lie; everywhere when it has none."""
        return self.weekly(resource.slots) if resource.slots else [(0, self.slots)]


class Windows:
    """The allowed intervals of assets of one estate, each computed once per distinct set of windows and freezes."""

    def __init__(self, estate: Estate, calendar: Calendar) -> None:
        self.grid = Grid(calendar)
        self._estate = estate
        self._belonging = Belonging(estate)
        self._windows: dict[Ref, list[ChangeWindow]] = defaultdict(list)
        for window in estate.change_windows:
            self._windows[window.object].append(window)
        self._freezes: dict[Ref, list[Interval]] = defaultdict(list)
        for constraint in estate.constraints:
            for member in constraint.members if constraint.kind in {"freeze", "pin"} else ():
                self._freezes[member].extend(self._closed(constraint))
        self._close_for_schools()
        self._cache: dict[tuple[Ref, ...], list[Interval]] = {}
        self._common: dict[tuple[tuple[Ref, ...], ...], list[Interval]] = {}
        self._weekly: dict[tuple[WeeklySlot, date | None, date | None], list[Interval]] = {}

    def _close_for_schools(self) -> None:
        """Add to the freezes of tenants and sites what their rules on school holidays rule out."""
        grid, calendar = self.grid, self.grid.calendar
        for rule in calendar.school_rules:
            days = [(h.first, h.last) for h in calendar.school_holidays if h.community == rule.community]
            held = [
                (grid.floor(grid.midnight(first)), grid.ceil(grid.midnight(last + timedelta(days=1))))
                for first, last in days
            ]
            if rule.moves == "only":
                inner = [
                    (grid.ceil(grid.midnight(first)), grid.floor(grid.midnight(last + timedelta(days=1))))
                    for first, last in days
                ]
                held = without([(0, grid.slots)], merged(inner, grid.slots))
            named = [Ref("tenants", t.id) for t in self._estate.tenants if t.slug in rule.tenants]
            named += [Ref("sites", s.id) for s in self._estate.sites if s.slug in rule.sites]
            for holder in named:
                self._freezes[holder].extend(held)

    def _closed(self, constraint: Constraint) -> Iterable[Interval]:
        """When a freeze lets nothing move, a pin not yet or no longer; open on the side of a date that is missing."""
        start, end = constraint.start, constraint.end
        if constraint.kind == "freeze":
            yield self.grid.floor(start) if start else 0, self.grid.ceil(end) if end else self.grid.slots
            return
        if start is not None:
            yield 0, self.grid.ceil(start)
        if end is not None:
            yield self.grid.floor(end), self.grid.slots

    def of(self, ref: Ref) -> list[Interval]:
        """Intervals of slots in which a cutover or relocation of this asset may lie."""
        key = self.key_of(ref)
        if key not in self._cache:
            self._cache[key] = self._allowed(key)
        return self._cache[key]

    def of_all(self, refs: Iterable[Ref]) -> list[Interval]:
        """Intervals allowed for every one of the assets."""
        keys = tuple(sorted({self.key_of(ref) for ref in refs}))
        if keys not in self._common:
            result: list[Interval] = [(0, self.grid.slots)]
            for key in keys:
                if key not in self._cache:
                    self._cache[key] = self._allowed(key)
                result = intersected(result, self._cache[key])
            self._common[keys] = result
        return self._common[keys]

    def key_of(self, ref: Ref) -> tuple[Ref, ...]:
        """All that an asset's windows depend on: its applications, tenant, site; itself where frozen or pinned."""
        asset = self._estate.find(ref)
        parts = [Ref("applications", a) for a in self._belonging.applications_of.get(ref, ())]
        if asset is not None and asset.tenant_id is not None:
            parts.append(Ref("tenants", asset.tenant_id))
        site_id = self._belonging.site_of(ref)
        if site_id is not None:
            parts.append(Ref("sites", site_id))
        if ref in self._freezes:
            parts.append(ref)
        return tuple(part for part in parts if part in self._windows or part in self._freezes)

    def _allowed(self, key: tuple[Ref, ...]) -> list[Interval]:
        result: list[Interval] = [(0, self.grid.slots)]
        applications = [part for part in key if part.kind == "applications" and part in self._windows]
        if applications:
            for application in applications:
                result = intersected(result, self._intervals(application))
        else:
            holder = next(
                (p for kind in ("tenants", "sites") for p in key if p.kind == kind and p in self._windows),
                None,
            )
            own = self._intervals(holder) if holder else self.grid.weekly(self.grid.calendar.default_windows)
            result = intersected(result, own)
        for part in key:
            result = without(result, merged(self._freezes.get(part, []), self.grid.slots))
        return without(result, self.grid.holidays)

    def _intervals(self, holder: Ref) -> list[Interval]:
        found: list[Interval] = []
        for window in self._windows[holder]:
            slot = WeeklySlot(window.weekday, window.start_minute, window.duration_minutes)
            key = (slot, window.valid_from, window.valid_until)
            if key not in self._weekly:
                self._weekly[key] = self.grid.weekly([slot], window.valid_from, window.valid_until)
            found.extend(self._weekly[key])
        return merged(found, self.grid.slots)


def merged(intervals: Iterable[Interval], slots: int) -> list[Interval]:
    """Sorted, clipped to [0, slots), overlapping and touching ones joined."""
    result: list[Interval] = []
    for begin, end in sorted((max(b, 0), min(e, slots)) for b, e in intervals):
        if end <= begin:
            continue
        if result and begin <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((begin, end))
    return result


def intersected(left: list[Interval], right: list[Interval]) -> list[Interval]:
    """What lies in both; both sorted and disjoint."""
    result: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        begin, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if begin < end:
            result.append((begin, end))
        if left[i][1] <= right[j][1]:
            i += 1
        else:
            j += 1
    return result


def within(intervals: list[Interval], begin: int, end: int) -> list[Interval]:
    """What of sorted, disjoint intervals lies in [begin, end); only those there are looked at."""
    first = bisect_right(intervals, begin, key=itemgetter(1))
    last = bisect_left(intervals, end, lo=first, key=itemgetter(0))
    return [(max(left, begin), min(right, end)) for left, right in intervals[first:last] if begin < end]


def without(intervals: list[Interval], holes: list[Interval]) -> list[Interval]:
    """The intervals with the holes cut out; both sorted and disjoint."""
    result: list[Interval] = []
    for begin, end in intervals:
        start = begin
        for hole_begin, hole_end in holes:
            if hole_end <= start or hole_begin >= end:
                continue
            if hole_begin > start:
                result.append((start, hole_begin))
            start = max(start, hole_end)
        if start < end:
            result.append((start, end))
    return result
