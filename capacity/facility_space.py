"""Who holds the space in a facility file: cages as areas with their positions, and what partners keep reserved.

Resolves both to the document's values and finds their defects; everything else of the file is `facility_file`'s and
`facility_checks`'. An owned cage counts with its whole area, so the positions in it count for none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from capacity.facility import Cage, Position, Reservation
from capacity.facility_checks import Defect, is_inside
from capacity.facility_input import CageInput, FacilityInput, ReservationInput

CORNERS = ((-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5))


def reservation_of(entry: ReservationInput) -> Reservation:
    """A reservation as the document has it: watts instead of kilowatts."""
    power_w = None if entry.power_kw is None else entry.power_kw * 1000
    return Reservation(**{**entry.model_dump(exclude={"power_kw"}), "power_w": power_w})


def cages_of(model: FacilityInput, positions: Sequence[Position]) -> tuple[Cage, ...]:
    """The cages with their positions and areas."""
    found = []
    for entry in model.cages:
        mine = [p for p in positions if p.hall == entry.hall and _holds(entry, p)]
        if entry.area_m2 is not None:
            area_m2 = entry.area_m2
        elif entry.polygon is not None:
            area_m2 = round(_area_m2(entry.polygon), 3)
        else:
            area_m2 = round(sum(p.area_m2 for p in mine), 3)
        names = tuple(p.name for p in mine)
        found.append(Cage(entry.name, entry.hall, entry.owner, entry.polygon or (), area_m2, names))
    return tuple(found)


def within_cages(positions: Sequence[Position], cages: Sequence[Cage]) -> Iterator[Position]:
    """The positions, those in cages with their cage, its owner, and no area of their own where it has one."""
    cage_of = {name: cage for cage in cages for name in cage.positions}
    for position in positions:
        cage = cage_of.get(position.name)
        if cage is None:
            yield position
        elif cage.owner is None:
            yield replace(position, cage=cage.name)
        else:
            yield replace(position, cage=cage.name, owner=cage.owner, area_m2=0.0)


def _holds(entry: CageInput, position: Position) -> bool:
    if entry.polygon is None:
        return position.cage == entry.name
    return is_inside(entry.polygon, (position.x_m, position.y_m))


def _area_m2(polygon: Sequence[tuple[float, float]]) -> float:
    """The area of an outline (the shoelace formula)."""
    pairs = zip(polygon, (*polygon[1:], polygon[0]), strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


# --- defects ---------------------------------------------------------------------------------------------------------


def space_defects(model: FacilityInput, positions: Sequence[Position]) -> list[Defect]:
    """Defects of cages and reservations, in a file that has none of the others."""
    return [*_cages(model, positions), *_owners(model, positions), *_reservations(model, positions)]


def _cages(model: FacilityInput, positions: Sequence[Position]) -> Iterator[Defect]:
    halls = {hall.name: hall for hall in model.halls}
    entitled = {entry.partner for entry in model.entitlements}
    holder: dict[str, str] = {}
    names: set[str] = set()
    for i, entry in enumerate(model.cages):
        path = f"cages[{i}]"
        if entry.name in names:
            yield Defect(path, f"cages: {entry.name!r} stands twice", "rename or remove one")
        names.add(entry.name)
        if entry.hall not in halls:
            yield Defect(f"{path}.hall", f"no hall {entry.hall!r}", f"use one of: {', '.join(halls)}")
            continue
        if entry.owner is not None and entry.owner not in entitled:
            yield Defect(
                f"{path}.owner",
                f"{entry.owner!r} has no entitlement",
                "list its entitlement, or none as owner",
            )
        if entry.polygon is not None:
            if not all(is_inside(halls[entry.hall].polygon, point) for point in entry.polygon):
                yield Defect(
                    f"{path}.polygon", f"cage {entry.name!r} reaches outside its hall", "correct its outline"
                )
            for position in positions:
                inside = [is_inside(entry.polygon, corner) for corner in _corners(position)]
                if (
                    position.hall == entry.hall
                    and any(inside)
                    and not all(inside)
                    and not _on_edge(entry, position)
                ):
                    what = f"the fence of cage {entry.name!r} cuts position {position.name}"
                    yield Defect(f"{path}.polygon", what, "draw it around whole positions")
        mine = [p.name for p in positions if p.hall == entry.hall and _holds(entry, p)]
        if not mine:
            yield Defect(
                path, f"cage {entry.name!r} holds no position", "correct its outline, or name it in a row"
            )
        for name in mine:
            if name in holder:
                yield Defect(
                    path, f"position {name} is in {holder[name]!r} and in {entry.name!r}", "draw them apart"
                )
            holder[name] = entry.name


def _corners(position: Position) -> list[tuple[float, float]]:
    return [(position.x_m + a * position.width_m, position.y_m + b * position.depth_m) for a, b in CORNERS]


def _on_edge(entry: CageInput, position: Position) -> bool:
    """Whether a position outside only touches the fence: its corners lie on it, its centre and quarters outside."""
    quarters = [
        (position.x_m + a * position.width_m * 0.98, position.y_m + b * position.depth_m * 0.98)
        for a, b in CORNERS
    ]
    return not any(is_inside(entry.polygon or (), point) for point in quarters)


def _owners(model: FacilityInput, positions: Sequence[Position]) -> Iterator[Defect]:
    """Standing racks of one partner in what is another's."""
    resolved = {p.name: p for p in within_cages(positions, cages_of(model, positions))}
    for i, rack in enumerate(model.racks):
        owner = resolved[rack.position].owner if rack.position in resolved else None
        if owner is not None and owner != rack.owner:
            what = f"rack {rack.id!r} of {rack.owner} stands at {rack.position}, which is {owner}'s"
            yield Defect(f"racks[{i}].owner", what, "correct the owner of one of them")


def _reservations(model: FacilityInput, positions: Sequence[Position]) -> Iterator[Defect]:
    entitled = {entry.partner: entry for entry in model.entitlements}
    known = {position.name for position in positions}
    standing = {rack.position: rack.id for rack in model.racks}
    names: set[str] = set()
    for i, entry in enumerate(model.reservations):
        path = f"reservations[{i}]"
        if entry.name in names:
            yield Defect(path, f"reservations: {entry.name!r} stands twice", "rename or remove one")
        names.add(entry.name)
        if entry.since is not None and entry.until is not None and entry.until <= entry.since:
            yield Defect(
                f"{path}.until", f"reservation {entry.name!r} ends before it begins", "correct a date"
            )
        amounts = {"area_m2": entry.area_m2, "power_kw": entry.power_kw, "units_u": entry.units_u}
        if not entry.positions and not any(amounts.values()):
            yield Defect(path, f"reservation {entry.name!r} reserves nothing", "name positions or an amount")
        yield from (
            Defect(f"{path}.positions", f"no position {name!r}", "use HALL-ROW-NN of a row above")
            for name in entry.positions
            if name not in known
        )
        yield from (
            Defect(f"{path}.positions", f"rack {standing[name]!r} stands at {name}", "reserve what is free")
            for name in entry.positions
            if name in standing
        )
        grant = entitled.get(entry.partner)
        if grant is None:
            yield Defect(f"{path}.partner", f"{entry.partner!r} has no entitlement", "list its entitlement")
            continue
        for field, amount in amounts.items():
            limit = getattr(grant, field)
            if amount is not None and limit is None:
                what = (
                    f"{entry.partner} is not limited in {field}: there is nothing to keep {amount:g} free of"
                )
                yield Defect(f"{path}.{field}", what, "limit its entitlement, or reserve positions")
            elif amount is not None and amount > limit:
                what = f"{entry.partner} is entitled to {limit:g} in {field}, not to {amount:g}"
                yield Defect(f"{path}.{field}", what, "reserve less")
    yield from _twice(model)


def _twice(model: FacilityInput) -> Iterable[Defect]:
    """Positions that two reservations hold at the same time."""
    for i, one in enumerate(model.reservations):
        for other in model.reservations[:i]:
            shared = sorted(set(one.positions) & set(other.positions))
            apart = (one.until or date.max) <= (other.since or date.min) or (other.until or date.max) <= (
                one.since or date.min
            )
            if shared and not apart:
                what = f"{shared[0]} is reserved by {other.name!r} and by {one.name!r} at the same time"
                yield Defect(f"reservations[{i}].positions", what, "take it from one of them")
