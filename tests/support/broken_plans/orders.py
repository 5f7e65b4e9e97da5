"""Broken plans: what steps wait for, and what they forget to wait for though their dates are right."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from plan_builders import at

from broken_plans.case import Broken, World, with_step
from capacity.facility import Facility
from capacity.plan import Plan
from inventory.estate import Estate


def _after(**predecessors: tuple[str, ...]) -> Any:
    """Steps with other predecessors, by id with _ for -."""

    def breaks(estate: Estate, facility: Facility, plan: Plan) -> World:
        for name, before in predecessors.items():
            plan = with_step(plan, name.replace("_", "-"), predecessors=before)
        return estate, facility, plan

    return breaks


def _forgotten(title: str, step: str, start: datetime, **predecessors: tuple[str, ...]) -> Broken:
    return Broken("STEP-ORDER", title, _after(**predecessors), f"step {step}", None, start)


CASES = (
    Broken(
        "STEP-ORDER",
        "before its predecessor ends",
        _after(clear_3=("cut-3", "retire-7")),
        "step clear-3",
        None,
        at(4, 12, 9),
        25 * 60.0,
    ),
    _forgotten("a cutover without its copies", "cut-1", at(3, 13, 22), cut_1=("hosts",)),
    _forgotten("a cutover after another's copies", "cut-3", at(3, 21, 8), cut_3=("copy-1",)),
    _forgotten("clearing without the cutover", "clear-3", at(4, 12, 9), clear_3=()),
    _forgotten("clearing after the copies alone", "clear-1", at(4, 12, 9), clear_1=("copy-1",)),
    _forgotten("a move without its rack", "move-2", at(3, 20, 22), move_2=()),
    _forgotten("hosts without their rack", "hosts", at(3, 9, 8), hosts=()),
    _forgotten(
        "copies without their host", "copy-2", at(3, 10, 20), copy_2=("racks",), cut_3=("copy-2", "hosts")
    ),
)
