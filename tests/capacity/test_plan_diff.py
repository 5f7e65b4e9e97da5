"""The difference of two plans: nothing for the same, every change of content, and names that stay data."""

from __future__ import annotations

import json
from dataclasses import replace

from broken_plans import CASES
from broken_plans.case import changed, hosted, retimed, with_objective, with_step
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import a_plan, at, device, machine

from capacity.plan import sealed
from capacity.plan_diff import SECTIONS, FieldDifference, as_json, as_text, diff
from inventory.documents import to_data


def test_a_plan_does_not_differ_from_itself() -> None:
    found = diff(a_plan(), a_plan())

    assert found.is_empty
    assert found.differences == ()
    assert as_text(found) == "The plans are the same.\n"


@given(first=st.sampled_from(CASES), second=st.sampled_from(CASES))
def test_a_diff_is_empty_exactly_when_the_content_is_the_same(first: object, second: object) -> None:
    a, b = first.world()[2], second.world()[2]
    found = diff(a, b)

    assert found.is_empty == (to_data(replace(a, content_hash="")) == to_data(replace(b, content_hash="")))
    # What a diff calls added, the other way round calls removed.
    opposite = {"added": "removed", "removed": "added", "changed": "changed", "reordered": "reordered"}
    back = diff(b, a)
    assert [(d.section, opposite[d.kind], d.key) for d in found.differences] == [
        (d.section, d.kind, d.key) for d in back.differences
    ]


def test_a_strategy_that_changes() -> None:
    plan = a_plan()
    other = replace(plan, decisions=changed(plan.decisions, "asset", device(7), strategy="retain"))
    (found,) = diff(plan, other).of("strategies")

    assert (found.kind, found.label) == ("changed", "esx-depot")
    assert found.fields == (FieldDifference("strategy", "retire", "retain"),)


def test_a_workload_on_another_host() -> None:
    (found,) = diff(a_plan(), hosted(a_plan(), machine(4), "cloud-1")).of("workloads")

    assert found.fields == (FieldDifference("host", "cloud-2", "cloud-1"),)


def test_a_rack_less_and_a_host_more() -> None:
    plan = a_plan()
    other = replace(plan, racks=plan.racks[:1], hosts=(*plan.hosts, replace(plan.hosts[0], id="cloud-4")))
    found = diff(plan, other)

    assert [(d.kind, d.key) for d in found.of("racks")] == [("removed", "N2")]
    assert [(d.kind, d.key) for d in found.of("hosts")] == [("added", "cloud-4")]


def test_a_step_a_week_later_says_by_how_much_and_for_whom() -> None:
    later = retimed(a_plan(), "cut-1", at(3, 20, 22), at(3, 21))
    found = diff(a_plan(), later)
    (step,) = found.of("steps")

    assert [(f.field, f.shift_minutes) for f in step.fields][:2] == [("start", 7 * 1440), ("end", 7 * 1440)]
    assert {d.label for d in found.of("moves")} == {"ticket-db", "vm-1", "vm-2", "vm-3", "vm-4"}
    assert "start 2027-03-13T22:00:00+01:00 → 2027-03-20T22:00:00+01:00 (7 days later)" in as_text(found)


def test_waves_and_objectives() -> None:
    plan = a_plan()
    waves = (replace(plan.waves[0], name="Pilot"), plan.waves[1])
    other = with_objective(replace(plan, waves=waves), "new_racks", 1.0)
    found = diff(plan, other)

    assert [f.after for f in found.of("waves")[0].fields] == ["Pilot"]
    assert [(f.field, f.before, f.after) for f in found.of("objectives")[0].fields] == [
        ("value", 2.0, 1.0),
        ("gap", 1.0, 0.0),
    ]


def test_another_order_alone_is_said_as_such() -> None:
    plan = a_plan()
    (found,) = diff(plan, replace(plan, racks=plan.racks[::-1])).differences

    assert (found.section, found.kind) == ("racks", "reordered")


def test_a_repeated_row_is_not_lost() -> None:
    plan = a_plan()
    (found,) = diff(plan, replace(plan, racks=(*plan.racks, plan.racks[0]))).differences

    assert (found.kind, found.key) == ("added", "N1 (2)")


def test_text_is_short_and_json_is_whole() -> None:
    plan = a_plan()
    other = replace(plan, decisions=tuple(replace(d, reason="new") for d in plan.decisions))
    found = diff(plan, other)
    text = as_text(found, shown=3)

    assert len([line for line in text.splitlines() if line.startswith("  ~")]) == 3
    assert f"… and {len(plan.decisions) - 3} more" in text
    assert json.loads(as_json(found))["count"] == len(plan.decisions)


def test_what_changed_comes_before_what_is_only_explained_otherwise() -> None:
    plan = a_plan()
    decisions = tuple(replace(d, reason="new") for d in plan.decisions[:-1])
    last = replace(plan.decisions[-1], strategy="retire")
    text = as_text(diff(plan, replace(plan, decisions=(*decisions, last))))

    assert text.splitlines()[1] == "  ~ vm-6: strategy retain → retire"


def test_a_hostile_name_stays_on_its_line() -> None:
    plan = a_plan()
    name = "x\n+ forged\x1b[31m"
    other = sealed(replace(plan, racks=changed(plan.racks, "id", "N1", id=name)))
    text = as_text(diff(plan, with_step(other, "racks", commissions=(name, "N2"))))

    assert "forged" in text
    assert not any(line.strip().startswith("+ forged") for line in text.splitlines())
    assert "\x1b" not in text


def test_each_section_has_a_title() -> None:
    titles = [title for title, _, _ in SECTIONS.values()]

    assert len(set(titles)) == len(titles)
