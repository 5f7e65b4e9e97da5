"""Scenarios as rows, one of them in words, any number of them side by side, and what differs between two plans.

What plans is imported where it is asked, so that the terminal UI opens before any solver is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tui.quantities import used_of, word
from tui.scenario_states import PLANNED, STALE, UNPLANNED, WRONG, ScenarioState, ScenarioStates
from tui.scenario_work import Compared
from tui.views.spans import Column, Line, Rows, Span, bar, count, day, line, rows, some, span

if TYPE_CHECKING:
    from capacity.plan import BindingLimit
    from capacity.plan_diff import PlanDiff
    from capacity.scenarios import Outcome
    from capacity.whatif.outcome import Figure

BREAKS, RUNNING, WAITING = "breaks rules", "planning …", "waiting"
STATE_TONES = {
    PLANNED: "good",
    STALE: "warn",
    UNPLANNED: "muted",
    WRONG: "bad",
    BREAKS: "bad",
    RUNNING: "accent!",
    WAITING: "accent",
}
COLUMNS = (
    Column("  scenario", width=34, narrow=22),
    Column("state", tones=STATE_TONES),
    Column("no place", right=True),
    Column("racks", right=True),
    Column("hosts", right=True),
    Column("emptied", right=True),
    Column("last room", right=True),
    Column("MWh a year", right=True),
)
SIGNS = {1: "▲", -1: "▼", 0: " "}
VERDICTS = {1: "good", -1: "bad", 0: ""}
MOST_CHANGES = 6  # of one operation, beside the table; the dialog has all that are told
MOST_DIFFERENCES = 400  # of one section of a diff; the command's JSON has every one
BAR_WIDTH = 16
BAR_LONGEST = 48


def scenarios(states: ScenarioStates, marked: Collection[str], running: Sequence[str] = ()) -> Rows:
    """One row per scenario, the present first; keys are names. Of `running` the first is being planned."""
    return rows(COLUMNS, [(state.name, tuple(_cells(state, marked, running))) for state in states.states])


def _cells(state: ScenarioState, marked: Collection[str], running: Sequence[str]) -> Iterator[str]:
    yield f"{'●' if state.name in marked else ' '} {state.name}"
    if state.name in running:
        yield RUNNING if state.name == running[0] else WAITING
    else:
        yield BREAKS if state.is_broken else state.state
    outcome = state.outcome
    if outcome is None:
        yield from [""] * (len(COLUMNS) - 2)
        return
    of_old = state.state == STALE
    for text in (
        count(outcome.unplaced + outcome.unproven),
        count(outcome.new_racks),
        count(outcome.cloud_hosts),
        f"{outcome.rooms_emptied} of {outcome.rooms}",
        day(outcome.emptied_on) or "never",
        count(round(outcome.energy_kwh / 1000)),
    ):
        yield f"({text})" if of_old else text


def headline(states: ScenarioStates, marked: Collection[str]) -> Line:
    """How many there are, how they stand, how many are marked."""
    found = states.states[1:]
    planned = sum(state.state == PLANNED for state in found)
    parts = [
        Span(some(len(found), "scenario"), "strong"),
        Span(f"  {planned} planned", "good" if planned else "muted"),
    ]
    for name, tone in ((STALE, "warn"), (WRONG, "bad")):
        number = sum(state.state == name for state in found)
        if number:
            parts.append(Span(f"  {number} {name}", tone))
    if marked:
        parts.append(Span(f"  ● {len(marked)} marked", "accent!"))
    if states.sweep:
        parts.append(span(f"  sweep {states.sweep}: vorst scenario sweep", "muted"))
    return tuple(parts)


def job_line(doing: str, stage: str, share: float, *, is_stopping: bool) -> Line:
    """What is being planned, and how far it is."""
    return line(
        span(doing, "accent!"),
        Span("  "),
        Span(bar(share, BAR_WIDTH), "accent"),
        span(f"  {stage}  ", "muted"),
        Span("stopping at the next step …", "warn") if is_stopping else Span("x", "accent!"),
        Span("" if is_stopping else " cancels"),
    )


def no_file(folder: str) -> tuple[Line, ...]:
    """What a scenario is, and how to make the first."""
    return (
        line(Span("There are no scenarios yet.", "strong")),
        line(),
        line(
            Span(
                "A scenario is a small patch on the present: two more crews, 2 kW more in a row, a partner "
            ),
            Span("that stays. It is planned and proven as the present is, and set beside it."),
        ),
        line(),
        line(Span("Press "), Span("e", "accent!"), Span(" to write two to start from, or in a shell:")),
        line(),
        line(span(f"  vorst -C {folder} scenario example > {folder}/scenarios.yaml", "accent")),
        line(),
        line(
            Span("Then press "),
            Span("r", "accent!"),
            Span(" to read it. Its words: docs/reference/scenarios.md."),
        ),
    )


# --- one in words ----------------------------------------------------------------------------------------------------


def detail(states: ScenarioStates, name: str | None, *, most: int = MOST_CHANGES) -> tuple[Line, ...]:
    """What a scenario changes, how it stands, and what it comes to beside the present."""
    state = states.named(name) if name else None
    if state is None:
        return ()
    found = [line(span(state.name, "strong")), line(span(state.description))]
    if state.based_on not in ("", states.present.name):
        found.append(line(Span("based on ", "muted"), span(state.based_on)))
    found += [line(), *_standing(state)]
    if state.error is not None:
        return tuple(found)
    if state is not states.present:
        found += [line(), line(Span("changes", "strong")), *_changes(state, most)]
    if state.outcome is not None:
        present = states.present
        is_comparable = state is not states.present and present.outcome is not None and state.state == PLANNED
        beside = present.outcome if is_comparable and present.state == PLANNED else None
        found += [line(), *_figures(state.outcome, beside)]
    return tuple(found)


def _standing(state: ScenarioState) -> Iterator[Line]:
    if state.error is not None:
        yield line(Span("can't be applied: ", "bad"), span(state.error.what))
        yield line(span(state.error.where, "muted"))
        yield line(span(state.error.remedy, "accent"))
    elif state.state == UNPLANNED:
        yield line(Span("not planned yet: ", "muted"), Span("p", "accent!"), Span(" plans it"))
    elif state.state == STALE:
        what = " and ".join(state.since)
        yield line(span(f"stale: {what} changed since this was planned", "warn"))
        yield line(Span("p", "accent!"), Span(" plans it again"))
    elif state.is_broken and state.outcome is not None:
        codes = ", ".join(f"{code} {number}" for code, number in state.outcome.broken.items())
        yield line(span(f"its plan breaks rules: {codes}", "bad"))
        yield line(Span("don't follow it", "bad"))
    else:
        yield line(Span("✓ planned and proven", "good"))


def _changes(state: ScenarioState, most: int) -> Iterator[Line]:
    told = False
    for change in state.changes:
        told = True
        yield line(span(f"  {change.where.removesuffix(f', scenario {state.name}')}", "muted"))
        if change.is_nothing:
            yield line(Span("    changes nothing: it is so already", "warn"))
        for text in change.lines[:most]:
            yield line(span(f"    {text}"))
        if change.count > min(most, len(change.lines)):
            yield line(Span(f"    … and {count(change.count - min(most, len(change.lines)))} more", "muted"))
    if not told:
        yield line(Span("  nothing", "warn"))


def _figures(outcome: Outcome, present: Outcome | None) -> Iterator[Line]:
    """The figures that differ from the present's; all of them where there is nothing to differ from."""
    from capacity.whatif.outcome import FIGURES, binding_only_in, difference, verdict

    yield line(Span("beside the present" if present else "comes to", "strong"))
    differs = False
    for figure in FIGURES:
        change = difference(figure, outcome, present) if present else ""
        if present is not None and not change:
            continue
        differs = True
        good = verdict(figure, outcome, present) if present else 0
        yield line(
            span(f"  {figure.name:<17}", "muted"),
            span(figure.text(outcome)),
            span(f"  {SIGNS[good]} {change}".rstrip(), VERDICTS[good]),
        )
    if not differs:
        yield line(Span("  no figure differs", "muted"))
    if present is not None:
        for said, one, other in (("binds now", outcome, present), ("no more", present, outcome)):
            for limit in binding_only_in(one, other):
                yield line(Span(f"  {said:<17}", "muted"), span(f"{limit.where}: {word(limit.dimension)}"))


# What the bars show, and which way is better.
GLANCE: tuple[tuple[str, Callable[[Outcome], float], int], ...] = (
    ("assets without a place", lambda o: o.unplaced + o.unproven, -1),
    ("new racks", lambda o: o.new_racks, -1),
    ("cloud hosts", lambda o: o.cloud_hosts, -1),
    ("MWh a year", lambda o: o.energy_kwh / 1000, -1),
    ("rooms emptied", lambda o: o.rooms_emptied, 1),
)


def glance(states: ScenarioStates, marked: Collection[str], width: int) -> tuple[Line, ...]:
    """Objectives as bars of at most `width` cells, those of stale plans muted; of the marked alone, where some are."""
    present = states.present
    then = present.outcome if present.state == PLANNED else None
    shown = [
        (state, state.outcome)
        for state in states.states
        if state.outcome is not None and (state is present or not marked or state.name in marked)
    ]
    if not shown:
        return (
            line(
                Span("nothing is planned yet: ", "muted"),
                Span("c", "accent!"),
                Span(" plans all and compares"),
            ),
        )
    names = max(len(state.name) for state, _ in shown)
    length = min(max(width - names - 18, 8), BAR_LONGEST)
    found: list[Line] = []
    for title, value, better in GLANCE:
        found += [line(), line(Span(title, "strong"))] if found else [line(Span(title, "strong"))]
        most = max(value(outcome) for _, outcome in shown)
        for state, outcome in shown:
            now, number = value(outcome), count(round(value(outcome)))
            tone = "muted"
            if state.state == PLANNED:
                tone = _tone(now, value(then) if then else now, better)
            found.append(
                line(
                    span(f"  {state.name:<{names}}  "),
                    Span(f"{f'({number})' if state.state == STALE else number:>11}  ", tone or "strong"),
                    Span(bar(now / most if most else 0.0, length).rstrip(), tone or "accent"),
                )
            )
    return tuple(found)


def _tone(now: float, then: float, better: int) -> str:
    if now == then:
        return VERDICTS[0]
    return VERDICTS[better if now > then else -better]


# --- side by side ----------------------------------------------------------------------------------------------------


def comparison(entries: Sequence[Compared]) -> Rows:
    """A row for each figure, then for each limit that binds somewhere; the present, then each scenario with what it
    changes. Keys are the rows' names.
    """
    from capacity.whatif.outcome import FIGURES, verdict

    present = entries[0]
    columns = [Column("", width=40, narrow=20), Column(present.name, right=True, width=34)]
    table: list[list[str]] = [[figure.name, figure.text(present.outcome)] for figure in FIGURES]
    limits = _limits(entries)
    table += [
        [f"  {limit.where}: {word(limit.dimension)}", _used(present.outcome, limit)] for limit in limits
    ]
    for entry in entries[1:]:
        marks = [_mark(figure, entry.outcome, present.outcome) for figure in FIGURES]
        tones = {
            mark: VERDICTS[verdict(figure, entry.outcome, present.outcome)]
            for mark, figure in zip(marks, FIGURES, strict=True)
            if mark
        }
        columns += [Column(entry.name, right=True, width=34), Column("", tones=tones | LIMIT_TONES)]
        for row, figure, mark in zip(table, FIGURES, marks, strict=False):
            row += [figure.text(entry.outcome), mark]
        for row, limit in zip(table[len(FIGURES) :], limits, strict=True):
            here, there = _used(entry.outcome, limit), _used(present.outcome, limit)
            row += [here, BINDS if here and not there else FREED if there and not here else ""]
    return rows(columns, [(row[0], row) for row in table])


BINDS, FREED = "binds now", "no more"
LIMIT_TONES = {BINDS: "warn", FREED: "good"}


def _mark(figure: Figure, outcome: Outcome, present: Outcome) -> str:
    from capacity.whatif.outcome import difference, verdict

    change = difference(figure, outcome, present)
    return f"{SIGNS[verdict(figure, outcome, present)]} {change}" if change else ""


def _limits(entries: Iterable[Compared]) -> list[BindingLimit]:
    found: dict[tuple[str, str], BindingLimit] = {}
    for entry in entries:
        for limit in entry.outcome.binding:
            found.setdefault((limit.limit_path, limit.where), limit)
    return list(found.values())


def _used(outcome: Outcome, limit: BindingLimit) -> str:
    for entry in outcome.binding:
        if (entry.limit_path, entry.where) == (limit.limit_path, limit.where):
            return used_of(entry.used, entry.limit, entry.dimension)
    return ""


def comparison_title(entries: Sequence[Compared]) -> str:
    return f"The present and {some(len(entries) - 1, 'scenario')}: ▲ better, ▼ worse than the present"


# --- two plans -------------------------------------------------------------------------------------------------------


def differences(found: PlanDiff) -> tuple[Line, ...]:
    """A diff line by line: what came is green, what went red."""
    from capacity.plan_diff import as_text

    tones = {"+": "good", "-": "bad", "~": ""}
    lines: list[Line] = []
    for text in as_text(found, shown=MOST_DIFFERENCES).splitlines():
        is_row = text.startswith("  ")
        lines.append(line(span(text, tones.get(text[2:3], "muted") if is_row else "strong")))
    return tuple(lines)
