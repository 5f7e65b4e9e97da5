"""When an asset may be touched: whose windows hold, freezes and holidays cut out, local hours through clock changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from plan_builders import BRUSSELS, a_calendar, an_estate, at, machine

from capacity.calendar import WeeklySlot
from capacity.timetable.windows import (
    SLOT_MINUTES,
    Grid,
    Interval,
    Windows,
    intersected,
    merged,
    within,
    without,
)
from inventory.estate import ChangeWindow, Constraint, Estate, Ref

SLOTS = 60
intervals = st.lists(
    st.tuples(st.integers(-5, SLOTS + 5), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    max_size=6,
)


def slots_of(found: list[Interval]) -> set[int]:
    return {slot for begin, end in found for slot in range(begin, end)}


@given(first=intervals, second=intervals)
def test_intervals_behave_as_sets_of_slots(first: list[Interval], second: list[Interval]) -> None:
    left, right = merged(first, SLOTS), merged(second, SLOTS)
    assert slots_of(left) == slots_of(first) & set(range(SLOTS))
    assert slots_of(intersected(left, right)) == slots_of(left) & slots_of(right)
    assert slots_of(without(left, right)) == slots_of(left) - slots_of(right)


@given(some=intervals, begin=st.integers(-5, SLOTS), end=st.integers(0, SLOTS + 5))
def test_a_part_of_intervals_is_what_lies_in_it(some: list[Interval], begin: int, end: int) -> None:
    found = merged(some, SLOTS)
    assert within(found, begin, end) == intersected(found, merged([(begin, end)], SLOTS))


def local_hours(windows: Windows, ref: Ref) -> set[tuple[datetime, datetime]]:
    return {(windows.grid.moment(begin), windows.grid.moment(end)) for begin, end in windows.of(ref)}


def a_bare_estate(**changes: object) -> Estate:
    """No windows and freezes but those a test gives."""
    return replace(an_estate(), change_windows=(), constraints=(), **changes)  # type: ignore[arg-type]


def a_window(ref: Ref, weekday: int, number: int = 1) -> ChangeWindow:
    return ChangeWindow(number, ref, weekday, 20 * 60, 6 * 60)


def weekdays(estate: Estate, ref: Ref) -> set[int]:
    windows = Windows(estate, a_calendar(holidays=()))
    return {windows.grid.moment(begin).weekday() for begin, _ in windows.of(ref)}


def test_the_nearest_holder_of_windows_decides() -> None:
    estate = a_bare_estate()
    asset = machine(1)
    application = next(m.application_id for m in estate.application_members if m.object == asset)
    tenant_id = estate.by_id("virtual_machines")[1].tenant_id
    site_id = estate.by_id("sites")[1].id
    assert weekdays(estate, asset) == {6}
    by_site = a_window(Ref("sites", site_id), 0)
    assert weekdays(replace(estate, change_windows=(by_site,)), asset) == {0}
    if tenant_id is not None:
        by_tenant = a_window(Ref("tenants", tenant_id), 1, 2)
        assert weekdays(replace(estate, change_windows=(by_site, by_tenant)), asset) == {1}
    by_application = a_window(Ref("applications", application), 2, 3)
    assert weekdays(replace(estate, change_windows=(by_site, by_application)), asset) == {2}


def test_a_freeze_of_the_site_cuts_its_nights_out() -> None:
    freeze = Constraint(9, "freeze", members=(Ref("sites", 1),), start=at(3, 1), end=at(4, 1))
    windows = Windows(replace(a_bare_estate(), constraints=(freeze,)), a_calendar())
    assert not any(at(3, 1) <= begin < at(4, 1) for begin, _ in local_hours(windows, machine(1)))
    assert any(at(4, 1) <= begin for begin, _ in local_hours(windows, machine(1)))


def test_a_freeze_without_an_end_lasts() -> None:
    freeze = Constraint(9, "freeze", members=(Ref("sites", 1),), start=at(3, 1))
    windows = Windows(replace(a_bare_estate(), constraints=(freeze,)), a_calendar())
    found = local_hours(windows, machine(1))
    assert found
    assert all(end <= at(3, 1) for _, end in found)


def test_nothing_lies_on_a_holiday() -> None:
    sunday = date(2027, 2, 14)

    def days(*holidays: date) -> set[date]:
        windows = Windows(a_bare_estate(), a_calendar(holidays=holidays))
        return {begin.date() for begin, _ in local_hours(windows, machine(1))}

    assert days() - days(sunday) == {sunday}


def test_a_window_keeps_its_local_hours_when_the_clocks_change() -> None:
    """On 28 March 2027 the clocks in Brussels go forward at 02:00, on 31 October back at 03:00."""
    grid = Grid(a_calendar())
    starts = {grid.moment(begin) for begin, _ in grid.weekly([WeeklySlot(6, 8 * 60, 600)])}
    assert all((start.hour, start.minute) == (8, 0) for start in starts)
    assert {datetime(2027, 3, 28, 8, tzinfo=BRUSSELS), datetime(2027, 10, 31, 8, tzinfo=BRUSSELS)} <= starts


def test_slots_are_real_time() -> None:
    grid = Grid(a_calendar())
    for slot in (0, 1, 5000, grid.slots - 1):
        moment = grid.moment(slot)
        assert grid.floor(moment) == grid.ceil(moment) == slot
        assert grid.floor(moment + timedelta(minutes=SLOT_MINUTES - 1)) == slot
