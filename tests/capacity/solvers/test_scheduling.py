"""Project scheduling, against every order of tiny projects, and what is refused."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.solvers.scheduling import Project, ProjectError, Schedule, solve

WIDE = 2**40  # capacities too wide for two of them to share a machine word


@st.composite
def projects(draw: st.DrawFn) -> Project:
    n = draw(st.integers(1, 5))
    resources = draw(st.integers(1, 3))
    scale = draw(st.sampled_from([1, WIDE]))
    capacity = [draw(st.integers(1, 4)) for _ in range(resources)]
    need = [[draw(st.integers(0, most)) for most in capacity] for _ in range(n)]
    duration = [draw(st.integers(0, 4)) for _ in range(n)]
    arcs = [(i, j) for i, j in itertools.combinations(range(n), 2) if draw(st.integers(0, 3)) == 0]
    return a_project(duration, need, capacity, arcs, scale=scale)


def a_project(
    duration: list[int],
    need: list[list[int]],
    capacity: list[int],
    arcs: list[tuple[int, int]],
    *,
    scale: int = 1,
) -> Project:
    return Project(
        np.array(duration, dtype=np.int64),
        np.array(need, dtype=np.int64).reshape(len(duration), len(capacity)) * scale,
        np.array(capacity, dtype=np.int64) * scale,
        np.array(arcs, dtype=np.int64).reshape(-1, 2),
    )


def fits(project: Project, start: list[int]) -> bool:
    """By the definition: precedence, and each resource at each time."""
    end = [s + d for s, d in zip(start, project.duration.tolist(), strict=True)]
    if any(start[then] < end[first] for first, then in project.arcs.tolist()) or min(start) < 0:
        return False
    for time in range(max(end)):
        running = [a for a in range(len(start)) if start[a] <= time < end[a]]
        if (project.need[running].sum(axis=0) > project.capacity).any():
            return False
    return True


def shortest(project: Project) -> int:
    """Every order tried: one of them gives a shortest schedule when each starts as early as it can."""
    n = project.activities
    best = int(project.duration.sum())
    for order in itertools.permutations(range(n)):
        if any(order.index(then) < order.index(first) for first, then in project.arcs.tolist()):
            continue
        start: dict[int, int] = {}
        for a in order:
            begin = max(
                (start[f] + int(project.duration[f]) for f, t in project.arcs.tolist() if t == a), default=0
            )
            while not _has_room(project, start, a, begin):
                begin += 1
            start[a] = begin
        best = min(best, max(start[a] + int(project.duration[a]) for a in range(n)))
    return best


def _has_room(project: Project, start: dict[int, int], a: int, begin: int) -> bool:
    for time in range(begin, begin + int(project.duration[a])):
        running = [b for b, s in start.items() if s <= time < s + project.duration[b]]
        if (project.need[[*running, a]].sum(axis=0) > project.capacity).any():
            return False
    return True


@given(projects())
@settings(max_examples=60)
def test_tiny_projects_are_solved_and_proven(project: Project) -> None:
    found = solve(project, work=200)

    assert fits(project, found.start.tolist())
    assert (found.makespan, found.bound, found.status) == (shortest(project), found.makespan, "optimal")


def a_large_project(seed: int) -> Project:
    chance = np.random.default_rng(seed)
    n = 40
    arcs = [(i, j) for i, j in itertools.combinations(range(n), 2) if chance.random() < 0.05]
    need = chance.integers(0, 6, size=(n, 3)).tolist()
    return a_project(chance.integers(1, 10, size=n).tolist(), need, [9, 9, 9], arcs)


def test_the_same_work_gives_the_same_answer() -> None:
    project = a_large_project(0)

    first, second = solve(project, work=500, seed=3), solve(project, work=500, seed=3)

    assert fits(project, first.start.tolist())
    assert first.start.tolist() == second.start.tolist()
    assert (first.bound, first.status) == (second.bound, second.status)


def test_cancelled_at_once_there_is_a_schedule_all_the_same() -> None:
    project = a_large_project(1)

    found = solve(project, cancelled=lambda: True)

    assert fits(project, found.start.tolist())
    assert found.status == "truncated"
    assert found.bound <= found.makespan


def test_the_clock_ends_it_and_progress_only_gets_better() -> None:
    project = a_large_project(2)
    ticks = itertools.count()
    told: list[tuple[int, int]] = []

    found = solve(
        project,
        seconds=40.0,
        clock=lambda: float(next(ticks)),
        progress=lambda makespan, bound: told.append((makespan, bound)),
    )

    assert fits(project, found.start.tolist())
    assert found.status in {"optimal", "truncated"}
    assert [m for m, _ in told] == sorted((m for m, _ in told), reverse=True)
    assert [b for _, b in told] == sorted(b for _, b in told)


def test_nothing_to_do_is_done_at_once() -> None:
    found = solve(a_project([], [], [1], []))

    assert (found.makespan, found.bound, found.status) == (0, 0, "optimal")
    assert isinstance(found, Schedule)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arcs": np.array([[0, 1], [1, 0]])}, "activity 0 comes after itself"),
        ({"need": np.array([[1], [3]])}, "activity 1 needs 3 of resource 0, which has 2"),
        ({"duration": np.array([1, -1])}, "activity 1 has a duration below zero"),
        ({"need": np.array([[-1], [1]])}, "activity 0 has a need below zero"),
    ],
)
def test_a_project_without_any_schedule_is_refused(changes: dict[str, np.ndarray], said: str) -> None:
    project = replace(a_project([1, 1], [[1], [1]], [2], [(0, 1)]), **changes)

    with pytest.raises(ProjectError, match=said):
        solve(project)


def test_seconds_need_a_clock() -> None:
    with pytest.raises(ValueError, match="clock"):
        solve(a_large_project(3), seconds=1.0)
