"""What two mounted things have in common behind their cords: a feed, or a node whose single loss takes both down.

Planners ask it of what is to be kept apart by feed; the checker has its own answer (`verification.parting`).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np

from capacity.facility import Supply
from capacity.power import SupplyModel
from capacity.resources import Redundancy

Name = TypeVar("Name", bound=Hashable)
Cords = tuple[Redundancy | None, tuple[Supply, ...]]


class Ties:
    """Answers over one supply graph."""

    def __init__(self, supply: SupplyModel) -> None:
        self._supply = supply
        self._downs: dict[tuple[int, tuple[Supply, ...]], frozenset[int]] = {}

    def are_tied(self, one: Cords, other: Cords) -> bool:
        """Whether two things share a feed or a node whose loss takes both down."""
        if {cord.feed for cord in one[1]} & {cord.feed for cord in other[1]}:
            return True
        return bool(self._downed_by(one) & self._downed_by(other))

    def _downed_by(self, cords: Cords) -> frozenset[int]:
        redundancy, supplies = cords
        if redundancy is None or not supplies:
            return frozenset()
        key = (redundancy.needed, supplies)
        if key not in self._downs:
            feeds = [self._supply.feed(cord.feed) for cord in supplies]
            up = self._supply.alive[:, feeds].sum(axis=1) >= redundancy.needed
            self._downs[key] = frozenset(np.flatnonzero(~up).tolist()) if up[0] else frozenset()
        return self._downs[key]


def tied_members(ties: Ties, members: Sequence[tuple[Name, Cords]]) -> list[Name]:
    """Of things to be kept apart, those tied to an earlier one that stays."""
    kept: list[Cords] = []
    out: list[Name] = []
    for name, cords in members:
        if any(ties.are_tied(cords, other) for other in kept):
            out.append(name)
        else:
            kept.append(cords)
    return out
