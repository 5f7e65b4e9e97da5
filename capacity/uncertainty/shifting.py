"""Which dates have to move after what was measured, as few of them as can be: a proposal, never a plan.

Steps that are done keep the times they had. All others keep their dates unless something pushes them: a step before
them that ended late or will, hands that aren't free, a window they no longer fit. Kinds that were measured to take
longer than planned take that much longer from now on; nothing is moved sooner. Whether the dates keep every rule nobody
has proven: plan again with them, and let `verify` judge.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from capacity.plan import STEP_KINDS, Plan, Step
from capacity.solvers.simulation import NEVER, Draws, simulate
from capacity.uncertainty.durations import spreads
from capacity.uncertainty.measured import CARRIED, measured
from capacity.uncertainty.network import dated
from capacity.uncertainty.settings import RiskSettings
from capacity.uncertainty.waiting import seconds_from
from inventory.errors import InputError
from inventory.estate import Estate
from inventory.records import RunRecord


@dataclass(frozen=True, slots=True)
class Moved:
    """A step whose dates would change; None: it finds no place within the horizon. `is_frozen`: its wave's content was
    fixed already.
    """

    step: str
    kind: str
    group: str | None
    wave: int | None
    is_frozen: bool
    start: datetime
    end: datetime
    new_start: datetime | None
    new_end: datetime | None


@dataclass(frozen=True, slots=True)
class Shift:
    """The proposal: what would move, in the order of the plan's dates; how many steps are `over` and how many `kept`.

    `ratios`: how many times the planned duration steps of a measured kind are given from now on.
    """

    plan_hash: str
    as_of: datetime
    moved: tuple[Moved, ...]
    kept: int
    over: int
    ratios: dict[str, float]
    end: datetime
    new_end: datetime | None
    basis: str = "dates pushed as little as the measured durations allow; not proven by the checker"


def shift(
    estate: Estate,
    plan: Plan,
    settings: RiskSettings,
    runs: Iterable[RunRecord],
    *,
    as_of: datetime | None = None,
) -> Shift:
    """The dates that have to move. With `as_of` nothing that runs record has begun without a record before that moment;
    without it, what has no record is taken to be on its dates, and waves are frozen as of the last run's end.

    Raises InputError for a plan without steps or out of order, and where neither `as_of` nor a run says how far things
    are.
    """
    records = tuple(runs)
    now = as_of or max((record.ended_at for record in records if not record.check), default=None)
    if not plan.steps:
        raise InputError("the plan has no steps", remedy="nothing moves, so no date can change")
    if now is None:
        raise InputError(
            "no run is recorded", remedy="carry a wave out with `vorst run` first, or name a day"
        )
    known = measured(plan, records)
    spread = spreads(settings, known.ratios)
    ratios = {kind: max(1.0, spread[kind].median) for kind in known.ratios}
    network = dated(estate, plan, keeps_date=STEP_KINDS, expected=ratios, over=known.over)
    frozen = {wave.number for wave in plan.waves if wave.frozen_on <= now}
    factor = np.array([1.0 if s.wave in frozen else ratios.get(s.kind, 1.0) for s in network.steps])
    scale = ((network.end - network.start) * factor)[None, :]
    today = seconds_from(plan.calendar.start, as_of) if as_of is not None else 0
    waits = np.array([today if step.kind in CARRIED else 0 for step in network.steps], dtype=np.int64)
    arrays = network.network._replace(release=np.maximum(network.network.release, waits))
    nothing = np.zeros(len(network.steps))
    found = simulate(arrays, Draws(scale, np.zeros_like(scale), nothing, 1.0, 0))
    begin, zone = plan.calendar.start.timestamp(), ZoneInfo(plan.calendar.time_zone)

    def moment(seconds: int) -> datetime | None:
        return None if seconds == NEVER else datetime.fromtimestamp(begin + seconds, zone)

    moved = []
    for j, step in enumerate(network.steps):
        start, end = int(found.start[0, j]), int(found.end[0, j])
        if step.id not in known.over and (start, end) != (network.start[j], network.end[j]):
            # What is begun again in another window is dated there: its last begin is its duration before its end.
            is_anew = end != NEVER and arrays.is_strict[j] and found.begun[0, j] > 1
            first = end - round(scale[0, j]) if is_anew else start
            moved.append(_moved(step, moment(first), moment(end), is_frozen=step.wave in frozen))
    return Shift(
        plan_hash=plan.content_hash,
        as_of=now,
        moved=tuple(moved),
        kept=len(network.steps) - len(moved) - len(known.over),
        over=len(known.over),
        ratios=ratios,
        end=max(step.end for step in plan.steps),
        new_end=moment(int(found.end[0].max())),
    )


def _moved(step: Step, start: datetime | None, end: datetime | None, *, is_frozen: bool) -> Moved:
    return Moved(step.id, step.kind, step.group, step.wave, is_frozen, step.start, step.end, start, end)
