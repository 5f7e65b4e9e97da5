"""What lies over a screen: an error, a question, the keys there are, work going on, one rack in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, ProgressBar, Static

from inventory.errors import SeveralErrors, VorstError
from tui.output import plain
from tui.views.elevations import Elevation
from tui.views.spans import Line, Span, line, span
from tui.widgets.elevation import Racks
from tui.widgets.panel import Panel

MOST_ERRORS = 50


class ErrorDialog(ModalScreen[None]):
    """What was wrong, where, and what to do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close", key_display="enter")
    ]

    def __init__(self, error: VorstError) -> None:
        super().__init__(classes="dialog")
        self.error = error

    def compose(self) -> ComposeResult:
        yield Panel("That did not work", classes="box -bad")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        error = self.error
        several = error.errors[:MOST_ERRORS] if isinstance(error, SeveralErrors) else ()
        lines: list[Line] = [
            line(span(error.what, "strong")),
            *((line(Span("where   ", "muted"), span(error.where)),) if error.where else ()),
            *((line(Span("remedy  ", "muted"), span(error.remedy, "good")),) if error.remedy else ()),
            *(line(span(f"  {single}")) for single in several),
        ]
        self.query_one(Panel).show(lines)


class Confirm(ModalScreen[bool]):
    """A question answered with y or n."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes", key_display="y"),
        Binding("n,escape,q", "answer(False)", "No", key_display="n"),
    ]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__(classes="dialog")
        self._title = title
        self._lines = tuple(lines)

    def compose(self) -> ComposeResult:
        yield Panel(self._title, classes="box")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Panel).show(
            (*self._lines, line(), line(Span("y", "accent!"), " yes   ", Span("n", "accent!"), " no"))
        )

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 - Textual hands actions their arguments
        self.dismiss(answer)


class Help(ModalScreen[None]):
    """All keys of the screen beneath, and the command that does the same."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "Close", key_display="esc"),
    ]

    def __init__(
        self, title: str, command: str, keys: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    ) -> None:
        super().__init__(classes="dialog")
        self._title, self._command, self._keys = title, command, keys

    def compose(self) -> ComposeResult:
        yield Panel(f"Keys: {self._title}", classes="box -tall")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        lines: list[Line] = [line(Span("the same in a shell: ", "muted"), span(self._command, "accent"))]
        for heading, keys in self._keys:
            lines += [line(), line(Span(heading, "strong"))]
            lines += [line(span(f"  {key:<18}", "accent"), span(what)) for key, what in keys]
        self.query_one(Panel).show(lines)


class Busy(ModalScreen[None]):
    """Work going on: what it is at and how far; Escape stops it where it can be stopped."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, title: str, *, can_cancel: bool = False) -> None:
        super().__init__(classes="dialog")
        self._title, self._can_cancel = title, can_cancel
        self.is_cancelled = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -busy") as box:
            box.border_title = plain(self._title)
            yield Static("", id="stage", markup=False)
            yield ProgressBar(show_eta=False, id="bar")
            yield Static("Escape cancels" if self._can_cancel else "", id="hint", markup=False)

    def report(self, stage: str, done: int, total: int) -> None:
        """Show how far the work is; a total of 0 is not known."""
        # The first report may come before there is anything to show it on.
        for label in self.query("#stage").results(Static):
            label.update(plain(stage) + " …")
        for shown in self.query("#bar").results(ProgressBar):
            shown.update(total=total or None, progress=done)

    def action_cancel(self) -> None:
        if self._can_cancel:
            self.is_cancelled = True
            for hint in self.query("#hint").results(Static):
                hint.update("stopping at the next step …")


class TextDialog(ModalScreen[None]):
    """Something told in full, in lines that scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Back", key_display="esc"),
    ]

    def __init__(self, title: str, lines: Iterable[Line]) -> None:
        super().__init__(classes="dialog")
        self._title, self._lines = title, tuple(lines)

    def compose(self) -> ComposeResult:
        yield Panel(self._title, classes="box -full")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        panel = self.query_one(Panel)
        panel.show(self._lines)
        panel.focus()


class RackDialog(ModalScreen[None]):
    """One rack at the target: as it stands beside as it is planned, and what its feeds carry."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Back", key_display="esc"),
    ]

    def __init__(self, title: str, racks: Sequence[Elevation], lines: Sequence[Line]) -> None:
        super().__init__(classes="dialog")
        self._title, self._racks, self._lines = title, tuple(racks), tuple(lines)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -full") as box:
            box.border_title = plain(self._title)
            with Horizontal(id="rack-and-feeds"):
                yield Racks(id="elevation")
                yield Panel("Position and feeds", id="feeds")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._arrange()
        self.query_one("#elevation", Racks).show(self._racks)
        self.query_one("#elevation").focus()
        self.query_one("#feeds", Panel).show(self._lines)

    def on_resize(self, _: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        self.query_one("#rack-and-feeds").set_class(self.size.width < 110, "-stacked")
