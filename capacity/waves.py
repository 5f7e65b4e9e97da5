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
from statistics import median_low

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
from capacity.timetable.lines import Lines, best_circuits
from capacity.timetable.move_groups import FlowEnds, Group, form, halves, tight_flows
from capacity.timetable.readiness import Readiness
from capacity.timetable.steps import DAY, Booking, Replica, StepWriter, timeline_of
from capacity.timetable.wanting import Wanting, not_computed
from capacity.timetable.windows import SLOT_MINUTES, Grid, Interval, Windows, intersected, within
from capacity.timetable.work import Job, WorkBook
from inventory.estate import Circuit, Estate, Ref

WEEK = 7 * DAY
CLEARING = 2 * WEEK  # slots kept before the horizon's end to clear sources in: an assumption
ROOM_NOW = "the lines have room once all others have moved; planning again may find a date"
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


def schedule(
    estate: Estate,
    facility: Facility,
    calendar: Calendar,
    decisions: Sequence[Decision],
    demands: Mapping[Ref, AssetDemand],
    placement: Placement,
    *,
    line_margin: float = 0.9,
    progress: Progress | None = None,
) -> Schedule:
    """Date every placed asset, or drop it with what it lacks.

    `line_margin` ≤ 1: share of a line's free rate that crossing flows may fill (within one night groups may finish in
    another order than they were tried in). `progress` is called with groups done and groups in all.
    """
    return _Scheduler(estate, facility, calendar, decisions, demands, placement, line_margin).run(progress)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a group finds no date: dimension, sentence, what is available and needed where that is known, and what would
    give it one.
    """

    dimension: str
    why: str
    available: float | None = None
    needs: float | None = None
    change: SmallestChange | None = None


class _Scheduler:
    def __init__(
        self,
        estate: Estate,
        facility: Facility,
        calendar: Calendar,
        decisions: Sequence[Decision],
        demands: Mapping[Ref, AssetDemand],
        placement: Placement,
        line_margin: float,
    ) -> None:
        self._estate = estate
        self._calendar = calendar
        self._decisions = {decision.asset: decision for decision in decisions}
        self._belonging = Belonging(estate)
        self._windows = Windows(estate, calendar)
        self._grid = self._windows.grid
        self._work = WorkBook(calendar, demands)
        self._demands = demands
        self._timeline = timeline_of(calendar, self._grid)
        self._circuits = best_circuits(estate)
        for circuit in self._circuits.values():
            rate = (circuit.rate_mbps or 0) * calendar.work.replication_share
            self._timeline.add(f"circuit:{circuit.id}", np.full(self._grid.slots, rate))
        self._devices = {p.asset: p for p in placement.devices}
        self._workloads = {p.asset: p for p in placement.workloads}
        self._readiness = Readiness(estate, facility, calendar, self._grid, placement, demands)
        self._ends = FlowEnds(estate)
        self._flows_of: dict[Ref, list[int]] = defaultdict(list)
        for index, (_, sources, targets) in enumerate(self._ends.flows):
            for asset in {*sources, *targets}:
                self._flows_of[asset].append(index)
        self._sites = {ref: self._belonging.site_of(ref) for ref in estate.assets()}
        gone = {d.asset for d in decisions if d.strategy == "retire"}
        standing = {ref: site for ref, site in self._sites.items() if site is not None and ref not in gone}
        self._tight = tight_flows(self._ends, standing, calendar.intersite_latency_ms)
        self._lines = Lines(
            estate,
            self._ends,
            standing,
            replication_share=calendar.work.replication_share,
            margin=line_margin,
        )
        self._wanting = Wanting(estate, calendar, self._timeline, self._lines)
        self._budgets = {a.id: a.downtime_budget_minutes for a in estate.applications}
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
        groups = form(self._estate, movers, self._ends, self._tight)
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
            self._unbook(entry.replicas)
            if len(entry.group.parts) > 1:
                groups.extend(halves(entry.group, self._windows.key_of))
            else:
                self._drop_group(entry.group, self._undated(entry))
        return groups

    def _prepare(self, group: Group, not_before: int) -> Booking | _Refusal:
        ready = self._readiness.of(group.assets)
        if ready is None:
            return _Refusal("phase", "its rack or host cannot be brought up within the horizon")
        slot, after = ready
        # The way back has to end, and the source be cleared, before the horizon does.
        last = self._grid.slots - self._calendar.rollback_days * DAY - CLEARING
        intervals = intersected(self._windows.of_all(group.assets), [(0, max(last, 0))])
        if not intervals:
            return _Refusal("window", "its applications, tenants and sites have no common window")
        jobs = self._jobs_within(group, intervals)
        if jobs is None:
            return self._too_long(group, intervals)
        replicas = self._replicate(group, slot)
        if isinstance(replicas, _Refusal):
            longest = max(job.slots for *_, job in jobs)
            latest = max((end - longest for begin, end in intervals if end - begin >= longest), default=0)
            return replace(replicas, change=self._faster_lines(group, slot, latest))
        earliest = max([slot, not_before, *(r[4] for r in replicas)])
        return Booking(group, jobs, replicas, earliest, intervals, after)

    def _too_long(self, group: Group, intervals: Sequence[Interval]) -> _Refusal:
        """Work that no window is long enough for, even with all hands."""
        why = "its longest window or downtime budget is shorter than the work"
        longest = max(end - begin for begin, end in intervals)
        devices = self._by_site(a for a in group.assets if a in self._devices)
        moved = [
            [d for d in there if self._devices[d].parent_device_id is None] for there in devices.values()
        ]
        needed = self._work.least_minutes(sum(a in self._workloads for a in group.assets), moved)
        change = self._wanting.longer_window(longest, needed)
        return _Refusal("window", why, float(longest * SLOT_MINUTES), needed, change)

    def _faster_lines(self, group: Group, ready: int, latest: int) -> SmallestChange:
        """The rates that would copy a group's disks in time for its last window."""
        disks_mb = {
            site: sum(self._demands[w].quantities["disk_mb"].planning for w in workloads)
            for site, workloads in self._by_site(a for a in group.assets if a in self._workloads).items()
        }
        return self._wanting.faster_lines(disks_mb, self._circuits, ready, latest)

    def _jobs_within(
        self, group: Group, intervals: Sequence[Interval]
    ) -> list[tuple[str, int | None, tuple[Ref, ...], Job]] | None:
        """Jobs that fit the usual window; else those that fit the longest (one is an hour longer each autumn)."""
        lengths = [(end - begin) * SLOT_MINUTES for begin, end in intervals]
        budget = self._budget(group)
        usual = self._jobs(group, min(median_low(lengths), budget))
        return usual or self._jobs(group, min(max(lengths), budget))

    def _budget(self, group: Group) -> float:
        budgets = [
            self._budgets.get(application)
            for asset in group.assets
            for application in self._belonging.applications_of.get(asset, ())
        ]
        return min((float(b) for b in budgets if b is not None), default=float("inf"))

    def _jobs(
        self, group: Group, most_minutes: float
    ) -> list[tuple[str, int | None, tuple[Ref, ...], Job]] | None:
        jobs: list[tuple[str, int | None, tuple[Ref, ...], Job]] = []
        workloads = tuple(a for a in group.assets if a in self._workloads)
        if workloads:
            job = self._work.cutover(len(workloads), most_minutes)
            if job is None:
                return None
            jobs.append(("cutover", None, workloads, job))
        for site, devices in self._by_site(a for a in group.assets if a in self._devices).items():
            counted = [d for d in devices if self._devices[d].parent_device_id is None]
            job = self._work.relocate(counted, most_minutes) if counted else None
            if job is None:
                return None
            jobs.append(("relocate", site, devices, job))
        return jobs

    def _by_site(self, assets: Iterable[Ref]) -> dict[int, tuple[Ref, ...]]:
        found: dict[int, list[Ref]] = defaultdict(list)
        for asset in assets:
            found[self._sites[asset] or 0].append(asset)
        return {site: tuple(found[site]) for site in sorted(found)}

    def _replicate(self, group: Group, ready: int) -> list[Replica] | _Refusal:
        """Book each site's copies as early as its circuit allows; a refusal where they never fit."""
        booked: list[Replica] = []
        for site, workloads in self._by_site(a for a in group.assets if a in self._workloads).items():
            circuit = self._circuits.get(site)
            rate_mbps = self._lines.replication_mbps.get(site, 0.0)
            job = self._work.replicate(workloads, circuit, rate_mbps) if circuit and rate_mbps else None
            start = self._timeline.earliest(job.needs, job.slots, ready, self._grid.slots) if job else None
            if job is None or start is None:
                self._unbook(booked)
                why = self._no_line(site, circuit, rate_mbps, job)
                return _Refusal("rate_mbps", why, circuit.rate_mbps if circuit else None)
            self._timeline.take(job.needs, start, start + job.slots)
            booked.append((site, workloads, job.needs, start, start + job.slots))
        return booked

    def _no_line(self, site: int, circuit: Circuit | None, rate_mbps: float, job: Job | None) -> str:
        if circuit is None:
            return f"site {self._estate.by_id('sites')[site].name} has no active circuit of known rate"
        if not rate_mbps or job is None:
            return f"today's flows leave nothing of circuit {circuit.cid} ({circuit.rate_mbps:g} Mbit/s) to copy over"
        return (
            f"copying it over circuit {circuit.cid} at {rate_mbps:g} Mbit/s takes {job.slots / DAY:.0f} days, and the "
            "line has no room for that within the horizon"
        )

    def _unbook(self, booked: Iterable[Replica]) -> None:
        for _, _, needs, start, end in booked:
            self._timeline.give_back(needs, start, end)

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
            overfull = self._lines.move(entry.group.assets)
            if overfull:
                self._lines.move_back({a: self._sites[a] or 0 for a in entry.group.assets})
                entry.blocked_by = "lines"
                return False
            self._commit(entry, start)
            return True
        return False

    def _start_in(self, entry: Booking, begin: int, end: int) -> int | None:
        """The first slot at which all the group's steps can start at once."""
        longest = max(job.slots for *_, job in entry.jobs)
        summed = _summed(entry)
        shortest = min(job.slots for *_, job in entry.jobs)
        while begin + longest <= end:
            start = self._timeline.earliest(summed, shortest, begin, end)
            if start is None or start + longest > end:
                return None
            if all(self._timeline.fits(job.needs, start, start + job.slots) for *_, job in entry.jobs):
                return start
            begin = start + 1
        return None

    def _commit(self, entry: Booking, start: int) -> None:
        entry.starts = [start] * len(entry.jobs)
        for *_, job in entry.jobs:
            self._timeline.take(job.needs, start, start + job.slots)

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
                MoveGroup(entry.group.id, entry.group.name, entry.group.assets, entry.group.reason, cut, wave)
            )
        waves = tuple(self._wave(number, spans[number], members[number]) for number in sorted(spans))
        return Schedule(
            groups=tuple(sorted(groups, key=lambda g: g.id)),
            waves=waves,
            steps=tuple(self._steps),
            dropped=tuple(self._dropped[ref] for ref in sorted(self._dropped)),
            left_at=self._writer.left_at,
            timeline=self._timeline,
            grid=self._grid,
        )

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

    def _undated(self, entry: Booking) -> _Refusal:
        """Why a group found no date."""
        if entry.blocked_by == "lines":
            why = "moving it would load a site's lines with more crossing traffic than they carry"
            overfull = self._lines.excess(entry.group.assets)
            change = self._wanting.wider_lines(overfull, self._circuits) if overfull else None
            return _Refusal("rate_mbps", why, change=change or not_computed(ROOM_NOW))
        windows = [
            (max(begin, entry.earliest), end) for begin, end in entry.intervals if end > entry.earliest
        ]
        if not windows:
            return _Refusal(
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
                return _Refusal(name, why, most, amount, change)
        why = (
            f"none of its {len(windows)} windows within the horizon has all it needs at once for {hours:g} h"
        )
        return _Refusal("window", why)

    def _drop_group(self, group: Group, refusal: _Refusal) -> None:
        for asset in group.assets:
            lack = Lack(refusal.dimension, refusal.needs, refusal.available, f"group {group.id}", refusal.why)
            self._drop(asset, lack, refusal.change or not_computed(refusal.why))

    def _drop(self, asset: Ref, lack: Lack, change: SmallestChange | None = None) -> None:
        name = self._decisions[asset].name
        self._dropped[asset] = Unplaced(asset, name, lack.dimension == "site", (lack,), change)


def _summed(entry: Booking) -> dict[str, float]:
    """What all steps of a group hold while all of them run."""
    summed: dict[str, float] = defaultdict(float)
    for *_, job in entry.jobs:
        for name, amount in job.needs.items():
            summed[name] += amount
    return dict(summed)
