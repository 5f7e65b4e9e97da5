"""Bounds move when their limit does, binding limits are binding, and assumptions are counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from target_builders import Wanted, a_cloud, a_target

from capacity.evidence import by_dimension
from capacity.facility import Assumption, Entitlement, Facility, KitItem, PlacementRules
from capacity.plan import Bound, Plan
from capacity.resources import Quantity


def racks_bound(plan: Plan, dimension: str) -> Bound:
    return next(b for b in plan.evidence.bounds if b.objective == "new_racks" and b.dimension == dimension)


def objective(plan: Plan, name: str):
    return next(o for o in plan.evidence.objectives if o.name == name)


def a_wanted(devices: int = 12) -> Wanted:
    wanted = Wanted()
    for _ in range(devices):
        wanted.device(height_u=2.0, power_w=300.0, weight_kg=50.0, ports=3.0)
    return wanted


PORTS = (KitItem("switch", None, 0.0, None, False, 0.0, 0.0, ports_provided=9),)


@pytest.mark.parametrize(
    ("dimension", "changes", "path"),
    [
        ("height_u", {"height_u": 5}, "facility.rack_models[0].height_u"),
        ("power_w", {"feed_w": 700.0}, "facility.supply[P"),
        ("weight_kg", {"max_weight_kg": 260.0}, "facility.rack_models[0].max_weight_kg"),
        ("ports", {"kit": PORTS}, "facility.rack_models[0].kit"),
        ("heavy_u", {"rules": PlacementRules(50.0, 5.0, "general")}, "facility.rules.heavy_max_top_u"),
    ],
)
def test_a_tighter_limit_moves_its_own_bound(dimension: str, changes: dict, path: str) -> None:
    wide, tight = a_target(positions=12), a_target(positions=12, **changes)
    before = a_wanted().plan(wide)
    after = a_wanted().plan(tight)
    bound = racks_bound(after, dimension)
    assert bound.limit_path.startswith(path)
    old = [b.value for b in before.evidence.bounds if b.objective == "new_racks" and b.dimension == dimension]
    assert bound.value > max(old, default=0.0)
    assert objective(after, "new_racks").bound >= bound.value
    assert objective(after, "new_racks").bound > objective(before, "new_racks").bound
    assert any(
        b.limit_path == bound.limit_path and "decides" in b.explanation for b in after.evidence.binding
    )


def test_a_weaker_floor_is_named_instead_of_the_rack() -> None:
    facility = a_target(positions=12)
    floor = replace(facility.halls[0].floor, limit_kg_m2=300.0)
    plan = a_wanted().plan(replace(facility, halls=(replace(facility.halls[0], floor=floor),)))
    assert racks_bound(plan, "weight_kg").limit_path == "facility.halls[0].floor.limit_kg_m2"


def test_the_objectives_are_those_of_the_lists_with_their_gaps() -> None:
    wanted = a_wanted()
    wanted.machine()
    plan = wanted.plan(a_target(pools=(a_cloud(),)))
    assert [o.name for o in plan.evidence.objectives] == [
        "unplaced",
        "new_racks",
        "cloud_hosts",
        "energy_kwh",
    ]
    assert objective(plan, "new_racks").value == len(plan.racks) == 3
    assert objective(plan, "cloud_hosts").value == len(plan.hosts) == 2
    assert objective(plan, "energy_kwh").value == pytest.approx((12 * 300 + 2 * 100) * 8760 / 1000 * 1.5)
    assert all(o.gap == 0 for o in plan.evidence.objectives)


ENTITLED = {
    "area_m2": (Entitlement("ours", 4.0, None, None), Entitlement("ours", 8.0, None, None)),
    "power_w": (Entitlement("ours", None, 1900.0, None), Entitlement("ours", None, 2200.0, None)),
    "units_u": (Entitlement("ours", None, None, 11.0), Entitlement("ours", None, None, 15.0)),
}


@pytest.mark.parametrize("field", ENTITLED)
def test_an_entitlement_forces_assets_out_and_lifting_it_lets_some_in(field: str) -> None:
    tight, lifted = (a_target(positions=9, entitlements=(entry,)) for entry in ENTITLED[field])
    before, after = a_wanted().plan(tight), a_wanted().plan(lifted)
    path = f"facility.entitlements[ours].{field}"
    assert any(
        b.objective == "unplaced" and b.limit_path == path and b.value > 0 for b in before.evidence.bounds
    )
    assert any(b.limit_path == path for b in before.evidence.binding)
    assert objective(before, "unplaced").gap == 0
    assert objective(after, "unplaced").bound < objective(before, "unplaced").bound
    assert objective(after, "unplaced").value < objective(before, "unplaced").value


@pytest.mark.parametrize(
    ("changes", "lifted", "path"),
    [
        ({"row_w": 1000.0}, {"row_w": 2000.0}, "facility.supply[row-A].rating_w"),
        ({"cooling_w": 1000.0}, {"cooling_w": 2000.0}, "facility.cooling_zones[0].unit_w"),
    ],
)
def test_what_all_share_forces_assets_out(changes: dict, lifted: dict, path: str) -> None:
    before, after = a_wanted().plan(a_target(**changes)), a_wanted().plan(a_target(**lifted))
    assert any(b.limit_path == path and b.value == 9 for b in before.evidence.bounds)
    assert objective(before, "unplaced").value == 9
    assert objective(after, "unplaced").value == 6


def test_a_full_row_is_binding() -> None:
    plan = a_wanted(6).plan(a_target(row_w=1810.0))
    assert "facility.supply[row-A].rating_w" in {b.limit_path for b in plan.evidence.binding}
    assert any("when row-B is lost" in b.explanation for b in plan.evidence.binding)


def test_stock_positions_and_hosts_are_binding_when_used_up() -> None:
    def limited(count: int) -> Facility:
        facility = a_target(positions=count, pools=(a_cloud(max_hosts=2),))
        return replace(facility, rack_models=(replace(facility.rack_models[0], stock=3),))

    wanted = a_wanted(20)
    for _ in range(3):
        wanted.machine(memory_mb=4000.0)
    paths = {b.limit_path for b in wanted.plan(limited(9)).evidence.binding}
    assert {"facility.rack_models[0].stock", "facility.pools[0].max_hosts"} <= paths
    paths = {b.limit_path for b in wanted.plan(limited(2)).evidence.binding}
    assert "facility.positions" in paths


def test_unproven_assets_are_in_the_bound() -> None:
    wanted = a_wanted(1)
    wanted.device(power_w=None)
    plan = wanted.plan(a_target())
    assert (objective(plan, "unplaced").value, objective(plan, "unplaced").bound) == (1, 1)


@pytest.mark.parametrize(
    ("pool", "dimension", "hosts"),
    [
        (a_cloud(vcpus=4), "vcpus", 5 + 1),
        (a_cloud(memory_mb=5000), "memory_mb", 4 + 1),
        (a_cloud(storage_mb=3000), "disk_mb", 7 + 1),
    ],
)
def test_every_dimension_of_a_pool_bounds_its_hosts(pool, dimension: str, hosts: int) -> None:
    wanted = Wanted()
    for _ in range(20):
        wanted.machine()
    plan = wanted.plan(a_target(pools=(pool,)))
    bound = next(b for b in plan.evidence.bounds if b.objective == "cloud_hosts" and b.dimension == dimension)
    assert bound.value == hosts == objective(plan, "cloud_hosts").bound == len(plan.hosts)


def test_assumptions_name_how_many_assets_rest_on_them() -> None:
    wanted = a_wanted(3)
    for ref, demand in list(wanted.demands.items())[:2]:
        guess = Quantity(100.0, 300.0, 300.0, "power.similar", is_estimate=True)
        wanted.demands[ref] = replace(demand, quantities=demand.quantities | {"power_w": guess})
    facility = a_target(assumptions=(Assumption("pue", "1.5", "not public"),))
    found = {a.name: a for a in wanted.plan(facility).evidence.assumptions}
    assert found["power.similar"].assets == 2
    assert (found["facility.pue"].value, found["facility.pue"].assets) == ("1.5", 3)


def test_draws_that_share_no_leg_bound_the_racks_by_legs() -> None:
    """Four draws of 600 W on legs of 1000 W: their total would fit one rack, their legs are three."""
    wanted = Wanted()
    for _ in range(4):
        wanted.device(power_w=600.0)
    plan = wanted.plan(a_target(feed_w=3000.0, three_phase=True))

    assert racks_bound(plan, "power_w").value == 1
    assert (racks_bound(plan, "legs").value, racks_bound(plan, "legs").limit) == (2, 3)
    assert objective(plan, "new_racks").value == objective(plan, "new_racks").bound == 2


def test_small_draws_are_no_matter_of_legs() -> None:
    wanted = Wanted()
    for _ in range(6):
        wanted.device(power_w=400.0)
    plan = wanted.plan(a_target(feed_w=3000.0, three_phase=True))

    assert racks_bound(plan, "legs").value == 1 == len(plan.racks)


def test_a_cooling_zone_with_little_left_bounds_the_racks_elsewhere() -> None:
    """Two zones of 500 W: 900 W need racks in both, whatever a rack's feeds would carry."""
    facility = a_target(positions=2)
    zones = tuple(replace(facility.cooling_zones[0], name=name, unit_w=500.0) for name in ("C", "D"))
    positions = (facility.positions[0], replace(facility.positions[1], cooling_zone="D"))
    wanted = a_wanted(3)

    plan = wanted.plan(replace(facility, cooling_zones=zones, positions=positions))

    assert racks_bound(plan, "heat_w").value == 2 == len(plan.racks)
    assert racks_bound(plan, "heat_w").limit_path.startswith("facility.cooling_zones[")
    assert racks_bound(plan, "power_w").value == 1


@pytest.mark.parametrize(
    ("changes", "path", "dimension", "demand", "limit"),
    [
        (
            {"entitlements": (Entitlement("ours", 9.0, None, None),)},
            "facility.entitlements[ours].area_m2",
            "area_m2",
            12.0,
            8.0,
        ),
        ({"positions": 2}, "facility.positions", "positions", 3.0, 2.0),
    ],
)
def test_what_limits_the_number_of_racks_bounds_what_stays_out(
    changes: dict, path: str, dimension: str, demand: float, limit: float
) -> None:
    plan = a_wanted(12).plan(a_target(**({"positions": 5} | changes)))

    bound = next(b for b in plan.evidence.bounds if b.objective == "unplaced" and b.dimension == dimension)
    assert (bound.limit_path, bound.demand, bound.limit, bound.value) == (path, demand, limit, 2)
    assert objective(plan, "unplaced").value == 2


def test_bounds_are_told_dimension_by_dimension() -> None:
    wanted = a_wanted(12)
    wanted.device(owner="theirs")
    plan = wanted.plan(a_target(positions=12))

    found = {(b.objective, b.dimension): b.value for b in by_dimension(plan.evidence)}

    assert found["new_racks", "height_u"] == 3 + 1
    assert {"power_w", "weight_kg", "ports", "heat_w", "legs"} <= {d for o, d in found if o == "new_racks"}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_bound_passes_what_a_plan_reaches(data: st.DataObject) -> None:
    """Whatever is wanted and whatever is short, each dimension alone forces no more than a plan that exists."""
    facility = a_target(
        positions=data.draw(st.integers(1, 6)),
        feed_w=data.draw(st.sampled_from([900.0, 1500.0, 4000.0])),
        row_w=data.draw(st.sampled_from([2500.0, 1e6])),
        cooling_w=data.draw(st.sampled_from([2000.0, 1e6])),
        three_phase=data.draw(st.booleans()),
        restricted=data.draw(st.integers(0, 1)),
    )
    wanted = Wanted()
    for _ in range(data.draw(st.integers(1, 14))):
        wanted.device(
            height_u=data.draw(st.sampled_from([1.0, 2.0, 4.0])),
            power_w=data.draw(st.sampled_from([50.0, 250.0, 450.0, 700.0])),
            redundancy=data.draw(st.sampled_from(["1+1", "1+0", "2+2"])),
            owner=data.draw(st.sampled_from(["ours", "ours", "theirs"])),
        )

    plan = wanted.plan(facility)

    reached = {o.name: o.value for o in plan.evidence.objectives}
    assert all(b.value <= reached[b.objective] for b in by_dimension(plan.evidence))
