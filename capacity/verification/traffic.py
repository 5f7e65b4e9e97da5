"""Rules on lines: what circuits and sites carry at every moment, and flows that stand no distance.

A replay over the instants at which something changes: an asset leaves its source, or arrives at the target; a
replication starts, or ends. The target is one more site with lines enough.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from capacity.plan import Step
from capacity.verification.moments import beyond
from capacity.verification.references import circuit_id
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, number
from inventory.estate import Flow, Ref

TARGET = -1  # no id of the estate: ids are positive
CORE = 0  # what all lines pass through; likewise
NOWHERE = None

Change = tuple[float, int, "Ref | None", int | None, str, float]


def check(view: View, findings: Findings) -> None:
    _circuits(view, findings)
    _Traffic(view, findings).run()


def _circuits(view: View, findings: Findings) -> None:
    """Replication on each circuit within its share of the rate, at every moment."""
    changes: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for step in view.plan.steps:
        for use in step.uses:
            circuit = circuit_id(use.resource)
            if circuit is not None:
                changes[circuit].append((view.clock.seconds(use.start), use.amount))
                changes[circuit].append((view.clock.seconds(use.end), -use.amount))
    share = view.plan.calendar.work.replication_share
    for circuit_no, events in sorted(changes.items()):
        circuit = view.row("circuits", circuit_no)
        if circuit is None:
            continue
        limit = share * (circuit.rate_mbps or 0.0)
        peak = _Peak()
        total = 0.0
        ordered = sorted(events)
        for index, (moment, amount) in enumerate(ordered):
            total += amount
            if index + 1 == len(ordered) or ordered[index + 1][0] > moment:
                peak.note(moment, total, limit)
        if peak.over > 0:
            findings.add(
                "CIRCUIT",
                f"circuit {circuit.cid}",
                f"replications take {number(limit + peak.over)} Mbit/s of circuit {circuit.cid}, "
                f"{number(limit)} may be taken",
                "replicate one after another, or at a lower rate",
                moment=view.moment(peak.since),
                over=(peak.over, "Mbit/s"),
            )


@dataclass(slots=True)
class _Peak:
    """The first moment a limit is passed, and the most it is passed by."""

    since: float = 0.0
    over: float = 0.0

    def note(self, moment: float, value: float, limit: float) -> None:
        if beyond(value, limit):
            self.since = moment if self.over == 0 else self.since
            self.over = max(self.over, value - limit)


# --- flows ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _End:
    """One end of a flow: how many of its assets stand at each site, and in all."""

    at: Counter[int] = field(default_factory=Counter)
    total: int = 0

    def add(self, site: int, count: int) -> None:
        self.at[site] += count
        self.total += count
        if self.at[site] == 0:
            del self.at[site]


@dataclass(slots=True)
class _Line:
    """A flow under replay: its two ends, its rate, the sites it crosses now."""

    flow: Flow
    ends: tuple[_End, _End]
    rate_mbps: float
    crossed: frozenset[int] = frozenset()

    def crossing(self) -> frozenset[int]:
        """Sites where an asset of one end stands while one of the other end stands elsewhere."""
        a, b = self.ends
        return frozenset(
            site
            for site in {*a.at, *b.at}
            if (a.at[site] and b.total > b.at[site]) or (b.at[site] and a.total > a.at[site])
        )


class _Traffic:
    """Where every asset stands and what every site's lines carry, moment by moment."""

    def __init__(self, view: View, findings: Findings) -> None:
        self._view, self._findings = view, findings
        self._limits: dict[int, float] = defaultdict(float)
        for circuit in view.estate.circuits:
            if circuit.status == "active" and circuit.rate_mbps:
                for site in dict.fromkeys(circuit.site_ids):
                    self._limits[site] += circuit.rate_mbps
        self._stands: dict[Ref, int | None] = {}
        self._ends_of: dict[Ref, list[tuple[_Line, _End]]] = defaultdict(list)
        self._lines = [self._line(flow) for flow in view.estate.flows]
        self._load: dict[int, float] = defaultdict(float)
        self._peaks: dict[int, _Peak] = defaultdict(_Peak)
        self._core = _Peak()
        self._late: dict[int, float] = {}
        self._tight: set[int] = set()
        for line in self._lines:
            line.crossed = line.crossing()
            for site in line.crossed:
                self._load[site] += line.rate_mbps
            self._note_tight(line)
        self._in_core = sum(line.rate_mbps for line in self._lines if line.crossed)
        core = view.plan.calendar.core_mbps
        self._core_limit = math.inf if core is None else max(core, self._in_core)
        for site, load in self._load.items():
            # What overfilled the lines before the plan is not the plan's; more than that is.
            self._limits[site] = max(self._limits[site], load)

    def _line(self, flow: Flow) -> _Line:
        line = _Line(flow, (_End(), _End()), flow.rate_mbps or 0.0)
        for end, ref in zip(line.ends, (flow.source, flow.target), strict=True):
            members = self._view.members_of.get(ref.id, []) if ref.kind == "applications" else [ref]
            for asset in dict.fromkeys(members):
                site = self._view.site_of(asset)
                if site is None or self._view.strategy(asset) == "retire":
                    continue
                self._stands[asset] = site
                end.add(site, 1)
                self._ends_of[asset].append((line, end))
        return line

    def _note_tight(self, line: _Line) -> None:
        latency = line.flow.latency_ms
        if latency is not None and latency < self._view.plan.calendar.intersite_latency_ms:
            sites = {*line.ends[0].at, *line.ends[1].at}
            if len(sites) == 1 and line.ends[0].total and line.ends[1].total:
                self._tight.add(line.flow.id)

    def run(self) -> None:
        moves: dict[float, list[tuple[Ref, int | None]]] = defaultdict(list)
        rates: dict[float, list[tuple[int, float]]] = defaultdict(list)
        for step in sorted(self._view.plan.steps, key=lambda s: (self._view.begins(s), s.id)):
            begin, end = self._view.begins(step), self._view.ends(step)
            if step.kind in TOUCHING:
                for asset in dict.fromkeys(move.asset for move in step.moves):
                    moves[begin].append((asset, NOWHERE))
                    moves[max(begin, end)].append((asset, TARGET))
            self._replicating(step, rates)
        for moment in sorted({*moves, *rates}):
            touched = self._shift(moves.get(moment, ()), moment)
            for site, rate in rates.get(moment, ()):
                if site == CORE:
                    self._in_core += rate
                else:
                    self._load[site] += rate
                    touched.add(site)
            self._core.note(moment, self._in_core, self._core_limit)
            for site in touched:
                if site != TARGET:
                    self._peaks[site].note(moment, self._load[site], self._limits[site])
        self._report()

    def _replicating(self, step: Step, rates: dict[float, list[tuple[int, float]]]) -> None:
        """What a step's replication adds to the lines of its site, while it holds them."""
        for use in step.uses:
            circuit = self._view.row("circuits", circuit_id(use.resource))
            if circuit is not None:
                for site in (CORE, *dict.fromkeys(circuit.site_ids)):
                    rates[self._view.clock.seconds(use.start)].append((site, use.amount))
                    rates[self._view.clock.seconds(use.end)].append((site, -use.amount))

    def _shift(self, moves: Iterable[tuple[Ref, int | None]], moment: float) -> set[int]:
        """Let assets go or come; returns the sites whose lines carry something else now."""
        changed: dict[int, _Line] = {}
        for asset, site in moves:
            before = self._stands.get(asset)
            for line, end in self._ends_of.get(asset, ()):
                if before is not None:
                    end.add(before, -1)
                if site is not None:
                    end.add(site, 1)
                changed[id(line)] = line
            self._stands[asset] = site
        touched: set[int] = set()
        for line in changed.values():
            now = line.crossing()
            for site in line.crossed ^ now:
                self._load[site] += line.rate_mbps if site in now else -line.rate_mbps
                touched.add(site)
            self._in_core += line.rate_mbps * (bool(now) - bool(line.crossed))
            line.crossed = now
            if now and line.flow.id in self._tight:
                self._late.setdefault(line.flow.id, moment)
        return touched

    def _report(self) -> None:
        view = self._view
        if self._core.over > 0:
            self._findings.add(
                "CORE",
                "the shared core",
                f"the shared core carries {number(self._core_limit + self._core.over)} Mbit/s of flows and copies, "
                f"it can carry {number(self._core_limit)}",
                "replicate at another time, or move both ends of flows together",
                moment=view.moment(self._core.since),
                over=(self._core.over, "Mbit/s"),
            )
        for site_id, peak in self._peaks.items():
            if peak.over > 0:
                site = view.row("sites", site_id)
                name, limit = f"site {site.name if site else site_id}", self._limits[site_id]
                self._findings.add(
                    "CIRCUIT",
                    name,
                    f"the lines of {name} carry {number(limit + peak.over)} Mbit/s of flows and replications, "
                    f"they can carry {number(limit)}",
                    "move both ends of a flow together, or replicate at another time",
                    moment=view.moment(peak.since),
                    over=(peak.over, "Mbit/s"),
                )
        flows = {flow.id: flow for flow in view.estate.flows}
        for flow_id, moment in self._late.items():
            latency = flows[flow_id].latency_ms or 0.0
            over = view.plan.calendar.intersite_latency_ms - latency
            self._findings.add(
                "FLOW-LATENCY",
                f"flow {flow_id}",
                f"flow {flow_id} stands {number(latency)} ms and crosses sites, which takes {number(over)} ms more",
                "move both its ends in one step, or at the same time",
                moment=view.moment(moment),
                over=(over, "ms"),
            )
