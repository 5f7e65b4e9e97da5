"""What all screens share: the line of screens above, the keys below, what they say when there is nothing yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Static

from tui.colours import palette
from tui.loaded import Loaded
from tui.views import overview
from tui.views.spans import Line, Span, line, span
from tui.widgets.listing import Listing

if TYPE_CHECKING:
    from tui.app import VorstApp

# Key, name in the code, title: the order of the keys on a keyboard.
SCREENS: tuple[tuple[str, str, str], ...] = (
    ("1", "overview", "Overview"),
    ("2", "sites", "Sites"),
    ("3", "room", "Room"),
    ("4", "hall", "Hall"),
    ("5", "cloud", "Cloud"),
    ("6", "plan", "Plan"),
    ("7", "waves", "Waves"),
    ("8", "playbooks", "Playbooks"),
    ("9", "findings", "Findings"),
    ("0", "log", "Log"),
    ("l", "losses", "Loss"),
    ("w", "scenarios", "What if"),
    ("i", "risk", "Risk"),
    ("b", "groups", "Groups"),
)
SHORT = {
    "playbooks": "Books",
    "findings": "Finds",
    "scenarios": "What-if",
}  # where the line of screens has no room
SHORTEST = {
    "overview": "Home",
    "sites": "Site",
    "waves": "Wave",
    "playbooks": "Book",
    "findings": "Find",
    "scenarios": "If",
    "groups": "Ties",
}  # and where it has still less
# The line of screens, the roomiest first: what stands before it, between key and title, between two, and the titles.
LINES: tuple[tuple[str, str, str, Mapping[str, str]], ...] = (
    (" vorst  ", " ", "  ", {}),
    ("", " ", "  ", {}),
    ("", "", " ", {}),
    ("", "", " ", SHORT),
    ("", "", " ", SHORTEST),
)
WIDE = 110  # columns from which panes stand side by side


class Frame(Screen[None]):
    """A screen of the UI. `needs_plan`: without a plan it says so instead; `command` does the same in a shell."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - Textual's own declaration
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False),
        Binding("tab", "app.focus_next", "Next pane", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous pane", show=False),
    ]

    AUTO_FOCUS: ClassVar[str | None] = ""

    key = ""
    title_text = ""
    command = ""
    needs_plan = False
    shows_proof = False

    def __init__(self) -> None:
        super().__init__()
        self._shown: Loaded | None = None
        self._painted_in = ""

    @property
    def vorst(self) -> VorstApp:
        return cast("VorstApp", self.app)

    def compose(self) -> ComposeResult:
        yield Static(id="tabs")
        yield Static(id="headline")
        yield Static(id="notice")
        with Vertical(id="body"):
            yield from self.body()
        yield Footer(show_command_palette=False)

    def body(self) -> Iterable[Widget]:
        """The screen's own widgets."""
        return ()

    def show(self, loaded: Loaded) -> None:
        """Fill the widgets with what is loaded."""

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self.update_shown, init=False)
        self.update_shown()

    def on_screen_resume(self) -> None:
        self.update_shown()
        if self.focused is None and self.query_one("#body").display:
            self.focus_first()

    def on_resize(self, _: events.Resize) -> None:
        self._paint_tabs()

    def update_shown(self) -> None:
        """Show what the app has loaded, if that is not on the screen already in the colours of the theme."""
        if not self.is_current:
            return
        self._paint_tabs()
        loaded = self.vorst.loaded
        missing = self._missing(loaded)
        self.query_one("#notice").display = missing is not None
        self.query_one("#body").display = missing is None
        if missing is not None:
            self.query_one("#notice", Static).update(palette(self.app).paint(missing))
        elif loaded is not None and (loaded is not self._shown or self._painted_in != self.app.theme):
            self._shown, self._painted_in = loaded, self.app.theme
            self.show(loaded)
            if self.focused is None:
                self.focus_first()

    def focus_first(self) -> None:
        """Put the cursor where the arrows are wanted."""
        for listing in self.query(Listing):
            listing.focus_table()
            return

    def _missing(self, loaded: Loaded | None) -> tuple[Line, ...] | None:
        if loaded is None:
            if self.vorst.load_error is None:
                return (line(Span("reading the workspace …", "muted")),)
            error = self.vorst.load_error
            return (
                line(Span("Nothing to show: ", "bad!"), span(error.what)),
                line(span(error.where, "muted")),
                line(span(error.remedy, "accent")),
                line(),
                line(Span("Press r to read it again, q to leave.", "muted")),
            )
        return overview.no_plan(loaded) if self.needs_plan and loaded.plan is None else None

    def headline(self, *lines: Line) -> None:
        """The line under the tabs."""
        self.query_one("#headline", Static).update(palette(self.app).paint(lines))

    def _paint_tabs(self) -> None:
        """The screens in one line: as roomy as the width allows. A letter is its key where the title begins with it."""
        colours = palette(self.app)
        text = Text(no_wrap=True)
        for brand, gap, end, short in LINES:
            text = Text(brand, colours.style("accent!"), no_wrap=True)
            for number, (key, name, title) in enumerate(SCREENS):
                shown = short.get(name, title)
                is_here = key == self.key
                lead, rest = (shown[0], shown[1:]) if shown[0].lower() == key else (key, gap + shown)
                text.append(end if number else "")
                text.append(lead, colours.style("on-cursor" if is_here else "accent!"))
                text.append(rest, colours.style("on-cursor" if is_here else ""))
            if text.cell_len <= self.size.width:
                break
        self.query_one("#tabs", Static).update(text)

    def action_leave(self) -> None:
        """Back to where one came from; the screens have nowhere to go back to, except the room."""

    @on(Listing.Left)
    def _left_listing(self) -> None:
        self.action_leave()
