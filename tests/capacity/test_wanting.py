"""What a group without a date lacks: the smallest rate, hands, window; against trying all, and by planning again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import a_calendar
from target_builders import a_cloud, a_target
from tiny_rooms import Room

from capacity.calendar import Calendar, CalendarResource
from capacity.planner import plan
from capacity.timetable.wanting import NOT_COMPUTED, hands_wanted, rate_wanted
from inventory.estate import Circuit, Estate, Provider, sealed

TARGET = a_target(positions=2, pools=(a_cloud(),))


@given(
    st.lists(st.sampled_from([0.0, 1.0, 2.5, 4.0]), min_size=1, max_size=9),
    st.integers(0, 9),
    st.integers(0, 9),
    st.floats(0.5, 30.0),
)
def test_no_copy_needs_less_of_a_line(free: list[float], ready: int, latest: int, amount: float) -> None:
    found = rate_wanted(np.array(free), ready, latest, amount)

    latest = min(latest, len(free))
    every = [
        amount / (end - begin) - min(free[begin:end])
        for begin in range(ready, latest)
        for end in range(begin + 1, latest + 1)
    ]
    assert found == (pytest.approx(min(every)) if every else None)


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=9),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3),
    st.integers(1, 4),
    st.integers(1, 6),
)
def test_no_window_needs_fewer_hands(free: list, windows: list, slots: int, amount: int) -> None:
    found = hands_wanted(np.array(free, dtype=float), windows, slots, float(amount))

    every = [
        amount - min(free[start : start + slots])
        for begin, end in windows
        for start in range(begin, min(end, len(free)) - slots + 1)
    ]
    assert found == (min(every) if every else None)


def over_a_line(rate_mbps: float) -> Estate:
    room = Room()
    room.machine(disk_mb=5_000_000)
    line = Circuit(1, "LINE", 1, rate_mbps=rate_mbps, site_ids=(1,))
    return sealed(replace(room.estate, providers=(Provider(1, "P", "p"),), circuits=(line,)))


def test_a_line_is_too_slow_by_no_more_than_is_said() -> None:
    slow = plan(over_a_line(3.0), TARGET, a_calendar())
    (entry,) = slow.unplaced
    assert entry.change is not None
    (limit,) = entry.change.limits
    assert (limit.limit_path, limit.now) == ("estate.circuits[1].rate_mbps", 3.0)
    assert 0.5 < limit.by < 2

    assert not plan(over_a_line(3.0 + limit.by + 0.02), TARGET, a_calendar()).unplaced
    assert plan(over_a_line(3.0 + limit.by - 0.02), TARGET, a_calendar()).unplaced


def test_a_site_without_a_line_is_told_what_line_it_needs() -> None:
    room = Room()
    room.machine(disk_mb=5_000_000)

    (entry,) = plan(room.estate, TARGET, a_calendar()).unplaced

    assert entry.change is not None
    (limit,) = entry.change.limits
    assert limit.now is None
    assert not plan(over_a_line(limit.by + 0.02), TARGET, a_calendar()).unplaced
    assert plan(over_a_line(limit.by - 0.02), TARGET, a_calendar()).unplaced


def with_resource(name: str, capacity: float, **changes: object) -> Calendar:
    calendar = a_calendar()
    resources = tuple(
        replace(r, capacity=capacity, **changes) if r.name == name else r for r in calendar.resources
    )
    return replace(calendar, resources=resources)


def in_a_window_of(minutes: int) -> Calendar:
    calendar = a_calendar()
    windows = tuple(replace(slot, duration_minutes=minutes) for slot in calendar.default_windows)
    docks = (CalendarResource("dock", 1.0, "slots"),)
    resources = (*(r for r in calendar.resources if r.name != "dock"), *docks)
    return replace(calendar, default_windows=windows, resources=resources)


def test_a_window_is_too_short_by_no_more_than_is_said() -> None:
    room = Room()
    room.device()

    (entry,) = plan(room.estate, TARGET, in_a_window_of(60)).unplaced

    assert entry.change is not None
    (limit,) = entry.change.limits
    assert limit.now == 60
    assert not plan(room.estate, TARGET, in_a_window_of(60 + int(limit.by))).unplaced
    assert plan(room.estate, TARGET, in_a_window_of(45 + int(limit.by))).unplaced


def test_what_no_number_decides_is_said_not_to_be_computed() -> None:
    room = Room()
    room.device(weight_kg=500.0)  # no van of the calendar carries two of them at once
    room.device(weight_kg=500.0)
    room.bind("together", *room.estate.assets())
    calendar = with_resource("van", 1.0)

    entries = plan(room.estate, a_target(max_weight_kg=5000.0), calendar).unplaced

    assert {entry.change.basis for entry in entries if entry.change} == {NOT_COMPUTED}
