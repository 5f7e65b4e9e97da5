"""Writing the empty workbook that people fill in: headers, notes, drop-downs, and a Read me with examples.

It follows the declarations in `spreadsheet_sheets` to the letter, so that whatever the template offers, the
reader takes. Examples stand on the Read me sheet only: no row of the other sheets is ever a sample.
"""

from __future__ import annotations

import csv
from io import BytesIO
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from inventory.errors import InputError
from inventory.sources.spreadsheet_cells import neutralise
from inventory.sources.spreadsheet_columns import READ_ME, Column, Sheet
from inventory.sources.spreadsheet_sheets import SHEET_BY_NAME, SHEETS

__all__ = ["README_COLUMNS", "write_template"]

LAST_ROW = 20_000  # how far drop-downs reach, and how far down they look for names
LONGEST_LIST = 255  # characters of a drop-down written out, Excel's limit
README_COLUMNS = ("Sheet", "Column", "Required", "Unit", "Allowed values", "What it is", "Example")
_INTRODUCTION = """\
One sheet per kind of thing. Fill in what you know; leave unknown cells empty (never 0). Bold headers are required.
Columns may stand in any order. A name in a reference column must stand on the other sheet; of several: site / name.
Numbers without thousands separators, dates as YYYY-MM-DD, times in Brussels time. Formulas count by their last value.
The examples below are not imported.""".splitlines()
_FORMATS = {"date": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm", "clock": "hh:mm"}


def write_template(path: Path, *, overwrite: bool = False) -> list[Path]:
    """Write the template, and say which files were written.

    Args:
        path: an .xlsx file, a .csv file (its name says which sheet), or a folder to hold one CSV per sheet.
        overwrite: replace files that exist.

    Raises:
        InputError: a file exists, the folder is missing, or a .csv is named after no sheet.
    """
    path = Path(path)
    suffix = path.suffix.casefold()
    try:
        if suffix == ".xlsx":
            _free(path, overwrite=overwrite)
            _write_workbook(path)
            return [path]
        if suffix == ".csv":
            return [_write_csv(path, _sheet_named(path), overwrite=overwrite)]
        path.mkdir(parents=True, exist_ok=True)
        files = [(path / f"{sheet.name}.csv", sheet) for sheet in SHEETS]
        for file in (*(file for file, _ in files), path / f"{READ_ME}.csv"):
            _free(file, overwrite=overwrite)
        return [
            *(_write_csv(file, sheet, overwrite=overwrite) for file, sheet in files),
            _write_read_me(path / f"{READ_ME}.csv"),
        ]
    except (OSError, XlsxWriterException) as error:
        raise InputError(
            f"the template can't be written: {error}",
            where=str(path),
            remedy="name a folder that exists and may be written",
        ) from None


def _free(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise InputError("the file exists", where=str(path), remedy="name another file, or delete this one")


def _sheet_named(path: Path) -> Sheet:
    found = next(
        (
            sheet
            for sheet in SHEETS
            if sheet.name.casefold() == path.stem.casefold().replace("_", " ").replace("-", " ")
        ),
        None,
    )
    if found is None:
        names = ", ".join(sheet.name for sheet in SHEETS)
        raise InputError(
            f"no sheet is named {path.stem!r}", where=str(path), remedy=f"name the file after one: {names}"
        )
    return found


# --- XLSX ------------------------------------------------------------------------------------------------------------


def _write_workbook(path: Path) -> None:
    made = BytesIO()  # a full disk then meets one write of ours, and leaves no half of a workbook
    with xlsxwriter.Workbook(made, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        formats = {
            "required": book.add_format(
                {
                    "bold": True,
                    "bg_color": "#1F4E79",
                    "font_color": "#FFFFFF",
                    "text_wrap": True,
                    "valign": "top",
                }
            ),
            "optional": book.add_format({"bg_color": "#DDEBF7", "text_wrap": True, "valign": "top"}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
            "title": book.add_format({"bold": True, "font_size": 14}),
            "text": book.add_format({"num_format": "@"}),
            **{kind: book.add_format({"num_format": number}) for kind, number in _FORMATS.items()},
        }
        _read_me_sheet(book, formats)
        for sheet in SHEETS:
            _data_sheet(book, sheet, formats)
    try:
        path.write_bytes(made.getvalue())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _read_me_sheet(book: Workbook, formats: dict[str, Format]) -> None:
    page = book.add_worksheet(READ_ME)
    page.hide_gridlines(2)
    page.write_string(0, 0, "Server rooms, hardware and applications", formats["title"])
    for number, line in enumerate(_INTRODUCTION, start=1):
        page.merge_range(number, 0, number, len(README_COLUMNS) - 1, line, formats["wrap"])
        page.set_row(number, 30)
    top = len(_INTRODUCTION) + 2
    for index, header in enumerate(README_COLUMNS):
        page.write_string(top, index, header, formats["required"])
    for index, width in enumerate((18, 26, 10, 10, 44, 60, 28)):
        page.set_column(index, index, width)
    for number, row in enumerate(read_me_rows(), start=top + 1):
        for index, text in enumerate(row):
            page.write_string(number, index, text, formats["wrap"])
    page.freeze_panes(top + 1, 0)


def read_me_rows() -> list[tuple[str, ...]]:
    """The rows of the Read me table, under `README_COLUMNS`."""
    rows: list[tuple[str, ...]] = []
    for sheet in SHEETS:
        rows.append((sheet.name, "", "", "", "", sheet.note, ""))
        rows.extend(
            (
                sheet.name,
                column.header,
                "yes" if column.required else "",
                column.units[0] if column.units else "",
                _allowed(column),
                column.note,
                column.example,
            )
            for column in sheet.columns
        )
    return rows


def _allowed(column: Column) -> str:
    if column.choices:
        return ", ".join(column.choices)
    if column.is_reference:
        return "a name on " + " or ".join(column.refers_to)
    low = (
        f"above {column.above:g}"
        if column.above is not None
        else f"from {column.low:g}"
        if column.low is not None
        else ""
    )
    high = f"to {column.high:g}" if column.high is not None else ""
    step = f"steps of {column.step:g}" if column.step is not None else ""
    return ", ".join(part for part in (f"{low} {high}".strip(), step) if part)


def _data_sheet(book: Workbook, sheet: Sheet, formats: dict[str, Format]) -> None:
    page = book.add_worksheet(sheet.name)
    page.freeze_panes(1, 0)
    page.set_row(0, 32)
    for index, column in enumerate(sheet.columns):
        page.write_string(0, index, column.header, formats["required" if column.required else "optional"])
        page.write_comment(0, index, _note(column), {"x_scale": 2, "y_scale": 1.4})
        width = max(len(column.header) + 2, len(column.example) + 2, 10)
        page.set_column(index, index, min(width, 40), _cell_format(column, formats))
        _drop_down(page, index, column)
    page.autofilter(0, 0, LAST_ROW, len(sheet.columns) - 1)


def _cell_format(column: Column, formats: dict[str, Format]) -> Format | None:
    """Text columns are formatted as text, so that Excel leaves 007 and 1E5 alone."""
    return formats["text"] if column.is_text else formats.get(column.kind)


def _note(column: Column) -> str:
    lines = [column.note, "Required." if column.required else "May be empty when unknown."]
    if column.units:
        lines.append(f"Unit: {column.units[0]}.")
    if allowed := _allowed(column):
        lines.append(f"Allowed: {allowed}.")
    if column.example:
        lines.append(f"Example: {column.example}")
    return "\n".join(lines)


def _drop_down(page: Worksheet, index: int, column: Column) -> None:
    """Data validation: a list for enumerations and references, limits for numbers, a form for dates and times."""
    options = _validation(column)
    if options:
        result = page.data_validation(1, index, LAST_ROW, index, {"ignore_blank": True, **options})
        if result != 0:
            raise ValueError(f"Excel would not take the drop-down of column {column.header}")


def _validation(column: Column) -> dict[str, object]:
    message: dict[str, object] = {"error_title": column.header[:32], "error_message": _short(column)}
    if column.choices and column.kind != "objects":
        return {"validate": "list", "source": list(column.choices), **message}
    if column.suggestions:
        return {
            "validate": "list",
            "source": list(column.suggestions),
            "error_type": "information",
            **message,
        }
    if column.kind in {"reference", "object"}:
        # More than one sheet can't feed one list; the first (the commonest) is offered, others may be typed.
        return {
            "validate": "list",
            "source": _names_of(SHEET_BY_NAME[column.refers_to[0]]),
            "error_type": "information",
            **message,
        }
    if column.kind in {"number", "integer"} and (column.low is not None or column.above is not None):
        validate = "integer" if column.kind == "integer" else "decimal"
        low = column.low if column.low is not None else column.above
        if column.high is None or column.above is not None:
            criteria = ">" if column.above is not None else ">="
            return {"validate": validate, "criteria": criteria, "value": low, **message}
        return {
            "validate": validate,
            "criteria": "between",
            "minimum": low,
            "maximum": column.high,
            **message,
        }
    return {}


def _short(column: Column) -> str:
    text = f"{column.note} Allowed: {_allowed(column)}" if _allowed(column) else column.note
    return text if len(text) <= LONGEST_LIST else text[: LONGEST_LIST - 1] + "…"


def _names_of(sheet: Sheet) -> str:
    """The range of the column that names a sheet's rows."""
    field = "model" if sheet is SHEET_BY_NAME["Device types"] else "name"
    letter = xl_col_to_name(
        next(index for index, column in enumerate(sheet.columns) if column.field == field)
    )
    return f"='{sheet.name}'!${letter}$2:${letter}${LAST_ROW}"


# --- CSV -------------------------------------------------------------------------------------------------------------


def _write_csv(path: Path, sheet: Sheet, *, overwrite: bool) -> Path:
    _free(path, overwrite=overwrite)
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerow([column.header for column in sheet.columns])
    return path


def _write_read_me(path: Path) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(README_COLUMNS)
        writer.writerows([neutralise(text) for text in row] for row in read_me_rows())
    return path
