"""Which applications are down, against the rule read member by member."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from capacity.failures.application_states import STATES, ApplicationStates
from inventory.estate import Application, ApplicationMember, Constraint, Estate, Flow, Ref

UP, RESTARTS, UNSURE, DOWN = "up", "restarts", "unsure", "down"


def machine(number: int) -> Ref:
    return Ref("virtual_machines", number)


@st.composite
def estates(draw: st.DrawFn) -> tuple[Estate, list[Ref]]:
    """Up to three applications over up to five machines, some kept apart, some talking."""
    refs = [machine(n) for n in range(1, draw(st.integers(1, 5)) + 1)]
    applications = range(1, draw(st.integers(1, 3)) + 1)
    members = [
        ApplicationMember(a, ref)
        for a in applications
        for ref in draw(st.lists(st.sampled_from(refs), min_size=1, unique=True))
    ]
    apart = [
        Constraint(
            n,
            "apart",
            members=tuple(draw(st.lists(st.sampled_from(refs), unique=True, max_size=3))),
            scope=scope,
        )
        for n, scope in enumerate(
            draw(st.lists(st.sampled_from(("rack", "host", "feed", "group")), max_size=3))
        )
    ]
    ends = st.one_of(st.sampled_from(refs), st.sampled_from([Ref("applications", a) for a in applications]))
    flows = [Flow(n, draw(ends), draw(ends)) for n in range(draw(st.integers(0, 3)))]
    estate = Estate(
        applications=tuple(Application(a, f"app {a}", f"app-{a}") for a in applications),
        application_members=tuple(members),
        constraints=tuple(apart),
        flows=tuple(flows),
    )
    return estate, refs


def by_hand(estate: Estate, of: dict[Ref, str], flows_hit: set[int]) -> dict[int, str]:
    """The rule as docs/explanation/failures.md has it."""
    members = {
        a.id: [m.object for m in estate.application_members if m.application_id == a.id]
        for a in estate.applications
    }
    states: dict[int, str] = {}
    for application, own in members.items():
        sets = [
            [ref for ref in c.members if ref in own]
            for c in estate.constraints
            if c.kind == "apart" and c.scope in {"rack", "host", "feed"}
        ]
        sets = [shared for shared in sets if len(shared) > 1]
        alone = [ref for ref in own if not any(ref in shared for shared in sets)]
        worst = [of[ref] for ref in alone]
        hurt = False
        for shared in sets:
            inside = [of[ref] for ref in shared]
            hurt = hurt or any(state != UP for state in inside)
            if UP not in inside:
                worst.append(DOWN if set(inside) == {DOWN} else UNSURE if UNSURE in inside else RESTARTS)
        ends = {
            flow.id
            for flow in estate.flows
            for end in (flow.source, flow.target)
            if end == Ref("applications", application) or end in own
        }
        if DOWN in worst:
            states[application] = "down"
        elif UNSURE in worst:
            states[application] = "unknown"
        elif RESTARTS in worst:
            states[application] = "interrupted"
        else:
            states[application] = "degraded" if hurt or ends & flows_hit else "up"
    return with_neighbours(estate, members, states)


def with_neighbours(estate: Estate, members: dict[int, list[Ref]], states: dict[int, str]) -> dict[int, str]:
    found = dict(states)
    for flow in estate.flows:
        first, second = (
            {a for a, own in members.items() if end == Ref("applications", a) or end in own}
            for end in (flow.source, flow.target)
        )
        for here, there in ((first, second), (second, first)):
            for a in here:
                if states[a] == "up" and any(b != a and states[b] == "down" for b in there):
                    found[a] = "degraded"
    return found


@given(estates(), st.data())
def test_every_application_is_as_the_rule_has_it(case, data) -> None:
    estate, refs = case
    of = {ref: data.draw(st.sampled_from((UP, UP, RESTARTS, UNSURE, DOWN))) for ref in refs}
    hit = data.draw(st.sets(st.sampled_from(range(len(estate.flows))))) if estate.flows else set()
    model = ApplicationStates(estate, refs)
    flags = [np.array([[of[ref] == state for ref in refs]]) for state in (DOWN, RESTARTS, UNSURE)]
    flows = np.array([[n in hit for n in range(len(estate.flows))]], dtype=bool).reshape(1, -1)
    found = model.states(*flags, flows)[0]
    shown = {application: STATES[state] for application, state in zip(model.ids, found.tolist(), strict=True)}
    assert shown == by_hand(estate, of, hit)
