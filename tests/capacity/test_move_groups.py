"""Move groups: who goes with whom, what is never parted, what a person says, and what holds a group together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, an_estate, at, device, machine
from random_worlds import estates

from capacity.belonging import Belonging
from capacity.calendar import Calendar, Grouping
from capacity.timetable.move_groups import FlowEnds, Group, halves, tight_flows
from capacity.timetable.move_groups_forming import form
from capacity.timetable.move_groups_hard import parts_of
from capacity.timetable.windows import Windows
from inventory.errors import InputError
from inventory.estate import (
    Application,
    ApplicationMember,
    ChangeWindow,
    Cluster,
    Constraint,
    Estate,
    Flow,
    Ref,
    SpecialNeed,
    VirtualMachine,
)


def formed(estate: Estate, calendar: Calendar | None = None, **grouping: float) -> tuple[Group, ...]:
    """The groups when every asset of known site moves."""
    calendar = calendar or a_calendar()
    if grouping:
        calendar = replace(calendar, grouping=Grouping(**grouping))  # type: ignore[arg-type]
    sites = {ref: Belonging(estate).site_of(ref) for ref in estate.assets()}
    known = {ref: site for ref, site in sites.items() if site is not None}
    ends = FlowEnds(estate)
    tight = tight_flows(ends, known, calendar.intersite_latency_ms)
    return form(estate, known, ends, tight, Windows(estate, calendar))


def a_site_of(machines: int, **changes: object) -> Estate:
    """So many equal machines at the depot, in no application, cluster or flow unless the changes say so."""
    rows = tuple(VirtualMachine(n, f"vm-{n}", site_id=1) for n in range(1, machines + 1))
    bare = dict.fromkeys(
        ("flows", "constraints", "application_members", "devices", "change_windows", "special_needs"), ()
    )
    return replace(an_estate(), **{**bare, "virtual_machines": rows, **changes})  # type: ignore[arg-type]


def together(groups: tuple[Group, ...], *refs: Ref) -> bool:
    return len({group.id for group in groups for ref in refs if ref in group.assets}) == 1


def group_of(groups: tuple[Group, ...], ref: Ref) -> Group:
    return next(group for group in groups if ref in group.assets)


@given(estate=estates(), most=st.integers(1, 12))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_everybody_is_in_one_group_hard_ties_hold_and_groups_are_small(estate: Estate, most: int) -> None:
    groups = formed(estate, max_assets=most)

    moving = {ref for ref in estate.assets() if Belonging(estate).site_of(ref) is not None}
    assert Counter(ref for group in groups for ref in group.assets) == Counter(moving)
    for constraint in estate.constraints:
        if constraint.kind == "together":
            there = [ref for ref in constraint.members if ref in moving]
            assert not there or together(groups, *there)
    for group in groups:
        assert sorted(ref for part in group.parts for ref in part) == list(group.assets)
        assert len(group.assets) <= most or len(group.parts) == 1
    assert formed(estate, max_assets=most) == groups


@given(estate=estates())
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_parts_with_different_windows_share_a_group_only_where_the_windows_meet(estate: Estate) -> None:
    windows = Windows(estate, a_calendar())
    for group in formed(estate):
        keys = {tuple(windows.of_all(part)) for part in group.parts}
        longest = max((end - begin for begin, end in windows.of_all(group.assets)), default=0)
        assert len(keys) == 1 or longest * 15 >= Grouping().common_window_minutes


def test_of_too_many_the_heavy_flows_stay_whole() -> None:
    pairs = [(n, n + 1) for n in range(1, 40, 2)]
    heavy = [Flow(n, machine(a), machine(b), rate_mbps=200.0) for n, (a, b) in enumerate(pairs, 1)]
    light = [
        Flow(100 + n, machine(b), machine(b + 1), rate_mbps=1.0) for n, (_, b) in enumerate(pairs[:-1], 1)
    ]
    groups = formed(a_site_of(40, flows=(*heavy, *light)), max_assets=6)
    assert all(together(groups, machine(a), machine(b)) for a, b in pairs)
    assert max(len(group.assets) for group in groups) <= 6


def test_a_flow_that_bears_little_distance_holds_more_than_one_that_bears_much() -> None:
    near = Flow(1, machine(1), machine(2), rate_mbps=5.0, latency_ms=2.5)
    far = Flow(2, machine(2), machine(3), rate_mbps=5.0, latency_ms=150.0)
    groups = formed(a_site_of(3, flows=(far, near)), max_assets=2)
    assert together(groups, machine(1), machine(2))
    assert "flow 1 of 5 Mbit/s" in group_of(groups, machine(1)).reason


def test_members_of_an_application_go_together_and_the_reason_says_so() -> None:
    application = Application(1, "Payroll", "payroll")
    members = tuple(ApplicationMember(1, machine(n)) for n in (1, 5, 9))
    groups = formed(a_site_of(9, applications=(application,), application_members=members), max_assets=3)
    assert together(groups, machine(1), machine(5), machine(9))
    assert group_of(groups, machine(1)).reason == "application Payroll"


def test_a_shared_service_goes_with_who_asks_it_most_and_is_not_filled_up() -> None:
    service = Application(1, "Directory", "directory", is_shared_service=True)
    members = (ApplicationMember(1, machine(1)),)
    asks = tuple(Flow(n, machine(n), Ref("applications", 1), rate_mbps=n) for n in (2, 3, 4))
    groups = formed(
        a_site_of(9, applications=(service,), application_members=members, flows=asks), max_assets=3
    )
    assert [g.assets for g in groups if g.is_shared_service] == [(machine(1), machine(3), machine(4))]


def test_groups_with_a_shared_service_are_not_filled_up_with_others() -> None:
    service = Application(1, "Directory", "directory", is_shared_service=True)
    members = tuple(ApplicationMember(1, machine(n)) for n in (1, 2))
    groups = formed(a_site_of(6, applications=(service,), application_members=members))
    assert [group.assets for group in groups if group.is_shared_service] == [(machine(1), machine(2))]


@pytest.mark.parametrize("shared", ["cluster", "licence"])
def test_what_shares_a_cluster_or_a_licence_goes_together(shared: str) -> None:
    odd = (1, 3, 5)
    estate = a_site_of(6)
    if shared == "cluster":
        rows = tuple(replace(row, cluster_id=7 if row.id in odd else None) for row in estate.virtual_machines)
        estate = replace(estate, virtual_machines=rows, clusters=(Cluster(7, "blue"),))
    else:
        needs = tuple(SpecialNeed(n, machine(n), "licence", "server A") for n in odd)
        estate = replace(estate, special_needs=needs)
    groups = formed(estate, max_assets=3, cluster_mbps=2.0)
    assert together(groups, *map(machine, odd))
    assert (
        group_of(groups, machine(1)).reason
        == {"cluster": "cluster blue", "licence": "licence server A"}[shared]
    )


def test_what_hard_ties_alone_make_too_large_is_one_group_and_holds_nobody_else() -> None:
    tie = Constraint(1, "together", "one service", tuple(map(machine, range(1, 7))), scope="group")
    groups = formed(a_site_of(9, constraints=(tie,)), max_assets=4)
    assert group_of(groups, machine(1)).assets == tie.members
    assert group_of(groups, machine(1)).reason == "together: one service"


def test_applications_without_a_common_window_never_share_a_group() -> None:
    names = tuple(Application(n, f"a{n}", f"a{n}") for n in (1, 2))
    members = tuple(ApplicationMember(1 + n % 2, machine(n)) for n in range(1, 5))
    windows = tuple(ChangeWindow(n, Ref("applications", n), n, 20 * 60, 480) for n in (1, 2))
    flow = Flow(1, machine(1), machine(2), rate_mbps=900.0)
    estate = a_site_of(
        4, applications=names, application_members=members, change_windows=windows, flows=(flow,)
    )
    groups = formed(estate)
    assert not together(groups, machine(1), machine(2))
    assert together(groups, machine(1), machine(3))


def test_a_bundle_takes_nobody_whose_windows_would_have_it_wait() -> None:
    """Two applications that nothing holds together: one may be touched every night, the other on Fridays only."""
    names = tuple(Application(n, f"a{n}", f"a{n}") for n in (1, 2))
    members = tuple(ApplicationMember(1 + n % 2, machine(n)) for n in range(1, 5))
    nights = [(1, day) for day in range(7)] + [(2, 4)]
    windows = tuple(
        ChangeWindow(n, Ref("applications", a), day, 20 * 60, 480) for n, (a, day) in enumerate(nights)
    )
    apart = a_site_of(4, applications=names, application_members=members, change_windows=windows)
    flow = Flow(1, machine(1), machine(2), rate_mbps=1.0)
    assert len(formed(apart)) == 2
    assert len(formed(replace(apart, flows=(flow,)))) == 1


def test_a_half_keeps_what_holds_together() -> None:
    flows = tuple(Flow(n, machine(n), machine(n + 4), rate_mbps=300.0) for n in (1, 2, 3, 4))
    (group,) = formed(a_site_of(8, flows=flows))
    for half in halves(group, lambda _: 0):
        assert {ref.id % 4 for ref in half.assets if ref.id <= 4} == {
            ref.id % 4 for ref in half.assets if ref.id > 4
        }


# --- a person's word -------------------------------------------------------------------------------------------------


def test_what_a_person_merges_is_one_group_across_sites() -> None:
    rows = (VirtualMachine(1, "a", site_id=1), VirtualMachine(2, "b", site_id=2))
    word = Constraint(1, "together", "merge 1", (machine(1), machine(2)), scope="group")
    bare = a_site_of(2, virtual_machines=rows)
    assert not together(formed(bare), machine(1), machine(2))
    assert together(formed(replace(bare, constraints=(word,))), machine(1), machine(2))


def test_what_a_person_splits_shares_no_group_however_much_flows() -> None:
    flow = Flow(1, machine(1), machine(2), rate_mbps=900.0)
    word = Constraint(1, "apart", "split 1", (machine(1), machine(2), machine(3)), scope="group")
    groups = formed(a_site_of(4, flows=(flow,), constraints=(word,)))
    assert len({group_of(groups, machine(n)).id for n in (1, 2, 3)}) == 3


def test_sides_of_a_split_keep_to_themselves() -> None:
    sides = (
        Constraint(1, "apart", "split 1, side 1", (machine(1), machine(2)), scope="group", value="split 1"),
        Constraint(2, "apart", "split 1, side 2", (machine(3), machine(4)), scope="group", value="split 1"),
    )
    flows = tuple(Flow(n, machine(n), machine(n + 2), rate_mbps=900.0) for n in (1, 2))
    groups = formed(a_site_of(4, flows=flows, constraints=sides))
    assert [group.assets for group in groups] == [(machine(1), machine(2)), (machine(3), machine(4))]


def test_a_split_through_what_may_not_be_parted_names_both() -> None:
    tie = Constraint(1, "together", "payroll pair", (machine(1), machine(2)), scope="rack")
    word = Constraint(2, "apart", "split 1", (machine(1), machine(2)), scope="group")
    with pytest.raises(InputError) as raised:
        formed(a_site_of(2, constraints=(tie, word)))
    assert "vm-1 and vm-2" in str(raised.value)
    assert "split 1" in str(raised.value)
    assert "payroll pair" in str(raised.value)


def test_what_is_pinned_to_another_week_goes_in_another_group() -> None:
    pins = (
        Constraint(1, "pin", "pin 1", (machine(1),), start=at(3, 1), end=at(3, 8)),
        Constraint(2, "pin", "pin 2", (machine(2),), start=at(4, 12)),
    )
    flow = Flow(1, machine(1), machine(2), rate_mbps=900.0)
    groups = formed(a_site_of(3, flows=(flow,), constraints=pins))
    assert not together(groups, machine(1), machine(2))


def test_parts_say_what_ties_them() -> None:
    estate = an_estate()
    parts = parts_of(estate, Belonging(estate), estate.assets(), ())
    found = {part.assets: part.reasons for part in parts if len(part.assets) > 1}
    assert found[device(1), device(2)] == ("a chassis and what sits in it",)
    assert found[device(3), device(4)] == ("together: switch and panel",)
