"""Turns a booked group into typed steps: replicate, cutover, relocate, and the decommission after its deadline.

Holds the calendar's resources as a timeline on the grid of slots. Which slot a group gets is for `waves`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from capacity.calendar import Calendar
from capacity.placement import Placement
from capacity.plan import Move, Place, Step, Use
from capacity.solvers.timeline import Timeline
from capacity.timetable.copies import CORE, TRUCK, Replica
from capacity.timetable.move_groups import Group
from capacity.timetable.windows import SLOT_MINUTES, Grid, Interval
from capacity.timetable.work import Job, WorkBook
from inventory.estate import Estate, Ref

DAY = 24 * 60 // SLOT_MINUTES
CLOCK_CHANGE = 60 // SLOT_MINUTES  # a deadline a day count later may be an hour further on the wall clock


class _Batch(NamedTuple):
    """The group and wave a step belongs to."""

    group: str
    wave: int


@dataclass(slots=True)
class Booking:
    """A group waiting for its date: jobs by step, the earliest slot, the intervals that suit all its assets.

    `guards` are held while any of its steps runs: what no other group may hold at the same time.
    """

    group: Group
    jobs: list[tuple[str, int | None, tuple[Ref, ...], Job]]
    replicas: list[Replica]
    earliest: int
    intervals: list[Interval]
    after: tuple[str, ...]
    guards: dict[str, float] = field(default_factory=dict)
    blocked_by: str = ""
    starts: list[int] = field(default_factory=list)

    @property
    def longest(self) -> int:
        """Slots of its longest step."""
        return max(job.slots for *_, job in self.jobs)

    def summed_needs(self) -> dict[str, float]:
        """What all its steps hold while all of them run."""
        summed: dict[str, float] = defaultdict(float)
        for *_, job in self.jobs:
            for name, amount in job.needs.items():
                summed[name] += amount
        return dict(summed)


class StepWriter:
    """Writes the steps of booked groups, books their decommissions, and notes when each asset has left its source."""

    def __init__(
        self,
        estate: Estate,
        calendar: Calendar,
        timeline: Timeline,
        work: WorkBook,
        placement: Placement,
        sites: Mapping[Ref, int | None],
    ) -> None:
        self._estate = estate
        self._calendar = calendar
        self._grid = Grid(calendar)
        self._timeline = timeline
        self._work = work
        self._sites = sites
        self._devices = {p.asset: p for p in placement.devices}
        self._workloads = {p.asset: p for p in placement.workloads}
        self.left_at: dict[Ref, int] = {}
        self._clearable: dict[tuple[object, ...], bool] = {}

    def of_group(self, entry: Booking, wave: int) -> Iterable[Step]:
        batch = _Batch(entry.group.id, wave)
        copies: list[str] = []
        for replica in entry.replicas:
            copies.append(f"{batch.group}-replicate-{replica.site}")
            span = (replica.start, replica.end)
            step = self._step(batch, copies[-1], "replicate", replica.workloads, span, {}, entry.after)
            yield replace(step, uses=self._uses(replica), by=replica.by)
        for (kind, site, assets, job), start in zip(entry.jobs, entry.starts, strict=True):
            end = start + job.slots
            name = f"{batch.group}-{kind}" if site is None else f"{batch.group}-{kind}-{site}"
            before = tuple(copies) if kind == "cutover" else entry.after
            deadline = end + self._calendar.rollback_days * DAY + CLOCK_CHANGE
            step = self._step(batch, name, kind, assets, (start, end), job.needs, before)
            by = TRUCK if kind == "cutover" and any(replica.trip for replica in entry.replicas) else ""
            yield replace(step, rollback_deadline=self._grid.moment(deadline), by=by)
            for asset in assets:
                self.left_at[asset] = end
            if kind == "cutover":
                yield from self._decommissions(batch, name, assets, deadline)

    def _uses(self, replica: Replica) -> tuple[Use, ...]:
        """What a copy holds, and what is held for changes after it."""
        return tuple(
            Use(resource, amount, self._grid.moment(begin), self._grid.moment(end))
            for resource, amount, begin, end in sorted(replica.uses, key=lambda use: (use[0], use[2]))
            if resource != CORE
        )

    def uncleared(self, assets: Iterable[Ref]) -> str | None:
        """Why what goes to the cloud could never be cleared where it stands; None where it can be."""
        for asset in assets:
            if asset in self._workloads:
                job = self._work.decommission((asset,), "crew" if asset.kind == "devices" else "engineer")
                key = (job.slots, *sorted(job.needs.items()))
                if key not in self._clearable:
                    free = self._timeline.earliest(job.needs, job.slots, 0, self._grid.slots)
                    self._clearable[key] = free is not None
                if not self._clearable[key]:
                    needs = " and ".join(f"{amount:g} {name}" for name, amount in sorted(job.needs.items()))
                    return f"clearing it at its source takes {needs} for {job.slots * SLOT_MINUTES / 60:g} h on end"
        return None

    def _decommissions(
        self, batch: _Batch, cutover: str, assets: Sequence[Ref], deadline: int
    ) -> Iterable[Step]:
        for kind, resource in (("virtual_machines", "engineer"), ("devices", "crew")):
            waiting = [tuple(asset for asset in assets if asset.kind == kind)]
            names = (f"{batch.group}-decommission-{kind}{f'-{n}' if n > 1 else ''}" for n in count(1))
            while waiting:
                chosen = waiting.pop(0)
                if not chosen:
                    continue
                job = self._work.decommission(chosen, resource)
                found = self._timeline.earliest(job.needs, job.slots, deadline, self._grid.slots)
                if found is None and len(chosen) > 1:  # no such long stretch is free: two shorter ones may be
                    middle = len(chosen) // 2
                    waiting[:0] = [chosen[:middle], chosen[middle:]]
                    continue
                if found is not None:
                    self._timeline.take(job.needs, found, found + job.slots)
                # Without room the step lies beyond the horizon: shown by verify, never hidden.
                start = max(deadline, self._grid.slots) if found is None else found
                span = (start, start + job.slots)
                yield self._step(batch, next(names), "decommission", chosen, span, job.needs, (cutover,))
                for asset in chosen:
                    self.left_at[asset] = span[1]

    def _step(
        self,
        batch: _Batch,
        name: str,
        kind: str,
        assets: Sequence[Ref],
        span: Interval,
        needs: Mapping[str, float],
        predecessors: Sequence[str],
    ) -> Step:
        start, end = self._grid.moment(span[0]), self._grid.moment(span[1])
        return Step(
            id=name,
            kind=kind,
            start=start,
            end=end,
            predecessors=tuple(predecessors),
            moves=tuple(
                Move(a, source_place(self._estate, a, self._sites[a]), self._target(kind, a)) for a in assets
            ),
            uses=tuple(Use(resource, amount, start, end) for resource, amount in sorted(needs.items())),
            group=batch.group,
            wave=batch.wave,
        )

    def _target(self, kind: str, asset: Ref) -> Place | None:
        if kind == "decommission":
            return None
        if asset in self._workloads:
            workload = self._workloads[asset]
            return Place(pool=workload.pool, host=workload.host)
        device = self._devices[asset]
        return Place(rack=device.rack, position=device.position, face=device.face)


def timeline_of(calendar: Calendar, grid: Grid) -> Timeline:
    """The calendar's resources on the grid: 0 outside their slots and, for people, on holidays."""
    timeline = Timeline(grid.slots)
    for resource in calendar.resources:
        capacity = np.zeros(grid.slots)
        for begin, end in grid.availability(resource):
            capacity[begin:end] = resource.capacity
        if resource.name in {"crew", "engineer"}:
            capacity *= school_share(calendar, grid)
        instead = np.full(grid.slots, np.inf)  # where exceptions overlap the smallest holds
        for change in resource.exceptions:
            first, last = max(grid.floor(change.start), 0), max(grid.ceil(change.end), 0)
            whole = slice(max(grid.ceil(change.start), 0), max(grid.floor(change.end), 0))
            allowed = np.minimum(
                capacity[first:last], change.capacity
            )  # a slot only partly in it: the less of both
            allowed[whole.start - first : max(whole.stop - first, 0)] = change.capacity
            instead[first:last] = np.minimum(instead[first:last], allowed)
        capacity = np.where(np.isinf(instead), capacity, instead)
        if resource.name in {"crew", "engineer"}:
            for begin, end in grid.holidays:
                capacity[begin:end] = 0
        timeline.add(resource.name, capacity)
    return timeline


def school_share(calendar: Calendar, grid: Grid) -> NDArray[np.float64]:
    """The share of crews and engineers that is there, [slots]: less in school holidays where that is said."""
    share = np.ones(grid.slots)
    for hands in calendar.school_hands:
        for holiday in calendar.school_holidays:
            if holiday.community == hands.community:
                first = max(grid.floor(grid.midnight(holiday.first)), 0)
                last = max(grid.ceil(grid.midnight(holiday.last + timedelta(days=1))), 0)
                share[first:last] = np.minimum(share[first:last], hands.factor)
    return share


def source_place(estate: Estate, asset: Ref, site_id: int | None) -> Place:
    """Where an asset stands now, as the estate has it."""
    if asset.kind == "devices":
        return Place(site_id=site_id, rack_id=estate.by_id("devices")[asset.id].rack_id)
    return Place(site_id=site_id, cluster_id=estate.by_id("virtual_machines")[asset.id].cluster_id)
