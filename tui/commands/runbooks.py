"""The command that hands a wave to its crew: runbook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inventory.errors import InputError
from tui import output
from tui.approved import standing_of
from tui.fitting_plan import fitting_plan
from tui.workspace import PLAN_FILE, PROJECT_FOLDER, Workspace

if TYPE_CHECKING:
    from playbooks.scope import WaveScope


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("runbook")(runbook)


def runbook(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    wave: Annotated[
        list[int] | None,
        typer.Option("--wave", metavar="N", min=0, help="Which wave; 0 is the retirements. Repeatable."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every wave of the plan.")] = False,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format", metavar="FORMAT", help="md, pdf or ics; repeatable. All three when left out."
        ),
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="The language: nl, fr or en.")] = "en",
    project: Annotated[
        Path,
        typer.Option(
            "--project", metavar="DIR", help="The Ansible project whose runs are shown beside the estimates."
        ),
    ] = Path(PROJECT_FOLDER),
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="The folder to write to.")] = Path(
        "runbooks"
    ),
) -> None:
    """Write what a crew works from: a wave's runbook as Markdown, PDF (A4) and calendar entries."""
    from capacity.reports.language import checked_language
    from playbooks.host_variables import HostVariables
    from playbooks.runbooks.book import Runbooks
    from playbooks.runbooks.files import FORMATS, write_runbooks
    from playbooks.runbooks.words import words_of
    from playbooks.scope import wave_scopes
    from tui.loaded import no_project, read_runs

    wanted = tuple(dict.fromkeys(formats or FORMATS))
    for name in wanted:
        if name not in FORMATS:
            raise InputError(
                f"no format {name!r}", where="--format", remedy=f"use one of {', '.join(FORMATS)}"
            )
    words = words_of(checked_language(lang))
    if bool(wave) == every:
        raise InputError(
            "which wave?" if not every else "--wave and --all name different things",
            where="--wave",
            remedy="name one with --wave N, or take them all with --all",
        )
    workspace: Workspace = context.obj
    runs, is_there = read_runs(workspace.path(project))
    if not is_there and project != Path(PROJECT_FOLDER):
        raise no_project(workspace.path(project), "--project")
    estate, facility, plan = fitting_plan(workspace, plan_file)
    scopes = _chosen(wave_scopes(plan), wave, plan_file)
    runbooks = Runbooks(
        HostVariables(estate, plan),
        facility,
        runs,
        words,
        standing_of(workspace, plan),
    )
    with output.progress() as show:
        names = write_runbooks(
            runbooks, scopes, wanted, workspace.path(out), lambda done: show("runbooks", done, len(scopes))
        )
    shown = ", ".join(names) if len(names) <= 3 else f"{len(names)} files, {names[0]} to {names[-1]}"
    output.say(f"wrote {shown} in {out}")


def _chosen(scopes: tuple[WaveScope, ...], wave: list[int] | None, plan_file: Path) -> tuple[WaveScope, ...]:
    if not wave:
        if not scopes:
            raise InputError(
                "the plan has no waves", where=str(plan_file), remedy="there is nothing to carry out"
            )
        return scopes
    by_number = {scope.number: scope for scope in scopes}
    unknown = sorted(set(wave) - by_number.keys())
    if unknown:
        known = f"{min(by_number)} to {max(by_number)}" if by_number else "none"
        raise InputError(
            f"the plan has no wave {', '.join(str(number) for number in unknown)}",
            where=str(plan_file),
            remedy=f"its waves are {known}; `vorst runbook --all` takes them all",
        )
    return tuple(by_number[number] for number in sorted(set(wave)))
