"""What every source must hand over: one suite for all of them, after `inventory/sources/contract.py`.

A source takes part by a fixture in SOURCES that returns its snapshot of some real input.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from types import NoneType
from typing import Any

import pytest
from netbox_server import V2_TOKEN, RecordedNetBox
from workbooks import a_region, write_book

from inventory.estate import LISTS
from inventory.fields import fields_of
from inventory.sources.contract import SourceObject, SourceRef, SourceSnapshot
from inventory.sources.netbox import read_netbox
from inventory.sources.references import needed_fields
from inventory.sources.spreadsheet import read_spreadsheet

SHARED = Path(__file__).parents[4] / "shared"

PLAIN = (str, int, float, bool, date, datetime, NoneType, SourceRef)


def netbox_snapshot() -> SourceSnapshot:
    if not (SHARED / "netbox").is_dir():
        pytest.skip("the recorded NetBox (../shared/netbox) isn't there")
    with RecordedNetBox(SHARED / "netbox") as server:
        return read_netbox(server.url, V2_TOKEN)


def spreadsheet_snapshot() -> SourceSnapshot:
    with tempfile.TemporaryDirectory() as folder:
        return read_spreadsheet(write_book(Path(folder) / "region.xlsx", a_region()))


SOURCES: dict[str, Callable[[], SourceSnapshot]] = {
    "netbox": netbox_snapshot,
    "spreadsheet": spreadsheet_snapshot,
}


@pytest.fixture(scope="module", params=sorted(SOURCES))
def snapshot(request: pytest.FixtureRequest) -> SourceSnapshot:
    return SOURCES[request.param]()


def values_of(item: SourceObject) -> Iterator[tuple[str, Any]]:
    for name, value in item.fields.items():
        yield from ((name, part) for part in value) if isinstance(value, tuple) else ((name, value),)


def test_it_names_itself_and_holds_objects(snapshot: SourceSnapshot) -> None:
    assert snapshot.source
    assert snapshot.objects


def test_kinds_are_lists_of_the_estate(snapshot: SourceSnapshot) -> None:
    assert {item.kind for item in snapshot.objects} <= set(LISTS)
    assert snapshot.complete_kinds <= set(LISTS)


def test_an_object_appears_once(snapshot: SourceSnapshot) -> None:
    seen = Counter((item.kind, item.external_id) for item in snapshot.objects)
    assert [key for key, times in seen.items() if times > 1] == []


def test_ids_are_text_and_not_empty(snapshot: SourceSnapshot) -> None:
    assert [
        item for item in snapshot.objects if not isinstance(item.external_id, str) or not item.external_id
    ] == []


def test_fields_are_fields_of_the_row_and_never_its_id(snapshot: SourceSnapshot) -> None:
    strange = {
        (item.kind, name)
        for item in snapshot.objects
        for name in item.fields
        if name not in fields_of(item.kind)
    }
    assert strange == set()


def test_an_object_has_all_its_row_needs(snapshot: SourceSnapshot) -> None:
    lacking = {
        (item.kind, name)
        for item in snapshot.objects
        for name in needed_fields(item.kind)
        if name not in item.fields
    }
    assert lacking == set()


def test_a_reference_that_is_needed_is_there(snapshot: SourceSnapshot) -> None:
    empty = [
        (item.kind, item.external_id, name)
        for item in snapshot.objects
        for name in needed_fields(item.kind)
        if (name.endswith("_id") or name == "object") and not isinstance(item.fields[name], SourceRef)
    ]
    assert empty == []


def test_values_are_plain(snapshot: SourceSnapshot) -> None:
    odd = {
        (item.kind, name, type(value))
        for item in snapshot.objects
        for name, value in values_of(item)
        if type(value) not in PLAIN
    }
    assert odd == set()


def test_moments_are_aware(snapshot: SourceSnapshot) -> None:
    naive = [
        (item.kind, name)
        for item in snapshot.objects
        for name, value in values_of(item)
        if isinstance(value, datetime) and value.tzinfo is None
    ]
    assert naive == []
    assert snapshot.read_at is None or snapshot.read_at.tzinfo is not None


def test_references_to_lists_of_the_estate_resolve_inside_the_snapshot(snapshot: SourceSnapshot) -> None:
    present = {(item.kind, item.external_id) for item in snapshot.objects}
    lost = [
        (item.kind, item.external_id, name, value)
        for item in snapshot.objects
        for name, value in values_of(item)
        if isinstance(value, SourceRef)
        and value.kind in LISTS
        and (value.kind, value.external_id) not in present
    ]
    assert lost == []


def test_fields_that_end_in_id_hold_references(snapshot: SourceSnapshot) -> None:
    wrong = {
        (item.kind, name)
        for item in snapshot.objects
        for name, value in item.fields.items()
        if name.endswith("_id") and not isinstance(value, SourceRef | NoneType)
    }
    assert wrong == set()


def test_fields_are_a_mapping_and_warnings_are_sentences(snapshot: SourceSnapshot) -> None:
    assert all(isinstance(item.fields, Mapping) for item in snapshot.objects)
    assert all(isinstance(warning, str) and warning.strip() for warning in snapshot.warnings)
