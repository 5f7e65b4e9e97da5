"""All that is to be done in a wave, in order: the plan's steps, and the gates that a night is led by.

The same list is the runbook's table of tasks and the calendar's entries. The plan knows the steps; when the gates are
follows from it (`timing`) and from the roles (a preflight is good for a day).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from capacity.plan import Step
from playbooks.runbooks.document import shown
from playbooks.runbooks.facts import KINDS, WaveFacts, counted, few, hands, role
from playbooks.runbooks.timing import PREFLIGHT_BEFORE, Night
from playbooks.scope import host_of


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the runbook. `key` names it within the plan, whatever its date; `step` where it is one of the plan's.

    `end` None: it has no planned duration. `owner` is a role; `after` the tasks and steps it waits for.
    """

    key: str
    title: str
    start: datetime
    end: datetime | None
    owner: str
    hands: str = ""
    hosts: str = ""
    after: str = ""
    step: Step | None = None


def tasks_of(facts: WaveFacts) -> tuple[Task, ...]:
    """By start; a gate before the steps it opens."""
    found = [*_gates(facts), *(_of_step(step, facts) for step in facts.scope.steps)]
    return tuple(sorted(found, key=lambda task: (task.start.astimezone(UTC), task.step is not None)))


def _gates(facts: WaveFacts) -> Iterator[Task]:
    wave, number = facts.scope.wave, facts.scope.number
    if wave is not None:
        yield Task(
            f"wave-{number}:frozen",
            "walk-through audit; then the content is frozen",
            wave.frozen_on,
            None,
            "wave owner",
        )
    if wave is not None and facts.nights:
        first = facts.nights[0].preflight_from
        end = first if first > wave.frozen_on.astimezone(UTC) else None
        yield Task(
            f"wave-{number}:rehearsal", "rehearsal, between freeze and preflight", wave.frozen_on, end, "engineer lead"
        )  # fmt: skip
    for night in facts.nights:
        yield from _of_night(facts, night)
    if not facts.nights and facts.scope.steps:
        start = facts.scope.steps[0].start
        yield Task(
            f"wave-{number}:preflight", "preflight", start.astimezone(UTC) - PREFLIGHT_BEFORE, start, "engineer lead"
        )  # fmt: skip


def _of_night(facts: WaveFacts, night: Night) -> Iterator[Task]:
    prefix = f"wave-{facts.scope.number}:night-{night.number}"
    of = f" of night {night.number}" if len(facts.nights) > 1 else ""
    groups = few(sorted({turn.step.group or turn.step.id for turn in night.turns}), 12)
    yield Task(
        f"{prefix}:preflight", f"preflight{of}", night.preflight_from, night.decide_at, "engineer lead", hosts=groups
    )  # fmt: skip
    yield Task(
        f"{prefix}:go", f"go or no-go{of}", night.decide_at, night.start, "wave owner", hosts=groups, after="preflight"
    )  # fmt: skip
    yield Task(
        f"{prefix}:verify", f"verify{of}; accept or turn back", night.end, None, "engineer lead", hosts=groups,
        after="each step, as soon as it ends",
    )  # fmt: skip


def _of_step(step: Step, facts: WaveFacts) -> Task:
    names = [host_of(move.asset) for move in step.moves] or list(step.commissions)
    site = facts.variables.estate.by_id("sites").get(step.site_id or 0)
    names += [shown(site.name)] if site is not None else []
    return Task(
        key=f"step:{step.id}",
        title=KINDS.get(step.kind, step.kind) + (f", by {step.by}" if step.by else ""),
        start=step.start,
        end=step.end,
        owner=role(step),
        hands=hands(step),
        hosts=f"{counted(len(names), 'host')}: {few(names, 3)}" if len(names) > 3 else ", ".join(names),
        after=_after(step, facts.commissions),
        step=step,
    )


def _after(step: Step, commissions: frozenset[str]) -> str:
    """What a step waits for; what brings up racks and hosts is only counted: it is much, and all long before."""
    ready = [name for name in step.predecessors if name in commissions]
    others = [name for name in step.predecessors if name not in commissions]
    if ready:
        others.append(f"{counted(len(ready), 'step')} that bring up racks and hosts")
    return ", ".join(others) or "nothing"
