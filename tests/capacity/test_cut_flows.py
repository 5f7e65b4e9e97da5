"""Flows that a plan cuts: from when until when, whether they and the lines stand it; by hand, and moment by moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from plan_builders import a_calendar, a_facility, a_plan, an_estate, at, device, machine
from random_worlds import estates

from capacity.belonging import Belonging
from capacity.plan import MoveGroup, Plan
from capacity.planner import plan
from capacity.timetable.cut_flows import CutFlow, cut_flows
from capacity.timetable.group_ties import GroupTie, group_ties
from capacity.timetable.move_groups import FlowEnds
from inventory.estate import Circuit, Estate, Flow, Ref


def by_flow(estate: Estate, made: Plan) -> dict[int, CutFlow]:
    """All flows of the estate as cut by a plan of which every group is said to cut all of them."""
    everything = tuple(flow.id for flow in estate.flows)
    groups = tuple(replace(group, cut_flows=everything) for group in made.groups)
    found = cut_flows(estate, replace(made, groups=groups))
    return {cut.flow.id: cut for flows in found.values() for cut in flows}


def with_flows(*flows: Flow, **changes: object) -> Estate:
    return an_estate(flows=flows, **changes)


def test_a_flow_is_cut_from_the_first_arrival_until_the_last() -> None:
    """vm-1 arrives on 13 March at midnight, the signal's relocation ends a week later at four."""
    flow = Flow(1, machine(1), device(5), rate_mbps=30.0, latency_ms=20.0)
    (cut,) = by_flow(with_flows(flow), a_plan()).values()
    assert (cut.since, cut.until) == (at(3, 14), at(3, 21, 4) - timedelta(hours=6))
    assert cut.days == pytest.approx(7 - 2 / 24)
    assert (cut.source, cut.target) == ("vm-1", "signal")
    assert (cut.crosses_today, cut.is_for_good, cut.stands_latency) == (False, False, True)


def test_a_flow_whose_other_end_stays_is_cut_for_good_and_says_by_whom() -> None:
    flow = Flow(1, machine(1), device(8), rate_mbps=30.0)
    (cut,) = by_flow(with_flows(flow), a_plan()).values()
    assert (cut.since, cut.until, cut.staying) == (at(3, 14), None, (device(8),))
    assert (cut.is_for_good, cut.days, cut.stands_latency) == (True, None, None)


def test_a_flow_between_sites_crosses_already_until_both_ends_have_moved() -> None:
    flow = Flow(1, machine(1), device(10), rate_mbps=30.0)
    (cut,) = by_flow(with_flows(flow), a_plan()).values()
    assert (cut.crosses_today, cut.since, cut.days) == (True, None, None)
    assert cut.until is not None
    assert not cut.is_for_good


def test_a_flow_within_one_step_is_not_cut() -> None:
    flow = Flow(1, machine(1), machine(2), rate_mbps=30.0)
    (cut,) = by_flow(with_flows(flow), a_plan()).values()
    assert (cut.is_parted, cut.days, cut.is_carried) == (False, 0.0, True)


def test_what_a_line_leaves_is_its_rate_less_all_else_that_crosses() -> None:
    one = Flow(1, machine(1), device(5), rate_mbps=30.0)
    other = Flow(2, machine(2), device(5), rate_mbps=50.0)
    lines = (Circuit(1, "IRIS-1", 1, rate_mbps=75.0, site_ids=(1,)), an_estate().circuits[1])
    cut = by_flow(with_flows(one, other, circuits=lines), a_plan())
    assert (cut[1].left_mbps, cut[1].narrowest, cut[1].is_carried) == (25.0, "Depot", False)
    assert (cut[2].left_mbps, cut[2].is_carried) == (45.0, False)


def test_unknown_rates_and_lines_leave_the_question_open() -> None:
    unknown = Flow(1, machine(1), device(5))
    (cut,) = by_flow(with_flows(unknown), a_plan()).values()
    assert (cut.left_mbps, cut.is_carried) == (1000.0, None)
    flow = Flow(1, machine(1), device(5), rate_mbps=1.0)
    (cut,) = by_flow(with_flows(flow, circuits=()), a_plan()).values()
    assert (cut.left_mbps, cut.is_carried) == (None, None)


@given(estate=estates())
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_it_says_what_looking_at_every_moment_says(estate: Estate) -> None:
    made = plan(estate, a_facility(), a_calendar())
    moments = sorted({moment for step in made.steps for moment in (step.start, step.end)})
    belonging = Belonging(estate)
    gone = {d.asset for d in made.decisions if d.strategy == "retire"}
    move = {
        m.asset: (step.start, step.end)
        for step in made.steps
        if step.kind in ("cutover", "relocate")
        for m in step.moves
    }

    def place(ref: Ref, moment: datetime) -> int | None:
        if ref not in move or moment < move[ref][0]:
            return belonging.site_of(ref)
        return -1 if moment >= move[ref][1] else None

    for flow, *ends in FlowEnds(estate).flows:
        crossing = []
        for moment in moments:
            sides = [
                {place(a, moment) for a in end if a not in gone and belonging.site_of(a) is not None} - {None}
                for end in ends
            ]
            crossing.append(any(a != b for a in sides[0] for b in sides[1]))
        found = by_flow(estate, made).get(flow.id)
        if found is None:
            assert not made.groups
            continue
        assert found.is_parted == any(crossing)
        assert found.is_for_good == crossing[-1]
        if found.since is not None:
            assert found.since == next(m for m, is_cut in zip(moments, crossing, strict=True) if is_cut)


def test_the_ties_of_a_group_are_told_the_must_first() -> None:
    estate = an_estate()
    group = MoveGroup("G1", "all", tuple(machine(n) for n in (1, 2, 3, 4)), "drawn", (), 1)
    found = group_ties(estate, replace(a_plan(), groups=(group,)))["G1"]
    assert found[0].weight_mbps is None
    assert GroupTie("together: batch", None) in found
    assert [tie for tie in found if tie.text == "flow 2 of 100 Mbit/s"] == [
        GroupTie("flow 2 of 100 Mbit/s", 100.0)
    ]
    weights = [tie.weight_mbps for tie in found if tie.weight_mbps is not None]
    assert weights == sorted(weights, reverse=True)
