"""The timeline: a line per wave, opening into groups and steps; months above, freezes and holidays behind."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.colours import palette
from tui.views.spans import fit
from tui.views.timeline import Bar, Timeline

HEADER = 2
ZOOMS = (0.25, 0.5, 1.0, 2.0, 4.0, 7.0, 14.0)  # days per cell
HOURS = 24


class Gantt(ScrollView, can_focus=True):
    """Bars over days. `days_per_cell` None fits the whole plan into the width."""

    DEFAULT_CSS = """
    Gantt { height: 1fr; background: $background; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "move(-15)", "Page up", show=False),
        Binding("pagedown", "move(15)", "Page down", show=False),
        Binding("home", "move(-1000000)", "First", show=False),
        Binding("end", "move(1000000)", "Last", show=False),
        Binding("enter,space", "open_or_close", "Open/close", key_display="enter"),
        Binding("left", "shift(-1)", "Earlier", show=False),
        Binding("right", "shift(1)", "Later", show=False),
        Binding("plus,equals_sign", "zoom(-1)", "Zoom in", key_display="+"),
        Binding("minus", "zoom(1)", "Zoom out", key_display="-"),
        Binding("f", "fit", "Fit", show=False),
    ]

    class Highlighted(Message):
        def __init__(self, bar: Bar | None) -> None:
            self.bar = bar
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.timeline: Timeline | None = None
        self.zone = ZoneInfo("Europe/Brussels")
        self.open: set[str] = set()
        self.lines: tuple[Bar, ...] = ()
        self.cursor = 0
        self.zoom: int | None = None
        self.first_shift = 0
        self._cells_of: tuple[object, tuple[tuple[date, date], ...], tuple[str | None, ...]] | None = None

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._repaint, init=False)

    def _repaint(self) -> None:
        self.refresh()

    def show(self, timeline: Timeline | None, zone: str) -> None:
        self.timeline, self.zone = timeline, ZoneInfo(zone)
        self._relist()

    def on_resize(self, _: events.Resize) -> None:
        self._relist()

    @property
    def bar(self) -> Bar | None:
        return self.lines[self.cursor] if 0 <= self.cursor < len(self.lines) else None

    @property
    def label_width(self) -> int:
        return 24 if self.size.width < 110 else 38

    @property
    def chart_width(self) -> int:
        return max(10, self.size.width - self.label_width - 1)

    @property
    def days_per_cell(self) -> float:
        if self.zoom is not None:
            return ZOOMS[self.zoom]
        if self.timeline is None:
            return 1.0
        days = (self.timeline.last - self.timeline.first).days + 3
        return max(ZOOMS[0], days / self.chart_width)

    @property
    def first(self) -> datetime:
        """The moment at the left edge of the chart."""
        assert self.timeline is not None  # noqa: S101 - narrows the type for the checker
        start = self.timeline.first - timedelta(days=1)
        midnight = datetime(start.year, start.month, start.day, tzinfo=self.zone)
        return midnight + timedelta(days=self.first_shift * self.days_per_cell)

    def _relist(self) -> None:
        found: list[Bar] = []

        def add(bars: tuple[Bar, ...]) -> None:
            for bar in bars:
                found.append(bar)
                if bar.id in self.open:
                    add(bar.children)

        add(self.timeline.bars if self.timeline else ())
        self.lines = tuple(found)
        self.cursor = max(0, min(self.cursor, len(self.lines) - 1))
        self.virtual_size = Size(self.size.width, HEADER + len(self.lines))
        self.refresh()
        self.post_message(self.Highlighted(self.bar))

    def action_move(self, step: int) -> None:
        self.cursor = max(0, min(len(self.lines) - 1, self.cursor + step))
        top = 0 if self.cursor == 0 else HEADER + self.cursor
        self.scroll_to_region(Region(0, max(0, top - HEADER), 1, HEADER + 1), animate=False, force=True)
        self.refresh()
        self.post_message(self.Highlighted(self.bar))

    def action_open_or_close(self) -> None:
        bar = self.bar
        if bar is not None and bar.children:
            self.open ^= {bar.id}
            self._relist()

    def action_shift(self, direction: int) -> None:
        """A quarter of the chart earlier or later, within the plan."""
        if self.timeline is None:
            return
        cells = int(((self.timeline.last - self.timeline.first).days + 3) / self.days_per_cell)
        furthest = max(0, cells - self.chart_width)
        self.first_shift = max(0, min(furthest, self.first_shift + direction * (self.chart_width // 4)))
        self.refresh()

    def action_zoom(self, step: int) -> None:
        """Finer or coarser, keeping the chosen bar's start in sight."""
        now = self.days_per_cell
        nearest = min(range(len(ZOOMS)), key=lambda n: abs(ZOOMS[n] - now))
        self.zoom = max(0, min(len(ZOOMS) - 1, nearest + step))
        self.first_shift = 0
        if self.bar is not None and self.timeline is not None:
            days = (self.bar.start.astimezone(self.zone).date() - self.timeline.first).days
            cell = int(days / self.days_per_cell)
            self.first_shift = max(0, cell - self.chart_width // 2)
            self.action_shift(0)
        self.refresh()

    def action_fit(self) -> None:
        self.zoom, self.first_shift = None, 0
        self.refresh()

    def cell_of(self, moment: datetime) -> float:
        """Cells from the left edge of the chart."""
        return (moment - self.first).total_seconds() / 3600 / HOURS / self.days_per_cell

    def day_of(self, cell: int) -> tuple[date, date]:
        """The first and last day a cell stands for."""
        begin = self.first + timedelta(days=cell * self.days_per_cell)
        end = begin + timedelta(days=self.days_per_cell) - timedelta(seconds=1)
        return begin.date(), end.date()

    def _cells(self) -> tuple[tuple[date, date], ...]:
        """The days of every cell of the chart, worked out once for each place and scale."""
        place = (self.timeline, self.first_shift, self.days_per_cell, self.chart_width)
        if self._cells_of is None or self._cells_of[0] != place:
            days = tuple(self.day_of(cell) for cell in range(self.chart_width))
            self._cells_of = (place, days, tuple(self._shade(*of) for of in days))
        return self._cells_of[1]

    def _shades(self) -> tuple[str | None, ...]:
        self._cells()
        assert self._cells_of is not None  # noqa: S101 - narrows the type for the checker
        return self._cells_of[2]

    # --- drawing -----------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        base = self.rich_style
        if self.timeline is None:
            return Strip([Segment(" " * self.size.width, base)])
        # The header stays where it is while the lines scroll beneath it.
        if y < HEADER:
            segments = self._months(base) if y == 0 else self._days(base)
        else:
            number = y - HEADER + self.scroll_offset.y
            if number >= len(self.lines):
                return Strip([Segment(" " * self.size.width, base)])
            segments = self._bar(self.lines[number], base, is_chosen=number == self.cursor)
        return Strip(segments).crop_extend(0, self.size.width, base)

    def _months(self, base: Style) -> list[Segment]:
        text = [" "] * self.chart_width
        month = None
        for cell, (_, day) in enumerate(self._cells()):
            if (day.year, day.month) != month:
                month = (day.year, day.month)
                name = f"{day:%b %Y}" if day.month == 1 or cell == 0 else f"{day:%b}"
                for offset, letter in enumerate(f"▏{name}"):
                    if cell + offset < self.chart_width:
                        text[cell + offset] = letter
        style = base + palette(self.app).style("accent!")
        return [Segment(" " * (self.label_width + 1), base), Segment("".join(text), style)]

    def _days(self, base: Style) -> list[Segment]:
        """Mondays by the day of the month; from two days a cell on by the number of the week, where there is room."""
        text = [" "] * self.chart_width
        taken = -1
        cells = self._cells()
        for cell, (first, last) in enumerate(cells):
            monday = next((d for d in _days_between(first, last) if d.weekday() == 0), None)
            is_first = monday is not None and (cell == 0 or cells[cell - 1][1] < monday)
            if monday is None or not is_first or cell <= taken:
                continue
            name = f"{monday.day}" if self.days_per_cell < 2 else f"w{monday.isocalendar().week}"
            for offset, letter in enumerate(name):
                if cell + offset < self.chart_width:
                    text[cell + offset] = letter
            taken = cell + len(name)
        muted = base + palette(self.app).style("muted")
        head = fit("wave, group, step", self.label_width)
        return [Segment(head + " ", muted), Segment("".join(text), muted)]

    def _bar(self, bar: Bar, base: Style, *, is_chosen: bool) -> list[Segment]:
        colours = palette(self.app)
        mark = "▾" if bar.id in self.open else "▸" if bar.children else " "
        label = fit(f"{'  ' * bar.depth}{mark} {bar.label}", self.label_width)
        style = base + (colours.style("on-cursor") if is_chosen else Style.null()) + Style(bold=is_chosen)
        segments = [Segment(label, style), Segment(" ", base)]
        begin, end = self.cell_of(bar.start), self.cell_of(bar.end)
        first, last = int(begin // 1), max(int(begin // 1), int(-(-end // 1)) - 1)
        until = int(self.cell_of(bar.until)) if bar.until else last
        for cell, shade in enumerate(self._shades()):
            if first <= cell <= last:
                piece = Segment(" ", base + colours.style(bar.kind))
            elif last < cell <= until:
                piece = Segment("─", base + colours.style("rollback"))
            else:
                piece = Segment("·" if shade is None else " ", base + colours.style(shade or "muted"))
            segments.append(piece)
        return list(Segment.simplify(segments))

    def _shade(self, first: date, last: date) -> str | None:
        """What lies behind a cell. A single holiday is drawn only where a cell is a day or two."""
        assert self.timeline is not None  # noqa: S101 - narrows the type for the checker
        kinds = {s.kind for s in self.timeline.shades if s.first <= last and s.last >= first}
        if "freeze" in kinds:
            return "freeze"
        return "holiday" if "holiday" in kinds and self.days_per_cell <= 2 else None


def _days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
