"""What goes down at the sources when panels or feeds are lost there, as far as the cables are recorded.

A device's cords are traced over cables to feeds. It is down when fewer cords live than it needs and all of its cords
are known; where some aren't, it may be down, and is called unknown. Devices without any traced cord are unknown when a
feed of their own rack is lost. Feeds that share a device are worked out together; an overloaded one trips like those
of the target. A panel has no recorded rating: its loss takes its feeds and no more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from capacity.failures.standing import Standing
from capacity.failures.supply_cascade import TRIP_SHARE
from capacity.resources import TOLERANCE, Redundancy, feed_rating_w
from capacity.usage import FeedPaths
from inventory.estate import PowerFeed, Ref


@dataclass(frozen=True, slots=True)
class FeedOverload:
    """A feed of a source above its usable power after a loss; `round` as at the target."""

    round: int
    feed: int
    load_w: float
    usable_w: float
    trips: bool


@dataclass(frozen=True, slots=True)
class SourceEffect:
    """Device ids that are down, and that may be; feeds that tripped with their round; overloads."""

    down: frozenset[int] = frozenset()
    unknown: frozenset[int] = frozenset()
    tripped: tuple[tuple[int, int], ...] = ()
    overloads: tuple[FeedOverload, ...] = ()


@dataclass(frozen=True, slots=True)
class _Corded:
    """A device at a source: one feed for each traced cord, how many cords it has in all, how many it needs."""

    device: int
    feeds: tuple[int, ...]
    cords: int
    needed: int | None
    power_w: float | None

    def lives(self, lost: frozenset[int]) -> tuple[bool | None, int]:
        """Whether it is up (None: unknown), and on how many traced cords."""
        alive = sum(feed not in lost for feed in self.feeds)
        if self.needed is not None and alive >= self.needed:
            return True, alive
        if alive == len(self.feeds):
            return True, alive
        is_traced = len(self.feeds) >= self.cords and self.needed is not None
        if is_traced or (alive == 0 and len(self.feeds) >= self.cords):
            return False, alive
        return None, alive


class SourcePower:
    """The feeds of all sources at one moment; effects are kept for each set of lost feeds that hang together."""

    def __init__(self, standing: Standing, trip_share: float = TRIP_SHARE) -> None:
        estate = standing.estate
        self._trip_share = trip_share
        self.feeds: dict[int, PowerFeed] = {f.id: f for f in estate.power_feeds if f.status == "active"}
        self.feeds_of_panel: dict[int, frozenset[int]] = {
            panel.id: frozenset(f.id for f in self.feeds.values() if f.power_panel_id == panel.id)
            for panel in estate.power_panels
        }
        self._corded: dict[int, _Corded] = {}
        self._untraced_in_rack: dict[int, list[int]] = defaultdict(list)
        self.untraced = 0
        self._read(standing)
        self._on_feed: dict[int, list[int]] = defaultdict(list)
        for corded in self._corded.values():
            for feed in dict.fromkeys(corded.feeds):
                self._on_feed[feed].append(corded.device)
        self.component: dict[int, int] = self._components()
        self._known: dict[frozenset[int], SourceEffect] = {}

    def _read(self, standing: Standing) -> None:
        paths = FeedPaths(standing.estate)
        ports = Counter(port.device_id for port in standing.estate.power_ports)
        for device in standing.estate.devices:
            if device.id not in standing.powered_at_source or device.parent_device_id is not None:
                continue
            demand = standing.demands.get(Ref("devices", device.id))
            power = demand.quantities.get("power_w") if demand else None
            if power is not None and power.high == 0:
                continue
            feeds = tuple(feed for feed in paths.feeds_of(device.id) if feed in self.feeds)
            if not feeds:
                self.untraced += 1
                if device.rack_id is not None:
                    self._untraced_in_rack[device.rack_id].append(device.id)
                continue
            redundancy = Redundancy.parse(demand.redundancy) if demand and demand.redundancy else None
            self._corded[device.id] = _Corded(
                device.id,
                feeds,
                max(ports[device.id], redundancy.supplies if redundancy else 0),
                redundancy.needed if redundancy else None,
                power.planning if power else None,
            )

    def _components(self) -> dict[int, int]:
        """Feeds that share devices, directly or over others, have one number: its lowest feed's id."""
        of = {feed: feed for feed in self.feeds}

        def root(feed: int) -> int:
            while of[feed] != feed:
                of[feed] = of[of[feed]]
                feed = of[feed]
            return feed

        for corded in self._corded.values():
            for other in corded.feeds[1:]:
                first, second = sorted((root(corded.feeds[0]), root(other)))
                of[second] = first
        return {feed: root(feed) for feed in self.feeds}

    def is_traced(self, device: int) -> bool:
        """Whether any cord of a device leads to a known feed."""
        return device in self._corded

    def carries(self, feed: int) -> bool:
        """Whether anything hangs on a feed, or might: a device without traced cords in its rack."""
        rack = self.feeds[feed].rack_id if feed in self.feeds else None
        return bool(self._on_feed.get(feed)) or (rack is not None and bool(self._untraced_in_rack.get(rack)))

    def effect(self, lost: Iterable[int]) -> SourceEffect:
        """What the loss of these feeds does, those that hang together each for themselves."""
        by_component: dict[int, set[int]] = defaultdict(set)
        for feed in lost:
            by_component[self.component[feed]].add(feed)
        parts = [self._part(frozenset(feeds)) for _, feeds in sorted(by_component.items())]
        if len(parts) == 1:
            return parts[0]
        return SourceEffect(
            frozenset().union(*(part.down for part in parts)),
            frozenset().union(*(part.unknown for part in parts)),
            tuple(entry for part in parts for entry in part.tripped),
            tuple(entry for part in parts for entry in part.overloads),
        )

    def _part(self, lost: frozenset[int]) -> SourceEffect:
        if lost not in self._known:
            self._known[lost] = self._work_out(lost)
        return self._known[lost]

    def _work_out(self, first: frozenset[int]) -> SourceEffect:
        lost, number = first, 0
        tripped: list[tuple[int, int]] = []
        overloads: list[FeedOverload] = []
        while True:
            affected = sorted({device for feed in lost for device in self._on_feed.get(feed, ())})
            near = {feed for device in affected for feed in self._corded[device].feeds} - lost
            found = [o for feed in sorted(near) if (o := self._overload(feed, lost, number)) is not None]
            overloads += found
            trips = frozenset(overload.feed for overload in found if overload.trips)
            if not trips:
                break
            number += 1
            tripped += [(feed, number) for feed in sorted(trips)]
            lost |= trips
        lives = {device: self._corded[device].lives(lost)[0] for device in affected}
        racks = {self.feeds[feed].rack_id for feed in lost}
        untraced = {device for rack in racks if rack is not None for device in self._untraced_in_rack[rack]}
        return SourceEffect(
            frozenset(device for device, up in lives.items() if up is False),
            frozenset(device for device, up in lives.items() if up is None) | untraced,
            tuple(tripped),
            tuple(overloads),
        )

    def _overload(self, feed: int, lost: frozenset[int], number: int) -> FeedOverload | None:
        """What a feed carries with these lost, where that is over; draws nobody can bound are left out."""
        row = self.feeds[feed]
        if row.voltage_v is None or row.amperage_a is None:
            return None
        rating_w = feed_rating_w(abs(row.voltage_v), row.amperage_a, three_phase=row.phase == "three-phase")
        share = 100 if row.max_utilization_pct is None else row.max_utilization_pct
        load_w = 0.0
        for device in self._on_feed.get(feed, ()):
            corded = self._corded[device]
            up, alive = corded.lives(lost)
            if up and alive and corded.power_w is not None:
                load_w += corded.power_w * corded.feeds.count(feed) / alive
        limit_w = min(rating_w * share / 100, rating_w * self._trip_share)
        if load_w <= limit_w + TOLERANCE:
            return None
        return FeedOverload(number, feed, load_w, limit_w, load_w > rating_w * self._trip_share + TOLERANCE)
