"""Earliest starts on resources whose capacity varies over time: arrays in, slots out.

Time is a grid of equal slots counted from 0. A resource is an array of capacities per slot and what is already taken of
it. What a slot, a resource or a task means is the caller's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TOLERANCE = 1e-9
STRETCH = 2000  # slots looked at first


class Timeline:
    """Free capacity of named resources over `slots` slots.

    Args:
        slots: number of slots of the grid.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._free: dict[str, Floats] = {}

    def add(self, name: str, capacity: Floats) -> None:
        """Declare a resource; `capacity` has shape (slots,)."""
        if capacity.shape != (self.slots,):
            message = f"capacity of {name} has shape {capacity.shape}, the grid has {self.slots} slots"
            raise ValueError(message)
        self._free[name] = capacity.astype(np.float64, copy=True)

    def copied(self) -> Timeline:
        """Another of the same, to be filled by itself."""
        other = Timeline(self.slots)
        for name, free in self._free.items():
            other.add(name, free)
        return other

    def __contains__(self, name: str) -> bool:
        return name in self._free

    def free(self, name: str) -> Floats:
        """What is free of a resource, by slot."""
        return self._free[name].copy()

    def peak(self, name: str, begin: int, end: int) -> float:
        """The most that is free in any slot of [begin, end)."""
        window = self._free[name][begin:end]
        return float(window.max()) if window.size else 0.0

    def fits(self, needs: dict[str, float], begin: int, end: int) -> bool:
        """Whether every need is free in every slot of [begin, end)."""
        if begin < 0 or end > self.slots:
            return False
        return all(
            bool((self._free[name][begin:end] >= amount - TOLERANCE).all())
            for name, amount in needs.items()
            if amount
        )

    def earliest(self, needs: dict[str, float], duration: int, begin: int, end: int) -> int | None:
        """The first start in [begin, end − duration] from which all needs are free for `duration` slots; else None."""
        begin, end = max(begin, 0), min(end, self.slots)
        if end - begin < duration:
            return None
        if duration == 0:
            return begin
        first = begin
        while (
            end - first >= duration
        ):  # most starts are near: a stretch of time after another, each twice as long
            last = min(end, first + duration + max(first - begin, STRETCH))
            start = self._earliest_within(needs, duration, first, last)
            if start is not None:
                return start
            first = last - duration + 1
        return None

    def _earliest_within(self, needs: dict[str, float], duration: int, begin: int, end: int) -> int | None:
        starts = self._starts_within(needs, duration, begin, end)
        return begin + int(starts[0]) if starts.size else None

    def _starts_within(
        self, needs: dict[str, float], duration: int, begin: int, end: int
    ) -> NDArray[np.intp]:
        """Every possible start, counted from `begin`."""
        blocked = np.zeros(end - begin, dtype=bool)
        for name, amount in needs.items():
            if amount:
                blocked |= self._free[name][begin:end] < amount - TOLERANCE
        counts = np.concatenate(([0], np.cumsum(blocked)))
        return np.flatnonzero(counts[duration:] == counts[: len(counts) - duration])

    def latest(self, needs: dict[str, float], duration: int, begin: int, end: int) -> int | None:
        """The last start in [begin, end − duration] from which all needs are free for `duration` slots; else None."""
        begin, end = max(begin, 0), min(end, self.slots)
        if end - begin < duration:
            return None
        starts = self._starts_within(needs, duration, begin, end)
        return begin + int(starts[-1]) if starts.size else None

    def take(self, needs: dict[str, float], begin: int, end: int) -> None:
        """Hold the needs in [begin, end); the caller has made sure that they fit."""
        for name, amount in needs.items():
            self._free[name][begin:end] -= amount

    def give_back(self, needs: dict[str, float], begin: int, end: int) -> None:
        """Undo `take`."""
        for name, amount in needs.items():
            self._free[name][begin:end] += amount
