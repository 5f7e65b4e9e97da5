"""Changes what assets ask for: power and weight of devices, vCPUs, memory and disk of workloads.

Planner and checker each derive a demand from what is observed and recorded, so a changed demand is written there: as
observations whose source names the scenario, or in the machine's own fields. A range keeps both its ends' proportion,
an unknown stays unknown unless it is set.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from capacity.demand import P95_TO_PEAK, derive
from capacity.plan import AssetDemand
from capacity.whatif.changes import value_text
from capacity.whatif.scenario_input import AddToDemand, ScaleDemand, SetDemand
from capacity.whatif.selection import Selector
from capacity.whatif.tree_patch import DIGITS
from inventory.errors import InputError
from inventory.estate import Device, Estate, Observation, Ref, VirtualMachine, sealed

Operation = SetDemand | AddToDemand | ScaleDemand
Range = tuple[float, float]
UNITS = {"power_w": "W", "weight_kg": "kg", "vcpus": "vCPU", "memory_mb": "MB", "disk_mb": "MB"}
OF_HARDWARE = ("power_w", "weight_kg")
SAME_SHAPE = (
    "power.nameplate",
    "power.ports",
    "power.type_ports",
)  # low is a fixed share of high in all three


def apply_to_demand(
    estate: Estate, operation: Operation, *, where: str, scenario: str
) -> tuple[Estate, list[str]]:
    """Do one operation; returns the sealed estate and a line for each asset whose demand changed.

    Raises InputError when the selection finds nothing that has this dimension.
    """
    return _Demands(estate, operation, where, scenario).apply()


@dataclass(frozen=True, slots=True)
class _Told:
    """One statistic to be observed of an asset."""

    basis: str
    statistic: str
    value: float


class _Demands:
    def __init__(self, estate: Estate, operation: Operation, where: str, scenario: str) -> None:
        self._estate, self._operation, self._where, self._scenario = estate, operation, where, scenario
        self._dimension: str = (
            operation.set
            if isinstance(operation, SetDemand)
            else operation.add
            if isinstance(operation, AddToDemand)
            else operation.scale
        )
        self._demands: Mapping[Ref, AssetDemand] = derive(estate)
        self._chassis = {d.parent_device_id for d in estate.devices}
        self._observed = _by_object(estate.observations, self._dimension)

    def apply(self) -> tuple[Estate, list[str]]:
        of = self._operation.of
        if self._dimension in OF_HARDWARE and "list" not in of:
            of = {**of, "list": "devices"}
        refs = Selector(self._estate).assets(of, where=self._where)
        if self._dimension in OF_HARDWARE and any(ref.kind != "devices" for ref in refs):
            raise InputError(
                f"virtual machines have no {self._dimension}", where=self._where, remedy="use list: devices"
            )
        told: dict[Ref, list[_Told]] = {}
        machines: dict[int, VirtualMachine] = {}
        lines: list[str] = []
        unknown = 0
        for ref in refs:
            before = self._range(ref)
            after = self._changed(before) if self._has_own(ref) else None
            if after is None:
                unknown += self._has_own(ref)
                continue
            if before is not None and all(map(math.isclose, before, after)):
                continue
            if ref.kind == "devices":
                told[ref] = list(self._observations(ref, after))
            else:
                self._machine(ref, after, machines)
            lines.append(f"{self._name(ref)}: {self._dimension} {_text(before)} → {_text(after)}")
        if unknown and lines:
            lines.append(f"{unknown} more stay unknown")
        return (self._written(told, machines) if lines else self._estate), lines

    def _name(self, ref: Ref) -> str:
        return str(self._estate.by_id(ref.kind)[ref.id].name or f"{ref.kind} {ref.id}")

    # --- what is asked now, and then -------------------------------------------------------------------------------

    def _has_own(self, ref: Ref) -> bool:
        """Whether the dimension is the asset's own: a device in a bay has no power, a passive one none to change."""
        if self._dimension != "power_w" or ref.kind != "devices":
            return True
        rule = self._demands[ref].redundancy_rule
        return rule not in ("redundancy.in_chassis", "redundancy.passive")

    def _range(self, ref: Ref) -> Range | None:
        if self._dimension == "weight_kg":
            return self._own_weight(ref)
        quantity = self._demands[ref].quantities.get(self._dimension)
        return None if quantity is None or not self._has_own(ref) else (quantity.low, quantity.high)

    def _own_weight(self, ref: Ref) -> Range | None:
        """A device's weight without what sits in its bays."""
        device: Device = self._estate.by_id("devices")[ref.id]
        seen = [o.value for o in self._observed.get(ref, ())]
        if seen:
            return min(seen), max(seen)
        weight_kg = self._estate.by_id("device_types")[device.device_type_id].weight_kg
        if weight_kg is not None:
            return weight_kg, weight_kg
        has_bays = device.id in self._chassis
        quantity = self._demands[ref].quantities.get("weight_kg")
        if has_bays or device.parent_device_id is not None or quantity is None:
            return None
        return quantity.low, quantity.high

    def _changed(self, before: Range | None) -> Range | None:
        operation = self._operation
        if isinstance(operation, SetDemand):
            return operation.to, operation.to
        if before is None:
            return None
        if isinstance(operation, ScaleDemand):
            return round(before[0] * operation.by, DIGITS), round(before[1] * operation.by, DIGITS)
        low, high = (round(max(0.0, end + operation.by), DIGITS) for end in before)
        return low, high

    # --- written where it is derived from ----------------------------------------------------------------------------

    def _observations(self, ref: Ref, after: Range) -> Iterable[_Told]:
        low, high = after
        if self._dimension == "weight_kg":
            yield from (_Told("measured", "value", value) for value in sorted({low, high}))
        elif self._dimension != "power_w":
            yield _Told("measured", "value", high)
        else:
            yield from self._power(ref, low, high)

    def _power(self, ref: Ref, low: float, high: float) -> Iterable[_Told]:
        """In the shape whose rule gives just this range, an estimate as an estimate where there is such a shape."""
        quantity = self._demands[ref].quantities.get("power_w")
        rule = quantity.rule if quantity is not None and isinstance(self._operation, ScaleDemand) else ""
        if rule in SAME_SHAPE:
            yield _Told("nameplate", "value", high)
        elif rule == "power.measured_p95":
            yield _Told("measured", "p95", high / P95_TO_PEAK)
        else:
            yield _Told("measured", "peak", high)
            if low < high:
                yield _Told("measured", "mean", low)

    def _machine(self, ref: Ref, after: Range, machines: dict[int, VirtualMachine]) -> None:
        machine: VirtualMachine = self._estate.by_id("virtual_machines")[ref.id]
        value = after[1] if self._dimension == "vcpus" else math.ceil(after[1])
        changed: dict[str, Any] = {self._dimension: value}
        machines[ref.id] = replace(machine, **changed)

    def _written(self, told: Mapping[Ref, list[_Told]], machines: Mapping[int, VirtualMachine]) -> Estate:
        numbers = count(max((o.id for o in self._estate.observations), default=0) + 1)
        kept = [o for o in self._estate.observations if o.metric != self._dimension or o.object not in told]
        added = [
            Observation(
                next(numbers),
                ref,
                self._dimension,
                entry.value,
                UNITS[self._dimension],
                entry.basis,
                entry.statistic,
                source=f"scenario {self._scenario}",
            )
            for ref in sorted(told)
            for entry in told[ref]
        ]
        rows = tuple(machines.get(machine.id, machine) for machine in self._estate.virtual_machines)
        return sealed(replace(self._estate, observations=(*kept, *added), virtual_machines=rows))


def _by_object(observations: Iterable[Observation], metric: str) -> dict[Ref, list[Observation]]:
    found: dict[Ref, list[Observation]] = {}
    for observation in observations:
        if observation.metric == metric:
            found.setdefault(observation.object, []).append(observation)
    return found


def _text(asked: Range | None) -> str:
    if asked is None:
        return "unknown"
    low, high = asked
    return value_text(float(high)) if low == high else f"{value_text(float(low))} – {value_text(float(high))}"
