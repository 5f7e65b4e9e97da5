"""The spreadsheet source: what a workbook, a CSV file or a folder of CSV files says exists, as one snapshot.

Either everything in it can be read, or every defect is named with its sheet, row, column, value and remedy,
and nothing is handed over. The sheets are declared in `spreadsheet_sheets`; what a snapshot changes is
`inventory.sync`'s to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from inventory.errors import SeveralErrors
from inventory.sources.contract import SourceSnapshot
from inventory.sources.spreadsheet_cells import Findings
from inventory.sources.spreadsheet_checks import check_all
from inventory.sources.spreadsheet_file import open_spreadsheet
from inventory.sources.spreadsheet_objects import ObjectBuilder
from inventory.sources.spreadsheet_references import Directory, register_all
from inventory.sources.spreadsheet_sheets import SHEETS
from inventory.sources.spreadsheet_table import Table, read_tables

__all__ = ["read_spreadsheet"]


def read_spreadsheet(path: Path, *, read_at: datetime | None = None) -> SourceSnapshot:
    """Read an .xlsx, a .csv or a folder of .csv files.

    A list counts as read to its end when every sheet that fills it is there and has rows: an emptied or absent sheet
    says nothing, rather than that all its objects are gone.

    Args:
        path: the file or folder.
        read_at: when it was read, for the snapshot; the source has no clock of its own.

    Raises:
        InputError: it can't be read as a whole (not a workbook, protected, too large, no sheet recognised).
        SeveralErrors: its defects, each a `CellError` (an InputError with its place and value), in reading order.
    """
    path = Path(path)
    findings = Findings()
    source = f"spreadsheet:{path.resolve().name}"
    tables = read_tables(open_spreadsheet(path), path.name, findings)
    directory = Directory(tables, findings)
    register_all(directory, tables)
    objects = ObjectBuilder(tables, directory, findings, source).build()
    check_all(tables, directory, findings)
    if findings.errors:
        count = len(findings.errors)
        raise SeveralErrors(
            f"{count} defect{'s' if count > 1 else ''}; nothing is imported",
            findings.in_order(sheet.name for sheet in SHEETS),
            where=path.name,
            remedy="mend them and import again",
        )
    return SourceSnapshot(source, objects, _complete_kinds(tables), read_at, tuple(findings.warnings))


def _complete_kinds(tables: Mapping[str, Table]) -> frozenset[str]:
    filled = {kind for sheet in SHEETS for kind in (sheet.kind, *sheet.makes)}
    told = {
        kind
        for kind in filled
        if all(
            tables[sheet.name].is_present and tables[sheet.name].rows
            for sheet in SHEETS
            if kind in (sheet.kind, *sheet.makes)
        )
    }
    return frozenset(told)
