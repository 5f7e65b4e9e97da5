"""Broken plans: sequence of steps, readiness, windows, work, lines, the way back, groups, rooms."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from plan_builders import SATURDAY, at, days_after, device, machine

from broken_plans.case import Broken, World, changed, holding, retimed, with_step
from capacity.calendar import CalendarException, WeeklySlot
from capacity.facility import Facility
from capacity.plan import Plan
from inventory.estate import Application, ApplicationMember, ChangeWindow, Constraint, Estate
from inventory.rows import Ref

DEPOT_MOVES, TOWN_MOVES = at(3, 20, 22), at(3, 21, 8)


def _step(name: str, **changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, with_step(plan, name, **changes)

    return breaks


def _held(name: str, resource: str, amount: float) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, holding(plan, name, resource, amount)

    return breaks


def _calendar(**changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, replace(plan, calendar=replace(plan.calendar, **changes))

    return breaks


def _work(**changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        work = replace(plan.calendar.work, **changes)
        return estate, facility, replace(plan, calendar=replace(plan.calendar, work=work))

    return breaks


def _resource(name: str, **changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        resources = changed(plan.calendar.resources, "name", name, **changes)
        return estate, facility, replace(plan, calendar=replace(plan.calendar, resources=resources))

    return breaks


def _estate(name: str, number: int, **changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return (
            replace(estate, **{name: changed(getattr(estate, name), "id", number, **changes)}),
            facility,
            plan,
        )

    return breaks


def _no_retirement(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, replace(plan, steps=tuple(s for s in plan.steps if s.id != "retire-7"))


def _wrong_source(estate: Estate, facility: Facility, plan: Plan) -> World:
    step = next(s for s in plan.steps if s.id == "clear-3")
    moves = tuple(
        replace(m, source=replace(m.source, cluster_id=1) if m.source else None) for m in step.moves
    )
    return estate, facility, with_step(plan, "clear-3", moves=moves)


def _wrong_target(estate: Estate, facility: Facility, plan: Plan) -> World:
    step = next(s for s in plan.steps if s.id == "cut-3")
    moves = tuple(
        replace(m, target=replace(m.target, host="cloud-2") if m.target else None) for m in step.moves
    )
    return estate, facility, with_step(plan, "cut-3", moves=moves)


def _uncommissioned(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, with_step(plan, "hosts", commissions=("cloud-1", "cloud-2"))


def _late_pool(estate: Estate, facility: Facility, plan: Plan) -> World:
    """The pool's phase begins at the midnight after its hosts come."""
    phases = (*facility.phases, replace(facility.phases[1], name="three", ready_on=date(2027, 3, 10)))
    pools = changed(facility.pools, "name", "cloud", phase="three")
    return estate, replace(facility, phases=phases, pools=pools), plan


def _without_switch(estate: Estate, facility: Facility, plan: Plan) -> World:
    """Nothing of the racks is late but their switch."""
    estate, late, plan = _undelivered(estate, facility, plan)
    model = late.rack_models[0]
    kit = changed(model.kit, "name", "top", lead_days=model.lead_days)
    return estate, replace(facility, rack_models=(replace(facility.rack_models[0], kit=kit),)), plan


def _undelivered(estate: Estate, facility: Facility, plan: Plan) -> World:
    models = changed(facility.rack_models, "model", "rack", lead_days=36)
    step = next(s for s in plan.steps if s.id == "racks")
    one, two = replace(step, commissions=("N1",)), replace(step, id="rack-2", commissions=("N2",))
    late = replace(
        two,
        start=at(3, 9),
        end=at(3, 9, 4),
        uses=tuple(replace(u, start=at(3, 9), end=at(3, 9, 4)) for u in two.uses),
    )
    both = replace(plan, steps=(one, late, *plan.steps[1:]))
    for name in ("hosts", "move-3"):
        both = with_step(both, name, predecessors=("racks", "rack-2"))
    return estate, replace(facility, rack_models=models), both


def _narrow_window(estate: Estate, facility: Facility, plan: Plan) -> World:
    window = ChangeWindow(9, Ref("applications", 2), SATURDAY, 23 * 60, 480)
    return replace(estate, change_windows=(*estate.change_windows, window)), facility, plan


def _window_over(estate: Estate, facility: Facility, plan: Plan) -> World:
    """Signalling's window is no longer valid that week; nothing holds then, as it has a window of its own."""
    window = ChangeWindow(9, Ref("applications", 2), SATURDAY, 20 * 60, 720, valid_until=date(2027, 3, 19))
    return replace(estate, change_windows=(*estate.change_windows, window)), facility, plan


def _frozen(estate: Estate, facility: Facility, plan: Plan) -> World:
    freeze = Constraint(20, "freeze", "track works", (device(5),), start=at(3, 21))
    return replace(estate, constraints=(*estate.constraints, freeze)), facility, plan


def _holiday(estate: Estate, facility: Facility, plan: Plan) -> World:
    holidays = (*plan.calendar.holidays, date(2027, 3, 9))
    return estate, facility, replace(plan, calendar=replace(plan.calendar, holidays=holidays))


def _distant_ends(estate: Estate, facility: Facility, plan: Plan) -> World:
    """The machine leaves an hour after its storage arrived: meanwhile the flow between them crosses sites."""
    later = retimed(plan, "cut-3", at(3, 21, 13), at(3, 21, 14))
    return estate, facility, with_step(later, "cut-3", rollback_deadline=days_after(at(3, 21, 14), 14))


def signals(budget: int) -> Any:
    """An application of a machine and its storage, cut over and carried one right after the other: 60 and 240 min."""

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        application = Application(9, "Signals", "signals", tenant_id=1, downtime_budget_minutes=budget)
        members = (ApplicationMember(9, machine(5)), ApplicationMember(9, device(11)))
        estate = replace(
            estate,
            applications=(*estate.applications, application),
            application_members=(*estate.application_members, *members),
        )
        plan = retimed(plan, "cut-3", at(3, 21, 7), at(3, 21, 8))
        return estate, facility, plan

    return breaks


def _cleared_early(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, retimed(plan, "clear-3", at(4, 3, 10), at(4, 3, 11))


def _host_retired_early(estate: Estate, facility: Facility, plan: Plan) -> World:
    return estate, facility, retimed(plan, "retire-7", at(3, 27, 12), at(3, 27, 13))


def _host_of_kept_retires(estate: Estate, facility: Facility, plan: Plan) -> World:
    """The retired host serves the town's cluster, where a machine stays."""
    return replace(estate, devices=changed(estate.devices, "id", 7, cluster_id=2)), facility, plan


def _into_held_place(estate: Estate, facility: Facility, plan: Plan) -> World:
    step = next(s for s in plan.steps if s.id == "move-3")
    moves = tuple(
        replace(m, target=replace(m.target, site_id=2, cluster_id=2))
        if m.asset == device(11) and m.target
        else m
        for m in step.moves
    )
    return estate, facility, with_step(plan, "move-3", moves=moves)


def _wave(number: int, **changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, replace(plan, waves=changed(plan.waves, "number", number, **changes))

    return breaks


def _group_split(estate: Estate, facility: Facility, plan: Plan) -> World:
    tie = Constraint(20, "together", "night shift", (device(5), device(10)), scope="group")
    return replace(estate, constraints=(*estate.constraints, tie)), facility, plan


def _with_constraints(*more: Constraint) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return replace(estate, constraints=(*estate.constraints, *more)), facility, plan

    return breaks


def _room(number: int, **changes: Any) -> Any:
    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        return estate, facility, replace(plan, rooms=changed(plan.rooms, "location_id", number, **changes))

    return breaks


def _not_bound(estate: Estate, facility: Facility, plan: Plan) -> World:
    constraints = tuple(c for c in estate.constraints if c.kind != "building_bound")
    return replace(estate, constraints=constraints), facility, plan


CASES = (
    Broken("STEP-SEQUENCE", "a retired host without step", _no_retirement, "device esx-depot", device(7)),
    Broken(
        "STEP-SEQUENCE",
        "from where it never was",
        _wrong_source,
        "virtual machine vm-5",
        machine(5),
        at(4, 12, 9),
    ),
    Broken(
        "STEP-SEQUENCE",
        "to where it is not placed",
        _wrong_target,
        "virtual machine vm-5",
        machine(5),
        TOWN_MOVES,
    ),
    Broken("STEP-SEQUENCE", "a host never commissioned", _uncommissioned, "host cloud-3"),
    Broken("PHASE", "before the pool's phase", _late_pool, "step hosts", None, at(3, 9, 8), 16 / 24),
    Broken(
        "PHASE", "before the switch is delivered", _without_switch, "step racks", None, at(3, 8, 8), 16 / 24
    ),
    Broken("PHASE", "before the rack is delivered", _undelivered, "step racks", None, at(3, 8, 8), 16 / 24),
    Broken(
        "WINDOW", "an hour before the window", _narrow_window, "step move-2", device(5), DEPOT_MOVES, 60.0
    ),
    Broken("WINDOW", "a window that is over", _window_over, "step move-2", device(5), DEPOT_MOVES, 360.0),
    Broken("FREEZE", "into an open freeze", _frozen, "step move-2", device(5), at(3, 21), 240.0),
    Broken(
        "PIN",
        "half an hour before it may",
        _with_constraints(Constraint(20, "pin", "after the match", (device(5),), start=at(3, 20, 22, 30))),
        "step move-2",
        device(5),
        DEPOT_MOVES,
        30.0,
    ),
    Broken(
        "PIN",
        "two hours after it had to",
        _with_constraints(
            Constraint(20, "pin", "before the lease ends", (Ref("sites", 1),), end=at(4, 1)),
            Constraint(21, "pin", "by two", (device(5),), end=at(3, 21, 2)),
        ),
        "step move-2",
        device(5),
        at(3, 21, 2),
        120.0,
    ),
    Broken("HOLIDAY", "hosts on a holiday", _holiday, "step hosts", None, at(3, 9, 8), 180.0),
    Broken(
        "RESOURCE", "half a crew too few", _resource("crew", capacity=1.5), "crew", None, DEPOT_MOVES, 0.5
    ),
    Broken(
        "RESOURCE",
        "outside the dock's hours",
        _resource("dock", slots=(WeeklySlot(SATURDAY, 20 * 60, 780),)),
        "dock",
        None,
        at(3, 21, 9),
        1.0,
    ),
    Broken(
        "RESOURCE",
        "while a van is at the garage",
        _resource("van", exceptions=(CalendarException(at(3, 21, 2), at(3, 21, 3), 0.0, "garage"),)),
        "van",
        None,
        at(3, 21, 2),
        1.0,
    ),
    Broken(
        "EFFORT",
        "one engineer for five",
        _held("cut-1", "engineer", 1.0),
        "step cut-1",
        None,
        at(3, 13, 22),
        30.0,
    ),
    Broken("EFFORT", "slower racks", _work(rack_minutes=130.0), "step racks", None, at(3, 8, 8), 20.0),
    Broken("VAN", "a small van", _work(van_kg=80.0), "step move-2", None, DEPOT_MOVES, 8.0),
    Broken("VAN", "a low van", _work(van_units_u=8.0), "step move-2", None, DEPOT_MOVES, 1.0),
    Broken("VAN", "no dock slot", _held("move-3", "dock", 0.5), "step move-3", None, TOWN_MOVES, 0.5),
    Broken(
        "REPLICATION",
        "half the rate",
        _held("copy-2", "circuit:2", 25.0),
        "step copy-2",
        None,
        at(3, 10, 20),
        8.0,
    ),
    Broken(
        "REPLICATION",
        "over another site's circuit",
        _step("copy-2", uses=()),
        "step copy-2",
        None,
        at(3, 10, 20),
    ),
    Broken(
        "CIRCUIT",
        "beyond its share",
        _held("copy-2", "circuit:2", 60.0),
        "circuit IRIS-2",
        None,
        at(3, 10, 20),
        10.0,
    ),
    Broken(
        "CIRCUIT",
        "a flow fatter than the line",
        _estate("flows", 5, rate_mbps=120.0),
        "site Town hall",
        None,
        at(3, 21, 9),
        20.0,
    ),
    Broken("FLOW-LATENCY", "ends apart for an hour", _distant_ends, "flow 3", None, at(3, 21, 12), 1.5),
    Broken(
        "DOWNTIME",
        "half an hour too long",
        _estate("applications", 1, downtime_budget_minutes=90),
        "application Ticketing",
        None,
        at(3, 13, 22),
        30.0,
    ),
    Broken(
        "DOWNTIME",
        "one step right after another",
        signals(270),
        "application Signals",
        None,
        at(3, 21, 8),
        30.0,
    ),
    Broken(
        "ROLLBACK",
        "a day too short",
        _step("cut-1", rollback_deadline=at(3, 27)),
        "step cut-1",
        None,
        at(3, 27),
        1.0,
    ),
    Broken(
        "ROLLBACK",
        "cleared a day early",
        _cleared_early,
        "virtual machine vm-5",
        machine(5),
        at(4, 3, 10),
        1.0,
    ),
    Broken(
        "ROLLBACK",
        "a host retired early",
        _host_retired_early,
        "device esx-depot",
        device(7),
        at(3, 27, 12),
        0.5,
    ),
    Broken(
        "ROLLBACK",
        "the host of a machine that stays",
        _host_of_kept_retires,
        "device esx-depot",
        device(7),
        at(4, 13, 9),
        1.0,
    ),
    Broken(
        "SOURCE-HELD",
        "where another may go back to",
        _into_held_place,
        "step move-3",
        device(11),
        TOWN_MOVES,
        14 + 1 / 24,
    ),
    Broken("GROUP", "in another wave", _step("cut-1", wave=2), "step cut-1", None, at(3, 13, 22)),
    Broken("GROUP", "after its wave", _wave(1, end=at(3, 13, 23)), "step cut-1", None, at(3, 13, 22), 60.0),
    Broken("GROUP", "one constraint in two groups", _group_split, "night shift", device(10), TOWN_MOVES),
    Broken(
        "GROUP",
        "a pair kept apart in one group",
        _with_constraints(Constraint(20, "apart", "never both", (device(10), machine(5)), scope="group")),
        "never both",
        machine(5),
        TOWN_MOVES,
    ),
    Broken(
        "GROUP",
        "two sides of a split in one group",
        _with_constraints(
            Constraint(20, "apart", "first", (device(1), device(2)), scope="group", value="the cut"),
            Constraint(21, "apart", "second", (machine(5), device(5)), scope="group", value="the cut"),
        ),
        "the cut",
        device(5),
        DEPOT_MOVES,
    ),
    Broken(
        "ROOM",
        "empty before the last leaves",
        _room(1, emptied_at=at(4, 13, 9)),
        "room Room D",
        device(7),
        at(4, 13, 9),
        1 / 24,
    ),
    Broken("ROOM", "somebody forgotten", _room(1, remaining=()), "room Room D", device(8), at(4, 13, 10)),
    Broken("ROOM", "left without being bound", _not_bound, "room Room D", device(8), at(4, 13, 10)),
    Broken("ROOM", "no reason given", _room(2, why_not=" "), "room Room T"),
)
