"""What is held from later to earlier gives nobody else's hands back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from broken_plans.case import changed
from plan_builders import a_world, resealed

from capacity.plan import Use
from capacity.verify import check


@pytest.mark.parametrize("resource", ["engineer", "circuit:1"])
def test_a_use_that_ends_before_it_begins_hides_nothing(resource: str) -> None:
    estate, facility, plan = a_world()
    step = next(s for s in plan.steps if s.kind == "cutover")
    more = Use(resource, 1000.0, step.start, step.end)
    back = replace(more, start=step.end, end=step.start)
    steps = changed(plan.steps, "id", step.id, uses=(*step.uses, more, back))
    found = check(*resealed(estate, facility, replace(plan, steps=steps)))
    assert ("RESOURCE", resource) in {(v.code, v.object) for v in found}
