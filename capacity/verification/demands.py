"""What an asset asks for, derived a second time from the estate by the demand rules of docs/reference/rules.md.

The checker trusts no demand of a plan; every limit is judged with these. Written from the page, not from the planner.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from capacity.resources import Quantity, Redundancy
from inventory.estate import Device, DeviceType, Estate, Observation, Ref

NAMEPLATE_LOW = 0.3
PEAK_OVER_P95 = 1.25
ASSUMED_PORTS = 2.0
UPLINKS = 4
ENOUGH_SIMILAR = 3
NETWORK_WORDS = ("switch", "router", "firewall")
RECORDED = {"vcpus": "vcpus.recorded", "memory_mb": "memory.recorded", "disk_mb": "disk.recorded"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rules give for one asset. `supplies` None: unknown or none, as `redundancy_rule` says."""

    quantities: dict[str, Quantity] = field(default_factory=dict)
    height_u: float | None = None
    is_full_depth: bool | None = None
    airflow: str | None = None
    supplies: Redundancy | None = None
    redundancy_rule: str | None = None


def shared_redundancy(ports: int) -> Redundancy:
    """The redundancy that n power ports stand for."""
    known = {1: (1, 0), 2: (1, 1), 3: (2, 1), 4: (2, 2)}
    needed, spare = known.get(ports, ((ports + 1) // 2, ports // 2))
    return Redundancy(needed, spare)


class Demands:
    """The demands of one estate, each derived when asked for."""

    def __init__(self, estate: Estate, planning_value: str) -> None:
        self._estate = estate
        self._is_mid = planning_value == "mid"
        self._known: dict[Ref, Asked] = {}

    def of(self, ref: Ref) -> Asked:
        """The demand of an asset; empty for one that doesn't exist."""
        known = self._known.get(ref)
        if known is None:
            known = self._known[ref] = self._derive(ref)
        return known

    def _derive(self, ref: Ref) -> Asked:
        if ref.kind == "devices" and (device := self._devices.get(ref.id)) is not None:
            return self._device(device)
        if ref.kind == "virtual_machines" and (machine := self._machines.get(ref.id)) is not None:
            recorded = {"vcpus": machine.vcpus, "memory_mb": machine.memory_mb, "disk_mb": machine.disk_mb}
            if recorded["disk_mb"] is None:
                recorded["disk_mb"] = self._disks.get(ref.id)
            return Asked(_recorded(recorded) | self._changing(ref))
        return Asked()

    def _changing(self, ref: Ref) -> dict[str, Quantity]:
        """How fast an asset's data change, where somebody observed it."""
        seen = [o.value for o in self._observed(ref, "change_rate_mbps")]
        return {"change_rate_mbps": _known(max(seen), "change_rate.observed")} if seen else {}

    def _device(self, device: Device) -> Asked:
        device_type = self._types.get(device.device_type_id)
        if device_type is None:
            return Asked()
        redundancy, rule = self._redundancy(device)
        in_bay = device.parent_device_id is not None
        found = {
            "power_w": self._power(device, device_type, redundancy, rule),
            "weight_kg": _known(0.0, "weight.in_chassis") if in_bay else self._weight(device, frozenset()),
            "ports": self._ports(device, rule),
        }
        ref = Ref("devices", device.id)
        values = {name: max((o.value for o in self._observed(ref, name)), default=None) for name in RECORDED}
        quantities = {name: self._planned(q) for name, q in found.items() if q is not None}
        return Asked(
            quantities | _recorded(values) | self._changing(ref),
            0.0 if in_bay else device_type.height_u,
            device_type.is_full_depth,
            device.airflow or device_type.airflow,
            redundancy,
            rule,
        )

    def _planned(self, quantity: Quantity) -> Quantity:
        planning = (quantity.low + quantity.high) / 2 if self._is_mid else quantity.high
        return Quantity(quantity.low, planning, quantity.high, quantity.rule, quantity.is_estimate)

    # --- supplies and power ---------------------------------------------------------------------------------------

    def _redundancy(self, device: Device) -> tuple[Redundancy | None, str | None]:
        if device.parent_device_id is not None:
            return None, "redundancy.in_chassis"
        if device.supply_redundancy:
            try:
                return Redundancy.parse(device.supply_redundancy), "redundancy.stated"
            except ValueError:
                return None, None
        ports = self._own_ports.get(device.id) or self._type_ports.get(device.device_type_id)
        if ports:
            return shared_redundancy(len(ports)), "redundancy.ports"
        if device.id in self._fronted or device.device_type_id in self._fronted_types:
            return None, "redundancy.passive"
        return None, None

    def _power(
        self, device: Device, device_type: DeviceType, redundancy: Redundancy | None, rule: str | None
    ) -> Quantity | None:
        if device.parent_device_id is not None:
            return _known(0.0, "power.in_chassis")
        if rule == "redundancy.passive":
            return _known(0.0, "power.passive")
        observed = _observed_power(self._observed(Ref("devices", device.id), "power_w"))
        if observed is not None:
            return observed
        if redundancy is not None:
            for ports, name in (
                (self._own_ports.get(device.id), "power.ports"),
                (self._type_ports.get(device.device_type_id), "power.type_ports"),
            ):
                drawn = _drawn(ports or [], redundancy.needed, name)
                if drawn is not None:
                    return drawn
        return _similar(
            [self._type_power(t) for t in self._peers(device.role_id, device_type)], "power.similar"
        )

    def _type_power(self, type_id: int) -> Quantity | None:
        ports = self._type_ports.get(type_id, [])
        return _drawn(ports, shared_redundancy(len(ports)).needed, "power.type_ports") if ports else None

    # --- weight and ports -----------------------------------------------------------------------------------------

    def _weight(self, device: Device, above: frozenset[int]) -> Quantity | None:
        """The weight of a device with what sits in its bays; a bay that holds its own chassis is left out."""
        own = self._bare_weight(device)
        if own is None:
            return None
        low, high, is_estimate = own.low, own.high, own.is_estimate
        inside = above | {device.id}
        for child in self._in_bays.get(device.id, []):
            if child.id in inside:
                continue
            weight = self._weight(child, inside)
            if weight is None:
                return None
            low, high = low + weight.low, high + weight.high
            is_estimate = is_estimate or weight.is_estimate
        return Quantity(low, high, high, own.rule, is_estimate)

    def _bare_weight(self, device: Device) -> Quantity | None:
        observed = [o.value for o in self._observed(Ref("devices", device.id), "weight_kg")]
        if observed:
            return Quantity(min(observed), max(observed), max(observed), "weight.observed")
        device_type = self._types.get(device.device_type_id)
        if device_type is None:
            return None
        if device_type.weight_kg is not None:
            return _known(device_type.weight_kg, "weight.type")
        peers = [self._types[t].weight_kg for t in self._peers(device.role_id, device_type)]
        return _similar([None if kg is None else _known(kg, "weight.type") for kg in peers], "weight.similar")

    def _ports(self, device: Device, redundancy_rule: str | None) -> Quantity:
        if device.parent_device_id is not None:
            return _known(0.0, "ports.in_chassis")
        cabled = self._cabled.get(device.id, 0)
        if cabled:
            role = self._roles.get(device.role_id, "")
            if any(word in role for word in NETWORK_WORDS):
                cabled = min(cabled, UPLINKS)
            return _known(float(cabled), "ports.cabled")
        assumed = 0.0 if redundancy_rule == "redundancy.passive" else ASSUMED_PORTS
        return Quantity(0.0, assumed, assumed, "ports.assumed", is_estimate=True)

    # --- indexes --------------------------------------------------------------------------------------------------

    def _peers(self, role_id: int, device_type: DeviceType) -> list[int]:
        """Other device types that devices of this role and height have."""
        types = self._types_of_role.get((role_id, device_type.height_u), {})
        return [type_id for type_id in types if type_id != device_type.id]

    def _observed(self, ref: Ref, metric: str) -> list[Observation]:
        return self._observations.get((ref, metric), [])

    @cached_property
    def _devices(self) -> dict[int, Device]:
        return {d.id: d for d in reversed(self._estate.devices)}

    @cached_property
    def _machines(self) -> dict[int, Any]:
        return {m.id: m for m in reversed(self._estate.virtual_machines)}

    @cached_property
    def _types(self) -> dict[int, DeviceType]:
        return {t.id: t for t in self._estate.device_types}

    @cached_property
    def _roles(self) -> dict[int, str]:
        return {r.id: r.slug for r in self._estate.device_roles}

    @cached_property
    def _in_bays(self) -> dict[int, list[Device]]:
        return _grouped(
            (d.parent_device_id, d) for d in self._estate.devices if d.parent_device_id is not None
        )

    @cached_property
    def _own_ports(self) -> dict[int, list[Any]]:
        return _grouped((p.device_id, p) for p in self._estate.power_ports)

    @cached_property
    def _type_ports(self) -> dict[int, list[Any]]:
        return _grouped((p.device_type_id, p) for p in self._estate.power_port_templates)

    @cached_property
    def _fronted(self) -> set[int]:
        return {p.device_id for p in self._estate.front_ports}

    @cached_property
    def _fronted_types(self) -> set[int]:
        return {p.device_type_id for p in self._estate.front_port_templates}

    @cached_property
    def _cabled(self) -> dict[int, int]:
        found: dict[int, int] = defaultdict(int)
        for interface in self._estate.interfaces:
            if interface.cable_id is not None:
                found[interface.device_id] += 1
        return found

    @cached_property
    def _disks(self) -> dict[int, int]:
        found: dict[int, int] = defaultdict(int)
        for disk in self._estate.virtual_disks:
            found[disk.virtual_machine_id] += disk.size_mb
        return dict(found)

    @cached_property
    def _observations(self) -> dict[tuple[Ref, str], list[Observation]]:
        return _grouped(((o.object, o.metric), o) for o in self._estate.observations)

    @cached_property
    def _types_of_role(self) -> dict[tuple[int, float], dict[int, None]]:
        found: dict[tuple[int, float], dict[int, None]] = defaultdict(dict)
        for device in self._estate.devices:
            device_type = self._types.get(device.device_type_id)
            if device_type is not None:
                found[device.role_id, device_type.height_u].setdefault(device_type.id)
        return found


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for key, row in pairs:
        found[key].append(row)
    return dict(found)


def _known(value: float, rule: str) -> Quantity:
    return Quantity(value, value, value, rule)


def _recorded(values: dict[str, Any]) -> dict[str, Quantity]:
    return {name: _known(float(v), RECORDED[name]) for name, v in values.items() if v is not None}


def _observed_power(observations: list[Observation]) -> Quantity | None:
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for observation in observations:
        values[observation.basis, observation.statistic].append(observation.value)
    peaks, p95s = values["measured", "peak"], values["measured", "p95"]
    plates = [value for (basis, _), found in values.items() if basis == "nameplate" for value in found]
    if peaks:
        high = max(peaks)
        low = max([*p95s, *values["measured", "mean"]], default=high)
        return Quantity(min(low, high), high, high, "power.measured_peak")
    if p95s:
        high = PEAK_OVER_P95 * max(p95s)
        return Quantity(max(p95s), high, high, "power.measured_p95", is_estimate=True)
    if plates:
        return Quantity(NAMEPLATE_LOW * max(plates), max(plates), max(plates), "power.nameplate")
    return None


def _drawn(ports: list[Any], needed: int, rule: str) -> Quantity | None:
    """The draw of k ports at the most any of them may draw; None when one port's draw is unknown."""
    draws = [port.maximum_draw_w for port in ports]
    if not draws or None in draws:
        return None
    high = float(needed * max(draws))
    return Quantity(NAMEPLATE_LOW * high, high, high, rule)


def _similar(values: list[Quantity | None], rule: str) -> Quantity | None:
    known = [value for value in values if value is not None]
    if len(known) < ENOUGH_SIMILAR:
        return None
    low, high = min(q.low for q in known), max(q.high for q in known)
    return Quantity(low, high, high, rule, is_estimate=True)
