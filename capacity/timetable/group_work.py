"""The work of one group: a cutover of its workloads and a relocation from each of its sites, in the time there is.

What a job holds is `work`'s, when it is done `waves`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import median_low

from capacity.belonging import Belonging
from capacity.plan import DevicePlacement
from capacity.timetable.move_groups import Group
from capacity.timetable.windows import SLOT_MINUTES, Interval
from capacity.timetable.work import COMFORTABLE_MINUTES, Job, WorkBook
from inventory.estate import Estate, Ref

GroupJob = tuple[str, int | None, tuple[Ref, ...], Job]
"""Kind of step, the site it starts from (None: any), its assets, and what it holds for how long."""


class GroupWork:
    """Answers for what one placement moves: `devices` go by van, `workloads` over the lines."""

    def __init__(
        self,
        estate: Estate,
        belonging: Belonging,
        work: WorkBook,
        devices: Mapping[Ref, DevicePlacement],
        workloads: Collection[Ref],
        sites: Mapping[Ref, int | None],
    ) -> None:
        self._belonging, self._work = belonging, work
        self._devices, self._workloads, self._sites = devices, workloads, sites
        self._budgets = {a.id: a.downtime_budget_minutes for a in estate.applications}

    def by_site(self, assets: Iterable[Ref]) -> dict[int, tuple[Ref, ...]]:
        """Assets by their site, 0 where that is unknown."""
        found: dict[int, list[Ref]] = defaultdict(list)
        for asset in assets:
            found[self._sites[asset] or 0].append(asset)
        return {site: tuple(found[site]) for site in sorted(found)}

    def workloads_by_site(self, group: Group) -> dict[int, tuple[Ref, ...]]:
        return self.by_site(a for a in group.assets if a in self._workloads)

    def jobs_within(
        self, group: Group, intervals: Sequence[Interval], pace: float = COMFORTABLE_MINUTES
    ) -> list[GroupJob] | None:
        """Jobs that fit the usual window; else those that fit the longest (one is an hour longer each autumn).

        `pace`: minutes a relocation should last at most, where there are hands for that.
        """
        lengths = [(end - begin) * SLOT_MINUTES for begin, end in intervals]
        budget = self._budget(group)
        usual = self._jobs(group, min(median_low(lengths), budget), pace)
        return usual or self._jobs(group, min(max(lengths), budget), pace)

    def most_minutes(self, group: Group, intervals: Sequence[Interval]) -> float:
        """What a step of the group may last at most."""
        return min(max(end - begin for begin, end in intervals) * SLOT_MINUTES, self._budget(group))

    def least_minutes(self, group: Group) -> float | None:
        """The shortest its longest step can be, with all hands there are; None where there are too few at all."""
        moved = [self._counted(there) for there in self._devices_by_site(group).values()]
        return self._work.least_minutes(sum(a in self._workloads for a in group.assets), moved)

    def _budget(self, group: Group) -> float:
        budgets = [
            self._budgets.get(application)
            for asset in group.assets
            for application in self._belonging.applications_of.get(asset, ())
        ]
        return min((float(b) for b in budgets if b is not None), default=float("inf"))

    def _jobs(self, group: Group, most_minutes: float, pace: float) -> list[GroupJob] | None:
        jobs: list[GroupJob] = []
        workloads = tuple(a for a in group.assets if a in self._workloads)
        if workloads:
            job = self._work.cutover(len(workloads), most_minutes)
            if job is None:
                return None
            jobs.append(("cutover", None, workloads, self._skilled(job, workloads)))
        for site, devices in self._devices_by_site(group).items():
            counted = self._counted(devices)
            job = self._work.relocate(counted, most_minutes, pace) if counted else None
            if job is None:
                return None
            jobs.append(("relocate", site, devices, self._skilled(job, devices)))
        return jobs

    def _skilled(self, job: Job, assets: Iterable[Ref]) -> Job:
        skills = self._work.skills(assets)
        return Job(job.slots, job.needs | {n: max(a, job.needs.get(n, 0.0)) for n, a in skills.items()})

    def _devices_by_site(self, group: Group) -> dict[int, tuple[Ref, ...]]:
        return self.by_site(a for a in group.assets if a in self._devices)

    def _counted(self, devices: Iterable[Ref]) -> list[Ref]:
        """Devices that are carried on their own: not those in a bay."""
        return [d for d in devices if self._devices[d].parent_device_id is None]
