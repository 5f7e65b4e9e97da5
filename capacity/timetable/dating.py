"""Dates move groups one after another, each exactly: the earliest start at which all that it needs is there.

Groups are taken in the order they are given, week by week: a group gets the earliest start at which its windows, its
crews, vans and engineers, its copies and the lines between sites all allow it. What finds no date is tried once more in
halves, then dropped with what it lacks. Which order is a good one is for `waves`; that all holds is proven by `verify`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from capacity.belonging import Belonging
from capacity.calendar import Calendar
from capacity.solvers.timeline import Timeline
from capacity.timetable.care import Care
from capacity.timetable.copies import Copies
from capacity.timetable.downtime import Downtimes
from capacity.timetable.group_work import GroupWork
from capacity.timetable.lines import Lines
from capacity.timetable.move_groups import Group, halves
from capacity.timetable.readiness import Readiness
from capacity.timetable.refusal import Refusal
from capacity.timetable.risky import Risks
from capacity.timetable.steps import DAY, Booking, StepWriter
from capacity.timetable.undated import Undated
from capacity.timetable.windows import SLOT_MINUTES, Grid, Windows, intersected, within
from capacity.timetable.work import COMFORTABLE_MINUTES
from inventory.estate import Estate, Ref

WEEK = 7 * DAY
CLEARING = 2 * WEEK  # slots kept before the horizon's end to clear sources in: an assumption
TENANT = "tenant:"  # held by a tenant's risky moves, one at a time
FREEZE_DAYS = 7  # a wave's content is fixed a week ahead: an assumption

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same whatever the order: who stands where, when it may move, and what moving it takes."""

    estate: Estate
    calendar: Calendar
    belonging: Belonging
    windows: Windows
    grid: Grid
    readiness: Readiness
    group_work: GroupWork
    risks: Risks
    sites: Mapping[Ref, int | None]

    @property
    def last_start(self) -> int:
        """The slot by which all has to have moved: the way back has to end, and the source be cleared, after it."""
        return max(self.grid.slots - self.calendar.rollback_days * DAY - CLEARING, 0)


@dataclass(slots=True)
class State:
    """What fills up while groups are dated."""

    timeline: Timeline
    lines: Lines
    copies: Copies
    care: Care
    writer: StepWriter


@dataclass(slots=True)
class Dated:
    """Groups with a date, those without and why, and the state that they left."""

    state: State
    bookings: list[Booking] = field(default_factory=list)
    undated: list[tuple[Group, Refusal]] = field(default_factory=list)


class Dating:
    """One go at dating; `paces`: by group, the minutes a relocation should last at most, where not the usual."""

    def __init__(self, terms: Terms, state: State, paces: Mapping[str, float] | None = None) -> None:
        self._terms, self._state, self._paces = terms, state, paces or {}
        self._timeline, self._lines, self._copies = state.timeline, state.lines, state.copies
        self._care = state.care
        self._downtimes = Downtimes(terms.estate, terms.belonging)
        self._why = Undated(
            terms.estate, terms.calendar, terms.group_work, state.timeline, state.lines, state.copies
        )
        self._found = Dated(state)

    def run(self, groups: Sequence[Group], progress: Progress | None = None) -> Dated:
        """Date the groups in their order; `progress` is called with groups done and groups in all."""
        pending = self._book(groups)
        dated = self._found.bookings
        while pending:
            dated.extend(self._date(pending, progress))
            last = max((e.starts[0] + e.longest for e in dated), default=0)
            # What found no date is tried once more in halves, after all others: the lines are then as they were left.
            pending = self._book(self._split_undated(pending, dated), not_before=last)
        return self._found

    # --- preparing a group ----------------------------------------------------------------------------------------

    def _book(self, groups: Iterable[Group], not_before: int = 0) -> list[Booking]:
        """Prepare groups in their order; what can't be, is split between its parts until it can or stands alone."""
        waiting = deque(groups)
        booked: list[Booking] = []
        while waiting:
            group = waiting.popleft()
            found = self._prepare(group, not_before)
            if isinstance(found, Booking):
                booked.append(found)
            elif len(group.parts) > 1:
                waiting.extendleft(reversed(halves(group, self._terms.windows.key_of)))
            else:
                self._found.undated.append((group, found))
        return booked

    def _split_undated(self, pending: Iterable[Booking], dated: Iterable[Booking]) -> list[Group]:
        """The halves of groups that found no date; those of one part are dropped with what they lack."""
        done = {id(entry) for entry in dated}
        groups: list[Group] = []
        for entry in pending:
            if id(entry) in done:
                continue
            self._copies.unbook(entry.replicas)
            if len(entry.group.parts) > 1:
                groups.extend(halves(entry.group, self._terms.windows.key_of))
            else:
                self._found.undated.append((entry.group, self._why.of(entry)))
        return groups

    def _prepare(self, group: Group, not_before: int) -> Booking | Refusal:
        terms = self._terms
        ready = terms.readiness.of(group.assets)
        if ready is None:
            return Refusal("phase", "its rack or host cannot be brought up within the horizon")
        slot, after = ready
        audited = self._care.audited((terms.sites[asset] for asset in group.assets), FREEZE_DAYS)
        if audited is None:
            return Refusal("crew", "no crew is free within the horizon to walk through its sites first")
        uncleared = self._state.writer.uncleared(group.assets)
        if uncleared is not None:
            return Refusal("crew", f"{uncleared}, which the calendar never has")
        intervals = intersected(terms.windows.of_all(group.assets), [(0, terms.last_start)])
        if not intervals:
            return Refusal("window", "its applications, tenants, sites and pins have no common window")
        pace = self._paces.get(group.id, COMFORTABLE_MINUTES)
        jobs = terms.group_work.jobs_within(group, intervals, pace)
        if jobs is None:
            return self._why.too_long(group, intervals)
        longest = max(job.slots for *_, job in jobs)
        latest = max((end - longest for begin, end in intervals if end - begin >= longest), default=0)
        minutes = min((job.slots * SLOT_MINUTES for kind, *_, job in jobs if kind == "cutover"), default=0)
        copied = terms.group_work.workloads_by_site(group)
        most = terms.group_work.most_minutes(group, intervals)
        replicas = self._copies.book(copied, slot, latest, minutes, most)
        if isinstance(replicas, Refusal):
            change = replicas.change or self._copies.faster_lines(copied, slot, latest, minutes)
            return replace(replicas, change=change)
        earliest = max([slot, not_before, audited, *(replica.end for replica in replicas)])
        guards = {f"{TENANT}{tenant}": 1.0 for tenant in terms.risks.tenants(group.assets)}
        return Booking(
            group, self._copies.waiting(jobs, replicas), replicas, earliest, intervals, after, guards
        )

    # --- dating ---------------------------------------------------------------------------------------------------

    def _date(self, pending: list[Booking], progress: Progress | None) -> list[Booking]:
        dated: list[Booking] = []
        total = len(pending)
        week = 0
        while pending and week * WEEK < self._terms.grid.slots:
            begin, end = week * WEEK, (week + 1) * WEEK
            left: list[Booking] = []
            for entry in pending:
                (dated if self._try(entry, begin, end) else left).append(entry)
            pending = left
            week += 1
            if progress is not None:
                progress(len(dated), total)
        return dated

    def _try(self, entry: Booking, begin: int, end: int) -> bool:
        if entry.earliest >= end:
            return False
        for left, right in within(entry.intervals, max(begin, entry.earliest), end):
            start = self._start_in(entry, left, right)
            if start is None:
                entry.blocked_by = entry.blocked_by or "resources"
                continue
            if not self._copies.hold(entry.replicas, start, start + _cutover_slots(entry)):
                entry.blocked_by = entry.blocked_by or "changes"
                continue
            if not self._care.secure(entry, start, start + entry.longest):
                self._copies.let_go(entry.replicas)
                entry.blocked_by = entry.blocked_by or "care"
                continue
            overfull = self._lines.move(entry.group.assets)
            if overfull:
                self._copies.let_go(entry.replicas)
                self._care.release(entry)
                self._lines.move_back({a: self._terms.sites[a] or 0 for a in entry.group.assets})
                entry.blocked_by = "lines"
                return False
            self._commit(entry, start)
            return True
        return False

    def _start_in(self, entry: Booking, begin: int, end: int) -> int | None:
        """The first slot at which all the group's steps can start at once."""
        longest = entry.longest
        summed = entry.summed_needs() | entry.guards
        shortest = min(job.slots for *_, job in entry.jobs)
        while begin + longest <= end:
            start = self._timeline.earliest(summed, shortest, begin, end)
            if start is None or start + longest > end:
                return None
            if all(
                self._timeline.fits(needs, start, start + slots)
                for needs, slots in (
                    (entry.guards, longest),
                    *((job.needs, job.slots) for *_, job in entry.jobs),
                )
            ) and self._downtimes.is_within(entry.group.assets, start, start + longest):
                return start
            begin = start + 1
        return None

    def _commit(self, entry: Booking, start: int) -> None:
        entry.starts = [start] * len(entry.jobs)
        for *_, job in entry.jobs:
            self._timeline.take(job.needs, start, start + job.slots)
        self._timeline.take(entry.guards, start, start + entry.longest)
        self._downtimes.take(entry.group.assets, start, start + entry.longest)


def _cutover_slots(entry: Booking) -> int:
    return max((job.slots for kind, *_, job in entry.jobs if kind == "cutover"), default=0)
