"""Losses and what they do, as a table; one of them in full, round by round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from capacity.failures.consequences import (
    ApplicationLine,
    Consequence,
    Matrix,
    OverloadLine,
    PairMatrix,
    PairRow,
    Row,
)
from tui.views.spans import Column, Line, Rows, Span, count, line, rows, some, span

STATE_TONES = {
    "down": "bad",
    "unknown": "warn",
    "interrupted": "warn",
    "restarting": "warn",
    "degraded": "accent",
}
MOST = 200  # assets named in a dialog; the command names all of them
COLUMNS = (
    Column("lost", width=44, narrow=26),
    Column("down", right=True),
    Column("unsure", right=True),
    Column("restart", right=True),
    Column("degraded", right=True),
    Column("assets", right=True),
    Column("overload", right=True),
    Column("whose", width=40),
)
PAIR_COLUMNS = (COLUMNS[0], COLUMNS[1], Column("more", right=True), *COLUMNS[2:])

ORDERS: tuple[tuple[str, Callable[[Row], tuple[object, ...]]], ...] = (
    ("worst", lambda row: (*(-weight for weight in row.weight), row.losses)),
    ("assets down", lambda row: (-row.assets_down, row.losses)),
    ("overload", lambda row: (-(float("inf") if row.nothing_left else row.overload or 0.0), row.losses)),
    ("unsure", lambda row: (-row.applications_unknown, -row.assets_unknown, row.losses)),
    ("name", lambda row: (row.losses,)),
)


def singles(matrix: Matrix, order: int) -> Rows:
    """Every single loss; the key is the row."""
    ordered = sorted(matrix.rows, key=ORDERS[order][1])
    return rows(COLUMNS, [(row, _cells(row)) for row in ordered])


def pairs(matrix: PairMatrix, order: int) -> Rows:
    """The worst pairs; the key is the row of the pair."""
    by = ORDERS[order][1]
    ordered: Iterable[PairRow] = matrix.rows if order == 0 else sorted(matrix.rows, key=lambda p: by(p.row))
    return rows(PAIR_COLUMNS, [(pair.row, _pair_cells(pair)) for pair in ordered])


def _pair_cells(pair: PairRow) -> tuple[str, ...]:
    first, down, *rest = _cells(pair.row)
    return (first, down, f"+{pair.more_applications}" if pair.more_applications else "", *rest)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        " + ".join(row.losses),
        *(
            count(number) if number else ""
            for number in (
                row.applications_down,
                row.applications_unknown,
                row.interrupted,
                row.degraded,
                row.assets_down,
            )
        ),
        overload(row),
        ", ".join(row.partners),
    )


def overload(row: Row) -> str:
    if row.nothing_left:
        return "nothing left"
    return "" if row.overload is None else f"{row.overload:.0%}"


def headline(matrix: Matrix | None, pair_matrix: PairMatrix | None, order: int) -> Line:
    """What the table shows, of when, and in which order."""
    by = Span(f"  by {ORDERS[order][0]}", "muted")
    if pair_matrix is not None:
        return line(
            Span(f"{count(pair_matrix.pairs)} pairs", "strong"),
            Span(f", {count(pair_matrix.worse_than_apart)} worse than apart", "bad"),
            span(f"  {pair_matrix.moment}", "muted"),
            by,
        )
    if matrix is None:
        return line(Span("working it out …", "muted"))
    found = sum(row.is_finding for row in matrix.rows)
    return line(
        Span(f"{some(len(matrix.rows), 'single loss', 'single losses')}", "strong"),
        Span(f", {found} with consequences", "bad" if found else "good"),
        span(f"  {matrix.moment}", "muted"),
        by,
    )


def summary(row: Row | None, matrix: Matrix | None) -> tuple[Line, ...]:
    """A row of the matrix in words; without one, what all of it rests on."""
    if row is None:
        return rests_on(matrix) if matrix else ()
    most = f"  the most critical of criticality {row.most_critical}" if row.most_critical else ""
    lines = [
        line(span(" and ".join(row.losses), "strong")),
        line(
            Span("applications   ", "muted"),
            Span(f"{count(row.applications_down)} down", "bad" if row.applications_down else ""),
            Span(f"  {count(row.applications_unknown)} unsure", "warn" if row.applications_unknown else ""),
            Span(f"  {count(row.interrupted)} restart", "warn" if row.interrupted else ""),
            Span(f"  {count(row.degraded)} degraded"),
            Span(most, "muted"),
        ),
        line(
            Span("assets         ", "muted"),
            Span(f"{count(row.assets_down)} down", "bad" if row.assets_down else ""),
            Span(f"  {count(row.assets_unknown)} unsure  {count(row.restarting)} restarting"),
        ),
    ]
    if overload(row):
        tripped = f", {some(row.tripped, 'breaker')} tripped" if row.tripped else ""
        lines.append(line(Span("overload       ", "muted"), Span(overload(row) + tripped, "bad")))
    if row.partners:
        lines.append(line(Span("whose          ", "muted"), span(", ".join(row.partners))))
    lines.append(line(Span("Enter shows why", "accent")))
    return tuple(lines)


def rests_on(matrix: Matrix) -> tuple[Line, ...]:
    return tuple(line(span(sentence, "muted")) for sentence in matrix.assumptions)


# --- one in full -----------------------------------------------------------------------------------------------------


def consequence(found: Consequence) -> tuple[Line, ...]:
    """The cascade round by round, then what is over, which applications and which assets, each with its reason."""
    lines: list[Line] = []
    for turn in found.rounds:
        lost = ", ".join(turn.lost) or "nothing"
        what = "lost      " if turn.number == 0 else f"round {turn.number}   "
        trips = "" if turn.number == 0 else "trips: "
        down = f"   {some(turn.loads_down, 'load')} at the target down" if turn.loads_down else ""
        lines.append(line(Span(what, "muted"), span(trips + lost, "bad!"), Span(down, "bad")))
        lines += _over(turn.overloads)
    lines += _over(found.over)
    lines += [line(span(note, "warn")) for note in found.notes]
    lines += [line(), line(Span(some(len(found.applications), "application") + " touched", "strong"))]
    lines += list(_applications(found.applications))
    lines += [line(), line(Span(some(len(found.assets), "asset") + " touched", "strong"))]
    for asset in found.assets[:MOST]:
        lines.append(
            line(
                Span(f"{asset.state:<12}", STATE_TONES[asset.state]),
                span(asset.name),
                span(f"  {asset.partner}  ", "accent"),
                span(asset.why, "muted"),
            )
        )
    if len(found.assets) > MOST:
        lines.append(line(Span(f"… and {count(len(found.assets) - MOST)} more", "muted")))
    return tuple(lines)


def _applications(applications: Iterable[ApplicationLine]) -> Iterator[Line]:
    for application in applications:
        critical = f"  criticality {application.criticality}" if application.criticality else ""
        yield line(
            Span(f"{application.state:<12}", STATE_TONES[application.state]),
            span(application.name),
            span(f"  {application.partner}{critical}  ", "accent"),
            span(application.why, "muted"),
        )


def _over(overloads: Iterable[OverloadLine]) -> list[Line]:
    return [
        line(
            Span("  over      ", "muted"),
            span(over.what),
            Span(
                f"  {over.load:,.1f} of {over.limit:,.1f} {over.unit}"
                + (f" ({over.share:.0%})" if over.share is not None else ", nothing left"),
                "bad",
            ),
            Span("  trips" if over.trips else "", "bad!"),
        )
        for over in overloads
    ]
