"""One annealing walk: its temperature and prices as the budget runs down, chunk by chunk.

The scale of a temperature is what a mean process weighs in load cost. Prices of room and dependencies follow how much
is broken, of which less and less is borne, so that a walk first finds where things belong and then squeezes them in.
Where one machine is overfull its own price may rise beyond that of all: raised everywhere, one machine's excess
stiffens the whole. A walk that breaks a rule near the end is kept warm until it doesn't.
"""

from __future__ import annotations

import numpy as np

from capacity.solvers.reassignment_annealing import LIMITS, Prices, anneal, priced_excess
from capacity.solvers.reassignment_model import BROKEN, COST, EXCESS, LEFT, Compiled, Ints, Problem, State
from capacity.solvers.reassignment_moves import full_cost

ROUNDS = 20_000  # of a chunk
HOT = (0.3, 1.0)  # by walk; where large processes must change places only a hot one lets them
WARM, COLD = 1e-3, 0.3
"""Temperatures: the first two in units of what a mean process weighs, the last in units of cost."""
TURN = 0.85  # the share of the budget at which it is warm
MEND = 0.65  # the share whose temperature mends what is broken after the turn
WHOLE = 0.7  # the share from which nothing may be broken
ROOM = (10.0, 3.0)
"""First price of a unit beyond capacity, in units of the largest load weight, by walk."""
BORNE = (0.001, 0.004)
"""The part of all capacity that may be exceeded at the start, by walk."""
LINK_SHARES = (0.0, 0.35, 0.65, 1.0)
LINK = ((0.75, 2.25, 7.5, 150.0), (0.02, 0.15, 3.0, 150.0))
"""Price of a broken dependency in units of what a mean process weighs, at those shares, by walk.

Where services are large, only a price beyond their own weight keeps them from settling where they may not stay; where
dependencies are dense, only a low one lets a walk through.
"""
PACE_OF_PRICES = 60.0  # how much the logarithm of a price may change in the whole budget
LARGEST_STEP = 1.4
RISE = (0.5, 1.0)  # how fast the price of a resource rises everywhere, to how fast it falls, by walk
SHARPEST = (1e3, 1.0)
"""The most the price of one machine's resource may rise above the price everywhere, by walk."""
FORGET = 0.02  # how fast it falls back, to how fast it rises
DEAREST = 1e6  # the most a price everywhere may rise above its unit
SWAPS, REPLACES = 0.25, 0.25  # shares of rounds; the others shift
TRIES = 5  # machines a shift is offered


def _between(first: float, last: float, share: float) -> float:
    return float(first * (last / first) ** share)


class Walk:
    """A state under way and the best assignment it has passed."""

    def __init__(self, problem: Problem, inst: Compiled, state: State, number: int, seed: int) -> None:
        self._inst, self._state = inst, state
        self._seed = np.array([(seed + 1) * 0x9E3779B97F4A7C15 % 2**64 or 1], np.uint64)
        self._none = np.zeros((problem.machines, problem.resources), np.int64)
        self.best = state.at.copy()
        full_cost(inst, state)
        self.best_key = np.array([state.scalars[LEFT], state.scalars[COST]], np.int64)
        mean = np.maximum(problem.need.mean(axis=0), 1e-9)
        weight = max(1.0, float(problem.load_weight.max(initial=0)))
        for _, _, target, price in problem.balance.reshape(-1, 4).tolist():
            weight = max(weight, float(price * (target + 1)) / 3)
        self._size = max(10.0, float((mean * problem.load_weight).sum()), weight * float(mean.mean()))
        # A resource counted in large units would otherwise cost next to nothing to overfill.
        self._unit = np.maximum(weight, self._size / problem.resources / mean / 100)
        self._excess = self._unit * ROOM[number % len(ROOM)]
        self._sharp = np.ones((problem.machines, problem.resources))
        # A move's priced change stays a whole number of 64 bits, whatever the units.
        largest = np.maximum(problem.need.max(axis=0), 1)
        self._dearest = np.minimum(1e10, 2.0**57 / problem.resources / largest)
        self._broken = 1.0
        self._borne = BORNE[number % len(BORNE)] * np.maximum(problem.capacity.sum(axis=0), 1)
        self._hot = HOT[number % len(HOT)]
        self._link = LINK[number % len(LINK)]
        self._rise, self._sharpest = RISE[number % len(RISE)], SHARPEST[number % len(SHARPEST)]
        self._share = 0.0
        self.chunks = 0

    @property
    def is_whole(self) -> bool:
        """Whether the state under way breaks no rule."""
        return bool(self._state.scalars[EXCESS] == 0 and self._state.scalars[BROKEN] == 0)

    @property
    def prices(self) -> Prices:
        """What breaking a rule costs now."""
        excess = np.minimum(self._excess * self._sharp, self._dearest).astype(np.int64)
        return Prices(excess, int(self._broken), int(50 * self._size))

    def _reprice(self, share: float) -> None:
        """Dearer where more is broken than the schedule bears, cheaper where less."""
        step = min(LARGEST_STEP, float(np.exp(PACE_OF_PRICES * max(0.0, share - self._share))))
        self._share = share
        borne = max(0.0, 1 - share / WHOLE) ** 2
        beyond = -np.minimum(self._state.room, 0)
        is_much = beyond.sum(axis=0) > borne * self._borne
        self._excess *= np.where(is_much, step**self._rise, 1 / step if borne else 1.0)
        self._sharp *= np.where((beyond > 0) & is_much, step, step**-FORGET)
        np.clip(self._sharp, 1.0, self._sharpest, out=self._sharp)
        np.clip(self._excess, self._unit, self._unit * DEAREST, out=self._excess)
        ratio = float(np.exp(np.interp(share, LINK_SHARES, np.log(self._link))))
        self._broken = ratio * self._size

    def _temperature(self, share: float) -> float:
        hot, warm = self._hot * self._size, max(WARM * self._size, COLD)
        if share < TURN:
            return _between(hot, warm, share / TURN)
        return _between(warm, COLD, (share - TURN) / (1 - TURN))

    def _heat(self, share: float) -> float:
        mends = share > TURN and not self.is_whole
        return self._temperature(MEND if mends else share)

    def chunk(self, share: float) -> None:
        """Walk on as befits `share` of the budget."""
        self._reprice(share)
        anneal(
            self._inst,
            self._state,
            self.prices,
            self._heat(share),
            ROUNDS,
            SWAPS,
            REPLACES,
            TRIES,
            LIMITS,
            self._seed,
            self._none,
            self.best,
            self.best_key,
        )
        self.chunks += 1

    def energy(self, prices: Prices) -> int:
        """Cost and priced excess and dependencies of the state under way."""
        scalars = self._state.scalars
        priced = int(priced_excess(self._state, prices.excess))
        return (
            int(scalars[COST])
            + priced
            + prices.broken * int(scalars[BROKEN])
            + prices.staying * int(scalars[LEFT])
        )

    def follow(self, other: Walk) -> None:
        """Go on from where `other` is, on one's own stream."""
        for mine, its in zip(self._state, other._state, strict=True):
            np.copyto(mine, its)
        self._excess = other._excess.copy()
        self._sharp, self._rise, self._sharpest = other._sharp.copy(), other._rise, other._sharpest


def first_assignment(walks: list[Walk]) -> Ints:
    """The best assignment of all walks."""
    return min(walks, key=lambda walk: tuple(walk.best_key.tolist())).best
