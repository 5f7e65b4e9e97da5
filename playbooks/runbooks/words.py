"""The words of a runbook in the language of those who work from it: Dutch, French or English.

Sections write English messages with named places (`%(host)s`) and hand over what goes there; the catalogues in
`locales/` say it otherwise. What stands in a place is data: a name, an id, a command stays as it is in every language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from capacity.reports.language import Language
from playbooks.runbooks.document import Column, Piece

_MINUTE = timedelta(minutes=1)
_PLACE = re.compile(r"%\((\w+)\)s")
_NO_BREAK = "\u00a0"
_NARROW = "\u202f"  # French thousands are parted by it; to `one_line` it is a blank like any other


def message(text: str) -> str:
    """Marks a message that is kept as English and said in its language where it is shown."""
    return text


# What a calendar brings along of itself; a resource that a person named keeps its name.
_RESOURCES = {
    "crew": ("%(n)s crew", "%(n)s crews"),
    "engineer": ("%(n)s engineer", "%(n)s engineers"),
    "van": ("%(n)s van", "%(n)s vans"),
    "dock": ("%(n)s dock slot", "%(n)s dock slots"),
    "appliance": ("%(n)s appliance", "%(n)s appliances"),
    "staging": ("%(n)s U of staging space", "%(n)s U of staging space"),
}
_RESOURCE_NAMES = {
    "crew": message("crews"),
    "engineer": message("engineers"),
    "van": message("vans"),
    "dock": message("dock slots"),
    "appliance": message("appliances"),
    "staging": message("staging space (U)"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Says messages, amounts and moments in one language."""

    language: Language

    def __call__(self, text: str, **places: object) -> str:
        """A message with its places filled."""
        said = self.language.words(text)
        return said % places if places else said

    def pieces(self, text: str, **places: Piece) -> tuple[Piece, ...]:
        """A message in whose places stand commands, strong text and other pieces."""
        found = (
            places[part] if number % 2 else part
            for number, part in enumerate(_PLACE.split(self.language.words(text)))
        )
        return tuple(piece for piece in found if piece != "")

    def counted(self, one: str, many: str, amount: float, **places: object) -> str:
        """A message for an amount, which stands in the place `n`; more than one and less than two are many."""
        return self.language.plural(one, many, ceil(amount)) % {"n": self.number(amount), **places}

    def columns(self, *titles: str | tuple[str, float] | tuple[str, float, bool]) -> tuple[Column, ...]:
        """Columns from their titles, each with its share of the width and whether it stands at the right."""
        found = (Column(title) if isinstance(title, str) else Column(*title) for title in titles)
        return tuple(Column(self(column.title), column.width, column.right) for column in found)

    # --- values -----------------------------------------------------------------------------------------------------

    @property
    def unknown(self) -> str:
        return self("unknown")

    @property
    def none(self) -> str:
        return self("none")

    def shown(self, text: object) -> str:
        """A text of the inventory or the plan for a cell; unknown for nothing, which is not zero and not empty."""
        return self.unknown if text is None or text == "" else str(text)

    def number(self, value: float | None, unit: str = "") -> str:
        """A number without needless decimals, with its unit; unknown for None."""
        if value is None:
            return self.unknown
        text = self.language.number(value, 1).replace(_NARROW, _NO_BREAK)
        return f"{text}{_NO_BREAK}{unit}" if unit else text

    def held(self, resource: str, amount: float) -> str:
        """An amount of a resource: "2 crews"."""
        if resource in _RESOURCES:
            return self.counted(*_RESOURCES[resource], amount)
        return f"{self.number(amount)} {resource}"

    def resource(self, name: str) -> str:
        """A resource by its name."""
        return self(_RESOURCE_NAMES[name]) if name in _RESOURCE_NAMES else name

    def few(self, names: Sequence[str], most: int = 6) -> str:
        """The first names of many."""
        first = ", ".join(names[:most])
        left = len(names) - most
        return self("%(names)s and %(left)s more", names=first, left=left) if left > 0 else first

    def listed(self, texts: Iterable[object]) -> str:
        """Texts of the inventory, sorted, each once; unknown for none."""
        return self.shown("; ".join(sorted({str(text) for text in texts if text})))

    # --- times ------------------------------------------------------------------------------------------------------

    def t(self, moment: datetime, start: datetime | None) -> str:
        """A moment against the wave's start: "T−1:00", "T+0:30", from two days on "T−30 d 1:15"; real time."""
        if start is None:
            return self("T unknown")
        minutes = round((moment.astimezone(UTC) - start.astimezone(UTC)) / _MINUTE)
        sign = "−" if minutes < 0 else "+"
        hours, rest = divmod(abs(minutes), 60)
        if hours < 48:
            return f"T{sign}{hours}:{rest:02d}"
        time = f"{hours % 24}:{rest:02d}"
        return _kept(self("T%(sign)s%(days)s d %(time)s", sign=sign, days=hours // 24, time=time))

    def duration(self, minutes: float) -> str:
        """Minutes up to two hours, then hours and minutes: "45 min", "6 h", "5 h 45"."""
        whole = round(abs(minutes))
        sign = "−" if minutes < 0 else ""
        if whole < 120:
            return _kept(self("%(sign)s%(minutes)s min", sign=sign, minutes=whole))
        hours, rest = divmod(whole, 60)
        shown = self.number(hours)
        if not rest:
            return _kept(self("%(sign)s%(hours)s h", sign=sign, hours=shown))
        return _kept(self("%(sign)s%(hours)s h %(minutes)s", sign=sign, hours=shown, minutes=f"{rest:02d}"))


def _kept(text: str) -> str:
    """On one line, however narrow the column."""
    return text.replace(" ", _NO_BREAK)


def words_of(code: str) -> Words:
    """The words of one of nl, fr and en."""
    return Words(Language(code, "playbooks.runbooks"))


ENGLISH = words_of("en")
