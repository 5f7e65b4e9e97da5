"""Rule STEP-SEQUENCE: the steps each asset needs, from where it was to where it goes.

What waits for what is for `order`.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from capacity.plan import Move, Place, Step
from capacity.verification.moments import MINUTE_SECONDS, TIME_TOLERANCE
from capacity.verification.view import WORKLOAD_STRATEGIES, View
from capacity.verification.violations import Findings, counted
from inventory.estate import Device, Ref

WORKLOAD_STEPS = ("replicate", "cutover", "decommission")
ENDINGS = ("retire", "decommission")


def check(view: View, findings: Findings) -> None:
    for ref in view.estate.assets():
        wanted = _wanted(view, ref)
        steps = view.steps_of.get(ref, [])
        kinds = [step.kind for step in steps for move in step.moves if move.asset == ref]
        if sorted(kinds) != sorted(wanted):
            findings.add(
                "STEP-SEQUENCE",
                view.label(ref),
                f"{view.label(ref)} has the steps {', '.join(kinds) or 'none'}; it needs {', '.join(wanted) or 'none'}",
                "give it exactly the steps it needs",
                asset=ref,
                moment=view.moment(view.begins(steps[0])) if steps else None,
            )
        elif len(wanted) > 1:
            _one_after_another(view, ref, steps, findings)
        for step in steps:
            for move in step.moves:
                if move.asset == ref:
                    _ends_of_move(view, step, move, findings)
    _commissions(view, findings)


def _wanted(view: View, ref: Ref) -> tuple[str, ...]:
    strategy = view.strategy(ref)
    if strategy in WORKLOAD_STRATEGIES and ref in view.placed_workloads:
        return WORKLOAD_STEPS
    if strategy == "relocate" and ref in view.placed_devices:
        return ("relocate",)
    return ("retire",) if strategy == "retire" else ()


def _one_after_another(view: View, ref: Ref, steps: list[Step], findings: Findings) -> None:
    by_kind = {step.kind: step for step in steps}
    for earlier, later in pairwise(WORKLOAD_STEPS):
        early = view.ends(by_kind[earlier]) - view.begins(by_kind[later])
        if early > TIME_TOLERANCE:
            findings.add(
                "STEP-SEQUENCE",
                view.label(ref),
                f"the {later} of {view.label(ref)} starts {counted(early / MINUTE_SECONDS, 'minute')} "
                f"before its {earlier} ends",
                f"start the {later} later",
                asset=ref,
                moment=view.moment(view.begins(by_kind[later])),
                over=(early / MINUTE_SECONDS, "min"),
            )


def _ends_of_move(view: View, step: Step, move: Move, findings: Findings) -> None:
    """Whether a move leads from where the asset was to where the plan places it."""
    asset = view.asset(move.asset)
    wrong = None
    if asset is not None:
        rack_id = asset.rack_id if isinstance(asset, Device) else None
        cluster_id = None if isinstance(asset, Device) else asset.cluster_id
        source = move.source or Place()
        was = (view.site_of(move.asset), rack_id, cluster_id)
        given = (source.site_id, source.rack_id, None if isinstance(asset, Device) else source.cluster_id)
        if was != given:
            wrong = "from elsewhere than where it stands"
        elif _target(move.target) != _planned(view, step, move.asset):
            wrong = "to elsewhere than where the plan places it"
    if wrong:
        findings.add(
            "STEP-SEQUENCE",
            view.label(move.asset),
            f"step {step.id} moves {view.label(move.asset)} {wrong}",
            "move it from where the estate has it to where the plan places it",
            asset=move.asset,
            moment=view.moment(view.begins(step)),
        )


def _target(place: Place | None) -> tuple[object, ...] | None:
    """The target's side of a place; a source place in it is for SOURCE-HELD."""
    return None if place is None else (place.rack, place.position, place.face, place.pool, place.host)


def _planned(view: View, step: Step, ref: Ref) -> tuple[object, ...] | None:
    if step.kind in ENDINGS:
        return None
    device, workload = view.placed_devices.get(ref), view.placed_workloads.get(ref)
    if step.kind == "relocate" and device is not None:
        return (device.rack, device.position, device.face, None, None)
    if workload is not None:
        return (None, None, None, workload.pool, workload.host)
    return None


def _commissions(view: View, findings: Findings) -> None:
    counts: Counter[str] = Counter()
    for step in view.plan.steps:
        if step.kind.startswith("commission_"):
            counts.update(f"{step.kind.removeprefix('commission_')} {name}" for name in step.commissions)
    for name in (*(f"rack {r}" for r in view.new_racks), *(f"host {h}" for h in view.hosts)):
        if counts[name] != 1:
            findings.add(
                "STEP-SEQUENCE",
                name,
                f"new {name} has {counts[name]} commissions, it needs one",
                "give it one commission step",
            )
