"""`vorst critical-path`: what decides the end, for people and as data, and the slack of a group."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from command_line import plan_in, planned_workspace, vorst, well

from tui.quantities import lasting


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small sample region and its plan."""
    return planned_workspace(tmp_path_factory.mktemp("critical") / "W")


def test_the_chain_ends_with_the_plan_and_each_step_of_it_is_told(planned: Path) -> None:
    plan, found = plan_in(planned), well(planned, "critical-path", "--json").json
    last = max(plan.steps, key=lambda step: step.end)
    assert found["end"] == found["chain"][-1]["end"] == last.end.isoformat()
    assert [link["after"] for link in found["chain"][1:]] == [link["step"] for link in found["chain"][:-1]]
    told = well(planned, "critical-path").out
    assert all(link["step"] in told for link in found["chain"])
    assert max(map(len, told.splitlines())) <= 80


def test_the_slack_of_a_group_is_that_of_each_of_its_steps(planned: Path) -> None:
    plan = plan_in(planned)
    group = plan.groups[0].id
    found = well(planned, "critical-path", "--group", group, "--json").json
    assert [row["step"] for row in found] == [step.id for step in plan.steps if step.group == group]
    end = max(step.end for step in plan.steps)
    steps = {step.id: step for step in plan.steps}
    for row in found:
        assert timedelta() <= timedelta(minutes=row["slack_minutes"]) <= end - steps[row["step"]].end
    assert all(row["step"] in well(planned, "critical-path", "--group", group).out for row in found)


def test_a_group_that_is_not_there_is_told(planned: Path) -> None:
    ran = vorst(planned, "critical-path", "--group", "nothing")
    assert ran.code == 1
    assert "no group" in ran.err


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "none"),
        (45, "45 min"),
        (390, "6 h 30 min"),
        (1440 * 3 + 240 + 5, "3 d 4 h"),
        (1440 * 1200, "1,200 d"),
    ],
)
def test_a_time_is_said_in_the_units_that_matter(minutes: int, said: str) -> None:
    assert lasting(timedelta(minutes=minutes)) == said
