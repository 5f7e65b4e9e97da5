"""The command: every instance of a folder solved in the seconds given, judged, and set beside what is published."""

from __future__ import annotations

import argparse
import csv
import fnmatch
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.rcpsp.files import BadFile, Instance, read, write
from benchmarks.rcpsp.judge import judge
from benchmarks.rcpsp.peers import pyjobshop
from benchmarks.solutions_folder import made
from capacity.solvers.scheduling import Project, ProjectError, Schedule, solve
from inventory.errors import VorstError

COLUMNS = [
    "instance",
    "value",
    "bound",
    "status",
    "seconds",
    "best_known",
    "gap_to_best_pct",
    "pyjobshop",
    "broken",
]
HEADS = ["set", "instances", "proven", "best known", "mean gap", "PyJobShop", "seconds"]
WIDTHS = [8, 9, 7, 11, 9, 10, 8]
SUFFIXES = (".sm", ".rcp")
OVERSHOOT_S = 1.0
MOST_GAP = {"j60": 0.10, "j90": 0.20, "j120": 1.0}
"""Percent above the best known that the mean of a set may be."""


@dataclass(frozen=True, slots=True)
class Row:
    """One instance as it was solved; `best`, `peer`: None where unknown."""

    name: str
    schedule: Schedule
    seconds: float
    best: int | None
    peer: int | None
    broken: tuple[str, ...]

    @property
    def group(self) -> str:
        """The set it belongs to: its folder, or what the name of a PSPLIB instance begins with."""
        parent = Path(self.name).parent.name
        return parent or Path(self.name).stem.split("_")[0]

    def gap(self, value: int | None) -> float | None:
        """Percent a makespan is above the best known."""
        return None if value is None or not self.best else 100 * (value / self.best - 1)

    def cells(self) -> list[str]:
        """As in results.csv."""
        gap = self.gap(self.schedule.makespan)
        values = [
            self.name,
            self.schedule.makespan,
            self.schedule.bound,
            self.schedule.status,
            f"{self.seconds:.3f}",
            self.best,
            None if gap is None else f"{gap:.4f}",
            self.peer,
            "; ".join(self.broken),
        ]
        return ["" if value is None else str(value) for value in values]

    def __str__(self) -> str:
        best = "" if self.best is None else f"  best known {self.best}"
        peer = "" if self.peer is None else f"  PyJobShop {self.peer}"
        return (
            f"{self.name:<24} {self.schedule.makespan:>6} bound {self.schedule.bound:>6} {self.schedule.status:<9} "
            f"{self.seconds:6.2f} s{best}{peer}" + "".join(f"  BROKEN: {what}" for what in self.broken)
        )


@dataclass
class Group:
    """What a set comes to."""

    rows: list[Row] = field(default_factory=list)

    def mean(self, of: str) -> float | None:
        """Mean gap to the best known in percent, of `value` or of `peer`, over the instances that have both."""
        values = [row.schedule.makespan if of == "value" else row.peer for row in self.rows]
        gaps = [
            gap for row, value in zip(self.rows, values, strict=True) if (gap := row.gap(value)) is not None
        ]
        return sum(gaps) / len(gaps) if gaps else None


def project_of(instance: Instance) -> Project:
    """The solver's arrays of an instance."""
    arcs = [(first, then) for first, after in enumerate(instance.successors) for then in after]
    return Project(
        instance.duration, instance.need, instance.capacity, np.array(arcs, dtype=np.int64).reshape(-1, 2)
    )


def best_known(path: Path | None) -> dict[str, int]:
    """Published makespans by file name."""
    if path is None:
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            Path(row["instance"]).name: int(row["best_ub"])
            for row in csv.DictReader(file)
            if row.get("instance") and (row.get("best_ub") or "").isdigit()
        }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rcpsp", description=__doc__)
    parser.add_argument("folder", type=Path, help="instances .sm and .rcp, at any depth")
    parser.add_argument("--best", type=Path, help="published values: a path, from here or from the folder")
    parser.add_argument("--seconds", type=float, default=10.0, help="wall clock an instance, reading aside")
    parser.add_argument("--solutions", type=Path, help="where solutions and results.csv go")
    parser.add_argument("--peers", action="store_true", help="ask PyJobShop the same beside it")
    parser.add_argument("--only", default="*", metavar="GLOB", help="paths of instances, as a pattern")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="every Nth instance from the Ith")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def _chosen(folder: Path, only: str, shard: str) -> list[Path]:
    number, _, of = shard.partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise BadFile(f"--shard {shard} is not I/N with I from 1 to N", remedy="give 1/4, 2/4, …")
    found = [
        path.relative_to(folder)
        for path in sorted(folder.rglob("*"))
        if path.suffix in SUFFIXES and fnmatch.fnmatch(path.relative_to(folder).as_posix(), only)
    ]
    return found[int(number) - 1 :: int(of)]


def _best_file(given: Path | None, folder: Path) -> Path | None:
    if given is None or given.exists():
        return given
    inside = folder / given
    if not inside.exists():
        raise BadFile(f"there is no such file, neither here nor in {folder}", where=str(given))
    return inside


def _solved(folder: Path, name: Path, options: argparse.Namespace, known: dict[str, int]) -> Row:
    instance = read(folder / name)
    try:
        project = project_of(instance)
        started = time.perf_counter()
        schedule = solve(project, seed=options.seed, seconds=options.seconds, clock=time.perf_counter)
        seconds = time.perf_counter() - started
    except ProjectError as error:
        raise BadFile(f"no schedule is possible: {error}", where=str(folder / name)) from error
    makespan, broken = judge(instance, schedule.start.tolist())
    best = known.get(name.name)
    if makespan != schedule.makespan:
        broken = (*broken, f"the solver says {schedule.makespan}, the judge {makespan}")
    if best is not None and schedule.bound > best:
        broken = (*broken, f"the bound {schedule.bound} is above the published {best}")
    if seconds > options.seconds + OVERSHOOT_S:
        broken = (*broken, f"took {seconds:.1f} s of {options.seconds:g}")
    peer = pyjobshop(instance, options.seconds, options.seed) if options.peers else None
    if options.solutions:
        write(
            (options.solutions / name).with_suffix(".json"), schedule.start, schedule.bound, schedule.status
        )
    return Row(name.as_posix(), schedule, seconds, best, peer, broken)


def missed(groups: dict[str, Group]) -> list[str]:
    """The promises that were not kept, in words."""
    wrong = []
    for name, group in groups.items():
        mean, peer = group.mean("value"), group.mean("peer")
        wrong += [f"{row.name}: {what}" for row in group.rows for what in row.broken]
        if mean is not None and mean > MOST_GAP.get(name, float("inf")):
            wrong.append(f"{name}: {mean:.3f} % above the best known, {MOST_GAP[name]:.2f} % were promised")
        if mean is not None and peer is not None and mean > peer:
            wrong.append(f"{name}: {mean:.3f} % above the best known, PyJobShop {peer:.3f} %")
    return wrong


def _show(groups: dict[str, Group]) -> None:
    heads = [f"{head:>{width}}" for head, width in zip(HEADS, WIDTHS, strict=True)]
    print("\n" + " ".join(heads))
    for name, group in groups.items():
        proven = sum(row.schedule.status == "optimal" for row in group.rows)
        reached = sum(row.best is not None and row.schedule.makespan <= row.best for row in group.rows)
        means = ["-" if m is None else f"{m:.3f} %" for m in (group.mean("value"), group.mean("peer"))]
        seconds = sum(row.seconds for row in group.rows) / len(group.rows)
        cells = [name, len(group.rows), proven, reached, *means, f"{seconds:.2f}"]
        print(" ".join(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True)))


def main(arguments: Sequence[str]) -> int:
    """Run; 0 when every promise was kept, 2 when one was missed, 1 when nothing could be run."""
    options = _parser().parse_args(arguments)
    try:
        known = best_known(_best_file(options.best, options.folder))
        names = _chosen(options.folder, options.only, options.shard)
        made(options.solutions)
    except VorstError as error:
        print(error, file=sys.stderr)
        return 1
    if not names:
        print(f"{options.folder}: no instance that matches {options.only}", file=sys.stderr)
        return 1
    _compile()
    groups: dict[str, Group] = defaultdict(Group)
    wrong, rows = [], []
    for name in names:
        try:
            row = _solved(options.folder, name, options, known)
        except BadFile as error:
            wrong.append(str(error))
            print(error, file=sys.stderr, flush=True)
            continue
        except ImportError:
            print("PyJobShop is not installed: pip install pyjobshop, or leave out --peers", file=sys.stderr)
            return 1
        groups[row.group].rows.append(row)
        rows.append(row)
        print(row, flush=True)
        if options.solutions:
            with (options.solutions / "results.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([COLUMNS, *(done.cells() for done in rows)])
    _show(groups)
    wrong += missed(groups)
    for failure in wrong:
        print(f"missed: {failure}")
    return 2 if wrong else 0


def _compile() -> None:
    """What the first instance should not wait for."""
    # Three activities of which no two run together, though their sum would allow it: the bound alone doesn't end it.
    three = np.ones(3, dtype=np.int64)
    solve(Project(three, 2 * three[:, None], 3 * three[:1], np.zeros((0, 2), dtype=np.int64)), work=1)
