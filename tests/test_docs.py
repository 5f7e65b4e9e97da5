"""The documentation can't rot unseen: pages, links, commands, settings and fields are held against what there is."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import command_reference
import pytest
import typer
import yaml
from pydantic import BaseModel
from typer.exceptions import TyperException

from capacity.calendar_settings import ExceptionInput, ResourceInput
from capacity.check_output import FORMATS
from capacity.plan import Plan
from tui.cli import app
from tui.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = [*PAGES, ROOT / "README.md"]
NAMES = [str(page.relative_to(ROOT)) for page in TEXTS]


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


# Pages and links


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    built = subprocess.run(
        [
            str(Path(sys.executable).parent / "mkdocs"),
            "build",
            "--strict",
            "--quiet",
            "--site-dir",
            str(tmp_path),
        ],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    assert (tmp_path / "tutorial" / "first-plan.html").is_file()


def test_every_page_stands_in_the_navigation() -> None:
    def pages(node: Any) -> Iterator[str]:
        if isinstance(node, str):
            yield node
        else:
            for child in node.values() if isinstance(node, dict) else node:
                yield from pages(child)

    listed = sorted(pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    assert listed == sorted(str(page.relative_to(DOCS)) for page in PAGES)


@pytest.mark.parametrize("page", TEXTS, ids=NAMES)
def test_links_resolve(page: Path) -> None:
    prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", prose)]
    broken = [t for t in targets if t and "://" not in t and not (page.parent / t).is_file()]
    assert broken == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("See [there](nowhere.md).", encoding="utf-8")
    with pytest.raises(AssertionError):
        test_links_resolve(page)


# Commands


def written_commands(page: Path) -> list[list[str]]:
    """The arguments of each `vorst …` in the console blocks of a page, as a shell would hand them over."""
    blocks = re.findall(
        r"^```[a-z]*\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    found = []
    for line in "\n".join(blocks).splitlines():
        command = re.match(
            r"^\s*(?:- run: )?\$? ?(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?vorst ((?!.*\[OPTIONS\]).*)$",
            line,
        )
        if command:
            words = shlex.split(command[1], comments=True)
            ends = [words.index(sign) for sign in (">", "|") if sign in words]
            found.append(words[: min(ends, default=len(words))])
    return found


def parse(words: list[str]) -> None:
    """Raise TyperException for a command, option or argument that the command line doesn't take."""
    group: Any = typer.main.get_command(app)
    context = group.make_context("vorst", list(words))
    rest = [*context._protected_args, *context.args]
    while hasattr(group, "commands"):
        name, command, rest = group.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)
        rest = [*getattr(context, "_protected_args", []), *context.args]
        group = command


@pytest.mark.parametrize("page", TEXTS, ids=NAMES)
def test_commands_in_blocks_are_taken_by_the_command_line(page: Path) -> None:
    for words in written_commands(page):
        try:
            parse(words)
        except TyperException as error:
            pytest.fail(f"vorst {' '.join(words)}: {error.format_message()}")


def test_the_readme_and_the_tutorial_hold_commands() -> None:
    assert len(written_commands(ROOT / "README.md")) >= 10
    assert len(written_commands(DOCS / "tutorial" / "first-plan.md")) >= 10


@pytest.mark.parametrize(
    "words", [["plann"], ["plan", "--nope"], ["check", "a", "b"], ["run", "p"], ["sync", "nobox"]]
)
def test_a_wrong_command_is_seen(words: list[str]) -> None:
    with pytest.raises(TyperException):
        parse(words)


@pytest.mark.parametrize("page", TEXTS, ids=NAMES)
def test_commands_named_in_prose_exist(page: Path) -> None:
    commands = command_reference.commands()
    common = {name for p in typer.main.get_command(app).params for name in p.opts} | {"--help"}
    for code in re.findall(r"`vorst ([^`\n]+)`", page.read_text(encoding="utf-8")):
        words = [word for word in code.split() if word != "…"]
        while words and words[0] in common:
            del words[: 2 if words[0] == "-C" else 1]
        if not words:
            continue
        name = " ".join(words[:2]) if words[0] == "sync" and len(words) > 1 else words[0]
        known = sorted(c for c in commands if c == name or c.startswith(f"{name} "))
        assert known, f"`vorst {code}` names no command"
        options = {option for c in known for parameter in commands[c].params for option in parameter.opts}
        unknown = [word for word in words if word.startswith("-") and word not in options | common]
        assert unknown == [], f"`vorst {code}`"


def test_the_commands_page_is_what_the_help_says() -> None:
    again = "write it again: .venv/bin/python tests/support/command_reference.py"
    assert text_of("reference/commands.md") == command_reference.markdown(), again


def test_the_commands_page_names_every_command_and_option() -> None:
    page = text_of("reference/commands.md")
    for words, command in command_reference.commands().items():
        section = page.partition(f"## vorst {words}\n")[2].partition("\n## ")[0]
        assert section, f"vorst {words} has no section"
        missing = [
            o
            for p in command.params
            if p.param_type_name == "option"
            for o in p.opts
            if f"`{o}" not in section
        ]
        assert missing == [], f"vorst {words}"


# Settings


def leaves(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each key that `vorst.toml` may hold with its default; tables of tables are looked into."""
    for name in type(model).model_fields:
        default = getattr(model, name)
        if isinstance(default, BaseModel):
            yield from leaves(default, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", default


def as_toml(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return "{" + ", ".join(f"{key} = {as_toml(item)}" for key, item in value) + "}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(as_toml, value))}]"
    return str(value)


def test_every_setting_is_described_with_its_default() -> None:
    page = text_of("reference/settings.md")
    settings = dict(leaves(Settings.model_construct()))
    assert len(settings) >= 20
    resources = settings.pop("calendar.resources")
    missing = [
        row for key, default in settings.items() if (row := f"| `{key}` | `{as_toml(default)}` |") not in page
    ]
    assert missing == []
    assert [name for name, r in resources.items() if f"| `{name}` | {r.capacity:g}, " not in page] == []
    columns = (*ResourceInput.model_fields, *ExceptionInput.model_fields)
    assert [name for name in columns if f"`{name}`" not in page and f"{name} = " not in page] == []


def test_no_setting_is_described_that_does_not_exist() -> None:
    described = re.findall(
        r"^\| `((?:database|plan|calendar|resilience|risk)\.[\w.]+)`",
        text_of("reference/settings.md"),
        re.MULTILINE,
    )
    known = {key for key, _ in leaves(Settings.model_construct())} | {"calendar.work", "calendar.grouping"}
    assert sorted(set(described) - known) == []


# Documents, rules, formats


def test_every_field_of_a_plan_is_described() -> None:
    page = text_of("reference/documents.md")
    outside = {"schema_version", "content_hash"}
    assert [
        f.name for f in dataclasses.fields(Plan) if f.name not in outside and f"`{f.name}`" not in page
    ] == []


def test_demand_rules_named_are_those_of_the_rules_page() -> None:
    named = re.findall(
        r"`((?:redundancy|power|weight|ports|vcpus|memory|disk)\.\w+)`", text_of("reference/demand.md")
    )
    rules = text_of("reference/rules.md")
    assert len(named) >= 12
    assert [rule for rule in named if f"`{rule}`" not in rules] == []


def test_every_format_of_check_is_described() -> None:
    page = text_of("how-to/ci.md")
    assert sorted(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == sorted(FORMATS)
