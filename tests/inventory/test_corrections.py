from __future__ import annotations

from datetime import date

import pytest
from inventory_builders import NOW, a_device, a_site, its_type, reading, take

from inventory.corrections import (
    FieldOverride,
    overrides,
    remove_override,
    remove_strategy_override,
    set_override,
    set_strategy_override,
)
from inventory.errors import InputError
from inventory.history import history
from inventory.rows import Ref
from inventory.snapshot import take_snapshot
from inventory.sync import diff

SITE = Ref("sites", 1)
DEVICE = Ref("devices", 1)


@pytest.fixture
def database(any_database):
    take(any_database, reading(a_site(latitude=50.8, landlord="STIB"), *its_type(), a_device(position=3.0)))
    return any_database


def test_a_correction_is_laid_on_top_and_shown_with_what_it_stands_in_for(database):
    set_override(database, SITE, "latitude", 50.84, reason="measured", who="ann", at=NOW)

    assert take_snapshot(database).sites[0].latitude == 50.84
    assert overrides(database) == (FieldOverride(SITE, "latitude", 50.84, 50.8, "measured", "ann", NOW),)


def test_a_correction_survives_a_sync_and_leaves_the_sources_value_to_the_source(database):
    set_override(database, SITE, "latitude", 50.84, reason="measured", who="ann")

    changes = diff(database, reading(a_site(latitude=50.9, landlord="STIB")))
    take(database, reading(a_site(latitude=50.9, landlord="STIB"), complete=()))

    assert changes.of_kind("conflict") == ()
    assert take_snapshot(database).sites[0].latitude == 50.84
    assert overrides(database)[0].instead_of == 50.9


def test_a_correction_taken_back_shows_the_sources_value_again(database):
    set_override(database, SITE, "latitude", 50.84, reason="measured", who="ann")

    remove_override(database, SITE, "latitude", who="bea")

    assert take_snapshot(database).sites[0].latitude == 50.8
    assert overrides(database) == ()
    with pytest.raises(InputError, match="no correction"):
        remove_override(database, SITE, "latitude", who="bea")


def test_a_second_correction_replaces_the_first(database):
    set_override(database, SITE, "latitude", 1.0, reason="guess", who="ann")
    set_override(database, SITE, "latitude", 50.84, reason="measured", who="bea", at=NOW)

    assert overrides(database) == (FieldOverride(SITE, "latitude", 50.84, 50.8, "measured", "bea", NOW),)
    assert [
        (line.operation, line.before, line.after, line.reason) for line in history(database, SITE)[:2]
    ] == [
        ("override", {"latitude": 1.0}, {"latitude": 50.84}, "measured"),
        ("override", {"latitude": 50.8}, {"latitude": 1.0}, "guess"),
    ]


def test_every_correction_makes_a_revision_and_another_document(database):
    before = take_snapshot(database)

    set_override(database, SITE, "landlord", None, reason="sold", who="ann")

    after = take_snapshot(database)
    assert after.sites[0].landlord is None
    assert after.revision == before.revision + 1
    assert after.content_hash != before.content_hash


@pytest.mark.parametrize(
    ("field", "value"),
    [("lease_end", date(2027, 1, 31)), ("name", "Zaal {{ 1 }}"), ("tenant_id", None), ("latitude", 3)],
)
def test_a_value_comes_out_as_it_was_given(database, field, value):
    set_override(database, SITE, field, value, reason="known", who="ann")

    assert getattr(take_snapshot(database).sites[0], field) == value
    assert overrides(database, SITE)[0].value == value


def test_references_may_be_corrected_to_what_exists(database):
    set_override(database, DEVICE, "parent_device_id", 1, reason="blade", who="ann")

    assert take_snapshot(database).devices[0].parent_device_id == 1
    with pytest.raises(InputError, match="no such object"):
        set_override(database, DEVICE, "parent_device_id", 99, reason="blade", who="ann")
    with pytest.raises(InputError, match="should name one of devices"):
        set_override(database, DEVICE, "parent_device_id", SITE, reason="blade", who="ann")


@pytest.mark.parametrize(
    ("ref", "field", "value", "problem"),
    [
        (Ref("sites", 9), "name", "x", "no such object"),
        (SITE, "colour", "x", "no field 'colour'"),
        (Ref("rooms", 1), "name", "x", "no list 'rooms'"),
        (SITE, "latitude", "north", "should be a number"),
        (SITE, "name", None, "must be known"),
        (DEVICE, "position", -3.0, "less than nothing"),
    ],
)
def test_what_can_not_be_corrected_is_refused(database, ref, field, value, problem):
    with pytest.raises(InputError, match=problem):
        set_override(database, ref, field, value, reason="known", who="ann")

    assert overrides(database) == ()


def test_a_correction_needs_a_reason(database):
    with pytest.raises(InputError, match="reason"):
        set_override(database, SITE, "name", "x", reason="  ", who="ann")


def test_a_correction_goes_with_its_object(database):
    with database.transaction("ann") as transaction:
        tag = transaction.create("tags", {"name": "a", "slug": "a"})
    set_override(database, tag, "name", "b", reason="typo", who="ann")

    with database.transaction("ann") as transaction:
        transaction.delete(tag)

    assert overrides(database) == ()


def test_a_strategy_is_decided_replaced_and_taken_back(database):
    first = set_strategy_override(database, DEVICE, "retire", reason="too old", who="ann")
    second = set_strategy_override(database, DEVICE, "retain", reason="still needed", who="bea")

    (decision,) = take_snapshot(database).strategy_overrides
    assert first == second
    assert (decision.object, decision.strategy, decision.decided_by) == (DEVICE, "retain", "bea")
    remove_strategy_override(database, DEVICE, who="ann")
    assert take_snapshot(database).strategy_overrides == ()
    with pytest.raises(InputError, match="no strategy"):
        remove_strategy_override(database, DEVICE, who="ann")


def test_a_strategy_needs_an_asset_and_a_reason(database):
    with pytest.raises(InputError, match="no such object"):
        set_strategy_override(database, Ref("devices", 9), "retire", reason="old", who="ann")
    with pytest.raises(InputError, match="reason"):
        set_strategy_override(database, DEVICE, "retire", reason="", who="ann")
