"""Dates what was placed: commissioning, replication, cutover, relocation, decommission and retirement, as typed steps.

Groups (`move_groups`) get their dates one after another (`dating`), first in a usual order, then in the order that the
project-scheduling solver finds (`dates_project`). Which of both is the better plan is for `planner`; that every step
holds is proven by `verify`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from capacity.timetable.dates_project import DatesProject
from capacity.timetable.dating import (
    CLEARING,
    FREEZE_DAYS,
    TENANT,
    WEEK,
    Dated,
    Dating,
    Progress,
    State,
    Terms,
)
from capacity.timetable.group_work import GroupWork
from capacity.timetable.lines import Lines
from capacity.timetable.move_groups import FlowEnds, Group, tight_flows
from capacity.timetable.move_groups_forming import form
from capacity.timetable.readiness import Readiness
from capacity.timetable.risky import Risks
from capacity.timetable.rooms_left import rooms_left
from capacity.timetable.steps import Booking, StepWriter, timeline_of
from capacity.timetable.wanting import not_computed
from capacity.timetable.windows import SLOT_MINUTES, Grid, Windows
from capacity.timetable.work import WorkBook
from inventory.estate import Estate, Ref

TIMES = 2  # in the solver's order, then by the rooms that empties first; a third time brought nothing more
SEARCHED = 1_000  # groups, of at most so many other orders are tried (a region has 300): each takes as long


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


class Dates:
    """The dates of one placement: `usual` first, then whether the solver's are others."""

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
        self._calendar, self._demands, self._placement = calendar, demands, placement
        self._decisions = {decision.asset: decision for decision in decisions}
        self._belonging = Belonging(estate)
        windows = Windows(estate, calendar)
        self._grid = windows.grid
        self._work = WorkBook(calendar, demands, estate)
        devices = {p.asset: p for p in placement.devices}
        workloads = {p.asset: p for p in placement.workloads}
        self._ends = FlowEnds(estate)
        self._flows_of: dict[Ref, list[int]] = defaultdict(list)
        for index, (_, sources, targets) in enumerate(self._ends.flows):
            for asset in {*sources, *targets}:
                self._flows_of[asset].append(index)
        self._sites = {ref: self._belonging.site_of(ref) for ref in estate.assets()}
        self._terms = Terms(
            estate=estate,
            calendar=calendar,
            belonging=self._belonging,
            windows=windows,
            grid=self._grid,
            readiness=Readiness(estate, facility, calendar, self._grid, placement, demands),
            group_work=GroupWork(estate, self._belonging, self._work, devices, workloads, self._sites),
            risks=Risks(estate, self._belonging, calendar.risky_criticality),
            sites=self._sites,
        )
        gone = {d.asset for d in decisions if d.strategy == "retire"}
        standing = {ref: site for ref, site in self._sites.items() if site is not None and ref not in gone}
        self._tight = tight_flows(self._ends, standing, calendar.intersite_latency_ms)
        self._timeline = timeline_of(calendar, self._grid)
        self._lines = Lines(
            estate,
            self._ends,
            standing,
            replication_share=calendar.work.replication_share,
            margin=trying.line_margin,
            core_mbps=calendar.core_mbps,
        )
        self._copies = Copies(estate, calendar, demands, self._timeline, self._lines, workloads, self._sites)
        for tenant in estate.tenants:
            self._timeline.add(f"{TENANT}{tenant.id}", np.ones(self._grid.slots))
        self._commissioned = self._terms.readiness.commission(self._timeline, self._work)
        self._movers = {ref: self._sites[ref] for ref in (*devices, *workloads)}
        self._anchored = anchored(self._belonging, self._sites, self._tight, self._movers)
        self._dated: Dated | None = None

    def usual(self, progress: Progress | None = None) -> Schedule:
        """Date every placed asset in the usual order, or drop it with what it lacks."""
        movers = {ref: site for ref, site in self._movers.items() if ref not in self._anchored}
        groups = form(self._estate, movers, self._ends, self._tight, self._terms.windows, seed=self._seed)
        self._dated = Dating(self._terms, self._fresh()).run(self._in_order(groups), progress)
        return self._written(self._dated)

    def searched(self, progress: Progress | None = None) -> tuple[Schedule, ...]:
        """The groups of `usual` in the solver's order and at its pace, and once more by the rooms that empties first.

        A group that found a date in the usual order may find none here; whoever asks compares. None of more than
        SEARCHED groups.
        """
        usual = self._dated
        if usual is None or not 0 < len(usual.bookings) <= SEARCHED:
            return ()
        rooms = rooms_left(self._estate, self._belonging, self._decisions.values(), self._movers)
        answer = DatesProject(self._terms, self._work, self._timeline, usual.bookings, rooms).solved(
            self._seed
        )
        groups = [entry.group for entry in usual.bookings]
        order = [groups[k] for k in sorted(range(len(groups)), key=lambda k: answer.rank[k])]
        order += [group for group, _ in usual.undated]
        found: list[Schedule] = []
        for _ in range(TIMES):
            order.sort(key=lambda group: not group.is_shared_service)  # these first, as in the usual order
            dated = Dating(self._terms, self._fresh(), answer.paces).run(order, progress)
            found.append(self._written(dated))
            order = _by_rooms(order, rooms.values(), found[-1].left_at)
        return tuple(found)

    def _fresh(self) -> State:
        """A state in which only what is commissioned has a date."""
        timeline, lines = self._timeline.copied(), self._lines.copied()
        return State(
            timeline=timeline,
            lines=lines,
            copies=self._copies.beside(timeline, lines),
            care=Care(self._estate, self._belonging, self._calendar, self._grid, timeline),
            writer=StepWriter(
                self._estate, self._calendar, timeline, self._work, self._placement, self._sites
            ),
        )

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

    # --- the steps ------------------------------------------------------------------------------------------------

    def _written(self, found: Dated) -> Schedule:
        dated, state = found.bookings, found.state
        steps = list(self._commissioned)
        numbers = self._wave_numbers(dated)
        groups: list[MoveGroup] = []
        spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
        members: dict[int, list[str]] = defaultdict(list)
        for entry in sorted(dated, key=lambda e: (e.starts[0], e.group.id)):
            wave = numbers[entry.group.id]
            spans[wave].append((entry.starts[0], entry.starts[0] + max(job.slots for *_, job in entry.jobs)))
            members[wave].append(entry.group.id)
            steps.extend(state.writer.of_group(entry, wave))
            cut = tuple(sorted({self._ends.flows[i][0].id for i in self._cut_flows(entry.group)}))
            groups.append(
                MoveGroup(
                    entry.group.id, entry.group.name, entry.group.assets, self._reason(entry), cut, wave
                )
            )
        waves = tuple(self._wave(number, spans[number], members[number]) for number in sorted(spans))
        steps.extend([*state.care.steps([entry.group for entry in dated], waves, steps)])
        return Schedule(
            groups=tuple(sorted(groups, key=lambda g: g.id)),
            waves=waves,
            steps=tuple(steps),
            dropped=self._dropped(found),
            left_at=state.writer.left_at,
            timeline=state.timeline,
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

    def _dropped(self, found: Dated) -> tuple[Unplaced, ...]:
        dropped = {ref: self._without_date(ref, lack, None) for ref, lack in self._anchored.items()}
        for group, refusal in found.undated:
            where = f"group {group.id}"
            lack = Lack(refusal.dimension, refusal.needs, refusal.available, where, refusal.why)
            change = refusal.change or not_computed(refusal.why)
            dropped |= {asset: self._without_date(asset, lack, change) for asset in group.assets}
        return tuple(dropped[ref] for ref in sorted(dropped))

    def _without_date(self, asset: Ref, lack: Lack, change: SmallestChange | None) -> Unplaced:
        name = self._decisions[asset].name
        return Unplaced(asset, name, lack.dimension == "site", (lack,), change)


def _by_rooms(
    groups: Sequence[Group], rooms: Iterable[Collection[Ref]], left_at: Mapping[Ref, int]
) -> list[Group]:
    """Groups by when the first room was empty that waits for them, those no room waits for last; else as they were."""
    empty: dict[Ref, int] = {}
    for waits in rooms:
        end = max(left_at.get(asset, 0) for asset in waits)
        for asset in waits:
            empty[asset] = min(empty.get(asset, end), end)
    never = max(empty.values(), default=0) + 1
    return sorted(groups, key=lambda group: min(empty.get(asset, never) for asset in group.assets))
