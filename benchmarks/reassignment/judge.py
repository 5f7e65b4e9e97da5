"""Judges an assignment by the words of the challenge's problem statement; shares nothing with the solver.

Plain whole numbers of Python, rule by rule and cost by cost, so that it can be read beside the statement.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from benchmarks.reassignment.files import Instance, Ints

MOST_NAMED = 5  # broken rules of one kind named one by one


@dataclass(frozen=True, slots=True)
class Verdict:
    """The cost, part by part, and what is broken, in words; a solution counts when nothing is."""

    load: int
    balance: int
    process_move: int
    service_move: int
    machine_move: int
    broken: tuple[str, ...]

    @property
    def total(self) -> int:
        return self.load + self.balance + self.process_move + self.service_move + self.machine_move


def judge(instance: Instance, assignment: Ints) -> Verdict:
    """The verdict on `assignment`, the machine of each process."""
    machine_of = [int(machine) for machine in assignment]
    home_of = [int(machine) for machine in instance.initial]
    if len(machine_of) != len(home_of):
        return Verdict(0, 0, 0, 0, 0, (f"{len(machine_of)} processes assigned of {len(home_of)}",))
    machines = instance.capacity.shape[0]
    stray = [process for process, machine in enumerate(machine_of) if not 0 <= machine < machines]
    if stray:
        return Verdict(
            0, 0, 0, 0, 0, (f"process {stray[0]} is on machine {machine_of[stray[0]]}, which is none",)
        )
    broken = [
        *_capacity(instance, machine_of, home_of),
        *_conflicts(instance, machine_of),
        *_spread(instance, machine_of),
        *_dependencies(instance, machine_of),
    ]
    return Verdict(
        *_usage_costs(instance, machine_of), *_move_costs(instance, machine_of, home_of), tuple(broken)
    )


def _usage(instance: Instance, machine_of: list[int]) -> list[list[int]]:
    usage = [[0] * instance.need.shape[1] for _ in range(instance.capacity.shape[0])]
    for needs, machine in zip(instance.need.tolist(), machine_of, strict=True):
        row = usage[machine]
        for resource, need in enumerate(needs):
            row[resource] += need
    return usage


def _capacity(instance: Instance, machine_of: list[int], home_of: list[int]) -> list[str]:
    usage = _usage(instance, machine_of)
    transient = instance.transient.tolist()
    for needs, machine, home in zip(instance.need.tolist(), machine_of, home_of, strict=True):
        if machine != home:
            for resource, need in enumerate(needs):
                if transient[resource]:
                    usage[home][resource] += need
    broken = [
        f"machine {machine} uses {used} of {limit} of resource {resource}"
        for machine, (row, limits) in enumerate(zip(usage, instance.capacity.tolist(), strict=True))
        for resource, (used, limit) in enumerate(zip(row, limits, strict=True))
        if used > limit
    ]
    return broken[:MOST_NAMED]


def _conflicts(instance: Instance, machine_of: list[int]) -> list[str]:
    seen: set[tuple[int, int]] = set()
    broken = []
    for service, machine in zip(instance.service.tolist(), machine_of, strict=True):
        if (service, machine) in seen:
            broken.append(f"service {service} has two processes on machine {machine}")
        seen.add((service, machine))
    return broken[:MOST_NAMED]


def _spread(instance: Instance, machine_of: list[int]) -> list[str]:
    locations: dict[int, set[int]] = defaultdict(set)
    for service, machine in zip(instance.service.tolist(), machine_of, strict=True):
        locations[service].add(int(instance.location[machine]))
    broken = [
        f"service {service} is in {len(locations[service])} locations, not {fewest}"
        for service, fewest in enumerate(instance.spread.tolist())
        if len(locations[service]) < fewest
    ]
    return broken[:MOST_NAMED]


def _dependencies(instance: Instance, machine_of: list[int]) -> list[str]:
    places: dict[int, set[int]] = defaultdict(set)
    for service, machine in zip(instance.service.tolist(), machine_of, strict=True):
        places[service].add(int(instance.neighbourhood[machine]))
    broken = [
        f"service {service} is in neighbourhood {place} without service {needed}, which it needs"
        for service, needed in instance.depends.tolist()
        for place in sorted(places[service] - places[needed])
    ]
    return broken[:MOST_NAMED]


def _usage_costs(instance: Instance, machine_of: list[int]) -> tuple[int, int]:
    load = balance = 0
    weights, objectives = instance.load_weight.tolist(), instance.balance.tolist()
    capacities, safeties = instance.capacity.tolist(), instance.safety.tolist()
    for row, capacity, safety in zip(_usage(instance, machine_of), capacities, safeties, strict=True):
        for used, limit, weight in zip(row, safety, weights, strict=True):
            load += weight * max(0, used - limit)
        for first, second, target, weight in objectives:
            available, beside = capacity[first] - row[first], capacity[second] - row[second]
            balance += weight * max(0, target * available - beside)
    return load, balance


def _move_costs(instance: Instance, machine_of: list[int], home_of: list[int]) -> tuple[int, int, int]:
    process_weight, service_weight, machine_weight = instance.move_weights
    processes = machines = 0
    moved: dict[int, int] = defaultdict(int)
    for process, (machine, home) in enumerate(zip(machine_of, home_of, strict=True)):
        if machine != home:
            processes += int(instance.process_move_cost[process])
            moved[int(instance.service[process])] += 1
        machines += int(instance.machine_move_cost[home, machine])
    most = max(moved.values(), default=0)
    return process_weight * processes, service_weight * most, machine_weight * machines
