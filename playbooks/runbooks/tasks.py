"""All that is to be done in a wave, in order: the plan's steps, and the gates that a night is led by.

The same list is the runbook's table of tasks and the calendar's entries. The plan knows the steps; when the gates are
follows from it (`timing`) and from the roles (a preflight is good for a day).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from capacity.plan import Step
from playbooks.runbooks.facts import ENGINEER_LEAD, WAVE_OWNER, WaveFacts, role
from playbooks.runbooks.timing import PREFLIGHT_BEFORE, Night
from playbooks.scope import host_of


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the runbook. `key` names it within the plan, whatever its date; `step` where it is one of the plan's.

    `end` None: it has no planned duration. `owner` is a role, said; `after` the tasks and steps it waits for.
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
    wave, number, words = facts.scope.wave, facts.scope.number, facts.words
    engineer, owner = words(ENGINEER_LEAD), words(WAVE_OWNER)
    if wave is not None:
        yield Task(
            f"wave-{number}:frozen",
            words("walk-through audit; then the content is frozen"),
            wave.frozen_on,
            None,
            owner,
        )
    if wave is not None and facts.nights:
        first = facts.nights[0].preflight_from
        end = first if first > wave.frozen_on.astimezone(UTC) else None
        yield Task(
            f"wave-{number}:rehearsal", words("rehearsal, between freeze and preflight"), wave.frozen_on, end, engineer
        )  # fmt: skip
    for night in facts.nights:
        yield from _of_night(facts, night)
    if not facts.nights and facts.scope.steps:
        start = facts.scope.steps[0].start
        yield Task(
            f"wave-{number}:preflight", words("preflight"), start.astimezone(UTC) - PREFLIGHT_BEFORE, start, engineer
        )  # fmt: skip


def _of_night(facts: WaveFacts, night: Night) -> Iterator[Task]:
    prefix = f"wave-{facts.scope.number}:night-{night.number}"
    words = facts.words
    engineer, owner = words(ENGINEER_LEAD), words(WAVE_OWNER)
    preflight, go, verify = (
        (
            words("preflight of night %(night)s", night=night.number),
            words("go or no-go of night %(night)s", night=night.number),
            words("verify night %(night)s; accept or turn back", night=night.number),
        )
        if len(facts.nights) > 1
        else (words("preflight"), words("go or no-go"), words("verify; accept or turn back"))
    )
    groups = words.few(sorted({turn.step.group or turn.step.id for turn in night.turns}), 12)
    yield Task(
        f"{prefix}:preflight", preflight, night.preflight_from, night.decide_at, engineer, hosts=groups
    )  # fmt: skip
    yield Task(
        f"{prefix}:go", go, night.decide_at, night.start, owner, hosts=groups, after=words("preflight")
    )  # fmt: skip
    yield Task(
        f"{prefix}:verify", verify, night.end, None, engineer, hosts=groups,
        after=words("each step, as soon as it ends"),
    )  # fmt: skip


def _of_step(step: Step, facts: WaveFacts) -> Task:
    names = [host_of(move.asset) for move in step.moves] or list(step.commissions)
    site = facts.variables.estate.by_id("sites").get(step.site_id or 0)
    words = facts.words
    names += [words.shown(site.name)] if site is not None else []
    title = facts.title(step)
    if step.by:
        title = words("%(task)s, by truck", task=title) if step.by == "truck" else f"{title}, {step.by}"
    hosts = ", ".join(names)
    if len(names) > 3:
        few = words.few(names, 3)
        hosts = words.counted("%(n)s host: %(names)s", "%(n)s hosts: %(names)s", len(names), names=few)
    return Task(
        key=f"step:{step.id}",
        title=title,
        start=step.start,
        end=step.end,
        owner=words(role(step)),
        hands=facts.hands(step),
        hosts=hosts,
        after=_after(step, facts),
        step=step,
    )


def _after(step: Step, facts: WaveFacts) -> str:
    """What a step waits for; what brings up racks and hosts is only counted: it is much, and all long before."""
    ready = [name for name in step.predecessors if name in facts.commissions]
    others = [name for name in step.predecessors if name not in facts.commissions]
    if ready:
        one, many = "%(n)s step that brings up racks and hosts", "%(n)s steps that bring up racks and hosts"
        others.append(facts.words.counted(one, many, len(ready)))
    return ", ".join(others) or facts.words("nothing")
