"""What two things have in common behind their cords: a feed, or a node whose loss takes both down.

The rule on things kept apart by feed asks, and the rule on a pool's reserve: where may the work of a lost host restart?
Everything is judged in the final state, when all phases are ready. Loads in each loss are `power`'s.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property

import numpy as np

from capacity.verification.contents import Thing
from capacity.verification.supply_graph import Bools, SupplyGraph
from capacity.verification.view import View
from inventory.estate import Constraint, Ref


class Parting:
    """Answers for one view; `things` by rack as in `contents.everything`."""

    def __init__(self, view: View, things: dict[str, list[Thing]]) -> None:
        self._view = view
        self._graph = SupplyGraph(view.facility.supply)
        inside = [thing for rack in things.values() for thing in rack]
        self._devices = {t.asset: t for t in inside if t.asset is not None}
        self._hosts = {t.label.removeprefix("host "): t for t in inside if t.kind == "host"}
        self._downs: dict[tuple[object, ...], frozenset[str]] = {}
        self._lives: dict[int | None, Bools] = {}

    def host(self, name: str) -> Thing | None:
        return self._hosts.get(name)

    def behind(self, ref: Ref) -> Thing | None:
        """What an asset hangs on: itself, its chassis, or the host it runs on; None where it has no place."""
        workload = self._view.placed_workloads.get(ref)
        if workload is not None:
            return self._hosts.get(workload.host)
        thing = self._devices.get(ref)
        if thing is not None and thing.in_bay:
            parent = self._view.devices[ref.id].parent_device_id
            return self._devices.get(Ref("devices", parent)) if parent is not None else None
        return thing

    def tie(self, one: Thing, other: Thing) -> str | None:
        """The feed or node that holds two things together; None when no single loss concerns both."""
        feeds = {s.feed for s in one.supplies} & {s.feed for s in other.supplies}
        if feeds:
            return min(feeds)
        return min(self._downed_by(one) & self._downed_by(other), default=None)

    def _downed_by(self, thing: Thing) -> frozenset[str]:
        """The nodes whose single loss takes a thing down that is up without a loss."""
        key = (str(thing.redundancy), thing.supplies)
        if key not in self._downs:
            self._downs[key] = frozenset(self._losses(thing))
        return self._downs[key]

    def _losses(self, thing: Thing) -> Iterable[str]:
        index = self._graph.index
        feeds = [index[s.feed] for s in thing.supplies if s.feed in index]
        if thing.redundancy is None or not feeds or not self._is_up(thing, feeds, None):
            return
        above = self._graph.above(feeds)  # the loss of anything else leaves its feeds as they are
        for loss in self._graph.can_fail:
            if loss in above and not self._is_up(thing, feeds, loss):
                yield self._graph.nodes[loss].name

    def _is_up(self, thing: Thing, feeds: list[int], loss: int | None) -> bool:
        needed = thing.redundancy.needed if thing.redundancy else 0
        return int(self._alive(loss)[feeds].sum()) >= max(needed, 1)

    def _alive(self, loss: int | None) -> Bools:
        if loss not in self._lives:
            ready = np.ones(len(self._graph.nodes), dtype=bool)
            self._lives[loss] = self._graph.alive(ready, loss)
        return self._lives[loss]

    @cached_property
    def parted(self) -> dict[Ref, list[Constraint]]:
        """The constraints of scope rack and feed that keep each asset apart from others."""
        found: dict[Ref, list[Constraint]] = {}
        for constraint in self._view.constraints("apart"):
            if constraint.scope in ("rack", "feed"):
                for ref in dict.fromkeys(constraint.members):
                    found.setdefault(ref, []).append(constraint)
        return found

    def may_restart(
        self, work: Iterable[Ref], here: Thing, there: Thing, gone: set[str], until: float = math.inf
    ) -> bool:
        """Whether work of a lost host may run on another with its constraints kept; `gone` are the lost hosts.

        What was too close before is no matter of the restart, nor is what only comes at `until` (seconds) or later.
        """
        moved = set(work)
        for ref in moved:
            for constraint in self.parted.get(ref, ()):
                for other in constraint.members:
                    thing = (
                        None if other in moved or self._is_gone(other, gone, until) else self.behind(other)
                    )
                    is_close = thing is not None and self.are_close(there, thing, constraint)
                    if is_close and thing is not None and not self.are_close(here, thing, constraint):
                        return False
        return True

    def are_close(self, one: Thing, other: Thing, constraint: Constraint) -> bool:
        """Whether two things stand as near to each other as a constraint forbids."""
        if constraint.scope == "rack":
            return one.rack == other.rack
        return self.tie(one, other) is not None

    def _is_gone(self, ref: Ref, gone: set[str], until: float) -> bool:
        workload = self._view.placed_workloads.get(ref)
        return (workload is not None and workload.host in gone) or self._view.arrival(ref) >= until
