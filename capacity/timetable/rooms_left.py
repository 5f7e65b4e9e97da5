"""Which rooms a placement empties, and what has to have left each of them before it counts as empty.

The rule of what counts as empty is `rooms`'; here it is asked before dates are known, of everything that has a place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from capacity.belonging import Belonging
from capacity.plan import Decision
from inventory.estate import Device, Estate, Ref

Room = tuple[int, int | None]
"""Site and location; None for what stands in no location of the site."""


def room_key(estate: Estate, belonging: Belonging, device: Device) -> Room:
    """The room a device stands in; a room is where its location is, whatever site the device is said to stand at."""
    location = estate.by_id("locations").get(belonging.room_of(device) or 0)
    return (location.site_id, location.id) if location else (device.site_id, None)


def rooms_left(
    estate: Estate, belonging: Belonging, decisions: Iterable[Decision], movers: Collection[Ref]
) -> dict[Room, frozenset[Ref]]:
    """By room that can be emptied, the movers that must have left: its own, and those its retired machines wait for."""
    strategies = {decision.asset: decision.strategy for decision in decisions}
    bound = {m for c in estate.constraints if c.kind == "building_bound" for m in c.members}
    of_site: dict[int | None, list[Ref]] = defaultdict(list)
    for ref in movers:
        of_site[belonging.site_of(ref)].append(ref)
    rooms: dict[Room, list[Device]] = defaultdict(list)
    for device in estate.devices:
        rooms[room_key(estate, belonging, device)].append(device)
    found: dict[Room, frozenset[Ref]] = {}
    for room in sorted(rooms, key=lambda key: (key[0], key[1] or 0)):
        refs = [Ref("devices", device.id) for device in rooms[room]]
        leaving = [ref for ref in refs if ref in movers]
        retired = [ref for ref in refs if strategies.get(ref) == "retire"]
        staying = [ref for ref in refs if ref not in movers and strategies.get(ref) != "retire"]
        if not all(strategies.get(ref) == "retain" and ref in bound for ref in staying):
            continue
        # What is retired ends after the last that leaves its site.
        waits = [*leaving, *(of_site[room[0]] if retired else ())]
        if waits:
            found[room] = frozenset(waits)
    return found
