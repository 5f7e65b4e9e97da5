"""What an earlier plan had otherwise: groups that moved, that are new, and that are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from plan_builders import a_facility, a_plan, an_estate

from capacity.group_changes import group_changes
from capacity.moved_group import MovedGroup
from capacity.plan import Plan

WEEK = timedelta(days=7)


def without(plan: Plan, group: str) -> Plan:
    return replace(
        plan,
        groups=tuple(g for g in plan.groups if g.id != group),
        steps=tuple(s for s in plan.steps if s.group != group),
    )


def test_the_same_plan_has_no_changes() -> None:
    found = group_changes(a_plan(), a_plan())
    assert (found.moved, found.new, found.gone) == ({}, (), ())


def test_a_group_that_moved_tells_its_old_dates_whatever_it_was_called() -> None:
    group = MovedGroup(an_estate(), a_facility(), a_plan(), "G3")
    after = group.plan(WEEK)
    renamed = replace(after, groups=tuple(replace(g, id=f"X{g.id}") for g in after.groups))
    assert group_changes(a_plan(), renamed).moved == {"XG3": group.span()}


def test_groups_that_came_and_went_are_listed() -> None:
    plan = a_plan()
    assert group_changes(without(plan, "G2"), plan).new == ("G2",)
    assert [g.id for g in group_changes(plan, without(plan, "G2")).gone] == ["G2"]
