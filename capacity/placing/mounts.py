"""The racks as they were filled of late: the same asked again is given again, others are searched from there on.

Rounds of placing differ little: what found no date gives its place back. So the frame of the problem is kept, and where
there are many items the search goes on from the last round's racks instead of from nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from capacity.facility import Facility
from capacity.placing.rack_items import Item
from capacity.placing.rack_problem import Frame, Period, RackProblem, framed
from capacity.power import SupplyModel
from capacity.solvers import racks

MOST_KNOWN = 4  # problems and their solutions
MANY_ITEMS = 2500  # with fewer a search from nothing costs little


@dataclass(frozen=True, slots=True)
class _Known:
    facility: Facility
    items: list[Item]
    seed: int
    period: Period | None
    problem: RackProblem
    solution: racks.Solution


class Mounts:
    """Answers in the order asked: the same calls give the same answers, a call more before may change the next."""

    def __init__(self) -> None:
        self._known: list[_Known] = []
        self._frame: Frame | None = None

    def of(
        self,
        facility: Facility,
        items: list[Item],
        supply: SupplyModel,
        seed: int,
        period: Period | None,
        progress: Callable[[float], None] | None,
    ) -> tuple[RackProblem, racks.Solution]:
        """The rack problem of these items and its solution."""
        alike = [k for k in self._known if k.facility is facility and (k.seed, k.period) == (seed, period)]
        known = next((k for k in alike if k.items == items), None)
        if known is None:
            if self._frame is None or self._frame.facility is not facility or self._frame.period != period:
                self._frame = Frame.of(facility, supply, period)
            problem = framed(self._frame, items)
            before = _before(alike[-1], items) if alike and len(items) > MANY_ITEMS else None
            solution = racks.solve(problem.problem, seed=seed, before=before, progress=progress)
            known = _Known(facility, items, seed, period, problem, solution)
            self._known = [*self._known, known][-MOST_KNOWN:]
        # Asking what an item lacks tries moves and undoes them, which may change the last places of sums.
        solution = known.solution
        return known.problem, replace(solution, state=racks.copy_state(solution.state))


def _before(known: _Known, items: Sequence[Item]) -> racks.Before:
    """Where these items were; hosts that are alike stand in for each other."""
    waiting: dict[object, list[int]] = defaultdict(list)
    for number, item in enumerate(known.items):
        if known.solution.state.item_bin[number] >= 0:
            waiting[_key(item)].append(number)
    old = np.full(len(items), -1, dtype=np.int64)
    for number, item in enumerate(items):
        if found := waiting.get(_key(item)):
            old[number] = found.pop(0)
    state, first = known.solution.state, known.problem.problem.arrays.item_ptr
    there = np.flatnonzero(old >= 0)
    item_bin = np.full(len(items), -1, dtype=np.int64)
    item_bin[there] = state.item_bin[old[there]]
    # From the top of each rack down, as they were mounted.
    order = there[np.lexsort((-state.part_slot[first[old[there]]], item_bin[there]))]
    return racks.Before(item_bin, order, known.solution.bins_ids)


def _key(item: Item) -> object:
    """What tells an item from others: its things, of a host its kind."""
    things = tuple(
        thing.asset if thing.host is None else replace(thing, name="", host="") for thing in item.things
    )
    return item.owner, item.zone, things
