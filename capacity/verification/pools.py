"""Rules on cloud pools: how many hosts one has, that they may go, and what it stores, at every stage of its growth.

A pool's hosts may come one after another, and its workloads do. Both only ever add up, so that it is enough to look at
each pool just before a further host comes, and at the end. That hosts may go is for `reserve`, the rest for `storage`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from capacity.facility import CloudPool
from capacity.plan import CloudHost
from capacity.verification import reserve, storage
from capacity.verification.contents import Thing
from capacity.verification.moments import TIME_TOLERANCE
from capacity.verification.parting import Parting
from capacity.verification.reserve import Running, Stage
from capacity.verification.view import View
from capacity.verification.violations import Findings
from inventory.estate import Ref


def check(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    in_pool: dict[str, list[Ref]] = defaultdict(list)
    for ref, placement in view.placed_workloads.items():
        host = view.hosts.get(placement.host)
        in_pool[host.pool if host else placement.pool].append(ref)
    parting = Parting(view, things)
    for pool in view.pools.values():
        hosts = [host for host in view.hosts.values() if host.pool == pool.name]
        _most(pool, hosts, findings)
        workloads = in_pool.get(pool.name, [])
        said: set[str] = set()
        for stage in _stages(view, pool, hosts, workloads, parting):
            reserve.check(view, pool, stage, parting, findings, said)
            storage.check(view, pool, stage, findings, said)
        storage.check_tiers(view, pool, workloads, findings)


def _stages(
    view: View, pool: CloudPool, hosts: Sequence[CloudHost], workloads: Sequence[Ref], parting: Parting
) -> Iterator[Stage]:
    """A pool with workloads just before each of its later hosts comes up, and once all have.

    Sums are carried on from stage to stage, so each has to be looked at before the next is asked for.
    """
    up = {host.id: view.host_up(host.id) for host in hosts}
    arrivals = {ref: view.arrival(ref) for ref in workloads}
    ordered = sorted(workloads, key=arrivals.__getitem__)
    running = {host.id: Running() for host in hosts}
    stored_mb: dict[str, float] = defaultdict(float)
    count = 0
    for until in (*sorted(set(up.values())), math.inf):
        before, count = count, bisect_left(ordered, until - TIME_TOLERANCE, key=arrivals.__getitem__)
        for ref in ordered[before:count]:
            stored_mb[storage.tier_of(view, ref) or pool.tier] += view.amount(ref, "disk_mb")
            host = view.placed_workloads[ref].host
            if host in running:
                running[host].add(view, ref, is_parted=ref in parting.parted)
        if count:
            moment = None if until == math.inf else view.moment(arrivals[ordered[count - 1]])
            there = [host for host in hosts if up[host.id] < until]
            yield Stage(until, moment, there, ordered[:count], running, stored_mb)


def _most(pool: CloudPool, hosts: Sequence[CloudHost], findings: Findings) -> None:
    if pool.max_hosts is not None and len(hosts) > pool.max_hosts:
        findings.add(
            "POOL-RESERVE",
            f"pool {pool.name}",
            f"pool {pool.name} has {len(hosts)} hosts and may have {pool.max_hosts}",
            "use fewer hosts, or raise max_hosts",
            over=(float(len(hosts) - pool.max_hosts), "hosts"),
        )
