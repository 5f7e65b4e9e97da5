"""Commands about what fits where and when: facility, capacity, plan, check, diff, schema."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inventory.errors import InputError
from tui import output
from tui.approved import approved_plan
from tui.commands.evidence import (
    show_balance,
    show_binding,
    show_bounds,
    show_dates,
    show_objectives,
    show_stranded,
)
from tui.fitting_plan import plan_on
from tui.quantities import some
from tui.workspace import PLAN_FILE, Workspace, write_text

if TYPE_CHECKING:
    from capacity.facility import Facility
    from capacity.plan import Plan

FINDINGS = 2  # exit code when a plan breaks a rule, or two plans differ
MOST_UNPLACED = 12  # assets without a place, in the summary of a plan


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("facility")(facility)
    app.command("capacity")(capacity)
    app.command("plan")(plan)
    app.command("check")(check)
    app.command("diff")(diff)
    app.command("schema")(schema)


def facility(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="The facility resolved, as JSON.")] = False,
    calendar: Annotated[bool, typer.Option("--calendar", help="The calendar resolved instead.")] = False,
) -> None:
    """Show the target facility resolved: positions, supply, cooling, pools, entitlements, and what is assumed."""
    from inventory.documents import to_json

    workspace: Workspace = context.obj
    if calendar:
        output.data(to_json(workspace.calendar(), indent=2))
        return
    resolved = workspace.facility()
    if as_json:
        output.data(to_json(resolved, indent=2))
        return
    output.table(
        f"{resolved.name}: {resolved.useful_area_m2:g} m² useful of {resolved.gross_area_m2:g} m²",
        ["", "number"],
        [
            ["halls", len(resolved.halls)],
            ["rack positions", len(resolved.positions)],
            ["racks standing", len(resolved.racks)],
            ["supply nodes", len(resolved.supply)],
            ["cooling zones", len(resolved.cooling_zones)],
            ["cloud pools", len(resolved.pools)],
            ["phases", ", ".join(f"{p.name} from {p.ready_on}" for p in resolved.phases)],
        ],
    )
    output.table(
        "entitlements",
        ["partner", "m²", "kW", "U"],
        [
            [
                e.partner,
                *(
                    "not limited" if v is None else f"{v:g}"
                    for v in (e.area_m2, e.power_w and e.power_w / 1000, e.units_u)
                ),
            ]
            for e in resolved.entitlements
        ],
        right=[1, 2, 3],
    )
    output.table(
        "published", ["value", "is", "source"], [[s.path, s.value, s.source] for s in resolved.sources]
    )
    output.table(
        "assumptions", ["value", "is", "why"], [[a.path, a.value, a.note] for a in resolved.assumptions]
    )


def capacity(
    context: typer.Context,
    plan_file: Annotated[
        Path | None,
        typer.Option("--plan", help="With this plan at the target (plan.json where there is one)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show use against supply in every dimension, at every site and the target, and power under every single loss."""
    from capacity.target_usage import target_usage
    from capacity.usage import source_usage
    from inventory.documents import to_data

    workspace: Workspace = context.obj
    resolved = workspace.facility()
    if plan_file is None and workspace.path(PLAN_FILE).is_file():
        plan_file = Path(PLAN_FILE)
    chosen = plan_on(workspace, plan_file, resolved) if plan_file else None
    lines = (*source_usage(workspace.estate()), *target_usage(resolved, chosen))
    if as_json:
        output.data_json([to_data(line) for line in lines])
        return
    output.table(
        "use against supply",
        ["where", "dimension", "used", "supply", "share", "note"],
        [
            [line.where, line.dimension, line.used_text, line.supply_text, line.share_text, line.note]
            for line in lines
        ],
        right=[2, 3, 4],
    )


def plan(
    context: typer.Context,
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write the plan.")] = Path(PLAN_FILE),
    name: Annotated[str, typer.Option(help="A name for the plan.")] = "plan",
    start: Annotated[
        datetime | None, typer.Option(help="The first day of work; else plan.start of vorst.toml.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed; else plan.seed of vorst.toml.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Objectives and bounds as JSON.")] = False,
) -> None:
    """Make the plan, prove it, and write it. A plan that breaks a rule is shown, not written (exit code 2)."""
    from capacity.planner import proven
    from inventory.documents import to_data, to_json

    workspace: Workspace = context.obj
    if workspace.path(out).is_dir():
        raise InputError("this is a folder", where=str(out), remedy="name a file to write the plan to")
    estate, facility_ = workspace.estate(), workspace.facility()
    settings = workspace.settings.plan
    with output.progress() as progress:
        made, violations = proven(
            estate,
            facility_,
            workspace.calendar(start),
            seed=settings.seed if seed is None else seed,
            name=name,
            planning_value=settings.planning_value,
            progress=progress,
        )
    if violations:
        from capacity.check_output import render

        output.data(render(violations, "text", plan_path=str(out)))
        output.say("the plan breaks these rules and was not written")
        raise typer.Exit(FINDINGS)
    write_text(workspace.path(out), to_json(made, indent=1) + "\n")
    if as_json:
        output.data_json(to_data(made.evidence))
        return
    show_plan(made, facility_)
    output.say(f"wrote {out}: every rule holds; {workspace.command(f'check {out}')} proves it again")


def show_plan(made: Plan, facility_: Facility) -> None:
    """The plan's summary as tables on stdout."""
    from collections import Counter

    counts = Counter(d.strategy for d in made.decisions)
    output.table("strategies", ["strategy", "assets"], sorted(counts.items()), right=[1])
    show_objectives(made.evidence)
    show_dates(made.evidence)
    show_bounds(made.evidence)
    show_binding(made.evidence)
    show_stranded([line for line in made.evidence.stranded if line.level == "facility"])
    show_balance(facility_, made)
    if made.unplaced:
        unproven = sum(entry.is_unproven for entry in made.unplaced)
        output.table(
            f"{some(len(made.unplaced), 'asset')} without a place, {unproven} of them unproven"
            + (
                f"; the first {MOST_UNPLACED}, the plan has all" if len(made.unplaced) > MOST_UNPLACED else ""
            ),
            ["asset", "lacks", "why", "what would place it"],
            [
                [
                    u.name,
                    ", ".join(lack.dimension for lack in u.lacks),
                    u.lacks[0].explanation,
                    u.change.explanation if u.change else "",
                ]
                for u in made.unplaced[:MOST_UNPLACED]
            ],
        )


def check(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan to check.")] = Path(PLAN_FILE),
    format_: Annotated[str, typer.Option("--format", help="text, json, junit, sarif or github.")] = "text",
) -> None:
    """Replay the plan event by event, independent of the planners; exit code 2 when a rule is broken."""
    from capacity.check_output import FORMATS, render
    from capacity.verify import check as prove

    if format_ not in FORMATS:
        raise InputError(f"no format {format_!r}", remedy=f"use one of {', '.join(FORMATS)}")
    workspace: Workspace = context.obj
    estate, facility_, document = workspace.estate(), workspace.facility(), workspace.plan(plan_file)
    violations = prove(estate, facility_, document, workspace.calendar_of(document))
    output.data(render(violations, format_, plan_path=str(plan_file)))
    if violations:
        raise typer.Exit(FINDINGS)


def diff(
    context: typer.Context,
    first: Annotated[
        Path, typer.Argument(metavar="A", help="The plan before; with no B, the plan after the approved one.")
    ] = Path(PLAN_FILE),
    second: Annotated[Path | None, typer.Argument(metavar="B", help="The plan after.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Compare two plans, or one with the approved plan; exit code 2 when they differ."""
    from capacity.approval import CHANGED, standing
    from capacity.plan_diff import as_json as to_json
    from capacity.plan_diff import as_text
    from capacity.plan_diff import diff as compare

    workspace: Workspace = context.obj
    if second is not None:
        before, after = workspace.plan(first), workspace.plan(second)
    else:
        approval, before = approved_plan(workspace)
        after = workspace.plan(first)
        if standing(after, [approval]).state == CHANGED:
            output.say(f"{first} was changed after it was approved: it is no longer the approved plan")
        output.say(
            f"compared with the plan {output.plain(approval.by)} approved on {approval.at:%Y-%m-%d} (UTC), "
            f"{approval.plan_hash[:19]}…"
        )
    found = compare(before, after)
    output.data(to_json(found) if as_json else as_text(found))
    if not found.is_empty:
        raise typer.Exit(FINDINGS)


def schema(document: Annotated[str, typer.Argument(help="estate, facility, plan or runrecord.")]) -> None:
    """Print the JSON Schema of a document."""
    from capacity.facility import Facility
    from capacity.plan import Plan
    from inventory.documents import json_schema
    from inventory.estate import Estate
    from inventory.records import RunRecord

    documents: dict[str, type] = {
        "estate": Estate,
        "facility": Facility,
        "plan": Plan,
        "runrecord": RunRecord,
    }
    if document not in documents:
        raise InputError(f"no document {document!r}", remedy=f"use one of {', '.join(documents)}")
    output.data_json(json_schema(documents[document]))
