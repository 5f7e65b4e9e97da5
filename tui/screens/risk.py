"""How sure the dates are: the samples run beside the screen, which tells how far they are and lets them be stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from inventory.errors import StaleError, VorstError
from tui.loaded import Loaded
from tui.risk_runs import samplers
from tui.screens.frame import Frame
from tui.tasks import CancelledError
from tui.views import risk
from tui.views.spans import Line, Span, line, rows, span
from tui.widgets.listing import Listing
from tui.widgets.panel import Panel

if TYPE_CHECKING:
    from capacity.risk import Risk


@dataclass(eq=False)
class Draw:
    """Samples of one plan being drawn. Only `cancel` is touched by two threads."""

    loaded: Loaded
    cancel: threading.Event = field(default_factory=threading.Event)


class RiskScreen(Frame):
    """`[` and `]` go through the tables; `x` stops the samples, `s` draws them anew."""

    key, title_text, needs_plan = "i", "Risk", True
    command = "vorst risk --all; vorst risk --by DAY --want 0.8"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "table(-1)", "Before", key_display="["),
        Binding("right_square_bracket", "table(1)", "Next", key_display="]"),
        Binding("s", "sample", "Sample"),
        Binding("x", "stop", "Stop"),
    ]

    class Going(Message):
        """So many samples are drawn."""

        def __init__(self, draw: Draw, done: int, total: int) -> None:
            super().__init__()
            self.draw, self.done, self.total = draw, done, total

    class Ended(Message):
        """The samples are drawn, could not be, or were stopped (None)."""

        def __init__(self, draw: Draw, found: Risk | VorstError | None) -> None:
            super().__init__()
            self.draw, self.found = draw, found

    def __init__(self) -> None:
        super().__init__()
        self._table = 0
        self._draw: Draw | None = None
        self._found: Risk | None = None
        self._of: Loaded | None = None  # what `_found` speaks of

    def body(self) -> Iterable[Widget]:
        yield Container(Listing("no samples yet", id="outlooks"), Panel("The end", id="end"), classes="split")

    def show(self, loaded: Loaded) -> None:
        is_known = self._of is not None and loaded.plan is self._of.plan and loaded.estate is self._of.estate
        if is_known and self._found is not None:  # proven meanwhile, or in other colours
            self._of = loaded
            self._refresh()
        elif self._draw is None or self._draw.loaded.plan is not loaded.plan:
            self._begin(loaded)

    def _begin(self, loaded: Loaded) -> None:
        if self._draw is not None:
            self._draw.cancel.set()
        self._found, self._of = None, loaded
        self._draw = Draw(loaded)
        self.query_one("#outlooks", Listing).load(rows(risk.DRIVER_COLUMNS, []))
        self.query_one("#end", Panel).show(())
        self._tell("reading durations …")
        self._sample(self._draw)

    @work(thread=True, group="risk")
    def _sample(self, draw: Draw) -> None:
        self.post_message(self.Ended(draw, self._assessed(draw)))

    def _assessed(self, draw: Draw) -> Risk | VorstError | None:
        from capacity.risk import assess
        from capacity.uncertainty.settings import RiskSettings

        loaded = draw.loaded
        if loaded.plan is None:
            return None

        def tell(done: int, total: int) -> None:
            if draw.cancel.is_set():
                raise CancelledError
            self.post_message(self.Going(draw, done, total))

        try:
            if loaded.plan.inputs.estate_hash != loaded.estate.content_hash:
                raise StaleError(
                    "the inventory has changed since this plan was made", remedy="make a plan (m) to follow"
                )
            with samplers(None, None) as run:
                return assess(
                    loaded.estate,
                    loaded.plan,
                    loaded.risk or RiskSettings(),
                    loaded.runs,
                    seed=loaded.seed,
                    run=run,
                    progress=tell,
                )
        except CancelledError:
            return None
        except VorstError as error:
            return error

    @on(Going)
    def _going(self, event: Going) -> None:
        event.stop()
        if event.draw is self._draw:
            self._tell(f"{event.done:,} of {event.total:,} samples drawn …  x stops")

    @on(Ended)
    def _ended(self, event: Ended) -> None:
        event.stop()
        if event.draw is not self._draw:
            return
        self._draw = None
        if isinstance(event.found, VorstError):
            self.headline(line(Span("Nothing to show: ", "bad!"), span(str(event.found))))
        elif event.found is None:
            self._tell("stopped: s draws the samples")
        else:
            self._found = event.found
            self._refresh()

    # --- showing ----------------------------------------------------------------------------------------------------

    def _tell(self, text: str) -> None:
        self.headline(line(Span(text, "muted")))

    def _refresh(self) -> None:
        found = self._found
        if found is None:
            return
        self.headline(risk.headline(found, self._table))
        self.query_one("#outlooks", Listing).load(risk.TABLES[self._table][1](found))
        lines: tuple[Line, ...] = risk.end(found)
        self.query_one("#end", Panel).show(lines, "The end")

    # --- keys -------------------------------------------------------------------------------------------------------

    def action_table(self, step: int) -> None:
        """The next table, or the one before."""
        self._table = (self._table + step) % len(risk.TABLES)
        self._refresh()

    def action_stop(self) -> None:
        """Stop the samples that are being drawn."""
        if self._draw is not None:
            self._draw.cancel.set()

    def action_sample(self) -> None:
        """Draw the samples anew."""
        if self._shown is not None and self._draw is None:
            self._begin(self._shown)
