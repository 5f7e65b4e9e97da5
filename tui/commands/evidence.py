"""Commands about how good a plan is and what would make it better: stranded; and the tables of a plan's evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui import output
from tui.quantities import amount, word
from tui.workspace import PLAN_FILE, Workspace

if TYPE_CHECKING:
    from capacity.plan import Evidence, Stranded


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("stranded")(stranded)


def stranded(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    racks: Annotated[bool, typer.Option("--racks", help="Rack by rack as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show what is free and useless: units without power, power without cooling, memory without vCPUs, and so on."""
    from capacity.stranded import by_rack
    from inventory.documents import to_data

    workspace: Workspace = context.obj
    made = workspace.plan(plan_file)
    lines = list(made.evidence.stranded)
    if racks:
        lines += by_rack(workspace.facility(), made)
    if as_json:
        output.data_json([to_data(line) for line in lines])
        return
    if not lines:
        output.say("the plan says nothing of it: made before vorst did, or with nothing to go by; plan again")
    show_stranded(lines)


def show_bounds(evidence: Evidence) -> None:
    """What each dimension alone forces of each objective."""
    from capacity.evidence import by_dimension

    found = by_dimension(evidence)
    output.table(
        "lower bounds by dimension, each by itself",
        ["objective", "dimension", "at least", "most of it from", "bound holds for"],
        [[b.objective, b.dimension, f"{b.value:,.0f}", b.limit_path, b.basis] for b in found],
        right=[2],
    )


def show_stranded(lines: Sequence[Stranded]) -> None:
    """Free capacity that nothing can use."""
    if not lines:
        return
    output.table(
        "stranded: free, and of no use without the other",
        ["where", "what", "free", "stranded", "for want of"],
        [
            [
                f"{line.level} {line.where}",
                word(line.dimension),
                amount(line.free, line.dimension),
                "unknown" if line.amount is None else amount(line.amount, line.dimension),
                word(line.without),
            ]
            for line in lines
        ],
        right=[2, 3],
    )
