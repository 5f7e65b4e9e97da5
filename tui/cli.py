"""`vorst`: the command line. It shows and asks; what it shows comes from inventory, capacity and playbooks.

Commands are grouped in `tui.commands` and load what they need when they run, so that `vorst --help` answers at once.
Exit codes: 0 fine, 1 an error, 2 findings, violations or changes.
"""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from inventory.errors import VorstError
from tui.commands import (
    addresses,
    approval,
    critical_path,
    delivery,
    draining,
    entitlements,
    evidence,
    group_decisions,
    groups,
    inventory,
    planning,
    programme,
    replan,
    resilience,
    resources,
    risk,
    runbooks,
    scenarios,
    sensitivity,
)
from tui.workspace import Workspace

ERROR = 1
NOT_A_DATE = re.compile(
    r"Input should be a valid datetime or date, .*|Value error, .* does not match the formats .*", re.DOTALL
)
INTERRUPTED = 130  # as shells have it for Ctrl-C

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
approval.register(app)
evidence.register(app)
sensitivity.register(app)
draining.register(app)
entitlements.register(app)
groups.register(app)
group_decisions.register(app)
critical_path.register(app)
addresses.register(app)
delivery.register(app)
runbooks.register(app)
programme.register(app)
resilience.register(app)
resources.register(app)
risk.register(app)
replan.register(app)
scenarios.register(app)


def main() -> None:
    """Run the command. A mistake of the user becomes one message on stderr and exit code 1, wrong options included."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal whose encoding lacks a letter of some name gets an escape instead.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_flushed(_run()))


def _run() -> int:
    from tui.output import ReaderGone, explain, say

    try:
        code = app(prog_name="vorst", standalone_mode=False)
    except VorstError as error:
        explain(error)
    except TyperException as error:
        say(_usage(error))
    except typer.Abort:
        return INTERRUPTED
    except ReaderGone:
        _close_quietly()
        return 0
    except OSError as error:
        explain(_of_the_system(error))
    else:
        return code if isinstance(code, int) else 0
    return ERROR


def _usage(error: TyperException) -> str:
    """What is wrong with the command as it was written, and where its help is; no command at all: the help."""
    context: typer.Context | None = getattr(error, "ctx", None)
    if context is not None and error.format_message() == context.get_help():
        return error.format_message()
    remedy = f" (see `{context.command_path} --help`)" if context is not None else ""
    said = NOT_A_DATE.sub("no such date; write it as 2027-03-01", error.format_message().rstrip("."))
    return f"error: {said}{remedy}"


def _of_the_system(error: OSError) -> VorstError:
    return VorstError(
        error.strerror or str(error),
        where=str(error.filename or ""),
        remedy="check the disk, the path and the permissions",
    )


def _flushed(code: int) -> int:
    """The exit code once everything was written. Who reads us may have gone (`| head`); that is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _close_quietly()
    except OSError as error:
        from tui.output import explain

        _close_quietly()
        explain(_of_the_system(error))
        return ERROR
    return code


def _close_quietly() -> None:
    """Send what is still buffered nowhere, so that the interpreter doesn't complain of it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
