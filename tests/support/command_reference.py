"""docs/reference/commands.md as the command line itself describes its commands.

Run it to write the page again: `.venv/bin/python tests/support/command_reference.py`. tests/test_docs.py compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from tui.cli import app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md"

OPENING = """\
# Commands

<!-- Written by tests/support/command_reference.py from the commands' own help. Change the help, not this page. -->

Data go to stdout, messages and progress to stderr. Relative paths resolve in the workspace.

| exit code | means |
| --- | --- |
| 0 | fine |
| 1 | an error; the message says what is wrong, where, and what to do |
| 2 | findings, violations, changes or failed hosts; the output names them |
| 130 | stopped with Ctrl-C |
"""


def commands() -> dict[str, Any]:
    """Every command that can be run, by the words a person types after `vorst`."""
    return dict(_commands(typer.main.get_command(app), ()))


def _commands(group: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


def markdown() -> str:
    """The whole page."""
    common = typer.main.get_command(app)
    sections = [
        OPENING,
        "## For every command\n\nThese stand before the command: `vorst -C W plan`.\n",
        _options(common),
    ]
    for words, command in commands().items():
        sections.append(f"## vorst {words}\n\n{_paragraphs(command.help)}\n")
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        usage = " ".join(["vorst", words, *(_argument(a) for a in arguments)])
        options = [
            f"{p.opts[0]} {_value(p)}" for p in command.params if p.param_type_name == "option" and p.required
        ]
        sections.append(f"```text\n{' '.join([usage, *options])} [OPTIONS]\n```\n")
        sections.append(_options(command))
    return "\n".join(section for section in sections if section)


def _paragraphs(text: str) -> str:
    """The help's paragraphs, each on one line; ends with a full stop."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _argument(argument: Any) -> str:
    name = str(argument.metavar or argument.name.upper())
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _value(option: Any) -> str:
    return str(option.name).removesuffix("_").removesuffix("_file").upper().replace("_", "-")


def _options(command: Any) -> str:
    rows = []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            shown = f"`{_argument(parameter)}`"
        elif parameter.is_flag:
            shown = ", ".join(f"`{name}`" for name in parameter.opts)
        else:
            shown = ", ".join(f"`{name} {_value(parameter)}`" for name in parameter.opts)
        rows.append(f"| {shown} | {_cell(parameter.help or '')}{_default(parameter)} |")
    if not rows:
        return ""
    return "\n".join(["| option or argument | |", "| --- | --- |", *rows, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _default(parameter: Any) -> str:
    if parameter.required:
        return " Required."
    if parameter.default in {None, False, ""}:
        return ""
    return f" Default: `{parameter.default}`."


if __name__ == "__main__":
    PAGE.write_text(markdown(), encoding="utf-8")
