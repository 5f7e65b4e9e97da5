"""The command about how sure the dates are: `vorst risk`, by simulating the dated plan many times."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from inventory.errors import InputError
from tui import output
from tui.fitting_plan import fitting_plan
from tui.quantities import euros, share, some
from tui.risk_runs import samplers
from tui.workspace import PLAN_FILE, PROJECT_FOLDER, Workspace

if TYPE_CHECKING:
    from capacity.risk import Outlook, Risk
    from capacity.uncertainty.settings import RiskSettings
    from capacity.uncertainty.shifting import Shift

FINDINGS = 2  # exit code when fewer samples than wanted end in time, or dates have to move
SHOWN_DATES = 30
SHOWN_DRIVERS = 15
SHOWN_PLACES = 12
CHANCES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)  # that a day of buffer is shown for


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("risk")(risk)


def risk(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    by: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Tell the chance to have ended by this day."),
    ] = None,
    want: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="The chance that is wanted by then; exit code 2 when it is less."),
    ] = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="Samples; else risk.samples of vorst.toml.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed; else plan.seed of vorst.toml.")] = None,
    day_cost: Annotated[
        float | None,
        typer.Option("--day-cost", min=0, help="What a later day costs, in €; else risk.day_cost_eur."),
    ] = None,
    project: Annotated[
        Path, typer.Option("--runs", metavar="DIR", help="The playbooks whose runs were measured.")
    ] = Path(PROJECT_FOLDER),
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Dask workers here; else a thread for each core. 1: in this process alone."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler, tcp://HOST:PORT, in place of workers here.")
    ] = None,
    dates: Annotated[
        bool,
        typer.Option("--dates", help="Show instead which dates have to move after the runs; 2 when any has."),
    ] = False,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="For --dates: what no run recorded before this day hasn't begun."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show every step, wave, room and day.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show how sure the plan's dates are: P50, P80 and P95 of its end, what drives it, what days of buffer bring.

    Durations are drawn many times, and each sample dates the steps anew: what waits for a late step is late, what
    overruns its window is repeated in the next. What finished runs took counts in. The same plan, runs, settings and
    seed give the same answer with any number of workers.
    """
    from capacity.risk import assess
    from inventory.documents import to_data
    from tui.loaded import no_project, read_runs

    if workers is not None and scheduler is not None:
        raise InputError(
            "--workers and --scheduler exclude each other", remedy="a scheduler has its own workers"
        )
    if as_of is not None and not dates:
        raise InputError("--as-of is for --dates", remedy="add --dates")
    if want is not None and by is None:
        raise InputError("--want needs a day", remedy="add --by YYYY-MM-DD")
    workspace: Workspace = context.obj
    settings = _settings(workspace, samples, day_cost)
    estate, _, plan = fitting_plan(workspace, plan_file)
    runs, is_there = read_runs(workspace.path(project))
    if not is_there and project != Path(PROJECT_FOLDER):
        raise no_project(workspace.path(project), "--runs")
    if dates:
        from capacity.uncertainty.shifting import shift

        since = as_of.replace(tzinfo=ZoneInfo(plan.calendar.time_zone)) if as_of is not None else None
        moved = shift(estate, plan, settings, runs, as_of=since)
        if as_json:
            output.data_json(to_data(moved))
        else:
            show_dates(moved, every=every)
        raise typer.Exit(FINDINGS if moved.moved else 0)
    with output.progress() as progress, samplers(workers, scheduler) as run:
        found = assess(
            estate,
            plan,
            settings,
            runs,
            seed=workspace.settings.plan.seed if seed is None else seed,
            by=by.date() if by is not None else None,
            run=run,
            progress=lambda done, total: progress("samples", done, total),
        )
    if as_json:
        output.data_json(to_data(found))
    else:
        show(found, every=every)
    if want is not None and found.by is not None and found.by.chance < want:
        raise typer.Exit(FINDINGS)


def _settings(workspace: Workspace, samples: int | None, day_cost: float | None) -> RiskSettings:
    changes: dict[str, Any] = {}
    if samples is not None:
        changes["samples"] = samples
    if day_cost is not None:
        changes["day_cost_eur"] = day_cost
    return workspace.settings.risk.model_copy(update=changes)


# --- as tables -------------------------------------------------------------------------------------------------------


def show(found: Risk, *, every: bool) -> None:
    """The end, what drives it, days of buffer, waves, rooms, and what all of it rests on."""
    _show_end(found)
    _show_buffer(found, every=every)
    _show_drivers(found, every=every)
    _show_places("wave", found.waves, every=every)
    _show_places("room", found.rooms, every=every)
    if found.rooms_not_emptied:
        output.data(f"{some(found.rooms_not_emptied, 'room')} more that the plan doesn't empty")
    _show_durations(found)
    for line in found.assumptions:
        output.data(f"assumed: {line}")


def _show_end(found: Risk) -> None:
    end = found.end
    output.table(
        f"the end, in {found.samples:,} samples",
        ["plan", "P50", "P80", "P95", "in time"],
        [[_day(end.planned), *_percentiles(end), share(end.in_time)]],
    )
    if end.beyond:
        output.data(f"does not end within the horizon: {share(end.beyond)} of samples")
    output.data(
        f"{share(found.on_dates)} of samples end on planned dates alone: nothing that decides is late"
    )
    if found.over:
        output.data(f"{some(found.over, 'step is', 'steps are')} done, as the runs recorded")
    if found.by is not None:
        cost = (
            ""
            if found.by.days <= 0
            else f"; {some(found.by.days, 'day')} of buffer cost {euros(found.by.cost_eur)}"
        )
        output.data(f"ended by {found.by.day}: {share(found.by.chance)} of samples{cost}")


def _show_buffer(found: Risk, *, every: bool) -> None:
    """Every day, or the first that reaches each of some chances."""
    days = [d for d in found.buffer if every or not d.days]
    for chance in () if every else CHANCES:
        reached = next((d for d in found.buffer if d.chance >= chance), None)
        if reached is not None and reached not in days:
            days.append(reached)
    cost = (
        "what they cost is unknown" if found.day_cost_eur is None else f"at {found.day_cost_eur:,.0f} € each"
    )
    more = "" if len(days) == len(found.buffer) else "; --all shows every day"
    output.table(
        f"days of buffer after the plan's end, {cost}{more}",
        ["days", "until", "chance", "that day brings", "cost"],
        [[d.days, d.day, share(d.chance), _gain(d.gain) if d.days else "", euros(d.cost_eur)] for d in days],
        right=[0, 2, 3, 4],
    )


def _show_drivers(found: Risk, *, every: bool) -> None:
    shown = found.drivers if every else found.drivers[:SHOWN_DRIVERS]
    more = f"; the first {len(shown)} of {len(found.drivers)}" if len(shown) < len(found.drivers) else ""
    output.table(
        f"steps that decide the end{more}",
        ["step", "planned", "decides", "late", "repeated"],
        [
            [
                d.step,
                _day(d.start),
                share(d.criticality),
                share(d.late),
                share(d.repeated) if d.repeated else "",
            ]
            for d in shown
        ],
        right=[2, 3, 4],
    )


def _show_places(what: str, places: tuple[Outlook, ...], *, every: bool) -> None:
    """The least certain first, unless all are shown in their own order."""
    if not places:
        return
    shown = places if every else tuple(sorted(places, key=lambda p: p.in_time)[:SHOWN_PLACES])
    more = (
        ""
        if len(shown) == len(places)
        else f"; the least certain {len(shown)} of {len(places)}, --all shows all"
    )
    output.table(
        f"{what}s{more}",
        [what, "plan", "P50", "P80", "P95", "in time"],
        [[p.name, _day(p.planned), *_percentiles(p), share(p.in_time)] for p in shown],
        right=[5],
    )


def _show_durations(found: Risk) -> None:
    output.table(
        "actual ÷ planned duration, as drawn",
        ["kind", "steps", "median", "P90", "measured", "basis"],
        [
            [
                d.kind,
                d.steps,
                f"{d.median:.2f}",
                f"{d.p90:.2f}",
                "none" if d.measured_median is None else f"{d.observations}, median {d.measured_median:.2f}",
                d.basis,
            ]
            for d in found.durations
            if d.steps or d.observations
        ],
        right=[1, 2, 3],
    )
    if found.unmatched:
        output.data(
            f"{some(found.unmatched, 'measured step is', 'measured steps are')} none of this plan's, and left out"
        )


def show_dates(found: Shift, *, every: bool) -> None:
    """Old dates and new ones of what has to move, and how much stays."""
    shown = found.moved if every else found.moved[:SHOWN_DATES]
    more = (
        ""
        if len(shown) == len(found.moved)
        else f"; the first {len(shown)} of {len(found.moved)}, --all shows all"
    )
    output.table(
        f"dates that have to move, as of {found.as_of:%Y-%m-%d %H:%M}{more}",
        ["step", "from", "to", "until", ""],
        [
            [
                m.step,
                _minute(m.start),
                _minute(m.new_start),
                _minute(m.new_end),
                "its wave is frozen" if m.is_frozen else "",
            ]
            for m in shown
        ],
    )
    for kind, ratio in found.ratios.items():
        output.data(f"{kind}: given {ratio:.2f} times the planned duration from now on, as measured")
    output.data(
        f"{some(found.over, 'step is', 'steps are')} done, {found.kept} keep their dates, {len(found.moved)} move; "
        f"the end goes from {_minute(found.end)} to {_minute(found.new_end)}"
    )
    output.data(f"a proposal, no plan: {found.basis}")


def _minute(moment: datetime | None) -> str:
    return "beyond the horizon" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _percentiles(outlook: Outlook) -> list[str]:
    return [_day(moment) if moment else "beyond" for moment in (outlook.p50, outlook.p80, outlook.p95)]


def _day(moment: datetime) -> str:
    return str(moment.date())


def _gain(value: float) -> str:
    return f"+{value * 100:.1f} points"
