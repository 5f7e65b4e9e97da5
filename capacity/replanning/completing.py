"""All steps of a plan around the dates its groups were given: copies before them, clearing and standing by after them.

Whatever still holds keeps its dates; what doesn't is dated anew, as soon (copies and rehearsals: as late) as hands,
lines and what it waits for allow. Where that can't be, the group it belongs to can't have its date, and is told.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from capacity.calendar import Calendar
from capacity.plan import Plan, Step, Use
from capacity.replanning.alternatives import DAY, Alternative, Why
from capacity.replanning.retiming import SLOT_SECONDS, Retiming
from capacity.replanning.situation import TOUCHING, Situation
from capacity.solvers.timeline import Timeline
from capacity.timetable.steps import timeline_of
from capacity.timetable.windows import SLOT_MINUTES, Grid
from capacity.uncertainty.waiting import in_order, waits
from inventory.estate import Estate, Ref

HOUR = 60 // SLOT_MINUTES
CIRCUIT = "circuit:"
MORE_LAG = (
    2 * DAY
)  # by which a copy by van may be older than planned; whether its cutover bears it, `verify` says
MOST_TRIES = 4000  # beginnings of a copy that are tried, the latest first
ORDER = ("commission_rack", "commission_host", "audit", "replicate", "rehearsal", "decommission", "retire")


@dataclass
class Draft:
    """`steps` by id. `cant`: groups that can't have their dates, and why. `moved`: why a step that follows has others.

    `dropped`: retired assets for which no crew is left. `stuck`: steps of what has moved that find no date at all.
    `not_before`: by group, the slot from which on its copy would be there.
    """

    steps: dict[str, Step] = field(default_factory=dict)
    cant: dict[str, Why] = field(default_factory=dict)
    moved: dict[str, Why] = field(default_factory=dict)
    dropped: dict[str, Why] = field(default_factory=dict)
    stuck: dict[str, Why] = field(default_factory=dict)
    not_before: dict[str, int] = field(default_factory=dict)


class Completing:
    """Of one plan in one situation; `draft` may be asked again and again."""

    def __init__(
        self, estate: Estate, plan: Plan, calendar: Calendar, now: Situation, retiming: Retiming
    ) -> None:
        self.plan, self.calendar, self.now, self.retiming = plan, calendar, now, retiming
        self.grid = Grid(calendar)
        self.ordered = in_order(plan)
        self.waits = waits(estate, plan, self.ordered)
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
        self._timeline = given.timeline()
        self._undated = undated
        self._chosen = chosen
        self.draft = Draft()
        self._ends: dict[int, int] = {}
        self._index = {step.id: j for j, step in enumerate(given.ordered)}
        self._today = max(0, self._grid.ceil(self._now.now))
        self._place_all()

    # --- in turn ----------------------------------------------------------------------------------------------------

    def _place_all(self) -> None:
        touching = {step.id: step for own in self._chosen.values() for step in own.steps}
        self._touching = {
            step.id: touching.get(step.id, step)
            for step in self._given.ordered
            if step.kind in TOUCHING and (step.id in touching or step.id in self._now.fixed)
        }
        for step in self._touching.values():
            self._put(step)
        waiting: list[int] = []
        for j, step in enumerate(self._given.ordered):
            if step.kind in (*TOUCHING, "hypercare") or self._is_gone(step):
                continue
            if step.id in self._now.fixed:
                self._put(self._held_on(step))
            else:
                waiting.append(j)
        waiting.sort(key=lambda j: (ORDER.index(self._given.ordered[j].kind), self._due(j), j))
        waiting = [j for j in waiting if not self._stays(j)]
        self._stand_by()
        for j in waiting:
            self._date_anew(j)
        self._prove_order()

    def _due(self, j: int) -> int:
        """By when a copy has to be made; other things come in the order of their dates."""
        step = self._given.ordered[j]
        return self._limits(step)[1] if step.kind == "replicate" else j

    def _is_gone(self, step: Step) -> bool:
        """Whether all that a step moves has no date any more."""
        if step.kind == "rehearsal":
            return step.group in self._undated
        return bool(step.moves) and all(
            self._given.groups_of.get(move.asset) in self._undated for move in step.moves
        )

    def _put(self, step: Step) -> None:
        self.draft.steps[step.id] = step
        for use in step.uses:
            self._take(use)
        real = self._now.over.get(step.id)
        end = self._grid.ceil(step.end)
        self._ends[self._index[step.id]] = end if real is None else self._grid.ceil(real[1])

    def _take(self, use: Use) -> None:
        if use.resource in self._timeline:
            begin, end = max(0, self._grid.floor(use.start)), max(0, self._grid.ceil(use.end))
            self._timeline.take({use.resource: use.amount}, begin, end)

    def _fits(self, step: Step) -> bool:
        return all(
            self._timeline.fits(
                {use.resource: use.amount}, self._grid.floor(use.start), self._grid.ceil(use.end)
            )
            for use in step.uses
            if use.resource in self._timeline and use.end > use.start
        )

    def _ready(self, j: int) -> int | None:
        """From when on a step may begin; None while something before it has no date yet."""
        ready = 0
        for i, lag in self._given.waits[j].items():
            if self._is_gone(self._given.ordered[i]):
                continue
            if i not in self._ends:
                return None
            ready = max(ready, self._ends[i] + math.ceil(lag / SLOT_SECONDS - 1e-9))
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
                    planned = self._given.ordered[self._index[cutover.id]]
                    lag = self._grid.floor(planned.start) - self._grid.floor(step.start) + MORE_LAG
                    begin = max(begin, self._grid.floor(cutover.start) - lag)
            return begin, min((self._grid.floor(c.start) for c in cutovers), default=self._grid.slots)
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
        step, (begin, end) = self._given.ordered[j], self._limits(self._given.ordered[j])
        ready, first = self._ready(j), self._retiming.span(self._given.ordered[j])[0]
        if ready is None or step.id in self._now.overdue or first < max(begin, ready):
            return False
        for variant, slots in self._retiming.variants(step, self._now.factor(step)):
            made = self._retiming.at(variant, first, slots, hold_until=self._hold_until(step))
            if first + slots <= end and self._fits(made):
                self._put(made)
                return True
        return False

    def _date_anew(self, j: int) -> None:
        step, (begin, end) = self._given.ordered[j], self._limits(self._given.ordered[j])
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
        self._without_date(step)

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
        return self._fits(self._retiming.at(step, start, slots, hold_until=self._hold_until(step)))

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
        step = self._given.ordered[j]
        first, last = self._retiming.span(step)
        if step.id in self._now.overdue:
            return Why("REPLAN", f"no run recorded it before {self._now.now:%Y-%m-%d}")
        for i, lag in sorted(self._given.waits[j].items()):
            if i in self._ends and self._ends[i] + math.ceil(lag / SLOT_SECONDS - 1e-9) > first:
                name = self._given.ordered[i].id
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
        mine = [group for group in groups if group in self._chosen]
        for group in mine:
            self.draft.cant.setdefault(group or "", why)
            if step.kind == "replicate" and not step.by:
                slots = self._retiming.slots(step, self._now.factor(step))
                start = self._timeline.earliest(self._needs(step), slots, self._today, self._grid.slots)
                if start is not None:
                    self.draft.not_before[group or ""] = start + slots
        if not mine:
            self.draft.stuck[step.id] = why

    # --- people standing by -----------------------------------------------------------------------------------------

    def _stand_by(self) -> None:
        care = self._calendar.care
        old = [step for step in self._given.ordered if step.kind == "hypercare"]
        if care is None or not care.hypercare_hours:
            for step in old:
                self._put(step)
            return
        within = int(care.hypercare_within_hours * HOUR)
        nights: dict[date, list[Step]] = defaultdict(list)
        for step in self._touching.values():
            nights[self._grid.moment(self._grid.floor(step.start)).date()].append(step)
        last = {night: max(self._grid.ceil(s.end) for s in there) for night, there in nights.items()}
        open_ = set(nights)
        for step in old:
            first = self._retiming.span(step)[0]
            mine = {night for night in nights if last[night] <= first <= last[night] + within}
            if mine & open_ and (step.id in self._now.fixed or self._fits(step)):
                self._put(self._following(step, [s for night in sorted(mine) for s in nights[night]]))
                open_ -= mine
        names = {step.id: step for step in old}
        for night in sorted(open_):
            self._stand_by_after(night, nights[night], last[night], within, names)

    def _following(self, step: Step, there: Sequence[Step]) -> Step:
        """People standing by after what now moves before them, and nothing else."""
        known = [
            name
            for name in step.predecessors
            if name in self.draft.steps and self.draft.steps[name].end <= step.start
        ]
        known += [s.id for s in there if s.id not in known and self._is_moved(s)]
        found = tuple(known) if len(known) == len(step.predecessors) else tuple(sorted(known))
        return step if found == step.predecessors else replace(step, predecessors=found)

    def _is_moved(self, step: Step) -> bool:
        chosen = self._chosen.get(step.group or f"step {step.id}")
        return chosen is not None and not chosen.is_kept

    def _stand_by_after(
        self, night: date, there: Sequence[Step], last: int, within: int, names: Mapping[str, Step]
    ) -> None:
        care = self._calendar.care
        if care is None:
            return
        slots = max(1, math.ceil(care.hypercare_hours * 60 / SLOT_MINUTES - 1e-9))
        start = self._timeline.earliest(
            {"engineer": care.hypercare_engineers}, slots, last, last + within + slots
        )
        if start is None:
            moving = [
                self._chosen[g] for g in (s.group or f"step {s.id}" for s in there) if g in self._chosen
            ]
            anew = [own for own in moving if not own.is_kept] or moving
            for own in anew:
                self.draft.cant.setdefault(
                    own.group, Why("HYPERCARE", f"nobody is free to stand by after the night of {night}")
                )
            return
        begins, ends = self._grid.moment(start), self._grid.moment(start + slots)
        name = f"hypercare-{night}"
        while name in self.draft.steps:
            name = f"{name}-again"
        step = Step(
            name,
            "hypercare",
            begins,
            ends,
            tuple(sorted(s.id for s in there)),
            uses=(Use("engineer", care.hypercare_engineers, begins, ends),),
            wave=there[0].wave,
        )
        if name not in names:
            self._index.setdefault(name, len(self._index))
        self._put(step)
        self.draft.moved[name] = Why("HYPERCARE", f"it follows the night of {night}")

    # --- what is left to prove --------------------------------------------------------------------------------------

    def _prove_order(self) -> None:
        """Cutovers and relocations begin after what they wait for."""
        for name, step in self._touching.items():
            group = step.group or f"step {name}"
            if group not in self._chosen or group in self.draft.cant:
                continue
            j, start = self._index[name], self._grid.floor(step.start)
            for i, lag in self._given.waits[j].items():
                end = self._ends.get(i)
                if end is not None and end + math.ceil(lag / SLOT_SECONDS - 1e-9) > start:
                    before = self._given.ordered[i]
                    rule = "PHASE" if before.kind.startswith("commission") else "STEP-ORDER"
                    ends = self._grid.moment(end)
                    why = Why(rule, f"{name} waits for {before.id}, which ends {ends:%Y-%m-%d %H:%M}")
                    self.draft.cant[group] = why
                    break
