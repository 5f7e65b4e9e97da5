"""What Ansible is told of each host: its address, its place at the target, its line, its window and what it needs.

Everything comes from the Estate and the Plan; what neither knows is left out, and the preflight role names it. Texts of
the inventory leave here as `Unsafe`; an address or DNS name that is none leaves not at all.
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from capacity.belonging import Belonging
from capacity.plan import AssetDemand, Decision, DevicePlacement, Plan, Step, WorkloadPlacement
from inventory.estate import Estate, Flow, Interface
from inventory.rows import Ref
from playbooks.scope import WaveScope, host_of, target_host_of, wave_scopes
from playbooks.yaml_text import unsafe

# So many hosts copy at once (group_vars/all.yml says the same to the roles); a host's share of a line counts on it.
REPLICATE_AT_ONCE = 5
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z")
_PORT = re.compile(r"\btcp[/ ](\d{1,5})\b", re.IGNORECASE)
# Platforms these roles can't manage: no POSIX shell with Python behind SSH.
_UNMANAGEABLE = re.compile(
    r"windows|esxi|vmware|nx-?os|\bios\b|ios[- ]?x[er]|junos|\beos\b|fortios|pan-?os|\baos\b|arubaos|comware|ontap"
    r"|fabric os",
    re.IGNORECASE,
)


def address_of(text: str | None) -> str | None:
    """The IP address of "192.0.2.5/24" without its prefix length; None when it is no address."""
    try:
        return str(ipaddress.ip_interface((text or "").strip()).ip)
    except ValueError:
        return None


def instant(moment: datetime | None) -> str | None:
    """A moment as the roles compare it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


@dataclass(frozen=True)
class HostVariables:
    """Answers for one estate and one plan; built once and asked for every asset."""

    estate: Estate
    plan: Plan

    def of(self, asset: Ref, scope: WaveScope) -> dict[str, Any]:
        """The variables of an asset's host. Keys without a value are left out, save where a role asks for null."""
        row: Any = self.estate.find(asset)
        decision = self.decisions.get(asset)
        step = self.moving_step(asset)
        address = self.address(asset)
        found: dict[str, Any] = {
            "vorst_id": host_of(asset),
            "vorst_name": unsafe((row.name if row else None) or (decision.name if decision else None)),
            "vorst_strategy": decision.strategy if decision else None,
            "vorst_partner": unsafe(decision.partner) if decision else None,
            "ansible_host": address,
            "vorst_dns_name": self.dns_name(asset),
            "vorst_serial": unsafe(getattr(row, "serial", "") or None),
            "vorst_asset_tag": unsafe(getattr(row, "asset_tag", None)),
            "vorst_platform": unsafe(self.platform(asset)),
            "vorst_unmanageable": self.unmanageable(asset),
            "vorst_window_start": instant(step.start) if step else None,
            "vorst_window_end": instant(step.end) if step else None,
            "vorst_dependencies": self.dependencies(asset, scope),
            **self._at_target(asset),
        }
        return {key: value for key, value in found.items() if value is not None}

    def _at_target(self, asset: Ref) -> dict[str, Any]:
        device = self.devices.get(asset)
        if device is not None:
            return self._of_device(device)
        workload = self.workloads.get(asset)
        if workload is None:
            return {}
        demand = self.demands.get(asset)
        quantities = demand.quantities if demand else {}
        return {
            "vorst_target_host": target_host_of(asset),
            "vorst_target_pool": unsafe(workload.pool),
            "vorst_target_cloud_host": unsafe(workload.host),
            "vorst_rate_mbps": self.rate_mbps(asset),
            "vorst_planned": {
                key: quantities[key].planning for key in ("vcpus", "memory_mb") if key in quantities
            },
        }

    def _of_device(self, device: DevicePlacement) -> dict[str, Any]:
        parent = Ref("devices", device.parent_device_id) if device.parent_device_id is not None else None
        return {
            "vorst_target_rack": unsafe(device.rack),
            "vorst_target_position": device.position,
            "vorst_target_face": unsafe(device.face),
            "vorst_racked_with": host_of(parent) if parent else None,
        }

    def address(self, asset: Ref) -> str | None:
        return address_of(getattr(self.estate.find(asset), "primary_ip", None))

    def platform(self, asset: Ref) -> str | None:
        platform_id = getattr(self.estate.find(asset), "platform_id", None)
        row = self.estate.by_id("platforms").get(platform_id) if platform_id is not None else None
        return row.name if row else None

    def unmanageable(self, asset: Ref) -> str | None:
        """Why these roles can't manage the host, in our own words; None when nothing speaks against it."""
        if self._has_no_shell(asset):
            return "its platform has no shell these roles can use; a person takes it on (vorst_manual)"
        if self._goes_by_truck(asset):
            return "its data go by truck; the person who brings them takes it on (vorst_manual)"
        return None

    def _has_no_shell(self, asset: Ref) -> bool:
        return bool(_UNMANAGEABLE.search(self.platform(asset) or ""))

    def _goes_by_truck(self, asset: Ref) -> bool:
        copy = self.steps_of("replicate").get(asset)
        return copy is not None and bool(copy.by)

    def dns_name(self, asset: Ref) -> str | None:
        """The DNS name of the asset's primary address, where the estate has one that is one."""
        address = self.address(asset)
        name = self.dns_names.get(address, "") if address else ""
        return name if _HOST_NAME.match(name) else None

    def rate_mbps(self, asset: Ref) -> float | None:
        """The share of its line that the copying of one asset may take, Mbit/s; None when the plan holds no line."""
        step = self.steps_of("replicate").get(asset)
        if step is None:
            return None
        # What is held after the step is for changes until the cutover, not for the copy.
        line = (use for use in step.uses if use.resource.startswith("circuit:") and use.start < step.end)
        rate = sum(use.amount for use in line)
        return round(rate / min(len(step.moves), REPLICATE_AT_ONCE), 3) if rate > 0 else None

    def dependencies(self, asset: Ref, scope: WaveScope) -> dict[str, dict[str, Any]]:
        """The far ends of the flows that start at the asset or at an application of it, by flow and asset."""
        found: dict[str, dict[str, Any]] = {}
        for flow in self.flows_from.get(asset, ()):
            port = _PORT.search(flow.description)
            for end in self.ends(flow.target):
                key = f"flow-{flow.id}-{host_of(end)}"
                if end == asset or key in found:
                    continue
                found[key] = {
                    "flow": f"flow-{flow.id}",
                    "asset": host_of(end),
                    "address": self.address(end),
                    "port": int(port.group(1)) if port and 0 < int(port.group(1)) < 65536 else 0,
                    "moves_before": self.wave_of.get(end, scope.number) < scope.number,
                }
        return found

    def lacks(self, asset: Ref, scope: WaveScope) -> list[str]:
        """What the estate and the plan leave unsaid that automation needs, in our own words."""
        found = ["address"] if self.address(asset) is None else []
        if self._has_no_shell(asset):
            found.append("a platform with a shell")
        if asset in scope.workloads:
            found += ["DNS name"] if self.dns_name(asset) is None else []
            is_lineless = self.rate_mbps(asset) is None and not self._goes_by_truck(asset)
            found += ["rate of its line"] if is_lineless else []
        ends = self.dependencies(asset, scope).values()
        found += ["ports of its flows"] if any(not end["port"] for end in ends) else []
        found += ["addresses of its dependencies"] if any(end["address"] is None for end in ends) else []
        return found

    def ends(self, end: Ref) -> tuple[Ref, ...]:
        """The assets behind one end of a flow: itself, or every member of the application."""
        if end.kind != "applications":
            return (end,) if end.kind in {"devices", "virtual_machines"} else ()
        return self.members.get(end.id, ())

    def moving_step(self, asset: Ref) -> Step | None:
        """The step in which the asset leaves its source."""
        for kind in ("cutover", "relocate", "retire"):
            step = self.steps_of(kind).get(asset)
            if step is not None:
                return step
        return None

    def steps_of(self, kind: str) -> dict[Ref, Step]:
        return self._steps.get(kind, {})

    @cached_property
    def _steps(self) -> dict[str, dict[Ref, Step]]:
        found: dict[str, dict[Ref, Step]] = defaultdict(dict)
        for step in self.plan.steps:
            for move in step.moves:
                found[step.kind][move.asset] = step
        return dict(found)

    @cached_property
    def belonging(self) -> Belonging:
        return Belonging(self.estate)

    @cached_property
    def scopes(self) -> tuple[WaveScope, ...]:
        return wave_scopes(self.plan)

    @cached_property
    def wave_of(self) -> dict[Ref, int]:
        return {asset: scope.number for scope in self.scopes for asset in scope.workloads + scope.devices}

    @cached_property
    def decisions(self) -> dict[Ref, Decision]:
        return {decision.asset: decision for decision in self.plan.decisions}

    @cached_property
    def demands(self) -> dict[Ref, AssetDemand]:
        return {demand.asset: demand for demand in self.plan.demands}

    @cached_property
    def devices(self) -> dict[Ref, DevicePlacement]:
        return {placed.asset: placed for placed in self.plan.devices}

    @cached_property
    def workloads(self) -> dict[Ref, WorkloadPlacement]:
        return {placed.asset: placed for placed in self.plan.workloads}

    @cached_property
    def dns_names(self) -> dict[str, str]:
        """DNS names by address, the first of each."""
        found: dict[str, str] = {}
        for row in self.estate.ip_addresses:
            address = address_of(row.address)
            if address and row.dns_name:
                found.setdefault(address, row.dns_name)
        return found

    @cached_property
    def cabled_interfaces(self) -> dict[int, tuple[Interface, ...]]:
        """Interfaces with a cable, by device id."""
        found: dict[int, list[Interface]] = defaultdict(list)
        for row in self.estate.interfaces:
            if row.cable_id is not None:
                found[row.device_id].append(row)
        return {device: tuple(rows) for device, rows in found.items()}

    @cached_property
    def members(self) -> dict[int, tuple[Ref, ...]]:
        """Assets by the application they are members of."""
        found: dict[int, list[Ref]] = defaultdict(list)
        for member in self.estate.application_members:
            if member.object.kind in {"devices", "virtual_machines"}:
                found[member.application_id].append(member.object)
        return {application: tuple(sorted(assets)) for application, assets in found.items()}

    @cached_property
    def flows_from(self) -> dict[Ref, tuple[Flow, ...]]:
        """Flows by every asset they start at."""
        found: dict[Ref, list[Flow]] = defaultdict(list)
        for flow in self.estate.flows:
            for end in self.ends(flow.source):
                found[end].append(flow)
        return {asset: tuple(flows) for asset, flows in found.items()}
