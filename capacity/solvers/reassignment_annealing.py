"""Simulated annealing of the machine reassignment problem by shifts, swaps and replacements, in compiled chunks.

A chunk is so many tries at one temperature; whoever calls decides temperature and prices. Room and dependencies are
priced, not forbidden, so that the walk crosses what it may not keep; conflicts and spread are never broken, and nothing
goes where it can never stay, as what leaves a machine holds its transient resources there. The acceptance limit is
drawn before a move is weighed: a move is given up as soon as its cost exceeds it. (Portal, Ritt, Borba, Buriol,
Simulated annealing for the machine reassignment problem, 2016, for the moves and the limit.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from capacity.solvers.reassignment_model import BROKEN, COST, EXCESS, LEFT, MOVED_MAX, Compiled, Ints, State
from capacity.solvers.reassignment_moves import (
    bare,
    below,
    broken_delta,
    draw,
    is_beside,
    keeps_spread,
    may_hold,
    most_moved,
    move_delta,
    pair_broken_delta,
    pair_service_delta,
    shift,
)

LIMITS = -np.log((np.arange(4096) + 0.5) / 4096)
"""Acceptance limits in units of the temperature, one of which a round draws."""


class Prices(NamedTuple):
    """What breaking a rule costs: a unit too much [machines × resources], a dependency, staying where one leaves."""

    excess: Ints
    broken: int
    staying: int


@bare
def leave_delta(inst: Compiled, st: State, excess: np.ndarray, p: int, m: int) -> int:
    """Change of load, balance and priced excess of machine `m` when process `p` leaves it."""
    delta = 0
    moves = inst.home[p] != m
    for r in range(inst.need.shape[1]):
        need, free = inst.need[p, r], st.free[m, r]
        over = inst.headroom[m, r] - free
        if over > 0:
            delta -= inst.load_weight[r] * min(over, need)
        if (moves or not inst.transient[r]) and st.room[m, r] < 0:
            delta -= excess[m, r] * min(-st.room[m, r], need)
    for b in range(inst.balance.shape[0]):
        r1, r2, target = inst.balance[b, 0], inst.balance[b, 1], inst.balance[b, 2]
        short = target * st.free[m, r1] - st.free[m, r2]
        after = short + target * inst.need[p, r1] - inst.need[p, r2]
        delta += inst.balance[b, 3] * (max(after, 0) - max(short, 0))
    return delta


@bare
def join_delta(inst: Compiled, st: State, excess: np.ndarray, p: int, m: int, most: float) -> int:
    """Change of load, balance and priced excess of machine `m` when process `p` joins it.

    The true change is more than `most` whenever what is returned is.
    """
    delta = 0
    moves = inst.home[p] != m
    for b in range(inst.balance.shape[0]):
        r1, r2, target = inst.balance[b, 0], inst.balance[b, 1], inst.balance[b, 2]
        short = target * st.free[m, r1] - st.free[m, r2]
        after = short - target * inst.need[p, r1] + inst.need[p, r2]
        delta += inst.balance[b, 3] * (max(after, 0) - max(short, 0))
    for r in range(inst.need.shape[1]):
        need = inst.need[p, r]
        over = inst.headroom[m, r] - st.free[m, r] + need
        if over > 0:
            delta += inst.load_weight[r] * min(over, need)
        if (moves or not inst.transient[r]) and st.room[m, r] < need:
            delta += excess[m, r] * min(need - st.room[m, r], need)
        if delta > most:
            return delta
    return delta


@bare
def exchange_delta(inst: Compiled, st: State, excess: np.ndarray, p: int, q: int, m: int) -> int:
    """Change of load, balance and priced excess of machine `m` when process `p` leaves and `q` joins."""
    delta = 0
    p_moves, q_moves = inst.home[p] != m, inst.home[q] != m
    for r in range(inst.need.shape[1]):
        out, come, room = inst.need[p, r], inst.need[q, r], st.room[m, r]
        over = inst.headroom[m, r] - st.free[m, r]
        delta += inst.load_weight[r] * (max(over + come - out, 0) - max(over, 0))
        after = room
        if p_moves or not inst.transient[r]:
            after += out
        if q_moves or not inst.transient[r]:
            after -= come
        if after < 0 or room < 0:
            delta += excess[m, r] * (min(room, 0) - min(after, 0))
    for b in range(inst.balance.shape[0]):
        r1, r2, target = inst.balance[b, 0], inst.balance[b, 1], inst.balance[b, 2]
        short = target * st.free[m, r1] - st.free[m, r2]
        after = short - target * (inst.need[q, r1] - inst.need[p, r1]) + inst.need[q, r2] - inst.need[p, r2]
        delta += inst.balance[b, 3] * (max(after, 0) - max(short, 0))
    return delta


@bare
def priced_excess(st: State, excess: np.ndarray) -> int:
    """What all machines lack of room, priced."""
    total = 0
    for m in range(st.room.shape[0]):
        for r in range(st.room.shape[1]):
            total -= excess[m, r] * min(st.room[m, r], 0)
    return total


@bare
def try_shifts(
    inst: Compiled, st: State, prices: Prices, p: int, limit: float, tries: int, seed: np.ndarray
) -> int:
    """A machine that process `p` may go to at a priced change of at most `limit`, of `tries` drawn; -1 if none.

    A process away from home is offered its home first.
    """
    now, home, s = st.at[p], inst.home[p], inst.service[p]
    linked = inst.hood_row[s] >= 0
    gone = leave_delta(inst, st, prices.excess, p, now)
    if inst.leaving[now]:
        gone -= prices.staying
    most = limit - gone
    if now != home:
        most += inst.process_cost[p] + inst.service_weight
        most += inst.machine_weight * abs(int(inst.machine_cost[home, now]))
    if linked and st.scalars[BROKEN] > 0:
        links = inst.needs_at[s + 1] - inst.needs_at[s] + inst.needed_by_at[s + 1] - inst.needed_by_at[s]
        most += prices.broken * links
    machines = inst.open_machines
    known = inst.targets_at[p]
    targets = inst.targets_at[p + 1] - known
    hood = inst.neighbourhood[now]
    first = inst.hood_at[hood]
    inside = inst.hood_at[hood + 1] - first
    for k in range(tries):
        if k == 0 and now != home:
            m = home
        elif k & 1 and linked and inside > 1:
            m = inst.hood_machines[first + below(seed, inside)]
        elif targets > 0:
            m = inst.targets[known + below(seed, targets)]
        else:
            m = machines[below(seed, machines.size)]
        if m == now or not may_hold(inst, p, m) or is_beside(inst, st, s, m):
            continue
        delta = join_delta(inst, st, prices.excess, p, m, most)
        if delta > most:
            continue
        delta += gone + move_delta(inst, st, p, m)
        if inst.leaving[m]:
            delta += prices.staying
        if now == home:
            delta += inst.service_weight * (most_moved(inst, st, s, 1) - st.scalars[MOVED_MAX])
        elif m == home:
            delta += inst.service_weight * (most_moved(inst, st, s, -1) - st.scalars[MOVED_MAX])
        if linked:
            delta += prices.broken * broken_delta(inst, st, s, hood, inst.neighbourhood[m])
        if delta <= limit and keeps_spread(inst, st, s, now, m):
            return m
    return -1


@bare
def may_swap(inst: Compiled, st: State, prices: Prices, p: int, q: int, limit: float) -> bool:
    """Whether `p` and `q` may exchange their machines at a priced change of at most `limit`."""
    m1, m2, s, t = st.at[p], st.at[q], inst.service[p], inst.service[q]
    if m1 == m2 or inst.leaving[m1] or inst.leaving[m2]:
        return False
    if not may_hold(inst, p, m2) or not may_hold(inst, q, m1):
        return False
    if s != t and (is_beside(inst, st, s, m2) or is_beside(inst, st, t, m1)):
        return False
    delta = exchange_delta(inst, st, prices.excess, p, q, m1)
    delta += exchange_delta(inst, st, prices.excess, q, p, m2)
    delta += move_delta(inst, st, p, m2) + move_delta(inst, st, q, m1)
    if delta > limit + 2 * inst.service_weight and st.scalars[BROKEN] == 0:
        return False
    delta += inst.service_weight * pair_service_delta(inst, st, p, m2, q, m1)
    if s != t:
        delta += prices.broken * pair_broken_delta(inst, st, p, m2, q, m1)
    if delta > limit:
        return False
    return s == t or (keeps_spread(inst, st, s, m1, m2) and keeps_spread(inst, st, t, m2, m1))


@bare
def may_replace(inst: Compiled, st: State, prices: Prices, p: int, q: int, m: int, limit: float) -> bool:
    """Whether `q` may take the place of `p`, which goes to a third machine `m`, at a change of at most `limit`."""
    m1, m2, s, t = st.at[p], st.at[q], inst.service[p], inst.service[q]
    if m1 == m2 or m in (m1, m2) or inst.leaving[m1] or inst.leaving[m]:
        return False
    if not may_hold(inst, p, m) or not may_hold(inst, q, m1):
        return False
    if is_beside(inst, st, s, m) or (s != t and is_beside(inst, st, t, m1)):
        return False
    delta = leave_delta(inst, st, prices.excess, q, m2)
    delta += exchange_delta(inst, st, prices.excess, p, q, m1)
    delta += move_delta(inst, st, p, m) + move_delta(inst, st, q, m1)
    if inst.leaving[m2]:
        delta -= prices.staying
    is_cheap = st.scalars[BROKEN] == 0
    most = limit + 2 * inst.service_weight - delta
    delta += join_delta(inst, st, prices.excess, p, m, most if is_cheap else 9e18)
    if is_cheap and delta > limit + 2 * inst.service_weight:
        return False
    delta += inst.service_weight * pair_service_delta(inst, st, p, m, q, m1)
    if s == t:  # to the service as if one of its processes went from the one's machine to the third
        delta += prices.broken * broken_delta(inst, st, s, inst.neighbourhood[m2], inst.neighbourhood[m])
        return delta <= limit and keeps_spread(inst, st, s, m2, m)
    delta += prices.broken * pair_broken_delta(inst, st, p, m, q, m1)
    return delta <= limit and keeps_spread(inst, st, s, m1, m) and keeps_spread(inst, st, t, m2, m1)


@bare
def go(inst: Compiled, st: State, p: int, m: int) -> None:
    """Take process `p` to machine `m`, and keep count of move costs and broken dependencies; load is left."""
    s, now = inst.service[p], st.at[p]
    most = st.scalars[MOVED_MAX]
    st.scalars[COST] += move_delta(inst, st, p, m)
    st.scalars[BROKEN] += broken_delta(inst, st, s, inst.neighbourhood[now], inst.neighbourhood[m])
    shift(inst, st, p, m)
    st.scalars[COST] += inst.service_weight * (st.scalars[MOVED_MAX] - most)


@bare
def partner(inst: Compiled, p: int, seed: np.ndarray) -> int:
    """A process to exchange with: of the same service, or of about the same size, how nearly being drawn too."""
    s = inst.service[p]
    members = inst.members_at[s + 1] - inst.members_at[s]
    processes = inst.by_size.shape[0]
    bits = draw(seed) >> np.uint64(40)
    if members > 1 and bits & np.uint64(3) == 0:
        q = inst.members[inst.members_at[s] + below(seed, members)]
        if inst.rank[q] >= 0:
            return q
    reach = max(1, processes >> np.int64((bits >> np.uint64(4)) & np.uint64(7)))
    place = inst.rank[p] + below(seed, 2 * reach + 1) - reach
    if place < 0 or place >= processes:
        place = below(seed, processes)
    return inst.by_size[place]


@bare
def anneal(
    inst: Compiled,
    st: State,
    prices: Prices,
    temperature: float,
    rounds: int,
    swaps: float,
    replaces: float,
    tries: int,
    limits: np.ndarray,
    seed: np.ndarray,
    none: np.ndarray,
    best: np.ndarray,
    best_key: np.ndarray,
) -> int:
    """`rounds` rounds, of which shares are `swaps`, `replaces` and, with so many `tries` each, shifts; how many changed
    something. `none` [machines × resources]: zeros.

    `best` [processes] is the best assignment that breaks no rule, `best_key` [2] what it leaves behind and its cost.
    """
    accepted = 0
    is_best = False
    processes = st.at.shape[0]
    replace_bits = np.uint64(replaces * 65536.0)
    pair_bits = np.uint64((replaces + swaps) * 65536.0)
    for _ in range(rounds):
        bits = draw(seed) >> np.uint64(24)
        limit = temperature * limits[bits & np.uint64(4095)]
        p = inst.by_size[below(seed, inst.by_size.shape[0])]
        kind = (bits >> np.uint64(12)) & np.uint64(65535)
        q, m2 = -1, -1
        if kind < pair_bits:
            q = partner(inst, p, seed)
            if p == q:
                continue
            m, m2 = st.at[q], st.at[p]
            if kind < replace_bits:
                home = inst.home[p]
                m = home if kind & np.uint64(1) and m2 != home else below(seed, st.free.shape[0])
                if not may_replace(inst, st, prices, p, q, m, limit):
                    continue
                delta = leave_delta(inst, st, none, q, st.at[q]) + exchange_delta(inst, st, none, p, q, m2)
                delta += join_delta(inst, st, none, p, m, 9e18)
            else:
                if not may_swap(inst, st, prices, p, q, limit):
                    continue
                delta = exchange_delta(inst, st, none, p, q, m2) + exchange_delta(inst, st, none, q, p, m)
        else:
            m = try_shifts(inst, st, prices, p, limit, tries, seed)
            if m < 0:
                continue
            delta = leave_delta(inst, st, none, p, st.at[p]) + join_delta(inst, st, none, p, m, 9e18)
        accepted += 1
        was, was_other = st.at[p], st.at[q] if q >= 0 else -1
        go(inst, st, p, m)
        if q >= 0:
            go(inst, st, q, m2)
        st.scalars[COST] += delta
        if st.scalars[EXCESS] == 0 and st.scalars[BROKEN] == 0:
            left, cost = st.scalars[LEFT], st.scalars[COST]
            if left < best_key[0] or (left == best_key[0] and cost < best_key[1]):
                best_key[0], best_key[1] = left, cost
                is_best = True
                continue
        if is_best:  # the move before this one led to the best
            for i in range(processes):
                best[i] = st.at[i]
            best[p] = was
            if q >= 0:
                best[q] = was_other
            is_best = False
    if is_best:
        for i in range(processes):
            best[i] = st.at[i]
    return accepted
