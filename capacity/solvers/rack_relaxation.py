"""The relaxation of the rack problem: divisible items, each group's bins whole. A bound on new bins, a good mix.

A linear program (`rack_program`, solved by HiGHS) chooses how many bins of each class every group opens and deals the
items to them, so that all fits in each dimension, under the nodes above in every scenario that leaves a bin one feed,
zones, owners and stock. Every packing satisfies it, so its dual bound holds for all of them; what it ignores is how
items divide within a class. That is why of all mixes with so few bins the one is chosen that spares most power.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from capacity.solvers.rack_moves import Arrays, State
from capacity.solvers.rack_program import Program

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHORT_EPSILON = 1e-6
SHORT_COST = 1000.0  # of a group left out entirely, in bins for each of its items
PREFERENCE = 0.005  # of earlier classes, all bins together: it never outweighs a bin
SPARE_MOST = 0.06  # of a group's draws: with so much to spare whole items find their legs


@dataclass(frozen=True, slots=True)
class Relaxation:
    """`bound` on the new bins of all groups together; `short` [groups] the share of a group that no bins could hold
    (the bound then holds for nothing); `mix` (group, class) -> bins; `members` the bins of each class; `shares`
    (group, class) -> how many items of each cluster go there; `clusters` the items of each.
    """

    bound: int
    short: Floats
    mix: dict[tuple[int, int], int]
    members: tuple[Ints, ...]
    shares: dict[tuple[int, int], list[tuple[int, float]]]
    clusters: tuple[Ints, ...]


def relax(
    a: Arrays, start: State, items: Ints, *, with_mix: bool = True, by_largest: bool = True
) -> Relaxation:
    """Solve the relaxation for these items; standing bins are those open in `start`.

    Without `with_mix` only the bound is asked for; the mix and shares are then those that gave it. `by_largest`: of the
    classes a group has a part of a bin of, those with most of it get it whole, else those with least.
    """
    return _Solver(Program(a, start, items)).solve(with_mix=with_mix, by_largest=by_largest)


class _Solver:
    """Asks for whole bins of each group alone, then of all together, then for the mix with most to spare."""

    def __init__(self, program: Program) -> None:
        self.program, self.a, self.groups = program, program.a, program.groups
        self.matrix = program.matrix

    def solve(self, *, with_mix: bool, by_largest: bool) -> Relaxation:
        program, clusters = self.program, tuple(self.program.clusters)
        if not program.low or not program.count.any():
            return Relaxation(0, np.zeros(self.groups), {}, program.members, {}, clusters)
        least = np.zeros(self.groups)
        for g in np.flatnonzero(program.count):  # whole bins of each group alone, then of all together
            alone = self._optimum([int(g)], least)
            if alone is not None and alone[program.short_at + g] < SHORT_EPSILON:
                least[g] = np.ceil(self._bins_of(alone, int(g)) - PREFERENCE)
        found = self._optimum(range(self.groups), least)
        if found is None:
            return Relaxation(0, np.ones(self.groups), {}, program.members, {}, clusters)
        short = found[program.short_at : program.short_at + self.groups].clip(0, 1)
        bins = sum(self._bins_of(found, g) for g in range(self.groups))
        bound = int(np.ceil(bins - PREFERENCE)) if short.max() < SHORT_EPSILON else 0
        if with_mix:
            found = self._spared(found, least)
        shares: dict[tuple[int, int], list[tuple[int, float]]] = {}
        for (number, k), column in program.share_at.items():
            if found[column] > 1e-6:
                shares.setdefault(program.pairs[k], []).append((number, float(found[column])))
        return Relaxation(
            bound, short, self._mix(found, by_largest=by_largest), program.members, shares, clusters
        )

    def _spared(self, found: Floats, least: Floats) -> Floats:
        """Of the solutions with no more whole bins for any group and no more left out, one that spares most power."""
        most = np.array([np.ceil(self._bins_of(found, g) - PREFERENCE) for g in range(self.groups)])
        short = found[self.program.short_at : self.program.short_at + self.groups] + SHORT_EPSILON
        spared = self._optimum(range(self.groups), least, most, short)
        return found if spared is None else spared

    def _optimum(
        self, groups: Iterable[int], least: Floats, most: Floats | None = None, short: Floats | None = None
    ) -> Floats | None:
        """The cheapest fractional solution with only these groups asking for bins, each for at least so many.

        With `most` bins and what may be left out `short` of each group given, the one with most power to spare.
        """
        program = self.program
        upper, lower = np.full(program.columns, np.inf), np.zeros(program.columns)
        cost = np.zeros(program.columns)
        wanted = set(groups)
        for k, (_, c) in enumerate(program.pairs):
            is_new = bool(program.is_new[k])
            upper[k] = len(program.members[c])
            lower[k] = 0.0 if is_new else 1.0
            rank = c / (len(program.members) * len(self.a.bin_place))
            cost[k] = 1.0 + PREFERENCE * rank if is_new else 0.0
        shorts = slice(program.short_at, program.short_at + self.groups)
        spares = slice(program.spare_at, program.spare_at + self.groups)
        upper[shorts] = 1.0 if short is None else np.minimum(short, 1.0)
        cost[shorts] = SHORT_COST * np.maximum(program.count, 1.0)
        upper[spares] = 0.0 if most is None else SPARE_MOST
        # Of bins as many as there may be: sparing power is worth more than where they stand, not than leaving out.
        cost[spares] = -1.0 / SPARE_MOST
        for g in range(self.groups):
            if g not in wanted:
                lower[program.short_at + g] = 1.0
                cost[program.short_at + g] = 0.0
        rows = np.zeros((self.groups, program.columns))
        for k, (g, _) in enumerate(program.pairs):
            rows[g, k] = 1.0 if program.is_new[k] and g in wanted else 0.0
        asked = np.array([least[g] if g in wanted else 0.0 for g in range(self.groups)])
        limits = [LinearConstraint(self.matrix, program.low, program.high)]
        if most is not None:
            limits.append(LinearConstraint(rows.copy(), -np.inf, most))
        # A group that is short can't be held to whole bins.
        rows[:, shorts] = np.diag(asked)
        limits.append(LinearConstraint(rows, asked, np.inf))
        found = milp(cost, bounds=Bounds(lower, upper), constraints=limits)
        return None if found.x is None else np.asarray(found.x, dtype=np.float64)

    def _bins_of(self, found: Floats, group: int) -> float:
        program = self.program
        return float(sum(found[k] for k in program.of_group[group] if program.is_new[k]))

    def _mix(self, found: Floats, *, by_largest: bool) -> dict[tuple[int, int], int]:
        """Whole bins of every class for each group: the fractions rounded so that a group's total is rounded up."""
        program = self.program
        mix: dict[tuple[int, int], int] = {}
        for group in range(self.groups):
            parts = [
                (program.pairs[k], float(found[k]))
                for k in program.of_group[group]
                if program.is_new[k] and found[k] > 1e-6
            ]
            missing = int(np.ceil(sum(x for _, x in parts) - PREFERENCE)) - sum(
                int(x + 1e-6) for _, x in parts
            )
            ranked = sorted(parts, key=lambda part: (-((part[1] + 1e-6) % 1.0), part[0]))
            if not by_largest:
                ranked.reverse()
            extra = {pair for pair, _ in ranked[: max(0, missing)]}
            for pair, x in parts:
                count = int(x + 1e-6) + (pair in extra)
                if count:
                    mix[pair] = count
        return mix
