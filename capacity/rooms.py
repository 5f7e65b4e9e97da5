"""What becomes of each server room: emptied when, by what, or why not (design, rule 8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from capacity.belonging import Belonging
from capacity.plan import Decision, RoomOutcome, Step, Unplaced
from inventory.estate import Estate, Ref


def outcomes(
    estate: Estate, decisions: Sequence[Decision], unplaced: Sequence[Unplaced], steps: Sequence[Step]
) -> tuple[RoomOutcome, ...]:
    """One outcome per location that holds devices, and per site with devices in no location."""
    belonging = Belonging(estate)
    strategies = {decision.asset: decision.strategy for decision in decisions}
    waiting = {entry.asset for entry in unplaced}
    bound = {m for c in estate.constraints if c.kind == "building_bound" for m in c.members}
    ends = _last_ends(steps)
    rooms: dict[tuple[int, int | None], list[Ref]] = defaultdict(list)
    locations, sites = estate.by_id("locations"), estate.by_id("sites")
    for device in estate.devices:
        location = locations.get(belonging.room_of(device) or 0)
        # A room is where its location is, whatever site a device in it is said to stand at.
        key = (location.site_id, location.id) if location else (device.site_id, None)
        rooms[key].append(Ref("devices", device.id))
    found: list[RoomOutcome] = []
    for site_id, location_id in sorted(rooms, key=lambda key: (key[0], key[1] or 0)):
        members = rooms[site_id, location_id]
        remaining = tuple(ref for ref in members if strategies[ref] == "retain" or ref in waiting)
        leaving = [ref for ref in members if ref not in remaining]
        location = locations.get(location_id) if location_id is not None else None
        name = f"{sites[site_id].name}, {location.name}" if location else sites[site_id].name
        why_not = _why_not(remaining, waiting, bound, leaving, ends)
        emptied = max((ends[ref] for ref in leaving if ref in ends), default=None) if not why_not else None
        found.append(RoomOutcome(location_id, site_id, name, emptied, remaining, why_not))
    return tuple(found)


def _last_ends(steps: Sequence[Step]) -> Mapping[Ref, datetime]:
    ends: dict[Ref, datetime] = {}
    for step in steps:
        if step.kind in {"relocate", "decommission", "retire"}:
            for move in step.moves:
                ends[move.asset] = max(step.end, ends.get(move.asset, step.end))
    return ends


def _why_not(
    remaining: Sequence[Ref],
    waiting: set[Ref],
    bound: set[Ref],
    leaving: Sequence[Ref],
    ends: Mapping[Ref, datetime],
) -> str:
    without_place = sum(ref in waiting for ref in remaining)
    kept = sum(ref not in waiting and ref not in bound for ref in remaining)
    undated = sum(ref not in ends for ref in leaving)
    parts = [
        f"{_some(without_place, 'has', 'have')} no place or date" if without_place else "",
        f"{_some(kept, 'is', 'are')} kept and not bound to the building" if kept else "",
        f"{_some(undated, 'has', 'have')} no last step" if undated else "",
        "nothing leaves it: all it holds is bound to the building"
        if not leaving and not without_place and not kept
        else "",
    ]
    return "; ".join(part for part in parts if part)


def _some(number: int, one: str, many: str) -> str:
    """Like "1 asset has", "2 assets have"."""
    return f"{number} asset {one}" if number == 1 else f"{number} assets {many}"
