"""The table of school holidays that comes with vorst, as the `holidays` library works it out from the decrees.

Run it to write the table again: `.venv/bin/python tests/support/school_holiday_table.py`.
tests/capacity/test_school_holidays.py compares.
"""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

from holidays import PUBLIC, SCHOOL
from holidays.countries import Belgium

TABLE = Path(__file__).resolve().parents[2] / "capacity" / "defaults" / "school-holidays.csv"
FIRST, LAST = (
    date(2026, 9, 1),
    date(2029, 8, 31),
)  # as far as the French Community has published its calendars
COMMUNITIES = {
    "french": ("French", "fr", "Décret du 31 mars 2022, art. 3-4; enseignement.be/calendrier-scolaire"),
    "flemish": ("Flemish", "nl", "Besluit van de Vlaamse Regering van 17 april 1991, art. 4-5"),
}


def table() -> str:
    """A row for each break, and for each day on which schools alone are closed; days include both ends."""
    years = range(FIRST.year, LAST.year + 1)
    public = Belgium(years=years, categories=(PUBLIC,))
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["community", "name", "from", "until", "source"])
    for community, (subdivision, language, decree) in COMMUNITIES.items():
        closed = Belgium(years=years, subdiv=subdivision, categories=(SCHOOL,), language=language)
        source = f"{decree}; by way of holidays {version('holidays')}"
        for first, last in _spans(sorted(day for day in closed if FIRST <= day <= LAST)):
            days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
            if all(day in public for day in days):
                continue
            names = [name for day in days for name in closed.get_list(day) if day not in public]
            rows.writerow([community, max(names, key=names.count), first, last, source])
    return out.getvalue()


def _spans(days: list[date]) -> list[tuple[date, date]]:
    """Days that follow one another, together."""
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
