"""Who holds the space is what the checker counts: by partner, over time, cages and reservations; and what to order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from plan_builders import a_calendar, a_facility, a_world
from target_builders import WITHOUT_KIT, a_cloud, a_target
from tiny_rooms import Room

from capacity.entitlements import Holding, SpaceHolders, space_holders
from capacity.facility import Cage, Entitlement, Facility, RackModel, Reservation, sealed
from capacity.plan import Plan
from capacity.planner import proven
from capacity.verify import check
from inventory.errors import InputError
from inventory.estate import Estate

DIMENSIONS = ("area_m2", "power_w", "height_u")


def of(found: SpaceHolders, partner: str, dimension: str) -> Holding:
    (line,) = [h for h in found.holdings if (h.partner, h.dimension) == (partner, dimension)]
    return line


def planned(estate: Estate, facility: Facility) -> Plan:
    made, violations = proven(estate, facility, a_calendar())
    assert violations == ()
    return made


def two_servers() -> Estate:
    room = Room()
    for owner in ("ours", "theirs"):
        room.device(height_u=2.0, power_w=400.0, owner=owner)
    return room.estate


LIMITED = (Entitlement("ours", 8.0, 1000.0, 10.0), Entitlement("theirs", 8.0, 1000.0, 10.0))


def test_what_a_plan_brings_and_leaves_of_an_entitlement() -> None:
    facility = a_target(entitlements=LIMITED)
    found = space_holders(facility, planned(two_servers(), facility))

    lines = [of(found, "ours", d) for d in DIMENSIONS]
    assert [(h.entitled, h.held, h.planned, h.left) for h in lines] == [
        (8.0, 0.0, 4.0, 4.0),
        (1000.0, 0.0, 400.0, 600.0),
        (10.0, 0.0, 2.0, 8.0),
    ]
    assert (of(found, "ours", "racks").planned, of(found, "ours", "racks").left) == (1.0, None)
    assert not found.is_finding


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_an_entitlement_of_just_what_is_used_holds_and_any_less_is_over(dimension: str) -> None:
    """The checker is asked whether the same plan holds; the view says so, too."""
    field = {"height_u": "units_u"}.get(dimension, dimension)
    estate, plain = two_servers(), a_target(entitlements=LIMITED)
    plan = planned(estate, plain)
    used = of(space_holders(plain, plan), "ours", dimension).planned

    for limit, is_over in ((used, False), (used - 0.5, True)):
        entries = (replace(LIMITED[0], **{field: limit}), LIMITED[1])
        facility = sealed(replace(plain, entitlements=entries))
        line = of(space_holders(facility, plan), "ours", dimension)
        codes = {v.code for v in check(estate, facility, plan)}
        assert ("ENTITLEMENT" in codes, line.over > 0) == (is_over, is_over)
        assert line.over == pytest.approx(0.5 if is_over else 0.0)


def reserving(**amounts: object) -> Facility:
    return a_target(entitlements=LIMITED, reservations=(Reservation("soon", "ours", **amounts),))  # type: ignore[arg-type]


def test_what_is_reserved_is_taken_off_until_it_is_released() -> None:
    estate = two_servers()
    plan = planned(estate, a_target(entitlements=LIMITED))
    comes = of(space_holders(a_target(entitlements=LIMITED), plan), "ours", "height_u")
    arrives = min(step.start.date() for step in plan.steps if step.kind == "relocate")

    kept = of(space_holders(reserving(units_u=5.0), plan), "ours", "height_u")
    assert (kept.reserved, kept.until, kept.left) == (5.0, None, comes.left - 5.0)
    released = of(space_holders(reserving(units_u=5.0, until=arrives), plan), "ours", "height_u")
    assert (released.reserved, released.until, released.left) == (5.0, arrives, 5.0)
    later = of(
        space_holders(reserving(units_u=5.0, until=arrives + timedelta(days=1)), plan), "ours", "height_u"
    )
    assert later.left == 3.0
    before = plan.inputs.start.date()
    assert of(space_holders(reserving(units_u=5.0, until=before), plan), "ours", "height_u").reserved == 0.0
    for facility in (reserving(units_u=5.0, until=arrives), reserving(units_u=5.0)):
        assert "RESERVATION" not in {v.code for v in check(estate, facility, plan)}
    assert of(space_holders(reserving(units_u=9.0), plan), "ours", "height_u").over == 1.0
    assert "RESERVATION" in {v.code for v in check(estate, reserving(units_u=9.0), plan)}


def test_an_owned_cage_counts_whole_and_shows_its_racks() -> None:
    plain = a_target(entitlements=LIMITED)
    caged = tuple(
        replace(p, cage="C1", owner="ours", area_m2=0.0) if p.name in ("P1", "P2") else p
        for p in plain.positions
    )
    cage = Cage("C1", "H", "ours", ((0, 0), (2, 0), (2, 2)), 7.0, ("P1", "P2"))
    facility = sealed(replace(plain, positions=caged, cages=(cage,)))

    found = space_holders(facility, planned(two_servers(), facility))

    assert of(found, "ours", "area_m2").held == 7.0
    (line,) = found.cages
    assert (line.owner, line.positions, line.racks) == ("ours", 2, sum(r.cage == "C1" for r in found.racks))
    assert space_holders(facility, None, "theirs").cages == ()


def test_the_world_made_by_hand_counts_what_stands_there_and_what_comes() -> None:
    _, facility, plan = a_world()
    found = space_holders(facility, plan)
    without = space_holders(facility)

    assert [r.id for r in found.racks if r.is_new] == ["N1", "N2"]
    assert of(found, "stib", "racks").planned == 1.0
    assert of(found, "cirb", "racks").held == of(without, "cirb", "racks").held
    assert without.purchases == ()


def test_what_is_bought_is_to_be_ordered_its_lead_time_before_it_is_needed() -> None:
    late = replace(WITHOUT_KIT, name="switch", lead_days=45)
    model = RackModel("rack", 10, 800, 1200, 100.0, 1000.0, (late,), 30)
    facility = a_target(pools=(a_cloud(),), rack_models=(model,))
    plan = planned(two_servers(), facility)

    found = space_holders(facility, plan)

    racks = {step.start.date() for step in plan.steps if step.kind == "commission_rack"}
    assert {p.needed_on for p in found.purchases} == racks
    for purchase in found.purchases:
        lead = {"rack": 30, "switch": 45}[purchase.kind]
        assert purchase.lead_days == lead
        assert purchase.order_by == purchase.needed_on - timedelta(days=lead)
        assert purchase.spare_days == (purchase.order_by - plan.inputs.start.date()).days >= 0
    assert sum(p.count for p in found.purchases if p.kind == "rack") == len(plan.racks) == 2
    assert {p.model for p in found.purchases if p.kind == "switch"} == {"switch of rack"}


def test_what_should_have_been_ordered_is_a_finding_and_breaks_a_rule() -> None:
    estate = two_servers()
    plan = planned(estate, a_target())
    slow = a_target()
    slow = sealed(replace(slow, rack_models=(replace(slow.rack_models[0], lead_days=300),)))

    found = space_holders(slow, plan)

    assert {p.spare_days < 0 for p in found.purchases} == {True}
    assert found.is_finding
    assert "PHASE" in {v.code for v in check(estate, slow, plan)}


def test_hosts_are_ordered_for_the_owner_of_their_pool() -> None:
    _, facility, plan = a_world()
    hosts = [p for p in space_holders(facility, plan).purchases if p.kind == "host"]
    assert sum(p.count for p in hosts) == len(plan.hosts)
    assert {p.partner for p in hosts} == {pool.owner for pool in facility.pools}
    assert {p.needed_on for p in hosts} == {date(2027, 3, 9)}


def test_a_partner_sees_nothing_of_another() -> None:
    _, facility, plan = a_world()
    found = space_holders(facility, plan, "stib")
    assert {h.partner for h in found.holdings} == {"stib"}
    assert {r.owner for r in found.racks} == {"stib"}
    assert {p.partner for p in found.purchases} == {"stib"}
    with pytest.raises(InputError, match="no partner 'nobody' holds anything"):
        space_holders(facility, plan, "nobody")


def test_who_owns_a_rack_without_being_entitled_is_over() -> None:
    facility = a_facility()
    facility = sealed(
        replace(facility, entitlements=tuple(e for e in facility.entitlements if e.partner != "cirb"))
    )
    line = of(space_holders(facility), "cirb", "area_m2")
    assert (line.is_entitled, line.entitled) == (False, 0.0)
    assert line.over == line.held > 0
