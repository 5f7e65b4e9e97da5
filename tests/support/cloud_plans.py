"""Clouds by hand: hosts in racks with workloads on them, as a plan that was carried out; no planner made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from target_builders import Wanted, a_cloud, a_target
from tiny_rooms import delivered

from capacity.facility import CloudPool, Facility, Supply
from capacity.plan import CloudHost, Plan, WorkloadPlacement, sealed
from inventory.estate import Estate, Ref

World = tuple[Estate, Facility, Plan]


def a_running_cloud(
    wanted: Wanted,
    on: Mapping[Ref, str],
    racks: Sequence[Sequence[str]],
    *pools: CloudPool,
    pool_of: Mapping[str, str] | None = None,
) -> World:
    """`racks`: the names of the hosts in each; `on`: each workload's host; `pool_of`: of hosts of other pools."""
    facility = a_target(positions=len(racks), pools=pools or (a_cloud(reserve_hosts=1),))
    names = [position.name for position in facility.positions]
    standing = tuple(delivered(facility, "rack", names[n], "ours", f"R{n + 1}") for n in range(len(racks)))
    pool = {name: (pool_of or {}).get(name, facility.pools[0].name) for inside in racks for name in inside}
    hosts = tuple(
        CloudHost(
            name,
            pool[name],
            f"R{n + 1}",
            float(unit),
            "front",
            (Supply(f"{names[n]}-A", "L1"), Supply(f"{names[n]}-B", "L1")),
        )
        for n, inside in enumerate(racks)
        for unit, name in enumerate(inside, start=1)
    )
    workloads = tuple(WorkloadPlacement(ref, pool[host], host) for ref, host in sorted(on.items()))
    parts = replace(wanted.plan(facility), racks=standing, devices=(), unplaced=())
    return wanted.estate, facility, sealed(replace(parts, hosts=hosts, workloads=workloads))
