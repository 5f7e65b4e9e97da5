"""How evenly a plan loads rows, zones, aisles and floor, counted by hand and against the use of the target."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import a_facility, a_plan

from capacity.floor_balance import FAMILIES, Loaded, floor_balance, of_family, unevenness
from capacity.target_usage import rack_fills, target_usage


def test_every_rack_is_counted_once_in_each_family():
    facility, plan = a_facility(), a_plan()
    found = floor_balance(facility, plan)
    fills = rack_fills(facility, plan, {demand.asset: demand for demand in plan.demands})
    assert {group.family for group in found} == set(FAMILIES)
    for family in FAMILIES:
        groups = of_family(found, family)
        assert sum(group.racks for group in groups) == len(fills)
        assert sum(group.positions for group in groups) == len(facility.positions)
        total = sum(fill.weight_kg if family == "floor" else fill.power_w for fill in fills)
        assert sum(group.load for group in groups) == pytest.approx(total)


def test_aisles_share_what_their_zone_takes():
    found = floor_balance(a_facility(), a_plan())
    zones, aisles = of_family(found, "cooling"), of_family(found, "aisle")
    for zone in zones:
        own = [aisle for aisle in aisles if aisle.where.startswith(f"{zone.where}, ")]
        assert sum(aisle.capacity for aisle in own) == pytest.approx(zone.capacity)
        assert sum(aisle.load for aisle in own) == pytest.approx(zone.load)


def test_the_fullest_row_is_the_one_the_use_of_the_target_tells():
    facility, plan = a_facility(), a_plan()
    told = next(line for line in target_usage(facility, plan) if line.where.startswith("target, row "))
    rows = [row for row in of_family(floor_balance(facility, plan), "power") if row.share]
    fullest = max(rows, key=lambda row: row.share or 0.0)
    assert told.where == f"target, row {fullest.where}"
    assert (told.high, told.supply) == pytest.approx((fullest.load, fullest.capacity))


def test_without_a_plan_only_what_stands_is_counted():
    facility = a_facility()
    racks = sum(group.racks for group in of_family(floor_balance(facility, None), "floor"))
    assert racks == len(facility.racks)


def test_a_facility_without_positions_has_nothing_to_even_out():
    empty = replace(a_facility(), positions=(), racks=())
    assert floor_balance(empty, None) == ()
    assert unevenness(()) is None


def test_equally_full_is_one_and_all_in_one_place_is_the_number_of_places():
    even = [Loaded("power", name, "H1", 1, 1, load, load * 2) for name, load in (("a", 10.0), ("b", 30.0))]
    assert unevenness(even) == pytest.approx(1)
    heap = [
        Loaded("power", name, "H1", 1, 1, load, 5.0) for name, load in (("a", 8.0), ("b", 0.0), ("c", 0.0))
    ]
    assert unevenness(heap) == pytest.approx(3)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(1, 1e6)), min_size=1, max_size=8))
def test_nothing_is_more_even_than_equally_full(pairs):
    found = unevenness(
        [Loaded("floor", str(n), "H1", 1, 1, load, room) for n, (load, room) in enumerate(pairs)]
    )
    assert found is None or found >= 1 - 1e-9
