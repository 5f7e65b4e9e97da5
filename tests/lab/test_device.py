"""A device goes down, is racked elsewhere, comes back, and may be carried back; another one is retired.

"Carrying" is what the test does between two runs: it starts the host again and writes who racked it, when and where.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from lab_projects import a_web_server, failures, outcomes
from wave_builders import a_device, an_estate

pytestmark = [pytest.mark.needs("netns", "sshd", "ssh", "rsync"), pytest.mark.timeout(600)]


def now() -> str:
    return (datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def passes(project, phase: str, **options) -> None:
    record = project.run(phase, **options)
    assert record.outcome == "done", f"{phase}: {failures(record)}"


def refuses(project, phase: str, reason: str, **options) -> None:
    record = project.run(phase, **options)
    assert record.outcome == "failed"
    assert reason in failures(record)


def test_a_device_is_carried_to_its_rack_and_back(lab, host, project):
    device = host("device")
    a_web_server(device)
    project.generate(an_estate([a_device(7, primary_ip=f"{device.address}/24")]))
    project.declare_lab(lab)

    passes(project, "preflight")
    passes(project, "cutover", check=True)
    assert device.listens(8080)

    refuses(project, "cutover", "is down and not yet recorded as racked in rack new-rack-1")
    assert device.is_off()
    device.start()
    assert not device.listens(8080)
    project.write("racked/dev-7.yml", by="crew 2", at=now(), rack="another-rack")
    refuses(project, "cutover", "rack: new-rack-1")
    project.write("racked/dev-7.yml", by="crew 2", at="2020-01-01T00:00:00Z", rack="new-rack-1")
    refuses(project, "cutover", "after the device went down")
    assert not device.listens(8080)
    project.write("racked/dev-7.yml", by="crew 2", at=now(), rack="new-rack-1")
    passes(project, "cutover")
    assert device.waits_for(8080)

    passes(project, "verify")
    device.service("stop")
    refuses(project, "verify", "vorst-web")
    device.service("start")

    refuses(project, "rollback", "not yet recorded as back in its old place")
    assert device.is_off()
    device.start()
    project.write("racked/dev-7-back.yml", by="crew 2", at=now())
    passes(project, "rollback")
    assert device.waits_for(8080)
    refuses(project, "verify", "no record of cutover")


def test_a_retired_device_is_wiped_and_switched_off_once_accepted(lab, host, project):
    device = host("device")
    a_web_server(device)
    estate = an_estate([a_device(7, primary_ip=f"{device.address}/24")])
    project.generate(estate, retired=(7,))
    project.declare_lab(lab)
    project.declare("dev-7", vorst_wipe_paths=["/srv/app/data"], vorst_services=["vorst-web"])

    passes(project, "preflight", wave=0)
    refuses(project, "decommission", "nobody has accepted wave-00", wave=0)
    assert device.listens(8080)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    project.write("acceptance/wave-00.yml", by="the owner", at=yesterday, what="dev-7 is no longer used")
    passes(project, "decommission", wave=0)

    assert not device.path("srv/app/data").exists()
    assert device.is_off()


def test_a_host_a_person_took_on_is_recorded_and_left_alone(lab, host, project):
    device = host("device")
    a_web_server(device)
    project.generate(an_estate([a_device(7, primary_ip=f"{device.address}/24")]))
    project.declare_lab(lab)
    project.declare("dev-7", vorst_manual={"by": "the network team", "at": "2026-01-05"})
    refuses(project, "preflight", "needs by, at (a date) and reason")

    project.declare(
        "dev-7", vorst_manual={"by": "the network team", "at": "2026-01-05", "reason": "no shell"}
    )
    for phase in ("preflight", "cutover"):
        assert outcomes(project.run(phase)) == {"dev-7": "skipped"}
    assert device.listens(8080)
    assert (project.folder / "records/wave-01/dev-7/manual.json").exists()
