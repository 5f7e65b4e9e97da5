"""`vorst runbook`: a wave of the sample region for its crew, and what the command says to mistakes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_line import command, plan_in, planned_workspace, vorst, well

from inventory.documents import to_json
from playbooks.runbooks.reasons import reason
from playbooks.runbooks.words import words_of


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small sample region and its plan."""
    return planned_workspace(tmp_path_factory.mktemp("runbook") / "W", servers=20)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_a_wave_is_written_in_all_three_formats(planned):
    number = plan_in(planned).waves[-1].number
    ran = well(planned, "runbook", "--wave", str(number), "-o", "one")
    name = f"wave-{number:02d}"
    assert files(planned / "one") == {f"{name}.md", f"{name}.pdf", f"{name}.ics"}
    assert f"wrote {name}.md, {name}.pdf, {name}.ics in one" in ran.err
    assert ran.out == ""


def test_every_wave_is_written_at_once(planned):
    well(planned, "runbook", "--all", "--format", "ics", "--format", "md", "-o", "all")
    waves = {wave.number for wave in plan_in(planned).waves}
    assert {f"wave-{number:02d}.{end}" for number in waves for end in ("ics", "md")} <= files(planned / "all")
    assert not any(name.endswith(".pdf") for name in files(planned / "all"))


def test_dutch_and_french_stand_beside_the_english(planned):
    number = plan_in(planned).waves[-1].number
    for lang in ("nl", "fr", "en"):
        well(planned, "runbook", "--wave", str(number), "--lang", lang, "--format", "md", "-o", "each")
    name = f"wave-{number:02d}"
    assert files(planned / "each") == {f"{name}.md", f"{name}-nl.md", f"{name}-fr.md"}
    assert "## Taken in volgorde" in (planned / "each" / f"{name}-nl.md").read_text(encoding="utf-8")


def test_every_reason_the_planner_gives_has_its_words(planned):
    dutch = words_of("nl")
    reasons = {part for group in plan_in(planned).groups for part in group.reason.split("; ")}
    assert reasons
    assert [text for text in reasons if reason(dutch, text) == text] == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "which wave? (name one with --wave N, or take them all with --all)"),
        (("--wave", "1", "--all"), "--wave and --all name different things"),
        (("--wave", "999"), "the plan has no wave 999"),
        (("--wave", "1", "--format", "docx"), "no format 'docx' (use one of md, pdf, ics)"),
        (("--wave", "1", "--lang", "de"), "no language 'de' (use one of nl, fr, en)"),
        (("none.json", "--wave", "1"), "none.json"),
        (("--wave", "1", "--project", "nowhere"), "nowhere is no generated project"),
    ],
    ids=["no wave", "both", "unknown wave", "unknown format", "unknown language", "no plan", "no project"],
)
def test_mistakes_are_told_and_nothing_is_written(planned, words, says):
    ran = vorst(planned, "runbook", *words, "-o", "mistaken")
    assert ran.code == 1
    assert says in ran.err
    assert files(planned / "mistaken") == set()


def test_a_plan_that_names_what_is_not_there_is_refused(planned):
    plan = json.loads(to_json(plan_in(planned)))
    plan["devices"][0]["rack"] = "no such rack"
    (planned / "strange.json").write_text(json.dumps(plan), encoding="utf-8")
    ran = vorst(planned, "runbook", "strange.json", "--wave", "1", "-o", "strange")
    assert ran.code == 1
    assert "strange.json" in ran.err
    assert "plan again" in ran.err
    assert files(planned / "strange") == set()


def test_a_plan_of_another_inventory_is_refused(planned, tmp_path):
    other = tmp_path / "W"
    well(tmp_path, "init", str(other))
    well(other, "import", "--sample", "--servers", "21")
    shutil.copy(planned / "plan.json", other / "plan.json")
    ran = vorst(other, "runbook", "--wave", "1")
    assert ran.code == 1
    assert "has changed since this plan was made" in ran.err


def test_the_help_fits_a_terminal_of_eighty_columns():
    shown = command("runbook", "--help", COLUMNS="80", TERMINAL_WIDTH="80")
    assert shown.code == 0
    assert max(len(line) for line in shown.out.splitlines()) <= 80
    assert "nl, fr or en" in shown.out
