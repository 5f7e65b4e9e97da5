"""The programme at a glance."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import VerticalScroll
from textual.widget import Widget

from tui.loaded import Loaded
from tui.screens.frame import Frame
from tui.views import overview
from tui.widgets.emptied_chart import EmptiedChart
from tui.widgets.panel import Panel


class OverviewScreen(Frame):
    """Numbers, strategies, objectives with their bounds, binding limits, and rooms emptied over time."""

    # Three panes of figures side by side need more room than a table and its detail.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (160, "-wide")]  # noqa: RUF012 - Textual's own declaration

    key, title_text, shows_proof = "1", "Overview", True
    command = "vorst estate; vorst capacity; vorst plan --json"

    def body(self) -> Iterable[Widget]:
        yield VerticalScroll(
            Panel("Programme", id="programme", can_focus=False),
            Panel("Strategies", id="strategies", can_focus=False),
            Panel("Objectives", id="objectives", can_focus=False),
            Panel("Binding limits", id="binding", can_focus=False),
            EmptiedChart(id="emptied"),
            id="overview",
        )

    def show(self, loaded: Loaded) -> None:
        self.headline(*overview.plan_state(loaded))
        self.query_one("#programme", Panel).show(overview.programme(loaded))
        self.query_one("#strategies", Panel).show(overview.strategies(loaded))
        self.query_one("#objectives", Panel).show(overview.objectives(loaded))
        self.query_one("#binding", Panel).show(overview.binding(loaded))
        self.query_one(EmptiedChart).show(overview.emptied(loaded), overview.rooms_state(loaded))

    def focus_first(self) -> None:
        self.query_one("#overview").focus()
