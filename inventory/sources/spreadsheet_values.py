"""How the value of one cell is read as its column says: numbers, dates, times, choices, yes and no,
addresses.

Every reader takes a cell and returns a plain value, or raises `Refused` with what is wrong and what to do.
Text is read in `spreadsheet_cells`; which reader serves which column is declared in `spreadsheet_columns`.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inventory.sources.spreadsheet_cells import Cell, Refused, folded, shown

ZONE = ZoneInfo("Europe/Brussels")
EXCEL_DAY_0 = date(1899, 12, 30)
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)
MINUTES_PER_DAY = 24 * 60

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}([ .,'’\u00a0\u202f]\d{3})+([.,]\d+)?")
_WITH_UNIT = re.compile(
    r"(?P<number>[+-]?[\d.,][\d.,'’ \u00a0\u202f]*([eE][+-]?\d+)?)\s*(?P<unit>[^\d\s.,][^\d]*|m²|m2|kg/m²|kg/m2)"
)
_YES = {"yes", "y", "true", "ja", "j", "oui", "o", "vrai", "waar", "1", "x"}
_NO = {"no", "n", "false", "nee", "neen", "non", "faux", "onwaar", "0"}


def read_number(
    cell: Cell,
    *,
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    above: float | None = None,
    units: Sequence[str] = (),
    decimal: str = "",
) -> float:
    """A finite number within its limits.

    Args:
        cell: a number, or text that is one.
        low: the smallest allowed value.
        high: the largest allowed value.
        above: a limit below all allowed values.
        step: the value is a whole multiple of it.
        units: spellings of the unit that may follow the number.
        decimal: "." or "," where the file settles it (a CSV), else "": then 1.200 and 1,200 are refused as ambiguous.
    """
    if isinstance(cell, bool):
        raise Refused(f"{shown(cell)} is a true/false value, not a number", "type the number")
    if isinstance(cell, date | time | timedelta):
        raise Refused(
            f"{shown(cell)} is a date or time, not a number", "format the cell as Number and retype it"
        )
    value = (
        float(cell) if isinstance(cell, int | float) else _number_in(str(cell).strip(" \xa0"), units, decimal)
    )
    if not math.isfinite(value):
        raise Refused(
            f"{shown(cell)} is not a finite number", "type the number, or leave the cell empty if unknown"
        )
    _within(cell, value, low=low, high=high, above=above)
    if step is not None and abs(value / step - round(value / step)) > 1e-9:
        kind = "a whole number" if step == 1 else f"a multiple of {step:g}"
        raise Refused(f"{shown(cell)} is not {kind}", f"write {kind}")
    return value


def _within(cell: Cell, value: float, *, low: float | None, high: float | None, above: float | None) -> None:
    if above is not None and value <= above:
        raise Refused(
            f"{shown(cell)} is not above {above:g}", f"write a value above {above:g}, or nothing if unknown"
        )
    if low is not None and value < low:
        what = "negative" if low == 0 else f"below {low:g}"
        raise Refused(f"{shown(cell)} is {what}", f"write a value of at least {low:g}, or nothing if unknown")
    if high is not None and value > high:
        raise Refused(f"{shown(cell)} is above {high:g}", f"write a value of at most {high:g}")


def _number_in(text: str, units: Sequence[str], decimal: str) -> float:
    if folded(text).lstrip("+-") in {"nan", "inf", "infinity", "∞"}:
        raise Refused(
            f"{shown(text)} is not a finite number", "type the number, or leave the cell empty if unknown"
        )
    bare = text
    match = _WITH_UNIT.fullmatch(text)
    if match and not _NUMBER.fullmatch(text):
        unit = match["unit"].strip()
        if folded(unit) not in {folded(known) for known in units}:
            wanted = f"the value in {units[0]}, without a unit" if units else "the number alone"
            raise Refused(f"{shown(text)} has the unit {unit!r}", f"write {wanted}")
        bare = match["number"].strip(" \xa0\u202f")
    grouped = _GROUPED.fullmatch(bare)
    if grouped and _is_grouped(bare, decimal):
        raise Refused(
            f"{shown(text)} has a thousands separator, or three decimals that look like one",
            "write the number without separators, such as 1200 or 1.2",
        )
    if not _NUMBER.fullmatch(bare):
        raise Refused(
            f"{shown(text)} is not a number", "type digits only, or leave the cell empty if unknown"
        )
    return float(bare.replace(",", "."))


def _is_grouped(text: str, decimal: str) -> bool:
    marks = [char for char in text if not char.isdigit() and char not in "+-"]
    if len(marks) > 1 or marks[0] not in ".,":
        return True
    if text.lstrip("+-").startswith("0"):  # 0.125 can't be thousands
        return False
    return marks[0] != decimal


def read_integer(
    cell: Cell,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    units: Sequence[str] = (),
    decimal: str = "",
) -> int:
    """Like `read_number`, a whole one."""
    return round(read_number(cell, low=low, high=high, above=above, step=1, units=units, decimal=decimal))


def read_boolean(cell: Cell) -> bool:
    """Yes or no in English, Dutch or French, TRUE or FALSE, 1 or 0."""
    if isinstance(cell, bool):
        return cell
    word = folded(shown(cell)) if isinstance(cell, int | float) else folded(str(cell))
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Refused(f"{shown(cell)} is neither yes nor no", "write yes or no, or nothing if unknown")


def read_choice(cell: Cell, *, choices: Sequence[str], synonyms: Mapping[str, str]) -> str:
    """One of `choices`, whatever its case and with blanks for hyphens; `synonyms` are other spellings, folded."""
    word = folded(str(cell)) if isinstance(cell, str) else folded(shown(cell))
    by_word = {folded(choice): choice for choice in choices}
    found = (
        by_word.get(word)
        or by_word.get(word.replace(" ", "-").replace("_", "-"))
        or by_word.get(word.replace(" ", "_").replace("-", "_"))
    )
    found = found or synonyms.get(word)
    if found is None:
        raise Refused(f"{shown(cell)} is not one of the allowed values", f"choose {', '.join(choices)}")
    return found


def read_date(cell: Cell) -> date:
    """A date: a date cell, an Excel day number, or text as YYYY-MM-DD; from 1990 to 2100."""
    remedy = "format the cell as Date, or write it as YYYY-MM-DD"
    if isinstance(cell, bool | time | timedelta):
        raise Refused(f"{shown(cell)} is not a date", remedy)
    if isinstance(cell, datetime):
        found = cell.date()
        if cell.time() != time():
            raise Refused(f"{shown(cell)} has a time of day, the column takes a date", remedy)
    elif isinstance(cell, date):
        found = cell
    elif isinstance(cell, int | float):
        found = _day_of_serial(cell, remedy)
    else:
        text = str(cell).strip()
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise Refused(f"{shown(text)} is not a date in the form YYYY-MM-DD", remedy)
        try:
            found = date.fromisoformat(text)
        except ValueError:
            raise Refused(f"{shown(text)} is not a day of the calendar", remedy) from None
    if not EARLIEST <= found <= LATEST:
        raise Refused(f"the date {shown(cell)} is outside {EARLIEST:%Y}–{LATEST:%Y}", remedy)
    return found


def _day_of_serial(cell: float, remedy: str) -> date:
    days = float(cell)
    if not (EARLIEST - EXCEL_DAY_0).days <= days < (LATEST - EXCEL_DAY_0).days + 1:
        raise Refused(f"{shown(cell)} as a day number is outside {EARLIEST:%Y}–{LATEST:%Y}", remedy)
    if days != int(days):
        raise Refused(f"{shown(cell)} has a time of day, the column takes a date", remedy)
    return EXCEL_DAY_0 + timedelta(days=int(days))


def read_moment(cell: Cell) -> datetime:
    """A moment in Brussels time: a date cell with or without a time, or text YYYY-MM-DD HH:MM. Returned aware, in UTC.

    A date alone is the midnight at its start.
    """
    remedy = "format the cell as date and time, or write it as YYYY-MM-DD HH:MM"
    if isinstance(cell, datetime):
        day, clock = read_date(cell.date()), cell.time()
    elif isinstance(cell, str):
        match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2}:\d{2}(?::\d{2})?))?", cell.strip())
        if not match:
            raise Refused(f"{shown(cell)} is not a date and time in the form YYYY-MM-DD HH:MM", remedy)
        day, clock = read_date(match[1]), _clock_of(match[2], cell) if match[2] else time()
    elif isinstance(cell, int | float) and not isinstance(cell, bool) and cell != int(cell):
        day = read_date(float(math.floor(cell)))
        seconds = round((float(cell) - math.floor(cell)) * 86_400)
        return _in_brussels(datetime.combine(day, time()) + timedelta(seconds=seconds), cell)
    else:
        day, clock = read_date(cell), time()
    return _in_brussels(datetime.combine(day, clock), cell)


def _in_brussels(local: datetime, cell: Cell) -> datetime:
    moment = local.replace(tzinfo=ZONE).astimezone(UTC)
    if moment.astimezone(ZONE).replace(tzinfo=None) != local:
        raise Refused(
            f"{shown(cell)} does not exist in Brussels (the clock skips it in spring)",
            "write a time an hour later",
        )
    return moment


def read_clock(cell: Cell) -> int:
    """A time of day as minutes since midnight, 0 to 1439: a time cell, a fraction of a day, or text HH:MM."""
    remedy = "write the time as HH:MM, from 00:00 to 23:59"
    if isinstance(cell, str):
        found = _clock_of(cell.strip(), cell)
    elif isinstance(cell, time):
        found = cell
    elif isinstance(cell, timedelta):
        return _minutes_of(cell.total_seconds() / 86_400, cell, remedy)
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        return _minutes_of(float(cell), cell, remedy)
    else:
        raise Refused(f"{shown(cell)} is not a time of day", remedy)
    if found.second or found.microsecond:
        raise Refused(f"{shown(cell)} has seconds, the column takes whole minutes", remedy)
    return found.hour * 60 + found.minute


def _minutes_of(fraction: float, cell: Cell, remedy: str) -> int:
    minutes = fraction * MINUTES_PER_DAY
    if not 0 <= minutes < MINUTES_PER_DAY or abs(minutes - round(minutes)) > 1e-3:
        raise Refused(f"{shown(cell)} is not a time of day", remedy)
    return round(minutes) % MINUTES_PER_DAY


def _clock_of(text: str, cell: Cell) -> time:
    match = re.fullmatch(r"(\d{1,2})[:hHu](\d{2})?(?::(\d{2}))?", text)
    if not match or int(match[1]) > 23 or int(match[2] or 0) > 59 or int(match[3] or 0) > 59:
        raise Refused(f"{shown(cell)} is not a time of day", "write the time as HH:MM, from 00:00 to 23:59")
    return time(int(match[1]), int(match[2] or 0), int(match[3] or 0))


def read_address(cell: Cell) -> str:
    """An IPv4 or IPv6 address with or without a prefix length, as written: 10.2.0.14 or 10.2.0.14/24."""
    text = str(cell).strip() if isinstance(cell, str) else shown(cell)
    try:
        # Without the zone of fe80::1%eth0, which names an interface of one machine.
        ipaddress.ip_interface(text.replace("%", " "))
    except ValueError:
        raise Refused(
            f"{shown(text)} is not an IP address",
            "write it as 10.2.0.14 or 10.2.0.14/24 (or an IPv6 address)",
        ) from None
    return text


def read_redundancy(cell: Cell) -> str:
    """Supply redundancy k+m: k supplies carry the load, m may be lost ("1+1"); k from 1."""
    text = str(cell).replace(" ", "") if isinstance(cell, str) else shown(cell)
    match = re.fullmatch(r"(\d{1,2})\+(\d{1,2})", text)
    if not match or int(match[1]) < 1:
        raise Refused(f"{shown(cell)} is not a redundancy k+m", "write it as 1+0, 1+1, 2+1 or 2+2")
    return f"{int(match[1])}+{int(match[2])}"
