"""An order in which groups can go to their targets one after another, each counted on both hosts while it moves.

Takes any move that is possible now; where none is, lets one group step aside on a third host so that another may go.
What no order was found for is handed back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from capacity.draining.cloud import Cloud

TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Hop:
    """A group, by its number, goes from one host to another."""

    group: int
    source: str
    target: str


class Order:
    """The cloud while groups move."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.at = [group.host for group in cloud.groups]
        self.hosts = {host.id: host for host in cloud.hosts}
        self.load = {host.id: [0.0, 0.0] for host in cloud.hosts}
        self.inside: dict[str, set[int]] = {host.id: set() for host in cloud.hosts}
        self.members: dict[int, list[int]] = {}
        for n, group in enumerate(cloud.groups):
            self._enter(n, group.host)
            for constraint in group.apart:
                self.members.setdefault(constraint, []).append(n)

    def _enter(self, n: int, host: str) -> None:
        self.inside[host].add(n)
        self.load[host][0] += self.cloud.groups[n].vcpus
        self.load[host][1] += self.cloud.groups[n].memory_mb

    def _leave(self, n: int, host: str) -> None:
        self.inside[host].discard(n)
        self.load[host][0] -= self.cloud.groups[n].vcpus
        self.load[host][1] -= self.cloud.groups[n].memory_mb

    def can_go(self, n: int, target: str) -> bool:
        """Whether a host has room for a group now, and nothing near it that the group is kept apart from."""
        group, host = self.cloud.groups[n], self.hosts[target]
        vcpus, memory_mb = self.load[target]
        if (
            vcpus + group.vcpus > host.vcpus + TOLERANCE
            or memory_mb + group.memory_mb > host.memory_mb + TOLERANCE
        ):
            return False
        for constraint in group.apart:
            is_host = self.cloud.constraints[constraint].scope == "host"
            for other in self.members[constraint]:
                near = self.at[other] == target if is_host else self.hosts[self.at[other]].rack == host.rack
                if other != n and near:
                    return False
        return True

    def go(self, n: int, target: str) -> Hop:
        """Move a group; returns the move."""
        source = self.at[n]
        self._leave(n, source)
        self._enter(n, target)
        self.at[n] = target
        return Hop(n, source, target)

    def all(self, targets: Mapping[int, str]) -> tuple[list[Hop], list[int]]:
        """The moves in order, and the groups that found no way to their targets."""
        moves: list[Hop] = []
        waiting = sorted(targets, key=self._first)
        asides = len(waiting)
        while waiting:
            going = next((n for n in waiting if self.can_go(n, targets[n])), None)
            if going is not None:
                moves.append(self.go(going, targets[going]))
                waiting.remove(going)
                continue
            aside = self._aside(waiting, targets) if asides else None
            if aside is None:
                break
            asides -= 1
            moves.append(self.go(*aside))
        return moves, waiting

    def _first(self, n: int) -> tuple[bool, str, float, int]:
        """What leaves hosts that are to be emptied goes first, host by host, the largest first."""
        group = self.cloud.groups[n]
        return group.host not in self.cloud.leaving, group.host, -group.memory_mb, n

    def _aside(self, waiting: Iterable[int], targets: Mapping[int, str]) -> tuple[int, str] | None:
        """A waiting group and a host where it is out of the way of another waiting one."""
        waiting = sorted(waiting, key=lambda n: (self.cloud.groups[n].memory_mb, n))
        for n in waiting:
            here = self.at[n]
            blocked = [other for other in waiting if other != n and targets[other] == here]
            for host in self.others(n, here, targets[n]) if blocked else ():
                self.go(n, host)
                frees = any(self.can_go(other, here) for other in blocked)
                self.go(n, here)
                if frees:
                    return n, host
        return None

    def others(self, n: int, *but: str) -> Iterable[str]:
        """The hosts that may take a group now."""
        pool = self.cloud.pool_of[n]
        group = self.cloud.groups[n]
        for host in self.cloud.hosts:
            if (
                host.is_open
                and host.pool == pool
                and host.id not in but
                and (group.racks is None or host.rack in group.racks)
                and host.rack not in group.barred
                and self.can_go(n, host.id)
            ):
                yield host.id


def placed_by_size(
    cloud: Cloud, forbidden: Collection[tuple[int, str]], *, is_large_first: bool
) -> list[Hop]:
    """What has to leave goes, by size, to the fullest host that still has room for it; nothing else moves."""
    order = Order(cloud)
    is_open = {host.id for host in cloud.hosts if host.is_open}
    moves: list[Hop] = []
    leaving = [n for n, group in enumerate(cloud.groups) if group.host not in is_open and not group.is_fixed]
    sign = -1 if is_large_first else 1
    for n in sorted(
        leaving, key=lambda n: (sign * cloud.groups[n].memory_mb, sign * cloud.groups[n].vcpus, n)
    ):
        open_to = [host for host in order.others(n, cloud.groups[n].host) if (n, host) not in forbidden]
        if open_to:
            fullest = min(open_to, key=lambda host: (order.hosts[host].memory_mb - order.load[host][1], host))
            moves.append(order.go(n, fullest))
    return moves
