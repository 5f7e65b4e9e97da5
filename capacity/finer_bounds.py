"""Lower bounds on new racks by what adds up differently than contents: phase legs, and cooling.

Legs: a cord is whole and on one leg, so large draws share legs badly; totals don't see it, dual feasible functions do
(Fekete and Schepers, New classes of fast lower bounds for bin packing problems, 2001). Cooling: what the zones of an
owner's standing racks can't take has to go into racks elsewhere. Totals and relaxations are `bounds`'.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from capacity.placing.rack_problem import RackProblem
from capacity.plan import Bound
from capacity.resources import TOLERANCE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Draw = tuple[float, int]  # W of a part, its template of cords
Shares = list[tuple[float, float]]  # share of the largest leg, how many such

LEG_BASIS = "cords whole, each on one leg, over the losses of one feed each (dual feasible function)"
HEAT_BASIS = "total over capacity: cooling zones and racks whole, contents divisible"
HALF = 0.5
MOST_THRESHOLDS = 40  # of the dual feasible functions tried


def finer_bounds(problem: RackProblem, group: int, items: Ints, standing: Ints, new: Ints) -> list[Bound]:
    """The bounds of this module on the new racks of one owner and zone, for these items of it; empty without bins."""
    if not len(new) or not len(items):
        return []
    found = [_heat(problem, group, items, standing, new)]
    legs = _Legs(problem, standing, new)
    if legs.is_uniform:
        found.append(legs.bound(group, items))
    return found


class _Legs:
    """The legs of a group's racks, which all have as many feeds, each of which may be lost by itself."""

    def __init__(self, problem: RackProblem, standing: Ints, new: Ints) -> None:
        self.problem, self.a = problem, problem.problem.arrays
        self.standing, self.new = standing, new
        bins = np.concatenate([standing, new])
        self.feeds = (self.a.bin_feeds[bins] >= 0).sum(axis=1)
        cells = [(self.a.bin_cluster[b], f) for b in bins for f in self.a.bin_feeds[b] if f >= 0]
        self.leg_w = max((float(self.a.leg_cap[cell]) for cell in cells), default=0.0)
        self.legs = max((int(self.a.leg_count[cell]) for cell in cells), default=0)
        self._patterns: dict[tuple[int, int], int | None] = {}
        self.kinds = sorted({int(self.a.bin_kind[b]) for b in bins})

    @property
    def is_uniform(self) -> bool:
        bins = (*self.standing, *self.new)
        return (
            len(set(self.feeds.tolist())) == 1
            and self.feeds[0] >= 2
            and self.leg_w > 0
            and all(self._pattern(int(b), f) is not None for b in bins for f in range(int(self.feeds[0])))
        )

    def _pattern(self, b: int, lost: int) -> int | None:
        """The pattern in which, of a rack's feeds, only this one is lost."""
        if (b, lost) not in self._patterns:
            self._patterns[b, lost] = self._found_pattern(b, lost)
        return self._patterns[b, lost]

    def _found_pattern(self, b: int, lost: int) -> int | None:
        cluster, own = int(self.a.bin_cluster[b]), self.a.bin_feeds[b]
        alive = self.a.alive[cluster, : int(self.a.pattern_count[cluster])][:, own[own >= 0]].astype(bool)
        wanted = np.arange(alive.shape[1]) != lost
        hits = np.flatnonzero((alive == wanted).all(axis=1))
        return int(hits[0]) if len(hits) else None

    def bound(self, group: int, items: Ints) -> Bound:
        """In each loss the alive cords of a load share it equally, a three-phase cord a third on each leg. Wherever
        cords go, f of their shares of a leg adds up to at most f(1) = 1 per leg alive, for f dual feasible.
        """
        parts = [p for i in items for p in range(self.a.item_ptr[i], self.a.item_ptr[i + 1])]
        draws: Counter[Draw] = Counter(
            (float(self.a.part_w[p]), int(self.a.part_cord[p])) for p in parts if self.a.part_cord[p] >= 0
        )
        options = {draw: self._options(draw) for draw in draws}
        room = float(self.feeds[0] * (self.feeds[0] - 1) * self.legs)
        standing = [self._kit(int(b), there=True) for b in self.standing]
        new = {self._kit(int(b), there=False) for b in self.new}
        best = (0, 0.0, room)
        for threshold in self._thresholds(options.values()):
            total = sum(
                count * min((_worth(shares, threshold) for shares in options[draw]), default=0.0)
                for draw, count in draws.items()
            )
            there = sum(max(room - _all_worth(kit, threshold), 0.0) for kit in standing)
            each = room - min(_all_worth(kit, threshold) for kit in new)
            short = total - there
            racks = math.ceil(short / each - 1e-9) if short > TOLERANCE and each > TOLERANCE else 0
            if racks > best[0] or not best[1]:
                best = (racks, total, each)
        owner, zone = self.problem.groups[group]
        feeds = self.problem.bins[int(self.new[0])].position.feeds
        losses = float(self.feeds[0])  # shown as legs taken in the mean loss
        return Bound(
            "new_racks", f"{owner}, zone {zone}", "legs", best[1] / losses, best[2] / losses, float(best[0]),
            f"facility.supply[{feeds[0]}].rating_w", LEG_BASIS,
        )  # fmt: skip

    def _options(self, draw: Draw) -> list[Shares]:
        """For each way to plug the cords, what they put on legs over the losses of one feed each."""
        watts, template = draw
        needed, is_three = int(self.a.cord_needed[template]), bool(self.a.cord_three[template])
        ways = {
            tuple(int(n) for n in self.a.options[kind, template, o, : int(self.feeds[0])])
            for kind in self.kinds
            for o in range(int(self.a.option_count[kind, template]))
        }
        found = []
        for counts in sorted(ways):
            shares: Shares = []
            for lost in range(len(counts)):
                alive = sum(counts) - counts[lost]
                if alive >= needed:
                    share = watts / alive / self.leg_w / (3 if is_three else 1)
                    shares.append((min(share, 1.0), float(alive * (3 if is_three else 1))))
            found.append(shares)
        return found

    @staticmethod
    def _thresholds(options: Iterable[list[Shares]]) -> list[float]:
        shares = {share for ways in options for chunks in ways for share, _ in chunks if share > 0}
        kept = {share for share in shares if share <= HALF}
        whole = {min(1.0 - share + 1e-6, HALF) for share in shares if share > HALF}
        sizes = sorted(kept | whole | {HALF})
        step = max(1, len(sizes) // MOST_THRESHOLDS)
        return [0.0, *sizes[::step]]

    def _kit(self, b: int, *, there: bool) -> tuple[float, ...]:
        """Shares of the largest leg that a rack's own contents take; what stands on one leg counts as one cord."""
        cluster, own = int(self.a.bin_cluster[b]), self.a.bin_feeds[b]
        found: list[float] = []
        for lost in range(int(self.feeds[0])):
            pattern = self._pattern(b, lost)
            for k in range(int(self.feeds[0])):
                if k != lost and pattern is not None:
                    start = self.problem.problem.start.legs[cluster, pattern, own[k]]
                    watts = start if there else self.a.kit_leg[b, pattern, k]
                    found += [min(float(w) / self.leg_w, 1.0) for w in watts if w > 0]
        return tuple(sorted(found))


def _dual(share: float, threshold: float) -> float:
    """Martello and Toth's dual feasible function: more than 1 − threshold is all, less than threshold nothing."""
    if share > 1.0 - threshold + 1e-12:
        return 1.0
    return share if share >= threshold - 1e-12 else 0.0


def _all_worth(shares: tuple[float, ...], threshold: float) -> float:
    return sum(_dual(share, threshold) for share in shares)


def _worth(shares: Shares, threshold: float) -> float:
    return sum(count * _dual(share, threshold) for share, count in shares)


def _heat(problem: RackProblem, group: int, items: Ints, standing: Ints, new: Ints) -> Bound:
    """Racks so that their zones and their feeds, none lost, take the heat; those that bring most are taken first."""
    a, start = problem.problem.arrays, problem.problem.start
    watts = float(sum(a.part_w[a.item_ptr[i] : a.item_ptr[i + 1]].sum() for i in items))
    zones = start.cooling_left.astype(np.float64).copy()
    taken = 0.0
    for zone in np.unique(a.bin_zone[standing]):
        feeds_w = sum(_all_feeds_w(problem, int(b), there=True) for b in standing if a.bin_zone[b] == zone)
        used = min(max(float(zones[zone]), 0.0), feeds_w)
        taken += used
        zones[zone] -= used
    racks, last = 0, int(new[0])
    places = {int(a.bin_place[b]): int(b) for b in reversed(new)}
    room = {b: _all_feeds_w(problem, b, there=False) for b in places.values()}
    while watts - taken > TOLERANCE and room:
        # Within a zone the largest first, and of all zones the one that gains most: sums capped by zone are concave.
        last = max(room, key=lambda b: (min(room[b], float(zones[a.bin_zone[b]])), room[b], -b))
        gain = min(room.pop(last), max(float(zones[a.bin_zone[last]]), 0.0))
        if gain <= 0:
            break
        taken += gain
        zones[a.bin_zone[last]] -= gain
        racks += 1
    owner, zone_name = problem.groups[group]
    zone = int(a.bin_zone[last])
    return Bound(
        "new_racks", f"{owner}, zone {zone_name}", "heat_w", watts, float(start.cooling_left[zone]), float(racks),
        f"facility.cooling_zones[{zone}].unit_w", HEAT_BASIS,
    )  # fmt: skip


def _all_feeds_w(problem: RackProblem, b: int, *, there: bool) -> float:
    """What a rack's feeds carry together when none is lost; of a standing rack what is left of it."""
    a, start = problem.problem.arrays, problem.problem.start
    cluster = int(a.bin_cluster[b])
    own = [int(f) for f in a.bin_feeds[b] if f >= 0]
    total = sum(float(a.feed_cap[cluster, f]) for f in own)
    full = int(a.alive[cluster, : int(a.pattern_count[cluster])][:, own].sum(axis=1).argmax()) if own else 0
    loaded = float(start.legs[cluster, full, own].sum()) if there else float(a.kit_leg[b, full].sum())
    return max(total - loaded, 0.0)
