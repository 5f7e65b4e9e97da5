"""A plan is approved by its content: altered, or another approved after it, and it is no longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from plan_builders import a_world

from capacity.approval import APPROVED, CHANGED, NOT_APPROVED, SUPERSEDED, standing
from capacity.plan import sealed
from capacity.reports.approval_line import approval_line
from capacity.reports.language import Language
from inventory.records import Approval

NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)
PLAN = sealed(a_world()[2])
OTHER = sealed(replace(PLAN, name="other"))


def an_approval(plan, by="A. Dupont", days=0) -> Approval:
    return Approval(
        1, NOON + timedelta(days=days), by, "w", "", plan.name, plan.content_hash, "sha256:e", 3, "sha256:f"
    )


def test_a_plan_nobody_approved_is_not_approved():
    assert standing(PLAN, ()).state == NOT_APPROVED
    assert standing(PLAN, (an_approval(OTHER),)).state == NOT_APPROVED


def test_the_newest_approval_counts():
    found = standing(PLAN, (an_approval(PLAN),))
    assert (found.state, found.by, found.at, found.is_approved) == (APPROVED, "A. Dupont", NOON, True)
    later = standing(PLAN, (an_approval(OTHER, "B", 2), an_approval(PLAN)))
    assert (later.state, later.by, later.later) == (SUPERSEDED, "A. Dupont", NOON + timedelta(days=2))
    assert standing(OTHER, (an_approval(OTHER, "B", 2), an_approval(PLAN))).is_approved


def test_a_plan_whose_content_was_altered_is_not_the_approved_one():
    altered = replace(PLAN, name="altered")  # the hash that stands in it is still the approved one's
    found = standing(altered, (an_approval(PLAN),))
    assert (found.state, found.by, found.is_approved) == (CHANGED, "A. Dupont", False)
    assert standing(sealed(altered), (an_approval(PLAN),)).state == NOT_APPROVED


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("en", "approved by A. Dupont on 4 Jan 2027"),
        ("nl", "goedgekeurd door A. Dupont op 4 jan 2027"),
        ("fr", "approuvé par A. Dupont le 4 janv. 2027"),
    ],
)
def test_reports_say_it_in_their_language(code, line):
    assert approval_line(standing(PLAN, (an_approval(PLAN),)), Language(code), "Europe/Brussels") == line


def test_the_day_is_the_one_in_brussels():
    late = replace(an_approval(PLAN), at=datetime(2027, 1, 4, 23, 30, tzinfo=UTC))
    assert "5 Jan 2027" in approval_line(standing(PLAN, (late,)), Language("en"), "Europe/Brussels")
