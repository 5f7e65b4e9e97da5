"""Limits of the facility that a plan leaves (almost) nothing of, or that kept an asset out: lifting one may change it.

Counts what a plan's lists use: entitlements, supply nodes and feeds in their worst scenario, cooling, positions, stock,
hosts of a pool, and of each owner and zone the dimension that decides how many racks it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from capacity.facility import Facility, Position, TargetRack
from capacity.holding import cage_area_m2
from capacity.placing.rack_problem import mounted_load
from capacity.plan import BindingLimit, Bound, Plan
from capacity.power import Load, SupplyModel
from capacity.resources import UNITS, Redundancy
from inventory.estate import Ref

NEARLY = 0.97  # of a limit: fuller counts as binding


def binding_limits(
    facility: Facility, plan: Plan, supply: SupplyModel, draws: Mapping[Ref, float], bounds: Sequence[Bound]
) -> Iterable[BindingLimit]:
    """The binding limits of a plan, in the order of the facility's parts. `draws`: planning W of placed devices."""
    used = _Used(facility, plan, draws)
    yield from _entitlements(used)
    yield from _supply(used, supply)
    yield from _cooling(used)
    yield from _racks(used)
    yield from _pools(used)
    yield from _deciding(bounds)


class _Used:
    """What stands where, by rack."""

    def __init__(self, facility: Facility, plan: Plan, draws: Mapping[Ref, float]) -> None:
        self.facility, self.plan, self.draws = facility, plan, draws
        self.blocked = {(lack.where, lack.dimension) for entry in plan.unplaced for lack in entry.lacks}
        self.demands = {demand.asset: demand for demand in plan.demands}
        self.positions: dict[str, Position] = {p.name: p for p in facility.positions}
        self.racks: dict[str, TargetRack] = {rack.id: rack for rack in (*facility.racks, *plan.racks)}
        pools = {pool.name: pool for pool in facility.pools}
        self.kinds = {
            host.id: pools[host.pool].type_named(host.model) or pools[host.pool].host_type
            for host in plan.hosts
        }
        self.power_w = {rack.id: sum(m.power_w for m in rack.contents) for rack in self.racks.values()}
        self.units_u = {
            rack.id: sum(m.height_u for m in rack.contents if m.role != "kit") for rack in self.racks.values()
        }
        for device in plan.devices:
            self.power_w[device.rack] += draws.get(device.asset, 0.0)
            if device.position is not None:
                self.units_u[device.rack] += self.demands[device.asset].height_u or 0.0
        for host in plan.hosts:
            self.power_w[host.rack] += self.kinds[host.id].power_w
            self.units_u[host.rack] += self.kinds[host.id].height_u

    def loads(self) -> list[Load]:
        found = [mounted_load(m) for rack in self.racks.values() for m in rack.contents]
        for device in self.plan.devices:
            redundancy = self.demands[device.asset].redundancy
            if device.supplies and redundancy is not None:
                power_w = self.draws.get(device.asset, 0.0)
                found.append(
                    Load(str(device.asset.id), power_w, Redundancy.parse(redundancy), device.supplies)
                )
        for host in self.plan.hosts:
            kind = self.kinds[host.id]
            found.append(Load(host.id, kind.power_w, Redundancy.parse(kind.redundancy), host.supplies))
        return found


def _entitlements(used: _Used) -> Iterable[BindingLimit]:
    least_m2 = min((p.area_m2 for p in used.facility.positions if p.area_m2 > 0), default=0.0)
    for entry in used.facility.entitlements:
        racks = [rack for rack in used.racks.values() if rack.owner == entry.partner]
        area_m2 = cage_area_m2(used.facility, entry.partner)
        area_m2 += sum(used.positions[rack.position].area_m2 for rack in racks)
        amounts = (
            ("area_m2", area_m2, entry.area_m2, f"{len(racks)} racks; another takes {least_m2:g} m²"),
            (
                "power_w",
                sum(used.power_w[r.id] for r in racks),
                entry.power_w,
                f"draw planned in {len(racks)} racks",
            ),
            ("units_u", sum(used.units_u[r.id] for r in racks), entry.units_u, "units of what is mounted"),
        )
        for field, amount, limit, note in amounts:
            if limit is None or not racks:
                continue
            dimension = "height_u" if field == "units_u" else field
            is_full = limit - amount < least_m2 - 1e-6 if field == "area_m2" else amount >= NEARLY * limit
            if is_full or (f"entitlement of {entry.partner}", dimension) in used.blocked:
                path = f"facility.entitlements[{entry.partner}].{field}"
                yield BindingLimit(path, entry.partner, dimension, amount, limit, f"{entry.partner}: {note}")


def _supply(used: _Used, supply: SupplyModel) -> Iterable[BindingLimit]:
    most = supply.evaluate(used.loads()).worst()
    worst, scenario = most.nodes, most.scenario
    share = np.divide(worst, supply.usable_w, out=np.zeros(len(worst)), where=supply.usable_w > 0)
    for node, name in enumerate(supply.names):
        if not supply.legs[node] and (share[node] >= NEARLY or (name, "power_w") in used.blocked):
            lost = supply.scenarios[scenario[node]]
            when = f"when {lost} is lost" if lost else "with nothing lost"
            text = f"{name} carries {worst[node]:.0f} of {supply.usable_w[node]:.0f} W {when}"
            path = f"facility.supply[{name}].rating_w"
            yield BindingLimit(path, name, "power_w", float(worst[node]), float(supply.usable_w[node]), text)
    leg_share = np.divide(
        most.legs, supply.leg_usable_w, out=np.zeros(len(most.legs)), where=supply.leg_usable_w > 0
    )
    peak = np.where(supply.legs > 0, np.maximum(share, leg_share), 0.0)
    full = np.flatnonzero(peak >= NEARLY)
    if len(full):
        node = int(full[np.argmax(peak[full])])
        in_use = int(((supply.legs > 0) & (worst > 0)).sum())
        text = f"{len(full)} of {in_use} feeds in use are {NEARLY:.0%} full, or a leg of theirs, in the worst loss"
        path = f"facility.supply[{supply.names[node]}].rating_w"
        yield BindingLimit(
            path, supply.names[node], "power_w", float(worst[node]), float(supply.usable_w[node]), text
        )


def _cooling(used: _Used) -> Iterable[BindingLimit]:
    for i, zone in enumerate(used.facility.cooling_zones):
        heat_w = sum(
            used.power_w[rack.id]
            for rack in used.racks.values()
            if used.positions[rack.position].cooling_zone == zone.name
        )
        if heat_w >= NEARLY * zone.usable_w or (zone.name, "heat_w") in used.blocked:
            out = f"with {zone.redundant_units} units out"
            text = f"cooling zone {zone.name} takes {heat_w:.0f} of {zone.usable_w:.0f} W {out}"
            yield BindingLimit(
                f"facility.cooling_zones[{i}].unit_w", zone.name, "heat_w", heat_w, zone.usable_w, text
            )


def _racks(used: _Used) -> Iterable[BindingLimit]:
    for i, model in enumerate(used.facility.rack_models):
        count = sum(rack.model == model.model for rack in used.plan.racks)
        if model.stock is not None and count >= model.stock:
            text = f"all {model.stock} racks of {model.model} in stock are used"
            path = f"facility.rack_models[{i}].stock"
            yield BindingLimit(path, model.model, "racks", float(count), float(model.stock), text)
    taken = {rack.position for rack in used.racks.values()}
    for zone in used.facility.security_zones:
        positions = [p for p in used.facility.positions if p.security_zone == zone]
        count = sum(p.name in taken for p in positions)
        if positions and count == len(positions):
            text = f"all {count} positions of zone {zone} hold a rack"
            yield BindingLimit("facility.positions", zone, "positions", float(count), float(count), text)


def _pools(used: _Used) -> Iterable[BindingLimit]:
    for i, pool in enumerate(used.facility.pools):
        count = sum(host.pool == pool.name for host in used.plan.hosts)
        if pool.max_hosts is not None and count >= pool.max_hosts:
            text = f"pool {pool.name} has all {pool.max_hosts} hosts it may have"
            path = f"facility.pools[{i}].max_hosts"
            yield BindingLimit(path, pool.name, "hosts", float(count), float(pool.max_hosts), text)


def _deciding(bounds: Sequence[Bound]) -> Iterable[BindingLimit]:
    """Of each owner and zone, and of each pool, the dimension that forces most racks or hosts."""
    for objective, what in (("new_racks", "rack"), ("cloud_hosts", "host")):
        scopes = dict.fromkeys(
            b.scope for b in bounds if b.objective == objective and "all owners" not in b.scope
        )
        for scope in scopes:
            best = max(
                (b for b in bounds if b.objective == objective and b.scope == scope), key=lambda b: b.value
            )
            if best.value > 0:
                asked, each = (_in_units(v, best.dimension) for v in (best.demand, best.limit))
                least = f"{best.value:.0f} new {what}" + ("s" if best.value != 1 else "")
                beside = " beside those that stand" if what == "rack" else ""
                text = f"decides here: {asked} asked, {each} in each, so at least {least}{beside}"
                # What stands already takes a part of the demand: then the new ones offer less than is asked.
                offered = max(best.value * best.limit, best.demand)
                yield BindingLimit(best.limit_path, scope, best.dimension, best.demand, offered, text)


def _in_units(value: float, dimension: str) -> str:
    """A number with thousands apart, at most one decimal and its unit; megabytes as gigabytes."""
    if dimension in ("memory_mb", "disk_mb"):
        return f"{value / 1000:,.0f} GB"
    unit = UNITS.get("height_u" if dimension == "heavy_u" else dimension, "")
    return f"{value:,.1f}".removesuffix(".0") + (f" {unit}" if unit else "")
