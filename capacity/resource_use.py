"""What a plan's steps hold of each resource at every moment, against what there is: crews, vans, docks, circuits.

What is held comes from the steps' uses, whether or not the plan is proven; what there is from the plan's calendar, and
for a circuit from its rate and the share that copies may take. Overloads are shown here and proven by `verify`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from capacity.plan import Plan, Use
from capacity.timetable.steps import timeline_of
from capacity.timetable.windows import SLOT_MINUTES, Grid
from inventory.estate import Estate

Floats = NDArray[np.float64]
CIRCUIT = "circuit:"
EPSILON = 1e-6
SLOT = SLOT_MINUTES * 60


@dataclass(frozen=True)
class Profile:
    """`used` and `offered` from each of `moments` (seconds since the epoch, ascending) to the next; the last is 0 used.

    `offered` is infinite where nobody knows what there is.
    """

    resource: str
    moments: Floats
    used: Floats
    offered: Floats

    @property
    def peak(self) -> float:
        return float(self.used.max(initial=0.0))

    @property
    def most(self) -> float:
        """The most there ever is."""
        return float(self.offered.max(initial=0.0))

    @property
    def is_over(self) -> NDArray[np.bool_]:
        return np.asarray(self.used > self.offered + EPSILON, dtype=np.bool_)

    @property
    def over_hours(self) -> float:
        """For how long more is held than there is."""
        return float(np.diff(self.moments)[self.is_over[:-1]].sum() / 3600) if self.moments.size else 0.0

    def cells(self, edges: Sequence[float]) -> list[tuple[float, float, bool]]:
        """Between each two edges: the most held, the most there is, and whether more is held than there is."""
        found = []
        is_over = self.is_over
        for begin, end in pairwise(edges):
            first = max(0, int(np.searchsorted(self.moments, begin, side="right")) - 1)
            last = int(np.searchsorted(self.moments, end, side="left"))  # before all moments: nothing
            part = slice(first, last)
            found.append(
                (
                    float(self.used[part].max(initial=0.0)),
                    float(self.offered[part].max(initial=0.0)),
                    bool(is_over[part].any()),
                )
            )
        return found


class ResourceUse:
    """The resources that steps of a plan hold, by name, those of the calendar first."""

    def __init__(self, estate: Estate, plan: Plan) -> None:
        self._estate, self._plan = estate, plan
        self._uses: dict[str, list[Use]] = {}
        for step in plan.steps:
            for use in step.uses:
                self._uses.setdefault(use.resource, []).append(use)

    @cached_property
    def names(self) -> tuple[str, ...]:
        known = [resource.name for resource in self._plan.calendar.resources]
        return tuple(
            sorted(
                self._uses,
                key=lambda name: (known.index(name) if name in known else len(known), _number(name)),
            )
        )

    @cached_property
    def _grid(self) -> Grid:
        return Grid(self._plan.calendar)

    def of(self, name: str) -> Profile:
        """What is held of a resource and what there is, moment by moment; nothing of one that no step holds."""
        uses = self._uses.get(name, ())
        since, offered = self._offered(name)
        starts = np.array([use.start.timestamp() for use in uses])
        ends = np.array([use.end.timestamp() for use in uses])
        amounts = np.array([use.amount for use in uses])
        moments = np.unique(np.concatenate([since, starts, ends]))
        held = np.zeros(moments.size + 1)
        np.add.at(held, np.searchsorted(moments, starts), amounts)
        np.add.at(held, np.searchsorted(moments, ends), -amounts)
        used = np.maximum(np.cumsum(held)[:-1], 0.0)
        place = np.searchsorted(since, moments, side="right") - 1
        there = np.where(place >= 0, offered[np.maximum(place, 0)], 0.0)
        return Profile(name, moments, np.where(used < EPSILON, 0.0, used), there)

    def _offered(self, name: str) -> tuple[Floats, Floats]:
        """What there is from each of some moments on."""
        begin = self._plan.calendar.start.timestamp()
        timeline = timeline_of(self._plan.calendar, self._grid)
        if name in timeline:
            slots = timeline.free(name)
            changes = np.flatnonzero(np.diff(slots)) + 1
            first = np.concatenate(([0], changes))
            # After the horizon there is nothing.
            return begin + np.append(first, slots.size) * SLOT, np.append(slots[first], 0.0)
        rate = self._rate(name)
        share = self._plan.calendar.work.replication_share
        return np.array([begin]), np.array([np.inf if rate is None else rate * share])

    def _rate(self, name: str) -> float | None:
        """A circuit's rate; None where it isn't known, and for what is no circuit."""
        number = name.removeprefix(CIRCUIT)
        if not name.startswith(CIRCUIT) or not number.isdigit():
            return None
        return next((c.rate_mbps for c in self._estate.circuits if c.id == int(number)), None)


def _number(name: str) -> tuple[str, int]:
    kind, _, number = name.partition(":")
    return kind, int(number) if number.isdigit() else 0
