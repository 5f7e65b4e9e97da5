"""When an activity can begin: where its calendar is open and all that it holds is free, compiled.

What is taken of a resource is a list of entries: from one moment on so much is taken, and so on. Arrays are handed over
one by one: taking them out of a tuple counts references each time, and threads wait for each other in that. For the
same reason most kernels are `bare`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEVER = 1 << 60
"""The end of what finds no place before the horizon."""
NOBODY = -1
TOLERANCE = 1e-6


Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def bare(function: Kernel) -> Kernel:
    """Compile what makes and returns no array without counting references: its caller holds all arrays meanwhile.

    Counting twenty of them at each call took two thirds of the time. Numba has no public name for this.
    """
    compiled: Kernel = njit(cache=True, nogil=True, _nrt=False)(function)  # type: ignore[call-overload]
    return compiled


# --- when a calendar is open -----------------------------------------------------------------------------------------


@bare
def open_from(
    open_at: Ints, open_start: Ints, open_end: Ints, calendar: int, ready: int, length: int
) -> tuple[int, int]:
    """The first open interval with `length` left at or after `ready`, and the start in it; (-1, NEVER) without one."""
    low, last = open_at[calendar], open_at[calendar + 1]
    high = last
    while low < high:
        middle = (low + high) // 2
        if open_end[middle] <= ready:
            low = middle + 1
        else:
            high = middle
    while low < last:
        begin = max(ready, open_start[low])
        if begin + length <= open_end[low]:
            return low, begin
        low += 1
    return -1, NEVER


@bare
def least_ready(
    open_at: Ints, open_start: Ints, open_end: Ints, calendar: int, interval: int, start: int, length: int
) -> int:
    """The least readiness with which `start` is the first start there is; interval -1: with which there is none."""
    if interval >= 0 and start > open_start[interval]:
        return start
    earlier = (interval if interval >= 0 else open_at[calendar + 1]) - 1
    while earlier >= open_at[calendar]:
        if open_end[earlier] - open_start[earlier] >= length:
            return int(open_end[earlier]) - length + 1
        earlier -= 1
    return -NEVER


# --- what is taken of a resource -------------------------------------------------------------------------------------


@bare
def _entry(at: Ints, many: Ints, moment: Ints, r: int, when: int) -> int:
    """The last entry of a resource at or before a moment."""
    low, high = at[r], at[r] + many[r]
    while high - low > 1:
        middle = (low + high) // 2
        if moment[middle] <= when:
            low = middle
        else:
            high = middle
    return int(low)


@bare
def _cut(
    at: Ints, many: Ints, moment: Ints, taken: Floats, ended: Ints, r: int, before: int, when: int
) -> int:
    """The entry of a resource that begins at a moment, made where there is none; `before` is the last until then."""
    if moment[before] == when:
        return before
    for x in range(at[r] + many[r], before + 1, -1):
        moment[x], taken[x], ended[x] = moment[x - 1], taken[x - 1], ended[x - 1]
    moment[before + 1], taken[before + 1], ended[before + 1] = when, taken[before], NOBODY
    many[r] += 1
    return before + 1


@bare
def take(
    at: Ints,
    many: Ints,
    moment: Ints,
    taken: Floats,
    ended: Ints,
    r: int,
    begin: int,
    end: int,
    amount: float,
    whose: int,
) -> None:
    first = _cut(at, many, moment, taken, ended, r, _entry(at, many, moment, r, begin), begin)
    last, final = first, at[r] + many[r] - 1
    while last < final and moment[last + 1] <= end:
        last += 1
    last = _cut(at, many, moment, taken, ended, r, last, end)
    for x in range(first, last):
        taken[x] += amount
    if whose >= 0:
        ended[last] = whose


@bare
def _span(since: float, till: float, after: int, begin: int, end: int) -> tuple[int, int]:
    """From when until when an entry of what is held is held by what runs from begin to end."""
    if after != NEVER:
        return end, after
    return begin + math.floor(since * (end - begin) + 0.5), begin + math.floor(till * (end - begin) + 0.5)


@bare
def _clash(
    open_at: Ints, open_start: Ints, open_end: Ints,
    held: Ints, amount: Floats, since: Floats, till: Floats, while_open: Ints, after: Ints, capacity: Floats,
    at: Ints, many: Ints, moment: Ints, taken: Floats, ended: Ints,
    first_held: int, last_held: int, begin: int, end: int,
) -> tuple[int, int]:  # fmt: skip
    """Until when it can't begin for want of what is held when it runs so long, and who has it; (-1, -1): it can."""
    for h in range(first_held, last_held):
        r = held[h]
        first, last = _span(since[h], till[h], after[h], begin, end)
        if first >= last:
            continue
        if while_open[h] >= 0:
            _, opens = open_from(open_at, open_start, open_end, while_open[h], first, last - first)
            if opens == NEVER:
                return NEVER, NOBODY
            if opens > first:
                return begin + opens - first, NOBODY
        most = capacity[r] - amount[h] + TOLERANCE
        final = at[r] + many[r]
        x = _entry(at, many, moment, r, first)
        while x < final and moment[x] < last:
            if taken[x] > most:
                while x < final and taken[x] > most:
                    x += 1
                if x < final:
                    return begin + moment[x] - first, ended[x]
            x += 1
    return -1, NOBODY


# --- one activity ----------------------------------------------------------------------------------------------------


@bare
def begin_at(
    open_at: Ints, open_start: Ints, open_end: Ints,
    held: Ints, amount: Floats, since: Floats, till: Floats, while_open: Ints, after: Ints, capacity: Floats,
    at: Ints, many: Ints, moment: Ints, taken: Floats, ended: Ints,
    calendar: int, first_held: int, last_held: int, ready: int, length: int, left: int, runs_over: bool,  # noqa: FBT001
) -> tuple[int, int, int]:  # fmt: skip
    """Where it begins: the interval, the start in it and whose hold it waited for last; interval -1: nowhere.

    It takes `length` for granted and holds what it holds as long as it really runs: `left`, up to the interval's end
    unless it `runs_over`.
    """
    holder = NOBODY
    interval, start = open_from(open_at, open_start, open_end, calendar, ready, length)
    while interval >= 0 and first_held < last_held:
        runs = left if runs_over else min(left, open_end[interval] - start)
        free_at, whose = _clash(
            open_at, open_start, open_end,
            held, amount, since, till, while_open, after, capacity,
            at, many, moment, taken, ended,
            first_held, last_held, start, start + max(runs, length),
        )  # fmt: skip
        if free_at < 0:
            break
        if whose >= 0:
            holder = whose
        interval, start = open_from(open_at, open_start, open_end, calendar, free_at, length)
    return interval, start, holder


@bare
def book(
    held: Ints, amount: Floats, since: Floats, till: Floats, after: Ints,
    at: Ints, many: Ints, moment: Ints, taken: Floats, ended: Ints,
    first_held: int, last_held: int, begin: int, end: int, whose: int,
) -> None:  # fmt: skip
    for h in range(first_held, last_held):
        first, last = _span(since[h], till[h], after[h], begin, end)
        if first < last:
            take(at, many, moment, taken, ended, held[h], first, last, amount[h], whose)
