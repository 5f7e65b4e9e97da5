"""Starting a phase: what is refused before Ansible starts, what Ansible is told, and what an unreachable host is."""

from __future__ import annotations

import os

import pytest
from wave_builders import a_device, a_facility, a_plan, an_estate

from inventory.errors import InputError, WorkspaceError
from playbooks.events import HostUnreachable, RunTotals
from playbooks.generate import generate
from playbooks.results import exit_code, load_runs
from playbooks.run import run


@pytest.fixture
def unreachable(tmp_path):
    """A project with one device at an address where nothing listens."""
    estate = an_estate([a_device(7, primary_ip="127.0.0.1/8")])
    made = generate(estate, a_facility(), a_plan(estate), tmp_path / "project")
    declared = made.folder / "declared/group_vars"
    declared.mkdir()
    (declared / "all.yml").write_text(
        "---\nansible_port: 1\nvorst_backup_stamp: /srv/stamp\nansible_ssh_common_args: -o ControlMaster=no\n"
    )
    return made


def test_an_unreachable_host_is_a_failure_live_and_on_record(unreachable):
    seen = []
    record = run(unreachable.folder, 1, "preflight", check=True, on_event=seen.append)
    (step,) = record.steps
    assert [(host.host, host.outcome) for host in step.hosts] == [("dev-7", "unreachable")]
    assert record.outcome == "failed"
    assert exit_code(record) == 2
    assert any(isinstance(event, HostUnreachable) and event.host == "dev-7" for event in seen)
    assert isinstance(seen[-1], RunTotals)
    assert load_runs(unreachable.folder) == (record,)


@pytest.mark.parametrize(
    ("wave", "phase", "said"),
    [
        (9, "preflight", "no wave 9"),
        (1, "site", "no phase 'site'"),
        (1, "../../x", "no phase"),
        (1, "", "no phase"),
    ],
)
def test_a_wave_or_phase_that_is_not_there_is_refused(unreachable, wave, phase, said):
    with pytest.raises(InputError, match=said):
        run(unreachable.folder, wave, phase)
    assert load_runs(unreachable.folder) == ()


def test_a_folder_that_is_no_project_is_refused(tmp_path):
    with pytest.raises(InputError, match="no generated project"):
        run(tmp_path, 1, "preflight")


def test_there_is_nothing_to_resume_before_a_first_run(unreachable):
    with pytest.raises(InputError, match="it never ran"):
        run(unreachable.folder, 1, "preflight", resume=True)


def test_what_ansible_cannot_read_is_said_to_the_person(unreachable):
    (unreachable.folder / "declared" / "hosts.yml").write_text("all: [\n")
    with pytest.raises(WorkspaceError, match=r"Ansible stopped: .*hosts"):
        run(unreachable.folder, 1, "preflight")


def test_secrets_of_the_callers_environment_do_not_reach_ansible(unreachable, monkeypatch):
    """The playbook asks its own environment; the runner's artifacts would hold the same."""
    monkeypatch.setenv("VORST_NETBOX_TOKEN", "s3cret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    playbook = unreachable.folder / "wave-01" / "preflight.yml"
    playbook.write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.shell: env > {{ playbook_dir }}/env.txt\n"
    )
    run(unreachable.folder, 1, "preflight")
    seen = (unreachable.folder / "wave-01" / "env.txt").read_text()
    assert "s3cret" not in seen
    assert f"HOME={os.environ['HOME']}" in seen


def test_a_run_leaves_nothing_behind_but_its_record(unreachable, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    during = []
    run(
        unreachable.folder,
        1,
        "preflight",
        check=True,
        on_event=lambda _event: during.extend(folder.iterdir()),
    )
    assert during
    assert list(folder.iterdir()) == []


def test_an_error_of_the_caller_stops_ansible_and_comes_through(unreachable):
    class Stop(Exception):
        pass

    def stop(event):
        raise Stop

    with pytest.raises(Stop):
        run(unreachable.folder, 1, "preflight", on_event=stop)
    assert load_runs(unreachable.folder) == ()
