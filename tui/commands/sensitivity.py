"""The command about single limits: what a little more of one would bring, and what may be taken away from others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inventory.errors import InputError
from tui import output
from tui.fitting_plan import fitting_plan
from tui.stopping import INTERRUPTED, stoppable
from tui.workspace import PLAN_FILE, Workspace, write_text

if TYPE_CHECKING:
    from capacity.sensitivity.gains import Gain, Sensitivity, Standing

FINDINGS = 2  # exit code when there is a better plan with every limit as it is
SHOWN_SPARE = 20


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("sensitivity")(sensitivity)


def sensitivity(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    limits: Annotated[
        int, typer.Option(min=0, help="Ask this many limits, the most promising first; 0: all of them.")
    ] = 6,
    only: Annotated[
        str, typer.Option(help="Only limits with this in their name or path, as `row H1-R3` or `pools`.")
    ] = "",
    within: Annotated[
        float,
        typer.Option(help="Try up to this much more of a limit, as a share of what it is now."),
    ] = 0.5,
    tries: Annotated[int, typer.Option(min=1, help="Make at most this many plans for a limit.")] = 6,
    spare: Annotated[bool, typer.Option("--spare", help="Show every limit with something to spare.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="Where to write a better plan, should one be found that needs no change."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the smallest increase of single limits that places an asset or saves a rack or host, and limits with slack.

    Each answer is a plan made with that one limit changed, and checked. It takes as long as that many plans; Ctrl-C
    stops it and shows what is done. Exit code 2 when a better plan was found that needs no change of a limit.
    """
    from capacity.sensitivity.gains import Effort
    from capacity.sensitivity.gains import sensitivity as asked
    from capacity.sensitivity.limits import World
    from inventory.documents import to_data, to_json

    if within <= 0:
        raise InputError("--within must be more than 0", remedy="0.5 tries up to half as much again")
    workspace: Workspace = context.obj
    estate, facility, plan = fitting_plan(workspace, plan_file)
    stopping = "stopping after this plan; Ctrl-C again stops at once"
    with output.progress() as progress, stoppable(output.say, stopping) as cancelled:
        found, best = asked(
            World(estate, facility, plan.calendar),
            plan,
            Effort(limits, only, within, tries),
            progress=progress,
            cancelled=cancelled,
        )
    if as_json:
        output.data_json(to_data(found))
    else:
        show(found, every=spare)
    is_better = found.best != found.plan
    if is_better and out is not None:
        write_text(workspace.path(out), to_json(best, indent=1) + "\n")
        output.say(f"wrote {out}: better than the plan given, with every limit as it is")
    if found.cancelled:
        raise typer.Exit(INTERRUPTED)
    if is_better:
        raise typer.Exit(FINDINGS)


# --- as tables -------------------------------------------------------------------------------------------------------


def show(found: Sensitivity, *, every: bool) -> None:
    """Gains, what brought nothing, what is to spare, and what that rests on."""
    if found.best != found.plan:
        output.data(
            f"a better plan needs no change of a limit: {_standing(found.best)} in place of {_standing(found.plan)} "
            f"(found while asking for {output.plain(found.best_from)}); what follows is against that one"
        )
    gains = [gain for gain in found.gains if gain.needed is not None]
    output.table(
        f"what more of a single limit brings, against {_standing(found.best)}; each replanned and checked",
        ["limit", "now", "needed", "more", "brings"],
        [
            [
                gain.limit,
                amount(gain, gain.now),
                amount(gain, gain.needed or 0.0),
                amount(gain, gain.more or 0.0),
                f"{effect(gain)}; {_less(gain)}",
            ]
            for gain in gains
        ],
        right=[1, 2, 3],
    )
    if not gains:
        output.data("none of the limits asked brings anything by itself")
    nothing = [gain for gain in found.gains if gain.needed is None]
    if nothing:
        output.table(
            "limits of which more brought nothing",
            ["limit", "now", "tried up to", "why"],
            [
                [
                    gain.limit,
                    amount(gain, gain.now),
                    amount(gain, gain.tried_to),
                    _why_nothing(gain),
                ]
                for gain in nothing
            ],
            right=[1, 2],
        )
    _show_spare(found, every=every)
    asked = len(found.gains)
    stopped = "; stopped, the rest was not asked" if found.cancelled else ""
    output.data(f"{asked} of {found.limits} limits asked, {found.plans_made} plans made{stopped}")


def _show_spare(found: Sensitivity, *, every: bool) -> None:
    """Limits with slack; those that lie nearest to what they're needed for, unless all are asked for."""
    if not found.slack:
        return
    lines = sorted(found.slack, key=lambda line: line.spare / line.now)
    shown = lines if every else lines[:SHOWN_SPARE]
    more = (
        "" if len(shown) == len(lines) else f"; the tightest {len(shown)} of {len(lines)}, --spare shows all"
    )
    output.table(
        f"what may be taken away with no effect on this plan, {found.slack[0].proof}{more}",
        ["limit", "now", "needed", "to spare"],
        [
            [line.limit, *(_text(line.limit_paths, value) for value in (line.now, line.needed, line.spare))]
            for line in shown
        ],
        right=[1, 2, 3],
    )


def amount(gain: Gain, value: float) -> str:
    """A value of a limit with its unit."""
    return _text(gain.limit_paths, value)


def _text(paths: tuple[str, ...], value: float) -> str:
    from capacity.levers import amount_text
    from capacity.sensitivity.limits import POSITIONS

    return f"{value:,.0f}" if paths[0] == POSITIONS else amount_text(paths[0], value)


def effect(gain: Gain) -> str:
    """What a limit brings, in words."""
    parts = [
        f"places {counted(gain.placed, 'asset')} more" if gain.placed else "",
        *(
            f"saves {counted(number, what)}" if number > 0 else f"takes {counted(-number, what)} more"
            for number, what in ((gain.racks, "rack"), (gain.hosts, "host"))
            if number
        ),
    ]
    return ", ".join(part for part in parts if part)


def _less(gain: Gain) -> str:
    """What is known of less of a limit than is needed."""
    from capacity.sensitivity.gains import BY_BOUNDS, BY_PLANNING

    at = amount(gain, gain.without_effect)
    if gain.without_proof == BY_BOUNDS:
        return f"up to {at} none, by lower bounds"
    return f"none found at {at}" if gain.without_proof == BY_PLANNING else "by the smallest step"


def _why_nothing(gain: Gain) -> str:
    """Why nothing was found: proven, or tried; and what the plan made there gives for what."""
    from capacity.sensitivity.gains import BY_BOUNDS

    if gain.without_proof == BY_BOUNDS:
        return f"proven: {gain.without_proof}"
    exchange = effect(gain)
    return f"{gain.without_proof}; it {exchange}" if exchange else gain.without_proof


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _standing(standing: Standing) -> str:
    return (
        f"{standing.unplaced} unplaced, {counted(standing.racks, 'rack')}, {counted(standing.hosts, 'host')}"
    )
