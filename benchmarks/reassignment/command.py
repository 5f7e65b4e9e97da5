"""The command: every instance of a folder solved in the seconds given, judged, and set beside what is published."""

from __future__ import annotations

import argparse
import csv
import fnmatch
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.reassignment.files import BadFile, Instance, read, write
from benchmarks.reassignment.generated import small
from benchmarks.reassignment.judge import judge
from benchmarks.solutions_folder import made
from capacity.solvers.reassignment import Solution, solve
from capacity.solvers.reassignment_check import BrokenProblem
from capacity.solvers.reassignment_model import Problem
from inventory.errors import VorstError

COLUMNS = [
    "instance",
    "value",
    "bound",
    "status",
    "seconds",
    "initial",
    "best_known",
    "gap_to_best_pct",
    "winner_300s",
    "gap_to_winner_pct",
    "broken",
]
OVERSHOOT_S = 1.0
WINNER_TOLERANCE = 0.0005
CLEARLY = 0.001


@dataclass(frozen=True, slots=True)
class Known:
    """What is published of an instance; nothing of it reaches the solver."""

    best: int | None = None
    winner: int | None = None
    bound: int | None = None
    initial: int | None = None


def problem_of(instance: Instance) -> Problem:
    """The solver's arrays of an instance."""
    return Problem(
        need=np.ascontiguousarray(instance.need),
        capacity=instance.capacity,
        safety=instance.safety,
        transient=instance.transient == 1,
        service=instance.service,
        home=instance.initial,
        location=instance.location,
        neighbourhood=instance.neighbourhood,
        spread=instance.spread,
        depends=instance.depends,
        balance=instance.balance,
        load_weight=instance.load_weight,
        process_cost=instance.process_move_cost,
        machine_cost=instance.machine_move_cost,
        move_weights=instance.move_weights,
    )


def pairs(folder: Path, only: str) -> list[tuple[str, Path, Path]]:
    """Name relative to the folder, model and assignment of every instance below it, in the order of names."""
    found = []
    for model in sorted(folder.rglob("model_*.txt")):
        name = model.stem.removeprefix("model_")
        if fnmatch.fnmatch(name, only):
            found.append(
                (
                    str(model.parent.relative_to(folder) / name),
                    model,
                    model.with_name(f"assignment_{name}.txt"),
                )
            )
    return found


def _whole(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def known(path: Path | None) -> dict[str, Known]:
    """The published values by instance."""
    if path is None:
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row.get("instance", ""): Known(
                _whole(row.get("best_upper_bound")),
                _whole(row.get("s41_winner_300s")),
                _whole(row.get("best_lower_bound")),
                _whole(row.get("initial_cost_published")),
            )
            for row in csv.DictReader(file)
        }


def _percent(value: int, beside: int | None) -> str:
    return "" if not beside else f"{100 * (value / beside - 1):.5f}"


def _row(
    name: str, solution: Solution, seconds: float, initial: int, facts: Known, broken: Iterable[str]
) -> list[str]:
    values = [
        name,
        solution.cost,
        solution.bound,
        solution.status,
        f"{seconds:.2f}",
        initial,
        "" if facts.best is None else facts.best,
        _percent(solution.cost, facts.best),
        "" if facts.winner is None else facts.winner,
        _percent(solution.cost, facts.winner),
        "; ".join(broken),
    ]
    return [str(value) for value in values]


def missed(
    solution: Solution, seconds: float, budget: float, facts: Known, broken: tuple[str, ...]
) -> list[str]:
    """The promises that a run broke, in words."""
    wrong = [f"broken: {what}" for what in broken]
    if seconds > budget + OVERSHOOT_S:
        wrong.append(f"took {seconds:.1f} s of {budget:g}")
    if facts.winner and solution.cost > facts.winner * (1 + WINNER_TOLERANCE):
        wrong.append(f"{_percent(solution.cost, facts.winner)} % above the winner")
    return wrong


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reassignment", description=__doc__)
    parser.add_argument(
        "folder", type=Path, help="pairs model_NAME.txt and assignment_NAME.txt, at any depth"
    )
    parser.add_argument("--best", type=Path, help="published values: a path, from here or from the folder")
    parser.add_argument("--seconds", type=float, default=300.0, help="wall clock an instance, reading aside")
    parser.add_argument("--solutions", type=Path, help="where solutions and results.csv go")
    parser.add_argument("--only", default="*", metavar="GLOB", help="names of instances, as a pattern")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def _best_file(given: Path | None, folder: Path) -> Path | None:
    if given is None or given.exists():
        return given
    inside = folder / given
    if not inside.exists():
        raise BadFile(f"{given}: no such file, neither here nor in {folder}")
    return inside


def main(arguments: list[str]) -> int:
    """Run; 0 when every promise was kept, 2 when one was missed, 1 when nothing could be run."""
    options = _parser().parse_args(arguments)
    try:
        facts = known(_best_file(options.best, options.folder))
        made(options.solutions)
    except VorstError as error:
        print(error, file=sys.stderr)
        return 1
    found = pairs(options.folder, options.only)
    if not found:
        print(f"{options.folder}: no model_NAME.txt that matches {options.only}", file=sys.stderr)
        return 1
    for sample in (small(0), small(0, processes=4, machines=2)):  # compiles the search, and trying everything
        solve(problem_of(sample), work=2)
    rows: list[list[str]] = []
    wrong: list[str] = []
    for name, model, assignment in found:
        try:
            instance = read(model, assignment)
        except BadFile as error:
            wrong.append(str(error))
            print(error, file=sys.stderr, flush=True)
            continue
        fact = facts.get(instance.name, Known())
        problem = problem_of(instance)
        started = time.perf_counter()
        try:
            solution = solve(problem, seed=options.seed, seconds=options.seconds, clock=time.perf_counter)
        except BrokenProblem as error:
            wrong.append(f"{name}: {error}")
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            continue
        seconds = time.perf_counter() - started
        verdict = judge(instance, solution.machine)
        initial = judge(instance, instance.initial).total
        broken = verdict.broken
        if verdict.total != solution.cost:
            broken = (*broken, f"the solver counts {solution.cost}, the judge {verdict.total}")
        if fact.initial is not None and fact.initial != initial:
            broken = (*broken, f"the start costs {initial}, published is {fact.initial}")
        row = _row(name, solution, seconds, initial, fact, broken)
        rows.append(row)
        failures = missed(solution, seconds, options.seconds, fact, broken)
        wrong += [f"{name}: {failure}" for failure in failures]
        print(
            f"{name:<12} {solution.cost:>15} bound {solution.bound:>15} {solution.status:<9} {seconds:7.1f} s"
            + (f"  to winner {row[9]} %" if fact.winner else "")
            + (f"  to best {row[7]} %" if fact.best else "")
            + "".join(f"  {failure.upper()}" for failure in failures),
            flush=True,
        )
        if options.solutions:
            write(options.solutions / f"{name}.txt", solution.machine)
            with (options.solutions / "results.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([COLUMNS, *rows])
    for failure in wrong:
        print(f"missed: {failure}")
    return 2 if wrong else 0
