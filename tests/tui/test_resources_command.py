"""`vorst resources`: what steps hold against what there is, for people, as data, and by the exit code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from command_line import plan_in, planned_workspace, vorst, well

from capacity.plan import sealed
from inventory.documents import to_json


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small sample region and its plan."""
    return planned_workspace(tmp_path_factory.mktemp("resources") / "W")


def test_a_proven_plan_holds_no_more_than_there_is(planned: Path) -> None:
    found = well(planned, "resources", "--json").json
    held = {use.resource for step in plan_in(planned).steps for use in step.uses}
    assert {row["resource"] for row in found} == held
    assert all(row["over_hours"] == 0 and row["peak"] <= row["offered"] for row in found)
    told = well(planned, "resources").out
    assert all(name in told for name in held)
    assert max(map(len, told.splitlines())) <= 80


def test_one_resource_adds_up_to_what_its_steps_hold(planned: Path) -> None:
    (found,) = well(planned, "resources", "--resource", "crew", "--json").json
    uses = [use for step in plan_in(planned).steps for use in step.uses if use.resource == "crew"]
    assert found["peak"] == max(row["held"] for row in found["held"])
    assert found["held"][0]["from"] == min(use.start for use in uses).isoformat()
    assert found["held"][-1]["until"] == max(use.end for use in uses).isoformat()
    assert "until" in well(planned, "resources", "--resource", "crew").out


def test_more_than_there_is_ends_with_two(planned: Path) -> None:
    plan = plan_in(planned)
    none = tuple(replace(r, capacity=0.5) if r.name == "crew" else r for r in plan.calendar.resources)
    over = sealed(replace(plan, calendar=replace(plan.calendar, resources=none)))
    (planned / "over.json").write_text(to_json(over), encoding="utf-8")
    ran = vorst(planned, "resources", "over.json")
    assert ran.code == 2
    assert "hours too much" in ran.out


def test_a_resource_that_nothing_holds_is_told(planned: Path) -> None:
    ran = vorst(planned, "resources", "--resource", "elephants")
    assert ran.code == 1
    assert "held are" in ran.err
