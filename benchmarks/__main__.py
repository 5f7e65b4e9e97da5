"""Every benchmark, one line a figure: `make bench`, or `python -m benchmarks start` for one of them.

A module of this folder with a function `figures()` is a benchmark; its docstring says what it measures. Figures are
printed beside their target where there is one, and a figure beyond its target ends the run with status 2.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

from benchmarks.figure import Figure


def names() -> list[str]:
    """The benchmarks there are."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(
        name for name in found if name not in {"__main__", "figure"} and not name.startswith("packing_")
    )


def main(chosen: list[str]) -> int:
    """Run the chosen benchmarks, all when none is."""
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(names())}", file=sys.stderr)
        return 1
    is_beyond = False
    for name in chosen or names():
        figures: list[Figure] = importlib.import_module(f"benchmarks.{name}").figures()
        for figure in figures:
            print(f"{name:<12} {figure}", flush=True)
            is_beyond = is_beyond or figure.is_beyond_target
    return 2 if is_beyond else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
