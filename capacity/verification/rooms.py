"""Rules on what is left behind: the way back, source places held for it, rooms said to be empty.

What has to wait for the way back of what depends on it is for `leaving`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict

from capacity.plan import Place, RoomOutcome
from capacity.verification import leaving
from capacity.verification.moments import DAY_SECONDS, TIME_TOLERANCE
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, counted
from inventory.estate import Ref


def check(view: View, findings: Findings) -> None:
    deadlines = _deadlines(view, findings)
    leaving.check(view, deadlines, findings)
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
    told: Counter[tuple[int | None, int | None]] = Counter()
    for room in view.plan.rooms:
        key = (None, room.location_id) if room.location_id is not None else (room.site_id, None)
        told[key] += 1
        _named(view, room, findings)
        if room.emptied_at is None:
            if not room.why_not.strip():
                findings.add(
                    "ROOM",
                    f"room {room.name}",
                    f"room {room.name} is not emptied, and the plan does not say why",
                    "say why, or when it is empty",
                )
            staying = {r for r in inside.get(key, []) if r in view.unplaced or view.strategy(r) == "retain"}
            for ref in sorted(staying ^ set(room.remaining)):
                findings.add(
                    "ROOM",
                    f"room {room.name}",
                    f"{view.label(ref)} {'stays in' if ref in staying else 'does not stay in'} room {room.name}, "
                    "the plan says otherwise",
                    "list exactly what stays",
                    asset=ref,
                )
        else:
            _emptied(view, room, inside.get(key, []), bound, findings)
    for place in inside:
        if told[place] != 1:
            location, site = view.row("locations", place[1]), view.row("sites", place[0])
            name = location.name if location else site.name if site else f"{place[1] or place[0]}"
            findings.add(
                "ROOM",
                f"room {name}",
                f"room {name} holds devices, and the plan says {told[place]} times what becomes of it",
                "say once what becomes of it",
            )


def _named(view: View, room: RoomOutcome, findings: Findings) -> None:
    location = view.row("locations", room.location_id)
    if location is not None and location.site_id != room.site_id:
        findings.add(
            "ROOM",
            f"room {room.name}",
            f"room {room.name} is said to be at another site",
            "name its own site",
        )


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
