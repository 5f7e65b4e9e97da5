"""Rules on what is done around moves: audits before a freeze, rehearsals before moves, people standing by after."""

from __future__ import annotations

from collections import defaultdict

from capacity.plan import Step
from capacity.verification.moments import DAY_SECONDS, MINUTE_SECONDS, TIME_TOLERANCE, beyond
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, counted, number
from capacity.verification.work import held

HOUR_SECONDS = 60 * MINUTE_SECONDS


def check(view: View, findings: Findings) -> None:
    if view.plan.calendar.care is not None:
        touching = [step for step in view.plan.steps if step.kind in TOUCHING]
        _audits(view, touching, findings)
        _rehearsals(view, touching, findings)
        _hypercare(view, touching, findings)


def _audits(view: View, touching: list[Step], findings: Findings) -> None:
    """Every site that a wave takes from has been walked through before that wave is frozen."""
    care = view.plan.calendar.care
    if care is None or care.audit_minutes <= 0:
        return
    audited: dict[int, float] = {}
    for step in view.plan.steps:
        if step.kind == "audit" and step.site_id is not None:
            end = view.ends(step)
            audited[step.site_id] = min(audited.get(step.site_id, end), end)
    taken: dict[int, set[int]] = defaultdict(set)
    for step in touching:
        for move in step.moves:
            site = view.site_of(move.asset)
            if site is not None and step.wave is not None:
                taken[step.wave].add(site)
    for wave_no, sites in sorted(taken.items()):
        wave = view.waves.get(wave_no)
        frozen = view.clock.seconds(wave.frozen_on) if wave else None
        for site in sorted(sites) if frozen is not None else ():
            late = audited[site] - (frozen or 0.0) if site in audited else None
            if late is None or late > TIME_TOLERANCE:
                row = view.row("sites", site)
                name = f"site {row.name if row else site}"
                said = (
                    "is not audited"
                    if late is None
                    else f"is audited {counted(late / DAY_SECONDS, 'day')} late"
                )
                findings.add(
                    "AUDIT",
                    f"wave {wave_no}, {name}",
                    f"{name} {said}: wave {wave_no} takes from it and is frozen before",
                    "walk through it before the wave is frozen",
                    moment=view.moment(frozen or 0.0),
                    over=None if late is None else (late / DAY_SECONDS, "days"),
                )


def _rehearsals(view: View, touching: list[Step], findings: Findings) -> None:
    """Every group with one of the most critical applications is rehearsed in the days before it moves."""
    care = view.plan.calendar.care
    if care is None or care.rehearsal_minutes <= 0:
        return
    starts: dict[str, list[float]] = defaultdict(list)
    critical: set[str] = set()
    for step in touching:
        starts[step.group or ""].append(view.begins(step))
        if any(
            a.criticality is not None and a.criticality <= care.rehearsal_criticality
            for move in step.moves
            for a in view.applications_of.get(move.asset, ())
        ):
            critical.add(step.group or "")
    rehearsals: dict[str, list[Step]] = defaultdict(list)
    for step in view.plan.steps:
        if step.kind == "rehearsal" and step.group:
            rehearsals[step.group].append(step)
    for group in sorted(critical):
        moves = min(starts[group])
        since = moves - care.rehearsal_days * DAY_SECONDS
        if not any(
            view.ends(r) <= moves - care.rehearsal_lead_hours * HOUR_SECONDS + TIME_TOLERANCE
            and view.begins(r) >= since - TIME_TOLERANCE
            for r in rehearsals[group]
        ):
            findings.add(
                "REHEARSAL",
                f"group {group}",
                f"group {group} moves an application of criticality {care.rehearsal_criticality} or less, and nobody "
                f"rehearses that within {counted(care.rehearsal_days, 'day')} before",
                "rehearse it first",
                moment=view.moment(moves),
            )


def _hypercare(view: View, touching: list[Step], findings: Findings) -> None:
    """After the steps that begin on one day people stand by, soon enough, long enough, and enough of them."""
    care = view.plan.calendar.care
    if care is None or care.hypercare_hours <= 0:
        return
    last: dict[int, float] = {}
    for step in touching:
        day = view.clock.ordinal(view.begins(step))
        last[day] = max(last.get(day, view.ends(step)), view.ends(step))
    stands = [
        (view.begins(step), view.ends(step) - view.begins(step), held(view, step, "engineer"))
        for step in view.plan.steps
        if step.kind == "hypercare"
    ]
    for end in sorted(last.values()):
        soon = end + care.hypercare_within_hours * HOUR_SECONDS
        near = [
            (length, hands)
            for begin, length, hands in stands
            if end - TIME_TOLERANCE <= begin <= soon + TIME_TOLERANCE
        ]
        wanted = care.hypercare_hours * HOUR_SECONDS
        if not any(
            length + 1 >= wanted and not beyond(care.hypercare_engineers, hands) for length, hands in near
        ):
            findings.add(
                "HYPERCARE",
                "engineer",
                f"nobody stands by as long and as many as agreed ({number(care.hypercare_engineers)} engineers for "
                f"{counted(care.hypercare_hours, 'hour')}) within {counted(care.hypercare_within_hours, 'hour')} after "
                "what moves until then",
                "hold engineers after each night",
                moment=view.moment(end),
            )
