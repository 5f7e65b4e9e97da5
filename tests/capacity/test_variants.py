"""Facilities, calendars and estates unlike the usual ones: each is planned without a violation, or refused plainly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from plan_builders import a_calendar, a_facility, an_estate, device, machine
from world_facility import kit_at, rack_at

from capacity import evidence, facility_file, planner, target_usage, usage
from capacity.calendar import CalendarException
from capacity.facility import sealed as sealed_facility
from capacity.placing.rack_bins import bins_of
from capacity.plan import Plan
from capacity.power import SupplyModel
from capacity.reports import partner
from capacity.timetable.steps import timeline_of
from capacity.timetable.windows import Grid
from inventory.errors import VorstError
from inventory.estate import Estate, SpecialNeed, StrategyOverride, sealed
from inventory.quality import findings

Tree = dict[str, Any]


def _with_device(number: int, **changes: Any) -> Estate:
    estate = an_estate()
    devices = tuple(replace(d, **changes) if d.id == number else d for d in estate.devices)
    return sealed(replace(estate, devices=devices))


def _round_and_back() -> Estate:
    estate = an_estate()
    parents = {1: 2, 2: 1}
    devices = tuple(
        replace(d, parent_device_id=parents[d.id], parent_bay="x", location_id=None, rack_id=None)
        if d.id in parents
        else d
        for d in estate.devices
    )
    return sealed(replace(estate, devices=devices))


def _decided(number: int, strategy: str) -> Estate:
    override = StrategyOverride(1, device(number), strategy, "it is so", "Ann")
    return an_estate(strategy_overrides=(override,))


ESTATES: dict[str, Callable[[], Estate]] = {
    "empty": lambda: sealed(Estate()),
    "a chassis in its own bay": lambda: _with_device(5, parent_device_id=5, parent_bay="x"),
    "two in each other's bays": _round_and_back,
    "a device in a blade in a chassis": lambda: _with_device(5, parent_device_id=2, parent_bay="b"),
    "two in one bay": lambda: _with_device(5, parent_device_id=1, parent_bay="Bay 1"),
    "a chassis a person retires": lambda: _decided(1, "retire"),
    "a blade a person keeps": lambda: _decided(2, "retain"),
    "a machine that needs a tape drive": lambda: an_estate(
        special_needs=(SpecialNeed(1, machine(1), "tape"),)
    ),
}


def _kept_by_all_who_read_it(estate: Estate, made: Plan) -> None:
    facility = a_facility()
    assert all(o.bound <= o.value for o in evidence.assess(estate, facility, made).objectives)
    assert usage.source_usage(estate) is not None
    assert target_usage.target_usage(facility, made)
    assert findings(estate) is not None
    for group in estate.tenant_groups:
        assert partner.render_html(partner.figures(estate, facility, made, group.slug), "fr")


@pytest.mark.parametrize("name", ESTATES)
def test_an_unusual_estate_is_planned_without_a_violation(name: str) -> None:
    estate = ESTATES[name]()
    made, violations = planner.proven(estate, a_facility(), a_calendar())
    assert violations == ()
    _kept_by_all_who_read_it(estate, made)


def test_a_bay_within_a_bay_weighs_on_the_outer_chassis() -> None:
    made = planner.plan(ESTATES["a device in a blade in a chassis"](), a_facility(), a_calendar())
    chassis = next(d for d in made.demands if d.asset == device(1))
    assert chassis.quantities["weight_kg"].planning == 60 + 6 + 15


def test_a_machine_that_needs_hardware_stays_and_says_why() -> None:
    made = planner.plan(ESTATES["a machine that needs a tape drive"](), a_facility(), a_calendar())
    decision = next(d for d in made.decisions if d.asset == machine(1))
    assert (decision.strategy, decision.rule) == ("retain", "strategy.special_need")
    assert "tape" in decision.reason


# --- calendars ---------------------------------------------------------------------------------------------------


def test_clearing_that_is_longer_than_a_shift_is_done_in_parts() -> None:
    calendar = a_calendar()
    slow = replace(calendar.work, decommission_minutes=1800.0)
    weekends = next(r.slots for r in calendar.resources if r.name == "dock")
    resources = tuple(replace(r, slots=weekends) if r.name == "engineer" else r for r in calendar.resources)
    slowly = replace(calendar, work=slow, resources=resources)
    made, violations = planner.proven(an_estate(), a_facility(), slowly)
    assert violations == ()
    clearing = [s for s in made.steps if s.kind == "decommission" and s.moves[0].asset.kind != "devices"]
    assert len(clearing) == sum(len(s.moves) for s in clearing) > 1


def test_where_exceptions_overlap_the_smallest_holds_and_part_of_a_slot_gives_no_more() -> None:
    calendar = a_calendar()
    day = calendar.start
    changes = (
        CalendarException(day, day + timedelta(hours=4), 0.0),
        CalendarException(day + timedelta(hours=2), day + timedelta(hours=6, minutes=7), 9.0),
    )
    engineer = replace(calendar.resources[1], exceptions=changes)
    grid = Grid(replace(calendar, resources=(engineer,)))
    free = timeline_of(grid.calendar, grid)
    quarters = [free.peak("engineer", slot, slot + 1) for slot in range(26)]
    assert quarters == [0.0] * 16 + [9.0] * 8 + [engineer.capacity] * 2


# --- facilities --------------------------------------------------------------------------------------------------


def _named_like_a_feed(tree: Tree) -> None:
    tree["supply"].append({"name": "H1-R1-01-A", "kind": "panel", "rating_kw": 5})


def _named_like_another_position(tree: Tree) -> None:
    tree["halls"][1]["name"] = "H1-R1"
    tree["halls"][1]["rows"][0]["name"] = "X"
    tree["halls"][0]["rows"][1]["name"] = "R1-X"


def _between_units(tree: Tree) -> None:
    tree["racks"][0]["occupants"][0]["position"] = 20.25


def _on_top_of_the_kit(tree: Tree) -> None:
    tree["racks"][0]["occupants"][1] |= {"position": 39, "face": "rear"}


def _kit_in_its_own_way(tree: Tree) -> None:
    tree["rack_models"][0]["kit"][2]["is_full_depth"] = True


def _below_the_first_unit(tree: Tree) -> None:
    tree["racks"][0]["occupants"][0]["position"] = 0.5


def _ready_in_antiquity(tree: Tree) -> None:
    tree["phases"][0]["ready_on"] = date(1, 1, 1)


def _nine_lines(tree: Tree) -> None:
    tree["halls"][0]["defaults"]["upstream"] = ["lv-a"] * 9


DEFECTS: dict[Callable[[Tree], None], str] = {
    _named_like_a_feed: "makes the name 'H1-R1-01-A'",
    _named_like_another_position: "makes the name 'H1-R1-X-01'",
    _between_units: "no half unit",
    _on_top_of_the_kit: "that 'switch-2' has",
    _kit_in_its_own_way: "that 'switch-1' has",
    _below_the_first_unit: "no half unit",
    _ready_in_antiquity: "ready_on",
    _nine_lines: "upstream",
}


class _Plain(yaml.SafeDumper):
    """Without anchors, so that a change to one row is a change to that row."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _tree() -> Tree:
    found: Tree = yaml.safe_load(_text(yaml.safe_load(facility_file.default_text())))
    return found


def _text(tree: Tree) -> str:
    return yaml.dump(tree, Dumper=_Plain, sort_keys=False)


@pytest.mark.parametrize("change", DEFECTS, ids=lambda change: change.__name__.strip("_"))
def test_a_facility_that_contradicts_itself_is_refused(change: Callable[[Tree], None]) -> None:
    tree = _tree()
    change(tree)
    with pytest.raises(VorstError) as caught:
        facility_file.read_facility(_text(tree))
    errors = getattr(caught.value, "errors", [caught.value])
    assert any(DEFECTS[change] in str(error) for error in errors)


# --- what is ready too late --------------------------------------------------------------------------------------


def test_a_rack_that_comes_after_the_horizon_is_passed_over_for_one_that_stands_in_time() -> None:
    facility = a_facility()
    late = rack_at("L1", 1, "stib", kit_at(1))
    racks = (*facility.racks, replace(late, available_on=date(2031, 1, 1)))
    positions = tuple(replace(p, owner=None, security_zone="general") for p in facility.positions)
    made, violations = planner.proven(
        an_estate(), sealed_facility(replace(facility, racks=racks, positions=positions)), a_calendar()
    )
    assert violations == ()
    used = {placement.rack for placement in made.devices}
    assert device(5) in {placement.asset for placement in made.devices}
    assert "L1" not in used


def test_no_rack_is_bought_where_one_loss_would_take_down_its_switches() -> None:
    facility = a_facility()
    supply = tuple(replace(n, sources=("lv-a",)) if n.name == "P1-B" else n for n in facility.supply)
    one_line = sealed_facility(replace(facility, supply=supply))
    found = {
        name: {b.position.name for b in bins_of(f, SupplyModel.of(f)) if b.model >= 0}
        for name, f in (("usual", facility), ("one line", one_line))
    }
    assert found == {"usual": {"P1", "P2", "P4"}, "one line": {"P2", "P4"}}
    _, violations = planner.proven(an_estate(), one_line, a_calendar())
    assert violations == ()


def test_a_facility_without_a_single_position_takes_nothing_and_says_so() -> None:
    bare = sealed_facility(replace(a_facility(), positions=(), racks=()))
    made, violations = planner.proven(an_estate(), bare, a_calendar())
    assert violations == ()
    assert made.racks == made.hosts == made.devices == ()
    assert device(5) in {entry.asset for entry in made.unplaced}


def test_hosts_nobody_can_bring_up_are_not_bought() -> None:
    facility = a_facility()
    phases = tuple(replace(phase, ready_on=date(2060, 1, 1)) for phase in facility.phases)
    made, violations = planner.proven(
        an_estate(), sealed_facility(replace(facility, phases=phases)), a_calendar()
    )
    assert violations == ()
    assert (made.racks, made.hosts, made.devices, made.workloads) == ((), (), (), ())
