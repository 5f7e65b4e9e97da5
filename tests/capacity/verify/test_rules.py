"""For each rule a valid plan is broken so that only that rule fails: its code, asset, moment and amount are found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from broken_plans import CASES, cares, copies
from broken_plans.case import Broken
from plan_builders import a_world, resealed

from capacity.verification.violations import RULES, number
from capacity.verify import check


def test_the_valid_plan_keeps_every_rule() -> None:
    assert check(*a_world()) == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}: {case.title}")
def test_a_broken_plan_shows_what_broke(case: Broken) -> None:
    (violation,) = check(*case.world())

    assert (violation.code, violation.object, violation.asset) == (case.code, case.object, case.asset)
    assert violation.moment == case.moment
    assert violation.amount == (None if case.amount is None else pytest.approx(case.amount, abs=1e-3))
    assert violation.message
    assert violation.remedy


def test_every_rule_has_a_plan_that_breaks_it(repo_root: Path) -> None:
    page = (repo_root / "docs/reference/rules.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([A-Z][A-Z-]+)` \|", page, re.MULTILINE)

    broken = {case.code for case in CASES} | {"INPUT-CALENDAR"}  # beside the settings: test_agreement
    assert sorted(listed) == sorted(RULES) == sorted(broken)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (19_939_300.0, "19,939,300"),
        (12.5, "12.5"),
        (0.0, "0"),
        (0.00144, "0.00144"),
        (1 / 3, "0.333"),
        (1e400, "inf"),
    ],
)
def test_numbers_are_said_aloud(value: float, said: str) -> None:
    assert number(value) == said


def test_messages_read_well_aloud() -> None:
    said = {(v.code, v.message) for case in CASES for v in check(*case.world())}

    assert (
        "POWER-NODE",
        "distribution lv-b carries 6,270 W when msb-a is lost, 50 W more than its 6,220 W",
    ) in said
    assert (
        "WINDOW",
        "step move-2 touches device signal for 60 minutes outside the change windows of application Signalling",
    ) in said
    assert (
        "ROLLBACK",
        "step clear-3 clears virtual machine vm-5 1 day before its way back ends",
    ) in said
    assert (
        "STEP-ORDER",
        "step cut-1 (cutover) does not wait for step copy-1, which copies device ticket-db and 4 more",
    ) in said


def test_copies_that_go_by_truck_once_or_twice_keep_every_rule() -> None:
    assert check(*resealed(*copies.by_truck()(*a_world()))) == ()
    assert check(*resealed(*copies.twice_by_truck()(*a_world()))) == ()


def test_a_plan_with_all_the_care_asked_for_keeps_every_rule() -> None:
    assert check(*resealed(*cares.cared()(*a_world()))) == ()
