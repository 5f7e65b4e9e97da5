"""The command about move groups: what holds them together, which flows they cut, and whether those stand it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inventory.errors import InputError
from tui import output
from tui.cut_words import borne, days_cut, moves_at
from tui.quantities import some
from tui.workspace import PLAN_FILE, Workspace

if TYPE_CHECKING:
    from capacity.plan import MoveGroup, Plan
    from capacity.timetable.cut_flows import CutFlow
    from capacity.timetable.group_ties import GroupTie
    from inventory.estate import Estate
    from inventory.rows import Ref

SHOWN = 60


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("groups")(groups)


def groups(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.")] = Path(PLAN_FILE),
    group: Annotated[
        str | None, typer.Option("--group", metavar="ID", help="Only this one, with its assets and flows.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help=f"Show every group, not the first {SHOWN} only.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show a plan's move groups: why each goes together, which flows it cuts, and whether those stand it.

    A cut flow crosses sites from the move of its one end until the other end has moved too; for good where that stays.
    """
    from capacity.timetable.cut_flows import cut_flows
    from capacity.timetable.group_ties import group_ties

    workspace: Workspace = context.obj
    estate, plan = _fitting(workspace, plan_file)
    chosen = list(plan.groups) if group is None else [group_named(plan, group)]
    ties, cut = group_ties(estate, plan), cut_flows(estate, plan)
    if as_json:
        output.data_json([_as_data(plan, g, ties[g.id], cut[g.id]) for g in chosen])
    elif group is not None:
        _show_one(plan, chosen[0], ties[group], cut[group])
    else:
        _show_all(plan, chosen if every else chosen[:SHOWN], cut)


def _fitting(workspace: Workspace, plan_file: Path) -> tuple[Estate, Plan]:
    from inventory.errors import StaleError

    estate, plan = workspace.estate(), workspace.plan(plan_file)
    if plan.inputs.estate_hash != estate.content_hash:
        raise StaleError(
            "the inventory has changed since this plan was made",
            where=str(plan_file),
            remedy="plan again with `vorst plan`, or name another plan",
        )
    return estate, plan


def group_named(plan: Plan, name: str) -> MoveGroup:
    """The group of a plan that is called so; raises InputError when there is none."""
    found = next((g for g in plan.groups if g.id == name), None)
    if found is None:
        some_ = ", ".join(g.id for g in plan.groups[:3])
        raise InputError(
            f"the plan has no group {name!r:.40}",
            remedy=f"see `vorst groups`; they are called {some_}" if some_ else "the plan moves nothing",
        )
    return found


def _when(moment: datetime | None, form: str) -> str:
    return format(moment, form) if moment else "never"


def _show_all(plan: Plan, shown: Sequence[MoveGroup], cut: dict[str, tuple[CutFlow, ...]]) -> None:
    rows = []
    for group in shown:
        parted = [flow for flow in cut[group.id] if flow.since is not None]
        rows.append(
            [
                group.id,
                group.wave or "",
                _when(moves_at(plan, group), "%Y-%m-%d"),
                len(group.assets),
                len(parted) or "",
                days_cut(parted),
                borne(parted),
                group.reason,
            ]
        )
    more = f"; the first {len(shown)}, --all shows the rest" if len(shown) < len(plan.groups) else ""
    output.table(
        f"{some(len(plan.groups), 'move group')}{more}",
        ["group", "wave", "moves", "assets", "cut", "days", "borne", "why together"],
        rows,
        right=[1, 3, 4, 5],
    )
    met = {flow.flow.id: flow for flows in cut.values() for flow in flows}
    parted = [flow for flow in met.values() if flow.since is not None]
    today = sum(flow.crosses_today for flow in met.values())
    good = sum(flow.is_for_good for flow in parted)
    weight = sum((flow.flow.rate_mbps or 0.0) * (flow.days or 0.0) for flow in parted)
    output.data(
        f"{some(len(parted), 'flow')} cut on the way, {weight:,.0f} Mbit/s × days in all; {good} for good, "
        f"because an end stays; {today} more cross sites already"
    )


def _show_one(plan: Plan, group: MoveGroup, ties: Sequence[GroupTie], cut: Sequence[CutFlow]) -> None:
    moved = _when(moves_at(plan, group), "%Y-%m-%d %H:%M")
    output.data(output.plain(f"{group.id}, {group.name}: wave {group.wave}, moves {moved}"))
    output.table(
        "held together by" if ties else f"held together by nothing but: {group.reason}",
        ["tie", "Mbit/s"],
        [[tie.text, "must" if tie.weight_mbps is None else f"{tie.weight_mbps:,.1f}"] for tie in ties],
        right=[1],
    )
    names = {decision.asset: decision.name for decision in plan.decisions}
    output.table(
        some(len(group.assets), "asset"),
        ["asset", "name"],
        [[f"{asset.kind}:{asset.id}", names.get(asset, "")] for asset in group.assets],
    )
    parted = [flow for flow in cut if flow.is_parted]
    if not parted:
        output.data("no flow of it crosses sites meanwhile")
        return
    output.table(
        f"{some(len(parted), 'flow')} of it cross sites" if len(parted) > 1 else "1 flow of it crosses sites",
        ["flow", "between", "Mbit/s", "from", "until", "latency", "lines leave"],
        [
            [
                flow.flow.id,
                f"{flow.source} and {flow.target}",
                "unknown" if flow.flow.rate_mbps is None else f"{flow.flow.rate_mbps:g}",
                "today" if flow.crosses_today else f"{flow.since:%Y-%m-%d}",
                _until(names, flow),
                _latency(flow),
                _left(flow),
            ]
            for flow in parted
        ],
        right=[0, 2],
    )
    way = plan.calendar.intersite_latency_ms
    output.data(
        f"latency: what the flow bears, against {way:g} ms between sites; lines leave: Mbit/s at the worst moment"
    )


def _until(names: dict[Ref, str], flow: CutFlow) -> str:
    if flow.until is not None:
        return f"{flow.until:%Y-%m-%d}"
    if not flow.staying:
        return "for good"
    first, more = flow.staying[0], len(flow.staying) - 1
    return f"for good: {names.get(first) or first.kind} {'stays' if not more else f'and {more} more stay'}"


def _latency(flow: CutFlow) -> str:
    if flow.flow.latency_ms is None:
        return "unknown"
    return f"{flow.flow.latency_ms:g} ms" + ("" if flow.stands_latency else ": too little")


def _left(flow: CutFlow) -> str:
    if flow.left_mbps is None:
        return "unknown"
    return f"{flow.left_mbps:,.0f}" + (f": too little, {flow.narrowest}" if flow.is_carried is False else "")


def _as_data(
    plan: Plan, group: MoveGroup, ties: Sequence[GroupTie], cut: Sequence[CutFlow]
) -> dict[str, object]:
    return {
        "id": group.id,
        "name": group.name,
        "wave": group.wave,
        "moves_at": moment.isoformat() if (moment := moves_at(plan, group)) else None,
        "reason": group.reason,
        "assets": [f"{asset.kind}:{asset.id}" for asset in group.assets],
        "ties": [{"text": tie.text, "weight_mbps": tie.weight_mbps} for tie in ties],
        "cut_flows": [
            {
                "flow": flow.flow.id,
                "source": flow.source,
                "target": flow.target,
                "rate_mbps": flow.flow.rate_mbps,
                "latency_ms": flow.flow.latency_ms,
                "crosses_today": flow.crosses_today,
                "since": flow.since.isoformat() if flow.since else None,
                "until": flow.until.isoformat() if flow.until else None,
                "days": flow.days,
                "for_good": flow.is_for_good,
                "staying": [f"{asset.kind}:{asset.id}" for asset in flow.staying],
                "stands_latency": flow.stands_latency,
                "is_carried": flow.is_carried,
                "left_mbps": flow.left_mbps,
                "narrowest": flow.narrowest or None,
            }
            for flow in cut
            if flow.is_parted
        ],
    }
