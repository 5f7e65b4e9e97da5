"""Dates what was placed: commissioning, replication, cutover, relocation, decommission and retirement, as typed steps.

Groups (`move_groups`) are taken in priority order, week by week: a group gets the earliest start at which its
windows, its crews, vans and engineers, its replication and the lines between sites all allow it. What finds no date is
handed back with what it lacks. The order is a heuristic; that every step holds is proven by `verify`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from capacity.belonging import Belonging
from capacity.calendar import Calendar
from capacity.facility import Facility
from capacity.placement import Placement
from capacity.plan import (
    AssetDemand,
    Decision,
    Lack,
    MoveGroup,
    SmallestChange,
    Step,
    Unplaced,
    Wave,
)
from capacity.solvers.timeline import Timeline
from capacity.timetable.anchors import anchored
from capacity.timetable.care import Care
from capacity.timetable.copies import Copies
from capacity.timetable.group_work import GroupWork
from capacity.timetable.lines import Lines
from capacity.timetable.move_groups import FlowEnds, Group, halves, tight_flows
from capacity.timetable.move_groups_forming import form
from capacity.timetable.readiness import Readiness
from capacity.timetable.refusal import Refusal
from capacity.timetable.risky import Risks
from capacity.timetable.steps import DAY, Booking, StepWriter, timeline_of
from capacity.timetable.wanting import Wanting, not_computed
from capacity.timetable.windows import SLOT_MINUTES, Grid, Interval, Windows, intersected, within
from capacity.timetable.work import WorkBook
from inventory.estate import Estate, Ref

WEEK = 7 * DAY
CLEARING = 2 * WEEK  # slots kept before the horizon's end to clear sources in: an assumption
ROOM_NOW = "the lines have room once all others have moved; planning again may find a date"
TENANT = "tenant:"  # held by a tenant's risky moves, one at a time
FREEZE_DAYS = 7  # a wave's content is fixed a week ahead: an assumption

Progress = Callable[[int, int], None]


def last_day(calendar: Calendar) -> date:
    """The last day on which something may still move: the way back and the clearing fit in after it."""
    kept = timedelta(days=calendar.rollback_days, minutes=CLEARING * SLOT_MINUTES)
    return (calendar.horizon_end - kept).date()


@dataclass(frozen=True, slots=True)
class Schedule:
    """What was dated, what was not, and when each moving asset has left its source (slot of the grid)."""

    groups: tuple[MoveGroup, ...]
    waves: tuple[Wave, ...]
    steps: tuple[Step, ...]
    dropped: tuple[Unplaced, ...]
    left_at: dict[Ref, int]
    timeline: Timeline
    grid: Grid


@dataclass(frozen=True, slots=True)
class Trying:
    """How dates are looked for. `seed`: of the search for groups. `line_margin` ≤ 1: share of a line's free rate that
    crossing flows may fill (within one night groups may finish in another order than they were tried in).
    """

    seed: int = 0
    line_margin: float = 0.9


def schedule(
    estate: Estate,
    facility: Facility,
    calendar: Calendar,
    decisions: Sequence[Decision],
    demands: Mapping[Ref, AssetDemand],
    placement: Placement,
    *,
    trying: Trying,
    progress: Progress | None = None,
) -> Schedule:
    """Date every placed asset, or drop it with what it lacks.

    `progress` is called with groups done and groups in all.
    """
    return _Scheduler(estate, facility, calendar, decisions, demands, placement, trying).run(progress)


class _Scheduler:
    def __init__(
        self,
        estate: Estate,
        facility: Facility,
        calendar: Calendar,
        decisions: Sequence[Decision],
        demands: Mapping[Ref, AssetDemand],
        placement: Placement,
        trying: Trying,
    ) -> None:
        self._estate, self._seed = estate, trying.seed
        self._calendar = calendar
        self._decisions = {decision.asset: decision for decision in decisions}
        self._belonging = Belonging(estate)
        self._windows = Windows(estate, calendar)
        self._grid = self._windows.grid
        self._work = WorkBook(calendar, demands, estate)
        self._timeline = timeline_of(calendar, self._grid)
        self._devices = {p.asset: p for p in placement.devices}
        self._workloads = {p.asset: p for p in placement.workloads}
        self._readiness = Readiness(estate, facility, calendar, self._grid, placement, demands)
        self._ends = FlowEnds(estate)
        self._flows_of: dict[Ref, list[int]] = defaultdict(list)
        for index, (_, sources, targets) in enumerate(self._ends.flows):
            for asset in {*sources, *targets}:
                self._flows_of[asset].append(index)
        self._sites = {ref: self._belonging.site_of(ref) for ref in estate.assets()}
        self._group_work = GroupWork(
            estate, self._belonging, self._work, self._devices, self._workloads, self._sites
        )
        gone = {d.asset for d in decisions if d.strategy == "retire"}
        standing = {ref: site for ref, site in self._sites.items() if site is not None and ref not in gone}
        self._tight = tight_flows(self._ends, standing, calendar.intersite_latency_ms)
        self._lines = Lines(
            estate,
            self._ends,
            standing,
            replication_share=calendar.work.replication_share,
            margin=trying.line_margin,
            core_mbps=calendar.core_mbps,
        )
        self._wanting = Wanting(estate, calendar, self._timeline, self._lines)
        self._copies = Copies(
            estate, calendar, demands, self._timeline, self._lines, self._workloads, self._sites
        )
        self._risks = Risks(estate, self._belonging, calendar.risky_criticality)
        self._care = Care(estate, self._belonging, calendar, self._grid, self._timeline)
        for tenant in estate.tenants:
            self._timeline.add(f"{TENANT}{tenant.id}", np.ones(self._grid.slots))
        self._steps: list[Step] = []
        self._dropped: dict[Ref, Unplaced] = {}
        self._writer = StepWriter(estate, calendar, self._timeline, self._work, placement, self._sites)

    def run(self, progress: Progress | None) -> Schedule:
        commissioned = self._readiness.commission(self._timeline, self._work)
        self._steps.extend(commissioned)
        movers = {ref: self._sites[ref] for ref in (*self._devices, *self._workloads)}
        for ref, lack in anchored(self._belonging, self._sites, self._tight, movers).items():
            self._drop(ref, lack)
            del movers[ref]
        groups = form(self._estate, movers, self._ends, self._tight, self._windows, seed=self._seed)
        pending = self._book(self._in_order(groups))
        dated: list[Booking] = []
        while pending:
            dated.extend(self._date(pending, progress))
            last = max((e.starts[0] + max(job.slots for *_, job in e.jobs) for e in dated), default=0)
            # What found no date is tried once more in halves, after all others: the lines are then as they were left.
            pending = self._book(self._split_undated(pending, dated), not_before=last)
        return self._result(dated)

    # --- who moves, and in which order ----------------------------------------------------------------------------

    def _in_order(self, groups: Sequence[Group]) -> list[Group]:
        """Shared services first, then site by site: leases that end first, then the sites with most to move."""
        load: dict[int | None, int] = defaultdict(int)
        for group in groups:
            load[self._sites[group.assets[0]]] += len(group.assets)
        sites = self._estate.by_id("sites")
        latest = self._grid.calendar.horizon_end.date()

        def key(group: Group) -> tuple[bool, object, int, int, int, str]:
            site_id = self._sites[group.assets[0]] or 0
            lease_end = sites[site_id].lease_end if site_id in sites else None
            return (
                not group.is_shared_service,
                lease_end or latest,
                -load[site_id],
                site_id,
                -self._criticality(group),
                group.id,
            )

        return sorted(groups, key=key)

    def _criticality(self, group: Group) -> int:
        """The most critical application's class; 4, the least critical, where nobody said."""
        applications = self._estate.by_id("applications")
        known = [
            applications[a].criticality or 4
            for asset in group.assets
            for a in self._belonging.applications_of.get(asset, ())
            if a in applications
        ]
        return min(known, default=4)

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
                waiting.extendleft(reversed(halves(group, self._windows.key_of)))
            else:
                self._drop_group(group, found)
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
                groups.extend(halves(entry.group, self._windows.key_of))
            else:
                self._drop_group(entry.group, self._undated(entry))
        return groups

    def _prepare(self, group: Group, not_before: int) -> Booking | Refusal:
        ready = self._readiness.of(group.assets)
        if ready is None:
            return Refusal("phase", "its rack or host cannot be brought up within the horizon")
        slot, after = ready
        audited = self._care.audited((self._sites[asset] for asset in group.assets), FREEZE_DAYS)
        if audited is None:
            return Refusal("crew", "no crew is free within the horizon to walk through its sites first")
        uncleared = self._writer.uncleared(group.assets)
        if uncleared is not None:
            return Refusal("crew", f"{uncleared}, which the calendar never has")
        # The way back has to end, and the source be cleared, before the horizon does.
        last = self._grid.slots - self._calendar.rollback_days * DAY - CLEARING
        intervals = intersected(self._windows.of_all(group.assets), [(0, max(last, 0))])
        if not intervals:
            return Refusal("window", "its applications, tenants, sites and pins have no common window")
        jobs = self._group_work.jobs_within(group, intervals)
        if jobs is None:
            return self._too_long(group, intervals)
        longest = max(job.slots for *_, job in jobs)
        latest = max((end - longest for begin, end in intervals if end - begin >= longest), default=0)
        minutes = min((job.slots * SLOT_MINUTES for kind, *_, job in jobs if kind == "cutover"), default=0)
        copied = self._group_work.workloads_by_site(group)
        most = self._group_work.most_minutes(group, intervals)
        replicas = self._copies.book(copied, slot, latest, minutes, most)
        if isinstance(replicas, Refusal):
            change = replicas.change or self._copies.faster_lines(copied, slot, latest, minutes)
            return replace(replicas, change=change)
        earliest = max([slot, not_before, audited, *(replica.end for replica in replicas)])
        guards = {f"{TENANT}{tenant}": 1.0 for tenant in self._risks.tenants(group.assets)}
        return Booking(
            group, self._copies.waiting(jobs, replicas), replicas, earliest, intervals, after, guards
        )

    def _too_long(self, group: Group, intervals: Sequence[Interval]) -> Refusal:
        """Work that no window is long enough for, even with all hands."""
        why = "its longest window or downtime budget is shorter than the work"
        longest = max(end - begin for begin, end in intervals)
        needed = self._group_work.least_minutes(group)
        change = self._wanting.longer_window(longest, needed)
        return Refusal("window", why, float(longest * SLOT_MINUTES), needed, change)

    # --- dating ---------------------------------------------------------------------------------------------------

    def _date(self, pending: list[Booking], progress: Progress | None) -> list[Booking]:
        dated: list[Booking] = []
        total = len(pending)
        week = 0
        while pending and week * WEEK < self._grid.slots:
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
            if not self._care.secure(entry, start, start + max(job.slots for *_, job in entry.jobs)):
                self._copies.let_go(entry.replicas)
                entry.blocked_by = entry.blocked_by or "care"
                continue
            overfull = self._lines.move(entry.group.assets)
            if overfull:
                self._copies.let_go(entry.replicas)
                self._care.release(entry)
                self._lines.move_back({a: self._sites[a] or 0 for a in entry.group.assets})
                entry.blocked_by = "lines"
                return False
            self._commit(entry, start)
            return True
        return False

    def _start_in(self, entry: Booking, begin: int, end: int) -> int | None:
        """The first slot at which all the group's steps can start at once."""
        longest = max(job.slots for *_, job in entry.jobs)
        summed = _summed(entry) | entry.guards
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
            ):
                return start
            begin = start + 1
        return None

    def _commit(self, entry: Booking, start: int) -> None:
        entry.starts = [start] * len(entry.jobs)
        for *_, job in entry.jobs:
            self._timeline.take(job.needs, start, start + job.slots)
        self._timeline.take(entry.guards, start, start + max(job.slots for *_, job in entry.jobs))

    # --- the steps ------------------------------------------------------------------------------------------------

    def _result(self, dated: list[Booking]) -> Schedule:
        numbers = self._wave_numbers(dated)
        groups: list[MoveGroup] = []
        spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
        members: dict[int, list[str]] = defaultdict(list)
        for entry in sorted(dated, key=lambda e: (e.starts[0], e.group.id)):
            wave = numbers[entry.group.id]
            spans[wave].append((entry.starts[0], entry.starts[0] + max(job.slots for *_, job in entry.jobs)))
            members[wave].append(entry.group.id)
            self._steps.extend(self._writer.of_group(entry, wave))
            cut = tuple(sorted({self._ends.flows[i][0].id for i in self._cut_flows(entry.group)}))
            groups.append(
                MoveGroup(
                    entry.group.id, entry.group.name, entry.group.assets, self._reason(entry), cut, wave
                )
            )
        waves = tuple(self._wave(number, spans[number], members[number]) for number in sorted(spans))
        self._steps.extend([*self._care.steps([entry.group for entry in dated], waves, self._steps)])
        return Schedule(
            groups=tuple(sorted(groups, key=lambda g: g.id)),
            waves=waves,
            steps=tuple(self._steps),
            dropped=tuple(self._dropped[ref] for ref in sorted(self._dropped)),
            left_at=self._writer.left_at,
            timeline=self._timeline,
            grid=self._grid,
        )

    def _reason(self, entry: Booking) -> str:
        """Why a group goes together, and whose data go by truck and why."""
        sites = self._estate.by_id("sites")
        carried = (f"data of {sites[r.site].name} go by truck: {r.why}" for r in entry.replicas if r.by)
        return "; ".join([entry.group.reason, *carried])

    def _cut_flows(self, group: Group) -> list[int]:
        """Flows between the group and assets elsewhere: they cross sites until the other end has moved too."""
        own = set(group.assets)
        touched = {index for asset in group.assets for index in self._flows_of.get(asset, ())}
        return sorted(
            i for i in touched if any(end not in own for ends in self._ends.flows[i][1:] for end in ends)
        )

    def _wave_numbers(self, dated: Sequence[Booking]) -> dict[str, int]:
        weeks = sorted({entry.starts[0] // WEEK for entry in dated})
        return {entry.group.id: bisect_right(weeks, entry.starts[0] // WEEK) for entry in dated}

    def _wave(self, number: int, spans: list[tuple[int, int]], groups: list[str]) -> Wave:
        start = self._grid.moment(min(begin for begin, _ in spans))
        end = self._grid.moment(max(end for _, end in spans))
        year, week, _ = start.isocalendar()
        return Wave(
            number,
            f"wave {number} ({year}-W{week:02d})",
            start,
            end,
            start - timedelta(days=FREEZE_DAYS),
            tuple(groups),
        )

    # --- what finds no date ---------------------------------------------------------------------------------------

    def _undated(self, entry: Booking) -> Refusal:
        """Why a group found no date."""
        if entry.blocked_by == "lines":
            why = "moving it would load a site's lines with more crossing traffic than they carry"
            overfull = self._lines.excess(entry.group.assets)
            change = self._wanting.wider_lines(overfull, self._copies.circuits) if overfull else None
            return Refusal("rate_mbps", why, change=change or not_computed(ROOM_NOW))
        if entry.blocked_by == "care":
            why = "in none of its windows engineers are free to rehearse it before, or to stand by after it"
            return Refusal("engineer", why, change=not_computed(why))
        if entry.blocked_by == "changes":
            why = (
                "its line has no room for what changes between its copy and its cutover, beside other copies"
            )
            return Refusal("rate_mbps", why, change=not_computed(ROOM_NOW))
        windows = [
            (max(begin, entry.earliest), end) for begin, end in entry.intervals if end > entry.earliest
        ]
        if not windows:
            return Refusal(
                "window", "it is ready to move only after the last of its windows within the horizon"
            )
        longest = max(job.slots for *_, job in entry.jobs)
        hours = longest * SLOT_MINUTES / 60
        for name, amount in sorted(_summed(entry).items()):
            if all(self._timeline.earliest({name: amount}, longest, *window) is None for window in windows):
                most = max((self._timeline.peak(name, *window) for window in windows), default=0.0)
                why = (
                    f"it needs {amount:g} of {name} for {hours:g} h on end, and none of its {len(windows)} windows "
                    f"within the horizon has them; {most:g} is the most that is free at any moment of them"
                )
                change = self._wanting.more_hands(name, amount, longest, windows)
                return Refusal(name, why, most, amount, change)
        for name in entry.guards:
            if all(self._timeline.earliest({name: 1.0}, longest, *window) is None for window in windows):
                tenant = self._estate.by_id("tenants")[int(name.removeprefix(TENANT))]
                why = (
                    f"another critical application of {tenant.name} moves in each of its {len(windows)} windows, and a "
                    "tenant has one such move at a time"
                )
                return Refusal("window", why, change=not_computed(why))
        why = (
            f"none of its {len(windows)} windows within the horizon has all it needs at once for {hours:g} h"
        )
        return Refusal("window", why)

    def _drop_group(self, group: Group, refusal: Refusal) -> None:
        for asset in group.assets:
            lack = Lack(refusal.dimension, refusal.needs, refusal.available, f"group {group.id}", refusal.why)
            self._drop(asset, lack, refusal.change or not_computed(refusal.why))

    def _drop(self, asset: Ref, lack: Lack, change: SmallestChange | None = None) -> None:
        name = self._decisions[asset].name
        self._dropped[asset] = Unplaced(asset, name, lack.dimension == "site", (lack,), change)


def _cutover_slots(entry: Booking) -> int:
    return max((job.slots for kind, *_, job in entry.jobs if kind == "cutover"), default=0)


def _summed(entry: Booking) -> dict[str, float]:
    """What all steps of a group hold while all of them run."""
    summed: dict[str, float] = defaultdict(float)
    for *_, job in entry.jobs:
        for name, amount in job.needs.items():
            summed[name] += amount
    return dict(summed)
