"""Other ways to pack, for comparison: first-fit decreasing in several norms, CP-SAT's direct model, VPSolver.

Each is given an instance and the same seconds, and answers with how many bins it has, or "" when it has no packing by
then. They are programmed here as plainly as published, and share nothing with the solver measured.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import highspy
import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from benchmarks.packing_files import Instance

Peer = Callable[[Instance, float], int | str]
Floats = NDArray[np.float64]
WORKERS = 2
MOST_BOOLEANS = 400_000  # of CP-SAT's direct model; building a larger one takes longer than solving may
NORMS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "L1": lambda sizes, _: sizes.sum(axis=1),
    "L2": lambda sizes, _: np.sqrt((sizes**2).sum(axis=1)),
    "Linf": lambda sizes, _: sizes.max(axis=1, initial=0.0),
    "mean demand": lambda sizes, mean: sizes @ mean,
    "exponential demand": lambda sizes, mean: sizes @ np.exp(mean),
}


def first_fit_decreasing(instance: Instance, seconds: float) -> int | str:
    """The fewest bins over the norms (Panigrahy, Talwar, Uyeda, Wieder 2011)."""
    sizes = instance.sizes / np.maximum(instance.capacity, 1)
    apart = _neighbours(instance)
    started = time.perf_counter()
    found: list[int] = []
    for norm in NORMS.values():
        if found and time.perf_counter() - started > seconds:
            break
        found.append(
            len(_first_fit(instance, np.argsort(-norm(sizes, sizes.mean(axis=0)), kind="stable"), apart))
        )
    return min(found)


def _neighbours(instance: Instance) -> list[set[int]]:
    apart: list[set[int]] = [set() for _ in instance.sizes]
    for one, other in instance.pairs.tolist():
        apart[one].add(other)
        apart[other].add(one)
    return apart


def _first_fit(instance: Instance, order: NDArray[np.intp], apart: list[set[int]]) -> list[set[int]]:
    left = np.zeros((len(order), len(instance.capacity)), dtype=np.int64)
    bins: list[set[int]] = []
    for item in order.tolist():
        room = np.flatnonzero((left[: len(bins)] >= instance.sizes[item]).all(axis=1)).tolist()
        b = next((b for b in room if not apart[item] & bins[b]), len(bins))
        if b == len(bins):
            bins.append(set())
            left[b] = instance.capacity
        bins[b].add(item)
        left[b] -= instance.sizes[item]
    return bins


def cp_sat(instance: Instance, seconds: float) -> int | str:
    """A Boolean for each item and bin, as many bins as first-fit decreasing needs, each used before the next."""
    deadline = time.perf_counter() + seconds
    count = len(instance.sizes)
    most = first_fit_decreasing(instance, seconds)
    if not isinstance(most, int) or count * most > MOST_BOOLEANS:
        return ""
    model = cp_model.CpModel()
    is_in = [[model.new_bool_var("") for _ in range(most)] for _ in range(count)]
    is_used = [model.new_bool_var("") for _ in range(most)]
    for row in is_in:
        model.add_exactly_one(row)
    for b, used in enumerate(is_used):
        for dimension, room in enumerate(instance.capacity.tolist()):
            load = sum(size * is_in[i][b] for i, size in enumerate(instance.sizes[:, dimension].tolist()))
            model.add(load <= room * used)
        for i in range(count):
            model.add_implication(is_in[i][b], used)
    for one, other in instance.pairs.tolist():
        for b in range(most):
            model.add_at_most_one(is_in[one][b], is_in[other][b])
    for used, following in itertools.pairwise(is_used):
        model.add_implication(following, used)
    model.minimize(sum(is_used))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = WORKERS
    solver.parameters.max_time_in_seconds = max(0.01, deadline - time.perf_counter())
    status = solver.solve(model)
    return round(solver.objective_value) if status in {cp_model.OPTIMAL, cp_model.FEASIBLE} else ""


def vpsolver(instance: Instance, seconds: float) -> int | str:
    """The arc-flow model of VPSolver (Brandão, Pedroso 2016), solved with HiGHS; without conflicts only."""
    if len(instance.pairs) or not len(instance.sizes):
        return ""
    deadline = time.perf_counter() + seconds
    kinds, demands = np.unique(instance.sizes, axis=0, return_counts=True)
    rows = [
        " ".join(map(str, [*kind, demand]))
        for kind, demand in zip(kinds.tolist(), demands.tolist(), strict=True)
    ]
    head = [str(len(instance.capacity)), " ".join(map(str, instance.capacity.tolist())), str(len(rows))]
    with tempfile.TemporaryDirectory() as folder:
        given, graph, model = (Path(folder) / f"model.{suffix}" for suffix in ("vbp", "afg", "mps"))
        given.write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")
        for command in (["vbp2afg", str(given), str(graph)], ["afg2mps", str(graph), str(model)]):
            try:
                subprocess.run(
                    [_program(command[0]) or command[0], *command[1:]],
                    check=True,
                    capture_output=True,
                    timeout=max(0.01, deadline - time.perf_counter()),
                )
            except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
                return ""
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.silent()
        solver.readModel(str(model))
        solver.setOptionValue("time_limit", max(0.01, deadline - time.perf_counter()))
        solver.run()
        info = solver.getInfo()
        has_packing = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        return round(info.objective_function_value) if has_packing else ""


def _program(name: str) -> str | None:
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


PEERS: dict[str, Peer] = {"FFD": first_fit_decreasing, "CP-SAT": cp_sat, "VPSolver": vpsolver}


def peers_here() -> dict[str, Peer]:
    """The peers that are installed."""
    has_programs = all(_program(name) for name in ("vbp2afg", "afg2mps"))
    return {name: peer for name, peer in PEERS.items() if name != "VPSolver" or has_programs}


def missing_peers() -> list[str]:
    """A line for each peer that isn't installed, and how to install it."""
    return [
        f"{name} is left out: its programs vbp2afg and afg2mps are not on the path (pip install pyvpsolver needs g++ "
        "and an old setuptools)"
        for name in PEERS
        if name not in peers_here()
    ]
