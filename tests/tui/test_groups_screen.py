"""The screen of move groups: what ties each, what people decided, and what of the flows it cuts is borne."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from plan_builders import a_plan, an_estate
from tui_cases import SIZES, loaded_from

from capacity.plan import sealed
from capacity.timetable.cut_flows import cut_flows
from capacity.timetable.group_ties import group_ties
from inventory import estate as estates
from tui.screens.groups import GroupDialog, GroupsScreen
from tui.views import groups
from tui.widgets.listing import Listing


def shown(session) -> list[str]:
    listing = session.app.screen.query_one("#groups", Listing)
    return [cells[0] for cells in listing.shown.cells] if listing.shown else []


def pinned():
    """The small world in which a person pinned the first group; the plan is made from it."""
    plan = a_plan()
    pin = estates.Constraint(
        900,
        "pin",
        "after the [fair]",
        plan.groups[0].assets[:1],
        start=datetime(2027, 3, 1, tzinfo=UTC),
        reason="the fair",
    )
    estate = estates.sealed(replace(an_estate(), constraints=(*an_estate().constraints, pin)))
    inputs = replace(plan.inputs, estate_hash=estate.content_hash)
    return loaded_from(estate=estate, plan=sealed(replace(plan, inputs=inputs)))


@pytest.mark.parametrize("size", SIZES)
async def test_every_group_is_a_row_and_the_pane_tells_of_it(open_app, loaded, size):
    async with open_app(loaded, size=size) as session:
        await session.press("b")
        assert isinstance(session.app.screen, GroupsScreen)
        assert set(shown(session)) == {group.id for group in loaded.plan.groups}
        assert "move group" in session.text
        assert "held together by" in session.text


async def test_the_rows_say_what_the_command_says(loaded):
    found = groups.Ties(group_ties(loaded.estate, loaded.plan), cut_flows(loaded.estate, loaded.plan))
    rows = groups.group_rows(loaded, found)
    assert [row.group for row in rows] == list(loaded.plan.groups)
    assert all(row.ties == found.ties[row.group.id] for row in rows)
    assert all(row.cut == found.cut[row.group.id] for row in rows)


async def test_o_sorts_and_enter_tells_one_in_full(open_app, loaded):
    async with open_app(loaded, size=(160, 50)) as session:
        await session.press("b", "o", "o", "o", "o")
        assert "by group" in session.text
        assert shown(session) == sorted(shown(session))
        await session.press("enter")
        assert isinstance(session.app.screen, GroupDialog)
        assert "asset" in session.text
        await session.press("escape")
        assert isinstance(session.app.screen, GroupsScreen)


async def test_what_people_decided_stands_beside_the_group_and_p_keeps_only_that(open_app):
    loaded = pinned()
    async with open_app(loaded, size=(200, 60)) as session:
        await session.press("b", "p")
        assert shown(session) == [loaded.plan.groups[0].id]
        assert "after the [fair]" in session.text
        assert "not before 1 Mar 2027" in session.text
        await session.press("p")
        assert len(shown(session)) == len(loaded.plan.groups)


async def test_a_plan_of_another_inventory_is_told_not_shown(open_app):
    plan = a_plan()
    other = sealed(replace(plan, inputs=replace(plan.inputs, estate_hash="sha256:other")))
    async with open_app(loaded_from(plan=other), size=(160, 50)) as session:
        await session.press("b")
        assert "Nothing to show" in session.text
        assert shown(session) == []
