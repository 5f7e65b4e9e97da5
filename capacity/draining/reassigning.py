"""Domain ⇄ solver: the machine reassignment problem of a cloud with hosts to be emptied, and its answer as targets.

Memory and vCPUs count on both hosts while something moves, so that the moves found fit in any order; where that leaves
something behind, it is asked again with the order left to find. Which pool and host a group may use is told to the
solver as resources that only such hosts have; what its rules can't say comes back as pairs to forbid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.draining.cloud import Cloud, Group
from capacity.solvers import reassignment
from capacity.solvers.reassignment_model import Problem

MILLI = 1000  # of a vCPU: what the solver counts
WORK = 60  # chunks each thread of the solver walks
TYPICAL = 10_000_000  # of the solver's temperatures and tolls: what a move of mean size should cost
OVERLOAD = 10
"""How many moved MB a MB above the mean is worth when hosts are evened out: an assumption."""
VCPUS, MEMORY, PRESENT, CLASSES = range(4)  # resources; those from CLASSES on say which hosts a group may use

Table = NDArray[np.int64]
Row = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Asked:
    """How the solver is asked: whether moving work counts at both ends, the pools to even out, how long."""

    is_transient: bool
    evened: frozenset[str] = frozenset()
    seed: int = 0
    work: int = WORK


def targets(
    cloud: Cloud,
    forbidden: Collection[tuple[int, str]],
    asked: Asked,
    *,
    cancelled: Callable[[], bool],
    progress: Callable[[float], None],
) -> dict[int, str]:
    """Where each group that moves goes, by its number; groups left on hosts to be emptied are not among them."""
    numbers = {host.id: m for m, host in enumerate(cloud.hosts)}
    allowed = [_allowed(cloud, n, group, forbidden) for n, group in enumerate(cloud.groups)]
    problem = _problem(cloud, numbers, allowed, asked)
    found = reassignment.solve(
        problem,
        seed=asked.seed,
        work=asked.work,
        cancelled=cancelled,
        progress=lambda share, _cost: progress(share),
    )
    if found.status == "infeasible":
        return {}
    return {
        n: cloud.hosts[m].id
        for n, m in enumerate(found.machine.tolist())
        if cloud.hosts[m].id != cloud.groups[n].host
    }


def _allowed(cloud: Cloud, n: int, group: Group, forbidden: Collection[tuple[int, str]]) -> frozenset[str]:
    """The hosts that may take a group, as far as one group by itself can tell."""
    if group.is_fixed:
        return frozenset()
    return frozenset(
        host.id
        for host in cloud.hosts
        if host.is_open
        and host.pool == cloud.pool_of[n]
        and (group.racks is None or host.rack in group.racks)
        and host.rack not in group.barred
        and (n, host.id) not in forbidden
        and group.vcpus <= host.vcpus + 1e-6
        and group.memory_mb <= host.memory_mb + 1e-6
    )


def _problem(
    cloud: Cloud, numbers: Mapping[str, int], allowed: Sequence[frozenset[str]], asked: Asked
) -> Problem:
    groups, hosts = cloud.groups, cloud.hosts
    home = np.array([numbers[group.host] for group in groups], np.int64)
    is_closed = np.array([not host.is_open for host in hosts], np.bool_)
    count = len(groups) + 1
    own = [a | ({groups[n].host} if hosts[home[n]].is_open else frozenset()) for n, a in enumerate(allowed)]
    classes = {key: CLASSES + i for i, key in enumerate(dict.fromkeys(own))}
    need = np.zeros((len(groups), CLASSES + len(classes)), np.int64)
    need[:, VCPUS] = [math.ceil(group.vcpus * MILLI - 1e-6) for group in groups]
    need[:, MEMORY] = [math.ceil(group.memory_mb - 1e-6) for group in groups]
    need[:, PRESENT] = 1
    need[np.arange(len(groups)), [classes[key] for key in own]] = 1
    capacity = np.full((len(hosts), need.shape[1]), count, np.int64)
    for m, host in enumerate(hosts):
        capacity[m, VCPUS], capacity[m, MEMORY] = math.floor(host.vcpus * MILLI), math.floor(host.memory_mb)
        for key, resource in classes.items():
            if host.is_open and host.id not in key:
                capacity[m, resource] = 0
    used = np.zeros_like(capacity)
    np.add.at(used, home, need)
    capacity = np.maximum(capacity, used)  # what is over its limit already may stay so, not grow
    safety = capacity.copy()
    safety[is_closed, PRESENT] = 0
    weights = np.zeros(need.shape[1], np.int64)
    weights[PRESENT] = 1 + int(need[:, MEMORY].sum())  # more than all moves together
    if asked.evened:
        _even_out(cloud, asked.evened, need, safety, weights)
    each = max(1, round(TYPICAL * len(groups) / max(1, int(need[:, MEMORY].sum()))))
    service, spread = _services(cloud, home)
    transient = np.zeros(need.shape[1], np.bool_)
    transient[[VCPUS, MEMORY]] = asked.is_transient
    racks = {rack: i for i, rack in enumerate(dict.fromkeys(host.rack for host in hosts))}
    return Problem(
        need=need,
        capacity=capacity,
        safety=safety,
        transient=transient,
        service=service,
        home=home,
        location=np.array([racks[host.rack] for host in hosts], np.int64),
        neighbourhood=np.zeros(len(hosts), np.int64),
        spread=spread,
        depends=np.zeros((0, 2), np.int64),
        balance=np.zeros((0, 4), np.int64),
        load_weight=weights * each,
        # What has to leave leaves anyway: its move is no choice, and costs the same wherever it goes.
        process_cost=np.where(is_closed[home], 0, need[:, MEMORY] * each),
        machine_cost=np.zeros((len(hosts), len(hosts)), np.int64),
        move_weights=(1, 0, 0),
        leaving=is_closed,
    )


def _even_out(cloud: Cloud, pools: Collection[str], need: Table, safety: Table, weights: Row) -> None:
    """Let every open host of the pools carry its pool's mean share of memory and vCPUs without cost, and no more."""
    of_group = np.array(cloud.pool_of)
    for pool in pools:
        mine = np.array([host.is_open and host.pool == pool for host in cloud.hosts])
        for resource in (VCPUS, MEMORY):
            room = float(safety[mine, resource].sum())
            share = min(1.0, float(need[of_group == pool, resource].sum()) / room) if room else 1.0
            safety[mine, resource] = np.ceil(safety[mine, resource] * share).astype(np.int64)
    memory, vcpus = float(safety[:, MEMORY].sum()), float(safety[:, VCPUS].sum())
    weights[MEMORY] = OVERLOAD
    weights[VCPUS] = max(1, round(OVERLOAD * memory / vcpus)) if vcpus else 0


def _services(cloud: Cloud, home: Row) -> tuple[Row, Row]:
    """A service for each constraint that keeps groups apart, one for every group under none.

    A group has one service, so constraints that share groups are taken rack before host, larger first; the rest comes
    back as forbidden pairs.
    """
    members: dict[int, list[int]] = {}
    for n, group in enumerate(cloud.groups):
        for constraint in dict.fromkeys(group.apart):
            members.setdefault(constraint, []).append(n)
    service = np.full(len(cloud.groups), -1, np.int64)
    spread: list[int] = []

    def order(constraint: int) -> tuple[bool, int, int]:
        return cloud.constraints[constraint].scope == "host", -len(members[constraint]), constraint

    for constraint in sorted(members, key=order):
        mine = members[constraint]
        scope = cloud.constraints[constraint].scope
        places = {int(home[n]) if scope == "host" else cloud.hosts[home[n]].rack for n in mine}
        if len(mine) > 1 and len(places) == len(mine) and (service[mine] < 0).all():
            service[mine] = len(spread)
            spread.append(1 if scope == "host" else len(mine))
    for n in np.flatnonzero(service < 0).tolist():
        service[n] = len(spread)
        spread.append(1)
    return service, np.array(spread, np.int64)
