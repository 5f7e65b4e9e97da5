"""A plan beside the settings: made with the calendar they give, or a violation that says what is otherwise."""

from __future__ import annotations

from dataclasses import replace

from plan_builders import a_calendar, a_world

from capacity.calendar import Calendar, Care
from capacity.plan import Plan
from capacity.verify import Violation, check
from inventory.documents import from_json, to_json


def found(calendar: Calendar | None) -> list[Violation]:
    return [violation for violation in check(*a_world(), calendar) if violation.code == "INPUT-CALENDAR"]


def test_the_same_calendar_agrees_also_when_the_plan_was_read_from_a_file() -> None:
    estate, facility, plan = a_world()
    read = from_json(Plan, to_json(plan))
    assert check(estate, facility, read, a_calendar()) == ()
    assert check(estate, facility, plan) == ()


def test_another_number_of_hands_is_named() -> None:
    crews, *others = a_calendar().resources
    (violation,) = found(replace(a_calendar(), resources=(replace(crews, capacity=2.0), *others)))
    assert violation.object == "calendar.resources"
    assert "resources.crew.capacity 3.0 in the plan, 2.0 in the settings" in violation.message
    assert "plan again" in violation.remedy


def test_each_part_is_a_violation_of_its_own_and_long_lists_are_cut() -> None:
    work = replace(
        a_calendar().work, relocate_minutes=1.0, cutover_minutes=1.0, rack_minutes=1.0, host_minutes=1.0
    )
    violations = found(a_calendar(work=work, rollback_days=3, holidays=()))
    assert [violation.object for violation in violations] == [
        "calendar.holidays",
        "calendar.rollback_days",
        "calendar.work",
    ]
    assert (
        "holidays ['2027-04-05', '2027-05-06'] in the plan, nothing in the settings" in violations[0].message
    )
    assert violations[2].message.endswith("and 1 more")


def test_a_part_that_the_plan_never_had_is_named() -> None:
    care = Care(60.0, 0.0, 0, 0, 0.0, 0.0, 0.0)
    (violation,) = found(a_calendar(care=care))
    assert violation.object == "calendar.care"
    assert "care nothing in the plan" in violation.message
