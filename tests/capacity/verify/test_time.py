"""Change windows, capacities and instants at their edges: clock changes, touching windows, times without a zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from broken_plans.case import changed, retimed, with_step
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import SATURDAY, SUNDAY, a_world, at, days_after, device, machine, resealed

from capacity.calendar import CalendarException, CalendarResource, WeeklySlot
from capacity.verification.moments import Clock, Exceeded, exceeded_by_arrivals, joined, zone_named
from capacity.verify import check
from inventory.estate import ApplicationMember, ChangeWindow, Ref

CLOCK = Clock(ZoneInfo("Europe/Brussels"))
NIGHT = WeeklySlot(SATURDAY, 22 * 60, 480)  # Saturday 22:00 to Sunday 06:00


def hours_of(slot: WeeklySlot, day: date) -> float:
    """How long the slot that starts on a day really lasts."""
    noon = CLOCK.midnight(day) + 12 * 3600
    (interval,) = [i for i in CLOCK.weekly([slot], noon, noon + 86_400) if i[0] > noon]
    return (interval[1] - interval[0]) / 3600


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2027, 3, 20), 8.0), (date(2027, 3, 27), 7.0), (date(2027, 10, 30), 9.0)],
    ids=["an ordinary night", "clocks go forward", "clocks go back"],
)
def test_a_window_keeps_its_wall_clock_hours(day: date, hours: float) -> None:
    assert hours_of(NIGHT, day) == hours


def test_a_window_that_began_days_ago_is_found() -> None:
    week = WeeklySlot(0, 0, 7 * 1440)
    noon = CLOCK.seconds(at(3, 14, 12))

    assert joined(CLOCK.weekly([week], noon, noon + 3600))[0][0] <= noon


@given(
    weekday=st.integers(-3, 9),
    start=st.integers(-5000, 10**7),
    duration=st.integers(-10, 10**12),
    moment=st.datetimes(),
)
def test_no_weekly_hour_is_too_strange_to_be_read(
    weekday: int, start: int, duration: int, moment: datetime
) -> None:
    begin = CLOCK.seconds(moment)
    for low, high in CLOCK.weekly([WeeklySlot(weekday, start, duration)], begin, begin + 86_400):
        assert low < high


@given(
    moment=st.datetimes(
        min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
    )
)
def test_an_instant_comes_back_from_its_seconds(moment: datetime) -> None:
    assert abs(CLOCK.moment(CLOCK.seconds(moment)) - moment) < timedelta(milliseconds=1)


@pytest.mark.parametrize("name", ["", "Nowhere/Town", "../../etc/passwd", "/etc/localtime", "\0", "Europe"])
def test_what_is_no_time_zone_is_none(name: str) -> None:
    assert zone_named(name) is None


@pytest.mark.parametrize(
    ("arrivals", "limit", "found"),
    [
        ([], 0.0, None),
        ([(1.0, 5.0)], 5.0, None),
        ([(2.0, 3.0), (1.0, 3.0)], 5.0, Exceeded(2.0, 1.0)),
        ([(1.0, 3.0), (1.0, 3.0), (4.0, 2.0)], 5.0, Exceeded(1.0, 3.0)),
        ([(1.0, 0.1)] * 3, 0.3, None),
    ],
    ids=["nothing", "just fits", "the second is too much", "at once, then more", "sums of floats"],
)
def test_arrivals_pass_a_limit(
    arrivals: list[tuple[float, float]], limit: float, found: Exceeded | None
) -> None:
    assert exceeded_by_arrivals(arrivals, limit) == found


def found_with(*windows: ChangeWindow, member_of: int | None = None) -> list[str]:
    """What is said of the town's relocation (Sunday 08:00 to 12:00) with other windows for device 11's tenant."""
    estate, facility, plan = a_world()
    kept = tuple(w for w in estate.change_windows if w.object.kind != "tenants")
    members = estate.application_members
    if member_of is not None:
        members = (*members, ApplicationMember(member_of, device(11)))
    estate = replace(estate, change_windows=(*kept, *windows), application_members=members)
    violations = check(*resealed(estate, facility, plan))
    return sorted({v.code for v in violations if v.asset in {device(11), None}} - {"STEP-SEQUENCE"})


def tenant_window(number: int, start_minute: int, minutes: int) -> ChangeWindow:
    return ChangeWindow(number, Ref("tenants", 2), SUNDAY, start_minute, minutes)


def test_windows_that_touch_are_one() -> None:
    assert found_with(tenant_window(20, 6 * 60, 240), tenant_window(21, 10 * 60, 240)) == []


def test_windows_with_a_minute_between_are_two() -> None:
    assert found_with(tenant_window(20, 6 * 60, 240), tenant_window(21, 10 * 60 + 1, 240)) == ["WINDOW"]


def test_without_windows_of_its_own_the_default_holds() -> None:
    assert found_with() == []


def test_every_application_must_allow_it() -> None:
    sunday = ChangeWindow(20, Ref("applications", 2), SUNDAY, 7 * 60, 600)

    assert "WINDOW" in found_with(tenant_window(21, 0, 1440), sunday, member_of=1)


def test_a_time_without_a_zone_is_local() -> None:
    estate, facility, plan = a_world()
    naive = with_step(plan, "retire-7", start=datetime(2027, 4, 13, 9), end=datetime(2027, 4, 13, 10))

    assert check(*resealed(estate, facility, naive)) == ()


def test_an_unknown_time_zone_is_one_of_the_violations() -> None:
    estate, facility, plan = a_world()
    lost = replace(plan, calendar=replace(plan.calendar, time_zone="Middle/Earth"))

    assert "calendar" in {
        v.object for v in check(*resealed(estate, facility, lost)) if v.code == "REF-UNKNOWN"
    }


@pytest.mark.parametrize(("capacity", "is_broken"), [(0.0, True), (1.0, True), (2.0, False)])
def test_an_exception_replaces_the_usual_capacity(capacity: float, is_broken: bool) -> None:
    estate, facility, plan = a_world()
    ill = CalendarException(at(3, 21, 1), at(3, 21, 2), capacity, "flu")
    resources = changed(plan.calendar.resources, "name", "crew", exceptions=(ill,))
    found = check(
        *resealed(estate, facility, replace(plan, calendar=replace(plan.calendar, resources=resources)))
    )

    assert [(v.code, v.moment, v.amount) for v in found] == (
        [("RESOURCE", at(3, 21, 1), pytest.approx(2.0 - capacity))] if is_broken else []
    )


def test_an_exception_may_open_a_resource_outside_its_hours() -> None:
    estate, facility, plan = a_world()
    usual = WeeklySlot(SATURDAY, 20 * 60, 780)  # until Sunday 09:00; the town's relocation ends at noon
    longer = CalendarException(at(3, 21, 9), at(3, 21, 12), 1.0, "overtime")
    resources = tuple(
        CalendarResource("dock", 1.0, "slots", (usual,), (longer,)) if r.name == "dock" else r
        for r in plan.calendar.resources
    )

    assert (
        check(
            *resealed(estate, facility, replace(plan, calendar=replace(plan.calendar, resources=resources)))
        )
        == ()
    )


def test_steps_that_touch_share_a_resource() -> None:
    """Half-open intervals: the dock is free again at the moment a relocation ends."""
    estate, facility, plan = a_world()
    earlier = retimed(plan, "move-2", at(3, 21, 2), at(3, 21, 8))
    earlier = with_step(earlier, "move-2", rollback_deadline=days_after(at(3, 21, 8), 14))
    found = check(*resealed(estate, facility, earlier))

    assert not [v for v in found if v.code == "RESOURCE"]


def test_the_middle_of_a_range_may_be_planned_with() -> None:
    """Device 5 peaks at 320 W and had a p95 of 250 W: its middle is 285 W."""
    estate, facility, plan = a_world()
    mid = replace(plan, inputs=replace(plan.inputs, planning_value="mid"))
    demands = tuple(
        replace(
            d,
            quantities={n: replace(q, planning=(q.low + q.high) / 2) for n, q in d.quantities.items()},
        )
        for d in plan.demands
    )
    low = replace(mid, demands=demands)
    codes = {v.code for v in check(*resealed(estate, facility, low))}

    assert codes == {"EVIDENCE"}  # the energy was counted at the high end
    assert {v.code for v in check(*resealed(estate, facility, mid))} == set()
    assert machine(1) in {d.asset for d in low.demands}
