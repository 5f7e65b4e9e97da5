"""Commands that run the whole way: demo from the sample region to reports, and tui on all of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inventory.errors import InputError
from tui import output
from tui.approved import standing_of
from tui.quantities import some
from tui.workspace import PLAN_FILE, PROJECT_FOLDER, Workspace, init_workspace, write_text

if TYPE_CHECKING:
    from capacity.facility import Facility
    from capacity.plan import Plan


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("demo")(demo)
    app.command("tui")(tui)


@contextmanager
def _stage(name: str) -> Iterator[Callable[[str], None]]:
    """Announce a stage and its time; the block says what it made."""
    started = time.monotonic()
    made: list[str] = []
    output.say(f"▸ {name} …")
    yield made.append
    output.say(f"  {'; '.join(made)} ({time.monotonic() - started:.1f} s)")


def demo(
    context: typer.Context,
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A fresh folder; else demo-N here.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sample region.")] = 1,
    servers: Annotated[int, typer.Option(min=1, help="Servers of the sample region.")] = 2600,
) -> None:
    """Run it all on the sample region in a fresh folder: inventory, plan, proof, playbooks, reports."""
    from capacity.check_output import render
    from capacity.planner import proven
    from capacity.reports.partner import LANGUAGES, figures, render_html, render_json
    from inventory.comparison import diff
    from inventory.documents import to_json
    from inventory.quality import findings
    from inventory.sources.sample import read_sample
    from inventory.sync import apply
    from playbooks.generate import generate

    base: Workspace = context.obj
    folder = base.path(directory) if directory else _fresh(base.folder)
    started = time.monotonic()
    with _stage("workspace") as made:
        workspace = init_workspace(folder)
        made(f"{folder}: vorst.toml, facility.yaml, vorst.db")
    with _stage("inventory: the sample region") as made, workspace.open_database() as database:
        changes = diff(database, read_sample(seed=seed, servers=servers))
        applied = apply(database, changes, who="demo")
        made(f"{applied.created} objects at revision {applied.revision}")
    with _stage("estate") as made:
        estate, facility = workspace.estate(), workspace.facility()
        found = findings(estate)
        made(
            f"{len(estate.sites)} sites, {len(estate.locations)} rooms, {len(estate.devices)} devices, "
            f"{len(estate.virtual_machines)} machines, {len(found)} findings about the data"
        )
    with _stage("plan, and its proof: replayed event by event") as made, output.progress() as progress:
        settings = workspace.settings.plan
        plan, violations = proven(
            estate,
            facility,
            workspace.calendar(),
            seed=settings.seed,
            name="demo",
            planning_value=settings.planning_value,
            progress=progress,
        )
        made(
            f"{some(len(plan.racks), 'new rack')}, {some(len(plan.hosts), 'cloud host')}, "
            f"{some(len(plan.waves), 'wave')}, {some(len(plan.steps), 'step')}"
        )
        if violations:
            output.data(render(violations, "text", plan_path=PLAN_FILE))
            raise typer.Exit(2)
        write_text(workspace.path(PLAN_FILE), to_json(plan, indent=1) + "\n")
        made("every rule holds; wrote plan.json")
    with _stage("playbooks") as made:
        project = generate(
            estate, facility, plan, workspace.path(PROJECT_FOLDER), approval=standing_of(workspace, plan)
        )
        playbooks = sum(name.startswith("wave-") and name.endswith(".yml") for name in project.files)
        made(f"{playbooks} playbooks for {project.hosts} hosts in playbooks/")
    with _stage("reports") as made:
        partners = [entitlement.partner for entitlement in facility.entitlements]
        for partner in partners:
            values = figures(estate, facility, plan, partner, standing_of(workspace, plan))
            write_text(workspace.path("reports") / f"{partner}.json", render_json(values))
            for language in LANGUAGES:
                write_text(
                    workspace.path("reports") / f"{partner}-{language}.html", render_html(values, language)
                )
        made(f"{len(partners)} partners in {', '.join(LANGUAGES)}, in reports/")
    _summary(workspace, plan, facility, time.monotonic() - started)


def _fresh(folder: Path) -> Path:
    """The first demo, demo-2, demo-3 … that isn't there yet."""
    number = 1
    while True:
        candidate = folder / ("demo" if number == 1 else f"demo-{number}")
        if not candidate.exists():
            return candidate
        number += 1


def _summary(workspace: Workspace, plan: Plan, facility: Facility, seconds: float) -> None:
    from tui.commands.planning import show_plan

    show_plan(plan, facility)
    emptied = [room for room in plan.rooms if room.emptied_at is not None]
    last = max((room.emptied_at for room in emptied if room.emptied_at), default=None)
    output.data(
        f"{len(emptied)} of {len(plan.rooms)} rooms emptied{f', the last on {last:%d %B %Y}' if last else ''}; "
        f"{some(len(plan.waves), 'wave')}; all of it in {seconds:.0f} s\n\n"
        "Try next:\n"
        f"  .venv/bin/vorst -C {workspace.folder} tui\n"
        f"  .venv/bin/vorst -C {workspace.folder} check plan.json\n"
        f"  .venv/bin/vorst -C {workspace.folder} report --partner stib --lang fr -o reports\n"
    )
    if sys.stdin.isatty() and sys.stdout.isatty():
        output.say("Press t for the terminal UI, any other key to finish.")
        if _key() in {"t", "T"}:
            _start(workspace)


def _key() -> str:
    """One key from the terminal, without Enter."""
    import termios
    import tty

    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    try:
        tty.setcbreak(handle)
        return sys.stdin.read(1)
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


def tui(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Option("--plan", help="The plan to show, where there is one.")] = Path(
        PLAN_FILE
    ),
) -> None:
    """The terminal UI on inventory, plan, waves and playbooks."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("the terminal UI needs a terminal", remedy="run it in one, or use the commands")
    _start(context.obj, plan_file)


def _start(workspace: Workspace, plan_file: Path = Path(PLAN_FILE)) -> None:
    from tui.app import VorstApp

    VorstApp(workspace, plan_file=plan_file).run()
