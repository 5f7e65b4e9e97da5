"""The chain on a real NetBox as it was recorded: almost nothing is proven, and the plan says so and why."""

from __future__ import annotations

import json
from pathlib import Path

import netbox_overlay as overlay
import pytest
from command_line import vorst, well
from netbox_overlay import key, plan_of

DEVICE_DIMENSIONS = ("power_w", "weight_kg", "ports")
WORKLOAD_DIMENSIONS = ("vcpus", "memory_mb", "disk_mb")


def test_what_the_recording_does_not_size_is_unproven_and_nothing_else(
    recorded: Path, shared_dir: Path
) -> None:
    plan, estate = plan_of(recorded), well(recorded, "estate", "--json").json
    machines = json.loads((shared_dir / "netbox/lists/virtualization/virtual-machines.json").read_text())
    unsized = {row["name"] for row in machines if row["vcpus"] is None}
    unproven = {key(entry["asset"]) for entry in plan["unplaced"] if entry["is_unproven"]}
    names = {("virtual_machines", row["id"]): row["name"] for row in estate["virtual_machines"]}
    assert {names[ref] for ref in unproven if ref in names} == unsized
    assert len(unsized) == 180
    # Of the hardware only the chassis of servers should move; its draw and weight are recorded nowhere.
    types = {row["id"]: row["model"] for row in estate["device_types"]}
    models = {row["id"]: types[row["device_type_id"]] for row in estate["devices"]}
    assert [models[number] for kind, number in sorted(unproven) if kind == "devices"] == ["Flex system"]


def test_every_unproven_asset_says_which_dimensions_nobody_knows(recorded: Path) -> None:
    plan = plan_of(recorded)
    demands = {key(demand["asset"]): demand["quantities"] for demand in plan["demands"]}
    for entry in plan["unplaced"]:
        asset = key(entry["asset"])
        dimensions = DEVICE_DIMENSIONS if asset[0] == "devices" else WORKLOAD_DIMENSIONS
        unknown = [dimension for dimension in dimensions if dimension not in demands[asset]]
        assert entry["is_unproven"]
        assert unknown, f"{asset} is called unproven, though all is known of it"
        assert all(lack["needs"] is None and lack["dimension"] in unknown for lack in entry["lacks"])
        said = " ".join(lack["explanation"] for lack in entry["lacks"])
        assert entry["lacks"], asset
        assert all(dimension in said for dimension in unknown), said


def test_nothing_unproven_is_placed_moved_or_given_a_host(recorded: Path) -> None:
    plan = plan_of(recorded)
    unplaced = {key(entry["asset"]) for entry in plan["unplaced"]}
    placed = {key(entry["asset"]) for entry in (*plan["devices"], *plan["workloads"])}
    moved = {key(move["asset"]) for step in plan["steps"] for move in step["moves"]}
    assert not unplaced & (placed | moved)
    assert plan["hosts"] == plan["racks"] == []
    decided = {key(entry["asset"]): entry["strategy"] for entry in plan["decisions"]}
    assert len(decided) == 72 + 180
    assert all(decided[asset] in {"relocate", "rehost", "replatform"} for asset in unplaced)


def test_kit_that_still_serves_what_stays_is_not_torn_out(recorded: Path) -> None:
    plan, estate = plan_of(recorded), well(recorded, "estate", "--json").json
    strategy = {key(entry["asset"]): entry["strategy"] for entry in plan["decisions"]}
    sites = {row["id"]: row["site_id"] for row in estate["devices"]}
    staying = {
        sites[asset["asset"]["id"]] for asset in plan["unplaced"] if asset["asset"]["kind"] == "devices"
    }
    there = {number for number, site in sites.items() if site in staying}
    assert there
    assert not [number for number in there if strategy["devices", number] == "retire"]


def test_the_plan_of_the_recording_keeps_every_rule_in_every_format(recorded: Path) -> None:
    assert well(recorded, "check", "--format", "json").json == {
        "schema_version": "1",
        "plan": "plan.json",
        "count": 0,
        "violations": [],
    }
    for output_format in ("text", "junit", "sarif", "github"):
        well(recorded, "check", "plan.json", "--format", output_format)


def test_the_same_recording_gives_the_same_bytes(recorded: Path) -> None:
    well(recorded, "plan", "-o", "again.json")
    assert (recorded / "again.json").read_bytes() == (recorded / "plan.json").read_bytes()


def test_capacity_counts_what_is_unknown_beside_what_is_known(recorded: Path) -> None:
    lines = well(recorded, "capacity", "--json").json
    (power,) = [
        line for line in lines
        if line["where"] == "site MDF" and line["dimension"] == "power_w" and line["note"].endswith("no loss")
    ]  # fmt: skip
    assert power["unknown"] == 11  # 8 switches at the top of racks, 2 core switches and the chassis
    assert "11 unknown" in well(recorded, "capacity").out


def test_findings_name_what_is_missing(recorded: Path) -> None:
    ran = vorst(recorded, "findings", "--json")
    assert ran.code == 2
    assert {"circuit-without-rate"} <= {finding["code"] for finding in ran.json}


def test_the_recorded_plan_becomes_an_ansible_project(recorded: Path) -> None:
    ran = well(recorded, "playbooks", "plan.json", "-o", "project")
    retired = [entry for entry in plan_of(recorded)["decisions"] if entry["strategy"] == "retire"]
    assert f"{len(retired)} hosts" in ran.err
    assert len(list((recorded / "project/inventory/host_vars").glob("dev-*.yml"))) == len(retired)


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_a_report_in_every_language_holds_the_partner_and_what_is_unproven(
    recorded: Path, language: str
) -> None:
    well(recorded, "report", "--partner", overlay.PARTNER, "--lang", language, "-o", "reports")
    page = (recorded / f"reports/{overlay.PARTNER}-{language}.html").read_text(encoding="utf-8")
    assert f'lang="{language}"' in page
    figures = json.loads((recorded / f"reports/{overlay.PARTNER}.json").read_text(encoding="utf-8"))
    assert figures["partner"] == overlay.PARTNER


def test_a_partner_nobody_knows_is_an_error_that_lists_those_there_are(recorded: Path) -> None:
    ran = vorst(recorded, "report", "--partner", "dunder-mifflin")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: no partner 'dunder-mifflin' (use one of ")
    assert overlay.PARTNER in ran.err


def test_odd_names_come_through_as_they_were_recorded(recorded: Path, shared_dir: Path) -> None:
    estate = well(recorded, "estate", "--json").json
    for kind, endpoint in (
        ("devices", "dcim/devices"), ("racks", "dcim/racks"), ("sites", "dcim/sites"), ("tenants", "tenancy/tenants"),
        ("virtual_machines", "virtualization/virtual-machines"),
    ):  # fmt: skip
        rows = json.loads((shared_dir / "netbox/lists" / f"{endpoint}.json").read_text(encoding="utf-8"))
        assert sorted(str(row["name"]) for row in estate[kind]) == sorted(str(row["name"]) for row in rows)
    assert None in {row["name"] for row in estate["devices"]}
