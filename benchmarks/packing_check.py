"""Holds a packing against its instance with code of its own: every item once, no bin beyond its limits, no conflict."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.packing_files import Instance


def faults(instance: Instance, bins: Sequence[Sequence[int]], lower_bound: int) -> list[str]:
    """What is wrong with a packing, and with a bound above its number of bins; nothing when all is well."""
    found = []
    where: dict[int, int] = {}
    sizes, capacity = instance.sizes.tolist(), instance.capacity.tolist()
    for b, items in enumerate(bins):
        if not items:
            found.append(f"bin {b} is empty")
        for item in items:
            if item in where:
                found.append(f"item {item} is in bin {where[item]} and in bin {b}")
            elif not 0 <= item < len(sizes):
                found.append(f"bin {b} holds item {item}, which there is not")
            where[item] = b
        for dimension, room in enumerate(capacity):
            used = sum(sizes[item][dimension] for item in items if 0 <= item < len(sizes))
            if used > room:
                found.append(f"bin {b} holds {used} of {room} in dimension {dimension + 1}")
    found += [f"item {item} is in no bin" for item in range(len(sizes)) if item not in where]
    found += [
        f"items {one} and {other} conflict in bin {where[one]}"
        for one, other in instance.pairs.tolist()
        if one in where and where[one] == where.get(other)
    ]
    if lower_bound > len(bins):
        found.append(f"a bound of {lower_bound} is above {len(bins)} bins")
    return found
