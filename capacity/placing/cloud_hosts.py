"""How many hosts of which types a pool needs, and what runs on each: one pool at a time.

Tries every type to fill first and every type to keep in reserve (hosts are filled no fuller than a reserve host can
take), packs with the packing solver, adds hosts for storage, and at last takes leaner types where the load allows.
Fewest left out, then fewest hosts, then least power. Pools and what may run in them are `cloud_placement`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from capacity.facility import CloudPool, HostType
from capacity.placing.cloud_storage import (
    NO_LIMIT,
    host_capacity,
    hosts_for_storage,
    stores,
    tier_storage_mb,
)
from capacity.resources import TOLERANCE

MOST_PERMUTED = 3  # types whose every order is tried
Packer = Callable[[Sequence[int], tuple[float, float], int], list[int]]  # items, room of a host, most hosts


@dataclass(frozen=True, slots=True)
class Piece:
    """What has to run on one host: vCPUs, MB of memory, MB by tier number of its pool, and how many workloads."""

    vcpus: float
    memory_mb: float
    disks_mb: Mapping[int, float]
    count: int

    @property
    def disk_mb(self) -> float:
        return sum(self.disks_mb.values())


@dataclass(frozen=True, slots=True)
class Fleet:
    """The hosts of a pool: types of all, those with work first; `host` [pieces] is a number among them, -1: out."""

    kinds: tuple[HostType, ...]
    working: int
    host: tuple[int, ...]

    def rank(self, pieces: Sequence[Piece]) -> tuple[int, int, float]:
        """Less is better: workloads out, hosts, W."""
        out = sum(piece.count for piece, host in zip(pieces, self.host, strict=True) if host < 0)
        return out, len(self.kinds), sum(kind.power_w for kind in self.kinds)


def fleet(
    pool: CloudPool, pieces: Sequence[Piece], limit: int, stock: Mapping[str, int], pack: Packer, empty: int
) -> Fleet:
    """The best fleet found of at most `limit` hosts, `empty` of them and no fewer than the reserve without work.

    `stock`: hosts to be had by type, those not named without limit. `pack` fills equal hosts.
    """
    nobody = Fleet((), 0, (-1,) * len(pieces))
    if not pieces:
        return nobody
    best = nobody
    for kept in _reserves(pool, empty):
        if len(kept) > limit or any(n > stock.get(m, NO_LIMIT) for m, n in _models(kept).items()):
            continue
        for order in _orders(pool):
            trial = _Fill(pool, pieces, limit, stock, pack).fill(kept, order)
            best = min(best, trial, key=lambda found: found.rank(pieces))
    return best


def _models(kinds: Sequence[HostType]) -> Counter[str]:
    return Counter(kind.model for kind in kinds)


def _reserves(pool: CloudPool, empty: int) -> Iterator[tuple[HostType, ...]]:
    """What may be kept empty: so many hosts of one type, or of two where neither stands in for the other."""
    if empty == 0:
        yield ()
        return
    for kind in pool.host_types:
        yield (kind,) * empty
    for one, other in combinations(pool.host_types, 2):
        if not (_covers(pool, one, other) or _covers(pool, other, one)):
            yield (one,) * empty + (other,) * empty


def _covers(pool: CloudPool, one: HostType, other: HostType) -> bool:
    rooms = zip(host_capacity(pool, one), host_capacity(pool, other), strict=True)
    return all(mine >= theirs for mine, theirs in rooms)


def _orders(pool: CloudPool) -> list[tuple[HostType, ...]]:
    """Orders in which types are filled: all of three, each first of more."""
    kinds = pool.host_types
    if len(kinds) <= MOST_PERMUTED:
        return list(permutations(kinds))
    return [(kind, *(other for other in kinds if other != kind)) for kind in kinds]


class _Fill:
    """One try: types in an order, a reserve."""

    def __init__(
        self,
        pool: CloudPool,
        pieces: Sequence[Piece],
        limit: int,
        stock: Mapping[str, int],
        pack: Packer,
    ) -> None:
        self.pool, self.pieces, self.limit, self.stock, self.pack = pool, pieces, limit, stock, pack
        self.kinds: list[HostType] = []
        self.host = [-1] * len(pieces)

    def fill(self, kept: Sequence[HostType], order: Sequence[HostType]) -> Fleet:
        waiting = self._within_storage()
        for kind in order:
            room = self.limit - len(kept) - len(self.kinds)
            most = min(room, self._left(kind, kept))
            if not waiting or most <= 0:
                continue
            numbers = self.pack(waiting, self._room(kind, kept), min(most, len(waiting)))
            used = {
                old: new for new, old in enumerate(sorted({n for n in numbers if n >= 0}), len(self.kinds))
            }
            for piece, number in zip(waiting, numbers, strict=True):
                self.host[piece] = used.get(number, -1)
            waiting = [p for p in waiting if self.host[p] < 0]
            self.kinds += [kind] * len(used)
        spare = self._for_storage(kept)
        self._lean(spare)
        return Fleet((*self.kinds, *self._lean_reserve(spare, kept)), len(self.kinds), tuple(self.host))

    def _left(self, kind: HostType, besides: Sequence[HostType]) -> int:
        """Hosts of a type still to be had, those used and `besides` taken off."""
        used = sum(k.model == kind.model for k in (*self.kinds, *besides))
        return self.stock.get(kind.model, NO_LIMIT) - used

    def _room(self, kind: HostType, kept: Sequence[HostType]) -> tuple[float, float]:
        """How full a host may get: as far as some reserve host could take it over."""
        if not kept or any(_covers(self.pool, reserve, kind) for reserve in kept):
            return host_capacity(self.pool, kind)
        own, other = host_capacity(self.pool, kind), host_capacity(self.pool, kept[0])
        return min(own[0], other[0]), min(own[1], other[1])

    def _disks(self, inside: Sequence[int]) -> dict[int, float]:
        found: dict[int, float] = {}
        for number in inside:
            for tier, disk_mb in self.pieces[number].disks_mb.items():
                found[tier] = found.get(tier, 0.0) + disk_mb
        return found

    def _within_storage(self) -> list[int]:
        """Which pieces the pool's storage could hold; the largest disks for what they hold stay out first."""
        kept = list(range(len(self.pieces)))
        if self.limit >= NO_LIMIT:
            return kept
        for tier in range(len(self.pool.all_tiers)):
            room = max(tier_storage_mb(self.pool, tier, [kind] * self.limit) for kind in self.pool.host_types)
            total = self._disks(kept).get(tier, 0.0)
            for number in sorted(kept, key=lambda n: (-self._share(n, tier), n)):
                if total <= room + TOLERANCE:
                    break
                total -= self.pieces[number].disks_mb.get(tier, 0.0)
                kept.remove(number)
        return kept

    def _share(self, number: int, tier: int) -> float:
        return self.pieces[number].disks_mb.get(tier, 0.0) / self.pieces[number].count

    def _for_storage(self, kept: Sequence[HostType]) -> list[HostType]:
        """The reserve and what more hosts storage takes; where the pool may not have them, pieces go out."""
        inside = [number for number, host in enumerate(self.host) if host >= 0]
        if not inside:
            self.kinds = []
            return []
        while True:
            more = self._more(kept, self._disks(inside))
            if more is not None:
                return [*kept, *more]
            out = max(inside, key=lambda n: (self.pieces[n].disk_mb / self.pieces[n].count, -n))
            inside.remove(out)
            self.host[out] = -1
            self._close_empty()

    def _more(self, kept: Sequence[HostType], disks_mb: Mapping[int, float]) -> list[HostType] | None:
        """Hosts that storage takes besides: of one type for all tiers, else of one for each; None: not to be had."""
        added: list[HostType] = []
        for wanted in (disks_mb, *({tier: disk_mb} for tier, disk_mb in disks_mb.items())):
            tries = []
            for kind in self.pool.host_types:
                have = [*self.kinds, *kept, *added]
                most = max(0, min(self.limit - len(have), self._left(kind, [*kept, *added])))
                count = hosts_for_storage(self.pool, have, kind, wanted, most)
                if count <= most:
                    tries.append((count, count * kind.power_w, kind))
            if tries:
                count, _, kind = min(tries, key=lambda found: found[:2])
                added += [kind] * count
                if wanted is disks_mb:
                    return added
            elif wanted is not disks_mb:
                return None
        return added

    def _close_empty(self) -> None:
        """Number hosts without gaps when one has lost its last piece."""
        used = sorted({host for host in self.host if host >= 0})
        if len(used) < len(self.kinds):
            new = {old: number for number, old in enumerate(used)}
            self.kinds = [self.kinds[old] for old in used]
            self.host = [new.get(host, -1) for host in self.host]

    # --- leaner types ----------------------------------------------------------------------------------------------

    def _lean(self, spare: Sequence[HostType]) -> None:
        """Give each host the type of least draw that holds its load, while storage lasts."""
        if len(self.pool.host_types) < 2:
            return
        disks_mb = self._disks([number for number, host in enumerate(self.host) if host >= 0])
        loads = self._loads()
        for host in sorted(range(len(self.kinds)), key=lambda h: (-self.kinds[h].power_w, h)):
            for kind in sorted(self.pool.host_types, key=lambda k: k.power_w):
                if kind.power_w >= self.kinds[host].power_w:
                    break
                others = [*self.kinds[:host], kind, *self.kinds[host + 1 :], *spare]
                fits = self._holds(kind, [loads[host]]) and self._left(kind, spare) > 0
                if fits and stores(self.pool, others, disks_mb):
                    self.kinds[host] = kind
                    break

    def _loads(self) -> list[tuple[float, float]]:
        loads = [(0.0, 0.0)] * len(self.kinds)
        for piece, host in zip(self.pieces, self.host, strict=True):
            if host >= 0:
                loads[host] = loads[host][0] + piece.vcpus, loads[host][1] + piece.memory_mb
        return loads

    def _holds(self, kind: HostType, loads: Sequence[tuple[float, float]]) -> bool:
        vcpus, memory_mb = host_capacity(self.pool, kind)
        return all(load[0] <= vcpus + TOLERANCE and load[1] <= memory_mb + TOLERANCE for load in loads)

    def _lean_reserve(self, spare: Sequence[HostType], kept: Sequence[HostType]) -> list[HostType]:
        """The empty hosts, all of one leaner type where that takes over any host and storage lasts."""
        best = list(spare)
        if len(self.pool.host_types) < 2 or not spare:
            return best
        disks_mb = self._disks([number for number, host in enumerate(self.host) if host >= 0])
        loads = self._loads()
        for kind in self.pool.host_types:
            trial = [*[kind] * len(kept), *spare[len(kept) :]]
            is_leaner = sum(k.power_w for k in trial) < sum(k.power_w for k in best)
            room = self._left(kind, spare[len(kept) :]) >= len(kept)
            holds = is_leaner and room and self._holds(kind, loads)
            if holds and stores(self.pool, [*self.kinds, *trial], disks_mb):
                best = trial
        return best
