"""What each step of a plan waits for: the steps before it, with the time to wait after each.

Besides the predecessors the plan names: the step before of the same assets, what brings up the rack or host a step
moves into, the rollback deadlines before sources are cleared, the workloads of a cluster before its hosts are retired,
and what leaves a site before the site's retired devices end. What the plan's own dates do not keep is no such rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from capacity.belonging import Belonging
from capacity.plan import Plan, Step
from inventory.errors import InputError
from inventory.estate import Estate, Ref

ENDINGS = ("decommission", "retire")
LEAVING = ("decommission", "relocate")


def seconds_from(begin: datetime, moment: datetime) -> int:
    """Whole seconds from one aware moment to another."""
    return round(moment.timestamp() - begin.timestamp())


def in_order(plan: Plan) -> tuple[Step, ...]:
    """The plan's steps by their dates."""
    return tuple(sorted(plan.steps, key=lambda step: (step.start.timestamp(), step.id)))


def waits(estate: Estate, plan: Plan, steps: Sequence[Step]) -> list[dict[int, int]]:
    """For each step, by index, those before it and the seconds to wait after their ends.

    Raises InputError for a plan whose steps begin before their predecessors have ended.
    """
    return _Waits(estate, plan, steps).found


@dataclass
class _Waits:
    estate: Estate
    plan: Plan
    steps: Sequence[Step]
    found: list[dict[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.found = [{} for _ in self.steps]
        self._index = {step.id: i for i, step in enumerate(self.steps)}
        self._named()
        for before, after in self._implied():
            self._add(before, after)

    def _named(self) -> None:
        for j, step in enumerate(self.steps):
            for name in step.predecessors:
                i = self._index.get(name)
                if i is None or i >= j or self.steps[i].end > step.start:
                    raise InputError(
                        f"step {step.id} begins before its predecessor {name} has ended",
                        remedy="see `vorst check`, and plan again",
                    )
                self.found[j][i] = 0
                self._add(i, j)

    def _add(self, i: int, j: int) -> None:
        """Let a step wait for one before it, where the plan's dates do: until its deadline where `j` clears sources, or
        its end where that deadline isn't waited for.
        """
        first, then = self.steps[i], self.steps[j]
        ready = first.end
        if then.kind in ENDINGS and first.rollback_deadline is not None:
            deadline = max(ready, first.rollback_deadline)
            ready = deadline if deadline <= then.start else ready
        if ready <= then.start and i < j:
            lag = seconds_from(first.end, ready)
            self.found[j][i] = max(lag, self.found[j].get(i, 0))

    def _implied(self) -> Iterator[tuple[int, int]]:
        steps_of: dict[Ref, list[int]] = defaultdict(list)
        brings_up: dict[str, int] = {}
        for i, step in enumerate(self.steps):
            for move in step.moves:
                steps_of[move.asset].append(i)
            brings_up |= dict.fromkeys(step.commissions, i)
        for own in steps_of.values():
            yield from pairwise(own)
            yield from ((i, j) for i in own for j in own if i < j and self.steps[j].kind in ENDINGS)
        for j, step in enumerate(self.steps):
            places = {(move.target.rack, move.target.host) for move in step.moves if move.target is not None}
            for name in {name for place in places for name in place if name is not None}:
                if name in brings_up:
                    yield brings_up[name], j
        yield from self._before_retiring(steps_of)

    def _before_retiring(self, steps_of: dict[Ref, list[int]]) -> Iterator[tuple[int, int]]:
        belonging = Belonging(self.estate)
        served: dict[int, set[int]] = defaultdict(set)
        for machine in self.estate.virtual_machines:
            if machine.cluster_id is not None:
                served[machine.cluster_id].update(steps_of.get(Ref("virtual_machines", machine.id), ()))
        leaving: dict[int | None, set[int]] = defaultdict(set)
        for i, step in enumerate(self.steps):
            if step.kind in LEAVING:
                for move in step.moves:
                    leaving[belonging.site_of(move.asset)].add(i)
        devices = self.estate.by_id("devices")
        for j, step in enumerate(self.steps):
            if step.kind != "retire":
                continue
            before: set[int] = set()
            for move in step.moves:
                device = devices.get(move.asset.id) if move.asset.kind == "devices" else None
                if device is not None:
                    before |= leaving[belonging.site_of(move.asset)]
                    before |= served.get(device.cluster_id, set()) if device.cluster_id is not None else set()
            for i in sorted(before):
                yield i, j
