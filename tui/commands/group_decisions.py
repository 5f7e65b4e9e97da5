"""Commands by which a person has a word on move groups: what moves together, what not, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from inventory.errors import InputError
from tui import output
from tui.commands.groups import group_named
from tui.commands.inventory import parse_ref
from tui.quantities import some
from tui.workspace import PLAN_FILE, Workspace, user_name

if TYPE_CHECKING:
    from capacity.plan import Plan
    from inventory.rows import Ref

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
    decisions.command("merge")(merge)
    decisions.command("split")(split)
    decisions.command("pin")(pin)
    decisions.command("forget")(forget)
    decisions.command("list")(list_)
    app.add_typer(decisions)


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
        whole = _assets(workspace, plan_file, what)
        strange = [f"{ref.kind}:{ref.id}" for ref in leaving if ref not in whole]
        if strange:
            raise InputError(
                f"{strange[0]} is not in {', '.join(what):.60}, and can't leave it",
                where="--off",
                remedy="`vorst groups --group` shows what a group holds; to keep things apart name them without --off",
            )
        rest = tuple(ref for ref in whole if ref not in leaving)
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
    _check_moments(first, last, _first_day(workspace))
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


def _first_day(workspace: Workspace) -> date:
    start = workspace.settings.plan.start
    return start.date() if isinstance(start, datetime) else start


def _check_moments(first: datetime | None, last: datetime | None, start: date) -> None:
    """Refuse moments that no plan could keep; they are local, as written. `start` is the first day of work."""
    if last is None:
        return
    until = f"{last:%Y-%m-%d %H:%M}"
    if first is not None and last <= first:
        raise InputError(
            f"it would have to move after {first:%Y-%m-%d %H:%M} and by {until}",
            remedy="correct one of the two",
        )
    if last <= datetime.combine(start, time()):
        raise InputError(
            f"it would have to move by {until}, and work starts on {start}",
            remedy="name a later moment, or set plan.start in vorst.toml",
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
            found |= dict.fromkeys(group_named(plan, text).assets)
    return tuple(found)
