"""The supply graph as the rack solver's arrays: feeds and their patterns, ways to plug, routes above, what kit draws.

Feeds that a position has in common form a cluster; a pattern says which feeds of a cluster are alive. `power` holds the
graph itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from capacity.placing.rack_bins import Bin
from capacity.power import THREE_PHASE, SupplyModel
from capacity.resources import LEGS, Redundancy

# Supplies that carry the load, spare ones, three-phase cords, the only feed of a position that takes them (or ANY).
Template = tuple[int, int, bool, int]
ANY = -1


def _clusters(bins: Sequence[Bin]) -> list[list[str]]:
    """Feeds that some position has in common stand in one cluster."""
    leader: dict[str, str] = {}

    def top(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for b in bins:
        mounted = [s.feed for m in b.rack.contents for s in m.supplies]
        names = [*b.position.feeds, *mounted]
        for name in names:
            leader.setdefault(name, name)
        for name in names[1:]:
            leader[top(name)] = top(names[0])
    found: dict[str, list[str]] = {}
    for name in leader:
        found.setdefault(top(name), []).append(name)
    return list(found.values()) or [[]]


def feed_arrays(supply: SupplyModel, bins: Sequence[Bin]) -> dict[str, Any]:
    clusters = _clusters(bins)
    place_of = {name: (c, i) for c, names in enumerate(clusters) for i, name in enumerate(names)}
    alive, pattern_of = [], []
    for names in clusters:
        state = supply.alive[:, [supply.feed(name) for name in names]]
        # Which scenarios leave other feeds alive than no loss does, are few; the patterns among them as rows in order.
        changed = np.flatnonzero((state != state[0]).any(axis=1))
        rows, which = np.unique(state[np.append(0, changed)], axis=0, return_inverse=True)
        which = which.reshape(-1)
        patterns = np.full(len(state), which[0], dtype=np.int64)
        patterns[changed] = which[1:]
        alive.append(rows)
        pattern_of.append(patterns)
    widest, most = max(len(c) for c in clusters), max(len(rows) for rows in alive)
    width = max(1, widest)
    shape = (len(clusters), width)
    out: dict[str, Any] = {
        "alive": np.zeros((len(clusters), most, width), dtype=np.uint8),
        "pattern_count": np.array([len(rows) for rows in alive], dtype=np.int64),
        "pattern_of": np.array(pattern_of, dtype=np.int64).T.copy(),
        "feed_cap": np.full(shape, 1e-12),
        "leg_cap": np.full(shape, 1e-12),
        "leg_count": np.ones(shape, dtype=np.int64),
        "feed_route": np.zeros(shape, dtype=np.int64),
        "clusters": clusters,
        "place_of": place_of,
    }
    classes: dict[tuple[object, ...], int] = {}
    examples: list[tuple[int, int]] = []
    is_source = {source for sources in supply.sources for source in sources}
    for c, names in enumerate(clusters):
        out["alive"][c, : len(alive[c]), : len(names)] = alive[c]
        for i, name in enumerate(names):
            feed = supply.feed(name)
            out["feed_cap"][c, i] = max(supply.usable_w[feed], 1e-12)
            out["leg_cap"][c, i] = max(supply.leg_usable_w[feed], 1e-12)
            out["leg_count"][c, i] = supply.legs[feed]
            route = feed if feed in is_source else -1
            key = (supply.sources[feed], supply.nodes[feed].mode, route)
            if key not in classes:
                examples.append((feed, route))
            out["feed_route"][c, i] = classes.setdefault(key, len(classes))
    out["feed_classes"] = examples
    own = max([1, *(len(b.position.feeds) for b in bins)])
    out["bin_feeds"] = np.full((len(bins), own), -1, dtype=np.int64)
    out["bin_cluster"] = np.zeros(len(bins), dtype=np.int64)
    for i, b in enumerate(bins):
        feeds = b.position.feeds or tuple(s.feed for m in b.rack.contents for s in m.supplies)
        if feeds:
            out["bin_cluster"][i] = place_of[feeds[0]][0]
        for k, name in enumerate(b.position.feeds):
            out["bin_feeds"][i, k] = place_of[name][1]
    return out


def cord_arrays(
    templates: dict[Template, int], bins: Sequence[Bin], supply: SupplyModel, parts: dict[str, Any]
) -> dict[str, Any]:
    """How many cords of a template may go on each feed of a kind of bin: diverse whatever single loss there is."""
    kinds: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
    kind_of = []
    for b in bins:
        feeds = b.position.feeds
        patterns = supply.patterns_met(feeds)
        legs = tuple(int(supply.legs[supply.feed(feed)]) for feed in feeds)
        kind_of.append(kinds.setdefault((patterns, legs), len(kinds)))
    width = parts["bin_feeds"].shape[1]
    lists = {
        (kind, t): _options(template, patterns, legs)
        for (patterns, legs), kind in kinds.items()
        for template, t in templates.items()
    }
    most = max([1, *(len(options) for options in lists.values())])
    options = np.zeros((max(1, len(kinds)), len(templates), most, width), dtype=np.int8)
    count = np.zeros((max(1, len(kinds)), len(templates)), dtype=np.int64)
    for (kind, t), found in lists.items():
        count[kind, t] = len(found)
        for o, counts in enumerate(found):
            options[kind, t, o, : len(counts)] = counts
    return {
        "bin_kind": np.array(kind_of, dtype=np.int64),
        "options": options,
        "option_count": count,
        "cord_needed": np.array([needed for needed, _, _, _ in templates], dtype=np.int64),
        "cord_spare": np.array([spare for _, spare, _, _ in templates], dtype=np.int64),
        "cord_three": np.array([is_three for _, _, is_three, _ in templates], dtype=np.uint8),
    }


def _options(template: Template, patterns: Sequence[int], legs: Sequence[int]) -> list[tuple[int, ...]]:
    needed, spare, is_three, side = template
    cords = needed + spare
    usable = [(count == 3 or not is_three) and side in (ANY, feed) for feed, count in enumerate(legs)]
    ranges = [range(cords + 1) if ok else range(1) for ok in usable]
    if spare:
        # One pattern of all feeds lost leaves no diverse option at all.
        least = [counts for counts in product(*ranges) if sum(counts) == cords]
        return [
            counts
            for counts in least
            if all(sum(n for i, n in enumerate(counts) if pattern >> i & 1) >= needed for pattern in patterns)
        ]
    return [counts for counts in product(*ranges) if sum(counts) == cords]


def inner_nodes(supply: SupplyModel) -> tuple[int, ...]:
    """The nodes whose load the solver follows: all but the feeds, unless a feed feeds others."""
    is_source = {source for sources in supply.sources for source in sources}
    return tuple(n for n in range(len(supply.names)) if not supply.legs[n] or n in is_source)


def route_arrays(supply: SupplyModel, classes: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """For every scenario and class of feeds, the nodes its load reaches and with what share.

    A class is (a feed of it, that feed's own node where it feeds others, else -1).
    """
    scenarios = len(supply.scenarios)
    number = {node: i for i, node in enumerate(inner_nodes(supply))}
    row, node, share = [], [], []
    for c, (feed, own) in enumerate(classes):
        above = _above(supply, feed)
        column = {n: i for i, n in enumerate(above)}
        carried = np.zeros((scenarios, len(above)))
        # The feed itself may be the lost one, others of its class not: start from its sources.
        for source, part in zip(supply.sources[feed], supply.dealt(feed).T, strict=True):
            carried[:, column[source]] += part
        for n in above:
            for source, part in zip(supply.sources[n], supply.dealt(n).T, strict=True):
                carried[:, column[source]] += carried[:, column[n]] * part * supply.alive[:, n]
        for n, part in [(n, carried[:, i]) for n, i in column.items()] + [(own, supply.alive[:, own] * 1.0)]:
            reached = np.flatnonzero(part) if n >= 0 else np.zeros(0, dtype=np.int64)
            row.append(reached * len(classes) + c)
            node.append(np.full(len(reached), number.get(n, -1)))
            share.append(part[reached])
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *row])
    order = np.argsort(rows, kind="stable")
    sizes = np.bincount(rows, minlength=scenarios * len(classes))
    return {
        "route_ptr": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        "route_node": np.concatenate([np.zeros(0, dtype=np.int64), *node])[order].astype(np.int64),
        "route_share": np.concatenate([np.zeros(0), *share])[order],
        "node_cap": supply.usable_w[list(number)],
    }


def _above(supply: SupplyModel, feed: int) -> list[int]:
    """The nodes a feed draws from, directly or not, what is nearest first."""
    found: set[int] = set()
    waiting = [feed]
    while waiting:
        for source in supply.sources[waiting.pop()]:
            if source not in found:
                found.add(source)
                waiting.append(source)
    return [node for node in reversed(supply.order) if node in found]


def kit_arrays(bins: Sequence[Bin], parts: dict[str, Any]) -> dict[str, Any]:
    """What each bin's contents draw of its own feeds' legs, by pattern."""
    alive, own_feeds = parts["alive"], parts["bin_feeds"]
    legs = np.zeros((len(bins), alive.shape[1], own_feeds.shape[1], 3))
    for i, b in enumerate(bins):
        cluster = parts["bin_cluster"][i]
        column = {name: k for k, name in enumerate(b.position.feeds)}
        for item in b.rack.contents:
            places = [parts["place_of"][s.feed][1] for s in item.supplies]
            needed = Redundancy.parse(item.redundancy).needed
            for w in range(parts["pattern_count"][cluster] if places and item.power_w else 0):
                up = [bool(alive[cluster, w, place]) for place in places]
                if sum(up) < needed:
                    continue
                for is_up, cord in zip(up, item.supplies, strict=True):
                    if is_up and cord.feed in column:
                        _add_cord(legs[i, w, column[cord.feed]], cord.leg, item.power_w / sum(up))
    return {"kit_leg": legs}


def _add_cord(legs: np.ndarray[Any, Any], leg: str, watts: float) -> None:
    if leg == THREE_PHASE:
        legs += watts / 3
    else:
        legs[LEGS.index(leg)] += watts
