"""The command that replans what no longer holds: `vorst replan PLAN -o NEW`, everything else kept to the byte."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from inventory.errors import InputError
from tui import output
from tui.quantities import some
from tui.workspace import PLAN_FILE, PROJECT_FOLDER, Workspace, write_text

if TYPE_CHECKING:
    from capacity.plan import Plan
    from capacity.replanning.answer import Replanned

FINDINGS = 2  # exit code when dates move, or the plan that comes of it breaks a rule
SHOWN_GROUPS = 30
SHOWN_STEPS = 15


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("replan")(replan)


def replan(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan that is under way.")] = Path(
        PLAN_FILE
    ),
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Where to write the new plan; without it only shown.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=["%Y-%m-%d"],
            help="What no run recorded before this day hasn't begun. Else as of the last run.",
        ),
    ] = None,
    percentile: Annotated[
        float,
        typer.Option(min=1, max=99, help="How sure the measured durations of what is to come shall be."),
    ] = 50.0,
    project: Annotated[
        Path, typer.Option("--runs", metavar="DIR", help="The playbooks whose runs were measured.")
    ] = Path(PROJECT_FOLDER),
    every: Annotated[bool, typer.Option("--all", help="Show every group and step.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Replan with as few changed dates as possible; exit code 2 when any date changes.

    What is over, running or frozen stays, and so does every date that still holds with the durations finished runs were
    measured to take and with today's inventory. The rest gets new dates, or none with the reason. The new plan is
    proven before it is written.
    """
    from capacity.replan import Asked
    from capacity.replan import replan as find
    from inventory.documents import to_data, to_json
    from tui.loaded import read_runs

    workspace: Workspace = context.obj
    if out is not None and workspace.path(out).is_dir():
        raise InputError("this is a folder", where=str(out), remedy="name a file to write the plan to")
    estate, facility, plan = workspace.estate(), workspace.facility(), workspace.plan(plan_file)
    _unchanged(plan, plan_file)
    calendar = workspace.calendar(plan.inputs.start)
    runs, _ = read_runs(workspace.path(project))
    zone = ZoneInfo(plan.calendar.time_zone)
    with output.progress() as progress:
        found = find(
            estate,
            facility,
            plan,
            workspace.settings.risk,
            runs,
            Asked(since.replace(tzinfo=zone) if since is not None else None, percentile, calendar),
            progress=progress,
        )
    if as_json:
        data = to_data(found)
        data["plan"] = found.plan.content_hash
        output.data_json(data)
    else:
        show(found, every=every)
    if found.violations:
        from capacity.check_output import render

        if not as_json:
            output.data(render(found.violations, "text", plan_path=str(out or plan_file)))
        output.say(
            "no dates were found with which every rule holds, and nothing was written; "
            "what no date mends is for `vorst plan`"
        )
        raise typer.Exit(FINDINGS)
    if out is not None:
        write_text(workspace.path(out), to_json(found.plan, indent=1) + "\n")
        output.say(
            f"wrote {out}: every rule holds; {workspace.command(f'diff {plan_file} {out}')} shows what moved"
        )
    if found.is_changed:
        raise typer.Exit(FINDINGS)


def _unchanged(plan: Plan, plan_file: Path) -> None:
    """Refuse a plan that was changed by hand: nobody proved it."""
    from capacity.plan import sealed

    if sealed(plan).content_hash != plan.content_hash:
        raise InputError(
            "the plan was changed after it was made",
            where=str(plan_file),
            remedy=f"see `vorst check {plan_file}`, and plan again",
        )


# --- as tables -------------------------------------------------------------------------------------------------------


def show(found: Replanned, *, every: bool) -> None:
    """What moves and why, what follows, what has no date any more, and how much stays."""
    _show_groups(found, every=every)
    _show_steps(found, every=every)
    if found.undated:
        output.table(
            f"{some(len(found.undated), 'group')} without a date any more",
            ["group", "assets", "why"],
            [[u.name, len(u.assets), f"{u.why.rule}: {u.why.text}"] for u in found.undated],
            right=[1],
        )
    for kind, ratio in found.factors.items():
        output.data(f"{kind}: given {ratio:.2f} times the planned duration from now on, as measured")
    if found.longer:
        more = sum(entry.hands for entry in found.longer)
        with_hands = f", {more} of them with more hands instead" if more else ""
        output.data(f"{some(len(found.longer), 'step')} begin as planned and are given longer{with_hands}")
    if found.gone:
        output.data(f"no longer needed: {', '.join(found.gone)}")
    _show_counts(found)


def _show_groups(found: Replanned, *, every: bool) -> None:
    shown = found.groups if every else found.groups[:SHOWN_GROUPS]
    output.table(
        f"groups that move, as of {_minute(found.now)}{_more(len(shown), len(found.groups))}",
        ["group", "from", "to", "wave", "why"],
        [
            [
                moved.group,
                _minute(moved.start),
                _minute(moved.new_start),
                f"{moved.wave} → {moved.new_wave}" if moved.wave != moved.new_wave else str(moved.wave),
                "; ".join(
                    [
                        *(["its wave is frozen"] if moved.is_frozen else []),
                        *(f"{why.rule}: {why.text}" for why in moved.whys),
                    ]
                ),
            ]
            for moved in shown
        ],
    )


def _show_steps(found: Replanned, *, every: bool) -> None:
    if not found.steps:
        return
    shown = found.steps if every else found.steps[:SHOWN_STEPS]
    output.table(
        f"steps that follow, or make room{_more(len(shown), len(found.steps))}",
        ["step", "from", "to", "why"],
        [
            [
                moved.step,
                _minute(moved.start) if moved.start else "new",
                _minute(moved.new_start),
                f"{moved.why.rule}: {moved.why.text}",
            ]
            for moved in shown
        ],
    )


def _show_counts(found: Replanned) -> None:
    output.data(
        f"{some(found.over, 'step is', 'steps are')} over, {found.running} running, {found.overdue} overdue; "
        f"{some(found.frozen, 'wave is', 'waves are')} frozen"
    )
    output.data(
        f"{some(found.kept, 'group keeps its date', 'groups keep their dates')}, {len(found.groups)} move, "
        f"{sum(u.name in _groups(found) for u in found.undated)} have none any more; "
        f"the end goes from {_minute(found.end)} to {_minute(found.new_end)}"
    )
    proof = (
        "no plan moves fewer"
        if found.is_fewest
        else f"at least {found.at_least} have to; whether fewer would do is not proven"
    )
    output.data(f"groups off their dates: {len(found.groups) + len(found.undated)}; {proof}")


def _groups(found: Replanned) -> set[str]:
    return {entry.name for entry in found.undated if not entry.name.startswith("retire")}


def _more(shown: int, there: int) -> str:
    return "" if shown == there else f"; the first {shown} of {there}, --all shows all"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
