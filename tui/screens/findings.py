"""What is wrong with the data, and which rules the plan breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from tui.loaded import Loaded
from tui.screens.frame import Frame
from tui.views import findings
from tui.views.spans import Span, line
from tui.widgets.listing import Listing
from tui.widgets.panel import Panel

CHOICES = ("all", *findings.SEVERITIES)


class FindingsScreen(Frame):
    """`s` keeps one severity."""

    key, title_text, shows_proof = "9", "Findings", True
    command = "vorst findings; vorst check plan.json"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "cycle", "Severity")]

    def __init__(self) -> None:
        super().__init__()
        self.choice = "all"

    def body(self) -> Iterable[Widget]:
        yield Container(
            Listing("nothing found", id="findings"), Panel("Finding", id="finding"), classes="split"
        )

    def show(self, loaded: Loaded) -> None:
        counts = Counter(found.severity for found in loaded.findings)
        tone = "bad" if loaded.violations else "good" if loaded.violations is not None else "muted"
        self.headline(
            line(
                Span(findings.proof_state(loaded), tone),
                Span("   data: ", "muted"),
                *(
                    piece
                    for name in ("error", "warning", "note")
                    for piece in (
                        Span(f"{counts[name]:,} ", "strong"),
                        Span(f"{name}  ", findings.SEVERITY_TONES[name]),
                    )
                ),
            )
        )
        choice = self.choice
        keep = None if choice == "all" else lambda key: findings.severity(key) == choice
        self.query_one("#findings", Listing).load(
            findings.findings(loaded), keep, note="" if choice == "all" else f"only {choice}"
        )

    def action_cycle(self) -> None:
        self.choice = CHOICES[(CHOICES.index(self.choice) + 1) % len(CHOICES)]
        if self._shown is not None:
            self.show(self._shown)

    @on(Listing.Highlighted, "#findings")
    def _highlight(self, event: Listing.Highlighted) -> None:
        if self._shown is not None:
            lines = findings.detail(self._shown, event.key) if event.key is not None else ()
            self.query_one("#finding", Panel).show(lines)
