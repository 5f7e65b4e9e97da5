"""The figures of one partner's report: only what is its own, and totals that name nobody.

Rule 12 of the design: no asset of another partner appears. Free text of the plan (reasons, explanations) may name other
people's things, so a report carries rule names, dimensions and numbers, and of names only the partner's own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from capacity.approval import Standing
from capacity.belonging import Belonging
from capacity.facility import Facility
from capacity.holding import cage_area_m2
from capacity.plan import AssetDemand, Plan, Step
from capacity.reports.failure_lines import FailureFigures, failure_figures
from capacity.resources import HOURS_PER_YEAR
from inventory.errors import InputError
from inventory.estate import Estate, Ref

NEAR = 0.9  # a share of an entitlement from which a report calls it nearly used: an assumption


@dataclass(frozen=True, slots=True)
class EntitlementLine:
    """`used_low` to `used` (planning value) of `entitled`, in the dimension's unit; `entitled` None: not limited."""

    dimension: str
    entitled: float | None
    used_low: float
    used: float

    @property
    def share(self) -> float | None:
        return self.used / self.entitled if self.entitled else None


@dataclass(frozen=True, slots=True)
class ForecastPoint:
    """What the partner's racks use from the first of a month on: area in m², planning power in W, units."""

    month: date
    area_m2: float
    power_w: float
    units_u: float


@dataclass(frozen=True, slots=True)
class RoomLine:
    """One of the partner's rooms. `remaining` counts building-bound assets, `waiting` those without place or date."""

    name: str
    emptied_at: datetime | None
    devices: int
    remaining: int
    waiting: int


@dataclass(frozen=True, slots=True)
class WaveLine:
    """The partner's part in one wave. `applications` are its own, by name."""

    number: int
    start: datetime
    end: datetime
    devices: int
    workloads: int
    applications: tuple[str, ...]
    rollback_deadline: datetime | None


@dataclass(frozen=True, slots=True)
class RiskLine:
    """One risk: its kind, how many of the partner's assets it touches, and the names of the first few."""

    kind: str
    assets: int
    names: tuple[str, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AssumptionLine:
    name: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class PartnerFigures:
    """Everything a partner's report says, without a word of language."""

    partner: str
    partner_name: str
    plan_name: str
    plan_hash: str
    plan_status: str
    approval: Standing | None
    facility_name: str
    first_day: datetime
    last_day: datetime | None
    assets: int
    strategies: dict[str, int]
    entitlements: tuple[EntitlementLine, ...]
    forecast: tuple[ForecastPoint, ...]
    rooms: tuple[RoomLine, ...]
    waves: tuple[WaveLine, ...]
    risks: tuple[RiskLine, ...]
    failures: FailureFigures
    assumptions: tuple[AssumptionLine, ...]
    energy_kwh: float
    useful_area_m2: float
    used_area_m2: float


def figures(
    estate: Estate, facility: Facility, plan: Plan, partner: str, approval: Standing | None = None
) -> PartnerFigures:
    """The figures of one partner; `approval` is how the plan stands, None where nobody asked.

    Raises InputError for a partner that is neither entitled nor owns anything.
    """
    view = _View(estate, facility, plan, partner)
    known = sorted(
        {e.partner for e in facility.entitlements} | {d.partner for d in plan.decisions if d.partner}
    )
    if partner not in known:
        raise InputError(f"no partner {partner!r}", remedy=f"use one of {', '.join(known)}")
    area = {position.name: position.area_m2 for position in facility.positions}
    every_rack = (*facility.racks, *plan.racks)
    return PartnerFigures(
        partner=partner,
        partner_name=view.partner_name(),
        plan_name=plan.name,
        plan_hash=plan.content_hash,
        plan_status=plan.status,
        approval=approval,
        facility_name=facility.name,
        first_day=plan.inputs.start,
        last_day=max((step.end for step in view.steps), default=None),
        assets=len(view.own),
        strategies=dict(sorted(Counter(d.strategy for d in plan.decisions if d.asset in view.own).items())),
        entitlements=tuple(view.entitlements()),
        forecast=tuple(view.forecast()),
        rooms=tuple(view.rooms()),
        waves=tuple(view.waves()),
        risks=tuple(view.risks()),
        failures=failure_figures(estate, facility, plan, partner),
        assumptions=tuple(AssumptionLine(a.name, a.value, a.note) for a in plan.evidence.assumptions),
        energy_kwh=view.energy_kwh(),
        useful_area_m2=facility.useful_area_m2,
        used_area_m2=sum(area[rack.position] for rack in every_rack)
        + sum(cage.area_m2 for cage in facility.cages if cage.owner is not None),
    )


class _View:
    """One partner's part of a plan."""

    def __init__(self, estate: Estate, facility: Facility, plan: Plan, partner: str) -> None:
        self._estate, self._facility, self._plan, self._partner = estate, facility, plan, partner
        self._belonging = Belonging(estate)
        self._names = {d.asset: d.name for d in plan.decisions}
        # The estate says whose an asset is; a plan made by hand may leave it out.
        self.own = {d.asset for d in plan.decisions if self._belonging.owner_of(d.asset) == partner}
        self._demands: dict[Ref, AssetDemand] = {demand.asset: demand for demand in plan.demands}
        self._racks = [rack for rack in (*facility.racks, *plan.racks) if rack.owner == partner]
        self._area = {position.name: position.area_m2 for position in facility.positions}
        self.steps = [step for step in plan.steps if any(move.asset in self.own for move in step.moves)]

    def partner_name(self) -> str:
        for group in self._estate.tenant_groups:
            if group.slug == self._partner:
                return group.name
        return self._partner

    # --- entitlement and forecast ---------------------------------------------------------------------------------

    def _contents(self) -> dict[str, list[tuple[float, float, float, Ref | str]]]:
        """Per rack of the partner: (low W, planning W, units, asset or host) of everything that moves into it."""
        own_racks = {rack.id for rack in self._racks}
        found: dict[str, list[tuple[float, float, float, Ref | str]]] = defaultdict(list)
        for placed in self._plan.devices:
            if placed.rack in own_racks:
                demand = self._demands[placed.asset]
                power = demand.quantities["power_w"]
                units = demand.height_u or 0.0
                found[placed.rack].append((power.low, power.planning, units, placed.asset))
        pools = {pool.name: pool for pool in self._facility.pools}
        for host in self._plan.hosts:
            if host.rack in own_racks:
                kind = pools[host.pool].type_named(host.model) or pools[host.pool].host_type
                found[host.rack].append((kind.power_w, kind.power_w, kind.height_u, host.id))
        return found

    def entitlements(self) -> Iterable[EntitlementLine]:
        entry = next((e for e in self._facility.entitlements if e.partner == self._partner), None)
        contents = [item for items in self._contents().values() for item in items]
        fixed_w = sum(item.power_w for rack in self._racks for item in rack.contents)
        occupied_u = sum(
            item.height_u for rack in self._racks for item in rack.contents if item.role == "occupant"
        )
        area_m2 = cage_area_m2(self._facility, self._partner)
        area_m2 += sum(self._area[rack.position] for rack in self._racks)
        low_w = fixed_w + sum(item[0] for item in contents)
        power_w = fixed_w + sum(item[1] for item in contents)
        units_u = occupied_u + sum(item[2] for item in contents)
        yield EntitlementLine("area_m2", entry.area_m2 if entry else 0.0, area_m2, area_m2)
        yield EntitlementLine("power_w", entry.power_w if entry else 0.0, low_w, power_w)
        yield EntitlementLine("height_u", entry.units_u if entry else 0.0, units_u, units_u)

    def forecast(self) -> Iterable[ForecastPoint]:
        """Use at the first of each month, from the first day of work to the month after the last arrival."""
        events: list[tuple[date, float, float, float]] = []
        up = {name: step.end.date() for step in self._plan.steps for name in step.commissions}
        arrived = {
            move.asset: step.end.date()
            for step in self._plan.steps
            if step.kind in {"relocate", "cutover"}
            for move in step.moves
        }
        first = self._plan.inputs.start.date()
        if caged_m2 := cage_area_m2(self._facility, self._partner):
            events.append((first, caged_m2, 0.0, 0.0))
        for rack in self._racks:
            fixed_w = sum(item.power_w for item in rack.contents)
            occupied_u = sum(item.height_u for item in rack.contents if item.role == "occupant")
            events.append((up.get(rack.id, first), self._area[rack.position], fixed_w, occupied_u))
        for items in self._contents().values():
            for _, power_w, units_u, item in items:
                day = up.get(item, first) if isinstance(item, str) else arrived.get(item, first)
                events.append((day, 0.0, power_w, units_u))
        if not events:
            return
        last = max(event[0] for event in events)
        month = first.replace(day=1)
        while True:
            day = max(first, month)
            present = [event for event in events if event[0] <= day]
            yield ForecastPoint(
                month, sum(e[1] for e in present), sum(e[2] for e in present), sum(e[3] for e in present)
            )
            if month > last:
                return
            month = (month.replace(day=28) + timedelta(days=5)).replace(day=1)

    def energy_kwh(self) -> float:
        """Planning power of the partner's racks over a year, times the facility's PUE."""
        power_w = next(line.used for line in self.entitlements() if line.dimension == "power_w")
        return power_w * HOURS_PER_YEAR / 1000 * self._facility.pue

    # --- rooms and waves ------------------------------------------------------------------------------------------

    def rooms(self) -> Iterable[RoomLine]:
        """Rooms at sites of the partner's tenants, and of others' sites none."""
        waiting = {entry.asset for entry in self._plan.unplaced}
        sites = self._estate.by_id("sites")
        held: Counter[tuple[int, int | None]] = Counter()
        for device in self._estate.devices:
            held[device.site_id, self._belonging.room_of(device)] += 1
        for room in self._plan.rooms:
            if self._belonging.partner_of_tenant(sites[room.site_id].tenant_id) != self._partner:
                continue
            left = [ref for ref in room.remaining if ref in waiting]
            count = held[room.site_id, room.location_id]
            yield RoomLine(room.name, room.emptied_at, count, len(room.remaining) - len(left), len(left))

    def waves(self) -> Iterable[WaveLine]:
        moving: dict[int, list[Step]] = defaultdict(list)
        for step in self.steps:
            if step.kind in {"cutover", "relocate"} and step.wave is not None:
                moving[step.wave].append(step)
        for number in sorted(moving):
            steps = moving[number]
            assets = {move.asset for step in steps for move in step.moves if move.asset in self.own}
            yield WaveLine(
                number=number,
                start=min(step.start for step in steps),
                end=max(step.end for step in steps),
                devices=sum(asset.kind == "devices" for asset in assets),
                workloads=sum(asset.kind != "devices" for asset in assets),
                applications=self._own_applications(assets),
                rollback_deadline=max(
                    (s.rollback_deadline for s in steps if s.rollback_deadline), default=None
                ),
            )

    def _own_applications(self, assets: Iterable[Ref]) -> tuple[str, ...]:
        applications = self._estate.by_id("applications")
        found: set[str] = set()
        for asset in assets:
            for application_id in self._belonging.applications_of.get(asset, ()):
                application = applications.get(application_id)
                if application and self._belonging.partner_of_tenant(application.tenant_id) == self._partner:
                    found.add(application.name)
        return tuple(sorted(found))

    # --- risks ----------------------------------------------------------------------------------------------------

    def risks(self) -> Iterable[RiskLine]:
        for line in self.entitlements():
            if line.share is not None and line.share >= NEAR:
                yield RiskLine("entitlement_nearly_used", 0, (), line.dimension)
        own = [entry for entry in self._plan.unplaced if entry.asset in self.own]
        unproven = sorted(entry.name for entry in own if entry.is_unproven)
        if unproven:
            yield RiskLine("unproven", len(unproven), tuple(unproven[:10]))
        lacking: dict[str, list[str]] = defaultdict(list)
        for entry in own:
            if not entry.is_unproven:
                for dimension in dict.fromkeys(lack.dimension for lack in entry.lacks):
                    lacking[dimension].append(entry.name)
        for dimension, names in sorted(lacking.items()):
            yield RiskLine("unplaced", len(names), tuple(sorted(names)[:10]), dimension)
        placed = [p for p in self._plan.devices if p.asset in self.own]
        estimated = [
            p for p in placed if any(q.is_estimate for q in self._demands[p.asset].quantities.values())
        ]
        if estimated:
            guessed = tuple(sorted(self._names[p.asset] for p in estimated)[:10])
            yield RiskLine("estimated_demand", len(estimated), guessed)
        single = [p for p in placed if (self._demands[p.asset].redundancy or "").endswith("+0")]
        if single:
            yield RiskLine(
                "single_corded", len(single), tuple(sorted(self._names[p.asset] for p in single)[:10])
            )
        unsaid = [
            a.name
            for a in self._estate.applications
            if a.criticality is None and self._belonging.partner_of_tenant(a.tenant_id) == self._partner
        ]
        if unsaid:
            yield RiskLine("criticality_unknown", len(unsaid), tuple(sorted(unsaid)[:10]))
