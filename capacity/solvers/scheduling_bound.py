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

from capacity.solvers.scheduling_calendar import END, NO_LEAST, NO_MOST, CalendarProject
from capacity.solvers.scheduling_ground import Ground
from capacity.solvers.scheduling_project import Ints

Floats = NDArray[np.float64]
STRETCHES = 256  # of time, each with a price of its own for every resource
IDLE = 6  # steps without a gain before they are halved
ARC_SCALE = 0.01  # of the steps of arcs' prices beside those of resources
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
    """Prices of resources by stretch of time, and of arcs within a bundle or between what must be placed;
    `raise_bound` changes them step after step, and `bound` is the best.
    """

    def __init__(self, project: CalendarProject, ground: Ground, last_end: int) -> None:
        self._ground = ground
        edges = np.unique(np.linspace(0, max(last_end, 1), STRETCHES).astype(np.int64))
        self._edges = np.append(edges[edges < project.horizon], project.horizon).astype(np.int64)
        self._widths = np.diff(self._edges)
        self._offered = np.zeros((project.resources, self._edges.size - 1))
        for r in range(project.resources):
            steps = slice(project.capacity_at[r], project.capacity_at[r + 1])
            times = np.append(project.capacity_from[steps].clip(max=project.horizon), project.horizon)
            given = np.concatenate(([0.0], np.cumsum(np.diff(times) * project.capacity[steps])))
            self._offered[r] = np.diff(np.interp(self._edges, times, given))
        first, then = project.bundle[project.arcs[:, 0]], project.bundle[project.arcs[:, 1]]
        both = (first == then) | ((ground.must[first] == 1) & (ground.must[then] == 1))
        self._arcs = project.arcs[both]
        self._limits = self._arcs[:, 4:6]
        self._is_limit = np.stack((self._limits[:, 0] > NO_LEAST, self._limits[:, 1] < NO_MOST), axis=1)
        self._extra_at, self._extra = _held_surely(project, ground)
        self._price = np.zeros_like(self._offered)
        self._arc_price = np.zeros(self._limits.shape)  # of each arc's least, and of its most
        self._pace = 1.0
        self._makespan = ground.makespan_cost * makespan_bound(project, ground)
        self._best, self._idle = -math.inf, 0
        self.bound = -1

    def raise_bound(self, steps: int, known: int) -> None:
        """So many steps towards what is `known` to be possible (Polyak's length, shorter when nothing is gained)."""
        aim = float(known - self._makespan)
        for _ in range(steps):
            value, size, taken, gaps = self._relax()
            self.bound = max(self.bound, math.ceil(value - SAFE * size - 1e-6) + self._makespan)
            if value > self._best + 1e-5 * abs(value):
                self._best, self._idle = value, 0
            else:
                self._idle += 1
                if self._idle == IDLE:
                    self._pace, self._idle = self._pace / 2, 0
            # A price is per amount and slot; a stretch's slack is shared by its slots.
            slack = (taken - self._offered) / self._widths
            slack[(self._price <= 0) & (slack < 0)] = 0.0
            gaps[(self._arc_price <= 0) & (gaps < 0)] = 0.0
            scale = ARC_SCALE / float(self._widths[0])
            norm = float((slack * slack * self._widths).sum()) + scale * float((gaps * gaps).sum())
            if norm <= 0 or value >= aim:
                return
            step = self._pace * (aim - value) / norm
            self._price = np.maximum(self._price + step * slack, 0.0)
            self._arc_price = np.maximum(self._arc_price + step * scale * gaps, 0.0)

    def _relax(self) -> tuple[float, float, Floats, Floats]:
        """The least cost at these prices, the size of its sums, what is taken then, and how far each arc is broken."""
        g, n = self._ground, self._ground.head.size
        least, most = np.where(self._is_limit, self._limits, 0).T
        slopes, fixed = np.zeros((n, 2)), np.zeros(g.skip.size)
        net = self._arc_price[:, 0] - self._arc_price[:, 1]
        first, then, from_, to = self._arcs[:, :4].T
        np.add.at(slopes, (first, from_), net)
        np.add.at(slopes, (then, to), -net)
        constant = self._arc_price[:, 0] * least - self._arc_price[:, 1] * most
        np.add.at(fixed, g.bundle[then], constant)
        taken, sums = np.zeros_like(self._offered), np.zeros((self._price.shape[0], self._edges.size))
        sums[:, 1:] = np.cumsum(self._price * self._widths, axis=1)
        points = np.full((n, 2), -1, dtype=np.int64)
        inside = _relaxed(g, self._edges, sums, slopes, fixed, self._extra_at, self._extra, taken, points)
        paid = float((self._price * self._offered).sum())
        size = abs(inside) + paid + float(np.abs(constant).sum()) + float(np.abs(slopes).sum()) * g.horizon
        gap = (points[then, to] - points[first, from_])[:, None]
        gaps = np.where(
            self._is_limit, np.concatenate((least[:, None] - gap, gap - most[:, None]), axis=1), 0
        )
        gaps[points[then, 0] < 0] = 0
        return inside - paid, size, taken, gaps.astype(np.float64)


def _held_surely(project: CalendarProject, ground: Ground) -> tuple[Ints, Ints]:
    """What reservations hold whatever happens, by activity: [rows × 5] activity, from its point on, so many slots,
    resource, amount. The first until the last at the soonest, and the lag after the last; they don't overlap.
    """
    tied = set(map(tuple, project.arcs[:, :2].tolist()))
    rows: list[list[int]] = []
    least = ground.hold_least.tolist()
    for k, (first, from_, last, to, lag, resource, amount) in enumerate(project.reservations.tolist()):
        if first == last or lag < 0:
            rows.append([first, from_, least[k], resource, amount])
        elif least[k] >= lag and ((first, last) in tied or project.bundle[first] == project.bundle[last]):
            rows.append([first, from_, least[k] - lag, resource, amount])
            rows.append([last, to, lag, resource, amount])
    extra = np.array(sorted(row for row in rows if row[2] > 0 and row[4] > 0), dtype=np.int64).reshape(-1, 5)
    return np.searchsorted(extra[:, 0], np.arange(project.activities + 1)).astype(np.int64), extra


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
def _relaxed(
    g: Ground,
    edges: Ints,
    sums: Floats,
    slopes: Floats,
    fixed: Floats,
    extra_at: Ints,
    extra: Ints,
    taken: Floats,
    points: Ints,
) -> float:
    """The least cost when resources and lags are paid, not limited; what is `taken` [resources × stretches] and when
    each starts and ends (`points` [activities × 2], −1 where left out) is written.
    """
    total = 0.0
    chosen = np.full(g.head.size, -1)
    for b in range(g.skip.size):
        if g.never[b] == 1:
            total += g.skip[b]
            continue
        placed = fixed[b]
        for k in range(g.member_at[b], g.member_at[b + 1]):
            placed += _cheapest(g, edges, sums, slopes, extra_at, extra, g.member[k], chosen, points)
        if g.must[b] == 0 and g.skip[b] <= placed:
            total += g.skip[b]
            for k in range(g.member_at[b], g.member_at[b + 1]):
                points[g.member[k]] = -1
            continue
        total += placed
        for k in range(g.member_at[b], g.member_at[b + 1]):
            a = g.member[k]
            for j in range(g.need_at[chosen[a]], g.need_at[chosen[a] + 1]):
                _add(edges, taken, g.need_resource[j], points[a, 0], points[a, 1], g.need[j])
            for j in range(extra_at[a], extra_at[a + 1]):
                begin = points[a, extra[j, 1]]
                _add(edges, taken, extra[j, 3], begin, min(begin + extra[j, 2], g.horizon), extra[j, 4])
    return total


@njit(cache=True, nogil=True)
def _add(edges: Ints, taken: Floats, r: int, begin: int, end: int, amount: int) -> None:
    k = np.searchsorted(edges, begin, side="right") - 1
    while k < edges.size - 1 and edges[k] < end:
        taken[r, k] += amount * (min(end, edges[k + 1]) - max(begin, edges[k]))
        k += 1


@njit(cache=True, nogil=True)
def _cheapest(
    g: Ground,
    edges: Ints,
    sums: Floats,
    slopes: Floats,
    extra_at: Ints,
    extra: Ints,
    a: int,
    chosen: Ints,
    points: Ints,
) -> float:
    """The least an activity costs by itself: costs and prices are linear between the edges, so only these are tried."""
    best = np.inf
    slope = slopes[a, 0] + slopes[a, 1] + g.end_cost[a]
    for m in range(g.mode_at[a], g.mode_at[a + 1]):
        length = g.duration[m]
        count = g.slot_end[m] - g.slot_at[m]
        for i in range(count):
            # From where it costs least but for the prices, which are never below zero.
            window = g.slot_at[m] + i if slope >= 0 else g.slot_end[m] - 1 - i
            first = max(g.slot_from[window], g.head[a])
            final = min(g.slot_to[window], g.limit[a] - length)
            if first > final:
                continue
            if slope >= 0 and _own(g, slopes, a, first, length) >= best:
                break
            if slope < 0 and g.tardy_cost[a] == 0 and _own(g, slopes, a, final, length) >= best:
                break
            t = first
            while True:
                value = _own(g, slopes, a, t, length)
                if length > 0:
                    for k in range(g.need_at[m], g.need_at[m + 1]):
                        r = g.need_resource[k]
                        paid = _sum_until(edges, sums, r, t + length) - _sum_until(edges, sums, r, t)
                        value += g.need[k] * paid
                for j in range(extra_at[a], extra_at[a + 1]):
                    begin = t + length if extra[j, 1] == END else t
                    end = min(begin + extra[j, 2], g.horizon)
                    paid = _sum_until(edges, sums, extra[j, 3], end) - _sum_until(
                        edges, sums, extra[j, 3], begin
                    )
                    value += extra[j, 4] * paid
                if value < best:
                    best = value
                    chosen[a], points[a, 0], points[a, 1] = m, t, t + length
                if t == final:
                    break
                # the next place where a slope changes: start or end at an edge, the due date, the last start
                following = final
                for zero in (t, t + length):
                    k = np.searchsorted(edges, zero, side="right")
                    if k < edges.size:
                        following = min(following, t + edges[k] - zero)
                for j in range(extra_at[a], extra_at[a + 1]):
                    zero = (t + length if extra[j, 1] == END else t) + extra[j, 2]
                    k = np.searchsorted(edges, zero, side="right")
                    if k < edges.size:
                        following = min(following, t + edges[k] - zero)
                if t + length < g.due[a]:
                    following = min(following, t + g.due[a] - (t + length))
                t = following
    return best


@njit(cache=True, nogil=True)
def _own(g: Ground, slopes: Floats, a: int, t: int, length: int) -> float:
    end = t + length
    cost = float(g.tardy_cost[a] * max(0, end - g.due[a]) + g.end_cost[a] * end)
    return float(cost + slopes[a, 0] * t + slopes[a, 1] * end)
