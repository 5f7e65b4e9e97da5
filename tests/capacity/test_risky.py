"""No tenant has two risky moves at once: plans of random estates, counted pair by pair."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, a_facility
from random_worlds import estates

from capacity.plan import Plan
from capacity.planner import plan
from capacity.verify import check
from inventory.estate import Estate, Ref
from inventory.estate import sealed as sealed_estate


def critical(estate: Estate, first: int | None, second: int | None) -> Estate:
    """The two applications with a criticality each."""
    classes = (first, second)
    return sealed_estate(
        replace(
            estate,
            applications=tuple(
                replace(a, criticality=c) for a, c in zip(estate.applications, classes, strict=True)
            ),
        )
    )


def moves_of(found: Plan, members: set[Ref]) -> dict[str | None, list]:
    """Steps by group that touch one of the assets."""
    moves: dict[str | None, list] = {}
    for step in found.steps:
        if step.kind in {"cutover", "relocate"} and members & {move.asset for move in step.moves}:
            moves.setdefault(step.group, []).append(step)
    return moves


@given(estate=estates(), second=st.sampled_from([None, 1, 2, 3]))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_groups_of_a_tenants_critical_applications_move_one_after_another(
    estate: Estate, second: int | None
) -> None:
    estate = critical(estate, 1, second)
    found = plan(estate, a_facility(), a_calendar(risky_criticality=2))

    is_risky = {1: True, 2: second in {1, 2}}
    members = {
        m.object for m in estate.application_members if is_risky[m.application_id]
    }  # both of one tenant
    for one, other in combinations(moves_of(found, members).values(), 2):
        assert all(a.end <= b.start or b.end <= a.start for a in one for b in other)
    assert check(estate, a_facility(), found) == ()
