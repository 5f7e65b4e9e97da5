"""Which free position each new rack takes: rows, lines, aisles and floor evenly loaded, a partner's racks together.

Between the domain and `solvers.floor`, after racks are filled. A rack may go only to a position that is like its own in
all that dates, rights and cords depend on, where it fits and the floor bears it; no limit of the supply graph or of a
cooling zone is passed, and should the whole graph say otherwise, everything stays where it was. What came to lie in the
racks is not touched: cords go to the feeds of the new position, in the same order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from capacity.facility import Facility, Mounted, Position, RackModel, Supply, TargetRack
from capacity.holding import free_from
from capacity.placing.floor_lines import Line, cells_of, profiles
from capacity.placing.rack_bins import fits_position, floor_limit_kg
from capacity.plan import AssetDemand, CloudHost, DevicePlacement, Unplaced, WorkloadPlacement
from capacity.power import Load, SupplyModel
from capacity.resources import Redundancy
from capacity.solvers import floor
from inventory.estate import Estate, Ref

WEIGHTS = {
    "row": 1.0,
    "cooling": 1.0,
    "aisle": 0.5,
    "floor": 0.5,
}  # of each family's evenness; distance counts 1
TRAFFIC_SHARE = 1.0  # of all traffic between racks, as against all pairs of racks of one owner
BETWEEN_HALLS_M = 40.0  # a way between two halls, whose plans have no common origin

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Content:
    """What a rack holds, its kit included: draw, weight, and every load on the graph."""

    power_w: float
    weight_kg: float
    loads: tuple[Load, ...]


@dataclass(frozen=True, slots=True)
class Arranged:
    """Racks, hosts and devices at their positions, and what the arrangement is worth (see `solvers.floor`).

    `names`: racks that moved are called after their new positions, old name to new.
    """

    racks: tuple[TargetRack, ...]
    hosts: tuple[CloudHost, ...]
    devices: tuple[DevicePlacement, ...]
    workloads: tuple[WorkloadPlacement, ...]
    unplaced: tuple[Unplaced, ...]
    solution: floor.Solution | None = None
    names: Mapping[str, str] = field(default_factory=dict)


def arrange(
    estate: Estate,
    facility: Facility,
    supply: SupplyModel,
    demands: Mapping[Ref, AssetDemand],
    placed: Arranged,
    *,
    seed: int = 0,
) -> Arranged:
    """The same with the new racks at better positions.

    A rack with something kept apart by feed stays where it is: what that hangs on besides depends on the row.
    """
    if not placed.racks:
        return placed
    contents = contents_of(facility, demands, placed)
    parted = {
        member
        for constraint in estate.constraints
        if (constraint.kind, constraint.scope) == ("apart", "feed")
        for member in constraint.members
    }
    on_host = {w.host for w in placed.workloads if w.asset in parted}
    pinned = {d.rack for d in placed.devices if d.asset in parted}
    pinned |= {host.rack for host in placed.hosts if host.id in on_host}
    work = _Arrangement(estate, facility, supply, contents, placed, frozenset(pinned))
    solution = floor.solve(work.problem(), seed=seed)
    moved = {
        rack.id: facility.positions[int(place)]
        for rack, place in zip(work.racks, solution.place, strict=True)
        if facility.positions[int(place)].name != rack.position
    }
    if not moved:
        return replace(placed, solution=solution)
    return _written(facility, supply, placed, contents, moved, solution) or placed


def contents_of(
    facility: Facility, demands: Mapping[Ref, AssetDemand], placed: Arranged
) -> dict[str, Content]:
    """What each rack holds, standing racks first, at planning values."""
    pools = {pool.name: pool for pool in facility.pools}
    racks = (*facility.racks, *placed.racks)
    watts: dict[str, float] = defaultdict(float)
    kg = {rack.id: rack.tare_kg for rack in racks}
    loads: dict[str, list[Load]] = {rack.id: [] for rack in racks}

    def add(
        rack: str, power_w: float, weight_kg: float, redundancy: str | None, cords: tuple[Supply, ...]
    ) -> None:
        watts[rack] += power_w
        kg[rack] += weight_kg
        if cords and redundancy is not None:
            loads[rack].append(Load("", power_w, Redundancy.parse(redundancy), cords))

    for rack in racks:
        for item in rack.contents:
            add(rack.id, item.power_w, item.weight_kg, item.redundancy, item.supplies)
    for device in placed.devices:
        demand = demands[device.asset]
        power_w, weight_kg = (demand.quantities[name].planning for name in ("power_w", "weight_kg"))
        add(device.rack, power_w, weight_kg, demand.redundancy, device.supplies)
    for host in placed.hosts:
        kind = pools[host.pool].type_named(host.model) or pools[host.pool].host_type
        add(host.rack, kind.power_w, kind.weight_kg, kind.redundancy, host.supplies)
    return {rack.id: Content(watts[rack.id], kg[rack.id], tuple(loads[rack.id])) for rack in racks}


class _Arrangement:
    """The arrays of `solvers.floor`: standing racks are pinned things, new racks may move."""

    def __init__(
        self,
        estate: Estate,
        facility: Facility,
        supply: SupplyModel,
        contents: Mapping[str, Content],
        placed: Arranged,
        pinned: frozenset[str],
    ) -> None:
        self.estate, self.facility, self.supply, self.placed = estate, facility, supply, placed
        self.racks: tuple[TargetRack, ...] = (*facility.racks, *placed.racks)
        self.new = {rack.id for rack in placed.racks} - pinned
        self.contents = [contents[rack.id] for rack in self.racks]
        self.index = {position.name: i for i, position in enumerate(facility.positions)}
        self.lines = [Line.of(facility, supply, position) for position in facility.positions]

    def problem(self) -> floor.Problem:
        positions = self.facility.positions
        halls = {hall.name: i for i, hall in enumerate(self.facility.halls)}
        group, amount, capacity = self._families()
        pair, pull = self._pairs()
        start = np.array([self.index[rack.position] for rack in self.racks], dtype=np.int64)
        cells = cells_of(self.facility, self.supply, self.lines)
        problem = floor.Problem(
            start=start,
            allowed=self._allowed(start),
            group=group,
            amount=amount,
            capacity=capacity,
            weight=np.array(list(WEIGHTS.values())),
            x=np.array([p.x_m for p in positions]),
            y=np.array([p.y_m for p in positions]),
            hall=np.array([halls[p.hall] for p in positions], dtype=np.int64),
            apart_m=BETWEEN_HALLS_M,
            pair=pair,
            pair_weight=pull,
            distance_weight=0.0,
            place_class=cells.place_class,
            entry_ptr=cells.ptr,
            entry_cell=cells.cell,
            entry_part=cells.part,
            entry_share=cells.share,
            profile=profiles(self.racks, self.contents, self.facility.positions, self.index, cells.masks),
            cell_limit=cells.limit,
        )
        mean_m = floor.mean_distance_m(problem, start)
        return replace(problem, distance_weight=1 / mean_m if mean_m > 0 else 0.0)

    def _allowed(self, start: NDArray[np.int64]) -> NDArray[np.bool_]:
        """A rack goes where everything but row and place is as where it is, and where it fits and is borne."""
        positions = self.facility.positions
        models = {model.model: model for model in self.facility.rack_models}
        kind_of = [self._kind(position, line) for position, line in zip(positions, self.lines, strict=True)]
        kinds: dict[object, list[int]] = defaultdict(list)
        taken = {self.index[rack.position] for rack in self.racks if rack.id not in self.new}
        for i, kind in enumerate(kind_of):
            if i not in taken:
                kinds[kind].append(i)
        allowed = np.zeros((len(self.racks), len(positions)), dtype=np.bool_)
        open_to: dict[tuple[str, object], tuple[NDArray[np.int64], Floats]] = {}
        for number, rack in enumerate(self.racks):
            here = int(start[number])
            if rack.id in self.new:
                key = (rack.model, kind_of[here])
                if key not in open_to:
                    fits = {
                        place: bears_kg
                        for place in kinds[kind_of[here]]
                        for is_fit, bears_kg in [self._fit(models[rack.model], positions[place])]
                        if is_fit
                    }
                    open_to[key] = np.array(list(fits), dtype=np.int64), np.array(list(fits.values()))
                places, bears = open_to[key]
                allowed[number, places[self.contents[number].weight_kg <= bears]] = True
            allowed[number, here] = True
        return allowed

    def _fit(self, model: RackModel, position: Position) -> tuple[bool, float]:
        """Whether a model may stand at a position, and what the floor there bears with it, in kg."""
        bears_kg = floor_limit_kg(self.facility, position, model.width_mm, model.depth_mm)
        return fits_position(self.facility, model, position), bears_kg

    def _kind(self, position: Position, line: Line) -> object:
        """What has to be equal for a rack to be moved without anything else changing."""
        hall = next(h for h in self.facility.halls if h.name == position.hall)
        zone = next(z for z in self.facility.cooling_zones if z.name == position.cooling_zone)
        ready = {phase.name: phase.ready_on for phase in self.facility.phases}
        return (
            max(ready[position.phase], ready[hall.phase], ready[zone.phase], *line.ready_on),
            position.security_zone,
            position.owner,
            position.cage,
            position.area_m2,
            free_from(self.facility, position.name),
            line.kind,
        )

    # --- what is evened out ----------------------------------------------------------------------------------------

    def _families(self) -> tuple[NDArray[np.int64], Floats, Floats]:
        """Rows by their weakest line, cooling zones, cold aisles, and rows by floor: groups, amounts, capacities."""
        positions = self.facility.positions
        usable = {zone.name: zone.usable_w for zone in self.facility.cooling_zones}
        in_zone: dict[str, int] = defaultdict(int)
        for position in positions:
            in_zone[position.cooling_zone] += 1
        names: list[list[object]] = [[], [], [], []]
        sizes: list[dict[object, float]] = [{}, {}, {}, {}]
        for position, line in zip(positions, self.lines, strict=True):
            row = (position.hall, position.row)
            aisle = (position.cooling_zone, position.cold_aisle)
            area_m2 = position.width_m * position.depth_m
            own = (row, position.cooling_zone, aisle, row)
            for family, name in enumerate(own):
                names[family].append(name)
            sizes[0][row] = line.row_w
            sizes[1][position.cooling_zone] = usable[position.cooling_zone]
            share_w = usable[position.cooling_zone] / in_zone[position.cooling_zone]
            sizes[2][aisle] = sizes[2].get(aisle, 0.0) + share_w
            sizes[3][row] = sizes[3].get(row, 0.0) + area_m2
        widest = max(len(size) for size in sizes)
        group = np.zeros((len(sizes), len(positions)), dtype=np.int64)
        capacity = np.zeros((len(sizes), widest))
        for family, size in enumerate(sizes):
            number = {name: i for i, name in enumerate(size)}
            group[family] = [number[name] for name in names[family]]
            capacity[family, : len(size)] = list(size.values())
        watts = [content.power_w for content in self.contents]
        kg = [content.weight_kg for content in self.contents]
        return group, np.array([watts, watts, watts, kg], dtype=np.float64), capacity

    def _pairs(self) -> tuple[NDArray[np.int64], Floats]:
        """Racks that are to be near each other: of one owner, and such as talk to each other."""
        pull: dict[tuple[int, int], float] = defaultdict(float)
        by_owner: dict[str, list[int]] = defaultdict(list)
        for number, rack in enumerate(self.racks):
            by_owner[rack.owner].append(number)
        for mine in by_owner.values():
            for i, one in enumerate(mine):
                for other in mine[i + 1 :]:
                    pull[one, other] += 1 / (len(mine) - 1)
        traffic = self._traffic()
        total = sum(traffic.values())
        scale = TRAFFIC_SHARE * sum(pull.values()) / total if total > 0 else 0.0
        for pair, rate in traffic.items():
            pull[pair] += rate * (scale or 1.0)
        pairs = sorted(pull)
        ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return ends, np.array([pull[pair] for pair in pairs], dtype=np.float64)

    def _traffic(self) -> dict[tuple[int, int], float]:
        """Mbit/s between racks, of flows with placed ends; those of an application are its members, in equal parts."""
        number = {rack.id: i for i, rack in enumerate(self.racks)}
        rack_of: dict[Ref, int] = {d.asset: number[d.rack] for d in self.placed.devices}
        host_rack = {host.id: number[host.rack] for host in self.placed.hosts}
        rack_of |= {w.asset: host_rack[w.host] for w in self.placed.workloads}
        found: dict[tuple[int, int], float] = defaultdict(float)
        members: dict[int, list[Ref]] = defaultdict(list)
        for member in self.estate.application_members:
            members[member.application_id].append(member.object)

        def racks_of(end: Ref) -> dict[int, float]:
            refs = members[end.id] if end.kind == "applications" else [end]
            inside = [rack_of[ref] for ref in refs if ref in rack_of]
            return {rack: inside.count(rack) / len(inside) for rack in set(inside)}

        for flow in self.estate.flows:
            if flow.rate_mbps is None:
                continue
            ends = racks_of(flow.source), racks_of(flow.target)
            for one, share in ends[0].items():
                for other, part in ends[1].items():
                    if one != other:
                        found[min(one, other), max(one, other)] += flow.rate_mbps * share * part
        return found


# --- writing -----------------------------------------------------------------------------------------------------


def _written(
    facility: Facility,
    supply: SupplyModel,
    placed: Arranged,
    contents: Mapping[str, Content],
    moved: Mapping[str, Position],
    solution: floor.Solution,
) -> Arranged | None:
    """Everything with racks at their new positions; None where the supply graph would not bear it."""
    positions = {position.name: position for position in facility.positions}
    standing = {rack.id for rack in facility.racks}
    feeds: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    for rack in placed.racks:
        there = moved.get(rack.id, positions[rack.position])
        feeds[rack.id] = dict(zip(positions[rack.position].feeds, there.feeds, strict=True))
        names[rack.id] = there.name if there.name not in standing else f"{there.name}-new"
    loads = [
        replace(load, supplies=_corded(load.supplies, feeds.get(rack_id, {})))
        for rack_id, content in contents.items()
        for load in content.loads
    ]
    if not supply.carries(supply.evaluate(loads)):
        return None

    def to_rack(rack: TargetRack) -> TargetRack:
        there = moved.get(rack.id, positions[rack.position])
        kit = tuple(_mounted(item, feeds[rack.id]) for item in rack.contents)
        return replace(rack, id=names[rack.id], position=there.name, contents=kit)

    order = {position.name: i for i, position in enumerate(facility.positions)}
    said = _Renamed(names)
    return Arranged(
        tuple(sorted(map(to_rack, placed.racks), key=lambda rack: order[rack.position])),
        tuple(
            replace(h, rack=names.get(h.rack, h.rack), supplies=_corded(h.supplies, feeds.get(h.rack, {})))
            for h in placed.hosts
        ),
        tuple(
            replace(d, rack=names.get(d.rack, d.rack), supplies=_corded(d.supplies, feeds.get(d.rack, {})))
            for d in placed.devices
        ),
        placed.workloads,
        tuple(said.entry(entry) for entry in placed.unplaced),
        solution,
        {old: new for old, new in names.items() if old != new},
    )


def _mounted(item: Mounted, feeds: Mapping[str, str]) -> Mounted:
    return replace(item, supplies=_corded(item.supplies, feeds))


def _corded(supplies: tuple[Supply, ...], feeds: Mapping[str, str]) -> tuple[Supply, ...]:
    return tuple(replace(cord, feed=feeds.get(cord.feed, cord.feed)) for cord in supplies)


class _Renamed:
    """Racks in the sentences of what has no place, under their new names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {old: new for old, new in names.items() if old != new}
        words = sorted(map(re.escape, self._names), key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])") if words else None

    def entry(self, entry: Unplaced) -> Unplaced:
        lacks = tuple(
            replace(
                lack, where=self._names.get(lack.where, lack.where), explanation=self._text(lack.explanation)
            )
            for lack in entry.lacks
        )
        return replace(entry, lacks=lacks)

    def _text(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._names[found.group()], text)
