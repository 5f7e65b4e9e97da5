"""The sample region: an invented estate of Brussels' public bodies, from a seed and a number of servers.

It answers as any source does, with a snapshot. Places, bodies and device types are real and public, everything else is
invented, and messy on purpose (`sample_region/`). With its default size it binds on the default facility: on STIB's
power, on Sibelga's floor, on the archive's line and on the hours between trains.
"""

from __future__ import annotations

from random import Random

from inventory.errors import InputError
from inventory.sources.contract import SourceSnapshot
from inventory.sources.sample_region import (
    agreements,
    applications,
    fleet,
    hardware,
    measurements,
    mess,
    places,
    racking,
    room_kit,
    traffic,
    wiring,
    workloads,
)
from inventory.sources.sample_region.region import Region

MOST_SERVERS = 32_000  # with all that hangs on them some 100,000 assets


def read_sample(*, seed: int = 1, servers: int = 2600) -> SourceSnapshot:
    """The region of a seed; the same arguments give the same snapshot.

    `servers`: 1 to 32,000 physical servers (blades included); rooms, machines and all else scale with them.
    Raises InputError for another number.
    """
    if not 1 <= servers <= MOST_SERVERS:
        raise InputError(
            f"{servers} servers; a sample has 1 to {MOST_SERVERS}",
            where="--servers",
            remedy="choose a number between",
        )
    region = Region(Random(seed), servers, hardware.library())  # noqa: S311 - chance, not secrecy
    places.furnish(region)
    fleet.stock(region)
    room_kit.equip(region)
    racking.mount(region)
    gear = region.gear()
    hardware.tell_types(region.register, {g.type.slug: g.type for g in gear}, {g.role for g in gear})
    workloads.virtualise(region)
    told = applications.settle(region)
    traffic.number(region)
    unmeasured = mess.spoil_gear(region)
    wiring.wire(region)
    traffic.tell_addresses(region)
    traffic.connect(region, told)
    agreements.agree(region, told)
    measurements.observe(region, unmeasured)
    mess.spoil_records(region, told)
    return region.register.snapshot()
