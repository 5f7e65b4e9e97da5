"""The timeline: zooms, what decides the end, what it holds, moving a group, and what has changed."""

from __future__ import annotations

from tui.widgets.gantt import Gantt
from tui.widgets.panel import Panel


def gantt_of(session) -> Gantt:
    return session.app.screen.query_one(Gantt)


def panel_of(session) -> str:
    return session.app.screen.query_one("#wave", Panel).text


async def test_zooming_goes_from_the_programme_to_a_night_and_back(open_app, loaded):
    async with open_app(loaded) as session:
        await session.press("7")
        seen = []
        for _ in range(6):
            seen.append(session.lines[2].split()[0])
            await session.press("plus")
        assert seen == ["programme", "quarter", "month", "week", "night", "night"]
        assert "20 March 2027" not in session.text
        await session.press("down")
        await session.press("plus")
        assert "20 March 2027" in session.text
        await session.press("f")
        assert session.lines[2].startswith("programme")


async def test_the_chart_goes_in_time_and_stays_within_the_plan(open_app, loaded):
    async with open_app(loaded) as session:
        await session.press("7", "plus", "plus", "plus")
        gantt = gantt_of(session)
        before = gantt.scale.first
        await session.press("right")
        assert gantt.scale.first > before
        await session.press(*["left"] * 12)
        assert gantt.scale.first.date() < gantt.timeline.first
        await session.press(*["right"] * 40)
        assert gantt.scale.first.date() <= gantt.timeline.last


async def test_the_step_that_decides_the_end_is_marked_with_its_slack(open_app, loaded):
    async with open_app(loaded) as session:
        await session.press("7", "c")
        assert "decides the end  13 Apr 2027: 1 step" in session.lines[1]
        assert [row.count("━") > 0 for row in session.lines[4:11]] == [False] * 6 + [True]
        await session.press("end")
        assert "dated so by the plan" in panel_of(session)
        assert "none  retire-7" in panel_of(session)
        await session.press("c")
        assert "decides the end" not in session.text


async def test_a_group_tells_the_slack_of_its_steps(open_app, loaded):
    async with open_app(loaded) as session:
        await session.press("7", "c", "enter", "down")
        assert gantt_of(session).bar.kind == "group"
        assert "slack" in panel_of(session)
        assert "cut-1" in panel_of(session)
