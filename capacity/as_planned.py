"""The target with a plan carried out: its racks stand there, and what it places is in them, as a Facility of its own.

What asks about room beside a plan (`stranded`, `smallest_change`) asks it of this facility with the planners' own
arrays. Cloud workloads stay with the plan: a host is a load and takes its units, whatever runs on it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

from capacity.facility import Facility, Mounted
from capacity.placing.rack_problem import Frame
from capacity.plan import Plan
from capacity.power import SupplyModel

OCCUPANT = "occupant"


def carried_out(facility: Facility, plan: Plan) -> Facility:
    """The facility with the plan's racks standing and everything placed mounted in them; stocks are what is left.

    Devices in bays are their chassis' contents and not mounted by themselves. A placed device without a known demand
    counts with what is known of it.
    """
    things = mounted(facility, plan)
    bought = Counter(rack.model for rack in plan.racks)
    racks = tuple(
        replace(rack, contents=(*rack.contents, *things.get(rack.id, ())))
        for rack in (*facility.racks, *plan.racks)
    )
    models = tuple(
        model if model.stock is None else replace(model, stock=max(0, model.stock - bought[model.model]))
        for model in facility.rack_models
    )
    return replace(facility, racks=racks, rack_models=models)


def frame_of(facility: Facility, plan: Plan) -> Frame:
    """What further items would find beside the plan: the rack problem of the facility with it carried out."""
    built = carried_out(facility, plan)
    return Frame.of(built, SupplyModel.of(built))


def mounted(facility: Facility, plan: Plan) -> dict[str, list[Mounted]]:
    """By rack, the plan's devices and hosts as mounted things."""
    found: dict[str, list[Mounted]] = defaultdict(list)
    for rack, item in (*_devices(plan), *_hosts(facility, plan)):
        found[rack].append(item)
    return dict(found)


def _devices(plan: Plan) -> Iterable[tuple[str, Mounted]]:
    demands = {demand.asset: demand for demand in plan.demands}
    for placed in plan.devices:
        demand = demands.get(placed.asset)
        if placed.parent_device_id is not None or demand is None:
            continue
        amount = {name: quantity.planning for name, quantity in demand.quantities.items()}
        yield (
            placed.rack,
            Mounted(
                name=f"{placed.asset.kind}:{placed.asset.id}",
                role=OCCUPANT,
                position=placed.position,
                height_u=demand.height_u or 0.0,
                face=placed.face,
                is_full_depth=demand.is_full_depth is not False,
                weight_kg=amount.get("weight_kg", 0.0),
                power_w=amount.get("power_w", 0.0),
                supplies=placed.supplies,
                redundancy=demand.redundancy or "1+0",
                ports_used=math.ceil(amount.get("ports", 0.0)),
            ),
        )


def _hosts(facility: Facility, plan: Plan) -> Iterable[tuple[str, Mounted]]:
    pools = {pool.name: pool for pool in facility.pools}
    for host in plan.hosts:
        kind = pools[host.pool].type_named(host.model) or pools[host.pool].host_type
        yield (
            host.rack,
            Mounted(
                name=host.id,
                role=OCCUPANT,
                position=host.position,
                height_u=kind.height_u,
                face=host.face,
                is_full_depth=kind.is_full_depth,
                weight_kg=kind.weight_kg,
                power_w=kind.power_w,
                supplies=host.supplies,
                redundancy=kind.redundancy,
                ports_used=kind.ports_used,
            ),
        )
