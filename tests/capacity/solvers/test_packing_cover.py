"""Bins that must be all but full: triplets of any number of dimensions are packed without waste, by counted work."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from capacity.solvers.packing import Problem, solve
from capacity.solvers.packing_cover import CoverSearch

Ints = NDArray[np.int64]


def large_middle_and_small(bins: int, dimensions: int, seed: int) -> Ints:
    """Falkenauer's triplets: a large item, and two that share what it leaves of the bin."""
    rng = np.random.default_rng(seed)
    large = rng.integers(38, 50, (bins, dimensions))
    small = 25 + rng.integers(0, 1000, (bins, dimensions)) % ((100 - large) // 2 - 24)
    return np.concatenate([large, small, 100 - large - small])


def two_and_what_is_left(bins: int, dimensions: int, seed: int) -> Ints:
    """Two items up to half a bin and a bit, and one that fills it or makes room."""
    cuts = np.random.default_rng(seed).integers(25, 52, (bins, 2, dimensions))
    return np.concatenate([cuts[:, 0], cuts[:, 1], 100 - cuts.sum(axis=1)])


def packed(sizes: Ints, *, seed: int = 0) -> tuple[int, int]:
    """Bins and bound of an answer that holds."""
    count, dimensions = sizes.shape
    capacity = np.full(dimensions, 100.0)
    found = solve(Problem(sizes.astype(float), capacity, np.ones(count), count), seed=seed, effort=2e6)
    filled = np.zeros((found.bins, dimensions), dtype=np.int64)
    np.add.at(filled, found.bin, sizes)
    assert (filled <= 100).all()
    return found.bins, found.bound


@pytest.mark.parametrize("dimensions", [2, 3, 5])
@pytest.mark.parametrize("bins", [20, 83, 167])
def test_triplets_with_a_large_item_are_packed_without_waste(bins: int, dimensions: int) -> None:
    assert packed(large_middle_and_small(bins, dimensions, seed=11)) == (bins, bins)


@pytest.mark.parametrize("dimensions", [3, 10])
@pytest.mark.parametrize("bins", [20, 83, 167])
def test_triplets_whose_last_item_may_make_room_are_packed_without_waste(bins: int, dimensions: int) -> None:
    sizes = two_and_what_is_left(bins, dimensions, seed=12)
    assert packed(sizes) == (bins, bins)


def test_triplets_that_fill_only_one_of_three_dimensions_are_packed_without_waste() -> None:
    sizes = large_middle_and_small(83, 3, seed=13)
    sizes[:, 1:] -= np.random.default_rng(14).integers(0, 12, (249, 2))
    assert packed(sizes) == (83, 83)


@given(
    contents=st.lists(st.sets(st.integers(0, 6), min_size=1, max_size=3), min_size=1, max_size=12),
    bins=st.integers(1, 7),
)
@settings(max_examples=100, deadline=None)
def test_a_cover_is_found_just_where_trying_every_choice_finds_one(
    contents: list[set[int]], bins: int
) -> None:
    rows = np.array([sorted(content) + [-1] * (3 - len(content)) for content in contents], dtype=np.int64)
    search = CoverSearch(rows, 7, bins, seed=1)
    if not search.is_hopeless:
        search.advance(5_000)
    choices = (choice for r in range(1, bins + 1) for choice in itertools.combinations(contents, r))
    is_possible = any(
        sum(map(len, choice)) == 7 and set().union(*choice) == set(range(7)) for choice in choices
    )
    packing = None if search.is_hopeless else search.packing
    assert (packing is not None) == is_possible
    if packing is not None:
        parts = [set(np.flatnonzero(packing == b).tolist()) for b in np.unique(packing)]
        assert len(parts) <= bins
        assert all(part in contents for part in parts)
