"""Machine reassignment: tiny cases against trying everything, larger ones by the challenge's words."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.reassignment.command import problem_of
from benchmarks.reassignment.files import Instance
from benchmarks.reassignment.generated import small
from benchmarks.reassignment.judge import judge
from capacity.solvers import reassignment, reassignment_exhaustive, reassignment_legs
from capacity.solvers.reassignment import solve
from capacity.solvers.reassignment_check import BrokenProblem

TINY = [(seed, 5 + seed % 3, 2 + seed % 2) for seed in range(60)]


def a_tiny_instance(seed: int) -> Instance:
    """Five to seven processes on two or three machines; transient use, spread, dependencies, all costs."""
    _, processes, machines = TINY[seed % len(TINY)]
    return small(seed, processes, machines)


def least_cost(instance: Instance) -> int:
    """The cheapest of all assignments, by the judge."""
    every = product(range(instance.capacity.shape[0]), repeat=instance.initial.size)
    verdicts = (judge(instance, np.array(machines)) for machines in every)
    return min(verdict.total for verdict in verdicts if not verdict.broken)


@pytest.mark.parametrize("seed", range(60))
def test_trying_all_finds_and_proves_the_least_cost(seed: int) -> None:
    instance = a_tiny_instance(seed)
    solution = solve(problem_of(instance))
    assert judge(instance, solution.machine).broken == ()
    assert judge(instance, solution.machine).total == solution.cost == least_cost(instance)
    assert (solution.status, solution.bound) == ("optimal", solution.cost)


@pytest.mark.parametrize("seed", range(60))
def test_the_walk_finds_the_least_cost_of_tiny_cases_too(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = a_tiny_instance(seed)
    best = solve(problem_of(instance)).cost
    monkeypatch.setattr(reassignment, "is_tiny", lambda problem: False)
    solution = solve(problem_of(instance), work=20)
    assert judge(instance, solution.machine).broken == ()
    assert judge(instance, solution.machine).total == solution.cost == best
    assert solution.bound <= best


def test_the_tiny_cases_have_every_kind_of_rule() -> None:
    instances = [a_tiny_instance(seed) for seed in range(60)]
    assert any(instance.depends.size for instance in instances)
    assert any((instance.spread > 1).any() for instance in instances)
    assert all(instance.transient.any() for instance in instances)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 80), st.integers(2, 12), st.integers(1, 5))
def test_whatever_the_instance_no_rule_is_broken_and_cost_is_the_judges(
    seed: int, processes: int, machines: int, resources: int
) -> None:
    instance = small(seed, processes, machines, resources)
    solution = solve(problem_of(instance), seed=seed, work=6)
    verdict = judge(instance, solution.machine)
    assert verdict.broken == ()
    assert solution.bound <= verdict.total == solution.cost <= judge(instance, instance.initial).total


def test_the_same_seed_gives_the_same_assignment() -> None:
    problem = problem_of(small(3))
    first, second = (solve(problem, seed=5, work=20) for _ in range(2))
    assert (first.machine == second.machine).all()
    assert first.status == "feasible"


def test_more_work_is_told_and_pays() -> None:
    problem = problem_of(small(4))
    told: list[tuple[float, int]] = []
    solution = solve(problem, work=30, progress=lambda share, cost: told.append((share, cost)))
    costs = [cost for _, cost in told]
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert costs == sorted(costs, reverse=True)
    assert solution.cost < judge(small(4), small(4).initial).total


def test_a_caller_who_has_had_enough_gets_the_best_so_far() -> None:
    instance = small(5)
    asked = []

    def after_three() -> bool:
        asked.append(1)
        return len(asked) > 3

    solution = solve(problem_of(instance), work=10_000, cancelled=after_three)
    assert solution.status == "truncated"
    assert len(asked) == 4
    assert judge(instance, solution.machine).broken == ()


@pytest.fixture
def many_legs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget of 200 chunks is worth seven legs of 20 processes."""
    monkeypatch.setattr(reassignment_legs, "ENOUGH", 2.5e4)


@pytest.mark.usefixtures("many_legs")
def test_walked_in_many_legs_it_is_as_lawful_and_the_same_each_time() -> None:
    instance = small(7, 20, 5)
    shares: list[float] = []
    first = solve(problem_of(instance), seed=2, progress=lambda share, cost: shares.append(share))
    second = solve(problem_of(instance), seed=2)
    assert (first.machine == second.machine).all()
    assert first.status == "feasible"
    assert judge(instance, first.machine).broken == ()
    assert first.cost < judge(instance, instance.initial).total
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.usefixtures("many_legs")
@pytest.mark.parametrize("asked", [1, 30, 90, 130, 160])
def test_whichever_leg_a_caller_ends_the_best_so_far_is_lawful(asked: int) -> None:
    instance = small(7, 20, 5)
    answers = iter([False] * asked)
    solution = solve(problem_of(instance), cancelled=lambda: next(answers, True))
    assert solution.status == "truncated"
    assert judge(instance, solution.machine).broken == ()
    assert solution.cost <= judge(instance, instance.initial).total


def test_a_caller_who_never_wanted_it_gets_what_was() -> None:
    instance = small(5)
    solution = solve(problem_of(instance), cancelled=lambda: True)
    assert solution.status == "truncated"
    assert (solution.machine == instance.initial).all()


def test_seconds_are_the_callers_clock() -> None:
    ticks = iter(range(100_000))
    solution = solve(problem_of(small(6)), seconds=40.0, clock=lambda: float(next(ticks)))
    assert solution.status == "truncated"
    with pytest.raises(ValueError, match="needs a clock"):
        solve(problem_of(small(6)), seconds=40.0)


def _with_little_room(instance: Instance) -> Instance:
    capacity = instance.capacity.copy()
    capacity[2, 1] = 7
    return replace(instance, capacity=capacity)


def _with_two_beside(instance: Instance) -> Instance:
    service = instance.service.copy()
    service[instance.initial == instance.initial[0]] = service[0]
    return replace(instance, service=service, spread=instance.spread * 0, depends=instance.depends[:0])


def _too_close(instance: Instance) -> Instance:
    spread = instance.spread.copy()
    spread[instance.service[0]] = 4
    return replace(instance, spread=spread)


def _without_what_it_needs(instance: Instance) -> Instance:
    places = [
        set(instance.neighbourhood[instance.initial[instance.service == s]].tolist())
        for s in range(instance.spread.size)
    ]
    pair = next(
        (s, t)
        for s, mine in enumerate(places)
        for t, its in enumerate(places)
        if s != t and mine and not mine <= its
    )
    return replace(instance, depends=np.array([pair]))


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        (_with_little_room, r"machine 2: uses \d+ of 7 of resource 1"),
        (_with_two_beside, r"service \d+: has two processes on machine"),
        (_too_close, r"service \d+: is in \d locations of at least 4"),
        (_without_what_it_needs, r"service \d+: is in neighbourhood \d without service \d+, which it needs"),
    ],
)
def test_a_start_that_breaks_a_rule_is_refused_by_name(spoilt, message: str) -> None:
    instance = spoilt(small(7))
    assert judge(instance, instance.initial).broken
    with pytest.raises(BrokenProblem, match=message):
        solve(problem_of(instance))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"safety": np.zeros((2, 1), np.int64)}, "safety: shape is"),
        ({"home": np.full(60, 99)}, "home: numbers must be from 0 to 7"),
        ({"need": np.full((60, 3), -1)}, "process 0: needs -1 of resource 0"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_by_name(change, message: str) -> None:
    with pytest.raises(BrokenProblem, match=message):
        solve(replace(problem_of(small(8)), **change))


@pytest.mark.parametrize("is_listed", [True, False])
def test_machines_that_should_end_empty_do_where_there_is_room(is_listed, monkeypatch) -> None:
    monkeypatch.setattr(reassignment, "is_tiny", lambda problem: is_listed)
    instance = small(9, 6, 3)
    roomy = replace(
        instance, capacity=instance.capacity + 1000, spread=instance.spread * 0, depends=instance.depends[:0]
    )
    roomy = replace(roomy, service=np.arange(6), spread=np.zeros(6, np.int64))
    solution = solve(replace(problem_of(roomy), leaving=np.array([True, False, False])), work=20)
    assert solution.left == ()
    assert not (solution.machine == 0).any()
    assert judge(roomy, solution.machine).broken == ()


def test_what_finds_no_room_elsewhere_is_named_as_left() -> None:
    instance = small(10, 6, 3)
    used = np.zeros_like(instance.capacity)
    np.add.at(used, instance.initial, instance.need)
    full = replace(instance, capacity=used)
    leaving = np.array([True, False, False])
    solution = solve(replace(problem_of(full), leaving=leaving))
    assert solution.left == tuple(np.flatnonzero(instance.initial == 0).tolist())


def test_where_nothing_ever_fits_elsewhere_staying_is_proven_best() -> None:
    """What left would go on holding its room, so that not even two of the same size may change places."""
    problem = problem_of(small(11, 60, 8))
    need = problem.need + 1
    used = np.zeros_like(problem.capacity)
    np.add.at(used, problem.home, need)
    solution = solve(replace(problem, need=need, capacity=used, transient=np.ones(used.shape[1], np.bool_)))
    assert solution.status == "optimal"
    assert solution.cost == solution.bound
    assert (solution.machine == problem.home).all()


def test_only_what_is_tiny_is_listed() -> None:
    assert reassignment_exhaustive.is_tiny(problem_of(small(0, 8, 4)))
    assert not reassignment_exhaustive.is_tiny(problem_of(small(0, 60, 8)))
