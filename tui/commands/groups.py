"""Commands about move groups: what holds them together and what they cut, and a person's word on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from inventory.errors import InputError
from tui import output
from tui.commands.inventory import parse_ref
from tui.quantities import some
from tui.workspace import PLAN_FILE, Workspace, user_name

if TYPE_CHECKING:
    from capacity.plan import MoveGroup, Plan
    from capacity.timetable.cut_flows import CutFlow
    from capacity.timetable.group_ties import GroupTie
    from inventory.estate import Estate
    from inventory.rows import Ref

SHOWN = 60

decisions = typer.Typer(
    name="group",
    help="Decide about move groups: what moves together, what not, and when; the next plan keeps to it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Reason = Annotated[str, typer.Option(help="Why; it stands in the inventory and its history.")]
Name = Annotated[str, typer.Option(help="What to call the decision; else it gets a number.")]
InPlan = Annotated[Path, typer.Option("--plan", metavar="PLAN", help="The plan that groups are named of.")]
What = Annotated[
    list[str], typer.Argument(metavar="WHAT...", help="Groups of the plan (G0012) or assets (devices:12).")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("groups")(groups)
    decisions.command("merge")(merge)
    decisions.command("split")(split)
    decisions.command("pin")(pin)
    decisions.command("forget")(forget)
    decisions.command("list")(list_)
    app.add_typer(decisions)


# --- what a plan's groups are ----------------------------------------------------------------------------------------


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
    chosen = list(plan.groups) if group is None else [_group(plan, group)]
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


def _group(plan: Plan, name: str) -> MoveGroup:
    found = next((g for g in plan.groups if g.id == name), None)
    if found is None:
        some_ = ", ".join(g.id for g in plan.groups[:3])
        raise InputError(
            f"the plan has no group {name!r:.40}",
            remedy=f"see `vorst groups`; they are called {some_}" if some_ else "the plan moves nothing",
        )
    return found


def _moves_at(plan: Plan, group: MoveGroup) -> datetime | None:
    """When it first moves; None in a plan that has no step for it."""
    return min(
        (s.start for s in plan.steps if s.group == group.id and s.kind in ("cutover", "relocate")),
        default=None,
    )


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
                _when(_moves_at(plan, group), "%Y-%m-%d"),
                len(group.assets),
                len(parted) or "",
                _days(parted),
                _verdict(parted),
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


def _days(flows: Sequence[CutFlow]) -> str:
    """How long the longest of some cut flows is cut."""
    if any(flow.is_for_good for flow in flows):
        return "always"
    longest = max((flow.days or 0.0 for flow in flows), default=0.0)
    return f"{longest:,.0f}" if longest >= 1 else "< 1" if longest else ""


def _verdict(flows: Sequence[CutFlow]) -> str:
    if not flows:
        return ""
    told = {_of_flow(flow) for flow in flows}
    return next(word for word in ("no", "unknown", "yes") if word in told)


def _of_flow(flow: CutFlow) -> str:
    """Whether a flow bears being cut: the way between sites and the lines' rates."""
    asked = (flow.stands_latency, flow.is_carried)
    if False in asked:
        return "no"
    return "unknown" if None in asked else "yes"


def _show_one(plan: Plan, group: MoveGroup, ties: Sequence[GroupTie], cut: Sequence[CutFlow]) -> None:
    moved = _when(_moves_at(plan, group), "%Y-%m-%d %H:%M")
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
        "moves_at": moment.isoformat() if (moment := _moves_at(plan, group)) else None,
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


# --- a person's word -------------------------------------------------------------------------------------------------


def merge(
    context: typer.Context,
    what: What,
    reason: Reason = "",
    name: Name = "",
    plan_file: InPlan = Path(PLAN_FILE),
) -> None:
    """Let groups, or assets, move as one group."""
    from inventory import group_decisions

    workspace: Workspace = context.obj
    members = _assets(workspace, plan_file, what)
    with workspace.open_database() as database:
        known = group_decisions.merge(database, members, reason=reason, who=user_name(), name=name)
    output.say(
        f"{output.plain(known)}: {some(len(members), 'asset')} move as one group from the next plan on"
    )


def split(
    context: typer.Context,
    what: What,
    off: Annotated[
        list[str] | None,
        typer.Option("--off", metavar="ASSET", help="What leaves the group; give it once for each asset."),
    ] = None,
    reason: Reason = "",
    name: Name = "",
    plan_file: InPlan = Path(PLAN_FILE),
) -> None:
    """Part a group in two with --off, or keep assets (or groups) that are named out of each other's group."""
    from inventory import group_decisions

    workspace: Workspace = context.obj
    if off:
        leaving = _assets(workspace, plan_file, off)
        rest = tuple(ref for ref in _assets(workspace, plan_file, what) if ref not in leaving)
        sides = [leaving, rest]
    else:
        sides = [_assets(workspace, plan_file, [one]) for one in what]
    with workspace.open_database() as database:
        known = group_decisions.split(database, sides, reason=reason, who=user_name(), name=name)
    output.say(f"{output.plain(known)}: {some(len(sides), 'side')} that share no group from the next plan on")


def pin(
    context: typer.Context,
    what: What,
    not_before: Annotated[
        datetime | None, typer.Option("--not-before", help="It moves at this moment or later; local time.")
    ] = None,
    not_after: Annotated[
        datetime | None, typer.Option("--not-after", help="It has moved by this moment; a day: by its end.")
    ] = None,
    week: Annotated[
        str | None,
        typer.Option("--week", metavar="YYYY-Www", help="It moves in this week, such as 2027-W12."),
    ] = None,
    reason: Reason = "",
    name: Name = "",
    plan_file: InPlan = Path(PLAN_FILE),
) -> None:
    """Say when groups, or assets, move: not before, not after, or in which week."""
    from inventory import group_decisions

    workspace: Workspace = context.obj
    if week is not None and (not_before is not None or not_after is not None):
        raise InputError("--week says both moments already", remedy="give it alone")
    zone = ZoneInfo(workspace.settings.calendar.time_zone)
    first, last = not_before, not_after
    if last is not None and last.time() == time():
        last += timedelta(days=1)
    if week is not None:
        first = _monday(week)
        last = first + timedelta(days=7)
    members = _assets(workspace, plan_file, what)
    with workspace.open_database() as database:
        known = group_decisions.pin(
            database,
            members,
            not_before=first.replace(tzinfo=zone) if first else None,
            not_after=last.replace(tzinfo=zone) if last else None,
            reason=reason,
            who=user_name(),
            name=name,
        )
    said = " and ".join(
        [
            *([f"not before {first:%Y-%m-%d %H:%M}"] if first else []),
            *([f"not after {last:%Y-%m-%d %H:%M}"] if last else []),
        ]
    )
    output.say(f"{output.plain(known)}: {some(len(members), 'asset')} move {said}")


def forget(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `vorst group list` calls it.")],
) -> None:
    """Take a decision back."""
    from inventory import group_decisions

    workspace: Workspace = context.obj
    with workspace.open_database() as database:
        group_decisions.forget(database, name, who=user_name())
    output.say(f"{output.plain(name)}: taken back")


def list_(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show what was decided about move groups."""
    from inventory.documents import to_data
    from inventory.group_decisions import is_decision, name_of

    workspace: Workspace = context.obj
    found = [c for c in workspace.estate().constraints if is_decision(c)]
    if as_json:
        output.data_json([{**to_data(c), "decision": name_of(c)} for c in found])
        return
    words = {"together": "move together", "apart": "kept apart", "pin": "pinned"}
    zone = ZoneInfo(workspace.settings.calendar.time_zone)
    output.table(
        some(len(found), "decision") + " about move groups",
        ["name", "what", "assets", "from", "until", "reason"],
        [
            [
                name_of(c),
                words[c.kind] + (" (one side)" if c.kind == "apart" and c.value else ""),
                len(c.members),
                f"{c.start.astimezone(zone):%Y-%m-%d %H:%M}" if c.start else "",
                f"{c.end.astimezone(zone):%Y-%m-%d %H:%M}" if c.end else "",
                c.reason,
            ]
            for c in found
        ],
        right=[2],
    )


def _monday(week: str) -> datetime:
    try:
        day = date.fromisoformat(week) if "W" in week else None
    except ValueError:
        day = None
    if day is None or day.weekday() != 0:
        raise InputError(f"{week!r:.40} is no week", remedy="write the year and the week, such as 2027-W12")
    return datetime.combine(day, time())


def _assets(workspace: Workspace, plan_file: Path, what: Sequence[str]) -> tuple[Ref, ...]:
    """The assets that groups of the plan, or KIND:ID, name; each once."""
    found: dict[Ref, None] = {}
    plan: Plan | None = None
    for text in what:
        if ":" in text:
            ref = parse_ref(text)
            if ref.kind not in {"devices", "virtual_machines"}:
                raise InputError(
                    f"{text} is no asset", remedy="name a device or a virtual machine, such as devices:12"
                )
            found[ref] = None
        else:
            # Decisions made a moment ago have changed the inventory; what a group holds is what was looked at.
            plan = plan or workspace.plan(plan_file)
            found |= dict.fromkeys(_group(plan, text).assets)
    return tuple(found)
