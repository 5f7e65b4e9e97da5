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

from capacity.draining.cloud import Cloud
from capacity.solvers import reassignment
from capacity.solvers.reassignment_check import BrokenProblem
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
    """How the solver is asked: which groups may move, whether they count at both ends while they do, the pools to even
    out, how long.
    """

    movable: tuple[int, ...]
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
    if not asked.movable:
        return {}
    try:
        found = reassignment.solve(
            _problem(cloud, forbidden, asked),
            seed=asked.seed,
            work=asked.work,
            cancelled=cancelled,
            progress=lambda share, _cost: progress(share),
        )
    except BrokenProblem:
        # What stands too close already can't be told to the solver; the moves by size have said what they could.
        return {}
    there = {n: cloud.hosts[m].id for n, m in zip(asked.movable, found.machine.tolist(), strict=True)}
    return {n: host for n, host in there.items() if host != cloud.groups[n].host}


def _allowed(cloud: Cloud, n: int, held: _Held, forbidden: Collection[tuple[int, str]]) -> frozenset[str]:
    """The hosts that may take a group, as far as it and what doesn't move can tell."""
    group = cloud.groups[n]
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
        and not any((c, host.id) in held.near or (c, host.rack) in held.near for c in group.apart)
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """What stays: its load by host (vCPUs, MB), and the hosts and racks that constraints keep others away from."""

    load: Mapping[str, tuple[float, float]]
    near: frozenset[tuple[int, str]]

    @classmethod
    def by(cls, cloud: Cloud, movable: Collection[int]) -> _Held:
        rack_of = {host.id: host.rack for host in cloud.hosts}
        load: dict[str, tuple[float, float]] = {}
        near: set[tuple[int, str]] = set()
        for n, group in enumerate(cloud.groups):
            if n not in movable:
                vcpus, memory_mb = load.get(group.host, (0.0, 0.0))
                load[group.host] = vcpus + group.vcpus, memory_mb + group.memory_mb
                for c in group.apart:
                    is_host = cloud.constraints[c].scope == "host"
                    near.add((c, group.host if is_host else rack_of[group.host]))
        return cls(load, frozenset(near))


def _problem(cloud: Cloud, forbidden: Collection[tuple[int, str]], asked: Asked) -> Problem:
    groups, hosts = [cloud.groups[n] for n in asked.movable], cloud.hosts
    held = _Held.by(cloud, set(asked.movable))
    numbers = {host.id: m for m, host in enumerate(hosts)}
    home = np.array([numbers[group.host] for group in groups], np.int64)
    is_closed = np.array([not host.is_open for host in hosts], np.bool_)
    count = len(groups) + 1
    allowed = [_allowed(cloud, n, held, forbidden) for n in asked.movable]
    own = [a | ({groups[i].host} if hosts[home[i]].is_open else frozenset()) for i, a in enumerate(allowed)]
    classes = {key: CLASSES + i for i, key in enumerate(dict.fromkeys(own))}
    need = np.zeros((len(groups), CLASSES + len(classes)), np.int64)
    need[:, VCPUS] = [math.ceil(group.vcpus * MILLI - 1e-6) for group in groups]
    need[:, MEMORY] = [math.ceil(group.memory_mb - 1e-6) for group in groups]
    need[:, PRESENT] = 1
    need[np.arange(len(groups)), [classes[key] for key in own]] = 1
    capacity = np.full((len(hosts), need.shape[1]), count, np.int64)
    for m, host in enumerate(hosts):
        vcpus, memory_mb = held.load.get(host.id, (0.0, 0.0))
        capacity[m, VCPUS] = max(0, math.floor((host.vcpus - vcpus) * MILLI + 1e-6))
        capacity[m, MEMORY] = max(0, math.floor(host.memory_mb - memory_mb + 1e-6))
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
        _even_out(cloud, asked, need, safety, weights)
    each = max(1, round(TYPICAL * len(groups) / max(1, int(need[:, MEMORY].sum()))))
    service, spread = _services(cloud, asked.movable, home)
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


def _even_out(cloud: Cloud, asked: Asked, need: Table, safety: Table, weights: Row) -> None:
    """Let every open host of the pools carry its pool's mean share of memory and vCPUs without cost, and no more."""
    of_group = np.array([cloud.pool_of[n] for n in asked.movable])
    for pool in asked.evened:
        mine = np.array([host.is_open and host.pool == pool for host in cloud.hosts])
        for resource in (VCPUS, MEMORY):
            room = float(safety[mine, resource].sum())
            share = min(1.0, float(need[of_group == pool, resource].sum()) / room) if room else 1.0
            safety[mine, resource] = np.ceil(safety[mine, resource] * share).astype(np.int64)
    memory, vcpus = float(safety[:, MEMORY].sum()), float(safety[:, VCPUS].sum())
    weights[MEMORY] = OVERLOAD
    weights[VCPUS] = max(1, round(OVERLOAD * memory / vcpus)) if vcpus else 0


def _services(cloud: Cloud, movable: Sequence[int], home: Row) -> tuple[Row, Row]:
    """A service for each constraint that keeps groups apart, one for every group under none.

    A group has one service, so constraints that share groups are taken rack before host, larger first; the rest comes
    back as forbidden pairs.
    """
    members: dict[int, list[int]] = {}
    for i, n in enumerate(movable):
        for constraint in dict.fromkeys(cloud.groups[n].apart):
            members.setdefault(constraint, []).append(i)
    service = np.full(len(movable), -1, np.int64)
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
