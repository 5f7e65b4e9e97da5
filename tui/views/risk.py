"""How sure the dates are: the end and days of buffer in words, what drives the end, waves and rooms as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from tui.quantities import euros, share
from tui.views.spans import Column, Line, Rows, Span, bar, day, line, rows, some, span

if TYPE_CHECKING:
    from capacity.risk import BufferDay, Outlook, Risk

CHANCES = (0.5, 0.8, 0.9, 0.95, 0.99)
BAR = 12
SURE, LIKELY = 0.8, 0.5  # shares from which a date is shown as good, and as doubtful

DRIVER_COLUMNS = (
    Column("step", width=36, narrow=24),
    Column("planned"),
    Column("decides", right=True),
    Column("late", right=True),
    Column("repeated", right=True),
    Column("group"),
)
PLACE_COLUMNS = (
    Column("", width=44, narrow=22),
    Column("plan"),
    Column("P50"),
    Column("P80"),
    Column("P95", tones={"beyond": "bad"}),
    Column("in time", right=True),
)
BUFFER_COLUMNS = (
    Column("days", right=True),
    Column("until"),
    Column("chance", right=True),
    Column("that day brings", right=True),
    Column("cost", right=True),
)
DURATION_COLUMNS = (
    Column("kind", width=20),
    Column("steps", right=True),
    Column("median", right=True),
    Column("P90", right=True),
    Column("measured"),
    Column("basis", width=40),
)


def drivers(found: Risk) -> Rows:
    """The steps that decide the end, the most often deciding first."""
    return rows(
        DRIVER_COLUMNS,
        [
            (
                d,
                (
                    d.step,
                    day(d.start),
                    share(d.criticality),
                    share(d.late),
                    share(d.repeated) if d.repeated else "",
                    d.group,
                ),
            )
            for d in found.drivers
        ],
    )


def buffer(found: Risk) -> Rows:
    """Every day of buffer, and what it brings."""
    return rows(
        BUFFER_COLUMNS,
        [
            (
                d,
                (
                    d.days,
                    day(d.day),
                    share(d.chance),
                    f"+{d.gain * 100:.1f} points" if d.days else "",
                    euros(d.cost_eur),
                ),
            )
            for d in found.buffer
        ],
    )


def waves(found: Risk) -> Rows:
    """Waves, the least certain first."""
    return _places(found.waves)


def rooms(found: Risk) -> Rows:
    """Rooms by when they are empty, the least certain first."""
    return _places(found.rooms)


def _places(places: Iterable[Outlook]) -> Rows:
    ordered = sorted(places, key=lambda place: (place.in_time, place.name))
    return rows(
        PLACE_COLUMNS, [(p, (p.name, day(p.planned), *_percentiles(p), share(p.in_time))) for p in ordered]
    )


def durations(found: Risk) -> Rows:
    """What durations were drawn from, kind by kind, as actual ÷ planned."""
    return rows(
        DURATION_COLUMNS,
        [
            (
                d,
                (
                    d.kind,
                    d.steps,
                    f"{d.median:.2f}",
                    f"{d.p90:.2f}",
                    "" if d.measured_median is None else f"{d.observations}, median {d.measured_median:.2f}",
                    d.basis,
                ),
            )
            for d in found.durations
            if d.steps or d.observations
        ],
    )


TABLES: tuple[tuple[str, Callable[[Risk], Rows]], ...] = (
    ("steps that decide the end", drivers),
    ("days of buffer after the plan's end", buffer),
    ("waves, the least certain first", waves),
    ("rooms, the least certain first", rooms),
    ("actual ÷ planned durations, as drawn", durations),
)


def headline(found: Risk, table: int) -> Line:
    """The end in one line, and which table is shown."""
    end = found.end
    return line(
        Span("P50 ", "muted"),
        Span(_when(end.p50), "strong"),
        Span("  P80 ", "muted"),
        Span(_when(end.p80), "strong"),
        Span("  P95 ", "muted"),
        Span(_when(end.p95), "strong"),
        Span(f"  {TABLES[table][0]}", "muted"),
    )


def end(found: Risk) -> tuple[Line, ...]:
    """The end, what some chances ask for in days of buffer, and what all of it rests on."""
    last = found.end
    lines: list[Line] = [
        line(
            Span("the plan ends  ", "muted"),
            Span(day(last.planned), "strong"),
            Span("  in time in ", "muted"),
            Span(share(last.in_time), _tone(last.in_time)),
        ),
        line(Span(f"of {found.samples:,} samples; {share(found.on_dates)} on planned dates alone", "muted")),
        line(),
    ]
    lines += [
        line(
            Span(f"{label}  ", "muted"),
            Span(f"{_when(moment):<13}", "strong"),
            span(_later(last, moment), "muted"),
        )
        for label, moment in (("P50", last.p50), ("P80", last.p80), ("P95", last.p95))
    ]
    lines += [line(), *_chances(found)]
    if last.beyond:
        lines.append(line(Span(f"not within the horizon: {share(last.beyond)} of samples", "bad")))
    if found.over:
        lines.append(
            line(span(f"{some(found.over, 'step is', 'steps are')} done, as the runs recorded", "muted"))
        )
    if found.rooms_not_emptied:
        lines.append(
            line(span(f"{some(found.rooms_not_emptied, 'room')} more that the plan doesn't empty", "muted"))
        )
    lines += [line(), *(line(span(f"assumed: {sentence}", "muted")) for sentence in found.assumptions)]
    return tuple(lines)


def _chances(found: Risk) -> Iterable[Line]:
    """The fewest days of buffer that reach each of some chances, with what they cost."""
    per_day = (
        "what a day costs is unknown" if found.day_cost_eur is None else f"{found.day_cost_eur:,.0f} € a day"
    )
    yield line(Span("days of buffer for a chance of", "muted"), span(f"  ({per_day})", "muted"))
    for chance in CHANCES:
        reached: BufferDay | None = next((d for d in found.buffer if d.chance >= chance), None)
        filled = Span(f"  {bar(chance, BAR)} ", _tone(chance))
        if reached is None:
            yield line(Span(f"{chance:>5.0%}"), filled, Span("more than shown", "bad"))
        else:
            paid = (
                f"  {euros(reached.cost_eur)}" if found.day_cost_eur is not None and reached.days > 0 else ""
            )
            yield line(
                Span(f"{chance:>5.0%}"),
                filled,
                Span(f"{reached.days:>4} d", "strong"),
                span(f"  {day(reached.day)}{paid}", "muted"),
            )


def _percentiles(outlook: Outlook) -> tuple[str, str, str]:
    return _when(outlook.p50), _when(outlook.p80), _when(outlook.p95)


def _when(moment: datetime | None) -> str:
    return day(moment) if moment else "beyond"


def _later(outlook: Outlook, moment: datetime | None) -> str:
    if moment is None:
        return "the horizon"
    days = (moment.date() - outlook.planned.date()).days
    return "as planned" if not days else f"{some(abs(days), 'day')} {'later' if days > 0 else 'earlier'}"


def _tone(value: float) -> str:
    return "good" if value >= SURE else "warn" if value >= LIKELY else "bad"
