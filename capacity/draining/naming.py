"""What a person names to be emptied, as the cloud hosts behind it: a host, a pool, a rack, a row, a hall."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable

from capacity.facility import Facility
from capacity.plan import Plan
from inventory.errors import InputError

KINDS = ("host", "pool", "rack", "row", "hall")


def hosts_named(facility: Facility, plan: Plan, texts: Iterable[str]) -> tuple[str, ...]:
    """The hosts that words name, in the plan's order: KIND:NAME, or a name alone where it is only one thing's.

    A row is HALL-ROW. Raises InputError for a name that leads nowhere or to several things.
    """
    behind = _behind(facility, plan)
    found: set[str] = set()
    for text in texts:
        kind, _, name = text.partition(":")
        keys = [key for key in behind if key == text or (not name and key.partition(":")[2] == kind)]
        if not keys:
            near = difflib.get_close_matches(text, [*behind, *(k.partition(":")[2] for k in behind)], 3, 0.5)
            remedy = (
                f"did you mean {' or '.join(near)}?" if near else f"use one of {', '.join(KINDS)}: and a name"
            )
            raise InputError(f"no cloud host is behind {text!r}", remedy=remedy)
        if len(keys) > 1:
            raise InputError(f"{text!r} is more than one thing", remedy=f"use one of {', '.join(keys)}")
        found |= behind[keys[0]]
    return tuple(host.id for host in plan.hosts if host.id in found)


def _behind(facility: Facility, plan: Plan) -> dict[str, set[str]]:
    positions = {position.name: position for position in facility.positions}
    racks = {rack.id: positions[rack.position] for rack in (*facility.racks, *plan.racks)}
    found: dict[str, set[str]] = defaultdict(set)
    for host in plan.hosts:
        position = racks[host.rack]
        for key in (
            f"host:{host.id}",
            f"pool:{host.pool}",
            f"rack:{host.rack}",
            f"row:{position.hall}-{position.row}",
            f"hall:{position.hall}",
        ):
            found[key].add(host.id)
    return found
