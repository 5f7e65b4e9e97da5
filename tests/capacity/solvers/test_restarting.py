"""Room for items beside what is placed: what is claimed, against every arrangement there is."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from capacity.solvers.restarting import place

NO_CLASSES = np.zeros((0, 0), dtype=np.int64)


@st.composite
def cases(draw: st.DrawFn):
    """Up to five items in up to three bins, some in conflict classes over bins or pairs of bins."""
    n, m = draw(st.integers(0, 5)), draw(st.integers(0, 3))
    sizes = np.array([[draw(st.integers(0, 6)) for _ in range(2)] for _ in range(n)], dtype=float).reshape(
        -1, 2
    )
    room = np.array([[draw(st.integers(0, 10)) for _ in range(2)] for _ in range(m)], dtype=float).reshape(
        -1, 2
    )
    classes = np.array([[draw(st.sampled_from((-1, -1, 0, 1)))] for _ in range(n)], dtype=np.int64).reshape(
        -1, 1
    )
    places = np.array([list(range(m)), [b // 2 for b in range(m)]], dtype=np.int64).reshape(2, m)
    taken = np.array([[draw(st.sampled_from((False, False, True))) for _ in range(4)] for _ in range(2)])
    return sizes, room, classes, places, taken


def holds(bins, sizes, room, classes, places, taken) -> bool:
    left, used = room.copy(), taken.copy()
    for item, b in enumerate(bins):
        if b < 0:
            continue
        left[b] -= sizes[item]
        for c in classes[item]:
            if c >= 0:
                if used[c, places[c, b]]:
                    return False
                used[c, places[c, b]] = True
    return bool((left >= -1e-6).all())


@given(cases())
def test_what_is_placed_fits_and_proofs_hold(case) -> None:
    sizes, room, classes, places, taken = case
    before = room.copy(), taken.copy()
    found = place(sizes, room, classes, places, taken)
    assert (room == before[0]).all()
    assert (taken == before[1]).all()
    assert holds(found.bin_of, *case)
    if (found.bin_of >= 0).all():
        assert found.is_proven
    elif found.is_proven:
        every = product(range(len(room)), repeat=len(sizes))
        assert not any(holds(bins, *case) for bins in every)


def test_an_item_is_pushed_aside_to_let_another_in(monkeypatch) -> None:
    """6, 6, 4, 4 into 12 and 9: the first 6 goes where it fits tightest, into the 9, and has to leave again."""
    sizes = np.array([[6.0, 0.0], [4.0, 0.0], [4.0, 0.0], [6.0, 0.0]])
    room = np.array([[12.0, 1.0], [9.0, 1.0]])
    rest = np.full((4, 0), -1, dtype=np.int64), np.zeros((0, 2), dtype=np.int64), np.zeros((0, 1), dtype=bool)
    assert (place(sizes, room, *rest).bin_of >= 0).all()
    monkeypatch.setattr("capacity.solvers.restarting.EXCHANGES", 0)
    without = place(sizes, room, *rest)
    assert (without.bin_of < 0).any()
    assert not without.is_proven


def test_the_sum_fits_and_the_pieces_do_not() -> None:
    """Two bins with 3 left each take no item of 4, though 6 are free in all."""
    found = place(
        np.array([[4.0, 0.0]]),
        np.array([[3.0, 9.0], [3.0, 9.0]]),
        np.full((1, 0), -1, dtype=np.int64),
        NO_CLASSES,
        np.zeros((0, 1), dtype=bool),
    )
    assert found.bin_of.tolist() == [-1]
    assert found.is_proven


def test_where_not_all_fit_the_fewest_stay_out() -> None:
    sizes = np.array([[5.0, 0.0], [2.0, 0.0], [2.0, 0.0]])
    found = place(
        sizes,
        np.array([[5.0, 1.0]]),
        np.full((3, 0), -1, dtype=np.int64),
        NO_CLASSES,
        np.zeros((0, 1), dtype=bool),
    )
    assert found.bin_of.tolist() == [-1, 0, 0]
