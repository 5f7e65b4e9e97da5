"""A group on other dates: its steps go together, the checker says what that breaks, and windows are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_builders import a_facility, a_plan, an_estate

from capacity.moved_group import MovedGroup
from capacity.plan import sealed
from capacity.verify import check
from inventory.errors import InputError

WEEK = timedelta(days=7)


def moved(group: str = "G3") -> MovedGroup:
    return MovedGroup(an_estate(), a_facility(), a_plan(), group)


def test_where_it_is_nothing_is_newly_broken() -> None:
    assert moved().plan(timedelta()) == a_plan()
    assert moved().broken(timedelta()) == ()


@settings(max_examples=30, deadline=None)
@given(st.integers(-2000, 2000))
def test_only_the_groups_steps_move_and_all_by_as_much(quarters: int) -> None:
    by = timedelta(minutes=15 * quarters)
    plan, found = a_plan(), moved().plan(by)
    assert sealed(found).content_hash == found.content_hash
    was, now = ({s.id: s for s in p.steps} for p in (plan, found))
    assert was.keys() == now.keys()
    for name, step in was.items():
        if step.group != "G3":
            assert now[name] == step
            continue
        assert now[name].start.replace(tzinfo=None) == step.start.replace(tzinfo=None) + by
        assert now[name].end.replace(tzinfo=None) == step.end.replace(tzinfo=None) + by
        assert all(use.start == now[name].start for use in now[name].uses)
    assert [step.start for step in found.steps] == sorted(step.start for step in found.steps)


def test_a_day_out_of_every_window_is_told_by_its_rule() -> None:
    group = moved()
    codes = {violation.code for violation in group.broken(timedelta(days=2))}
    assert "WINDOW" in codes
    assert set(group.broken(timedelta(days=2))) == set(
        check(an_estate(), a_facility(), group.plan(timedelta(days=2)))
    )


def test_what_was_broken_before_is_not_told_again() -> None:
    plan = replace(a_plan(), devices=a_plan().devices[1:])
    group = MovedGroup(an_estate(), a_facility(), plan, "G3")
    assert group.before
    assert not group.before & set(group.broken(timedelta(days=2)))


def test_the_next_window_is_one_that_the_checker_lets_it_use() -> None:
    group = moved()
    for direction in (1, -1):
        shift = group.window(timedelta(), direction)
        assert shift is not None
        assert (shift > timedelta()) == (direction > 0)
        assert not {v.code for v in group.broken(shift)} & {"WINDOW", "FREEZE", "HOLIDAY"}


def test_a_group_that_is_not_there_is_told() -> None:
    with pytest.raises(InputError, match="no dated group 'G9'"):
        moved("G9")
