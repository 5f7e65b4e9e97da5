"""What preflight and the gates of the cutover refuse, on real hosts: each test breaks one thing."""

from __future__ import annotations

import os
import struct
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from lab_projects import Project, a_web_server, an_application, failures, knows, outcomes
from wave_builders import a_device, a_machine, an_estate

from inventory import estate as estates
from playbooks.events import TaskOk
from playbooks.results import exit_code, load_runs

pytestmark = [pytest.mark.needs("netns", "sshd", "ssh", "rsync"), pytest.mark.timeout(600)]


@pytest.fixture
def device(host):
    made = host("device")
    a_web_server(made)
    return made


@pytest.fixture
def ready(lab, device, project) -> Project:
    project.generate(an_estate([a_device(7, primary_ip=f"{device.address}/24")]))
    project.declare_lab(lab)
    return project


def blocked(project: Project, reason: str, phase: str = "preflight") -> None:
    record = project.run(phase)
    assert record.outcome == "failed"
    assert exit_code(record) == 2
    assert reason in failures(record)


def test_a_stopped_host_is_unreachable_and_the_next_run_resumes_on_it_alone(lab, host, project, device):
    other = host("other")
    a_web_server(other)
    rows = [a_device(7, primary_ip=f"{device.address}/24"), a_device(8, primary_ip=f"{other.address}/24")]
    project.generate(an_estate(rows))
    project.declare_lab(lab)
    other.stop()

    record = project.run("preflight")
    assert outcomes(record) == {"dev-7": "done", "dev-8": "unreachable"}
    assert record.outcome == "failed"
    assert exit_code(record) == 2

    other.start()
    other.service("start")
    record = project.run("preflight", resume=True)
    assert outcomes(record) == {"dev-8": "done"}
    assert load_runs(project.folder)[-1] == record


def test_a_host_without_address_or_declarations_fails_with_all_that_is_missing(lab, project):
    project.generate(an_estate([a_device(7)], [a_machine(1)]))
    project.declare_lab(lab)
    project.declare(vorst_backup_stamp="")
    record = project.run("preflight")
    assert outcomes(record) == {"vm-1": "failed", "dev-7": "failed"}
    for missing in (
        "an address",
        "vorst_backup_stamp",
        "vorst_data_paths",
        "vm-1-target",
        "vorst_dns_name",
        "vorst_name_switch",
    ):
        assert missing in failures(record)


def test_a_missing_dependency_blocks_preflight_and_cutover(lab, host, project, device):
    needed = host("needed")
    knows(device, device)
    project.generate(an_application(device, needed))
    project.declare_lab(lab)
    project.declare_move(host("target"), host("client"))
    knows(lab.hosts["client"], device)
    limit = {"limit": "vm-1"}

    project.declare("vm-1", vorst_dependency_ports={"flow-1": 2222})
    record = project.run("preflight", **limit)
    assert record.outcome == "failed"
    assert f"flow-1: {needed.address} does not answer on 2222" in failures(record)

    project.declare("vm-1", vorst_dependency_ports={"flow-1": 22})
    for phase in ("preflight", "replicate"):
        record = project.run(phase, **limit)
        assert record.outcome == "done", failures(record)
    needed.stop()
    record = project.run("cutover", **limit)
    assert record.outcome == "failed"
    assert "flow-1" in failures(record)
    assert device.listens(8080)


def test_an_old_backup_blocks(ready, device):
    stamp = device.path("srv/backup.stamp")
    old = time.time() - 27 * 3600
    os.utime(stamp, (old, old))
    blocked(ready, "no backup in the last 26 h")


def test_somebody_at_work_blocks_the_cutover(ready, device):
    assert ready.run("preflight").outcome == "done"
    # A record of utmp, of a process that lives: `who` leaves the dead out.
    entry = struct.pack(
        "hi32s4s32s256shhiii4I20s",
        7,
        1,
        b"pts/0",
        b"ts/0",
        b"an.engineer",
        b"",
        0,
        0,
        0,
        int(time.time()),
        0,
        0,
        0,
        0,
        0,
        b"",
    )
    device.path("run/utmp").write_bytes(entry)
    blocked(ready, "Demand that nobody works on the host", "cutover")
    assert device.listens(8080)


def test_another_machine_or_platform_than_the_inventory_knows_blocks(lab, device, project):
    row = a_device(7, primary_ip=f"{device.address}/24", serial="SN-1", platform_id=1)
    project.generate(an_estate([row], platforms=(estates.Platform(1, "Slackware 3", "slackware"),)))
    project.declare_lab(lab)
    blocked(project, "the inventory has SN-1")
    project.declare("dev-7", vorst_check_serial=False)
    blocked(project, "the inventory has Slackware 3")


def test_a_cutover_outside_its_window_or_with_an_old_plan_is_refused(lab, device, project):
    estate = an_estate([a_device(7, primary_ip=f"{device.address}/24")])
    project.generate(estate, start=datetime.now(UTC) + timedelta(days=5))
    project.declare_lab(lab)
    assert project.run("preflight").outcome == "done"
    blocked(project, "the window of dev-7 is", "cutover")
    project.generate(estate)
    blocked(project, "was made for another plan", "cutover")
    assert device.listens(8080)


def test_a_cancelled_run_says_so_and_keeps_what_it_did(ready):
    stop = threading.Event()

    def after_the_first_success(event):
        if isinstance(event, TaskOk):
            stop.set()

    record = ready.run("preflight", on_event=after_the_first_success, cancel=stop)
    assert record.outcome == "cancelled"
    assert outcomes(record) == {"dev-7": "cancelled"}
    assert exit_code(record) == 2
    assert not (ready.folder / "records/wave-01/dev-7/preflight.json").exists()
