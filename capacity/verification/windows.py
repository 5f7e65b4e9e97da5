"""Rules on when assets may be touched and people work: change windows, freezes, holidays, downtime budgets."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate

from capacity.calendar import WeeklySlot
from capacity.plan import Step
from capacity.verification.moments import (
    DAY_SECONDS,
    LONGEST_DAYS,
    MINUTE_SECONDS,
    TIME_TOLERANCE,
    Interval,
    joined,
    overlap,
)
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, counted, number
from inventory.estate import Application, ChangeWindow, Constraint, Ref

HANDS = ("crew", "engineer")


def check(view: View, findings: Findings) -> None:
    windows = _Windows(view)
    freezes = _freezes(view)
    holidays = [
        (day, (view.clock.midnight(day), view.clock.wall(day.toordinal() + 1, 0)))
        for day in sorted(set(view.plan.calendar.holidays))
    ]
    down: dict[int, tuple[Application, dict[str, Step]]] = {}
    for step in view.plan.steps:
        if step.kind in TOUCHING:
            assets = [
                ref for ref in dict.fromkeys(m.asset for m in step.moves) if view.asset(ref) is not None
            ]
            _in_windows(view, step, assets, windows, findings)
            _not_frozen(view, step, assets, freezes, findings)
            for ref in assets:
                for application in view.applications_of.get(ref, ()):
                    down.setdefault(application.id, (application, {}))[1][step.id] = step
        if any(use.resource in HANDS for use in step.uses):
            _no_holiday(view, step, holidays, findings)
    for application, steps in down.values():
        _downtime(view, application, list(steps.values()), findings)


# --- windows -----------------------------------------------------------------------------------------------------


@dataclass
class _Windows:
    """Which change windows hold for which asset, and what of a step lies outside them."""

    view: View
    _of_object: dict[Ref, list[ChangeWindow]] = field(default_factory=lambda: defaultdict(list))
    _outside: dict[tuple[int, ...], dict[Interval, float]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        for window in self.view.estate.change_windows:
            self._of_object[window.object].append(window)

    def holding(self, ref: Ref) -> list[tuple[str, list[ChangeWindow]]]:
        """Sets of windows, each with its holder's name; the step must lie in one of every set. Empty: the default."""
        view = self.view
        own: list[tuple[str, list[ChangeWindow]]] = [
            (f"application {application.name}", windows)
            for application in view.applications_of.get(ref, ())
            if (windows := self._of_object.get(Ref("applications", application.id)))
        ]
        if own:
            return own
        asset = view.asset(ref)
        for kind, row_id in (
            ("tenants", asset.tenant_id if asset else None),
            ("sites", view.site_of(ref)),
        ):
            windows = self._of_object.get(Ref(kind, row_id)) if row_id is not None else None
            if windows:
                row = view.row(kind, row_id)
                return [(f"{kind.removesuffix('s')} {row.name if row else row_id}", windows)]
        return []

    def outside(self, windows: list[ChangeWindow], step: Interval) -> float:
        """Seconds of a step that no single window holds; 0 when one holds it all. No windows: the default ones."""
        key = tuple(window.id for window in windows)
        known = self._outside[key]
        if step not in known:
            known[step] = self._measure(windows, step)
        return known[step]

    def _measure(self, windows: list[ChangeWindow], step: Interval) -> float:
        start, end = step
        length = end - start
        if length <= 0 or length > LONGEST_DAYS * DAY_SECONDS:
            return max(length, 0.0)
        clock = self.view.clock
        found: list[Interval] = []
        if windows:
            for window in windows:
                slot = WeeklySlot(window.weekday, window.start_minute, window.duration_minutes)
                # Wider than the step, so that windows that touch each other join across its edges.
                found += clock.weekly([slot], start - 1, end + 1, (window.valid_from, window.valid_until))
        else:
            found += clock.weekly(self.view.plan.calendar.default_windows, start - 1, end + 1)
        best = max((overlap(step, interval) for interval in joined(found)), default=0.0)
        return 0.0 if length - best <= TIME_TOLERANCE else length - best


def _in_windows(view: View, step: Step, assets: list[Ref], windows: _Windows, findings: Findings) -> None:
    interval = (view.begins(step), view.ends(step))
    for ref in assets:
        for holder, held in windows.holding(ref) or [("the calendar", [])]:
            outside = windows.outside(held, interval)
            if outside:
                findings.add(
                    "WINDOW",
                    f"step {step.id}",
                    f"step {step.id} touches {view.label(ref)} for {counted(outside / MINUTE_SECONDS, 'minute')} "
                    f"outside the change windows of {holder}",
                    "put it into a window, or agree on another",
                    asset=ref,
                    moment=view.moment(interval[0]),
                    over=(outside / MINUTE_SECONDS, "min"),
                )


# --- freezes, holidays, downtime -----------------------------------------------------------------------------------


def _freezes(view: View) -> dict[Ref, list[tuple[Interval, Constraint]]]:
    """Freezes by the object they name, as instants."""
    found: dict[Ref, list[tuple[Interval, Constraint]]] = defaultdict(list)
    for freeze in view.constraints("freeze"):
        start = view.clock.seconds(freeze.start) if freeze.start else -math.inf
        end = view.clock.seconds(freeze.end) if freeze.end else math.inf
        for member in freeze.members:
            found[member].append(((start, end), freeze))
    return found


def _not_frozen(
    view: View,
    step: Step,
    assets: list[Ref],
    freezes: dict[Ref, list[tuple[Interval, Constraint]]],
    findings: Findings,
) -> None:
    interval = (view.begins(step), view.ends(step))
    for ref in assets if freezes else ():
        for named in view.named_by(ref):
            for frozen, freeze in freezes.get(named, ()):
                shared = overlap(interval, frozen)
                if shared > TIME_TOLERANCE:
                    findings.add(
                        "FREEZE",
                        f"step {step.id}",
                        f"step {step.id} touches {view.label(ref)} during {freeze.name or f'freeze {freeze.id}'}, "
                        f"for {counted(shared / MINUTE_SECONDS, 'minute')}",
                        "put it before or after the freeze",
                        asset=ref,
                        moment=view.moment(max(interval[0], frozen[0])),
                        over=(shared / MINUTE_SECONDS, "min"),
                    )


def _no_holiday(
    view: View, step: Step, holidays: Sequence[tuple[date, Interval]], findings: Findings
) -> None:
    """No hands are held on a holiday; a copy by van may span one while nobody drives."""
    worked = joined(
        (view.clock.seconds(use.start), view.clock.seconds(use.end))
        for use in step.uses
        if use.resource in HANDS
    )
    for day, holiday in holidays:
        if not worked or holiday[0] >= worked[-1][1] or holiday[1] <= worked[0][0]:
            continue
        shared = sum(overlap(interval, holiday) for interval in worked)
        if shared > TIME_TOLERANCE:
            first = min(max(a, holiday[0]) for a, b in worked if overlap((a, b), holiday) > 0)
            findings.add(
                "HOLIDAY",
                f"step {step.id}",
                f"step {step.id} has people at work on {day}, a holiday, "
                f"for {counted(shared / MINUTE_SECONDS, 'minute')}",
                "put it on another day",
                moment=view.moment(first),
                over=(shared / MINUTE_SECONDS, "min"),
            )


def _downtime(view: View, application: Application, steps: list[Step], findings: Findings) -> None:
    """Steps that overlap or follow each other without a break keep an application down for all of their time."""
    budget = application.downtime_budget_minutes
    if budget is None:
        return
    for down in _without_break(view, steps):
        begin = view.begins(down[0])
        ends = list(accumulate((view.ends(step) for step in down), max))
        first = next(
            (i for i, end in enumerate(ends) if _minutes(begin, end) > budget + TIME_TOLERANCE), None
        )
        if first is None:
            continue
        *others, last = (step.id for step in down)
        keeps = f"steps {', '.join(others)} and {last} keep" if others else f"step {last} keeps"
        findings.add(
            "DOWNTIME",
            f"application {application.name}",
            f"{keeps} application {application.name} down for {counted(_minutes(begin, ends[-1]), 'minute')}, "
            f"it may be down for {number(budget)}",
            "let it come up in between, or hold more hands"
            if others
            else "hold more hands, or split the step",
            moment=view.moment(view.begins(down[first])),
            over=(_minutes(begin, ends[-1]) - budget, "min"),
        )


def _without_break(view: View, steps: list[Step]) -> list[list[Step]]:
    """Steps by start, those together between which there is no break."""
    found: list[list[Step]] = []
    until = -math.inf
    for step in sorted(steps, key=lambda s: (view.begins(s), s.id)):
        if view.begins(step) > until + TIME_TOLERANCE:
            found.append([])
        found[-1].append(step)
        until = max(until, view.ends(step))
    return found


def _minutes(begin: float, end: float) -> float:
    return (end - begin) / MINUTE_SECONDS
