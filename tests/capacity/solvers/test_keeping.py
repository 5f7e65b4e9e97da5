"""Choosing among alternatives: what is chosen fits, and nothing cheaper does, as every choice there is proves."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.solvers.keeping import Choices, choose


@st.composite
def choices(draw: st.DrawFn) -> Choices:
    owners = draw(st.integers(1, 4))
    owner = sorted(draw(st.lists(st.integers(0, owners - 1), min_size=1, max_size=7)))
    rows = draw(st.integers(1, 3))
    entries = draw(
        st.lists(
            st.tuples(
                st.integers(0, rows - 1),
                st.integers(0, len(owner) - 1),
                st.sampled_from((0.0, 0.5, 1.0, 2.0, 3.25)),
            ),
            max_size=14,
        )
    )
    return Choices(
        owner=np.array(owner, dtype=np.int64),
        cost=np.array(draw(st.lists(st.integers(0, 9), min_size=len(owner), max_size=len(owner)))),
        without=np.array(draw(st.lists(st.integers(0, 30), min_size=owners, max_size=owners))),
        row=np.array([row for row, _, _ in entries], dtype=np.int64),
        which=np.array([which for _, which, _ in entries], dtype=np.int64),
        amount=np.array([amount for _, _, amount in entries], dtype=np.float64),
        room=np.array(draw(st.lists(st.sampled_from((0.0, 1.0, 2.5, 4.0)), min_size=rows, max_size=rows))),
    )


def fits(given_: Choices, chosen: tuple[int, ...]) -> bool:
    held = np.zeros(given_.room.size)
    for row, which, amount in zip(given_.row, given_.which, given_.amount, strict=True):
        if which in chosen:
            held[row] += amount
    return bool((held <= given_.room + 1e-9).all())


def cost(given_: Choices, chosen: tuple[int, ...]) -> int:
    return sum(
        int(given_.without[owner]) if index < 0 else int(given_.cost[index])
        for owner, index in enumerate(chosen)
    )


@settings(max_examples=150, deadline=None)
@given(choices())
def test_nothing_that_fits_is_cheaper(given_: Choices) -> None:
    found = choose(given_)
    chosen = tuple(int(index) for index in found.chosen)
    assert all(index < 0 or given_.owner[index] == owner for owner, index in enumerate(chosen))
    assert fits(given_, chosen)
    options = [
        [-1, *(int(i) for i in np.flatnonzero(given_.owner == owner))] for owner in range(given_.without.size)
    ]
    least = min(cost(given_, every) for every in product(*options) if fits(given_, every))
    assert (found.status, found.cost, found.bound) == ("optimal", least, least)
    assert cost(given_, chosen) == least


def test_equal_inputs_give_equal_choices() -> None:
    two = Choices(
        owner=np.array([0, 1]),
        cost=np.array([0, 0]),
        without=np.array([5, 5]),
        row=np.array([0, 0]),
        which=np.array([0, 1]),
        amount=np.array([1.0, 1.0]),
        room=np.array([1.0]),
    )
    assert {tuple(choose(two).chosen.tolist()) for _ in range(5)} == {tuple(choose(two).chosen.tolist())}
    assert choose(two).cost == 5
