"""Rules DOCUMENT and HORIZON: what a plan says of itself and of each asset is so, and all is done within its calendar.

Other rules judge what the plan does. Here is what people read in it and act on: whose an asset is, why it moves, what
it lacks, when the work begins and ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from capacity.plan import STATUSES, Citation, Decision, Plan
from capacity.verification.moments import MINUTE_SECONDS, TIME_TOLERANCE
from capacity.verification.view import View
from capacity.verification.violations import Findings, counted
from inventory.estate import Ref

PLANNING_VALUES = ("high", "mid")
MOST_DIGITS = 18
MOST = 10**15  # beyond, a whole number is no number of anything, and no float holds it exactly
NO_FIELD = object()


def is_countable(plan: Plan, findings: Findings) -> bool:
    """Whether the whole numbers that are reckoned with can be; else nothing else of the plan can be judged."""
    calendar = plan.calendar
    numbers: list[tuple[str, int]] = [("calendar", calendar.rollback_days)]
    numbers += [("calendar", calendar.care.rehearsal_days)] if calendar.care else []
    for rack in plan.racks:
        parts = (rack.height_u, rack.starting_unit, rack.width_mm, rack.depth_mm)
        ports = (port for m in rack.contents for port in (m.ports_provided, m.ports_used))
        numbers += [(f"rack {rack.id}", number) for number in (*parts, *ports)]
    for object_ in dict.fromkeys(name for name, number in numbers if abs(number) > MOST):
        findings.add("DOCUMENT", object_, f"{object_} has a number that nothing can have", "state a real one")
    return all(abs(number) <= MOST for _, number in numbers)


def check(view: View, findings: Findings) -> None:
    plan = view.plan
    for object_, what, remedy in _head(view):
        findings.add("DOCUMENT", object_, f"{object_} {what}", remedy)
    for decision in plan.decisions:
        for what in _decision(view, decision):
            _said(view, findings, decision.asset, what)
    for entry in plan.unplaced:
        if view.asset(entry.asset) is None:
            continue
        if not _is_called(view, entry.asset, entry.name):
            _said(view, findings, entry.asset, f"is called {entry.name!r} where it is listed as unplaced")
        if not any(lack.explanation.strip() for lack in entry.lacks):
            _said(view, findings, entry.asset, "is unplaced, and the plan does not say what it lacks")
    _horizon(view, findings)


def _said(view: View, findings: Findings, ref: Ref, what: str) -> None:
    findings.add(
        "DOCUMENT", view.label(ref), f"{view.label(ref)} {what}", "say what the estate says", asset=ref
    )


def _head(view: View) -> Iterator[tuple[str, str, str]]:
    """What is wrong with what the plan says of itself: the object, what, and the remedy."""
    plan = view.plan
    if plan.status not in STATUSES:
        yield "plan", f"has the status {plan.status!r}", f"use one of {', '.join(STATUSES)}"
    if plan.inputs.planning_value not in PLANNING_VALUES:
        yield (
            "inputs",
            f"hold at the value {plan.inputs.planning_value!r}",
            f"use {' or '.join(PLANNING_VALUES)}",
        )
    if abs(view.clock.seconds(plan.inputs.start) - view.start) > TIME_TOLERANCE:
        yield "inputs", "begin at another moment than the calendar", "let both begin at once"
    if view.clock.seconds(plan.calendar.horizon_end) <= view.start:
        yield "calendar", "ends before it begins", "let it end later"


# --- decisions -----------------------------------------------------------------------------------------------------


def _is_called(view: View, ref: Ref, name: str) -> bool:
    """Whether an asset has that name; one without a name may be called by its kind and id in any way."""
    asset = view.asset(ref)
    return asset is None or not asset.name or asset.name == name


def _decision(view: View, decision: Decision) -> Iterator[str]:
    """What a decision says of its asset that isn't so."""
    ref = decision.asset
    if view.asset(ref) is None:
        return  # REF-UNKNOWN says it
    if not _is_called(view, ref, decision.name):
        yield f"is called {decision.name!r}"
    partner = view.partner_of(ref)
    if decision.partner != partner:
        yield f"is said to be of {decision.partner or 'no partner'}, it is of {partner or 'no partner'}"
    for cite in decision.cites:
        known = _cited(view, cite)
        if known is not NO_FIELD and cite.value != ("unknown" if known is None else str(known)):
            yield f"moves because {cite.field} is {cite.value}, it is {'unknown' if known is None else known}"


def _cited(view: View, cite: Citation) -> Any:
    """The value of the field that is cited; NO_FIELD for what is no field of a row, such as a demand."""
    kind, _, rest = cite.field.partition(".")
    digits, _, name = rest.partition(".")
    row = (
        view.row(kind, int(digits))
        if digits.isascii() and digits.isdigit() and len(digits) < MOST_DIGITS
        else None
    )
    if row is None:
        return "not there"
    if name == "role":
        role = view.row("device_roles", getattr(row, "role_id", None))
        return role.slug if role is not None else None
    return getattr(row, name, NO_FIELD) if name.isidentifier() and not name.startswith("_") else NO_FIELD


# --- when ------------------------------------------------------------------------------------------------------------


def _horizon(view: View, findings: Findings) -> None:
    """Whether all is done within the time that the calendar is for."""
    last = view.clock.seconds(view.plan.calendar.horizon_end)
    for step in view.plan.steps:
        for outside, moment, said in (
            (view.start - view.begins(step), view.begins(step), "starts {} before the calendar begins"),
            (view.ends(step) - last, last, "ends {} after the calendar does"),
        ):
            if outside > TIME_TOLERANCE:
                findings.add(
                    "HORIZON",
                    f"step {step.id}",
                    f"step {step.id} " + said.format(counted(outside / MINUTE_SECONDS, "minute")),
                    "put it within the calendar, or plan over a longer one",
                    moment=view.moment(moment),
                    over=(outside / MINUTE_SECONDS, "min"),
                )
