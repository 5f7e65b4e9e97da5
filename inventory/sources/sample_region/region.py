"""The region while it is being made: rooms, the gear in them, and what each piece of gear is like.

Values only; which rooms and gear there are is decided by `places`, `fleet`, `room_kit` and their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from inventory.sources.contract import SourceRef
from inventory.sources.device_types import DeviceTypeSpec
from inventory.sources.sample_region.geography import Building
from inventory.sources.sample_region.register import Register

Choice = TypeVar("Choice")


@dataclass(slots=True)
class Room:
    """One server room. `is_metered`: its power strips are read, so that draws are measured there."""

    key: str
    name: str
    building: Building
    location: SourceRef
    site: SourceRef
    tenant: SourceRef
    is_metered: bool
    servers: int = 0
    machines: int = 0
    gear: list[Gear] = field(default_factory=list)
    racks: list[RackFill] = field(default_factory=list)


@dataclass(slots=True)
class RackFill:
    """A rack and the next free unit from below and above, both in the rack's own numbering."""

    ref: SourceRef
    room: Room
    height_u: int
    lowest: float
    next_low: float
    next_high: float


@dataclass(slots=True)
class Gear:
    """One device. `group` is what it is to the region: hypervisor, known, unknown, special, gone, or kit's own word.

    `draw_w` is what it really draws at peak; whether anybody knows is `measurements`' to say. `workload` is (vCPUs,
    memory in MB, disk in MB) where an agent reported it.
    """

    key: str
    name: str | None
    type: DeviceTypeSpec
    role: str
    room: Room
    tenant: SourceRef
    group: str
    draw_w: float = 0.0
    parent: Gear | None = None
    bay: str | None = None
    rack: RackFill | None = None
    position: float | None = None
    face: str | None = None
    status: str = "active"
    serial: str = ""
    asset_tag: str | None = None
    redundancy: str | None = None
    cluster: SourceRef | None = None
    workload: tuple[int, int, int] | None = None
    is_restricted: bool = False
    is_bound: bool = False
    primary_ip: str | None = None

    @property
    def ref(self) -> SourceRef:
        return SourceRef("devices", self.key)


@dataclass(slots=True)
class Machine:
    """One virtual machine. `is_sized`: all its sizes are known; otherwise `disk_mb` may be None."""

    ref: SourceRef
    name: str
    room: Room
    cluster: SourceRef
    disk_mb: int | None
    is_sized: bool
    is_restricted: bool


@dataclass
class Region:
    """Everything made so far, with the one source of chance and the register it is told to."""

    rng: Random
    servers: int
    types: Mapping[str, DeviceTypeSpec]
    register: Register = field(default_factory=Register)
    rooms: list[Room] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    tenants: dict[str, SourceRef] = field(default_factory=dict)

    def scaled(self, at_default: float, *, least: int = 0) -> int:
        """How many of something of which the default region (2,600 servers) has so many."""
        return max(least, round(at_default * self.servers / 2600))

    def pick(self, weights: Mapping[Choice, float]) -> Choice:
        """One of the keys, by weight."""
        return self.rng.choices(list(weights), weights=list(weights.values()))[0]

    def dealt(self, weights: Mapping[Choice, float], count: int) -> Iterator[Choice]:
        """So many of the keys in exact proportion, shuffled: a region's sums hardly depend on its seed."""
        cards = [
            key
            for key, part in zip(weights, shares(count, list(weights.values())), strict=True)
            for _ in range(part)
        ]
        self.rng.shuffle(cards)
        return iter(cards)

    def gear(self, *groups: str) -> list[Gear]:
        """The gear of some groups in the order in which it was made; of all, without any."""
        return [g for room in self.rooms for g in room.gear if not groups or g.group in groups]


def shares(total: int, weights: Sequence[float]) -> list[int]:
    """Whole parts of a total in proportion to weights, by largest remainder (first come first where equal)."""
    whole = sum(weights)
    if not weights or whole <= 0:
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [int(value) for value in exact]
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts
