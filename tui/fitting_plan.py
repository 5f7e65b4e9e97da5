"""A plan together with the inventory and the facility it was made from: for commands whose answer would otherwise be
about something else than what the workspace holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inventory.errors import InputError, StaleError
from tui.workspace import Workspace

if TYPE_CHECKING:
    from capacity.facility import Facility
    from capacity.plan import Plan
    from inventory.estate import Estate


def plan_on(workspace: Workspace, plan_file: Path, facility: Facility) -> Plan:
    """A plan that speaks of this facility and was not changed by hand, or an error: its names lead nowhere else."""
    from capacity.plan import sealed

    plan = workspace.plan(plan_file)
    if plan.inputs.facility_hash != facility.content_hash:
        raise _stale("facility", plan_file)
    if sealed(plan).content_hash != plan.content_hash:
        raise InputError(
            "the plan was changed after it was made",
            where=str(plan_file),
            remedy=f"see `vorst check {plan_file}`, and plan again",
        )
    if not stands_on(plan, facility):
        raise InputError(
            "the plan names what neither it nor the facility has",
            where=str(plan_file),
            remedy=f"see `vorst check {plan_file}`, and plan again",
        )
    return plan


def stands_on(plan: Plan, facility: Facility) -> bool:
    """Whether every position, pool, rack, feed and demand that loads at the target are worked out from is there."""
    feeds = {node.name for node in facility.supply if node.kind == "feed"}
    racks = {rack.id for rack in (*facility.racks, *plan.racks)}
    known = {demand.asset: demand.quantities for demand in plan.demands}
    supplies = [
        *(device.supplies for device in plan.devices),
        *(host.supplies for host in plan.hosts),
        *(item.supplies for rack in plan.racks for item in rack.contents),
    ]
    pools = {*(host.pool for host in plan.hosts), *(workload.pool for workload in plan.workloads)}
    return (
        {rack.position for rack in plan.racks} <= {position.name for position in facility.positions}
        and pools <= {pool.name for pool in facility.pools}
        and racks.issuperset((*(device.rack for device in plan.devices), *(host.rack for host in plan.hosts)))
        and feeds.issuperset(supply.feed for cords in supplies for supply in cords)
        and all({"power_w", "weight_kg", "ports"} <= known.get(d.asset, {}).keys() for d in plan.devices)
        and all({"vcpus", "memory_mb", "disk_mb"} <= known.get(w.asset, {}).keys() for w in plan.workloads)
    )


def _stale(what: str, plan_file: Path) -> StaleError:
    return StaleError(
        f"the {what} has changed since this plan was made",
        where=str(plan_file),
        remedy="plan again with `vorst plan`, or name another plan",
    )


def fitting_plan(workspace: Workspace, plan_file: Path) -> tuple[Estate, Facility, Plan]:
    """The three, or an error that says which of them has changed since the plan was made, or that it holds no more."""
    from capacity.verify import check

    facility = workspace.facility()
    plan = plan_on(workspace, plan_file, facility)
    estate = workspace.estate()
    if plan.inputs.estate_hash != estate.content_hash:
        raise _stale("inventory", plan_file)
    violations = check(estate, facility, plan, workspace.calendar_of(plan))
    if violations:
        first = violations[0]
        raise InputError(
            f"the plan breaks rules, {first.code} first: {first.message}",
            where=str(plan_file),
            remedy=f"see `vorst check {plan_file}`, and plan again",
        )
    return estate, facility, plan
