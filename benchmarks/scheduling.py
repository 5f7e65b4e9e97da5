"""Projects with calendars, modes, lags and double running, beside CP-SAT alone: the same model, as many seconds.

No set of such instances is published, so they are made here, from a fixed seed: groups are copied over a site's line or
carried by van, cut over in a window of theirs by a crew whose numbers vary, and their sources cleared when the way back
is closed; space is taken twice meanwhile. A ratio below 1 is a schedule that costs less than CP-SAT's own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.figure import Figure
from capacity.solvers.scheduling import CalendarProject, CalendarSchedule, Draft, Mode, solve_calendar
from capacity.solvers.scheduling_ground import ground
from capacity.solvers.scheduling_improving import costs
from capacity.solvers.scheduling_model import ask
from capacity.solvers.scheduling_proof import Budget

DAY = 96
MONTHS_18 = 548
SMALL = ((15, 120), (30, 120), (120, 240))  # groups, days
SECONDS = 5.0
REGION, REGION_S = (400, MONTHS_18), 15.0
FAR, FAR_S = (5_000, MONTHS_18), 90.0
SKIP = 10_000_000  # what a group left out costs: more than any date
SEEDS = 2


def a_move(groups: int, days: int, seed: int) -> CalendarProject:
    """So many groups over so many days of quarters of an hour."""
    chance = np.random.default_rng(seed)
    draft = Draft(days * DAY)
    nights = [(d * DAY + 72, (d + 1) * DAY) for d in range(days - 1)]
    weekends = [(d * DAY, d * DAY + 2 * DAY) for d in range(5, days - 2, 7)]
    calendars = [
        draft.calendar(nights),
        draft.calendar(weekends),
        draft.calendar([n for n in nights if n[0] // DAY % 7 in {1, 2, 3}]),
    ]
    each_day = groups / days
    hands = max(3, round(4 * each_day))
    crew = draft.resource([(d * DAY, hands if d % 7 < 5 else hands + 2) for d in range(days)])
    engineers = draft.resource([(d * DAY, hands + d // 90) for d in range(days)])
    vans = draft.resource([(0, max(1, round(each_day)))])
    lines = [draft.resource([(0, 1)]) for _ in range(max(2, groups // 12))]
    core = draft.resource([(0, max(2, len(lines) // 2))])
    space = draft.resource(
        [(d * DAY, max(4, round(groups * (0.1 + 0.3 * d / days)))) for d in range(0, days, 30)]
    )
    cuts: list[int] = []
    for _ in range(groups):
        line = lines[int(chance.integers(len(lines)))]
        release = int(chance.integers(0, max(1, days // 4))) * DAY
        length = int(chance.integers(DAY // 2, 6 * DAY))
        window = calendars[int(chance.integers(3))]
        copy = draft.activity(
            Mode(length, {line: 1, core: 1}),
            Mode(16, {vans: 1, crew: 2}, calendars[0]),
            release=release,
            skip_cost=SKIP,
        )
        cut = draft.activity(
            Mode(int(chance.integers(8, 22)), {engineers: int(chance.integers(1, 3))}, window),
            bundle=copy,
            skip_cost=0,
            due=int(chance.integers(days // 3, days)) * DAY,
            tardy_cost=5,
            end_cost=int(chance.integers(1, 4)),
        )
        move = draft.activity(
            Mode(16, {crew: 2, vans: 1}, window),
            Mode(10, {crew: 3, vans: 1}, window),
            bundle=copy,
            skip_cost=0,
        )
        clear = draft.activity(Mode(8, {crew: 1}, calendars[0]), bundle=copy, skip_cost=0, end_cost=1)
        draft.after(copy, cut, 0, 4 * DAY)
        draft.after(cut, move, 0, 0, from_=0)
        draft.after(cut, clear, 14 * DAY)
        draft.hold(space, 1, copy, cut, 14 * DAY)
        if cuts and chance.random() < 0.15:
            draft.after(cuts[int(chance.integers(len(cuts)))], cut)
        cuts.append(cut)
    return draft.project()


def figures(reach: str = "") -> Iterator[Figure]:
    """Ratios on small moves; a region's of 400 groups over 18 months, and with `--far` of 5,000."""
    solve_calendar(a_move(4, 30, 0), work=10)  # compiles
    for groups, days in SMALL:
        alone, hinted, gaps = [], [], []
        for seed in range(SEEDS):
            project = a_move(groups, days, seed)
            found = solve_calendar(project, seconds=SECONDS, clock=time.perf_counter)
            alone.append(found.cost / peer(project, SECONDS))
            hinted.append(found.cost / peer(project, SECONDS, solve_calendar(project, work=0)))
            gaps.append(found.cost / max(found.bound, 1) - 1)
        name = f"moves of {groups} groups, {SECONDS:g} s"
        yield Figure(f"{name}: cost over CP-SAT's", float(np.mean(alone)), "times", 1.001)
        yield Figure(f"{name}: over CP-SAT's from our first schedule", float(np.mean(hinted)), "times", 1.001)
        yield Figure(f"{name}: above the bound", 100 * float(np.mean(gaps)), "%")
    for size, seconds in ((REGION, REGION_S), (FAR, FAR_S)):
        if size == FAR and not reach:
            continue
        project = a_move(*size, 0)
        begun = time.perf_counter()
        first = solve_calendar(project, work=0)
        took = time.perf_counter() - begun
        found = solve_calendar(project, seconds=seconds, clock=time.perf_counter)
        name = f"{size[0]} groups, {size[1]} days"
        yield Figure(f"{name}: first schedule", took, "s", seconds)
        yield Figure(
            f"{name}: cost after {seconds:g} s over the first's", found.cost / first.cost, "times", 1.0
        )
        if size == REGION:  # the larger one's model alone takes CP-SAT longer to read
            over = found.cost / peer(project, seconds, first)
            yield Figure(f"{name}: over CP-SAT's from our first schedule", over, "times", 1.001)
        yield Figure(f"{name}: groups without a date", float((found.start < 0).sum() / 4), "groups")
        yield Figure(f"{name}: above the bound", 100 * (found.cost / max(found.bound, 1) - 1), "%")


def peer(project: CalendarProject, seconds: float, first: CalendarSchedule | None = None) -> int:
    """What CP-SAT alone comes to, on two cores, beginning with nothing placed or with a schedule as its hint."""
    g = ground(project)
    none = np.full(project.activities, -1, dtype=np.int64)
    start, mode = (none, none) if first is None else (first.start, first.mode)
    best = [int(sum(costs(g, start, mode)[:4]))]

    def found(new_start: np.ndarray, new_mode: np.ndarray) -> None:
        best[0] = min(best[0], int(sum(costs(g, new_start, new_mode)[:4])))

    ask(
        project,
        g,
        start,
        mode,
        np.ones(g.skip.size, dtype=np.bool_),
        below=None,
        budget=Budget(seconds=seconds),
        seed=0,
        found=found,
        raised=lambda _: None,
        is_over=lambda: False,
        workers=2,
    )
    return best[0]
