"""Plans that break a rule in several places at once: each is said, once, in a stable order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from broken_plans import documents, times
from broken_plans.case import changed, placed, retimed, with_step
from plan_builders import a_world, at, device, machine, resealed

from capacity.plan import Use
from capacity.verify import check


def test_both_new_racks_are_too_heavy_to_roll_in() -> None:
    estate, facility, plan = a_world()
    hall = facility.halls[0]
    floor = replace(hall.floor, rolling_kg=150.0)
    found = check(*resealed(estate, replace(facility, halls=(replace(hall, floor=floor),)), plan))

    assert [(v.code, v.object, v.amount) for v in found] == [
        ("FLOOR", "rack N1", pytest.approx(7.0)),
        ("FLOOR", "rack N2", pytest.approx(7.0)),
    ]


def test_a_cycle_of_predecessors_is_found() -> None:
    estate, facility, plan = a_world()
    looped = with_step(plan, "racks", predecessors=("hosts",))
    said = [v.message for v in check(*resealed(estate, facility, looped))]

    assert said == [
        "step racks is its own predecessor by way of others",
        "step racks starts 1,620 minutes before its predecessor hosts ends",
        "step hosts is its own predecessor by way of others",
    ]


def test_steps_behind_a_cycle_are_not_on_it() -> None:
    estate, facility, plan = a_world()
    looped = with_step(plan, "hosts", predecessors=("hosts",))
    found = check(*resealed(estate, facility, looped))

    assert {v.object for v in found} == {"step hosts"}


def test_hosts_before_their_rack_are_too_early_and_out_of_order() -> None:
    estate, facility, plan = a_world()
    early = retimed(plan, "hosts", at(3, 8, 10), at(3, 8, 13))
    found = check(*resealed(estate, facility, early))

    assert [(v.code, v.object, v.moment, v.amount) for v in found] == [
        ("STEP-ORDER", "step hosts", at(3, 8, 10), pytest.approx(120)),
        ("PHASE", "step hosts", at(3, 8, 10), pytest.approx(2 / 24)),
    ]


def test_what_a_step_needs_may_be_named_by_way_of_others() -> None:
    estate, facility, plan = a_world()
    by_way = with_step(plan, "move-2", predecessors=("copy-2",))

    assert check(*resealed(estate, facility, by_way)) == ()


def test_dates_of_rooms_may_be_told_of_as_they_are() -> None:
    estate, facility, plan = a_world()
    told = documents.dated(
        plan, ("room_days", documents.DAYS, 60.0), ("last_room_days", documents.DAYS, documents.DAYS)
    )

    assert check(*resealed(estate, facility, told)) == ()


def test_an_application_may_be_down_as_long_as_two_steps_take_together() -> None:
    assert check(*resealed(*times.signals(300)(*a_world()))) == ()


def test_an_application_that_comes_up_in_between_is_down_twice() -> None:
    estate, facility, plan = times.signals(270)(*a_world())
    earlier = retimed(plan, "cut-3", at(3, 21, 6, 45), at(3, 21, 7, 45))

    assert "DOWNTIME" not in {v.code for v in check(*resealed(estate, facility, earlier))}


def test_a_negative_amount_frees_nothing() -> None:
    estate, facility, plan = a_world()
    step = next(s for s in plan.steps if s.id == "hosts")
    cheating = with_step(plan, "hosts", uses=(*step.uses, Use("crew", -5.0, at(3, 20), at(3, 22))))
    (found,) = check(*resealed(estate, facility, cheating))

    assert (found.code, found.object, found.amount) == ("RESOURCE", "crew", 5.0)


def test_the_load_of_a_phase_counts_from_its_day() -> None:
    """Side A of position 1 is ready a week after the rack; until then its kit hangs on side B alone."""
    estate, facility, plan = a_world()
    phases = (*facility.phases, replace(facility.phases[0], name="late", ready_on=at(3, 15).date()))
    supply = changed(facility.supply, "name", "P1-A", phase="late")
    found = check(*resealed(estate, replace(facility, supply=supply, phases=phases), plan))

    assert [(v.code, v.moment) for v in found] == [("POWER-DIVERSE", at(3, 8, 8)), ("PHASE", at(3, 8, 8))]


def test_the_order_of_the_answer_does_not_hang_on_the_order_of_the_plan() -> None:
    estate, facility, plan = a_world()
    wrong = placed(placed(plan, device(5), position=3.0), device(11), position=43.0)
    backwards = replace(wrong, devices=wrong.devices[::-1], decisions=wrong.decisions[::-1])
    found = check(*resealed(estate, facility, wrong))

    assert [v.code for v in found] == ["UNIT-OVERLAP", "UNIT-RANGE"]
    assert [(v.code, v.asset) for v in found] == [
        (v.code, v.asset) for v in check(*resealed(estate, facility, backwards))
    ]


def test_an_asset_named_in_vain_breaks_nothing_else() -> None:
    estate, facility, plan = a_world()
    group = next(g for g in plan.groups if g.id == "G2")
    groups = changed(plan.groups, "id", "G2", assets=(*group.assets, machine(77)))
    (found,) = check(*resealed(estate, facility, replace(plan, groups=groups)))

    assert (found.code, found.object, found.asset) == ("REF-UNKNOWN", "group G2", machine(77))
