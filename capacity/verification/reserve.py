"""The rule on a pool's reserve: whatever hosts it says may go at once, the work of each restarts whole elsewhere.

Proven loss by loss, at every stage of the pool's growth: on an empty host that is left, within its vCPUs and memory and
as far apart as its constraints ask.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations, islice

from capacity.facility import CloudPool
from capacity.plan import CloudHost
from capacity.verification.hosts import limits, type_of
from capacity.verification.moments import beyond
from capacity.verification.parting import Parting
from capacity.verification.view import View
from capacity.verification.violations import Findings, counted
from inventory.estate import Ref


@dataclass(slots=True)
class Running:
    """What a host runs: how many workloads, their vCPUs and MB of memory, and those kept apart by rack or feed."""

    count: int = 0
    vcpus: float = 0.0
    memory_mb: float = 0.0
    parted: list[Ref] = field(default_factory=list)

    def add(self, view: View, ref: Ref, *, is_parted: bool) -> None:
        """Count one workload more."""
        self.count += 1
        self.vcpus += view.amount(ref, "vcpus")
        self.memory_mb += view.amount(ref, "memory_mb")
        if is_parted:
            self.parted.append(ref)


@dataclass(frozen=True, slots=True)
class Stage:
    """A pool just before a further host is up (`until`, in seconds; infinite at the end): the hosts that are, all that
    has come to the pool by then, what of it each host runs and how much of it is on each tier of storage; and the
    moment of the last arrival, None at the end, when all are there.
    """

    until: float
    moment: datetime | None
    hosts: Sequence[CloudHost]
    workloads: Sequence[Ref]
    running: Mapping[str, Running]
    stored_mb: Mapping[str, float]


def check(
    view: View, pool: CloudPool, stage: Stage, parting: Parting, findings: Findings, said: set[str]
) -> None:
    """Note what could not restart, once for each object: `said` names those of earlier stages."""
    _Reserve(view, pool, stage, parting, findings, said).check()


class _Reserve:
    """Whether a pool's hosts may go as it says, with work on them."""

    def __init__(
        self, view: View, pool: CloudPool, stage: Stage, parting: Parting, findings: Findings, said: set[str]
    ) -> None:
        self._view, self._pool, self._stage = view, pool, stage
        self._parting, self._findings, self._said = parting, findings, said
        self._rack = {host.id: host.rack for host in stage.hosts}
        self._limits = {
            h.id: limits(pool, kind) for h in stage.hosts if (kind := type_of(view, h)) is not None
        }
        self._runs = stage.running
        self._working = [host.id for host in stage.hosts if self._runs[host.id].count]
        self._empty = [host.id for host in stage.hosts if not self._runs[host.id].count]

    def check(self) -> None:
        reserve, name = self._pool.reserve_hosts, self._pool.name
        if len(self._empty) < reserve:
            self._note(
                f"pool {name}",
                f"pool {name} keeps {len(self._empty)} hosts empty and has to keep {reserve}",
                "add a host, or empty one",
                reserve - len(self._empty),
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
                (self._runs[lost].vcpus, self._runs[lost].memory_mb),
                self._limits[lost],
                self._limits[empty],
                strict=True,
            )
        )
        here, there = self._parting.host(lost), self._parting.host(empty)
        if not fits or here is None or there is None:
            return fits
        return self._parting.may_restart(self._runs[lost].parted, here, there, gone, self._stage.until)

    def _hosts(self, reserve: int) -> None:
        """Any `reserve` hosts may go.

        Were each lost host to find `reserve` empty ones that take it while the others run, then by Hall's theorem any
        that many, lost together and empty ones among them, find one each. Only hosts kept apart from each other are
        then left to be tried together, with every loss of empty ones besides.
        """
        short = False
        for lost in self._working if reserve else ():
            # No more are looked for than are asked: while a pool grows, most of its hosts are empty.
            taking = (empty for empty in self._empty if self._takes(empty, lost, {lost}))
            places = len(list(islice(taking, reserve)))
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
            mine = {c.id for ref in self._runs[one].parted for c in self._parting.parted.get(ref, ())}
            if any(
                c.id in mine for ref in self._runs[other].parted for c in self._parting.parted.get(ref, ())
            ):
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
        shared = {c.id: c for ref in self._runs[one].parted for c in self._parting.parted.get(ref, ())}
        return not any(
            constraint.id in shared and self._parting.are_close(here, there, constraint)
            for ref in self._runs[other].parted
            for constraint in self._parting.parted.get(ref, ())
        )

    def _racks(self) -> None:
        """Any one rack may go, with all hosts in it."""
        for rack in sorted(set(self._rack.values())):
            gone = {host for host, where in self._rack.items() if where == rack}
            lost = [host for host in self._working if host in gone]
            left = [host for host in self._empty if host not in gone]
            takes = {one: [e for e in left if self._takes(e, one, gone)] for one in lost}
            found = matched(takes)
            if found < len(lost):
                what = f"what runs on {counted(len(lost), 'host')} of rack {rack}"
                self._say(f"rack {rack}", what, found, len(lost))

    def _say(self, object_: str, what: str, places: int, needed: int) -> None:
        name = self._pool.name
        self._note(
            f"pool {name}, {object_}",
            f"{what} could restart on {places} of the {needed} empty hosts of pool {name} it needs",
            "keep larger hosts empty or in other racks, add one, or spread the work otherwise",
            needed - places,
        )

    def _note(self, object_: str, message: str, remedy: str, over: int) -> None:
        """Note a shortage where it shows first."""
        if object_ not in self._said:
            self._said.add(object_)
            self._findings.add(
                "POOL-RESERVE",
                object_,
                message,
                remedy,
                moment=self._stage.moment,
                over=(float(over), "hosts"),
            )


def matched(takes: Mapping[str, Sequence[str]]) -> int:
    """How many lost hosts find one each of the empty ones that take them (augmenting paths)."""
    holder: dict[str, str] = {}

    def find(one: str, seen: set[str]) -> bool:
        for empty in takes[one]:
            if empty not in seen:
                seen.add(empty)
                if empty not in holder or find(holder[empty], seen):
                    holder[empty] = one
                    return True
        return False

    return sum(find(one, set()) for one in takes)
