"""Every benchmark, one line a figure: `make bench`, or `python -m benchmarks start` for one of them.

A module of this folder with a function `figures()` is a benchmark; its docstring says what it measures. Figures are
printed beside their target where there is one, and a figure beyond its target ends the run with status 2. `--far` and
`--farthest` ask for more than a few minutes' work from the benchmarks that have more to measure.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.figure import Figure

REACHES = ("far", "farthest")


def names() -> list[str]:
    """The benchmarks there are: a module named after another is part of it, a folder has a command of its own."""
    found = {module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if not module.ispkg}
    found -= {"__main__", "figure"}
    return sorted(name for name in found if not any(name.startswith(f"{other}_") for other in found))


def main(arguments: list[str]) -> int:
    """Run the chosen benchmarks, all when none is."""
    reaches = [a[2:] for a in arguments if a.startswith("--")]
    chosen = [a for a in arguments if not a.startswith("--")]
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(names())}", file=sys.stderr)
        return 1
    if not set(reaches) <= set(REACHES):
        print(f"no option {', '.join(reaches)}; there are --{' and --'.join(REACHES)}", file=sys.stderr)
        return 1
    is_beyond = False
    for name in chosen or names():
        for figure in _figures(name, max(reaches, key=REACHES.index, default="")):
            print(f"{name:<12} {figure}", flush=True)
            is_beyond = is_beyond or figure.is_beyond_target
    return 2 if is_beyond else 0


def _figures(name: str, reach: str) -> Iterable[Figure]:
    measure = importlib.import_module(f"benchmarks.{name}").figures
    found: Iterable[Figure] = (
        measure(reach) if "reach" in inspect.signature(measure).parameters else measure()
    )
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
