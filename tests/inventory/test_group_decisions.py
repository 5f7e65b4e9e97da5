"""Decisions about move groups: written as constraints with a line of history, and taken back."""

from __future__ import annotations

import pytest
from inventory_builders import NOW, a_device, a_site, its_type, reading, take

from inventory.errors import InputError
from inventory.group_decisions import forget, is_decision, merge, name_of, pin, split
from inventory.history import history
from inventory.rows import Ref
from inventory.snapshot import take_snapshot

ONE, TWO, THREE = (Ref("devices", n) for n in (1, 2, 3))
WORD = {"reason": "two teams", "who": "ann"}


@pytest.fixture
def database(any_database):
    devices = [a_device(str(n)) for n in (1, 2, 3)]
    take(any_database, reading(a_site(), *its_type(), *devices))
    return any_database


def decisions(database):
    return [c for c in take_snapshot(database).constraints if is_decision(c)]


def test_a_merge_is_a_constraint_with_its_reason_and_its_history(database):
    assert merge(database, [ONE, TWO, ONE], at=NOW, **WORD) == "merge 1"
    (found,) = decisions(database)
    assert (found.kind, found.scope, found.members, found.reason) == (
        "together", "group", (ONE, TWO), "two teams",
    )  # fmt: skip
    line = history(database, Ref("constraints", found.id))[0]
    assert (line.who, line.reason, line.operation) == ("ann", "two teams", "create")


def test_a_split_of_single_assets_is_one_constraint_of_several_one_for_each_side(database):
    assert split(database, [[ONE], [TWO]], **WORD) == "split 1"
    assert split(database, [[ONE, TWO], [THREE]], **WORD) == "split 2"
    pair, first, second = decisions(database)
    assert (pair.members, pair.value) == ((ONE, TWO), None)
    assert [(c.members, c.value, name_of(c)) for c in (first, second)] == [
        ((ONE, TWO), "split 2", "split 2"),
        ((THREE,), "split 2", "split 2"),
    ]


def test_a_pin_keeps_its_moments_and_its_name(database):
    assert pin(database, [ONE], not_before=NOW, not_after=None, name="audit", **WORD) == "audit"
    (found,) = decisions(database)
    assert (found.kind, found.start, found.end, found.name) == ("pin", NOW, None, "audit")


def test_a_decision_taken_back_is_gone_with_all_its_sides(database):
    split(database, [[ONE, TWO], [THREE]], **WORD)
    merge(database, [ONE, TWO], **WORD)
    assert forget(database, "split 1", who="bea") == 2
    assert [name_of(c) for c in decisions(database)] == ["merge 1"]
    with pytest.raises(InputError, match="no decision about groups is called 'split 1'"):
        forget(database, "split 1", who="bea")


def test_names_are_taken_once(database):
    merge(database, [ONE, TWO], name="x", **WORD)
    with pytest.raises(InputError, match="called 'x' already"):
        merge(database, [ONE, TWO], name="x", **WORD)


def test_nothing_is_written_of_what_does_not_exist(database):
    with pytest.raises(InputError, match="no such object"):
        merge(database, [ONE, Ref("devices", 99)], **WORD)
    assert decisions(database) == []
