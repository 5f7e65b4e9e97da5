"""Divides a weighted graph into groups that hold together: little weight is cut, no group is too large or at odds.

Each connected piece that fits is one group. A larger one goes to Leiden (Traag, Waltman and van Eck 2019, doi
10.1038/s41598-019-41695-z) under the constant Potts model with node sizes; what comes out too large is divided again at
twice the resolution. Then groups merge, the most weight first, and nodes move or change places where that cuts less,
single ones and those that hang together most as one; the same once more from single nodes on, and the better of the two
counts. A heuristic without a bound: tests hold it against all partitions of small graphs. Work grows with m log n.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from threading import Lock

import igraph
import numpy as np
from numpy.typing import NDArray

ITERATIONS = 4  # of Leiden at one resolution; the merging and moving after it mend what more would
PASSES = 8  # over all nodes at most; few graphs need more than three
_GENERATOR = Lock()  # igraph has one random number generator for the whole process


@dataclass(frozen=True, slots=True)
class Problem:
    """n nodes and m edges.

    `sizes` (n,) ≥ 0: 0 for a node that only stands for what others share. `edges` (m, 2) and `weights` (m,) > 0: what
    is lost when an edge's ends are in different groups. `classes`: for each node what decides with whom it gets on;
    `is_allowed` says whether nodes of these classes may share a group, and once it says no, no more classes change
    that. A group's size is at most `max_size`, but for a node that is larger alone.
    """

    sizes: NDArray[np.int64]
    edges: NDArray[np.int64]
    weights: NDArray[np.float64]
    classes: Sequence[frozenset[int]]
    max_size: int
    is_allowed: Callable[[frozenset[int]], bool]


def divide(problem: Problem, *, seed: int) -> NDArray[np.int64]:
    """A label for each node, from 0 in the order of each group's first node; the same input and seed, the same labels.

    Raises ValueError for a node whose own classes are not allowed together.
    """
    count = len(problem.sizes)
    known: dict[frozenset[int], bool] = {}

    def allowed(classes: frozenset[int]) -> bool:
        if classes not in known:
            known[classes] = problem.is_allowed(classes)
        return known[classes]

    for node, own in enumerate(problem.classes):
        if not allowed(own):
            raise ValueError(f"node {node} is at odds with itself")
    graph = igraph.Graph(n=count, edges=problem.edges.tolist())
    graph.es["weight"] = problem.weights.tolist()
    graph.vs["size"] = problem.sizes.tolist()
    graph.simplify(combine_edges="sum")  # loops go, parallel edges add up
    found: list[list[int]] = []
    for piece in graph.connected_components():
        whole = frozenset[int]().union(*(problem.classes[node] for node in piece))
        size = int(problem.sizes[piece].sum())
        if len(piece) == 1 or (size <= problem.max_size and allowed(whole)):
            found.append(list(piece))
        else:
            found.extend(_of_piece(problem, graph.induced_subgraph(piece), piece, allowed, seed))
    labels = np.full(count, -1, dtype=np.int64)
    for label, group in enumerate(sorted(found, key=min)):
        labels[group] = label
    return labels


def cut_weight(problem: Problem, labels: NDArray[np.int64]) -> float:
    """Σ weight of the edges whose ends have different labels."""
    if not len(problem.edges):
        return 0.0
    ends = labels[problem.edges]
    return float(problem.weights[ends[:, 0] != ends[:, 1]].sum())


def _of_piece(
    problem: Problem,
    piece: igraph.Graph,
    nodes: Sequence[int],
    allowed: Callable[[frozenset[int]], bool],
    seed: int,
) -> Iterator[list[int]]:
    with _seeded(seed):
        communities = list(_communities(piece, problem.max_size))
    classes = [problem.classes[node] for node in nodes]
    edges = [(*ends, weight) for ends, weight in zip(piece.get_edgelist(), piece.es["weight"], strict=True)]
    best: _Groups | None = None
    for start in (communities, [[node] for node in range(len(nodes))]):
        state = _Groups(piece.vs["size"], edges, classes, problem.max_size, allowed)
        state.start(start)
        for _ in range(PASSES):
            state.merge()
            moved = state.improve()
            if not (state.improve_as_units() or moved):
                break
        if best is None or state.cut() < best.cut() - _least(best.cut()):
            best = state
    for group in best.groups() if best is not None else ():
        yield [nodes[inner] for inner in group]


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Have igraph draw from a generator of our own; afterwards from Python's again, as after its import."""
    with _GENERATOR:
        igraph.set_random_number_generator(random.Random(seed))  # noqa: S311 - a search, no secret
        try:
            yield
        finally:
            igraph.set_random_number_generator(random)


def _communities(piece: igraph.Graph, max_size: int) -> Iterator[list[int]]:
    """Leiden's communities; those too large divided again, until they fit or are single nodes."""
    weight, size = sum(piece.es["weight"]), sum(piece.vs["size"])
    waiting = [(list(range(piece.vcount())), weight / max(size * max_size, 1) / 4)]
    while waiting:
        nodes, resolution = waiting.pop()
        sizes = piece.vs[nodes]["size"]
        if sum(sizes) <= max_size or sum(size > 0 for size in sizes) == 1:
            yield nodes
            continue
        part = piece.induced_subgraph(nodes)
        if not part.ecount():
            waiting.extend(([node], resolution) for node in nodes)
            continue
        found = part.community_leiden(
            objective_function="CPM",
            weights="weight",
            node_weights=part.vs["size"],
            resolution=resolution,
            n_iterations=ITERATIONS,
        )
        waiting.extend(([nodes[inner] for inner in group], resolution * 2) for group in found)


class _Groups:
    """The groups of one piece while they are bettered; a group is known by a number."""

    def __init__(
        self,
        sizes: Sequence[int],
        edges: Iterable[tuple[int, int, float]],
        classes: Sequence[frozenset[int]],
        max_size: int,
        allowed: Callable[[frozenset[int]], bool],
    ) -> None:
        self._sizes, self._classes, self._max, self._allowed = sizes, classes, max_size, allowed
        self._near: list[list[tuple[int, float]]] = [[] for _ in classes]
        for one, other, weight in edges:
            self._near[one].append((other, weight))
            self._near[other].append((one, weight))
        self._group = list(range(len(classes)))
        self._members: dict[int, set[int]] = {}
        self._size: dict[int, int] = {}
        self._held: dict[int, Counter[int]] = {}

    def start(self, communities: Iterable[Sequence[int]]) -> None:
        """Take over communities; one whose nodes do not get on falls into its nodes."""
        for community in communities:
            whole = frozenset[int]().union(*(self._classes[node] for node in community))
            for group in [community] if self._allowed(whole) else [[node] for node in community]:
                self._found(group)

    def _found(self, nodes: Sequence[int]) -> None:
        number = min(nodes)
        self._members[number] = set(nodes)
        self._size[number] = sum(self._sizes[node] for node in nodes)
        self._held[number] = Counter(c for node in nodes for c in self._classes[node])
        for node in nodes:
            self._group[node] = number

    def groups(self) -> list[list[int]]:
        return [sorted(members) for _, members in sorted(self._members.items())]

    def cut(self) -> float:
        """Σ weight between groups."""
        return sum(
            weight
            for node, near in enumerate(self._near)
            for other, weight in near
            if node < other and self._group[node] != self._group[other]
        )

    # --- merging ----------------------------------------------------------------------------------------------------

    def merge(self) -> None:
        """Join the two groups with most weight between them for as long as that is allowed."""
        between: dict[int, dict[int, float]] = {number: defaultdict(float) for number in self._members}
        for node, near in enumerate(self._near):
            for other, weight in near:
                if self._group[node] != self._group[other]:
                    between[self._group[node]][self._group[other]] += weight
        heap = [(-weight, a, b) for a, near in between.items() for b, weight in near.items() if a < b]
        heapify(heap)
        while heap:
            negative, one, other = heappop(heap)
            if between.get(one, {}).get(other) != -negative or not self._may_join(one, other):
                continue  # one of them has merged since, or they may not
            if len(between[one]) < len(between[other]):
                one, other = other, one
            self._join(one, other)
            for third, weight in between.pop(other).items():
                del between[third][other]
                if third != one:
                    between[one][third] += weight
                    between[third][one] = between[one][third]
                    heappush(heap, (-between[one][third], min(one, third), max(one, third)))

    def _may_join(self, one: int, other: int) -> bool:
        sizes = self._size[one], self._size[other]
        if min(sizes) > 0 and sum(sizes) > self._max:
            return False
        return self._allowed(frozenset({*self._held[one], *self._held[other]}))

    def _join(self, one: int, other: int) -> None:
        for node in self._members[other]:
            self._group[node] = one
        self._members[one] |= self._members.pop(other)
        self._size[one] += self._size.pop(other)
        self._held[one] += self._held.pop(other)

    # --- moving -----------------------------------------------------------------------------------------------------

    def improve(self) -> bool:
        """Move nodes, or let two change places, while that cuts less; says whether any did."""
        has_moved = False
        for _ in range(PASSES):
            moved = [node for node in range(len(self._group)) if self._better(node)]
            if not moved:
                break
            has_moved = True
        return has_moved

    def improve_as_units(self) -> bool:
        """`improve` with nodes contracted that hang on each other most; says whether any moved."""
        units = self._units()
        number = {node: unit for unit, nodes in enumerate(units) for node in nodes}
        between: dict[tuple[int, int], float] = defaultdict(float)
        for node, near in enumerate(self._near):
            for other, weight in near:
                if number[node] < number[other]:
                    between[number[node], number[other]] += weight
        coarse = _Groups(
            [sum(self._sizes[node] for node in nodes) for nodes in units],
            [(*ends, weight) for ends, weight in sorted(between.items())],
            [frozenset[int]().union(*(self._classes[node] for node in nodes)) for nodes in units],
            self._max,
            self._allowed,
        )
        inside: dict[int, list[int]] = defaultdict(list)
        for unit, nodes in enumerate(units):
            inside[self._group[nodes[0]]].append(unit)
        coarse.start(inside.values())
        if not coarse.improve():
            return False
        for known in (self._members, self._size, self._held):
            known.clear()
        for group in coarse.groups():
            self._found([node for unit in group for node in units[unit]])
        return True

    def _units(self) -> list[list[int]]:
        """Nodes of one group tied by what is the strongest edge of one of them."""
        leader = list(range(len(self._near)))

        def top(node: int) -> int:
            while leader[node] != node:
                leader[node] = leader[leader[node]]
                node = leader[node]
            return node

        for node, near in enumerate(self._near):
            if near:
                other = min(near, key=lambda entry: (-entry[1], entry[0]))[0]
                if self._group[other] == self._group[node]:
                    leader[top(node)] = top(other)
        found: dict[int, list[int]] = defaultdict(list)
        for node in range(len(leader)):
            found[top(node)].append(node)
        return list(found.values())

    def _pull(self, node: int) -> dict[int, float]:
        """The weight between a node and each group, its own included."""
        found: dict[int, float] = defaultdict(float)
        for other, weight in self._near[node]:
            found[self._group[other]] += weight
        return found

    def _better(self, node: int) -> bool:
        here, pull = self._group[node], self._pull(node)
        own = pull.get(here, 0.0)
        for there in sorted(pull, key=lambda number: (-pull[number], number)):
            gain = pull[there] - own
            if there == here or gain <= _least(own):
                return False
            if self._takes(there, node, ()):
                self._move(node, there)
                return True
            if self._changes_places(node, there, gain):
                return True
        return False

    def _takes(self, number: int, node: int, without: Sequence[int]) -> bool:
        size = self._size[number] + self._sizes[node] - sum(self._sizes[other] for other in without)
        if self._sizes[node] > 0 and size > max(self._max, self._sizes[node]):
            return False
        held = self._held[number]
        if without:
            held = held - Counter(c for other in without for c in self._classes[other])
        return self._allowed(frozenset({*held, *self._classes[node]}))

    def _changes_places(self, node: int, there: int, gain: float) -> bool:
        """Let a node of the full group go the other way, when both together cut less."""
        here = self._group[node]
        linked = dict(self._near[node])
        best: tuple[float, int] | None = None
        for other in self._members[there]:
            pull = self._pull(other)
            both = gain + pull.get(here, 0.0) - pull.get(there, 0.0) - 2 * linked.get(other, 0.0)
            if both > _least(gain) and (best is None or (-both, other) < best):
                fits = self._takes(there, node, (other,)) and self._takes(here, other, (node,))
                best = (-both, other) if fits else best
        if best is None:
            return False
        self._move(best[1], here)
        self._move(node, there)
        return True

    def _move(self, node: int, there: int) -> None:
        here = self._group[node]
        self._members[here].discard(node)
        self._size[here] -= self._sizes[node]
        self._held[here] -= Counter(self._classes[node])
        if not self._members[here]:
            del self._members[here], self._size[here], self._held[here]
        self._members[there].add(node)
        self._size[there] += self._sizes[node]
        self._held[there] += Counter(self._classes[node])
        self._group[node] = there


def _least(weight: float) -> float:
    """What a gain has to exceed to be more than rounding."""
    return 1e-9 * (1.0 + abs(weight))
