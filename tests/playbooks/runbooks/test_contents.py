"""What a wave's runbook holds: everything practice asks for, the cables among it, and nothing that nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from wave_builders import START, a_facility

from capacity import facility as supply
from capacity import plan as plans
from inventory import estate as estates
from inventory.records import RunRecord, StepRun
from inventory.rows import Ref

HELD = {
    "scope": ("Scope and move groups", "1 workload to the community cloud, 1 device to racks at Vorst"),
    "move groups": ("Scope and move groups", "g1 | group 1 | 2 | one flow | 1"),
    "shared services first": ("Shared services first", "Directory (application 2) | unknown | ____"),
    "owner": ("Owner and approver", "wave owner | ____ | ____"),
    "owner of an application": ("Owner and approver", "Tickets (application 1) | A. Owner | ____"),
    "approver": ("Owner and approver", "approver | ____ | ____"),
    "window with time zone": (
        "Window and freezes",
        "Window: Sat 07 Mar 2026 21:00 to Sun 08 Mar 2026 01:00 (Europe/Brussels)",
    ),
    "freeze dates": ("Window and freezes", "Freeze Year end: Tue 07 Apr 2026 22:00 to Thu 07 May 2026 22:00"),
    "RTO, RPO, downtime budget": (
        "Applications: RTO, RPO and downtime budget",
        "Tickets (application 1) | 1 | 2 h | 15 min | 5 h | 4 h | 8 h !",
    ),
    "method per asset": ("Method, target position, power and ports", "dev-1 | srv-1 | relocate-0001 | relocate"),
    "target position": ("Method, target position, power and ports", "rack new-rack-1, U 1, front"),
    "power": ("Method, target position, power and ports", "A1 L1, B1 L1"),
    "ports": ("Method, target position, power and ports", "A1 L1, B1 L1 | eth0"),
    "a workload's place": (
        "Method, target position, power and ports",
        "host host-1 (pool general), rack unknown | the cloud host's | 1 vCPU, 256 MB memory, unknown MB disk",
    ),
    "proof of backup": ("Proof of backup", "Tickets (application 1) | 15 min | ____ | ____"),
    "ordered tasks": ("Ordered tasks", "[ ] | T+0:00"),
    "duration": ("Ordered tasks", "Sun 08 Mar 2026 01:00 | 4 h | move the devices, relocate-0001, dev-1"),
    "owner of a task": ("Ordered tasks", "crew lead, 1 crew, 1 van"),
    "what a task waits for": ("Ordered tasks", "engineer lead, 1 engineer | replicate-0001"),
    "go/no-go checks": ("Go or no-go", "Preflight passed on every host under this plan"),
    "go/no-go decision": ("Go or no-go", "night 1: by Sat 07 Mar 2026 20:00, T−1:00"),
    "rollback trigger": ("Rollback", "Trigger: verify fails"),
    "rollback deadline": ("Rollback", "relocate-0001 | 1 host | Sun 15 Mar 2026 01:00"),
    "rollback steps": ("Rollback", "stop at the target, start at the source, switch the names back"),
    "rehearsal": ("Rehearsal", "way back, walked through | ____"),
    "crew": ("Crew, transport and the way in", "1 crew, 1 van | 1 | 20 kg, vans: 1,000 kg | 1 U, vans: 40 U"),
    "transport": ("Crew, transport and the way in", "relocate-0001 | Sat 07 Mar 2026 21:00, to Sun 08 Mar 2026 01:00"),
    "dock slot": ("Crew, transport and the way in", "dock at the target | ____"),
    "floor at the source": (
        "Crew, transport and the way in",
        "Town hall | Cellar | 1 | 20 kg | 20 kg, dev-1 srv-1 | 500 kg/m²",
    ),
    "lift": ("Crew, transport and the way in", "lift and doors, measured (fill in)"),
    "special needs": ("Crew, transport and the way in", "dev-1 | srv-1 | rail | the short kind"),
    "contracts": ("Crew, transport and the way in", "Maker M-77"),
    "manifest: serial and tag": ("Manifest", "S1, serial SN1, tag TAG1"),
    "manifest: from": ("Manifest", "Cellar, rack R1, U 1, front"),
    "manifest: to": ("Manifest", "rack new-rack-1, U 1, front | 20 kg, 300 W | A1 L1, B1 L1"),
    "cables: power": ("Cables", "PSU1 | power | dev-9 strip-9 outlet 3, rack R1 | A1 L1"),
    "cables: a cord without a cable": ("Cables", "dev-1 | PSU2 | not recorded | not recorded | B1 L1"),
    "cables: network": ("Cables", "eth0 | N000001 (cat6) | dev-2 switch-2 port 7, rack R1 | ____"),
    "acceptance tests": ("Acceptance tests", "Tickets (application 1) | A. Owner | ____"),
    "hypercare": ("Hypercare", "Until Sun 15 Mar 2026 01:00"),
    "estimate against actual": ("Estimate against actual", "relocate-0001 | move the devices | 4 h | ____ | ____"),
    "what is missing": ("What a person has to declare or do by hand", "vm-1 app-1"),
    "what has to be settled": ("At a glance", "exceeds the downtime budget of: Tickets (application 1)"),
    "the moments to have in mind": ("At a glance", "T+0:00 | Sat 07 Mar 2026 21:00 | window opens"),
}  # fmt: skip


@pytest.mark.parametrize(("section", "words"), HELD.values(), ids=HELD.keys())
def test_a_runbook_holds(read, section, words):
    assert words in read(section)


def test_what_is_fixed_stands_in_every_section_once(document):
    titles = [section.title for section in document.sections]
    assert len(set(titles)) == len(titles)
    assert all(section.blocks for section in document.sections)


def test_a_cut_flow_says_until_when_it_crosses_and_what_it_does_not_stand(estate_with, read_of):
    between = (estates.Flow(1, Ref("devices", 1), Ref("devices", 2), 10.0, 1.0),)
    line = (estates.Circuit(1, "L1", 1, rate_mbps=5.0, site_ids=(1,)),)
    provider = (estates.Provider(1, "Carrier", "carrier"),)
    estate, plan = estate_with(retired=(9,), waves=2, flows=between, circuits=line, providers=provider)
    groups = tuple(replace(group, cut_flows=(1,)) for group in plan.groups)
    plan = plans.sealed(replace(plan, groups=groups))
    scope = read_of(estate, plan, "Scope and move groups").split("Flows of these groups")[1]
    assert (
        "1 | srv-1 (dev-1) | switch-2 (dev-2) | Sun 08 Mar 2026 01:00, until Sat 14 Mar 2026 21:00 | 10 Mbit/s | "
    ) in scope
    assert "Mbit/s: too little | 1 ms: too short" in scope


def test_flows_that_move_with_both_ends_are_not_called_cut(read):
    assert "No flow of these groups crosses sites meanwhile." in read("Scope and move groups")


def test_a_port_without_a_cable_has_nothing_to_be_moved(read):
    assert "eth1" not in read("Cables")


def test_a_cable_to_what_moves_as_well_is_plugged_into_it_again(estate_with, read_of):
    estate, plan = estate_with(retired=(9,))
    cables = read_of(estate, plan, "Cables")
    assert "dev-2 switch-2 port 7, rack R1 | dev-2 switch-2 port 7, rack new-rack-1" in cables


def test_what_comes_later_is_not_there_yet(estate_with, read_of):
    estate, plan = estate_with(retired=(9,), waves=2)
    assert "rack new-rack-1, there from wave 2 only" in read_of(estate, plan, "Cables")


def test_a_prefix_of_which_something_stays_is_renumbered_or_stretched(estate_with, read_of):
    prefix = (estates.Prefix(1, "10.0.0.0/24", vlan_vid=7),)
    held = tuple(
        estates.IPAddress(n, f"10.0.0.{n}/24", assigned_object=ref)
        for n, ref in ((1, Ref("devices", 1)), (2, Ref("devices", 77)))
    )
    estate, plan = estate_with(retired=(9,), waves=2, prefixes=prefix, ip_addresses=held)
    addresses = read_of(estate, plan, "Addresses")
    assert (
        "10.0.0.0/24 | 7 | Sun 08 Mar 2026 01:00 | for good | 1 of 1 | 1 | renumber what moves" in addresses
    )
    assert "has no address on record" in addresses


def test_more_planned_cords_than_recorded_ports_are_listed_apart(estate_with, read_of):
    estate, plan = estate_with(power_ports=())
    cables = read_of(estate, plan, "Cables")
    assert "power cord | none | none | A1 L1" in cables
    assert "power cord | none | none | B1 L1" in cables


def test_a_device_of_unknown_weight_is_never_weighed_as_nothing(estate_with, read_of):
    estate, plan = estate_with()
    demands = tuple(
        replace(demand, quantities={k: v for k, v in demand.quantities.items() if k != "weight_kg"})
        for demand in plan.demands
    )
    plan = plans.sealed(replace(plan, demands=demands))
    way = read_of(estate, plan, "Crew, transport and the way in")
    assert "Weight unknown, weigh before lifting: dev-1" in way
    assert "| unknown, vans: 1,000 kg |" in way
    assert "unknown weight, 300 W" in read_of(estate, plan, "Manifest")


def test_a_way_in_that_does_not_bear_the_heaviest_says_so(estate_with, read_of):
    estate, plan = estate_with()
    hall = replace(
        a_facility().halls[0],
        routes=(supply.Route("goods lift", 15.0, 900.0, 2100.0), supply.Route("ramp", None, 1200.0)),
    )
    place = supply.Position("P1", "Hall 1", "R1", 1, 1, 1, 0.8, 1.2, "c", "h", "z", "standard", (), 3.9, "p1")
    rack = supply.TargetRack("new-rack-1", "m", "P1", "others", 42, 1, 600, 1200, 100, 1000)
    facility = supply.sealed(replace(a_facility(), halls=(hall,), positions=(place,), racks=(rack,)))
    way = read_of(estate, plan, "Crew, transport and the way in", facility=facility)
    assert "goods lift: rolling 15 kg, opening 900 mm wide, 2,100 mm high; not for the heaviest" in way
    assert "ramp: rolling not limited, opening 1,200 mm wide, not limited high" in way
    assert "1,200 kg/m² over the bay, rolling: 900 kg" in way


def test_measured_durations_stand_beside_the_planned(estate_with, read_of):
    estate, plan = estate_with()
    step = StepRun("relocate-0001", "done", duration_s=9000.0)
    run = RunRecord(plan.content_hash, 1, "cutover", START, START, "done", steps=(step,))
    actual = read_of(estate, plan, "Estimate against actual", runs=(run, replace(run, check=True, steps=())))
    assert "relocate-0001 | move the devices | 4 h | 2 h 30" in actual
    assert "cutover-0001 | cut over | 4 h | ____" in actual


def test_data_that_travel_are_told_with_their_van_and_who_escorts_them(estate_with, read_of):
    estate, plan = estate_with()
    steps = tuple(
        replace(
            step,
            by="truck",
            uses=(
                plans.Use("appliance", 2, step.start, step.end),
                plans.Use("van", 1, step.start, step.start + timedelta(hours=2)),
                plans.Use("van", 1, step.end - timedelta(hours=2), step.end),
            ),
        )
        if step.kind == "replicate"
        else step
        for step in plan.steps
    )
    plan = plans.sealed(replace(plan, steps=steps))
    way = read_of(estate, plan, "Crew, transport and the way in")
    assert (
        "replicate-0001 | Thu 05 Mar 2026 21:00 to Thu 05 Mar 2026 23:00, Fri 06 Mar 2026 19:00 to Fri 06 Mar 2026 "
        "21:00 | 2 appliances, 1 van | 1 workload, unknown size | ____ | ____"
    ) in way
    assert "copy the data, by truck" in read_of(estate, plan, "Ordered tasks")


def test_retirements_have_a_runbook_with_nothing_to_carry_and_no_way_back(retirements):
    assert "retire-0001" in retirements("Ordered tasks")
    assert "[ ] | T−24:00" in retirements("Ordered tasks")
    assert "what is retired is gone" in retirements("Go or no-go")
    assert "can be rolled back" in retirements("Rollback")
    assert "Nothing to carry." in retirements("Crew, transport and the way in")
