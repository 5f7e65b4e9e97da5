"""What was tried and can't be while dates are looked for: the fewer days are left to a group, the more are ruled out at
once, so that it comes to its last date after some ten tries instead of hundreds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from capacity.replanning.alternatives import DAY, Alternative, Why

ONE_BY_ONE = 2  # days that fail one after another before each failure rules out twice as many


@dataclass
class Bans:
    """Dates of the plan with the reason, spans of whole days elsewhere, slots before the first.

    `planned`: the slot in which the plan has each group begin. `closed`: groups that get no date any more.
    """

    planned: Mapping[str, int]
    kept: set[Alternative] = field(default_factory=set)
    spans: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    not_before: dict[str, int] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    whys: dict[str, list[Why]] = field(default_factory=lambda: defaultdict(list))
    last: dict[str, Why] = field(default_factory=dict)

    def forbids(self, own: Alternative) -> bool:
        """Whether an alternative was ruled out."""
        if own.is_kept:
            return own in self.kept or own.group in self.closed
        return (
            own.group in self.closed
            or own.start < self.not_before.get(own.group, 0)
            or any(begin <= own.start < end for begin, end in self.spans.get(own.group, ()))
        )

    def is_closed(self, group: str) -> bool:
        """Whether a group gets no date any more."""
        return group in self.closed

    def forbid(self, own: Alternative, why: Why, not_before: int = 0) -> bool:
        """Rule an alternative out, and what begins before a slot; False when it was already."""
        known = self.forbids(own)
        self.last[own.group] = why
        self.not_before[own.group] = max(not_before, self.not_before.get(own.group, 0))
        if own.is_kept:
            self._leave(own, why)
        elif not known and own.start >= self.not_before[own.group]:
            self._rule_out(own)
        return not known

    def _rule_out(self, own: Alternative) -> None:
        """The day; after some tries more of those that come after it, or where it is before the plan's, before it."""
        spans = self.spans[own.group]
        more = max(0, len(spans) + 1 - ONE_BY_ONE)
        reach, day = DAY * 2 ** min(more, 10), own.start // DAY * DAY
        is_later = own.start > self.planned[own.group]
        spans.append((day, day + reach) if is_later else (day + DAY - reach, day + DAY))

    def _leave(self, own: Alternative, why: Why) -> None:
        self.kept.add(own)
        if why not in self.whys[own.group]:
            self.whys[own.group].append(why)

    def close(self, own: Alternative, why: Why) -> bool:
        """Give the group of an alternative no date any more; False when it had none already."""
        known = own.group in self.closed
        self.closed.add(own.group)
        self.last[own.group] = why
        if own.is_kept:
            self._leave(own, why)
        return not known
