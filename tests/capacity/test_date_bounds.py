"""The bound on dates against the earliest that the checker accepts: each step tried hour by hour from the start."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from plan_builders import BRUSSELS, a_world, days_after, resealed

from capacity.date_bounds import date_bounds
from capacity.facility import Facility
from capacity.plan import Plan, Step
from capacity.verify import check
from inventory.estate import Estate

World = tuple[Estate, Facility, Plan]
ROOM_D = "Room D"  # which the small world empties
OF_THE_WHOLE = {"ROOM", "GROUP", "EVIDENCE", "PLAN-HASH"}  # what a plan says of rooms, waves and itself


def moved_to(plan: Plan, index: int, start: datetime) -> Plan:
    """The plan with one step at another time, and its uses with it."""
    step = plan.steps[index]
    by = start.astimezone(UTC) - step.start.astimezone(UTC)

    def then(moment: datetime) -> datetime:
        return (moment.astimezone(UTC) + by).astimezone(BRUSSELS)

    uses = tuple(replace(use, start=then(use.start), end=then(use.end)) for use in step.uses)
    deadline = step.rollback_deadline and days_after(then(step.end), plan.calendar.rollback_days)
    moved = replace(step, start=start, end=then(step.end), uses=uses, rollback_deadline=deadline)
    return replace(plan, steps=tuple(moved if step is old else old for old in plan.steps))


def is_accepted(world: World, plan: Plan, step: Step) -> bool:
    """Whether the checker finds nothing about this step or its assets that the plan could not say otherwise."""
    estate, facility, _ = world
    return not any(
        violation.code not in OF_THE_WHOLE
        and (step.id in violation.message or violation.asset in {move.asset for move in step.moves})
        for violation in check(estate, facility, plan)
    )


def soonest(world: World, plan: Plan, index: int, since: datetime) -> Plan:
    """The plan with this step at the first full hour since, at which the checker accepts it."""
    moment = since
    while moment < days_after(since, 60):
        tried = moved_to(plan, index, moment)
        if is_accepted(world, tried, tried.steps[index]):
            return tried
        moment = days_after(moment, 1 / 24)
    raise AssertionError(f"the checker accepts {plan.steps[index].id} at no hour of two months")


def emptied_soonest(world: World) -> datetime:
    """When room D is empty at the soonest: its steps in the order of the plan, each as soon as it may be."""
    facility, plan = world[1], world[2]
    for index, step in enumerate(plan.steps):  # out of each other's way
        plan = moved_to(plan, index, days_after(step.start, 8 * 7))
    lead = max(model.lead_days for model in facility.rack_models)
    order = ["racks", "hosts", "copy-1", "cut-1", "move-2", "clear-1", "retire-7"]
    for name in order:
        by_id = {step.id: step for step in plan.steps}
        step = by_id[name]
        since = max(
            [by_id[before].end for before in step.predecessors],
            default=days_after(plan.calendar.start, lead - 1),
        )
        if step.kind in {"decommission", "retire"}:
            since = days_after(since, plan.calendar.rollback_days - 1)
        plan = soonest(world, plan, plan.steps.index(step), since)
    return max(step.end for step in plan.steps if step.id in {"move-2", "clear-1", "retire-7"})


@pytest.mark.parametrize(("lead_days", "rollback_days"), [(28, 14), (28, 3), (39, 14), (45, 0)])
def test_no_room_is_empty_before_its_bound_whatever_the_dates(lead_days: int, rollback_days: int) -> None:
    estate, facility, plan = a_world()
    models = tuple(replace(model, lead_days=lead_days) for model in facility.rack_models)
    calendar = replace(plan.calendar, rollback_days=rollback_days)
    world = resealed(estate, replace(facility, rack_models=models), replace(plan, calendar=calendar))
    start = plan.calendar.start.astimezone(UTC)

    found = emptied_soonest(world)

    rooms = tuple(replace(room, emptied_at=found) if room.name == ROOM_D else room for room in world[2].rooms)
    days = (found.astimezone(UTC) - start) / timedelta(days=1)
    for bound in date_bounds(world[0], world[1], replace(world[2], rooms=rooms)):
        assert bound.value == pytest.approx(days)
        assert bound.bound <= days
        assert days - bound.bound < 0.5, "far below what is possible: the bound lost something"
