"""The waves over time."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.containers import Container
from textual.widget import Widget

from tui.loaded import Loaded
from tui.screens.frame import Frame
from tui.views import timeline
from tui.views.spans import Span, line
from tui.widgets.gantt import Gantt
from tui.widgets.panel import Panel


class WavesScreen(Frame):
    """Enter opens a wave into groups and a group into steps; + and - zoom, f fits, left and right go in time."""

    key, title_text, needs_plan = "7", "Waves", True
    command = "vorst plan; vorst diff A B"

    def body(self) -> Iterable[Widget]:
        yield Container(Gantt(id="gantt"), Panel("Wave", id="wave"), classes="split")

    def show(self, loaded: Loaded) -> None:
        self.headline(
            line(
                Span(timeline.overview(loaded), "strong"),
                Span("  "),
                Span(" freeze ", "freeze"),
                Span(" "),
                Span(" holiday ", "holiday"),
                Span(" "),
                Span("─ way back ─", "rollback"),
            )
        )
        zone = loaded.plan.calendar.time_zone if loaded.plan else "Europe/Brussels"
        self.query_one("#gantt", Gantt).show(timeline.timeline(loaded), zone)

    def focus_first(self) -> None:
        self.query_one("#gantt").focus()

    @on(Gantt.Highlighted)
    def _highlight(self, event: Gantt.Highlighted) -> None:
        panel = self.query_one("#wave", Panel)
        if event.bar is None or self._shown is None:
            panel.show((line(Span("the plan has no dated step", "muted")),), "Wave")
        else:
            panel.show(timeline.detail(self._shown, event.bar.id), event.bar.kind.capitalize())
