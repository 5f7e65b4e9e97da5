"""One group of the rack problem: its greedy fills, fills led by the relaxation, what stays out, and rebuilding.

A search starts from a state and gives another; groups share the state's graph, zones and owners. In which order groups
are solved, and from where, is for `racks`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.solvers.rack_filling import fill_bin, fill_group, insert_each, runs_of
from capacity.solvers.rack_moves import (
    DIMENSIONS,
    EPSILON,
    FITS,
    LEFT_OUT,
    UNPLACED,
    Arrays,
    State,
    close_bin,
    open_bin,
)
from capacity.solvers.rack_rebuilding import rebuild
from capacity.solvers.rack_relaxation import Relaxation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Of the greedy's score: the exponent of a dimension's scarcity in its weight, and of an item's length, which divides
# the score. With length 0 big items go first, with 1 those whose proportions are most like what is left.
RULES = ((1.0, 0.0), (1.0, 1.0), (2.0, 1.0), (1.0, 0.5), (0.5, 0.8), (2.0, 0.5), (4.0, 0.0), (0.0, 0.5))
LEFT_OUT_SHARES = (0.9, 1.0, 1.1, 1.3, 1.6, 2.0, 3.0)  # of the size too much, set aside before filling
MOST_KINDS = (
    400  # of a group's items that the greedy tells apart; where there are more, nearly equal ones are one
)
KIND_RATIO = 1.03  # of draws and weights within a kind
MANY_ITEMS, FEWEST_RULES = 1000, 3  # of a group: with more items fewer rules are tried, but so many
MANY_BINS = 50  # of a group: with more the rounds of rebuilding, each of which looks at all, get fewer
POWER = 1  # of the dimensions
NOISE = 0.25  # standard deviation of the logarithm of a noisy score's factor


@dataclass(frozen=True, slots=True)
class Problem:
    """`start` is the state with the standing bins open and nothing of the items placed; `value` [items] is what
    leaving an item out costs; groups are solved in the order `groups`.
    """

    arrays: Arrays
    start: State
    value: Floats
    groups: Ints


def copy_state(state: State) -> State:
    """A state that moves may change without touching the first."""
    return State(*(array.copy() for array in state))._replace(nodes=state.nodes)


class Group:
    """The search within one group of items and bins."""

    def __init__(
        self,
        problem: Problem,
        group: int,
        relaxation: Relaxation | None,
        kept: Ints,
        left: Floats,
        rng: np.random.Generator,
    ) -> None:
        a = problem.arrays
        self.problem, self.group, self.relaxation, self.rng = problem, group, relaxation, rng
        self.items: Ints = np.flatnonzero(a.item_group == group)
        self.aside: Ints = np.setdiff1d(self.items, kept)  # tried last
        self.bins: Ints = a.bins_ids[a.bins_ptr[group] : a.bins_ptr[group + 1]].astype(np.int64)
        self.is_new: NDArray[np.bool_] = problem.start.bin_group[self.bins] < 0
        self.new_bins: Ints = self.bins[self.is_new]
        self.power_left: Floats = left[:, 1]
        self.left: Floats = left[self.bins]
        self.there: Floats = self.left[~self.is_new].sum(axis=0)
        # What the best bins bring together, dimension by dimension: [new bins × DIMENSIONS].
        self.grown: Floats = np.cumsum(np.sort(self.left[self.is_new], axis=0)[::-1], axis=0)
        self.caps: Floats = np.maximum(self.left.max(axis=0, initial=0.0), 1e-9)
        demand: Floats = a.item_demand[self.items]
        total: Floats = demand.sum(axis=0) / self.caps
        self.scarcity: Floats = total / max(total.max(initial=0.0), 1e-9)
        size = (demand / self.caps * self.scarcity).sum(axis=1)
        self.a = a._replace(item_type=self._kinds(a))
        # Equal kinds stay adjacent, the largest of each first: the greedy looks at the first of a run.
        kind = self.a.item_type[self.items]
        largest = np.zeros(int(kind.max(initial=-1)) + 1)
        np.maximum.at(largest, kind, size)
        self.order: Ints = self.items[np.lexsort((self.items, -size, kind, -largest[kind]))]

    def _kinds(self, a: Arrays) -> Ints:
        """The kind of each item: its type, or where there are very many, with what is nearly the same."""
        types: Ints = a.item_type
        if len(np.unique(types[self.items])) <= MOST_KINDS:
            return types
        first = a.item_ptr[self.items]
        is_plain = (a.item_ptr[self.items + 1] - first == 1) & (
            a.class_ptr[self.items + 1] == a.class_ptr[self.items]
        )
        items, parts = self.items[is_plain], first[is_plain]
        exact = (a.part_slots, a.part_step, a.part_face, a.part_top, a.part_cord, a.part_ports)
        steps = [np.round(np.log1p(x[parts]) / np.log(KIND_RATIO)) for x in (a.part_w, a.part_kg)]
        keys = np.column_stack([*(x[parts] for x in exact), *steps, self.problem.value[items]])
        found = types.copy()
        found[items] = int(types.max()) + 1 + np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
        return found

    def opened_in(self, state: State) -> int:
        return int((state.bin_group[self.new_bins] == self.group).sum())

    def out(self, state: State) -> float:
        return float(self.problem.value[self.items[state.item_bin[self.items] < 0]].sum())

    def bound(self, state: State) -> int:
        """New bins the placed items need at least: per dimension, the fewest bins whose sum holds the demand."""
        return max(self._needs(state))

    def is_short_of_power(self, state: State) -> bool:
        """Whether power asks for more new bins than any other dimension."""
        needs = self._needs(state)
        return needs[POWER] > max(needs[:POWER] + needs[POWER + 1 :])

    def _needs(self, state: State) -> list[int]:
        placed = self.items[state.item_bin[self.items] >= 0]
        short = self.a.item_demand[placed].sum(axis=0) - self.there
        return [
            int(np.searchsorted(self.grown[:, d], short[d] - EPSILON)) + 1 if short[d] > EPSILON else 0
            for d in range(DIMENSIONS)
        ]

    def key(self, state: State) -> tuple[float, int]:
        return self.out(state), self.opened_in(state)

    def fill(self, start: State, rule: tuple[float, float], left_out: Ints | None = None) -> State:
        """One greedy fill from `start`; items in `left_out` are tried last, smallest first."""
        state = copy_state(start)
        self._fill_rest(state, rule, self.aside if left_out is None else left_out)
        return state

    def _fill_rest(self, state: State, rule: tuple[float, float], left_out: Ints) -> None:
        state.item_bin[left_out] = LEFT_OUT
        weights, factor = self._score(rule)
        fill_group(self.a, state, self.group, self.order, weights, self.caps, factor, len(self.new_bins))
        state.item_bin[left_out] = UNPLACED
        late = self.order[state.item_bin[self.order] == UNPLACED]
        if len(late):
            late = late[self._by_cost(late)]
            insert_each(self.a, state, self.group, late)
            fill_group(self.a, state, self.group, late, weights, self.caps, factor, len(self.new_bins))

    def guided(self, start: State, rule: tuple[float, float], relaxation: Relaxation) -> State:
        """A fill that first deals the items to classes of bins as the relaxation does, then puts in what is left."""
        state = copy_state(start)
        weights, factor = self._score(rule)
        waiting = {number: list(cluster) for number, cluster in enumerate(relaxation.clusters)}
        rank = {int(i): r for r, i in enumerate(self.order)}
        counts = {c: n for (g, c), n in relaxation.mix.items() if g == self.group}
        power = {c: float(self.power_left[int(m[0])]) for c, m in enumerate(relaxation.members)}
        mine = sorted((c for g, c in relaxation.shares if g == self.group), key=lambda c: (-power[c], c))
        for c in mine:
            members = set(relaxation.members[c].tolist())
            dealt = []
            for number, amount in relaxation.shares[self.group, c]:
                count = round(amount)
                dealt += waiting[number][:count]
                del waiting[number][:count]
            order = np.array(sorted(dealt, key=lambda i: rank[int(i)]), dtype=np.int64)
            closed = [int(b) for b in self.bins if int(b) in members and state.bin_group[b] < 0]
            there = [int(b) for b in self.bins if int(b) in members and state.bin_group[b] == self.group]
            opened = [b for b in closed[: counts.get(c, 0)] if open_bin(self.a, state, b, self.group) == FITS]
            runs = runs_of(self.a, order)
            heads = runs[:-1].copy()
            for b in there + opened:
                filled = fill_bin(self.a, state, b, order, runs, heads, weights, self.caps, factor)
                if filled == 0 and b in opened:
                    close_bin(self.a, state, b)
        self._fill_rest(state, rule, self.aside)
        return state

    def _score(self, rule: tuple[float, float]) -> tuple[Floats, Floats]:
        """The greedy's weights [DIMENSIONS] and factors [items] under a rule."""
        exponent, length = rule
        weights: Floats = np.maximum(self.scarcity, 1e-3) ** exponent
        factor = np.ones(len(self.a.item_type))
        lengths = np.sqrt((weights * (self.a.item_demand[self.items] / self.caps) ** 2).sum(axis=1))
        factor[self.items] = np.maximum(lengths, 1e-9) ** -length
        return weights, factor

    def _by_cost(self, items: Ints) -> Ints:
        """Cheapest first: small size for much value."""
        size = (self.a.item_demand[items] / self.caps).max(axis=1) / self.problem.value[items]
        return np.lexsort((items, size))

    def solve(self, start: State, rounds: int) -> State:
        if not len(self.items):
            return copy_state(start)
        rules = RULES[: max(FEWEST_RULES, len(RULES) * MANY_ITEMS // max(len(self.items), MANY_ITEMS))]
        best = self.fill(start, rules[0])
        for rule in rules[1:]:
            if self.is_best(best):
                return best
            best = self._better(best, self.fill(start, rule))
        for rule in rules:
            if self.is_best(best):
                return best
            if self.relaxation is not None:
                best = self._better(best, self.guided(start, rule, self.relaxation))
        if self.out(best) > 0:
            best = self._leave_few_out(start, best)
        return self.rebuild(best, max(1, rounds * MANY_BINS // max(self.opened_in(best), MANY_BINS)))

    def is_best(self, state: State) -> bool:
        return self.out(state) == 0 and self.opened_in(state) <= self.bound(state)

    def _better(self, one: State, other: State) -> State:
        return other if self.key(other) < self.key(one) else one

    def _leave_few_out(self, start: State, best: State) -> State:
        """Set big items aside before filling, so that few rather than big ones stay out."""
        size = self._size_where_full(start, best)
        excess = float(size[best.item_bin[self.items] < 0].sum())
        ranked = np.lexsort((self.items, -size / self.problem.value[self.items]))
        grown = np.cumsum(size[ranked])
        for share in LEFT_OUT_SHARES:
            count = int(np.searchsorted(grown, excess * share)) + 1
            aside = self.items[ranked[:count]]
            for rule in RULES[:2]:
                best = self._better(best, self.fill(start, rule, aside))
        return best

    def _size_where_full(self, start: State, state: State) -> Floats:
        """Sizes of the group's items, [items], in what is nearly used up: open bins' room, owner's draw and units."""
        is_open = state.bin_group[self.bins] == self.group
        owner = self.a.group_owner[self.group]
        watts, units = self._draw_and_units()
        room = np.append(
            self.left[is_open].sum(axis=0), [start.owner_w_left[owner], start.owner_units_left[owner]]
        )
        demand = np.column_stack([self.a.item_demand[self.items], watts, units])
        share = np.divide(demand, room, out=np.zeros(demand.shape), where=room > 0)
        used = np.clip(share[state.item_bin[self.items] >= 0].sum(axis=0), 0.01, 1.0)
        kit_w = self.a.kit_w[self.bins[is_open & np.isin(self.bins, self.new_bins)]].sum()
        used[DIMENSIONS] = min(1.0, used[DIMENSIONS] + kit_w / max(room[DIMENSIONS], 1e-9))
        size: Floats = (share * used**8).sum(axis=1)
        return size

    def _draw_and_units(self) -> tuple[Floats, Floats]:
        """Whole draw and units of each of the group's items."""
        of_part = np.repeat(np.arange(len(self.a.item_ptr) - 1), np.diff(self.a.item_ptr))
        count = len(self.a.item_ptr) - 1
        watts: Floats = np.bincount(of_part, weights=self.a.part_w, minlength=count).astype(np.float64)
        units: Floats = np.bincount(of_part, weights=self.a.part_units, minlength=count).astype(np.float64)
        return watts[self.items], units[self.items]

    def rebuild(self, best: State, rounds: int) -> State:
        """Take the emptiest new bin and a few others down and fill again, while that closes bins or lets items in."""
        current = copy_state(best)
        scores = [self._score(rule) for rule in RULES]
        enough = self.bound(current) if self.out(current) == 0 else 0
        rebuild(
            self.a,
            current,
            copy_state(current),
            self.group,
            self.order,
            self.bins,
            self.new_bins,
            self.problem.value,
            self.caps,
            np.array([weights for weights, _ in scores]),
            np.array([factor for _, factor in scores]),
            NOISE,
            enough,
            rounds,
            self.rng,
        )
        return self._better(best, current)
