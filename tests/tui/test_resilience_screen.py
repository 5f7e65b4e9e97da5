"""The screen of losses: the matrix, one loss in full, pairs, other moments of the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan_builders import a_facility, a_plan
from tui_cases import loaded_from

from tui.screens.resilience import LossDialog, ResilienceScreen
from tui.widgets.listing import Listing


def lost(session) -> list[str]:
    """The first column of what is shown."""
    listing = session.app.screen.query_one("#losses", Listing)
    return [cells[0] for cells in listing.shown.cells] if listing.shown else []


async def test_every_single_loss_is_a_row_worst_first(open_app, loaded):
    async with open_app(loaded, size=(160, 50)) as session:
        await session.press("l")
        assert isinstance(session.app.screen, ResilienceScreen)
        assert {"ups:ups-a1", "cooling:C1", "rack:S1", "circuit:IRIS-2"} <= set(lost(session))
        assert "with consequences" in session.text
        assert "after the last step" in session.text
        down = [int(cells[1] or 0) for cells in session.app.screen.query_one("#losses", Listing).shown.cells]
        assert down == sorted(down, reverse=True)


async def test_enter_tells_one_loss_in_full_and_escape_leads_back(open_app, loaded):
    async with open_app(loaded, size=(160, 50)) as session:
        await session.press("l")
        await session.press("slash", *"distribution", "enter")
        await session.press("enter")
        assert isinstance(session.app.screen, LossDialog)
        assert "distribution:lv-a" in session.text
        assert "without power on P1-A" in session.text
        await session.press("escape")
        assert isinstance(session.app.screen, ResilienceScreen)


async def test_p_shows_the_pairs_and_single_losses_again(open_app, loaded):
    async with open_app(loaded, size=(160, 50)) as session:
        await session.press("l", "p")
        assert "worse than apart" in session.text
        assert all(" + " in row for row in lost(session))
        assert "utility:utility + generator:generator" in lost(session)
        await session.press("p")
        assert not any(" + " in row for row in lost(session))


async def test_o_sorts_by_other_things(open_app, loaded):
    async with open_app(loaded, size=(160, 50)) as session:
        await session.press("l", "o", "o", "o", "o")
        assert "by name" in session.text
        assert lost(session) == sorted(lost(session))


async def test_brackets_go_through_the_waves(open_app, loaded):
    async with open_app(loaded, size=(160, 50)) as session:
        await session.press("l", "left_square_bracket")
        end = max(wave.end for wave in loaded.plan.waves)
        assert f"at {end:%Y-%m-%d %H:%M}" in session.text
        await session.press("right_square_bracket")
        assert "after the last step" in session.text


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_a_plan_of_another_facility_is_told_not_shown(open_app, size):
    facility = a_facility()
    elsewhere = replace(facility, pools=())
    async with open_app(loaded_from(facility=elsewhere, plan=a_plan()), size=size) as session:
        await session.press("l")
        assert "Nothing to show" in session.text
        assert lost(session) == []
