"""The community cloud: pools, hosts, and what runs on the chosen host."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.containers import Container
from textual.widget import Widget

from tui.loaded import Loaded
from tui.screens.frame import Frame
from tui.views import cloud
from tui.views.spans import Span, line, some
from tui.widgets.listing import Listing
from tui.widgets.panel import Panel


class CloudScreen(Frame):
    """Hosts above, workloads of the chosen one below or beside."""

    key, title_text, needs_plan = "5", "Cloud", True
    command = "vorst capacity --plan plan.json"

    def body(self) -> Iterable[Widget]:
        yield Panel("Pools", id="pools")
        yield Container(
            Listing("the plan needs no cloud host", id="hosts"),
            Listing("nothing runs on this host: it is kept in reserve", id="workloads"),
            id="cloud",
            classes="split",
        )

    def show(self, loaded: Loaded) -> None:
        plan = loaded.plan
        hosts, workloads = (len(plan.hosts), len(plan.workloads)) if plan else (0, 0)
        self.headline(
            line(
                Span(some(hosts, "cloud host"), "strong"),
                Span(f"  {some(workloads, 'workload')}   tab to the workloads of the chosen host", "muted"),
            )
        )
        self.query_one("#pools", Panel).show(cloud.pools(loaded))
        self.query_one("#hosts", Listing).load(cloud.hosts(loaded))

    @on(Listing.Highlighted, "#hosts")
    def _highlight(self, event: Listing.Highlighted) -> None:
        if self._shown is not None:
            note = f"on {event.key}" if event.key else ""
            self.query_one("#workloads", Listing).load(cloud.workloads(self._shown, event.key), note=note)
