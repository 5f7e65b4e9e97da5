"""Everything that stands in a rack at the target, and since when: fixed kit, occupants, relocated devices, cloud hosts.

One list of `Thing`s that the rules on units, weight, ports, power, cooling and entitlements replay. A device in a bay
is a thing of its own with no height, weight or draw: its chassis counts for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from capacity.facility import Supply, TargetRack
from capacity.resources import Redundancy
from capacity.verification.view import View
from inventory.estate import Ref


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing in a rack; `since` is the second from which it counts. `redundancy` None: it has no supplies."""

    label: str
    kind: str  # kit, occupant, device or host
    rack: str
    since: float
    position: float | None
    height_u: float
    face: str | None
    is_full_depth: bool
    airflow: str | None
    weight_kg: float
    power_w: float
    redundancy: Redundancy | None
    supplies: tuple[Supply, ...]
    ports_used: float
    ports_provided: float
    asset: Ref | None = None
    pool: str | None = None
    in_bay: bool = False

    @property
    def interval(self) -> tuple[float, float] | None:
        """The units it takes, lowest edge and top; None when it takes none."""
        if self.position is None or self.height_u <= 0:
            return None
        return self.position, self.position + self.height_u


def everything(view: View) -> dict[str, list[Thing]]:
    """Things by rack, racks without any included; things in racks that don't exist are left out."""
    found: dict[str, list[Thing]] = defaultdict(list)
    for rack in view.racks.values():
        found[rack.id].extend(_contents(view, rack))
    for thing in (*_devices(view), *_hosts(view)):
        if thing.rack in view.racks:
            found[thing.rack].append(thing)
    return found


def parsed(redundancy: str | None) -> Redundancy | None:
    """Read "k+m"; None for none and for what is not k+m."""
    if not redundancy:
        return None
    try:
        return Redundancy.parse(redundancy)
    except ValueError:
        return None


def _contents(view: View, rack: TargetRack) -> Iterator[Thing]:
    since = view.rack_arrival(rack.id) if rack.id in view.new_racks else view.start
    for mounted in rack.contents:
        yield Thing(
            label=f"{mounted.name} in rack {rack.id}",
            kind="kit" if mounted.role == "kit" else "occupant",
            rack=rack.id,
            since=since,
            position=mounted.position,
            height_u=mounted.height_u,
            face=mounted.face,
            is_full_depth=mounted.is_full_depth,
            airflow=None,
            weight_kg=mounted.weight_kg,
            power_w=mounted.power_w,
            redundancy=parsed(mounted.redundancy) if mounted.supplies else None,
            supplies=mounted.supplies,
            ports_used=mounted.ports_used,
            ports_provided=mounted.ports_provided,
        )


def _devices(view: View) -> Iterator[Thing]:
    for ref, placement in view.placed_devices.items():
        if ref.kind != "devices":
            continue
        asked = view.demands.of(ref)
        yield Thing(
            label=view.label(ref),
            kind="device",
            rack=placement.rack,
            since=view.arrival(ref),
            position=placement.position,
            height_u=asked.height_u or 0.0,
            face=placement.face,
            is_full_depth=asked.is_full_depth is not False,
            airflow=asked.airflow,
            weight_kg=view.amount(ref, "weight_kg"),
            power_w=view.amount(ref, "power_w"),
            redundancy=asked.supplies,
            supplies=placement.supplies,
            ports_used=view.amount(ref, "ports"),
            ports_provided=0.0,
            asset=ref,
            in_bay=view.devices[ref.id].parent_device_id is not None,
        )


def _hosts(view: View) -> Iterator[Thing]:
    for host in view.hosts.values():
        pool = view.pools.get(host.pool)
        if pool is None:
            continue
        kind = pool.type_named(host.model) or pool.host_type
        yield Thing(
            label=f"host {host.id}",
            kind="host",
            rack=host.rack,
            since=view.host_arrival(host.id),
            position=host.position,
            height_u=kind.height_u,
            face=host.face,
            is_full_depth=kind.is_full_depth,
            airflow=kind.airflow,
            weight_kg=kind.weight_kg,
            power_w=kind.power_w,
            redundancy=parsed(kind.redundancy),
            supplies=host.supplies,
            ports_used=kind.ports_used,
            ports_provided=0.0,
            pool=host.pool,
        )
