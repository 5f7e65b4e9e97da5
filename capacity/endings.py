"""How a placement's dates end: what is retired after them, when each room is empty; and which of two ends is better.

In this order: more rooms emptied, fewer machines that no crew retires in time, an earlier week in which the last of the
rooms is empty, fewer days until rooms are empty, all told, and an earlier end of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from capacity import rooms
from capacity.calendar import Calendar
from capacity.plan import AssetDemand, Decision, RoomOutcome, Step, Unplaced
from capacity.timetable import retirements
from capacity.waves import Schedule
from inventory.estate import Estate, Ref

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Ending:
    """Dates with what follows from them: retire steps, decisions they changed, and each room's outcome."""

    dated: Schedule
    retired: tuple[Step, ...]
    decisions: tuple[Decision, ...]
    rooms: tuple[RoomOutcome, ...]
    kept: int

    @property
    def last(self) -> datetime | None:
        """The end of the last step."""
        return max((step.end for step in (*self.dated.steps, *self.retired)), default=None)

    @property
    def emptied(self) -> tuple[datetime, ...]:
        """When each room that becomes empty is."""
        return tuple(sorted(room.emptied_at for room in self.rooms if room.emptied_at is not None))


def ended(
    estate: Estate,
    calendar: Calendar,
    decisions: Sequence[Decision],
    demands: Mapping[Ref, AssetDemand],
    unplaced: Sequence[Unplaced],
    dated: Schedule,
) -> Ending:
    """Retire what is left once all has moved, and see which rooms that empties."""
    retired, undated = retirements.retire(estate, calendar, decisions, demands, dated)
    late = set(undated)
    found = tuple(_kept(d) if d.asset in late else d for d in decisions)
    outcomes = rooms.outcomes(estate, found, unplaced, (*dated.steps, *retired))
    return Ending(dated, retired, found, outcomes, len(late))


def is_better(new: Ending, old: Ending, start: datetime) -> bool:
    """Whether to take the new: the same has no date, nothing that counts is later, and something is better."""
    if {u.asset for u in new.dated.dropped} != {u.asset for u in old.dated.dropped}:
        return False
    if len(new.emptied) < len(old.emptied) or new.kept > old.kept:
        return False
    if new.last is not None and old.last is not None and new.last > old.last:
        return False
    is_same = len(new.emptied) == len(old.emptied)
    if is_same and new.emptied and new.emptied[-1] > old.emptied[-1]:
        return False
    return _key(new, start) < _key(old, start)


def _key(ending: Ending, start: datetime) -> tuple[float, ...]:
    spans = [moment - start for moment in ending.emptied]
    weeks = spans[-1] // WEEK if spans else 0
    days = sum(spans, timedelta()) / timedelta(days=1)
    last = (ending.last - start) / timedelta(days=1) if ending.last is not None else 0.0
    return (-len(spans), ending.kept, weeks, days, last)


def _kept(decision: Decision) -> Decision:
    """A retirement for which no crew is left within the horizon: the asset stays, and the reason says so."""
    reason = "no crew is free within the horizon to take it out"
    return replace(decision, strategy="retain", recommended="retain", rule="strategy.no_date", reason=reason)
