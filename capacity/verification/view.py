"""What the rules look things up in: the three documents, indexed, and the definitions at the top of the rules page.

Partner, site and room of an asset, where it is placed, which steps touch it, since when it counts at the target. A name
that leads nowhere is answered with None here and reported by `references`; rules skip what they can't find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from capacity.calendar import CalendarResource
from capacity.facility import CloudPool, Facility, Position, RackModel, TargetRack
from capacity.plan import (
    AssetDemand,
    CloudHost,
    Decision,
    DevicePlacement,
    MoveGroup,
    Plan,
    Step,
    Wave,
    WorkloadPlacement,
)
from capacity.verification.demands import Demands
from capacity.verification.moments import Clock, zone_named
from inventory.estate import Application, Constraint, Device, Estate, Ref, VirtualMachine

OTHERS = "others"
TOUCHING = ("cutover", "relocate")  # the steps that take an asset from its source to the target
WORKLOAD_STRATEGIES = ("rehost", "replatform")


def by_key(rows: Iterable[Any], name: str) -> dict[Any, Any]:
    """Rows by a field; of repetitions the first counts (and `references` reports them)."""
    found: dict[Any, Any] = {}
    for row in rows:
        found.setdefault(getattr(row, name), row)
    return found


@dataclass(frozen=True)
class View:
    """One estate, facility and plan, indexed on first use."""

    estate: Estate
    facility: Facility
    plan: Plan

    # --- time ---------------------------------------------------------------------------------------------------

    @cached_property
    def clock(self) -> Clock:
        return Clock(zone_named(self.plan.calendar.time_zone) or UTC)

    @cached_property
    def start(self) -> float:
        return self.clock.seconds(self.plan.calendar.start)

    def moment(self, seconds: float) -> datetime | None:
        """An instant as it is reported: local time, None before any date."""
        return self.clock.moment(seconds)

    def begins(self, step: Step) -> float:
        return self._times[step.id][0] if step.id in self._times else self.clock.seconds(step.start)

    def ends(self, step: Step) -> float:
        return self._times[step.id][1] if step.id in self._times else self.clock.seconds(step.end)

    @cached_property
    def _times(self) -> dict[str, tuple[float, float]]:
        """Start and end of each step; not of steps that share an id."""
        found = {s.id: (self.clock.seconds(s.start), self.clock.seconds(s.end)) for s in self.plan.steps}
        seen: set[str] = set()
        for step in self.plan.steps:
            if step.id in seen:
                found.pop(step.id, None)
            seen.add(step.id)
        return found

    # --- assets -------------------------------------------------------------------------------------------------

    @cached_property
    def devices(self) -> dict[int, Device]:
        return by_key(self.estate.devices, "id")

    @cached_property
    def machines(self) -> dict[int, VirtualMachine]:
        return by_key(self.estate.virtual_machines, "id")

    def asset(self, ref: Ref) -> Device | VirtualMachine | None:
        if ref.kind == "devices":
            return self.devices.get(ref.id)
        return self.machines.get(ref.id) if ref.kind == "virtual_machines" else None

    def label(self, ref: Ref) -> str:
        """How an asset is named aloud: its name and kind, or kind and number."""
        kind = {"devices": "device", "virtual_machines": "virtual machine"}.get(ref.kind, ref.kind)
        asset = self.asset(ref)
        return f"{kind} {asset.name}" if asset is not None and asset.name else f"{kind} {ref.id}"

    def row(self, kind: str, row_id: int | None) -> Any | None:
        """One row of a list of the estate, or None."""
        return None if row_id is None else self._rows(kind).get(row_id)

    def _rows(self, kind: str) -> dict[int, Any]:
        if kind not in self._row_indexes:
            self._row_indexes[kind] = by_key(getattr(self.estate, kind, ()), "id")
        return self._row_indexes[kind]

    @cached_property
    def _row_indexes(self) -> dict[str, dict[int, Any]]:
        return {}

    def site_of(self, ref: Ref) -> int | None:
        """Where an asset stands before the plan."""
        asset = self.asset(ref)
        if asset is None or isinstance(asset, Device):
            return None if asset is None else asset.site_id
        if asset.site_id is not None:
            return asset.site_id
        cluster = self.row("clusters", asset.cluster_id)
        scope: Ref | None = cluster.scope if cluster else None
        if scope is not None and scope.kind == "sites":
            return scope.id
        if scope is not None and scope.kind == "locations" and (location := self.row("locations", scope.id)):
            return int(location.site_id)
        host = self.row("devices", asset.device_id)
        return int(host.site_id) if host else None

    def partner_of(self, ref: Ref) -> str | None:
        asset = self.asset(ref)
        if asset is None:
            return None
        own = self._partner_of_tenant(asset.tenant_id)
        if own is not None:
            return own
        site = self.row("sites", self.site_of(ref))
        return self._partner_of_tenant(site.tenant_id) if site else None

    def _partner_of_tenant(self, tenant_id: int | None) -> str | None:
        tenant = self.row("tenants", tenant_id)
        if tenant is None:
            return None
        group = self.row("tenant_groups", tenant.group_id)
        return str(group.slug if group else tenant.slug)

    def room_of(self, device: Device) -> int | None:
        """The location of a device: its own, else its rack's, else its chassis'."""
        seen: set[int] = set()
        current: Device | None = device
        while current is not None and current.id not in seen:
            seen.add(current.id)
            rack = self.row("racks", current.rack_id)
            location_id = (
                current.location_id if current.location_id is not None else rack and rack.location_id
            )
            if location_id is not None:
                return int(location_id)
            current = self.devices.get(current.parent_device_id or 0)
        return None

    @cached_property
    def applications_of(self) -> dict[Ref, list[Application]]:
        found: dict[Ref, list[Application]] = defaultdict(list)
        for member in self.estate.application_members:
            application = self.row("applications", member.application_id)
            if application is not None and application not in found[member.object]:
                found[member.object].append(application)
        return found

    @cached_property
    def members_of(self) -> dict[int, list[Ref]]:
        """Assets of each application."""
        found: dict[int, list[Ref]] = defaultdict(list)
        for member in self.estate.application_members:
            found[member.application_id].append(member.object)
        return found

    def named_by(self, ref: Ref) -> Iterator[Ref]:
        """The objects whose freeze or pin is the asset's: itself, its applications, its tenant, its site."""
        yield ref
        for application in self.applications_of.get(ref, ()):
            yield Ref("applications", application.id)
        asset = self.asset(ref)
        if asset is not None and asset.tenant_id is not None:
            yield Ref("tenants", asset.tenant_id)
        site_id = self.site_of(ref)
        if site_id is not None:
            yield Ref("sites", site_id)

    def constraints(self, *kinds: str) -> Iterator[Constraint]:
        return (c for c in self.estate.constraints if c.kind in kinds)

    @cached_property
    def zones_of(self) -> dict[Ref, list[str]]:
        """Zones that constraints ask for, per asset."""
        found: dict[Ref, list[str]] = defaultdict(list)
        for constraint in self.constraints("zone"):
            for member in constraint.members if constraint.value is not None else ():
                found[member].append(constraint.value or "")
        return found

    @cached_property
    def tiers_of(self) -> dict[Ref, list[str]]:
        """Storage tiers that constraints ask for, per asset, each once."""
        found: dict[Ref, list[str]] = defaultdict(list)
        for constraint in self.constraints("tier"):
            for member in constraint.members if constraint.value is not None else ():
                if constraint.value not in found[member]:
                    found[member].append(constraint.value or "")
        return found

    # --- what the plan says ---------------------------------------------------------------------------------------

    @cached_property
    def decisions(self) -> dict[Ref, Decision]:
        return by_key(self.plan.decisions, "asset")

    def strategy(self, ref: Ref) -> str | None:
        decision = self.decisions.get(ref)
        return decision.strategy if decision else None

    @cached_property
    def stated_demands(self) -> dict[Ref, AssetDemand]:
        return by_key(self.plan.demands, "asset")

    @cached_property
    def demands(self) -> Demands:
        """The checker's own derivation; what every limit is judged with."""
        return Demands(self.estate, self.plan.inputs.planning_value)

    def amount(self, ref: Ref, dimension: str) -> float:
        """Planning value of an asset in one dimension: the derived one, else what the plan states, else 0.

        What can't be derived is reported by UNPROVEN or DEMAND; limits still count what the plan says of it.
        """
        derived = self.demands.of(ref).quantities.get(dimension)
        if derived is not None:
            return derived.planning
        stated = self.stated_demands.get(ref)
        quantity = stated.quantities.get(dimension) if stated else None
        return quantity.planning if quantity else 0.0

    @cached_property
    def placed_devices(self) -> dict[Ref, DevicePlacement]:
        return by_key((p for p in self.plan.devices if self.asset(p.asset) is not None), "asset")

    @cached_property
    def placed_workloads(self) -> dict[Ref, WorkloadPlacement]:
        return by_key((p for p in self.plan.workloads if self.asset(p.asset) is not None), "asset")

    @cached_property
    def unplaced(self) -> set[Ref]:
        return {u.asset for u in self.plan.unplaced}

    @cached_property
    def racks(self) -> dict[str, TargetRack]:
        return by_key((*self.facility.racks, *self.plan.racks), "id")

    @cached_property
    def new_racks(self) -> dict[str, TargetRack]:
        return by_key(self.plan.racks, "id")

    @cached_property
    def rack_models(self) -> dict[str, RackModel]:
        return by_key(self.facility.rack_models, "model")

    @cached_property
    def positions(self) -> dict[str, Position]:
        return by_key(self.facility.positions, "name")

    @cached_property
    def pools(self) -> dict[str, CloudPool]:
        return by_key(self.facility.pools, "name")

    @cached_property
    def hosts(self) -> dict[str, CloudHost]:
        return by_key(self.plan.hosts, "id")

    def position_of(self, rack_id: str) -> Position | None:
        rack = self.racks.get(rack_id)
        return self.positions.get(rack.position) if rack else None

    def rack_of(self, ref: Ref) -> str | None:
        """The rack an asset ends in: its own, or its cloud host's."""
        device = self.placed_devices.get(ref)
        if device is not None:
            return device.rack
        workload = self.placed_workloads.get(ref)
        host = self.hosts.get(workload.host) if workload else None
        return host.rack if host else None

    @cached_property
    def groups(self) -> dict[str, MoveGroup]:
        return by_key(self.plan.groups, "id")

    @cached_property
    def waves(self) -> dict[int, Wave]:
        return by_key(self.plan.waves, "number")

    @cached_property
    def resources(self) -> dict[str, CalendarResource]:
        return by_key(self.plan.calendar.resources, "name")

    @cached_property
    def step_ids(self) -> dict[str, Step]:
        return by_key(self.plan.steps, "id")

    # --- steps ----------------------------------------------------------------------------------------------------

    @cached_property
    def steps_of(self) -> dict[Ref, list[Step]]:
        """Steps that move an asset, by start."""
        found: dict[Ref, list[Step]] = defaultdict(list)
        for step in sorted(self.plan.steps, key=lambda s: (self.begins(s), s.id)):
            for asset in dict.fromkeys(move.asset for move in step.moves):
                found[asset].append(step)
        return found

    @cached_property
    def commission_of(self) -> dict[str, Step]:
        """The step that brings up each new rack ("rack:ID") or host ("host:ID"); the first if there are more."""
        found: dict[str, Step] = {}
        for step in sorted(self.plan.steps, key=lambda s: (self.begins(s), s.id)):
            if step.kind in {"commission_rack", "commission_host"}:
                for name in step.commissions:
                    found.setdefault(f"{step.kind.removeprefix('commission_')}:{name}", step)
        return found

    def touching_step(self, ref: Ref) -> Step | None:
        """The cutover or relocation of an asset."""
        return next((s for s in self.steps_of.get(ref, ()) if s.kind in TOUCHING), None)

    def arrival(self, ref: Ref) -> float:
        """Since when an asset counts at the target: the start of its first step towards it."""
        for step in self.steps_of.get(ref, ()):
            if step.kind in {"replicate", *TOUCHING}:
                return self.begins(step)
        return self.start

    def rack_arrival(self, rack_id: str) -> float:
        return self._commissioned(f"rack:{rack_id}")

    def host_arrival(self, host_id: str) -> float:
        return self._commissioned(f"host:{host_id}")

    def host_up(self, host_id: str) -> float:
        """When a host may run something: its commissioning has ended."""
        step = self.commission_of.get(f"host:{host_id}")
        return self.ends(step) if step else self.start

    def _commissioned(self, key: str) -> float:
        step = self.commission_of.get(key)
        return self.begins(step) if step else self.start
