"""Defects of a facility file that no single key shows: names that don't exist, loops, racks off the floor, double use.

Takes the typed file, gives every defect with its path and remedy; reading and resolving are `facility_file`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from capacity.facility_input import FacilityInput, HallInput, MountedInput, RowInput


@dataclass(frozen=True, slots=True)
class Defect:
    """`path` in the file, what is wrong there, and what to do."""

    path: str
    what: str
    remedy: str


def defects(model: FacilityInput) -> list[Defect]:
    """All defects in file order; an empty list means the file resolves."""
    return [
        *_duplicates(model),
        *_derived_names(model),
        *_unknown_names(model),
        *_aisles(model),
        *_supply_graph(model),
        *_floor(model),
        *_racks(model),
        *_areas(model),
    ]


def _duplicates(model: FacilityInput) -> Iterator[Defect]:
    lists: list[tuple[str, list[str]]] = [
        ("phases", [p.name for p in model.phases]),
        ("security_zones", list(model.security_zones)),
        ("supply", [n.name for n in model.supply]),
        ("cooling_zones", [c.name for c in model.cooling_zones]),
        ("halls", [h.name for h in model.halls]),
        ("rack_models", [m.model for m in model.rack_models]),
        ("racks", [r.id for r in model.racks]),
        ("host_types", [h.model for h in model.host_types]),
        ("pools", [p.name for p in model.pools]),
        ("entitlements", [e.partner for e in model.entitlements]),
        *((f"halls[{i}].rows", [row.name for row in hall.rows]) for i, hall in enumerate(model.halls)),
        *(
            (f"halls[{i}].routes", [route.name for route in hall.routes])
            for i, hall in enumerate(model.halls)
        ),
        *(
            (f"pools[{i}].tiers", [pool.tier, *(tier.name for tier in pool.tiers)])
            for i, pool in enumerate(model.pools)
        ),
        *(
            (f"pools[{i}].other_host_types", [pool.host_type, *pool.other_host_types])
            for i, pool in enumerate(model.pools)
        ),
    ]
    for path, names in lists:
        for name, count in Counter(names).items():
            if count > 1:
                second = [i for i, other in enumerate(names) if other == name][1]
                yield Defect(
                    f"{path}[{second}]", f"{path}: {name!r} stands {count} times", "rename or remove one"
                )
    for position, count in Counter(rack.position for rack in model.racks).items():
        if count > 1:
            yield Defect(
                "racks", f"{count} racks stand at position {position!r}", "move one to a free position"
            )


def _derived_names(model: FacilityInput) -> Iterator[Defect]:
    """A row's own lines are named HALL-ROW-A, its positions HALL-ROW-NN, their feeds HALL-ROW-NN-A."""
    taken = {node.name: f"supply[{i}]" for i, node in enumerate(model.supply)}
    for i, hall in enumerate(model.halls):
        for j, row in enumerate(hall.rows):
            place = f"halls[{i}].rows[{j}]"
            stem = f"{hall.name}-{row.name}"
            letters = "ABCDEFGH"[: len(row.upstream or hall.defaults.upstream)]
            names = {f"{stem}-{letter}" for letter in letters}
            for n in range(1, row.positions + 1):
                names |= {f"{stem}-{n:02d}", *(f"{stem}-{n:02d}-{letter}" for letter in letters)}
            clash = min(names & taken.keys(), default=None)
            if clash is not None:
                what = f"row {stem!r} makes the name {clash!r}, which {taken[clash]} has too"
                yield Defect(place, what, "rename one of them")
            taken |= dict.fromkeys(names, place)


def _unknown_names(model: FacilityInput) -> Iterator[Defect]:
    phases = {p.name for p in model.phases}
    zones = set(model.security_zones)
    cooling = {c.name for c in model.cooling_zones}
    host_types = {h.model for h in model.host_types}
    nodes = {n.name for n in model.supply}

    def missing(path: str, kind: str, name: str | None, known: Iterable[str]) -> Iterator[Defect]:
        options = sorted(known)
        if name is not None and name not in options:
            shown = ", ".join(options[:8]) or "none are listed"
            yield Defect(path, f"{path}: no {kind} {name!r}", f"use one of: {shown}")

    yield from missing(
        "rules.default_security_zone", "security zone", model.rules.default_security_zone, zones
    )
    for i, node in enumerate(model.supply):
        yield from missing(f"supply[{i}].phase", "phase", node.phase, phases)
        for source in node.sources:
            yield from missing(f"supply[{i}].sources", "supply node", source, nodes)
    for i, zone in enumerate(model.cooling_zones):
        yield from missing(f"cooling_zones[{i}].phase", "phase", zone.phase, phases)
    for i, hall in enumerate(model.halls):
        path = f"halls[{i}]"
        yield from missing(f"{path}.phase", "phase", hall.phase, phases)
        yield from missing(
            f"{path}.defaults.cooling_zone", "cooling zone", hall.defaults.cooling_zone, cooling
        )
        yield from missing(
            f"{path}.defaults.security_zone", "security zone", hall.defaults.security_zone, zones
        )
        for j, row in enumerate(hall.rows):
            place = f"{path}.rows[{j}]"
            yield from missing(f"{place}.feed_type", "feed type", row.feed_type, model.feed_types)
            yield from missing(f"{place}.cooling_zone", "cooling zone", row.cooling_zone, cooling)
            yield from missing(f"{place}.security_zone", "security zone", row.security_zone, zones)
            for upstream in row.upstream or hall.defaults.upstream:
                yield from missing(f"{place}.upstream", "supply node", upstream, nodes)
    for i, override in enumerate(model.position_overrides):
        place = f"position_overrides[{i}]"
        yield from missing(f"{place}.security_zone", "security zone", override.security_zone, zones)
        yield from missing(
            place,
            "row",
            f"{override.hall}-{override.row}",
            [f"{h.name}-{r.name}" for h in model.halls for r in h.rows],
        )
    for i, pool in enumerate(model.pools):
        yield from missing(f"pools[{i}].host_type", "host type", pool.host_type, host_types)
        for other in pool.other_host_types:
            yield from missing(f"pools[{i}].other_host_types", "host type", other, host_types)
        yield from _tierless(model, i)
        yield from missing(f"pools[{i}].phase", "phase", pool.phase, phases)
        yield from missing(f"pools[{i}].security_zone", "security zone", pool.security_zone, zones)


def _tierless(model: FacilityInput, number: int) -> Iterator[Defect]:
    """A tier of a pool that none of its host types brings storage to."""
    pool = model.pools[number]
    kinds = [kind for kind in model.host_types if kind.model in (pool.host_type, *pool.other_host_types)]
    for j, tier in enumerate(pool.tiers):
        if kinds and not any(tier.name in kind.tiers for kind in kinds):
            what = f"no host type of pool {pool.name!r} brings storage of tier {tier.name!r}"
            yield Defect(f"pools[{number}].tiers[{j}]", what, "give a host type that tier, or remove it here")


def _aisles(model: FacilityInput) -> Iterator[Defect]:
    """Racks face their cold aisle; one that is the hot aisle of another row would blow into its inlets."""
    for i, hall in enumerate(model.halls):
        hot = {row.hot_aisle for row in hall.rows}
        for j, row in enumerate(hall.rows):
            if row.cold_aisle in hot:
                what = (
                    f"aisle {row.cold_aisle!r} is the cold aisle of row {row.name!r} and a hot aisle as well"
                )
                yield Defect(f"halls[{i}].rows[{j}].cold_aisle", what, "turn a row, or name another aisle")


def _supply_graph(model: FacilityInput) -> Iterator[Defect]:
    sources = {node.name: node.sources for node in model.supply}
    for i, node in enumerate(model.supply):
        seen: set[str] = set()
        todo = list(node.sources)
        while todo:
            name = todo.pop()
            if name == node.name:
                yield Defect(
                    f"supply[{i}].sources",
                    f"supply node {name!r} feeds itself over its sources",
                    "cut the loop",
                )
                break
            if name not in seen:
                seen.add(name)
                todo.extend(sources.get(name, ()))
    for i, zone in enumerate(model.cooling_zones):
        if zone.redundant_units >= zone.units:
            yield Defect(
                f"cooling_zones[{i}].redundant_units",
                f"cooling zone {zone.name!r} keeps {zone.redundant_units} of {zone.units} units in reserve",
                "leave at least one unit to cool with",
            )


def _floor(model: FacilityInput) -> Iterator[Defect]:
    for i, hall in enumerate(model.halls):
        floor = hall.floor
        needed = "point_kg" if floor.basis == "point" else "limit_kg_m2"
        if getattr(floor, needed) is None:
            yield Defect(
                f"halls[{i}].floor",
                f"hall {hall.name!r}: the basis {floor.basis} needs {needed}",
                f"add {needed}",
            )
        for j, row in enumerate(hall.rows):
            if not all(is_inside(hall.polygon, point) for point in _corners(hall, row)):
                yield Defect(
                    f"halls[{i}].rows[{j}]",
                    f"row {row.name!r} reaches outside the polygon of hall {hall.name!r}",
                    "move the row, shorten it, or correct the polygon",
                )


def _corners(hall: HallInput, row: RowInput) -> list[tuple[float, float]]:
    depth_m = row.depth_m or hall.defaults.depth_m
    end_m = row.x_m + row.positions * (row.pitch_m or hall.defaults.pitch_m)
    return [(x, row.y_m + side * depth_m / 2) for x in (row.x_m, end_m) for side in (-1, 1)]


def is_inside(polygon: tuple[tuple[float, float], ...], point: tuple[float, float]) -> bool:
    """Even-odd rule; a point on the outline counts as inside within a millimetre."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        cross = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
        within = (
            min(x1, x2) - 1e-3 <= x <= max(x1, x2) + 1e-3 and min(y1, y2) - 1e-3 <= y <= max(y1, y2) + 1e-3
        )
        if abs(cross) < 1e-3 and within:
            return True
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def _racks(model: FacilityInput) -> Iterator[Defect]:
    models = {m.model for m in model.rack_models}
    feeds = {
        f"{hall.name}-{row.name}-{index:02d}": len(row.upstream or hall.defaults.upstream)
        for hall in model.halls
        for row in hall.rows
        for index in range(1, row.positions + 1)
    }
    fewest = min(feeds.values(), default=0)
    for i, rack_model in enumerate(model.rack_models):
        for j, kit in enumerate(rack_model.kit):
            yield from _mounted(f"rack_models[{i}].kit[{j}]", kit, fewest, rack_model.height_u)
        yield from _overlaps(f"rack_models[{i}].kit", (), rack_model.kit)
    heights = {m.model: m.height_u for m in model.rack_models}
    kits = {m.model: m.kit for m in model.rack_models}
    for i, rack in enumerate(model.racks):
        if rack.model not in models:
            yield Defect(
                f"racks[{i}].model",
                f"no rack model {rack.model!r}",
                f"use one of: {', '.join(sorted(models))}",
            )
        if rack.position not in feeds:
            yield Defect(
                f"racks[{i}].position", f"no position {rack.position!r}", "use HALL-ROW-NN of a row above"
            )
        for j, item in enumerate(rack.occupants):
            place = f"racks[{i}].occupants[{j}]"
            yield from _mounted(place, item, feeds.get(rack.position, fewest), heights.get(rack.model, 60))
        yield from _overlaps(f"racks[{i}].occupants", kits.get(rack.model, ()), rack.occupants)


def _overlaps(path: str, there: Sequence[MountedInput], items: Sequence[MountedInput]) -> Iterator[Defect]:
    """Each of `items` that takes a half unit of a face that another, or what is `there`, has already."""
    taken: dict[tuple[str, int], str] = {}
    for number, item in enumerate((*there, *items), start=-len(there)):
        if item.position is None or item.face is None:
            continue
        halves = range(round(item.position * 2), round((item.position + item.height_u) * 2))
        faces = ("front", "rear") if item.is_full_depth else (item.face,)
        cells = [(face, half) for face in faces for half in halves]
        other = next((taken[cell] for cell in cells if cell in taken), None)
        if other is not None and number >= 0:
            what = f"{item.name!r} takes units of its rack that {other!r} has"
            yield Defect(f"{path}[{number}]", what, "move one of them")
        taken |= dict.fromkeys(cells, item.name)


def _mounted(path: str, item: MountedInput, feeds: int, height_u: int) -> Iterator[Defect]:
    if any(cord >= feeds for cord in item.cords):
        yield Defect(
            f"{path}.cords", f"{item.name!r} has a cord to feed {max(item.cords)}", f"use 0 to {feeds - 1}"
        )
    needed, _, spare = item.redundancy.partition("+")
    if item.power_w > 0 and len(item.cords) != int(needed) + int(spare):
        yield Defect(
            f"{path}.cords",
            f"{item.name!r} is {item.redundancy} but has {len(item.cords)} cords",
            "make them agree",
        )
    if item.height_u > 0 and (item.position is None or item.face is None):
        yield Defect(path, f"{item.name!r} takes {item.height_u:g} U but has no position or face", "add both")
    if item.height_u * 2 % 1 or (item.position or 1) * 2 % 1 or (item.position or 1) < 1:
        yield Defect(path, f"{item.name!r} stands on no half unit of its rack", "count from unit 1 in halves")
    if item.position is not None and item.position + item.height_u > height_u + 1:
        yield Defect(
            f"{path}.position", f"{item.name!r} reaches above the rack's {height_u} U", "move it down"
        )


def _areas(model: FacilityInput) -> Iterator[Defect]:
    halls_m2 = sum(hall.useful_area_m2 for hall in model.halls)
    if halls_m2 > model.area.useful_m2 + 1e-6:
        yield Defect(
            "halls",
            f"the halls have {halls_m2:g} m², the facility {model.area.useful_m2:g} m² of useful area",
            "correct one of them",
        )
    for i, hall in enumerate(model.halls):
        needed_m2 = sum(row.positions for row in hall.rows) * model.area.per_position_m2
        if needed_m2 > hall.useful_area_m2 + 1e-6:
            yield Defect(
                f"halls[{i}].rows",
                f"hall {hall.name!r}: its positions need {needed_m2:g} m², it has {hall.useful_area_m2:g} m²",
                "take positions out or correct area.per_position_m2",
            )
    cited = {"sources": [s.path for s in model.sources], "assumptions": [a.path for a in model.assumptions]}
    for listed, paths in cited.items():
        for i, path in enumerate(paths):
            if not _resolves(model, path):
                yield Defect(
                    f"{listed}[{i}].path", f"{listed}: nothing stands at {path!r}", "correct the path"
                )


def _resolves(model: FacilityInput, path: str) -> bool:
    node: object = model
    for part in path.replace("[", ".[").split("."):
        if part.startswith("["):
            index = int(part.strip("[]"))
            if not isinstance(node, tuple) or index >= len(node):
                return False
            node = node[index]
        elif isinstance(node, dict):
            if part not in node:
                return False
            node = node[part]
        elif not hasattr(node, part):
            return False
        else:
            node = getattr(node, part)
    return True
