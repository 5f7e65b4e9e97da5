"""Broken plans: data left on what is thrown away, nobody with the skill, nowhere to stand."""

from __future__ import annotations

from dataclasses import replace

from plan_builders import at, device

from broken_plans.case import Broken, World, with_step
from capacity.calendar import CalendarResource, Skill
from capacity.facility import Facility
from capacity.plan import Plan, Use
from inventory.estate import Estate


def _unwiped(estate: Estate, facility: Facility, plan: Plan) -> World:
    work = replace(plan.calendar.work, wipe_minutes=41.0, media_roles=("server",))
    return estate, facility, replace(plan, calendar=replace(plan.calendar, work=work))


def _unescorted(estate: Estate, facility: Facility, plan: Plan) -> World:
    """Ticketing's server leaves with two crews and a van, the retired host with one crew only."""
    work = replace(plan.calendar.work, media_roles=("server",), escort_crew=2.0)
    clear = next(s for s in plan.steps if s.id == "clear-1")
    uses = (
        Use("engineer", 1.0, clear.start, clear.end),
        Use("crew", 2.0, clear.start, clear.end),
        Use("van", 1.0, clear.start, clear.end),
    )
    plan = replace(with_step(plan, "clear-1", uses=uses), calendar=replace(plan.calendar, work=work))
    return estate, facility, plan


def _unskilled(estate: Estate, facility: Facility, plan: Plan) -> World:
    resources = (*plan.calendar.resources, CalendarResource("rigger", 1.0, "people"))
    calendar = replace(plan.calendar, resources=resources, skills=(Skill("rigger", ("chassis",)),))
    return estate, facility, replace(plan, calendar=calendar)


def _crammed(estate: Estate, facility: Facility, plan: Plan) -> World:
    """The depot's nine units have somewhere to stand, the town's two have not."""
    move = next(s for s in plan.steps if s.id == "move-2")
    resources = (*plan.calendar.resources, CalendarResource("staging", 9.0, "U"))
    plan = with_step(plan, "move-2", uses=(*move.uses, Use("staging", 9.0, move.start, move.end)))
    return estate, facility, replace(plan, calendar=replace(plan.calendar, resources=resources))


CASES = (
    Broken("EFFORT", "a host not wiped", _unwiped, "step retire-7", None, at(4, 13, 9), 1.0),
    Broken("ESCORT", "a host left to one crew", _unescorted, "step retire-7", None, at(4, 13, 9), 1.0),
    Broken("SKILL", "no rigger for a chassis", _unskilled, "step move-2", device(1), at(3, 20, 22)),
    Broken("STAGING", "two servers in the way", _crammed, "step move-3", None, at(3, 21, 8), 2.0),
)
