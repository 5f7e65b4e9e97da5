"""How long a step takes and what it holds: crews, engineers, vans, the dock, from the calendar's work rates.

The formulas are the rules EFFORT and VAN of docs/reference/rules.md, turned round: the fewest hands that
finish within the time there is. When the step happens is for `waves`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from capacity.calendar import Calendar
from capacity.plan import AssetDemand
from capacity.timetable.windows import SLOT_MINUTES
from inventory.estate import Estate, Ref

FOREVER = 10_000_000  # slots: longer than any horizon, and still a date
COMFORTABLE_MINUTES = 360.0  # a step lasts no longer where more hands make it shorter: an assumption
STAGING = "staging"  # a resource in units: where devices stand from arrival until they are mounted


@dataclass(frozen=True, slots=True)
class Job:
    """A step without a date: its length in slots and the amounts it holds throughout."""

    slots: int
    needs: dict[str, float]


def data_bearing(estate: Estate, words: Sequence[str]) -> frozenset[Ref]:
    """Devices whose role's slug has one of the words in it."""
    roles = {role.id for role in estate.device_roles if any(word in role.slug for word in words)}
    return frozenset(Ref("devices", device.id) for device in estate.devices if device.role_id in roles)


def _skilled(estate: Estate, calendar: Calendar) -> dict[Ref, tuple[str, ...]]:
    """The skills each asset asks for, by its role and platform; those that ask for none are left out."""
    if not calendar.skills:
        return {}
    roles = {role.id: role.slug for role in estate.device_roles}
    platforms = {platform.id: platform.slug for platform in estate.platforms}
    found = {}
    for kind, rows in (("devices", estate.devices), ("virtual_machines", estate.virtual_machines)):
        for row in rows:
            slugs = (roles.get(row.role_id or 0, ""), platforms.get(row.platform_id or 0, ""))
            asked = tuple(
                skill.name
                for skill in calendar.skills
                if any(w in slug for w in skill.words for slug in slugs)
            )
            if asked:
                found[Ref(kind, row.id)] = asked
    return found


class WorkBook:
    """Jobs by the calendar's rates and what the resources offer at most."""

    def __init__(
        self, calendar: Calendar, demands: Mapping[Ref, AssetDemand], estate: Estate | None = None
    ) -> None:
        """`estate`: to know what bears data and whose skill an asset asks for; without it nothing does."""
        self._work = calendar.work
        self._media = data_bearing(estate, calendar.work.media_roles) if estate else frozenset()
        self._skills = _skilled(estate, calendar) if estate else {}
        self._has_staging = any(resource.name == STAGING for resource in calendar.resources)
        self._demands = demands
        self._most = {resource.name: resource.capacity for resource in calendar.resources}

    def cutover(self, count: int, most_minutes: float) -> Job | None:
        """Cut over `count` workloads within `most_minutes`; None when all engineers together are too few."""
        return self._job("engineer", 0.0, count * self._work.cutover_minutes, most_minutes)

    def relocate(
        self, devices: Sequence[Ref], most_minutes: float, pace: float = COMFORTABLE_MINUTES
    ) -> Job | None:
        """Move devices (those in bays left out) within `most_minutes`, with the vans that carry them in one run.

        With as few hands as finish in `pace` minutes, or in those of the window where no hands do that.
        """
        minutes = len(devices) * self._work.relocate_minutes
        job = self._job("crew", self._work.transport_minutes, minutes, most_minutes, pace)
        if job is None:
            return None
        weight_kg = sum(self._demands[d].quantities["weight_kg"].planning for d in devices)
        height_u = sum(self._demands[d].height_u or 0 for d in devices)
        vans = max(math.ceil(weight_kg / self._work.van_kg), math.ceil(height_u / self._work.van_units_u), 1)
        if vans > self._most.get("van", 0) or self._most.get("dock", 0) < 1:
            return None
        needs = {**job.needs, "van": float(vans), "dock": 1.0}
        if self._has_staging:
            if height_u > self._most[STAGING]:
                return None
            needs[STAGING] = height_u
        return Job(job.slots, needs)

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

    def decommission(self, assets: Sequence[Ref], resource: str) -> Job:
        """Clear assets at their source with two of `resource` at most; wipe those that bear data, or escort them."""
        minutes = len(assets) * self._work.decommission_minutes
        bearing = sum(asset in self._media for asset in assets)
        hands = min(2, max(1, len(assets) // 10))
        if bearing and not self._work.wipe_minutes and self._work.escort_crew:
            crews = max(float(hands), self._work.escort_crew)
            return Job(_slots(minutes / crews), {"crew": crews, "van": 1.0})
        return self._plain(resource, minutes + bearing * self._work.wipe_minutes, hands)

    def skills(self, assets: Iterable[Ref]) -> dict[str, float]:
        """One of each skill that one of the assets asks for."""
        return {name: 1.0 for asset in assets for name in self._skills.get(asset, ())}

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

    def _job(
        self,
        resource: str,
        fixed: float,
        minutes: float,
        most_minutes: float,
        pace: float = COMFORTABLE_MINUTES,
    ) -> Job | None:
        """The fewest hands that finish in time, and from there no longer than `pace` where hands allow it."""
        most_hands = int(self._most.get(resource, 0))
        comfortable = min(most_minutes, pace)
        fitting = [
            h for h in range(1, most_hands + 1) if _slots(fixed + minutes / h) * SLOT_MINUTES <= most_minutes
        ]
        if not fitting:
            return None
        pleasant = [h for h in fitting if _slots(fixed + minutes / h) * SLOT_MINUTES <= comfortable]
        hands = (pleasant or fitting[-1:])[0]
        return Job(_slots(fixed + minutes / hands), {resource: float(hands)})


def _slots(minutes: float) -> int:
    return max(1, math.ceil(min(minutes / SLOT_MINUTES, FOREVER) - 1e-9))
