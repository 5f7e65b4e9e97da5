"""Writes a project with calendars piece by piece: what is added gets a number, what isn't said has a plain meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from capacity.solvers.scheduling_calendar import (
    ARC_COLUMNS,
    END,
    NEVER,
    NO_MOST,
    RESERVATION_COLUMNS,
    START,
    CalendarProject,
)
from capacity.solvers.scheduling_project import Ints, Project


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to do it: so long, with these amounts by resource, in the windows of a calendar (anywhere if None)."""

    duration: int
    need: Mapping[int, int]
    calendar: int | None = None


@dataclass(slots=True)
class Draft:
    """Collects a project over `horizon` slots; `project()` gives it as arrays. It is checked when it is solved."""

    horizon: int
    makespan_cost: int = 0
    _capacities: list[Sequence[tuple[int, int]]] = field(default_factory=list)
    _calendars: list[Sequence[tuple[int, int]]] = field(default_factory=list)
    _modes: list[Sequence[Mode]] = field(default_factory=list)
    _numbers: dict[str, list[int]] = field(default_factory=dict)
    _arcs: list[tuple[int, ...]] = field(default_factory=list)
    _reservations: list[tuple[int, ...]] = field(default_factory=list)

    def resource(self, steps: Sequence[tuple[int, int]]) -> int:
        """A resource by its steps (from slot, capacity), the first from 0; returns its number."""
        self._capacities.append(steps)
        return len(self._capacities) - 1

    def calendar(self, windows: Sequence[tuple[int, int]]) -> int:
        """A calendar by its windows [begin, end); returns its number."""
        self._calendars.append(windows)
        return len(self._calendars) - 1

    def activity(
        self,
        *modes: Mode,
        release: int = 0,
        deadline: int | None = None,
        due: int | None = None,
        tardy_cost: int = 0,
        end_cost: int = 0,
        skip_cost: int = NEVER,
        bundle: int | None = None,
    ) -> int:
        """An activity; returns its number. `bundle` is the number of an earlier activity it is bound to."""
        number = len(self._modes)
        self._modes.append(modes)
        said = {
            "release": release,
            "deadline": self.horizon if deadline is None else deadline,
            "due": self.horizon if due is None else due,
            "tardy_cost": tardy_cost,
            "end_cost": end_cost,
            "skip_cost": skip_cost,
            "bundle": number if bundle is None else self._numbers["bundle"][bundle],
        }
        for name, value in said.items():
            self._numbers.setdefault(name, []).append(value)
        return number

    def after(
        self,
        first: int,
        then: int,
        least: int = 0,
        most: int = NO_MOST,
        *,
        from_: int = END,
        to: int = START,
    ) -> None:
        """An arc; by default `then` starts when `first` has ended or later."""
        self._arcs.append((first, then, from_, to, least, most))

    def hold(
        self,
        resource: int,
        amount: int,
        first: int,
        last: int,
        lag: int = 0,
        *,
        from_: int = START,
        to: int = END,
    ) -> None:
        """A reservation; by default from the start of `first` until the end of `last` plus the lag."""
        self._reservations.append((first, from_, last, to, lag, resource, amount))

    def project(self) -> CalendarProject:
        """What was collected, as arrays."""
        modes = [mode for of_one in self._modes for mode in of_one]
        anywhere = len(self._calendars)
        calendars = [*self._calendars, [(0, self.horizon)]]
        names = ("release", "deadline", "due", "tardy_cost", "end_cost", "skip_cost", "bundle")
        columns = {name: _ints(self._numbers.get(name, [])) for name in names}
        return CalendarProject(
            horizon=self.horizon,
            capacity_at=_begins(self._capacities),
            capacity_from=_ints([step[0] for steps in self._capacities for step in steps]),
            capacity=_ints([step[1] for steps in self._capacities for step in steps]),
            window_at=_begins(calendars),
            windows=_ints([window for windows in calendars for window in windows]).reshape(-1, 2),
            mode_at=_begins(self._modes),
            duration=_ints([mode.duration for mode in modes]),
            calendar=_ints([anywhere if mode.calendar is None else mode.calendar for mode in modes]),
            need_at=_begins([mode.need for mode in modes]),
            need_resource=_ints([resource for mode in modes for resource in mode.need]),
            need=_ints([amount for mode in modes for amount in mode.need.values()]),
            arcs=_ints(self._arcs).reshape(-1, ARC_COLUMNS),
            reservations=_ints(self._reservations).reshape(-1, RESERVATION_COLUMNS),
            makespan_cost=self.makespan_cost,
            **columns,
        )


def plain(project: Project, horizon: int | None = None) -> CalendarProject:
    """A project without calendars as one with: the same activities and arcs, the makespan its only cost."""
    draft = Draft(horizon or max(int(project.duration.sum()), 1), makespan_cost=1)
    for capacity in project.capacity.tolist():
        draft.resource([(0, capacity)])
    for a, duration in enumerate(project.duration.tolist()):
        draft.activity(Mode(duration, {k: v for k, v in enumerate(project.need[a].tolist()) if v}))
    for first, then in project.arcs.tolist():
        draft.after(first, then)
    return draft.project()


def _ints(values: Sequence[object]) -> Ints:
    return np.array(values, dtype=np.int64)


def _begins(of_each: Sequence[Sequence[object] | Mapping[int, int]]) -> Ints:
    return np.cumsum([0, *(len(one) for one in of_each)]).astype(np.int64)
