"""The programme in numbers: what exists, what becomes of it, how good the plan is and what binds it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from capacity.approval import APPROVED, CHANGED, SUPERSEDED
from capacity.plan import STRATEGIES
from capacity.strategies import is_server
from tui.loaded import Loaded
from tui.quantities import OBJECTIVES, used_of, word
from tui.views import timeline
from tui.views.spans import Line, Span, bar, count, day, line, some, span

ZONE = "Europe/Brussels"


def programme(loaded: Loaded) -> tuple[Line, ...]:
    """What exists, what the target offers, what was found."""
    estate, facility = loaded.estate, loaded.facility
    roles = estate.by_id("device_roles")
    servers = sum(is_server(roles[d.role_id].slug) for d in estate.devices if d.role_id in roles)
    grave = Counter(finding.severity for finding in loaded.findings)
    facts = [
        ("server rooms", count(len(estate.locations)), f"at {some(len(estate.sites), 'site')}"),
        ("servers", count(servers), f"of {some(len(estate.devices), 'device')}"),
        (
            "virtual machines",
            count(len(estate.virtual_machines)),
            some(len(estate.applications), "application"),
        ),
        ("circuits", count(len(estate.circuits)), some(len(estate.flows), "known flow")),
        ("rack positions", count(len(facility.positions)), f"{facility.useful_area_m2:g} m² useful"),
        (
            "findings",
            count(len(loaded.findings)),
            f"{some(grave['error'], 'error')}, {some(grave['warning'], 'warning')}",
        ),
    ]
    return tuple(
        (Span(f"{value:>7} ", "strong"), span(f"{name:<17}"), span(note, "muted"))
        for name, value, note in facts
    )


def plan_state(loaded: Loaded) -> tuple[Line, ...]:
    """One or two lines: which plan this is, and whether it is proven; or that there is none."""
    if loaded.plan is None:
        return no_plan(loaded)
    plan = loaded.plan
    head = line(
        Span("plan ", "muted"),
        span(plan.name, "strong"),
        Span(f"  {timeline.overview(loaded)}", "muted"),
    )
    if loaded.violations is None:
        proof = line(Span("proof running …", "muted"))
    elif loaded.violations:
        proof = line(Span(f"✗ breaks {some(len(loaded.violations), 'rule')}: see Findings (9)", "bad"))
    else:
        proof = line(Span("✓ every rule holds for what exists now", "good"))
    return head, (*proof, *approval(loaded))


def approval(loaded: Loaded) -> Line:
    """Whether this is the approved plan, as the end of a line."""
    found = loaded.standing
    if found is None:
        return ()
    day_of = {
        moment: f"{moment.astimezone(ZoneInfo(ZONE)):%Y-%m-%d}"
        for moment in (found.at, found.later)
        if moment
    }
    text, tone = "not approved", "muted"
    if found.state == APPROVED and found.at:
        text, tone = f"approved by {found.by}, {day_of[found.at]}", "good"
    elif found.state == CHANGED and found.at:
        text, tone = f"changed since {found.by} approved it, {day_of[found.at]}", "bad"
    elif found.state == SUPERSEDED and found.later:
        text, tone = f"another plan was approved since, {day_of[found.later]}", "warn"
    return line(Span(" · ", "muted"), span(text, tone))


def no_plan(loaded: Loaded) -> tuple[Line, ...]:
    """That there is no plan, and how to get one."""
    if loaded.plan_error is not None:
        error = loaded.plan_error
        return (
            line(Span("The plan can't be read: ", "bad"), span(error.what)),
            line(span(f"{error.where}: {error.remedy}", "muted")),
        )
    return (
        line(Span("There is no plan yet.", "strong")),
        line(
            Span("Press "),
            Span("m", "accent!"),
            Span(" to make one here, or run "),
            Span("vorst plan", "accent"),
        ),
    )


def strategies(loaded: Loaded, width: int = 20) -> tuple[Line, ...]:
    """How many assets each strategy takes, as bars of at most `width` cells."""
    if loaded.plan is None:
        return no_plan(loaded)
    counts = Counter(decision.strategy for decision in loaded.plan.decisions)
    largest = max(counts.values(), default=1)
    total = max(sum(counts.values()), 1)
    return tuple(
        (
            Span(f"{name:<11}"),
            Span(bar(counts[name] / largest, width), name),
            Span(f"{count(counts[name]):>7}", "strong"),
            Span(f"{counts[name] / total:>5.0%}", "muted"),
        )
        for name in STRATEGIES
    )


def objectives(loaded: Loaded) -> tuple[Line, ...]:
    """The objectives in order: value, lower bound, gap, and what the bound holds for."""
    if loaded.plan is None:
        return no_plan(loaded)
    found: list[Line] = [(Span(f"{'in this order':<25}{'value':>10}{'bound':>10}{'gap':>7}", "muted"),)]
    for number, entry in enumerate(loaded.plan.evidence.objectives, 1):
        tone = "good" if entry.gap < 0.05 else "warn"
        found.append(
            (
                span(f"{number} {OBJECTIVES.get(entry.name, entry.name)[:23]:<23}"),
                Span(f"{count(round(entry.value)):>10}", "strong"),
                Span(f"{count(round(entry.bound)):>10}"),
                Span(f"{entry.gap:>7.1%}", tone),
            )
        )
        found.append((span(f"  {entry.basis}", "muted"),))
    return tuple(found)


def binding(loaded: Loaded, most: int = 8) -> tuple[Line, ...]:
    """The limits with nothing left: lifting one may change the plan."""
    if loaded.plan is None:
        return no_plan(loaded)
    limits = loaded.plan.evidence.binding
    if not limits:
        return (line(Span("no limit binds", "good")),)
    found: list[Line] = []
    for entry in limits[:most]:
        share = entry.used / entry.limit if entry.limit else 1.0
        found.append(
            (
                Span(f"{share:>5.0%} ", "warn"),
                span(entry.where, "strong"),
                span(
                    f"  {word(entry.dimension)} {used_of(entry.used, entry.limit, entry.dimension)}", "muted"
                ),
            )
        )
        found.append((span(f"      {entry.explanation}"),))
    if len(limits) > most:
        found.append((Span(f"      and {len(limits) - most} more: e on the plan's screen", "muted"),))
    return tuple(found)


def emptied(loaded: Loaded) -> tuple[tuple[date, int], ...]:
    """Rooms emptied by each day on which one is, starting with none at the plan's start."""
    if loaded.plan is None:
        return ()
    days = Counter(room.emptied_at.date() for room in loaded.plan.rooms if room.emptied_at is not None)
    if not days:
        return ()
    total = 0
    points = [(min(loaded.plan.inputs.start.date(), min(days) - timedelta(days=1)), 0)]
    for when in sorted(days):
        total += days[when]
        points.append((when, total))
    return tuple(points)


def rooms_state(loaded: Loaded) -> str:
    """Like "61 of 98 rooms emptied, the last on 4 Jun 2027"."""
    if loaded.plan is None:
        return "rooms emptied"
    points = emptied(loaded)
    total = len(loaded.plan.rooms)
    last = f", the last on {day(points[-1][0])}" if points else ""
    return f"{points[-1][1] if points else 0} of {some(total, 'room')} emptied{last}"
