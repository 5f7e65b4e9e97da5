"""What is said to place an asset places it, and a notch less doesn't: tried everywhere, judged by the checker alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from target_builders import a_cloud, a_target
from tiny_rooms import Room, fits

from capacity.facility import Entitlement, Facility, PlacementRules
from capacity.levers import changed, value_of
from capacity.placing.rack_shortfalls import relative
from capacity.plan import LimitChange, Plan, SmallestChange
from capacity.smallest_change import NONE, ONE, SEVERAL, UNKNOWN
from inventory.estate import Ref


def left_out(room: Room, facility: Facility) -> tuple[Plan, Ref, SmallestChange]:
    """The plan, and the one asset it leaves out with what would place it."""
    plan = room.placed(facility)
    (entry,) = plan.unplaced
    assert entry.change is not None
    return plan, entry.asset, entry.change


def a_notch_less(change: LimitChange) -> LimitChange:
    """Whole numbers by one less, others by a little."""
    return replace(change, by=change.by - (1.0 if change.by == int(change.by) and change.by < 20 else 0.01))


def prove(room: Room, facility: Facility) -> SmallestChange:
    """Exactly this change places the asset, less of any part of it doesn't."""
    plan, ref, change = left_out(room, facility)
    assert change.limits
    assert not fits(room.estate, facility, plan, ref)
    assert fits(room.estate, changed(facility, *change.limits), plan, ref)
    for number, limit in enumerate(change.limits):
        less = (*change.limits[:number], a_notch_less(limit), *change.limits[number + 1 :])
        assert not fits(room.estate, changed(facility, *less), plan, ref)
    return change


def full_of(count: int, **asked: float) -> Room:
    room = Room()
    for _ in range(count):
        room.device(**asked)
    return room


def with_model(facility: Facility, **changes: object) -> Facility:
    return replace(facility, rack_models=(replace(facility.rack_models[0], **changes),))


def limit(path: str, now: float, by: float) -> LimitChange:
    return LimitChange(f"facility.{path}", now, by)


def entitled(
    area_m2: float | None = None, power_w: float | None = None, units_u: float | None = None
) -> tuple:
    return (Entitlement("ours", area_m2, power_w, units_u),)


ONE_LIMIT = {
    "a taller rack": (
        full_of(3, height_u=2.0),
        a_target(positions=1, height_u=5),
        limit("rack_models[0].height_u", 5, 2),
    ),
    "a stronger rack": (
        full_of(3, weight_kg=50.0),
        a_target(positions=1, max_weight_kg=220.0),
        limit("rack_models[0].max_weight_kg", 220, 30),
    ),
    "a stronger floor": (
        full_of(3, weight_kg=700.0),
        a_target(positions=1, max_weight_kg=9000.0),
        limit("halls[0].floor.limit_kg_m2", 2000, pytest.approx(291.667)),
    ),
    "a heavy thing higher up": (
        full_of(3, height_u=2.0, weight_kg=60.0),
        a_target(positions=1, rules=PlacementRules(50.0, 4.5, "general")),
        limit("rules.heavy_max_top_u", 4.5, 1.5),
    ),
    "more cooling": (
        full_of(3, power_w=400.0),
        a_target(positions=1, cooling_w=1000.0),
        limit("cooling_zones[0].unit_w", 1000, 200),
    ),
    "one more in stock": (
        full_of(2, height_u=6.0, weight_kg=100.0),
        with_model(a_target(positions=2, height_u=6, max_weight_kg=250.0), stock=1),
        limit("rack_models[0].stock", 1, 1),
    ),
    "more entitled power": (
        full_of(3, power_w=400.0),
        a_target(positions=1, entitlements=entitled(power_w=1000.0)),
        limit("entitlements[ours].power_w", 1000, 200),
    ),
    "more entitled units": (
        full_of(3, height_u=2.0),
        a_target(positions=1, entitlements=entitled(units_u=5.5)),
        limit("entitlements[ours].units_u", 5.5, 0.5),
    ),
    "more entitled area": (
        full_of(3, height_u=2.0),
        a_target(positions=2, height_u=5, entitlements=entitled(area_m2=7.4)),
        limit("entitlements[ours].area_m2", 7.4, 0.6),
    ),
    "one feed of a single-corded thing": (
        full_of(3, power_w=400.0, redundancy="1+0"),
        a_target(positions=1, feed_w=500.0),
        limit("supply[P1-B].rating_w", 500, 300),
    ),
}


@pytest.mark.parametrize("case", ONE_LIMIT)
def test_one_limit_is_enough_and_no_less_of_it(case: str) -> None:
    room, facility, wanted = ONE_LIMIT[case]

    change = prove(room, facility)

    assert change.limits == (wanted,)
    assert change.basis == ONE


def test_where_both_feeds_are_full_both_have_to_grow() -> None:
    change = prove(full_of(3, power_w=400.0), a_target(positions=1, feed_w=1000.0))

    assert [c.limit_path for c in change.limits] == [
        "facility.supply[P1-A].rating_w",
        "facility.supply[P1-B].rating_w",
    ]
    assert [c.by for c in change.limits] == [200, 200]
    assert change.basis == SEVERAL


def test_both_busbars_of_a_row_have_to_grow() -> None:
    change = prove(full_of(3, power_w=400.0), a_target(positions=1, row_w=1000.0))

    assert {c.limit_path for c in change.limits} == {
        "facility.supply[row-A].rating_w",
        "facility.supply[row-B].rating_w",
    }


def test_legs_are_what_a_cord_needs_where_the_feed_as_a_whole_has_room() -> None:
    change = prove(
        full_of(4, power_w=600.0), a_target(positions=1, feed_w=3000.0, three_phase=True, height_u=4)
    )

    assert {c.by for c in change.limits} == {600.0}  # a leg from 1000 to 1200 W, on both feeds


def test_an_unproven_asset_is_to_be_measured() -> None:
    room = Room()
    room.device(power_w=None)

    _, _, change = left_out(room, a_target(positions=1))

    assert (change.limits, change.basis) == ((), UNKNOWN)
    assert "observation power_w" in change.explanation


def test_without_a_free_position_no_limit_helps_but_a_taller_rack() -> None:
    room = full_of(2, height_u=3.0)
    change = prove(room, a_target(positions=1, height_u=5))
    assert [c.limit_path for c in change.limits] == ["facility.rack_models[0].height_u"]


def test_what_is_kept_apart_from_every_rack_needs_a_position() -> None:
    room = full_of(2)
    room.bind("apart", Ref("devices", 1), Ref("devices", 2))

    _, _, change = left_out(room, a_target(positions=1))

    assert (change.limits, change.basis) == ((), NONE)
    assert "position" in change.explanation


@pytest.mark.parametrize(
    ("pool", "machines", "path", "by"),
    [
        ({"max_hosts": 2}, [8.0, 8.0], "facility.pools[0].max_hosts", 1),
        ({}, [1.0, 9.0], "facility.pools[0].host_type.vcpus", 1),
        ({"max_hosts": 2}, [6.0, 3.0], "facility.pools[0].host_type.vcpus", 1),
        ({"max_hosts": 2, "storage_mb": 1500}, [1.0, 1.0], "facility.pools[0].host_type.storage_mb", 500),
    ],
)
def test_a_pool_takes_a_workload_in_after_one_change(pool: dict, machines: list, path: str, by: int) -> None:
    room = Room()
    for vcpus in machines:
        room.machine(vcpus=vcpus)

    change = prove(room, a_target(positions=1, pools=(a_cloud(**pool),)))

    assert [(c.limit_path, c.by) for c in change.limits] == [(path, by)]


LEVERS = {
    "supply[P1-A].rating_w": 1e4,
    "supply[P1-B].rating_w": 1e4,
    "supply[row-A].rating_w": 1e4,
    "supply[row-B].rating_w": 1e4,
    "cooling_zones[0].unit_w": 1e4,
    "entitlements[ours].power_w": 1e4,
    "entitlements[ours].units_u": 1e2,
    "entitlements[ours].area_m2": 1e2,
    "rack_models[0].max_weight_kg": 1e4,
    "rack_models[0].stock": 9,
    "rack_models[0].height_u": 9,
}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_other_limit_alone_would_do_with_a_smaller_part_of_what_it_is(data: st.DataObject) -> None:
    """Every single limit of a tiny world is raised by almost the relative change that was found: nothing fits."""
    model = replace(
        a_target().rack_models[0],
        height_u=data.draw(st.integers(3, 5)),
        max_weight_kg=data.draw(st.sampled_from([130.0, 160.0, 900.0])),
        stock=data.draw(st.sampled_from([1, 2])),
    )
    entry = Entitlement(
        "ours",
        data.draw(st.sampled_from([4.0, 7.0, 40.0])),
        data.draw(st.sampled_from([500.0, 900.0, 9000.0])),
        data.draw(st.sampled_from([3.0, 5.0, 40.0])),
    )
    facility = a_target(
        positions=2,
        feed_w=data.draw(st.sampled_from([450.0, 800.0, 5000.0])),
        row_w=data.draw(st.sampled_from([700.0, 5000.0])),
        cooling_w=data.draw(st.sampled_from([800.0, 5000.0])),
        rack_models=(model,),
        entitlements=(entry,),
    )
    room = Room()
    for _ in range(data.draw(st.integers(2, 5))):
        room.device(
            height_u=data.draw(st.sampled_from([1.0, 2.0])),
            power_w=data.draw(st.sampled_from([100.0, 300.0, 420.0])),
            weight_kg=data.draw(st.sampled_from([10.0, 25.0])),
            redundancy=data.draw(st.sampled_from(["1+0", "1+1"])),
        )
    plan = room.placed(facility)

    for unplaced in plan.unplaced[:1]:
        change = unplaced.change
        assert change is not None
        assert change.limits
        assert fits(room.estate, changed(facility, *change.limits), plan, unplaced.asset)
        share = relative(change.limits[0])
        for lever, most in LEVERS.items():
            path = f"facility.{lever}"
            now = value_of(facility, path)
            less = int(now * share - 1e-9) if isinstance(now, int) else now * (share - 1e-6)
            by = (
                most if change.basis == SEVERAL else less
            )  # where it takes several, no single one at all does
            trial = changed(facility, LimitChange(path, None, float(by))) if by > 0 else facility
            assert not fits(room.estate, trial, plan, unplaced.asset), path
