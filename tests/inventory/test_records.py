from __future__ import annotations

import gc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from inventory_builders import a_site, reading, take

from inventory.documents import content_hash, from_json, to_json
from inventory.errors import InputError, SeveralErrors
from inventory.history import history, keep_run, runs
from inventory.records import (
    CHANGE_MEANINGS,
    Change,
    ChangeSet,
    HostRun,
    RunRecord,
    StepRun,
    TaskFailure,
    sealed_run,
)
from inventory.rows import Ref
from inventory.sync import diff

START = datetime(2027, 3, 6, 22, tzinfo=UTC)


def a_run(**fields):
    failure = TaskFailure("copy the data", "[red]{{ no }}[/]", ignored=True)
    host = HostRun(
        "srv-1", "done", Ref("devices", 1), ok=4, changed=2, started_at=START, duration_s=62.5,
        transferred_mb=1200.0, rate_mbps=153.6, failures=(failure,),
    )  # fmt: skip
    step = StepRun("move-1", "done", (host,), (Ref("devices", 1),), START, 62.5, planned_duration_s=60.0)
    values = {
        "plan_hash": "sha256:abc", "wave": 1, "phase": "replicate", "started_at": START,
        "ended_at": START + timedelta(minutes=5), "outcome": "done", "steps": (step,), **fields,
    }  # fmt: skip
    return RunRecord(**values)


def test_a_run_goes_through_json():
    run = sealed_run(a_run(unknown_events={"runner_on_async_poll": 3}))

    assert from_json(RunRecord, to_json(run)) == run
    assert run.content_hash == content_hash(run)
    assert run.duration_s == 300


def test_what_was_measured_is_in_the_hash():
    assert sealed_run(a_run()).content_hash != sealed_run(a_run(outcome="failed")).content_hash


def test_runs_are_kept_whole_and_once(any_database):
    first = keep_run(any_database, a_run(), who="ann")
    keep_run(any_database, first, who="ann")
    keep_run(any_database, a_run(plan_hash="sha256:other", started_at=START - timedelta(days=1)), who="ann")

    assert [run.plan_hash for run in runs(any_database)] == ["sha256:other", "sha256:abc"]
    assert runs(any_database, plan_hash="sha256:abc") == (first,)
    assert any_database.revision == 2
    assert history(any_database, limit=1)[0].operation == "run"


def test_an_altered_run_is_refused(any_database):
    run = replace(sealed_run(a_run()), outcome="failed")

    with pytest.raises(InputError, match="altered"):
        keep_run(any_database, run, who="ann")


def test_a_change_set_counts_by_kind_in_words():
    changes = tuple(
        Change(kind, objects, 1, "1", "x")
        for kind, objects in (("update", "sites"), ("create", "sites"), ("create", "devices"))
    )
    change_set = ChangeSet("netbox", 1, changes)

    assert change_set.summary() == "2 create, 1 update"
    assert change_set.counts_by_object_kind() == {
        "sites": {"update": 1, "create": 1},
        "devices": {"create": 1},
    }
    assert ChangeSet("netbox", 1).summary() == "no changes"
    assert ChangeSet("netbox", 1).is_empty
    assert set(change_set.counts()) <= set(CHANGE_MEANINGS)


def test_the_history_shows_the_newest_first_and_only_what_was_asked(any_database):
    take(any_database, reading(a_site("1"), a_site("2")))
    take(any_database, reading(a_site("1", name="New"), a_site("2")))

    assert [line.object for line in history(any_database, since_revision=1)] == [Ref("sites", 1)]
    assert len(history(any_database, limit=2)) == 2
    assert [line.operation for line in history(any_database, Ref("sites", 1))] == ["update", "create"]


def test_the_garbage_collector_runs_again_after_a_comparison_even_a_failing_one(any_database):
    take(any_database, reading(a_site()))
    with pytest.raises(SeveralErrors):
        diff(any_database, reading(a_site(latitude="north")))

    assert gc.isenabled()
