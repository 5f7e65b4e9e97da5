"""The words views speak: a span is text with a tone, a line is spans, rows are a table. Colours are the widgets'.

Text from sources passes through `plain`, so that control and direction characters are seen and do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from rich.cells import cell_len, set_cell_size

from tui import quantities
from tui.output import plain

UNKNOWN = "unknown"
some = quantities.some
EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one tone; the tone is a word ("bad", "relocate") that a palette turns into a colour."""

    text: str
    tone: str = ""


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """A line of spans; bare strings have no tone."""
    return tuple(part if isinstance(part, Span) else Span(plain(part)) for part in parts)


def span(text: object, tone: str = "") -> Span:
    """A span of a source's text, made harmless."""
    return Span(plain(text), tone)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `tones` gives the tone of each value that has one; `width` bounds it, `narrow` does so on a
    narrow screen; 0 does not. `is_share`: the value ends in a percentage, and its tone is how full that is.
    """

    label: str
    right: bool = False
    tones: Mapping[str, str] = field(default_factory=dict)
    width: int = 0
    narrow: int = 0
    is_share: bool = False


@dataclass(frozen=True)
class Rows:
    """A table: `cells` row by row, all text; `keys` say what each row is about."""

    columns: tuple[Column, ...]
    cells: tuple[tuple[str, ...], ...]
    keys: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.cells)


def rows(columns: Sequence[Column], items: Sequence[tuple[Any, Sequence[object]]]) -> Rows:
    """Rows from (key, cells) pairs; every cell is made harmless, None is shown as nothing."""
    return Rows(
        tuple(columns),
        tuple(tuple("" if cell is None else plain(cell) for cell in cells) for _, cells in items),
        tuple(key for key, _ in items),
    )


def filtered(table: Rows, words: str, keep: Callable[[Any], bool] | None = None) -> Rows:
    """The rows in which every word occurs somewhere, in any case, and whose key `keep` accepts."""
    wanted = words.casefold().split()
    if not wanted and keep is None:
        return table
    chosen = [
        index
        for index, cells in enumerate(table.cells)
        if (keep is None or keep(table.keys[index])) and _has_all("\n".join(cells).casefold(), wanted)
    ]
    return Rows(table.columns, tuple(table.cells[i] for i in chosen), tuple(table.keys[i] for i in chosen))


def _has_all(text: str, words: Sequence[str]) -> bool:
    return all(word in text for word in words)


def count(value: float) -> str:
    """A number for people: "2,600"; one decimal only where it matters."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.1f}"


def kilowatts(low_w: float, high_w: float) -> str:
    """A range of powers in kW."""
    low, high = f"{low_w / 1000:,.1f}", f"{high_w / 1000:,.1f}"
    return high if low == high else f"{low}–{high}"


def day(moment: date | datetime | None) -> str:
    """Like "4 Jan 2027", in the moment's own zone."""
    return "" if moment is None else f"{moment.day} {moment:%b %Y}"


def moment_text(moment: datetime | None) -> str:
    """Like "Sat 4 Jan 2027 20:00", in the moment's own zone."""
    return "" if moment is None else f"{moment:%a} {moment.day} {moment:%b %Y %H:%M}"


def share_tone(share: float | None) -> str:
    """How full is worrying: above all of it, above nine tenths, above seven tenths."""
    if share is None:
        return "muted"
    if share > 1 + 1e-9:
        return "bad"
    return "warn" if share > 0.9 else "good"


def bar(share: float, width: int) -> str:
    """A bar of `width` cells, filled to `share` in eighths of a cell."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Exactly `width` cells: cut with an ellipsis, or padded. Wide characters count as two."""
    if width <= 0:
        return ""
    size = cell_len(text)
    if size > width:
        return (
            set_cell_size(text, width - 1).rstrip()
            + "…"
            + " " * max(0, width - 1 - cell_len(set_cell_size(text, width - 1).rstrip()))
        )
    pad = " " * (width - size)
    return pad + text if right else text + pad


def tail(text: str, width: int) -> str:
    """The end of a text in at most `width` cells, with an ellipsis for what is cut off."""
    if cell_len(text) <= width:
        return text
    kept = ""
    for letter in reversed(text):
        if cell_len(letter + kept) > width - 1:
            break
        kept = letter + kept
    return f"…{kept}"
