"""Rules on power and cooling: cords, every node and leg under no loss and every single loss, diversity, heat.

Loads only arrive at the target, and what a node carries is a sum of shares of draws that never shrink while the same
nodes are alive. So for each span between two dates of readiness and each loss, the load at the span's end is the
largest; where that passes a limit, the arrivals of the loads behind it are replayed to find the moment it first did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from capacity.facility import SupplyNode
from capacity.resources import LEGS, TOLERANCE
from capacity.verification.contents import Thing
from capacity.verification.moments import exceeded_by_arrivals
from capacity.verification.supply_graph import SupplyGraph
from capacity.verification.view import View
from capacity.verification.violations import Findings, number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
THREE_PHASE = "3P"
Key = TypeVar("Key")


def check(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    _cords(view, things, findings)
    _cooling(view, things, findings)
    graph = SupplyGraph(view.facility.supply)
    Replay(view, graph, [t for inside in things.values() for t in inside], findings).run()


def _cords(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    nodes = {node.name: node for node in view.facility.supply}
    for rack_id, inside in things.items():
        position = view.position_of(rack_id)
        for thing in inside:
            if thing.kind == "occupant":
                continue
            wrong = _wrong_cords(thing, nodes, position.feeds if position else None)
            if wrong:
                what, amount = wrong
                findings.add(
                    "POWER-CORDS",
                    thing.label,
                    f"{thing.label} {what}",
                    "give each of its supplies a cord to a feed of its position",
                    asset=thing.asset,
                    moment=view.moment(thing.since),
                    over=None if amount is None else (float(amount), "supplies"),
                )


def _wrong_cords(
    thing: Thing, nodes: dict[str, SupplyNode], feeds: tuple[str, ...] | None
) -> tuple[str, int | None] | None:
    wanted = thing.redundancy.supplies if thing.redundancy else 0
    if len(thing.supplies) != wanted and thing.kind != "kit":
        return f"has {wanted} supplies and {len(thing.supplies)} cords", len(thing.supplies) - wanted
    for supply in thing.supplies:
        node = nodes.get(supply.feed)
        if node is None:
            continue  # REF-UNKNOWN says it
        if feeds is not None and supply.feed not in feeds:
            return f"has a cord on feed {supply.feed}, which is not at its position", None
        legs = (*LEGS, THREE_PHASE) if node.is_three_phase else LEGS[:1]
        if supply.leg not in legs:
            return f"has a cord on leg {supply.leg} of feed {supply.feed}, which has {', '.join(legs)}", None
    return None


def _cooling(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    heat: dict[str, list[tuple[float, float]]] = {}
    for rack_id, inside in things.items():
        position = view.position_of(rack_id)
        if position is not None:
            heat.setdefault(position.cooling_zone, []).extend((t.since, t.power_w) for t in inside)
    for zone in view.facility.cooling_zones:
        hot = exceeded_by_arrivals(heat.get(zone.name, []), zone.usable_w)
        if hot:
            findings.add(
                "COOLING",
                f"cooling zone {zone.name}",
                f"cooling zone {zone.name} gets {number(zone.usable_w + hot.over)} W of heat "
                f"and takes {number(zone.usable_w)} W",
                "place something in another zone, or add a cooling unit",
                moment=view.moment(hot.since),
                over=(hot.over, "W"),
            )


@dataclass(slots=True)
class _Worst:
    """The worst a node or leg gets: since when, how much over, and under which loss."""

    since: float
    over: float
    loss: str


@dataclass(frozen=True, slots=True)
class _Carried:
    """What a span is like without any loss: loads that are `here` and `up` and what each cord of theirs draws, which
    nodes are alive, and W on legs [legs × nodes] and nodes.
    """

    here: list[bool]
    alive: list[bool]
    up: list[bool]
    share: list[float]
    legs: list[list[float]]
    nodes: list[float]


class Replay:
    """The loads on one supply graph, as arrays over loads (n) and their supplies (s)."""

    def __init__(self, view: View, graph: SupplyGraph, things: list[Thing], findings: Findings) -> None:
        self._view, self._graph, self._findings = view, graph, findings
        index = graph.index
        # A load with an unknown feed can't be followed; REF-UNKNOWN or POWER-CORDS says so.
        self._loads = [
            t
            for t in things
            if t.redundancy is not None and t.supplies and all(s.feed in index for s in t.supplies)
        ]
        self._draw: Floats = np.array([t.power_w for t in self._loads], dtype=float)
        self._since: Floats = np.array([t.since for t in self._loads], dtype=float)
        self._needed: Ints = np.array(
            [t.redundancy.needed if t.redundancy else 0 for t in self._loads], dtype=np.int64
        )
        self._is_diverse: Bools = np.array(
            [t.redundancy is not None and t.redundancy.spare > 0 for t in self._loads], dtype=bool
        )
        cords = [(n, s) for n, t in enumerate(self._loads) for s in t.supplies]
        self._load_of: Ints = np.array([n for n, _ in cords], dtype=np.int64)
        self._feed_of: Ints = np.array([index[s.feed] for _, s in cords], dtype=np.int64)
        self._leg_of: Ints = np.array([_leg(graph, s.feed, s.leg) for _, s in cords], dtype=np.int64)
        self._cords: list[list[tuple[int, int]]] = [[] for _ in self._loads]
        self._on: dict[int, dict[int, None]] = {}  # loads with a cord on each feed
        for load, feed, leg in zip(
            *(a.tolist() for a in (self._load_of, self._feed_of, self._leg_of)), strict=True
        ):
            self._cords[load].append((feed, leg))
            self._on.setdefault(feed, {})[load] = None
        self._nodes: dict[int, _Worst] = {}
        self._legs: dict[tuple[int, int], _Worst] = {}
        self._down: dict[int, tuple[float, str]] = {}

    def run(self) -> None:
        """Evaluate every span under every loss, then report each node, leg and load once."""
        if not self._loads:
            return
        ready = self._graph.ready_at(self._view)
        first = min(self._view.start, float(self._since.min()))
        last = max([first, float(self._since.max()), *map(self._view.ends, self._view.plan.steps)])
        changes = sorted({moment for moment in ready if first < moment <= last})
        for begin, end in zip([first, *changes], [*changes, last + 1], strict=True):
            here = self._since < end
            if here.any():
                self._span(begin, here, np.array([moment <= begin for moment in ready], dtype=bool))
        self._report()

    def _span(self, begin: float, here: Bools, ready: Bools) -> None:
        """One span with the same nodes ready: loads present at its end, under no loss and each single loss."""
        without = self._under(begin, here, ready, None, None)
        for loss in self._graph.can_fail:
            if not self._is_harmless(loss, without):
                self._under(begin, here, ready, loss, without)

    def _under(
        self, begin: float, here: Bools, ready: Bools, loss: int | None, without: _Carried | None
    ) -> _Carried:
        """Note what is too much or goes down under a loss (None: none); `without` is what no loss gives."""
        alive = self._graph.alive(ready, loss)
        supply_alive = alive[self._feed_of]
        count = np.bincount(self._load_of[supply_alive], minlength=len(self._loads))
        up = (count >= self._needed) & (count > 0)
        share = np.where(up, self._draw / np.maximum(count, 1), 0.0)
        per_supply = np.where(supply_alive, share[self._load_of], 0.0)
        name = "" if loss is None else self._graph.nodes[loss].name
        if without is not None:
            down = here & self._is_diverse & np.array(without.up, dtype=bool) & ~up
            self._note_down(np.flatnonzero(down), begin, name)
        legs = self._note_legs(begin, here, per_supply, name)
        nodes = self._note_nodes(begin, here, per_supply, alive, name)
        found = (here, alive, up, share, legs, nodes)
        return _Carried(*(a.tolist() if without is None else [] for a in found))

    def _is_harmless(self, lost: int, without: _Carried) -> bool:
        """Whether losing a node that only things are plugged into takes nothing down and nowhere brings too much.

        Their draw comes over their other cords then; all else stays as it is without the loss.
        """
        if not without.alive[lost]:
            return True
        if not self._graph.is_last(lost):
            return False
        more: dict[int, float] = {lost: -without.nodes[lost]}
        on_legs: dict[tuple[int, int], float] = {}
        for load in self._on.get(lost, ()):
            if not (without.here[load] and without.up[load]):
                continue
            left = [cord for cord in self._cords[load] if cord[0] != lost and without.alive[cord[0]]]
            is_up = len(left) >= max(int(self._needed[load]), 1)
            if not is_up and self._is_diverse[load]:
                return False
            change = (float(self._draw[load]) / len(left) if is_up else 0.0) - without.share[load]
            for feed, leg in left:
                more[feed] = more.get(feed, 0.0) + change
                for one in (leg,) if leg < len(LEGS) else range(len(LEGS)):
                    part = change if leg < len(LEGS) else change / len(LEGS)
                    on_legs[feed, one] = on_legs.get((feed, one), 0.0) + part
        graph, slack = self._graph, TOLERANCE / 2  # what is near a limit is reckoned in full
        return all(
            without.legs[leg][feed] + part <= graph.leg_w[feed] + slack
            for (feed, leg), part in on_legs.items()
        ) and all(
            without.nodes[node] + part <= graph.usable_w[node] + slack
            for node, part in graph.carried_more(more, without.alive).items()
            if node != lost
        )

    def _note_down(self, loads: Ints, begin: float, loss: str) -> None:
        for load in loads.tolist():
            since = max(begin, float(self._since[load]))
            if load not in self._down or since < self._down[load][0]:
                self._down[load] = (since, loss)

    def _note_nodes(self, begin: float, here: Bools, per_supply: Floats, alive: Bools, loss: str) -> Floats:
        """Note the nodes that carry too much; returns what each carries, [nodes]."""
        fed = _sums(self._feed_of, np.where(here[self._load_of], per_supply, 0.0), len(alive))
        carried = self._graph.carried(fed, alive)
        usable = self._graph.usable_w
        for node in np.flatnonzero(alive & (carried > usable + TOLERANCE)).tolist():
            share = self._graph.share_through(node, alive)
            arrivals = self._arrivals(begin, here, per_supply * share[self._feed_of])
            _keep_worst(self._nodes, node, arrivals, float(usable[node]), loss)
        return carried

    def _note_legs(self, begin: float, here: Bools, per_supply: Floats, loss: str) -> Floats:
        """Note the legs that carry too much; returns what each carries, [legs × nodes]."""
        present = np.where(here[self._load_of], per_supply, 0.0)
        nodes = len(self._graph.nodes)
        three = self._leg_of == len(LEGS)
        total = _sums(self._feed_of[three], present[three], nodes)
        found = np.zeros((len(LEGS), nodes))
        for leg in range(len(LEGS)):
            mine = self._leg_of == leg
            load = found[leg] = total / len(LEGS) + _sums(self._feed_of[mine], present[mine], nodes)
            for feed in np.flatnonzero(load > self._graph.leg_w + TOLERANCE).tolist():
                part = np.where(self._leg_of == leg, 1.0, np.where(three, 1 / len(LEGS), 0.0))
                arrivals = self._arrivals(begin, here, per_supply * part * (self._feed_of == feed))
                _keep_worst(self._legs, (feed, leg), arrivals, float(self._graph.leg_w[feed]), loss)
        return found

    def _arrivals(self, begin: float, here: Bools, per_supply: Floats) -> list[tuple[float, float]]:
        """What each load adds and when, within a span: earlier arrivals count from its begin."""
        added = _sums(self._load_of, per_supply, len(self._loads))
        return [
            (max(begin, float(self._since[n])), float(added[n]))
            for n in np.flatnonzero(here & (added > 0)).tolist()
        ]

    # --- reports --------------------------------------------------------------------------------------------------

    def _report(self) -> None:
        for node_index, worst in self._nodes.items():
            node = self._graph.nodes[node_index]
            usable = float(self._graph.usable_w[node_index])
            self._findings.add(
                "POWER-NODE",
                f"{node.kind} {node.name}",
                f"{node.kind} {node.name} carries {number(usable + worst.over)} W{_when(worst.loss)}, "
                f"{number(worst.over)} W more than its {number(usable)} W",
                "move load to another line, or raise the limit",
                moment=self._view.moment(worst.since),
                over=(worst.over, "W"),
            )
        for (feed, leg), worst in self._legs.items():
            name, limit = f"{self._graph.nodes[feed].name} {LEGS[leg]}", float(self._graph.leg_w[feed])
            self._findings.add(
                "POWER-LEG",
                f"leg {name}",
                f"leg {name} carries {number(limit + worst.over)} W{_when(worst.loss)}, "
                f"{number(worst.over)} W more than its {number(limit)} W",
                "move a cord to another leg or feed",
                moment=self._view.moment(worst.since),
                over=(worst.over, "W"),
            )
        for load, (since, loss) in self._down.items():
            thing = self._loads[load]
            self._findings.add(
                "POWER-DIVERSE",
                thing.label,
                f"{thing.label} ({thing.redundancy}) goes down when {loss} is lost",
                "put its supplies on feeds that have no node in common",
                asset=thing.asset,
                moment=self._view.moment(since),
                over=(thing.power_w, "W"),
            )


def _sums(index: Ints, values: Floats, length: int) -> Floats:
    """Values added up by index."""
    return np.asarray(np.bincount(index, weights=values, minlength=length), dtype=np.float64)


def _leg(graph: SupplyGraph, feed: str, leg: str) -> int:
    """Index of a cord's leg; 3 for a three-phase cord. On a single-phase feed everything is on L1."""
    if not graph.nodes[graph.index[feed]].is_three_phase:
        return 0
    return LEGS.index(leg) if leg in LEGS else len(LEGS)


def _keep_worst(
    worst: dict[Key, _Worst], key: Key, arrivals: list[tuple[float, float]], limit: float, loss: str
) -> None:
    found = exceeded_by_arrivals(arrivals, limit)
    if found is None:
        return
    known = worst.get(key)
    if known is None:
        worst[key] = _Worst(found.since, found.over, loss)
        return
    known.since = min(known.since, found.since)
    if found.over > known.over + TOLERANCE:
        known.over, known.loss = found.over, loss


def _when(loss: str) -> str:
    return f" when {loss} is lost" if loss else ""
