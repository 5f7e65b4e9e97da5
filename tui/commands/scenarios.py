"""Commands about what-if: list, show, plan and compare scenarios, and sweep over parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inventory.errors import InputError
from tui import output
from tui.commands.sweeps import sweep
from tui.quantities import some, used_of
from tui.scenario_work import (
    SCENARIO_FILE,
    Compared,
    compared,
    idle_lines,
    planned,
    present_inputs,
    scenario_file,
)
from tui.workspace import Workspace, write_text

if TYPE_CHECKING:
    from capacity.plan import Plan
    from capacity.scenarios import Patched, PlanningInputs
    from capacity.verify import Violation

SIDE_BY_SIDE = 4  # scenarios beside the present in one table; more go into tables below
SHOWN_CHANGES = 12  # of one operation; --json has more
FINDINGS = 2  # exit code when a plan breaks a rule, two plans differ, or a cell of a sweep failed
ScenarioFileOption = Annotated[Path, typer.Option("-f", "--file", help="The file of scenarios.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Plan anew, even what was planned before.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    scenarios = typer.Typer(
        help="What if: patches on the present, planned and compared.", no_args_is_help=True
    )
    scenarios.command("example")(example)
    scenarios.command("list")(list_)
    scenarios.command("show")(show)
    scenarios.command("plan")(plan)
    scenarios.command("check")(check)
    scenarios.command("compare")(compare)
    scenarios.command("diff")(diff)
    scenarios.command("sweep")(sweep)
    app.add_typer(scenarios, name="scenario")


def example() -> None:
    """Print a small file of scenarios to start from: `vorst scenario example > scenarios.yaml`."""
    from capacity.scenarios import EXAMPLE

    output.data(EXAMPLE)


def list_(
    context: typer.Context, file: ScenarioFileOption = Path(SCENARIO_FILE), as_json: AsJson = False
) -> None:
    """List the scenarios of a file, and its sweep."""
    from capacity.whatif.sweep import cells_of

    workspace: Workspace = context.obj
    found = scenario_file(workspace, file)
    cells = len(cells_of(found)) if found.sweep else 0
    sections = ("calendar", "facility", "estate", "demand")
    rows: list[dict[str, Any]] = [
        {
            "name": s.name,
            "based_on": s.based_on,
            "description": s.description,
            "settings": sorted(s.settings.model_dump(exclude_none=True)),
            **{section: len(getattr(s, section)) for section in sections},
        }
        for s in found.scenarios
    ]
    if as_json:
        sweep = {"name": found.sweep.name, "cells": cells} if found.sweep else None
        output.data_json({"scenarios": rows, "sweep": sweep})
        return
    output.table(
        str(file),
        ["scenario", "based on", "changes", "description"],
        [
            [
                row["name"],
                row["based_on"] or "the present",
                ", ".join(
                    [
                        *row["settings"],
                        *(f"{row[section]} in {section}" for section in sections if row[section]),
                    ]
                ),
                row["description"],
            ]
            for row in rows
        ],
    )
    if found.sweep:
        other = "" if file == Path(SCENARIO_FILE) else f" {file}"
        output.data(f"sweep {found.sweep.name}: {some(cells, 'cell')}; `vorst scenario sweep{other}` runs it")


def _patched(workspace: Workspace, file: Path, name: str) -> Patched:
    from capacity.scenarios import scenario_inputs

    found = scenario_file(workspace, file)
    result = scenario_inputs(present_inputs(workspace), found, name)
    for line in idle_lines(name, result):
        output.say(output.plain(line))
    return result


Name = Annotated[str, typer.Argument(metavar="NAME", help="The scenario; `present` is the present itself.")]


def show(
    context: typer.Context,
    name: Name,
    file: ScenarioFileOption = Path(SCENARIO_FILE),
    facility: Annotated[
        bool, typer.Option("--facility", help="The scenario's facility.yaml instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a scenario changes on the present, value by value, without planning it."""
    from capacity.scenarios import facility_text

    workspace: Workspace = context.obj
    result = _patched(workspace, file, name)
    if facility:
        output.data(facility_text(result.inputs.facility_data))
        return
    if as_json:
        output.data_json({"name": name, "inputs": _inputs_json(result), "changes": _changes_json(result)})
        return
    rows = []
    for change in result.changes:
        shown = change.lines[:SHOWN_CHANGES]
        rows += [[change.where if number == 0 else "", line] for number, line in enumerate(shown)]
        if change.count > len(shown):
            rows.append(["", f"… and {change.count - len(shown)} more"])
    output.table(f"what scenario {name} changes", ["where", "change"], rows)
    inputs = result.inputs
    output.data(
        f"inputs   {inputs.content_hash}\nestate   {inputs.estate.content_hash}\n"
        f"facility {inputs.facility.content_hash}"
    )


def _inputs_json(result: Patched) -> dict[str, Any]:
    inputs = result.inputs
    return {
        "inputs_hash": inputs.content_hash,
        "estate_hash": inputs.estate.content_hash,
        "facility_hash": inputs.facility.content_hash,
        "start": inputs.calendar.start.isoformat(),
        "seed": inputs.seed,
        "planning_value": inputs.planning_value,
    }


def _changes_json(result: Patched) -> list[dict[str, Any]]:
    return [
        {"section": c.section, "where": c.where, "count": c.count, "lines": list(c.lines)}
        for c in result.changes
    ]


def plan(
    context: typer.Context,
    name: Name,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Where to write it; else plan-NAME.json.")
    ] = None,
    file: ScenarioFileOption = Path(SCENARIO_FILE),
    fresh: Fresh = False,
    as_json: Annotated[bool, typer.Option("--json", help="Objectives and bounds as JSON.")] = False,
) -> None:
    """Plan a scenario, prove the plan against the scenario's own inputs, and write it.

    A plan that breaks a rule is shown, not written (exit code 2).
    """
    from inventory.documents import to_data, to_json
    from tui.commands.planning import show_plan

    workspace: Workspace = context.obj
    target = out or Path(f"plan-{name}.json")
    if workspace.path(target).is_dir():
        raise InputError("this is a folder", where=str(target), remedy="name a file to write the plan to")
    inputs = _patched(workspace, file, name).inputs
    made, violations = _plan(workspace, inputs, name, fresh=fresh)
    _stop_if_broken(violations, f"scenario {name}")
    write_text(workspace.path(target), to_json(made, indent=1) + "\n")
    if as_json:
        output.data_json(to_data(made.evidence))
        return
    show_plan(made, inputs.facility)
    again = workspace.command(f"scenario check {name} {target}")
    output.say(f"wrote {target}: every rule holds; {again} proves it again")


def _plan(
    workspace: Workspace, inputs: PlanningInputs, name: str, *, fresh: bool = False
) -> tuple[Plan, tuple[Violation, ...]]:
    with output.progress() as progress:
        made, violations, _ = planned(workspace, inputs, name, progress, fresh=fresh)
    return made, violations


def _stop_if_broken(violations: tuple[Violation, ...], what: str) -> None:
    if violations:
        from capacity.check_output import render

        output.data(render(violations, "text", plan_path=what))
        output.say(f"the plan of {what} breaks these rules and was not written")
        raise typer.Exit(FINDINGS)


def check(
    context: typer.Context,
    name: Name,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan to check.")],
    file: ScenarioFileOption = Path(SCENARIO_FILE),
    format_: Annotated[str, typer.Option("--format", help="text, json, junit, sarif or github.")] = "text",
) -> None:
    """Replay a plan event by event against the estate and the facility of a scenario, as `vorst check` does."""
    from capacity.check_output import FORMATS, render
    from capacity.verify import check as prove

    if format_ not in FORMATS:
        raise InputError(f"no format {format_!r}", remedy=f"use one of {', '.join(FORMATS)}")
    workspace: Workspace = context.obj
    document = workspace.plan(plan_file)
    inputs = _patched(workspace, file, name).inputs
    violations = prove(inputs.estate, inputs.facility, document, inputs.calendar)
    output.data(render(violations, format_, plan_path=str(plan_file)))
    if violations:
        raise typer.Exit(FINDINGS)


def diff(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="A", help="The scenario before.")],
    second: Annotated[
        str | None, typer.Argument(metavar="[B]", help="The scenario after; else A after the present.")
    ] = None,
    file: ScenarioFileOption = Path(SCENARIO_FILE),
    as_json: AsJson = False,
) -> None:
    """Compare the plans of two scenarios asset by asset; exit code 2 when they differ."""
    from capacity.plan_diff import as_json as to_json
    from capacity.plan_diff import as_text
    from capacity.plan_diff import diff as compare_plans

    workspace: Workspace = context.obj
    before, after = ("present", first) if second is None else (first, second)
    plans = []
    for name in (before, after):
        made, violations = _plan(workspace, _patched(workspace, file, name).inputs, name)
        _stop_if_broken(violations, f"scenario {name}")
        plans.append(made)
    found = compare_plans(*plans)
    output.data(to_json(found) if as_json else as_text(found))
    if not found.is_empty:
        raise typer.Exit(FINDINGS)


def compare(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="The scenarios; else all of the file.")
    ] = None,
    file: ScenarioFileOption = Path(SCENARIO_FILE),
    fresh: Fresh = False,
    as_json: AsJson = False,
) -> None:
    """Plan scenarios and set them side by side with the present; exit code 2 when a plan breaks a rule.

    What was planned before is kept in the workspace by the content of its inputs, and not planned again.
    """
    workspace: Workspace = context.obj
    found = scenario_file(workspace, file)
    with output.progress() as progress:
        entries = compared(
            workspace, found, names or [s.name for s in found.scenarios], progress, fresh=fresh
        )
    for entry in entries:
        for line in idle_lines(entry.name, entry.patched):
            output.say(output.plain(line))
    if as_json:
        output.data_json([_compared_json(entry, entries[0]) for entry in entries])
    else:
        for start in range(1, max(len(entries), 2), SIDE_BY_SIDE):
            _side_by_side(entries[0], entries[start : start + SIDE_BY_SIDE])
        _bindings(entries)
        known = sum(entry.was_known for entry in entries)
        output.say(f"{some(len(entries), 'plan')}, {known} of them planned before")
    if any(entry.outcome.broken for entry in entries):
        output.say("a plan breaks a rule: `vorst scenario plan NAME` shows which; don't follow it")
        raise typer.Exit(FINDINGS)


def _side_by_side(present: Compared, entries: Sequence[Compared]) -> None:
    from capacity.whatif.outcome import FIGURES, difference, verdict

    signs = {1: "▲ ", -1: "▼ ", 0: ""}
    rows = []
    for figure in FIGURES:
        cells = [figure.text(present.outcome)]
        for entry in entries:
            change = difference(figure, entry.outcome, present.outcome)
            mark = f"  {signs[verdict(figure, entry.outcome, present.outcome)]}{change}" if change else ""
            cells.append(f"{figure.text(entry.outcome)}{mark}")
        rows.append([figure.name, *cells])
    output.table(
        "scenarios beside the present (▲ better, ▼ worse)",
        ["", present.name, *(entry.name for entry in entries)],
        rows,
    )


def _bindings(entries: Sequence[Compared]) -> None:
    """Which limits bind in a scenario and not in the present, and the other way round."""
    from capacity.whatif.outcome import binding_only_in

    present = entries[0]
    rows = []
    for entry in entries[1:]:
        for said, one, other in (
            ("binds now", entry.outcome, present.outcome),
            ("no more", present.outcome, entry.outcome),
        ):
            rows += [
                [
                    entry.name,
                    said,
                    limit.limit_path,
                    limit.where,
                    used_of(limit.used, limit.limit, limit.dimension),
                ]
                for limit in binding_only_in(one, other)
            ]
    if rows:
        output.table(
            "limits that bind in a scenario or the present alone",
            ["scenario", "", "limit", "where", "used"],
            rows,
        )


def _compared_json(entry: Compared, present: Compared) -> dict[str, Any]:
    from capacity.whatif.outcome import FIGURES, difference, verdict
    from inventory.documents import to_data

    changed = {
        figure.name: {
            "present": figure.value(present.outcome),
            "value": figure.value(entry.outcome),
            "difference": difference(figure, entry.outcome, present.outcome),
            "verdict": verdict(figure, entry.outcome, present.outcome),
        }
        for figure in FIGURES
        if difference(figure, entry.outcome, present.outcome)
    }
    return {
        "name": entry.name,
        "description": entry.description,
        "changes": _changes_json(entry.patched),
        "outcome": to_data(entry.outcome),
        "differences": changed,
    }
