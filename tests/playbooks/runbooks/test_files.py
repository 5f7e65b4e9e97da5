"""Runbooks on the disk: all of them, or the folder as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from runbook_cases import wave

from inventory.errors import InputError, WorkspaceError
from playbooks.runbooks.files import FORMATS, write_files, write_runbooks


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_each_format_is_a_file_of_the_wave(small, tmp_path):
    names = write_runbooks(small, [wave(small)], FORMATS, tmp_path / "a" / "b")
    assert names == ("wave-01.md", "wave-01.pdf", "wave-01.ics")
    found = contents(tmp_path / "a" / "b")
    assert found.keys() == set(names)
    assert found["wave-01.pdf"].startswith(b"%PDF-")
    assert found["wave-01.md"].startswith(b"# Runbook of wave-01: Wave 1\n")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir() if path.name.startswith(".")] == []


def test_what_else_is_in_the_folder_stays(small, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    write_runbooks(small, [wave(small)], ["md"], tmp_path)
    assert contents(tmp_path).keys() == {"notes.txt", "wave-01.md"}


@pytest.mark.parametrize("blocked", ["one.md", "two.md", "three.md"])
def test_when_one_file_cannot_be_placed_none_is(tmp_path, blocked):
    earlier = {
        name: f"earlier {name}".encode() for name in ("one.md", "two.md", "three.md") if name != blocked
    }
    for name, content in earlier.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / blocked).mkdir()
    with pytest.raises(WorkspaceError, match="there is a folder of that name"):
        write_files(tmp_path, dict.fromkeys(("one.md", "two.md", "three.md"), b"new"))
    assert contents(tmp_path) == earlier
    assert {path.name for path in tmp_path.iterdir()} == {"one.md", "two.md", "three.md"}


def test_when_one_runbook_cannot_be_made_none_is_written(small, tmp_path, monkeypatch):
    (tmp_path / "wave-01.ics").write_bytes(b"something else")
    with pytest.raises(InputError, match=r"wave-01\.ics: the earlier calendar can't be read"):
        write_runbooks(small, [wave(small)], FORMATS, tmp_path)
    assert contents(tmp_path) == {"wave-01.ics": b"something else"}


def test_a_folder_that_is_a_file_is_an_error_with_a_remedy(small, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="name another folder"):
        write_runbooks(small, [wave(small)], ["md"], tmp_path / "file")
