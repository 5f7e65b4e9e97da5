"""The waves over time, what decides their end, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from inventory.errors import VorstError
from tui.loaded import Loaded
from tui.screens.frame import Frame
from tui.views import critical, timeline
from tui.views.spans import Line, Span, line, span
from tui.widgets.gantt import Gantt
from tui.widgets.panel import Panel

if TYPE_CHECKING:
    from capacity.critical_path import CriticalPaths


MOST_SLACKS = (
    24  # steps of a bar whose slack is worked out at once: each dates the plan anew some thirty times
)


class WavesScreen(Frame):
    """Enter opens a wave into groups and a group into steps; + and - zoom, left and right go in time, t to today."""

    key, title_text, needs_plan = "7", "Waves", True
    command = "vorst plan; vorst critical-path; vorst diff A B"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "critical", "Critical"),
    ]

    class Dated(Message):
        """What decides the end was worked out, or could not be; `loaded` says of what."""

        def __init__(self, loaded: Loaded, found: CriticalPaths | VorstError) -> None:
            super().__init__()
            self.loaded, self.found = loaded, found

    class Slack(Message):
        def __init__(self, bar_id: str, found: dict[str, timedelta]) -> None:
            super().__init__()
            self.bar_id, self.found = bar_id, found

    def __init__(self) -> None:
        super().__init__()
        self._wants_critical = False
        self._paths: CriticalPaths | None = None

    def body(self) -> Iterable[Widget]:
        yield Container(Gantt(id="gantt"), Panel("Wave", id="wave"), classes="split")

    @property
    def _gantt(self) -> Gantt:
        return self.query_one("#gantt", Gantt)

    def show(self, loaded: Loaded) -> None:
        zone = loaded.plan.calendar.time_zone if loaded.plan else "Europe/Brussels"
        self._paths = None
        self._gantt.show(timeline.timeline(loaded), zone, self.vorst.now)
        if self._wants_critical:
            self._date(loaded)
        self._repaint()

    def focus_first(self) -> None:
        self.query_one("#gantt").focus()

    # --- showing -----------------------------------------------------------------------------------------------------

    def _repaint(self) -> None:
        loaded, gantt = self._shown, self._gantt
        if loaded is None:
            return
        path = self._paths.path if self._paths else None
        if self._wants_critical:
            self.headline(critical.headline(path))
        else:
            self.headline(timeline.headline(loaded))
        marked = {}
        if self._wants_critical and path is not None and gantt.timeline is not None:
            marked = timeline.critical_stretches(gantt.timeline, path.deciding)
        gantt.mark(marked, {})

    @on(Gantt.Highlighted)
    def _highlight(self, event: Gantt.Highlighted) -> None:
        self._detail({})
        loaded, paths = self._shown, self._paths
        if self._wants_critical and event.bar is not None and loaded is not None and paths is not None:
            steps = timeline.steps_in(event.bar)
            if len(steps) <= MOST_SLACKS:
                self._find_slack(paths, event.bar.id, steps)

    def _detail(self, slack: dict[str, timedelta]) -> None:
        panel, bar = self.query_one("#wave", Panel), self._gantt.bar
        if bar is None or self._shown is None:
            panel.show((line(Span("the plan has no dated step", "muted")),), "Wave")
            return
        first, *rest = timeline.detail(self._shown, bar.id)
        more: tuple[Line, ...] = ()
        if self._wants_critical and self._paths is not None:
            more = critical.chain_lines(self._paths.path, timeline.steps_in(bar)) + critical.slack_lines(
                slack
            )
        panel.show((first, *more, *rest), bar.kind.capitalize())

    # --- what decides the end ----------------------------------------------------------------------------------------

    def action_critical(self) -> None:
        """Mark what decides the end, and tell slack; or no more."""
        self._wants_critical = not self._wants_critical
        if self._wants_critical and self._paths is None and self._shown is not None:
            self._date(self._shown)
        self._repaint()
        self._gantt.post_message(Gantt.Highlighted(self._gantt.bar))

    @work(thread=True, group="critical", exclusive=True)
    def _date(self, loaded: Loaded) -> None:
        from capacity.critical_path import CriticalPaths

        if loaded.plan is None:
            return
        try:
            found = CriticalPaths(loaded.estate, loaded.plan)
            _ = found.path  # here, not where it is painted
        except VorstError as error:
            self.post_message(self.Dated(loaded, error))
        else:
            self.post_message(self.Dated(loaded, found))

    @on(Dated)
    def _dated(self, event: Dated) -> None:
        if event.loaded is not self._shown:
            return
        if isinstance(event.found, VorstError):
            self._wants_critical = False
            self._repaint()
            self.headline(line(Span("Nothing decides the end: ", "bad!"), span(str(event.found))))
            return
        self._paths = event.found
        self._repaint()
        self._gantt.post_message(Gantt.Highlighted(self._gantt.bar))

    @work(thread=True, group="slack", exclusive=True)
    def _find_slack(self, paths: CriticalPaths, bar_id: str, steps: tuple[str, ...]) -> None:
        self.post_message(self.Slack(bar_id, paths.slack(steps)))

    @on(Slack)
    def _slack(self, event: Slack) -> None:
        bar = self._gantt.bar
        if bar is not None and bar.id == event.bar_id:
            self._detail(event.found)
