"""The command about address ranges that are at two places while a plan is carried out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inventory.errors import InputError
from tui import output
from tui.quantities import some
from tui.workspace import PLAN_FILE, Workspace

if TYPE_CHECKING:
    from capacity.addresses import AddressRange

SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("addresses")(addresses)


def addresses(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    wave: Annotated[int | None, typer.Option(min=1, help="Only ranges that this wave takes from.")] = None,
    everything: Annotated[bool, typer.Option("--all", help=f"Not only the first {SHOWN}.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON.")] = False,
) -> None:
    """Show which prefixes move whole, which stretch between sites and how long, and whose members are renumbered."""
    from capacity.addresses import address_ranges
    from inventory.documents import to_data

    workspace: Workspace = context.obj
    plan = workspace.plan(plan_file)
    if wave is not None and wave not in {known.number for known in plan.waves}:
        raise InputError(
            f"the plan has no wave {wave}",
            where=str(plan_file),
            remedy=f"choose one of 1 to {len(plan.waves)}",
        )
    found = address_ranges(workspace.estate(), plan)
    ranges = [r for r in found.ranges if wave is None or wave in r.waves]
    if as_json:
        data = to_data(found)
        output.data_json({**data, "ranges": [to_data(r) for r in ranges]})
        return
    counts = Counter(r.need for r in ranges)
    told = ", ".join(f"{count} {need}" for need, count in sorted(counts.items())) or "none"
    shown = ranges if everything else ranges[:SHOWN]
    more = f"; the first {SHOWN}, `--all` has the rest" if len(shown) < len(ranges) else ""
    output.table(
        f"address ranges: {told}{more}",
        ["prefix", "VLAN", "what", "from", "until", "moving", "staying"],
        [_row(r) for r in shown],
        right=[1, 5, 6],
    )
    unknown = [
        f"{some(len(refs), 'asset that moves has', 'assets that move have')} {what}"
        for refs, what in (
            (found.unaddressed, "no address on record"),
            (found.outside, "addresses that lie in no prefix on record"),
        )
        if refs
    ]
    if unknown:
        output.say(f"not known: {'; '.join(unknown)}")


def _row(found: AddressRange) -> list[str | int]:
    from capacity.addresses import MOVES, PARTS

    until = (
        "for good" if found.last is None else "at once" if found.need == MOVES else f"{found.last:%Y-%m-%d}"
    )
    what = "renumber" if found.need == PARTS else found.need
    vlan = "" if found.vlan_vid is None else str(found.vlan_vid)
    return [
        found.prefix,
        vlan,
        what,
        f"{found.first:%Y-%m-%d}",
        until,
        len(found.moving),
        len(found.staying),
    ]
