"""The halls at the target as a floor plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.widgets import Static

from tui.colours import palette
from tui.loaded import Loaded
from tui.screens.dialogs import RackDialog
from tui.screens.frame import Frame
from tui.views import floor
from tui.views.elevations import target_rack
from tui.views.spans import Span, line, some, span
from tui.widgets.floor_plan import FloorPlan
from tui.widgets.panel import Panel


class HallScreen(Frame):
    """`c` cycles the dimension, `h` the hall; Enter shows the rack's elevation and feeds."""

    key, title_text = "4", "Hall"
    command = "vorst facility; vorst capacity --plan plan.json"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "cycle(1)", "Colour by"),
        Binding("C", "cycle(-1)", "Colour back", show=False),
        Binding("h", "hall", "Next hall"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.dimension = next(iter(floor.DIMENSIONS))
        self.hall = ""
        self._floor: floor.Floor | None = None

    def body(self) -> Iterable[Widget]:
        yield Container(
            Vertical(FloorPlan(id="floor"), Static(id="legend"), id="floor-and-legend"),
            Panel("Position", id="position"),
            id="hall",
        )

    def show(self, loaded: Loaded) -> None:
        self._floor = floor.floor(loaded)
        self._draw()

    def _draw(self) -> None:
        found, loaded = self._floor, self._shown
        if found is None or loaded is None or not found.halls:
            self.headline(line(Span("the facility has no hall", "muted")))
            return
        if self.hall not in found.halls:
            self.hall = next(iter(found.halls))
        spots = [spot for rows in found.halls.values() for row in rows for spot in row]
        racks = sum(spot.rack is not None for spot in spots)
        number = list(found.halls).index(self.hall) + 1
        self.headline(
            line(
                span(f"{loaded.facility.name}, hall {self.hall}", "strong"),
                Span(
                    f" ({number} of {len(found.halls)})   all halls: {racks} of {some(len(spots), 'position')} taken",
                    "muted",
                ),
                Span("" if loaded.standing_plan else f"   {floor.why_without_plan(loaded)}", "warn"),
            )
        )
        self.query_one("#legend", Static).update(
            palette(self.app).paint([floor.legend(self.dimension, found)])
        )
        self.query_one("#floor", FloorPlan).show(found, self.hall, self.dimension)

    def focus_first(self) -> None:
        self.query_one("#floor").focus()

    def action_cycle(self, step: int) -> None:
        names = list(floor.DIMENSIONS)
        self.dimension = names[(names.index(self.dimension) + step) % len(names)]
        self._draw()

    def action_hall(self) -> None:
        if self._floor is not None and self._floor.halls:
            names = list(self._floor.halls)
            self.hall = names[(names.index(self.hall) + 1) % len(names)]
            self._draw()

    @on(FloorPlan.Highlighted)
    def _highlight(self, event: FloorPlan.Highlighted) -> None:
        if event.spot is not None and self._shown is not None:
            self.query_one("#position", Panel).show(floor.spot_lines(self._shown, event.spot))

    @on(FloorPlan.Opened)
    def _open(self, event: FloorPlan.Opened) -> None:
        loaded, spot = self._shown, event.spot
        if loaded is None:
            return
        lines = (*floor.spot_lines(loaded, spot), line(), *floor.feed_lines(loaded, spot.position))
        racks = []
        if spot.rack is not None:
            planned = [target_rack(loaded, spot.rack)] if loaded.standing_plan else []
            now = [] if spot.is_new else [target_rack(loaded, spot.rack, planned=False)]
            racks = [*planned, *now]
        self.app.push_screen(RackDialog(spot.position.name, racks, lines))
