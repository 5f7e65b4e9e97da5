"""What may be taken away from limits while the plan as it is still holds: what it needs of each, asked of the checker.

What is needed is computed from the plan's lists; the checker then proves the plan with all these limits at what is
needed, at once. Limits that it doesn't pass that way are asked one by one, and left out where it still doesn't.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from capacity.facility import Facility
from capacity.holding import cage_area_m2, is_kept, reserved
from capacity.plan import AssetDemand, Plan
from capacity.power import SupplyModel
from capacity.sensitivity.limits import Limit, World, limits, restated, with_limits
from capacity.target_usage import RackFill, loads_of, rack_fills
from capacity.verify import check
from inventory.estate import Ref


@dataclass(frozen=True, slots=True)
class Slack:
    """`needed` of a limit is enough for the plan as it is; `spare` may be taken away; `proof`: how that is known."""

    limit: str
    limit_paths: tuple[str, ...]
    unit: str
    now: float
    needed: float
    spare: float
    proof: str


TOGETHER = "checked with all of these limits at what is needed at once"
ALONE = "checked with this limit at what is needed"


def slack(world: World, plan: Plan, tell: Callable[[], None] | None = None) -> tuple[Slack, ...]:
    """Every limit with a step or more to spare. `tell` is called before each run of the checker."""
    spare = {
        limit: max(limit.up(need), limit.step)
        for limit, need in needs(world, plan).items()
        if limit.now - max(limit.up(need), limit.step) >= limit.step - 1e-9
    }

    def holds(values: Mapping[Limit, float]) -> bool:
        if tell is not None:
            tell()
        smaller = with_limits(world, values)
        return not check(smaller.estate, smaller.facility, restated(plan, smaller))

    if holds(spare):
        return tuple(_line(limit, value, TOGETHER) for limit, value in spare.items())
    kept = {limit: value for limit, value in spare.items() if holds({limit: value})}
    return tuple(_line(limit, value, ALONE) for limit, value in kept.items())


def _line(limit: Limit, needed: float, proof: str) -> Slack:
    return Slack(limit.name, limit.paths, limit.unit, limit.now, needed, round(limit.now - needed, 6), proof)


def needs(world: World, plan: Plan) -> dict[Limit, float]:
    """What the plan needs of each limit of which that follows from its lists: space, power, cooling, floor, stock."""
    facility = world.facility
    demands = {demand.asset: demand for demand in plan.demands}
    fills = rack_fills(facility, plan, demands)
    values = {
        **_entitlements(facility, plan, fills),
        **_supply(facility, plan, demands),
        **_space(facility, fills),
        **_counts(facility, plan, demands),
    }
    found = {}
    for limit in limits(world):
        known = [values[path] for path in limit.paths if path in values]
        if len(known) == len(limit.paths):
            found[limit] = max(known)
    return found


def _entitlements(facility: Facility, plan: Plan, fills: list[RackFill]) -> dict[str, float]:
    """Use, and the most that reservations keep beside it on any day from the start."""
    area = {position.name: position.area_m2 for position in facility.positions}
    found: dict[str, float] = {}
    for entry in facility.entitlements:
        own = [fill for fill in fills if fill.rack.owner == entry.partner]
        used = {
            "area_m2": cage_area_m2(facility, entry.partner) + sum(area[f.rack.position] for f in own),
            "power_w": sum(f.power_w for f in own),
            "units_u": sum(f.mounted_u for f in own),
        }
        mine = [r for r in facility.reservations if r.partner == entry.partner]
        days = [plan.inputs.start.date(), *(r.since for r in mine if r.since is not None)]
        for field, amount in used.items():
            kept = max(sum(reserved(facility, r, field) for r in mine if is_kept(r, day)) for day in days)
            found[f"facility.entitlements[{entry.partner}].{field}"] = amount + kept
    return found


def _supply(facility: Facility, plan: Plan, demands: dict[Ref, AssetDemand]) -> dict[str, float]:
    """Rating for the worst load of each node, over no loss and every single one, and for the fullest leg of a feed."""
    model = SupplyModel.of(facility)
    loads = model.evaluate(loads_of(facility, plan, demands))
    worst = loads.nodes.max(axis=0)
    legs = loads.legs.max(axis=(0, 2)) * np.maximum(model.legs, 1)
    return {
        f"facility.supply[{node.name}].rating_w": float(max(worst[i], legs[i])) / node.derating
        for i, node in enumerate(model.nodes)
    }


def _space(facility: Facility, fills: list[RackFill]) -> dict[str, float]:
    positions = {position.name: position for position in facility.positions}
    heat: dict[str, float] = defaultdict(float)
    kg_m2: dict[str, float] = defaultdict(float)
    point: dict[str, float] = defaultdict(float)
    basis = {hall.name: hall.floor.basis for hall in facility.halls}
    for fill in fills:
        position, rack = positions[fill.rack.position], fill.rack
        heat[position.cooling_zone] += fill.power_w
        m2 = position.width_m * position.depth_m
        if basis[position.hall] == "footprint":
            m2 = rack.width_mm * rack.depth_mm / 1e6
        kg_m2[position.hall] = max(kg_m2[position.hall], fill.weight_kg / m2)
        point[position.hall] = max(point[position.hall], fill.weight_kg / 4)
    found = {}
    for i, zone in enumerate(facility.cooling_zones):
        if zone.units > zone.redundant_units:
            working = zone.units - zone.redundant_units
            found[f"facility.cooling_zones[{i}].unit_w"] = heat[zone.name] / working
    for i, hall in enumerate(facility.halls):
        found[f"facility.halls[{i}].floor.limit_kg_m2"] = kg_m2[hall.name]
        found[f"facility.halls[{i}].floor.point_kg"] = point[hall.name]
    for i, model in enumerate(facility.rack_models):
        mine = [fill.weight_kg for fill in fills if fill.rack.model == model.model]
        found[f"facility.rack_models[{i}].max_weight_kg"] = max(mine, default=0.0)
    return found


def _counts(facility: Facility, plan: Plan, demands: dict[Ref, AssetDemand]) -> dict[str, float]:
    """Racks and hosts that are bought, and what the fullest host promises."""
    found: dict[str, float] = {}
    for i, model in enumerate(facility.rack_models):
        found[f"facility.rack_models[{i}].stock"] = float(sum(r.model == model.model for r in plan.racks))
    kinds = {
        host.id: pool.type_named(host.model) or pool.host_type
        for pool in facility.pools
        for host in plan.hosts
        if host.pool == pool.name
    }
    promised: dict[str, list[float]] = {host.id: [0.0, 0.0] for host in plan.hosts}
    for workload in plan.workloads:
        quantities = demands[workload.asset].quantities
        for d, dimension in enumerate(("vcpus", "memory_mb")):
            promised[workload.host][d] += quantities[dimension].planning
    for i, pool in enumerate(facility.pools):
        hosts = [host for host in plan.hosts if host.pool == pool.name]
        found[f"facility.pools[{i}].max_hosts"] = float(len(hosts))
        for n, kind in enumerate(pool.host_types):
            where = f"facility.pools[{i}]." + ("host_type" if n == 0 else f"other_host_types[{n - 1}]")
            mine = [promised[host.id] for host in hosts if kinds[host.id] == kind]
            found[f"{where}.vcpus"] = max((m[0] for m in mine), default=0.0) / pool.cpu_overcommit
            found[f"{where}.memory_mb"] = max((m[1] for m in mine), default=0.0) / pool.memory_overcommit
            found[f"{where}.stock"] = float(sum(k.model == kind.model for k in kinds.values()))
    return found
