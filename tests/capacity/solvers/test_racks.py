"""The rack solver's moves leave no trace when undone, its bounds are below its answers, its work is deterministic."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from target_builders import Wanted, a_target

from capacity.placing.rack_items import Gatherer
from capacity.placing.rack_problem import RackProblem, build
from capacity.power import SupplyModel
from capacity.solvers.rack_moves import FITS, close_bin, open_bin, place, take_out
from capacity.solvers.rack_relaxation import relax
from capacity.solvers.racks import Before, copy_state, refusals, solve


@st.composite
def problems(draw: st.DrawFn) -> RackProblem:
    wanted = Wanted()
    for _ in range(draw(st.integers(1, 12))):
        wanted.device(
            height_u=draw(st.sampled_from([0.0, 0.5, 1.0, 3.0])),
            power_w=draw(st.sampled_from([0.0, 130.0, 410.0])),
            weight_kg=draw(st.sampled_from([5.0, 60.0])),
            redundancy=draw(st.sampled_from(["1+0", "1+1", "2+2", None])),
            is_full_depth=draw(st.booleans()),
            owner=draw(st.sampled_from(["ours", "theirs"])),
        )
    facility = a_target(
        height_u=6,
        feed_w=draw(st.sampled_from([600.0, 3000.0])),
        row_w=draw(st.sampled_from([1200.0, 1e5])),
        three_phase=draw(st.booleans()),
        max_weight_kg=draw(st.sampled_from([250.0, 900.0])),
    )
    items = Gatherer(wanted.estate, facility, wanted.demands).devices(d.asset for d in wanted.decisions).items
    return build(facility, items, SupplyModel.of(facility))


@given(problem=problems())
@settings(max_examples=60, deadline=None)
def test_moves_undone_leave_no_trace(problem: RackProblem) -> None:
    a, start = problem.problem.arrays, problem.problem.start
    state = copy_state(start)
    group = int(a.item_group[0])
    b = int(a.bins_ids[a.bins_ptr[group]])
    assert open_bin(a, state, b, group) == FITS
    placed = [
        i for i in range(len(problem.items)) if a.item_group[i] == group and place(a, state, i, b) == FITS
    ]
    for item in reversed(placed):
        take_out(a, state, item)
    close_bin(a, state, b)
    for name in (
        "occupied",
        "kg_left",
        "ports_left",
        "legs",
        "nodes",
        "cooling_left",
        "owner_w_left",
        "item_bin",
    ):
        assert np.allclose(getattr(state, name), getattr(start, name), atol=1e-6), name
    assert (state.cord_feed == -1).all()


@given(problem=problems())
@settings(max_examples=60, deadline=None)
def test_a_bin_that_refuses_changes_nothing(problem: RackProblem) -> None:
    solution = solve(problem.problem)
    before = copy_state(solution.state)
    out = np.flatnonzero(solution.state.item_bin < 0)
    for item in out:
        assert all(code != FITS for _, _, code in refusals(problem.problem, solution.state, int(item)))
    assert all(
        np.allclose(x, y, atol=1e-6)
        for x, y in zip(before, solution.state, strict=True)
        if x.dtype.kind == "f"
    )
    assert (before.occupied == solution.state.occupied).all()


@given(problem=problems())
@settings(max_examples=60, deadline=None)
def test_bounds_are_below_what_is_opened(problem: RackProblem) -> None:
    solution = solve(problem.problem)
    assert (solution.bound <= solution.opened).all()
    placed = np.flatnonzero(solution.state.item_bin >= 0)
    assert relax(problem.problem.arrays, problem.problem.start, placed).bound <= solution.opened.sum()


@given(problem=problems(), seed=st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_the_same_seed_gives_the_same_racks(problem: RackProblem, seed: int) -> None:
    one, two = solve(problem.problem, seed=seed), solve(problem.problem, seed=seed)
    assert all((x == y).all() for x, y in zip(one.state, two.state, strict=True))


@given(problem=problems())
@settings(max_examples=40, deadline=None)
def test_a_mix_names_as_many_bins_however_it_is_rounded(problem: RackProblem) -> None:
    a, start = problem.problem.arrays, problem.problem.start
    items = np.flatnonzero(a.item_group >= 0)
    one, other = (relax(a, start, items, by_largest=by_largest) for by_largest in (True, False))
    for group in range(len(a.group_owner)):
        counts = [sum(n for (g, _), n in found.mix.items() if g == group) for found in (one, other)]
        assert counts[0] == counts[1]
    for number, members in enumerate(one.members):
        for found in (one, other):
            named = [(g, n) for (g, c), n in found.mix.items() if c == number]
            assert sum(n for _, n in named) <= len(members) + max(0, len(named) - 1)


@given(problem=problems(), kept=st.lists(st.booleans(), min_size=12, max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_search_that_goes_on_from_before_leaves_out_only_what_fits_nowhere(
    problem: RackProblem, kept: list[bool]
) -> None:
    first = solve(problem.problem)
    item_bin = first.state.item_bin.copy()
    item_bin[~np.array(kept[: len(item_bin)], dtype=bool)] = -1
    order = np.flatnonzero(item_bin >= 0)
    before = Before(item_bin, order[np.argsort(item_bin[order], kind="stable")], first.bins_ids)
    again = solve(problem.problem, before=before)
    state = copy_state(again.state)
    for item in np.flatnonzero(state.item_bin < 0):
        assert all(code != FITS for _, _, code in refusals(problem.problem, state, int(item)))
    assert (again.bound <= again.opened).all()
    standing = problem.problem.start.bin_group >= 0
    used = np.unique(state.item_bin[state.item_bin >= 0])
    assert set(np.flatnonzero((state.bin_group >= 0) & ~standing)) == {
        int(b) for b in used if not standing[b]
    }
