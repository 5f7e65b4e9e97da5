"""The linear program of the rack relaxation: its classes of bins, its clusters of items, its columns and its rows.

Bins that are alike form a class, items that are alike a cluster, sized as its smallest member, so that every packing
satisfies every row. `rack_relaxation` solves it and reads bounds and mixes from it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from capacity.solvers.rack_moves import DIMENSIONS, Arrays, State

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FINENESS = (
    1.05,
    1.1,
    1.2,
    1.5,
    2.0,
    1e9,
)  # ratio of draws within a cluster: the finest that keeps clusters few
MOST_CLUSTERS = 60  # of a group
MOST_SHARES = 1500  # columns that deal a group's clusters to its classes: many classes get few clusters
FEW = 12  # items of a cluster that fit one bin: their whole number is worth a row
UNLIMITED = 1e14
POWER = 1


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


class Program:
    """Columns for each pair (group, class): bins x, weighed draw z, shared draw y, whole draw t; for each group what of
    it is `short` and the `spare` share of its draws that its bins could still carry; then the shares of clusters.
    """

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
        self.is_new = np.array([not self.is_standing[c] for _, c in self.pairs], dtype=np.bool_)
        of_group: list[list[int]] = [[] for _ in range(self.groups)]
        for k, (g, _) in enumerate(self.pairs):
            of_group[g].append(k)
        self.of_group = of_group
        self.demand = np.zeros((self.groups, DIMENSIONS))
        self.shared, self.whole, self.count = (np.zeros(self.groups) for _ in range(3))
        self._add_up(items)
        self.clusters = [
            cluster
            for g in range(self.groups)
            for cluster in self._clusters(items[a.item_group[items] == g], len(of_group[g]))
        ]
        n = len(self.pairs)
        self.short_at, self.spare_at = 4 * n, 4 * n + self.groups
        self.share_at: dict[tuple[int, int], int] = {}
        for number, cluster in enumerate(self.clusters):
            for k in of_group[int(a.item_group[cluster[0]])]:
                self.share_at[number, k] = 4 * n + 2 * self.groups + len(self.share_at)
        self.columns = 4 * n + 2 * self.groups + len(self.share_at)
        self.low: list[float] = []
        self.high: list[float] = []
        self._rows: list[int] = []
        self._columns: list[int] = []
        self._values: list[float] = []
        self._totals()
        self._deal()
        self._limits()
        self._nodes()

    @property
    def matrix(self) -> csr_array:
        """The rows as a sparse matrix, [rows × columns]; their limits are `low` and `high`."""
        entries = (self._values, (self._rows, self._columns))
        return coo_array(entries, shape=(len(self.low), self.columns)).tocsr()

    def _row(self, row: dict[int, float], low: float, high: float) -> None:
        if row:
            self._rows += [len(self.low)] * len(row)
            self._columns += row.keys()
            self._values += row.values()
            self.low.append(low)
            self.high.append(high)

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
        order = np.argsort(which, kind="stable")
        members = np.split(order, np.flatnonzero(np.diff(which[order])) + 1) if len(order) else []
        members.sort(key=lambda m: int(m[0]))
        return tuple(members), np.array([self.start.bin_group[m[0]] >= 0 for m in members], dtype=np.bool_)

    def _add_up(self, items: Ints) -> None:
        a = self.a
        of_part = np.repeat(np.arange(len(a.item_ptr) - 1), np.diff(a.item_ptr))
        is_shared = (a.part_cord >= 0) & np.where(
            a.part_cord >= 0, a.cord_spare[np.maximum(a.part_cord, 0)] > 0, False
        )
        count = len(a.item_ptr) - 1
        self.draws = np.column_stack(
            [
                np.bincount(of_part, weights=a.part_w * is_shared, minlength=count),
                np.bincount(of_part, weights=a.part_w, minlength=count),
            ]
        )  # [items × (shared, whole)] W
        groups = a.item_group[items]
        np.add.at(self.demand, groups, a.item_demand[items])
        np.add.at(self.count, groups, 1)
        np.add.at(self.shared, groups, self.draws[items, 0])
        np.add.at(self.whole, groups, self.draws[items, 1])

    def _clusters(self, items: Ints, classes: int) -> list[Ints]:
        """Items of a group that are alike: same slots and ports, draws within a ratio."""
        most = min(MOST_CLUSTERS, max(1, MOST_SHARES // max(classes, 1)))
        found: dict[tuple[object, ...], list[int]] = {}
        for ratio in FINENESS:
            found = {}
            for i in items:
                sides, watts, _, ports, low = self.a.item_demand[i]
                step = round(np.log(max(watts, 1.0)) / np.log(ratio))
                is_coarse = ratio > FINENESS[2]
                key = (sides, low, 0 if is_coarse else ports, step)
                found.setdefault(key, []).append(int(i))
            if len(found) <= most:
                break
        return [np.array(found[key], dtype=np.int64) for key in sorted(found, key=repr)]

    def _totals(self) -> None:
        """Every group's totals fit in its bins; its draws are dealt to classes within what their feeds carry."""
        n = len(self.pairs)
        for g in range(self.groups):
            mine = self.of_group[g]
            for d in range(DIMENSIONS):
                if d != POWER and self.demand[g, d] > 0:
                    row = {k: self.left[self._bin(k), d] for k in mine}
                    self._row(row | {self.short_at + g: self.demand[g, d]}, self.demand[g, d], np.inf)
            for offset, total, spare in (
                (n, self.demand[g, POWER], self.demand[g, POWER]),
                (2 * n, self.shared[g], self.shared[g]),
                (3 * n, self.whole[g], 0.0),  # of an owner's draw and a zone's heat nothing need be spared
            ):
                if total > 0:
                    row = dict.fromkeys([offset + k for k in mine], 1.0)
                    row |= {self.short_at + g: total, self.spare_at + g: -spare}
                    self._row(row, total, np.inf)
        for k in range(n):
            self._row({n + k: 1.0, k: -float(self.left[self._bin(k), POWER])}, -np.inf, 0.0)
            self._row({2 * n + k: 1.0, n + k: -1.0}, -np.inf, 0.0)

    def _deal(self) -> None:
        """Clusters are dealt to classes: what lands there fits, and draws at least its smallest members' draws."""
        n = len(self.pairs)
        inside: dict[int, list[tuple[int, int]]] = {}
        columns: list[list[int]] = [[] for _ in self.clusters]
        for (number, k), column in self.share_at.items():
            inside.setdefault(k, []).append((number, column))
            columns[number].append(column)
        least = [self.a.item_demand[cluster].min(axis=0) for cluster in self.clusters]
        draws = [self.draws[cluster].min(axis=0) for cluster in self.clusters]
        for number, cluster in enumerate(self.clusters):
            short = self.short_at + int(self.a.item_group[cluster[0]])
            row = dict.fromkeys(columns[number], 1.0) | {short: float(len(cluster))}
            self._row(row, float(len(cluster)), np.inf)
        for k, entries in inside.items():
            room = self.left[self._bin(k)]
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
        new = np.flatnonzero(self.is_new).tolist()
        of_class: dict[int, list[int]] = {}
        for k in new:
            of_class.setdefault(self.pairs[k][1], []).append(k)
        for c, mine in of_class.items():
            self._row(dict.fromkeys(mine, 1.0), -np.inf, float(len(self.members[c])))
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
            row = {k: float(a.kit_w[self._bin(k)]) for k in inside if self.is_new[k]}
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
        only = self._only_routes()
        for scenario in np.flatnonzero((only >= 0).any(axis=1)).tolist():
            shares: dict[int, dict[int, float]] = {}
            for c in np.flatnonzero(only[scenario] >= 0).tolist():
                route = int(only[scenario, c])
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

    def _only_routes(self) -> Ints:
        """[scenarios × classes] the route of the only feed a scenario leaves the bins of a class; -1 where it leaves
        more or none, and where it leaves bins of the class different ones, as one of their own feeds is lost.
        """
        a = self.a
        found = np.full((a.pattern_of.shape[0], len(self.members)), -1, dtype=np.int64)
        for c, members in enumerate(self.members):
            routes: Ints | None = None
            for b in members:
                cluster, feeds = a.bin_cluster[b], a.bin_feeds[b][a.bin_feeds[b] >= 0]
                alive = a.alive[cluster][:, feeds].astype(bool)
                only = (
                    np.where(alive.sum(axis=1) == 1, a.feed_route[cluster, feeds][alive.argmax(axis=1)], -1)
                    if len(feeds)
                    else np.full(len(alive), -1)
                )
                mine = only[a.pattern_of[:, cluster]]
                routes = mine if routes is None else np.where(routes == mine, routes, -1)
            if routes is not None:
                found[:, c] = routes
        return found
