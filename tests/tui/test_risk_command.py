"""`vorst risk` as a person runs it: what it shows, what a script gets, and the same answer from any workers."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import vorst, well

from capacity.plan import Plan
from inventory.documents import from_json
from inventory.errors import SourceError
from inventory.records import RunRecord, StepRun, sealed_run
from playbooks.results import save_run
from tui.risk_runs import _on_dask

FEW = ("--samples", "600")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("risk") / "W"
    well(folder, "init", str(folder))
    well(folder, "import", "--sample", "--seed", "1", "--servers", "12")
    well(folder, "plan")
    well(folder, "playbooks")
    return folder


def the_plan(folder: Path) -> Plan:
    return from_json(Plan, (folder / "plan.json").read_text(encoding="utf-8"))


def test_it_shows_the_end_what_drives_it_buffer_waves_rooms_and_assumptions(workspace: Path) -> None:
    ran = well(workspace, "risk", *FEW)
    for heading in (
        "the end, in 600 samples",
        "days of buffer after the plan's end, what they cost is unknown",
        "steps that decide the end",
        "waves",
        "more that the plan doesn't empty",
        "actual ÷ planned duration, as drawn",
    ):
        assert heading in ran.out
    assert "assumed: risk.durations: nothing measured yet of" in ran.out
    assert "unknown" in next(line for line in ran.out.splitlines() if re.match(r" *0 +20\d\d", line))


def test_json_has_all_of_it_and_unknown_is_null(workspace: Path) -> None:
    found = well(workspace, "risk", *FEW, "--json").json
    plan = the_plan(workspace)
    assert found["plan_hash"] == plan.content_hash
    assert (found["samples"], found["seed"]) == (600, 0)
    assert found["day_cost_eur"] is None
    assert {day["cost_eur"] for day in found["buffer"]} == {None}
    assert len(found["waves"]) == len(plan.waves)
    assert len(found["rooms"]) + found["rooms_not_emptied"] == len(plan.rooms)
    assert {line["measured_median"] for line in found["durations"]} == {None}


def test_settings_come_from_the_file_the_environment_and_flags(workspace: Path, tmp_path: Path) -> None:
    found = well(workspace, "risk", "--json", VORST_RISK_SAMPLES="70", VORST_RISK_DAY_COST_EUR="100").json
    assert (found["samples"], found["day_cost_eur"]) == (70, 100.0)
    found = well(
        workspace, "risk", "--json", "--samples", "60", "--day-cost", "5", VORST_RISK_SAMPLES="70"
    ).json
    assert (found["samples"], found["buffer"][-1]["cost_eur"]) == (60, 5.0 * (len(found["buffer"]) - 1))
    for wrong in ("[risk]\nsame_kind = 0.8\nsame_hands = 0.5\n", "[risk.durations.coffee]\np90 = 2.0\n"):
        (tmp_path / "vorst.toml").write_text(wrong, encoding="utf-8")
        ran = vorst(tmp_path, "risk")
        assert (ran.code, ran.out) == (1, "")
        assert "risk" in ran.err


def test_a_wanted_chance_that_is_missed_ends_with_2(workspace: Path) -> None:
    planned = max(step.end for step in the_plan(workspace).steps).date()
    asked = ("risk", *FEW, "--by", str(planned.replace(year=planned.year - 1)))
    early = vorst(workspace, *asked, "--want", "0.5")
    assert early.code == 2
    assert f"ended by {planned.replace(year=planned.year - 1)}: 0% of samples" in early.out
    assert vorst(workspace, *asked).code == 0
    late = ("--by", str(planned.replace(year=planned.year + 1)))
    assert vorst(workspace, "risk", *FEW, *late, "--want", "0.5").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--workers", "2", "--scheduler", "tcp://x:1"), "exclude each other"),
        (("--want", "0.5"), "--want needs a day"),
        (("--by", "soon"), "no such date; write it as 2027-03-01"),
        (("--runs", "nowhere"), "nowhere is no generated project"),
        (("nowhere.json",), "there is no such file"),
    ],
)
def test_what_can_t_be_is_told(workspace: Path, words: tuple[str, ...], said: str) -> None:
    ran = vorst(workspace, "risk", *words)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


def test_the_answer_is_the_same_on_any_number_of_workers(workspace: Path) -> None:
    here = well(workspace, "risk", *FEW, "--json").out
    assert well(workspace, "risk", *FEW, "--json", "--workers", "1").out == here
    assert well(workspace, "risk", *FEW, "--json", "--workers", "2").out == here
    distributed = importlib.import_module("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        assert well(workspace, "risk", *FEW, "--json", "--scheduler", cluster.scheduler_address).out == here


def test_samples_lost_on_a_worker_are_told_and_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lost:
        def exception(self) -> Exception:
            return MemoryError("gone")

    class Client:
        def scatter(self, model: object, **_: object) -> object:
            return model

        def submit(self, *_args: object, **_options: object) -> Lost:
            return Lost()

    monkeypatch.setattr("distributed.as_completed", lambda futures: futures)
    with pytest.raises(SourceError, match="MemoryError: gone"):
        list(_on_dask(Client(), None, [(0, 1)]))  # type: ignore[arg-type]


def test_what_was_measured_counts_in(workspace: Path) -> None:
    plan = the_plan(workspace)
    steps = [step for step in plan.steps if step.kind == "replicate"][:3]
    runs = tuple(
        StepRun(
            step.id,
            "done",
            assets=tuple(move.asset for move in step.moves),
            started_at=step.start,
            duration_s=2 * (step.end - step.start).total_seconds(),
            planned_duration_s=(step.end - step.start).total_seconds(),
        )
        for step in steps
    )
    record = RunRecord("sha256:older", 1, "replicate", steps[0].start, steps[-1].end, "done", steps=runs)
    saved = save_run(workspace / "playbooks", sealed_run(record))
    try:
        found = json.loads(well(workspace, "risk", *FEW, "--json").out)
        shown = well(workspace, "risk", *FEW).out
    finally:
        saved.unlink()
    line = next(line for line in found["durations"] if line["kind"] == "replicate")
    assert (line["observations"], line["measured_median"]) == (len(steps), 2.0)
    assert line["median"] > 1.0
    assert f"{len(steps)}, median 2.00" in shown
    assert "assumption and measurements" in shown
    assert found["over"] == 0


def test_dates_that_have_to_move_are_proposed_and_end_with_2(workspace: Path) -> None:
    plan = the_plan(workspace)
    cutover = next(step for step in plan.steps if step.kind == "cutover")
    day = f"{cutover.end.date():%Y-%m-%d}"
    assert vorst(workspace, "risk", "--dates").code == 1
    assert vorst(workspace, "risk", "--as-of", day).code == 1
    same = vorst(workspace, "risk", "--dates", "--as-of", f"{plan.calendar.start:%Y-%m-%d}")
    assert same.code == 0
    assert f"0 steps are done, {len(plan.steps)} keep their dates, 0 move" in same.out
    late = f"{plan.waves[-1].end.date():%Y-%m-%d}"
    shown = vorst(workspace, "risk", "--dates", "--as-of", late, "--all")
    assert shown.code == 2
    assert "a proposal, no plan" in shown.out
    assert cutover.id in shown.out
    found = vorst(workspace, "risk", "--dates", "--as-of", late, "--json").json
    moved = {entry["step"]: entry for entry in found["moved"]}
    assert moved[cutover.id]["new_start"] is None or moved[cutover.id]["new_start"] >= late
    assert found["kept"] + len(moved) == len(plan.steps)


def test_a_record_that_can_t_be_read_is_named(workspace: Path) -> None:
    bad = workspace / "playbooks" / "runs" / "20270101T000000000000Z-wave-01-cutover.json"
    bad.parent.mkdir(exist_ok=True)
    bad.write_text("{", encoding="utf-8")
    try:
        ran = vorst(workspace, "risk", *FEW)
    finally:
        bad.unlink()
    assert (ran.code, ran.out) == (1, "")
    assert str(bad) in ran.err


def test_tables_fit_in_eighty_columns(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.output.WIDTH_ELSEWHERE", 80)
    ran = well(workspace, "risk", *FEW)
    tables = [line for line in ran.out.splitlines() if "─" in line or re.search(r"\S  +\S", line)]
    assert tables
    assert max(map(len, tables)) <= 80


def test_a_plan_changed_by_hand_is_refused(workspace: Path, tmp_path: Path) -> None:
    plan = the_plan(workspace)
    from inventory.documents import to_json

    moved = replace(plan, steps=plan.steps[:-1])
    path = tmp_path / "moved.json"
    path.write_text(to_json(moved), encoding="utf-8")
    ran = vorst(workspace, "risk", str(path))
    assert ran.code == 1
    assert "changed after it was made" in ran.err
