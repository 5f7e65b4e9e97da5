"""Rule GROUP: the assets of a group move in one wave; what a constraint ties into one group, or parts, is so moved.

Whatever moves is of a group, and that of a wave that lists it: audits, freezes and reports go by waves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from capacity.plan import Step
from capacity.verification.moments import MINUTE_SECONDS, TIME_TOLERANCE
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, counted
from inventory.estate import Constraint, Ref


def check(view: View, findings: Findings) -> None:
    group_of: dict[Ref, str] = {}
    for group in view.plan.groups:
        for asset in group.assets:
            if group_of.setdefault(asset, group.id) != group.id:
                findings.add(
                    "GROUP",
                    f"group {group.id}",
                    f"{view.label(asset)} is in groups {group_of[asset]} and {group.id}",
                    "put it in one group",
                    asset=asset,
                )
    _waves(view, findings)
    _cut_flows(view, group_of, findings)
    for step in view.plan.steps:
        if step.kind not in TOUCHING and step.moves:
            _as_its_group(view, step, group_of, findings)
        if step.kind in TOUCHING:
            wrong = _outside_group(view, step, group_of)
            if wrong:
                what, culprit, amount = wrong
                findings.add(
                    "GROUP",
                    f"step {step.id}",
                    f"step {step.id} ({step.kind}) {what}",
                    "move whole groups within their wave",
                    asset=culprit,
                    moment=view.moment(view.begins(step)),
                    over=None if amount is None else (amount, "min"),
                )
    for constraint in view.constraints("together"):
        if constraint.scope == "group":
            _one_group(
                view, constraint.name or f"together {constraint.id}", constraint.members, group_of, findings
            )
    _parted(view, group_of, findings)


def _waves(view: View, findings: Findings) -> None:
    """A wave is frozen before it begins, begins before it ends, and lists the groups that say they are in it."""
    for wave in view.plan.waves:
        start, end = view.clock.seconds(wave.start), view.clock.seconds(wave.end)
        late = view.clock.seconds(wave.frozen_on) - start
        strange = [
            name
            for name, count in Counter(wave.groups).items()
            if count > 1 or (name in view.groups and view.groups[name].wave != wave.number)
        ]
        for wrong, what in (
            (late > TIME_TOLERANCE, f"is frozen {counted(late / MINUTE_SECONDS, 'minute')} after it begins"),
            (end <= start, "ends before it begins"),
            (bool(strange), f"lists group {', '.join(strange)}, which is not of it, or twice"),
        ):
            if wrong:
                findings.add(
                    "GROUP",
                    f"wave {wave.number}",
                    f"wave {wave.number} {what}",
                    "freeze it before it begins, and list its own groups once",
                    moment=view.moment(start),
                )


def _cut_flows(view: View, group_of: dict[Ref, str], findings: Findings) -> None:
    """A group names the flows that cross sites while others wait; those of what retires may be left out."""
    cut: dict[str | None, set[int]] = defaultdict(set)
    lasting: dict[str | None, set[int]] = defaultdict(set)
    known: dict[Ref, tuple[set[str | None], set[str | None]]] = {}
    for flow in view.estate.flows:
        for end in (flow.source, flow.target):
            if end not in known:
                known[end] = _groups_at(view, end, group_of)
        (all_here, last_here), (all_there, last_there) = known[flow.source], known[flow.target]
        if len(touched := all_here | all_there) > 1:
            last = last_here | last_there
            for group_id in touched:
                cut[group_id].add(flow.id)
                if last - {group_id}:
                    lasting[group_id].add(flow.id)
    for group in view.plan.groups:
        named = {flow_id for flow_id in group.cut_flows if view.row("flows", flow_id) is not None}
        wrong = (lasting[group.id] - named) | (named - cut[group.id])
        if wrong:
            said = "cuts" if min(wrong) in lasting[group.id] else "does not cut"
            findings.add(
                "GROUP",
                f"group {group.id}",
                f"group {group.id} {said} flow {min(wrong)}, the plan says otherwise",
                "list the flows between its assets and others",
                over=(float(len(wrong)), "flows"),
            )


def _groups_at(view: View, end: Ref, group_of: dict[Ref, str]) -> tuple[set[str | None], set[str | None]]:
    """The groups that the assets at an end of a flow are of (None: of none), and those of what is not retired."""
    assets = view.members_of.get(end.id, []) if end.kind == "applications" else [end]
    lasting = {
        group_of.get(ref)
        for ref in assets
        if view.strategy(ref) != "retire" and view.site_of(ref) is not None
    }
    return {group_of.get(ref) for ref in assets}, lasting


def _as_its_group(view: View, step: Step, group_of: dict[Ref, str], findings: Findings) -> None:
    """A copy or a clearing out that names a group or a wave names that of its assets."""
    group = view.groups.get(step.group or "")
    stranger = next((m.asset for m in step.moves if group_of.get(m.asset) != step.group), None)
    wrong = (
        f"names group {step.group}, which {view.label(stranger)} is not of"
        if step.group and stranger is not None
        else f"names wave {step.wave}, its group is in wave {group.wave}"
        if group is not None and step.wave is not None and step.wave != group.wave
        else ""
    )
    if wrong:
        findings.add(
            "GROUP",
            f"step {step.id}",
            f"step {step.id} ({step.kind}) {wrong}",
            "name the group and the wave of what it moves",
            asset=stranger if step.group else None,
            moment=view.moment(view.begins(step)),
        )


def _parted(view: View, group_of: dict[Ref, str], findings: Findings) -> None:
    """apart, scope group: pairwise different groups; constraints of one value: none with a member of another."""
    named: dict[str, list[Constraint]] = defaultdict(list)
    for constraint in view.constraints("apart"):
        if constraint.scope != "group":
            continue
        if constraint.value:
            named[constraint.value].append(constraint)
        else:
            each = [(member,) for member in dict.fromkeys(constraint.members)]
            _check_sides(view, constraint.name or f"apart {constraint.id}", each, group_of, findings)
    for name, constraints in named.items():
        _check_sides(view, name, [c.members for c in constraints], group_of, findings)


def _check_sides(
    view: View,
    name: str,
    sides: Sequence[tuple[Ref, ...]],
    group_of: dict[Ref, str],
    findings: Findings,
) -> None:
    held: dict[str, tuple[int, Ref]] = {}
    for number, members in enumerate(sides):
        for ref in dict.fromkeys(members):
            step = view.touching_step(ref)
            group = group_of.get(ref)
            if step is None or group is None:
                continue
            side, other = held.setdefault(group, (number, ref))
            if side != number:
                findings.add(
                    "GROUP",
                    name,
                    f"{view.label(ref)} moves in group {group}, as {view.label(other)} does, which {name} parts",
                    "move them in different groups, or lift the constraint",
                    asset=ref,
                    moment=view.moment(view.begins(step)),
                )


def _outside_group(
    view: View, step: Step, group_of: dict[Ref, str]
) -> tuple[str, Ref | None, float | None] | None:
    for move in step.moves:
        if view.asset(move.asset) is not None and group_of.get(move.asset) != step.group:
            own = group_of.get(move.asset)
            said = f"of group {own}" if own else "of no group"
            return f"moves {view.label(move.asset)} {said} as group {step.group}", move.asset, None
    group = view.groups.get(step.group or "")
    if group is None:
        return None if step.group else ("is of no group", None, None)
    if group.wave is None or step.wave != group.wave:
        return f"is in wave {step.wave}, its group {group.id} in wave {group.wave}", None, None
    wave = view.waves.get(group.wave)
    if wave is None:
        return None
    if group.id not in wave.groups:
        return f"is in wave {wave.number}, which does not list its group {group.id}", None, None
    early = view.clock.seconds(wave.start) - view.begins(step)
    late = view.ends(step) - view.clock.seconds(wave.end)
    if max(early, late) > TIME_TOLERANCE:
        return f"lies outside its wave {wave.number}", None, max(early, late) / MINUTE_SECONDS
    return None


def _one_group(
    view: View, name: str, members: tuple[Ref, ...], group_of: dict[Ref, str], findings: Findings
) -> None:
    moving = [ref for ref in members if view.touching_step(ref) is not None]
    for ref in moving[1:]:
        if group_of.get(ref) != group_of.get(moving[0]):
            findings.add(
                "GROUP",
                name,
                f"{view.label(ref)} moves in group {group_of.get(ref)}, "
                f"{view.label(moving[0])} of {name} in group {group_of.get(moving[0])}",
                "move them in one group",
                asset=ref,
                moment=view.moment(view.begins(view.touching_step(ref) or view.plan.steps[0])),
            )
