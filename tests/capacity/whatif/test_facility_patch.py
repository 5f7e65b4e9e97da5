"""A patch on the facility or the calendar changes what its path names, and says so; a path to nothing is refused."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from whatif_cases import lines, the_present, with_patch

from capacity.facility_file import default_text, read_facility
from capacity.scenarios import facility_text
from inventory.errors import InputError, VorstError


def busbars_w(patched) -> dict[str, float]:
    supply = patched.inputs.facility.supply
    return {node.name: node.rating_w for node in supply if node.kind == "panel"}


def test_rows_that_an_anchor_makes_one_list_are_changed_apart():
    after = busbars_w(with_patch("facility", '{add: "halls[H1].rows[R3].busbar_kw", by: 2}'))
    assert (after["H1-R3-A"], after["H1-R3-B"]) == (162_000, 162_000)
    assert (after["H2-R3-A"], after["H1-R2-A"]) == (160_000, 160_000)


def test_a_wildcard_reaches_every_member_and_tells_of_each():
    patched = with_patch("facility", '{scale: "supply[ups-a?].rating_kw", by: 1.1}')
    assert lines(patched) == ["supply[ups-a1].rating_kw: 700 → 770", "supply[ups-a2].rating_kw: 700 → 770"]


def test_decimal_figures_stay_decimal():
    patched = with_patch("facility", "{set: pue, to: 1.1}", "{add: pue, by: 0.2}")
    assert patched.inputs.facility_data["pue"] == 1.3


def test_a_date_moves_by_days():
    patched = with_patch("facility", '{add: "phases[phase-2].ready_on", by: 90}')
    assert patched.inputs.facility.phases[1].ready_on == date(2027, 8, 30)


def test_a_number_counts_members_unless_it_is_quoted():
    patched = with_patch("facility", '{set: "halls[1].useful_area_m2", to: 371}')
    assert [hall.useful_area_m2 for hall in patched.inputs.facility.halls] == [375, 371]
    with pytest.raises(InputError, match="no '1' in halls"):
        with_patch("facility", """{set: 'halls["1"].useful_area_m2', to: 370}""")


def test_members_come_and_go():
    patched = with_patch(
        "facility",
        '{remove: "pools[restricted]"}',
        '{copy: "supply[ups-a1]", with: {name: ups-a3}}',
        '{append: "supply[lv-a].sources", member: ups-a3}',
        "{append: racks, member: {id: new, model: rack-42u-800x1200, position: H1-R1-03, owner: stib}}",
    )
    facility = patched.inputs.facility
    assert [pool.name for pool in facility.pools] == ["general"]
    assert {node.name: node.sources for node in facility.supply}["lv-a"] == ("ups-a1", "ups-a2", "ups-a3")
    assert facility.racks[-1].id == "new"


def test_the_present_keeps_its_facility_and_equal_facilities_have_equal_hashes():
    present = the_present()
    before = yaml.safe_load(default_text())
    up = with_patch("facility", "{add: pue, by: 0.1}", present=present)
    back = with_patch("facility", "{add: pue, by: 0.1}", "{add: pue, by: -0.1}", present=present)
    assert present.facility_data == before
    assert up.inputs.facility.content_hash != present.facility.content_hash
    assert back.inputs.facility.content_hash == present.facility.content_hash
    assert back.inputs.content_hash == present.content_hash


def test_a_published_value_that_is_changed_is_published_no_more():
    facility = with_patch("facility", '{set: "entitlements[stib].area_m2", to: 200}').inputs.facility
    assert "entitlements[1].area_m2" not in [source.path for source in facility.sources]
    note = next(a for a in facility.assumptions if a.path == "entitlements[1].area_m2")
    assert (note.value, "scenario x" in note.note) == ("200", True)


def test_notes_follow_their_members_when_one_goes():
    present = the_present()
    said = {s.path: s.value for s in present.facility.sources}
    facility = with_patch("facility", '{remove: "entitlements[stib]"}', present=present).inputs.facility
    after = {s.path: s.value for s in facility.sources}
    assert after["entitlements[1].area_m2"] == said["entitlements[2].area_m2"] == "100"
    assert "entitlements[3].area_m2" not in after


def test_the_patched_facility_can_be_written_and_read_again():
    patched = with_patch("facility", '{add: "halls[*].rows[*].busbar_kw", by: 5}')
    again = read_facility(facility_text(patched.inputs.facility_data))
    assert again.content_hash == patched.inputs.facility.content_hash


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ('{add: "halls[H1].rows[R9].busbar_kw", by: 2}', "no 'R9' in halls[H1].rows (use one of R1, R2"),
        ('{add: "halls[*].rows[R1].busbar_kww", by: 2}', "did you mean busbar_kw?"),
        ('{add: "feed_types.stndard.amperage_a", by: 2}', "did you mean standard?"),
        ('{add: "halls.H1.rows", by: 2}', "name a member: halls[…] (did you mean [H1]?)"),
        ('{add: "halls[H1].rows", by: 2}', "is a list, not a number"),
        ("{add: name, by: 2}", "name is 'Vorst', not a number"),
        ('{add: "halls[H1", by: 2}', "is no path"),
        ('{add: "halls[H1]rows", by: 2}', "put a dot between"),
        ("{set: puee, to: 1.2}", "puee: there is no such key (did you mean pue?)"),
        ("{set: pue, to: 0.5}", "pue: Input should be greater than or equal to 1"),
        ('{remove: "supply[ups-a1]"}', "no supply node 'ups-a1'"),
        ('{copy: "supply[ups-*]", with: {name: u}}', "names 4 members"),
        ('{add: "phases[phase-1].ready_on", by: 0.5}', "add whole days"),
    ],
)
def test_what_the_facility_can_not_be_is_refused_where_it_was_written(operation, said):
    with pytest.raises(VorstError) as caught:
        with_patch("facility", operation)
    assert "s.yaml line 4, scenario x" in str(caught.value)
    assert said in str(caught.value)


def test_a_patch_that_changes_nothing_is_said():
    patched = with_patch("facility", "{set: pue, to: 1.3}", "{add: pue, by: 0.1}")
    assert [change.where for change in patched.idle] == ["s.yaml line 4, scenario x"]


# The calendar


def test_the_calendar_is_patched_in_the_words_of_vorst_toml():
    patched = with_patch(
        "calendar", "{add: resources.crew.capacity, by: 2}", "{scale: work.cutover_minutes, by: 0.5}"
    )
    calendar = patched.inputs.calendar
    assert {resource.name: resource.capacity for resource in calendar.resources}["crew"] == 8
    assert calendar.work.cutover_minutes == 6


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("{add: resources.crews.capacity, by: 1}", "did you mean crew?"),
        ("{set: resources.crew.capcity, to: 1}", "did you mean capacity?"),
        ("{remove: resources.crew}", "no resource crew"),
        ("{set: time_zone, to: Mars/North}", "no time zone 'Mars/North'"),
        ("{set: horizon_days, to: 0}", "greater than or equal to 1"),
    ],
)
def test_what_the_calendar_can_not_be_is_refused_where_it_was_written(operation, said):
    with pytest.raises(VorstError) as caught:
        with_patch("calendar", operation)
    assert "s.yaml line 4, scenario x" in str(caught.value)
    assert said in str(caught.value)
