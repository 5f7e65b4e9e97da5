"""What finished runs tell about a plan: how long steps really took against their estimate, and what is over.

A measured step counts when the run was no dry run, all its assets were done and both durations are known. It is matched
to a step of the plan by its id and its assets: after planning again the same step may be in another wave, or in none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from capacity.plan import Plan, Step
from inventory.records import RunRecord, StepRun

CARRIED = {"replicate": "replicate", "cutover": "cutover", "relocate": "cutover"} | dict.fromkeys(
    ("decommission", "retire"), "decommission"
)
"""The phase whose run carries a step of each kind out, and so measures it."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`ratios`: actual ÷ estimated duration by kind of step, oldest first; `over`: start and end of steps that are done
    by this very plan, or one it was replanned from; `unmatched`: measured steps that are none of this plan's.
    """

    ratios: dict[str, tuple[float, ...]]
    over: dict[str, tuple[datetime, datetime]]
    unmatched: int


NOTHING_MEASURED = Measured({}, {}, 0)


def measured(plan: Plan, runs: Iterable[RunRecord]) -> Measured:
    """What the records say of the plan's steps; a step that ran twice counts as it ran last."""
    steps = {step.id: step for step in plan.steps}
    ratios: dict[tuple[str, str], float] = {}
    over: dict[str, tuple[datetime, datetime]] = {}
    unmatched: set[str] = set()
    own = {plan.content_hash, *plan.follows}
    for record in sorted(runs, key=lambda record: record.started_at):
        if record.check:
            continue
        for run in record.steps:
            step = steps.get(run.step_id)
            if step is None or not _is_whole(step, run):
                if _ratio(run) is not None and run.outcome == "done":
                    unmatched.add(run.step_id)
                continue
            is_own = record.plan_hash in own
            if record.phase == "rollback" and is_own and run.outcome == "done":
                over.pop(step.id, None)
            if record.phase != CARRIED.get(step.kind) or run.outcome != "done":
                continue
            ratio = _ratio(run)
            if ratio is not None:
                ratios[step.kind, step.id] = ratio
            if is_own and run.started_at is not None and run.duration_s is not None:
                over[step.id] = (run.started_at, run.started_at + timedelta(seconds=run.duration_s))
    by_kind: dict[str, list[float]] = defaultdict(list)
    for (kind, _), ratio in ratios.items():
        by_kind[kind].append(ratio)
    return Measured({kind: tuple(found) for kind, found in sorted(by_kind.items())}, over, len(unmatched))


def _is_whole(step: Step, run: StepRun) -> bool:
    """Whether all assets of the step were run: what a limit left out makes a duration say nothing."""
    return {move.asset for move in step.moves} == set(run.assets)


def _ratio(run: StepRun) -> float | None:
    if not run.duration_s or not run.planned_duration_s:
        return None
    return run.duration_s / run.planned_duration_s
