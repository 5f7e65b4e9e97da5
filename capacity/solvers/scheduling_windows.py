"""Where the modes of a project with calendars may start, and the earliest ends that follow from it.

Within its calendar's windows, and where each resource by itself has what it needs throughout: worked out once for each
mode, so that a search finds the next start from any slot by halving. Longest paths through these starts give each
activity's earliest start and end.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from capacity.solvers.scheduling_calendar import END, CalendarProject
from capacity.solvers.scheduling_project import Ints

FAR = 2**41  # later than every slot, with any lag
SWEEPS = 200  # over the arcs, when starts are pushed from window to window: what is not settled by then stays looser


def starts(project: CalendarProject) -> tuple[Ints, Ints, Ints, Ints]:
    """First and last starts by mode; modes alike in calendar, duration and needs share them."""
    known: dict[tuple[object, ...], tuple[int, int]] = {}
    enough: dict[tuple[int, int], Ints] = {}
    pieces: list[Ints] = []
    count = 0
    where: list[tuple[int, int]] = []
    for m in range(project.modes):
        own = slice(project.need_at[m], project.need_at[m + 1])
        length = int(project.duration[m])
        pairs = zip(project.need_resource[own].tolist(), project.need[own].tolist(), strict=True)
        needs = tuple(sorted((r, amount) for r, amount in pairs if amount and length))
        calendar = int(project.calendar[m])
        key = (calendar, length, needs)
        if key not in known:
            found = project.windows[project.window_at[calendar] : project.window_at[calendar + 1]]
            for r, amount in needs:
                if (r, amount) not in enough:
                    enough[r, amount] = _where_enough(project, r, amount)
                found = _both(np.ascontiguousarray(found), enough[r, amount])
            found = found[found[:, 1] - found[:, 0] >= length] - np.array([0, length], dtype=np.int64)
            pieces.append(found)
            known[key] = (count, count + len(found))
            count += len(found)
        where.append(known[key])
    starts = np.concatenate([*pieces, np.zeros((0, 2), dtype=np.int64)])
    at = np.array(where, dtype=np.int64).reshape(-1, 2)
    return (
        np.ascontiguousarray(at[:, 0]),
        np.ascontiguousarray(at[:, 1]),
        np.ascontiguousarray(starts[:, 0]),
        np.ascontiguousarray(starts[:, 1]),
    )


def _where_enough(project: CalendarProject, resource: int, amount: int) -> Ints:
    """The longest intervals in which a resource offers an amount."""
    own = slice(project.capacity_at[resource], project.capacity_at[resource + 1])
    has = np.concatenate(([False], project.capacity[own] >= amount, [False]))
    times = np.append(project.capacity_from[own], project.horizon)
    begin, end = times[np.flatnonzero(has[1:] & ~has[:-1])], times[np.flatnonzero(has[:-1] & ~has[1:])]
    found = np.stack((begin, np.minimum(end, project.horizon)), axis=1)
    return np.ascontiguousarray(found[found[:, 0] < found[:, 1]])


@njit(cache=True)
def _both(one: Ints, other: Ints) -> Ints:
    """Where intervals of one lie in intervals of the other; intervals that touch stay apart."""
    found = np.empty((one.shape[0] + other.shape[0], 2), dtype=np.int64)
    count, i, j = 0, 0, 0
    while i < one.shape[0] and j < other.shape[0]:
        begin, end = max(one[i, 0], other[j, 0]), min(one[i, 1], other[j, 1])
        if begin < end:
            found[count, 0], found[count, 1] = begin, end
            count += 1
        if one[i, 1] <= other[j, 1]:
            i += 1
        else:
            j += 1
    return found[:count].copy()


@njit(cache=True)
def next_start(slot_from: Ints, slot_to: Ints, begin: int, end: int, t: int) -> int:
    """The first allowed start at t or later among those of [begin, end), −1 if there is none."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if slot_to[middle] < t:
            low = middle + 1
        else:
            high = middle
    return -1 if low == end else max(t, slot_from[low])


@njit(cache=True)
def previous_start(slot_from: Ints, slot_to: Ints, begin: int, end: int, t: int) -> int:
    """The last allowed start at t or before among those of [begin, end), −1 if there is none."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if slot_from[middle] <= t:
            low = middle + 1
        else:
            high = middle
    return -1 if low == begin else min(t, slot_to[low - 1])


@njit(cache=True)
def push(
    mode_at: Ints,
    duration: Ints,
    slot_at: Ints,
    slot_end: Ints,
    slot_from: Ints,
    slot_to: Ints,
    source: Ints,
    source_point: Ints,
    target: Ints,
    target_point: Ints,
    lag: Ints,
    limit: Ints,
    head: Ints,
    least_end: Ints,
) -> None:
    """Raise `head` and `least_end` until every least lag and every window is kept; beyond `limit`, to FAR."""
    n = head.size
    for a in range(n):
        _settle(a, mode_at, duration, slot_at, slot_end, slot_from, slot_to, limit, head, least_end)
    for _ in range(SWEEPS):
        is_settled = True
        for k in range(source.size):
            a, b = source[k], target[k]
            point = (least_end[a] if source_point[k] == END else head[a]) + lag[k]
            if head[a] == FAR:
                point = FAR
            if target_point[k] == END:
                if point > least_end[b] or (point == FAR and head[b] < FAR):
                    least_end[b] = min(point, FAR)
                else:
                    continue
            elif point > head[b]:
                head[b] = min(point, FAR)
            else:
                continue
            is_settled = False
            _settle(b, mode_at, duration, slot_at, slot_end, slot_from, slot_to, limit, head, least_end)
        if is_settled:
            return


@njit(cache=True)
def _settle(
    a: int,
    mode_at: Ints,
    duration: Ints,
    slot_at: Ints,
    slot_end: Ints,
    slot_from: Ints,
    slot_to: Ints,
    limit: Ints,
    head: Ints,
    least_end: Ints,
) -> None:
    start, end = FAR, FAR
    if head[a] < FAR and least_end[a] < FAR:
        for m in range(mode_at[a], mode_at[a + 1]):
            low = max(head[a], least_end[a] - duration[m])
            t = next_start(slot_from, slot_to, slot_at[m], slot_end[m], low)
            if t >= 0 and t + duration[m] <= limit[a]:
                start, end = min(start, t), min(end, t + duration[m])
    head[a], least_end[a] = start, end
