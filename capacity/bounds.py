"""Lower bounds on a plan's objectives, each with the limit that forces it: no placement whatever does better.

Works on the same arrays as placement (`rack_problem`), with racks and hosts whole and contents divisible: limit by
limit on totals, and for racks all limits together (`rack_relaxation`). `evidence` puts them beside what a plan reaches.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from capacity.facility import CloudPool, Facility
from capacity.finer_bounds import finer_bounds
from capacity.placing.cloud_placement import CloudPlacer
from capacity.placing.cloud_storage import host_capacity, storage_hosts, usable_storage_mb
from capacity.placing.rack_bins import UNLIMITED
from capacity.placing.rack_items import Item
from capacity.placing.rack_problem import SLOTS_PER_UNIT, RackProblem
from capacity.plan import Bound
from capacity.resources import TOLERANCE
from capacity.solvers.rack_program import empty_left
from capacity.solvers.rack_relaxation import relax
from capacity.unplaced_bounds import Zone, split_out

DIVISIBLE = "total over capacity: racks and hosts whole, contents divisible"
TOGETHER = (
    "all limits and losses together: racks whole by owner and zone, contents divisible (linear relaxation)"
)
BY_ZONE = "total over capacity: racks whole and of one zone each, contents divisible"
DIMENSIONS = ("height_u", "power_w", "weight_kg", "ports", "heavy_u")
SIDES_PER_U = 2 * SLOTS_PER_UNIT  # a unit counts on both faces, in half units
SCALE = np.array([SIDES_PER_U, 1.0, 1.0, 1.0, SIDES_PER_U])


@dataclass(frozen=True, slots=True)
class Demanded:
    """What one asset, or assets that go together, take of one limit; `count` assets."""

    amount: float
    count: float


def forced_out(demanded: Iterable[Demanded], capacity: float) -> int:
    """How many assets at least stay out when their amounts have to fit a capacity: the largest for their count go."""
    entries = [d for d in demanded if d.amount > 0]
    excess = sum(d.amount for d in entries) - capacity
    out = 0.0
    for entry in sorted(entries, key=lambda d: d.count / d.amount):
        if excess <= TOLERANCE:
            break
        taken = min(1.0, excess / entry.amount)
        out += taken * entry.count
        excess -= entry.amount
    return math.ceil(out - 1e-9)


class RackBounds:
    """Bounds on new racks and on devices left out. `problem` holds every device that should be placed, and no host."""

    def __init__(self, facility: Facility, problem: RackProblem) -> None:
        self.facility, self.problem = facility, problem
        self.a, self.start = problem.problem.arrays, problem.problem.start
        self.left: NDArray[np.float64] = empty_left(self.a)

    def _bins(self, group: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Standing and new bins of a group."""
        bins = self.a.bins_ids[self.a.bins_ptr[group] : self.a.bins_ptr[group + 1]].astype(np.int64)
        is_standing = self.start.bin_group[bins] == group
        return bins[is_standing], bins[(~is_standing) & (self.start.bin_group[bins] < 0)]

    def new_racks(self, items: NDArray[np.int64]) -> list[Bound]:
        """By owner, zone and dimension: the racks that the demand of these items forces, best positions first."""
        found = []
        for group, (owner, zone) in enumerate(self.problem.groups):
            mine = items[self.a.item_group[items] == group]
            demand = self.a.item_demand[mine].sum(axis=0)
            standing, new = self._bins(group)
            for d, dimension in enumerate(DIMENSIONS):
                short = demand[d] - self.left[standing, d].sum()
                if demand[d] <= 0 or not len(new):
                    continue
                order = new[np.lexsort((new, -self.left[new, d]))]
                places = np.unique(self.a.bin_place[order], return_index=True)[1]
                order = order[np.sort(places)]
                racks = (
                    int(np.searchsorted(np.cumsum(self.left[order, d]), short - TOLERANCE)) + 1
                    if short > TOLERANCE
                    else 0
                )
                last = int(order[min(max(racks, 1), len(order)) - 1])
                found.append(
                    Bound(
                        "new_racks",
                        f"{owner}, zone {zone}",
                        dimension,
                        float(demand[d] / SCALE[d]),
                        float(self.left[last, d] / SCALE[d]),
                        float(racks),
                        self.limit_path(last, d),
                        DIVISIBLE,
                    )
                )
            found += finer_bounds(self.problem, group, mine, standing, new)
        return found

    def limit_path(self, b: int, d: int) -> str:
        """The facility's limit that gives a rack what it has in a dimension."""
        where = self.problem.bins[b]
        model = (
            f"facility.rack_models[{where.model}]" if where.model >= 0 else f"facility.racks[{where.rack.id}]"
        )
        if d == 1:
            return (
                f"facility.supply[{where.position.feeds[0]}].rating_w"
                if where.position.feeds
                else f"{model}.position"
            )
        if d == 2 and where.floor_kg < where.rack.max_weight_kg:
            hall = next(i for i, h in enumerate(self.facility.halls) if h.name == where.position.hall)
            basis = "point_kg" if self.facility.halls[hall].floor.basis == "point" else "limit_kg_m2"
            return f"facility.halls[{hall}].floor.{basis}"
        if d == 4:
            return "facility.rules.heavy_max_top_u"
        return f"{model}.{('height_u', '', 'max_weight_kg', 'kit')[d]}"

    def together(self, items: NDArray[np.int64]) -> int:
        """New racks of all owners and zones together, by the linear relaxation; 0 where it proves nothing."""
        return relax(self.a, self.start, items, with_mix=False).bound

    # --- devices left out -------------------------------------------------------------------------------------

    def unplaced(self) -> tuple[int, list[Bound]]:
        """Devices that capacity keeps out, and every limit that does: owners add up, the whole may be more."""
        found: list[Bound] = []
        total = 0
        for number, owner in enumerate(self.problem.owners):
            bounds = [b for b in self._owner(number, owner) if b.value > 0]
            found += bounds
            total += int(max((b.value for b in bounds), default=0.0))
        whole = [b for b in self._whole() if b.value > 0]
        return max([total, *(int(b.value) for b in whole)]), found + whole

    def _owner(self, number: int, owner: str) -> Iterable[Bound]:
        items = [i for i, item in enumerate(self.problem.items) if item.owner == owner]
        if not items:
            return
        entitled = f"facility.entitlements[{owner}]"
        units = [_demanded(self.problem.items[i], "height_u") for i in items]
        yield _out(
            owner, "height_u", units, float(self.start.owner_units_left[number]), f"{entitled}.units_u"
        )
        groups = [g for g, (name, _) in enumerate(self.problem.groups) if name == owner]
        none = np.empty(0, dtype=np.int64)  # a facility without positions has no groups
        standing = np.concatenate([none, *(self._bins(g)[0] for g in groups)])
        new = np.unique(np.concatenate([none, *(self._bins(g)[1] for g in groups)]))
        yield self._owner_power(number, owner, items, standing, new)
        limits = self._most_racks(number, owner, new)
        most, path = min(((racks, path) for racks, path, *_ in limits), key=lambda pair: pair[0])
        value = [self.problem.items[i].value for i in items]
        for d, dimension in enumerate(DIMENSIONS):
            best = np.sort(self._best_at_place(new, d))[::-1][:most]
            capacity = float(self.left[standing, d].sum() + best.sum())
            demanded = [
                Demanded(float(self.a.item_demand[i, d]), v) for i, v in zip(items, value, strict=True)
            ]
            yield _out(owner, dimension, demanded, capacity, path, scale=float(SCALE[d]))
        yield from self._racks_short(owner, items, standing, new, limits)
        yield self._by_zone(owner, groups, most, path)

    def _by_zone(self, owner: str, groups: Sequence[int], most: int, path: str) -> Bound:
        """Racks are of one zone each: what stays out however an owner's racks are split between its zones."""
        zones = []
        for group in groups:
            mine = np.flatnonzero(self.a.item_group == group)
            standing, new = self._bins(group)
            brought = [np.sort(self._best_at_place(new, d))[::-1] for d in range(len(DIMENSIONS))]
            value = np.array([self.problem.items[i].value for i in mine], dtype=np.float64)
            there = self.left[standing].sum(axis=0)
            zones.append(Zone(self.a.item_demand[mine], value, there, np.column_stack(brought)))
        out = split_out(zones, most)
        height_u = sum(float(zone.demand[:, 0].sum()) for zone in zones) / SIDES_PER_U
        best = max((float(zone.new[0, 0]) for zone in zones if len(zone.new)), default=0.0) / SIDES_PER_U
        there_u = sum(float(zone.standing[0]) for zone in zones) / SIDES_PER_U
        return Bound(
            "unplaced", owner, "height_u", height_u, there_u + most * best, float(out), path, BY_ZONE
        )

    def _racks_short(
        self,
        owner: str,
        items: Sequence[int],
        standing: NDArray[np.int64],
        new: NDArray[np.int64],
        limits: Sequence[tuple[int, str, str, float]],
    ) -> Iterable[Bound]:
        """What each limit on the number of racks keeps out by itself: area, stock, positions."""
        value = [self.problem.items[i].value for i in items]
        for most, path, dimension, each in limits:
            best = Bound("unplaced", owner, dimension, 0.0, most * each, 0.0, path, DIVISIBLE)
            for d in range(len(DIMENSIONS)):
                there = float(self.left[standing, d].sum())
                brought = np.sort(self._best_at_place(new, d))[::-1]
                amounts = self.a.item_demand[list(items), d]
                short = float(amounts.sum()) - there - float(brought.sum())
                racks = int(np.searchsorted(np.cumsum(brought), float(amounts.sum()) - there - TOLERANCE)) + 1
                if short > TOLERANCE:
                    racks = len(brought) + math.ceil(short / max(float(brought.max(initial=0.0)), 1e-9))
                demanded = [Demanded(float(w), v) for w, v in zip(amounts, value, strict=True)]
                out = float(forced_out(demanded, there + float(brought[:most].sum())))
                if out > best.value:
                    best = replace(best, demand=min(racks, len(items)) * each, value=out)
            yield best

    def _owner_power(
        self,
        number: int,
        owner: str,
        items: Sequence[int],
        standing: NDArray[np.int64],
        new: NDArray[np.int64],
    ) -> Bound:
        """Draws against the entitlement; what an item takes of a new rack, it takes of that rack's kit too."""
        left = float(self.start.owner_w_left[number])
        path = f"facility.entitlements[{owner}].power_w"
        best = Bound("unplaced", owner, "power_w", 0.0, 0.0, 0.0, path, DIVISIBLE)
        for d in range(4):
            room = float(self.left[new, d].max(initial=0.0))
            kit_w = float(self.a.kit_w[new].min()) / room if len(new) and room > 0 else 0.0
            demanded = [
                Demanded(
                    _demanded(self.problem.items[i], "power_w").amount
                    + kit_w * float(self.a.item_demand[i, d]),
                    self.problem.items[i].value,
                )
                for i in items
            ]
            capacity = left + kit_w * float(self.left[standing, d].sum())
            bound = _out(owner, "power_w", demanded, capacity if left < UNLIMITED / 2 else left, path)
            if d == 0 or bound.value > best.value:
                best = bound
        return best

    def _best_at_place(self, bins: NDArray[np.int64], d: int) -> NDArray[np.float64]:
        best: dict[int, float] = {}
        for b in bins:
            place = int(self.a.bin_place[b])
            best[place] = max(best.get(place, 0.0), float(self.left[b, d]))
        return np.array([best[place] for place in sorted(best)])

    def _most_racks(
        self, number: int, owner: str, new: NDArray[np.int64]
    ) -> list[tuple[int, str, str, float]]:
        """How many racks an owner may still set up by each limit: racks, path, dimension, how much of it one takes."""
        places = len(np.unique(self.a.bin_place[new]))
        area = float(self.start.owner_area_left[number])
        least = float(self.a.bin_area[new].min()) if len(new) else 1.0
        by_area = places if area >= UNLIMITED / 2 or least <= 0 else max(0, int((area + 1e-6) // least))
        stock = int(sum(self.start.stock_left[m] for m in range(len(self.start.stock_left))))
        return [
            (by_area, f"facility.entitlements[{owner}].area_m2", "area_m2", least),
            (stock, "facility.rack_models[0].stock", "racks", 1.0),
            (places, "facility.positions", "positions", 1.0),
        ]

    def _whole(self) -> Iterable[Bound]:
        """Limits that everything shares: cooling of all zones, nodes that all shared load passes in some scenario."""
        items = [item for item in self.problem.items if any(t.power_w for t in item.things)]
        draws = [_demanded(item, "power_w") for item in items]
        yield _out(
            "facility",
            "heat_w",
            draws,
            float(self.start.cooling_left.sum()),
            "facility.cooling_zones[0].unit_w",
        )
        shared = [
            Demanded(sum(t.power_w for t in item.things if t.redundancy and t.redundancy.spare), item.value)
            for item in items
        ]
        tightest: dict[int, float] = {}
        for scenario in range(len(self.problem.supply.scenarios)):
            for node, share in self._shares_of_all(scenario).items():
                left = (self.a.node_cap[node] - self.start.nodes[scenario, node]) / share
                tightest[node] = min(tightest.get(node, math.inf), float(left))
        for node, left in sorted(tightest.items()):
            path = f"facility.supply[{self.problem.supply.names[self.problem.nodes[node]]}].rating_w"
            yield _out("facility", "power_w", shared, left, path)

    def _shares_of_all(self, scenario: int) -> dict[int, float]:
        """Nodes that carry shared load wherever it stands, and the least share of it."""
        a = self.a
        routes = (len(a.route_ptr) - 1) // a.pattern_of.shape[0]
        found: dict[int, float] | None = None
        seen: set[tuple[int, ...]] = set()
        for b in range(len(a.bin_place)):
            cluster = a.bin_cluster[b]
            w = a.pattern_of[scenario, cluster]
            alive = [f for f in a.bin_feeds[b] if f >= 0 and a.alive[cluster, w, f]]
            key = tuple(int(a.feed_route[cluster, f]) for f in alive)
            if len(key) != 1:
                return {}
            if key in seen:
                continue
            seen.add(key)
            row = scenario * routes + key[0]
            entries = range(a.route_ptr[row], a.route_ptr[row + 1])
            shares = {int(a.route_node[k]): float(a.route_share[k]) for k in entries}
            found = (
                shares if found is None else {n: min(s, shares[n]) for n, s in found.items() if n in shares}
            )
        return found or {}


def _demanded(item: Item, dimension: str) -> Demanded:
    return Demanded(sum(getattr(thing, dimension) for thing in item.things), item.value)


def _out(
    scope: str,
    dimension: str,
    demanded: Sequence[Demanded],
    capacity: float,
    path: str,
    *,
    scale: float = 1.0,
) -> Bound:
    total = sum(d.amount for d in demanded)
    value = forced_out(demanded, capacity) if capacity < UNLIMITED / 2 else 0
    return Bound("unplaced", scope, dimension, total / scale, capacity / scale, float(value), path, DIVISIBLE)


# --- the cloud ---------------------------------------------------------------------------------------------------


def cloud_hosts(facility: Facility, loads: Mapping[str, Sequence[tuple[float, float, float]]]) -> list[Bound]:
    """By pool and dimension, the hosts that workloads (vCPUs, MB of memory, MB of disk) force, reserve included."""
    found: list[Bound] = []
    for number, pool in enumerate(facility.pools):
        sizes = loads.get(pool.name, ())
        if sizes:
            found += _pool_hosts(number, pool, [sum(column) for column in zip(*sizes, strict=True)])
    return found


def _pool_hosts(number: int, pool: CloudPool, totals: Sequence[float]) -> Iterable[Bound]:
    vcpus, memory_mb = host_capacity(pool)
    each_mb = usable_storage_mb(pool, pool.reserve_hosts + 1)
    needed = (
        ("vcpus", totals[0], vcpus, math.ceil(totals[0] / vcpus - 1e-9), "host_type.vcpus"),
        ("memory_mb", totals[1], memory_mb, math.ceil(totals[1] / memory_mb - 1e-9), "host_type.memory_mb"),
        ("disk_mb", totals[2], each_mb, storage_hosts(pool, totals[2]), "host_type.storage_mb"),
    )
    for dimension, total, each, hosts, path in needed:
        value = float(max(1, hosts) + pool.reserve_hosts)
        yield Bound(
            "cloud_hosts",
            f"pool {pool.name}",
            dimension,
            total,
            each,
            value,
            f"facility.pools[{number}].{path}",
            DIVISIBLE,
        )


def workloads_out(facility: Facility, cloud: CloudPlacer) -> list[Bound]:
    """By pool with a most of hosts and by dimension: workloads that no other pool serves and that stay out."""
    found = []
    for number, pool in enumerate(facility.pools):
        if pool.max_hosts is None:
            continue
        mine = [bundle for bundle in cloud.bundles if bundle.pools == (number,)]
        working = max(0, pool.max_hosts - pool.reserve_hosts)
        room = (*(working * each for each in host_capacity(pool)), usable_storage_mb(pool, pool.max_hosts))
        for d, (dimension, capacity) in enumerate(zip(("vcpus", "memory_mb", "disk_mb"), room, strict=True)):
            demanded = [Demanded(bundle.sizes[d], float(len(bundle.refs))) for bundle in mine]
            bound = _out(
                f"pool {pool.name}", dimension, demanded, capacity, f"facility.pools[{number}].max_hosts"
            )
            if bound.value > 0:
                found.append(bound)
    return found
