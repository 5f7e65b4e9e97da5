"""What is done around moves: a walk-through audit of each site, rehearsals, and people standing by after each night.

The rules are AUDIT, REHEARSAL and HYPERCARE of docs/reference/rules.md. Audits are booked as early as crews allow, so
that a group knows from when on it may move, and put as late as they may be once waves have their dates.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from capacity.belonging import Belonging
from capacity.calendar import Calendar
from capacity.plan import Step, Use, Wave
from capacity.solvers.timeline import Timeline
from capacity.timetable.move_groups import Group
from capacity.timetable.steps import DAY, Booking
from capacity.timetable.windows import SLOT_MINUTES, Grid, Interval
from inventory.estate import Estate, Ref

HOUR = 60 // SLOT_MINUTES
WEEK = 7 * DAY
HANDS = 2  # engineers that rehearse together, where there are as many


@dataclass(slots=True)
class _Night:
    """A night's last end, and when people stand by after it."""

    last: int
    span: Interval


class Care:
    """Books what the calendar asks for around moves; nothing where it asks for nothing."""

    def __init__(
        self, estate: Estate, belonging: Belonging, calendar: Calendar, grid: Grid, timeline: Timeline
    ) -> None:
        self._care, self._grid, self._timeline, self._belonging = calendar.care, grid, timeline, belonging
        most = max((r.capacity for r in calendar.resources if r.name == "engineer"), default=0.0)
        self._rehearsing = float(min(HANDS, max(1.0, math.floor(most))))
        limit = calendar.care.rehearsal_criticality if calendar.care else 0
        self._critical = {
            a.id for a in estate.applications if a.criticality is not None and a.criticality <= limit
        }
        self._audits: dict[int, Interval] = {}
        self._rehearsals: dict[str, Interval] = {}
        self._nights: dict[date, _Night] = {}
        self._before: dict[str, tuple[date, _Night | None]] = {}

    # --- audits -----------------------------------------------------------------------------------------------------

    def audited(self, sites: Iterable[int | None], frozen_days: int) -> int | None:
        """The first slot of a week whose wave may take from the sites; None where no crew is left to look at them."""
        if not self._care or not self._care.audit_minutes:
            return 0
        needs, slots = {"crew": 1.0}, _slots(self._care.audit_minutes)
        last = 0
        for site in sorted({site for site in sites if site}):
            if site not in self._audits:
                start = self._timeline.earliest(needs, slots, 0, self._timeline.slots)
                if start is None:
                    return None
                self._timeline.take(needs, start, start + slots)
                self._audits[site] = (start, start + slots)
            last = max(last, self._audits[site][1])
        # A wave is frozen so many days, by the wall clock, before its first step, which is of the same week.
        return math.ceil((last + frozen_days * DAY + HOUR) / WEEK) * WEEK if last else 0

    # --- around one group -------------------------------------------------------------------------------------------

    def secure(self, entry: Booking, start: int, end: int) -> bool:
        """Book the rehearsal and the standing by of a group that moves from `start` to `end`; False without hands."""
        if not self._care:
            return True
        group = entry.group.id
        rehearsal = self._rehearse(entry, start)
        if rehearsal is None and self._is_rehearsed(entry.group.assets):
            return False
        if rehearsal is not None:
            self._rehearsals[group] = rehearsal
            self._timeline.take({"engineer": self._rehearsing}, *rehearsal)
        night = self._grid.moment(start).date()
        known = self._nights.get(night)
        if not self._stand_by(night, end):
            self._cancel(group)
            return False
        self._before[group] = (night, known)
        return True

    def release(self, entry: Booking) -> None:
        """Undo the last `secure`."""
        if not self._care:
            return
        self._cancel(entry.group.id)
        night, known = self._before.pop(entry.group.id)
        needs = {"engineer": self._care.hypercare_engineers}
        found = self._nights.pop(night, None)
        if found is not None:
            self._timeline.give_back(needs, *found.span)
        if known is not None:
            self._timeline.take(needs, *known.span)
            self._nights[night] = known

    def _cancel(self, group: str) -> None:
        span = self._rehearsals.pop(group, None)
        if span is not None:
            self._timeline.give_back({"engineer": self._rehearsing}, *span)

    def _is_rehearsed(self, assets: Iterable[Ref]) -> bool:
        if not self._care or not self._care.rehearsal_minutes:
            return False
        applications = self._belonging.applications_of
        return any(a in self._critical for ref in assets for a in applications.get(ref, ()))

    def _rehearse(self, entry: Booking, start: int) -> Interval | None:
        """The last time before a group moves at which it can be rehearsed, after its copies over the line."""
        if not self._care or not self._is_rehearsed(entry.group.assets):
            return None
        slots = _slots(self._care.rehearsal_minutes / self._rehearsing)
        copied = max((r.end for r in entry.replicas if not r.trip), default=0)
        first = max(copied, start - self._care.rehearsal_days * DAY)
        last = start - math.ceil(self._care.rehearsal_lead_hours * HOUR)
        found = self._timeline.latest({"engineer": self._rehearsing}, slots, first, last)
        return None if found is None else (found, found + slots)

    def _stand_by(self, night: date, end: int) -> bool:
        """Have people stand by after the last end of a night."""
        if not self._care or not self._care.hypercare_hours:
            return True
        known = self._nights.get(night)
        last = max(end, known.last if known else 0)
        within = int(self._care.hypercare_within_hours * HOUR)
        if known is not None and last <= known.span[0] <= last + within:
            self._nights[night] = _Night(last, known.span)
            return True
        needs, slots = (
            {"engineer": self._care.hypercare_engineers},
            _slots(self._care.hypercare_hours * 60),
        )
        if known is not None:
            self._timeline.give_back(needs, *known.span)
        start = self._timeline.earliest(needs, slots, last, last + within + slots)
        if start is not None:
            self._nights[night] = _Night(last, (start, start + slots))
        if night in self._nights:
            self._timeline.take(needs, *self._nights[night].span)
        return start is not None

    # --- steps --------------------------------------------------------------------------------------------------------

    def steps(self, groups: Sequence[Group], waves: Sequence[Wave], moved: Sequence[Step]) -> Iterator[Step]:
        """The steps of all that was booked, for groups that have a date and steps that move them."""
        touching = [step for step in moved if step.kind in {"cutover", "relocate"}]
        yield from self._audit_steps(waves, touching)
        wave_of = {group: wave.number for wave in waves for group in wave.groups}
        copies: dict[str, list[str]] = defaultdict(list)
        for step in moved:
            if step.kind == "replicate" and step.group:
                copies[step.group].append(step.id)
        for group in groups:
            if group.id in self._rehearsals:
                span = self._rehearsals[group.id]
                begins = self._grid.moment(span[0])
                before = {s.id for s in moved if s.group == group.id and s.end <= begins}
                after = tuple(name for name in copies[group.id] if name in before)
                yield self._step(f"{group.id}-rehearsal", "rehearsal", span, {"engineer": self._rehearsing},
                                 after, wave_of[group.id], group=group.id)  # fmt: skip
        of_night: dict[date, list[Step]] = defaultdict(list)
        for step in touching:
            of_night[step.start.date()].append(step)
        for night in sorted(self._nights.keys() & of_night.keys()):
            there = of_night[night]
            hands = {"engineer": self._care.hypercare_engineers if self._care else 0.0}
            after = tuple(sorted(step.id for step in there))
            yield self._step(
                f"hypercare-{night}", "hypercare", self._nights[night].span, hands, after, there[0].wave
            )

    def _audit_steps(self, waves: Sequence[Wave], touching: Sequence[Step]) -> Iterator[Step]:
        """Each site's audit, as late as the freeze of the first wave that takes from it allows."""
        frozen = {wave.number: self._grid.floor(wave.frozen_on) for wave in waves}
        first: dict[int, int] = {}
        for step in touching:
            for move in step.moves:
                site = move.source.site_id if move.source else None
                if site in self._audits and step.wave is not None:
                    first[site] = min(first.get(site, step.wave), step.wave, key=frozen.__getitem__)
        for site, number in sorted(first.items(), key=lambda item: (frozen[item[1]], item[0])):
            begin, end = self._audits[site]
            needs = {"crew": 1.0}
            self._timeline.give_back(needs, begin, end)
            late = self._timeline.latest(needs, end - begin, 0, frozen[number])
            start = begin if late is None else late
            span = (start, start + end - begin)
            self._timeline.take(needs, *span)
            yield self._step(f"audit-{site}", "audit", span, needs, (), number, site_id=site)

    def _step(
        self,
        name: str,
        kind: str,
        span: Interval,
        needs: dict[str, float],
        after: tuple[str, ...],
        wave: int | None,
        *,
        group: str | None = None,
        site_id: int | None = None,
    ) -> Step:
        start, end = self._grid.moment(span[0]), self._grid.moment(span[1])
        uses = tuple(Use(resource, amount, start, end) for resource, amount in sorted(needs.items()))
        return Step(name, kind, start, end, after, uses=uses, group=group, wave=wave, site_id=site_id)


def _slots(minutes: float) -> int:
    return max(1, math.ceil(minutes / SLOT_MINUTES - 1e-9))
