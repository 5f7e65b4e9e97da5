"""Rule on school holidays: what may move only in them lies within one, what may never move in them touches none."""

from __future__ import annotations

from capacity.calendar import SchoolRule
from capacity.plan import Step
from capacity.verification.moments import MINUTE_SECONDS, TIME_TOLERANCE, Interval, joined, overlap
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, counted
from inventory.estate import Ref


def check(view: View, findings: Findings) -> None:
    rules = [(rule, _holidays(view, rule.community)) for rule in view.plan.calendar.school_rules]
    for step in view.plan.steps if rules else ():
        if step.kind in TOUCHING:
            for ref in dict.fromkeys(move.asset for move in step.moves):
                for rule, holidays in rules:
                    if _holds_for(view, rule, ref):
                        _judge(view, step, ref, rule, holidays, findings)


def _holidays(view: View, community: str) -> list[Interval]:
    return joined(
        (view.clock.midnight(h.first), view.clock.wall(h.last.toordinal() + 1, 0))
        for h in view.plan.calendar.school_holidays
        if h.community == community
    )


def _holds_for(view: View, rule: SchoolRule, ref: Ref) -> bool:
    asset = view.asset(ref)
    tenant = view.row("tenants", asset.tenant_id) if asset is not None else None
    site = view.row("sites", view.site_of(ref))
    return (tenant is not None and tenant.slug in rule.tenants) or (
        site is not None and site.slug in rule.sites
    )


def _judge(
    view: View, step: Step, ref: Ref, rule: SchoolRule, holidays: list[Interval], findings: Findings
) -> None:
    span = (view.begins(step), view.ends(step))
    shared = [overlap(span, holiday) for holiday in holidays]
    wrong = sum(shared) if rule.moves == "never" else (span[1] - span[0]) - max(shared, default=0.0)
    if wrong > TIME_TOLERANCE:
        said = "during" if rule.moves == "never" else "outside"
        findings.add(
            "SCHOOL",
            f"step {step.id}",
            f"step {step.id} touches {view.label(ref)} for {counted(wrong / MINUTE_SECONDS, 'minute')} {said} the "
            f"{rule.community} school holidays",
            "put it on another day",
            asset=ref,
            moment=view.moment(span[0]),
            over=(wrong / MINUTE_SECONDS, "min"),
        )
