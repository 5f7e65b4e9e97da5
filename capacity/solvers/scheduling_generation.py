"""Schedules from orders, compiled: serial generation, and both passes of a justification.

Generation puts one activity after another as early as its predecessors and the free resources allow. Run on the
reversed project in the order of falling ends, it moves all as late as they can; forward again, as early: neither is
ever longer than what it began with. (Kolisch, Serial and parallel resource-constrained project scheduling methods
revisited, EJOR 1996; Valls, Ballestín, Quintanilla, Justification and RCPSP, EJOR 2005.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from capacity.solvers.scheduling_project import Compiled, Ints, Words

Floats = NDArray[np.float64]
STEP = 1e-6  # by how much a key has to differ for an order


class Room(NamedTuple):
    """What the kernels write on: what is free by time and word, an order, its keys, and starts in reversed time."""

    free: Words
    order: Ints
    key: Floats
    reversed_start: Ints


def room(project: Compiled) -> Room:
    """Room for one thread."""
    n = project.duration.size
    words = project.free.size
    free = np.empty(project.longest + 1 if words == 1 else (project.longest + 1, words), dtype=np.uint64)
    free[:] = project.free
    return Room(free, project.order.copy(), np.zeros(n), np.zeros(n, dtype=np.int64))


@njit(cache=True, nogil=True)
def _fits(free: Words, x: int, need: Words, a: int, guard: Words) -> bool:
    """Whether an activity has room at a time. One word is by far the commonest, and a third faster on its own."""
    if free.ndim == 1:
        return bool((free[x] - need[a]) & guard[0] == guard[0])
    for w in range(guard.size):
        if (free[x, w] - need[a, w]) & guard[w] != guard[w]:
            return False
    return True


@njit(cache=True, nogil=True)
def _take(free: Words, begin: int, end: int, need: Words, a: int) -> None:
    for x in range(begin, end):
        if free.ndim == 1:
            free[x] -= need[a]
        else:
            for w in range(free.shape[1]):
                free[x, w] -= need[a, w]


@njit(cache=True, nogil=True)
def _empty(free: Words, end: int, full: Words) -> None:
    for x in range(end):
        if free.ndim == 1:
            free[x] = full[0]
        else:
            for w in range(full.size):
                free[x, w] = full[w]


@njit(cache=True, nogil=True)
def _generate(
    order: Ints,
    duration: Ints,
    need: Words,
    at: Ints,
    before: Ints,
    full: Words,
    guard: Words,
    free: Words,
    start: Ints,
) -> int:
    """Start all activities in that order; returns the makespan. `free` is full again afterwards."""
    end = 0
    for a in order:
        begin = 0
        for k in range(at[a], at[a + 1]):
            b = before[k]
            begin = max(begin, start[b] + duration[b])
        length = duration[a]
        # Looked at from behind, so that a slot too full moves the start past itself at once; what lies behind it is
        # known to have room.
        known = begin
        x = begin + length - 1
        while x >= known:
            if _fits(free, x, need, a, guard):
                x -= 1
            else:
                known = begin + length
                begin = x + 1
                x = begin + length - 1
        _take(free, begin, begin + length, need, a)
        start[a] = begin
        end = max(end, begin + length)
    _empty(free, end, full)
    return end


@njit(cache=True, nogil=True)
def _sort(order: Ints, key: Floats) -> None:
    """By key, in place; the order is nearly right already, so insertion is quick."""
    for i in range(1, order.size):
        a = order[i]
        k = key[a]
        j = i - 1
        while j >= 0 and key[order[j]] > k:
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = a


@njit(cache=True, nogil=True)
def justify(project: Compiled, room: Room, end_key: Floats, start: Ints) -> int:
    """All as late as possible in the order of falling keys, then as early as possible; returns the makespan.

    `end_key` [activities]: any numbers; they are raised where a predecessor's would not be below. `start` is written.
    """
    n = project.duration.size
    for i in range(n - 1, -1, -1):
        a = project.order[i]
        for k in range(project.before_at[a], project.before_at[a + 1]):
            b = project.before[k]
            end_key[b] = min(end_key[b], end_key[a] - STEP)
    for a in range(n):
        room.key[a] = -end_key[a]
    _sort(room.order, room.key)
    _generate(
        room.order,
        project.duration,
        project.need,
        project.after_at,
        project.after,
        project.free,
        project.guard,
        room.free,
        room.reversed_start,
    )
    for i in range(n):
        a = project.order[i]
        room.key[a] = -(room.reversed_start[a] + project.duration[a])
        for k in range(project.before_at[a], project.before_at[a + 1]):
            room.key[a] = max(room.key[a], room.key[project.before[k]] + STEP)
    _sort(room.order, room.key)
    return _generate(
        room.order,
        project.duration,
        project.need,
        project.before_at,
        project.before,
        project.free,
        project.guard,
        room.free,
        start,
    )
