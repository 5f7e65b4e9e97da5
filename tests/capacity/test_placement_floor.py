"""New racks take positions that even the floor out; rights, dates, cords and what was promised stay."""

from __future__ import annotations

from dataclasses import replace

from target_builders import Wanted, a_target

from capacity.facility import Facility, Route, SupplyNode, sealed
from capacity.verify import check


def two_rows(**changes: float) -> Facility:
    """Four positions in row R and four in row S, each row on two busbars of its own."""
    base = a_target(positions=8, **changes)  # type: ignore[arg-type]
    lines = tuple(SupplyNode(f"row2-{side}", "panel", 1e6, sources=("grid",)) for side in "AB")
    second = {f"P{n}-{side}" for n in range(5, 9) for side in "AB"}
    supply = tuple(
        replace(node, sources=(f"row2-{node.name[-1]}",)) if node.name in second else node
        for node in base.supply
    )
    positions = tuple(
        replace(p, row="S", y_m=4.0, x_m=float(i - 4), cold_aisle="cold S") if i >= 4 else p
        for i, p in enumerate(base.positions)
    )
    return sealed(replace(base, supply=(*supply, *lines), positions=positions))


def rows_of(facility: Facility, racks: list[str]) -> list[str]:
    row = {position.name: position.row for position in facility.positions}
    return sorted(row[position] for position in racks)


def full_racks(wanted: Wanted, count: int) -> None:
    for _ in range(count):
        wanted.device(height_u=10.0, power_w=1000.0, weight_kg=200.0)


def test_racks_are_spread_over_rows_that_have_lines_of_their_own() -> None:
    wanted, facility = Wanted(), two_rows()
    full_racks(wanted, 4)
    placement = wanted.place(facility)
    assert rows_of(facility, [rack.position for rack in placement.racks]) == ["R", "R", "S", "S"]
    assert {rack.id for rack in placement.racks} == {device.rack for device in placement.devices}
    for device in placement.devices:
        assert {cord.feed.rsplit("-", 1)[0] for cord in device.supplies} == {device.rack}
    plan = wanted.plan(facility, placement)
    codes = {v.code for v in check(wanted.estate, facility, plan)}
    assert not codes & {
        "POWER-NODE",
        "POWER-DIVERSE",
        "RACK-POSITION",
        "RACK-STOCK",
        "COOLING",
    }


def test_a_row_whose_line_is_nearly_used_up_gets_no_more_than_it_bears() -> None:
    wanted, facility = Wanted(), two_rows()
    supply = tuple(
        replace(node, rating_w=1500.0) if node.name.startswith("row2-") else node for node in facility.supply
    )
    full_racks(wanted, 4)
    facility = sealed(replace(facility, supply=supply))
    placement = wanted.place(facility)
    assert not placement.unplaced
    assert rows_of(facility, [rack.position for rack in placement.racks]).count("S") <= 1


def test_a_reserved_or_caged_position_is_neither_left_nor_taken() -> None:
    facility = two_rows()
    positions = tuple(replace(p, owner="theirs", cage="c") if p.row == "S" else p for p in facility.positions)
    wanted, facility = Wanted(), sealed(replace(facility, positions=positions))
    full_racks(wanted, 3)
    placement = wanted.place(facility)
    assert rows_of(facility, [rack.position for rack in placement.racks]) == ["R", "R", "R"]


def test_the_racks_of_a_partner_stand_together() -> None:
    wanted, facility = Wanted(), a_target(positions=8)
    for owner in ("ours", "theirs"):
        for _ in range(3):
            wanted.device(height_u=10.0, power_w=100.0, owner=owner)
    placement = wanted.place(facility)
    at = {position.name: position.index for position in facility.positions}
    for owner in ("ours", "theirs"):
        mine = sorted(at[rack.position] for rack in placement.racks if rack.owner == owner)
        assert mine[-1] - mine[0] <= 3


def test_a_hall_whose_way_in_is_too_low_gets_no_rack() -> None:
    wanted, facility = Wanted(), a_target(positions=2)
    wanted.device()
    low = replace(facility.halls[0], routes=(Route("door", height_mm=600.0),))
    high = replace(facility.halls[0], routes=(Route("door", height_mm=600.0), Route("gate", height_mm=700.0)))
    assert wanted.place(sealed(replace(facility, halls=(low,)))).unplaced
    assert not wanted.place(sealed(replace(facility, halls=(high,)))).unplaced


def test_a_device_heavier_than_any_way_in_stays_out_and_says_so() -> None:
    wanted, facility = Wanted(), a_target(positions=2)
    heavy = wanted.device(weight_kg=300.0)
    wanted.device(weight_kg=100.0)
    hall = replace(facility.halls[0], routes=(Route("path", rolling_kg=200.0),))
    (out,) = wanted.place(sealed(replace(facility, halls=(hall,)))).unplaced
    assert (out.asset, out.lacks[0].dimension) == (heavy, "route")


def test_the_same_seed_gives_the_same_floor() -> None:
    facility = two_rows()
    found = []
    for _ in range(2):
        wanted = Wanted()
        full_racks(wanted, 5)
        found.append(wanted.place(facility, seed=3))
    assert found[0] == found[1]
