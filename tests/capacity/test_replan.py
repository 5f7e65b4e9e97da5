"""Replanning: what holds stays to the byte, what doesn't moves with its reason, and no fewer could have moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations, product

import pytest
from broken_plans import CASES
from broken_plans.case import Broken
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_builders import BRUSSELS, a_facility, a_plan, an_estate, at, device, machine, resealed
from planned_region import planned_region
from replan_worlds import (
    EARLY,
    OF_GROUP,
    SETTINGS,
    WEEK,
    a_limit,
    a_run,
    by_weeks,
    moved,
    small,
    steps_of,
    with_limits,
)

from capacity.calendar import CalendarException
from capacity.facility_file import default_text, read_facility
from capacity.plan import Plan, Use, sealed
from capacity.plan_diff import diff
from capacity.replan import Asked, replan
from capacity.verify import check
from inventory.errors import InputError
from inventory.estate import Estate, Ref
from inventory.estate import sealed as sealed_estate

# --- what holds stays -------------------------------------------------------------------------------------------------


def test_nothing_moves_while_everything_holds() -> None:
    plan = a_plan()
    found = small(an_estate())
    assert not found.is_changed
    assert (found.at_least, found.is_fewest, found.kept) == (0, True, 3)
    assert found.plan.follows == (plan.content_hash,)
    assert replace(found.plan, follows=(), content_hash=plan.content_hash) == plan
    assert found.violations == ()


def test_a_freeze_moves_the_group_it_forbids_and_nothing_else() -> None:
    estate = with_limits(a_limit("freeze", machine(1), at(3, 10), at(3, 20)))
    found = small(estate)
    assert [(own.group, own.new_start) for own in found.groups] == [("G1", at(3, 20, 22))]
    assert [(why.rule, why.text) for why in found.groups[0].whys] == [
        ("FREEZE", "freeze 90 lets cut-1 not be then")
    ]
    assert check(estate, a_facility(), found.plan) == ()
    assert (found.at_least, found.is_fewest) == (1, True)
    old, new = steps_of(a_plan()), steps_of(found.plan)
    assert {name for name in old if old[name] != new[name]} == {"cut-1"}
    told = diff(a_plan(), found.plan)
    assert {d.key for d in told.of("steps")} == {"cut-1"}
    assert {d.key for d in told.of("groups")} == {"G1"}
    assert {d.key for d in told.of("waves")} == {"1", "2"}


def test_what_follows_a_moved_group_is_told_with_its_reason() -> None:
    found = small(with_limits(a_limit("freeze", machine(1), at(3, 10), at(4, 1))))
    assert moved(found) == {"G1"}
    told = {own.step: own for own in found.steps}
    assert told["clear-1"].why.rule == "ROLLBACK"
    assert "cut-1" in told["clear-1"].why.text
    assert told["clear-1"].new_start >= found.groups[0].new_end + timedelta(days=14)
    assert found.violations == ()


def test_what_is_retired_last_at_a_site_follows_what_leaves_it_later() -> None:
    """Also where the plan retires it before the way back of what left has ended."""
    plan = a_plan()
    steps = tuple(
        replace(s, start=at(4, 3, 9), end=at(4, 3, 10), uses=(Use("crew", 1.0, at(4, 3, 9), at(4, 3, 10)),))
        if s.id == "retire-7"
        else s
        for s in plan.steps
    )
    early = sealed(replace(plan, steps=tuple(sorted(steps, key=lambda s: (s.start, s.id)))))
    assert "retire-7" not in {own.step for own in small(an_estate(), plan=early).steps}
    found = small(with_limits(a_limit("freeze", device(1), at(3, 18), at(4, 16))), plan=early)
    assert moved(found) == {"G2"}
    new = steps_of(found.plan)
    assert new["retire-7"].start >= new["move-2"].end >= at(4, 16)
    assert found.violations == ()


def test_a_pin_that_was_set_since_is_kept() -> None:
    estate = with_limits(a_limit("pin", device(1), at(4, 10), at(4, 20)))
    found = small(estate)
    assert moved(found) == {"G2"}
    assert found.groups[0].whys[0].rule == "PIN"
    assert at(4, 10) <= found.groups[0].new_start < at(4, 20)
    assert found.violations == ()


def test_what_finds_no_date_is_listed_with_its_reason_and_its_places_are_given_back() -> None:
    estate = with_limits(a_limit("freeze", device(10), at(2, 1), None))
    found = small(estate)
    assert [own.name for own in found.undated] == ["G3"]
    assert "freeze 90" in found.undated[0].why.text
    assert found.violations == ()
    unplaced = {entry.asset: entry for entry in found.plan.unplaced}
    for asset in (device(10), device(11), machine(5)):
        assert "freeze 90" in unplaced[asset].lacks[0].explanation
    assert not {"copy-2", "cut-3", "move-3", "clear-3"} & steps_of(found.plan).keys()
    assert {asset for group in found.plan.groups for asset in group.assets}.isdisjoint(unplaced)


def test_hands_that_are_gone_move_as_few_as_they_have_to() -> None:
    calendar = a_plan().calendar
    ill = CalendarException(at(3, 20), at(3, 22), 2.0, "illness")
    resources = tuple(replace(r, exceptions=(ill,)) if r.name == "crew" else r for r in calendar.resources)
    wish = replace(EARLY, calendar=replace(calendar, resources=resources))
    assert moved(small(an_estate(), asked=wish)) == set()
    none = replace(ill, capacity=1.0)
    resources = tuple(replace(r, exceptions=(none,)) if r.name == "crew" else r for r in calendar.resources)
    found = small(an_estate(), asked=replace(EARLY, calendar=replace(calendar, resources=resources)))
    assert moved(found) == {"G2"}
    assert found.groups[0].whys[0].rule == "RESOURCE"
    assert found.violations == ()


# --- what was measured ------------------------------------------------------------------------------------------------


def test_measured_durations_lengthen_what_is_to_come_where_it_has_the_room() -> None:
    plan = a_plan()
    found = small(an_estate(), a_run(plan, "cut-1", 1.0), a_run(plan, "copy-1", 2.0), asked=Asked())
    assert found.over == 2
    assert moved(found) == set()
    assert found.factors["replicate"] > 1.0
    assert found.violations == ()


def test_a_higher_percentile_gives_longer() -> None:
    runs = (a_run(a_plan(), "copy-1", 1.3),)
    factors = [
        small(an_estate(), *runs, asked=Asked(percentile=share)).factors["replicate"]
        for share in (50, 80, 95)
    ]
    assert factors == sorted(factors)
    assert factors[0] < factors[-1]


def test_what_is_to_come_lasts_as_long_as_was_measured() -> None:
    plan = a_plan()
    waves = (plan.waves[0], replace(plan.waves[1], frozen_on=at(3, 19)))  # so that it is not frozen yet
    plan = sealed(replace(plan, waves=waves))
    found = small(an_estate(), a_run(plan, "cut-1", 3.0), asked=Asked(), plan=plan)
    longer = {own.step: own for own in found.longer}
    wanted = timedelta(hours=1) * found.factors["cutover"]
    assert wanted <= longer["cut-3"].new_end - at(3, 21, 8) < wanted + timedelta(minutes=15)
    assert not longer["cut-3"].hands
    assert (moved(found), found.violations) == (set(), ())


def test_over_running_and_frozen_stays_as_it_is() -> None:
    plan = a_plan()
    runs = (a_run(plan, "copy-1", 4.0), a_run(plan, "cut-1", 4.0))
    found = small(an_estate(), *runs, asked=Asked())
    assert found.frozen == 2
    old, new = steps_of(plan), steps_of(found.plan)
    for name in ("racks", "hosts", "copy-1", "move-2", "cut-3", "move-3"):
        assert new[name] == old[name]
    assert (new["cut-1"].start, new["cut-1"].end) == (old["cut-1"].start, old["cut-1"].end)


def test_who_really_ended_later_has_the_way_back_for_as_long_and_clearing_waits() -> None:
    plan = a_plan()
    times = 20 * 24 / 2  # three weeks instead of two hours
    found = small(an_estate(), a_run(plan, "cut-1", times), asked=Asked())
    real = at(3, 13, 22) + timedelta(days=20)
    new = steps_of(found.plan)
    deadline = new["cut-1"].rollback_deadline
    assert deadline is not None
    assert deadline >= real + timedelta(days=14)
    assert new["clear-1"].start >= deadline
    assert {own.step: own.why.rule for own in found.steps}["clear-1"] == "ROLLBACK"
    assert found.violations == ()


def test_what_should_have_begun_and_has_no_record_moves() -> None:
    found = small(an_estate(), asked=Asked(since=at(3, 16)))
    assert found.overdue >= 2
    assert "G1" in moved(found)
    assert found.groups[0].new_start >= at(3, 16) + WEEK
    assert any("no run recorded it" in why.text for why in found.groups[0].whys)
    assert found.violations == ()


def test_what_waits_for_a_copy_that_has_not_begun_does_not_run_either() -> None:
    """A cutover that the day falls into is taken to run, but not where runs record what it waits for and have none."""
    during = at(3, 13, 23)
    found = small(an_estate(), asked=Asked(since=during))
    assert found.running == 0
    assert "G1" in moved(found)
    assert found.groups[0].new_start >= during + WEEK
    assert found.violations == ()
    run = a_run(a_plan(), "copy-1", 1.0)
    assert "G1" not in moved(small(an_estate(), run, asked=Asked(since=during)))


def test_a_plan_is_replanned_again_and_knows_what_was_done_before() -> None:
    plan = a_plan()
    runs = (a_run(plan, "copy-1", 1.0), a_run(plan, "cut-1", 1.0))
    estate = with_limits(a_limit("freeze", device(1), at(3, 18), at(3, 26)))
    first = replan(estate, a_facility(), plan, SETTINGS, runs, Asked())
    again = replan(estate, a_facility(), first.plan, SETTINGS, runs, Asked())
    assert first.over == again.over == 2
    assert not again.is_changed
    assert again.plan.follows == (plan.content_hash, first.plan.content_hash)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(), "no run is recorded, and no day is named"),
        (Asked(since=at(2, 2), percentile=0.5), "no percentile"),
        (Asked(since=datetime(2029, 1, 1, tzinfo=BRUSSELS)), "beyond the plan's horizon"),
    ],
)
def test_what_says_nothing_of_today_is_refused(asked: Asked, said: str) -> None:
    with pytest.raises(InputError, match=said):
        small(an_estate(), asked=asked)


def test_a_day_before_a_recorded_run_is_refused() -> None:
    run = a_run(a_plan(), "cut-1", 1.0)
    with pytest.raises(
        InputError, match=r"2027-03-10 is in the past: a run that ended on 2027-03-14"
    ) as raised:
        small(an_estate(), run, asked=Asked(since=at(3, 10)))
    assert raised.value.where == "--from"


def test_a_plan_of_another_inventory_is_refused() -> None:
    estate = an_estate()
    fewer = sealed_estate(replace(estate, virtual_machines=estate.virtual_machines[1:]))
    with pytest.raises(InputError, match="virtual_machines:1, which the inventory hasn't"):
        small(fewer)
    plan = a_plan()
    lost = sealed(replace(plan, decisions=plan.decisions[1:]))
    with pytest.raises(InputError, match="which the plan knows nothing of"):
        small(estate, plan=lost)


def test_a_plan_without_steps_is_refused() -> None:
    with pytest.raises(InputError, match="no steps"):
        small(an_estate(), plan=sealed(replace(a_plan(), steps=())))


# --- no fewer could have moved ---------------------------------------------------------------------------------------


def ways(most: int) -> Iterator[dict[str, int]]:
    """Every way to move `most` groups or fewer by one to five weeks, the fewest first."""
    for count in range(most + 1):
        for groups in combinations(OF_GROUP, count):
            for weeks in product(range(1, 6), repeat=count):
                yield dict(zip(groups, weeks, strict=True))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from((machine(1), device(1), device(10), machine(5))),
            st.integers(0, 5),
            st.integers(1, 3),
        ),
        max_size=3,
    ),
    st.one_of(st.none(), st.tuples(st.integers(0, 4), st.sampled_from((0.0, 1.0, 2.0)))),
)
def test_no_plan_that_the_checker_passes_moves_fewer(
    freezes: list[tuple[Ref, int, int]], short: tuple[int, float] | None
) -> None:
    first = at(3, 12)
    limits = [
        a_limit("freeze", who, first + week * WEEK, first + (week + long) * WEEK, 90 + n)
        for n, (who, week, long) in enumerate(freezes)
    ]
    estate = with_limits(*limits)
    calendar = a_plan().calendar
    if short is not None:
        begin = first + short[0] * WEEK
        absent = CalendarException(begin, begin + timedelta(days=4), short[1], "away")
        resources = tuple(
            replace(r, exceptions=(absent,)) if r.name == "crew" else r for r in calendar.resources
        )
        calendar = replace(calendar, resources=resources)
    found = small(estate, asked=replace(EARLY, calendar=calendar))
    assert found.violations == ()
    _, _, today = resealed(estate, a_facility(), replace(a_plan(), calendar=calendar))
    count = len(moved(found))
    assert found.at_least <= count
    if found.is_fewest:
        assert found.at_least == count
    if count:
        ignored = {
            "ROOM",
            "EVIDENCE",
        }  # what becomes of rooms is written down in the small plan, not worked out
        fewer = (way for way in ways(count - 1))
        for way in fewer:
            codes = {v.code for v in check(estate, a_facility(), by_weeks(today, way))}
            assert not codes <= ignored, f"{way} would do, {moved(found)} moved"


# --- a region ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def region() -> tuple[Estate, Plan]:
    return planned_region(seed=3, servers=40)


@pytest.mark.parametrize("times", [1.0, 1.3])
def test_a_region_under_way_is_replanned_and_every_rule_holds(
    region: tuple[Estate, Plan], times: float
) -> None:
    estate, plan = region
    facility = read_facility(default_text())
    until = sorted(wave.end for wave in plan.waves)[len(plan.waves) // 2]
    done = [s.id for s in plan.steps if s.end <= until and s.kind in {"replicate", "cutover", "relocate"}]
    runs = [a_run(plan, name, times) for name in done]
    found = replan(estate, facility, plan, SETTINGS, runs, Asked(percentile=60))
    assert check(estate, facility, found.plan) == found.violations == ()
    assert found.over == len(done)
    old, new = steps_of(plan), steps_of(found.plan)
    changed = {name for name in old if name not in new or old[name] != new[name]}
    if times == 1.0:
        assert not changed
    assert all(old[name].start == new[name].start for name in done)
    off = moved(found)
    told = {own.step for own in (*found.steps, *found.longer)} | set(found.gone)
    for name in changed:
        step = old[name]
        after = new.get(name)
        dates = after is None or (after.start, after.end) != (step.start, step.end)
        assert not dates or step.group in off or name in told or name in {u.name for u in found.undated}
    again = replan(estate, facility, plan, SETTINGS, runs, Asked(percentile=60))
    assert again.plan.content_hash == found.plan.content_hash


# --- plans that were wrong before -------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", CASES[::16], ids=lambda broken: f"{broken.code}: {broken.title}")
def test_a_broken_plan_gets_an_answer_that_the_checker_confirms_or_an_error(broken: Broken) -> None:
    estate, facility, plan = broken.world()
    try:
        found = replan(estate, facility, plan, SETTINGS, (), Asked(since=plan.calendar.start))
    except InputError:
        return  # refused in words; anything else fails here
    assert found.violations == check(estate, facility, found.plan)
