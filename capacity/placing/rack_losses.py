"""Which losses matter for which node of the supply graph: the rows that the rack solver follows, instead of every one.

A row is a node in one scenario. Most say nothing new: where a loss leaves a node no more than it has without it, or no
more than another loss does, the row is left out, so that the rows grow with the graph and not with its square. What is
left out never binds before what is kept does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capacity.placing.rack_bins import Bin
from capacity.placing.rack_supply import Template
from capacity.power import SupplyModel
from capacity.resources import Redundancy

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Kind:
    """Clusters of feeds that are alike above: which feeds live [losses × feeds], what a node gets of each's load."""

    clusters: tuple[int, ...]
    alive: Bools
    carried: Floats  # [feeds × losses × nodes]


def row_arrays(
    supply: SupplyModel, bins: Sequence[Bin], templates: dict[Template, int], parts: dict[str, Any]
) -> dict[str, Any]:
    """`row_scenario` and `row_node` [rows]; for each cluster its entries: row, pattern, feed and share of its load."""
    single, losses = _losses(supply)
    kinds = _kinds(supply, losses, parts)
    nodes = len(parts["node_cap"])
    kept = np.zeros((len(losses), nodes), dtype=np.bool_)
    never_less = np.ones((len(losses), nodes), dtype=np.bool_)
    for kind in kinds:
        kept |= ~_is_no_more(kind)
        base = kind.carried[:, :1]
        never_less &= ((base == 0) | (kind.carried >= base)).all(axis=0)
    if not _stay_up(supply, bins, templates):
        never_less[:] = False
    rows = [(int(losses[loss]), int(node)) for loss, node in np.argwhere(kept)]
    for kind in kinds:
        rows += _single_rows(supply, kind, never_less, single, parts)
    return _entries(kinds, losses, rows, parts) | {
        "row_scenario": np.array([scenario for scenario, _ in rows], dtype=np.int64),
        "row_node": np.array([node for _, node in rows], dtype=np.int64),
    }


def _losses(supply: SupplyModel) -> tuple[dict[int, int], NDArray[np.int64]]:
    """Feeds that feed nothing further, with the scenario of their loss; and all other scenarios, no loss first."""
    is_source = {source for sources in supply.sources for source in sources}
    single: dict[int, int] = {}
    others = [0]
    for scenario, name in enumerate(supply.scenarios[1:], start=1):
        node = supply.index[name]
        if supply.legs[node] and node not in is_source:
            single[node] = scenario
        else:
            others.append(scenario)
    return single, np.array(others, dtype=np.int64)


def _kinds(supply: SupplyModel, losses: NDArray[np.int64], parts: dict[str, Any]) -> list[_Kind]:
    classes = len(parts["feed_classes"])
    nodes = len(parts["node_cap"])
    share = np.zeros((classes, len(losses), nodes))
    for at, scenario in enumerate(losses):
        for c in range(classes):
            row = scenario * classes + c
            entries = slice(parts["route_ptr"][row], parts["route_ptr"][row + 1])
            np.add.at(share[c, at], parts["route_node"][entries], parts["route_share"][entries])
    alive = supply.alive[losses]
    found: dict[tuple[object, ...], list[int]] = {}
    for c, names in enumerate(parts["clusters"]):
        feeds = [supply.feed(name) for name in names]
        key = (tuple(parts["feed_route"][c, : len(names)].tolist()), alive[:, feeds].tobytes())
        found.setdefault(key, []).append(c)
    kinds = []
    for clusters in found.values():
        names = parts["clusters"][clusters[0]]
        mine = alive[:, [supply.feed(name) for name in names]]
        routes = parts["feed_route"][clusters[0], : len(names)]
        kinds.append(_Kind(tuple(clusters), mine, share[routes] * mine.T[:, :, None]))
    return kinds


def _is_no_more(kind: _Kind) -> Bools:
    """[losses × nodes]: whether no load of these feeds brings a node more after the loss than without it.

    So where nothing of it arrives, where the same feeds live and bring no larger shares, and where without the loss the
    whole load arrives over whichever feed. The first row, no loss, says so only of nodes that carry nothing at all.
    """
    if not len(kind.alive) or not kind.alive.shape[1]:
        return np.ones(kind.carried.shape[1:], dtype=np.bool_)
    base = kind.carried[:, :1]
    is_none: Bools = (kind.carried == 0).all(axis=0)
    is_same = (kind.alive == kind.alive[0]).all(axis=1)[:, None] & (kind.carried <= base).all(axis=0)
    is_whole = kind.alive[0].all() & (kind.carried.max(axis=0) <= base.min(axis=0))
    less: Bools = is_none | is_same | is_whole
    less[0] = is_none[0]
    return less


def _stay_up(supply: SupplyModel, bins: Sequence[Bin], templates: dict[Template, int]) -> bool:
    """Whether no load that a loss leaves a living supply goes down: then what lives draws no less than before."""
    if any(template[0] > 1 and not template[1] for template in templates):
        return False
    for b in bins:
        for item in b.rack.contents:
            needed = Redundancy.parse(item.redundancy).needed
            if needed > 1 and item.supplies:
                count = supply.lives([cord.feed for cord in item.supplies]).sum(axis=1)
                if ((count > 0) & (count < needed)).any():
                    return False
    return True


def _single_rows(
    supply: SupplyModel, kind: _Kind, never_less: Bools, single: dict[int, int], parts: dict[str, Any]
) -> list[tuple[int, int]]:
    """Rows for the loss of one feed alone, where no loss above it is at least as bad for the node."""
    rows = []
    base = kind.carried[:, 0]
    for i in range(kind.alive.shape[1]):
        if not kind.alive[0, i]:
            continue
        after = base.copy()
        after[i] = 0
        left = kind.alive[0].copy()
        left[i] = False
        less = (after == 0).all(axis=0)
        if kind.alive[0].all():
            less |= after.max(axis=0) <= base.min(axis=0)
        alike = (kind.alive == left).all(axis=1)[:, None] & (kind.carried >= after[:, None]).all(axis=0)
        less |= (alike & never_less).any(axis=0)
        for node in np.flatnonzero(~less):
            for c in kind.clusters:
                scenario = single.get(supply.feed(parts["clusters"][c][i]))
                if scenario is not None:
                    rows.append((scenario, int(node)))
    return rows


def _entries(
    kinds: Sequence[_Kind], losses: NDArray[np.int64], rows: Sequence[tuple[int, int]], parts: dict[str, Any]
) -> dict[str, Any]:
    """Every cluster's entries, by cluster: a feed's share of its load in a pattern that lands on a row."""
    at = {int(scenario): i for i, scenario in enumerate(losses)}
    own = np.array([at.get(scenario, -1) for scenario, _ in rows], dtype=np.int64)
    scenarios = np.array([scenario for scenario, _ in rows], dtype=np.int64)
    nodes = np.array([node for _, node in rows], dtype=np.int64)
    found: list[Any] = [None] * len(parts["clusters"])
    empty = np.zeros((4, 0))
    for kind in kinds:
        # After the loss of one feed elsewhere a cluster's load arrives as without any loss.
        carried = kind.carried[:, np.maximum(own, 0), nodes] if len(rows) else np.zeros((0, 0))
        feed, row = np.nonzero(carried)
        share = carried[feed, row]
        order = np.lexsort((feed, row))
        feed, row, share = feed[order], row[order], share[order]
        for c in kind.clusters:
            pattern = parts["pattern_of"][scenarios[row], c] if len(row) else row
            lives = parts["alive"][c][pattern, feed].astype(bool) if len(row) else np.zeros(0, dtype=bool)
            found[c] = np.array([row[lives], pattern[lives], feed[lives], share[lives]])
    table = np.concatenate([empty, *found], axis=1)
    sizes = [entries.shape[1] for entries in found]
    return {
        "entry_ptr": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        "entry_row": table[0].astype(np.int64),
        "entry_pattern": table[1].astype(np.int64),
        "entry_feed": table[2].astype(np.int64),
        "entry_share": table[3].copy(),
    }
