"""Projects with calendars, against every start and mode of tiny ones; larger ones by the definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.solvers.scheduling import (
    END,
    NEVER,
    NO_LEAST,
    NO_MOST,
    START,
    CalendarProject,
    CalendarSchedule,
    Draft,
    Mode,
    Project,
    ProjectError,
    plain,
    solve,
    solve_calendar,
)
from capacity.solvers.scheduling_bound import Prices
from capacity.solvers.scheduling_ground import ground

# --- what a schedule is, by the definition -------------------------------------------------------------------------


def broken(p: CalendarProject, start: list[int], mode: list[int]) -> str | None:
    """The first rule that a schedule breaks; −1 stands for what is left out."""
    placed = [a for a in range(p.activities) if start[a] >= 0]
    end = [start[a] + int(p.duration[mode[a]]) if start[a] >= 0 else -1 for a in range(p.activities)]
    for a in placed:
        m = mode[a]
        if not p.mode_at[a] <= m < p.mode_at[a + 1]:
            return f"{a} has no mode {m}"
        if start[a] < p.release[a] or end[a] > min(p.deadline[a], p.horizon):
            return f"{a} runs outside its release and deadline"
        c = p.calendar[m]
        windows = p.windows[p.window_at[c] : p.window_at[c + 1]].tolist()
        if not any(begin <= start[a] and end[a] <= stop for begin, stop in windows):
            return f"{a} runs outside its windows"
    for a, b in itertools.permutations(range(p.activities), 2):
        if p.bundle[a] == p.bundle[b] and (start[a] < 0) != (start[b] < 0):
            return f"{a} and {b} are one bundle"
    for a in range(p.activities):
        if p.skip_cost[a] == NEVER and start[a] < 0:
            return f"{a} is left out"
    for first, then, from_, to, least, most in p.arcs.tolist():
        if start[then] < 0:
            continue
        if start[first] < 0:
            return f"{then} depends on {first}"
        gap = (end if to == END else start)[then] - (end if from_ == END else start)[first]
        if not least <= gap <= most:
            return f"{then} is {gap} from {first}"
    return _overfull(p, start, mode, end)


def _overfull(p: CalendarProject, start: list[int], mode: list[int], end: list[int]) -> str | None:
    taken = np.zeros((p.resources, p.horizon), dtype=np.int64)
    for a in range(p.activities):
        if start[a] >= 0:
            for k in range(int(p.need_at[mode[a]]), int(p.need_at[mode[a] + 1])):
                taken[p.need_resource[k], start[a] : end[a]] += p.need[k]
    for first, from_, last, to, lag, resource, amount in p.reservations.tolist():
        if start[first] >= 0:
            begin = (end if from_ == END else start)[first]
            until = (end if to == END else start)[last] + lag if start[last] >= 0 else p.horizon
            taken[resource, begin : max(until, 0)] += amount
    for r in range(p.resources):
        steps = slice(int(p.capacity_at[r]), int(p.capacity_at[r + 1]))
        for t in range(p.horizon):
            has = p.capacity[steps][np.flatnonzero(p.capacity_from[steps] <= t)[-1]]
            if taken[r, t] > has:
                return f"resource {r} is overfull at {t}"
    return None


def cost(p: CalendarProject, start: list[int], mode: list[int]) -> int:
    total, last = 0, 0
    for a in range(p.activities):
        if start[a] < 0:
            total += max(int(p.skip_cost[a]), 0)
            continue
        end = start[a] + int(p.duration[mode[a]])
        total += int(p.tardy_cost[a]) * max(0, end - int(p.due[a])) + int(p.end_cost[a]) * end
        last = max(last, end)
    return total + p.makespan_cost * last


def least_cost(p: CalendarProject) -> int | None:
    """Of all schedules whatever; None if there is none."""
    ways = [
        [(-1, -1)]
        + [(t, m) for m in range(int(p.mode_at[a]), int(p.mode_at[a + 1])) for t in range(p.horizon + 1)]
        for a in range(p.activities)
    ]
    best = None
    for chosen in itertools.product(*ways):
        start, mode = [t for t, _ in chosen], [m for _, m in chosen]
        found = cost(p, start, mode)
        if (best is None or found < best) and broken(p, start, mode) is None:
            best = found
    return best


def assert_kept(p: CalendarProject, found: CalendarSchedule) -> None:
    """A schedule that is one, of the cost it says, with a bound that can be."""
    start, mode = found.start.tolist(), found.mode.tolist()
    assert broken(p, start, mode) is None
    assert cost(p, start, mode) == found.cost
    assert found.cost == found.skipped + found.tardiness + found.completion + found.makespan
    assert found.bound <= found.cost
    assert found.end.tolist() == [
        t + int(p.duration[m]) if t >= 0 else -1 for t, m in zip(start, mode, strict=True)
    ]


# --- tiny ones -----------------------------------------------------------------------------------------------------

HORIZON = 6
lags = st.tuples(
    st.sampled_from([NO_LEAST, -2, 0, 1, 2]), st.sampled_from([NO_MOST, NO_MOST, 0, 2, 3])
).filter(lambda pair: pair[0] <= pair[1])
points = st.sampled_from([START, END])


@st.composite
def drafts(draw: st.DrawFn) -> CalendarProject:
    draft = Draft(HORIZON, makespan_cost=draw(st.integers(0, 2)))
    for _ in range(2):
        times = sorted(draw(st.sets(st.integers(1, HORIZON - 1), max_size=2)))
        draft.resource([(t, draw(st.integers(0, 3))) for t in (0, *times)])
    for _ in range(2):
        cuts = sorted(draw(st.sets(st.integers(0, HORIZON), min_size=2, max_size=4)))
        draft.calendar(
            list(zip(cuts[::2], cuts[1::2], strict=False))
            if draw(st.booleans())
            else list(itertools.pairwise(cuts))
        )
    n = draw(st.integers(1, 3))
    for a in range(n):
        modes = [
            Mode(
                draw(st.integers(0, 3)),
                {r: draw(st.integers(0, 2)) for r in draw(st.sets(st.integers(0, 1)))},
                draw(st.sampled_from([None, None, 0, 1])),
            )
            for _ in range(draw(st.integers(1, 2)))
        ]
        draft.activity(
            *modes,
            release=draw(st.integers(0, 2)),
            deadline=draw(st.integers(HORIZON - 2, HORIZON)),
            due=draw(st.integers(0, HORIZON)),
            tardy_cost=draw(st.integers(0, 3)),
            end_cost=draw(st.integers(0, 2)),
            skip_cost=draw(st.sampled_from([NEVER, 0, 5, 30])),
            bundle=draw(st.integers(0, a - 1)) if a and draw(st.booleans()) else None,
        )
    for first, then in itertools.permutations(range(n), 2):
        if draw(st.integers(0, 3)) == 0:
            least, most = draw(lags)
            draft.after(first, then, least, most, from_=draw(points), to=draw(points))
    for _ in range(draw(st.integers(0, 2))):
        draft.hold(
            draw(st.integers(0, 1)),
            draw(st.integers(1, 2)),
            draw(st.integers(0, n - 1)),
            draw(st.integers(0, n - 1)),
            draw(st.integers(-1, 2)),
            from_=draw(points),
            to=draw(points),
        )
    return draft.project()


@given(drafts())
@settings(max_examples=100, deadline=None)
def test_tiny_projects_are_solved_and_proven(project: CalendarProject) -> None:
    least = least_cost(project)
    try:
        found = solve_calendar(project, work=60)
    except ProjectError:
        assert least is None
        return

    if least is None:
        assert found.status == "infeasible"
        return
    assert_kept(project, found)
    assert (found.cost, found.bound, found.status) == (least, least, "optimal")


@given(drafts(), st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_cancelled_anywhere_schedules_and_bounds_hold(project: CalendarProject, after: int) -> None:
    told: list[tuple[int, int]] = []
    asked = itertools.count()
    try:
        found = solve_calendar(
            project, cancelled=lambda: next(asked) > after, progress=lambda c, b: told.append((c, b))
        )
    except ProjectError:
        return

    if found.missing:
        assert found.status in {"unknown", "infeasible"}
        return
    assert_kept(project, found)
    least = least_cost(project)
    assert least is not None
    assert found.bound <= least <= found.cost
    assert all(bound <= least <= value for value, bound in told)


@given(drafts())
@settings(max_examples=60, deadline=None)
def test_prices_never_say_more_than_the_least_cost(project: CalendarProject) -> None:
    least = least_cost(project)
    if least is None:
        return
    prices = Prices(project, ground(project), HORIZON)

    prices.raise_bound(40, least + 3)

    assert prices.bound <= least


# --- rules, one by one ---------------------------------------------------------------------------------------------


def test_what_depends_on_what_is_left_out_is_left_out_too() -> None:
    draft = Draft(10)
    crew = draft.resource([(0, 1)])
    first = draft.activity(Mode(3, {crew: 2}), skip_cost=5)
    then = draft.activity(Mode(1, {}), skip_cost=7)
    draft.after(first, then)

    found = solve_calendar(draft.project())

    assert found.start.tolist() == [-1, -1]
    assert (found.skipped, found.cost, found.status) == (12, 12, "optimal")


def test_the_truck_is_taken_where_the_line_is_too_slow() -> None:
    draft = Draft(40)
    line, truck = draft.resource([(0, 1)]), draft.resource([(0, 0), (10, 1), (12, 0)])
    for _ in range(2):
        draft.activity(Mode(20, {line: 1}), Mode(2, {truck: 1}), end_cost=1)

    found = solve_calendar(draft.project())

    assert sorted(m % 2 for m in found.mode.tolist()) == [0, 1]
    assert (sorted(found.end.tolist()), found.status) == ([12, 20], "optimal")


def test_both_stand_until_the_way_back_is_closed() -> None:
    draft = Draft(30)
    room = draft.resource([(0, 1)])
    for _ in range(2):
        copy = draft.activity(Mode(4, {}), skip_cost=100)
        cut = draft.activity(Mode(1, {}), skip_cost=100, end_cost=1, bundle=copy)
        draft.after(copy, cut)
        draft.hold(room, 1, copy, cut, 3)

    found = solve_calendar(draft.project())

    assert (sorted(found.end[1::2].tolist()), found.status) == ([5, 13], "optimal")


def test_steps_of_one_night_start_together() -> None:
    draft = Draft(60)
    crew, engineer = draft.resource([(0, 0), (25, 1)]), draft.resource([(0, 1), (27, 0), (45, 1)])
    nights = draft.calendar([(4, 8), (24, 28), (44, 48)])
    one = draft.activity(Mode(2, {crew: 1}, nights), end_cost=1)
    other = draft.activity(Mode(3, {engineer: 1}, nights), bundle=one)
    draft.after(one, other, 0, 0, from_=START)

    found = solve_calendar(draft.project())

    assert (found.start.tolist(), found.status) == ([45, 45], "optimal")


def test_windows_that_touch_remain_two() -> None:
    draft = Draft(20)
    halves = draft.calendar([(0, 4), (4, 10)])
    draft.activity(Mode(5, {}, halves), end_cost=1)

    assert solve_calendar(draft.project()).start.tolist() == [4]


def test_late_is_paid_for_and_too_late_is_left_out() -> None:
    draft = Draft(20)
    crew = draft.resource([(0, 1)])
    draft.activity(Mode(4, {crew: 1}), due=4, tardy_cost=10)
    draft.activity(Mode(4, {crew: 1}), due=6, tardy_cost=3)
    draft.activity(Mode(4, {crew: 1}), deadline=11, skip_cost=2)

    found = solve_calendar(draft.project())

    assert found.end.tolist() == [4, 8, -1]
    assert (found.tardiness, found.skipped, found.status) == (6, 2, "optimal")


def test_prices_bound_what_one_resource_delays() -> None:
    draft = Draft(400)
    crew = draft.resource([(0, 1)])
    for _ in range(10):
        draft.activity(Mode(20, {crew: 1}), end_cost=1)
    project = draft.project()
    prices = Prices(project, ground(project), 200)

    prices.raise_bound(90, 1100)

    assert 900 < prices.bound <= 1100  # each alone: 200


# --- larger ones ---------------------------------------------------------------------------------------------------


def a_move(groups: int, seed: int) -> CalendarProject:
    """Groups that are copied over lines or carried, then cut over at night by crews, their sources cleared later."""
    chance = np.random.default_rng(seed)
    days = 30
    draft = Draft(days * 24)
    crew = draft.resource([(t, c) for d in range(days) for t, c in ((24 * d, 0), (24 * d + 18, 3))])
    line = draft.resource([(0, 2)])
    van = draft.resource([(0, 1)])
    space = draft.resource([(0, groups // 3 + 2)])
    nights = draft.calendar([(24 * d + 18, 24 * d + 24) for d in range(days)])
    before = -1
    for _ in range(groups):
        long = int(chance.integers(6, 40))
        copy = draft.activity(Mode(long, {line: 1}), Mode(3, {van: 1}, nights), skip_cost=10_000)
        cut = draft.activity(
            Mode(int(chance.integers(1, 5)), {crew: int(chance.integers(1, 3))}, nights),
            bundle=copy,
            skip_cost=10_000,
            end_cost=int(chance.integers(1, 4)),
            due=int(chance.integers(100, 600)),
            tardy_cost=10,
        )
        clear = draft.activity(Mode(2, {crew: 1}, nights), bundle=copy, skip_cost=0)
        draft.after(copy, cut, 0, 72)
        draft.after(cut, clear, 48)
        draft.hold(space, 1, copy, cut, 48)
        if before >= 0 and chance.random() < 0.2:
            draft.after(before, cut)
        before = cut
    return draft.project()


@pytest.mark.parametrize("seed", range(3))
def test_a_move_of_many_groups_is_kept(seed: int) -> None:
    project = a_move(30, seed)

    found = solve_calendar(project, work=200, seed=seed)

    assert_kept(project, found)


def test_the_same_work_gives_the_same_answer() -> None:
    project = a_move(20, 7)

    first, second = (solve_calendar(project, work=200, seed=3) for _ in range(2))

    assert first.start.tobytes() == second.start.tobytes()
    assert first.mode.tobytes() == second.mode.tobytes()
    assert (first.cost, first.bound, first.status) == (second.cost, second.bound, second.status)


def test_more_work_is_not_worse() -> None:
    project = a_move(25, 5)

    assert solve_calendar(project, work=400).cost <= solve_calendar(project, work=0).cost


def test_cancelled_at_once_there_is_a_schedule_all_the_same() -> None:
    project = a_move(20, 1)

    found = solve_calendar(project, cancelled=lambda: True)

    assert_kept(project, found)
    assert found.status == "truncated"


def test_the_clock_ends_it_and_progress_only_gets_better() -> None:
    project = a_move(20, 2)
    ticks = itertools.count()
    told: list[tuple[int, int]] = []

    found = solve_calendar(
        project,
        seconds=400.0,
        clock=lambda: float(next(ticks)),
        progress=lambda value, bound: told.append((value, bound)),
    )

    assert_kept(project, found)
    assert found.status in {"optimal", "truncated"}
    assert [c for c, _ in told] == sorted((c for c, _ in told), reverse=True)
    assert [b for _, b in told] == sorted(b for _, b in told)


@pytest.mark.parametrize("seed", range(4))
def test_a_plain_project_is_as_short_as_the_plain_solver_proves(seed: int) -> None:
    chance = np.random.default_rng(seed)
    n = 12
    arcs = [(i, j) for i, j in itertools.combinations(range(n), 2) if chance.random() < 0.15]
    project = Project(
        chance.integers(1, 8, size=n),
        chance.integers(0, 5, size=(n, 2)),
        np.array([6, 6]),
        np.array(arcs, dtype=np.int64).reshape(-1, 2),
    )
    known = solve(project, work=500)

    found = solve_calendar(plain(project), work=500)

    assert known.status == found.status == "optimal"
    assert (found.makespan, found.cost) == (known.makespan, known.makespan)


def test_nothing_to_do_is_done_at_once() -> None:
    found = solve_calendar(Draft(5).project())

    assert (found.cost, found.bound, found.status, found.start.size) == (0, 0, "optimal", 0)


def test_a_circle_that_lags_leave_room_for_is_kept() -> None:
    draft = Draft(20)
    crew = draft.resource([(0, 2)])
    one, other = draft.activity(Mode(3, {crew: 1})), draft.activity(Mode(2, {crew: 2}))
    draft.after(one, other)
    draft.after(other, one, -6, from_=START)

    assert_kept(draft.project(), solve_calendar(draft.project()))
