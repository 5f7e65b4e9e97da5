"""The plan as a whole: the checker accepts every plan, equal inputs give equal bytes, limits have consequences."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from plan_builders import a_calendar, a_facility, an_estate, device, machine
from random_worlds import estates

from capacity.facility import Facility
from capacity.facility import sealed as sealed_facility
from capacity.plan import Plan
from capacity.planner import plan
from capacity.verify import check
from inventory.documents import from_json, to_json
from inventory.estate import ChangeWindow, Circuit, Estate, Flow, Ref
from inventory.estate import sealed as sealed_estate


def planned(estate: Estate | None = None, facility: Facility | None = None, **calendar: object) -> Plan:
    return plan(estate or an_estate(), facility or a_facility(), a_calendar(**calendar))


def cutover_end(found: Plan) -> dict[int, datetime]:
    return {m.asset.id: s.end for s in found.steps if s.kind == "cutover" for m in s.moves}


def test_the_checker_accepts_the_plan() -> None:
    assert check(an_estate(), a_facility(), planned()) == ()


@given(estate=estates())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_checker_accepts_every_plan(estate: Estate) -> None:
    facility = a_facility()
    violations = check(estate, facility, plan(estate, facility, a_calendar()))
    assert not violations, [f"{v.code} {v.message}" for v in violations[:5]]


def test_the_plan_goes_through_json_and_still_holds() -> None:
    found = planned()
    again = from_json(Plan, to_json(found))
    assert to_json(again) == to_json(found)
    assert check(an_estate(), a_facility(), again) == ()


SCRIPT = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from plan_builders import a_calendar, a_facility, an_estate
from capacity.planner import plan
from inventory.documents import to_json
print(hashlib.sha256(to_json(plan(an_estate(), a_facility(), a_calendar())).encode()).hexdigest())
"""


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_same_inputs_give_the_same_bytes_in_another_process(hash_seed: str) -> None:
    support = Path(__file__).parents[1] / "support"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(support)],
        env={"PYTHONHASHSEED": hash_seed, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == hashlib.sha256(to_json(planned()).encode()).hexdigest()


def test_a_site_without_a_line_keeps_its_machines_and_says_what_they_lack() -> None:
    estate = an_estate()
    estate = sealed_estate(
        replace(estate, circuits=(Circuit(1, "IRIS-1", 1, rate_mbps=None, site_ids=(1,)),))
    )
    found = planned(estate)
    lacks = {entry.asset: entry.lacks[0] for entry in found.unplaced}
    assert lacks[machine(1)].dimension == "rate_mbps"
    assert "no active circuit of known rate" in lacks[machine(1)].explanation
    assert check(estate, a_facility(), found) == ()


def test_what_cannot_leave_and_is_unknown_too_is_called_unproven() -> None:
    estate = an_estate()
    machines = tuple(replace(one, memory_mb=None) if one.id == 2 else one for one in estate.virtual_machines)
    reader = Flow(90, machine(2), device(8), latency_ms=0.5)
    estate = sealed_estate(replace(estate, virtual_machines=machines, flows=(*estate.flows, reader)))
    found = planned(estate)
    entries = {entry.asset: entry for entry in found.unplaced}
    assert entries[machine(2)].is_unproven
    assert entries[machine(2)].lacks[0].dimension == "memory_mb"
    assert entries[machine(1)].lacks[0].dimension == "latency_ms"  # tied to machine 2, and all is known of it
    assert not entries[machine(1)].is_unproven
    assert check(estate, a_facility(), found) == ()


def test_a_slower_line_makes_the_cutover_later() -> None:
    slow = sealed_estate(
        replace(
            an_estate(),
            circuits=(Circuit(1, "IRIS-1", 1, rate_mbps=25.0, site_ids=(1,)), an_estate().circuits[1]),
        )
    )
    fast_end, slow_end = cutover_end(planned()), cutover_end(planned(slow))
    assert slow_end[1] > fast_end[1]


def test_a_bundle_without_a_common_window_is_split() -> None:
    estate = an_estate()
    sundays = ChangeWindow(90, Ref("applications", 2), 6, 12 * 60, 600)
    estate = sealed_estate(replace(estate, change_windows=(*estate.change_windows, sundays)))
    found = planned(estate)
    days = {m.asset.id: s.start.weekday() for s in found.steps if s.kind == "relocate" for m in s.moves}
    assert days[5] == 6
    assert days[1] == 5
    assert not any(lack.dimension == "window" for entry in found.unplaced for lack in entry.lacks)
    assert check(estate, a_facility(), found) == ()


def test_more_engineers_bring_no_cutover_later_and_none_leave_all_undated() -> None:
    def engineers(factor: float) -> Plan:
        return planned(
            resources=tuple(
                replace(r, capacity=r.capacity * factor) if r.name == "engineer" else r
                for r in a_calendar().resources
            )
        )

    usual, many = cutover_end(engineers(1.0)), cutover_end(engineers(2.0))
    assert usual
    assert all(many[machine_id] <= end for machine_id, end in usual.items())
    found = engineers(0.0)
    assert not any(step.kind == "cutover" for step in found.steps)
    assert {machine(1), machine(2)} <= {entry.asset for entry in found.unplaced}


def test_what_serves_what_stays_stays_too() -> None:
    found = planned()
    decisions = {d.asset.id: d for d in found.decisions if d.asset.kind == "devices"}
    assert (decisions[13].strategy, decisions[13].rule) == ("retain", "strategy.cluster_still_needed")


def test_a_smaller_entitlement_leaves_assets_out() -> None:
    facility = a_facility()
    nothing = tuple(replace(e, power_w=0.0) if e.partner == "stib" else e for e in facility.entitlements)
    tight = sealed_facility(replace(facility, entitlements=nothing))
    found = planned(facility=tight)
    assert len(found.unplaced) > len(planned().unplaced)
    assert check(an_estate(), tight, found) == ()
