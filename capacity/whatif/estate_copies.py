"""More of the same: copies of devices and machines of the Estate with all that hangs on them, for growth.

A copy stands in its original's room, outside any rack unit, without address, serial or tag number; ports are counted
as its original's are cabled. It belongs to the same applications and shares zone, keep and freeze, not together and
apart. Devices in bays come with their chassis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from capacity.belonging import Belonging
from inventory.estate import (
    LISTS,
    ApplicationMember,
    Cable,
    Constraint,
    Device,
    Estate,
    Ref,
    TagAssignment,
    VirtualMachine,
    sealed,
)

ON_DEVICES = ("power_ports", "interfaces", "front_ports", "rear_ports")
ON_OBJECTS = ("observations", "special_needs", "maintenance_contracts", "strategy_overrides")
SHARED = ("zone", "keep", "building_bound", "freeze")


def with_copies(estate: Estate, originals: Sequence[Ref], total: int) -> tuple[Estate, tuple[str, ...]]:
    """The estate with `total` copies, spread evenly over the originals; sealed, with the copies' names.

    Originals are all devices (none in a bay) or all virtual machines. Raises ValueError when there are none.
    """
    if not originals:
        raise ValueError("nothing to copy")
    copier = _Copier(estate)
    each, more = divmod(total, len(originals))
    for index, ref in enumerate(originals):
        extra = (index + 1) * more // len(originals) - index * more // len(originals)
        for _ in range(each + extra):
            copier.copy(ref)
    return copier.estate(), tuple(copier.names)


class _Copier:
    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._belonging = Belonging(estate)
        self._new: dict[str, list[Any]] = {name: [] for name in LISTS}
        self._next = {
            name: count(max((getattr(row, "id", 0) for row in getattr(estate, name)), default=0) + 1)
            for name in LISTS
        }
        self._taken = {*estate.column("devices", "name"), *estate.column("virtual_machines", "name")}
        self._on_device = {name: _grouped(getattr(estate, name), "device_id") for name in ON_DEVICES}
        self._on_object = {name: _grouped(getattr(estate, name), "object") for name in ON_OBJECTS}
        self._tags = _grouped(estate.tag_assignments, "object")
        self._disks = _grouped(estate.virtual_disks, "virtual_machine_id")
        self._joined: dict[int, list[Ref]] = {}
        self.names: list[str] = []

    def copy(self, ref: Ref) -> None:
        if ref.kind == "devices":
            self._device(self._estate.by_id("devices")[ref.id], None)
        else:
            self._machine(self._estate.by_id("virtual_machines")[ref.id])

    def estate(self) -> Estate:
        added: dict[str, Any] = {
            name: (*getattr(self._estate, name), *rows) for name, rows in self._new.items() if rows
        }
        if self._joined:
            added["constraints"] = tuple(self._joining(c) for c in self._estate.constraints)
        return sealed(replace(self._estate, **added))

    def _joining(self, constraint: Constraint) -> Constraint:
        more = self._joined.get(constraint.id, ())
        return replace(constraint, members=(*constraint.members, *more)) if more else constraint

    def _named(self, name: str | None) -> str | None:
        if name is None:
            return None
        for number in count(1):
            candidate = f"{name}-copy-{number}"
            if candidate not in self._taken:
                self._taken.add(candidate)
                self.names.append(candidate)
                return candidate
        return None

    def _device(self, original: Device, parent_id: int | None) -> None:
        new = replace(
            original,
            id=next(self._next["devices"]),
            name=self._named(original.name),
            location_id=self._belonging.room_of(original),
            rack_id=None,
            position=None,
            face=None,
            serial="",
            asset_tag=None,
            primary_ip=None,
            parent_device_id=parent_id,
        )
        self._new["devices"].append(new)
        for name in ON_DEVICES:
            for row in self._on_device[name].get(original.id, ()):
                self._port(name, row, new.id)
        self._shared(Ref("devices", original.id), Ref("devices", new.id))
        for child in self._belonging.children.get(original.id, ()):
            self._device(child, new.id)

    def _port(self, name: str, row: Any, device_id: int) -> None:
        changed: dict[str, Any] = {"id": next(self._next[name]), "device_id": device_id, "cable_id": None}
        if name == "front_ports":
            changed["rear_port_id"] = None
        if name == "interfaces" and row.cable_id is not None:
            cable = Cable(
                next(self._next["cables"]), label="scenario", a_terminations=(Ref(name, changed["id"]),)
            )
            self._new["cables"].append(cable)
            changed["cable_id"] = cable.id
        self._new[name].append(replace(row, **changed))

    def _machine(self, original: VirtualMachine) -> None:
        new = replace(
            original,
            id=next(self._next["virtual_machines"]),
            name=self._named(original.name) or original.name,
            primary_ip=None,
        )
        self._new["virtual_machines"].append(new)
        for disk in self._disks.get(original.id, ()):
            copied = replace(disk, id=next(self._next["virtual_disks"]), virtual_machine_id=new.id)
            self._new["virtual_disks"].append(copied)
        self._shared(Ref("virtual_machines", original.id), Ref("virtual_machines", new.id))

    def _shared(self, original: Ref, new: Ref) -> None:
        for name in ON_OBJECTS:
            for row in self._on_object[name].get(original, ()):
                self._new[name].append(replace(row, id=next(self._next[name]), object=new))
        for application_id in self._belonging.applications_of.get(original, ()):
            self._new["application_members"].append(ApplicationMember(application_id, new))
        for assignment in self._tags.get(original, ()):
            self._new["tag_assignments"].append(TagAssignment(assignment.tag_id, new))
        constraints = self._estate.by_id("constraints")
        for constraint_id in self._belonging.constraints_of.get(original, ()):
            if constraints[constraint_id].kind in SHARED:
                self._joined.setdefault(constraint_id, []).append(new)


def _grouped(rows: Iterable[Any], key: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, key), []).append(row)
    return found
