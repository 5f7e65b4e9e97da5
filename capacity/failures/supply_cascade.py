"""The supply graph under any losses, many at once: who is fed, what every node and leg carries, what trips, and again.

Arrays over scenarios (S), nodes (N), legs of feeds (N × 3) and loads (L). A node that carries more than `trip_share` of
its rating, or a leg more than that share of its part of it, opens: the node is then lost as well, all that trip in one
round together, and the round after is worked out anew, until nothing trips any more. An overload below that is shown
and holds. Loads of the same cords are worked out once. The rules on sharing are docs/reference/rules.md's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from capacity.facility import SupplyNode
from capacity.failures.standing import Load
from capacity.power import THREE_PHASE, SupplyModel
from capacity.resources import LEGS, TOLERANCE
from inventory.errors import ProblemError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

TRIP_SHARE = 1.0
"""A breaker opens above its rating: the derating is the planners' margin for continuous load, not what trips it. An
assumption: real ones trip the later the smaller the overload; at this share all do, at once."""


@dataclass(frozen=True, slots=True)
class Overload:
    """A node (or one of its legs) above its usable power in some round. `trips`: above the share at which it opens."""

    scenario: int
    round: int
    node: int
    leg: int  # -1 for the node itself
    load_w: float
    usable_w: float
    trips: bool

    @property
    def share(self) -> float:
        return self.load_w / self.usable_w if self.usable_w > 0 else float("inf")


@dataclass(frozen=True)
class Fallen:
    """What is left when all is still. `down` [S × L] loads without enough supplies (a load taken away is not down);
    `lost` [S × N] with what tripped, `tripped_in` [S × N] the round in which (0: it did not); `alive` [S × N];
    `first_down` [S × L] the round after which a load went down (-1: it did not).
    """

    down: Bools
    lost: Bools
    alive: Bools
    tripped_in: Ints
    first_down: Ints
    overloads: tuple[Overload, ...]


class SupplyCascade:
    """One facility's graph with the loads of one moment. `ready` [N]: nodes whose phase has come."""

    def __init__(
        self,
        supply: Sequence[SupplyNode],
        loads: Sequence[Load],
        ready: Bools,
        trip_share: float = TRIP_SHARE,
    ) -> None:
        self.model = SupplyModel(supply)
        self._ready = ready
        self._trip_w: Floats = np.array([node.rating_w for node in supply], dtype=float) * trip_share
        legs = np.array([len(LEGS) if node.is_three_phase else 1 for node in supply], dtype=float)
        # Whatever trips is over, even where a person lets it trip below its usable power.
        self._limit_w: Floats = np.minimum(self.model.usable_w, self._trip_w)
        self._leg_limit_w: Floats = self._limit_w / legs
        self._leg_trip_w: Floats = self._trip_w / legs
        self.power_w: Floats = np.array([load.power_w for load in loads], dtype=float)
        self._classes(loads)

    def _classes(self, loads: Sequence[Load]) -> None:
        """Loads with the same cords and the same need are one class; passive loads are in none (-1)."""
        keys: dict[tuple[tuple[tuple[int, int], ...], int], int] = {}
        self.class_of: Ints = np.full(len(loads), -1, dtype=np.int64)
        for number, load in enumerate(loads):
            if load.redundancy is not None and load.supplies:
                cords = tuple(sorted((self._node(s.feed), self._leg(s.feed, s.leg)) for s in load.supplies))
                key = (cords, load.redundancy.needed)
                self.class_of[number] = keys.setdefault(key, len(keys))
        cords_of = [cords for cords, _ in keys]
        self._needed: Ints = np.array([needed for _, needed in keys], dtype=np.int64)
        self._cord_class: Ints = np.array(
            [number for number, cords in enumerate(cords_of) for _ in cords], dtype=np.int64
        )
        self._cord_feed: Ints = np.array([feed for cords in cords_of for feed, _ in cords], dtype=np.int64)
        legs = [leg for cords in cords_of for _, leg in cords]
        corded = len(legs)
        cells = [
            (feed * 3 + leg, cord, share)
            for cord, (feed, own) in enumerate(zip(self._cord_feed.tolist(), legs, strict=True))
            for leg, share in (((own, 1.0),) if own >= 0 else tuple((n, 1 / 3) for n in range(3)))
        ]
        nodes = len(self.model.names)
        self._to_cells = _sparse(cells, (nodes * 3, corded))
        self._class_of_cord = _sparse(
            [(c, cord, 1.0) for cord, c in enumerate(self._cord_class.tolist())], (len(keys), corded)
        )
        members = [(c, n, 1.0) for n, c in enumerate(self.class_of.tolist()) if c >= 0]
        self._class_of_load = _sparse(members, (len(keys), len(loads)))

    @cached_property
    def is_loaded(self) -> Bools:
        """[N] nodes over which some cord draws, or could if their sources were lost."""
        loaded = np.zeros(len(self.model.names), dtype=bool)
        loaded[self._cord_feed] = True
        for node in reversed(self.model.order):
            if loaded[node]:
                loaded[list(self.model.sources[node])] = True
        return loaded

    def _node(self, name: str) -> int:
        found = self.model.index.get(name)
        if found is None:
            raise ProblemError(
                f"a cord leads to {name}, which is not in the supply graph",
                where="plan",
                remedy="see `vorst check`, and plan again",
            )
        return found

    def _leg(self, feed: str, leg: str) -> int:
        """0 to 2, or -1 for a three-phase cord. On a single-phase feed everything is on the one leg."""
        if not self.model.nodes[self._node(feed)].is_three_phase:
            return 0
        return -1 if leg == THREE_PHASE or leg not in LEGS else LEGS.index(leg)

    # --- one round ------------------------------------------------------------------------------------------------

    def alive(self, lost: Bools) -> Bools:
        """[S × N]: not lost, ready, and fed by at least one source, if it has any."""
        alive: Bools = ~lost & self._ready
        for node in self.model.order:
            sources = self.model.sources[node]
            if len(sources) == 1:
                alive[:, node] &= alive[:, sources[0]]
            elif sources:
                alive[:, node] &= alive[:, list(sources)].any(axis=1)
        return alive

    def _up(self, alive: Bools) -> tuple[Bools, Floats, Bools]:
        """Which classes are up [S × C], how many cords of each live [S × C], and which cords live [S × K]."""
        cord_alive: Bools = alive[:, self._cord_feed]
        count: Floats = np.asarray((self._class_of_cord @ cord_alive.T.astype(np.float64)).T)
        return (count >= self._needed) & (count > 0), count, cord_alive

    def _carried(self, alive: Bools, draw_w: Floats) -> tuple[Bools, Floats, Floats]:
        """Classes up [S × C], W of each node [S × N] and of each leg [S × N × 3], for draws of each class [S × C]."""
        up, count, cord_alive = self._up(alive)
        share_w = np.where(up, draw_w / np.maximum(count, 1), 0.0)
        each_w = share_w[:, self._cord_class] * cord_alive
        legs_w: Floats = np.asarray((self._to_cells @ each_w.T).T).reshape(len(alive), -1, 3)
        nodes_w: Floats = legs_w.sum(axis=2)
        for node in reversed(self.model.order):
            sources = self.model.sources[node]
            if len(sources) == 1:
                nodes_w[:, sources[0]] += nodes_w[:, node]
            elif sources:
                self._deal(alive, nodes_w, node, sources)
        return up, nodes_w, legs_w

    def _deal(self, alive: Bools, nodes_w: Floats, node: int, sources: Sequence[int]) -> None:
        living = alive[:, list(sources)]
        if self.model.nodes[node].mode == "parallel":
            part = nodes_w[:, node] / np.maximum(living.sum(axis=1), 1)
            for column, source in enumerate(sources):
                nodes_w[:, source] += part * living[:, column]
            return
        before = np.zeros(len(alive), dtype=bool)
        for column, source in enumerate(sources):
            nodes_w[:, source] += nodes_w[:, node] * (living[:, column] & ~before)
            before |= living[:, column]

    def classes_up(self, lost: Bools) -> Bools:
        """[S × C] the classes of loads that are up with these nodes lost, before anything trips."""
        return self._up(self.alive(lost))[0]

    def classes_up_and_over(self, lost: Bools) -> tuple[Bools, Bools]:
        """[S × C] as `classes_up`, and [S] whether any node or leg is then over."""
        alive = self.alive(lost)
        draw_w = np.broadcast_to(self._class_of_load @ self.power_w, (len(lost), len(self._needed)))
        up, nodes_w, legs_w = self._carried(alive, draw_w)
        over: Bools = np.any(alive & (nodes_w > self._limit_w + TOLERANCE), axis=1)
        legs_over: Bools = np.any(legs_w > self._leg_limit_w[:, None] + TOLERANCE, axis=(1, 2))
        return up, over | legs_over

    # --- rounds ---------------------------------------------------------------------------------------------------

    def fall(self, lost: Bools, gone: Bools, *, cascades: bool = True) -> Fallen:
        """Let the losses work out: `lost` [S × N] nodes, `gone` [S × L] loads that are lost themselves and don't draw.

        Without `cascades` nothing trips: one round, as the rules of the plan have it.
        """
        lost = lost.copy()
        draw_w: Floats = np.asarray((self._class_of_load @ np.where(gone, 0.0, self.power_w).T).T)
        tripped_in = np.zeros(lost.shape, dtype=np.int64)
        first_down = np.full(gone.shape, -1, dtype=np.int64)
        alive = np.zeros(lost.shape, dtype=bool)
        down = np.zeros(gone.shape, dtype=bool)
        overloads: list[Overload] = []
        rows, number = np.arange(len(lost)), 0
        while len(rows):
            now = self.alive(lost[rows])
            up, nodes_w, legs_w = self._carried(now, draw_w[rows])
            alive[rows] = now
            fallen = self._without(up) & ~gone[rows]
            first_down[rows] = np.where(fallen & ~down[rows], number, first_down[rows])
            down[rows] = fallen
            found, trips = self._over(rows, number, now, nodes_w, legs_w)
            overloads += found
            if not cascades:
                break
            number += 1
            tripped_in[rows] = np.where(trips, number, tripped_in[rows])
            lost[rows] |= trips
            rows = rows[trips.any(axis=1)]
        return Fallen(down, lost, alive, tripped_in, first_down, tuple(overloads))

    def _without(self, up: Bools) -> Bools:
        """[S × L] loads whose class is not up."""
        corded = self.class_of >= 0
        down = np.zeros((len(up), len(self.class_of)), dtype=bool)
        down[:, corded] = ~up[:, self.class_of[corded]]
        return down

    def _over(
        self, rows: Ints, number: int, alive: Bools, nodes_w: Floats, legs_w: Floats
    ) -> tuple[list[Overload], Bools]:
        usable_w = self._limit_w
        over = alive & (nodes_w > usable_w + TOLERANCE)
        legs_over = legs_w > self._leg_limit_w[:, None] + TOLERANCE
        found = [
            Overload(
                int(rows[s]),
                number,
                int(node),
                -1,
                float(nodes_w[s, node]),
                float(usable_w[node]),
                bool(nodes_w[s, node] > self._trip_w[node] + TOLERANCE),
            )
            for s, node in np.argwhere(over)
        ]
        found += [
            Overload(
                int(rows[s]),
                number,
                int(node),
                int(leg),
                float(legs_w[s, node, leg]),
                float(self._leg_limit_w[node]),
                bool(legs_w[s, node, leg] > self._leg_trip_w[node] + TOLERANCE),
            )
            for s, node, leg in np.argwhere(legs_over)
        ]
        trips = np.zeros(alive.shape, dtype=bool)
        for overload, s in zip(found, [*np.argwhere(over)[:, 0], *np.argwhere(legs_over)[:, 0]], strict=True):
            trips[s, overload.node] |= overload.trips
        return found, trips


def _sparse(cells: Sequence[tuple[int, int, float]], shape: tuple[int, int]) -> csr_array:
    rows = [row for row, _, _ in cells]
    columns = [column for _, column, _ in cells]
    return csr_array(([value for _, _, value in cells], (rows, columns)), shape=shape, dtype=np.float64)
