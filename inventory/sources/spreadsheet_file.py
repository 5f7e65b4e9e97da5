"""Opening what people hand in: an XLSX workbook, a CSV file or a folder of CSV files, as sheets of raw cells.

What it guards: files that are something else, protected, or built to exhaust the machine; and cells whose
value the file doesn't hold (Excel errors, formulas never calculated), which the reader of workbooks would
show as empty. What the cells mean is for `spreadsheet`.
"""

from __future__ import annotations

import csv
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

import python_calamine

from inventory.errors import InputError
from inventory.sources.spreadsheet_cells import LONGEST_CELL, BrokenCell, Cell, column_letter, restored

LARGEST_FILE = 64 * 1024 * 1024  # bytes; a workbook of 100,000 rows is about 10 MB
LARGEST_UNPACKED = 512 * 1024 * 1024
LARGEST_RATIO = 200  # unpacked to packed, of one part above 10 MB; honest sheets stay below 50
MOST_ROWS, MOST_COLUMNS = 200_000, 1_000
MOST_CELLS = 6_000_000  # rows × columns: a sheet is laid out whole in memory
_OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
_DAMAGE = (
    python_calamine.CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    KeyError,
    ValueError,
    RuntimeError,  # a zip with compression or encryption that Python lacks (NotImplementedError is one)
    OSError,
    EOFError,
)
_SAVE_AS = "save it as an Excel workbook (.xlsx), or as CSV"


@dataclass(slots=True)
class RawSheet:
    """One sheet: `rows[0][0]` is cell A1. `merged` are ranges as people write them (B2:C5); `decimal` as in a CSV."""

    name: str
    rows: list[list[Cell]]
    is_hidden: bool = False
    merged: tuple[str, ...] = ()
    decimal: str = ""
    file: str = ""


@dataclass(slots=True)
class _Scan:
    """What the XML of one worksheet tells that calamine doesn't: extent, Excel errors, formulas without a value."""

    height: int = 0
    width: int = 0
    broken: dict[tuple[int, int], BrokenCell] = field(default_factory=dict)


def open_spreadsheet(path: Path) -> list[RawSheet]:
    """The sheets of a file or folder; raises InputError when it can't be read as a whole."""
    if path.is_dir():
        files = sorted(
            file for file in path.iterdir() if file.suffix.casefold() in {".csv", ".tsv"} and file.is_file()
        )
        if not files:
            raise InputError(
                "the folder holds no .csv file",
                where=str(path),
                remedy="name a folder with one CSV per sheet",
            )
        return [_csv_sheet(file) for file in files]
    if not path.is_file():
        raise InputError("there is no such file", where=str(path), remedy="check the path")
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(
            f"the file has {path.stat().st_size} bytes, the limit is {LARGEST_FILE}",
            where=path.name,
            remedy="split it",
        )
    if path.suffix.casefold() in {".csv", ".tsv", ".txt"}:
        return [_csv_sheet(path)]
    return _workbook(path)


# --- XLSX ------------------------------------------------------------------------------------------------------------


def _workbook(path: Path) -> list[RawSheet]:
    data = path.read_bytes()
    try:
        _check_container(data, path.name)
        scans = _scan_workbook(data, path.name)
        with python_calamine.load_workbook(io.BytesIO(data)) as book:
            # A sheet that wasn't scanned is a KeyError: it is never read unguarded.
            return [
                _sheet(book, meta, scans[meta.name], path.name)
                for meta in book.sheets_metadata
                if meta.typ == python_calamine.SheetTypeEnum.WorkSheet
            ]
    except InputError:
        raise
    except _DAMAGE as error:
        raise _damaged(path.name, error) from None
    except BaseException as error:
        # A panic of calamine's Rust reaches Python as a BaseException whose class has no public name.
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(path.name, error) from None


def _damaged(name: str, error: BaseException) -> InputError:
    what = " ".join(str(error).split())[:200]
    return InputError(
        f"the workbook is damaged: {what}", where=name, remedy=f"open it in Excel and {_SAVE_AS}"
    )


def _check_container(data: bytes, name: str) -> None:
    if not data:
        raise InputError("the file is empty", where=name, remedy="write one with `vorst template`")
    if data.startswith(_OLE_MAGIC):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise InputError(
                "the workbook is protected with a password", where=name, remedy="save it without a password"
            )
        raise InputError("this is a workbook of Excel 97–2003 (.xls), not .xlsx", where=name, remedy=_SAVE_AS)
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise InputError("this is not an Excel workbook (.xlsx)", where=name, remedy=_SAVE_AS)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        unpacked = sum(part.file_size for part in parts)
        dense = any(
            p.file_size > 10_000_000 and p.file_size > LARGEST_RATIO * max(p.compress_size, 1) for p in parts
        )
        if unpacked > LARGEST_UNPACKED or len(parts) > 10_000 or dense:
            raise InputError(
                f"the workbook unpacks to {unpacked} bytes from {len(data)}, more than an honest one would",
                where=name,
                remedy="copy the sheets into a new workbook",
            )
        if any(part.flag_bits & 1 for part in parts):
            raise InputError(
                "the workbook is protected with a password", where=name, remedy="save it without a password"
            )
        if "xl/workbook.xml" not in archive.namelist():
            raise InputError(
                "this is a zip file, but not an Excel workbook (.xlsx)", where=name, remedy=_SAVE_AS
            )


def _sheet(
    book: python_calamine.CalamineWorkbook, meta: python_calamine.SheetMetadata, scan: _Scan, file: str
) -> RawSheet:
    sheet = book.get_sheet_by_name(meta.name)
    rows: list[list[Cell]] = [
        [None if cell == "" else cell for cell in row] for row in sheet.to_python(skip_empty_area=False)
    ]
    for (row, column), broken in scan.broken.items():
        while len(rows) < row:
            rows.append([])
        cells = rows[row - 1]
        cells.extend([None] * (column - len(cells)))
        cells[column - 1] = broken
    merged = tuple(
        f"{_cell_name(*first)}:{_cell_name(*last)}"
        for first, last in sheet.merged_cell_ranges or []
        if first != last
    )
    hidden = meta.visible != python_calamine.SheetVisibleEnum.Visible
    return RawSheet(meta.name, rows, hidden, merged, file=file)


def _cell_name(row: int, column: int) -> str:
    return f"{column_letter(column + 1)}{row + 1}"


def _scan_workbook(data: bytes, name: str) -> dict[str, _Scan]:
    """A scan per sheet name. Refuses a sheet whose extent would fill the memory."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        targets = dict(_relations(archive))
        scans: dict[str, _Scan] = {}
        for sheet_name, relation in _sheet_relations(archive):
            part = targets.get(relation, "")
            if part not in archive.namelist():
                continue
            scan = _scan_sheet(archive, part)
            too_many = scan.height * scan.width > MOST_CELLS
            if scan.height > MOST_ROWS or scan.width > MOST_COLUMNS or too_many:
                raise InputError(
                    f"the sheet reaches to row {scan.height} and column {scan.width}, "
                    f"the limit is {MOST_ROWS} rows, {MOST_COLUMNS} columns and {MOST_CELLS} cells",
                    where=f"{name}, sheet {sheet_name}",
                    remedy="delete the stray cells far out, or split the sheet",
                )
            scans[sheet_name] = scan
    return scans


def _relations(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    for tag, attributes in _elements(archive, "xl/_rels/workbook.xml.rels"):
        if tag == "Relationship":
            target = attributes.get("Target", "")
            part = (
                target.lstrip("/")
                if target.startswith("/")
                else posixpath.normpath(posixpath.join("xl", target))
            )
            yield attributes.get("Id", ""), part


def _sheet_relations(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    for tag, attributes in _elements(archive, "xl/workbook.xml"):
        if tag == "sheet":
            relation = next((value for key, value in attributes.items() if _local(key) == "id"), "")
            yield attributes.get("name", ""), relation


def _elements(archive: zipfile.ZipFile, part: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    parser = _parser()
    parser.StartElementHandler = lambda tag, attributes: found.append((_local(tag), attributes))
    parser.Parse(archive.read(part), True)
    return found


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise InputError("the workbook declares a document type, which no Excel writes", remedy=_SAVE_AS)

    parser.StartDoctypeDeclHandler = refuse  # entities could expand without end
    return parser


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


class _CellWatcher:
    """Follows the cells of one worksheet's XML: `c` with type t, formula f, value v or inline string is."""

    def __init__(self) -> None:
        self.scan = _Scan()
        self.row = self.column = 0
        self.kind = ""
        self.has_formula = self.has_value = self.in_value = False
        self.text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = _local(tag)
        if tag == "row":
            self.row = _row_number(attributes.get("r", ""), self.row + 1)
            self.column = 0
        elif tag == "c":
            self.row, self.column = _position(attributes.get("r", ""), self.row, self.column + 1)
            self.kind = attributes.get("t", "")
            self.has_formula = self.has_value = False
            self.text = []
        elif tag == "f":
            self.has_formula = True
        elif tag in {"v", "is"}:
            self.in_value = True

    def end(self, tag: str) -> None:
        tag = _local(tag)
        if tag in {"v", "is"}:
            self.in_value = False
            self.has_value = self.has_value or tag == "is" or bool(self.text)
        elif tag == "c" and (self.has_formula or self.has_value):
            self.scan.height = max(self.scan.height, self.row)
            self.scan.width = max(self.scan.width, self.column)
            if self.kind == "e":
                self.scan.broken[self.row, self.column] = BrokenCell("".join(self.text) or "#N/A")
            elif self.has_formula and not self.has_value and self.kind != "str":
                self.scan.broken[self.row, self.column] = BrokenCell("a formula", is_formula=True)

    def characters(self, text: str) -> None:
        if self.in_value:
            self.text.append(text)


def _scan_sheet(archive: zipfile.ZipFile, part: str) -> _Scan:
    watcher = _CellWatcher()
    parser = _parser()
    parser.buffer_text = True
    parser.StartElementHandler = watcher.start
    parser.EndElementHandler = watcher.end
    parser.CharacterDataHandler = watcher.characters
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 20):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    return watcher.scan


def _row_number(text: str, following: int) -> int:
    if not text:
        return following
    if not re.fullmatch(r"[0-9]{1,7}", text):
        raise ValueError(f"a row with the number {text[:20]!r}")
    return int(text)


def _position(reference: str, row: int, column: int) -> tuple[int, int]:
    """Row and column of "B3"; the expected ones when a cell doesn't say. Raises ValueError beyond Excel's own sheet."""
    if not reference:
        return row, column
    match = re.fullmatch(r"([A-Za-z]{1,3})([0-9]{1,7})", reference)
    if not match:
        raise ValueError(f"a cell with the name {reference[:20]!r}")
    number = 0
    for letter in match[1].upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return int(match[2]), number


# --- CSV -------------------------------------------------------------------------------------------------------------


def _csv_sheet(path: Path) -> RawSheet:
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"the file is larger than {LARGEST_FILE} bytes", where=path.name, remedy="split it")
    data = path.read_bytes()
    if data.startswith((_OLE_MAGIC, b"PK\x03\x04")):
        raise InputError(
            "this is a workbook, not CSV", where=path.name, remedy="rename it to .xlsx, or save it as CSV"
        )
    text = _decode(data, path.name)
    delimiter = _delimiter(text)
    rows: list[list[Cell]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        for values in reader:
            # The row number counts records, as a spreadsheet program does, not lines: a quoted cell may hold several.
            rows.append([restored(value) if value.strip() else None for value in values])
            if len(rows) > MOST_ROWS or len(values) > MOST_COLUMNS:
                raise InputError(
                    f"more than {MOST_ROWS} rows or {MOST_COLUMNS} columns",
                    where=path.name,
                    remedy="split the file",
                )
    except csv.Error as error:
        raise InputError(
            f"line {reader.line_num} can't be read: {error}",
            where=path.name,
            remedy="check the quotes on that line",
        ) from None
    finally:
        csv.field_size_limit(limit)
    decimal = {",": ".", ";": ",", "\t": ""}[delimiter]
    return RawSheet(path.stem, rows, decimal=decimal, file=path.name)


def _decode(data: bytes, name: str) -> str:
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if is_utf16 else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise InputError(
                "the file holds zero bytes; it is not text", where=name, remedy="save it as CSV UTF-8"
            )
        return text
    raise InputError(
        "the file is neither UTF-8 nor Windows-1252 text", where=name, remedy="save it as CSV UTF-8"
    )


def _delimiter(text: str) -> str:
    """The mark that splits the first non-empty line into most cells, outside quotes."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", line)
    return max(",;\t", key=lambda mark: (bare.count(mark), mark == ","))
