"""From a plan to the arrays that are simulated: what a step waits for, holds, and when it may run.

Times are whole seconds from the calendar's start. What a resource offers and when comes from the calendar, as the plan
was made with it; a circuit offers the share of its rate that copies may take. Where a step lies on the plan it may
lie: windows that are rounded inwards to the grid's slots don't shut it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from capacity.calendar import Calendar
from capacity.plan import Plan, Step, Use
from capacity.solvers.simulation import NEVER, Bools, Floats, Ints, Network, settled
from capacity.timetable.steps import timeline_of
from capacity.timetable.windows import SLOT_MINUTES, Grid, Interval, Windows
from capacity.uncertainty.waiting import in_order, seconds_from, waits
from inventory.estate import Estate, Ref

SLOT = SLOT_MINUTES * 60
TOUCHING = ("cutover", "relocate")
CIRCUIT = "circuit:"
EPSILON = 1e-6


@dataclass(frozen=True)
class Dated:
    """A plan as arrays, its steps in the order of their dates. `unheld`: steps whose plan holds more than there is.

    `own_dates`: by kind, steps that might begin sooner and are on later dates than all they wait for and hold explains.
    """

    steps: tuple[Step, ...]
    network: Network
    start: Ints
    end: Ints
    unheld: int
    own_dates: dict[str, int]


def dated(
    estate: Estate,
    plan: Plan,
    *,
    keeps_date: Sequence[str],
    expected: Mapping[str, float],
    over: Mapping[str, tuple[datetime, datetime]],
) -> Dated:
    """The plan as arrays.

    `keeps_date`: kinds that never begin sooner than planned. `expected`: how many times the plan's duration a step of a
    kind looks for in a window, at least once. `over`: start and end of steps that are done. Raises InputError for a
    plan whose order of steps can't be.
    """
    steps = in_order(plan)
    begin = plan.calendar.start
    start = np.array([seconds_from(begin, step.start) for step in steps], dtype=np.int64)
    end = np.array([seconds_from(begin, step.end) for step in steps], dtype=np.int64)
    resources = _Resources(estate, plan.calendar, steps)
    calendars = _Calendars(Windows(estate, plan.calendar), resources)
    which = [
        calendars.of(step, int(first), int(last)) for step, first, last in zip(steps, start, end, strict=True)
    ]
    before_at, before, lag = _arcs(waits(estate, plan, steps))
    held_at, held, amount, since, till, while_open, after = _holds(steps, begin, resources, calendars)
    less_at, less_start, less_end, less_by = resources.shortages()
    open_at, open_start, open_end = calendars.arrays()
    network = Network(
        release=start,
        length=end - start,
        calendar=np.array(which, dtype=np.int64),
        is_strict=np.array([step.kind in TOUCHING for step in steps], dtype=np.bool_),
        over_since=np.full(len(steps), NEVER, dtype=np.int64),
        over_at=np.full(len(steps), NEVER, dtype=np.int64),
        before_at=before_at,
        before=before,
        lag=lag,
        held_at=held_at,
        held=held,
        amount=amount,
        since=since,
        till=till,
        while_open=while_open,
        after=after,
        capacity=resources.capacity(),
        less_at=less_at,
        less_start=less_start,
        less_end=less_end,
        less_by=less_by,
        open_at=open_at,
        open_start=open_start,
        open_end=open_end,
        horizon=seconds_from(begin, plan.calendar.horizon_end),
    )
    may_follow = np.array([step.kind not in keeps_date for step in steps], dtype=np.bool_)
    release, is_met = settled(network, start, may_follow)
    if not is_met.all():  # holds that the plan's own dates don't bear: without them, and told
        network = _without_holds(network, ~is_met)
        release, _ = settled(network, start, may_follow)
    network = network._replace(release=release, length=_looked_for(network, steps, expected))
    own_dates = Counter(steps[j].kind for j in np.flatnonzero(may_follow & (release > 0)).tolist())
    return Dated(
        steps,
        _with_over(network, steps, begin, over),
        start,
        end,
        int((~is_met).sum()),
        dict(own_dates.most_common()),
    )


def _looked_for(network: Network, steps: Sequence[Step], expected: Mapping[str, float]) -> Ints:
    """How long a step expects to take, where some interval is that long; else as long as the longest."""
    spans = network.open_end - network.open_start
    longest = np.maximum.reduceat(spans, network.open_at[:-1]) if spans.size else spans
    factor = np.array([max(1.0, expected.get(step.kind, 1.0)) for step in steps])
    wanted = np.round(network.length * factor).astype(np.int64)
    found: Ints = np.minimum(wanted, longest[network.calendar]) if len(steps) else wanted
    return found


def _with_over(
    network: Network, steps: Sequence[Step], begin: datetime, over: Mapping[str, tuple[datetime, datetime]]
) -> Network:
    since, until = network.over_since.copy(), network.over_at.copy()
    for j, step in enumerate(steps):
        if step.id in over:
            since[j], until[j] = (seconds_from(begin, moment) for moment in over[step.id])
    return network._replace(over_since=since, over_at=until)


def _without_holds(network: Network, dropped: Bools) -> Network:
    count = np.diff(network.held_at)
    kept = np.repeat(~dropped, count)
    held_at = np.concatenate(([0], np.cumsum(np.where(dropped, 0, count)))).astype(np.int64)
    parts = ("held", "amount", "since", "till", "while_open", "after")
    return network._replace(held_at=held_at, **{part: getattr(network, part)[kept] for part in parts})


def _arcs(before: Sequence[Mapping[int, int]]) -> tuple[Ints, Ints, Ints]:
    pairs = [(i, lag) for own in before for i, lag in sorted(own.items())]
    flat = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    at = np.cumsum([0, *(len(own) for own in before)], dtype=np.int64)
    return at, np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1])


Holds = tuple[Ints, Ints, Floats, Floats, Floats, Ints, Ints]


def _holds(steps: Sequence[Step], begin: datetime, resources: _Resources, calendars: _Calendars) -> Holds:
    """What steps hold: all the time they run, a part of it, or after their end, as the plan has it."""
    rows: list[tuple[int, float, float, float, int, int]] = []
    at = [0]
    for step in steps:
        first, last = seconds_from(begin, step.start), seconds_from(begin, step.end)
        rows += [(index, amount, 0.0, 1.0, -1, NEVER) for index, amount in resources.held(step)]
        for use in resources.partly(step):
            index = resources.index(use)
            since, till = seconds_from(begin, use.start), seconds_from(begin, use.end)
            if since < last:
                end = min(till, last)
                shares = ((since - first) / (last - first), (end - first) / (last - first))
                rows.append((index, use.amount, *shares, calendars.holding(use, index, since, end), NEVER))
            if till > last:
                rows.append((index, use.amount, 1.0, 1.0, -1, till))
        at.append(len(rows))
    columns = list(zip(*rows, strict=True)) or [()] * 6
    held, amount, since_share, till_share, while_open, after = columns
    return (
        np.array(at, dtype=np.int64),
        np.array(held, dtype=np.int64),
        np.array(amount, dtype=np.float64),
        np.array(since_share, dtype=np.float64),
        np.array(till_share, dtype=np.float64),
        np.array(while_open, dtype=np.int64),
        np.array(after, dtype=np.int64),
    )


# --- what there is to hold -------------------------------------------------------------------------------------------


class _Resources:
    """The calendar's resources and the circuits that steps hold, by index, with their capacity slot by slot."""

    def __init__(self, estate: Estate, calendar: Calendar, steps: Sequence[Step]) -> None:
        self.grid = Grid(calendar)
        timeline = timeline_of(calendar, self.grid)
        names = sorted({use.resource for step in steps for use in step.uses})
        self._index = {name: i for i, name in enumerate(names)}
        self._slots = [timeline.free(name) if name in timeline else None for name in names]
        self._most: list[float] = []
        circuits = {f"{CIRCUIT}{circuit.id}": circuit for circuit in estate.circuits}
        for name, slots in zip(names, self._slots, strict=True):
            if slots is not None:
                self._most.append(float(slots.max(initial=0.0)))
            else:
                circuit = circuits.get(name)
                rate = circuit.rate_mbps if circuit is not None else None
                self._most.append(np.inf if rate is None else rate * calendar.work.replication_share)

    def held(self, step: Step) -> list[tuple[int, float]]:
        """What a step holds all the time: resource and amount."""
        amounts: dict[int, float] = {}
        for use in step.uses:
            if _is_whole(step, use):
                index = self._index[use.resource]
                amounts[index] = amounts.get(index, 0.0) + use.amount
        return [(index, amount) for index, amount in sorted(amounts.items()) if amount > 0]

    def partly(self, step: Step) -> list[Use]:
        """What a step holds for a part of the time, or after it."""
        return [
            use for use in step.uses if not _is_whole(step, use) and use.amount > 0 and use.end > use.start
        ]

    def index(self, use: Use) -> int:
        return self._index[use.resource]

    def capacity(self) -> Floats:
        return np.array(self._most, dtype=np.float64)

    def enough(self, index: int, amount: float) -> Bools | None:
        """In which slots the resource offers so much; None: always."""
        slots = self._slots[index]
        return None if slots is None else slots >= amount - EPSILON

    def shortages(self) -> tuple[Ints, Ints, Ints, Floats]:
        """When a resource that is on offer offers less than at most, and by how much."""
        at, found = [0], []
        for slots, most in zip(self._slots, self._most, strict=True):
            if slots is not None:
                short = np.where((slots > 0) & (slots < most - EPSILON), most - slots, 0.0)
                edges = np.flatnonzero(np.diff(short)) + 1
                for first, last in zip([0, *edges.tolist()], [*edges.tolist(), short.size], strict=True):
                    if last > first and short[first] > 0:
                        found.append((first * SLOT, last * SLOT, float(short[first])))
            at.append(len(found))
        spans = np.array([(a, b) for a, b, _ in found], dtype=np.int64).reshape(-1, 2)
        less_by = np.array([by for *_, by in found], dtype=np.float64)
        return (
            np.array(at, dtype=np.int64),
            np.ascontiguousarray(spans[:, 0]),
            np.ascontiguousarray(spans[:, 1]),
            less_by,
        )


def _is_whole(step: Step, use: Use) -> bool:
    return use.start <= step.start and use.end == step.end


class _Calendars:
    """When steps may run: where windows of all assets and enough of all that is held come together; each list once."""

    def __init__(self, windows: Windows, resources: _Resources) -> None:
        self._windows, self._resources = windows, resources
        self._known: dict[tuple[object, ...], list[Interval]] = {}
        self._numbers: dict[tuple[Interval, ...], int] = {}

    def of(self, step: Step, first: int, last: int) -> int:
        """The number of the list for a step that the plan has from `first` to `last`."""
        own = _with((first, last), self._intervals(step))
        return self._numbers.setdefault(tuple(own), len(self._numbers))

    def holding(self, use: Use, index: int, first: int, last: int) -> int:
        """The number of the list for what a step holds for a while, on the plan from `first` to `last`; -1: always."""
        enough = self._resources.enough(index, use.amount)
        if enough is None or enough.all():
            return -1
        key = (use.resource, use.amount)
        if key not in self._known:
            self._known[key] = _runs(enough)
        own = _with((first, last), self._known[key])
        return self._numbers.setdefault(tuple(own), len(self._numbers))

    def _intervals(self, step: Step) -> list[Interval]:
        holds = tuple(self._resources.held(step))
        assets: tuple[Ref, ...] = tuple(move.asset for move in step.moves) if step.kind in TOUCHING else ()
        keys = tuple(sorted({self._windows.key_of(asset) for asset in assets}))
        key = (bool(assets), keys, holds)
        if key not in self._known:
            slots = self._resources.grid.slots
            is_open = np.ones(slots, dtype=np.bool_)
            if assets:
                is_open[:] = False
                for begin, end in self._windows.of_all(assets):
                    is_open[begin:end] = True
            for index, amount in holds:
                enough = self._resources.enough(index, amount)
                if enough is not None:
                    is_open &= enough
            self._known[key] = _runs(is_open)
        return self._known[key]

    def arrays(self) -> tuple[Ints, Ints, Ints]:
        lists = list(self._numbers)
        flat = np.array([span for own in lists for span in own], dtype=np.int64).reshape(-1, 2)
        at = np.cumsum([0, *(len(own) for own in lists)], dtype=np.int64)
        return at, np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1])


def _runs(is_open: Bools) -> list[Interval]:
    """Where slots are open one after the other, in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_open, [False])).astype(np.int8)))
    return [(a * SLOT, b * SLOT) for a, b in edges.reshape(-1, 2).tolist()]


def _with(span: Interval, intervals: list[Interval]) -> list[Interval]:
    """The intervals with one more, joined where they touch; unchanged where one of them holds it."""
    first, last = span
    if any(begin <= first and last <= end for begin, end in intervals):
        return intervals
    apart = [i for i in intervals if i[1] < first or i[0] > last]
    touching = [i for i in intervals if i[1] >= first and i[0] <= last]
    whole = (min(first, *(b for b, _ in touching), first), max(last, *(e for _, e in touching), last))
    return sorted([*apart, whole])
