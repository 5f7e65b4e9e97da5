"""The screen of scenarios: how they stand, marking, planning beside the screens, comparing, and two plans apart."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import well
from plan_builders import a_plan
from rich.cells import cell_len
from scenario_cases import OUTCOME, some_states
from tui_cases import SIZES

from capacity.plan import sealed
from capacity.plan_diff import diff
from capacity.scenarios import EXAMPLE
from inventory.errors import InputError
from tui import scenario_states, scenario_store, scenario_work, tasks
from tui.app import VorstApp
from tui.screens.dialogs import ErrorDialog, TextDialog
from tui.screens.scenario_dialogs import CompareDialog
from tui.screens.scenarios import ScenariosScreen
from tui.widgets.listing import Listing
from tui.workspace import Workspace


@pytest.fixture
def states(monkeypatch):
    """A file with scenarios of every kind, as it would have been read."""
    found = some_states()
    monkeypatch.setattr(scenario_states, "has_scenarios", lambda _: True)
    monkeypatch.setattr(scenario_states, "scenario_states", lambda *_: found)
    return found


@pytest.fixture
def compared(monkeypatch, states):
    """What was asked to be compared; planning takes no time here."""
    asked: list[tuple[str, ...]] = []

    def now(_workspace, _file, names, progress):
        asked.append(tuple(names))
        for number, _ in enumerate(names):
            progress("scenarios", number, len(names))
            progress("placing", 1, 4)
        return tuple(
            scenario_work.Compared(name, "", None, states.named(name).outcome or OUTCOME, was_known=False)
            for name in names
        )

    monkeypatch.setattr(scenario_work, "compared", now)
    return asked


@asynccontextmanager
async def at_scenarios(open_app, loaded, size=(160, 40)):
    async with open_app(loaded, size=size) as session:
        await session.press("w")
        assert isinstance(session.app.screen, ScenariosScreen)
        yield session


def listed(session) -> list[str]:
    return [" ".join(row) for row in session.app.screen.query_one("#scenarios", Listing).shown.cells]


@pytest.mark.parametrize("size", SIZES)
async def test_without_a_file_it_says_how_to_make_one(open_app, loaded, size):
    async with at_scenarios(open_app, loaded, size) as session:
        assert "There are no scenarios yet" in session.text
        assert "vorst -C workspace scenario example > workspace/scenarios.yaml" in session.text
        assert "e Example" in session.lines[-1]
        assert "Compare" not in session.lines[-1]


@pytest.mark.parametrize("size", SIZES)
async def test_every_scenario_is_told_as_it_stands(open_app, loaded, states, size):
    async with at_scenarios(open_app, loaded, size) as session:
        assert "5 scenarios" in session.text
        by_name = {row.split()[0]: row for row in listed(session)}
        assert " planned 3 4 5" in by_name["more-crews"]
        assert "not planned" in by_name["fresh"]
        assert "stale (3) (4) (5)" in by_name["old"]
        assert "breaks rules" in by_name["bad"]
        assert "wrong" in by_name["nowhere"]
        assert all(cell_len(line) <= size[0] for line in session.lines)
        assert "Quit" in session.lines[-1]


async def test_the_pane_says_what_differs_and_why_it_is_stale(open_app, loaded, states):
    async with at_scenarios(open_app, loaded) as session:
        await session.press("down")
        assert "resources.crew.capacity: 6 → 8" in session.text
        assert "▲ +1" in session.text  # a room more
        await session.press("down", "down")
        assert "stale: the inventory changed since this was planned" in session.text
        await session.press("down")
        assert "its plan breaks rules: RACK-UNITS 2" in session.text
        await session.press("down")
        assert "can't be applied: no such row" in session.text


async def test_wide_screens_show_bars_of_what_is_planned(open_app, loaded, states):
    async with at_scenarios(open_app, loaded, (160, 60)) as session:
        assert "At a glance" in session.text
        assert "rooms emptied" in session.text
    async with at_scenarios(open_app, loaded, (80, 24)) as session:
        assert "At a glance" not in session.text


async def test_space_marks_and_goes_on_and_a_marks_all_or_none(open_app, loaded, states):
    async with at_scenarios(open_app, loaded) as session:
        await session.press("down", "space", "space")
        assert session.app.screen.marked == {"more-crews", "fresh"}
        assert "● more-crews" in session.text
        assert "2 marked" in session.text
        await session.press("a")
        assert session.app.screen.marked == {state.name for state in states.states[1:]}
        await session.press("a")
        assert session.app.screen.marked == set()


async def test_p_plans_the_chosen_one_beside_the_present(open_app, loaded, compared):
    async with at_scenarios(open_app, loaded) as session:
        await session.press("down", "down", "p")
        assert compared == [("present", "fresh")]
        assert any("planned present, fresh: every rule holds" in text for _, text, _ in session.app.messages)


async def test_what_is_planned_is_not_planned_again(open_app, loaded, compared):
    async with at_scenarios(open_app, loaded) as session:
        await session.press("down", "p")
        assert compared == []
        assert any("planned already" in n.message for n in session.app._notifications)


async def test_c_sets_the_marked_side_by_side_in_the_files_order(open_app, loaded, compared):
    async with at_scenarios(open_app, loaded, (200, 60)) as session:
        await session.press("down", "down", "space", "up", "up", "space", "c")
        assert compared == [("present", "more-crews", "fresh")]
        assert isinstance(session.app.screen, CompareDialog)
        assert "The present and 2 scenarios" in session.text
        table = session.app.screen.query_one(Listing).shown
        assert [column.label for column in table.columns] == ["", "present", "more-crews", "", "fresh", ""]
        rooms = next(row for row in table.cells if row[0] == "rooms emptied")
        assert rooms[1:4] == ("6 of 9", "7 of 9", "▲ +1")
        limit = next(row for row in table.cells if "H1-R1" in row[0])
        assert limit[1:4] == ("8.8 of 8.9 kW", "", "no more")
        await session.press("escape")
        assert isinstance(session.app.screen, ScenariosScreen)
        assert session.app.focused is not None


async def test_without_marks_all_that_can_be_planned_are_compared(open_app, loaded, compared):
    async with at_scenarios(open_app, loaded) as session:
        await session.press("c")
        assert compared == [("present", "more-crews", "fresh", "old", "bad")]


async def test_a_scenario_that_can_not_be_applied_is_an_error_and_plans_nothing(open_app, loaded, compared):
    async with at_scenarios(open_app, loaded) as session:
        await session.press("end", "p")
        assert compared == []
        assert isinstance(session.app.screen, ErrorDialog)
        assert "no such row" in session.text


async def test_v_tells_what_the_plan_of_two_has_otherwise(open_app, loaded, states, monkeypatch):
    other = sealed(replace(a_plan(), name="other"))
    asked = []

    def apart(_workspace, _file, first, second, _progress):
        asked.append((first, second))
        return diff(a_plan(), other)

    monkeypatch.setattr(scenario_work, "set_apart", apart)
    async with at_scenarios(open_app, loaded) as session:
        await session.press("down", "v")
        assert isinstance(session.app.screen, TextDialog)
        assert "present → more-crews: 1 difference" in session.text
        assert "name small → other" in session.text
        await session.press("escape")
        await session.press("space", "space", "v")
        assert asked == [("present", "more-crews"), ("more-crews", "fresh")]


async def test_planning_shows_how_far_it_is_and_x_stops_it_at_the_next_step(
    open_app, loaded, states, monkeypatch
):
    reached, go_on = threading.Event(), threading.Event()

    def slow(_workspace, _file, names, progress):
        progress("scenarios", 1, len(names))
        progress("dating", 1, 2)
        reached.set()
        assert go_on.wait(60)
        progress("dating", 2, 2)
        raise AssertionError("went on after it was cancelled")

    monkeypatch.setattr(scenario_work, "compared", slow)
    async with at_scenarios(open_app, loaded) as session:
        await session.press("down", "down")
        await session.pilot.press("p")
        while not (reached.is_set() and "x Cancel" in session.lines[-1] and "dating" in session.text):
            await session.pilot.pause()
        assert "planning fresh (2 of 2)" in session.text
        assert any("planning …" in row for row in listed(session))
        await session.pilot.press("m")  # two plans at once would only get in each other's way
        await session.pilot.pause()
        assert isinstance(session.app.screen, ScenariosScreen)
        await session.pilot.press("x")
        await session.pilot.pause()
        assert "stopping at the next step" in session.text
        go_on.set()
        await session.settle()
        assert session.app.screen.job is None
        assert any("cancelled" in text for _, text, _ in session.app.messages)


async def test_whoever_is_elsewhere_is_told_when_it_is_done(open_app, loaded, states, monkeypatch):
    go_on = threading.Event()

    def slow(_workspace, _file, names, _progress):
        assert go_on.wait(60)
        return tuple(scenario_work.Compared(name, "", None, OUTCOME, was_known=True) for name in names)

    monkeypatch.setattr(scenario_work, "compared", slow)
    async with at_scenarios(open_app, loaded) as session:
        await session.pilot.press("c", "2")
        await session.pilot.pause()
        go_on.set()
        await session.settle()
        assert session.app.screen.title_text == "Sites"
        assert any("What if (w) shows them" in text for _, text, _ in session.app.messages)


async def test_a_mistake_in_the_file_is_told_where_it_is(open_app, loaded, monkeypatch):
    def wrong(*_):
        raise InputError("no word 'scenarioz'", where="scenarios.yaml line 1", remedy="write scenarios")

    monkeypatch.setattr(scenario_states, "has_scenarios", lambda _: True)
    monkeypatch.setattr(scenario_states, "scenario_states", wrong)
    async with at_scenarios(open_app, loaded) as session:
        assert "The scenarios can't be read: no word 'scenarioz'" in session.text
        assert "scenarios.yaml line 1" in session.text


async def test_a_real_workspace_from_the_example_to_stale(tmp_path: Path):
    folder = tmp_path / "W"
    well(folder, "init", str(folder))
    well(folder, "import", "--sample", "--seed", "1", "--servers", "6")
    app = VorstApp(Workspace(folder))
    async with app.run_test(size=(120, 40)) as pilot:

        async def settle() -> None:
            await app.workers.wait_for_complete()
            await pilot.pause()
            await app.workers.wait_for_complete()
            await pilot.pause()

        await settle()
        await pilot.press("w", "e")
        await settle()
        screen = app.screen
        assert isinstance(screen, ScenariosScreen)
        assert (folder / "scenarios.yaml").read_text(encoding="utf-8") == EXAMPLE
        assert [s.state for s in screen.states.states] == ["not planned"] * 3
        await pilot.press("down", "p")
        await settle()
        assert [s.state for s in screen.states.states] == ["planned", "planned", "not planned"]
        await pilot.press("v")
        await settle()
        assert isinstance(app.screen, TextDialog)
        await pilot.press("escape")
        await settle()
        text = (folder / "facility.yaml").read_text(encoding="utf-8")
        (folder / "facility.yaml").write_text(text.replace("pue: 1.3", "pue: 1.4"), encoding="utf-8")
        await pilot.press("r")
        await settle()
        assert [s.state for s in screen.states.states] == ["stale", "stale", "not planned"]
        assert screen.states.present.since == ("the facility",)


def test_cancelling_keeps_what_was_planned_before(tmp_path: Path, monkeypatch):
    folder = tmp_path / "W"
    well(folder, "init", str(folder))
    well(folder, "import", "--sample", "--seed", "1", "--servers", "6")
    (folder / "scenarios.yaml").write_text(EXAMPLE, encoding="utf-8")
    workspace = Workspace(folder)

    def until_the_second(stage, done, _total):
        if (stage, done) == ("scenarios", 1):
            raise tasks.CancelledError

    with pytest.raises(tasks.CancelledError):
        scenario_work.compared(
            workspace, scenario_work.scenario_file(workspace), ["two-more-crews"], until_the_second
        )
    found = scenario_states.scenario_states(workspace, lambda *_: None)
    assert [s.state for s in found.states] == ["planned", "not planned", "not planned"]
    monkeypatch.setattr(scenario_store, "engine", lambda: "another version")
    found = scenario_states.scenario_states(workspace, lambda *_: None)
    assert (found.present.state, found.present.since) == ("stale", ("vorst itself",))


async def test_what_a_file_says_is_text_and_no_markup(open_app, loaded, monkeypatch):
    found = some_states()
    hostile = "[bold red]x[/] \x1b[31m [@click=app.quit]go[/]"
    states = replace(
        found, states=tuple(replace(state, description=hostile) for state in found.states), sweep=hostile
    )
    monkeypatch.setattr(scenario_states, "has_scenarios", lambda _: True)
    monkeypatch.setattr(scenario_states, "scenario_states", lambda *_: states)
    async with at_scenarios(open_app, loaded, (200, 40)) as session:
        assert "[bold red]x[/] \\u001b[31m" in session.text
        await session.press("down", "enter")
        assert isinstance(session.app.screen, TextDialog)
        assert "[@click=app.quit]go[/]" in session.text
