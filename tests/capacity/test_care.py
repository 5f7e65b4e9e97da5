"""Audits, rehearsals and hypercare around moves: what plans of random estates promise, and what it costs them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, a_facility, an_estate
from random_worlds import estates

from capacity.calendar import Care
from capacity.plan import Plan
from capacity.planner import plan
from capacity.verify import check
from inventory.estate import Estate
from inventory.estate import sealed as sealed_estate

CARE = Care(120.0, 240.0, 1, 14, 8.0, 1.0, 48.0)
TOUCHING = {"cutover", "relocate"}


def critical(estate: Estate) -> Estate:
    applications = tuple(replace(a, criticality=a.id) for a in estate.applications)
    return sealed_estate(replace(estate, applications=applications))


def cared(estate: Estate, care: Care = CARE, **calendar: object) -> Plan:
    return plan(estate, a_facility(), a_calendar(care=care, **calendar))


def of_kind(found: Plan, kind: str) -> list:
    return [step for step in found.steps if step.kind == kind]


@given(estate=estates(), hours=st.sampled_from([0.0, 4.0, 30.0]))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_checker_accepts_every_plan_with_care(estate: Estate, hours: float) -> None:
    estate = critical(estate)
    found = cared(estate, replace(CARE, hypercare_hours=hours))
    assert not [f"{v.code} {v.message}" for v in check(estate, a_facility(), found)]


def test_each_site_is_walked_through_before_its_first_wave_is_frozen() -> None:
    found = cared(critical(an_estate()))
    frozen = {wave.number: wave.frozen_on for wave in found.waves}
    audits = {step.site_id: step for step in of_kind(found, "audit")}
    sites = {m.source.site_id for s in found.steps if s.kind in TOUCHING for m in s.moves if m.source}
    assert audits.keys() == sites
    assert all(step.end <= frozen[step.wave] for step in audits.values())


def test_the_most_critical_is_rehearsed_on_its_copy_before_it_is_cut_over() -> None:
    found = cared(critical(an_estate()))
    (rehearsal,) = of_kind(found, "rehearsal")
    group = [step for step in found.steps if step.group == rehearsal.group]
    assert all(step.end <= rehearsal.start for step in group if step.kind == "replicate")
    first = min(step.start for step in group if step.kind in TOUCHING)
    assert first - timedelta(days=14) <= rehearsal.start < rehearsal.end <= first - timedelta(hours=24)


def test_people_stand_by_after_every_night() -> None:
    found = cared(critical(an_estate()))
    nights = {step.start.date() for step in found.steps if step.kind in TOUCHING}
    assert nights
    for night in nights:
        end = max(s.end for s in found.steps if s.kind in TOUCHING and s.start.date() == night)
        assert any(end <= s.start <= end + timedelta(hours=48) for s in of_kind(found, "hypercare"))


def test_without_anyone_to_stand_by_nothing_moves_and_the_reason_is_said() -> None:
    estate = critical(an_estate())
    found = cared(estate, replace(CARE, hypercare_engineers=99.0))
    assert not [step for step in found.steps if step.kind in TOUCHING]
    assert any("stand by" in lack.explanation for entry in found.unplaced for lack in entry.lacks)
    assert check(estate, a_facility(), found) == ()
