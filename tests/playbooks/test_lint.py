"""Every generated file passes ansible-lint's production profile, and Ansible's own syntax check, from anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
ENV = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1"}


@pytest.mark.timeout(600)
def test_ansible_lint_is_clean_at_profile_production(hostile_project):
    result = subprocess.run(
        ["ansible-lint", "--offline", "--strict", "--profile", "production", "-q", "--nocolor"],
        cwd=hostile_project.folder,
        env=ENV,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.timeout(600)
def test_ansible_lint_finds_what_is_wrong(hostile_project, tmp_path):
    """That the check above can fail: the same settings on a play that isn't clean."""
    (tmp_path / ".ansible-lint").write_text((hostile_project.folder / ".ansible-lint").read_text())
    (tmp_path / "wave-01").mkdir()
    (tmp_path / "wave-01" / "cutover.yml").write_text("---\n- hosts: all\n  tasks:\n    - shell: reboot\n")
    result = subprocess.run(
        ["ansible-lint", "-q", "--nocolor"],
        cwd=tmp_path,
        env=ENV,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "no-changed-when" in result.stdout


@pytest.mark.timeout(600)
def test_every_playbook_passes_the_syntax_check_from_any_folder(hostile_project, tmp_path):
    playbooks = sorted(hostile_project.folder.glob("wave-*/*.yml"))
    assert len(playbooks) == 14
    for folder in (hostile_project.folder, tmp_path):
        result = subprocess.run(
            ["ansible-playbook", "--syntax-check", *map(str, playbooks)],
            cwd=folder,
            env=ENV,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
