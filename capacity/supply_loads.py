"""What loads put on a supply graph under no loss and every single loss, one part of the graph after another.

A loss changes nothing where neither a source nor a load hangs together with what is lost. So each part of the graph
that hangs together is evaluated for its own losses alone: work and memory grow with the squares of the parts, not with
the square of the whole. Which parts there are is for `power`, which compiles the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from capacity.facility import Supply
from capacity.resources import LEGS, Redundancy

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

THREE_PHASE = "3P"
FEW = 4  # a loss that takes less than one in so many feeds is reckoned by what hangs on them
CHUNK = 4_000_000  # scenario × supply cells evaluated at once: bounds the memory at some 32 MB a term


@dataclass(frozen=True, slots=True)
class Load:
    """One load of the graph: `power_w` drawn through `supplies`, of which `redundancy.needed` must be alive."""

    name: str
    power_w: float
    redundancy: Redundancy
    supplies: tuple[Supply, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Nodes that hang together, [n] in ascending order, and the scenarios that change something there, [r], the one
    without a loss first; `alive` [r × n]. `sources` are numbered within the part, `order` goes from the feeds up.
    """

    nodes: Ints
    rows: Ints
    alive: Bools
    sources: tuple[tuple[int, ...], ...]
    is_parallel: tuple[bool, ...]
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PartLoads:
    """Loads in W of a part's nodes [r × n] and legs [r × n × 3]; which of `loads` are down [r × loads]."""

    part: Part
    nodes: Floats
    legs: Floats
    loads: Ints
    is_down: Bools


@dataclass(frozen=True, slots=True)
class Worst:
    """Of every node [nodes] the most it carries in W, the first scenario in which it does, and the most of a leg."""

    nodes: Floats
    scenario: Ints
    legs: Floats


@dataclass(frozen=True)
class SupplyLoads:
    """Loads in W: `nodes` [scenarios × nodes], `legs` [scenarios × nodes × 3] (zero for nodes that are no feed),
    `is_down` [scenarios × loads]. These whole arrays are made when asked for; the other questions do without them.
    """

    shape: tuple[int, int, int]  # scenarios, nodes, loads
    parts: tuple[PartLoads, ...]  # those that carry something

    @cached_property
    def nodes(self) -> Floats:
        """[scenarios × nodes]."""
        return self.nodes_at(np.arange(self.shape[1]))

    @cached_property
    def legs(self) -> Floats:
        """[scenarios × nodes × 3]."""
        whole = np.zeros((*self.shape[:2], 3))
        for found in self.parts:
            whole[:, found.part.nodes] = found.legs[0]
            whole[np.ix_(found.part.rows, found.part.nodes)] = found.legs
        return whole

    @cached_property
    def is_down(self) -> Bools:
        """[scenarios × loads]."""
        whole = np.zeros((self.shape[0], self.shape[2]), dtype=np.bool_)
        for found in self.parts:
            whole[:, found.loads] = found.is_down[0]
            whole[np.ix_(found.part.rows, found.loads)] = found.is_down
        return whole

    def nodes_at(self, columns: Ints) -> Floats:
        """[scenarios × columns]: what some of the nodes carry."""
        whole = np.zeros((self.shape[0], len(columns)))
        at = np.full(self.shape[1], -1, dtype=np.int64)
        at[columns] = np.arange(len(columns))
        for found in self.parts:
            mine = np.flatnonzero(at[found.part.nodes] >= 0)
            there = at[found.part.nodes[mine]]
            whole[:, there] = found.nodes[0, mine]
            whole[np.ix_(found.part.rows, there)] = found.nodes[:, mine]
        return whole

    def legs_at(self, scenario: int, node: int) -> Floats:
        """[3]: what the legs of a node carry in a scenario."""
        number, column = self._places[0][node], self._places[1][node]
        if number < 0:
            return np.zeros(3)
        found = self.parts[number]
        row = int(np.searchsorted(found.part.rows, scenario))
        is_there = row < len(found.part.rows) and found.part.rows[row] == scenario
        legs: Floats = found.legs[row if is_there else 0, column]
        return legs

    @cached_property
    def _places(self) -> tuple[Ints, Ints]:
        """The part of each node (-1: it carries nothing) and its number there."""
        number, column = (np.full(self.shape[1], -1, dtype=np.int64) for _ in range(2))
        for i, found in enumerate(self.parts):
            number[found.part.nodes] = i
            column[found.part.nodes] = np.arange(len(found.part.nodes))
        return number, column

    def worst(self) -> Worst:
        """The most that nodes and legs carry; see `Worst`."""
        most = Worst(
            np.zeros(self.shape[1]), np.zeros(self.shape[1], dtype=np.int64), np.zeros(self.shape[1])
        )
        for found in self.parts:
            nodes = found.part.nodes
            most.nodes[nodes] = found.nodes.max(axis=0)
            # The scenarios that change nothing here are as the first, which stands first among equals.
            most.scenario[nodes] = found.part.rows[found.nodes.argmax(axis=0)]
            most.legs[nodes] = found.legs.max(axis=0).max(axis=1)
        return most


@dataclass(frozen=True, slots=True)
class Cords:
    """Loads with cords: their numbers and needs [loads], where their cords start [loads + 1], of each cord its feed
    and its three leg cells with the share each gets.
    """

    loads: Ints
    feeds: Ints
    starts: Ints
    needed: Ints
    draw_w: Floats
    cells: Ints
    weights: Floats

    @classmethod
    def of_loads(cls, loads: Sequence[Load], numbers: Sequence[int], feeds: Sequence[Sequence[int]]) -> Cords:
        """Some of the loads, by their numbers, each with a cord at least; `feeds` of the cords of every load."""
        sizes = [len(feeds[i]) for i in numbers]
        shares = [leg_shares(supply.leg) for i in numbers for supply in loads[i].supplies]
        return cls(
            np.array(numbers),
            np.array([feed for i in numbers for feed in feeds[i]]),
            np.concatenate([[0], np.cumsum(sizes)]),
            np.array([loads[i].redundancy.needed for i in numbers]),
            np.array([loads[i].power_w for i in numbers]),
            np.array([cells for cells, _ in shares]),
            np.array([weights for _, weights in shares]),
        )

    def of(self, some: Ints) -> Cords:
        """Those of some of the loads, at least one."""
        sizes = np.diff(self.starts)[some]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        cords = np.repeat(self.starts[some] - starts[:-1], sizes) + np.arange(starts[-1])
        return Cords(
            self.loads[some], self.feeds[cords], starts, self.needed[some], self.draw_w[some],
            self.cells[cords], self.weights[cords],
        )  # fmt: skip


def leg_shares(leg: str) -> tuple[tuple[int, int, int], tuple[float, float, float]]:
    """The three leg cells a cord loads and with what share; a single-phase cord loads its own leg only."""
    if leg == THREE_PHASE:
        return (0, 1, 2), (1 / 3, 1 / 3, 1 / 3)
    own = LEGS.index(leg)
    return (own, own, own), (1.0, 0.0, 0.0)


def deal(alive: Bools, *, is_parallel: bool) -> Floats:
    """How a node's load is dealt to its sources, [scenarios × sources], by which are alive in each scenario."""
    dealt: Floats = np.zeros(alive.shape)
    if is_parallel:
        dealt[:] = alive / np.maximum(alive.sum(axis=1, keepdims=True), 1)
    elif alive.shape[1]:
        rows = alive.any(axis=1)
        dealt[rows, alive[rows].argmax(axis=1)] = 1.0
    return dealt


def loads_of(part: Part, cords: Cords) -> PartLoads:
    """What loads put on a part; the cords' feeds are numbered within it."""
    scenarios, nodes = part.alive.shape
    found = PartLoads(
        part,
        np.zeros((scenarios, nodes)),
        np.zeros((scenarios, nodes, 3)),
        cords.loads,
        np.zeros((scenarios, len(cords.loads)), dtype=np.bool_),
    )
    _add_feeds(found, cords)
    found.nodes[:] = found.legs.sum(axis=2)
    dealt: dict[tuple[tuple[int, ...], bool], Floats] = {}  # many feeds have the same sources
    for node in part.order:
        if part.sources[node]:
            key = (part.sources[node], part.is_parallel[node])
            if key not in dealt:
                dealt[key] = deal(part.alive[:, list(key[0])], is_parallel=key[1])
            carried = found.nodes[:, node, None] * dealt[key]
            for column, source in enumerate(part.sources[node]):
                found.nodes[:, source] += carried[:, column]
    return found


def _add_feeds(found: PartLoads, cords: Cords) -> None:
    """Legs, node by node, and what is down. A loss that few loads notice changes only the feeds of those."""
    alive = found.part.alive
    everything = np.arange(len(cords.loads))
    _fill(found, cords, everything, np.zeros(1, dtype=np.int64))
    found.legs[1:] = found.legs[0]
    found.is_down[1:] = found.is_down[0]
    dead = alive[0] & ~alive
    owner = np.repeat(everything, np.diff(cords.starts))
    by_feed = np.argsort(cords.feeds, kind="stable")
    first = np.searchsorted(cords.feeds[by_feed], np.arange(alive.shape[1] + 1))

    def on(nodes: Ints) -> Ints:
        """Which of the loads have a cord on one of these nodes, in order."""
        parts = [owner[by_feed[first[n] : first[n + 1]]] for n in nodes]
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *parts]))

    used = np.flatnonzero(np.diff(first))
    whole: list[int] = []
    for row in range(1, len(alive)):
        lost = used[dead[row, used]]
        if len(lost) * FEW > len(used):
            whole.append(row)
        elif len(lost):
            mine = np.unique(cords.of(on(lost)).feeds)
            near = on(mine)
            _fill(found, cords.of(near), near, np.array([row]), mine)
    _fill(found, cords, everything, np.array(whole, dtype=np.int64))


def _fill(found: PartLoads, cords: Cords, numbers: Ints, rows: Ints, only: Ints | None = None) -> None:
    """Write what these loads (by `numbers` of the part's) put on legs, of the nodes `only`, and which are down, in some
    scenarios.
    """
    nodes = found.part.alive.shape[1]
    cells = (cords.feeds[:, None] * 3 + cords.cells).ravel()
    step = max(1, CHUNK // len(cords.feeds))
    for begin in range(0, len(rows), step):
        some = rows[begin : begin + step]
        alive = found.part.alive[some][:, cords.feeds]
        count = np.add.reduceat(alive.astype(np.int64), cords.starts[:-1], axis=1)
        up = count >= cords.needed
        found.is_down[np.ix_(some, numbers)] = ~up
        share_w = np.where(up, cords.draw_w / np.maximum(count, 1), 0.0)
        each_w = np.repeat(share_w, np.diff(cords.starts), axis=1) * alive
        for row, each in zip(some, each_w, strict=True):
            weights = (each[:, None] * cords.weights).ravel()
            flat = np.bincount(cells, weights=weights, minlength=3 * nodes).reshape(-1, 3)
            if only is None:
                found.legs[row] = flat
            else:
                found.legs[row, only] = flat[only]
