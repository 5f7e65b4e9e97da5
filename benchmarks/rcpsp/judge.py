"""Whether a schedule is one, by the definition of the problem; shares nothing with the solver."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.rcpsp.files import Instance


def judge(instance: Instance, start: Sequence[int]) -> tuple[int, tuple[str, ...]]:
    """The makespan of a schedule, and every rule it breaks: starts, precedence, and each resource at every time."""
    durations = instance.duration.tolist()
    broken = []
    if len(start) != len(durations):
        return 0, (f"{len(start)} starts for {len(durations)} activities",)
    ends = [begin + duration for begin, duration in zip(start, durations, strict=True)]
    for activity, begin in enumerate(start):
        if begin < 0:
            broken.append(f"activity {activity} starts at {begin}")
        broken += [
            f"activity {then} starts at {start[then]}, before {activity} ends at {ends[activity]}"
            for then in instance.successors[activity]
            if start[then] < ends[activity]
        ]
    makespan = max(ends, default=0)
    for k, capacity in enumerate(instance.capacity.tolist()):
        change = [0] * (makespan + 1)
        for activity, amount in enumerate(instance.need[:, k].tolist()):
            if durations[activity] and start[activity] >= 0:
                change[start[activity]] += amount
                change[ends[activity]] -= amount
        used = 0
        for time, more in enumerate(change):
            used += more
            if used > capacity:
                broken.append(f"at {time} resource {k} gives {used} of {capacity}")
                break
    return makespan, tuple(broken)
