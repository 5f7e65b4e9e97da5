"""Toned lines in a box that scrolls, with a title in its border."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.colours import palette
from tui.output import plain
from tui.views.spans import Line


class Panel(VerticalScroll):
    """Lines of spans, painted in the colours of the theme."""

    DEFAULT_CSS = """
    Panel { border: round $primary 50%; padding: 0 1; height: auto; background: $background;
            border-title-color: $primary; border-title-style: bold; scrollbar-size-vertical: 1; }
    Panel:focus { border: round $primary; background: $background; }
    Panel > Static { width: 1fr; height: auto; }
    """

    def __init__(
        self,
        title: str,
        *,
        id: str | None = None,  # noqa: A002 - Textual's word
        classes: str | None = None,
        can_focus: bool = True,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.can_focus = can_focus
        self.border_title = Content(plain(title))
        self._lines: tuple[Line, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static()

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._paint, init=False)
        self._paint()

    def show(self, lines: Iterable[Line], title: str | None = None) -> None:
        """Replace what is shown."""
        self._lines = tuple(lines)
        if title is not None:
            self.border_title = Content(plain(title))
        self._paint()
        self.scroll_home(animate=False)

    @property
    def text(self) -> str:
        """What is shown, without tones."""
        return "\n".join("".join(piece.text for piece in spans) for spans in self._lines)

    def _paint(self) -> None:
        if self.is_mounted and self.children:
            self.query_one(Static).update(palette(self.app).paint(self._lines))
