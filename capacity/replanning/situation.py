"""How far a plan has come: what is over, running or frozen, what should have begun, and how much longer work takes.

Without a day of one's own, now is the end of the last run, and what no run recorded until then is taken to have gone
by its dates. With a day, what runs record has not begun unless one did. The factors are those of `durations`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist

from capacity.plan import Plan, Step
from capacity.uncertainty.durations import spreads
from capacity.uncertainty.measured import CARRIED, measured
from capacity.uncertainty.settings import RiskSettings
from capacity.uncertainty.waiting import in_order, waits
from inventory.errors import InputError
from inventory.estate import Estate
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
    estate: Estate,
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
    overdue = _overdue(estate, plan, known.over, now) if since is not None else set()
    begun = [step for step in plan.steps if step.start < now and step.id not in known.over]
    fixed = {*known.over, *(step.id for step in begun if step.id not in overdue)}
    running = sum(step.end > now and step.id in fixed for step in begun)
    return Situation(
        now=now,
        over=known.over,
        fixed=frozenset(fixed),
        running=running,
        overdue=frozenset(overdue),
        frozen=frozenset(wave.number for wave in plan.waves if wave.frozen_on <= now),
        factors=factors,
    )


def _overdue(estate: Estate, plan: Plan, over: Collection[str], now: datetime) -> set[str]:
    """Of steps that should have begun, those that have not: what runs would have recorded by now, what waits for one of
    them or moves with it, and rehearsals on its copies.
    """
    ordered = in_order(plan)
    before = {step.id: own for step, own in zip(ordered, waits(estate, plan, ordered), strict=True)}
    moved = {step.group for step in plan.steps if step.kind in TOUCHING and step.id in over}
    found: set[str] = set()
    late: set[str | None] = set()  # groups of which something has not moved
    waiting = [step for step in ordered if step.start < now and step.id not in over]
    while True:
        more = [
            step
            for step in waiting
            if (step.kind in CARRIED and step.end <= now)
            or (step.kind in TOUCHING and step.group is not None and step.group in late)
            or (
                (step.kind in CARRIED or (step.kind == "rehearsal" and step.group not in moved))
                and any(ordered[i].id in found for i in before[step.id])
            )
        ]
        if not more:
            return found
        found.update(step.id for step in more)
        late.update(step.group for step in more if step.kind in TOUCHING)
        waiting = [step for step in waiting if step.id not in found]
