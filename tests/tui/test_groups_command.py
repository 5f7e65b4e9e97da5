"""`vorst groups` and `vorst group`: what a plan's groups are, and a person's word that the next plan keeps to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from command_line import vorst, well

from capacity.plan import MoveGroup, Plan
from inventory.documents import from_json


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small sample region and its plan."""
    folder = tmp_path_factory.mktemp("groups") / "W"
    well(folder.parent, "init", str(folder))
    well(folder, "import", "--sample", "--servers", "40")
    well(folder, "plan")
    return folder


def read(folder: Path, name: str = "plan.json") -> Plan:
    return from_json(Plan, (folder / name).read_text(encoding="utf-8"))


@pytest.fixture
def decided(planned: Path) -> Iterator[Path]:
    """The workspace, in which every decision of the test is taken back afterwards."""
    yield planned
    for row in well(planned, "group", "list", "--json").json:
        vorst(planned, "group", "forget", row["decision"])


def largest(plan: Plan) -> MoveGroup:
    return max(plan.groups, key=lambda group: (len(group.assets), group.id))


def words(group: MoveGroup) -> list[str]:
    return [f"{asset.kind}:{asset.id}" for asset in group.assets]


def test_all_groups_are_listed_with_what_they_cut(planned: Path) -> None:
    told = well(planned, "groups").out
    assert all(group.id in told for group in read(planned).groups)
    assert "cut on the way" in told


def test_one_group_shows_its_ties_its_assets_and_its_flows(planned: Path) -> None:
    data = well(planned, "groups", "--json").json
    assert [entry["id"] for entry in data] == [group.id for group in read(planned).groups]
    cutting = next(entry for entry in data if entry["cut_flows"])
    told = well(planned, "groups", "--group", cutting["id"]).out
    assert all(name in told for name in cutting["assets"])
    assert str(cutting["cut_flows"][0]["flow"]) in told
    tied = next(entry for entry in data if entry["ties"])
    assert tied["ties"][0]["text"][:20] in well(planned, "groups", "--group", tied["id"]).out


def test_a_split_group_comes_apart_and_the_plan_still_holds(decided: Path) -> None:
    group = largest(read(decided))
    off = [word for asset in words(group)[:2] for word in ("--off", asset)]
    said = well(decided, "group", "split", group.id, *off, "--reason", "two teams")
    assert "split 1: 2 sides" in said.err
    well(decided, "plan", "-o", "split.json")
    made = {asset: g.id for g in read(decided, "split.json").groups for asset in g.assets}
    first, rest = group.assets[:2], group.assets[2:]
    assert not {made[a] for a in first if a in made} & {made[a] for a in rest if a in made}
    well(decided, "check", "split.json")


def test_merged_groups_are_one(decided: Path) -> None:
    small = sorted(read(decided).groups, key=lambda group: (len(group.assets), group.id))[:2]
    well(
        decided,
        "group",
        "merge",
        small[0].id,
        *words(small[1]),
        "--reason",
        "one owner",
        "--name",
        "the pair",
    )
    well(decided, "plan", "-o", "merged.json")
    made = {asset: g.id for g in read(decided, "merged.json").groups for asset in g.assets}
    both = [asset for group in small for asset in group.assets if asset in made]
    assert len({made[asset] for asset in both}) == 1
    assert "the pair" in well(decided, "group", "list").out


def test_a_pinned_group_moves_in_its_week(decided: Path) -> None:
    plan = read(decided)
    group = max(plan.groups, key=lambda g: g.wave or 0)
    start = min(s.start for s in plan.steps if s.group == group.id and s.kind in ("cutover", "relocate"))
    monday = (start - timedelta(days=start.weekday())).date() + timedelta(days=21)
    year, week, _ = monday.isocalendar()
    said = well(
        decided, "group", "pin", group.id, "--week", f"{year}-W{week:02d}", "--reason", "after the audit"
    )
    assert f"not before {monday}" in said.err
    well(decided, "plan", "-o", "pinned.json")
    steps = [s for s in read(decided, "pinned.json").steps if s.kind in ("cutover", "relocate")]
    moved = [s for s in steps if {m.asset for m in s.moves} & set(group.assets)]
    assert moved
    assert all(monday <= s.start.date() < monday + timedelta(days=7) for s in moved)
    well(decided, "check", "pinned.json")


def test_a_day_not_after_which_it_moves_is_included(decided: Path) -> None:
    group = read(decided).groups[0]
    well(decided, "group", "pin", group.id, "--not-after", "2027-05-04", "--reason", "the lease ends")
    (row,) = well(decided, "group", "list", "--json").json
    assert datetime.fromisoformat(row["end"]).astimezone().date() >= datetime(2027, 5, 4).date()
    assert row["end"].startswith("2027-05-04T22:00") or row["end"].startswith("2027-05-05T00:00")
    assert row["start"] is None


def test_a_split_through_a_tie_is_an_error_that_names_both(decided: Path) -> None:
    pair = words(largest(read(decided)))[:2]
    well(decided, "group", "merge", *pair, "--reason", "one owner")
    well(decided, "group", "split", *pair, "--reason", "two teams")
    ran = vorst(decided, "plan", "-o", "never.json")
    assert ran.code == 1
    assert "split 1" in ran.err
    assert "merge 1" in ran.err
    assert not (decided / "never.json").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["groups", "--group", "G9999"], "the plan has no group 'G9999'"),
        (["groups", "nothing.json"], "nothing.json"),
        (["group", "merge", "devices:1", "--reason", "x"], "a merge needs 2 assets at least"),
        (["group", "merge", "sites:1", "--reason", "x"], "sites:1 is no asset"),
        (["group", "merge", "devices:1", "devices:2"], "a decision needs a reason"),
        (["group", "split", "devices:1", "--reason", "x"], "a split needs two sides"),
        (["group", "split", "devices:1", "devices:1", "--reason", "x"], "on two sides"),
        (["group", "pin", "devices:1", "--reason", "x"], "a pin needs a moment"),
        (["group", "pin", "devices:1", "--week", "2027-13", "--reason", "x"], "'2027-13' is no week"),
        (
            [
                "group",
                "pin",
                "devices:1",
                "--week",
                "2027-W13",
                "--not-before",
                "2027-01-01",
                "--reason",
                "x",
            ],
            "--week says both moments",
        ),
        (
            [
                "group",
                "pin",
                "devices:1",
                "--not-before",
                "2027-02-01",
                "--not-after",
                "2027-01-01",
                "--reason",
                "x",
            ],
            "move after 2027-02-01 00:00 and by 2027-01-02 00:00",
        ),
        (["group", "pin", "devices:999999", "--week", "2027-W13", "--reason", "x"], "no such object"),
        (["group", "pin", "devices:1", "--week", "2020-W01", "--reason", "x"], "work starts on 2027-01-04"),
        (
            ["group", "split", "devices:1", "--off", "devices:2", "--reason", "x"],
            "devices:2 is not in devices:1",
        ),
        (["group", "forget", "nothing"], "no decision about groups is called 'nothing'"),
    ],
)
def test_mistakes_are_said(planned: Path, more: list[str], said: str) -> None:
    ran = vorst(planned, *more)
    assert ran.code == 1
    assert said in ran.err


def test_a_plan_of_another_inventory_is_refused(decided: Path) -> None:
    group = read(decided).groups[0]
    well(decided, "group", "pin", group.id, "--week", "2027-W20", "--reason", "x")
    ran = vorst(decided, "groups")
    assert ran.code == 1
    assert "the inventory has changed since this plan was made" in ran.err
