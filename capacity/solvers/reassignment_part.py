"""Part of an assignment made anew, exactly: where some processes go among some machines while all others stay.

CP-SAT on one core decides by the whole model: room with transient use, load and balance cost, conflicts, spread,
dependencies, move costs. It starts from where the processes are, so its answer is never worse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from capacity.solvers.reassignment_model import Compiled, Ints, Problem, State

Sum = cp_model.LinearExpr.weighted_sum


@dataclass(frozen=True, slots=True)
class Answer:
    """`machine` [processes]: the whole assignment; `is_best`: no other of this part costs less."""

    machine: Ints
    is_best: bool


def anew(
    problem: Problem,
    inst: Compiled,
    st: State,
    part: tuple[Ints, Ints],
    *,
    staying: int,
    work: float,
    seconds: float | None,
    seed: int,
) -> Answer | None:
    """The cheapest places for the processes of `part` among its machines, on one of which each is; None: out of time.

    `st` breaks no rule. `staying`: price of a process on a leaving machine. `work`: the solver's deterministic time.
    """
    model = _Part(problem, inst, st, *part)
    model.hold_rooms()
    model.price_balance()
    model.price_moves(staying)
    model.keep_apart()
    model.keep_spread()
    model.keep_dependencies()
    return model.solved(work, seconds, seed)


class _Part:
    """The model under construction; `on[process, machine]` are its variables."""

    def __init__(self, problem: Problem, inst: Compiled, st: State, processes: Ints, machines: Ints) -> None:
        self._problem, self._inst, self._st = problem, inst, st
        self._processes: list[int] = processes.tolist()
        self._machines: list[int] = machines.tolist()
        self._is_chosen = np.zeros(problem.processes, np.bool_)
        self._is_chosen[processes] = True
        self._of_service: dict[int, list[int]] = {}
        for p in self._processes:
            self._of_service.setdefault(int(inst.service[p]), []).append(p)
        self._model = cp_model.CpModel()
        self._costs: list[tuple[cp_model.IntVar, int]] = []
        self.on: dict[tuple[int, int], cp_model.IntVar] = {}
        self._place()

    def _stayers(self, service: int) -> list[int]:
        """The processes of a service that are not chosen."""
        first, last = self._inst.members_at[service], self._inst.members_at[service + 1]
        members = self._inst.members[first:last]
        return [int(q) for q in members if not self._is_chosen[q]]

    def _place(self) -> None:
        """One machine for every process: not beside its own service, not a leaving one it isn't on already."""
        at, leaving = self._st.at, self._inst.leaving
        for service, processes in self._of_service.items():
            taken = {int(at[q]) for q in self._stayers(service)}
            for p in processes:
                open_to = [
                    m for m in self._machines if m not in taken and (not leaving[m] or m == int(at[p]))
                ]
                for m in open_to:
                    self.on[p, m] = self._model.new_bool_var("")
                    self._model.add_hint(self.on[p, m], m == int(at[p]))
                self._model.add_exactly_one(self.on[p, m] for m in open_to)

    def hold_rooms(self) -> None:
        """Room for what comes beside what stays and what moved processes still hold; load above safety is priced."""
        problem, st = self._problem, self._st
        chosen = self._processes
        room, free = st.room.copy(), st.free.copy()
        for p in chosen:
            now, home = int(st.at[p]), int(problem.home[p])
            free[now] += problem.need[p]
            room[now] += problem.need[p]
            if now != home:
                room[home] += problem.need[p] * problem.transient
        for m in self._machines:
            here = [p for p in chosen if (p, m) in self.on]
            at_home = [p for p in chosen if problem.home[p] == m]
            for r in range(problem.resources):
                held = at_home if problem.transient[r] else []
                left = int(room[m, r]) - sum(int(problem.need[p, r]) for p in held)
                self._hold(m, r, [p for p in here if p not in held], left)
                self._price_load(m, r, here, int(free[m, r] - self._inst.headroom[m, r]))

    def _hold(self, m: int, r: int, processes: list[int], room: int) -> None:
        needs = [int(self._problem.need[p, r]) for p in processes]
        if sum(needs) > room:
            self._model.add(Sum([self.on[p, m] for p in processes], needs) <= room)

    def _price_load(self, m: int, r: int, processes: list[int], before: int) -> None:
        """What machine `m` carries of resource `r` beyond `before` costs."""
        weight = int(self._problem.load_weight[r])
        needs = [int(self._problem.need[p, r]) for p in processes]
        if weight and before <= 0:
            self._costs += [(self.on[p, m], weight * need) for p, need in zip(processes, needs, strict=True)]
        elif weight and sum(needs) > before:
            over = self._model.new_int_var(0, sum(needs) - before, "")
            self._model.add(over >= Sum([self.on[p, m] for p in processes], needs) - before)
            self._costs.append((over, weight))

    def price_balance(self) -> None:
        """What each machine lacks of the second resource for what is free of the first."""
        problem, st = self._problem, self._st
        for m in self._machines:
            here = [p for p in self._processes if (p, m) in self.on]
            leave = [p for p in self._processes if st.at[p] == m]
            free = st.free[m] + problem.need[leave].sum(axis=0)
            for first, second, target, weight in problem.balance.reshape(-1, 4).tolist():
                base = int(target * free[first] - free[second])
                steps = [int(problem.need[p, second] - target * problem.need[p, first]) for p in here]
                most = base + sum(max(step, 0) for step in steps)
                if weight and most > 0:
                    short = self._model.new_int_var(0, most, "")
                    self._model.add(short >= Sum([self.on[p, m] for p in here], steps) + base)
                    self._costs.append((short, weight))

    def price_moves(self, staying: int) -> None:
        """Process and machine move costs, the service with most moves, and staying on a leaving machine."""
        inst, st = self._inst, self._st
        for (p, m), here in self.on.items():
            home = int(inst.home[p])
            cost = inst.machine_weight * int(inst.machine_cost[home, m])
            cost += 0 if m == home else int(inst.process_cost[p])
            cost += staying if inst.leaving[m] else 0
            if cost:
                self._costs.append((here, cost))
        if not inst.service_weight:
            return
        others = st.moved.copy()
        others[list(self._of_service)] = 0
        most = self._model.new_int_var(int(others.max(initial=0)), self._problem.processes, "")
        self._costs.append((most, inst.service_weight))
        for service, processes in self._of_service.items():
            moved = sum(int(st.at[q] != inst.home[q]) for q in self._stayers(service)) + len(processes)
            homes = [self.on[p, int(inst.home[p])] for p in processes if (p, int(inst.home[p])) in self.on]
            self._model.add(most >= moved - sum(homes))

    def keep_apart(self) -> None:
        """No two processes of a service on one machine."""
        for processes in self._of_service.values():
            for m in self._machines:
                here = [self.on[p, m] for p in processes if (p, m) in self.on]
                if len(here) > 1:
                    self._model.add_at_most_one(here)

    def keep_spread(self) -> None:
        """Every service in enough locations."""
        location, at = self._inst.location, self._st.at
        for service, processes in self._of_service.items():
            had = {int(location[at[q]]) for q in self._stayers(service)}
            lacking = int(self._inst.spread[service]) - len(had)
            if lacking <= 0:
                continue
            found = []
            for place in sorted({int(location[m]) for m in self._machines} - had):
                inside = [m for m in self._machines if location[m] == place]
                is_used = self._model.new_bool_var("")
                self._model.add_bool_or(
                    [is_used.Not()] + [self.on[p, m] for p in processes for m in inside if (p, m) in self.on]
                )
                found.append(is_used)
            self._model.add(sum(found) >= lacking)

    def keep_dependencies(self) -> None:
        """Beside every process, in its neighbourhood, what its service needs."""
        inst = self._inst
        pairs = set()
        for service in self._of_service:
            needs = inst.needs[inst.needs_at[service] : inst.needs_at[service + 1]]
            needed_by = inst.needed_by[inst.needed_by_at[service] : inst.needed_by_at[service + 1]]
            pairs |= {(service, int(other)) for other in needs} | {
                (int(other), service) for other in needed_by
            }
        hoods = sorted({int(inst.neighbourhood[m]) for m in self._machines})
        there = {
            service: {int(inst.neighbourhood[self._st.at[q]]) for q in self._stayers(service)}
            for pair in pairs
            for service in pair
        }
        for service, needed in sorted(pairs):
            for hood in hoods:
                if hood in there[needed]:
                    continue
                helpers = self._inside(needed, hood)
                if hood in there[service]:
                    self._model.add_bool_or(helpers)
                    continue
                for here in self._inside(service, hood):
                    self._model.add_bool_or([here.Not(), *helpers])

    def _inside(self, service: int, hood: int) -> list[cp_model.IntVar]:
        inside = [m for m in self._machines if self._inst.neighbourhood[m] == hood]
        chosen = self._of_service.get(service, [])
        return [self.on[p, m] for p in chosen for m in inside if (p, m) in self.on]

    def solved(self, work: float, seconds: float | None, seed: int) -> Answer | None:
        """The best found; None when time ended before anything was, or amounts are beyond the solver's numbers."""
        self._model.minimize(Sum([what for what, _ in self._costs], [cost for _, cost in self._costs]))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed
        solver.parameters.max_deterministic_time = work
        if seconds is not None:
            solver.parameters.max_time_in_seconds = max(seconds, 0.0)
        status = solver.solve(self._model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        machine = self._st.at.copy()
        for (p, m), here in self.on.items():
            if solver.boolean_value(here):
                machine[p] = m
        return Answer(machine, status == cp_model.OPTIMAL)
