"""On which dates a move group may be touched: the plan's, if they still hold, and others in its windows.

A group's cutovers and relocations keep their distance from each other. Whether hands are free is for who chooses among
groups, whether copies and clearing fit in for `completing`; what is told here is windows, downtime, and today.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from capacity.belonging import Belonging
from capacity.calendar import Calendar
from capacity.plan import Plan, Step
from capacity.replanning.retiming import Retiming
from capacity.replanning.situation import TOUCHING, Situation
from capacity.timetable.risky import Risks
from capacity.timetable.windows import SLOT_MINUTES, Grid, Interval, Windows
from inventory.estate import Estate, Ref

DAY = 24 * 60 // SLOT_MINUTES
WEEK = 7 * DAY
FREEZE = 7 * DAY + 60 // SLOT_MINUTES  # a wave is frozen a week ahead, an hour more where clocks change
EVERY = 60 // SLOT_MINUTES  # slots between two beginnings that are tried
TENANT = "tenant:"


@dataclass(frozen=True, slots=True)
class Why:
    """Why a date does not hold: the rule (a code of docs/reference/rules.md, or REPLAN) and a sentence."""

    rule: str
    text: str


@dataclass(frozen=True)
class Alternative:
    """Dates of all a group's cutovers and relocations; `start`: slot of the first. `tenants`: guarded by RISKY."""

    group: str
    is_kept: bool
    start: int
    end: int
    steps: tuple[Step, ...]
    holds: tuple[tuple[str, float, int, int], ...]


class Alternatives:
    """Of one plan in one situation, on today's estate."""

    def __init__(
        self, estate: Estate, plan: Plan, calendar: Calendar, now: Situation, retiming: Retiming
    ) -> None:
        self._now, self._retiming = now, retiming
        self._grid = Grid(calendar)
        self._windows = Windows(estate, calendar)
        self._known: dict[str, list[Interval]] = {}
        self._estate, self._belonging = estate, Belonging(estate)
        belonging = self._belonging
        self._limits = [c for c in estate.constraints if c.kind in {"freeze", "pin"}]
        self._applications = {a.id: a for a in estate.applications}
        self._applications_of = belonging.applications_of
        risks = Risks(estate, belonging, calendar.risky_criticality)
        self.steps: dict[str, tuple[Step, ...]] = {}
        waiting: dict[str, list[Step]] = defaultdict(list)
        for step in plan.steps:
            if step.kind in TOUCHING and step.id not in now.fixed:
                waiting[step.group or f"step {step.id}"].append(step)
        for name, steps in sorted(waiting.items()):
            self.steps[name] = tuple(sorted(steps, key=lambda step: (step.start, step.id)))
        self._tenants = {
            name: risks.tenants([move.asset for step in steps for move in step.moves])
            for name, steps in self.steps.items()
        }
        self.guards = sorted({f"{TENANT}{tenant}" for own in self._tenants.values() for tenant in own})
        today = self._grid.ceil(now.now)
        self.today = max(0, today)
        kept = calendar.rollback_days * DAY + 2 * WEEK
        self._last = self._grid.slots - kept
        self._closed = {  # weeks of waves that are frozen: nothing joins them
            self._grid.floor(wave.start) // WEEK for wave in plan.waves if wave.number in now.frozen
        }

    def planned(self, group: str) -> int:
        """The slot in which the plan has a group begin."""
        return self._retiming.span(self.steps[group][0])[0]

    # --- as planned -------------------------------------------------------------------------------------------------

    def kept(self, group: str) -> tuple[list[Alternative], Why | None]:
        """The group on its dates, with its hands or with more; none where they don't hold, and why."""
        steps = self.steps[group]
        late = next((step for step in steps if step.id in self._now.overdue), None)
        if late is not None:
            return [], Why(
                "REPLAN", f"{late.id} was to begin before {self._now.now:%Y-%m-%d}; no run recorded it"
            )
        found: list[Alternative] = []
        whys: list[Why] = []
        for steps_and_slots in self._combined(group):
            why = self._refused(steps_and_slots, 0)
            if why is None:
                found.append(self._alternative(group, steps_and_slots, 0, is_kept=True))
            else:
                whys.append(why)
        return found, None if found else whys[0]

    def _combined(self, group: str) -> list[list[tuple[Step, int]]]:
        """All steps with the hands they have; else those that have to, with more."""
        variants = [self._retiming.variants(step, self._now.factor(step)) for step in self.steps[group]]
        plain = [own[0] for own in variants]
        mixed = [
            own[-1] if len(own) > 1 and self._refused([own[0]], 0) is not None else own[0] for own in variants
        ]
        most = [own[-1] for own in variants]
        return [plain, *(other for other in (mixed, most) if other != plain)]

    def _refused(self, steps: list[tuple[Step, int]], by: int) -> Why | None:
        for step, slots in steps:
            first = self._retiming.span(step)[0] + by
            why = self._downtime(step, slots) or self._outside(step, first, first + slots)
            if why is not None:
                return why
        return None

    def _downtime(self, step: Step, slots: int) -> Why | None:
        minutes = slots * SLOT_MINUTES
        for asset in (move.asset for move in step.moves):
            for number in self._applications_of.get(asset, ()):
                application = self._applications.get(number)
                budget = application.downtime_budget_minutes if application else None
                if application is not None and budget is not None and minutes > budget:
                    return Why(
                        "DOWNTIME",
                        f"{step.id} takes {minutes:g} min, application {application.name} may be down for {budget:g}",
                    )
        return None

    def _outside(self, step: Step, first: int, last: int) -> Why | None:
        open_ = self._open(step.id, (step,))
        at = bisect_right(open_, first, key=itemgetter(0)) - 1
        if at >= 0 and last <= open_[at][1]:
            return None
        if at >= 0 and first < open_[at][1]:
            minutes = (last - open_[at][1]) * SLOT_MINUTES
            return Why("WINDOW", f"{step.id} ends {minutes:g} min after its window closes")
        return self._forbidden(step, first, last) or Why(
            "WINDOW", f"on {self._grid.moment(first).date()} no window of all that {step.id} touches is open"
        )

    def _open(self, name: str, steps: Sequence[Step]) -> list[Interval]:
        """When all that some steps touch may be touched; asked for many dates, worked out once."""
        if name not in self._known:
            self._known[name] = self._windows.of_all([move.asset for step in steps for move in step.moves])
        return self._known[name]

    def _forbidden(self, step: Step, first: int, last: int) -> Why | None:
        """The freeze or pin that a step on these dates is against."""
        named = {ref for move in step.moves for ref in self._named_by(move.asset)}
        for constraint in self._limits:
            if named.isdisjoint(constraint.members):
                continue
            begin = self._grid.floor(constraint.start) if constraint.start else -1
            end = self._grid.ceil(constraint.end) if constraint.end else self._grid.slots
            is_within = begin <= first and last <= end
            if (constraint.kind == "pin" and not is_within) or (
                constraint.kind == "freeze" and first < end and begin < last
            ):
                name = constraint.name or f"{constraint.kind} {constraint.id}"
                return Why(constraint.kind.upper(), f"{name} lets {step.id} not be then")
        return None

    def _named_by(self, ref: Ref) -> Iterator[Ref]:
        """Whose freezes and pins are an asset's: its own, its applications', its tenant's and its site's."""
        asset = self._estate.find(ref)
        yield ref
        yield from (Ref("applications", number) for number in self._applications_of.get(ref, ()))
        if asset is not None and asset.tenant_id is not None:
            yield Ref("tenants", asset.tenant_id)
        site = self._belonging.site_of(ref)
        if site is not None:
            yield Ref("sites", site)

    # --- on other dates ---------------------------------------------------------------------------------------------

    def others(self, group: str) -> Iterator[Alternative]:
        """The group on later dates, the soonest first; then on earlier ones, the latest first."""
        planned = self.planned(group)
        for steps in self._combined(group):
            later: list[int] = []
            earlier: list[int] = []
            for start in self._starts(steps):
                (later if start > planned else earlier).append(start)
            for start in (*later, *reversed(earlier)):
                if start != planned and self._refused(steps, start - planned) is None:
                    yield self._alternative(group, steps, start - planned, is_kept=False)

    def _starts(self, steps: list[tuple[Step, int]]) -> Iterator[int]:
        first = self._retiming.span(steps[0][0])[0]
        span = max(self._retiming.span(step)[0] - first + slots for step, slots in steps)
        earliest = self.today + FREEZE
        group = steps[0][0].group or steps[0][0].id
        for begin, end in self._open(f"group {group}", [step for step, _ in steps]):
            start = begin if begin >= earliest else begin + -(-(earliest - begin) // EVERY) * EVERY
            while start + span <= min(end, self._last):
                if start // WEEK not in self._closed:
                    yield start
                start += EVERY

    def _alternative(
        self, group: str, steps: list[tuple[Step, int]], by: int, *, is_kept: bool
    ) -> Alternative:
        made = tuple(
            self._retiming.at(step, self._retiming.span(step)[0] + by, slots) for step, slots in steps
        )
        spans = [self._retiming.span(step) for step in made]
        first, last = min(s for s, _ in spans), max(e for _, e in spans)
        holds = [
            (use.resource, use.amount, self._grid.floor(use.start), self._grid.ceil(use.end))
            for step in made
            for use in step.uses
        ]
        holds += [(f"{TENANT}{tenant}", 1.0, first, last) for tenant in self._tenants[group]]
        return Alternative(group, is_kept, first, last, made, tuple(holds))
