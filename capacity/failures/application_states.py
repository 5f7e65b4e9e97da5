"""Which applications go down, from the states of their members: what the estate really says about standing in.

Members that an `apart` constraint keeps apart stand in for one another: the application holds while one of them is up,
and is degraded when one is not. Any other member is one nobody recorded a stand-in for: without it the application is
down. A flow to an application that is down, or over a line that is cut or crowded, degrades; whether it can do without
is recorded nowhere. Arrays over scenarios (S), members (M) and applications (A).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from inventory.estate import Estate, Ref

Bools = NDArray[np.bool_]
States = NDArray[np.int8]

UP, DEGRADED, INTERRUPTED, UNKNOWN, DOWN = range(5)
APART_SCOPES = ("rack", "host", "feed")
STATES = ("up", "degraded", "interrupted", "unknown", "down")
"""In ascending order of what it means to its users; `unknown` may be down."""


class ApplicationStates:
    """The applications of one estate over a list of members (`members[m]` is an asset that works somewhere).

    `ids` [A] of the applications with at least one such member; `groups` [G] each a list of members that stand in for
    one another, with the application and the constraint it comes from.
    """

    def __init__(self, estate: Estate, members: Sequence[Ref]) -> None:
        number = {ref: m for m, ref in enumerate(members)}
        self.members_of: dict[int, list[int]] = defaultdict(list)
        for member in estate.application_members:
            m = number.get(member.object)
            if m is not None and m not in self.members_of[member.application_id]:
                self.members_of[member.application_id].append(m)
        known = estate.by_id("applications")
        self.ids: list[int] = [a for a in sorted(self.members_of) if a in known]
        self.groups: list[tuple[int, int, tuple[int, ...]]] = []
        self._group(estate, number)
        self._connect(estate, len(members))

    def _group(self, estate: Estate, number: dict[Ref, int]) -> None:
        for constraint in estate.constraints:
            if constraint.kind != "apart" or constraint.scope not in APART_SCOPES:
                continue
            members = [number[ref] for ref in dict.fromkeys(constraint.members) if ref in number]
            for a, application_id in enumerate(self.ids):
                own = set(self.members_of[application_id])
                shared = tuple(m for m in members if m in own)
                if len(shared) > 1:
                    self.groups.append((a, constraint.id, shared))

    def _connect(self, estate: Estate, members: int) -> None:
        grouped = {(a, m) for a, _, shared in self.groups for m in shared}
        essential = [
            (m, a)
            for a, application_id in enumerate(self.ids)
            for m in self.members_of[application_id]
            if (a, m) not in grouped
        ]
        every = [(m, a) for a, app in enumerate(self.ids) for m in self.members_of[app]]
        applications = len(self.ids)
        self._essential = _incidence(essential, (members, applications))
        self.member_of = _incidence(every, (members, applications))
        in_group = [(m, g) for g, (_, _, shared) in enumerate(self.groups) for m in shared]
        self._in_group = _incidence(in_group, (members, len(self.groups)))
        self._group_of = _incidence(
            [(g, a) for g, (a, _, _) in enumerate(self.groups)], (len(self.groups), applications)
        )
        self._sizes = np.array([len(shared) for _, _, shared in self.groups], dtype=float)
        self._flows(estate)

    def _flows(self, estate: Estate) -> None:
        """[F × A]: the applications at either end of each flow; and which talk to which."""
        index = {application_id: a for a, application_id in enumerate(self.ids)}
        of_asset: dict[Ref, list[int]] = defaultdict(list)
        for member in estate.application_members:
            if member.application_id in index:
                of_asset[member.object].append(index[member.application_id])
        cells: list[tuple[int, int]] = []
        talks: set[tuple[int, int]] = set()
        for f, flow in enumerate(estate.flows):
            ends = [
                [index[end.id]] if end.kind == "applications" and end.id in index else of_asset.get(end, [])
                for end in (flow.source, flow.target)
            ]
            cells += [(f, a) for a in {*ends[0], *ends[1]}]
            talks |= {pair for a in ends[0] for b in ends[1] if a != b for pair in ((a, b), (b, a))}
        self._neighbours: dict[int, list[int]] = defaultdict(list)
        for a, b in sorted(talks):
            self._neighbours[a].append(b)
        self.of_flow = _incidence(cells, (len(estate.flows), len(self.ids)))
        self._talks = _incidence(sorted(talks), (len(self.ids), len(self.ids)))

    def talks_with(self, application: int) -> list[int]:
        """The applications it exchanges a flow with, by index."""
        return self._neighbours.get(application, [])

    def states(
        self,
        down: Bools | csr_array,
        restarts: Bools | csr_array,
        unknown: Bools | csr_array,
        flows_hit: Bools | csr_array,
    ) -> States:
        """[S × A] from the members' states [S × M] each and the flows that are cut or crowded [S × F], all 0 or 1."""
        found = np.zeros((down.shape[0], len(self.ids)), dtype=np.int8)
        counts = [_times(csr_array(part), self._in_group) for part in (down, restarts, unknown)]
        gone = counts[0] >= self._sizes
        holds = (counts[0] + counts[1] + counts[2]) < self._sizes
        maybe = ~gone & ~holds & (counts[2] > 0)
        hit = (counts[0] + counts[1] + counts[2]) > 0
        of_group = [
            (_times(csr_array(part), self._group_of) > 0) for part in (gone, maybe, ~gone & ~holds, hit)
        ]
        single = [(_times(csr_array(part), self._essential) > 0) for part in (down, unknown, restarts)]
        degraded = of_group[3] | (_times(csr_array(flows_hit), self.of_flow) > 0)
        found[degraded] = DEGRADED
        found[single[2] | of_group[2]] = INTERRUPTED
        found[single[1] | of_group[1]] = UNKNOWN
        is_down = single[0] | of_group[0]
        found[is_down] = DOWN
        talks_to_down = (_times(csr_array(is_down), self._talks) > 0) & (found == UP)
        found[talks_to_down] = DEGRADED
        return found


def _times(left: csr_array, right: csr_array) -> NDArray[np.float64]:
    """The product as a dense array of counts."""
    return np.asarray((left.astype(np.float64) @ right).toarray())


def _incidence(cells: Sequence[tuple[int, int]], shape: tuple[int, int]) -> csr_array:
    rows = [row for row, _ in cells]
    columns = [column for _, column in cells]
    return csr_array(([1.0] * len(cells), (rows, columns)), shape=shape, dtype=np.float64)
