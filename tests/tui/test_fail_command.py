"""`vorst fail`: named losses, the matrix, pairs, moments of the plan, and what it says to mistakes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import Ran, command

from capacity.plan import Plan, sealed
from inventory.documents import from_json, to_json


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small sample region and its plan."""
    folder = tmp_path_factory.mktemp("fail") / "W"
    for words in (
        ["init", str(folder)],
        ["-C", str(folder), "import", "--sample", "--servers", "40"],
        ["-C", str(folder), "plan"],
    ):
        made = command(*words)
        assert made.code == 0, made.err
    return folder


@pytest.fixture(scope="module")
def plan(planned: Path) -> Plan:
    return from_json(Plan, (planned / "plan.json").read_text(encoding="utf-8"))


def fail(planned: Path, *words: str) -> Ran:
    return command("-C", str(planned), "fail", *words)


def test_a_loss_that_brings_nothing_down_exits_0_and_one_that_does_exits_2(planned, plan):
    fine = fail(planned, "ups-a1")
    assert (fine.code, fine.err) == (0, "")
    assert "lost: ups:ups-a1" in fine.out
    assert "nothing comes of it" in fine.out
    broken = fail(planned, f"rack:{plan.racks[0].id}")
    assert broken.code == 2
    assert f"lost with rack {plan.racks[0].id}" in broken.out


def test_several_are_lost_together(planned):
    both = fail(planned, "utility", "generator", "--json")
    assert both.code == 2
    found = json.loads(both.out)
    assert found["row"]["losses"] == ["utility:utility", "generator:generator"]
    assert found["row"]["assets_down"] == sum(asset["state"] == "down" for asset in found["assets"]) > 0


def test_without_a_name_every_single_loss_is_shown(planned):
    every, named = fail(planned), fail(planned, "--all")
    assert every.out == named.out
    assert "single losses bring something down or overload it" in every.out
    assert "loads with a spare supply stay up whatever single node is lost" in every.out
    assert "A breaker opens above its rating" in every.out


def test_worst_says_how_many_rows(planned):
    found = json.loads(fail(planned, "--all", "--worst", "3", "--json").out)
    whole = json.loads(fail(planned, "--all", "--worst", "0", "--json").out)
    assert len(found["rows"]) == 3
    assert len(whole["rows"]) + whole["idle"] == whole["things"]
    assert whole["rows"][:3] == found["rows"]


def test_pairs_are_counted_and_the_worst_shown(planned):
    shown = fail(planned, "--pairs", "--worst", "5")
    assert shown.code == 2
    assert "more than their two losses apart; the worst 5" in shown.out
    found = json.loads(fail(planned, "--pairs", "--worst", "5", "--json").out)
    assert len(found["rows"]) == 5
    assert found["rows"][0]["row"]["losses"] == ["utility:utility", "generator:generator"]
    assert found["pairs"] > found["findings"] >= found["worse_than_apart"] > 0


def test_moments_are_days_waves_and_steps(planned, plan):
    day = fail(planned, "--at", "2027-01-04")
    assert "at 2027-01-04 00:00 of plan" in day.out
    wave = fail(planned, "--wave", str(plan.waves[0].number))
    assert f"at {plan.waves[0].end:%Y-%m-%d %H:%M} of plan" in wave.out
    step = fail(planned, "--step", plan.steps[0].id)
    assert f"at {plan.steps[0].start:%Y-%m-%d %H:%M} of plan" in step.out


def test_a_breaker_trips_where_the_flag_or_the_settings_say(planned, monkeypatch):
    assert "opens above 0.5 times its rating" in fail(planned, "--trip-share", "0.5").out
    monkeypatch.setenv("VORST_RESILIENCE_TRIP_SHARE", "0.7")
    assert "opens above 0.7 times its rating" in fail(planned).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ups-a9"], "did you mean ups:ups-a"),
        (["--pairs", "--all"], "exclude each other"),
        (["ups-a1", "--pairs"], "exclude each other"),
        (["--wave", "1", "--at", "2027-02-01"], "exclude each other"),
        (["--wave", "999"], "has no wave 999"),
        (["--step", "nonsense"], "has no step 'nonsense'"),
        (["--trip-share", "0"], "times its rating"),
        (["--plan", "nowhere.json"], "there is no such file"),
        (["ups-a1", "ups-a1"], "it can be lost once"),
        (["--at", "soon"], "Invalid value for '--at'"),
    ],
)
def test_a_mistake_is_one_message_and_exit_1(planned, words, said):
    made = fail(planned, *words)
    assert (made.code, made.out) == (1, "")
    assert made.err.startswith("error: ")
    assert said in made.err
    assert "Traceback" not in made.err


def test_a_plan_of_another_facility_is_stale(planned, tmp_path):
    text = (planned / "plan.json").read_text(encoding="utf-8")
    (planned / "old.json").write_text(
        text.replace('"facility_hash": "sha256:', '"facility_hash": "sha256:0'), "utf-8"
    )
    made = fail(planned, "--plan", "old.json")
    assert made.code == 1
    assert "the facility has changed since this plan was made" in made.err


def test_a_plan_changed_by_hand_is_refused(planned):
    text = (planned / "plan.json").read_text(encoding="utf-8")
    (planned / "changed.json").write_text(
        text.replace('"redundancy": "1+1"', '"redundancy": "many"', 1), "utf-8"
    )
    made = fail(planned, "--plan", "changed.json")
    assert made.code == 1
    assert "the plan was changed after it was made" in made.err


@pytest.mark.parametrize("words", [("fail", "--plan"), ("stranded",)])
def test_a_plan_sealed_by_hand_that_names_what_is_not_there_is_refused(planned, words):
    plan = from_json(Plan, (planned / "plan.json").read_text(encoding="utf-8"))
    (first, *others) = plan.devices
    lost = sealed(replace(plan, devices=(replace(first, rack="nowhere"), *others)))
    (planned / "lost.json").write_text(to_json(lost), "utf-8")
    made = command("-C", str(planned), *words, "lost.json")
    assert (made.code, made.out) == (1, "")
    assert "the plan names what neither it nor the facility has" in made.err


def test_an_inventory_that_moved_on_is_told_beside_the_answer(planned, tmp_path):
    text = (planned / "plan.json").read_text(encoding="utf-8")
    plan = from_json(Plan, text)
    older = sealed(replace(plan, inputs=replace(plan.inputs, estate_hash="sha256:0")))
    (planned / "older.json").write_text(to_json(older), "utf-8")
    made = fail(planned, "ups-a1", "--plan", "older.json")
    assert made.code == 0
    assert "the inventory has changed since this plan was made" in made.err
