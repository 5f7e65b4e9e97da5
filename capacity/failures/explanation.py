"""Why each asset and application is as it is after a loss: the sentences of one consequence.

Reads one scenario of an `Outcome` and decides nothing; what it says follows from the arrays there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from capacity.failures.application_states import DEGRADED, DOWN, INTERRUPTED, STATES, UNKNOWN, UP
from capacity.failures.consequences import (
    ApplicationLine,
    AssetLine,
    OverloadLine,
    Round,
    counted,
    number,
    some,
    watts,
)
from capacity.failures.evaluation import Evaluation, Outcome
from capacity.failures.host_restarts import PoolEffect, TierEffect
from capacity.failures.standing import TARGET
from capacity.resources import LEGS
from inventory.estate import Ref

LEGLESS = -1


class Explanation:
    """Scenario `s` of an outcome, in words."""

    def __init__(self, evaluation: Evaluation, outcome: Outcome, s: int = 0) -> None:
        self._evaluation, self._outcome, self._s = evaluation, outcome, s
        self._standing = evaluation.standing
        self._belonging = self._standing.belonging
        self._load_of = {load.asset: n for n, load in enumerate(self._standing.loads) if load.asset}
        self._host_number = {host.id: n for n, host in enumerate(self._standing.hosts)}
        self._moved = {ref: host for pool in outcome.pools[s] for ref, host in pool.moved}

    def name_of(self, ref: Ref) -> str:
        row = self._standing.estate.find(ref)
        name = getattr(row, "name", None)
        kind = "device" if ref.kind == "devices" else "virtual machine"
        return str(name) if name else f"{kind} {ref.id}"

    # --- rounds and overloads -------------------------------------------------------------------------------------

    def rounds(self) -> tuple[Round, ...]:
        """Round 0 with the losses, then one for each time something trips, at the target or a source."""
        target = self._outcome.target.power
        names = self._evaluation.target.cascade.model.nodes
        tripped = target.tripped_in[self._s]
        source = self._outcome.sources[self._s]
        last = max([0, int(tripped.max(initial=0)), *(n for _, n in source.tripped)])
        found: list[Round] = []
        for turn in range(last + 1):
            if turn == 0:
                lost = tuple(map(str, self._outcome.scenarios[self._s]))
            else:
                lost = (
                    *(f"{names[n].kind}:{names[n].name}" for n in np.flatnonzero(tripped == turn)),
                    *(f"source-feed:{self._feed(f)}" for f, n in source.tripped if n == turn),
                )
            overloads = (*self._power_overloads(turn), *self._source_overloads(turn))
            down = int((target.down[self._s] & (target.first_down[self._s] == turn)).sum())
            found.append(Round(turn, lost, overloads, down))
        return tuple(found)

    def _power_overloads(self, turn: int) -> Iterator[OverloadLine]:
        nodes = self._evaluation.target.cascade.model.nodes
        for overload in self._outcome.target.power.overloads:
            if overload.scenario == self._s and overload.round == turn:
                node = nodes[overload.node]
                leg = "" if overload.leg == LEGLESS else f", leg {LEGS[overload.leg]}"
                load, unit = watts(overload.load_w)
                limit = overload.usable_w / (1000 if unit == "kW" else 1)
                yield OverloadLine(f"{node.kind} {node.name}{leg}", load, limit, unit, overload.trips)

    def _source_overloads(self, turn: int) -> Iterator[OverloadLine]:
        for overload in self._outcome.sources[self._s].overloads:
            if overload.round == turn:
                load, unit = watts(overload.load_w)
                limit = overload.usable_w / (1000 if unit == "kW" else 1)
                what = f"source feed {self._feed(overload.feed)}"
                yield OverloadLine(what, load, limit, unit, overload.trips)

    def _feed(self, feed: int) -> str:
        return self._evaluation.source.feeds[feed].name

    def other_overloads(self) -> Iterator[OverloadLine]:
        """Cooling zones, the pools' storage, the lines of sites."""
        target = self._outcome.target
        for z, zone in enumerate(self._evaluation.target.zones):
            if target.hot[self._s, z]:
                load, limit = (
                    float(target.heat_w[self._s, z]) / 1000,
                    float(target.cooling_w[self._s, z]) / 1000,
                )
                yield OverloadLine(f"cooling zone {zone.name}", load, limit, "kW")
        for pool in self._outcome.pools[self._s]:
            for tier in pool.tiers:
                if tier.is_short:
                    what = f"storage of pool {pool.pool}, tier {tier.tier}"
                    yield OverloadLine(what, tier.stored_mb / 1e6, tier.storable_mb / 1e6, "TB")
        for line in self._outcome.lines[self._s]:
            if line.is_over:
                what = f"lines of site {self._site(line.site)}"
                yield OverloadLine(what, line.load_mbps, line.left_mbps or 0.0, "Mbit/s")

    def _site(self, site_id: int) -> str:
        site = self._standing.estate.by_id("sites").get(site_id)
        return str(site.name) if site else str(site_id)

    # --- assets ---------------------------------------------------------------------------------------------------

    def assets(self) -> tuple[AssetLine, ...]:
        """Those that are down, then those that may be, then those that start again; by name."""
        found: list[tuple[int, AssetLine]] = []
        for rank, (state, flags) in enumerate(
            (
                ("down", self._outcome.down[self._s]),
                ("unknown", self._outcome.unknown[self._s]),
                ("restarting", self._outcome.restarts[self._s]),
            )
        ):
            for m in np.flatnonzero(flags).tolist():
                ref = self._evaluation.members[m]
                partner = self._belonging.owner_of(ref)
                found.append((rank, AssetLine(ref, self.name_of(ref), partner, state, self._why(ref, state))))
        return tuple(
            line for _, line in sorted(found, key=lambda pair: (pair[0], pair[1].name, pair[1].asset))
        )

    def _why(self, ref: Ref, state: str) -> str:
        if self._standing.serves_at[ref] != TARGET:
            return self._why_at_source(ref, state)
        carrier = self._standing.bays.get(ref, ref)
        host = self._standing.host_of.get(ref)
        if host is not None:
            return self._why_on_host(ref, host, state)
        load = self._load_of.get(carrier)
        chassis = "" if carrier == ref else f"its chassis {self.name_of(carrier)}: "
        return chassis + (self._why_of_load(load, state) if load is not None else "")

    def _why_of_load(self, n: int, state: str) -> str:
        target, load = self._outcome.target, self._standing.loads[n]
        if state == "unknown":
            if target.doubtful[self._s, n]:
                return (
                    f"its network port in rack {load.rack} may be on the lost switch: nobody recorded which"
                )
            return self._warm(n)
        if target.gone[self._s, n]:
            return f"lost with rack {load.rack}"
        if target.power.down[self._s, n]:
            spare = "" if load.redundancy is None else f", supplies {load.redundancy}"
            return f"without power on {some(sorted({s.feed for s in load.supplies}))}{spare}"
        return f"no switch is left in rack {load.rack}"

    def _warm(self, n: int) -> str:
        z = int(self._evaluation.target.zone_of_load[n])
        target = self._outcome.target
        heat, cooling = target.heat_w[self._s, z] / 1000, target.cooling_w[self._s, z] / 1000
        zone = self._evaluation.target.zones[z].name
        return f"cooling zone {zone} gets {number(heat)} kW and takes {number(cooling)} kW"

    def _why_on_host(self, ref: Ref, host: str, state: str) -> str:
        pool = next(
            (p for p in self._outcome.pools[self._s] if p.pool == self._pool_of(host)),
            None,
        )
        if state == "restarting":
            return f"host {host} is out; it starts again on {self._moved[ref]}"
        if pool is not None and state == "down":
            return f"host {host} is out, and the hosts left of pool {pool.pool} have no room for all"
        if pool is not None and ref in pool.undecided:
            return f"host {host} is out; no room was found on pool {pool.pool}, which proves nothing"
        if pool is not None and (tier := self._tier_in_doubt(pool, ref)) is not None:
            domain = self._standing.pools[pool.pool].failure_domain
            return (
                f"{counted(tier.domains, domain)} of pool {pool.pool} with copies lost: whether one of its disks' "
                "copies is in reach is recorded nowhere"
            )
        n = int(self._evaluation.target.host_load[self._host_number[host]])
        return f"its host {host}: {self._why_of_load(n, 'unknown')}"

    def _tier_in_doubt(self, pool: PoolEffect, ref: Ref) -> TierEffect | None:
        """The storage tier of a workload, where every copy of what is on it may be gone."""
        own = self._evaluation.restarts.tier_of(ref, self._standing.pools[pool.pool])
        return next((tier for tier in pool.tiers if tier.tier == own and tier.may_lose_data), None)

    def _pool_of(self, host: str) -> str:
        return self._standing.hosts[self._host_number[host]].pool

    def _why_at_source(self, ref: Ref, state: str) -> str:
        carrier = self._evaluation.carrier(ref)
        machine = self._standing.estate.find(ref) if ref.kind == "virtual_machines" else None
        if machine is not None and machine.device_id is None:
            if state == "down":
                return "every host of its cluster is down"
            return "hosts of its cluster are down; whether the others have room is recorded nowhere"
        if state == "down":
            return "without power at its source"
        source = self._evaluation.source
        if carrier is not None and source.is_traced(carrier.id):
            return "not every cord of it is recorded, and a feed of those that are is lost"
        return "its cords are recorded nowhere, and a feed of its rack is lost"

    # --- applications ---------------------------------------------------------------------------------------------

    def applications(self) -> tuple[ApplicationLine, ...]:
        """The worst first, the more critical first among equals."""
        model, estate = self._evaluation.applications, self._standing.estate
        states = self._outcome.states[self._s]
        rows = estate.by_id("applications")
        found = []
        for a in np.flatnonzero(states != UP).tolist():
            row = rows[model.ids[a]]
            partner = self._belonging.partner_of_tenant(row.tenant_id) or ""
            why = self._why_application(a, int(states[a]))
            found.append((-int(states[a]), row.criticality or 9, ApplicationLine(
                row.id, row.name, partner, row.criticality, STATES[states[a]], why
            )))  # fmt: skip
        return tuple(line for _, _, line in sorted(found, key=lambda f: (f[0], f[1], f[2].name, f[2].id)))

    def _why_application(self, a: int, state: int) -> str:
        model, s = self._evaluation.applications, self._s
        flags = {
            DOWN: self._outcome.down[s],
            UNKNOWN: self._outcome.unknown[s],
            INTERRUPTED: self._outcome.restarts[s],
        }
        grouped = {m for b, _, shared in model.groups if b == a for m in shared}
        members = model.members_of[model.ids[a]]
        if state in flags:
            single = [m for m in members if m not in grouped and flags[state][m]]
            words = {DOWN: "down", UNKNOWN: "perhaps down", INTERRUPTED: "starting again"}[state]
            if single:
                verb = "is" if len(single) == 1 else "are"
                return f"{self._members(single)} {verb} {words}; nobody recorded what stands in"
            return f"members kept apart are all out: {self._members(self._hit_group(a))}"
        hit = [m for m in grouped if any(part[m] for part in flags.values())]
        if hit:
            return f"{self._members(sorted(hit))} out; the others it is kept apart from stand in"
        neighbours = [b for b in model.talks_with(a) if self._outcome.states[s, b] == DOWN]
        if neighbours:
            names = self._standing.estate.by_id("applications")
            verb = "is" if len(neighbours) == 1 else "are"
            return f"it talks with {some(names[model.ids[b]].name for b in neighbours)}, which {verb} down"
        assert state == DEGRADED  # noqa: S101 - nothing else is left
        return "a line its traffic takes is cut or full"

    def _hit_group(self, a: int) -> list[int]:
        """A group of the application of which no member is surely up."""
        s = self._s
        out = self._outcome.down[s] | self._outcome.unknown[s] | self._outcome.restarts[s]
        for b, _, shared in self._evaluation.applications.groups:
            if b == a and all(out[m] for m in shared):
                return list(shared)
        return []

    def _members(self, members: list[int]) -> str:
        return some(sorted(self.name_of(self._evaluation.members[m]) for m in members))

    # --- notes ----------------------------------------------------------------------------------------------------

    def notes(self) -> Iterator[str]:
        """Lines cut, copies stopped, data that may be gone, switches that are out with the power."""
        for line in self._outcome.lines[self._s]:
            site = self._site(line.site)
            if line.cut:
                yield f"site {site} has no line left: {len(line.cut)} flows to other sites are cut"
            if line.left_mbps is None:
                yield f"site {site}: a line left has no known rate, so whether it carries the rest is unknown"
            if line.unrated and not line.cut:
                yield f"site {site}: {line.unrated} crossing flows have no known rate and are left out"
            if line.stopped:
                yield f"site {site}: copies stop in {some(line.stopped)}"
        yield from self._cooling_notes()
        for pool in self._outcome.pools[self._s]:
            yield from self._pool_notes(pool)
        target = self._outcome.target
        out = np.flatnonzero(target.switches_out[self._s] & ~target.gone[self._s])
        if len(out):
            loads = self._standing.loads
            names = sorted(f"{loads[n].rack}/{loads[n].name}" for n in out.tolist())
            yield f"switches without power: {some(names)}"

    def _pool_notes(self, pool: PoolEffect) -> Iterator[str]:
        out = f"pool {pool.pool}: {counted(len(pool.hosts), 'host')} out"
        if pool.moved:
            hosts = len({host for _, host in pool.moved})
            verb = "starts" if len(pool.moved) == 1 else "start"
            yield f"{out}; {counted(len(pool.moved), 'workload')} {verb} again on {counted(hosts, 'host')}"
        if pool.stranded:
            yield f"{out}; no room for {counted(len(pool.stranded), 'workload')}, and none to be made"
        if pool.undecided:
            yield f"{out}; no room was found for {counted(len(pool.undecided), 'workload')}, which proves nothing"
        domain = self._standing.pools[pool.pool].failure_domain
        for tier in pool.tiers:
            if tier.may_lose_data:
                yield (
                    f"pool {pool.pool}: {counted(tier.domains, domain)} with copies lost, and tier {tier.tier} keeps "
                    f"{counted(tier.replicas, 'copy', 'copies')} of each disk; some may have none in reach"
                )

    def _cooling_notes(self) -> Iterator[str]:
        """Zones that lost units, where what is left suffices."""
        target, lost = self._outcome.target, [loss.name for loss in self._outcome.scenarios[self._s]]
        for z, zone in enumerate(self._evaluation.target.zones):
            if zone.name in lost and not target.hot[self._s, z]:
                heat, cooling = target.heat_w[self._s, z] / 1000, target.cooling_w[self._s, z] / 1000
                yield f"cooling zone {zone.name} gets {number(heat)} kW; its units left take {number(cooling)} kW"
