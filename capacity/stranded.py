"""Stranded capacity: what is free of one kind and useless, because another kind beside it is used up.

Three kinds stand beside each other on the floor: units in racks, power through the graph, cooling. `d`, watts to a
unit, says how they go together: all that is planned to be drawn over all units mounted. V(kinds) is the largest further
load, in W, that these kinds could take together, dealt over rows as suits best: a linear program with each row's units
× d, each rack's feeds in every loss, every node above under no loss and each single loss above the feeds, and each
cooling zone's watts. Then

    units without power = (V(units) − V(units, power)) ÷ d        power without units = V(power) − V(units, power)

and so on for each pair. A row is asked by itself, as if nothing else took what it shares; so rows don't add up to the
facility. A further load is shared by all feeds alive. Free units are whole ones, front and back, reserved ones aside,
in every rack and at every position where a rack in stock may still be set up; these count for their tallest model.

Partners are asked within their entitlements, pools within their hosts. Unknown stays unknown: where nothing is mounted,
or nothing runs, nothing says how kinds go together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from capacity.as_planned import frame_of
from capacity.facility import CloudPool, Facility
from capacity.placing.rack_bins import UNLIMITED
from capacity.placing.rack_problem import SLOTS_PER_UNIT, Frame, RackProblem, framed
from capacity.plan import Plan, Stranded

Floats = NDArray[np.float64]

UNITS, POWER, COOLING = "height_u", "power_w", "heat_w"
LEAST = {
    UNITS: 0.5,
    POWER: 1.0,
    COOLING: 1.0,
    "vcpus": 0.5,
    "memory_mb": 1.0,
    "disk_mb": 1.0,
}  # less is nothing


@dataclass(frozen=True, slots=True)
class _Room:
    """What is free in each group of positions that share row, cooling zone and way up the graph."""

    rows: tuple[str, ...]  # [groups]
    zone: NDArray[np.int64]  # [groups]
    units: Floats  # [groups] free whole units
    feeds_w: Floats  # [groups] what their own feeds still carry
    shares: Floats  # [limits, groups] of a group's further load that reaches a node in one loss
    nodes_w: Floats  # [limits] what that node still carries in that loss
    cooling_w: Floats  # [zones]
    w_per_unit: float | None


def stranded(facility: Facility, plan: Plan, room: Frame | None = None) -> tuple[Stranded, ...]:
    """What is stranded in the facility, its rows, cooling zones, partners and pools once the plan is carried out.

    All pairs of the whole facility, and those of parts of it that strand something or are unknown. `room`: the frame of
    the facility with the plan carried out (`as_planned`), where the caller has it.
    """
    frame = room or frame_of(facility, plan)
    problem = framed(frame, ())
    free = _room(frame.facility, problem)
    found = list(_pairs("facility", facility.name, free, np.ones(len(free.rows), dtype=bool), keep_all=True))
    ordered = dict.fromkeys(f"{position.hall}-{position.row}" for position in facility.positions)
    for row in (row for row in ordered if row in free.rows):
        found += _pairs("row", row, free, np.array([name == row for name in free.rows]))
    for number, zone in enumerate(facility.cooling_zones):
        found += _pairs("zone", zone.name, free, free.zone == number)
    found += _partners(problem, free.w_per_unit)
    found += _pools(facility, plan)
    return tuple(found)


# --- the floor -----------------------------------------------------------------------------------------------------


def _room(built: Facility, problem: RackProblem) -> _Room:
    a, start = problem.problem.arrays, problem.problem.start
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    losses = _losses_above(problem)
    for b in _open_and_free(problem):
        position = problem.bins[b].position
        cluster = int(a.bin_cluster[b])
        routes = tuple(int(a.feed_route[cluster, f]) for f in a.bin_feeds[b] if f >= 0)
        key = (
            position.hall,
            position.row,
            int(a.bin_zone[b]),
            routes,
            a.pattern_of[losses, cluster].tobytes(),
        )
        groups[key].append(b)
    members = list(groups.values())
    columns = [_shares(problem, bins[0], losses) for bins in members]
    shares, nodes_w = _limits(problem, columns, losses)
    mounted_u = sum(m.height_u for rack in built.racks for m in rack.contents if m.role != "kit")
    drawn_w = sum(m.power_w for rack in built.racks for m in rack.contents)
    return _Room(
        rows=tuple(f"{key[0]}-{key[1]}" for key in groups),
        zone=np.array([int(str(key[2])) for key in groups], dtype=np.int64),
        units=np.array([sum(_free_units(problem, b) for b in bins) for bins in members], dtype=np.float64),
        feeds_w=np.array(
            [sum(_feeds_left_w(problem, b) for b in bins) for bins in members], dtype=np.float64
        ),
        shares=shares,
        nodes_w=nodes_w,
        cooling_w=np.maximum(start.cooling_left, 0.0),
        w_per_unit=drawn_w / mounted_u if mounted_u > 0 and drawn_w > 0 else None,
    )


def _open_and_free(problem: RackProblem) -> Iterator[int]:
    """Racks that stand, and of each free position the tallest rack that may be set up there while stocks last."""
    stock = problem.problem.start.stock_left.copy()
    taken: set[str] = set()
    best = sorted(
        (b for b, entry in enumerate(problem.bins) if entry.model >= 0),
        key=lambda b: (-_free_units(problem, b), b),
    )
    yield from (b for b, entry in enumerate(problem.bins) if entry.model < 0)
    for b in best:
        entry = problem.bins[b]
        if entry.position.name not in taken and stock[entry.model] > 0:
            taken.add(entry.position.name)
            stock[entry.model] -= 1
            yield b


def _free_units(problem: RackProblem, b: int) -> float:
    occupied = problem.problem.start.occupied[b]
    return float((~occupied.any(axis=0)).sum()) / SLOTS_PER_UNIT


def _feeds_left_w(problem: RackProblem, b: int) -> float:
    """W of a further load with a cord on each feed that a rack's feeds carry in every loss; 0 where one takes all."""
    a, start = problem.problem.arrays, problem.problem.start
    cluster = int(a.bin_cluster[b])
    own = [int(f) for f in a.bin_feeds[b] if f >= 0]
    least = UNLIMITED
    for pattern in range(int(a.pattern_count[cluster])):
        alive = [f for f in own if a.alive[cluster, pattern, f]]
        for f in alive:
            left = float(a.feed_cap[cluster, f] - start.legs[cluster, pattern, f].sum())
            least = min(least, len(alive) * max(left, 0.0))
    return 0.0 if least == UNLIMITED else least


def _losses_above(problem: RackProblem) -> list[int]:
    """The scenarios without a loss and with the loss of a node that is no feed: what a whole row has in common."""
    supply = problem.supply
    return [
        scenario
        for scenario, name in enumerate(supply.scenarios)
        if not name or not supply.legs[supply.index[name]]
    ]


def _shares(problem: RackProblem, b: int, losses: Sequence[int]) -> Floats:
    """[losses, nodes]: which part of a further load in a rack reaches each node above, by loss."""
    a = problem.problem.arrays
    found = np.zeros((len(losses), len(a.node_cap)))
    routes = (len(a.route_ptr) - 1) // a.pattern_of.shape[0]
    cluster = int(a.bin_cluster[b])
    own = [int(f) for f in a.bin_feeds[b] if f >= 0]
    for number, scenario in enumerate(losses):
        alive = [f for f in own if a.alive[cluster, a.pattern_of[scenario, cluster], f]]
        for f in alive:
            row = scenario * routes + int(a.feed_route[cluster, f])
            entries = slice(int(a.route_ptr[row]), int(a.route_ptr[row + 1]))
            np.add.at(found[number], a.route_node[entries], a.route_share[entries] / len(alive))
    return found


def _limits(problem: RackProblem, columns: Sequence[Floats], losses: Sequence[int]) -> tuple[Floats, Floats]:
    """The nodes' limits on the groups: of those with equal shares only the tightest loss is kept."""
    left_w = problem.problem.arrays.node_cap - problem.problem.start.nodes[list(losses)]  # [losses, nodes]
    tightest: dict[tuple[float, ...], float] = {}
    for node in range(left_w.shape[1]):
        table = np.array([column[:, node] for column in columns]).T.round(9)  # [losses, groups]
        mine = np.flatnonzero(table.any(axis=0))  # groups that load it: few, where buildings are many
        if not len(mine):
            continue
        rows, which = np.unique(table[:, mine], axis=0, return_inverse=True)
        for number, row in enumerate(rows):
            if row.any():
                least = float(left_w[which.reshape(-1) == number, node].min())
                whole = np.zeros(table.shape[1])
                whole[mine] = row
                key = tuple(whole.tolist())
                tightest[key] = min(tightest.get(key, np.inf), max(least, 0.0))
    shares = np.array(list(tightest), dtype=np.float64).reshape(len(tightest), len(columns))
    return shares, np.array(list(tightest.values()), dtype=np.float64)


def _most_w(room: _Room, mine: NDArray[np.bool_], kinds: Sequence[str]) -> float:
    """V(kinds) over the groups `mine`."""
    cap = np.full(len(room.rows), UNLIMITED)
    rows: list[Floats] = []
    limits: list[Floats] = []
    if UNITS in kinds and room.w_per_unit is not None:
        cap = np.minimum(cap, room.units * room.w_per_unit)
    if POWER in kinds:
        cap = np.minimum(cap, room.feeds_w)
        rows.append(room.shares)
        limits.append(room.nodes_w)
    zones = np.unique(room.zone[mine])
    if COOLING in kinds:
        rows.append(
            np.array([room.zone == zone for zone in zones], dtype=np.float64).reshape(len(zones), len(cap))
        )
        limits.append(room.cooling_w[zones])
        cap = np.minimum(cap, room.cooling_w[room.zone])
    cap = cap[mine]
    if not len(cap):
        return 0.0
    table = np.concatenate([part[:, mine] for part in rows]) if rows else np.zeros((0, len(cap)))
    limit = np.concatenate(limits) if limits else np.zeros(0)
    if not (table @ cap > limit + 1e-9).any():
        return float(cap.sum())
    answer = linprog([-1.0] * len(cap), A_ub=table, b_ub=limit, bounds=[(0.0, float(most)) for most in cap])
    return -float(answer.fun or 0.0)


def _pairs(
    level: str, where: str, room: _Room, mine: NDArray[np.bool_], *, keep_all: bool = False
) -> Iterator[Stranded]:
    for kind, other in (
        (UNITS, POWER), (POWER, UNITS), (POWER, COOLING), (COOLING, POWER), (UNITS, COOLING), (COOLING, UNITS),
    ):  # fmt: skip
        if kind == COOLING and level in ("row", "rack"):
            continue  # cooling is the zone's
        line = _pair(level, where, room, mine, kind, other)
        if keep_all or (line.free > 0 and line.amount != 0.0):
            yield line


def _pair(level: str, where: str, room: _Room, mine: NDArray[np.bool_], kind: str, other: str) -> Stranded:
    per_unit = room.w_per_unit
    if kind == UNITS:
        free = float(room.units[mine].sum())
    elif kind == COOLING:
        free = float(room.cooling_w[np.unique(room.zone[mine])].sum())
    else:
        free = _most_w(room, mine, (POWER,))
    if UNITS in (kind, other) and per_unit is None:
        return Stranded(level, where, kind, other, round(free, 1), None)
    both = _most_w(room, mine, (kind, other))
    amount = free - (both / per_unit if kind == UNITS and per_unit else both)
    return Stranded(level, where, kind, other, round(free, 1), _some(amount, kind))


def _some(amount: float, dimension: str) -> float:
    return round(amount, 1) if amount >= LEAST[dimension] else 0.0


# --- partners and pools --------------------------------------------------------------------------------------------


def _partners(problem: RackProblem, per_unit: float | None) -> Iterator[Stranded]:
    """Entitled watts without entitled space, and the other way round.

    Space: the partner's own free units and those of the racks its area still lets it set up, within its units.
    """
    a, start = problem.problem.arrays, problem.problem.start
    for number, owner in enumerate(problem.owners):
        watts, units = float(start.owner_w_left[number]), float(start.owner_units_left[number])
        area_m2 = float(start.owner_area_left[number])
        if watts >= UNLIMITED / 2 or min(units, area_m2) >= UNLIMITED / 2:
            continue
        watts = max(watts, 0.0)
        if area_m2 < UNLIMITED / 2:
            own = sum(
                _free_units(problem, b)
                for b, e in enumerate(problem.bins)
                if e.model < 0 and e.rack.owner == owner
            )
            new = [
                b for b, e in enumerate(problem.bins) if e.model >= 0 and e.position.owner in (None, owner)
            ]
            least_m2 = min((float(a.bin_area[b]) for b in new), default=0.0)
            each = max((_free_units(problem, b) for b in new), default=0.0)
            racks = len({problem.bins[b].position.name for b in new})
            if least_m2 > 0:
                racks = min(racks, int((max(area_m2, 0.0) + 1e-6) // least_m2))
            units = min(units, own + racks * each)
        units = max(units, 0.0)
        if per_unit is None:
            yield Stranded("partner", owner, UNITS, POWER, round(units, 1), None)
            yield Stranded("partner", owner, POWER, UNITS, round(watts, 1), None)
            continue
        for line in (
            Stranded("partner", owner, UNITS, POWER, round(units, 1), _some(units - watts / per_unit, UNITS)),
            Stranded("partner", owner, POWER, UNITS, round(watts, 1), _some(watts - units * per_unit, POWER)),
        ):
            if line.amount:
                yield line


def _pools(facility: Facility, plan: Plan) -> Iterator[Stranded]:
    """vCPUs, memory and disk left on a pool's hosts beside each other; the mean workload says how they go together."""
    demands = {demand.asset: demand.quantities for demand in plan.demands}
    used: dict[str, Floats] = defaultdict(lambda: np.zeros(3))
    for placed in plan.workloads:
        amounts = [demands[placed.asset][d].planning for d in ("vcpus", "memory_mb", "disk_mb")]
        used[placed.host] += np.array(amounts)
    for pool in facility.pools:
        hosts = [host for host in plan.hosts if host.pool == pool.name]
        busy = [host for host in hosts if host.id in used]
        if busy:
            yield from _pool(pool, [(host.model, used[host.id]) for host in busy], [h.model for h in hosts])


def _pool(
    pool: CloudPool, busy: Sequence[tuple[str | None, Floats]], hosts: Sequence[str | None]
) -> Iterable[Stranded]:
    vcpus = memory_mb = usable = without_memory = without_vcpus = 0.0
    total = [float(sum(column)) for column in zip(*(amounts for _, amounts in busy), strict=True)]
    if not total[0] or not total[1]:
        return
    per_vcpu_mb = total[1] / total[0]
    for model, amounts in busy:
        kind = pool.type_named(model) or pool.host_type
        cpu = max(kind.vcpus * pool.cpu_overcommit - float(amounts[0]), 0.0)
        mb = max(kind.memory_mb * pool.memory_overcommit - float(amounts[1]), 0.0)
        vcpus, memory_mb = vcpus + cpu, memory_mb + mb
        both = min(cpu, mb / per_vcpu_mb)
        usable += both
        without_memory += cpu - both
        without_vcpus += mb - both * per_vcpu_mb
    raw = sorted(pool.raw_mb(pool.type_named(model) or pool.host_type, pool.tier) for model in hosts)
    kept = raw[: max(0, len(raw) - pool.reserve_hosts)]
    disk_mb = max(sum(kept) * pool.storage_fill / pool.replicas - total[2], 0.0)
    lines = [
        Stranded("pool", pool.name, "vcpus", "memory_mb", round(vcpus, 1), _some(without_memory, "vcpus")),
        Stranded(
            "pool", pool.name, "memory_mb", "vcpus", round(memory_mb, 1), _some(without_vcpus, "memory_mb")
        ),
    ]
    if total[2] > 0:
        per_vcpu_disk = total[2] / total[0]
        lines += [
            Stranded(
                "pool",
                pool.name,
                "vcpus",
                "disk_mb",
                round(vcpus, 1),
                _some(usable - disk_mb / per_vcpu_disk, "vcpus"),
            ),
            Stranded(
                "pool",
                pool.name,
                "disk_mb",
                "vcpus",
                round(disk_mb, 1),
                _some(disk_mb - usable * per_vcpu_disk, "disk_mb"),
            ),
        ]
    yield from (line for line in lines if line.amount)


def by_rack(facility: Facility, plan: Plan) -> tuple[Stranded, ...]:
    """Every rack by itself: free units its own feeds can't serve, and watts of its feeds no unit is left for."""
    frame = frame_of(facility, plan)
    problem = framed(frame, ())
    room = _room(frame.facility, problem)
    if room.w_per_unit is None:
        return ()
    found: list[Stranded] = []
    for b, entry in enumerate(problem.bins):
        if entry.model < 0:
            one = replace(
                room,
                rows=(entry.rack.id,),
                zone=np.array([problem.problem.arrays.bin_zone[b]]),
                units=np.array([_free_units(problem, b)]),
                feeds_w=np.array([_feeds_left_w(problem, b)]),
                shares=np.zeros((0, 1)),
                nodes_w=np.zeros(0),
            )
            found += _pairs("rack", entry.rack.id, one, np.ones(1, dtype=bool))
    return tuple(found)
