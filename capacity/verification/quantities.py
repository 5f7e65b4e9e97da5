"""Rules UNPROVEN and DEMAND: what each asset asks for is known where it is placed, and stated as the rules give it.

What the rules give is derived a second time, by `demands`.
"""

from __future__ import annotations

from collections.abc import Iterator

from capacity.plan import AssetDemand, Unplaced
from capacity.resources import UNITS, Quantity
from capacity.verification.demands import Asked
from capacity.verification.moments import beyond
from capacity.verification.view import View
from capacity.verification.violations import Findings, number
from inventory.estate import Ref

DEVICE_QUANTITIES = ("power_w", "weight_kg", "ports")
WORKLOAD_QUANTITIES = ("vcpus", "memory_mb", "disk_mb")
OBSERVED_QUANTITIES = ("change_rate_mbps",)  # stated where somebody observed them, assumed where nobody did


def check(view: View, findings: Findings) -> None:
    for ref in view.placed_devices:
        _quantities(view, findings, ref, DEVICE_QUANTITIES)
        _shape(view, findings, ref)
    for ref in view.placed_workloads:
        observed = tuple(n for n in OBSERVED_QUANTITIES if n in view.demands.of(ref).quantities)
        _quantities(view, findings, ref, (*WORKLOAD_QUANTITIES, *observed))
    for entry in view.plan.unplaced:
        _said_unproven(view, findings, entry)
    for demand in view.plan.demands:
        _ranges(view, findings, demand)


def _said_unproven(view: View, findings: Findings, entry: Unplaced) -> None:
    """Whether an unplaced asset is called unproven where, and only where, something is unknown of it."""
    if view.asset(entry.asset) is None:
        return
    unknown = _unknown(view.demands.of(entry.asset), is_device=view.strategy(entry.asset) == "relocate")
    is_said = entry.is_unproven and any(lack.needs is None for lack in entry.lacks)
    label = view.label(entry.asset)
    if entry.is_unproven and not unknown and view.site_of(entry.asset) is not None:
        findings.add(
            "UNPROVEN",
            label,
            f"all that {label} asks for is known, and the plan calls it unproven",
            "say what it lacks at the target instead",
            asset=entry.asset,
        )
    if unknown and not is_said:
        findings.add(
            "UNPROVEN",
            f"{label}, {unknown[0]}",
            f"the {' and '.join(unknown)} of {label} cannot be known, and the plan does not call it unproven for that",
            "list it as unproven, with a lack whose needs is null",
            asset=entry.asset,
        )


def _unknown(asked: Asked, *, is_device: bool) -> list[str]:
    """What is unknown of an asset, of all that it takes to place it."""
    names = DEVICE_QUANTITIES if is_device else WORKLOAD_QUANTITIES
    unknown = [name for name in names if name not in asked.quantities]
    if is_device:
        shape = {
            "redundancy": asked.redundancy_rule or None,
            "height_u": asked.height_u,
            "is_full_depth": asked.is_full_depth,
        }
        unknown += [name for name, known in shape.items() if known is None]
    return unknown


def _quantities(view: View, findings: Findings, ref: Ref, names: tuple[str, ...]) -> None:
    asked = view.demands.of(ref)
    stated = view.stated_demands.get(ref)
    for name in names:
        quantity, right = stated.quantities.get(name) if stated else None, asked.quantities.get(name)
        object_ = f"{view.label(ref)}, {name}"
        if quantity is None or right is None:
            why = "the plan states none" if right else "nothing known of it gives one"
            findings.add(
                "UNPROVEN",
                object_,
                f"{view.label(ref)} is placed without a known {name}: {why}",
                "state it" if right else "measure it, or list the asset as unplaced and unproven",
                asset=ref,
            )
        elif beyond(right.planning, quantity.planning) or quantity.planning != quantity.planning:
            findings.add(
                "DEMAND",
                object_,
                f"{view.label(ref)} is planned with {number(quantity.planning)} {UNITS[name]}, "
                f"the rule {right.rule} gives {number(right.planning)}",
                "plan with what the rule gives",
                asset=ref,
                over=(right.planning - quantity.planning, UNITS[name]),
            )
        elif quantity.rule != right.rule:
            findings.add(
                "DEMAND",
                object_,
                f"the {name} of {view.label(ref)} is said to come from {quantity.rule}, it comes from {right.rule}",
                "name the rule that applies first",
                asset=ref,
            )


def _shape(view: View, findings: Findings, ref: Ref) -> None:
    """Height, depth, airflow and redundancy of a placed device."""
    asked = view.demands.of(ref)
    stated = view.stated_demands.get(ref)
    for name, is_known in (
        ("height_u", asked.height_u is not None),
        ("redundancy", bool(asked.redundancy_rule)),
    ):
        if not is_known or stated is None or _field(stated, name) is None:
            findings.add(
                "UNPROVEN",
                f"{view.label(ref)}, {name}",
                f"{view.label(ref)} is placed without a known {name}",
                "record it, or list the asset as unplaced and unproven",
                asset=ref,
            )
            return
    for name, given, right in _differences(stated, asked):
        findings.add(
            "DEMAND",
            f"{view.label(ref)}, {name}",
            f"{view.label(ref)} is planned with {name} {given}, the estate gives {right}",
            "plan with what the estate gives",
            asset=ref,
        )


def _field(stated: AssetDemand, name: str) -> object | None:
    return stated.height_u if name == "height_u" else stated.redundancy_rule


def _differences(stated: AssetDemand | None, asked: Asked) -> Iterator[tuple[str, object, object]]:
    if stated is None:
        return
    supplies = str(asked.supplies) if asked.supplies else None
    for name, given, right in (
        ("height_u", stated.height_u, asked.height_u),
        ("is_full_depth", stated.is_full_depth, asked.is_full_depth),
        ("airflow", stated.airflow or None, asked.airflow or None),
        ("redundancy", stated.redundancy or None, supplies),
        ("redundancy_rule", stated.redundancy_rule, asked.redundancy_rule),
    ):
        if given != right:
            yield name, given, right


# --- ranges, and what is not placed ------------------------------------------------------------------------------


def _ranges(view: View, findings: Findings, demand: AssetDemand) -> None:
    """Whether a demand is stated with the range that the rules give, and as the estimate it is, whoever's it is."""
    ref, asked = demand.asset, view.demands.of(demand.asset)
    if view.asset(ref) is None:
        return  # REF-UNKNOWN says it
    is_placed = ref in view.placed_devices or ref in view.placed_workloads
    wrong = [
        (name, what)
        for name, stated in demand.quantities.items()
        if stated != asked.quantities.get(name)
        and (what := _misstated(stated, asked.quantities.get(name), is_placed=is_placed))
    ]
    if not is_placed and ref.kind == "devices":
        wrong += [
            (name, f"is said to be {given}, the estate gives {right}")
            for name, given, right in _differences(demand, asked)
        ]
    for name, what in wrong:
        findings.add(
            "DEMAND",
            f"{view.label(ref)}, {name}",
            f"the {name} of {view.label(ref)} {what}",
            "state what the rule gives",
            asset=ref,
        )


def _misstated(stated: Quantity, right: Quantity | None, *, is_placed: bool) -> str | None:
    """How a stated quantity misleads; what is placed with too little or by another rule is found before."""
    if right is None:
        return "is stated, and nothing known of it gives one"
    if is_placed and beyond(right.planning, stated.planning):
        return None  # found before
    if not stated.low <= stated.planning <= stated.high:
        return f"is planned with {number(stated.planning)}, outside its range"
    if _apart(stated.low, right.low) or _apart(stated.high, right.high):
        return (
            f"is said to be {number(stated.low)} to {number(stated.high)}, "
            f"the rule {right.rule} gives {number(right.low)} to {number(right.high)}"
        )
    if stated.is_estimate != right.is_estimate:
        return f"is {'an estimate' if right.is_estimate else 'known'}, and the plan says otherwise"
    if not is_placed and (beyond(right.planning, stated.planning) or stated.rule != right.rule):
        return (
            f"is said to be {number(stated.planning)} by {stated.rule}, "
            f"the rule {right.rule} gives {number(right.planning)}"
        )
    return None


def _apart(a: float, b: float) -> bool:
    return beyond(a, b) or beyond(b, a)
