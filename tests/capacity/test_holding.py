"""Who holds the space: reservations and cages are read, refused where they contradict, and honoured by the planner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import yaml
from plan_builders import a_calendar
from target_builders import a_target
from tiny_rooms import Room

from capacity.facility import Cage, Entitlement, Facility, Reservation, sealed
from capacity.facility_file import default_text, read_facility
from capacity.holding import kept_after
from capacity.plan import Plan
from capacity.planner import proven
from capacity.verify import check
from inventory.errors import VorstError


def with_space(**lists: list) -> Facility:
    """The default facility with cages and reservations."""
    return read_facility(yaml.safe_dump(yaml.safe_load(default_text()) | lists, sort_keys=False))


FENCE = [[2.0, 4.8], [5.2, 4.8], [5.2, 6.0], [2.0, 6.0]]  # four positions of row R2 in hall H1
CAGE = {"name": "c", "hall": "H1", "polygon": FENCE}
RESERVED = {"name": "project", "partner": "stib", "positions": ["H1-R3-05"]}


def test_a_cage_has_the_positions_within_its_fence_and_counts_for_them() -> None:
    tree = yaml.safe_load(default_text())
    racks = [rack for rack in tree["racks"] if rack["position"] != "H1-R2-01"]

    facility = with_space(
        racks=racks, cages=[{"name": "own", "hall": "H1", "owner": "sibelga", "polygon": FENCE}]
    )

    (cage,) = facility.cages
    assert cage.positions == ("H1-R2-01", "H1-R2-02", "H1-R2-03", "H1-R2-04")
    assert cage.area_m2 == pytest.approx(3.2 * 1.2)
    inside = [p for p in facility.positions if p.name in cage.positions]
    assert {(p.cage, p.owner, p.area_m2) for p in inside} == {("own", "sibelga", 0.0)}


def test_a_cage_without_outline_has_the_positions_that_name_it() -> None:
    (cage,) = with_space(cages=[{"name": "cage-restricted", "hall": "H1"}]).cages

    assert cage.positions == tuple(f"H1-R4-{n:02d}" for n in range(13, 20))
    assert cage.area_m2 == pytest.approx(7 * 3.9)


def test_a_reservation_is_read_in_watts() -> None:
    (entry,) = with_space(
        reservations=[{"name": "r", "partner": "stib", "power_kw": 12.5, "until": date(2028, 1, 1)}]
    ).reservations

    assert entry == Reservation("r", "stib", until=date(2028, 1, 1), power_w=12_500.0)


def test_a_file_without_them_keeps_its_hash() -> None:
    plain = read_facility(default_text())
    assert with_space(cages=[], reservations=[]).content_hash == plain.content_hash
    assert "reservations" not in yaml.safe_load(default_text())


@pytest.mark.parametrize(
    ("lists", "what"),
    [
        ({"reservations": [RESERVED | {"positions": ["H1-R9-01"]}]}, "no position 'H1-R9-01'"),
        ({"reservations": [RESERVED | {"positions": ["H1-R1-01"]}]}, "rack 'H1-R1-01' stands at"),
        ({"reservations": [RESERVED | {"partner": "nobody"}]}, "'nobody' has no entitlement"),
        ({"reservations": [RESERVED | {"positions": []}]}, "reserves nothing"),
        ({"reservations": [RESERVED | {"area_m2": 151}]}, "entitled to 150"),
        ({"reservations": [RESERVED | {"since": date(2027, 5, 1), "until": date(2027, 5, 1)}]}, "before it begins"),
        ({"reservations": [RESERVED, RESERVED | {"name": "other"}]}, "at the same time"),
        ({"reservations": [RESERVED, RESERVED]}, "stands twice"),
        ({"cages": [{"name": "c", "hall": "H9"}]}, "no hall 'H9'"),
        ({"cages": [{"name": "c", "hall": "H1"}]}, "holds no position"),
        ({"cages": [{"name": "c", "hall": "H1", "owner": "x", "polygon": FENCE}]}, "'x' has no entitlement"),
        ({"cages": [{"name": "c", "hall": "H1", "owner": "stib", "polygon": FENCE}]}, "which is stib's"),
        ({"cages": [CAGE, CAGE | {"name": "d"}]}, "is in 'c' and in 'd'"),
        ({"cages": [CAGE | {"polygon": [[2, 4.8], [2.6, 4.8], [2.6, 6], [2, 6]]}]}, "cuts position H1-R2-01"),
        ({"cages": [CAGE | {"polygon": [[2, 4.8], [2.8, 4.8], [2.8, 60], [2, 60]]}]}, "outside its hall"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_with_its_place(lists: dict, what: str) -> None:
    with pytest.raises(VorstError) as raised:
        with_space(**lists)

    errors = getattr(raised.value, "errors", None) or [raised.value]
    assert any(what in error.what and "line" in str(error.where) for error in errors)


def test_two_reservations_of_a_position_may_follow_each_other() -> None:
    first = RESERVED | {"until": date(2027, 5, 1)}
    then = RESERVED | {"name": "then", "since": date(2027, 5, 1)}
    assert len(with_space(reservations=[first, then]).reservations) == 2


# --- the planner ---------------------------------------------------------------------------------------------------


def a_full_room(devices: int = 2) -> Room:
    """Devices of which each fills a rack."""
    room = Room()
    for _ in range(devices):
        room.device(height_u=9.0)
    return room


def planned(facility: Facility, room: Room | None = None) -> Plan:
    plan, violations = proven((room or a_full_room()).estate, sealed(facility), a_calendar())
    assert violations == ()
    return plan


def test_nothing_stands_at_what_is_reserved_for_good() -> None:
    facility = a_target(positions=2, reservations=(Reservation("r", "theirs", positions=("P1",)),))

    plan = planned(facility)

    assert [rack.position for rack in plan.racks] == ["P2"]
    assert len(plan.unplaced) == 1


def test_a_rack_comes_after_the_release() -> None:
    release = date(2027, 6, 1)
    facility = a_target(positions=2, reservations=(Reservation("r", "theirs", None, release, ("P1",)),))

    plan = planned(facility)

    assert not plan.unplaced
    late = next(step for step in plan.steps if "P1" in step.commissions)
    assert late.start.date() >= release
    assert min(s.start.date() for s in plan.steps if "P2" in s.commissions) < release


@pytest.mark.parametrize(
    ("entry", "grant", "racks"),
    [
        (Reservation("r", "ours", area_m2=4.0), Entitlement("ours", 8.0, None, None), 1),
        (Reservation("r", "ours", units_u=9.0), Entitlement("ours", None, None, 18.0), 1),
        (Reservation("r", "ours", power_w=100.0), Entitlement("ours", None, 200.0, None), 1),
        (Reservation("r", "ours", power_w=100.0, until=date(2027, 1, 15)), Entitlement("ours", None, 200.0, None), 2),
        (Reservation("r", "ours", date(2027, 8, 1), power_w=100.0), Entitlement("ours", None, 200.0, None), 1),
    ],
)  # fmt: skip
def test_what_a_partner_keeps_reserved_is_not_planned_with(
    entry: Reservation, grant: Entitlement, racks: int
) -> None:
    plan = planned(a_target(positions=3, reservations=(entry,), entitlements=(grant,)))

    assert len(plan.racks) == racks


def test_what_is_kept_adds_up_day_by_day() -> None:
    entries = (
        Reservation("a", "ours", None, date(2027, 3, 1), power_w=10.0),
        Reservation("b", "ours", date(2027, 2, 1), date(2027, 6, 1), power_w=20.0),
        Reservation("c", "ours", date(2027, 5, 1), power_w=15.0),
        Reservation("d", "theirs", power_w=500.0),
    )
    facility = a_target(reservations=entries)

    assert kept_after(facility, "ours", "power_w", date(2027, 1, 1)) == 35.0  # b and c in May
    assert kept_after(facility, "ours", "power_w", date(2027, 7, 1)) == 15.0
    assert kept_after(facility, "ours", "power_w", None) == 15.0


def test_an_owned_cage_counts_from_the_start_and_its_racks_for_nothing_more() -> None:
    target = a_target(positions=3)
    caged = replace(target.positions[0], owner="ours", cage="c", area_m2=0.0)
    facility = replace(
        target,
        positions=(caged, *target.positions[1:]),
        cages=(Cage("c", "H", "ours", (), 6.0, ("P1",)),),
        entitlements=(Entitlement("ours", 9.9, None, None), Entitlement("theirs", None, None, None)),
    )

    assert [rack.position for rack in planned(facility).racks] == ["P1"]
    wider = replace(
        facility, entitlements=(Entitlement("ours", 10.0, None, None), *facility.entitlements[1:])
    )
    assert {rack.position for rack in planned(wider).racks} == {"P1", "P2"}


def test_a_rack_waits_for_its_switch() -> None:
    target = a_target(positions=2)
    model = target.rack_models[0]
    slow = replace(model, kit=tuple(replace(item, lead_days=90) for item in model.kit))
    facility = sealed(replace(target, rack_models=(slow,)))
    estate, calendar = a_full_room().estate, a_calendar()

    plan, violations = proven(estate, facility, calendar)

    assert violations == ()
    first = min(step.start for step in plan.steps if step.kind == "commission_rack")
    assert (first - calendar.start).days >= 90
    early, _ = proven(estate, sealed(target), calendar)
    assert "PHASE" in {v.code for v in check(estate, facility, early)}
