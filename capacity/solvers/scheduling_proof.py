"""How short a project can be at all: simple bounds, and CP-SAT, which proves a schedule shortest or finds a shorter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from capacity.solvers.scheduling_project import Compiled, Ints, Project

Found = Callable[[Ints, int], None]
Raised = Callable[[int], None]


def simple_bound(project: Project, compiled: Compiled) -> int:
    """The longest path, and what each resource has to give over its capacity, whichever is more."""
    path = int((compiled.tail + compiled.duration).max(initial=0))
    work = (project.need * project.duration[:, None]).sum(axis=0)
    used = project.capacity > 0
    return max(path, int((-(-work[used] // project.capacity[used])).max(initial=0)))


@dataclass(frozen=True, slots=True)
class Budget:
    """When a proof ends: after so many seconds, or so much deterministic work of the solver's own counting."""

    seconds: float | None = None
    work: float | None = None


class _Watch(cp_model.CpSolverSolutionCallback):
    """Hands on each schedule found, and stops when somebody says so."""

    def __init__(self, starts: list[cp_model.IntVar], found: Found, is_over: Callable[[], bool]) -> None:
        super().__init__()
        self._starts, self._found, self._is_over = starts, found, is_over

    def on_solution_callback(self) -> None:
        start = np.array([self.value(variable) for variable in self._starts], dtype=np.int64)
        self._found(start, int(self.objective_value))
        if self._is_over():
            self.stop_search()


def prove(
    project: Project,
    compiled: Compiled,
    known: Ints,
    bound: int,
    *,
    budget: Budget,
    seed: int,
    found: Found,
    raised: Raised,
    is_over: Callable[[], bool],
) -> None:
    """Look for a schedule shorter than `known` [activities] on one core; tell of each one, and of every better bound.

    When there is none, the bound raised is the makespan of `known`.
    """
    most = int((known + project.duration).max(initial=0))
    if most <= bound:
        return
    model, starts = _model(project, compiled, most - 1, bound)
    for variable, start in zip(starts, known.tolist(), strict=True):
        model.add_hint(variable, start)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    if budget.seconds is not None:
        solver.parameters.max_time_in_seconds = max(budget.seconds, 0.01)
    if budget.work is not None:
        solver.parameters.max_deterministic_time = budget.work

    def bound_callback(value: float) -> None:
        raised(min(round(value), most))
        if is_over():
            solver.stop_search()

    solver.best_bound_callback = bound_callback
    watch = _Watch(starts, found, is_over)
    status = solver.solve(model, watch)
    if status == cp_model.INFEASIBLE:
        raised(most)
    elif status == cp_model.OPTIMAL:
        raised(round(solver.objective_value))
    elif status in (cp_model.FEASIBLE, cp_model.UNKNOWN):
        raised(min(round(solver.best_objective_bound), most))


def _model(
    project: Project, compiled: Compiled, most: int, bound: int
) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    model = cp_model.CpModel()
    head = _heads(compiled)
    starts, intervals = [], []
    for a, duration in enumerate(project.duration.tolist()):
        latest = max(most - int(compiled.tail[a]) - duration, -1)
        if latest < head[a]:
            # No schedule so short exists; a variable needs a range to say so with.
            latest = int(head[a])
            model.add_bool_or([])
        start = model.new_int_var(int(head[a]), latest, "")
        starts.append(start)
        intervals.append(model.new_fixed_size_interval_var(start, duration, ""))
    for first, then in project.arcs.tolist():
        model.add(starts[then] >= starts[first] + int(project.duration[first]))
    for k, capacity in enumerate(project.capacity.tolist()):
        takers = np.flatnonzero((project.need[:, k] > 0) & (project.duration > 0)).tolist()
        if project.need[takers, k].sum() > capacity:
            needs = [int(project.need[a, k]) for a in takers]
            model.add_cumulative([intervals[a] for a in takers], needs, capacity)
    makespan = model.new_int_var(bound, max(most, bound), "")
    if most < bound:
        model.add_bool_or([])
    for start, duration in zip(starts, project.duration.tolist(), strict=True):
        model.add(makespan >= start + duration)
    model.minimize(makespan)
    return model, starts


def _heads(compiled: Compiled) -> Ints:
    """The longest path before each."""
    head = np.zeros(compiled.duration.size, dtype=np.int64)
    for a in compiled.order.tolist():
        before = compiled.before[compiled.before_at[a] : compiled.before_at[a + 1]]
        if before.size:
            head[a] = int((head[before] + compiled.duration[before]).max())
    return head
