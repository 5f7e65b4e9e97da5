"""One annealing walk: its temperature and prices as the budget runs down, chunk by chunk.

The scale of a temperature is what a mean process that may move weighs in load cost. Prices of room and dependencies
follow how much is broken, of which less and less is borne, so that a walk first finds where things belong and then
squeezes them in. Where one machine is overfull its own price may rise beyond that of all: raised everywhere, one
machine's excess stiffens the whole. A walk that breaks a rule near the end goes back to the best it has passed since
nothing may be broken; without any it is kept warm until it breaks none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from capacity.solvers.reassignment_annealing import LIMITS, Prices, anneal, priced_excess
from capacity.solvers.reassignment_model import (
    BROKEN,
    COST,
    EXCESS,
    LEFT,
    Compiled,
    Problem,
    State,
    opened,
)
from capacity.solvers.reassignment_moves import full_cost

ROUNDS = 20_000  # of a chunk
WARM, COLD = 1e-3, 0.3
"""Temperatures: the first in units of what a mean process weighs, the second in units of cost."""
TURN = 0.85  # the share of the budget at which it is warm
MEND = 0.65  # the share whose temperature mends what is broken after the turn
WHOLE = 0.7  # the share from which nothing may be broken
GENTLE = 0.2  # the first temperature of a gentle walk, in units of what a mean move costs
LINK_SHARES = (0.0, 0.35, 0.65, 1.0)  # at which a style prices dependencies
PACE_OF_PRICES = 60.0  # how much the logarithm of a price may change in the whole budget
LARGEST_STEP = 1.4
FORGET = 0.02  # how fast the price of one machine's resource falls back, to how fast it rises
DEAREST = 1e6  # the most a price everywhere may rise above its unit
SWAPS, REPLACES = 0.25, 0.25  # shares of rounds; the others shift
TRIES = 5  # machines a shift is offered


class Style(NamedTuple):
    """How a walk begins and what it is strict about.

    `hot`: first temperature, and `link`: the price of a broken dependency at LINK_SHARES, in units of what a mean
    process weighs. `room`: first price of a unit beyond capacity in units of the largest load weight; `borne`: the
    part of all capacity that may be exceeded at first; `rise`: how fast a resource's price rises everywhere, to how
    fast it falls; `sharpest`: the most the price of one machine's resource may rise above that.
    """

    hot: float
    room: float
    borne: float
    link: tuple[float, float, float, float]
    rise: float
    sharpest: float


STYLES = (
    Style(0.3, 10.0, 0.001, (0.75, 2.25, 7.5, 150.0), 0.5, 1e3),
    Style(1.0, 3.0, 0.004, (0.02, 0.15, 3.0, 150.0), 0.5, 1e3),
    Style(1.0, 3.0, 0.004, (0.02, 0.15, 3.0, 150.0), 0.7, 30.0),
)
"""Where services are large, only a dear dependency keeps them from settling where they may not stay; where dependencies
are dense, only a cheap one lets a walk through. Which is better is not known before.
"""


def _between(first: float, last: float, share: float) -> float:
    return float(first * (last / first) ** share)


def _mean_move(inst: Compiled) -> float:
    """What a process that leaves its home for any other machine pays on average."""
    machines = inst.machine_cost.shape[0]
    away = float(inst.machine_cost.sum()) / max(machines * (machines - 1), 1)
    return float(inst.process_cost.mean()) + inst.machine_weight * away


class Walk:
    """A state under way and the best assignment it has passed; `first`: the share at which it begins.

    One that is `is_gentle` is never warmer than moves are dear: where home is almost good enough, it mends what isn't.
    """

    def __init__(
        self,
        problem: Problem,
        inst: Compiled,
        state: State,
        style: Style,
        seed: int,
        first: float = 0.0,
        *,
        is_gentle: bool = False,
    ) -> None:
        self._problem, self._inst, self._state = problem, inst, state
        self._seed = np.array([(seed + 1) * 0x9E3779B97F4A7C15 % 2**64 or 1], np.uint64)
        self._none = np.zeros((problem.machines, problem.resources), np.int64)
        self.best = state.at.copy()
        full_cost(inst, state)
        self.best_key = np.array([state.scalars[LEFT], state.scalars[COST]], np.int64)
        mean = np.maximum(problem.need[inst.by_size].mean(axis=0), 1e-9)
        weight = max(1.0, float(problem.load_weight.max(initial=0)))
        for _, _, target, price in problem.balance.reshape(-1, 4).tolist():
            weight = max(weight, float(price * (target + 1)) / 3)
        self._size = max(10.0, float((mean * problem.load_weight).sum()), weight * float(mean.mean()))
        self._hot, self._warm = style.hot * self._size, max(WARM * self._size, COLD)
        if is_gentle:
            self._hot = self._warm = max(GENTLE * _mean_move(inst), COLD)
        # A resource counted in large units would otherwise cost next to nothing to overfill.
        self._unit = np.maximum(weight, self._size / problem.resources / mean / 100)
        self._excess = self._unit * style.room
        # Where a walk begins at its end, nothing may be overfull any more.
        self._sharp = np.full((problem.machines, problem.resources), 1.0 if first < WHOLE else style.sharpest)
        # A move's priced change stays a whole number of 64 bits, whatever the units.
        largest = np.maximum(problem.need.max(axis=0), 1)
        self._dearest = np.minimum(1e10, 2.0**57 / problem.resources / largest)
        self._broken = 1.0
        self._borne = style.borne * np.maximum(problem.capacity.sum(axis=0), 1)
        self._style = style
        self.first = self._share = first
        self._is_mended = False  # whether `best` was passed when nothing might be broken any more
        self.chunks = 0

    @property
    def staying(self) -> int:
        """What a process on a leaving machine costs."""
        return int(50 * self._size)

    @property
    def is_whole(self) -> bool:
        """Whether the state under way breaks no rule."""
        return bool(self._state.scalars[EXCESS] == 0 and self._state.scalars[BROKEN] == 0)

    @property
    def prices(self) -> Prices:
        """What breaking a rule costs now."""
        excess = np.minimum(self._excess * self._sharp, self._dearest).astype(np.int64)
        return Prices(excess, int(self._broken), self.staying)

    def _reprice(self, share: float) -> None:
        """Dearer where more is broken than the schedule bears, cheaper where less."""
        step = min(LARGEST_STEP, float(np.exp(PACE_OF_PRICES * max(0.0, share - self._share))))
        self._share = share
        borne = max(0.0, 1 - share / WHOLE) ** 2
        beyond = -np.minimum(self._state.room, 0)
        is_much = beyond.sum(axis=0) > borne * self._borne
        self._excess *= np.where(is_much, step**self._style.rise, 1 / step if borne else 1.0)
        self._sharp *= np.where((beyond > 0) & is_much, step, step**-FORGET)
        np.clip(self._sharp, 1.0, self._style.sharpest, out=self._sharp)
        np.clip(self._excess, self._unit, self._unit * DEAREST, out=self._excess)
        ratio = float(np.exp(np.interp(share, LINK_SHARES, np.log(self._style.link))))
        self._broken = ratio * self._size

    def _temperature(self, share: float) -> float:
        if share < TURN:
            return _between(self._hot, self._warm, share / TURN)
        return _between(self._warm, COLD, (share - TURN) / (1 - TURN))

    def _heat(self, share: float) -> float:
        mends = share > TURN and not self.is_whole
        return self._temperature(MEND if mends else share)

    def chunk(self, share: float) -> None:
        """Walk on as befits `share` of the budget."""
        if share > TURN and self._is_mended and not self.is_whole:
            self._go_back()
        self._reprice(share)
        known = tuple(self.best_key)
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
        self._is_mended |= share >= WHOLE and known != tuple(self.best_key)
        self.chunks += 1

    def _go_back(self) -> None:
        """To the best passed."""
        best = opened(self._problem, self._inst, self.best)
        full_cost(self._inst, best)
        for mine, its in zip(self._state, best, strict=True):
            np.copyto(mine, its)

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
        """Go on from where `other` is, as it does, on one's own stream."""
        for mine, its in zip(self._state, other._state, strict=True):
            np.copyto(mine, its)
        self._excess, self._sharp, self._style = other._excess.copy(), other._sharp.copy(), other._style
        self._hot, self._warm = other._hot, other._warm
