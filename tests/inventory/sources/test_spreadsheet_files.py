"""The spreadsheet source on whole files: sheets and headers that don't fit, files that are no workbooks."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from workbooks import Book, a_region, write_book

from inventory.errors import InputError, SeveralErrors, VorstError
from inventory.sources import spreadsheet_file
from inventory.sources.contract import SourceSnapshot
from inventory.sources.spreadsheet import read_spreadsheet
from inventory.sources.spreadsheet_cells import CellError


def read(tmp_path: Path, book: Book) -> SourceSnapshot:
    return read_spreadsheet(write_book(tmp_path / "region.xlsx", book))


def only_defect(path: Path) -> CellError:
    with pytest.raises(SeveralErrors) as caught:
        read_spreadsheet(path)
    assert len(caught.value.errors) == 1, [str(error) for error in caught.value.errors]
    error = caught.value.errors[0]
    assert isinstance(error, CellError)
    assert error.remedy
    return error


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_spreadsheet(path)
    assert caught.value.remedy
    return caught.value


def contents(snapshot: SourceSnapshot) -> dict[tuple[str, str], dict[str, Any]]:
    return {(item.kind, item.external_id): dict(item.fields) for item in snapshot.objects}


def edited(tmp_path: Path, edit: Callable[[Any], None], book: Book | None = None) -> Path:
    """The valid region after a hand has been at the open workbook."""
    path = write_book(tmp_path / "region.xlsx", book or a_region())
    workbook = openpyxl.load_workbook(path)
    edit(workbook)
    workbook.save(path)
    return path


# --- sheets and headers ----------------------------------------------------------------------------------------------


def test_a_missing_sheet_is_said_once_however_many_rows_refer_to_it(tmp_path: Path) -> None:
    book = a_region()
    del book["Device types"]
    error = only_defect(write_book(tmp_path / "region.xlsx", book))
    assert error.place.sheet == "Device types"
    assert "the sheet is missing, and Devices refers to it" in error.what


def test_a_misspelt_sheet_is_an_error_not_a_gap(tmp_path: Path) -> None:
    book = a_region()
    book["Obsevations"] = book.pop("Observations")
    error = only_defect(write_book(tmp_path / "region.xlsx", book))
    assert "rename it to Observations" in error.remedy


def test_a_foreign_sheet_is_a_warning(tmp_path: Path) -> None:
    book = a_region()
    book["Budget 2026"] = [{"Post": "Racks", "EUR": 10}]
    snapshot = read(tmp_path, book)
    assert (
        [warning for warning in snapshot.warnings if "Budget 2026" in warning]
        == list(snapshot.warnings)
        != []
    )


def test_sheets_go_by_their_names_in_three_languages(tmp_path: Path) -> None:
    book = a_region()
    book["Bâtiments"] = book.pop("Sites")
    book["lokalen"] = book.pop("Rooms")
    book["KASTEN"] = book.pop("Racks")
    assert contents(read(tmp_path, book)) == contents(read(tmp_path, a_region()))


def test_a_sheet_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    book = a_region()
    book["kasten"] = [{"Site": "STIB depot", "Name": "R02", "Height (U)": 24}]
    assert "occurs twice" in only_defect(write_book(tmp_path / "region.xlsx", book)).what


def test_a_missing_required_column_is_named(tmp_path: Path) -> None:
    book = a_region()
    for row in book["Racks"]:
        del row["Height (U)"]
    error = only_defect(write_book(tmp_path / "region.xlsx", book))
    assert str(error).startswith("region.xlsx, sheet Racks, row 1, column Height (U): the required column")


def test_a_duplicated_header_is_named(tmp_path: Path) -> None:
    def edit(workbook: Any) -> None:
        workbook["Racks"].cell(1, 20).value = "hoogte (U)"

    error = only_defect(edited(tmp_path, edit))
    assert (error.place.row, error.place.column) == (1, 20)
    assert "repeats column E" in error.what


@pytest.mark.parametrize(
    ("sheet", "header", "wrong"),
    [
        ("Racks", "Weight (kg)", "Weight (lb)"),
        ("Virtual machines", "Memory (MB)", "Memory (GB)"),
        ("Rooms", "Cooling (W)", "koeling kW"),
    ],
)
def test_a_header_in_another_unit_is_refused(tmp_path: Path, sheet: str, header: str, wrong: str) -> None:
    book = a_region()
    book[sheet] = [
        {(wrong if key == header else key): value for key, value in row.items()} for row in book[sheet]
    ]
    error = only_defect(write_book(tmp_path / "region.xlsx", book))
    assert error.place.header == wrong
    assert "it must be in" in error.what


def test_a_title_above_the_header_is_skipped_with_a_warning(tmp_path: Path) -> None:
    snapshot = read_spreadsheet(edited(tmp_path, lambda workbook: workbook["Racks"].insert_rows(1, 2)))
    assert contents(snapshot) == contents(read(tmp_path, a_region()))
    assert any("rows above it" in warning for warning in snapshot.warnings)


def test_a_sheet_without_a_header_is_refused(tmp_path: Path) -> None:
    def edit(workbook: Any) -> None:
        workbook["Flows"].delete_rows(1)

    assert "no header row" in only_defect(edited(tmp_path, edit)).what


def test_a_cell_beyond_the_header_is_named(tmp_path: Path) -> None:
    def edit(workbook: Any) -> None:
        workbook["Sites"].cell(3, 30).value = "stray"

    error = only_defect(edited(tmp_path, edit))
    assert error.where == "region.xlsx, sheet Sites, row 3, column AD"
    assert "'stray' stands in a column without a header" in error.what


def test_a_second_table_on_a_sheet_is_refused(tmp_path: Path) -> None:
    def edit(workbook: Any) -> None:
        page = workbook["Sites"]
        page.append([])
        page.append(["Site", "Name", "Height (U)"])
        page.append(["STIB depot", "R02", 24])

    error = only_defect(edited(tmp_path, edit))
    assert error.place.row == 5
    assert "another table starts here" in error.what


def test_merged_cells_are_refused(tmp_path: Path) -> None:
    error = only_defect(edited(tmp_path, lambda workbook: workbook["Sites"].merge_cells("F2:F3")))
    assert error.place.row == 2
    assert "F2:F3 are merged" in error.what


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_refused(tmp_path: Path, state: str) -> None:
    def edit(workbook: Any) -> None:
        workbook["Flows"].sheet_state = state

    error = only_defect(edited(tmp_path, edit))
    assert error.place.sheet == "Flows"
    assert "hidden" in error.what


def test_a_control_character_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sites.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        page = workbook.add_worksheet("Sites")
        page.write_row(0, 0, ["Name", "Address"])
        page.write_row(1, 0, ["City\x07 Hall", "Grote Markt"])
    assert "control character U+0007" in only_defect(path).what


def test_an_ambiguous_name_asks_for_the_longer_one(tmp_path: Path) -> None:
    book = a_region()
    book["Devices"].append(
        {"Name": "srv-hr-01", "Site": "STIB depot", "Device type": "PowerEdge R640", "Role": "Server"}
    )
    with pytest.raises(SeveralErrors) as caught:
        read(tmp_path, book)
    first = caught.value.errors[0]
    assert (
        "ambiguous: it fits city-hall/srv-hr-01 (Devices row 2), stib-depot/srv-hr-01 (Devices row 6)"
        in first.what
    )
    assert "'Brussels City Hall / srv-hr-01'" in first.remedy
    for sheet, header in (("Members", "Object"), ("Special needs", "Object"), ("Observations", "Object")):
        book[sheet][0][header] = "Brussels City Hall / srv-hr-01"
    book["Constraints"][0]["Members"] = "city-hall/srv-hr-01; srv-hr-02"
    assert any(item.kind == "special_needs" for item in read(tmp_path, book).objects)


def test_one_rack_name_in_two_rooms_needs_the_room(tmp_path: Path) -> None:
    book = a_region()
    book["Rooms"].append({"Site": "city-hall", "Name": "B2"})
    book["Racks"].append({"Site": "city-hall", "Room": "B2", "Name": "R07", "Height (U)": 42})
    book["Power"][0]["Room"] = None
    with pytest.raises(SeveralErrors) as caught:
        read(tmp_path, book)
    assert {(error.place.sheet, error.place.row) for error in caught.value.errors} == {
        ("Devices", 3),
        ("Power", 2),
    }
    assert all("ambiguous" in error.what for error in caught.value.errors)


def test_a_rack_twice_in_a_room_and_a_circuit_twice_are_refused(tmp_path: Path) -> None:
    book = a_region()
    book["Racks"].append({"Site": "city-hall", "Room": "b1", "Name": "r07", "Height (U)": 42})
    book["Circuits"].append(dict(book["Circuits"][0]))
    with pytest.raises(SeveralErrors) as caught:
        read(tmp_path, book)
    assert [(error.place.sheet, error.place.row, error.place.header) for error in caught.value.errors] == [
        ("Racks", 4, "Name"),
        ("Circuits", 3, "Circuit id"),
    ]


def test_swapped_coordinates_are_refused(tmp_path: Path) -> None:
    book = a_region()
    book["Sites"][0].update({"Latitude": 4.3525, "Longitude": 50.8466})
    assert "swapped" in only_defect(write_book(tmp_path / "region.xlsx", book)).what


def test_a_panel_in_two_rooms_is_refused(tmp_path: Path) -> None:
    book = a_region()
    book["Rooms"].append({"Site": "city-hall", "Name": "B2"})
    book["Power"][1]["Room"] = "B2"
    assert "in another room on row 2" in only_defect(write_book(tmp_path / "region.xlsx", book)).what


def test_all_defects_are_told_at_once_in_reading_order(tmp_path: Path) -> None:
    book = a_region()
    book["Circuits"][0]["Rate (Mbit/s)"] = -1
    book["Sites"][1]["Latitude"] = 950
    book["Sites"][0]["Status"] = "gone"
    with pytest.raises(SeveralErrors) as caught:
        read(tmp_path, book)
    assert [(error.place.sheet, error.place.row) for error in caught.value.errors] == [
        ("Sites", 2),
        ("Sites", 3),
        ("Circuits", 2),
    ]
    assert str(caught.value).startswith("region.xlsx: 3 defects; nothing is imported")


# --- files that aren't what they seem --------------------------------------------------------------------------------


def ole(*names: str) -> bytes:
    return (
        bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 500 + b"".join(name.encode("utf-16-le") for name in names)
    )


def zipped(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"Name;Height\nR07;42\n", "not an Excel workbook"),
        (ole("Workbook"), "Excel 97–2003"),
        (ole("EncryptionInfo", "EncryptedPackage"), "password"),
        (zipped(content=b"hello"), "not an Excel workbook"),
        (zipped(**{"xl/workbook.xml": b"<workbook", "[Content_Types].xml": b""}), "damaged"),
        (
            zipped(
                **{
                    "xl/workbook.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><workbook/>',
                    "xl/_rels/workbook.xml.rels": b"<a/>",
                }
            ),
            "document type",
        ),
        (
            zipped(**{"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b"\0" * 20_000_000}),
            "more than an honest one",
        ),
    ],
    ids=["empty", "text", "xls", "password", "zip", "damaged", "entities", "bomb"],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "rooms.xlsx"
    path.write_bytes(data)
    assert words in refusal(path).what


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    path = write_book(tmp_path / "region.xlsx", a_region())
    path.write_bytes(path.read_bytes()[:-400])
    refusal(path)


def test_a_cell_at_the_end_of_the_world_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    def edit(workbook: Any) -> None:
        workbook["Sites"].cell(1_048_576, 16_384).value = "x"

    error = refusal(edited(tmp_path, edit))
    assert "reaches to row 1048576 and column 16384" in error.what
    assert "sheet Sites" in error.where


@pytest.mark.parametrize(
    "cell",
    [b'<c r="ZZ99999999"><v>1</v></c>', b'<c r="B-3"><v>1</v></c>', b'</row><row r="x"><c><v>1</v></c>'],
)
def test_a_cell_with_an_impossible_name_is_refused(tmp_path: Path, cell: bytes) -> None:
    path = write_book(tmp_path / "region.xlsx", a_region())
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"</row>", cell + b"</row>", 1)
    path.write_bytes(zipped(**parts))
    assert "damaged" in refusal(path).what


def test_any_flipped_byte_is_read_or_refused_in_our_own_words(tmp_path: Path) -> None:
    path = write_book(tmp_path / "region.xlsx", a_region())
    sound = path.read_bytes()
    chance = random.Random(7)
    outcomes = set()
    for _ in range(150):
        spoilt = bytearray(sound)
        for _ in range(chance.randint(1, 5)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        path.write_bytes(bytes(spoilt))
        try:
            read_spreadsheet(path)
            outcomes.add("read")
        except VorstError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_a_file_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_book(tmp_path / "region.xlsx", a_region())
    monkeypatch.setattr(spreadsheet_file, "LARGEST_FILE", 100)
    assert "the limit is 100" in refusal(path).what


def test_a_missing_file_and_a_folder_without_csv_are_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "none.xlsx").what
    assert "no .csv file" in refusal(tmp_path).what


def test_an_empty_workbook_and_one_of_headers_only_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    openpyxl.Workbook().save(path)
    assert "no data" in refusal(path).what
    book = openpyxl.Workbook()
    book.active.title = "Sites"
    book.active.append(["Name"])
    book.save(path)
    assert "no row is filled in" in refusal(path).what


def test_a_workbook_of_something_else_is_refused(tmp_path: Path) -> None:
    book = {"Menu": [{"Dish": "stoemp", "EUR": 12}]}
    error = refusal(write_book(tmp_path / "menu.xlsx", book))
    assert "no sheet is recognised" in error.what
