"""The machine reassignment problem (ROADEF/EURO challenge 2012) as arrays, and what a search keeps up to date about one
assignment of it.

`Problem` is what a caller states; `compiled` turns it into the flat arrays that the compiled kernels walk, `opened`
derives a search's `State` from an assignment. Nothing here decides where a process goes: `reassignment_moves` weighs
and makes single moves, `reassignment_annealing` and `reassignment` search.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Problem:
    """Processes on machines; every amount a whole number.

    `need` [processes × resources], `capacity` and `safety` [machines × resources]; `transient` [resources]: usage
    counts at the old machine too while a process moves. `service` [processes], `home` [processes]: the machine now.
    `location`, `neighbourhood` [machines], numbered from 0. `spread` [services]: fewest locations. `depends`: pairs
    (service, service it needs in the same neighbourhood) [pairs × 2]. `balance` [objectives × 4]: resource, resource,
    target, weight. `process_cost` [processes], `machine_cost` [machines × machines], `load_weight` [resources];
    `move_weights`: of process, service and machine move cost. `leaving` [machines]: machines that should end empty.
    """

    need: Ints
    capacity: Ints
    safety: Ints
    transient: Bools
    service: Ints
    home: Ints
    location: Ints
    neighbourhood: Ints
    spread: Ints
    depends: Ints
    balance: Ints
    load_weight: Ints
    process_cost: Ints
    machine_cost: NDArray[np.integer]
    move_weights: tuple[int, int, int]
    leaving: Bools | None = field(default=None)

    @property
    def processes(self) -> int:
        return int(self.need.shape[0])

    @property
    def machines(self) -> int:
        return int(self.capacity.shape[0])

    @property
    def resources(self) -> int:
        return int(self.need.shape[1])

    @property
    def services(self) -> int:
        return int(self.spread.shape[0])


class Compiled(NamedTuple):
    """`Problem` for the kernels. `*_row` [services]: a row in a table of counts, -1 where the rule cannot bind."""

    need: Ints
    headroom: Ints  # capacity − safety [machines × resources]
    transient: Bools
    load_weight: Ints
    balance: Ints
    service: Ints
    home: Ints
    location: Ints
    neighbourhood: Ints
    spread: Ints
    spread_row: Ints
    bit_row: Ints
    hood_row: Ints
    needs_at: Ints
    needs: Ints
    needed_by_at: Ints
    needed_by: Ints
    members_at: Ints
    members: Ints
    process_cost: Ints  # weighted
    machine_cost: NDArray[np.integer]
    service_weight: int
    machine_weight: int
    open_machines: Ints  # those that may receive
    leaving: Bools
    hood_at: Ints
    hood_machines: Ints  # open machines by neighbourhood
    by_size: Ints  # processes that may move, from small to large
    rank: Ints  # [processes] place in `by_size`, -1 where it may not move
    fits: NDArray[np.uint64]  # [processes × words]: may the machine ever hold the process
    targets_at: Ints
    targets: NDArray[np.int32]  # open machines that may, of a process for which they are few


class State(NamedTuple):
    """One assignment and everything derived from it that a move changes."""

    at: Ints
    free: Ints  # capacity − usage [machines × resources]
    room: Ints  # free − what moved processes still hold of transient resources; below 0 where too full
    spread_count: NDArray[np.int32]  # [rows × locations]
    spread_now: Ints  # [services]
    hood_count: NDArray[np.int32]  # [rows × neighbourhoods]
    bits: NDArray[np.uint64]  # [rows × words]: is a process of the service on the machine
    moved: Ints  # [services] processes away from home
    moved_histogram: Ints  # [count] services with so many
    scalars: Ints  # see MOVED_MAX, COST, ...


MOVED_MAX, COST, EXCESS, BROKEN, LEFT, SCALARS = 0, 1, 2, 3, 4, 5
"""Places in a state's scalars: the most moved processes of any service; the objective; what machines lack of room,
summed; broken dependencies, by neighbourhood; processes on machines that should end empty."""


BLOCK = 500  # processes that are looked at together
MOST, LONGEST = 0.75, 500  # targets of a process that are listed: a share of open machines, and a number


def _rows(chosen: Bools) -> Ints:
    row = np.full(chosen.size, -1, np.int64)
    row[chosen] = np.arange(int(chosen.sum()))
    return row


def _grouped(keys: Ints, values: Ints, groups: int) -> tuple[Ints, Ints]:
    order = np.argsort(keys, kind="stable")
    starts = np.zeros(groups + 1, np.int64)
    np.cumsum(np.bincount(keys, minlength=groups), out=starts[1:])
    return starts, np.ascontiguousarray(values[order])


def compiled(problem: Problem) -> Compiled:
    """The problem as the kernels read it."""
    p, services = problem, problem.services
    sizes = np.bincount(p.service, minlength=services)
    pairs = p.depends.reshape(-1, 2)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)  # a service is always beside itself
    linked = np.zeros(services, np.bool_)
    linked[pairs.ravel()] = True
    needs_at, needs = _grouped(pairs[:, 0], pairs[:, 1], services)
    needed_by_at, needed_by = _grouped(pairs[:, 1], pairs[:, 0], services)
    members_at, members = _grouped(p.service, np.arange(p.processes), services)
    leaving = np.zeros(p.machines, np.bool_) if p.leaving is None else p.leaving
    process_weight, service_weight, machine_weight = p.move_weights
    costs = p.machine_cost
    if costs.size == 0 or (costs.min() > -(2**31) and costs.max() < 2**31):
        costs = costs.astype(np.int32)
    is_open = np.flatnonzero(~leaving).astype(np.int64)
    hood_at, hood_machines = _grouped(
        p.neighbourhood[is_open], is_open, int(p.neighbourhood.max(initial=0)) + 1
    )
    fits = _fitting(p)
    targets_at, targets, may_move = _targets(fits, is_open, p.home)
    by_size = np.argsort((p.need * np.maximum(p.load_weight, 1)).sum(axis=1), kind="stable").astype(np.int64)
    by_size = by_size[may_move[by_size]]
    rank = np.full(p.processes, -1, np.int64)
    rank[by_size] = np.arange(by_size.size)
    return Compiled(
        need=np.ascontiguousarray(p.need, np.int64),
        headroom=np.ascontiguousarray(p.capacity - p.safety, np.int64),
        transient=p.transient,
        load_weight=p.load_weight,
        balance=np.ascontiguousarray(p.balance.reshape(-1, 4), np.int64),
        service=p.service,
        home=p.home,
        location=p.location,
        neighbourhood=p.neighbourhood,
        spread=p.spread,
        spread_row=_rows(p.spread > 1),
        bit_row=_rows(sizes > 1),
        hood_row=_rows(linked),
        needs_at=needs_at,
        needs=needs,
        needed_by_at=needed_by_at,
        needed_by=needed_by,
        members_at=members_at,
        members=members,
        process_cost=p.process_cost * process_weight,
        machine_cost=np.ascontiguousarray(costs),
        service_weight=int(service_weight),
        machine_weight=int(machine_weight),
        open_machines=is_open,
        leaving=leaving,
        hood_at=hood_at,
        hood_machines=hood_machines,
        by_size=by_size,
        rank=rank,
        fits=fits,
        targets_at=targets_at,
        targets=targets,
    )


def _fitting(p: Problem) -> NDArray[np.uint64]:
    """Bits [processes × words] of the machines that may ever hold a process.

    What leaves a machine holds its transient resources there: what comes has no more of them than is free at the start.
    """
    used = np.zeros(p.capacity.shape, np.int64)
    np.add.at(used, p.home, p.need)
    most = np.where(p.transient, p.capacity - used, p.capacity)
    fits = np.zeros((min(BLOCK, p.processes), (p.machines + 63) // 64 * 64), np.bool_)
    bits = np.empty((p.processes, fits.shape[1] // 64), np.uint64)
    for first in range(0, p.processes, BLOCK):
        home = p.home[first : first + BLOCK]
        fits[: home.size, : p.machines] = (p.need[first : first + BLOCK, None, :] <= most[None]).all(axis=2)
        fits[np.arange(home.size), home] = True
        bits[first : first + BLOCK] = np.packbits(fits[: home.size], axis=1, bitorder="little").view(
            np.uint64
        )
    return bits


def _targets(fits: NDArray[np.uint64], is_open: Ints, home: Ints) -> tuple[Ints, NDArray[np.int32], Bools]:
    """Where the open machines that fit begin, by process, and they; which processes fit one away from home.

    A process that most or very many open machines fit has none listed: drawing from all of them is as good.
    """
    mask = np.zeros(fits.shape[1] * 64, np.bool_)
    mask[is_open] = True
    open_bits = np.packbits(mask, bitorder="little").view(np.uint64)
    count = np.zeros(home.size, np.int64)
    listed = []
    for first in range(0, home.size, BLOCK):
        own = slice(first, first + BLOCK)
        mine = np.unpackbits((fits[own] & open_bits).view(np.uint8), axis=1, bitorder="little")
        count[own] = mine.sum(axis=1)
        listed.append(np.nonzero(mine[_is_listed(count[own], is_open.size)])[1].astype(np.int32))
    at = np.zeros(home.size + 1, np.int64)
    np.cumsum(np.where(_is_listed(count, is_open.size), count, 0), out=at[1:])
    return at, np.concatenate([*listed, np.zeros(0, np.int32)]), count > mask[home]


def _is_listed(count: Ints, machines: int) -> Bools:
    return (count < MOST * machines) & (count <= LONGEST)


def opened(problem: Problem, inst: Compiled, at: Ints) -> State:
    """The state of assignment `at` [processes]; its cost is left to `reassignment_moves.full_cost`."""
    p, services = problem, problem.services
    used = np.zeros_like(p.capacity, dtype=np.int64)
    np.add.at(used, at, p.need)
    held = np.zeros_like(used)
    away = np.flatnonzero(at != p.home)
    np.add.at(held, p.home[away], p.need[away] * p.transient)
    spread_rows, hood_rows, bit_rows = (
        int(row.max(initial=-1)) + 1 for row in (inst.spread_row, inst.hood_row, inst.bit_row)
    )
    spread_count = np.zeros((spread_rows, int(p.location.max(initial=0)) + 1), np.int32)
    mine = inst.spread_row[p.service]
    np.add.at(spread_count, (mine[mine >= 0], p.location[at[mine >= 0]]), 1)
    spread_now = np.ones(services, np.int64)
    spread_now[inst.spread_row >= 0] = (spread_count > 0).sum(axis=1)
    hood_count = np.zeros((hood_rows, int(p.neighbourhood.max(initial=0)) + 1), np.int32)
    mine = inst.hood_row[p.service]
    np.add.at(hood_count, (mine[mine >= 0], p.neighbourhood[at[mine >= 0]]), 1)
    bits = np.zeros((bit_rows, (p.machines + 63) // 64), np.uint64)
    mine = inst.bit_row[p.service]
    there = at[mine >= 0]
    np.bitwise_or.at(bits, (mine[mine >= 0], there // 64), np.uint64(1) << (there % 64).astype(np.uint64))
    moved = np.bincount(p.service[away], minlength=services).astype(np.int64)
    histogram = np.bincount(moved, minlength=int(np.bincount(p.service, minlength=1).max(initial=0)) + 2)
    scalars = np.zeros(SCALARS, np.int64)
    scalars[MOVED_MAX] = moved.max(initial=0)
    room = p.capacity - used - held
    scalars[EXCESS] = -np.minimum(room, 0).sum()
    scalars[LEFT] = inst.leaving[at].sum()
    if hood_rows:
        pairs = inst.hood_row[
            np.column_stack((np.repeat(np.arange(services), np.diff(inst.needs_at)), inst.needs))
        ]
        scalars[BROKEN] = ((hood_count[pairs[:, 0]] > 0) & (hood_count[pairs[:, 1]] == 0)).sum()
    return State(
        at=at.astype(np.int64, copy=True),
        free=p.capacity - used,
        room=room,
        spread_count=spread_count,
        spread_now=spread_now,
        hood_count=hood_count,
        bits=bits,
        moved=moved,
        moved_histogram=histogram.astype(np.int64),
        scalars=scalars,
    )
