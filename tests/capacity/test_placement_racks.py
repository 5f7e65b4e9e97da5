"""What one rack of the target takes: one limit at a time, on targets small enough to see the answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from target_builders import WITHOUT_KIT, Wanted, a_target

from capacity.facility import KitItem, Mounted, PlacementRules, Supply, TargetRack
from capacity.placement import Placement
from capacity.plan import DevicePlacement, Lack
from inventory.estate import Ref


def where(placement: Placement) -> dict[Ref, DevicePlacement]:
    return {d.asset: d for d in placement.devices}


def lack(placement: Placement, ref: Ref) -> Lack:
    return next(u for u in placement.unplaced if u.asset == ref).lacks[0]


def standing(facility, contents=(), **changes):
    """The first position with a rack of ours already there."""
    rack = TargetRack("S1", "rack", "P1", "ours", 10, 1, 800, 1200, 100.0, 1000.0, (panel(), *contents))
    return replace(facility, racks=(replace(rack, **changes),))


def panel() -> Mounted:
    return Mounted("panel", "kit", None, 0.0, None, False, 0.0, 0.0, ports_provided=1000)


# --- units -------------------------------------------------------------------------------------------------------


def test_as_few_racks_as_the_units_allow() -> None:
    wanted = Wanted()
    for _ in range(15):
        wanted.device(height_u=2.0)
    placement = wanted.place(a_target(height_u=10))
    assert len(placement.racks) == 3
    assert not placement.unplaced


def test_half_depth_things_share_units_front_and_rear() -> None:
    wanted = Wanted()
    for n in range(20):
        wanted.device(is_full_depth=False, airflow="front-to-rear" if n % 2 else "rear-to-front")
    placement = wanted.place(a_target(height_u=10))
    assert len(placement.racks) == 1
    assert {d.face for d in placement.devices} == {"front", "rear"}


def test_half_depth_things_that_must_all_face_front_need_two_racks() -> None:
    wanted = Wanted()
    for _ in range(20):
        wanted.device(is_full_depth=False, airflow="front-to-rear")
    assert len(wanted.place(a_target(height_u=10)).racks) == 2


def test_a_thing_of_no_height_takes_no_unit_but_its_weight_counts() -> None:
    wanted = Wanted()
    for _ in range(10):
        wanted.device()
    strip = wanted.device(height_u=0.0, weight_kg=50.0)
    placement = wanted.place(a_target(height_u=10))
    assert len(placement.racks) == 1
    assert where(placement)[strip].position is None
    assert len(wanted.place(a_target(height_u=10, max_weight_kg=220.0)).racks) == 2


def test_reserved_units_and_occupants_are_left_alone() -> None:
    wanted = Wanted()
    refs = [wanted.device() for _ in range(3)]
    core = Mounted("core", "occupant", 1.0, 5.0, "front", True, 10.0, 0.0)
    facility = standing(a_target(positions=1), (core,), reserved_units=(6.0, 8.0))
    placement = wanted.place(facility)
    assert {where(placement)[ref].position for ref in refs} == {7.0, 9.0, 10.0}


def test_a_standing_rack_is_filled_before_one_is_bought() -> None:
    wanted = Wanted()
    refs = [wanted.device(height_u=2.0) for _ in range(5)]
    placement = wanted.place(standing(a_target()))
    assert not placement.racks
    assert {where(placement)[ref].rack for ref in refs} == {"S1"}


def test_what_is_heavy_stays_low() -> None:
    wanted = Wanted()
    heavy = [wanted.device(height_u=2.0, weight_kg=50.0) for _ in range(3)]
    light = [wanted.device() for _ in range(4)]
    facility = a_target(rules=PlacementRules(50.0, 6.0, "general"))
    placement = wanted.place(facility)
    assert len(placement.racks) == 1
    assert all(where(placement)[ref].position + 2 - 1 <= 6 for ref in heavy)
    assert all(ref in where(placement) for ref in light)


def test_half_units_are_counted() -> None:
    wanted = Wanted()
    refs = [wanted.device(height_u=0.5) for _ in range(20)]
    placement = wanted.place(a_target(height_u=10))
    assert len(placement.racks) == 1
    assert {where(placement)[ref].position for ref in refs} == {1 + n / 2 for n in range(20)}


# --- weight, ports, kit ------------------------------------------------------------------------------------------


def test_the_floor_may_bear_less_than_the_rack() -> None:
    wanted = Wanted()
    for _ in range(4):
        wanted.device(weight_kg=100.0)
    facility = a_target()
    weak = replace(facility.halls[0].floor, limit_kg_m2=350.0)  # × 0.96 m²: 336 kg, of which 100 kg tare
    assert len(wanted.place(facility).racks) == 1
    assert len(wanted.place(replace(facility, halls=(replace(facility.halls[0], floor=weak),))).racks) == 2


@pytest.mark.parametrize(
    ("basis", "limit", "racks"), [("bay", 350.0, 2), ("point", 59.0, 4), ("point", 75.0, 2)]
)
def test_every_basis_of_a_floor_limit(basis: str, limit: float, racks: int) -> None:
    wanted = Wanted()
    for _ in range(4):
        wanted.device(weight_kg=100.0)
    facility = a_target()
    floor = replace(facility.halls[0].floor, basis=basis, limit_kg_m2=limit, point_kg=limit)
    found = wanted.place(replace(facility, halls=(replace(facility.halls[0], floor=floor),)))
    assert len(found.racks) == racks


def test_ports_of_the_kit_limit_a_rack() -> None:
    wanted = Wanted()
    for _ in range(9):
        wanted.device(ports=4.0)
    kit = (KitItem("switch", 10.0, 1.0, "rear", False, 5.0, 0.0, ports_provided=16),)
    assert len(wanted.place(a_target(kit=kit)).racks) == 3


def test_a_new_rack_comes_with_its_whole_kit() -> None:
    wanted = Wanted()
    wanted.device()
    kit = (
        KitItem("switch", 10.0, 1.0, "rear", False, 5.0, 50.0, (0, 1), "1+1", ports_provided=16),
        WITHOUT_KIT,
    )
    (rack,) = wanted.place(a_target(kit=kit)).racks
    assert [m.name for m in rack.contents] == ["switch", "panel"]
    assert {s.feed for s in rack.contents[0].supplies} == {"P1-A", "P1-B"}
    assert rack.owner == "ours"


def test_stock_ends_what_can_be_bought() -> None:
    wanted = Wanted()
    for _ in range(15):
        wanted.device(height_u=2.0)
    facility = a_target()
    short = replace(facility, rack_models=(replace(facility.rack_models[0], stock=2),))
    placement = wanted.place(short)
    assert len(placement.racks) == 2
    assert len(placement.unplaced) == 5
    assert {entry.dimension for u in placement.unplaced for entry in u.lacks} == {"height_u", "racks"}


def test_a_rack_too_wide_for_the_bay_or_too_heavy_to_roll_in_is_not_bought() -> None:
    wanted = Wanted()
    wanted.device()
    facility = a_target()
    assert not wanted.place(facility).unplaced
    wide = replace(facility.rack_models[0], width_mm=1000)
    heavy = replace(facility.rack_models[0], tare_kg=901.0)
    for model in (wide, heavy):
        assert wanted.place(replace(facility, rack_models=(model,))).unplaced


# --- power -------------------------------------------------------------------------------------------------------


def test_redundant_things_fill_a_rack_to_one_feed() -> None:
    wanted = Wanted()
    for _ in range(6):
        wanted.device(power_w=500.0)
    placement = wanted.place(a_target(feed_w=1500.0))
    assert len(placement.racks) == 2
    assert all({s.feed[-1] for s in d.supplies} == {"A", "B"} for d in placement.devices)


def test_single_corded_things_fill_both_feeds() -> None:
    wanted = Wanted()
    for _ in range(6):
        wanted.device(power_w=500.0, redundancy="1+0")
    placement = wanted.place(a_target(feed_w=1500.0))
    assert len(placement.racks) == 1
    assert sorted(d.supplies[0].feed for d in placement.devices) == ["P1-A"] * 3 + ["P1-B"] * 3


def test_single_phase_cords_are_spread_over_the_legs() -> None:
    wanted = Wanted()
    for _ in range(6):
        wanted.device(power_w=500.0)
    placement = wanted.place(a_target(feed_w=3000.0, three_phase=True))
    assert len(placement.racks) == 1
    legs = [s.leg for d in placement.devices for s in d.supplies if s.feed == "P1-A"]
    assert sorted(legs) == ["L1", "L1", "L2", "L2", "L3", "L3"]


def test_one_cord_can_not_take_more_than_a_leg() -> None:
    wanted = Wanted()
    ref = wanted.device(power_w=1100.0)
    placement = wanted.place(a_target(feed_w=3000.0, three_phase=True))
    assert lack(placement, ref).dimension == "power_w"
    assert "d1 fits no rack of ours" in lack(placement, ref).explanation


def test_a_row_that_is_full_when_the_other_side_is_lost_takes_no_more() -> None:
    wanted = Wanted()
    for _ in range(4):
        wanted.device(power_w=500.0)
    placement = wanted.place(a_target(row_w=1500.0))
    assert len(placement.devices) == 3
    assert placement.unplaced[0].lacks[0].where in {"row-A", "row-B"}


def test_three_supplies_of_which_two_carry_need_three_feeds() -> None:
    wanted = Wanted()
    ref = wanted.device(redundancy="2+1")
    placement = wanted.place(a_target())
    assert lack(placement, ref).dimension == "feeds"
    facility = a_target(positions=1)
    third = replace(next(n for n in facility.supply if n.name == "P1-A"), name="P1-C")
    position = replace(facility.positions[0], feeds=("P1-A", "P1-B", "P1-C"))
    placement = wanted.place(replace(facility, supply=(*facility.supply, third), positions=(position,)))
    # A and C hang on one busbar: losing it takes two of the three.
    assert lack(placement, ref).dimension == "feeds"
    own = (replace(facility.supply[1], name="row-C"), replace(third, sources=("row-C",)))
    placement = wanted.place(replace(facility, supply=(*facility.supply, *own), positions=(position,)))
    assert {s.feed for s in where(placement)[ref].supplies} == {"P1-A", "P1-B", "P1-C"}


def test_a_passive_thing_gets_no_supplies() -> None:
    wanted = Wanted()
    ref = wanted.device(redundancy=None, power_w=0.0)
    assert where(wanted.place(a_target()))[ref].supplies == ()


def test_cooling_limits_a_zone() -> None:
    wanted = Wanted()
    for _ in range(4):
        wanted.device(power_w=500.0)
    placement = wanted.place(a_target(cooling_w=1500.0))
    assert len(placement.devices) == 3
    assert placement.unplaced[0].lacks[0].dimension == "heat_w"


def test_three_phase_kit_is_read_from_the_supplies() -> None:
    wanted = Wanted()
    for _ in range(2):
        wanted.device(power_w=800.0)
    core = Mounted(
        "core",
        "occupant",
        1.0,
        5.0,
        "front",
        True,
        10.0,
        900.0,
        (Supply("P1-A", "3P"), Supply("P1-B", "3P")),
        "1+1",
    )
    placement = wanted.place(standing(a_target(positions=1, feed_w=3000.0, three_phase=True), (core,)))
    # A leg bears 1000 W, 300 W of them taken.
    assert not placement.devices
