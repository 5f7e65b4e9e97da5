"""What losses do at the target, many at once: power with its cascade, cooling, the racks' network, the cloud hosts.

Arrays over scenarios (S), loads (L), hosts (H), zones (Z) and racks. A load is out when it is lost itself, down without
power, or cut off from its rack's switches; a host that is out takes its workloads along, until they start again
elsewhere. A zone that gets more heat than its units left take is hot: what fails there, and when, is not said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.failures.losses import COOLING, HOST, RACK, SWITCH, Catalogue, Loss
from capacity.failures.standing import Standing
from capacity.failures.supply_cascade import TRIP_SHARE, Fallen, SupplyCascade
from capacity.resources import TOLERANCE

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

SPREAD_PORTS = 2
"""A thing with this many network ports is taken to have them on different switches of its rack: an assumption, since
nobody records which port leads where."""


@dataclass(frozen=True)
class TargetWorked:
    """`gone` [S × L] lost themselves; `power` the cascade; `cut` [S × L] no switch left; `doubtful` [S × L] perhaps on
    the lost switch; `hot` [S × Z]; `heat_w` and `cooling_w` [S × Z]; `hosts_out` [S × H]; `switches_out` [S × L].
    """

    gone: Bools
    power: Fallen
    cut: Bools
    doubtful: Bools
    hot: Bools
    heat_w: Floats
    cooling_w: Floats
    hosts_out: Bools
    switches_out: Bools


class TargetEffects:
    """The target at one moment."""

    def __init__(self, standing: Standing, catalogue: Catalogue, trip_share: float = TRIP_SHARE) -> None:
        self._catalogue = catalogue
        supply, loads = standing.facility.supply, standing.loads
        ready = np.array([node.name in standing.ready for node in supply], dtype=bool)
        self.cascade = SupplyCascade(supply, loads, ready, trip_share)
        self.zones = standing.facility.cooling_zones
        zone_number = {zone.name: z for z, zone in enumerate(self.zones)}
        self.zone_of_load = np.array(
            [zone_number.get(standing.zone_of[load.rack], -1) for load in loads], dtype=np.int64
        )
        self._in_rack: dict[str, list[int]] = defaultdict(list)
        self._switch: dict[tuple[str, int], int] = {}
        for n, load in enumerate(loads):
            self._in_rack[load.rack].append(n)
            if load.ports_provided > 0:
                self._switch[load.rack, load.number] = n
        self.host_load = np.array(
            [
                next((n for n, load in enumerate(loads) if load.host == host.id), -1)
                for host in standing.hosts
            ],
            dtype=np.int64,
        )
        self._load_of_host = {host.id: int(n) for host, n in zip(standing.hosts, self.host_load, strict=True)}
        self._ports_used: Floats = np.array([load.ports_used for load in loads], dtype=float)
        self._ports_provided: Floats = np.array([load.ports_provided for load in loads], dtype=float)
        self._networked = [
            (np.array(switches), np.array(users, dtype=np.int64))
            for inside in self._in_rack.values()
            if (switches := [n for n in inside if loads[n].ports_provided > 0])
            and (users := [n for n in inside if loads[n].ports_used > 0])
        ]

    def loses_something(self, loss: Loss) -> bool:
        """Whether a loss takes away anything that stands there at this moment."""
        item = self._catalogue[loss]
        if loss.kind == RACK:
            return bool(self._in_rack.get(str(item.index)))
        if loss.kind == SWITCH:
            return item.index in self._switch
        if loss.kind == HOST:
            return self._load_of_host.get(str(item.index), -1) >= 0
        return True

    def work_out(self, scenarios: Sequence[Iterable[Loss]], *, cascades: bool = True) -> TargetWorked:
        """Everything for each scenario; losses elsewhere than at the target are passed over."""
        size, loads = len(scenarios), len(self.zone_of_load)
        lost = np.zeros((size, len(self.cascade.model.names)), dtype=bool)
        gone = np.zeros((size, loads), dtype=bool)
        units_lost = np.zeros((size, len(self.zones)))
        for s, losses in enumerate(scenarios):
            for loss in losses:
                self._lose(loss, lost[s], gone[s], units_lost[s])
        power = self.cascade.fall(lost, gone, cascades=cascades)
        silent = gone | power.down
        cut, doubtful, switches_out = self._network(silent)
        heat_w, cooling_w = self._heat(silent, units_lost)
        hosts_out = np.zeros((size, len(self.host_load)), dtype=bool)
        there = self.host_load >= 0
        hosts_out[:, there] = (silent | cut)[:, self.host_load[there]]
        hot = heat_w > cooling_w + TOLERANCE
        return TargetWorked(gone, power, cut, doubtful, hot, heat_w, cooling_w, hosts_out, switches_out)

    def _lose(self, loss: Loss, lost: Bools, gone: Bools, units_lost: Floats) -> None:
        if loss.kind == COOLING:
            units_lost[[zone.name for zone in self.zones].index(loss.name)] += 1
        elif loss.kind == RACK:
            gone[self._in_rack.get(loss.name, [])] = True
        elif loss.kind == SWITCH:
            index = self._catalogue[loss].index
            if index in self._switch:
                gone[self._switch[index]] = True
        elif loss.kind == HOST:
            if self._load_of_host.get(loss.name, -1) >= 0:
                gone[self._load_of_host[loss.name]] = True
        elif loss.name in self.cascade.model.index and self._is_node(loss):
            lost[self.cascade.model.index[loss.name]] = True

    def _is_node(self, loss: Loss) -> bool:
        return self.cascade.model.nodes[self.cascade.model.index[loss.name]].kind == loss.kind

    def _network(self, silent: Bools) -> tuple[Bools, Bools, Bools]:
        """Loads cut off and loads in doubt [S × L], and switches that are out, rack by rack."""
        cut = np.zeros(silent.shape, dtype=bool)
        doubtful = np.zeros(silent.shape, dtype=bool)
        switches_out = silent & (self._ports_provided > 0)
        for switches, users in self._networked:
            out = silent[:, switches]
            rows = np.flatnonzero(np.any(out, axis=1))
            if not len(rows):
                continue
            here: Bools = ~silent[np.ix_(rows, users)]
            none_left: Bools = np.all(out[rows], axis=1)
            cut[np.ix_(rows, users)] = here & none_left[:, None]
            left = np.where(out[rows], 0.0, self._ports_provided[switches]).sum(axis=1)
            # Fewer ports than things: some have none, nobody can say which.
            short: Bools = np.asarray(left < here.sum(axis=1))
            single = self._ports_used[users] < SPREAD_PORTS
            doubtful[np.ix_(rows, users)] = here & ~none_left[:, None] & (short[:, None] | single)
        return cut, doubtful, switches_out

    def _heat(self, silent: Bools, units_lost: Floats) -> tuple[Floats, Floats]:
        heat_w = np.zeros((len(silent), len(self.zones)))
        power_w = self.cascade.power_w
        for z in range(len(self.zones)):
            inside = self.zone_of_load == z
            heat_w[:, z] = np.where(silent[:, inside], 0.0, power_w[inside]).sum(axis=1)
        units = np.array([zone.units for zone in self.zones], dtype=float)
        unit_w = np.array([zone.unit_w for zone in self.zones], dtype=float)
        return heat_w, np.maximum(units - units_lost, 0) * unit_w
