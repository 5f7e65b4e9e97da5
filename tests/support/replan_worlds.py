"""The small plan under way: runs of its steps, limits that were set since, and what replanning makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from plan_builders import a_facility, a_plan, an_estate, at

from capacity.plan import Plan, Step, Use, Wave, sealed
from capacity.replan import Asked, replan
from capacity.replanning.answer import Replanned
from capacity.uncertainty.settings import RiskSettings
from inventory.estate import Constraint, Estate, Ref
from inventory.estate import sealed as sealed_estate
from inventory.records import RunRecord, StepRun, sealed_run

SETTINGS = RiskSettings()
EARLY = Asked(since=at(2, 2))
WEEK = timedelta(days=7)
OF_GROUP = {"G1": ("cut-1", "clear-1", "retire-7"), "G2": ("move-2",), "G3": ("cut-3", "move-3", "clear-3")}


def a_run(plan: Plan, name: str, times: float) -> RunRecord:
    """A step of the plan as it was carried out, so many times as long as planned."""
    step = next(step for step in plan.steps if step.id == name)
    planned = (step.end - step.start).total_seconds()
    run = StepRun(
        name,
        "done",
        assets=tuple(move.asset for move in step.moves),
        started_at=step.start,
        duration_s=planned * times,
        planned_duration_s=planned,
    )
    phase = {"relocate": "cutover", "retire": "decommission"}.get(step.kind, step.kind)
    ended = step.start + timedelta(seconds=planned * times)
    record = RunRecord(plan.content_hash, 1, phase, step.start, ended, "done", steps=(run,))
    return sealed_run(record)


def a_limit(
    kind: str, member: Ref, start: datetime | None, end: datetime | None, number: int = 90
) -> Constraint:
    return Constraint(id=number, kind=kind, members=(member,), start=start, end=end, name=f"{kind} {number}")


def with_limits(*limits: Constraint) -> Estate:
    estate = an_estate()
    return sealed_estate(replace(estate, constraints=(*estate.constraints, *limits)))


def small(estate: Estate, *runs: RunRecord, asked: Asked = EARLY, plan: Plan | None = None) -> Replanned:
    return replan(estate, a_facility(), plan or a_plan(), SETTINGS, runs, asked)


def steps_of(plan: Plan) -> dict[str, Step]:
    return {step.id: step for step in plan.steps}


def moved(found: Replanned) -> set[str]:
    """Groups that lost their date, whether they got another or not."""
    return {own.group for own in found.groups} | {own.name for own in found.undated}


def by_weeks(plan: Plan, weeks: dict[str, int]) -> Plan:
    """The plan with groups so many weeks later, each in a wave of its own; what follows later by as much."""
    by = {name: count * WEEK for group, count in weeks.items() for name in OF_GROUP[group]}
    numbers = {group: 10 + index for index, group in enumerate(sorted(weeks))}
    steps = []
    for planned in plan.steps:
        step = planned
        if step.id in by:
            later = by[step.id]
            step = replace(
                planned,
                start=step.start + later,
                end=step.end + later,
                uses=tuple(Use(u.resource, u.amount, u.start + later, u.end + later) for u in step.uses),
                rollback_deadline=step.rollback_deadline + later if step.rollback_deadline else None,
                wave=numbers.get(step.group or "", step.wave),
            )
        steps.append(step)
    waves = [replace(w, groups=tuple(g for g in w.groups if g not in weeks)) for w in plan.waves]
    for group, number in numbers.items():
        mine = [s for s in steps if s.group == group]
        first = min(s.start for s in mine)
        waves.append(Wave(number, group, first, max(s.end for s in mine), first - WEEK, (group,)))
    groups = tuple(replace(g, wave=numbers.get(g.id, g.wave)) for g in plan.groups)
    ordered = tuple(sorted(steps, key=lambda s: (s.start, s.id)))
    return sealed(replace(plan, steps=ordered, waves=tuple(w for w in waves if w.groups), groups=groups))
