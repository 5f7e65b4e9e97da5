"""Bins of several types: what is found holds, costs what trying everything finds, and no bound is above that."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.solvers.packing import Problem, Solution, solve


@st.composite
def problems(draw: st.DrawFn, most_items: int = 6) -> Problem:
    """Up to two types and four bins of items, pairs, a group, a fixed item and bars at random."""
    count, dimensions, types = (
        draw(st.integers(1, most_items)),
        draw(st.integers(1, 2)),
        draw(st.integers(1, 3)),
    )
    numbers = st.integers(0, count - 1)
    capacity = [[draw(st.integers(5, 14)) for _ in range(dimensions)] for _ in range(types)]
    pairs = sorted(
        draw(st.sets(st.tuples(numbers, numbers).filter(lambda pair: pair[0] < pair[1]), max_size=3))
    )
    group = sorted(draw(st.sets(numbers, max_size=2)))
    is_split = len(group) == 2 and tuple(group) in pairs
    return Problem(
        np.array([[draw(st.integers(0, 9)) for _ in range(dimensions)] for _ in range(count)], dtype=float),
        np.array(capacity, dtype=float),
        np.array([draw(st.integers(1, 3)) for _ in range(count)], dtype=float),
        draw(st.integers(1, 4)),
        pairs=np.array(pairs, dtype=np.int64).reshape(-1, 2),
        together=(np.array(group),) if len(group) == 2 and not is_split else (),
        cost=np.array([draw(st.integers(0, 5)) for _ in range(types)], dtype=float),
        stock=np.array([draw(st.integers(0, 2)) for _ in range(types)]),
        eligible=np.array([[draw(st.integers(0, 4)) > 0 for _ in range(types)] for _ in range(count)]),
    )


def bins_of(problem: Problem) -> list[int]:
    """The type of each bin."""
    assert problem.stock is not None
    return np.repeat(np.arange(len(problem.stock)), problem.stock).tolist()


def is_packing(problem: Problem, where: tuple[int, ...]) -> bool:
    """Whether the items may be in these bins (-1: out), read off the rules."""
    types = bins_of(problem)
    packing = np.array(where)
    assert problem.eligible is not None
    assert problem.pairs is not None
    if len(set(where) - {-1}) > problem.most_bins:
        return False
    if any(len({where[item] for item in members}) > 1 for members in problem.together):
        return False
    if problem.fixed is not None and any(
        w not in (-1, f) for w, f in zip(where, problem.fixed, strict=True) if f >= 0
    ):
        return False
    if any(where[one] == where[other] >= 0 for one, other in problem.pairs.tolist()):
        return False
    if not all(b < 0 or problem.eligible[item, types[b]] for item, b in enumerate(where)):
        return False
    return all(
        bool((problem.sizes[packing == b].sum(axis=0) <= problem.capacity[types[b]]).all())
        for b in set(where) - {-1}
    )


def worth(problem: Problem, where: tuple[int, ...]) -> tuple[float, float]:
    """Value out, and cost."""
    assert problem.cost is not None
    types = bins_of(problem)
    out = sum(float(v) for v, b in zip(problem.value, where, strict=True) if b < 0)
    return out, sum(float(problem.cost[types[b]]) for b in set(where) - {-1})


def best_of_all(problem: Problem) -> tuple[float, float]:
    """By trying every bin for every item."""
    ways = itertools.product(range(-1, len(bins_of(problem))), repeat=len(problem.value))
    return min(worth(problem, where) for where in ways if is_packing(problem, where))


def as_tuple(found: Solution) -> tuple[int, ...]:
    return tuple(int(b) for b in found.bin)


@given(problem=problems())
@settings(max_examples=50, deadline=None)
def test_small_ones_are_solved_as_trying_everything_does(problem: Problem) -> None:
    found = solve(problem)
    assert is_packing(problem, as_tuple(found))
    assert found.cost is not None
    assert found.cost_bound is not None
    out, cost = worth(problem, as_tuple(found))
    assert (out, cost) == best_of_all(problem)
    assert found.cost == pytest.approx(cost)
    assert found.cost_bound <= cost + 1e-9
    if out == 0:
        assert (found.status == "optimal") == (found.cost_bound == pytest.approx(cost))


@given(problem=problems(), effort=st.sampled_from([0.0, 30.0, 3000.0]))
@settings(max_examples=40, deadline=None)
def test_nothing_is_claimed_that_does_not_hold_however_early_it_ends(problem: Problem, effort: float) -> None:
    found = solve(problem, effort=effort)
    assert is_packing(problem, as_tuple(found))
    out, cost = best_of_all(problem)
    assert worth(problem, as_tuple(found)) >= (out, cost)
    assert found.cost_bound is not None
    if out == 0 and bool((found.bin >= 0).all()):
        assert found.cost_bound <= cost + 1e-9
    if found.status == "optimal":
        assert worth(problem, as_tuple(found)) == (out, cost)


@given(problem=problems(most_items=12))
@settings(max_examples=25, deadline=None)
def test_the_same_seed_and_effort_give_the_same_packing(problem: Problem) -> None:
    assert as_tuple(solve(problem, seed=2, effort=5e4)) == as_tuple(solve(problem, seed=2, effort=5e4))


def a_fleet() -> Problem:
    """Forty items; large bins are dear, small ones cheap for what they hold, and few."""
    rng = np.random.default_rng(8)
    return Problem(
        rng.integers(1, 30, (40, 2)).astype(float),
        np.array([[100.0, 100.0], [60.0, 60.0], [40.0, 30.0]]),
        np.ones(40),
        40,
        cost=np.array([100.0, 55.0, 30.0]),
        stock=np.array([40, 3, 4]),
        eligible=np.ones((40, 3), dtype=bool),
        pairs=np.zeros((0, 2), dtype=np.int64),
    )


def test_cheap_bins_are_used_as_far_as_they_go() -> None:
    problem = a_fleet()
    found = solve(problem, effort=3e5)
    assert is_packing(problem, as_tuple(found))
    assert found.cost is not None
    assert found.cost_bound is not None
    assert found.cost_bound <= found.cost <= 1.03 * found.cost_bound
    alike = solve(replace(problem, capacity=problem.capacity[0], cost=None, stock=None, eligible=None))
    assert found.cost < 100.0 * alike.bins


def a_mixed_fleet(count: int, dimensions: int, seed: int) -> Problem:
    """Four types whose cost is nearly in proportion to what they hold; stock binds, and items are barred from some."""
    rng = np.random.default_rng(seed)
    size = np.array([0.6, 1.0, 1.6, 2.2])
    capacity = np.rint(100 * size[:, None] * rng.uniform(0.7, 1.3, (4, dimensions)))
    sizes = rng.integers(8, 50, (count, dimensions)).astype(float)
    need = (sizes.sum(axis=0) / capacity).max(axis=1)
    eligible = (rng.random((count, 4)) < 0.7) | (rng.random((count, 1)) < 0.3)
    eligible[:, 3] = True
    return Problem(
        sizes,
        capacity,
        np.ones(count),
        count,
        cost=np.rint(100 * size**0.9 * rng.uniform(0.9, 1.1, 4)),
        stock=np.append(np.rint(need[:3] * 0.3), count).astype(int),
        eligible=eligible,
        pairs=np.zeros((0, 2), dtype=np.int64),
    )


@pytest.mark.parametrize(("dimensions", "seed"), [(2, 1), (3, 2), (4, 3)])
def test_fifty_items_in_four_types_with_little_stock_cost_little_more_than_their_bound(
    dimensions: int, seed: int
) -> None:
    problem = a_mixed_fleet(50, dimensions, seed)
    found = solve(problem)
    assert is_packing(problem, as_tuple(found))
    assert worth(problem, as_tuple(found)) == (0.0, found.cost)
    assert found.cost is not None
    assert found.cost_bound is not None
    assert found.cost_bound <= found.cost <= 1.04 * found.cost_bound


def test_bounds_of_bins_that_are_few_in_all_stay_below_what_there_is() -> None:
    """Twelve items of half a bin, six bins in all: three must be of the dear type, the cheap one has three."""
    problem = Problem(
        np.full((12, 1), 5.0),
        np.array([[10.0], [10.0]]),
        np.ones(12),
        6,
        cost=np.array([2.0, 5.0]),
        stock=np.array([3, 12]),
    )
    found = solve(problem)
    assert (found.cost, found.cost_bound, found.status) == (21.0, 21.0, "optimal")


def test_with_an_endless_effort_the_clock_ends_it_and_all_that_is_told_holds() -> None:
    problem, asked = a_mixed_fleet(50, 2, 4), iter(range(60))
    found = solve(
        problem, effort=float("inf"), seconds_left=lambda: 10.0 if next(asked, None) is not None else 0.0
    )
    assert is_packing(problem, as_tuple(found))
    assert found.cost is not None
    assert found.cost_bound is not None
    assert found.cost_bound <= found.cost


def test_a_packing_to_start_from_is_never_made_worse() -> None:
    problem = a_fleet()
    good = solve(problem, effort=3e5)
    again = solve(problem, effort=0.0, warm=good.bin)
    assert again.cost is not None
    assert good.cost is not None
    assert again.cost <= good.cost


def test_when_the_clock_strikes_the_best_so_far_is_told_as_cut_short() -> None:
    found = solve(a_fleet(), effort=float("inf"), seconds_left=lambda: 0.0)
    assert is_packing(a_fleet(), as_tuple(found))
    assert (found.is_truncated, found.status) == (True, "feasible")


def test_each_better_cost_is_told() -> None:
    told: list[tuple[int, int]] = []
    found = solve(a_fleet(), effort=3e5, progress=lambda cost, bound: told.append((cost, bound)))
    assert told[-1][0] == found.cost
    assert [cost for cost, _ in told] == sorted((cost for cost, _ in told), reverse=True)


def test_a_bin_of_its_own_is_a_type_with_a_stock_of_one() -> None:
    eligible = np.array([[True, False], [False, True], [True, True]])
    found = solve(
        Problem(
            np.array([[3.0], [3.0], [3.0]]),
            np.array([[4.0], [6.0]]),
            np.ones(3),
            2,
            stock=np.array([1, 1]),
            eligible=eligible,
        )
    )
    assert found.bin.tolist() == [0, 1, 1]


def test_fixed_items_keep_their_bins_and_others_go_round_them() -> None:
    found = solve(
        Problem(
            np.array([[6.0], [5.0], [4.0]]),
            np.array([[10.0], [5.0]]),
            np.ones(3),
            5,
            fixed=np.array([2, -1, -1]),
            stock=np.array([3, 2]),
            cost=np.array([3.0, 2.0]),
        )
    )
    assert (found.bin.tolist(), found.cost, found.status) == ([2, 3, 2], 5.0, "optimal")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cost": np.array([1.0])}, "each of 2 types of bins needs a cost and a stock"),
        ({"cost": np.array([1.0, -1.0])}, "costs must be finite and not negative"),
        ({"stock": np.array([1, -1])}, "a stock must not be negative"),
        ({"eligible": np.ones((1, 2), dtype=bool)}, "eligibility must be told for 2 items and 2 types"),
        ({"sizes": np.array([[1.0], [-1.0]])}, "sizes below zero"),
        ({"capacity": np.ones((2, 3))}, "bins have 3 dimensions, items 1"),
        ({"fixed": np.array([0, 4])}, "fixed in bin 4, there are 4"),
        ({"fixed": np.array([3, 3])}, "fixed in bin 3 need 8 in dimension 0, the bin has 5"),
        ({"sector_apart": (np.array([0, 1]),)}, "can't be dealt to sectors"),
    ],
)
def test_what_contradicts_itself_is_refused(change: dict[str, object], message: str) -> None:
    problem = Problem(
        np.array([[4.0], [4.0]]), np.array([[9.0], [5.0]]), np.ones(2), 4, stock=np.array([2, 2])
    )
    with pytest.raises(ValueError, match=message):
        solve(replace(problem, **change))  # type: ignore[arg-type]


def test_an_item_fixed_where_it_may_not_be_is_refused() -> None:
    problem = Problem(
        np.array([[4.0]]),
        np.array([[9.0], [5.0]]),
        np.ones(1),
        4,
        stock=np.array([2, 2]),
        fixed=np.array([1]),
        eligible=np.array([[False, True]]),
    )
    with pytest.raises(ValueError, match="bin 1 can't hold what is fixed in it"):
        solve(problem)
