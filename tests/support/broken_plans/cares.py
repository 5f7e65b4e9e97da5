"""Broken plans: a site nobody walked through, a cutover nobody rehearsed, a night nobody stands by after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from plan_builders import a_step, at

from broken_plans.case import Broken, World, changed
from capacity.calendar import Care
from capacity.facility import Facility
from capacity.plan import Plan, Step
from inventory.estate import Estate

Breaks = Callable[[Estate, Facility, Plan], World]
CARE = Care(120.0, 60.0, 1, 14, 8.0, 1.0, 48.0)


def audit(site: int, start: datetime, end: datetime) -> Step:
    return replace(a_step(f"audit-{site}", "audit", start, end, [], {"crew": 1}), site_id=site)


AUDITS = (audit(1, at(2, 10, 8), at(2, 10, 10)), audit(2, at(2, 11, 8), at(2, 11, 10)))
REHEARSAL = a_step("try-1", "rehearsal", at(3, 12, 9), at(3, 12, 10), [], {"engineer": 1}, "G1", 1)
# What moves on the twentieth ends at four, on the day after at noon: the second looks after both.
STANDING_BY = (
    a_step("care-1", "hypercare", at(3, 14, 8), at(3, 14, 16), [], {"engineer": 1}, after="cut-1"),
    a_step("care-2", "hypercare", at(3, 21, 12), at(3, 21, 20), [], {"engineer": 1}, after="move-3"),
)


def cared(
    audits: Sequence[Step] = AUDITS,
    rehearsals: Sequence[Step] = (REHEARSAL,),
    standing_by: Sequence[Step] = STANDING_BY,
) -> Breaks:
    """The valid plan where ticketing is most critical, with so much care around it; with all of it it stays valid."""

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        estate = replace(estate, applications=changed(estate.applications, "id", 1, criticality=1))
        plan = replace(
            plan,
            steps=(*plan.steps, *audits, *rehearsals, *standing_by),
            calendar=replace(plan.calendar, care=CARE),
        )
        return estate, facility, plan

    return breaks


CASES = (
    Broken("AUDIT", "not walked through", cared(AUDITS[:1]), "wave 2, site Town hall", None, at(3, 6)),
    Broken(
        "AUDIT",
        "walked through when all was settled",
        cared((AUDITS[0], audit(2, at(3, 8, 14), at(3, 8, 18)))),
        "wave 2, site Town hall",
        None,
        at(3, 6),
        2.75,
    ),
    Broken(
        "EFFORT",
        "a hasty audit",
        cared((AUDITS[0], audit(2, at(2, 11, 8), at(2, 11, 9)))),
        "step audit-2",
        None,
        at(2, 11, 8),
        60.0,
    ),
    Broken("REHEARSAL", "never tried", cared(rehearsals=()), "group G1", None, at(3, 13, 22)),
    Broken(
        "REHEARSAL",
        "tried too long ago",
        cared(rehearsals=(replace(REHEARSAL, start=at(2, 20, 9), end=at(2, 20, 10),
                                  uses=tuple(replace(u, start=at(2, 20, 9), end=at(2, 20, 10))
                                             for u in REHEARSAL.uses)),)),
        "group G1",
        None,
        at(3, 13, 22),
    ),
    Broken(
        "REHEARSAL",
        "tried an hour before",
        cared(rehearsals=(replace(REHEARSAL, start=at(3, 13, 20), end=at(3, 13, 21),
                                  uses=tuple(replace(u, start=at(3, 13, 20), end=at(3, 13, 21))
                                             for u in REHEARSAL.uses)),)),
        "group G1",
        None,
        at(3, 13, 22),
    ),
    Broken("HYPERCARE", "all went home", cared(standing_by=STANDING_BY[1:]), "engineer", None, at(3, 14)),
)  # fmt: skip
