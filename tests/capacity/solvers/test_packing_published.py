"""Published packing instances: read as their formats say, packed to the values known, held by a checker."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.packing import main
from benchmarks.packing_check import faults
from benchmarks.packing_files import Instance, instance_files, read_instance
from benchmarks.packing_known import read_known
from capacity.solvers.packing import Problem, solve
from inventory.errors import InputError

SHARED = Path(__file__).resolve().parents[4] / "shared" / "benchmarks"
VECTORS = "2\n10 10\n3\n6 1 2\n4 -1 1\n3 9 1\n"
CONFLICTS = "4 10\n1 3 2 3\n2 3\n3 3\n4 1\n"


def a_folder(tmp_path: Path) -> Path:
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors" / "a.vbp").write_text(VECTORS)
    (tmp_path / "BPPC_1_0_1.txt").write_text(CONFLICTS)
    (tmp_path / "notes.txt").write_text("not an instance\n")
    known = "file,opt,published_best_heuristic\nvectors/a.vbp,2,2\nBPPC_1_0_1.txt,2,2\n"
    (tmp_path / "best_known.csv").write_text(known)
    return tmp_path


def test_a_folder_is_packed_checked_and_written(tmp_path: Path) -> None:
    folder, out = a_folder(tmp_path), tmp_path / "out"
    assert main([str(folder), "--best", "best_known.csv", "--seconds", "5", "--solutions", str(out)]) == 0
    with (out / "results.csv").open(encoding="utf-8") as file:
        rows = {row["instance"]: row for row in csv.DictReader(file)}
    assert {name: (row["value"], row["bound"], row["status"]) for name, row in rows.items()} == {
        "vectors/a.vbp": ("2", "2", "optimal"),
        "BPPC_1_0_1.txt": ("2", "2", "optimal"),
    }
    solution = json.loads((out / "BPPC_1_0_1.json").read_text())
    assert sorted(item for items in solution["bins"] for item in items) == [0, 1, 2, 3]


def test_what_is_known_above_the_answer_is_a_missed_promise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = a_folder(tmp_path)
    (folder / "best_known.csv").write_text("file,opt,published_best_heuristic\nvectors/a.vbp,1,1\n")
    assert main([str(folder), "--best", "best_known.csv", "--only", "*.vbp", "--seconds", "5"]) == 2
    told = capsys.readouterr().out
    assert "MISSED: vectors/a.vbp: 2 bins, published are 1" in told
    assert "a bound of 2 is above the known value 1" in told


def test_what_is_known_of_a_file_is_not_taken_for_its_namesake_in_another_set(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name / "class1").mkdir(parents=True)
        (tmp_path / name / "class1" / "a.vbp").write_text(VECTORS)
    table = tmp_path / "best_known.csv"
    table.write_text("file,opt\none/class1/a.vbp,2\nother/class1/a.vbp,7\n")
    files = instance_files(tmp_path / "one")
    assert read_known(table, tmp_path / "one", files)[files[0]].optimum == 2
    moved = tmp_path / "elsewhere.csv"
    moved.write_text("file,opt\nclass1/a.vbp,2\n")
    assert read_known(moved, tmp_path / "one", files)[files[0]].optimum == 2
    moved.write_text("file,opt\nset/class1/a.vbp,2\nsets/class1/a.vbp,7\n")
    assert read_known(moved, tmp_path / "one", files) == {}


def test_demands_become_items_and_conflicts_pairs(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    conflicts, vectors = (read_instance(path) for path in instance_files(folder))
    assert vectors.sizes.tolist() == [[6, 1], [6, 1], [4, -1], [3, 9]]
    assert conflicts.pairs.tolist() == [[0, 1], [0, 2]]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.vbp", "2\n10\n1\n1 1 1\n", "line 2: 1 capacities for 2 dimensions"),
        ("a.vbp", "1\n10\n1\n11 1\n", "line 4: the item needs 11 in dimension 1, a bin has 10"),
        ("a.vbp", "1\n10\n2\n1 1\n", "it ends before 2 item lines"),
        ("a.vbp", "1\n10\n1\n1 -1\n", "line 4: a demand of -1"),
        ("a.vbp", "1\n10\n1\n1 1\n5 5\n", "line 5: it holds more than the lines it announces"),
        ("a.vbp", "1\nten\n1\n1 1\n", "line 2: ten is no whole number"),
        ("a.txt", "2 10\n1 3\n1 3\n", "line 3: item 1 is there twice"),
        ("a.txt", "1 10\n1 3 1\n", "line 2: item 1 conflicts with 1, which is itself"),
        ("a.txt", "1 10\n1 3 7\n", "line 2: item 1 conflicts with 7, which is no item"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as raised:
        read_instance(tmp_path / name)
    assert message in str(raised.value)


def test_the_checker_sees_every_fault() -> None:
    instance = Instance(np.array([[6], [6], [3]]), np.array([10]), np.array([[1, 2]]))
    assert faults(instance, [[0, 2], [1]], 2) == []
    assert faults(instance, [[0, 1], [2]], 2) == ["bin 0 holds 12 of 10 in dimension 1"]
    assert faults(instance, [[0], [1, 2]], 2) == ["items 1 and 2 conflict in bin 1"]
    assert faults(instance, [[0], [1]], 2) == ["item 2 is in no bin"]
    assert faults(instance, [[0], [1], [2], []], 2) == ["bin 3 is empty"]
    assert faults(instance, [[0, 2], [1], [0]], 2) == ["item 0 is in bin 0 and in bin 2"]
    assert faults(instance, [[0, 2], [1]], 3) == ["a bound of 3 is above 2 bins"]


def published(pattern: str) -> list[Path]:
    return sorted(SHARED.glob(pattern))[::3] if SHARED.is_dir() else []


@pytest.mark.parametrize(
    "pattern", ["vbp/New/*/*_20_*.vbp", "vbp/Triplet/*/*_60_*.vbp", "bppc/*/BPPC_5_*.txt"]
)
def test_small_published_instances_are_solved_to_the_value_known(pattern: str) -> None:
    paths = published(pattern)
    if not paths:
        pytest.skip(f"no published instances below {SHARED}")
    table = SHARED / pattern.split("/", maxsplit=1)[0] / "best_known.csv"
    known = read_known(table, table.parent, paths)
    for path in paths:
        instance = read_instance(path)
        count = len(instance.sizes)
        found = solve(
            Problem(
                instance.sizes.astype(float),
                instance.capacity.astype(float),
                np.ones(count),
                count,
                pairs=instance.pairs,
            ),
            effort=3e6,
        )
        bins = [np.flatnonzero(found.bin == b).tolist() for b in range(found.bins)]
        assert faults(instance, bins, found.bound) == []
        best = known[path].best
        assert best is not None
        assert found.bound <= best
        assert (path.name, found.bins, found.status) == (path.name, best, "optimal")
