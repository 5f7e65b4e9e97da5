"""What an asset that found no place lacks: dimension, how much it needs, the best there is, where, and one sentence.

Asks the rack solver why each rack refuses the item, and words the reasons that stand between it and any place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from capacity.facility import Facility
from capacity.placing.cloud_placement import CloudLayout
from capacity.placing.cloud_storage import host_capacity, tier_storage_mb
from capacity.placing.rack_items import Item
from capacity.placing.rack_problem import SLOTS_PER_UNIT, RackProblem
from capacity.plan import AssetDemand, Lack
from capacity.solvers import rack_moves as moves
from capacity.solvers import racks
from capacity.solvers.rack_filling import headroom, power_left
from inventory.estate import Ref

Reason = tuple[int, bool, int]  # bin, is new, code

MOST_SHOWN = 1000  # hosts of a pool whose storage is reckoned though it has none
WHOLE = 1e12  # W: more than any graph has left


def item_lacks(facility: Facility, problem: RackProblem, state: moves.State, number: int) -> tuple[Lack, ...]:
    """The lacks of an item that is in no rack, the most frequent reason first. Explanations don't name the item."""
    item = problem.items[number]
    if not any(group == (item.owner, item.zone) for group in problem.groups):
        return (_no_zone(facility, item),)
    reasons = [
        r for r in racks.refusals(problem.problem, state, number) if r[2] not in (moves.FITS, moves.TAKEN)
    ]
    standing = Counter(code for _, is_new, code in reasons if not is_new)
    new = Counter(code for _, is_new, code in reasons if is_new)
    wording = _Wording(facility, problem, state, item, number, reasons)
    lacks = [
        wording.lack(code, is_new=False)
        for code, _ in sorted(standing.items(), key=lambda c: (-c[1], c[0]))[:3]
    ]
    if new:
        lacks.append(wording.lack(min(new, key=lambda code: (-new[code], code)), is_new=True))
    else:
        lacks.append(wording.no_position())
    seen: dict[tuple[str, str], Lack] = {}
    for lack in lacks:
        seen.setdefault((lack.dimension, lack.where), lack)
    return tuple(seen.values())


def _no_zone(facility: Facility, item: Item) -> Lack:
    zones = ", ".join(facility.security_zones)
    return Lack("zone", 1.0, 0.0, item.zone, f"no position is in zone {item.zone}; there are {zones}")


class _Wording:
    """Words a reason for one item: numbers from the state, sentences for people."""

    def __init__(
        self,
        facility: Facility,
        problem: RackProblem,
        state: moves.State,
        item: Item,
        number: int,
        reasons: Sequence[Reason],
    ) -> None:
        self.facility, self.problem, self.state, self.item, self.number = (
            facility,
            problem,
            state,
            item,
            number,
        )
        self.reasons = reasons
        self.a = problem.problem.arrays
        self.owner = problem.owners.index(item.owner)
        self.power_w = sum(thing.power_w for thing in item.things)

    def lack(self, code: int, *, is_new: bool) -> Lack:
        bins = [b for b, new, why in self.reasons if why == code and new == is_new]
        words = {
            moves.UNITS: self._units,
            moves.WEIGHT: self._weight,
            moves.PORTS: self._ports,
            moves.FEED: self._feed,
            moves.NODE: self._node,
            moves.COOLING: self._cooling,
            moves.OWNER_POWER: self._owner_power,
            moves.OWNER_UNITS: self._owner_units,
            moves.APART: self._apart,
            moves.CORDS: self._cords,
            moves.AREA: self._area,
            moves.STOCK: self._stock,
        }
        return words[code](bins)

    def _best(self, bins: Sequence[int], left: Any) -> tuple[int, float]:
        values = [float(left(b)) for b in bins]
        best = int(np.argmax(values))
        return bins[best], values[best]

    def _rack(self, b: int) -> str:
        return self.problem.bins[b].rack.id

    def _units(self, bins: Sequence[int]) -> Lack:
        needs = max(thing.height_u for thing in self.item.things)
        total = sum(thing.height_u for thing in self.item.things)
        heavy_kg, top_u = self.facility.rules.heavy_kg, self.facility.rules.heavy_max_top_u
        is_heavy = any(thing.weight_kg >= heavy_kg for thing in self.item.things)
        is_full = any(thing.is_full_depth for thing in self.item.things)
        top = int(top_u * SLOTS_PER_UNIT) if is_heavy else self.state.occupied.shape[2]
        b, gap = self._best(bins, lambda b: self._gap(b, top, is_full=is_full) / SLOTS_PER_UNIT)
        below = f" below unit {top_u:g}, as it is heavy" if is_heavy else ""
        together = f" ({total:g} U with what it is kept together with)" if len(self.item.things) > 1 else ""
        text = f"it needs {needs:g} U contiguous{below}{together}, the largest gap is {gap:g} U in {self._rack(b)}"
        return Lack("height_u", needs, gap, self._rack(b), text)

    def _gap(self, b: int, top: int, *, is_full: bool) -> int:
        taken = self.state.occupied[b][:, :top] > 0
        free = [~taken.any(axis=0)] if is_full else [~taken[0], ~taken[1]]
        best = 0
        for side in free:
            run = 0
            for is_free in side:
                run = run + 1 if is_free else 0
                best = max(best, run)
        return best

    def _weight(self, bins: Sequence[int]) -> Lack:
        needs = sum(thing.weight_kg for thing in self.item.things)
        b, left = self._best(bins, lambda b: self.state.kg_left[b])
        text = f"it weighs {needs:g} kg, the most any rack still bears is {left:g} kg in {self._rack(b)}"
        return Lack("weight_kg", needs, left, self._rack(b), text)

    def _ports(self, bins: Sequence[int]) -> Lack:
        needs = sum(thing.ports for thing in self.item.things)
        b, left = self._best(bins, lambda b: self.state.ports_left[b])
        text = f"it needs {needs:g} network ports, the most any rack has left is {left:g} in {self._rack(b)}"
        return Lack("ports", needs, left, self._rack(b), text)

    def _feed(self, bins: Sequence[int]) -> Lack:
        b, left = self._best(bins, lambda b: power_left(self.a, self.state, b))
        text = (
            f"it draws {self.power_w:g} W, and no feeds and legs of a rack carry that when one is lost; "
            f"the most they have left is {left:.0f} W in {self._rack(b)}"
        )
        return Lack("power_w", self.power_w, left, self._rack(b), text)

    def _node(self, bins: Sequence[int]) -> Lack:
        b, left = self._best(bins, lambda b: headroom(self.a, self.state, b, WHOLE))
        over = self.problem.supply.names[self._tightest_node(b)]
        text = (
            f"it draws {self.power_w:g} W{self._with_kit(b)}, and {over} has only {max(left, 0):.0f} W left "
            "over all single losses"
        )
        return Lack("power_w", self.power_w, max(left, 0.0), over, text)

    def _with_kit(self, b: int) -> str:
        if self.state.bin_group[b] >= 0 or not self.a.kit_w[b]:
            return ""
        return f", a new rack's kit {self.a.kit_w[b]:g} W"

    def _tightest_node(self, b: int) -> int:
        supply = self.problem.supply
        above: set[int] = set()
        waiting = [supply.feed(feed) for feed in self.problem.bins[b].position.feeds]
        while waiting:
            for source in supply.sources[waiting.pop()]:
                if source not in above:
                    above.add(source)
                    waiting.append(source)
        left = self.a.node_cap.copy()
        np.minimum.at(left, self.a.row_node, self.a.node_cap[self.a.row_node] - self.state.row_load)
        numbers = [i for i, node in enumerate(self.problem.nodes) if node in above]
        return self.problem.nodes[min(numbers, key=lambda i: (left[i], i))]

    def _cooling(self, bins: Sequence[int]) -> Lack:
        b, left = self._best(bins, lambda b: self.state.cooling_left[self.a.bin_zone[b]])
        zone = self.facility.cooling_zones[self.a.bin_zone[b]].name
        text = f"it heats with {self.power_w:g} W{self._with_kit(b)}, and cooling zone {zone} has {left:.0f} W left"
        return Lack("heat_w", self.power_w, left, zone, text)

    def _owner_power(self, bins: Sequence[int]) -> Lack:
        left = float(self.state.owner_w_left[self.owner])
        text = (
            f"it draws {self.power_w:g} W{self._with_kit(bins[0])}, and the entitlement has {left:.0f} W left"
        )
        return Lack("power_w", self.power_w, left, f"entitlement of {self.item.owner}", text)

    def _owner_units(self, bins: Sequence[int]) -> Lack:
        needs = sum(thing.height_u for thing in self.item.things)
        left = float(self.state.owner_units_left[self.owner])
        text = f"it needs {needs:g} U, and the entitlement has {left:g} U left"
        return Lack("height_u", needs, left, f"entitlement of {self.item.owner}", text)

    def _apart(self, bins: Sequence[int]) -> Lack:
        text = f"it is to stand apart from what is in the {len(bins)} racks that would have room"
        return Lack("apart", 1.0, 0.0, self._rack(bins[0]), text)

    def _cords(self, bins: Sequence[int]) -> Lack:
        thing = next(t for t in self.item.things if t.redundancy is not None)
        feeds = max(len(self.problem.bins[b].position.feeds) for b in bins)
        kind = "three-phase cords" if thing.is_three_phase else "cords"
        spread = f"can't be spread over the {feeds} feeds of a position"
        text = f"its {kind} {thing.redundancy} {spread} so that no single loss stops it"
        return Lack(
            "feeds",
            float(thing.redundancy.supplies if thing.redundancy else 0),
            float(feeds),
            self._rack(bins[0]),
            text,
        )

    def _area(self, bins: Sequence[int]) -> Lack:
        needs = float(self.a.bin_area[bins[0]])
        left = float(self.state.owner_area_left[self.owner])
        entry = next(e for e in self.facility.entitlements if e.partner == self.item.owner)
        count = self._racks_of_owner()
        taken = f"the {count} racks leave {left:.2f} of the {entry.area_m2:g} m² entitled"
        text = f"a new rack takes {needs:g} m², and {taken}"
        return Lack("area_m2", needs, left, f"entitlement of {self.item.owner}", text)

    def _racks_of_owner(self) -> int:
        groups = [g for g, (owner, _) in enumerate(self.problem.groups) if owner == self.item.owner]
        return int(np.isin(self.state.bin_group, groups).sum())

    def _stock(self, bins: Sequence[int]) -> Lack:
        model = self.facility.rack_models[self.problem.bins[bins[0]].model]
        text = f"all {model.stock} racks of {model.model} in stock are used"
        return Lack("racks", 1.0, 0.0, model.model, text)

    def no_position(self) -> Lack:
        zone = self.item.zone
        count = sum(p.security_zone == zone for p in self.facility.positions)
        text = f"all {count} positions of zone {zone} that are open to {self.item.owner} are taken"
        return Lack("positions", 1.0, 0.0, zone, text)


# --- the cloud ---------------------------------------------------------------------------------------------------


def host_reasons(facility: Facility, problem: RackProblem, state: moves.State) -> dict[str, str]:
    """Why a further host of a pool finds no rack, for pools with a host that found none."""
    found: dict[str, str] = {}
    for number, item in enumerate(problem.items):
        host = item.things[0].host
        if host is not None and state.item_bin[number] < 0:
            pool = next(p for p in facility.pools if host.startswith(f"{p.name}-host-"))
            if pool.name not in found:
                found[pool.name] = "; ".join(
                    lack.explanation for lack in item_lacks(facility, problem, state, number)
                )
    return found


def crowded_lacks(
    facility: Facility,
    demands: Mapping[Ref, AssetDemand],
    layout: CloudLayout,
    ref: Ref,
    pools: Sequence[str],
    most_hosts: Mapping[str, int],
    rackless: Mapping[str, str],
) -> tuple[Lack, ...]:
    """What a workload lacks that no pool could take in: one lack for each pool tried."""
    return tuple(
        _pool_lack(facility, demands, layout, ref, name, most_hosts, rackless.get(name, "")) for name in pools
    )


def _pool_lack(
    facility: Facility,
    demands: Mapping[Ref, AssetDemand],
    layout: CloudLayout,
    ref: Ref,
    name: str,
    most_hosts: Mapping[str, int],
    rackless: str,
) -> Lack:
    pool = next(p for p in facility.pools if p.name == name)
    quantities = {d: q.planning for d, q in demands[ref].quantities.items()}
    room = dict(zip(("vcpus", "memory_mb"), host_capacity(pool), strict=True))
    for dimension, most in room.items():
        if quantities[dimension] > most:
            text = f"it needs {quantities[dimension]:g} {dimension}, a host of pool {name} offers {most:g}"
            return Lack(dimension, quantities[dimension], most, name, text)
    hosts = [host for host in layout.hosts if host.pool.name == name]
    limit = min(most_hosts.get(name, 10**9), 10**9 if pool.max_hosts is None else pool.max_hosts)
    why = (
        f"all {limit} hosts it may have" if limit == pool.max_hosts else f"the {limit} hosts that find a rack"
    )
    tiers = [tier.name for tier in pool.all_tiers]
    tier = layout.tier_of.get(ref, pool.tier)
    disk_mb = sum(
        demands[w].quantities["disk_mb"].planning
        for host in hosts
        for w in host.workloads
        if layout.tier_of.get(w, pool.tier) == tier
    )
    kinds = [host.kind for host in hosts] or [pool.host_type] * min(limit, MOST_SHOWN)
    left_mb = tier_storage_mb(pool, tiers.index(tier), kinds) - disk_mb
    if quantities["disk_mb"] > left_mb:
        storage = "disk" if tier == pool.tier else f"{tier} storage"
        text = (
            f"it needs {quantities['disk_mb']:g} MB of {storage}, pool {name} with {why} has {max(left_mb, 0):g} MB "
            f"left for {pool.all_tiers[tiers.index(tier)].replicas} copies on hosts of their own"
        )
        return Lack("disk_mb", quantities["disk_mb"], max(left_mb, 0.0), name, _with(text, rackless))
    working = [host for host in hosts if host.workloads]
    left = {
        d: [most - sum(demands[w].quantities[d].planning for w in h.workloads) for h in working]
        for d, most in room.items()
    }
    dimension = max(room, key=lambda d: quantities[d] - max(left[d], default=0.0))
    best = max(left[dimension], default=0.0)
    offer = f"pool {name} with {why} has at most {best:g} left on one host"
    text = f"it needs {quantities[dimension]:g} {dimension}; {offer}"
    return Lack(dimension, quantities[dimension], best, name, _with(text, rackless))


def _with(text: str, rackless: str) -> str:
    return f"{text}; a further host finds no rack: {rackless}" if rackless else text
