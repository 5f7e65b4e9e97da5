"""The timeline: a line per wave, opening into groups and steps; time above, freezes and holidays behind."""

from __future__ import annotations

from collections.abc import Mapping
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
from tui.views.axis import HOUR, ZOOMS, Scale, aligned, hours_per_cell, labels
from tui.views.spans import fit
from tui.views.timeline import Bar, Timeline

HEADER = 2
Stretch = tuple[datetime, datetime]


class Gantt(ScrollView, can_focus=True):
    """Bars over time. While `is_moving`, left, right and the brackets push what is chosen instead of the chart."""

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
        Binding("enter,space", "open_or_close", "Open/close", show=False),
        Binding("left", "shift(-1)", "Earlier", show=False),
        Binding("right", "shift(1)", "Later", show=False),
        Binding("plus,equals_sign", "zoom(1)", "Zoom", key_display="+ -"),
        Binding("minus", "zoom(-1)", "Zoom out", show=False),
        Binding("f", "fit", "Whole programme", show=False),
        Binding("t", "today", "Today", show=False),
    ]

    class Highlighted(Message):
        def __init__(self, bar: Bar | None) -> None:
            self.bar = bar
            super().__init__()

    class Scaled(Message):
        """What the chart shows has changed: where it begins, or how much time a cell stands for."""

    class Pushed(Message):
        """While moving: a step earlier (-1) or later (1)."""

        def __init__(self, direction: int) -> None:
            self.direction = direction
            super().__init__()

    class Settled(Message):
        """While moving: here it is to be."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.timeline: Timeline | None = None
        self.zone = ZoneInfo("Europe/Brussels")
        self.open: set[str] = set()
        self.lines: tuple[Bar, ...] = ()
        self.cursor = 0
        self.zoom = 0
        self.is_moving = False
        self.now: datetime | None = None  # on the zone's clock
        self._begin: datetime | None = None
        self._critical: Mapping[str, tuple[Stretch, ...]] = {}
        self._ghosts: Mapping[str, Stretch] = {}
        self._drawn: tuple[object, tuple[str | None, ...]] | None = None

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._repaint, init=False)

    def _repaint(self) -> None:
        self.refresh()

    def show(self, timeline: Timeline | None, zone: str, now: datetime | None = None) -> None:
        self.timeline, self.zone = timeline, ZoneInfo(zone)
        self.now = self._local(now) if now is not None else self.now
        self._relist()

    def show_moved(self, timeline: Timeline | None, moment: datetime | None) -> None:
        """Other dates of the same bars, with the cursor where it is and a moment in sight."""
        self.timeline = timeline
        self._relist()
        if moment is not None and not 0 <= self.cell_of(moment) < self.chart_width:
            self.reveal(moment)

    def mark(self, critical: Mapping[str, tuple[Stretch, ...]], ghosts: Mapping[str, Stretch]) -> None:
        """Mark, by a bar's id, the stretches of it that decide the end, and where it was before."""
        self._critical, self._ghosts = critical, ghosts
        self.refresh()

    def on_resize(self, _: events.Resize) -> None:
        self._relist()

    # --- what it shows -----------------------------------------------------------------------------------------------

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
    def _range(self) -> Stretch:
        """The whole plan, with a day before it and one after."""
        assert self.timeline is not None  # noqa: S101 - narrows the type for the checker
        first, last = self.timeline.first, self.timeline.last
        midnight = datetime(first.year, first.month, first.day) - timedelta(days=1)  # noqa: DTZ001 - clock time
        return midnight, midnight + timedelta(days=(last - first).days + 3)

    @property
    def scale(self) -> Scale:
        first, last = self._range
        hours = hours_per_cell(self.zoom, (last - first) / HOUR, self.chart_width)
        return Scale(first if self._begin is None else self._begin, hours, self.chart_width)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def cell_of(self, moment: datetime) -> float:
        """Cells from the left edge of the chart."""
        return self.scale.cell(self._local(moment))

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
        self.post_message(self.Scaled())

    # --- keys --------------------------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        if self.is_moving:
            return
        self.cursor = max(0, min(len(self.lines) - 1, self.cursor + step))
        top = 0 if self.cursor == 0 else HEADER + self.cursor
        self.scroll_to_region(Region(0, max(0, top - HEADER), 1, HEADER + 1), animate=False, force=True)
        self.refresh()
        self.post_message(self.Highlighted(self.bar))

    def choose(self, bar_id: str) -> None:
        """Put the cursor on a bar that is shown."""
        found = next((n for n, bar in enumerate(self.lines) if bar.id == bar_id), None)
        if found is not None:
            self.action_move(found - self.cursor)

    def action_open_or_close(self) -> None:
        bar = self.bar
        if self.is_moving:
            self.post_message(self.Settled())
        elif bar is not None and bar.children:
            self.open ^= {bar.id}
            self._relist()

    def action_shift(self, direction: int) -> None:
        """A quarter of the chart earlier or later, within the plan."""
        if self.is_moving:
            self.post_message(self.Pushed(direction))
        elif self.timeline is not None:
            self._show_from(self.scale.moment(direction * max(1, self.chart_width // 4)))

    def action_zoom(self, step: int) -> None:
        """Finer or coarser, with the chosen bar's start in sight."""
        self.zoom = max(0, min(len(ZOOMS) - 1, self.zoom + step))
        if self.bar is not None:
            self.reveal(self.bar.start)

    def action_fit(self) -> None:
        self.zoom = 0
        if self.timeline is not None:
            self._show_from(self._range[0])

    def action_today(self) -> None:
        if self.timeline is not None and self.now is not None:
            self._show_from(self.scale.moment(self.scale.cell(self.now) - self.chart_width // 3))

    def reveal(self, moment: datetime) -> None:
        """Show a moment in the first third of the chart."""
        if self.timeline is not None:
            self._show_from(self._local(moment) - self.scale.hours * (self.chart_width // 3) * HOUR)

    def _show_from(self, moment: datetime) -> None:
        """Begin the chart there, where a cell may begin, and not so late that the plan doesn't fill it."""
        first, last = self._range
        hours = self.scale.hours
        wanted = max(first, min(moment, last - hours * self.chart_width * HOUR))
        self._begin = None if self.zoom == 0 or wanted <= first else aligned(wanted, hours)
        self.refresh()
        self.post_message(self.Scaled())

    # --- drawing -----------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        base = self.rich_style
        if self.timeline is None:
            return Strip([Segment(" " * self.size.width, base)])
        # The header stays where it is while the lines scroll beneath it.
        if y < HEADER:
            segments = self._header(base, y)
        else:
            number = y - HEADER + self.scroll_offset.y
            if number >= len(self.lines):
                return Strip([Segment(" " * self.size.width, base)])
            segments = self._bar(self.lines[number], base, is_chosen=number == self.cursor)
        return Strip(segments).crop_extend(0, self.size.width, base)

    def _header(self, base: Style, y: int) -> list[Segment]:
        colours = palette(self.app)
        head = ZOOMS[self.zoom][0] if y == 0 else "wave, group, step"
        text, tone = labels(self.scale)[y], "accent!" if y == 0 else "muted"
        return [
            Segment(fit(head, self.label_width) + " ", base + colours.style("muted")),
            Segment(text, base + colours.style(tone)),
        ]

    def _bar(self, bar: Bar, base: Style, *, is_chosen: bool) -> list[Segment]:
        colours, scale = palette(self.app), self.scale
        mark = "▾" if bar.id in self.open else "▸" if bar.children else " "
        decides = "◆ " if bar.id in self._critical else ""
        label = fit(f"{'  ' * bar.depth}{mark} {decides}{bar.label}", self.label_width)
        style = base + (colours.style("on-cursor") if is_chosen else Style.null()) + Style(bold=is_chosen)
        segments = [Segment(label, style), Segment(" ", base)]
        drawn = self._cells(scale, bar.start, bar.end)
        until = int(self.cell_of(bar.until)) if bar.until else drawn.stop - 1
        critical = [self._cells(scale, *stretch) for stretch in self._critical.get(bar.id, ())]
        ghost = self._cells(scale, *self._ghosts[bar.id]) if bar.id in self._ghosts else range(0)
        today = int(scale.cell(self.now)) if self.now is not None and self.now >= scale.first else -1
        for cell, shade in enumerate(self._shades(scale)):
            if any(cell in stretch for stretch in critical):
                piece = Segment("━", base + colours.style("critical"))
            elif cell in drawn:
                piece = Segment(" ", base + colours.style(bar.kind))
            elif cell in ghost:
                piece = Segment("░", base + colours.style(shade or "") + colours.style("warn"))
            elif drawn.stop <= cell <= until:
                piece = Segment("─", base + colours.style("rollback"))
            elif cell == today:
                piece = Segment("│", base + colours.style(shade or "") + colours.style("accent"))
            else:
                piece = Segment("·" if shade is None else " ", base + colours.style(shade or "muted"))
            segments.append(piece)
        return list(Segment.simplify(segments))

    def _cells(self, scale: Scale, start: datetime, end: datetime) -> range:
        """The cells that a stretch of time touches, one at least."""
        first = int(scale.cell(self._local(start)) // 1)
        return range(first, max(first, int(-(-scale.cell(self._local(end)) // 1)) - 1) + 1)

    def _shades(self, scale: Scale) -> tuple[str | None, ...]:
        """What lies behind the cells, worked out once for each place and scale."""
        place = (self.timeline, scale)
        if self._drawn is None or self._drawn[0] != place:
            self._drawn = (place, tuple(self._shade(scale, *scale.days(cell)) for cell in range(scale.width)))
        return self._drawn[1]

    def _shade(self, scale: Scale, first: date, last: date) -> str | None:
        """What lies behind a cell. A single holiday is drawn only where a cell is a day or two."""
        assert self.timeline is not None  # noqa: S101 - narrows the type for the checker
        kinds = {s.kind for s in self.timeline.shades if s.first <= last and s.last >= first}
        if "freeze" in kinds:
            return "freeze"
        return "holiday" if "holiday" in kinds and scale.hours <= 48 else None
