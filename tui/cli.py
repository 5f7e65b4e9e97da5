"""`vorst`: the command line. It shows and asks; what it shows comes from inventory, capacity and playbooks.

Commands are grouped in `tui.commands` and load what they need when they run, so that `vorst --help` answers at once.
Exit codes: 0 fine, 1 an error, 2 findings, violations or changes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from inventory.errors import VorstError
from tui.commands import delivery, inventory, planning, programme
from tui.workspace import Workspace

app = typer.Typer(
    name="vorst",
    help="Empty scattered server rooms into one data centre and a community cloud: inventory, proven plan, playbooks.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def workspace(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Option("-C", "--directory", help="Work in this folder; relative paths resolve there.")
    ] = Path(),
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", is_eager=True)
    ] = False,
) -> None:
    """Common to all commands."""
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"vorst {version_of('vorst')}")
        raise typer.Exit
    context.obj = Workspace(directory)


inventory.register(app)
planning.register(app)
delivery.register(app)
programme.register(app)


def main() -> None:
    """Run the command; a mistake of the user becomes one message and exit code 1."""
    try:
        app()
    except VorstError as error:
        from tui.output import explain

        explain(error)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output has gone (`vorst estate --json | head`): nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    main()
