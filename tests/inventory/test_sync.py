"""Comparing a source with the inventory: three ways, several sources, what is applied, what a source may say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from inventory_builders import NOW, a_device, a_site, as_told, its_type, reading, take

from inventory.database import open_database
from inventory.documents import from_json, to_json
from inventory.errors import SeveralErrors, StaleError
from inventory.history import history, sources_of
from inventory.records import ChangeSet, FieldChange, NotCompared
from inventory.rows import Ref
from inventory.snapshot import take_snapshot
from inventory.sources.contract import SourceObject, SourceRef
from inventory.sync import apply, diff

SITE = Ref("sites", 1)


def edit(database, ref, **fields):
    """A person changes the inventory by hand."""
    with database.transaction("ann") as transaction:
        transaction.update(ref, fields)


# --- three ways ----------------------------------------------------------------------------------------------


def test_comparing_writes_nothing(any_database):
    changes = diff(any_database, reading(a_site()))

    assert changes.summary() == "1 create"
    assert take_snapshot(any_database).sites == ()
    assert any_database.revision == 0


def test_what_was_applied_is_no_longer_different(any_database):
    snapshot = reading(a_site(), a_device(), *its_type())
    take(any_database, snapshot)

    assert diff(any_database, snapshot).is_empty


def test_a_change_at_the_source_is_an_update_with_before_and_after(any_database):
    take(any_database, reading(a_site(status="planned")))

    changes = diff(any_database, reading(a_site(status="active")))

    (change,) = changes.changes
    assert (change.kind, change.object_id, change.label) == ("update", 1, "Site 1")
    assert change.fields == (FieldChange("status", "planned", "active", "planned"),)
    apply(any_database, changes, who="ann")
    assert take_snapshot(any_database).sites[0].status == "active"


def test_an_edit_here_stays_when_the_source_says_what_it_always_said(any_database):
    take(any_database, reading(a_site(status="planned")))
    edit(any_database, SITE, status="active")

    assert diff(any_database, reading(a_site(status="planned"))).is_empty


def test_the_same_edit_on_both_sides_is_no_conflict(any_database):
    take(any_database, reading(a_site(status="planned")))
    edit(any_database, SITE, status="active")

    changes = diff(any_database, reading(a_site(status="active")))

    assert changes.changes == ()
    apply(any_database, changes, who="ann")
    assert diff(any_database, reading(a_site(status="active"))).is_empty
    # From now on that is the source's word: its next change is a change again.
    assert diff(any_database, reading(a_site(status="retired"))).summary() == "1 update"


def test_different_edits_on_both_sides_are_a_conflict_that_stays_until_decided(any_database):
    take(any_database, reading(a_site(status="planned", name="Zaal")))
    edit(any_database, SITE, status="active")
    theirs = reading(a_site(status="retired", name="Zaal 2"))

    changes = diff(any_database, theirs)

    (conflict,) = changes.of_kind("conflict")
    assert conflict.fields == (FieldChange("status", "active", "retired", "planned"),)
    assert [item.field for item in changes.of_kind("update")[0].fields] == ["name"]
    apply(any_database, changes, who="ann")
    site = take_snapshot(any_database).sites[0]
    assert (site.status, site.name) == ("active", "Zaal 2")
    assert diff(any_database, theirs).summary() == "1 conflict"


@pytest.mark.parametrize(
    ("policy", "status", "summary"), [("ours", "active", "1 keep"), ("theirs", "retired", "1 update")]
)
def test_a_policy_settles_a_conflict_for_good(any_database, policy, status, summary):
    take(any_database, reading(a_site(status="planned")))
    edit(any_database, SITE, status="active")
    theirs = reading(a_site(status="retired"))

    changes = diff(any_database, theirs, conflicts=policy)

    assert changes.summary() == summary
    apply(any_database, changes, who="ann")
    assert take_snapshot(any_database).sites[0].status == status
    assert diff(any_database, theirs).is_empty


def test_absent_is_not_empty_and_empty_is_not_absent(any_database):
    take(any_database, reading(a_site(landlord="Regie der Gebouwen", time_zone="Europe/Brussels")))

    changes = diff(any_database, reading(a_site(time_zone=None)))

    (change,) = changes.changes
    assert change.fields == (FieldChange("time_zone", "Europe/Brussels", None, "Europe/Brussels"),)
    assert (
        NotCompared("sites", "landlord", "source", 1, "the source does not tell it") in changes.not_compared
    )
    apply(any_database, changes, who="ann")
    site = take_snapshot(any_database).sites[0]
    assert (site.landlord, site.time_zone) == ("Regie der Gebouwen", None)


def test_what_another_source_does_not_know_disputes_nothing(any_database):
    take(any_database, reading(a_site(landlord="Regie der Gebouwen"), source="netbox:a"))
    sheet = reading(a_site("s1", name="Site 1", slug="site-1", landlord=None), source="spreadsheet:b")

    changes = diff(any_database, sheet)

    assert changes.summary() == "1 link"
    assert (
        NotCompared("sites", "landlord", "source", 1, "the source has no value for it")
        in changes.not_compared
    )
    apply(any_database, changes, who="ann")
    assert take_snapshot(any_database).sites[0].landlord == "Regie der Gebouwen"
    assert diff(any_database, sheet).is_empty
    # Who lets the source decide gets its empty field, too.
    theirs = diff(any_database, sheet, conflicts="theirs")
    assert [item.fields for item in theirs.of_kind("update")] == [
        (FieldChange("landlord", "Regie der Gebouwen", None, None),)
    ]


def test_a_field_the_inventory_has_not_is_said(any_database):
    changes = diff(any_database, reading(a_site("1", colour="red"), a_site("2", colour="red")))

    assert (
        NotCompared("sites", "colour", "inventory", 2, "the inventory has no such field")
        in changes.not_compared
    )


def test_an_empty_field_that_can_not_be_unknown_takes_its_default(any_database):
    take(any_database, reading(a_site(physical_address=None, status=None)))

    site = take_snapshot(any_database).sites[0]
    assert (site.physical_address, site.status) == ("", "active")
    assert diff(any_database, reading(a_site(physical_address=None, status=None))).is_empty


# --- several sources -----------------------------------------------------------------------------------------


def test_a_second_source_is_tied_to_the_object_and_fills_what_is_unknown(any_database):
    take(any_database, reading(a_site("7", slug="anl", landlord=None)))
    sheet = reading(a_site("row 3", name="Site 7", slug="anl", landlord="STIB"), source="sheet")

    changes = diff(any_database, sheet)

    assert changes.counts() == {"update": 1, "link": 1}
    apply(any_database, changes, who="ann")
    assert take_snapshot(any_database).sites[0].landlord == "STIB"
    assert [line.source for line in sources_of(any_database, SITE)] == ["netbox:test", "sheet"]
    assert diff(any_database, sheet).is_empty


def test_a_second_source_that_says_otherwise_is_a_conflict(any_database):
    take(any_database, reading(a_site("7", slug="anl", name="Anderlecht")))

    changes = diff(any_database, reading(a_site("x", slug="anl", name="Anderlecht 2"), source="sheet"))

    (conflict,) = changes.of_kind("conflict")
    assert conflict.fields == (FieldChange("name", "Anderlecht", "Anderlecht 2", None),)
    apply(any_database, changes, who="ann")
    assert take_snapshot(any_database).sites[0].name == "Anderlecht"


def test_what_one_source_changes_is_ours_to_the_other(any_database):
    take(any_database, reading(a_site(slug="anl", status="planned")))
    take(any_database, reading(a_site("x", name="Site 1", slug="anl", status="planned"), source="sheet"))
    take(any_database, reading(a_site(slug="anl", status="active")))

    assert diff(
        any_database, reading(a_site("x", name="Site 1", slug="anl", status="planned"), source="sheet")
    ).is_empty


# --- what was shown is what is applied -----------------------------------------------------------------------


def test_a_change_set_goes_through_json_and_still_applies(any_database):
    changes = diff(any_database, reading(a_site(latitude=50.8), *its_type(), a_device()))

    again = from_json(ChangeSet, to_json(changes))

    assert again == changes
    apply(any_database, again, who="ann")
    assert take_snapshot(any_database).sites[0].latitude == 50.8


def test_a_change_set_of_an_older_revision_is_refused(any_database):
    changes = diff(any_database, reading(a_site()))
    take(any_database, reading(a_site("2"), source="other"))

    with pytest.raises(StaleError, match="approve"):
        apply(any_database, changes, who="ann")

    assert [site.name for site in take_snapshot(any_database).sites] == ["Site 2"]


def test_an_altered_change_set_is_refused(any_database):
    changes = diff(any_database, reading(a_site()))
    altered = replace(changes, changes=(replace(changes.changes[0], values={"name": "x", "slug": "x"}),))

    with pytest.raises(StaleError, match="not the ones that were shown"):
        apply(any_database, altered, who="ann")


def test_the_same_differences_have_the_same_hash_whenever_they_are_read(any_database):
    later = replace(reading(a_site()), read_at=NOW + timedelta(days=1))

    assert diff(any_database, reading(a_site())).content_hash == diff(any_database, later).content_hash


def test_the_history_says_who_what_when_from_which_source_before_and_after(any_database):
    take(any_database, reading(a_site(status="planned")))
    apply(
        any_database,
        diff(any_database, reading(a_site(status="active"))),
        who="bea",
        reason="ticket 12",
        at=NOW,
    )

    line = history(any_database, SITE)[0]

    assert (line.who, line.source, line.operation, line.at, line.reason) == (
        "bea",
        "netbox:test",
        "update",
        NOW,
        "ticket 12",
    )
    assert (line.before, line.after, line.revision) == ({"status": "planned"}, {"status": "active"}, 2)
    assert history(any_database, SITE)[1].operation == "create"


# --- what a source may say -----------------------------------------------------------------------------------


def test_values_that_fit_no_field_are_told_together_and_nothing_is_compared(any_database):
    bad = (
        a_site("1", latitude="north"),
        a_site("2", latitude=float("nan")),
        a_site("3", region_id=SourceRef("tenants", "1")),
        a_site("4", lease_end="2026-01-01"),
        SourceObject("racks", "1", {"name": "R", "site_id": SourceRef("sites", "1"), "height_u": 10**30}),
        SourceObject("racks", "2", {"name": "R"}),
    )

    with pytest.raises(SeveralErrors) as caught:
        diff(any_database, reading(*bad))

    assert sorted(error.what.split()[0] for error in caught.value.errors) == [
        "height_u",
        "latitude",
        "latitude",
        "lease_end",
        "region_id",
        "site_id",
    ]
    assert caught.value.errors[-1].where == "sheet Sites, row 4" or any(
        error.where == "sheet Sites, row 4" for error in caught.value.errors
    )


@pytest.mark.parametrize(
    "objects",
    [
        (SourceObject("rooms", "1", {}),),
        (a_site("1"), a_site("1")),
        (a_site("9" * 501),),
        (a_site(""),),
    ],
    ids=["unknown list", "twice", "too long an id", "no id"],
)
def test_objects_nobody_could_keep_are_refused(any_database, objects):
    with pytest.raises(SeveralErrors):
        diff(any_database, reading(*objects))


HOSTILE = (
    "{{ lookup('pipe', 'id') }}",
    "=cmd|' /C calc'!A0",
    "'; drop table sites; --",
    "[red]markup[/] <script>alert(1)</script>",
    "../../etc/passwd",
    "!!python/object/apply:os.system ['id']",
    "\u202egnol\u202c 💾 ﷽ line\nbreak\ttab\r",
    "x" * 1_000_000,
    "%s %(x)s {0} :name ?",
)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_kept_as_it_is(any_database, hostile):
    snapshot = reading(a_site(name=hostile, slug=hostile, physical_address=hostile))
    take(any_database, snapshot)

    site = take_snapshot(any_database).sites[0]
    assert (site.name, site.slug, site.physical_address) == (hostile, hostile, hostile)
    assert diff(any_database, snapshot).is_empty


def test_characters_no_database_keeps_are_replaced_and_stay_so(any_database):
    snapshot = reading(a_site(name="a\0b\ud800c"))
    take(any_database, snapshot)

    assert take_snapshot(any_database).sites[0].name == "a\ufffdb\ufffdc"
    assert diff(any_database, snapshot).is_empty


def test_both_databases_end_up_with_the_same_document(url, fresh):
    with open_database(url) as one, fresh() as other:
        for database in (one, other):
            take(database, reading(a_site(latitude=50.1), *its_type(), a_device(position=1.5)))

        assert take_snapshot(one) == take_snapshot(other)


def test_the_inventory_read_back_in_the_sources_terms_is_what_it_told(any_database):
    take(any_database, reading(a_site(), *its_type(), a_device(position=3.0)))

    told = as_told(any_database, "netbox:test")

    assert told["devices", "1"]["site_id"] == SourceRef("sites", "1")
    assert told["devices", "1"]["position"] == 3.0
