"""Commands that hand the plan on: playbooks, run, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inventory.errors import InputError
from tui import output
from tui.approved import standing_of
from tui.fitting_plan import fitting_plan
from tui.workspace import PLAN_FILE, PROJECT_FOLDER, Workspace, write_text

FAILED = 2  # exit code when a host failed or could not be reached
PHASES = ("preflight", "replicate", "cutover", "verify", "rollback", "decommission")


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("playbooks")(playbooks)
    app.command("run")(run)
    app.command("report")(report)


def playbooks(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of the Ansible project.")] = Path(
        PROJECT_FOLDER
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace a folder that vorst did not make.")] = False,
) -> None:
    """Generate the Ansible project: one playbook per wave and phase, roles, inventory, runbooks."""
    from playbooks.generate import generate

    workspace: Workspace = context.obj
    estate, facility, plan = fitting_plan(workspace, plan_file)
    project = generate(
        estate, facility, plan, workspace.path(out), force=force, approval=standing_of(workspace, plan)
    )
    playbook_count = sum(name.startswith("wave-") and name.endswith(".yml") for name in project.files)
    output.say(
        f"wrote {out}: {len(project.waves)} waves, {playbook_count} playbooks, {project.hosts} hosts"
        f" ({len(project.incomplete)} can't be automated yet; their preflight says what is missing)"
    )
    if project.waves:
        first = next((w.number for w in project.waves if w.number), project.waves[0].number)
        output.say(f"next: {workspace.command(f'run {out} --wave {first} --phase preflight --check')}")


def run(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder `vorst playbooks` made.")],
    wave: Annotated[int, typer.Option(min=0, help="Which wave; 0 is the retirements.")],
    phase: Annotated[str, typer.Option(help=f"One of {', '.join(PHASES)}.")],
    check: Annotated[bool, typer.Option("--check", help="Ansible's check mode: change nothing.")] = False,
    limit: Annotated[str | None, typer.Option(help="Only these hosts, as Ansible's --limit.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Only the hosts on which the last run of this phase failed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The run's record as JSON.")] = False,
) -> None:
    """Run one phase of one wave with live progress; an unreachable host is a failure (exit code 2)."""
    from inventory.documents import to_json
    from playbooks.events import line_of
    from playbooks.run import run as run_phase

    if phase not in PHASES:
        raise InputError(f"no phase {phase!r}", remedy=f"use one of {', '.join(PHASES)}")
    workspace: Workspace = context.obj
    record = run_phase(
        workspace.path(directory),
        wave,
        phase,
        check=check,
        limit=limit,
        resume=resume,
        on_event=lambda event: _follow(line_of(event)),
    )
    if as_json:
        output.data(to_json(record, indent=2))
    output.say(f"wave {wave}, {phase}: {record.outcome}, {record.duration_s:.0f} s")
    if record.outcome != "done":
        raise typer.Exit(FAILED)


def _follow(line: str) -> None:
    if line:
        output.say(output.plain(line))


def report(
    context: typer.Context,
    partner: Annotated[str, typer.Option(help="The partner's slug, such as stib.")],
    lang: Annotated[str, typer.Option(help="nl, fr or en.")] = "en",
    plan_file: Annotated[Path, typer.Option("--plan", help="The plan.")] = Path(PLAN_FILE),
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write to.")] = Path("reports"),
) -> None:
    """Write one partner's report: HTML, and JSON with its figures. Other partners' assets never appear in it."""
    from capacity.reports.language import checked_language
    from capacity.reports.partner import figures, render_html, render_json

    checked_language(lang)
    workspace: Workspace = context.obj
    estate, facility, plan = fitting_plan(workspace, plan_file)
    found = figures(estate, facility, plan, partner, standing_of(workspace, plan))
    folder = workspace.path(out)
    write_text(folder / f"{partner}-{lang}.html", render_html(found, lang))
    write_text(folder / f"{partner}.json", render_json(found))
    output.say(f"wrote {out / f'{partner}-{lang}.html'} and {out / f'{partner}.json'}")
