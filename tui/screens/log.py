"""Who changed what, and what this session said."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.containers import Container
from textual.widget import Widget

from tui.loaded import Loaded
from tui.screens.frame import Frame
from tui.views import log
from tui.views.spans import Span, line, some, span
from tui.widgets.listing import Listing
from tui.widgets.panel import Panel


class LogScreen(Frame):
    """History above or left, the chosen change and this session beside it."""

    key, title_text = "0", "Log"
    command = "vorst history [KIND:ID]"

    def body(self) -> Iterable[Widget]:
        yield Container(
            Listing("nothing has changed yet", id="history"),
            Container(Panel("Change", id="change"), Panel("This session", id="session"), id="log-detail"),
            classes="split",
        )

    def show(self, loaded: Loaded) -> None:
        self.headline(
            line(
                Span(f"revision {loaded.estate.revision}", "strong"),
                Span(f"  the newest {some(len(loaded.history), 'change')}", "muted"),
            )
        )
        self.query_one("#history", Listing).load(log.history(loaded))

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.show_session()

    def show_session(self) -> None:
        """What this session did, newest first."""
        lines = [
            line(Span(f"{at:%H:%M:%S} ", "muted"), span(text, tone)) for at, text, tone in self.vorst.messages
        ]
        self.query_one("#session", Panel).show(lines[::-1] or [line(Span("nothing yet", "muted"))])

    @on(Listing.Highlighted, "#history")
    def _highlight(self, event: Listing.Highlighted) -> None:
        lines = log.detail(event.key) if event.key is not None else ()
        self.query_one("#change", Panel).show(lines)
