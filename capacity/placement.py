"""Where everything goes at the target: relocated devices and cloud hosts in racks, workloads on hosts.

Domain ⇄ solvers. The cloud is laid out first (`cloud_placement`), its hosts are then mounted together with the devices
(`rack_items`, `rack_problem`, solvers.racks); where not all hosts find a rack the cloud is laid out again with fewer.
What stays out says what it lacks (`lacks`). How good the answer is, is for `evidence`; when things move, for the waves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from capacity.facility import Facility, TargetRack
from capacity.placing.cloud_placement import CloudLayout, CloudPlacer
from capacity.placing.lacks import crowded_lacks, host_reasons, item_lacks
from capacity.placing.rack_items import Gatherer, Item, RackItems, Refusal, Thing, host_item, name_of
from capacity.placing.rack_problem import Period, RackProblem, build, supplies_at
from capacity.plan import (
    AssetDemand,
    CloudHost,
    Decision,
    DevicePlacement,
    Lack,
    Unplaced,
    WorkloadPlacement,
)
from capacity.power import SupplyModel
from capacity.solvers import racks
from capacity.solvers.rack_moves import FULL_FRONT, FULL_REAR
from inventory.estate import Constraint, Estate, Ref

MOST_LAYOUTS = 4  # each later one has fewer cloud hosts


@dataclass(frozen=True, slots=True)
class Placement:
    """The answer: racks to buy, hosts to buy, and a place for every asset but the unplaced."""

    racks: tuple[TargetRack, ...]
    hosts: tuple[CloudHost, ...]
    devices: tuple[DevicePlacement, ...]
    workloads: tuple[WorkloadPlacement, ...]
    unplaced: tuple[Unplaced, ...]


@dataclass(frozen=True, slots=True)
class _Attempt:
    layout: CloudLayout
    problem: RackProblem
    solution: racks.Solution

    def placed(self) -> list[tuple[int, Item, int]]:
        """Item number, item and bin of everything that found a rack."""
        bins = self.solution.state.item_bin
        return [(i, item, int(bins[i])) for i, item in enumerate(self.problem.items) if bins[i] >= 0]


def place(
    estate: Estate,
    facility: Facility,
    decisions: Sequence[Decision],
    demands: Mapping[Ref, AssetDemand],
    *,
    seed: int = 0,
    period: Period | None = None,
    progress: Callable[[float], None] | None = None,
) -> Placement:
    """Place every relocated device and every rehosted or replatformed workload that can be placed.

    `period`: the first day of the plan and the last on which something can move in (`rack_problem.build`).
    The same inputs and seed give the same placement. `progress` hears the share done, 0 to 1. Raises ProblemError when
    the supply graph contradicts itself.
    """
    relocated = [d.asset for d in decisions if d.strategy == "relocate" and d.asset.kind == "devices"]
    hosted = [d.asset for d in decisions if d.strategy in ("rehost", "replatform")]
    supply = SupplyModel.of(facility)
    gathered = Gatherer(estate, facility, demands).devices(relocated)
    cloud = CloudPlacer(estate, facility, demands, hosted)
    most_hosts: dict[str, int] = {}
    tries = 0
    while True:
        layout = cloud.lay_out(most_hosts, seed=seed)
        attempt = _mount(facility, supply, layout, gathered, seed, period, progress)
        missing = _missing_hosts(attempt)
        if not missing:
            break
        tries += 1  # at last a pool that never fits is given up, so this ends
        for pool, (found, _) in missing.items():
            most_hosts[pool] = 0 if tries >= MOST_LAYOUTS else found
    return _Writer(estate, facility, demands, gathered, attempt, most_hosts).placement()


def _mount(
    facility: Facility,
    supply: SupplyModel,
    layout: CloudLayout,
    gathered: RackItems,
    seed: int,
    period: Period | None,
    progress: Callable[[float], None] | None,
) -> _Attempt:
    items = [host_item(host.pool, host.id, host.apart) for host in layout.hosts] + gathered.items
    problem = build(facility, items, supply, period)
    return _Attempt(layout, problem, racks.solve(problem.problem, seed=seed, progress=progress))


def _missing_hosts(attempt: _Attempt) -> dict[str, tuple[int, int]]:
    """For each pool with hosts that found no rack: how many found one, of how many."""
    found = {item.things[0].host for _, item, _ in attempt.placed()}
    counts: dict[str, tuple[int, int]] = {}
    for host in attempt.layout.hosts:
        there, wanted = counts.get(host.pool.name, (0, 0))
        counts[host.pool.name] = (there + (host.id in found), wanted + 1)
    return {pool: (there, wanted) for pool, (there, wanted) in counts.items() if there < wanted}


class _Writer:
    """Writes an attempt as a Placement."""

    def __init__(
        self,
        estate: Estate,
        facility: Facility,
        demands: Mapping[Ref, AssetDemand],
        gathered: RackItems,
        attempt: _Attempt,
        most_hosts: Mapping[str, int],
    ) -> None:
        self.estate, self.facility, self.demands = estate, facility, demands
        self.gathered, self.attempt, self.most_hosts = gathered, attempt, most_hosts
        self.devices: list[DevicePlacement] = []
        self.hosts: list[CloudHost] = []
        self.unplaced: list[Unplaced] = []

    def placement(self) -> Placement:
        for number, item, b in self.attempt.placed():
            self._write_item(number, item, b)
        workloads = [
            WorkloadPlacement(ref, host.pool.name, host.id)
            for host in self.attempt.layout.hosts
            for ref in host.workloads
        ]
        self._write_unplaced()
        workloads = self._without_broken_togethers(workloads)
        order = {rack: i for i, rack in enumerate(b.rack.id for b in self.attempt.problem.bins)}
        return Placement(
            tuple(sorted(self._racks(), key=lambda rack: order[rack.id])),
            tuple(sorted(self.hosts, key=lambda host: host.id)),
            tuple(sorted(self.devices, key=lambda d: d.asset)),
            tuple(sorted(workloads, key=lambda w: w.asset)),
            tuple(sorted(self.unplaced, key=lambda u: u.asset)),
        )

    def _racks(self) -> list[TargetRack]:
        problem, state = self.attempt.problem, self.attempt.solution.state
        return [
            replace(b.rack, owner=problem.groups[state.bin_group[i]][0])
            for i, b in enumerate(problem.bins)
            if b.model >= 0 and state.bin_group[i] >= 0
        ]

    def _write_item(self, number: int, item: Item, b: int) -> None:
        problem, state = self.attempt.problem, self.attempt.solution.state
        where = problem.bins[b]
        first = int(problem.problem.arrays.item_ptr[number])
        for part, thing in enumerate(item.things, start=first):
            supplies = supplies_at(state, part, where.position)
            face = self._face(thing, int(state.part_side[part]))
            position = (
                where.rack.starting_unit + int(state.part_slot[part]) / 2 if thing.height_u > 0 else None
            )
            if thing.host is not None and position is not None:
                pool = next(h.pool.name for h in self.attempt.layout.hosts if h.id == thing.host)
                self.hosts.append(
                    CloudHost(thing.host, pool, where.rack.id, position, face or "front", supplies)
                )
            elif thing.asset is not None:
                self.devices.append(DevicePlacement(thing.asset, where.rack.id, position, face, supplies))
                for child in thing.children:
                    self.devices.append(
                        DevicePlacement(
                            Ref("devices", child.id),
                            where.rack.id,
                            None,
                            None,
                            parent_device_id=child.parent_device_id,
                            parent_bay=child.parent_bay,
                        )
                    )

    @staticmethod
    def _face(thing: Thing, side: int) -> str | None:
        if thing.height_u <= 0:
            return None
        if thing.is_full_depth:
            return {FULL_FRONT: "front", FULL_REAR: "rear"}[side]
        return "rear" if side else "front"

    def _write_unplaced(self) -> None:
        for refusal in (*self.gathered.refusals, *self.attempt.layout.refusals):
            self._refuse(refusal)
        state = self.attempt.solution.state
        why: dict[int, tuple[Lack, ...]] = {}
        for number, item in enumerate(self.attempt.problem.items):
            if state.item_bin[number] >= 0 or item.things[0].host is not None:
                continue
            kind = int(self.attempt.problem.problem.arrays.item_type[number])
            if kind not in why:  # equal items lack the same; only the name differs
                why[kind] = item_lacks(self.facility, self.attempt.problem, state, number)
            for thing in item.things:
                lacks = tuple(
                    replace(
                        lack, explanation=f"{thing.name} fits no rack of {item.owner}: {lack.explanation}"
                    )
                    for lack in why[kind]
                )
                for ref in self._assets(thing):
                    self.unplaced.append(Unplaced(ref, name_of(self.estate, ref), False, lacks))
        rackless = host_reasons(self.facility, self.attempt.problem, state)
        for ref, pools in self.attempt.layout.crowded:
            lacks = crowded_lacks(
                self.facility, self.demands, self.attempt.layout, ref, pools, self.most_hosts, rackless
            )
            self.unplaced.append(Unplaced(ref, name_of(self.estate, ref), False, lacks))

    @staticmethod
    def _assets(thing: Thing) -> list[Ref]:
        own = [] if thing.asset is None else [thing.asset]
        return own + [Ref("devices", child.id) for child in thing.children]

    def _refuse(self, refusal: Refusal) -> None:
        needs = None if refusal.is_unproven else 1.0
        available = None if refusal.is_unproven else 0.0
        lack = Lack(refusal.dimension, needs, available, refusal.where, refusal.explanation)
        name = name_of(self.estate, refusal.asset)
        self.unplaced.append(Unplaced(refusal.asset, name, refusal.is_unproven, (lack,)))

    def _without_broken_togethers(self, workloads: list[WorkloadPlacement]) -> list[WorkloadPlacement]:
        """Workloads that were to stand in the rack of a device and don't are taken out again, and say so."""
        rack_of_host = {host.id: host.rack for host in self.hosts}
        rack_of = {d.asset: d.rack for d in self.devices} | {w.asset: rack_of_host[w.host] for w in workloads}
        out: dict[Ref, Constraint] = {}
        for constraint in self.estate.constraints:
            if constraint.kind != "together" or constraint.scope != "rack":
                continue
            racks_used = {rack_of[m] for m in constraint.members if m in rack_of}
            devices = [m for m in constraint.members if m in rack_of and m.kind == "devices"]
            if len(racks_used) > 1 and devices:
                hosted = {w.asset for w in workloads}
                out |= {m: constraint for m in constraint.members if m in hosted}
        for ref, constraint in sorted(out.items(), key=lambda pair: pair[0]):
            name = name_of(self.estate, ref)
            text = f"{name} is to share a rack with devices (constraint {constraint.id}); its host stands in another"
            self.unplaced.append(
                Unplaced(ref, name, False, (Lack("together", 1.0, 0.0, rack_of[ref], text),))
            )
        return [w for w in workloads if w.asset not in out]
