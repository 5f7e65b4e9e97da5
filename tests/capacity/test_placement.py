"""Where things are put: one rule of the target at a time, on targets small enough to see the answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from target_builders import WITHOUT_KIT, Wanted, a_cloud, a_target

from capacity.facility import Entitlement, KitItem, Mounted, PlacementRules, Supply, TargetRack
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


# --- owners, zones, entitlements ---------------------------------------------------------------------------------


def test_partners_never_share_a_rack() -> None:
    wanted = Wanted()
    ours, theirs = wanted.device(), wanted.device(owner="theirs")
    placement = wanted.place(a_target())
    owner = {rack.id: rack.owner for rack in placement.racks}
    assert owner[where(placement)[ours].rack] == "ours"
    assert owner[where(placement)[theirs].rack] == "theirs"


def test_without_an_entitlement_there_is_no_place() -> None:
    wanted = Wanted()
    ref = wanted.device(owner="strangers")
    found = lack(wanted.place(a_target()), ref)
    assert (found.dimension, found.where) == ("area_m2", "strangers")


def test_a_position_of_another_owner_is_not_used() -> None:
    wanted = Wanted()
    ref = wanted.device()
    facility = a_target(positions=2)
    first = replace(facility.positions[0], owner="theirs")
    placement = wanted.place(replace(facility, positions=(first, facility.positions[1])))
    assert where(placement)[ref].rack == "P2"


def test_zones_are_kept() -> None:
    wanted = Wanted()
    plain, secret, nowhere = wanted.device(), wanted.device(), wanted.device()
    wanted.bind("zone", [secret], value="restricted")
    wanted.bind("zone", [nowhere], value="moon")
    facility = a_target(positions=2, restricted=1)
    placement = wanted.place(facility)
    assert where(placement)[plain].rack == "P1"
    assert where(placement)[secret].rack == "P2"
    assert lack(placement, nowhere).dimension == "zone"


@pytest.mark.parametrize(
    ("entitlement", "dimension", "left"),
    [
        (Entitlement("ours", 7.9, None, None), "area_m2", 5),
        (Entitlement("ours", None, 1050.0, None), "power_w", 5),
        (Entitlement("ours", None, None, 11.0), "height_u", 10),
    ],
)
def test_entitlements_end_in_lacks(entitlement: Entitlement, dimension: str, left: int) -> None:
    wanted = Wanted()
    for n in range(15):
        wanted.device(height_u=2.0 if n < 5 else 1.0, power_w=100.0)
    placement = wanted.place(a_target(entitlements=(entitlement,)))
    assert dimension in {entry.dimension for u in placement.unplaced for entry in u.lacks}
    # Few stay out, not much: the large ones do.
    assert len(placement.unplaced) <= left
    for unplaced in placement.unplaced:
        entry = next(e for e in unplaced.lacks if e.dimension == dimension)
        assert entry.needs > entry.available


# --- together, apart, chassis --------------------------------------------------------------------------------------


def test_together_is_one_rack_even_when_it_takes_another() -> None:
    wanted = Wanted()
    pair = [wanted.device(height_u=5.0), wanted.device(height_u=5.0)]
    for _ in range(2):
        wanted.device(height_u=5.0)
    wanted.bind("together", pair, scope="rack")
    placement = wanted.place(a_target())
    assert len({where(placement)[ref].rack for ref in pair}) == 1
    assert len(placement.racks) == 2


def test_together_with_another_partner_is_refused_plainly() -> None:
    wanted = Wanted()
    pair = [wanted.device(), wanted.device(owner="theirs")]
    wanted.bind("together", pair, scope="rack")
    assert {lack(wanted.place(a_target()), ref).dimension for ref in pair} == {"together"}


def test_apart_takes_a_rack_each() -> None:
    wanted = Wanted()
    three = [wanted.device() for _ in range(3)]
    wanted.bind("apart", three, scope="rack")
    placement = wanted.place(a_target(positions=4))
    assert len({where(placement)[ref].rack for ref in three}) == 3
    tight = wanted.place(a_target(positions=2))
    assert [u.lacks[0].dimension for u in tight.unplaced] == ["apart"]


def test_blades_go_with_their_chassis() -> None:
    wanted = Wanted()
    chassis = wanted.device(height_u=6.0)
    blades = [
        wanted.device(height_u=0.0, power_w=0.0, weight_kg=0.0, ports=0.0, chassis=chassis) for _ in range(3)
    ]
    placement = wanted.place(a_target())
    for blade in blades:
        found = where(placement)[blade]
        assert (found.rack, found.position, found.supplies) == (where(placement)[chassis].rack, None, ())
        assert (found.parent_device_id, found.parent_bay) == (chassis.id, f"bay {blade.id}")


def test_blades_of_a_chassis_without_a_place_have_none() -> None:
    wanted = Wanted()
    chassis = wanted.device(height_u=11.0)
    blade = wanted.device(height_u=0.0, power_w=0.0, weight_kg=0.0, ports=0.0, chassis=chassis)
    placement = wanted.place(a_target(height_u=10))
    assert {u.asset for u in placement.unplaced} == {chassis, blade}
    assert "6 U" not in lack(placement, chassis).explanation
    assert "it needs 11 U contiguous, the largest gap is 10 U" in lack(placement, chassis).explanation


def test_what_is_unknown_is_unproven() -> None:
    wanted = Wanted()
    ref = wanted.device(power_w=None)
    (entry,) = wanted.place(a_target()).unplaced
    assert entry.asset == ref
    assert entry.is_unproven
    assert (entry.lacks[0].dimension, entry.lacks[0].needs) == ("power_w", None)


# --- the cloud ---------------------------------------------------------------------------------------------------


def test_hosts_are_as_few_as_memory_allows_and_one_more() -> None:
    wanted = Wanted()
    for _ in range(20):
        wanted.machine(memory_mb=2000.0, vcpus=0.5)
    placement = wanted.place(a_target(pools=(a_cloud(),)))
    assert len(placement.hosts) == 5 + 1
    busy = {w.host for w in placement.workloads}
    assert len(busy) == 5
    assert {h.rack for h in placement.hosts} == {rack.id for rack in placement.racks}


def test_storage_of_the_pool_may_ask_for_more_hosts() -> None:
    wanted = Wanted()
    for _ in range(4):
        wanted.machine(disk_mb=900.0)
    pool = a_cloud(storage_mb=1000, replicas=2, storage_fill=0.8)  # 400 MB a host
    assert len(wanted.place(a_target(pools=(pool,))).hosts) == 9 + 1


def test_hosts_share_racks_with_their_owners_devices() -> None:
    wanted = Wanted()
    device = wanted.device()
    wanted.machine()
    placement = wanted.place(a_target(pools=(a_cloud(),)))
    assert len(placement.racks) == 1
    assert {h.rack for h in placement.hosts} == {where(placement)[device].rack}


def test_apart_by_host_and_by_rack() -> None:
    wanted = Wanted()
    by_host = [wanted.machine() for _ in range(2)]
    by_rack = [wanted.machine() for _ in range(2)]
    wanted.bind("apart", by_host, scope="host")
    placement = wanted.place(a_target(pools=(a_cloud(),)))
    assert len(placement.racks) == 1
    wanted.bind("apart", by_rack, scope="rack")
    placement = wanted.place(a_target(pools=(a_cloud(),)))
    host = {w.asset: w.host for w in placement.workloads}
    rack = {h.id: h.rack for h in placement.hosts}
    assert host[by_host[0]] != host[by_host[1]]
    assert rack[host[by_rack[0]]] != rack[host[by_rack[1]]]


def test_together_by_host() -> None:
    wanted = Wanted()
    pair = [wanted.machine(memory_mb=4000.0) for _ in range(2)]
    for _ in range(2):
        wanted.machine(memory_mb=5000.0)
    wanted.bind("together", pair, scope="host")
    placement = wanted.place(a_target(pools=(a_cloud(),)))
    assert len({w.host for w in placement.workloads if w.asset in pair}) == 1


def test_tenancy_zones_choose_the_pool() -> None:
    wanted = Wanted()
    plain, secret, lost = wanted.machine(), wanted.machine(), wanted.machine()
    wanted.bind("zone", [secret], value="restricted")
    wanted.bind("zone", [lost], value="moon")
    pools = (a_cloud(), a_cloud(name="safe", zones=("restricted",), is_default=False))
    placement = wanted.place(a_target(pools=pools))
    assert {w.asset: w.pool for w in placement.workloads} == {plain: "cloud", secret: "safe"}
    assert lack(placement, lost).dimension == "zone"


def test_a_machine_of_nobody_goes_only_to_a_pool_of_others() -> None:
    wanted = Wanted()
    ref = wanted.machine(owner=None)
    assert wanted.place(a_target(pools=(a_cloud(),))).unplaced[0].asset == ref
    others = a_target(
        pools=(a_cloud(owner="others"),), entitlements=(Entitlement("others", None, None, None),)
    )
    assert not wanted.place(others).unplaced


def test_at_most_so_many_hosts_and_few_machines_stay_out() -> None:
    wanted = Wanted()
    small = [wanted.machine(memory_mb=1000.0) for _ in range(8)]
    big = wanted.machine(memory_mb=8000.0)
    placement = wanted.place(a_target(pools=(a_cloud(max_hosts=2),)))
    assert len(placement.hosts) == 2
    assert {w.asset for w in placement.workloads} == set(small)
    assert [u.asset for u in placement.unplaced] == [big]
    assert lack(placement, big).dimension == "memory_mb"


def test_hosts_that_find_no_rack_leave_their_machines_out() -> None:
    wanted = Wanted()
    for _ in range(20):
        wanted.machine(memory_mb=8000.0)
    placement = wanted.place(a_target(positions=1, height_u=6, pools=(a_cloud(),)))
    assert len(placement.hosts) == 6
    assert len({w.host for w in placement.workloads}) == 5
    assert len(placement.unplaced) == 15
    assert "the 6 hosts that find a rack" in placement.unplaced[0].lacks[0].explanation


def test_hosts_go_before_devices_when_there_is_little_room() -> None:
    wanted = Wanted()
    for _ in range(6):
        wanted.device()
    for _ in range(8):
        wanted.machine(memory_mb=4000.0)
    placement = wanted.place(a_target(positions=1, height_u=6, pools=(a_cloud(),)))
    assert len(placement.workloads) == 8
    assert len(placement.devices) == 1


# --- determinism and hostile text ----------------------------------------------------------------------------------


def some_of_everything(name: str) -> Wanted:
    wanted = Wanted()
    for n in range(30):
        wanted.device(height_u=1.0 + n % 3, power_w=50.0 + 37 * n, weight_kg=5.0 + n, name=f"{name}{n}")
    for n in range(30):
        wanted.machine(memory_mb=500.0 + 97 * n, name=f"{name}{n}")
    wanted.bind("apart", [Ref("devices", n) for n in (1, 2, 3)], scope="rack")
    wanted.bind("apart", [Ref("virtual_machines", n) for n in (1, 2, 3)], scope="rack")
    return wanted


def test_the_same_inputs_give_the_same_placement() -> None:
    facility = a_target(positions=8, feed_w=4000.0, pools=(a_cloud(),))
    assert some_of_everything("d").place(facility) == some_of_everything("d").place(facility)


def test_names_decide_nothing() -> None:
    facility = a_target(positions=8, feed_w=4000.0, pools=(a_cloud(),))
    plain = some_of_everything("d").place(facility)
    hostile = some_of_everything("{{ 7*7 }}\n=cmd|' /C calc'!A0 [red]").place(facility)
    assert (plain.racks, plain.devices, plain.hosts, plain.workloads) == (
        hostile.racks,
        hostile.devices,
        hostile.hosts,
        hostile.workloads,
    )


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
