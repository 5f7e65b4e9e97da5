"""Broken plans: copies that never catch up, changes that nobody sends, trucks that were not filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from plan_builders import at, days_after, machine

from broken_plans.case import Broken, World, changed, with_step
from capacity.calendar import CalendarResource
from capacity.facility import Facility
from capacity.plan import Plan, Use
from capacity.resources import Quantity
from inventory.estate import ApplicationMember, Estate, Observation

COPIED, COPY_ENDS, CUT_ENDS = at(3, 10, 20), at(3, 10, 22), at(3, 21, 9)
NOON, LEAVES, ARRIVES, CATCHES_UP = at(3, 10, 12), at(3, 10, 13), at(3, 10, 15), at(3, 10, 19)
STEP = "step copy-2"

Breaks = Callable[[Estate, Facility, Plan], World]


def changing(mbps: float, *holds: Use, rpo_minutes: int | None = None, **work: float) -> Breaks:
    """Machine 5 changes by so much; after its copy over circuit 2 something is held besides."""

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        seen = Observation(90, machine(5), "change_rate_mbps", mbps, "Mbit/s", "measured", "p95")
        demand = next(d for d in plan.demands if d.asset == machine(5))
        known = demand.quantities | {"change_rate_mbps": Quantity.exact(mbps, "change_rate.observed")}
        step = next(s for s in plan.steps if s.id == "copy-2")
        applications = estate.applications
        if rpo_minutes is not None:
            applications = changed(applications, "id", 2, rpo_minutes=rpo_minutes)
        estate = replace(
            estate,
            observations=(*estate.observations, seen),
            applications=applications,
            application_members=(*estate.application_members, ApplicationMember(2, machine(5))),
        )
        plan = replace(
            with_step(plan, "copy-2", uses=(*step.uses, *holds)) if holds else plan,
            demands=changed(plan.demands, "asset", machine(5), quantities=known),
            groups=changed(plan.groups, "id", "G3", cut_flows=(4, 5, 6)),
            calendar=replace(plan.calendar, work=replace(plan.calendar.work, **work)),
        )
        return estate, facility, plan

    return breaks


def held(mbps: float, start: datetime = COPY_ENDS, end: datetime = CUT_ENDS) -> Use:
    return Use("circuit:2", mbps, start, end)


def by_truck(
    *,
    mbps: float = 10.0,
    leaves: datetime = LEAVES,
    arrives: datetime = ARRIVES,
    crews: float = 2.0,
    boxes: float = 2.0,
    line_from: datetime = CATCHES_UP,
    rate_mbps: float = 50.0,
) -> Breaks:
    """Machine 5's 24,000 MB are on two appliances of 20,000 MB that fill and empty in 32 minutes, and change by `mbps`.

    They are filled from noon on, driven at one; from seven on what changed goes over the line until ten.
    """

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        estate, facility, plan = changing(mbps, held(mbps), appliance_mb=20_000.0, appliance_mbps=100.0,
                                          escort_crew=2.0)(estate, facility, plan)  # fmt: skip
        uses = (
            Use("appliance", boxes, NOON, at(3, 10, 16)),
            Use("van", 1.0, leaves, arrives),
            Use("crew", crews, leaves, arrives),
            Use("circuit:2", rate_mbps, line_from, COPY_ENDS),
            held(mbps),
        )
        resources = (*plan.calendar.resources, CalendarResource("appliance", 2.0, "appliances"))
        plan = with_step(plan, "copy-2", start=NOON, uses=tuple(u for u in uses if u.amount), by="truck")
        return estate, facility, replace(plan, calendar=replace(plan.calendar, resources=resources))

    return breaks


def twice_by_truck(*, vans: float = 1.0, mbps: float = 0.01) -> Breaks:
    """Machine 5's changes go by truck too, in a cutover of three hours: two on the way, the rest to fill and empty.

    From noon on the tenth to the cutover it changes for 936,000 s.
    """

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        estate, facility, plan = by_truck(mbps=mbps)(estate, facility, plan)
        copy = next(s for s in plan.steps if s.id == "copy-2")
        cut = next(s for s in plan.steps if s.id == "cut-3")
        until = at(3, 21, 11)
        held = {"engineer": 1.0, "crew": 2.0, "van": vans, "appliance": 2.0}
        uses = tuple(Use(name, amount, cut.start, until) for name, amount in held.items() if amount)
        plan = with_step(
            plan, "copy-2", uses=tuple(u for u in copy.uses if not u.resource.startswith("circuit"))
        )
        plan = with_step(
            plan, "cut-3", end=until, uses=uses, by="truck", rollback_deadline=days_after(until, 14)
        )
        plan = replace(plan, calendar=replace(plan.calendar, resources=tuple(
            replace(r, capacity=9.0) if r.name in {"crew", "van"} else r for r in plan.calendar.resources
        )))  # fmt: skip
        return estate, facility, plan

    return breaks


def _by(way: str) -> Breaks:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, with_step(plan, "copy-2", by=way)

    return breaks


CASES = (
    Broken(
        "REPLICATION", "slower than what changes", changing(60.0), STEP, None, COPIED, 10.0
    ),
    Broken("REPLICATION", "not caught up yet", changing(30.0, held(30.0)), STEP, None, COPIED, 40.0),
    Broken("REPLICATION", "by boat", _by("boat"), STEP, None, COPIED),
    Broken("REPLICATION", "on no appliance", _by("truck"), STEP, None, COPIED),
    Broken("REPLICATION", "one appliance too few", by_truck(boxes=1.0), STEP, None, NOON, 1.0),
    Broken("REPLICATION", "without escort", by_truck(crews=1.0), STEP, None, NOON, 1.0),
    Broken("REPLICATION", "left half full", by_truck(leaves=at(3, 10, 12, 16)), STEP, None, NOON, 16.0),
    Broken("REPLICATION", "half an hour's way", by_truck(arrives=at(3, 10, 13, 30)), STEP, None, NOON, 90.0),
    Broken(
        "REPLICATION",
        "what changed on the way",  # 10 h × 12 Mbit/s against 2 h × 50
        by_truck(mbps=12.0, line_from=at(3, 10, 20)),
        STEP,
        None,
        NOON,
        72_000.0,
    ),
    Broken("CHANGES", "not sent after the copy", changing(10.0), STEP, None, COPY_ENDS, 10.0),
    Broken(
        "CHANGES",
        "not sent in the cutover",
        changing(10.0, held(10.0, end=at(3, 21, 8))),
        STEP,
        None,
        COPY_ENDS,
        10.0,
    ),
    Broken(
        "CHANGES", "the last take too long", changing(10.0, held(10.0), delta_minutes=90.0), STEP, None,
        COPY_ENDS, 30.0,
    ),
    Broken(
        "CHANGES", "brought without a van", twice_by_truck(vans=0.0), "step cut-3", None, at(3, 21, 8), 1.0
    ),
    Broken(
        "CHANGES",
        "more than the hour left fills",  # 2 × 936,000 s × 0.2 Mbit/s at 100 Mbit/s are 62.4 minutes
        twice_by_truck(mbps=0.2),
        "step cut-3",
        None,
        at(3, 21, 8),
        2.4,
    ),
    Broken(
        "RPO",
        "sent too seldom",
        changing(10.0, held(20.0), rpo_minutes=14, delta_minutes=10.0),
        "application Signalling",
        None,
        COPY_ENDS,
        1.0,
    ),
)  # fmt: skip
