"""Others asked the same on the same cores: PyJobShop (CP-SAT), where it is installed (`pip install pyjobshop`)."""

from __future__ import annotations

from benchmarks.rcpsp.files import Instance

WORKERS = 2


def pyjobshop(instance: Instance, seconds: float, seed: int) -> int | None:
    """The makespan PyJobShop finds; None when it finds none in time. Raises ImportError where it isn't installed."""
    from pyjobshop import Model  # type: ignore[import-not-found]

    model = Model()
    resources = [model.add_renewable(capacity=c) for c in instance.capacity.tolist()]
    tasks = []
    for duration, need in zip(instance.duration.tolist(), instance.need.tolist(), strict=True):
        task = model.add_task()
        model.add_mode(task, resources=resources, duration=duration, demands=need)
        tasks.append(task)
    for activity, successors in enumerate(instance.successors):
        for then in successors:
            model.add_end_before_start(tasks[activity], tasks[then])
    result = model.solve(
        solver="ortools", time_limit=seconds, display=False, num_workers=WORKERS, random_seed=seed
    )
    objective = float(result.objective)
    return round(objective) if objective < 1e18 else None
