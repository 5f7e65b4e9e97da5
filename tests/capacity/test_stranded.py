"""What is free and useless is counted exactly: units, power and cooling, of the whole, of rows, partners and pools."""

from __future__ import annotations

from dataclasses import replace

import pytest
from target_builders import Wanted, a_cloud, a_target

from capacity.facility import Entitlement, Facility
from capacity.plan import Plan, Stranded
from capacity.stranded import by_rack, stranded


def a_plan(facility: Facility, *, power_w: float = 400.0, devices: int = 1) -> Plan:
    """Devices of two units each, so that a unit draws 200 W."""
    wanted = Wanted()
    for _ in range(devices):
        wanted.device(height_u=2.0, power_w=power_w)
    return wanted.plan(facility)


def line(found: tuple[Stranded, ...], level: str, dimension: str, without: str, where: str = "") -> Stranded:
    return next(
        s
        for s in found
        if (s.level, s.dimension, s.without) == (level, dimension, without) and where in s.where
    )


def test_units_that_feeds_cannot_serve_are_stranded() -> None:
    facility = a_target(positions=2, feed_w=1000.0)

    found = stranded(facility, a_plan(facility))

    # 8 units beside the device and 10 at the free position; the feeds there carry 600 and 1000 W more: 8 units' worth.
    assert line(found, "facility", "height_u", "power_w") == Stranded(
        "facility", "Target", "height_u", "power_w", 18.0, 10.0
    )
    assert line(found, "facility", "power_w", "height_u").amount == 0
    assert line(found, "facility", "power_w", "height_u").free == 1600


def test_power_that_no_unit_is_left_for_is_stranded() -> None:
    facility = a_target(positions=1, feed_w=5000.0)

    found = stranded(facility, a_plan(facility, devices=4))

    # 2 units are left, which would draw 400 W; the feeds carry 5000 - 1600.
    assert line(found, "facility", "power_w", "height_u") == Stranded(
        "facility", "Target", "power_w", "height_u", 3400.0, 3000.0
    )


def test_power_that_nothing_cools_is_stranded_and_cooling_that_nothing_powers() -> None:
    cold = a_target(positions=2, feed_w=1000.0, cooling_w=1000.0)
    found = stranded(cold, a_plan(cold))
    assert line(found, "facility", "power_w", "heat_w").amount == 1600 - 600
    assert line(found, "zone", "power_w", "heat_w").amount == 1000

    weak = a_target(positions=2, feed_w=1000.0, cooling_w=9000.0)
    found = stranded(weak, a_plan(weak))
    assert line(found, "facility", "heat_w", "power_w") == Stranded(
        "facility", "Target", "heat_w", "power_w", 8600.0, 7000.0
    )


def test_a_row_is_held_by_its_busbar_when_the_other_is_lost() -> None:
    facility = a_target(positions=2, feed_w=1000.0, row_w=1200.0)

    found = stranded(facility, a_plan(facility))

    # With one busbar lost the other has 1200 - 400 W left: four units' worth of eighteen.
    assert line(found, "row", "height_u", "power_w", "H-R").amount == 14


def test_power_is_dealt_to_the_row_that_has_units() -> None:
    """Both positions share a busbar; only one of them still has units, and it may take all of the busbar."""
    facility = a_target(positions=2, feed_w=3000.0, row_w=3000.0)
    plan = a_plan(facility, devices=5)  # fills the first rack: 2000 W
    assert len(plan.racks) == 1

    found = stranded(facility, plan)

    assert line(found, "facility", "power_w", "height_u").free == 1000
    assert line(found, "facility", "power_w", "height_u").amount == 0
    assert line(found, "facility", "height_u", "power_w").amount == 5


def test_stock_limits_the_positions_that_count_as_space() -> None:
    facility = a_target(positions=3)
    short = replace(facility, rack_models=(replace(facility.rack_models[0], stock=2),))

    assert line(stranded(facility, a_plan(facility)), "facility", "height_u", "power_w").free == 28
    assert line(stranded(short, a_plan(short)), "facility", "height_u", "power_w").free == 18


def test_nothing_mounted_leaves_what_goes_together_unknown() -> None:
    facility = a_target(positions=1, feed_w=1000.0, cooling_w=400.0)

    found = stranded(facility, Wanted().plan(facility))

    assert line(found, "facility", "height_u", "power_w").amount is None
    assert line(found, "facility", "power_w", "heat_w").amount == 600


@pytest.mark.parametrize(
    ("entry", "dimension", "without", "free", "amount"),
    [
        # 4 m² are used of 4: the 8 units left in the rack would draw 1600 of the 5600 W entitled and not used.
        (Entitlement("ours", 4.0, 6000.0, None), "power_w", "height_u", 5600.0, 4000.0),
        (Entitlement("ours", 8.0, 1400.0, None), "height_u", "power_w", 18.0, 13.0),
        (Entitlement("ours", None, 1400.0, 12.0), "height_u", "power_w", 10.0, 5.0),
    ],
)
def test_a_partner_may_be_entitled_to_what_the_rest_of_its_entitlement_cannot_use(
    entry: Entitlement, dimension: str, without: str, free: float, amount: float
) -> None:
    facility = a_target(positions=4, entitlements=(entry,))

    found = stranded(facility, a_plan(facility))

    assert line(found, "partner", dimension, without) == Stranded(
        "partner", "ours", dimension, without, free, amount
    )


def test_memory_without_vcpus_is_stranded_on_hosts() -> None:
    facility = a_target(pools=(a_cloud(vcpus=4, memory_mb=8000),))
    wanted = Wanted()
    for _ in range(4):
        wanted.machine(vcpus=1.0, memory_mb=1000.0)

    found = stranded(facility, wanted.plan(facility))

    assert line(found, "pool", "memory_mb", "vcpus") == Stranded(
        "pool", "cloud", "memory_mb", "vcpus", 4000.0, 4000.0
    )
    assert not [s for s in found if s.level == "pool" and (s.dimension, s.without) == ("vcpus", "memory_mb")]


def test_single_racks_are_asked_by_themselves() -> None:
    facility = a_target(positions=2, feed_w=1000.0)

    (found,) = by_rack(facility, a_plan(facility))

    assert (found.level, found.dimension, found.without, found.amount) == ("rack", "height_u", "power_w", 5.0)


def test_the_plan_carries_it_in_its_evidence() -> None:
    facility = a_target(positions=2, feed_w=1000.0)
    plan = a_plan(facility)

    assert plan.evidence.stranded == stranded(facility, plan)
