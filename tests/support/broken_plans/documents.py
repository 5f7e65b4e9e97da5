"""Broken plans: the document, its references, its coverage, its demands and its evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plan_builders import device, machine

from broken_plans.case import Broken, World, changed, with_objective, with_step
from capacity.facility import Facility
from capacity.plan import DateBound, Lack, Plan, Unplaced, Use, sealed
from capacity.resources import Quantity
from inventory.estate import Constraint, Estate, Ref, SpecialNeed

DAYS = 71 + 9 / 24  # until Room D is empty: an hour less by the wall clock


def _renamed(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, replace(plan, name="another")


def _other_estate(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, sealed(replace(plan, inputs=replace(plan.inputs, estate_hash="sha256:0")))


def _other_facility(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, sealed(replace(plan, inputs=replace(plan.inputs, facility_hash="sha256:0")))


def _unknown_flow(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, replace(plan, groups=changed(plan.groups, "id", "G2", cut_flows=(6, 99)))


def _unknown_predecessor(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, with_step(plan, "clear-3", predecessors=("cut-3", "nothing"))


def _unknown_resource(estate: Estate, facility: Facility, plan: Plan) -> World:
    step = next(s for s in plan.steps if s.id == "hosts")
    uses = (*step.uses, Use("robot", 1.0, step.start, step.end))
    return estate, facility, with_step(plan, "hosts", uses=uses)


def _unknown_group(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, replace(plan, waves=changed(plan.waves, "number", 1, groups=("G1", "G9")))


def _unknown_circuit(estate: Estate, facility: Facility, plan: Plan) -> World:
    step = next(s for s in plan.steps if s.id == "copy-2")
    uses = (*step.uses, Use("circuit:99", 1.0, step.start, step.end))
    return estate, facility, with_step(plan, "copy-2", uses=uses)


def _repeated_wave(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, replace(plan, waves=(*plan.waves, replace(plan.waves[1], groups=())))


def _undecided(estate: Estate, facility: Facility, plan: Plan) -> World:
    return (
        estate,
        facility,
        replace(plan, decisions=tuple(d for d in plan.decisions if d.asset != machine(6))),
    )


def _decided_twice(estate: Estate, facility: Facility, plan: Plan) -> World:
    twice = next(d for d in plan.decisions if d.asset == machine(6))
    return estate, facility, replace(plan, decisions=(*plan.decisions, twice))


def _forgotten(estate: Estate, facility: Facility, plan: Plan) -> World:
    bare = replace(
        plan,
        unplaced=tuple(u for u in plan.unplaced if u.asset != device(12)),
        rooms=changed(plan.rooms, "location_id", 2, remaining=(device(9), device(13))),
    )
    return estate, facility, with_objective(bare, "unplaced", 1.0, 1.0)


def _with_demand(plan: Plan, ref: Ref, **quantities: Quantity | None) -> Plan:
    demand = next(d for d in plan.demands if d.asset == ref)
    known = {**demand.quantities, **quantities}
    kept = {name: quantity for name, quantity in known.items() if quantity is not None}
    return replace(plan, demands=changed(plan.demands, "asset", ref, quantities=kept))


def _without_ports(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, _with_demand(plan, device(11), ports=None)


def _without_redundancy(estate: Estate, facility: Facility, plan: Plan) -> World:
    demands = changed(plan.demands, "asset", device(5), redundancy=None, redundancy_rule=None)
    return estate, facility, replace(plan, demands=demands)


def _called_proven(estate: Estate, facility: Facility, plan: Plan) -> World:
    return (
        estate,
        facility,
        replace(plan, unplaced=changed(plan.unplaced, "asset", device(9), is_unproven=False)),
    )


def _understated(estate: Estate, facility: Facility, plan: Plan) -> World:
    less = _with_demand(plan, device(11), power_w=Quantity(120, 300, 400, "power.type_ports"))
    return estate, facility, with_objective(less, "energy_kwh", (5420 - 100) * 8.76 * 1.3)


def _wrong_rule(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, _with_demand(plan, machine(5), vcpus=Quantity.exact(2, "vcpus.assumed"))


def _wrong_height(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, replace(plan, demands=changed(plan.demands, "asset", device(5), height_u=0.5))


def _against_nobody(estate: Estate, facility: Facility, plan: Plan) -> World:
    return (
        estate,
        facility,
        replace(plan, decisions=changed(plan.decisions, "asset", device(10), recommended="retain")),
    )


def _override_ignored(estate: Estate, facility: Facility, plan: Plan) -> World:
    overrides = changed(estate.strategy_overrides, "object", device(11), object=device(13), strategy="retire")
    decisions = changed(plan.decisions, "asset", device(11), recommended="relocate")
    return replace(estate, strategy_overrides=overrides), facility, replace(plan, decisions=decisions)


def _kept_moves(estate: Estate, facility: Facility, plan: Plan) -> World:
    decisions = changed(plan.decisions, "asset", machine(6), strategy="rehost", recommended="rehost")
    unplaced = (
        *plan.unplaced,
        Unplaced(machine(6), "vm-6", True, (Lack("vcpus", None, None, "", "unknown"),)),
    )
    bare = replace(plan, decisions=decisions, unplaced=unplaced)
    return estate, facility, with_objective(bare, "unplaced", 3.0)


def _bound_moves(estate: Estate, facility: Facility, plan: Plan) -> World:
    bound = Constraint(20, "building_bound", "clock", (device(12),))
    return replace(estate, constraints=(*estate.constraints, bound)), facility, plan


def _dongle_rehosted(estate: Estate, facility: Facility, plan: Plan) -> World:
    return (
        replace(estate, special_needs=(*estate.special_needs, SpecialNeed(9, device(6), "dongle"))),
        facility,
        plan,
    )


def _miscounted(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, with_objective(plan, "new_racks", 1.0)


def _bound_above(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, with_objective(plan, "cloud_hosts", 3.0, 4.0)


def _wrong_gap(estate: Estate, facility: Facility, plan: Plan) -> World:
    objectives = changed(plan.evidence.objectives, "name", "new_racks", gap=0.25)
    return estate, facility, replace(plan, evidence=replace(plan.evidence, objectives=objectives))


def dated(plan: Plan, *dates: tuple[str, float, float]) -> Plan:
    """A plan that tells so of the dates of its rooms: name, value and bound of each."""
    told = tuple(DateBound(*entry, "of a relaxation") for entry in dates)
    return replace(plan, evidence=replace(plan.evidence, dates=told))


def _dates(*dates: tuple[str, float, float]) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, dated(plan, *dates)

    return breaks


def _never_empty(estate: Estate, facility: Facility, plan: Plan) -> World:
    """Dates are told of, and the only room that became empty is said to be kept."""
    rooms = changed(plan.rooms, "location_id", 1, emptied_at=None, why_not="the tower stays")
    return (
        estate,
        facility,
        dated(replace(plan, rooms=rooms), ("room_days", 0.0, 0.0), ("last_room_days", 0.0, 0.0)),
    )


def _reordered(estate: Estate, facility: Facility, plan: Plan) -> World:
    objectives = plan.evidence.objectives
    return estate, facility, replace(plan, evidence=replace(plan.evidence, objectives=objectives[::-1]))


def _case(code: str, title: str, breaks: Any, object_: str, **found: Any) -> Broken:
    return Broken(code, title, breaks, object_, **found)


CASES = (
    _case("PLAN-HASH", "renamed after sealing", _renamed, "plan", keeps_hashes=True),
    _case("INPUT-ESTATE", "made from another estate", _other_estate, "estate", keeps_hashes=True),
    _case("INPUT-FACILITY", "made from another facility", _other_facility, "facility", keeps_hashes=True),
    _case("REF-UNKNOWN", "a group cuts an unknown flow", _unknown_flow, "group G2"),
    _case("REF-UNKNOWN", "a step follows an unknown one", _unknown_predecessor, "step clear-3"),
    _case("REF-UNKNOWN", "a step holds an unknown resource", _unknown_resource, "step hosts"),
    _case("REF-UNKNOWN", "a wave lists an unknown group", _unknown_group, "wave 1"),
    _case("REF-UNKNOWN", "a step holds an unknown circuit", _unknown_circuit, "step copy-2"),
    _case("REF-UNKNOWN", "two waves of one number", _repeated_wave, "wave 2", amount=1.0),
    _case("COVERAGE", "an asset without decision", _undecided, "virtual machine vm-6", asset=machine(6)),
    _case(
        "COVERAGE", "an asset with two decisions", _decided_twice, "virtual machine vm-6", asset=machine(6)
    ),
    _case("COVERAGE", "neither placed nor unplaced", _forgotten, "device tower", asset=device(12)),
    _case("UNPROVEN", "no ports stated", _without_ports, "device files, ports", asset=device(11)),
    _case(
        "UNPROVEN", "no redundancy stated", _without_redundancy, "device signal, redundancy", asset=device(5)
    ),
    _case("UNPROVEN", "an unknown called known", _called_proven, "device mystery, power_w", asset=device(9)),
    _case(
        "DEMAND",
        "a draw planned too low",
        _understated,
        "device files, power_w",
        asset=device(11),
        amount=100.0,
    ),
    _case("DEMAND", "another rule named", _wrong_rule, "virtual machine vm-5, vcpus", asset=machine(5)),
    _case("DEMAND", "half as high as its type", _wrong_height, "device signal, height_u", asset=device(5)),
    _case(
        "OVERRIDE", "against the recommendation, by nobody", _against_nobody, "device vault", asset=device(10)
    ),
    _case("OVERRIDE", "an override not followed", _override_ignored, "device esx-town", asset=device(13)),
    _case("KEEP", "a kept machine is rehosted", _kept_moves, "virtual machine vm-6", asset=machine(6)),
    _case("KEEP", "a building-bound device is relocated", _bound_moves, "device tower", asset=device(12)),
    _case("KEEP", "a dongle is rehosted", _dongle_rehosted, "device ticket-db", asset=device(6)),
    _case("EVIDENCE", "one rack too few counted", _miscounted, "new_racks", amount=-1.0),
    _case("EVIDENCE", "a bound above its value", _bound_above, "cloud_hosts", amount=1.0),
    _case("EVIDENCE", "a gap made up", _wrong_gap, "new_racks", amount=-0.75),
    _case("EVIDENCE", "objectives out of order", _reordered, "objectives"),
    _case(
        "EVIDENCE",
        "a room empty ten days sooner than it is",
        _dates(("room_days", DAYS - 10, 60.0), ("last_room_days", DAYS, 60.0)),
        "room_days",
        amount=-10.0,
    ),
    _case(
        "EVIDENCE",
        "a last room empty sooner than it is",
        _dates(("room_days", DAYS, 60.0), ("last_room_days", DAYS - 1, 60.0)),
        "last_room_days",
        amount=-1.0,
    ),
    _case(
        "EVIDENCE",
        "no sooner than a day after it is",
        _dates(("room_days", DAYS, 60.0), ("last_room_days", DAYS, DAYS + 1)),
        "last_room_days",
        amount=1.0,
    ),
    _case(
        "EVIDENCE",
        "a bound before the plan begins",
        _dates(("room_days", DAYS, -1.0), ("last_room_days", DAYS, 60.0)),
        "room_days",
        amount=1.0,
    ),
    _case(
        "EVIDENCE",
        "dates of nobody knows what",
        _dates(("room_weeks", 10.0, 9.0), ("last_room_days", DAYS, 60.0)),
        "dates",
    ),
    _case("EVIDENCE", "half of the dates", _dates(("last_room_days", DAYS, 60.0)), "dates"),
    _case("EVIDENCE", "dates of no room", _never_empty, "dates"),
)
