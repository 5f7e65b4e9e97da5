"""What one move of the machine reassignment problem costs, whether the rules allow it, and making it.

Compiled and exact: whole numbers throughout, work proportional to resources plus the dependencies of the service. A
shift takes one process to another machine, a swap exchanges two. `full_cost` counts an assignment from nothing.
Nothing here allocates, so references go uncounted (`_nrt`): counting them took three quarters of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numba import njit

from capacity.solvers.reassignment_model import COST, EXCESS, LEFT, MOVED_MAX, Compiled, State

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def bare(kernel: Kernel) -> Kernel:
    """Compile a kernel that allocates nothing, without counting references."""
    return njit(cache=True, nogil=True, _nrt=False)(kernel)  # type: ignore[call-overload]


@bare
def draw(seed: np.ndarray) -> np.uint64:
    """The next 64 random bits (xorshift, Marsaglia 2003) of the stream in `seed` [1]."""
    x = seed[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    seed[0] = x
    return x


@bare
def below(seed: np.ndarray, n: int) -> int:
    """A random whole number in [0, n), n < 2**31."""
    return np.int64(((draw(seed) >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32))


@bare
def unit(seed: np.ndarray) -> float:
    """A random number in (0, 1]."""
    return (np.float64(draw(seed) >> np.uint64(11)) + 1.0) / 9007199254740992.0


@bare
def machine_cost(inst: Compiled, free: np.ndarray, m: int) -> int:
    """Weighted load and balance cost of machine `m` with `free` [machines × resources]."""
    cost = 0
    for r in range(inst.need.shape[1]):
        over = inst.headroom[m, r] - free[m, r]
        if over > 0:
            cost += inst.load_weight[r] * over
    for b in range(inst.balance.shape[0]):
        short = inst.balance[b, 2] * free[m, inst.balance[b, 0]] - free[m, inst.balance[b, 1]]
        if short > 0:
            cost += inst.balance[b, 3] * short
    return cost


@bare
def full_cost(inst: Compiled, st: State) -> int:
    """The whole objective of the state's assignment; also stored in its scalars."""
    cost = 0
    for m in range(st.free.shape[0]):
        cost += machine_cost(inst, st.free, m)
    for p in range(st.at.shape[0]):
        if st.at[p] != inst.home[p]:
            cost += inst.process_cost[p]
        cost += inst.machine_weight * inst.machine_cost[inst.home[p], st.at[p]]
    cost += inst.service_weight * st.scalars[MOVED_MAX]
    st.scalars[COST] = cost
    return cost


@bare
def move_delta(inst: Compiled, st: State, p: int, m: int) -> int:
    """Change of process and machine move cost when process `p` goes from where it is to `m`."""
    home, now = inst.home[p], st.at[p]
    delta = inst.machine_weight * (
        np.int64(inst.machine_cost[home, m]) - np.int64(inst.machine_cost[home, now])
    )
    if now == home:
        delta += inst.process_cost[p]
    elif m == home:
        delta -= inst.process_cost[p]
    return delta


@bare
def most_moved(inst: Compiled, st: State, s: int, change: int) -> int:  # noqa: ARG001 - as its neighbours are called
    """The most moved processes of any service after `change` (-1, 0, 1) more of service `s` are away from home."""
    most = st.scalars[MOVED_MAX]
    if change > 0 and st.moved[s] == most:
        return most + 1
    if change < 0 and st.moved[s] == most and st.moved_histogram[most] == 1:
        return most - 1
    return most


@bare
def is_beside(inst: Compiled, st: State, s: int, m: int) -> bool:
    """Whether a process of service `s` is on machine `m`; only where the service has several."""
    row = inst.bit_row[s]
    if row < 0:
        return False
    return (st.bits[row, m >> 6] >> np.uint64(m & 63)) & np.uint64(1) != np.uint64(0)


@bare
def may_hold(inst: Compiled, p: int, m: int) -> bool:
    """Whether machine `m` may ever hold process `p`."""
    return (inst.fits[p, m >> 6] >> np.uint64(m & 63)) & np.uint64(1) != np.uint64(0)


@bare
def keeps_spread(inst: Compiled, st: State, s: int, m1: int, m2: int) -> bool:
    """Whether service `s` keeps its fewest locations when one of its processes goes from `m1` to `m2`."""
    row = inst.spread_row[s]
    if row < 0:
        return True
    l1, l2 = inst.location[m1], inst.location[m2]
    if l1 == l2 or st.spread_now[s] > inst.spread[s]:
        return True
    return st.spread_count[row, l1] > 1 or st.spread_count[row, l2] == 0


@bare
def broken_delta(inst: Compiled, st: State, s: int, n1: int, n2: int) -> int:
    """How many more dependencies break when a process of service `s` goes from neighbourhood `n1` to `n2`.

    A dependency is broken once per neighbourhood that has the service and not what it needs.
    """
    row = inst.hood_row[s]
    if row < 0 or n1 == n2:
        return 0
    delta = 0
    if st.hood_count[row, n2] == 0:
        for k in range(inst.needs_at[s], inst.needs_at[s + 1]):
            if st.hood_count[inst.hood_row[inst.needs[k]], n2] == 0:
                delta += 1
        for k in range(inst.needed_by_at[s], inst.needed_by_at[s + 1]):
            if st.hood_count[inst.hood_row[inst.needed_by[k]], n2] > 0:
                delta -= 1
    if st.hood_count[row, n1] == 1:
        for k in range(inst.needs_at[s], inst.needs_at[s + 1]):
            if st.hood_count[inst.hood_row[inst.needs[k]], n1] == 0:
                delta -= 1
        for k in range(inst.needed_by_at[s], inst.needed_by_at[s + 1]):
            if st.hood_count[inst.hood_row[inst.needed_by[k]], n1] > 0:
                delta += 1
    return delta


@bare
def pair_broken_delta(inst: Compiled, st: State, p: int, m: int, q: int, k: int) -> int:
    """How many more dependencies break when process `p` goes to machine `m` and `q` to `k`."""
    s, t = inst.service[p], inst.service[q]
    n1, n2 = inst.neighbourhood[st.at[p]], inst.neighbourhood[m]
    n3, n4 = inst.neighbourhood[st.at[q]], inst.neighbourhood[k]
    row = inst.hood_row[s]
    delta = broken_delta(inst, st, s, n1, n2)
    if row < 0 or inst.hood_row[t] < 0 or n1 == n2:
        return delta + broken_delta(inst, st, t, n3, n4)
    st.hood_count[row, n1] -= 1
    st.hood_count[row, n2] += 1
    delta += broken_delta(inst, st, t, n3, n4)
    st.hood_count[row, n1] += 1
    st.hood_count[row, n2] -= 1
    return delta


@bare
def shift(inst: Compiled, st: State, p: int, m: int) -> None:
    """Take process `p` to machine `m`; the caller keeps the cost and the count of broken dependencies."""
    s, now, home = inst.service[p], st.at[p], inst.home[p]
    for r in range(inst.need.shape[1]):
        need = inst.need[p, r]
        st.free[now, r] += need
        st.free[m, r] -= need
        if not inst.transient[r] or now != home:
            st.scalars[EXCESS] += min(st.room[now, r], 0) - min(st.room[now, r] + need, 0)
            st.room[now, r] += need
        if not inst.transient[r] or m != home:
            st.scalars[EXCESS] += min(st.room[m, r], 0) - min(st.room[m, r] - need, 0)
            st.room[m, r] -= need
    row = inst.spread_row[s]
    if row >= 0:
        st.spread_count[row, inst.location[now]] -= 1
        if st.spread_count[row, inst.location[now]] == 0:
            st.spread_now[s] -= 1
        if st.spread_count[row, inst.location[m]] == 0:
            st.spread_now[s] += 1
        st.spread_count[row, inst.location[m]] += 1
    row = inst.hood_row[s]
    if row >= 0:
        st.hood_count[row, inst.neighbourhood[now]] -= 1
        st.hood_count[row, inst.neighbourhood[m]] += 1
    row = inst.bit_row[s]
    if row >= 0:
        st.bits[row, now >> 6] ^= np.uint64(1) << np.uint64(now & 63)
        st.bits[row, m >> 6] ^= np.uint64(1) << np.uint64(m & 63)
    if home in (now, m):
        change = 1 if now == home else -1
        most = most_moved(inst, st, s, change)
        st.moved_histogram[st.moved[s]] -= 1
        st.moved[s] += change
        st.moved_histogram[st.moved[s]] += 1
        st.scalars[MOVED_MAX] = most
    st.scalars[LEFT] += np.int64(inst.leaving[m]) - np.int64(inst.leaving[now])
    st.at[p] = m


@bare
def pair_service_delta(inst: Compiled, st: State, p: int, m: int, q: int, k: int) -> int:
    """Change of the most moved processes of any service when process `p` goes to machine `m` and `q` to `k`."""
    s, t = inst.service[p], inst.service[q]
    ds = (1 if st.at[p] == inst.home[p] else 0) - (1 if m == inst.home[p] else 0)
    dt = (1 if st.at[q] == inst.home[q] else 0) - (1 if k == inst.home[q] else 0)
    most = st.scalars[MOVED_MAX]
    if s == t:
        ds, dt = ds + dt, 0
    if ds == 0 and dt == 0:
        return 0
    if abs(ds) == 2 or (ds != 0 and dt != 0):  # rare: count the histogram as if done
        st.moved_histogram[st.moved[s]] -= 1
        st.moved_histogram[st.moved[s] + ds] += 1
        if dt != 0:
            st.moved_histogram[st.moved[t]] -= 1
            st.moved_histogram[st.moved[t] + dt] += 1
        after = min(most + 2, st.moved_histogram.shape[0] - 1)
        while after > 0 and st.moved_histogram[after] == 0:
            after -= 1
        st.moved_histogram[st.moved[s]] += 1
        st.moved_histogram[st.moved[s] + ds] -= 1
        if dt != 0:
            st.moved_histogram[st.moved[t]] += 1
            st.moved_histogram[st.moved[t] + dt] -= 1
        return after - most
    if ds != 0:
        return most_moved(inst, st, s, ds) - most
    return most_moved(inst, st, t, dt) - most
