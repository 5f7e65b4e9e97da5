"""Broken plans: what the document says of itself and of assets, and what has to wait for another's way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from plan_builders import a_step, at, device, machine

from broken_plans.case import Broken, World, changed, with_step
from capacity.facility import Facility
from capacity.plan import Citation, Plan
from capacity.resources import Quantity
from inventory.estate import Estate, Ref

Breaks = Callable[[Estate, Facility, Plan], World]
TOWER = device(12)


def _plan(**changes: Any) -> Breaks:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, replace(plan, **changes)

    return breaks


def _inputs(**changes: Any) -> Breaks:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, replace(plan, inputs=replace(plan.inputs, **changes))

    return breaks


def _calendar(**changes: Any) -> Breaks:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, replace(plan, calendar=replace(plan.calendar, **changes))

    return breaks


def _row(rows: str, field: str, of: object, /, **changes: Any) -> Breaks:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, replace(plan, **{rows: replaced(getattr(plan, rows), field, of, changes)})

    return breaks


def replaced(rows: tuple[Any, ...], field: str, of: object, changes: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(replace(row, **changes) if getattr(row, field) == of else row for row in rows)


def _decided(ref: Ref, **changes: Any) -> Breaks:
    return _row("decisions", "asset", ref, **changes)


def _unassumed(name: str) -> Breaks:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        kept = tuple(a for a in plan.evidence.assumptions if a.name != name)
        return estate, facility, replace(plan, evidence=replace(plan.evidence, assumptions=kept))

    return breaks


def _stated(ref: Ref, name: str, quantity: Quantity) -> Breaks:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        known = next(d for d in plan.demands if d.asset == ref).quantities
        demands = changed(plan.demands, "asset", ref, quantities={**known, name: quantity})
        return estate, facility, replace(plan, demands=demands)

    return breaks


def _never_grouped(estate: Estate, facility: Facility, plan: Plan) -> World:
    """A machine that moves on its own, of no group and in no wave: no audit and no freeze would be asked of it."""
    groups = changed(plan.groups, "id", "G3", assets=(device(10), device(11)), cut_flows=(3, 4))
    return estate, facility, with_step(replace(plan, groups=groups), "cut-3", group=None, wave=None)


def _room_forgotten(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, replace(plan, rooms=plan.rooms[:1])


def _counted_from_below(estate: Estate, facility: Facility, plan: Plan) -> World:
    """Whatever stands in the rack would be out of its kit's way."""
    return estate, facility, replace(plan, racks=changed(plan.racks, "id", "N2", starting_unit=0))


def _too_soon(estate: Estate, facility: Facility, plan: Plan) -> World:
    early = a_step("early", "hypercare", at(1, 29, 9), at(1, 29, 10), [], {"crew": 1})
    return estate, facility, replace(plan, steps=(*plan.steps, early))


def _blade_to_the_cloud(estate: Estate, facility: Facility, plan: Plan) -> World:
    """Device 6 sat in a bay of the chassis, which moves a week after it did: no bay is left to go back to."""
    devices = changed(
        estate.devices, "id", 6, rack_id=None, position=None, face=None, location_id=1, parent_device_id=1,
        parent_bay="Bay 2",
    )  # fmt: skip
    steps = tuple(
        replace(
            step,
            moves=tuple(
                replace(m, source=replace(m.source, rack_id=None)) if m.asset == device(6) and m.source else m
                for m in step.moves
            ),
        )
        for step in plan.steps
    )
    chassis = next(d for d in plan.demands if d.asset == device(1)).quantities
    weighed = {**chassis, "weight_kg": Quantity.exact(81, "weight.type")}
    demands = changed(plan.demands, "asset", device(1), quantities=weighed)
    return replace(estate, devices=devices), facility, replace(plan, steps=steps, demands=demands)


def _switch_taken_out(estate: Estate, facility: Facility, plan: Plan) -> World:
    """The retired host was the depot's switch."""
    devices = changed(estate.devices, "id", 7, role_id=2, cluster_id=None)
    early = a_step(
        "retire-7", "retire", at(3, 27, 12), at(3, 27, 13), [device(7)], {"crew": 1}, after="cut-1"
    )
    steps = tuple(early if step.id == "retire-7" else step for step in plan.steps)
    return replace(estate, devices=devices), facility, replace(plan, steps=steps)


CASES = (
    Broken("DOCUMENT", "a status of its own", _plan(status="approved"), "plan"),
    Broken("DOCUMENT", "at the low values", _inputs(planning_value="low"), "inputs"),
    Broken("DOCUMENT", "begun before its calendar", _inputs(start=at(1, 1)), "inputs"),
    Broken(
        "DOCUMENT", "said to be another's", _decided(device(11), partner="stib"), "device files", device(11)
    ),
    Broken(
        "DOCUMENT", "under another's name", _decided(device(11), name="vault"), "device files", device(11)
    ),
    Broken(
        "DOCUMENT",
        "a status made up",
        _decided(device(11), cites=(Citation("devices.11.status", "offline"),)),
        "device files",
        device(11),
    ),
    Broken(
        "DOCUMENT",
        "a ground that is not there",
        _decided(device(11), cites=(Citation("devices.99.status", "active"),)),
        "device files",
        device(11),
    ),
    Broken("DOCUMENT", "no word why", _row("unplaced", "asset", TOWER, lacks=()), "device tower", TOWER),
    Broken(
        "DOCUMENT",
        "unplaced by another name",
        _row("unplaced", "asset", TOWER, name="x"),
        "device tower",
        TOWER,
    ),
    Broken(
        "UNPROVEN",
        "a known called unknown",
        _row("unplaced", "asset", TOWER, is_unproven=True),
        "device tower",
        TOWER,
    ),
    Broken(
        "DEMAND",
        "a narrower range",
        _stated(device(11), "power_w", Quantity(400, 400, 400, "power.type_ports")),
        "device files, power_w",
        device(11),
    ),
    Broken(
        "DEMAND",
        "an estimate called known",
        _stated(device(11), "ports", Quantity(0, 2, 2, "ports.assumed")),
        "device files, ports",
        device(11),
    ),
    Broken(
        "DEMAND",
        "a draw of what nobody measured",
        _stated(device(9), "power_w", Quantity.exact(100, "power.nameplate")),
        "device mystery, power_w",
        device(9),
    ),
    Broken("EVIDENCE", "an estimate not listed", _unassumed("ports.assumed"), "assumption ports.assumed"),
    Broken(
        "EVIDENCE",
        "the core taken for known",
        _unassumed("calendar.core_mbps"),
        "assumption calendar.core_mbps",
    ),
    Broken("RACK-STOCK", "units counted from below", _counted_from_below, "rack N2"),
    Broken("HORIZON", "before the first day", _too_soon, "step early", None, at(1, 29, 9), 60 * 63.0),
    Broken(
        "HORIZON",
        "an hour after the last",
        _calendar(horizon_end=at(4, 13, 9)),
        "step retire-7",
        None,
        at(4, 13, 9),
        60.0,
    ),
    Broken("GROUP", "moved on its own", _never_grouped, "step cut-3", None, at(3, 21, 8)),
    Broken(
        "GROUP",
        "frozen when it is over",
        _row("waves", "number", 1, frozen_on=at(3, 15)),
        "wave 1",
        None,
        at(3, 13, 20),
    ),
    Broken(
        "GROUP",
        "another wave's group listed",
        _row("waves", "number", 1, groups=("G1", "G2")),
        "wave 1",
        None,
        at(3, 13, 20),
    ),
    Broken(
        "GROUP",
        "a cut flow left out",
        _row("groups", "id", "G1", cut_flows=(4,)),
        "group G1",
        None,
        None,
        1.0,
    ),
    Broken(
        "GROUP",
        "a flow it never cuts",
        _row("groups", "id", "G1", cut_flows=(1, 4, 6)),
        "group G1",
        None,
        None,
        1.0,
    ),
    Broken(
        "GROUP",
        "copied for another group",
        _row("steps", "id", "copy-2", group="G1"),
        "step copy-2",
        machine(5),
        at(3, 10, 20),
    ),
    Broken("ROOM", "one not spoken of", _room_forgotten, "room Room T"),
    Broken(
        "ROOM",
        "one that stays left out",
        _row("rooms", "location_id", 2, remaining=(device(9), device(12))),
        "room Room T",
        device(13),
    ),
    Broken(
        "ROLLBACK",
        "no bay to go back to",
        _blade_to_the_cloud,
        "device chassis",
        device(1),
        at(3, 20, 22),
        7 + 2 / 24,
    ),
    Broken(
        "ROLLBACK",
        "the switch before the machines' way back ends",
        _switch_taken_out,
        "device esx-depot",
        device(7),
        at(3, 27, 12),
        0.5,
    ),
)
