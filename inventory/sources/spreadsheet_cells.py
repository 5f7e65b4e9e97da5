"""One cell: where it stands, what is wrong with it, how its text is read, and how text is written so that it
stays text.

What a column allows is in `spreadsheet_columns`; numbers, dates and choices are read in `spreadsheet_values`;
files and sheets in `spreadsheet_file`. `neutralise` is for everyone who writes a spreadsheet.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from inventory.errors import InputError, VorstError

SHOWN_LENGTH = 60  # of a cell's value in a message
LONGEST_CELL = 32_767  # characters, Excel's own limit
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class BrokenCell:
    """A cell whose file holds no usable value: an Excel error (#REF!), or a formula never calculated."""

    text: str
    is_formula: bool = False


Cell = str | int | float | bool | date | datetime | time | timedelta | BrokenCell | None


class CellError(InputError):
    """A defect of one cell (or row, or sheet), with its place in separate fields for whoever wants to point at it."""

    def __init__(self, what: str, *, place: Place, value: object = None, remedy: str = "") -> None:
        super().__init__(what, where=str(place), remedy=remedy)
        self.place = place
        self.value = value


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person finds it. `row` and `column` count from 1; 0 where the whole sheet or row is meant."""

    file: str
    sheet: str = ""
    row: int = 0
    column: int = 0
    header: str = ""

    def __str__(self) -> str:
        parts = [self.file]
        if self.sheet:
            parts.append(f"sheet {self.sheet}")
        if self.row:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(
                f"column {column_letter(self.column)}" + (f" ({self.header})" if self.header else "")
            )
        elif self.header:
            parts.append(f"column {self.header}")
        return ", ".join(parts)


@dataclass(slots=True)
class Findings:
    """What one reading has found so far; nothing is handed over while there are errors."""

    errors: list[CellError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def error(self, place: Place, what: str, remedy: str, value: object = None) -> None:
        self.errors.append(CellError(what, place=place, value=value, remedy=remedy))

    def warn(self, place: Place, what: str) -> None:
        self.warnings.append(f"{place}: {what}")

    def in_order(self, sheets: Iterable[str]) -> list[VorstError]:
        """The errors as a person meets them: by sheet, row and column."""
        order = {name: index for index, name in enumerate(sheets)}

        def key(error: CellError) -> tuple[int, int, int]:
            return order.get(error.place.sheet, -1), error.place.row, error.place.column

        return [*sorted(self.errors, key=key)]


class Refused(Exception):
    """A value that a reader of cells can't take; the caller knows the place and turns it into a CellError."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def column_letter(number: int) -> str:
    """1 → A, 27 → AA, as the spreadsheet's own column heads."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def shown(value: object) -> str:
    """A cell's value for a message: quoted, control characters escaped, at most 60 characters."""
    text = value.text if isinstance(value, BrokenCell) else _plain(value)
    text = text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…"
    return repr(text) if isinstance(value, str | BrokenCell) else text


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def neutralise(text: str) -> str:
    """Text that a spreadsheet shows as it is: an apostrophe before what Excel would calculate (OWASP, CSV injection).

    Needed for CSV, where a cell has no type; XlsxWriter's `write_string` is safe by itself. `restored` undoes it.
    """
    return f"'{text}" if text.startswith((*_FORMULA_STARTS, "'")) else text


def restored(text: str) -> str:
    """The text before `neutralise`: an apostrophe goes only where `neutralise` would have put it."""
    if text.startswith("'") and text[1:].startswith((*_FORMULA_STARTS, "'")):
        return text[1:]
    return text


def is_empty(cell: Cell) -> bool:
    """Nothing in it, or nothing but blanks."""
    return cell is None or (isinstance(cell, str) and not cell.strip(" \t\r\n\xa0\ufeff"))


def folded(text: str) -> str:
    """Text for comparing names: case, accents' encoding, blanks and blanks around "/" don't matter."""
    text = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return re.sub(r" ?/ ?", "/", text)


def slug_of(text: str) -> str:
    """A NetBox slug: ASCII letters, digits and hyphens; a digest where a name has none of these."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text.casefold()).strip("-")[:100]
    return slug or "x-" + hashlib.sha256(folded(text).encode()).hexdigest()[:12]


def external_id(sheet: str, *parts: str) -> str:
    """The id of an object in this source: "Racks!town-hall/room-1/r07", stable when case or blanks change.

    "/", "!" and "%" inside a part are percent-encoded, so that no two different keys give the same id.
    """
    encoded = (
        re.sub(r"[%/!]", lambda match: f"%{ord(match.group()):02X}", " ".join(part.casefold().split()))
        for part in (unicodedata.normalize("NFC", part) for part in parts)
    )
    return f"{sheet}!{'/'.join(encoded)}"


def read_text(cell: Cell, *, max_length: int, is_long: bool = False) -> str:
    """Text of a cell, without blanks around it. Line breaks only where `is_long`."""
    if isinstance(cell, bool | date | time | timedelta):
        raise Refused(
            f"{shown(cell)} is a {_type_name(cell)}, not text", "format the cell as Text and type it again"
        )
    text = cell if isinstance(cell, str) else _plain(cell)
    text = text.strip(" \t\r\n\xa0\ufeff")
    allowed = "\n\r\t" if is_long else ""
    bad = next((char for char in text if _is_control(char) and char not in allowed), None)
    if bad is not None:
        name = f"U+{ord(bad):04X}"
        kind = (
            "a line break" if bad in "\r\n" else "a tab" if bad == "\t" else f"the control character {name}"
        )
        raise Refused(f"{shown(text)} holds {kind}", "remove it, or retype the text")
    if len(text) > max_length:
        raise Refused(
            f"{shown(text)} has {len(text)} characters, the field takes {max_length}",
            f"shorten it to {max_length}",
        )
    return text


def read_identifier(cell: Cell, *, max_length: int) -> str:
    """Text that must not have passed through a number: names, slugs, serials, asset tags, circuit ids."""
    if isinstance(cell, int | float | date | time | timedelta):
        raise Refused(
            f"{shown(cell)} is a {_type_name(cell)}, not text; a leading zero or digits may have been lost",
            "format the column as Text and type the value again",
        )
    text = read_text(cell, max_length=max_length)
    if re.fullmatch(r"\d+([.,]\d+)?[eE]\+\d+", text):
        raise Refused(
            f"{shown(text)} looks like an identifier that was turned into a number in scientific notation",
            "format the column as Text and type the value again",
        )
    return text


def read_slug(cell: Cell, *, max_length: int) -> str:
    """A slug as NetBox takes it, in lower case."""
    text = read_identifier(cell, max_length=max_length)
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise Refused(
            f"{shown(text)} is not a slug", f"use letters, digits and hyphens, as in {slug_of(text)}"
        )
    return text.lower()


def _type_name(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true/false value"
    return "number" if isinstance(cell, int | float) else "date or time"


def _is_control(char: str) -> bool:
    category = unicodedata.category(char)
    return (
        category in {"Cc", "Cs"}
        or char in "\u200b\ufeff\u2028\u2029"
        or "\u202a" <= char <= "\u202e"
        or ("\u2066" <= char <= "\u2069")
    )
