"""What replanning answers: what moves, from when to when and why, what lasts longer, and what has no date any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from capacity.plan import Plan, Step
from capacity.replanning.alternatives import Alternative, Why
from capacity.replanning.document import Given
from capacity.replanning.ledger import Draft
from capacity.replanning.situation import TOUCHING
from capacity.verify import Violation
from inventory.estate import Ref

SCHEMA_VERSION = "1"


@dataclass(frozen=True, slots=True)
class GroupMoved:
    """A move group on other dates: from when until when it is touched, before and now, and why not as planned."""

    group: str
    name: str
    wave: int | None
    new_wave: int | None
    is_frozen: bool
    start: datetime
    end: datetime
    new_start: datetime
    new_end: datetime
    whys: tuple[Why, ...]


@dataclass(frozen=True, slots=True)
class StepMoved:
    """A step on other dates whose group kept its own, or that has none; `start` None: a new one."""

    step: str
    kind: str
    group: str | None
    start: datetime | None
    end: datetime | None
    new_start: datetime
    new_end: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Longer:
    """A step that keeps its beginning and is given longer, or more hands (`hands`), as measured."""

    step: str
    kind: str
    end: datetime
    new_end: datetime
    hands: bool


@dataclass(frozen=True, slots=True)
class LeftUndated:
    """A group without a date in the new plan, or a retired asset's step that no crew carries out any more."""

    name: str
    title: str
    assets: tuple[Ref, ...]
    why: Why


@dataclass(frozen=True)
class Replanned:
    """The answer. `plan` is sealed; `violations` are empty where it keeps every rule, and it is written only then.

    `at_least` groups have to move (or lose their date) whatever is done; `is_fewest`: no more did. `kept` groups keep
    their dates, `over`, `running` steps and `frozen` waves stay as they are, `overdue` ones should have begun.
    """

    before: str
    plan: Plan
    violations: tuple[Violation, ...]
    now: datetime
    percentile: float
    factors: dict[str, float]
    groups: tuple[GroupMoved, ...]
    steps: tuple[StepMoved, ...]
    longer: tuple[Longer, ...]
    gone: tuple[str, ...]
    undated: tuple[LeftUndated, ...]
    kept: int
    over: int
    running: int
    overdue: int
    frozen: int
    at_least: int
    is_fewest: bool
    end: datetime
    new_end: datetime
    schema_version: str = SCHEMA_VERSION

    @property
    def is_changed(self) -> bool:
        """Whether any date, duration or place of a date is another than before."""
        return bool(self.groups or self.steps or self.longer or self.gone or self.undated)


@dataclass(frozen=True)
class Found:
    """What the search ended with: dates by group, everything around them, and why groups are not on theirs."""

    plan: Plan
    violations: tuple[Violation, ...]
    chosen: Mapping[str, Alternative]
    draft: Draft
    undated: Mapping[str, Why]
    whys: Mapping[str, list[Why]]
    at_least: int


# --- what came of it -------------------------------------------------------------------------------------------------


def told(given: Given, found: Found, percentile: float) -> Replanned:
    plan, made, now = given.plan, found.plan, given.now
    groups = {group.id: group for group in plan.groups}
    waves = {group.id: group.wave for group in made.groups}
    old, new = ({step.id: step for step in p.steps} for p in (plan, made))
    moved: list[GroupMoved] = []
    for name, own in sorted(found.chosen.items(), key=lambda item: (item[1].start, item[0])):
        if own.is_kept:
            continue
        before = [old[step.id] for step in own.steps]
        after = [new[step.id] for step in own.steps]
        known = groups.get(name)
        moved.append(
            GroupMoved(
                name,
                known.name if known else name,
                before[0].wave,
                waves.get(name, after[0].wave),
                before[0].wave in now.frozen,
                min(s.start for s in before),
                max(s.end for s in before),
                min(s.start for s in after),
                max(s.end for s in after),
                tuple(found.whys[name]),
            )
        )
    elsewhere = {m.group for m in moved}
    steps, longer = _followed(old, new, elsewhere, found)
    lost = {asset for group in plan.groups if group.id in found.undated for asset in group.assets}
    gone = tuple(
        sorted(
            name
            for name, step in old.items()
            if name not in new
            and name not in found.draft.dropped
            and not (step.group in found.undated or any(m.asset in lost for m in step.moves))
        )
    )
    fewest = len(moved) + len(found.undated)
    return Replanned(
        before=plan.content_hash,
        plan=made,
        violations=found.violations,
        now=now.now,
        percentile=percentile,
        factors=dict(now.factors),
        groups=tuple(moved),
        steps=steps,
        longer=longer,
        gone=gone,
        undated=_undated(given, found),
        kept=sum(own.is_kept for own in found.chosen.values()),
        over=len(now.over),
        running=now.running,
        overdue=len(now.overdue),
        frozen=len(now.frozen),
        at_least=found.at_least,
        is_fewest=fewest == found.at_least,
        end=max(step.end for step in plan.steps),
        new_end=max((step.end for step in made.steps), default=plan.calendar.start),
    )


def _followed(
    old: Mapping[str, Step], new: Mapping[str, Step], elsewhere: set[str], found: Found
) -> tuple[tuple[StepMoved, ...], tuple[Longer, ...]]:
    """Steps on other dates than those of moved groups, and steps that only last longer or hold more."""
    steps: list[StepMoved] = []
    longer: list[Longer] = []
    for name, step in new.items():
        was = old.get(name)
        if was is not None and step.start == was.start:
            hands = [(u.resource, u.amount) for u in was.uses] != [(u.resource, u.amount) for u in step.uses]
            if step.end != was.end or hands:
                longer.append(Longer(name, step.kind, was.end, step.end, hands=hands))
            continue
        if step.kind in TOUCHING and (step.group or f"step {name}") in elsewhere:
            continue
        why = found.draft.moved.get(name, Why("REPLAN", "its group moves on another date"))
        start, end = (was.start, was.end) if was is not None else (None, None)
        steps.append(StepMoved(name, step.kind, step.group, start, end, step.start, step.end, why))
    return tuple(steps), tuple(longer)


def _undated(given: Given, found: Found) -> tuple[LeftUndated, ...]:
    groups = {group.id: group for group in given.plan.groups}
    steps = {step.id: step for step in given.plan.steps}
    left = [
        LeftUndated(name, groups[name].name, groups[name].assets, why)
        if name in groups
        else LeftUndated(name, name, tuple(m.asset for m in steps[name.removeprefix("step ")].moves), why)
        for name, why in sorted(found.undated.items())
    ]
    left += [
        LeftUndated(name, name, tuple(m.asset for m in steps[name].moves), why)
        for name, why in sorted(found.draft.dropped.items())
    ]
    return tuple(left)
