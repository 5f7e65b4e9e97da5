"""Rules on what is left behind: the way back, source places held for it, cluster hosts, rooms said to be empty."""

from __future__ import annotations

import math
from collections import defaultdict

from capacity.plan import Place, RoomOutcome, Step
from capacity.verification.moments import DAY_SECONDS, TIME_TOLERANCE
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, counted
from inventory.estate import Ref


def check(view: View, findings: Findings) -> None:
    deadlines = _deadlines(view, findings)
    _decommissions(view, deadlines, findings)
    _cluster_hosts(view, deadlines, findings)
    _source_held(view, deadlines, findings)
    _rooms(view, findings)


# --- the way back ------------------------------------------------------------------------------------------------


def _deadlines(view: View, findings: Findings) -> dict[Ref, float]:
    """Until when the way back is promised, per asset; a step without a deadline promises it until its end."""
    found: dict[Ref, float] = {}
    days = view.plan.calendar.rollback_days
    for step in view.plan.steps:
        if step.kind not in TOUCHING:
            continue
        end = view.ends(step)
        deadline = view.clock.seconds(step.rollback_deadline) if step.rollback_deadline else end
        for move in step.moves:
            found[move.asset] = max(deadline, found.get(move.asset, -math.inf))
        short = end + days * DAY_SECONDS - deadline
        if short > TIME_TOLERANCE:
            findings.add(
                "ROLLBACK",
                f"step {step.id}",
                f"step {step.id} keeps the way back open {counted(short / DAY_SECONDS, 'day')} less "
                f"than the {days} promised",
                "set its rollback deadline later",
                moment=view.moment(deadline),
                over=(short / DAY_SECONDS, "days"),
            )
    return found


def _decommissions(view: View, deadlines: dict[Ref, float], findings: Findings) -> None:
    for step in view.plan.steps:
        if step.kind == "decommission":
            for move in step.moves:
                _too_early(view, step, move.asset, (move.asset, deadlines.get(move.asset)), findings)


def _too_early(
    view: View, step: Step, asset: Ref, held: tuple[Ref, float | None], findings: Findings
) -> None:
    """Report an asset cleared before the deadline of another (or its own)."""
    early = (held[1] if held[1] is not None else -math.inf) - view.begins(step)
    if early > TIME_TOLERANCE:
        of = "its" if held[0] == asset else f"the {view.label(held[0])} of its cluster's"
        findings.add(
            "ROLLBACK",
            view.label(asset),
            f"step {step.id} clears {view.label(asset)} {counted(early / DAY_SECONDS, 'day')} "
            f"before {of} way back ends",
            "start it after the rollback deadline",
            asset=asset,
            moment=view.moment(view.begins(step)),
            over=(early / DAY_SECONDS, "days"),
        )


def _cluster_hosts(view: View, deadlines: dict[Ref, float], findings: Findings) -> None:
    machines: dict[int, list[Ref]] = defaultdict(list)
    for machine in view.estate.virtual_machines:
        if machine.cluster_id is not None:
            machines[machine.cluster_id].append(Ref("virtual_machines", machine.id))
    for device in view.estate.devices:
        host = Ref("devices", device.id)
        if device.cluster_id is None or view.strategy(host) != "retire":
            continue
        staying = [
            ref
            for ref in machines.get(device.cluster_id, [])
            if ref in view.unplaced or view.strategy(ref) == "retain"
        ]
        retire = next((s for s in view.steps_of.get(host, ()) if s.kind == "retire"), None)
        if staying:
            findings.add(
                "ROLLBACK",
                view.label(host),
                f"{view.label(host)} is to retire while {view.label(staying[0])} of its cluster stays",
                "retain it while a machine of its cluster stays",
                asset=host,
                moment=view.moment(view.begins(retire)) if retire else None,
                over=(float(len(staying)), "machines"),
            )
        elif retire is not None:
            held = [(ref, deadlines[ref]) for ref in machines.get(device.cluster_id, []) if ref in deadlines]
            if held:
                _too_early(view, retire, host, max(held, key=lambda h: (h[1], h[0])), findings)


# --- source places -------------------------------------------------------------------------------------------------


def _source_held(view: View, deadlines: dict[Ref, float], findings: Findings) -> None:
    """A move whose target is a place at a source, while that is held for another asset's way back."""
    held: dict[tuple[int | None, int | None, int | None], list[tuple[Ref, float, float]]] = defaultdict(list)
    for step in view.plan.steps:
        if step.kind in TOUCHING:
            for move in step.moves:
                source = _at_source(move.source) if move.source is not None else None
                if source is not None:
                    held[source].append((move.asset, view.begins(step), deadlines[move.asset]))
    for step in view.plan.steps:
        for move in step.moves:
            place = _at_source(move.target) if move.target is not None else None
            for asset, since, until in held.get(place, []) if place else ():
                if asset != move.asset and view.begins(step) < until and view.ends(step) > since:
                    findings.add(
                        "SOURCE-HELD",
                        f"step {step.id}",
                        f"step {step.id} puts {view.label(move.asset)} where {view.label(asset)} may have to go back",
                        "wait for the rollback deadline, or use another place",
                        asset=move.asset,
                        moment=view.moment(max(since, view.begins(step))),
                        over=((until - max(since, view.begins(step))) / DAY_SECONDS, "days"),
                    )


def _at_source(place: Place) -> tuple[int | None, int | None, int | None] | None:
    """The source's side of a place; None when it has none."""
    key = (place.site_id, place.rack_id, place.cluster_id)
    return None if key == (None, None, None) else key


# --- rooms -------------------------------------------------------------------------------------------------------


def _rooms(view: View, findings: Findings) -> None:
    inside: dict[tuple[int | None, int | None], list[Ref]] = defaultdict(list)
    for device in view.estate.devices:
        location_id = view.room_of(device)
        inside[(None, location_id) if location_id is not None else (device.site_id, None)].append(
            Ref("devices", device.id)
        )
    bound = {ref for c in view.constraints("building_bound") for ref in c.members}
    for room in view.plan.rooms:
        key = (None, room.location_id) if room.location_id is not None else (room.site_id, None)
        if room.emptied_at is None:
            if not room.why_not.strip():
                findings.add(
                    "ROOM",
                    f"room {room.name}",
                    f"room {room.name} is not emptied, and the plan does not say why",
                    "say why, or when it is empty",
                )
        else:
            _emptied(view, room, inside.get(key, []), bound, findings)


def _emptied(view: View, room: RoomOutcome, inside: list[Ref], bound: set[Ref], findings: Findings) -> None:
    emptied = view.clock.seconds(room.emptied_at) if room.emptied_at else math.inf
    moment = view.moment(emptied)

    def report(what: str, asset: Ref, remedy: str, days: float | None = None) -> None:
        findings.add(
            "ROOM",
            f"room {room.name}",
            f"room {room.name} is said to be empty, {what}",
            remedy,
            asset=asset,
            moment=moment,
            over=None if days is None else (days, "days"),
        )

    staying = {ref for ref in inside if view.strategy(ref) == "retain"}
    for ref in sorted(staying ^ set(room.remaining)):
        said = (
            "is not listed as remaining"
            if ref in staying
            else "is listed as remaining and is not retained there"
        )
        report(f"but {view.label(ref)} {said}", ref, "list exactly what is retained")
    for ref in sorted(staying - bound):
        report(
            f"but {view.label(ref)} is retained and not building-bound",
            ref,
            "move it, or say it is not empty",
        )
    for ref in inside:
        steps = view.steps_of.get(ref, [])
        last = max((view.ends(step) for step in steps), default=math.inf)
        if ref not in staying and not _leaves(view, ref):
            report(f"but {view.label(ref)} does not leave", ref, "move it, or say the room is not empty")
        elif ref not in staying and last != math.inf and last > emptied + TIME_TOLERANCE:
            days = (last - emptied) / DAY_SECONDS
            report(
                f"but {view.label(ref)} leaves {counted(days, 'day')} later",
                ref,
                "date it after the last step",
                days,
            )


def _leaves(view: View, ref: Ref) -> bool:
    """Whether the plan takes an asset out of its room; that it has the steps for it is for STEP-SEQUENCE."""
    return ref in view.placed_devices or ref in view.placed_workloads or view.strategy(ref) == "retire"
