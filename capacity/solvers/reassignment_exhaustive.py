"""The best assignment of a tiny machine reassignment problem, by trying all and giving up what is already too dear.

Load and move costs only grow as processes are placed one by one, and so do what machines hold: both prune. Spread,
dependencies and balance are asked of whole assignments.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from capacity.solvers.reassignment_model import Compiled, Ints, Problem, State
from capacity.solvers.reassignment_moves import machine_cost

MOST_CHOICES = 2e6  # assignments that are worth listing before any search


def is_tiny(problem: Problem) -> bool:
    """Whether so few assignments exist that trying all is quicker than a search."""
    return problem.processes * math.log(max(1, problem.machines)) <= math.log(MOST_CHOICES)


def best_of_all(problem: Problem, inst: Compiled, state: State) -> Ints:
    """The assignment [processes] that leaves least behind and then costs least; `state` holds the one to start from."""
    best = state.at.copy()
    left, cost = int(inst.leaving[best].sum()), int(state.scalars[1])
    _search(inst, np.ascontiguousarray(problem.capacity, np.int64), best, np.array([left, cost], np.int64))
    return best


@njit(cache=True, nogil=True)
def _is_whole(inst: Compiled, at: np.ndarray) -> bool:
    """Whether a whole assignment keeps spread and dependencies."""
    for s in range(inst.spread.shape[0]):
        first, last = inst.members_at[s], inst.members_at[s + 1]
        places = 0
        for k in range(first, last):
            is_new = True
            for i in range(first, k):
                if inst.location[at[inst.members[i]]] == inst.location[at[inst.members[k]]]:
                    is_new = False
            if is_new:
                places += 1
        if last > first and places < inst.spread[s]:
            return False
        for k in range(first, last):
            hood = inst.neighbourhood[at[inst.members[k]]]
            for d in range(inst.needs_at[s], inst.needs_at[s + 1]):
                t = inst.needs[d]
                is_there = False
                for i in range(inst.members_at[t], inst.members_at[t + 1]):
                    if inst.neighbourhood[at[inst.members[i]]] == hood:
                        is_there = True
                if not is_there:
                    return False
    return True


@njit(cache=True, nogil=True)
def _place(inst: Compiled, free: np.ndarray, room: np.ndarray, p: int, m: int, sign: int) -> None:
    """Put process `p` on machine `m`, or with `sign` -1 take it off."""
    home = inst.home[p]
    for r in range(inst.need.shape[1]):
        need = sign * inst.need[p, r]
        free[m, r] -= need
        room[m, r] -= need
        if inst.transient[r] and m != home:
            room[home, r] -= need


@njit(cache=True, nogil=True)
def _may_place(inst: Compiled, room: np.ndarray, at: np.ndarray, p: int, m: int) -> bool:
    """Whether conflicts and room on top of processes before `p` allow it on machine `m`."""
    home, s = inst.home[p], inst.service[p]
    if inst.leaving[m] and m != home:
        return False
    for k in range(inst.members_at[s], inst.members_at[s + 1]):
        if inst.members[k] < p and at[inst.members[k]] == m:
            return False
    for r in range(inst.need.shape[1]):
        if inst.need[p, r] > room[m, r]:
            return False
        if inst.transient[r] and m != home and inst.need[p, r] > room[home, r]:
            return False
    return True


@njit(cache=True, nogil=True)
def _search(inst: Compiled, capacity: np.ndarray, best: np.ndarray, key: np.ndarray) -> None:
    processes, machines = best.shape[0], capacity.shape[0]
    at = np.full(processes, -1, np.int64)
    free, room = capacity.copy(), capacity.copy()
    cost, left = np.zeros(processes + 1, np.int64), np.zeros(processes + 1, np.int64)
    moved = np.zeros(inst.spread.shape[0], np.int64)
    p = 0
    while p >= 0:
        if p == processes:
            total = inst.service_weight * moved.max() + cost[p]
            for m in range(machines):
                total += machine_cost(inst, free, m)
                for r in range(capacity.shape[1]):  # counted in `cost` already
                    total -= inst.load_weight[r] * max(0, inst.headroom[m, r] - free[m, r])
            if (left[p] < key[0] or (left[p] == key[0] and total < key[1])) and _is_whole(inst, at):
                key[0], key[1] = left[p], total
                best[:] = at
            p -= 1
            continue
        home, m = inst.home[p], at[p]
        if m >= 0:
            _place(inst, free, room, p, m, -1)
            moved[inst.service[p]] -= np.int64(m != home)
        m += 1
        while m < machines and not _may_place(inst, room, at, p, m):
            m += 1
        if m == machines:
            at[p] = -1
            p -= 1
            continue
        at[p] = m
        cost[p + 1] = cost[p] + inst.machine_weight * np.int64(inst.machine_cost[home, m])
        cost[p + 1] += inst.process_cost[p] * np.int64(m != home)
        for r in range(capacity.shape[1]):
            over = inst.headroom[m, r] - free[m, r]
            cost[p + 1] += inst.load_weight[r] * (max(0, over + inst.need[p, r]) - max(0, over))
        left[p + 1] = left[p] + np.int64(inst.leaving[m])
        _place(inst, free, room, p, m, 1)
        moved[inst.service[p]] += np.int64(m != home)
        if left[p + 1] < key[0] or (left[p + 1] == key[0] and cost[p + 1] < key[1]):
            p += 1
