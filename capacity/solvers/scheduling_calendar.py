"""A project with calendars, modes, lags and optional work, as arrays; and what is refused about it.

Time is `horizon` slots; slot t lasts from t to t + 1, a run [start, end) has end = start + the duration of its mode,
and all lies within [0, horizon]. What an activity, a resource or a calendar stands for is the caller's. The rules:

1.  A resource offers what its steps say: from `capacity_from` on, until its next step, it has `capacity`.
2.  A placed activity runs in one of its modes, without a break, wholly within one window of the mode's calendar
    (windows that touch remain two), from its `release` on and ended by its `deadline`. While it runs it holds what the
    mode needs. What lasts no time holds nothing.
3.  An arc says least ≤ (point of then) − (point of first) ≤ most, a point being a start (`START`) or an end (`END`);
    `NO_LEAST` and `NO_MOST` leave a side open. Finish-to-start with a lag is (END, START, lag, NO_MOST); both at once
    is (START, START, 0, 0). A negative lag is allowed, a circle of arcs too unless its lags leave no schedule.
4.  A reservation holds `amount` of a resource from a point of one activity until a point of another (or the same) plus
    a lag, cut at the horizon; nothing if that is no later. It is held besides what the two need while they run. If the
    first is placed and the other left out, it holds until the horizon; if the first is left out, it holds nothing.
5.  Activities of one bundle are placed all or none. Left out, each costs its `skip_cost`; a bundle with a `NEVER`
    must be placed. The `then` of an arc is placed only if its `first` is: what depends on what is left out, is too.
6.  The cost, to be as small as it can: the skip costs; `tardy_cost` for each slot that a placed activity ends after its
    `due`; `end_cost` for each slot before its end; `makespan_cost` for each slot before the end of the last one placed.
    An order of importance between them is said by the sizes of these whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capacity.solvers.scheduling_project import Ints, ProjectError

START, END = 0, 1
NO_LEAST, NO_MOST = -(2**40), 2**40
NEVER = -1
"""The skip cost of what must not be left out."""
MOST_COST = 2**60
ARC_COLUMNS, RESERVATION_COLUMNS = 6, 7


@dataclass(frozen=True, slots=True)
class CalendarProject:
    """Whole numbers throughout, int64; `draft()` of `scheduling_draft` makes one piece by piece.

    Resource r has the steps `capacity_at[r]` to `capacity_at[r + 1]` of `capacity_from` and `capacity`, the first from
    slot 0; calendar c the windows `window_at[c]` to `window_at[c + 1]` of `windows` [windows × 2], begin and end;
    activity a the modes `mode_at[a]` to `mode_at[a + 1]` of `duration` and `calendar` [modes]; mode m the needs
    `need_at[m]` to `need_at[m + 1]` of `need_resource` and `need`.

    `arcs` [arcs × 6]: first, then, point of first, point of then, least, most. `reservations` [reservations × 7]: from
    activity, its point, until activity, its point, lag, resource, amount. The rest is by activity, `makespan_cost` one
    number.
    """

    horizon: int
    capacity_at: Ints
    capacity_from: Ints
    capacity: Ints
    window_at: Ints
    windows: Ints
    mode_at: Ints
    duration: Ints
    calendar: Ints
    need_at: Ints
    need_resource: Ints
    need: Ints
    arcs: Ints
    reservations: Ints
    release: Ints
    deadline: Ints
    due: Ints
    tardy_cost: Ints
    end_cost: Ints
    skip_cost: Ints
    bundle: Ints
    makespan_cost: int = 0

    @property
    def activities(self) -> int:
        return int(self.mode_at.size - 1)

    @property
    def modes(self) -> int:
        return int(self.duration.size)

    @property
    def resources(self) -> int:
        return int(self.capacity_at.size - 1)

    def activity_of_mode(self) -> Ints:
        """Whose each mode is [modes]."""
        return np.repeat(np.arange(self.activities, dtype=np.int64), np.diff(self.mode_at))

    def peak(self) -> Ints:
        """The most each resource ever has [resources]."""
        return np.maximum.reduceat(self.capacity, self.capacity_at[:-1]) if self.resources else self.capacity


def tidy(project: CalendarProject) -> CalendarProject:
    """The same with every array as the compiled kernels want it: int64, without gaps."""
    arrays = {
        f.name: getattr(project, f.name)
        for f in fields(project)
        if f.name not in {"horizon", "makespan_cost"}
    }
    whole: dict[str, Any] = {
        name: np.ascontiguousarray(array, dtype=np.int64) for name, array in arrays.items()
    }
    for name, array in whole.items():
        if not np.array_equal(array, arrays[name]):
            raise ProjectError(f"{name} holds what is no whole number; round it")
    return replace(project, **whole)


def refuse_nonsense(project: CalendarProject) -> None:
    """Raise ProjectError where arrays don't belong together or a number means nothing; it names what and what to do."""
    _refuse_shapes(project)
    _refuse_resources(project)
    _refuse_windows(project)
    _refuse_activities(project)
    _refuse_links(project)
    _refuse_costs(project)


def _refuse_shapes(project: CalendarProject) -> None:
    n, modes = project.activities, project.modes
    if project.horizon < 1:
        raise ProjectError(f"the horizon is {project.horizon} slots; give it at least 1")
    for name, at, size in (
        ("capacity_at", project.capacity_at, project.capacity.size),
        ("window_at", project.window_at, len(project.windows)),
        ("mode_at", project.mode_at, modes),
        ("need_at", project.need_at, project.need.size),
    ):
        if at.size == 0 or at[0] != 0 or at[-1] != size or (np.diff(at) < 0).any():
            raise ProjectError(f"{name} must rise from 0 to {size}, the number of what it divides")
    sizes: tuple[tuple[str, NDArray[np.int64], tuple[int, ...]], ...] = (
        ("capacity_from", project.capacity_from, project.capacity.shape),
        ("windows", project.windows, (len(project.windows), 2)),
        ("calendar", project.calendar, (modes,)),
        ("need_at", project.need_at, (modes + 1,)),
        ("need_resource", project.need_resource, project.need.shape),
        ("arcs", project.arcs, (len(project.arcs), ARC_COLUMNS)),
        ("reservations", project.reservations, (len(project.reservations), RESERVATION_COLUMNS)),
        *((name, getattr(project, name), (n,)) for name in ("release", "deadline", "due", "tardy_cost")),
        *((name, getattr(project, name), (n,)) for name in ("end_cost", "skip_cost", "bundle")),
    )
    for name, array, shape in sizes:
        if array.shape != shape:
            raise ProjectError(f"{name} has the shape {array.shape}; it must be {shape}")


def _refuse_resources(project: CalendarProject) -> None:
    for r in range(project.resources):
        own = slice(project.capacity_at[r], project.capacity_at[r + 1])
        steps = project.capacity_from[own]
        if not steps.size or steps[0] != 0 or (np.diff(steps) <= 0).any():
            raise ProjectError(f"the steps of resource {r} must begin at slot 0 and rise; sort them")
        if (project.capacity[own] < 0).any():
            raise ProjectError(f"resource {r} has a capacity below zero; give 0 where it has nothing")


def _refuse_windows(project: CalendarProject) -> None:
    for c in range(project.window_at.size - 1):
        own = project.windows[project.window_at[c] : project.window_at[c + 1]]
        if (own[:, 0] >= own[:, 1]).any() or (own[1:, 0] < own[:-1, 1]).any():
            raise ProjectError(f"the windows of calendar {c} must each end after they begin and not overlap")
        if own.size and (own[0, 0] < 0 or own[-1, 1] > project.horizon):
            raise ProjectError(
                f"calendar {c} has a window outside slots 0 to {project.horizon}; cut it there"
            )


def _refuse_activities(project: CalendarProject) -> None:
    empty = np.flatnonzero(np.diff(project.mode_at) == 0)
    if empty.size:
        raise ProjectError(f"activity {empty[0]} has no mode; give it one")
    whose = project.activity_of_mode()
    for what, wrong, remedy in (
        ("a duration below zero", project.duration < 0, "give 0 or more"),
        (
            "no such calendar",
            (project.calendar < 0) | (project.calendar >= project.window_at.size - 1),
            "number them from 0",
        ),
    ):
        if wrong.any():
            raise ProjectError(f"activity {whose[np.flatnonzero(wrong)[0]]} has a mode with {what}; {remedy}")
    mode = np.repeat(np.arange(project.modes), np.diff(project.need_at))
    for what, wrong in (
        ("less than zero of resource", project.need < 0),
        ("of no such resource", (project.need_resource < 0) | (project.need_resource >= project.resources)),
    ):
        if wrong.any():
            k = np.flatnonzero(wrong)[0]
            raise ProjectError(
                f"activity {whose[mode[k]]} needs {project.need[k]}, {what} {project.need_resource[k]}"
            )
    _, counts = np.unique(np.stack((mode, project.need_resource)), axis=1, return_counts=True)
    if (counts > 1).any():
        raise ProjectError("a mode needs one resource twice; add the needs up")


def _refuse_links(project: CalendarProject) -> None:
    n = project.activities
    for k, (first, then, from_, to, least, most) in enumerate(project.arcs.tolist()):
        if not (0 <= first < n and 0 <= then < n and {from_, to} <= {START, END}):
            raise ProjectError(f"arc {k} joins activities {first} and {then}; there are 0 to {n - 1}")
        if first == then:
            raise ProjectError(f"arc {k} joins activity {first} to itself; leave it out")
        if least > most:
            raise ProjectError(
                f"arc {k} from activity {first} to {then} asks at least {least}, at most {most}"
            )
        if not (least >= NO_LEAST and most <= NO_MOST):
            raise ProjectError(f"arc {k} from activity {first} to {then} has a lag beyond {NO_MOST}")
    for k, (first, from_, last, to, _, resource, amount) in enumerate(project.reservations.tolist()):
        if not (0 <= first < n and 0 <= last < n and {from_, to} <= {START, END}):
            raise ProjectError(f"reservation {k} is of activities {first} and {last}; there are 0 to {n - 1}")
        if not 0 <= resource < project.resources or amount < 0:
            raise ProjectError(
                f"reservation {k} of activity {first} holds {amount} of resource {resource}; "
                "give 0 or more of one that there is"
            )


def _refuse_costs(project: CalendarProject) -> None:
    for name in ("tardy_cost", "end_cost"):
        below = np.flatnonzero(getattr(project, name) < 0)
        if below.size:
            raise ProjectError(f"activity {below[0]} has a {name} below zero; earlier must not cost more")
    below = np.flatnonzero((project.skip_cost < 0) & (project.skip_cost != NEVER))
    if below.size:
        raise ProjectError(f"activity {below[0]} has a skip_cost below zero; NEVER is {NEVER}")
    if (project.bundle < 0).any() or (project.bundle >= max(project.activities, 1)).any():
        raise ProjectError(f"bundles are numbered from 0 to {project.activities - 1}")
    if project.makespan_cost < 0:
        raise ProjectError("makespan_cost is below zero; give 0 or more")
    each = project.tardy_cost.astype(object) + project.end_cost.astype(object)
    worst = sum(each.tolist()) + project.makespan_cost
    total = worst * (project.horizon + int(np.abs(project.due).max(initial=0)))
    if total + sum(np.maximum(project.skip_cost, 0).tolist()) > MOST_COST:
        raise ProjectError("the costs add up to more than 2^60; divide them all by the same number")
