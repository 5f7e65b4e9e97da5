"""Vector bin packing: every answer holds, bounds are below what trying everything finds, work is deterministic."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
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


@st.composite
def small_problems(draw: st.DrawFn) -> Problem:
    """Up to seven items with pairs, a group and a fixed item, and as many bins as could be asked for."""
    count, dimensions = draw(st.integers(1, 7)), draw(st.integers(1, 3))
    numbers = st.integers(0, count - 1)
    group = sorted(draw(st.sets(numbers, max_size=2)))
    pairs = draw(
        st.sets(st.tuples(numbers, numbers).filter(lambda p: p[0] < p[1] and list(p) != group), max_size=4)
    )
    fixed = np.full(count, -1)
    fixed[draw(numbers)] = draw(st.integers(-1, count - 1))
    return Problem(
        np.array([[draw(st.integers(0, 9)) for _ in range(dimensions)] for _ in range(count)], dtype=float),
        np.array([draw(st.integers(18, 22)) for _ in range(dimensions)], dtype=float),
        np.ones(count),
        count,
        pairs=np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2),
        together=(np.array(group),) if len(group) == 2 else (),
        fixed=fixed,
    )


def holds(problem: Problem, where: tuple[int, ...]) -> bool:
    """Whether every item may be where it is, read off the rules."""
    assert problem.pairs is not None
    assert problem.fixed is not None
    packing = np.array(where)
    return (
        all(where[one] != where[other] for one, other in problem.pairs.tolist())
        and all(len(set(packing[members].tolist())) == 1 for members in problem.together)
        and bool(((problem.fixed < 0) | (problem.fixed == packing)).all())
        and all(bool((problem.sizes[packing == b].sum(axis=0) <= problem.capacity).all()) for b in set(where))
    )


def fewest(problem: Problem) -> int:
    """Bins by trying every one of them for every item."""
    ways = itertools.product(range(problem.most_bins), repeat=len(problem.value))
    return min(len(set(where)) for where in ways if holds(problem, where))


@given(problem=small_problems(), effort=st.sampled_from([0.0, 100.0, 200_000.0]))
@settings(max_examples=25, deadline=None)
def test_small_ones_are_never_claimed_to_be_what_trying_everything_disproves(
    problem: Problem, effort: float
) -> None:
    found = solve(problem, effort=effort)
    best = fewest(problem)
    assert holds(problem, tuple(int(b) for b in found.bin))
    assert found.bound <= best <= found.bins
    if effort > 1000:
        assert (found.bins, found.bound, found.status) == (best, best, "optimal")


def some_vectors(count: int = 80, seed: int = 3) -> Problem:
    rng = np.random.default_rng(seed)
    return Problem(rng.integers(5, 60, (count, 3)).astype(float), np.full(3, 100.0), np.ones(count), count)


@pytest.mark.parametrize("looks", [0, 1, 3, 10, 40])
def test_whenever_the_clock_strikes_everything_is_in_and_the_bound_holds(looks: int) -> None:
    problem, asked = some_vectors(), itertools.count()
    best = solve(problem, effort=2e6)
    found = solve(problem, effort=math.inf, seconds_left=lambda: 100.0 if next(asked) < looks else 0.0)
    assert (found.bin >= 0).all()
    for b in range(found.bins):
        assert (problem.sizes[found.bin == b].sum(axis=0) <= problem.capacity).all()
    assert found.bound <= best.bins
    assert best.bound <= found.bins
    assert found.status == "optimal" or found.is_truncated


def test_within_the_effort_nothing_is_truncated() -> None:
    assert not solve(some_vectors(), effort=1000.0).is_truncated


def test_a_good_packing_to_start_from_is_kept() -> None:
    problem = some_vectors()
    good = solve(problem, effort=2e6)
    assert solve(problem, effort=0.0, warm=good.bin).bins <= good.bins


def test_a_packing_to_start_from_may_break_every_rule() -> None:
    problem = replace(some_vectors(20), pairs=np.array([[0, 1], [2, 3]]))
    found = solve(problem, effort=0.0, warm=np.zeros(20, dtype=np.int64))
    assert found.bin[0] != found.bin[1]
    assert found.bin[2] != found.bin[3]


def test_progress_tells_bins_that_fall_and_bounds_that_rise() -> None:
    told: list[tuple[int, int]] = []
    found = solve(some_vectors(), effort=2e6, progress=lambda bins, bound: told.append((bins, bound)))
    assert told[-1] == (found.bins, found.bound)
    assert told == sorted(told, key=lambda pair: (-pair[0], pair[1]))


def test_sizes_below_zero_make_room() -> None:
    sizes = np.array([[9.0], [3.0], [-2.0]])
    found = solve(Problem(sizes, np.array([10.0]), np.ones(3), 3))
    assert (found.bins, found.status) == (1, "optimal")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fixed": np.array([1, 1])}, "fixed in bin 1 need 12 in dimension 0, the bin has 10"),
        ({"fixed": np.array([2, -1])}, "fixed in bin 2, there are 2"),
        ({"fixed": np.array([0, 1]), "together": (np.array([0, 1]),)}, "fixed in a bin other than"),
        ({"pairs": np.array([[0, 1]]), "together": (np.array([0, 1]),)}, "items 0 and 1 conflict"),
        ({"sizes": np.array([[math.nan], [6.0]])}, "sizes must be finite"),
        ({"capacity": np.array([-1.0])}, "capacities must be finite and not negative"),
    ],
)
def test_what_contradicts_itself_is_refused(change: dict[str, object], message: str) -> None:
    problem = Problem(np.array([[6.0], [6.0]]), np.array([10.0]), np.ones(2), 2)
    with pytest.raises(ValueError, match=message):
        solve(replace(problem, **change))  # type: ignore[arg-type]


def test_a_group_that_no_bin_holds_stays_out() -> None:
    problem = Problem(
        np.array([[6.0], [6.0], [3.0]]), np.array([10.0]), np.ones(3), 3, together=(np.array([0, 1]),)
    )
    assert solve(problem).bin.tolist() == [-1, -1, 0]
