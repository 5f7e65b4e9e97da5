"""What fails when something is lost: every single loss, every pair, and one of them in full with its cascade."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from inventory.errors import VorstError
from tui.loaded import Loaded
from tui.screens.dialogs import TextDialog
from tui.screens.frame import Frame
from tui.views import resilience
from tui.views.spans import Span, line, rows, span
from tui.widgets.listing import Listing
from tui.widgets.panel import Panel

if TYPE_CHECKING:
    from capacity.failures.consequences import Matrix, PairMatrix, Row
    from capacity.resilience import Resilience

WORST_PAIRS = 200


@dataclass(frozen=True)
class Worked:
    """What was worked out at one moment of the plan; pairs only where they were asked for."""

    resilience: Resilience
    matrix: Matrix
    pairs: PairMatrix | None = None


class LossDialog(TextDialog):
    """One loss, or two, in full."""


class ResilienceScreen(Frame):
    """`o` sorts otherwise, `p` shows pairs, `[` and `]` go from wave to wave, Enter shows one loss in full."""

    key, title_text, needs_plan = "l", "Loss", True
    command = "vorst fail --all; vorst fail --pairs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "order", "Order"),
        Binding("p", "pairs", "Pairs"),
        Binding("left_square_bracket", "wave(-1)", "Earlier", key_display="["),
        Binding("right_square_bracket", "wave(1)", "Later", key_display="]"),
    ]

    class Done(Message):
        """Something was worked out, or could not be; `loaded` and `wave` say of what."""

        def __init__(self, loaded: Loaded, wave: int, found: Worked | VorstError) -> None:
            super().__init__()
            self.loaded, self.wave, self.found = loaded, wave, found

    def __init__(self) -> None:
        super().__init__()
        self._order = 0
        self._wants_pairs = False
        self._wave = 0  # 0: after the last step; else so many waves before the last has ended
        self._worked: Worked | None = None
        self._error: VorstError | None = None

    def body(self) -> Iterable[Widget]:
        yield Container(
            Listing("nothing can be lost", id="losses"), Panel("What it does", id="loss"), classes="split"
        )

    def show(self, loaded: Loaded) -> None:
        self._worked = self._error = None
        self._wave = 0
        self._begin(loaded)

    def _begin(self, loaded: Loaded) -> None:
        self._refresh()
        self._work_out(loaded, self._wave, wants_pairs=self._wants_pairs)

    @work(thread=True, group="losses", exclusive=True)
    def _work_out(self, loaded: Loaded, wave: int, *, wants_pairs: bool) -> None:
        from capacity.resilience import Resilience

        plan = loaded.plan
        if plan is None:
            return
        try:
            made = Resilience(
                loaded.estate,
                loaded.facility,
                plan,
                moment=self._moment(loaded, wave),
                trip_share=loaded.trip_share,
            )
            pairs = made.pairs(WORST_PAIRS) if wants_pairs else None
            found: Worked | VorstError = Worked(made, made.singles(), pairs)
        except VorstError as error:
            found = error
        self.post_message(self.Done(loaded, wave, found))

    @staticmethod
    def _moment(loaded: Loaded, wave: int) -> datetime | None:
        """The end of the wave that many before the last; None for after everything."""
        waves = sorted(w.end for w in loaded.plan.waves) if loaded.plan else []
        return waves[-wave] if 0 < wave <= len(waves) else None

    @on(Done)
    def _done(self, event: Done) -> None:
        event.stop()
        if event.loaded is not self._shown or event.wave != self._wave:
            return
        if isinstance(event.found, VorstError):
            self._worked, self._error = None, event.found
        else:
            self._worked, self._error = event.found, None
        self._refresh()

    # --- showing ----------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        worked = self._worked
        pairs = worked.pairs if worked and self._wants_pairs else None
        waiting = worked is None or (self._wants_pairs and pairs is None)
        if self._error is not None:
            self.headline(line(Span("Nothing to show: ", "bad!"), span(str(self._error))))
        elif waiting:
            what = "every pair" if self._wants_pairs else "every single loss"
            self.headline(line(Span(f"working out {what} …", "muted")))
        else:
            self.headline(resilience.headline(worked.matrix if worked else None, pairs, self._order))
        listing = self.query_one("#losses", Listing)
        if self._error is not None:
            listing.load(rows(resilience.COLUMNS, []))
        elif worked is None or waiting:
            return  # what was shown before stays until there is something new
        elif pairs is not None:
            listing.load(resilience.pairs(pairs, self._order))
        else:
            listing.load(resilience.singles(worked.matrix, self._order))

    @on(Listing.Highlighted, "#losses")
    def _highlight(self, event: Listing.Highlighted) -> None:
        matrix = self._worked.matrix if self._worked else None
        row: Row | None = event.key
        self.query_one("#loss", Panel).show(resilience.summary(row, matrix))

    @on(Listing.Opened, "#losses")
    def _open(self, event: Listing.Opened) -> None:
        if self._worked is None:
            return
        row: Row = event.key
        made = self._worked.resilience
        found = made.examine(made.find(row.losses))
        self.app.push_screen(LossDialog(" and ".join(row.losses), resilience.consequence(found)))

    # --- keys -------------------------------------------------------------------------------------------------------

    def action_order(self) -> None:
        """Sort by the next thing."""
        self._order = (self._order + 1) % len(resilience.ORDERS)
        self._refresh()

    def action_pairs(self) -> None:
        """Pairs instead of single losses, and back."""
        self._wants_pairs = not self._wants_pairs
        self._refresh()
        if self._wants_pairs and self._shown is not None and self._worked and self._worked.pairs is None:
            self._begin(self._shown)

    def action_wave(self, step: int) -> None:
        """The moment a wave earlier, or later; the last is after everything."""
        loaded = self._shown
        if loaded is None or loaded.plan is None:
            return
        chosen = min(max(self._wave - step, 0), len(loaded.plan.waves))
        if chosen != self._wave:
            self._wave, self._worked = chosen, None
            self._begin(loaded)
