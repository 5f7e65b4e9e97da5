"""What a move group is, how one is halved, and which assets are at the ends of flows.

How groups are formed is for `move_groups_forming`, when they move for `waves`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from inventory.estate import Estate, Flow, Ref

SPLIT = "; split to fit its windows"


@dataclass(frozen=True, slots=True)
class Group:
    """Assets in ascending order and why they go together; `is_shared_service` groups go first.

    `parts` are what hard ties hold together: the group may be split between them, never within one. Those that hold
    together stand beside each other.
    """

    id: str
    name: str
    assets: tuple[Ref, ...]
    reason: str
    is_shared_service: bool
    parts: tuple[tuple[Ref, ...], ...]


def called(where: str, assets: int) -> str:
    """The name of a group of so many assets."""
    return f"{where}, {assets} {'asset' if assets == 1 else 'assets'}"


def halves(group: Group, likeness: Callable[[Ref], Any]) -> tuple[Group, Group]:
    """A group as two, cut between its parts; parts that are alike stay on one side where that is possible."""
    ordered = sorted(
        group.parts, key=lambda part: likeness(part[0])
    )  # stable: what holds together stays close
    middle = len(ordered) // 2
    where = group.name.rsplit(", ", 1)[0]
    first, second = (
        replace(
            group,
            id=f"{group.id}-{number}",
            name=called(where, sum(map(len, parts))),
            assets=tuple(sorted(asset for part in parts for asset in part)),
            reason=group.reason if group.reason.endswith(SPLIT) else group.reason + SPLIT,
            parts=tuple(parts),
        )
        for number, parts in enumerate((ordered[:middle], ordered[middle:]), start=1)
    )
    return first, second


class FlowEnds:
    """The assets at both ends of every flow: an application stands for all its members."""

    def __init__(self, estate: Estate) -> None:
        members: dict[int, list[Ref]] = defaultdict(list)
        for member in estate.application_members:
            members[member.application_id].append(member.object)
        self._members = members
        self.flows: tuple[tuple[Flow, tuple[Ref, ...], tuple[Ref, ...]], ...] = tuple(
            (flow, self._assets(flow.source), self._assets(flow.target)) for flow in estate.flows
        )

    def _assets(self, end: Ref) -> tuple[Ref, ...]:
        if end.kind == "applications":
            return tuple(self._members.get(end.id, ()))
        return (end,)


TightFlow = tuple[Flow, tuple[Ref, ...], float]
"""A flow, the assets at both its ends, and the way between sites in ms that it does not stand."""


def tight_flows(
    ends: FlowEnds, standing: Mapping[Ref, int], intersite_latency_ms: float
) -> tuple[TightFlow, ...]:
    """Flows that stand less than the way between sites, and whose ends all stand at one site today.

    `standing`: asset → site, without retired assets and those of unknown site, which count for no flow.
    """
    found: list[TightFlow] = []
    for flow, sources, targets in ends.flows:
        if flow.latency_ms is None or flow.latency_ms >= intersite_latency_ms:
            continue
        both = [tuple(dict.fromkeys(a for a in end if a in standing)) for end in (sources, targets)]
        if all(both) and len({standing[a] for end in both for a in end}) == 1:
            assets = tuple(sorted({a for end in both for a in end}))
            found.append((flow, assets, intersite_latency_ms))
    return tuple(found)
