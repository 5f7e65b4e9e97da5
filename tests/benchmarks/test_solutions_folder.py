"""A place for solutions that is no folder is told before anything is solved."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from benchmarks.packing import main as packing
from benchmarks.rcpsp.command import main as rcpsp
from benchmarks.reassignment.command import main as reassignment

PUBLISHED = Path(__file__).parents[3] / "shared" / "benchmarks"


@pytest.mark.parametrize(
    ("main", "files"),
    [
        (packing, ["vbp/Triplet"]),
        (rcpsp, ["rcpsp/j30"]),
        (reassignment, ["roadef2012/model_a1_1.txt", "roadef2012/assignment_a1_1.txt"]),
    ],
)
def test_a_file_in_the_place_of_the_folder_is_named(
    main: Callable[[Sequence[str]], int],
    files: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "in").mkdir()
    for name in files:
        source = PUBLISHED / name
        if not source.exists():
            pytest.skip(f"{source} isn't here: published instances are not part of a clone")
        if source.is_dir():
            source = next(path for path in sorted(source.rglob("*")) if path.is_file())
        shutil.copy(source, tmp_path / "in")
    place = tmp_path / "out"
    place.write_text("mine")
    assert main([str(tmp_path / "in"), "--seconds", "1", "--solutions", str(place)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{place}: can't be made a folder" in said.err
    assert "give --solutions a folder" in said.err
    assert place.read_text() == "mine"
