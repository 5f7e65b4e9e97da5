"""How long 10,000 samples of a region's plan take, on this machine's cores and on one.

The sample region of 2,600 servers, planned on the facility and the calendar that `vorst init` writes. A sample is run
first, so that no compiling counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from benchmarks.figure import Figure
from capacity.calendar_settings import CalendarSettings, resolve
from capacity.facility_file import default_text, read_facility
from capacity.planner import plan
from capacity.risk import assess
from capacity.uncertainty.sampling import one_by_one
from capacity.uncertainty.settings import RiskSettings
from inventory.sources.assemble import estate_from
from inventory.sources.sample import read_sample
from tui.risk_runs import samplers

SERVERS, SAMPLES, SECONDS = 2600, 10_000, 10.0
START = datetime(2027, 1, 4, tzinfo=ZoneInfo("Europe/Brussels"))


def figures() -> Iterator[Figure]:
    """Seconds for all samples, preparing the plan's arrays included; the end's percentiles as days after the plan's."""
    estate = estate_from(read_sample(servers=SERVERS))
    made = plan(estate, read_facility(default_text()), resolve(CalendarSettings(), START))
    assess(estate, made, RiskSettings(samples=1))
    settings = RiskSettings(samples=SAMPLES)
    what = f"{len(made.steps):,} steps, {SAMPLES:,} samples"
    with samplers(None, None) as run:
        started = time.perf_counter()
        found = assess(estate, made, settings, run=run)
        yield Figure(f"{what}, a thread for each core", time.perf_counter() - started, "s", SECONDS)
    started, worked = time.perf_counter(), time.process_time()
    again = assess(estate, made, settings, run=one_by_one)
    yield Figure(f"{what}, one thread", time.perf_counter() - started, "s")
    yield Figure(f"{what}, one thread: processor time", time.process_time() - worked, "s")
    yield Figure("answers that differ between the two", float(again != found), "", 0)
    for name in ("p50", "p80", "p95"):
        moment = getattr(found.end, name)
        if moment is not None:
            days = (moment - found.end.planned).total_seconds() / 86_400
            yield Figure(f"{name.upper()} of the end, days after the plan's", days, "days")
    yield Figure("samples that don't end within the horizon", found.end.beyond * 100, "%")
