"""Whether workloads can be moved from host to host as a list of moves says, one after another, with every promise kept.

A stranger to whoever found the moves. A workload counts on both hosts while it moves, and every state in between is
judged: what a host promises, what is kept apart or together, that the reserve still takes the work of any host, zones,
tiers and what a pool stores. What the list starts from is the plan carried out. Of several hosts lost at once each is
asked to find as many empty ones as may be lost; that two of them kept apart restart apart is the plan's to prove.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from capacity.facility import CloudPool, Facility
from capacity.plan import CloudHost, Plan
from capacity.resources import TOLERANCE, UNITS
from capacity.verification import contents
from capacity.verification.contents import Thing
from capacity.verification.parting import Parting
from capacity.verification.reserve import matched
from capacity.verification.storage import limit_mb
from capacity.verification.view import OTHERS, View
from capacity.verification.violations import number
from inventory.estate import Constraint, Estate, Ref

DIMENSIONS = ("vcpus", "memory_mb")


@dataclass(frozen=True, slots=True)
class WorkloadMove:
    """One workload goes from one host to another. Moves of the same `step` go at once, steps one after another."""

    step: int
    asset: Ref
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """What a list of moves breaks: in which step (0: at the end), at which host, by which workload, and how."""

    code: str
    step: int
    host: str
    asset: Ref | None
    message: str


def replay(
    estate: Estate,
    facility: Facility,
    plan: Plan,
    leaving: Collection[str],
    moves: Sequence[WorkloadMove],
    *,
    is_reserve_kept: bool = True,
    is_storage_leaving: bool = False,
) -> tuple[BrokenPromise, ...]:
    """Everything the moves break, in their order; empty when all promises are kept.

    `leaving` hosts take nothing and count for no reserve, but for those that stand empty from the start, which do until
    the end; with `is_storage_leaving` their disks go, too.
    `is_reserve_kept`: whether the pools' reserve has to hold all the while.
    """
    run = _Replay(View(estate, facility, plan), set(leaving), is_storage_leaving=is_storage_leaving)
    return tuple(run.all(moves, is_reserve_kept=is_reserve_kept))


class _Replay:
    """The cloud while it is moved: what counts on each host, and who runs where."""

    def __init__(self, view: View, leaving: set[str], *, is_storage_leaving: bool) -> None:
        self.view, self.leaving, self.is_storage_leaving = view, leaving, is_storage_leaving
        self.parting = Parting(view, contents.everything(view))
        self.at = {ref: placed.host for ref, placed in view.placed_workloads.items()}
        self.inside: dict[str, set[Ref]] = {host: set() for host in view.hosts}
        for ref, host in self.at.items():
            self.inside.setdefault(host, set()).add(ref)
        self.no_reserve = {host for host in leaving if self.inside.get(host)}
        self.bound: dict[Ref, list[Constraint]] = defaultdict(list)
        for constraint in view.constraints("apart", "together"):
            for member in dict.fromkeys(constraint.members):
                self.bound[member].append(constraint)
        self.together = {c.id for c in view.constraints("together") if self._are_together(c)}

    def all(self, moves: Sequence[WorkloadMove], *, is_reserve_kept: bool) -> Iterator[BrokenPromise]:
        for step, group in groupby(moves, key=lambda move: move.step):
            going = list(group)
            wrong = [found for move in going for found in self._misdirected(move)]
            if wrong:
                yield from wrong
                return  # nobody knows what such a list does next
            for move in going:
                self.inside[move.target].add(move.asset)
            yield from self._while_going(step, going, is_reserve_kept=is_reserve_kept)
            for move in going:
                self.inside[move.source].discard(move.asset)
                self.at[move.asset] = move.target
            yield from self._after(step, going)
            if is_reserve_kept:
                yield from self._reserve(step, self._touched(going))
        self.no_reserve = self.leaving
        if is_reserve_kept:
            yield from self._reserve(0, set(self.view.hosts))
        for pool in self.view.pools.values():
            yield from self._storage(0, pool)

    def _misdirected(self, move: WorkloadMove) -> Iterator[BrokenPromise]:
        name = self.view.label(move.asset)
        if self.at.get(move.asset) != move.source:
            where = self.at.get(move.asset, "no host")
            yield self._broken("SOURCE", move, move.source, f"{name} is on {where}, not on {move.source}")
        elif move.target not in self.view.hosts or move.target == move.source:
            yield self._broken("TARGET", move, move.target, f"{name} can't go to {move.target}")
        elif move.target in self.leaving:
            yield self._broken(
                "TARGET", move, move.target, f"{move.target} is to be emptied and takes nothing"
            )

    @staticmethod
    def _broken(code: str, move: WorkloadMove, host: str, message: str) -> BrokenPromise:
        return BrokenPromise(code, move.step, host, move.asset, message)

    # --- one step -----------------------------------------------------------------------------------------------------

    def _while_going(
        self, step: int, going: list[WorkloadMove], *, is_reserve_kept: bool
    ) -> Iterator[BrokenPromise]:
        for host in dict.fromkeys(move.target for move in going):
            yield from self._promises(step, self.view.hosts[host], going)
        for move in going:
            yield from self._apart(move)
            yield from self._pool(move)
        if is_reserve_kept:
            yield from self._reserve(step, self._touched(going))
        pools = {self.view.hosts[m.target].pool for m in going if self._is_across(m)}
        for name in sorted(pools):
            yield from self._storage(step, self.view.pools[name])

    def _after(self, step: int, going: list[WorkloadMove]) -> Iterator[BrokenPromise]:
        for move in going:
            for constraint in self.bound[move.asset]:
                if constraint.id in self.together and not self._are_together(constraint):
                    name = self.view.label(move.asset)
                    yield self._broken(
                        "TOGETHER", move, move.target, f"{name} leaves what it belongs together with"
                    )

    def _limits(self, host: CloudHost) -> tuple[float, float]:
        pool = self.view.pools[host.pool]
        kind = pool.type_named(host.model) or pool.host_type
        return kind.vcpus * pool.cpu_overcommit, kind.memory_mb * pool.memory_overcommit

    def _load(self, host: str) -> tuple[float, float]:
        vcpus, memory_mb = (sum(self.view.amount(ref, d) for ref in self.inside[host]) for d in DIMENSIONS)
        return vcpus, memory_mb

    def _promises(self, step: int, host: CloudHost, going: list[WorkloadMove]) -> Iterator[BrokenPromise]:
        for dimension, load, limit in zip(DIMENSIONS, self._load(host.id), self._limits(host), strict=True):
            if load > limit + TOLERANCE:
                unit = UNITS[dimension]
                text = f"host {host.id} then promises {number(load)} {unit} and may promise {number(limit)}"
                asset = next(move.asset for move in going if move.target == host.id)
                yield BrokenPromise("HOST-CAPACITY", step, host.id, asset, text)

    # --- apart and together -------------------------------------------------------------------------------------------

    def _apart(self, move: WorkloadMove) -> Iterator[BrokenPromise]:
        name = self.view.label(move.asset)
        for constraint in self.bound[move.asset]:
            if constraint.kind != "apart":
                continue
            for other in dict.fromkeys(constraint.members):
                if other != move.asset and self._is_near(move.target, other, constraint):
                    text = f"{name} comes too near to {self.view.label(other)} on {move.target}"
                    yield self._broken("APART", move, move.target, text)

    def _is_near(self, host: str, other: Ref, constraint: Constraint) -> bool:
        """Whether a member of a constraint is, or is on its way to, where a host is no place for another."""
        if constraint.scope == "host":
            return other in self.inside[host]
        if constraint.scope not in {"rack", "feed"}:
            return False
        here = self.parting.host(host)
        return here is not None and any(
            self.parting.are_close(here, there, constraint) for there in self._behind(other)
        )

    def _behind(self, ref: Ref) -> list[Thing]:
        """What an asset hangs on now; while it moves, both hosts."""
        if ref in self.at:
            hosts = [host for host, inside in self.inside.items() if ref in inside]
            return [thing for host in hosts if (thing := self.parting.host(host)) is not None]
        thing = self.parting.behind(ref)
        return [] if thing is None else [thing]

    def _are_together(self, constraint: Constraint) -> bool:
        hosts = [self.at[m] for m in constraint.members if m in self.at]
        if constraint.scope == "host":
            return len(set(hosts)) <= 1
        racks = {self.view.hosts[host].rack for host in hosts if host in self.view.hosts}
        racks |= {
            self.view.placed_devices[m].rack for m in constraint.members if m in self.view.placed_devices
        }
        return len(racks) <= 1

    # --- pools --------------------------------------------------------------------------------------------------------

    def _is_across(self, move: WorkloadMove) -> bool:
        return self.view.hosts[move.source].pool != self.view.hosts[move.target].pool

    def _pool(self, move: WorkloadMove) -> Iterator[BrokenPromise]:
        """Zone, tier and partner of a workload that changes pools."""
        if not self._is_across(move):
            return
        pool, view = self.view.pools[self.view.hosts[move.target].pool], self.view
        zones, tiers = view.zones_of.get(move.asset, []), view.tiers_of.get(move.asset, [])
        serves = set(zones) <= set(pool.zones) if zones else pool.is_default
        has_tiers = set(tiers) <= {tier.name for tier in pool.all_tiers}
        is_owned = view.partner_of(move.asset) is not None or pool.owner == OTHERS
        if not (serves and has_tiers and is_owned):
            text = f"pool {pool.name} doesn't serve {view.label(move.asset)}"
            yield self._broken("TENANCY", move, move.target, text)

    def _storage(self, step: int, pool: CloudPool) -> Iterator[BrokenPromise]:
        hosts = [h for h in self.view.hosts.values() if h.pool == pool.name]
        if self.is_storage_leaving:
            hosts = [host for host in hosts if host.id not in self.leaving]
        stored = {ref for h in self.view.hosts.values() if h.pool == pool.name for ref in self.inside[h.id]}
        for tier in pool.all_tiers:
            mine = [r for r in stored if next(iter(self.view.tiers_of.get(r, ())), pool.tier) == tier.name]
            asked = sum(self.view.amount(ref, "disk_mb") for ref in mine)
            limit = limit_mb(self.view, pool, tier, hosts)
            if asked > limit + TOLERANCE:
                text = f"pool {pool.name} stores {number(asked)} MB on {tier.name} and may store {number(limit)} MB"
                yield BrokenPromise("POOL-STORAGE", step, "", None, text)

    # --- the reserve --------------------------------------------------------------------------------------------------

    def _touched(self, going: list[WorkloadMove]) -> set[str]:
        """Hosts whose restart a step may change: its ends, and those of what is kept apart from what moves."""
        fellows = {
            m for move in going for c in self.bound[move.asset] if c.scope != "host" for m in c.members
        }
        ends = {host for move in going for host in (move.source, move.target)}
        return ends | {self.at[member] for member in fellows if member in self.at}

    def _reserve(self, step: int, touched: set[str]) -> Iterator[BrokenPromise]:
        for name in sorted({self.view.hosts[host].pool for host in touched}):
            pool = self.view.pools[name]
            hosts = [host.id for host in self.view.hosts.values() if host.pool == name]
            working = [host for host in hosts if self.inside[host]]
            empty = [host for host in hosts if not self.inside[host] and host not in self.no_reserve]
            if not working or not pool.reserve_hosts:
                continue
            if len(empty) < pool.reserve_hosts:
                text = f"pool {name} keeps {len(empty)} hosts empty and has to keep {pool.reserve_hosts}"
                yield BrokenPromise("POOL-RESERVE", step, "", None, text)
            elif pool.failure_domain == "rack":
                yield from self._racks(step, working, empty)
            else:
                yield from self._hosts(step, pool, [host for host in working if host in touched], empty)

    def _hosts(
        self, step: int, pool: CloudPool, working: list[str], empty: list[str]
    ) -> Iterator[BrokenPromise]:
        for lost in working:
            places = sum(self._takes(host, lost, {lost}) for host in empty)
            if places < pool.reserve_hosts:
                text = f"what runs on {lost} could restart on {places} of {pool.reserve_hosts} empty hosts"
                yield BrokenPromise("POOL-RESERVE", step, lost, None, text)

    def _racks(self, step: int, working: list[str], empty: list[str]) -> Iterator[BrokenPromise]:
        rack_of = {host: self.view.hosts[host].rack for host in (*working, *empty)}
        for rack in sorted({rack_of[host] for host in working}):
            lost = [host for host in working if rack_of[host] == rack]
            left = [host for host in empty if rack_of[host] != rack]
            takes = {one: [host for host in left if self._takes(host, one, set(lost))] for one in lost}
            if matched(takes) < len(lost):
                text = f"not all that runs on {len(lost)} hosts of rack {rack} could restart"
                yield BrokenPromise("POOL-RESERVE", step, lost[0], None, text)

    def _takes(self, empty: str, lost: str, gone: set[str]) -> bool:
        """Whether an empty host takes all that a lost one runs, as far apart from others as it was."""
        limits = self._limits(self.view.hosts[empty])
        if any(load > limit + TOLERANCE for load, limit in zip(self._load(lost), limits, strict=True)):
            return False
        here = self.parting.host(lost)
        for ref in self.inside[lost]:
            for constraint in self.bound[ref]:
                if constraint.kind != "apart" or constraint.scope == "host":
                    continue
                for other in constraint.members:
                    if other in self.inside[lost] or self.at.get(other) in gone:
                        continue
                    was = here is not None and any(
                        self.parting.are_close(here, there, constraint) for there in self._behind(other)
                    )
                    if self._is_near(empty, other, constraint) and not was:
                        return False
        return True
