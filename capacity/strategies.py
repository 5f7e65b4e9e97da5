"""Recommends what becomes of each asset (retire, retain, relocate, rehost, replatform) with a reason citing fields.

Rules are tried in the order of `_Rules._device`; the first that applies decides, and its citations are the values that
made it apply: change one and the recommendation may change. A person's override wins and stays visible beside what was
recommended. Where a relocated or rehosted asset goes is `placement`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from capacity.belonging import Belonging
from capacity.demand import is_network_role
from capacity.facility import Facility
from capacity.plan import STRATEGIES, AssetDemand, Citation, Decision
from inventory.errors import InputError
from inventory.estate import Application, Device, Estate, Ref, SpecialNeed, VirtualMachine

GONE_STATUSES = ("offline", "decommissioning", "inventory")
NEEDS_HARDWARE = ("tape", "hsm", "dongle", "licence", "not_x86", "plug_type", "rail")
MOUNTING_NEEDS = ("plug_type", "rail")  # of these, nothing is left once the workload is off its hardware
HOUSE_ROLES = ("pdu", "ups", "patch-panel", "patch", "kvm", "console", "cable-management", "blank")
STORAGE_ROLES = ("storage", "backup", "tape", "nas", "san")
SERVER_ROLES = ("server", "hypervisor", "host", "blade", "compute")
NO_SERVER_WORDS = frozenset(
    {"console", "time", "terminal", "chassis"}
)  # a console server runs no workload of its own
WORKLOAD_DIMENSIONS = ("vcpus", "memory_mb", "disk_mb")


def is_server(role: str) -> bool:
    """Whether devices of a role, told by its slug, are servers."""
    return any(word in role for word in SERVER_ROLES) and NO_SERVER_WORDS.isdisjoint(role.split("-"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of one asset."""

    strategy: str
    rule: str
    reason: str
    cites: tuple[Citation, ...]


def decide(
    estate: Estate,
    demands: Mapping[Ref, AssetDemand],
    *,
    facility: Facility | None = None,
    today: date | None = None,
    staying: Collection[Ref] = (),
) -> tuple[Decision, ...]:
    """One decision per asset, devices first, in ascending id.

    `facility` tells which workloads fit a cloud host at all (without it none is refused for size); `today` dates
    maintenance contracts (without it none counts as ended). `staying` are assets known to have no place at the target:
    what serves them at their source (their cluster's hosts, their site's network and power) is retained with them.
    Raises InputError on an override with an unknown strategy.
    """
    rules = _Rules(estate, demands, facility, today, staying)
    overrides = {override.object: override for override in estate.strategy_overrides}
    decisions: list[Decision] = []
    for ref in estate.assets():
        verdict = rules.verdict(ref)
        asset: Device | VirtualMachine = estate.by_id(ref.kind)[ref.id]
        strategy, rule, reason, cites = verdict.strategy, verdict.rule, verdict.reason, verdict.cites
        override = overrides.get(ref)
        if override is not None:
            if override.strategy == "relocate" and ref.kind == "virtual_machines":
                raise InputError(
                    "a virtual machine has no hardware to relocate",
                    where=f"override of {asset.name}",
                    remedy="use rehost, replatform, retain or retire",
                )
            if override.strategy not in STRATEGIES:
                raise InputError(
                    f"strategy {override.strategy!r} does not exist",
                    where=f"override of {asset.name or ref.id}",
                    remedy=f"use one of {', '.join(STRATEGIES)}",
                )
            strategy, rule = override.strategy, "override"
            who = override.decided_by or "a person"
            reason = f"{who} decided {override.strategy}: {override.reason or 'no reason given'}"
            cites = (
                Citation(f"strategy_overrides.{override.id}.strategy", override.strategy),
                *verdict.cites,
            )
        decisions.append(
            Decision(
                asset=ref,
                name=asset.name or f"{ref.kind}-{ref.id}",
                strategy=strategy,
                recommended=verdict.strategy,
                rule=rule,
                reason=reason,
                cites=cites,
                partner=rules.belonging.partner_of(ref),
            )
        )
    return tuple(decisions)


def _cite(ref: Ref, field: str, value: object) -> Citation:
    return Citation(f"{ref.kind}.{ref.id}.{field}", "unknown" if value is None else str(value))


class _Rules:
    def __init__(
        self,
        estate: Estate,
        demands: Mapping[Ref, AssetDemand],
        facility: Facility | None,
        today: date | None,
        staying: Collection[Ref],
    ) -> None:
        self.estate = estate
        self.belonging = Belonging(estate)
        self._demands = demands
        self._facility = facility
        self._today = today
        self._contract_ends = {
            c.object: c.ends_on for c in estate.maintenance_contracts if c.ends_on is not None
        }
        self._clusters_with_machines = {
            m.cluster_id for m in estate.virtual_machines if m.cluster_id is not None
        }
        self._decided = {o.object: o.strategy for o in estate.strategy_overrides}
        kept = {member for c in estate.constraints if c.kind == "keep" for member in c.members}
        here = sorted({*staying, *kept})
        self._staying_at = Counter(self.belonging.site_of(ref) for ref in here)
        self._staying = frozenset(staying)

    @cached_property
    def _staying_on(self) -> Counter[int | None]:
        """By cluster, its machines that have no place at the target, or for whatever reason are to stay."""
        return Counter(
            machine.cluster_id
            for machine in self.estate.virtual_machines
            for ref in [Ref("virtual_machines", machine.id)]
            if ref in self._staying
            or (self._decided.get(ref) or self._machine(ref, machine).strategy) == "retain"
        )

    def verdict(self, ref: Ref) -> Verdict:
        if ref.kind == "virtual_machines":
            return self._machine(ref, self.estate.by_id("virtual_machines")[ref.id])
        device: Device = self.estate.by_id("devices")[ref.id]
        verdict = self._device(ref, device)
        if device.parent_device_id is not None:
            verdict = self._in_bay(ref, device, verdict)
        return self._still_hosting(ref, device, verdict)

    def _still_hosting(self, ref: Ref, device: Device, verdict: Verdict) -> Verdict:
        """What would retire stays while a machine of its cluster stays."""
        left = self._staying_on[device.cluster_id] if device.cluster_id is not None else 0
        if verdict.strategy != "retire" or not left:
            return verdict
        cluster = self.estate.by_id("clusters")[device.cluster_id or 0]
        reason = f"host of cluster {cluster.name}: {left} of its machines stay"
        cites = (_cite(ref, "cluster_id", device.cluster_id),)
        return Verdict("retain", "strategy.cluster_still_needed", reason, cites)

    # --- devices --------------------------------------------------------------------------------------------------

    def _device(self, ref: Ref, device: Device) -> Verdict:
        role = self.estate.by_id("device_roles")[device.role_id].slug
        rules: tuple[Callable[[Ref, Device, str], Verdict | None], ...] = (
            self._kept,
            self._gone,
            self._special_need,
            self._house_kit,
            self._chassis,
            self._cluster_host,
            self._network,
            self._storage,
            self._platform,
            self._fits_cloud,
        )
        for rule in rules:
            verdict = rule(ref, device, role)
            if verdict is not None:
                return verdict
        unknown = [d for d in WORKLOAD_DIMENSIONS if d not in self._demands[ref].quantities]
        cites = (_cite(ref, "role", role), *(_cite(ref, d, None) for d in unknown))
        why = (
            f"its {', '.join(unknown)} as a workload are unknown" if unknown else "no cloud host can hold it"
        )
        return Verdict(
            "relocate", "strategy.relocate", f"role {role}: {why}, so the hardware itself moves", cites
        )

    def _kept(self, ref: Ref, device: Device | VirtualMachine, _role: str = "") -> Verdict | None:
        for constraint_id in self.belonging.constraints_of.get(ref, ()):
            constraint = self.estate.by_id("constraints")[constraint_id]
            if constraint.kind in {"keep", "building_bound"}:
                what = (
                    "bound to the building" if constraint.kind == "building_bound" else "to be kept in place"
                )
                reason = f"it is {what}: {constraint.reason or 'no reason given'}"
                return Verdict(
                    "retain",
                    f"strategy.{constraint.kind}",
                    reason,
                    (Citation(f"constraints.{constraint.id}.kind", constraint.kind),),
                )
        return None

    def _gone(self, ref: Ref, asset: Device | VirtualMachine, _role: str = "") -> Verdict | None:
        if asset.status not in GONE_STATUSES:
            return None
        reason = f"its status is {asset.status}: nothing runs on it"
        return Verdict("retire", "strategy.status", reason, (_cite(ref, "status", asset.status),))

    @cached_property
    def _needs_of(self) -> dict[Ref, list[SpecialNeed]]:
        found: dict[Ref, list[SpecialNeed]] = {}
        for need in self.estate.special_needs:
            found.setdefault(need.object, []).append(need)
        return found

    def _special_need(self, ref: Ref, _device: Device | None = None, _role: str = "") -> Verdict | None:
        needs = [need for need in self.belonging.special_needs_of.get(ref, ()) if need in NEEDS_HARDWARE]
        if not needs:
            return None
        cites = tuple(
            Citation(f"special_needs.{need.id}.need", need.need)
            for need in self._needs_of.get(ref, ())
            if need.need in needs
        )
        return Verdict(
            "relocate", "strategy.special_need", f"it needs its hardware ({', '.join(needs)})", cites
        )

    def _house_kit(self, ref: Ref, _device: Device, role: str) -> Verdict | None:
        if not any(word in role for word in HOUSE_ROLES):
            return None
        if still := self._still_serves(ref, role):
            return still
        reason = f"role {role}: new racks come with their own kit"
        return Verdict("retire", "strategy.house_kit", reason, (_cite(ref, "role", role),))

    def _cluster_host(self, ref: Ref, device: Device, _role: str) -> Verdict | None:
        if device.cluster_id is None or device.cluster_id not in self._clusters_with_machines:
            return None
        cluster = self.estate.by_id("clusters")[device.cluster_id]
        reason = f"host of cluster {cluster.name}: its machines move to the community cloud"
        return Verdict(
            "retire", "strategy.cluster_host", reason, (_cite(ref, "cluster_id", device.cluster_id),)
        )

    def _still_serves(self, ref: Ref, role: str) -> Verdict | None:
        left = self._staying_at[self.belonging.site_of(ref)]
        if not left:
            return None
        reason = f"role {role}: {left} assets of its site stay and need it"
        return Verdict("retain", "strategy.still_serves", reason, (_cite(ref, "role", role),))

    def _chassis(self, ref: Ref, device: Device, _role: str) -> Verdict | None:
        """A chassis goes with its blades: it moves only if one of them has to move as hardware."""
        blades = self.belonging.children.get(device.id, ())
        if not blades:
            return None
        verdicts: dict[int, str] = {}
        for blade in blades:
            own = Ref("devices", blade.id)
            verdicts[blade.id] = (
                self._decided.get(own) or self._still_hosting(own, blade, self._device(own, blade)).strategy
            )
        for strategy in ("relocate", "retain"):
            needing = sorted(blade for blade, verdict in verdicts.items() if verdict == strategy)
            if needing:
                cites = tuple(Citation(f"devices.{blade}.strategy", strategy) for blade in needing)
                reason = f"{len(needing)} of the {len(blades)} devices in its bays {strategy}"
                return Verdict(strategy, "strategy.chassis_needed", reason, cites)
        cites = tuple(
            Citation(f"devices.{blade}.strategy", verdict) for blade, verdict in sorted(verdicts.items())
        )
        reason = f"none of the {len(blades)} devices in its bays needs it any more"
        return Verdict("retire", "strategy.chassis_empty", reason, cites)

    def _network(self, ref: Ref, _device: Device, role: str) -> Verdict | None:
        if not is_network_role(role) or "firewall" in role:
            return None
        if still := self._still_serves(ref, role):
            return still
        reason = f"role {role}: the target's own network replaces it"
        return Verdict("retire", "strategy.network", reason, (_cite(ref, "role", role),))

    def _storage(self, ref: Ref, device: Device, role: str) -> Verdict | None:
        if not any(word in role for word in STORAGE_ROLES):
            return None
        ends_on = self._contract_ends.get(ref)
        if self._today is not None and ends_on is not None and ends_on < self._today:
            reason = f"role {role}, maintenance ended on {ends_on}: the cloud's storage replaces it"
            cites = (_cite(ref, "role", role), _cite(ref, "maintenance_contract.ends_on", ends_on))
            return Verdict("retire", "strategy.storage_ended", reason, cites)
        return Verdict(
            "relocate",
            "strategy.storage",
            f"role {role}: data move with their array",
            (_cite(ref, "role", role),),
        )

    def _platform(self, ref: Ref, _asset: Device | VirtualMachine, _role: str = "") -> Verdict | None:
        application = self._platform_application(ref)
        if application is None or not self._known_and_fitting(ref):
            return None
        reason = f"application {application.name} moves to the shared platform {application.platform_target}"
        cite = Citation(f"applications.{application.id}.platform_target", str(application.platform_target))
        return Verdict("replatform", "strategy.platform", reason, (cite,))

    def _fits_cloud(self, ref: Ref, _device: Device, role: str) -> Verdict | None:
        if not is_server(role) or not self._known_and_fitting(ref):
            return None
        quantities = self._demands[ref].quantities
        cites = (
            _cite(ref, "role", role),
            *(_cite(ref, d, f"{quantities[d].planning:g}") for d in WORKLOAD_DIMENSIONS),
        )
        reason = "an x86 server whose workload is known and fits a cloud host"
        return Verdict("rehost", "strategy.fits_cloud", reason, cites)

    def _in_bay(self, ref: Ref, device: Device, own: Verdict) -> Verdict:
        """A blade can only be relocated with its chassis, and stays where the chassis stays."""
        parent_ref = Ref("devices", device.parent_device_id or 0)
        parent = self._device(parent_ref, self.estate.by_id("devices")[parent_ref.id])
        if parent_ref in self._decided:
            parent = replace(parent, strategy=self._decided[parent_ref], reason="a person decided it")
        cite = _cite(parent_ref, "strategy", parent.strategy)
        if own.strategy == "relocate" and parent.strategy != "relocate":
            reason = f"its chassis is to {parent.strategy}: {parent.reason}"
            return Verdict(parent.strategy, "strategy.chassis", reason, (cite, *parent.cites))
        return own

    # --- machines -------------------------------------------------------------------------------------------------

    def _machine(self, ref: Ref, machine: VirtualMachine) -> Verdict:
        decided = (
            self._kept(ref, machine)
            or self._gone(ref, machine)
            or self._bound_to_hardware(ref)
            or self._platform(ref, machine)
        )
        if decided is not None:
            return decided
        cluster = (
            self.estate.by_id("clusters").get(machine.cluster_id) if machine.cluster_id is not None else None
        )
        place = f"cluster {cluster.name}" if cluster else "no cluster"
        cites = (_cite(ref, "status", machine.status), _cite(ref, "cluster_id", machine.cluster_id))
        return Verdict("rehost", "strategy.machine", f"a running machine on {place}", cites)

    def _bound_to_hardware(self, ref: Ref) -> Verdict | None:
        """A machine that needs what its host has in it cannot go to the cloud, and has no hardware to move with."""
        need = self._special_need(ref)
        if need is None or all(cite.value in MOUNTING_NEEDS for cite in need.cites):
            return None
        return replace(need, strategy="retain", reason=f"{need.reason}, which no cloud host has")

    def _platform_application(self, ref: Ref) -> Application | None:
        for application_id in self.belonging.applications_of.get(ref, ()):
            application: Application | None = self.estate.by_id("applications").get(application_id)
            if application is not None and application.platform_target:
                return application
        return None

    def _known_and_fitting(self, ref: Ref) -> bool:
        quantities = self._demands[ref].quantities
        if any(d not in quantities for d in WORKLOAD_DIMENSIONS):
            return False
        if self._facility is None:
            return True
        return any(
            quantities["vcpus"].planning <= kind.vcpus * pool.cpu_overcommit
            and quantities["memory_mb"].planning <= kind.memory_mb * pool.memory_overcommit
            for pool in self._facility.pools
            for kind in pool.host_types
        )
