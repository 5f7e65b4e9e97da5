"""Rooms emptied over time, as a stepped line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from textual_plotext import PlotextPlot

from tui.output import plain

DATE_FORM = "Y-m-d"


class EmptiedChart(PlotextPlot):
    """The chart of the overview; without any room emptied it is only its title."""

    DEFAULT_CSS = """
    EmptiedChart { border: round $primary 50%; border-title-color: $primary; border-title-style: bold; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._points: tuple[tuple[date, int], ...] = ()

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._draw, init=False)

    def show(self, points: Sequence[tuple[date, int]], title: str) -> None:
        """Draw these points: the day, and how many rooms are empty from then on."""
        self._points = tuple(points)
        self.border_title = plain(title)
        self._draw()

    def _draw(self) -> None:
        plot = self.plt
        plot.clear_figure()
        if self._points:
            plot.date_form(DATE_FORM)
            days, numbers = _steps(self._points)
            colour = (90, 169, 230) if self.app.current_theme.dark else (27, 94, 153)
            plot.plot([f"{day:%Y-%m-%d}" for day in days], numbers, color=colour, marker="braille")
            plot.ylim(0, max(numbers))
            plot.xfrequency(4)
            plot.yfrequency(4)
        self.refresh()


def _steps(points: Sequence[tuple[date, int]]) -> tuple[list[date], list[int]]:
    """The corners of a stepped line through the points."""
    days, numbers = [points[0][0]], [points[0][1]]
    for day, number in points[1:]:
        days += [day, day]
        numbers += [numbers[-1], number]
    return days, numbers
