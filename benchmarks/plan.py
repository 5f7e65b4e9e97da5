"""How planning and proving a region grows with it, and how far plans are from their lower bounds.

The sample region at several sizes, on the facility and the calendar that `vorst init` writes, with one more building,
as many more hands and lines so many times as wide for every 2,600 servers (the sample's sites keep theirs whatever its
size, and ten regions don't pass over the lines of one). A region of 40 is planned first, so that no compiling counts.
Seconds are of this machine, as busy as it is; their ratios and the fitted exponent are of processor time, which other
work disturbs less; the gaps depend on no clock. `--far` goes on to ten times the region, `--farthest` to 100,000
assets; both also ask for the promised seconds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.figure import Figure
from benchmarks.plan_buildings import facility_of
from capacity.calendar import Calendar
from capacity.calendar_settings import CalendarSettings, resolve
from capacity.planner import proven
from inventory.estate import Estate, sealed
from inventory.sources.assemble import estate_from
from inventory.sources.sample import read_sample

WARM_UP_SERVERS, REGION = 40, 2600
SIZES = {"": (325, 650, REGION), "far": (650, 1300, REGION, 2 * REGION, 10 * REGION)}
SIZES["farthest"] = (*SIZES["far"], 31_800)  # servers: with all that hangs on them 100,000 assets
SECONDS = {REGION: 15.0, 10 * REGION: 180.0}  # promised
GAP = {REGION: 2.0}  # % of the bound, promised for racks and hosts
START = datetime(2027, 1, 4, tzinfo=ZoneInfo("Europe/Brussels"))


@dataclass(frozen=True, slots=True)
class _Measured:
    """One size: assets, wall-clock and processor seconds."""

    assets: int
    wall_s: float
    processor_s: float


def figures(reach: str = "") -> Iterator[Figure]:
    """Of every size the seconds, how they compare with the smallest's, rules broken and each objective's gap.

    `reach`: "", "far" or "farthest". At last the exponent with which processor time grows.
    """
    calendar = resolve(CalendarSettings(), START)
    proven(estate_from(read_sample(servers=WARM_UP_SERVERS)), facility_of(1), calendar)
    measured: list[_Measured] = []
    for servers in SIZES[reach]:
        buildings = -(-servers // REGION)
        estate, facility = region_of(servers, buildings), facility_of(buildings)
        started, worked = time.perf_counter(), time.process_time()
        made, violations = proven(estate, facility, with_hands(calendar, buildings))
        ended = _Measured(len(made.decisions), time.perf_counter() - started, time.process_time() - worked)
        measured.append(ended)
        region = f"{servers:,} servers, {ended.assets:,} assets"
        yield Figure(
            f"{region}: planned and proven", ended.wall_s, "s", SECONDS.get(servers) if reach else None
        )
        yield Figure(f"{region}: processor time", ended.processor_s, "s")
        yield Figure(
            f"{region}: processor time ÷ the smallest's", ended.processor_s / measured[0].processor_s, "times"
        )
        yield Figure(f"{region}: assets ÷ the smallest's", ended.assets / measured[0].assets, "times")
        yield Figure(f"{region}: violations", len(violations), "in all", 0)
        for objective in made.evidence.objectives:
            target = GAP.get(servers) if objective.name in ("new_racks", "cloud_hosts") else None
            what = f"{region}: {objective.name} {objective.value:,.0f}, above its bound"
            yield Figure(what, objective.gap * 100, "%", target)
    n = [m.assets for m in measured]
    seconds = [m.processor_s for m in measured]
    yield Figure("processor time grows with this power of n", _exponent(n, seconds), "")
    yield Figure(
        "processor time grows with this power of n log n",
        _exponent([count * math.log(count) for count in n], seconds),
        "",
        1.0 if reach else None,
    )


def region_of(servers: int, times: int) -> Estate:
    """The sample of so many servers, its sites' lines so many times as wide."""
    estate = estate_from(read_sample(servers=servers))
    if times == 1:
        return estate
    circuits = tuple(
        replace(line, rate_mbps=None if line.rate_mbps is None else line.rate_mbps * times)
        for line in estate.circuits
    )
    return sealed(replace(estate, circuits=circuits))


def with_hands(calendar: Calendar, times: int) -> Calendar:
    """The calendar with so many times the crews, engineers, vans and docks."""
    return replace(
        calendar, resources=tuple(replace(r, capacity=r.capacity * times) for r in calendar.resources)
    )


def _exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The power of the size that fits the seconds best: the slope of a line through their logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
