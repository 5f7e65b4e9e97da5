"""How sure a plan's dates are: its end, each wave's and each room's, by simulating the dated plan many times.

Durations are drawn (`uncertainty.durations`), what waits is pushed (`uncertainty.network`), and the answer says by when
half, four in five and nineteen in twenty of the samples have ended, which steps decide it, and what each day of buffer
brings. Seeded: the same plan, settings, records and seed give the same bytes, whoever runs the samples. What the model
holds and leaves out is docs/explanation/risk.md. Nothing here plans: moving dates is `uncertainty.shifting`'s to
propose and a person's to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from capacity.belonging import Belonging
from capacity.plan import Plan
from capacity.solvers.simulation import NEVER, Ints
from capacity.uncertainty.durations import Spread, spreads
from capacity.uncertainty.measured import Measured, measured
from capacity.uncertainty.network import TOUCHING, Dated, dated
from capacity.uncertainty.sampling import Runner, Tally, model_of, one_by_one, percentile, together
from capacity.uncertainty.settings import RiskSettings
from capacity.uncertainty.waiting import LEAVING
from inventory.errors import InputError
from inventory.estate import Estate, Ref
from inventory.records import RunRecord

SCHEMA_VERSION = "1"
ENOUGH = 0.995  # the days of buffer are told up to here, or as far as any sample ends
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Outlook:
    """When something is done: on the plan, and by when so many samples have it done (None: beyond the horizon).

    `in_time` is the share of samples that have it done on the planned day, `beyond` of those that never do.
    """

    name: str
    planned: datetime
    p50: datetime | None
    p80: datetime | None
    p95: datetime | None
    in_time: float
    beyond: float


@dataclass(frozen=True, slots=True)
class Driver:
    """A step's criticality index: the share of samples in which it lies on a chain that decides the end.

    `late` is the share in which it begins later than planned, `repeated` in which it overran its window.
    """

    step: str
    kind: str
    group: str | None
    wave: int | None
    start: datetime
    criticality: float
    late: float
    repeated: float


@dataclass(frozen=True, slots=True)
class BufferDay:
    """The chance to have ended by the end of `day`, `days` after the plan's; `gain`: against a day of buffer less.

    `cost_eur` of all these days; None while nobody has said what a day costs.
    """

    days: int
    day: date
    chance: float
    gain: float
    cost_eur: float | None


@dataclass(frozen=True, slots=True)
class DurationBasis:
    """Actual ÷ planned duration of a kind of step as it was drawn; `basis` says what it rests on.

    `measured_median` is the median of the `observations` alone, None without any.
    """

    kind: str
    steps: int
    median: float
    p90: float
    observations: int
    measured_median: float | None
    basis: str


@dataclass(frozen=True, slots=True)
class Risk:
    """The answer. `on_dates`: the share of samples in which nothing on the deciding chain is late or repeated, so that
    the plan's own dates decide.

    `by` is the day asked for with its chance, None when none was. `over`: steps the records say are done. `drivers` are
    all steps with a criticality above 0, the largest first; `buffer` goes on until a day more brings nothing worth it.
    """

    plan_hash: str
    samples: int
    seed: int
    end: Outlook
    on_dates: float
    by: BufferDay | None
    buffer: tuple[BufferDay, ...]
    day_cost_eur: float | None
    drivers: tuple[Driver, ...]
    waves: tuple[Outlook, ...]
    rooms: tuple[Outlook, ...]
    rooms_not_emptied: int
    durations: tuple[DurationBasis, ...]
    over: int
    unmatched: int
    assumptions: tuple[str, ...]
    schema_version: str = SCHEMA_VERSION


def nobody_asks(_done: int, _total: int) -> None:
    """The default of `progress`."""


def assess(
    estate: Estate,
    plan: Plan,
    settings: RiskSettings,
    runs: Iterable[RunRecord] = (),
    *,
    seed: int = 0,
    by: date | None = None,
    run: Runner = one_by_one,
    progress: Callable[[int, int], None] = nobody_asks,
) -> Risk:
    """Simulate `settings.samples` samples of a plan that `verify` has passed, made from this estate.

    `runs` are the records of what was carried out. `by`: a day to tell the chance of. `run` runs the chunks of samples,
    `progress` is told samples done and in all. Raises InputError for a plan without steps or out of order.
    """
    if not plan.steps:
        raise InputError("the plan has no steps", remedy="nothing moves, so nothing can be late")
    known = measured(plan, runs)
    spread = spreads(settings, known.ratios)
    network = dated(
        estate,
        plan,
        keeps_date=settings.keeps_date,
        expected={kind: own.median for kind, own in spread.items()},
        over=known.over,
    )
    waves, rooms = _waves(plan, network), _rooms(estate, plan, network)
    milestones = [list(range(len(network.steps))), *waves.values(), *rooms.values()]
    model = model_of(network, spread, milestones, again=settings.rolled_back, seed=seed)
    tally = together(model, settings.samples, run, progress)
    clock = _Clock(plan)
    told = [
        clock.outlook(name, int(network.end[steps].max()), tally.ends[:, i])
        for i, (name, steps) in enumerate(zip(("the programme", *waves, *rooms), milestones, strict=True))
    ]
    ends, last_day, cost = tally.ends[:, 0], clock.day(told[0].planned), settings.day_cost_eur
    return Risk(
        plan_hash=plan.content_hash,
        samples=settings.samples,
        seed=seed,
        end=told[0],
        on_dates=tally.on_dates / settings.samples,
        by=None if by is None else _buffer_day(clock, ends, last_day, (by - last_day).days, cost),
        buffer=_buffer(clock, ends, last_day, cost),
        day_cost_eur=cost,
        drivers=_drivers(network, tally, settings.samples),
        waves=tuple(told[1 : 1 + len(waves)]),
        rooms=tuple(told[1 + len(waves) :]),
        rooms_not_emptied=len(plan.rooms) - len(rooms),
        durations=_durations(network, spread, known),
        over=len(known.over),
        unmatched=known.unmatched,
        assumptions=_assumptions(settings, spread, network),
    )


# --- what is asked for -----------------------------------------------------------------------------------------------


def _waves(plan: Plan, network: Dated) -> dict[str, list[int]]:
    """The steps that end each wave, by the wave's name: its cutovers and relocations."""
    found: dict[str, list[int]] = {}
    for wave in plan.waves:
        steps = [j for j, s in enumerate(network.steps) if s.wave == wave.number and s.kind in TOUCHING]
        if steps:
            found[wave.name] = steps
    return found


def _rooms(estate: Estate, plan: Plan, network: Dated) -> dict[str, list[int]]:
    """The steps that empty each room that the plan empties, by the room's name: the last of each leaving device's."""
    belonging = Belonging(estate)
    members: dict[tuple[int, int | None], list[Ref]] = {}
    for device in estate.devices:
        members.setdefault((device.site_id, belonging.room_of(device)), []).append(Ref("devices", device.id))
    steps_of: dict[Ref, list[int]] = {}
    for j, step in enumerate(network.steps):
        if step.kind in (*LEAVING, "retire"):
            for move in step.moves:
                steps_of.setdefault(move.asset, []).append(j)
    found: dict[str, list[int]] = {}
    for room in plan.rooms:
        if room.emptied_at is None:
            continue
        leaving = set(members.get((room.site_id, room.location_id), ())) - set(room.remaining)
        steps = sorted({j for ref in leaving for j in steps_of.get(ref, ())})
        if steps:
            found[room.name if room.name not in found else f"{room.name} ({len(found) + 1})"] = steps
    return found


# --- what came of it -------------------------------------------------------------------------------------------------


class _Clock:
    """From seconds of the simulation to moments and days of the planning zone, and back."""

    def __init__(self, plan: Plan) -> None:
        self._begin = plan.calendar.start.timestamp()
        self._zone = ZoneInfo(plan.calendar.time_zone)

    def moment(self, seconds: int) -> datetime:
        return datetime.fromtimestamp(self._begin + seconds, self._zone)

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def after(self, day: date) -> float:
        """The seconds at which a day has ended."""
        midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=self._zone)
        return midnight.timestamp() - self._begin

    def outlook(self, name: str, planned: int, ends: Ints) -> Outlook:
        def by(share: float) -> datetime | None:
            found = percentile(ends, share)
            return None if found == NEVER else self.moment(found)

        moment = self.moment(planned)
        return Outlook(
            name,
            moment,
            by(0.5),
            by(0.8),
            by(0.95),
            in_time=self.chance(ends, self.day(moment)),
            beyond=float((ends == NEVER).mean()),
        )

    def chance(self, ends: Ints, day: date) -> float:
        """The share of samples that have ended when a day ends."""
        return float((ends <= self.after(day)).mean())


def _buffer_day(clock: _Clock, ends: Ints, planned: date, days: int, day_cost_eur: float | None) -> BufferDay:
    """So many days after the planned last one; days before it (below 0) cost nothing more."""
    day = planned + timedelta(days=days)
    chance = clock.chance(ends, day)
    cost = None if day_cost_eur is None else max(0, days) * day_cost_eur
    return BufferDay(days, day, chance, chance - clock.chance(ends, day - timedelta(days=1)), cost)


def _buffer(clock: _Clock, ends: Ints, planned: date, day_cost_eur: float | None) -> tuple[BufferDay, ...]:
    """Day by day from the planned last one, until enough of the samples that end at all have ended."""
    most = ENOUGH * float((ends != NEVER).mean())
    found: list[BufferDay] = []
    while not found or (found[-1].chance < most and len(found) <= MOST_DAYS):
        found.append(_buffer_day(clock, ends, planned, len(found), day_cost_eur))
    return tuple(found)


def _drivers(network: Dated, tally: Tally, samples: int) -> tuple[Driver, ...]:
    found = [
        Driver(
            step.id,
            step.kind,
            step.group,
            step.wave,
            step.start,
            int(tally.decides[j]) / samples,
            int(tally.late[j]) / samples,
            int(tally.repeated[j]) / samples,
        )
        for j, step in enumerate(network.steps)
        if tally.decides[j]
    ]
    return tuple(sorted(found, key=lambda driver: (-driver.criticality, driver.start, driver.step)))


def _durations(network: Dated, spread: Mapping[str, Spread], known: Measured) -> tuple[DurationBasis, ...]:
    found = []
    for kind, own in spread.items():
        ratios = known.ratios.get(kind, ())
        steps = sum(step.kind == kind for step in network.steps)
        middle = float(np.median(ratios)) if ratios else None
        found.append(DurationBasis(kind, steps, own.median, own.p90, own.observations, middle, own.basis))
    return tuple(found)


def _assumptions(settings: RiskSettings, spread: Mapping[str, Spread], network: Dated) -> tuple[str, ...]:
    """What the answer rests on that nobody measured."""
    kinds = {step.kind for step in network.steps}
    assumed = [kind for kind, own in spread.items() if not own.observations and kind in kinds]
    lines = []
    if assumed:
        lines.append(
            f"risk.durations: nothing measured yet of {', '.join(assumed)}; how far they stray is assumed"
        )
    lines += [
        (
            f"risk.same_kind, risk.same_hands: {settings.same_kind:.0%} of the variance is common to a kind's steps, "
            f"{settings.same_hands:.0%} to those by the same hands"
        ),
        (
            f"risk.rolled_back: {settings.rolled_back:.0%} of the cutovers and relocations that overrun their window "
            "are rolled back at its end and begun again in the next one that is long enough"
        ),
        f"risk.keeps_date: {', '.join(settings.keeps_date) or 'nothing'} never begin sooner than planned",
        "deliveries, phases, hands and lines are there when the plan says",
    ]
    if network.own_dates:
        counts = ", ".join(f"{kind} {number}" for kind, number in network.own_dates.items())
        lines.append(
            f"{sum(network.own_dates.values())} steps never begin sooner than planned either: they were put as late as "
            f"may be, or found hands no sooner ({counts})"
        )
    if network.unheld:
        lines.append(
            f"{network.unheld} steps hold more than the calendar offers; they were simulated without holding it"
        )
    return tuple(lines)
