"""Where everything goes at the target: relocated devices and cloud hosts in racks, workloads on hosts.

Domain ⇄ solvers. The cloud is laid out first (`cloud_placement`), its hosts are then mounted together with the devices
(`rack_items`, `rack_problem`, solvers.racks); where not all hosts find a rack the cloud is laid out again with fewer.
What stays out says what it lacks (`lacks`). How good the answer is, is for `evidence`; when things move, for the waves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from capacity.facility import Facility, TargetRack
from capacity.placing.cloud_placement import Bundle, CloudLayout, CloudPlacer
from capacity.placing.cloud_reserve import unsheltered
from capacity.placing.floor_arrangement import Arranged, arrange
from capacity.placing.lacks import crowded_lacks, host_reasons, item_lacks
from capacity.placing.mounts import Mounts
from capacity.placing.rack_bins import bears_kg
from capacity.placing.rack_items import Gatherer, Item, RackItems, Refusal, Thing, host_item, name_of
from capacity.placing.rack_problem import Period, RackProblem, supplies_at
from capacity.placing.ties import Cords, Ties, tied_members
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
ANYWHERE = 2  # a pool's reserve stands wherever it finds a rack: see `CloudPlacer.lay_out`


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


def filled(
    estate: Estate,
    facility: Facility,
    decisions: Sequence[Decision],
    demands: Mapping[Ref, AssetDemand],
    *,
    seed: int = 0,
    period: Period | None = None,
    mounts: Mounts | None = None,
    progress: Callable[[float], None] | None = None,
) -> Placement:
    """Place every relocated device and every rehosted or replatformed workload that can be placed: what goes into which
    rack and onto which host, the new racks wherever the solver opened them (`at_positions` arranges them).

    `period`: the first day of the plan and the last on which something can move in (`rack_problem.build`). `mounts`
    keeps work between calls that differ little: where there are many items, a call goes on from the last one's racks.
    The same inputs and seed give the same placement. `progress` hears the share done, 0 to 1. Raises ProblemError when
    the supply graph contradicts itself.
    """
    relocated = [d.asset for d in decisions if d.strategy == "relocate" and d.asset.kind == "devices"]
    hosted = [d.asset for d in decisions if d.strategy in ("rehost", "replatform")]
    supply = SupplyModel.of(facility)
    mounts = mounts or Mounts()
    gathered = Gatherer(estate, facility, demands).devices(relocated)
    cloud = CloudPlacer(estate, facility, demands, hosted)
    most_hosts: dict[str, int] = {}
    spread: dict[str, int] = {}
    barred: dict[Ref, str] = {}
    tries = 0
    while True:
        layout = cloud.lay_out(most_hosts, seed=seed, barred=barred, spread=spread)
        hosts = [host_item(host.pool, host.kind, host.id, host.apart, host.side) for host in layout.hosts]
        items = hosts + gathered.items
        attempt = _Attempt(layout, *mounts.of(facility, items, supply, seed, period, progress))
        missing = _missing_hosts(attempt)
        if missing:
            if _loosened(attempt, missing, spread):
                continue
            tries += 1  # at last a pool that never fits is given up, so this ends
            for pool, (found, _) in missing.items():
                most_hosts[pool] = 0 if tries >= MOST_LAYOUTS else found
            continue
        out = _too_heavy(facility, attempt) or _unsafe(estate, supply, attempt)
        more = _with_company(out, gathered.items, cloud.bundles)
        if not more:
            break
        barred |= more
        kept = [item for item in gathered.items if not _assets_of(item) & more.keys()]
        gathered = RackItems(kept, gathered.refusals)
    return _Writer(estate, facility, demands, gathered, attempt, most_hosts, barred).placement()


def at_positions(
    estate: Estate,
    facility: Facility,
    demands: Mapping[Ref, AssetDemand],
    found: Placement,
    *,
    seed: int = 0,
) -> tuple[Placement, Mapping[str, str]]:
    """The placement with its new racks at better positions of the floor, and what racks are called there: old to new.

    A rack moves only where it is ready as early as where it was, so what is dated stays so under the new names.
    """
    parts = Arranged(found.racks, found.hosts, found.devices, found.workloads, found.unplaced)
    there = arrange(estate, facility, SupplyModel.of(facility), demands, parts, seed=seed)
    return Placement(there.racks, there.hosts, there.devices, there.workloads, there.unplaced), there.names


def _loosened(attempt: _Attempt, missing: Mapping[str, object], spread: dict[str, int]) -> bool:
    """Ask less of the racks of reserve hosts that found none for what they are kept apart from, if so any."""
    bins = attempt.solution.state.item_bin
    homeless = {
        item.things[0].host for i, item in enumerate(attempt.problem.items) if bins[i] < 0 and item.apart
    }
    pools = {
        host.pool.name
        for host in attempt.layout.hosts
        if host.id in homeless and not host.workloads and host.pool.name in missing
    }
    pools = {pool for pool in pools if spread.get(pool, 0) < ANYWHERE}
    for pool in pools:
        spread[pool] = spread.get(pool, 0) + 1
    return bool(pools)


def _too_heavy(facility: Facility, attempt: _Attempt) -> dict[Ref, str]:
    """Devices that no way into their hall bears."""
    bears = {hall.name: bears_kg(hall) for hall in facility.halls}
    return {
        thing.asset: "route"
        for _, item, b in attempt.placed()
        for thing in item.things
        if thing.asset is not None and thing.weight_kg > bears[attempt.problem.bins[b].position.hall]
    }


def _unsafe(estate: Estate, supply: SupplyModel, attempt: _Attempt) -> dict[Ref, str]:
    """What has to stay out for a promise of being apart, and why: no restart far enough away, or one feed with another.

    Whatever runs on a host counts with it, a device in a bay with its chassis.
    """
    rack_of: dict[str, str] = {}
    devices: dict[Ref, str] = {}
    cords: dict[Ref, Cords] = {}
    on_host = {host.id: host.workloads for host in attempt.layout.hosts}
    for number, item, b in attempt.placed():
        where = attempt.problem.bins[b]
        first = int(attempt.problem.problem.arrays.item_ptr[number])
        for part, thing in enumerate(item.things, start=first):
            mine: Cords = (thing.redundancy, supplies_at(attempt.solution.state, part, where.position))
            if thing.host is not None:
                rack_of[thing.host] = where.rack.id
                cords |= dict.fromkeys(on_host[thing.host], mine)
            elif thing.asset is not None:
                inside = [thing.asset, *(Ref("devices", child.id) for child in thing.children)]
                devices |= dict.fromkeys(inside, where.rack.id)
                cords |= dict.fromkeys(inside, mine)
    ties = Ties(supply)
    found: dict[Ref, str] = {}
    for constraint in estate.constraints:
        if (constraint.kind, constraint.scope) == ("apart", "feed"):
            members = [(m, cords[m]) for m in dict.fromkeys(constraint.members) if m in cords]
            found |= dict.fromkeys(tied_members(ties, members), "feed")
    if not found:
        found = dict.fromkeys(unsheltered(estate, attempt.layout.hosts, rack_of, devices), "reserve")
    return found


def _with_company(out: Mapping[Ref, str], items: Sequence[Item], bundles: Sequence[Bundle]) -> dict[Ref, str]:
    """What has to stay out, and what is to share a rack or host with it."""
    found = dict(out)
    for company in (*map(_assets_of, items), *(set(bundle.refs) for bundle in bundles)):
        if company & out.keys():
            found |= dict.fromkeys(company - out.keys(), "together")
    return found


def _assets_of(item: Item) -> set[Ref]:
    inside = {thing.asset for thing in item.things if thing.asset is not None}
    return inside | {Ref("devices", child.id) for thing in item.things for child in thing.children}


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
        barred: Mapping[Ref, str],
    ) -> None:
        self.layout = {host.id: host for host in attempt.layout.hosts}
        self.barred = barred
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
                host = self.layout[thing.host]
                model = None if host.kind == host.pool.host_type else host.kind.model
                self.hosts.append(
                    CloudHost(
                        thing.host, host.pool.name, where.rack.id, position, face or "front", supplies, model
                    )
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
        self._write_barred()
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

    def _write_barred(self) -> None:
        """What stays out so that what is kept apart stays so when something is lost."""
        texts = {
            "reserve": "would find no empty host far enough from what it is kept apart from, were its host lost",
            "route": "is heavier than any way into the hall bears where it would find a rack",
            "feed": "would hang on one feed or node with what it is kept apart from by feed",
            "together": "is to share a rack or host with what has to stay out",
        }
        for ref in sorted(self.barred):
            name = name_of(self.estate, ref)
            dimension = "route" if self.barred[ref] == "route" else "apart"
            lack = Lack(dimension, 1.0, 0.0, name, f"{name} {texts[self.barred[ref]]}")
            self.unplaced.append(Unplaced(ref, name, False, (lack,)))

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
