"""Why a group finds no date, and the smallest change that would give it one: in words for whoever reads the plan."""

from __future__ import annotations

from collections.abc import Sequence

from capacity.calendar import Calendar
from capacity.solvers.timeline import Timeline
from capacity.timetable.copies import Copies
from capacity.timetable.group_work import GroupWork
from capacity.timetable.lines import Lines
from capacity.timetable.move_groups import Group
from capacity.timetable.refusal import Refusal
from capacity.timetable.steps import Booking
from capacity.timetable.wanting import Wanting, not_computed
from capacity.timetable.windows import SLOT_MINUTES, Interval
from inventory.estate import Estate

ROOM_NOW = "the lines have room once all others have moved; planning again may find a date"


class Undated:
    """Answers for one go at dating, as full as its resources and lines are when it is asked."""

    def __init__(
        self,
        estate: Estate,
        calendar: Calendar,
        group_work: GroupWork,
        timeline: Timeline,
        lines: Lines,
        copies: Copies,
    ) -> None:
        self._estate, self._group_work, self._timeline = estate, group_work, timeline
        self._lines, self._copies = lines, copies
        self._wanting = Wanting(estate, calendar, timeline, lines)

    def too_long(self, group: Group, intervals: Sequence[Interval]) -> Refusal:
        """Work that no window is long enough for, even with all hands."""
        why = "its longest window or downtime budget is shorter than the work"
        longest = max(end - begin for begin, end in intervals)
        needed = self._group_work.least_minutes(group)
        change = self._wanting.longer_window(longest, needed)
        return Refusal("window", why, float(longest * SLOT_MINUTES), needed, change)

    def of(self, entry: Booking) -> Refusal:
        """Why a group that was prepared found no date."""
        if entry.blocked_by == "lines":
            why = "moving it would load a site's lines with more crossing traffic than they carry"
            overfull = self._lines.excess(entry.group.assets)
            change = self._wanting.wider_lines(overfull, self._copies.circuits) if overfull else None
            return Refusal("rate_mbps", why, change=change or not_computed(ROOM_NOW))
        if entry.blocked_by == "care":
            why = "in none of its windows engineers are free to rehearse it before, or to stand by after it"
            return Refusal("engineer", why, change=not_computed(why))
        if entry.blocked_by == "changes":
            why = (
                "its line has no room for what changes between its copy and its cutover, beside other copies"
            )
            return Refusal("rate_mbps", why, change=not_computed(ROOM_NOW))
        windows = [
            (max(begin, entry.earliest), end) for begin, end in entry.intervals if end > entry.earliest
        ]
        if not windows:
            return Refusal(
                "window", "it is ready to move only after the last of its windows within the horizon"
            )
        return self._short_of_hands(entry, windows)

    def _short_of_hands(self, entry: Booking, windows: Sequence[Interval]) -> Refusal:
        longest = entry.longest
        hours = longest * SLOT_MINUTES / 60
        for name, amount in sorted(entry.summed_needs().items()):
            if all(self._timeline.earliest({name: amount}, longest, *window) is None for window in windows):
                most = max((self._timeline.peak(name, *window) for window in windows), default=0.0)
                why = (
                    f"it needs {amount:g} of {name} for {hours:g} h on end, and none of its {len(windows)} windows "
                    f"within the horizon has them; {most:g} is the most that is free at any moment of them"
                )
                change = self._wanting.more_hands(name, amount, longest, windows)
                return Refusal(name, why, most, amount, change)
        for name in entry.guards:
            if all(self._timeline.earliest({name: 1.0}, longest, *window) is None for window in windows):
                tenant = self._estate.by_id("tenants")[int(name.partition(":")[2])]
                why = (
                    f"another critical application of {tenant.name} moves in each of its {len(windows)} windows, and a "
                    "tenant has one such move at a time"
                )
                return Refusal("window", why, change=not_computed(why))
        why = (
            f"none of its {len(windows)} windows within the horizon has all it needs at once for {hours:g} h"
        )
        return Refusal("window", why)
