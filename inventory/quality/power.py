"""Findings about power: draws that are unknown or implausible, and feeds that can't be followed or can't be right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import sqrt

from inventory.estate import Device, Estate, PowerFeed, Ref
from inventory.quality.finding import Finding, called, found

GREATEST_PORT_DRAW_W = 30_000  # above any published port of a rack device; a threshold for typing errors
GREATEST_VOLTAGE_V = 1000
GREATEST_AMPERAGE_A = 1000


def power(estate: Estate) -> Iterator[Finding]:
    """Findings about draws and feeds."""
    yield from _unknown_draws(estate)
    yield from _feeds(estate)
    yield from _ports(estate)


def feed_rating_w(feed: PowerFeed) -> float | None:
    """What a feed gives, as `PowerFeed` defines it; None where a part of it is unknown."""
    if feed.voltage_v is None or feed.amperage_a is None:
        return None
    share = 1.0 if feed.max_utilization_pct is None else feed.max_utilization_pct / 100
    return feed.voltage_v * feed.amperage_a * (sqrt(3) if feed.phase == "three-phase" else 1) * share


def _unknown_draws(estate: Estate) -> Iterator[Finding]:
    measured = {item.object for item in estate.observations if item.metric == "power_w"}
    ports: dict[int, bool] = defaultdict(bool)
    for port in estate.power_ports:
        ports[port.device_id] |= port.maximum_draw_w is not None or port.allocated_draw_w is not None
    templates: dict[int, bool] = defaultdict(bool)
    for template in estate.power_port_templates:
        known = template.maximum_draw_w is not None or template.allocated_draw_w is not None
        templates[template.device_type_id] |= known
    unknown: dict[tuple[str, int], list[Device]] = defaultdict(list)
    for device in estate.devices:
        kind = device.device_type_id
        if (
            device.parent_device_id is not None
            or {Ref("devices", device.id), Ref("device_types", kind)} & measured
        ):
            continue
        if device.id not in ports and kind not in templates:
            unknown["power-ports-unknown", kind].append(device)
        elif not ports.get(device.id) and not templates.get(kind):
            unknown["draw-unknown", kind].append(device)
    types = estate.by_id("device_types")
    for (code, kind), devices in sorted(unknown.items(), key=lambda item: item[0]):
        ref = Ref("device_types", kind)
        what = "have no power port on record" if code == "power-ports-unknown" else "have no draw on record"
        message = f"{len(devices)} devices of type {called(types.get(kind), ref)} {what}"
        yield found(code, ref, message, tuple(Ref("devices", device.id) for device in devices))


def _feeds(estate: Estate) -> Iterator[Finding]:
    # A source may know the cable only from its ends.
    cabled = {
        ref.id
        for cable in estate.cables
        for ref in (*cable.a_terminations, *cable.b_terminations)
        if ref.kind == "power_feeds"
    }
    for feed in estate.power_feeds:
        ref = Ref("power_feeds", feed.id)
        name = called(feed, ref)
        if feed.cable_id is None and feed.id not in cabled:
            yield found("feed-without-cable", ref, f"no cable leaves feed {name}")
        if feed_rating_w(feed) is None:
            yield found("feed-without-rating", ref, f"the voltage or amperage of feed {name} is unknown")
        limits = (
            (feed.voltage_v, GREATEST_VOLTAGE_V, "V"),
            (feed.amperage_a, GREATEST_AMPERAGE_A, "A"),
            (feed.max_utilization_pct, 100, "% utilization"),
        )
        for value, limit, unit in limits:
            # NetBox writes a DC feed's polarity as a negative voltage.
            if value is not None and (value == 0 or abs(value) > limit or (value < 0 and unit != "V")):
                yield found("feed-implausible", ref, f"feed {name} has {value} {unit}")


def _ports(estate: Estate) -> Iterator[Finding]:
    feeds = estate.by_id("power_feeds")
    feed_of_cable = {feed.cable_id: feed for feed in estate.power_feeds if feed.cable_id is not None}
    for cable in estate.cables:
        for ref in (*cable.a_terminations, *cable.b_terminations):
            if ref.kind == "power_feeds" and ref.id in feeds:
                feed_of_cable.setdefault(cable.id, feeds[ref.id])
    ratings: dict[int, list[float]] = defaultdict(list)
    for feed in estate.power_feeds:
        rating_w = feed_rating_w(feed)
        if feed.rack_id is not None and rating_w is not None:
            ratings[feed.rack_id].append(abs(rating_w))
    devices = estate.by_id("devices")
    for port in estate.power_ports:
        ref = Ref("power_ports", port.id)
        draw_w = port.maximum_draw_w
        device = devices.get(port.device_id)
        if draw_w is None:
            continue
        name = f"port {port.name[:40]} of {called(device, Ref('devices', port.device_id))}"
        if not 0 < draw_w <= GREATEST_PORT_DRAW_W:
            yield found(
                "draw-implausible", ref, f"{name} draws {draw_w} W", (Ref("devices", port.device_id),)
            )
        own = feed_of_cable.get(port.cable_id or 0)
        own_w = None if own is None else feed_rating_w(own)
        in_rack = ratings.get(device.rack_id, []) if device is not None and device.rack_id is not None else []
        limit_w = abs(own_w) if own_w is not None else max(in_rack, default=None)
        if limit_w is not None and 0 < limit_w < draw_w:
            where = "its feed gives" if own_w is not None else "the largest feed of its rack gives"
            message = f"{name} draws {draw_w} W, {where} {limit_w:.0f} W"
            yield found("draw-above-feed", ref, message, (Ref("devices", port.device_id),))
