"""Copies outrun what changes meanwhile or go by truck: the formula against its series, plans against the checker."""

from __future__ import annotations

from dataclasses import replace

import pytest
from copy_cases import TARGET, a_busy_calendar, over_a_line, step_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, a_facility, an_estate, at, machine
from random_worlds import estates

from capacity.planner import plan
from capacity.resources import assumed_change_mbps, catching_up_seconds
from capacity.verify import check
from inventory.estate import Estate, Observation
from inventory.estate import sealed as sealed_estate


@given(st.floats(1, 1e8), st.floats(1, 1e5), st.floats(0, 0.9))
def test_catching_up_takes_as_long_as_all_passes_together(used_mb: float, rate: float, share: float) -> None:
    passes, megabits = 0.0, used_mb * 8
    for _ in range(400):
        seconds = megabits / rate
        passes += seconds
        megabits = seconds * rate * share
    assert catching_up_seconds(used_mb, rate, rate * share) == pytest.approx(passes)


def test_what_changes_as_fast_as_it_is_copied_is_never_there() -> None:
    assert catching_up_seconds(1.0, 5.0, 5.0) == float("inf")
    assert catching_up_seconds(0.0, 5.0, 9.0) == 0.0


def test_a_share_of_a_disk_a_day_is_a_rate() -> None:
    assert assumed_change_mbps(86_400, 0.5) * 86_400 == pytest.approx(86_400 * 8 / 2)


@given(estate=estates(), appliances=st.integers(0, 2), share=st.sampled_from([0.02, 0.3, 4.0]))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_checker_accepts_every_plan_with_changes(estate: Estate, appliances: int, share: float) -> None:
    calendar = a_busy_calendar(appliances=float(appliances), change_share_per_day=share)
    facility = a_facility()
    violations = check(estate, facility, plan(estate, facility, calendar))
    assert not violations, [f"{v.code} {v.message}" for v in violations[:5]]


def test_the_line_stays_held_for_changes_until_the_cutover_is_over() -> None:
    found = plan(over_a_line(1000.0), TARGET, a_busy_calendar())
    copy, cutover = step_of(found, "replicate"), step_of(found, "cutover")
    after = [use for use in copy.uses if use.start == copy.end]
    assert [use.end for use in after] == [cutover.end]
    assert after[0].amount == pytest.approx(5_000_000 * 8 * 0.05 / 86_400)


def test_a_copy_that_must_be_fresher_holds_more_of_the_line() -> None:
    found = plan(over_a_line(1000.0, rpo_minutes=6), TARGET, a_busy_calendar())
    copy = step_of(found, "replicate")
    (after,) = [use for use in copy.uses if use.start == copy.end]
    # Sent every 5 minutes: what changed has a minute to pass in, so it needs five times its own rate.
    assert after.amount == pytest.approx(5 * 5_000_000 * 8 * 0.05 / 86_400)


def test_what_may_lose_less_than_changes_wait_stays_and_says_so() -> None:
    (entry,) = plan(over_a_line(1000.0, rpo_minutes=5), TARGET, a_busy_calendar(appliances=0)).unplaced
    (lack,) = entry.lacks
    assert (lack.dimension, lack.needs, lack.available) == ("rpo_minutes", 5.0, 5.0)


def test_what_a_line_copies_too_late_goes_by_truck_and_says_so() -> None:
    estate = over_a_line(3.0)
    found = plan(estate, TARGET, a_busy_calendar(change_share_per_day=0.001))
    copy = step_of(found, "replicate")
    assert copy.by == "truck"
    assert {use.resource for use in copy.uses} >= {"appliance", "van", "crew", "circuit:1"}
    assert step_of(found, "cutover").by == ""
    assert "go by truck" in found.groups[0].reason
    assert check(estate, TARGET, found) == ()


@pytest.mark.parametrize("rate_mbps", [None, 1.0])
def test_what_no_line_keeps_up_with_goes_by_truck_twice(rate_mbps: float | None) -> None:
    estate = over_a_line(rate_mbps)
    found = plan(estate, TARGET, a_busy_calendar())
    copy, cutover = step_of(found, "replicate"), step_of(found, "cutover")
    assert (copy.by, cutover.by) == ("truck", "truck")
    assert not any(use.resource.startswith("circuit:") for step in (copy, cutover) for use in step.uses)
    changed_mb = 5_000_000 * 0.05 * (cutover.start - copy.start).total_seconds() / 86_400
    filled_and_emptied = 2 * changed_mb * 8 / 1000 / 60
    minutes = (cutover.end - cutover.start).total_seconds() / 60
    assert minutes >= filled_and_emptied + a_calendar().work.transport_minutes
    assert check(estate, TARGET, found) == ()


def test_without_appliances_it_stays_and_a_faster_line_is_named() -> None:
    (entry,) = plan(over_a_line(1.0), TARGET, a_busy_calendar(appliances=0)).unplaced
    assert "none ever catches up" in entry.lacks[0].explanation
    assert entry.change is not None
    (limit,) = entry.change.limits
    enough = 1.0 + limit.by
    assert not plan(over_a_line(enough + 0.05), TARGET, a_busy_calendar(appliances=0)).unplaced
    assert plan(over_a_line(enough - 0.05), TARGET, a_busy_calendar(appliances=0)).unplaced


def test_an_observed_change_rate_comes_before_the_assumed_share() -> None:
    base = an_estate()
    seen = Observation(90, machine(5), "change_rate_mbps", 7.0, "Mbit/s", "measured", "p95", at(1, 1))
    estate = sealed_estate(replace(base, observations=(*base.observations, seen)))
    found = plan(estate, a_facility(), a_busy_calendar())
    demand = next(d for d in found.demands if d.asset == machine(5))
    assert demand.quantities["change_rate_mbps"].rule == "change_rate.observed"
    (copy,) = [s for s in found.steps if s.kind == "replicate" and machine(5) in {m.asset for m in s.moves}]
    (after,) = [use for use in copy.uses if use.start == copy.end]
    others = sum(m.asset != machine(5) for m in copy.moves)
    assert others or after.amount == pytest.approx(7.0)
    assert after.amount >= 7.0
    assert check(estate, a_facility(), found) == ()
