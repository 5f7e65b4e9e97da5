"""`vorst` as a person runs it, within the test's own process: the same entry point, exit codes and streams."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from capacity.plan import Plan
from inventory.documents import from_json
from tui.cli import main


@dataclass(frozen=True)
class Ran:
    """One command that ended: its exit code, what it printed as data, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def vorst(folder: Path, *words: str, **variables: str) -> Ran:
    """Run `vorst -C folder words…` with these environment variables besides."""
    return command("-C", str(folder), *words, **variables)


def command(*words: str, **variables: str) -> Ran:
    """Run `vorst words…`. An exception other than the exit is a defect, and is raised."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["vorst", *words])
        for name, value in variables.items():
            patch.setenv(name, value)
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return Ran(code, out.getvalue(), err.getvalue())


def well(folder: Path, *words: str, **variables: str) -> Ran:
    """Run a command that must end with 0."""
    ran = vorst(folder, *words, **variables)
    assert ran.code == 0, (
        f"vorst {' '.join(words)} ended with {ran.code}:\n{ran.err[-2000:]}{ran.out[-2000:]}"
    )
    return ran


def planned_workspace(folder: Path, servers: int = 40) -> Path:
    """A new workspace in `folder` with a small sample region and its plan."""
    well(folder.parent, "init", str(folder))
    well(folder, "import", "--sample", "--servers", str(servers))
    well(folder, "plan")
    return folder


def plan_in(folder: Path) -> Plan:
    """The plan of a workspace."""
    return from_json(Plan, (folder / "plan.json").read_text(encoding="utf-8"))
