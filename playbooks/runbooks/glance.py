"""The first page of a runbook: the moments everybody has to have in mind, and what has to be settled before a go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from playbooks.runbooks.document import Block, Bullets, Paragraph, Strong, Table, Text, columns
from playbooks.runbooks.facts import WaveFacts, counted, few, lasting


def glance(facts: WaveFacts) -> tuple[Block, ...]:
    """Moments in order, then what stands out in this wave."""
    found = tuple(sorted(_moments(facts), key=lambda moment: moment[0].astimezone(UTC)))
    rows = tuple((facts.t(moment), facts.local(moment), text) for moment, text in found)
    minded = tuple(_minded(facts))
    return (
        Paragraph(
            f"All times are those of {facts.variables.plan.calendar.time_zone}; T is when the wave starts."
        ),
        Table(columns(("T", 0.8), ("when", 1.4), ("what", 4)), rows, empty="Nothing is dated."),
        *(
            (Paragraph("To be settled before anybody says go:"), Bullets(minded, ticked=True))
            if minded
            else ()
        ),
    )


def _moments(facts: WaveFacts) -> Iterator[tuple[datetime, str]]:
    wave = facts.scope
    if wave.wave is not None:
        yield wave.wave.frozen_on, "walk-through audit; content frozen"
    if wave.start is not None and wave.end is not None:
        yield wave.start, "window opens" if wave.wave else "first step begins"
        yield wave.end, "window closes" if wave.wave else "last step ends"
    for night in facts.nights:
        of = f" for night {night.number}" if len(facts.nights) > 1 else ""
        yield night.decide_at, f"go or no-go{of}"
        first = min(night.turns, key=lambda turn: turn.by)
        yield night.no_return, f"no return{of}: {first.step.id} no longer goes back within its window"
    deadlines = [step.rollback_deadline for step in wave.steps if step.rollback_deadline]
    if deadlines:
        yield min(deadlines), "first rollback deadline: the source of that step is no longer reserved"
        yield max(deadlines), "last rollback deadline; hypercare ends"


def _minded(facts: WaveFacts) -> Iterator[Text]:
    final = [turn.step.id for turn in facts.turns if turn.is_final]
    if final:
        yield Strong(f"Once begun, the way back no longer fits the window: {', '.join(final)}")
    hurried = [turn.step.id for turn in facts.turns if turn.spare_minutes <= 0 and not turn.is_final]
    if hurried:
        yield f"The last moment to turn back comes before the step has ended and was verified: {', '.join(hurried)}"
    yield from _minded_of_applications(facts)
    cut = {flow.flow.id: flow for group in facts.groups for flow in facts.timing.cut_flows.get(group.id, ())}
    weak = [
        f"flow {key}"
        for key, flow in sorted(cut.items())
        if flow.is_carried is False or (flow.is_parted and flow.stands_latency is False)
    ]
    if weak:
        yield f"Cut meanwhile without the rate or the latency it asks for: {few(weak, 12)}"
    lacking = sum(bool(facts.variables.lacks(asset, facts.scope)) for asset in facts.scope.assets)
    if lacking:
        hosts = counted(len(facts.scope.assets), "host")
        yield f"Preflight will stop {lacking} of {hosts}: what they lack is listed at the end"
    unknown = [entry["host"] for entry in facts.devices.values() if entry["weight_kg"] is None]
    if unknown:
        yield f"Weight unknown: {few(unknown)}"


def _minded_of_applications(facts: WaveFacts) -> Iterator[Text]:
    backs = {turn.step.id: turn.back_minutes for turn in facts.turns}
    over: list[str] = []
    unknown = 0
    for application in facts.applications:
        steps = facts.steps_of_members(application)
        both = max((lasting(step) + backs.get(step.id, 0.0) for step in steps), default=0.0)
        budget = application.downtime_budget_minutes
        unknown += budget is None
        if budget is not None and both > budget:
            over.append(f"{application.name} (application {application.id})")
    if over:
        yield f"A step that fails at its end and goes back exceeds the downtime budget of: {', '.join(over)}"
    if unknown:
        yield f"{counted(unknown, 'application')} without a stated downtime budget"
    unowned = sum(not application.owner for application in facts.applications)
    if unowned:
        yield f"{counted(unowned, 'application')} without a known owner"
