"""What is dated so far while a plan is completed, when it ends, and what is still free beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from capacity.plan import Step, Use
from capacity.replanning.alternatives import Why
from capacity.solvers.timeline import Timeline
from capacity.timetable.windows import Grid


@dataclass
class Draft:
    """`steps` by id. `cant`: groups that can't have their dates, and why. `moved`: why a step that follows has others.

    `dropped`: retired assets for which no crew is left. `stuck`: steps of what has moved that find no date at all.
    `not_before`: by group, the slot from which on its copy would be there, or its site be audited. `cleared`: by step,
    when one that is over or running begins to clear what it has left.
    """

    steps: dict[str, Step] = field(default_factory=dict)
    cant: dict[str, Why] = field(default_factory=dict)
    moved: dict[str, Why] = field(default_factory=dict)
    dropped: dict[str, Why] = field(default_factory=dict)
    stuck: dict[str, Why] = field(default_factory=dict)
    not_before: dict[str, int] = field(default_factory=dict)
    cleared: Mapping[str, datetime] = field(default_factory=dict)

    def refuse(self, group: str, why: Why, not_before: int = 0) -> None:
        """Say that a group can't have its date, and from when on it could have another."""
        self.cant.setdefault(group, why)
        if not_before:
            self.not_before[group] = max(not_before, self.not_before.get(group, 0))


class Ledger:
    """Of one draft. `over`: when steps really ended that runs have done."""

    def __init__(
        self,
        grid: Grid,
        timeline: Timeline,
        ordered: Sequence[Step],
        over: Mapping[str, tuple[datetime, datetime]],
    ) -> None:
        self.draft, self.timeline = Draft(), timeline
        self.ends: dict[int, int] = {}
        self.index = {step.id: j for j, step in enumerate(ordered)}
        self._grid, self._over = grid, over

    def put(self, step: Step) -> None:
        """Date a step; a new one gets the next number."""
        self.draft.steps[step.id] = step
        for use in step.uses:
            self._take(use)
        real = self._over.get(step.id)
        end = self._grid.ceil(step.end)
        number = self.index.setdefault(step.id, len(self.index))
        self.ends[number] = end if real is None else self._grid.ceil(real[1])

    def _take(self, use: Use) -> None:
        if use.resource in self.timeline:
            begin, end = max(0, self._grid.floor(use.start)), max(0, self._grid.ceil(use.end))
            self.timeline.take({use.resource: use.amount}, begin, end)

    def fits(self, step: Step) -> bool:
        """Whether all that a step holds is free."""
        return all(
            self.timeline.fits(
                {use.resource: use.amount}, self._grid.floor(use.start), self._grid.ceil(use.end)
            )
            for use in step.uses
            if use.resource in self.timeline and use.end > use.start
        )
