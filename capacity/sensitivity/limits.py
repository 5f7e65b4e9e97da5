"""The limits of what a plan is made from, each as one thing a person would change, and the inputs with it changed.

What belongs together is one limit, all of it changed by the same amount: the two busbars of a row, the feeds of its
positions, the UPSes of one rating, a host type wherever a pool uses it. Which are worth a try is `ranking`'s.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from capacity.calendar import Calendar
from capacity.facility import Facility, HostType, Position, SupplyNode, sealed
from capacity.levers import NOUNS, amount_text, in_words, parts_of, unit_of, value_of, with_values
from capacity.plan import Plan
from capacity.plan import sealed as sealed_plan
from inventory.estate import Circuit, Estate
from inventory.estate import sealed as sealed_estate

POSITIONS = "facility.positions"
MOST_RACK_U = 60  # what a facility file takes
STEPS = {
    "area_m2": 0.1, "power_w": 100.0, "units_u": 1.0, "rating_w": 100.0, "unit_w": 100.0, "limit_kg_m2": 10.0,
    "point_kg": 10.0, "rolling_kg": 10.0, "max_weight_kg": 10.0, "memory_mb": 1024.0, "storage_mb": 100_000.0,
    "cpu_overcommit": 0.1, "memory_overcommit": 0.05,
}  # fmt: skip
"""What a limit is counted in, by its field; nothing between is tried. Others are counted in ones."""


@dataclass(frozen=True, slots=True)
class World:
    """What a plan is made from."""

    estate: Estate
    facility: Facility
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: `paths` all of its places in the documents, `now` what each says, `step` what it is counted in.

    `zone`: of positions, the security zone; `most`: the largest value there can be (None: any).
    """

    name: str
    paths: tuple[str, ...]
    now: float
    step: float
    zone: str = ""
    most: float | None = None

    @property
    def unit(self) -> str:
        """The unit of its values, "" for mere counts."""
        return "" if self.paths[0] == POSITIONS else unit_of(self.paths[0])

    def text(self, value: float) -> str:
        """A value of it for people."""
        return f"{value:,.0f}" if self.paths[0] == POSITIONS else amount_text(self.paths[0], value)

    def up(self, value: float) -> float:
        """A value as a whole number of steps from now, rounded away from less."""
        steps = math.ceil((value - self.now) / self.step - 1e-6)
        return round(self.now + steps * self.step, 6)


def limits(world: World) -> tuple[Limit, ...]:
    """Every limit that is stated, in the order of the documents' parts."""
    return (
        *_entitlements(world.facility),
        *_supply(world.facility),
        *_space(world.facility),
        *_racks(world.facility),
        *_cloud(world.facility),
        *_lines(world.estate),
        *_hands(world.calendar),
    )


def single(world: World, path: str) -> Limit | None:
    """The one place at a path as a limit of its own; None where it says nothing, or nothing that may be changed."""
    if path.startswith("facility.") and path != POSITIONS:
        now = value_of(world.facility, path)
        return _limit(world.facility, path) if isinstance(now, int | float) else None
    found = (*_lines(world.estate), *_hands(world.calendar))
    return next((limit for limit in found if limit.paths == (path,)), None)


def _limit(facility: Facility, *paths: str, name: str = "", most: float | None = None) -> Limit:
    field = parts_of(paths[0])[-1][0]
    now = float(value_of(facility, paths[0]))
    return Limit(name or in_words(facility, paths[0]), paths, now, STEPS.get(field, 1.0), most=most)


def _entitlements(facility: Facility) -> Iterator[Limit]:
    for entry in facility.entitlements:
        for field in ("area_m2", "power_w", "units_u"):
            if getattr(entry, field) is not None:
                yield _limit(facility, f"facility.entitlements[{entry.partner}].{field}")


def _supply(facility: Facility) -> Iterator[Limit]:
    """Nodes above the feeds, alone and with those of their kind and rating; busbars and feeds row by row."""
    nodes = {node.name: node for node in facility.supply}
    rows: dict[tuple[str, str], list[Position]] = defaultdict(list)
    for position in facility.positions:
        rows[position.hall, position.row].append(position)
    busbars = {row: _busbars(positions, nodes) for row, positions in rows.items()}
    of_rows = {name for names in busbars.values() for name in names}
    alike: dict[tuple[str, float], list[str]] = defaultdict(list)
    for node in facility.supply:
        if node.kind != "feed" and node.name not in of_rows:
            yield _limit(facility, _rating(node.name))
            alike[node.kind, node.rating_w].append(node.name)
    for (kind, _), names in alike.items():
        if len(names) > 1:
            text = f"the rating of each of the {len(names)} nodes of kind {kind} ({', '.join(names)})"
            yield _limit(facility, *map(_rating, names), name=text)
    for (hall, row), positions in rows.items():
        yield from _alike(facility, nodes, busbars[hall, row], f"each busbar of row {hall}-{row}")
        feeds = list(dict.fromkeys(feed for position in positions for feed in position.feeds))
        yield from _alike(facility, nodes, feeds, f"each feed of row {hall}-{row}")


def _busbars(positions: list[Position], nodes: Mapping[str, SupplyNode]) -> list[str]:
    """What the feeds of a row draw from, where that is no higher than a panel."""
    sources = dict.fromkeys(s for p in positions for feed in p.feeds for s in nodes[feed].sources)
    return [name for name in sources if nodes[name].kind == "panel"]


def _alike(
    facility: Facility, nodes: Mapping[str, SupplyNode], names: list[str], text: str
) -> Iterator[Limit]:
    by_rating: dict[float, list[str]] = defaultdict(list)
    for name in names:
        by_rating[nodes[name].rating_w].append(name)
    for group in by_rating.values():
        yield _limit(facility, *map(_rating, group), name=f"the rating of {text}")


def _rating(node: str) -> str:
    return f"facility.supply[{node}].rating_w"


def _space(facility: Facility) -> Iterator[Limit]:
    for i, _ in enumerate(facility.cooling_zones):
        yield _limit(facility, f"facility.cooling_zones[{i}].unit_w")
    for i, hall in enumerate(facility.halls):
        field = "point_kg" if hall.floor.basis == "point" else "limit_kg_m2"
        if getattr(hall.floor, field) is not None:
            yield _limit(facility, f"facility.halls[{i}].floor.{field}")
    for zone in facility.security_zones:
        count = sum(position.security_zone == zone for position in facility.positions)
        if count:
            yield Limit(f"the positions of zone {zone}", (POSITIONS,), float(count), 1.0, zone)


def _racks(facility: Facility) -> Iterator[Limit]:
    for i, model in enumerate(facility.rack_models):
        path = f"facility.rack_models[{i}]"
        yield _limit(facility, f"{path}.height_u", most=float(MOST_RACK_U))
        yield _limit(facility, f"{path}.max_weight_kg")
        if model.stock is not None:
            yield _limit(facility, f"{path}.stock")
        switches = [n for n, item in enumerate(model.kit) if item.ports_provided]
        if switches and len({model.kit[n].ports_provided for n in switches}) == 1:
            name = f"the ports of each switch of rack model {model.model}"
            yield _limit(facility, *(f"{path}.kit[{n}].ports_provided" for n in switches), name=name)
    yield _limit(facility, "facility.rules.heavy_max_top_u")


def _cloud(facility: Facility) -> Iterator[Limit]:
    for i, pool in enumerate(facility.pools):
        fields = ("max_hosts",) if pool.max_hosts is not None else ()
        for field in (*fields, "cpu_overcommit", "memory_overcommit"):
            yield _limit(facility, f"facility.pools[{i}].{field}")
    places: dict[str, list[str]] = defaultdict(list)
    kinds: dict[str, HostType] = {}
    for i, pool in enumerate(facility.pools):
        for n, kind in enumerate(pool.host_types):
            where = "host_type" if n == 0 else f"other_host_types[{n - 1}]"
            places[kind.model].append(f"facility.pools[{i}].{where}")
            kinds[kind.model] = kind
    for model, paths in places.items():
        for field in ("vcpus", "memory_mb", "storage_mb", "stock"):
            if getattr(kinds[model], field) is not None:
                what = NOUNS[field] if field == "stock" else NOUNS[field].removesuffix(" of a host")
                yield _limit(
                    facility, *(f"{path}.{field}" for path in paths), name=f"{what} of host type {model}"
                )


def _lines(estate: Estate) -> Iterator[Limit]:
    for circuit in estate.circuits:
        if circuit.rate_mbps is not None:
            path = f"estate.circuits[{circuit.id}].rate_mbps"
            yield Limit(f"the rate of circuit {circuit.cid}", (path,), circuit.rate_mbps, 1.0)


def _hands(calendar: Calendar) -> Iterator[Limit]:
    for resource in calendar.resources:
        path = f"calendar.resources[{resource.name}].capacity"
        yield Limit(f"the {resource.unit} of {resource.name}", (path,), resource.capacity, 1.0)


# --- the inputs with a limit changed ---------------------------------------------------------------------------------


def with_limit(world: World, limit: Limit, value: float) -> World:
    """The inputs with another value of one limit; documents that change are sealed anew."""
    return with_limits(world, {limit: value})


def with_limits(world: World, values: Mapping[Limit, float]) -> World:
    """The inputs with other values of several limits."""
    estate, facility, calendar = world.estate, world.facility, world.calendar
    at: dict[str, object] = {}
    for limit, value in values.items():
        document = limit.paths[0].partition(".")[0]
        key = (parts_of(limit.paths[0])[0][1] or "") if limit.paths[0] != POSITIONS else ""
        if document == "estate":
            circuits = tuple(_faster(circuit, key, value) for circuit in estate.circuits)
            estate = sealed_estate(replace(estate, circuits=circuits))
        elif document == "calendar":
            resources = tuple(replace(r, capacity=value) if r.name == key else r for r in calendar.resources)
            calendar = replace(calendar, resources=resources)
        elif limit.paths == (POSITIONS,):
            facility = _with_positions(facility, limit.zone, round(value))
        else:
            at |= {path: _as_stated(facility, path, value) for path in limit.paths}
    return World(estate, with_values(facility, at) if at else facility, calendar)


def _as_stated(facility: Facility, path: str, value: float) -> float:
    """The value at a path; whole numbers stay whole."""
    return round(value) if isinstance(value_of(facility, path), int) else value


def _faster(circuit: Circuit, key: str, value: float) -> Circuit:
    return replace(circuit, rate_mbps=value) if str(circuit.id) == key else circuit


def _with_positions(facility: Facility, zone: str, count: int) -> Facility:
    """A facility with so many positions in a zone: more stand beside the zone's last, on feeds of their own."""
    mine = [position for position in facility.positions if position.security_zone == zone]
    last = [position for position in mine if position.owner is None or position.owner == mine[-1].owner][-1]
    nodes = {node.name: node for node in facility.supply}
    positions, supply = list(facility.positions), list(facility.supply)
    for number in range(1, count - len(mine) + 1):
        name = f"{last.name}+{number}"
        feeds = tuple(f"{name}/{feed}" for feed in last.feeds)
        supply += [replace(nodes[old], name=new) for old, new in zip(last.feeds, feeds, strict=True)]
        place = {"x_m": last.x_m + number * last.width_m, "index": last.index + number}
        positions.append(replace(last, name=name, feeds=feeds, owner=None, cage=None, **place))  # type: ignore[arg-type]
    return sealed(replace(facility, positions=tuple(positions), supply=tuple(supply)))


def restated(plan: Plan, world: World) -> Plan:
    """The same plan as one of other inputs: it names their hashes and has their calendar, and its new racks are as
    their models now say.
    """
    models = {model.model: model for model in world.facility.rack_models}
    racks = []
    for rack in plan.racks:
        model = models[rack.model]
        ports = {item.name: item.ports_provided for item in model.kit}
        contents = tuple(
            replace(kit, ports_provided=ports.get(kit.name, kit.ports_provided)) for kit in rack.contents
        )
        racks.append(
            replace(rack, height_u=model.height_u, max_weight_kg=model.max_weight_kg, contents=contents)
        )
    inputs = replace(
        plan.inputs, estate_hash=world.estate.content_hash, facility_hash=world.facility.content_hash
    )
    return sealed_plan(replace(plan, inputs=inputs, calendar=world.calendar, racks=tuple(racks)))
