"""The supply graph as arrays: which nodes live under a loss, and what each carries of what its feeds draw.

A node is alive when it is not lost, is ready, and has no sources or at least one alive. A node's load goes to its first
alive source (transfer) or equally to all alive ones (parallel). Nodes on a cycle have no way up and are never alive.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from capacity.facility import SupplyNode
from capacity.resources import LEGS
from capacity.verification.view import View

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class SupplyGraph:
    """`nodes` in the facility's order; every array is over them."""

    def __init__(self, nodes: Sequence[SupplyNode]) -> None:
        self.nodes = tuple(nodes)
        self.index = {node.name: i for i, node in reversed(list(enumerate(self.nodes)))}
        self.can_fail = [i for i, node in enumerate(self.nodes) if node.can_fail]
        self.usable_w: Floats = np.array([n.rating_w * n.derating for n in self.nodes], dtype=float)
        legs = np.array([len(LEGS) if n.is_three_phase else 1 for n in self.nodes], dtype=float)
        self.leg_w: Floats = self.usable_w / legs if len(self.nodes) else self.usable_w
        self._sources = [
            [self.index[name] for name in node.sources if name in self.index] for node in self.nodes
        ]
        self._is_root = [not node.sources for node in self.nodes]
        self._below: list[list[int]] = [[] for _ in self.nodes]
        for node, sources in enumerate(self._sources):
            for source in sources:
                self._below[source].append(node)
        self._down_order = self._sorted()
        self._rank = {node: rank for rank, node in enumerate(self._down_order)}

    def _sorted(self) -> list[int]:
        """Nodes with every source before them; those on or below a cycle are left out, and so never alive."""
        waiting = [len(sources) for sources in self._sources]
        order = [node for node, count in enumerate(waiting) if count == 0]
        for node in order:
            for user in self._below[node]:
                waiting[user] -= 1
                if waiting[user] == 0:
                    order.append(user)
        return order

    def ready_at(self, view: View) -> list[float]:
        """Since when each node is ready; a node without phase always is, one of an unknown phase never."""
        phases = {phase.name: view.clock.midnight(phase.ready_on) for phase in view.facility.phases}
        return [-math.inf if node.phase is None else phases.get(node.phase, math.inf) for node in self.nodes]

    def is_last(self, node: int) -> bool:
        """Whether nothing draws from a node but what is plugged into it."""
        return not self._below[node]

    def above(self, nodes: Iterable[int]) -> set[int]:
        """These nodes and all they draw from, directly or not."""
        found: set[int] = set()
        waiting = list(nodes)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += self._sources[node]
        return found

    def alive(self, ready: Bools, loss: int | None) -> Bools:
        """Which nodes live when one is lost (None: no loss)."""
        alive = [False] * len(self.nodes)
        is_ready = ready.tolist()
        for node in self._down_order:
            alive[node] = (
                node != loss
                and is_ready[node]
                and (self._is_root[node] or any(alive[source] for source in self._sources[node]))
            )
        return np.array(alive, dtype=bool)

    def _shares(self, node: int, alive: Sequence[bool]) -> list[tuple[int, float]]:
        """The sources a node draws from now, and the share of its load each takes."""
        living = [source for source in self._sources[node] if alive[source]]
        if not living:
            return []
        if self.nodes[node].mode == "parallel":
            return [(source, 1 / len(living)) for source in living]
        return [(living[0], 1.0)]

    def carried(self, fed: Floats, alive: Bools) -> Floats:
        """What every node carries, given what is plugged into each; W in, W out."""
        carried = fed.tolist()
        lives = alive.tolist()
        for node in reversed(self._down_order):
            if lives[node] and carried[node] > 0:
                for source, share in self._shares(node, lives):
                    carried[source] += share * carried[node]
        return np.array(carried, dtype=np.float64)

    def carried_more(self, more: Mapping[int, float], alive: Sequence[bool]) -> dict[int, float]:
        """How much more (or less) each node carries when so much more is plugged into some, the same nodes alive."""
        found = dict(more)
        waiting = [-self._rank[node] for node in found]
        heapify(waiting)
        while waiting:
            node = self._down_order[-heappop(waiting)]
            for source, share in self._shares(node, alive):
                if source not in found:
                    found[source] = 0.0
                    heappush(waiting, -self._rank[source])
                found[source] += share * found[node]
        return found

    def share_through(self, target: int, alive: Bools) -> Floats:
        """Which share of a load plugged into each node passes through `target`."""
        through = np.zeros(len(self.nodes))
        lives = alive.tolist()
        for node in self._down_order:
            if node == target:
                through[node] = 1.0
            elif lives[node]:
                through[node] = sum(share * through[source] for source, share in self._shares(node, lives))
        return through
