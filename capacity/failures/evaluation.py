"""All losses of many scenarios worked out together: every asset's state, every application's, and the worst overload.

Puts the parts side by side: the target (`target_effects`), workloads that start again (`host_restarts`), the sources'
power (`source_power`), the lines (`site_lines`), the applications (`application_states`). Arrays over scenarios (S),
members (M, every asset that works somewhere at the moment) and applications (A). Words for people are
`consequences`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.failures.application_states import UP, ApplicationStates
from capacity.failures.host_restarts import HostRestarts, PoolEffect
from capacity.failures.losses import CIRCUIT, OTHER_KINDS, SOURCE_FEED, SOURCE_PANEL, Catalogue, Loss
from capacity.failures.site_lines import LineEffect, SiteLines
from capacity.failures.source_power import SourceEffect, SourcePower
from capacity.failures.standing import TARGET, Standing
from capacity.failures.supply_cascade import TRIP_SHARE
from capacity.failures.target_effects import TargetEffects, TargetWorked
from inventory.estate import Device, Ref

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Scenario = tuple[Loss, ...]
NOBODY: Ints = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Outcome:
    """What comes of each scenario. `down`, `restarts`, `unknown` [S × M]; `states` [S × A] as in `application_states`;
    `worst` [S] the highest load over what may be carried (0: nothing is over; inf: nothing is left to carry it).
    """

    scenarios: tuple[Scenario, ...]
    target: TargetWorked
    pools: tuple[tuple[PoolEffect, ...], ...]
    sources: tuple[SourceEffect, ...]
    lines: tuple[tuple[LineEffect, ...], ...]
    down: Bools
    restarts: Bools
    unknown: Bools
    states: NDArray[np.int8]
    worst: NDArray[np.float64]


class Evaluation:
    """One moment of one plan, ready to be asked for any losses."""

    def __init__(self, standing: Standing, catalogue: Catalogue, trip_share: float = TRIP_SHARE) -> None:
        self.standing, self.catalogue = standing, catalogue
        self.members: list[Ref] = sorted(standing.serves_at)
        self.number = {ref: m for m, ref in enumerate(self.members)}
        self.target = TargetEffects(standing, catalogue, trip_share)
        self.restarts = HostRestarts(standing)
        self.source = SourcePower(standing, trip_share)
        self.lines = SiteLines(standing)
        self.applications = ApplicationStates(standing.estate, self.members)
        self._place_members()

    def _place_members(self) -> None:
        """Where each member's life hangs: a load at the target, a cloud host, a device or a cluster at a source."""
        standing = self.standing
        load_of = {load.asset: n for n, load in enumerate(standing.loads) if load.asset is not None}
        pairs: list[tuple[int, int]] = []
        self._bays: dict[int, list[int]] = defaultdict(list)  # members at a source by the device they hang on
        self._machines_on: dict[int, list[int]] = defaultdict(list)
        self._machines_in: dict[int, list[int]] = defaultdict(list)
        devices = standing.estate.by_id("devices")
        for m, ref in enumerate(self.members):
            carrier = standing.bays.get(ref, ref)
            if standing.serves_at[ref] == TARGET:
                if carrier in load_of:
                    pairs.append((m, load_of[carrier]))
            elif ref.kind == "devices":
                self._bays[carrier.id].append(m)
            else:
                machine = standing.estate.by_id("virtual_machines")[ref.id]
                if machine.device_id in devices:
                    self._machines_on[machine.device_id].append(m)
                elif machine.cluster_id is not None:
                    self._machines_in[machine.cluster_id].append(m)
        self._loaded: Ints = np.array([m for m, _ in pairs], dtype=np.int64)
        self._load_of: Ints = np.array([n for _, n in pairs], dtype=np.int64)
        self._on_tier: dict[tuple[str, str], Ints] = {
            key: np.array([self.number[ref] for ref in refs], dtype=np.int64)
            for key, refs in self.restarts.on_tier.items()
        }
        self._cluster_hosts: dict[int, set[int]] = defaultdict(set)
        for device in standing.estate.devices:
            if device.cluster_id is not None and device.id in standing.powered_at_source:
                self._cluster_hosts[device.cluster_id].add(device.id)
        self._cluster_of = {host: c for c, hosts in self._cluster_hosts.items() for host in hosts}

    def carrier(self, ref: Ref) -> Device | None:
        """The device at a source that an asset in a bay hangs on, or the asset's own row."""
        carrier = self.standing.bays.get(ref, ref)
        found = self.standing.estate.find(carrier)
        return found if isinstance(found, Device) else None

    def is_node(self, loss: Loss) -> bool:
        """Whether a loss is a node of the target's supply graph."""
        return loss.kind not in OTHER_KINDS

    def is_at_target(self, loss: Loss) -> bool:
        return loss.kind not in {CIRCUIT, SOURCE_FEED, SOURCE_PANEL}

    # --- scenarios ------------------------------------------------------------------------------------------------

    def source_feeds(self, losses: Scenario) -> frozenset[int]:
        """The source feeds these losses take away, those of lost panels included."""
        found: set[int] = set()
        for loss in losses:
            index = self.catalogue[loss].index if loss.kind in {SOURCE_FEED, SOURCE_PANEL} else None
            if loss.kind == SOURCE_FEED and isinstance(index, int):
                found.add(index)
            elif isinstance(index, int):
                found |= self.source.feeds_of_panel.get(index, frozenset())
        return frozenset(found)

    def circuits(self, losses: Scenario) -> frozenset[int]:
        indexes = [self.catalogue[loss].index for loss in losses if loss.kind == CIRCUIT]
        return frozenset(index for index in indexes if isinstance(index, int))

    def work_out(self, scenarios: Sequence[Scenario]) -> Outcome:
        """Everything that comes of each scenario."""
        size = len(scenarios)
        worked = self.target.work_out(scenarios)
        down = np.zeros((size, len(self.members)), dtype=bool)
        restarts, unknown = np.zeros_like(down), np.zeros_like(down)
        loads_out = worked.gone | worked.power.down | worked.cut
        hot = np.zeros_like(worked.gone)
        zoned = self.target.zone_of_load >= 0
        hot[:, zoned] = worked.hot[:, self.target.zone_of_load[zoned]]
        down[:, self._loaded] = loads_out[:, self._load_of]
        unknown[:, self._loaded] = (worked.doubtful | hot)[:, self._load_of]
        self._too_warm(worked, hot, unknown)
        pools = tuple(self._hosts(worked, s, down[s], restarts[s], unknown[s]) for s in range(size))
        sources = tuple(self._sources(losses, down[s], unknown[s]) for s, losses in enumerate(scenarios))
        lines = tuple(tuple(self.lines.effects(self.circuits(losses))) for losses in scenarios)
        restarts &= ~down
        unknown &= ~down & ~restarts
        flows = np.zeros((size, len(self.lines.flows)), dtype=bool)
        for s, effects in enumerate(lines):
            for effect in effects:
                flows[s, [*effect.cut, *effect.crowded]] = True
        states = self.applications.states(down, restarts, unknown, flows)
        worst = self._worst(worked, pools, sources, lines)
        return Outcome(
            tuple(scenarios), worked, pools, sources, lines, down, restarts, unknown, states, worst
        )

    def _too_warm(self, worked: TargetWorked, hot: Bools, unknown: Bools) -> None:
        """Workloads on hosts in a hot zone, or in doubt themselves."""
        doubt = hot | worked.doubtful
        for host, load in enumerate(self.target.host_load.tolist()):
            refs = self.restarts.running.get(host)
            if load >= 0 and refs and doubt[:, load].any():
                rows = np.flatnonzero(doubt[:, load])
                mine = np.array([self.number[ref] for ref in refs], dtype=np.int64)
                unknown[np.ix_(rows, mine)] = True

    def _hosts(
        self, worked: TargetWorked, s: int, down: Bools, restarts: Bools, unknown: Bools
    ) -> tuple[PoolEffect, ...]:
        out = np.flatnonzero(worked.hosts_out[s])
        if not len(out):
            return ()
        effects = tuple(self.restarts.effects(out.tolist()))
        for effect in effects:
            restarts[[self.number[ref] for ref, _ in effect.moved]] = True
            down[[self.number[ref] for ref in effect.stranded]] = True
            unknown[[self.number[ref] for ref in effect.undecided]] = True
            for tier in effect.tiers:
                if tier.may_lose_data:
                    doubtful = self._on_tier.get((effect.pool, tier.tier), NOBODY)
                    unknown[doubtful] = True
                    restarts[doubtful] = False
        return effects

    def _sources(self, losses: Scenario, down: Bools, unknown: Bools) -> SourceEffect:
        feeds = self.source_feeds(losses)
        if not feeds:
            return SourceEffect()
        effect = self.source.effect(feeds)
        for device in effect.down:
            down[[*self._bays.get(device, ()), *self._machines_on.get(device, ())]] = True
        for device in effect.unknown:
            unknown[[*self._bays.get(device, ()), *self._machines_on.get(device, ())]] = True
        touched = {*effect.down, *effect.unknown}
        for cluster in {self._cluster_of[d] for d in touched if d in self._cluster_of}:
            # Whether the cluster's other hosts have room for them is recorded nowhere.
            state = down if self._cluster_hosts[cluster] <= effect.down else unknown
            state[self._machines_in[cluster]] = True
        return effect

    def clusters_of(self, effect: SourceEffect) -> set[int]:
        """Clusters at the sources that lose hosts."""
        return {self._cluster_of[d] for d in (*effect.down, *effect.unknown) if d in self._cluster_of}

    def _worst(
        self,
        worked: TargetWorked,
        pools: Sequence[Sequence[PoolEffect]],
        sources: Sequence[SourceEffect],
        lines: Sequence[Sequence[LineEffect]],
    ) -> NDArray[np.float64]:
        worst = np.zeros(len(pools))
        for overload in worked.power.overloads:
            worst[overload.scenario] = max(worst[overload.scenario], overload.share)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(worked.hot, worked.heat_w / worked.cooling_w, 0.0)
        if share.shape[1]:
            worst = np.maximum(worst, share.max(axis=1))
        for s in range(len(pools)):
            shares = [
                *(_share(t.stored_mb, t.storable_mb) for p in pools[s] for t in p.tiers if t.is_short),
                *(_share(o.load_w, o.usable_w) for o in sources[s].overloads),
                *(_share(e.load_mbps, e.left_mbps or 0.0) for e in lines[s] if e.is_over),
            ]
            worst[s] = max(worst[s], *shares) if shares else worst[s]
        return worst

    def is_clean(self, outcome: Outcome, s: int) -> bool:
        """Nothing is over, no application and no asset is any worse off."""
        return not (
            outcome.worst[s]
            or (outcome.states[s] != UP).any()
            or outcome.down[s].any()
            or outcome.restarts[s].any()
            or outcome.unknown[s].any()
        )


def _share(used: float, left: float) -> float:
    return used / left if left > 0 else float("inf")
