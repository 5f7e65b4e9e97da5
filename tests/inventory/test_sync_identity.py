"""Comparing a source with the inventory: which object a source means, what it refers to, what it no longer has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from inventory_builders import NOW, a_device, a_site, its_type, reading, take

from inventory.history import history, sources_of
from inventory.records import NotCompared
from inventory.rows import Ref
from inventory.snapshot import take_snapshot
from inventory.sources.contract import SourceObject, SourceRef
from inventory.sync import apply, diff

SITE = Ref("sites", 1)


# --- who is who ----------------------------------------------------------------------------------------------


def test_a_serial_finds_the_device_whatever_its_name(any_database):
    take(any_database, reading(a_site(), *its_type(), a_device("1", serial="S1", name="old")))

    changes = diff(any_database, reading(*_known(), a_device("x", serial="S1", name="new"), source="sheet"))

    assert [(c.kind, c.object_id) for c in changes.changes if c.object_kind == "devices"] == [
        ("link", 1),
        ("conflict", 1),
    ]


def test_the_same_name_with_another_serial_is_not_the_same_device(any_database):
    take(any_database, reading(a_site(), *its_type(), a_device("1", serial="S1", name="db")))

    changes = diff(any_database, reading(*_known(), a_device("x", serial="S2", name="db"), source="sheet"))

    (conflict,) = [change for change in changes.changes if change.object_kind == "devices"]
    assert (conflict.kind, conflict.object_id) == ("conflict", None)
    assert "another serial" in conflict.reason


def test_a_name_that_fits_two_is_a_conflict_never_a_guess(any_database):
    take(any_database, reading(a_site(), *its_type(), a_device("1", name="db"), a_device("2", name="db")))

    changes = diff(any_database, reading(*_known(), a_device("x", name="db"), source="sheet"))

    (conflict,) = [change for change in changes.changes if change.object_kind == "devices"]
    assert conflict.kind == "conflict"
    assert "2 devices have this site_id and name" in conflict.reason
    apply(any_database, changes, who="ann")
    assert len(take_snapshot(any_database).devices) == 2


def test_keys_that_fit_different_objects_are_a_conflict(any_database):
    one, two = a_device("1", name="a", asset_tag="T1"), a_device("2", name="b")
    take(any_database, reading(a_site(), *its_type(), one, two))

    changes = diff(any_database, reading(*_known(), a_device("x", name="b", asset_tag="T1"), source="sheet"))

    (conflict,) = [change for change in changes.changes if change.object_kind == "devices"]
    assert "it fits several" in conflict.reason


def test_two_objects_of_a_source_that_mean_one_are_a_conflict(any_database):
    take(any_database, reading(a_site(slug="anl")))

    changes = diff(any_database, reading(a_site("x", slug="anl"), a_site("y", slug="anl"), source="sheet"))

    assert [change.kind for change in changes.changes] == ["conflict", "conflict"]


def test_what_hangs_on_an_object_in_conflict_is_a_conflict_too(any_database):
    take(any_database, reading(a_site("1", slug="anl"), a_site("2", slug="anl")))
    room = SourceObject("locations", "r", {"name": "R", "slug": "r", "site_id": SourceRef("sites", "x")})
    inner = SourceObject(
        "racks",
        "k",
        {"name": "K", "site_id": SourceRef("sites", "x"), "location_id": SourceRef("locations", "r")},
    )

    changes = diff(any_database, reading(a_site("x", slug="anl"), inner, room, source="sheet"))

    assert {(change.kind, change.object_kind) for change in changes.changes} == {
        ("conflict", "sites"),
        ("conflict", "locations"),
        ("conflict", "racks"),
    }
    apply(any_database, changes, who="ann")
    assert take_snapshot(any_database).racks == ()


def test_a_source_that_renumbers_keeps_its_objects(any_database):
    take(any_database, reading(a_site("1", slug="anl", status="planned")))

    changes = diff(
        any_database, reading(a_site("501", name="Site 1", slug="anl", status="active")), delete_missing=True
    )

    assert changes.counts() == {"update": 1, "link": 1, "gone": 1}
    apply(any_database, changes, who="ann")
    assert [(site.id, site.status) for site in take_snapshot(any_database).sites] == [(1, "active")]


def _known():
    """The site and the type, under the sheet's own ids."""
    return (a_site("1"), *its_type())


# --- references ----------------------------------------------------------------------------------------------


def test_references_go_in_whatever_their_order_and_in_circles(any_database):
    def blade(number, parent):
        return a_device(number, parent_device_id=SourceRef("devices", parent))

    take(any_database, reading(blade("1", "2"), blade("2", "1"), blade("3", "3"), *its_type(), a_site()))

    devices = take_snapshot(any_database).devices
    assert [device.parent_device_id for device in devices] == [2, 1, 3]


def test_a_reference_to_nothing_is_not_compared_and_one_that_is_needed_is_a_conflict(any_database):
    tenant = SourceRef("tenants", "hidden")
    lost = a_device("2", site="nowhere")

    changes = diff(any_database, reading(a_site(tenant_id=tenant), *its_type(), a_device("1"), lost))

    assert (
        NotCompared("sites", "tenant_id", "source", 1, "it refers to an object that is not there")
        in changes.not_compared
    )
    (conflict,) = changes.of_kind("conflict")
    assert conflict.reason == "site_id refers to sites nowhere, which is not there"
    apply(any_database, changes, who="ann")
    assert [device.name for device in take_snapshot(any_database).devices] == ["srv-1"]


def test_a_partial_reading_may_refer_to_what_the_source_told_before(any_database):
    take(any_database, reading(a_site(), *its_type()))

    take(any_database, reading(a_device("9"), complete=()))

    assert take_snapshot(any_database).devices[0].site_id == 1


def test_something_the_estate_has_no_list_for_keeps_the_sources_number(any_database):
    cable = SourceObject(
        "cables", "1", {"a_terminations": (SourceRef("console_ports", "44"),), "b_terminations": ()}
    )

    take(any_database, reading(cable))

    assert take_snapshot(any_database).cables[0].a_terminations == (Ref("console_ports", 44),)
    assert diff(any_database, reading(cable)).is_empty


# --- what a source no longer has -----------------------------------------------------------------------------


def test_what_is_gone_stays_and_is_marked_once(any_database):
    take(any_database, reading(a_site("1"), a_site("2")))

    changes = diff(any_database, reading(a_site("1")))

    assert changes.summary() == "1 gone"
    apply(any_database, changes, who="ann")
    assert len(take_snapshot(any_database).sites) == 2
    assert sources_of(any_database, Ref("sites", 2))[0].gone_since == NOW
    assert diff(any_database, reading(a_site("1"))).is_empty


def test_only_a_list_read_to_its_end_can_miss_an_object(any_database):
    take(any_database, reading(a_site("1"), a_site("2")))

    assert diff(any_database, reading(a_site("1"), complete={"racks"}), delete_missing=True).is_empty


def test_what_comes_back_is_no_longer_gone(any_database):
    take(any_database, reading(a_site()))
    take(any_database, reading())

    changes = diff(any_database, reading(a_site()))

    assert changes.summary() == "1 back"
    apply(any_database, changes, who="ann")
    assert sources_of(any_database, SITE)[0].gone_since is None


def test_what_is_gone_is_removed_when_asked(any_database):
    take(any_database, reading(a_site(), *its_type(), a_device()))

    changes = diff(any_database, reading(), delete_missing=True)

    assert changes.summary() == "5 delete"
    assert apply(any_database, changes, who="ann").deleted == 5
    estate = take_snapshot(any_database)
    assert (estate.sites, estate.devices, estate.device_types) == ((), (), ())
    assert history(any_database, Ref("devices", 1), limit=1)[0].before["name"] == "srv-1"


def test_what_another_source_has_is_not_removed(any_database):
    take(any_database, reading(a_site(slug="anl")))
    take(any_database, reading(a_site("x", name="Site 1", slug="anl"), source="sheet"))

    changes = diff(any_database, reading(), delete_missing=True)

    (gone,) = changes.changes
    assert (gone.kind, gone.reason) == ("gone", "another source has it")


def test_what_something_still_refers_to_is_not_removed(any_database):
    take(any_database, reading(a_site(), *its_type(), a_device()))
    room = SourceObject("locations", "r", {"name": "R", "slug": "r", "site_id": SourceRef("sites", "s")})
    take(any_database, reading(a_site("s", name="Site 1", slug="site-1"), room, source="sheet"))
    take(any_database, reading(room, source="sheet", complete={"sites"}), delete_missing=True)

    changes = diff(any_database, reading(*its_type()), delete_missing=True)

    assert {(change.kind, change.object_kind) for change in changes.changes} == {
        ("delete", "devices"),
        ("gone", "sites"),
    }
    apply(any_database, changes, who="ann")
    assert len(take_snapshot(any_database).sites) == 1


def test_a_removal_that_would_leave_a_reference_hanging_is_shown_as_a_conflict(any_database):
    take(any_database, reading(a_site(), *its_type(), a_device()))
    with any_database.transaction("ann") as transaction:
        transaction.create("special_needs", {"object": Ref("devices", 1), "need": "dongle"})

    changes = diff(any_database, reading(), delete_missing=True)

    reasons = {change.object_kind: change.reason for change in changes.of_kind("conflict")}
    assert reasons["devices"] == "not removed: 1 special_needs still refer to it, such as special_needs 1"
    assert set(reasons) == {"devices", "sites", "device_types", "device_roles", "manufacturers"}
    apply(any_database, changes, who="ann")
    assert len(take_snapshot(any_database).devices) == 1


def test_last_seen_moves_without_a_revision(any_database):
    take(any_database, reading(a_site("1"), a_site("2"), complete=()))
    later = replace(reading(a_site("1"), complete=()), read_at=NOW + timedelta(days=1))

    take(any_database, later)

    assert any_database.revision == 1
    seen = [sources_of(any_database, Ref("sites", number))[0].last_seen for number in (1, 2)]
    assert seen == [NOW + timedelta(days=1), NOW]
