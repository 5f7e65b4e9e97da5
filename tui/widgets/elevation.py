"""Racks side by side, front and rear, unit by unit; left and right choose a rack, up and down scroll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.colours import palette
from tui.views.elevations import Elevation, Slot, UnitLine
from tui.views.spans import fit, tail

UNIT_WIDTH = 3
GAP = 2
NARROWEST, USUAL, WIDEST = 11, 15, 24


class Racks(ScrollView, can_focus=True):
    """Drawn racks. Each is UNIT_WIDTH + two faces wide; faces take what the width of the screen allows."""

    DEFAULT_CSS = """
    Racks { height: 1fr; background: $background; scrollbar-size-horizontal: 1; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "choose(-1)", "Rack left", show=False),
        Binding("right", "choose(1)", "Rack right", show=False),
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("home", "choose(-1000000)", "First rack", show=False),
        Binding("end", "choose(1000000)", "Last rack", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.racks: tuple[Elevation, ...] = ()
        self.chosen = 0

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._repaint, init=False)

    def _repaint(self) -> None:
        self.refresh()

    def show(self, racks: Sequence[Elevation]) -> None:
        """Draw these racks instead."""
        self.racks = tuple(racks)
        self.chosen = min(self.chosen, max(len(self.racks) - 1, 0))
        self._measure()

    def on_resize(self, _: events.Resize) -> None:
        self._measure()

    @property
    def face_width(self) -> int:
        """Cells of one face: as wide as lets whole racks stand side by side."""
        room = max(self.size.width, 2 * NARROWEST)
        whole = min(len(self.racks), room // (UNIT_WIDTH + 2 + 2 * USUAL + GAP))
        side_by_side = max(1, whole - whole % 2 if whole > 2 else whole)  # now and planned stand in pairs
        each = room // side_by_side - UNIT_WIDTH - 2 - GAP
        return max(NARROWEST, min(WIDEST, each // 2))

    @property
    def rack_width(self) -> int:
        return UNIT_WIDTH + 1 + 2 * self.face_width + 1

    def _measure(self) -> None:
        tallest = max((3 + len(rack.lines) + self._outside_lines(rack) for rack in self.racks), default=1)
        self.virtual_size = Size(len(self.racks) * (self.rack_width + GAP), tallest)
        self.refresh()

    @staticmethod
    def _outside_lines(rack: Elevation) -> int:
        return len(rack.outside) + 1 if rack.outside else 0

    def action_choose(self, step: int) -> None:
        if not self.racks:
            return
        self.chosen = max(0, min(len(self.racks) - 1, self.chosen + step))
        pitch = self.rack_width + GAP
        self.scroll_to_region(
            Region(self.chosen * pitch, int(self.scroll_y), self.rack_width, 1), animate=False, force=True
        )
        self.refresh()

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        row = y + top
        base = self.rich_style
        if not self.racks:
            text = "no racks here" if row == 0 else ""
            return Strip([Segment(fit(text, self.size.width), base)])
        segments: list[Segment] = []
        for number, rack in enumerate(self.racks):
            segments += self._line(rack, row, base, is_chosen=number == self.chosen)
            segments.append(Segment(" " * GAP, base))
        strip = Strip(segments).crop(left, left + self.size.width)
        return strip.extend_cell_length(self.size.width, base).apply_style(Style.null())

    def _line(self, rack: Elevation, row: int, base: Style, *, is_chosen: bool) -> list[Segment]:
        colours = palette(self.app)
        width = self.rack_width
        if row == 0:
            tone = "on-cursor" if is_chosen else "accent!"
            return [Segment(fit(f" {rack.title}", width), base + colours.style(tone) + Style(bold=True))]
        if row == 1:
            tone = "bad" if rack.conflicts else "muted"
            return [Segment(fit(f" {rack.subtitle}", width), base + colours.style(tone))]
        if row == 2:
            head = f"{'U':>{UNIT_WIDTH}} {fit('front', self.face_width)} {fit('rear', self.face_width)}"
            return [Segment(fit(head, width), base + colours.style("muted"))]
        if row - 3 < len(rack.lines):
            return self._unit(rack.lines[row - 3], base)
        beyond = row - 3 - len(rack.lines)
        if rack.outside and beyond == 0:
            return [Segment(fit(" outside the units:", width), base + colours.style("muted"))]
        if rack.outside and beyond <= len(rack.outside):
            return [Segment(fit(f"  {rack.outside[beyond - 1]}", width), base + colours.style("warn"))]
        return [Segment(" " * width, base)]

    def _unit(self, unit: UnitLine, base: Style) -> list[Segment]:
        muted = base + palette(self.app).style("muted")
        return [
            Segment(f"{unit.unit:>{UNIT_WIDTH}} ", muted),
            self._slot(unit.front, base),
            Segment(" ", base),
            self._slot(unit.rear, base),
        ]

    def _slot(self, slot: Slot, base: Style) -> Segment:
        colours = palette(self.app)
        if slot.tone == "free":
            return Segment(fit("·", self.face_width), base + colours.style("on-free"))
        edge = "▏" if slot.is_top else " "
        room = self.face_width - 1
        # Names in a rack begin alike and differ at the end: what doesn't fit loses its beginning.
        text = slot.text if slot.tone == "bad" or cell_len(slot.text) <= room else tail(slot.text, room)
        return Segment(fit(edge + text, self.face_width), base + colours.style(f"on-{slot.tone}"))
