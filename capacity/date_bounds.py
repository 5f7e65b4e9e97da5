"""How early the rooms that a plan empties could be empty at best: a bound on the days, and on the last of them.

Holds for every plan that leaves the same devices at the same places: each may go only in its own windows, after its
place is there (PHASE), with all hands (EFFORT) and, where it is cleared at its source, after the days of the way back
(ROLLBACK). So may its room, which is empty when the last has gone. And all rooms share the crews: by when k rooms are
empty, crews have been there for the work of the k rooms with the least of it. Hands of other work, copies, vans, docks,
groups and lines are left out, so it is the bound of a relaxation.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

import numpy as np
from numpy.typing import NDArray

from capacity.belonging import Belonging
from capacity.facility import Facility
from capacity.placement import Placement
from capacity.plan import DateBound, Plan
from capacity.solvers.timeline import Timeline
from capacity.timetable.readiness import Readiness
from capacity.timetable.rooms_left import room_key
from capacity.timetable.steps import CLOCK_CHANGE, DAY, timeline_of
from capacity.timetable.windows import SLOT_MINUTES, Grid, Interval, Windows, merged
from inventory.estate import Device, Estate, Ref

BASIS = (
    "of a relaxation, for these places: each device in its windows with all hands, rooms share the crews; "
    "copies, vans, docks, groups and lines left out"
)


@dataclass(frozen=True, slots=True)
class _Leaving:
    """A device that is relocated or cleared: from which slot it may go, and from which it may be gone."""

    room: int
    ready: int
    gone: int
    crew_minutes: float
    windows: tuple[Interval, ...]


def date_bounds(estate: Estate, facility: Facility, plan: Plan) -> tuple[DateBound, ...]:
    """Both bounds for the rooms that a plan empties, each beside what it comes to; none where it empties none."""
    emptied = {(r.site_id, r.location_id): r.emptied_at for r in plan.rooms if r.emptied_at is not None}
    if not emptied:
        return ()
    number = {room: k for k, room in enumerate(emptied)}
    belonging, soonest = Belonging(estate), _Soonest(estate, facility, plan)
    inside = ((device, number.get(room_key(estate, belonging, device))) for device in estate.devices)
    found = (soonest.of(device, room) for device, room in inside if room is not None)
    leaving = [one for one in found if one is not None]
    grid = Grid(plan.calendar)
    alone = np.zeros(len(emptied), dtype=np.int64)
    for device in leaving:
        alone[device.room] = max(alone[device.room], device.gone)
    best = np.sort(alone)
    crews = timeline_of(plan.calendar, grid)
    for ready in sorted({device.ready for device in leaving}):
        shared = _shared(crews, leaving, ready, len(emptied), grid.slots)
        best = max(best, np.maximum(np.sort(alone), shared), key=lambda slots: int(slots.sum()))
    start = plan.calendar.start.astimezone(UTC)
    days = [(moment.astimezone(UTC) - start) / timedelta(days=1) for moment in emptied.values()]
    return (
        DateBound("room_days", sum(days), float(best.sum()) / DAY, BASIS),
        DateBound("last_room_days", max(days), float(best.max()) / DAY, BASIS),
    )


class _Soonest:
    """From when on each asset may go, and may be gone, all by itself."""

    def __init__(self, estate: Estate, facility: Facility, plan: Plan) -> None:
        self._windows = Windows(estate, plan.calendar)
        self._work, self._calendar = plan.calendar.work, plan.calendar
        placement = Placement(plan.racks, plan.hosts, plan.devices, plan.workloads, ())
        demands = {demand.asset: demand for demand in plan.demands}
        grid = self._windows.grid
        ready = Readiness(estate, facility, plan.calendar, grid, placement, demands).at_soonest()
        # Planners let an hour pass after a delivery, for the clocks.
        self._there = {name: max(slot - CLOCK_CHANGE, 0) for name, slot in ready.items()}
        most = {resource.name: resource.capacity for resource in plan.calendar.resources}
        self._crew, self._engineers = max(most.get("crew", 0.0), 1.0), max(most.get("engineer", 0.0), 1.0)
        self._carried = {entry.asset: entry for entry in plan.devices}
        self._hosted = {entry.asset: entry.host for entry in plan.workloads}
        # A retired host stays until the way back of all that ran on its cluster is closed.
        self._served: dict[int, int] = defaultdict(int)
        for machine in estate.virtual_machines:
            ref = Ref("virtual_machines", machine.id)
            if ref in self._hosted and machine.cluster_id is not None:
                cut = self._cut_over(ref) + plan.calendar.rollback_days * DAY
                self._served[machine.cluster_id] = max(self._served[machine.cluster_id], cut)

    def of(self, device: Device, room: int) -> _Leaving | None:
        """None for what stays, or may be taken out at any time."""
        ref, clearing = Ref("devices", device.id), _slots(self._work.decommission_minutes / self._crew)
        if ref in self._carried:
            carried = self._carried[ref]
            own = self._work.relocate_minutes if carried.parent_device_id is None else 0.0
            minutes = self._work.transport_minutes + own / self._crew
            ready, windows = self._there[carried.rack], tuple(self._windows.of(ref))
            return _Leaving(room, ready, _first_end(windows, ready, _slots(minutes)), own, windows)
        if ref in self._hosted:
            gone = self._cut_over(ref) + self._calendar.rollback_days * DAY + clearing
            return _Leaving(room, 0, gone, 0.0, ())
        if device.cluster_id is not None and device.cluster_id in self._served:
            return _Leaving(room, 0, self._served[device.cluster_id] + clearing, 0.0, ())
        return None

    def _cut_over(self, ref: Ref) -> int:
        windows, slots = self._windows.of(ref), _slots(self._work.cutover_minutes / self._engineers)
        return _first_end(windows, self._there[self._hosted[ref]], slots)


def _first_end(windows: Sequence[Interval], ready: int, slots: int) -> int:
    """The slot in which work of so many slots can be over at the soonest.

    The grid cuts a window to whole slots; up to one at each end may be missing.
    """
    for begin, end in windows:
        first = max(begin, ready)
        if end > first - 1 and end - first + 2 >= slots:
            return max(first + slots - 1, 0)
    return ready


def _shared(
    crews: Timeline, leaving: list[_Leaving], since: int, rooms: int, slots: int
) -> NDArray[np.int64]:
    """By number of rooms, the slot before which crews can't have done the work of so many of them.

    Only what can't begin before `since` counts, against the crews that are there from then on, within its windows.
    """
    minutes: dict[int, float] = defaultdict(float)
    open_ = np.zeros(slots, dtype=bool)
    late = [device for device in leaving if device.ready >= since and device.crew_minutes]
    for device in late:
        minutes[device.room] += device.crew_minutes
    for begin, end in merged((window for own in {d.windows for d in late} for window in own), slots):
        open_[begin:end] = True
    needed = np.cumsum(np.sort([minutes.get(room, 0.0) for room in range(rooms)]))
    if not late or "crew" not in crews:
        return np.zeros(rooms, dtype=np.int64)
    there = np.where(open_, np.maximum(crews.free("crew"), 0.0), 0.0) * SLOT_MINUTES
    there[:since] = 0.0
    given = np.concatenate(([0.0], np.cumsum(there)))
    # A slot that is not used up is not counted: the first at which all that is needed has been given, less one.
    found = np.searchsorted(given, needed - 1e-6, side="left")
    return np.where(needed > 0, np.minimum(found - 1, slots), 0).clip(min=0).astype(np.int64)


def _slots(minutes: float) -> int:
    """Whole slots within so many minutes: never more than the work itself."""
    return math.floor(minutes / SLOT_MINUTES + 1e-9)
