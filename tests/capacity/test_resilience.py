"""What comes of losses in the small world made by hand; every expectation is written down, none computed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan_builders import a_pool, a_world, at, device, machine

from capacity.facility import Facility
from capacity.failures.consequences import Consequence
from capacity.plan import Plan
from capacity.resilience import Resilience
from inventory.documents import from_json, to_json
from inventory.errors import InputError, ProblemError
from inventory.estate import (
    Cable,
    Constraint,
    Estate,
    PowerFeed,
    PowerPanel,
    PowerPort,
    Ref,
)


def resilience(world: tuple[Estate, Facility, Plan] | None = None, **options) -> Resilience:
    return Resilience(*(world or a_world()), **options)


def lose(*names: str, world: tuple[Estate, Facility, Plan] | None = None, **options) -> Consequence:
    made = resilience(world, **options)
    return made.examine(made.find(names))


def states(found: Consequence) -> dict[Ref, str]:
    return {line.asset: line.state for line in found.assets}


def why(found: Consequence, asset: Ref) -> str:
    return next(line.why for line in found.assets if line.asset == asset)


def application(found: Consequence, name: str) -> tuple[str, str]:
    return next(((a.state, a.why) for a in found.applications if a.name == name), ("up", ""))


# --- power at the target ---------------------------------------------------------------------------------------------


def test_a_single_corded_device_is_down_with_its_side_and_nothing_else_is() -> None:
    found = lose("lv-a")
    assert states(found) == {device(3): "down"}
    assert why(found, device(3)) == "without power on P1-A, supplies 1+0"
    assert found.row.is_finding
    assert found.row.partners == ("stib",)


def test_the_other_side_loses_nothing() -> None:
    found = lose("lv-b")
    assert (found.assets, found.applications) == ((), ())
    assert not found.row.is_finding


def test_a_generator_stands_in_for_the_utility_and_both_together_are_the_end() -> None:
    assert not lose("utility").row.is_finding
    found = lose("utility", "generator")
    assert {ref for ref, state in states(found).items() if state == "down"} >= {
        *map(device, (1, 2, 3, 5, 10, 11, 6)),
        *map(machine, (1, 2, 3, 4, 5)),
    }
    assert device(4) not in states(found)  # a passive panel needs no power
    assert why(found, device(2)).startswith("its chassis chassis: without power")


def test_an_overload_below_the_rating_holds_and_one_above_trips_and_takes_more_along() -> None:
    """Both UPS of side A lost leave all 6170 W to lv-b, which may carry 6220. Held to 5000 it is over, and trips."""
    estate, facility, plan = a_world()
    assert lose("ups-a1", "ups-a2").row.overload is None

    def with_lv_b(rating_w: float, derating: float) -> tuple[Estate, Facility, Plan]:
        nodes = tuple(
            replace(n, rating_w=rating_w, derating=derating) if n.name == "lv-b" else n
            for n in facility.supply
        )
        return estate, replace(facility, supply=nodes), plan

    holds = lose("ups-a1", "ups-a2", world=with_lv_b(10_000.0, 0.5))
    assert [o.what for o in holds.rounds[0].overloads] == ["distribution lv-b"]
    assert len(holds.rounds) == 1
    assert holds.row.overload == pytest.approx(6170 / 5000)
    assert states(holds) == {device(3): "down"}
    trips = lose("ups-a1", "ups-a2", world=with_lv_b(5000.0, 1.0))
    assert [turn.lost for turn in trips.rounds] == [("ups:ups-a1", "ups:ups-a2"), ("distribution:lv-b",)]
    assert trips.rounds[0].overloads[0].trips
    assert trips.row.tripped == 1
    assert states(trips)[device(5)] == "down"
    assert trips.rounds[1].loads_down > 0
    late = lose("ups-a1", "ups-a2", world=with_lv_b(5000.0, 1.0), trip_share=1.25)
    assert late.row.tripped == 0
    assert late.row.overload == pytest.approx(6170 / 5000)


@pytest.mark.parametrize("share", [0.0, -1.0, float("nan"), float("inf")])
def test_a_breaker_needs_a_share_to_trip_at(share) -> None:
    with pytest.raises(InputError, match="times its rating"):
        resilience(trip_share=share)


# --- cooling, network, hosts -----------------------------------------------------------------------------------------


def test_a_zone_with_units_enough_left_is_told_and_one_without_any_leaves_all_unsure() -> None:
    one = lose("cooling:C1")
    assert not one.row.is_finding
    assert any("its units left take 5" in note for note in one.notes)
    both = lose("cooling:C1", "cooling:C1")
    assert both.row.nothing_left
    assert states(both)[device(5)] == "unknown"
    assert states(both)[machine(1)] == "unknown"
    assert device(10) not in states(both)  # it stands in the other zone
    assert application(both, "Signalling")[0] == "unknown"
    assert both.row.assets_down == 0


def test_the_only_switch_of_a_rack_cuts_all_of_it_off() -> None:
    found = lose("switch:N1/top")
    assert states(found) == dict.fromkeys(map(device, (1, 2, 3, 5)), "down")
    assert why(found, device(5)) == "no switch is left in rack N1"
    assert application(found, "Signalling")[0] == "down"


def test_one_of_two_switches_leaves_in_doubt_only_what_has_a_single_port() -> None:
    estate, facility, plan = a_world()
    second = replace(plan.racks[0].contents[0], name="top-2", position=41.0)
    racks = (replace(plan.racks[0], contents=(*plan.racks[0].contents, second)), *plan.racks[1:])
    demands = tuple(
        replace(
            d, quantities={**d.quantities, "ports": replace(d.quantities["ports"], planning=1, high=1, low=0)}
        )
        if d.asset == device(5)
        else d
        for d in plan.demands
    )
    found = lose("N1/top-2", world=(estate, facility, replace(plan, racks=racks, demands=demands)))
    assert states(found) == {device(5): "unknown"}
    assert "may be on the lost switch" in why(found, device(5))
    assert not found.row.is_finding


def test_what_ran_on_a_lost_host_starts_again_on_another_but_never_beside_its_twin() -> None:
    found = lose("host:cloud-1")
    assert states(found) == dict.fromkeys((machine(1), machine(5), device(6)), "restarting")
    # Machine 2 runs on cloud-2, and the two are kept apart.
    assert why(found, machine(1)) == "host cloud-1 is out; it starts again on cloud-3"
    assert application(found, "Ticketing")[0] == "interrupted"  # device 6 has nobody to stand in
    assert not found.row.is_finding


def test_two_lost_hosts_leave_no_room_for_all_and_as_many_copies_gone_as_there_are() -> None:
    found = lose("host:cloud-1", "host:cloud-2")
    assert found.row.assets_down > 0
    assert found.row.assets_down + found.row.assets_unknown == 6
    assert any("tier standard keeps 2 copies of each disk" in note for note in found.notes)
    assert any("none to be made" in note for note in found.notes)


def test_copies_apart_by_rack_survive_a_rack() -> None:
    """All three hosts stand in N2: as hosts they are three failure domains, as a rack they are one."""
    estate, facility, plan = a_world()
    by_rack = replace(facility, pools=(a_pool(failure_domain="rack"),))
    hosts = tuple(replace(h, rack="N1") if h.id == "cloud-3" else h for h in plan.hosts)
    spread = (estate, by_rack, replace(plan, hosts=hosts))
    found = lose("host:cloud-1", "host:cloud-2", world=spread)
    assert not any("copies of each disk" in note for note in found.notes)


def test_a_lost_rack_takes_its_hosts_and_nothing_is_left_to_start_on() -> None:
    found = lose("rack:N2")
    assert states(found)[machine(1)] == "down"
    assert application(found, "Ticketing") == (
        "down",
        "ticket-db is down; nobody recorded what stands in",
    )
    assert why(found, device(11)) == "lost with rack N2"
    assert found.row.partners == ("cirb", "stib")


# --- lines and sources -----------------------------------------------------------------------------------------------


def test_a_site_without_a_line_left_is_cut_from_the_flows_that_cross_it() -> None:
    found = lose("circuit:IRIS-2")
    assert found.notes == ("site Town hall has no line left: 1 flows to other sites are cut",)
    assert lose("circuit:IRIS-1").notes == ("circuit:IRIS-1 carries nothing at this moment",)


def test_a_lost_line_stops_the_copies_that_run_over_it() -> None:
    found = lose("circuit:IRIS-1", moment=at(3, 10, 21))
    assert any("copies stop in copy-1" in note for note in found.notes)


def test_before_it_moves_a_device_hangs_on_its_source_and_after_on_the_target() -> None:
    estate, facility, plan = a_world()
    ports = (PowerPort(1, 5, "PSU1", cable_id=101), PowerPort(2, 5, "PSU2", cable_id=102))
    cabled = replace(
        estate,
        power_panels=(PowerPanel(1, "Main", 1),),
        power_feeds=(PowerFeed(1, "F-A", 1, rack_id=1), PowerFeed(2, "F-B", 1, rack_id=1)),
        power_ports=ports,
        cables=tuple(
            Cable(100 + n, a_terminations=(Ref("power_ports", n),), b_terminations=(Ref("power_feeds", n),))
            for n in (1, 2)
        ),
    )
    world = (cabled, facility, plan)
    before = at(3, 1)
    assert states(lose("source-feed:F-A", world=world, moment=before)).get(device(5)) is None
    found = lose("source-panel:Main", world=world, moment=before)
    assert states(found)[device(5)] == "down"
    assert application(found, "Signalling")[0] == "down"
    # Nobody recorded the cords of the other devices in that rack.
    assert states(found)[device(3)] == "unknown"
    assert states(lose("source-panel:Main", world=world)).get(device(5)) is None
    assert states(lose("rack:N1", world=world, moment=before)) == {}
    assert states(lose("rack:N1", world=world))[device(5)] == "down"


def test_what_moves_just_then_is_lost_with_nothing() -> None:
    found = lose("utility", "generator", moment=at(3, 13, 23))
    assert machine(1) not in states(found)


# --- all of them -----------------------------------------------------------------------------------------------------


def test_the_matrix_has_every_loss_worst_first_and_survives_json() -> None:
    matrix = resilience().singles()
    assert len(matrix.rows) + matrix.idle == matrix.things
    assert [row.weight for row in matrix.rows] == sorted((row.weight for row in matrix.rows), reverse=True)
    assert not matrix.baseline.is_finding
    assert matrix.double_fed > 0
    assert matrix.diversity == ()
    assert from_json(type(matrix), to_json(matrix)) == matrix


def test_a_node_that_is_said_not_to_fail_is_no_single_loss_and_still_told_of() -> None:
    """Both sides on one board that never fails: nothing breaks a rule, and everything hangs on it."""
    estate, facility, plan = a_world()
    nodes = tuple(
        replace(node, sources=("msb-a",), can_fail=node.can_fail)
        if node.name == "lv-b"
        else replace(node, can_fail=False)
        if node.name == "msb-a"
        else node
        for node in facility.supply
    )
    made = resilience((estate, replace(facility, supply=nodes), plan))
    matrix = made.singles()
    assert {(d.node, d.can_fail) for d in matrix.diversity} == {("msb-a", False)}
    assert "distribution:msb-a" not in {loss for row in matrix.rows for loss in row.losses}
    assert made.examine(made.find(["msb-a"])).row.assets_down > 0


def test_members_apart_by_rack_and_behind_one_node_are_told() -> None:
    """The single-corded switch, and device 11 corded to side A alone, stand in different racks."""
    estate, facility, plan = a_world()
    apart = Constraint(99, "apart", "pair", (device(3), device(11)), scope="rack")
    members = (
        *estate.application_members,
        *(replace(estate.application_members[0], object=device(n)) for n in (3, 11)),
    )
    demands = tuple(replace(d, redundancy="1+0") if d.asset == device(11) else d for d in plan.demands)
    devices = tuple(replace(d, supplies=d.supplies[:1]) if d.asset == device(11) else d for d in plan.devices)
    world = (
        replace(estate, constraints=(*estate.constraints, apart), application_members=members),
        facility,
        replace(plan, devices=devices, demands=demands),
    )
    fates = resilience(world).singles().shared_fates
    pair = next(fate for fate in fates if fate.constraint == "pair")
    assert pair.members == ("files", "switch")
    assert "distribution:lv-a" in pair.losses
    assert application(lose("lv-a", world=world), "Ticketing")[0] == "down"


def test_a_plan_of_another_facility_is_refused() -> None:
    estate, facility, plan = a_world()
    with pytest.raises(ProblemError, match="pool cloud"):
        resilience((estate, replace(facility, pools=()), plan))
