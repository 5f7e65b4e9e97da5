"""What stands between one more item and each rack, limit by limit: which are too small there, and by how much.

Works on the rack solver's arrays at a fixed state (`as_planned`: everything placed stands in its rack). Cords are put
where they ask least: how a feed's cords are dealt to its legs touches no other feed, so each is tried by itself. Things
kept together are put in one after another; that is sufficient, and named so. Words and choice are `smallest_change`'s.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capacity.facility import Facility
from capacity.placing.rack_problem import SLOTS_PER_UNIT, RackProblem
from capacity.plan import LimitChange
from capacity.solvers.rack_moves import EPSILON, FULL_REAR, find_slot, mark

Floats = NDArray[np.float64]
NOTCH = 1000  # changes are rounded up to a thousandth of their unit


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A rack and the limits that keep an item out of it; without any the item fits. `is_exact`: none could be less."""

    bin: int
    limits: tuple[LimitChange, ...]
    is_exact: bool = True

    @property
    def cost(self) -> tuple[int, float, int]:
        """Fewer limits are better, then a smaller change in parts of what each limit is now."""
        return len(self.limits), sum(relative(limit) for limit in self.limits), self.bin


def relative(limit: LimitChange) -> float:
    """A change in parts of what the limit is now (of itself where that is nothing)."""
    return abs(limit.by) / max(abs(limit.now or 0.0), abs(limit.by), 1e-9)


def rounded_up(value: float) -> float:
    return math.ceil(value * NOTCH - 1e-6) / NOTCH


class RackShortfalls:
    """Asks the racks of one problem about its items. `bought` are those of its standing racks that the plan buys: what
    their model's limits say is theirs.
    """

    def __init__(self, facility: Facility, problem: RackProblem, bought: Iterable[str]) -> None:
        self.facility, self.problem = facility, problem
        self.a, self.s = problem.problem.arrays, problem.problem.start
        self.bought = set(bought)
        self.models = {model.model: i for i, model in enumerate(facility.rack_models)}
        self.halls = {hall.name: i for i, hall in enumerate(facility.halls)}
        self._routes: dict[tuple[int, ...], Floats] = {}

    def best(
        self, item: int, racks: Sequence[str] | None = None, barred: Sequence[str] = ()
    ) -> Shortfall | None:
        """The rack that asks for the least change; None where none could ever take it (no position, no cord fits).

        `racks`: only these; `barred`: none of these.
        """
        best: Shortfall | None = None
        for b in self._candidates(item):
            name = self.problem.bins[b].rack.id
            if (racks is not None and name not in racks) or name in barred:
                continue
            for simple in self._simple(item, b):
                if best is not None and simple.cost >= best.cost:
                    continue
                found = self._with_power(item, b, simple)
                if found is not None and (best is None or found.cost < best.cost):
                    best = found
        return best

    def _candidates(self, item: int) -> Iterator[int]:
        """Racks of the item's owner and zone; of free positions that are alike the first."""
        group = int(self.a.item_group[item])
        seen: set[tuple[object, ...]] = set()
        for b in self.a.bins_ids[self.a.bins_ptr[group] : self.a.bins_ptr[group + 1]].tolist():
            if self.s.bin_group[b] == group:
                yield b
            elif self.s.bin_group[b] < 0 and not self.s.place_taken[self.a.bin_place[b]]:
                position, own = self.problem.bins[b].position, self.a.bin_feeds[b]
                cluster = int(self.a.bin_cluster[b])
                caps = tuple(float(self.a.feed_cap[cluster, f]) for f in own if f >= 0)
                free = self.s.kg_left[b], self.s.ports_left[b], self.s.occupied[b].tobytes()
                key = (self.a.bin_model[b], position.hall, position.row, self.a.bin_area[b], caps, free)
                if key not in seen:
                    seen.add(key)
                    yield b

    # --- limits that are one number ---------------------------------------------------------------------------------

    def _simple(self, item: int, b: int) -> Iterator[Shortfall]:
        """The shortfalls of everything but power, one for each way to get the units."""
        first, last = int(self.a.item_ptr[item]), int(self.a.item_ptr[item + 1])
        is_new = self.s.bin_group[b] < 0
        kit_w = float(self.a.kit_w[b]) if is_new else 0.0
        sums = [
            float(part[first:last].sum()) for part in (self.a.part_kg, self.a.part_ports, self.a.part_units)
        ]
        watts = float(self.a.part_w[first:last].sum()) + kit_w
        limits = [*self._new_rack(item, b)] if is_new else []
        limits += self._weight(b, sums[0])
        limits += self._ports(b, sums[1])
        limits += self._owner(item, watts, sums[2])
        limits += self._cooling(b, watts)
        for units, is_exact in self._units(first, last, b):
            yield Shortfall(b, (*limits, *units), is_exact)

    def _new_rack(self, item: int, b: int) -> Iterator[LimitChange]:
        model = self.facility.rack_models[int(self.a.bin_model[b])]
        if self.s.stock_left[self.a.bin_model[b]] <= 0:
            yield LimitChange(
                f"facility.rack_models[{int(self.a.bin_model[b])}].stock", float(model.stock or 0), 1.0
            )
        owner = int(self.a.group_owner[self.a.item_group[item]])
        yield from self._entitled(owner, "area_m2", float(self.a.bin_area[b] - self.s.owner_area_left[owner]))

    def _entitled(self, owner: int, field: str, over: float) -> Iterator[LimitChange]:
        if over > EPSILON:
            name = self.problem.owners[owner]
            entry = next(e for e in self.facility.entitlements if e.partner == name)
            yield LimitChange(
                f"facility.entitlements[{name}].{field}", getattr(entry, field), rounded_up(over)
            )

    def _owner(self, item: int, watts: float, units: float) -> Iterator[LimitChange]:
        owner = int(self.a.group_owner[self.a.item_group[item]])
        yield from self._entitled(owner, "power_w", watts - float(self.s.owner_w_left[owner]))
        yield from self._entitled(owner, "units_u", units - float(self.s.owner_units_left[owner]))

    def _weight(self, b: int, kg: float) -> Iterator[LimitChange]:
        over = kg - float(self.s.kg_left[b])
        if over <= EPSILON:
            return
        entry = self.problem.bins[b]
        rack_kg, floor_kg = entry.rack.max_weight_kg, entry.floor_kg
        needed = min(rack_kg, floor_kg) + over
        if needed > rack_kg + EPSILON:
            yield LimitChange(f"{self._rack_path(b)}.max_weight_kg", rack_kg, rounded_up(needed - rack_kg))
        if needed > floor_kg + EPSILON:
            hall = self.halls[entry.position.hall]
            floor = self.facility.halls[hall].floor
            field = "point_kg" if floor.basis == "point" else "limit_kg_m2"
            now = float(getattr(floor, field))
            yield LimitChange(
                f"facility.halls[{hall}].floor.{field}", now, rounded_up(now * (needed / floor_kg - 1.0))
            )

    def _ports(self, b: int, ports: float) -> Iterator[LimitChange]:
        over = ports - float(self.s.ports_left[b])
        if over > EPSILON:
            offered = [m.ports_provided for m in self.problem.bins[b].rack.contents]
            number = max(range(len(offered)), key=lambda i: (offered[i], -i), default=0)
            now = float(offered[number]) if offered else None
            field = "contents" if self._is_standing(b) else "kit"
            path = f"{self._rack_path(b)}.{field}[{number}].ports_provided"
            yield LimitChange(path, now, float(math.ceil(over - EPSILON)))

    def _cooling(self, b: int, watts: float) -> Iterator[LimitChange]:
        zone = int(self.a.bin_zone[b])
        over = watts - float(self.s.cooling_left[zone])
        if over > EPSILON:
            entry = self.facility.cooling_zones[zone]
            each = over / max(1, entry.units - entry.redundant_units)
            yield LimitChange(f"facility.cooling_zones[{zone}].unit_w", entry.unit_w, rounded_up(each))

    def _is_standing(self, b: int) -> bool:
        return self.problem.bins[b].model < 0 and self.problem.bins[b].rack.id not in self.bought

    def _rack_path(self, b: int) -> str:
        rack = self.problem.bins[b].rack
        if self._is_standing(b):
            return f"facility.racks[{rack.id}]"
        return f"facility.rack_models[{self.models[rack.model]}]"

    # --- units --------------------------------------------------------------------------------------------------------

    def _units(self, first: int, last: int, b: int) -> Iterator[tuple[tuple[LimitChange, ...], bool]]:
        """Ways to get the units: none needed, heavy things higher up, a taller rack."""
        occupied = self.s.occupied[b].copy()
        missing = [
            part for part in range(first, last) if not self._mount(occupied, part, int(self.a.part_top[part]))
        ]
        if not missing:
            yield (), True
            return
        is_exact = last - first == 1
        rules, slots = self.facility.rules, occupied.shape[1]
        heavy = [part for part in missing if self.a.part_top[part] < slots]
        tops = [self._mount(occupied.copy(), part, slots) for part in missing]
        if heavy and is_exact and tops[0]:
            by = tops[0] / SLOTS_PER_UNIT - rules.heavy_max_top_u
            yield (
                (LimitChange("facility.rules.heavy_max_top_u", rules.heavy_max_top_u, rounded_up(by)),),
                is_exact,
            )
        if not heavy:
            height = self.problem.bins[b].rack.height_u
            free = ~occupied[:, : height * SLOTS_PER_UNIT].astype(bool)
            both = all(self.a.part_face[part] <= FULL_REAR for part in missing)
            top = (
                min(_run(free[0]), _run(free[1]))
                if both or not is_exact
                else max(_run(free[side]) for side in self._sides(missing[0]))
            )
            if all(self.a.part_step[part] == SLOTS_PER_UNIT for part in missing):
                top -= top % SLOTS_PER_UNIT  # whole units begin on whole units
            short = sum(int(self.a.part_slots[part]) for part in missing) - top
            by = math.ceil(short / SLOTS_PER_UNIT)
            yield (LimitChange(f"{self._rack_path(b)}.height_u", float(height), float(by)),), is_exact

    def _sides(self, part: int) -> tuple[int, ...]:
        face = int(self.a.part_face[part])
        return (0,) if face == FULL_REAR + 1 else (1,) if face == FULL_REAR + 2 else (0, 1)

    def _mount(self, occupied: NDArray[Any], part: int, top: int) -> int:
        """Take a part's slots below `top`; returns the slot above it, 1 if it takes none, 0 without a place."""
        slots, face = int(self.a.part_slots[part]), int(self.a.part_face[part])
        if not slots:
            return 1
        if top < slots:
            return 0
        # Beyond a heavy thing's own limit low places come first, so that the limit is raised least.
        step = int(self.a.part_step[part])
        for limit in range(slots, top + 1) if top > self.a.part_top[part] else (top,):
            below = np.ascontiguousarray(occupied[:, :limit]) if limit < top else occupied
            slot, side = find_slot(below, slots, step, face, limit)
            if slot >= 0:
                mark(occupied, face, side, slot, slots, 1)
                return int(slot + slots)
        return 0

    # --- power --------------------------------------------------------------------------------------------------------

    def _with_power(self, item: int, b: int, simple: Shortfall) -> Shortfall | None:
        """The shortfall with what feeds, legs and nodes above lack; None where no way to plug it is diverse."""
        cluster = int(self.a.bin_cluster[b])
        own = [int(f) for f in self.a.bin_feeds[b] if f >= 0]
        patterns = int(self.a.pattern_count[cluster])
        alive = self.a.alive[cluster, :patterns][:, own].astype(bool)
        legs = self.s.legs[cluster, :patterns][:, own].copy()  # [patterns, feeds, 3]
        added = np.zeros((patterns, len(own)))
        if self.s.bin_group[b] < 0:
            legs += self.a.kit_leg[b, :patterns, : len(own)]
            added += self.a.kit_leg[b, :patterns, : len(own)].sum(axis=2)
        touched = added.sum(axis=0) > EPSILON
        is_exact = simple.is_exact
        for part in range(int(self.a.item_ptr[item]), int(self.a.item_ptr[item + 1])):
            if self.a.part_cord[part] < 0 or self.a.part_w[part] <= 0:
                continue
            plugged = self._plug(part, b, own, alive, legs, added)
            if plugged is None:
                return None
            legs, added = plugged
            touched |= (added.sum(axis=0)) > EPSILON
        limits = [*simple.limits, *self._feeds(b, own, alive, legs, touched), *self._nodes(b, own, added)]
        return Shortfall(b, tuple(limits), is_exact)

    def _plug(
        self, part: int, b: int, own: Sequence[int], alive: NDArray[np.bool_], legs: Floats, added: Floats
    ) -> tuple[Floats, Floats] | None:
        kind, template = int(self.a.bin_kind[b]), int(self.a.part_cord[part])
        needed, watts = int(self.a.cord_needed[template]), float(self.a.part_w[part])
        is_three = bool(self.a.cord_three[template])
        best: tuple[tuple[int, float], Floats, Floats] | None = None
        for option in range(int(self.a.option_count[kind, template])):
            counts = self.a.options[kind, template, option, : len(own)].astype(np.int64)
            up = (alive * counts).sum(axis=1)  # [patterns]
            share = np.where(up >= needed, watts / np.maximum(up, 1), 0.0)
            more = share[:, None] * alive * counts
            trial = legs.copy()
            for k in range(len(own)):
                if counts[k]:
                    trial[:, k] = self._dealt(
                        b, own[k], legs[:, k], share * alive[:, k], int(counts[k]), is_three=is_three
                    )
            limits = [
                *self._feeds(b, own, alive, trial, counts > 0),
                *self._nodes(b, own, added + more),
            ]
            cost = (len(limits), sum(relative(limit) for limit in limits))
            if best is None or cost < best[0]:
                best = (cost, trial, added + more)
        return None if best is None else best[1:]

    def _dealt(self, b: int, feed: int, legs: Floats, share: Floats, count: int, *, is_three: bool) -> Floats:
        """A feed's legs [patterns, 3] with so many cords of `share` [patterns] each, dealt so that it needs least."""
        if is_three:
            dealt: Floats = legs + (share * count / 3)[:, None]
            return dealt
        phases = int(self.a.leg_count[self.a.bin_cluster[b], feed])
        best: tuple[float, Floats] | None = None
        for one in range(count + 1) if phases == 3 else (count,):
            for two in range(count - one + 1) if phases == 3 else (0,):
                split = np.array([one, two, count - one - two], dtype=np.float64)
                trial = legs + share[:, None] * split
                worst = float(trial.max())
                if best is None or worst < best[0] - 1e-12:
                    best = (worst, trial)
        assert best is not None  # noqa: S101 - count is at least one
        return best[1]

    def _feeds(
        self, b: int, own: Sequence[int], alive: NDArray[np.bool_], legs: Floats, touched: NDArray[np.bool_]
    ) -> Iterator[LimitChange]:
        cluster = int(self.a.bin_cluster[b])
        for k, feed in enumerate(own):
            if not touched[k]:
                continue
            phases = int(self.a.leg_count[cluster, feed])
            loads = np.maximum(legs[:, k].sum(axis=1), legs[:, k].max(axis=1) * phases) * alive[:, k]
            usable = float(self.a.feed_cap[cluster, feed])
            if float(loads.max()) > usable + EPSILON * phases:
                name = self.problem.bins[b].position.feeds[k]
                yield self._rating(name, float(loads.max()))

    def _rating(self, name: str, needed_w: float) -> LimitChange:
        node = next(node for node in self.facility.supply if node.name == name)
        by = rounded_up(needed_w / node.derating - node.rating_w)
        return LimitChange(f"facility.supply[{name}].rating_w", node.rating_w, by)

    def _nodes(self, b: int, own: Sequence[int], added: Floats) -> Iterator[LimitChange]:
        """The nodes above that carry too much in some loss with `added` [patterns, feeds] W more."""
        cluster = int(self.a.bin_cluster[b])
        routes = self._route_shares(tuple(int(self.a.feed_route[cluster, f]) for f in own))
        delta = added[self.a.pattern_of[:, cluster]]  # [scenarios, feeds]
        more = np.einsum("sf,sfn->sn", delta, routes)
        loads = np.where(more > EPSILON, self.s.nodes + more, 0.0).max(axis=0)
        for number in np.flatnonzero(loads > self.a.node_cap + EPSILON):
            name = self.problem.supply.names[self.problem.nodes[int(number)]]
            yield self._rating(name, float(loads[number]))

    def _route_shares(self, feeds: tuple[int, ...]) -> Floats:
        """[scenarios, feeds, nodes]: which part of a feed's load reaches each node."""
        if feeds not in self._routes:
            scenarios = self.a.pattern_of.shape[0]
            kinds = (len(self.a.route_ptr) - 1) // scenarios
            table = np.zeros((scenarios, len(feeds), len(self.a.node_cap)))
            for k, feed in enumerate(feeds):
                for scenario in range(scenarios):
                    row = scenario * kinds + feed
                    entries = slice(int(self.a.route_ptr[row]), int(self.a.route_ptr[row + 1]))
                    np.add.at(table[scenario, k], self.a.route_node[entries], self.a.route_share[entries])
            self._routes[feeds] = table
        return self._routes[feeds]


def _run(free: NDArray[np.bool_]) -> int:
    """How many slots at the top are free without a gap."""
    taken = np.flatnonzero(~free)
    return len(free) - 1 - int(taken[-1]) if len(taken) else len(free)
