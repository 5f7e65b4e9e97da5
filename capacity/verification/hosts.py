"""Rules on cloud hosts: the types a pool has and may buy, and what a host promises."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from capacity.facility import CloudPool, HostType
from capacity.plan import CloudHost
from capacity.resources import UNITS
from capacity.verification.contents import Thing
from capacity.verification.moments import exceeded_by_arrivals
from capacity.verification.view import View
from capacity.verification.violations import Findings, number
from inventory.estate import Ref


def check(view: View, _things: dict[str, list[Thing]], findings: Findings) -> None:
    on_host: dict[str, list[Ref]] = defaultdict(list)
    for ref, placement in view.placed_workloads.items():
        on_host[placement.host].append(ref)
    _types(view, findings)
    for host in view.hosts.values():
        _promises(view, host, on_host.get(host.id, []), findings)


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


def limits(pool: CloudPool, kind: HostType) -> tuple[tuple[str, float], ...]:
    """What a host of a type may promise in that pool, by dimension."""
    return (
        ("vcpus", kind.vcpus * pool.cpu_overcommit),
        ("memory_mb", kind.memory_mb * pool.memory_overcommit),
    )


def _promises(view: View, host: CloudHost, workloads: Sequence[Ref], findings: Findings) -> None:
    pool, kind = view.pools.get(host.pool), type_of(view, host)
    if pool is None or kind is None:
        return
    for dimension, limit in limits(pool, kind):
        found = exceeded_by_arrivals(
            [(view.arrival(ref), view.amount(ref, dimension)) for ref in workloads], limit
        )
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
