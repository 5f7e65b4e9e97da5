"""Commands about how good a plan is and what would make it better: stranded; and the tables of a plan's evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui import output
from tui.fitting_plan import plan_on
from tui.quantities import DATES, OBJECTIVES, amount, used_of, word
from tui.workspace import PLAN_FILE, Workspace

if TYPE_CHECKING:
    from capacity.facility import Facility
    from capacity.plan import DateBound, Evidence, Plan, Stranded


MOST_LIMITS = 12  # that bind, in the summary of a plan


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
    facility = workspace.facility()
    made = plan_on(workspace, plan_file, facility)
    lines = list(made.evidence.stranded)
    if racks:
        lines += by_rack(facility, made)
    if as_json:
        output.data_json([to_data(line) for line in lines])
        return
    if not lines:
        output.say("the plan doesn't say: it was made by an older vorst, or nothing stands yet; plan again")
    show_stranded(lines)


def show_bounds(evidence: Evidence) -> None:
    """What each dimension alone forces of each objective."""
    from capacity.evidence import by_dimension

    found = by_dimension(evidence)
    output.table(
        "what each dimension forces by itself",
        ["objective", "dimension", "at least", "most of it from", "bound holds for"],
        [[_name(b.objective), word(b.dimension), f"{b.value:,.0f}", b.limit_path, b.basis] for b in found],
        right=[2],
    )


def show_objectives(evidence: Evidence) -> None:
    """Each objective with its bound; "least" where no plan can do better."""
    output.table(
        "objectives, in order",
        ["objective", "value", "lower bound", "gap", "bound holds for"],
        [
            [
                _name(o.name),
                f"{o.value:,.0f}",
                f"{o.bound:,.0f}",
                f"{o.gap:.1%}" if o.value > o.bound else "least",
                o.basis,
            ]
            for o in evidence.objectives
        ],
        right=[1, 2, 3],
    )


def show_dates(evidence: Evidence) -> None:
    """How soon rooms are empty, beside what no dates with the same places fall below; nothing where none is."""
    if evidence.dates:
        output.table(
            "dates of the rooms that become empty",
            ["what", "value", "lower bound", "gap", "bound holds for"],
            [
                [DATES.get(d.name, d.name), f"{d.value:,.0f}", f"{d.bound:,.0f}", date_gap(d), d.basis]
                for d in evidence.dates
            ],
            right=[1, 2, 3],
        )


def date_gap(entry: DateBound) -> str:
    """What lies between a date and its bound, as a part of the bound."""
    return f"{entry.value / max(entry.bound, 1) - 1:.1%}" if entry.value > entry.bound else "least"


def _name(objective: str) -> str:
    return OBJECTIVES.get(objective, objective)


def show_binding(evidence: Evidence) -> None:
    """The limits with nothing left, the fullest first."""
    limits = sorted(evidence.binding, key=lambda b: -(b.used / b.limit if b.limit else 1.0))
    output.table(
        f"limits that bind{_of(MOST_LIMITS, len(limits))}",
        ["limit", "where", "used", "what it does"],
        [
            [b.limit_path, b.where, used_of(b.used, b.limit, b.dimension), b.explanation]
            for b in limits[:MOST_LIMITS]
        ],
        right=[2],
    )


def _of(shown: int, total: int) -> str:
    """How many of how many are shown, where it isn't all of them."""
    return f", {shown} of {total} (--json has all)" if total > shown else ""


def show_balance(facility: Facility, plan: Plan) -> None:
    """How full each row and cooling zone is; by power, and by weight on the floor."""
    from capacity.floor_balance import floor_balance, of_family

    groups = floor_balance(facility, plan)
    weights = {group.where: group for group in of_family(groups, "floor")}
    output.table(
        "how evenly the floor is loaded",
        ["where", "racks", "positions", "power of weakest line, or cooling", "share", "on its floor"],
        [
            [
                f"{'row' if group.family == 'power' else 'zone'} {group.where}",
                group.racks,
                group.positions,
                used_of(group.load, group.capacity, "power_w"),
                "" if group.share is None else f"{group.share:.0%}",
                f"{weights[group.where].share or 0.0:,.0f} kg/m²" if group.family == "power" else "",
            ]
            for group in (*of_family(groups, "power"), *of_family(groups, "cooling"))
            if group.racks
        ],
        right=[1, 2, 3, 4, 5],
    )


def show_stranded(lines: Sequence[Stranded]) -> None:
    """Free capacity that nothing can use; what strands nothing is left out and counted."""
    told = [line for line in lines if line.amount != 0.0]
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
            for line in told
        ],
        right=[2, 3],
    )
    rest = [line for line in lines if line.amount == 0.0]
    if rest:
        pairs = ", ".join(
            dict.fromkeys(f"{word(line.dimension)} for want of {word(line.without)}" for line in rest)
        )
        where = " in the facility as a whole" if all(line.level == "facility" for line in rest) else ""
        output.say(f"not stranded{where}: {pairs}")
