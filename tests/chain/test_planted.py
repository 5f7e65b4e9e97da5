"""`vorst check` on the proven plan with one thing spoilt at a time: exit code 2, and the rule that was broken.

Each spoilt plan is sealed again, as if a planner had made it so, except where the seal itself is what is broken.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import netbox_overlay as overlay
import pytest
from command_line import vorst, well
from netbox_overlay import key, plan_of

from capacity.plan import Plan, sealed
from inventory.documents import from_data, to_json

Json = dict[str, Any]
CORE_1, CORE_2 = overlay.CORE_SWITCHES
CIRB_RACK = "H1-R1-01"  # stands in the default facility, and is another's


def spoilt(folder: Path, plan: Json, name: str = "spoilt.json") -> Any:
    """What `vorst check` says of a plan sealed again; it must find something."""
    text = to_json(sealed(from_data(Plan, plan)), indent=1)
    (folder / name).write_text(text, encoding="utf-8")
    ran = vorst(folder, "check", name, "--format", "json")
    assert ran.code == 2, ran.err
    return ran.json["violations"]


def device(plan: Json, name: str) -> Json:
    """The placement of the device of this name."""
    (decision,) = [d for d in plan["decisions"] if d["name"] == name]
    (placement,) = [d for d in plan["devices"] if d["asset"] == decision["asset"]]
    found: Json = placement
    return found


def move(plan: Json, placement: Json, **target: Any) -> None:
    """Place a device elsewhere, consistently: its placement, its cords and the step that brings it there."""
    placement.update(target)
    for supply in placement["supplies"]:
        supply["feed"] = f"{placement['rack']}-{supply['feed'][-1]}"
    for step in plan["steps"]:
        for entry in step["moves"]:
            if entry["asset"] == placement["asset"] and entry["target"]:
                entry["target"].update(target)


def steps(plan: Json, kind: str) -> list[Json]:
    return [step for step in plan["steps"] if step["kind"] == kind]


def shift(step: Json, by: timedelta) -> None:
    """Move a step in time with all it holds and promises."""
    for item in (step, *step["uses"]):
        for name in ("start", "end", "rollback_deadline"):
            if item.get(name):
                item[name] = later(item[name], by)


def later(moment: str, by: timedelta) -> str:
    return (datetime.fromisoformat(moment) + by).isoformat()


# --- one spoilt thing each ---------------------------------------------------------------------------------------


def on_an_occupied_unit(plan: Json) -> str:
    core = device(plan, CORE_1)
    other = next(d for d in plan["devices"] if d["rack"] == core["rack"] and d["asset"] != core["asset"])
    move(plan, other, position=core["position"] + 2)
    return "UNIT-OVERLAP"


def below_the_rack(plan: Json) -> str:
    move(plan, device(plan, CORE_1), position=0.5)
    return "UNIT-RANGE"


def all_cords_on_one_leg(plan: Json) -> str:
    for placement in plan["devices"]:
        for supply in placement["supplies"]:
            supply["leg"] = "L1"
    return "POWER-LEG"


def both_supplies_on_one_feed(plan: Json) -> str:
    supplies = device(plan, "ncsu-db1")["supplies"]
    supplies[1]["feed"] = supplies[0]["feed"]
    return "POWER-DIVERSE"


def a_cord_too_few(plan: Json) -> str:
    device(plan, "ncsu-db1")["supplies"].pop()
    return "POWER-CORDS"


def twins_in_one_rack(plan: Json) -> str:
    one, other = device(plan, "ncsu-db1"), device(plan, "ncsu-db2")
    move(plan, other, rack=one["rack"])
    return "APART"


def heavy_at_the_top(plan: Json) -> str:
    move(plan, device(plan, CORE_2), position=25)
    return "HEAVY-LOW"


def in_anothers_rack(plan: Json) -> str:
    move(plan, device(plan, "ncsu-db3"), rack=CIRB_RACK, position=10)
    return "OWNER"


def backwards(plan: Json) -> str:
    move(plan, device(plan, "ncsu-db1"), face="rear")
    return "AIRFLOW"


def outside_every_window(plan: Json) -> str:
    (relocation,) = steps(plan, "relocate")
    shift(relocation, timedelta(days=3, hours=-10))  # from Friday evening to Monday morning
    return "WINDOW"


def copied_faster_than_the_line(plan: Json) -> str:
    copy = max(steps(plan, "replicate"), key=lambda step: len(step["moves"]))
    for item in (copy, *copy["uses"]):
        whole = datetime.fromisoformat(item["end"]) - datetime.fromisoformat(item["start"])
        item["end"] = later(item["start"], whole / 50)
    return "REPLICATION"


def more_than_the_line_has(plan: Json) -> str:
    for use in steps(plan, "replicate")[0]["uses"]:
        use["amount"] = 100_000.0
    return "CIRCUIT"


def too_much_for_one_host(plan: Json) -> str:
    host = plan["workloads"][0]["host"]
    for workload in plan["workloads"]:
        workload["host"] = host
    for step in plan["steps"]:
        for entry in step["moves"]:
            if entry["target"] and entry["target"]["host"]:
                entry["target"]["host"] = host
    return "HOST-CAPACITY"


def the_way_back_closed_two_days_early(plan: Json) -> str:
    (relocation,) = steps(plan, "relocate")
    relocation["rollback_deadline"] = later(relocation["rollback_deadline"], -timedelta(days=2))
    return "ROLLBACK"


def cleared_before_the_way_back_closed(plan: Json) -> str:
    shift(steps(plan, "decommission")[0], -timedelta(days=2))
    return "ROLLBACK"


def cut_over_before_the_copy_is_there(plan: Json) -> str:
    copy = steps(plan, "replicate")[0]
    (cutover,) = [step for step in steps(plan, "cutover") if copy["id"] in step["predecessors"]]
    shift(cutover, datetime.fromisoformat(copy["start"]) - datetime.fromisoformat(cutover["start"]))
    return "STEP-ORDER"


def a_predecessor_that_is_gone(plan: Json) -> str:
    """The copy is dropped; what waited for it still names it."""
    plan["steps"].remove(steps(plan, "replicate")[0])
    return "REF-UNKNOWN"


def never_copied(plan: Json) -> str:
    """The copy is dropped, and nobody waits for it any more."""
    copy = steps(plan, "replicate")[0]
    plan["steps"].remove(copy)
    for step in plan["steps"]:
        step["predecessors"] = [other for other in step["predecessors"] if other != copy["id"]]
    return "STEP-SEQUENCE"


def crew_left_at_home(plan: Json) -> str:
    (relocation,) = steps(plan, "relocate")
    relocation["uses"] = [use for use in relocation["uses"] if use["resource"] != "crew"]
    return "EFFORT"


def a_smaller_demand_than_was_measured(plan: Json) -> str:
    asset = device(plan, CORE_1)["asset"]
    (demand,) = [d for d in plan["demands"] if d["asset"] == asset]
    demand["quantities"]["power_w"].update(low=100.0, high=100.0, planning=100.0)
    return "DEMAND"


def an_asset_nobody_decides_on(plan: Json) -> str:
    plan["decisions"] = [d for d in plan["decisions"] if d["strategy"] != "retire"]
    return "COVERAGE"


def a_prettier_bound(plan: Json) -> str:
    plan["evidence"]["objectives"][1]["bound"] += 1
    return "EVIDENCE"


SPOILERS: tuple[Callable[[Json], str], ...] = (
    on_an_occupied_unit, below_the_rack, all_cords_on_one_leg, both_supplies_on_one_feed, a_cord_too_few,
    twins_in_one_rack, heavy_at_the_top, in_anothers_rack, backwards, outside_every_window,
    copied_faster_than_the_line, more_than_the_line_has, too_much_for_one_host, the_way_back_closed_two_days_early,
    cleared_before_the_way_back_closed, cut_over_before_the_copy_is_there, a_predecessor_that_is_gone, never_copied,
    crew_left_at_home, a_smaller_demand_than_was_measured, an_asset_nobody_decides_on, a_prettier_bound,
)  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__)
def test_a_planted_violation_is_caught_under_its_code(proven: Path, spoil: Callable[[Json], str]) -> None:
    plan = plan_of(proven)
    expected = spoil(plan)
    found = spoilt(proven, plan)
    assert expected in {violation["code"] for violation in found}
    assert not {"PLAN-HASH", "INPUT-ESTATE", "INPUT-FACILITY"} & {violation["code"] for violation in found}
    assert all(violation["message"] and violation["remedy"] for violation in found)


def test_a_violation_names_asset_moment_and_amount(proven: Path) -> None:
    plan = plan_of(proven)
    the_way_back_closed_two_days_early(plan)
    (relocation,) = steps(plan, "relocate")
    found = [v for v in spoilt(proven, plan) if v["code"] == "ROLLBACK"]
    assert found
    assert {key(v["asset"]) for v in found if v["asset"]} <= {key(m["asset"]) for m in relocation["moves"]}
    assert all(v["moment"] for v in found)
    promised = datetime.fromisoformat(relocation["end"]) + timedelta(days=plan["calendar"]["rollback_days"])
    short = promised - datetime.fromisoformat(relocation["rollback_deadline"])
    assert {v["unit"] for v in found} == {"days"}
    assert max(v["amount"] for v in found) == pytest.approx(short / timedelta(days=1))


def test_a_plan_edited_by_hand_no_longer_has_its_hash(proven: Path) -> None:
    plan = plan_of(proven)
    plan["name"] = "as it was never made"
    (proven / "edited.json").write_text(json.dumps(plan), encoding="utf-8")
    ran = vorst(proven, "check", "edited.json", "--format", "json")
    assert (ran.code, [v["code"] for v in ran.json["violations"]]) == (2, ["PLAN-HASH"])


def test_a_plan_of_another_inventory_is_told_and_not_carried_out(proven: Path, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(proven, folder)
    well(folder, "override", "sites:1", "landlord=Regie", "--reason", "the lease says so")
    ran = vorst(folder, "check", "--format", "json")
    assert (ran.code, [v["code"] for v in ran.json["violations"]]) == (2, ["INPUT-ESTATE"])
    for refused in (
        ("playbooks", "plan.json", "-o", "new"),
        ("report", "--partner", "customers", "-o", "new"),
    ):
        ran = vorst(folder, *refused)
        assert ran.code == 1
        assert "the inventory has changed since this plan was made" in ran.err
    assert not (folder / "new").exists()


def test_what_is_no_plan_is_an_error_and_no_violation(proven: Path) -> None:
    (proven / "no.json").write_text('{"name": "x"}', encoding="utf-8")
    ran = vorst(proven, "check", "no.json")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: no.json")
