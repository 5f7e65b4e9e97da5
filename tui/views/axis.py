"""The time axis of the timeline: how much time a cell stands for at each zoom, and the two lines of labels above.

Times are those on the clock of the planning zone, without a zone of their own: on a night when clocks change, an hour
of the axis is missing or stands for two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

# Zooms from the coarsest, and the hours each shows at least; the first shows the whole plan.
ZOOMS: tuple[tuple[str, float], ...] = (
    ("programme", 0),
    ("quarter", 92 * 24),
    ("month", 31 * 24),
    ("week", 7 * 24),
    ("night", 24),
)
# Hours a cell may stand for: such that hours and days begin with a cell.
STEPS = (0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 96, 168, 336, 504, 672)
HOUR = timedelta(hours=1)
UNITS = ("hour", "hours", "half", "day", "week", "month", "quarter", "year")
WIDTHS = {"hour": 3, "hours": 3, "half": 3, "day": 3, "week": 4, "month": 4, "quarter": 3, "year": 5}
HOURS = {
    "hour": 1,
    "hours": 3,
    "half": 6,
    "day": 24,
    "week": 168,
    "month": 672,
    "quarter": 2160,
    "year": 8760,
}
ABOVE = {
    "hour": "day",
    "hours": "day",
    "half": "day",
    "day": "month",
    "week": "month",
    "month": "year",
    "quarter": "year",
    "year": "",
}


@dataclass(frozen=True)
class Scale:
    """What the chart shows: from `first` on, `hours` for each of `width` cells."""

    first: datetime
    hours: float
    width: int

    @property
    def end(self) -> datetime:
        return self.moment(self.width)

    def moment(self, cell: float) -> datetime:
        """When a cell begins."""
        return self.first + cell * self.hours * HOUR

    def cell(self, moment: datetime) -> float:
        """How many cells lie before a moment."""
        return (moment - self.first) / HOUR / self.hours

    def days(self, cell: int) -> tuple[date, date]:
        """The first and the last day a cell stands for."""
        return self.moment(cell).date(), (self.moment(cell + 1) - timedelta(seconds=1)).date()


def hours_per_cell(zoom: int, programme_hours: float, width: int) -> float:
    """How much time a cell stands for, so that the zoom's span fits into the width."""
    if zoom == 0:
        return max(STEPS[0], programme_hours / width)
    span = min(ZOOMS[zoom][1], programme_hours)
    return next((step for step in STEPS if step * width >= span), STEPS[-1])


def aligned(moment: datetime, hours: float) -> datetime:
    """The last moment before at which a cell of so many hours may begin: midnight for a day and more."""
    midnight = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - clock time of the planning zone
    if hours >= 24:
        return midnight
    return midnight + int((moment - midnight) / HOUR / hours) * hours * HOUR


def labels(scale: Scale) -> tuple[str, str]:
    """The upper and the lower line, each as wide as the scale: the finest unit that has room, and one above it."""
    lower = next(unit for unit in UNITS if HOURS[unit] / scale.hours >= WIDTHS[unit] or unit == "year")
    upper = ABOVE[lower]
    return _line(scale, upper, has_mark=True) if upper else " " * scale.width, _line(
        scale, lower, has_mark=False
    )


def _line(scale: Scale, unit: str, *, has_mark: bool) -> str:
    """Each label where its unit begins; what began before the chart at its edge, where it fits before the next."""
    starts = list(_starts(scale, unit))
    text = [" "] * scale.width
    for moment, following in pairwise(starts):
        begin = max(0.0, scale.cell(moment))
        first = int(begin + 0.999)
        if begin >= scale.width:
            break
        words = _names(unit, moment)
        room = min(scale.width, int(scale.cell(following) + 0.999)) - first - 1
        is_cut = scale.cell(moment) < 0
        mark = "▏" if has_mark and not is_cut else ""
        name = next(
            (mark + word for word in words if len(mark + word) <= room + (1 if has_mark else 0)), mark
        )
        for offset, letter in enumerate(name):
            if first + offset < scale.width:
                text[first + offset] = letter
    return "".join(text)


def _starts(scale: Scale, unit: str) -> Iterator[datetime]:
    """Where units begin: the one the chart begins in, and on to the first after its end."""
    moment = _begin(scale.first, unit)
    while True:
        yield moment
        if moment >= scale.end:
            return
        moment = _next(moment, unit)


def _begin(moment: datetime, unit: str) -> datetime:
    midnight = aligned(moment, 24)
    if HOURS[unit] < 24:
        return aligned(moment, HOURS[unit])
    if unit == "day":
        return midnight
    if unit == "week":
        return midnight - timedelta(days=midnight.weekday())
    month = {"month": moment.month, "quarter": (moment.month - 1) // 3 * 3 + 1, "year": 1}[unit]
    return midnight.replace(month=month, day=1)


def _next(moment: datetime, unit: str) -> datetime:
    if unit in {"month", "quarter", "year"}:
        months = {"month": 1, "quarter": 3, "year": 12}[unit]
        total = moment.year * 12 + moment.month - 1 + months
        return moment.replace(year=total // 12, month=total % 12 + 1)
    return moment + HOURS[unit] * HOUR


def _names(unit: str, moment: datetime) -> tuple[str, ...]:
    """What a unit is called, the longest first."""
    if HOURS[unit] < 24:
        return (f"{moment:%H:%M}", f"{moment:%H}")
    return {
        "day": (
            f"{moment:%A} {moment.day} {moment:%B %Y}",
            f"{moment:%a} {moment.day} {moment:%b}",
            f"{moment.day}",
        ),
        "week": (f"w{moment.isocalendar().week}",),
        "month": (f"{moment:%b %Y}", f"{moment:%b}", f"{moment:%b}"[:1]),
        "quarter": (f"Q{(moment.month + 2) // 3}",),
        "year": (f"{moment.year}", f"’{moment:%y}"),
    }[unit]
