"""What is held of one resource over time, below the timeline and on its axis: bars against what there is."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from capacity.resource_use import Profile
from tui.colours import palette
from tui.views.axis import Scale
from tui.views.spans import count, fit


class Histogram(Widget):
    """Bars of a profile, cell by cell of the timeline's scale; above what there is they are red."""

    DEFAULT_CSS = """
    Histogram { height: 5; background: $background; }
    .-wide Histogram { height: 10; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.profile: Profile | None = None
        self.label = ""
        self._place: tuple[Scale, ZoneInfo, int] | None = None
        self._cells: list[tuple[float, float, bool]] = []

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._repaint, init=False)

    def _repaint(self) -> None:
        self.refresh()

    def show(
        self, profile: Profile | None, label: str, scale: Scale, zone: ZoneInfo, label_width: int
    ) -> None:
        """A profile on the same axis as the timeline."""
        self.profile, self.label, self._place = profile, label, (scale, zone, label_width)
        if profile is not None:
            edges = [scale.moment(cell).replace(tzinfo=zone).timestamp() for cell in range(scale.width + 1)]
            self._cells = profile.cells(edges)
        self.refresh()

    @property
    def top(self) -> float:
        """What the full height stands for: as much as there is, or is held, in any cell shown."""
        known = [offered for _, offered, _ in self._cells if offered != float("inf")]
        return max([*known, *(used for used, _, _ in self._cells), 1e-9])

    def render_line(self, y: int) -> Strip:
        base = self.rich_style
        if self.profile is None or self._place is None:
            return Strip([Segment(" " * self.size.width, base)])
        colours, height, top = palette(self.app), self.size.height, self.top
        label_width = self._place[2]
        segments = [
            Segment(fit(self._label(y), label_width) + " ", base + colours.style("muted" if y else "strong"))
        ]
        low, high = (height - 1 - y) / height * top, (height - y) / height * top
        for used, offered, is_over in self._cells:
            share = min(max((used - low) / (high - low), 0.0), 1.0)
            eighths = round(share * 8)
            if not eighths and 0 < used <= top and y == height - 1:
                eighths = 1
            ground = colours.style("on-none") if offered > low + 1e-9 else Style.null()
            tone = colours.style("bad" if is_over else "accent")
            segments.append(Segment(" ▁▂▃▄▅▆▇█"[eighths], base + ground + tone))
        return Strip(list(Segment.simplify(segments))).crop_extend(0, self.size.width, base)

    def _label(self, y: int) -> str:
        """Beside the bars: whose they are, and the most held of the most there is in what is shown."""
        if y == 0:
            return self.label
        known = max((offered for _, offered, _ in self._cells), default=0.0)
        if y == 1:
            most = max((used for used, _, _ in self._cells), default=0.0)
            return f"  held {count(most)} of {count(known) if known != float('inf') else 'unknown'}"
        if y == 2 and any(over for _, _, over in self._cells):
            return "  more than there is"
        return ""
