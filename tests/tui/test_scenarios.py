"""Scenarios and sweeps as a person runs them: compared, kept, resumed, and the same on any number of workers."""

from __future__ import annotations

import builtins
import importlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import Ran, vorst, well

import capacity.whatif.inputs
from tui.scenario_store import FOLDER

SCENARIOS = """\
scenarios:
  - name: stay
    description: Nothing moves.
    estate: [{strategy: retain, of: {site: "*"}}]
  - name: hungry
    demand: [{scale: power_w, by: 1.5}]
  - name: idle
    facility: [{set: pue, to: 1.3}]
"""
SWEEP = """\
sweep:
  name: pue-and-power
  combine: one_at_a_time
  parameters:
    - {name: pue, values: [1.2, 1.4], patch: {facility: [{set: pue, to: $value}]}}
    - {name: power, values: [0.5, 2], patch: {demand: [{scale: power_w, by: $value}]}}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "W"
    well(folder, "init", str(folder))
    well(folder, "import", "--sample", "--seed", "1", "--servers", "12")
    (folder / "scenarios.yaml").write_text(SCENARIOS + SWEEP, encoding="utf-8")
    return folder


@pytest.fixture
def no_planning(monkeypatch: pytest.MonkeyPatch):
    """From now on planning anything is a failure of the test."""

    def never(*_args, **_options):
        raise AssertionError("planned again")

    return lambda: monkeypatch.setattr(capacity.whatif.inputs, "proven", never)


def kept(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).glob("*.json"))


# Scenarios


def test_the_example_is_a_file_that_can_be_compared(workspace):
    example = well(workspace, "scenario", "example").out
    (workspace / "scenarios.yaml").write_text(example, encoding="utf-8")
    assert "two-more-crews" in well(workspace, "scenario", "list").out
    assert [entry["name"] for entry in well(workspace, "scenario", "compare", "--json").json] == [
        "present",
        "two-more-crews",
        "dense-rows",
    ]


def test_list_tells_of_scenarios_and_the_sweep(workspace):
    found = well(workspace, "scenario", "list", "--json").json
    assert [(s["name"], s["estate"], s["demand"]) for s in found["scenarios"]] == [
        ("stay", 1, 0),
        ("hungry", 0, 1),
        ("idle", 0, 0),
    ]
    assert found["sweep"] == {"name": "pue-and-power", "cells": 5}


def test_show_tells_what_changes_and_what_does_not(workspace):
    assert "as the rules say → retain" in well(workspace, "scenario", "show", "stay").out
    idle = well(workspace, "scenario", "show", "idle", "--json")
    assert "this changes nothing" in idle.err
    assert (
        idle.json["inputs"]["inputs_hash"]
        == (well(workspace, "scenario", "show", "present", "--json").json["inputs"]["inputs_hash"])
    )
    assert "pue: 1.3" in well(workspace, "scenario", "show", "idle", "--facility").out


def test_a_second_comparison_plans_nothing(workspace, no_planning):
    first = well(workspace, "scenario", "compare", "--json")
    no_planning()
    second = well(workspace, "scenario", "compare", "--json")
    assert second.out == first.out
    table = well(workspace, "scenario", "compare", "hungry")
    assert "2 plans, 2 of them planned before" in table.err
    assert "▼" in table.out


def test_a_changed_input_is_planned_anew(workspace):
    before = well(workspace, "scenario", "compare", "hungry", "--json").json
    text = (workspace / "facility.yaml").read_text(encoding="utf-8")
    (workspace / "facility.yaml").write_text(text.replace("pue: 1.3", "pue: 1.5"), encoding="utf-8")
    after = well(workspace, "scenario", "compare", "hungry")
    assert "2 plans, 0 of them planned before" in after.err
    found = well(workspace, "scenario", "compare", "hungry", "--json").json
    assert all(
        b["outcome"]["energy_kwh"] < a["outcome"]["energy_kwh"] for b, a in zip(before, found, strict=True)
    )


def test_a_scenario_that_changes_nothing_is_the_present(workspace):
    ran = well(workspace, "scenario", "compare", "idle", "--json")
    present, idle = ran.json
    assert idle["outcome"] == present["outcome"]
    assert idle["differences"] == {}
    assert "scenario idle is the present" in ran.err


def test_a_damaged_result_is_planned_anew(workspace):
    first = well(workspace, "scenario", "compare", "idle", "--json").out
    for file in kept(workspace):
        file.write_text("{", encoding="utf-8")
    assert well(workspace, "scenario", "compare", "idle", "--json").out == first


def test_the_plan_of_a_scenario_holds_for_it_and_not_for_the_present(workspace):
    made = well(workspace, "scenario", "plan", "hungry", "-o", "hungry.json")
    assert "wrote hungry.json: every rule holds" in made.err
    assert well(workspace, "scenario", "check", "hungry", "hungry.json").code == 0
    other = vorst(workspace, "scenario", "check", "present", "hungry.json")
    assert (other.code, "INPUT-ESTATE" in other.out) == (2, True)
    assert vorst(workspace, "check", "hungry.json").code == 2


def test_a_plan_that_was_kept_is_proven_before_it_is_written(workspace, no_planning):
    well(workspace, "scenario", "compare", "hungry")
    no_planning()
    well(workspace, "scenario", "plan", "hungry", "-o", "hungry.json")
    assert well(workspace, "scenario", "check", "hungry", "hungry.json").code == 0


def test_diff_tells_assets_apart_and_ends_with_2(workspace):
    same = vorst(workspace, "scenario", "diff", "idle")
    assert same.code == 0
    other = vorst(workspace, "scenario", "diff", "present", "stay", "--json")
    assert (other.code, json.loads(other.out) != {}) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare", "hungri"), "did you mean hungry?"),
        (("show", "hungry", "-f", "nope.yaml"), "`vorst scenario example` shows how"),
        (("check", "hungry", "scenarios.yaml"), "not a valid Plan"),
        (("sweep", "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"), "exclude each other"),
    ],
)
def test_a_mistake_is_one_message(workspace, words, said):
    ran = vorst(workspace, "scenario", *words)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: ")
    assert said in ran.err


# Sweeps


def swept(folder: Path, *words: str) -> tuple[Ran, bytes, bytes]:
    ran = vorst(folder, "scenario", "sweep", *words)
    made = folder / "sweeps" / "pue-and-power"
    return ran, (made / "cells.csv").read_bytes(), (made / "sweep.json").read_bytes()


def test_one_worker_and_two_give_the_same_bytes(workspace):
    one = swept(workspace, "--workers", "1", "--json")
    two = swept(workspace, "--workers", "2", "--json", "--fresh")
    assert (one[0].code, two[0].code) == (0, 0), two[0].err
    assert one[1:] == two[1:]
    assert one[0].out == two[0].out
    moved = {(e["figure"], e["parameter"]) for e in one[0].json["effects"]}
    assert {("energy kWh/a", "pue"), ("IT kW", "power")} <= moved
    assert ("IT kW", "pue") not in moved


def test_a_sweep_uses_what_was_compared_and_a_second_plans_nothing(workspace, no_planning):
    well(workspace, "scenario", "compare", "idle")
    first = swept(workspace, "--workers", "1")
    assert "5 cells, 1 of them known before" in first[0].err
    no_planning()
    second = swept(workspace)
    assert "5 cells, 5 of them known before" in second[0].err
    assert second[1:] == first[1:]


def test_a_cell_that_fails_is_listed_and_the_others_go_on(workspace):
    text = SWEEP.replace("power_w, by: $value", "power_w, by: $value, of: {site: $value}").replace(
        "values: [0.5, 2]", "values: [nowhere]"
    )
    text = text.replace("by: $value, of", "by: 2, of")
    (workspace / "scenarios.yaml").write_text(text, encoding="utf-8")
    ran, cells, data = swept(workspace, "--workers", "1")
    assert (ran.code, "4 cells, 0 of them known before, 1 failed" in ran.err) == (2, True)
    assert b"has site 'nowhere'" in cells
    assert [cell["error"] is None for cell in json.loads(data)["cells"]] == [True, True, True, False]
    assert "cells that failed" in ran.out


def test_a_sweep_that_was_killed_goes_on_where_it_was(workspace):
    command = [sys.executable, "-m", "tui.cli", "-C", str(workspace), "scenario", "sweep", "--workers", "1"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ends = time.monotonic() + 200
    while len(kept(workspace)) < 2 and time.monotonic() < ends and running.poll() is None:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    done = len(kept(workspace))
    assert 2 <= done < 5, "killed in the midst"
    before = {file: file.stat().st_mtime_ns for file in kept(workspace)}
    ran, cells, _ = swept(workspace, "--workers", "1")
    assert f"5 cells, {done} of them known before" in ran.err
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert len(kept(workspace)) == 5
    assert cells == swept(workspace, "--workers", "1", "--fresh")[1]


def test_a_real_scheduler_is_used_and_its_workers_must_be_ours(workspace):
    distributed = importlib.import_module("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        there = swept(workspace, "--scheduler", cluster.scheduler_address)
    assert there[0].code == 0, there[0].err
    assert there[1:] == swept(workspace, "--workers", "1", "--fresh")[1:]


def test_a_scheduler_that_is_not_there_is_told(workspace, monkeypatch):
    monkeypatch.setattr("tui.sweep_runs.ANSWER_SECONDS", 0.2)
    ran = vorst(workspace, "scenario", "sweep", "--scheduler", "tcp://127.0.0.1:1")
    assert (ran.code, ran.out) == (1, "")
    assert "tcp://127.0.0.1:1: the scheduler can't be reached" in ran.err


def test_without_dask_it_is_told_how_to_install_it(workspace, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **options):
        if name.split(".")[0] == "distributed":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr("importlib.import_module", without)
    ran = vorst(workspace, "scenario", "sweep", "--workers", "2")
    assert (ran.code, "uv sync --extra cluster" in ran.err) == (1, True)
    assert vorst(workspace, "scenario", "sweep", "--workers", "1").code == 0


def test_a_worker_that_dies_costs_its_cell_only():
    """The cell comes back with the error; the rest of the run is the runner's to go on with."""
    from tui.sweep_runs import OnDask

    class Future:
        def __init__(self, error):
            self._error = error

        def exception(self):
            return self._error

        def result(self):
            return "weighed"

        def release(self):
            pass

    class Client:
        def __init__(self):
            self.sent = iter([Future(MemoryError("gone")), Future(None), Future(None)])

        def scatter(self, base, **_):
            return base

        def nthreads(self):
            return {}

        def submit(self, *_args, **_options):
            return next(self.sent)

    class Done(list):
        def __iter__(self):
            while self:
                yield self.pop(0)

        add = list.append

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("distributed.as_completed", Done)
        found = list(OnDask(Client()).run(None, ["a", "b", "c"]))
    assert [getattr(entry, "error", entry) for entry in found] == ["MemoryError: gone", "weighed", "weighed"]


def test_hostile_values_are_no_formulas_in_the_csv():
    from capacity.whatif.sweep import Cell, Weighed
    from tui.commands.sweeps import cells_csv
    from tui.scenario_work import Swept

    bad = Weighed(Cell(1, {"p": "=1+1"}, ()), None, "=cmd")
    line = cells_csv(Swept("s", "present", ("p",), (bad,), (), 0)).splitlines()[1]
    assert line.startswith("1,'=1+1,")
    assert line.endswith(",'=cmd")


def test_an_error_of_the_workspace_is_no_traceback(tmp_path):
    ran = vorst(tmp_path, "scenario", "compare")
    assert ran.code == 1
    assert ran.err.startswith("error: ")
