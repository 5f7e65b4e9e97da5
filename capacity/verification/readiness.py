"""Rule PHASE: nothing at the target is used before its phase, its delivery, its commissioning and its way to power."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

import numpy as np

from capacity.facility import TargetRack
from capacity.plan import Move, Step
from capacity.verification.moments import DAY_SECONDS, TIME_TOLERANCE
from capacity.verification.supply_graph import SupplyGraph
from capacity.verification.view import View
from capacity.verification.violations import Findings, counted


def check(view: View, findings: Findings) -> None:
    ready = _Readiness(view)
    for step in view.plan.steps:
        start = view.begins(step)
        late: dict[str, tuple[float, str]] = {}
        for what, since, why in ready.needed_by(step):
            if since > start + TIME_TOLERANCE:
                late.setdefault(what, (since, why))
        for what, (since, why) in sorted(late.items()):
            days = (since - start) / DAY_SECONDS
            findings.add(
                "PHASE",
                f"step {step.id}",
                f"step {step.id} ({step.kind}) starts {counted(days, 'day')} before {what} {why}",
                "start it later, or use something that is ready",
                moment=view.moment(start),
                over=(days, "days"),
            )


class _Readiness:
    """Since when each part of the target may be used."""

    def __init__(self, view: View) -> None:
        self._view = view
        clock = view.clock
        self._phases = {phase.name: clock.midnight(phase.ready_on) for phase in view.facility.phases}
        self._halls = {hall.name: hall for hall in view.facility.halls}
        self._zones = {zone.name: zone for zone in view.facility.cooling_zones}
        graph = SupplyGraph(view.facility.supply)
        self._feeds = _feeds_ready(view, graph)

    def needed_by(self, step: Step) -> Iterator[tuple[str, float, str]]:
        """What a step uses of the target: name, since when, and what then is the case."""
        view = self._view
        if step.kind == "commission_rack":
            for name in step.commissions:
                rack = view.new_racks.get(name)
                model = view.rack_models.get(rack.model) if rack else None
                if rack is not None:
                    yield from self._rack(rack)
                if model is not None:
                    yield f"rack {name}", view.start + model.lead_days * DAY_SECONDS, "is delivered"
                    for item in model.kit:
                        delivered = view.start + item.lead_days * DAY_SECONDS
                        yield f"{item.name} of rack {name}", delivered, "is delivered"
        elif step.kind == "commission_host":
            for name in step.commissions:
                yield from self._host(name, is_commission=True)
        else:
            for move in step.moves:
                yield from self._move(step, move)

    def _move(self, step: Step, move: Move) -> Iterator[tuple[str, float, str]]:
        view = self._view
        device, workload = view.placed_devices.get(move.asset), view.placed_workloads.get(move.asset)
        if step.kind == "relocate" and device is not None:
            rack = view.racks.get(device.rack)
            if rack is not None:
                yield from self._rack(rack)
                yield from self._commissioned(f"rack:{rack.id}", is_new=rack.id in view.new_racks)
            for supply in device.supplies:
                yield f"feed {supply.feed}", self._feeds.get(supply.feed, view.start), "is ready"
        elif step.kind in {"replicate", "cutover"} and workload is not None:
            yield from self._host(workload.host, is_commission=False)

    def _host(self, name: str, *, is_commission: bool) -> Iterator[tuple[str, float, str]]:
        view = self._view
        host = view.hosts.get(name)
        if host is None:
            return
        pool = view.pools.get(host.pool)
        if pool is not None:
            yield f"pool {pool.name}", self._phase(pool.phase), "is ready"
        rack = view.racks.get(host.rack)
        if not is_commission:
            yield from self._commissioned(f"host:{name}", is_new=True)
            return
        if rack is not None:
            yield from self._rack(rack)
            yield from self._commissioned(f"rack:{rack.id}", is_new=rack.id in view.new_racks)
        if pool is not None:
            kind = pool.type_named(host.model) or pool.host_type
            yield f"host {name}", view.start + kind.lead_days * DAY_SECONDS, "is delivered"
        for supply in host.supplies:
            yield f"feed {supply.feed}", self._feeds.get(supply.feed, view.start), "is ready"

    def _commissioned(self, key: str, *, is_new: bool) -> Iterator[tuple[str, float, str]]:
        step = self._view.commission_of.get(key) if is_new else None
        if step is not None:
            yield key.replace(":", " ", 1), self._view.ends(step), "is commissioned"

    def _rack(self, rack: TargetRack) -> Iterator[tuple[str, float, str]]:
        view = self._view
        position = view.positions.get(rack.position)
        if rack.id not in view.new_racks and rack.available_on is not None:
            yield f"rack {rack.id}", view.clock.midnight(rack.available_on), "is available"
        if position is None:
            return
        yield f"position {position.name}", self._phase(position.phase), "is ready"
        hall = self._halls.get(position.hall)
        if hall is not None:
            yield f"hall {hall.name}", self._phase(hall.phase), "is ready"
        zone = self._zones.get(position.cooling_zone)
        if zone is not None:
            yield f"cooling zone {zone.name}", self._phase(zone.phase), "is ready"
        if rack.id in view.new_racks:
            for mounted in rack.contents:
                for supply in mounted.supplies:
                    yield f"feed {supply.feed}", self._feeds.get(supply.feed, view.start), "is ready"

    def _phase(self, name: str) -> float:
        return self._phases.get(name, self._view.start)


def _feeds_ready(view: View, graph: SupplyGraph) -> dict[str, float]:
    """Since when each node has a ready way up."""
    ready = graph.ready_at(view)
    found: dict[str, float] = {}
    for moment in sorted({m for m in ready if m != math.inf}):
        alive = graph.alive(np.array([r <= moment for r in ready], dtype=bool), None)
        for i, node in enumerate(graph.nodes):
            if alive[i]:
                found.setdefault(node.name, moment)
    last = view.clock.midnight(date.max)
    return {node.name: found.get(node.name, last) for node in graph.nodes}
