"""What a plan comes to, in the figures that scenarios are compared by, and the comparison itself.

Read from the plan and the use of the target; nothing is planned or judged here. An outcome holds no time of day and no
duration, so that equal inputs give equal bytes wherever they were planned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from capacity.plan import BindingLimit, Objective, Plan
from capacity.target_usage import rack_fills, target_usage
from capacity.usage import UsageLine
from capacity.verification.violations import Violation
from capacity.whatif.inputs import PlanningInputs


@dataclass(frozen=True, slots=True)
class Tightest:
    """Where the target is nearest to a limit: `used` of `limit` in the dimension's unit, at its worst."""

    where: str
    used: float
    limit: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one plan.

    `unplaced` without those `unproven`, which lack a known demand, not a place. `area_m2` under racks and `it_power_w`
    (planning draw in all racks) of the target, with their limits; `supply` and `cooling` where least is left.
    `emptied_on` the day the last room that gets empty is; `last_day` of the last step. `broken` counts violations by
    rule; a plan with any is none to follow.
    """

    inputs_hash: str
    estate_hash: str
    facility_hash: str
    plan_hash: str
    status: str
    objectives: tuple[Objective, ...]
    unplaced: int
    unproven: int
    new_racks: int
    cloud_hosts: int
    strategies: dict[str, int]
    energy_kwh: float
    area_m2: float
    area_limit_m2: float
    it_power_w: float
    supply: Tightest | None
    cooling: Tightest | None
    rooms: int
    rooms_emptied: int
    emptied_on: date | None
    last_day: date | None
    waves: int
    steps: int
    binding: tuple[BindingLimit, ...]
    broken: dict[str, int]


def outcome_of(inputs: PlanningInputs, plan: Plan, violations: Sequence[Violation]) -> Outcome:
    """The outcome of the plan of these inputs, with what the checker said of it."""
    lines = target_usage(inputs.facility, plan)
    demands = {demand.asset: demand for demand in plan.demands}
    values = {objective.name: objective.value for objective in plan.evidence.objectives}
    area = next(line for line in lines if line.where == "target" and line.dimension == "area_m2")
    emptied = [room.emptied_at for room in plan.rooms if room.emptied_at is not None]
    unproven = sum(entry.is_unproven for entry in plan.unplaced)
    return Outcome(
        inputs_hash=inputs.content_hash,
        estate_hash=inputs.estate.content_hash,
        facility_hash=inputs.facility.content_hash,
        plan_hash=plan.content_hash,
        status=plan.status,
        objectives=plan.evidence.objectives,
        unplaced=len(plan.unplaced) - unproven,
        unproven=unproven,
        new_racks=len(plan.racks),
        cloud_hosts=len(plan.hosts),
        strategies=dict(sorted(Counter(decision.strategy for decision in plan.decisions).items())),
        energy_kwh=values["energy_kwh"],
        area_m2=area.high,
        area_limit_m2=inputs.facility.useful_area_m2,
        it_power_w=sum(fill.power_w for fill in rack_fills(inputs.facility, plan, demands)),
        supply=_tightest(line for line in lines if _is_node(line)),
        cooling=_tightest(line for line in lines if line.dimension == "heat_w"),
        rooms=len(plan.rooms),
        rooms_emptied=len(emptied),
        emptied_on=max(emptied).date() if emptied else None,
        last_day=max(step.end for step in plan.steps).date() if plan.steps else None,
        waves=len(plan.waves),
        steps=len(plan.steps),
        binding=plan.evidence.binding,
        broken=dict(sorted(Counter(violation.code for violation in violations).items())),
    )


def _is_node(line: UsageLine) -> bool:
    """Whether a line is of a node of the supply graph: an entitlement is none, nor is all that a row draws."""
    return line.dimension == "power_w" and not line.where.startswith(("target, partner ", "target, row "))


def _tightest(lines: Iterable[UsageLine]) -> Tightest | None:
    known = [line for line in lines if line.supply]
    if not known:
        return None
    line = max(known, key=lambda entry: entry.high / (entry.supply or 1.0))
    return Tightest(line.where.removeprefix("target, "), line.high, line.supply or 0.0)


# --- side by side ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the comparison: its name, how it reads from an outcome, and which way is better (0: neither)."""

    name: str
    value: Callable[[Outcome], float | None]
    text: Callable[[Outcome], str]
    better: int = -1


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _day(value: date | None) -> str:
    return "never" if value is None else value.isoformat()


def _ordinal(value: date | None) -> float | None:
    return None if value is None else float(value.toordinal())


def _bound(outcome: Outcome, name: str) -> str:
    for objective in outcome.objectives:
        if objective.name == name:
            return f"≥ {objective.bound:,.0f}, gap {objective.gap:.1%}"
    return ""


def _bound_of(name: str, title: str = "  bound") -> Figure:
    """The row under an objective: its lower bound and the gap to it; nothing to be compared."""
    return Figure(title, lambda _: None, lambda o: _bound(o, name), 0)


def _near(tightest: Tightest | None) -> str:
    if tightest is None:
        return "none stated"
    return f"{tightest.used / 1000:,.1f} of {tightest.limit / 1000:,.1f} kW at {tightest.where}"


def _share(tightest: Tightest | None) -> float | None:
    return None if tightest is None else round(tightest.used / tightest.limit, 3)


def _count_of(strategy: str) -> Figure:
    """The row that counts the assets of a strategy; neither more nor fewer is better in itself."""

    def count(outcome: Outcome) -> int:
        return outcome.strategies.get(strategy, 0)

    return Figure(strategy, count, lambda outcome: _number(count(outcome)), 0)


def _broken(outcome: Outcome) -> str:
    return ", ".join(f"{code} {count}" for code, count in outcome.broken.items()) or "none"


FIGURES: tuple[Figure, ...] = (
    Figure("rules broken", lambda o: sum(o.broken.values()), _broken),
    Figure("unplaced", lambda o: o.unplaced, lambda o: _number(o.unplaced)),
    Figure("unproven", lambda o: o.unproven, lambda o: _number(o.unproven)),
    _bound_of("unplaced", "  bound of both"),
    Figure("new racks", lambda o: o.new_racks, lambda o: _number(o.new_racks)),
    _bound_of("new_racks"),
    Figure("cloud hosts", lambda o: o.cloud_hosts, lambda o: _number(o.cloud_hosts)),
    _bound_of("cloud_hosts"),
    Figure("energy kWh/a", lambda o: o.energy_kwh, lambda o: _number(o.energy_kwh)),
    _bound_of("energy_kwh"),
    Figure("area m²", lambda o: o.area_m2, lambda o: f"{o.area_m2:,.1f} of {o.area_limit_m2:,.0f}"),
    Figure("IT kW", lambda o: o.it_power_w / 1000, lambda o: f"{o.it_power_w / 1000:,.1f}"),
    Figure("fullest supply", lambda o: _share(o.supply), lambda o: _near(o.supply)),
    Figure("fullest cooling", lambda o: _share(o.cooling), lambda o: _near(o.cooling)),
    Figure("rooms emptied", lambda o: o.rooms_emptied, lambda o: f"{o.rooms_emptied} of {o.rooms}", 1),
    Figure("last room empty", lambda o: _ordinal(o.emptied_on), lambda o: _day(o.emptied_on)),
    Figure("last step", lambda o: _ordinal(o.last_day), lambda o: _day(o.last_day)),
    Figure("waves", lambda o: o.waves, lambda o: _number(o.waves), 0),
    Figure("steps", lambda o: o.steps, lambda o: _number(o.steps), 0),
    *map(_count_of, ("relocate", "rehost", "replatform", "retire", "retain")),
    Figure("limits that bind", lambda o: len(o.binding), lambda o: _number(len(o.binding)), 0),
)


def difference(figure: Figure, outcome: Outcome, present: Outcome) -> str:
    """How a figure differs from the present: "+2", "−14 days", or nothing; a gain and a loss look different."""
    now, then = figure.value(outcome), figure.value(present)
    if now == then:
        return ""
    if now is None or then is None:
        return "new" if then is None else "gone"
    change = now - then
    if figure.name in ("last room empty", "last step"):
        days = int(change)
        return f"{days:+d} day{'' if abs(days) == 1 else 's'}"
    if figure.name.startswith("fullest"):
        return f"{change * 100:+.1f} points"
    return f"{change:+,.1f}" if change != int(change) and abs(change) < 100 else f"{change:+,.0f}"


def verdict(figure: Figure, outcome: Outcome, present: Outcome) -> int:
    """1 where a figure is better than the present's, -1 where it is worse, 0 where neither or nobody can say."""
    now, then = figure.value(outcome), figure.value(present)
    if figure.better == 0 or now is None or then is None or now == then:
        return 0
    return figure.better if now > then else -figure.better


def binding_only_in(outcome: Outcome, other: Outcome) -> tuple[BindingLimit, ...]:
    """The limits that bind in one and not in the other."""
    there = {(limit.limit_path, limit.where) for limit in other.binding}
    return tuple(limit for limit in outcome.binding if (limit.limit_path, limit.where) not in there)
