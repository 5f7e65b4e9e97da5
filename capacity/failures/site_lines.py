"""What the loss of circuits does to the flows that cross a site, and to copies under way.

A flow crosses a site when an asset of one end works there and one of the other end works elsewhere (docs/reference/
rules.md). With no active circuit left it is cut; with some left, all of the site's crossing flows and copies share what
they give, and where that is too little they are crowded. A circuit of unknown rate carries an unknown amount.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from capacity.failures.standing import TARGET, Standing
from capacity.resources import TOLERANCE
from capacity.timetable.move_groups import FlowEnds


@dataclass(frozen=True, slots=True)
class LineEffect:
    """One site with circuits lost. `load_mbps` of `left_mbps` (None: a circuit left has no known rate); `unrated` flows
    besides that nobody rated. `cut` and `crowded` are indexes of flows; `stopped` the ids of steps that copy over a
    lost circuit.
    """

    site: int
    circuits: tuple[int, ...]
    load_mbps: float
    left_mbps: float | None
    unrated: int
    cut: tuple[int, ...]
    crowded: tuple[int, ...]
    stopped: tuple[str, ...]

    @property
    def is_over(self) -> bool:
        return bool(self.crowded)


class SiteLines:
    """The circuits and crossing flows of every site at one moment. `ends` [F]: the applications at each flow's ends."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._circuits = {c.id: c for c in standing.estate.circuits if c.status == "active"}
        self._at_site: dict[int, list[int]] = defaultdict(list)
        for circuit in self._circuits.values():
            for site in dict.fromkeys(circuit.site_ids):
                self._at_site[site].append(circuit.id)
        ends = FlowEnds(standing.estate)
        self.flows = [flow for flow, _, _ in ends.flows]
        self._crossing: dict[int, list[int]] = defaultdict(list)
        where = standing.serves_at
        for number, (_, sources, targets) in enumerate(ends.flows):
            first = [where[ref] for ref in dict.fromkeys(sources) if ref in where]
            second = [where[ref] for ref in dict.fromkeys(targets) if ref in where]
            for site in sorted({*first, *second} - {TARGET}):
                if (site in first and any(s != site for s in second)) or (
                    site in second and any(s != site for s in first)
                ):
                    self._crossing[site].append(number)
        self._known: dict[tuple[int, frozenset[int]], LineEffect] = {}

    def sites_of(self, circuit: int) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self._circuits[circuit].site_ids))

    def carries(self, circuit: int) -> bool:
        """Whether anything would be missed: a flow that crosses one of its sites, or a copy under way."""
        return bool(self._standing.replicating.get(circuit)) or any(
            self._crossing.get(site) for site in self.sites_of(circuit)
        )

    def effects(self, lost: Iterable[int]) -> list[LineEffect]:
        """One effect for each site where one of these circuits ends."""
        by_site: dict[int, set[int]] = defaultdict(set)
        for circuit in lost:
            for site in self.sites_of(circuit):
                by_site[site].add(circuit)
        return [self._effect(site, frozenset(circuits)) for site, circuits in sorted(by_site.items())]

    def _effect(self, site: int, lost: frozenset[int]) -> LineEffect:
        if (site, lost) not in self._known:
            self._known[site, lost] = self._work_out(site, lost)
        return self._known[site, lost]

    def _work_out(self, site: int, lost: frozenset[int]) -> LineEffect:
        left = [c for c in self._at_site[site] if c not in lost]
        crossing = tuple(self._crossing.get(site, ()))
        copies = self._standing.replicating
        stopped = tuple(sorted({step for c in lost for step in copies.get(c, {})}))
        rates = [self.flows[n].rate_mbps for n in crossing]
        load = sum(r for r in rates if r is not None) + sum(sum(copies.get(c, {}).values()) for c in left)
        known = [self._circuits[c].rate_mbps for c in left]
        rated = None if any(not rate for rate in known) else sum(rate for rate in known if rate)
        is_over = bool(left) and rated is not None and load > rated + TOLERANCE
        return LineEffect(
            site,
            tuple(sorted(lost)),
            load,
            0.0 if not left else rated,
            sum(rate is None for rate in rates),
            crossing if not left else (),
            crossing if is_over else (),
            stopped,
        )
