"""Replanning ends with a proven plan, and dates for all that has one: whatever is late, and however many dates fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from plan_builders import a_facility, a_plan, an_estate, at, device
from planned_region import planned_region
from replan_worlds import EARLY, SETTINGS, WEEK, a_limit, a_run, by_weeks, moved, small, steps_of, with_limits

from capacity.calendar import Calendar, CalendarException, Care
from capacity.facility_file import default_text, read_facility
from capacity.plan import Plan, Step, sealed
from capacity.replan import Asked, replan
from capacity.uncertainty.measured import CARRIED
from capacity.verify import check
from inventory.estate import Estate

STANDING_BY = Care(
    audit_minutes=0.0,
    rehearsal_minutes=0.0,
    rehearsal_criticality=0,
    rehearsal_days=30,
    hypercare_hours=2.0,
    hypercare_engineers=3.0,
    hypercare_within_hours=12.0,
)
BACK = at(7, 1)


@pytest.fixture(scope="module")
def region() -> tuple[Estate, Plan]:
    return planned_region(seed=1, servers=100)


def too_few_until(back: datetime) -> Calendar:
    """Three stand by after each night, and one of the three engineers is away until a day."""
    calendar = a_plan().calendar
    away = CalendarException(at(2, 20), back, 2.0, "on leave")
    resources = tuple(
        replace(r, exceptions=(away,)) if r.name == "engineer" else r for r in calendar.resources
    )
    return replace(calendar, resources=resources, care=STANDING_BY)


# --- what has not begun ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.4, 0.8, 1.0])
def test_whatever_has_not_begun_by_a_day_gets_other_dates(region: tuple[Estate, Plan], share: float) -> None:
    """Rehearsals on copies that are not there yet, and what moves with something that has not moved, among it."""
    estate, plan = region
    facility = read_facility(default_text())
    nights = sorted(step.start for step in plan.steps if step.kind == "cutover")
    day = nights[round(share * (len(nights) - 1))] + timedelta(hours=1)
    found = replan(estate, facility, plan, SETTINGS, (), Asked(since=day))
    assert found.violations == check(estate, facility, found.plan) == ()
    assert found.undated == ()
    assert 0 < found.at_least <= len(moved(found))
    new = steps_of(found.plan)
    begun: dict[str | None, set[bool]] = {}
    for step in new.values():
        if step.kind in CARRIED:
            assert step.start >= day or step.end > day  # to come, or running
        if step.kind in {"cutover", "relocate"}:
            begun.setdefault(step.group, set()).add(step.start < day)
    assert all(len(own) == 1 for own in begun.values())


def test_a_group_is_rehearsed_again_when_its_rehearsal_has_grown_too_old(
    region: tuple[Estate, Plan],
) -> None:
    estate, plan = region
    rehearsed = {step.group: step for step in plan.steps if step.kind == "rehearsal"}
    cutover = min(
        (s for s in plan.steps if s.group in rehearsed and s.kind == "cutover"), key=lambda s: (s.start, s.id)
    )
    done = [a_run(plan, s.id, 1.0) for s in plan.steps if s.kind == "replicate" and s.end <= cutover.start]
    assert plan.calendar.care is not None
    late = cutover.end + timedelta(days=plan.calendar.care.rehearsal_days + 1)
    found = replan(estate, read_facility(default_text()), plan, SETTINGS, done, Asked(since=late))
    assert found.violations == ()
    assert cutover.group in {own.group for own in found.groups}
    first = rehearsed[cutover.group]
    held = sorted(
        (s for s in found.plan.steps if s.kind == "rehearsal" and s.group == cutover.group),
        key=lambda s: s.start,
    )
    assert (held[0].start, held[0].end) == (first.start, first.end)
    assert [own.step for own in found.steps if own.start is None and own.kind == "rehearsal"]
    again = replan(estate, read_facility(default_text()), found.plan, SETTINGS, done, Asked(since=late))
    assert not again.groups


def test_clearing_that_is_over_does_not_break_the_way_back_of_what_ended_late() -> None:
    """Without a day what no run recorded is taken to have gone by its dates, also what cleared a source."""
    plan = a_plan()
    until = at(4, 12, 9)
    steps = tuple(replace(s, rollback_deadline=until) if s.id == "cut-1" else s for s in plan.steps)
    plan = sealed(replace(plan, steps=steps))
    found = small(
        an_estate(), a_run(plan, "cut-1", 2.0), a_run(plan, "retire-7", 1.0), asked=Asked(), plan=plan
    )
    assert found.violations == ()
    assert steps_of(found.plan)["cut-1"].rollback_deadline == until


# --- longer work -----------------------------------------------------------------------------------------------------


def test_a_relocation_that_may_not_last_longer_gets_more_hands() -> None:
    plan = by_weeks(a_plan(), {"G3": 5})
    closed = at(4, 25, 12)
    estate = with_limits(a_limit("freeze", device(10), closed, closed + timedelta(hours=8)))
    found = small(estate, a_run(plan, "move-2", 1.3), asked=Asked(), plan=plan)
    assert found.factors["relocate"] > 1.0
    old, new = steps_of(plan)["move-3"], steps_of(found.plan)["move-3"]
    assert (new.start, new.end) == (old.start, old.end)
    hands = {use.resource: use.amount for use in new.uses}
    assert hands == {"crew": 2.0, "van": 1.0, "dock": 1.0}
    assert "G3" not in moved(found)
    # What is driven takes as long as was measured whatever the hands; the rest is done by twice as many.
    work = plan.calendar.work
    minutes = work.transport_minutes + len(new.moves) * work.relocate_minutes / hands["crew"]
    assert minutes * found.factors["relocate"] <= (new.end - new.start).total_seconds() / 60


# --- many dates that fail --------------------------------------------------------------------------------------------


def test_a_date_is_found_after_months_on_which_nobody_can_stand_by() -> None:
    found = small(an_estate(), asked=replace(EARLY, calendar=too_few_until(BACK)))
    assert found.violations == ()
    assert found.undated == ()
    assert moved(found) == {"G1", "G2", "G3"}
    assert all(own.new_start >= BACK for own in found.groups)
    assert {why.rule for own in found.groups for why in own.whys} == {"HYPERCARE"}


def test_who_never_finds_anyone_to_stand_by_is_left_undated_with_that_reason() -> None:
    found = small(an_estate(), asked=replace(EARLY, calendar=too_few_until(at(12, 31))))
    assert found.violations == ()
    assert {own.name for own in found.undated} == {"G1", "G2", "G3"}
    assert all("nobody is free to stand by" in own.why.text for own in found.undated)
    assert not [s for s in found.plan.steps if s.kind in {"cutover", "relocate"}]


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_when_rounds_run_short_the_answer_is_still_proven(
    monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    monkeypatch.setattr("capacity.replan.ROUNDS", rounds)
    found = small(an_estate(), asked=replace(EARLY, calendar=too_few_until(BACK)))
    assert found.violations == check(an_estate(), a_facility(), found.plan) == ()
    assert {own.name for own in found.undated} == {"G1", "G2", "G3"}
    assert all(own.why.rule == "HYPERCARE" for own in found.undated)


def test_a_group_that_moves_into_an_earlier_wave_has_its_site_audited_before_that_is_frozen(
    region: tuple[Estate, Plan],
) -> None:
    """Audits that are to come are brought forward where groups now leave sooner."""
    estate, plan = region
    facility = read_facility(default_text())
    last = max((s for s in plan.steps if s.kind in {"cutover", "relocate"}), key=lambda s: (s.start, s.id))
    group = next(g for g in plan.groups if g.id == last.group)
    begin = plan.calendar.start + 2 * WEEK
    limits = tuple(
        a_limit("pin", ref, begin, begin + 6 * WEEK, 900 + n) for n, ref in enumerate(group.assets)
    )
    pinned = replace(estate, constraints=(*estate.constraints, *limits))
    found = replan(_sealed(pinned), facility, plan, SETTINGS, (), Asked(since=plan.calendar.start))
    assert found.violations == ()
    audits = {s.site_id: s for s in found.plan.steps if s.kind == "audit"}
    frozen = {w.number: w.frozen_on for w in found.plan.waves}
    for step in _moving(found.plan):
        for move in step.moves:
            assert move.source is not None
            assert step.wave is not None
            assert audits[move.source.site_id].end <= frozen[step.wave]


def _moving(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if step.kind in {"cutover", "relocate"}]


def _sealed(estate: Estate) -> Estate:
    from inventory.estate import sealed as sealed_estate

    return sealed_estate(estate)
