"""When the data of workloads are copied: over their site's line, or by van where no line copies them in time.

A copy has to outrun what changes meanwhile, and what changes after it keeps its part of the line until the cutover is
over; so every line keeps some of its rate free for the changes of all that it copies. How long copies take is
`changes`'; when a group moves is for `waves`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from capacity.calendar import Calendar
from capacity.plan import AssetDemand, SmallestChange
from capacity.solvers.timeline import Timeline
from capacity.timetable.changes import SLACK, Changes, Load
from capacity.timetable.group_work import GroupJob
from capacity.timetable.lines import Lines, best_circuits
from capacity.timetable.refusal import Refusal
from capacity.timetable.wanting import Wanted, Wanting, not_computed
from capacity.timetable.windows import SLOT_MINUTES
from capacity.timetable.work import FOREVER, Job
from inventory.estate import Circuit, Estate, Ref

DAY = 24 * 60 // SLOT_MINUTES
SLOT_SECONDS = SLOT_MINUTES * 60
TRUCK = "truck"
CORE = "core:"  # what all circuits pass through; no step's use, as each says what it takes of its circuit
WAITS = (
    4.0,
    2.0,
    1.0,
    0.5,
)  # days between a copy by van and its cutover at most: the longest whose changes fit
BySite = Mapping[int, tuple[Ref, ...]]


@dataclass(frozen=True, slots=True)
class Trip:
    """A way by van: slots to fill `boxes` (and to empty them) and slots on the road.

    For a site whose line never catches up: the copy begins at most `lag` slots before the cutover, which carries what
    changed since: so it lasts `last` slots at least and holds `needs` besides its engineers.
    """

    fill: int
    way: int
    boxes: float
    lag: int = 0
    last: int = 0
    needs: Mapping[str, float] = field(default_factory=dict)

    @property
    def slots(self) -> int:
        return 2 * self.fill + self.way


@dataclass(slots=True)
class Replica:
    """A booked copy of workloads of one site: its slots, what it holds (resource, amount, from, to), and how it goes.

    `held_mbps` of `circuit` are held after it for changes; the hold is last of `uses` once its group has a date.
    From slot `ready` on there is something to copy to. `by` is that of the step, `why` says why not over the line.
    With a `trip` what changes after it goes by van too; it is booked once its group has a date, `end` is the soonest.
    """

    site: int
    workloads: tuple[Ref, ...]
    start: int
    end: int
    circuit: str
    rate_mbps: float
    held_mbps: float
    ready: int
    uses: list[tuple[str, float, int, int]] = field(default_factory=list)
    by: str = ""
    why: str = ""
    trip: Trip | None = None


class Copies:
    """Books copies on a timeline that it gives its circuits to. `movers`: workloads that the placement moves."""

    def __init__(
        self,
        estate: Estate,
        calendar: Calendar,
        demands: Mapping[Ref, AssetDemand],
        timeline: Timeline,
        lines: Lines,
        movers: Collection[Ref],
        sites: Mapping[Ref, int | None],
    ) -> None:
        self._estate, self._calendar, self._work = estate, calendar, calendar.work
        self._timeline = timeline
        self._changes = Changes(estate, calendar, demands)
        self._wanting = Wanting(estate, calendar, timeline, lines)
        self.circuits = best_circuits(estate)
        self._copied_mbps: dict[int, float] = {}
        self._reserve: dict[int, float] = {}
        self._core_mbps = lines.core_mbps
        self._share(movers, sites, lines.replication_mbps)

    def beside(self, timeline: Timeline, lines: Lines) -> Copies:
        """The same rates, booked on a timeline of their own (a copy of the one that has the circuits)."""
        other = copy(self)
        other.book_on(timeline, lines)
        return other

    def book_on(self, timeline: Timeline, lines: Lines) -> None:
        """Book what follows on another timeline."""
        self._timeline = timeline
        self._wanting = Wanting(self._estate, self._calendar, timeline, lines)

    def _share(
        self, movers: Collection[Ref], sites: Mapping[Ref, int | None], left_mbps: Mapping[int, float]
    ) -> None:
        """Divide each line's rate: what its copies go at, and what changes get beside them, at most a half."""
        ends: dict[int, list[int]] = defaultdict(list)
        moved: dict[int, list[Ref]] = defaultdict(list)
        for site, circuit in self.circuits.items():
            ends[circuit.id].append(site)
        for ref in sorted(movers):
            at = self.circuits.get(sites[ref] or 0)
            if at is not None:
                moved[at.id].append(ref)
        for circuit_id, there in ends.items():
            rate_mbps = min(left_mbps.get(site, 0.0) for site in there)
            self._timeline.add(f"circuit:{circuit_id}", np.full(self._timeline.slots, rate_mbps))
            self._reserve[circuit_id] = sum(self._changes.load((ref,)).held_mbps for ref in moved[circuit_id])
            self._copied_mbps[circuit_id] = rate_mbps - min(self._reserve[circuit_id], rate_mbps / 2)
        if self._core_mbps is not None:
            self._timeline.add(CORE, np.full(self._timeline.slots, self._core_mbps))
            most = self._core_mbps - min(sum(self._reserve.values()), self._core_mbps / 2)
            self._copied_mbps = {key: min(rate, most) for key, rate in self._copied_mbps.items()}

    def _line(self, circuit: str, rate_mbps: float) -> dict[str, float]:
        """What a rate takes: of its circuit, and of the core where that is limited."""
        return {circuit: rate_mbps} if self._core_mbps is None else {circuit: rate_mbps, CORE: rate_mbps}

    # --- booking --------------------------------------------------------------------------------------------------

    def book(
        self, by_site: BySite, ready: int, latest: int, cutover_minutes: float, most_minutes: float
    ) -> list[Replica] | Refusal:
        """Book each site's copy as early as it can be, by van where its line has none done by `latest`.

        `most_minutes`: what the cutover may last where it has to wait for a van too.
        """
        booked: list[Replica] = []
        for site, workloads in by_site.items():
            load = self._changes.load(workloads, cutover_minutes)
            over = self._over_the_line(site, workloads, load, ready, latest)
            found: Replica | Refusal | None = over
            if isinstance(over, Refusal) or over.end > latest:
                why = over.why if isinstance(over, Refusal) else self._late(site, over)
                # What may not be as old as changes sent over a line is older still when a van brings it.
                by_van = not (isinstance(over, Refusal) and over.dimension == "rpo_minutes")
                found = self._by_van(site, workloads, load, ready, latest, most_minutes) if by_van else None
                if found is not None:
                    found.why = why
            found = found or over
            if isinstance(found, Refusal):
                self.unbook(booked)
                return found
            for resource, amount, begin, end in found.uses:
                self._timeline.take({resource: amount}, begin, end)
            booked.append(found)
        return booked

    def _late(self, site: int, copy: Replica) -> str:
        days = (copy.end - copy.start) / DAY
        circuit = self.circuits[site]
        return (
            f"circuit {circuit.cid} takes {days:.0f} days to copy it at {copy.rate_mbps:.4g} Mbit/s, too late"
        )

    def _over_the_line(
        self, site: int, workloads: tuple[Ref, ...], load: Load, ready: int, latest: int
    ) -> Replica | Refusal:
        circuit = self.circuits.get(site)
        if circuit is None:
            name = self._estate.by_id("sites")[site].name
            return Refusal("rate_mbps", f"site {name} has no active circuit of known rate")
        rate_mbps = self._copied_mbps[circuit.id]
        wrong = self._hopeless(circuit, rate_mbps, load, self._changes.rpo_minutes(workloads))
        if wrong is not None:
            return wrong
        name = f"circuit:{circuit.id}"
        slots = _slots(load.line_seconds(rate_mbps))
        line = self._line(name, rate_mbps)
        start = self._timeline.earliest(line, slots, ready, self._timeline.slots)
        if start is None:
            why = (
                f"copying it over circuit {circuit.cid} at {rate_mbps:.4g} Mbit/s takes {slots / DAY:.0f} days, and "
                "the line has no room for that within the horizon"
            )
            return Refusal("rate_mbps", why, circuit.rate_mbps)
        end = start + slots
        uses = [(resource, amount, start, end) for resource, amount in line.items()]
        return Replica(site, workloads, start, end, name, rate_mbps, load.held_mbps, ready, uses)

    def _hopeless(self, circuit: Circuit, rate_mbps: float, load: Load, rpo: int | None) -> Refusal | None:
        """Why no copy over the line will do."""
        if rate_mbps <= 0:
            why = f"today's flows leave nothing of circuit {circuit.cid} ({circuit.rate_mbps:g} Mbit/s) to copy over"
            return Refusal("rate_mbps", why, circuit.rate_mbps)
        if rate_mbps <= load.changes_mbps + SLACK:
            why = (
                f"it changes by {load.changes_mbps:.4g} Mbit/s, and circuit {circuit.cid} has {rate_mbps:.4g} for "
                "copies: none ever catches up"
            )
            return Refusal("rate_mbps", why, rate_mbps, load.changes_mbps)
        every = self._work.delta_minutes
        if rpo is not None and rpo <= every and load.changes_mbps > 0:
            why = f"it may lose {rpo} minutes of changes, and they are sent every {every:g} minutes only"
            change = not_computed("send changes more often (calendar.work.delta_minutes)")
            return Refusal("rpo_minutes", why, every, float(rpo), change)
        return None

    # --- by van ---------------------------------------------------------------------------------------------------

    def _trip(self, load: Load) -> Trip | None:
        """A way by van for all that is there; None where the calendar has no van, crew or appliance for it."""
        work = self._work
        if not (work.appliance_mb and work.appliance_mbps) or load.megabytes <= 0:
            return None
        if not all(name in self._timeline for name in ("appliance", "van", "crew")):
            return None
        full = load.megabytes / work.appliance_mb
        if not math.isfinite(full):
            return None
        boxes = float(math.ceil(full - SLACK))
        fill, way = _slots(load.seconds_at(work.appliance_mbps)), _slots(work.transport_minutes * 60)
        return Trip(fill, way, boxes)

    def _by_van(
        self, site: int, workloads: tuple[Ref, ...], load: Load, ready: int, latest: int, most_minutes: float
    ) -> Replica | None:
        return self._and_line(site, workloads, load, ready, latest) or self._twice(
            site, workloads, load, ready, latest, most_minutes
        )

    def _on_the_road(self, trip: Trip, start: int) -> list[tuple[str, float, int, int]]:
        """What a trip that begins at a slot holds."""
        drive = start + trip.fill
        return [
            ("appliance", trip.boxes, start, start + trip.slots),
            ("crew", self._work.escort_crew, drive, drive + trip.way),
            ("van", 1.0, drive, drive + trip.way),
        ]

    def _and_line(
        self, site: int, workloads: tuple[Ref, ...], load: Load, ready: int, latest: int
    ) -> Replica | None:
        """A copy that goes by van, and what changed since then over the line, as soon as may be."""
        circuit, trip = self.circuits.get(site), self._trip(load)
        rate_mbps = self._copied_mbps[circuit.id] if circuit else 0.0
        if circuit is None or trip is None or rate_mbps <= load.changes_mbps + SLACK:
            return None
        name = f"circuit:{circuit.id}"
        line = self._line(name, rate_mbps)
        changed = load.changes_mbps * trip.slots * SLOT_SECONDS
        catching = _slots(changed / (rate_mbps - load.changes_mbps))
        wanted = (
            ({"crew": self._work.escort_crew, "van": 1.0}, trip.way, trip.fill),
            ({"appliance": trip.boxes}, trip.slots, 0),
            (line, catching, trip.slots),
        )
        start = self._together(wanted, ready, latest)
        if start is None:
            return None
        arrived, end = start + trip.slots, start + trip.slots + catching
        uses = self._on_the_road(trip, start)
        uses += [(resource, amount, arrived, end) for resource, amount in line.items()]
        return Replica(site, workloads, start, end, name, rate_mbps, load.held_mbps, ready, uses, TRUCK)

    def _together(
        self, wanted: Sequence[tuple[dict[str, float], int, int]], begin: int, end: int
    ) -> int | None:
        """The first slot from which all is free: each needs, for how many slots, how many slots after it."""
        start = begin
        while True:
            later = start
            for needs, slots, after in wanted:
                free = self._timeline.earliest(needs, slots, start + after, end)
                if free is None:
                    return None
                later = max(later, free - after)
            if later == start:
                return start
            start = later

    def _twice(
        self, site: int, workloads: tuple[Ref, ...], load: Load, ready: int, latest: int, most_minutes: float
    ) -> Replica | None:
        """A copy that goes by van shortly before the cutover, and what changed since then by van during it."""
        trip = self._trip(load)
        hands = {"crew": self._work.escort_crew, "van": 1.0}
        wanted = ((hands, trip.way, trip.fill), ({"appliance": trip.boxes}, trip.slots, 0)) if trip else ()
        start = self._together(wanted, ready, latest) if trip else None
        if trip is None or start is None:
            return None
        for days in WAITS:
            lag = trip.slots + int(days * DAY)
            megabits = load.changes_mbps * lag * SLOT_SECONDS
            last = 2 * _slots(megabits / self._work.appliance_mbps) + trip.way
            if last * SLOT_MINUTES <= most_minutes:
                boxes = max(1.0, float(math.ceil(megabits / 8 / self._work.appliance_mb - SLACK)))
                carried = replace(trip, lag=lag, last=last, needs=hands | {"appliance": boxes})
                end = start + trip.slots
                return Replica(site, workloads, start, end, "", 0.0, 0.0, ready, [], TRUCK, trip=carried)
        return None

    def unbook(self, booked: Iterable[Replica]) -> None:
        for replica in booked:
            for resource, amount, begin, end in replica.uses:
                self._timeline.give_back({resource: amount}, begin, end)

    @staticmethod
    def waiting(jobs: Iterable[GroupJob], replicas: Iterable[Replica]) -> list[GroupJob]:
        """Jobs of which a cutover also lasts and holds what vans that come meanwhile take."""
        trips = [replica.trip for replica in replicas if replica.trip]
        needs: dict[str, float] = defaultdict(float)
        for trip in trips:
            for name, amount in trip.needs.items():
                needs[name] += amount
        last = max((trip.last for trip in trips), default=0)
        return [
            (kind, site, assets, Job(max(job.slots, last), {**job.needs, **needs}))
            if kind == "cutover"
            else (kind, site, assets, job)
            for kind, site, assets, job in jobs
        ]

    # --- what changes between the copy and the end of the cutover -----------------------------------------------

    def hold(self, replicas: Sequence[Replica], start: int, end: int) -> bool:
        """Hold the lines for changes until a cutover from `start` to `end` is over; False where there is no room."""
        for index, replica in enumerate(replicas):
            if replica.trip:
                has_room = self._drives(replica, replica.trip, start)
            else:
                has_room = self._held(replica, end) or self._copied_later(replica, start, end)
            if not has_room:
                self.let_go(replicas[:index])
                return False
        return True

    def let_go(self, replicas: Iterable[Replica]) -> None:
        """Undo `hold`; what was copied later stays so."""
        for replica in replicas:
            if replica.trip:
                self.unbook([replica])
                replica.uses = []
            elif replica.held_mbps:
                for _ in self._line(replica.circuit, 0.0):
                    resource, amount, begin, end = replica.uses.pop()
                    self._timeline.give_back({resource: amount}, begin, end)

    def _held(self, replica: Replica, end: int) -> bool:
        needs = self._line(replica.circuit, replica.held_mbps)
        if not self._timeline.fits(needs, replica.end, end):
            return False
        if replica.held_mbps:
            self._timeline.take(needs, replica.end, end)
            replica.uses += [(resource, amount, replica.end, end) for resource, amount in needs.items()]
        return True

    def _copied_later(self, replica: Replica, start: int, end: int) -> bool:
        """Copy as late as can be, so that less has to be kept up with."""
        if replica.by:
            return False
        needs, slots = self._line(replica.circuit, replica.rate_mbps), replica.end - replica.start
        self._timeline.give_back(needs, replica.start, replica.end)
        free = np.minimum.reduce([self._timeline.free(name)[:end] for name in needs])
        full = np.flatnonzero(free < replica.held_mbps - SLACK)
        first = max(replica.ready, (int(full[-1]) + 1 if full.size else 0) - slots)
        later = self._timeline.latest(needs, slots, first, start)
        found = replica.start if later is None else later
        self._timeline.take(needs, found, found + slots)
        if later is None:
            return False
        replica.start, replica.end = found, found + slots
        replica.uses = [(name, amount, found, found + slots) for name, amount in needs.items()]
        return self._held(replica, end)

    def _drives(self, replica: Replica, trip: Trip, cutover: int) -> bool:
        """Book the trip that ends before a cutover, as late as can be."""
        last = cutover - trip.fill
        hands = {"crew": self._work.escort_crew, "van": 1.0}
        first = max(replica.ready, cutover - trip.lag)
        while True:
            drive = self._timeline.latest(hands, trip.way, first + trip.fill, last)
            if drive is None:
                return False
            start = drive - trip.fill
            if self._timeline.fits({"appliance": trip.boxes}, start, start + trip.slots):
                break
            last = drive + trip.way - 1
        replica.start, replica.end = start, start + trip.slots
        replica.uses = self._on_the_road(trip, start)
        for resource, amount, begin, end in replica.uses:
            self._timeline.take({resource: amount}, begin, end)
        return True

    # --- what would do --------------------------------------------------------------------------------------------

    def faster_lines(
        self, by_site: BySite, ready: int, latest: int, cutover_minutes: float
    ) -> SmallestChange:
        """The rates that would copy a group's disks in time for its last window."""
        wanted = {}
        for site, workloads in by_site.items():
            load = self._changes.load(workloads, cutover_minutes)
            circuit = self.circuits.get(site)
            reserve = self._reserve[circuit.id] if circuit else load.held_mbps
            wanted[site] = Wanted(load.megabytes * 8, load.changes_mbps, reserve)
        return self._wanting.faster_lines(wanted, self.circuits, ready, latest)


def _slots(seconds: float) -> int:
    return max(1, math.ceil(min(seconds / SLOT_SECONDS, FOREVER) - SLACK))
