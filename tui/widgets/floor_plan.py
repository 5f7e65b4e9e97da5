"""The hall drawn from above: rows of positions, hot and cold aisles between them, coloured by one dimension."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.colours import palette
from tui.output import plain
from tui.views.floor import Floor, Spot, cell
from tui.views.spans import fit

CELL_WIDTH = 3


class FloorPlan(ScrollView, can_focus=True):
    """One hall at a time; arrows move over its positions, Enter opens one."""

    DEFAULT_CSS = """
    FloorPlan { height: 1fr; background: $background; scrollbar-size-horizontal: 1; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(0,-1)", "Left", show=False),
        Binding("right", "move(0,1)", "Right", show=False),
        Binding("up,k", "move(-1,0)", "Row up", show=False),
        Binding("down,j", "move(1,0)", "Row down", show=False),
        Binding("enter", "open", "Open rack", key_display="enter"),
    ]

    class Highlighted(Message):
        def __init__(self, spot: Spot | None) -> None:
            self.spot = spot
            super().__init__()

    class Opened(Message):
        def __init__(self, spot: Spot) -> None:
            self.spot = spot
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.floor: Floor | None = None
        self.hall = ""
        self.dimension = "units"
        self.row = self.column = 0

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._repaint, init=False)

    def _repaint(self) -> None:
        self.refresh()

    def show(self, floor: Floor, hall: str, dimension: str) -> None:
        self.floor, self.hall, self.dimension = floor, hall, dimension
        self.row = min(self.row, max(len(self.lines) - 1, 0))
        self.column = min(self.column, max(len(self.lines[self.row]) - 1, 0)) if self.lines else 0
        self._measure()
        self.post_message(self.Highlighted(self.spot))

    def on_resize(self, _: events.Resize) -> None:
        self._measure()

    def _measure(self) -> None:
        self.virtual_size = Size(self.label_width + self.widest * self.pitch, 2 * len(self.lines) + 1)
        self.refresh()

    @property
    def widest(self) -> int:
        return max((len(row) for row in self.lines), default=0)

    @property
    def label_width(self) -> int:
        return min(8, max((cell_len(plain(row[0].position.row)) for row in self.lines), default=0)) + 1

    @property
    def pitch(self) -> int:
        """Cells from one position to the next: a gap between them where the row then still fits, wide ones if it can."""
        room = self.size.width - self.label_width
        return next((pitch for pitch in (6, 5, 4) if self.widest * pitch <= room), CELL_WIDTH)

    @property
    def cell_width(self) -> int:
        return max(CELL_WIDTH, self.pitch - 1)

    @property
    def lines(self) -> tuple[tuple[Spot, ...], ...]:
        return self.floor.halls.get(self.hall, ()) if self.floor else ()

    @property
    def spot(self) -> Spot | None:
        """The position under the cursor."""
        if not self.lines or not self.lines[self.row]:
            return None
        return self.lines[self.row][self.column]

    def action_move(self, rows: int, columns: int) -> None:
        if not self.lines:
            return
        before = self.spot
        self.row = max(0, min(len(self.lines) - 1, self.row + rows))
        line = self.lines[self.row]
        if rows and before is not None:
            x_m = before.position.x_m
            self.column = min(range(len(line)), key=lambda n: abs(line[n].position.x_m - x_m))
        self.column = max(0, min(len(line) - 1, self.column + columns))
        at = self.label_width + self.column * self.pitch
        self.scroll_to_region(Region(at, 2 * self.row, self.pitch, 3), animate=False, force=True)
        self.refresh()
        self.post_message(self.Highlighted(self.spot))

    def action_open(self) -> None:
        if self.spot is not None:
            self.post_message(self.Opened(self.spot))

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        base = self.rich_style
        line = y + top
        number, is_row = divmod(line, 2)
        if self.floor is None or not self.lines or line > 2 * len(self.lines):
            return Strip([Segment(" " * self.size.width, base)])
        segments = self._row(number, base) if is_row else self._aisle(number, base)
        return Strip(segments).crop(left, left + self.size.width).extend_cell_length(self.size.width, base)

    def _aisle(self, number: int, base: Style) -> list[Segment]:
        assert self.floor is not None  # noqa: S101 - narrows the type for the checker
        kind, name = self.floor.aisles[self.hall][number]
        width = self.widest * self.pitch - (self.pitch - self.cell_width)
        text = fit(f" {kind} aisle {plain(name)}", width) if kind else " " * width
        style = base + palette(self.app).style(kind) if kind else base
        return [Segment(" " * self.label_width, base), Segment(text, style)]

    def _row(self, number: int, base: Style) -> list[Segment]:
        assert self.floor is not None  # noqa: S101 - narrows the type for the checker
        colours = palette(self.app)
        row = self.lines[number]
        segments = [
            Segment(fit(plain(row[0].position.row), self.label_width), base + colours.style("strong"))
        ]
        for index, spot in enumerate(row):
            here = number == self.row and index == self.column
            shown = cell(spot, self.dimension, self.floor)
            tone = "on-cursor" if here else shown.tone
            style = base + colours.style(tone) + Style(bold=here)
            segments.append(Segment(f"{shown.text:^{self.cell_width}}", style))
            segments.append(Segment(" " * (self.pitch - self.cell_width), base))
        return segments
