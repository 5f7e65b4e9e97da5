"""The command about what a plan's steps hold: crews, vans, docks and circuits against what there is."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from inventory.errors import InputError
from tui import output
from tui.quantities import some
from tui.workspace import PLAN_FILE, Workspace

if TYPE_CHECKING:
    from capacity.resource_use import Profile

OVER = 2  # exit code when more is held than there is


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("resources")(resources)


def resources(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    resource: Annotated[
        str | None,
        typer.Option("--resource", metavar="NAME", help="Only this one, with when how much is held."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show what the plan's steps hold of each resource, at most, against what there is; exit code 2 when it is more."""
    from capacity.resource_use import ResourceUse

    workspace: Workspace = context.obj
    plan = workspace.plan(plan_file)
    use = ResourceUse(workspace.estate(), plan)
    if resource is not None and resource not in use.names:
        raise InputError(f"no step holds {resource!r:.40}", remedy=f"held are {', '.join(use.names[:8])}")
    found = [use.of(name) for name in (use.names if resource is None else (resource,))]
    zone = ZoneInfo(plan.calendar.time_zone)
    if as_json:
        output.data_json([_as_data(profile, zone, is_whole=resource is not None) for profile in found])
    else:
        output.table(
            f"{some(len(found), 'resource')} held by steps; circuits in Mbit/s",
            ["resource", "at most held", "there is", "first at most", "hours too much"],
            [
                [
                    profile.resource,
                    _amount(profile.peak),
                    _amount(profile.most),
                    _moment(float(profile.moments[int(profile.used.argmax())]), zone),
                    f"{profile.over_hours:,.1f}" if profile.over_hours else "",
                ]
                for profile in found
            ],
            right=[1, 2, 4],
        )
        for profile in found if resource is not None else ():
            output.table(
                "when", ["from", "until", "held", "there is"], _stretches(profile, zone), right=[2, 3]
            )
    if any(profile.is_over.any() for profile in found):
        raise typer.Exit(OVER)


def _amount(amount: float) -> str:
    return "unknown" if amount == float("inf") else f"{round(amount, 1):,.10g}"


def _moment(seconds: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M}"


def _stretches(profile: Profile, zone: ZoneInfo) -> list[list[str]]:
    """From when until when how much is held, where any is."""
    return [
        [
            _moment(float(profile.moments[n]), zone),
            _moment(float(profile.moments[following]), zone),
            _amount(float(profile.used[n])),
            _amount(float(profile.offered[n])),
        ]
        for n, following in pairwise(range(profile.moments.size))
        if profile.used[n] > 0
    ]


def _as_data(profile: Profile, zone: ZoneInfo, *, is_whole: bool) -> dict[str, object]:
    found: dict[str, object] = {
        "resource": profile.resource,
        "peak": profile.peak,
        "offered": None if profile.most == float("inf") else profile.most,
        "over_hours": profile.over_hours,
    }
    if is_whole:
        found["held"] = [
            {
                "from": datetime.fromtimestamp(float(profile.moments[n]), zone).isoformat(),
                "until": datetime.fromtimestamp(float(profile.moments[n + 1]), zone).isoformat(),
                "held": float(profile.used[n]),
                "offered": None if profile.offered[n] == float("inf") else float(profile.offered[n]),
            }
            for n in range(profile.moments.size - 1)
            if profile.used[n] > 0
        ]
    return found
