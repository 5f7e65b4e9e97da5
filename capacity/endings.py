"""How a placement's dates end: what is retired after them, when each room is empty; and which of several is best.

In this order: more rooms emptied, fewer machines that no crew retires in time, fewer days that rooms are kept longer
than their site's lease, an earlier week in which the last of the rooms is empty, fewer days until rooms are empty, all
told, and an earlier end of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    overdue_days: int

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
    return Ending(dated, retired, found, outcomes, len(late), _overdue_days(estate, outcomes))


def _overdue_days(estate: Estate, outcomes: Sequence[RoomOutcome]) -> int:
    """Over all rooms that become empty, the days from the end of their site's lease until they are."""
    leases = {site.id: site.lease_end for site in estate.sites if site.lease_end is not None}
    emptied = ((leases.get(room.site_id), room.emptied_at) for room in outcomes)
    return sum(max((at.date() - end).days, 0) for end, at in emptied if end is not None and at is not None)


def best(usual: Ending, others: Iterable[Ending], start: datetime) -> Ending:
    """The best of those that leave the same without a date and in which nothing that counts is later than usual."""
    return min([usual, *(one for one in others if _holds(one, usual))], key=lambda one: _key(one, start))


def _holds(new: Ending, old: Ending) -> bool:
    if {u.asset for u in new.dated.dropped} != {u.asset for u in old.dated.dropped}:
        return False
    if len(new.emptied) < len(old.emptied) or new.kept > old.kept or new.overdue_days > old.overdue_days:
        return False
    if new.last is not None and old.last is not None and new.last > old.last:
        return False
    is_same = len(new.emptied) == len(old.emptied)
    return not (is_same and new.emptied and new.emptied[-1] > old.emptied[-1])


def _key(ending: Ending, start: datetime) -> tuple[float, ...]:
    spans = [moment - start for moment in ending.emptied]
    weeks = spans[-1] // WEEK if spans else 0
    days = sum(spans, timedelta()) / timedelta(days=1)
    last = (ending.last - start) / timedelta(days=1) if ending.last is not None else 0.0
    return (-len(spans), ending.kept, ending.overdue_days, weeks, days, last)


def _kept(decision: Decision) -> Decision:
    """A retirement for which no crew is left within the horizon: the asset stays, and the reason says so."""
    reason = "no crew is free within the horizon to take it out"
    return replace(decision, strategy="retain", recommended="retain", rule="strategy.no_date", reason=reason)
