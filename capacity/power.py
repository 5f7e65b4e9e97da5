"""The supply graph for planners: what every node and leg carries under no loss and every single loss of a node.

`SupplyModel` compiles a Facility's graph to arrays once; `evaluate` gives all loads of a set of loads, `Admission` asks
whether one more would overload anything, in any scenario. The rules are docs/reference/rules.md, "Power and cooling".
The checker has its own evaluation (`verify`); where a load stands is `placement`'s to choose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from capacity.facility import Facility, SupplyNode
from capacity.resources import LEGS, TOLERANCE
from capacity.supply_loads import THREE_PHASE, Cords, Load, Part, PartLoads, SupplyLoads, deal, loads_of
from inventory.errors import ProblemError

__all__ = ["NO_LOSS", "THREE_PHASE", "Admission", "Load", "Overload", "SupplyLoads", "SupplyModel"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NO_LOSS = ""  # name of the scenario in which nothing is lost


@dataclass(frozen=True, slots=True)
class Overload:
    """A limit of the graph that a load would break. `leg` is None for a node's own rating, "" for a down load."""

    scenario: str
    node: str
    leg: str | None
    load_w: float
    usable_w: float


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
        self.pieces = self._pieces()
        self.parts: tuple[Part, ...] = tuple(self._part_of([piece]) for piece in range(len(self.pieces)))
        self._piece_of = {node: i for i, nodes in enumerate(self.pieces) for node in nodes}
        self.alive: Bools = np.ones((len(self.scenarios), len(self.names)), dtype=np.bool_)
        for part in self.parts:
            self.alive[np.ix_(part.rows, part.nodes)] = part.alive
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

    def _pieces(self) -> tuple[tuple[int, ...], ...]:
        """Nodes that hang together, directly or not, ascending; the pieces by their first node."""
        piece = list(range(len(self.names)))
        near: list[list[int]] = [list(sources) for sources in self.sources]
        for node, sources in enumerate(self.sources):
            for source in sources:
                near[source].append(node)
        seen = [False] * len(piece)
        found: list[tuple[int, ...]] = []
        for first in piece:
            if seen[first]:
                continue
            seen[first], members = True, [first]
            for node in members:
                for other in near[node]:
                    if not seen[other]:
                        seen[other] = True
                        members.append(other)
            found.append(tuple(sorted(members)))
        return tuple(found)

    def _part_of(self, pieces: Sequence[int]) -> Part:
        """Some pieces as one part."""
        nodes = np.array(sorted(node for piece in pieces for node in self.pieces[piece]), dtype=np.int64)
        number = {int(node): i for i, node in enumerate(nodes)}
        lost = [
            (s, number[i])
            for s, name in enumerate(self.scenarios)
            if name and (i := self.index[name]) in number
        ]
        sources = tuple(tuple(number[s] for s in self.sources[node]) for node in nodes)
        alive = np.ones((1 + len(lost), len(nodes)), dtype=np.bool_)
        alive[np.arange(1, len(alive)), [node for _, node in lost]] = False
        order = [number[node] for node in self.order if node in number]
        for node in order:
            if sources[node]:
                alive[:, node] &= alive[:, list(sources[node])].any(axis=1)
        return Part(
            nodes,
            np.array([0, *(scenario for scenario, _ in lost)], dtype=np.int64),
            alive,
            sources,
            tuple(self.nodes[node].mode == "parallel" for node in nodes),
            tuple(reversed(order)),
        )

    def dealt(self, node: int) -> Floats:
        """How a load at this node is dealt to its sources, [S × sources], by which are alive in each scenario."""
        key = (self.sources[node], self.nodes[node].mode == "parallel")
        if key not in self._dealt:
            alive = self.alive[:, list(self.sources[node])]
            self._dealt[key] = deal(alive, is_parallel=key[1])
        return self._dealt[key]

    def evaluate(self, loads: Sequence[Load]) -> SupplyLoads:
        """Loads of every node and leg in every scenario. Raises ProblemError for a supply on an unknown feed."""
        feeds = [[self.feed(supply.feed) for supply in load.supplies] for load in loads]
        found: list[PartLoads] = []
        for pieces, numbers in self._held_together(feeds):
            part = self.parts[pieces[0]] if len(pieces) == 1 else self._part_of(pieces)
            cords = Cords.of_loads(loads, numbers, feeds)
            within = replace(cords, feeds=np.searchsorted(part.nodes, cords.feeds))
            found.append(loads_of(part, within))
        return SupplyLoads((len(self.scenarios), len(self.names), len(loads)), tuple(found))

    def _held_together(self, feeds: Sequence[Sequence[int]]) -> list[tuple[list[int], list[int]]]:
        """Pieces that loads hold together, by the `feeds` of each load's cords, and those loads, in order."""
        leader = list(range(len(self.pieces)))

        def top(piece: int) -> int:
            while leader[piece] != piece:
                leader[piece] = leader[leader[piece]]
                piece = leader[piece]
            return piece

        for mine in feeds:
            for feed in mine[1:]:
                leader[top(self._piece_of[feed])] = top(self._piece_of[mine[0]])
        numbers: dict[int, list[int]] = defaultdict(list)
        for i, mine in enumerate(feeds):
            if mine:
                numbers[top(self._piece_of[mine[0]])].append(i)
        pieces: dict[int, list[int]] = defaultdict(list)
        for piece in range(len(leader)):
            pieces[top(piece)].append(piece)
        return [(pieces[first], some) for first, some in numbers.items()]

    def feed(self, name: str) -> int:
        """The index of a feed; raises ProblemError when there is none of that name."""
        found = self.index.get(name)
        if found is None or self.legs[found] == 0:
            raise ProblemError(f"{name} is no feed of the supply graph", where="facility.supply")
        return found

    def carries(self, loads: SupplyLoads) -> bool:
        """Whether nothing is overloaded in any scenario."""
        return not any(
            (found.part.alive & (found.nodes > self.usable_w[found.part.nodes] + TOLERANCE)).any()
            or (found.legs > self.leg_usable_w[found.part.nodes][:, None] + TOLERANCE).any()
            for found in loads.parts
        )

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

    def lives(self, feeds: Sequence[str]) -> Bools:
        """[some scenarios × feeds]: which of these are alive, without a loss first; the losses left out change none."""
        numbers = np.array([self.feed(name) for name in feeds], dtype=np.int64)
        pieces = sorted({self._piece_of[int(number)] for number in numbers})
        rows = np.unique(np.concatenate([np.zeros(1, dtype=np.int64), *(self.parts[p].rows for p in pieces)]))
        living: Bools = self.alive[np.ix_(rows, numbers)]
        return living

    def patterns_met(self, feeds: Sequence[str]) -> tuple[int, ...]:
        """What some scenario leaves alive of these feeds, as bits (bit 0 the first feed), ascending."""
        bits = self.lives(feeds) @ (1 << np.arange(len(feeds), dtype=np.int64))
        return tuple(np.unique(bits).tolist())


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
