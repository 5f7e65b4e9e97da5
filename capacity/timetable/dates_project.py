"""The dating of a region's groups as a project of the scheduling solver: which group when, and with how many hands.

A slot is a quarter of an hour, an amount a thousandth of its unit. A group is a bundle: its copies (as they were
booked: over the line or by van), its cutover and its relocations, which start together within the group's windows, and
the clearing of its sources when the way back is closed. A relocation has a mode for each number of hands worth trying.
What changes on a line between copy and cutover is a reservation; a tenant that stands one risky move at a time is a
resource of one. A room is empty when the last activity it waits for has ended: that is what costs. What two groups load
on a line between the move of the one and that of the other depends on which comes first and is no need over an
interval, and people standing by share a night: both are left to `dating`, which takes the answer as its order.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from capacity.solvers.scheduling import END, START, CalendarProject, Draft, Mode, solve_calendar
from capacity.solvers.timeline import Timeline
from capacity.timetable.copies import Replica
from capacity.timetable.dating import Terms
from capacity.timetable.rooms_left import Room
from capacity.timetable.steps import CLOCK_CHANGE, DAY, Booking
from capacity.timetable.work import COMFORTABLE_MINUTES, Job, WorkBook
from inventory.estate import Ref

SLACK = 1e-6
SCALE = 1000  # of amounts, so that they are whole numbers
PACES = (COMFORTABLE_MINUTES, 240.0, 180.0, 120.0)  # minutes a relocation should last at most
ROOM_COST = 4  # of each slot until a room is empty
LEASE_COST = 40  # and of each slot that it is kept longer than its lease
LAST_COST = 1  # for each room, of each slot until all is over
UNDATED_COST = 10**9  # of each asset left without a date: more than any date costs
NOT_EMPTIED_COST = 10**7  # of a room that is not emptied
WORK = 300  # steps of the solver's search


@dataclass(frozen=True, slots=True)
class Answer:
    """By booking the slot it starts at in the solver's schedule; by group the pace of its relocations."""

    rank: tuple[int, ...]
    paces: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Moved:
    """The activities of one booking: those that start together, each with its modes' paces, and by asset the last."""

    first: int
    paces: tuple[tuple[int, tuple[float, ...]], ...]
    last: Mapping[Ref, int]


class DatesProject:
    """Built once from bookings; `timeline` has what is free before any group is dated."""

    def __init__(
        self,
        terms: Terms,
        work: WorkBook,
        timeline: Timeline,
        bookings: Sequence[Booking],
        rooms: Mapping[Room, Collection[Ref]],
    ) -> None:
        self._terms, self._work, self._timeline, self._bookings = terms, work, timeline, bookings
        self._draft = Draft(terms.grid.slots, makespan_cost=LAST_COST * max(len(rooms), 1))
        self._resources: dict[str, int] = {}
        self._calendars: dict[tuple[tuple[int, int], ...], int] = {}
        self._rooms_for: dict[tuple[object, ...], bool] = {}
        self._moved = [self._group(entry) for entry in bookings]
        last = {asset: activity for moved in self._moved for asset, activity in moved.last.items()}
        sites = terms.estate.by_id("sites")
        for (site, _), waits in rooms.items():
            lease_end = sites[site].lease_end if site in sites else None
            self._room(sorted({last[asset] for asset in waits if asset in last}), lease_end)
        self.project: CalendarProject = self._draft.project()

    def solved(self, seed: int, work: int = WORK) -> Answer:
        """The solver's schedule as an order and paces; what it leaves out comes last."""
        found = solve_calendar(self.project, seed=seed, work=work, is_proving=False)
        rank, paces = [], {}
        for entry, moved in zip(self._bookings, self._moved, strict=True):
            start = int(found.start[moved.first])
            rank.append(start if start >= 0 else self._draft.horizon)
            chosen = [
                of_mode[int(found.mode[a] - self.project.mode_at[a])]
                for a, of_mode in moved.paces
                if found.start[a] >= 0
            ]
            if chosen:
                paces[entry.group.id] = min(chosen)
        return Answer(tuple(rank), paces)

    # --- what a group does ----------------------------------------------------------------------------------------

    def _group(self, entry: Booking) -> _Moved:
        draft, release = self._draft, self._released(entry)
        calendar = self._calendar(entry)
        usual = [job.slots for *_, job in entry.jobs]
        longest = usual.index(max(usual))
        first = -1
        together: list[tuple[str, tuple[Ref, ...], int]] = []
        paces: list[tuple[int, tuple[float, ...]]] = []
        last: dict[Ref, int] = {}
        for number, (kind, site, assets, _) in enumerate(entry.jobs):
            ways = self._ways(entry, kind, site)
            guards = entry.guards if number == longest else {}
            modes = [Mode(job.slots, self._needs({**job.needs, **guards}), calendar) for _, job in ways]
            is_first = first < 0
            activity = draft.activity(
                *modes,
                release=release,
                deadline=self._terms.last_start,
                skip_cost=UNDATED_COST * len(entry.group.assets) if is_first else 0,
                bundle=None if is_first else first,
            )
            first = activity if is_first else first
            if not is_first:
                draft.after(first, activity, 0, 0, from_=START, to=START)
            paces.append((activity, tuple(pace for pace, _ in ways)))
            together.append((kind, assets, activity))
        for kind, assets, activity in together:
            last |= dict.fromkeys(assets, activity)
            if kind == "cutover":
                for replica in entry.replicas:
                    self._copy(replica, first, activity)
                last |= self._cleared(assets, first, activity)
        moves = tuple((a, of) for a, of in paces if len(of) > 1)
        return _Moved(first, moves, last)

    def _released(self, entry: Booking) -> int:
        """From when on its places are there; what it copies first has activities of its own."""
        ready = self._terms.readiness.of(entry.group.assets)
        return ready[0] if ready else entry.earliest

    def _ways(self, entry: Booking, kind: str, site: int | None) -> list[tuple[float, Job]]:
        """The jobs to choose from, each with its pace, the usual first; one of each length."""
        booked = next(job for k, s, _, job in entry.jobs if (k, s) == (kind, site))
        found = {booked.slots: (PACES[0], booked)}
        for pace in PACES[1:] if kind == "relocate" else ():
            jobs = self._terms.group_work.jobs_within(entry.group, entry.intervals, pace) or ()
            for k, s, _, job in jobs:
                if (k, s) == (kind, site):
                    found.setdefault(job.slots, (pace, job))
        return list(found.values())

    def _copy(self, replica: Replica, first: int, cutover: int) -> None:
        """A copy before its cutover, at the rate it was booked at, and what is held for changes after it."""
        if replica.trip:  # ends with the cutover, whose job holds what it takes
            return
        held = {} if replica.by else {n: a for n, a, begin, _ in replica.uses if begin == replica.start}
        copy = self._draft.activity(
            Mode(replica.end - replica.start, self._needs(held)),
            release=replica.ready,
            skip_cost=0,
            bundle=first,
        )
        self._draft.after(copy, cutover)
        if replica.held_mbps:
            for name, amount in self._needs(dict.fromkeys(held, replica.held_mbps)).items():
                self._draft.hold(name, amount, copy, cutover, from_=END)

    def _cleared(self, assets: Sequence[Ref], first: int, cutover: int) -> dict[Ref, int]:
        """Clear the sources once the way back is closed; in halves where no such long stretch is free."""
        last: dict[Ref, int] = {}
        lag = self._terms.calendar.rollback_days * DAY + CLOCK_CHANGE
        for kind, resource in (("virtual_machines", "engineer"), ("devices", "crew")):
            waiting = [tuple(asset for asset in assets if asset.kind == kind)]
            while waiting:
                chosen = waiting.pop()
                if not chosen:
                    continue
                job = self._work.decommission(chosen, resource)
                if len(chosen) > 1 and not self._has_room(job):
                    middle = len(chosen) // 2
                    waiting += [chosen[:middle], chosen[middle:]]
                    continue
                clearing = self._draft.activity(
                    Mode(job.slots, self._needs(job.needs)), skip_cost=0, bundle=first
                )
                self._draft.after(cutover, clearing, lag)
                last |= dict.fromkeys(chosen, clearing)
        return last

    def _has_room(self, job: Job) -> bool:
        key = (job.slots, *sorted(job.needs.items()))
        if key not in self._rooms_for:
            found = self._timeline.earliest(job.needs, job.slots, 0, self._timeline.slots)
            self._rooms_for[key] = found is not None
        return self._rooms_for[key]

    def _room(self, waits: Sequence[int], lease_end: date | None) -> None:
        """A room that is empty once these have ended, and should be when its lease ends."""
        if not waits:
            return
        due = None
        if lease_end is not None:
            grid = self._terms.grid
            due = min(max(grid.floor(grid.midnight(lease_end)), 0), self._draft.horizon)
        empty = self._draft.activity(
            Mode(0, {}),
            due=due,
            tardy_cost=0 if due is None else LEASE_COST,
            end_cost=ROOM_COST,
            skip_cost=NOT_EMPTIED_COST,
        )
        for activity in waits:
            self._draft.after(activity, empty)

    # --- resources and windows --------------------------------------------------------------------------------------

    def _calendar(self, entry: Booking) -> int:
        key = tuple(entry.intervals)
        if key not in self._calendars:
            self._calendars[key] = self._draft.calendar(key)
        return self._calendars[key]

    def _needs(self, needs: Mapping[str, float]) -> dict[int, int]:
        """Amounts by the solver's resources, rounded down as capacities are rounded up: never harder than it is."""
        return {
            self._resource(name): math.floor(amount * SCALE + SLACK)
            for name, amount in needs.items()
            if amount > 0
        }

    def _resource(self, name: str) -> int:
        if name not in self._resources:
            free = np.ceil(np.maximum(self._timeline.free(name), 0.0) * SCALE - SLACK).astype(np.int64)
            begins = [0, *(np.flatnonzero(np.diff(free)) + 1).tolist()]
            self._resources[name] = self._draft.resource([(b, int(free[b])) for b in begins])
        return self._resources[name]
