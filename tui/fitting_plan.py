"""A plan together with the inventory and the facility it was made from: for commands whose answer would otherwise be
about something else than what the workspace holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inventory.errors import InputError, StaleError
from tui.workspace import Workspace

if TYPE_CHECKING:
    from capacity.facility import Facility
    from capacity.plan import Plan
    from inventory.estate import Estate


def plan_on(workspace: Workspace, plan_file: Path, facility: Facility) -> Plan:
    """A plan that speaks of this facility and was not changed by hand, or an error: its names lead nowhere else."""
    from capacity.plan import sealed

    plan = workspace.plan(plan_file)
    if sealed(plan).content_hash != plan.content_hash:
        raise InputError(
            "the plan was changed after it was made",
            where=str(plan_file),
            remedy=f"see `vorst check {plan_file}`, and plan again",
        )
    if plan.inputs.facility_hash != facility.content_hash:
        raise _stale("facility", plan_file)
    return plan


def _stale(what: str, plan_file: Path) -> StaleError:
    return StaleError(
        f"the {what} has changed since this plan was made",
        where=str(plan_file),
        remedy="plan again with `vorst plan`, or name another plan",
    )


def fitting_plan(workspace: Workspace, plan_file: Path) -> tuple[Estate, Facility, Plan]:
    """The three, or an error that says which of them has changed since the plan was made, or that it holds no more."""
    from capacity.verify import check

    facility = workspace.facility()
    plan = plan_on(workspace, plan_file, facility)
    estate = workspace.estate()
    if plan.inputs.estate_hash != estate.content_hash:
        raise _stale("inventory", plan_file)
    violations = check(estate, facility, plan)
    if violations:
        first = violations[0]
        raise InputError(
            f"the plan breaks rules, {first.code} first: {first.message}",
            where=str(plan_file),
            remedy=f"see `vorst check {plan_file}`, and plan again",
        )
    return estate, facility, plan
