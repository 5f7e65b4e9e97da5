"""Which moves empty hosts (or even a pool out) at least cost, in an order that keeps every promise; or what is missing.

The cost of a move is the memory it copies. What has to leave costs the same wherever it goes, so the sum over it is a
bound that no list of moves beats. Every list is replayed by `verification.draining`, which shares nothing with what is
called here; what it refuses is forbidden and asked again, and a list it still refuses is not handed out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from capacity.draining.cloud import FIXED, Cloud, Host, cloud_of
from capacity.draining.ordering import Hop, Order
from capacity.draining.reassigning import WORK, Asked, targets
from capacity.facility import CloudPool, Facility
from capacity.placing.cloud_storage import host_capacity, tier_storage_mb
from capacity.placing.rack_items import name_of
from capacity.plan import Plan
from capacity.verification.draining import BrokenPromise, WorkloadMove, replay
from inventory.estate import Estate, Ref

ROUNDS = 12  # of forbidding what the replay refused
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted: hosts to empty, or pools to even out. `is_reserve_kept`: the pools' reserve holds all the while.

    `is_storage_leaving`: the emptied hosts' disks go as well; else they stay in service.
    """

    leaving: tuple[str, ...] = ()
    evened: tuple[str, ...] = ()
    is_reserve_kept: bool = True
    is_storage_leaving: bool = False
    seed: int = 0
    work: int = WORK


@dataclass(frozen=True, slots=True)
class Go:
    """One workload of one step. `is_aside`: it steps aside and goes on later."""

    step: int
    asset: Ref
    name: str
    source: str
    target: str
    memory_mb: float
    is_aside: bool


@dataclass(frozen=True, slots=True)
class Stay:
    """A workload that is left on a host to be emptied, and why."""

    asset: Ref
    name: str
    host: str
    why: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What no list of moves can do without: `needs` and `available` of a dimension in a pool; `hosts` more would do."""

    pool: str
    dimension: str
    needs: float
    available: float
    hosts: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Drain:
    """The answer. `reserve`: hosts that stand empty for a loss. `copied_mb` of memory, no less than `bound_mb` for what
    leaves. `fullest` the share of its memory or vCPUs that the fullest host promises, before and after.

    `status`: optimal when the bound is met and nothing stays, feasible when nothing stays, partial, or none.
    """

    wish: Wish
    reserve: tuple[str, ...]
    moves: tuple[Go, ...]
    stays: tuple[Stay, ...]
    missing: tuple[Missing, ...]
    copied_mb: float
    bound_mb: float
    fullest_before: float
    fullest_after: float
    status: str
    refused: tuple[BrokenPromise, ...]


def drain(
    estate: Estate,
    facility: Facility,
    plan: Plan,
    wish: Wish,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Drain:
    """What to move, from where the plan has everything once it is carried out. The same inputs give the same answer."""
    cloud = cloud_of(
        estate,
        facility,
        plan,
        wish.leaving,
        is_reserve_kept=wish.is_reserve_kept,
        is_storage_leaving=wish.is_storage_leaving,
    )
    missing = tuple(_missing(facility, plan, cloud, wish))
    search = _Search(estate, facility, plan, cloud, wish, progress or (lambda _s, _d, _t: None), cancelled)
    is_hopeless = any(entry.dimension in ("hosts", "disk_mb") for entry in missing)
    moves, refused = ([], ()) if is_hopeless else search.best()
    return _answer(estate, cloud, wish, moves, missing, refused)


@dataclass(frozen=True)
class _Search:
    """One question, asked of the solver until the replay agrees with what it says."""

    estate: Estate
    facility: Facility
    plan: Plan
    cloud: Cloud
    wish: Wish
    tell: Progress
    cancelled: Callable[[], bool]

    def best(self) -> tuple[list[Hop], tuple[BrokenPromise, ...]]:
        """The moves that leave least behind, of those the cheapest; or none, and what the replay said of them.

        Moves that fit in any order first; only where they leave something, moves whose order has to be found.
        """
        best: tuple[tuple[int, float], list[Hop]] | None = None
        refused: tuple[BrokenPromise, ...] = ()
        for is_transient in (True, False):
            asked = Asked(is_transient, frozenset(self.wish.evened), self.wish.seed, self.wish.work)
            moves, broken = self._agreed(asked)
            rank = _left(self.cloud, moves), _copied_mb(self.cloud, moves)
            if broken:
                refused = refused or broken
            elif best is None or rank < best[0]:
                best = rank, moves
            if best is not None and best[0][0] == 0:
                break
        return ([], refused) if best is None else (best[1], ())

    def _agreed(self, asked: Asked) -> tuple[list[Hop], tuple[BrokenPromise, ...]]:
        """Moves that the replay agrees with, or the last ones and what it said of them."""
        cloud, wish = self.cloud, self.wish
        number_of = {ref: n for n, group in enumerate(cloud.groups) for ref in group.refs}
        forbidden: set[tuple[int, str]] = set()
        moves: list[Hop] = []
        broken: tuple[BrokenPromise, ...] = ()
        for turn in range(ROUNDS):

            def show(share: float, turn: int = turn) -> None:
                self.tell("moves", turn * 100 + round(share * 100), ROUNDS * 100)

            there = targets(cloud, forbidden, asked, cancelled=self.cancelled, progress=show)
            moves, _ = Order(cloud).all(there)
            broken = replay(
                self.estate,
                self.facility,
                self.plan,
                wish.leaving,
                workload_moves(cloud, moves),
                is_reserve_kept=wish.is_reserve_kept,
                is_storage_leaving=wish.is_storage_leaving,
            )
            more = set(_pairs(moves, broken, number_of)) - forbidden
            if not more:
                break
            forbidden |= more
        return moves, broken


def _pairs(
    moves: list[Hop], broken: Collection[BrokenPromise], number_of: Mapping[Ref, int]
) -> Iterator[tuple[int, str]]:
    """Groups and hosts to forbid, so that what was refused doesn't come back."""
    for promise in broken:
        if promise.asset is not None:
            yield number_of[promise.asset], promise.host
        elif promise.host:  # what runs there could not restart
            yield from ((hop.group, hop.target) for hop in moves if hop.target == promise.host)


def workload_moves(cloud: Cloud, moves: list[Hop]) -> tuple[WorkloadMove, ...]:
    """Hops of groups as steps of their workloads."""
    return tuple(
        WorkloadMove(step, ref, hop.source, hop.target)
        for step, hop in enumerate(moves, start=1)
        for ref in cloud.groups[hop.group].refs
    )


# --- what is missing -------------------------------------------------------------------------------------------------


def _missing(facility: Facility, plan: Plan, cloud: Cloud, wish: Wish) -> Iterator[Missing]:
    """What no moves can mend: totals of what has to stay in a pool over what its hosts then offer."""
    for pool in facility.pools:
        mine = [group for n, group in enumerate(cloud.groups) if cloud.pool_of[n] == pool.name]
        hosts = [host for host in cloud.hosts if host.pool == pool.name]
        if not any(group.host in cloud.leaving for group in mine):
            continue
        is_open = [host for host in hosts if host.is_open]
        if not is_open:
            needed = pool.reserve_hosts if wish.is_reserve_kept else 0
            left = sum(host.id not in cloud.leaving for host in hosts)
            why = f"no host of pool {pool.name} is left to take work, and no other pool serves it"
            if left:
                why = f"the {left} hosts left of pool {pool.name} have to stand in reserve"
            yield Missing(pool.name, "hosts", needed + 1.0, float(left), needed + 1 - left, why)
            continue
        each = host_capacity(pool)
        for d, dimension in enumerate(("vcpus", "memory_mb")):
            needs = sum((group.vcpus, group.memory_mb)[d] for group in mine)
            available = sum((host.vcpus, host.memory_mb)[d] for host in is_open)
            if needs > available + 1e-6:
                more = math.ceil((needs - available) / each[d] - 1e-9)
                why = f"all that runs in pool {pool.name} asks more than the hosts that are left may promise"
                yield Missing(pool.name, dimension, needs, available, more, why)
        yield from _apart(pool, cloud, is_open)
        if wish.is_storage_leaving:
            yield from _storage(pool, plan, cloud)


def _apart(pool: CloudPool, cloud: Cloud, is_open: Sequence[Host]) -> Iterator[Missing]:
    """Constraints that keep more apart than there are hosts, or racks, left to keep it apart on."""
    members: Counter[int] = Counter()
    for n, group in enumerate(cloud.groups):
        if cloud.pool_of[n] == pool.name:
            members.update(set(group.apart))
    worst: tuple[int, int, str] | None = None
    for constraint, count in sorted(members.items()):
        is_host = cloud.constraints[constraint].scope == "host"
        places = len({host.id if is_host else host.rack for host in is_open})
        if count > places and (worst is None or count - places > worst[0] - worst[1]):
            worst = count, places, "hosts" if is_host else "racks"
    if worst is not None:
        count, places, what = worst
        why = f"{count} workloads of pool {pool.name} are kept apart, and {places} {what} are left that take work"
        yield Missing(pool.name, "apart", float(count), float(places), count - places, why)


def _storage(pool: CloudPool, plan: Plan, cloud: Cloud) -> Iterator[Missing]:
    kinds = [
        pool.type_named(host.model) or pool.host_type
        for host in plan.hosts
        if host.pool == pool.name and host.id not in cloud.leaving
    ]
    for number, tier in enumerate(pool.all_tiers):
        needs = sum(
            disk_mb
            for n, group in enumerate(cloud.groups)
            if cloud.pool_of[n] == pool.name
            for asked, disk_mb in group.disks_mb
            if (asked or pool.tier) == tier.name
        )
        available = tier_storage_mb(pool, number, kinds)
        if needs > available + 1e-6:
            more = 1
            while more < 10_000 and tier_storage_mb(pool, number, [*kinds, *[pool.host_type] * more]) < needs:
                more += 1
            why = f"pool {pool.name} stores more on {tier.name} than the hosts that are left may"
            yield Missing(pool.name, "disk_mb", needs, available, more, why)


# --- the answer ------------------------------------------------------------------------------------------------------


def _copied_mb(cloud: Cloud, moves: list[Hop]) -> float:
    return sum(cloud.groups[hop.group].memory_mb for hop in moves)


def _left(cloud: Cloud, moves: list[Hop]) -> int:
    """How many workloads stay on hosts to be emptied."""
    at = {n: group.host for n, group in enumerate(cloud.groups)} | {hop.group: hop.target for hop in moves}
    return sum(len(cloud.groups[n].refs) for n, host in at.items() if host in cloud.leaving)


def _answer(
    estate: Estate,
    cloud: Cloud,
    wish: Wish,
    moves: list[Hop],
    missing: tuple[Missing, ...],
    refused: tuple[BrokenPromise, ...],
) -> Drain:
    order = Order(cloud)
    before = _fullest(cloud, order, wish)
    last = {hop.group: step for step, hop in enumerate(moves)}
    gone: list[Go] = []
    for step, hop in enumerate(moves):
        order.go(hop.group, hop.target)
        group = cloud.groups[hop.group]
        share_mb = group.memory_mb / len(group.refs)
        gone += [
            Go(step + 1, ref, name_of(estate, ref), hop.source, hop.target, share_mb, last[hop.group] != step)
            for ref in group.refs
        ]
    stays = tuple(_stays(estate, cloud, order, missing))
    moved = {hop.group for hop in moves}
    bound = sum(cloud.groups[n].memory_mb for n in moved if cloud.groups[n].host in cloud.leaving)
    copied = _copied_mb(cloud, moves)
    whole = not stays and not refused and not missing
    status = "none" if refused or (stays and not moves) else "partial" if not whole else "feasible"
    if whole and not wish.evened and copied <= bound + 1e-6:
        status = "optimal"
    return Drain(
        wish,
        tuple(
            host.id for host in cloud.hosts if host.id in cloud.reserve and host.pool in _pools(cloud, wish)
        ),
        tuple(gone),
        stays,
        missing,
        copied,
        bound,
        before,
        _fullest(cloud, order, wish),
        status,
        refused,
    )


def _pools(cloud: Cloud, wish: Wish) -> set[str]:
    """The pools concerned."""
    return {*wish.evened, *(host.pool for host in cloud.hosts if host.id in cloud.leaving)}


def _fullest(cloud: Cloud, order: Order, wish: Wish) -> float:
    """The largest share of memory or vCPUs that a host of the pools concerned promises."""
    pools = _pools(cloud, wish)
    shares = [
        load / limit
        for host in cloud.hosts
        if host.pool in pools
        for load, limit in zip(order.load[host.id], (host.vcpus, host.memory_mb), strict=True)
        if limit
    ]
    return max(shares, default=0.0)


def _stays(estate: Estate, cloud: Cloud, order: Order, missing: tuple[Missing, ...]) -> Iterator[Stay]:
    short = {entry.pool: entry for entry in missing}
    for n, group in enumerate(cloud.groups):
        if order.at[n] not in cloud.leaving:
            continue
        entry = short.get(cloud.pool_of[n])
        fitting = [
            host
            for host in cloud.hosts
            if host.is_open and host.pool == cloud.pool_of[n]
            and host.vcpus >= group.vcpus - 1e-6 and host.memory_mb >= group.memory_mb - 1e-6
        ]  # fmt: skip
        why = (
            FIXED if group.is_fixed
            else entry.explanation if entry is not None
            else "no open host is as large as it is" if not fitting
            else "its constraints leave it no host" if not any(
                host.rack not in group.barred and (group.racks is None or host.rack in group.racks)
                for host in fitting
            )
            else "no room was found for it beside the rest, which is no proof that there is none"
        )  # fmt: skip
        for ref in group.refs:
            yield Stay(ref, name_of(estate, ref), group.host, why)
