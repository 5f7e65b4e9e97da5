"""Rules on the work of steps: enough hands and vans, and resources within their capacity at every moment."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from capacity.calendar import CalendarResource
from capacity.plan import Step
from capacity.resources import TOLERANCE
from capacity.verification.moments import (
    DAY_SECONDS,
    LONGEST_DAYS,
    MINUTE_SECONDS,
    TIME_TOLERANCE,
    Exceeded,
    Interval,
    beyond,
    joined,
)
from capacity.verification.references import CIRCUIT
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, counted, number
from inventory.estate import Ref


def check(view: View, findings: Findings) -> None:
    for step in view.plan.steps:
        _effort(view, step, findings)
        if step.kind == "relocate":
            _vans(view, step, findings)
            _staging(view, step, findings)
        if step.kind in {"decommission", "retire"}:
            _escort(view, step, findings)
        if step.kind in TOUCHING:
            _skills(view, step, findings)
    _resources(view, findings)


def held(view: View, step: Step, resource: str) -> float:
    """How much of a resource a step holds from its start to its end."""
    start, end = view.begins(step), view.ends(step)
    return sum(
        use.amount
        for use in step.uses
        if use.resource == resource
        and view.clock.seconds(use.start) <= start + TIME_TOLERANCE
        and view.clock.seconds(use.end) >= end - TIME_TOLERANCE
    )


# --- effort and vans -----------------------------------------------------------------------------------------------


def _effort(view: View, step: Step, findings: Findings) -> None:
    minutes = (view.ends(step) - view.begins(step)) / MINUTE_SECONDS
    for resource, fixed, work in _work(view, step):
        hands = held(view, step, resource)
        short = work - max(minutes - fixed, 0.0) * max(hands, 0.0)
        if beyond(short, 0.0) and short > TOLERANCE * max(work, 1.0):
            findings.add(
                "EFFORT",
                f"step {step.id}",
                f"step {step.id} ({step.kind}) has {counted(minutes, 'minute')} and holds {number(hands)} {resource}; "
                f"its work takes {counted(short, 'minute')} of one {resource} more",
                f"hold more {resource}, or let it last longer",
                moment=view.moment(view.begins(step)),
                over=(short, f"{resource} min"),
            )


def _work(view: View, step: Step) -> Iterator[tuple[str, float, float]]:
    """What a step asks of whom: the resource, minutes that pass whatever the hands, minutes of work of one hand."""
    rates = view.plan.calendar.work
    assets = [move.asset for move in step.moves]
    devices = [ref for ref in assets if ref.kind == "devices"]
    machines = len(assets) - len(devices)
    if step.kind == "relocate":
        yield "crew", rates.transport_minutes, len(_not_in_bays(view, devices)) * rates.relocate_minutes
    elif step.kind == "cutover":
        yield "engineer", 0.0, len(assets) * rates.cutover_minutes
    elif step.kind in {"decommission", "retire"}:
        if devices:
            wiped = sum(_bears_data(view, ref) for ref in devices)
            yield "crew", 0.0, len(devices) * rates.decommission_minutes + wiped * rates.wipe_minutes
        if machines:
            yield "engineer", 0.0, machines * rates.decommission_minutes
    elif step.kind == "commission_rack":
        yield "crew", 0.0, len(step.commissions) * rates.rack_minutes
    elif step.kind == "commission_host":
        yield "crew", 0.0, len(step.commissions) * rates.host_minutes
    elif step.kind == "audit" and view.plan.calendar.care is not None:
        yield "crew", 0.0, view.plan.calendar.care.audit_minutes
    elif step.kind == "rehearsal" and view.plan.calendar.care is not None:
        yield "engineer", 0.0, view.plan.calendar.care.rehearsal_minutes


def _bears_data(view: View, ref: Ref) -> bool:
    device = view.devices.get(ref.id)
    role = view.row("device_roles", device.role_id) if device else None
    return role is not None and any(word in role.slug for word in view.plan.calendar.work.media_roles)


def _escort(view: View, step: Step, findings: Findings) -> None:
    """Whether data-bearing devices that end unwiped leave with a van and its escort."""
    rates = view.plan.calendar.work
    if rates.wipe_minutes > 0 or not any(
        move.asset.kind == "devices" and _bears_data(view, move.asset) for move in step.moves
    ):
        return
    for resource, needs in (("crew", rates.escort_crew), ("van", 1.0 if rates.escort_crew else 0.0)):
        short = needs - held(view, step, resource)
        if beyond(short, 0.0):
            findings.add(
                "ESCORT",
                f"step {step.id}",
                f"step {step.id} takes out devices that bear data, unwiped, and holds {number(short)} {resource} too "
                "few to escort them",
                "hold a van and its escort, or wipe them",
                moment=view.moment(view.begins(step)),
                over=(short, resource),
            )
            return


def _skills(view: View, step: Step, findings: Findings) -> None:
    """Whether a step holds one of everybody that its assets ask for by role or platform."""
    for skill in view.plan.calendar.skills:
        if held(view, step, skill.name) < 1 - TOLERANCE:
            asking = next((m.asset for m in step.moves if _asks_for(view, m.asset, skill.words)), None)
            if asking is not None:
                findings.add(
                    "SKILL",
                    f"step {step.id}",
                    f"step {step.id} touches {view.label(asking)} and holds no {skill.name}",
                    f"hold one {skill.name} throughout",
                    asset=asking,
                    moment=view.moment(view.begins(step)),
                )


def _asks_for(view: View, ref: Ref, words: tuple[str, ...]) -> bool:
    asset = view.asset(ref)
    if asset is None:
        return False
    rows = (view.row("device_roles", asset.role_id), view.row("platforms", asset.platform_id))
    return any(word in row.slug for row in rows if row is not None for word in words)


def _staging(view: View, step: Step, findings: Findings) -> None:
    """Whether what is brought in one step has somewhere to stand until it is mounted."""
    height_u = sum(view.demands.of(ref).height_u or 0.0 for ref in dict.fromkeys(m.asset for m in step.moves))
    short = height_u - held(view, step, "staging")
    if "staging" in view.resources and beyond(short, 0.0):
        findings.add(
            "STAGING",
            f"step {step.id}",
            f"step {step.id} brings {number(height_u)} U and holds {number(height_u - short)} U of staging space",
            "hold space for all it brings, or bring less at once",
            moment=view.moment(view.begins(step)),
            over=(short, "U"),
        )


def _not_in_bays(view: View, devices: list[Ref]) -> list[Ref]:
    return [
        ref
        for ref in devices
        if (device := view.devices.get(ref.id)) is not None and device.parent_device_id is None
    ]


def _vans(view: View, step: Step, findings: Findings) -> None:
    work = view.plan.calendar.work
    devices = [move.asset for move in step.moves if move.asset.kind == "devices"]
    vans = held(view, step, "van")
    weight_kg = sum(view.amount(ref, "weight_kg") for ref in devices)
    height_u = sum(view.demands.of(ref).height_u or 0.0 for ref in devices)
    for what, load, limit, unit in (
        ("load", weight_kg, vans * work.van_kg, "kg"),
        ("load", height_u, vans * work.van_units_u, "U"),
        ("use", 1.0, held(view, step, "dock"), "dock slots"),
    ):
        if beyond(load, limit):
            said = (
                "holds no dock slot"
                if what == "use"
                else f"loads {number(load)} {unit}, its {number(vans)} vans take {number(limit)}"
            )
            findings.add(
                "VAN",
                f"step {step.id}",
                f"step {step.id} {said}",
                "hold another one, or move fewer devices at once",
                moment=view.moment(view.begins(step)),
                over=(load - limit, unit),
            )


# --- resources -----------------------------------------------------------------------------------------------------


def _resources(view: View, findings: Findings) -> None:
    changes: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for step in view.plan.steps:
        for use in step.uses:
            if use.amount < 0:
                findings.add(
                    "RESOURCE",
                    use.resource,
                    f"step {step.id} holds {number(use.amount)} of {use.resource}, less than nothing",
                    "hold an amount above 0",
                    moment=view.moment(view.clock.seconds(use.start)),
                    over=(-use.amount, use.resource),
                )
            elif view.clock.seconds(use.end) < view.clock.seconds(use.start):
                # Counted as it stands it would give back what others hold.
                findings.add(
                    "RESOURCE",
                    use.resource,
                    f"step {step.id} holds {use.resource} until before it begins to",
                    "let it end after it begins",
                    moment=view.moment(view.clock.seconds(use.end)),
                )
            elif not use.resource.startswith(CIRCUIT):
                changes[use.resource] += [
                    (view.clock.seconds(use.start), use.amount),
                    (view.clock.seconds(use.end), -use.amount),
                ]
    for resource in view.resources.values():
        found = _exceeded(view, resource, sorted(changes.get(resource.name, [])))
        if found:
            unit = resource.unit or resource.name
            findings.add(
                "RESOURCE",
                resource.name,
                f"{resource.name} is held beyond its capacity, by {number(found.over)} {unit} at the worst moment",
                "start a step later, or add capacity",
                moment=view.moment(found.since),
                over=(found.over, unit),
            )


def _exceeded(view: View, resource: CalendarResource, changes: list[tuple[float, float]]) -> Exceeded | None:
    """Replay the uses of one resource: between two changes the amount held is constant, the capacity may not be."""
    total, since, worst = 0.0, math.inf, 0.0
    for index, (moment, amount) in enumerate(changes[:-1]):
        total += amount
        until = changes[index + 1][0]
        if until <= moment or total <= TOLERANCE:
            continue
        for start, capacity in _capacity(view, resource, (moment, until)):
            if beyond(total, capacity):
                since = min(since, start)
                worst = max(worst, total - capacity)
    return None if since == math.inf else Exceeded(since, worst)


def _away(view: View) -> list[tuple[Interval, float]]:
    """School holidays in which only a part of crews and engineers is there, with that part."""
    calendar, clock = view.plan.calendar, view.clock
    return [
        ((clock.midnight(h.first), clock.wall(h.last.toordinal() + 1, 0)), hands.factor)
        for hands in calendar.school_hands
        for h in calendar.school_holidays
        if h.community == hands.community
    ]


def _capacity(view: View, resource: CalendarResource, span: Interval) -> Iterator[tuple[float, float]]:
    """The capacities of a resource within a span, each with its start; exceptions win, the smallest first."""
    start, end = span
    exceptions = [
        ((view.clock.seconds(e.start), view.clock.seconds(e.end)), e.capacity) for e in resource.exceptions
    ]
    exceptions = [(i, capacity) for i, capacity in exceptions if i[0] < end and i[1] > start]
    slots = (
        joined(view.clock.weekly(resource.slots, start, end)) if resource.slots else [(-math.inf, math.inf)]
    )
    if end - start > LONGEST_DAYS * DAY_SECONDS:
        slots = [] if resource.slots else slots
    away = _away(view) if resource.name in {"crew", "engineer"} else []
    edges = {start, *(x for i, _ in exceptions for x in i), *(x for i in slots for x in i)}
    edges |= {x for i, _ in away for x in i}
    for moment in sorted(x for x in edges if start <= x < end):
        special = [capacity for (begin, until), capacity in exceptions if begin <= moment < until]
        usual = resource.capacity if any(a <= moment < b for a, b in slots) else 0.0
        usual *= min((factor for (a, b), factor in away if a <= moment < b), default=1.0)
        yield moment, min(special) if special else usual
