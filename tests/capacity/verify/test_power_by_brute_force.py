"""Load flow on random small supply graphs, against a naive recursion that follows every watt at every moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import a_facility, a_plan, an_estate, at

from capacity.facility import Facility, Mounted, Phase, Supply, SupplyNode
from capacity.plan import Plan, Step
from capacity.resources import Redundancy
from capacity.verification import contents, power
from capacity.verification.view import View
from capacity.verification.violations import Findings, Violation

DAYS = (at(3, 2), at(3, 4), at(3, 6))
PHASES = (Phase("early", date(2027, 1, 1)), Phase("later", date(2027, 3, 3)), Phase("last", date(2027, 3, 5)))
REDUNDANCIES = ("1+0", "1+1", "2+1", "2+2")


@dataclass(frozen=True)
class Load:
    """One load of a case: W, redundancy, cords as (feed, leg), and the day it arrives."""

    draw_w: float
    redundancy: str
    cords: tuple[tuple[str, str], ...]
    arrives: datetime


@st.composite
def graphs(draw: st.DrawFn) -> tuple[SupplyNode, ...]:
    """Two to four layers of nodes, each drawing from those above it; the last layer is feeds."""
    names = [
        [f"n{layer}{i}" for i in range(draw(st.integers(1, 3)))] for layer in range(draw(st.integers(1, 3)))
    ]
    names.append([f"feed{i}" for i in range(draw(st.integers(1, 4)))])
    nodes: list[SupplyNode] = []
    for layer, row in enumerate(names):
        above = [name for rows in names[:layer] for name in rows]
        for name in row:
            sources = (
                draw(st.lists(st.sampled_from(above), unique=True, min_size=1, max_size=3)) if above else []
            )
            nodes.append(
                SupplyNode(
                    name,
                    "feed" if name.startswith("feed") else "distribution",
                    float(draw(st.sampled_from((300, 900, 2000, 5000)))),
                    draw(st.sampled_from((1.0, 0.8))),
                    tuple(sources),
                    draw(st.sampled_from(("transfer", "parallel"))),
                    draw(st.booleans()),
                    draw(st.booleans()),
                    draw(st.sampled_from((None, "early", "later", "last"))),
                )
            )
    return tuple(draw(st.permutations(nodes)))


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[SupplyNode, ...], tuple[Load, ...]]:
    nodes = draw(graphs())
    feeds = {node.name: node for node in nodes if node.kind == "feed"}
    loads = []
    for _ in range(draw(st.integers(1, 6))):
        redundancy = draw(st.sampled_from(REDUNDANCIES))
        cords = []
        for _ in range(Redundancy.parse(redundancy).supplies):
            feed = draw(st.sampled_from(sorted(feeds)))
            legs = ("L1", "L2", "L3", "3P") if feeds[feed].is_three_phase else ("L1",)
            cords.append((feed, draw(st.sampled_from(legs))))
        draw_w = float(draw(st.sampled_from((0, 100, 250, 700))))
        loads.append(Load(draw_w, redundancy, tuple(cords), draw(st.sampled_from(DAYS))))
    return nodes, tuple(loads)


# --- the naive way ---------------------------------------------------------------------------------------------------


class Naive:
    """Follows each load by recursion, at one moment and under one loss."""

    def __init__(self, nodes: tuple[SupplyNode, ...], moment: datetime, lost: str | None) -> None:
        self.nodes = {node.name: node for node in nodes}
        self.ready = {
            phase.name for phase in PHASES if at(phase.ready_on.month, phase.ready_on.day) <= moment
        }
        self.lost = lost
        self.load: dict[str, float] = dict.fromkeys(self.nodes, 0.0)
        self.legs: dict[tuple[str, str], float] = {}

    def alive(self, name: str) -> bool:
        node = self.nodes[name]
        if name == self.lost or (node.phase is not None and node.phase not in self.ready):
            return False
        return not node.sources or any(self.alive(source) for source in node.sources)

    def plug(self, load: Load) -> bool:
        """Let the load draw; says whether it is up."""
        needed = Redundancy.parse(load.redundancy).needed
        alive = [(feed, leg) for feed, leg in load.cords if self.alive(feed)]
        if len(alive) < needed:
            return False
        for feed, leg in alive:
            part = load.draw_w / len(alive)
            for one in ("L1", "L2", "L3") if leg == "3P" else (leg,):
                share = part / 3 if leg == "3P" else part
                self.legs[feed, one] = self.legs.get((feed, one), 0.0) + share
            self.flow(feed, part)
        return True

    def flow(self, name: str, watts: float) -> None:
        self.load[name] += watts
        node = self.nodes[name]
        living = [source for source in node.sources if self.alive(source)]
        takers = living if node.mode == "parallel" else living[:1]
        for source in takers:
            self.flow(source, watts / len(takers))


def naively(
    nodes: tuple[SupplyNode, ...], loads: tuple[Load, ...]
) -> dict[tuple[str, str], tuple[datetime, float]]:
    """(code, object) → first moment and worst amount, by evaluating every moment under every loss."""
    found: dict[tuple[str, str], tuple[datetime, float]] = {}

    def note(code: str, object_: str, moment: datetime, over: float) -> None:
        if over > 1e-6:
            since, worst = found.get((code, object_), (moment, over))
            found[code, object_] = (min(since, moment), max(worst, over))

    moments = sorted(
        {*DAYS, *(at(p.ready_on.month, p.ready_on.day) for p in PHASES if p.ready_on.year == 2027)}
    )
    for moment in (m for m in moments if m >= at(2, 1)):
        present = [(i, load) for i, load in enumerate(loads) if load.arrives <= moment]
        plain = Naive(nodes, moment, None)
        up = {i for i, load in present if plain.plug(load)}
        for lost in (None, *(node.name for node in nodes if node.can_fail)):
            state = Naive(nodes, moment, lost)
            for i, load in present:
                if not state.plug(load) and i in up and Redundancy.parse(load.redundancy).spare:
                    note("POWER-DIVERSE", f"load {i}", moment, max(load.draw_w, 2e-6))
            for node in nodes:
                usable = node.rating_w * node.derating
                if state.alive(node.name):
                    note("POWER-NODE", node.name, moment, state.load[node.name] - usable)
                for leg in ("L1", "L2", "L3"):
                    limit = usable / (3 if node.is_three_phase else 1)
                    note(
                        "POWER-LEG",
                        f"{node.name} {leg}",
                        moment,
                        state.legs.get((node.name, leg), 0.0) - limit,
                    )
    return found


# --- the checker -----------------------------------------------------------------------------------------------------


def by_the_checker(nodes: tuple[SupplyNode, ...], loads: tuple[Load, ...]) -> list[Violation]:
    """Each load is the kit of a rack of its own, commissioned on its day."""
    facility: Facility = replace(a_facility(), supply=nodes, phases=PHASES, racks=())
    template = a_plan().racks[0]
    racks, steps = [], []
    for i, load in enumerate(loads):
        cords = tuple(Supply(*cord) for cord in load.cords)
        kit = Mounted(f"load {i}", "kit", None, 0.0, None, False, 0.0, load.draw_w, cords, load.redundancy)
        racks.append(replace(template, id=f"R{i}", contents=(kit,)))
        steps.append(Step(f"c{i}", "commission_rack", load.arrives, at(3, 31), (), commissions=(f"R{i}",)))
    plan: Plan = a_plan(racks=tuple(racks), steps=tuple(steps), devices=(), hosts=())
    view = View(an_estate(), facility, plan)
    findings = Findings()
    power.check(view, contents.everything(view), findings)
    return [v for v in findings.sorted() if v.code in {"POWER-NODE", "POWER-LEG", "POWER-DIVERSE"}]


@given(case=cases())
def test_load_flow_agrees_with_following_every_watt(
    case: tuple[tuple[SupplyNode, ...], tuple[Load, ...]],
) -> None:
    nodes, loads = case
    expected = naively(nodes, loads)
    found = {}
    for violation in by_the_checker(nodes, loads):
        name = violation.object.split(" in rack ")[0]
        key = name if violation.code == "POWER-DIVERSE" else name.split(" ", 1)[1]
        found[violation.code, key] = (violation.moment, violation.amount)

    assert found.keys() == expected.keys()
    for key, (moment, amount) in expected.items():
        assert found[key] == (moment, pytest.approx(amount, abs=1e-5))
