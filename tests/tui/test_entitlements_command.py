"""`vorst entitlements`: as tables, as JSON, for one partner, with overuse, and what it says to mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import vorst, well


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small sample region and its plan."""
    folder = tmp_path_factory.mktemp("entitlements") / "W"
    well(folder.parent, "init", str(folder))
    well(folder, "import", "--sample", "--servers", "20")
    well(folder, "plan")
    return folder


def with_facility(folder: Path, old: str, new: str) -> str:
    file = folder / "facility.yaml"
    before = file.read_text("utf-8")
    assert old in before
    file.write_text(before.replace(old, new), "utf-8")
    return before


def test_who_holds_what_and_what_to_order(planned):
    ran = well(planned, "entitlements", "--racks")
    assert "who holds Vorst, with plan" in ran.out
    assert "to order: the last day, by lead time before it is needed" in ran.out
    assert "stands there" in ran.out
    assert ran.err == ""


def test_a_partner_sees_its_own_only(planned):
    whole = well(planned, "entitlements", "--json").json
    own = well(planned, "entitlements", "--partner", "cirb", "--json").json
    assert {line["partner"] for line in own["holdings"]} == {"cirb"}
    for part in ("holdings", "purchases"):
        assert own[part] == [line for line in whole[part] if line["partner"] == "cirb"]
    text = well(planned, "entitlements", "--partner", "cirb", "--racks").out
    assert "sibelga" not in text


def test_without_a_plan_it_shows_what_stands_there(planned):
    file = planned / "plan.json"
    file.rename(planned / "elsewhere.json")
    try:
        ran = well(planned, "entitlements")
        other = well(planned, "entitlements", "--plan", "elsewhere.json")
    finally:
        (planned / "elsewhere.json").rename(file)
    assert "without a plan: only what stands there" in ran.err
    assert "to order" not in ran.out
    assert "to order" in other.out


def test_overuse_is_marked_and_ends_with_2(planned):
    before = with_facility(planned, "{partner: cirb, area_m2: 280,", "{partner: cirb, area_m2: 5,")
    (planned / "plan.json").rename(planned / "kept.json")
    try:
        ran = vorst(planned, "entitlements")
        stale = vorst(planned, "entitlements", "--plan", "kept.json")
    finally:
        (planned / "facility.yaml").write_text(before, "utf-8")
        (planned / "kept.json").rename(planned / "plan.json")
    assert ran.code == 2
    assert "OVER by 2.8 m²" in ran.out
    assert (stale.code, stale.out) == (1, "")
    assert "the facility has changed since this plan was made" in stale.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--partner", "nobody"], "no partner 'nobody' holds anything"),
        (["--plan", "nowhere.json"], "there is no such file"),
    ],
)
def test_a_mistake_is_one_message_and_exit_1(planned, words, said):
    ran = vorst(planned, "entitlements", *words)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
