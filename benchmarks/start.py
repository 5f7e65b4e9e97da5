"""How long `vorst --help` takes as a person at a terminal sees it: several starts, after one to warm up."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figure import Figure

STARTS = 7
TARGET_S = 0.3


def figures() -> list[Figure]:
    """The fastest and the median start, in seconds of wall clock."""
    command = [str(Path(sys.executable).parent / "vorst"), "--help"]
    seconds = []
    for _ in range(STARTS + 1):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    ordered = sorted(seconds[1:])
    return [
        Figure("vorst --help, fastest start", ordered[0], "s", TARGET_S),
        Figure("vorst --help, median start", ordered[len(ordered) // 2], "s"),
    ]
