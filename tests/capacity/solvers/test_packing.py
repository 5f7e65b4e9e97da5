"""Vector bin packing: every answer holds, bounds are below what trying everything finds, work is deterministic."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.solvers.packing import Problem, lower_bound, solve


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    count, dimensions = draw(st.integers(1, 20)), draw(st.integers(1, 3))
    sizes = [[draw(st.integers(0, 10)) for _ in range(dimensions)] for _ in range(count)]
    classes = [
        np.array(sorted(draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=4)))) for _ in range(4)
    ]
    return Problem(
        np.array(sizes, dtype=float),
        np.full(dimensions, 10.0),
        np.array([draw(st.integers(1, 3)) for _ in range(count)], dtype=float),
        draw(st.integers(0, 20)),
        tuple(classes[:2]),
        tuple(classes[2:]),
        draw(st.integers(1, 4)),
    )


@given(problem=problems())
@settings(max_examples=200, deadline=None)
def test_every_packing_holds(problem: Problem) -> None:
    found = solve(problem)
    assert found.bin.max(initial=-1) < problem.most_bins
    for b in set(found.bin[found.bin >= 0].tolist()):
        assert (problem.sizes[found.bin == b].sum(axis=0) <= problem.capacity + 1e-6).all()
    for members in problem.apart:
        used = found.bin[members][found.bin[members] >= 0]
        assert len(set(used.tolist())) == len(used)
    for members in problem.sector_apart:
        used = found.bin[members][found.bin[members] >= 0] % problem.sectors
        assert len(set(used.tolist())) == len(used)
    assert found.bound <= found.bins == len(set(found.bin[found.bin >= 0].tolist()))
    assert (found.status == "optimal") == (bool((found.bin >= 0).all()) and found.bound == found.bins)


@given(problem=problems())
@settings(max_examples=40, deadline=None)
def test_the_same_seed_gives_the_same_packing(problem: Problem) -> None:
    assert solve(problem, seed=3).bin.tolist() == solve(problem, seed=3).bin.tolist()


def test_triplets_are_packed_without_waste() -> None:
    rng = np.random.default_rng(5)
    sizes = []
    for _ in range(20):
        a, b = rng.integers(250, 450, 2)
        sizes += [a, b, 1000 - a - b]
    found = solve(
        Problem(np.array(sizes, dtype=float)[:, None], np.array([1000.0]), np.ones(60), 60), effort=5e6
    )
    assert found.bound == 20
    assert found.bins <= 21


def test_little_value_stays_out() -> None:
    sizes = np.array([[8.0], [2.0], [2.0], [2.0], [2.0], [2.0]])
    assert solve(Problem(sizes, np.array([10.0]), np.ones(6), 1)).bin.tolist() == [-1, 0, 0, 0, 0, 0]
    value = np.array([9.0, 1, 1, 1, 1, 1])
    assert solve(Problem(sizes, np.array([10.0]), value, 1)).bin[0] == 0


def test_the_bound_moves_with_its_dimension_and_with_what_is_apart() -> None:
    sizes = np.array([[4.0, 1.0]] * 5)
    inside = np.ones(5, dtype=bool)
    assert lower_bound(Problem(sizes, np.array([10.0, 10.0]), np.ones(5), 5), inside) == 2
    assert lower_bound(Problem(sizes, np.array([10.0, 1.0]), np.ones(5), 5), inside) == 5
    apart = (np.array([0, 1, 2, 3]),)
    assert lower_bound(Problem(sizes, np.array([10.0, 10.0]), np.ones(5), 5, apart), inside) == 4


def test_nothing_to_pack_is_packed() -> None:
    found = solve(Problem(np.zeros((0, 2)), np.ones(2), np.zeros(0), 3))
    assert (found.bins, found.bound, found.status) == (0, 0, "optimal")
