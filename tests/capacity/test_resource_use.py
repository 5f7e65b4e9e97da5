"""What steps hold against what there is, counted minute by minute beside it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from plan_builders import a_plan, a_step, an_estate, at

from capacity.plan import Plan, sealed
from capacity.resource_use import ResourceUse


def random_plan(chance: random.Random) -> Plan:
    steps = []
    for n in range(chance.randint(1, 6)):
        begin = at(3, 8, 6) + timedelta(minutes=chance.randint(0, 900))
        end = begin + timedelta(minutes=chance.randint(1, 300))
        steps.append(
            a_step(f"s{n}", "retire", begin, end, [], {"crew": chance.choice((1, 2)), "circuit:1": 300})
        )
    return sealed(replace(a_plan(), steps=tuple(steps), waves=(), rooms=()))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(7, 90))
def test_what_is_held_in_a_cell_is_the_most_of_any_minute(seed: int, width: int) -> None:
    plan = random_plan(random.Random(seed))
    use = ResourceUse(an_estate(), plan)
    begin = at(3, 8, 5).timestamp()
    for name in ("crew", "circuit:1"):
        cells = use.of(name).cells([begin + 60 * width * n for n in range(900 // width + 1)])
        for n, (used, _, _) in enumerate(cells):
            minutes = [begin + 60 * (width * n + m) for m in range(width)]
            held = max(
                sum(
                    u.amount
                    for s in plan.steps
                    for u in s.uses
                    if u.resource == name and u.start.timestamp() <= minute < u.end.timestamp()
                )
                for minute in minutes
            )
            assert used == held


def test_a_circuit_offers_the_share_that_copies_may_take() -> None:
    plan, estate = a_plan(), an_estate()
    found = ResourceUse(estate, plan).of("circuit:1")
    rate = next(circuit.rate_mbps for circuit in estate.circuits if circuit.id == 1)
    assert found.most == rate * plan.calendar.work.replication_share
    assert found.over_hours == 0


def test_hands_are_there_in_their_hours_only() -> None:
    plan = a_plan()
    found = ResourceUse(an_estate(), plan).of("crew")
    (crew,) = [resource for resource in plan.calendar.resources if resource.name == "crew"]
    assert found.most == crew.capacity
    assert found.offered.min() == 0.0
    assert not found.is_over.any()


def test_more_than_there_is_is_told_for_as_long_as_it_lasts() -> None:
    begin = at(3, 8, 9)
    steps = tuple(
        a_step(f"s{n}", "retire", begin, begin + timedelta(hours=2), [], {"circuit:1": 400}) for n in range(2)
    )
    found = ResourceUse(an_estate(), sealed(replace(a_plan(), steps=steps, waves=(), rooms=()))).of(
        "circuit:1"
    )
    assert found.peak == 800
    assert found.over_hours == 2


def test_names_are_those_that_steps_hold() -> None:
    use = ResourceUse(an_estate(), a_plan())
    assert set(use.names) == {u.resource for s in a_plan().steps for u in s.uses}
    assert [name for name in use.names if ":" in name] == sorted(name for name in use.names if ":" in name)
    assert use.of("nothing").peak == 0
