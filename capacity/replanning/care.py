"""What is done around moves on new dates: audits, rehearsals and people standing by.

Audits come before the waves freeze that now take from a site; rehearsals that have grown too old are held again; people
stand by after the nights on which something now moves.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from capacity.calendar import Calendar
from capacity.plan import Plan, Step, Use
from capacity.replanning.alternatives import FREEZE, WEEK, Alternative, Why
from capacity.replanning.joining import numbered, waves_of
from capacity.replanning.ledger import Ledger
from capacity.replanning.situation import Situation
from capacity.timetable.windows import SLOT_MINUTES, Grid

HOUR = 60 // SLOT_MINUTES
AGAIN = "-again"


class Audits:
    """When each site has to be audited by, with the groups on their chosen dates. `touching`: all that moves, by id."""

    def __init__(
        self,
        plan: Plan,
        grid: Grid,
        chosen: Mapping[str, Alternative],
        touching: Mapping[str, Step],
        now: Situation,
    ) -> None:
        self._chosen = chosen
        fixed = {step.group for step in touching.values() if step.id in now.fixed}
        number_of = numbered(plan, grid, chosen, fixed)
        present = {step.group for step in touching.values()}
        groups = [replace(g, wave=number_of[g.id]) for g in plan.groups if g.id in present]
        waves = waves_of(plan, grid, groups, touching.values())
        self._frozen = {wave.number: grid.floor(wave.frozen_on) for wave in waves}
        self._of_week = {grid.floor(wave.start) // WEEK: grid.floor(wave.frozen_on) for wave in waves}
        self._members = {wave.number: [g for g in wave.groups if self._is_moved(g)] for wave in waves}
        self._takers: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for step in touching.values():
            wave = number_of.get(step.group or "", step.wave)
            for move in step.moves if wave is not None else ():
                if move.source is not None and move.source.site_id is not None and wave in self._frozen:
                    self._takers[move.source.site_id][wave].add(step.group or "")

    def _is_moved(self, group: str) -> bool:
        return group in self._chosen and not self._chosen[group].is_kept

    def last(self, site: int | None) -> int | None:
        """The slot by which a site has to be audited; None where nothing leaves it."""
        waves = self._takers.get(site or 0)
        return min(self._frozen[wave] for wave in waves) if waves else None

    def too_soon(self, site: int | None, end: int) -> Iterator[tuple[str, int]]:
        """Groups on other dates for whose wave an audit that ends so late is too late, and from when on it isn't."""
        after = self._not_before(end)
        for wave, takers in sorted(self._takers.get(site or 0, {}).items()):
            if self._frozen[wave] < end:
                moved = sorted(group for group in takers if self._is_moved(group))
                soonest = sorted(self._members[wave], key=lambda group: (self._chosen[group].start, group))
                for group in moved or soonest[:1]:
                    yield group, after

    def _not_before(self, end: int) -> int:
        start = end + FREEZE
        while self._of_week.get(start // WEEK, end) < end:
            start = (start // WEEK + 1) * WEEK
        return start


def outdated(
    calendar: Calendar, grid: Grid, rehearsals: Sequence[Step], touching: Mapping[str, Step], now: Situation
) -> list[Step]:
    """Rehearsals to hold again: all of a group's are over, and it moves so late that none of them counts any more.

    They keep their dates; they are for whoever dates them anew.
    """
    care = calendar.care
    if care is None or not care.rehearsal_minutes:
        return []
    of_group: dict[str | None, list[Step]] = defaultdict(list)
    for step in rehearsals:
        of_group[step.group].append(step)
    begins: dict[str | None, int] = {}
    for step in touching.values():
        start = grid.floor(step.start)
        begins[step.group] = min(start, begins.get(step.group, start))
    found: list[Step] = []
    known = {step.id for step in rehearsals}
    for group, held in sorted(of_group.items(), key=lambda item: item[0] or ""):
        if group not in begins or any(step.id not in now.fixed for step in held):
            continue
        since = grid.moment(begins[group] - care.rehearsal_days * 24 * HOUR)
        if all(step.start < since for step in held) and not any(
            step.id in now.fixed for step in touching.values() if step.group == group
        ):
            last = max(held, key=lambda step: (step.start, step.id))
            name = f"{last.id}{AGAIN}"
            while name in known:
                name += AGAIN
            found.append(replace(last, id=name))
    return found


# --- people standing by ----------------------------------------------------------------------------------------------


class StandingBy:
    """After each night on which something moves."""

    def __init__(
        self,
        calendar: Calendar,
        ledger: Ledger,
        chosen: Mapping[str, Alternative],
        touching: Mapping[str, Step],
        now: Situation,
    ) -> None:
        self._calendar, self._ledger, self._now = calendar, ledger, now
        self._grid, self._chosen, self._touching = Grid(calendar), chosen, touching

    def put(self, old: Sequence[Step]) -> None:
        """Put the plan's, `old`, where nights still need them, and new ones where none is left that does."""
        care = self._calendar.care
        if care is None or not care.hypercare_hours:
            for step in old:
                self._ledger.put(step)
            return
        within = int(care.hypercare_within_hours * HOUR)
        nights: dict[date, list[Step]] = defaultdict(list)
        for step in self._touching.values():
            nights[self._grid.moment(self._grid.floor(step.start)).date()].append(step)
        last = {night: max(self._grid.ceil(s.end) for s in there) for night, there in nights.items()}
        open_ = set(nights)
        for step in old:
            first = self._grid.floor(step.start)
            mine = {night for night in nights if last[night] <= first <= last[night] + within}
            if mine & open_ and (step.id in self._now.fixed or self._ledger.fits(step)):
                self._ledger.put(self._following(step, [s for night in sorted(mine) for s in nights[night]]))
                open_ -= mine
        for night in sorted(open_):
            self._after(night, nights[night], last[night], within)

    def _following(self, step: Step, there: Sequence[Step]) -> Step:
        """People standing by after what now moves before them, and nothing else."""
        steps = self._ledger.draft.steps
        known = [name for name in step.predecessors if name in steps and steps[name].end <= step.start]
        known += [s.id for s in there if s.id not in known and self._is_moved(s)]
        found = tuple(known) if len(known) == len(step.predecessors) else tuple(sorted(known))
        return step if found == step.predecessors else replace(step, predecessors=found)

    def _is_moved(self, step: Step) -> bool:
        chosen = self._chosen.get(step.group or f"step {step.id}")
        return chosen is not None and not chosen.is_kept

    def _after(self, night: date, there: Sequence[Step], last: int, within: int) -> None:
        care, draft = self._calendar.care, self._ledger.draft
        if care is None:
            return
        slots = max(1, math.ceil(care.hypercare_hours * 60 / SLOT_MINUTES - 1e-9))
        start = self._ledger.timeline.earliest(
            {"engineer": care.hypercare_engineers}, slots, last, last + within + slots
        )
        if start is None:
            moving = [
                self._chosen[g] for g in (s.group or f"step {s.id}" for s in there) if g in self._chosen
            ]
            for own in [own for own in moving if not own.is_kept] or moving:
                draft.refuse(
                    own.group, Why("HYPERCARE", f"nobody is free to stand by after the night of {night}")
                )
            return
        begins, ends = self._grid.moment(start), self._grid.moment(start + slots)
        name = f"hypercare-{night}"
        while name in draft.steps:
            name += AGAIN
        self._ledger.put(
            Step(
                name,
                "hypercare",
                begins,
                ends,
                tuple(sorted(s.id for s in there)),
                uses=(Use("engineer", care.hypercare_engineers, begins, ends),),
                wave=there[0].wave,
            )
        )
        draft.moved[name] = Why("HYPERCARE", f"it follows the night of {night}")
