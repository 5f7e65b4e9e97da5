"""The supply graph for planners: what every node and leg carries under no loss and every single loss of a node.

`SupplyModel` compiles a Facility's graph to arrays once; `evaluate` gives all loads of a set of loads, `Admission` asks
whether one more would overload anything, in any scenario. The rules are docs/reference/rules.md, "Power and cooling".
The checker has its own evaluation (`verify`); where a load stands is `placement`'s to choose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.facility import Facility, Supply, SupplyNode
from capacity.resources import LEGS, TOLERANCE, Redundancy
from inventory.errors import ProblemError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NO_LOSS = ""  # name of the scenario in which nothing is lost
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
class Overload:
    """A limit of the graph that a load would break. `leg` is None for a node's own rating, "" for a down load."""

    scenario: str
    node: str
    leg: str | None
    load_w: float
    usable_w: float


@dataclass(frozen=True, slots=True)
class SupplyLoads:
    """Loads in W: `nodes` [scenarios × nodes], `legs` [scenarios × nodes × 3] (zero for nodes that are no feed),
    `is_down` [scenarios × loads].
    """

    nodes: Floats
    legs: Floats
    is_down: Bools


@dataclass(frozen=True, slots=True)
class _Cords:
    """Loads with cords: their numbers and needs [loads], where their cords start [loads + 1], of each cord its feed
    and its three leg cells with the share each gets.
    """

    loads: NDArray[np.int64]
    feeds: NDArray[np.int64]
    starts: NDArray[np.int64]
    needed: NDArray[np.int64]
    draw_w: Floats
    cells: NDArray[np.int64]
    weights: Floats

    def of(self, some: NDArray[np.int64]) -> _Cords:
        """Those of some of the loads, at least one."""
        sizes = np.diff(self.starts)[some]
        cords = np.concatenate([np.arange(self.starts[i], self.starts[i + 1]) for i in some])
        starts = np.concatenate([[0], np.cumsum(sizes)])
        return _Cords(
            self.loads[some], self.feeds[cords], starts, self.needed[some], self.draw_w[some],
            self.cells[cords], self.weights[cords],
        )  # fmt: skip


class SupplyModel:
    """A Facility's supply graph as arrays.

    `names` [N], `usable_w` [N], `leg_usable_w` [N] (of one leg), `legs` [N] how many legs (0: no feed),
    `scenarios` [S] the lost node's name (`NO_LOSS` first), `alive` [S × N].

    Raises ProblemError when a node names a source that doesn't exist or the graph has a cycle.
    """

    def __init__(self, supply: Sequence[SupplyNode]) -> None:
        self.nodes: tuple[SupplyNode, ...] = tuple(supply)
        self.names: tuple[str, ...] = tuple(node.name for node in supply)
        self.index: dict[str, int] = {name: i for i, name in enumerate(self.names)}
        self.usable_w: Floats = np.array([node.rating_w * node.derating for node in supply], dtype=np.float64)
        self.legs = np.array(
            [0 if n.kind != "feed" else (3 if n.is_three_phase else 1) for n in supply], dtype=np.int64
        )
        self.leg_usable_w: Floats = self.usable_w / np.maximum(self.legs, 1)
        self.sources: tuple[tuple[int, ...], ...] = tuple(self._sources_of(node) for node in supply)
        self.order: tuple[int, ...] = self._from_the_top()
        self.scenarios: tuple[str, ...] = (NO_LOSS, *(node.name for node in supply if node.can_fail))
        self.alive: Bools = self._alive()
        self._dealt: dict[tuple[tuple[int, ...], bool], Floats] = {}  # many feeds have the same sources

    @classmethod
    def of(cls, facility: Facility) -> SupplyModel:
        return cls(facility.supply)

    def _sources_of(self, node: SupplyNode) -> tuple[int, ...]:
        missing = [name for name in node.sources if name not in self.index]
        if missing:
            raise ProblemError(
                f"supply node {node.name} draws from {missing[0]}, which is not in the supply graph",
                where="facility.supply",
                remedy="add that node or correct the name",
            )
        return tuple(self.index[name] for name in node.sources)

    def _from_the_top(self) -> tuple[int, ...]:
        """Node indexes, sources before what they feed."""
        waiting = [len(sources) for sources in self.sources]
        feeds: list[list[int]] = [[] for _ in self.names]
        for node, sources in enumerate(self.sources):
            for source in sources:
                feeds[source].append(node)
        ready = [node for node, count in enumerate(waiting) if count == 0]
        order: list[int] = []
        while ready:
            node = ready.pop()
            order.append(node)
            for fed in feeds[node]:
                waiting[fed] -= 1
                if waiting[fed] == 0:
                    ready.append(fed)
        if len(order) < len(self.names):
            stuck = self.names[next(i for i, count in enumerate(waiting) if count > 0)]
            raise ProblemError(
                f"supply node {stuck} draws from itself over other nodes",
                where="facility.supply",
                remedy="break the cycle in its sources",
            )
        return tuple(order)

    def _alive(self) -> Bools:
        lost = np.zeros((len(self.scenarios), len(self.names)), dtype=np.bool_)
        for scenario, name in enumerate(self.scenarios[1:], start=1):
            lost[scenario, self.index[name]] = True
        alive = ~lost
        for node in self.order:
            if self.sources[node]:
                alive[:, node] &= alive[:, list(self.sources[node])].any(axis=1)
        return alive

    def dealt(self, node: int) -> Floats:
        """How a load at this node is dealt to its sources, [S × sources], by which are alive in each scenario."""
        key = (self.sources[node], self.nodes[node].mode == "parallel")
        if key not in self._dealt:
            self._dealt[key] = self._deal(node)
        return self._dealt[key]

    def _deal(self, node: int) -> Floats:
        alive = self.alive[:, list(self.sources[node])]
        dealt: Floats = np.zeros(alive.shape)
        if self.nodes[node].mode == "parallel":
            dealt[:] = alive / np.maximum(alive.sum(axis=1, keepdims=True), 1)
        elif alive.shape[1]:
            rows = alive.any(axis=1)
            dealt[rows, alive[rows].argmax(axis=1)] = 1.0
        return dealt

    def evaluate(self, loads: Sequence[Load]) -> SupplyLoads:
        """Loads of every node and leg in every scenario. Raises ProblemError for a supply on an unknown feed."""
        scenarios, nodes = len(self.scenarios), len(self.names)
        result = SupplyLoads(
            np.zeros((scenarios, nodes)),
            np.zeros((scenarios, nodes, 3)),
            np.zeros((scenarios, len(loads)), dtype=np.bool_),
        )
        corded = [i for i, load in enumerate(loads) if load.supplies]
        if corded:
            self._add_feeds(result, loads, corded)
            result.nodes[:] = result.legs.sum(axis=2)
        for node in reversed(self.order):
            if self.sources[node]:
                carried = result.nodes[:, node, None] * self.dealt(node)
                for column, source in enumerate(self.sources[node]):
                    result.nodes[:, source] += carried[:, column]
        return result

    def _add_feeds(self, result: SupplyLoads, loads: Sequence[Load], corded: Sequence[int]) -> None:
        """Legs, node by node, and what is down. A loss that few loads notice changes only the feeds of those."""
        feeds: list[int] = []
        starts: list[int] = []
        for i in corded:
            starts.append(len(feeds))
            feeds += [self.feed(supply.feed) for supply in loads[i].supplies]
        cords = _Cords(
            np.array(corded),
            np.array(feeds),
            np.array([*starts, len(feeds)]),
            np.array([loads[i].redundancy.needed for i in corded]),
            np.array([loads[i].power_w for i in corded]),
            np.array([_leg_shares(s.leg)[0] for i in corded for s in loads[i].supplies]),
            np.array([_leg_shares(s.leg)[1] for i in corded for s in loads[i].supplies]),
        )
        self._fill(result, cords, np.zeros(1, dtype=np.int64))
        result.legs[1:] = result.legs[0]
        result.is_down[1:] = result.is_down[0]
        dead = self.alive[0] & ~self.alive
        owner = np.repeat(np.arange(len(corded)), np.diff(cords.starts))
        by_feed = np.argsort(cords.feeds, kind="stable")
        first = np.searchsorted(cords.feeds[by_feed], np.arange(len(self.names) + 1))

        def on(nodes: NDArray[np.int64]) -> NDArray[np.int64]:
            """Which of the corded loads have a cord on one of these nodes, in order."""
            parts = [owner[by_feed[first[n] : first[n + 1]]] for n in nodes]
            return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *parts]))

        used = np.flatnonzero(np.diff(first))
        whole: list[int] = []
        for row in range(1, len(self.scenarios)):
            lost = used[dead[row, used]]
            if len(lost) * FEW > len(used):
                whole.append(row)
            elif len(lost):
                near = cords.of(on(lost))
                mine = np.unique(near.feeds)
                self._fill(result, cords.of(on(mine)), np.array([row]), mine)
        self._fill(result, cords, np.array(whole, dtype=np.int64))

    def _fill(
        self,
        result: SupplyLoads,
        cords: _Cords,
        rows: NDArray[np.int64],
        only: NDArray[np.int64] | None = None,
    ) -> None:
        """Write what these loads put on legs (of the nodes `only`) and which are down, in some scenarios."""
        cells = (cords.feeds[:, None] * 3 + cords.cells).ravel()
        step = max(1, CHUNK // len(cords.feeds))
        for begin in range(0, len(rows), step):
            some = rows[begin : begin + step]
            alive = self.alive[some][:, cords.feeds]
            count = np.add.reduceat(alive.astype(np.int64), cords.starts[:-1], axis=1)
            up = count >= cords.needed
            result.is_down[np.ix_(some, cords.loads)] = ~up
            share_w = np.where(up, cords.draw_w / np.maximum(count, 1), 0.0)
            each_w = np.repeat(share_w, np.diff(cords.starts), axis=1) * alive
            for row, each in zip(some, each_w, strict=True):
                weights = (each[:, None] * cords.weights).ravel()
                flat = np.bincount(cells, weights=weights, minlength=3 * len(self.names)).reshape(-1, 3)
                if only is None:
                    result.legs[row] = flat
                else:
                    result.legs[row, only] = flat[only]

    def feed(self, name: str) -> int:
        """The index of a feed; raises ProblemError when there is none of that name."""
        found = self.index.get(name)
        if found is None or self.legs[found] == 0:
            raise ProblemError(f"{name} is no feed of the supply graph", where="facility.supply")
        return found

    def overloads(self, loads: SupplyLoads) -> list[Overload]:
        """Every limit broken, scenario by scenario: nodes first, then legs."""
        found: list[Overload] = []
        over = self.alive & (loads.nodes > self.usable_w + TOLERANCE)
        for scenario, node in np.argwhere(over):
            found.append(
                Overload(
                    self.scenarios[scenario],
                    self.names[node],
                    None,
                    float(loads.nodes[scenario, node]),
                    float(self.usable_w[node]),
                )
            )
        for scenario, node, leg in np.argwhere(loads.legs > self.leg_usable_w[:, None] + TOLERANCE):
            found.append(
                Overload(
                    self.scenarios[scenario],
                    self.names[node],
                    LEGS[leg],
                    float(loads.legs[scenario, node, leg]),
                    float(self.leg_usable_w[node]),
                )
            )
        return found

    def patterns(self, feeds: Sequence[str]) -> NDArray[np.int64]:
        """For each scenario, which of these feeds are alive, as bits (bit 0 the first feed)."""
        bits = np.zeros(len(self.scenarios), dtype=np.int64)
        for bit, name in enumerate(feeds):
            bits |= self.alive[:, self.feed(name)].astype(np.int64) << bit
        return bits


def _leg_shares(leg: str) -> tuple[tuple[int, int, int], tuple[float, float, float]]:
    """The three leg cells a cord loads and with what share; a single-phase cord loads its own leg only."""
    if leg == THREE_PHASE:
        return (0, 1, 2), (1 / 3, 1 / 3, 1 / 3)
    own = LEGS.index(leg)
    return (own, own, own), (1.0, 0.0, 0.0)


class Admission:
    """The graph with what it carries so far: asks whether one more load would overload a node or leg anywhere."""

    def __init__(self, model: SupplyModel, loads: Iterable[Load] = ()) -> None:
        self.model = model
        carried = model.evaluate(tuple(loads))
        self._nodes, self._legs = carried.nodes, carried.legs

    def refusal(self, load: Load) -> Overload | None:
        """The first limit this load would break, or None when it fits in every scenario.

        A load with spare supplies that some single loss would take down is refused with `leg` "".
        """
        more = self.model.evaluate((load,))
        if load.redundancy.spare and more.is_down[:, 0].any():
            scenario = int(more.is_down[:, 0].argmax())
            return Overload(self.model.scenarios[scenario], load.supplies[0].feed, "", load.power_w, 0.0)
        touched = more.nodes > 0
        over = touched & (self._nodes + more.nodes > self.model.usable_w + TOLERANCE)
        if over.any():
            scenario, node = (int(i) for i in np.argwhere(over)[0])
            total = float(self._nodes[scenario, node] + more.nodes[scenario, node])
            usable = float(self.model.usable_w[node])
            return Overload(self.model.scenarios[scenario], self.model.names[node], None, total, usable)
        legs_over = (more.legs > 0) & (self._legs + more.legs > self.model.leg_usable_w[:, None] + TOLERANCE)
        if legs_over.any():
            scenario, node, leg = (int(i) for i in np.argwhere(legs_over)[0])
            total = float(self._legs[scenario, node, leg] + more.legs[scenario, node, leg])
            usable = float(self.model.leg_usable_w[node])
            return Overload(self.model.scenarios[scenario], self.model.names[node], LEGS[leg], total, usable)
        return None

    def add(self, load: Load) -> None:
        """Carry this load too, whether it fits or not."""
        more = self.model.evaluate((load,))
        self._nodes += more.nodes
        self._legs += more.legs

    def remove(self, load: Load) -> None:
        """Carry this load no more."""
        less = self.model.evaluate((load,))
        self._nodes -= less.nodes
        self._legs -= less.legs
