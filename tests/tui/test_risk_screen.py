"""The screen of risk: the end and its tables, samples that run beside it and can be stopped."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from plan_builders import a_plan
from tui_cases import SIZES, loaded_from

from capacity.plan import sealed
from capacity.risk import assess
from capacity.uncertainty.settings import RiskSettings
from tui.quantities import share
from tui.screens.risk import RiskScreen
from tui.views import risk
from tui.widgets.listing import Listing


def first_column(session) -> list[str]:
    listing = session.app.screen.query_one("#outlooks", Listing)
    return [cells[0] for cells in listing.shown.cells] if listing.shown else []


@pytest.mark.parametrize("size", SIZES)
async def test_the_end_and_what_decides_it(open_app, loaded, size):
    async with open_app(loaded, size=size) as session:
        await session.press("i")
        assert isinstance(session.app.screen, RiskScreen)
        for word in ("P50", "P80", "P95", "steps that decide the end", "in time in"):
            assert word in session.text
        steps = {step.id for step in loaded.plan.steps}
        assert first_column(session)
        assert set(first_column(session)) <= steps


async def test_the_screen_says_what_the_command_says(open_app, loaded):
    async with open_app(loaded, size=(200, 60)) as session:
        await session.press("i")
        found = assess(loaded.estate, loaded.plan, RiskSettings())
        assert first_column(session) == [driver.step for driver in found.drivers]
        assert f"of {found.samples:,} samples" in session.text
        assert f"in time in {share(found.end.in_time)}" in session.text
        for sentence in found.assumptions[-1:]:
            assert sentence[:40] in session.text


async def test_brackets_go_through_every_table_and_round(open_app, loaded):
    async with open_app(loaded, size=(160, 50)) as session:
        await session.press("i")
        for title, _ in (*risk.TABLES[1:], risk.TABLES[0]):
            await session.press("right_square_bracket")
            assert title in session.text
        await session.press("left_square_bracket")
        assert risk.TABLES[-1][0] in session.text


async def test_samples_run_beside_the_screen_and_can_be_stopped_and_drawn_anew(open_app, loaded, monkeypatch):
    going, may_end = threading.Event(), threading.Event()

    def slow(*arguments, progress, **more):
        progress(1, 10_000)
        going.set()
        while not may_end.wait(0.05):
            progress(1, 10_000)
        return assess(*arguments, progress=progress, **more)

    monkeypatch.setattr("capacity.risk.assess", slow)
    async with open_app(loaded, size=(160, 50)) as session:
        await session.pilot.press("i")
        await session.pilot.pause()
        assert going.wait(10)
        await session.pilot.pause()
        assert "1 of 10,000 samples drawn" in session.text
        await session.pilot.press("2")  # other screens answer meanwhile
        await session.pilot.pause()
        assert "Town hall" in session.text
        await session.pilot.press("i")
        await session.press("x")
        assert "stopped: s draws the samples" in session.text
        may_end.set()
        await session.press("s")
        assert "steps that decide the end" in session.text


async def test_a_plan_of_another_inventory_is_told_not_shown(open_app):
    plan = a_plan()
    other = sealed(replace(plan, inputs=replace(plan.inputs, estate_hash="sha256:other")))
    async with open_app(loaded_from(plan=other), size=(160, 50)) as session:
        await session.press("i")
        assert "Nothing to show" in session.text
        assert "inventory has changed" in session.text
        assert first_column(session) == []
