"""Rules on the document and its inputs: hashes, coverage, overrides, what must stay.

Demands are for `quantities`, what is said about assets for `statements`, what the plan proves of itself for `proofs`.
"""

from __future__ import annotations

from collections import Counter

from capacity.plan import STRATEGIES
from capacity.verification.view import WORKLOAD_STRATEGIES, View
from capacity.verification.violations import Findings
from inventory.documents import content_hash
from inventory.errors import InputError
from inventory.estate import Ref

BOUND_TO_HARDWARE = ("tape", "hsm", "dongle", "licence", "not_x86")


def check(view: View, findings: Findings) -> None:
    _hashes(view, findings)
    _coverage(view, findings)
    _overrides(view, findings)
    _keep(view, findings)


def _hashes(view: View, findings: Findings) -> None:
    plan = view.plan
    try:
        real = content_hash(plan)
    except InputError as error:
        findings.add("PLAN-HASH", "plan", error.what, error.remedy)
        return
    if plan.content_hash != real:
        findings.add(
            "PLAN-HASH",
            "plan",
            f"the plan says its hash is {plan.content_hash or 'empty'}, its content gives {real}",
            "it was changed after it was made; make it again",
        )
    for code, name, stated, given in (
        ("INPUT-ESTATE", "estate", plan.inputs.estate_hash, view.estate.content_hash),
        ("INPUT-FACILITY", "facility", plan.inputs.facility_hash, view.facility.content_hash),
    ):
        if stated != given:
            findings.add(
                code,
                name,
                f"the plan was made from the {name} {stated or 'without hash'}, this is {given or 'one without hash'}",
                f"check it against the {name} it was made from, or plan again",
            )


# --- coverage ----------------------------------------------------------------------------------------------------


def _coverage(view: View, findings: Findings) -> None:
    decided = Counter(decision.asset for decision in view.plan.decisions)
    devices = Counter(placement.asset for placement in view.plan.devices)
    workloads = Counter(placement.asset for placement in view.plan.workloads)
    unplaced = Counter(entry.asset for entry in view.plan.unplaced)
    for ref in view.estate.assets():
        wrong = _covered(view, ref, decided[ref], (devices[ref], workloads[ref], unplaced[ref]))
        if wrong:
            what, remedy = wrong
            findings.add("COVERAGE", view.label(ref), f"{view.label(ref)} {what}", remedy, asset=ref)


def _covered(view: View, ref: Ref, decided: int, listed: tuple[int, int, int]) -> tuple[str, str] | None:
    """What is wrong with how a plan lists an asset, and the remedy; None when nothing is."""
    if decided != 1:
        return f"has {decided} decisions", "decide on it once"
    strategy = view.strategy(ref)
    as_device, as_workload, unplaced = listed
    if strategy not in STRATEGIES:
        return f"has the strategy {strategy}", f"use one of {', '.join(STRATEGIES)}"
    if strategy in {"retire", "retain"}:
        if sum(listed):
            return f"is to {strategy}, yet it is placed or listed as unplaced", "take it out of those lists"
        return None
    if strategy == "relocate" and ref.kind != "devices":
        return "is to be relocated, but only devices can be", "rehost it instead"
    right, wrong = (as_device, as_workload) if strategy == "relocate" else (as_workload, as_device)
    if wrong:
        return f"is to {strategy}, yet it is placed as the other kind", "place it as its strategy says"
    if right + unplaced != 1:
        where = f"is placed {right} times and listed as unplaced {unplaced} times"
        return f"is to {strategy}; it {where}", "place it once, or say once what it lacks"
    return None


# --- decisions ---------------------------------------------------------------------------------------------------


def _overrides(view: View, findings: Findings) -> None:
    overrides = {override.object: override for override in view.estate.strategy_overrides}
    for ref, decision in view.decisions.items():
        override = overrides.get(ref)
        label = view.label(ref)
        if override is not None and decision.strategy != override.strategy:
            who = override.decided_by or "a person"
            findings.add(
                "OVERRIDE",
                label,
                f"{who} decided to {override.strategy} {label}, the plan says {decision.strategy}",
                "follow the override, or remove it from the inventory",
                asset=ref,
            )
        elif override is None and decision.recommended != decision.strategy:
            findings.add(
                "OVERRIDE",
                label,
                f"{label} is to {decision.strategy} although {decision.recommended} is recommended, "
                "and nobody decided so",
                "record an override, or follow the recommendation",
                asset=ref,
            )


def _keep(view: View, findings: Findings) -> None:
    for constraint in view.constraints("keep", "building_bound"):
        for ref in constraint.members:
            strategy = view.strategy(ref)
            if strategy not in {None, "retain"}:
                findings.add(
                    "KEEP",
                    view.label(ref),
                    f"{view.label(ref)} must stay ({constraint.reason or constraint.kind}), the plan says {strategy}",
                    "retain it, or lift the constraint",
                    asset=ref,
                )
    for need in view.estate.special_needs:
        if need.need in BOUND_TO_HARDWARE and view.strategy(need.object) in WORKLOAD_STRATEGIES:
            label = view.label(need.object)
            findings.add(
                "KEEP",
                label,
                f"{label} needs its hardware ({need.need}), the plan says {view.strategy(need.object)}",
                "relocate or retain it",
                asset=need.object,
            )
