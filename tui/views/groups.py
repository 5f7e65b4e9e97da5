"""Move groups as a table; one of them with what ties it, what people decided about it, and the flows it cuts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui.cut_words import borne, borne_by, days_cut, moves_at
from tui.loaded import Loaded
from tui.views.spans import Column, Line, Rows, Span, count, day, line, moment_text, rows, some, span

if TYPE_CHECKING:
    from capacity.plan import MoveGroup
    from capacity.timetable.cut_flows import CutFlow
    from capacity.timetable.group_ties import GroupTie
    from inventory.planning_rows import Constraint

MOST = 60  # lines of one kind in the pane; the dialog has all
COLUMNS = (
    Column("group"),
    Column("wave", right=True),
    Column("moves"),
    Column("assets", right=True),
    Column("cut", right=True),
    Column("days", right=True, tones={"always": "warn"}),
    Column("borne", tones={"no": "bad", "unknown": "warn", "yes": "good"}),
    Column("decided", tones={"pin": "accent"}),
    Column("why together", width=70),
)
TONES = {"no": "bad", "unknown": "warn", "yes": "good"}
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Ties:
    """Of a plan, by the id of each group: what ties it, and which flows it cuts."""

    ties: Mapping[str, tuple[GroupTie, ...]]
    cut: Mapping[str, tuple[CutFlow, ...]]


@dataclass(frozen=True)
class GroupRow:
    """One group with what is shown of it."""

    group: MoveGroup
    moves: datetime | None
    ties: tuple[GroupTie, ...]
    cut: tuple[CutFlow, ...]
    decisions: tuple[Constraint, ...]

    @property
    def parted(self) -> tuple[CutFlow, ...]:
        """The flows that the plan has cross sites for a while."""
        return tuple(flow for flow in self.cut if flow.since is not None)


ORDERS: tuple[tuple[str, Callable[[GroupRow], tuple[object, ...]]], ...] = (
    ("date", lambda row: (row.moves or _NEVER, row.group.id)),
    ("flows cut", lambda row: (-len(row.parted), row.group.id)),
    ("what is not borne", lambda row: (("no", "unknown", "yes", "").index(borne(row.parted)), row.group.id)),
    ("assets", lambda row: (-len(row.group.assets), row.group.id)),
    ("group", lambda row: (row.group.id,)),
)


def group_rows(loaded: Loaded, found: Ties) -> tuple[GroupRow, ...]:
    """Every group of the plan, in its order."""
    from inventory.group_decisions import is_decision

    plan = loaded.plan
    if plan is None:
        return ()
    made = [constraint for constraint in loaded.estate.constraints if is_decision(constraint)]
    members = [frozenset(constraint.members) for constraint in made]
    return tuple(
        GroupRow(
            group,
            moves_at(plan, group),
            found.ties.get(group.id, ()),
            found.cut.get(group.id, ()),
            tuple(c for c, own in zip(made, members, strict=True) if not own.isdisjoint(group.assets)),
        )
        for group in plan.groups
    )


def table(found: Sequence[GroupRow], order: int) -> Rows:
    """The groups; the key is the row."""
    ordered = sorted(found, key=ORDERS[order][1])
    return rows(
        COLUMNS,
        [
            (
                row,
                (
                    row.group.id,
                    row.group.wave,
                    day(row.moves) or "never",
                    len(row.group.assets),
                    len(row.parted) or "",
                    days_cut(row.parted),
                    borne(row.parted),
                    ", ".join(dict.fromkeys(_kind(c) for c in row.decisions)),
                    row.group.reason,
                ),
            )
            for row in ordered
        ],
    )


def headline(found: Sequence[GroupRow], order: int) -> Line:
    """How many groups there are, what is cut and what is not borne."""
    met = {flow.flow.id: flow for row in found for flow in row.parted}
    words = [borne_by(flow) for flow in met.values()]
    bad, unknown = words.count("no"), words.count("unknown")
    told = f", {bad} not borne" if bad else f", {unknown} perhaps not borne" if unknown else ", all borne"
    decided = sum(bool(row.decisions) for row in found)
    return line(
        Span(some(len(found), "move group"), "strong"),
        Span(f", {some(len(met), 'flow')} cut on the way"),
        Span(told if met else "", "bad" if bad else "warn" if unknown else "good"),
        Span(f", {decided} decided by people" if decided else ""),
        Span(f"  by {ORDERS[order][0]}", "muted"),
    )


def detail(loaded: Loaded, row: GroupRow, most: int = MOST) -> tuple[Line, ...]:
    """What is decided, what ties it, which flows it cuts, its assets; at most so many of each."""
    group = row.group
    head = [
        line(span(group.name, "strong"), Span(f"  {group.id}", "accent")),
        line(
            Span(f"wave {group.wave}, moves " if row.moves else "has no date", "muted"),
            Span(moment_text(row.moves)),
        ),
    ]
    sections: list[tuple[str, list[Line]]] = [
        ("decided by people", [_decision(constraint) for constraint in row.decisions]),
        ("held together by", list(_ties(row))),
        ("flows cut on the way", [_flow(flow) for flow in row.cut if flow.is_parted]),
        (
            some(len(group.assets), "asset"),
            [
                line(span(f"{loaded.name_of(asset)}  "), span(f"{asset.kind}:{asset.id}", "muted"))
                for asset in group.assets
            ],
        ),
    ]
    for title, lines in sections:
        if lines:
            head += [line(), line(Span(title, "muted")), *lines[:most]]
            if len(lines) > most:
                head.append(line(Span(f"… and {count(len(lines) - most)} more: enter", "muted")))
    if not any(flow.is_parted for flow in row.cut):
        head += [line(), line(Span("no flow of it crosses sites meanwhile", "good"))]
    head += [line(), line(span(f"vorst group pin {group.id} --not-before DAY --reason TEXT", "accent"))]
    return tuple(head)


def _ties(row: GroupRow) -> Iterator[Line]:
    if not row.ties:
        yield line(span(f"nothing but: {row.group.reason}"))
    for tie in row.ties:
        if tie.weight_mbps is None:
            yield line(Span("     must  ", "bad"), span(tie.text))
        else:
            yield line(Span(f"{tie.weight_mbps:>9,.1f}  ", "accent"), span(tie.text))


def _kind(constraint: Constraint) -> str:
    return {"together": "merge", "apart": "split"}.get(constraint.kind, constraint.kind)


def _decision(constraint: Constraint) -> Line:
    between: Iterable[str] = (
        *([f"not before {day(constraint.start)}"] if constraint.start else []),
        *([f"not after {day(constraint.end)}"] if constraint.end else []),
    )
    return line(
        Span(f"{_kind(constraint):<6} ", "accent"),
        span(constraint.name or f"{constraint.kind} {constraint.id}"),
        span("".join(f"  {text}" for text in between)),
        span(f"  {constraint.reason}", "muted"),
    )


def _flow(flow: CutFlow) -> Line:
    since = "today" if flow.crosses_today else day(flow.since)
    until = day(flow.until) or "for good"
    rate = "unknown rate" if flow.flow.rate_mbps is None else f"{flow.flow.rate_mbps:g} Mbit/s"
    word = borne_by(flow)
    why = ""
    if flow.stands_latency is False:
        why = f", bears {flow.flow.latency_ms:g} ms"
    elif flow.is_carried is False:
        why = f", {flow.narrowest} leaves {flow.left_mbps or 0:,.0f} Mbit/s"
    return line(
        Span(f"{'borne: ' + word:<15}", TONES[word]),
        span(f"{flow.flow.id}: {flow.source} and {flow.target}"),
        span(f"  {rate}{why}  {since} – {until}", "muted"),
    )
