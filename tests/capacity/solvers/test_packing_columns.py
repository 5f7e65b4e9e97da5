"""Proofs by columns: bounds are never above what trying everything finds, and no packing is ever incomplete."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.solvers.packing_columns import Kinds, prove


def some_kinds(
    sizes: list[list[int]], capacity: list[int], copies: list[int], pairs: set[tuple[int, int]]
) -> Kinds:
    rows = [
        sorted({b for a, b in (*pairs, *((b, a) for a, b in pairs)) if a == k}) for k in range(len(sizes))
    ]
    return Kinds(
        np.array(sizes, dtype=np.int64).reshape(len(sizes), len(capacity)),
        np.array(capacity, dtype=np.int64),
        np.array(copies, dtype=np.int64),
        np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64),
        np.array([kind for row in rows for kind in row], dtype=np.int64),
    )


def fewest(kinds: Kinds) -> int:
    """By trying every bin for every item, in turn."""
    items = np.repeat(np.arange(len(kinds.copies)), kinds.copies).tolist()
    apart = {
        (kind, int(other))
        for kind in range(len(kinds.copies))
        for other in kinds.conflict_ids[kinds.conflict_ptr[kind] : kinds.conflict_ptr[kind + 1]]
    }
    best = len(items)
    bins: list[list[int]] = []

    def place(number: int) -> None:
        nonlocal best
        if len(bins) >= best:
            return
        if number == len(items):
            best = len(bins)
            return
        kind = items[number]
        for inside in [*bins, None]:
            if inside is None:
                bins.append([kind])
                place(number + 1)
                bins.pop()
            elif not any((kind, other) in apart for other in inside) and bool(
                (kinds.sizes[[*inside, kind]].sum(axis=0) <= kinds.capacity).all()
            ):
                inside.append(kind)
                place(number + 1)
                inside.pop()

    place(0)
    return best


@st.composite
def problems(draw: st.DrawFn) -> Kinds:
    dimensions, count = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    sizes = [[draw(st.integers(0, 10)) for _ in range(dimensions)] for _ in range(count)]
    copies = [draw(st.integers(1, 2)) for _ in range(count)]
    numbers = st.integers(0, count - 1)
    pairs = draw(st.sets(st.tuples(numbers, numbers), max_size=6))
    return some_kinds(sizes, [draw(st.integers(10, 20)) for _ in range(dimensions)], copies, pairs)


def each_alone(kinds: Kinds) -> list[list[int]]:
    return [[kind] for kind in np.repeat(np.arange(len(kinds.copies)), kinds.copies).tolist()]


@given(kinds=problems())
@settings(max_examples=60, deadline=None)
def test_what_is_proven_is_what_trying_everything_finds(kinds: Kinds) -> None:
    proof = prove(kinds, each_alone(kinds))
    best = fewest(kinds)
    assert (proof.lower_bound, len(proof.bins), proof.status) == (best, best, "optimal")


@given(kinds=problems(), effort=st.sampled_from([0.0, 1.0, 50.0, 1000.0, 20_000.0]))
@settings(max_examples=60, deadline=None)
def test_however_early_it_ends_bounds_hold_and_nothing_is_left_out(kinds: Kinds, effort: float) -> None:
    proof = prove(kinds, each_alone(kinds), effort=effort)
    assert proof.lower_bound <= fewest(kinds) <= len(proof.bins)
    packed = np.bincount(
        np.array([kind for inside in proof.bins for kind in inside]), minlength=len(kinds.copies)
    )
    assert packed.tolist() == kinds.copies.tolist()


def test_without_a_second_left_the_packing_given_stands() -> None:
    kinds = some_kinds([[3], [4], [5]], [12], [1, 1, 1], {(0, 1)})
    proof = prove(kinds, each_alone(kinds), seconds_left=lambda: 0.0)
    assert sorted(kind for inside in proof.bins for kind in inside) == [0, 1, 2]


def test_what_fits_no_bin_is_named() -> None:
    with pytest.raises(ValueError, match="kind 1 fits no empty bin"):
        prove(some_kinds([[3], [13]], [12], [1, 1], set()), [[0], [1]])
