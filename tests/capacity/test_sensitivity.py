"""What more of a limit brings is what planning at every value finds; what is to spare, what the plan holds with."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from plan_builders import a_calendar
from target_builders import a_cloud, a_target
from tiny_rooms import Room

from capacity.facility import Entitlement, Facility, RackModel, Reservation, sealed
from capacity.plan import Plan
from capacity.planner import proven
from capacity.sensitivity.gains import (
    BROKEN,
    BY_BOUNDS,
    NOW,
    Effort,
    Gain,
    Sensitivity,
    sensitivity,
    standing_of,
)
from capacity.sensitivity.limits import POSITIONS, Limit, World, limits, restated, single, with_limit
from capacity.sensitivity.slack import slack
from capacity.verify import check
from inventory.errors import InputError
from inventory.estate import Circuit, Estate, Provider
from inventory.estate import sealed as sealed_estate

EVERYTHING = Effort(limits=0, within=1.0, tries=30)


def planned(world: World) -> Plan:
    made, violations = proven(world.estate, world.facility, world.calendar)
    assert violations == ()
    return made


def a_world(estate: Estate, facility: Facility) -> World:
    return World(estate, facility, a_calendar())


def servers(number: int, power_w: float = 100.0) -> Estate:
    room = Room()
    for _ in range(number):
        room.device(power_w=power_w)
    return room.estate


def machines(number: int) -> Estate:
    room = Room()
    for _ in range(number):
        room.machine(vcpus=8.0)
    return on_a_line(room.estate)


def on_a_line(estate: Estate) -> Estate:
    line = Circuit(1, "LINE", 1, rate_mbps=1000.0, site_ids=(1,))
    return sealed_estate(replace(estate, providers=(Provider(1, "P", "p"),), circuits=(line,)))


def the_limit(world: World, name: str) -> Limit:
    (found,) = [limit for limit in limits(world) if name in limit.name]
    return found


def asked(world: World, name: str, plan: Plan | None = None) -> Gain:
    effort = replace(EVERYTHING, only=name)
    found, _ = sensitivity(world, plan or planned(world), effort)
    (gain,) = found.gains
    return gain


def first_with_effect(world: World, limit: Limit) -> float | None:
    """The smallest value, up to twice the limit, at which planning gives a better plan: by planning at each of them."""
    now = standing_of(planned(world)).rank
    for steps in count(1):
        value = limit.up(limit.now + steps * limit.step)
        if value > limit.now + max(limit.step, limit.now):
            return None
        if standing_of(planned(with_limit(world, limit, value))).rank < now:
            return value
    raise AssertionError


CASES = {
    # Three servers draw 400 W; with one busbar lost the other carries all of it.
    "busbars": (servers(3, 400.0), a_target(positions=2, row_w=900.0), "each busbar"),
    "units entitled": (
        servers(3),
        a_target(entitlements=(Entitlement("ours", None, None, 2.0),)),
        "entitled units",
    ),
    "a taller rack": (servers(4), a_target(positions=2, height_u=3), "height of rack model"),
    "cooling": (servers(3, 400.0), a_target(positions=2, cooling_w=900.0), "C cools"),
    "a rack's weight": (servers(6), a_target(positions=2, max_weight_kg=140.0), "most weight"),
    "hosts": (machines(2), a_target(pools=(a_cloud(max_hosts=2),)), "most hosts"),
    "vCPUs of a host": (machines(2), a_target(pools=(a_cloud(),)), "vCPUs of host type"),
    "positions": (servers(3), a_target(positions=1, height_u=2), "positions of zone general"),
}


@pytest.mark.parametrize("name", CASES)
def test_no_less_of_a_limit_brings_anything(name: str) -> None:
    estate, facility, limit_name = CASES[name]
    world = a_world(estate, facility)
    limit = the_limit(world, limit_name)

    gain = asked(world, limit_name)

    assert gain.needed == first_with_effect(world, limit)
    assert gain.needed is not None
    assert gain.more == pytest.approx(gain.needed - limit.now)
    better = planned(with_limit(world, limit, gain.needed))
    assert (gain.placed, gain.racks, gain.hosts) == tuple(
        then - now
        for then, now in zip(standing_of(planned(world)).rank, standing_of(better).rank, strict=True)
    )


def test_what_bounds_forbid_is_not_planned() -> None:
    world = a_world(servers(2), a_target())
    plan = planned(world)

    found, best = sensitivity(world, plan, EVERYTHING)

    assert (len(plan.racks), len(plan.unplaced)) == (1, 0)
    assert {gain.without_proof for gain in found.gains} == {BY_BOUNDS}
    assert found.plans_made == 1  # the present, to compare with
    assert best == plan


def test_one_busbar_alone_is_of_no_use() -> None:
    world = a_world(servers(3, 400.0), a_target(positions=2, row_w=900.0))
    one = Limit("one busbar", ("facility.supply[row-A].rating_w",), 900.0, 100.0)

    assert first_with_effect(world, one) is None


def test_a_better_plan_that_needs_no_change_is_what_others_are_compared_with() -> None:
    low = a_world(servers(4), a_target(positions=2, height_u=3))
    high = a_world(servers(4), a_target(positions=2, height_u=4))
    poor = restated(planned(low), high)
    assert check(high.estate, high.facility, poor) == ()

    found, best = sensitivity(high, poor, Effort(limits=3))

    assert (found.plan.racks, found.best.racks, found.best_from) == (2, 1, NOW)
    assert (len(best.racks), check(high.estate, high.facility, best)) == (1, ())
    assert not [gain for gain in found.gains if gain.needed is not None]


def spare(world: World, plan: Plan) -> dict[str, tuple[Limit, float]]:
    every = {limit.name: limit for limit in limits(world)}
    return {line.limit: (every[line.limit], line.needed) for line in slack(world, plan)}


def holds(world: World, plan: Plan, limit: Limit, value: float) -> bool:
    smaller = with_limit(world, limit, value)
    return check(smaller.estate, smaller.facility, restated(plan, smaller)) == ()


def test_what_is_to_spare_may_go_and_not_a_step_more() -> None:
    facility = a_target(
        positions=2,
        feed_w=3000.0,
        entitlements=(Entitlement("ours", 40.0, 9000.0, 20.0),),
        pools=(a_cloud(),),
    )
    room = Room()
    for _ in range(2):
        room.device(power_w=400.0)
        room.machine(vcpus=2.0)
    world = a_world(on_a_line(room.estate), facility)
    plan = planned(world)

    found = spare(world, plan)

    tight = ("entitled units", "entitled power", "entitled area", "each busbar", "each feed", "C cools", "floor",
             "most weight", "vCPUs of host type", "memory of host type")  # fmt: skip
    for part in tight:
        (name,) = [name for name in found if part in name]
        limit, needed = found[name]
        assert holds(world, plan, limit, needed), name
        assert not holds(world, plan, limit, limit.up(needed - limit.step)), name


def test_slack_keeps_what_a_reservation_keeps_free() -> None:
    facility = a_target(
        entitlements=(Entitlement("ours", None, None, 20.0),),
        reservations=(Reservation("soon", "ours", units_u=5.0),),
    )
    world = a_world(servers(2), facility)
    plan = planned(world)

    limit, needed = spare(world, plan)["ours's entitled units"]
    assert needed == 7.0
    assert not holds(world, plan, limit, 6.0)


def test_the_inputs_with_a_limit_changed_back_are_the_inputs() -> None:
    model = RackModel("second", 20, 800, 1200, 100.0, 800.0, (), 30, stock=3)
    plain = a_target(pools=(a_cloud(max_hosts=4),))
    facility = sealed(replace(plain, rack_models=(*plain.rack_models, model)))
    world = a_world(servers(1), facility)

    every = limits(world)
    assert len({(limit.paths, limit.zone) for limit in every}) == len(every) > 20
    for limit in every:
        value = limit.up(limit.now + limit.step)
        changed = with_limit(world, limit, value)
        assert changed != world
        if limit.paths != (POSITIONS,):
            assert with_limit(changed, limit, limit.now) == world


def small() -> tuple[World, Plan]:
    world = a_world(servers(3, 400.0), a_target(positions=2, row_w=900.0))
    return world, planned(world)


def test_the_same_inputs_give_the_same_answer() -> None:
    world, plan = small()
    assert sensitivity(world, plan, Effort(limits=4)) == sensitivity(world, plan, Effort(limits=4))


def test_a_cancelled_run_has_what_was_finished() -> None:
    world, plan = small()
    made: list[World] = []

    def replan(inputs: World):
        made.append(inputs)
        return proven(inputs.estate, inputs.facility, inputs.calendar)

    def answer(stop_after: int) -> Sensitivity:
        made.clear()
        return sensitivity(world, plan, EVERYTHING, replan=replan, cancelled=lambda: len(made) >= stop_after)[
            0
        ]

    whole = answer(10_000)
    half, none = answer(whole.plans_made - 1), answer(0)
    assert (whole.cancelled, half.cancelled, none.cancelled) == (False, True, True)
    assert 0 < len(half.gains) < len(whole.gains)
    assert set(half.gains) <= set(whole.gains)
    assert (none.gains, none.plans_made) == ((), 0)


def test_a_plan_that_breaks_a_rule_counts_for_nothing() -> None:
    world, plan = small()
    broken = check(world.estate, world.facility, replace(plan, name="changed"))
    assert broken

    def replan(inputs: World):
        return proven(inputs.estate, inputs.facility, inputs.calendar)[0], broken

    found, best = sensitivity(world, plan, EVERYTHING, replan=replan)
    assert best == plan
    assert not [gain for gain in found.gains if gain.needed is not None]
    assert {gain.without_proof for gain in found.gains} == {BROKEN, BY_BOUNDS}


def test_what_saves_a_host_for_a_rack_is_told_and_not_counted() -> None:
    """Racks count before hosts; a plan that exchanges one for the other is no gain."""
    world = a_world(machines(2), a_target(pools=(a_cloud(),)))
    plan = planned(world)

    def replan(inputs: World):
        if inputs == world:
            return plan, ()
        return replace(plan, racks=(*plan.racks, *plan.racks), hosts=plan.hosts[1:]), ()

    effort = replace(EVERYTHING, only="vCPUs of host type")
    (gain,) = sensitivity(world, plan, effort, replan=replan)[0].gains
    assert (gain.needed, gain.racks, gain.hosts) == (None, -len(plan.racks), 1)


def test_a_path_to_nothing_is_an_error() -> None:
    world, _ = small()
    with pytest.raises(InputError, match=r"has no facility\.supply"):
        single(world, "facility.supply[nowhere].rating_w")
    assert single(world, "estate.circuits[9].rate_mbps") is None
