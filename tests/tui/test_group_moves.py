"""A wish for a group as a pin: what the command writes, and the next plan keeps; and which files are plans."""

from __future__ import annotations

import shlex
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import well

from capacity.moved_group import MovedGroup
from capacity.plan import Plan
from inventory.documents import from_json
from tui.group_moves import days_of, other_plans, pin_command, pin_group
from tui.workspace import Workspace


@pytest.fixture
def planned(tmp_path: Path) -> Path:
    """A workspace with a small sample region and its plan."""
    folder = tmp_path / "W"
    well(tmp_path, "init", str(folder))
    well(folder, "import", "--sample", "--servers", "25")
    well(folder, "plan")
    return folder


def a_moved_group(folder: Path) -> tuple[MovedGroup, timedelta]:
    """The last group of the plan, and the shift to its next window."""
    workspace = Workspace(folder)
    plan = workspace.plan(Path("plan.json"))
    group = MovedGroup(workspace.estate(), workspace.facility(), plan, plan.groups[-1].id)
    by = group.window(timedelta(), 1)
    assert by is not None
    return group, by


def test_the_pin_is_the_one_that_the_command_writes_and_the_next_plan_keeps_it(planned: Path) -> None:
    group, by = a_moved_group(planned)
    told = pin_group(Workspace(planned), group, by, "Europe/Brussels")
    assert "make a plan" in told
    (pinned,) = well(planned, "group", "list", "--json").json
    words = shlex.split(pin_command(group, by).replace("--reason …", "--reason same"))
    well(planned, *words[1:])
    rows = well(planned, "group", "list", "--json").json
    first, second = ({name: row[name] for name in ("members", "start", "end")} for row in rows)
    assert first == second
    well(planned, "group", "forget", pinned["decision"])
    well(planned, "plan")
    plan = from_json(Plan, (planned / "plan.json").read_text(encoding="utf-8"))
    begin, end = days_of(group, by)
    moving = [
        step
        for step in plan.steps
        if step.kind in ("cutover", "relocate")
        and {move.asset for move in step.moves} & set(group.group.assets)
    ]
    assert moving
    assert all(begin <= step.start and step.end <= end for step in moving)


def test_only_plans_are_offered_and_not_the_one_shown(planned: Path) -> None:
    (planned / "approved.json").write_bytes((planned / "plan.json").read_bytes())
    (planned / "estate.json").write_text("{}", encoding="utf-8")
    (planned / "broken.json").write_bytes(b"\xff\xfe\x00")
    assert other_plans(Workspace(planned), Path("plan.json")) == ("approved.json",)
    assert other_plans(Workspace(planned), Path("approved.json")) == ("plan.json",)
