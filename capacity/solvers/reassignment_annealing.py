"""Simulated annealing of the machine reassignment problem by shifts and swaps, in compiled chunks.

A chunk is so many tries at one temperature; whoever calls decides the schedule and when to stop. The acceptance limit
is drawn before a move is weighed, so that a move is given up as soon as its cost exceeds it. (Portal, Ritt,
Borba, Buriol,
Simulated annealing for the machine reassignment problem, 2016.)
"""

from __future__ import annotations

import numpy as np
from numba import njit

from capacity.solvers.reassignment_model import BROKEN, COST, FULL, MOVED_MAX, Compiled, State
from capacity.solvers.reassignment_moves import (
    below,
    broken_delta,
    fits,
    is_beside,
    join_delta,
    keeps_spread,
    leave_delta,
    may_swap,
    most_moved,
    move_delta,
    shift,
    swap_broken_delta,
    swap_delta,
    swap_service_delta,
    unit,
)


@njit(cache=True, nogil=True)
def try_shifts(
    inst: Compiled,
    st: State,
    p: int,
    limit: float,
    toll: np.ndarray,
    price: float,
    tries: int,
    seed: np.ndarray,
) -> bool:
    """Offer process `p` up to `tries` random machines; go to the first whose cost change is at most `limit`."""
    now, home, s = st.at[p], inst.home[p], inst.service[p]
    gone = leave_delta(inst, st, p, now)
    machines = inst.open_machines
    for k in range(tries):
        m = home if k == 0 and not inst.leaving[home] else machines[below(seed, machines.size)]
        if st.on_count[m] >= st.on.shape[1] - 1:
            st.scalars[FULL] = 1
            continue
        if m == now or not fits(inst, st, p, m) or is_beside(inst, st, s, m):
            continue
        delta = gone + join_delta(inst, st, p, m)
        if delta > limit and m != home and st.scalars[BROKEN] == 0:
            continue
        extra = 0
        delta += move_delta(inst, st, p, m)
        if now == home:
            extra = toll[p]
            delta += inst.service_weight * (most_moved(inst, st, s, 1) - st.scalars[MOVED_MAX])
        elif m == home:
            extra = -toll[p]
            delta += inst.service_weight * (most_moved(inst, st, s, -1) - st.scalars[MOVED_MAX])
        if delta + extra > limit and st.scalars[BROKEN] == 0:
            continue
        broken = broken_delta(inst, st, s, inst.neighbourhood[now], inst.neighbourhood[m])
        if delta + extra + price * broken > limit or not keeps_spread(inst, st, s, now, m):
            continue
        shift(inst, st, p, m)
        st.scalars[COST] += delta
        st.scalars[BROKEN] += broken
        return True
    return False


@njit(cache=True, nogil=True)
def try_swap(inst: Compiled, st: State, p: int, q: int, limit: float, toll: np.ndarray, price: float) -> bool:
    """Exchange the machines of `p` and `q` when the rules allow it and the cost change is at most `limit`."""
    m1, m2 = st.at[p], st.at[q]
    if inst.leaving[m1] or inst.leaving[m2]:
        return False
    extra = 0
    if m1 == inst.home[p]:
        extra += toll[p]
    elif m2 == inst.home[p]:
        extra -= toll[p]
    if m2 == inst.home[q]:
        extra += toll[q]
    elif m1 == inst.home[q]:
        extra -= toll[q]
    limit -= extra
    delta = swap_delta(inst, st, p, q, m1)
    delta += swap_delta(inst, st, q, p, m2)
    if delta > limit and st.scalars[BROKEN] == 0:
        return False
    delta += move_delta(inst, st, p, m2) + move_delta(inst, st, q, m1)
    delta += inst.service_weight * swap_service_delta(inst, st, p, q)
    if delta > limit and st.scalars[BROKEN] == 0:
        return False
    broken = swap_broken_delta(inst, st, p, q)
    if delta + price * broken > limit or not may_swap(inst, st, p, q):
        return False
    shift(inst, st, p, m2)
    shift(inst, st, q, m1)
    st.scalars[COST] += delta
    st.scalars[BROKEN] += broken
    return True


@njit(cache=True, nogil=True)
def anneal(
    inst: Compiled,
    st: State,
    hot: float,
    cold: float,
    rounds: int,
    toll: np.ndarray,
    price: float,
    swaps: float,
    tries: int,
    seed: np.ndarray,
) -> int:
    """`rounds` rounds while the temperature falls geometrically from `hot` to `cold`; how many changed it."""
    processes = st.at.shape[0]
    temperature = hot
    decay = (cold / hot) ** (1.0 / max(1, rounds // 1024))
    accepted = 0
    for round_ in range(rounds):
        if round_ & 1023 == 1023:
            temperature *= decay
        limit = -temperature * np.log(unit(seed))
        p = below(seed, processes)
        kind = unit(seed)
        if kind < swaps:
            if kind < 0.3 * swaps:
                s = inst.service[p]
                q = inst.members[
                    inst.members_at[s] + below(seed, inst.members_at[s + 1] - inst.members_at[s])
                ]
            else:
                q = below(seed, processes)
            if st.at[p] != st.at[q] and try_swap(inst, st, p, q, limit, toll, price):
                accepted += 1
        elif try_shifts(inst, st, p, limit, toll, price, tries, seed):
            accepted += 1
    return accepted
