"""Which flows cross sites because of a plan, from when until when, and whether they and the lines stand it.

Worked out from plan and estate, as docs/reference/rules.md defines crossing: an asset is nowhere while it is moved, the
target is one more site, a retired asset counts for no flow. What a line has left for a flow is its site's summed rate
less the copies and all other flows that cross then, at the worst moment. That nothing is overfull is proven elsewhere.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import accumulate
from operator import itemgetter
from zoneinfo import ZoneInfo

from capacity.belonging import Belonging
from capacity.plan import Plan
from capacity.timetable.lines import TARGET, summed_rates
from capacity.timetable.move_groups import FlowEnds
from inventory.estate import Estate, Flow, Ref

DAY_SECONDS = 86_400.0
_MOVING = ("cutover", "relocate")


@dataclass(frozen=True, slots=True)
class CutFlow:
    """A flow of which the plan parts the ends for a while.

    `crosses_today`: its ends stand at different sites already. `since`: when it first crosses by the plan's doing
    (None: never, its ends arrive at once, or it crosses today); `until`: when all its ends are at one site again
    (None: for good, because of `staying`). `stands_latency`: its bound against the way between sites, None where it
    has no bound. `left_mbps`: the least a line leaves it, at `narrowest`; None where it passes no line of known rate.
    """

    flow: Flow
    source: str
    target: str
    crosses_today: bool
    since: datetime | None
    until: datetime | None
    staying: tuple[Ref, ...]
    stands_latency: bool | None
    left_mbps: float | None
    narrowest: str

    @property
    def is_parted(self) -> bool:
        """Whether it crosses sites at any moment, today's state left out."""
        return self.since is not None or self.crosses_today

    @property
    def is_for_good(self) -> bool:
        return self.is_parted and self.until is None

    @property
    def days(self) -> float | None:
        """How long the plan has it cross; None where that is for good, or began before the plan."""
        if self.since is None:
            return None if self.crosses_today else 0.0
        return None if self.until is None else (self.until - self.since).total_seconds() / DAY_SECONDS

    @property
    def is_carried(self) -> bool | None:
        """Whether the lines have its rate left; None where its rate or a line's is unknown."""
        if not self.is_parted:
            return True
        if self.flow.rate_mbps is None or self.left_mbps is None:
            return None
        return self.left_mbps >= self.flow.rate_mbps - 1e-6


def cut_flows(estate: Estate, plan: Plan) -> dict[str, tuple[CutFlow, ...]]:
    """By group the flows between it and assets elsewhere, in the order of their ids."""
    found = _Replay(estate, plan).all()
    return {
        group.id: tuple(found[flow] for flow in group.cut_flows if flow in found) for group in plan.groups
    }


_Span = tuple[float, float]
"""Seconds from which until before which; infinite where there is no end."""


class _Replay:
    def __init__(self, estate: Estate, plan: Plan) -> None:
        self._estate, self._plan = estate, plan
        belonging = Belonging(estate)
        self._names = {decision.asset: decision.name for decision in plan.decisions}
        gone = {decision.asset for decision in plan.decisions if decision.strategy == "retire"}
        self._site = {
            ref: site
            for ref in estate.assets()
            if ref not in gone and (site := belonging.site_of(ref)) is not None
        }
        self._moves: dict[Ref, _Span] = {}
        for step in plan.steps:
            if step.kind in _MOVING:
                for move in step.moves:
                    self._moves[move.asset] = (step.start.timestamp(), step.end.timestamp())
        self._zone: tzinfo = ZoneInfo(plan.calendar.time_zone)
        self._summed = summed_rates(estate)
        self._load: dict[int, _Load] = {}

    def all(self) -> dict[int, CutFlow]:
        wanted = {flow for group in self._plan.groups for flow in group.cut_flows}
        crossings: dict[int, list[tuple[int, _Span]]] = {}
        changes: dict[int, list[tuple[float, float]]] = defaultdict(list)
        ends = {entry[0].id: entry for entry in FlowEnds(self._estate).flows}
        for flow, sources, targets in ends.values():
            crossings[flow.id] = list(self._crossings(sources, targets))
            for site, (begin, end) in crossings[flow.id]:
                changes[site] += [(begin, flow.rate_mbps or 0.0), (end, -(flow.rate_mbps or 0.0))]
        self._replications(changes)
        self._load = {site: _Load(entries) for site, entries in changes.items() if site != TARGET}
        return {
            number: self._told(*ends[number], crossings[number]) for number in sorted(wanted & ends.keys())
        }

    def _crossings(self, sources: Sequence[Ref], targets: Sequence[Ref]) -> Iterator[tuple[int, _Span]]:
        """The sites a flow crosses (the target is one), each with the seconds between which it does."""
        sides = [[a for a in dict.fromkeys(end) if a in self._site] for end in (sources, targets)]
        at = [Counter(self._site[asset] for asset in side) for side in sides]
        events: list[tuple[float, int, int | None]] = []
        for side, assets in enumerate(sides):
            for asset in assets:
                if asset in self._moves:
                    leaves, arrives = self._moves[asset]
                    events += [(leaves, side, self._site[asset]), (arrives, side, None)]
        events.sort(key=itemgetter(0))
        open_: dict[int, float] = dict.fromkeys(_crossed(*at), float("-inf"))
        for index, (moment, side, left) in enumerate(events):
            if left is None:
                at[side][TARGET] += 1
            else:
                at[side][left] -= 1
            if index + 1 < len(events) and events[index + 1][0] == moment:
                continue
            now = _crossed(*at)
            for site in [site for site in open_ if site not in now]:
                yield site, (open_.pop(site), moment)
            for site in now:
                open_.setdefault(site, moment)
        for site, begin in open_.items():
            yield site, (begin, float("inf"))

    def _replications(self, changes: Mapping[int, list[tuple[float, float]]]) -> None:
        sites = {f"circuit:{circuit.id}": circuit.site_ids for circuit in self._estate.circuits}
        for step in self._plan.steps:
            for use in step.uses:
                for site in dict.fromkeys(sites.get(use.resource, ())):
                    changes[site].append((use.start.timestamp(), use.amount))
                    changes[site].append((use.end.timestamp(), -use.amount))

    def _told(
        self,
        flow: Flow,
        sources: Sequence[Ref],
        targets: Sequence[Ref],
        crossings: Sequence[tuple[int, _Span]],
    ) -> CutFlow:
        begins = [begin for _, (begin, _) in crossings]
        today = any(begin == float("-inf") for begin in begins)
        first = min((begin for begin in begins if begin > float("-inf")), default=None)
        last = max((end for _, (_, end) in crossings), default=None)
        staying = tuple(
            asset
            for asset in dict.fromkeys((*sources, *targets))
            if asset in self._site and asset not in self._moves
        )
        left, narrowest = self._narrowest(flow, crossings)
        way_ms = self._plan.calendar.intersite_latency_ms
        return CutFlow(
            flow,
            self._called(flow.source),
            self._called(flow.target),
            crosses_today=today,
            since=None if first is None or today else self._moment(first),
            until=None if last is None or last == float("inf") else self._moment(last),
            staying=staying if last == float("inf") else (),
            stands_latency=None if flow.latency_ms is None else flow.latency_ms >= way_ms,
            left_mbps=left,
            narrowest=narrowest,
        )

    def _narrowest(self, flow: Flow, crossings: Iterable[tuple[int, _Span]]) -> tuple[float | None, str]:
        """What is left for a flow where least is, by the plan's doing; and the site's name."""
        sites = self._estate.by_id("sites")
        found: tuple[float, str] | None = None
        for site, span in crossings:
            if site == TARGET:
                continue
            name = sites[site].name if site in sites else str(site)
            if site not in self._summed:
                return None, name
            left = self._summed[site] - self._load[site].most(*span) + (flow.rate_mbps or 0.0)
            if found is None or (left, name) < found:
                found = (left, name)
        return found if found is not None else (None, "")

    def _moment(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, self._zone)

    def _called(self, end: Ref) -> str:
        row = self._estate.find(end)
        name = self._names.get(end) or (row.name if row is not None else None)
        return str(name or f"{end.kind}:{end.id}")


def _crossed(first: Counter[int], second: Counter[int]) -> set[int]:
    """Sites where an asset of one end stands while one of the other end stands elsewhere."""
    totals = first.total(), second.total()
    return {
        site
        for site in {*first, *second}
        if (first[site] and totals[1] > second[site]) or (second[site] and totals[0] > first[site])
    }


class _Load:
    """What a site's lines carry over time, in Mbit/s."""

    def __init__(self, changes: Iterable[tuple[float, float]]) -> None:
        at: dict[float, float] = defaultdict(float)
        for moment, amount in changes:
            at[moment] += amount
        self._moments = sorted(at)
        self._values = list(accumulate(at[moment] for moment in self._moments))

    def most(self, begin: float, end: float) -> float:
        """The most it is at any moment of [begin, end)."""
        first = max(bisect_right(self._moments, begin) - 1, 0)
        last = bisect_left(self._moments, end)
        return max(self._values[first:last], default=0.0)
