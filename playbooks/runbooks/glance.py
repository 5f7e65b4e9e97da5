"""The first page of a runbook: the moments everybody has to have in mind, and what has to be settled before a go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from playbooks.runbooks.document import Block, Bullets, Paragraph, Strong, Table, Text
from playbooks.runbooks.facts import WaveFacts, lasting


def glance(facts: WaveFacts) -> tuple[Block, ...]:
    """Moments in order, then what stands out in this wave."""
    words = facts.words
    found = tuple(sorted(_moments(facts), key=lambda moment: moment[0].astimezone(UTC)))
    rows = tuple((facts.t(moment), facts.local(moment), text) for moment, text in found)
    minded = tuple(_minded(facts))
    return (
        Paragraph(
            words(
                "All times are those of %(zone)s; T is when the wave starts.",
                zone=facts.variables.plan.calendar.time_zone,
            )
        ),
        Table(words.columns(("T", 0.8), ("when", 1.4), ("what", 4)), rows, empty=words("Nothing is dated.")),
        *(
            (Paragraph(words("To be settled before anybody says go:")), Bullets(minded, ticked=True))
            if minded
            else ()
        ),
    )


def _moments(facts: WaveFacts) -> Iterator[tuple[datetime, str]]:
    wave, words = facts.scope, facts.words
    if wave.wave is not None:
        yield wave.wave.frozen_on, words("walk-through audit; content frozen")
    if wave.start is not None and wave.end is not None:
        yield wave.start, words("window opens") if wave.wave else words("first step begins")
        yield wave.end, words("window closes") if wave.wave else words("last step ends")
    several = len(facts.nights) > 1
    for night in facts.nights:
        number = night.number
        yield (
            night.decide_at,
            words("go or no-go for night %(night)s", night=number) if several else words("go or no-go"),
        )
        step = min(night.turns, key=lambda turn: turn.by).step.id
        yield (
            night.no_return,
            words(
                "no return for night %(night)s: %(step)s no longer goes back within its window",
                night=number,
                step=step,
            )
            if several
            else words("no return: %(step)s no longer goes back within its window", step=step),
        )
    deadlines = [step.rollback_deadline for step in wave.steps if step.rollback_deadline]
    if deadlines:
        yield (
            min(deadlines),
            words("first rollback deadline: the source of that step is no longer reserved"),
        )
        yield max(deadlines), words("last rollback deadline; hypercare ends")


def _minded(facts: WaveFacts) -> Iterator[Text]:
    words = facts.words
    final = [turn.step.id for turn in facts.turns if turn.is_final]
    if final:
        yield Strong(
            words("Once begun, the way back no longer fits the window: %(steps)s", steps=", ".join(final))
        )
    hurried = [turn.step.id for turn in facts.turns if turn.spare_minutes <= 0 and not turn.is_final]
    if hurried:
        yield words(
            "The last moment to turn back comes before the step has ended and was verified: %(steps)s",
            steps=", ".join(hurried),
        )
    yield from _minded_of_applications(facts)
    cut = {flow.flow.id: flow for group in facts.groups for flow in facts.timing.cut_flows.get(group.id, ())}
    weak = [
        words("flow %(flow)s", flow=key)
        for key, flow in sorted(cut.items())
        if flow.is_carried is False or (flow.is_parted and flow.stands_latency is False)
    ]
    if weak:
        yield words(
            "Cut meanwhile without the rate or the latency it asks for: %(flows)s", flows=words.few(weak, 12)
        )
    lacking = sum(bool(facts.variables.lacks(asset, facts.scope)) for asset in facts.scope.assets)
    if lacking:
        yield words.counted(
            "Preflight will stop %(lacking)s of %(n)s host: what it lacks is listed at the end",
            "Preflight will stop %(lacking)s of %(n)s hosts: what they lack is listed at the end",
            len(facts.scope.assets),
            lacking=lacking,
        )
    unknown = [entry["host"] for entry in facts.devices.values() if entry["weight_kg"] is None]
    if unknown:
        yield words("Weight unknown: %(hosts)s", hosts=words.few(unknown))


def _minded_of_applications(facts: WaveFacts) -> Iterator[Text]:
    words = facts.words
    backs = {turn.step.id: turn.back_minutes for turn in facts.turns}
    over: list[str] = []
    unknown = 0
    for application in facts.applications:
        steps = facts.steps_of_members(application)
        both = max((lasting(step) + backs.get(step.id, 0.0) for step in steps), default=0.0)
        budget = application.downtime_budget_minutes
        unknown += budget is None
        if budget is not None and both > budget:
            over.append(facts.application_name(application.id, application.name))
    if over:
        yield words(
            "A step that fails at its end and goes back exceeds the downtime budget of: %(applications)s",
            applications=", ".join(over),
        )
    if unknown:
        yield words.counted(
            "%(n)s application without a stated downtime budget",
            "%(n)s applications without a stated downtime budget",
            unknown,
        )
    unowned = sum(not application.owner for application in facts.applications)
    if unowned:
        yield words.counted(
            "%(n)s application without a known owner", "%(n)s applications without a known owner", unowned
        )
