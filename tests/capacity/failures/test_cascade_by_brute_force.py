"""The cascade on random small graphs against a naive recursion that follows every watt, round by round."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from capacity.facility import Supply, SupplyNode
from capacity.failures.standing import Load
from capacity.failures.supply_cascade import SupplyCascade
from capacity.resources import Redundancy

LEGS = ("L1", "L2", "L3")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[SupplyNode, ...]:
    """Two to four layers of nodes, each drawing from those above it; the last layer is feeds."""
    layers = [
        [f"n{layer}{i}" for i in range(draw(st.integers(1, 3)))] for layer in range(draw(st.integers(1, 3)))
    ]
    layers.append([f"feed{i}" for i in range(draw(st.integers(1, 4)))])
    nodes: list[SupplyNode] = []
    for layer, names in enumerate(layers):
        above = [name for row in layers[:layer] for name in row]
        for name in names:
            sources = (
                draw(st.lists(st.sampled_from(above), unique=True, min_size=1, max_size=3)) if above else []
            )
            nodes.append(
                SupplyNode(
                    name,
                    "feed" if name.startswith("feed") else "distribution",
                    float(draw(st.sampled_from((300, 900, 2000, 5000)))),
                    draw(st.sampled_from((1.0, 0.8))),
                    tuple(sources),
                    draw(st.sampled_from(("transfer", "parallel"))),
                    draw(st.booleans()),
                )
            )
    return tuple(draw(st.permutations(nodes)))


@st.composite
def cases(
    draw: st.DrawFn,
) -> tuple[tuple[SupplyNode, ...], tuple[Load, ...], tuple[str, ...], tuple[int, ...], float]:
    nodes = draw(graphs())
    feeds = {node.name: node for node in nodes if node.kind == "feed"}
    loads = []
    for n in range(draw(st.integers(1, 6))):
        redundancy = Redundancy.parse(draw(st.sampled_from(("1+0", "1+1", "2+1", "2+2"))))
        cords = []
        for _ in range(redundancy.supplies):
            feed = draw(st.sampled_from(sorted(feeds)))
            legs = (*LEGS, "3P") if feeds[feed].is_three_phase else ("L1",)
            cords.append(Supply(feed, draw(st.sampled_from(legs))))
        watts = float(draw(st.sampled_from((0, 100, 250, 700))))
        loads.append(Load(f"load{n}", "device", "rack", watts, redundancy, tuple(cords)))
    names = sorted(node.name for node in nodes)
    lost = tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=3)))
    gone = tuple(draw(st.lists(st.integers(0, len(loads) - 1), unique=True, max_size=2)))
    return nodes, tuple(loads), lost, gone, draw(st.sampled_from((1.0, 0.7, 1.3)))


# --- the naive way ---------------------------------------------------------------------------------------------------


class Naive:
    """Follows each load by recursion, with these nodes lost."""

    def __init__(self, nodes: tuple[SupplyNode, ...], lost: set[str]) -> None:
        self.nodes = {node.name: node for node in nodes}
        self.lost = lost
        self.load: dict[str, float] = dict.fromkeys(self.nodes, 0.0)
        self.legs: dict[tuple[str, str], float] = {}

    def alive(self, name: str) -> bool:
        node = self.nodes[name]
        return name not in self.lost and (not node.sources or any(map(self.alive, node.sources)))

    def plug(self, load: Load) -> bool:
        """Let the load draw; says whether it is up."""
        assert load.redundancy is not None
        alive = [supply for supply in load.supplies if self.alive(supply.feed)]
        if len(alive) < load.redundancy.needed:
            return False
        for supply in alive:
            part = load.power_w / len(alive)
            three = supply.leg == "3P" and self.nodes[supply.feed].is_three_phase
            for leg in LEGS if three else (supply.leg,):
                key = (supply.feed, leg)
                self.legs[key] = self.legs.get(key, 0.0) + (part / 3 if three else part)
            self.flow(supply.feed, part)
        return True

    def flow(self, name: str, watts: float) -> None:
        self.load[name] += watts
        node = self.nodes[name]
        living = [source for source in node.sources if self.alive(source)]
        takers = living if node.mode == "parallel" else living[:1]
        for source in takers:
            self.flow(source, watts / len(takers))

    def trips(self, share: float) -> set[str]:
        found = {name for name, w in self.load.items() if w > self.nodes[name].rating_w * share + 1e-6}
        for (feed, _), w in self.legs.items():
            node = self.nodes[feed]
            if w > node.rating_w * share / (3 if node.is_three_phase else 1) + 1e-6:
                found.add(feed)
        return {name for name in found if self.alive(name)}


def naively(
    nodes: tuple[SupplyNode, ...], loads: tuple[Load, ...], lost: set[str], gone: set[int], share: float
) -> tuple[list[set[str]], set[int]]:
    """What trips in each round, and which loads are down in the end."""
    rounds: list[set[str]] = []
    while True:
        naive = Naive(nodes, lost)
        down = {n for n, load in enumerate(loads) if n not in gone and not naive.plug(load)}
        tripped = naive.trips(share)
        if not tripped:
            return rounds, down
        rounds.append(tripped)
        lost = lost | tripped


def fallen(case):
    nodes, loads, lost, gone, share = case
    cascade = SupplyCascade(nodes, loads, np.ones(len(nodes), dtype=bool), share)
    lost_row = np.array([[node.name in lost for node in nodes]])
    gone_row = np.array([[n in gone for n in range(len(loads))]])
    return cascade, cascade.fall(lost_row, gone_row), lost_row, gone_row


@given(cases())
def test_what_trips_in_which_round_and_what_is_down_in_the_end(case) -> None:
    nodes, loads, lost, gone, share = case
    _, found, _, _ = fallen(case)
    rounds, down = naively(nodes, loads, set(lost), set(gone), share)
    tripped = found.tripped_in[0]
    names = [node.name for node in nodes]
    assert [
        {names[n] for n in np.flatnonzero(tripped == turn)} for turn in range(1, tripped.max() + 1)
    ] == rounds
    assert set(np.flatnonzero(found.down[0]).tolist()) == down


@given(cases())
def test_every_overload_shown_is_one_and_none_is_left_out(case) -> None:
    nodes, loads, lost, gone, share = case
    _, found, _, _ = fallen(case)
    rounds, _ = naively(nodes, loads, set(lost), set(gone), share)
    out = set(lost)
    for turn in range(len(rounds) + 1):
        naive = Naive(nodes, out)
        for n, load in enumerate(loads):
            if n not in gone:
                naive.plug(load)
        over = {
            (node.name, "")
            for node in nodes
            if naive.load[node.name] > node.rating_w * min(node.derating, share) + 1e-6
        } | {
            (feed, leg)
            for (feed, leg), w in naive.legs.items()
            for node in [naive.nodes[feed]]
            if w > node.rating_w * min(node.derating, share) / (3 if node.is_three_phase else 1) + 1e-6
        }
        shown = {
            (nodes[o.node].name, LEGS[o.leg] if o.leg >= 0 else "")
            for o in found.overloads
            if o.round == turn
        }
        assert shown == over
        out |= rounds[turn] if turn < len(rounds) else set()


@given(cases(), st.data())
def test_before_anything_trips_losing_more_brings_down_no_less(case, data) -> None:
    nodes, loads, lost, gone, _ = case
    more = {*lost, *data.draw(st.lists(st.sampled_from(sorted(n.name for n in nodes)), max_size=2))}
    cascade = SupplyCascade(nodes, loads, np.ones(len(nodes), dtype=bool))
    rows = np.array([[node.name in names for node in nodes] for names in (set(lost), more)])
    nothing = np.array([[n in gone for n in range(len(loads))]] * 2)
    down = cascade.fall(rows, nothing, cascades=False).down
    assert not (down[0] & ~down[1]).any()


@given(st.lists(cases(), min_size=2, max_size=4))
def test_scenarios_side_by_side_don_t_touch_each_other(several) -> None:
    nodes, loads, _, _, share = several[0]
    cascade = SupplyCascade(nodes, loads, np.ones(len(nodes), dtype=bool), share)
    rng = np.random.default_rng(len(nodes))
    lost = rng.random((len(several), len(nodes))) < 0.3
    gone = rng.random((len(several), len(loads))) < 0.2
    together = cascade.fall(lost, gone)
    for s in range(len(several)):
        alone = cascade.fall(lost[s : s + 1], gone[s : s + 1])
        assert (alone.down[0] == together.down[s]).all()
        assert (alone.tripped_in[0] == together.tripped_in[s]).all()
