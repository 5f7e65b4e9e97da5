"""A table with a filter: `/` opens it, every word typed must occur in a row, Escape takes it away again.

Rows may be many thousand: they lie in Arrow columns, and only what is on the screen is drawn. A change of content puts
a new table in the place of the old one, as the table's makers ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pyarrow as pa
from rich.console import RenderableType
from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static
from textual_fastdatatable import ArrowBackend
from textual_fastdatatable.data_table import DataTable

from tui.colours import palette
from tui.views.spans import Column, Rows, filtered, fit, share_tone

WIDEST = 200  # of a column that nothing bounds
NARROW = 110  # columns of a screen that is no longer narrow


class Table(DataTable, inherit_bindings=False):
    """The Arrow table with tones, right-aligned numbers, and keys that lead in and out of it as in the rest."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Row up", show=False),
        Binding("down,j", "cursor_down", "Row down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("enter", "select_cursor", "Open", show=False),
        Binding("tab", "app.focus_next", "Next pane", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous pane", show=False),
        Binding("left", "scroll_left", "Scroll left", show=False),
        Binding("right", "scroll_right", "Scroll right", show=False),
        Binding("home", "cursor_table_start", "First row", show=False),
        Binding("end", "cursor_table_end", "Last row", show=False),
    ]

    def __init__(
        self, columns: Sequence[Column], cells: Sequence[Sequence[str]], *, is_narrow: bool = False
    ) -> None:
        names = [str(number) for number in range(len(columns))]
        arrays = [
            pa.array([row[number] for row in cells], type=pa.string()) for number in range(len(columns))
        ]
        self._looks = tuple(columns)
        self._rendered_widths = [
            max(len(column.label), min(_widest(array), _bound(column, is_narrow=is_narrow)))
            for column, array in zip(columns, arrays, strict=True)
        ]
        super().__init__(
            backend=ArrowBackend(pa.Table.from_arrays(arrays, names=names)),
            column_labels=[
                Text(fit(c.label, w, right=c.right))
                for c, w in zip(columns, self._rendered_widths, strict=True)
            ],
            column_widths=list(self._rendered_widths),
            cursor_type="row",
            fixed_columns=1,
            zebra_stripes=False,
            cursor_foreground_priority="css",
            cursor_background_priority="css",
            render_markup=False,
        )

    def _get_cell_renderable(
        self, row_index: int, column_index: int, max_width: int | None = None
    ) -> RenderableType | Text:
        if row_index < 0 or column_index < 0:
            found: RenderableType | Text = super()._get_cell_renderable(row_index, column_index, max_width)
            return found
        value = str(self.backend.get_cell_at(row_index, column_index)) if self.backend else ""
        column = self._looks[column_index]
        tone = share_tone(_percent(value)) if column.is_share else column.tones.get(value, "")
        style = palette(self.app).style(tone) if tone else Style.null()
        return Text(fit(value, self._rendered_widths[column_index], right=column.right), style, no_wrap=True)

    class Ready(Message):
        """The table is there: its cursor may be moved, and it may have the focus."""

        def __init__(self, table: Table) -> None:
            super().__init__()
            self.table = table

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._repaint, init=False)
        self.post_message(self.Ready(self))

    def _repaint(self) -> None:
        self._update_count += 1
        self._clear_caches()
        self.refresh()


def _percent(value: str) -> float | None:
    """The share a cell ends in, such as "98%"; None where it doesn't."""
    number = value.rsplit(" ", 1)[-1].removesuffix("%")
    return float(number) / 100 if number.isdigit() else None


def _bound(column: Column, *, is_narrow: bool) -> int:
    return (is_narrow and column.narrow) or column.width or WIDEST


def _widest(array: Any) -> int:
    """The widest cell of a column in terminal cells."""
    widths = ArrowBackend(pa.Table.from_arrays([array], names=["0"])).column_content_widths
    return int(widths[0]) if widths else 0


class Listing(Vertical):
    """Rows, a filter, and a line that says how many of how many are shown."""

    DEFAULT_CSS = """
    Listing { height: 1fr; }
    Listing > #rows { height: 1fr; }
    Listing DataTable { height: 1fr; background: $background;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
    Listing DataTable > .datatable--header { background: $panel; color: $foreground; text-style: bold; }
    Listing DataTable > .datatable--fixed { background: $background; color: $foreground; text-style: none; }
    Listing DataTable > .datatable--cursor { background: $panel; color: $foreground; }
    Listing DataTable > .datatable--fixed-cursor { background: $panel; color: $foreground; }
    Listing DataTable > .datatable--hover { background: $panel 50%; }
    Listing DataTable:focus > .datatable--cursor { background: $secondary; color: $foreground; text-style: bold; }
    Listing DataTable:focus > .datatable--fixed-cursor { background: $secondary; color: $foreground; text-style: bold; }
    Listing > Input { height: 1; border: none; padding: 0 1; background: $panel; display: none; }
    Listing > Input.-open { display: block; }
    Listing > #count { height: 1; padding: 0 1; color: $text-muted; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("escape", "clear_filter", "Clear filter", show=False),
    ]

    class Highlighted(Message):
        """The cursor is on another row; `key` is None where there is no row."""

        def __init__(self, listing: Listing, key: Any) -> None:
            self.listing = listing
            self.key = key
            super().__init__()

        @property
        def control(self) -> Listing:
            return self.listing

    class Left(Message):
        """Escape was pressed where there is no filter to clear."""

    class Opened(Message):
        """Enter was pressed on a row."""

        def __init__(self, listing: Listing, key: Any) -> None:
            self.listing = listing
            self.key = key
            super().__init__()

        @property
        def control(self) -> Listing:
            return self.listing

    def __init__(self, empty: str = "nothing here", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._empty = empty
        self._all: Rows | None = None
        self._keep: Callable[[Any], bool] | None = None
        self._note = ""
        self._wants_focus = False
        self._wanted: Any = None  # the key to go to once the table is there
        self._is_ready = False
        self.shown: Rows | None = None

    def compose(self) -> ComposeResult:
        yield Vertical(id="rows")
        yield Static("", id="count", markup=False)
        field = Input(placeholder="filter: every word must occur; Escape clears", id="filter", compact=True)
        field.can_focus = False
        yield field

    @property
    def words(self) -> str:
        return self.query_one("#filter", Input).value

    @property
    def table(self) -> Table | None:
        found = list(self.query(Table))
        return found[-1] if found else None

    @property
    def key(self) -> Any:
        """The key of the row under the cursor, or None."""
        table = self.table
        if table is None or not self.shown:
            return None
        if not self._is_ready and self._wanted in self.shown.keys:
            return self._wanted
        row = table.cursor_row
        return self.shown.keys[row] if 0 <= row < len(self.shown) else None

    def load(
        self, content: Rows, keep: Callable[[Any], bool] | None = None, *, note: str = "", empty: str = ""
    ) -> None:
        """Show these rows, filtered as before; `keep` leaves rows out by their key, `note` says what it keeps."""
        self._all, self._keep, self._note = content, keep, note
        self._empty = empty or self._empty
        self._rebuild()

    def select(self, key: Any) -> None:
        """Move the cursor to the row of a key, where it is shown; at once or as soon as there is a table."""
        table = self.table
        if not self._is_ready or table is None:
            self._wanted = key
        elif self.shown and key in self.shown.keys:
            table.move_cursor(row=self.shown.keys.index(key))

    def select_next(self) -> None:
        """Move the cursor a row down."""
        if self.shown and self.key in self.shown.keys:
            row = self.shown.keys.index(self.key) + 1
            self.select(self.shown.keys[min(row, len(self.shown) - 1)])

    def focus_table(self) -> None:
        """Put the cursor into the table, at once or as soon as there is one."""
        self._wants_focus = True
        if self._is_ready and self.table is not None:
            self._give_focus(self.table)

    def _give_focus(self, table: Table) -> None:
        if self._wants_focus:
            self._wants_focus = False
            self.screen.set_focus(table)

    @on(Table.Ready)
    def _table_ready(self, event: Table.Ready) -> None:
        """Content may change twice before anything is drawn: only the newest table counts."""
        event.stop()
        if event.table is self.table:
            self._is_ready = True
            self.select(self._wanted)
            self._wanted = None
            self._give_focus(event.table)

    def _rebuild(self) -> None:
        if self._all is None or not self.is_mounted:
            return
        self._wanted, self._is_ready = self.key, False
        self._wants_focus |= self.table is not None and self.table.has_focus
        self.shown = filtered(self._all, self.words, self._keep)
        table = Table(self.shown.columns, self.shown.cells, is_narrow=self.app.size.width < NARROW)
        frame = self.query_one("#rows", Vertical)
        for old in list(self.query(Table)):
            old.remove()
        frame.mount(table)
        total = len(self._all)
        shown = len(self.shown)
        text = f"{shown:,}" if shown == total else f"{shown:,} of {total:,}"
        words = f"  filter: {self.words}" if self.words else ""
        note = f"  {self._note}" if self._note else ""
        self.query_one("#count", Static).update(f"{text}{note}{words}" if total else self._empty)
        if not shown:
            self.post_message(self.Highlighted(self, None))

    @on(DataTable.RowHighlighted)
    def _row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        if event.data_table is self.table:
            self.post_message(self.Highlighted(self, self.key))

    @on(DataTable.RowSelected)
    def _row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        if event.data_table is self.table and self.key is not None:
            self.post_message(self.Opened(self, self.key))

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.add_class("-open")
        field.can_focus = True
        field.focus()

    def action_clear_filter(self) -> None:
        """Take the filter away; without one, Escape leaves the screen as elsewhere."""
        field = self.query_one("#filter", Input)
        if not field.has_class("-open") and not field.value:
            self.post_message(self.Left())
            return
        field.value = ""
        field.remove_class("-open")
        field.can_focus = False
        self.focus_table()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._rebuild()

    @on(Input.Submitted, "#filter")
    def _filter_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_table()
