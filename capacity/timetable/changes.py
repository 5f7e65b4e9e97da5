"""How fast workloads change while they are copied, and how long a copy takes that has to outrun it.

The formulas are the rules REPLICATION, CHANGES and RPO of docs/reference/rules.md. What the lines have left, and when,
is for `copies`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from capacity.belonging import Belonging
from capacity.calendar import Calendar
from capacity.plan import AssetDemand
from capacity.resources import BITS_PER_MB, assumed_change_mbps, catching_up_seconds
from inventory.estate import Estate, Ref

SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Load:
    """What a copy brings over: megabytes on the line, Mbit/s they change by meanwhile, and how many times that rate
    the line has to be held at after the copy so that the copy is never older than it may be.
    """

    megabytes: float
    changes_mbps: float
    hurry: float

    @property
    def held_mbps(self) -> float:
        """What stays held of the line from the end of the copy to the end of the cutover."""
        return self.changes_mbps * self.hurry

    def line_seconds(self, rate_mbps: float) -> float:
        """Seconds to copy and catch up at a rate; infinite where the changes come as fast."""
        return catching_up_seconds(self.megabytes, rate_mbps, self.changes_mbps)

    def seconds_at(self, rate_mbps: float) -> float:
        """Seconds to write it once to an appliance, or to read it from there."""
        return self.megabytes * BITS_PER_MB / (rate_mbps * 1_000_000)


class Changes:
    """Answers for workloads of one estate, by the calendar's rates."""

    def __init__(self, estate: Estate, calendar: Calendar, demands: Mapping[Ref, AssetDemand]) -> None:
        self._work, self._demands = calendar.work, demands
        self._applications_of = Belonging(estate).applications_of
        self._rpo_minutes = {a.id: a.rpo_minutes for a in estate.applications if a.rpo_minutes is not None}

    def mbps(self, workload: Ref) -> float:
        """What a workload's changes take of a line: as observed, else the assumed share of its disk a day."""
        quantities = self._demands[workload].quantities
        known = quantities.get("change_rate_mbps")
        if known is not None:
            return known.planning / self._work.compression
        share = self._work.change_share_per_day
        return assumed_change_mbps(quantities["disk_mb"].planning, share) / self._work.compression

    def load(self, workloads: Iterable[Ref], cutover_minutes: float = math.inf) -> Load:
        """What it takes to bring workloads over whose cutover lasts so long."""
        chosen = tuple(workloads)
        used_mb = sum(self._demands[w].quantities["disk_mb"].planning for w in chosen)
        every = self._work.delta_minutes
        hurry = max(1.0, every / cutover_minutes)
        rpo = self.rpo_minutes(chosen)
        if every and rpo is not None and rpo > every:
            hurry = max(hurry, every / (rpo - every))
        megabytes = used_mb * self._work.replication_factor / self._work.compression
        return Load(megabytes, sum(self.mbps(w) for w in chosen), hurry)

    def rpo_minutes(self, workloads: Iterable[Ref]) -> int | None:
        """The shortest recovery point that an application of the workloads asks for; None where none does."""
        asked = {
            self._rpo_minutes[a]
            for w in workloads
            for a in self._applications_of.get(w, ())
            if a in self._rpo_minutes
        }
        return min(asked, default=None)
