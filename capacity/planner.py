"""Makes a Plan: demands, strategies, placement and dates in turn, until what is placed is also dated.

A pure function of its inputs: the same Estate, Facility, Calendar and seed give the same bytes. It asks the parts in
order and hands over what one finds out to the next (an asset without a date gives its place back; what serves an asset
that stays, stays too). Whether the result holds is for `verify`, which shares nothing with what is called here.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from capacity import evidence, placement, waves
from capacity.as_planned import frame_of
from capacity.belonging import Belonging
from capacity.calendar import Calendar
from capacity.demand import derive
from capacity.endings import best, ended
from capacity.facility import Facility
from capacity.placement import Placement
from capacity.placing.cloud_placement import WORKLOAD_DIMENSIONS
from capacity.placing.mounts import Mounts
from capacity.placing.rack_items import unknown_of_device, unproven
from capacity.plan import AssetDemand, Decision, Inputs, Lack, Place, Plan, Step, Unplaced, sealed
from capacity.smallest_change import with_changes
from capacity.strategies import decide
from capacity.timetable.anchors import STAYING, anchored_whatever_is_placed
from capacity.timetable.move_groups import FlowEnds
from capacity.verification.violations import Violation
from capacity.verify import check
from inventory.estate import Estate, Ref

ROUNDS = 4  # places given back change what fits; after this many rounds what has no date stays unplaced
LINE_MARGINS = (
    0.9,
    0.6,
    0.3,
)  # how full crossing flows may make a line while one night's order is still open

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """How full crossing flows may make a line, what stays because no order of nights suited its line, racks known."""

    line_margin: float
    barred: Mapping[Ref, Unplaced]
    mounts: Mounts


def plan(
    estate: Estate,
    facility: Facility,
    calendar: Calendar,
    *,
    seed: int = 0,
    name: str = "plan",
    planning_value: str = "high",
    progress: Progress | None = None,
) -> Plan:
    """The plan of `proven`, without what the checker said of it."""
    return proven(
        estate, facility, calendar, seed=seed, name=name, planning_value=planning_value, progress=progress
    )[0]


@contextmanager
def _inputs_kept() -> Iterator[None]:
    """Keep the collector off the inputs, which stay to the end: walking them for garbage takes a tenth of the time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@_inputs_kept()
def proven(
    estate: Estate,
    facility: Facility,
    calendar: Calendar,
    *,
    seed: int = 0,
    name: str = "plan",
    planning_value: str = "high",
    progress: Progress | None = None,
) -> tuple[Plan, tuple[Violation, ...]]:
    """Plan the consolidation of an estate into a facility, and what the checker says of the plan.

    Violations remain only where inputs contradict themselves (a person's override against a constraint).
    `planning_value`: where hard limits hold within a demand's range, "high" or "mid". `progress` is called with the
    stage, what is done of it and what it has in all. Raises VorstError for inputs that can't be planned with at all.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    mounts = Mounts()
    margins = list(LINE_MARGINS)
    barred: dict[Ref, Unplaced] = {}
    while True:
        result = _plan(
            estate,
            facility,
            calendar,
            seed=seed,
            name=name,
            planning_value=planning_value,
            attempt=_Attempt(margins.pop(0) if len(margins) > 1 else margins[0], barred, mounts),
            tell=tell,
        )
        tell("proving", 0, 1)
        violations = check(estate, facility, result)
        tell("proving", 1, 1)
        overfull = {v.moment for v in violations if v.code in {"CIRCUIT", "CORE"} and v.moment is not None}
        if not overfull:
            return result, violations
        if len(margins) == 1:
            # No order of the nights that was tried suits the line: what moves at that moment keeps its place.
            late = _moving_at(result, overfull)
            if not late.keys() - barred.keys():
                return result, violations
            barred |= late


def _moving_at(found: Plan, moments: Collection[datetime]) -> dict[Ref, Unplaced]:
    """What a step that starts or ends at one of the moments moves, each with its whole group."""
    steps = [s for s in found.steps if s.moves and s.group and not {s.start, s.end}.isdisjoint(moments)]
    groups = {step.group for step in steps}
    names = {decision.asset: decision.name for decision in found.decisions}
    late = {}
    for ref in sorted({asset for group in found.groups if group.id in groups for asset in group.assets}):
        why = f"when {names[ref]} moves, flows that then cross sites ask more than a line of its site carries"
        lack = Lack("rate_mbps", None, None, f"{ref.kind}[{ref.id}]", why)
        late[ref] = Unplaced(ref, names[ref], is_unproven=False, lacks=(lack,))
    return late


def _plan(
    estate: Estate,
    facility: Facility,
    calendar: Calendar,
    *,
    seed: int,
    name: str,
    planning_value: str,
    attempt: _Attempt,
    tell: Progress,
) -> Plan:
    demands = derive(estate, planning_value=planning_value)
    today = calendar.start.date()
    period = (today, waves.last_day(calendar))
    in_flows = {asset for _, first, second in FlowEnds(estate).flows for asset in (*first, *second)}
    decisions = decide(estate, demands, facility=facility, today=today)
    placed: Placement | None = None
    dropped: dict[Ref, Unplaced] = {
        **anchored_whatever_is_placed(estate, calendar, decisions),
        **attempt.barred,
    }
    dropped |= _stranding(estate, decisions, [*dropped.values()], _moving(decisions))
    dropped = _known_enough(dropped, decisions, demands)
    if dropped:
        decisions = decide(estate, demands, facility=facility, today=today, staying=dropped.keys())
    rounds = 0
    while True:
        tell("placing", rounds, ROUNDS)
        placed = placed or placement.filled(
            estate,
            facility,
            _without(decisions, dropped),
            demands,
            seed=seed,
            period=period,
            mounts=attempt.mounts,
        )
        tell("dating", 0, 1)
        dates = waves.Dates(
            estate,
            facility,
            calendar,
            decisions,
            demands,
            placed,
            waves.Trying(seed, attempt.line_margin),
        )
        dated = dates.usual(lambda done, total: tell("dating", done, total))
        late = {entry.asset: entry for entry in dated.dropped}
        moving = {d.asset for d in placed.devices} | {w.asset for w in placed.workloads}
        late |= _stranding(estate, decisions, (*placed.unplaced, *dated.dropped, *dropped.values()), moving)
        dropped |= late
        unplaced = {entry.asset: entry for entry in placed.unplaced} | dropped
        before, decisions = (
            decisions,
            decide(estate, demands, facility=facility, today=today, staying=unplaced.keys()),
        )
        turned = {
            now.asset for then, now in zip(before, decisions, strict=True) if then.strategy != now.strategy
        }
        rounds += 1
        if rounds == ROUNDS or not (late or turned & in_flows):
            break
        if late:
            placed = None
    searched = dates.searched(lambda done, total: tell("dating", done, total))
    tell("placing", rounds, ROUNDS)
    placed = _cleared(placed, dropped, {name for step in dated.steps for name in step.commissions})
    # The floor once, when it is settled what comes: a round more would only turn it over again.
    placed, names = placement.at_positions(estate, facility, demands, placed, seed=seed)
    unplaced = {entry.asset: entry for entry in placed.unplaced} | dropped
    left_out = tuple(unplaced[ref] for ref in sorted(unplaced))
    endings = [ended(estate, calendar, decisions, demands, left_out, found) for found in (dated, *searched)]
    ending = best(endings[0], endings[1:], calendar.start)
    dated, decisions = ending.dated, ending.decisions
    renamed = (_in_renamed(step, names) for step in dated.steps)
    steps = tuple(sorted((*renamed, *ending.retired), key=lambda step: (step.start, step.id)))
    tell("weighing", 0, 1)
    parts = Plan(
        name=name,
        status="complete",
        inputs=Inputs(
            estate.content_hash, estate.revision, facility.content_hash, seed, calendar.start, planning_value
        ),
        calendar=calendar,
        decisions=decisions,
        demands=tuple(demands[ref] for ref in sorted(demands)),
        racks=placed.racks,
        hosts=placed.hosts,
        devices=placed.devices,
        workloads=placed.workloads,
        unplaced=left_out,
        groups=dated.groups,
        waves=dated.waves,
        steps=steps,
        rooms=ending.rooms,
        evidence=evidence.EMPTY,
    )
    room = frame_of(facility, parts)
    parts = replace(parts, unplaced=with_changes(estate, facility, parts, room=room))
    return sealed(replace(parts, evidence=evidence.assess(estate, facility, parts, room=room)))


def _known_enough(
    dropped: Mapping[Ref, Unplaced], decisions: Sequence[Decision], demands: Mapping[Ref, AssetDemand]
) -> dict[Ref, Unplaced]:
    """Without what is unknown beside: placement says so of it, and no limit is known before that is."""
    strategies = {decision.asset: decision.strategy for decision in decisions}

    def unknown(ref: Ref) -> tuple[str, ...]:
        if strategies[ref] == "relocate":
            return unknown_of_device(demands.get(ref))
        return unproven(demands.get(ref), WORKLOAD_DIMENSIONS)

    return {ref: entry for ref, entry in dropped.items() if not unknown(ref)}


def _without(decisions: Sequence[Decision], dropped: Mapping[Ref, Unplaced]) -> tuple[Decision, ...]:
    """The decisions as placement sees them: what has no date asks for no place."""
    return tuple(replace(d, strategy="retain") if d.asset in dropped else d for d in decisions)


def _cleared(placed: Placement, dropped: Mapping[Ref, Unplaced], brought_up: Collection[str]) -> Placement:
    """The placement without what found no date, and without racks and hosts that no crew brings up in time."""
    return replace(
        placed,
        racks=tuple(rack for rack in placed.racks if rack.id in brought_up),
        hosts=tuple(host for host in placed.hosts if host.id in brought_up),
        devices=tuple(p for p in placed.devices if p.asset not in dropped),
        workloads=tuple(p for p in placed.workloads if p.asset not in dropped),
    )


def _in_renamed(step: Step, names: Mapping[str, str]) -> Step:
    """A step with racks under the names of the positions they have moved to."""

    def to_rack(place: Place | None) -> Place | None:
        if place is None or place.rack is None:
            return place
        return replace(place, rack=names.get(place.rack, place.rack))

    moves = tuple(replace(move, target=to_rack(move.target)) for move in step.moves)
    return replace(step, moves=moves, commissions=tuple(names.get(name, name) for name in step.commissions))


def _stranding(
    estate: Estate, decisions: Sequence[Decision], unplaced: Sequence[Unplaced], leaving: Collection[Ref]
) -> dict[Ref, Unplaced]:
    """Devices that would leave while machines that stay run on them, each with all that moves in its chassis."""
    machines, devices = estate.by_id("virtual_machines"), estate.by_id("devices")
    staying = {
        machines[entry.asset.id].cluster_id for entry in unplaced if entry.asset.kind == "virtual_machines"
    } - {None}
    moving = {ref for ref in leaving if ref.kind == "devices"}
    names = {decision.asset: decision.name for decision in decisions}
    children = Belonging(estate).children
    found: dict[Ref, Unplaced] = {}
    for ref in sorted(moving):
        device = devices[ref.id]
        if device.cluster_id not in staying:
            continue
        chassis = device.parent_device_id or device.id
        lack = Lack(
            "cluster", None, None, f"devices[{ref.id}]", f"{names[ref]} still runs machines that stay"
        )
        for member in (chassis, *(child.id for child in children.get(chassis, ()))):
            if Ref("devices", member) in moving:
                found[Ref("devices", member)] = Unplaced(
                    Ref("devices", member), names[Ref("devices", member)], is_unproven=False, lacks=(lack,)
                )
    return found


def _moving(decisions: Sequence[Decision]) -> set[Ref]:
    """What should move."""
    return {d.asset for d in decisions if d.strategy not in STAYING}
