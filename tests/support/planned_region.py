"""A part of the sample region, planned and proven on the facility and calendar that vorst comes with."""

from __future__ import annotations

from datetime import datetime

from world_times import BRUSSELS

from capacity.calendar_settings import CalendarSettings, resolve
from capacity.facility_file import default_text, read_facility
from capacity.plan import Plan
from capacity.planner import proven
from inventory.estate import Estate
from inventory.sources.assemble import estate_from
from inventory.sources.sample import read_sample


def planned_region(seed: int, servers: int) -> tuple[Estate, Plan]:
    """The estate, and its plan from January 2027 on, which keeps every rule."""
    estate = estate_from(read_sample(seed=seed, servers=servers))
    start = datetime(2027, 1, 4, tzinfo=BRUSSELS)
    plan, violations = proven(estate, read_facility(default_text()), resolve(CalendarSettings(), start))
    assert not violations
    return estate, plan
