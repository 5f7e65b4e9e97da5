"""The relaxation of the rack problem: divisible items, each group's bins whole. A bound on new bins, a good mix.

Bins that are alike form a class, items that are alike a cluster (sized as its smallest member); a linear program
(HiGHS) chooses how many of each class every group opens and deals the clusters to them, so that all fits in each
dimension, under the nodes above in every scenario that leaves a bin one feed, zones, owners and stock. Every packing
satisfies it, so its dual bound holds for all of them; what it ignores is how items divide within a class.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from capacity.solvers.rack_moves import DIMENSIONS, Arrays, State

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHORT_EPSILON = 1e-6
SHORT_COST = 1000.0  # of a group left out entirely, in bins for each of its items
PREFERENCE = 0.005  # of earlier classes, all bins together: it never outweighs a bin
FINENESS = (
    1.05,
    1.1,
    1.2,
    1.5,
    2.0,
    1e9,
)  # ratio of draws within a cluster: the finest that keeps clusters few
MOST_CLUSTERS = 60  # of a group
FEW = 12  # items of a cluster that fit one bin: their whole number is worth a row
UNLIMITED = 1e14
POWER = 1


@dataclass(frozen=True, slots=True)
class Relaxation:
    """`bound` on the new bins of all groups together; `short` [groups] the share of a group that no bins could hold
    (the bound then holds for nothing); `mix` (group, class) -> bins; `members` the bins of each class; `shares`
    (group, class) -> how many items of each cluster go there; `clusters` the items of each.
    """

    bound: int
    short: Floats
    mix: dict[tuple[int, int], int]
    members: tuple[Ints, ...]
    shares: dict[tuple[int, int], list[tuple[int, float]]]
    clusters: tuple[Ints, ...]


def empty_left(a: Arrays) -> Floats:
    """What each bin has left with only its kit in it, [bins × DIMENSIONS], the graph above apart.

    Power: the mean over the losses of one feed each. A shared load counts there whole, a lone one in all losses but its
    own, which is how `item_demand` weighs it; so no packing exceeds it.
    """
    left = np.zeros((len(a.bin_place), DIMENSIONS))
    free = a.empty_occupied == 0
    left[:, 0] = free.sum(axis=(1, 2))
    low = np.arange(free.shape[2])[None, :] < a.bin_low[:, None]
    left[:, 4] = (free & low[:, None, :]).sum(axis=(1, 2))
    left[:, 2], left[:, 3] = a.empty_kg, a.empty_ports
    for b, cluster in enumerate(a.bin_cluster):
        feeds = a.bin_feeds[b][a.bin_feeds[b] >= 0]
        alive = a.alive[cluster][: a.pattern_count[cluster]][:, feeds].astype(bool)
        kit_w = a.kit_leg[b, : a.pattern_count[cluster]].sum(axis=(1, 2))
        watts = (alive * a.feed_cap[cluster, feeds]).sum(axis=1) - kit_w
        one_lost = alive.sum(axis=1) == len(feeds) - 1
        all_there = alive.all(axis=1)
        if len(feeds) > 1 and one_lost.sum() == len(feeds):
            left[b, 1] = watts[one_lost].mean()
        elif all_there.any():
            left[b, 1] = watts[all_there].min()
    return np.maximum(left, 0.0)


def relax(a: Arrays, start: State, items: Ints) -> Relaxation:
    """Solve the relaxation for these items; standing bins are those open in `start`."""
    return _Program(a, start, items).solve()


class _Program:
    """Columns for each pair (group, class): bins x, weighed draw z, shared draw y, whole draw t; a group's `short`."""

    def __init__(self, a: Arrays, start: State, items: Ints) -> None:
        self.a, self.start = a, start
        self.left = empty_left(a)
        self.groups = len(a.group_owner)
        self.members, self.is_standing = self._classes()
        self.first = np.array([m[0] for m in self.members], dtype=np.int64)
        ids = [set(a.bins_ids[a.bins_ptr[g] : a.bins_ptr[g + 1]].tolist()) for g in range(self.groups)]
        self.pairs = [
            (g, c)
            for g in range(self.groups)
            for c, b in enumerate(self.first)
            if (start.bin_group[b] == g if self.is_standing[c] else int(b) in ids[g])
        ]
        self.demand = np.zeros((self.groups, DIMENSIONS))
        self.shared, self.whole, self.count = (np.zeros(self.groups) for _ in range(3))
        self._add_up(items)
        self.clusters = [
            cluster for g in range(self.groups) for cluster in self._clusters(items[a.item_group[items] == g])
        ]
        self.rows: list[dict[int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def _classes(self) -> tuple[tuple[Ints, ...], NDArray[np.bool_]]:
        a = self.a
        routes = np.where(a.bin_feeds >= 0, a.feed_route[a.bin_cluster[:, None], a.bin_feeds], -1)
        eligible = np.zeros((len(a.bin_place), self.groups))
        for g in range(self.groups):
            eligible[a.bins_ids[a.bins_ptr[g] : a.bins_ptr[g + 1]], g] = 1
        standing = np.where(self.start.bin_group >= 0, 1 + np.arange(len(a.bin_place)), 0)
        features = np.column_stack(
            [self.left.round(6), a.bin_area, a.bin_model, a.bin_zone, a.kit_w, routes, eligible, standing]
        )
        which = np.unique(features, axis=0, return_inverse=True)[1].reshape(-1)
        members = [np.flatnonzero(which == c) for c in range(int(which.max(initial=-1)) + 1)]
        members.sort(key=lambda m: int(m[0]))
        return tuple(members), np.array([self.start.bin_group[m[0]] >= 0 for m in members], dtype=np.bool_)

    def _add_up(self, items: Ints) -> None:
        a = self.a
        for i in items:
            g = a.item_group[i]
            self.demand[g] += a.item_demand[i]
            self.count[g] += 1
            for part in range(a.item_ptr[i], a.item_ptr[i + 1]):
                self.whole[g] += a.part_w[part]
                if a.part_cord[part] >= 0 and a.cord_spare[a.part_cord[part]]:
                    self.shared[g] += a.part_w[part]

    def _draws(self, i: int) -> tuple[float, float]:
        """Shared and whole draw of an item."""
        a = self.a
        shared = whole = 0.0
        for part in range(a.item_ptr[i], a.item_ptr[i + 1]):
            whole += float(a.part_w[part])
            if a.part_cord[part] >= 0 and a.cord_spare[a.part_cord[part]]:
                shared += float(a.part_w[part])
        return shared, whole

    def _clusters(self, items: Ints) -> list[Ints]:
        """Items of a group that are alike: same slots and ports, draws within a ratio."""
        found: dict[tuple[object, ...], list[int]] = {}
        for ratio in FINENESS:
            found = {}
            for i in items:
                sides, watts, _, ports, low = self.a.item_demand[i]
                step = round(np.log(max(watts, 1.0)) / np.log(ratio))
                is_coarse = ratio > FINENESS[2]
                key = (sides, low, 0 if is_coarse else ports, step)
                found.setdefault(key, []).append(int(i))
            if len(found) <= MOST_CLUSTERS:
                break
        return [np.array(found[key], dtype=np.int64) for key in sorted(found, key=repr)]

    def _row(self, row: dict[int, float], low: float, high: float) -> None:
        if row:
            self.rows.append(row)
            self.low.append(low)
            self.high.append(high)

    def solve(self) -> Relaxation:
        self._lay_out()
        clusters = tuple(self.clusters)
        if not self.rows or not self.count.any():
            return Relaxation(0, np.zeros(self.groups), {}, self.members, {}, clusters)
        least = np.zeros(self.groups)
        for g in np.flatnonzero(self.count):  # whole bins of each group alone, then of all together
            alone = self._optimum([int(g)], least)
            if alone is not None and alone[self.short_at + g] < SHORT_EPSILON:
                least[g] = np.ceil(self._bins_of(alone, int(g)) - PREFERENCE)
        found = self._optimum(range(self.groups), least)
        if found is None:
            return Relaxation(0, np.ones(self.groups), {}, self.members, {}, clusters)
        short = found[self.short_at : self.short_at + self.groups].clip(0, 1)
        bins = sum(self._bins_of(found, g) for g in range(self.groups))
        bound = int(np.ceil(bins - PREFERENCE)) if short.max() < SHORT_EPSILON else 0
        shares: dict[tuple[int, int], list[tuple[int, float]]] = {}
        for (number, k), column in self.share_at.items():
            if found[column] > 1e-6:
                shares.setdefault(self.pairs[k], []).append((number, float(found[column])))
        return Relaxation(bound, short, self._mix(found), self.members, shares, clusters)

    def _lay_out(self) -> None:
        n = len(self.pairs)
        self.short_at = 4 * n
        self.share_at: dict[tuple[int, int], int] = {}
        for number, cluster in enumerate(self.clusters):
            for k, (g, _) in enumerate(self.pairs):
                if g == self.a.item_group[cluster[0]]:
                    self.share_at[number, k] = 4 * n + self.groups + len(self.share_at)
        self.columns = 4 * n + self.groups + len(self.share_at)
        self._totals()
        self._deal()
        self._limits()
        self._nodes()
        entries = [(r, k, v) for r, row in enumerate(self.rows) for k, v in row.items()]
        if entries:
            rows, columns, values = zip(*entries, strict=True)
            self.matrix = coo_array((values, (rows, columns)), shape=(len(self.rows), self.columns)).tocsr()

    def _optimum(self, groups: Iterable[int], least: Floats) -> Floats | None:
        """The cheapest fractional solution with only these groups asking for bins, each for at least so many."""
        upper, lower, cost = np.full(self.columns, np.inf), np.zeros(self.columns), np.zeros(self.columns)
        wanted = set(groups)
        for k, (_, c) in enumerate(self.pairs):
            upper[k] = len(self.members[c])
            lower[k] = 1.0 if self.is_standing[c] else 0.0
            rank = c / (len(self.members) * len(self.a.bin_place))
            cost[k] = 0.0 if self.is_standing[c] else 1.0 + PREFERENCE * rank
        upper[self.short_at : self.short_at + self.groups] = 1.0
        cost[self.short_at : self.short_at + self.groups] = SHORT_COST * np.maximum(self.count, 1.0)
        for g in range(self.groups):
            if g not in wanted:
                lower[self.short_at + g] = 1.0
                cost[self.short_at + g] = 0.0
        rows = np.zeros((self.groups, self.columns))
        for k, (g, c) in enumerate(self.pairs):
            rows[g, k] = 0.0 if self.is_standing[c] or g not in wanted else 1.0
        asked = np.array([least[g] if g in wanted else 0.0 for g in range(self.groups)])
        # A group that is short can't be held to whole bins.
        rows[:, self.short_at : self.short_at + self.groups] = np.diag(asked)
        found = milp(
            cost,
            bounds=Bounds(lower, upper),
            constraints=[
                LinearConstraint(self.matrix, self.low, self.high),
                LinearConstraint(rows, asked, np.inf),
            ],
        )
        return None if found.x is None else np.asarray(found.x, dtype=np.float64)

    def _bins_of(self, found: Floats, group: int) -> float:
        return float(
            sum(found[k] for k, (g, c) in enumerate(self.pairs) if g == group and not self.is_standing[c])
        )

    def _mix(self, found: Floats) -> dict[tuple[int, int], int]:
        """Whole bins of every class for each group: the fractions rounded so that a group's total is rounded up."""
        mix: dict[tuple[int, int], int] = {}
        for group in range(self.groups):
            parts = [
                (pair, float(found[k]))
                for k, pair in enumerate(self.pairs)
                if pair[0] == group and not self.is_standing[pair[1]] and found[k] > 1e-6
            ]
            missing = int(np.ceil(sum(x for _, x in parts) - PREFERENCE)) - sum(
                int(x + 1e-6) for _, x in parts
            )
            ranked = sorted(parts, key=lambda part: (-(part[1] + 1e-6) % 1.0, part[0]), reverse=True)
            extra = {pair for pair, _ in ranked[: max(0, missing)]}
            for pair, x in parts:
                count = int(x + 1e-6) + (pair in extra)
                if count:
                    mix[pair] = count
        return mix

    def _totals(self) -> None:
        """Every group's totals fit in its bins; its draws are dealt to classes within what their feeds carry."""
        n = len(self.pairs)
        for g in range(self.groups):
            mine = [k for k, pair in enumerate(self.pairs) if pair[0] == g]
            for d in range(DIMENSIONS):
                if d != POWER and self.demand[g, d] > 0:
                    row = {k: self.left[self.first[self.pairs[k][1]], d] for k in mine}
                    self._row(row | {self.short_at + g: self.demand[g, d]}, self.demand[g, d], np.inf)
            for offset, total in (
                (n, self.demand[g, POWER]),
                (2 * n, self.shared[g]),
                (3 * n, self.whole[g]),
            ):
                if total > 0:
                    self._row(
                        dict.fromkeys([offset + k for k in mine], 1.0) | {self.short_at + g: total},
                        total,
                        np.inf,
                    )
        for k, (_, c) in enumerate(self.pairs):
            self._row({n + k: 1.0, k: -float(self.left[self.first[c], POWER])}, -np.inf, 0.0)
            self._row({2 * n + k: 1.0, n + k: -1.0}, -np.inf, 0.0)

    def _deal(self) -> None:
        """Clusters are dealt to classes: what lands there fits, and draws at least its smallest members' draws."""
        n = len(self.pairs)
        inside: dict[int, list[tuple[int, int]]] = {}
        for (number, k), column in self.share_at.items():
            inside.setdefault(k, []).append((number, column))
        least = [self.a.item_demand[cluster].min(axis=0) for cluster in self.clusters]
        draws = [np.min([self._draws(int(i)) for i in cluster], axis=0) for cluster in self.clusters]
        for number, cluster in enumerate(self.clusters):
            row = {column: 1.0 for (c, _), column in self.share_at.items() if c == number}
            short = self.short_at + int(self.a.item_group[cluster[0]])
            self._row(row | {short: float(len(cluster))}, float(len(cluster)), np.inf)
        for k, entries in inside.items():
            room = self.left[self.first[self.pairs[k][1]]]
            for d in (0, 3, 4):
                row = {column: float(least[c][d]) for c, column in entries if least[c][d] > 0}
                if row:
                    self._row(row | {k: -float(room[d])}, -np.inf, 0.0)
            self._row({column: float(least[c][POWER]) for c, column in entries} | {n + k: -1.0}, -np.inf, 0.0)
            self._row({column: float(draws[c][0]) for c, column in entries} | {2 * n + k: -1.0}, -np.inf, 0.0)
            self._row({column: float(draws[c][1]) for c, column in entries} | {3 * n + k: -1.0}, -np.inf, 0.0)
            for c, column in entries:
                most = np.floor(
                    np.divide(room, least[c], out=np.full(DIMENSIONS, np.inf), where=least[c] > 0) + 1e-9
                )
                if most.min() <= FEW:
                    self._row({column: 1.0, k: -float(most.min())}, -np.inf, 0.0)

    def _limits(self) -> None:
        """Bins of a class, places, stock, area, draw of an owner and heat of a zone."""
        a, n, start = self.a, len(self.pairs), self.start
        new = [k for k, (_, c) in enumerate(self.pairs) if not self.is_standing[c]]
        for c, members in enumerate(self.members):
            self._row({k: 1.0 for k in new if self.pairs[k][1] == c}, -np.inf, float(len(members)))
        for m, stock in enumerate(start.stock_left):
            self._row({k: 1.0 for k in new if a.bin_model[self._bin(k)] == m}, -np.inf, float(stock))
        for place_set in self._shared_places():
            self._row({k: 1.0 for k in new if self.pairs[k][1] in place_set[0]}, -np.inf, float(place_set[1]))
        for o in range(len(start.owner_area_left)):
            mine = [k for k in new if a.group_owner[self.pairs[k][0]] == o]
            if start.owner_area_left[o] < UNLIMITED:
                self._row(
                    {k: float(a.bin_area[self._bin(k)]) for k in mine},
                    -np.inf,
                    start.owner_area_left[o] + 1e-6,
                )
            if start.owner_w_left[o] < UNLIMITED:
                row = {k: float(a.kit_w[self._bin(k)]) for k in mine}
                draws = {3 * n + k: 1.0 for k, (g, _) in enumerate(self.pairs) if a.group_owner[g] == o}
                self._row(row | draws, -np.inf, start.owner_w_left[o] + 1e-6)
        for zone, left in enumerate(start.cooling_left):
            inside = [k for k in range(n) if a.bin_zone[self._bin(k)] == zone]
            row = {k: float(a.kit_w[self._bin(k)]) for k in inside if k in set(new)}
            self._row(row | dict.fromkeys([3 * n + k for k in inside], 1.0), -np.inf, left + 1e-6)

    def _bin(self, k: int) -> int:
        return int(self.first[self.pairs[k][1]])

    def _shared_places(self) -> list[tuple[frozenset[int], int]]:
        """Classes that compete for the same places (several models at one), and how many places those are."""
        classes_at: dict[int, list[int]] = {}
        for c, members in enumerate(self.members):
            for b in members:
                classes_at.setdefault(int(self.a.bin_place[b]), []).append(c)
        counts: dict[frozenset[int], int] = {}
        for classes in classes_at.values():
            if len(classes) > 1:
                counts[frozenset(classes)] = counts.get(frozenset(classes), 0) + 1
        return sorted(counts.items(), key=lambda pair: sorted(pair[0]))

    def _nodes(self) -> None:
        """Where a scenario leaves a bin one feed, all its shared draw comes over that feed's route."""
        a, n = self.a, len(self.pairs)
        routes = (len(a.route_ptr) - 1) // a.pattern_of.shape[0]
        seen: set[tuple[object, ...]] = set()
        for scenario in range(a.pattern_of.shape[0]):
            shares: dict[int, dict[int, float]] = {}
            for c, b in enumerate(self.first):
                route = self._only_route(scenario, int(b))
                if route is None or self._is_split(scenario, c):
                    continue
                for k in range(
                    a.route_ptr[scenario * routes + route], a.route_ptr[scenario * routes + route + 1]
                ):
                    shares.setdefault(int(a.route_node[k]), {})[c] = float(a.route_share[k])
            for node, of_class in shares.items():
                there = float(self.start.nodes[scenario, node])
                key = (node, tuple(sorted(of_class.items())), there)
                if key not in seen:
                    seen.add(key)
                    row: dict[int, float] = {}
                    for k, (_, c) in enumerate(self.pairs):
                        if c in of_class:
                            row[2 * n + k] = of_class[c]
                            if not self.is_standing[c]:
                                row[k] = of_class[c] * self._kit_w(scenario, int(self.first[c]))
                    self._row(row, -np.inf, float(a.node_cap[node]) - there + 1e-6)

    def _kit_w(self, scenario: int, b: int) -> float:
        return float(self.a.kit_leg[b, self.a.pattern_of[scenario, self.a.bin_cluster[b]]].sum())

    def _only_route(self, scenario: int, b: int) -> int | None:
        a = self.a
        cluster = a.bin_cluster[b]
        w = a.pattern_of[scenario, cluster]
        alive = [f for f in a.bin_feeds[b] if f >= 0 and a.alive[cluster, w, f]]
        return int(a.feed_route[cluster, alive[0]]) if len(alive) == 1 else None

    def _is_split(self, scenario: int, c: int) -> bool:
        """Whether the class's bins differ in this scenario (one of their own feeds is lost): then it says nothing."""
        routes = {self._only_route(scenario, int(b)) for b in self.members[c]}
        return len(routes) > 1
