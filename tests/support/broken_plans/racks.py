"""Broken plans: racks, their units, the floor, zones, owners, together and apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plan_builders import at, device, machine

from broken_plans.case import Broken, World, changed, hosted, placed
from capacity.facility import Facility, FloorLimit, Route, Supply
from capacity.plan import Plan
from inventory.estate import Constraint, Estate

RACKS_COME, HOSTS_COME, WORKLOADS_COME = at(3, 8, 8), at(3, 9, 8), at(3, 10, 20)
DEPOT_COMES, TOWN_COMES = at(3, 20, 22), at(3, 21, 8)


def _narrow_bay(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, replace(facility, positions=changed(facility.positions, "name", "P1", width_m=0.7)), plan


def _position_taken(estate: Estate, facility: Facility, plan: Plan) -> World:
    standing = replace(facility.racks[0], id="S2", position="P1", owner="stib", contents=())
    return estate, replace(facility, racks=(*facility.racks, standing)), plan


def _out_of_stock(estate: Estate, facility: Facility, plan: Plan) -> World:
    return (
        estate,
        replace(facility, rack_models=changed(facility.rack_models, "model", "rack", stock=1)),
        plan,
    )


def _light_rack(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, replace(plan, racks=changed(plan.racks, "id", "N1", tare_kg=100.0))


def _kit_missing(estate: Estate, facility: Facility, plan: Plan) -> World:
    contents = plan.racks[0].contents[:1]
    return estate, facility, replace(plan, racks=changed(plan.racks, "id", "N1", contents=contents))


def _placed(ref: Any, **changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, placed(plan, ref, **changes)

    return breaks


def _hosted(ref: Any, host: str) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, hosted(plan, ref, host)

    return breaks


def _chassis_retired(estate: Estate, facility: Facility, plan: Plan) -> World:
    """The reader becomes a card in a retired host: it can't stay when that goes."""
    devices = changed(estate.devices, "id", 8, parent_device_id=7, parent_bay="Slot 1")
    return replace(estate, devices=devices), facility, plan


def _weak_racks(estate: Estate, facility: Facility, plan: Plan) -> World:
    models = changed(facility.rack_models, "model", "rack", max_weight_kg=250.0)
    racks = tuple(replace(rack, max_weight_kg=250.0) for rack in plan.racks)
    return estate, replace(facility, rack_models=models), replace(plan, racks=racks)


def _floor(**limit: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, replace(facility, halls=(replace(facility.halls[0], floor=FloorLimit(**limit)),)), plan

    return breaks


def _few_ports(estate: Estate, facility: Facility, plan: Plan) -> World:
    kit = changed(facility.rack_models[0].kit, "name", "top", ports_provided=13)
    racks = tuple(
        replace(r, contents=changed(r.contents, "name", "top", ports_provided=13)) for r in plan.racks
    )
    models = changed(facility.rack_models, "model", "rack", kit=kit)
    return estate, replace(facility, rack_models=models), replace(plan, racks=racks)


def _constrained(*constraints: Constraint) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return replace(estate, constraints=(*estate.constraints, *constraints)), facility, plan

    return breaks


def _other_tenant(estate: Estate, facility: Facility, plan: Plan) -> World:
    decisions = changed(plan.decisions, "asset", device(11), partner="stib")
    estate = replace(estate, devices=changed(estate.devices, "id", 11, tenant_id=1))
    return estate, facility, replace(plan, decisions=decisions)


def _caged(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, replace(facility, positions=changed(facility.positions, "name", "P1", owner="cirb")), plan


def _single_corded(estate: Estate, facility: Facility, plan: Plan) -> World:
    """A switch in another rack than a single-corded server, both behind side A: its loss takes both down."""
    devices = changed(estate.devices, "id", 10, supply_redundancy="1+0")
    apart = Constraint(20, "apart", "halves", (device(10), device(3)), scope="feed")
    estate = replace(estate, devices=devices, constraints=(*estate.constraints, apart))
    plan = placed(plan, device(10), supplies=(Supply("P3-A", "L1"),))
    return (
        estate,
        facility,
        replace(
            plan,
            demands=changed(
                plan.demands, "asset", device(10), redundancy="1+0", redundancy_rule="redundancy.stated"
            ),
        ),
    )


def _weak_floor(estate: Estate, facility: Facility, plan: Plan) -> World:
    """The new racks weigh next to nothing; the chassis that comes to stand in one weighs 66 kg."""
    light = {"tare_kg": 40.0, "kit": tuple(replace(k, weight_kg=1.0) for k in facility.rack_models[0].kit)}
    contents = {rack.id: tuple(replace(m, weight_kg=1.0) for m in rack.contents) for rack in plan.racks}
    facility = replace(
        facility,
        rack_models=(replace(facility.rack_models[0], **light),),
        halls=changed(facility.halls, "name", "H1", routes=(Route("path", rolling_kg=60.0),)),
    )
    racks = tuple(replace(r, tare_kg=40.0, contents=contents[r.id]) for r in plan.racks)
    return estate, facility, replace(plan, racks=racks)


def _low_door(estate: Estate, facility: Facility, plan: Plan) -> World:
    """One of two new racks is of a lower model; the way in is as low as that, or lower, narrow and weak."""
    low = replace(facility.rack_models[0], model="low", outer_height_mm=1900.0)
    racks = changed(plan.racks, "id", "N2", model="low")
    routes = (Route("door", height_mm=1950.0), Route("hatch", rolling_kg=100.0))
    facility = replace(
        facility,
        rack_models=(*facility.rack_models, low),
        halls=changed(facility.halls, "name", "H1", routes=routes),
    )
    return estate, facility, replace(plan, racks=racks)


CASES = (
    Broken("RACK-POSITION", "a bay too narrow", _narrow_bay, "rack N1", None, RACKS_COME, 0.1),
    Broken("RACK-POSITION", "a position taken", _position_taken, "rack N1", None, RACKS_COME),
    Broken("RACK-STOCK", "one rack too many", _out_of_stock, "rack model rack", None, None, 1.0),
    Broken("RACK-STOCK", "a rack lighter than its model", _light_rack, "rack N1"),
    Broken("RACK-STOCK", "kit left out", _kit_missing, "rack N1"),
    Broken(
        "UNIT-OVERLAP",
        "in the chassis' units",
        _placed(device(5), position=3.0),
        "rack N1",
        device(5),
        DEPOT_COMES,
        1.0,
    ),
    Broken(
        "UNIT-OVERLAP",
        "two half-depth ones on one face",
        _placed(device(4), face="rear"),
        "rack N1",
        device(4),
        DEPOT_COMES,
        1.0,
    ),
    Broken(
        "UNIT-OVERLAP",
        "in the units of an occupant",
        _placed(device(10), position=23.0),
        "rack S1",
        device(10),
        TOWN_COMES,
        1.0,
    ),
    Broken(
        "UNIT-OVERLAP",
        "in a reserved unit",
        _placed(device(10), position=30.0),
        "rack S1",
        device(10),
        TOWN_COMES,
        1.0,
    ),
    Broken(
        "UNIT-RANGE",
        "above the top",
        _placed(device(5), position=43.0),
        "rack N1",
        device(5),
        DEPOT_COMES,
        1.0,
    ),
    Broken(
        "UNIT-RANGE",
        "below the lowest",
        _placed(device(5), position=0.0),
        "rack N1",
        device(5),
        DEPOT_COMES,
        1.0,
    ),
    Broken(
        "UNIT-RANGE",
        "a whole unit on a half one",
        _placed(device(5), position=10.5),
        "rack N1",
        device(5),
        DEPOT_COMES,
        0.5,
    ),
    Broken("UNIT-RANGE", "no position", _placed(device(5), position=None), "rack N1", device(5), DEPOT_COMES),
    Broken(
        "BAY",
        "a blade in another rack",
        _placed(device(2), rack="N2"),
        "device blade",
        device(2),
        DEPOT_COMES,
    ),
    Broken(
        "BAY",
        "a blade in another bay",
        _placed(device(2), parent_bay="Bay 2"),
        "device blade",
        device(2),
        DEPOT_COMES,
    ),
    Broken("BAY", "a card stays when its host goes", _chassis_retired, "device badge", device(8)),
    Broken("AIRFLOW", "back to front", _placed(device(5), face="rear"), "rack N1", device(5), DEPOT_COMES),
    Broken(
        "HEAVY-LOW",
        "a chassis high up",
        _placed(device(1), position=16.0),
        "rack N1",
        device(1),
        DEPOT_COMES,
        1.0,
    ),
    Broken("RACK-WEIGHT", "racks that bear little", _weak_racks, "rack N2", None, TOWN_COMES, 12.0),
    Broken(
        "FLOOR",
        "a weak floor under the footprint",
        _floor(basis="footprint", limit_kg_m2=270.0),
        "rack N2",
        None,
        TOWN_COMES,
        2.8,
    ),
    Broken(
        "FLOOR",
        "a weak floor under the feet",
        _floor(basis="point", point_kg=65.0),
        "rack N2",
        None,
        TOWN_COMES,
        2.0,
    ),
    Broken("PORTS", "one port too few", _few_ports, "rack N2", None, TOWN_COMES, 1.0),
    Broken(
        "ZONE",
        "a secret in the general zone",
        _constrained(Constraint(20, "zone", members=(device(11),), value="restricted")),
        "rack N2",
        device(11),
        TOWN_COMES,
    ),
    Broken("OWNER", "another partner's device", _other_tenant, "rack N2", device(11), TOWN_COMES),
    Broken("OWNER", "in another partner's cage", _caged, "rack N1", None, RACKS_COME),
    Broken(
        "TOGETHER",
        "one host apart",
        _hosted(machine(4), "cloud-1"),
        "batch",
        machine(4),
        WORKLOADS_COME,
    ),
    Broken(
        "TOGETHER",
        "one rack apart",
        _constrained(Constraint(20, "together", "twins", (device(10), device(11)), scope="rack")),
        "twins",
        device(11),
        TOWN_COMES,
    ),
    Broken(
        "APART",
        "both on one host",
        _hosted(machine(1), "cloud-2"),
        "ticketing pair",
        machine(2),
        WORKLOADS_COME,
    ),
    Broken(
        "APART",
        "workloads in one rack",
        _constrained(Constraint(20, "apart", "halves", (machine(1), machine(3)), scope="rack")),
        "halves",
        machine(3),
        WORKLOADS_COME,
    ),
    Broken(
        "APART",
        "two things on one feed",
        _constrained(Constraint(20, "apart", "lines", (device(3), device(5)), scope="feed")),
        "lines",
        device(5),
        DEPOT_COMES,
    ),
    Broken(
        "APART",
        "two hosts' work on one loss",
        _single_corded,
        "halves",
        device(3),
        DEPOT_COMES,
    ),
    Broken("ROUTE", "a rack too high for every door", _low_door, "rack N1", None, RACKS_COME),
    Broken(
        "ROUTE",
        "a chassis too heavy for the way in",
        _weak_floor,
        "hall H1",
        device(1),
        DEPOT_COMES,
        6.0,
    ),
)
