"""What each asset asks for, derived from what is known of it by named rules (docs/reference/rules.md, demand rules).

Answers with a quantity and its range for every dimension that can be bounded; a dimension nobody can bound is left out,
and the asset is then unproven. Whether there is room for it is for `placement`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from capacity.belonging import Belonging
from capacity.plan import AssetDemand
from capacity.resources import Quantity, Redundancy
from inventory.errors import InputError
from inventory.estate import (
    Device,
    DeviceType,
    Estate,
    Observation,
    PowerPort,
    PowerPortTemplate,
    Ref,
    VirtualMachine,
)

NAMEPLATE_LOW = 0.3  # a server draws at least this share of its nameplate when it works: an assumption
P95_TO_PEAK = 1.25  # peaks above a measured 95th percentile: an assumption
ASSUMED_PORTS = 2  # network ports of a device whose cabling nobody recorded: an assumption
NETWORK_PORTS = 4  # uplinks of network gear at the target; its downlinks stay with what it served
SIMILAR_TYPES = 3  # fewer types than this bound nothing
NETWORK_ROLES = ("switch", "router", "firewall")

Row = TypeVar("Row")
Ports = tuple[PowerPort, ...] | tuple[PowerPortTemplate, ...]


def derive(estate: Estate, *, planning_value: str = "high") -> dict[Ref, AssetDemand]:
    """The demand of every asset of the estate.

    `planning_value`: "high" plans with the high end of every range, "mid" with its middle. Raises InputError on another
    value, or on a supply redundancy that is not k+m.
    """
    if planning_value not in {"high", "mid"}:
        raise InputError(f"planning value {planning_value!r} is not high or mid", remedy="use high or mid")
    deriver = _Deriver(estate)
    found = {Ref("devices", d.id): deriver.device(d) for d in estate.devices}
    found |= {Ref("virtual_machines", m.id): deriver.machine(m) for m in estate.virtual_machines}
    if planning_value == "mid":
        return {ref: _at_middle(demand) for ref, demand in found.items()}
    return found


def is_network_role(slug: str) -> bool:
    """Whether a device role is network gear: its slug names a switch, router or firewall."""
    return any(word in slug for word in NETWORK_ROLES)


def _at_middle(demand: AssetDemand) -> AssetDemand:
    quantities = {name: replace(q, planning=(q.low + q.high) / 2) for name, q in demand.quantities.items()}
    return replace(demand, quantities=quantities)


class _Deriver:
    """The indexes of one estate that the rules look things up in."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._children = Belonging(estate).children
        self._types: dict[int, DeviceType] = estate.by_id("device_types")
        self._roles = estate.by_id("device_roles")
        self._ports = _grouped(estate.power_ports, lambda port: port.device_id)
        self._type_ports = _grouped(estate.power_port_templates, lambda port: port.device_type_id)
        self._with_front_ports = {port.device_id for port in estate.front_ports}
        self._types_with_front_ports = {port.device_type_id for port in estate.front_port_templates}
        self._cabled: dict[int, int] = defaultdict(int)
        for interface in estate.interfaces:
            self._cabled[interface.device_id] += interface.cable_id is not None
        self._observed: dict[tuple[Ref, str], list[Observation]] = defaultdict(list)
        for observation in estate.observations:
            self._observed[observation.object, observation.metric].append(observation)
        self._disks_mb: dict[int, int] = defaultdict(int)
        for disk in estate.virtual_disks:
            self._disks_mb[disk.virtual_machine_id] += disk.size_mb
        self._peers: dict[tuple[int, float], list[int]] = self._types_by_role_and_height()

    def device(self, device: Device) -> AssetDemand:
        device_type = self._types[device.device_type_id]
        in_bay = device.parent_device_id is not None
        redundancy, redundancy_rule = self._redundancy(device)
        quantities = {
            "power_w": self._power(device, redundancy, redundancy_rule),
            "weight_kg": Quantity.exact(0, "weight.in_chassis") if in_bay else self._weight_with_bays(device),
            "ports": self._network_ports(device, redundancy_rule),
            **self._workload(Ref("devices", device.id), None, None, None),
        }
        return AssetDemand(
            asset=Ref("devices", device.id),
            quantities={name: quantity for name, quantity in quantities.items() if quantity is not None},
            height_u=0.0 if in_bay else device_type.height_u,
            is_full_depth=device_type.is_full_depth,
            airflow=device.airflow or device_type.airflow,
            redundancy=None if redundancy is None or in_bay else str(redundancy),
            redundancy_rule=redundancy_rule,
        )

    def machine(self, machine: VirtualMachine) -> AssetDemand:
        disk_mb = machine.disk_mb
        if disk_mb is None and machine.id in self._disks_mb:
            disk_mb = self._disks_mb[machine.id]
        ref = Ref("virtual_machines", machine.id)
        quantities = self._workload(ref, machine.vcpus, machine.memory_mb, disk_mb)
        return AssetDemand(ref, {name: q for name, q in quantities.items() if q is not None})

    # --- supplies and power ---------------------------------------------------------------------------------------

    def _redundancy(self, device: Device) -> tuple[Redundancy | None, str | None]:
        if device.parent_device_id is not None:
            return None, "redundancy.in_chassis"
        if device.supply_redundancy:
            try:
                return Redundancy.parse(device.supply_redundancy), "redundancy.stated"
            except ValueError as error:
                raise InputError(
                    str(error),
                    where=f"device {device.name or device.id}, supply_redundancy",
                    remedy="correct it",
                ) from None
        ports = self._ports.get(device.id) or self._type_ports.get(device.device_type_id)
        if ports:
            count = len(ports)
            return Redundancy(*{1: (1, 0), 2: (1, 1), 3: (2, 1)}.get(count, (-(-count // 2), count // 2))), (
                "redundancy.ports"
            )
        if device.id in self._with_front_ports or device.device_type_id in self._types_with_front_ports:
            return None, "redundancy.passive"
        return None, None

    def _power(self, device: Device, redundancy: Redundancy | None, rule: str | None) -> Quantity | None:
        if device.parent_device_id is not None:
            return Quantity.exact(0, "power.in_chassis")
        if rule == "redundancy.passive":
            return Quantity.exact(0, "power.passive")
        observed = self._observed_power(device)
        if observed is not None:
            return observed
        if redundancy is not None:
            own = _ports_power(self._ports.get(device.id, ()), redundancy, "power.ports")
            by_type = _ports_power(
                self._type_ports.get(device.device_type_id, ()), redundancy, "power.type_ports"
            )
            if own or by_type:
                return own or by_type
        return self._similar(device, self._type_power, "power.similar")

    def _observed_power(self, device: Device) -> Quantity | None:
        observations = self._observed.get((Ref("devices", device.id), "power_w"), [])
        measured = [o for o in observations if o.basis == "measured"]
        peaks = [o.value for o in measured if o.statistic == "peak"]
        p95s = [o.value for o in measured if o.statistic == "p95"]
        means = [o.value for o in measured if o.statistic == "mean"]
        nameplates = [o.value for o in observations if o.basis == "nameplate"]
        if peaks:
            high = max(peaks)
            return Quantity(min(high, max([*p95s, *means], default=high)), high, high, "power.measured_peak")
        if p95s:
            high = P95_TO_PEAK * max(p95s)
            return Quantity(max(p95s), high, high, "power.measured_p95", is_estimate=True)
        if nameplates:
            high = max(nameplates)
            return Quantity(NAMEPLATE_LOW * high, high, high, "power.nameplate")
        return None

    def _type_power(self, device_type_id: int) -> Quantity | None:
        ports = self._type_ports.get(device_type_id, ())
        count = len(ports)
        if not count:
            return None
        needed = {1: 1, 2: 1, 3: 2}.get(count, -(-count // 2))
        return _ports_power(ports, Redundancy(needed, count - needed), "power.type_ports")

    # --- weight ---------------------------------------------------------------------------------------------------

    def _weight_with_bays(self, device: Device, above: frozenset[int] = frozenset()) -> Quantity | None:
        """With all that sits in its bays, and in theirs; a bay that holds its own chassis is left out."""
        own = self._weight(device)
        if own is None:
            return None
        total, inside = own, above | {device.id}
        for child in self._children.get(device.id, ()):
            if child.id in inside:
                continue
            weight = self._weight_with_bays(child, inside)
            if weight is None:
                return None
            total = Quantity(
                total.low + weight.low,
                total.high + weight.high,
                total.high + weight.high,
                own.rule,
                total.is_estimate or weight.is_estimate,
            )
        return total

    def _weight(self, device: Device) -> Quantity | None:
        observed = [o.value for o in self._observed.get((Ref("devices", device.id), "weight_kg"), [])]
        if observed:
            return Quantity(min(observed), max(observed), max(observed), "weight.observed")
        return self._type_weight(device.device_type_id) or self._similar(
            device, self._type_weight, "weight.similar"
        )

    def _type_weight(self, device_type_id: int) -> Quantity | None:
        weight_kg = self._types[device_type_id].weight_kg
        return None if weight_kg is None else Quantity.exact(weight_kg, "weight.type")

    # --- ports, workloads, peers ----------------------------------------------------------------------------------

    def _network_ports(self, device: Device, redundancy_rule: str | None) -> Quantity:
        if device.parent_device_id is not None:
            return Quantity.exact(0, "ports.in_chassis")
        cabled = self._cabled.get(device.id, 0)
        if cabled:
            is_network = is_network_role(self._roles[device.role_id].slug)
            return Quantity.exact(min(cabled, NETWORK_PORTS) if is_network else cabled, "ports.cabled")
        assumed = 0 if redundancy_rule == "redundancy.passive" else ASSUMED_PORTS
        return Quantity(0, assumed, assumed, "ports.assumed", is_estimate=True)

    def _workload(
        self, ref: Ref, vcpus: float | None, memory_mb: float | None, disk_mb: float | None
    ) -> dict[str, Quantity | None]:
        given = {"vcpus": vcpus, "memory_mb": memory_mb, "disk_mb": disk_mb}
        rules = {"vcpus": "vcpus.recorded", "memory_mb": "memory.recorded", "disk_mb": "disk.recorded"}
        found: dict[str, Quantity | None] = {}
        for dimension, value in given.items():
            known = value
            if known is None and ref.kind == "devices":
                observed = [o.value for o in self._observed.get((ref, dimension), [])]
                known = max(observed, default=None)
            found[dimension] = None if known is None else Quantity.exact(known, rules[dimension])
        changes = [o.value for o in self._observed.get((ref, "change_rate_mbps"), [])]
        if changes:
            found["change_rate_mbps"] = Quantity.exact(max(changes), "change_rate.observed")
        return found

    def _types_by_role_and_height(self) -> dict[tuple[int, float], list[int]]:
        found: dict[tuple[int, float], dict[int, None]] = defaultdict(dict)
        for device in self._estate.devices:
            height_u = self._types[device.device_type_id].height_u
            found[device.role_id, height_u].setdefault(device.device_type_id)
        return {key: sorted(types) for key, types in found.items()}

    def _similar(self, device: Device, value: Callable[[int], Quantity | None], rule: str) -> Quantity | None:
        height_u = self._types[device.device_type_id].height_u
        peers = [t for t in self._peers[device.role_id, height_u] if t != device.device_type_id]
        known = [quantity for quantity in map(value, peers) if quantity is not None]
        if len(known) < SIMILAR_TYPES:
            return None
        low, high = min(q.low for q in known), max(q.high for q in known)
        return Quantity(low, high, high, rule, is_estimate=True)


def _ports_power(ports: Ports, redundancy: Redundancy, rule: str) -> Quantity | None:
    """K × the largest port's maximum draw: NetBox's draw is per port, and k ports carry the load."""
    draws = [port.maximum_draw_w for port in ports]
    if not draws or any(draw is None for draw in draws):
        return None
    high = float(redundancy.needed * max(draw for draw in draws if draw is not None))
    return Quantity(NAMEPLATE_LOW * high, high, high, rule)


def _grouped(rows: Iterable[Row], key: Callable[[Row], int]) -> dict[int, tuple[Row, ...]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return {owner: tuple(members) for owner, members in found.items()}
