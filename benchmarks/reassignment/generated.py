"""Small instances made up from a seed: for tests, to warm up compiled code, and for a quick figure."""

from __future__ import annotations

import numpy as np

from benchmarks.reassignment.files import Instance

LOCATIONS, NEIGHBOURHOODS = 4, 2


def small(seed: int, processes: int = 60, machines: int = 8, resources: int = 3) -> Instance:
    """An instance with every kind of rule and cost, whose initial assignment breaks none."""
    random = np.random.default_rng(seed)
    services = max(2, processes // 3)
    initial = random.integers(0, machines, processes)
    service = np.full(processes, -1, np.int64)
    taken: set[tuple[int, int]] = set()
    for process in range(processes):
        choice = int(random.integers(0, services))
        while (choice, int(initial[process])) in taken:
            choice = (choice + 1) % services
            if choice == 0:
                services += 1
                choice = services - 1
        service[process] = choice
        taken.add((choice, int(initial[process])))
    location = np.arange(machines) % LOCATIONS
    neighbourhood = np.arange(machines) % NEIGHBOURHOODS
    need = random.integers(0, 100, (processes, resources))
    used = np.zeros((machines, resources), np.int64)
    np.add.at(used, initial, need)
    capacity = used + random.integers(20, 200, (machines, resources))
    safety = (capacity * random.uniform(0.5, 0.9, (machines, resources))).astype(np.int64)
    places = [set(neighbourhood[initial[service == s]].tolist()) for s in range(services)]
    depends = [
        (s, t)
        for s in range(services)
        for t in random.integers(0, services, 2).tolist()
        if s != t and places[s] and places[s] <= places[t]
    ]
    spread = [
        int(random.integers(0, len(set(location[initial[service == s]].tolist())) + 1))
        for s in range(services)
    ]
    return Instance(
        name=f"small_{seed}",
        transient=(np.arange(resources) % 2).astype(np.int64),
        load_weight=random.integers(1, 11, resources),
        neighbourhood=neighbourhood,
        location=location,
        capacity=capacity,
        safety=safety,
        machine_move_cost=random.integers(0, 3, (machines, machines)).astype(np.int32)
        * (1 - np.eye(machines, dtype=np.int32)),
        spread=np.array(spread, np.int64),
        depends=np.array(depends, np.int64).reshape(-1, 2),
        service=service,
        need=need,
        process_move_cost=random.integers(1, 5, processes),
        balance=np.array([[0, resources - 1, 2, 10]], np.int64),
        move_weights=(1, 10, 100),
        initial=initial,
    )
