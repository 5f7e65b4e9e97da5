"""How evenly a plan loads the target: rows by power and by floor, cooling zones, and cold aisles within them.

The four families that `placing.floor_arrangement` evens out when racks take their positions, counted from the plan's
lists. A row's power is held against its weakest line (one alone has to carry the row when the other is lost), a cold
aisle against its positions' part of what its zone takes, a row's weight against its positions' floor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from capacity.facility import Facility, Position
from capacity.plan import Plan
from capacity.target_usage import RackFill, rack_fills

FAMILIES = ("power", "cooling", "aisle", "floor")


@dataclass(frozen=True, slots=True)
class Loaded:
    """One group of a family: `racks` on `positions`, planning load and capacity.

    `hall` is that of its first position. Power, cooling and aisle: W of W. Floor: kg on m², so `share` is kg/m² there
    and no part of a limit.
    """

    family: str
    where: str
    hall: str
    racks: int
    positions: int
    load: float
    capacity: float

    @property
    def share(self) -> float | None:
        return self.load / self.capacity if self.capacity > 0 else None


def floor_balance(facility: Facility, plan: Plan | None) -> tuple[Loaded, ...]:
    """Every group of every family, in the order of `FAMILIES` and of the facility's positions."""
    demands = {demand.asset: demand for demand in plan.demands} if plan else {}
    at = {fill.rack.position: fill for fill in rack_fills(facility, plan, demands)}
    nodes = {node.name: node for node in facility.supply}
    zones = {zone.name: zone.usable_w for zone in facility.cooling_zones}
    in_zone: dict[str, int] = defaultdict(int)
    for position in facility.positions:
        in_zone[position.cooling_zone] += 1

    def row_w(positions: Sequence[Position]) -> float:
        lines = {source for p in positions for feed in p.feeds for source in nodes[feed].sources}
        return min((nodes[name].rating_w * nodes[name].derating for name in lines), default=0.0)

    def part_w(positions: Sequence[Position]) -> float:
        return sum(zones[p.cooling_zone] / in_zone[p.cooling_zone] for p in positions)

    found: list[Loaded] = []
    rows = _grouped((f"{p.hall}-{p.row}", p) for p in facility.positions)
    for family in FAMILIES:
        if family in ("power", "floor"):
            groups = rows
        elif family == "cooling":
            groups = _grouped((p.cooling_zone, p) for p in facility.positions)
        else:
            groups = _grouped((f"{p.cooling_zone}, aisle {p.cold_aisle}", p) for p in facility.positions)
        for where, positions in groups.items():
            fills = [at[p.name] for p in positions if p.name in at]
            capacity = (
                row_w(positions)
                if family == "power"
                else sum(p.width_m * p.depth_m for p in positions)
                if family == "floor"
                else part_w(positions)
            )
            found.append(
                Loaded(
                    family,
                    where,
                    positions[0].hall,
                    len(fills),
                    len(positions),
                    _load(family, fills),
                    capacity,
                )
            )
    return tuple(found)


def _grouped(entries: Iterable[tuple[str, Position]]) -> dict[str, list[Position]]:
    found: dict[str, list[Position]] = defaultdict(list)
    for name, position in entries:
        found[name].append(position)
    return found


def _load(family: str, fills: Iterable[RackFill]) -> float:
    return sum(fill.weight_kg if family == "floor" else fill.power_w for fill in fills)


def unevenness(groups: Iterable[Loaded]) -> float | None:
    """Σ load² ÷ capacity over the groups, as a multiple of what it is were all equally full: 1 is even.

    The measure the arrangement makes small. None where nothing stands, or nothing can be said of the capacity.
    """
    known = [group for group in groups if group.capacity > 0]
    load, capacity = sum(g.load for g in known), sum(g.capacity for g in known)
    if load <= 0:
        return None
    return sum((g.load / load) ** 2 * (capacity / g.capacity) for g in known)


def of_family(groups: Iterable[Loaded], family: str) -> tuple[Loaded, ...]:
    """The groups of one family."""
    return tuple(group for group in groups if group.family == family)
