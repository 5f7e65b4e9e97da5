"""Halls drawn from above: rows of positions, hot and cold aisles between them, coloured by one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line of the drawing: `kind` hall, aisle or row; `row` counts the rows drawn, `part` the lines of a row."""

    kind: str
    text: str = ""
    tone: str = ""
    row: int = 0
    part: int = 0


class FloorPlan(ScrollView, can_focus=True):
    """One hall, or all of them where the screen is high enough; arrows move over positions, Enter opens one."""

    DEFAULT_CSS = """
    FloorPlan { height: 1fr; background: $background; scrollbar-size-horizontal: 1; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(0,-1)", "Position left", show=False),
        Binding("right", "move(0,1)", "Position right", show=False),
        Binding("up,k", "move(-1,0)", "Row up", show=False),
        Binding("down,j", "move(1,0)", "Row down", show=False),
        Binding("home", "move(0,-1000)", "First of the row", show=False),
        Binding("end", "move(0,1000)", "Last of the row", show=False),
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
        self.rows: tuple[tuple[Spot, ...], ...] = ()
        self._drawn: tuple[Drawn, ...] = ()

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._repaint, init=False)

    def _repaint(self) -> None:
        self.refresh()

    def show(self, floor: Floor, hall: str, dimension: str) -> None:
        """Draw this hall (and with it the others, where they fit), coloured by this dimension."""
        is_other_hall = self.floor is not None and hall != self.hall
        self.floor, self.hall, self.dimension = floor, hall, dimension
        self._lay_out()
        if is_other_hall:
            self.row = next((n for n, row in enumerate(self.rows) if row[0].position.hall == hall), 0)
            self.column = 0
        self.row = min(self.row, max(len(self.rows) - 1, 0))
        self.column = min(self.column, max(len(self.rows[self.row]) - 1, 0)) if self.rows else 0
        self.post_message(self.Highlighted(self.spot))

    def on_resize(self, _: events.Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        """Choose what is drawn where: all halls if their rows fit one line high, and rows as high as fits."""
        if self.floor is None:
            return
        every = [hall for hall, rows in self.floor.halls.items() if rows]
        halls = every if self._height(every, 1) <= self.size.height else [h for h in every if h == self.hall]
        high = next((part for part in (3, 2) if self._height(halls, part) <= self.size.height), 1)
        drawn: list[Drawn] = []
        rows: list[tuple[Spot, ...]] = []
        for hall in halls:
            if len(halls) > 1:
                drawn.append(Drawn("hall", f"hall {hall}"))
            for number, row in enumerate((*self.floor.halls[hall], None)):
                tone, name = self.floor.aisles[hall][number]
                drawn.append(Drawn("aisle", f" {tone} aisle {plain(name)}" if tone else "", tone))
                if row is not None:
                    drawn += [Drawn("row", row=len(rows), part=part) for part in range(high)]
                    rows.append(row)
        self.rows, self._drawn = tuple(rows), tuple(drawn)
        self.virtual_size = Size(self.label_width + self.row_width, len(drawn))
        self.refresh()

    def _height(self, halls: Sequence[str], part: int) -> int:
        assert self.floor is not None  # noqa: S101 - narrows the type for the checker
        titles = len(halls) if len(halls) > 1 else 0
        return titles + sum(len(self.floor.halls[hall]) * (part + 1) + 1 for hall in halls)

    @property
    def widest(self) -> int:
        return max((len(row) for row in self.rows), default=0)

    @property
    def row_width(self) -> int:
        return self.widest * self.pitch - (self.pitch - self.cell_width)

    @property
    def label_width(self) -> int:
        return min(8, max((cell_len(plain(row[0].position.row)) for row in self.rows), default=0)) + 1

    @property
    def pitch(self) -> int:
        """Cells from one position to the next: with a gap between them where the row then still fits."""
        room = self.size.width - self.label_width
        return next((pitch for pitch in (8, 7, 6, 5, 4) if self.widest * pitch - 1 <= room), CELL_WIDTH)

    @property
    def cell_width(self) -> int:
        return max(CELL_WIDTH, self.pitch - 1)

    @property
    def spot(self) -> Spot | None:
        """The position under the cursor."""
        if not self.rows or not self.rows[self.row]:
            return None
        return self.rows[self.row][self.column]

    def action_move(self, rows: int, columns: int) -> None:
        if not self.rows:
            return
        before = self.spot
        self.row = max(0, min(len(self.rows) - 1, self.row + rows))
        line = self.rows[self.row]
        if rows and before is not None:
            x_m = before.position.x_m
            self.column = min(range(len(line)), key=lambda n: abs(line[n].position.x_m - x_m))
        self.column = max(0, min(len(line) - 1, self.column + columns))
        top = next(n for n, drawn in enumerate(self._drawn) if drawn.kind == "row" and drawn.row == self.row)
        at = self.label_width + self.column * self.pitch
        self.scroll_to_region(Region(at, max(0, top - 1), self.pitch, 3), animate=False, force=True)
        self.refresh()
        self.post_message(self.Highlighted(self.spot))

    def action_open(self) -> None:
        if self.spot is not None:
            self.post_message(self.Opened(self.spot))

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        base = self.rich_style
        if y + top >= len(self._drawn):
            return Strip([Segment(" " * self.size.width, base)])
        drawn = self._drawn[y + top]
        width = self.row_width
        if drawn.kind == "row":
            segments = self._row(drawn, base)
        else:
            style = base + palette(self.app).style(drawn.tone if drawn.kind == "aisle" else "accent!")
            segments = [Segment(" " * self.label_width, base), Segment(fit(drawn.text, width), style)]
        return Strip(segments).crop(left, left + self.size.width).extend_cell_length(self.size.width, base)

    def _row(self, drawn: Drawn, base: Style) -> list[Segment]:
        assert self.floor is not None  # noqa: S101 - narrows the type for the checker
        colours = palette(self.app)
        row = self.rows[drawn.row]
        height = sum(other.kind == "row" and other.row == drawn.row for other in self._drawn)
        says_value = drawn.part == (height - 1) // 2 if height != 2 else drawn.part == 1
        name = plain(row[0].position.row) if says_value else ""
        segments = [Segment(fit(name, self.label_width), base + colours.style("strong"))]
        for index, spot in enumerate(row):
            here = drawn.row == self.row and index == self.column
            shown = cell(spot, self.dimension, self.floor)
            text = shown.text if says_value else f"{spot.position.index:>2} " if drawn.part == 0 else ""
            style = base + colours.style("on-cursor" if here else shown.tone) + Style(bold=here)
            segments.append(Segment(f"{text:^{self.cell_width}}"[: self.cell_width], style))
            segments.append(Segment(" " * (self.pitch - self.cell_width), base))
        return segments
