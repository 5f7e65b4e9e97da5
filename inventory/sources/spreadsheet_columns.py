"""What a column and a sheet of the workbook are, and the words they may hold: the terms in which the sheets
are declared.

The sheets themselves are in `spreadsheet_sheets`. Reading and writing both follow these declarations: nothing
else in the spreadsheet source knows a header or an allowed value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from inventory.sources import spreadsheet_cells as cells
from inventory.sources import spreadsheet_values as values
from inventory.sources.spreadsheet_cells import Cell, folded

READ_ME = "Read me"

# Spellings of a unit. The first of a column's units is the one its values are in.
U = ("U", "HE", "RU", "unit", "units")
KG = ("kg", "kilo", "kilogram")
W = ("W", "watt", "watts")
MM = ("mm",)
M2 = ("m²", "m2", "sqm")
KG_M2 = ("kg/m²", "kg/m2")
MB = ("MB", "megabyte")
MBPS = ("Mbit/s", "Mbps", "Mb/s")
MS = ("ms",)
MINUTES = ("min", "minutes", "minuten")
PERCENT = ("%", "pct", "percent")
VOLT = ("V", "volt")
AMPERE = ("A", "amp", "ampere", "ampère")
DEGREES = ("°", "degrees", "deg", "graden", "degrés")
OTHER_UNITS = frozenset(
    [
        "g",
        "lb",
        "lbs",
        "pound",
        "pounds",
        "ton",
        "t",
        "kw",
        "kva",
        "va",
        "mva",
        "cm",
        "in",
        "inch",
        "inches",
        "ft",
        "m",
        "m³",
        "ft2",
        "gb",
        "tb",
        "kb",
        "gib",
        "mib",
        "tib",
        "gbit/s",
        "gbps",
        "kbit/s",
        "kbps",
        "s",
        "sec",
        "seconds",
        "h",
        "hour",
        "hours",
        "uren",
        "heures",
        "days",
        "kn/m²",
        "kn/m2",
        "mv",
        "kv",
        "ma",
    ]
)
_ALL_UNITS = OTHER_UNITS | {
    folded(word)
    for group in (U, KG, W, MM, M2, KG_M2, MB, MBPS, MS, MINUTES, PERCENT, VOLT, AMPERE, DEGREES)
    for word in group
}

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAY_WORDS: dict[str, str] = {
    word: WEEKDAYS[index]
    for language in (
        "mon tue wed thu fri sat sun",
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
        "ma di wo do vr za zo",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
    )
    for index, word in enumerate(language.split())
}
STATUS_WORDS = {
    "actief": "active", "actif": "active", "in use": "active", "in gebruik": "active", "en service": "active",
    "gepland": "planned", "prévu": "planned", "planifié": "planned", "hors service": "offline",
    "buiten dienst": "offline", "défaillant": "failed", "defect": "failed",
}  # fmt: skip
KIND_WORDS = {
    "vm": "virtual machine", "virtuele machine": "virtual machine", "machine virtuelle": "virtual machine",
    "server": "device", "toestel": "device", "équipement": "device", "toepassing": "application",
    "applicatie": "application", "gebouw": "site", "bâtiment": "site", "lokaal": "room", "salle": "room",
    "klant": "tenant", "locataire": "tenant",
}  # fmt: skip
KIND_SHEETS = {
    "device": "Devices",
    "virtual machine": "Virtual machines",
    "application": "Applications",
    "tenant": "Tenants",
    "site": "Sites",
    "room": "Rooms",
}


@dataclass(frozen=True, slots=True, eq=False)  # compared and hashed by identity
class Column:
    """One column. `field` is the Estate's field name, or a name of its own where a row makes several objects.

    `kind`: identifier, slug, text, long, number, integer, boolean, choice, weekday, date, moment, clock, address,
    redundancy, reference (a row of the sheets in `refers_to`), object or objects (a row of the sheet that its kind
    column names, else of `refers_to`), or naming (a name that makes an object of the list `makes`, as a manufacturer).
    """

    header: str
    field: str
    kind: str
    note: str
    example: str = ""
    required: bool = False
    aliases: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    synonyms: Mapping[str, str] | None = None
    low: float | None = None
    high: float | None = None
    above: float | None = None
    step: float | None = None
    max_length: int = 200
    refers_to: tuple[str, ...] = ()
    kind_field: str = ""
    makes: str = ""

    @property
    def is_text(self) -> bool:
        """Whether its values are words (and so are written as text, and neutralised in CSV)."""
        return self.kind not in {"number", "integer", "date", "moment", "clock"}

    @property
    def is_reference(self) -> bool:
        return self.kind in {"reference", "object", "objects"}

    def read(self, cell: Cell, decimal: str = "") -> object:
        """The cell's value; raises `Refused`. References come back as text, to be resolved against their sheet."""
        return _READERS[self.kind](self, cell, decimal)


@dataclass(frozen=True, slots=True, eq=False)  # compared and hashed by identity
class Sheet:
    """One sheet: its name, the Estate's list it fills, and its columns. `makes` are further lists it fills."""

    name: str
    kind: str
    note: str
    columns: tuple[Column, ...]
    aliases: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()

    def column(self, field: str) -> Column:
        """The column of a field."""
        return next(column for column in self.columns if column.field == field)

    @property
    def required(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.required)


def _number(column: Column, cell: Cell, decimal: str) -> float:
    return values.read_number(
        cell,
        low=column.low,
        high=column.high,
        above=column.above,
        step=column.step,
        units=column.units,
        decimal=decimal,
    )


def _integer(column: Column, cell: Cell, decimal: str) -> int:
    return values.read_integer(
        cell, low=column.low, high=column.high, above=column.above, units=column.units, decimal=decimal
    )


def _choice(column: Column, cell: Cell, _decimal: str) -> str:
    return values.read_choice(cell, choices=column.choices, synonyms=column.synonyms or {})


def _identifier(column: Column, cell: Cell, _decimal: str) -> str:
    return cells.read_identifier(cell, max_length=column.max_length)


def _objects(column: Column, cell: Cell, _decimal: str) -> str:
    if isinstance(cell, str):
        return cells.read_text(cell, max_length=cells.LONGEST_CELL, is_long=True)
    return cells.read_identifier(cell, max_length=column.max_length)


_READERS: dict[str, Callable[[Column, Cell, str], object]] = {
    "identifier": _identifier,
    "slug": lambda column, cell, _: cells.read_slug(cell, max_length=column.max_length),
    "reference": _identifier,
    "object": _identifier,
    "naming": _identifier,
    "objects": _objects,
    "text": lambda column, cell, _: cells.read_text(cell, max_length=column.max_length),
    "long": lambda column, cell, _: cells.read_text(cell, max_length=column.max_length, is_long=True),
    "number": _number,
    "integer": _integer,
    "boolean": lambda _column, cell, _: values.read_boolean(cell),
    "choice": _choice,
    "weekday": lambda _column, cell, _: WEEKDAYS.index(
        values.read_choice(cell, choices=WEEKDAYS, synonyms=WEEKDAY_WORDS)
    ),
    "date": lambda _column, cell, _: values.read_date(cell),
    "moment": lambda _column, cell, _: values.read_moment(cell),
    "clock": lambda _column, cell, _: values.read_clock(cell),
    "address": lambda _column, cell, _: values.read_address(cell),
    "redundancy": lambda _column, cell, _: values.read_redundancy(cell),
}


# --- headers and sheet names as people write them --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A recognised header. `wrong_unit` is set when the header says another unit than the column's."""

    column: Column
    wrong_unit: str = ""


def match_header(sheet: Sheet, header: str) -> HeaderMatch | None:
    """The column a header names: "Height (U)", "hoogte", "poids kg", "height_u"; None when it names none."""
    words = header_words(sheet)
    text = header.strip().rstrip("*: ")
    if (column := words.get(plain(text))) is not None:
        return HeaderMatch(column)
    bracketed = re.fullmatch(r"(.+?)\s*[(\[]([^()\[\]]*)[)\]]", text)
    if bracketed:
        base, unit = bracketed[1], bracketed[2].strip()
    else:
        base, _, unit = text.replace("_", " ").rpartition(" ")
        if folded(unit) not in _ALL_UNITS:
            return None
    column = words.get(plain(base))
    if column is None:
        return None
    is_foreign = folded(unit) in _ALL_UNITS and folded(unit) not in {folded(own) for own in column.units}
    return HeaderMatch(column, unit if is_foreign else "")


@cache
def header_words(sheet: Sheet) -> dict[str, Column]:
    """Every word a sheet's columns go by, as `plain` writes it."""
    found: dict[str, Column] = {}
    for column in sheet.columns:
        base = re.sub(r"\s*\([^()]*\)$", "", column.header)
        for word in (column.header, base, column.field, *column.aliases):
            found.setdefault(plain(word), column)
    return found


def match_sheet(sheets: Iterable[Sheet], name: str) -> Sheet | None:
    """The sheet a name means, in English, Dutch or French; None when it means none."""
    word = plain(name)
    return next((sheet for sheet in sheets if word in {plain(sheet.name), *map(plain, sheet.aliases)}), None)


def plain(text: str) -> str:
    """A header without case, accents, underscores and hyphens."""
    bare = unicodedata.normalize("NFKD", text.replace("_", " ").replace("-", " ").replace("\n", " "))
    return folded("".join(char for char in bare if not unicodedata.combining(char)))
