"""How long a step takes and what it holds: crews, engineers, vans, the dock, from the calendar's work rates.

The formulas are the rules EFFORT and VAN of docs/reference/rules.md, turned round: the fewest hands that
finish within the time there is. When the step happens is for `waves`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from capacity.calendar import Calendar
from capacity.plan import AssetDemand
from capacity.timetable.windows import SLOT_MINUTES
from inventory.estate import Ref


@dataclass(frozen=True, slots=True)
class Job:
    """A step without a date: its length in slots and the amounts it holds throughout."""

    slots: int
    needs: dict[str, float]


class WorkBook:
    """Jobs by the calendar's rates and what the resources offer at most."""

    def __init__(self, calendar: Calendar, demands: Mapping[Ref, AssetDemand]) -> None:
        self._work = calendar.work
        self._demands = demands
        self._most = {resource.name: resource.capacity for resource in calendar.resources}

    def cutover(self, count: int, most_minutes: float) -> Job | None:
        """Cut over `count` workloads within `most_minutes`; None when all engineers together are too few."""
        return self._job("engineer", 0.0, count * self._work.cutover_minutes, most_minutes)

    def relocate(self, devices: Sequence[Ref], most_minutes: float) -> Job | None:
        """Move devices (those in bays left out) within `most_minutes`, with the vans that carry them in one run."""
        job = self._job(
            "crew", self._work.transport_minutes, len(devices) * self._work.relocate_minutes, most_minutes
        )
        if job is None:
            return None
        weight_kg = sum(self._demands[d].quantities["weight_kg"].planning for d in devices)
        height_u = sum(self._demands[d].height_u or 0 for d in devices)
        vans = max(math.ceil(weight_kg / self._work.van_kg), math.ceil(height_u / self._work.van_units_u), 1)
        if vans > self._most.get("van", 0) or self._most.get("dock", 0) < 1:
            return None
        return Job(job.slots, {**job.needs, "van": float(vans), "dock": 1.0})

    def least_minutes(self, workloads: int, devices: Sequence[Sequence[Ref]]) -> float | None:
        """The shortest a group's longest step can be, with all hands: its workloads, and its devices site by site.

        None where there are no hands, or vans and dock for them, at all.
        """
        jobs = [self._quickest("engineer", 0.0, workloads * self._work.cutover_minutes)] if workloads else []
        for there in devices:
            if self.relocate(there, float("inf")) is None:
                return None
            minutes = len(there) * self._work.relocate_minutes
            jobs.append(self._quickest("crew", self._work.transport_minutes, minutes))
        return None if not jobs or None in jobs else max(job for job in jobs if job is not None)

    def _quickest(self, resource: str, fixed: float, minutes: float) -> float | None:
        hands = int(self._most.get(resource, 0))
        return float(_slots(fixed + minutes / hands) * SLOT_MINUTES) if hands else None

    def decommission(self, count: int, resource: str) -> Job:
        """Clear `count` assets at their source with two of `resource` at most."""
        return self._plain(
            resource, count * self._work.decommission_minutes, hands=min(2, max(1, count // 10))
        )

    def racks(self, count: int) -> Job:
        """Bring up `count` new racks."""
        return self._plain(
            "crew", count * self._work.rack_minutes, hands=max(1, int(self._most["crew"] * 2 / 3))
        )

    def hosts(self, count: int) -> Job:
        """Bring up `count` cloud hosts."""
        return self._plain(
            "crew", count * self._work.host_minutes, hands=max(1, int(self._most["crew"] * 2 / 3))
        )

    def _plain(self, resource: str, minutes: float, hands: int) -> Job:
        hands = max(1, min(hands, int(self._most[resource])))
        return Job(_slots(minutes / hands), {resource: float(hands)})

    def _job(self, resource: str, fixed: float, minutes: float, most_minutes: float) -> Job | None:
        """The fewest hands that finish in time, and from there no longer than six hours where hands allow it."""
        most_hands = int(self._most.get(resource, 0))
        comfortable = min(most_minutes, 360.0)
        fitting = [
            h for h in range(1, most_hands + 1) if _slots(fixed + minutes / h) * SLOT_MINUTES <= most_minutes
        ]
        if not fitting:
            return None
        pleasant = [h for h in fitting if _slots(fixed + minutes / h) * SLOT_MINUTES <= comfortable]
        hands = (pleasant or fitting[-1:])[0]
        return Job(_slots(fixed + minutes / hands), {resource: float(hands)})


def _slots(minutes: float) -> int:
    return max(1, math.ceil(minutes / SLOT_MINUTES - 1e-9))
