"""The local search as its callers hold it: first schedules by rules of priority, then step after step.

It holds its own stream of chance and is advanced by so many steps at a time, so that who calls it can look at a clock,
tell of progress or stop in between.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from capacity.solvers.scheduling_calendar import CalendarProject
from capacity.solvers.scheduling_ground import Ground
from capacity.solvers.scheduling_improving import (
    MOST_OUT,
    SAMPLED,
    WARM,
    Floats,
    Work,
    construct,
    costs,
    energy,
    improve,
    justify,
    load,
)
from capacity.solvers.scheduling_placing import empty
from capacity.solvers.scheduling_project import Ints

PULLS = 100  # along chains of what depends on each other: longer ones are put right when bundles are placed


class LocalSearch:
    """A current schedule and the best there was; `advance` it, and `start`, `mode` and `cost` are the best's."""

    def __init__(
        self, project: CalendarProject, ground: Ground, seed: int, is_enough: Callable[[], bool] | None = None
    ) -> None:
        """The first schedule is the best rule's; `is_enough` is asked after each whether to leave out the rest."""
        self._ground, self._state = ground, empty(ground)
        rules = _rules(project, ground)
        self._work = _work(project, ground, rules, seed)
        n = project.activities
        self.start, self.mode = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
        self._energy = np.inf
        for rule in rules:
            construct(ground, self._state, self._work, rule)
            self._note()
            if ground.makespan_cost > 0:
                justify(ground, self._state)
                self._note()
            if is_enough is not None and is_enough():
                break
        load(ground, self._state, self.start, self.mode)
        self._warm = WARM * self._fine_cost() / max(ground.skip.size, 1)

    def advance(self, steps: int, share: float) -> None:
        """So many steps; `share` of the whole search is done before them."""
        if self._ground.makespan_cost > 0:
            load(self._ground, self._state, self.start, self.mode)
            justify(self._ground, self._state)
            self._note()
        heat = self._warm * (1.0 - min(share, 1.0)) ** 2
        self._energy = improve(
            self._ground, self._state, self._work, steps, heat, heat, self._energy, self.start, self.mode
        )

    def take(self, start: Ints, mode: Ints) -> None:
        """Go on from a schedule found elsewhere if it is better than the best here."""
        load(self._ground, self._state, start, mode)
        before = self._energy
        self._note()
        if self._energy >= before:
            load(self._ground, self._state, self.start, self.mode)

    def _note(self) -> None:
        found = energy(self._ground, self._state)
        if found < self._energy:
            self._energy = found
            self.start, self.mode = self._state.start.copy(), self._state.mode.copy()

    def _fine_cost(self) -> float:
        """What the best costs but for what it leaves out."""
        _, tardy, ended, last, _ = costs(self._ground, self.start, self.mode)
        return float(tardy + ended + last)


def _work(project: CalendarProject, ground: Ground, rules: Floats, seed: int) -> Work:
    n, bundles = project.activities, ground.skip.size
    mode = np.repeat(np.arange(project.modes), np.diff(project.need_at))
    owner = project.bundle[project.activity_of_mode()]
    pairs = np.concatenate(
        (
            np.stack((project.need_resource, owner[mode]), axis=1),
            np.stack((project.reservations[:, 5], project.bundle[project.reservations[:, 0]]), axis=1),
        )
    )
    pairs = np.unique(pairs, axis=0)
    by_bundle = np.unique(pairs[:, ::-1], axis=0)
    chance = np.random.default_rng(seed).integers(1, 2**63, size=1, dtype=np.uint64)
    ints = np.zeros(bundles, dtype=np.int64)
    return Work(
        np.searchsorted(pairs[:, 0], np.arange(project.resources + 1)).astype(np.int64),
        np.ascontiguousarray(pairs[:, 1]),
        np.searchsorted(by_bundle[:, 0], np.arange(bundles + 1)).astype(np.int64),
        np.ascontiguousarray(by_bundle[:, 1]),
        rules,
        np.zeros(bundles),
        ints.copy(),
        ints.copy(),
        np.full(n, -1, dtype=np.int64),
        np.full(n, -1, dtype=np.int64),
        ints.copy(),
        np.zeros(max(bundles, SAMPLED * MOST_OUT), dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        chance,
    )


def _rules(project: CalendarProject, ground: Ground) -> Floats:
    """Keys of priority [rules × bundles], the first first: earliest possible, latest allowed, longest to come, most
    cost for its work, most lost when left out; each before what depends on it.
    """
    n, bundles = project.activities, ground.skip.size
    shortest = np.minimum.reduceat(project.duration, project.mode_at[:-1]) if n else project.due
    tail = np.zeros(n, dtype=np.int64)
    rank = np.empty(n, dtype=np.int64)
    rank[ground.member] = np.arange(n)
    for first, then in sorted(project.arcs[:, :2].tolist(), key=lambda arc: -rank[arc[1]]):
        tail[first] = max(tail[first], tail[then] + shortest[then])
    latest = np.where(project.tardy_cost > 0, np.minimum(project.due, ground.limit), ground.limit)
    work = _works(project)
    head, limit = np.full(bundles, np.inf), np.full(bundles, np.inf)
    longest, weight, load_ = np.zeros(bundles), np.zeros(bundles), np.full(bundles, 1e-9)
    np.minimum.at(head, project.bundle, ground.head.astype(np.float64))
    np.minimum.at(limit, project.bundle, (latest - tail).astype(np.float64))
    np.maximum.at(longest, project.bundle, (tail + shortest).astype(np.float64))
    np.add.at(weight, project.bundle, (project.tardy_cost + project.end_cost).astype(np.float64))
    np.add.at(load_, project.bundle, work)
    skip = ground.skip + ground.must * (ground.skip.sum() + 1.0)
    rules = np.stack((head, limit, -longest, -weight / load_, -skip / load_))
    rules[~np.isfinite(rules)] = 0.0
    for rule in rules:
        small = 1e-9 * (1.0 + np.abs(rule).max(initial=0.0))
        for _ in range(min(bundles, PULLS)):
            pulled = rule.copy()
            np.minimum.at(pulled, ground.needed, np.repeat(rule, np.diff(ground.needed_at)) - small)
            if (pulled >= rule).all():
                break
            rule[:] = pulled
    return rules


def _works(project: CalendarProject) -> Floats:
    """What each activity's first mode takes of all resources, as slots of the whole of one [activities]."""
    peak = np.maximum(project.peak(), 1)
    mode = np.repeat(np.arange(project.modes), np.diff(project.need_at))
    by_mode = np.zeros(project.modes)
    np.add.at(by_mode, mode, project.need * project.duration[mode] / peak[project.need_resource])
    first: Floats = by_mode[project.mode_at[:-1]]
    return first
