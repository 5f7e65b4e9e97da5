"""Which wave a group moves in once it has another date, and when each wave is then frozen.

It joins the wave of its week, or a new one with the next number, so that no other wave is renumbered; a wave that
nothing is left of goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from capacity.plan import MoveGroup, Plan, Step, Wave
from capacity.replanning.alternatives import WEEK, Alternative
from capacity.replanning.situation import TOUCHING
from capacity.timetable.windows import Grid

FREEZE_DAYS = 7


def numbered(
    plan: Plan, grid: Grid, chosen: Mapping[str, Alternative], fixed: Collection[str | None]
) -> dict[str, int | None]:
    """The wave of every group; those in `fixed` have steps that are over or running, and stay in theirs."""
    of_week = {grid.floor(wave.start) // WEEK: wave.number for wave in plan.waves}
    number_of = {group.id: group.wave for group in plan.groups}
    for name, own in sorted(chosen.items(), key=lambda item: (item[1].start, item[0])):
        if own.is_kept or name not in number_of or name in fixed:
            continue
        week = own.start // WEEK
        if week not in of_week:
            of_week[week] = max([*of_week.values(), *(n for n in number_of.values() if n), 0]) + 1
        number_of[name] = of_week[week]
    return number_of


def waves_of(plan: Plan, grid: Grid, groups: Iterable[MoveGroup], steps: Iterable[Step]) -> tuple[Wave, ...]:
    """Waves as they were, wider where what they hold is wider, and new ones; `groups`: in their waves by now."""
    known = {wave.number: wave for wave in plan.waves}
    members: dict[int, list[str]] = defaultdict(list)
    for group in groups:
        if group.wave is not None:
            members[group.wave].append(group.id)
    touching: dict[str | None, list[Step]] = defaultdict(list)
    for step in steps:
        if step.kind in TOUCHING:
            touching[step.group].append(step)
    found: list[Wave] = []
    for number, names in sorted(members.items()):
        mine = [step for name in names for step in touching[name]]
        first, last = min(s.start for s in mine), max(s.end for s in mine)
        old = known.get(number)
        if old is None:
            first, last = grid.moment(grid.floor(first)), grid.moment(grid.ceil(last))
            year, week, _ = first.isocalendar()
            name = f"wave {number} ({year}-W{week:02d})"
            found.append(Wave(number, name, first, last, first - timedelta(days=FREEZE_DAYS), tuple(names)))
            continue
        order = {name: place for place, name in enumerate(old.groups)}
        names.sort(key=lambda name: (order.get(name, len(order)), name))
        frozen = (
            old.frozen_on if first >= old.start else min(old.frozen_on, first - timedelta(days=FREEZE_DAYS))
        )
        found.append(
            replace(
                old,
                start=min(old.start, first),
                end=max(old.end, last),
                frozen_on=frozen,
                groups=tuple(names),
            )
        )
    return tuple(found)


def audited(steps: Mapping[str, Step]) -> dict[str, Step]:
    """Audits in a wave that takes from their site, where theirs no longer does: in the one that takes first."""
    taking: dict[int, dict[int, datetime]] = {}
    for step in steps.values():
        for move in step.moves if step.kind in TOUCHING and step.wave is not None else ():
            site = move.source.site_id if move.source else None
            if site is not None and step.wave is not None:
                waves = taking.setdefault(site, {})
                waves[step.wave] = min(waves.get(step.wave, step.start), step.start)
    there = {wave for waves in taking.values() for wave in waves}
    found = dict(steps)
    for name, step in steps.items():
        waves = taking.get(step.site_id or 0, {})
        if step.kind == "audit" and step.wave not in there:
            if waves:
                found[name] = replace(step, wave=min(waves, key=waves.__getitem__))
            else:
                del found[name]  # nothing leaves its site any more
    return found
