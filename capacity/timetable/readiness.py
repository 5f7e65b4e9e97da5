"""When a place at the target is ready: its phase, its delivery, and the step that brings it up.

New racks and hosts are commissioned as early as phases, lead times and crews allow, racks before the hosts in them, of
a day's hosts those first that a pool keeps empty. The answer for an asset is the slot from which its rack or host may
be used, and the commission steps that come before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

from capacity.calendar import Calendar
from capacity.facility import CloudPool, Facility, Position, TargetRack
from capacity.placement import Placement
from capacity.plan import AssetDemand, Step, Use
from capacity.solvers.timeline import Timeline
from capacity.timetable.pool_growth import disks_by_host, usable_from
from capacity.timetable.windows import Grid
from capacity.timetable.work import Job, WorkBook
from inventory.estate import Estate, Ref

BATCH = 6  # racks or hosts one commission step brings up at most: a day's work


class Readiness:
    """Answers for one placement; `commission` has to run first."""

    def __init__(
        self,
        estate: Estate,
        facility: Facility,
        calendar: Calendar,
        grid: Grid,
        placement: Placement,
        demands: Mapping[Ref, AssetDemand],
    ) -> None:
        self._disks_mb = disks_by_host(placement.workloads, facility, estate, demands)
        self._calendar = calendar
        self._grid = grid
        self._placement = placement
        self._phases = {phase.name: grid.ceil(grid.midnight(phase.ready_on)) for phase in facility.phases}
        self._halls = {hall.name: hall.phase for hall in facility.halls}
        self._zones = {zone.name: zone.phase for zone in facility.cooling_zones}
        self._nodes = {node.name: node for node in facility.supply}
        self._positions = {position.name: position for position in facility.positions}
        self._pools = {pool.name: pool for pool in facility.pools}
        self._lead_days = {model.model: model.days_to_deliver for model in facility.rack_models}
        self._racks = {rack.id: rack for rack in (*facility.racks, *placement.racks)}
        self._ready: dict[str, int | None] = {rack.id: self._place_ready(rack) for rack in facility.racks}
        self._after: dict[str, tuple[str, ...]] = {}
        self._devices = {p.asset: p.rack for p in placement.devices}
        self._workloads = {p.asset: p.host for p in placement.workloads}

    def of(self, assets: Iterable[Ref]) -> tuple[int, tuple[str, ...]] | None:
        """The first slot at which every asset's rack or host is up, and the steps before; None when one never is."""
        slot, after = 0, dict[str, None]()
        for asset in assets:
            key = self._devices[asset] if asset in self._devices else self._workloads[asset]
            ready = self._ready.get(key)
            if ready is None:
                return None
            slot = max(slot, ready)
            after |= dict.fromkeys(self._after.get(key, ()))
        return slot, tuple(after)

    def at_soonest(self) -> dict[str, int]:
        """By rack and host the slot before which it can't be there, however many hands bring it up."""
        found = {name: self._place_ready(rack) for name, rack in self._racks.items()}
        for host in self._placement.hosts:
            found[host.id] = max(
                found.get(host.rack, 0), self._pool_ready(self._pools[host.pool], host.model)
            )
        return found

    def commission(self, timeline: Timeline, work: WorkBook) -> tuple[Step, ...]:
        """Date the commission steps of all new racks, then of all hosts, and remember when each is up."""
        racks = {rack.id: self._place_ready(rack) for rack in self._placement.racks}
        steps = list(
            self._batches("commission-rack", "commission_rack", racks, lambda _: (), timeline, work.racks)
        )
        hosts: dict[str, int] = {}
        in_rack: dict[str, str] = {}
        for host in self._placement.hosts:
            up = self._ready.get(host.rack)
            if up is not None:
                pool = self._pools[host.pool]
                hosts[host.id] = max(up, self._pool_ready(pool, host.model))
                in_rack[host.id] = host.rack
        steps.extend(
            self._batches(
                "commission-host",
                "commission_host",
                hosts,
                lambda host: self._after.get(in_rack[host], ()),
                timeline,
                work.hosts,
            )
        )
        self._grow()
        return tuple(steps)

    def _grow(self) -> None:
        """Let hosts run work only once the rest of their pool is there that has to be."""
        for pool in self._pools.values():
            hosts = [host for host in self._placement.hosts if host.pool == pool.name]
            up = {host.id: slot for host in hosts if (slot := self._ready.get(host.id)) is not None}
            usable = usable_from(pool, hosts, up, self._disks_mb)
            for host in hosts:
                if host.id in up and host.id in self._disks_mb:
                    slot = usable.get(host.id)
                    self._ready[host.id] = slot
                    if slot is not None and slot > up[host.id]:
                        last = max(
                            (h.id for h in hosts if h.id in up and up[h.id] <= slot), key=up.__getitem__
                        )
                        self._after[host.id] = (*self._after[host.id], *self._after[last])

    def _batches(
        self,
        prefix: str,
        kind: str,
        earliest: dict[str, int],
        before: Callable[[str], Sequence[str]],
        timeline: Timeline,
        job_of: Callable[[int], Job],
    ) -> Iterable[Step]:
        by_slot: dict[int, list[str]] = defaultdict(list)
        for name, slot in earliest.items():
            by_slot[slot].append(name)
        number = 0
        for slot in sorted(by_slot):
            waiting = sorted(by_slot[slot], key=lambda name: (name in self._disks_mb, name))
            while waiting:
                batch = waiting[:BATCH]
                job = job_of(len(batch))
                start = timeline.earliest(job.needs, job.slots, slot, self._grid.slots)
                while start is None and len(batch) > 1:
                    batch = batch[: len(batch) // 2]
                    job = job_of(len(batch))
                    start = timeline.earliest(job.needs, job.slots, slot, self._grid.slots)
                waiting = waiting[len(batch) :]
                if start is None:
                    self._ready |= dict.fromkeys(batch)
                    continue
                number += 1
                yield self._commission(f"{prefix}-{number:03d}", kind, batch, start, job, before)
                timeline.take(job.needs, start, start + job.slots)

    def _commission(
        self,
        name: str,
        kind: str,
        batch: Sequence[str],
        start: int,
        job: Job,
        before: Callable[[str], Sequence[str]],
    ) -> Step:
        end = start + job.slots
        for item in batch:
            self._ready[item] = end
            self._after[item] = (name,)
        begins, ends = self._grid.moment(start), self._grid.moment(end)
        return Step(
            id=name,
            kind=kind,
            start=begins,
            end=ends,
            predecessors=tuple(dict.fromkeys(step for item in batch for step in before(item))),
            commissions=tuple(batch),
            uses=tuple(Use(resource, amount, begins, ends) for resource, amount in sorted(job.needs.items())),
        )

    def _place_ready(self, rack: TargetRack) -> int:
        """Position, hall, cooling and feeds ready, and a new rack delivered."""
        position = self._positions[rack.position]
        slots = [self._phases[position.phase], self._phases[self._halls[position.hall]]]
        slots.append(self._phases[self._zones[position.cooling_zone]])
        slots.extend(self._phases[phase] for phase in self._feed_phases(position))
        if rack in self._placement.racks:
            slots.append(self._delivered(self._lead_days.get(rack.model, 0)))
        if rack.available_on is not None:
            slots.append(self._grid.ceil(self._grid.midnight(rack.available_on)))
        return max(0, *slots)

    def _pool_ready(self, pool: CloudPool, model: str | None) -> int:
        kind = pool.type_named(model) or pool.host_type
        return max(self._phases[pool.phase], self._delivered(kind.lead_days))

    def _delivered(self, lead_days: int) -> int:
        return self._grid.ceil(self._calendar.start + timedelta(days=lead_days)) + 4 * (lead_days > 0)

    def _feed_phases(self, position: Position) -> Iterable[str]:
        """Phases of the feeds and of everything they draw on."""
        todo = list(position.feeds)
        seen: set[str] = set()
        while todo:
            node = self._nodes[todo.pop()]
            if node.name in seen:
                continue
            seen.add(node.name)
            todo.extend(node.sources)
            if node.phase is not None:
                yield node.phase
