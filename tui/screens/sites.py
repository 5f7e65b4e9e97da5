"""Every site; Enter opens its room, or asks which."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.widget import Widget

from tui.loaded import Loaded
from tui.screens.frame import Frame
from tui.views import overview, sites
from tui.views.rooms import rooms_of
from tui.views.spans import Span, line, some
from tui.widgets.listing import Listing


class SitesScreen(Frame):
    """The table of sites."""

    key, title_text = "2", "Sites"
    command = "vorst capacity; vorst estate --json"

    def body(self) -> Iterable[Widget]:
        yield Listing("the inventory has no site yet: vorst import --sample", id="sites")

    def show(self, loaded: Loaded) -> None:
        self.headline(
            line(
                Span(some(len(loaded.estate.sites), "site"), "strong"),
                Span(f"  {overview.rooms_state(loaded)}" if loaded.plan else "", "muted"),
                Span("   enter opens the room", "muted"),
            )
        )
        self.query_one("#sites", Listing).load(sites.sites(loaded))

    @on(Listing.Opened, "#sites")
    def _open(self, event: Listing.Opened) -> None:
        if self._shown is not None:
            self.vorst.open_room(rooms_of(self._shown, event.key)[0])
