"""The chain on a recorded NetBox with sizes, weights, draws, lines and flows laid over it: all is proven and placed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import netbox_overlay as overlay
import pytest
import yaml
from command_line import vorst, well
from netbox_overlay import HOSTILE, key, plan_of


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
    moving = {
        key(d["asset"]) for d in plan["decisions"] if d["strategy"] in {"relocate", "rehost", "replatform"}
    }
    placed = [key(entry["asset"]) for entry in (*plan["devices"], *plan["workloads"])]
    assert sorted(placed) == sorted(moving)
    assert (len(plan["devices"]), len(plan["workloads"])) == (6, 182)
    assert min(len(plan["racks"]), len(plan["hosts"]), len(plan["waves"])) > 0
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
        # The copy itself, and the changes that follow it until the cutover.
        uses = [use for use in step["uses"] if use["resource"].startswith("circuit:")]
        (name,) = {use["resource"] for use in uses}
        circuit = circuits[int(name.split(":")[1])]
        assert {move["source"]["site_id"] for move in step["moves"]} <= set(circuit["site_ids"])
        assert all(use["amount"] <= circuit["rate_mbps"] for use in uses)


def test_hostile_names_stay_data_in_the_ansible_project(proven: Path) -> None:
    well(proven, "playbooks", "plan.json", "-o", "project")
    project = proven / "project"
    texts: list[str] = []
    for file in sorted(project.rglob("*.yml")):
        if "roles" not in file.relative_to(project).parts:
            texts += _unsafe_texts(yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader))
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
    name = HOSTILE["dmi01-utica-rtr01"]
    number = overlay.the(well(proven, "estate", "--json").json["devices"], name)["id"]
    told = well(proven, "history", f"devices:{number}").out
    assert "[bold red]x[/]" in told
    assert "\\u202e" in told
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in told


@pytest.mark.parametrize(
    ("object_", "field", "typed", "value"),
    [
        ("devices:62", "serial", "007", "007"),
        ("devices:62", "name", "true", "true"),
        ("devices:62", "position", "6.5", 6.5),
        ("sites:1", "lease_end", "2028-12-31", "2028-12-31"),
        ("racks:14", "desc_units", "true", True),
        ("clusters:10", "scope", "sites:3", {"kind": "sites", "id": 3}),
    ],
)
def test_a_correction_is_typed_as_its_field_is(
    overlaid: Path, tmp_path: Path, object_: str, field: str, typed: str, value: object
) -> None:
    folder = tmp_path / "corrected"
    shutil.copytree(overlaid, folder)
    well(folder, "override", object_, f"{field}={typed}", "--reason", "seen on site")
    kind, _, number = object_.partition(":")
    (row,) = [row for row in well(folder, "estate", "--json").json[kind] if row["id"] == int(number)]
    assert row[field] == value


def test_a_correction_that_does_not_fit_its_field_changes_nothing(overlaid: Path) -> None:
    ran = vorst(overlaid, "override", "device_types:3", "weight_kg=heavy", "--reason", "seen on site")
    assert ran.code == 1
    assert "weight_kg should be" in ran.err


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
