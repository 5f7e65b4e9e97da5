"""From the runner's events to a RunRecord: outcomes, durations, rates, and hosts nobody heard of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inventory.errors import InputError
from inventory.records import RunRecord, TaskFailure
from inventory.rows import Ref
from playbooks.events import (
    HostTotals,
    HostUnreachable,
    Output,
    RunTotals,
    TaskFailed,
    TaskOk,
    TaskSkipped,
    UnknownEvent,
    parse,
)
from playbooks.results import (
    PhaseStep,
    checked_limit,
    exit_code,
    failed_hosts,
    load_runs,
    phase_steps,
    run_record,
    save_run,
)

NOW = datetime(2026, 3, 7, 20, tzinfo=UTC)
STEP = PhaseStep(
    "replicate-0001", {"vm-1": Ref("virtual_machines", 1), "vm-2": Ref("virtual_machines", 2)}, 3600.0
)
BLANK = RunRecord("sha256:1", 1, "replicate", NOW, NOW + timedelta(minutes=5), "done")


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def totals(host: str, **counts) -> HostTotals:
    return HostTotals(
        host, **{"ok": 1, "changed": 0, "skipped": 0, "failures": 0, "unreachable": 0, **counts}
    )


def record(*events, steps=(STEP,), blank=BLANK, **options) -> RunRecord:
    return run_record(events, steps, blank, **options)


def raw(event: str, **data) -> dict:
    return {"event": event, "created": NOW.isoformat(), "event_data": {"host": "vm-1", "task": "t", **data}}


# --- events ----------------------------------------------------------------------------------------------------------


def test_raw_events_become_typed_ones():
    assert parse(raw("runner_on_ok", res={"changed": True})) == TaskOk("vm-1", "t", NOW, changed=True)
    assert parse(raw("runner_on_skipped")) == TaskSkipped("vm-1", "t", NOW)
    assert parse(raw("runner_on_unreachable", res={"msg": "no route"})) == HostUnreachable(
        "vm-1", "t", NOW, "no route"
    )
    assert parse(raw("runner_on_failed", res={"msg": "no"}, ignore_errors=True)) == TaskFailed(
        "vm-1", "t", NOW, "no", ignored=True
    )
    assert parse({"event": "verbose", "created": NOW.isoformat(), "stdout": "[ERROR]: x"}) == Output(
        "[ERROR]: x", NOW
    )
    assert parse(raw("runner_item_on_ok")) is None
    assert parse(raw("runner_on_tuesday")) == UnknownEvent("runner_on_tuesday")


def test_a_copy_says_what_it_moved_and_how_fast():
    event = parse(
        raw("runner_on_ok", res={"ansible_facts": {"sync_measured": {"bytes": 1000, "seconds": 2.0}}})
    )
    assert (event.transferred_bytes, event.transfer_seconds) == (1000, 2.0)


def test_a_failed_loop_says_what_its_passes_said():
    event = parse(
        raw(
            "runner_on_failed",
            res={
                "msg": "One or more items failed",
                "results": [{"failed": True, "msg": "flow-1"}, {"msg": "fine"}],
            },
        )
    )
    assert event.message == "One or more items failed; flow-1"


# --- records ---------------------------------------------------------------------------------------------------------


def test_a_host_that_came_through_is_done_with_its_measured_time_and_rate():
    made = record(
        TaskOk("vm-1", "a", after(1), changed=True),
        TaskOk("vm-1", "b", after(61), transferred_bytes=1_000_000, transfer_seconds=8.0),
        TaskOk("vm-2", "a", after(3)),
        RunTotals((totals("vm-1", ok=2, changed=1), totals("vm-2")), after(62)),
    )
    (step,) = made.steps
    first = step.hosts[0]
    assert (first.outcome, first.ok, first.changed) == ("done", 2, 1)
    assert (first.duration_s, first.transferred_mb, first.rate_mbps) == (60.0, 1.0, 1.0)
    assert step.hosts[1].rate_mbps is None
    assert (step.duration_s, step.planned_duration_s) == (60.0, 3600.0)
    assert made.outcome == "done"
    assert exit_code(made) == 0


def test_an_ignored_failure_is_no_failure():
    made = record(
        TaskFailed("vm-1", "a", after(1), "no", ignored=True),
        TaskOk("vm-2", "a", after(1)),
        RunTotals((totals("vm-1"), totals("vm-2")), after(2)),
    )
    assert made.outcome == "done"
    assert made.steps[0].hosts[0].failures == (TaskFailure("a", "no", ignored=True),)


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        (
            (TaskFailed("vm-1", "a", after(1), "no"), RunTotals((totals("vm-1", failures=1),), after(2))),
            "failed",
        ),
        (
            (
                HostUnreachable("vm-1", "a", after(1), "gone"),
                RunTotals((totals("vm-1", unreachable=1),), after(2)),
            ),
            "unreachable",
        ),
        ((TaskOk("vm-1", "a", after(1)),), "failed"),
        ((), "failed"),
    ],
)
def test_a_host_that_did_not_come_through_fails_the_run(events, outcome):
    made = record(
        *events,
        TaskOk("vm-2", "a", after(1)),
        RunTotals(
            (totals("vm-2"), *(h for e in events if isinstance(e, RunTotals) for h in e.hosts)), after(3)
        ),
    )
    assert {host.host: host.outcome for host in made.steps[0].hosts} == {"vm-1": outcome, "vm-2": "done"}
    assert made.steps[0].outcome == outcome
    assert made.outcome == "failed"
    assert exit_code(made) == 2
    assert failed_hosts(made) == ("vm-1",)


def test_a_host_taken_on_by_a_person_is_skipped_and_the_run_is_done():
    made = record(
        TaskOk("vm-1", "a", after(1), is_manual=True),
        TaskOk("vm-2", "a", after(1)),
        RunTotals((totals("vm-1"), totals("vm-2")), after(2)),
    )
    assert made.steps[0].hosts[0].outcome == "skipped"
    assert made.outcome == "done"


def test_a_cancelled_run_is_never_done():
    made = record(TaskOk("vm-1", "a", after(1)), blank=replace(BLANK, outcome="cancelled"))
    assert made.outcome == "cancelled"
    assert {host.outcome for host in made.steps[0].hosts} == {"cancelled"}
    assert exit_code(made) == 2


def test_a_limited_run_speaks_only_of_its_hosts():
    made = record(
        TaskOk("vm-2", "a", after(1)), RunTotals((totals("vm-2"),), after(2)), hosts=frozenset({"vm-2"})
    )
    assert [host.host for host in made.steps[0].hosts] == ["vm-2"]
    assert made.outcome == "done"


def test_unknown_events_are_counted_by_name():
    made = record(UnknownEvent("x"), UnknownEvent("x"), UnknownEvent("y"))
    assert made.unknown_events == {"x": 2, "y": 1}


def test_the_steps_of_a_phase_are_the_plans_with_the_hosts_it_works_on():
    about = {
        "waves": [
            {
                "number": 1,
                "steps": [
                    {
                        "id": "c1",
                        "kind": "cutover",
                        "planned_s": 60,
                        "assets": [{"kind": "virtual_machines", "id": 1}],
                    },
                    {
                        "id": "r1",
                        "kind": "relocate",
                        "planned_s": 90,
                        "assets": [{"kind": "devices", "id": 2}],
                    },
                    {
                        "id": "p1",
                        "kind": "replicate",
                        "planned_s": 30,
                        "assets": [{"kind": "virtual_machines", "id": 1}],
                    },
                ],
            }
        ]
    }

    def seen(phase):
        return {step.id: (set(step.hosts), step.planned_duration_s) for step in phase_steps(about, 1, phase)}

    assert seen("replicate") == {"p1": ({"vm-1"}, 30)}
    assert seen("cutover") == {"c1": ({"vm-1"}, 60), "r1": ({"dev-2"}, 90)}
    assert seen("verify") == {"c1": ({"vm-1-target"}, None), "r1": ({"dev-2"}, None)}
    assert seen("decommission") == {}


# --- on disk ---------------------------------------------------------------------------------------------------------


def test_a_record_comes_back_as_it_was_saved(tmp_path):
    made = record(TaskOk("vm-1", "a", after(1)), UnknownEvent("x"))
    later = replace(made, started_at=made.started_at + timedelta(days=1), check=True)
    save_run(tmp_path, later)
    path = save_run(tmp_path, made)
    assert path.name == "20260307T200000000000Z-wave-01-replicate.json"
    assert load_runs(tmp_path) == (made, later)


def test_a_file_that_is_no_record_is_named(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "x.json").write_text("{}")
    with pytest.raises(InputError, match=r"x\.json"):
        load_runs(tmp_path)


@pytest.mark.parametrize("limit", ["--list-hosts", "@file", "vm-1;reboot", "/etc/passwd", "", "{{ x }}"])
def test_a_limit_is_names_of_hosts_and_nothing_else(limit):
    with pytest.raises(InputError, match="no pattern of hosts"):
        checked_limit(limit)


def test_a_limit_of_hosts_and_groups_passes():
    assert checked_limit("vm-1,dev-2,wave_01_devices:!dev-3") == "vm-1,dev-2,wave_01_devices:!dev-3"
