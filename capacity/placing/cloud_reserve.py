"""Whether what runs on a host could restart on an empty one as far apart as before, where the hosts are mounted.

Hosts are never filled beyond what a reserve host takes (`cloud_hosts`), and an empty host holds nothing kept apart by
host. What is left to ask is the rack, for which the racks have to be known. Says which workloads have to stay out, so
that the promise of a pool's reserve holds for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from capacity.placing.cloud_placement import HostLayout
from inventory.estate import Constraint, Estate, Ref

RACK_SCOPES = ("rack", "feed")  # a rack has feeds of its own: another rack is another feed


def unsheltered(
    estate: Estate, hosts: Sequence[HostLayout], rack_of: Mapping[str, str], devices: Mapping[Ref, str]
) -> list[Ref]:
    """Workloads to leave out: those whose host, lost, finds too few empty hosts far enough from what is kept apart.

    `rack_of`: the rack of each host that has one; `devices`: the rack of each placed device.
    """
    parted: dict[Ref, list[Constraint]] = {}
    for constraint in estate.constraints:
        if constraint.kind == "apart" and constraint.scope in RACK_SCOPES:
            for member in dict.fromkeys(constraint.members):
                parted.setdefault(member, []).append(constraint)
    if not parted:
        return []
    host_of = {ref: host for host in hosts for ref in host.workloads}
    where = dict(devices) | {ref: rack_of[host.id] for ref, host in host_of.items() if host.id in rack_of}
    found: list[Ref] = []
    for pool in {host.pool.name: host.pool for host in hosts}.values():
        mine = [host for host in hosts if host.pool.name == pool.name and host.id in rack_of]
        empty = [rack_of[host.id] for host in mine if not host.workloads]
        working = [host for host in mine if any(ref in parted for ref in host.workloads)]
        for host in working if pool.reserve_hosts else ():
            near = _near(host, parted, where)
            open_to = [rack for rack in empty if rack not in near]
            crowd = pool.reserve_hosts > 1 and len(set(open_to)) < min(pool.reserve_hosts, len(working))
            if len(open_to) < pool.reserve_hosts or crowd:
                found += [ref for ref in host.workloads if ref in parted]
    return found


def _near(host: HostLayout, parted: Mapping[Ref, Sequence[Constraint]], where: Mapping[Ref, str]) -> set[str]:
    """Racks that hold something the host's work is kept apart from."""
    mine = set(host.workloads)
    return {
        where[other]
        for ref in host.workloads
        for constraint in parted.get(ref, ())
        for other in constraint.members
        if other not in mine and other in where
    }
