"""The command about what fails when something fails: named losses, every single one, every pair."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inventory.errors import InputError
from tui import output
from tui.fitting_plan import plan_on
from tui.quantities import some
from tui.workspace import PLAN_FILE, Workspace

if TYPE_CHECKING:
    from capacity.failures.consequences import Consequence, Matrix, OverloadLine, PairMatrix, Row
    from capacity.plan import Plan
    from capacity.resilience import Resilience

FINDINGS = 2  # exit code when a loss brings something down or overloads it
COLUMNS = (
    "lost",
    "down",
    "unsure",
    "restart",
    "degraded",
    "assets down",
    "restarting",
    "assets unsure",
    "overload",
    "whose",
)
RIGHT = tuple(range(1, 9))
MOST_ASSETS = 30


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("fail")(fail)


def fail(
    context: typer.Context,
    losses: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LOSS]...",
            help="What is lost, together: feed:NAME, ups:NAME, cooling:ZONE, rack:ID, switch:RACK/NAME, host:ID, "
            "circuit:CID, source-panel:NAME, source-feed:NAME; the name alone where it is only one thing's.",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every single loss (without a LOSS: the default).")
    ] = False,
    pairs: Annotated[bool, typer.Option("--pairs", help="Every pair of losses.")] = False,
    worst: Annotated[
        int,
        typer.Option(min=0, help="Show this many rows, worst first; 0: all of them, of pairs a great many."),
    ] = 20,
    at: Annotated[
        datetime | None, typer.Option(help="At this moment of the plan; else after its last step.")
    ] = None,
    step: Annotated[str | None, typer.Option(help="While this step runs (at its start).")] = None,
    wave: Annotated[int | None, typer.Option(help="When this wave has ended.")] = None,
    trip_share: Annotated[
        float | None,
        typer.Option(
            help="A breaker opens above this share of its rating; else resilience.trip_share of vorst.toml."
        ),
    ] = None,
    plan_file: Annotated[Path, typer.Option("--plan", metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show what overloads, cascades and goes down when something is lost; exit code 2 when something does."""
    from capacity.resilience import Resilience
    from inventory.documents import to_data

    if sum((bool(losses), every, pairs)) > 1:
        raise InputError("LOSS, --all and --pairs exclude each other", remedy="choose one of them")
    workspace: Workspace = context.obj
    facility = workspace.facility()
    plan = plan_on(workspace, plan_file, facility)
    share = workspace.settings.resilience.trip_share if trip_share is None else trip_share
    estate = workspace.estate()
    if plan.inputs.estate_hash != estate.content_hash:
        output.say(
            "note: the inventory has changed since this plan was made; names and cables are those of now"
        )
    resilience = Resilience(
        estate,
        facility,
        plan,
        moment=_moment(plan, at, step, wave),
        trip_share=share,
    )
    if losses:
        found = resilience.examine(resilience.find(losses))
        if as_json:
            output.data_json(to_data(found))
        else:
            show_consequence(found)
        if found.row.is_finding:
            raise typer.Exit(FINDINGS)
        return
    with output.progress() as progress:
        is_finding = (
            _pairs(resilience, worst, progress, as_json=as_json)
            if pairs
            else _all(resilience, worst, progress, as_json=as_json)
        )
    if is_finding:
        raise typer.Exit(FINDINGS)


def _moment(plan: Plan, at: datetime | None, step: str | None, wave: int | None) -> datetime | None:
    """The moment asked for; a time without a zone is the plan's own."""
    from zoneinfo import ZoneInfo

    if sum(choice is not None for choice in (at, step, wave)) > 1:
        raise InputError("--at, --step and --wave exclude each other", remedy="choose one of them")
    if at is not None:
        return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(plan.calendar.time_zone))
    if step is not None:
        steps = {s.id: s.start for s in plan.steps}
        if step not in steps:
            raise InputError(f"the plan has no step {step!r}", remedy=_near(step, list(steps)))
        return steps[step]
    if wave is not None:
        waves = {w.number: w.end for w in plan.waves}
        if wave not in waves:
            numbers = f"use one of 1 to {max(waves)}" if waves else "this plan has no waves"
            raise InputError(f"the plan has no wave {wave}", remedy=numbers)
        return waves[wave]
    return None


def _near(name: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, names, 3, 0.5) or names[:3]
    return f"did you mean {' or '.join(near)}?" if near else "this plan has no steps"


def _all(resilience: Resilience, worst: int, progress: output.Progress, *, as_json: bool) -> bool:
    from dataclasses import replace

    from inventory.documents import to_data

    matrix = resilience.singles(progress)
    shown = replace(matrix, rows=matrix.rows[:worst] if worst else matrix.rows)
    if as_json:
        output.data_json(to_data(shown))
    else:
        show_matrix(shown, of=len(matrix.rows), findings=sum(row.is_finding for row in matrix.rows))
    return matrix.baseline.is_finding or any(row.is_finding for row in matrix.rows)


def _pairs(resilience: Resilience, worst: int, progress: output.Progress, *, as_json: bool) -> bool:
    from inventory.documents import to_data

    matrix = resilience.pairs(worst, progress)
    if as_json:
        output.data_json(to_data(matrix))
    else:
        show_pairs(matrix)
    return bool(matrix.findings)


# --- as tables -----------------------------------------------------------------------------------------------------


def cells(row: Row) -> list[str]:
    """A row of the matrix as text; nothing where nothing happens."""
    over = "nothing left" if row.nothing_left else "" if row.overload is None else f"{row.overload:.0%}"
    tripped = f", {row.tripped} tripped" if row.tripped else ""
    numbers = (
        row.applications_down,
        row.applications_unknown,
        row.interrupted,
        row.degraded,
        row.assets_down,
        row.restarting,
        row.assets_unknown,
    )
    return [
        " + ".join(row.losses) or "nothing",
        *(f"{number:,}" if number else "" for number in numbers),
        over + tripped if over or tripped else "",
        ", ".join(row.partners),
    ]


def show_matrix(matrix: Matrix, *, of: int, findings: int) -> None:
    """The matrix of single losses, what is not as diverse as it looks, and what all of it rests on."""
    output.table(
        f"{findings:,} of {of:,} single losses bring something down or overload it, {matrix.moment} of "
        f"plan {matrix.plan}" + (f"; the worst {len(matrix.rows)}" if len(matrix.rows) < of else ""),
        COLUMNS,
        [cells(row) for row in matrix.rows],
        right=RIGHT,
    )
    if matrix.baseline.is_finding:
        output.table("with nothing lost", COLUMNS, [cells(matrix.baseline)], right=RIGHT)
    failing = [entry for entry in matrix.diversity if entry.can_fail]
    declared = len(matrix.diversity) - len(failing)
    output.table(
        f"{matrix.double_fed - len({(d.rack, d.load) for d in failing}):,} of {matrix.double_fed:,} loads with a spare "
        "supply stay up whatever single node is lost"
        + (f"; {declared} hang on a node that is said never to fail" if declared else ""),
        ["load", "rack", "supplies", "goes down with"],
        [[d.load, d.rack, d.redundancy, d.node] for d in failing[:20]],
    )
    if matrix.shared_fates:
        output.table(
            f"kept apart by a constraint, and lost together all the same: {some(len(matrix.shared_fates), 'case')}",
            ["application", "kept apart by", "members", "lost with any of"],
            [
                [fate.application, fate.constraint, ", ".join(fate.members), ", ".join(fate.losses)]
                for fate in matrix.shared_fates[:20]
            ],
        )
    notes = [
        f"Of {matrix.things:,} things that can be lost, {matrix.idle:,} carry nothing at that moment and are not shown."
    ]
    if matrix.untraced:
        notes.append(f"{some(matrix.untraced, 'device')} at the sources: no cord leads to a known feed.")
    _rests_on((*notes, *matrix.assumptions))


def show_pairs(matrix: PairMatrix) -> None:
    """The worst pairs, and how many there are."""
    output.table(
        f"{matrix.pairs:,} pairs of {matrix.things - matrix.idle:,} things, {matrix.moment} of plan {matrix.plan}: "
        f"{matrix.findings:,} bring something down or overload it, {matrix.worse_than_apart:,} more than their two "
        f"losses apart; the worst {len(matrix.rows)}",
        (*COLUMNS[:2], "more", *COLUMNS[2:5], COLUMNS[5], "more", *COLUMNS[6:]),
        [
            [
                *shown[:2],
                f"+{pair.more_applications}" if pair.more_applications else "",
                *shown[2:6],
                f"+{pair.more_assets}" if pair.more_assets else "",
                *shown[6:],
            ]
            for pair in matrix.rows
            for shown in [cells(pair.row)]
        ],
        right=range(1, 11),
    )
    _rests_on(
        (
            f"Of {matrix.things:,} things that can be lost, {matrix.idle:,} carry nothing then and are left out.",
            *matrix.assumptions,
        )
    )


def show_consequence(found: Consequence) -> None:
    """One set of losses in full."""
    for turn in found.rounds:
        what = "lost" if turn.number == 0 else f"round {turn.number}: trips, and is lost too"
        down = f"; {some(turn.loads_down, 'load')} down at the target" if turn.loads_down else ""
        title = f"{what}: {', '.join(turn.lost) or 'nothing'}{down}"
        _overloads(title, turn.overloads)
    if found.over:
        _overloads("also over", found.over, may_trip=False)
    row = found.row
    if not (found.over or found.applications or found.assets or any(turn.overloads for turn in found.rounds)):
        output.data("nothing comes of it: nothing goes down or restarts, and no limit is passed")
        for note in found.notes:
            output.data(output.plain(note))
        return
    output.table(
        f"applications: {row.applications_down} down, {row.applications_unknown} unsure, {row.interrupted} restart, "
        f"{row.degraded} degraded",
        ["application", "partner", "criticality", "is", "because"],
        [
            [a.name, a.partner, "unknown" if a.criticality is None else a.criticality, a.state, a.why]
            for a in found.applications
        ],
    )
    most = found.assets[:MOST_ASSETS]
    output.table(
        f"assets: {row.assets_down} down, {row.assets_unknown} unsure, {row.restarting} restarting"
        + (f"; the first {len(most)}, --json has all" if len(most) < len(found.assets) else ""),
        ["asset", "partner", "is", "because"],
        [[a.name, a.partner, a.state, a.why] for a in most],
    )
    for note in found.notes:
        output.data(output.plain(note))


def _overloads(title: str, lines: tuple[OverloadLine, ...], *, may_trip: bool = True) -> None:
    output.table(
        title,
        ["over", "carries", "may carry", "share", "breaker" if may_trip else ""],
        [
            [
                o.what,
                f"{o.load:,.1f} {o.unit}",
                f"{o.limit:,.1f} {o.unit}",
                "nothing left" if o.share is None else f"{o.share:.0%}",
                ("trips" if o.trips else "holds") if may_trip else "",
            ]
            for o in lines
        ],
        right=[1, 2, 3],
    )


def _rests_on(sentences: tuple[str, ...]) -> None:
    """What the answer takes for granted, a line each."""
    output.data(
        "\n".join(("", "what this rests on", *(f"  {output.plain(sentence)}" for sentence in sentences)))
    )
