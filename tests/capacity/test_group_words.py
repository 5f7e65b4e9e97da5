"""A person's word on move groups through the whole planner: kept, proven, and refused where it contradicts a tie."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, a_facility, an_estate, at, device, machine
from random_worlds import estates

from capacity.plan import Plan
from capacity.planner import plan
from capacity.verify import check
from inventory.errors import InputError
from inventory.estate import Constraint, Estate, Ref, sealed


def with_words(estate: Estate, *words: Constraint) -> Estate:
    return sealed(replace(estate, constraints=(*estate.constraints, *words)))


def planned(estate: Estate) -> Plan:
    return plan(estate, a_facility(), a_calendar())


@st.composite
def words(draw: st.DrawFn, assets: tuple[Ref, ...]) -> list[Constraint]:
    """Merges, splits, sides of one split, pins."""
    some = st.sampled_from(assets)
    found: list[Constraint] = []
    for number in range(500, 500 + draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["merge", "split", "side", "pin"]))
        members = tuple(draw(st.lists(some, min_size=1, max_size=4, unique=True)))
        if kind == "pin":
            who = draw(st.sampled_from([members, members, (Ref("sites", 1),), (Ref("applications", 1),)]))
            start = at(draw(st.integers(2, 5)), 1)
            end = at(draw(st.integers(6, 9)), 1)
            found.append(
                Constraint(
                    number,
                    "pin",
                    members=who,
                    start=draw(st.sampled_from([start, None])),
                    end=draw(st.sampled_from([end, None])),
                )
            )
            continue
        value = "cut" if kind == "side" else None
        found.append(
            Constraint(
                number,
                "together" if kind == "merge" else "apart",
                members=members,
                scope="group",
                value=value,
            )
        )
    return found


@given(data=st.data(), estate=estates())
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_whatever_a_person_says_the_plan_keeps_to_it(data: st.DataObject, estate: Estate) -> None:
    told = with_words(estate, *data.draw(words(tuple(estate.assets()))))
    try:
        made = planned(told)
    except InputError:
        assume(False)  # a split through a tie
        raise
    violations = check(told, a_facility(), made)
    assert not violations, [f"{v.code} {v.message}" for v in violations[:5]]


def moved_at(made: Plan, ref: Ref) -> object:
    return next(
        s.start
        for s in made.steps
        if s.kind in ("cutover", "relocate") and ref in {move.asset for move in s.moves}
    )


def test_a_pin_moves_a_group_to_its_week() -> None:
    free = planned(an_estate())
    pin = Constraint(50, "pin", "after the match", (device(5),), start=at(6, 1), end=at(7, 1))
    held = planned(with_words(an_estate(), pin))
    assert moved_at(free, device(5)) < at(6, 1)
    assert at(6, 1) <= moved_at(held, device(5)) < at(7, 1)


def test_what_is_pinned_to_where_no_window_is_finds_no_date_and_says_so() -> None:
    pin = Constraint(50, "pin", "on a Monday", (device(5),), start=at(3, 1), end=at(3, 2))
    made = planned(with_words(an_estate(), pin))
    lacks = {entry.asset: entry.lacks[0] for entry in made.unplaced}
    assert lacks[device(5)].dimension == "window"
    assert "pins" in lacks[device(5)].explanation


def test_a_split_parts_and_a_merge_of_the_rest_holds() -> None:
    split = Constraint(50, "apart", "split 1", (device(1), device(5)), scope="group")
    merge = Constraint(51, "together", "merge 1", (device(5), machine(3)), scope="group")
    free = {asset: g.id for g in planned(an_estate()).groups for asset in g.assets}
    held = planned(with_words(an_estate(), split, merge)).groups
    told = {asset: g.id for g in held for asset in g.assets}
    assert free[device(1)] == free[device(5)]
    assert told[device(1)] != told[device(5)] == told[machine(3)]


def test_a_split_through_a_chassis_is_refused() -> None:
    split = Constraint(50, "apart", "split 1", (device(1), device(2)), scope="group")
    with pytest.raises(InputError, match=r"chassis and blade .*split 1.*a chassis and what sits in it"):
        planned(with_words(an_estate(), split))
