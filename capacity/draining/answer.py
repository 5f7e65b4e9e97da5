"""Which moves empty hosts (or even a pool out) at least cost, in an order that keeps every promise; or what is missing.

The cost of a move is the memory it copies. What has to leave costs the same wherever it goes, so the sum over it is a
bound that no list of moves beats. Every list is replayed by `verification.draining`, which shares nothing with what is
called here; what it refuses is forbidden and asked again, and a list it still refuses is not handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from capacity.draining.cloud import FIXED, Cloud, cloud_of
from capacity.draining.missing import Missing, missing
from capacity.draining.ordering import Hop, Order, placed_by_size
from capacity.draining.reassigning import WORK, Asked, targets
from capacity.facility import Facility
from capacity.placing.rack_items import name_of
from capacity.plan import Plan
from capacity.verification.draining import BrokenPromise, WorkloadMove, replay
from inventory.estate import Estate, Ref

ROUNDS = 12  # of forbidding what the replay refused
ROOMIEST = 6  # hosts whose work may make room before everything may
GROUPS = 500  # that the solver's usual work is enough for
MOST_LONGER = 6  # times that work, for more groups
Progress = Callable[[str, int, int], None]
Way = Callable[[Collection[tuple[int, str]]], list[Hop]]  # moves that keep off some pairs of group and host


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
    lacking = tuple(
        missing(
            facility,
            plan,
            cloud,
            is_reserve_kept=wish.is_reserve_kept,
            is_storage_leaving=wish.is_storage_leaving,
        )
    )
    search = _Search(estate, facility, plan, cloud, wish, progress or (lambda _s, _d, _t: None), cancelled)
    is_hopeless = any(entry.dimension in ("hosts", "disk_mb") for entry in lacking)
    moves, refused = ([], ()) if is_hopeless else search.best(is_short=bool(lacking))
    return _answer(estate, cloud, wish, moves, lacking, refused)


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

    def best(self, *, is_short: bool) -> tuple[list[Hop], tuple[BrokenPromise, ...]]:
        """The moves that leave least behind, of those the cheapest; or none, and what the replay said of them.

        First what has to leave goes wherever there is room for it, one after another. While that leaves something, the
        solver is asked: of what has to leave alone, then with what runs on the roomiest hosts, with everything, and at
        last in moves whose order has to be found. `is_short`: something will stay.
        """
        best: tuple[tuple[int, float], list[Hop]] | None = None
        refused: tuple[BrokenPromise, ...] = ()
        for way in self._ways(is_short=is_short):
            moves, broken = self._agreed(way)
            rank = _left(self.cloud, moves), _copied_mb(self.cloud, moves)
            if broken:
                refused = refused or broken
            elif best is None or rank < best[0]:
                best = rank, moves
            if (best is not None and best[0][0] == 0) or self.cancelled():
                break
        return ([], refused) if best is None else (best[1], ())

    def _ways(self, *, is_short: bool) -> Iterator[Way]:
        if not self.wish.evened:
            yield partial(placed_by_size, self.cloud, is_large_first=True)
            yield partial(placed_by_size, self.cloud, is_large_first=False)
        for asked in self._questions(is_short=is_short):
            yield partial(self._solved, asked)

    def _solved(self, asked: Asked, forbidden: Collection[tuple[int, str]]) -> list[Hop]:
        def show(share: float) -> None:
            self.tell("moves", round(share * 100), 100)

        return Order(self.cloud).all(
            targets(self.cloud, forbidden, asked, cancelled=self.cancelled, progress=show)
        )[0]

    def _questions(self, *, is_short: bool) -> Iterator[Asked]:
        cloud, wish = self.cloud, self.wish
        evened = frozenset(wish.evened)
        pools = _pools(cloud, wish)
        closed = {host.id for host in cloud.hosts if not host.is_open}
        every = [
            n for n, group in enumerate(cloud.groups) if cloud.pool_of[n] in pools or group.pools[0] in pools
        ]
        first = [n for n in every if cloud.groups[n].host in closed]
        near = set(self._roomiest(pools))
        wide = [n for n in every if n in first or cloud.groups[n].host in near]
        long = wish.work * max(1, min(MOST_LONGER, len(every) // GROUPS))
        if evened:
            yield Asked(tuple(every), is_transient=True, evened=evened, seed=wish.seed, work=long)
            return
        yield Asked(tuple(first), is_transient=True, seed=wish.seed, work=wish.work)
        yield Asked(tuple(wide), is_transient=True, seed=wish.seed, work=wish.work)
        if not is_short and len(every) > len(wide):
            yield Asked(tuple(every), is_transient=True, seed=wish.seed, work=long)
        yield Asked(tuple(wide), is_transient=False, seed=wish.seed, work=wish.work)
        if not is_short and len(every) > len(wide):
            yield Asked(tuple(every), is_transient=False, seed=wish.seed, work=long)

    def _roomiest(self, pools: Collection[str]) -> list[str]:
        """The open hosts with most memory left."""
        left = {host.id: host.memory_mb for host in self.cloud.hosts if host.is_open and host.pool in pools}
        for group in self.cloud.groups:
            if group.host in left:
                left[group.host] -= group.memory_mb
        return sorted(left, key=lambda host: (-left[host], host))[: ROOMIEST + 2 * len(self.wish.leaving)]

    def _agreed(self, way: Way) -> tuple[list[Hop], tuple[BrokenPromise, ...]]:
        """Moves that the replay agrees with, or the last ones and what it said of them."""
        cloud, wish = self.cloud, self.wish
        number_of = {ref: n for n, group in enumerate(cloud.groups) for ref in group.refs}
        forbidden: set[tuple[int, str]] = set()
        moves: list[Hop] = []
        broken: tuple[BrokenPromise, ...] = ()
        for _ in range(ROUNDS):
            moves = way(forbidden)
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
    lacking: tuple[Missing, ...],
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
    stays = tuple(_stays(estate, cloud, order, lacking))
    moved = {hop.group for hop in moves}
    bound = sum(cloud.groups[n].memory_mb for n in moved if cloud.groups[n].host in cloud.leaving)
    copied = _copied_mb(cloud, moves)
    whole = not stays and not refused and not lacking
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
        lacking,
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


def _stays(estate: Estate, cloud: Cloud, order: Order, lacking: tuple[Missing, ...]) -> Iterator[Stay]:
    short = {entry.pool: entry for entry in lacking}
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
