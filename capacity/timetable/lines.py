"""The lines between sites while things move: which circuit a site replicates over, and which flows cross it meanwhile.

A flow crosses a site when an asset of one end stands there and one of the other end stands elsewhere; it then counts
with its whole rate (docs/reference/rules.md). The scheduler moves assets here one group at a time and asks whether the
lines still bear it. The checker has its own reading.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass

from capacity.timetable.move_groups import FlowEnds
from inventory.estate import Circuit, Estate, Ref

TARGET = -1  # the target as a site of its own; estate ids are positive
CORE = 0  # likewise the core that all lines pass through: a flow between sites loads it once


def best_circuits(estate: Estate) -> dict[int, Circuit]:
    """The fastest active circuit of known rate at each site; ties go to the lowest id."""
    best: dict[int, Circuit] = {}
    for circuit in estate.circuits:
        if circuit.status != "active" or not circuit.rate_mbps:
            continue
        for site_id in circuit.site_ids:
            known = best.get(site_id)
            if known is None or circuit.rate_mbps > (known.rate_mbps or 0):
                best[site_id] = circuit
    return best


def summed_rates(estate: Estate) -> dict[int, float]:
    """Σ rate of the active circuits of known rate at each site, in Mbit/s."""
    rates: dict[int, float] = defaultdict(float)
    for circuit in estate.circuits:
        if circuit.status == "active" and circuit.rate_mbps:
            for site_id in circuit.site_ids:
                rates[site_id] += circuit.rate_mbps
    return dict(rates)


@dataclass(slots=True)
class _End:
    """How many assets of one end of a flow stand at each site."""

    at: Counter[int]
    total: int


class Lines:
    """Where every asset stands, and the load that crossing flows put on each site's lines."""

    def __init__(
        self,
        estate: Estate,
        ends: FlowEnds,
        where: Mapping[Ref, int],
        *,
        replication_share: float,
        margin: float,
        core_mbps: float | None = None,
    ) -> None:
        """`where`: asset → site now; retired assets and those of unknown site are left out, and count for no flow.

        `replication_share` of the replicating circuit is kept free for copies where today's flows leave that much;
        `margin` ≤ 1 tightens what flows may take, for one night's moves whose order is not the order asked here.
        """
        self._where = dict(where)
        self._rates = [flow.rate_mbps or 0.0 for flow, _, _ in ends.flows]
        self._ends = [(self._end(sources), self._end(targets)) for _, sources, targets in ends.flows]
        self._flows_of: dict[Ref, list[tuple[int, int]]] = defaultdict(list)
        for index, (_, sources, targets) in enumerate(ends.flows):
            for side, assets in enumerate((sources, targets)):
                for asset in dict.fromkeys(assets):
                    if asset in self._where:
                        self._flows_of[asset].append((index, side))
        self._load: dict[int, float] = defaultdict(float)
        for index in range(len(self._rates)):
            self._add(index, 1.0)
        self._base = dict(self._load)
        self._summed = summed = summed_rates(estate)
        self.kept_for_flows = (1.0 - replication_share) * margin  # of each Mbit/s a circuit gains
        self.replication_mbps: dict[int, float] = {
            site: max(
                0.0,
                min((circuit.rate_mbps or 0) * replication_share, summed[site] - self._base.get(site, 0.0)),
            )
            for site, circuit in best_circuits(estate).items()
        }
        # What copies may take of the core; None where nobody knows its rate, and nothing limits them but the lines.
        self.core_mbps: float | None = None
        if core_mbps is not None:
            flows = self._base.get(CORE, 0.0)
            self.core_mbps = max(0.0, min(core_mbps * replication_share, core_mbps - flows))
        self._limit = {
            site: max((rate - self.replication_mbps[site]) * margin, self._base.get(site, 0.0))
            for site, rate in summed.items()
        }
        if core_mbps is not None and self.core_mbps is not None:
            self._limit[CORE] = max((core_mbps - self.core_mbps) * margin, self._base.get(CORE, 0.0))

    def copied(self) -> Lines:
        """Another of the same, in which to move things by themselves."""
        other = copy(self)
        other.detach()
        return other

    def detach(self) -> None:
        """Share nothing that changes with what this is a copy of."""
        self._where, self._load = dict(self._where), defaultdict(float, self._load)
        self._ends = [
            (_End(Counter(first.at), first.total), _End(Counter(second.at), second.total))
            for first, second in self._ends
        ]

    def _end(self, assets: Iterable[Ref]) -> _End:
        at = Counter(self._where[asset] for asset in dict.fromkeys(assets) if asset in self._where)
        return _End(at, at.total())

    def crossed(self, index: int) -> list[int]:
        """The sites a flow crosses now, the target left out."""
        first, second = self._ends[index]
        return [
            site
            for site in {*first.at, *second.at}
            if site != TARGET
            and (
                (first.at[site] and second.total > second.at[site])
                or (second.at[site] and first.total > first.at[site])
            )
        ]

    def _add(self, index: int, sign: float) -> None:
        crossed = self.crossed(index)
        for site in (*crossed, CORE) if crossed else ():
            self._load[site] += sign * self._rates[index]

    def move(self, assets: Iterable[Ref]) -> list[int]:
        """Move assets to the target; returns the sites whose lines are then too small (empty: all is well)."""
        return self._shift({asset: TARGET for asset in assets if asset in self._where})

    def move_back(self, origins: Mapping[Ref, int]) -> None:
        """Undo `move`, with the sites the assets came from."""
        self._shift({asset: site for asset, site in origins.items() if asset in self._where})

    def _shift(self, destinations: Mapping[Ref, int]) -> list[int]:
        touched = {index for asset in destinations for index, _ in self._flows_of.get(asset, ())}
        before = {site for index in touched for site in self.crossed(index)}
        for index in touched:
            self._add(index, -1.0)
        for asset, site in destinations.items():
            for index, side in self._flows_of.get(asset, ()):
                end = self._ends[index][side]
                end.at[self._where[asset]] -= 1
                if not end.at[self._where[asset]]:
                    del end.at[self._where[asset]]
                end.at[site] += 1
            self._where[asset] = site
        for index in touched:
            self._add(index, 1.0)
        after = before | {site for index in touched for site in self.crossed(index)}
        after |= {CORE} & self._limit.keys()
        return sorted(site for site in after if self._load[site] > self.limit(site) + 1e-6)

    def excess(self, assets: Iterable[Ref]) -> dict[int, float]:
        """By site, Mbit/s that crossing flows would load its lines with too much if these assets moved now."""
        origins = {asset: self._where[asset] for asset in assets if asset in self._where}
        overfull = {site: self._load[site] - self.limit(site) for site in self.move(origins)}
        self.move_back(origins)
        return overfull

    def left_by_flows(self, site: int) -> float:
        """Mbit/s of all of a site's circuits that today's flows leave."""
        return self._summed.get(site, 0.0) - self._base.get(site, 0.0)

    def limit(self, site: int) -> float:
        """What crossing flows may load a site's lines with, in Mbit/s."""
        return self._limit.get(site, self._base.get(site, 0.0))
