"""Local search over schedules with calendars, compiled: take some bundles out, put them back otherwise.

What is taken out lies close in time on one resource, or hangs together; it comes back in an order by chance, by age or
by a rule of priority, each at its best start, sometimes not in its usual mode. A worse schedule is kept now and then,
less and less (ruin and recreate: Schrimpf, Schneider, Stamm-Wilbrandt, Dueck, J. Comput. Phys. 2000). Where the
makespan counts, all is moved as late as it can, then as early (forward-backward improvement).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from capacity.solvers.scheduling_ground import Ground
from capacity.solvers.scheduling_placing import (
    State,
    blocked,
    hold_again,
    inner,
    is_placed,
    lift,
    place_all,
    place_bundle,
    put,
    shift,
)
from capacity.solvers.scheduling_project import Ints
from capacity.solvers.scheduling_search import uniform
from capacity.solvers.scheduling_windows import FAR

Floats = np.ndarray
MOST_OUT = 7  # bundles taken out at once
SAMPLED = 12  # bundles looked at for each that is taken out
MOST_BACK = 3  # left out before, tried again each time
OTHERWISE = 0.15  # chance that a bundle avoids a mode
AT_THE_END = 0.25  # chance that what ends last is taken out, where the makespan counts
EVEN = 0.2  # how much the mean end counts beside the makespan
WARM = 0.3  # temperature at first, as a share of what a bundle costs on average
MISSING = 4.0e18  # what a bundle that must be placed costs when it is not; more than all others together


class Work(NamedTuple):
    """What the search writes on, and neighbours by resource: `user_at` [resources + 1] of `user` (bundles), `used_at`
    [bundles + 1] of `used` (resources); `rule` [rules × bundles]: keys of priority. `number`: 0 how many are out.
    """

    user_at: Ints
    user: Ints
    used_at: Ints
    used: Ints
    rule: Floats
    key: Floats
    out: Ints
    is_out: Ints
    old_start: Ints
    old_mode: Ints
    order: Ints
    near: Ints
    number: Ints
    chance: np.ndarray


@njit(cache=True, nogil=True)
def costs(g: Ground, start: Ints, mode: Ints) -> tuple[int, int, int, int, int]:
    """Of a schedule: skipped, tardiness, completion, makespan, and how many bundles are missing that must be placed."""
    skipped, tardy, ended, last, missing = 0, 0, 0, 0, 0
    for b in range(g.skip.size):
        if g.member_at[b] == g.member_at[b + 1] or start[g.member[g.member_at[b]]] >= 0:
            continue
        skipped += g.skip[b]
        missing += g.must[b]
    for a in range(start.size):
        if start[a] >= 0:
            end = start[a] + g.duration[mode[a]]
            tardy += g.tardy_cost[a] * max(0, end - g.due[a])
            ended += g.end_cost[a] * end
            last = max(last, end)
    return skipped, tardy, ended, g.makespan_cost * last, missing


@njit(cache=True, nogil=True)
def energy(g: Ground, s: State) -> float:
    """What the search makes small: the cost, and a little of how late all ends."""
    skipped, tardy, ended, last, missing = costs(g, s.start, s.mode)
    found = float(skipped + tardy + ended + last) + MISSING * missing
    if g.makespan_cost > 0:
        total = 0.0
        for a in range(s.start.size):
            if s.start[a] >= 0:
                total += s.start[a]
        found += EVEN * g.makespan_cost * total / s.start.size
    return found


# --- taking out and putting back -----------------------------------------------------------------------------------


@inner
def _take_out(g: Ground, s: State, w: Work, b: int) -> None:
    """A bundle out of the schedule, remembered; one that is not in it is remembered too."""
    if w.is_out[b] == 1 or g.never[b] == 1:
        return
    w.is_out[b] = 1
    w.out[w.number[0]] = b
    w.number[0] += 1
    for k in range(g.member_at[b], g.member_at[b + 1]):
        a = g.member[k]
        w.old_start[a], w.old_mode[a] = s.start[a], s.mode[a]
        if s.start[a] >= 0:
            lift(g, s, a)
        s.coming[a] = 1


@inner
def _settle(g: Ground, s: State, w: Work) -> bool:
    """What is still out stays out; whether everything else may stay as it is then."""
    i = 0
    while i < w.number[0]:
        b = w.out[i]
        i += 1
        if not is_placed(g, s, b):
            for k in range(g.leaning_at[b], g.leaning_at[b + 1]):
                other = g.leaning[k]
                if is_placed(g, s, other):
                    if w.is_out[other] == 1:
                        return False
                    _take_out(g, s, w, other)
    for i in range(w.number[0]):
        b = w.out[i]
        for k in range(g.member_at[b], g.member_at[b + 1]):
            a = g.member[k]
            s.coming[a] = 0
            if s.start[a] >= 0:
                continue
            for j in range(g.hold_at[a], g.hold_at[a + 1]):
                hold = g.hold_of[j]
                if s.start[g.hold[hold, 0]] < 0:
                    continue
                r = g.hold[hold, 5]
                full = blocked(
                    s.time, s.level, g.room_at[r], s.steps[r], s.held_to[hold], g.horizon, g.hold[hold, 6]
                )
                if full[0] >= 0:
                    return False
                hold_again(g, s, hold)
    return True


@inner
def _put_back(g: Ground, s: State, w: Work) -> None:
    """All as it was before it was taken out."""
    for i in range(w.number[0]):
        b = w.out[i]
        for k in range(g.member_at[b], g.member_at[b + 1]):
            if s.start[g.member[k]] >= 0:
                lift(g, s, g.member[k])
    for i in range(w.number[0]):
        b = w.out[i]
        for k in range(g.member_at[b], g.member_at[b + 1]):
            a = g.member[k]
            s.coming[a] = 0
            if w.old_start[a] >= 0:
                put(g, s, a, w.old_mode[a], w.old_start[a])
    for i in range(w.number[0]):
        b = w.out[i]
        for k in range(g.member_at[b], g.member_at[b + 1]):
            a = g.member[k]
            for j in range(g.hold_at[a], g.hold_at[a + 1]):
                hold_again(g, s, g.hold_of[j])


@inner
def _sort(order: Ints, count: int, key: Floats) -> None:
    for i in range(1, count):
        b = order[i]
        j = i - 1
        while j >= 0 and key[order[j]] > key[b]:
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = b


@inner
def _recreate(g: Ground, s: State, w: Work) -> None:
    """Put back what is out, in an order by chance."""
    count = w.number[0]
    rules = w.rule.shape[0]
    chosen = int(uniform(w.chance) * (rules + 3))
    for i in range(count):
        b = w.out[i]
        w.order[i] = b
        if chosen < rules:
            w.key[b] = w.rule[chosen, b] * (1.0 + 0.2 * (uniform(w.chance) - 0.5))
        elif chosen == rules:
            start = w.old_start[g.member[g.member_at[b]]]
            w.key[b] = float(start if start >= 0 else FAR) * (1.0 + 0.1 * (uniform(w.chance) - 0.5))
        else:
            w.key[b] = uniform(w.chance)
    _sort(w.order, count, w.key)
    for _ in range(2):  # what waits for another comes the second time
        is_all = True
        for i in range(count):
            b = w.order[i]
            if is_placed(g, s, b):
                continue
            not_mode = -1
            if uniform(w.chance) < OTHERWISE:
                a = g.member[g.member_at[b] + int(uniform(w.chance) * (g.member_at[b + 1] - g.member_at[b]))]
                modes = g.mode_at[a + 1] - g.mode_at[a]
                if modes > 1:
                    not_mode = g.mode_at[a] + int(uniform(w.chance) * modes)
            is_all = place_bundle(g, s, b, not_mode) and is_all
        if is_all:
            return


@inner
def _ruin(g: Ground, s: State, w: Work) -> None:
    """Take out some bundles that have to do with each other."""
    bundles = g.skip.size
    b = int(uniform(w.chance) * bundles)
    if g.makespan_cost > 0 and uniform(w.chance) < AT_THE_END:
        last = 0
        for a in range(s.start.size):
            if s.start[a] >= 0 and s.start[a] + g.duration[s.mode[a]] >= last:
                last = s.start[a] + g.duration[s.mode[a]]
                b = g.bundle[a]
    most = 1 + int(uniform(w.chance) * min(MOST_OUT, bundles))
    start = s.start[g.member[g.member_at[b]]] if g.member_at[b] < g.member_at[b + 1] else 0
    if start < 0:
        start = int(uniform(w.chance) * g.horizon)
    _take_out(g, s, w, b)
    kind = uniform(w.chance)
    if kind < 0.25:
        for k in range(g.needed_at[b], g.needed_at[b + 1]):
            if w.number[0] <= most:
                _take_out(g, s, w, g.needed[k])
        for k in range(g.leaning_at[b], g.leaning_at[b + 1]):
            if w.number[0] <= most:
                _take_out(g, s, w, g.leaning[k])
        # and theirs, from the first of them on
        i = 1
        while i < w.number[0] <= most:
            other = w.out[i]
            for k in range(g.leaning_at[other], g.leaning_at[other + 1]):
                if w.number[0] <= most and uniform(w.chance) < 0.5:
                    _take_out(g, s, w, g.leaning[k])
            i += 1
    begin, end = 0, bundles
    by_resource = kind < 0.75 and w.used_at[b] < w.used_at[b + 1]
    if by_resource:
        r = w.used[w.used_at[b] + int(uniform(w.chance) * (w.used_at[b + 1] - w.used_at[b]))]
        begin, end = w.user_at[r], w.user_at[r + 1]
    samples = min(SAMPLED * most, w.near.size)
    count = 0
    for _ in range(samples):
        k = begin + int(uniform(w.chance) * (end - begin))
        other = w.user[k] if by_resource else k
        if w.is_out[other] == 1 or g.never[other] == 1 or w.key[other] < -0.5:
            continue
        at = s.start[g.member[g.member_at[other]]]
        if at < 0:
            continue
        w.near[count] = other
        w.key[other] = -1.0 - abs(at - start)  # below zero: already among them
        count += 1
    for i in range(count):
        w.key[w.near[i]] = -w.key[w.near[i]]
    _sort(w.near, count, w.key)
    for i in range(min(count, most - w.number[0])):
        _take_out(g, s, w, w.near[i])
    k = int(uniform(w.chance) * bundles)
    back = 0
    for i in range(bundles):
        other = (k + i) % bundles
        if g.never[other] == 0 and w.is_out[other] == 0 and not is_placed(g, s, other):
            _take_out(g, s, w, other)
            back += 1
            if back == MOST_BACK:
                break


@njit(cache=True, nogil=True)
def improve(
    g: Ground,
    s: State,
    w: Work,
    steps: int,
    warm: float,
    cool: float,
    best: float,
    best_start: Ints,
    best_mode: Ints,
) -> float:
    """So many steps, from one temperature to another; what is best is written, and its energy returned."""
    now = energy(g, s)
    for step in range(steps):
        w.number[0] = 0
        for b in range(w.key.size):
            w.key[b] = 0.0
        _ruin(g, s, w)
        _recreate(g, s, w)
        is_kept = _settle(g, s, w)
        if is_kept:
            found = energy(g, s)
            heat = warm + (cool - warm) * step / steps
            is_kept = found <= now - heat * np.log(max(uniform(w.chance), 1e-12))
            if is_kept:
                now = found
                if found < best:
                    best = found
                    best_start[:] = s.start
                    best_mode[:] = s.mode
        if not is_kept:
            _put_back(g, s, w)
        for i in range(w.number[0]):
            w.is_out[w.out[i]] = 0
    return best


# --- all at once ---------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def load(g: Ground, s: State, start: Ints, mode: Ints) -> None:
    """Make a schedule the current one."""
    s.time[:] = g.base_time
    s.level[:] = g.base_level
    s.steps[:] = g.base_count
    s.held_from[:] = 0
    s.held_to[:] = 0
    s.start[:] = -1
    s.mode[:] = -1
    s.coming[:] = 1
    for a in range(start.size):
        if start[a] >= 0:
            put(g, s, a, mode[a], start[a])
    s.coming[:] = 0
    for k in range(g.hold.shape[0]):
        hold_again(g, s, k)


@njit(cache=True, nogil=True)
def construct(g: Ground, s: State, w: Work, key: Floats) -> None:
    """A schedule from nothing: clusters in the order of the key of their first bundle, whole or bundle by bundle."""
    for a in range(s.start.size):
        s.coming[a] = 1 - g.never[g.bundle[a]]
    clusters = g.cluster_at.size - 1
    order = np.argsort(key)
    cluster_of = np.zeros(g.skip.size, dtype=np.int64)
    for c in range(clusters):
        for k in range(g.cluster_at[c], g.cluster_at[c + 1]):
            cluster_of[g.cluster[k]] = c
    w.number[0] = 0
    for b in order:
        _take_out(g, s, w, b)
    for _ in range(2):
        for b in order:
            if g.never[b] == 1 or is_placed(g, s, b):
                continue
            c = cluster_of[b]
            if g.cluster_at[c + 1] - g.cluster_at[c] > 1 and _place_cluster(g, s, c):
                continue
            for k in range(g.cluster_at[c], g.cluster_at[c + 1]):
                if not is_placed(g, s, g.cluster[k]):
                    place_bundle(g, s, g.cluster[k], -1)
    while not _settle(g, s, w):
        _drop_overfull(g, s)
    for b in order:
        w.is_out[b] = 0
    w.number[0] = 0


@inner
def _place_cluster(g: Ground, s: State, c: int) -> bool:
    """All bundles of a cluster that can be placed at all, or none."""
    count = 0
    for k in range(g.cluster_at[c], g.cluster_at[c + 1]):
        b = g.cluster[k]
        if g.never[b] == 1 or is_placed(g, s, b):
            return False
        for j in range(g.needed_at[b], g.needed_at[b + 1]):
            other = g.needed[j]
            is_within = False
            for i in range(g.cluster_at[c], k):
                is_within = is_within or g.cluster[i] == other
            if not (is_within or is_placed(g, s, other)):
                return False
        for j in range(g.member_at[b], g.member_at[b + 1]):
            s.todo[count] = g.member[j]
            count += 1
    return place_all(g, s, count, -1)


@inner
def _drop_overfull(g: Ground, s: State) -> None:
    """Take out a bundle that leans on one left out, or whose reservation until one left out finds no room."""
    for b in range(g.skip.size):
        if g.member_at[b] == g.member_at[b + 1] or not is_placed(g, s, b):
            continue
        for k in range(g.needed_at[b], g.needed_at[b + 1]):
            if not is_placed(g, s, g.needed[k]):
                _lift_bundle(g, s, b)
                return
    for k in range(g.hold.shape[0]):
        first, last, r = g.hold[k, 0], g.hold[k, 2], g.hold[k, 5]
        if s.start[first] < 0 or s.start[last] >= 0:
            continue
        s.coming[last] = 1
        hold_again(g, s, k)
        full = blocked(s.time, s.level, g.room_at[r], s.steps[r], s.held_to[k], g.horizon, g.hold[k, 6])
        if full[0] >= 0:
            _lift_bundle(g, s, g.bundle[first])
            return
        s.coming[last] = 0
        hold_again(g, s, k)


@inner
def _lift_bundle(g: Ground, s: State, b: int) -> None:
    for k in range(g.member_at[b], g.member_at[b + 1]):
        if s.start[g.member[k]] >= 0:
            lift(g, s, g.member[k])


@njit(cache=True, nogil=True)
def justify(g: Ground, s: State) -> None:
    """All as late as it can without ending later than now, then all as early as it can."""
    last = 0
    key = np.zeros(s.start.size)
    for a in range(s.start.size):
        if s.start[a] >= 0:
            key[a] = -float(s.start[a] + g.duration[s.mode[a]])
            last = max(last, s.start[a] + g.duration[s.mode[a]])
    for a in np.argsort(key, kind="mergesort"):
        if s.start[a] >= 0:
            shift(g, s, a, last, False)
    for a in range(s.start.size):
        key[a] = float(s.start[a])
    for a in np.argsort(key, kind="mergesort"):
        if s.start[a] >= 0:
            shift(g, s, a, FAR, True)
