"""Over the screen of scenarios: any number of them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer

from tui.output import plain
from tui.scenario_work import Compared
from tui.views import scenarios
from tui.widgets.listing import Listing


class CompareDialog(ModalScreen[None]):
    """The figures of the present and of any number of scenarios: a column each, left and right scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Back", key_display="esc"),
    ]

    def __init__(self, entries: Sequence[Compared]) -> None:
        super().__init__(classes="dialog")
        self._entries = tuple(entries)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -all") as box:
            box.border_title = plain(scenarios.comparison_title(self._entries))
            box.border_subtitle = "← → scroll"
            yield Listing(id="comparison")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        listing = self.query_one(Listing)
        listing.load(scenarios.comparison(self._entries))
        listing.focus_table()

    @on(Listing.Left)
    def _left(self) -> None:
        self.dismiss()
