"""A project with calendars as a model of CP-SAT's: whole, to find what is best and prove it; or in part, the rest
staying where a known schedule has it, to make that better.

A mode's starts are its start's domain, so that only where a resource offers some, but not its most, there is a fixed
interval that takes the difference; what stays is taken from what is offered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from capacity.solvers.packing_clock import watched
from capacity.solvers.scheduling_calendar import END, NO_LEAST, NO_MOST, CalendarProject
from capacity.solvers.scheduling_ground import Ground
from capacity.solvers.scheduling_project import Ints
from capacity.solvers.scheduling_proof import Budget

Found = Callable[[Ints, Ints], None]
Bools = NDArray[np.bool_]
Linear = cp_model.LinearExpr | int
Presence = cp_model.BoolVarT | bool


@dataclass(frozen=True, slots=True)
class Answer:
    """`is_exhausted`: nothing is better than what was told or found; `bound`: nothing costs less (None: not known)."""

    is_exhausted: bool
    bound: int | None


def ask(
    project: CalendarProject,
    ground: Ground,
    start: Ints,
    mode: Ints,
    free: Bools,
    *,
    below: int | None,
    budget: Budget,
    seed: int,
    found: Found,
    raised: Callable[[int], None],
    is_over: Callable[[], bool],
    workers: int = 1,
) -> Answer:
    """Look for a schedule that costs less than `below`, the bundles not `free` [bundles] staying as they are in `start`
    and `mode` (−1 where left out). Each one found is told, and every better bound. More than one worker: other answers
    each time.
    """
    model = _Model(project, ground, start, mode, free, below)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    if budget.seconds is not None:
        solver.parameters.max_time_in_seconds = max(budget.seconds, 0.01)
    if budget.work is not None:
        solver.parameters.max_deterministic_time = budget.work

    def bound_callback(value: float) -> None:
        raised(round(value))
        if is_over():
            solver.stop_search()

    solver.best_bound_callback = bound_callback
    with watched(lambda: 0.0 if is_over() else 1.0, solver.stop_search):
        status = solver.solve(model.model, _Watch(model, found, is_over))
    if status == cp_model.MODEL_INVALID:
        raise ValueError(f"the model is refused: {model.model.validate()}")
    if status == cp_model.INFEASIBLE:
        return Answer(True, below)
    if status == cp_model.OPTIMAL:
        return Answer(True, round(solver.objective_value))
    return Answer(False, round(solver.best_objective_bound))


class _Watch(cp_model.CpSolverSolutionCallback):
    """Hands on each schedule found, and stops when somebody says so."""

    def __init__(self, model: _Model, found: Found, is_over: Callable[[], bool]) -> None:
        super().__init__()
        self._model, self._found, self._is_over = model, found, is_over

    def on_solution_callback(self) -> None:
        self._found(*self._model.schedule(self.value))
        if self._is_over():
            self.stop_search()


class _Model:
    def __init__(
        self,
        project: CalendarProject,
        ground: Ground,
        start: Ints,
        mode: Ints,
        free: Bools,
        below: int | None,
    ) -> None:
        self.model = cp_model.CpModel()
        self._project, self._ground = project, ground
        self._known_start, self._known_mode = start, mode
        self._free = free[project.bundle] if project.activities else np.zeros(0, dtype=np.bool_)
        self._present = self._presences(free)
        n = project.activities
        self._starts: list[Linear] = [0] * n
        self._ends: list[Linear] = [0] * n
        self._modes: list[list[tuple[int, cp_model.BoolVarT]]] = [[] for _ in range(n)]
        self._taken: list[list[tuple[cp_model.IntervalVar, int]]] = [[] for _ in range(project.resources)]
        self._kept: list[list[tuple[int, int, int]]] = [[] for _ in range(project.resources)]
        for a in range(n):
            if self._free[a]:
                self._add_activity(a)
            elif start[a] >= 0:
                self._keep_activity(a)
        for arc in project.arcs.tolist():
            self._add_arc(*arc)
        self._held: set[int] = set()
        for reservation in project.reservations.tolist():
            self._add_reservation(*reservation)
        for r in range(project.resources):
            self._add_resource(r)
        objective = self._objective()
        if below is not None:
            self.model.add(objective <= below - 1)
        self.model.minimize(objective)

    def schedule(self, value: Callable[[Linear], int]) -> tuple[Ints, Ints]:
        """Starts and modes of a solution."""
        start, mode = self._known_start.copy(), self._known_mode.copy()
        for a in np.flatnonzero(self._free).tolist():
            start[a], mode[a] = -1, -1
            for m, chosen in self._modes[a]:
                if value(chosen):
                    start[a], mode[a] = value(self._starts[a]), m
        return start, mode

    # --- what is placed -------------------------------------------------------------------------------------------

    def _presences(self, free: Bools) -> list[Presence]:
        g = self._ground
        present: list[Presence] = []
        for b in range(g.skip.size):
            if g.never[b] or g.member_at[b] == g.member_at[b + 1]:
                present.append(False)
            elif not free[b]:
                present.append(bool(self._known_start[g.member[g.member_at[b]]] >= 0))
            elif g.must[b]:
                present.append(True)
            else:
                is_placed = self.model.new_bool_var("")
                present.append(is_placed)
                self.model.add_hint(is_placed, bool(self._known_start[g.member[g.member_at[b]]] >= 0))
        for b, own in enumerate(present):
            for k in range(g.needed_at[b], g.needed_at[b + 1]):
                other = present[int(g.needed[k])]
                if own is not False and other is not True:
                    self.model.add_implication(self._literal(own), self._literal(other))
        return present

    def _literal(self, value: Presence) -> cp_model.BoolVarT:
        literal: cp_model.BoolVarT = self.model.new_constant(int(value)) if isinstance(value, bool) else value
        return literal

    def _add_activity(self, a: int) -> None:
        project, g = self._project, self._ground
        present = self._present[project.bundle[a]]
        if present is False:
            return
        ways = [
            (m, domain)
            for m in range(int(project.mode_at[a]), int(project.mode_at[a + 1]))
            if (domain := self._domain(a, m)) is not None
        ]
        if not ways:  # a domain looks at limits again, after what `never` has seen
            self.model.add_bool_and([self._literal(present).negated()])
            return
        union = ways[0][1]
        for _, domain in ways[1:]:
            union = union.union_with(domain)
        start = self.model.new_int_var_from_domain(union, "")
        if self._known_start[a] >= 0:
            self.model.add_hint(start, int(self._known_start[a]))
        self._starts[a] = start
        literals = [self._literal(present)] if len(ways) == 1 else [self.model.new_bool_var("") for _ in ways]
        if len(ways) > 1:
            self.model.add(sum(literals) == (1 if present is True else present))
        self._ends[a] = start + sum(
            int(project.duration[m]) * literal for (m, _), literal in zip(ways, literals, strict=True)
        )
        if len(ways) == 1:
            self._ends[a] = start + int(project.duration[ways[0][0]])
        for (m, domain), literal in zip(ways, literals, strict=True):
            self._modes[a].append((m, literal))
            if len(ways) > 1:
                self.model.add_hint(literal, self._known_mode[a] == m)
                self.model.add_linear_expression_in_domain(start, domain).only_enforce_if(literal)
            length = int(project.duration[m])
            needs = range(int(g.need_at[m]), int(g.need_at[m + 1]))
            if length and g.need[needs.start : needs.stop].any():
                interval = self.model.new_optional_fixed_size_interval_var(start, length, literal, "")
                for k in needs:
                    if g.need[k]:
                        self._taken[g.need_resource[k]].append((interval, int(g.need[k])))

    def _domain(self, a: int, m: int) -> cp_model.Domain | None:
        g = self._ground
        own = slice(g.slot_at[m], g.slot_end[m])
        low = np.maximum(g.slot_from[own], g.head[a])
        high = np.minimum(g.slot_to[own], g.limit[a] - g.duration[m])
        is_some = low <= high
        if not is_some.any():
            return None
        return cp_model.Domain.from_intervals(np.stack((low, high), axis=1)[is_some].tolist())

    def _keep_activity(self, a: int) -> None:
        project, m, t = self._project, int(self._known_mode[a]), int(self._known_start[a])
        self._starts[a], self._ends[a] = t, t + int(project.duration[m])
        for k in range(int(project.need_at[m]), int(project.need_at[m + 1])):
            self._kept[project.need_resource[k]].append(
                (t, t + int(project.duration[m]), int(project.need[k]))
            )

    def _point(self, a: int, which: int) -> Linear:
        return self._ends[a] if which == END else self._starts[a]

    # --- what binds -----------------------------------------------------------------------------------------------

    def _add_arc(self, first: int, then: int, from_: int, to: int, least: int, most: int) -> None:
        present = self._present[self._project.bundle[then]]
        if present is False or not (self._free[first] or self._free[then]):
            return
        if self._present[self._project.bundle[first]] is False:
            return  # then isn't placed either
        gap = self._point(then, to) - self._point(first, from_)
        enforced = [self._literal(present)]
        if least > NO_LEAST:
            self.model.add(gap >= least).only_enforce_if(enforced)
        if most < NO_MOST:
            self.model.add(gap <= most).only_enforce_if(enforced)

    def _add_reservation(
        self, first: int, from_: int, last: int, to: int, lag: int, resource: int, amount: int
    ) -> None:
        present = self._present[self._project.bundle[first]]
        until = self._present[self._project.bundle[last]]
        horizon = self._project.horizon
        if present is False or not amount:
            return
        begin = self._point(first, from_)
        if not (self._free[first] or self._free[last]):
            known = self._point(last, to)
            assert isinstance(begin, int)  # noqa: S101 - both stay where they are
            assert isinstance(known, int)  # noqa: S101
            end = min(known + lag, horizon) if until is True else horizon
            if begin < end:
                self._kept[resource].append((begin, end, amount))
            return
        if isinstance(begin, int) and until is False:
            self._kept[resource].append((begin, horizon, amount))
            return
        if from_ == END and len(self._modes[first]) > 1:  # an interval begins at one variable
            ended = self.model.new_int_var(0, horizon, "")
            self.model.add(ended == begin).only_enforce_if([self._literal(present)])
            begin = ended
        size = self.model.new_int_var(0, horizon, "")
        stop = self.model.new_int_var(0, horizon, "")
        held = self.model.new_optional_interval_var(begin, size, stop, self._literal(present), "")
        self._taken[resource].append((held, amount))
        self._held.add(resource)
        is_cut = self.model.new_bool_var("")
        self.model.add(stop == horizon).only_enforce_if(is_cut)
        if until is False:
            self.model.add_bool_and([is_cut])
            return
        if until is not True:
            self.model.add_implication(until.negated(), is_cut)
        self.model.add(stop >= self._point(last, to) + lag).only_enforce_if(is_cut.negated())

    def _add_resource(self, r: int) -> None:
        """Its intervals, and one for each stretch of time in which it has less than its most for them."""
        if not self._taken[r]:
            return
        times, free, offered = self._profile(r)
        least = min(amount for _, amount in self._taken[r])
        # Nothing starts where even the least need finds too little offered: what is free there is of no account.
        is_open = (offered >= least) | (r in self._held)
        if not is_open.any():
            is_open[:] = True
        most = int(free[is_open].max())
        level = np.where(is_open, free, most)
        if level.min() >= sum(amount for _, amount in self._taken[r]):
            return
        intervals, amounts = [i for i, _ in self._taken[r]], [a for _, a in self._taken[r]]
        changes = np.flatnonzero(np.diff(level, prepend=level[0] + 1))
        ends = np.append(times[changes[1:]], self._project.horizon)
        for begin, end, free_now in zip(
            times[changes].tolist(), ends.tolist(), level[changes].tolist(), strict=True
        ):
            if free_now < most and begin < end:
                intervals.append(self.model.new_fixed_size_interval_var(begin, end - begin, ""))
                amounts.append(most - free_now)
        self.model.add_cumulative(intervals, amounts, most)

    def _profile(self, r: int) -> tuple[Ints, Ints, Ints]:
        """Slots from which on so much is free besides what stays, and so much offered."""
        project = self._project
        own = slice(project.capacity_at[r], project.capacity_at[r + 1])
        steps = project.capacity_from[own]
        kept = np.array(self._kept[r], dtype=np.int64).reshape(-1, 3)
        times = np.unique(np.concatenate((steps, kept[:, 0], kept[:, 1])))
        times = times[times < project.horizon]
        offered = project.capacity[own][np.searchsorted(steps, times, side="right") - 1]
        taken = np.zeros(times.size + 1, dtype=np.int64)
        np.add.at(taken, np.searchsorted(times, kept[:, 0]), kept[:, 2])
        np.add.at(taken, np.searchsorted(times, kept[:, 1]), -kept[:, 2])
        return times, offered - np.cumsum(taken)[:-1], offered

    # --- what it costs --------------------------------------------------------------------------------------------

    def _objective(self) -> Linear:
        project, g = self._project, self._ground
        terms: list[Linear] = [0]
        for b, present in enumerate(self._present):
            skip = int(g.skip[b])
            if present is False:
                terms.append(skip)
            elif present is not True:
                terms.append(skip * (1 - present))
        last = self.model.new_int_var(0, project.horizon, "")
        for a in range(project.activities):
            present = self._present[project.bundle[a]]
            if present is False:
                continue
            end = self._ends[a]
            if project.makespan_cost:
                self.model.add(last >= end).only_enforce_if([self._literal(present)])
            if project.tardy_cost[a]:
                terms.append(int(project.tardy_cost[a]) * self._at_least(end - int(project.due[a]), present))
            if project.end_cost[a]:
                is_plain = present is True
                terms.append(int(project.end_cost[a]) * (end if is_plain else self._at_least(end, present)))
        if project.makespan_cost:
            terms.append(project.makespan_cost * last)
        total: Linear = sum(terms)
        return total

    def _at_least(self, expression: Linear, present: Presence) -> Linear:
        """A number that is, if it counts, not below the expression, nor below zero."""
        if isinstance(expression, int):
            return max(expression, 0)
        most = self._project.horizon + int(np.abs(self._project.due).max(initial=0))
        value = self.model.new_int_var(0, most, "")
        self.model.add(value >= expression).only_enforce_if([self._literal(present)])
        return value
