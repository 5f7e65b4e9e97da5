"""The waves over time: one bar each, opening into groups and steps, with freezes and holidays behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from capacity.plan import Plan, Step
from capacity.resource_use import Profile
from inventory.rows import Ref
from tui.loaded import Loaded
from tui.output import plain
from tui.views.spans import Line, Span, count, day, line, moment_text, some, span


@dataclass(frozen=True)
class Bar:
    """One line of the timeline. `id` is unique; `until` a rollback deadline, drawn behind the bar's end."""

    id: str
    label: str
    kind: str
    depth: int
    start: datetime
    end: datetime
    until: datetime | None = None
    children: tuple[Bar, ...] = ()


@dataclass(frozen=True)
class Shade:
    """A stretch of days behind the bars: a freeze or a holiday."""

    kind: str
    first: date
    last: date
    name: str


@dataclass(frozen=True)
class Timeline:
    bars: tuple[Bar, ...]
    shades: tuple[Shade, ...]
    first: date
    last: date


def timeline(loaded: Loaded) -> Timeline | None:
    """The plan's waves; steps outside any wave stand under their kind. None without a plan or without any date."""
    plan = loaded.plan
    if plan is None or not plan.steps:
        return None
    by_wave: dict[int | None, list[Step]] = defaultdict(list)
    for step in plan.steps:
        by_wave[step.wave].append(step)
    groups = {group.id: group for group in plan.groups}
    bars: list[Bar] = []
    for wave in plan.waves:
        by_group: dict[str | None, list[Step]] = defaultdict(list)
        for step in by_wave[wave.number]:
            by_group[step.group].append(step)
        children = tuple(
            _bundle(
                f"wave:{wave.number}:{group_id}",
                groups[group_id].name if group_id in groups else group_id or "other steps",
                "group",
                1,
                steps,
            )
            for group_id, steps in by_group.items()
        )
        bars.append(
            Bar(
                f"wave:{wave.number}",
                plain(wave_title(wave.number, wave.name)),
                "wave",
                0,
                wave.start,
                wave.end,
                None,
                children,
            )
        )
    loose: dict[str, list[Step]] = defaultdict(list)
    for step in by_wave[None]:
        loose[step.kind].append(step)
    for kind, steps in loose.items():
        bars.append(_bundle(f"kind:{kind}", kind.replace("_", " "), "wave", 0, steps))
    zone = ZoneInfo(plan.calendar.time_zone)
    first = min(step.start for step in plan.steps).astimezone(zone).date()
    last = max(step.rollback_deadline or step.end for step in plan.steps).astimezone(zone).date()
    return Timeline(tuple(bars), _shades(loaded, first, last), first, last)


def _bundle(id_: str, label: str, kind: str, depth: int, steps: Sequence[Step]) -> Bar:
    children = tuple(
        Bar(
            f"step:{step.id}",
            plain(f"{step.kind.replace('_', ' ')} {step.id}"),
            "step",
            depth + 1,
            step.start,
            step.end,
            step.rollback_deadline,
        )
        for step in steps
    )
    return Bar(
        id_,
        plain(label),
        kind,
        depth,
        min(step.start for step in steps),
        max(step.end for step in steps),
        None,
        children,
    )


def _shades(loaded: Loaded, first: date, last: date) -> tuple[Shade, ...]:
    assert loaded.plan is not None  # noqa: S101 - narrows the type for the checker
    zone = ZoneInfo(loaded.plan.calendar.time_zone)
    found = [
        Shade("holiday", day_, day_, "") for day_ in loaded.plan.calendar.holidays if first <= day_ <= last
    ]
    for entry in loaded.estate.constraints:
        if entry.kind != "freeze":
            continue
        start = entry.start.astimezone(zone).date() if entry.start else first
        end = (entry.end.astimezone(zone) - timedelta(seconds=1)).date() if entry.end else last
        if start <= last and end >= first:
            found.append(
                Shade("freeze", max(start, first), min(end, last), plain(entry.name or entry.reason))
            )
    return tuple(found)


def critical_stretches(
    shown: Timeline, deciding: Collection[str]
) -> dict[str, tuple[tuple[datetime, datetime], ...]]:
    """By bar: when the steps in it run that decide the end; bars without one are left out."""
    found: dict[str, tuple[tuple[datetime, datetime], ...]] = {}

    def within(bar: Bar) -> tuple[tuple[datetime, datetime], ...]:
        own = tuple(stretch for child in bar.children for stretch in within(child))
        if bar.kind == "step" and bar.id.removeprefix("step:") in deciding:
            own = ((bar.start, bar.end),)
        if own:
            found[bar.id] = own
        return own

    for bar in shown.bars:
        within(bar)
    return found


def moved(loaded: Loaded, plan: Plan) -> Timeline | None:
    """The timeline of a plan whose group was moved: its bars where they are, on the days of both."""
    before, after = timeline(loaded), timeline(replace(loaded, plan=plan))
    if before is None or after is None:
        return after
    order = {bar.id: n for n, bar in enumerate(before.bars)}
    bars = tuple(sorted(after.bars, key=lambda bar: order.get(bar.id, len(order))))
    bars = tuple(_as_before(bar, before.bars) for bar in bars)
    return replace(after, bars=bars, first=min(before.first, after.first), last=max(before.last, after.last))


def _as_before(bar: Bar, others: Sequence[Bar]) -> Bar:
    """A bar with those in it in the order that they had."""
    old = next((other for other in others if other.id == bar.id), None)
    if old is None:
        return bar
    order = {child.id: n for n, child in enumerate(old.children)}
    return replace(
        bar, children=tuple(sorted(bar.children, key=lambda child: order.get(child.id, len(order))))
    )


def steps_in(bar: Bar) -> tuple[str, ...]:
    """The ids of the steps a bar stands for."""
    if bar.kind == "step":
        return (bar.id.removeprefix("step:"),)
    return tuple(step for child in bar.children for step in steps_in(child))


def headline(loaded: Loaded) -> Line:
    """How much there is, and what the colours mean."""
    return line(
        Span(overview(loaded), "strong"),
        Span("  "),
        Span(" freeze ", "freeze"),
        Span(" "),
        Span(" holiday ", "holiday"),
        Span(" "),
        Span("─ way back", "rollback"),
    )


def overview(loaded: Loaded) -> str:
    """Like "12 waves, 840 steps, 4 Jan – 30 Sep 2027"."""
    plan = loaded.plan
    if plan is None or not plan.steps:
        return "no dates"
    span_ = f"{day(min(step.start for step in plan.steps))} – {day(max(step.end for step in plan.steps))}"
    return f"{some(len(plan.waves), 'wave')}, {some(len(plan.steps), 'step')}, {span_}"


def detail(loaded: Loaded, bar_id: str) -> tuple[Line, ...]:
    """What a wave, group or step holds."""
    kind, _, rest = bar_id.partition(":")
    if kind == "step":
        return _step(loaded, rest)
    if kind == "kind":
        steps = [s for s in loaded.plan.steps if s.wave is None and s.kind == rest] if loaded.plan else []
        return (
            line(
                span(rest.replace("_", " "), "strong"),
                Span(f"  {some(len(steps), 'step')} outside the waves", "muted"),
            ),
            *_shown(steps),
        )
    number, _, group_id = rest.partition(":")
    return _group(loaded, int(number), group_id) if group_id else _wave(loaded, int(number))


def _wave(loaded: Loaded, number: int) -> tuple[Line, ...]:
    assert loaded.plan is not None  # noqa: S101 - narrows the type for the checker
    wave = next(w for w in loaded.plan.waves if w.number == number)
    groups = [g for g in loaded.plan.groups if g.wave == number]
    assets = sum(len(g.assets) for g in groups)
    steps = [s for s in loaded.plan.steps if s.wave == number]
    freezes = [
        s for s in _shades(loaded, wave.start.date(), wave.end.date()) if s.kind == "freeze" and s.name
    ]
    return (
        line(span(wave.name, "strong"), Span(f"  {moment_text(wave.start)} – {moment_text(wave.end)}")),
        line(Span(f"content frozen on {day(wave.frozen_on)}", "muted")),
        line(f"{some(len(groups), 'group')}, {some(assets, 'asset')}, {some(len(steps), 'step')}"),
        *(line(span(f"  {g.name}", "accent"), span(f"  {g.reason}", "muted")) for g in groups[:20]),
        *(
            line(Span("freeze ", "warn"), span(s.name), f" {day(s.first)} – {day(s.last)}")
            for s in freezes[:4]
        ),
    )


def _group(loaded: Loaded, number: int, group_id: str) -> tuple[Line, ...]:
    assert loaded.plan is not None  # noqa: S101 - narrows the type for the checker
    group = next((g for g in loaded.plan.groups if g.id == group_id), None)
    steps = [s for s in loaded.plan.steps if s.wave == number and (s.group or "None") == group_id]
    if group is None:
        return (line(Span(f"wave {number}, steps of no group", "strong")), *_shown(steps))
    crossing = f"{some(len(group.cut_flows), 'flow')} cross sites meanwhile"
    return (
        line(span(group.name, "strong"), span(f"  {group.id}, wave {number}", "muted")),
        line(span(group.reason)),
        line(f"{some(len(group.assets), 'asset')}, {crossing}"),
        line(span("  " + ", ".join(loaded.name_of(a) for a in group.assets[:12]), "muted")),
        *_shown(steps),
    )


def _kind(step: Step) -> str:
    """Like "commission rack", or "cutover by truck"."""
    return step.kind.replace("_", " ") + (f" by {step.by}" if step.by else "")


def _shown(steps: Sequence[Step]) -> tuple[Line, ...]:
    return tuple(
        line(f"  {_kind(step):<18}", Span(moment_text(step.start)), span(f"  {step.id}", "muted"))
        for step in steps[:20]
    )


def _step(loaded: Loaded, step_id: str) -> tuple[Line, ...]:
    assert loaded.plan is not None  # noqa: S101 - narrows the type for the checker
    step = next(s for s in loaded.plan.steps if s.id == step_id)
    hours = (step.end - step.start).total_seconds() / 3600
    found: list[Line] = [
        line(span(_kind(step), "strong"), span(f"  {step.id}", "muted")),
        line(f"{moment_text(step.start)} – {moment_text(step.end)}", Span(f"  {count(hours)} h", "muted")),
    ]
    if step.rollback_deadline:
        found.append(line("way back open until ", Span(moment_text(step.rollback_deadline), "warn")))
    if step.predecessors:
        found.append(line(Span("after    ", "muted"), span(", ".join(step.predecessors[:8]))))
    found += [
        line(
            Span("holds    ", "muted"),
            span(resource(loaded, use.resource), "accent"),
            f" {count(use.amount)}",
            Span(f"  {moment_text(use.start)} – {moment_text(use.end)}", "muted"),
        )
        for use in step.uses
    ]
    if step.commissions:
        found.append(line(Span("brings up ", "muted"), span(", ".join(step.commissions[:12]))))
    for move in step.moves[:14]:
        target = move.target
        goal = (
            "ends here"
            if target is None
            else f"→ {target.rack or target.host or target.pool}"
            + (f" U{target.position:g}" if target.position is not None else "")
        )
        found.append(line("  ", span(loaded.name_of(move.asset)), span(f"  {goal}", "muted")))
    if len(step.moves) > 14:
        found.append(line(Span(f"  and {len(step.moves) - 14} more", "muted")))
    return tuple(found)


def use_lines(loaded: Loaded, profile: Profile) -> tuple[Line, ...]:
    """How much of a resource is held at most in the whole plan, against what there is."""
    there = "unknown" if profile.most == float("inf") else count(profile.most)
    over = profile.over_hours
    return (
        line(
            Span("use      ", "muted"),
            span(resource(loaded, profile.resource), "accent"),
            f"  at most {count(profile.peak)} of {there}",
            Span(f"  {count(over)} h more than there is" if over else "", "bad"),
        ),
    )


def resource(loaded: Loaded, name: str) -> str:
    """Like "circuit:12" by the circuit's own number; others as they are."""
    kind, _, number = name.partition(":")
    if kind == "circuit" and number.isdigit():
        circuit = loaded.estate.find(Ref("circuits", int(number)))
        return f"circuit {circuit.cid}, Mbit/s" if circuit else name
    return name


def wave_title(number: int, name: str) -> str:
    """A wave's name, with its number where the name doesn't say it."""
    return name if str(number) in name.split() else f"{number} {name}"
