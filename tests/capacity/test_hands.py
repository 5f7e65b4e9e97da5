"""Skills, staging space and wiping: plans of random estates against the checker, and what each costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, a_facility, an_estate, device
from random_worlds import estates
from tiny_rooms import Room

from capacity.calendar import Calendar, CalendarResource, Skill, WeeklySlot
from capacity.calendar_settings import CalendarSettings, ResourceInput, resolve
from capacity.plan import Plan
from capacity.planner import plan
from capacity.verify import check
from inventory.errors import InputError
from inventory.estate import Estate
from inventory.estate import sealed as sealed_estate


def with_hands(*, staging: float = 12.0, riggers: float = 1.0, wipe_minutes: float = 45.0) -> Calendar:
    calendar = a_calendar(skills=(Skill("rigger", ("chassis", "server")),))
    return replace(
        calendar,
        work=replace(
            calendar.work, wipe_minutes=wipe_minutes, escort_crew=2.0, media_roles=("server", "blade")
        ),
        resources=(
            *calendar.resources,
            CalendarResource("rigger", riggers, "people"),
            CalendarResource("staging", staging, "U"),
        ),
    )


def planned(calendar: Calendar) -> Plan:
    return plan(an_estate(), a_facility(), calendar)


@given(estate=estates(), staging=st.sampled_from([1.0, 9.0, 40.0]), riggers=st.sampled_from([0.0, 1.0]),
       wipe=st.sampled_from([0.0, 45.0]))  # fmt: skip
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_checker_accepts_every_plan_with_few_hands(
    estate: Estate, staging: float, riggers: float, wipe: float
) -> None:
    calendar = with_hands(staging=staging, riggers=riggers, wipe_minutes=wipe)
    found = plan(estate, a_facility(), calendar)
    assert not [f"{v.code} {v.message}" for v in check(estate, a_facility(), found)]


def test_nobody_with_the_skill_leaves_undated_what_asks_for_it() -> None:
    left = {entry.asset for entry in planned(with_hands(riggers=0.0)).unplaced}
    assert device(1) in left - {entry.asset for entry in planned(with_hands()).unplaced}


def test_what_is_higher_than_the_staging_space_stays() -> None:
    assert device(1) in {entry.asset for entry in planned(with_hands(staging=5.0)).unplaced}
    assert device(1) not in {entry.asset for entry in planned(with_hands(staging=6.0)).unplaced}


def test_wiping_takes_a_crew_longer() -> None:
    def minutes(found: Plan) -> float:
        (step,) = [s for s in found.steps if s.kind == "retire"]
        return sum((u.end - u.start).total_seconds() / 60 * u.amount for u in step.uses)

    assert minutes(planned(with_hands())) == minutes(planned(a_calendar())) + 45


def test_what_is_not_wiped_is_escorted() -> None:
    found = planned(with_hands(wipe_minutes=0.0))
    (step,) = [s for s in found.steps if s.kind == "retire"]
    assert {use.resource: use.amount for use in step.uses} == {"crew": 2.0, "van": 1.0}
    assert check(an_estate(), a_facility(), found) == ()


def test_a_skill_that_nobody_has_is_refused() -> None:
    with pytest.raises(InputError, match="nobody has the skill rigger"):
        resolve(CalendarSettings(skills={"rigger": ("chassis",)}), a_calendar().start)


@pytest.mark.parametrize("name", ["circuit:3", "tenant:1", "core:", " Circuit:x"])
def test_a_resource_called_as_planners_call_lines_and_tenants_is_refused(name) -> None:
    resources = CalendarSettings().resources | {name: ResourceInput(capacity=1)}
    with pytest.raises(InputError, match=r"begin with circuit:, tenant: or core:") as told:
        resolve(CalendarSettings(resources=resources), a_calendar().start)
    assert name in str(told.value)


def test_what_no_crew_wipes_on_end_is_retired_in_parts() -> None:
    room = Room()
    for _ in range(40):
        room.device()
    estate = room.estate
    estate = sealed_estate(
        replace(estate, devices=tuple(replace(d, status="decommissioning") for d in estate.devices))
    )
    # All in one step would be a day and more of two crews, who go home at night.
    office = tuple(WeeklySlot(day, 8 * 60, 10 * 60) for day in range(5))
    calendar = with_hands(wipe_minutes=60.0)
    crews = (replace(r, slots=office) if r.name == "crew" else r for r in calendar.resources)
    calendar = replace(calendar, resources=tuple(crews))
    found = plan(estate, a_facility(), calendar)
    retired = [move.asset for step in found.steps if step.kind == "retire" for move in step.moves]
    assert sorted(retired) == sorted(estate.assets())
    assert check(estate, a_facility(), found) == ()
