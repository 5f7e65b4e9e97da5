"""Rule STEP-ORDER: steps end after they start, wait for what they name, and name what they cannot do without.

Whoever carries a plan out, tells how sure it is or dates it anew goes by predecessors, so a plan that is right in its
dates alone falls apart on the first day that something is late. What a step needs follows from its moves: a cutover
the copies, a decommission the cutovers, whatever comes in what brings up the rack or host that it goes into.
"""

from __future__ import annotations

from collections import defaultdict

from capacity.plan import Step
from capacity.verification.moments import MINUTE_SECONDS, TIME_TOLERANCE
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, counted
from inventory.estate import Ref

NEEDS = {"cutover": "replicate", "decommission": "cutover"}  # of the same asset
COMING = ("replicate", *TOUCHING)  # need the rack or host the asset goes into
DOES = {
    "replicate": "copies",
    "cutover": "cuts over",
    "commission_rack": "brings up",
    "commission_host": "brings up",
}

Needs = dict[str, dict[str, list[Ref | str]]]


def check(view: View, findings: Findings) -> None:
    _in_time(view, findings)
    _cycles(view, findings)
    _needed(view, findings)


# --- in time -----------------------------------------------------------------------------------------------------


def _in_time(view: View, findings: Findings) -> None:
    for step in view.plan.steps:
        start, end = view.begins(step), view.ends(step)
        if end <= start:
            findings.add(
                "STEP-ORDER",
                f"step {step.id}",
                f"step {step.id} ends {counted((start - end) / MINUTE_SECONDS, 'minute')} before it starts"
                if end < start
                else f"step {step.id} ends when it starts",
                "let it end after it starts",
                moment=view.moment(start),
                over=((start - end) / MINUTE_SECONDS, "min"),
            )
        for name in step.predecessors:
            before = view.step_ids.get(name)
            if before is not None and view.ends(before) > start + TIME_TOLERANCE:
                early = (view.ends(before) - start) / MINUTE_SECONDS
                findings.add(
                    "STEP-ORDER",
                    f"step {step.id}",
                    f"step {step.id} starts {counted(early, 'minute')} before its predecessor {name} ends",
                    "start it later",
                    moment=view.moment(start),
                    over=(early, "min"),
                )


# --- cycles ------------------------------------------------------------------------------------------------------


def _cycles(view: View, findings: Findings) -> None:
    for name in _on_cycles(view):
        step = view.step_ids[name]
        findings.add(
            "STEP-ORDER",
            f"step {name}",
            f"step {name} is its own predecessor by way of others",
            "break the cycle of predecessors",
            moment=view.moment(view.begins(step)),
        )


def _on_cycles(view: View) -> list[str]:
    """Steps left when those without open predecessors, then those without open successors, are taken away."""
    steps = view.step_ids
    forward = {name: {p for p in step.predecessors if p in steps} for name, step in steps.items()}
    backward: dict[str, set[str]] = {name: set() for name in steps}
    for name, predecessors in forward.items():
        for predecessor in predecessors:
            backward[predecessor].add(name)
    left = set(steps)
    for edges, opposite in ((forward, backward), (backward, forward)):
        open_edges = {name: len(edges[name] & left) for name in left}
        free = [name for name, count in open_edges.items() if count == 0]
        while free:
            name = free.pop()
            left.discard(name)
            for other in opposite[name]:
                if other in left:
                    open_edges[other] -= 1
                    if open_edges[other] == 0:
                        free.append(other)
    return sorted(left)


# --- what a step cannot do without -------------------------------------------------------------------------------


def _needed(view: View, findings: Findings) -> None:
    needs = _needs(view)
    for step in view.plan.steps:
        mine = needs.get(step.id, {})
        for name in _unnamed(view, step, set(mine)):
            does, whom = DOES[view.step_ids[name].kind], mine[name]
            first = whom[0] if isinstance(whom[0], str) else view.label(whom[0])
            more = f" and {len(whom) - 1} more" if len(whom) > 1 else ""
            findings.add(
                "STEP-ORDER",
                f"step {step.id}",
                f"step {step.id} ({step.kind}) does not wait for step {name}, which {does} {first}{more}",
                "name it among its predecessors",
                moment=view.moment(view.begins(step)),
            )


def _needs(view: View) -> Needs:
    """By step what has to be done before it, and to what."""
    found: Needs = defaultdict(lambda: defaultdict(list))
    for ref, steps in view.steps_of.items():
        device, workload = view.placed_devices.get(ref), view.placed_workloads.get(ref)
        ready = _brings_up(view, device.rack if device else None, workload.host if workload else None)
        for step in steps:
            kind = NEEDS.get(step.kind)
            for before in steps if kind else ():
                if before.kind == kind:
                    found[step.id][before.id].append(ref)
            if step.kind in COMING:
                for place, before in ready:
                    found[step.id][before.id].append(place)
    for name, host in view.hosts.items():
        commission = view.commission_of.get(f"host:{name}")
        if commission is not None:
            for place, before in _brings_up(view, host.rack, None):
                found[commission.id][before.id].append(place)
    return found


def _brings_up(view: View, rack: str | None, host: str | None) -> list[tuple[str, Step]]:
    """What brings up a new rack or a host; nothing for a rack that stands there already."""
    places = [(f"rack {rack}", f"rack:{rack}")] if rack is not None else []
    places += [(f"host {host}", f"host:{host}")] if host is not None else []
    steps = ((place, view.commission_of.get(key)) for place, key in places)
    return [(place, step) for place, step in steps if step is not None]


def _unnamed(view: View, step: Step, needed: set[str]) -> list[str]:
    """Those of the needed steps that are not among the predecessors, nor among theirs, and so on."""
    todo, seen = list(step.predecessors), set(step.predecessors)
    left = needed - seen
    while left and todo:
        before = view.step_ids.get(todo.pop())
        for name in before.predecessors if before is not None else ():
            if name not in seen:
                seen.add(name)
                left.discard(name)
                todo.append(name)
    return sorted(left)
