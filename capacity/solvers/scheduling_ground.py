"""A project with calendars as the compiled kernels read it: worked out once, before anything is searched.

Where each mode may start and each activity earliest does (`scheduling_windows`), which bundles must be placed and which
never can, in which order, and what touches what.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from capacity.solvers.scheduling_calendar import (
    END,
    NEVER,
    NO_LEAST,
    NO_MOST,
    START,
    CalendarProject,
    refuse_nonsense,
)
from capacity.solvers.scheduling_project import Ints, ProjectError
from capacity.solvers.scheduling_windows import FAR, push, starts


class Ground(NamedTuple):
    """What does not change while schedules do. Activities n, modes m, resources r, bundles b.

    `slot_at` [m] and `slot_end` [m]: which of `slot_from` and `slot_to` (first and last start) are a mode's; `head` [n]
    and `limit` [n]: no start before, no end after; `least_end` [n]: no end before.

    `arc_at` [n + 1] of what touches an activity: `arc_other`, `arc_own`, `arc_its` (points), and
    own point − its point in [`arc_least`, `arc_most`]. `hold_at` [n + 1] of `hold_of`: the reservations of an activity;
    `hold` [reservations × 7]; `hold_least`: how long each lasts at least; `mixed` [n]: whether they share a resource.

    `member_at` [b + 1] of `member`: a bundle's activities, by precedence; `needed_at` of `needed` and `leaning_at` of
    `leaning`: bundles it depends on, and that depend on it; `skip` [b] costs, `must` [b], `never` [b];
    `cluster_at` of `cluster`: bundles bound by largest lags or reservations, by precedence.

    `room_at` [r + 1]: where each resource's steps lie in `base_time` and `base_level`, with room for those to come;
    `base_count` [r].
    """

    horizon: int
    mode_at: Ints
    duration: Ints
    need_at: Ints
    need_resource: Ints
    need: Ints
    slot_at: Ints
    slot_end: Ints
    slot_from: Ints
    slot_to: Ints
    head: Ints
    least_end: Ints
    limit: Ints
    arc_at: Ints
    arc_other: Ints
    arc_own: Ints
    arc_its: Ints
    arc_least: Ints
    arc_most: Ints
    hold_at: Ints
    hold_of: Ints
    hold: Ints
    hold_least: Ints
    mixed: Ints
    bundle: Ints
    member_at: Ints
    member: Ints
    needed_at: Ints
    needed: Ints
    leaning_at: Ints
    leaning: Ints
    skip: Ints
    must: Ints
    never: Ints
    cluster_at: Ints
    cluster: Ints
    due: Ints
    tardy_cost: Ints
    end_cost: Ints
    makespan_cost: int
    room_at: Ints
    base_time: Ints
    base_level: Ints
    base_count: Ints


def ground(project: CalendarProject) -> Ground:
    """Compile it. Raises ProjectError on nonsense, on a circle that no schedule keeps, and where something that must be
    placed has no place even alone.
    """
    refuse_nonsense(project)
    n = project.activities
    slot_at, slot_end, slot_from, slot_to = starts(project)
    order = _order(project)
    _refuse_circles(project)
    limit = np.minimum(project.deadline, project.horizon)
    head, least_end = project.release.copy().clip(min=0), np.zeros(n, dtype=np.int64)
    edges = _edges(project, order)
    push(
        project.mode_at,
        project.duration,
        slot_at,
        slot_end,
        slot_from,
        slot_to,
        *edges,
        limit,
        head,
        least_end,
    )
    bundles = int(project.bundle.max(initial=-1)) + 1
    needed_at, needed = _grouped(_dependencies(project), bundles)
    leaning_at, leaning = _grouped(_dependencies(project)[:, ::-1], bundles)
    must, never = _must_and_never(project, least_end, limit, (needed_at, needed), (leaning_at, leaning))
    member_at, member = _members(project.bundle, order, bundles)
    cluster_at, cluster = _clusters(project, order, bundles)
    touching = _touching(project)
    hold_at, hold_of = _holders(project)
    skip = np.zeros(bundles, dtype=np.int64)
    np.add.at(skip, project.bundle, project.skip_cost.clip(min=0))
    room_at, base_time, base_level = _room(project)
    return Ground(
        project.horizon,
        project.mode_at,
        project.duration,
        project.need_at,
        project.need_resource,
        project.need,
        slot_at,
        slot_end,
        slot_from,
        slot_to,
        head,
        least_end,
        limit,
        *touching,
        hold_at,
        hold_of,
        project.reservations,
        _least_holds(project),
        _mixed(project, hold_at, hold_of),
        project.bundle,
        member_at,
        member,
        needed_at,
        needed,
        leaning_at,
        leaning,
        skip,
        must,
        never,
        cluster_at,
        cluster,
        project.due,
        project.tardy_cost,
        project.end_cost,
        project.makespan_cost,
        room_at,
        base_time,
        base_level,
        np.diff(project.capacity_at),
    )


# --- precedence ----------------------------------------------------------------------------------------------------


def _order(project: CalendarProject) -> Ints:
    """Activities so that the first of arcs and reservations come first; circles are cut where they begin."""
    n = project.activities
    after: list[list[int]] = [[] for _ in range(n)]
    waiting = [0] * n
    for first, then in np.concatenate((project.arcs[:, [0, 1]], project.reservations[:, [0, 2]])).tolist():
        if first != then:
            after[first].append(then)
            waiting[then] += 1
    order = [a for a in range(n) if not waiting[a]]
    is_in, cut, done = [not w for w in waiting], 0, 0
    while len(order) < n or done < len(order):
        if done == len(order):
            while is_in[cut]:
                cut += 1
            is_in[cut] = True
            order.append(cut)
        for then in after[order[done]]:
            waiting[then] -= 1
            if not waiting[then] and not is_in[then]:
                is_in[then] = True
                order.append(then)
        done += 1
    return np.array(order, dtype=np.int64)


def _edges(project: CalendarProject, order: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Both sides of the arcs as (from, its point, to, its point, lag): point of to ≥ point of from + lag.

    What an arc's `most` says of its first pushes only if the first is placed, which it is when the other is.
    """
    first, then, from_, to, least, _ = project.arcs.T
    has_least = least > NO_LEAST
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size)
    rows = np.stack((first, from_, then, to, least), axis=1)[has_least]
    rows = rows[np.argsort(place[rows[:, 0]], kind="stable")] if len(rows) else rows
    return (
        np.ascontiguousarray(rows[:, 0]),
        np.ascontiguousarray(rows[:, 1]),
        np.ascontiguousarray(rows[:, 2]),
        np.ascontiguousarray(rows[:, 3]),
        np.ascontiguousarray(rows[:, 4]),
    )


def _refuse_circles(project: CalendarProject) -> None:
    """A circle of lags, least ones forwards and largest ones backwards, that asks an activity to be after itself."""
    n = project.activities
    first, then, from_, to, least, most = project.arcs.T
    nodes_first, nodes_then = first * 2 + from_, then * 2 + to
    forward, backward = least > NO_LEAST, most < NO_MOST
    starts = np.arange(n, dtype=np.int64) * 2
    shortest = np.minimum.reduceat(project.duration, project.mode_at[:-1]) if n else starts
    longest = np.maximum.reduceat(project.duration, project.mode_at[:-1]) if n else starts
    source = np.concatenate((nodes_first[forward], nodes_then[backward], starts, starts + 1))
    target = np.concatenate((nodes_then[forward], nodes_first[backward], starts + 1, starts))
    lag = np.concatenate((least[forward], -most[backward], shortest, -longest))
    stuck = _circle(source, target, lag, 2 * n)
    # Where some of a circle may be left out, it is left out: the search and the model see to that.
    if stuck >= 0 and project.skip_cost[stuck // 2] == NEVER:
        message = (
            f"activity {stuck // 2} comes after itself: the lags round a circle of arcs add up to more than zero; "
            "shorten a least lag or lengthen a most"
        )
        raise ProjectError(message)


@njit(cache=True)
def _circle(source: Ints, target: Ints, lag: Ints, nodes: int) -> int:
    """A node on a circle of positive length, −1 without one (Bellman and Ford)."""
    distance, parent = np.zeros(nodes, dtype=np.int64), np.full(nodes, -1)
    moved = -1
    for _ in range(nodes + 1):
        moved = -1
        for k in range(source.size):
            if distance[source[k]] + lag[k] > distance[target[k]]:
                distance[target[k]] = distance[source[k]] + lag[k]
                parent[target[k]] = source[k]
                moved = target[k]
        if moved < 0:
            return -1
    for _ in range(nodes):  # back along the parents until surely on the circle
        moved = parent[moved]
    return int(moved)


# --- bundles -------------------------------------------------------------------------------------------------------


def _grouped(pairs: Ints, groups: int) -> tuple[Ints, Ints]:
    """The second numbers by the first, each once: where each group begins, and they themselves."""
    unique = np.unique(pairs, axis=0) if len(pairs) else pairs.reshape(0, 2)
    at = np.searchsorted(unique[:, 0], np.arange(groups + 1)).astype(np.int64)
    return at, np.ascontiguousarray(unique[:, 1])


def _dependencies(project: CalendarProject) -> Ints:
    """Pairs (bundle, bundle it depends on)."""
    pairs = project.bundle[project.arcs[:, [1, 0]]]
    found: Ints = pairs[pairs[:, 0] != pairs[:, 1]]
    return found


def _must_and_never(
    project: CalendarProject,
    least_end: Ints,
    limit: Ints,
    needed: tuple[Ints, Ints],
    leaning: tuple[Ints, Ints],
) -> tuple[Ints, Ints]:
    bundles = needed[0].size - 1
    must = np.zeros(bundles, dtype=np.int64)
    must[project.bundle[project.skip_cost == NEVER]] = 1
    # A number that no activity has is a bundle that is never placed, and costs nothing.
    never = (np.bincount(project.bundle, minlength=bundles) == 0).astype(np.int64)
    nowhere = np.flatnonzero(least_end > limit)
    never[project.bundle[nowhere]] = 1
    _spread(must, *needed)
    _spread(never, *leaning)
    for a in nowhere.tolist():
        if must[project.bundle[a]]:
            raise ProjectError(_why_nowhere(project, a))
    return must, never


def _spread(mark: Ints, at: Ints, to: Ints) -> None:
    waiting = np.flatnonzero(mark).tolist()
    while waiting:
        b = waiting.pop()
        for other in to[at[b] : at[b + 1]].tolist():
            if not mark[other]:
                mark[other] = 1
                waiting.append(other)


def _why_nowhere(project: CalendarProject, a: int) -> str:
    modes = range(int(project.mode_at[a]), int(project.mode_at[a + 1]))
    peak = project.peak()
    for m in modes:
        own = slice(project.need_at[m], project.need_at[m + 1])
        short = np.flatnonzero(project.need[own] > peak[project.need_resource[own]])
        if short.size and project.duration[m] and len(modes) == 1:
            r, amount = int(project.need_resource[own][short[0]]), int(project.need[own][short[0]])
            return (
                f"activity {a} needs {amount} of resource {r}, which never has more than {peak[r]}; "
                "lower the need or raise the capacity"
            )
    shortest = min(int(project.duration[m]) for m in modes)
    lengths = [
        int((w[:, 1] - w[:, 0]).max(initial=0))
        for w in (
            project.windows[project.window_at[c] : project.window_at[c + 1]]
            for c in project.calendar[modes.start : modes.stop].tolist()
        )
    ]
    if all(int(project.duration[m]) > length for m, length in zip(modes, lengths, strict=True)):
        return (
            f"activity {a} runs for {shortest} slots at least, and its longest window has {max(lengths)}; "
            "lengthen a window or shorten the activity"
        )
    return (
        f"activity {a} has no place between its release {project.release[a]} and its deadline {project.deadline[a]}: "
        "no window there, after what comes before it, has all it needs throughout; "
        "widen windows or capacities, or give it a skip_cost"
    )


def _members(bundle: Ints, order: Ints, bundles: int) -> tuple[Ints, Ints]:
    of_ordered = bundle[order]
    by_bundle = np.argsort(of_ordered, kind="stable")
    at = np.searchsorted(of_ordered[by_bundle], np.arange(bundles + 1)).astype(np.int64)
    return at, np.ascontiguousarray(order[by_bundle])


def _clusters(project: CalendarProject, order: Ints, bundles: int) -> tuple[Ints, Ints]:
    """Bundles that arcs with a `most` or reservations bind to each other, by precedence."""
    leader = list(range(bundles))

    def lead(b: int) -> int:
        while leader[b] != b:
            leader[b] = leader[leader[b]]
            b = leader[b]
        return b

    bound = project.arcs[project.arcs[:, 5] < NO_MOST][:, [0, 1]]
    for one, other in project.bundle[np.concatenate((bound, project.reservations[:, [0, 2]]))].tolist():
        first, second = sorted((lead(one), lead(other)))
        leader[second] = first
    found: dict[int, list[int]] = {}
    for b in dict.fromkeys(project.bundle[order].tolist()):
        found.setdefault(lead(b), []).append(b)
    at = np.cumsum([0, *(len(one) for one in found.values())]).astype(np.int64)
    return at, np.array([b for one in found.values() for b in one], dtype=np.int64)


# --- what touches what ---------------------------------------------------------------------------------------------


def _touching(project: CalendarProject) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    first, then, from_, to, least, most = project.arcs.T
    own = np.concatenate((then, first))
    by_own = np.argsort(own, kind="stable")
    columns = (
        np.concatenate((first, then)),
        np.concatenate((to, from_)),
        np.concatenate((from_, to)),
        np.concatenate((least, -most)),
        np.concatenate((most, -least)),
    )
    at = np.searchsorted(own[by_own], np.arange(project.activities + 1)).astype(np.int64)
    one, two, three, four, five = (np.ascontiguousarray(column[by_own]) for column in columns)
    return at, one, two, three, four, five


def _holders(project: CalendarProject) -> tuple[Ints, Ints]:
    numbers = np.arange(len(project.reservations), dtype=np.int64)
    pairs = np.concatenate(
        [np.stack((project.reservations[:, column], numbers), axis=1) for column in (0, 2)]
    )
    return _grouped(pairs, project.activities)


def _least_holds(project: CalendarProject) -> Ints:
    """How long each reservation lasts at least: by its own activity's duration, or the arcs from first to last."""
    shortest = (
        np.minimum.reduceat(project.duration, project.mode_at[:-1]) if project.activities else project.due
    )
    longest = (
        np.maximum.reduceat(project.duration, project.mode_at[:-1]) if project.activities else project.due
    )
    between: dict[tuple[int, int], list[list[int]]] = {}
    for row in project.arcs.tolist():
        between.setdefault((row[0], row[1]), []).append(row)
    least: list[int] = []
    for first, from_, last, to, lag, _, _ in project.reservations.tolist():
        if first == last:
            own = (to == END) - (from_ == END)
            least.append(lag + own * int((shortest if own > 0 else longest)[first]))
            continue
        found = [0]
        for _, _, arc_from, arc_to, arc_least, _ in between.get((first, last), []):
            gap = arc_least + lag
            gap += _step(arc_to, to, int(shortest[last]), int(longest[last]))
            gap += _step(from_, arc_from, int(shortest[first]), int(longest[first]))
            found.append(gap)
        least.append(max(found))
    return np.array(least, dtype=np.int64).clip(min=0)


def _step(one: int, other: int, shortest: int, longest: int) -> int:
    """How far one point of an activity is at least before another of it."""
    if one == other:
        return 0
    return shortest if one == START else -longest


def _mixed(project: CalendarProject, hold_at: Ints, hold_of: Ints) -> Ints:
    """Activities one of whose reservations shares a resource with another, or with what they need."""
    mixed = np.zeros(project.activities, dtype=np.int64)
    for a in np.flatnonzero(np.diff(hold_at)).tolist():
        held = project.reservations[hold_of[hold_at[a] : hold_at[a + 1]], 5].tolist()
        own = slice(project.need_at[project.mode_at[a]], project.need_at[project.mode_at[a + 1]])
        mixed[a] = len(set(held)) < len(held) or bool(set(held) & set(project.need_resource[own].tolist()))
    return mixed


def _room(project: CalendarProject) -> tuple[Ints, Ints, Ints]:
    """Where each resource's steps lie, with room for as many more as bookings can make."""
    whose = project.activity_of_mode()[np.repeat(np.arange(project.modes), np.diff(project.need_at))]
    users = np.unique(np.stack((project.need_resource, whose), axis=1), axis=0)[:, 0]
    bookings = np.bincount(users, minlength=project.resources) + np.bincount(
        project.reservations[:, 5], minlength=project.resources
    )
    steps = np.diff(project.capacity_at)
    at = np.concatenate(([0], np.cumsum(steps + 2 * bookings + 4))).astype(np.int64)
    time, level = np.full(at[-1], FAR, dtype=np.int64), np.zeros(at[-1], dtype=np.int64)
    for r in range(project.resources):
        own = slice(project.capacity_at[r], project.capacity_at[r + 1])
        time[at[r] : at[r] + steps[r]], level[at[r] : at[r] + steps[r]] = (
            project.capacity_from[own],
            project.capacity[own],
        )
    return at, time, level
