"""Use against supply, dimension by dimension: one line of the capacity table, and the lines of the sources.

Use is a range where demands are, with the number of assets nobody can bound beside it; a supply nobody recorded is
unknown, never zero. The target's lines are `target_usage`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from capacity.belonging import Belonging
from capacity.demand import derive
from capacity.plan import AssetDemand
from capacity.resources import UNITS, Redundancy, feed_rating_w
from capacity.timetable.lines import summed_rates
from capacity.timetable.move_groups import FlowEnds
from inventory.estate import Device, Estate, Location, PowerFeed, Rack, Ref

SiteRow = TypeVar("SiteRow", Rack, Location)

IN_KILO = {"power_w": "kW", "heat_w": "kW"}


@dataclass(frozen=True, slots=True)
class UsageLine:
    """One line: `low` to `high` used of `supply`, `unknown` assets besides that nobody can bound.

    `where` names the place ("site Zuidstation", "target, pool general"), `level` its kind (site, target). Values are in
    the dimension's unit; `supply` None is unknown.
    """

    level: str
    where: str
    dimension: str
    low: float
    high: float
    supply: float | None
    unknown: int = 0
    note: str = ""

    @property
    def used_text(self) -> str:
        low, high = _text(self.low, self.dimension), _text(self.high, self.dimension)
        used = high if low == high else f"{low} – {high}"
        missing = f" + {self.unknown} unknown" if self.unknown else ""
        return f"{used} {unit(self.dimension)}{missing}"

    @property
    def supply_text(self) -> str:
        return (
            "unknown"
            if self.supply is None
            else f"{_text(self.supply, self.dimension)} {unit(self.dimension)}"
        )

    @property
    def share(self) -> float | None:
        """High use over supply; None where either is unknown or the supply is nil."""
        return self.high / self.supply if self.supply and not self.unknown else None

    @property
    def share_text(self) -> str:
        return "unknown" if self.share is None else f"{self.share:.0%}"


def unit(dimension: str) -> str:
    """The unit a dimension is shown in."""
    return IN_KILO.get(dimension, UNITS[dimension])


def _text(value: float, dimension: str) -> str:
    shown = value / 1000 if dimension in IN_KILO else value
    if shown == int(shown) or abs(shown) >= 100:
        return f"{shown:,.0f}"
    return f"{shown:,.1f}" if abs(shown) >= 1 else f"{shown:,.2f}"


def source_usage(estate: Estate, demands: Mapping[Ref, AssetDemand] | None = None) -> tuple[UsageLine, ...]:
    """The lines of every site, sites in ascending id: units, power (also under each single loss of a feed), weight,
    cooling, and the circuits' rate against the flows that cross.
    """
    known = demands if demands is not None else derive(estate)
    lines: list[UsageLine] = []
    sites = _Sites(estate, known)
    for site in estate.sites:
        lines.extend(sites.lines(site.id, f"site {site.name}"))
    return tuple(lines)


class _Sites:
    def __init__(self, estate: Estate, demands: Mapping[Ref, AssetDemand]) -> None:
        self._estate = estate
        self._demands = demands
        self._devices: dict[int, list[Device]] = defaultdict(list)
        for device in estate.devices:
            self._devices[device.site_id].append(device)
        self._racks = _by_site(estate.racks)
        self._rooms = _by_site(estate.locations)
        panels = {panel.id: panel.site_id for panel in estate.power_panels}
        self._feeds: dict[int, list[PowerFeed]] = defaultdict(list)
        for feed in estate.power_feeds:
            if feed.status == "active" and feed.power_panel_id in panels:
                self._feeds[panels[feed.power_panel_id]].append(feed)
        self._paths = FeedPaths(estate)
        self._rates = summed_rates(estate)
        self._crossing = _crossing_mbps(estate)

    def lines(self, site_id: int, where: str) -> Iterator[UsageLine]:
        devices, racks = self._devices.get(site_id, []), self._racks.get(site_id, [])
        types = self._estate.by_id("device_types")
        racked = sum(
            types[d.device_type_id].height_u
            for d in devices
            if d.rack_id is not None and d.position is not None
        )
        if devices or racks:
            units = float(sum(rack.height_u for rack in racks))
            yield UsageLine(
                "site", where, "height_u", racked, racked, units if racks else None, note="mounted units"
            )
            yield self._power(site_id, where, devices)
            yield from self._single_loss(site_id, where, devices)
            yield self._weight(where, devices, racks)
        cooling = [room.cooling_w for room in self._rooms.get(site_id, [])]
        if cooling and devices:
            supply = sum(c for c in cooling if c is not None) if all(c is not None for c in cooling) else None
            low, high, unknown = self._range(devices, "power_w")
            yield UsageLine("site", where, "heat_w", low, high, supply, unknown, "cooling of its rooms")
        rate = self._rates.get(site_id)
        crossing, unrated = self._crossing.get(site_id, (0.0, 0))
        if rate is not None or crossing:
            yield UsageLine(
                "site", where, "rate_mbps", crossing, crossing, rate, unrated, "flows to other sites"
            )

    def _range(self, devices: Iterable[Device], dimension: str) -> tuple[float, float, int]:
        low = high = 0.0
        unknown = 0
        for device in devices:
            quantity = self._demands[Ref("devices", device.id)].quantities.get(dimension)
            if quantity is None:
                unknown += 1
            else:
                low, high = low + quantity.low, high + quantity.high
        return low, high, unknown

    def _power(self, site_id: int, where: str, devices: list[Device]) -> UsageLine:
        ratings = [rating_w(feed) for feed in self._feeds.get(site_id, []) if feed.type == "primary"]
        known = [rating for rating in ratings if rating is not None]
        supply = sum(known) if known and len(known) == len(ratings) else None
        low, high, unknown = self._range(devices, "power_w")
        return UsageLine("site", where, "power_w", low, high, supply, unknown, "primary feeds, no loss")

    def _single_loss(self, site_id: int, where: str, devices: list[Device]) -> Iterator[UsageLine]:
        """The feed nearest its rating when any single feed is lost; traced over cables."""
        feeds = {feed.id: feed for feed in self._feeds.get(site_id, [])}
        if not feeds:
            return
        traced: list[tuple[tuple[int, ...], Redundancy, float]] = []
        untraced = 0
        for device in devices:
            demand = self._demands[Ref("devices", device.id)]
            power = demand.quantities.get("power_w")
            if demand.redundancy is None and power is not None and power.high == 0:
                continue
            path = self._paths.feeds_of(device.id)
            if power is None or demand.redundancy is None or not path:
                untraced += 1
                continue
            traced.append((path, Redundancy.parse(demand.redundancy), power.high))
        worst = _worst(feeds, traced)
        if worst is not None:
            feed, lost, load_w = worst
            lost_text = f"with {feeds[lost].name} lost" if lost is not None else "no loss"
            note = f"fullest feed under any single loss: {feeds[feed].name}, {lost_text}"
            yield UsageLine("site", where, "power_w", load_w, load_w, rating_w(feeds[feed]), untraced, note)

    def _weight(self, where: str, devices: list[Device], racks: list[Rack]) -> UsageLine:
        low, high, unknown = self._range((d for d in devices if d.rack_id is not None), "weight_kg")
        known = [
            rack.max_weight_kg - rack.weight_kg
            for rack in racks
            if rack.max_weight_kg is not None and rack.weight_kg is not None
        ]
        supply = sum(known) if known and len(known) == len(racks) else None
        return UsageLine(
            "site", where, "weight_kg", low, high, supply, unknown, "in racks, over what their tare leaves"
        )


def rating_w(feed: PowerFeed) -> float | None:
    """A feed's usable power in W, or None where voltage or amperage is unknown."""
    if feed.voltage_v is None or feed.amperage_a is None:
        return None
    share = feed.max_utilization_pct if feed.max_utilization_pct is not None else 100
    return feed_rating_w(
        abs(feed.voltage_v),
        feed.amperage_a,
        three_phase=feed.phase == "three-phase",
        max_utilization_pct=share,
    )


class FeedPaths:
    """Which feeds a device's power ports draw on, traced over cables: port → outlet → PDU or UPS → … → feed."""

    def __init__(self, estate: Estate) -> None:
        self._ends = {cable.id: (*cable.a_terminations, *cable.b_terminations) for cable in estate.cables}
        self._outlets = estate.by_id("power_outlets")
        self._ports = estate.by_id("power_ports")
        self._of_device: dict[int, list[int]] = defaultdict(list)
        for port in estate.power_ports:
            self._of_device[port.device_id].append(port.id)

    def feeds_of(self, device_id: int) -> tuple[int, ...]:
        """One feed per cord that can be traced; empty when none can."""
        found = (self._feed_of(port, set()) for port in self._of_device.get(device_id, ()))
        return tuple(feed for feed in found if feed is not None)

    def _feed_of(self, port_id: int, seen: set[int]) -> int | None:
        port = self._ports.get(port_id)
        if port is None or port_id in seen or port.cable_id is None:
            return None
        seen.add(port_id)
        for end in self._ends.get(port.cable_id, ()):
            if end.kind == "power_feeds":
                return end.id
            if end.kind == "power_outlets" and (outlet := self._outlets.get(end.id)) is not None:
                inlets = (
                    [outlet.power_port_id]
                    if outlet.power_port_id
                    else self._of_device.get(outlet.device_id, [])
                )
                for inlet in inlets:
                    feed = self._feed_of(inlet, seen)
                    if feed is not None:
                        return feed
        return None


def _worst(
    feeds: Mapping[int, PowerFeed], traced: list[tuple[tuple[int, ...], Redundancy, float]]
) -> tuple[int, int | None, float] | None:
    """(feed, lost feed, load in W) with the highest share of its rating, or the highest load where none is rated."""
    best: tuple[float, int, int | None, float] | None = None
    for lost in (None, *feeds):
        loads: dict[int, float] = defaultdict(float)
        for path, redundancy, power_w in traced:
            alive = [feed for feed in path if feed != lost]
            if len(alive) >= min(redundancy.needed, len(path)):
                for feed in alive:
                    loads[feed] += power_w / len(alive)
        for feed, load_w in loads.items():
            rating = rating_w(feeds[feed]) if feed in feeds else None
            share = load_w / rating if rating else 0.0
            if feed in feeds and (best is None or share > best[0]):
                best = (share, feed, lost, load_w)
    return None if best is None else best[1:]


def _by_site(rows: Iterable[SiteRow]) -> dict[int, list[SiteRow]]:
    found: dict[int, list[SiteRow]] = defaultdict(list)
    for row in rows:
        found[row.site_id].append(row)
    return found


def _crossing_mbps(estate: Estate) -> dict[int, tuple[float, int]]:
    """Σ rate of the flows that cross each site today, and how many of them have no known rate."""
    belonging = Belonging(estate)
    rates: dict[int, float] = defaultdict(float)
    unrated: dict[int, int] = defaultdict(int)
    for flow, sources, targets in FlowEnds(estate).flows:
        first = {belonging.site_of(a) for a in sources} - {None}
        second = {belonging.site_of(a) for a in targets} - {None}
        for site in first | second:
            crosses = (site in first and second - {site}) or (site in second and first - {site})
            if site is not None and crosses:
                rates[site] += flow.rate_mbps or 0.0
                unrated[site] += flow.rate_mbps is None
    return {site: (rates[site], unrated[site]) for site in rates}
