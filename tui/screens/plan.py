"""What becomes of every asset, with the reason beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from capacity.plan import STRATEGIES
from tui.loaded import Loaded
from tui.screens.frame import Frame
from tui.views import decisions
from tui.views.spans import Span, line
from tui.widgets.listing import Listing
from tui.widgets.panel import Panel

CHOICES = ("all", *STRATEGIES, "unplaced")


class PlanScreen(Frame):
    """`s` keeps one strategy, `u` only what has no place."""

    key, title_text, needs_plan = "6", "Plan", True
    command = "vorst plan; vorst strategy KIND:ID STRATEGY"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "cycle", "Strategy"),
        Binding("u", "unplaced", "Unplaced"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.choice = "all"

    def body(self) -> Iterable[Widget]:
        yield Container(
            Listing("the plan decides on nothing", id="decisions"), Panel("Why", id="why"), classes="split"
        )

    def show(self, loaded: Loaded) -> None:
        counts = Counter(decision.strategy for decision in loaded.decisions.values())
        without, unproven = decisions.lack_count(loaded)
        self.headline(
            line(
                *(
                    piece
                    for name in STRATEGIES
                    for piece in (Span(f"{counts[name]:,} ", "strong"), Span(f"{name}  ", name))
                ),
                Span(f"{without:,} without a place", "bad" if without else "good"),
                Span(f" ({unproven:,} unproven)" if unproven else "", "muted"),
            )
        )
        self.query_one("#decisions", Listing).load(
            decisions.decisions(loaded), self._keep(loaded), note="" if self.choice == "all" else self.choice
        )

    def _keep(self, loaded: Loaded) -> Any:
        if self.choice == "all":
            return None
        if self.choice == "unplaced":
            return lambda ref: ref in loaded.unplaced
        return lambda ref: loaded.decisions[ref].strategy == self.choice

    def action_cycle(self) -> None:
        self.choice = CHOICES[(CHOICES.index(self.choice) + 1) % len(CHOICES)]
        if self._shown is not None:
            self.show(self._shown)

    def action_unplaced(self) -> None:
        self.choice = "all" if self.choice == "unplaced" else "unplaced"
        if self._shown is not None:
            self.show(self._shown)

    @on(Listing.Highlighted, "#decisions")
    def _highlight(self, event: Listing.Highlighted) -> None:
        if self._shown is not None:
            lines = decisions.detail(self._shown, event.key) if event.key else ()
            self.query_one("#why", Panel).show(lines)
