"""Where things are put: owners, zones, what goes together or apart, the cloud; on targets small enough to see it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from target_builders import Wanted, a_cloud, a_target

from capacity.facility import Entitlement
from capacity.placement import Placement
from capacity.plan import DevicePlacement, Lack
from inventory.estate import Ref


def where(placement: Placement) -> dict[Ref, DevicePlacement]:
    return {d.asset: d for d in placement.devices}


def lack(placement: Placement, ref: Ref) -> Lack:
    return next(u for u in placement.unplaced if u.asset == ref).lacks[0]


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
