"""Whose an asset is and where it stands: its partner, site and room, as docs/reference/rules.md defines them.

Used by everything that plans or reports. The checker has its own reading of the same definitions.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from inventory.estate import Device, Estate, Ref, VirtualMachine

NO_PARTNER = "others"


@dataclass(frozen=True)
class Belonging:
    """Answers for one estate; built once and asked often."""

    estate: Estate

    def partner_of(self, ref: Ref) -> str | None:
        """Slug of the asset's partner: its tenant's group, else the tenant, else the tenant of its site; or None."""
        asset: Any = self.estate.find(ref)
        if asset is None:
            return None
        own = self.partner_of_tenant(asset.tenant_id)
        if own is not None:
            return own
        site_id = self.site_of(ref)
        site = self.estate.by_id("sites").get(site_id) if site_id is not None else None
        return self.partner_of_tenant(site.tenant_id) if site else None

    def owner_of(self, ref: Ref) -> str:
        """The owner of racks and pools an asset may go into: its partner, or `others` where it has none."""
        return self.partner_of(ref) or NO_PARTNER

    def partner_of_tenant(self, tenant_id: int | None) -> str | None:
        tenant = self.estate.by_id("tenants").get(tenant_id) if tenant_id is not None else None
        if tenant is None:
            return None
        group = (
            self.estate.by_id("tenant_groups").get(tenant.group_id) if tenant.group_id is not None else None
        )
        slug: str = group.slug if group else tenant.slug
        return slug

    def site_of(self, ref: Ref) -> int | None:
        """The site an asset stands at now, or None where the estate doesn't say."""
        asset: Any = self.estate.find(ref)
        if isinstance(asset, Device):
            return asset.site_id
        if isinstance(asset, VirtualMachine):
            return self._site_of_machine(asset)
        return None

    def _site_of_machine(self, machine: VirtualMachine) -> int | None:
        if machine.site_id is not None:
            return machine.site_id
        cluster = (
            self.estate.by_id("clusters").get(machine.cluster_id) if machine.cluster_id is not None else None
        )
        if cluster is not None and cluster.scope is not None:
            scope: Ref = cluster.scope
            if scope.kind == "sites":
                return scope.id
            if scope.kind == "locations" and (location := self.estate.find(scope)) is not None:
                site_id: int = location.site_id
                return site_id
        device = (
            self.estate.by_id("devices").get(machine.device_id) if machine.device_id is not None else None
        )
        return device.site_id if device else None

    def room_of(self, device: Device) -> int | None:
        """The location a device is in: its own, else its rack's, else its chassis'."""
        current: Device | None = device
        seen: set[int] = set()
        while current is not None and current.id not in seen:
            seen.add(current.id)
            if current.location_id is not None:
                return current.location_id
            rack = self.estate.by_id("racks").get(current.rack_id) if current.rack_id is not None else None
            if rack is not None and rack.location_id is not None:
                location_id: int = rack.location_id
                return location_id
            current = self._parent_of(current)
        return None

    def _parent_of(self, device: Device) -> Device | None:
        if device.parent_device_id is None:
            return None
        parent: Device | None = self.estate.by_id("devices").get(device.parent_device_id)
        return parent

    def _stands_in_itself(self, device: Device) -> bool:
        """A mistake of the records: following the chassis upwards leads round and back."""
        seen: set[int] = set()
        parent = self._parent_of(device)
        while parent is not None and parent.id not in seen and parent.id != device.id:
            seen.add(parent.id)
            parent = self._parent_of(parent)
        return parent is not None and parent.id == device.id

    @cached_property
    def children(self) -> dict[int, tuple[Device, ...]]:
        """Devices in bays by the id of their chassis; what stands in itself over its bays is in none."""
        found: dict[int, list[Device]] = defaultdict(list)
        for device in self.estate.devices:
            if device.parent_device_id is not None and not self._stands_in_itself(device):
                found[device.parent_device_id].append(device)
        return {parent: tuple(children) for parent, children in found.items()}

    @cached_property
    def applications_of(self) -> dict[Ref, tuple[int, ...]]:
        """Ids of the applications each asset is a member of."""
        found: dict[Ref, list[int]] = defaultdict(list)
        for member in self.estate.application_members:
            found[member.object].append(member.application_id)
        return {ref: tuple(sorted(ids)) for ref, ids in found.items()}

    @cached_property
    def constraints_of(self) -> dict[Ref, tuple[int, ...]]:
        """Ids of the constraints that name each object."""
        found: dict[Ref, list[int]] = defaultdict(list)
        for constraint in self.estate.constraints:
            for member in constraint.members:
                found[member].append(constraint.id)
        return {ref: tuple(ids) for ref, ids in found.items()}

    @cached_property
    def special_needs_of(self) -> dict[Ref, tuple[str, ...]]:
        found: dict[Ref, list[str]] = defaultdict(list)
        for need in self.estate.special_needs:
            found[need.object].append(need.need)
        return {ref: tuple(sorted(needs)) for ref, needs in found.items()}

    def zone_of(self, ref: Ref) -> str | None:
        """The security or tenancy zone constraints ask for, or None; several that differ join to one nobody has."""
        constraints = self.estate.by_id("constraints")
        asked = (constraints[constraint_id] for constraint_id in self.constraints_of.get(ref, ()))
        zones = sorted({c.value for c in asked if c.kind == "zone" and c.value is not None})
        return " and ".join(zones) or None
