"""How good a plan is and what it rests on: objectives with bounds and gaps, what binds, what is stranded, assumptions.

Reads a plan's lists; plans nothing. The bounds come from `bounds`, the limits with nothing left from `binding`, what
can't be used from `stranded`. Whether the plan holds is for `verify`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from capacity import bounds
from capacity.binding import binding_limits
from capacity.date_bounds import date_bounds
from capacity.facility import CloudPool, Facility, HostType
from capacity.placing.cloud_placement import WORKLOAD_DIMENSIONS, CloudPlacer
from capacity.placing.rack_items import Gatherer, RackItems, Refusal, host_item
from capacity.placing.rack_problem import Frame, RackProblem, framed
from capacity.plan import Bound, CloudHost, Evidence, Objective, Plan, UsedAssumption
from capacity.power import SupplyModel
from capacity.resources import HOURS_PER_YEAR, Redundancy
from capacity.stranded import stranded
from capacity.unplaced_bounds import copies_out
from inventory.estate import Estate, Ref

EMPTY = Evidence((), (), (), ())
SHARED_SCOPES = ("facility", "all owners and zones")  # of bounds that are not of one owner, zone or pool


def assess(estate: Estate, facility: Facility, plan: Plan, *, room: Frame | None = None) -> Evidence:
    """The evidence of a plan's lists: racks, hosts, devices, workloads and unplaced, with its decisions and demands.

    Bounds on racks and hosts hold for the assets the plan places, the bound on unplaced for all that should move.
    `room`: the frame of the facility with the plan carried out (`as_planned`), where the caller has it.
    """
    weighed = _Weighed(estate, facility, plan)
    found = weighed.bounds()
    values = {
        "unplaced": float(len(plan.unplaced)),
        "new_racks": float(len(plan.racks)),
        "cloud_hosts": float(len(plan.hosts)),
        "energy_kwh": _energy_kwh(facility, weighed.power_w()),
    }
    objectives = tuple(_objective(name, value, *weighed.least[name]) for name, value in values.items())
    return Evidence(
        objectives,
        tuple(found),
        tuple(binding_limits(facility, plan, weighed.supply, weighed.draws(), found)),
        tuple(_assumptions(facility, plan)),
        stranded(facility, plan, room),
        date_bounds(estate, facility, plan),
    )


@dataclass(frozen=True, slots=True)
class DimensionBound:
    """What one dimension alone forces of an objective, over all scopes; `limit_path` of the scope it is most in."""

    objective: str
    dimension: str
    value: float
    limit_path: str
    basis: str


def by_dimension(evidence: Evidence) -> tuple[DimensionBound, ...]:
    """A plan's bounds dimension by dimension.

    Owners, zones and pools are apart, so their bounds add up; a bound on what all share stands beside that sum, and the
    larger of the two counts.
    """
    found = []
    for objective, dimension in dict.fromkeys((b.objective, b.dimension) for b in evidence.bounds):
        mine = [b for b in evidence.bounds if (b.objective, b.dimension) == (objective, dimension)]
        shared = [b for b in mine if b.scope in SHARED_SCOPES]
        strongest: dict[str, Bound] = {}
        for bound in mine:
            if bound.scope not in SHARED_SCOPES and (
                bound.scope not in strongest or bound.value > strongest[bound.scope].value
            ):
                strongest[bound.scope] = bound
        total = sum(b.value for b in strongest.values())
        leading = max([*shared, *strongest.values()], key=lambda b: b.value)
        value = max([total, *(b.value for b in shared)])
        found.append(DimensionBound(objective, dimension, value, leading.limit_path, leading.basis))
    return tuple(found)


def _objective(name: str, value: float, bound: float, basis: str) -> Objective:
    least = min(bound, value)  # equal but for the order of a sum
    return Objective(name, value, least, (value - least) / max(least, 1), basis)


def _energy_kwh(facility: Facility, power_w: float) -> float:
    return power_w * HOURS_PER_YEAR / 1000 * facility.pue


class _Weighed:
    """A plan's lists as the bounds need them."""

    def __init__(self, estate: Estate, facility: Facility, plan: Plan) -> None:
        self.estate, self.facility, self.plan = estate, facility, plan
        self.demands = {demand.asset: demand for demand in plan.demands}
        self.supply = SupplyModel.of(facility)
        self.frame = Frame.of(facility, self.supply)
        self.pools = {pool.name: pool for pool in facility.pools}
        self.least: dict[str, tuple[float, str]] = {}
        relocated = [
            d.asset for d in plan.decisions if d.strategy == "relocate" and d.asset.kind == "devices"
        ]
        hosted = [d.asset for d in plan.decisions if d.strategy in ("rehost", "replatform")]
        self.gathered: RackItems = Gatherer(estate, facility, self.demands).devices(relocated)
        self.cloud = CloudPlacer(estate, facility, self.demands, hosted)

    def draws(self) -> dict[Ref, float]:
        """Planning W of every placed device."""
        return {
            d.asset: self.demands[d.asset].quantities["power_w"].planning
            for d in self.plan.devices
            if d.asset in self.demands and "power_w" in self.demands[d.asset].quantities
        }

    def power_w(self) -> float:
        hosts = sum(_kind(self.pools[host.pool], host).power_w for host in self.plan.hosts)
        kit = sum(mounted.power_w for rack in self.plan.racks for mounted in rack.contents)
        return sum(self.draws().values()) + hosts + kit

    def bounds(self) -> list[Bound]:
        """All bounds; leaves the strongest of each objective in `least`."""
        hosts = self._host_bounds()
        least_hosts = {
            pool: int(max(b.value for b in hosts if b.scope == f"pool {pool}"))
            for pool in self.pools
            if any(b.scope == f"pool {pool}" for b in hosts)
        }
        rack_bounds = self._rack_bounds(least_hosts)
        out = self._out_bounds()
        kit_w = min((sum(k.power_w for k in m.kit) for m in self.facility.rack_models), default=0.0)
        power_w = (
            sum(self.draws().values())
            + sum(count * leanest(self.pools[pool]).power_w for pool, count in least_hosts.items())
            + self.least["new_racks"][0] * kit_w
        )
        self.least["cloud_hosts"] = (float(sum(least_hosts.values())), bounds.DIVISIBLE)
        racks, hosts_least = self.least["new_racks"][0], sum(least_hosts.values())
        basis = f"draws of what is placed, with {racks:g} racks and {hosts_least} hosts"
        self.least["energy_kwh"] = (_energy_kwh(self.facility, power_w), basis)
        return [*out, *rack_bounds, *hosts]

    def _host_bounds(self) -> list[Bound]:
        loads: dict[str, list[tuple[float, float, float]]] = {}
        for workload in self.plan.workloads:
            quantities = self.demands[workload.asset].quantities
            vcpus, memory_mb, disk_mb = (quantities[d].planning for d in WORKLOAD_DIMENSIONS)
            loads.setdefault(workload.pool, []).append((vcpus, memory_mb, disk_mb))
        return bounds.cloud_hosts(self.facility, loads)

    def _rack_bounds(self, least_hosts: dict[str, int]) -> list[Bound]:
        placed = {d.asset for d in self.plan.devices}
        devices = [
            item for item in self.gathered.items if all(thing.asset in placed for thing in item.things)
        ]
        hosts = [
            host_item(self.pools[pool], leanest(self.pools[pool]), f"{pool}-{i}", ())
            for pool, count in least_hosts.items()
            for i in range(count)
        ]
        problem = framed(self.frame, [*hosts, *devices])
        weighing = bounds.RackBounds(self.facility, problem)
        items = np.flatnonzero(problem.problem.arrays.item_group >= 0)
        found = weighing.new_racks(items)
        by_scope: dict[str, float] = {}
        for bound in found:
            by_scope[bound.scope] = max(by_scope.get(bound.scope, 0.0), bound.value)
        mixed = float(weighing.together(items))
        simple = sum(by_scope.values())
        self.least["new_racks"] = (
            max(mixed, simple),
            bounds.TOGETHER if mixed >= simple else bounds.DIVISIBLE,
        )
        if mixed > simple:
            found.append(self._mixed(mixed, found, problem))
        return found

    @staticmethod
    def _mixed(value: float, found: list[Bound], problem: RackProblem) -> Bound:
        """The joint bound, beside the limit that forces most of it."""
        leading = max(found, key=lambda b: b.value)
        things = float(sum(len(item.things) for item in problem.items))
        return Bound(
            "new_racks", SHARED_SCOPES[1], "devices and hosts", things, things / value, value, leading.limit_path,
            bounds.TOGETHER,
        )  # fmt: skip

    def _out_bounds(self) -> list[Bound]:
        """Assets that must stay out: unproven ones, those no rule lets in, and what capacity keeps out."""
        problem = framed(self.frame, self.gathered.items)
        forced, found = bounds.RackBounds(self.facility, problem).unplaced()
        cloud = bounds.workloads_out(self.facility, self.cloud)
        by_pool: dict[str, float] = {}
        for bound in cloud:
            by_pool[bound.scope] = max(by_pool.get(bound.scope, 0.0), bound.value)
        barred = _barred([*self.gathered.refusals, *self.cloud.refusals])
        # Nobody can copy from a site nobody knows; some of these may be among what capacity keeps out.
        homeless = {u.asset for u in self.plan.unplaced if any(lack.dimension == "site" for lack in u.lacks)}
        homeless -= barred
        hosted = {ref for bundle in self.cloud.bundles for ref in bundle.refs}
        copies = copies_out(self.estate, self.plan.calendar, self.demands, sorted(hosted), self.facility.site)
        uncopied = sum(b.value for b in copies) + len(homeless & hosted)
        out = max(forced, len(homeless - hosted)) + max(sum(by_pool.values()), uncopied)
        basis = (
            f"{len(barred)} unproven or let in by no rule; the rest {bounds.DIVISIBLE}, of unknown site, or not copied "
            "within the horizon"
        )
        self.least["unplaced"] = (float(len(barred) + out), basis)
        return [*found, *cloud, *copies]


def _kind(pool: CloudPool, host: CloudHost) -> HostType:
    return pool.type_named(host.model) or pool.host_type


def leanest(pool: CloudPool) -> HostType:
    """A host that asks of a rack no more than any type of the pool in any dimension: for bounds."""
    kinds = pool.host_types
    return replace(
        pool.host_type,
        height_u=min(k.height_u for k in kinds),
        is_full_depth=all(k.is_full_depth for k in kinds),
        airflow=pool.host_type.airflow if len({k.airflow for k in kinds}) == 1 else "passive",
        weight_kg=min(k.weight_kg for k in kinds),
        power_w=min(k.power_w for k in kinds),
        ports_used=min(k.ports_used for k in kinds),
        redundancy=min((k.redundancy for k in kinds), key=lambda text: Redundancy.parse(text).spare),
    )


def _barred(refusals: Sequence[Refusal]) -> set[Ref]:
    """Assets no placement could let in: unproven, without zone, pool or entitlement, or in such a chassis."""
    barred = {r.asset for r in refusals if r.is_unproven or r.dimension in ("zone", "area_m2")}
    return barred | {r.asset for r in refusals if r.dimension == "chassis" and r.depends_on in barred}


# --- assumptions -------------------------------------------------------------------------------------------------


def _assumptions(facility: Facility, plan: Plan) -> Iterable[UsedAssumption]:
    """Assumptions of the facility, estimates of the demand rules, and those of the calendar."""
    devices, workloads = {d.asset for d in plan.devices}, {w.asset for w in plan.workloads}
    for entry in facility.assumptions:
        is_cloud = entry.path.startswith(("pools", "host_types"))
        touched = len(workloads) if is_cloud else len(devices) + len(workloads)
        yield UsedAssumption(f"facility.{entry.path}", entry.value, entry.note, touched)
    counts: Counter[tuple[str, str]] = Counter()
    for demand in plan.demands:
        if demand.asset in devices or demand.asset in workloads:
            for dimension, quantity in demand.quantities.items():
                if quantity.is_estimate:
                    counts[quantity.rule, dimension] += 1
    for (rule, dimension), count in sorted(counts.items()):
        note = f"{dimension} estimated by rule {rule}; the plan holds at its planning value"
        yield UsedAssumption(rule, plan.inputs.planning_value, note, count)
    share = plan.calendar.work.change_share_per_day
    unseen = sum(d.asset in workloads and "change_rate_mbps" not in d.quantities for d in plan.demands)
    if share and unseen:
        note = "of a disk whose change rate nobody observed changes each day; 0.01 to 0.1 is usual"
        yield UsedAssumption("calendar.work.change_share_per_day", f"{share:g}", note, unseen)
    if plan.calendar.core_mbps is None:
        note = (
            "not proven: what the shared core carries of all lines at once is unknown, so nothing limits it"
        )
        yield UsedAssumption("calendar.core_mbps", "unknown", note, len(workloads))
    for text in plan.calendar.assumptions:
        yield UsedAssumption("calendar", "", text, len(devices) + len(workloads))
