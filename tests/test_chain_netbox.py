"""The whole chain on a real NetBox's answers, by the command line: pull, plan, check, hand on.

Once as it is recorded, where almost nothing is proven and the plan says so; once with the overlay of
`tests/support/netbox_overlay.py`, where everything is proven and has its place. What a broken plan looks like to the
checker is in `test_chain_violations.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import netbox_overlay as overlay
import pytest
import yaml
from command_line import vorst, well
from netbox_server import RecordedNetBox

DEVICE_DIMENSIONS = ("power_w", "weight_kg", "ports")
WORKLOAD_DIMENSIONS = ("vcpus", "memory_mb", "disk_mb")
HOSTILE = {
    "ncsu128-distswitch1": "{{ lookup('pipe', 'touch owned') }}",
    "ncsu117-distswitch1": "<script>alert(1)</script>",
    "ncsu118-distswitch1": "../../etc/passwd",
    "dmi01-utica-rtr01": "=HYPERLINK(0) [bold red]x[/] \N{RIGHT-TO-LEFT OVERRIDE}\N{FIRE}",
    "dmi01-yonkers-rtr01": "- a: b\n#c: !!python/object:os.system",
}


@pytest.fixture(scope="module")
def recorded(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the recording as it is, and its plan."""
    folder = tmp_path_factory.mktemp("recorded")
    with RecordedNetBox(shared_dir / "netbox") as netbox:
        overlay.pull(netbox, folder)
    well(folder, "plan")
    return folder


@pytest.fixture(scope="module")
def overlaid(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with recording and overlay, some names turned hostile; its facility entitles nobody of the recording."""
    folder = tmp_path_factory.mktemp("overlaid")
    with RecordedNetBox(shared_dir / "netbox") as netbox:
        overlay.cable_feeds(netbox)
        for device in netbox.rows["dcim/devices"]:
            device["name"] = HOSTILE.get(device["name"], device["name"])
        overlay.pull(netbox, folder)
    overlay.lay_over(folder)
    return folder


@pytest.fixture(scope="module")
def proven(overlaid: Path) -> Iterator[Path]:
    """The same with an entitlement for the recording's partner, and its plan; the facility is put back afterwards."""
    file = overlaid / "facility.yaml"
    before = file.read_text(encoding="utf-8")
    overlay.entitle(overlaid)
    well(overlaid, "plan")
    yield overlaid
    file.write_text(before, encoding="utf-8")


def plan_of(folder: Path, name: str = "plan.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return found


def key(ref: dict[str, Any]) -> tuple[str, int]:
    return ref["kind"], ref["id"]


# --- as it is ----------------------------------------------------------------------------------------------------


def test_what_the_recording_does_not_size_is_unproven_and_nothing_else(recorded: Path, shared_dir: Path) -> None:
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
        assert entry["lacks"] and all(dimension in said for dimension in unknown), said


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
    staying = {sites[asset["asset"]["id"]] for asset in plan["unplaced"] if asset["asset"]["kind"] == "devices"}
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
def test_a_report_in_every_language_holds_the_partner_and_what_is_unproven(recorded: Path, language: str) -> None:
    well(recorded, "report", "--partner", overlay.PARTNER, "--lang", language, "-o", "reports")
    page = (recorded / f"reports/{overlay.PARTNER}-{language}.html").read_text(encoding="utf-8")
    assert f'lang="{language}"' in page
    figures = json.loads((recorded / f"reports/{overlay.PARTNER}.json").read_text(encoding="utf-8"))
    assert figures


def test_a_partner_nobody_knows_is_an_error_that_lists_those_there_are(recorded: Path) -> None:
    ran = vorst(recorded, "report", "--partner", "dunder-mifflin")
    assert (ran.code, ran.out) == (1, "")
    assert "dunder-mifflin" in ran.err and overlay.PARTNER in ran.err and "Traceback" not in ran.err


def test_odd_names_come_through_as_they_were_recorded(recorded: Path, shared_dir: Path) -> None:
    estate = well(recorded, "estate", "--json").json
    for kind, endpoint in (
        ("devices", "dcim/devices"), ("racks", "dcim/racks"), ("sites", "dcim/sites"), ("tenants", "tenancy/tenants"),
        ("virtual_machines", "virtualization/virtual-machines"),
    ):  # fmt: skip
        rows = json.loads((shared_dir / "netbox/lists" / f"{endpoint}.json").read_text(encoding="utf-8"))
        assert sorted(str(row["name"]) for row in estate[kind]) == sorted(str(row["name"]) for row in rows)
    assert None in {row["name"] for row in estate["devices"]}


# --- with the overlay --------------------------------------------------------------------------------------------


def test_the_overlay_meets_the_recorded_objects_and_contradicts_none(overlaid: Path) -> None:
    ran = vorst(overlaid, "import", str(overlay.FILES), "--dry-run")
    assert (ran.code, ran.err) == (0, "nothing was changed\n")
    estate = well(overlaid, "estate", "--json").json
    assert (len(estate["virtual_machines"]), len(estate["devices"])) == (180, 72 + 5)
    assert len(estate["clusters"]) == 32


def test_without_an_entitlement_the_partners_hardware_has_no_place_and_that_reason(overlaid: Path) -> None:
    file = overlaid / "facility.yaml"
    assert overlay.PARTNER not in file.read_text(encoding="utf-8")
    well(overlaid, "plan", "-o", "unentitled.json")
    plan = plan_of(overlaid, "unentitled.json")
    hardware = [entry["asset"] for entry in plan["decisions"] if entry["strategy"] == "relocate"]
    assert len(hardware) == 6
    assert [entry["asset"] for entry in plan["unplaced"]] == hardware
    for entry in plan["unplaced"]:
        assert not entry["is_unproven"]
        assert f"{overlay.PARTNER} has no entitlement" in entry["lacks"][0]["explanation"]
    assert well(overlaid, "check", "unentitled.json", "--format", "json").json["count"] == 0
    # The cloud is shared: machines go there whoever owns them.
    assert len(plan["workloads"]) == 182


def test_with_the_overlay_everything_is_proven_and_has_its_place(proven: Path) -> None:
    plan = plan_of(proven)
    assert plan["unplaced"] == []
    moving = {key(d["asset"]) for d in plan["decisions"] if d["strategy"] in {"relocate", "rehost", "replatform"}}
    placed = [key(entry["asset"]) for entry in (*plan["devices"], *plan["workloads"])]
    assert sorted(placed) == sorted(moving)
    assert (len(plan["devices"]), len(plan["workloads"])) == (6, 182)
    assert plan["racks"] and plan["hosts"] and plan["waves"]
    assert {rack["owner"] for rack in plan["racks"]} == {overlay.PARTNER}
    assert all(o["bound"] <= o["value"] for o in plan["evidence"]["objectives"])


def test_the_proven_plan_keeps_every_rule(proven: Path) -> None:
    assert well(proven, "check", "plan.json", "--format", "json").json["violations"] == []


def test_a_person_s_word_stands_over_the_recommendation(proven: Path) -> None:
    plan, estate = plan_of(proven), well(proven, "estate", "--json").json
    for name in overlay.CORE_SWITCHES:
        number = overlay.the(estate["devices"], name)["id"]
        (decision,) = [d for d in plan["decisions"] if key(d["asset"]) == ("devices", number)]
        assert (decision["strategy"], decision["recommended"]) == ("relocate", "retire")


def test_what_runs_on_several_hosts_at_once_fits_beside_the_reserve(proven: Path) -> None:
    """Counted here anew: machines and memory of the overlay against hosts of the default facility."""
    plan, estate = plan_of(proven), well(proven, "estate", "--json").json
    memory_mb = sum(row["memory_mb"] for row in estate["virtual_machines"]) + 2 * 65536
    per_host_mb = 1048576
    assert len(plan["hosts"]) == -(-memory_mb // per_host_mb) + 1
    busy = {entry["host"] for entry in plan["workloads"]}
    assert len(busy) < len(plan["hosts"])


def test_cabled_feeds_carry_what_hangs_on_them_when_one_is_lost(proven: Path) -> None:
    lines = well(proven, "capacity", "--json").json
    (line,) = [
        line for line in lines
        if line["where"] == "site MDF" and line["note"].startswith("fullest feed under any single loss")
    ]  # fmt: skip
    # 2+2 supplies on two feeds: the one left carries the whole switch, 1,850 W of 220 V x 20 A x 80 %.
    assert (line["high"], line["supply"]) == (1850, 3520)


def test_machines_are_copied_over_their_own_site_s_line(proven: Path) -> None:
    plan, estate = plan_of(proven), well(proven, "estate", "--json").json
    circuits = {row["id"]: row for row in estate["circuits"]}
    copies = [step for step in plan["steps"] if step["kind"] == "replicate"]
    assert sum(len(step["moves"]) for step in copies) == 182
    for step in copies:
        (use,) = [use for use in step["uses"] if use["resource"].startswith("circuit:")]
        circuit = circuits[int(use["resource"].split(":")[1])]
        assert {move["source"]["site_id"] for move in step["moves"]} <= set(circuit["site_ids"])
        assert use["amount"] <= circuit["rate_mbps"]


def test_hostile_names_stay_data_in_the_ansible_project(proven: Path) -> None:
    well(proven, "playbooks", "plan.json", "-o", "project")
    project = proven / "project"
    texts: list[str] = []
    for file in sorted(project.rglob("*.yml")):
        if "roles" not in file.relative_to(project).parts:
            texts += _unsafe_texts(yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader))  # noqa: S506
    names = {text for text in texts if text in HOSTILE.values()}
    assert {name for name in names if "{{" in name or "!!" in name} == {
        name for name in HOSTILE.values() if "{{" in name or "!!" in name
    }
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")
    assert all(set(str(file.relative_to(project))) <= allowed for file in project.rglob("*"))
    assert not list(project.rglob("owned"))


def test_hostile_names_are_escaped_in_the_report_and_visible_in_tables(proven: Path) -> None:
    well(proven, "report", "--partner", overlay.PARTNER, "--lang", "nl", "-o", "reports")
    page = (proven / f"reports/{overlay.PARTNER}-nl.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page
    found = vorst(proven, "findings").out + vorst(proven, "history", "--limit", "5000").out
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in found


class _Unsafe(str):
    """A text that Ansible is told not to template."""

    __slots__ = ()


class _Loader(yaml.SafeLoader):
    """YAML as Ansible reads it: `!unsafe` marks a text."""


_Loader.add_constructor("!unsafe", lambda loader, node: _Unsafe(loader.construct_scalar(node)))


def _unsafe_texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for value in node.values() for text in _unsafe_texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in _unsafe_texts(value)]
    return [str(node)] if isinstance(node, _Unsafe) else []
