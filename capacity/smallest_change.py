"""For every unplaced asset the smallest change that would place it, with everything else left where the plan has it.

One limit where one is enough, else those it takes together; of an unproven asset what has to be measured; of what no
limit keeps out, what it hangs on. Changes are compared by how many limits they touch, then in parts of what a limit is
now. Every rack of the asset's owner and zone is asked, and every position where it may set one up (`rack_shortfalls`);
of a workload every host of its pools, and one host more. What only found no date was told so by the timetable.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from capacity.as_planned import frame_of
from capacity.facility import Facility
from capacity.levers import amount_text, in_words
from capacity.placing.cloud_placement import CloudPlacer
from capacity.placing.rack_items import Gatherer, Item, host_item
from capacity.placing.rack_problem import Frame, framed
from capacity.placing.rack_shortfalls import RackShortfalls, Shortfall, relative
from capacity.plan import CloudHost, LimitChange, Plan, SmallestChange, Unplaced
from inventory.estate import Estate, Ref

ONE = "no smaller change of one limit places it with all else where it is"
SEVERAL = "no change of one limit places it; these together do"
ENOUGH = "enough, perhaps not the smallest: what is kept together was placed one after another"
NONE = "no change of a limit alone places it"
UNKNOWN = "unproven: nothing can be said before it is known"
FREE = "there is room where the plan leaves it; planning again may find it"
RACK_DIMENSIONS = {
    "height_u", "power_w", "weight_kg", "ports", "heat_w", "apart", "feeds", "area_m2", "racks", "positions",
}  # fmt: skip
CLOUD_DIMENSIONS = ("vcpus", "memory_mb", "disk_mb")
TO_MEASURE = {
    "power_w": "an observation power_w of it (measured, peak), or the maximum draw of its type's power ports",
    "weight_kg": "an observation weight_kg of it, or the weight of its device type",
    "ports": "the cables on its interfaces",
    "redundancy": "its supply redundancy, or its power ports",
    "height_u": "the height of its device type",
    "is_full_depth": "whether its device type is of full depth",
    "vcpus": "its vCPUs",
    "memory_mb": "its memory",
    "disk_mb": "its disk",
    "site": "the site it stands at",
}


def with_changes(
    estate: Estate, facility: Facility, plan: Plan, *, room: Frame | None = None
) -> tuple[Unplaced, ...]:
    """The plan's unplaced assets, each with what would place it; those that say so already are left as they are.

    `room`: the frame of the facility with the plan carried out (`as_planned`), where the caller has it.
    """
    waiting = [entry for entry in plan.unplaced if entry.change is None]
    if not waiting:
        return plan.unplaced
    asked = _Asked(estate, facility, plan, room)
    return tuple(
        entry if entry.change is not None else replace(entry, change=asked.change(entry))
        for entry in plan.unplaced
    )


class _Asked:
    """The room beside one plan; asks each kind of item once."""

    def __init__(self, estate: Estate, facility: Facility, plan: Plan, room: Frame | None) -> None:
        self.estate, self.facility, self.plan = estate, facility, plan
        self.demands = {demand.asset: demand for demand in plan.demands}
        self.rack_of = _rack_of(plan)
        self._strategy = {decision.asset: decision.strategy for decision in plan.decisions}
        crowded = [u.asset for u in plan.unplaced if self._is_crowded(u)]
        devices = [ref for ref in crowded if self._strategy.get(ref) == "relocate"]
        gathered = Gatherer(estate, facility, self.demands).devices(devices)
        self.items = gathered.items
        hosted = [ref for ref in crowded if self._strategy.get(ref) in ("rehost", "replatform")]
        self.cloud = CloudPlacer(estate, facility, self.demands, hosted)
        hosts = (
            [host_item(pool, pool.host_type, f"{pool.name}-host", ()) for pool in facility.pools]
            if hosted
            else []
        )
        if self.items or self.cloud.bundles:
            self.problem = framed(room or frame_of(facility, plan), [*self.items, *hosts])
            self.racks = RackShortfalls(facility, self.problem, (rack.id for rack in plan.racks))
        self.number = {ref: number for number, item in enumerate(self.items) for ref in _assets(item)}
        self._answers: dict[object, Shortfall | None] = {}

    @staticmethod
    def _is_crowded(entry: Unplaced) -> bool:
        dimensions = {lack.dimension for lack in entry.lacks}
        return (
            not entry.is_unproven
            and bool(dimensions)
            and dimensions <= RACK_DIMENSIONS | set(CLOUD_DIMENSIONS)
        )

    def change(self, entry: Unplaced) -> SmallestChange:
        """What would place an asset."""
        if entry.is_unproven:
            missing = list(dict.fromkeys(lack.dimension for lack in entry.lacks if lack.needs is None))
            told = "; ".join(f"enter {TO_MEASURE.get(d, d)}" for d in missing)
            return SmallestChange((), "", told or "enter what is unknown of it", UNKNOWN)
        if self._shares_no_feed(entry.asset):
            return SmallestChange((), "", "none is computed: it may share no feed with what is placed", NONE)
        if entry.asset in self.number:
            return self._of_device(entry.asset)
        bundle = next((b for b in self.cloud.bundles if entry.asset in b.refs), None)
        if bundle is not None:
            return self._of_workload(bundle.refs, bundle.sizes, bundle.pools)
        return SmallestChange((), "", entry.lacks[0].explanation if entry.lacks else "", NONE)

    def _shares_no_feed(self, ref: Ref) -> bool:
        """Whether a constraint keeps an asset off the feeds of something placed: then more than limits decides."""
        return any(
            c.kind == "apart"
            and c.scope == "feed"
            and ref in c.members
            and any(m in self.rack_of for m in c.members)
            for c in self.estate.constraints
        )

    # --- devices ------------------------------------------------------------------------------------------------------

    def _of_device(self, ref: Ref) -> SmallestChange:
        number = self.number[ref]
        item = self.items[number]
        only, barred = self._bound_to(_assets(item))
        found = self._ask(number, only, barred)
        if found is None:
            zone = item.zone
            text = f"no rack and no free position of zone {zone} is open to {item.owner}: it takes one more position"
            return SmallestChange((), "", text, NONE)
        return self._told(
            found.limits, f"rack {self.problem.bins[found.bin].rack.id}", is_exact=found.is_exact
        )

    def _bound_to(self, refs: Sequence[Ref]) -> tuple[frozenset[str] | None, frozenset[str]]:
        """The racks that constraints leave an asset: only these (None: any), and none of those."""
        only: set[str] | None = None
        barred: set[str] = set()
        for constraint in self.estate.constraints:
            if constraint.scope != "rack" or not set(constraint.members) & set(refs):
                continue
            others = {self.rack_of[m] for m in constraint.members if m not in refs and m in self.rack_of}
            if constraint.kind == "apart":
                barred |= others
            elif constraint.kind == "together" and others:
                only = others if only is None else only & others
        return None if only is None else frozenset(only), frozenset(barred)

    def _ask(self, number: int, only: frozenset[str] | None, barred: frozenset[str]) -> Shortfall | None:
        """The best rack for an item; equal items are asked once."""
        key = (int(self.problem.problem.arrays.item_type[number]), only, barred)
        if key not in self._answers:
            self._answers[key] = self.racks.best(
                number, None if only is None else sorted(only), sorted(barred)
            )
        return self._answers[key]

    # --- workloads ----------------------------------------------------------------------------------------------------

    def _of_workload(
        self, refs: Sequence[Ref], sizes: Sequence[float], pools: Sequence[int]
    ) -> SmallestChange:
        """The least change over the hosts there are and one more, in every pool that may serve it."""
        best: tuple[tuple[int, float, str], tuple[LimitChange, ...], str] | None = None
        for number in pools:
            if self.facility.pools[number].tiers:
                continue
            for limits, place in self._hosts(number, refs, sizes):
                cost = (len(limits), sum(relative(limit) for limit in limits), place)
                if best is None or cost < best[0]:
                    best = (cost, tuple(limits), place)
        if best is None:
            return SmallestChange(
                (), "", "not computed: its pools have storage tiers, or no host for it", NONE
            )
        return self._told(best[1], best[2], is_exact=True)

    def _hosts(
        self, number: int, refs: Sequence[Ref], sizes: Sequence[float]
    ) -> Iterator[tuple[list[LimitChange], str]]:
        pool = self.facility.pools[number]
        hosts = [host for host in self.plan.hosts if host.pool == pool.name]
        used = self._used(hosts)
        empty = sorted((host for host in hosts if host.id not in used), key=lambda host: host.id)
        only, barred = self._hosts_bound(refs, hosts)
        for host in (*(h for h in hosts if h.id in used), *empty[pool.reserve_hosts :]):
            if host.id in barred or (only is not None and host.id not in only):
                continue
            there = used.get(host.id, (0.0, 0.0, 0.0))
            limits = [
                *self._host_short(number, host.model, there, sizes),
                *self._disk_short(number, used, hosts, sizes, 0),
            ]
            yield limits, f"host {host.id}"
        if only is None:
            yield from self._one_more(number, hosts, used, sizes, refs)

    def _used(self, hosts: Sequence[CloudHost]) -> dict[str, tuple[float, float, float]]:
        ids = {host.id for host in hosts}
        found: dict[str, tuple[float, float, float]] = {}
        for placed in self.plan.workloads:
            if placed.host in ids:
                cpu, mb, disk = found.get(placed.host, (0.0, 0.0, 0.0))
                q = [self.demands[placed.asset].quantities[d].planning for d in CLOUD_DIMENSIONS]
                found[placed.host] = (cpu + q[0], mb + q[1], disk + q[2])
        return found

    def _hosts_bound(
        self, refs: Sequence[Ref], hosts: Sequence[CloudHost]
    ) -> tuple[set[str] | None, set[str]]:
        """The hosts that constraints leave a workload: only these (None: any), and none of those."""
        host_of = {w.asset: w.host for w in self.plan.workloads}
        racks = {host.id: host.rack for host in hosts}
        only: set[str] | None = None
        barred: set[str] = set()
        for constraint in self.estate.constraints:
            if not set(constraint.members) & set(refs) or constraint.scope not in ("rack", "host"):
                continue
            others = {host_of[m] for m in constraint.members if m not in refs and m in host_of}
            if constraint.kind == "apart":
                near = {racks[h] for h in others if h in racks}
                barred |= (
                    others if constraint.scope == "host" else {h for h, rack in racks.items() if rack in near}
                )
            elif constraint.kind == "together" and others:
                only = others if only is None else only & others
        return only, barred

    def _host_short(
        self, number: int, model: str | None, there: Sequence[float], sizes: Sequence[float]
    ) -> Iterator[LimitChange]:
        pool = self.facility.pools[number]
        kind = pool.type_named(model) or pool.host_type
        path = f"facility.pools[{number}].host_type"
        if kind is not pool.host_type:
            path = f"facility.pools[{number}].other_host_types[{kind.model}]"
        for d, (field, factor) in enumerate(
            (("vcpus", pool.cpu_overcommit), ("memory_mb", pool.memory_overcommit))
        ):
            now = getattr(kind, field)
            over = there[d] + sizes[d] - now * factor
            if over > 1e-6:
                yield LimitChange(f"{path}.{field}", float(now), float(math.ceil(over / factor - 1e-9)))

    def _disk_short(
        self,
        number: int,
        used: dict[str, tuple[float, float, float]],
        hosts: Sequence[CloudHost],
        sizes: Sequence[float],
        more: int,
    ) -> Iterator[LimitChange]:
        """Storage a pool of so many hosts and `more` lacks; of equal hosts, each with a copy of its own."""
        pool = self.facility.pools[number]
        total = sum(amounts[2] for amounts in used.values()) + sizes[2]
        left = max(0, len(hosts) + more - pool.reserve_hosts)
        each = pool.host_type.storage_mb * pool.storage_fill / pool.replicas
        over = total - left * each
        if total > 0 and over > 1e-6 and left:
            by = math.ceil(over / left * pool.replicas / pool.storage_fill - 1e-9)
            yield LimitChange(
                f"facility.pools[{number}].host_type.storage_mb", float(pool.host_type.storage_mb), float(by)
            )

    def _one_more(
        self,
        number: int,
        hosts: Sequence[CloudHost],
        used: dict[str, tuple[float, float, float]],
        sizes: Sequence[float],
        refs: Sequence[Ref],
    ) -> Iterator[tuple[list[LimitChange], str]]:
        """One host more (and the reserve, where the pool has none yet), with the rack it takes."""
        pool = self.facility.pools[number]
        more = 1 if hosts else 1 + pool.reserve_hosts
        if more > 1:
            return  # a pool without any host takes several racks' room at once: not one change
        limits = list(self._host_short(number, None, (0.0, 0.0), sizes))
        if pool.max_hosts is not None and len(hosts) + 1 > pool.max_hosts:
            limits.append(LimitChange(f"facility.pools[{number}].max_hosts", float(pool.max_hosts), 1.0))
        limits += self._disk_short(number, used, hosts, sizes, 1)
        _, barred = self._bound_to(refs)
        found = self._ask(len(self.items) + number, None, barred)
        if found is not None:
            rack = self.problem.bins[found.bin].rack.id
            yield [*limits, *found.limits], f"one host more of pool {pool.name}, in rack {rack}"

    # --- words --------------------------------------------------------------------------------------------------------

    def _told(self, limits: Sequence[LimitChange], place: str, *, is_exact: bool) -> SmallestChange:
        if not limits:
            return SmallestChange((), place, f"{place} has room for it", FREE)
        text = " and ".join(
            f"{amount_text(c.limit_path, c.by)} more of {in_words(self.facility, c.limit_path)}"
            + ("" if c.now is None else f" (now {amount_text(c.limit_path, c.now)})")
            for c in limits
        )
        basis = ENOUGH if not is_exact else ONE if len(limits) == 1 else SEVERAL
        return SmallestChange(tuple(limits), place, f"{text} would let it into {place}", basis)


def _assets(item: Item) -> tuple[Ref, ...]:
    found: list[Ref] = []
    for thing in item.things:
        found += [] if thing.asset is None else [thing.asset]
        found += [Ref("devices", child.id) for child in thing.children]
    return tuple(found)


def _rack_of(plan: Plan) -> dict[Ref, str]:
    hosts = {host.id: host.rack for host in plan.hosts}
    return {d.asset: d.rack for d in plan.devices} | {
        w.asset: hosts[w.host] for w in plan.workloads if w.host in hosts
    }
