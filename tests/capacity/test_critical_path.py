"""What decides a plan's end: longer steps move it as an independent recomputation says; links name causes."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, a_plan, a_step, an_estate

from capacity.critical_path import CriticalPaths
from capacity.plan import Plan, sealed
from inventory.errors import InputError

QUARTER = timedelta(minutes=15)
ALL_OF_IT = 500.0  # Mbit/s that copies may take of circuit 1


class Project:
    """Copies one circuit carries, each with those before it; dated by counting quarters one by one."""

    def __init__(self, chance: random.Random) -> None:
        self.count = chance.randint(1, 9)
        self.length = [chance.randint(1, 12) for _ in range(self.count)]
        self.before = [{i for i in range(j) if chance.random() < 0.25} for j in range(self.count)]
        self.rate = [chance.choice((0.0, 200.0, 250.0, ALL_OF_IT)) for _ in range(self.count)]
        self.order = list(range(self.count))
        start = self.starts(self.length)
        self.order = sorted(range(self.count), key=lambda j: (start[j], f"copy-{j}"))
        self.start = self.starts(self.length)

    def starts(self, length: list[int]) -> list[int]:
        """Each in turn at the first quarter at which all before it has ended and the line carries it to its end."""
        start = [0] * self.count
        carried: dict[int, float] = {}
        for j in self.order:
            begin = max((start[i] + length[i] for i in self.before[j]), default=0)
            while any(
                carried.get(q, 0.0) + self.rate[j] > ALL_OF_IT for q in range(begin, begin + length[j])
            ):
                begin += 1
            start[j] = begin
            for q in range(begin, begin + length[j]):
                carried[q] = carried.get(q, 0.0) + self.rate[j]
        return start

    def end(self, longer: int = 0, quarters: int = 0) -> int:
        length = [own + quarters * (j == longer) for j, own in enumerate(self.length)]
        return max(s + own for s, own in zip(self.starts(length), length, strict=True))

    def plan(self) -> Plan:
        begin = a_calendar().start
        dated = [
            (begin + QUARTER * s, begin + QUARTER * (s + own))
            for s, own in zip(self.start, self.length, strict=True)
        ]
        steps = [
            replace(
                a_step(f"copy-{j}", "replicate", first, last, [], {"circuit:1": self.rate[j]}),
                predecessors=tuple(f"copy-{i}" for i in sorted(self.before[j])),
            )
            for j, (first, last) in enumerate(dated)
        ]
        return sealed(replace(a_plan(), steps=tuple(steps), waves=(), groups=(), rooms=()))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_a_step_may_take_its_slack_longer_and_no_quarter_more(seed: int) -> None:
    project = Project(random.Random(seed))
    found = CriticalPaths(an_estate(), project.plan()).slack([f"copy-{j}" for j in range(project.count)])
    for j in range(project.count):
        slack = found[f"copy-{j}"] // QUARTER
        assert project.end(j, slack) <= project.end() < project.end(j, slack + 1)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_the_chain_leaves_no_time_unexplained(seed: int) -> None:
    project = Project(random.Random(seed))
    plan = project.plan()
    path = CriticalPaths(an_estate(), plan).path
    steps = {step.id: step for step in plan.steps}
    assert path.end == path.chain[-1].end == max(step.end for step in plan.steps)
    assert path.chain[0].start == plan.calendar.start
    assert path.chain[0].held_by == "date"
    assert {link.step for link in path.chain} <= set(path.deciding)
    for before, link in zip(path.chain, path.chain[1:], strict=False):
        assert link.after == before.step
        assert link.start == link.ready == before.end
        if link.held_by == "step":
            assert before.step in steps[link.step].predecessors
        else:
            assert link.held_by == "hands"
            assert link.resources == ("circuit:1",)


def test_what_the_plan_alone_dates_begins_the_chain() -> None:
    path = CriticalPaths(an_estate(), a_plan()).path
    last = path.chain[-1]
    assert (last.step, last.slack) == ("retire-7", timedelta())
    # The plan dates the retiring; nothing before it holds it until then.
    assert (last.held_by, last.after) == ("date", None)


def test_a_window_holds_a_cutover_whose_copy_was_done_long_before() -> None:
    plan = a_plan()
    kept = tuple(s for s in plan.steps if s.id in {"racks", "hosts", "copy-1", "cut-1"})
    path = CriticalPaths(an_estate(), sealed(replace(plan, steps=kept, rooms=()))).path
    cut = path.chain[-1]
    copy = next(step for step in kept if step.id == "copy-1")
    assert (cut.step, cut.held_by, cut.after) == ("cut-1", "step", "copy-1")
    assert cut.ready == copy.end
    assert cut.waits_for_window
    assert [link.slack for link in path.chain] == [cut.start - copy.end, timedelta()]


def test_a_step_that_is_not_there_is_told() -> None:
    with pytest.raises(InputError, match="no step 'nothing'"):
        CriticalPaths(an_estate(), a_plan()).slack(["nothing"])


def test_a_plan_that_moves_nothing_has_no_chain() -> None:
    with pytest.raises(InputError, match="no steps"):
        CriticalPaths(an_estate(), sealed(replace(a_plan(), steps=(), waves=(), rooms=())))
