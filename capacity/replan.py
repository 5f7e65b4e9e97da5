"""A plan that is under way, planned again with as few changed dates as possible.

What is over, running or frozen stays; whatever else still holds, with the durations that were measured and today's
inventory, stays too, to the byte. The rest gets new dates, or none and the reason. The plan's places are taken as they
are: what was never planned is for `planner`. Who moves is `choosing`'s to say, what follows from it `completing`'s;
whether the result holds `verify` is asked, and what it says is learned from until it has nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from capacity.calendar import Calendar
from capacity.facility import Facility
from capacity.plan import Plan, Step
from capacity.replanning.alternatives import Alternative, Alternatives, Why
from capacity.replanning.answer import Found, Replanned, told
from capacity.replanning.bans import Bans
from capacity.replanning.choosing import Choosing
from capacity.replanning.completing import Completing
from capacity.replanning.document import Given, written
from capacity.replanning.retiming import Retiming
from capacity.replanning.situation import TOUCHING, situation
from capacity.timetable.windows import Grid
from capacity.uncertainty.settings import RiskSettings
from capacity.verify import Violation, check
from inventory.errors import InputError
from inventory.estate import Estate
from inventory.records import RunRecord

ROUNDS = (
    40  # of learning from the checker and from what follows a move; after them what is refused gets no date
)
DATED = {
    *(
        "STEP-ORDER",
        "STEP-SEQUENCE",
        "PHASE",
        "WINDOW",
        "FREEZE",
        "PIN",
        "HOLIDAY",
        "SCHOOL",
        "RESOURCE",
        "EFFORT",
    ),
    *(
        "VAN",
        "REPLICATION",
        "CHANGES",
        "RPO",
        "CIRCUIT",
        "CORE",
        "FLOW-LATENCY",
        "DOWNTIME",
        "RISKY",
        "AUDIT",
    ),
    *("REHEARSAL", "HYPERCARE", "ROLLBACK", "SOURCE-HELD", "GROUP", "ROOM", "POOL-STORAGE", "POOL-RESERVE"),
}
"""Rules that other dates can mend."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """`since`: nothing that runs record has begun without a record before that moment. Kinds of steps that were
    measured are given their ratio at `percentile` (50: the median), the plan's duration at least. `calendar`: today's,
    where it is another than the plan's.
    """

    since: datetime | None = None
    percentile: float = 50.0
    calendar: Calendar | None = None


def replan(
    estate: Estate,
    facility: Facility,
    plan: Plan,
    settings: RiskSettings,
    runs: Iterable[RunRecord] = (),
    asked: Asked | None = None,
    *,
    progress: Progress = lambda _stage, _done, _total: None,
) -> Replanned:
    """The plan with the dates that still hold, and new ones for the rest.

    Raises InputError for a plan of another inventory or without steps, and for
    what `situation` and `waits` refuse.
    """
    if not plan.steps:
        raise InputError("the plan has no steps", remedy="nothing moves, so no date can change")
    _same_assets(estate, plan)
    wish = asked or Asked()
    now = situation(estate, plan, runs, settings, since=wish.since, percentile=wish.percentile)
    given = Given(estate, facility, plan, wish.calendar or plan.calendar, now)
    return told(given, _Search(given, progress).run(), wish.percentile)


def _same_assets(estate: Estate, plan: Plan) -> None:
    """Refuse a plan of other assets: their places would be missing, or lead nowhere."""
    known, planned = set(estate.assets()), {decision.asset for decision in plan.decisions}
    for missing, what in (
        (planned - known, "the inventory hasn't"),
        (known - planned, "the plan knows nothing of"),
    ):
        if missing:
            named = sorted(missing)
            shown = ", ".join(f"{ref.kind}:{ref.id}" for ref in named[:3])
            more = f" and {len(named) - 3} more" if len(named) > 3 else ""
            raise InputError(
                f"the plan is of another inventory: {shown}{more}, which {what}",
                remedy="plan again with `vorst plan`: what came needs a place, what went leaves one",
            )


# --- looking for dates -----------------------------------------------------------------------------------------------


class _Search:
    def __init__(self, given: Given, progress: Progress) -> None:
        self._given, self._progress = given, progress
        estate, plan, calendar, now = given.estate, given.plan, given.calendar, given.now
        most = {r.name: max([r.capacity, *(e.capacity for e in r.exceptions)]) for r in calendar.resources}
        retiming = Retiming(Grid(calendar), most)
        self._completing = Completing(estate, plan, calendar, now, retiming)
        self._alternatives = Alternatives(estate, plan, calendar, now, retiming)
        frozen = {g.id for g in plan.groups if g.wave in now.frozen}
        self._choosing = Choosing(self._alternatives, self._completing, frozen)
        self._group_of = self._completing.groups_of

    def run(self) -> Found:
        for done in range(3 * ROUNDS + len(self._choosing.groups) + 1):
            self._progress("dates", min(done, ROUNDS), ROUNDS)
            found, refused = self._round()
            if refused and done >= 2 * ROUNDS:  # what moves is given up as a whole
                refused += [(g, refused[0][1], 0) for g, own in found.chosen.items() if not own.is_kept]
            learned = [
                self._rule_out(found.chosen[group], why, soonest, done) for group, why, soonest in refused
            ]
            if not any(learned) and not found.draft.cant:
                return found
        raise InputError("no dates were found that can be proven", remedy="plan again with `vorst plan`")

    def _round(self) -> tuple[Found, list[tuple[str, Why, int]]]:
        """Dates, all that follows from them, and the groups that can't have them: why, and from when on they could."""
        bans = self._choosing.bans
        chosen, undated, crowded = self._choosing.choose(bans)
        whys = {
            group: [
                *([self._choosing.refused[group]] if group in self._choosing.refused else []),
                *bans.whys.get(group, ()),
                *([crowded[group]] if group in crowded else []),
            ]
            for group in self._choosing.groups
        }
        lost = {group: _without_date(whys[group], bans, group) for group in undated}
        draft = self._completing.draft(chosen, undated)
        if draft.stuck:
            name, why = next(iter(sorted(draft.stuck.items())))
            raise InputError(
                f"nothing that may still move makes room for what keeps its date: {why.text}",
                where=f"step {name}",
                remedy="give the calendar more hands or a later horizon, and plan again",
            )
        found = Found(self._given.plan, (), chosen, draft, lost, whys, self._choosing.at_least)
        if draft.cant:
            return found, [(group, why, draft.not_before.get(group, 0)) for group, why in draft.cant.items()]
        made = written(self._given, chosen, draft, lost)
        violations = check(self._given.estate, self._given.facility, made)
        blamed = self._blamed(violations, chosen, made)
        return replace(found, plan=made, violations=violations), [
            (group, why, 0) for group, why in blamed.items()
        ]

    def _rule_out(self, own: Alternative, why: Why, not_before: int, done: int) -> bool:
        """One date after another; when rounds run short whatever is refused gets none any more."""
        bans = self._choosing.bans
        if done < ROUNDS:
            return bans.forbid(own, why, not_before)
        return bans.close(own, why)

    def _blamed(
        self, violations: Iterable[Violation], chosen: Mapping[str, Alternative], made: Plan
    ) -> dict[str, Why]:
        """Whose dates are to blame for what is broken: of those at the moment the moved ones, else all of them."""
        steps = {step.id: step for step in made.steps}
        blamed: dict[str, Why] = {}
        for violation in violations:
            if violation.code not in DATED:
                continue
            groups = self._named(violation, steps) or self._at(violation, made)
            mine = [group for group in sorted(groups) if group in chosen]
            moved = [group for group in mine if not chosen[group].is_kept]
            for group in moved or mine:
                blamed.setdefault(group, Why(violation.code, violation.message))
        return blamed

    def _named(self, violation: Violation, steps: Mapping[str, Step]) -> set[str]:
        kind, _, name = violation.object.partition(" ")
        if kind == "group":
            return {name}
        if kind == "step" and name in steps:
            return self._groups(steps[name])
        if kind == "wave" and name.split(",")[0].isdecimal():
            number = int(name.split(",")[0])
            moved = [s for s in steps.values() if s.kind in TOUCHING and s.wave == number]
            return {group for step in moved for group in self._groups(step)}
        return {self._group_of[violation.asset]} if violation.asset in self._group_of else set()

    def _groups(self, step: Step) -> set[str]:
        found = {self._group_of[m.asset] for m in step.moves if m.asset in self._group_of}
        return found | ({step.group} if step.group else set())

    def _at(self, violation: Violation, made: Plan) -> set[str]:
        """Groups with a step that begins or ends at the moment; else those with one that goes on then."""
        moment = violation.moment
        if moment is None:
            return set()
        edges = [s for s in made.steps if moment in (s.start, s.end) and s.kind in TOUCHING]
        inside = edges or [s for s in made.steps if s.start <= moment < s.end]
        return {group for step in inside for group in self._groups(step)}


def _without_date(whys: list[Why], bans: Bans, group: str) -> Why:
    """Why the planned date doesn't hold, and why no other was found."""
    first, last = whys[0] if whys else Why("REPLAN", "its date no longer holds"), bans.last.get(group)
    within = f" in {ROUNDS} rounds of looking" if bans.is_closed(group) else " in its windows"
    text = f"{first.text}; no other date was found{within}"
    tried = bans.spans.get(group) or bans.not_before.get(group) or bans.is_closed(group)
    if tried and last is not None and last.text != first.text:
        text += f": {last.text}"
    return Why(first.rule, text)
