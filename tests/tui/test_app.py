"""The app as a person drives it: keys in, text on the screen out."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from plan_builders import a_facility, a_plan, an_estate
from rich.cells import cell_len
from textual.widgets import Input
from tui_cases import NOON, SIZES, loaded_from
from tui_worlds import HOSTILE, hostile_world, wide_world

from inventory.errors import InputError, WorkspaceError
from tui.screens.dialogs import Busy, Confirm, ErrorDialog, Help, RackDialog
from tui.screens.frame import SCREENS, Frame
from tui.widgets.gantt import Gantt
from tui.widgets.listing import Listing

KEYS = [key for key, _, _ in SCREENS]


async def test_opens_on_the_overview_with_the_plan_proven(open_app, loaded):
    async with open_app(loaded, size=(200, 60)) as session:
        assert "plan small" in session.text
        assert "every rule holds" in session.text
        assert "2 unplaced" not in session.text
        assert "assets without a place" in session.text
        assert "1 of 2 rooms emptied" in session.text


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
async def test_every_screen_shows_its_own(open_app, loaded, size, light):
    shown = {
        "1": "server rooms",
        "2": "Town hall",
        "3": "D-1",
        "4": "hot aisle HA",
        "5": "cloud-1",
        "6": "because",
        "7": "Wave 1",
        "8": "preflight",
        "9": "proven",
        "0": "revision",
        "l": "single loss",
        "w": "scenario example",
        "i": "P50",
        "b": "move group",
    }
    async with open_app(loaded, size=size, light=light) as session:
        for key, _, title in SCREENS:
            await session.press(key)
            assert isinstance(session.app.screen, Frame)
            assert session.app.screen.title_text == title
            assert shown[key] in session.text, session.text
            assert all(cell_len(line) <= size[0] for line in session.lines)
            assert "Quit" in session.lines[-1]


@pytest.mark.parametrize("key", KEYS)
async def test_help_names_the_screens_keys_and_the_command(open_app, loaded, key):
    async with open_app(loaded, size=(120, 60)) as session:
        await session.press(key)
        command = session.app.screen.command
        await session.press("question_mark")
        assert isinstance(session.app.screen, Help)
        assert command.split(";")[0] in session.text
        assert "Reload" in session.text
        assert "Dark/light" in session.text
        await session.press("escape")
        assert isinstance(session.app.screen, Frame)


async def test_the_palette_offers_every_screen_and_action(open_app, loaded):
    async with open_app(loaded) as session:
        offered = {command.title for command in session.app.get_system_commands(session.app.screen)}
        assert {f"Go to {title}" for _, _, title in SCREENS} <= offered
        assert {
            "Make a plan",
            "Check the plan",
            "Export the estate",
            "Generate the playbooks",
            "Reload",
        } <= offered


async def test_the_palette_goes_to_a_screen(open_app, loaded):
    async with open_app(loaded) as session:
        await session.press("ctrl+p")
        await session.pilot.press(*"waves")
        await session.pilot.pause(0.3)
        await session.press("enter")
        await session.settle()
        assert session.app.screen.title_text == "Waves"


@pytest.mark.parametrize(
    ("key", "words", "kept", "gone"), [("2", "town", "Town hall", "Depot"), ("6", "vault", "vault", "signal")]
)
async def test_a_filter_keeps_what_has_every_word(open_app, loaded, key, words, kept, gone):
    async with open_app(loaded, size=(120, 40)) as session:
        await session.press(key, "slash", *words)
        listing = session.app.screen.query(Listing).first()
        cells = "\n".join(" ".join(row) for row in listing.shown.cells)
        assert kept in cells
        assert gone not in cells
        assert f"filter: {words}" in session.text
        await session.press("escape")
        assert len(listing.shown) == len(listing._all)
        assert not isinstance(session.app.focused, Input)


async def test_number_keys_are_typed_into_an_open_filter(open_app, loaded):
    async with open_app(loaded) as session:
        await session.press("6", "slash", "1")
        assert session.app.screen.title_text == "Plan"
        await session.press("enter", "1")
        assert session.app.screen.title_text == "Overview"


async def test_enter_opens_the_room_of_a_site_and_escape_leads_back(open_app, loaded):
    async with open_app(loaded) as session:
        await session.press("2", "down", "enter")
        assert session.app.screen.title_text == "Room"
        assert "Town hall / Room T" in session.text
        await session.press("escape")
        assert session.app.screen.title_text == "Sites"


async def test_a_room_shows_what_stands_there_beside_what_is_left(open_app, loaded):
    async with open_app(loaded, size=(120, 60)) as session:
        await session.press("3")
        assert "D-1 after the plan" in session.text
        await session.press("p")
        assert "D-1 after the plan" not in session.text
        await session.press("t")
        assert "access-control" not in session.text
        assert "ticket-db" in session.text
        assert "srv-1u" in session.text


async def test_the_hall_is_coloured_by_any_dimension(open_app, loaded):
    async with open_app(loaded, size=(120, 40)) as session:
        await session.press("4")
        seen = {session.app.screen.dimension}
        for _ in range(8):
            await session.press("c")
            seen.add(session.app.screen.dimension)
        assert seen == {"units", "power", "loss", "weight", "heat", "owner", "phase", "free"}


async def test_enter_in_the_hall_shows_the_rack_and_its_feeds(open_app, loaded):
    async with open_app(loaded, size=(160, 60)) as session:
        await session.press("4", "right", "enter")
        assert isinstance(session.app.screen, RackDialog)
        assert "N2 planned" in session.text
        assert "cloud-1" in session.text
        assert "P2-A" in session.text
        assert "lost" in session.text
        await session.press("escape")
        assert session.app.screen.title_text == "Hall"


async def test_the_cloud_shows_what_runs_on_the_chosen_host(open_app, loaded):
    async with open_app(loaded, size=(120, 40)) as session:
        await session.press("5")
        workloads = session.app.screen.query_one("#workloads", Listing)
        first = {row[0] for row in workloads.shown.cells}
        assert first == {"vm-1", "vm-2", "vm-5", "ticket-db"} - {"vm-2"} | ({"vm-2"} & first)
        await session.press("down", "down")
        assert len(workloads.shown) == 0
        assert "reserve" in session.text


async def test_the_plan_shows_only_what_has_no_place(open_app, loaded):
    async with open_app(loaded, size=(120, 40)) as session:
        await session.press("6", "u")
        listing = session.app.screen.query_one("#decisions", Listing)
        assert [row[0] for row in listing.shown.cells] == ["mystery", "tower"]
        assert "nothing known" in session.text
        await session.press("u", "s")
        assert {row[3] for row in listing.shown.cells} == {"retire"}


async def test_a_wave_opens_into_groups_and_steps(open_app, loaded):
    async with open_app(loaded, size=(120, 40)) as session:
        await session.press("7", "enter", "down", "enter", "down")
        gantt = session.app.screen.query_one(Gantt)
        assert gantt.bar is not None
        assert gantt.bar.kind == "step"
        assert "Ticketing" in session.text
        assert "holds" in session.text
        await session.press("up", "up", "enter")
        assert gantt.lines
        assert all(bar.depth == 0 for bar in gantt.lines)


async def test_zooming_keeps_the_chosen_bar_in_sight(open_app, loaded):
    async with open_app(loaded) as session:
        await session.press("7", "plus", "plus", "plus", "plus")
        gantt = session.app.screen.query_one(Gantt)
        assert 0 <= gantt.cell_of(gantt.bar.start) < gantt.chart_width


async def test_violations_of_the_plan_stand_among_the_findings(open_app, loaded):
    broken = replace(loaded.plan, devices=loaded.plan.devices[1:])
    async with open_app(replace(loaded, plan=broken), size=(160, 40)) as session:
        await session.press("9", "s")
        listing = session.app.screen.query_one("#findings", Listing)
        codes = {row[1] for row in listing.shown.cells}
        assert "PLAN-HASH" in codes
        assert "COVERAGE" in codes
        assert {row[0] for row in listing.shown.cells} == {"violation"}


async def test_without_a_plan_the_screens_say_how_to_make_one(open_app):
    async with open_app(loaded_from()) as session:
        for key in ("5", "6", "7", "8"):
            await session.press(key)
            assert "There is no plan yet." in session.text
            assert "vorst plan" in session.text
        await session.press("2")
        assert "Town hall" in session.text


async def test_an_error_is_a_dialog_with_what_where_and_remedy(open_app):
    error = WorkspaceError(
        "this folder is not a workspace", where="/nowhere", remedy="run `vorst init /nowhere` first"
    )
    async with open_app(error) as session:
        assert isinstance(session.app.screen, ErrorDialog)
        for words in ("this folder is not a workspace", "/nowhere", "vorst init"):
            assert words in session.text
        await session.press("enter")
        assert "Nothing to show" in session.text
        await session.press("7")
        assert "Nothing to show" in session.text


async def test_a_plan_that_cant_be_read_is_told_and_the_rest_is_shown(open_app):
    problem = InputError("not a valid Plan: steps: Field required", where="plan.json", remedy="make it again")
    async with open_app(loaded_from(plan_error=problem)) as session:
        await session.press("6")
        assert "not a valid Plan" in session.text
        await session.press("1")
        assert "server rooms" in session.text


async def test_planning_asks_first_and_no_means_no(open_app, loaded, monkeypatch):
    planned = []
    monkeypatch.setattr("tui.tasks.make_plan", lambda *_args: planned.append(1))
    async with open_app(loaded) as session:
        await session.press("m")
        assert isinstance(session.app.screen, Confirm)
        assert "vorst plan -o plan.json" in session.text
        await session.press("n")
        assert planned == []
        assert isinstance(session.app.screen, Frame)


async def test_a_plan_that_breaks_a_rule_is_told_and_not_written(open_app, loaded, monkeypatch):
    def make(*_args):
        raise InputError(
            "the plan breaks 1 rules, first FLOOR: too heavy", where="plan.json", remedy="it was not written"
        )

    monkeypatch.setattr("tui.tasks.make_plan", make)
    async with open_app(loaded) as session:
        await session.press("m", "y")
        assert isinstance(session.app.screen, ErrorDialog)
        assert "FLOOR" in session.text
        await session.press("enter", "0")
        assert "FLOOR" in session.text


async def test_planning_can_be_cancelled(open_app, loaded, monkeypatch):
    from tui import tasks

    def make(_workspace, _file, _loaded, progress, is_cancelled):
        progress("placing", 1, 4)
        while not is_cancelled():
            time.sleep(0.001)
        raise tasks.CancelledError

    monkeypatch.setattr("tui.tasks.make_plan", make)
    async with open_app(loaded) as session:
        await session.pilot.press("m", "y")
        await session.pilot.pause()
        assert isinstance(session.app.screen, Busy)
        await session.press("escape")
        assert isinstance(session.app.screen, Frame)
        assert any("cancelled" in text for _, text, _ in session.app.messages)


async def test_a_check_is_run_only_after_a_yes_and_shows_its_events(open_app, loaded, monkeypatch):
    from datetime import UTC, datetime

    from inventory.records import RunRecord
    from playbooks.events import HostUnreachable, PlayStarted

    at = datetime(2027, 1, 4, tzinfo=UTC)
    started = []

    def run(folder, wave, phase, *, check, on_event, cancel):
        started.append((wave, phase, check))
        on_event(PlayStarted("preflight of [bold]wave 1[/]", at))
        on_event(HostUnreachable("vm-1", "connect", at, "no route to host"))
        return RunRecord("", wave, phase, at, at, "failed", check=check)

    monkeypatch.setattr("playbooks.run.run", run)
    monkeypatch.setattr("tui.app.read_runs", lambda _folder: ((), True))
    async with open_app(replace(loaded, has_project=True), size=(120, 40)) as session:
        await session.press("8", "c")
        assert started == []
        assert "in check mode?" in session.text
        await session.press("n", "c", "y")
        assert [(phase, check) for _, phase, check in started] == [("preflight", True)]
        assert "preflight of [bold]wave 1[/]" in session.text
        assert "no route to host" in session.text
        assert "failed" in session.text


@pytest.mark.parametrize("size", SIZES)
async def test_leaving_the_program_stops_its_run(open_app, loaded, monkeypatch, size):
    import threading

    from playbooks.events import PlayStarted

    stopped, begun = threading.Event(), threading.Event()

    def run(_folder, wave, phase, *, check, on_event, cancel):
        on_event(PlayStarted(f"{phase} of wave {wave}", NOON))
        begun.set()
        assert cancel.wait(30)
        stopped.set()
        raise InputError("cancelled")

    monkeypatch.setattr("playbooks.run.run", run)
    async with open_app(replace(loaded, has_project=True), size=size) as session:
        await session.press("8", "c")
        await session.pilot.press("y")
        while not begun.is_set():
            await session.pilot.pause()
        await session.pilot.pause()
        assert "preflight of wave" in session.text
        assert "Wave 2" in session.text
        await session.pilot.press("q")
    assert stopped.wait(30)


async def test_the_theme_changes_everywhere(open_app, loaded):
    async with open_app(loaded) as session:
        assert session.app.current_theme.dark
        await session.press("d")
        assert not session.app.current_theme.dark
        await session.press("6", "d")
        assert session.app.current_theme.dark


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
async def test_hostile_names_are_text_on_every_screen(open_app, size, light):
    estate, facility, plan = hostile_world()
    documents = loaded_from(estate, facility, plan)
    async with open_app(documents, size=size, light=light) as session:
        for key, _, title in SCREENS:
            await session.press(key)
            assert session.app.screen.title_text == title
            text = session.text
            assert not any(ord(letter) < 32 and letter != "\n" for letter in text)
            assert "\u202e" not in text
            assert "\u2028" not in text
            if key == "6":
                assert "[bold red]owned[/]" in text or "[/nothing]" in text
            for inner in ("down", "enter", "escape", "question_mark", "escape"):
                await session.press(inner)


async def test_hostile_words_can_be_filtered_for(open_app):
    estate, facility, plan = hostile_world()
    async with open_app(loaded_from(estate, facility, plan), size=(160, 40)) as session:
        await session.press("6", "slash", "left_square_bracket", "b", "o", "l", "d")
        listing = session.app.screen.query_one("#decisions", Listing)
        assert len(listing.shown) > 0
        assert all("[bold" in " ".join(row) for row in listing.shown.cells)
        assert HOSTILE[0] in session.text


async def test_twenty_thousand_rows_open_and_filter_at_once(open_app):
    estate, plan = wide_world(20_000)
    documents = loaded_from(estate, a_facility(), plan)
    async with open_app(documents, size=(200, 60)) as session:
        for key in ("2", "6"):
            before = time.process_time()
            await session.press(key)
            await session.press("end")
            assert "20,000" in session.text
            await session.press("slash", *"19999")
            listing = session.app.screen.query(Listing).first()
            assert len(listing.shown) == 1
            await session.press("escape")
            assert time.process_time() - before < 15


async def test_the_small_world_is_the_one_the_checker_knows():
    assert loaded_from(plan=a_plan()).plan.inputs.estate_hash == an_estate().content_hash
