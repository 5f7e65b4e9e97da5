"""A resource-constrained project as arrays, and as the compiled kernels read it.

Activities take resources of limited capacity while they run, each after its predecessors; what an activity is, is the
caller's. To test all resources at once, their free amounts share machine words: a field for each, with a guard bit
above it that a subtraction clears where the field falls short.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
WORD_BITS = 64


@dataclass(frozen=True, slots=True)
class Project:
    """`duration` [activities] and `need` [activities × resources] of whole numbers, `capacity` [resources];
    `arcs` [arcs × 2]: pairs (first, then), the second of which starts when the first has ended or later.
    """

    duration: Ints
    need: Ints
    capacity: Ints
    arcs: Ints

    @property
    def activities(self) -> int:
        return int(self.duration.shape[0])


class Compiled(NamedTuple):
    """What the kernels read. `free`, `guard`: the packed capacity with its guard bits, and these alone [words]; `need`
    [activities], with several words [activities × words]; neighbours in the order of `before_at` and `after_at`;
    `order`: by precedence; `tail`: the longest path after each; `longest`: a horizon that holds every active schedule.
    """

    duration: Ints
    need: Words
    free: Words
    guard: Words
    before_at: Ints
    before: Ints
    after_at: Ints
    after: Ints
    order: Ints
    tail: Ints
    longest: int


class ProjectError(ValueError):
    """A project that no schedule can keep; the text names the activity."""


def compiled(project: Project) -> Compiled:
    """The project packed. Raises ProjectError on a cycle, a need above the capacity, or a number below zero."""
    _refuse(project)
    n = project.activities
    before_at, before = _neighbours(project.arcs[:, ::-1], n)
    after_at, after = _neighbours(project.arcs, n)
    order = _by_precedence(before_at, after_at, after)
    tail = np.zeros(n, dtype=np.int64)
    for activity in order[::-1].tolist():
        for then in after[after_at[activity] : after_at[activity + 1]].tolist():
            tail[activity] = max(tail[activity], tail[then] + project.duration[then])
    need, free, guard = _packed(project)
    longest = int(project.duration.sum())
    return Compiled(
        project.duration, need, free, guard, before_at, before, after_at, after, order, tail, longest
    )


def _refuse(project: Project) -> None:
    for what, values in (("duration", project.duration), ("need", project.need.min(axis=1, initial=0))):
        below = np.flatnonzero(values < 0)
        if below.size:
            message = f"activity {below[0]} has a {what} below zero"
            raise ProjectError(message)
    over = np.argwhere((project.need > project.capacity) & (project.duration > 0)[:, None])
    if over.size:
        a, k = over[0].tolist()
        message = f"activity {a} needs {project.need[a, k]} of resource {k}, which has {project.capacity[k]}"
        raise ProjectError(message)


def _neighbours(arcs: Ints, n: int) -> tuple[Ints, Ints]:
    """For every activity the ends of its arcs, each once: where they begin, and they themselves."""
    unique = np.unique(arcs, axis=0) if len(arcs) else arcs
    at = np.searchsorted(unique[:, 0], np.arange(n + 1)).astype(np.int64)
    return at, np.ascontiguousarray(unique[:, 1])


def _by_precedence(before_at: Ints, after_at: Ints, after: Ints) -> Ints:
    waiting = np.diff(before_at)
    order = np.flatnonzero(waiting == 0).tolist()
    for activity in order:
        for then in after[after_at[activity] : after_at[activity + 1]].tolist():
            waiting[then] -= 1
            if waiting[then] == 0:
                order.append(then)
    if len(order) < len(waiting):
        stuck = int(np.flatnonzero(waiting > 0)[0])
        message = f"activity {stuck} comes after itself: its predecessors go round in a circle"
        raise ProjectError(message)
    return np.array(order, dtype=np.int64)


def _packed(project: Project) -> tuple[Words, Words, Words]:
    """Needs, capacities and guards: resources side by side in as few words as hold them."""
    n = project.activities
    places: list[tuple[int, int]] = []
    word, bit = 0, 0
    for capacity in project.capacity.tolist():
        bits = max(1, int(capacity).bit_length()) + 1
        if bit + bits > WORD_BITS:
            word, bit = word + 1, 0
        places.append((word, bit))
        bit += bits
    words = word + 1
    need = [[0] * words for _ in range(n)]
    free, guard = [0] * words, [0] * words
    for k, (word, bit) in enumerate(places):
        capacity = int(project.capacity[k])
        free[word] |= capacity << bit
        guard[word] |= 1 << (bit + max(1, capacity.bit_length()))
        for activity, amount in enumerate(project.need[:, k].tolist()):
            # What takes no time takes no room either, whatever it asks.
            need[activity][word] |= (amount << bit) if project.duration[activity] else 0
    guards = np.array(guard, dtype=np.uint64)
    packed = np.array(need, dtype=np.uint64).reshape((n, words) if words > 1 else n)
    return packed, np.array(free, dtype=np.uint64) | guards, guards
