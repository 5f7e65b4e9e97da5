"""The whole chain on a live NetBox, where VORST_TEST_NETBOX_URL and VORST_TEST_NETBOX_TOKEN name one: only ever read.

Nothing is known of what it holds, so what is tested holds for every NetBox: what is unproven is said and not placed,
the plan keeps every rule, and no name of it breaks what is made from it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import vorst, well
from netbox_overlay import key, plan_of

URL = os.environ.get("VORST_TEST_NETBOX_URL", "").rstrip("/")
TOKEN = os.environ.get("VORST_TEST_NETBOX_TOKEN", "")

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        not (URL and TOKEN), reason="no live NetBox: set VORST_TEST_NETBOX_URL and VORST_TEST_NETBOX_TOKEN"
    ),
]

KINDS = ("devices", "virtual_machines")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that holds the live NetBox, and its plan."""
    folder = tmp_path_factory.mktemp("live")
    well(folder, "init")
    well(folder, "sync", "netbox", "--apply", VORST_NETBOX_URL=URL, VORST_NETBOX_TOKEN=TOKEN)
    well(folder, "plan")
    return folder


@pytest.fixture(scope="module")
def estate(workspace: Path) -> dict[str, Any]:
    found: dict[str, Any] = well(workspace, "estate", "--json").json
    return found


def test_a_second_look_shows_no_change(workspace: Path) -> None:
    assert vorst(workspace, "sync", "netbox", VORST_NETBOX_URL=URL, VORST_NETBOX_TOKEN=TOKEN).code == 0


def test_the_plan_keeps_every_rule(workspace: Path) -> None:
    assert well(workspace, "check", "plan.json", "--format", "json").json["violations"] == []


def test_every_asset_is_decided_on_and_what_is_unproven_has_its_reason_and_no_place(
    workspace: Path, estate: dict[str, Any]
) -> None:
    plan = plan_of(workspace)
    assets = {(kind, row["id"]) for kind in KINDS for row in estate[kind]}
    assert assets
    assert {key(decision["asset"]) for decision in plan["decisions"]} == assets
    placed = {key(entry["asset"]) for entry in (*plan["devices"], *plan["workloads"])}
    for entry in plan["unplaced"]:
        assert key(entry["asset"]) not in placed
        assert entry["lacks"]
        if entry["is_unproven"]:
            assert all(lack["needs"] is None and lack["dimension"] for lack in entry["lacks"])


@pytest.mark.parametrize(
    "words", [("capacity",), ("findings",), ("estate",), ("history", "--limit", "200")], ids=" ".join
)
def test_no_name_breaks_a_table(workspace: Path, words: tuple[str, ...]) -> None:
    ran = vorst(workspace, *words)
    assert ran.code in {0, 2}
    assert ran.out
    assert not [character for character in ran.out if character < " " and character != "\n"]


def test_no_name_breaks_the_ansible_project(workspace: Path) -> None:
    well(workspace, "playbooks", "plan.json", "-o", "project")
    project = workspace / "project"
    loaded = 0
    for file in sorted(project.rglob("*.yml")):
        yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)
        loaded += 1
    assert loaded
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")
    assert all(set(str(file.relative_to(project))) <= allowed for file in project.rglob("*"))


def test_no_name_breaks_a_partners_report(workspace: Path, estate: dict[str, Any]) -> None:
    partners = {decision["partner"] for decision in plan_of(workspace)["decisions"]} - {None}
    for partner in sorted(partners)[:3]:
        well(workspace, "report", "--partner", partner, "--lang", "fr", "-o", "reports")
        page = (workspace / f"reports/{partner}-fr.html").read_text(encoding="utf-8")
        assert json.loads((workspace / f"reports/{partner}.json").read_text(encoding="utf-8"))
        for kind in ("sites", "devices", "virtual_machines", "locations"):
            markup = [row["name"] for row in estate[kind] if row["name"] and "<" in row["name"]]
            assert not [name for name in markup if name in page]


class _Loader(yaml.SafeLoader):
    """YAML as Ansible reads it: `!unsafe` marks a text."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
