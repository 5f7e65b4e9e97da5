"""The reassignment benchmark as it is called: files in, solutions and a judged table out, mistakes named."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reassignment.command import main
from benchmarks.reassignment.files import BadFile, Instance, read
from benchmarks.reassignment.generated import small
from benchmarks.reassignment.judge import judge


def written(folder: Path, instance: Instance) -> None:
    """The instance in the challenge's format."""
    lines: list[list[int]] = [[instance.need.shape[1]]]
    lines += np.column_stack((instance.transient, instance.load_weight)).tolist()
    lines.append([instance.capacity.shape[0]])
    lines += np.column_stack(
        (
            instance.neighbourhood,
            instance.location,
            instance.capacity,
            instance.safety,
            instance.machine_move_cost,
        )
    ).tolist()
    lines.append([instance.spread.size])
    for service, fewest in enumerate(instance.spread.tolist()):
        needed = instance.depends[instance.depends[:, 0] == service][:, 1].tolist()
        lines.append([fewest, len(needed), *needed])
    lines.append([instance.initial.size])
    lines += np.column_stack((instance.service, instance.need, instance.process_move_cost)).tolist()
    lines.append([len(instance.balance)])
    for first, second, target, weight in instance.balance.tolist():
        lines += [[first, second, target], [weight]]
    lines.append(list(instance.move_weights))
    text = "\n".join(" ".join(map(str, line)) for line in lines)
    (folder / f"model_{instance.name}.txt").write_text(text + "\n", encoding="ascii")
    start = " ".join(map(str, instance.initial.tolist()))
    (folder / f"assignment_{instance.name}.txt").write_text(start + "\n", encoding="ascii")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    instance = small(1)
    written(tmp_path, instance)
    again = read(tmp_path / "model_small_1.txt", tmp_path / "assignment_small_1.txt")
    assert judge(again, again.initial) == judge(instance, instance.initial)
    assert (again.need == instance.need).all()
    assert sorted(again.depends.tolist()) == sorted(instance.depends.tolist())


def test_a_folder_is_solved_judged_and_tabled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # How busy the machine is, is no matter of this test.
    monkeypatch.setattr("benchmarks.reassignment.command.OVERSHOOT_S", 600.0)
    instances = [small(1), small(2, 6, 3)]
    for instance in instances:
        written(tmp_path, instance)
    (tmp_path / "best.csv").write_text("instance,s41_winner_300s\nsmall_1,1000000000\n", encoding="utf-8")
    out = tmp_path / "out"
    arguments = [str(tmp_path), "--best", "best.csv", "--seconds", "0.5", "--solutions", str(out)]
    assert main(arguments) == 0
    assert "to winner" in capsys.readouterr().out
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["truncated", "optimal"]
    for instance, row in zip(instances, rows, strict=True):
        machines = np.array((out / f"{instance.name}.txt").read_text(encoding="ascii").split(), np.int64)
        verdict = judge(instance, machines)
        assert verdict.broken == ()
        assert verdict.total == int(row["value"]) >= int(row["bound"])


def test_a_value_above_the_winners_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, small(2, 6, 3))
    (tmp_path / "best.csv").write_text("instance,s41_winner_300s\nsmall_2,1\n", encoding="utf-8")
    assert main([str(tmp_path), "--best", "best.csv", "--seconds", "0.5"]) == 2
    assert "above the winner" in capsys.readouterr().out


def test_a_start_that_breaks_a_rule_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, small(1))
    (tmp_path / "assignment_small_1.txt").write_text("0 " * 60, encoding="ascii")
    assert main([str(tmp_path), "--seconds", "0.5"]) == 2
    assert "small_1: machine 0: uses" in capsys.readouterr().err


def test_a_file_cut_short_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, small(1))
    model = tmp_path / "model_small_1.txt"
    model.write_text(model.read_text(encoding="ascii")[:200], encoding="ascii")
    with pytest.raises(BadFile, match=r"model_small_1\.txt"):
        read(model, tmp_path / "assignment_small_1.txt")
    assert main([str(tmp_path), "--seconds", "0.5"]) == 2
    assert "model_small_1.txt" in capsys.readouterr().err
