"""The command that moves what runs in the cloud: it empties hosts, or evens out a pool, and says what is missing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inventory.errors import InputError
from tui import output
from tui.fitting_plan import fitting_plan
from tui.stopping import INTERRUPTED, stoppable
from tui.workspace import PLAN_FILE, Workspace

if TYPE_CHECKING:
    from capacity.draining.answer import Drain
    from capacity.facility import Facility

FINDINGS = 2  # exit code when something stays
SHOWN = 60
UNITS = {
    "vcpus": "vCPUs",
    "memory_mb": "memory",
    "disk_mb": "disk",
    "hosts": "hosts",
    "apart": "places apart",
}


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("drain")(drain)


def drain(
    context: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WHAT]...",
            help="What to empty: host:ID, pool:NAME, rack:ID, row:HALL-ROW, hall:NAME; the name alone where it is "
            "only one thing's.",
        ),
    ] = None,
    rebalance: Annotated[
        list[str] | None, typer.Option("--rebalance", metavar="POOL", help="Even out this pool instead.")
    ] = None,
    use_reserve: Annotated[
        bool,
        typer.Option(
            "--use-reserve", help="Let work run on the hosts in reserve; a loss may then be one too many."
        ),
    ] = False,
    with_storage: Annotated[
        bool,
        typer.Option("--with-storage", help="The hosts' disks leave as well; else they stay in service."),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the search.")] = 0,
    work: Annotated[int, typer.Option(min=1, help="How long the search goes on, in steps of its own.")] = 60,
    every: Annotated[
        bool, typer.Option("--all", help=f"Show every move, not the first {SHOWN} only.")
    ] = False,
    plan_file: Annotated[Path, typer.Option("--plan", metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the cheapest moves that empty cloud hosts of the plan while everything runs, in an order that works.

    Each state on the way is replayed: what a host promises (a workload counts on both hosts while it moves), what is
    kept apart or together, zones, storage, and that the reserve could take over any host. Exit code 2 when something
    stays; the output says what is missing.
    """
    from capacity.draining.answer import Wish
    from capacity.draining.answer import drain as asked
    from capacity.draining.naming import hosts_named
    from inventory.documents import to_data

    if bool(what) == bool(rebalance):
        raise InputError(
            "name what to empty, or a pool to even out with --rebalance", remedy="as `vorst drain host:ID`"
        )
    workspace: Workspace = context.obj
    estate, facility, plan = fitting_plan(workspace, plan_file)
    wish = Wish(
        hosts_named(facility, plan, what or ()),
        _pools(facility, rebalance or []),
        is_reserve_kept=not use_reserve,
        is_storage_leaving=with_storage,
        seed=seed,
        work=work,
    )
    stopping = "stopping with what was found; Ctrl-C again stops at once"
    with output.progress() as progress, stoppable(output.say, stopping) as cancelled:
        found = asked(estate, facility, plan, wish, progress=progress, cancelled=cancelled)
        is_stopped = cancelled()
    if as_json:
        output.data_json(to_data(found))
    else:
        show(found, every=every)
    if is_stopped:
        raise typer.Exit(INTERRUPTED)
    if found.stays or found.missing or found.refused:
        raise typer.Exit(FINDINGS)


def _pools(facility: Facility, names: list[str]) -> tuple[str, ...]:
    known = [pool.name for pool in facility.pools]
    for name in names:
        if name not in known:
            raise InputError(f"no pool {name!r}", remedy=f"use one of {', '.join(known)}")
    return tuple(dict.fromkeys(names))


# --- as tables -------------------------------------------------------------------------------------------------------


def show(found: Drain, *, every: bool) -> None:
    """The moves, what stays, what is missing, and what it comes to."""
    steps = len({move.step for move in found.moves})
    shown = found.moves if every else found.moves[:SHOWN]
    more = f"; the first {len(shown)}, --all shows the rest" if len(shown) < len(found.moves) else ""
    output.table(
        f"{_counted(len(found.moves), 'move')} in {_counted(steps, 'step')}, "
        f"{_gb(found.copied_mb)} of memory to copy{more}",
        ["step", "workload", "from", "to", "memory"],
        [
            [
                move.step,
                move.name,
                move.source,
                move.target + (", for now" if move.is_aside else ""),
                _gb(move.memory_mb),
            ]
            for move in shown
        ],
        right=[0, 4],
    )
    if found.missing:
        output.table(
            "what is missing, whatever is moved",
            ["pool", "of", "needed", "there is", "hosts more", "why"],
            [
                [
                    entry.pool,
                    UNITS[entry.dimension],
                    _amount(entry.dimension, entry.needs),
                    _amount(entry.dimension, entry.available),
                    entry.hosts,
                    entry.explanation,
                ]
                for entry in found.missing
            ],
            right=[2, 3, 4],
        )
    if found.stays:
        counts = Counter((stay.host, stay.why) for stay in found.stays)
        names = {key: [s.name for s in found.stays if (s.host, s.why) == key] for key in counts}
        output.table(
            f"{_counted(len(found.stays), 'workload')} left where they are",
            ["on", "workloads", "why"],
            [
                [host, ", ".join(names[host, why][:3]) + (f" and {n - 3} more" if n > 3 else ""), why]
                for (host, why), n in counts.items()
            ],
        )
    for promise in found.refused[:5]:
        output.data(output.plain(f"refused by the replay, step {promise.step}: {promise.message}"))
    output.data(output.plain(_summary(found)))


def _summary(found: Drain) -> str:
    wish = found.wish
    what = "even out " + ", ".join(wish.evened) if wish.evened else "empty " + ", ".join(wish.leaving)
    parts = [f"to {what}: {found.status}"]
    if wish.leaving and found.moves:
        parts.append(f"no list of moves copies less than {_gb(found.bound_mb)} for what leaves")
    if found.moves:
        parts.append(f"the fullest host goes from {found.fullest_before:.0%} to {found.fullest_after:.0%}")
        parts.append("every step replayed")
    if wish.is_reserve_kept:
        parts.append(f"in reserve: {', '.join(found.reserve) or 'none'}")
    else:
        parts.append("the reserve is given up meanwhile")
    return "; ".join(parts)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _gb(value: float) -> str:
    return f"{value / 1000:,.0f} GB" if value >= 10_000 else f"{value / 1000:,.1f} GB"


def _amount(dimension: str, value: float) -> str:
    return _gb(value) if dimension.endswith("_mb") else f"{value:,.0f}"
