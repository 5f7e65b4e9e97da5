"""Parts of an assignment made anew: against trying every place of the part, by the challenge's words."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from benchmarks.reassignment.command import problem_of
from benchmarks.reassignment.files import Instance
from benchmarks.reassignment.generated import small
from benchmarks.reassignment.judge import judge
from capacity.solvers.reassignment_model import compiled
from capacity.solvers.reassignment_pace import Pace, Search
from capacity.solvers.reassignment_part import Answer, anew
from capacity.solvers.reassignment_refining import Refiner, costed, refined

Places = np.ndarray


def some_assignment(instance: Instance, random: np.random.Generator) -> Places:
    """An assignment that breaks no rule and differs from the start where one was found in a few tries."""
    at = instance.initial.copy()
    for _ in range(40):
        then = at.copy()
        then[random.integers(at.size)] = random.integers(instance.capacity.shape[0])
        if not judge(instance, then).broken:
            at = then
    return at


def least_cost(instance: Instance, at: Places, processes: Places, machines: Places) -> int:
    """The least cost of all ways to place `processes` on `machines`, by the judge."""
    costs = []
    for places in product(machines.tolist(), repeat=processes.size):
        then = at.copy()
        then[processes] = places
        verdict = judge(instance, then)
        if not verdict.broken:
            costs.append(verdict.total)
    return min(costs)


def made_anew(instance: Instance, at: Places, processes: Places, machines: Places) -> Answer | None:
    problem = problem_of(instance)
    inst = compiled(problem)
    state = costed(problem, inst, at)
    part = (processes, machines)
    return anew(problem, inst, state, part, staying=10**6, work=10.0, seconds=None, seed=0)


@pytest.mark.parametrize("seed", range(40))
def test_a_part_costs_as_little_as_it_can_beside_what_stays(seed: int) -> None:
    random = np.random.default_rng(seed)
    instance = small(seed, 6 + seed % 10, 3 + seed % 3, 1 + seed % 3)
    at = some_assignment(instance, random)
    machines = np.sort(random.choice(instance.capacity.shape[0], 2 + seed % 2, replace=False))
    here = np.flatnonzero(np.isin(at, machines))
    processes = np.sort(random.choice(here, min(here.size, 4), replace=False))
    answer = made_anew(instance, at, processes, machines)
    assert answer is not None
    assert answer.is_best
    assert (np.delete(answer.machine, processes) == np.delete(at, processes)).all()
    verdict = judge(instance, answer.machine)
    assert verdict.broken == ()
    assert verdict.total == least_cost(instance, at, processes, machines)


def test_the_parts_have_every_kind_of_rule() -> None:
    instances = [small(seed, 6 + seed % 10, 3 + seed % 3, 1 + seed % 3) for seed in range(40)]
    starts = [some_assignment(instance, np.random.default_rng(0)) for instance in instances]
    assert any(instance.depends.size for instance in instances)
    assert any((instance.spread > 1).any() for instance in instances)
    assert any(instance.balance.size for instance in instances)
    moved = [start != instance.initial for start, instance in zip(starts, instances, strict=True)]
    assert any(
        instance.transient.any() and away.any() for instance, away in zip(instances, moved, strict=True)
    )


def test_a_part_may_leave_a_leaving_machine_and_never_join_one() -> None:
    instance = small(3, 12, 4)
    leaving = np.arange(4) == instance.initial[0]
    problem = replace(problem_of(instance), leaving=leaving)
    inst = compiled(problem)
    state = costed(problem, inst, instance.initial)
    everything = (np.arange(12), np.arange(4))
    answer = anew(problem, inst, state, everything, staying=10**12, work=10.0, seconds=None, seed=0)
    assert answer is not None
    before, after = leaving[instance.initial], leaving[answer.machine]
    assert not (after & ~before).any()
    assert after.sum() < before.sum()


@pytest.mark.parametrize("seed", range(3))
def test_refining_never_makes_worse_breaks_nothing_and_repeats(seed: int) -> None:
    instance = small(seed, 30, 9, 3)
    problem = problem_of(instance)
    inst = compiled(problem)

    def run() -> Places:
        pace = Pace(16, None, None, lambda: False)
        search = Search(problem, inst, pace, 0, seed, lambda share, cost: told.append(cost))
        return refined(search, instance.initial, 0.0, 10**9)

    told: list[int] = []
    first, second = run(), run()
    assert (first == second).all()
    assert judge(instance, first).broken == ()
    assert judge(instance, first).total < judge(instance, instance.initial).total
    assert told[: len(told) // 2] == sorted(told[: len(told) // 2], reverse=True)


@pytest.mark.parametrize("seed", range(12))
def test_a_whole_location_costs_as_little_as_it_can(seed: int) -> None:
    instance = small(seed, 9, 4, 2)
    problem = problem_of(instance)
    inst = compiled(problem)
    expected = instance.initial.copy()
    for location in (0, 1):
        machines = np.flatnonzero(problem.location == location)
        refiner = Refiner(problem, inst, 10**9, seed)
        pace = Pace(10**4, None, None, lambda: False)
        processes = np.flatnonzero(np.isin(expected, machines))
        found, spent = refiner.refine_locations(expected, np.array([location]), pace, 0.0, 1.0)
        verdict = judge(instance, found)
        assert verdict.broken == ()
        assert verdict.total == least_cost(instance, expected, processes, machines)
        assert (np.delete(found, processes) == np.delete(expected, processes)).all()
        assert spent == 10**4
        expected = found
    both, _ = Refiner(problem, inst, 10**9, seed).refine_locations(
        instance.initial, np.array([0, 1]), Pace(10**4, None, None, lambda: False), 0.0, 1.0
    )
    assert judge(instance, both).total == judge(instance, expected).total
