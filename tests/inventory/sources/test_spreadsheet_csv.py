"""The spreadsheet source on CSV: a folder of files, one file, its dialects, its texts."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from workbooks import Book, a_region, write_book

from inventory.errors import InputError, SeveralErrors
from inventory.sources.contract import SourceSnapshot
from inventory.sources.spreadsheet import read_spreadsheet
from inventory.sources.spreadsheet_cells import CellError, neutralise, restored


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


def zipped(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return stream.getvalue()


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_spreadsheet(path)
    assert caught.value.remedy
    return caught.value


def contents(snapshot: SourceSnapshot) -> dict[tuple[str, str], dict[str, Any]]:
    return {(item.kind, item.external_id): dict(item.fields) for item in snapshot.objects}


def write_csvs(
    folder: Path, book: Book, *, delimiter: str = ",", decimal: str = ".", encoding: str = "utf-8"
) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in book.items():
        headers = list(dict.fromkeys(header for row in rows for header in row))
        with (folder / f"{name}.csv").open("w", encoding=encoding, newline="") as stream:
            writer = csv.writer(stream, delimiter=delimiter)
            writer.writerow(headers)
            writer.writerows([_as_text(row.get(header), decimal) for header in headers] for row in rows)
    return folder


def _as_text(value: Any, decimal: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value).replace(".", decimal)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return neutralise(value) if isinstance(value, str) else str(value)


@pytest.mark.parametrize(
    ("delimiter", "decimal", "encoding"),
    [
        (",", ".", "utf-8"),
        (",", ".", "utf-8-sig"),
        (";", ",", "cp1252"),
        (";", ",", "utf-8-sig"),
        ("\t", ",", "utf-8"),
        (",", ".", "utf-16"),
    ],
)
def test_a_folder_of_csv_says_what_the_workbook_says(
    tmp_path: Path, delimiter: str, decimal: str, encoding: str
) -> None:
    book = a_region()
    book["Sites"][0]["Landlord"] = "Régie des Bâtiments"
    folder = write_csvs(tmp_path / "region", book, delimiter=delimiter, decimal=decimal, encoding=encoding)
    assert contents(read_spreadsheet(folder)) == contents(read(tmp_path, book))


def test_a_bad_cell_of_a_csv_is_named_with_its_file(tmp_path: Path) -> None:
    book = a_region()
    book["Racks"][1]["Height (U)"] = "tall"
    error = only_defect(write_csvs(tmp_path / "region", book))
    assert error.where == "Racks.csv, sheet Racks, row 3, column E (Height (U))"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Name;Latitude;Longitude\nA;50,846;4,352\n", 50.846),
        ("Name,Latitude,Longitude\nA,50.846,4.352\n", 50.846),
        ('Name,Latitude,Longitude\nA,"50,84","4,35"\n', 50.84),
        ("Name;Latitude;Longitude\nA;50.84;4.35\n", 50.84),
    ],
)
def test_decimals_follow_the_file(tmp_path: Path, text: str, expected: float) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(text, encoding="utf-8")
    assert read_spreadsheet(path).objects[0].fields["latitude"] == expected


@pytest.mark.parametrize(
    "text", ["Name;Latitude;Longitude\nA;50.846;4,35\n", 'Name,Latitude,Longitude\nA,"50,846",4.35\n']
)
def test_a_mark_that_may_mean_thousands_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(text, encoding="utf-8")
    assert "thousands" in only_defect(path).what


def test_identifiers_keep_their_zeros_in_csv(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Provider,Circuit id\nIRISnet,00042\n", encoding="utf-8")
    snapshot = read_spreadsheet(path)
    assert snapshot.objects[-1].fields["cid"] == "00042"
    assert any("read as Circuits, by its headers" in warning for warning in snapshot.warnings)


def test_a_single_csv_that_refers_elsewhere_asks_for_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "rooms.csv"
    path.write_text("Site,Name\nCity Hall,B1\n", encoding="utf-8")
    error = only_defect(path)
    assert error.place.sheet == "Sites"
    assert "one folder" in error.remedy


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'Name,Slug\n"City Hall,city-hall\n', "can't be read"),
        (b"Name,Slug\nCity\0Hall,x\n", "zero bytes"),
        (zipped(a=b"b"), "not CSV"),
        (b"Name\n\x81\x8d\x8f\n", "neither UTF-8 nor"),
        (b"\n \n", "no data"),
    ],
    ids=["quote", "zero", "zip", "encoding", "empty"],
)
def test_a_csv_that_is_none_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes(data)
    assert words in refusal(path).what


def test_an_excel_error_in_a_csv_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text("Name;Landlord\nA;#VERW!\n", encoding="utf-8")
    assert "Excel error #VERW!" in only_defect(path).what


@pytest.mark.parametrize(
    "text", ["=1+1", "+32 2 279", "-x", "@SUM(A1)", "\tx", "'quoted", "''=", "plain", "", "it's"]
)
def test_neutralised_text_comes_back(text: str) -> None:
    assert restored(neutralise(text)) == text
    assert not neutralise(text).startswith(("=", "+", "-", "@", "\t", "\r"))
