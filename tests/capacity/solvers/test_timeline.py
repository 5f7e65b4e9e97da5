"""Earliest starts on varying resources, against a search that tries every slot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.solvers.timeline import Timeline

SLOTS = 24
capacities = st.lists(st.integers(0, 3), min_size=SLOTS, max_size=SLOTS)


def a_timeline(**resources: list[int]) -> Timeline:
    timeline = Timeline(SLOTS)
    for name, capacity in resources.items():
        timeline.add(name, np.array(capacity, dtype=np.float64))
    return timeline


def by_trying(
    resources: dict[str, list[int]], needs: dict[str, float], duration: int, begin: int, end: int
) -> int | None:
    for start in range(max(begin, 0), min(end, SLOTS) - duration + 1):
        slots = range(start, start + duration)
        if all(resources[name][slot] >= amount for name, amount in needs.items() for slot in slots):
            return start
    return None


@given(
    crew=capacities,
    van=capacities,
    needs=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    duration=st.integers(1, 8),
    begin=st.integers(-3, SLOTS),
    end=st.integers(0, SLOTS + 3),
)
def test_the_earliest_start_is_the_one_found_by_trying(
    crew: list[int], van: list[int], needs: tuple[int, int], duration: int, begin: int, end: int
) -> None:
    wanted = {"crew": float(needs[0]), "van": float(needs[1])}
    found = a_timeline(crew=crew, van=van).earliest(wanted, duration, begin, end)
    assert found == by_trying({"crew": crew, "van": van}, wanted, duration, begin, end)


@given(capacity=capacities, tasks=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6)), max_size=12))
def test_tasks_taken_one_after_another_never_exceed_the_capacity(
    capacity: list[int], tasks: list[tuple[int, int]]
) -> None:
    timeline, used = a_timeline(crew=capacity), np.zeros(SLOTS)
    for amount, duration in tasks:
        start = timeline.earliest({"crew": amount}, duration, 0, SLOTS)
        if start is not None:
            timeline.take({"crew": amount}, start, start + duration)
            used[start : start + duration] += amount
    assert (used <= np.array(capacity)).all()


@given(capacity=capacities, begin=st.integers(0, SLOTS - 1), length=st.integers(1, 6))
def test_giving_back_undoes_taking(capacity: list[int], begin: int, length: int) -> None:
    timeline = a_timeline(crew=capacity)
    before = [timeline.fits({"crew": n}, slot, slot + 1) for n in (1, 2, 3) for slot in range(SLOTS)]
    timeline.take({"crew": 1}, begin, begin + length)
    timeline.give_back({"crew": 1}, begin, begin + length)
    assert before == [timeline.fits({"crew": n}, slot, slot + 1) for n in (1, 2, 3) for slot in range(SLOTS)]


def test_what_lies_outside_the_grid_never_fits() -> None:
    timeline = a_timeline(crew=[1] * SLOTS)
    assert not timeline.fits({"crew": 1}, -1, 2)
    assert not timeline.fits({"crew": 1}, SLOTS - 1, SLOTS + 1)
    assert timeline.peak("crew", 0, SLOTS) == 1
    assert "crew" in timeline


def test_a_capacity_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="24 slots"):
        Timeline(SLOTS).add("crew", np.ones(3))


@given(
    begin=st.integers(0, 9000),
    free=st.integers(0, 9000),
    length=st.integers(0, 200),
    duration=st.integers(1, 150),
)
def test_a_start_far_away_is_found_too(begin: int, free: int, length: int, duration: int) -> None:
    slots = 9200
    timeline, capacity = Timeline(slots), np.zeros(slots)
    capacity[free : free + length] = 1.0
    timeline.add("crew", capacity)
    start = max(begin, free)
    expected = start if start + duration <= min(free + length, slots) else None
    assert timeline.earliest({"crew": 1.0}, duration, begin, slots) == expected
