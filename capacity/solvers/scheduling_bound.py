"""What a project with calendars must cost at least: bounds that hold for every schedule, each from an easier problem.

Each activity by itself, at its earliest end; the makespan, by longest path and by what resources have to give; and
prices for resources over time (Lagrangian relaxation of the capacities: Fisher, Management Science 1981; for project
scheduling Möhring, Schulz, Stork, Uetz, Management Science 2003), raised where all together would take more than there
is.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from capacity.solvers.scheduling_calendar import CalendarProject
from capacity.solvers.scheduling_ground import Ground
from capacity.solvers.scheduling_project import Ints

Floats = NDArray[np.float64]
STRETCHES = 256  # of time, each with a price of its own for every resource
SAFE = 1e-9  # of a sum of floats, given away so that rounding never makes a bound too large


def simple_bound(project: CalendarProject, ground: Ground) -> int:
    """Of the cost: everything at its earliest, or left out where that costs less; and the makespan."""
    return _each_alone(ground) + ground.makespan_cost * makespan_bound(project, ground)


def _each_alone(ground: Ground) -> int:
    late = np.maximum(ground.least_end - ground.due, 0)
    alone = ground.tardy_cost * late + ground.end_cost * ground.least_end
    placed = np.zeros(ground.skip.size, dtype=np.int64)
    is_possible = ground.never[ground.bundle] == 0
    np.add.at(placed, ground.bundle[is_possible], alone[is_possible])
    cheapest = np.where(ground.must == 1, placed, np.minimum(placed, ground.skip))
    return int(np.where(ground.never == 1, ground.skip, cheapest).sum())


def makespan_bound(project: CalendarProject, ground: Ground) -> int:
    """Of what must be placed: the latest of the earliest ends, and for each resource and release the time it takes to
    give what is needed from then on.
    """
    must = ground.must[project.bundle] == 1
    bound = int(ground.least_end[must].max(initial=0))
    whose = project.activity_of_mode()
    mode = np.repeat(np.arange(project.modes), np.diff(project.need_at))
    for r in range(project.resources):
        own = np.flatnonzero(project.need_resource == r)
        amount = np.zeros(project.modes, dtype=np.int64)
        amount[mode[own]] = project.need[own] * project.duration[mode[own]]
        least = np.minimum.reduceat(amount, project.mode_at[:-1]) if whose.size else amount
        takers = np.flatnonzero(must & (least > 0))
        if not takers.size:
            continue
        by_head = takers[np.argsort(-ground.head[takers], kind="stable")]
        needed = np.cumsum(least[by_head])
        steps = slice(project.capacity_at[r], project.capacity_at[r + 1])
        times = np.append(project.capacity_from[steps].clip(max=project.horizon), project.horizon)
        given = np.concatenate(([0], np.cumsum(np.diff(times) * project.capacity[steps])))
        before = np.interp(ground.head[by_head], times, given)
        until = np.searchsorted(given, np.floor(before).astype(np.int64) + needed)
        for target, k in zip(
            (np.floor(before).astype(np.int64) + needed).tolist(), until.tolist(), strict=True
        ):
            if k >= given.size:
                bound = max(bound, project.horizon)
            elif k:
                rate = int(project.capacity[steps][k - 1])
                bound = max(bound, int(times[k - 1]) + -(-(target - int(given[k - 1])) // max(rate, 1)))
    return bound


class Prices:
    """Prices of resources by stretch of time; `raise_bound` changes them step after step, and `bound` is the best."""

    def __init__(self, project: CalendarProject, ground: Ground, last_end: int) -> None:
        self._ground = ground
        edges = np.unique(np.linspace(0, max(last_end, 1), STRETCHES).astype(np.int64))
        self._edges = np.append(edges[edges < project.horizon], project.horizon).astype(np.int64)
        self._offered = np.zeros((project.resources, self._edges.size - 1))
        for r in range(project.resources):
            steps = slice(project.capacity_at[r], project.capacity_at[r + 1])
            times = np.append(project.capacity_from[steps].clip(max=project.horizon), project.horizon)
            given = np.concatenate(([0.0], np.cumsum(np.diff(times) * project.capacity[steps])))
            self._offered[r] = np.diff(np.interp(self._edges, times, given))
        self._price = np.zeros_like(self._offered)
        self._pace = 1.0
        self._makespan = ground.makespan_cost * makespan_bound(project, ground)
        self.bound = -1

    def raise_bound(self, steps: int, known: int) -> None:
        """So many steps towards what is `known` to be possible (Polyak's length, halved when nothing is gained)."""
        aim = float(known - self._makespan)
        best, idle, kept = -math.inf, 0, self._price.copy()
        for _ in range(steps):
            taken = np.zeros_like(self._offered)
            sums = np.zeros((self._price.shape[0], self._edges.size))
            sums[:, 1:] = np.cumsum(self._price * np.diff(self._edges), axis=1)
            inside = _relaxed(self._ground, self._edges, sums, taken)
            value = inside - float((self._price * self._offered).sum())
            size = abs(inside) + float((self._price * self._offered).sum())
            self.bound = max(self.bound, math.ceil(value - SAFE * size - 1e-6) + self._makespan)
            if value > best + 1e-6 * abs(best if best > -math.inf else 1.0):
                best, idle, kept = value, 0, self._price.copy()
            else:
                idle += 1
                if idle == 5:
                    self._pace, idle, self._price = self._pace / 2, 0, kept.copy()
                    continue
            # A price is per amount and slot; a stretch's slack is shared by its slots.
            slack = (taken - self._offered) / np.diff(self._edges)
            slack[(self._price <= 0) & (slack < 0)] = 0.0
            norm = float((slack * slack * np.diff(self._edges)).sum())
            if norm <= 0 or value >= aim:
                return
            self._price = np.maximum(self._price + self._pace * (aim - value) / norm * slack, 0.0)


@njit(cache=True, nogil=True)
def _sum_until(edges: Ints, sums: Floats, r: int, t: int) -> float:
    """The prices of a resource from slot 0 until t."""
    low, high = 0, edges.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if edges[middle] <= t:
            low = middle
        else:
            high = middle
    share = (t - edges[low]) / (edges[low + 1] - edges[low])
    return float(sums[r, low] + share * (sums[r, low + 1] - sums[r, low]))


@njit(cache=True, nogil=True)
def _relaxed(g: Ground, edges: Ints, sums: Floats, taken: Floats) -> float:
    """The least cost when resources are paid, not limited; `taken` [resources × stretches] is written."""
    total = 0.0
    n = g.head.size
    chosen_mode, chosen_start = np.full(n, -1), np.zeros(n, dtype=np.int64)
    for b in range(g.skip.size):
        if g.never[b] == 1 or g.member_at[b] == g.member_at[b + 1]:
            total += g.skip[b]
            continue
        placed = 0.0
        for k in range(g.member_at[b], g.member_at[b + 1]):
            placed += _cheapest(g, edges, sums, g.member[k], chosen_mode, chosen_start)
        if g.must[b] == 0 and g.skip[b] <= placed:
            total += g.skip[b]
            continue
        total += placed
        for k in range(g.member_at[b], g.member_at[b + 1]):
            a = g.member[k]
            m, t = chosen_mode[a], chosen_start[a]
            for j in range(g.need_at[m], g.need_at[m + 1]):
                _add(edges, taken, g.need_resource[j], t, t + g.duration[m], g.need[j])
    return total


@njit(cache=True, nogil=True)
def _add(edges: Ints, taken: Floats, r: int, begin: int, end: int, amount: int) -> None:
    k = np.searchsorted(edges, begin, side="right") - 1
    while k < edges.size - 1 and edges[k] < end:
        taken[r, k] += amount * (min(end, edges[k + 1]) - max(begin, edges[k]))
        k += 1


@njit(cache=True, nogil=True)
def _cheapest(g: Ground, edges: Ints, sums: Floats, a: int, chosen_mode: Ints, chosen_start: Ints) -> float:
    """The least an activity costs by itself: costs and prices are linear between the edges, so only these are tried."""
    best = np.inf
    for m in range(g.mode_at[a], g.mode_at[a + 1]):
        length = g.duration[m]
        for i in range(g.slot_at[m], g.slot_end[m]):
            first = max(g.slot_from[i], g.head[a])
            final = min(g.slot_to[i], g.limit[a] - length)
            if first > final:
                continue
            if _own(g, a, first + length) >= best:
                break  # starts rise, and so do costs: prices are never below zero
            t = first
            while True:
                value = _own(g, a, t + length)
                if length > 0:
                    for k in range(g.need_at[m], g.need_at[m + 1]):
                        r = g.need_resource[k]
                        paid = _sum_until(edges, sums, r, t + length) - _sum_until(edges, sums, r, t)
                        value += g.need[k] * paid
                if value < best:
                    best = value
                    chosen_mode[a], chosen_start[a] = m, t
                if t == final:
                    break
                # the next place where a slope changes: start or end at an edge, the due date, the last start
                following = final
                for zero in (t, t + length):
                    k = np.searchsorted(edges, zero, side="right")
                    if k < edges.size:
                        following = min(following, t + edges[k] - zero)
                if t + length < g.due[a]:
                    following = min(following, t + g.due[a] - (t + length))
                t = following
    return best


@njit(cache=True, nogil=True)
def _own(g: Ground, a: int, end: int) -> float:
    return float(g.tardy_cost[a] * max(0, end - g.due[a]) + g.end_cost[a] * end)
