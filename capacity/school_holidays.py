"""School holidays of the communities, read from a table that a person keeps with its sources.

Communities set them by decree, each its own, and change them: a workspace begins with the table that comes with vorst,
the French and the Flemish Community's as far as they are published, and a person corrects it. A table has the columns
community, name, from, until (both days inclusive) and source, one holiday a row. What comes of them is for the
calendar's `school` rules.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from importlib import resources as package_resources

from pydantic import ValidationError

from capacity.calendar_settings import SchoolHolidayInput
from inventory.errors import InputError

COLUMNS = ("community", "name", "from", "until", "source")


def default_text() -> str:
    """The table that `vorst init` writes; each date names the decree it follows from."""
    table = package_resources.files("capacity").joinpath("defaults/school-holidays.csv")
    return table.read_text(encoding="utf-8")


def read_school_holidays(text: str, where: str) -> tuple[SchoolHolidayInput, ...]:
    """The holidays of a table; raises InputError naming the row and column of the first that can't be used."""
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    try:
        rows = list(
            csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=True)
        )
    except csv.Error as error:
        raise InputError(f"not a table: {error}", where=where, remedy="mend it there") from None
    header = tuple(cell.strip().casefold() for cell in rows[0]) if rows else ()
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise InputError(
            f"no column {', '.join(missing)}", where=f"{where}, row 1", remedy=f"use {', '.join(COLUMNS)}"
        )
    found = []
    for number, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
            found.append(_holiday(cells, f"{where}, row {number}"))
    return tuple(found)


def _holiday(cells: dict[str, str], where: str) -> SchoolHolidayInput:
    days = {}
    for name in ("from", "until"):
        try:
            days[name] = date.fromisoformat(cells.get(name, ""))
        except ValueError:
            raise InputError(
                f"{cells.get(name, '')!r} is no day",
                where=f"{where}, column {name}",
                remedy="write it as 2027-12-31",
            ) from None
    try:
        return SchoolHolidayInput(
            community=cells.get("community", ""),
            name=cells.get("name", ""),
            first=days["from"],
            last=days["until"],
            source=cells.get("source", ""),
        )
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        column = ".".join(str(part) for part in detail["loc"]) or "until"
        raise InputError(
            str(detail["msg"]), where=f"{where}, column {column}", remedy="correct it there"
        ) from None
