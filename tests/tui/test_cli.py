"""Every command's happy way: what goes to stdout, what to stderr, the exit code, JSON, and paths under -C."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import command_reference
import pytest
from command_line import Ran, command

from capacity.plan import Plan
from inventory.documents import from_json
from inventory.estate import Estate

FORMAT_STARTS = {"text": "plan.json keeps", "json": "{", "junit": "<?xml", "sarif": "{", "github": ""}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small sample region and its plan."""
    folder = tmp_path_factory.mktemp("cli") / "W"
    for words in (["init", str(folder)], ["-C", str(folder), "import", "--sample", "--servers", "40"]):
        made = command(*words)
        assert made.code == 0, made.err
    made = command("-C", str(folder), "plan", "-o", "plan.json")
    assert made.code == 0, made.err
    assert "every rule holds" in made.err
    assert "objectives, in order" in made.out
    return folder


def of(planned: Path, *words: str) -> Ran:
    return command("-C", str(planned), *words)


def test_init_makes_what_a_workspace_needs_and_says_it_on_stderr(tmp_path):
    made = command("-C", str(tmp_path), "init", "W")
    assert (made.code, made.out) == (0, "")
    assert sorted(path.name for path in (tmp_path / "W").iterdir()) == [
        "facility.yaml",
        "school-holidays.csv",
        "vorst.db",
        "vorst.toml",
    ]
    assert "made a workspace" in made.err


def test_init_completes_a_workspace_and_keeps_what_is_there(tmp_path):
    command("init", str(tmp_path / "W"))
    (tmp_path / "W" / "vorst.db").unlink()
    (tmp_path / "W" / "vorst.toml").write_text("[plan]\nseed = 7\n", encoding="utf-8")
    assert command("init", str(tmp_path / "W")).code == 0
    assert (tmp_path / "W" / "vorst.toml").read_text(encoding="utf-8") == "[plan]\nseed = 7\n"
    assert (tmp_path / "W" / "vorst.db").is_file()
    again = command("init", str(tmp_path / "W"))
    assert (again.code, "there is a workspace already" in again.err) == (1, True)


def test_a_dry_run_tells_of_changes_with_exit_code_2_and_changes_nothing(tmp_path):
    command("init", str(tmp_path))
    shown = of(tmp_path, "import", "--sample", "--servers", "20", "--dry-run")
    assert shown.code == 2
    assert "create" in shown.out
    assert "nothing was changed" in shown.err
    assert json.loads(of(tmp_path, "estate", "--json").out)["sites"] == []


def test_importing_the_same_twice_changes_nothing(tmp_path):
    command("init", str(tmp_path))
    assert of(tmp_path, "import", "--sample", "--servers", "20").code == 0
    again = of(tmp_path, "import", "--sample", "--servers", "20", "--dry-run")
    assert again.code == 0
    assert "no changes" in again.out


def test_estate_lists_are_the_document(planned):
    estate = from_json(Estate, of(planned, "estate", "--json").out)
    assert estate.devices
    table = of(planned, "estate")
    assert f"{len(estate.devices)}" in table.out
    assert estate.content_hash in table.err


def test_findings_exit_with_2_and_may_be_one_code(planned):
    found = of(planned, "findings", "--json")
    codes = {finding["code"] for finding in json.loads(found.out)}
    assert found.code == 2
    one = min(codes)
    assert {f["code"] for f in json.loads(of(planned, "findings", "--json", "--code", one).out)} == {one}
    assert of(planned, "findings").code == 2


def test_history_shows_who_imported_what(planned):
    lines = json.loads(of(planned, "history", "--limit", "3", "--json").out)
    assert [line["operation"] for line in lines] == ["create"] * 3
    assert "sample" in of(planned, "history", "devices:1").out


def test_a_plan_made_with_another_calendar_is_told_with_what_differs(planned, monkeypatch):
    assert of(planned, "check").code == 0
    monkeypatch.setenv("VORST_CALENDAR_ROLLBACK_DAYS", "9")
    checked = of(planned, "check")
    assert checked.code == 2
    assert "INPUT-CALENDAR" in checked.out
    assert "rollback_days 7 in the plan, 9 in the settings" in checked.out
    refused = of(planned, "approve", "--by", "somebody")
    assert refused.code == 1
    assert "INPUT-CALENDAR" in refused.err


@pytest.mark.parametrize(
    "words", [["capacity", "--json"], ["facility", "--json"], ["facility", "--calendar"]]
)
def test_json_is_json_and_alone_on_stdout(planned, words):
    shown = of(planned, *words)
    assert shown.code == 0
    assert json.loads(shown.out)
    assert shown.err == ""


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["capacity"], "use against supply"),
        (["facility"], "entitlements"),
        (["capacity", "--plan", "plan.json"], "use against supply"),
    ],
)
def test_tables_go_to_stdout(planned, words, title):
    shown = of(planned, *words)
    assert (shown.code, shown.err) == (0, "")
    assert title in shown.out.splitlines()


@pytest.mark.parametrize("document", ["estate", "facility", "plan", "runrecord"])
def test_schemas_are_json_schemas_of_2020_12(document):
    shown = command("schema", document)
    assert shown.code == 0
    assert json.loads(shown.out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_planning_again_gives_the_same_bytes(planned):
    made = of(planned, "plan", "-o", "deep/again.json", "--json")
    assert json.loads(made.out)["objectives"][0]["name"] == "unplaced"
    assert (planned / "deep" / "again.json").read_bytes() == (planned / "plan.json").read_bytes()
    same = of(planned, "diff", "plan.json", "deep/again.json")
    assert same.code == 0


@pytest.mark.parametrize("name", sorted(FORMAT_STARTS))
def test_check_answers_in_every_format(planned, name):
    shown = of(planned, "check", "plan.json", "--format", name)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(FORMAT_STARTS[name])
    if name in {"json", "sarif"}:
        assert json.loads(shown.out)
    if name == "junit":
        assert ET.fromstring(shown.out).get("failures") == "0"


def test_playbooks_and_reports_stand_under_the_workspace(planned):
    made = of(planned, "playbooks", "plan.json", "-o", "out/project")
    assert made.code == 0, made.err
    assert (planned / "out" / "project" / "inventory" / "hosts.yml").is_file()
    told = of(planned, "report", "--partner", "stib", "--lang", "fr", "-o", "out/reports")
    assert told.code == 0, told.err
    assert 'lang="fr"' in (planned / "out" / "reports" / "stib-fr.html").read_text(encoding="utf-8")
    assert json.loads((planned / "out" / "reports" / "stib.json").read_text(encoding="utf-8"))


def test_templates_are_written_once(planned):
    assert of(planned, "template", "rooms.xlsx").code == 0
    assert of(planned, "template", "rooms").code == 0
    assert (planned / "rooms" / "Racks.csv").is_file()
    assert of(planned, "template", "rooms.xlsx").code == 1


def test_a_new_database_needs_no_migration(planned):
    assert "already at this version" in of(planned, "migrate").err


def test_a_correction_makes_the_plan_stale_until_it_is_taken_back(planned):
    plan = from_json(Plan, (planned / "plan.json").read_text(encoding="utf-8"))
    moved = f"devices:{plan.devices[0].asset.id}"
    assert of(planned, "override", moved, "serial=0071", "--reason", "read it off").code == 0
    estate = from_json(Estate, of(planned, "estate", "--json").out)
    assert estate.find(plan.devices[0].asset).serial == "0071"
    broken = of(planned, "check", "--format", "json")
    assert broken.code == 2
    assert {v["code"] for v in json.loads(broken.out)["violations"]} == {"INPUT-ESTATE"}
    refused = of(planned, "report", "--partner", "stib")
    assert (refused.code, refused.out) == (1, "")
    assert "the inventory has changed since this plan was made" in refused.err
    assert "read it off" in of(planned, "history", moved).out
    assert of(planned, "override", moved, "serial=").code == 0
    assert of(planned, "check").code == 0


def test_a_decision_is_kept_and_taken_back(planned):
    assert of(planned, "strategy", "devices:1", "retain", "--reason", "its lease runs on").code == 0
    broken = of(planned, "check")
    assert broken.code == 2
    assert "INPUT-ESTATE" in broken.out
    assert of(planned, "strategy", "devices:1", "auto").code == 0
    assert of(planned, "check").code == 0


def test_two_different_plans_exit_with_2(planned):
    made = of(planned, "plan", "-o", "later.json", "--start", "2027-02-01", "--name", "later")
    assert made.code == 0, made.err
    shown = of(planned, "diff", "plan.json", "later.json", "--json")
    assert shown.code == 2
    assert json.loads(shown.out)["count"] > 0


@pytest.mark.parametrize("words", sorted(command_reference.commands()))
def test_every_command_has_help(words):
    shown = command(*words.split(), "--help")
    assert (shown.code, shown.err) == (0, "")
    assert f"Usage: vorst {words}" in shown.out


def test_use_is_not_shown_for_a_plan_that_speaks_of_another_facility_or_was_changed(planned):
    text = (planned / "plan.json").read_text(encoding="utf-8")
    (planned / "changed.json").write_text(
        text.replace('"name": "plan"', '"name": "mine"', 1), encoding="utf-8"
    )
    changed = of(planned, "capacity", "--plan", "changed.json")
    assert (changed.code, changed.out) == (1, "")
    assert "the plan was changed after it was made" in changed.err
    data = json.loads(text)
    data["inputs"]["facility_hash"] = "sha256:0"
    (planned / "elsewhere.json").write_text(json.dumps(data), encoding="utf-8")
    elsewhere = of(planned, "capacity", "--plan", "elsewhere.json")
    assert elsewhere.code == 1
    assert "the facility has changed since this plan was made" in elsewhere.err


def test_what_to_do_next_can_be_typed_where_the_command_was(tmp_path, planned):
    folder = tmp_path / "a place"
    made = command("init", str(folder))
    assert f"`vorst -C '{folder}' import --sample`" in made.err
    again = command("-C", str(planned), "plan", "-o", "again.json")
    assert f"`vorst -C {planned} check again.json` proves it again" in again.err
