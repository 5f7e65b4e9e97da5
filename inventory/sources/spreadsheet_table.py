"""From raw sheets to rows of typed values: which sheet is which, where its header is, what each cell says.

Defects are gathered in `Findings`, never raised one by one. References between sheets are still text here;
`spreadsheet_references` resolves them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from inventory.errors import InputError
from inventory.sources.spreadsheet_cells import (
    BrokenCell,
    Cell,
    Findings,
    Place,
    Refused,
    column_letter,
    is_empty,
    shown,
)
from inventory.sources.spreadsheet_columns import (
    READ_ME,
    Column,
    Sheet,
    header_words,
    match_header,
    match_sheet,
    plain,
)
from inventory.sources.spreadsheet_file import RawSheet
from inventory.sources.spreadsheet_sheets import SHEETS

_EXCEL_ERROR = re.compile(  # as text in a CSV, in English, Dutch and French
    r"#(REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|VERW!|N/B|DEEL/0!|WAARDE!|NAAM\?|GETAL!|LEEG!|VALEUR!|NOM\s?\?|NOMBRE!|NUL!)"
)
HEADER_WITHIN = 10  # rows: a title or a logo may stand above the header


@dataclass(slots=True)
class Row:
    """One row. `values` has every known column of its sheet that the file has; None is an empty cell.

    `bad` are the fields whose cell was refused: they have no value, and nothing more is said about them.
    """

    sheet: Sheet
    number: int
    values: dict[str, object]
    bad: frozenset[str]
    file: str
    columns: dict[str, int]

    def get(self, name: str) -> object | None:
        return self.values.get(name)

    def text(self, name: str) -> str:
        """A text value, "" when empty or absent."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def number_of(self, name: str) -> float | None:
        """A numeric value, None when empty or absent."""
        value = self.values.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def place(self, name: str = "") -> Place:
        """Where the cell of a field is; the whole row without a field."""
        if not name:
            return Place(self.file, self.sheet.name, self.number)
        column = self.columns.get(name, 0)
        return Place(self.file, self.sheet.name, self.number, column, self.sheet.column(name).header)


@dataclass(slots=True)
class Table:
    """One recognised sheet. `is_present` is false for a sheet that the file lacks."""

    sheet: Sheet
    rows: list[Row] = field(default_factory=list)
    is_present: bool = True


@dataclass(slots=True)
class _Header:
    row: int  # counted from 1
    columns: dict[int, Column]  # by column number, from 1
    unknown: dict[int, str]


def read_tables(raw_sheets: Sequence[RawSheet], file: str, findings: Findings) -> dict[str, Table]:
    """The recognised sheets by their own name; a sheet the file lacks is there too, empty and not present."""
    if not any(not is_empty(cell) for raw in raw_sheets for row in raw.rows for cell in row):
        raise InputError(
            "the file holds no data", where=file, remedy="write a template with `vorst template`, and fill it"
        )
    tables: dict[str, Table] = {}
    for raw, sheet in _recognise(raw_sheets, file, findings):
        place = Place(raw.file or file, sheet.name)
        if sheet.name in tables:
            findings.error(
                place,
                f"the sheet occurs twice (the second is named {shown(raw.name)})",
                "put its rows on one sheet",
                raw.name,
            )
            continue
        tables[sheet.name] = _read_table(raw, sheet, raw.file or file, findings)
    if not tables and not findings.errors:
        names = ", ".join(sheet.name for sheet in SHEETS)
        raise InputError(
            "no sheet is recognised", where=file, remedy=f"name the sheets as in the template: {names}"
        )
    if not findings.errors and not any(table.rows for table in tables.values()):
        raise InputError(
            "no row is filled in below the headers",
            where=file,
            remedy="fill in what you know and import again",
        )
    return {sheet.name: tables.get(sheet.name, Table(sheet, is_present=False)) for sheet in SHEETS}


def _recognise(raw_sheets: Sequence[RawSheet], file: str, findings: Findings) -> list[tuple[RawSheet, Sheet]]:
    found: list[tuple[RawSheet, Sheet]] = []
    for raw in raw_sheets:
        sheet = match_sheet(SHEETS, raw.name)
        if sheet is not None:
            found.append((raw, sheet))
            continue
        if _is_read_me(raw.name) or not any(not is_empty(cell) for row in raw.rows for cell in row):
            continue
        place = Place(raw.file or file, raw.name)
        if len(raw_sheets) == 1 and (sheet := _by_header(raw)) is not None:
            findings.warn(place, f"read as {sheet.name}, by its headers")
            found.append((raw, sheet))
            continue
        near = difflib.get_close_matches(
            raw.name.casefold(), [sheet.name.casefold() for sheet in SHEETS], 1, 0.8
        )
        if near:
            name = next(sheet.name for sheet in SHEETS if sheet.name.casefold() == near[0])
            findings.error(
                place,
                f"the sheet {shown(raw.name)} is unknown",
                f"rename it to {name}, or delete it",
                raw.name,
            )
        else:
            findings.warn(place, "the sheet is not one of the template's and was not read")
    return found


def _is_read_me(name: str) -> bool:
    return name.casefold().replace("_", " ").replace("-", " ").replace(" ", "") == READ_ME.casefold().replace(
        " ", ""
    )


def _by_header(raw: RawSheet) -> Sheet | None:
    """The sheet whose required columns are all there and that knows most headers; None when two know as many."""
    scores: list[tuple[int, Sheet]] = []
    for sheet in SHEETS:
        header = _find_header(raw.rows, sheet)
        if header and not _missing(sheet, header):
            scores.append((len(header.columns), sheet))
    scores.sort(key=lambda pair: -pair[0])
    if not scores or (len(scores) > 1 and scores[0][0] == scores[1][0]):
        return None
    return scores[0][1]


def _missing(sheet: Sheet, header: _Header) -> list[Column]:
    present = {column.field for column in header.columns.values()}
    return [column for column in sheet.required if column.field not in present]


# --- the header ------------------------------------------------------------------------------------------------------


def _find_header(rows: Sequence[Sequence[Cell]], sheet: Sheet) -> _Header | None:
    """The row among the first ones that names most columns; None when no row names any."""
    best: _Header | None = None
    for number, row in enumerate(rows[:HEADER_WITHIN], start=1):
        header = _Header(number, {}, {})
        for index, cell in enumerate(row, start=1):
            if is_empty(cell):
                continue
            text = cell.text if isinstance(cell, BrokenCell) else str(cell)
            match = match_header(sheet, text)
            if match is None:
                header.unknown[index] = text
            else:
                header.columns[index] = match.column
        if header.columns and (best is None or len(header.columns) > len(best.columns)):
            best = header
    return best


def _check_header(
    raw: RawSheet, sheet: Sheet, header: _Header, file: str, findings: Findings
) -> dict[str, int]:
    """The column number of each field; says what is missing, double, unknown or in another unit."""
    columns: dict[str, int] = {}
    for index, column in header.columns.items():
        text = str(raw.rows[header.row - 1][index - 1])
        place = Place(file, sheet.name, header.row, index, text)
        match = match_header(sheet, text)
        if match and match.wrong_unit:
            wanted = column.units[0] if column.units else "no unit"
            findings.error(
                place,
                f"the column is in {match.wrong_unit}, it must be in {wanted}",
                f"convert the values to {wanted} and name the column {column.header}",
                text,
            )
        if column.field in columns:
            first = column_letter(columns[column.field])
            findings.error(
                place, f"the header {shown(text)} repeats column {first}", "keep one of the two columns", text
            )
            continue
        columns[column.field] = index
    for index, text in header.unknown.items():
        place = Place(file, sheet.name, header.row, index, text)
        findings.warn(place, f"the column is unknown and was not read{_did_you_mean(text, sheet, columns)}")
    for column in _missing(sheet, header):
        findings.error(
            Place(file, sheet.name, header.row, 0, column.header),
            f"the required column {column.header} is missing",
            f"add a column with the header {column.header}",
        )
    if header.row > 1:
        findings.warn(
            Place(file, sheet.name, header.row), "the header was found here; the rows above it were not read"
        )
    return columns


def _did_you_mean(text: str, sheet: Sheet, columns: dict[str, int]) -> str:
    free = {
        column.header.casefold(): column.header for column in sheet.columns if column.field not in columns
    }
    near = difflib.get_close_matches(text.casefold(), list(free), 1, 0.75)
    return f" (did you mean {free[near[0]]}?)" if near else ""


# --- the rows --------------------------------------------------------------------------------------------------------


def _read_table(raw: RawSheet, sheet: Sheet, file: str, findings: Findings) -> Table:
    table = Table(sheet)
    _check_sheet(raw, sheet, file, findings)
    if not any(not is_empty(cell) for row in raw.rows for cell in row):
        return table
    header = _find_header(raw.rows, sheet)
    if header is None:
        wanted = ", ".join(column.header for column in sheet.required)
        findings.error(
            Place(file, sheet.name, 1),
            "no header row is found",
            f"write the headers in row 1, at least {wanted}",
        )
        return table
    columns = _check_header(raw, sheet, header, file, findings)
    for number, cells in enumerate(raw.rows[header.row :], start=header.row + 1):
        if all(is_empty(cell) for cell in cells):
            continue
        if _is_header_again(cells, sheet):
            findings.error(
                Place(file, sheet.name, number),
                "a second header: another table starts here",
                "put each table on its own sheet",
                str(cells[0]),
            )
            break
        _check_beyond(cells, header, Place(file, sheet.name, number), findings)
        table.rows.append(_read_row(cells, sheet, number, columns, raw, file, findings))
    return table


def _check_sheet(raw: RawSheet, sheet: Sheet, file: str, findings: Findings) -> None:
    place = Place(file, sheet.name)
    if raw.is_hidden:
        findings.error(
            place,
            "the sheet is hidden: nobody sees what would be imported",
            "unhide it, or delete it",
            raw.name,
        )
    for area in raw.merged:
        first = area.partition(":")[0]
        row = int("".join(char for char in first if char.isdigit()))
        findings.error(
            Place(file, sheet.name, row),
            f"the cells {area} are merged",
            "unmerge them and fill in every cell",
            area,
        )


def _is_header_again(cells: Sequence[Cell], sheet: Sheet) -> bool:
    """Whether a row below the header is a header itself: all text, and naming all required columns of some sheet."""
    full = [cell for cell in cells if not is_empty(cell)]
    texts = [cell for cell in full if isinstance(cell, str)]
    if len(texts) < 2 or len(texts) < len(full) or not all(_is_header_word(text) for text in texts[:2]):
        return False
    for other in (sheet, *SHEETS):
        named = {match.column.field for text in texts if (match := match_header(other, text))}
        if len(named) >= max(2, 0.7 * len(texts)) and named >= {column.field for column in other.required}:
            return True
    return False


@cache
def _all_header_words() -> frozenset[str]:
    return frozenset(word for sheet in SHEETS for word in header_words(sheet))


def _is_header_word(text: str) -> bool:
    """Whether some sheet has a column of this name; a cheap sieve before the thorough test."""
    return plain(text.partition("(")[0]) in _all_header_words()


def _check_beyond(cells: Sequence[Cell], header: _Header, place: Place, findings: Findings) -> None:
    for index, cell in enumerate(cells, start=1):
        if index not in header.columns and index not in header.unknown and not is_empty(cell):
            findings.error(
                Place(place.file, place.sheet, place.row, index),
                f"{shown(cell)} stands in a column without a header",
                "give the column a header, or delete the cell",
                cell,
            )


def _read_row(
    cells: Sequence[Cell],
    sheet: Sheet,
    number: int,
    columns: dict[str, int],
    raw: RawSheet,
    file: str,
    findings: Findings,
) -> Row:
    values: dict[str, object] = {}
    bad: set[str] = set()
    row = Row(sheet, number, values, frozenset(), file, columns)
    for column in sheet.columns:
        index = columns.get(column.field)
        if index is None:
            continue
        cell = cells[index - 1] if index <= len(cells) else None
        try:
            values[column.field] = _read_cell(column, cell, raw.decimal)
        except Refused as refusal:
            bad.add(column.field)
            findings.error(row.place(column.field), refusal.what, refusal.remedy, cell)
    row.bad = frozenset(bad)
    return row


def _read_cell(column: Column, cell: Cell, decimal: str) -> object:
    if is_empty(cell):
        if column.required:
            example = f", such as {column.example}" if column.example else ""
            raise Refused(f"the cell is empty, and {column.header} is required", f"fill it in{example}")
        return None
    if isinstance(cell, BrokenCell):
        if cell.is_formula:
            raise Refused(
                "a formula without a calculated value",
                "open and save the workbook in Excel, or paste the value",
            )
        raise Refused(f"the Excel error {cell.text}", "mend the formula, or type the value")
    if isinstance(cell, str) and _EXCEL_ERROR.fullmatch(cell.strip()):
        raise Refused(f"the Excel error {cell.strip()}", "mend the formula, or type the value")
    return column.read(cell, decimal)
