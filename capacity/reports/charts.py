"""The charts of a report as SVG text: entitlement against use, and the forecast month by month.

Altair describes them, vl-convert draws them without a browser. Labels come in already translated; no name of an asset
or of anything from a source goes into a chart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

INK, USED, LIMIT = "#1b2a38", "#1f6f8b", "#c4582f"


def entitlement_chart(
    rows: Sequence[tuple[str, float]], labels: Mapping[str, str], numbers: Mapping[str, object]
) -> str:
    """Bars of used shares of each entitlement (1.0 is all of it), with a line at all of it.

    `rows`: label and share. `labels`: keys share. `numbers`: a d3-format locale.
    """
    data = alt.InlineData(values=[{"what": label, "share": share} for label, share in rows])
    top = max([1.1, *(share * 1.05 for _, share in rows)])
    bars = (
        alt.Chart(data)
        .mark_bar(color=USED, height=18)
        .encode(
            y=alt.Y("what:N", title=None, sort=None),
            x=alt.X(
                "share:Q",
                title=labels["share"],
                axis=alt.Axis(format=".0%"),
                scale=alt.Scale(domain=[0, top]),
            ),
        )
    )
    line = (
        alt.Chart(alt.InlineData(values=[{"all": 1}])).mark_rule(color=LIMIT, strokeWidth=2).encode(x="all:Q")
    )
    return _svg(alt.layer(bars, line).properties(width=520, height=32 * max(len(rows), 1)), numbers)


def forecast_chart(
    points: Sequence[tuple[str, float, float]],
    limits: tuple[float | None, float | None],
    labels: Mapping[str, str],
    numbers: Mapping[str, object],
) -> str:
    """Two panels over months: area in m² and power in kW, each with its entitlement as a line.

    `points`: ISO month, m², kW. `limits`: m² and kW. `labels`: keys area, power. `numbers`: a d3-format locale.
    """
    if points:
        points = (*points, (_next_month(points[-1][0]), *points[-1][1:]))
    panels = []
    for index, (key, limit) in enumerate(zip(("area", "power"), limits, strict=True), start=1):
        values = [{"month": point[0], "value": point[index]} for point in points]
        area = (
            alt.Chart(alt.InlineData(values=values))
            .mark_area(color=USED, opacity=0.35, line={"color": USED}, interpolate="step-after")
            .encode(
                x=alt.X("month:T", title=None, axis=alt.Axis(format="%m/%y", tickCount=6)),
                y=alt.Y("value:Q", title=labels[key]),
            )
        )
        layers: list[Any] = [area]
        if limit is not None:
            rule = alt.Chart(alt.InlineData(values=[{"limit": limit}])).mark_rule(color=LIMIT, strokeWidth=2)
            layers.append(rule.encode(y="limit:Q"))
        panels.append(alt.layer(*layers).properties(width=245, height=150))
    return _svg(alt.hconcat(*panels), numbers)


def _next_month(month: str) -> str:
    """The month after an ISO month, so that the last step of a curve has a width."""
    year, number = int(month[:4]), int(month[5:7])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}-01"


def _svg(chart: Any, numbers: Mapping[str, object]) -> str:
    styled = chart.configure(
        font="Helvetica, Arial, sans-serif",
        background="white",
        padding={"left": 12, "right": 12, "top": 5, "bottom": 5},
    ).configure_axis(labelColor=INK, titleColor=INK, gridColor="#e3e8ec", labelLimit=300, labelPadding=6)
    spec = styled.configure_view(stroke=None).to_dict()
    svg: str = vl_convert.vegalite_to_svg(spec, format_locale=dict(numbers))
    return svg
