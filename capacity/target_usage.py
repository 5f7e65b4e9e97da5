"""Use against supply at the target, with a plan or only with what stands there: every node under every single loss.

Loads on the supply graph come from `power`; lines are `usage.UsageLine`s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from capacity.facility import CloudPool, Facility, FloorLimit, HostType, Position, TargetRack
from capacity.holding import cage_area_m2
from capacity.plan import AssetDemand, Plan
from capacity.power import Load, SupplyModel
from capacity.resources import Redundancy
from capacity.usage import UsageLine
from inventory.estate import Ref


@dataclass(frozen=True)
class RackFill:
    """What stands in one rack: units (kit not counted), planning weight, power range and ports, kit and occupants
    included.
    """

    rack: TargetRack
    mounted_u: float
    weight_low_kg: float
    weight_kg: float
    power_low_w: float
    power_w: float
    ports_used: float
    ports_provided: float


def target_usage(facility: Facility, plan: Plan | None) -> tuple[UsageLine, ...]:
    """Every dimension at the target: positions, entitlements, power at each node, cooling, floor, ports, cloud."""
    demands = {demand.asset: demand for demand in plan.demands} if plan else {}
    filled = rack_fills(facility, plan, demands)
    return (
        *_space(facility, filled),
        *_power(facility, plan, demands),
        *_cooling(facility, filled),
        *_weight(facility, filled),
        *_rows(facility, filled),
        *_cloud(facility, plan, demands),
    )


def rack_fills(facility: Facility, plan: Plan | None, demands: dict[Ref, AssetDemand]) -> list[RackFill]:
    """What fills each rack at the target, standing racks first, then the plan's new ones."""
    racks = (*facility.racks, *(plan.racks if plan else ()))
    units: dict[str, float] = defaultdict(float)
    low_kg: dict[str, float] = defaultdict(float)
    kg: dict[str, float] = defaultdict(float)
    low_w: dict[str, float] = defaultdict(float)
    watts: dict[str, float] = defaultdict(float)
    ports: dict[str, float] = defaultdict(float)
    for placed in plan.devices if plan else ():
        demand = demands[placed.asset]
        units[placed.rack] += (demand.height_u or 0) if placed.position is not None else 0
        weight, power, port = (demand.quantities[d] for d in ("weight_kg", "power_w", "ports"))
        low_kg[placed.rack] += weight.low
        kg[placed.rack] += weight.planning
        low_w[placed.rack] += power.low
        watts[placed.rack] += power.planning
        ports[placed.rack] += port.planning
    pools = {pool.name: pool for pool in facility.pools}
    for host in plan.hosts if plan else ():
        kind = pools[host.pool].type_named(host.model) or pools[host.pool].host_type
        units[host.rack] += kind.height_u
        low_kg[host.rack] += kind.weight_kg
        kg[host.rack] += kind.weight_kg
        low_w[host.rack] += kind.power_w
        watts[host.rack] += kind.power_w
        ports[host.rack] += kind.ports_used
    found: list[RackFill] = []
    for rack in racks:
        fixed_kg = rack.tare_kg + sum(item.weight_kg for item in rack.contents)
        fixed_w = sum(item.power_w for item in rack.contents)
        occupied_u = sum(item.height_u for item in rack.contents if item.role == "occupant")
        found.append(
            RackFill(
                rack,
                units[rack.id] + occupied_u,
                low_kg[rack.id] + fixed_kg,
                kg[rack.id] + fixed_kg,
                low_w[rack.id] + fixed_w,
                watts[rack.id] + fixed_w,
                ports[rack.id] + sum(item.ports_used for item in rack.contents),
                sum(item.ports_provided for item in rack.contents),
            )
        )
    return found


def _space(facility: Facility, filled: list[RackFill]) -> Iterator[UsageLine]:
    area = {position.name: position.area_m2 for position in facility.positions}
    caged_m2 = sum(cage.area_m2 for cage in facility.cages if cage.owner is not None)
    used_m2 = caged_m2 + sum(area[f.rack.position] for f in filled)
    yield UsageLine(
        "target", "target", "area_m2", used_m2, used_m2, facility.useful_area_m2, note="positions with a rack"
    )
    for entry in facility.entitlements:
        own = [f for f in filled if f.rack.owner == entry.partner]
        where = f"target, partner {entry.partner}"
        m2 = cage_area_m2(facility, entry.partner) + sum(area[f.rack.position] for f in own)
        yield UsageLine("target", where, "area_m2", m2, m2, entry.area_m2, note="entitlement")
        low_w, high_w = sum(f.power_low_w for f in own), sum(f.power_w for f in own)
        yield UsageLine("target", where, "power_w", low_w, high_w, entry.power_w, note="entitlement")
        units = sum(f.mounted_u for f in own)
        yield UsageLine("target", where, "height_u", units, units, entry.units_u, note="entitlement")
    used, provided = sum(f.ports_used for f in filled), sum(f.ports_provided for f in filled)
    yield UsageLine("target", "target", "ports", used, used, provided, note="in all racks")


def loads_of(facility: Facility, plan: Plan | None, demands: dict[Ref, AssetDemand]) -> list[Load]:
    """Every load on the supply graph: kit, occupants, placed devices and hosts, at planning draws."""
    loads: list[Load] = []
    for rack in (*facility.racks, *(plan.racks if plan else ())):
        loads.extend(
            Load(item.name, item.power_w, Redundancy.parse(item.redundancy), item.supplies)
            for item in rack.contents
            if item.supplies
        )
    pools = {pool.name: pool for pool in facility.pools}
    for host in plan.hosts if plan else ():
        kind = pools[host.pool].type_named(host.model) or pools[host.pool].host_type
        loads.append(Load(host.id, kind.power_w, Redundancy.parse(kind.redundancy), host.supplies))
    for placed in plan.devices if plan else ():
        demand = demands[placed.asset]
        if placed.supplies and demand.redundancy is not None:
            power_w = demand.quantities["power_w"].planning
            loads.append(
                Load(str(placed.asset.id), power_w, Redundancy.parse(demand.redundancy), placed.supplies)
            )
    return loads


def _power(facility: Facility, plan: Plan | None, demands: dict[Ref, AssetDemand]) -> Iterator[UsageLine]:
    """Each node above the feeds at its worst over no loss and every single loss; of the feeds and legs the fullest."""
    model = SupplyModel.of(facility)
    loads = model.evaluate(loads_of(facility, plan, demands))
    worst_w, at = loads.nodes.max(axis=0), loads.nodes.argmax(axis=0)
    shares = worst_w / model.usable_w
    for index, node in enumerate(model.nodes):
        if node.kind != "feed":
            note = f"worst over all single losses: {_scenario(model, int(at[index]))}; {node.kind}"
            where = f"target, {node.name}"
            yield UsageLine(
                "target",
                where,
                "power_w",
                float(loads.nodes[0, index]),
                float(worst_w[index]),
                float(model.usable_w[index]),
                note=note,
            )
    feeds = [i for i, node in enumerate(model.nodes) if node.kind == "feed"]
    if feeds:
        fullest = max(feeds, key=lambda i: float(shares[i]))
        note = f"fullest feed: {_scenario(model, int(at[fullest]))}"
        where = f"target, feed {model.names[fullest]}"
        load_w = float(worst_w[fullest])
        yield UsageLine("target", where, "power_w", load_w, load_w, float(model.usable_w[fullest]), note=note)
        legs = loads.legs.max(axis=(0, 2))
        leg = max(feeds, key=lambda i: float(legs[i] / model.leg_usable_w[i]))
        load_w, usable_w = float(legs[leg]), float(model.leg_usable_w[leg])
        where = f"target, feed {model.names[leg]}"
        yield UsageLine(
            "target", where, "power_w", load_w, load_w, usable_w, note="fullest phase leg under any loss"
        )


def _scenario(model: SupplyModel, index: int) -> str:
    return "no loss" if index == 0 else f"{model.scenarios[index]} lost"


def _cooling(facility: Facility, filled: list[RackFill]) -> Iterator[UsageLine]:
    zone_of = {position.name: position.cooling_zone for position in facility.positions}
    for zone in facility.cooling_zones:
        own = [f for f in filled if zone_of[f.rack.position] == zone.name]
        low_w, high_w = sum(f.power_low_w for f in own), sum(f.power_w for f in own)
        note = f"{zone.redundant_units} of {zone.units} units in reserve"
        yield UsageLine("target", f"target, {zone.name}", "heat_w", low_w, high_w, zone.usable_w, note=note)


def bearing_kg(rack: TargetRack, position: Position, floor: FloorLimit) -> tuple[float, str]:
    """What a loaded rack may weigh at a position, in kg, and what bounds it: the rack itself or the floor's basis."""
    limits = [(rack.max_weight_kg, "the rack's own maximum")]
    if floor.basis == "footprint" and floor.limit_kg_m2 is not None:
        limits.append((floor.limit_kg_m2 * rack.width_mm * rack.depth_mm / 1e6, "floor, over its footprint"))
    if floor.basis == "bay" and floor.limit_kg_m2 is not None:
        limits.append((floor.limit_kg_m2 * position.width_m * position.depth_m, "floor, over its bay"))
    if floor.basis == "point" and floor.point_kg is not None:
        limits.append((floor.point_kg * 4, "floor, on four points"))
    return min(limits)


def _weight(facility: Facility, filled: list[RackFill]) -> Iterator[UsageLine]:
    """The rack nearest to what it or its floor bears."""
    halls = {hall.name: hall.floor for hall in facility.halls}
    positions = {position.name: position for position in facility.positions}
    best: tuple[float, RackFill, float, str] | None = None
    for entry in filled:
        position, rack = positions[entry.rack.position], entry.rack
        limit, basis = bearing_kg(rack, position, halls[position.hall])
        if best is None or entry.weight_kg / limit > best[0]:
            best = (entry.weight_kg / limit, entry, limit, basis)
    if best is not None:
        _, entry, limit, basis = best
        where = f"target, rack {entry.rack.id}"
        yield UsageLine(
            "target",
            where,
            "weight_kg",
            entry.weight_low_kg,
            entry.weight_kg,
            limit,
            note=f"heaviest: {basis}",
        )


def _rows(facility: Facility, filled: list[RackFill]) -> Iterator[UsageLine]:
    """The row nearest to what its weakest line has, and what it would be were all rows equally full."""
    nodes = {node.name: node for node in facility.supply}
    usable: dict[tuple[str, str], float] = {}
    for position in facility.positions:
        lines = {source for feed in position.feeds for source in nodes[feed].sources}
        least = min((nodes[n].rating_w * nodes[n].derating for n in lines), default=0.0)
        usable[position.hall, position.row] = least
    at = {position.name: (position.hall, position.row) for position in facility.positions}
    low: dict[tuple[str, str], float] = defaultdict(float)
    high: dict[tuple[str, str], float] = defaultdict(float)
    for entry in filled:
        low[at[entry.rack.position]] += entry.power_low_w
        high[at[entry.rack.position]] += entry.power_w
    rows = [row for row in high if usable[row] > 0]
    if not rows:
        return
    fullest = max(rows, key=lambda row: high[row] / usable[row])
    even = sum(high[row] for row in rows) / sum(usable[row] for row in rows)
    note = f"all its racks draw, by its weakest line; fullest of {len(rows)} rows in use, evenly {even:.0%}"
    where = f"target, row {'-'.join(fullest)}"
    yield UsageLine("target", where, "power_w", low[fullest], high[fullest], usable[fullest], note=note)


def _cloud(facility: Facility, plan: Plan | None, demands: dict[Ref, AssetDemand]) -> Iterator[UsageLine]:
    for pool in facility.pools:
        hosts = [host for host in plan.hosts if host.pool == pool.name] if plan else []
        used: dict[str, float] = defaultdict(float)
        for workload in plan.workloads if plan else ():
            if workload.pool == pool.name:
                for dimension in ("vcpus", "memory_mb", "disk_mb"):
                    used[dimension] += demands[workload.asset].quantities[dimension].planning
        kinds = [pool.type_named(host.model) or pool.host_type for host in hosts]
        for dimension, supply in _pool_supply(pool, kinds).items():
            note = f"{len(hosts)} hosts, {pool.reserve_hosts} of them in reserve"
            where = f"target, pool {pool.name}"
            yield UsageLine("target", where, dimension, used[dimension], used[dimension], supply, note=note)


def _pool_supply(pool: CloudPool, kinds: list[HostType]) -> dict[str, float]:
    """What a pool of such hosts offers with the largest of its reserve gone, in each dimension by itself."""
    working = max(len(kinds) - pool.reserve_hosts, 0)

    def left(amounts: list[float]) -> float:
        return sum(sorted(amounts)[:working])

    return {
        "vcpus": left([kind.vcpus * pool.cpu_overcommit for kind in kinds]),
        "memory_mb": left([kind.memory_mb * pool.memory_overcommit for kind in kinds]),
        "disk_mb": sum(
            left([pool.raw_mb(kind, tier.name) * tier.storage_fill / tier.replicas for kind in kinds])
            for tier in pool.all_tiers
        ),
    }
