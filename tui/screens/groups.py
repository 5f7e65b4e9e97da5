"""Move groups: what holds each together, what people decided about it, and whether the flows it cuts bear that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from inventory.errors import StaleError, VorstError
from tui.loaded import Loaded
from tui.screens.dialogs import TextDialog
from tui.screens.frame import Frame
from tui.views import groups
from tui.views.spans import Span, line, rows, span
from tui.widgets.listing import Listing
from tui.widgets.panel import Panel


class GroupDialog(TextDialog):
    """One group in full."""


class GroupsScreen(Frame):
    """`o` sorts otherwise, `p` keeps only groups that people decided about, Enter shows one in full."""

    key, title_text, needs_plan = "b", "Groups", True
    command = "vorst groups; vorst groups --group G0012; vorst group merge|split|pin"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "order", "Order"),
        Binding("p", "pinned", "Decided"),
    ]

    class Done(Message):
        """What ties the groups was worked out, or could not be."""

        def __init__(self, loaded: Loaded, found: groups.Ties | VorstError) -> None:
            super().__init__()
            self.loaded, self.found = loaded, found

    def __init__(self) -> None:
        super().__init__()
        self._order = 0
        self._wants_decided = False
        self._rows: tuple[groups.GroupRow, ...] = ()
        self._of: Loaded | None = None  # what the rows speak of

    def body(self) -> Iterable[Widget]:
        yield Container(
            Listing("the plan moves nothing", id="groups"), Panel("Group", id="group"), classes="split"
        )

    def show(self, loaded: Loaded) -> None:
        if self._of is not None and loaded.plan is self._of.plan and loaded.estate is self._of.estate:
            self._refresh()  # proven meanwhile, or in other colours; what is being worked out is still wanted
            return
        self._rows, self._of = (), loaded
        self.headline(line(Span("working out what ties the groups …", "muted")))
        self._work_out(loaded)

    @work(thread=True, group="ties", exclusive=True)
    def _work_out(self, loaded: Loaded) -> None:
        from capacity.timetable.cut_flows import cut_flows
        from capacity.timetable.group_ties import group_ties

        plan = loaded.plan
        if plan is None:
            return
        try:
            if plan.inputs.estate_hash != loaded.estate.content_hash:
                raise StaleError(
                    "the inventory has changed since this plan was made", remedy="make a plan (m) to follow"
                )
            found: groups.Ties | VorstError = groups.Ties(
                group_ties(loaded.estate, plan), cut_flows(loaded.estate, plan)
            )
        except VorstError as error:
            found = error
        self.post_message(self.Done(loaded, found))

    @on(Done)
    def _done(self, event: Done) -> None:
        event.stop()
        if event.loaded is not self._of:
            return
        if isinstance(event.found, VorstError):
            self.headline(line(Span("Nothing to show: ", "bad!"), span(str(event.found))))
            self.query_one("#groups", Listing).load(rows(groups.COLUMNS, []))
            return
        self._rows = groups.group_rows(event.loaded, event.found)
        self._refresh()

    def _refresh(self) -> None:
        if not self._rows:
            return
        self.headline(groups.headline(self._rows, self._order))
        keep = (lambda row: bool(row.decisions)) if self._wants_decided else None
        note = "decided by people" if self._wants_decided else ""
        self.query_one("#groups", Listing).load(groups.table(self._rows, self._order), keep, note=note)

    @on(Listing.Highlighted, "#groups")
    def _highlight(self, event: Listing.Highlighted) -> None:
        row: Any = event.key
        panel = self.query_one("#group", Panel)
        if row is None or self._shown is None:
            panel.show(())
        else:
            panel.show(groups.detail(self._shown, row))

    @on(Listing.Opened, "#groups")
    def _open(self, event: Listing.Opened) -> None:
        row: groups.GroupRow = event.key
        if self._shown is not None:
            lines = groups.detail(self._shown, row, len(row.group.assets) + len(row.ties) + len(row.cut))
            self.app.push_screen(GroupDialog(row.group.id, lines))

    # --- keys -------------------------------------------------------------------------------------------------------

    def action_order(self) -> None:
        """Sort by the next thing."""
        self._order = (self._order + 1) % len(groups.ORDERS)
        self._refresh()

    def action_pinned(self) -> None:
        """Only the groups that people decided about, or all."""
        self._wants_decided = not self._wants_decided
        self._refresh()
