"""Copies that go by van: over holidays, beside sites that copy over their line, and what a van is no answer to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from copy_cases import TARGET, a_busy_calendar, over_a_line, step_of
from tiny_rooms import Room

from capacity.planner import plan
from capacity.verify import check
from inventory.estate import Circuit, Constraint, Estate, Provider, Site
from inventory.estate import sealed as sealed_estate


def with_a_fast_site_too() -> Estate:
    """One group: a machine whose line never keeps up, and one at another site whose line does."""
    room = Room()
    slow, fast = room.machine(disk_mb=5_000_000), room.machine(disk_mb=200_000)
    estate = room.estate
    machines = [replace(m, site_id=2) if m.id == fast.id else m for m in estate.virtual_machines]
    lines = (
        Circuit(1, "SLOW", 1, rate_mbps=1.0, site_ids=(1,)),
        Circuit(2, "FAST", 1, rate_mbps=1000.0, site_ids=(2,)),
    )
    return sealed_estate(
        replace(
            estate,
            sites=(*estate.sites, Site(2, "There", "there")),
            virtual_machines=tuple(machines),
            providers=(Provider(1, "P", "p"),),
            circuits=lines,
            constraints=(Constraint(1, "together", scope="group", members=(slow, fast)),),
        )
    )


def test_a_van_of_one_site_leaves_the_line_of_another_alone() -> None:
    estate = with_a_fast_site_too()
    found = plan(estate, TARGET, a_busy_calendar())
    cutover = step_of(found, "cutover")
    assert {step.by for step in found.steps if step.kind == "replicate"} == {"", "truck"}
    assert cutover.by == "truck"
    assert [use.amount for use in cutover.uses if use.resource == "van"] == [1.0]
    assert check(estate, TARGET, found) == ()
    # Without the line held for it what changes at the other site needs a van as well.
    bare = [
        replace(step, uses=tuple(use for use in step.uses if use.end <= step.end))
        if step.kind == "replicate"
        else step
        for step in found.steps
    ]
    assert "CHANGES" in {v.code for v in check(estate, TARGET, replace(found, steps=tuple(bare)))}


def test_a_copy_by_van_may_span_a_holiday_on_which_nobody_drives() -> None:
    estate = over_a_line(3.0)
    calendar = a_busy_calendar(change_share_per_day=0.001, appliance_mbps=100.0)
    filling = step_of(plan(estate, TARGET, calendar), "replicate").start.date() + timedelta(days=1)
    calendar = replace(calendar, holidays=(filling,))
    found = plan(estate, TARGET, calendar)
    copy = step_of(found, "replicate")
    assert copy.by == "truck"
    assert copy.start.date() < filling < copy.end.date()
    assert check(estate, TARGET, found) == ()
    # On the day of its drive it may not.
    drive = next(use for use in copy.uses if use.resource == "crew").start.date()
    driven = replace(found, calendar=replace(calendar, holidays=(drive,)))
    assert "HOLIDAY" in {v.code for v in check(estate, TARGET, driven)}


def test_what_may_lose_less_than_changes_wait_goes_by_no_van() -> None:
    estate = over_a_line(1000.0, rpo_minutes=5)
    found = plan(estate, TARGET, a_busy_calendar())
    assert [entry.lacks[0].dimension for entry in found.unplaced] == ["rpo_minutes"]
    assert check(estate, TARGET, found) == ()
