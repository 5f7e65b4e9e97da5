"""Who holds the space: what each partner is entitled to, holds, will hold by the plan and keeps reserved; whose
cages and racks there are; and what has to be ordered by when.

Reads a facility and a plan's lists; decides nothing. A plan may use reserved space after its release, so what is left
is reckoned over time: the entitlement less the most that use and reservations take together on any day from the start.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from capacity.facility import Facility, Reservation, TargetRack
from capacity.holding import is_kept, reserved
from capacity.plan import Plan, Step
from inventory.errors import InputError
from inventory.estate import Ref

TODAY = date.min  # of what is held before any plan: a day before all others
FIELDS = {
    "area_m2": "area_m2",
    "power_w": "power_w",
    "height_u": "units_u",
}  # by dimension, of an entitlement


@dataclass(frozen=True, slots=True)
class Holding:
    """One partner in one dimension (area_m2, power_w, height_u, racks).

    `entitled` None: not limited (racks never are by themselves). `held` by what stands there, `planned` by what the
    plan brings, `reserved` the most it keeps free at once, `until` the day the last of that is released (None: for
    good, or nothing is). `left` None: not limited. `over` what is used or kept beyond the entitlement. `is_entitled`:
    whether the facility lists an entitlement at all.
    """

    partner: str
    dimension: str
    entitled: float | None
    held: float
    planned: float
    reserved: float
    until: date | None
    left: float | None
    over: float
    is_entitled: bool


@dataclass(frozen=True, slots=True)
class CageLine:
    """A fenced area, whose it is (None: nobody's alone), and how many of its positions hold a rack."""

    name: str
    hall: str
    owner: str | None
    area_m2: float
    positions: int
    racks: int


@dataclass(frozen=True, slots=True)
class RackLine:
    """A rack and whose it is. `since`: the day it is brought up or available; None: it stands there already."""

    id: str
    position: str
    owner: str
    cage: str | None
    is_new: bool
    since: date | None
    units_u: float
    height_u: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a plan buys for one partner and needs on one day: racks, switches that come later than their racks, hosts.

    `order_by`: the last day to order, the lead time before it is needed; `spare_days` from the plan's first day to it,
    negative where that day has passed.
    """

    partner: str
    kind: str
    model: str
    count: int
    lead_days: int
    needed_on: date
    order_by: date
    spare_days: int


@dataclass(frozen=True, slots=True)
class SpaceHolders:
    """Everything about one facility, or one partner's part of it."""

    facility: str
    partner: str | None
    plan: str | None
    holdings: tuple[Holding, ...]
    reservations: tuple[Reservation, ...]
    cages: tuple[CageLine, ...]
    racks: tuple[RackLine, ...]
    purchases: tuple[Purchase, ...]

    @property
    def is_finding(self) -> bool:
        """Whether somebody uses more than it may, or something should have been ordered already."""
        return any(h.over > 0 for h in self.holdings) or any(p.spare_days < 0 for p in self.purchases)


def space_holders(facility: Facility, plan: Plan | None = None, partner: str | None = None) -> SpaceHolders:
    """Who holds what, with a plan or only what stands there; of one partner, nothing of any other.

    Raises InputError for a partner that is entitled to nothing and owns nothing.
    """
    racks = (*facility.racks, *(plan.racks if plan else ()))
    entitled = [entry.partner for entry in facility.entitlements]
    owners = [*(rack.owner for rack in racks), *(c.owner for c in facility.cages if c.owner is not None)]
    partners = list(dict.fromkeys([*entitled, *owners]))
    if partner is not None and partner not in partners:
        raise InputError(f"no partner {partner!r} holds anything", remedy=f"use one of {', '.join(partners)}")
    shown = partners if partner is None else [partner]
    arrivals = _arrivals(facility, plan)
    return SpaceHolders(
        facility.name,
        partner,
        plan.name if plan else None,
        tuple(line for name in shown for line in _holdings(facility, plan, name, arrivals)),
        tuple(entry for entry in facility.reservations if entry.partner in shown),
        tuple(_cages(facility, racks, shown, is_whole=partner is None)),
        tuple(_racks(facility, plan, racks, shown)),
        tuple(_purchases(facility, plan, shown)) if plan else (),
    )


# --- use over time ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Something that counts for a partner from a day on."""

    partner: str
    day: date
    amounts: dict[str, float]


def _arrivals(facility: Facility, plan: Plan | None) -> list[_Arrival]:
    """What stands there, from `TODAY` on, and what the plan brings, from the day its first step begins."""
    area = {position.name: position.area_m2 for position in facility.positions}
    found = [_of_rack(rack, area, TODAY) for rack in facility.racks]
    owned = ((cage.owner, cage.area_m2) for cage in facility.cages)
    found += [_Arrival(owner, TODAY, {"area_m2": area_m2}) for owner, area_m2 in owned if owner is not None]
    if plan is None:
        return found
    begins = _begins(plan)
    first = _day(plan, plan.inputs.start)
    owner = {rack.id: rack.owner for rack in (*facility.racks, *plan.racks)}
    demands = {demand.asset: demand for demand in plan.demands}
    pools = {pool.name: pool for pool in facility.pools}
    found += [_of_rack(rack, area, begins.get(rack.id, first)) for rack in plan.racks]
    for placed in plan.devices:
        demand = demands[placed.asset]
        units = (demand.height_u or 0.0) if placed.position is not None else 0.0
        amounts = {"power_w": demand.quantities["power_w"].planning, "height_u": units}
        found.append(_Arrival(owner[placed.rack], begins.get(placed.asset, first), amounts))
    for host in plan.hosts:
        kind = pools[host.pool].type_named(host.model) or pools[host.pool].host_type
        amounts = {"power_w": kind.power_w, "height_u": kind.height_u}
        found.append(_Arrival(owner[host.rack], begins.get(host.id, first), amounts))
    return found


def _of_rack(rack: TargetRack, area: dict[str, float], day: date) -> _Arrival:
    """A rack with its kit and occupants; kit takes no entitled units."""
    units = sum(item.height_u for item in rack.contents if item.role != "kit")
    power_w = sum(item.power_w for item in rack.contents)
    amounts = {"area_m2": area[rack.position], "power_w": power_w, "height_u": units, "racks": 1.0}
    return _Arrival(rack.owner, day, amounts)


def _begins(plan: Plan) -> dict[str | Ref, date]:
    """The day on which the first step towards each rack, host and asset at the target begins."""
    found: dict[str | Ref, date] = {}
    for step in sorted(plan.steps, key=lambda s: (s.start, s.id)):
        arriving: list[str | Ref] = [*step.commissions]
        if step.kind in {"replicate", "cutover", "relocate"}:
            arriving += [move.asset for move in step.moves]
        for what in arriving:
            found.setdefault(what, _day(plan, step.start))
    return found


def _day(plan: Plan, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(plan.calendar.time_zone)).date()


# --- the lines -------------------------------------------------------------------------------------------------------


def _holdings(
    facility: Facility, plan: Plan | None, partner: str, arrivals: Sequence[_Arrival]
) -> Iterator[Holding]:
    entry = next((e for e in facility.entitlements if e.partner == partner), None)
    first = _day(plan, plan.inputs.start) if plan else None
    kept = [
        r
        for r in facility.reservations
        if r.partner == partner and (first is None or r.until is None or r.until > first)
    ]
    for dimension in (*FIELDS, "racks"):
        field = FIELDS.get(dimension)
        mine = [(a.day, a.amounts.get(dimension, 0.0)) for a in arrivals if a.partner == partner]
        held = sum(amount for day, amount in mine if day == TODAY)
        planned = sum(amount for day, amount in mine if day != TODAY)
        amounts = [(r, reserved(facility, r, field) if field else float(len(r.positions))) for r in kept]
        amounts = [(r, amount) for r, amount in amounts if amount > 0]
        days = sorted({day for day, _ in mine} | _starts(kept, first))
        peak = most = 0.0
        for day in days:
            free = sum(amount for r, amount in amounts if is_kept(r, day))
            most = max(most, free)
            peak = max(peak, free + sum(amount for since, amount in mine if since <= day))
        limit = getattr(entry, field) if entry is not None and field else None
        if entry is None and field:
            limit = 0.0
        ends = [r.until for r, _ in amounts]
        yield Holding(
            partner,
            dimension,
            limit,
            held,
            planned,
            most,
            max((end for end in ends if end is not None), default=None) if None not in ends else None,
            None if limit is None else max(limit - peak, 0.0),
            0.0 if limit is None else _over(peak, limit),
            entry is not None,
        )


def _over(used: float, limit: float) -> float:
    return used - limit if used > limit + 1e-6 else 0.0


def _starts(kept: Iterable[Reservation], first: date | None) -> set[date]:
    """Days on which a reservation begins to count; those that have begun count from the first day on."""
    begin = first or TODAY
    return {begin, *(r.since for r in kept if r.since is not None and r.since > begin)}


def _cages(
    facility: Facility, racks: Sequence[TargetRack], shown: Sequence[str], *, is_whole: bool
) -> Iterator[CageLine]:
    at = Counter(rack.position for rack in racks)
    for cage in facility.cages:
        if is_whole or cage.owner in shown:
            inside = sum(at[name] for name in cage.positions)
            yield CageLine(cage.name, cage.hall, cage.owner, cage.area_m2, len(cage.positions), inside)


def _racks(
    facility: Facility,
    plan: Plan | None,
    racks: Sequence[TargetRack],
    shown: Sequence[str],
) -> Iterator[RackLine]:
    begins = _begins(plan) if plan else {}
    cage_of = {position.name: position.cage for position in facility.positions}
    units = _units(facility, plan)
    new = {rack.id for rack in plan.racks} if plan else set()
    for rack in racks:
        if rack.owner in shown:
            since = begins.get(rack.id) if rack.id in new else rack.available_on
            yield RackLine(
                rack.id,
                rack.position,
                rack.owner,
                cage_of.get(rack.position),
                rack.id in new,
                since,
                units[rack.id],
                rack.height_u,
            )


def _units(facility: Facility, plan: Plan | None) -> dict[str, float]:
    """Units that are mounted in each rack, its kit aside."""
    found: dict[str, float] = defaultdict(float)
    for rack in (*facility.racks, *(plan.racks if plan else ())):
        found[rack.id] += sum(item.height_u for item in rack.contents if item.role != "kit")
    if plan is None:
        return found
    demands = {demand.asset: demand for demand in plan.demands}
    pools = {pool.name: pool for pool in facility.pools}
    for placed in plan.devices:
        found[placed.rack] += (demands[placed.asset].height_u or 0.0) if placed.position is not None else 0.0
    for host in plan.hosts:
        kind = pools[host.pool].type_named(host.model) or pools[host.pool].host_type
        found[host.rack] += kind.height_u
    return found


# --- what has to be ordered ------------------------------------------------------------------------------------------


def _purchases(facility: Facility, plan: Plan, shown: Sequence[str]) -> Iterator[Purchase]:
    """Racks, hosts and late switches by the day of the step that brings them up, the first to be ordered first."""
    racks = {rack.id: rack for rack in plan.racks}
    hosts = {host.id: host for host in plan.hosts}
    models = {model.model: model for model in facility.rack_models}
    pools = {pool.name: pool for pool in facility.pools}
    counts: Counter[tuple[date, date, str, str, str, int]] = Counter()

    def add(step: Step, partner: str, kind: str, model: str, lead_days: int, count: int = 1) -> None:
        order_by = _day(plan, step.start - timedelta(days=lead_days))
        counts[order_by, _day(plan, step.start), partner, kind, model, lead_days] += count

    for step in plan.steps:
        for name in step.commissions:
            if name in racks:
                rack = racks[name]
                add(step, rack.owner, "rack", rack.model, models[rack.model].lead_days)
                for item in models[rack.model].kit:
                    if item.lead_days:
                        add(step, rack.owner, "switch", f"{item.name} of {rack.model}", item.lead_days)
            elif name in hosts:
                pool = pools[hosts[name].pool]
                kind = pool.type_named(hosts[name].model) or pool.host_type
                add(step, pool.owner, "host", kind.model, kind.lead_days)
    first = _day(plan, plan.inputs.start)
    for (order_by, needed_on, partner, what, model, lead_days), count in sorted(counts.items()):
        if partner in shown:
            spare = (order_by - first).days
            yield Purchase(partner, what, model, count, lead_days, needed_on, order_by, spare)
