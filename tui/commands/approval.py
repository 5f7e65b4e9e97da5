"""The command that says which plan is approved: approve."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from inventory.errors import InputError
from tui import output
from tui.approved import approvals, approved_plan
from tui.fitting_plan import fitting_plan
from tui.workspace import PLAN_FILE, Workspace, user_name, write_text

if TYPE_CHECKING:
    from inventory.records import Approval

_COLUMNS = ("when", "by", "plan", "content", "revision", "note")
HASH_SHOWN = 19  # "sha256:" and what tells two plans apart


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("approve")(approve)


def approve(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who approved it.")] = "",
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What they said to it.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="Who approved what, the newest first.")] = False,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write the approved plan to a file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Record that somebody approved a plan; the newest approval counts. A plan that breaks a rule is refused."""
    workspace: Workspace = context.obj
    if listed + (export is not None) + bool(by) > 1:
        raise InputError(
            "--by, --list and --export each do one thing", remedy="name one of them", where="vorst approve"
        )
    if listed:
        _list(workspace, as_json=as_json)
    elif export is not None:
        _export(workspace, export)
    else:
        _approve(workspace, plan_file, by, note, as_json=as_json)


def _approve(workspace: Workspace, plan_file: Path, by: str, note: str, *, as_json: bool) -> None:
    from inventory.approvals import ApprovedPlan
    from inventory.approvals import approve as record
    from inventory.documents import to_data

    estate, _, plan = fitting_plan(workspace, plan_file)
    content = ApprovedPlan(
        name=plan.name,
        content_hash=plan.content_hash,
        estate_hash=estate.content_hash,
        estate_revision=estate.revision,
        facility_hash=plan.inputs.facility_hash,
        document=to_data(plan),
    )
    with workspace.open_database() as database:
        made = record(database, content, by=by, note=note, who=user_name())
    if as_json:
        output.data_json(_data(made))
    output.say(
        f"{plan_file} is the approved plan: {made.plan_hash[:HASH_SHOWN]}…, by {output.plain(made.by)}, on the "
        f"inventory at revision {made.estate_revision}"
    )


def _list(workspace: Workspace, *, as_json: bool) -> None:
    found = approvals(workspace)
    if as_json:
        output.data_json([_data(approval) for approval in found])
        return
    if not found:
        output.say(f"no plan is approved yet: {workspace.command('approve plan.json --by NAME')}")
        return
    zone = ZoneInfo(workspace.calendar().time_zone)
    now = workspace.estate().content_hash
    rows = [
        (
            f"{approval.at.astimezone(zone):%Y-%m-%d %H:%M}",
            approval.by,
            approval.plan_name,
            f"{approval.plan_hash[:HASH_SHOWN]}…",
            f"{approval.estate_revision}"
            + (", changed since" if not place and approval.estate_hash != now else ""),
            approval.note,
        )
        for place, approval in enumerate(found)
    ]
    output.table("Approvals, the newest first: that one counts", _COLUMNS, rows)
    output.say("`vorst diff` compares with it; `vorst approve --export FILE` writes it to a file")


def _export(workspace: Workspace, file: Path) -> None:
    from inventory.documents import to_json

    approval, plan = approved_plan(workspace)
    write_text(workspace.path(file), to_json(plan, indent=1) + "\n")
    output.say(
        f"wrote {file}: the plan {output.plain(approval.by)} approved, {approval.plan_hash[:HASH_SHOWN]}…"
    )


def _data(approval: Approval) -> dict[str, Any]:
    return {**asdict(approval), "at": approval.at.isoformat()}
