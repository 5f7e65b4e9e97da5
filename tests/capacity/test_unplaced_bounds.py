"""What zones and lines keep out: never more than the best that trying everything finds, and what a plan leaves out."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, a_facility, an_estate, machine

from capacity.demand import derive
from capacity.planner import plan
from capacity.unplaced_bounds import Zone, copies_out, split_out
from inventory.estate import Estate
from inventory.estate import sealed as sealed_estate

SIZES = st.lists(st.integers(1, 6), min_size=0, max_size=4)


def a_zone(sizes: list[int], standing: int, rack: int) -> Zone:
    demand = np.array([[float(size), 1.0] for size in sizes]).reshape(-1, 2)
    new = np.tile([float(rack), 3.0], (4, 1))
    return Zone(demand, np.ones(len(sizes)), np.array([float(standing), 1.0]), new)


def fewest_out(zones: list[tuple[list[int], int]], rack: int, most: int) -> int:
    """By trying every split of the racks and every choice of what stays, contents divided as one likes."""
    best = sum(len(sizes) for sizes, _ in zones)
    for split in product(range(most + 1), repeat=len(zones)):
        if sum(split) > most:
            continue
        out = 0
        for (sizes, standing), racks in zip(zones, split, strict=True):
            kept = [
                sum(chosen)
                for chosen in product((0, 1), repeat=len(sizes))
                if sum(s for s, c in zip(sizes, chosen, strict=True) if c) <= standing + racks * rack
                and sum(chosen) <= 1 + racks * 3
            ]
            out += len(sizes) - max(kept)
        best = min(best, out)
    return best


@given(
    first=SIZES,
    second=SIZES,
    standing=st.integers(0, 5),
    rack=st.integers(2, 9),
    most=st.integers(0, 4),
)
@settings(max_examples=100, deadline=None)
def test_a_split_between_zones_keeps_out_no_more_than_the_best_choice_does(
    first: list[int], second: list[int], standing: int, rack: int, most: int
) -> None:
    zones = [a_zone(first, standing, rack), a_zone(second, 0, rack)]
    assert split_out(zones, most) <= fewest_out([(first, standing), (second, 0)], rack, most)


def test_a_rack_serves_one_zone() -> None:
    # Half a rack in each zone: one rack's room in all, and yet one of the two stays out.
    zones = [a_zone([5], 0, 10), a_zone([5], 0, 10)]
    assert [split_out(zones, most) for most in (0, 1, 2)] == [2, 1, 0]


def with_rates(share: float | None) -> Estate:
    """The estate with every line that much slower; None: without any line."""
    estate = an_estate()
    circuits = (
        ()
        if share is None
        else tuple(replace(c, rate_mbps=(c.rate_mbps or 0.0) * share) for c in estate.circuits)
    )
    return sealed_estate(replace(estate, circuits=circuits))


@pytest.mark.parametrize("share", [None, 1e-6, 1e-5, 1e-4, 1e-3, 1.0])
def test_no_more_is_kept_out_by_a_line_than_a_plan_leaves_out(share: float | None) -> None:
    estate, facility, calendar = with_rates(share), a_facility(), a_calendar()
    found = plan(estate, facility, calendar)
    moving = [d.asset for d in found.decisions if d.strategy in ("rehost", "replatform")]
    proven = [ref for ref in moving if ref not in {u.asset for u in found.unplaced if u.is_unproven}]
    out = copies_out(estate, calendar, derive(estate), proven, facility.site)
    left = {entry.asset for entry in found.unplaced} & set(proven)
    assert sum(bound.value for bound in out) <= len(left)
    if share is None:
        assert sum(bound.value for bound in out) == len(proven)
        assert machine(1) in left
    if share == 1.0:
        assert not out
