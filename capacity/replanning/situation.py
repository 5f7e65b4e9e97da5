"""How far a plan has come: what is over, running or frozen, what should have begun, and how much longer work takes.

Without a day of one's own, now is the end of the last run, and what no run recorded until then is taken to have gone
by its dates. With a day, what runs record has not begun unless one did. The factors are those of `durations`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist

from capacity.plan import Plan, Step
from capacity.uncertainty.durations import spreads
from capacity.uncertainty.measured import CARRIED, measured
from capacity.uncertainty.settings import RiskSettings
from inventory.errors import InputError
from inventory.records import RunRecord

TOUCHING = ("cutover", "relocate")


@dataclass(frozen=True)
class Situation:
    """`over`: real start and end of steps that runs have done. `fixed`: ids of steps that keep their dates whatever
    holds: over, running, or past. `overdue`: of those that should have begun and haven't. `frozen`: waves whose content
    is fixed. `factors`: how many times its planned duration a step of a measured kind is given from now on.
    """

    now: datetime
    over: Mapping[str, tuple[datetime, datetime]]
    fixed: frozenset[str]
    running: int
    overdue: frozenset[str]
    frozen: frozenset[int]
    factors: Mapping[str, float]

    def factor(self, step: Step) -> float:
        """How many times its planned duration a step is given: once where its wave is frozen, or it is fixed."""
        if step.id in self.fixed or (step.wave in self.frozen and step.id not in self.overdue):
            return 1.0
        return self.factors.get(step.kind, 1.0)


def situation(
    plan: Plan,
    runs: Iterable[RunRecord],
    settings: RiskSettings,
    *,
    since: datetime | None,
    percentile: float,
) -> Situation:
    """The plan as of `since`, or of the last run's end.

    Raises InputError for a percentile outside 1 to 99, where nothing says how far things are, and for a day before a
    run that is recorded.
    """
    if not 1 <= percentile <= 99:
        raise InputError(f"{percentile:g} is no percentile to plan with", remedy="choose one from 1 to 99")
    records = [record for record in runs if not record.check]
    last = max((record.ended_at for record in records), default=None)
    if since is None and last is None:
        raise InputError(
            "no run is recorded, and no day is named",
            remedy="carry a wave out with `vorst run` first, or name a day with --from",
        )
    if since is not None and last is not None and since < last:
        raise InputError(
            f"{since:%Y-%m-%d} is in the past: a run that ended on {last:%Y-%m-%d %H:%M} is recorded",
            where="--from",
            remedy=f"name a day after {last:%Y-%m-%d}",
        )
    now = since or last or plan.calendar.start
    if now >= plan.calendar.horizon_end:
        raise InputError(
            f"{now:%Y-%m-%d} is beyond the plan's horizon, {plan.calendar.horizon_end:%Y-%m-%d}",
            where="--from",
            remedy="name an earlier day, or plan again",
        )
    known = measured(plan, records)
    normal = NormalDist().inv_cdf(percentile / 100)
    spread = spreads(settings, known.ratios)
    factors = {
        kind: max(1.0, math.exp(spread[kind].mean + normal * spread[kind].sd)) for kind in known.ratios
    }
    fixed, running = set(known.over), 0
    overdue: set[str] = set()
    for step in sorted(plan.steps, key=lambda step: (step.start, step.id)):
        if step.id in fixed or step.start >= now:
            continue
        # What waits for something that has not begun can't be running either.
        is_late = step.end <= now or not overdue.isdisjoint(step.predecessors)
        if since is not None and step.kind in CARRIED and is_late:
            overdue.add(step.id)
        else:
            fixed.add(step.id)
            running += step.end > now
    return Situation(
        now=now,
        over=known.over,
        fixed=frozenset(fixed),
        running=running,
        overdue=frozenset(overdue),
        frozen=frozenset(wave.number for wave in plan.waves if wave.frozen_on <= now),
        factors=factors,
    )
