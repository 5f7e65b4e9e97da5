"""Schedules on resources that vary over time, compiled: where an activity fits next, and placing whole bundles.

What is free of a resource is kept as steps, not slots: a project of eighteen months costs what is booked, not how
long it is. A bundle is placed one activity after another, each at its first start; when a largest lag or a reservation
won't stretch that far, what holds it back is placed again, later (unscheduling: Franck, Neumann, Schwindt, Truncated
branch-and-bound, schedule-construction, and schedule-improvement procedures, OR Spektrum 2001).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import njit

from capacity.solvers.scheduling_calendar import END
from capacity.solvers.scheduling_ground import Ground
from capacity.solvers.scheduling_project import Ints
from capacity.solvers.scheduling_windows import FAR, next_start, previous_start

TRIES = 400  # how often a bundle's placing may go back, and as often again for each of its activities


Function = TypeVar("Function", bound=Callable[..., object])


def inner(function: Function) -> Function:
    """Compile what only compiled code calls: without a way in from Python, a third sooner."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    found: Function = njit(cache=True, nogil=True, **options)(function)
    return found


class State(NamedTuple):
    """A schedule in the making. `time`, `level`, `steps`: free steps by resource; `start`, `mode` [activities], −1 if
    not placed; `held_from`, `held_to` [reservations]; `coming` [activities]: 1 while it may still be placed, so that a
    reservation until it is held as long as it is sure; `low`, `spot`, `todo`: for the bundle at hand.
    """

    time: Ints
    level: Ints
    steps: Ints
    start: Ints
    mode: Ints
    held_from: Ints
    held_to: Ints
    coming: Ints
    low: Ints
    spot: Ints
    todo: Ints


def empty(g: Ground) -> State:
    """Nothing placed yet."""
    n, k = g.head.size, g.hold.shape[0]
    zeros, none = np.zeros(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    held = np.zeros(k, dtype=np.int64)
    return State(
        g.base_time.copy(),
        g.base_level.copy(),
        g.base_count.copy(),
        none.copy(),
        none.copy(),
        held.copy(),
        held.copy(),
        np.ones(n, dtype=np.int64),
        zeros.copy(),
        none.copy(),
        zeros.copy(),
    )


# --- free steps ----------------------------------------------------------------------------------------------------


@inner
def _step_at(time: Ints, at: int, count: int, t: int) -> int:
    """The step that a slot lies in."""
    low, high = at, at + count
    while high - low > 1:
        middle = (low + high) // 2
        if time[middle] <= t:
            low = middle
        else:
            high = middle
    return low


@inner
def blocked(
    time: Ints, level: Ints, at: int, count: int, begin: int, end: int, amount: int
) -> tuple[int, int]:
    """Where less than an amount is free in [begin, end): the first such step's begin and the last one's end, or −1."""
    first, last = -1, -1
    if begin >= end:
        return first, last
    k = _step_at(time, at, count, begin)
    final = at + count
    while k < final and time[k] < end:
        if level[k] < amount:
            if first < 0:
                first = time[k]
            last = time[k + 1] if k + 1 < final else FAR
        k += 1
    return first, last


@inner
def _split(time: Ints, level: Ints, at: int, count: Ints, r: int, t: int) -> int:
    k = _step_at(time, at, count[r], t)
    if time[k] == t:
        return k
    for j in range(at + count[r], k + 1, -1):
        time[j], level[j] = time[j - 1], level[j - 1]
    time[k + 1], level[k + 1] = t, level[k]
    count[r] += 1
    return k + 1


@inner
def _join(time: Ints, level: Ints, at: int, count: Ints, r: int, k: int) -> None:
    """Make one of a step and the one before it where they are level."""
    if k <= at or k >= at + count[r] or level[k] != level[k - 1]:
        return
    for j in range(k, at + count[r] - 1):
        time[j], level[j] = time[j + 1], level[j + 1]
    count[r] -= 1


@inner
def change(time: Ints, level: Ints, at: int, count: Ints, r: int, begin: int, end: int, amount: int) -> None:
    """So much more is free in [begin, end)."""
    if begin >= end or amount == 0:
        return
    i = _split(time, level, at, count, r, begin)
    j = _split(time, level, at, count, r, end)
    for k in range(i, j):
        level[k] += amount
    _join(time, level, at, count, r, j)
    _join(time, level, at, count, r, i)


# --- one activity --------------------------------------------------------------------------------------------------


@inner
def point(g: Ground, s: State, a: int, which: int) -> int:
    """Where the start or the end of a placed activity is."""
    return int(s.start[a] + g.duration[s.mode[a]] if which == END else s.start[a])


@inner
def hold_again(g: Ground, s: State, k: int) -> None:
    """Book a reservation as where its activities are now asks."""
    first, last = g.hold[k, 0], g.hold[k, 2]
    begin, end = 0, 0
    if s.start[first] >= 0:
        begin = point(g, s, first, g.hold[k, 1])
        if s.start[last] >= 0:
            end = point(g, s, last, g.hold[k, 3]) + g.hold[k, 4]
        elif s.coming[last] == 1:
            end = begin + g.hold_least[k]
        else:
            end = g.horizon
        end = max(begin, min(end, g.horizon))
    if begin == s.held_from[k] and end == s.held_to[k]:
        return
    r, amount = g.hold[k, 5], g.hold[k, 6]
    change(s.time, s.level, g.room_at[r], s.steps, r, s.held_from[k], s.held_to[k], amount)
    change(s.time, s.level, g.room_at[r], s.steps, r, begin, end, -amount)
    s.held_from[k], s.held_to[k] = begin, end


@inner
def put(g: Ground, s: State, a: int, m: int, t: int) -> None:
    """Place an activity; that it fits is the caller's to know."""
    s.start[a], s.mode[a] = t, m
    for k in range(g.need_at[m], g.need_at[m + 1]):
        r = g.need_resource[k]
        change(s.time, s.level, g.room_at[r], s.steps, r, t, t + g.duration[m], -g.need[k])
    for j in range(g.hold_at[a], g.hold_at[a + 1]):
        hold_again(g, s, g.hold_of[j])


@inner
def lift(g: Ground, s: State, a: int) -> None:
    """Take an activity out; until someone says otherwise, it comes again."""
    m, t = s.mode[a], s.start[a]
    s.start[a], s.mode[a], s.coming[a] = -1, -1, 1
    for k in range(g.need_at[m], g.need_at[m + 1]):
        r = g.need_resource[k]
        change(s.time, s.level, g.room_at[r], s.steps, r, t, t + g.duration[m], g.need[k])
    for j in range(g.hold_at[a], g.hold_at[a + 1]):
        hold_again(g, s, g.hold_of[j])


@inner
def _is_over_full(g: Ground, s: State, a: int) -> bool:
    """Whether a placed activity and its reservations take more than there is."""
    m, t = s.mode[a], s.start[a]
    for k in range(g.need_at[m], g.need_at[m + 1]):
        r = g.need_resource[k]
        if blocked(s.time, s.level, g.room_at[r], s.steps[r], t, t + g.duration[m], 0)[0] >= 0:
            return True
    for j in range(g.hold_at[a], g.hold_at[a + 1]):
        k = g.hold_of[j]
        r = g.hold[k, 5]
        if blocked(s.time, s.level, g.room_at[r], s.steps[r], s.held_from[k], s.held_to[k], 0)[0] >= 0:
            return True
    return False


@inner
def seek(g: Ground, s: State, a: int, m: int, low: int, high: int, is_forward: bool) -> int:  # noqa: FBT001
    """The first (or last) start in [low, high] at which an activity has what a mode of it needs; −1 without one."""
    length = g.duration[m]
    begin, end = g.slot_at[m], g.slot_end[m]
    if is_forward:
        t = next_start(g.slot_from, g.slot_to, begin, end, low)
    else:
        t = previous_start(g.slot_from, g.slot_to, begin, end, high)
    while low <= t <= high:
        wanted = t
        if length > 0:
            for k in range(g.need_at[m], g.need_at[m + 1]):
                r = g.need_resource[k]
                p, q = blocked(s.time, s.level, g.room_at[r], s.steps[r], t, t + length, g.need[k])
                if p >= 0:
                    wanted = q if is_forward else p - length
                    break
        if wanted == t and g.hold_at[a] < g.hold_at[a + 1]:
            wanted = _with_holds(g, s, a, m, t, is_forward)
            if wanted == t and g.mixed[a] == 1:
                was_coming = s.coming[a]
                put(g, s, a, m, t)
                if _is_over_full(g, s, a):
                    wanted = t + 1 if is_forward else t - 1
                lift(g, s, a)
                s.coming[a] = was_coming
        if wanted == t:
            return int(t)
        if wanted < 0:
            return -1
        if is_forward:
            t = next_start(g.slot_from, g.slot_to, begin, end, wanted)
        else:
            t = previous_start(g.slot_from, g.slot_to, begin, end, wanted)
    return -1


@inner
def _with_holds(g: Ground, s: State, a: int, m: int, t: int, is_forward: bool) -> int:  # noqa: FBT001
    """The start itself where the reservations of an activity have room, else the next to try, −1 if none can be."""
    ends = t + g.duration[m]
    for j in range(g.hold_at[a], g.hold_at[a + 1]):
        k = g.hold_of[j]
        first, last, r = g.hold[k, 0], g.hold[k, 2], g.hold[k, 5]
        moves_begin, moves_end = first == a, last == a
        if moves_begin:
            begin = ends if g.hold[k, 1] == END else t
            if moves_end:
                end = (ends if g.hold[k, 3] == END else t) + g.hold[k, 4]
            elif s.start[last] >= 0:
                end = point(g, s, last, g.hold[k, 3]) + g.hold[k, 4]
            elif s.coming[last] == 1:
                end, moves_end = begin + g.hold_least[k], True
            else:
                end = g.horizon
        elif s.start[first] >= 0:
            begin = s.held_to[k]
            end = (ends if g.hold[k, 3] == END else t) + g.hold[k, 4]
        else:
            continue
        end = min(end, g.horizon)
        p, q = blocked(s.time, s.level, g.room_at[r], s.steps[r], begin, end, g.hold[k, 6])
        if p < 0:
            continue
        if is_forward:
            return int(t + q - begin) if moves_begin else -1
        return int(t - (end - p)) if moves_end else -1
    return int(t)


@inner
def bounds(g: Ground, s: State, a: int, m: int, is_outer: bool) -> tuple[int, int]:  # noqa: FBT001
    """Between which starts the arcs to what is placed leave an activity; `is_outer`: largest lags to others of its
    bundle left aside.
    """
    length = g.duration[m]
    low, high = max(g.head[a], s.low[a]), g.limit[a] - length
    for k in range(g.arc_at[a], g.arc_at[a + 1]):
        other = g.arc_other[k]
        if s.start[other] < 0:
            continue
        zero = point(g, s, other, g.arc_its[k]) - (length if g.arc_own[k] == END else 0)
        low = max(low, zero + g.arc_least[k])
        if not (is_outer and s.spot[other] >= 0):
            high = min(high, zero + g.arc_most[k])
    return low, high


@inner
def cost_of(g: Ground, a: int, end: int) -> int:
    """What it costs that an activity ends then."""
    return int(g.tardy_cost[a] * max(0, end - g.due[a]) + g.end_cost[a] * end)


@inner
def choose(g: Ground, s: State, a: int, not_mode: int) -> tuple[int, int]:
    """The mode and the first start that cost least, then end first; −1 where none fits. `not_mode` only if it must."""
    best_mode, best_start, best_cost, best_end = -1, -1, 0, 0
    for is_last in (False, True):
        for m in range(g.mode_at[a], g.mode_at[a + 1]):
            if (m == not_mode) != is_last:
                continue
            low, high = bounds(g, s, a, m, False)
            t = seek(g, s, a, m, low, high, True)
            if t < 0:
                continue
            end = t + g.duration[m]
            cost = cost_of(g, a, end)
            if best_mode < 0 or cost < best_cost or (cost == best_cost and end < best_end):
                best_mode, best_start, best_cost, best_end = m, t, cost, end
        if best_mode >= 0:
            break
    return best_mode, best_start


# --- bundles -------------------------------------------------------------------------------------------------------


@inner
def place_all(g: Ground, s: State, count: int, not_mode: int) -> bool:
    """Place the first `count` of `todo`, in that order, or none of them."""
    for i in range(count):
        s.low[s.todo[i]] = 0
        s.spot[s.todo[i]] = i
    tries = TRIES * (count + 1)
    i = 0
    while 0 <= i < count:
        a = s.todo[i]
        m, t = choose(g, s, a, not_mode)
        if m >= 0:
            put(g, s, a, m, t)
            i += 1
            continue
        tries -= 1
        again = _held_back(g, s, a) if tries > 0 else -1
        for k in range(i - 1, max(again, 0) - 1, -1):
            lift(g, s, s.todo[k])
        i = again
    for k in range(count):
        s.low[s.todo[k]] = 0
        s.spot[s.todo[k]] = -1
    return i == count


@inner
def _held_back(g: Ground, s: State, a: int) -> int:
    """Raise what keeps an activity from its place; returns from where on to place again, −1 if nothing helps."""
    best_mode, best = -1, FAR
    for m in range(g.mode_at[a], g.mode_at[a + 1]):
        low, high = bounds(g, s, a, m, True)
        t = seek(g, s, a, m, low, high, True)
        if 0 <= t < best:
            best_mode, best = m, t
    again = s.todo.size
    if best_mode < 0:
        return _held_back_by_holds(g, s, a)
    length = g.duration[best_mode]
    for k in range(g.arc_at[a], g.arc_at[a + 1]):
        other = g.arc_other[k]
        if s.start[other] < 0 or s.spot[other] < 0:
            continue
        most = point(g, s, other, g.arc_its[k]) - (length if g.arc_own[k] == END else 0) + g.arc_most[k]
        if most < best:
            s.low[other] = max(s.low[other], s.start[other] + best - most)
            again = min(again, s.spot[other])
    return again if again < s.todo.size else -1


@inner
def _held_back_by_holds(g: Ground, s: State, a: int) -> int:
    """The same where a reservation from an earlier activity until this one meets what is full."""
    again = s.todo.size
    for m in range(g.mode_at[a], g.mode_at[a + 1]):
        low, _ = bounds(g, s, a, m, True)
        t = next_start(g.slot_from, g.slot_to, g.slot_at[m], g.slot_end[m], low)
        if t < 0:
            continue
        for j in range(g.hold_at[a], g.hold_at[a + 1]):
            k = g.hold_of[j]
            first, r = g.hold[k, 0], g.hold[k, 5]
            if g.hold[k, 2] != a or first == a or s.start[first] < 0 or s.spot[first] < 0:
                continue
            end = min(t + (g.duration[m] if g.hold[k, 3] == END else 0) + g.hold[k, 4], g.horizon)
            p, q = blocked(s.time, s.level, g.room_at[r], s.steps[r], s.held_to[k], end, g.hold[k, 6])
            if p >= 0 and q < FAR:
                s.low[first] = max(s.low[first], s.start[first] + q - s.held_from[k])
                again = min(again, s.spot[first])
    return again if again < s.todo.size else -1


@inner
def is_placed(g: Ground, s: State, b: int) -> bool:
    """Whether a bundle is."""
    return bool(s.start[g.member[g.member_at[b]]] >= 0)


@inner
def place_bundle(g: Ground, s: State, b: int, not_mode: int) -> bool:
    """Place a bundle whose needed ones are placed; then shorten its reservations where that costs nothing."""
    if g.never[b] == 1:
        return False
    for k in range(g.needed_at[b], g.needed_at[b + 1]):
        if not is_placed(g, s, g.needed[k]):
            return False
    count = 0
    for k in range(g.member_at[b], g.member_at[b + 1]):
        s.todo[count] = g.member[k]
        count += 1
    if not place_all(g, s, count, not_mode):
        return False
    tighten(g, s, b)
    return True


@inner
def tighten(g: Ground, s: State, b: int) -> None:
    """Start as late as possible what a reservation is held from and costs nothing to end later."""
    for k in range(g.member_at[b + 1] - 1, g.member_at[b] - 1, -1):
        a = g.member[k]
        if g.end_cost[a] > 0:
            continue
        for j in range(g.hold_at[a], g.hold_at[a + 1]):
            hold = g.hold_of[j]
            last = g.hold[hold, 2]
            if g.hold[hold, 0] == a and last != a and s.start[last] >= 0:
                shift(g, s, a, point(g, s, last, END), False)
                break


@inner
def shift(g: Ground, s: State, a: int, latest_end: int, is_forward: bool) -> None:  # noqa: FBT001
    """Move a placed activity, in its mode, to its first start, or to its last with an end by `latest_end` and no more
    cost of its own than being on time.
    """
    m, old, was_coming = s.mode[a], s.start[a], s.coming[a]
    lift(g, s, a)
    low, high = bounds(g, s, a, m, False)
    if is_forward:
        t = seek(g, s, a, m, low, old, True)
    else:
        high = min(high, latest_end - g.duration[m])
        if g.tardy_cost[a] > 0:
            high = min(high, max(old, g.due[a] - g.duration[m]))
        t = seek(g, s, a, m, old, high, False)
    put(g, s, a, m, t if t >= 0 else old)
    s.coming[a] = was_coming
