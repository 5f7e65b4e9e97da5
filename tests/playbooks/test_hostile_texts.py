"""Names that attack: as templates, as YAML, as Markdown, as paths. They are data in every file, and Ansible agrees."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from wave_builders import HOSTILE_NAMES

from playbooks.markdown import plain
from playbooks.runbooks.book import SECTIONS
from playbooks.yaml_text import Unsafe, to_yaml

BIN = Path(sys.executable).parent


def test_no_text_of_the_inventory_is_part_of_a_path(hostile_project):
    paths = list(hostile_project.folder.rglob("*"))
    assert any(path.name == "vm-1.yml" for path in paths)
    for path in paths:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", path.name), path


def test_ansible_reads_every_name_as_it_stands_and_runs_none(hostile_project):
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    result = subprocess.run(
        ["ansible-inventory", "--list"],
        cwd=hostile_project.folder,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(result.stdout)["_meta"]["hostvars"]
    names = {
        str(host.get("vorst_name", {}).get("__ansible_unsafe", ""))
        if isinstance(host.get("vorst_name"), dict)
        else host.get("vorst_name")
        for host in found.values()
    }
    assert set(HOSTILE_NAMES[1:4]) <= names
    assert set(found) == {
        "dev-1",
        "dev-2",
        "dev-3",
        *(f"vm-{n}{end}" for n in (1, 2, 3) for end in ("", "-target")),
    }


def test_templating_a_name_gives_the_name(hostile_project, tmp_path):
    playbook = tmp_path / "show.yml"
    playbook.write_text(
        "- hosts: vm-2,vm-1,dev-2\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.copy:\n        content: '{{ vorst_name }}'\n"
        f"        dest: {tmp_path}/{{{{ inventory_hostname }}}}.out\n      delegate_to: localhost\n"
    )
    env = {
        **os.environ,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "ANSIBLE_CONFIG": str(hostile_project.folder / "ansible.cfg"),
    }
    subprocess.run(
        ["ansible-playbook", str(playbook)],
        cwd=hostile_project.folder,
        env=env,
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "vm-1.out").read_text() == HOSTILE_NAMES[1]
    assert (tmp_path / "vm-2.out").read_text() == HOSTILE_NAMES[2]


@given(st.text())
def test_any_text_survives_yaml_as_it_was(text):
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
    expected = text.encode("utf-8", "replace").decode()
    assert yaml.load(to_yaml({"a": {"b": Unsafe(expected)}, "c": 1}), Loader) == {
        "a": {"b": expected},
        "c": 1,
    }


@given(st.text())
def test_any_text_is_one_line_of_plain_markdown(text):
    shown = plain(text)
    assert len(shown.splitlines()) == 1
    assert "<" not in shown
    for special in "|`*_[]#!~{}()":
        assert not re.search(rf"(?<!\\)(\\\\)*{re.escape(special)}", shown)


@pytest.mark.parametrize("wave", ["wave-00", "wave-01", "wave-02"])
def test_a_runbook_has_its_own_headings_and_no_others(hostile_project, wave):
    text = (hostile_project.folder / wave / "RUNBOOK.md").read_text()
    assert text.count("\n## ") == len(SECTIONS)
    assert "<script" not in text
    for line in text.splitlines():
        if line.startswith("| "):
            assert line.endswith(" |")
