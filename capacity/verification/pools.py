"""Rules on cloud hosts and pools: types, what a host promises, what a pool stores, and that its reserve really holds.

The reserve is proven loss by loss: whatever hosts a pool says may go at once, the work of each restarts whole on an
empty host that is left, within its vCPUs and memory and as far apart as its constraints ask. Storage holds with those
hosts gone, every copy in a failure domain of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from capacity.facility import CloudPool, HostType, StorageTier
from capacity.plan import CloudHost
from capacity.resources import TOLERANCE, UNITS
from capacity.verification.contents import Thing
from capacity.verification.moments import beyond, exceeded_by_arrivals
from capacity.verification.parting import Parting
from capacity.verification.view import View
from capacity.verification.violations import Findings, counted, number
from inventory.estate import Ref

Arrivals = list[tuple[float, float]]


def check(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    on_host: dict[str, list[Ref]] = defaultdict(list)
    in_pool: dict[str, list[Ref]] = defaultdict(list)
    for ref, placement in view.placed_workloads.items():
        host = view.hosts.get(placement.host)
        on_host[placement.host].append(ref)
        in_pool[host.pool if host else placement.pool].append(ref)
    _types(view, findings)
    for host in view.hosts.values():
        _promises(view, host, on_host.get(host.id, []), findings)
    parting = Parting(view, things)
    for pool in view.pools.values():
        hosts = [host for host in view.hosts.values() if host.pool == pool.name]
        _most(pool, hosts, findings)
        workloads = in_pool.get(pool.name, [])
        if workloads:
            Reserve(view, pool, hosts, on_host, parting, findings).check()
            for tier in pool.all_tiers:
                _storage(view, pool, tier, hosts, workloads, findings)
        _tiers(view, pool, workloads, findings)


def type_of(view: View, host: CloudHost) -> HostType | None:
    """The type of a host; of one whose pool has no such type the pool's first."""
    pool = view.pools.get(host.pool)
    return None if pool is None else pool.type_named(host.model) or pool.host_type


def _types(view: View, findings: Findings) -> None:
    bought: Counter[str] = Counter()
    kinds = {kind.model: kind for pool in view.pools.values() for kind in pool.host_types}
    for host in view.hosts.values():
        pool = view.pools.get(host.pool)
        if pool is not None and pool.type_named(host.model) is None:
            findings.add(
                "HOST-TYPE",
                f"host {host.id}",
                f"host {host.id} is a {host.model}; pool {pool.name} has "
                f"{', '.join(kind.model for kind in pool.host_types)}",
                "name a host type of its pool",
            )
        kind = type_of(view, host)
        if kind is not None:
            bought[kind.model] += 1
    for kind in kinds.values():
        if kind.stock is not None and bought[kind.model] > kind.stock:
            findings.add(
                "HOST-TYPE",
                f"host type {kind.model}",
                f"the plan buys {bought[kind.model]} hosts {kind.model}, {kind.stock} are to be had",
                "use fewer, another type, or raise the stock",
                over=(float(bought[kind.model] - kind.stock), "hosts"),
            )


def _limits(pool: CloudPool, kind: HostType) -> tuple[tuple[str, float], ...]:
    return (
        ("vcpus", kind.vcpus * pool.cpu_overcommit),
        ("memory_mb", kind.memory_mb * pool.memory_overcommit),
    )


def _promises(view: View, host: CloudHost, workloads: list[Ref], findings: Findings) -> None:
    pool, kind = view.pools.get(host.pool), type_of(view, host)
    if pool is None or kind is None:
        return
    for dimension, limit in _limits(pool, kind):
        found = exceeded_by_arrivals(_arrivals(view, workloads, dimension), limit)
        if found:
            unit = UNITS[dimension]
            findings.add(
                "HOST-CAPACITY",
                f"host {host.id}, {dimension}",
                f"host {host.id} promises {number(limit + found.over)} {unit} and may promise {number(limit)}",
                "move a workload to another host",
                moment=view.moment(found.since),
                over=(found.over, unit),
            )


def _arrivals(view: View, workloads: Sequence[Ref], dimension: str) -> Arrivals:
    return [(view.arrival(ref), view.amount(ref, dimension)) for ref in workloads]


def _most(pool: CloudPool, hosts: Sequence[CloudHost], findings: Findings) -> None:
    if pool.max_hosts is not None and len(hosts) > pool.max_hosts:
        findings.add(
            "POOL-RESERVE",
            f"pool {pool.name}",
            f"pool {pool.name} has {len(hosts)} hosts and may have {pool.max_hosts}",
            "use fewer hosts, or raise max_hosts",
            over=(float(len(hosts) - pool.max_hosts), "hosts"),
        )


# --- the reserve ---------------------------------------------------------------------------------------------------


class Reserve:
    """Whether a pool's hosts may go as it says, with work on them."""

    def __init__(
        self,
        view: View,
        pool: CloudPool,
        hosts: Sequence[CloudHost],
        on_host: dict[str, list[Ref]],
        parting: Parting,
        findings: Findings,
    ) -> None:
        self._view, self._pool, self._parting, self._findings = view, pool, parting, findings
        self._work = {host.id: on_host.get(host.id, []) for host in hosts}
        self._rack = {host.id: host.rack for host in hosts}
        self._limits = {h.id: _limits(pool, kind) for h in hosts if (kind := type_of(view, h)) is not None}
        self._loads = {
            name: tuple(sum(view.amount(ref, d) for ref in work) for d in ("vcpus", "memory_mb"))
            for name, work in self._work.items()
        }
        self._working = [host.id for host in hosts if self._work[host.id]]
        self._empty = [host.id for host in hosts if not self._work[host.id]]

    def check(self) -> None:
        reserve, name = self._pool.reserve_hosts, self._pool.name
        if len(self._empty) < reserve:
            self._findings.add(
                "POOL-RESERVE",
                f"pool {name}",
                f"pool {name} keeps {len(self._empty)} hosts empty and has to keep {reserve}",
                "add a host, or empty one",
                over=(float(reserve - len(self._empty)), "hosts"),
            )
        elif self._pool.failure_domain == "rack" and reserve:
            self._racks()
        else:
            self._hosts(reserve)

    def _takes(self, empty: str, lost: str, gone: set[str]) -> bool:
        """Whether an empty host can take all that a lost one was allowed to run."""
        fits = all(
            not beyond(min(load, own), limit)
            for load, (_, own), (_, limit) in zip(
                self._loads[lost], self._limits[lost], self._limits[empty], strict=True
            )
        )
        here, there = self._parting.host(lost), self._parting.host(empty)
        if not fits or here is None or there is None:
            return fits
        return self._parting.may_restart(self._work[lost], here, there, gone)

    def _hosts(self, reserve: int) -> None:
        """Any `reserve` hosts may go.

        Were each lost host to find `reserve` empty ones that take it while the others run, then by Hall's theorem any
        that many, lost together and empty ones among them, find one each. Only hosts kept apart from each other are
        then left to be tried together, with every loss of empty ones besides.
        """
        short = False
        for lost in self._working if reserve else ():
            places = sum(self._takes(empty, lost, {lost}) for empty in self._empty)
            if places < reserve:
                short = True
                self._say(f"host {lost}", f"what runs on host {lost}", places, reserve)
        if not short and reserve > 1:
            self._several(reserve)

    def _several(self, reserve: int) -> None:
        for lost in self._bound_together(reserve):
            for more in combinations(self._empty, reserve - len(lost)):
                left = [empty for empty in self._empty if empty not in more]
                if not self._restart(list(lost), left, {*lost, *more}, {}):
                    names = " and ".join(lost)
                    self._say(f"host {lost[0]}", f"what runs on hosts {names}", 0, 1)
                    break

    def _bound_together(self, most: int) -> Iterator[tuple[str, ...]]:
        """Sets of working hosts, up to `most`, each of which is kept apart from another of the set."""
        tied: dict[str, set[str]] = defaultdict(set)
        for one, other in combinations(self._working, 2):
            mine = {c.id for ref in self._work[one] for c in self._parting.parted.get(ref, ())}
            if any(c.id in mine for ref in self._work[other] for c in self._parting.parted.get(ref, ())):
                tied[one].add(other)
                tied[other].add(one)
        for size in range(2, most + 1):
            for hosts in combinations(sorted(tied), size):
                if all(tied[host] & set(hosts) for host in hosts):
                    yield hosts

    def _restart(self, lost: list[str], left: list[str], gone: set[str], taken: dict[str, str]) -> bool:
        """Whether lost hosts can restart, each on one of `left`; `taken` says which already did where."""
        if not lost:
            return True
        first, rest = lost[0], lost[1:]
        for empty in left:
            if empty in taken or not self._takes(empty, first, gone):
                continue
            is_apart = all(self._keeps_apart(first, empty, other, where) for where, other in taken.items())
            if is_apart and self._restart(rest, left, gone, {**taken, empty: first}):
                return True
        return False

    def _keeps_apart(self, one: str, empty: str, other: str, where: str) -> bool:
        here, there = self._parting.host(empty), self._parting.host(where)
        if here is None or there is None:
            return True
        shared = {c.id: c for ref in self._work[one] for c in self._parting.parted.get(ref, ())}
        return not any(
            constraint.id in shared and self._parting.are_close(here, there, constraint)
            for ref in self._work[other]
            for constraint in self._parting.parted.get(ref, ())
        )

    def _racks(self) -> None:
        """Any one rack may go, with all hosts in it."""
        for rack in sorted(set(self._rack.values())):
            gone = {host for host, where in self._rack.items() if where == rack}
            lost = [host for host in self._working if host in gone]
            left = [host for host in self._empty if host not in gone]
            takes = {one: [e for e in left if self._takes(e, one, gone)] for one in lost}
            found = _matched(lost, takes)
            if found < len(lost):
                what = f"what runs on {counted(len(lost), 'host')} of rack {rack}"
                self._say(f"rack {rack}", what, found, len(lost))

    def _say(self, object_: str, what: str, places: int, needed: int) -> None:
        name = self._pool.name
        self._findings.add(
            "POOL-RESERVE",
            f"pool {name}, {object_}",
            f"{what} could restart on {places} of the {needed} empty hosts of pool {name} it needs",
            "keep larger hosts empty or in other racks, add one, or spread the work otherwise",
            over=(float(needed - places), "hosts"),
        )


def _matched(lost: Sequence[str], takes: dict[str, list[str]]) -> int:
    """How many of the lost find an empty host each (augmenting paths)."""
    holder: dict[str, str] = {}

    def find(one: str, seen: set[str]) -> bool:
        for empty in takes[one]:
            if empty not in seen:
                seen.add(empty)
                if empty not in holder or find(holder[empty], seen):
                    holder[empty] = one
                    return True
        return False

    return sum(find(one, set()) for one in lost)


# --- storage -------------------------------------------------------------------------------------------------------


def storable_mb(shares_mb: Sequence[float], replicas: int) -> float:
    """The most data that keeps `replicas` copies of everything, no two of anything in one of these domains.

    Data may be cut as fine as wanted: D fits when Σ min(share, D) ≥ replicas × D, whose largest D is the least, over
    the number of largest domains that hold one copy of everything, of what the rest holds for each further copy.
    """
    ordered = sorted(shares_mb, reverse=True)
    return max(0.0, min(sum(ordered[full:]) / (replicas - full) for full in range(max(replicas, 1))))


def _shares(view: View, pool: CloudPool, tier: StorageTier, hosts: Sequence[CloudHost]) -> list[float]:
    """What each failure domain left after the pool's loss brings to a tier; the domain missed most is lost."""
    by_domain: dict[str, float] = defaultdict(float)
    for host in hosts:
        kind = type_of(view, host)
        raw_mb = pool.raw_mb(kind, tier.name) if kind is not None else 0.0
        by_domain[host.rack if pool.failure_domain == "rack" else host.id] += raw_mb * tier.storage_fill
    lost = min(pool.reserve_hosts, 1) if pool.failure_domain == "rack" else pool.reserve_hosts
    return sorted(by_domain.values(), reverse=True)[lost:]


def _storage(
    view: View,
    pool: CloudPool,
    tier: StorageTier,
    hosts: Sequence[CloudHost],
    workloads: Sequence[Ref],
    findings: Findings,
) -> None:
    stored = [ref for ref in workloads if (_tier_of(view, ref) or pool.tier) == tier.name]
    limit = storable_mb(_shares(view, pool, tier, hosts), tier.replicas)
    found = exceeded_by_arrivals(_arrivals(view, stored, "disk_mb"), limit)
    if found and found.over > TOLERANCE:
        name = f"pool {pool.name}" + (f", tier {tier.name}" if tier.name != pool.tier else "")
        copies = f" in {counted(tier.replicas, 'copy')}".replace("copys", "copies")
        findings.add(
            "POOL-STORAGE",
            name,
            f"{name} stores {number(limit + found.over)} MB{copies} and may store {number(limit)} MB",
            "add a host, or move a workload to another pool",
            moment=view.moment(found.since),
            over=(found.over, "MB"),
        )


def _tier_of(view: View, ref: Ref) -> str | None:
    return next(iter(view.tiers_of.get(ref, ())), None)


def _tiers(view: View, pool: CloudPool, workloads: Sequence[Ref], findings: Findings) -> None:
    offered = [tier.name for tier in pool.all_tiers]
    for ref in workloads:
        asked = view.tiers_of.get(ref, [])
        strange = [tier for tier in asked if tier not in offered] or asked[1:]
        if strange:
            findings.add(
                "STORAGE-TIER",
                view.label(ref),
                f"{view.label(ref)} belongs on storage {strange[0]}, its pool {pool.name} has {', '.join(offered)}"
                + (f" and it is asked to be on {asked[0]} as well" if strange == asked[1:] else ""),
                "place it in a pool with that tier",
                asset=ref,
                moment=view.moment(view.arrival(ref)),
            )
