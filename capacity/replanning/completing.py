"""All steps of a plan around the dates its groups were given: copies before them, clearing and standing by after them.

Whatever still holds keeps its dates; what doesn't is dated anew, as soon (copies and rehearsals: as late) as hands,
lines and what it waits for allow. Where that can't be, the group it belongs to can't have its date, and is told.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np

from capacity.calendar import Calendar
from capacity.plan import Plan, Step
from capacity.replanning.alternatives import DAY, Alternative, Why
from capacity.replanning.care import Audits, StandingBy, outdated
from capacity.replanning.ledger import Draft, Ledger
from capacity.replanning.retiming import SLOT_SECONDS, Retiming
from capacity.replanning.situation import TOUCHING, Situation
from capacity.solvers.timeline import Timeline
from capacity.timetable.steps import timeline_of
from capacity.timetable.windows import SLOT_MINUTES, Grid
from capacity.uncertainty.measured import CARRIED
from capacity.uncertainty.waiting import ENDINGS, in_order, waits
from inventory.estate import Estate, Ref

HOUR = 60 // SLOT_MINUTES
CIRCUIT = "circuit:"
MORE_LAG = (
    2 * DAY
)  # by which a copy by van may be older than planned; whether its cutover bears it, `verify` says
MOST_TRIES = 4000  # beginnings of a copy that are tried, the latest first
ORDER = ("commission_rack", "commission_host", "audit", "replicate", "rehearsal", "decommission", "retire")


class Completing:
    """Of one plan in one situation; `draft` may be asked again and again."""

    def __init__(
        self, estate: Estate, plan: Plan, calendar: Calendar, now: Situation, retiming: Retiming
    ) -> None:
        self.plan, self.calendar, self.now, self.retiming = plan, calendar, now, retiming
        self.grid = Grid(calendar)
        self.ordered = in_order(plan)
        self.index = {step.id: j for j, step in enumerate(self.ordered)}
        self.waits = waits(estate, plan, self.ordered)
        self.cleared: dict[str, datetime] = {}
        for step, before in zip(self.ordered, self.waits, strict=True):
            if step.kind in ENDINGS and step.id in now.fixed:
                for i in before:
                    self.cleared.setdefault(self.ordered[i].id, step.start)  # they come by their dates
        self.groups_of: dict[Ref, str] = {}
        self.touching_of: dict[Ref, str] = {}
        for step in plan.steps:
            if step.kind in TOUCHING:
                for move in step.moves:
                    self.groups_of[move.asset] = step.group or f"step {step.id}"
                    self.touching_of[move.asset] = step.id
        timeline = timeline_of(calendar, self.grid)
        self.circuits = {
            f"{CIRCUIT}{c.id}": c.rate_mbps * calendar.work.replication_share
            for c in estate.circuits
            if c.rate_mbps
        }
        for name, rate in self.circuits.items():
            timeline.add(name, np.full(self.grid.slots, rate))
        self.names = tuple(dict.fromkeys((*(r.name for r in calendar.resources), *self.circuits)))
        self._free = {name: timeline.free(name) for name in self.names}

    def timeline(self) -> Timeline:
        """What there is of everything, nothing of it taken."""
        timeline = Timeline(self.grid.slots)
        for name, free in self._free.items():
            timeline.add(name, free)
        return timeline

    def draft(self, chosen: Mapping[str, Alternative], undated: Collection[str]) -> Draft:
        """Every step with the groups on their chosen dates, and without those that have none."""
        return _Completion(self, chosen, undated).draft


class _Completion:
    def __init__(
        self, given: Completing, chosen: Mapping[str, Alternative], undated: Collection[str]
    ) -> None:
        self._given, self._now, self._retiming = given, given.now, given.retiming
        self._grid, self._calendar = given.grid, given.calendar
        self._undated, self._chosen = undated, chosen
        self._today = max(0, self._grid.ceil(self._now.now))
        moving = {step.id: step for own in chosen.values() for step in own.steps}
        self._touching = {
            step.id: moving.get(step.id, step)
            for step in given.ordered
            if step.kind in TOUCHING and (step.id in moving or step.id in self._now.fixed)
        }
        self._ordered, self._waits = list(given.ordered), list(given.waits)
        rehearsals = [step for step in given.ordered if step.kind == "rehearsal"]
        for again in outdated(given.calendar, given.grid, rehearsals, self._touching, given.now):
            self._waits.append({given.index[name]: 0 for name in again.predecessors if name in given.index})
            self._ordered.append(again)
        self._ledger = Ledger(given.grid, given.timeline(), self._ordered, given.now.over)
        self._timeline, self._put = self._ledger.timeline, self._ledger.put
        self._audits = Audits(given.plan, given.grid, chosen, self._touching, given.now)
        self.draft = self._ledger.draft
        self.draft.cleared = given.cleared
        self._place_all()

    # --- in turn ----------------------------------------------------------------------------------------------------

    def _place_all(self) -> None:
        for step in self._touching.values():
            self._put(step)
        waiting: list[int] = []
        for j, step in enumerate(self._ordered):
            if step.kind in (*TOUCHING, "hypercare") or self._is_gone(step):
                continue
            if step.id in self._now.fixed:
                self._put(self._held_on(step))
            else:
                waiting.append(j)
        waiting.sort(key=lambda j: (ORDER.index(self._ordered[j].kind), self._due(j), j))
        waiting = [j for j in waiting if not self._stays(j)]
        standing_by = StandingBy(self._calendar, self._ledger, self._chosen, self._touching, self._now)
        standing_by.put([step for step in self._ordered if step.kind == "hypercare"])
        for j in waiting:
            self._date_anew(j)
        for name, step in self.draft.steps.items():
            if step.id in self._now.fixed:
                self.draft.steps[name] = self._after(step)
        self._prove_order()

    def _due(self, j: int) -> int:
        """By when a copy has to be made; other things come in the order of their dates."""
        step = self._ordered[j]
        return self._limits(step)[1] if step.kind == "replicate" else j

    def _is_gone(self, step: Step) -> bool:
        """Whether all that a step moves has no date any more."""
        if step.kind == "rehearsal":
            return step.group in self._undated
        return bool(step.moves) and all(
            self._given.groups_of.get(move.asset) in self._undated for move in step.moves
        )

    def _ready(self, j: int) -> int | None:
        """From when on a step may begin; None while something before it has no date yet."""
        ready = 0
        for i, lag in self._waits[j].items():
            if self._is_gone(self._ordered[i]):
                continue
            if i not in self._ledger.ends:
                return None
            ready = max(ready, self._ledger.ends[i] + math.ceil(lag / SLOT_SECONDS - 1e-9))
        return ready

    # --- what a step has to lie between -----------------------------------------------------------------------------

    def _cutovers(self, step: Step) -> list[Step]:
        names = {self._given.touching_of.get(move.asset) for move in step.moves}
        return [self._touching[name] for name in sorted(n for n in names if n in self._touching)]

    def _of_group(self, group: str | None) -> list[Step]:
        return [step for step in self._touching.values() if step.group == group]

    def _limits(self, step: Step) -> tuple[int, int]:
        """The first slot a step may begin in, and the last it may end in, but for what it waits for."""
        if step.kind == "replicate":
            cutovers = self._cutovers(step)
            begin = self._today
            for cutover in cutovers:
                if step.by and cutover.by:  # a van brings what changes meanwhile: little more than planned
                    planned = self._ordered[self._ledger.index[cutover.id]]
                    lag = self._grid.floor(planned.start) - self._grid.floor(step.start) + MORE_LAG
                    lag += self._retiming.slots(step, self._now.factor(step)) - self._retiming.slots(step)
                    begin = max(begin, self._grid.floor(cutover.start) - lag)
            return begin, min((self._grid.floor(c.start) for c in cutovers), default=self._grid.slots)
        if step.kind == "audit":
            last = self._audits.last(step.site_id)
            return self._today, self._grid.slots if last is None else last
        care = self._calendar.care
        if step.kind == "rehearsal" and care is not None:
            first = min((self._grid.floor(s.start) for s in self._of_group(step.group)), default=0)
            lead = math.ceil(care.rehearsal_lead_hours * HOUR)
            return max(self._today, first - care.rehearsal_days * DAY), first - lead
        return self._today, self._grid.slots

    def _hold_until(self, step: Step) -> int | None:
        """Until when a copy keeps its line, for changes."""
        if step.kind != "replicate":
            return None
        return max((self._grid.ceil(cutover.end) for cutover in self._cutovers(step)), default=None)

    def _held_on(self, step: Step) -> Step:
        """A step that keeps its dates, and holds its line until the cutover that now follows it."""
        first, last = self._retiming.span(step)
        return self._retiming.at(step, first, last - first, hold_until=self._hold_until(step))

    # --- keeping, or not --------------------------------------------------------------------------------------------

    def _stays(self, j: int) -> bool:
        """Put a step where the plan has it, if that still holds."""
        step, (begin, end) = self._ordered[j], self._limits(self._ordered[j])
        ready, first = self._ready(j), self._retiming.span(self._ordered[j])[0]
        if ready is None or step.id in self._now.overdue or first < max(begin, ready):
            return False
        for variant, slots in self._retiming.variants(step, self._now.factor(step)):
            made = self._retiming.at(variant, first, slots, hold_until=self._hold_until(step))
            if first + slots <= end and self._ledger.fits(made):
                self._put(made)
                return True
        return False

    def _date_anew(self, j: int) -> None:
        step, (begin, end) = self._ordered[j], self._limits(self._ordered[j])
        after = max(begin, self._ready(j) or 0)
        for variant, slots in self._retiming.variants(step, self._now.factor(step)):
            start = self._found(variant, slots, after, end)
            if start is None and step.kind == "rehearsal":  # before its copies, if it can't be after them
                start = self._found(variant, slots, begin, end)
            if start is not None:
                made = self._retiming.at(variant, start, slots, hold_until=self._hold_until(step))
                self._put(self._after(made))
                self.draft.moved[step.id] = self._because(j)
                return
        if step.kind == "audit":
            self._audit_late(j)
        else:
            self._without_date(step)

    def _audit_late(self, j: int) -> None:
        """Date an audit after the freeze of a wave that takes from its site, and refuse who moves in that."""
        step = self._ordered[j]
        slots = self._retiming.slots(step)
        start = self._found(step, slots, max(self._today, self._ready(j) or 0), self._grid.slots)
        if start is None:
            self._without_date(step)
            return
        made = self._retiming.at(step, start, slots)
        self._put(made)
        self.draft.moved[step.id] = self._because(j)
        why = Why("AUDIT", f"{step.id} ends on {made.end:%Y-%m-%d}, when the wave it would be in is frozen")
        for group, not_before in self._audits.too_soon(step.site_id, start + slots):
            self.draft.refuse(group, why, not_before)

    def _found(self, step: Step, slots: int, begin: int, end: int) -> int | None:
        """The soonest beginning that all of a step's holds allow; by van, or of a rehearsal, the latest."""
        needs = self._needs(step)
        if step.kind == "rehearsal":
            return self._timeline.latest(needs, slots, begin, end)
        if step.kind != "replicate":
            return self._timeline.earliest(needs, slots, begin, end)
        if step.by:  # what goes by van may not be old when the cutover comes
            return next(
                (start for start in self._latest(slots, begin, end) if self._has_room(step, start, slots)),
                None,
            )
        start = self._timeline.earliest(needs, slots, begin, end)
        while start is not None and not self._has_room(step, start, slots):
            start = self._timeline.earliest(needs, slots, start + 1, end)
        return start

    @staticmethod
    def _latest(slots: int, begin: int, end: int) -> range:
        return range(end - slots, max(begin - 1, end - slots - MOST_TRIES), -1)

    def _has_room(self, step: Step, start: int, slots: int) -> bool:
        return self._ledger.fits(self._retiming.at(step, start, slots, hold_until=self._hold_until(step)))

    def _needs(self, step: Step) -> dict[str, float]:
        """What a step holds while it runs."""
        needs: dict[str, float] = defaultdict(float)
        for use in step.uses:
            if use.resource in self._timeline and use.start < step.end:
                needs[use.resource] += use.amount
        return dict(needs)

    def _after(self, step: Step) -> Step:
        """A rehearsal comes after the copies it then can come after, and no others."""
        if step.kind != "rehearsal":
            return step
        before = tuple(
            name
            for name in step.predecessors
            if name in self.draft.steps and self.draft.steps[name].end <= step.start
        )
        return step if before == step.predecessors else replace(step, predecessors=before)

    def _because(self, j: int) -> Why:
        """What pushed a step that follows: what it waits for, else its group's date, its work, or hands."""
        step = self._ordered[j]
        first, last = self._retiming.span(step)
        if step.id in self._now.overdue and step.kind in CARRIED:
            return Why("REPLAN", f"no run recorded it before {self._now.now:%Y-%m-%d}")
        for i, lag in sorted(self._waits[j].items()):
            if i in self._ledger.ends and self._ledger.ends[i] + math.ceil(lag / SLOT_SECONDS - 1e-9) > first:
                name = self._ordered[i].id
                return (
                    Why("ROLLBACK", f"the way back of {name} ends later")
                    if lag
                    else Why("STEP-ORDER", f"{name} ends later")
                )
        begin, end = self._limits(step)
        if first < begin or last > end:
            return Why("REPLAN", "its group moves on another date")
        if self._retiming.slots(step, self._now.factor(step)) > last - first:
            return Why("EFFORT", f"it takes {self._now.factor(step):.2f} times as long as planned")
        names = sorted({use.resource for use in step.uses})
        return Why("RESOURCE", f"{', '.join(names)}: not free any more on its date")

    def _without_date(self, step: Step) -> None:
        if step.kind == "retire":
            self.draft.dropped[step.id] = Why("RESOURCE", "no crew is free within the horizon to take it out")
            return
        why = Why("RESOURCE", f"{step.id} finds no time for what it holds")
        if step.kind == "replicate":
            why = Why("REPLICATION", f"{step.id} finds no time before its cutover")
        groups = {self._given.groups_of.get(move.asset) for move in step.moves} | {step.group}
        mine = sorted(group for group in groups if group is not None and group in self._chosen)
        for group in mine:
            self.draft.refuse(group, why, self._copied(step))
        if not mine:
            self.draft.stuck[step.id] = why

    def _copied(self, step: Step) -> int:
        """From when on what finds no time before its cutover would be copied over its line; 0: not known."""
        if step.kind != "replicate" or step.by:
            return 0
        slots = self._retiming.slots(step, self._now.factor(step))
        start = self._timeline.earliest(self._needs(step), slots, self._today, self._grid.slots)
        return 0 if start is None else start + slots

    # --- what is left to prove --------------------------------------------------------------------------------------

    def _prove_order(self) -> None:
        """Cutovers and relocations begin after what they wait for."""
        for name, step in self._touching.items():
            group = step.group or f"step {name}"
            if group not in self._chosen or group in self.draft.cant:
                continue
            j, start = self._ledger.index[name], self._grid.floor(step.start)
            for i, lag in self._waits[j].items():
                end = self._ledger.ends.get(i)
                late = -1 if end is None else end + math.ceil(lag / SLOT_SECONDS - 1e-9) - start
                if end is not None and late > 0:
                    before = self._ordered[i]
                    rule = "PHASE" if before.kind.startswith("commission") else "STEP-ORDER"
                    ends = self._grid.moment(end)
                    why = Why(rule, f"{name} waits for {before.id}, which ends {ends:%Y-%m-%d %H:%M}")
                    self.draft.refuse(group, why, self._chosen[group].start + late)
                    break
