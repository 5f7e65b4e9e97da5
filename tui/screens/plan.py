"""What becomes of every asset, with the reason beside it; and how good the plan is, with its evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget

from capacity.plan import STRATEGIES
from tui.loaded import Loaded
from tui.screens.frame import Frame
from tui.views import decisions, evidence
from tui.views.spans import Line, Span, line
from tui.widgets.listing import Listing
from tui.widgets.panel import Panel

TWO_COLUMNS = 160  # of the screen, from which the panes of the evidence stand side by side
CHOICES = ("all", *STRATEGIES, "unplaced")


class PlanScreen(Frame):
    """`s` keeps one strategy, `u` only what has no place, `e` shows the evidence instead."""

    key, title_text, needs_plan = "6", "Plan", True
    command = "vorst plan; vorst stranded; vorst strategy KIND:ID STRATEGY"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "cycle", "Strategy"),
        Binding("u", "unplaced", "Unplaced"),
        Binding("e", "evidence", "Evidence"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.choice = "all"
        self.shows_evidence = False

    def body(self) -> Iterable[Widget]:
        yield Container(
            Listing("the plan decides on nothing", id="decisions"),
            Panel("Why", id="why"),
            id="decided",
            classes="split",
        )
        yield VerticalScroll(
            Panel("Against its bounds", id="bounds", can_focus=False),
            Panel("Where limits bind", id="limits", can_focus=False),
            Panel("Stranded: free, and of no use without the other", id="stranded", can_focus=False),
            Panel("How evenly the floor is loaded", id="balance", can_focus=False),
            id="evidence",
        )

    def show(self, loaded: Loaded) -> None:
        self.query_one("#decided").display = not self.shows_evidence
        self.query_one("#evidence").display = self.shows_evidence
        if self.shows_evidence:
            self.headline(evidence.summary(loaded))
            self.query_one("#bounds", Panel).show(evidence.bounds(loaded))
            self.query_one("#limits", Panel).show(evidence.binding(loaded))
            self.query_one("#stranded", Panel).show(evidence.stranded(loaded))
            self.query_one("#balance", Panel).show(evidence.balance(loaded))
            return
        self.headline(self._counts(loaded))
        self.query_one("#decisions", Listing).load(
            decisions.decisions(loaded), self._keep(loaded), note="" if self.choice == "all" else self.choice
        )

    @staticmethod
    def _counts(loaded: Loaded) -> Line:
        counts = Counter(decision.strategy for decision in loaded.decisions.values())
        without, unproven = decisions.lack_count(loaded)
        return line(
            *(
                piece
                for name in STRATEGIES
                for piece in (Span(f"{counts[name]:,} ", "strong"), Span(f"{name}  ", name))
            ),
            Span(f"{without:,} without a place", "bad" if without else "good"),
            Span(f" ({unproven:,} unproven)" if unproven else "", "muted"),
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

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.query_one("#evidence").set_class(event.size.width >= TWO_COLUMNS, "-two")

    def action_evidence(self) -> None:
        """How good the plan is, instead of what becomes of every asset; and back."""
        self.shows_evidence = not self.shows_evidence
        if self._shown is not None:
            self.show(self._shown)
        self.focus_first()
        self.refresh_bindings()

    def action_leave(self) -> None:
        if self.shows_evidence:
            self.action_evidence()

    def focus_first(self) -> None:
        if self.shows_evidence:
            self.query_one("#evidence").focus()
        else:
            super().focus_first()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (self.shows_evidence and action in ("cycle", "unplaced"))

    @on(Listing.Highlighted, "#decisions")
    def _highlight(self, event: Listing.Highlighted) -> None:
        if self._shown is not None:
            lines = decisions.detail(self._shown, event.key) if event.key else ()
            self.query_one("#why", Panel).show(lines)
