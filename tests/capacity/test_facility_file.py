"""Reading facility.yaml: Vorst as published, resolved; and each defect with its line, path and remedy."""

from __future__ import annotations

import math
import re

import pytest

from capacity.facility import Facility
from capacity.facility_file import default_text, path_parts, read_facility
from inventory.documents import from_json, json_schema, to_json
from inventory.errors import InputError, SeveralErrors, VorstError


@pytest.fixture(scope="module")
def vorst() -> Facility:
    return read_facility(default_text())


def test_the_default_is_vorst_as_published(vorst: Facility) -> None:
    assert (vorst.gross_area_m2, vorst.useful_area_m2) == (1500, 750)
    assert {e.partner: e.area_m2 for e in vorst.entitlements} == {
        "cirb": 280,
        "stib": 150,
        "sibelga": 100,
        "others": 220,
    }
    assert len(vorst.positions) == 190
    assert sum(position.area_m2 for position in vorst.positions) <= 750


def test_published_values_name_their_source_and_all_others_are_assumptions(vorst: Facility) -> None:
    published = {source.path for source in vorst.sources}
    assert {"area.gross_m2", "area.useful_m2", "entitlements[0].area_m2"} <= published
    assert all(source.source for source in vorst.sources)
    assumed = {path_parts(assumption.path)[0] for assumption in vorst.assumptions}
    assert {"supply", "pools", "rack_models", "cooling_zones", "halls", "pue", "phases"} <= assumed
    values = {source.path: source.value for source in (*vorst.sources, *vorst.assumptions)}
    assert values["area.gross_m2"] == "1500"


def test_each_position_has_two_feeds_of_its_rows_busbars(vorst: Facility) -> None:
    nodes = {node.name: node for node in vorst.supply}
    for position in vorst.positions:
        busbars = {nodes[feed].sources for feed in position.feeds}
        assert busbars == {(f"{position.hall}-{position.row}-A",), (f"{position.hall}-{position.row}-B",)}
    feed = nodes["H1-R1-01-A"]
    assert feed.rating_w == pytest.approx(math.sqrt(3) * 400 * 16, abs=0.01)
    assert feed.derating == 0.8


def test_positions_stand_on_the_floor_row_by_row(vorst: Facility) -> None:
    row = [p for p in vorst.positions if (p.hall, p.row) == ("H1", "R1")]
    assert [p.index for p in row] == list(range(1, 20))
    assert row[1].x_m - row[0].x_m == pytest.approx(row[0].width_m)
    restricted = [p.name for p in vorst.positions if p.security_zone == "restricted"]
    assert restricted == [f"H1-R4-{n}" for n in range(13, 20)]


def test_standing_racks_hold_their_kit_and_occupants(vorst: Facility) -> None:
    rack = vorst.racks[0]
    names = [(item.name, item.role) for item in rack.contents]
    assert ("switch-1", "kit") in names
    assert ("irisnet-core-1", "occupant") in names
    core = next(item for item in rack.contents if item.name == "irisnet-core-1")
    assert [supply.feed for supply in core.supplies] == ["H1-R1-01-A"] * 2 + ["H1-R1-01-B"] * 2


def test_the_document_goes_through_json_and_keeps_its_hash(vorst: Facility) -> None:
    assert from_json(Facility, to_json(vorst)) == vorst
    assert vorst.content_hash.startswith("sha256:")
    changed = read_facility(default_text().replace("pue: 1.3", "pue: 1.4"))
    assert changed.content_hash != vorst.content_hash
    assert "SupplyNode" in json_schema(Facility)["$defs"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("pue: 1.3", "pue: 0.9", r"line \d+: pue.*found 0.9"),
        ("pue: 1.3", "pue: 1.3\ncolour: blue", r"colour.*remove or rename"),
        ("rating_kw: 2500", "rating_kw: -1", r"line 27: supply\[0\].rating_kw.*found -1"),
        (
            "sources: [utility, generator]}",
            "sources: [utility, nowhere]}",
            r"no supply node 'nowhere'.*use one of",
        ),
        ("{name: utility, kind", "{name: generator, kind", r"'generator' stands 2 times"),
        ("phase: phase-1}", "phase: phase-9}", r"no phase 'phase-9'.*phase-1"),
        ("redundant_units: 1", "redundant_units: 7", r"keeps 7 of 7 units in reserve"),
        ("x_m: 2.0, y_m: 2.4", "x_m: 9.0, y_m: 2.4", r"reaches outside the polygon"),
        ("position: H1-R1-01", "position: H9-R1-01", r"no position 'H9-R1-01'"),
        ("position: H1-R2-01", "position: H1-R1-01", r"2 racks stand at position 'H1-R1-01'"),
        ("useful_m2: 750", "useful_m2: 500", r"halls have 750 m².*500 m²"),
        ("per_position_m2: 3.9", "per_position_m2: 5", r"positions need 475 m².*375 m²"),
        ("cords: [0, 1]", "cords: [0, 2]", r"cord to feed 2.*use 0 to 1"),
        ("cords: [0, 1]", "cords: [0]", r"is 1\+1 but has 1 cords"),
        ("position: 42, height_u: 1", "position: 42, height_u: 3", r"above the rack's 42 U"),
        ("basis: footprint", "basis: point", r"basis point needs point_kg"),
        ("path: pue", "path: pui", r"nothing stands at 'pui'"),
        ("redundancy: 1+1", "redundancy: twice", r"redundancy"),
        ("host_type: cloud-host-2u", "host_type: mainframe", r"no host type 'mainframe'"),
        ("ready_on: 2027-01-04", "ready_on: soon", r"phases\[0\].ready_on.*found 'soon'"),
        ("feed_type: standard", "feed_type: huge", r"no feed type 'huge'"),
    ],
)
def test_a_defect_is_named_with_its_place_and_remedy(old: str, new: str, complaint: str) -> None:
    text = default_text()
    assert old in text
    with pytest.raises(VorstError) as caught:
        read_facility(text.replace(old, new, 1))
    error = caught.value
    messages = [str(single) for single in error.errors] if isinstance(error, SeveralErrors) else [str(error)]
    assert any(re.search(complaint, message) for message in messages), messages
    assert all(message.startswith("facility.yaml") for message in messages)


def test_a_loop_in_the_supply_graph_is_named() -> None:
    text = default_text().replace(
        "kind: utility, rating_kw: 2500, derating: 1.0", "kind: utility, rating_kw: 2500, sources: [lv-a]"
    )
    with pytest.raises(SeveralErrors) as caught:
        read_facility(text)
    assert any("feeds itself" in str(error) for error in caught.value.errors)


@pytest.mark.parametrize("text", ["", "[]", "a: [", "just words", "\x00"])
def test_what_is_no_facility_at_all_is_refused(text: str) -> None:
    with pytest.raises(VorstError, match=r"facility\.yaml"):
        read_facility(text)


def test_yaml_objects_are_not_made() -> None:
    with pytest.raises(InputError, match="not YAML"):
        read_facility("!!python/object/apply:os.system ['true']")
