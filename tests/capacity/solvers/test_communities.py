"""Dividing a graph: what may never happen, and how much is cut against all partitions of small graphs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

import igraph
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.solvers.communities import Problem, cut_weight, divide

NOBODY: frozenset[int] = frozenset()


def a_problem(
    sizes: Sequence[int],
    edges: Sequence[tuple[int, int, float]],
    max_size: int,
    classes: Sequence[frozenset[int]] = (),
    is_allowed: Callable[[frozenset[int]], bool] = lambda _: True,
) -> Problem:
    return Problem(
        np.array(sizes, dtype=np.int64),
        np.array([edge[:2] for edge in edges], dtype=np.int64).reshape(-1, 2),
        np.array([edge[2] for edge in edges], dtype=np.float64),
        list(classes) or [NOBODY] * len(sizes),
        max_size,
        is_allowed,
    )


def at_most_one_odd(classes: frozenset[int]) -> bool:
    """An example of classes at odds: those of odd number get on with none of their like."""
    return sum(number % 2 for number in classes) <= 1


@st.composite
def problems(draw: st.DrawFn, most: int = 24) -> Problem:
    count = draw(st.integers(1, most))
    nodes = st.integers(0, count - 1)
    weight = st.sampled_from([0.5, 1.0, 3.0, 10.0, 50.0])
    edges = draw(st.lists(st.tuples(nodes, nodes, weight), max_size=3 * count))
    sizes = draw(st.lists(st.sampled_from([0, 1, 1, 2, 5, 9]), min_size=count, max_size=count))
    kinds = st.sampled_from([NOBODY, frozenset({1}), frozenset({2}), frozenset({3, 2})])
    classes = draw(st.lists(kinds, min_size=count, max_size=count))
    return a_problem(sizes, edges, draw(st.integers(1, 10)), classes, at_most_one_odd)


@given(problem=problems())
@settings(max_examples=150, deadline=None)
def test_every_group_is_small_enough_and_gets_on(problem: Problem) -> None:
    labels = divide(problem, seed=1)

    assert labels.tolist() == [list(dict.fromkeys(labels.tolist())).index(label) for label in labels.tolist()]
    for label in range(labels.max() + 1):
        inside = np.flatnonzero(labels == label)
        size = problem.sizes[inside].sum()
        assert size <= problem.max_size or np.count_nonzero(problem.sizes[inside]) == 1
        assert at_most_one_odd(NOBODY.union(*(problem.classes[node] for node in inside)))


@given(problem=problems(), seed=st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_the_same_seed_gives_the_same_groups_whatever_was_drawn_before(problem: Problem, seed: int) -> None:
    first = divide(problem, seed=seed)
    random.random()
    assert divide(problem, seed=seed).tolist() == first.tolist()


def test_other_users_of_the_graph_library_draw_on_as_before() -> None:
    def drawn() -> list[tuple[int, int]]:
        random.seed(7)
        return igraph.Graph.Erdos_Renyi(n=12, m=20).get_edgelist()

    before = drawn()
    divide(a_problem([1] * 6, [(n, n + 1, 1.0) for n in range(5)], 2), seed=3)
    assert drawn() == before


def partitions(count: int) -> Iterator[list[int]]:
    """Every way to label nodes, each once."""

    def further(labels: list[int]) -> Iterator[list[int]]:
        if len(labels) == count:
            yield labels
            return
        for label in range(max(labels, default=-1) + 2):
            yield from further([*labels, label])

    return further([])


def least_cut(problem: Problem) -> float:
    best = float("inf")
    for labels in partitions(len(problem.sizes)):
        groups = [[n for n, own in enumerate(labels) if own == label] for label in set(labels)]
        fits = all(
            (problem.sizes[group].sum() <= problem.max_size or np.count_nonzero(problem.sizes[group]) == 1)
            and problem.is_allowed(NOBODY.union(*(problem.classes[n] for n in group)))
            for group in groups
        )
        if fits:
            best = min(best, cut_weight(problem, np.array(labels)))
    return best


@given(problem=problems(most=7))
@settings(max_examples=60, deadline=None)
def test_little_more_is_cut_than_must_be(problem: Problem) -> None:
    must = least_cut(problem)
    loops = problem.edges[:, 0] == problem.edges[:, 1]
    in_all = float(problem.weights[~loops].sum())
    kept = in_all - cut_weight(problem, divide(problem, seed=0))
    assert kept >= 0.5 * (in_all - must) - 1e-9


def test_over_many_small_graphs_hardly_more_is_cut_than_must_be() -> None:
    draw = random.Random(5)
    kept = best = 0.0
    for _ in range(60):
        edges = [
            (a, b, float(draw.randint(1, 20))) for a in range(7) for b in range(a) if draw.random() < 0.5
        ]
        problem = a_problem([draw.randint(1, 3) for _ in range(7)], edges, 6)
        in_all = sum(weight for *_, weight in edges)
        kept += in_all - cut_weight(problem, divide(problem, seed=0))
        best += in_all - least_cut(problem)
    assert kept >= 0.97 * best


def test_clusters_that_hardly_touch_come_out_whole() -> None:
    inside = [(first + a, first + b, 5.0) for first in range(0, 200, 10) for a in range(10) for b in range(a)]
    between = [(n, (n + 10) % 200, 0.1) for n in range(0, 200, 10)]
    labels = divide(a_problem([1] * 200, inside + between, 12), seed=0)
    assert all(len(set(labels[first : first + 10].tolist())) == 1 for first in range(0, 200, 10))


def test_a_node_that_stands_for_what_others_share_keeps_as_many_of_them_as_fit() -> None:
    star = a_problem([3] * 7 + [0], [(n, 7, 1.0) for n in range(7)], 9)
    assert cut_weight(star, divide(star, seed=0)) == 4.0


def test_a_node_larger_than_a_group_may_be_stands_alone() -> None:
    problem = a_problem([9, 1, 1, 0], [(0, 1, 50.0), (1, 2, 1.0), (0, 3, 5.0)], 4)
    assert divide(problem, seed=0).tolist() == [0, 1, 1, 0]


def test_a_node_at_odds_with_itself_is_refused() -> None:
    problem = a_problem([1], [], 4, [frozenset({1, 3})], at_most_one_odd)
    with pytest.raises(ValueError, match="node 0"):
        divide(problem, seed=0)
