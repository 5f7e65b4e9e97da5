"""Projects with calendars that are refused, and those that look so and are not: errors name what and the remedy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from capacity.solvers.scheduling import (
    END,
    START,
    Draft,
    Mode,
    ProjectError,
    solve_calendar,
)


def a_pair() -> Draft:
    draft = Draft(20)
    crew = draft.resource([(0, 2)])
    draft.calendar([(0, 5), (8, 12)])
    one = draft.activity(Mode(3, {crew: 1}, 0))
    other = draft.activity(Mode(2, {crew: 2}))
    draft.after(one, other)
    return draft


def test_a_circle_of_lags_is_refused() -> None:
    draft = a_pair()
    draft.after(1, 0, -2, from_=START)

    with pytest.raises(ProjectError, match=r"activity [01] comes after itself.*shorten a least lag"):
        solve_calendar(draft.project())


def test_a_window_shorter_than_every_mode_is_refused() -> None:
    draft = a_pair()
    draft.activity(Mode(6, {}, 0), Mode(7, {}, 0))

    with pytest.raises(
        ProjectError, match=r"activity 2 runs for 6 slots at least.*longest window has 5; lengthen"
    ):
        solve_calendar(draft.project())


def test_a_need_above_the_peak_is_refused() -> None:
    draft = a_pair()
    draft.activity(Mode(1, {0: 3}))

    with pytest.raises(
        ProjectError, match="activity 2 needs 3 of resource 0, which never has more than 2; lower"
    ):
        solve_calendar(draft.project())


def test_a_deadline_that_cannot_be_kept_is_refused() -> None:
    draft = a_pair()
    late = draft.activity(Mode(1, {}), deadline=4)
    draft.after(1, late)

    with pytest.raises(
        ProjectError, match="activity 2 has no place between its release 0 and its deadline 4"
    ):
        solve_calendar(draft.project())


def test_what_only_together_finds_no_place_is_infeasible_not_an_error() -> None:
    draft = Draft(5)
    crew = draft.resource([(0, 1)])
    for _ in range(2):
        draft.activity(Mode(3, {crew: 1}))

    found = solve_calendar(draft.project())

    assert (found.status, found.missing) == ("infeasible", 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"duration": np.array([3, -2])}, "activity 1 has a mode with a duration below zero"),
        ({"calendar": np.array([0, 7])}, "activity 1 has a mode with no such calendar"),
        ({"need": np.array([1, -2])}, "activity 1 needs -2, less than zero of resource 0"),
        ({"need_resource": np.array([4, 0])}, "activity 0 needs 1, of no such resource 4"),
        ({"capacity": np.array([-1])}, "resource 0 has a capacity below zero"),
        ({"capacity_from": np.array([1])}, "the steps of resource 0 must begin at slot 0"),
        ({"windows": np.array([[0, 9], [8, 12], [0, 20]])}, "the windows of calendar 0 .* not overlap"),
        ({"windows": np.array([[0, 5], [8, 22], [0, 20]])}, "calendar 0 has a window outside slots 0 to 20"),
        ({"arcs": np.array([[0, 5, END, START, 0, 1]])}, "arc 0 joins activities 0 and 5"),
        ({"arcs": np.array([[1, 1, END, START, 0, 1]])}, "arc 0 joins activity 1 to itself"),
        (
            {"arcs": np.array([[0, 1, END, START, 3, 1]])},
            "arc 0 from activity 0 to 1 asks at least 3, at most 1",
        ),
        (
            {"reservations": np.array([[0, START, 1, END, 0, 3, 1]])},
            "reservation 0 of activity 0 .* resource 3",
        ),
        ({"end_cost": np.array([0, -1])}, "activity 1 has a end_cost below zero"),
        ({"skip_cost": np.array([-2, 0])}, "activity 0 has a skip_cost below zero; NEVER is -1"),
        ({"end_cost": np.array([2**58, 0])}, "more than 2\\^60; divide"),
        ({"due": np.array([1.5, 2.0])}, "due holds what is no whole number; round it"),
        ({"horizon": 0}, "the horizon is 0 slots"),
        ({"due": np.array([1])}, "due has the shape"),
        ({"mode_at": np.array([0, 2])}, "release has the shape"),
        ({"makespan_cost": -1}, "makespan_cost is below zero"),
        ({"bundle": np.array([0, 2])}, "bundles are numbered from 0 to 1"),
    ],
)
def test_nonsense_is_refused(changes: dict[str, np.ndarray], said: str) -> None:
    project = replace(a_pair().project(), **changes)

    with pytest.raises(ProjectError, match=said):
        solve_calendar(project)


def test_seconds_need_a_clock() -> None:
    with pytest.raises(ValueError, match="clock"):
        solve_calendar(a_pair().project(), seconds=1.0)
