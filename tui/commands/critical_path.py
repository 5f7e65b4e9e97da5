"""The command about what decides a plan's end: the chain of steps, what holds each, and slack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inventory.errors import InputError
from tui import output
from tui.fitting_plan import fitting_plan
from tui.quantities import lasting, some
from tui.workspace import PLAN_FILE, Workspace

if TYPE_CHECKING:
    from capacity.critical_path import Link
    from capacity.plan import Plan, Step


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("critical-path")(critical_path)


def critical_path(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="ID", help="Instead, the slack of each step of this move group."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the chain of steps that decides when the plan ends, what holds each of them, and its slack.

    Slack is how much longer a step may take before the plan ends later; everything after it is dated anew.
    """
    from capacity.critical_path import CriticalPaths
    from tui.views.critical import held

    workspace: Workspace = context.obj
    estate, _, plan = fitting_plan(workspace, plan_file)
    paths = CriticalPaths(estate, plan)
    if group is not None:
        steps = _steps_of(plan, group)
        slack = paths.slack(step.id for step in steps)
        if as_json:
            output.data_json(
                [{"step": step.id, "slack_minutes": slack[step.id].total_seconds() / 60} for step in steps]
            )
        else:
            output.table(
                f"{group}: {some(len(steps), 'step')}",
                ["step", "from", "until", "slack"],
                [
                    [s.id, f"{s.start:%Y-%m-%d %H:%M}", f"{s.end:%Y-%m-%d %H:%M}", lasting(slack[s.id])]
                    for s in steps
                ],
                right=[3],
            )
        return
    if as_json:
        output.data_json(
            {
                "schema_version": paths.path.schema_version,
                "plan_hash": paths.path.plan_hash,
                "end": paths.path.end.isoformat(),
                "chain": [_as_data(link) for link in paths.path.chain],
                "deciding": list(paths.path.deciding),
            }
        )
        return
    chain = paths.path.chain
    output.data(
        f"{some(len(chain), 'step')} lead to the end, {paths.path.end:%Y-%m-%d %H:%M}, one after the other;"
    )
    output.data("slack is how much longer a step may take before the end moves\n")
    output.data(f"{'begins':<16}  {'slack':>10}  step, and what it waits for")
    for link in chain:
        output.data(
            output.plain(f"{link.start:%Y-%m-%d %H:%M}  {lasting(link.slack):>10}  {link.step}")
            + f"\n{'':30}{output.plain(held(link, before='the one above'))}"
        )
    others = len(set(paths.path.deciding) - {link.step for link in paths.path.chain})
    if others:
        output.data(f"\n{some(others, 'more step')} would let one of them begin sooner, too")


def _steps_of(plan: Plan, group: str) -> list[Step]:
    steps = [step for step in plan.steps if step.group == group]
    if not steps:
        raise InputError(f"the plan has no group {group!r:.40}", remedy="see `vorst groups`")
    return steps


def _as_data(link: Link) -> dict[str, object]:
    return {
        "step": link.step,
        "kind": link.kind,
        "group": link.group,
        "wave": link.wave,
        "start": link.start.isoformat(),
        "end": link.end.isoformat(),
        "held_by": link.held_by,
        "after": link.after,
        "resources": list(link.resources),
        "wait_minutes": link.wait.total_seconds() / 60,
        "ready": link.ready.isoformat(),
        "slack_minutes": link.slack.total_seconds() / 60,
    }
