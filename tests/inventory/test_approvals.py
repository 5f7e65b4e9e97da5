"""Approvals are kept with the plan they speak of, on SQLite and PostgreSQL, and change nothing that exists."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from inventory.approvals import ApprovedPlan, approvals, approve, approved_document
from inventory.errors import InputError
from inventory.history import history
from inventory.snapshot import take_snapshot

NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)


def a_plan(name: str = "plan") -> ApprovedPlan:
    return ApprovedPlan(
        name, f"sha256:{name}", "sha256:estate", 3, "sha256:facility", {"name": name, "racks": [1, 2.5, "é"]}
    )


def test_an_approval_says_who_when_and_on_what(any_database):
    made = approve(any_database, a_plan(), by="  A.  Dupont ", who="typist", note=" fine ", at=NOON)

    assert (made.by, made.recorded_by, made.note, made.at) == ("A. Dupont", "typist", "fine", NOON)
    assert (made.plan_hash, made.estate_hash, made.estate_revision) == ("sha256:plan", "sha256:estate", 3)
    assert approvals(any_database) == (made,)
    assert approved_document(any_database, made) == a_plan().document


def test_the_newest_comes_first_and_each_keeps_its_plan(any_database):
    first = approve(any_database, a_plan("a"), by="A", who="w", at=NOON)
    second = approve(any_database, a_plan("b"), by="B", who="w", at=NOON)

    assert approvals(any_database) == (second, first)
    assert approved_document(any_database, first)["name"] == "a"
    assert approved_document(any_database, second)["name"] == "b"


def test_approving_twice_is_approving_once_until_another_plan_comes_between(database):
    first = approve(database, a_plan("a"), by="A", who="w", at=NOON)
    assert approve(database, a_plan("a"), by="A", who="w") == first
    assert approve(database, a_plan("a"), by="B", who="w") != first
    approve(database, a_plan("b"), by="B", who="w")
    assert approve(database, a_plan("a"), by="A", who="w") != first
    assert len(approvals(database)) == 4


def test_the_inventory_stays_the_same_and_the_history_has_a_line(any_database):
    before = take_snapshot(any_database)
    made = approve(any_database, a_plan(), by="A. Dupont", who="typist", note="fine")

    assert take_snapshot(any_database).content_hash == before.content_hash
    (entry,) = history(any_database)
    assert (entry.operation, entry.object.kind, entry.object.id) == ("approve", "approvals", made.id)
    assert (entry.who, entry.reason) == ("typist", "fine")
    assert entry.after is not None
    assert entry.after["approved_by"] == "A. Dupont"


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_somebody_has_to_approve(database, name):
    with pytest.raises(InputError, match="--by NAME"):
        approve(database, a_plan(), by=name, who="w")
    assert approvals(database) == ()
