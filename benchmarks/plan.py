"""How long a small region takes to plan and to prove, and how far the plan is from its lower bounds.

The sample region of 200 servers, on the facility and the calendar that `vorst init` writes. A region of 40 is planned
first, so that no compiling is counted. Seconds are of this machine, as busy as it is; the gaps depend on no clock.
"""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

from benchmarks.figure import Figure
from capacity.calendar_settings import CalendarSettings, resolve
from capacity.facility_file import default_text, read_facility
from capacity.planner import plan
from capacity.verify import check
from inventory.sources.assemble import estate_from
from inventory.sources.sample import read_sample

SERVERS, WARM_UP_SERVERS = 200, 40
START = datetime(2027, 1, 4, tzinfo=ZoneInfo("Europe/Brussels"))


def figures() -> list[Figure]:
    """Seconds of wall clock to plan and to check, rules broken, and each objective's gap in % of its bound."""
    facility, calendar = read_facility(default_text()), resolve(CalendarSettings(), START)
    warm_up = estate_from(read_sample(servers=WARM_UP_SERVERS))
    check(warm_up, facility, plan(warm_up, facility, calendar))
    estate = estate_from(read_sample(servers=SERVERS))
    started = time.perf_counter()
    made = plan(estate, facility, calendar)
    planned = time.perf_counter()
    violations = check(estate, facility, made)
    proven = time.perf_counter()
    region = f"{len(made.decisions)} assets"
    return [
        Figure(f"{region}, planned (and proven on the way)", planned - started, "s"),
        Figure(f"{region}, checked alone", proven - planned, "s"),
        Figure(f"{region}, violations", len(violations), "in all", 0),
        *(
            Figure(f"{region}, {objective.name} above its bound", objective.gap * 100, "%")
            for objective in made.evidence.objectives
        ),
    ]
