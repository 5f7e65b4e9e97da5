"""The words, numbers and dates of a report's language, from the catalogues in `locales/` of whoever writes it.

Catalogues are plain .po files, read as they are: nothing to compile. A message without a translation is an error in the
tests, and shows in English to a reader.
"""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from io import BytesIO

from babel import dates, numbers
from babel.messages import mofile, pofile

from inventory.errors import InputError

LANGUAGES = ("nl", "fr", "en")
LOCALES = {"nl": "nl_BE", "fr": "fr_BE", "en": "en_GB"}
QUOTES = {"nl": ("“", "”"), "fr": ("«\u00a0", "\u00a0»"), "en": ("“", "”")}


@dataclass(frozen=True)
class Language:
    """One of nl, fr and en; `package` is the one whose `locales/` holds the words."""

    code: str
    package: str = "capacity.reports"

    @property
    def locale(self) -> str:
        return LOCALES[self.code]

    def translations(self) -> gettext.NullTranslations:
        return _translations(self.code, self.package)

    def words(self, message: str) -> str:
        return self.translations().gettext(message)

    def plural(self, one: str, many: str, amount: int) -> str:
        """The message for an amount: what a language says of none, one and many is its catalogue's to know."""
        return self.translations().ngettext(one, many, amount)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with the language's separators, at most `digits` after the decimal sign."""
        return numbers.format_decimal(
            round(value, digits), locale=self.locale, format=f"#,##0.{'#' * digits}"
        )

    def percent(self, value: float | None) -> str:
        if value is None:
            return self.words("not limited")
        return numbers.format_percent(value, locale=self.locale)

    def quoted(self, text: str) -> str:
        """Text between the language's quotation marks."""
        opening, closing = QUOTES[self.code]
        return f"{opening}{text}{closing}"

    def chart_numbers(self) -> dict[str, object]:
        """How a chart writes numbers: the locale that d3-format asks for."""
        return {
            "decimal": numbers.get_decimal_symbol(self.locale),
            "thousands": numbers.get_group_symbol(self.locale),
            "grouping": [3],
            "currency": ["€\u00a0", ""],
            "percent": numbers.format_percent(1, locale=self.locale).removeprefix("100"),
        }

    def day(self, moment: date | datetime | None) -> str:
        """A date; a dash for none."""
        return dates.format_date(moment, format="medium", locale=self.locale) if moment else "–"

    def moment(self, moment: datetime) -> str:
        """A date and time to the minute, in the time zone it carries."""
        return dates.format_datetime(
            moment, format="dd/MM/yy HH:mm", locale=self.locale, tzinfo=moment.tzinfo
        )

    def appointment(self, moment: datetime) -> str:
        """A date with its weekday, and a time to the minute, in the time zone it carries."""
        return dates.format_datetime(
            moment, format="EEE dd MMM y HH:mm", locale=self.locale, tzinfo=moment.tzinfo
        )


def checked_language(code: str) -> str:
    """The code itself; raises InputError for another than nl, fr and en."""
    if code not in LANGUAGES:
        raise InputError(f"no language {code!r}", remedy=f"use one of {', '.join(LANGUAGES)}")
    return code


@cache
def _translations(code: str, package: str) -> gettext.NullTranslations:
    if code == "en":
        return gettext.NullTranslations()
    text = resources.files(package).joinpath(f"locales/{code}.po").read_bytes()
    compiled = BytesIO()
    mofile.write_mo(compiled, pofile.read_po(BytesIO(text), locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
