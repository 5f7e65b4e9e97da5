"""Findings about virtual machines, applications, flows, windows and constraints, and references that lead nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from inventory.estate import LISTS, Application, ChangeWindow, Constraint, Estate, Ref, VirtualMachine
from inventory.quality.finding import Finding, called, found

MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY
MOST_VCPUS = 1024
MOST_MEMORY_MB = 50_000_000
SIZES = ("vcpus", "memory_mb", "disk_mb")


def workloads(estate: Estate) -> Iterator[Finding]:
    """Findings about what runs, and what planning says of it."""
    yield from _machines(estate)
    yield from _applications(estate)
    for flow in estate.flows:
        if flow.rate_mbps is None:
            ends = f"{_end(estate, flow.source)} and {_end(estate, flow.target)}"
            yield found("flow-without-rate", Ref("flows", flow.id), f"nobody knows the rate between {ends}")
    for window in estate.change_windows:
        yield from _window(window)
    for constraint in estate.constraints:
        yield from _constraint(constraint)
    for observation in estate.observations:
        if observation.value < 0 or (observation.metric == "weight_kg" and observation.value == 0):
            of = f"{observation.object.kind} {observation.object.id}"
            message = f"{observation.metric[:40]} of {of} is {observation.value:g}"
            yield found("observation-implausible", Ref("observations", observation.id), message)
    yield from _broken(estate)


def _end(estate: Estate, ref: Ref) -> str:
    return called(estate.find(ref) if ref.kind in LISTS else None, ref)


def _machines(estate: Estate) -> Iterator[Finding]:
    known: dict[int, set[str]] = defaultdict(set)
    for disk in estate.virtual_disks:
        known[disk.virtual_machine_id].add("disk_mb")
    for item in estate.observations:
        if item.object.kind == "virtual_machines":
            known[item.object.id].add(item.metric)
    for machine in estate.virtual_machines:
        ref = Ref("virtual_machines", machine.id)
        missing = [
            name for name in SIZES if getattr(machine, name) is None and name not in known.get(machine.id, ())
        ]
        if missing:
            yield found("vm-without-sizes", ref, f"{called(machine, ref)} lacks {', '.join(missing)}")
        if machine.cluster_id is None and machine.device_id is None and machine.site_id is None:
            yield found("vm-without-place", ref, f"nobody knows where {called(machine, ref)} runs")
        yield from _machine_sizes(machine)


def _machine_sizes(machine: VirtualMachine) -> Iterator[Finding]:
    ref = Ref("virtual_machines", machine.id)
    limits = (("vcpus", MOST_VCPUS), ("memory_mb", MOST_MEMORY_MB), ("disk_mb", None))
    for name, limit in limits:
        value = getattr(machine, name)
        if value is not None and (value <= 0 or (limit is not None and value > limit)):
            yield found("vm-size-implausible", ref, f"{called(machine, ref)} has {name} {value:g}")


def _applications(estate: Estate) -> Iterator[Finding]:
    members: dict[int, list[Ref]] = defaultdict(list)
    for member in estate.application_members:
        members[member.application_id].append(member.object)
    windows = {window.object for window in estate.change_windows}
    for application in estate.applications:
        ref = Ref("applications", application.id)
        name = called(application, ref)
        if application.criticality is None:
            yield found("criticality-unknown", ref, f"nobody said how critical {name} is")
        elif application.criticality not in range(1, 5):
            yield found("criticality-implausible", ref, f"{name} has criticality {application.criticality}")
        if not members.get(application.id):
            yield found("application-without-members", ref, f"{name} runs on nothing we know of")
        if windows.isdisjoint(_window_holders(estate, application, members.get(application.id, []))):
            yield found("window-missing", ref, f"nobody said when {name} may be changed")


def _window_holders(estate: Estate, application: Application, members: list[Ref]) -> set[Ref]:
    """Whose windows hold for an application: its own, its tenant's, and those of its members' sites."""
    holders = {Ref("applications", application.id)}
    if application.tenant_id is not None:
        holders.add(Ref("tenants", application.tenant_id))
    for ref in members:
        site_id = getattr(estate.find(ref), "site_id", None) if ref.kind in LISTS else None
        if site_id is not None:
            holders.add(Ref("sites", site_id))
    return holders


def _window(window: ChangeWindow) -> Iterator[Finding]:
    fits = window.weekday in range(7) and window.start_minute in range(MINUTES_A_DAY)
    ordered = (
        window.valid_from is None or window.valid_until is None or window.valid_from <= window.valid_until
    )
    if not (fits and ordered and 0 < window.duration_minutes <= MINUTES_A_WEEK):
        message = (
            f"weekday {window.weekday}, start at minute {window.start_minute}, {window.duration_minutes} minutes, "
            f"valid from {window.valid_from} until {window.valid_until}"
        )
        yield found("window-implausible", Ref("change_windows", window.id), message)


def _constraint(constraint: Constraint) -> Iterator[Finding]:
    is_side = (constraint.kind, constraint.scope) == ("apart", "group") and bool(constraint.value)
    least = 2 if constraint.kind in {"together", "apart"} and not is_side else 1
    if len(set(constraint.members)) < least and constraint.kind != "freeze":
        ref = Ref("constraints", constraint.id)
        message = f"{constraint.kind[:40]} constraint {called(constraint, ref)} has {len(constraint.members)} members"
        yield found("constraint-without-members", ref, message)


def _broken(estate: Estate) -> Iterator[Finding]:
    with_ids = [kind for kind in LISTS if getattr(estate, kind) and hasattr(getattr(estate, kind)[0], "id")]
    present = {kind: estate.by_id(kind).keys() for kind in with_ids}
    named: list[tuple[Ref, Ref]] = []
    named.extend(
        (Ref("applications", item.application_id), item.object) for item in estate.application_members
    )
    named.extend((Ref("tags", item.tag_id), item.object) for item in estate.tag_assignments)
    for kind in (
        "change_windows",
        "observations",
        "special_needs",
        "maintenance_contracts",
        "strategy_overrides",
    ):
        named.extend((Ref(kind, item.id), item.object) for item in getattr(estate, kind))
    for flow in estate.flows:
        named += [(Ref("flows", flow.id), flow.source), (Ref("flows", flow.id), flow.target)]
    for constraint in estate.constraints:
        named.extend((Ref("constraints", constraint.id), member) for member in constraint.members)
    for holder, target in named:
        # What the Estate has no list for (a rack's group, say) can't be looked up.
        if target.kind in LISTS and target.id not in present.get(target.kind, ()):
            yield found(
                "reference-broken",
                holder,
                f"it names {target.kind} {target.id}, which isn't there",
                (target,),
            )
