"""`vorst replan` as a person runs it: what moves and why, a plan that is written only when it holds, and its errors."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from command_line import plan_in, planned_workspace, vorst, well

from capacity.plan import Plan, Step
from inventory import group_decisions
from inventory.database import open_database
from inventory.documents import from_json


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planned_workspace(tmp_path_factory.mktemp("replan") / "W")


def early(folder: Path) -> str:
    return str(plan_in(folder).inputs.start.date())


def last_group(plan: Plan) -> Step:
    """The last step that touches a group."""
    return max((s for s in plan.steps if s.kind in {"cutover", "relocate"}), key=lambda s: (s.start, s.id))


def test_a_plan_that_holds_is_kept_to_the_byte_but_for_what_it_follows(workspace: Path) -> None:
    ran = well(workspace, "replan", "--from", early(workspace), "-o", "same.json")
    assert "0 move" in ran.out
    assert "no plan moves fewer" in ran.out
    plan = plan_in(workspace)
    made = from_json(Plan, (workspace / "same.json").read_text(encoding="utf-8"))
    assert made.steps == plan.steps
    assert made.follows == (plan.content_hash,)
    well(workspace, "check", "same.json")


def test_a_pin_moves_its_group_and_the_diff_shows_that_alone(workspace: Path) -> None:
    plan = plan_in(workspace)
    step = last_group(plan)
    group = next(g for g in plan.groups if g.id == step.group)
    with open_database(str(workspace / "vorst.db")) as database:
        name = group_decisions.pin(
            database,
            group.assets,
            not_before=step.end + timedelta(days=1),
            not_after=None,
            reason="the owner is away",
            who="tester",
        )
        try:
            ran = vorst(workspace, "replan", "--from", early(workspace), "-o", "new.json", "--all")
            assert ran.code == 2
            assert "wrote new.json: every rule holds" in ran.err
            assert group.id in ran.out
            assert "PIN: " in ran.out
            well(workspace, "check", "new.json")
            shown = vorst(workspace, "diff", "plan.json", "new.json", "--json").json
            moved = {d["key"] for d in shown["differences"] if d["section"] == "moves"}
            assert moved == {f"{ref.kind}:{ref.id}" for ref in group.assets}
            again = vorst(workspace, "replan", "--from", early(workspace), "--json")
            assert again.code == 2
            assert [own["group"] for own in again.json["groups"]] == [group.id]
            assert again.json["groups"][0]["whys"][0]["rule"] == "PIN"
            assert again.json["is_fewest"] is True
        finally:
            group_decisions.forget(database, name, who="tester")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no run is recorded, and no day is named"),
        (("--from", "yesterday"), "no such date; write it as 2027-03-01"),
        (("--from", "2199-01-01"), "beyond the plan's horizon"),
        (("--percentile", "100"), "percentile"),
        (("nowhere.json",), "there is no such file"),
        (("-o", "."), "this is a folder"),
    ],
)
def test_what_can_t_be_is_told(workspace: Path, words: tuple[str, ...], said: str) -> None:
    ran = vorst(workspace, "replan", *words)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


def test_a_plan_changed_by_hand_or_of_another_inventory_is_refused(workspace: Path) -> None:
    data = json.loads((workspace / "plan.json").read_text(encoding="utf-8"))
    data["name"] = "mine"
    (workspace / "mine.json").write_text(json.dumps(data), encoding="utf-8")
    ran = vorst(workspace, "replan", "mine.json", "--from", early(workspace))
    assert (ran.code, ran.out) == (1, "")
    assert "changed after it was made" in ran.err


def test_a_day_is_midnight_where_the_plan_is_made_for(workspace: Path) -> None:
    day = early(workspace)
    found = well(workspace, "replan", "--from", day, "--json").json
    assert datetime.fromisoformat(found["now"]) == datetime.fromisoformat(f"{day}T00:00:00+01:00")
