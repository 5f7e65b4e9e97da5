"""Rules on what a pool stores: its lost hosts gone, every copy in a failure domain of its own, on tiers that it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from capacity.facility import CloudPool, StorageTier
from capacity.plan import CloudHost
from capacity.resources import TOLERANCE
from capacity.verification.hosts import type_of
from capacity.verification.moments import beyond, exceeded_by_arrivals
from capacity.verification.reserve import Stage
from capacity.verification.view import View
from capacity.verification.violations import Findings, counted, number
from inventory.estate import Ref


def storable_mb(shares_mb: Sequence[float], replicas: int) -> float:
    """The most data that keeps `replicas` copies of everything, no two of anything in one of these domains.

    Data may be cut as fine as wanted: D fits when Σ min(share, D) ≥ replicas × D, whose largest D is the least, over
    the number of largest domains that hold one copy of everything, of what the rest holds for each further copy.
    """
    ordered = sorted(shares_mb, reverse=True)
    return max(0.0, min(sum(ordered[full:]) / (replicas - full) for full in range(max(replicas, 1))))


def limit_mb(view: View, pool: CloudPool, tier: StorageTier, hosts: Sequence[CloudHost]) -> float:
    """What these hosts of a pool may store of a tier: those domains gone that would be missed most."""
    by_domain: dict[str, float] = defaultdict(float)
    for host in hosts:
        kind = type_of(view, host)
        raw_mb = pool.raw_mb(kind, tier.name) if kind is not None else 0.0
        by_domain[host.rack if pool.failure_domain == "rack" else host.id] += raw_mb * tier.storage_fill
    lost = min(pool.reserve_hosts, 1) if pool.failure_domain == "rack" else pool.reserve_hosts
    return storable_mb(sorted(by_domain.values(), reverse=True)[lost:], tier.replicas)


def check(view: View, pool: CloudPool, stage: Stage, findings: Findings, said: set[str]) -> None:
    """Note each tier that stores too much, once: `said` names those of earlier stages."""
    for tier in pool.all_tiers:
        limit = limit_mb(view, pool, tier, stage.hosts)
        if not beyond(stage.stored_mb.get(tier.name, 0.0), limit):
            continue  # data only comes, so it never was beyond
        stored = [ref for ref in stage.workloads if (tier_of(view, ref) or pool.tier) == tier.name]
        found = exceeded_by_arrivals(
            [(view.arrival(ref), view.amount(ref, "disk_mb")) for ref in stored], limit
        )
        name = f"pool {pool.name}" + (f", tier {tier.name}" if tier.name != pool.tier else "")
        if found and found.over > TOLERANCE and (key := f"storage of {name}") not in said:
            said.add(key)
            copies = f" in {counted(tier.replicas, 'copy')}".replace("copys", "copies")
            findings.add(
                "POOL-STORAGE",
                name,
                f"{name} stores {number(limit + found.over)} MB{copies} and may store {number(limit)} MB",
                "add a host, or move a workload to another pool",
                moment=view.moment(found.since),
                over=(found.over, "MB"),
            )


def tier_of(view: View, ref: Ref) -> str | None:
    """The storage tier that a constraint asks for an asset; None: whichever its pool has."""
    return next(iter(view.tiers_of.get(ref, ())), None)


def check_tiers(view: View, pool: CloudPool, workloads: Sequence[Ref], findings: Findings) -> None:
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
