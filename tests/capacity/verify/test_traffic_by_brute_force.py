"""What lines carry while assets move at random, against counting every flow anew at every moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import a_calendar, a_facility, a_plan, at, machine

from capacity.plan import Decision, Move, Plan, Step, Use
from capacity.verification import traffic
from capacity.verification.view import View
from capacity.verification.violations import Findings, Violation
from inventory.estate import (
    Application,
    ApplicationMember,
    Circuit,
    Estate,
    Flow,
    Ref,
    Site,
    VirtualMachine,
)

SITES = (1, 2, 3)
START = at(3, 1)
INTERSITE_MS = 2.0


def hour(n: int) -> datetime:
    return START + timedelta(hours=n)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Estate, tuple[Step, ...], frozenset[Ref]]:
    """Up to six machines at three sites, flows between them and an application, moves and replications."""
    count = draw(st.integers(2, 6))
    machines = tuple(
        VirtualMachine(n, f"m{n}", site_id=draw(st.sampled_from((*SITES, None)))) for n in range(1, count + 1)
    )
    refs = [machine(m.id) for m in machines]
    members = draw(st.lists(st.sampled_from(refs), unique=True, max_size=3))
    ends = st.sampled_from([*refs, Ref("applications", 1)])
    flows = tuple(
        Flow(
            n,
            draw(ends),
            draw(ends),
            draw(st.sampled_from((None, 10.0, 40.0, 90.0))),
            draw(st.sampled_from((None, 1.0, 5.0))),
        )
        for n in range(1, draw(st.integers(1, 5)) + 1)
    )
    circuits = tuple(
        Circuit(
            n,
            f"c{n}",
            1,
            status=draw(st.sampled_from(("active", "active", "planned"))),
            rate_mbps=draw(st.sampled_from((None, 50.0, 100.0))),
            site_ids=tuple(draw(st.lists(st.sampled_from(SITES), unique=True, min_size=1, max_size=2))),
        )
        for n in range(1, draw(st.integers(0, 4)) + 1)
    )
    estate = Estate(
        sites=tuple(Site(n, f"s{n}", f"s{n}") for n in SITES),
        virtual_machines=machines,
        applications=(Application(1, "a", "a"),),
        application_members=tuple(ApplicationMember(1, ref) for ref in members),
        flows=flows,
        circuits=circuits,
    )
    steps = [
        Step(
            f"cut{n}",
            "cutover",
            hour(begin),
            hour(begin + draw(st.integers(1, 3))),
            (),
            (Move(ref, None, None),),
        )
        for n, ref in enumerate(refs)
        if draw(st.booleans())
        for begin in [draw(st.integers(0, 8))]
    ]
    for n, circuit in enumerate(circuits):
        begin = draw(st.integers(0, 8))
        times = (hour(begin), hour(begin + draw(st.integers(1, 3))))
        use = Use(f"circuit:{circuit.id}", draw(st.sampled_from((5.0, 30.0))), *times)
        steps.append(Step(f"copy{n}", "replicate", *times, (), (), (), (use,)))
    return estate, tuple(steps), frozenset(draw(st.sets(st.sampled_from(refs), max_size=1)))


# --- the naive way ---------------------------------------------------------------------------------------------------


def _where(
    estate: Estate, steps: tuple[Step, ...], retired: frozenset[Ref], moment: datetime | None
) -> dict[Ref, object]:
    """The site of each asset at a moment (None: before the plan); those nowhere are left out."""
    places: dict[Ref, object] = {}
    for known in estate.virtual_machines:
        ref = machine(known.id)
        if ref in retired or known.site_id is None:
            continue
        places[ref] = known.site_id
        for step in steps:
            if (
                moment is not None
                and step.kind == "cutover"
                and step.moves[0].asset == ref
                and step.start <= moment
            ):
                places[ref] = "target"
                if moment < step.end:
                    del places[ref]
    return places


def _crossed(estate: Estate, flow: Flow, places: dict[Ref, object]) -> set[object]:
    members = [m.object for m in estate.application_members]
    first, second = (
        [*members] if ref.kind == "applications" else [ref] for ref in (flow.source, flow.target)
    )
    found: set[object] = set()
    for a in first:
        for b in second:
            if a in places and b in places and places[a] != places[b]:
                found |= {places[a], places[b]}
    return found


def _sites_of(estate: Estate, flow: Flow, places: dict[Ref, object]) -> tuple[set[object], bool]:
    """Sites of all ends, and whether both ends stand somewhere."""
    members = [m.object for m in estate.application_members]
    sides = [[*members] if ref.kind == "applications" else [ref] for ref in (flow.source, flow.target)]
    standing = [[places[ref] for ref in side if ref in places] for side in sides]
    return {place for side in standing for place in side}, all(standing)


def naively(
    estate: Estate, steps: tuple[Step, ...], retired: frozenset[Ref]
) -> dict[tuple[str, str], tuple[datetime, float]]:
    found: dict[tuple[str, str], tuple[datetime, float]] = {}

    def note(code: str, object_: str, moment: datetime, over: float) -> None:
        if over > 1e-6:
            since, worst = found.get((code, object_), (moment, over))
            found[code, object_] = (since, max(worst, over))

    before = _where(estate, steps, retired, None)
    for moment in sorted({t for step in steps for t in (step.start, step.end)}):
        places = _where(estate, steps, retired, moment)
        uses = [u for step in steps for u in step.uses if u.start <= moment < u.end]
        for circuit in estate.circuits:
            held = sum(u.amount for u in uses if u.resource == f"circuit:{circuit.id}")
            note("CIRCUIT", f"circuit {circuit.cid}", moment, held - 0.5 * (circuit.rate_mbps or 0.0))
        for site in SITES:
            lines = [c for c in estate.circuits if site in c.site_ids]
            limit = sum(c.rate_mbps or 0.0 for c in lines if c.status == "active")
            load = sum(u.amount for u in uses for c in lines if u.resource == f"circuit:{c.id}")
            base = sum(f.rate_mbps or 0.0 for f in estate.flows if site in _crossed(estate, f, before))
            load += sum(f.rate_mbps or 0.0 for f in estate.flows if site in _crossed(estate, f, places))
            note("CIRCUIT", f"site s{site}", moment, load - max(limit, base))
        for flow in estate.flows:
            sites, is_whole = _sites_of(estate, flow, before)
            if (
                flow.latency_ms is not None
                and flow.latency_ms < INTERSITE_MS
                and is_whole
                and len(sites) == 1
            ):
                crosses = bool(_crossed(estate, flow, places))
                note(
                    "FLOW-LATENCY",
                    f"flow {flow.id}",
                    moment,
                    INTERSITE_MS - flow.latency_ms if crosses else 0.0,
                )
    return found


def by_the_checker(estate: Estate, steps: tuple[Step, ...], retired: frozenset[Ref]) -> list[Violation]:
    plan: Plan = a_plan(
        calendar=a_calendar(start=START, intersite_latency_ms=INTERSITE_MS),
        decisions=tuple(
            Decision(ref, "m", "retire" if ref in retired else "rehost", "rehost", "r", "r", ())
            for ref in map(machine, (m.id for m in estate.virtual_machines))
        ),
        steps=steps,
    )
    findings = Findings()
    traffic.check(View(estate, a_facility(), plan), findings)
    return [v for v in findings.sorted() if v.code != "REPLICATION"]


@given(case=cases())
def test_lines_agree_with_counting_every_flow(case: tuple[Estate, tuple[Step, ...], frozenset[Ref]]) -> None:
    expected = naively(*case)
    found = {(v.code, v.object): (v.moment, v.amount) for v in by_the_checker(*case)}

    assert found.keys() == expected.keys()
    for key, (moment, amount) in expected.items():
        assert found[key] == (moment, pytest.approx(amount, abs=1e-5))


def test_a_replication_adds_to_the_lines_of_both_ends_of_its_circuit() -> None:
    estate = Estate(
        sites=(Site(1, "s1", "s1"), Site(2, "s2", "s2")),
        virtual_machines=(VirtualMachine(1, "m", site_id=1), VirtualMachine(2, "n", site_id=2)),
        flows=(Flow(1, machine(1), machine(2), 80.0),),
        circuits=(Circuit(1, "c", 1, rate_mbps=100.0, site_ids=(1, 2)),),
    )
    use = Use("circuit:1", 30.0, hour(1), hour(2))
    step = Step("copy", "replicate", hour(1), hour(2), (), (), (), (use,))
    found = by_the_checker(estate, (step,), frozenset())

    assert [(v.object, v.moment, v.amount) for v in found] == [
        ("site s1", hour(1), pytest.approx(10.0)),
        ("site s2", hour(1), pytest.approx(10.0)),
    ]
    assert by_the_checker(estate, (replace(step, uses=()),), frozenset()) == []
