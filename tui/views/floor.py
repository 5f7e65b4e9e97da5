"""The halls of the target as a floor plan: each position with how full it is in the dimension a person chose.

Loads on the supply graph are `capacity`'s; here they are put beside the positions and worded.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from capacity.facility import Facility, Position, TargetRack
from capacity.power import SupplyModel
from capacity.target_usage import RackFill, bearing_kg, loads_of, rack_fills
from tui.loaded import Loaded
from tui.views.elevations import target_rack
from tui.views.spans import Line, Span, count, day, kilowatts, line, share_tone, span

DIMENSIONS = {
    "units": "units used",
    "power": "power, of all feeds",
    "loss": "fullest feed, worst loss",
    "weight": "weight on rack and floor",
    "heat": "heat in its cooling zone",
    "owner": "owner",
    "phase": "phase",
    "free": "free units",
}
OWNER_TONES = 6


@dataclass(frozen=True)
class Spot:
    """One position. `shares` by dimension, None where nothing can be said; `rack` None where it is free."""

    position: Position
    rack: TargetRack | None
    is_new: bool
    shares: Mapping[str, float | None]
    fill: RackFill | None
    taken_u: float = 0.0

    @property
    def owner(self) -> str | None:
        return self.rack.owner if self.rack else self.position.owner


@dataclass(frozen=True)
class Floor:
    """Every hall with its rows, nearest to the origin first, and the aisles between them."""

    halls: Mapping[str, tuple[tuple[Spot, ...], ...]]
    aisles: Mapping[str, tuple[tuple[str, str], ...]]
    owners: tuple[str, ...]
    phases: tuple[str, ...]


def floor(loaded: Loaded) -> Floor:
    """The floor with the plan's racks on it, or only with what stands there."""
    facility = loaded.facility
    fills = {
        fill.rack.position: fill
        for fill in rack_fills(facility, loaded.standing_plan, loaded.planned_demands)
    }
    bought = {rack.id for rack in loaded.standing_plan.racks} if loaded.standing_plan else set()
    feeds, zones = _feed_shares(loaded), _zone_shares(facility, fills)
    spots = [
        _spot(loaded, position, fills.get(position.name), bought, feeds, zones)
        for position in facility.positions
    ]
    halls: dict[str, tuple[tuple[Spot, ...], ...]] = {}
    aisles: dict[str, tuple[tuple[str, str], ...]] = {}
    for hall in facility.halls:
        lines: dict[str, list[Spot]] = {}
        for spot in spots:
            if spot.position.hall == hall.name:
                lines.setdefault(spot.position.row, []).append(spot)
        ordered = sorted(lines.values(), key=lambda row: row[0].position.y_m)
        halls[hall.name] = tuple(tuple(sorted(row, key=lambda s: s.position.x_m)) for row in ordered)
        aisles[hall.name] = _aisles(halls[hall.name])
    owners = Counter(spot.owner for spot in spots if spot.owner)
    return Floor(halls, aisles, tuple(sorted(owners)), tuple(phase.name for phase in facility.phases))


def _aisles(lines: Sequence[Sequence[Spot]]) -> tuple[tuple[str, str], ...]:
    """Before the first row, between rows, after the last: ("cold" or "hot", name), or ("", "") where none is shared."""
    if not lines:
        return ()
    found: list[tuple[str, str]] = []
    for upper, lower in itertools.pairwise(lines):
        first, second = upper[0].position, lower[0].position
        if first.cold_aisle == second.cold_aisle:
            found.append(("cold", first.cold_aisle))
        elif first.hot_aisle == second.hot_aisle:
            found.append(("hot", first.hot_aisle))
        else:
            found.append(("", ""))
    return (
        _outer(lines[0], found[0] if found else None),
        *found,
        _outer(lines[-1], found[-1] if found else None),
    )


def _outer(row: Sequence[Spot], inner: tuple[str, str] | None) -> tuple[str, str]:
    position = row[0].position
    if inner is None or inner[0] == "cold":
        return "hot", position.hot_aisle
    return "cold", position.cold_aisle


def _spot(
    loaded: Loaded,
    position: Position,
    fill: RackFill | None,
    bought: set[str],
    feeds: Mapping[str, float],
    zones: Mapping[str, float],
) -> Spot:
    facility, taken_u = loaded.facility, 0.0
    shares: dict[str, float | None] = dict.fromkeys(DIMENSIONS)
    shares["heat"] = zones.get(position.cooling_zone)
    if fill is not None:
        taken_u = target_rack(loaded, fill.rack, planned=loaded.standing_plan is not None).taken_u
        hall = next(h for h in facility.halls if h.name == position.hall)
        usable = sum(n.rating_w * n.derating for n in facility.supply if n.name in position.feeds)
        shares["units"] = taken_u / fill.rack.height_u if fill.rack.height_u else None
        shares["free"] = 1 - taken_u / fill.rack.height_u if fill.rack.height_u else None
        shares["power"] = fill.power_w / usable if usable else None
        shares["loss"] = max((feeds.get(feed, 0.0) for feed in position.feeds), default=None)
        shares["weight"] = fill.weight_kg / bearing_kg(fill.rack, position, hall.floor)[0]
    return Spot(
        position, fill.rack if fill else None, bool(fill and fill.rack.id in bought), shares, fill, taken_u
    )


def _feed_shares(loaded: Loaded) -> dict[str, float]:
    """Each feed's worst load over no loss and every single loss, as a share of what it may carry."""
    model = SupplyModel.of(loaded.facility)
    loads = model.evaluate(loads_of(loaded.facility, loaded.standing_plan, loaded.planned_demands))
    worst = loads.nodes.max(axis=0) / model.usable_w
    return {name: float(share) for name, share in zip(model.names, worst, strict=True)}


def _zone_shares(facility: Facility, fills: Mapping[str, RackFill]) -> dict[str, float]:
    heat_w: Counter[str] = Counter()
    for position in facility.positions:
        fill = fills.get(position.name)
        heat_w[position.cooling_zone] += int(fill.power_w) if fill else 0
    return {zone.name: heat_w[zone.name] / zone.usable_w for zone in facility.cooling_zones if zone.usable_w}


def cell(spot: Spot, dimension: str, floor_: Floor) -> Span:
    """What a position shows in three cells, and its tone."""
    if dimension == "phase":
        index = floor_.phases.index(spot.position.phase) if spot.position.phase in floor_.phases else 0
        return Span(f"{index + 1:^3}", f"owner{index % OWNER_TONES}")
    if dimension == "owner":
        if spot.owner is None:
            return Span(" · ", "on-free")
        tone = f"owner{floor_.owners.index(spot.owner) % OWNER_TONES}"
        return span(f"{spot.owner[:3]:<3}", tone)
    if spot.rack is None:
        return Span(" · ", "on-free")
    if dimension == "free":
        free = spot.rack.height_u - spot.taken_u
        return Span(f"{free:>3.0f}", heat(1 - (spot.shares["free"] or 0)))
    share = spot.shares[dimension]
    if share is None:
        return Span(" ? ", "on-none")
    return Span(f"{share * 100:>3.0f}", heat(share))


def heat(share: float) -> str:
    """The tone of a share: five steps up to all of it, and one for more."""
    if share > 1 + 1e-9:
        return "heat5"
    return f"heat{min(int(share * 5), 4)}"


def legend(dimension: str, floor_: Floor) -> Line:
    """What the colours mean."""
    head = Span(f"{DIMENSIONS[dimension]}  ", "strong")
    if dimension == "owner":
        owners = [span(f" {owner} ", f"owner{i % OWNER_TONES}") for i, owner in enumerate(floor_.owners)]
        return line(head, *owners, Span(" · ", "on-free"), Span(" anyone", "muted"))
    if dimension == "phase":
        return line(
            head,
            *(span(f" {i + 1} {name} ", f"owner{i % OWNER_TONES}") for i, name in enumerate(floor_.phases)),
        )
    words = "free U; " if dimension == "free" else ""
    steps = [Span(f" {low}–{low + 20} ", f"heat{low // 20}") for low in range(0, 100, 20)]
    return line(
        head, Span(f"{words}% used ", "muted"), *steps, Span(" >100 ", "heat5"), Span(" · ", "on-free")
    )


def spot_lines(loaded: Loaded, spot: Spot) -> tuple[Line, ...]:
    """All that is known of one position, for the pane beside the floor."""
    position = spot.position
    found: list[Line] = [
        line(Span(plain_name(position), "strong")),
        line(
            span(
                f"{position.row}, {position.cold_aisle} cold, {position.hot_aisle} hot, {position.area_m2:g} m²",
                "muted",
            )
        ),
    ]
    ready = next((p.ready_on for p in loaded.facility.phases if p.name == position.phase), None)
    found.append(line(span(f"{position.phase}, ready {day(ready)}", "muted")))
    if position.owner:
        found.append(line("kept for ", span(position.owner, "accent")))
    if spot.rack is None or spot.fill is None:
        found.append(line(Span("no rack here", "muted")))
    else:
        fill, rack = spot.fill, spot.rack
        hall = next(h for h in loaded.facility.halls if h.name == position.hall)
        limit_kg, basis = bearing_kg(rack, position, hall.floor)
        kind = "new rack" if spot.is_new else "standing rack"
        found += [
            line(f"{kind} ", span(rack.id, "strong")),
            line("owner  ", span(rack.owner, "accent")),
            _measure("units ", f"{count(spot.taken_u)} of {rack.height_u} U", spot.shares["units"]),
            _measure("power ", f"{kilowatts(fill.power_low_w, fill.power_w)} kW", spot.shares["power"]),
            _measure("loss  ", "fullest feed", spot.shares["loss"]),
            _measure("weight", f"{count(fill.weight_kg)} of {count(limit_kg)} kg", spot.shares["weight"]),
            line(span(f"       {basis}", "muted")),
            line(f"ports  {count(fill.ports_used)} of {count(fill.ports_provided)}"),
        ]
    found.append(_measure("heat  ", position.cooling_zone, spot.shares["heat"]))
    return tuple(found)


def plain_name(position: Position) -> str:
    return span(position.name).text


def _measure(name: str, text: str, share: float | None) -> Line:
    shown = "unknown" if share is None else f"{share:.0%}"
    return line(f"{name} ", span(text), "  ", Span(shown, share_tone(share)))


def feed_lines(loaded: Loaded, position: Position) -> tuple[Line, ...]:
    """Each feed of a position: what it carries without a loss and at worst, over what it may; leg by leg."""
    model = SupplyModel.of(loaded.facility)
    loads = model.evaluate(loads_of(loaded.facility, loaded.standing_plan, loaded.planned_demands))
    found: list[Line] = [line(Span("feeds, worst over every single loss", "strong"))]
    for name in position.feeds:
        index = model.index[name]
        worst = int(loads.nodes[:, index].argmax())
        load_w, usable_w = float(loads.nodes[worst, index]), float(model.usable_w[index])
        lost = f"{model.scenarios[worst]} lost" if worst else "no loss"
        share = load_w / usable_w if usable_w else None
        found.append(
            line(
                span(name, "accent"),
                f"  {load_w / 1000:.2f} of {usable_w / 1000:.2f} kW ",
                Span("unknown" if share is None else f"{share:.0%}", share_tone(share)),
                span(f"  {lost}", "muted"),
            )
        )
        if model.legs[index] > 1:
            legs = loads.legs[:, index].max(axis=0)
            found.append(
                line(
                    *(
                        Span(
                            f"  L{leg + 1} {watts / 1000:.2f} kW",
                            share_tone(float(watts) / float(model.leg_usable_w[index])),
                        )
                        for leg, watts in enumerate(legs)
                    )
                )
            )
    return tuple(found)


def why_without_plan(loaded: Loaded) -> str:
    """Why the floor shows only what stands there."""
    return (
        "as it stands: no plan yet"
        if loaded.plan is None
        else "as it stands: the plan is of another facility"
    )
