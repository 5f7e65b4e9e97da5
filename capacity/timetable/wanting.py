"""What a group without a date would need: a faster line, more hands, a longer window; the smallest of one limit.

Everything dated so far stays where it is. Only the limit in question is looked at, so the answer is what that limit
lacks, not a promise that nothing else is short; the basis of each answer says so. Who asks is the scheduler of `waves`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.calendar import Calendar
from capacity.plan import LimitChange, SmallestChange
from capacity.solvers.timeline import Timeline
from capacity.timetable.lines import CORE, Lines
from capacity.timetable.windows import SLOT_MINUTES, Interval
from inventory.estate import Circuit, Estate

Floats = NDArray[np.float64]

SLOT_SECONDS = SLOT_MINUTES * 60
THIS_ALONE = (
    "no less of this limit does, with everything dated where it is; windows, crews and other lines apart"
)
NOT_COMPUTED = "not computed"


def not_computed(why: str) -> SmallestChange:
    """An answer for what no single number decides."""
    return SmallestChange((), "", f"no smallest change is computed: {why}", NOT_COMPUTED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A copy: Mbit, Mbit/s of changes it outruns, and Mbit/s its line keeps for changes of all that it copies."""

    megabits: float
    changes_mbps: float
    reserve_mbps: float

    def rate(self, passing: float) -> float:
        """The rate of a line of which so much is left for the copy; at most a half is kept for changes."""
        copying = passing + self.changes_mbps
        return copying + min(self.reserve_mbps, copying)


def rate_wanted(
    free: Floats, ready: int, latest: int, amount: float, rate: Callable[[float], float] = float
) -> float | None:
    """How much more of a rate has to be free so that `amount` (rate × slots) passes at one constant rate.

    `rate`: what has to be free for a rate to pass, never less for a higher one.

    Over [ready, latest) slots; `free` [slots] is what is free now. The best copy begins and ends where what is free
    changes: between such moments it could only be longer. Negative where a copy fits already; None without any slot.
    """
    ready = max(ready, 0)
    window = free[ready:latest]
    if not len(window):
        return None
    edges = [0, *(np.flatnonzero(np.diff(window)) + 1).tolist(), len(window)]
    levels = [float(window[edge]) for edge in edges[:-1]]
    best = math.inf
    for i, begin in enumerate(edges[:-1]):
        least = math.inf
        for level, end in zip(levels[i:], edges[i + 1 :], strict=True):
            least = min(least, level)
            best = min(best, rate(amount / (end - begin)) - least)
    return best


def hands_wanted(free: Floats, windows: Sequence[Interval], slots: int, amount: float) -> float | None:
    """How much more of a resource has to be free so that `amount` is for `slots` on end in one of the windows."""
    best: float | None = None
    for begin, end in windows:
        window = free[max(begin, 0) : end]
        if len(window) >= slots > 0:
            least = np.lib.stride_tricks.sliding_window_view(window, slots).min(axis=1)
            short = amount - float(least.max())
            best = short if best is None else min(best, short)
    return best


class Wanting:
    """Answers for one schedule as it stands."""

    def __init__(self, estate: Estate, calendar: Calendar, timeline: Timeline, lines: Lines) -> None:
        self._estate, self._calendar, self._timeline, self._lines = estate, calendar, timeline, lines

    def faster_lines(
        self, copies: Mapping[int, Wanted], circuits: Mapping[int, Circuit], ready: int, latest: int
    ) -> SmallestChange:
        """The smallest rates at which each site's copy is done between two slots."""
        changes, told = [], []
        share = self._calendar.work.replication_share
        for site, wanted in copies.items():
            circuit = circuits.get(site)
            name = self._estate.by_id("sites")[site].name
            if circuit is None:
                if latest <= ready:
                    return not_computed("there is no time left to copy in")
                needed = _up(wanted.rate(wanted.megabits / ((latest - ready) * SLOT_SECONDS)) / share)
                changes.append(LimitChange("estate.circuits", None, needed))
                told.append(f"a circuit of {needed:g} Mbit/s at {name}")
                continue
            free = self._timeline.free(f"circuit:{circuit.id}")
            short = rate_wanted(free, ready, latest, wanted.megabits / SLOT_SECONDS, wanted.rate)
            if short is None:
                return not_computed("there is no time left to copy in")
            if short > 0:
                by = _up(self._with_flows(site, circuit, short, share))
                changes.append(LimitChange(f"estate.circuits[{circuit.id}].rate_mbps", circuit.rate_mbps, by))
                told.append(f"{by:g} Mbit/s more on circuit {circuit.cid} (now {circuit.rate_mbps:g})")
        if not changes:
            return not_computed(
                "the lines have room for slower copies than are tried; the order of copies decides"
            )
        text = f"{' and '.join(told)} would copy it in time"
        return SmallestChange(tuple(changes), "", text, THIS_ALONE)

    def _with_flows(self, site: int, circuit: Circuit, short: float, share: float) -> float:
        """How much faster a circuit has to be for so much more to copy with: its share, and what flows leave of all."""
        held = self._lines.replication_mbps.get(site, 0.0)
        by_share = (held + short) / share - (circuit.rate_mbps or 0.0)
        return max(by_share, held + short - self._lines.left_by_flows(site))

    def wider_lines(self, overfull: Mapping[int, float], circuits: Mapping[int, Circuit]) -> SmallestChange:
        """The smallest rates at which crossing flows fit; `overfull`: by site, Mbit/s too much."""
        changes, told = [], []
        if self._lines.kept_for_flows <= 0:
            return not_computed("copies may take all of the lines (calendar.work.replication_share)")
        for site, over in overfull.items():
            if site == CORE:
                by = _up(over / self._lines.kept_for_flows)
                changes.append(LimitChange("calendar.core_mbps", self._calendar.core_mbps, by))
                told.append(f"{by:g} Mbit/s more of the shared core (now {self._calendar.core_mbps:g})")
                continue
            circuit = circuits.get(site)
            if circuit is None:
                return not_computed(
                    f"site {self._estate.by_id('sites')[site].name} has no circuit of known rate"
                )
            by = _up(over / self._lines.kept_for_flows)
            changes.append(LimitChange(f"estate.circuits[{circuit.id}].rate_mbps", circuit.rate_mbps, by))
            told.append(f"{by:g} Mbit/s more on circuit {circuit.cid} (now {circuit.rate_mbps or 0:g})")
        text = f"{' and '.join(told)} would carry what then crosses"
        return SmallestChange(tuple(changes), "", text, THIS_ALONE)

    def more_hands(self, name: str, amount: float, slots: int, windows: Sequence[Interval]) -> SmallestChange:
        """The smallest capacity of a resource with which it is there for so long in one of the windows."""
        short = hands_wanted(self._timeline.free(name), windows, slots, amount)
        resource = next((r for r in self._calendar.resources if r.name == name), None)
        if short is None or short <= 0 or resource is None:
            return not_computed(
                "no window is long enough" if short is None else "resources are short in turn"
            )
        by = float(math.ceil(short - 1e-9))
        text = f"{by:g} more of {name} (now {resource.capacity:g}) would do the work in one of its windows"
        return SmallestChange(
            (LimitChange(f"calendar.resources[{name}].capacity", resource.capacity, by),),
            "",
            text,
            THIS_ALONE,
        )

    def longer_window(self, longest: int, needed_minutes: float | None) -> SmallestChange:
        """How much longer the longest window has to be, with all hands at work."""
        if needed_minutes is None:
            return not_computed("not even all vans and docks at once carry it")
        by = needed_minutes - longest * SLOT_MINUTES
        if by <= 0:
            return not_computed("its downtime budget is what is too short")
        text = f"a window {by:g} minutes longer than its longest ({longest * SLOT_MINUTES:g} minutes) would be enough"
        change = LimitChange("estate.change_windows.duration_minutes", float(longest * SLOT_MINUTES), by)
        return SmallestChange((change,), "", text, THIS_ALONE)


def _up(value: float) -> float:
    return math.ceil(value * 1000 - 1e-6) / 1000
