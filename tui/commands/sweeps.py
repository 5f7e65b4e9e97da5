"""The command that sweeps over parameters: `vorst scenario sweep`, resumable, here or on a cluster."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inventory.errors import InputError
from tui import output
from tui.quantities import some
from tui.scenario_work import SCENARIO_FILE, Swept, scenario_file, sweep_cells
from tui.sweep_runs import runner
from tui.workspace import Workspace, write_text

if TYPE_CHECKING:
    from capacity.whatif.sweep import Weighed
    from capacity.whatif.sweep_effects import Effect

FINDINGS = 2  # exit code when a cell failed or its plan breaks a rule
SHOWN = 40  # cells of the table; the files have all
SHOWN_EFFECTS = 5  # parameters of each figure


def sweep(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="The file with the sweep.")] = Path(
        SCENARIO_FILE
    ),
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Folder for cells.csv and sweep.json; else sweeps/NAME."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Workers here; else one for each core. 1: in this process, without Dask."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler, tcp://HOST:PORT, in place of workers here.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Plan anew, even what was planned before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Plan every cell of a sweep, and say which parameter moves which objective.

    Each finished cell is kept at once: a sweep that was stopped goes on where it was. Results are the same with any
    number of workers. A cell that fails is listed with its error, and the others go on (exit code 2).
    """
    if workers is not None and scheduler is not None:
        raise InputError(
            "--workers and --scheduler exclude each other", remedy="a scheduler has its own workers"
        )
    workspace: Workspace = context.obj
    found = scenario_file(workspace, file)
    with output.progress() as progress:
        swept = sweep_cells(
            workspace,
            found,
            start=lambda count: runner(count, workers, scheduler),
            fresh=fresh,
            progress=progress,
            say=output.say,
        )
    folder = out or Path("sweeps") / swept.name
    data = sweep_json(swept)
    write_text(workspace.path(folder) / "cells.csv", cells_csv(swept))
    write_text(workspace.path(folder) / "sweep.json", json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    if as_json:
        output.data_json(data)
    else:
        _show(swept)
    failed = [entry for entry in swept.weighed if entry.outcome is None]
    broken = [entry for entry in swept.weighed if entry.outcome is not None and entry.outcome.broken]
    output.say(
        f"{some(len(swept.weighed), 'cell')}, {swept.known} of them known before, {len(failed)} failed; "
        f"wrote {folder}/cells.csv and sweep.json"
    )
    if broken:
        output.say(f"the plan of {some(len(broken), 'cell')} breaks a rule: see `broken` in cells.csv")
    if failed or broken:
        raise typer.Exit(FINDINGS)


# --- as files --------------------------------------------------------------------------------------------------------


def sweep_json(swept: Swept) -> dict[str, Any]:
    """The whole sweep as plain data; it holds no time, so that equal inputs give equal bytes."""
    from inventory.documents import to_data

    return {
        "sweep": swept.name,
        "scenario": swept.scenario,
        "parameters": list(swept.parameters),
        "cells": [
            {
                "cell": entry.cell.number,
                "values": {name: _plain_value(value) for name, value in entry.cell.values.items()},
                "outcome": None if entry.outcome is None else to_data(entry.outcome),
                "error": entry.error or None,
            }
            for entry in swept.weighed
        ],
        "effects": [{**to_data(effect), "swing": effect.swing} for effect in swept.effects],
    }


def _plain_value(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | list | dict) or value is None else str(value)


def cells_csv(swept: Swept) -> str:
    """One line for each cell: its parameters, its figures as numbers, the limits that bind, its error."""
    from capacity.whatif.outcome import FIGURES
    from inventory.sources.spreadsheet_cells import neutralise

    figures = [figure for figure in FIGURES if not figure.name.startswith(" ")]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [*swept.parameters, *(f.name for f in figures), "binding", "broken", "plan", "error"]
    writer.writerow(["cell", *names])
    for entry in swept.weighed:
        values = [entry.cell.values.get(name, "") for name in swept.parameters]
        made = entry.outcome
        found: list[Any] = [""] * (len(figures) + 3)
        if made is not None:
            cells = [_csv_figure(f.name, f.value(made)) for f in figures]
            binding = "; ".join(dict.fromkeys(limit.limit_path for limit in made.binding))
            found = [*cells, binding, "; ".join(made.broken), made.plan_hash]
        row = [entry.cell.number, *values, *found, entry.error]
        writer.writerow([neutralise(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue()


def _csv_figure(name: str, value: float | None) -> str | float:
    from datetime import date

    if value is None:
        return ""
    if name in ("last room empty", "last step"):
        return date.fromordinal(int(value)).isoformat()
    return int(value) if float(value).is_integer() else round(value, 6)


# --- on the screen ---------------------------------------------------------------------------------------------------


def _show(swept: Swept) -> None:
    from capacity.whatif.outcome import FIGURES
    from capacity.whatif.sweep_effects import MOVED, value_name

    shown = [figure for figure in FIGURES if figure.name in MOVED]
    rows = []
    for entry in swept.weighed[:SHOWN]:
        values = [
            value_name(entry.cell.values[p]) if p in entry.cell.values else "–" for p in swept.parameters
        ]
        made = entry.outcome
        rows.append([entry.cell.number, *values, *(f.text(made) if made else "failed" for f in shown)])
    more = f", the first {SHOWN} of {len(swept.weighed)}" if len(swept.weighed) > SHOWN else ""
    output.table(
        f"sweep {swept.name} on {swept.scenario}{more}",
        ["cell", *swept.parameters, *(figure.name for figure in shown)],
        rows,
        right=[0],
    )
    _failures(swept.weighed)
    _tornado(swept.effects)


def _failures(weighed: Sequence[Weighed]) -> None:
    rows = [[entry.cell.number, entry.error] for entry in weighed if entry.outcome is None]
    if rows:
        output.table("cells that failed", ["cell", "error"], rows[:SHOWN], right=[0])


def _tornado(effects: Sequence[Effect]) -> None:
    """The parameters that move each figure, widest first, with a bar for their share of the widest."""
    rows = []
    for figure in dict.fromkeys(effect.figure for effect in effects):
        own = [effect for effect in effects if effect.figure == figure]
        widest = own[0].swing
        for effect in own[:SHOWN_EFFECTS]:
            bar = "█" * max(1, round(20 * effect.swing / widest))
            ends = (_end(figure, effect.low), _end(figure, effect.high))
            rows.append(
                [
                    figure,
                    effect.parameter,
                    f"{ends[0]} at {effect.low_at}",
                    f"{ends[1]} at {effect.high_at}",
                    bar,
                ]
            )
    if rows:
        output.table("what moves what", ["figure", "parameter", "least", "most", "swing"], rows)
    else:
        output.data("no parameter moves any figure")


def _end(figure: str, value: float) -> str:
    from datetime import date

    if figure in ("last room empty", "last step"):
        return date.fromordinal(round(value)).isoformat()
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:,.1f}"
