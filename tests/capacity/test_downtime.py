"""An application whose parts move in several groups is never down for longer than its budget without a break."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, a_facility, an_estate, device, machine
from random_worlds import estates

from capacity.plan import Plan
from capacity.planner import plan
from capacity.verify import check
from inventory.estate import Application, ApplicationMember, Constraint, Estate, Ref
from inventory.estate import sealed as sealed_estate

SIGNALS = 9


def in_two_groups(budget: int, *parts: Ref) -> Estate:
    """An application of parts that a person keeps in different move groups."""
    estate = an_estate()
    application = Application(SIGNALS, "Signals", "signals", tenant_id=1, downtime_budget_minutes=budget)
    return sealed_estate(
        replace(
            estate,
            applications=(*estate.applications, application),
            application_members=(
                *estate.application_members,
                *(ApplicationMember(SIGNALS, part) for part in parts),
            ),
            constraints=(*estate.constraints, Constraint(30, "apart", "not at once", parts, scope="group")),
            flows=tuple(f for f in estate.flows if not {f.source, f.target} & set(parts)),
        )
    )


def longest_minutes(found: Plan, parts: set[Ref]) -> float:
    """The longest time without a break in which steps touch one of the assets."""
    spans = sorted(
        (step.start, step.end)
        for step in found.steps
        if step.kind in {"cutover", "relocate"} and parts & {move.asset for move in step.moves}
    )
    longest, (since, until) = 0.0, spans[0]
    for start, end in spans:
        since, until = (since, max(until, end)) if start <= until else (start, end)
        longest = max(longest, (until - since).total_seconds() / 60)
    return longest


@pytest.mark.parametrize("budget", [240, 270])
def test_groups_of_one_application_leave_it_time_to_come_up(budget: int) -> None:
    parts = (device(5), machine(3))
    estate = in_two_groups(budget, *parts)
    found = plan(estate, a_facility(), a_calendar())

    assert not {u.asset for u in found.unplaced} & set(parts)
    assert len({s.group for s in found.steps if set(parts) & {m.asset for m in s.moves}}) == 2
    assert 0 < longest_minutes(found, set(parts)) <= budget
    assert check(estate, a_facility(), found) == ()


@given(estate=estates(), first=st.sampled_from([90, 150, 240]), second=st.sampled_from([60, 120, None]))
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_plan_keeps_an_application_down_for_longer_than_it_may(
    estate: Estate, first: int, second: int | None
) -> None:
    budgets = (first, second)
    applications = tuple(
        replace(a, downtime_budget_minutes=b) for a, b in zip(estate.applications, budgets, strict=True)
    )
    estate = sealed_estate(replace(estate, applications=applications))

    assert check(estate, a_facility(), plan(estate, a_facility(), a_calendar())) == ()
