"""The first part of a runbook: what moves and why together, whose it is, when, and how long it may be down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from capacity.timetable.cut_flows import CutFlow
from inventory.planning_rows import Application
from inventory.rows import Ref
from playbooks.runbooks.document import (
    Blank,
    Block,
    Bullets,
    Paragraph,
    Strong,
    Table,
    Text,
    lines,
)
from playbooks.runbooks.facts import WAVE_OWNER, WaveFacts, lasting, role
from playbooks.runbooks.reasons import group_name, reason
from playbooks.runbooks.words import message

_EVER = datetime.min.replace(tzinfo=UTC)
_NEAR = timedelta(days=90)


def scope(facts: WaveFacts) -> tuple[Block, ...]:
    """What moves, by move group, and the flows that cross sites meanwhile."""
    wave, words = facts.scope, facts.words
    counts = words(
        "%(workloads)s to the community cloud, %(devices)s to racks at %(name)s, %(assets)s retired.",
        workloads=words.counted("%(n)s workload", "%(n)s workloads", len(wave.workloads)),
        devices=words.counted("%(n)s device", "%(n)s devices", len(wave.devices)),
        assets=words.counted("%(n)s asset", "%(n)s assets", len(wave.retired)),
        name=facts.facility.name,
    )
    groups = tuple(
        (
            group.id,
            group_name(words, group.name),
            words.number(len(group.assets)),
            reason(words, group.reason),
            words.number(len(group.cut_flows)),
        )
        for group in facts.groups
    )
    head = words.columns(
        ("group", 0.7), ("name", 2), ("assets", 0.7, True), ("why together", 3.4), ("flows cut", 0.6, True)
    )
    return (
        Paragraph(counts),
        Table(head, groups, empty=words("No move groups: retirements are taken one by one.")),
        *_cut_flows(facts),
    )


def _cut_flows(facts: WaveFacts) -> tuple[Block, ...]:
    """The flows between the wave's groups and others that cross sites because of the plan, until when, and how well."""
    cut = {flow.flow.id: flow for group in facts.groups for flow in facts.timing.cut_flows.get(group.id, ())}
    rows = tuple(_cut_row(facts, cut[key]) for key in sorted(cut) if cut[key].is_parted)
    if not rows:
        return (Paragraph(facts.words("No flow of these groups crosses sites meanwhile.")),)
    words = facts.words
    way = words.number(facts.variables.plan.calendar.intersite_latency_ms, "ms")
    caption = words(
        "Flows of these groups that cross sites until their other end has moved too. The way between sites takes "
        "%(way)s; what a line has left is its rate less all else that crosses it at the worst moment.",
        way=way,
    )
    head = words.columns(
        ("flow", 0.5), ("from", 2), ("to", 2), ("crosses", 1.7), ("rate", 0.8, True), ("line has left", 1.1, True),
        ("bears", 0.8, True),
    )  # fmt: skip
    return (Table(head, rows, caption=caption),)


def _cut_row(facts: WaveFacts, cut: CutFlow) -> tuple[Text, ...]:
    words = facts.words
    since = words("today already") if cut.since is None else facts.local(cut.since)
    until: Text = Strong(words("for good"))
    if not cut.is_for_good:
        until = words("until %(moment)s", moment=facts.local(cut.until))
    left = words.number(cut.left_mbps, "Mbit/s")
    bears = words.number(cut.flow.latency_ms, "ms")
    return (
        str(cut.flow.id),
        facts.end_name(cut.flow.source),
        facts.end_name(cut.flow.target),
        lines((since, until)),
        words.number(cut.flow.rate_mbps, "Mbit/s"),
        Strong(words("%(left)s: too little", left=left)) if cut.is_carried is False else left,
        Strong(words("%(bears)s: too short", bears=bears)) if cut.stands_latency is False else bears,
    )


def shared(facts: WaveFacts) -> tuple[Block, ...]:
    """The shared services that anything in the wave is or needs."""
    words = facts.words
    if not facts.scope.workloads and not facts.scope.devices:
        return (
            Paragraph(words("Nothing of this wave goes on working, so it needs no service at the target.")),
        )
    needed = {
        flow.target for asset in facts.scope.assets for flow in facts.variables.flows_from.get(asset, ())
    }
    members = set(facts.applications)
    rows = tuple(
        (facts.application_name(application.id, application.name), _where(facts, application), Blank())
        for application in facts.variables.estate.applications
        if application.is_shared_service
        and (application in members or Ref("applications", application.id) in needed)
    )
    return (
        Paragraph(
            words("Directory, names and time have to answer at the target before anything that needs them.")
        ),
        Table(
            words.columns(
                ("shared service", 2.4), ("stands at the target", 2), ("seen answering by (fill in)", 1.4)
            ),
            rows,
            empty=words(
                "Nothing in this wave is recorded to need a shared service; whoever knows better says so now."
            ),
        ),
    )


def _where(facts: WaveFacts, application: Application) -> Text:
    members = facts.variables.members.get(application.id, ())
    waves = sorted({facts.variables.wave_of[asset] for asset in members if asset in facts.variables.wave_of})
    stays = sum(asset not in facts.variables.wave_of for asset in members)
    late = [wave for wave in waves if wave > facts.scope.number]
    words = facts.words
    numbers = ", ".join(str(wave) for wave in waves)
    parts: list[Text] = [words("from wave %(waves)s", waves=numbers)] if waves else []
    if late:
        parts.append(Strong(words("not all of it is there before this wave")))
    if stays:
        one, many = (
            "%(staying)s of %(n)s member stays at its source",
            "%(staying)s of %(n)s members stay at their source",
        )
        parts.append(words.counted(one, many, len(members), staying=stays))
    return lines(parts) or words.unknown


def owners(facts: WaveFacts) -> tuple[Block, ...]:
    """Who answers for what; names and numbers are for people to fill in."""
    decisions, words = facts.variables.decisions, facts.words
    partners = words.listed(d.partner for asset in facts.scope.assets if (d := decisions.get(asset)))
    roles = sorted({role(step) for step in facts.scope.steps} - {WAVE_OWNER})
    asked = [WAVE_OWNER, message("approver"), *roles, message("network and names")]
    asked += [message("dock and building")] if facts.scope.devices else []
    asked += [message("rollback decided by")] if facts.turns else []
    rows = tuple((words(name), Blank(), Blank()) for name in asked)
    applications = tuple(
        (facts.application_name(application.id, application.name), words.shown(application.owner), Blank())
        for application in facts.applications
    )
    return (
        Paragraph(words("Partners: %(partners)s.", partners=partners)),
        Table(
            words.columns(("role", 1.2), ("name (fill in)", 2), ("telephone (fill in)", 1.4)), rows, tall=True
        ),
        Table(
            words.columns(("application", 2), ("owner", 2), ("telephone that night (fill in)", 1.4)),
            applications,
            empty=words("No application is recorded for these assets."),
        ),
        Table(
            words.columns(("approved", 1.2), ("name (fill in)", 2), ("signature", 2), ("date", 1)),
            ((words("this runbook, as it stands"), Blank(), Blank(), Blank()),),
            tall=True,
        ),
    )


def window(facts: WaveFacts) -> tuple[Block, ...]:
    """When the wave may touch anything, and what stands in its way."""
    wave, words = facts.scope, facts.words
    items: list[Text] = [
        words.pieces(
            "Window: %(span)s (%(zone)s). T = its start.",
            span=Strong(facts.span(wave.start, wave.end)),
            zone=facts.variables.plan.calendar.time_zone,
        )
    ]
    items += [
        words.counted(
            "Night %(night)s: %(span)s, %(n)s step that touches services",
            "Night %(night)s: %(span)s, %(n)s steps that touch services",
            len(night.turns),
            night=night.number,
            span=facts.span(night.start, night.end),
        )
        for night in facts.nights
    ]
    if wave.wave is not None:
        items.append(words("Content frozen on %(moment)s", moment=facts.local(wave.wave.frozen_on)))
    return (Bullets((*items, *_freezes(facts))),)


def _freezes(facts: WaveFacts) -> list[str]:
    """Freezes of the estate that touch an asset of the wave, within a quarter of it, in order."""
    start, end = facts.scope.start, facts.scope.end
    if start is None or end is None:
        return []
    touched = _named_by(facts)
    found = [
        freeze
        for freeze in facts.variables.estate.constraints
        if freeze.kind == "freeze"
        and (freeze.start is None or freeze.start <= end + _NEAR)
        and (freeze.end is None or freeze.end >= start - _NEAR)
        and any(ref in touched for ref in freeze.members)
    ]
    return [
        facts.words(
            "Freeze %(name)s: %(span)s",
            name=freeze.name or freeze.id,
            span=facts.span(freeze.start, freeze.end),
        )
        for freeze in sorted(found, key=lambda freeze: (freeze.start or _EVER, freeze.id))
    ] or [facts.words("No freeze of these assets is recorded within 90 days of the wave")]


def _named_by(facts: WaveFacts) -> set[Ref]:
    """Every object whose freeze is one of the wave's assets': themselves, their applications, tenants and sites."""
    found = set(facts.scope.assets) | {
        Ref("applications", application.id) for application in facts.applications
    }
    for asset in facts.scope.assets:
        row = facts.variables.estate.find(asset)
        if row is not None and row.tenant_id is not None:
            found.add(Ref("tenants", row.tenant_id))
        site_id = facts.variables.belonging.site_of(asset)
        if site_id is not None:
            found.add(Ref("sites", site_id))
    return found


def applications(facts: WaveFacts) -> tuple[Block, ...]:
    """How long each application may be down and how long it will be, if all goes well and if it has to go back."""
    words = facts.words
    backs = {turn.step.id: turn.back_minutes for turn in facts.turns}
    rows = []
    for application in facts.applications:
        steps = facts.steps_of_members(application)
        down = max((lasting(step) for step in steps), default=None)
        both = max((lasting(step) + backs.get(step.id, 0.0) for step in steps), default=None)
        rows.append(
            (
                facts.application_name(application.id, application.name),
                words.number(application.criticality),
                _minutes(facts, application.rto_minutes),
                _minutes(facts, application.rpo_minutes),
                _minutes(facts, application.downtime_budget_minutes),
                _against(facts, down, application.downtime_budget_minutes),
                _against(facts, both, application.downtime_budget_minutes),
            )
        )
    head = words.columns(
        ("application", 2.6), ("criticality", 0.8, True), ("RTO", 0.7, True), ("RPO", 0.7, True),
        ("downtime budget", 0.9, True), ("planned downtime", 1, True), ("with the way back", 1, True),
    )  # fmt: skip
    return (
        Table(head, tuple(rows), empty=words("No application is recorded for these assets.")),
        Paragraph(
            words(
                "%(column)s: the step runs to its end, fails, and is undone. Marked where the downtime budget is "
                "exceeded: there, turn back before the step has ended, or agree on more. Going back later than the RPO "
                "after a cutover loses more data than was agreed, unless they are copied back.",
                column=words.language.quoted(words("with the way back")),
            )
        ),
    )


def _minutes(facts: WaveFacts, value: float | None) -> str:
    return facts.words.unknown if value is None else facts.words.duration(value)


def _against(facts: WaveFacts, value: float | None, budget: float | None) -> Text:
    if value is None:
        return facts.words.none
    text = facts.words.duration(value)
    return Strong(f"{text} !") if budget is not None and value > budget else text
