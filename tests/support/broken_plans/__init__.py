"""Plans in which exactly one rule is broken: for every code of the rules page at least one, with what must be found."""

from __future__ import annotations

from broken_plans import (
    cares,
    clouds,
    copies,
    documents,
    hands,
    moves,
    orders,
    powers,
    racks,
    schools,
    statements,
    times,
)
from broken_plans.case import Broken

CASES: tuple[Broken, ...] = (
    *documents.CASES,
    *racks.CASES,
    *powers.CASES,
    *clouds.CASES,
    *orders.CASES,
    *times.CASES,
    *copies.CASES,
    *moves.CASES,
    *cares.CASES,
    *schools.CASES,
    *hands.CASES,
    *statements.CASES,
)
