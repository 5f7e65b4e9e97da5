"""Run `vorst` as the shell would, in this process: what it wrote to stdout and stderr, and its exit code."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from unittest.mock import patch

from tui.cli import main


@dataclass(frozen=True)
class Line:
    code: int
    out: str
    err: str


def vorst(*words: str) -> Line:
    """The command with these arguments. An exception other than the exit is a defect, and is raised."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["vorst", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stop:
            code = stop.code
        else:
            code = 0
    assert isinstance(code, int)
    return Line(code, out.getvalue(), err.getvalue())
