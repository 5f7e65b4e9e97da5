"""How far the duration of each kind of step strays from the plan's: assumed first, measured more and more.

Actual ÷ estimated is lognormal. Its logarithm has a mean, a share of its variance that all steps of a kind have in
common (the estimating rule may be wrong for all of them), one that the same hands have in common, and the rest of each
step's own. n measured ratios of a kind move the mean to the weighted mean of assumption and measurement, the assumption
counting for `prior_weight` measurements k; what the steps of a kind have in common shrinks to k ÷ (k + n) of its
variance, and the step's own variance becomes the weighted mean of the assumed and the measured one. With k = (1 − c)
÷ c for a common share c this is the conjugate posterior of a normal mean (Gelman et al., Bayesian Data Analysis, 2013,
2.5).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from capacity.plan import STEP_KINDS
from capacity.uncertainty.settings import RiskSettings

Z90 = 1.2815515655446004  # nine in ten of a standard normal lie below
ASSUMED = "assumption"
BOTH = "assumption and measurements"


@dataclass(frozen=True, slots=True)
class Spread:
    """Of one kind: the logarithm's `mean`, and the deviations of what its steps share (`kind_sd`), what the same hands
    share (`hands_sd`) and what is each step's own (`own_sd`). `observations` measured ratios went into it.
    """

    mean: float
    kind_sd: float
    hands_sd: float
    own_sd: float
    observations: int

    @property
    def sd(self) -> float:
        return math.sqrt(self.kind_sd**2 + self.hands_sd**2 + self.own_sd**2)

    @property
    def median(self) -> float:
        """The ratio of actual to estimated duration that half of the steps stay under."""
        return math.exp(self.mean)

    @property
    def p90(self) -> float:
        """The ratio that nine in ten stay under."""
        return math.exp(self.mean + Z90 * self.sd)

    @property
    def basis(self) -> str:
        return BOTH if self.observations else ASSUMED


def spreads(settings: RiskSettings, ratios: Mapping[str, tuple[float, ...]]) -> dict[str, Spread]:
    """The spread of each kind of step, with what was measured of it."""
    return {kind: _updated(_assumed(settings, kind), ratios.get(kind, ()), settings) for kind in STEP_KINDS}


def _assumed(settings: RiskSettings, kind: str) -> Spread:
    given = settings.durations.of(kind)
    mean = math.log(given.median)
    variance = ((math.log(given.p90) - mean) / Z90) ** 2
    own = max(0.0, 1.0 - settings.same_kind - settings.same_hands)
    kind_sd, hands_sd, own_sd = (
        math.sqrt(variance * share) for share in (settings.same_kind, settings.same_hands, own)
    )
    return Spread(mean, kind_sd, hands_sd, own_sd, observations=0)


def _updated(assumed: Spread, ratios: tuple[float, ...], settings: RiskSettings) -> Spread:
    n = len(ratios)
    if not n:
        return assumed
    weight = settings.prior_weight
    logs = [math.log(ratio) for ratio in ratios]
    mean = math.fsum(logs) / n
    strayed = math.fsum((x - mean) ** 2 for x in logs)
    own = (weight * assumed.own_sd**2 + strayed) / (weight + n - 1)
    return Spread(
        (weight * assumed.mean + n * mean) / (weight + n),
        assumed.kind_sd * math.sqrt(weight / (weight + n)),
        assumed.hands_sd,
        math.sqrt(own),
        n,
    )
