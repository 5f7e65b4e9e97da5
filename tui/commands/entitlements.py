"""The command about who holds the space of the target, and what has to be ordered by when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui import output
from tui.fitting_plan import plan_on
from tui.workspace import PLAN_FILE, Workspace

if TYPE_CHECKING:
    from capacity.entitlements import Holding, SpaceHolders
    from capacity.facility import Reservation

FINDINGS = 2  # exit code when somebody uses more than it may, or a day to order has passed
NAMES = {"area_m2": "area", "power_w": "power", "height_u": "units", "racks": "racks"}


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("entitlements")(entitlements)


def entitlements(
    context: typer.Context,
    plan_file: Annotated[
        Path | None,
        typer.Option("--plan", metavar="PLAN", help="With this plan (plan.json where there is one)."),
    ] = None,
    partner: Annotated[
        str | None, typer.Option(help="Only this partner's, with nothing of any other.")
    ] = None,
    racks: Annotated[bool, typer.Option("--racks", help="Rack by rack as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show who holds the space: entitled, held, planned, reserved, left by partner; cages; what to order by when.

    Exit code 2 when a partner uses more than it may, or when the last day to order something has passed.
    """
    from capacity.entitlements import space_holders
    from inventory.documents import to_data

    workspace: Workspace = context.obj
    facility = workspace.facility()
    if plan_file is None and workspace.path(PLAN_FILE).is_file():
        plan_file = Path(PLAN_FILE)
    plan = None if plan_file is None else plan_on(workspace, plan_file, facility)
    found = space_holders(facility, plan, partner)
    if as_json:
        output.data_json(to_data(found))
    else:
        show(found, racks=racks)
        if plan is None:
            output.say(
                "without a plan: only what stands there and what is reserved; make one with `vorst plan`"
            )
    if found.is_finding:
        raise typer.Exit(FINDINGS)


# --- as tables -------------------------------------------------------------------------------------------------------


def show(found: SpaceHolders, *, racks: bool) -> None:
    """By partner, then reservations, cages, orders and, where asked for, racks."""
    plan = f", with {found.plan}" if found.plan else ""
    output.table(
        f"who holds {found.facility}{plan}",
        ["partner", "of", "entitled", "held", "planned", "reserved", "until", "left"],
        [
            [
                h.partner,
                NAMES[h.dimension],
                _entitled(h),
                *(amount(value, h.dimension) for value in (h.held, h.planned, h.reserved)),
                _until(h),
                _left(h),
            ]
            for h in found.holdings
        ],
        right=[2, 3, 4, 5, 7],
    )
    if found.reservations:
        output.table(
            "reserved",
            ["name", "partner", "from", "released", "what", "note"],
            [
                [r.name, r.partner, r.since or "always", r.until or "never", _what(r), r.note]
                for r in found.reservations
            ],
        )
    if found.cages:
        output.table(
            "cages; an owned one counts whole",
            ["cage", "hall", "owner", "area", "positions", "racks"],
            [
                [c.name, c.hall, c.owner or "nobody's alone", f"{c.area_m2:g} m²", c.positions, c.racks]
                for c in found.cages
            ],
            right=[3, 4, 5],
        )
    if found.purchases:
        output.table(
            "to order: the last day, by lead time before it is needed",
            ["order by", "for", "number", "what", "lead", "needed on", "note"],
            [
                [
                    p.order_by,
                    p.partner,
                    p.count,
                    f"{p.kind} {p.model}",
                    f"{p.lead_days} days",
                    p.needed_on,
                    "too late" if p.spare_days < 0 else "at once" if p.spare_days == 0 else "",
                ]
                for p in found.purchases
            ],
            right=[2, 4],
        )
    if racks:
        output.table(
            "racks; units mounted at front and rear both count",
            ["rack", "position", "owner", "cage", "there since", "mounted", "high"],
            [
                [
                    r.id,
                    r.position,
                    r.owner,
                    r.cage or "",
                    r.since or ("the plan doesn't date it" if r.is_new else "stands there"),
                    amount(r.units_u, "height_u"),
                    f"{r.height_u} U",
                ]
                for r in found.racks
            ],
            right=[5, 6],
        )


def amount(value: float, dimension: str) -> str:
    """A number with its unit; nothing for none."""
    if value == 0:
        return "–"
    if dimension == "power_w":
        return f"{value / 1000:,.1f} kW"
    return f"{value:,.1f}".removesuffix(".0") + {"area_m2": " m²", "height_u": " U"}.get(dimension, "")


def _entitled(holding: Holding) -> str:
    if holding.dimension == "racks":
        return ""
    if not holding.is_entitled:
        return "nothing"
    return "not limited" if holding.entitled is None else amount(holding.entitled, holding.dimension)


def _until(holding: Holding) -> object:
    return "" if holding.reserved == 0 else holding.until or "for good"


def _left(holding: Holding) -> str:
    if holding.over > 0:
        return f"OVER by {amount(holding.over, holding.dimension)}"
    return "" if holding.left is None else amount(holding.left, holding.dimension)


def _what(entry: Reservation) -> str:
    parts = [
        f"{len(entry.positions)} positions" if len(entry.positions) > 1 else "".join(entry.positions),
        amount(entry.area_m2, "area_m2") if entry.area_m2 else "",
        amount(entry.power_w, "power_w") if entry.power_w else "",
        amount(entry.units_u, "height_u") if entry.units_u else "",
    ]
    return ", ".join(part for part in parts if part)
