"""Broken plans: a school's machine moves in holidays when it may not, or outside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from plan_builders import at, machine

from broken_plans.case import Broken, World, changed
from capacity.calendar import SchoolHands, SchoolHoliday, SchoolRule
from capacity.facility import Facility
from capacity.plan import Plan
from inventory.estate import Estate, Tenant


def school(moves: str, last: date) -> Callable[[Estate, Facility, Plan], World]:
    """Machine 5, cut over on the morning of the 21st, is a school's, with holidays until `last`."""
    holidays = (
        SchoolHoliday("french", "carnival", date(2027, 3, 15), last, "a test"),
        SchoolHoliday("flemish", "spring", date(2027, 3, 1), date(2027, 3, 20), "a test"),
    )

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        estate = replace(
            estate,
            tenants=(*estate.tenants, Tenant(3, "School", "school", 2)),
            virtual_machines=changed(estate.virtual_machines, "id", 5, tenant_id=3),
        )
        rules = (SchoolRule("french", moves, tenants=("school",)),)
        calendar = replace(plan.calendar, school_holidays=holidays, school_rules=rules)
        return estate, facility, replace(plan, calendar=calendar)

    return breaks


def on_leave(factor: float) -> Callable[[Estate, Facility, Plan], World]:
    """In the week of the move from the depot only a part of the crews is there."""
    holidays = (SchoolHoliday("french", "carnival", date(2027, 3, 15), date(2027, 3, 20), "a test"),)

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        hands = (SchoolHands("french", factor),)
        calendar = replace(plan.calendar, school_holidays=holidays, school_hands=hands)
        return estate, facility, replace(plan, calendar=calendar)

    return breaks


CASES = (
    # Of three crews two are held from ten in the evening; from midnight on all are back.
    Broken("RESOURCE", "half of the crews on leave", on_leave(0.5), "crew", None, at(3, 20, 22), 0.5),
    Broken(
        "SCHOOL",
        "in holidays",
        school("never", date(2027, 3, 21)),
        "step cut-3",
        machine(5),
        at(3, 21, 8),
        60.0,
    ),
    Broken(
        "SCHOOL",
        "a day late",
        school("only", date(2027, 3, 20)),
        "step cut-3",
        machine(5),
        at(3, 21, 8),
        60.0,
    ),
)
