"""What a person may get wrong: one message that says what, where and what to do, exit code 1, and never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import Ran, command

VORST = Path(sys.executable).parent / "vorst"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    assert command("init", str(tmp_path / "W")).code == 0
    return tmp_path / "W"


def assert_refused(line: Ran, *parts: str) -> None:
    assert line.code == 1, line
    assert line.out == ""
    assert line.err.startswith("error: "), line.err
    assert "Traceback" not in line.err
    assert line.err.rstrip().splitlines()[0].endswith(")"), f"no remedy: {line.err}"
    assert [part for part in parts if part not in line.err] == [], line.err


WRONG_WORDS = {
    "no such command": (["plann"], "plann"),
    "no such option": (["plan", "--nope"], "--nope"),
    "option after the command": (["plan", "-C", "W"], "-C"),
    "a word for a number": (["plan", "--seed", "x"], "--seed"),
    "a negative seed": (["plan", "--seed", "-1"], "--seed"),
    "no servers": (["import", "--sample", "--servers", "0"], "--servers"),
    "too many words": (["check", "a", "b"], "b"),
    "a missing argument": (["template"], "argument", "vorst template --help"),
    "a missing option": (["report"], "--partner"),
    "a day that isn't": (["plan", "--start", "2027-13-01"], "--start", "write it as 2027-03-01"),
    "a day out of reach": (["plan", "--start", "9999-12-31"], "9999-12-31"),
    "a folder for a plan": (["plan", "-o", "."], "folder"),
    "nothing to import": (["import"], "--sample"),
    "two things to import": (["import", "--sample", "a.xlsx"], "both"),
    "no such file": (["import", "nope.xlsx"], "nope.xlsx"),
    "not a workbook": (["import", "vorst.toml"], "vorst.toml"),
    "an odd template": (["template", "rooms.pdf"], ".xlsx"),
    "no such plan": (["check", "nope.json"], "nope.json", "vorst plan"),
    "not a plan": (["check", "vorst.toml"], "vorst.toml", "vorst schema plan"),
    "no such format": (["check", "--format", "xml"], "sarif"),
    "no such document": (["schema", "house"], "runrecord"),
    "no such finding": (["findings", "--code", "nope"], "weight-unknown"),
    "no such kind": (["history", "houses:1"], "KIND:ID"),
    "a digit that is none": (["history", "devices:²"], "KIND:ID"),
    "an id no database holds": (["history", f"devices:{10**30}"], "KIND:ID"),
    "what never was": (["history", "devices:99999"], "devices:99999", "vorst history"),
    "no such field": (["override", "devices:1", "nope=1", "--reason", "r"], "nope"),
    "no correction": (["override", "devices:1", "serial"], "FIELD=VALUE"),
    "a correction without a reason": (["override", "devices:1", "serial=7"], "--reason"),
    "no such object": (["override", "devices:1", "serial=7", "--reason", "r"], "devices 1"),
    "no such strategy": (["strategy", "devices:1", "burn", "--reason", "r"], "relocate"),
    "a decision without a reason": (["strategy", "devices:1", "retain"], "--reason"),
    "a strategy for a rack": (["strategy", "racks:1", "retain", "--reason", "r"], "racks:1"),
    "no such language": (["report", "--partner", "stib", "--lang", "de"], "nl, fr, en"),
    "no such phase": (["run", "playbooks", "--wave", "1", "--phase", "party"], "preflight"),
    "no such project": (["run", "nope", "--wave", "1", "--phase", "preflight"], "nope"),
    "no NetBox": (["sync", "netbox"], "VORST_NETBOX_URL"),
    "no such side": (["sync", "netbox", "--conflicts", "mine"], "theirs"),
    "no terminal": (["tui"], "terminal"),
}


@pytest.mark.parametrize("case", sorted(WRONG_WORDS))
def test_wrong_words_are_refused_with_a_remedy(workspace, case):
    words, *parts = WRONG_WORDS[case]
    assert_refused(command("-C", str(workspace), *words), *parts)


@pytest.mark.parametrize("word", ["estate", "plan", "check", "capacity", "facility", "findings", "migrate"])
def test_a_folder_that_is_no_workspace_says_how_to_make_one(tmp_path, word):
    assert_refused(command("-C", str(tmp_path), word), str(tmp_path), "vorst init")


def test_nothing_at_all_shows_the_help_and_is_an_error():
    shown = command()
    assert (shown.code, shown.out) == (1, "")
    assert "Usage: vorst" in shown.err


SETTINGS = {
    "not TOML": ("x = [", "not TOML"),
    "an unknown key": ("[plan]\nseeed = 3\n", "plan.seeed is no setting"),
    "a word for a number": ('[plan]\nseed = "x"\n', "plan.seed"),
    "a negative seed": ("[plan]\nseed = -1\n", "plan.seed"),
    "a planning value that is none": ('[plan]\nplanning_value = "low"\n', "'high' or 'mid'"),
    "another database": ('[database]\nurl = "mysql://host/name"\n', "mysql"),
    "a database nobody answers at": (
        '[database]\nurl = "postgresql://ann:hunter2@127.0.0.1:1/x"\n',
        "can't be reached",
    ),
    "a database that isn't there": ('[database]\nurl = "nope.db"\n', "nope.db", "vorst init"),
}


@pytest.mark.parametrize("case", sorted(SETTINGS))
def test_wrong_settings_are_named(workspace, case):
    text, *parts = SETTINGS[case]
    (workspace / "vorst.toml").write_text(text, encoding="utf-8")
    refused = command("-C", str(workspace), "estate")
    assert_refused(refused, *parts)
    assert "hunter2" not in refused.err


CALENDARS = {
    "an unknown zone": ('[calendar]\ntime_zone = "Mars/Olympus"\n', "Mars/Olympus"),
    "a missing resource": ("[calendar.resources.crew]\ncapacity = 2\n", "engineer, van, dock"),
    "a day that isn't": ('[[calendar.default_windows]]\ndays = ["xxx"]\nhours = "20:00-08:00"\n', "days.0"),
    "a start out of reach": ("[plan]\nstart = 0001-01-01\n", "plan.start"),
}


@pytest.mark.parametrize("case", sorted(CALENDARS))
def test_a_wrong_calendar_is_named(workspace, case):
    text, *parts = CALENDARS[case]
    (workspace / "vorst.toml").write_text(text, encoding="utf-8")
    assert_refused(command("-C", str(workspace), "facility", "--calendar"), *parts)


@pytest.mark.parametrize(
    ("name", "value"), [("VORST_DATABASE", "x"), ("VORST_CALENDAR_WORK", "{"), ("VORST_PLAN_SEED", "x")]
)
def test_a_wrong_variable_is_named(workspace, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert_refused(command("-C", str(workspace), "estate"), "VORST_")


def test_a_variable_wins_over_the_file_and_a_table_is_json(workspace, monkeypatch):
    (workspace / "vorst.toml").write_text("[calendar]\nrollback_days = 3\n", encoding="utf-8")
    monkeypatch.setenv("VORST_CALENDAR_WORK", '{"relocate_minutes": 30}')
    monkeypatch.setenv("VORST_CALENDAR_ROLLBACK_DAYS", "9")
    calendar = json.loads(command("-C", str(workspace), "facility", "--calendar").out)
    assert (calendar["rollback_days"], calendar["work"]["relocate_minutes"]) == (9, 30)
    assert calendar["work"]["van_kg"] == 1200


FACILITIES = {
    "a word for a number": ("rating_kw: 2500", "rating_kw: lots", "line", "lots"),
    "not YAML": ("name: Vorst", "name: [Vorst", "not YAML"),
    "an unknown key": ("site: vorst", "sight: vorst", "sight"),
    "a path of nothing": ("path: area.gross_m2", "path: area.acres", "area.acres"),
}


@pytest.mark.parametrize("case", sorted(FACILITIES))
def test_a_wrong_facility_is_named_with_its_place(workspace, case):
    before, after, *parts = FACILITIES[case]
    file = workspace / "facility.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    assert_refused(command("-C", str(workspace), "facility"), "facility.yaml", *parts)


def test_a_file_that_is_no_database_is_left_as_it_is(workspace):
    (workspace / "vorst.db").write_bytes(b"junk" * 2000)
    assert_refused(command("-C", str(workspace), "estate"), "vorst.db")
    assert (workspace / "vorst.db").read_bytes() == b"junk" * 2000


def test_a_file_where_a_folder_should_be_is_named(workspace):
    assert_refused(command("init", str(workspace / "vorst.toml")), "vorst.toml")


@pytest.mark.parametrize(
    ("url", "said"), [("http://127.0.0.1:1", "can't connect"), ("netbox", "http or https"), ("", "no NetBox")]
)
def test_a_netbox_that_does_not_answer_is_named(workspace, monkeypatch, url, said):
    monkeypatch.setenv("VORST_NETBOX_URL", url)
    monkeypatch.setenv("VORST_NETBOX_TOKEN", "s3cr3t" * 6)
    refused = command("-C", str(workspace), "sync", "netbox")
    assert_refused(refused, said)
    assert "s3cr3t" not in refused.err


# The process itself


def test_a_reader_that_goes_away_is_no_error(workspace):
    words = [VORST, "-C", workspace, "facility", "--json"]
    writer = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.read(10)
    writer.stdout.close()
    assert writer.stderr is not None
    assert writer.stderr.read() == b""
    assert writer.wait(60) == 0
    writer.stderr.close()


def test_a_table_for_a_reader_that_has_gone_is_no_error(workspace):
    read, write = os.pipe()
    os.close(read)
    shown = subprocess.run(
        [VORST, "-C", workspace, "facility"], stdout=write, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(write)
    assert (shown.returncode, shown.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full; Linux has one")
def test_a_full_disk_behind_stdout_is_an_error():
    with Path("/dev/full").open("wb") as full:
        shown = subprocess.run(
            [VORST, "schema", "plan"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert shown.returncode == 1
    assert shown.stderr.startswith("error: No space left on device")
    assert "Traceback" not in shown.stderr


def test_a_terminal_without_the_letters_gets_escapes(workspace):
    shown = subprocess.run(
        [VORST, "-C", workspace, "facility"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert rb"m\xb2" in shown.stdout


def test_ctrl_c_stops_quietly_and_changes_nothing(workspace):
    running = subprocess.Popen(
        [VORST, "-C", workspace, "import", "--sample"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads here
    )
    maps = Path(f"/proc/{running.pid}/maps")
    until = time.monotonic() + 60
    while (
        maps.exists() and "pydantic_core" not in maps.read_text(encoding="utf-8") and time.monotonic() < until
    ):
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 130, err
    assert out == ""
    assert "Traceback" not in err
    assert json.loads(command("-C", str(workspace), "estate", "--json").out)["revision"] == 0
