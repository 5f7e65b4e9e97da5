"""A workload moves from one real host to another, back, and again, and its source is destroyed: phase by phase.

Each test looks at the hosts themselves, so that a phase without its effect fails here.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from lab_projects import Project, a_web_server, an_application, failures, finds, knows, outcomes

from playbooks.results import exit_code

pytestmark = [pytest.mark.needs("netns", "sshd", "ssh", "rsync"), pytest.mark.timeout(600)]
DATA = "srv/app/data"


@pytest.fixture
def hosts(host):
    """A source that serves the application, an empty target, and a client that finds the source."""
    source, target, client = host("source"), host("target"), host("client")
    a_web_server(source)
    for one in (source, client):
        knows(one, source)
    return source, target, client


@pytest.fixture
def ready(lab, hosts, project) -> Project:
    source, target, client = hosts
    project.generate(an_application(source))
    project.declare_lab(lab)
    project.declare_move(target, client)
    return project


def tree(host) -> dict[str, bytes]:
    folder = host.path(DATA)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def passes(project: Project, *phases: str, **options):
    record = None
    for phase in phases:
        record = project.run(phase, **options)
        assert record.outcome == "done", f"{phase}: {failures(record)}"
        assert exit_code(record) == 0
    return record


def refuses(project: Project, phase: str, *reasons: str, **options) -> None:
    record = project.run(phase, **options)
    assert record.outcome == "failed"
    assert exit_code(record) == 2
    for reason in reasons:
        assert reason in failures(record)


def test_each_phase_does_what_the_next_one_asks_for(ready, hosts):
    source, target, client = hosts

    refuses(ready, "cutover", "no record of preflight")
    passes(ready, "preflight", check=True)
    assert not (ready.folder / "records").exists()
    passes(ready, "preflight")
    baseline = json.loads((ready.folder / "records/wave-01/vm-1/baseline.json").read_text())
    assert "vorst-web" in baseline["services"]
    assert {"tcp/22", "tcp/8080"} <= set(baseline["ports"])

    refuses(ready, "cutover", "no record of replicate")
    passes(ready, "replicate", check=True)
    assert not target.path(DATA).exists()
    record = passes(ready, "replicate")
    assert tree(target) == tree(source)
    (step,) = record.steps
    assert step.step_id == "replicate-0001"
    assert step.planned_duration_s == 24 * 3600
    assert step.hosts[0].transferred_mb > 0.015
    assert step.hosts[0].rate_mbps > 0

    source.path(f"{DATA}/written later.txt").write_text("after the first copy\n")
    passes(ready, "cutover", check=True)
    assert source.listens(8080)
    assert not target.path(f"{DATA}/written later.txt").exists()
    passes(ready, "cutover")
    assert not source.listens(8080)
    assert target.waits_for(8080)
    assert tree(target) == tree(source)
    assert finds(client) == target.address
    assert not list(source.path("etc/rc3.d").glob("S*vorst-web"))
    assert list(target.path("etc/rc3.d").glob("S*vorst-web"))

    passes(ready, "verify", check=True)
    passes(ready, "verify")
    target.service("stop")
    refuses(ready, "verify", "services that moved and do not run: vorst-web")
    target.service("start")
    kept = target.path(f"{DATA}/index.html")
    long_ago = kept.stat().st_mtime - 1000
    kept.write_text("the application answers, wrongly\n")
    os.utime(kept, (long_ago, long_ago))
    refuses(ready, "verify", "0 are lost and 1 are altered")
    kept.unlink()
    refuses(ready, "verify", "1 are lost")


def test_a_workload_goes_back_and_its_source_serves_again(ready, hosts):
    source, target, client = hosts
    passes(ready, "preflight", "replicate", "cutover")
    target.path(f"{DATA}/written at the target.txt").write_text("new\n")
    refuses(ready, "decommission", "nobody has accepted wave-01")
    ready.declare("vm-1", vorst_rollback_data="copy_back")

    passes(ready, "rollback", check=True)
    assert target.listens(8080)
    passes(ready, "rollback")

    assert source.waits_for(8080)
    assert target.waits_for(8080, open_=False)
    assert finds(client) == source.address
    assert (source.path(f"{DATA}/written at the target.txt")).read_text() == "new\n"
    assert list(source.path("etc/rc3.d").glob("S*vorst-web"))
    refuses(ready, "verify", "no record of cutover")


def test_a_source_is_destroyed_only_when_accepted_and_past_its_deadline(ready, hosts):
    source, target, _ = hosts
    passes(ready, "preflight", "replicate", "cutover", "verify")
    today = datetime.now(UTC).date().isoformat()
    ready.write("acceptance/wave-01.yml", by="", at=today, what="all of it")
    refuses(ready, "decommission", "must name by (who)")
    ready.write("acceptance/wave-01.yml", by="the owner", at="2999-01-01", what="all of it")
    refuses(ready, "decommission", "not in the future")
    ready.write("acceptance/wave-01.yml", by="the owner", at=today, what="all of it")
    ready.declare("vm-1", vorst_rollback_deadline="2020-01-01T00:00:00Z")
    refuses(ready, "decommission", "may still have to go back")
    assert source.path(f"{DATA}/index.html").exists()

    ready.generate(an_application(source), start=datetime.now(UTC) - timedelta(days=9), hours=1)
    refuses(ready, "rollback", "can't go back any more")
    passes(ready, "decommission", check=True)
    assert source.path(f"{DATA}/index.html").exists()
    passes(ready, "decommission")

    assert not source.path(DATA).exists()
    assert source.is_off()
    assert target.listens(8080)
    assert tree(target)
    record = json.loads((ready.folder / "records/wave-01/vm-1/decommission.json").read_text())
    assert record["accepted"]["by"] == "the owner"


def test_a_cutover_that_fails_leaves_the_source_serving(ready, hosts):
    source, target, client = hosts
    passes(ready, "preflight", "replicate")
    target.path("etc/init.d/vorst-web").unlink()

    refuses(ready, "cutover", "its services run at the source again")

    assert source.waits_for(8080)
    assert finds(client) == source.address
    assert not (ready.folder / "records/wave-01/vm-1/cutover.json").exists()
    assert outcomes(ready.run("verify")) == {"vm-1-target": "failed"}
