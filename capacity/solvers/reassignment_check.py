"""Refuses a machine reassignment problem that contradicts itself or starts from an assignment that breaks a rule.

The search goes out from where every process is and promises to break nothing; what is broken at the start is named.
"""

from __future__ import annotations

import numpy as np

from capacity.solvers.reassignment_model import Problem

REMEDY = "start from an assignment that breaks no rule"


class BrokenProblem(ValueError):
    """What is wrong, where, and what to do; solvers know no family of errors for people."""

    def __init__(self, what: str, *, where: str, remedy: str = "make the arrays fit together") -> None:
        super().__init__(f"{where}: {what} ({remedy})")


def refuse_broken(problem: Problem) -> None:
    """Raise BrokenProblem that names the first thing wrong."""
    _refuse_shapes(problem)
    for rule in (_capacity, _conflict, _spread, _dependency):
        rule(problem)


def _refuse_shapes(p: Problem) -> None:
    processes, machines, resources = p.processes, p.machines, p.resources
    if not processes or not machines:
        raise BrokenProblem(
            f"{processes} processes on {machines} machines",
            where="problem",
            remedy="give at least one of each",
        )
    shapes = {
        "capacity": (p.capacity.shape, (machines, resources)),
        "safety": (p.safety.shape, (machines, resources)),
        "transient": (p.transient.shape, (resources,)),
        "load_weight": (p.load_weight.shape, (resources,)),
        "service": (p.service.shape, (processes,)),
        "home": (p.home.shape, (processes,)),
        "location": (p.location.shape, (machines,)),
        "neighbourhood": (p.neighbourhood.shape, (machines,)),
        "process_cost": (p.process_cost.shape, (processes,)),
        "machine_cost": (p.machine_cost.shape, (machines, machines)),
    }
    for name, (shape, wanted) in shapes.items():
        if shape != wanted:
            raise BrokenProblem(f"shape is {shape}, must be {wanted}", where=name)
    limits = {
        "home": (p.home, machines),
        "service": (p.service, p.services),
        "depends": (p.depends, p.services),
        "balance": (p.balance.reshape(-1, 4)[:, :2], resources),
    }
    for name, (values, limit) in limits.items():
        if values.size and (values.min() < 0 or values.max() >= limit):
            raise BrokenProblem(f"numbers must be from 0 to {limit - 1}", where=name)
    if p.need.size and p.need.min() < 0:
        process, resource = np.argwhere(p.need < 0)[0].tolist()
        raise BrokenProblem(
            f"needs {p.need[process, resource]} of resource {resource}",
            where=f"process {process}",
            remedy="needs must not be negative",
        )


def _capacity(p: Problem) -> None:
    used = np.zeros(p.capacity.shape, np.int64)
    np.add.at(used, p.home, p.need)
    over = np.argwhere(used > p.capacity)
    if len(over):
        machine, resource = over[0].tolist()
        raise BrokenProblem(
            f"uses {used[machine, resource]} of {p.capacity[machine, resource]} of resource {resource}",
            where=f"machine {machine}",
            remedy=REMEDY,
        )


def _conflict(p: Problem) -> None:
    pairs, counts = np.unique(p.service * p.machines + p.home, return_counts=True)
    if (counts > 1).any():
        service, machine = divmod(int(pairs[np.argmax(counts > 1)]), p.machines)
        raise BrokenProblem(
            f"has two processes on machine {machine}", where=f"service {service}", remedy=REMEDY
        )


def _places(p: Problem, place: np.ndarray) -> np.ndarray:
    """The different pairs of service and place [pairs × 2]."""
    size = int(place.max(initial=0)) + 1
    return np.column_stack(np.divmod(np.unique(p.service * size + place[p.home]), size))


def _spread(p: Problem) -> None:
    found = np.bincount(_places(p, p.location)[:, 0], minlength=p.services)
    present = np.bincount(p.service, minlength=p.services) > 0
    short = np.flatnonzero(present & (found < p.spread))
    if short.size:
        service = int(short[0])
        raise BrokenProblem(
            f"is in {found[service]} locations of at least {p.spread[service]}",
            where=f"service {service}",
            remedy=REMEDY,
        )


def _dependency(p: Problem) -> None:
    places = {tuple(pair) for pair in _places(p, p.neighbourhood).tolist()}
    hoods: dict[int, list[int]] = {}
    for service, hood in places:
        hoods.setdefault(service, []).append(hood)
    for service, needed in p.depends.reshape(-1, 2).tolist():
        for hood in sorted(hoods.get(service, [])):
            if (needed, hood) not in places:
                raise BrokenProblem(
                    f"is in neighbourhood {hood} without service {needed}, which it needs",
                    where=f"service {service}",
                    remedy=REMEDY,
                )
