"""The template: what it offers, that a filled one comes back as it was filled, and what a synced one leaves behind."""

from __future__ import annotations

import tempfile
import time as clock
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet
from workbooks import Book, a_region, write_book

from inventory import sync
from inventory.database import create_database
from inventory.errors import InputError
from inventory.snapshot import take_snapshot
from inventory.sources.contract import SourceRef, SourceSnapshot
from inventory.sources.spreadsheet import read_spreadsheet
from inventory.sources.spreadsheet_columns import READ_ME, Column, match_header
from inventory.sources.spreadsheet_sheets import SHEET_BY_NAME, SHEETS
from inventory.sources.spreadsheet_template import write_template


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "rooms.xlsx"
    write_template(path)
    return path


def fill(template: Path, path: Path, book: Book) -> Path:
    """A copy of the template with these rows under its headers."""
    workbook = openpyxl.load_workbook(template)
    for name, rows in book.items():
        page = workbook[name]
        headers = [cell.value for cell in page[1]]
        for number, row in enumerate(rows, start=2):
            for header, value in row.items():
                cell = page.cell(number, headers.index(header) + 1)
                cell.value = value
                if isinstance(value, str):
                    cell.data_type = "s"
    workbook.save(path)
    return path


def contents(snapshot: SourceSnapshot) -> dict[tuple[str, str], dict[str, Any]]:
    return {(item.kind, item.external_id): dict(item.fields) for item in snapshot.objects}


# --- what it offers --------------------------------------------------------------------------------------------------


def test_it_has_every_sheet_with_frozen_headers_and_a_note_per_column(template: Path) -> None:
    workbook = openpyxl.load_workbook(template)
    assert workbook.sheetnames == [READ_ME, *(sheet.name for sheet in SHEETS)]
    for sheet in SHEETS:
        page = workbook[sheet.name]
        assert [cell.value for cell in page[1]] == [column.header for column in sheet.columns]
        assert page.freeze_panes == "A2"
        for cell, column in zip(page[1], sheet.columns, strict=True):
            assert cell.comment is not None
            assert column.note in cell.comment.text
            assert ("Required" in cell.comment.text) == column.required
            assert dimension(page, cell.column).width >= 10


def dimension(page: Worksheet, index: int) -> Any:
    """The width and format of a column; neighbours that look alike share one entry."""
    return next(found for found in page.column_dimensions.values() if found.min <= index <= found.max)


def drop_down(page: Worksheet, letter: str) -> str:
    """The source of the list that validates a column's first row; "" without one."""
    for validation in page.data_validations.dataValidation:
        if validation.type == "list" and any(
            area.coord.startswith(f"{letter}2") for area in validation.sqref.ranges
        ):
            return str(validation.formula1)
    return ""


def test_every_enumeration_and_reference_has_a_drop_down(template: Path) -> None:
    workbook = openpyxl.load_workbook(template)
    for sheet in SHEETS:
        page = workbook[sheet.name]
        for cell, column in zip(page[1], sheet.columns, strict=True):
            source = drop_down(page, cell.column_letter)
            if column.choices:
                assert source.strip('"').split(",") == list(column.choices), column.header
            elif column.kind in {"reference", "object"}:
                assert column.refers_to[0] in source, column.header
            elif not column.suggestions:
                assert source == "", column.header


def test_a_reference_list_looks_at_the_naming_column(template: Path) -> None:
    workbook = openpyxl.load_workbook(template)
    page = workbook["Devices"]
    letters = {cell.value: cell.column_letter for cell in page[1]}
    names = {"Site": "'Sites'!$A$2", "Rack": "'Racks'!$C$2", "Device type": "'Device types'!$B$2"}
    for header, start in names.items():
        assert start in drop_down(page, letters[header])
    assert workbook["Racks"]["C1"].value == "Name"
    assert workbook["Device types"]["B1"].value == "Model"


def test_text_columns_keep_leading_zeros(template: Path) -> None:
    page = openpyxl.load_workbook(template)["Devices"]
    columns = {cell.value: cell.column for cell in page[1]}
    assert dimension(page, columns["Serial"]).number_format == "@"
    assert dimension(page, columns["Position (U)"]).number_format == "General"


def test_the_read_me_explains_every_column_and_is_never_imported(template: Path, tmp_path: Path) -> None:
    page = openpyxl.load_workbook(template)[READ_ME]
    told = {(row[0], row[1]) for row in page.iter_rows(values_only=True)}
    assert {(sheet.name, column.header) for sheet in SHEETS for column in sheet.columns} <= told
    snapshot = read_spreadsheet(fill(template, tmp_path / "filled.xlsx", {"Sites": [{"Name": "City Hall"}]}))
    assert [item.external_id for item in snapshot.objects] == ["Sites!city-hall"]
    assert snapshot.warnings == ()


def test_an_untouched_template_is_nothing_to_import(template: Path) -> None:
    with pytest.raises(InputError, match="no row is filled in"):
        read_spreadsheet(template)


def test_every_example_is_taken_by_its_own_column() -> None:
    for sheet in SHEETS:
        for column in sheet.columns:
            if column.example:
                column.read(column.example, ".")


def test_every_header_and_alias_names_one_column() -> None:
    for sheet in SHEETS:
        for column in sheet.columns:
            match = match_header(sheet, column.header)
            assert match is not None, (sheet.name, column.header)
            assert match.column is column, (sheet.name, column.header)
            assert match.wrong_unit == ""


def test_a_file_is_not_overwritten_unasked(template: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the file exists"):
        write_template(template)
    path = tmp_path / "rooms.xlsx"
    path.write_bytes(b"mine")
    write_template(path, overwrite=True)
    assert path.stat().st_size > 1000


def test_a_folder_gets_one_csv_per_sheet_and_reads_back(tmp_path: Path) -> None:
    folder = tmp_path / "rooms"
    files = write_template(folder)
    assert {file.name for file in files} == {f"{sheet.name}.csv" for sheet in SHEETS} | {f"{READ_ME}.csv"}
    with (folder / "Sites.csv").open("a", encoding="utf-8") as stream:
        stream.write("City Hall\n")
    assert [item.external_id for item in read_spreadsheet(folder).objects] == ["Sites!city-hall"]


def test_a_csv_file_is_the_sheet_of_its_name(tmp_path: Path) -> None:
    write_template(tmp_path / "device-types.csv")
    header = (tmp_path / "device-types.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert header.split(",") == [column.header for column in SHEET_BY_NAME["Device types"].columns]
    with pytest.raises(InputError, match="no sheet is named"):
        write_template(tmp_path / "menu.csv")


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be written"):
        write_template(tmp_path / "none" / "rooms.xlsx")


# --- properties ------------------------------------------------------------------------------------------------------

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="\ufeff"),
    min_size=1,
    max_size=20,
)


def value_of(column: Column) -> st.SearchStrategy[tuple[Any, Any]]:
    """What a person may type in a column, with what it must come back as."""
    if column.kind in {"number", "integer"}:
        low = column.low if column.low is not None else (column.above or 0)
        steps = column.step or (1 if column.kind == "integer" else None)
        if steps:
            first = int(low / steps) + (1 if column.above is not None else 0)
            numbers = st.integers(first, int((column.high or 1e6) / steps)).map(lambda n: n * steps)
        else:
            # In steps of a millionth: Excel keeps 15 digits, and nobody types more.
            first = round(low * 1e6) + (1 if column.above is not None else 0)
            numbers = st.integers(first, round((column.high or 1e6) * 1e6)).map(lambda n: n / 1e6)
        return numbers.map(lambda n: (n, int(n) if column.kind == "integer" else float(n)))
    if column.kind == "boolean":
        return st.sampled_from([("yes", True), ("Nee", False), (True, True), ("FAUX", False)])
    if column.kind == "choice":
        return st.sampled_from(column.choices).flatmap(
            lambda choice: st.sampled_from(
                [(choice, choice), (choice.upper(), choice), (choice.replace("-", " "), choice)]
            )
        )
    if column.kind == "weekday":
        return st.integers(0, 6).map(lambda day: (column.choices[day], day))
    if column.kind == "date":
        return st.dates(date(1990, 1, 1), date(2100, 12, 31)).map(lambda day: (day, day))
    if column.kind == "clock":
        return st.integers(0, 1439).map(lambda minute: (time(minute // 60, minute % 60), minute))
    if column.kind == "redundancy":
        return (
            st.tuples(st.integers(1, 9), st.integers(0, 9))
            .map(lambda pair: (f"{pair[0]} + {pair[1]}",) * 2)
            .map(lambda pair: (pair[0], pair[0].replace(" ", "")))
        )
    if column.kind == "address":
        return st.ip_addresses().map(lambda address: (str(address), str(address)))
    return WORDS.filter(lambda text: text.strip() == text and not text.startswith("#")).map(
        lambda text: (text, text)
    )


# Sheet, its list, and the columns whose values stand in a relation to others (kept as the region has them).
FREE = [
    ("Sites", "sites", {"Name", "Slug", "Latitude", "Longitude"}),
    ("Rooms", "locations", {"Name", "Slug"}),
    ("Racks", "racks", {"Name", "Height (U)", "Starting unit"}),
    (
        "Device types",
        "device_types",
        {"Model", "Slug", "Height (U)", "Power supplies", "Draw per supply (W)"},
    ),
    ("Devices", "devices", {"Name", "Position (U)", "Parent bay"}),
    ("Virtual machines", "virtual_machines", {"Name", "Memory (MB)", "Disk (MB)"}),
    ("Applications", "applications", {"Name", "Slug"}),
    ("Power", "power_feeds", {"Panel", "Feed"}),
    ("Windows", "change_windows", {"Kind", "Valid from", "Valid until"}),
    ("Circuits", "circuits", {"Circuit id"}),
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_filled_in_comes_back(template: Path, data: st.DataObject) -> None:
    name, kind, kept = data.draw(st.sampled_from(FREE))
    sheet = SHEET_BY_NAME[name]
    book = a_region()
    expected: dict[str, Any] = {}
    for column in sheet.columns:
        if column.header in kept or column.is_reference or column.kind == "naming":
            continue
        book[name][0][column.header], expected[column.field] = data.draw(
            value_of(column), label=column.header
        )
    if name == "Devices":  # serials and tags of other rows stay theirs
        book[name] = [
            {**row, "Serial": None, "Asset tag": None} if row is not book[name][0] else row
            for row in book[name]
        ]
    with tempfile.TemporaryDirectory() as folder:
        snapshot = read_spreadsheet(fill(template, Path(folder) / "filled.xlsx", book))
    found = next(item for item in snapshot.objects if item.kind == kind)
    assert {field: found.fields[field] for field in expected if field in found.fields} == {
        field: value for field, value in expected.items() if field in found.fields
    }
    assert set(expected) - set(found.fields) <= {"power_port_type", "front_ports"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    names=st.lists(
        WORDS.filter(lambda text: not text.startswith("#")), min_size=1, max_size=8, unique_by=str.casefold
    )
)
def test_names_of_any_kind_keep_their_own_ids(names: list[str]) -> None:
    book: Book = {
        "Sites": [{"Name": "Hall", "Slug": "hall"}],
        "Rooms": [{"Site": "hall", "Name": "B1", "Slug": "b1"}],
        "Racks": [{"Site": "hall", "Room": "b1", "Name": name, "Height (U)": 42} for name in names],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "names.xlsx"
        write_book(path, book)
        workbook = openpyxl.load_workbook(path)
        for number, name in enumerate(names, start=2):
            cell = workbook["Racks"].cell(number, 3)
            cell.value, cell.data_type = name, "s"
        workbook.save(path)
        racks = [item for item in read_spreadsheet(path).objects if item.kind == "racks"]
    assert [rack.fields["name"] for rack in racks] == names
    assert len({rack.external_id for rack in racks}) == len(names)


def test_five_thousand_rows_are_read_in_reasonable_time(tmp_path: Path) -> None:
    book = a_region()
    book["Racks"] += [
        {"Site": "STIB depot", "Room": "Basement", "Name": f"X{number:03}", "Height (U)": 42}
        for number in range(125)
    ]
    book["Devices"] += [
        {
            "Name": f"bulk-{number:05}",
            "Site": "STIB depot",
            "Room": "Basement",
            "Rack": f"X{number // 40:03}",
            "Device type": "PowerEdge R640",
            "Role": "Server",
            "Position (U)": number % 40 + 1,
            "Face": "front",
            "Serial": f"S{number}",
        }
        for number in range(5000)
    ]
    path = write_book(tmp_path / "large.xlsx", book)
    started = clock.process_time()
    snapshot = read_spreadsheet(path)
    assert clock.process_time() - started < 10
    assert sum(item.kind == "devices" for item in snapshot.objects) == 5004


# --- into the inventory ----------------------------------------------------------------------------------------------


def synced(tmp_path: Path, *books: Book) -> Any:
    """The estate after importing each book in turn."""
    with create_database(tmp_path / "vorst.db") as database:
        for book in books:
            snapshot = read_spreadsheet(write_book(tmp_path / "region.xlsx", book))
            changes = sync.diff(database, snapshot, delete_missing=True)
            sync.apply(database, changes, who="ann", at=datetime(2026, 3, 1, tzinfo=UTC))
        return take_snapshot(database)


def test_a_workbook_becomes_an_estate(tmp_path: Path) -> None:
    estate = synced(tmp_path, a_region())
    device = next(row for row in estate.devices if row.name == "srv-hr-01")
    rack = estate.by_id("racks")[device.rack_id]
    room = estate.by_id("locations")[rack.location_id]
    assert (device.position, device.serial, rack.name, room.name, room.area_m2) == (
        12.0,
        "007X1E5",
        "R07",
        "B1",
        24.5,
    )
    tenant = estate.by_id("tenants")[device.tenant_id]
    assert estate.by_id("tenant_groups")[tenant.group_id].slug == "stib-mivb"
    flow = estate.flows[0]
    assert (estate.find(flow.source).name, estate.find(flow.target).name, flow.rate_mbps) == (
        "HR portal",
        "Directory",
        40.5,
    )
    pair = next(row for row in estate.constraints if row.name == "pair")
    assert [estate.find(member).name for member in pair.members] == ["srv-hr-01", "srv-hr-02"]
    assert len(estate.circuits[0].site_ids) == 2
    assert len(estate.power_port_templates) == 2
    assert estate.change_windows[0].start_minute == 1320
    assert {estate.find(member.object).name for member in estate.application_members} == {
        "srv-hr-01",
        "vm-hr-web-01",
    }


def test_importing_the_same_workbook_twice_changes_nothing(tmp_path: Path) -> None:
    with create_database(tmp_path / "vorst.db") as database:
        snapshot = read_spreadsheet(write_book(tmp_path / "region.xlsx", a_region()))
        sync.apply(database, sync.diff(database, snapshot), who="ann", at=datetime(2026, 3, 1, tzinfo=UTC))
        again = sync.diff(database, read_spreadsheet(tmp_path / "region.xlsx"), delete_missing=True)
        assert again.changes == ()


def test_a_changed_cell_changes_one_field_and_a_deleted_row_goes(tmp_path: Path) -> None:
    book = a_region()
    book["Racks"][0]["Maximum weight (kg)"] = 900
    del book["Special needs"][0]
    book["Special needs"].append({"Object": "srv-hr-02", "Need": "tape"})
    estate = synced(tmp_path, a_region(), book)
    assert [rack.max_weight_kg for rack in estate.racks] == [900.0, None]
    assert [need.need for need in estate.special_needs] == ["tape"]


def test_references_point_into_the_snapshot(tmp_path: Path) -> None:
    snapshot = read_spreadsheet(write_book(tmp_path / "region.xlsx", a_region()))
    there = {SourceRef(item.kind, item.external_id) for item in snapshot.objects}
    for item in snapshot.objects:
        for value in item.fields.values():
            for ref in value if isinstance(value, tuple) else (value,):
                assert not isinstance(ref, SourceRef) or ref in there
