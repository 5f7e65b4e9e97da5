"""Simulating a dated project: against a minute-by-minute reading of its words, and what must hold of any sample."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.solvers.simulation import NEVER, Draws, Network, Samples, settled, simulate

HORIZON = 60


@dataclass
class Activity:
    """`waits`: (which, lag) before it; `holds`: (resource, amount); `opens`: which calendar."""

    release: int
    length: int
    waits: list[tuple[int, int]] = field(default_factory=list)
    holds: list[tuple[int, int]] = field(default_factory=list)
    opens: int = 0
    is_strict: bool = False


@dataclass
class Project:
    activities: list[Activity]
    calendars: list[list[tuple[int, int]]] = field(default_factory=lambda: [[(0, HORIZON)]])
    capacity: list[int] = field(default_factory=list)
    less: list[list[tuple[int, int, int]]] = field(default_factory=list)


def network(project: Project) -> Network:
    def ints(values) -> np.ndarray:
        return np.array(list(values), dtype=np.int64)

    def at(lists) -> np.ndarray:
        return np.cumsum([0, *map(len, lists)], dtype=np.int64)

    acts, less = project.activities, project.less or [[] for _ in project.capacity]
    nothing = np.full(len(acts), NEVER)
    return Network(
        ints(a.release for a in acts),
        ints(a.length for a in acts),
        ints(a.opens for a in acts),
        np.array([a.is_strict for a in acts]),
        nothing,
        nothing,
        at([a.waits for a in acts]),
        ints(i for a in acts for i, _ in a.waits),
        ints(lag for a in acts for _, lag in a.waits),
        at([a.holds for a in acts]),
        ints(r for a in acts for r, _ in a.holds),
        np.array([float(x) for a in acts for _, x in a.holds]),
        *(np.full(sum(len(a.holds) for a in acts), value) for value in (0.0, 1.0, -1, NEVER)),
        np.array(project.capacity, dtype=float),
        at(less),
        ints(b for own in less for b, _, _ in own),
        ints(e for own in less for _, e, _ in own),
        np.array([float(x) for own in less for *_, x in own]),
        at(project.calendars),
        ints(b for own in project.calendars for b, _ in own),
        ints(e for own in project.calendars for _, e in own),
        HORIZON,
    )


def lasting(project: Project, *durations: list[int], again: float = 1.0) -> Samples:
    """Samples with these very durations."""
    scale = np.array(durations, dtype=float)
    nothing = np.zeros(scale.shape[1])
    return simulate(network(project), Draws(scale, np.zeros_like(scale), nothing, again, 7))


# --- the same words, read minute by minute ---------------------------------------------------------------------------


def by_the_minute(project: Project, durations: list[int]) -> tuple[list[int], list[int]]:
    """Starts and ends of one sample."""
    held = [[0] * (4 * HORIZON) for _ in project.capacity]
    for r, lacking in enumerate(project.less):
        for begin, end, amount in lacking:
            for t in range(begin, end):
                held[r][t] += amount
    starts: list[int] = []
    ends: list[int] = []
    for a, duration in zip(project.activities, durations, strict=True):
        ready = max([a.release, *(ends[i] + lag for i, lag in a.waits)])
        if any(ends[i] == NEVER for i, _ in a.waits):
            starts.append(NEVER)
            ends.append(NEVER)
            continue
        first, end, left, length = None, NEVER, duration, a.length
        while True:
            place = _place(project, held, a, ready, length, left)
            if place is None:
                break
            begin, closes = place
            first = begin if first is None else first
            stop = min(begin + left, closes)
            for r, amount in a.holds:
                for t in range(begin, stop):
                    held[r][t] += amount
            if begin + left <= closes:
                end = stop
                break
            ready = closes
            left, length = (duration, a.length) if a.is_strict else (left - (closes - begin), 1)
            if a.is_strict and all(e - b < duration for b, e in project.calendars[a.opens]):
                break
        starts.append(NEVER if first is None else first)
        ends.append(end)
    return starts, ends


def _place(project: Project, held, a: Activity, ready: int, length: int, left: int):
    for begin in range(ready, HORIZON):
        for opens, closes in project.calendars[a.opens]:
            if opens <= begin and begin + length <= closes:
                until = begin + max(length, min(left, closes - begin))
                if all(
                    held[r][t] + amount <= project.capacity[r]
                    for r, amount in a.holds
                    for t in range(begin, until)
                ):
                    return begin, closes
    return None


@st.composite
def projects(draw, *, resources: bool = True, windows: bool = True) -> Project:
    calendars = [[(0, HORIZON)]]
    if windows:
        edges = draw(st.lists(st.integers(0, HORIZON), min_size=2, max_size=8, unique=True).map(sorted))
        pairs = list(zip(edges[::2], edges[1::2], strict=False))
        calendars.append(pairs)
    capacity = [3, 2] if resources else []
    less = [[(20, 25, 1)], []] if resources else []
    acts: list[Activity] = []
    for j in range(draw(st.integers(1, 6))):
        opens = draw(st.integers(0, len(calendars) - 1))
        longest = max(e - b for b, e in calendars[opens])
        acts.append(
            Activity(
                release=draw(st.integers(0, 30)),
                length=draw(st.integers(1, min(6, longest))),
                waits=[(i, draw(st.integers(0, 3))) for i in range(j) if draw(st.booleans())],
                holds=[(r, draw(st.integers(1, 2))) for r in range(len(capacity)) if draw(st.booleans())],
                opens=opens,
                is_strict=draw(st.booleans()),
            )
        )
    return Project(acts, calendars, capacity, less)


durations = st.lists(st.integers(1, 12), min_size=6, max_size=6)


@settings(max_examples=300, deadline=None)
@given(projects(), durations)
def test_it_does_what_its_words_say(project: Project, lengths: list[int]) -> None:
    lengths = lengths[: len(project.activities)]
    found = lasting(project, lengths)
    assert (found.start[0].tolist(), found.end[0].tolist()) == by_the_minute(project, lengths)


@settings(max_examples=150, deadline=None)
@given(projects(), st.data())
def test_a_settled_project_with_its_own_durations_keeps_its_dates(project: Project, data) -> None:
    lengths = [a.length for a in project.activities]
    net = network(project)
    planned = lasting(project, lengths).start[0]
    if (planned == NEVER).any():
        return
    follows = np.array(data.draw(st.lists(st.booleans(), min_size=len(lengths), max_size=len(lengths))))
    release, is_met = settled(net, planned, follows)
    assert is_met.all()
    scale = np.array([lengths], dtype=float)
    draws = Draws(scale, np.ones_like(scale), np.zeros(len(lengths)), 1.0, 0)
    again = simulate(net._replace(release=release), draws)
    assert again.start[0].tolist() == planned.tolist()
    assert again.end[0].tolist() == (planned + np.array(lengths)).tolist()


@settings(max_examples=100, deadline=None)
@given(projects(windows=False), st.lists(durations, min_size=3, max_size=3))
def test_no_resource_is_ever_overdrawn(project: Project, lengths: list[list[int]]) -> None:
    found = lasting(project, *(row[: len(project.activities)] for row in lengths))
    for start, end in zip(found.start.tolist(), found.end.tolist(), strict=True):
        for r, capacity in enumerate(project.capacity):
            for t in range(HORIZON):
                used = sum(
                    amount
                    for a, begin, stop in zip(project.activities, start, end, strict=True)
                    for which, amount in a.holds
                    if which == r and begin <= t < (stop if stop != NEVER else begin)
                )
                assert used <= capacity - sum(x for b, e, x in project.less[r] if b <= t < e)


@settings(max_examples=100, deadline=None)
@given(projects(resources=False), durations, durations)
def test_without_resources_nothing_ends_sooner_for_taking_longer(
    project: Project, lengths: list[int], more: list[int]
) -> None:
    n = len(project.activities)
    for activity in project.activities:  # what starts again in a longer window may be lucky: it is left out
        activity.is_strict = False
    short, long = lengths[:n], [a + b for a, b in zip(lengths[:n], more[:n], strict=True)]
    found = lasting(project, short, long)
    assert (found.end[0] <= found.end[1]).all()


# --- what decides ----------------------------------------------------------------------------------------------------


def decisive(project: Project, starts: list[int], ends: list[int]) -> set[int]:
    """By trying: of what a deciding activity waits for, all that ends so late that the start can't be sooner."""
    found = {j for j, end in enumerate(ends) if end == max(ends)}
    for j in reversed(range(len(ends))):
        a = project.activities[j]
        if j not in found:
            continue

        def first(ready: int, a: Activity = a) -> int:
            fitting = (
                t
                for t in range(ready, HORIZON)
                if any(b <= t and t + a.length <= e for b, e in project.calendars[a.opens])
            )
            return next(fitting, NEVER)

        least = min(r for r in range(-1, HORIZON) if first(max(r, 0)) == starts[j])
        if a.release < least:
            found |= {i for i, lag in a.waits if ends[i] + lag >= least}
    return found


@settings(max_examples=200, deadline=None)
@given(projects(resources=False), durations)
def test_what_decides_is_what_would_have_to_end_sooner(project: Project, lengths: list[int]) -> None:
    lengths = lengths[: len(project.activities)]
    found = lasting(project, lengths)
    ends = found.end[0].tolist()
    if NEVER in ends:
        return
    assert set(np.flatnonzero(found.decides[0])) == decisive(project, found.start[0].tolist(), ends)


def test_of_a_plain_chain_every_link_decides() -> None:
    chain = [Activity(0, 2), *(Activity(0, 2, waits=[(i, 1)]) for i in range(5))]
    assert lasting(Project(chain), [2] * 6, [1] * 6, [3, 1, 4, 1, 5, 9]).decides.all()


def test_who_holds_the_hands_decides() -> None:
    project = Project([Activity(0, 2, holds=[(0, 1)]), Activity(2, 2, holds=[(0, 1)])], capacity=[1])
    found = lasting(project, [5, 2], [1, 2])
    assert found.start.tolist() == [[0, 5], [0, 2]]
    assert found.decides.tolist() == [[True, True], [False, True]]


def test_what_was_in_time_for_the_window_does_not_decide() -> None:
    project = Project(
        [Activity(0, 2), Activity(0, 2, waits=[(0, 0)], opens=1)],
        calendars=[[(0, HORIZON)], [(2, 4), (10, 20)]],
    )
    found = lasting(project, [1, 2], [2, 2], [3, 2])
    assert found.start[:, 1].tolist() == [2, 2, 10]
    assert found.decides.tolist() == [[False, True], [False, True], [True, True]]


# --- what is held for a part of the time, or longer ------------------------------------------------------------------


def partly(**holds: float) -> Network:
    """Two activities of 8 minutes that hold the one resource there is, the second as `holds` says; open from 10 on."""
    project = Project(
        [Activity(0, 8, holds=[(0, 1)]), Activity(0, 8, holds=[(0, 1)])],
        calendars=[[(0, HORIZON)], [(10, HORIZON)]],
        capacity=[1],
    )
    net = network(project)

    def second(name: str, default: np.ndarray) -> np.ndarray:
        return np.array([default[0], holds.get(name, default[1])], dtype=default.dtype)

    parts = {name: second(name, getattr(net, name)) for name in ("since", "till", "while_open", "after")}
    return net._replace(**parts)


@pytest.mark.parametrize(
    ("holds", "starts"),
    [
        ({"since": 0.5}, [0, 4]),
        ({"till": 0.25}, [0, 8]),
        ({"since": 0.5, "while_open": 1}, [0, 6]),
        ({"while_open": 1}, [0, 10]),
        ({"after": 20}, [0, 0]),
        ({"after": 5}, [0, 0]),
    ],
)
def test_what_is_held_for_a_part_of_the_time_has_to_be_there_then(holds, starts) -> None:
    net = partly(**holds)
    found = simulate(net, Draws(np.full((1, 2), 8.0), np.zeros((1, 2)), np.zeros(2), 1.0, 0))
    assert found.start[0].tolist() == starts


def test_what_is_held_after_the_end_keeps_others_away() -> None:
    net = partly(after=30)
    first_holds_on = net._replace(after=net.after[::-1].copy(), release=np.array([0, 1]))
    found = simulate(first_holds_on, Draws(np.full((1, 2), 8.0), np.zeros((1, 2)), np.zeros(2), 1.0, 0))
    assert found.start[0].tolist() == [0, 30]


# --- windows and the horizon -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("is_strict", "again", "end", "begun"), [(True, 1.0, 25, 2), (False, 1.0, 21, 2), (True, 0.0, 15, 1)]
)
def test_what_overruns_its_window(is_strict: bool, again: float, end: int, begun: int) -> None:
    """Strict: again from the start in the next one, or past the window's end; else it goes on in the next one."""
    project = Project([Activity(10, 3, opens=0, is_strict=is_strict)], calendars=[[(10, 14), (20, 30)]])
    found = lasting(project, [5], again=again)
    assert (found.end[0, 0], found.begun[0, 0]) == (end, begun)


def test_so_many_are_rolled_back_as_asked_for() -> None:
    project = Project([Activity(10, 3, is_strict=True)], calendars=[[(10, 14), (20, 30)]])
    found = lasting(project, *([[5]] * 4000), again=0.3)
    assert (found.end == 25).mean() == pytest.approx(0.3, abs=0.03)


def test_what_starts_again_draws_anew() -> None:
    project = Project([Activity(10, 3, is_strict=True)], calendars=[[(10, 14), (20, 30)]])
    draws = Draws(np.full((2000, 1), 3.0), np.full((2000, 1), 1.0), np.array([0.6]), 1.0, 3)
    found = simulate(
        network(project), draws
    )  # 3 × e^0.6 = 5.5 the first time, half of them at most 3 the next
    took = found.end[found.end != NEVER] - 20
    assert (found.begun[found.end != NEVER] == 2).all()
    assert (took <= 3).mean() == pytest.approx(0.6, abs=0.05)  # rounded: up to 3.49, with probability 0.6


def test_what_finds_no_place_never_ends_and_neither_does_what_waits_for_it() -> None:
    project = Project(
        [Activity(0, 3, is_strict=True), Activity(0, 1, waits=[(0, 0)]), Activity(0, 1)],
        calendars=[[(0, 4), (10, 14)]],
    )
    found = lasting(project, [5, 1, 1])
    assert found.end[0].tolist() == [NEVER, NEVER, 1]
    assert found.decides[0].tolist() == [True, False, False]


def test_what_is_over_is_over() -> None:
    project = Project([Activity(0, 3), Activity(0, 1, waits=[(0, 2)])])
    net = network(project)
    net = net._replace(over_since=np.array([5, NEVER]), over_at=np.array([9, NEVER]))
    found = simulate(net, Draws(np.full((1, 2), 100.0), np.zeros((1, 2)), np.zeros(2), 1.0, 0))
    assert found.start[0].tolist() == [5, 11]
    assert found.end[0, 0] == 9
