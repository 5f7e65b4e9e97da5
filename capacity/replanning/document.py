"""The plan that comes of new dates: waves that groups join or leave, what has no date any more, rooms and evidence.

What nobody moved is taken over as it stands. Which waves there then are is for `joining`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from capacity import evidence, rooms
from capacity.calendar import Calendar
from capacity.demand import derive
from capacity.facility import Facility
from capacity.plan import (
    AssetDemand,
    Decision,
    Lack,
    MoveGroup,
    Plan,
    RoomOutcome,
    Step,
    Unplaced,
    Wave,
    sealed,
)
from capacity.replanning.alternatives import Alternative, Why
from capacity.replanning.joining import audited, numbered, waves_of
from capacity.replanning.ledger import Draft
from capacity.replanning.situation import TOUCHING, Situation
from capacity.strategies import decide
from capacity.timetable.wanting import not_computed
from capacity.timetable.windows import Grid
from inventory.estate import Estate, Ref


@dataclass(frozen=True)
class Given:
    """What a plan is replanned on: today's estate, facility and calendar."""

    estate: Estate
    facility: Facility
    plan: Plan
    calendar: Calendar
    now: Situation


def written(
    given: Given, chosen: Mapping[str, Alternative], draft: Draft, undated: Mapping[str, Why]
) -> Plan:
    """The sealed plan on today's estate; whether it holds is for `verify`."""
    estate, facility, plan, calendar, now = (
        given.estate,
        given.facility,
        given.plan,
        given.calendar,
        given.now,
    )
    demands = _demands(estate, plan)
    steps = {
        step.id: _with_deadline(step, calendar, now, draft.cleared.get(step.id))
        for step in draft.steps.values()
    }
    gone = {asset for group in plan.groups if group.id in undated for asset in group.assets}
    gone |= {m.asset for s in plan.steps if f"step {s.id}" in undated for m in s.moves}
    retired = {m.asset for s in plan.steps if s.id in draft.dropped for m in s.moves}
    unplaced = _unplaced(plan, gone, undated)
    decisions = _decisions(estate, facility, plan, unplaced, retired)
    retained = {d.asset for d in decisions if d.strategy == "retain"}
    unplaced = tuple(entry for entry in unplaced if entry.asset not in retained)
    if gone:  # what is not placed any more is asked for as it stands
        found = derive(estate, planning_value=plan.inputs.planning_value)
        demands = tuple(found.get(d.asset, d) if d.asset in gone else d for d in demands)
    kept = retained | gone
    steps = {name: own for name, step in steps.items() if (own := _without(step, kept)) is not None}
    waves, steps, groups = _joined(plan, calendar, chosen, steps, undated)
    ordered = tuple(sorted(steps.values(), key=lambda step: (step.start, step.id)))
    parts = replace(
        plan,
        inputs=replace(
            plan.inputs,
            estate_hash=estate.content_hash,
            estate_revision=estate.revision,
            facility_hash=facility.content_hash,
        ),
        calendar=calendar,
        decisions=decisions,
        demands=demands,
        devices=tuple(p for p in plan.devices if p.asset not in kept),
        workloads=tuple(p for p in plan.workloads if p.asset not in kept),
        unplaced=unplaced,
        groups=groups,
        waves=waves,
        steps=ordered,
        follows=(*plan.follows, plan.content_hash),
    )
    parts = replace(parts, rooms=_rooms(estate, parts, plan))
    before = (plan.demands, plan.decisions, plan.unplaced, plan.rooms)
    if (demands, decisions, unplaced, parts.rooms) != before:
        parts = replace(parts, evidence=evidence.assess(estate, facility, parts))
    return sealed(parts)


def _demands(estate: Estate, plan: Plan) -> tuple[AssetDemand, ...]:
    """Today's; the plan's own where the estate is the one it was made from."""
    if plan.inputs.estate_hash == estate.content_hash:
        return plan.demands
    found = derive(estate, planning_value=plan.inputs.planning_value)
    return tuple(found[ref] for ref in sorted(found))


def _with_deadline(step: Step, calendar: Calendar, now: Situation, cleared: datetime | None) -> Step:
    """A step that really ended later keeps its way back open for as long as was agreed, or until what it left has been
    `cleared`, where that is over already.
    """
    real = now.over.get(step.id)
    if real is None or step.rollback_deadline is None or real[1] <= step.end:
        return step
    grid = Grid(calendar)
    late = grid.ceil(real[1]) - grid.ceil(step.end)
    deadline = grid.moment(grid.ceil(step.rollback_deadline) + late)
    if cleared is not None and cleared < deadline:
        deadline = max(cleared, step.rollback_deadline)
    return replace(step, rollback_deadline=deadline)


def _unplaced(plan: Plan, gone: set[Ref], undated: Mapping[str, Why]) -> tuple[Unplaced, ...]:
    names = {decision.asset: decision.name for decision in plan.decisions}
    group_of = {asset: group.id for group in plan.groups for asset in group.assets}
    found = {entry.asset: entry for entry in plan.unplaced}
    for asset in gone:
        group = group_of.get(asset, "")
        text = undated[group].text if group in undated else "it finds no date any more"
        lack = Lack("window", None, None, f"group {group}", text)
        found[asset] = Unplaced(
            asset, names[asset], is_unproven=False, lacks=(lack,), change=not_computed(text)
        )
    return tuple(found[ref] for ref in sorted(found))


def _decisions(
    estate: Estate,
    facility: Facility,
    plan: Plan,
    unplaced: Sequence[Unplaced],
    retired: set[Ref],
) -> tuple[Decision, ...]:
    """The plan's, but for what has to stay now: for what has no date, and where no crew is left to take it out."""
    decisions = list(plan.decisions)
    if len(unplaced) > len(plan.unplaced):
        staying = [entry.asset for entry in unplaced]
        again = decide(
            estate,
            derive(estate, planning_value=plan.inputs.planning_value),
            facility=facility,
            today=plan.calendar.start.date(),
            staying=staying,
        )
        turned = {d.asset: d for d in again if d.strategy == "retain"}
        decisions = [
            turned[d.asset] if d.strategy != "retain" and d.asset in turned else d for d in decisions
        ]
    return tuple(
        replace(
            d,
            strategy="retain",
            recommended="retain",
            rule="strategy.no_date",
            reason="no crew is free within the horizon to take it out",
        )
        if d.asset in retired
        else d
        for d in decisions
    )


def _without(step: Step, kept: set[Ref]) -> Step | None:
    """A step without assets that stay; None where nothing is left of it."""
    if not step.moves or not any(move.asset in kept for move in step.moves):
        return step
    moves = tuple(move for move in step.moves if move.asset not in kept)
    return replace(step, moves=moves) if moves else None


def _ids(chosen: Mapping[str, Alternative]) -> set[str]:
    return {step.id for own in chosen.values() for step in own.steps}


def _joined(
    plan: Plan,
    calendar: Calendar,
    chosen: Mapping[str, Alternative],
    steps: Mapping[str, Step],
    undated: Mapping[str, Why],
) -> tuple[tuple[Wave, ...], dict[str, Step], tuple[MoveGroup, ...]]:
    """Waves, steps and groups with every group in the wave of the week it moves in."""
    grid, ids = Grid(calendar), _ids(chosen)
    fixed = {step.group for step in steps.values() if step.kind in TOUCHING and step.id not in ids}
    number_of = numbered(plan, grid, chosen, fixed)
    moved = {g.id for g in plan.groups if number_of[g.id] != g.wave}
    found = dict(steps)
    for name, step in steps.items():
        if step.group in moved:
            found[name] = replace(step, wave=number_of[step.group])
    for name, step in found.items():
        after = [found[p] for p in step.predecessors if p in found]
        if step.kind == "hypercare" and after and step.wave not in {s.wave for s in after}:
            found[name] = replace(step, wave=after[0].wave)
    found = audited(found)
    present = {step.group for step in found.values() if step.kind in TOUCHING}
    groups = tuple(
        replace(g, wave=number_of[g.id]) for g in plan.groups if g.id not in undated and g.id in present
    )
    return waves_of(plan, grid, groups, found.values()), found, groups


def _rooms(estate: Estate, parts: Plan, plan: Plan) -> tuple[RoomOutcome, ...]:
    """As they now come out; one that comes out as before is left as the plan has it."""
    planned = {(room.site_id, room.location_id): room for room in plan.rooms}
    before = {
        (room.site_id, room.location_id): room
        for room in rooms.outcomes(estate, plan.decisions, plan.unplaced, plan.steps)
    }
    found = []
    for room in rooms.outcomes(estate, parts.decisions, parts.unplaced, parts.steps):
        key = (room.site_id, room.location_id)
        found.append(planned[key] if key in planned and before.get(key) == room else room)
    return tuple(found)
