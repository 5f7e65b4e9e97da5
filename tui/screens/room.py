"""One server room: racks side by side, now and after the plan; its devices as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from tui.loaded import Loaded
from tui.screens.frame import Frame
from tui.views import rooms
from tui.views.spans import Span, line, span
from tui.widgets.elevation import Racks
from tui.widgets.listing import Listing

VIEWS = ("both", "now", "planned")


class RoomScreen(Frame):
    """`[` and `]` go to the neighbouring rooms, `p` chooses now, planned or both, `t` the table."""

    key, title_text = "3", "Room"
    command = "vorst estate --json; vorst findings --code units-double-booked"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "cycle_view", "Now/planned"),
        Binding("t", "toggle_table", "Racks/table"),
        Binding("left_square_bracket", "room(-1)", "Previous room", key_display="[", show=False),
        Binding("right_square_bracket", "room(1)", "Rooms", key_display="[ ]"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.room: rooms.RoomKey | None = None
        self.view = VIEWS[0]

    def body(self) -> Iterable[Widget]:
        yield ContentSwitcher(
            Racks(id="racks"),
            Listing("no device stands in this room", id="devices"),
            initial="racks",
            id="room",
        )

    def choose(self, room: rooms.RoomKey) -> None:
        """Show this room."""
        self.room = room
        self._shown = None
        if self.is_mounted:
            self.update_shown()

    def show(self, loaded: Loaded) -> None:
        if self.room is None or self.room.site_id not in loaded.estate.by_id("sites"):
            self.room = rooms.first_room(loaded)
        if self.room is None:
            self.headline(line(Span("the inventory has no room yet", "muted")))
            return
        self.headline(
            line(
                span(rooms.title(loaded, self.room), "strong"),
                Span(f"   {self.view if loaded.plan else 'now'}", "accent"),
            ),
            rooms.state(loaded, self.room),
        )
        self.query_one("#racks", Racks).show(rooms.elevations(loaded, self.room, view=self.view))
        self.query_one("#devices", Listing).load(rooms.devices(loaded, self.room))

    def focus_first(self) -> None:
        switcher = self.query_one("#room", ContentSwitcher)
        if switcher.current == "racks":
            self.query_one("#racks").focus()
        else:
            self.query_one("#devices", Listing).focus_table()

    def action_cycle_view(self) -> None:
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        if self._shown is not None:
            self.show(self._shown)

    def action_toggle_table(self) -> None:
        switcher = self.query_one("#room", ContentSwitcher)
        switcher.current = "devices" if switcher.current == "racks" else "racks"
        self.focus_first()

    def action_room(self, step: int) -> None:
        if self._shown is None or self.room is None:
            return
        every = [room for site in self._shown.estate.sites for room in rooms.rooms_of(self._shown, site.id)]
        at = every.index(self.room) if self.room in every else 0
        self.choose(every[(at + step) % len(every)])

    def action_leave(self) -> None:
        self.vorst.action_go("sites")
