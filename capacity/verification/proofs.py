"""Rule EVIDENCE: what a plan proves of itself is what its lists give, bounds do not pass it, assumptions are listed."""

from __future__ import annotations

import math

from capacity.resources import HOURS_PER_YEAR
from capacity.verification.moments import DAY_SECONDS, beyond
from capacity.verification.view import View
from capacity.verification.violations import Findings, number

OBJECTIVES = ("unplaced", "new_racks", "cloud_hosts", "energy_kwh")
OBJECTIVE_UNITS = {"unplaced": "assets", "new_racks": "racks", "cloud_hosts": "hosts", "energy_kwh": "kWh"}
DATES = ("room_days", "last_room_days")


def check(view: View, findings: Findings) -> None:
    _objectives(view, findings)
    _dates(view, findings)
    _assumed(view, findings)


def _objectives(view: View, findings: Findings) -> None:
    objectives = view.plan.evidence.objectives
    names = [objective.name for objective in objectives]
    if names != list(OBJECTIVES):
        findings.add(
            "EVIDENCE",
            "objectives",
            f"the objectives are {', '.join(names) or 'none'}; they must be {', '.join(OBJECTIVES)} in that order",
            "state the four objectives in order",
        )
    given = {
        "unplaced": float(len(view.plan.unplaced)),
        "new_racks": float(len(view.plan.racks)),
        "cloud_hosts": float(len(view.plan.hosts)),
        "energy_kwh": _energy_kwh(view),
    }
    for objective in objectives:
        right = given.get(objective.name)
        unit = OBJECTIVE_UNITS.get(objective.name, "")
        if right is None:
            continue
        if not _same(objective.value, right):
            findings.add(
                "EVIDENCE",
                objective.name,
                f"{objective.name} is said to be {number(objective.value)} {unit}, "
                f"the plan's lists give {number(right)}",
                "state what the lists give",
                over=(objective.value - right, unit),
            )
        elif beyond(objective.bound, objective.value):
            findings.add(
                "EVIDENCE",
                objective.name,
                f"the lower bound of {objective.name}, {number(objective.bound)}, "
                f"is above its value {number(objective.value)}",
                "a bound that is passed is none; correct it",
                over=(objective.bound - objective.value, unit),
            )
        else:
            gap = (objective.value - objective.bound) / max(objective.bound, 1)
            if not _same(objective.gap, gap):
                findings.add(
                    "EVIDENCE",
                    objective.name,
                    f"the gap of {objective.name} is said to be {number(objective.gap)}, "
                    f"value and bound give {number(gap)}",
                    "state (value − bound) ÷ max(bound, 1)",
                    over=(objective.gap - gap, ""),
                )


def _dates(view: View, findings: Findings) -> None:
    """How soon rooms are empty: the days that the plan's rooms give, and bounds that do not pass them."""
    stated = view.plan.evidence.dates
    if not stated:
        return  # nothing is claimed; plans of before had none
    emptied = {
        (room.site_id, room.location_id): (view.clock.seconds(room.emptied_at) - view.start) / DAY_SECONDS
        for room in view.plan.rooms
        if room.emptied_at is not None
    }
    days = list(emptied.values())
    names = [entry.name for entry in stated]
    if names != list(DATES) or not days:
        findings.add(
            "EVIDENCE",
            "dates",
            f"the dates told of are {', '.join(names)}; they must be {', '.join(DATES)} in that order"
            if days
            else "dates of rooms are told of, and no room becomes empty",
            "state both in order, where rooms become empty",
        )
    given = {"room_days": math.fsum(days), "last_room_days": max(days)} if days else {}
    for entry in stated:
        right = given.get(entry.name)
        if right is None:
            continue
        if not _same(entry.value, right):
            what = f"said to be {number(entry.value)} days, the plan's rooms give {number(right)}"
            remedy, over = "state what the rooms give", entry.value - right
        elif not 0 <= entry.bound < math.inf:
            what, remedy = f"said to be at least {number(entry.bound)} days", "state a bound of 0 or more"
            over = -entry.bound
        elif beyond(entry.bound, entry.value):
            what = f"{number(entry.value)} days, below its lower bound {number(entry.bound)}"
            remedy, over = "a bound that is passed is none; correct it", entry.bound - entry.value
        else:
            continue
        findings.add("EVIDENCE", entry.name, f"{entry.name} is {what}", remedy, over=(over, "days"))


def _assumed(view: View, findings: Findings) -> None:
    """Whether the plan lists all that it assumes, and what nothing is proven of."""
    calendar, listed = view.plan.calendar, view.plan.evidence.assumptions
    names = {assumption.name for assumption in listed}
    rests_on = {f"facility.{entry.path}" for entry in view.facility.assumptions}
    unseen = False
    for placed, is_copied in ((view.placed_devices, False), (view.placed_workloads, True)):
        for ref in placed:
            quantities = view.demands.of(ref).quantities
            for quantity in quantities.values():
                if quantity.is_estimate:
                    rests_on.add(quantity.rule)
            unseen = unseen or (is_copied and "change_rate_mbps" not in quantities)
    if unseen and calendar.work.change_share_per_day:
        rests_on.add("calendar.work.change_share_per_day")
    if calendar.core_mbps is None:
        rests_on.add("calendar.core_mbps")
    missing = sorted(rests_on - names) + [
        text for text in calendar.assumptions if all(text != assumption.note for assumption in listed)
    ]
    for name in missing:
        findings.add(
            "EVIDENCE",
            f"assumption {name}",
            f"the plan rests on an assumption that it does not list: {name}",
            "list it, so that nobody takes it for known",
        )


def _same(a: float, b: float) -> bool:
    return not beyond(a, b) and not beyond(b, a) and a == a  # noqa: PLR0124 - not a number equals nothing


def _energy_kwh(view: View) -> float:
    """What the plan's own lists say of a year's energy at the target, in kWh."""
    watts = 0.0
    for ref in view.placed_devices:
        demand = view.stated_demands.get(ref)
        quantity = demand.quantities.get("power_w") if demand else None
        watts += quantity.planning if quantity else 0.0
    for host in view.plan.hosts:
        pool = view.pools.get(host.pool)
        watts += (pool.type_named(host.model) or pool.host_type).power_w if pool else 0.0
    watts += sum(mounted.power_w for rack in view.plan.racks for mounted in rack.contents)
    return watts * HOURS_PER_YEAR / 1000 * view.facility.pue
