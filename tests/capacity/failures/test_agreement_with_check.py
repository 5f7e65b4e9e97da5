"""The checker and the analysis share nothing; what one flags of power under single losses, the other shows as well."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from broken_plans import clouds, powers, racks, times
from plan_builders import a_world

from capacity.facility import Facility
from capacity.failures.losses import Catalogue
from capacity.failures.standing import standing_at
from capacity.failures.target_effects import TargetEffects
from capacity.plan import Plan
from capacity.resources import LEGS
from capacity.verify import check
from inventory.estate import Estate

CODES = ("POWER-NODE", "POWER-LEG", "POWER-DIVERSE", "COOLING")
BROKEN = [
    case
    for cases in (clouds.CASES, powers.CASES, racks.CASES, times.CASES)
    for case in cases
    if case.code != "REF-UNKNOWN"
]


def moments(facility: Facility, plan: Plan) -> list[datetime]:
    """Every instant at which something arrives or becomes ready, up to the last."""
    zone = ZoneInfo(plan.calendar.time_zone)
    ready = [datetime.combine(phase.ready_on, time(), zone) for phase in facility.phases]
    steps = [moment for step in plan.steps for moment in (step.start, step.end)]
    last = max([plan.calendar.start, *steps])
    return sorted({plan.calendar.start, *steps, *(m for m in ready if plan.calendar.start < m <= last)})


def shown(estate: Estate, facility: Facility, plan: Plan) -> set[tuple[str, str]]:
    """(code, object) of all that is over or down, in the checker's words, without any cascade."""
    catalogue = Catalogue(estate, facility, plan)
    demands = {demand.asset: demand for demand in plan.demands}
    scenarios = [(), *((item.loss,) for item in catalogue.items if item.is_single_loss)]
    found: set[tuple[str, str]] = set()
    for moment in moments(facility, plan):
        standing = standing_at(estate, facility, plan, demands, moment)
        effects = TargetEffects(standing, catalogue)
        nodes = [loss for loss in scenarios if not loss or loss[0].name in effects.cascade.model.index]
        worked = effects.work_out(nodes, cascades=False)
        names = effects.cascade.model.nodes
        for overload in worked.power.overloads:
            node = names[overload.node]
            if overload.leg < 0:
                found.add(("POWER-NODE", f"{node.kind} {node.name}"))
            else:
                found.add(("POWER-LEG", f"leg {node.name} {LEGS[overload.leg]}"))
        down = worked.power.down
        for n, load in enumerate(standing.loads):
            if load.redundancy is not None and load.redundancy.spare and not down[0, n] and down[1:, n].any():
                found.add(("POWER-DIVERSE", label(load.kind, load.name, load.rack)))
        found |= {
            ("COOLING", f"cooling zone {zone.name}")
            for z, zone in enumerate(facility.cooling_zones)
            if worked.heat_w[0, z] > zone.usable_w + 1e-6
        }
    return found


def label(kind: str, name: str, rack: str) -> str:
    return {"device": f"device {name}", "host": f"host {name}"}.get(kind, f"{name} in rack {rack}")


def flagged(estate: Estate, facility: Facility, plan: Plan) -> set[tuple[str, str]]:
    return {(v.code, v.object) for v in check(estate, facility, plan) if v.code in CODES}


def test_a_plan_that_keeps_the_rules_shows_nothing_over_and_nothing_double_fed_down() -> None:
    assert flagged(*a_world()) == set()
    assert shown(*a_world()) == set()


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: f"{case.code}: {case.title}")
def test_of_a_broken_plan_both_say_the_same(case) -> None:
    world = case.world()
    assert shown(*world) == flagged(*world)


def test_the_broken_plans_break_power_in_every_way() -> None:
    codes = {code for case in powers.CASES for code, _ in flagged(*case.world())}
    assert codes == set(CODES)
