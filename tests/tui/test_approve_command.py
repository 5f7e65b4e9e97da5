"""`vorst approve`, and what compares with the approved plan or says which it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_line import vorst, well

from capacity.plan import Plan, sealed
from inventory.documents import from_json, to_json


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("approve") / "W"
    well(folder.parent, "init", str(folder))
    well(folder, "import", "--sample", "--servers", "20")
    well(folder, "plan")
    return folder


@pytest.fixture
def workspace(planned: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(planned, tmp_path / "W"))


def altered(folder: Path, *, resealed: bool) -> None:
    """The plan with another name: by hand, or as another plan."""
    data = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    data["name"] = "altered"
    plan = from_json(Plan, json.dumps(data))
    (folder / "plan.json").write_text(to_json(sealed(plan) if resealed else plan), encoding="utf-8")


def test_a_plan_is_approved_listed_compared_and_written_back(workspace):
    assert "no plan is approved" in vorst(workspace, "diff").err
    assert "no plan is approved yet" in well(workspace, "approve", "--list").err
    original = (workspace / "plan.json").read_text(encoding="utf-8")

    ran = well(workspace, "approve", "plan.json", "--by", "A. Dupont", "--note", "as discussed")
    assert "plan.json is the approved plan" in ran.err
    (entry,) = json.loads(well(workspace, "approve", "--list", "--json").out)
    assert (entry["by"], entry["note"], entry["plan_hash"]) == (
        "A. Dupont",
        "as discussed",
        json.loads(original)["content_hash"],
    )
    assert "A. Dupont" in well(workspace, "approve", "--list").out
    assert "The plans are the same." in well(workspace, "diff").out

    altered(workspace, resealed=True)
    ran = vorst(workspace, "diff", "plan.json")
    assert ran.code == 2
    assert "altered" in ran.out
    well(workspace, "approve", "--export", "approved.json")
    assert (workspace / "approved.json").read_text(encoding="utf-8") == original


def test_a_plan_altered_by_hand_is_no_longer_the_approved_one_and_cannot_be_approved(workspace):
    well(workspace, "approve", "--by", "A. Dupont")
    altered(workspace, resealed=False)
    ran = vorst(workspace, "diff")
    assert ran.code == 2
    assert "no longer the approved plan" in ran.err
    ran = vorst(workspace, "approve", "--by", "B")
    assert ran.code == 1
    assert "changed after it was made" in ran.err
    assert len(json.loads(well(workspace, "approve", "--list", "--json").out)) == 1


def test_a_plan_that_breaks_a_rule_cannot_be_approved(workspace):
    data = json.loads((workspace / "plan.json").read_text(encoding="utf-8"))
    data["steps"] = [step for step in data["steps"] if not step["kind"].startswith("commission")]
    plan = sealed(from_json(Plan, json.dumps(data)))
    (workspace / "plan.json").write_text(to_json(plan), encoding="utf-8")
    ran = vorst(workspace, "approve", "--by", "A. Dupont")
    assert ran.code == 1
    assert "the plan breaks rules" in ran.err
    assert json.loads(well(workspace, "approve", "--list", "--json").out) == []


def test_mistakes_are_told(workspace):
    assert "who approves?" in vorst(workspace, "approve").err
    ran = vorst(workspace, "approve", "--list", "--by", "A")
    assert ran.code == 1
    assert "each do one thing" in ran.err


def test_reports_and_runbooks_say_whether_the_plan_is_approved(workspace):
    first = str(json.loads((workspace / "plan.json").read_text(encoding="utf-8"))["waves"][0]["number"])
    well(workspace, "runbook", "--wave", first, "--format", "md", "-o", "before")
    well(workspace, "approve", "--by", "A. [Dupont]", "--note", "STIB last")
    well(workspace, "runbook", "--wave", first, "--format", "md", "--lang", "nl", "-o", "after")
    well(workspace, "report", "--partner", "cirb", "--lang", "fr")

    (before,) = (workspace / "before").iterdir()
    (after,) = (workspace / "after").iterdir()
    assert "**Not approved.**" in before.read_text(encoding="utf-8")
    assert "Goedgekeurd door A. \\[Dupont\\] op" in after.read_text(encoding="utf-8")
    page = (workspace / "reports" / "cirb-fr.html").read_text(encoding="utf-8")
    assert "approuvé par A. [Dupont] le" in page
    figures = (workspace / "reports" / "cirb.json").read_text(encoding="utf-8")
    assert json.loads(figures)["approval"]["by"] == "A. [Dupont]"
    assert "STIB last" not in page + figures
