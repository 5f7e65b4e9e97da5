"""A dialog that offers the plan files there are, to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList

from tui.output import plain


class PlanChoice(ModalScreen[str]):
    """One of some names, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Back", key_display="esc")]

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(classes="dialog")
        self._names = tuple(names)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "What has changed since which plan?"
            yield OptionList(*(Content(plain(name)) for name in self._names))
        yield Footer(show_command_palette=False)

    def action_leave(self) -> None:
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._names[event.option_index])
