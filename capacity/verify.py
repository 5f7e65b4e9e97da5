"""Whether a plan keeps what it promises: every rule of docs/reference/rules.md, replayed on estate, facility and plan.

A stranger to the planners: it imports the documents' schemas and the units, nothing that plans, derives or solves. Any
plan that fits the schema gets an answer; what it names and isn't there is one of the violations. Rendering them is for
`check_output`.
"""

from __future__ import annotations

from capacity.calendar import Calendar
from capacity.facility import Facility
from capacity.plan import Plan
from capacity.verification import (
    agreement,
    care,
    cloud,
    contents,
    copies,
    documents,
    groups,
    hosts,
    order,
    pins,
    pools,
    power,
    proofs,
    quantities,
    racks,
    readiness,
    references,
    risky,
    rooms,
    routes,
    school,
    statements,
    steps,
    traffic,
    units,
    windows,
    work,
)
from capacity.verification.view import View
from capacity.verification.violations import RULES, Findings, Violation
from inventory.estate import Estate

__all__ = ["RULES", "Violation", "check"]


def check(
    estate: Estate, facility: Facility, plan: Plan, calendar: Calendar | None = None
) -> tuple[Violation, ...]:
    """Every violation of the rules, sorted by rule, moment and object; empty when the plan keeps them all.

    `calendar`: what the settings give today, where that is to be the plan's (`INPUT-CALENDAR`).
    """
    view = View(estate, facility, plan)
    findings = Findings()
    if not statements.is_countable(plan, findings):
        return findings.sorted()
    if calendar is not None:
        agreement.check(plan, calendar, findings)
    for rules in (
        references,
        documents,
        proofs,
        statements,
        quantities,
        order,
        steps,
        readiness,
        groups,
        windows,
        pins,
        work,
        copies,
        traffic,
        risky,
        care,
        school,
        rooms,
    ):
        rules.check(view, findings)
    things = contents.everything(view)
    for rack_rules in (units, racks, routes, power, cloud, hosts, pools):
        rack_rules.check(view, things, findings)
    return findings.sorted()
