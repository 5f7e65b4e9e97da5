"""What a device is plugged into now, and what it has to be plugged into at the target, port by port.

Ports and cables are the Estate's; power cords at the target are the Plan's supplies; a network port has a target only
where what it is plugged into moves as well, because a plan names no switch ports. None is what nobody knows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Any

from inventory.rows import Cable, Ref
from playbooks.host_variables import HostVariables
from playbooks.scope import host_of

# The Estate's lists whose rows are ports of a device, in the order a crew unplugs them.
_PORTS = ("power_ports", "power_outlets", "interfaces", "front_ports", "rear_ports")


@dataclass(frozen=True, slots=True)
class End:
    """One end of a cable: a port of a device, or a feed. `wave`: when the device comes to the target, if it does."""

    name: str | None
    port: str | None = None
    rack: str | None = None
    host: str | None = None
    wave: int | None = None


@dataclass(frozen=True, slots=True)
class Plug:
    """One port of a device that is plugged in somewhere, now or later.

    `port` None: a cord the plan holds for which no port is recorded. `ends` are the far ends at the source: none where
    no cable is recorded. `target` None: nobody planned it.
    """

    port: str | None
    kind: str
    label: str | None
    type: str | None
    ends: tuple[End, ...]
    target: End | None


@dataclass(frozen=True)
class Wiring:
    """Answers for one estate and one plan; built once and asked for every device."""

    variables: HostVariables

    def of(self, asset: Ref) -> tuple[Plug, ...]:
        """Power cords first, then every other port that has a cable, as the estate lists them."""
        if asset.kind != "devices":
            return ()
        placed = self.variables.devices.get(asset)
        ports = self._ports.get(asset.id, {})
        cords = ports.get("power_ports", [])
        supplies = [End(supply.feed, supply.leg) for supply in placed.supplies] if placed else []
        if placed and len(supplies) != len(cords):
            # Which recorded port is which planned cord can't be told: both are listed.
            found = [self._plug("power_ports", row, None) for row in cords]
            found += [Plug(None, "power_ports", None, None, (), supply) for supply in supplies]
        else:
            found = [self._plug("power_ports", row, end) for row, end in zip_longest(cords, supplies)]
        for kind in _PORTS[1:]:
            found += [self._plug(kind, row, None) for row in ports.get(kind, []) if row.cable_id is not None]
        return tuple(found)

    def _plug(self, kind: str, row: Any, supply: End | None) -> Plug:
        cable: Cable | None = self._cables.get(row.cable_id) if row.cable_id is not None else None
        far = self._far(cable, Ref(kind, row.id)) if cable else ()
        ends = tuple(self._end(end) for end in far)
        target = supply
        if target is None and kind != "power_ports" and len(far) == 1:
            target = self._at_target(far[0])
        label, type_ = (cable.label or None, cable.type) if cable else (None, None)
        return Plug(row.name, kind, label, type_, ends, target)

    @staticmethod
    def _far(cable: Cable, near: Ref) -> tuple[Ref, ...]:
        return cable.b_terminations if near in cable.a_terminations else cable.a_terminations

    def _end(self, end: Ref) -> End:
        estate = self.variables.estate
        row: Any = estate.find(end)
        if row is None:
            return End(None)
        device_id = getattr(row, "device_id", None)
        rack = getattr(row, "rack_id", None)
        if device_id is None:
            return End(getattr(row, "name", None), None, self._rack(rack))
        device = estate.by_id("devices").get(device_id)
        host = host_of(Ref("devices", device_id))
        return End(
            device.name if device else None, row.name, self._rack(device.rack_id if device else None), host
        )

    def _at_target(self, end: Ref) -> End | None:
        row: Any = self.variables.estate.find(end)
        device = Ref("devices", getattr(row, "device_id", None) or 0)
        placed = self.variables.devices.get(device)
        if placed is None:
            return None
        known: Any = self.variables.estate.find(device)
        return End(known.name, row.name, placed.rack, host_of(device), self.variables.wave_of.get(device))

    def _rack(self, rack_id: int | None) -> str | None:
        rack = self.variables.estate.by_id("racks").get(rack_id) if rack_id is not None else None
        return rack.name if rack else None

    @cached_property
    def _cables(self) -> dict[int, Cable]:
        return {cable.id: cable for cable in self.variables.estate.cables}

    @cached_property
    def _ports(self) -> dict[int, dict[str, list[Any]]]:
        """Ports by device id and list."""
        found: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for kind in _PORTS:
            for row in getattr(self.variables.estate, kind):
                found[row.device_id][kind].append(row)
        return found
