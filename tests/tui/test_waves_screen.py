"""The timeline: zooms, what decides the end, what it holds, moving a group, and what has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tui_cases import NOON

from capacity.moved_group import MovedGroup
from inventory.approvals import ApprovedPlan, approve
from inventory.documents import to_data, to_json
from inventory.records import Approval
from tui.widgets.gantt import Gantt
from tui.widgets.histogram import Histogram
from tui.widgets.panel import Panel
from tui.workspace import Workspace, init_workspace


def gantt_of(session) -> Gantt:
    return session.app.screen.query_one(Gantt)


def panel_of(session) -> str:
    return session.app.screen.query_one("#wave", Panel).text


def told(session) -> str:
    return " ".join(notification.message for notification in session.app._notifications)


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


async def test_what_is_held_stands_below_on_the_same_axis(open_app, loaded):
    async with open_app(loaded) as session:
        await session.press("7", "u")
        shown = session.app.screen.query_one(Histogram)
        assert shown.profile.resource == "crew"
        assert "held 2 of 3" in session.text
        assert "crew  at most 2 of 3" in panel_of(session)
        crews = [column for column, letter in enumerate(session.lines[13]) if letter in "▁▂▃▄▅▆▇█"]
        bars = gantt_of(session)
        busy = {
            bars.label_width + 1 + int(bars.cell_of(use.start))
            for step in loaded.plan.steps
            for use in step.uses
            if use.resource == "crew"
        }
        assert busy <= set(crews)
        await session.press("right_square_bracket")
        assert shown.profile.resource == "engineer"
        await session.press("u")
        assert "held 2 of" not in session.text


async def test_a_group_on_other_dates_tells_what_it_breaks_and_goes_back(open_app, loaded):
    async with open_app(loaded, size=(120, 40)) as session:
        await session.press("7", "down", "enter", "down", "down", "v", "plus", "plus")
        assert "moving G3 where it was" in session.text
        start = gantt_of(session).bar.start
        await session.press("right", "right")
        assert gantt_of(session).bar.start.replace(tzinfo=None) == start.replace(tzinfo=None) + timedelta(
            days=2
        )
        assert "moving G3 2 d later: breaks" in session.text
        assert "WINDOW" in panel_of(session)
        assert "PLAN-HASH" not in panel_of(session)
        await session.press("escape")
        assert gantt_of(session).bar.start == start
        assert "moving" not in session.lines[1]


async def test_a_group_jumps_to_its_next_window_and_is_pinned_after_asking(open_app, loaded, monkeypatch):
    pinned = []

    def pin(workspace, group, by, zone):
        pinned.append((group.group.id, by, zone))
        return "pinned"

    monkeypatch.setattr("tui.screens.waves.pin_group", pin)
    async with open_app(loaded, size=(120, 40)) as session:
        await session.press("7", "down", "enter", "down", "down", "v", "right_square_bracket")
        assert "WINDOW" not in panel_of(session)
        await session.press("enter")
        assert "vorst group pin G3 --not-before" in session.text
        await session.press("n")
        assert not pinned
        assert "moving G3" in session.text
        await session.press("enter", "y")
        assert [entry[0] for entry in pinned] == ["G3"]
        assert pinned[0][1] > timedelta()
        assert "moving G3" not in session.text


async def test_only_a_group_can_be_moved(open_app, loaded):
    async with open_app(loaded) as session:
        await session.press("7", "v")
        assert "choose a group first" in told(session)
        assert not gantt_of(session).is_moving


async def test_an_earlier_plan_shows_where_groups_were(open_app, loaded, tmp_path, monkeypatch):
    group = MovedGroup(loaded.estate, loaded.facility, loaded.plan, "G3")
    earlier = group.plan(timedelta(days=14))
    (tmp_path / "approved.json").write_text(to_json(earlier), encoding="utf-8")
    (tmp_path / "estate.json").write_text("{}", encoding="utf-8")
    async with open_app(loaded, size=(120, 40)) as session:
        session.app.workspace = Workspace(tmp_path)
        await session.press("7", "down", "enter", "down", "down", "a")
        assert "approved.json" in session.text
        assert "estate.json" not in session.text
        await session.press("enter")
        assert "as approved.json had it: 1 group moved, 0 new, 0 gone" in session.text
        assert "before   Sun 4 Apr 2027 08:00" in panel_of(session)
        assert sum("░" in row for row in session.lines[3:]) == 1
        await session.press("escape")
        assert "░" not in session.text


async def test_the_approved_plan_is_the_first_to_compare_with(open_app, loaded, tmp_path):
    workspace = init_workspace(tmp_path / "W")
    earlier = MovedGroup(loaded.estate, loaded.facility, loaded.plan, "G3").plan(timedelta(days=14))
    content = ApprovedPlan(
        earlier.name, earlier.content_hash, "sha256:e", 1, "sha256:f", document=to_data(earlier)
    )
    with workspace.open_database() as database:
        made = approve(database, content, by="A. [Dupont]", who="typist", at=NOON)
    async with open_app(replace(loaded, approvals=(made,)), size=(120, 40)) as session:
        assert "not approved" in session.text  # the one shown is another
        session.app.workspace = workspace
        await session.press("7", "a")
        assert "the approved plan (A. [Dupont], 2027-01-04)" in session.text
        await session.press("enter")
        assert "had it: 1 group moved, 0 new, 0 gone" in session.text


async def test_the_overview_says_whether_the_plan_is_approved(open_app, loaded):
    plan = loaded.plan
    made = Approval(1, NOON, "A. Dupont", "w", "", plan.name, plan.content_hash, "sha256:e", 1, "sha256:f")
    async with open_app(replace(loaded, approvals=(made,))) as session:
        assert "approved by A. Dupont, 2027-01-04" in session.text
    altered = replace(plan, name="altered")
    async with open_app(replace(loaded, plan=altered, approvals=(made,))) as session:
        assert "changed since A. Dupont approved it" in session.text


async def test_without_another_plan_it_says_how_to_keep_one(open_app, loaded, tmp_path):
    async with open_app(loaded) as session:
        session.app.workspace = Workspace(tmp_path)
        await session.press("7", "a")
        assert "no other plan" in told(session)
