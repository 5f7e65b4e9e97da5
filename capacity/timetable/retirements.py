"""Dates what ends at its source: retired assets, after everything they served has left.

A retired machine ends as soon as an engineer has time. Retired devices of a site end after the last asset that leaves
that site has left, hosts of a cluster after the rollback deadlines of its workloads; both are in `Schedule.left_at`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from capacity.belonging import Belonging
from capacity.calendar import Calendar
from capacity.plan import AssetDemand, Decision, Move, Step, Use
from capacity.timetable.steps import source_place
from capacity.timetable.work import WorkBook
from capacity.waves import Schedule
from inventory.estate import Estate, Ref

BATCH = 40  # assets one retire step clears at most


def retire(
    estate: Estate,
    calendar: Calendar,
    decisions: Sequence[Decision],
    demands: Mapping[Ref, AssetDemand],
    schedule: Schedule,
) -> tuple[tuple[Step, ...], tuple[Ref, ...]]:
    """One retire step per batch of assets of a site, and the assets for which the horizon has no time left."""
    belonging = Belonging(estate)
    work = WorkBook(calendar, demands, estate)
    last_leaving: dict[int | None, int] = defaultdict(int)
    for asset, slot in schedule.left_at.items():
        site = belonging.site_of(asset)
        last_leaving[site] = max(last_leaving[site], slot)
    clusters: dict[int, int] = defaultdict(int)
    for machine in estate.virtual_machines:
        left = schedule.left_at.get(Ref("virtual_machines", machine.id))
        if left is not None and machine.cluster_id is not None:
            clusters[machine.cluster_id] = max(clusters[machine.cluster_id], left)
    batches: dict[tuple[int, str, int], list[Ref]] = defaultdict(list)
    devices = estate.by_id("devices")
    for decision in decisions:
        if decision.strategy != "retire":
            continue
        site = belonging.site_of(decision.asset)
        earliest = 0
        if decision.asset.kind == "devices":
            cluster_id = devices[decision.asset.id].cluster_id
            served = clusters.get(cluster_id, 0) if cluster_id is not None else 0
            earliest = max(last_leaving[site], served)
        batches[site or 0, decision.asset.kind, earliest].append(decision.asset)
    return _steps(estate, belonging, work, batches, schedule)


def _steps(
    estate: Estate,
    belonging: Belonging,
    work: WorkBook,
    batches: Mapping[tuple[int, str, int], list[Ref]],
    schedule: Schedule,
) -> tuple[tuple[Step, ...], tuple[Ref, ...]]:
    steps: list[Step] = []
    late: list[Ref] = []
    for (_, kind, earliest), assets in sorted(batches.items(), key=lambda item: (item[0][2], item[0][:2])):
        resource = "crew" if kind == "devices" else "engineer"
        waiting = [assets[first : first + BATCH] for first in range(0, len(assets), BATCH)]
        while waiting:
            batch = waiting.pop(0)
            job = work.decommission(batch, resource)
            start = schedule.timeline.earliest(job.needs, job.slots, earliest, schedule.grid.slots)
            if start is None and len(batch) > 1:  # no such long stretch is free: two shorter ones may be
                middle = len(batch) // 2
                waiting[:0] = [batch[:middle], batch[middle:]]
                continue
            if start is None:
                late.extend(batch)
                continue
            schedule.timeline.take(job.needs, start, start + job.slots)
            begins, ends = schedule.grid.moment(start), schedule.grid.moment(start + job.slots)
            steps.append(
                Step(
                    id=f"retire-{len(steps) + 1:04d}",
                    kind="retire",
                    start=begins,
                    end=ends,
                    predecessors=(),
                    moves=tuple(Move(a, source_place(estate, a, belonging.site_of(a)), None) for a in batch),
                    uses=tuple(Use(name, amount, begins, ends) for name, amount in sorted(job.needs.items())),
                )
            )
            for asset in batch:
                schedule.left_at[asset] = start + job.slots
    return tuple(steps), tuple(late)
