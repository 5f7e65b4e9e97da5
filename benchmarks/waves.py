"""How long dating a region's groups takes, and what the scheduling solver's order is worth beside the usual one.

The sample region is planned and proven; seconds are of the stage "dating" alone, all rounds of it: groups formed and
dated in the usual order and in the solver's, steps written. `--far` dates ten regions whose groups hold fewer assets,
some 5,000 groups: these in the usual order alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from unittest.mock import patch

from benchmarks.figure import Figure
from benchmarks.plan import REGION, START, WARM_UP_SERVERS, region_of, with_hands
from benchmarks.plan_buildings import facility_of
from capacity.calendar import Calendar, Grouping
from capacity.calendar_settings import CalendarSettings, resolve
from capacity.plan import Plan
from capacity.planner import proven
from capacity.waves import Dates
from inventory.sources.assemble import estate_from
from inventory.sources.sample import read_sample

REGION_S, FAR_S = 20.0, 180.0  # promised
FAR_ASSETS = 13  # in a group at most, so that ten regions make some 5,000 groups


@dataclass(slots=True)
class _Stopwatch:
    """Seconds spent in the stage "dating"; hand `tell` over as the planner's progress."""

    wall_s: float = 0.0
    processor_s: float = 0.0
    stage: str = ""
    since: tuple[float, float] = (0.0, 0.0)

    def tell(self, stage: str, _done: int, _total: int) -> None:
        now = (time.perf_counter(), time.process_time())
        if self.stage == "dating" != stage:
            self.wall_s += now[0] - self.since[0]
            self.processor_s += now[1] - self.since[1]
        if stage != self.stage:
            self.stage, self.since = stage, now


def figures(reach: str = "") -> Iterator[Figure]:
    """Seconds and rules broken; rooms emptied, days until they are, and last dates, beside those of the usual order."""
    calendar = resolve(CalendarSettings(), START)
    proven(estate_from(read_sample(servers=WARM_UP_SERVERS)), facility_of(1), calendar)
    yield from _of_region(calendar, 1, REGION_S, is_compared=True)
    if reach:
        small = replace(calendar, grouping=replace(calendar.grouping or Grouping(), max_assets=FAR_ASSETS))
        yield from _of_region(small, 10, FAR_S, is_compared=False)


def _of_region(calendar: Calendar, times: int, promised_s: float, *, is_compared: bool) -> Iterator[Figure]:
    estate, facility = region_of(times * REGION, times), facility_of(times)
    hands, watch = with_hands(calendar, times), _Stopwatch()
    made, violations = proven(estate, facility, hands, progress=watch.tell)
    name = f"{len(made.groups):,} groups"
    yield Figure(f"{name}: dated", watch.wall_s, "s", promised_s)
    yield Figure(f"{name}: processor time", watch.processor_s, "s")
    yield Figure(f"{name}: rules broken", len(violations), "in all", 0)
    if not is_compared:
        return
    with patch.object(Dates, "searched", return_value=()):
        usual, _ = proven(estate, facility, hands)
    now, then = _emptied(made), _emptied(usual)
    yield Figure(
        f"{name}: rooms not emptied ÷ the usual order's", _kept(made) / max(_kept(usual), 1), "times", 1.0
    )
    yield Figure(f"{name}: days until rooms are empty, in all", sum(now), "days")
    yield Figure(f"{name}: ÷ the usual order's", sum(now) / sum(then), "times", 1.0)
    yield Figure(f"{name}: last room empty after", max(now), "days")
    yield Figure(f"{name}: ÷ the usual order's", max(now) / max(then), "times", 1.0)
    yield Figure(f"{name}: all over after", _last(made), "days")
    yield Figure(f"{name}: ÷ the usual order's", _last(made) / _last(usual), "times", 1.0)


def _emptied(plan: Plan) -> list[float]:
    """Days from the plan's start until each room that becomes empty is."""
    return [_days(r.emptied_at - plan.calendar.start) for r in plan.rooms if r.emptied_at is not None]


def _kept(plan: Plan) -> int:
    return sum(room.emptied_at is None for room in plan.rooms)


def _last(plan: Plan) -> float:
    return _days(max(step.end for step in plan.steps) - plan.calendar.start)


def _days(span: timedelta) -> float:
    return span / timedelta(days=1)
