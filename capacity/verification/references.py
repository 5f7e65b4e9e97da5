"""Rule REF-UNKNOWN: everything a plan names exists, and its ids are unique. The other rules skip what is dangling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from capacity.facility import Supply
from capacity.plan import STEP_KINDS, AssetDemand, Place, Step
from capacity.verification.moments import zone_named
from capacity.verification.view import View
from capacity.verification.violations import Findings
from inventory.estate import Ref

CIRCUIT = "circuit:"
LONGEST_ID = 18  # digits of the largest id a database hands out
CODE = "REF-UNKNOWN"
Dangling = Iterator[tuple[str, str, Ref | None]]  # where it stands, what it names, the asset if it is one


def check(view: View, findings: Findings) -> None:
    _unique(view, findings)
    for object_, what, asset in _unknown(view):
        findings.add(
            CODE,
            object_,
            f"{object_} names {what}, which does not exist",
            "name one that exists, or leave it out",
            asset=asset,
        )


def circuit_id(resource: str) -> int | None:
    """The circuit a use like "circuit:12" holds; None when it names none."""
    digits = resource.removeprefix(CIRCUIT)
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_ID
    return int(digits) if resource.startswith(CIRCUIT) and is_number else None


def _unique(view: View, findings: Findings) -> None:
    plan = view.plan
    lists: dict[str, Iterable[object]] = {
        "rack": [rack.id for rack in (*view.facility.racks, *plan.racks)],
        "host": [host.id for host in plan.hosts],
        "group": [group.id for group in plan.groups],
        "wave": [wave.number for wave in plan.waves],
        "step": [step.id for step in plan.steps],
        "demand of": [view.label(demand.asset) for demand in _repeated(plan.demands)],
        "calendar resource": [resource.name for resource in plan.calendar.resources],
    }
    for kind, ids in lists.items():
        for name, count in Counter(ids).items():
            if count > 1:
                findings.add(
                    CODE,
                    f"{kind} {name}",
                    f"{kind} {name} is there {count} times",
                    "give each its own id",
                    over=(float(count - 1), "too many"),
                )


def _repeated(demands: Sequence[AssetDemand]) -> list[AssetDemand]:
    counts = Counter(demand.asset for demand in demands)
    return [demand for demand in demands if counts[demand.asset] > 1]


def _unknown(view: View) -> Dangling:
    """Each dangling name: where it stands, what it names, and the asset if it is one."""
    yield from _calendar(view)
    yield from _assets(view)
    yield from _places(view)
    for step in view.plan.steps:
        yield from _step(view, step)
    for group in view.plan.groups:
        object_ = f"group {group.id}"
        for flow in group.cut_flows:
            if view.row("flows", flow) is None:
                yield object_, f"flow {flow}", None
        if group.wave is not None and group.wave not in view.waves:
            yield object_, f"wave {group.wave}", None
    for wave in view.plan.waves:
        for name in wave.groups:
            if name not in view.groups:
                yield f"wave {wave.number}", f"group {name}", None
    for room in view.plan.rooms:
        if view.row("sites", room.site_id) is None:
            yield f"room {room.name}", f"site {room.site_id}", None
        if room.location_id is not None and view.row("locations", room.location_id) is None:
            yield f"room {room.name}", f"location {room.location_id}", None


def _calendar(view: View) -> Dangling:
    if zone_named(view.plan.calendar.time_zone) is None:
        yield "calendar", f"time zone {view.plan.calendar.time_zone}", None


def _assets(view: View) -> Dangling:
    plan = view.plan
    named: list[tuple[str, Iterable[Ref]]] = [
        ("decisions", (d.asset for d in plan.decisions)),
        ("demands", (d.asset for d in plan.demands)),
        ("devices", (d.asset for d in plan.devices)),
        ("workloads", (w.asset for w in plan.workloads)),
        ("unplaced", (u.asset for u in plan.unplaced)),
    ]
    named += [(f"group {g.id}", g.assets) for g in plan.groups]
    named += [(f"room {r.name}", r.remaining) for r in plan.rooms]
    for object_, refs in named:
        for ref in refs:
            if view.asset(ref) is None:
                yield object_, f"{ref.kind} {ref.id}", ref
    for device in plan.devices:
        parent = device.parent_device_id
        if parent is not None and parent not in view.devices:
            yield f"placement of {view.label(device.asset)}", f"device {parent}", device.asset


def _places(view: View) -> Dangling:
    feeds = {node.name for node in view.facility.supply}
    yield from _racks_and_hosts(view, feeds)
    for device in view.plan.devices:
        object_ = f"placement of {view.label(device.asset)}"
        if device.rack not in view.racks:
            yield object_, f"rack {device.rack}", device.asset
        yield from _cords(object_, device.supplies, feeds, device.asset)
    for workload in view.plan.workloads:
        object_ = f"placement of {view.label(workload.asset)}"
        if workload.pool not in view.pools:
            yield object_, f"pool {workload.pool}", workload.asset
        if workload.host not in view.hosts:
            yield object_, f"host {workload.host}", workload.asset


def _racks_and_hosts(view: View, feeds: set[str]) -> Dangling:
    for rack in view.plan.racks:
        object_ = f"rack {rack.id}"
        if rack.position not in view.positions:
            yield object_, f"position {rack.position}", None
        if rack.model not in view.rack_models:
            yield object_, f"rack model {rack.model}", None
        for mounted in rack.contents:
            yield from _cords(object_, mounted.supplies, feeds)
    for host in view.plan.hosts:
        object_ = f"host {host.id}"
        if host.rack not in view.racks:
            yield object_, f"rack {host.rack}", None
        if host.pool not in view.pools:
            yield object_, f"pool {host.pool}", None
        yield from _cords(object_, host.supplies, feeds)


def _cords(object_: str, supplies: tuple[Supply, ...], feeds: set[str], asset: Ref | None = None) -> Dangling:
    for supply in supplies:
        if supply.feed not in feeds:
            yield object_, f"feed {supply.feed}", asset


def _step(view: View, step: Step) -> Dangling:
    object_ = f"step {step.id}"
    if step.kind not in STEP_KINDS:
        yield object_, f"kind {step.kind}", None
    for name in step.predecessors:
        if name not in view.step_ids:
            yield object_, f"step {name}", None
    known = view.racks if step.kind == "commission_rack" else view.hosts
    for name in step.commissions:
        if name not in known:
            yield object_, f"{step.kind.removeprefix('commission_')} {name}", None
    if step.group is not None and step.group not in view.groups:
        yield object_, f"group {step.group}", None
    if step.wave is not None and step.wave not in view.waves:
        yield object_, f"wave {step.wave}", None
    if step.site_id is not None and view.row("sites", step.site_id) is None:
        yield object_, f"site {step.site_id}", None
    yield from _uses(view, step)
    for move in step.moves:
        if view.asset(move.asset) is None:
            yield object_, f"{move.asset.kind} {move.asset.id}", move.asset
        for place in filter(None, (move.source, move.target)):
            for what in _place(view, place):
                yield object_, what, move.asset


def _uses(view: View, step: Step) -> Dangling:
    for use in step.uses:
        if use.resource.startswith(CIRCUIT):
            circuit = circuit_id(use.resource)
            if circuit is None or view.row("circuits", circuit) is None:
                yield f"step {step.id}", use.resource, None
        elif use.resource not in view.resources:
            yield f"step {step.id}", f"resource {use.resource}", None


def _place(view: View, place: Place) -> Iterator[str]:
    for kind, row_id in (("site", place.site_id), ("rack", place.rack_id), ("cluster", place.cluster_id)):
        if row_id is not None and view.row(f"{kind}s", row_id) is None:
            yield f"{kind} {row_id}"
    if place.rack is not None and place.rack not in view.racks:
        yield f"rack {place.rack}"
    if place.pool is not None and place.pool not in view.pools:
        yield f"pool {place.pool}"
    if place.host is not None and place.host not in view.hosts:
        yield f"host {place.host}"
