"""What the supply graph makes of a rack's place: the lines of its position, and the nodes it loads in each loss.

Positions whose feeds draw from the same nodes form a class. A cell is a node under a loss, as far as it differs between
classes; what a rack adds to it is the part of its draw that its feeds carry when those of them are alive. Losses of
single feeds are left to the whole graph, asked at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from capacity.facility import Facility, Position, TargetRack
from capacity.power import SupplyModel

if TYPE_CHECKING:
    from capacity.placing.floor_arrangement import Content

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Line:
    """A position's supply. `above`: class of positions; `kind` what has to be equal where a rack moves: its feeds'
    limits, legs and patterns. `row_w`: what its weakest line has for all that hang on it.
    """

    feeds: tuple[int, ...]
    above: tuple[object, ...]
    kind: tuple[object, ...]
    row_w: float
    ready_on: tuple[date, ...]

    @classmethod
    def of(cls, facility: Facility, supply: SupplyModel, position: Position) -> Line:
        feeds = tuple(supply.feed(name) for name in position.feeds)
        ready = {phase.name: phase.ready_on for phase in facility.phases}
        found: set[int] = set()
        waiting = list(feeds)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting.extend(supply.sources[node])
        phases = {supply.nodes[node].phase for node in found}
        lines = {source for feed in feeds for source in supply.sources[feed]}
        return cls(
            feeds,
            tuple((supply.sources[feed], supply.nodes[feed].mode) for feed in feeds),
            (
                tuple((float(supply.usable_w[f]), int(supply.legs[f])) for f in feeds),
                supply.patterns_met(position.feeds),
            ),
            min((float(supply.usable_w[line]) for line in lines), default=0.0),
            tuple(sorted({ready[phase] for phase in phases if phase is not None})),
        )


@dataclass(frozen=True, slots=True)
class Cells:
    """As `solvers.floor.Problem` has them; a profile's part is (number of `masks`, feed)."""

    place_class: Ints
    ptr: Ints
    cell: Ints
    part: Ints
    share: Floats
    limit: Floats
    masks: tuple[int, ...]
    width: int


def cells_of(facility: Facility, supply: SupplyModel, lines: Sequence[Line]) -> Cells:
    """The limited cells that tell one class of positions from another, cooling zones among them."""
    classes: dict[object, int] = {}
    examples: list[Line] = []
    zone_of: list[str] = []
    place_class = []
    for position, line in zip(facility.positions, lines, strict=True):
        key = (line.above, position.cooling_zone)
        if key not in classes:
            classes[key] = len(examples)
            examples.append(line)
            zone_of.append(position.cooling_zone)
        place_class.append(classes[key])
    width = max([1, *(len(line.feeds) for line in examples)])
    rows = _rows(supply, examples)
    masks = tuple(sorted({mask for _, takes in rows for _, mask, _ in takes} | {(1 << width) - 1}))
    number_of = {mask: i for i, mask in enumerate(masks)}
    entries: list[list[tuple[int, int, float]]] = [[] for _ in examples]
    limit = list(rows.values())
    for cell, (_, takers) in enumerate(rows):
        for c, mask, shares in takers:
            for feed, share in enumerate(shares):
                if share:
                    entries[c].append((cell, number_of[mask] * width + feed, share))
    for zone in facility.cooling_zones:
        inside = [c for c, name in enumerate(zone_of) if name == zone.name]
        if inside and len(inside) < len(examples):
            for c in inside:
                entries[c].append((len(limit), len(masks) * width, 1.0))
            limit.append(zone.usable_w)
    flat = [entry for found in entries for entry in found]
    return Cells(
        np.array(place_class, dtype=np.int64),
        np.concatenate([[0], np.cumsum([len(found) for found in entries])]).astype(np.int64),
        np.array([cell for cell, _, _ in flat], dtype=np.int64),
        np.array([part for _, part, _ in flat], dtype=np.int64),
        np.array([share for _, _, share in flat], dtype=np.float64),
        np.array(limit, dtype=np.float64),
        masks,
        width,
    )


def _rows(
    supply: SupplyModel, examples: Sequence[Line]
) -> dict[tuple[int, tuple[tuple[int, int, tuple[float, ...]], ...]], float]:
    """Each node with what the classes of positions bring it under some loss (class, mask, share by feed), once: its
    limit in W.
    """
    losses = {supply.index[lost]: s for s, lost in enumerate(supply.scenarios) if lost}
    reach = [
        _reach(supply, line, {node: s for node, s in losses.items() if not supply.legs[node]})
        for line in examples
    ]
    through: dict[int, list[int]] = {}
    for number, found in enumerate(reach):
        for node in dict.fromkeys(node for shares in found.values() for node in shares):
            through.setdefault(node, []).append(number)
    rows: dict[tuple[int, tuple[tuple[int, int, tuple[float, ...]], ...]], float] = {}
    for node, takers in through.items():
        for scenario in sorted({s for number in takers for s in reach[number]}):
            takes = [
                (number, *there[node])
                for number in takers
                if node in (there := reach[number].get(scenario, reach[number][0]))
            ]
            is_same = len(takes) == len(examples) and len({take[1:] for take in takes}) == 1
            if takes and not is_same:
                rows[node, tuple(takes)] = float(supply.usable_w[node])
    return rows


def _reach(
    supply: SupplyModel, line: Line, losses: Mapping[int, int]
) -> dict[int, dict[int, tuple[int, tuple[float, ...]]]]:
    """For no loss (0) and each loss above a position, by node above it: which of its feeds are alive, and what share of
    each arrives. `losses`: scenario by node lost; those of other nodes leave all here as it is.
    """
    waiting = [source for feed in line.feeds for source in supply.sources[feed]]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(supply.sources[node])
    above = [node for node in reversed(supply.order) if node in seen]
    column = {node: i for i, node in enumerate(above)}
    scenarios = [0, *sorted(losses[node] for node in above if node in losses)]
    alive = supply.alive[scenarios]
    carried = np.zeros((len(scenarios), len(line.feeds), len(above)))
    for k, feed in enumerate(line.feeds):
        for source, part in zip(supply.sources[feed], supply.dealt(feed)[scenarios].T, strict=True):
            carried[:, k, column[source]] += part
    for node in above:
        for source, part in zip(supply.sources[node], supply.dealt(node)[scenarios].T, strict=True):
            carried[:, :, column[source]] += carried[:, :, column[node]] * (part * alive[:, node])[:, None]
    found: dict[int, dict[int, tuple[int, tuple[float, ...]]]] = {}
    for at, s in enumerate(scenarios):
        mask = sum(1 << k for k, feed in enumerate(line.feeds) if alive[at, feed])
        found[s] = {
            node: (mask, tuple(carried[at, :, i].round(12).tolist()))
            for node, i in column.items()
            if alive[at, node] and carried[at, :, i].any()
        }
    return found


def profiles(
    racks: Sequence[TargetRack],
    contents: Sequence[Content],
    positions: Sequence[Position],
    index: Mapping[str, int],
    masks: Sequence[int],
) -> Floats:
    """[racks × (masks × feeds + 1)] W: what each feed of a position carries by mask of those alive; last, the heat."""
    width = max([1, *(len(position.feeds) for position in positions)])
    found = np.zeros((len(racks), len(masks) * width + 1))
    for number, (rack, content) in enumerate(zip(racks, contents, strict=True)):
        feeds = {name: k for k, name in enumerate(positions[index[rack.position]].feeds)}
        found[number, -1] = content.power_w
        for load in content.loads:
            cords = [feeds.get(cord.feed) for cord in load.supplies]
            for m, mask in enumerate(masks):
                up = [k for k in cords if k is not None and mask >> k & 1]
                if len(up) >= load.redundancy.needed and up:
                    for k in up:
                        found[number, m * width + k] += load.power_w / len(up)
    return found
