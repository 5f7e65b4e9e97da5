"""The axis of the timeline: labels stand where their time begins, at every zoom and width, and never run over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.views.axis import HOUR, ZOOMS, Scale, aligned, hours_per_cell, labels

moments = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1))


@given(moments, st.integers(0, len(ZOOMS) - 1), st.integers(10, 200), st.integers(3, 1500))
def test_labels_are_as_wide_as_the_chart_and_say_something(moment, zoom, width, days):
    hours = hours_per_cell(zoom, days * 24, width)
    found = labels(Scale(aligned(moment, hours), hours, width))
    assert [len(text) for text in found] == [width, width]
    assert zoom == 0 or hours * width >= min(ZOOMS[zoom][1], days * 24)


@given(moments, st.integers(10, 200), st.integers(20, 1500))
def test_each_zoom_is_at_least_as_fine_as_the_one_before(moment, width, days):
    found = [hours_per_cell(zoom, days * 24, width) for zoom in range(1, len(ZOOMS))]
    assert found == sorted(found, reverse=True)


@given(moments, st.sampled_from((0.25, 0.5, 1, 2, 4, 24, 48)), st.integers(0, 100))
def test_a_moment_lies_in_the_cell_that_begins_with_it(moment, hours, cell):
    scale = Scale(aligned(moment, hours), hours, 120)
    assert timedelta() <= moment - scale.first < max(hours, 24) * HOUR
    assert int(scale.cell(scale.moment(cell)) + 1e-6) == cell


@pytest.mark.parametrize(
    ("hours", "width", "upper", "lower"),
    [
        (24, 55, "Jan 2027", " w2     w3     w4"),
        (0.5, 55, "10    ▏Monday 11 January 2027", "21:00 00:00 03:00"),
        (2, 85, "10▏Mon 11 Jan ▏Tue 12 Jan", "  00 06 12 18 00"),
    ],
)
def test_labels_of_known_days(hours, width, upper, lower):
    scale = Scale(aligned(datetime(2027, 1, 10, 21), hours), hours, width)
    found = labels(scale)
    assert found[0].startswith(upper)
    assert found[1].startswith(lower)
