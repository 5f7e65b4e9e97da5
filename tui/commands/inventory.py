"""Commands about what exists: init, import, template, sync, estate, findings, history, override, strategy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inventory.errors import InputError
from tui import output
from tui.workspace import Workspace, init_workspace, user_name

if TYPE_CHECKING:
    from inventory.history import HistoryLine
    from inventory.records import Change
    from inventory.rows import Ref
    from inventory.sources.contract import SourceSnapshot

CONFLICTS = ("report", "ours", "theirs")
CHANGES = 2  # exit code when a dry run found changes


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("init")(init)
    app.command("import")(import_)
    app.command("template")(template)
    sync = typer.Typer(
        help="Compare a source with the inventory, and apply what was shown.", no_args_is_help=True
    )
    sync.command("netbox")(sync_netbox)
    app.add_typer(sync, name="sync")
    app.command("estate")(estate)
    app.command("findings")(findings)
    app.command("history")(history)
    app.command("override")(override)
    app.command("strategy")(strategy)
    app.command("migrate")(migrate)


def init(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder to make the workspace in.")
    ] = Path(),
) -> None:
    """Make a workspace: vorst.toml, facility.yaml and an empty database."""
    base: Workspace = context.obj
    made = init_workspace(base.path(directory))
    output.say(f"made a workspace in {made.folder}: vorst.toml, facility.yaml, vorst.db")
    ways = ("import --sample", "import FILE.xlsx", "sync netbox")
    output.say(f"next, one of: {', '.join(made.command(words) for words in ways)}")


def import_(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A workbook, a CSV file or a folder of CSV files.")
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="The sample region instead of a file.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the sample region.")] = 1,
    servers: Annotated[int, typer.Option(min=1, help="Servers of the sample region.")] = 2600,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; change nothing.")
    ] = False,
) -> None:
    """Import a spreadsheet or the sample region: all of it, or nothing."""
    if sample and file is not None:
        raise InputError("both a file and --sample are given", remedy="import one, then the other")
    if not sample and file is None:
        raise InputError("nothing to import", remedy="give a file, or --sample")
    workspace: Workspace = context.obj
    if sample:
        from inventory.sources.sample import read_sample

        snapshot = read_sample(seed=seed, servers=servers)
    else:
        from inventory.sources.spreadsheet import read_spreadsheet

        snapshot = read_spreadsheet(workspace.path(file or ""))
    _bring_in(workspace, snapshot, apply=not dry_run, conflicts="report", delete_missing=False, as_json=False)


def template(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="ROOMS.xlsx, or a folder for one CSV file per sheet.")],
) -> None:
    """Write the spreadsheet template, with drop-downs and notes."""
    from inventory.sources.spreadsheet_template import write_template

    workspace: Workspace = context.obj
    path = workspace.path(file)
    if path.suffix.casefold() not in {"", ".xlsx", ".csv"}:
        raise InputError(
            f"a template is no {path.suffix} file",
            where=str(path),
            remedy="name an .xlsx, or a folder for CSV files",
        )
    if path.exists():
        raise InputError("there is something already", where=str(path), remedy="choose another name")
    write_template(path)
    output.say(f"wrote {path}; fill it in and run `vorst import {file}`")


def sync_netbox(
    context: typer.Context,
    apply: Annotated[bool, typer.Option("--apply", help="Apply what the comparison shows.")] = False,
    conflicts: Annotated[
        str, typer.Option(help="Where both sides changed: report, ours or theirs.")
    ] = "report",
    delete_missing: Annotated[
        bool,
        typer.Option("--delete-missing", help="Remove what NetBox no longer has and nothing else holds."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The changes as JSON.")] = False,
) -> None:
    """Pull the NetBox that VORST_NETBOX_URL and VORST_NETBOX_TOKEN (or _TOKEN_FILE) name.

    Without --apply nothing changes; exit code 2 says that something would.
    """
    from inventory.sources.netbox import connection_from, read_netbox

    if conflicts not in CONFLICTS:
        raise InputError(f"--conflicts {conflicts!r} is unknown", remedy=f"use {' or '.join(CONFLICTS)}")
    workspace: Workspace = context.obj
    connection = connection_from()
    with output.progress() as progress:
        snapshot = read_netbox(connection.url, connection.token, progress=progress)
    _bring_in(
        workspace, snapshot, apply=apply, conflicts=conflicts, delete_missing=delete_missing, as_json=as_json
    )


def _bring_in(
    workspace: Workspace,
    snapshot: SourceSnapshot,
    *,
    apply: bool,
    conflicts: str,
    delete_missing: bool,
    as_json: bool,
) -> None:
    """Compare, show, and apply what was shown."""
    from inventory.comparison import diff
    from inventory.documents import to_json
    from inventory.sync import apply as apply_changes

    for warning in snapshot.warnings:
        output.say(f"warning: {output.plain(warning)}")
    with workspace.open_database() as database:
        changes = diff(database, snapshot, conflicts=conflicts, delete_missing=delete_missing)  # type: ignore[arg-type]
        if as_json:
            output.data(to_json(changes, indent=2))
        else:
            _show_changes(changes)
        if not apply:
            output.say("nothing was changed")
            if not changes.is_empty:
                raise typer.Exit(CHANGES)
            return
        applied = apply_changes(database, changes, who=user_name())
    output.say(
        f"revision {applied.revision}: {applied.created} created, {applied.updated} updated, {applied.deleted} deleted"
    )


def _show_changes(changes: object) -> None:
    from inventory.records import ChangeSet

    assert isinstance(changes, ChangeSet)  # noqa: S101 - narrows the type for the checker
    counts = changes.counts_by_object_kind()
    columns = list(dict.fromkeys(kind for counter in counts.values() for kind in counter))
    output.table(
        f"{changes.source}: {changes.summary()}",
        ["list", *columns],
        [[kind, *(counter.get(c, "") for c in columns)] for kind, counter in counts.items()],
        right=range(1, len(columns) + 1),
    )
    for change in changes.of_kind("conflict")[:50]:
        output.say(f"conflict: {output.plain(conflict_text(change))}")


def conflict_text(change: Change) -> str:
    """One conflict as a line: which object, where the source has it, what stands here and what the source says."""
    where = f" ({change.where})" if change.where else ""
    sides = "; ".join(f"{f.field} is {f.before!r} here and {f.after!r} there" for f in change.fields)
    return f"{change.object_kind} {change.label or change.external_id}{where}: {change.reason}" + (
        f": {sides}" if sides else ""
    )


def estate(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="The whole estate as JSON.")] = False,
) -> None:
    """Show what exists, or export it."""
    from inventory.documents import to_json
    from inventory.estate import LISTS

    workspace: Workspace = context.obj
    snapshot = workspace.estate()
    if as_json:
        output.data(to_json(snapshot))
        return
    output.table(
        f"estate at revision {snapshot.revision}",
        ["list", "objects"],
        [[name, len(getattr(snapshot, name))] for name in LISTS if getattr(snapshot, name)],
        right=[1],
    )
    output.say(f"content {snapshot.content_hash}")


def findings(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    code: Annotated[str | None, typer.Option(help="Only findings of this code.")] = None,
) -> None:
    """Show what is missing, contradictory or implausible in the inventory; exit code 2 when something is."""
    from inventory.documents import to_data
    from inventory.quality import findings as find
    from inventory.quality.finding import RULES

    if code is not None and code not in RULES:
        raise InputError(f"no finding has the code {code!r}", remedy=f"use one of {', '.join(sorted(RULES))}")
    workspace: Workspace = context.obj
    found = [f for f in find(workspace.estate()) if code is None or f.code == code]
    if as_json:
        output.data_json([to_data(f) for f in found])
    else:
        output.table(
            f"{len(found)} findings",
            ["severity", "code", "object", "finding", "remedy"],
            [
                [
                    f.severity,
                    f.code,
                    f"{f.object.kind}:{f.object.id}",
                    f.message,
                    f.remedy,
                ]
                for f in found
            ],
        )
    if found:
        raise typer.Exit(CHANGES)


def history(
    context: typer.Context,
    object_: Annotated[
        str | None, typer.Argument(metavar="[KIND:ID]", help="One object, such as devices:12.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show who changed what, when, from which source, before and after."""
    from inventory.documents import to_data
    from inventory.history import history as read

    workspace: Workspace = context.obj
    with workspace.open_database() as database:
        lines = read(database, ref=parse_ref(object_) if object_ else None, limit=limit)
    if object_ and not lines:
        raise InputError(
            f"no {object_} was ever in this inventory",
            remedy="`vorst estate` and `vorst history` name what it has",
        )
    if as_json:
        output.data_json([to_data(line) for line in lines])
        return
    if not lines:
        output.say("nothing has changed yet")
        return
    output.table(
        "history, newest first",
        ["revision", "when", "who", "source", "operation", "object", "what", "why"],
        [
            [
                line.revision,
                f"{line.at:%Y-%m-%d %H:%M:%S}",
                line.who,
                line.source,
                line.operation,
                f"{line.object.kind}:{line.object.id}",
                _what_changed(line),
                line.reason,
            ]
            for line in lines
        ],
        right=[0],
    )


def _what_changed(line: HistoryLine) -> str:
    """The fields of one line of history: "weight_kg 12 → 18.5"; of a new object those that are known."""
    before, after = line.before or {}, line.after or {}
    parts = []
    for name in dict.fromkeys((*before, *after)):
        old, new = (_short(values.get(name)) for values in (before, after))
        if line.operation == "create":
            parts += [f"{name} {new}"] if after.get(name) or after.get(name) == 0 else []
        else:
            parts.append(f"{name} {old} → {new}")
    return ", ".join(parts)


def _short(value: object) -> str:
    if isinstance(value, dict) and value.keys() == {"kind", "id"}:
        return f"{value['kind']}:{value['id']}"
    if isinstance(value, list):
        return f"[{', '.join(map(_short, value))}]"
    return "unknown" if value is None else str(value)


def override(
    context: typer.Context,
    object_: Annotated[str, typer.Argument(metavar="KIND:ID", help="The object, such as device_types:7.")],
    assignment: Annotated[
        str, typer.Argument(metavar="FIELD=VALUE", help="The correction; FIELD= removes it.")
    ],
    reason: Annotated[str, typer.Option(help="Why; taking it back needs none.")] = "",
) -> None:
    """Correct one field by hand; the correction stands apart and survives the next sync."""
    from inventory.corrections import remove_override, set_override

    name, equals, value = assignment.partition("=")
    if not equals or not name:
        raise InputError(
            f"{assignment!r} is no correction", remedy="write FIELD=VALUE, such as weight_kg=18.5"
        )
    if value and not reason.strip():
        raise InputError("a correction needs a reason", remedy='add --reason "how it is known"')
    workspace: Workspace = context.obj
    ref = parse_ref(object_)
    with workspace.open_database() as database:
        if value:
            set_override(database, ref, name, _typed(ref.kind, name, value), reason=reason, who=user_name())
        else:
            remove_override(database, ref, name, who=user_name())
    output.say(f"{object_} {name}: {value or 'correction removed'}")


def _typed(kind: str, name: str, value: str) -> object:
    """What a person typed, as the field's sort has it; text that doesn't fit is left for the inventory to refuse."""
    from datetime import date, datetime

    from inventory.fields import fields_of

    spec = fields_of(kind).get(name)
    readers: dict[str, Callable[[str], object]] = {
        "int": int,
        "float": float,
        "link": int,
        "bool": lambda text: {"true": True, "false": False}[text.lower()],
        "date": date.fromisoformat,
        "datetime": datetime.fromisoformat,
        "ref": parse_ref,
    }
    reader = readers.get(spec.sort) if spec is not None else None
    try:
        return reader(value) if reader is not None else value
    except (ValueError, KeyError):
        return value


def strategy(
    context: typer.Context,
    object_: Annotated[str, typer.Argument(metavar="KIND:ID", help="devices:12 or virtual_machines:34.")],
    choice: Annotated[
        str, typer.Argument(metavar="STRATEGY", help="retire, retain, relocate, rehost, replatform; or auto.")
    ],
    reason: Annotated[str, typer.Option(help="Why; taking it back needs none.")] = "",
) -> None:
    """Override the recommended strategy of one asset; `auto` goes back to the recommendation."""
    from capacity.plan import STRATEGIES
    from inventory.corrections import remove_strategy_override, set_strategy_override

    if choice not in {*STRATEGIES, "auto"}:
        raise InputError(f"no strategy {choice!r}", remedy=f"use one of {', '.join(STRATEGIES)}, or auto")
    if choice != "auto" and not reason.strip():
        raise InputError("a decision needs a reason", remedy='add --reason "why not as recommended"')
    ref = parse_ref(object_)
    if ref.kind not in {"devices", "virtual_machines"}:
        raise InputError(
            f"{object_} is no asset", remedy="name a device or a virtual machine, such as devices:12"
        )
    if choice == "relocate" and ref.kind == "virtual_machines":
        raise InputError(
            f"{object_} is a virtual machine: it has no hardware to relocate",
            remedy="use rehost, replatform, retain or retire",
        )
    workspace: Workspace = context.obj
    with workspace.open_database() as database:
        if choice == "auto":
            remove_strategy_override(database, ref, who=user_name())
        else:
            set_strategy_override(database, ref, choice, reason=reason, who=user_name())
    output.say(f"{object_}: {choice}")


def migrate(context: typer.Context) -> None:
    """Bring an older database to this version."""
    from inventory.database import migrate_database

    workspace: Workspace = context.obj
    before, after = migrate_database(workspace.database_url)
    output.say(
        "already at this version" if before == after else f"migrated from {before or 'nothing'} to {after}"
    )


def parse_ref(text: str) -> Ref:
    """Read "devices:12"; raises InputError when it is not KIND:ID of a list of the estate."""
    from inventory.estate import LISTS, Ref

    kind, _, number = text.partition(":")
    if kind not in LISTS or not number.isdecimal() or len(number) > 18:
        raise InputError(
            f"{text!r} names no object", remedy="write KIND:ID, such as devices:12 or virtual_machines:34"
        )
    return Ref(kind, int(number))
