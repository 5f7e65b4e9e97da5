"""The shared core: all lines together within its rate, counted anew; unknown is listed, not passed over."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, a_facility, an_estate
from random_worlds import estates

from capacity.plan import Plan
from capacity.planner import plan
from capacity.verify import check
from inventory.estate import Estate


def copied_mbps(found: Plan) -> list[float]:
    """What copies take of all circuits together, at the start of each."""
    uses = [use for step in found.steps for use in step.uses if use.resource.startswith("circuit:")]
    return [sum(u.amount for u in uses if u.start <= moment < u.end) for moment in {u.start for u in uses}]


@given(estate=estates(), core_mbps=st.sampled_from([3.0, 60.0, 400.0]))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_checker_accepts_every_plan_over_a_small_core(estate: Estate, core_mbps: float) -> None:
    found = plan(estate, a_facility(), a_calendar(core_mbps=core_mbps))
    assert not [f"{v.code} {v.message}" for v in check(estate, a_facility(), found)]
    assert all(rate <= core_mbps / 2 + 1e-6 for rate in copied_mbps(found))


def test_a_smaller_core_copies_slower() -> None:
    def longest(core_mbps: float | None) -> float:
        found = plan(an_estate(), a_facility(), a_calendar(core_mbps=core_mbps))
        return max((s.end - s.start).total_seconds() for s in found.steps if s.kind == "replicate")

    # Copies take half of it at most: 1 Mbit in 100 of the line's 500.
    assert longest(200.0) > longest(1000.0) >= longest(None)


def test_an_unknown_core_is_said_not_to_be_proven() -> None:
    unknown = plan(an_estate(), a_facility(), a_calendar())
    known = plan(an_estate(), a_facility(), a_calendar(core_mbps=1000.0))
    (said,) = [a for a in unknown.evidence.assumptions if a.name == "calendar.core_mbps"]
    assert said.value == "unknown"
    assert "not proven" in said.note
    assert not [a for a in known.evidence.assumptions if a.name == "calendar.core_mbps"]
