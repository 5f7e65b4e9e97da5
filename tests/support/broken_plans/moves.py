"""Broken plans: risky moves at once, the core beyond its rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from plan_builders import at, device, machine

from broken_plans.case import Broken, World, changed, with_step
from capacity.facility import Facility
from capacity.plan import MoveGroup, Plan
from inventory.estate import Application, ApplicationMember, Estate

Breaks = Callable[[Estate, Facility, Plan], World]


def _two_at_once(estate: Estate, facility: Facility, plan: Plan) -> World:
    """The town's machine and its servers are two groups of a critical application, moved in the same hours."""
    application = Application(3, "Counter", "counter", tenant_id=2, criticality=1)
    members = (ApplicationMember(3, machine(5)), ApplicationMember(3, device(10)))
    own = MoveGroup("G4", "Counter", (machine(5),), "alone", (3, 5), 2)
    groups = (*changed(plan.groups, "id", "G3", assets=(device(10), device(11)), cut_flows=(3, 4)), own)
    plan = replace(
        with_step(plan, "cut-3", group="G4"),
        groups=groups,
        waves=changed(plan.waves, "number", 2, groups=("G2", "G3", "G4")),
        calendar=replace(plan.calendar, risky_criticality=2),
    )
    estate = replace(
        estate,
        applications=(*estate.applications, application),
        application_members=(*estate.application_members, *members),
    )
    return estate, facility, plan


def _core(mbps: float) -> Breaks:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, replace(plan, calendar=replace(plan.calendar, core_mbps=mbps))

    return breaks


CASES = (
    Broken("RISKY", "two moves of the town", _two_at_once, "tenant Town", None, at(3, 21, 8), 60.0),
    # Copies at 500 and 50 Mbit/s, and a flow of 20 that crosses sites from the start.
    Broken("CORE", "both copies at once", _core(560.0), "the shared core", None, at(3, 10, 20), 10.0),
)
