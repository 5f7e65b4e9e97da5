"""Things on places: loads evened out over groups of places and what belongs together near each other, limits kept.

A thing may take any place it is allowed. In each *family* (power, cooling, floor) every place belongs to a group with a
capacity, and a family is worth Σ amount² ÷ capacity over its groups, as a multiple of what it would be were all groups
equally full (so 1 is best). Distance is the mean over weighted pairs of things. Limited *cells* (a node of a graph in
one scenario) take, of a thing on a place, what its class of places and the thing's profile say. A search by shifts and
swaps, cooling down, that never passes a limit; work is counted in tries, so the same problem and seed give the same
answer. What places, families and cells are is for the caller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FREE = -1
SLACK = 5e-7  # absolute, of every limit: half of what a checker allows
HOT, COLD = 0.3, 1e-4  # first temperature, of a thing's part of the worth; last one, of the first


@dataclass(frozen=True, slots=True)
class Problem:
    """Shapes: T things, P places, F families, G groups of the largest family, C classes of places, R profiles' parts.

    `start` [T] places of the things now; `allowed` [T × P] (a thing allowed only where it is, is pinned); `group`
    [F × P]; `amount` [F × T]; `capacity` [F × G], 0 where a family has fewer groups; `weight` [F]. `x`, `y` [P] metres
    and `hall` [P]; `apart_m` between halls; `pair` [N × 2] things and `pair_weight` [N], `distance_weight` of the mean.
    `place_class` [P]; of class c the entries `entry_ptr[c]:entry_ptr[c + 1]` say `entry_cell` and `entry_part`, of
    which the cell takes `entry_share` × `profile` [T × R]; `cell_limit` [cells].
    """

    start: Ints
    allowed: Bools
    group: Ints
    amount: Floats
    capacity: Floats
    weight: Floats
    x: Floats
    y: Floats
    hall: Ints
    apart_m: float
    pair: Ints
    pair_weight: Floats
    distance_weight: float
    place_class: Ints
    entry_ptr: Ints
    entry_cell: Ints
    entry_part: Ints
    entry_share: Floats
    profile: Floats
    cell_limit: Floats


@dataclass(frozen=True, slots=True)
class Solution:
    """`place` [T]; `worth` and `worth_before` (less is better), `bound` below which no arrangement gets.

    `status`: optimal when the worth is the bound, else feasible.
    """

    place: Ints
    worth: float
    worth_before: float
    bound: float
    status: str


def solve(problem: Problem, *, seed: int = 0, tries: int = 60_000) -> Solution:
    """Arrange the things; `tries` shifts and swaps are weighed."""
    families = _family_scale(problem)
    ptr, other, pull = _neighbours(problem)
    place = problem.start.copy()
    movable = np.flatnonzero(problem.allowed.sum(axis=1) > 1).astype(np.int64)
    before = _worth(problem, families, place)
    bound = _least_families(problem, families) + problem.distance_weight * nearest_mean_m(problem)
    if len(movable) and tries:
        best = _search(
            place, movable, problem.allowed, _open_to(problem.allowed), problem.group, problem.amount, problem.capacity,
            problem.weight * families, (problem.x, problem.y, problem.hall), problem.apart_m,
            (ptr, other, pull * _pair_scale(problem)), problem.place_class,
            (problem.entry_ptr, problem.entry_cell, problem.entry_part, problem.entry_share),
            problem.profile, problem.cell_limit, HOT * before / len(place), tries,
            np.random.default_rng(seed),
        )  # fmt: skip
        place = best if _worth(problem, families, best) < before else place
    after = _worth(problem, families, place)
    return Solution(place, after, before, bound, "optimal" if after <= bound + 1e-9 else "feasible")


def mean_distance_m(problem: Problem, place: Ints) -> float:
    """The mean distance over the pairs, by their weight; 0 without pairs."""
    total = float(problem.pair_weight.sum())
    if total <= 0:
        return 0.0
    one, two = place[problem.pair[:, 0]], place[problem.pair[:, 1]]
    metres = np.abs(problem.x[one] - problem.x[two]) + np.abs(problem.y[one] - problem.y[two])
    metres = np.where(problem.hall[one] == problem.hall[two], metres, problem.apart_m)
    return float((metres * problem.pair_weight).sum()) / total


def nearest_mean_m(problem: Problem) -> float:
    """No arrangement brings the pairs nearer in the mean.

    The partners of a thing are on different places: at best the one pulled most on the nearest place there is, and so
    on. Each pair is counted from both ends, and halved.
    """
    total = float(problem.pair_weight.sum())
    if total <= 0:
        return 0.0
    ptr, _, pull = _neighbours(problem)
    most = int(np.diff(ptr).max())
    nearest = np.full(most, problem.apart_m)
    for hall in np.unique(problem.hall):
        inside = np.flatnonzero(problem.hall == hall)
        x, y = problem.x[inside], problem.y[inside]
        metres = np.abs(x[:, None] - x[None, :]) + np.abs(y[:, None] - y[None, :])
        ranked = np.sort(metres, axis=1)[:, 1 : most + 1].min(axis=0)
        nearest[: len(ranked)] = np.minimum(nearest[: len(ranked)], ranked)
    nearest = np.minimum(nearest, problem.apart_m)
    least = 0.0
    for thing in range(len(problem.start)):
        mine = np.sort(pull[ptr[thing] : ptr[thing + 1]])[::-1]
        least += float((mine * nearest[: len(mine)]).sum())
    return least / 2 / total


def _least_families(problem: Problem, families: Floats) -> float:
    """What the families are worth at best: groups that things can pass between equally full, the others as they are."""
    least = 0.0
    reach = _reach_classes(problem.allowed)
    for f in range(len(families)):
        leader = np.arange(problem.capacity.shape[1])
        for places in reach:
            groups = np.unique(problem.group[f, places])
            low = leader[groups].min()
            leader[np.isin(leader, leader[groups])] = low
        load = np.bincount(problem.group[f, problem.start], weights=problem.amount[f], minlength=len(leader))
        for one in np.unique(leader):
            capacity = float(problem.capacity[f, leader == one].sum())
            if capacity > 0:
                least += float(problem.weight[f] * families[f] * load[leader == one].sum() ** 2 / capacity)
    return least


def _reach_classes(allowed: Bools) -> list[Ints]:
    """The places of each set of things that may take the same ones."""
    return [np.flatnonzero(row).astype(np.int64) for row in np.unique(allowed, axis=0)]


def _family_scale(problem: Problem) -> Floats:
    """1 ÷ Σ amount² ÷ capacity were all groups equally full: total² ÷ whole capacity. 0 for a family without load."""
    whole = problem.capacity.sum(axis=1)
    total = problem.amount.sum(axis=1)
    even = np.divide(total**2, whole, out=np.zeros(len(whole)), where=whole > 0)
    scale: Floats = np.divide(1.0, even, out=np.zeros(len(whole)), where=even > 0)
    return scale


def _pair_scale(problem: Problem) -> float:
    total = float(problem.pair_weight.sum())
    return problem.distance_weight / total if total > 0 else 0.0


def _worth(problem: Problem, families: Floats, place: Ints) -> float:
    worth = problem.distance_weight * mean_distance_m(problem, place)
    for f in range(len(families)):
        load = np.bincount(
            problem.group[f, place], weights=problem.amount[f], minlength=problem.capacity.shape[1]
        )
        share = np.divide(
            load**2, problem.capacity[f], out=np.zeros(len(load)), where=problem.capacity[f] > 0
        )
        worth += float(problem.weight[f] * families[f] * share.sum())
    return worth


def _open_to(allowed: Bools) -> tuple[Ints, Ints]:
    """The places each thing may take: pointers, places."""
    ptr: Ints = np.concatenate([[0], np.cumsum(allowed.sum(axis=1))]).astype(np.int64)
    return ptr, np.nonzero(allowed)[1].astype(np.int64)


def _neighbours(problem: Problem) -> tuple[Ints, Ints, Floats]:
    """Pairs as each thing's partners: pointers, partners, weights."""
    things = len(problem.start)
    one = np.concatenate([problem.pair[:, 0], problem.pair[:, 1]]).astype(np.int64)
    two = np.concatenate([problem.pair[:, 1], problem.pair[:, 0]]).astype(np.int64)
    pull = np.concatenate([problem.pair_weight, problem.pair_weight])
    order = np.argsort(one, kind="stable")
    ptr: Ints = np.concatenate([[0], np.cumsum(np.bincount(one, minlength=things))]).astype(np.int64)
    return ptr, two[order], pull[order]


@njit(cache=True)
def _metres(a: int, b: int, where: tuple[Floats, Floats, Ints], apart_m: float) -> float:
    x, y, hall = where
    if hall[a] != hall[b]:
        return apart_m
    return float(abs(x[a] - x[b]) + abs(y[a] - y[b]))


@njit(cache=True)
def _pulled(
    thing: int, at: int, place: Ints, but: int, where: tuple[Floats, Floats, Ints], apart_m: float,
    near: tuple[Ints, Ints, Floats],
) -> float:  # fmt: skip
    """Weighted distance of a thing at a place from its partners, one partner left out."""
    ptr, other, pull = near
    total = 0.0
    for k in range(ptr[thing], ptr[thing + 1]):
        if other[k] != but:
            total += pull[k] * _metres(at, place[other[k]], where, apart_m)
    return total


@njit(cache=True)
def _add(
    thing: int, at: int, sign: float, place_class: Ints, entries: tuple[Ints, Ints, Ints, Floats],
    profile: Floats, cells: Floats,
) -> None:  # fmt: skip
    ptr, cell, part, share = entries
    c = place_class[at]
    for k in range(ptr[c], ptr[c + 1]):
        cells[cell[k]] += sign * share[k] * profile[thing, part[k]]


@njit(cache=True)
def _is_over(
    at: int, place_class: Ints, entries: tuple[Ints, Ints, Ints, Floats], cells: Floats, limit: Floats
) -> bool:
    ptr, cell, _, _ = entries
    c = place_class[at]
    for k in range(ptr[c], ptr[c + 1]):
        if cells[cell[k]] > limit[cell[k]] + SLACK:
            return True
    return False


@njit(cache=True)
def _search(
    start: Ints, movable: Ints, allowed: Bools, open_to: tuple[Ints, Ints], group: Ints, amount: Floats,
    capacity: Floats, weight: Floats, where: tuple[Floats, Floats, Ints], apart_m: float,
    near: tuple[Ints, Ints, Floats], place_class: Ints,
    entries: tuple[Ints, Ints, Ints, Floats], profile: Floats, limit: Floats, hot: float, tries: int,
    rng: np.random.Generator,
) -> Ints:  # fmt: skip
    things, places = allowed.shape
    place = start.copy()
    thing_at = np.full(places, FREE, dtype=np.int64)
    load = np.zeros(capacity.shape)
    cells = np.zeros(len(limit))
    for thing in range(things):
        thing_at[place[thing]] = thing
        _add(thing, place[thing], 1.0, place_class, entries, profile, cells)
        for f in range(len(weight)):
            load[f, group[f, place[thing]]] += amount[f, thing]
    best, gain, best_gain = place.copy(), 0.0, 0.0
    for step in range(tries):
        temperature = hot * COLD ** (step / tries)
        a = movable[int(rng.random() * len(movable))]
        first, last = open_to[0][a], open_to[0][a + 1]
        p, q = place[a], open_to[1][first + int(rng.random() * (last - first))]
        b = thing_at[q]
        if q == p or (b != FREE and not allowed[b, p]):
            continue
        change = _pulled(a, q, place, b, where, apart_m, near) - _pulled(a, p, place, b, where, apart_m, near)
        if b != FREE:
            change += _pulled(b, p, place, a, where, apart_m, near)
            change -= _pulled(b, q, place, a, where, apart_m, near)
        for f in range(len(weight)):
            g, h = group[f, p], group[f, q]
            moved = amount[f, a] - (amount[f, b] if b != FREE else 0.0)
            if g != h and moved != 0.0 and capacity[f, g] > 0 and capacity[f, h] > 0:
                change += weight[f] * (
                    ((load[f, g] - moved) ** 2 - load[f, g] ** 2) / capacity[f, g]
                    + ((load[f, h] + moved) ** 2 - load[f, h] ** 2) / capacity[f, h]
                )
        if change > 0 and rng.random() >= np.exp(-change / temperature):
            continue
        is_over = False
        if place_class[p] != place_class[q]:
            _add(a, p, -1.0, place_class, entries, profile, cells)
            _add(a, q, 1.0, place_class, entries, profile, cells)
            if b != FREE:
                _add(b, q, -1.0, place_class, entries, profile, cells)
                _add(b, p, 1.0, place_class, entries, profile, cells)
            is_over = _is_over(p, place_class, entries, cells, limit)
            is_over = is_over or _is_over(q, place_class, entries, cells, limit)
            if is_over:
                _add(a, q, -1.0, place_class, entries, profile, cells)
                _add(a, p, 1.0, place_class, entries, profile, cells)
                if b != FREE:
                    _add(b, p, -1.0, place_class, entries, profile, cells)
                    _add(b, q, 1.0, place_class, entries, profile, cells)
        if is_over:
            continue
        for f in range(len(weight)):
            moved = amount[f, a] - (amount[f, b] if b != FREE else 0.0)
            load[f, group[f, p]] -= moved
            load[f, group[f, q]] += moved
        place[a], thing_at[q], thing_at[p] = q, a, b
        if b != FREE:
            place[b] = p
        gain += change
        if gain < best_gain - 1e-12:
            best_gain = gain
            best[:] = place
    return best
